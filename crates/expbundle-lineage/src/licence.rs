//! Licences along a lineage (spec/family.md, "Licences").
//!
//! What an ancestor's licence asks of everything made from it is passed on along every link that
//! counts. This is a reminder for people who can read licences, not a judgement: only a handful of
//! well-known ones are in the table, and of all others nothing is said.

use std::collections::{BTreeMap, BTreeSet};

use expbundle_format::{Code, Finding, Foreign, RecordId};

use crate::facts::RecordFacts;
use crate::findings::{named, place, short};
use crate::lineage::Lineage;
use expbundle_format::record::role::{self, carries_lineage};

/// What a licence asks of a work that is made from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asks {
    /// Nothing that its own licence could contradict.
    Nothing,
    /// Nothing may be made from it and passed on.
    NoDerivatives,
    /// No use for money.
    NonCommercial,
    /// A licence of the same family.
    ShareAlike(&'static str),
    /// Both of the last two.
    NonCommercialShareAlike(&'static str),
}

/// Licences by their SPDX id in lower case, which is also how hubs write them; with or without
/// `-only` or `-or-later`.
const KNOWN: &[(&str, Asks)] = &[
    ("agpl-3.0", Asks::ShareAlike("agpl")),
    ("apache-2.0", Asks::Nothing),
    ("bsd-2-clause", Asks::Nothing),
    ("bsd-3-clause", Asks::Nothing),
    ("cc-by-4.0", Asks::Nothing),
    ("cc-by-nc-4.0", Asks::NonCommercial),
    ("cc-by-nc-nd-4.0", Asks::NoDerivatives),
    ("cc-by-nc-sa-4.0", Asks::NonCommercialShareAlike("cc-by-nc-sa")),
    ("cc-by-nd-4.0", Asks::NoDerivatives),
    ("cc-by-sa-4.0", Asks::ShareAlike("cc-by-sa")),
    ("cc0-1.0", Asks::Nothing),
    ("gpl-2.0", Asks::ShareAlike("gpl-2")),
    ("gpl-3.0", Asks::ShareAlike("gpl-3")),
    ("isc", Asks::Nothing),
    ("mit", Asks::Nothing),
    ("unlicense", Asks::Nothing),
];

/// The entry of a licence in the table.
fn known(licence: &str) -> Option<usize> {
    let lower = licence.trim().to_ascii_lowercase();
    let fits = |id: &str| lower.strip_prefix(id).is_some_and(|rest| matches!(rest, "" | "-only" | "-or-later" | "+"));
    KNOWN.iter().position(|(id, _)| fits(id))
}

fn asks(licence: &str) -> Option<Asks> {
    known(licence).and_then(|entry| KNOWN.get(entry)).map(|(_, asks)| *asks)
}

/// Whether a work under the second licence can hardly be made from one under the first. Unknown
/// licences are not judged.
fn conflict(ancestor: Asks, child: &str) -> bool {
    let Some(child) = asks(child) else { return false };
    let is_non_commercial = matches!(child, Asks::NonCommercial | Asks::NonCommercialShareAlike(_));
    match ancestor {
        Asks::Nothing => false,
        Asks::NoDerivatives => true,
        Asks::NonCommercial => !is_non_commercial,
        // A work under GPL 3 may become part of one under AGPL 3.
        Asks::ShareAlike("gpl-3") => !matches!(child, Asks::ShareAlike("gpl-3" | "agpl")),
        Asks::ShareAlike(_) | Asks::NonCommercialShareAlike(_) => child != ancestor,
    }
}

/// The licences that a record states for what it put out.
fn licences(facts: &RecordFacts) -> BTreeSet<&str> {
    let outputs = facts.outputs.iter().filter(|output| carries_lineage(&output.role));
    outputs.filter_map(|output| output.licence.as_deref()).filter(|licence| !licence.trim().is_empty()).collect()
}

/// Of each licence in the table, a record in the ancestry that has it; `u32::MAX` if none.
type Bringers = [u32; KNOWN.len()];

/// Licences of ancestors that contradict the one of a record; and parents without a licence where
/// the child has one.
pub fn findings(lineage: &Lineage, findings: &mut Vec<Finding>) {
    let stated: Vec<BTreeSet<&str>> = lineage.records.iter().map(licences).collect();
    // Most lineages state no licence at all.
    let is_any_stated = !stated.iter().all(BTreeSet::is_empty);
    withheld(lineage, is_any_stated, findings);
    if !is_any_stated {
        return;
    }
    let unlicensed = unlicensed(lineage, &stated);
    // What arcs lead to comes first, so it is known when it is asked for. Each arc is looked at
    // once. A record that takes in what it puts out is in a ring with these bytes: all in a ring
    // descend from the same.
    let component = |vertex: u32| lineage.components.of[vertex as usize];
    let mut order: Vec<u32> = (0..lineage.up.len()).collect();
    order.sort_unstable_by_key(|vertex| component(*vertex));
    let mut passed_on: Vec<Bringers> = vec![[u32::MAX; KNOWN.len()]; order.len()];
    for ring in order.chunk_by(|a, b| component(*a) == component(*b)) {
        let is_record = |vertex: &u32| (*vertex as usize) < stated.len();
        // What a record alone is in a ring with are its own bytes, and it descends from no record there.
        let alone =
            ring.iter().copied().find(is_record).filter(|_| ring.iter().filter(|one| is_record(one)).count() == 1);
        let mut bringers = [u32::MAX; KNOWN.len()];
        let state = |bringers: &mut Bringers, record: u32| {
            for entry in stated.get(record as usize).into_iter().flatten().filter_map(|licence| known(licence)) {
                bringers[entry] = bringers[entry].min(record);
            }
        };
        for above in ring.iter().flat_map(|vertex| lineage.up.of(*vertex)) {
            // Within the ring these are still empty.
            for (bringer, inherited) in bringers.iter_mut().zip(passed_on[*above as usize]) {
                *bringer = (*bringer).min(inherited);
            }
            if Some(*above) != alone {
                state(&mut bringers, *above);
            }
        }
        if let Some(alone) = alone {
            passed_on[alone as usize] = bringers;
            state(&mut bringers, alone);
        }
        for vertex in ring.iter().filter(|vertex| Some(**vertex) != alone) {
            passed_on[*vertex as usize] = bringers;
        }
    }
    let gaps = first_gaps(lineage);
    for (vertex, own) in (0..).zip(&stated) {
        let bringers = passed_on[vertex as usize];
        let without = lineage.up.of(vertex).iter().map(|above| unlicensed[*above as usize]).min().unwrap_or(u32::MAX);
        let id = lineage.id(vertex);
        for licence in own {
            for ((name, asks), bringer) in KNOWN.iter().zip(bringers).filter(|(_, bringer)| *bringer != u32::MAX) {
                if conflict(*asks, licence) {
                    let (licence, bringer) = (Foreign::new(licence), short(lineage.id(bringer)));
                    let message = format!("{licence}, and it descends from {name} of {bringer}");
                    findings.push(Finding::new(Code::LineageLicenceConflict, place(id), message));
                }
            }
        }
        if own.is_empty() {
            continue;
        }
        let parent = (without != u32::MAX).then(|| lineage.id(without));
        let parent = parent.or_else(|| lineage.absent_parents(id).first().copied());
        let message = match (parent, gaps.get(&id)) {
            (Some(parent), _) => format!("no licence of its parent {} is recorded", short(parent)),
            (None, Some(gap)) => format!("no licence of its {gap}, which is of unknown origin, is recorded"),
            (None, None) => continue,
        };
        findings.push(Finding::new(Code::LineageLicenceUnknown, place(id), message));
    }
}

/// Of each record that took in something of unknown origin what that is, as its role and name.
fn first_gaps(lineage: &Lineage) -> BTreeMap<RecordId, String> {
    let mut first = BTreeMap::new();
    for gap in lineage.gaps() {
        let called = format!("{} {}", role::told(&gap.role), Foreign::new(&gap.label()));
        for taker in gap.takers {
            first.entry(taker).or_insert_with(|| called.clone());
        }
    }
    first
}

/// Of each record itself if it states no licence; of each content the first of such records that put
/// it out, or a tree that has it; `u32::MAX` if there is none.
fn unlicensed(lineage: &Lineage, stated: &[BTreeSet<&str>]) -> Vec<u32> {
    let mut unlicensed: Vec<u32> = vec![u32::MAX; lineage.up.len() as usize];
    for (record, _) in (0..).zip(stated).filter(|(_, own)| own.is_empty()) {
        unlicensed[record as usize] = record;
        let mut reached = vec![record];
        while let Some(vertex) = reached.pop() {
            for &below in lineage.down.of(vertex) {
                let is_content = below as usize >= stated.len();
                if is_content && unlicensed[below as usize] == u32::MAX {
                    unlicensed[below as usize] = record;
                    reached.push(below);
                }
            }
        }
    }
    unlicensed
}

/// What is not known may conflict, so silence would be a verdict.
fn withheld(lineage: &Lineage, is_any_stated: bool, findings: &mut Vec<Finding>) {
    // Outputs may be known by name alone, and then only the description has them. A listing may be
    // all that joins a record to an ancestor.
    let hides_files = |facts: &RecordFacts| facts.hidden_listings() > 0 || facts.hides_outputs();
    let is_withheld = |facts: &&RecordFacts| facts.description_withheld || (is_any_stated && hides_files(facts));
    let records: Vec<_> = lineage.records.iter().filter(is_withheld).map(RecordFacts::id).collect();
    if let Some(&first) = records.first() {
        let message = match records.len() {
            1 => format!("the licence of {}, or what would link it to others, is withheld", short(first)),
            several => {
                format!(
                    "the licences of {several} records, or what would link them to others, are withheld: {}",
                    named(records)
                )
            }
        };
        findings.push(Finding::new(Code::LineageLicenceWithheld, place(first), message));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_together_and_what_does_not() {
        let case = |ancestor: &str, child: &str, expected: bool| {
            assert_eq!(conflict(asks(ancestor).expect("in the table"), child), expected, "{ancestor} → {child}");
        };
        case("mit", "apache-2.0", false);
        case("Apache-2.0", "my own licence", false);
        case("gpl-3.0-only", "mit", true);
        case("GPL-3.0-or-later", "agpl-3.0", false);
        case("agpl-3.0", "gpl-3.0", true);
        case("cc-by-nc-4.0", "apache-2.0", true);
        case("cc-by-nc-4.0", "cc-by-nc-sa-4.0", false);
        case("cc-by-sa-4.0", "cc-by-sa-4.0", false);
        case("cc-by-nd-4.0", "cc-by-nd-4.0", true);
        assert_eq!(asks("mitre"), None);
        assert_eq!(asks("llama3"), None);
    }
}
