//! The result, by layer.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// How one case came out.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Layer of the case.
    pub layer: String,
    /// Layer and name.
    pub id: String,
    /// What was wrong, if anything.
    pub problem: Option<String>,
}

/// All outcomes, held against the failures that were expected.
#[derive(Debug)]
pub struct Scoreboard {
    outcomes: Vec<Outcome>,
    expected: BTreeSet<String>,
}

impl Scoreboard {
    /// `expected` are ids of cases that are known to fail.
    pub fn new(outcomes: Vec<Outcome>, expected: BTreeSet<String>) -> Self {
        Self { outcomes, expected }
    }

    /// Whether exactly those failed that were expected to.
    pub fn is_as_expected(&self) -> bool {
        self.surprises().is_empty() && self.unknown().is_empty()
    }

    /// Cases that failed and should not have, or passed and were expected to fail.
    fn surprises(&self) -> Vec<&Outcome> {
        self.outcomes
            .iter()
            .filter(|outcome| outcome.problem.is_some() != self.expected.contains(&outcome.id))
            .collect()
    }

    /// Expected failures of which there is no case.
    fn unknown(&self) -> Vec<&String> {
        let known: BTreeSet<&String> = self.outcomes.iter().map(|outcome| &outcome.id).collect();
        self.expected.iter().filter(|id| !known.contains(id)).collect()
    }

    /// The table, and each surprise.
    pub fn words(&self) -> String {
        let mut layers: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for outcome in &self.outcomes {
            let (passed, all) = layers.entry(&outcome.layer).or_default();
            *passed += usize::from(outcome.problem.is_none());
            *all += 1;
        }
        let mut text = String::new();
        for (layer, (passed, all)) in &layers {
            _ = writeln!(text, "{layer:<12} {passed:>4} of {all:>4}");
        }
        let (passed, all) = layers.values().fold((0, 0), |sum, layer| (sum.0 + layer.0, sum.1 + layer.1));
        _ = writeln!(text, "{:<12} {passed:>4} of {all:>4}", "all");
        for outcome in self.surprises() {
            _ = match &outcome.problem {
                Some(problem) => writeln!(text, "FAILED  {}: {problem}", outcome.id),
                None => writeln!(text, "PASSED  {}, which was expected to fail", outcome.id),
            };
        }
        for id in self.unknown() {
            _ = writeln!(text, "UNKNOWN {id} is expected to fail, and there is no such case");
        }
        text
    }
}
