//! Signers files: what is read, what is skipped, what is refused (spec/trust.md).

use expbundle_statement::{
    Judgement, KeyError, PublicKey, SignersProblem as Problem, SigningKey, SkipReason, TimeEvidence, TrustPolicy,
};
use jiff::Timestamp;

const NOW: &str = "2026-11-23T00:00:00Z";

fn key(number: u8) -> PublicKey {
    SigningKey::from_seed(&[number; 32]).public_key()
}

fn policy(text: &str) -> TrustPolicy {
    TrustPolicy::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn judged(text: &str, key: &PublicKey, at: &str) -> Judgement {
    judge(&policy(text), key, at)
}

fn judge(policy: &TrustPolicy, key: &PublicKey, at: &str) -> Judgement {
    policy.judge(&(*key).into(), TimeEvidence::Claimed, at.parse::<Timestamp>().expect("a time"))
}

fn trusted(names: &[&str]) -> Judgement {
    Judgement::Trusted { principals: names.iter().map(|name| (*name).to_owned()).collect() }
}

fn refused(text: impl AsRef<[u8]>) -> (usize, Problem) {
    let text = text.as_ref();
    let Err(error) = TrustPolicy::parse(text) else { panic!("accepted: {}", text.escape_ascii()) };
    assert!(!error.help().is_empty());
    (error.line, error.problem)
}

#[test]
fn a_key_is_judged_by_all_its_lines() {
    let (ada, ben, cleo) = (key(1), key(2), key(3));
    let text = format!(
        "# our team\n\n  ada@example.org,ada namespaces=\"expbundle,git\" {ada} laptop of Ada\r\n\
         ben valid-after=\"20260101\",valid-before=\"20270101120000Z\" {ben}\n\tcleo \t namespaces=\"git\" {cleo}"
    );
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(judged(&text, &ada, NOW), trusted(&["ada", "ada@example.org"]));
    assert_eq!(judged(&text, &ben, NOW), trusted(&["ben"]));
    assert_eq!(judged(&text, &ben, "2026-01-01T00:00:00Z"), trusted(&["ben"]));
    for time in ["2025-12-31T23:59:59.999Z", "2027-01-01T12:00:00Z"] {
        assert_eq!(judged(&text, &ben, time), Judgement::NotValid { principals: names(&["ben"]) });
    }
    assert_eq!(judged(&text, &cleo, NOW), Judgement::OtherNamespace { principals: names(&["cleo"]) });
    assert_eq!(judged(&text, &key(4), NOW), Judgement::Unknown);

    // The same name with the same key: lines add, and one that fits is enough.
    let twice = format!(
        "ada valid-before=\"20250101\" {ada}\nada valid-after=\"20260601\" {ada}\nada namespaces=\"x\" {ada}\n"
    );
    assert_eq!(judged(&twice, &ada, NOW), trusted(&["ada"]));
    assert_eq!(judged(&twice, &ada, "2024-01-01T00:00:00Z"), trusted(&["ada"]));
    assert_eq!(judged(&twice, &ada, "2025-06-01T00:00:00Z"), Judgement::NotValid { principals: names(&["ada"]) });
}

#[test]
fn forms_of_a_line() {
    let ada = key(1);
    for (line, names) in [
        ("a,a KEY", ["a"].as_slice()),
        ("\"Ada Lovelace,ada\" KEY", &["Ada Lovelace", "ada"]),
        ("\"#1\" KEY", &["#1"]),
        ("a#b KEY # remark \"", &["a#b"]),
        ("ssh-ed25519 KEY", &["ssh-ed25519"]),
        ("namespaces KEY", &["namespaces"]),
        ("'a' KEY\t", &["'a'"]),
        ("DOMAIN\\ada KEY", &["DOMAIN\\ada"]),
        ("Adélaïde KEY\u{a0}", &[]),
        ("Adélaïde KEY \u{a0}", &["Adélaïde"]),
        ("a NameSpaces=\"not this,expbundle\" KEY", &["a"]),
        ("a valid-after=\"20260101\",NAMESPACES=\"*\",valid-before=\"99991231\"  \t KEY", &["a"]),
    ] {
        let text = line.replace("KEY", &ada.to_string());
        if names.is_empty() {
            refused(&text);
        } else {
            assert_eq!(judged(&text, &ada, NOW), trusted(names), "{line}");
        }
    }
    assert!(policy("").is_empty());
    assert!(policy("# nobody\n\n \t\n\t# nor here\u{2028}\r\n").is_empty());
}

#[test]
fn lines_that_could_only_add_trust_are_skipped() {
    let ada = key(1);
    let rsa = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQA=";
    let unknown = "slh-dsa@example.org AAAAE3NsaC1kc2FAZXhhbXBsZS5vcmcB";
    let text = format!(
        "ada {rsa} laptop\nada cert-authority {ada}\nada namespaces=\"git\",Cert-Authority {rsa}\n*@example.org {ada}\nben,!ada {ada}\n\
         ad? {ada}\nada valid-before=\"20200101\" {unknown}\n"
    );
    let policy = policy(&text);
    assert_eq!(judge(&policy, &ada, NOW), Judgement::Unknown);
    let pattern = |text: &str| SkipReason::Pattern(text.to_owned());
    let reasons: Vec<_> = policy.skipped().iter().map(|skipped| (skipped.line, skipped.reason.clone())).collect();
    assert_eq!(
        reasons,
        [
            (1, SkipReason::KeyType("ssh-rsa".to_owned())),
            (2, SkipReason::CertAuthority),
            (3, SkipReason::CertAuthority),
            (4, pattern("*@example.org")),
            (5, pattern("!ada")),
            (6, pattern("ad?")),
            (7, SkipReason::KeyType("slh-dsa@example.org".to_owned())),
        ]
    );
    // What is skipped has to follow the grammar too.
    for line in [
        "ada ssh-rsa AAAAB3NzaC1yc2E=",
        "ada ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIA==",
        "ada ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQA",
        "ada ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQB=",
        "ada zone=\"moon\" ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQA=",
        "ada,, ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQA=",
        "*,, KEY",
        "* cert-authority ssh-ed25519 AAAA",
        "* cert-authority,cert-authority KEY",
        "* cert-authority=\"\" KEY",
        "* cert-authority, KEY",
        "* namespaces=\"x\"cert-authority KEY",
        "* cert-authoritynamespaces=\"x\" KEY",
        "* no-cert-authority KEY",
    ] {
        refused(line.replace("KEY", &ada.to_string()));
    }
}

#[test]
fn each_mistake_has_its_problem() {
    let ada = key(1).to_string();
    let identity = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let unknown = |name: &str| Problem::OptionUnknown(name.to_owned());
    let kind = |name: &str| Problem::KeyType(name.to_owned());
    let time = |text: &str| Problem::Time(text.to_owned());
    for (line, problem) in [
        ("\u{feff}a KEY", Problem::ByteOrderMark),
        ("\u{feff}# x\na KEY", Problem::ByteOrderMark),
        ("a\0 KEY", Problem::Control('\0')),
        ("# \u{1b}[2J", Problem::Control('\u{1b}')),
        ("a KEY\r", Problem::Control('\r')),
        ("a KEY\r\r\n", Problem::Control('\r')),
        ("a KEY x\ry", Problem::Control('\r')),
        ("a\u{c}KEY", Problem::Control('\u{c}')),
        ("a KEY\u{85}", Problem::Control('\u{85}')),
        ("a\u{a0}KEY", Problem::Hidden('\u{a0}')),
        ("a\u{a0}b KEY", Problem::Hidden('\u{a0}')),
        ("a\u{a0}namespaces=\"git\" KEY", Problem::Hidden('\u{a0}')),
        ("\u{3000}# x", Problem::Hidden('\u{3000}')),
        ("\u{2028}", Problem::Hidden('\u{2028}')),
        ("a namespaces=\"git,\u{200b}expbundle\" KEY", Problem::Hidden('\u{200b}')),
        ("\"a KEY", Problem::QuoteOpen),
        ("a namespaces=\"x KEY", Problem::QuoteOpen),
        ("a\"b c\"d KEY", Problem::QuoteInside),
        ("a\"b\" KEY", Problem::QuoteInside),
        ("\"a\"b KEY", Problem::QuoteInside),
        ("\"a\"KEY", Problem::QuoteInside),
        ("\"a\",b KEY", Problem::QuoteInside),
        ("\"\" KEY", Problem::PrincipalEmpty),
        ("\" \" KEY", Problem::PrincipalEmpty),
        ("a,,b KEY", Problem::PrincipalEmpty),
        (",a KEY", Problem::PrincipalEmpty),
        ("a, KEY", Problem::PrincipalEmpty),
        ("a", Problem::KeyMissing),
        ("a ssh-ed25519", Problem::KeyMissing),
        ("a namespaces=\"x\"", Problem::KeyMissing),
        ("a namespaces=\"x\" ssh-ed25519 ", Problem::KeyMissing),
        ("trust ada please", kind("ada")),
        ("a no-touch-required KEY", kind("no-touch-required")),
        ("a SSH-ED25519 KEY", kind("SSH-ED25519")),
        ("a namespaces=\"*\" valid-after=\"20200101\" KEY", Problem::OptionBlank("valid-after")),
        ("a namespaces=\"*\" cert-authority KEY", Problem::OptionBlank("cert-authority")),
        ("KEY", Problem::NameMissing),
        ("KEY a@example.org", Problem::NameMissing),
        ("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQA= a", Problem::NameMissing),
        ("a zone=\"moon\" KEY", unknown("zone")),
        ("a \"namespaces\"=\"*\" KEY", unknown("\"namespaces\"=\"*\"")),
        ("a \"ssh-ed25519\" KEY", unknown("\"ssh-ed25519\"")),
        ("a no-namespaces=\"*\" KEY", unknown("no-namespaces")),
        ("a namespaces KEY", Problem::OptionValue("namespaces")),
        ("a namespaces=expbundle KEY", Problem::OptionValue("namespaces")),
        ("a namespaces= \"*\" KEY", Problem::OptionValue("namespaces")),
        ("a namespaces =\"*\" KEY", Problem::OptionValue("namespaces")),
        ("a namespaces=ex\"pbun\"dle KEY", Problem::OptionValue("namespaces")),
        ("a valid-after=20200101 KEY", Problem::OptionValue("valid-after")),
        ("a namespaces=\"a\",namespaces=\"b\" KEY", Problem::OptionTwice("namespaces")),
        ("a valid-after=\"20200101\",Valid-After=\"20200101\" KEY", Problem::OptionTwice("valid-after")),
        ("a , KEY", Problem::OptionEmpty),
        ("a ,namespaces=\"*\" KEY", Problem::OptionEmpty),
        ("a namespaces=\"*\", KEY", Problem::OptionEmpty),
        ("a namespaces=\"*\",,valid-after=\"20200101\" KEY", Problem::OptionEmpty),
        ("a namespaces=\"*\", valid-after=\"20200101\" KEY", Problem::OptionBlank("valid-after")),
        ("a namespaces=\"expbundle,git\"valid-before=\"20200101\" KEY", Problem::OptionEnd("namespaces")),
        ("a namespaces=\"expbundle,git\"cert-authority KEY", Problem::OptionEnd("namespaces")),
        ("a namespaces=\"*\"KEY", Problem::OptionEnd("namespaces")),
        ("a valid-after=\"20260101\"\" KEY", Problem::OptionEnd("valid-after")),
        ("a valid-after=\"\"20260101\"\" KEY", time("")),
        ("a namespaces=\"\\\"expbundle\" KEY", Problem::Backslash("namespaces")),
        ("a namespaces=\"\\expbundle\" KEY", Problem::Backslash("namespaces")),
        ("a valid-after=\"20260230\" KEY", time("20260230")),
        ("a valid-after=\"20260101000060\" KEY", time("20260101000060")),
        ("a valid-after=\"20270101\",valid-before=\"20270101\" KEY", Problem::Window),
        ("a ssh-ed25519 AAAA", Problem::Key(KeyError::Form)),
        (&format!("a {identity}"), Problem::Key(KeyError::SmallOrder)),
    ] {
        let text = line.replace("KEY", &ada);
        assert_eq!(refused(&text), (1, problem), "{line}");
    }
    let key = format!("ben {ada}\n# ok\n");
    assert_eq!(refused([key.as_bytes(), b"# caf\xe9\n"].concat()), (3, Problem::NotUtf8));
    assert_eq!(refused(format!("{key}\u{feff}a {ada}")), (3, Problem::Hidden('\u{feff}')));
    for (length, is_fine) in [(1022, true), (1023, false)] {
        let word = "x".repeat(length);
        for text in [format!("{word},a {ada}"), format!("a namespaces=\"{word},expbundle\" {ada}")] {
            assert_eq!(TrustPolicy::parse(&text).is_ok(), is_fine, "{length}");
        }
    }
}

#[test]
fn one_key_may_stand_in_any_number_of_lines() {
    let ada = key(1);
    let text = format!("ada valid-before=\"20200101\" {ada}\n").repeat(20_000);
    assert_eq!(judged(&text, &ada, NOW), Judgement::NotValid { principals: vec!["ada".to_owned()] });
}
