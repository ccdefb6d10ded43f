//! Names that a text gives as members, variables and arguments: `{"hostname": "node17"}`,
//! `USER=ada`, `--user ada`, `Namespace(user='ada')`.
//!
//! Only where it is plain what the value is: in prose and in code, `user: what is this` and
//! `host=args.host` name nobody.

use super::learn::{is_name, kind_of_key, names_no_one};
use super::look::{Text, ends_token};
use super::{Kind, Part};

/// Longer names of members, and longer values, are none of people and machines, in bytes.
const LONGEST: usize = 128;
/// Longer lists of them are none, in bytes.
const LONGEST_LIST: usize = 1 << 16;
/// The most values of a list that are looked at.
const MOST_VALUES: usize = 1 << 14;
/// The most blanks or backslashes between a name and its value.
const BETWEEN: usize = 8;
/// Before a dot, these are things of a program: `host=args.host`.
const CODE: &[&str] = &[
    "args", "arg", "self", "cls", "cfg", "conf", "config", "os", "opt", "opts", "options", "settings", "env", "sys",
    "socket", "params", "hparams", "flags", "FLAGS", "run", "request", "process", "this", "ctx", "context", "np",
    "torch",
];

/// What programs write before a name, of which kind it is, and what follows it.
const SAID: &[(&str, Kind, &str)] = &[
    ("logged in as: ", Kind::Person, ""),
    ("srun: error: ", Kind::Host, ": "),
    (" ON ", Kind::Host, " CANCELLED"),
    // `os.uname_result(…)`, `uname_result(…)` of `platform`
    (", nodename='", Kind::Host, "', release='"),
    (", node='", Kind::Host, "', release='"),
];

/// What stands around a place, as far as it tells code from values.
#[derive(Clone, Copy, Default)]
struct Around {
    round: usize,
    square: usize,
    /// Whether all of the text is settings.
    is_settings: bool,
}

/// Adds the values of members that name people and machines.
pub(super) fn find(text: &Text<'_>, found: &mut Vec<Part>) {
    let is_settings = is_settings(text.whole());
    let mut around = Around { is_settings, ..Around::default() };
    said(text, found);
    let mut start = None;
    let mut skip_to = 0;
    let end = text.whole().len();
    for (at, letter) in text.whole().char_indices().chain([(end, '\n')]) {
        if is_of_name(letter) {
            start.get_or_insert(at);
            continue;
        }
        if let Some(from) = start.take()
            && from >= skip_to
            && at - from <= LONGEST
        {
            let before = found.len();
            member(text, from, at, around, found);
            skip_to = found.get(before..).and_then(<[Part]>::last).map_or(skip_to, |part| part.end);
        }
        match letter {
            '(' => around.round += 1,
            ')' => around.round = around.round.saturating_sub(1),
            '[' => around.square += 1,
            ']' => around.square = around.square.saturating_sub(1),
            '\n' => around = Around { is_settings, ..Around::default() },
            _ => {}
        }
    }
}

/// Whether each line of a text is a setting, a section, a remark or empty: `user = ada` is then no
/// line of a program.
fn is_settings(text: &str) -> bool {
    super::look::count(text.len());
    let is_name = |name: &str| !name.is_empty() && name.chars().all(|letter| is_of_name(letter) || letter == ' ');
    text.contains('=')
        && text.lines().map(str::trim).all(|line| {
            line.is_empty()
                || line.starts_with(['#', ';'])
                || line.starts_with('[') && line.ends_with(']')
                || line.split_once('=').is_some_and(|(name, _)| is_name(name.trim()))
        })
}

/// Names that programs say in a line of their own.
fn said(text: &Text<'_>, found: &mut Vec<Part>) {
    for (before, kind, after) in SAID {
        for (at, _) in text.whole().match_indices(before) {
            let from = at + before.len();
            let end = text.run_within(from, LONGEST, |letter| is_of_name(letter) || "[,]".contains(letter));
            let value = text.slice(from, end).trim_end_matches(['.', ',']);
            let end = from + value.len();
            if text.has(end, after) {
                add(text, *kind, from, end, found);
            }
            // `ada (lovelace-lab)`, the team of W&B
            if *kind == Kind::Person && text.has(end, " (") {
                let close = text.run_within(end + 2, LONGEST, is_of_name);
                if text.after(close) == Some(')') {
                    add(text, *kind, end + 2, close, found);
                }
            }
        }
    }
}

fn is_of_name(letter: char) -> bool {
    letter.is_alphanumeric() || "_-.".contains(letter)
}

/// The values behind a name of a member.
fn member(text: &Text<'_>, start: usize, end: usize, around: Around, found: &mut Vec<Part>) {
    let blank = |letter: char| letter == ' ' || letter == '\t';
    let backslashes = text.run_within(end, BETWEEN, |letter| letter == '\\');
    let quote = text.after(backslashes).filter(|letter| "\"'".contains(*letter));
    let after_name = quote.map_or(end, |_| backslashes + 1);
    // `os.environ["USER"] = "ada"`
    let is_index = quote.is_some() && text.has(after_name, "]");
    let after_name = after_name + usize::from(is_index);
    let sign_at = text.run_within(after_name, BETWEEN, blank);
    let Some(sign) = text.after(sign_at) else { return };
    let is_flag = text.has(start, "-");
    if sign == '>' && quote.is_none() && sign_at == end && text.before(start) == Some('<') {
        return element(text, start, end, found);
    }
    if !(":=".contains(sign) || is_flag) || is_index && sign != '=' {
        return;
    }
    let name = text.slice(start, end);
    let Some(kind) = kind_of_key(name) else { return };
    let Some(value_at) = (match sign {
        // `a::b`, `host:/export`, `x == y`
        ':' | '=' => {
            let next = text.after(sign_at + 1);
            let long = (sign == '=' && next == Some('>')) || (sign == ':' && next == Some('='));
            let from = sign_at + 1 + usize::from(long);
            (long || !next.is_some_and(|next| next == sign || (next == '/' && quote.is_none()))).then_some(from)
        }
        // `'--user', 'ada'`
        ',' if quote.is_some() && around.square > 0 => Some(sign_at + 1),
        _ if quote.is_none() && sign_at > end && is_named_flag(text, start, name) => Some(sign_at),
        _ => None,
    }) else {
        return;
    };
    let value = text.run_within(value_at, BETWEEN, blank);
    if sign == ':' && quote.is_none() && text.after(value).is_some_and(|letter| "\r\n".contains(letter)) {
        return below(text, kind, value, found);
    }
    if let Some((from, to)) = quoted(text, value) {
        add(text, kind, from, to, found);
    } else if text.has(value, "[") || (text.has(value, "(") && quote.is_some()) {
        list(text, kind, value + 1, found);
    } else if sign != ',' && !is_index && (quote.is_none() || ":=".contains(sign)) {
        let quoted = quote.is_some();
        plain(text, kind, &Plain { start, end, sign, sign_at, value, quoted, around }, found);
    }
}

/// `<user>ada</user>`
fn element(text: &Text<'_>, start: usize, end: usize, found: &mut Vec<Part>) {
    let name = text.slice(start, end);
    let Some(kind) = kind_of_key(name) else { return };
    let close = text.run_within(end + 1, LONGEST, |letter| !"<>\n".contains(letter));
    if text.has(close, "</") && text.has(close + 2, name) && text.has(close + 2 + name.len(), ">") {
        add(text, kind, end + 1, close, found);
    }
}

/// `value: ada` on a line of its own below a name, and `desc: …` before it.
fn below(text: &Text<'_>, kind: Kind, line_end: usize, found: &mut Vec<Part>) {
    let mut at = line_end;
    for _ in 0..2 {
        let start = text.run_within(at, BETWEEN, char::is_whitespace);
        let end = text.run_within(start, LONGEST, |letter| letter != '\n' && letter != '\r');
        let line = text.slice(start, end);
        if let Some(value) = line.strip_prefix("value:") {
            let value = value.trim_start();
            let from = end - value.len();
            let value = value.trim_end().trim_matches(['"', '\'']);
            let from = from + usize::from(text.has(from, "\"") || text.has(from, "'"));
            if text.after(end).is_none_or(|letter| "\r\n".contains(letter)) && kind_of_key(value).is_none() {
                add(text, kind, from, from + value.len(), found);
            }
            return;
        }
        if !line.starts_with("desc:") {
            return;
        }
        at = end;
    }
}

/// Whether an argument takes a value: `pip install --user x` does not.
fn is_named_flag(text: &Text<'_>, start: usize, name: &str) -> bool {
    let line = text.back_within(start, 32, |letter| letter != '\n');
    name.starts_with("--") && !text.slice(line, start).contains("install")
}

/// The inside of a string at a place: with another string's backslashes before its quotes, and with
/// a letter like `b` before it.
fn quoted(text: &Text<'_>, at: usize) -> Option<(usize, usize)> {
    let at = if text.after(at).is_some_and(|letter| "bruf".contains(letter)) { at + 1 } else { at };
    let quote_at = text.run_within(at, BETWEEN, |letter| letter == '\\');
    let quote = text.after(quote_at).filter(|letter| "\"'".contains(*letter))?;
    let from = quote_at + 1;
    let end = text.run_within(from, LONGEST_LIST, |letter| letter != quote && letter != '\n');
    let inside = text.slice(from, end).trim_end_matches('\\');
    (text.after(end) == Some(quote)).then_some((from, from + inside.len()))
}

/// `["Ada Lovelace", "Wei Li"]`
fn list(text: &Text<'_>, kind: Kind, from: usize, found: &mut Vec<Part>) {
    let between = |letter: char| letter.is_whitespace() || letter == ',';
    let mut at = text.run_within(from, BETWEEN, between);
    for _ in 0..MOST_VALUES {
        let Some((from, to)) = quoted(text, at) else { return };
        add(text, kind, from, to, found);
        let quote = text.run_within(to, BETWEEN, |letter| letter == '\\');
        at = text.run_within(quote + 1, LONGEST, between);
    }
}

/// A value without quotes.
struct Plain {
    start: usize,
    end: usize,
    sign: char,
    sign_at: usize,
    value: usize,
    quoted: bool,
    around: Around,
}

fn plain(text: &Text<'_>, kind: Kind, at: &Plain, found: &mut Vec<Part>) {
    let name = text.slice(at.start, at.end);
    let fits = |letter: char| !ends_token(letter) && !",;()[]{}&\\=".contains(letter);
    let mut end = text.run_within(at.value, LONGEST, fits);
    // `gpu[07-08]`
    while text.after(end) == Some('[') && end > at.value && kind == Kind::Host {
        let close = text.run_within(end + 1, LONGEST_LIST, |letter| letter.is_ascii_digit() || ",-".contains(letter));
        if text.after(close) != Some(']') {
            return;
        }
        end = text.run_within(close + 1, LONGEST, |letter| fits(letter) || letter == ',');
        if end - at.value > LONGEST_LIST {
            break;
        }
    }
    // `GIT_AUTHOR_NAME=Ada Lovelace`, `author: Ada Lovelace`
    let is_capital = |at: usize| text.after(at).is_some_and(char::is_uppercase);
    if kind == Kind::Person && text.after(end) == Some(' ') && is_capital(at.value) && is_capital(end + 1) {
        end = full_name(text, at.value).unwrap_or(end);
    }
    let then = text.after(end);
    let value = text.slice(at.value, end);
    let value = value.trim_end_matches([',', '.', ':', '!', '?']);
    let end = at.value + value.len();
    let first = value.split('.').next().unwrap_or_default();
    let is_code = (value.contains('.') && CODE.contains(&first)) || kind_of_key(value).is_some() || value.contains('$');
    // `UserId=ada(1000)`, but `host=socket.gethostname()`
    let is_call = then == Some('(') && !text.after(end + 1).is_some_and(|letter| letter.is_ascii_digit());
    if is_code || is_call || value.contains("://") || (value.starts_with('/') && kind == Kind::Host) {
        return;
    }
    let before = text.before(at.start);
    let is_variable =
        !name.starts_with('-') && name.bytes().all(|byte| byte.is_ascii_uppercase() || b"_0123456789".contains(&byte));
    let is_sure = match at.sign {
        _ if name.starts_with("--") => !value.starts_with('-'),
        '=' if is_variable => true,
        '=' => {
            let is_tight = at.sign_at == at.end && at.value == at.sign_at + 1;
            let begins = before
                .is_none_or(|letter| letter.is_whitespace() || letter.is_control() || ";,&?[{|\"'\\".contains(letter));
            let ends = then.is_none_or(|letter| ends_token(letter) || ";&(\\]}".contains(letter))
                || (then == Some(',') && text.after(end + 1).is_some_and(|letter| letter != '\n'));
            let is_line = at.around.is_settings && then.is_none_or(|letter| "\r\n".contains(letter));
            is_line || is_tight && begins && ends && at.around.round == 0
        }
        ':' if !at.quoted => {
            let begins = text.before(text.back_while(at.start, |letter| letter == ' '));
            let then = text.after(text.run_within(end, BETWEEN, |letter| letter == ' '));
            let in_braces =
                begins.is_some_and(|letter| "{,".contains(letter)) && then.is_some_and(|letter| ",}".contains(letter));
            let at_end =
                kind == Kind::Host && then.is_none_or(|letter| letter == '\n' || letter == '\r' || letter == ',');
            // `- author: ada`, alone in its line
            let mark = text.back_within(at.start, BETWEEN, |letter| " -*#+@/;\t".contains(letter));
            let is_line = text.before(mark).is_none_or(|letter| letter == '\n')
                && then.is_none_or(|letter| letter == '\n' || letter == '\r');
            at.value > at.sign_at + 1 && (in_braces || at_end || is_line)
        }
        _ => false,
    };
    if is_sure {
        add(text, kind, at.value, end, found);
        if kind == Kind::Host && then == Some(',') {
            further_hosts(text, end, found);
        }
    }
}

/// The end of a line that is a name of a few words.
fn full_name(text: &Text<'_>, from: usize) -> Option<usize> {
    let end = text.run_within(from, LONGEST, |letter| letter != '\n' && letter != '\r');
    let name = text.slice(from, end).trim_end();
    let is_word = |letter: char| letter.is_alphabetic() || " .'’-".contains(letter);
    (is_name(name) && name.chars().all(is_word)).then_some(from + name.len())
}

/// The hosts behind the first one: `gpu1,gpu2:4`, with nothing but commas between.
fn further_hosts(text: &Text<'_>, first_end: usize, found: &mut Vec<Part>) {
    let fits = |letter: char| letter.is_alphanumeric() || "-_.:".contains(letter);
    let mut at = first_end;
    for _ in 0..MOST_VALUES {
        let end = text.run_within(at + 1, LONGEST, fits);
        // `host=a,port=1` goes on with a name.
        let is_item = text.after(at) == Some(',') && end > at + 1;
        if !is_item || text.after(end).is_some_and(|letter| !ends_token(letter) && !",;\\".contains(letter)) {
            return;
        }
        add(text, Kind::Host, at + 1, end, found);
        at = end;
    }
}

/// Adds a value that can be a name.
fn add(text: &Text<'_>, kind: Kind, from: usize, to: usize, found: &mut Vec<Part>) {
    let value = text.slice(from, to);
    if value.split([',', '&', ';', ' ']).any(|one| one.len() > LONGEST) {
        return;
    }
    // A port is of nobody.
    let digits = value.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let value = match digits.strip_suffix(':').filter(|_| kind == Kind::Host && digits.len() < value.len()) {
        Some(host) if !host.contains(':') => host,
        _ => value,
    };
    let is_one = match kind {
        Kind::Host => {
            let has = |word: &str, kind: fn(char) -> bool| word.chars().any(kind);
            let is_list = |word: &str| has(word, char::is_numeric) && has(word, char::is_alphabetic);
            // `LSB_HOSTS="node17 node18"`
            let is_one = !value.contains(char::is_whitespace) || value.split_whitespace().all(is_list);
            is_one && !value.contains(|letter: char| "{}$<>%*?()|=/".contains(letter))
        }
        _ => value.split([',', '&', ';']).all(|name| is_name(name.trim())),
    };
    if is_one && !names_no_one(value) && value.chars().any(char::is_alphanumeric) {
        found.push(Part { start: from, end: from + value.len(), kind });
    }
}
