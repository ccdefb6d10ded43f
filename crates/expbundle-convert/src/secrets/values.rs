//! Values that do not follow their name at once: the default of an argument, of a field or of a
//! variable, and what an expression falls back on.

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::settings::{self, Class};
use super::text::NAME;
use super::{Found, compiled};

/// How far behind its name a value may stand, in bytes: a call of `add_argument` with a long help
/// text.
const REACH: usize = 800;

/// Words after which a literal is the value: `default="…"`, `os.getenv("A") or "…"`,
/// `a if b else "…"`.
const INSTEAD: &[&str] = &[
    "default",
    "default_value",
    "default_factory",
    "defaultvalue",
    "fallback",
    "value",
    "initial",
    "or",
    "else",
    "lambda",
    "defaults",
    "nvl",
    "coalesce",
];

/// Calls that only wrap a value: `SecretStr("…")`, `Field("…")`, `typer.Option("…")`,
/// `default('…')`.
const WRAPPERS: &[&str] = &[
    "secretstr",
    "secretbytes",
    "secret",
    "field",
    "option",
    "argument",
    "str",
    "string",
    "default",
    "literal",
    "quote",
    "sensitive",
    "nonsensitive",
    "bytes",
    "parameter",
    "param",
    "ifnull",
    "coalesce",
];

/// Finds the values of telling names that stand further behind.
pub fn defaults(text: &[u8], found: &mut Vec<Found>) {
    static NAMES: LazyLock<Regex> = LazyLock::new(|| compiled(&format!("(?i){}", *NAME)));
    for name in NAMES.find_iter(text) {
        let Some(class) = settings::class_of(&String::from_utf8_lossy(name.as_bytes())) else { continue };
        let end = text.len().min(name.end() + REACH);
        let rest = text.get(name.end()..end).unwrap_or_default();
        for range in candidates(rest, class) {
            found.push(Found { kind: class.kind(), range: range.start + name.end()..range.end + name.end() });
        }
    }
}

/// A token of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    Word(&'a [u8]),
    /// What stands in quotes, and where.
    Literal(&'a [u8], usize),
    Sign(u8),
    Newline,
}

struct Tokens<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let rest = self.text.get(self.at..)?;
            let first = *rest.first()?;
            let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80;
            match first {
                b' ' | b'\t' | b'\r' => self.at += 1,
                // Lines that go on.
                b'\\' if rest.get(1) == Some(&b'\n') => self.at += 2,
                b'\n' => {
                    self.at += 1;
                    return Some(Token::Newline);
                }
                b'"' | b'\'' | b'`' => {
                    let triple = [first; 3];
                    let quote: &[u8] = if rest.starts_with(&triple) { &triple } else { triple.get(..1)? };
                    let inner = rest.get(quote.len()..)?;
                    let Some(close) = memchr::memmem::find(inner, quote) else {
                        self.at += 1;
                        return Some(Token::Sign(first));
                    };
                    let start = self.at + quote.len();
                    self.at = start + close + quote.len();
                    return Some(Token::Literal(inner.get(..close)?, start));
                }
                byte if is_word(&byte) => {
                    let length = rest.iter().take_while(|byte| is_word(byte)).count();
                    self.at += length;
                    return Some(Token::Word(rest.get(..length)?));
                }
                _ => {
                    self.at += 1;
                    return Some(Token::Sign(first));
                }
            }
        }
    }
}

/// The values behind a name, given the text after it.
fn candidates(rest: &[u8], class: Class) -> Vec<Range<usize>> {
    let quotes = rest.iter().take_while(|byte| b"\\\"'])`*".contains(byte)).count();
    let is_quoted = rest.iter().take(quotes).any(|byte| b"\"'".contains(byte));
    let after = rest.get(quotes..).unwrap_or_default();
    let blank = after.iter().take_while(|byte| b" \t".contains(byte)).count();
    let sign = after.get(blank..).unwrap_or_default();
    let is_closed = rest.iter().take(quotes).any(|byte| b"])".contains(byte));
    if is_quoted && !is_closed && (sign.starts_with(b",") || sign.starts_with(b"{")) {
        // An argument of a call, whose default is in the same call, or `variable "db_password" {`.
        return expression(rest, quotes + blank + 1, class, Whole::Call);
    }
    if let Some(range) = instead(rest, class) {
        return vec![range];
    }
    let Some(length) = assignment(sign) else { return Vec::new() };
    expression(rest, quotes + blank + length, class, Whole::Value)
}

/// What an expression that only asks for a name falls back on: `os.getenv("NAME") or "…"`,
/// `process.env.NAME || "…"`, `NAME.unwrap_or("…")`.
fn instead(rest: &[u8], class: Class) -> Option<Range<usize>> {
    static INSTEAD: LazyLock<Regex> = LazyLock::new(|| {
        compiled(concat!(
            r#"^([\\"'`\])}?!]{0,6})[ \t]*(?:\)[ \t]*)?(?:\bor\b|\|\||\?\?=?|\?:|\|\|=|\bif\b[^\r\n"'`]{0,80}\belse\b"#,
            r#"|[ \t\r\n]{0,80}\.[a-z_A-Z]{0,20}(?:[oO]r|[oO]r_?[eE]lse|default)\()[ \t]*(?:\|\w?\|[ \t]*|\(\)[ \t]*=>[ \t]*|\(\)[ \t]*->[ \t]*|lambda:?[ \t]*)?"#,
            r#"(?:[A-Za-z_.:]{0,24}\([ \t]*)?[brfu]{0,2}\\*["'`]([^"'`\\\s]{4,256})\\*["'`](.{0,12})"#
        ))
    });
    let captures = INSTEAD.captures(rest)?;
    let value = captures.get(2)?;
    let text = String::from_utf8_lossy(value.as_bytes());
    // `if api_key or "live" in mode`
    let after = captures.get(3).map(|after| after.as_bytes().trim_ascii_start()).unwrap_or_default();
    let is_compared = [b"in ".as_slice(), b"not ", b"==", b"!=", b"is "].iter().any(|sign| after.starts_with(sign));
    // Without the end of a call or of an index, words of a sentence may stand there.
    let is_asked = captures.get(1).is_some_and(|signs| signs.as_bytes().iter().any(|sign| b")]".contains(sign)));
    let has_marks = text.contains(|c: char| !c.is_ascii_alphabetic());
    let holds = !is_compared && (is_asked || has_marks) && settings::is_value(class, &text);
    holds.then(|| value.range())
}

/// How long a sign of assignment with a type before it is: `: str =`, `=`, `:`, `:=`, `=>`, `<-`.
fn assignment(text: &[u8]) -> Option<usize> {
    static SIGN: LazyLock<Regex> = LazyLock::new(|| {
        compiled(r"^(?::[ \t]*[A-Za-z_][\w\[\]|, .&<>']{0,60}?[ \t]*=|&?str[ \t]*=|:=|\?=|=>|<-|=|:)[ \t]*")
    });
    SIGN.find(text).map(|found| found.end())
}

/// What an expression is the value of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whole {
    /// The name: any of its literals may be the value.
    Value,
    /// The call that the name is an argument of: only what is said to be the default is.
    Call,
}

fn expression(rest: &[u8], start: usize, class: Class, whole: Whole) -> Vec<Range<usize>> {
    let text = rest.get(start..).unwrap_or_default();
    let mut found = Vec::new();
    let mut take = |literal: &[u8], at: usize, is_value: bool| {
        let value = String::from_utf8_lossy(literal);
        let holds = if is_value { settings::is_value(class, &value) } else { settings::is_drawn(class, &value) };
        if holds {
            found.push(start + at..start + at + literal.len());
        }
    };
    // `"{{ lookup('env', 'A') | default('…') }}"`, `"${A:-…}"`
    let quotes = text.iter().take_while(|byte| b"\"'fr".contains(byte)).count().min(4);
    let inner = text.get(quotes..).unwrap_or_default();
    let is_template = [b"{{".as_slice(), b"${", b"$(", b"%{", b"<%"].iter().any(|open| inner.starts_with(open));
    let skip = if is_template { quotes } else { 0 };
    if inner.starts_with(b"${") {
        for (value, at) in substitutes(inner) {
            take(value, at + quotes, true);
        }
    }
    let mut depth: i32 = i32::from(whole == Whole::Call);
    let (mut last, mut word, mut key): (Option<Token<'_>>, &[u8], &[u8]) = (None, b"", b"");
    let is_list = whole == Whole::Value && text.trim_ascii_start().starts_with(b"[");
    let mut tokens = Tokens { text, at: skip };
    while let Some(token) = tokens.next() {
        match token {
            Token::Sign(b'(' | b'[' | b'{') => depth += 1,
            Token::Sign(b')' | b']' | b'}') => {
                depth -= 1;
                key = b"";
                if depth < i32::from(whole == Whole::Call) {
                    break;
                }
            }
            Token::Sign(b'=' | b':') => {
                if let Some(Token::Word(name) | Token::Literal(name, _)) = last {
                    key = name;
                }
            }
            Token::Sign(b',' | b';') | Token::Newline if depth == 0 => break,
            Token::Sign(b',') => key = b"",
            Token::Newline => {
                key = b"";
                continue;
            }
            Token::Literal(literal, at) => {
                // In JSON in JSON, the quote at the end has them before it.
                let escapes = literal.iter().rev().take_while(|byte| **byte == b'\\').count();
                let literal = literal.get(..literal.len() - escapes).unwrap_or_default();
                let is_default = is_one_of(key, INSTEAD);
                let is_named = !key.is_empty() && !is_default;
                let is_wrapped = last == Some(Token::Sign(b'(')) && (word.is_empty() || is_one_of(word, WRAPPERS));
                let is_instead = match last {
                    Some(Token::Word(word)) => is_one_of(word, INSTEAD),
                    Some(Token::Sign(sign)) => b"|?".contains(&sign),
                    _ => false,
                };
                match whole {
                    Whole::Call if is_default || is_wrapped && !word.is_empty() && depth > 1 => take(literal, at, true),
                    // A literal that follows at once is found by its name.
                    Whole::Value if last.is_some() && !is_named => {
                        take(literal, at, is_default || is_wrapped || is_instead);
                    }
                    _ => {}
                }
            }
            // `[a, b]` in YAML.
            Token::Word(bare) if is_list && key.is_empty() => {
                if let Some(Token::Sign(b'[' | b',')) = last {
                    let at = tokens.at - bare.len();
                    let rest = text.get(at..).unwrap_or_default();
                    let is_end = |byte: &u8| b",]})([{\"'".contains(byte) || byte.is_ascii_whitespace();
                    let item = rest.get(..rest.iter().position(is_end).unwrap_or(rest.len())).unwrap_or_default();
                    take(item, at, false);
                    tokens.at = at + item.len();
                }
            }
            Token::Word(_) | Token::Sign(_) => {}
        }
        if let Token::Word(name) = token {
            word = name;
        }
        last = Some(token);
    }
    found
}

fn is_one_of(word: &[u8], words: &[&str]) -> bool {
    words.iter().any(|one| word.eq_ignore_ascii_case(one.as_bytes()))
}

/// What a shell or a template takes if a variable is not set: `${A:-…}`, `${A:=…}`,
/// `${oc.env:A,…}`. Gives the values and where they are.
fn substitutes(text: &[u8]) -> Vec<(&[u8], usize)> {
    static SUBSTITUTE: LazyLock<Regex> =
        LazyLock::new(|| compiled(r#"\$\{[A-Za-z0-9_.:]{1,128}?(?::?[-=]|,)[ \t]*["']?([^{}$"'\s]{1,256})["']?\}"#));
    let found = SUBSTITUTE.captures_iter(text).filter_map(|captures| captures.get(1));
    found.map(|value| (value.as_bytes(), value.start())).collect()
}
