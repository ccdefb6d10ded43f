//! What somebody who wants a lie believed would try, and the code that refuses it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use expbundle_format::time::Time;
use expbundle_format::{Code, DigestSet, StatementId};
use expbundle_statement::{
    About, Authorship, Comment, Envelope, KeyError, Predicate, PublicKey, Signing, SigningKey, VerifiedStatement,
    once_each, pre_authentication_encoding, sign,
};
use serde_json::{Value, json};

fn key() -> SigningKey {
    SigningKey::from_seed(&[7; 32])
}

fn record() -> DigestSet {
    DigestSet::of(b"a record")
}

fn time() -> Time {
    "2026-11-23T10:00:00Z".parse().expect("a time")
}

fn file(predicate: &Predicate) -> Vec<u8> {
    sign(
        predicate,
        About { record: record(), outputs: &[DigestSet::of(b"weights").into()], previous: &[] },
        &Signing { key: &key(), name: Some("Ada"), created: time() },
    )
    .expect("plain text")
}

fn authorship() -> Vec<u8> {
    file(&Predicate::Authorship(Authorship::default()))
}

fn verify(file: &[u8]) -> Result<VerifiedStatement, Code> {
    Envelope::parse(file).and_then(Envelope::verify).map_err(|error| error.code())
}

/// Changes the envelope and keeps the signature.
#[track_caller]
fn envelope(change: impl FnOnce(&mut Value), code: Code) {
    let mut value: Value = serde_json::from_slice(&authorship()).expect("JSON");
    change(&mut value);
    assert_eq!(verify(value.to_string().as_bytes()).expect_err("should be refused"), code);
}

fn signed(message: &[u8]) -> [u8; 64] {
    key().sign(message).expect("a key that is here")
}

/// Changes the payload and signs it anew, as its author could.
#[track_caller]
fn signed_anew(change: impl FnOnce(&mut Value)) -> Result<VerifiedStatement, Code> {
    let mut value: Value = serde_json::from_slice(&authorship()).expect("JSON");
    let payload = STANDARD.decode(value["dsseEnvelope"]["payload"].as_str().expect("a payload")).expect("base64");
    let mut statement: Value = serde_json::from_slice(&payload).expect("JSON");
    change(&mut statement);
    let payload = statement.to_string().into_bytes();
    let signature = signed(&pre_authentication_encoding("application/vnd.in-toto+json", &payload));
    value["dsseEnvelope"]["payload"] = STANDARD.encode(&payload).into();
    value["dsseEnvelope"]["signatures"][0]["sig"] = STANDARD.encode(signature).into();
    verify(value.to_string().as_bytes())
}

#[track_caller]
fn payload(change: impl FnOnce(&mut Value), code: Code) {
    assert_eq!(signed_anew(change).expect_err("should be refused"), code);
}

#[test]
fn what_is_signed_verifies_and_is_the_same_every_time() {
    let statement = verify(&authorship()).expect("our own");
    assert_eq!((statement.record(), statement.created(), statement.signer_name()), (record(), time(), Some("Ada")));
    assert_eq!(statement.subjects().len(), 2);
    assert_eq!(authorship(), authorship());
    assert_eq!(statement.identity(), &key().identity());
    // Other members, at any place, are ignored and kept.
    signed_anew(|statement| statement["predicate"]["later"] = 7.into()).expect("a later minor version");
    let unknown = signed_anew(|statement| {
        statement["predicateType"] = "https://expbundle.github.io/statement/deployment-2/v1".into();
    });
    assert_eq!(unknown.expect("a kind of a later minor version").kind().as_str(), "deployment-2");
}

#[test]
fn envelopes() {
    let other = file(&Predicate::Comment(Comment { text: "another".to_owned() }));
    let other: Value = serde_json::from_slice(&other).expect("JSON");
    envelope(
        |value| value["dsseEnvelope"]["payload"] = other["dsseEnvelope"]["payload"].clone(),
        Code::SignatureInvalid,
    );
    for kind in ["application/json", "application/vnd.in-toto+JSON", "application/vnd.in-toto+json; charset=utf-8", ""]
    {
        envelope(|value| value["dsseEnvelope"]["payloadType"] = kind.into(), Code::StatementPayloadType);
    }
    envelope(
        |value| value["mediaType"] = "application/vnd.dev.sigstore.bundle.v0.2+json".into(),
        Code::StatementEnvelope,
    );
    envelope(|value| value["dsseEnvelope"] = Value::Null, Code::StatementEnvelope);
    assert_eq!(verify(b"[]").expect_err("no object"), Code::StatementEnvelope);
    assert_eq!(verify(b"{").expect_err("no JSON"), Code::JsonSyntax);
    let signature = |value: &Value| value["dsseEnvelope"]["signatures"][0].clone();
    for count in [0, 2, 10_000] {
        envelope(
            |value| value["dsseEnvelope"]["signatures"] = vec![signature(value); count].into(),
            Code::SignatureCount,
        );
    }
}

#[test]
fn the_key_id_chooses_nothing_and_must_not_lie() {
    let with = |keyid: Value| {
        let mut value: Value = serde_json::from_slice(&authorship()).expect("JSON");
        value["dsseEnvelope"]["signatures"][0]["keyid"] = keyid;
        verify(value.to_string().as_bytes()).map(|_| ())
    };
    assert_eq!(with(Value::Null), Ok(()));
    assert_eq!(with("".into()), Ok(()));
    assert_eq!(with("7f4aa1c2".into()), Ok(()));
    let other = SigningKey::from_seed(&[8; 32]).public_key();
    assert_eq!(with(other.fingerprint().into()), Err(Code::SignatureKey));
    // The key of another in the predicate: `keyid` still names ours.
    payload(|statement| statement["predicate"]["signer"]["publicKey"] = other.to_string().into(), Code::SignatureKey);
}

#[test]
fn base64_has_one_spelling() {
    for part in ["payload", "sig"] {
        let place = |value: &mut Value| -> String {
            let place = if part == "sig" {
                &value["dsseEnvelope"]["signatures"][0]["sig"]
            } else {
                &value["dsseEnvelope"]["payload"]
            };
            place.as_str().expect("text").to_owned()
        };
        let put = |value: &mut Value, text: String| {
            if part == "sig" {
                value["dsseEnvelope"]["signatures"][0]["sig"] = text.into();
            } else {
                value["dsseEnvelope"]["payload"] = text.into();
            }
        };
        let spoil = |change: &dyn Fn(String) -> String| {
            envelope(
                |value| {
                    let text = place(value);
                    put(value, change(text));
                },
                Code::StatementBase64,
            );
        };
        spoil(&|text| text + "\n");
        spoil(&|text| format!(" {text}"));
        spoil(&|text| format!("{text}===="));
        spoil(&|text| text[..text.len() - 1].to_owned());
        spoil(&|text| format!("{}-_", &text[..text.len() - 2]));
    }
    // 64 bytes end in `==` and leave four bits, which must be zero.
    envelope(
        |value| {
            let text = value["dsseEnvelope"]["signatures"][0]["sig"].as_str().expect("text").to_owned();
            let (body, last) = (&text[..text.len() - 3], text.as_bytes()[text.len() - 3]);
            value["dsseEnvelope"]["signatures"][0]["sig"] = format!("{body}{}==", char::from(last + 1)).into();
        },
        Code::StatementBase64,
    );
    let url_safe = URL_SAFE.encode([0xfb; 64]);
    envelope(|value| value["dsseEnvelope"]["signatures"][0]["sig"] = url_safe.into(), Code::StatementBase64);
}

#[test]
fn statements() {
    payload(|statement| statement["_type"] = "https://in-toto.io/Statement/v0.1".into(), Code::StatementType);
    payload(
        |statement| {
            statement.as_object_mut().expect("an object").remove("_type");
        },
        Code::StatementType,
    );
    for kind in [
        "https://slsa.dev/provenance/v1",
        "https://expbundle.github.io/statement/authorship/v0",
        "https://expbundle.github.io/statement/authorship/v01",
        "https://expbundle.github.io/statement/authorship/v+1",
        "https://expbundle.github.io/statement/authorship/v4294967296",
        "https://expbundle.github.io/statement/authorship/1",
        "https://expbundle.github.io/statement/authorship/v1/",
        "https://expbundle.github.io/statement/authorship",
        "http://expbundle.github.io/statement/authorship/v1",
        "urn:expbundle:authorship:1",
        "https://expbundle.github.io/statement//v1",
        "https://expbundle.github.io/statement/Authorship/v1",
        "",
    ] {
        payload(|statement| statement["predicateType"] = kind.into(), Code::StatementPredicateType);
    }
    payload(|statement| statement["subject"] = json!([]), Code::StatementSubject);
    payload(|statement| statement["subject"][0]["digest"] = json!({}), Code::StatementSubject);
    payload(
        |statement| {
            statement["subject"][0]["digest"].as_object_mut().expect("an object").remove("blake3");
        },
        Code::StatementSubject,
    );
    payload(
        |statement| {
            statement["subject"][0]["digest"].as_object_mut().expect("an object").remove("sha256");
        },
        Code::StatementSubject,
    );
    payload(|statement| statement["subject"][0] = json!({"name": "record.json"}), Code::StatementSubject);
    for digest in [json!(5), json!({}), json!({"md5": 1}), json!(["00"]), Value::Null] {
        payload(|statement| statement["subject"][1]["digest"] = digest, Code::StatementSubject);
    }
    payload(
        |statement| {
            statement["predicate"].as_object_mut().expect("an object").remove("created");
        },
        Code::StatementPredicate,
    );
    payload(|statement| statement["predicate"]["created"] = "yesterday".into(), Code::StatementPredicate);
    payload(|statement| statement["predicate"]["prev"] = json!(["abc"]), Code::StatementPredicate);
    payload(
        |statement| statement["predicateType"] = "https://expbundle.github.io/statement/review/v1".into(),
        Code::StatementPredicate,
    );
    let about = signed_anew(|statement| {
        statement["subject"][0]["digest"] = serde_json::to_value(DigestSet::of(b"x")).expect("text");
    });
    assert_eq!(about.expect("about another record").record(), DigestSet::of(b"x"));
}

#[test]
fn signatures() {
    let sig = |bytes: &[u8]| {
        let text = STANDARD.encode(bytes);
        move |value: &mut Value| value["dsseEnvelope"]["signatures"][0]["sig"] = text.into()
    };
    let good = |value: &Value| {
        STANDARD.decode(value["dsseEnvelope"]["signatures"][0]["sig"].as_str().expect("text")).expect("base64")
    };
    let value: Value = serde_json::from_slice(&authorship()).expect("JSON");
    let good = good(&value);
    for bytes in [0, 1, 63, 65, 96] {
        envelope(sig(&vec![1; bytes]), Code::SignatureEncoding);
    }
    // An SSHSIG blob, and a minisign signature with its algorithm and key id before the 64 bytes.
    envelope(sig(&[b"SSHSIG\0\0\0\x01".as_slice(), &good].concat()), Code::SignatureEncoding);
    envelope(sig(&[b"Ed12345678".as_slice(), &good].concat()), Code::SignatureEncoding);
    envelope(sig(&[0; 64]), Code::SignatureInvalid);
    // S + L is the same number for a lax verifier.
    let order: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut malleable = good.clone();
    let mut carry = 0_u16;
    for (byte, add) in malleable[32..].iter_mut().zip(order) {
        carry += u16::from(*byte) + u16::from(add);
        *byte = u8::try_from(carry & 0xff).expect("masked");
        carry >>= 8;
    }
    envelope(sig(&malleable), Code::SignatureInvalid);
    // R as a point of small order (the identity), canonical or not, beside any S.
    for point in SMALL_ORDER {
        envelope(sig(&[point.as_slice(), &good[32..]].concat()), Code::SignatureInvalid);
    }
    // R with the bits of y ≥ p.
    let mut high = good.clone();
    high[..31].fill(0xff);
    envelope(sig(&high), Code::SignatureInvalid);
    // The same message without DSSE around it.
    let payload = STANDARD.decode(value["dsseEnvelope"]["payload"].as_str().expect("text")).expect("base64");
    envelope(sig(&signed(&payload)), Code::SignatureInvalid);
}

/// All encodings of points of small order, from the orders 1, 2, 4 and 8, with those of y ≥ p.
const SMALL_ORDER: [[u8; 32]; 8] = [
    ends([1, 0], 0, 0),
    ends([0xec, 0xff], 0xff, 0x7f),
    ends([0, 0], 0, 0),
    ends([0, 0], 0, 0x80),
    ends([0xee, 0xff], 0xff, 0x7f),
    ends([0xed, 0xff], 0xff, 0x7f),
    ends([0xed, 0xff], 0xff, 0xff),
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
        0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
];

/// First two bytes, all between, last byte.
const fn ends(first: [u8; 2], between: u8, last: u8) -> [u8; 32] {
    let mut bytes = [between; 32];
    bytes[0] = first[0];
    bytes[1] = first[1];
    bytes[31] = last;
    bytes
}

#[test]
fn keys_of_small_order_are_refused() {
    for point in SMALL_ORDER {
        assert!(
            matches!(PublicKey::from_bytes(&point), Err(KeyError::SmallOrder | KeyError::NotCanonical)),
            "{point:02x?}"
        );
    }
    assert!(PublicKey::from_bytes(&[0; 32]).is_err());
}

/// There are 19 values of y from p = 2^255 − 19 on that 255 bits hold, with either sign. The
/// library takes those that are points.
#[test]
fn keys_have_one_encoding() {
    let mut taken_by_the_library = 0;
    for low in 0xed..=0xff_u8 {
        for sign in [0x7f, 0xff] {
            let bytes = ends([low, 0xff], 0xff, sign);
            assert!(PublicKey::from_bytes(&bytes).is_err(), "{bytes:02x?}");
            taken_by_the_library += u32::from(ed25519_dalek::VerifyingKey::from_bytes(&bytes).is_ok());
        }
    }
    assert!(taken_by_the_library > 10, "{taken_by_the_library}: then our own check would be of no use");
}

#[test]
fn other_keys_are_refused() {
    let refused = |text: &str| {
        payload(|statement| statement["predicate"]["signer"]["publicKey"] = text.into(), Code::SignatureEncoding);
    };
    refused("");
    refused("ssh-ed25519");
    refused("ssh-ed25519 AAAA");
    refused("ssh-rsa AAAA");
    let good = key().public_key().to_string();
    refused(&good[..good.len() - 4]);
    refused(&format!("{good}AAAA"));
}

const ECDSA: &str = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBHwf2HMM5TRXvo2SQJjsNkiDD5KqiiNjrGVv3UUh+mMT5RHxiRtOnlqvjhQtBq0VpmpCV/PwUdhOig4vkbqAcEc=";

#[test]
fn what_only_a_later_version_can_verify_is_set_aside() {
    type Change = Box<dyn FnOnce(&mut Value)>;
    let set_aside = |change: Change, code| assert_eq!(signed_anew(change).map(|_| ()), Err(code));
    let members = |kind: &str, member: &str, value: Value| -> Change {
        let (kind, member) = (format!("https://expbundle.github.io/statement/{kind}/v1"), member.to_owned());
        Box::new(move |statement| {
            statement["predicateType"] = kind.into();
            statement["predicate"][member] = value;
        })
    };
    for key in [ECDSA, "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDa"] {
        for change in [
            members("authorship", "signer", json!({"publicKey": key})),
            members("link", "sameSigner", key.into()),
            members("revocation", "revoked", json!({"key": key})),
        ] {
            set_aside(change, Code::SignatureUnknownAlgorithm);
        }
    }
    let kind = "https://expbundle.github.io/statement/authorship/v2";
    set_aside(Box::new(move |statement| statement["predicateType"] = kind.into()), Code::StatementUnknownVersion);
    // The length of a signature is that of its algorithm.
    let mut file: Value = serde_json::from_slice(&authorship()).expect("JSON");
    let payload = STANDARD.decode(file["dsseEnvelope"]["payload"].as_str().expect("text")).expect("base64");
    let mut payload: Value = serde_json::from_slice(&payload).expect("JSON");
    payload["predicate"]["signer"]["publicKey"] = ECDSA.into();
    file["dsseEnvelope"]["payload"] = STANDARD.encode(payload.to_string()).into();
    file["dsseEnvelope"]["signatures"][0]["sig"] = STANDARD.encode([1; 70]).into();
    assert_eq!(verify(file.to_string().as_bytes()).map(|_| ()), Err(Code::SignatureUnknownAlgorithm));
}

#[test]
fn files_around_one_payload_are_one_statement() {
    let file = authorship();
    let mut again: Value = serde_json::from_slice(&file).expect("JSON");
    again["verificationMaterial"] = json!({"certificate": {"rawBytes": ""}, "tlogEntries": [{}]});
    let [first, second] = [file.as_slice(), again.to_string().as_bytes()].map(|file| verify(file).expect("our own"));
    let other = verify(&crate::file(&Predicate::Comment(Comment { text: "another".to_owned() }))).expect("our own");
    let mut files = [first.file_digest(), second.file_digest()];
    files.sort();
    for order in [[&first, &second, &other], [&other, &second, &first], [&second, &other, &first]] {
        let once = once_each(order.into_iter().cloned().chain([first.clone()]));
        assert_eq!(once.len(), 2);
        let joined = once.iter().find(|statement| statement.id() == first.id()).expect("it is there");
        assert_eq!((joined.files().collect::<Vec<_>>(), joined.file_digest()), (files.to_vec(), files[0]));
        assert!(once[0].file_digest() < once[1].file_digest());
    }
}

#[test]
fn there_is_one_kind_of_key_material_and_every_member_has_its_type() {
    let with = |material: Value| {
        let mut value: Value = serde_json::from_slice(&authorship()).expect("JSON");
        value["verificationMaterial"] = material;
        verify(value.to_string().as_bytes()).map(|_| ())
    };
    for material in [
        json!({"publicKey": {}}),
        json!({"certificate": {"rawBytes": "AA=="}, "timestampVerificationData": {"rfc3161Timestamps": []}}),
        json!({"x509CertificateChain": {"certificates": []}, "tlogEntries": []}),
        json!({"certificate": null, "publicKey": {"hint": null}, "later": 1}),
    ] {
        assert_eq!(with(material.clone()), Ok(()), "{material}");
    }
    for material in [
        json!({"publicKey": {}, "certificate": {}}),
        json!({"x509CertificateChain": {}, "certificate": {}}),
        json!({"certificate": "AA=="}),
        json!({"certificate": []}),
        json!({"x509CertificateChain": 1}),
        json!({"tlogEntries": {}}),
        json!({"tlogEntries": [1]}),
        json!({"timestampVerificationData": []}),
    ] {
        assert_eq!(with(material.clone()), Err(Code::StatementEnvelope), "{material}");
    }
}

#[test]
fn every_flipped_bit_of_a_file_is_found() {
    let original = authorship();
    let expected = verify(&original).expect("our own");
    let mut survived = 0;
    for at in 0..original.len() {
        for bit in 0..8 {
            let mut flipped = original.clone();
            flipped[at] ^= 1 << bit;
            // The hint and the white space are not signed; the file's digest, which is its name,
            // tells.
            if let Ok(statement) = verify(&flipped) {
                survived += 1;
                assert_eq!((statement.id(), statement.payload()), (expected.id(), expected.payload()));
                assert_ne!(statement.file_digest(), expected.file_digest());
            }
        }
    }
    assert!(survived > 0, "nothing around the payload is free");
}

#[test]
fn a_circle_cannot_be_made_and_a_statement_that_follows_nothing_known_is_said() {
    let nowhere = StatementId(DigestSet::of(b"nowhere").blake3);
    let predicate = Predicate::Comment(Comment { text: "x".to_owned() });
    let file =
        sign(&predicate, About { record: record(), outputs: &[], previous: &[nowhere] }, &Signing::new(&key(), time()))
            .expect("plain text");
    let statement = verify(&file).expect("our own");
    let codes: Vec<Code> = expbundle_statement::chain::check(std::slice::from_ref(&statement))
        .iter()
        .map(|finding| finding.code)
        .collect();
    // `Code::StatementPrevCycle` would take a payload that holds its own digest; the unit test of
    // the chain has the walk.
    assert_eq!(codes, [Code::StatementPrevDangling]);
    assert!(!statement.previous().contains(&statement.id()));
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_refused(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
        proptest::prop_assert!(verify(&bytes).is_err());
    }
}
