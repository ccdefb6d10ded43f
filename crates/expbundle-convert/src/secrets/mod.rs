//! Finds secrets in texts: keys, tokens by their form, logins, passwords under telling names.
//!
//! Knows nothing of trackers, sections or bundles. Time is linear in the text (the `regex` crate
//! promises it for each rule), and the same text gives the same findings everywhere. What is found
//! is a guess by form; docs/secrets.md says how good it is.

mod blocks;
mod check;
mod files;
mod lines;
mod marker;
mod names;
mod prefixes;
mod rules;
mod settings;
mod signs;
mod text;
mod values;
mod views;
mod whole_files;

#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use regex::bytes::{Regex, RegexBuilder};

use blocks::BLOCKS;
use check::holds;
use text::SPELLED;

pub use files::is_secret_file;
pub(crate) use marker::{is_marker_as_word, markers_as_words};
pub use marker::{marker, redacted};
pub(crate) use prefixes::length as prefix_length;
pub use rules::{Check, RULES, Rule};
use settings::Setting;
pub use settings::{Around, Class, around, holds_secrets, is_name_of_pair, is_service, is_value_of_pair};
pub(crate) use views::control_sequence;
pub use whole_files::{file_of_one_word, scan_file};

/// A secret in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its kind: the name of a rule.
    pub kind: &'static str,
    /// Its bytes in the text; always whole characters.
    pub range: Range<usize>,
}

/// Kinds that no expression of [`RULES`] finds.
pub const OTHER_KINDS: &[&str] = &["password", "secret-setting", "token", "secret-file"];

/// The kind of a file that is a secret by its name.
pub const SECRET_FILE: &str = "secret-file";

/// Every kind, sorted: what `--allow-secrets` takes.
pub fn kinds() -> &'static [&'static str] {
    static KINDS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
        let mut kinds: Vec<&str> = RULES.iter().map(|rule| rule.name).chain(OTHER_KINDS.iter().copied()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    });
    &KINDS
}

/// Neither a kind of secret nor a place.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("neither a kind of secret nor a location, which has a `/` or a dot (`logs/`); kinds are: {}", kinds().join(", "))]
pub struct NeitherKindNorPlace;

/// What a person allows: a kind of secret, or a place, which has a slash or a dot.
///
/// # Errors
/// It is neither.
pub fn kind_or_place(text: &str) -> Result<String, NeitherKindNorPlace> {
    let is_either = kinds().contains(&text) || text.contains(['/', '.']);
    is_either.then(|| text.to_owned()).ok_or(NeitherKindNorPlace)
}

/// Finds the secrets of a text, in order; none overlap.
pub fn scan(text: &str) -> Vec<Found> {
    let mut found = scan_bytes(text.as_bytes());
    for one in &mut found {
        while !text.is_char_boundary(one.range.start) {
            one.range.start -= 1;
        }
        while !text.is_char_boundary(one.range.end) {
            one.range.end += 1;
        }
    }
    joined(found)
}

/// Whether a value under a name is a secret as a whole, and of which kind: a member of an object,
/// `--name value`.
pub fn setting(name: &str, value: &str) -> Option<&'static str> {
    match settings::class_of(name) {
        Some(class) => whole(class, value),
        None => around(name).and_then(|around| around.kind(value)),
    }
}

/// Whether `name=value` in a list of arguments or variables has a secret, and of which kind.
pub fn assigned(name: &str, value: &str) -> Option<&'static str> {
    let class = settings::class_of(name)?;
    settings::is_value(class, value).then_some(class.kind())
}

/// Whether a text has a part of a name that says "secret".
pub(crate) fn may_tell(text: &str) -> bool {
    static STEMS: LazyLock<AhoCorasick> = LazyLock::new(|| {
        AhoCorasick::builder().ascii_case_insensitive(true).build(SPELLED.iter()).expect("a few short words")
    });
    STEMS.is_match(text)
}

/// What a name says of its value.
pub fn class_of(name: &str) -> Option<Class> {
    settings::class_of(name)
}

/// What names say of the value below: the name itself, or those around it where it says nothing of
/// its own, or where everything below them is secret.
pub fn class_below(around: Option<Class>, name: &str, all: bool) -> Option<Class> {
    let own = settings::class_of(name);
    own.or(around.filter(|_| all || settings::is_neutral(name)))
}

/// Whether a value that only stands near a name of that class looks like a secret.
pub fn looks_drawn(class: Class, value: &str) -> bool {
    settings::is_drawn(class, value)
}

/// Whether a text looks drawn at random.
pub fn is_random(text: &str) -> bool {
    settings::is_random(text)
}

/// Whether a value of that class is a secret, and of which kind.
pub fn whole(class: Class, value: &str) -> Option<&'static str> {
    if !settings::is_secret(class, value, Setting::Whole) {
        return None;
    }
    // A kind that the form tells says more.
    let by_form = scan(value).into_iter().find(|found| found.range.len() * 2 > value.len()).map(|found| found.kind);
    Some(by_form.unwrap_or(class.kind()))
}

struct Compiled {
    /// Finds keywords, and says of which rules.
    keywords: AhoCorasick,
    rule_of_keyword: Vec<usize>,
    rules: Vec<LazyLock<Regex, Box<dyn FnOnce() -> Regex + Send>>>,
}

static COMPILED: LazyLock<Compiled> = LazyLock::new(|| {
    let pairs = RULES.iter().enumerate().flat_map(|(rule, one)| one.keywords.iter().map(move |word| (rule, *word)));
    let stems = SPELLED.iter().map(|stem| (RULES.len(), stem.as_str()));
    let blocks = BLOCKS.iter().map(|word| (RULES.len() + 1, *word));
    let (rule_of_keyword, words): (Vec<usize>, Vec<&str>) = pairs.chain(stems).chain(blocks).unzip();
    let keywords = AhoCorasick::builder().ascii_case_insensitive(true).build(words).expect("a few hundred short words");
    let rules = RULES
        .iter()
        .map(|rule| {
            let compile: Box<dyn FnOnce() -> Regex + Send> = Box::new(|| compiled(&within_names(rule.regex)));
            LazyLock::new(compile)
        })
        .collect();
    Compiled { keywords, rule_of_keyword, rules }
});

/// An expression that begins or ends at the edge of a word, also at an underscore: people put tokens
/// into names, such as `run_hf_…`.
fn within_names(expression: &str) -> String {
    const EDGE: &str = r"\b";
    const EDGE_OR_UNDERSCORE: &str = r"(?:\b|_)";
    let (flags, rest) = match expression.strip_prefix("(?i)") {
        Some(rest) => ("(?i)", rest),
        None => ("", expression),
    };
    let (begin, rest) = rest.strip_prefix(EDGE).map_or(("", rest), |rest| (EDGE_OR_UNDERSCORE, rest));
    // `\\b` is a backslash and a letter.
    let end = rest.strip_suffix(EDGE).filter(|rest| !rest.ends_with('\\'));
    let (rest, end) = end.map_or((rest, ""), |rest| (rest, EDGE_OR_UNDERSCORE));
    format!("{flags}{begin}{rest}{end}")
}

fn compiled(expression: &str) -> Regex {
    // ASCII classes: the forms are ASCII, and `\b` then needs no table of Unicode.
    RegexBuilder::new(expression).unicode(false).build().expect("a test compiles every expression")
}

fn scan_bytes(text: &[u8]) -> Vec<Found> {
    joined(views::all(text, scan_layer))
}

/// Finds the secrets in bytes that are not text, where all but texts is chance: in a few megabytes
/// of a compressed file some bytes have the form of `name:password@host`.
fn scan_binary(bytes: &[u8]) -> Vec<Found> {
    /// Begins the colours of a terminal, which are taken off like other escapes.
    const ESCAPE: u8 = 0x1b;
    let is_chance = |byte: &u8| byte.is_ascii_control() && !byte.is_ascii_whitespace();
    let is_text = |bytes: &[u8]| !bytes.iter().any(is_chance) && std::str::from_utf8(bytes).is_ok();
    // A byte outside of texts ends a text as the end of a line does: the environment of a process is
    // `NAME=value` between zeros, and pictures have comments.
    let mut lines = Vec::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        let ends = |byte: u8| if is_chance(&byte) && byte != ESCAPE { b'\n' } else { byte };
        lines.extend(chunk.valid().bytes().map(ends));
        lines.extend(chunk.invalid().iter().map(|_| b'\n'));
    }
    joined(views::all(&lines, |layer| {
        let mut found = scan_layer(layer);
        found.retain(|one| layer.get(one.range.clone()).is_some_and(is_text));
        found
    }))
}

/// Finds the secrets of a text as it stands, in no order.
fn scan_layer(text: &[u8]) -> Vec<Found> {
    let compiled = &*COMPILED;
    let mut wanted = [false; RULES.len() + 2];
    let mut left = wanted.len();
    for hit in compiled.keywords.find_overlapping_iter(text) {
        let rule = compiled.rule_of_keyword.get(hit.pattern().as_usize()).copied().unwrap_or_default();
        if let Some(wanted) = wanted.get_mut(rule)
            && !*wanted
        {
            *wanted = true;
            left -= 1;
            if left == 0 {
                break;
            }
        }
    }
    let mut found = Vec::new();
    let [rules @ .., has_settings, has_blocks] = &wanted;
    for ((rule, regex), _) in RULES.iter().zip(&compiled.rules).zip(rules).filter(|(_, wanted)| **wanted) {
        for captures in regex.captures_iter(text) {
            let Some(secret) = captures.iter().skip(1).flatten().next().or_else(|| captures.get(0)) else { continue };
            // Not the underscore before it.
            let edge = usize::from(secret.as_bytes().starts_with(b"_"));
            let range = secret.start() + edge..secret.end();
            if holds(rule, text, range.clone()) {
                found.push(Found { kind: rule.name, range });
            }
        }
    }
    if *has_blocks {
        blocks::find(text, &mut found);
    }
    if *has_settings {
        text::settings_in(text, &mut found);
        values::defaults(text, &mut found);
        lines::read(text, &mut found);
    }
    found
}

/// In order, and joined where they overlap: the one that begins first, or is the longer, names the
/// kind.
fn joined(mut found: Vec<Found>) -> Vec<Found> {
    // Stable: of equal ones the first rule counts.
    found.sort_by_key(|one| (one.range.start, usize::MAX - one.range.end));
    let mut joined: Vec<Found> = Vec::with_capacity(found.len());
    for one in found {
        match joined.last_mut() {
            Some(last) if one.range.start < last.range.end => last.range.end = last.range.end.max(one.range.end),
            _ => joined.push(one),
        }
    }
    joined
}
