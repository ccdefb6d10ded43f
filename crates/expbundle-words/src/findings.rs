//! Findings in words.

use expbundle_format::{Finding, Severity};

use crate::{Tone, hints, one_line, paint, quoted};

/// How many findings of one code are shown in full.
const SHOWN_OF_A_KIND: usize = 5;

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
    text += &format!("  {}: {}\n", paint(Tone::Hint, "help"), hints::help(finding.code));
    text
}

/// A place names files that somebody else chose: without blanks it cannot pass for a sentence of
/// ours.
fn where_to_look(place: &str) -> String {
    if place.bytes().all(|byte| byte.is_ascii_graphic()) { one_line(place) } else { quoted(place) }
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
