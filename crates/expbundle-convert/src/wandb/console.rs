//! `console.parquet`: lines out of the pieces that a program wrote.

use expbundle_series::ConsoleLine;
use expbundle_trackers::wandb::ConsolePiece;

/// Puts pieces together to lines, each stream by itself. A carriage return overwrites the line, as
/// on a terminal; colours are taken out. A line has the time of the piece that ended it.
pub(crate) fn lines(pieces: &[ConsolePiece]) -> Vec<ConsoleLine> {
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
}
