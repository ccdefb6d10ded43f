//! Families that proptest draws: few keys, few contents, and what the keys say about records.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::collections::BTreeSet;

use expbundle::draft::Draft;
use expbundle::judge::Verdict;
use expbundle::verify::{Digests, Intact, Unverified};
use expbundle::{Bundle, Content};
use expbundle_format::container::EntryName;
use expbundle_format::limits::Limits;
use expbundle_format::record::{ArtifactRef, Form, Kind, Parent, Record, RecordBody, Source};
use expbundle_format::sections::{Artifact, Artifacts, Context, Cost, Direction};
use expbundle_format::tree::{Tree, TreeFile, TreePath};
use expbundle_format::{DigestSet, RecordId};
use expbundle_statement::{
    Asserted, Authorship, Envelope, LinkClaim, Predicate, Review, ReviewVerdict, Revocation, Revoked, Seal, Signing,
    SigningKey, Superseded, TrustPolicy, sign,
};
use proptest::prelude::*;

pub const NOW: &str = "2026-12-01T00:00:00Z";
/// Trusted keys are 1 and 2, a stranger's is 9.
pub const STRANGER: u8 = 9;

pub fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

pub fn policy() -> TrustPolicy {
    let line = |seed: u8| format!("signer-{seed} {}\n", key(seed).public_key());
    TrustPolicy::parse([line(1), line(2)].concat()).expect("signers")
}

/// What one record is like. Contents are few, so that links, alternatives, pass-through and circles
/// all happen.
#[derive(Clone, Debug)]
pub struct Shape {
    pub inputs: Vec<u8>,
    pub outputs: Vec<u8>,
    /// Contents that only `artifacts.json` lists as inputs.
    pub described: Vec<u8>,
    /// A tree of contents that is taken in, and one that is put out.
    pub trees: [Vec<u8>; 2],
    /// Whether outputs are marked, as our writer does.
    pub marked: bool,
    pub parent: Option<u8>,
    pub source: Option<u8>,
    pub licence: Option<bool>,
    pub day: u8,
    pub says: Vec<(u8, u8)>,
}

pub fn shape() -> impl Strategy<Value = Shape> {
    let contents = || prop::collection::vec(0..6_u8, 0..3);
    let says = prop::collection::vec((0..9_u8, 0..4_u8), 0..3);
    let choices = (any::<bool>(), prop::option::of(0..6_u8), prop::option::weighted(0.3, 0..2_u8));
    let rest = (prop::option::of(any::<bool>()), 1..28_u8, says);
    let trees = [contents(), contents()];
    (contents(), contents(), contents(), trees, choices, rest).prop_map(
        |(inputs, outputs, described, trees, (marked, parent, source), (licence, day, says))| Shape {
            inputs,
            outputs,
            described,
            trees,
            marked,
            parent,
            source,
            licence,
            day,
            says,
        },
    )
}

pub fn content(number: u8) -> DigestSet {
    DigestSet::of(&[b'w', number])
}

pub fn model(number: u8) -> ArtifactRef {
    ArtifactRef::new("model".parse().expect("a role"), content(number).into(), 1 << 20, Form::File)
}

pub fn listing(contents: &[u8]) -> Vec<u8> {
    let numbers: BTreeSet<u8> = contents.iter().copied().collect();
    let file = |number: &u8| TreeFile {
        path: TreePath::from_plain(&format!("{number}.bin")).expect("a path"),
        digest: content(*number),
        size: 1 << 20,
    };
    Tree::new(numbers.iter().map(file).collect()).expect("files").to_bytes()
}

/// The record of a shape; parents are among the records made before.
pub fn record(number: usize, shape: &Shape, before: &[DigestSet], who: &str) -> (Bundle, DigestSet) {
    let mut body = RecordBody::new(Kind::Run);
    body.started = format!("2026-11-{:02}T09:00:00Z", shape.day).parse().ok();
    body.ended = body.started;
    body.inputs = shape.inputs.iter().map(|number| model(*number)).collect();
    body.outputs = shape.outputs.iter().map(|number| model(*number)).collect();
    body.source = shape.source.map(|run| Source { tool: "tool".to_owned(), run: run.to_string() });
    let parent = shape.parent.and_then(|parent| before.get(usize::from(parent)));
    body.parents = parent
        .map(|record| Parent { record: *record, relation: "fine-tuned-from".parse().expect("a word") })
        .into_iter()
        .collect();
    let mut listings = Vec::new();
    for (contents, list) in shape.trees.iter().zip([&mut body.inputs, &mut body.outputs]) {
        if !contents.is_empty() {
            let bytes = listing(contents);
            let digest = DigestSet::of(&bytes).into();
            list.push(ArtifactRef::new("model".parse().expect("a role"), digest, bytes.len() as u64, Form::Tree));
            listings.push(bytes);
        }
    }
    let item = |direction, number: &u8, licence: Option<&str>| Artifact {
        digest: Some(content(*number).into()),
        licence: licence.map(str::to_owned),
        ..Artifact::new(direction, "model".parse().expect("a role"))
    };
    let licence = shape.licence.map(|free| if free { "mit" } else { "gpl-3.0" });
    let mut artifacts: Vec<Artifact> =
        shape.outputs.iter().map(|number| item(Direction::Output, number, licence)).collect();
    artifacts.extend(shape.described.iter().map(|number| item(Direction::Input, number, None)));
    let mut draft = Draft::new(body);
    draft.json_section(&Context { title: format!("{who} {number}"), ..Context::default() }).expect("JSON");
    draft.json_section(&Artifacts { artifacts, salt: None }).expect("JSON");
    draft.json_section(&Cost::default()).expect("JSON");
    for bytes in listings {
        draft.embed(Content::bytes(bytes)).expect("memory");
    }
    let mut bundle = draft.finish().expect("a bundle").into_bundle();
    if !shape.marked {
        bundle = unmarked(&bundle);
    }
    let digest = bundle.records().next().expect("a record").1.digest().expect("memory");
    (bundle, digest)
}

/// The same without the marks, as a writer that knows nothing of them would make it.
pub fn unmarked(bundle: &Bundle) -> Bundle {
    let (old, content) = bundle.records().next().expect("a record");
    let parsed = Record::parse(content.read(1 << 20).expect("memory"), &Limits::default()).expect("our own record");
    let mut body = parsed.body().clone();
    body.outputs.iter_mut().for_each(|output| output.passed_on = None);
    let record = Record::write(body).expect("JSON");
    let mut without = Bundle::new();
    without.insert_unchecked(EntryName::Record(record.id()), Content::bytes(record.bytes()));
    for (name, content) in bundle.entries() {
        match name {
            EntryName::Record(_) => {}
            EntryName::Section { record: of, section } if *of == old => {
                without.insert_unchecked(
                    EntryName::Section { record: record.id(), section: section.clone() },
                    content.clone(),
                );
            }
            other => without.insert_unchecked(other.clone(), content.clone()),
        }
    }
    without
}

/// Something that a key says about a record.
pub fn says(kind: u8, about: DigestSet, other: DigestSet) -> Predicate {
    let id = RecordId(about.blake3);
    match kind {
        0 => {
            let claim = LinkClaim::Record { parent: other, relation: None, artifact: None };
            Predicate::Link(Asserted { claim, reason: None })
        }
        1 => Predicate::Supersession(Superseded { successor: other, reason: None }),
        2 => Predicate::Revocation(Revocation { revoked: Revoked::Record(id), since: None, reason: None }),
        7 => {
            let authorship = Envelope::parse(&authored(about)).expect("a statement").id();
            Predicate::Revocation(Revocation { revoked: Revoked::Statement(authorship), since: None, reason: None })
        }
        8 => {
            let revoked = Revoked::Signer(key(author(about)).identity());
            Predicate::Revocation(Revocation { revoked, since: None, reason: None })
        }
        3 => Predicate::Seal(Seal { objects: vec![format!("artifacts/{}", "0".repeat(64))] }),
        4 | 5 => {
            let verdict = if kind == 4 { ReviewVerdict::Rejected } else { ReviewVerdict::Approved };
            Predicate::Review(Review { verdict, role: None, scope: None, reason: None })
        }
        _ => Predicate::Authorship(Authorship::default()),
    }
}

/// Which of the two trusted keys signs a record.
pub fn author(record: DigestSet) -> u8 {
    1 + record.blake3.as_bytes()[1] % 2
}

/// The authorship of a record of ours.
pub fn authored(record: DigestSet) -> Vec<u8> {
    let created = "2026-11-29T10:00:00Z".parse().expect("a time");
    let predicate = Predicate::Authorship(Authorship::default());
    sign(&predicate, record, &Signing::new(&key(author(record)), created)).expect("a statement")
}

pub fn add(bundle: &mut Bundle, predicate: &Predicate, about: DigestSet, by: u8) {
    let created = "2026-11-29T10:00:00Z".parse().expect("a time");
    bundle.insert_statement_unchecked(sign(predicate, about, &Signing::new(&key(by), created)).expect("a statement"));
}

/// Records that trusted keys signed, and what these say. Seals are left to strangers: a trusted one
/// is meant to break.
pub fn family(shapes: &[Shape]) -> (Bundle, Vec<DigestSet>) {
    let (mut all, mut records) = (Bundle::new(), Vec::new());
    for (number, shape) in shapes.iter().enumerate() {
        let (bundle, digest) = record(number, shape, &records, "ours");
        all.merge(&bundle);
        all.insert_statement_unchecked(authored(digest));
        records.push(digest);
    }
    for (digest, shape) in records.iter().zip(shapes) {
        for (kind, other) in shape.says.iter().filter(|(kind, _)| *kind != 3) {
            let other = records[usize::from(*other) % records.len()];
            let by = 1 + other.blake3.as_bytes()[0] % 2;
            // A writer takes back a key about each record that it vouches for.
            let is_subject = |one: &&DigestSet| *one == digest || (*kind == 8 && author(**one) == author(*digest));
            for subject in records.iter().filter(is_subject) {
                add(&mut all, &says(*kind, *subject, other), *subject, by);
            }
        }
    }
    (all, records)
}

pub fn judged(bundle: &Bundle, policy: Option<&TrustPolicy>) -> (Intact, Verdict) {
    let mut bytes = Vec::new();
    bundle.write(&mut bytes).expect("memory");
    let intact = Unverified::new(Content::bytes(bytes))
        .check(Digests::Blake3)
        .unwrap_or_else(|wrong| panic!("{:?}", wrong.findings()))
        .intact;
    let verdict = intact.judge(policy, NOW.parse::<jiff::Timestamp>().expect("a time"));
    (intact, verdict)
}
