//! Colours that mean something, and are left out where they are not wanted.

use anstyle::{AnsiColor, Style};

/// What a piece of text means; its colour follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Proven, done.
    Good,
    /// Only claimed, or worth a look.
    Doubt,
    /// Failed.
    Bad,
    /// A hint or a less important thing.
    Hint,
    /// A heading.
    Strong,
}

/// The text in its colour. `anstream` takes the colour out again where it is not wanted (no
/// terminal, `NO_COLOR`).
pub fn paint(tone: Tone, text: &str) -> String {
    let style = match tone {
        Tone::Good => Style::new().fg_color(Some(AnsiColor::Green.into())).bold(),
        Tone::Doubt => Style::new().fg_color(Some(AnsiColor::Yellow.into())).bold(),
        Tone::Bad => Style::new().fg_color(Some(AnsiColor::Red.into())).bold(),
        Tone::Hint => Style::new().fg_color(Some(AnsiColor::Cyan.into())),
        Tone::Strong => Style::new().bold(),
    };
    format!("{style}{text}{style:#}")
}

/// The text without the colours of [`paint`].
pub fn unpainted(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap_or_default();
    let rest = parts.map(|part| part.split_once('m').map_or(part, |(_, rest)| rest));
    std::iter::once(first).chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_taken_out_again() {
        let text = format!("a {} map of {}", paint(Tone::Bad, "milk"), paint(Tone::Hint, "moss"));
        assert!(text.contains('\u{1b}'));
        assert_eq!(unpainted(&text), "a milk map of moss");
    }
}
