//! Taking away what was added to a card, and nothing else.

use serde_json::Value;

use super::{
    BEGIN, END, MARK, MARK_BLOCK, MARK_FILE, MARK_IN_BRACKETS, MARK_WAS_ONE, digits_of, is_short_digest, lines_of,
    without_line,
};
use crate::front_matter::{self, CardError};
use crate::yaml_lines::is_content;

/// Takes away what [`add`](super::add) added, or `None` if there is nothing of it. What was added below or
/// beside it by hand stays.
pub fn remove(card: &str) -> Result<Option<String>, CardError> {
    let parts = front_matter::split(card)?;
    let rest = without_line(parts.rest).map(|(before, after)| before + after);
    let Some(block) = without_additions(parts.block)? else {
        return Ok(rest.map(|rest| [parts.mark, parts.open, parts.block, &rest].concat()));
    };
    let rest = rest.as_deref().unwrap_or(parts.rest);
    if block.is_empty() && parts.block.lines().any(is_block_mark) {
        let body = rest.split_once('\n').map(|(_, body)| body).unwrap_or_default();
        return Ok(Some([parts.mark, body].concat()));
    }
    Ok(Some([parts.mark, parts.open, &block, rest].concat()))
}

fn is_block_mark(line: &str) -> bool {
    [MARK_BLOCK, MARK_FILE].contains(&line.trim_end_matches(['\r', '\n']))
}

/// Lines of a block.
enum Piece<'a> {
    /// Nothing of them was added.
    Theirs(&'a [String]),
    /// They stand between two comments as they were added. The comments are left out.
    Ours,
    /// They stand between two comments and were edited since, or somebody added more to the last of
    /// them. The comments are left out.
    Edited(&'a [String]),
}

fn pieces(lines: &[String]) -> Vec<Piece<'_>> {
    let bare = |line: &String| line.trim_end_matches(['\r', '\n']).to_owned();
    let is_mark = |line: &String| line.trim_start().starts_with(BEGIN) || line.trim() == END;
    let mut next_content = vec![None; lines.len() + 1];
    for (at, line) in lines.iter().enumerate().rev() {
        let next = next_content.get(at + 1).copied().flatten();
        if let Some(place) = next_content.get_mut(at) {
            *place = if is_content(line) { Some(line) } else { next };
        }
    }
    let mut pieces = Vec::new();
    let mut rest = lines;
    while let Some((first, after)) = rest.split_first() {
        let length = after.iter().take_while(|line| !is_mark(line)).count();
        let (between, behind) = after.split_at_checked(length).unwrap_or_default();
        let digits = bare(first).split_once(BEGIN).and_then(|(indent, digits)| {
            let is_end = behind.first().is_some_and(|end| bare(end) == format!("{indent}{END}"));
            (is_end && indent.trim().is_empty() && is_short_digest(digits)).then(|| digits.to_owned())
        });
        let Some(digits) = digits else {
            pieces.push(Piece::Theirs(rest.get(..=length).unwrap_or_default()));
            rest = behind;
            continue;
        };
        rest = behind.get(1..).unwrap_or_default();
        let next = next_content.get(lines.len() - rest.len()).copied().flatten();
        let is_whole = digits_of(between) == digits && !goes_on(between, next);
        pieces.push(if is_whole { Piece::Ours } else { Piece::Edited(between) });
    }
    pieces
}

/// Whether lines that were added to the front matter of a card were edited since.
pub fn was_edited(card: &str) -> Result<bool, CardError> {
    let lines = lines_of(front_matter::split(card)?.block);
    Ok(pieces(&lines).iter().any(|piece| matches!(piece, Piece::Edited(_))))
}

/// Whether the next line with content behind lines, and the comment after them, belongs to the last
/// of them.
fn goes_on(ours: &[String], next: Option<&String>) -> bool {
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let is_item = |line: &str| line.trim_start().starts_with("- ");
    let (Some(first), Some(next)) = (ours.first(), next) else { return false };
    indent(next) > indent(first) || (indent(next) == indent(first) && is_item(next) && !is_item(first))
}

/// A block without what was added, or `None` if there is nothing of it.
fn without_additions(text: &str) -> Result<Option<String>, CardError> {
    let all = lines_of(text);
    let kept = pieces(&all).into_iter().flat_map(|piece| match piece {
        Piece::Theirs(lines) | Piece::Edited(lines) => lines,
        Piece::Ours => &[],
    });
    let lines: Vec<String> = kept.cloned().collect();
    let of_a_mark = |line: &str, mark: &str| line.trim_end_matches(['\r', '\n']).ends_with(mark);
    let any = |line: &String| {
        [MARK, MARK_WAS_ONE, MARK_IN_BRACKETS].iter().any(|mark| of_a_mark(line, mark)) || is_block_mark(line)
    };
    if lines.len() == all.len() && !lines.iter().any(any) {
        return Ok(None);
    }
    let mut kept: Vec<String> = Vec::new();
    let mut join_next = false;
    for (at, line) in lines.iter().enumerate() {
        let mut line = line.clone();
        if join_next {
            join_next = false;
            let rest = line.strip_prefix("  ").unwrap_or(&line).to_owned();
            line = kept.pop().unwrap_or_default().trim_end_matches(['\r', '\n']).to_owned() + &rest;
        }
        if is_block_mark(&line) {
            continue;
        }
        if of_a_mark(&line, MARK_IN_BRACKETS) {
            join_next = !kept.is_empty();
        } else if !of_a_mark(&line, MARK) {
            kept.push(line);
        } else if has_unmarked_below(&lines, at) {
            kept.push(line.replacen(MARK, "", 1));
        }
    }
    let block = one_values(kept).concat();
    let before = front_matter::meaning(text)?;
    let after = front_matter::meaning(&block)?;
    if !is_within(&Value::Object(after), &Value::Object(before)) {
        return Err(CardError::Unsafe("what expbundle added".to_owned()));
    }
    Ok(Some(block))
}

/// Whether lines that somebody else wrote belong to a line of ours.
fn has_unmarked_below(lines: &[String], at: usize) -> bool {
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let Some(header) = lines.get(at) else { return false };
    let content = header.trim_end_matches(['\r', '\n']).strip_suffix(MARK).unwrap_or(header).trim_end();
    if !content.ends_with(':') {
        return false;
    }
    // An item's own indentation is that of what stands behind its dash.
    let dash = if header.trim_start().starts_with("- ") { 2 } else { 0 };
    let own = indent(header) + dash;
    let below = lines.iter().skip(at + 1).filter(|line| is_content(line));
    let mut below = below.take_while(|line| {
        indent(line) > own || (indent(line) == own && dash == 0 && line.trim_start().starts_with("- "))
    });
    below.any(|line| !line.trim_end_matches(['\r', '\n']).ends_with(MARK))
}

/// Makes a list of one value the single value again that it was.
fn one_values(lines: Vec<String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    let mut lines = lines.into_iter().peekable();
    while let Some(line) = lines.next() {
        let Some(name) = line.trim_end_matches(['\r', '\n']).strip_suffix(MARK_WAS_ONE) else {
            kept.push(line);
            continue;
        };
        let item = lines.next_if(|item| item.starts_with("- "));
        let more = lines.peek().is_some_and(|next| next.trim_start().starts_with("- "));
        match item {
            Some(item) if !more => kept.push(format!("{name}{}", item.strip_prefix('-').unwrap_or(&item))),
            item => {
                kept.push(line.replacen(MARK_WAS_ONE, "", 1));
                kept.extend(item);
            }
        }
    }
    kept
}

/// Whether everything in one value is in the other too: members equal, items in the same order.
fn is_within(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => {
            part.iter().all(|(key, value)| whole.get(key).is_some_and(|other| is_within(value, other)))
        }
        (Value::Array(part), Value::Array(whole)) => {
            let mut rest = whole.iter();
            part.iter().all(|item| rest.any(|other| is_within(item, other)))
        }
        (Value::Null, Value::Array(_)) => true,
        (single, Value::Array(whole)) => whole.first() == Some(single),
        _ => part == whole,
    }
}
