//! What was read of a table of points, and why one cannot be read.

use camino::Utf8Path;
use expbundle_convert::table::{
    Broken, Fault, FaultKind, Form, Format, Reading, TableError, TimeColumn, TimeUnit, WhyPassedOver,
};

use crate::near::did_you_mean;
use crate::{Failure, Tone, count, grouped, named, paint, some_of};

/// Names that are shown of a list.
const SHOWN: usize = 12;

/// What was passed over and left out of a table that a program holds; nothing if it was read whole.
pub fn left_out_of_memory(reading: &Reading) -> String {
    let left_out = left_out(reading);
    if left_out.is_empty() { left_out } else { format!("of a table not everything was read\n{left_out}") }
}

/// What was guessed, passed over and left out.
pub fn words(path: &Utf8Path, reading: &Reading) -> String {
    let (points, rows) = (count(reading.points, "point"), count(reading.rows, "row"));
    let mut text = format!("read {points} in {rows} of {}\n", crate::path(path.as_str()));
    // Nothing is guessed of what `extract` wrote.
    if reading.format != Format::Section {
        text += &guesses(reading);
    }
    text + &left_out(reading)
}

fn guesses(reading: &Reading) -> String {
    let mut text = match reading.form {
        Form::Long => "  form: long, a row for each point\n".to_owned(),
        Form::Wide if reading.metrics.is_empty() => "  form: wide, a column for each metric\n".to_owned(),
        Form::Wide => {
            let names = some_of(&names(&reading.metrics), SHOWN, ", ");
            let metrics = count(reading.metrics.len() as u64, "metric");
            format!("  form: wide, a column for each metric\n  {metrics}: {names}\n")
        }
    };
    text += &match &reading.step {
        Some(name) if reading.is_epoch => format!("  step: column {}, since there is no step\n", named(name)),
        Some(name) => format!("  step: column {}\n", named(name)),
        None => "  step: none; `--step-column` names the column\n".to_owned(),
    };
    text += &match &reading.time {
        Some(time) => format!("  time: column {}{}\n", named(&time.name), unit(reading, time)),
        None => "  time: none; `--time-column` names the column\n".to_owned(),
    };
    for name in &reading.elapsed {
        text += &format!("  {} is not the time: its numbers are too small for times since 1970\n", named(name));
    }
    text
}

/// How numbers were read as times.
fn unit(reading: &Reading, time: &TimeColumn) -> String {
    let Some(unit) = time.unit else { return String::new() };
    let size = match unit {
        TimeUnit::Seconds => "below 10^11",
        TimeUnit::Milliseconds => "from 10^11 and below 10^14",
        TimeUnit::Microseconds => "from 10^14 and below 10^17",
        TimeUnit::Nanoseconds => "from 10^17",
    };
    let example = time.example.map(|(row, at)| format!("; {} is {at}", place(reading, row))).unwrap_or_default();
    format!(", in {} since 1970, since the first number is {size}{example}", unit.name())
}

fn left_out(reading: &Reading) -> String {
    let mut text = String::new();
    let mut reasons: Vec<(String, Vec<String>)> = Vec::new();
    for (name, why) in &reading.passed_over {
        let why = match why {
            WhyPassedOver::Empty => "empty".to_owned(),
            WhyPassedOver::NoNumbers => "without any number".to_owned(),
            WhyPassedOver::NoName => "without a name".to_owned(),
            WhyPassedOver::Index => "without a name but pandas' own".to_owned(),
            WhyPassedOver::NotOfLong => "beside key, step, time, value and text".to_owned(),
            WhyPassedOver::Kind(kind) => (*kind).to_owned(),
        };
        match reasons.iter_mut().find(|(known, _)| *known == why) {
            Some((_, names)) => names.push(named(name)),
            None => reasons.push((why, vec![named(name)])),
        }
    }
    for (why, names) in reasons {
        let columns = count(names.len() as u64, "column");
        text +=
            &format!("  {} {columns} {why}: {}\n", paint(Tone::Doubt, "passed over:"), some_of(&names, SHOWN, ", "));
    }
    let mut faults: Vec<&Fault> = reading.faults.iter().collect();
    faults.sort_by_key(|fault| fault.kind);
    for fault in faults.iter().take(SHOWN) {
        text += &format!("  {}\n", one(reading, fault));
    }
    if let Some(more) = faults.get(SHOWN..).filter(|more| !more.is_empty()) {
        let cells: u64 = more.iter().map(|fault| fault.count).sum();
        text += &format!(
            "  {} {} in {}\n",
            paint(Tone::Doubt, "left out:"),
            count(cells, "more cell"),
            count(more.len() as u64, "more column")
        );
    }
    text
}

fn one(reading: &Reading, fault: &Fault) -> String {
    let Fault { kind, column, count: number, rows: places } = fault;
    let of = column.as_deref().map(|name| format!(" of {}", named(name))).unwrap_or_default();
    let is_one = *number == 1;
    let (mark, what) = match kind {
        FaultKind::Row(why) => {
            let why = match why {
                Broken::Length => "with fewer or more cells than the header",
                Broken::NotJson => "not valid JSON",
                Broken::NotAnObject => "not a JSON object",
                Broken::Twice => "with a member twice",
            };
            ("left out:", format!("{} {why}", count(*number, "row")))
        }
        FaultKind::Step => ("left out:", format!("{} without a whole number as step{of}", count(*number, "row"))),
        FaultKind::NoKey => ("left out:", format!("{} without a key", count(*number, "row"))),
        FaultKind::NotANumber => {
            let not = if is_one { "not a number" } else { "not numbers" };
            ("left out:", format!("{}{of}, {not}", count(*number, "cell")))
        }
        FaultKind::Other(what) => ("left out:", format!("{}{of}: {what}", count(*number, "cell"))),
        FaultKind::AsText => {
            let not = if is_one { "not a number" } else { "not numbers" };
            ("kept as text:", format!("{}{of}, {not}", count(*number, "cell")))
        }
        FaultKind::TwoTexts => {
            ("left out:", format!("{} with a text besides a value that is not a number", count(*number, "row")))
        }
        FaultKind::Text => ("left out:", format!("{} whose text cannot be read", count(*number, "row"))),
        FaultKind::NoValue => ("left out:", format!("{} without a value", count(*number, "row"))),
        FaultKind::NoStep => ("kept without a step:", format!("{} with an empty step{of}", count(*number, "row"))),
        FaultKind::NoOffset => (
            "kept without a time:",
            format!(
                "{} whose time{of} has no offset from UTC, like the `Z` in 2026-11-28T03:00:00Z",
                count(*number, "row")
            ),
        ),
        FaultKind::Time => ("kept without a time:", format!("{} whose time{of} cannot be read", count(*number, "row"))),
    };
    let shown: Vec<String> = places.iter().map(|row| grouped(*row)).collect();
    let more = if *number > places.len() as u64 { ", …" } else { "" };
    let unit = if is_text(reading) { "line" } else { "row" };
    let s = if is_one { "" } else { "s" };
    format!("{} {what} ({unit}{s} {}{more})", paint(Tone::Doubt, mark), shown.join(", "))
}

fn names(names: &[String]) -> Vec<String> {
    names.iter().map(|name| named(name)).collect()
}

fn is_text(reading: &Reading) -> bool {
    matches!(reading.format, Format::Csv | Format::JsonLines)
}

fn place(reading: &Reading, row: u64) -> String {
    format!("{} {}", if is_text(reading) { "line" } else { "row" }, grouped(row))
}

impl From<&TableError> for Failure {
    fn from(error: &TableError) -> Self {
        let failure = Failure::new("cli.source", error.to_string());
        match error {
            TableError::Io(error) => Failure::new("cli.io", format!("cannot read the table: {error}"))
                .help("run it again; if it fails again, check the disk"),
            TableError::Empty => failure.help("name a file of CSV, JSON lines or Parquet"),
            TableError::Format { help, .. } => failure.help(*help),
            TableError::NoHeader => {
                failure.help("add a first line with the names of the columns, e.g. `step,train/loss`")
            }
            TableError::Header => failure.help("save the file as UTF-8"),
            TableError::Twice(_) => failure.help("rename one of them"),
            TableError::RowTooLong { .. } => failure.help("check that every quotation mark is closed"),
            TableError::NoColumn { name, columns } => {
                let near = did_you_mean(name, columns.iter().map(String::as_str))
                    .map(|near| format!("{near} "))
                    .unwrap_or_default();
                failure.help(format!("{near}the columns are: {}", some_of(&names(columns), 20, ", ")))
            }
            TableError::LateStep { name, .. } => {
                failure.help(format!("say which one is the step, e.g. with `--step-column {}`", named(name)))
            }
            TableError::SeveralRuns { format, .. } => {
                let tool = match format {
                    Format::Csv => "csv",
                    Format::JsonLines => "jsonl",
                    Format::Parquet | Format::Section | Format::Memory => "parquet",
                };
                failure.help(format!(
                    "`expbundle convert {tool} FILE --all` makes a bundle of each; if the column names no run, rename it"
                ))
            }
            TableError::NoPoints(reading) => failure
                .listing(guesses(reading) + &left_out(reading))
                .help("`expbundle create --help` shows what a table looks like"),
            TableError::Point { .. } => failure.help("shorten it in the table"),
            TableError::Codec(_) => failure.help("write it with Snappy, LZ4 or Zstandard, or uncompressed"),
            TableError::Parquet(_) => failure.help("check that the file is whole; CSV and JSON lines are read too"),
            _ => failure,
        }
    }
}
