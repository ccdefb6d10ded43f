//! The YAML of a file store: flat mappings, written by Python's `yaml.safe_dump`.
//!
//! Read with serde, so a member that must be text stays text however it is spelt (`007`, `yes`),
//! and a quoted `'null'` is not the null that a plain one is. Anchors, aliases and foreign tags are
//! refused, nesting and size have limits: nothing that MLflow writes needs them, and everything
//! that attacks a YAML reader does.

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use serde_saphyr::{NonFiniteFloatPolicy, Options, budget, options};

use crate::yaml::{Floats, values};

/// The largest file that is read: a data set's schema of ten thousand columns is under a megabyte.
pub(super) const MAX_BYTES: u64 = 16 << 20;

/// Reads a document as a type, and beside it as a free-form mapping for members that the type does
/// not know.
pub(super) fn parse<T: DeserializeOwned>(text: &str) -> Result<(T, Map<String, Value>), String> {
    let text = &unindented(text);
    let typed = serde_saphyr::from_str_with_options::<T>(text, strict()).map_err(|error| reason(&error))?;
    match values(text, strict(), Floats::OfPython).map_err(|error| reason(&error))? {
        Value::Object(members) => Ok((typed, members)),
        _ => Err("not the YAML that MLflow writes: it is not a mapping".to_owned()),
    }
}

/// `PyYAML` takes the separators U+2028 and U+2029 for line breaks and indents what follows, which
/// YAML 1.1 reads away; to YAML 1.2 they are letters like others, and the blanks would stay.
fn unindented(text: &str) -> Cow<'_, str> {
    const SEPARATORS: [char; 2] = ['\u{2028}', '\u{2029}'];
    if !text.contains(SEPARATORS) {
        return Cow::Borrowed(text);
    }
    let mut parts = text.split_inclusive(SEPARATORS);
    let mut whole = parts.next().unwrap_or_default().to_owned();
    parts.for_each(|part| whole.push_str(part.trim_start_matches(' ')));
    Cow::Owned(whole)
}

fn strict() -> Options {
    let limit = usize::try_from(MAX_BYTES).unwrap_or(usize::MAX);
    options! {
        budget: budget! {
            max_anchors: 0,
            max_aliases: 0,
            max_depth: 16,
            max_documents: 1,
            max_nodes: 100_000,
            max_total_scalar_bytes: limit,
            max_merge_keys: 0,
        },
        reject_unsupported_tags: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        strict_booleans: true,
        // Also of members that the type does not know.
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
        with_snippet: false,
    }
}

/// One line of what went wrong.
fn reason(error: &serde_saphyr::Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or("unreadable");
    format!("not the YAML that MLflow writes: {}", line.chars().take(200).collect::<String>())
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize, Debug, PartialEq)]
    struct Meta {
        name: Option<String>,
    }

    #[track_caller]
    fn case(text: &str, want: Option<&str>) {
        let (meta, _) = parse::<Meta>(text).expect(text);
        assert_eq!(meta.name.as_deref(), want, "{text}");
    }

    #[test]
    fn text_stays_text() {
        case("name: 007", Some("007"));
        case("name: '007'", Some("007"));
        case("name: yes", Some("yes"));
        case("name: 'yes'", Some("yes"));
        case("name: 1e3", Some("1e3"));
        case("name: 'null'", Some("null"));
        case("name: null", None);
        case("name: ''", Some(""));
        case("name: \"a\\nb\\u0007\"", Some("a\nb\u{7}"));
        case("other: 1", None);
        case("name: 'ls\u{2028}  x\u{2029}\u{2028}  y'\n", Some("ls\u{2028}x\u{2029}\u{2028}y"));
    }

    #[test]
    fn text_that_looks_like_a_number_damages_nothing() {
        for text in ["883e1818", "1e999", "123e456", "-1e400", "1e400", "1e3", "007", ".inf", "883181818181818181818"] {
            let (meta, members) = parse::<Meta>(&format!("name: {text}\nother: {text}\nsteps: 3\n")).expect(text);
            assert_eq!(meta.name.as_deref(), Some(text));
            assert!(members.get("other").is_some_and(|other| other == text || other.is_number()), "{members:?}");
            assert_eq!(members.get("steps"), Some(&Value::from(3)));
        }
    }

    #[test]
    fn what_attacks_a_reader_is_refused() {
        let bomb = "a: &a [x,x]\nb: &b [*a,*a]\nname: ok\n";
        let refused = |text: &str| assert!(parse::<Meta>(text).is_err(), "{text}");
        refused(bomb);
        refused("name: &x ok");
        refused("name: !!python/object:os.system ok");
        refused("name: !own ok");
        refused("name: a\nname: b");
        refused(&format!("name: {}{}", "[".repeat(40), "]".repeat(40)));
        refused("name: [a");
        refused("just text");
        refused("name: a\n---\nname: b\n");
    }
}
