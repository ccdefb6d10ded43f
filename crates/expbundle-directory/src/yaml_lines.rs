//! YAML by lines: just enough of it to know where text may be put into a block of front matter.
//!
//! None of this is trusted: whoever edits reads the block again and compares its meaning.

use std::ops::Range;

/// A key at the top level of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPlace {
    /// From the line of the key to after the last line with content that belongs to it.
    pub lines: Range<usize>,
    /// The column of the colon.
    pub colon: usize,
    /// What stands behind the colon in the same line, without a comment.
    pub value: String,
}

/// Whether a line holds anything but a comment.
pub fn is_content(line: &str) -> bool {
    let text = line.trim();
    !text.is_empty() && !text.starts_with('#')
}

/// Finds a key at the top level.
pub fn find_key(lines: &[String], key: &str) -> Option<KeyPlace> {
    let spellings = [format!("{key}:"), format!("\"{key}\":"), format!("'{key}':")];
    let (start, spelling) = lines.iter().enumerate().find_map(|(at, line)| {
        let spelling = spellings.iter().find(|spelling| {
            line.strip_prefix(spelling.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
        })?;
        Some((at, spelling))
    })?;
    let value = lines.get(start)?.get(spelling.len()..)?.trim();
    let value = if value.starts_with('#') { "" } else { value };
    let below = lines.iter().enumerate().skip(start + 1).filter(|(_, line)| is_content(line));
    let own = below
        .take_while(|(_, line)| line.starts_with([' ', '\t', ']']) || line.starts_with("- ") || line.trim_end() == "-");
    let last = own.last().map_or(start, |(at, _)| at);
    Some(KeyPlace { lines: start..last + 1, colon: spelling.len() - 1, value: value.to_owned() })
}

/// Where the list in brackets that begins in these lines ends: the line and column of its `]`, and
/// whether a comma must stand before a further item.
pub fn flow_end(lines: &[String], range: &Range<usize>) -> Option<(usize, usize, bool)> {
    let mut depth = 0_usize;
    let mut quote: Option<char> = None;
    let mut last = ' ';
    for at in range.clone() {
        let line = lines.get(at)?;
        let mut previous = ' ';
        let mut escaped = false;
        for (column, c) in line.char_indices() {
            if let Some(open) = quote {
                if escaped {
                    escaped = false;
                } else if c == '\\' && open == '"' {
                    escaped = true;
                } else if c == open {
                    quote = None;
                }
                last = c;
                previous = c;
                continue;
            }
            match c {
                '#' if previous.is_whitespace() => break,
                '"' | '\''
                    if depth > 0 && matches!(last, '[' | ',' | ' ' | ':')
                        || depth > 0 && previous.is_whitespace() && matches!(c, '"' | '\'') =>
                {
                    quote = Some(c);
                }
                '[' | '{' => depth += 1,
                ']' if depth == 1 => return Some((at, column, !matches!(last, '[' | ','))),
                ']' | '}' => depth = depth.checked_sub(1)?,
                _ => {}
            }
            if !c.is_whitespace() {
                last = c;
            }
            previous = c;
        }
    }
    None
}

/// A text as YAML: plain where every reader of YAML 1.1 and 1.2 takes it as text, else in double
/// quotes.
pub fn scalar(text: &str) -> String {
    const WORDS: &[&str] = &["null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf"];
    let first = text.chars().next().is_some_and(|c| c.is_ascii_alphabetic());
    let rest = text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | '-'));
    if first && rest && !WORDS.contains(&text.to_ascii_lowercase().as_str()) {
        text.to_owned()
    } else {
        // A JSON string is a double-quoted scalar of YAML, but for what YAML does not take as it
        // is, or takes for a line break.
        let mut quoted = String::with_capacity(text.len() + 2);
        for c in serde_json::Value::from(text).to_string().chars() {
            match c {
                '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
                    quoted += &format!("\\u{:04x}", u32::from(c));
                }
                _ => quoted.push(c),
            }
        }
        quoted
    }
}

/// A number as YAML. `PyYAML` takes an exponent only with a point before it and a sign in it.
pub fn number(value: f64) -> String {
    let text = format!("{value:?}");
    match text.split_once('e') {
        None => text,
        Some((digits, exponent)) => {
            let point = if digits.contains('.') { "" } else { ".0" };
            let sign = if exponent.starts_with('-') { "" } else { "+" };
            format!("{digits}{point}e{sign}{exponent}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.split_inclusive('\n').map(str::to_owned).collect()
    }

    #[test]
    fn keys_are_found_with_what_belongs_to_them() {
        let lines = lines("a: 1\ntags: # words\n- x\n# about b\n\n- y\n\n# about c\n\"c\": [1]\ntagsx: 2\n");
        let place = find_key(&lines, "tags").expect("there");
        assert_eq!((place.lines, &*place.value), (1..6, ""));
        assert_eq!(find_key(&lines, "c").map(|place| place.value), Some("[1]".to_owned()));
        assert_eq!(find_key(&lines, "tag"), None);
    }

    #[test]
    fn the_end_of_a_list_in_brackets_is_found() {
        #[track_caller]
        fn case(text: &str, want: Option<(usize, usize, bool)>) {
            let lines = lines(text);
            assert_eq!(flow_end(&lines, &(0..lines.len())), want, "{text}");
        }
        case("t: [a, b]\n", Some((0, 8, true)));
        case("t: []\n", Some((0, 4, false)));
        case("t: [a, # ]\n  b,\n  ]\n", Some((2, 2, false)));
        case("t: [\"]\", ']']\n", Some((0, 12, true)));
        case("t: [[a], {b: c}]\n", Some((0, 15, true)));
        case("t: [a\n", None);
    }

    #[test]
    fn scalars_are_text_and_numbers_are_numbers_to_every_reader() {
        assert_eq!(scalar("team-a/digits_base.1"), "team-a/digits_base.1");
        for text in ["no", "1.10", "2026-11-23", "a: b", "a #b", "", "-x", "é", "~", "a\nb"] {
            assert!(scalar(text).starts_with('"'), "{text}");
        }
        assert_eq!(
            scalar("a\u{7f}\u{85}\u{2028}\u{feff}\u{ffff}é\u{1f600}"),
            "\"a\\u007f\\u0085\\u2028\\ufeff\\uffffé\u{1f600}\""
        );
        assert_eq!(number(0.955_555_555_555_555_6), "0.9555555555555556");
        assert_eq!(
            (number(1e-20), number(1.5e300), number(3.0)),
            ("1.0e-20".to_owned(), "1.5e+300".to_owned(), "3.0".to_owned())
        );
    }
}
