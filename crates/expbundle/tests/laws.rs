//! Two laws over generated families with strangers in them (spec/trust.md, "Strangers apart";
//! spec/lineage.md, "Nothing missing helps").

use std::collections::{BTreeMap, BTreeSet};

use expbundle::draft::Draft;
use expbundle::judge::{State, Verdict};
use expbundle::standing::{Objection, ObjectionKind};
use expbundle::verify::{Digests, Intact, Unverified};
use expbundle::{Bundle, Content, report};
use expbundle_format::container::EntryName;
use expbundle_format::limits::Limits;
use expbundle_format::record::{ArtifactRef, Form, Kind, Parent, Record, RecordBody, Source};
use expbundle_format::sections::{Artifact, Artifacts, Context, Cost, Direction, JsonSection as _};
use expbundle_format::tree::{Tree, TreeFile, TreePath};
use expbundle_format::{DigestSet, RecordId};
use expbundle_lineage::{Grade, RecordFacts};
use expbundle_statement::{
    Asserted, Authorship, Envelope, LinkClaim, Predicate, Review, ReviewVerdict, Revocation, Revoked, Seal, Signing,
    SigningKey, Superseded, TrustPolicy, sign,
};
use proptest::prelude::*;

const NOW: &str = "2026-12-01T00:00:00Z";
/// Trusted keys are 1 and 2, a stranger's is 9.
const STRANGER: u8 = 9;

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

fn policy() -> TrustPolicy {
    let line = |seed: u8| format!("signer-{seed} {}\n", key(seed).public_key());
    TrustPolicy::parse([line(1), line(2)].concat()).expect("signers")
}

/// What one record is like. Contents are few, so that links, alternatives, pass-through and circles
/// all happen.
#[derive(Clone, Debug)]
struct Shape {
    inputs: Vec<u8>,
    outputs: Vec<u8>,
    /// Contents that only `artifacts.json` lists as inputs.
    described: Vec<u8>,
    /// A tree of contents that is taken in, and one that is put out.
    trees: [Vec<u8>; 2],
    /// Whether outputs are marked, as our writer does.
    marked: bool,
    parent: Option<u8>,
    source: Option<u8>,
    licence: Option<bool>,
    day: u8,
    says: Vec<(u8, u8)>,
}

fn shape() -> impl Strategy<Value = Shape> {
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

fn content(number: u8) -> DigestSet {
    DigestSet::of(&[b'w', number])
}

fn model(number: u8) -> ArtifactRef {
    ArtifactRef::new("model".parse().expect("a role"), content(number).into(), 1 << 20, Form::File)
}

fn listing(contents: &[u8]) -> Vec<u8> {
    let numbers: BTreeSet<u8> = contents.iter().copied().collect();
    let file = |number: &u8| TreeFile {
        path: TreePath::from_plain(&format!("{number}.bin")).expect("a path"),
        digest: content(*number),
        size: 1 << 20,
    };
    Tree::new(numbers.iter().map(file).collect()).expect("files").to_bytes()
}

/// The record of a shape; parents are among the records made before.
fn record(number: usize, shape: &Shape, before: &[DigestSet], who: &str) -> (Bundle, DigestSet) {
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
fn unmarked(bundle: &Bundle) -> Bundle {
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
fn says(kind: u8, about: DigestSet, other: DigestSet) -> Predicate {
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
fn author(record: DigestSet) -> u8 {
    1 + record.blake3.as_bytes()[1] % 2
}

/// The authorship of a record of ours.
fn authored(record: DigestSet) -> Vec<u8> {
    let created = "2026-11-29T10:00:00Z".parse().expect("a time");
    let predicate = Predicate::Authorship(Authorship::default());
    sign(&predicate, record, &Signing::new(&key(author(record)), created)).expect("a statement")
}

fn add(bundle: &mut Bundle, predicate: &Predicate, about: DigestSet, by: u8) {
    let created = "2026-11-29T10:00:00Z".parse().expect("a time");
    bundle.insert_statement_unchecked(sign(predicate, about, &Signing::new(&key(by), created)).expect("a statement"));
}

/// Records that trusted keys signed, and what these say. Seals are left to strangers: a trusted one
/// is meant to break.
fn family(shapes: &[Shape]) -> (Bundle, Vec<DigestSet>) {
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

fn judged(bundle: &Bundle, policy: Option<&TrustPolicy>) -> (Intact, Verdict) {
    let mut bytes = Vec::new();
    bundle.write(&mut bytes).expect("memory");
    let intact = Unverified::new(Content::bytes(bytes))
        .check(Digests::Blake3)
        .unwrap_or_else(|wrong| panic!("{:?}", wrong.findings()))
        .intact;
    let verdict = intact.judge(policy, NOW.parse::<jiff::Timestamp>().expect("a time"));
    (intact, verdict)
}

/// Every link of a verdict, with the best grade of it.
fn links(verdict: &Verdict) -> BTreeMap<(RecordId, RecordId), Grade> {
    let records = verdict.lineage.records().iter();
    let parents = records.flat_map(|record| verdict.lineage.parents(record.id()));
    parents.map(|edge| ((edge.child, edge.parent), edge.grade())).collect()
}

/// Of each record in the graph the state of its family, and what somebody objects to there.
fn told(intact: &Intact, verdict: &Verdict) -> BTreeMap<RecordId, (State, BTreeSet<RecordId>)> {
    let of = |facts: &RecordFacts| {
        let id = facts.id();
        let mut objected: BTreeSet<RecordId> = report::objected(verdict, id).into_iter().collect();
        objected.extend(intact.objected_above(verdict, &[id]));
        let family = verdict.lineage.possible_ancestors(&[id]).into_iter().chain([id]);
        (id, (verdict.state_of(family), objected))
    };
    verdict.lineage.records().iter().map(of).collect()
}

/// Of each finding about licences the records that it is reported at.
fn licences(verdict: &Verdict) -> BTreeMap<&'static str, BTreeSet<String>> {
    let mut found: BTreeMap<&'static str, BTreeSet<String>> = BTreeMap::new();
    for finding in verdict.findings.iter().filter(|finding| finding.code.as_str().starts_with("lineage.licence")) {
        found.entry(finding.code.as_str()).or_default().insert(finding.place.entry.clone().unwrap_or_default());
    }
    found
}

/// All that a verdict says of what counts, in a form that can be compared.
fn said(intact: &Intact, verdict: &Verdict) -> String {
    let ours: Vec<_> = verdict.records.iter().filter(|(id, _)| verdict.standing.counts(**id)).collect();
    let suggestions: Vec<_> =
        verdict.lineage.records().iter().flat_map(|record| verdict.lineage.suggestions(record.id())).collect();
    let mut findings: Vec<String> = verdict.findings.iter().map(|finding| format!("{finding:?}")).collect();
    findings.retain(|finding| !finding.contains("TrustUnknownSigner"));
    let costs = intact.costs(verdict, &verdict.heads);
    format!(
        "{:?} {ours:?} {:?} {:?} {suggestions:?} {:?} {:?} {findings:?} {costs:?} {:?}",
        verdict.state,
        verdict.heads,
        links(verdict),
        verdict.lineage.gaps(),
        verdict.standing.against,
        verdict.standing.successors,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(160))]

    #[test]
    fn strangers_change_nothing(
        ours in prop::collection::vec(shape(), 1..5),
        theirs in prop::collection::vec((shape(), any::<bool>()), 0..4),
        words in prop::collection::vec((0..7_u8, 0..8_u8, 0..8_u8), 0..6),
    ) {
        let policy = policy();
        let (mut bundle, mut records) = family(&ours);
        let (intact, verdict) = judged(&bundle, Some(&policy));
        let before = said(&intact, &verdict);
        for (number, (shape, is_signed)) in theirs.iter().enumerate() {
            let (stranger, digest) = record(number, shape, &records, "theirs");
            bundle.merge(&stranger);
            if *is_signed {
                add(&mut bundle, &Predicate::Authorship(Authorship::default()), digest, STRANGER);
            }
            records.push(digest);
        }
        for (kind, about, other) in words {
            let nth = |number: u8| records[usize::from(number) % records.len()];
            add(&mut bundle, &says(kind, nth(about), nth(other)), nth(about), STRANGER);
        }
        let (intact, verdict) = judged(&bundle, Some(&policy));
        prop_assert_eq!(before, said(&intact, &verdict));
    }

    /// Whoever has a stolen key that was revoked can sign whatever they like with it, and none of
    /// it has a say.
    #[test]
    fn a_revoked_key_has_no_say(
        ours in prop::collection::vec(shape(), 1..4),
        theirs in prop::collection::vec(shape(), 1..4),
        words in prop::collection::vec((0..7_u8, 0..8_u8, 0..8_u8), 0..6),
    ) {
        let policy = policy();
        let (mut bundle, mut records) = family(&ours);
        let revoked = Revoked::Signer(key(2).identity());
        let revocation = Predicate::Revocation(Revocation { revoked, since: None, reason: None });
        add(&mut bundle, &revocation, records[0], 1);
        let graph = |bundle: &Bundle| {
            let (intact, verdict) = judged(bundle, Some(&policy));
            let (links, gaps) = (links(&verdict), verdict.lineage.gaps());
            let broken = verdict.findings.iter().any(expbundle_format::Finding::is_error);
            format!("{:?} {links:?} {gaps:?} {:?} {broken}", verdict.heads, intact.costs(&verdict, &verdict.heads))
        };
        let before = graph(&bundle);
        for (number, shape) in theirs.iter().enumerate() {
            let (stolen, digest) = record(number, shape, &records, "theirs");
            bundle.merge(&stolen);
            add(&mut bundle, &Predicate::Authorship(Authorship::default()), digest, 2);
            records.push(digest);
        }
        for (kind, about, other) in words {
            let nth = |number: u8| records[usize::from(number) % records.len()];
            // Also a revoked key may take back (spec/trust.md, "Taking back"), and its seals still
            // bind.
            if !matches!(kind, 2 | 3) {
                add(&mut bundle, &says(kind, nth(about), nth(other)), nth(about), 2);
            }
        }
        prop_assert_eq!(before, graph(&bundle));
    }

    #[test]
    fn nothing_missing_helps(ours in prop::collection::vec(shape(), 1..5), with_file in any::<bool>()) {
        let policy = policy();
        let policy = with_file.then_some(&policy);
        let (whole, _) = family(&ours);
        let (intact, before) = judged(&whole, policy);
        if before.state == State::Malformed {
            // What contradicts itself may be mended by leaving out a half of it.
            return Ok(());
        }
        let had = links(&before);
        for (name, _) in whole.entries() {
            // A copy without a record is another family, and what takes back or objects can be left
            // out: no file proves that there is no other file (spec/security.md, "Rollback").
            if matches!(name, EntryName::Record(_) | EntryName::Statement(_)) {
                continue;
            }
            let mut part = whole.clone();
            part.remove(name);
            let (partial, after) = judged(&part, policy);
            prop_assert!(after.state <= before.state);
            for (id, state) in &after.records {
                prop_assert!(*state <= before.records[id]);
            }
            for (link, grade) in links(&after) {
                prop_assert!(had.get(&link).is_some_and(|known| *known >= grade), "{name}: {link:?} {grade:?}");
            }
            prop_assert_eq!(&after.standing.against, &before.standing.against);
            let (whole, part) = (told(&intact, &before), told(&partial, &after));
            for (id, (state, objected)) in &part {
                prop_assert!(*state <= whole[id].0, "{name}: the family of {id}");
                prop_assert!(whole[id].1.is_subset(objected), "{name}: what is objected to above {id}");
            }
            let conflicts = licences(&before).remove("lineage.licence-conflict").unwrap_or_default();
            let after = licences(&after);
            for record in conflicts {
                let is_said = ["lineage.licence-conflict", "lineage.licence-unknown"]
                    .iter()
                    .any(|code| after.get(code).is_some_and(|records| records.contains(&record)));
                prop_assert!(is_said || after.contains_key("lineage.licence-withheld"), "{name}: a licence of {record}");
            }
        }
    }

    /// A record or a statement that is left out raises the state of no other, and makes no link
    /// between others.
    #[test]
    fn nothing_missing_makes_a_link(ours in prop::collection::vec(shape(), 1..5)) {
        let policy = policy();
        let (whole, _) = family(&ours);
        let (intact, before) = judged(&whole, Some(&policy));
        if before.state == State::Malformed {
            return Ok(());
        }
        let had = links(&before);
        let takes_back = |name: &EntryName| {
            let statement = intact.statements().iter().find(|one| EntryName::Statement(one.file_digest()) == *name);
            statement.is_some_and(|one| matches!(one.predicate(), Predicate::Revocation(_) | Predicate::Supersession(_)))
        };
        for (name, _) in whole.entries().filter(|(name, _)| !takes_back(name)) {
            let mut part = whole.clone();
            match name {
                EntryName::Record(id) => {
                    let names: Vec<EntryName> = whole.entries().map(|(name, _)| name.clone()).collect();
                    for of in names {
                        let is_of = matches!(&of, EntryName::Section { record, .. } if record == id);
                        if is_of || of == *name || matches!(of, EntryName::Artifact(_)) {
                            part.remove(&of);
                        }
                    }
                }
                EntryName::Statement(_) => drop(part.remove(name)),
                EntryName::Section { .. } | EntryName::Artifact(_) => continue,
            }
            let (_, after) = judged(&part, Some(&policy));
            for (id, state) in &after.records {
                prop_assert!(*state <= before.records[id]);
            }
            for (link, grade) in links(&after) {
                prop_assert!(had.get(&link).is_some_and(|known| *known >= grade), "{name}: {link:?} {grade:?}");
            }
            // A record that was taken back may be left out, with what it lowered; what took it back
            // stays to be seen.
            if matches!(name, EntryName::Statement(_)) {
                prop_assert!(after.state <= before.state, "{name}");
                // One signature of several may be missed with what took it back.
                let is_trusted = |record: &RecordId| before.records.get(record) == Some(&State::Trusted);
                for (record, objections) in before.standing.against.iter().filter(|(record, _)| !is_trusted(record)) {
                    let revoked = |objections: &[Objection]| {
                        objections.iter().filter(|one| one.kind == ObjectionKind::Revoked).count()
                    };
                    let still = after.standing.against.get(record).map(Vec::as_slice).unwrap_or_default();
                    prop_assert!(revoked(objections) == 0 || revoked(still) > 0, "{name}: {record}");
                }
            }
        }
    }
}

#[test]
fn what_is_withheld_of_licences_is_said() {
    let shape = Shape {
        inputs: vec![],
        outputs: vec![1],
        described: vec![],
        trees: [vec![], vec![]],
        marked: true,
        parent: None,
        source: None,
        licence: Some(false),
        day: 1,
        says: vec![],
    };
    let (mut bundle, records) = family(&[shape]);
    let record = RecordId(records[0].blake3);
    bundle.remove(&EntryName::Section { record, section: Artifacts::name() });
    let codes: Vec<_> = judged(&bundle, None).1.findings.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(codes, ["lineage.licence-withheld"]);
}
