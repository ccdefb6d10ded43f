//! The laws of merging, over bundles of any records, statements and withheld sections.

use expbundle::draft::Draft;
use expbundle::judge::{State, Verdict};
use expbundle::verify::{Digests, Intact, Unverified};
use expbundle::{Bundle, Content};
use expbundle_format::container::EntryName;
use expbundle_format::record::{ArtifactRef, Form, Kind, RecordBody};
use expbundle_format::sections::{Context, Identity, JsonSection as _, Person};
use expbundle_format::{Code, DigestSet, RecordId};
use expbundle_statement::{
    Asserted, Authorship, Comment, LinkClaim, Predicate, Signing, SigningKey, Superseded, TrustPolicy, sign,
};
use proptest::prelude::*;

/// One record of a line: number `n` takes in what `n − 1` put out.
fn record(number: u8) -> Bundle {
    let mut body = RecordBody::new(Kind::Run);
    let weights = |number: u8| {
        ArtifactRef::new("model".parse().expect("a word"), DigestSet::of(&[b'w', number]).into(), 1 << 20, Form::File)
    };
    if number > 0 {
        body.inputs.push(weights(number - 1));
    }
    body.outputs.push(weights(number));
    let mut draft = Draft::new(body);
    draft.json_section(&Context { title: format!("record {number}"), ..Context::default() }).expect("JSON");
    let people = vec![Person { name: format!("author {number}"), ..Person::default() }];
    draft.json_section(&Identity { people, ..Identity::default() }).expect("JSON");
    draft.finish().expect("a bundle").into_bundle()
}

fn digest(bundle: &Bundle) -> (RecordId, DigestSet) {
    let (id, content) = bundle.records().next().expect("a record");
    (id, content.digest().expect("memory"))
}

fn judged(intact: &Intact) -> Verdict {
    intact.judge(None, "2026-12-01T00:00:00Z".parse::<jiff::Timestamp>().expect("a time"))
}

/// What a team has of a record: its identity section or not, and some statements about it.
#[derive(Clone, Debug)]
struct Part {
    number: u8,
    with_identity: bool,
    notes: Vec<u8>,
}

fn bundle(parts: &[Part]) -> Bundle {
    let key = SigningKey::from_seed(&[7; 32]);
    let mut all = Bundle::new();
    for part in parts {
        let mut one = record(part.number);
        let (id, subject) = digest(&one);
        if !part.with_identity {
            one.remove(&EntryName::Section { record: id, section: Identity::name() });
        }
        for note in &part.notes {
            let says = Predicate::Comment(Comment { text: format!("note {note}") });
            let created = "2026-11-23T10:00:00Z".parse().expect("a time");
            one.insert_statement_unchecked(sign(&says, subject, &Signing::new(&key, created)).expect("a statement"));
        }
        all.merge(&one);
    }
    all
}

fn bytes(bundle: &Bundle) -> Vec<u8> {
    let mut bytes = Vec::new();
    bundle.write(&mut bytes).expect("memory");
    bytes
}

fn union(bundles: &[&Bundle]) -> Vec<u8> {
    let mut all = Bundle::new();
    for bundle in bundles {
        all.merge(bundle);
    }
    bytes(&all)
}

fn intact(bundle: &Bundle) -> Intact {
    let checked = Unverified::new(Content::bytes(bytes(bundle))).check(Digests::All);
    checked.unwrap_or_else(|wrong| panic!("{:?}", wrong.findings())).intact
}

fn parts() -> impl Strategy<Value = Vec<Part>> {
    let part = (0..6_u8, any::<bool>(), proptest::collection::vec(0..4_u8, 0..3))
        .prop_map(|(number, with_identity, notes)| Part { number, with_identity, notes });
    proptest::collection::vec(part, 1..5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn union_is_commutative_associative_and_idempotent_to_the_byte(a in parts(), b in parts(), c in parts()) {
        let (a, b, c) = (bundle(&a), bundle(&b), bundle(&c));
        prop_assert!(union(&[&a, &b]) == union(&[&b, &a]));
        let (mut ab, mut bc) = (a.clone(), b.clone());
        ab.merge(&b);
        bc.merge(&c);
        prop_assert!(union(&[&ab, &c]) == union(&[&a, &bc]));
        prop_assert!(union(&[&ab, &ab, &a]) == bytes(&ab));
        // What is intact by itself is intact together, and what was computed from the parts is what
        // the whole says.
        let whole = intact(&ab);
        let joined = Intact::union([intact(&a), intact(&b)]);
        let joined = joined.expect("two parts");
        prop_assert!(bytes(joined.bundle()) == bytes(whole.bundle()));
        prop_assert_eq!(judged(&joined).heads, judged(&whole).heads);
        prop_assert_eq!(joined.statements().len(), whole.statements().len());
    }

    #[test]
    fn a_closure_is_a_part_that_stands_by_itself(all in parts(), which in any::<prop::sample::Index>()) {
        let whole = intact(&bundle(&all));
        let ids: Vec<RecordId> = whole.records().keys().copied().collect();
        let chosen = [ids[which.index(ids.len())]];
        let verdict = judged(&whole);
        let closure = whole.closure(&verdict, &chosen);
        let part = intact(&closure);
        let mut expected = verdict.lineage.ancestors(&chosen);
        expected.extend(chosen);
        expected.sort_unstable();
        prop_assert!(part.records().keys().eq(&expected));
        let mut again = whole.bundle().clone();
        again.merge(&closure);
        prop_assert!(bytes(&again) == bytes(whole.bundle()));
        // Thin copies say the same of lineage.
        let thin = intact(&whole.thin(&verdict.lineage));
        prop_assert_eq!(judged(&thin).heads, verdict.heads);
        prop_assert!(thin.records().keys().eq(whole.records().keys()));
    }
}

#[test]
fn a_circle_that_only_the_union_has_is_found() {
    let (first, second) = (record(0), record(3));
    let key = SigningKey::from_seed(&[9; 32]);
    let follows = |child: &Bundle, parent: &Bundle| {
        let mut linked = child.clone();
        let claim = LinkClaim::Record { parent: digest(parent).1, relation: None, artifact: None };
        let says = Predicate::Link(Asserted { claim, reason: None });
        let created = "2026-11-23T10:00:00Z".parse().expect("a time");
        linked.insert_statement_unchecked(
            sign(&says, digest(child).1, &Signing::new(&key, created)).expect("a statement"),
        );
        intact(&linked)
    };
    let joined = Intact::union([follows(&first, &second), follows(&second, &first)]).expect("two parts");
    let verdict = judged(&joined);
    assert_eq!(verdict.state, State::Malformed);
    assert!(verdict.findings.iter().any(|finding| finding.code == Code::LineageCycle), "{:?}", verdict.findings);
    assert!(Intact::union([]).is_none());
}

#[test]
fn withholding_keeps_ids_and_signatures() {
    let whole = intact(&bundle(&[Part { number: 0, with_identity: true, notes: vec![1] }]));
    let (part, findings) = whole.withhold(&[Identity::name()]);
    let part = intact(&part);
    assert!(part.records().keys().eq(whole.records().keys()));
    assert_eq!(part.statements().len(), 1);
    let id = *part.records().keys().next().expect("a record");
    assert!(part.section(id, &Identity::name()).is_none() && part.section(id, &Context::name()).is_some());
    assert_eq!(findings.iter().map(|finding| finding.code).collect::<Vec<_>>(), [Code::SectionUnblinded]);
}

/// A case of the conformance suite.
fn case(name: &str) -> Vec<u8> {
    let cases = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/cases");
    std::fs::read(cases.join(name)).expect("readable")
}

#[test]
fn what_only_a_later_version_can_verify_is_kept_and_two_files_of_one_statement_are() {
    for name in [
        "statement/algorithm-and-another-author.expb",
        "statement/kind-of-version-2.expb",
        "statement/two-files-of-one-statement.expb",
    ] {
        let open = || Unverified::new(Content::bytes(case(name)));
        let intact = open().check(Digests::Blake3).expect("intact").intact;
        let history = open().check_history();
        let now = "2026-12-01T00:00:00Z".parse().expect("a time");
        let (settled, _) = history.expect("intact").intact.settle(None, now, |_| None).expect("nothing is wrong");
        let joined = Intact::union([intact.clone(), settled.clone()]).expect("two parts");
        for whole in [&intact, &settled, &joined] {
            assert_eq!(whole.statements().len(), 1, "{name}: each statement once, and what is set aside not at all");
            let files = whole.bundle().statements().count();
            assert!(files > 1, "{name}");
            let (withheld, _) = whole.withhold(&[]);
            let verdict = judged(whole);
            for part in [whole.closure(&verdict, &verdict.heads), whole.thin(&verdict.lineage), withheld] {
                assert_eq!(part.statements().count(), files, "{name}");
            }
        }
    }
}

/// Which record took the place of which is nothing that a stranger decides.
#[test]
fn a_strangers_supersession_brings_nobody_elses_statement_into_a_closure() {
    let (ada, eve) = (SigningKey::from_seed(&[1; 32]), SigningKey::from_seed(&[2; 32]));
    let (mut all, later) = (record(0), record(2));
    let ((first, subject), (_, successor)) = (digest(&all), digest(&later));
    all.merge(&later);
    let created = "2026-11-23T10:00:00Z".parse().expect("a time");
    let vouches = Predicate::Authorship(Authorship::default());
    for about in [subject, successor] {
        all.insert_statement_unchecked(sign(&vouches, about, &Signing::new(&ada, created)).expect("a statement"));
    }
    let policy = TrustPolicy::parse(format!("ada@example.org {}\n", ada.public_key())).expect("a line");
    let statements = |by: Option<&SigningKey>| {
        let mut all = all.clone();
        if let Some(key) = by {
            let says = Predicate::Supersession(Superseded { successor, reason: None });
            all.insert_statement_unchecked(sign(&says, subject, &Signing::new(key, created)).expect("a statement"));
        }
        let whole = intact(&all);
        let verdict = whole.judge(Some(&policy), "2026-12-01T00:00:00Z".parse::<jiff::Timestamp>().expect("a time"));
        whole.closure(&verdict, &[first]).statements().count()
    };
    assert_eq!((statements(None), statements(Some(&eve)), statements(Some(&ada))), (1, 2, 3));
}
