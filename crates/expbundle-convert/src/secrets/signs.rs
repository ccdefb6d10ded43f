//! Passwords without quotes that have signs in them, which end a value elsewhere.

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::settings::{self, Class, Setting};
use super::{Found, compiled};

/// How far before a name its line is looked at, in bytes.
const BEFORE: usize = 256;
/// How far behind a value more of it is looked for, in bytes. Without an end, each name of a text
/// without blanks would look at all that follows.
const BEHIND: usize = 1024;

/// How many bytes of a password follow that end a value elsewhere: `a&bx9;kQ2,7`, but `a&ssl=true`.
///
/// They count where no program is read: behind a variable of a shell, in the first setting of its
/// line, behind an option, in a connection string.
pub(super) fn after(text: &[u8], name: usize, value: Range<usize>, is_variable: bool) -> usize {
    /// The next setting of a query, of a connection string or of a call; the next command.
    static NEXT: LazyLock<Regex> =
        LazyLock::new(|| compiled(r"^(?:[;&,|]+[A-Za-z_][\w .\-]{0,40}=|&&|\|\||[;|&][A-Za-z./]+[ \t])"));
    let rest = text.get(value.end..text.len().min(value.end + BEHIND)).unwrap_or_default();
    // A file of variables has no other quotes and brackets than those of a value.
    let is_line = is_variable && begins_line(text, name);
    let is_inside = |byte: &u8| !byte.is_ascii_whitespace() && (is_line || !b"\"'`".contains(byte));
    let length = rest.iter().take_while(|byte| is_inside(byte)).count();
    let chunk = rest.get(..length).unwrap_or_default();
    // `load(…)`, `keys[0]`, `<br>`
    let is_tag = chunk.starts_with(b"<") && chunk.iter().any(|byte| b"/>".contains(byte));
    // `get_password()` is a call there, too.
    let is_call = chunk.first().is_some_and(|first| b"([".contains(first))
        && chunk.last().is_some_and(|last| b")]".contains(last));
    let is_bracket = |first: &u8| b"([{)]}".contains(first) && (is_call || !is_line);
    if is_tag || chunk.first().is_none_or(is_bracket) || !is_said(text, name, is_variable) {
        return 0;
    }
    let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let ends_here = |at: usize| line.get(at..).is_some_and(|rest| NEXT.is_match(rest.get(..64).unwrap_or(rest)));
    let mut signs = chunk.iter().enumerate().filter(|(_, byte)| b";&,|".contains(byte));
    let end = signs.find(|(at, _)| ends_here(*at)).map_or(length, |(at, _)| at);
    let chunk = chunk.get(..end).unwrap_or_default();
    // A mark of the text around it, and what closes a bracket there.
    let marks = chunk.iter().rev().take_while(|byte| b",;)]}.\\".contains(byte)).count();
    let chunk = chunk.get(..end - marks).unwrap_or_default();
    let whole = text.get(value.start..value.end + chunk.len()).unwrap_or_default();
    // `password=pw,host` may be two arguments of a call.
    let is_of_names = |byte: &u8| byte.is_ascii_lowercase() || b"_.,".contains(byte);
    if chunk.is_empty() || !is_variable && whole.iter().all(is_of_names) { 0 } else { chunk.len() }
}

/// Whether what stands at a name is said by a shell, a file of settings, an option or a log, and
/// not by a program.
fn is_said(text: &[u8], name: usize, is_variable: bool) -> bool {
    let before = text.get(name.saturating_sub(BEFORE)..name).unwrap_or_default();
    let line = before.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |sign: u8| memchr::memchr_iter(sign, line).count();
    let is_call = count(b'(') > count(b')');
    let is_apart = line.last().is_none_or(|byte| b" \t;-&?+\"'[|".contains(byte));
    is_variable || !is_call && is_apart
}

/// Whether a variable is the first word of its line, as in files of settings.
fn begins_line(text: &[u8], name: usize) -> bool {
    let before = text.get(name.saturating_sub(BEFORE)..name).unwrap_or_default();
    let line = before.rsplit(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii();
    [b"".as_slice(), b"export", b"set", b"-", b"%env", b"+"].contains(&line)
}

/// `PWD={…}`, as ODBC has passwords with signs in them: what closes the braces stands twice there.
pub(super) fn in_braces(text: &[u8], found: &mut Vec<Found>) {
    static BRACES: LazyLock<Regex> =
        LazyLock::new(|| compiled(r"(?i)\b(?:pwd|password)[ \t]*=[ \t]*\{((?:[^{}\r\n]|\}\})+)\}"));
    for captures in BRACES.captures_iter(text) {
        let Some(value) = captures.get(1) else { continue };
        let password = String::from_utf8_lossy(value.as_bytes());
        // `{password}` and `{cfg["db"].password}` are names of a program.
        let has = |kind: fn(char) -> bool| password.contains(kind);
        let is_drawn =
            has(|c| c.is_ascii_digit()) && has(|c| c.is_ascii_lowercase()) && has(|c| c.is_ascii_uppercase());
        let is_name = password.chars().all(|c| c.is_ascii_alphanumeric() || "_.".contains(c));
        let is_index = password.contains(['[', '(', '"', '\'']) && !is_drawn;
        let is_secret = settings::is_secret(Class::Password, &password, Setting::Quoted);
        if is_secret && !is_index && (!is_name || is_drawn || settings::is_random(&password)) {
            found.push(Found { kind: Class::Password.kind(), range: value.range() });
        }
    }
}
