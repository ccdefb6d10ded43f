//! One section of a record.

use std::fmt::Write as _;

use expbundle_format::Foreign;
use expbundle_format::foreign::is_unseen;
use expbundle_format::number::typed;
use serde_json::Value;

use crate::{Tone, block, count, paint};

/// Lines shown of one text.
const MOST_LINES: usize = 1000;

/// JSON with what is not seen as escapes, among it DEL and its like: a terminal or a filter may take
/// these out, and then two keys of an object may become one.
pub fn visible_json(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        // Outside of strings there are only line breaks.
        if is_unseen(c) && !c.is_ascii_control() || c == '\u{7f}' {
            text.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            text.push(c);
        }
    }
    text
}

/// JSON as an indented outline that people read: no brackets, and quotes only where something is
/// more than a word.
pub fn outline(value: &Value) -> String {
    let mut text = String::new();
    let mut waiting: Vec<(usize, Option<String>, &Value)> = vec![(0, None, value)];
    while let Some((level, label, value)) = waiting.pop() {
        let indent = "  ".repeat(level);
        let prefix = label.as_ref().map_or_else(String::new, |label| paint(Tone::Hint, label));
        match value {
            Value::Object(members) if typed::wrapped(value).is_none() => {
                if label.is_some() {
                    _ = writeln!(text, "{indent}{prefix}");
                }
                let next = level + usize::from(label.is_some());
                waiting.extend(members.iter().rev().map(|(key, value)| (next, Some(long_cell(key)), value)));
            }
            Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
                if label.is_some() {
                    _ = writeln!(text, "{indent}{prefix}");
                }
                let next = level + usize::from(label.is_some());
                waiting.extend(
                    items.iter().enumerate().rev().map(|(index, item)| (next, Some(format!("- {}", index + 1)), item)),
                );
            }
            Value::Array(items) => {
                let items: Vec<String> = items.iter().map(|item| long_cell(&typed::display(item))).collect();
                _ = writeln!(text, "{indent}{prefix}  {}", items.join(", "));
            }
            _ => {
                let words = typed::display(value);
                if words.contains('\n') {
                    let (lines, all) = block(&words, &format!("{indent}    "), MOST_LINES);
                    _ = write!(text, "{indent}{prefix}\n{lines}");
                    if all > MOST_LINES {
                        let more = count((all - MOST_LINES) as u64, "more line");
                        _ = writeln!(text, "{indent}    … {more}; `--json` has all");
                    }
                } else {
                    _ = writeln!(text, "{indent}{prefix}  {}", long_cell(&words));
                }
            }
        }
    }
    text
}

/// A value where there is a line for it alone.
fn long_cell(text: &str) -> String {
    Foreign::new(text).at_most(2000).bare_if_plain().to_string()
}
