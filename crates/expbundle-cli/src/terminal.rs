//! The streams of the program: data on stdout, talk and progress on stderr.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use anstream::AutoStream;
use expbundle::output::write_patiently;
use expbundle_words::Failure;
use expbundle_words::section::visible_json;
use indicatif::{ProgressBar, ProgressStyle};

use crate::exit;

/// Why stdout takes no more, once it does not.
static ENDED: Mutex<Option<io::Error>> = Mutex::new(None);

/// Whether only errors, JSON and data that was asked for are written.
static IS_QUIET: AtomicBool = AtomicBool::new(false);

/// Writes only errors, JSON and data that was asked for from now on: the exit status is the answer.
pub fn be_quiet() {
    IS_QUIET.store(true, Ordering::Relaxed);
}

/// Whether [`be_quiet`] was called.
pub fn is_quiet() -> bool {
    IS_QUIET.load(Ordering::Relaxed)
}

/// A stream of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    Answer,
    Talk,
}

/// What is written while [`capture`] runs.
static CAPTURED: Mutex<Option<Vec<(Stream, String)>>> = Mutex::new(None);

/// Runs this, and gives back what it would have written, except bytes to [`Stdout`].
pub fn capture<T>(run: impl FnOnce() -> T) -> (T, Vec<(Stream, String)>) {
    *CAPTURED.lock().unwrap_or_else(PoisonError::into_inner) = Some(Vec::new());
    let result = run();
    let written = CAPTURED.lock().unwrap_or_else(PoisonError::into_inner).take();
    (result, written.unwrap_or_default())
}

/// Whether somebody captures what is written, and has this now.
fn is_captured(stream: Stream, text: &str) -> bool {
    let mut captured = CAPTURED.lock().unwrap_or_else(PoisonError::into_inner);
    captured.as_mut().map(|written| written.push((stream, text.to_owned()))).is_some()
}

/// Writes an answer to stdout. What a command concludes is its exit status, whoever still listens:
/// so nothing fails here, and [`conclude`] looks at the end.
pub fn say(text: &str) {
    if is_quiet() || is_captured(Stream::Answer, text) {
        return;
    }
    keep(|| {
        let mut shown = AutoStream::new(Vec::new(), AutoStream::choice(&io::stdout()));
        shown.write_all(text.as_bytes())?;
        write_patiently(&mut io::stdout(), &shown.into_inner())
    });
}

/// Writes a value to stdout as JSON, indented.
pub fn say_json(value: &impl serde::Serialize) {
    let text = serde_json::to_string_pretty(value).expect("a report is JSON");
    say_json_text(&(text + "\n"));
}

/// Writes a value to stdout as an item of a JSON array that has so many already.
pub fn say_json_item(value: &impl serde::Serialize, before: u64) {
    let text = serde_json::to_string_pretty(value).expect("a report is JSON");
    say_json_text(&format!("{}{text}", if before == 0 { "[\n" } else { ",\n" }));
}

/// Ends an array of so many items.
pub fn say_json_end(items: u64) {
    say_json_text(if items == 0 { "[]\n" } else { "\n]\n" });
}

/// Writes JSON to stdout, past `anstream`, which takes out DEL and its like.
pub fn say_json_text(json: &str) {
    keep(|| write_patiently(&mut io::stdout(), visible_json(json).as_bytes()));
}

/// Stdout for bytes that come in pieces. When nobody listens any more they go nowhere, for what is
/// still to be read decides the exit status. That a piece could not be written for another reason is
/// an error, which [`conclude`] reports.
pub struct Stdout;

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        keep(|| write_patiently(&mut io::stdout(), bytes));
        if is_broken() { Err(io::ErrorKind::Other.into()) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
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
fn is_ended() -> bool {
    ENDED.lock().unwrap_or_else(PoisonError::into_inner).is_some()
}

/// Whether stdout takes no more, and not because nobody listens.
pub fn is_broken() -> bool {
    let ended = ENDED.lock().unwrap_or_else(PoisonError::into_inner);
    ended.as_ref().is_some_and(|error| error.kind() != io::ErrorKind::BrokenPipe)
}

/// The exit status of a command that concluded this one. Whoever read our output may have seen
/// enough, as in `expbundle show … | head`; an output that could not be written for another reason
/// is not success.
pub fn conclude(code: u8) -> u8 {
    let ended = ENDED.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(error) = ended.filter(|error| error.kind() != io::ErrorKind::BrokenPipe) else { return code };
    print(&Failure::from(error));
    if code == exit::OK { exit::ERROR } else { code }
}

/// Writes a failure to stderr.
pub fn print(failure: &Failure) {
    write_error(&failure.words());
}

/// Writes talk to stderr. If even that is closed there is nobody left to tell. Once stdout takes no
/// more, nothing is said to be done.
pub fn talk(text: &str) {
    if !is_quiet() && !is_ended() && !is_captured(Stream::Talk, text) {
        write_error(text);
    }
}

/// Asks whether to do what was shown. Where nobody can be asked, `--yes` has to say so.
pub fn agreed(what: &str, question: &str) -> Result<bool, Failure> {
    if is_quiet() {
        return Err(Failure::usage(format!("{what}, and `--quiet` does not ask")).help("pass `--yes`"));
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::usage(format!("{what}, and there is no terminal to ask for confirmation"))
            .help("check what is above, then pass `--yes`"));
    }
    talk(&format!("{question} [y/N] "));
    io::stderr().flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn write_error(text: &str) {
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
}

/// Whether progress is wanted. It is shown on stderr, and only on a terminal.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    pub is_wanted: bool,
}

impl Progress {
    /// A bar for work of many bytes, counted only if it is shown.
    pub fn bytes(self, total_bytes: impl FnOnce() -> u64, label: &str) -> ProgressBar {
        self.bar(total_bytes, label, "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}")
    }

    /// A bar for work of many items.
    pub fn items(self, total: u64, label: &str) -> ProgressBar {
        self.bar(|| total, label, "{msg} {wide_bar} {pos}/{len} {eta}")
    }

    fn bar(self, total: impl FnOnce() -> u64, label: &str, template: &str) -> ProgressBar {
        if !self.is_wanted || !io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let style = ProgressStyle::with_template(template).expect("the template is a constant of this program");
        ProgressBar::new(total()).with_style(style).with_message(label.to_owned())
    }
}
