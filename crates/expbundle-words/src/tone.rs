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
