//! Findings in words.

use std::collections::BTreeSet;

use expbundle_format::{Code, Finding, Severity};

use crate::{Tone, hints, one_line, paint, quoted};

/// How many findings of one code are shown in full.
const SHOWN_OF_A_KIND: usize = 5;

/// What is told although it is not a warning: a revocation that does not count yet, or is by somebody
/// without a right to it, may be meant to count; what only a later version understands may be one;
/// and two records that are one run would be taken for two.
const TOLD: [Code; 5] = [
    Code::StatementFuture,
    Code::TrustNoRight,
    Code::StatementUnknownVersion,
    Code::SignatureUnknownAlgorithm,
    Code::LineageSeenTwice,
];

/// Whether a finding is told to people: others are in JSON alone.
pub fn is_worth(finding: &Finding) -> bool {
    finding.severity() >= Severity::Warning || TOLD.contains(&finding.code)
}

/// The finding as it reads on a terminal.
pub fn words(finding: &Finding) -> String {
    let tone = match finding.severity() {
        Severity::Error => Tone::Bad,
        Severity::Warning => Tone::Doubt,
        Severity::Info => Tone::Hint,
    };
    let head = paint(tone, &format!("{}[{}]", finding.severity(), finding.code));
    let mut text = format!("{head}: {}\n", one_line(&finding.message));
    let place = finding.place.to_string();
    if !place.is_empty() {
        text += &format!("  --> {}\n", where_to_look(&place));
    }
    text += &format!("  {}: {}\n", paint(Tone::Hint, "help"), hints::of(finding));
    text
}

/// A place names files that somebody else chose: without blanks it cannot pass for a sentence of
/// ours.
fn where_to_look(place: &str) -> String {
    if place.bytes().all(|byte| byte.is_ascii_graphic()) { one_line(place) } else { quoted(place) }
}

/// Many findings: first those of statements in these files, in which trusted keys say something
/// against something, each in full; then the others, folded, since anybody can add to them.
pub fn but_first(against: &BTreeSet<String>, findings: &[Finding]) -> String {
    let is_first = |finding: &&Finding| finding.place.entry.as_ref().is_some_and(|entry| against.contains(entry));
    let (first, rest): (Vec<&Finding>, Vec<&Finding>) = findings.iter().partition(is_first);
    let rest: Vec<Finding> = rest.into_iter().cloned().collect();
    first.into_iter().map(words).collect::<String>() + &all(&rest)
}

/// Many findings, each kind in full a few times and then counted: a million of one kind say no more
/// than five.
pub fn all(findings: &[Finding]) -> String {
    let mut text = String::new();
    for (index, finding) in findings.iter().enumerate() {
        let before = findings.get(..index).unwrap_or_default();
        let seen = before.iter().rev().filter(|earlier| earlier.code == finding.code).take(SHOWN_OF_A_KIND + 1).count();
        if seen < SHOWN_OF_A_KIND {
            text += &words(finding);
        } else if seen == SHOWN_OF_A_KIND {
            let more = findings.iter().filter(|other| other.code == finding.code).count() - SHOWN_OF_A_KIND;
            text += &format!("  … and {more} more of {}\n", finding.code);
        }
    }
    text
}
