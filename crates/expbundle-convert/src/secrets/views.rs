//! Texts as they are read once escapes are taken off: JSON in JSON, notebooks, HTML, addresses in a query, colours of a terminal.
//!
//! Every rule then sees `api_key = "…"`, whether the text has `\"`, `&quot;`, `\u0022` or `%22`, and no rule has to know of any of them.

use std::ops::Range;

use super::Found;

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

/// What is found in the text, and in what it is without each layer of escapes that it has; places are those of the text.
pub fn all(text: &[u8], find: impl Fn(&[u8]) -> Vec<Found>) -> Vec<Found> {
    let mut found = find(text);
    let mut layers: Vec<Layer> = Vec::new();
    while layers.len() < LAYERS
        && let Some(layer) = peeled(layers.last().map_or(text, |layer| layer.text.as_slice()))
    {
        layers.push(layer);
        for one in layers.last().map(|layer| find(&layer.text)).unwrap_or_default() {
            let range = layers.iter().rev().fold(one.range, |range, layer| layer.before(range));
            found.push(Found { range, ..one });
        }
    }
    found
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

/// The text without one layer of escapes; nothing if it has none.
fn peeled(text: &[u8]) -> Option<Layer> {
    // Of JSON, each string becomes lines of its own: the source of a notebook is a list of its lines.
    let is_json = text.trim_ascii_start().first().is_some_and(|byte| b"{[\"".contains(byte));
    let is_start = |byte: &u8| b"\\&%<]\x1b\xc2".contains(byte) || is_json && *byte == b'"';
    let mut layer = Layer { text: Vec::new(), steps: Vec::new() };
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let plain = rest.iter().position(is_start).unwrap_or(rest.len());
        let (plain_text, rest) = rest.split_at(plain);
        layer.text.extend_from_slice(plain_text);
        at += plain;
        let Some(first) = rest.first() else { break };
        if *first == b'"' {
            layer.text.push(b'\n');
            at += 1;
            continue;
        }
        let mut stands_for = [0; 4];
        let (length, bytes) = match first {
            b'\\' => backslash(rest, &mut stands_for),
            b'&' => entity(rest, &mut stands_for),
            b'%' => percent(rest, &mut stands_for),
            b'\x1b' | b'\xc2' => control(rest),
            b']' => rest.starts_with(b"]]>").then_some((3, b"".as_slice())),
            _ => tag(rest),
        }
        .unwrap_or((0, &[]));
        if length == 0 {
            layer.text.push(*first);
            at += 1;
            continue;
        }
        layer.text.extend_from_slice(bytes);
        at += length;
        layer.steps.push(Step { here: layer.text.len(), before: at, is_gap: bytes.is_empty() });
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
        b'u' => letter(hex(rest.get(2..6))?, 6, space),
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

/// What a terminal takes for itself: colours are left out, and a blank stands where it moves to another place.
fn control(rest: &[u8]) -> Escape<'static> {
    let length = control_sequence(rest)?;
    let moves = rest.get(..length).is_some_and(|sequence| is_csi(sequence) && !sequence.ends_with(b"m"));
    Some((length, if moves { b" " } else { b"" }))
}

fn is_csi(sequence: &[u8]) -> bool {
    sequence.starts_with(b"\x1b[") || sequence.starts_with("\u{9b}".as_bytes())
}

/// How long the sequence of ECMA-48 is with which a text begins: `ESC [ 32 m` and the like, strings such as `ESC ] 8 ; ; address BEL`, the
/// same with one sign (C1) for the first two, and `ESC ( B`. None if it has no end; the time is linear, for each ends before the next begins.
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

/// Tags that colour a text are left out; cells of a table become columns, rows become lines, and what a tag says to be a name or a value
/// is said as elsewhere.
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
