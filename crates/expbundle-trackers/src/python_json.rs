//! JSON as Python's `json.dump` writes it: with bare `NaN`, `Infinity` and `-Infinity`, which are
//! not JSON.
//!
//! Quotes around these words let a strict parser do the rest. `wandb::Value` reads the same dialect,
//! and keeps integers of any length.

use serde::de::DeserializeOwned;

/// Reads a text, in which the three words become texts.
pub(crate) fn read<T: DeserializeOwned>(text: &[u8]) -> serde_json::Result<T> {
    serde_json::from_slice(&quoted(text))
}

/// The number that a quoted word stands for.
pub(crate) fn non_finite(word: &str) -> Option<f64> {
    match word {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

fn quoted(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(&first) = rest.first() {
        let length = match first {
            b'"' => string(rest),
            b'N' | b'I' | b'-' => 1 + rest.iter().skip(1).take_while(|byte| byte.is_ascii_alphabetic()).count(),
            _ => 1,
        };
        let (token, after) = rest.split_at(length);
        if matches!(token, b"NaN" | b"Infinity" | b"-Infinity") {
            out.push(b'"');
            out.extend_from_slice(token);
            out.push(b'"');
        } else {
            out.extend_from_slice(token);
        }
        rest = after;
    }
    out
}

/// How many bytes a string has, with its quotes.
fn string(text: &[u8]) -> usize {
    let mut is_escaped = false;
    let end = text.iter().skip(1).position(|byte| {
        let is_end = *byte == b'"' && !is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped;
        is_end
    });
    end.map_or(text.len(), |end| end + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(text: &str, want: &str) {
        assert_eq!(String::from_utf8_lossy(&quoted(text.as_bytes())), want);
    }

    #[test]
    fn only_bare_words_are_quoted() {
        case("[NaN, Infinity, -Infinity, -1, 2]", "[\"NaN\", \"Infinity\", \"-Infinity\", -1, 2]");
        case(r#"{"NaN": "-Infinity \" NaN \\"}"#, r#"{"NaN": "-Infinity \" NaN \\"}"#);
        case("NaN", "\"NaN\"");
        case("-", "-");
        case("Nonsense", "Nonsense");
        case("null true", "null true");
        case(r#""no end NaN"#, r#""no end NaN"#);
    }
}
