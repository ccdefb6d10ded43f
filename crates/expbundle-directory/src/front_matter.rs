//! The YAML front matter of a model card: where it is, and what it means.
//!
//! The block is found by bytes, and never written again from its meaning: loading and dumping would
//! change quotes, comments, folding and the order of keys. Its meaning is read only to compare:
//! before and after an edit.

use serde_json::{Map, Value};

/// The largest card that is read.
pub const MAX_CARD_BYTES: usize = 16 << 20;

/// Why a card cannot be edited.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CardError {
    /// Too large.
    #[error("the card has {0} bytes, more than {MAX_CARD_BYTES}")]
    TooLarge(usize),
    /// The first line opens a block that no line closes: it may be a rule of the markdown.
    #[error("the card begins with `---`, and no line `---` ends that block")]
    Unclosed,
    /// Some readers take the block as front matter, others as text.
    #[error("blank lines precede the card's front matter, so readers differ on whether it counts")]
    BlankLinesBefore,
    /// Not YAML, or YAML with anchors, aliases, tags or duplicate keys.
    #[error("the card's front matter cannot be read safely: {0}")]
    Yaml(String),
    /// A list or a single value where keys should be.
    #[error("the card's front matter is not a list of keys")]
    NotAMapping,
    /// Something else would have changed its meaning. The card is left as it is.
    #[error("`{0}` is written in a way that cannot be changed without risk")]
    Unsafe(String),
}

/// A card in parts, which together are the card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts<'a> {
    /// A byte order mark, if there is one.
    pub mark: &'a str,
    /// The line that opens the block; empty if there is no block.
    pub open: &'a str,
    /// The lines of the block.
    pub block: &'a str,
    /// The line that closes the block, and everything after it.
    pub rest: &'a str,
    /// How lines end here.
    pub line_end: &'static str,
}

/// Takes a card apart.
pub fn split(card: &str) -> Result<Parts<'_>, CardError> {
    if card.len() > MAX_CARD_BYTES {
        return Err(CardError::TooLarge(card.len()));
    }
    let text = card.strip_prefix('\u{FEFF}').unwrap_or(card);
    let mark = card.get(..card.len() - text.len()).unwrap_or_default();
    let line_end =
        if text.split_inclusive('\n').next().is_some_and(|line| line.ends_with("\r\n")) { "\r\n" } else { "\n" };
    let first_line = text.split_inclusive('\n').next().unwrap_or_default();
    if !is_fence(first_line) {
        let after_blank = text.trim_start();
        let blank_before = after_blank.len() < text.len();
        if blank_before && is_fence(after_blank.split_inclusive('\n').next().unwrap_or_default()) {
            return Err(CardError::BlankLinesBefore);
        }
        return Ok(Parts { mark, open: "", block: "", rest: text, line_end });
    }
    let start = first_line.len();
    let mut at = start;
    for line in text.get(start..).unwrap_or_default().split_inclusive('\n') {
        if is_fence(line) {
            let part = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default();
            return Ok(Parts {
                mark,
                open: part(0..start),
                block: part(start..at),
                rest: part(at..text.len()),
                line_end,
            });
        }
        at += line.len();
    }
    Err(CardError::Unclosed)
}

fn is_fence(line: &str) -> bool {
    line.trim_end_matches(['\r', '\n']) == "---"
}

/// What a block says. Anchors are refused: what one line says would hold elsewhere too.
pub fn meaning(block: &str) -> Result<Map<String, Value>, CardError> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_anchors: 0, max_aliases: 0, max_documents: 1, max_depth: 64 },
        strict_booleans: true,
        duplicate_keys: serde_saphyr::options::DuplicateKeyPolicy::Error,
        // A commit like `883e1818` reads as a float that JSON has not; it makes no card unreadable.
        non_finite_float_policy: serde_saphyr::NonFiniteFloatPolicy::AsString,
    };
    let has_content = block.lines().any(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    if !has_content {
        return Ok(Map::new());
    }
    let value: Value = serde_saphyr::from_str_with_options(block, options)
        .map_err(|error| CardError::Yaml(first_clause(&error.to_string())))?;
    match value {
        Value::Object(map) => Ok(map),
        Value::Null => Ok(Map::new()),
        _ => Err(CardError::NotAMapping),
    }
}

/// What the parser found and where, without its advice to programmers.
fn first_clause(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    let line = line.strip_prefix("error: ").unwrap_or(line);
    if line.contains("budget breached") {
        return "it has anchors or aliases, or is too deep or too large".to_owned();
    }
    line.split_once(", set ").map_or(line, |(clause, _)| clause).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_together_are_the_card() {
        for card in
            ["", "# A\n", "---\na: 1\n---\n# A\n---\nrule\n", "\u{FEFF}---\r\na: 1\r\n---", "---\n---\n", "text\n---\n"]
        {
            let parts = split(card).expect("a card");
            assert_eq!([parts.mark, parts.open, parts.block, parts.rest].concat(), card);
        }
        let parts = split("---\r\na: '---'\r\n---\r\n\r\n---\r\n").expect("a card");
        assert_eq!((parts.block, parts.line_end), ("a: '---'\r\n", "\r\n"));
        assert_eq!(parts.rest, "---\r\n\r\n---\r\n");
    }

    #[test]
    fn what_readers_would_differ_on_is_refused() {
        assert_eq!(split("---\n# only a rule\n"), Err(CardError::Unclosed));
        assert_eq!(split("\n---\na: 1\n---\n"), Err(CardError::BlankLinesBefore));
        for yaml in ["a: &x 1\nb: *x\n", "a: 1\na: 2\n", "a: [1\n", "a: 1\n--- \nb: 2\n"] {
            assert!(matches!(meaning(yaml), Err(CardError::Yaml(_))), "{yaml:?}: {:?}", meaning(yaml));
        }
        let said = meaning("a: 1\na: 2\n").expect_err("a key twice").to_string();
        assert_eq!(said, "the card's front matter cannot be read safely: line 2 column 1: duplicate mapping key: a");
        assert_eq!(meaning("- a\n"), Err(CardError::NotAMapping));
        assert_eq!(meaning("# nothing\n\n"), Ok(Map::new()));
    }

    #[test]
    fn text_stays_text() {
        let map = meaning("language: no\nlicense: apache-2.0\ndate: 2026-11-23\n").expect("a mapping");
        assert_eq!(map.get("language"), Some(&Value::from("no")));
        assert_eq!(map.get("date"), Some(&Value::from("2026-11-23")));
        let map = meaning("revision: 883e1818\nlicense: mit\n").expect("a mapping");
        assert_eq!(map.get("license"), Some(&Value::from("mit")));
    }
}
