//! Absolute paths, shares and folders of people.
//!
//! A general rule and no list of roots: every absolute path is private, but for a short list of
//! folders that every machine has.

use super::forms::is_public_as_path;
use super::look::{Text, ends_token, without_marks};
use super::words::has_no_spaces;
use super::{Kind, Part};

/// Folders that every machine has, so that a path in them tells nothing. One with a folder of
/// [`HOMES`] in it does.
const SYSTEM: &[&str] =
    &["usr", "bin", "sbin", "lib", "lib32", "lib64", "etc", "proc", "sys", "boot", "System", "Library", "Applications"];
/// The same for two folders.
const SYSTEM_PAIRS: &[(&str, &str)] = &[
    ("opt", "conda"),
    ("opt", "nvidia"),
    ("opt", "rocm"),
    ("opt", "homebrew"),
    ("dev", "null"),
    ("dev", "stdin"),
    ("dev", "stdout"),
    ("dev", "stderr"),
    ("dev", "zero"),
    ("dev", "random"),
    ("dev", "urandom"),
    ("dev", "tty"),
    ("dev", "fd"),
];
/// Folders of a Windows drive that every machine has.
const SYSTEM_WINDOWS: &[&str] = &["windows", "program files", "program files (x86)", "programdata"];
/// Folders that hold those of people.
pub(super) const HOMES: &[&str] = &["home", "homes", "users", "user", "people", "u", "export", "profiles"];
/// Folders right below the root that hold those of people, so that what follows is one wherever the
/// path begins.
const HOME_ROOTS: &[&str] = &["home", "homes", "Users", "Documents and Settings"];
/// The longest path in quotes that is taken up to the closing quote, in bytes.
const QUOTED: usize = 1024;
/// How far a path with blanks in it is followed to its next separator, in bytes.
const BLANKS: usize = 64;

/// Whether a folder holds those of people.
pub(super) fn is_home(folder: &str) -> bool {
    HOMES.contains(&&*folder.to_lowercase())
}

/// Adds paths, but for those in the ranges that addresses cover.
pub(super) fn find(text: &Text<'_>, covered: &[(usize, usize)], found: &mut Vec<Part>) {
    let mut covered = covered.iter().peekable();
    let mut skip_to = 0;
    let mut previous = None;
    for (at, letter) in text.whole().char_indices() {
        while covered.next_if(|(_, end)| *end <= at).is_some() {}
        let is_covered = covered.peek().is_some_and(|(start, _)| *start <= at);
        if at >= skip_to && !is_covered {
            match path_at(text, at, letter, previous) {
                Path::Private(part) => {
                    skip_to = part.end;
                    found.push(part);
                }
                Path::Public(end) => skip_to = end,
                Path::None => {}
            }
        }
        previous = Some(letter);
    }
}

enum Path {
    Private(Part),
    Public(usize),
    None,
}

fn private(start: usize, end: usize) -> Path {
    Path::Private(Part { start, end, kind: Kind::Path })
}

/// What may stand before a path that begins with a letter, a tilde or a backslash.
fn begins(previous: Option<char>) -> bool {
    previous.is_none_or(|letter| has_no_spaces(letter) || !letter.is_alphanumeric() && !"/.~_-$%\\".contains(letter))
}

fn path_at(text: &Text<'_>, at: usize, letter: char, previous: Option<char>) -> Path {
    match letter {
        '/' => unix_path(text, at, previous),
        '\\' if begins(previous) || is_after_line(text, at) => share(text, at, previous),
        '~' if begins(previous) => folder_of_user(text, at, previous),
        letter if letter.is_ascii_alphabetic() && begins(previous) => drive(text, at, previous),
        _ => Path::None,
    }
}

/// Whether a written-out end of a line stands before a place: `\n`.
fn is_after_line(text: &Text<'_>, at: usize) -> bool {
    at >= 2 && ["\\n", "\\t", "\\r"].iter().any(|sign| text.has(at - 2, sign))
}

/// `/lustre/proj/x`, `//server/share`, `node17:/export/x`, `-I/home/ada/include`
fn unix_path(text: &Text<'_>, at: usize, previous: Option<char>) -> Path {
    let is_flag = || {
        let start = text.back_while(at, char::is_alphanumeric);
        at - start == 1 && text.before(start) == Some('-') && text.before(start - 1).is_none_or(char::is_whitespace)
    };
    let is_boundary = previous
        .is_none_or(|letter| has_no_spaces(letter) || !letter.is_alphanumeric() && !"/.~_-$\\<%*})]".contains(letter));
    if !is_boundary && !is_flag() && !is_home_of(text, at, previous) && !is_after_sign(text, at, previous) {
        return Path::None;
    }
    if is_digit_of_base64(text, at, previous) {
        return Path::None;
    }
    let Some(next) = text.after(at + 1) else { return Path::None };
    let is_share = next == '/';
    if is_share {
        let server_end = text.run(at + 2, |letter| letter.is_alphanumeric() || "._-$".contains(letter));
        let is_one = text.slice(at + 2, server_end).chars().count() >= 2
            && text.after(server_end) == Some('/')
            && text.after(server_end + 1).is_some_and(char::is_alphanumeric);
        if previous == Some(':') || !is_one {
            return Path::None;
        }
    } else if !(next.is_alphanumeric() || "._~$@%+-{".contains(next)) {
        return Path::None;
    }
    let mut start = at;
    if previous == Some(':') {
        let from = text.back_while(at - 1, |letter| letter.is_alphanumeric() || "+.@_-".contains(letter));
        let head = text.slice(from, at - 1);
        if is_public_as_path(&head.to_ascii_lowercase()) && home_after(text, at + 1).is_none() {
            return Path::Public(text.token_end(at));
        }
        // `node17:/export` and `ada@node:/data` name a machine too.
        if head.contains(['@', '.'])
            || (head.contains(|c: char| c.is_ascii_digit()) && head.contains(char::is_alphabetic))
        {
            start = from;
        }
    }
    // Before the whole path is looked at: `,/1,/1,/1` is one word with many beginnings.
    let mut first_from = if is_share { at + 2 } else { at + 1 };
    // `/./home`
    while let Some(step) = ["./", "../"].iter().find(|step| text.has(first_from, step)) {
        first_from += step.len();
    }
    let first_end = text.run(first_from, |letter| letter != '/' && letter != '\n');
    if !text.slice(first_from, first_end).contains(char::is_alphabetic) {
        return Path::None;
    }
    let end = path_end(text, at, previous);
    let path = text.slice(at, end);
    let folders: Vec<&str> = path.split('/').filter(|folder| !["", ".", ".."].contains(folder)).collect();
    let Some(first) = folders.first().filter(|first| first.contains(char::is_alphabetic)) else { return Path::None };
    if !is_share && is_system(&folders) {
        return Path::Public(end);
    }
    if folders.len() == 1 && !path.ends_with('/') {
        // `and /or` is not a folder; the whole of a value, or of what is in quotes, is one.
        let is_value = previous.is_none_or(|letter| "\"'`=“‘(".contains(letter))
            && text.after(end).is_none_or(|letter| ends_token(letter) || letter == ')');
        if !is_value || first.chars().count() < 2 {
            return Path::None;
        }
    }
    private(start, end)
}

/// Whether a slash is a digit of base64: within a word after a plus sign, or the beginning of a word
/// with the length of keys and signatures, with padding or as a fingerprint. Each word is looked
/// through once, since no other slash in it stands where a path may begin.
fn is_digit_of_base64(text: &Text<'_>, at: usize, previous: Option<char>) -> bool {
    if home_after(text, at + 1).is_some() {
        return false;
    }
    let start = if previous == Some('+') { at - 1 } else { at };
    if start < at && text.before(start).is_some_and(is_of_base64) {
        return true;
    }
    let end = text.run(start, is_of_base64);
    let padded = text.run_within(end, 2, |letter| letter == '=');
    let length = padded - start;
    let has_padding = padded > end && length >= 40 && length.is_multiple_of(4);
    has_padding || is_fingerprint(text, start)
}

fn is_of_base64(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "+/".contains(letter)
}

/// Whether the fingerprint of a key begins at a place, behind `SHA256:`.
pub(super) fn is_fingerprint(text: &Text<'_>, start: usize) -> bool {
    /// Digits of base64 for 32 bytes, without padding.
    const DIGITS: usize = 43;
    let is_marked = start.checked_sub(7).is_some_and(|head| text.has(head, "SHA256:"));
    is_marked && text.run_within(start, DIGITS + 1, is_of_base64) == start + DIGITS
}

/// Where the name begins of whoever has a folder at a place: `home/ada`, `Users\ada`.
fn home_after(text: &Text<'_>, at: usize) -> Option<usize> {
    let root = HOME_ROOTS.iter().find(|root| text.has(at, root))?;
    let end = at + root.len();
    let name = text.run_within(end, 4, |letter| "/\\".contains(letter));
    (name > end && text.after(name).is_some_and(|letter| letter.is_alphanumeric() || "_@%$".contains(letter)))
        .then_some(name)
}

/// A home folder after what is mostly no beginning: `*/home/ada*`, `</home/ada>`,
/// `../../home/ada/x`.
fn is_home_of(text: &Text<'_>, at: usize, previous: Option<char>) -> bool {
    let Some(name) = home_after(text, at + 1) else { return false };
    match previous {
        Some('*' | '<' | ')' | ']' | '}') => true,
        Some('.') => {
            let end = text.run_within(name, 64, |letter| letter.is_alphanumeric() || "._-".contains(letter));
            text.before(at - 1) == Some('.') && text.after(end) == Some('/')
        }
        _ => false,
    }
}

/// Whether what stands before a path is a sign of the text around it: `${DATA:-/scratch/x}`, a line
/// that a patch removes, `**/scratch/x**` in Markdown, `</scratch/x>`. A tag of HTML has no more
/// slashes, and in `**/*.py` nothing closes.
fn is_after_sign(text: &Text<'_>, at: usize, previous: Option<char>) -> bool {
    let before = text.before(at.saturating_sub(previous.map_or(0, char::len_utf8)));
    match previous {
        Some('-') => before.is_none_or(|letter| letter == ':' || letter == '\n'),
        Some('<') => {
            let name = text.run_within(at + 1, QUOTED, |letter| letter != '/' && !ends_token(letter));
            text.has(name, "/") && !text.has(name, "/>")
        }
        Some('*') => {
            let end = text.run_within(at, QUOTED, |letter| letter != '*' && !ends_token(letter));
            before == Some('*') && text.has(end, "**") && text.before(end) != Some('/')
        }
        _ => false,
    }
}

fn is_system(folders: &[&str]) -> bool {
    let [first, rest @ ..] = folders else { return false };
    let second = rest.first().copied().unwrap_or_default();
    let listed = SYSTEM.contains(first)
        || SYSTEM_PAIRS.contains(&(*first, second))
        || (*first == "dev" && second.starts_with("nvidia"));
    listed && !folders.iter().any(|folder| is_home(folder))
}

/// `\\server\share`, `\Users\ada`
fn share(text: &Text<'_>, at: usize, previous: Option<char>) -> Path {
    let server = text.run(at, |letter| letter == '\\');
    if server - at < 2 {
        return match home_after(text, server) {
            Some(_) => private(at, path_end(text, at, previous)),
            None => Path::None,
        };
    }
    let server_end = text.run(server, |letter| letter.is_alphanumeric() || "._-$?".contains(letter));
    let name = text.slice(server, server_end);
    let then = text.run(server_end, |letter| letter == '\\');
    let is_one = (name.chars().count() >= 2 || name == "?" || name == ".")
        && then > server_end
        && text.after(then).is_some_and(|letter| letter.is_alphanumeric() || "$_.".contains(letter));
    // `\\Users\\ada`, as a program writes it.
    if !is_one && home_after(text, server).is_none() {
        return Path::None;
    }
    private(at, path_end(text, at, previous))
}

/// `C:\Users\ada`, `d:/data`
fn drive(text: &Text<'_>, at: usize, previous: Option<char>) -> Path {
    if text.after(at + 1) != Some(':') {
        return Path::None;
    }
    let folder = text.run(at + 2, |letter| "\\/".contains(letter));
    let fits = |letter: char| letter.is_alphanumeric() || "_.~$%".contains(letter);
    if folder == at + 2 || !text.after(folder).is_some_and(fits) {
        return Path::None;
    }
    let lower = text.slice(folder, text.run_within(folder, 32, |_| true)).to_lowercase();
    let known =
        SYSTEM_WINDOWS.iter().any(|known| lower.strip_prefix(known).is_some_and(|rest| rest.starts_with(['\\', '/'])));
    let end = path_end(text, at, previous);
    if known { Path::Public(end) } else { private(at, end) }
}

/// `~ada/data`
fn folder_of_user(text: &Text<'_>, at: usize, previous: Option<char>) -> Path {
    let end = text.run(at + 1, |letter| letter.is_alphanumeric() || "._-".contains(letter));
    let then = text.after(end);
    let is_name = text.after(at + 1).is_some_and(|letter| letter.is_alphabetic() || letter == '_');
    let is_value = previous.is_none_or(|letter| "=\"'".contains(letter)) && then.is_none_or(ends_token);
    if is_name && (then.is_some_and(|letter| "/\\".contains(letter)) || is_value) {
        return private(at, path_end(text, at, previous));
    }
    Path::None
}

/// Where a path ends. One in quotes ends with them; otherwise spaces belong to it where what
/// follows looks like more of it.
fn path_end(text: &Text<'_>, at: usize, previous: Option<char>) -> usize {
    let close = match previous {
        Some('"') => Some('"'),
        Some('\'') => Some('\''),
        Some('`') => Some('`'),
        Some('“') => Some('”'),
        Some('‘') => Some('’'),
        _ => None,
    };
    if let Some(end) = close.and_then(|close| text.sign_within(at, QUOTED, close)) {
        return at + text.slice(at, end).trim_end_matches('\\').len();
    }
    let (is_drive, is_posix) = (text.after(at + 1) == Some(':'), matches!(text.after(at), Some('/' | '~')));
    // In a list like `/a/b:/c/d`, and in `/a/b.py:12`, a colon ends the path; in `/data/12:00/ada`
    // it does not.
    let from = if is_drive { at + 2 } else { at };
    let mut stop = from;
    loop {
        stop = text.run(stop, |letter| letter != ':' && !ends_token(letter));
        let is_more = match text.after(stop) {
            Some(':') => text.after(stop + 1) != Some('/'),
            // `/data/my\ files`, as a shell writes it.
            Some(' ') => {
                is_posix && text.before(stop) == Some('\\') && text.after(stop + 1).is_some_and(char::is_alphanumeric)
            }
            _ => false,
        };
        if !is_more {
            break;
        }
        stop += 1;
    }
    let token = without_marks(text.slice(at, stop));
    let mut end = at + token.len();
    if let Some(colon) = token.rfind(':').filter(|colon| at + *colon >= from) {
        let behind = token.rfind(['/', '\\']).is_none_or(|slash| slash < colon);
        let is_line =
            token.get(colon + 1..).is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b':'));
        if behind && is_line {
            end = at + colon;
        }
    }
    let separator = match text.after(at + 2).filter(|_| is_drive) {
        Some(separator) => separator,
        None => text.after(at).filter(|first| *first == '\\').unwrap_or('/'),
    };
    let mut last = token.rfind(['/', '\\', ' ']).map_or(at, |slash| at + slash + 1);
    while text.after(end) == Some(' ') {
        let last_word = text.slice(last, end);
        if last_word.is_empty() || last_word.contains('.') {
            break;
        }
        if let Some(more) = blanks_end(text, end, separator) {
            last = text.slice(end, more).rfind(['/', '\\']).map_or(end + 1, |slash| end + slash + 1);
            end = more;
            continue;
        }
        let word = text.slice(end + 1, text.word_end(end + 1));
        let more = word.find(['/', '\\']).is_some_and(|slash| slash > 0) && !word.contains(':');
        let is_name = word.starts_with(char::is_uppercase);
        if !(more || is_name) || !word.starts_with(char::is_alphanumeric) || word.ends_with([',', ':']) {
            break;
        }
        last = end + 1 + word.rfind(['/', '\\']).map_or(0, |slash| slash + 1);
        end = text.token_end(end + 1);
        last = last.min(end);
    }
    end
}

/// Where a path goes on behind blanks to: `C:\Users\u\OneDrive - Firm GmbH\x`,
/// `/home/u/proj (ada)/x`.
fn blanks_end(text: &Text<'_>, blank: usize, separator: char) -> Option<usize> {
    let fits = |letter: char| letter.is_alphanumeric() || " -_()&+.'~#@!{}[]".contains(letter);
    let stop = text.run_within(blank, BLANKS, |letter| letter != separator && fits(letter));
    let words = text.slice(blank, stop);
    let is_open = words.matches('(').count() != words.matches(')').count();
    if text.after(stop) != Some(separator) || words.ends_with(' ') || words.contains("  ") || is_open {
        return None;
    }
    // `-o` is an argument.
    let is_argument = words.split(' ').any(|word| word.starts_with('-') && word.len() > 1);
    if is_argument {
        return None;
    }
    let sign = words.trim_start().starts_with(['-', '&', '(', '[', '+', '#', '{']);
    (separator == '\\' || sign).then(|| text.token_end(stop))
}
