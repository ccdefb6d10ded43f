//! A JSON object of any size, piece by piece: its members, and the items of one list, each as text.
//!
//! A history may have millions of items, and a file may be cut or damaged anywhere: what is whole is
//! given, and after a damaged item the next one is looked for.

use std::io::{self, BufRead};

use super::scanner::{Scanner, Value};

/// A longer value is not kept.
pub(super) const MOST_VALUE_BYTES: usize = 16 << 20;

/// A part of the object.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Member(&'a str, &'a str),
    Item(&'a str),
    /// Damaged, in words.
    Damaged(String),
    /// Too long to be kept, or not UTF-8.
    Unsupported(String),
}

/// How the object ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Whole,
    Cut,
    /// It is not an object.
    None,
}

/// Gives the pieces of an object; the member `list` is given item by item.
pub(super) fn read(input: &mut dyn BufRead, list: &str, take: &mut dyn FnMut(Piece<'_>)) -> io::Result<End> {
    let mut scanner = Scanner::new(input);
    if scanner.after_space()? != Some(b'{') {
        return Ok(End::None);
    }
    scanner.next()?;
    let mut text = Vec::new();
    loop {
        match scanner.after_space()? {
            Some(b'}') => return Ok(End::Whole),
            Some(b',') => {
                scanner.next()?;
                continue;
            }
            Some(b'"') => {}
            Some(_) => {
                take(Piece::Damaged(format!("a name is missing at byte {}", scanner.offset)));
                if !scanner.skip_to(b'"')? {
                    return Ok(End::Cut);
                }
            }
            None => return Ok(End::Cut),
        }
        if scanner.value(&mut text)? != Value::Whole {
            return Ok(End::Cut);
        }
        let name =
            serde_json::from_slice::<String>(&text).unwrap_or_else(|_| String::from_utf8_lossy(&text).into_owned());
        match scanner.after_space()? {
            Some(b':') => {}
            Some(_) => {
                take(Piece::Damaged(format!("`{name}` has no value, at byte {}", scanner.offset)));
                continue;
            }
            None => return Ok(End::Cut),
        }
        scanner.next()?;
        if name == list && scanner.after_space()? == Some(b'[') {
            scanner.next()?;
            if !scanner.items(take)? {
                return Ok(End::Cut);
            }
            continue;
        }
        match scanner.value(&mut text)? {
            Value::Whole => give(&text, take, |text| Piece::Member(&name, text)),
            Value::Broken => take(Piece::Damaged(format!("the value of `{name}` has a wrong bracket"))),
            Value::Cut => return Ok(End::Cut),
        }
    }
}

pub(super) fn give<'t>(text: &'t [u8], take: &mut dyn FnMut(Piece<'_>), piece: impl FnOnce(&'t str) -> Piece<'t>) {
    match str::from_utf8(text) {
        _ if text.len() > MOST_VALUE_BYTES => {
            take(Piece::Unsupported("a value has more than 16 MiB and is not read".to_owned()));
        }
        Ok(text) => take(piece(text)),
        Err(_) => take(Piece::Unsupported("a value is not UTF-8".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> (Vec<String>, End) {
        let mut found = Vec::new();
        let end = read(&mut text.as_bytes(), "rows", &mut |piece| {
            found.push(match piece {
                Piece::Member(name, value) => format!("{name}={value}"),
                Piece::Item(item) => item.to_owned(),
                Piece::Damaged(_) => "damaged".to_owned(),
                Piece::Unsupported(_) => "unsupported".to_owned(),
            });
        });
        (found, end.expect("memory"))
    }

    #[test]
    fn members_and_items_are_told_apart() {
        let (found, end) = pieces(r#" {"a": [1, {"b": "}\"]"}], "rows": [{"c": NaN}, {}], "d": null, "e":"x"} "#);
        assert_eq!(found, [r#"a=[1, {"b": "}\"]"}]"#, r#"{"c": NaN}"#, "{}", "d=null", "e=\"x\""]);
        assert_eq!(end, End::Whole);
        assert_eq!(pieces("[1]").1, End::None);
        assert_eq!(pieces("").1, End::None);
        // A number that goes to the end of the file may go on.
        assert_eq!(pieces(r#"{"a": 1"#), (Vec::new(), End::Cut));
    }

    #[test]
    fn a_damaged_item_costs_only_itself() {
        let text = "{\n  \"rows\": [\n    {\"a\": 1},\n    {\"a\": 2},\n    {\"a\": 3}\n  ],\n  \"z\": 1\n}";
        let whole = pieces(text).0;
        for at in text.find("{\"a\": 2").expect("there")..text.find(",\n    {\"a\": 3").expect("there") {
            for byte in ["x", "\"", "{", "}", "[", ",", " "] {
                let mut damaged = text.to_owned();
                damaged.replace_range(at..=at, byte);
                let found = pieces(&damaged).0;
                for one in [&whole[0], &whole[2], &whole[3]] {
                    assert!(found.contains(one), "{one} of {damaged}: {found:?}");
                }
            }
        }
    }

    #[test]
    fn every_truncation_keeps_what_came_before() {
        let text = "{\"a\": 1, \"rows\": [{\"b\": 2}, {\"b\": \"\\\\\"}], \"c\": {}}";
        for length in 1..text.len() {
            let (found, end) = pieces(&text[..length]);
            assert_eq!(end, End::Cut, "{length}");
            assert!(pieces(text).0.starts_with(&found) || found.last().is_some_and(|last| last.starts_with("a=")));
        }
    }
}
