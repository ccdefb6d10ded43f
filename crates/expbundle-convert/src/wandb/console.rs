//! `console.parquet`: lines out of the pieces that a program wrote.

use expbundle_series::{ConsoleLine, TEXT_BYTES};
use expbundle_trackers::wandb::ConsolePiece;

/// Puts pieces together to lines, each stream by itself. A carriage return overwrites the line, as on a terminal; colours
/// are taken out. A line has the time of the piece that ended it.
pub(super) fn lines(pieces: &[ConsolePiece]) -> Vec<ConsoleLine> {
    let mut lines = Vec::new();
    let mut open: Vec<(&'static str, String, Option<i64>)> = Vec::new();
    for piece in pieces {
        if !open.iter().any(|(stream, _, _)| *stream == piece.stream) {
            open.push((piece.stream, String::new(), None));
        }
        let Some((_, current, time)) = open.iter_mut().find(|(stream, _, _)| *stream == piece.stream) else { continue };
        let text = without_colours(&piece.text);
        let mut letters = text.chars().peekable();
        while let Some(letter) = letters.next() {
            match letter {
                '\n' => {
                    let line = std::mem::take(current);
                    lines.push(ConsoleLine { time_ns: piece.time_ns, stream: piece.stream.to_owned(), line });
                }
                // `\r\n` is a line's end; `\r` alone goes back to its start.
                '\r' if letters.peek() != Some(&'\n') => current.clear(),
                '\r' => {}
                letter => current.push(letter),
            }
        }
        *time = piece.time_ns;
    }
    for (stream, line, time_ns) in open {
        if !line.is_empty() {
            lines.push(ConsoleLine { time_ns, stream: stream.to_owned(), line });
        }
    }
    lines
}

/// Divides lines that the format has no room for; gives how many there were.
pub(super) fn divided(lines: Vec<ConsoleLine>) -> (Vec<ConsoleLine>, u64) {
    let too_long = lines.iter().filter(|line| line.line.len() > TEXT_BYTES).count() as u64;
    if too_long == 0 {
        return (lines, 0);
    }
    let mut divided = Vec::with_capacity(lines.len());
    for line in lines {
        let ConsoleLine { time_ns, stream, line: text } = &line;
        let mut rest = text.as_str();
        while rest.len() > TEXT_BYTES {
            let end = (0..=TEXT_BYTES).rev().find(|end| rest.is_char_boundary(*end)).unwrap_or(TEXT_BYTES);
            let (piece, more) = rest.split_at(end);
            divided.push(ConsoleLine { time_ns: *time_ns, stream: stream.clone(), line: piece.to_owned() });
            rest = more;
        }
        divided.push(if rest.len() == text.len() {
            line
        } else {
            ConsoleLine { line: rest.to_owned(), ..line.clone() }
        });
    }
    (divided, too_long)
}

/// Takes ANSI escape sequences out.
fn without_colours(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter != '\u{1b}' {
            clean.push(letter);
            continue;
        }
        // CSI: `[`, parameters, and a letter that ends it. Anything else is two characters.
        if letters.next() == Some('[') {
            letters.by_ref().find(|letter| ('@'..='~').contains(letter));
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_become_lines() {
        let piece = |stream, text: &str| ConsolePiece { stream, time_ns: Some(7), text: text.to_owned() };
        let lines = lines(&[
            piece("stdout", "epoch "),
            piece("stderr", "warn\n"),
            piece("stdout", "1\nloss 0.1\rloss 0.2\r\n\u{1b}[31mred\u{1b}[0m"),
        ]);
        let read: Vec<_> = lines.iter().map(|line| (line.stream.as_str(), line.line.as_str())).collect();
        assert_eq!(read, [("stderr", "warn"), ("stdout", "epoch 1"), ("stdout", "loss 0.2"), ("stdout", "red")]);
    }

    #[test]
    fn lines_that_are_too_long_are_divided() {
        let line = |text: String| ConsoleLine { time_ns: Some(7), stream: "stdout".to_owned(), line: text };
        let long = "ä".repeat(1_200_000);
        let (lines, count) = divided(vec![line("a".to_owned()), line(format!("b{long}")), line("c".to_owned())]);
        assert_eq!(count, 1);
        let text: Vec<_> = lines.iter().map(|line| line.line.as_str()).collect();
        assert_eq!(text.concat(), format!("ab{long}c"));
        assert!(lines.len() == 5 && text.iter().all(|text| text.len() <= TEXT_BYTES));
    }
}
