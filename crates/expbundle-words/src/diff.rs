//! What two records say differently.

use expbundle_format::Foreign;
use expbundle_format::record::Word;
use expbundle_format::time::Time;
use expbundle_query::Differences;

use crate::{Tone, paint};

/// Each difference with both values, by parts of the record; and what one of them withholds.
pub fn words(differences: &Differences) -> String {
    if differences.before == differences.after {
        return "the same record\n".to_owned();
    }
    let mut text = String::new();
    let mut part = "";
    for one in &differences.differences {
        if one.part != part {
            part = &one.part;
            text += &format!("{}\n", paint(Tone::Strong, part));
        }
        text += &format!("  {}\n", whole(&one.name));
        if let Some(before) = &one.before {
            text += &format!("    {}\n", paint(Tone::Bad, &format!("- {}", value(part, before))));
        }
        if let Some(after) = &one.after {
            text += &format!("    {}\n", paint(Tone::Good, &format!("+ {}", value(part, after))));
        }
    }
    if text.is_empty() {
        text += "no differences in what was compared\n";
    }
    for one in &differences.not_compared {
        let of = match (one.before, one.after) {
            (true, true) => "both records",
            (true, false) => "the first record",
            _ => "the second record",
        };
        text += &format!("{} {}, withheld in {of}\n", paint(Tone::Doubt, "not compared:"), one.section);
    }
    text
}

/// What a record says of one thing. The numbers of a metric and the digest of a file are words of
/// ours.
fn value(part: &str, text: &str) -> String {
    if part == "metric" || text.parse::<Time>().is_ok() || is_role_and_digest(text) {
        return text.to_owned();
    }
    whole(text)
}

/// `model blake3:6a15…`, as the differences have a file.
fn is_role_and_digest(text: &str) -> bool {
    let Some((role, digest)) = text.split_once(' ') else { return false };
    let digest = digest.strip_prefix("blake3:").or_else(|| digest.strip_prefix("sha256:")).unwrap_or_default();
    role.parse::<Word>().is_ok() && !digest.is_empty() && digest.bytes().all(|digit| digit.is_ascii_hexdigit())
}

/// What somebody else chose, on a line of its own, so that it can be copied.
fn whole(text: &str) -> String {
    Foreign::new(text).at_most(500).bare_if_plain().to_string()
}
