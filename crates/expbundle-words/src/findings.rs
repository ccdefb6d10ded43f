//! Findings in words.

use std::collections::{BTreeMap, BTreeSet};

use expbundle_format::{Code, Finding, Place, Severity};

use crate::{Tone, count, hints, one_line, paint, path, quoted, some_of};

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
    words_at(finding, &place_of(finding)) + &help(finding)
}

/// The finding without its help, where what helps is told beside it.
pub fn bare(finding: &Finding) -> String {
    words_at(finding, &place_of(finding))
}

fn help(finding: &Finding) -> String {
    format!("  {}: {}\n", paint(Tone::Hint, "help"), hints::of(finding))
}

/// A finding without its help, at a place that is put in words already.
fn words_at(finding: &Finding, place: &str) -> String {
    let tone = match finding.severity() {
        Severity::Error => Tone::Bad,
        Severity::Warning => Tone::Doubt,
        Severity::Info => Tone::Hint,
    };
    let head = paint(tone, &format!("{}[{}]", finding.severity(), finding.code));
    let mut text = format!("{head}: {}\n", one_line(&finding.message));
    if !place.is_empty() {
        text += &format!("  --> {place}\n");
    }
    text
}

/// Where a finding is. Nobody chose the id of a statement, nor a byte, which is all that there is of a
/// bundle as a whole.
fn place_of(finding: &Finding) -> String {
    let place = finding.place.to_string();
    let Place { file, entry, pointer, statement, .. } = &finding.place;
    let is_ours = file.is_none() && (entry.is_none() || statement.is_some()) && pointer.is_none();
    if is_ours { place } else { where_to_look(&place) }
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
    folded(findings, |finding| finding.code, words)
}

/// Findings of many runs, each with the run as the file of its place: what is said of several runs
/// in the same words is said once, of all of them.
pub fn of_runs(findings: &[Finding]) -> String {
    let mut alike: BTreeMap<Finding, Vec<&str>> = BTreeMap::new();
    for finding in findings {
        let mut of_any = finding.clone();
        of_any.place.file = None;
        alike.entry(of_any).or_default().extend(finding.place.file.as_deref());
    }
    let alike: Vec<_> = alike.into_iter().collect();
    folded(&alike, |(finding, _)| finding.code, |(finding, runs)| words_of_runs(finding, runs))
}

fn words_of_runs(finding: &Finding, runs: &[&str]) -> String {
    if let [run] = runs {
        let mut finding = finding.clone();
        finding.place.file = Some((*run).to_owned());
        return words(&finding);
    }
    let place = finding.place.to_string();
    let within = if place.is_empty() { String::new() } else { format!("{} of ", where_to_look(&place)) };
    let names: Vec<String> = runs.iter().map(|run| path(run)).collect();
    let number = count(runs.len() as u64, "run");
    words_at(finding, &format!("{within}{number}: {}", some_of(&names, SHOWN_OF_A_KIND, ", "))) + &help(finding)
}

/// The first few of each code in words, and how many more there are.
fn folded<T>(all: &[T], code: impl Fn(&T) -> Code, words: impl Fn(&T) -> String) -> String {
    let mut number: BTreeMap<Code, usize> = BTreeMap::new();
    for one in all {
        *number.entry(code(one)).or_default() += 1;
    }
    let mut seen: BTreeMap<Code, usize> = BTreeMap::new();
    let mut text = String::new();
    for one in all {
        let code = code(one);
        let seen = seen.entry(code).or_default();
        if *seen < SHOWN_OF_A_KIND {
            text += &words(one);
        } else if *seen == SHOWN_OF_A_KIND {
            let more = number.get(&code).copied().unwrap_or_default() - SHOWN_OF_A_KIND;
            text += &format!("  … and {more} more of {code}\n");
        }
        *seen += 1;
    }
    text
}
