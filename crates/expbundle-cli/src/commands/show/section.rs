//! One section of a record, in words or as the JSON that it is.

use std::fmt::Write as _;

use expbundle::verify::Intact;
use expbundle_format::json;
use expbundle_format::limits::Limits;
use expbundle_format::number::{Number, typed};
use expbundle_format::sections::{self, JsonSection as _, SourceSection};
use expbundle_format::{Foreign, RecordId};
use serde_json::Value;

use super::MOST_LINES;
use crate::commands::{convert, extract};
use crate::failure::Failure;
use crate::terminal::{self, Tone, block, cell, count, grouped, paint, printable};
use crate::{Outcome, exit, series};

/// One section in words, or with `--json` the JSON that it is.
pub(super) fn show_section(intact: &Intact, id: RecordId, name: &str, as_json: bool) -> Outcome {
    let body = intact.records().get(&id).expect("the record was chosen among these").body();
    let content = extract::section(intact, id, name)?;
    let full = body
        .sections
        .keys()
        .find(|section| section.as_str() == name || section.as_str().split('.').next() == Some(name));
    let full = full.map_or(name, |section| section.as_str());
    if as_json && full.ends_with(".parquet") {
        return Err(Failure::usage(format!("`{full}` is not JSON")).help("`expbundle extract --csv` gives its points"));
    }
    if full == sections::METRICS || full == sections::TELEMETRY {
        return points(&content, full);
    }
    if full == sections::CONSOLE {
        return console(&content, full);
    }
    let bytes = content
        .read(Limits::default().section_bytes)
        .map_err(|error| Failure::new("cli.io", format!("the section cannot be read: {error}")).at(full))?;
    let Ok(value) = json::parse(&bytes, &Limits::default()) else {
        return Err(
            Failure::usage(format!("`{full}` is not JSON")).help("`expbundle extract --section` gives its bytes")
        );
    };
    if as_json {
        terminal::say_json_text(&String::from_utf8_lossy(&bytes));
    } else if full == SourceSection::NAME {
        let source = intact.json_section::<SourceSection>(id).unwrap_or_default();
        terminal::say(&convert::account_words(&source.account));
        terminal::say(&outline(&value));
    } else {
        terminal::say(&outline(&value));
    }
    Ok(exit::OK)
}

fn points(content: &expbundle::Content, name: &str) -> Outcome {
    let reader = series::open(content, name)?;
    series::affordable(&reader, content, name)?;
    let rows = reader.summaries().map_err(|error| series::failure(&error, name))?;
    let mut table = vec![["KEY", "POINTS", "LAST", "MIN", "MAX"].map(str::to_owned).to_vec()];
    let number = |value: Option<f64>| value.map(|value| Number(value).to_string()).unwrap_or_default();
    table.extend(rows.into_iter().map(|(key, line)| {
        vec![cell(&key), grouped(line.count), number(line.last), number(line.min), number(line.max)]
    }));
    terminal::say(&terminal::table(&table));
    terminal::talk("`expbundle extract --csv` gives every point\n");
    Ok(exit::OK)
}

fn console(content: &expbundle::Content, name: &str) -> Outcome {
    let reader = series::open_console(content, name)?;
    let shown = reader.for_each(|line| {
        let text = format!("{}\n", printable(&line.line));
        terminal::say(&if line.stream == "stderr" { paint(Tone::Doubt, &text) } else { text });
    });
    shown.map(|()| exit::OK).map_err(|error| series::failure(&error, name))
}

/// JSON as an indented outline that people read: no brackets, and quotes only where something is more than a word.
fn outline(value: &Value) -> String {
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
