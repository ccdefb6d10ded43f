//! Lines of a signers file: whom they trust, and those that trust nobody.

use camino::Utf8Path;
use expbundle_statement::{SkippedLine, TrustPolicy};
use jiff::Timestamp;

use crate::{Tone, one_line, paint, table};

/// Who is trusted, with which key, and when; as of a moment.
pub fn list(policy: &TrustPolicy, at: Timestamp) -> String {
    let lines = policy.signers();
    if lines.is_empty() {
        return "nobody is trusted\n".to_owned();
    }
    let mut rows = vec![["NAME", "KEY", "TRUSTED"].map(|word| paint(Tone::Strong, word)).to_vec()];
    rows.extend(lines.iter().map(|line| {
        let day = |moment: Timestamp| moment.strftime("%Y-%m-%d %H:%M UTC").to_string().replace(" 00:00 UTC", "");
        let is_now =
            line.window.after.is_none_or(|after| at >= after) && line.window.before.is_none_or(|before| at < before);
        let when = match (line.window.after, line.window.before) {
            _ if !line.is_for_statements => paint(Tone::Doubt, "only for other purposes"),
            (None, None) => "always".to_owned(),
            (Some(after), None) => format!("from {}", day(after)),
            (None, Some(before)) => format!("until {}", day(before)),
            (Some(after), Some(before)) => format!("from {} until {}", day(after), day(before)),
        };
        let now = if is_now { String::new() } else { paint(Tone::Doubt, ", not now") };
        vec![one_line(&line.principals.join(", ")), line.identity.to_string(), when + &now]
    }));
    table(&rows)
}

/// How many lines were skipped, and the first of them; nothing if none were.
pub fn skipped(path: &Utf8Path, lines: &[SkippedLine]) -> String {
    const SHOWN: usize = 5;
    if lines.is_empty() {
        return String::new();
    }
    let (count, noun, make) =
        if lines.len() == 1 { (1, "line", "it makes") } else { (lines.len(), "lines", "they make") };
    let mut text =
        format!("note: {count} {noun} of {} skipped, because {make} no key trusted here\n", one_line(path.as_str()));
    for line in lines.iter().take(SHOWN) {
        text += &format!("  {}\n", one_line(&line.to_string()));
    }
    if count > SHOWN {
        text += &format!("  and {} more\n", count - SHOWN);
    }
    text
}
