//! What lines say of each other: a value on the line after its name, in a list below it, or in a
//! column.
//!
//! Nothing joins name and value here but where they stand, so the value must look like a secret by
//! itself, too.

use std::ops::Range;
use std::sync::LazyLock;

use memchr::memmem;
use regex::bytes::Regex;

use super::settings::{self, Class};
use super::text::NAME;
use super::{Found, compiled};

/// Lines that are longer are neither tables nor lists, in bytes.
const LINE: usize = 1 << 20;
/// The most columns of a table.
const COLUMNS: usize = 1 << 14;

/// Signs between columns. A row of blanks or dots, and the lines of a drawn table, are made `|`
/// before.
const SIGNS: &[u8] = b"|\t,;";

/// Finds secrets by the lines around them.
pub fn read(text: &[u8], found: &mut Vec<Found>) {
    static NAMES: LazyLock<Regex> = LazyLock::new(|| compiled(&format!("(?i){}", *NAME)));
    let names = &*NAMES;
    let mut below: Option<Below> = None;
    let mut tables = Tables::default();
    let mut value: Option<Range<usize>> = None;
    let mut start = 0;
    for line in text.split(|byte| *byte == b'\n') {
        let at = start;
        start += line.len() + 1;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.len() > LINE {
            (below, value) = (None, None);
            tables = Tables::default();
            continue;
        }
        // What stands between the lines of a notebook says nothing of them.
        if line.iter().all(|byte| b" \t,:[]{}".contains(byte)) {
            continue;
        }
        let mut take = |class: Class, range: Range<usize>| found.push(Found { kind: class.kind(), range });
        let only = item(line);
        if let Some(names) = &mut below {
            // `desc: null` and `value: …` below a name, as W&B writes its settings: there the value
            // belongs to it as in one line.
            if let Some(range) = value_alone(line) {
                let word = String::from_utf8_lossy(line.get(range.clone()).unwrap_or_default());
                if settings::is_secret(names.class, &word, settings::Setting::Whole) {
                    take(names.class, at + range.start..at + range.end);
                }
                below = None;
                continue;
            }
            if is_beside_value(line) {
                continue;
            }
            let word = line.get(only.range.clone()).unwrap_or_default();
            if only.is_one && settings::is_drawn(names.class, &String::from_utf8_lossy(word)) {
                take(names.class, at + only.range.start..at + only.range.end);
            }
            // A list goes on as long as it has items.
            if !names.is_list || !only.is_in_list {
                below = None;
            }
        }
        let has_name = names.is_match(line);
        if has_name && let Some(names) = name_alone(line) {
            below = Some(names);
        }
        // `- value: …` before `name: API_KEY`
        if let Some(range) = value.take()
            && has_name
            && let Some(class) = named(line)
        {
            let word = text.get(range.clone()).unwrap_or_default();
            if settings::is_value(class, &String::from_utf8_lossy(word)) {
                take(class, range);
            }
        }
        value = value_alone(line).map(|range| at + range.start..at + range.end);
        if has_name || tables.are_open() {
            tables.row(line, at, &mut take);
        }
    }
}

/// A name at the end of a line, of which the lines below have the value.
struct Below {
    class: Class,
    /// Whether several lines may be values: items of a list.
    is_list: bool,
}

/// `api_key:`, `"api_keys": [`, `- --wandb_key`, `## Password`, `api_key = """`, `<api_key>`
fn name_alone(line: &[u8]) -> Option<Below> {
    static ALONE: LazyLock<Regex> = LazyLock::new(|| {
        let name = &*NAME;
        compiled(&format!(
            r#"(?i)^(?:[ \t>{{("']|\xe2[\x94-\x96][\x80-\xbf])*(?:(#{{1,6}}[ \t]+|[-*][ \t]+["']?--?|["']?--?|<|\?[ \t]+)|[-*][ \t]+)?["'\\*_`]{{0,3}}({name})["'\\*_`>)]{{0,3}}[ \t]*([:=](?:[ \t]*[&!][\w!]+)?[\s\[\]({{|>+\-"'\\]*|,)?[ \t]*$"#
        ))
    });
    let captures = ALONE.captures(line)?;
    let sign = captures.get(3);
    let ends_itself = captures.get(1).is_some();
    if !ends_itself && sign.is_none_or(|sign| sign.as_bytes() == b",") {
        return None;
    }
    let class = settings::class_of(&String::from_utf8_lossy(captures.get(2)?.as_bytes()))?;
    let is_option = captures.get(1).is_some_and(|mark| mark.as_bytes().contains(&b'-'));
    Some(Below { class, is_list: !is_option })
}

/// What a line has besides marks of lists and quotes.
struct Item {
    range: Range<usize>,
    /// Whether that is one word.
    is_one: bool,
    /// Whether it has the mark of a list, or ends as in a list of JSON.
    is_in_list: bool,
}

fn item(line: &[u8]) -> Item {
    let blank = |byte: &u8| b" \t>\"'`,[](){}|\\".contains(byte);
    let mut start = line.iter().take_while(|byte| b" \t".contains(byte)).count();
    let rest = line.get(start..).unwrap_or_default();
    let has_mark = [b"- ".as_slice(), b"* ", b": "].iter().any(|mark| rest.starts_with(mark));
    if has_mark {
        start += 2;
    }
    start += line.get(start..).unwrap_or_default().iter().take_while(|byte| blank(byte)).count();
    let rest = line.get(start..).unwrap_or_default();
    let end = start + rest.len() - rest.iter().rev().take_while(|byte| blank(byte) || **byte == b';').count();
    let word = line.get(start..end).unwrap_or_default();
    // `other: value` and `name=value` say by themselves what they are; base64 ends in `=`.
    let is_one = !word.is_empty()
        && !word.iter().any(u8::is_ascii_whitespace)
        && !word.trim_ascii_end().ends_with(b":")
        && !word.iter().rev().skip_while(|byte| **byte == b'=').any(|byte| *byte == b'=');
    let is_json = line.trim_ascii_end().ends_with(b",") || line.trim_ascii_start().starts_with(b"\"");
    Item { range: start..end, is_one, is_in_list: has_mark || is_json }
}

/// `value: …`, which may belong to the name on the next line.
fn value_alone(line: &[u8]) -> Option<Range<usize>> {
    static VALUE: LazyLock<Regex> = LazyLock::new(|| {
        compiled(
            r#"(?i)^[ \t]*(?:-[ \t]+)?\{?[ \t]*["']?value["']?[ \t]*[:=][ \t]*["']?([^\s"']{4,})["']?[ \t]*,?[ \t]*$"#,
        )
    });
    VALUE.captures(line)?.get(1).map(|value| value.range())
}

/// `desc: null` before a value, and `values:` before a list of them.
fn is_beside_value(line: &[u8]) -> bool {
    let line = line.trim_ascii_start();
    let rest = [b"desc:".as_slice(), b"description:"].iter().any(|name| line.starts_with(name));
    rest || [b"value:".as_slice(), b"values:"].contains(&line.trim_ascii_end())
}

/// `name: API_KEY`
fn named(line: &[u8]) -> Option<Class> {
    static NAMED: LazyLock<Regex> = LazyLock::new(|| {
        let name = &*NAME;
        compiled(&format!(
            r#"(?i)^[ \t]*(?:-[ \t]+)?["']?(?:name|key)["']?[ \t]*[:=][ \t]*["']?({name})["']?[ \t]*,?[ \t]*\}}?,?$"#
        ))
    });
    let captures = NAMED.captures(line)?;
    settings::class_of(&String::from_utf8_lossy(captures.get(1)?.as_bytes()))
}

/// How many columns a table has, and what its header says of some.
type Header = (usize, Vec<(usize, Class)>);

/// Tables by the sign between their columns.
#[derive(Default)]
struct Tables {
    /// For each of [`SIGNS`], the table that the last lines belong to.
    headers: [Option<Header>; SIGNS.len()],
}

impl Tables {
    fn are_open(&self) -> bool {
        self.headers.iter().any(Option::is_some)
    }

    fn row(&mut self, line: &[u8], at: usize, take: &mut impl FnMut(Class, Range<usize>)) {
        let drawn = with_columns(line);
        for (sign, header) in SIGNS.iter().zip(&mut self.headers) {
            if !drawn.contains(sign) {
                // The lines of a drawn table stand between its rows.
                if !line.iter().all(|byte| b"+-=: \t".contains(byte) || *byte >= 0x80) {
                    *header = None;
                }
                continue;
            }
            let cells = cells(&drawn, *sign);
            if cells.len() < 2 || cells.len() > COLUMNS {
                *header = None;
                continue;
            }
            let text = |range: &Range<usize>| {
                String::from_utf8_lossy(line.get(range.clone()).unwrap_or_default()).into_owned()
            };
            let classes: Vec<Option<Class>> = cells.iter().map(|cell| class_of_cell(&text(cell))).collect();
            // The cell after a name. After a comma this may be the next argument of a call.
            for (pair, class) in cells.windows(2).zip(&classes) {
                let ([_, value], Some(class)) = (pair, class) else { continue };
                let value_text = text(value);
                let holds = if *sign == b'|' || *sign == b'\t' {
                    settings::is_drawn(*class, &value_text)
                } else {
                    settings::is_random(&value_text) && settings::is_drawn(*class, &value_text)
                };
                if holds {
                    take(*class, at + value.start..at + value.end);
                }
            }
            let below = header.as_ref().and_then(|(columns, _)| cells_below(*columns, &cells, line, *sign));
            match (&*header, below) {
                (Some((_, named)), Some(cells)) => {
                    for (column, class) in named {
                        let Some(cell) = cells.get(*column) else { continue };
                        if settings::is_drawn(*class, &text(cell)) {
                            take(*class, at + cell.start..at + cell.end);
                        }
                    }
                }
                _ => *header = None,
            }
            // A list of names, one a line, has nothing after its commas.
            let filled = cells.iter().filter(|cell| !cell.is_empty()).count();
            let is_header = header.is_none() && filled > 1 && classes.iter().any(Option::is_some);
            if is_header {
                let named = classes.iter().enumerate().filter_map(|(column, class)| Some((column, (*class)?)));
                *header = Some((cells.len(), named.collect()));
            }
        }
    }
}

/// The cells of a row below a header of so many: as many, or one more before them, which numbers
/// the row and has no name. A wide cell may have but one blank before it.
fn cells_below(columns: usize, cells: &[Range<usize>], line: &[u8], sign: u8) -> Option<Vec<Range<usize>>> {
    let fitting = |cells: &[Range<usize>]| {
        let first = cells.len().checked_sub(columns).filter(|more| *more == 0 || *more == 1 && sign == b'|')?;
        cells.get(first..).map(<[_]>::to_vec)
    };
    let by_blanks = || {
        let mut start = 0;
        let words = line.split(|byte| b" \t".contains(byte)).map(|word| {
            let range = start..start + word.len();
            start = range.end + 1;
            range
        });
        fitting(&words.filter(|word| !word.is_empty()).collect::<Vec<_>>())
    };
    let by_blanks = if sign == b'|' && !line.contains(&b'|') { by_blanks() } else { None };
    by_blanks.or_else(|| fitting(cells))
}

/// A name and nothing else; programs have more around one.
fn class_of_cell(cell: &str) -> Option<Class> {
    let is_name =
        cell.chars().all(|c| c.is_alphanumeric() || "_-. ".contains(c)) && cell.split_whitespace().count() <= 3;
    if is_name { settings::class_of(cell) } else { None }
}

/// The line with `|` for the lines of drawn tables, for two blanks and more, and for three dots and
/// more; as long, in bytes.
fn with_columns(line: &[u8]) -> Vec<u8> {
    let mut drawn = line.to_vec();
    for bar in ["│", "┃", "║", "：", "→"] {
        for found in memmem::find_iter(line, bar) {
            if let Some(bytes) = drawn.get_mut(found..found + bar.len()) {
                bytes.fill(b' ');
                if let Some(first) = bytes.first_mut() {
                    *first = b'|';
                }
            }
        }
    }
    let mut at = 0;
    while at < drawn.len() {
        let is_gap = |byte: &u8| b" .".contains(byte);
        let run = drawn.get(at..).unwrap_or_default().iter().take_while(|byte| is_gap(byte)).count();
        let gap = drawn.get(at..at + run).unwrap_or_default();
        let is_column = memmem::find(gap, b"...").is_some() || gap.starts_with(b"  ");
        // Not where a line begins or ends.
        if is_column
            && at > 0
            && at + run < drawn.len()
            && let Some(first) = drawn.get_mut(at)
        {
            *first = b'|';
            if let Some(gap) = drawn.get_mut(at + 1..at + run) {
                gap.fill(b' ');
            }
        }
        at += run.max(1);
    }
    drawn
}

/// The cells of a row without blanks and quotes around them; none for the borders of a drawn table.
fn cells(line: &[u8], sign: u8) -> Vec<Range<usize>> {
    let mut cells = Vec::new();
    let mut start = 0;
    while let Some(rest) = line.get(start..) {
        let cell = rest.get(..cell_end(rest, sign)).unwrap_or_default();
        let blank = |byte: &u8| b" \t\"'`*".contains(byte);
        let before = cell.iter().take_while(|byte| blank(byte)).count();
        let after = cell.iter().rev().take_while(|byte| blank(byte)).count();
        let range = start + before..(start + cell.len()).saturating_sub(after);
        start += cell.len() + 1;
        if range.start < range.end || sign != b'|' {
            cells.push(range.start..range.end.max(range.start));
        }
    }
    cells
}

/// Where a cell ends: one in quotes may have the sign in it, and its quotes twice.
fn cell_end(rest: &[u8], sign: u8) -> usize {
    let end = |from: usize| {
        let rest = rest.get(from..).unwrap_or_default();
        from + memchr::memchr(sign, rest).unwrap_or(rest.len())
    };
    let blanks = rest.iter().take_while(|byte| **byte == b' ').count();
    if sign == b'|' || rest.get(blanks) != Some(&b'"') {
        return end(0);
    }
    let mut at = blanks + 1;
    loop {
        let Some(close) = rest.get(at..).and_then(|rest| memchr::memchr(b'"', rest)) else { return end(0) };
        at += close + 1;
        match rest.get(at) {
            Some(b'"') => at += 1,
            None => return at,
            Some(next) if *next == sign || *next == b' ' => return end(at),
            // Not as CSV has quotes.
            Some(_) => return end(0),
        }
    }
}
