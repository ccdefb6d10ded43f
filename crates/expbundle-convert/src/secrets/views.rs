//! Texts as they are read once escapes are taken off: JSON in JSON, notebooks, HTML, addresses in a
//! query, colours of a terminal.
//!
//! Every rule then sees `api_key = "…"`, whether the text has `\"`, `&quot;`, `\u0022` or `%22`,
//! and no rule has to know of any of them.

use std::ops::Range;

use super::{Found, prefixes};

/// How many layers of escapes are taken off: a text in JSON in JSON in a notebook has three.
const LAYERS: usize = 4;
/// The longest tag of HTML that is read, in bytes.
const TAG: usize = 300;

/// A text without one layer of escapes, and where its bytes were.
struct Layer {
    text: Vec<u8>,
    /// In order: from this byte on, the text goes on at that byte of the one before.
    steps: Vec<Step>,
}

#[derive(Clone, Copy)]
struct Step {
    here: usize,
    before: usize,
    /// Whether something was only left out here, so that the byte before is its own.
    is_gap: bool,
}

/// What is found in the text, and in what it is without each layer of escapes that it has; places
/// are those of the text.
pub fn all(text: &[u8], find: impl Fn(&[u8]) -> Vec<Found>) -> Vec<Found> {
    let mut found = find(text);
    let mut layers: Vec<Layer> = Vec::new();
    let mut look = |layers: &[Layer]| {
        for one in layers.last().map(|layer| find(&layer.text)).unwrap_or_default() {
            let range = layers.iter().rev().fold(one.range, |range, layer| layer.before(range));
            found.push(Found { range, ..one });
        }
    };
    for _ in 0..LAYERS {
        if let Some(layer) = unprefixed(innermost(text, &layers)) {
            layers.push(layer);
            look(&layers);
            layers.pop();
        }
        // Letters first, as long as the quotes around a name are there.
        for take_off in [letters, halved] {
            if let Some(layer) = take_off(innermost(text, &layers)) {
                layers.push(layer);
                look(&layers);
            }
        }
        if let Some(layer) = lines_of_literals(innermost(text, &layers)) {
            layers.push(layer);
            look(&layers);
            layers.pop();
        }
        let Some(layer) = peeled(innermost(text, &layers), Quotes::OfJson) else { break };
        layers.push(layer);
        look(&layers);
    }
    found
}

fn innermost<'a>(text: &'a [u8], layers: &'a [Layer]) -> &'a [u8] {
    layers.last().map_or(text, |layer| layer.text.as_slice())
}

impl Layer {
    fn before(&self, range: Range<usize>) -> Range<usize> {
        let upto = |at: usize| self.steps.partition_point(|step| step.here <= at);
        let from = |step: Option<&Step>, at: usize| step.map_or(at, |step| step.before + (at - step.here));
        let start = from(self.steps.get(..upto(range.start)).and_then(<[Step]>::last), range.start);
        let below = self.steps.partition_point(|step| step.here < range.end);
        // The last byte may stand for an escape: then it ends where the escape does.
        let end = match self.steps.get(below) {
            Some(step) if step.here == range.end && !step.is_gap => step.before,
            _ => from(self.steps.get(..below).and_then(<[Step]>::last), range.end),
        };
        start..end.max(start)
    }
}

/// Which quotes become the ends of lines.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quotes {
    /// Those around the strings of JSON: the source of a notebook is a list of its lines.
    OfJson,
    /// Those around the literals of a program too.
    OfPrograms,
}

/// The text without one layer of escapes; nothing if it has none.
fn peeled(text: &[u8], quotes: Quotes) -> Option<Layer> {
    let is_json = text.trim_ascii_start().first().is_some_and(|byte| b"{[\"".contains(byte));
    let ends_line: &[u8] = match quotes {
        Quotes::OfPrograms => b"\"'`",
        Quotes::OfJson if is_json => b"\"",
        Quotes::OfJson => b"",
    };
    let starts = [ends_line, b"\\&%<]\x1b\xc2"].concat();
    rewritten(text, &starts, |_, rest, stands_for| match rest.first()? {
        first if ends_line.contains(first) => Some((1, b"\n")),
        b'\\' => backslash(rest, stands_for),
        b'&' => entity(rest, stands_for),
        b'%' => percent(rest, stands_for),
        // A blank at which no line is broken.
        b'\xc2' if rest.get(1) == Some(&0xa0) => Some((2, b" ")),
        b'\x1b' | b'\xc2' => control(rest),
        b']' => rest.starts_with(b"]]>").then_some((3, b"".as_slice())),
        _ => tag(rest),
    })
}

/// The text without what a log, a patch or a quotation puts before its lines; nothing if there are
/// not two such lines.
fn unprefixed(text: &[u8]) -> Option<Layer> {
    let mut layer = Layer { text: Vec::with_capacity(text.len()), steps: Vec::new() };
    let (mut at, mut count) = (0, 0);
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let length = prefixes::length(line).min(line.len());
        if length > 0 {
            layer.steps.push(Step { here: layer.text.len(), before: at + length, is_gap: true });
            count += 1;
        }
        layer.text.extend_from_slice(line.get(length..).unwrap_or_default());
        at += line.len();
    }
    (count > 1).then_some(layer)
}

/// The lines that a literal of a program has: `'Password:\n…\n'`. Nothing if no literal has
/// several.
fn lines_of_literals(text: &[u8]) -> Option<Layer> {
    memchr::memmem::find(text, b"\\n")?;
    text.iter().find(|byte| b"\"'`".contains(byte))?;
    peeled(text, Quotes::OfPrograms)
}

/// The text with the letters and digits in it that are written as numbers: `p\u0061ssword`. What
/// else is escaped stays.
fn letters(text: &[u8]) -> Option<Layer> {
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80;
    rewritten(text, b"\\&%", |_, rest, stands_for| {
        let (length, bytes) = match rest.first()? {
            // One that is escaped begins no number.
            b'\\' if rest.get(1) == Some(&b'\\') => return Some((2, b"\\\\")),
            b'\\' => backslash(rest, stands_for),
            b'&' => entity(rest, stands_for),
            _ => percent(rest, stands_for),
        }?;
        // `\_` is not a number.
        (length > 2 && bytes.iter().all(is_letter)).then_some((length, bytes))
    })
}

/// The text with one quote for two, where they stand in a quoted text: `'{''password'': ''…''}'` in
/// YAML and SQL, `"{""password"": …"` in CSV. Nothing if there is no such text.
fn halved(text: &[u8]) -> Option<Layer> {
    let is_inside = |at: Option<usize>| {
        let byte = at.and_then(|at| text.get(at));
        byte.is_some_and(|byte| !byte.is_ascii_whitespace() && !b",:;=[](){}|<>\"'\\".contains(byte))
    };
    let mut has_two = false;
    let layer = rewritten(text, b"\"'", |at, rest, _| {
        let quote = *rest.first()?;
        let run = rest.iter().take(4).take_while(|byte| **byte == quote).count();
        let before = at.checked_sub(1);
        let is_first = before.and_then(|before| text.get(before)) != Some(&quote);
        // Of three, one ends the text around.
        let is_double = is_first && (run == 2 || run == 3) && is_inside(before) != is_inside(Some(at + run));
        has_two |= is_double && run == 2;
        is_double.then_some((2, if quote == b'"' { b"\"".as_slice() } else { b"'" }))
    });
    layer.filter(|_| has_two)
}

/// The text with what `read` finds at one of these bytes replaced; nothing if that is the same.
fn rewritten(
    text: &[u8],
    starts: &[u8],
    mut read: impl for<'s> FnMut(usize, &[u8], &'s mut [u8; 4]) -> Escape<'s>,
) -> Option<Layer> {
    let mut layer = Layer { text: Vec::new(), steps: Vec::new() };
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let plain = rest.iter().position(|byte| starts.contains(byte)).unwrap_or(rest.len());
        let (plain_text, rest) = rest.split_at(plain);
        layer.text.extend_from_slice(plain_text);
        at += plain;
        let Some(first) = rest.first() else { break };
        let mut stands_for = [0; 4];
        let Some((length, bytes)) = read(at, rest, &mut stands_for).filter(|(length, _)| *length > 0) else {
            layer.text.push(*first);
            at += 1;
            continue;
        };
        layer.text.extend_from_slice(bytes);
        at += length;
        if bytes.len() != length {
            layer.steps.push(Step { here: layer.text.len(), before: at, is_gap: bytes.is_empty() });
        }
    }
    (layer.text != text).then_some(layer)
}

/// How many bytes an escape has, and what it stands for.
type Escape<'a> = Option<(usize, &'a [u8])>;

fn hex(digits: Option<&[u8]>) -> Option<u32> {
    let digits = std::str::from_utf8(digits?).ok()?;
    // `from_str_radix` takes a sign.
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
}

fn letter(code: u32, length: usize, space: &mut [u8; 4]) -> Escape<'_> {
    Some((length, char::from_u32(code)?.encode_utf8(space).as_bytes()))
}

fn backslash<'a>(rest: &[u8], space: &'a mut [u8; 4]) -> Escape<'a> {
    match rest.get(1)? {
        b'"' => Some((2, b"\"")),
        b'\'' => Some((2, b"'")),
        b'/' => Some((2, b"/")),
        // As Markdown and TeX have names.
        b'_' => Some((2, b"_")),
        b'\\' => Some((2, b"\\")),
        b'n' => Some((2, b"\n")),
        b'r' => Some((2, b"\r")),
        b't' => Some((2, b"\t")),
        b'u' if rest.get(2) == Some(&b'{') => {
            let end = rest.iter().take(10).position(|byte| *byte == b'}')?;
            letter(hex(rest.get(3..end))?, end + 1, space)
        }
        b'u' => letter(hex(rest.get(2..6))?, 6, space),
        b'U' => letter(hex(rest.get(2..10))?, 10, space),
        b'x' => letter(hex(rest.get(2..4))?, 4, space),
        _ => None,
    }
}

fn entity<'a>(rest: &[u8], space: &'a mut [u8; 4]) -> Escape<'a> {
    const NAMED: &[(&[u8], &[u8])] = &[
        (b"&quot;", b"\""),
        (b"&apos;", b"'"),
        (b"&amp;", b"&"),
        (b"&lt;", b"<"),
        (b"&gt;", b">"),
        (b"&nbsp;", b" "),
        (b"&equals;", b"="),
        (b"&colon;", b":"),
    ];
    if let Some((name, bytes)) = NAMED.iter().find(|(name, _)| rest.starts_with(name)) {
        return Some((name.len(), bytes));
    }
    let end = rest.iter().take(10).position(|byte| *byte == b';')?;
    let number = rest.get(..end)?.strip_prefix(b"&#")?;
    let code = match number.strip_prefix(b"x").or_else(|| number.strip_prefix(b"X")) {
        Some(digits) => hex(Some(digits))?,
        None => std::str::from_utf8(number).ok()?.parse().ok()?,
    };
    letter(code, end + 1, space)
}

fn percent<'a>(rest: &[u8], space: &'a mut [u8; 4]) -> Escape<'a> {
    let byte = u8::try_from(hex(rest.get(1..3))?).ok()?;
    // Letters beyond ASCII are several such bytes.
    if byte < 0x20 && !b"\t\n\r".contains(&byte) {
        return None;
    }
    let [first, ..] = space;
    *first = byte;
    Some((3, std::slice::from_ref(first)))
}

/// What a terminal takes for itself: colours are left out, and a blank stands where it moves to
/// another place.
fn control(rest: &[u8]) -> Escape<'static> {
    let length = control_sequence(rest)?;
    let moves = rest.get(..length).is_some_and(|sequence| is_csi(sequence) && !sequence.ends_with(b"m"));
    Some((length, if moves { b" " } else { b"" }))
}

fn is_csi(sequence: &[u8]) -> bool {
    sequence.starts_with(b"\x1b[") || sequence.starts_with("\u{9b}".as_bytes())
}

/// How long the sequence of ECMA-48 is with which a text begins: `ESC [ 32 m` and the like, strings
/// such as `ESC ] 8 ; ; address BEL`, the same with one sign (C1) for the first two, and `ESC ( B`.
/// None if it has no end; the time is linear, for each ends before the next begins.
pub(crate) fn control_sequence(text: &[u8]) -> Option<usize> {
    let (start, kind) = match text {
        [0x1b, kind @ 0x20..=0x7e, ..] => (2, *kind),
        // U+0080 to U+009F, in UTF-8.
        [0xc2, kind @ 0x80..=0x9f, ..] => (2, *kind - 0x40),
        _ => return None,
    };
    let rest = text.get(start..)?;
    match kind {
        b'[' => {
            let end = rest.iter().position(|byte| !(0x20..=0x3f).contains(byte))?;
            rest.get(end).filter(|byte| (0x40..=0x7e).contains(*byte)).map(|_| start + end + 1)
        }
        b'P' | b'X' | b']' | b'^' | b'_' => {
            let end = rest.iter().position(|byte| b"\x07\x1b\n\r".contains(byte) || *byte == 0xc2)?;
            let close = match rest.get(end..)? {
                [0x07, ..] => 1,
                [0x1b, b'\\', ..] | [0xc2, 0x9c, ..] => 2,
                _ => return None,
            };
            Some(start + end + close)
        }
        // `ESC ( B`
        0x20..=0x2f => {
            let end = rest.iter().position(|byte| !(0x20..=0x2f).contains(byte))?;
            rest.get(end).filter(|byte| (0x30..=0x7e).contains(*byte)).map(|_| start + end + 1)
        }
        _ => Some(start),
    }
}

/// Tags that colour a text are left out; cells of a table become columns, rows become lines, and
/// what a tag says to be a name or a value is said as elsewhere.
fn tag(rest: &[u8]) -> Escape<'static> {
    const CDATA: &[u8] = b"<![CDATA[";
    if rest.starts_with(CDATA) {
        return Some((CDATA.len(), b""));
    }
    let name: Vec<u8> = rest
        .iter()
        .skip(1)
        .take(8)
        .take_while(|byte| **byte == b'/' || byte.is_ascii_alphanumeric())
        .copied()
        .collect();
    let bytes: &[u8] = match name.to_ascii_lowercase().as_slice() {
        b"span" | b"/span" | b"b" | b"/b" | b"i" | b"/i" | b"em" | b"/em" | b"strong" | b"/strong" | b"code"
        | b"/code" | b"a" | b"/a" | b"font" | b"/font" | b"u" | b"/u" | b"/td" | b"/th" | b"/dt" | b"/dd"
        | b"/name" | b"/value" => b"",
        b"td" | b"th" | b"dd" => b"|",
        b"name" => b"\nname: ",
        b"value" => b"\nvalue: ",
        b"tr" | b"/tr" | b"br" | b"br/" | b"dt" | b"p" | b"/p" | b"div" | b"/div" | b"pre" | b"/pre" | b"li"
        | b"/li" | b"table" | b"/table" | b"thead" | b"/thead" | b"tbody" | b"/tbody" => b"\n",
        _ => return None,
    };
    let end = rest.iter().take(TAG).position(|byte| *byte == b'>')? + 1;
    // The cells of a row may stand on lines of their own.
    let is_cell = matches!(name.to_ascii_lowercase().as_slice(), b"td" | b"th" | b"/td" | b"/th");
    let blanks = rest.get(end..).unwrap_or_default().iter().take(TAG).take_while(|byte| byte.is_ascii_whitespace());
    Some((end + if is_cell { blanks.count() } else { 0 }, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every place of a word in the text and below its escapes, as it stands in the text.
    fn places(text: &str, word: &str) -> Vec<String> {
        let find = |text: &[u8]| {
            memchr::memmem::find_iter(text, word).map(|at| Found { kind: "word", range: at..at + word.len() }).collect()
        };
        let found = all(text.as_bytes(), find).into_iter();
        let mut places: Vec<String> =
            found.map(|one| String::from_utf8_lossy(&text.as_bytes()[one.range]).into_owned()).collect();
        places.dedup();
        places
    }

    #[test]
    fn what_is_found_below_escapes_is_told_as_it_stands() {
        for (text, word, stands) in [
            (r#"{\"a\": \"b\"}"#, "\"b\"", r#"\"b\""#),
            (r#"{\\\"a\\\": \\\"b\\\"}"#, "\"b\"", r#"\\\"b\\\""#),
            ("x=&quot;b&quot;;", "\"b\"", "&quot;b&quot;"),
            ("x=&#34;b&#x22;;", "\"b\"", "&#34;b&#x22;"),
            (r"\u0022b\x22", "\"b\"", r"\u0022b\x22"),
            ("u%3Ap%40h", "u:p@h", "u%3Ap%40h"),
            ("a%253Db", "a=b", "a%253Db"),
            ("<span class=\"n\">api</span><span>_key</span>!", "api_key", "api</span><span>_key"),
            ("<td>a</td><td>b</td>", "|a|b", "<td>a</td><td>b"),
            (r"\u5bc6\u7801=x", "密码", r"\u5bc6\u7801"),
            ("\x1b[1;32mapi\x1b[0m_key", "api_key", "api\x1b[0m_key"),
            ("api\u{9b}0m_key", "api_key", "api\u{9b}0m_key"),
            ("api\x1bPq#0;1\x1b\\_key", "api_key", "api\x1bPq#0;1\x1b\\_key"),
            ("api\x1b]8;;https://example.org\x07_key", "api_key", "api\x1b]8;;https://example.org\x07_key"),
            (r"api\_key", "api_key", r"api\_key"),
            ("<th>a</th>\n  <td>b</td>", "|a|b", "<th>a</th>\n  <td>b"),
        ] {
            assert_eq!(places(text, word), [stands], "{text}");
        }
        assert_eq!(places("plain b", "b"), ["b"]);
        assert_eq!(places("100% & a < b \\d %zz &#; &#x110000;", "zz"), ["zz"]);
    }

    #[test]
    fn ends_do_not_take_what_was_only_left_out() {
        assert_eq!(places("<b>abc</b>x", "abc"), ["abc"]);
        assert_eq!(places("\\\"abc\\\"", "abc"), ["abc"]);
    }
}
