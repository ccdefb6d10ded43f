//! `data-<number>.log`: an operation for each line. Several on one line are legal too.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader};

use camino::Utf8PathBuf;
use serde::de::IgnoredAny;

use super::apply::Applied;
use super::operation::{Frequent, Operation};
use crate::finding::SourceCode;
use crate::lines::{Line, Lines, Trouble};
use crate::text::open_file;

/// A place among the operations of a run: line, counted over all files, and place within it.
pub(super) type Place = (u64, u32);
/// Bytes between two calls of `progress`.
const STEP_OF_PROGRESS: u64 = 1 << 20;

fn lines_of(path: &Utf8PathBuf) -> io::Result<Option<Lines<BufReader<File>>>> {
    Ok(open_file(path)?.map(|file| Lines::new(BufReader::with_capacity(1 << 16, file))))
}

/// The last place at which each path was cleared or deleted: values before it do not count. They are
/// looked for first, so that no value has to be held until it is known to stay.
pub(super) fn cleared(logs: &[(u64, Utf8PathBuf)]) -> HashMap<String, Place> {
    let mut cleared = HashMap::new();
    let mut before = 0;
    for (_, path) in logs {
        let Ok(Some(mut lines)) = lines_of(path) else { continue };
        loop {
            let number = before + lines.number + 1;
            let Ok(Some(line)) = lines.next() else { break };
            let (Line::Whole(text) | Line::Open(text)) = line else { continue };
            let text = String::from_utf8_lossy(text);
            if !text.contains("\"Clear") && !text.contains("\"DeleteAttribute\"") {
                continue;
            }
            for (index, part) in (0_u32..).zip(parts(&text)) {
                let Some(operation) = Operation::parse(part) else { continue };
                let clears = ["ClearFloatLog", "ClearStringLog", "ClearImageLog", "DeleteAttribute"];
                if clears.contains(&operation.kind.as_str()) {
                    cleared.insert(operation.path, (number, index));
                }
            }
        }
        before += lines.number;
    }
    cleared
}

/// Applies all operations in their order.
pub(super) fn read(logs: &[(u64, Utf8PathBuf)], applied: &mut Applied<'_>, progress: &dyn Fn(u64)) {
    let mut before = 0;
    for (_, path) in logs {
        let name = path.file_name().unwrap_or_default().to_owned();
        match lines_of(path) {
            Ok(Some(mut lines)) => {
                if let Err(error) = file(&name, &mut lines, before, applied, progress) {
                    applied.run.find(SourceCode::Unreadable, &name, error.to_string());
                }
                before += lines.number;
            }
            Ok(None) => applied.run.find(SourceCode::Outside, &name, "it is a link or not a regular file; not read"),
            Err(error) => applied.run.find(SourceCode::Unreadable, &name, error.to_string()),
        }
    }
}

fn file(
    name: &str,
    lines: &mut Lines<BufReader<File>>,
    before: u64,
    applied: &mut Applied<'_>,
    progress: &dyn Fn(u64),
) -> io::Result<()> {
    let (mut told, mut trouble) = (0, Trouble::default());
    loop {
        let (number, bytes) = (lines.number + 1, lines.bytes);
        if bytes - told >= STEP_OF_PROGRESS {
            progress(bytes - told);
            told = bytes;
        }
        let Some(line) = lines.next()? else { break };
        let (text, is_open) = match line {
            Line::Whole(text) => (text, false),
            Line::Open(text) => (text, true),
            Line::TooLong => {
                trouble.too_long.add(number);
                applied.run.found.unreadable += 1;
                continue;
            }
        };
        if text.trim_ascii().is_empty() {
            continue;
        }
        let is_taken = if let Ok(text) = std::str::from_utf8(text) {
            take(text, before + number, applied)
        } else {
            trouble.not_utf8.add(number);
            take(&String::from_utf8_lossy(text), before + number, applied)
        };
        if !is_taken {
            applied.run.found.unreadable += 1;
            let kind = if is_open { &mut trouble.cut } else { &mut trouble.damaged };
            kind.add(number);
        }
    }
    progress(lines.bytes - told);
    trouble.tell(name, "operation", &mut applied.run.findings);
    Ok(())
}

/// Applies what is on a line. `false` if something on it is not an operation.
fn take(text: &str, line: u64, applied: &mut Applied<'_>) -> bool {
    if let Ok(frequent) = serde_json::from_str::<Frequent<'_>>(text)
        && frequent.obj.kind == "LogFloats"
    {
        applied.floats(&frequent, (line, 0));
        return true;
    }
    if let Some(operation) = Operation::parse(text) {
        return applied.operation(&operation, (line, 0));
    }
    let mut is_whole = false;
    for (index, part) in (0_u32..).zip(parts(text)) {
        is_whole = Operation::parse(part).is_some_and(|operation| applied.operation(&operation, (line, index)));
        if !is_whole {
            break;
        }
    }
    is_whole
}

/// The JSON texts on a line; the last one is what is left if it is not JSON.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text.trim();
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<IgnoredAny>();
        let is_value = matches!(values.next(), Some(Ok(_)));
        let end = if is_value { values.byte_offset() } else { rest.len() };
        let (part, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        rest = after.trim_start();
        Some(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_values_on_a_line_are_told_apart() {
        assert_eq!(parts(" {\"a\": 1}{\"b\": [2]} {").collect::<Vec<_>>(), ["{\"a\": 1}", "{\"b\": [2]}", "{"]);
        assert_eq!(parts("{\"a\": NaN}").collect::<Vec<_>>(), ["{\"a\": NaN}"]);
        assert_eq!(parts("  ").count(), 0);
    }
}
