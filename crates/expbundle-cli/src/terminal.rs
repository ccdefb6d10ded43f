//! Words on a terminal: colours that know when they are not wanted, sizes, durations, tables, progress.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use expbundle_format::foreign::is_unseen;
use expbundle_format::{Foreign, ForeignLine};
use indicatif::{ProgressBar, ProgressStyle};

use crate::exit;
use crate::failure::Failure;

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

/// The text in its colour. `anstream` takes the colour out again where it is not wanted (no terminal, `NO_COLOR`).
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

/// Letters of a message of ours, which may hold names as long as whoever chose them wanted.
const MOST_OF_A_MESSAGE: usize = 1000;
/// Columns of a foreign name within a line that has more in it.
const MOST_OF_A_NAME: usize = 40;
/// Columns of a foreign cell of a table.
const MOST_OF_A_CELL: usize = 60;
/// Letters in each line of a foreign text.
const MOST_OF_A_LINE: usize = 2000;

/// Text of several lines made fit for a terminal: what could forge a verdict because nobody sees it is shown as escapes. Its lines are
/// still lines, so each needs something in front of it that is ours: see [`block`].
pub fn printable(text: &str) -> Cow<'_, str> {
    // Blanks of other widths are harmless in running text; what breaks a line without being seen to is not.
    let is_blank = |c: char| c.is_whitespace() && !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}');
    let dangerous = |c: char| is_unseen(c) && c != '\n' && c != '\t' && !is_blank(c);
    if text.chars().any(dangerous) {
        text.chars().map(|c| if dangerous(c) { c.escape_unicode().to_string() } else { c.to_string() }).collect()
    } else {
        Cow::Borrowed(text)
    }
}

/// A message of ours in one line. Foreign words in it are quoted where it is made.
pub fn one_line(text: &str) -> String {
    ForeignLine(text, MOST_OF_A_MESSAGE).to_string()
}

/// A foreign string between quotation marks that it cannot leave: a title, a reason, a unit.
pub fn quoted(text: &str) -> String {
    Foreign::new(text).to_string()
}

/// A foreign name within a line that has more in it: quoted, and shorter.
pub fn named(text: &str) -> String {
    Foreign::new(text).at_most(MOST_OF_A_NAME).to_string()
}

/// A foreign string as a cell of a table or an item of a list: quoted, unless it is one plain word. Not for sentences.
pub fn cell(text: &str) -> String {
    Foreign::new(text).at_most(MOST_OF_A_CELL).bare_if_plain().to_string()
}

/// The first lines of a foreign text, each behind a bar, so that none of them passes for a line of ours; and how many there are.
pub fn block(text: &str, indent: &str, most_lines: usize) -> (String, usize) {
    let mut shown = String::new();
    for line in text.lines().take(most_lines) {
        shown += &format!("{indent}| {}\n", ForeignLine(line, MOST_OF_A_LINE));
    }
    (shown, text.lines().count())
}

/// Why stdout takes no more, once it does not.
static ENDED: Mutex<Option<io::Error>> = Mutex::new(None);

/// Writes data to stdout. What a command concludes is its exit status, whoever still listens: so nothing fails here, and
/// [`conclude`] looks at the end.
pub fn say(text: &str) {
    keep(|| {
        let mut stdout = anstream::stdout().lock();
        stdout.write_all(text.as_bytes())?;
        stdout.flush()
    });
}

/// Writes a value to stdout as JSON, indented.
pub fn say_json(value: &impl serde::Serialize) {
    let text = serde_json::to_string_pretty(value).expect("a report is JSON");
    say_json_text(&(text + "\n"));
}

/// Writes JSON to stdout, with what is not seen as escapes, and past `anstream`: that takes out DEL and its like, and then two
/// keys of an object may become one.
pub fn say_json_text(json: &str) {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        // Outside of strings there are only line breaks.
        if is_unseen(c) && !c.is_ascii_control() || c == '\u{7f}' {
            text.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            text.push(c);
        }
    }
    keep(|| {
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes())?;
        stdout.flush()
    });
}

/// Stdout for bytes that come in pieces. A piece that cannot be written is an error, so that nobody goes on for hours; what became of
/// the output is known to [`conclude`] all the same.
pub struct Stdout;

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        keep(|| io::stdout().write_all(bytes));
        if is_ended() { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        keep(|| io::stdout().flush());
        if is_ended() { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(()) }
    }
}

/// Writes unless stdout takes no more, and keeps why it does not.
fn keep(write: impl FnOnce() -> io::Result<()>) {
    let mut ended = ENDED.lock().unwrap_or_else(PoisonError::into_inner);
    if ended.is_none() {
        *ended = write().err();
    }
}

/// Whether stdout takes no more.
pub fn is_ended() -> bool {
    ENDED.lock().unwrap_or_else(PoisonError::into_inner).is_some()
}

/// The exit status of a command that concluded this one. Whoever read our output may have seen enough, as in
/// `expbundle show … | head`; an output that could not be written for another reason is not success.
pub fn conclude(code: u8) -> u8 {
    let ended = ENDED.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(error) = ended.filter(|error| error.kind() != io::ErrorKind::BrokenPipe) else { return code };
    Failure::from(error).print();
    if code == exit::OK { exit::ERROR } else { code }
}

/// Writes talk to stderr. If even that is closed there is nobody left to tell.
pub fn talk(text: &str) {
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
}

/// Bytes in words, decimal as disks and hubs count.
pub fn size(bytes: u64) -> String {
    let mut value = bytes as f64;
    for unit in ["B", "kB", "MB", "GB"] {
        if value < 999.5 {
            return if unit == "B" { format!("{bytes} B") } else { format!("{value:.1} {unit}") };
        }
        value /= 1000.0;
    }
    format!("{value:.1} TB")
}

/// A number with its noun: `1 record`, `2 records`.
pub fn count(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// The first of many, and how many more there are.
pub fn some_of(all: &[String], shown: usize, separator: &str) -> String {
    let first = all.get(..shown.min(all.len())).unwrap_or_default().join(separator);
    match all.len().saturating_sub(shown) {
        0 => first,
        more => format!("{first}{separator}{} more", grouped(more as u64)),
    }
}

/// Digits in groups of three.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A duration in words.
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0, _) if seconds < 10 => format!("{:.1} s", duration.as_secs_f64()),
        (0, 0, 0, seconds) => format!("{seconds} s"),
        (0, 0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (0, hours, minutes, _) => format!("{hours} h {minutes} min"),
        (days, hours, _, _) => format!("{days} d {hours} h"),
    }
}

/// Lines of a width that is good to read. Words are not broken; colours take no columns, and some letters two.
pub fn wrapped(text: &str) -> Vec<Cow<'_, str>> {
    const COLUMNS: usize = 100;
    let options =
        textwrap::Options::new(COLUMNS).break_words(false).word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::wrap(text, options)
}

/// Columns padded to the widest cell, two spaces apart. The last column is not padded.
pub fn table(rows: &[Vec<String>]) -> String {
    // Colours take no columns, and some letters two.
    let width = textwrap::core::display_width;
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| width(cell)).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, column_width) in row.iter().zip(&widths) {
            line += cell;
            line.extend(std::iter::repeat_n(' ', column_width - width(cell) + 2));
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

/// A bar for work of many bytes, on stderr and only on a terminal.
pub fn byte_progress(total_bytes: u64, label: &str) -> ProgressBar {
    progress(total_bytes, label, "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}")
}

/// A bar for work of many items, on stderr and only on a terminal.
pub fn item_progress(total: u64, label: &str) -> ProgressBar {
    progress(total, label, "{msg} {wide_bar} {pos}/{len} {eta}")
}

fn progress(total: u64, label: &str, template: &str) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(template).expect("the template is a constant of this program");
    ProgressBar::new(total).with_style(style).with_message(label.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_cannot_steer_the_terminal() {
        assert_eq!(printable("plain ü\u{3000}"), "plain ü\u{3000}");
        assert_eq!(printable("a\x1b[2Kb"), "a\\u{1b}[2Kb");
        assert_eq!(printable("\u{202e}abc"), "\\u{202e}abc");
        assert_eq!(one_line("a\nb"), "a\\nb");
        for hidden in "\u{7f}\u{85}\u{ad}\u{200b}\u{2028}\u{2029}\u{feff}\u{3164}\u{fe0f}\u{e0041}".chars() {
            assert_eq!(one_line(&format!("a{hidden}b")), format!("a{}b", hidden.escape_unicode()));
        }
        for hidden in "\u{7f}\u{85}\u{ad}\u{200b}\u{2028}\u{2029}\u{feff}\u{3164}\u{fe0f}\u{e0041}".chars() {
            let shown = printable(&format!("a{hidden}b")).into_owned();
            assert_eq!(shown, format!("a{}b", hidden.escape_unicode()), "{hidden:?}");
        }
    }

    #[test]
    fn lines_of_a_foreign_text_stand_behind_a_bar() {
        assert_eq!(block("a\n\nSigned\u{1b}[2J\nb", "  ", 3), ("  | a\n  | \n  | Signed\\u{1b}[2J\n".to_owned(), 4));
    }

    #[test]
    fn numbers_in_words() {
        assert_eq!([size(999), size(1_000), size(2_147_483_648)], ["999 B", "1.0 kB", "2.1 GB"]);
        assert_eq!([count(1, "record"), count(1_234_567, "point")], ["1 record", "1,234,567 points"]);
        assert_eq!(duration(Duration::from_secs(3725)), "1 h 2 min");
    }

    #[test]
    fn tables_line_up() {
        let rows = [vec!["a".to_owned(), "b".to_owned()], vec!["long".to_owned(), "c".to_owned()]];
        assert_eq!(table(&rows), "a     b\nlong  c\n");
        let rows = [vec!["\u{6a21}\u{578b}".to_owned(), "b".to_owned()], vec![paint(Tone::Bad, "bad"), "c".to_owned()]];
        assert_eq!(table(&rows), format!("\u{6a21}\u{578b}  b\n{}   c\n", paint(Tone::Bad, "bad")));
    }
}
