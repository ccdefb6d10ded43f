//! Words on a terminal: colours that know when they are not wanted, sizes, durations, tables, progress.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressStyle};

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

/// Whether a character is not seen, and changes what is: it moves the cursor, turns the direction of writing, breaks a line
/// where no reader of lines sees it, or makes two names look like one.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
        )
}

/// Foreign text made fit for a terminal: what could forge a verdict because nobody sees it is shown as escapes.
pub fn printable(text: &str) -> Cow<'_, str> {
    let dangerous = |c: char| is_hidden(c) && c != '\n' && c != '\t';
    if text.chars().any(dangerous) {
        text.chars().map(|c| if dangerous(c) { c.escape_unicode().to_string() } else { c.to_string() }).collect()
    } else {
        Cow::Borrowed(text)
    }
}

/// Foreign text in one line: as [`printable`], with line breaks shown.
pub fn one_line(text: &str) -> String {
    printable(text).replace('\n', "⏎").replace('\t', " ")
}

/// Foreign text in one line of at most so many letters.
pub fn shortened(text: &str, letters: usize) -> String {
    let line = one_line(text.trim());
    match line.char_indices().nth(letters) {
        None => line,
        Some((end, _)) => line.get(..end).unwrap_or_default().to_owned() + "…",
    }
}

/// A name that somebody gave to himself: in quotes that it cannot leave, and too short and too plain to pass for a row of a table.
pub fn quoted(name: &str) -> String {
    const MOST_LETTERS: usize = 40;
    // Whitespace of any kind becomes one space; the columns of a table are two apart.
    let plain = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let escaped = plain.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", shortened(&escaped, MOST_LETTERS))
}

/// Writes data to stdout.
pub fn say(text: &str) -> io::Result<()> {
    let mut stdout = anstream::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Writes a value to stdout as JSON, indented.
pub fn say_json(value: &impl serde::Serialize) -> io::Result<()> {
    say_json_text(&(serde_json::to_string_pretty(value)? + "\n"))
}

/// Writes JSON to stdout, with what is not seen as escapes, and past `anstream`: that takes out DEL and its like, and then two
/// keys of an object may become one.
pub fn say_json_text(json: &str) -> io::Result<()> {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        // Outside of strings there are only line breaks.
        if is_hidden(c) && !c.is_ascii_control() || c == '\u{7f}' {
            text.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            text.push(c);
        }
    }
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
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

/// Columns padded to the widest cell, two spaces apart. The last column is not padded.
pub fn table(rows: &[Vec<String>]) -> String {
    let width = |text: &str| anstream::adapter::strip_str(text).to_string().chars().count();
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
        assert_eq!(printable("plain ü"), "plain ü");
        assert_eq!(printable("a\x1b[2Kb"), "a\\u{1b}[2Kb");
        assert_eq!(printable("\u{202e}abc"), "\\u{202e}abc");
        assert_eq!(one_line("a\nb"), "a⏎b");
        for hidden in
            "\u{7f}\u{85}\u{ad}\u{61c}\u{200b}\u{200f}\u{2028}\u{2029}\u{2060}\u{2064}\u{feff}\u{e0041}".chars()
        {
            assert_eq!(printable(&format!("a{hidden}b")), format!("a{}b", hidden.escape_unicode()));
        }
    }

    #[test]
    fn a_claimed_name_cannot_leave_its_quotes_or_look_like_a_column() {
        assert_eq!(quoted("Ada"), "\"Ada\"");
        assert_eq!(quoted("x\" and \"y"), "\"x\\\" and \\\"y\"");
        assert_eq!(quoted("Ada\u{3000}  \n trusted"), "\"Ada trusted\"");
        assert_eq!(quoted(&"n".repeat(1000)).chars().count(), 43);
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
    }
}
