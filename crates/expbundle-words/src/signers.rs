//! Lines of a signers file: whom they trust, and those that trust nobody.

use camino::Utf8Path;
#[cfg(feature = "run")]
use expbundle_run::{Added, Removed, SignersFileError};
#[cfg(feature = "run")]
use expbundle_statement::SignersProblem;
use expbundle_statement::{SkippedLine, TrustPolicy, TrustedSigner, Window};
use jiff::Timestamp;

#[cfg(feature = "run")]
use crate::Failure;
use crate::{Tone, one_line, paint, quoted, some_of, table};

/// Who is trusted, with which key, and when; as of a moment.
pub fn list(policy: &TrustPolicy, at: Timestamp) -> String {
    let lines = policy.signers();
    if lines.is_empty() {
        return "nobody is trusted\n".to_owned();
    }
    let mut rows = vec![["NAME", "KEY", "TRUSTED"].map(|word| paint(Tone::Strong, word)).to_vec()];
    rows.extend(lines.iter().map(|line| {
        let when = if line.is_for_statements { when(line.window) } else { paint(Tone::Doubt, &other_purposes(line)) };
        let now = if line.window.has(at) { String::new() } else { paint(Tone::Doubt, ", not now") };
        vec![one_line(&line.principals.join(", ")), line.identity.to_string(), when + &now]
    }));
    table(&rows)
}

/// For which other purposes a line has a key.
fn other_purposes(line: &TrustedSigner<'_>) -> String {
    let words: Vec<String> = line.namespaces.iter().map(|one| quoted(one)).collect();
    format!("only for {}, not for statements", some_of(&words, SHOWN, ", "))
}

/// Purposes of a line that are shown.
const SHOWN: usize = 5;

fn when(window: Window) -> String {
    let day = |moment: Timestamp| moment.strftime("%Y-%m-%d %H:%M UTC").to_string().replace(" 00:00 UTC", "");
    match (window.after, window.before) {
        (None, None) => "always".to_owned(),
        (Some(after), None) => format!("from {}", day(after)),
        (None, Some(before)) => format!("until {}", day(before)),
        (Some(after), Some(before)) => format!("from {} until {}", day(after), day(before)),
    }
}

/// What adding keys came to, but for the lines.
#[cfg(feature = "run")]
pub fn added(path: &Utf8Path, name: &str, added: &Added) -> String {
    let unchanged = format!("unchanged: {} has this key for {}\n", one_line(path.as_str()), one_line(name));
    let mut text = unchanged.repeat(added.unchanged);
    for (line, names) in &added.other_names {
        let names = one_line(&names.join(", "));
        text += &format!("note: line {line} has the same key under another name, {names}; reports name both\n");
    }
    for (line, window) in &added.widened {
        let when = when(*window);
        text += &format!(
            "note: until now the key was trusted only {when} (line {line}); from now on it is trusted at any time\n"
        );
    }
    text
}

/// The lines that were removed, and which ones still trust one of their keys.
#[cfg(feature = "run")]
pub fn removed(removed: &Removed) -> String {
    let mut text = String::new();
    for (number, line) in &removed.lines {
        text += &format!("removed line {number}: {}\n", one_line(line));
    }
    let still = removed.still.iter().map(|(number, line)| format!("line {number} ({})", one_line(line)));
    let still: Vec<String> = still.collect();
    if !still.is_empty() {
        let (note, still) = (paint(Tone::Doubt, "note:"), still.join(", "));
        text += &format!("{note} still trusted with the same key: {still}; name the key to remove all its lines\n");
    }
    text
}

/// Why a signers file was not changed.
#[cfg(feature = "run")]
pub fn not_changed(path: &Utf8Path, error: SignersFileError) -> Failure {
    let help = match error {
        SignersFileError::File(error) => return error.into(),
        SignersFileError::Output(error) => return error.into(),
        SignersFileError::Line(problem) => {
            let (message, help) = match &problem {
                SignersProblem::Window => ("`--from` is not before `--until`".to_owned(), "swap the two"),
                SignersProblem::Time(_) => {
                    ("`--from` or `--until` is before 1970-01-02 or after the year 9999".to_owned(), "name another day")
                }
                problem => (problem.to_string(), problem.help()),
            };
            return Failure::usage(message).help(help).at(path.as_str());
        }
        SignersFileError::NotSigners(_) => {
            "name the signers file first, then the key: `expbundle trust add signers ada.pub --as NAME`"
        }
        SignersFileError::Always(_) => "remove that line first with `expbundle trust remove`, then add the key",
        SignersFileError::Nobody(_) => "`expbundle trust list` shows who is in it",
        _ => "take the name out of that line with an editor, or remove all of the line by its key",
    };
    Failure::usage(error.to_string()).at(path.as_str()).help(help)
}

/// How many lines were skipped, and the first of them; nothing if none were.
pub fn skipped(path: &Utf8Path, lines: &[SkippedLine]) -> String {
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
