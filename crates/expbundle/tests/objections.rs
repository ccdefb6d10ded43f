//! Whoever asks that nobody objects is never told yes because something is left out (spec/lineage.md,
//! "Nothing missing helps"; spec/report.md).

mod made_up;

use std::collections::BTreeSet;

use expbundle::Bundle;
use expbundle::judge::{State, Verdict};
use expbundle::report::{self, Question, Report};
use expbundle::verify::{Digests, Intact};
use expbundle_format::RecordId;
use expbundle_format::container::EntryName;
use expbundle_format::limits::Limits;
use expbundle_lineage::RecordFacts;
use expbundle_statement::{Kind, LinkClaim, Predicate, TrustPolicy, VerifiedStatement};
use made_up::{family, judged, policy, shape};
use proptest::prelude::*;

/// Before anything was signed, so that all of it is known in hindsight, and after.
const MOMENTS: [&str; 2] = ["2026-11-29T09:00:00Z", made_up::NOW];

/// Verdicts as of a moment: what counts then, and what is known later.
fn verdicts(intact: &Intact, policy: &TrustPolicy, at: &str) -> (Verdict, Option<Verdict>) {
    let at: jiff::Timestamp = at.parse().expect("a time");
    (intact.judge(Some(policy), at), intact.judge_in_hindsight(Some(policy), at))
}

/// Whether the whole bundle is trusted, and nobody is known to object; `None` if it contradicts
/// itself.
fn holds(bundle: &Bundle, policy: &TrustPolicy, at: &str) -> Option<bool> {
    let (intact, _) = judged(bundle, Some(policy));
    let (verdict, later) = verdicts(&intact, policy, at);
    let question = Question {
        policy: Some(policy),
        required: State::Trusted,
        at: at.parse().expect("a time"),
        digests: Digests::Blake3,
        limits: Limits::default(),
    };
    let report = |verdict: &Verdict| Report::new("a.expb", Vec::new(), Some((&intact, verdict)), None, question);
    let now = report(&verdict);
    let now = match later {
        Some(later) => now.with_hindsight(&report(&later)),
        None => now,
    };
    (now.state > State::Malformed).then(|| now.unless_objected().holds)
}

/// The records of which, with all that they derive from, the same holds.
fn doubtless(intact: &Intact, policy: &TrustPolicy, at: &str) -> BTreeSet<RecordId> {
    let (verdict, later) = verdicts(intact, policy, at);
    let is_clean = |verdict: &Verdict, id: RecordId| {
        report::objected(verdict, id).is_empty()
            && !verdict.standing.against.contains_key(&id)
            && intact.objected_above(verdict, &[id]).is_empty()
    };
    let is_doubtless = |id: &RecordId| {
        let family = family_of(&verdict, *id);
        verdict.state_of(family.iter().copied()) == State::Trusted
            && is_clean(&verdict, *id)
            && later.as_ref().is_none_or(|later| is_clean(later, *id))
            && verdict.lineage.absent_parents_of(&family).is_empty()
    };
    verdict.lineage.records().iter().map(RecordFacts::id).filter(is_doubtless).collect()
}

fn family_of(verdict: &Verdict, id: RecordId) -> Vec<RecordId> {
    verdict.lineage.possible_ancestors(&[id]).into_iter().chain([id]).collect()
}

/// Whether one of these records names another as its parent, or a link about one of them does that
/// counts.
fn is_named(intact: &Intact, verdict: &Verdict, by: &[RecordId], parent: RecordId) -> bool {
    let declared = by.iter().filter_map(|id| intact.records().get(id)).flat_map(|record| &record.body().parents);
    let counts = |one: &&VerifiedStatement| verdict.standing.counts_statement(one.id());
    let links = intact.statements().iter().filter(|one| by.contains(&RecordId(one.record().blake3))).filter(counts);
    let asserted = links.filter_map(|one| match one.predicate() {
        Predicate::Link(link) => match &link.claim {
            LinkClaim::Record { parent, .. } => Some(parent.blake3),
            LinkClaim::Signer { .. } => None,
        },
        _ => None,
    });
    declared.map(|one| one.record.blake3).chain(asserted).any(|named| named == parent.0)
}

/// The bundle without a record and all that is its own.
fn without_record(whole: &Bundle, id: RecordId) -> Bundle {
    let mut part = whole.clone();
    let names: Vec<EntryName> = whole.entries().map(|(name, _)| name.clone()).collect();
    for name in names {
        let is_of = matches!(&name, EntryName::Section { record, .. } | EntryName::Record(record) if *record == id);
        // An artifact that nothing speaks of any more would be refused.
        if is_of || matches!(name, EntryName::Artifact(_)) {
            part.remove(&name);
        }
    }
    part
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn nothing_withheld_makes_it_hold(ours in prop::collection::vec(shape(), 1..5)) {
        let policy = policy();
        let (whole, _) = family(&ours);
        for at in MOMENTS {
            if holds(&whole, &policy, at) != Some(false) {
                continue;
            }
            let (intact, _) = judged(&whole, Some(&policy));
            let says = |name: &EntryName| {
                let found = intact.statements().iter().find(|one| EntryName::Statement(one.file_digest()) == *name);
                // What lowers, and links, may be missed; what an authorship says is of its own record.
                found.is_some_and(|one| one.kind() == Kind::Review && !one.predicate().is_against())
            };
            for (name, _) in whole.entries() {
                if matches!(name, EntryName::Section { .. } | EntryName::Artifact(_)) || says(name) {
                    let mut part = whole.clone();
                    part.remove(name);
                    prop_assert_ne!(holds(&part, &policy, at), Some(true), "{} at {}", name, at);
                }
            }
        }
    }

    #[test]
    fn no_record_or_signature_that_is_left_out_clears_another(ours in prop::collection::vec(shape(), 1..5)) {
        let policy = policy();
        let (whole, _) = family(&ours);
        let (intact, _) = judged(&whole, Some(&policy));
        for at in MOMENTS {
            let (verdict, later) = verdicts(&intact, &policy, at);
            // What contradicts itself may be mended by leaving out a half of it.
            if [Some(&verdict), later.as_ref()].into_iter().flatten().any(|one| one.state == State::Malformed) {
                continue;
            }
            let before = doubtless(&intact, &policy, at);
            let authorships = intact.statements().iter().filter(|one| one.kind() == Kind::Authorship);
            let signed = authorships.map(|one| {
                let mut part = whole.clone();
                part.remove(&EntryName::Statement(one.file_digest()));
                (RecordId(one.record().blake3), part)
            });
            let records = intact.records().keys().map(|id| (*id, without_record(&whole, *id)));
            for (left_out, part) in signed.chain(records) {
                let is_here = part.contains(&EntryName::Record(left_out));
                let (partial, _) = judged(&part, Some(&policy));
                for cleared in doubtless(&partial, &policy, at).difference(&before) {
                    let family = family_of(&verdict, *cleared);
                    // What was joined by its bytes alone cannot be missed, also if it had no say. An
                    // objection to a record that is here can be told of.
                    let judged = [Some(&verdict), later.as_ref()].into_iter().flatten();
                    let mut above = judged.flat_map(|one| intact.objected_above(one, &[*cleared]));
                    let is_near = family.contains(&left_out) || above.any(|id| id == left_out);
                    let is_lost = !is_named(&intact, &verdict, &family, left_out);
                    let is_objected = |verdict: &Verdict| verdict.standing.against.contains_key(&left_out);
                    let is_told = is_here && (is_objected(&verdict) || later.as_ref().is_some_and(is_objected));
                    prop_assert!(
                        is_lost && is_near && !is_told,
                        "{cleared} without {left_out}, at {at}: here {is_here}, lost {is_lost}"
                    );
                }
            }
        }
    }
}
