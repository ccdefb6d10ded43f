//! Laws over generated families with strangers in them (spec/trust.md, "Strangers apart";
//! spec/lineage.md, "Nothing missing helps").

mod made_up;

use std::collections::{BTreeMap, BTreeSet};

use expbundle::Bundle;
use expbundle::judge::{State, Verdict};
use expbundle::report;
use expbundle::standing::{Objection, ObjectionKind};
use expbundle::verify::Intact;
use expbundle_format::RecordId;
use expbundle_format::container::EntryName;
use expbundle_format::sections::{Artifacts, JsonSection as _};
use expbundle_lineage::{Grade, RecordFacts};
use expbundle_statement::{Authorship, Predicate, Revocation, Revoked};
use made_up::{STRANGER, Shape, add, family, judged, key, policy, record, says, shape};
use proptest::prelude::*;

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
