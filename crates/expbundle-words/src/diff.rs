//! What two records say differently.

use expbundle_format::Foreign;
use expbundle_format::number::Number;
use expbundle_format::record::Word;
use expbundle_format::time::Time;
use expbundle_query::{Differences, short};

use crate::{Tone, paint, quoted, rounded};

/// Which record is on which side, with its title; each difference with both values, by parts of the
/// record; and what one of them withholds.
pub fn words(differences: &Differences) -> String {
    if differences.before == differences.after {
        return "the same record\n".to_owned();
    }
    let [before, after] =
        differences.titles.each_ref().map(|title| title.as_deref().map_or_else(|| "(no title)".to_owned(), quoted));
    let sides = [
        paint(Tone::Bad, &format!("- {} {before}", short(&differences.before))),
        paint(Tone::Good, &format!("+ {} {after}", short(&differences.after))),
    ];
    format!("{}\n{}", sides.join("\n"), body(differences))
}

fn body(differences: &Differences) -> String {
    let mut text = String::new();
    let mut part = "";
    for one in &differences.differences {
        if one.part != part {
            part = &one.part;
            text += &format!("{}\n", paint(Tone::Strong, part));
            text += &one_sided(part, differences).unwrap_or_default();
        }
        if one_sided(part, differences).is_some() {
            continue;
        }
        let (before, after) = sides(part, one.before.as_deref(), one.after.as_deref());
        text += &format!("  {}\n", whole(&one.name));
        if let Some(before) = &before {
            text += &format!("    {}\n", paint(Tone::Bad, &format!("- {}", value(part, before))));
        }
        if let Some(after) = &after {
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

/// That one of the records has no packages, so that those of the other are not gone.
fn one_sided(part: &str, differences: &Differences) -> Option<String> {
    let packages = differences.packages.filter(|_| part == "package")?;
    Some(match packages {
        [0, after] => format!("  not recorded in the first record; {after} in the second\n"),
        [before, _] => format!("  not recorded in the second record; {before} in the first\n"),
    })
}

/// Both values, their results rounded where that tells them apart.
fn sides(part: &str, before: Option<&str>, after: Option<&str>) -> (Option<String>, Option<String>) {
    let brief = |text: &str| text.split(", ").map(brief).collect::<Vec<_>>().join(", ");
    let is_result = part == "metric" || part == "evaluation";
    let rounded = (before.map(brief), after.map(brief));
    if is_result && rounded.0 != rounded.1 { rounded } else { (before.map(str::to_owned), after.map(str::to_owned)) }
}

/// A number in six digits, behind a word of ours or alone.
fn brief(text: &str) -> String {
    let number = text.strip_prefix("last ").unwrap_or(text);
    match number.parse::<f64>() {
        Ok(value) if number.contains(['.', 'e']) => text.replacen(number, &rounded(Number(value)), 1),
        _ => text.to_owned(),
    }
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
