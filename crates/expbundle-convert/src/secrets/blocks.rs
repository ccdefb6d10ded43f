//! Private keys as blocks of several lines.

use std::ops::Range;
use std::sync::LazyLock;

use memchr::memmem;
use regex::bytes::Regex;

use super::{Found, compiled};

/// What a private key begins with.
pub(super) const BLOCKS: &[&str] = &["private key", "private+key", "putty-user-key-file", "static key"];

/// The longest private key that is looked for, in bytes; RSA keys of 16,384 bits have 13 KB.
const BLOCK_BYTES: usize = 64 << 10;

/// Private keys as blocks: PEM, OpenSSH, PGP, SSH2 and `PuTTY`, also with `\n` written out, in
/// quotes, or with something before each line.
pub(super) fn find(text: &[u8], found: &mut Vec<Found>) {
    static BEGIN: LazyLock<Regex> = LazyLock::new(|| {
        // A form that is sent has `+` for a blank.
        compiled(
            r"(?i)-{4,5} ?BEGIN[ +](?:(?:[A-Z0-9]+[ +]){0,4}PRIVATE[ +]KEY(?:[ +]BLOCK)?|OpenVPN Static key V1) ?-{4,5}|PuTTY-User-Key-File-\d",
        )
    });
    static END: LazyLock<Regex> = LazyLock::new(|| {
        compiled(
            r"(?i)-{4,5} ?END[ +](?:(?:[A-Z0-9]+[ +]){0,4}PRIVATE[ +]KEY(?:[ +]BLOCK)?|OpenVPN Static key V1) ?-{4,5}|Private-MAC: ?[0-9a-f]*",
        )
    });
    let ends: Vec<Range<usize>> = END.find_iter(text).map(|end| end.range()).collect();
    let mut after = 0;
    for begin in BEGIN.find_iter(text) {
        if begin.start() < after {
            continue;
        }
        let next = ends.get(ends.partition_point(|end| end.start < begin.end())..).and_then(<[_]>::first);
        let end = next.filter(|end| end.start - begin.end() <= BLOCK_BYTES);
        let limit = end.map_or_else(|| text.len().min(begin.end() + BLOCK_BYTES), |end| end.start);
        let body = text.get(begin.end()..limit).unwrap_or_default();
        let Some(body_end) = key_material(body) else { continue };
        after = end.map_or(begin.end() + body_end, |end| end.end);
        found.push(Found { kind: "private-key", range: begin.start()..after });
    }
}

/// Where the base64 of a key ends, if there is any. A text that only names the first line of a key
/// has none.
fn key_material(body: &[u8]) -> Option<usize> {
    /// Runs of fewer letters are words.
    const RUN: usize = 20;
    /// Headers of the block, such as `Proc-Type:`, and what stands before each line of a log.
    const GAP: usize = 400;
    let (mut last, mut short, mut at) = (None, None, 0);
    while at < body.len() {
        let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
        let run = body.get(at..).unwrap_or_default().iter().take_while(|byte| is_letter(byte)).count();
        let near = at - last.unwrap_or(0) <= if last.is_some() { 80 } else { GAP };
        if !near {
            break;
        }
        if run >= RUN {
            (last, short) = (Some(at + run), None);
        } else if run > 0
            && short.is_none()
            && last.is_some_and(|last| is_line_end(body.get(last..at).unwrap_or_default()))
        {
            // The last line of a key may be short.
            short = Some(at + run);
        }
        at += run.max(1);
    }
    short.or(last)
}

/// Whether that is what stands between two lines of a key: a line's end, as it is or written out,
/// and quotes.
fn is_line_end(gap: &[u8]) -> bool {
    let ends = gap.contains(&b'\n') || memmem::find(gap, b"\\n").is_some();
    ends && gap.len() <= 16 && gap.iter().all(|byte| b"\r\n\\\"', +>|".contains(byte) || *byte == b'n' || *byte == b'r')
}
