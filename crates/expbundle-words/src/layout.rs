//! Lines, columns, and what stands below what.

use std::collections::{HashMap, HashSet};

/// Lines of a width that is good to read. Words are not broken, and what stands in quotes stays in
/// one line, so that none of it begins a line like ours; colours take no columns, and some letters
/// two.
pub fn wrapped(text: &str) -> String {
    const COLUMNS: usize = 100;
    /// Stands for a blank in quotes meanwhile: no text has it, since it is not seen.
    const BLANK: char = '\u{e000}';
    let (mut held, mut is_quoted, mut is_escaped) = (String::with_capacity(text.len()), false, false);
    for c in text.chars() {
        is_quoted ^= c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        held.push(if is_quoted && c == ' ' { BLANK } else { c });
    }
    let options =
        textwrap::Options::new(COLUMNS).break_words(false).word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::wrap(&held, options).join("\n").replace(BLANK, " ") + "\n"
}

/// Columns padded to the widest cell, two spaces apart. The last column is not padded.
///
/// A cell that is wider than most screens pads no other: names may have 32,000 letters, and blanks
/// would be as many in each line.
pub fn table(rows: &[Vec<String>]) -> String {
    const WIDEST: usize = 120;
    // Colours take no columns, and some letters two.
    let width = textwrap::core::display_width;
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            rows.iter()
                .filter_map(|row| row.get(column))
                .map(|cell| width(cell))
                .filter(|width| *width <= WIDEST)
                .max()
                .unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, column_width) in row.iter().zip(&widths) {
            line += cell;
            line.extend(std::iter::repeat_n(' ', column_width.saturating_sub(width(cell)) + 2));
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

/// Items in their order, each followed by those that are nested in it, and how far each is indented.
/// What is nested in nothing that is here stands by itself, and so does what is nested in itself.
/// What is deeper than anybody nests runs is indented no further.
pub(crate) fn nested<'a, T>(
    items: &'a [T],
    key: impl Fn(&'a T) -> &'a str,
    parent: impl Fn(&'a T) -> Option<&'a str>,
) -> Vec<(usize, &'a T)> {
    const DEEPEST: usize = 16;
    let here: HashSet<&str> = items.iter().map(&key).collect();
    let mut children: HashMap<Option<&str>, Vec<&T>> = HashMap::new();
    for item in items {
        children.entry(parent(item).filter(|parent| here.contains(parent))).or_default().push(item);
    }
    let (mut told, mut seen) = (Vec::with_capacity(items.len()), HashSet::new());
    let mut tell = |first: Vec<&'a T>| {
        let mut waiting: Vec<(usize, &T)> = first.into_iter().rev().map(|item| (0, item)).collect();
        while let Some((level, item)) = waiting.pop() {
            if seen.insert(std::ptr::from_ref(item)) {
                told.push((level, item));
                let below = children.get(&Some(key(item))).into_iter().flatten();
                waiting.extend(below.rev().map(|item| ((level + 1).min(DEEPEST), *item)));
            }
        }
    };
    tell(children.get(&None).cloned().unwrap_or_default());
    // What is left is in circles.
    tell(items.iter().collect());
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Tone, paint};

    #[test]
    fn what_is_quoted_is_not_broken() {
        let quoted = format!("\"{} \\\" trusted as ada\"", "x".repeat(90));
        let text = wrapped(&format!("It is called {quoted}, by nobody who is known, and goes on."));
        assert!(text.lines().any(|line| line.contains(&quoted)), "{text}");
        assert!(text.lines().count() > 1);
    }

    #[test]
    fn what_is_nested_follows_what_it_is_nested_in() {
        let items =
            [("c", Some("b")), ("a", None), ("b", Some("a")), ("d", Some("gone")), ("x", Some("y")), ("y", Some("x"))];
        let told: Vec<_> =
            nested(&items, |one| one.0, |one| one.1).into_iter().map(|(level, one)| (level, one.0)).collect();
        assert_eq!(told, [(0, "a"), (1, "b"), (2, "c"), (0, "d"), (0, "x"), (1, "y")]);
        let names: Vec<String> = (0..40).map(|number| number.to_string()).collect();
        let chain: Vec<(&str, Option<&str>)> = names
            .iter()
            .enumerate()
            .map(|(at, name)| (name.as_str(), at.checked_sub(1).map(|at| names[at].as_str())))
            .collect();
        let deepest = nested(&chain, |one| one.0, |one| one.1).into_iter().map(|(level, _)| level).max();
        assert_eq!(deepest, Some(16));
    }

    #[test]
    fn tables_line_up() {
        let wide = "x".repeat(32_000);
        let rows = [vec!["a".to_owned(), "b".to_owned()], vec![wide.clone(), "c".to_owned()]];
        assert_eq!(table(&rows), format!("a  b\n{wide}  c\n"));
        let rows = [vec!["a".to_owned(), "b".to_owned()], vec!["long".to_owned(), "c".to_owned()]];
        assert_eq!(table(&rows), "a     b\nlong  c\n");
        let rows = [vec!["\u{6a21}\u{578b}".to_owned(), "b".to_owned()], vec![paint(Tone::Bad, "bad"), "c".to_owned()]];
        assert_eq!(table(&rows), format!("\u{6a21}\u{578b}  b\n{}   c\n", paint(Tone::Bad, "bad")));
    }
}
