//! Python literals: what `str()` makes of a dict, as cells of CSV hold them.
//!
//! Dicts, lists, tuples, texts, numbers and constants; no sets, no bytes, no calls.

use std::fmt::Write as _;

use super::super::value::Value;

/// Reads a Python literal. `None` if it is none, or holds something that is not data.
pub(super) fn parse(text: &str) -> Option<Value> {
    Value::parse(&json(text)?)
}

/// The literal as JSON in W&B's dialect; what is wrong with its structure shows when that is read.
fn json(text: &str) -> Option<String> {
    let mut json = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let mut taken = letter.len_utf8();
        match letter {
            '\'' | '"' => taken = string(rest, letter, &mut json)?,
            // A tuple of one has a comma before its end.
            '(' => json.push('['),
            ')' => {
                let end = json.trim_end().trim_end_matches(',').len();
                json.truncate(end);
                json.push(']');
            }
            'A'..='Z' | 'a'..='z' => {
                taken = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
                let number = json.ends_with(|c: char| c.is_ascii_digit() || c == '.');
                json.push_str(match rest.get(..taken)? {
                    "None" => "null",
                    "True" => "true",
                    "False" => "false",
                    "nan" => "NaN",
                    "inf" => "Infinity",
                    "e" if number => "e",
                    _ => return None,
                });
            }
            other => json.push(other),
        }
        rest = rest.get(taken..)?;
    }
    Some(json)
}

/// Writes a quoted text as JSON; gives the bytes that it took.
fn string(quoted: &str, quote: char, json: &mut String) -> Option<usize> {
    let mut text = String::new();
    let mut letters = quoted.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => {
                let (_, escaped) = letters.next()?;
                let digits = match escaped {
                    'x' => 2,
                    'u' => 4,
                    'U' => 8,
                    _ => 0,
                };
                text.push(match escaped {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    'x' | 'u' | 'U' => {
                        let hex: String = letters.by_ref().take(digits).map(|(_, digit)| digit).collect();
                        let number = u32::from_str_radix(&hex, 16).ok()?;
                        char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER)
                    }
                    other => other,
                });
            }
            letter if letter == quote => {
                write!(json, "{}", serde_json::Value::from(text)).ok()?;
                return Some(at + 1);
            }
            letter => text.push(letter),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_become_values() {
        let case = |python: &str, json: &str| assert_eq!(parse(python), Value::parse(json), "{python}");
        case(
            "{'a': None, 'b': [True, False], \"it's\": 'say \"x\"\\n'}",
            r#"{"a":null,"b":[true,false],"it's":"say \"x\"\n"}"#,
        );
        case(
            "{'t': (1, 2), 'one': (1,), 'e': 1e-05, 'i': [-inf]}",
            r#"{"t":[1,2],"one":[1],"e":1e-05,"i":[-Infinity]}"#,
        );
        case("'\\xfc\\u00fc\\U0001f600 None'", "\"üü😀 None\"");
        for bad in ["{'a': array([1])}", "{'a", "{'a': <object>}", "'\\x", "{1, 2}", "", "(", &"(".repeat(100_000)] {
            assert_eq!(parse(bad), None, "{}", bad.chars().take(20).collect::<String>());
        }
    }
}
