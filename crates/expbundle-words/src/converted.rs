//! What conversions come to: what was found, counted and embedded, and where the bundles are.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;
use expbundle_convert::tracker::Listing;
use expbundle_convert::{Converted, Embedded, RunOutcome, RunState, Summary, embed};
use expbundle_query::short;

use crate::{Tone, account, count, findings, grouped, one_line, paint, path, quoted, some_of};

/// Runs and files that are listed.
const SHOWN: usize = 20;
/// Names of files of many runs that are listed, or else their kinds.
const SHOWN_NAMES: usize = 8;

/// What was found while runs were listed.
pub fn listing(listing: &Listing) -> String {
    findings::all(&listing.unread) + &findings::all(&listing.findings)
}

/// What the conversion of a run comes to.
pub fn one(converted: &Converted, run: &RunOutcome) -> String {
    let mut text = findings::all(&converted.findings);
    text += &account::own(&converted.account, &converted.private());
    if run.state != RunState::Unchanged {
        text += &format!("embedded: {}{}\n", listed(&converted.embedded), besides(converted));
        if !converted.too_large.is_empty() {
            text += &format!("{} {}\n", no_room(), listed(&converted.too_large));
        }
    }
    text + &note(run) + &line(run, &converted.record().to_string())
}

/// Listings of folders and texts of the source, which the account counts among what is embedded.
fn besides(converted: &Converted) -> String {
    let counted = converted.account.items.get("embedded file").map_or(0, |line| line.total);
    match counted.saturating_sub(converted.embedded.len() as u64) {
        0 => String::new(),
        more => format!("; besides {} of listings and texts of the source", count(more, "object")),
    }
}

/// What many conversions into a file or folder come to.
pub fn many(summary: &Summary, out: &Utf8Path) -> String {
    let mut text = findings::of_runs(&summary.findings);
    text += &account::own(&summary.account, &summary.private);
    if !summary.embedded.is_empty() {
        text += &format!("embedded: {}\n", by_name(&summary.embedded));
    }
    if !summary.too_large.is_empty() {
        text += &format!("{} {}\n", no_room(), by_name(&summary.too_large));
    }
    // Bundles of their own; one file for all of them is told at the end.
    let has_own = |run: &&RunOutcome| run.file.as_deref().is_some_and(|file| file != out.as_str());
    let is_written = |run: &&RunOutcome| matches!(run.state, RunState::Written | RunState::WrittenBeside);
    let written: Vec<&RunOutcome> = summary.runs.iter().filter(has_own).filter(is_written).collect();
    for run in written.iter().take(SHOWN) {
        text += &(note(run) + &line(run, &run.record.map(|id| short(&id)).unwrap_or_default()));
    }
    if written.len() > SHOWN {
        text += &format!("… and {} more\n", grouped((written.len() - SHOWN) as u64));
    }
    text + &total(summary, out)
}

fn total(summary: &Summary, out: &Utf8Path) -> String {
    let number = |state| summary.of_state(state).count() as u64;
    let written = number(RunState::Written) + number(RunState::WrittenBeside);
    let numbers = [
        (written, "written"),
        (number(RunState::Unchanged), "unchanged"),
        (number(RunState::Skipped), "skipped, since their bundles are here"),
        (number(RunState::Failed), "failed"),
    ];
    let mut numbers: Vec<String> = numbers
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{} {what}", grouped(*number)))
        .collect();
    if numbers.is_empty() {
        numbers.push("no runs".to_owned());
    }
    let failed: BTreeSet<String> = summary.failed().into_iter().collect();
    let done = match (failed.is_empty(), summary.has_any()) {
        (true, _) => paint(Tone::Good, "done"),
        (false, true) => paint(Tone::Bad, "not all done"),
        (false, false) => paint(Tone::Bad, "not written"),
    };
    let mut text = format!("{done} {}: {}\n", path(out.as_str()), numbers.join(", "));
    if !failed.is_empty() {
        text += &format!("failed: {}\n", one_line(&failed.into_iter().collect::<Vec<_>>().join(", ")));
    }
    text
}

/// Where a bundle is, and of what.
fn line(run: &RunOutcome, record: &str) -> String {
    let word = if run.state == RunState::Unchanged { "unchanged" } else { "written" };
    let file = run.file.as_deref().map_or_else(|| "-".to_owned(), path);
    let title = run.title.as_deref().map(quoted).unwrap_or_default();
    format!("{} {file}: {title}, record {record}\n", paint(Tone::Good, word))
}

/// Why a bundle does not have the name that was meant for it, or what it took the place of.
fn note(run: &RunOutcome) -> String {
    let note = paint(Tone::Doubt, "note:");
    match (&run.beside, &run.replaced) {
        (Some(there), _) => format!("{note} {} and was left alone\n", one_line(there)),
        (None, Some(was)) => {
            format!("{note} replaced the bundle that was there and nobody had signed: {}\n", one_line(was))
        }
        (None, None) => String::new(),
    }
}

fn no_room() -> String {
    let most = embed::MOST_BYTES_IN_ALL >> 20;
    paint(Tone::Doubt, &format!("not embedded, because at most {most} MiB of files are embedded per run:"))
}

/// How many files, how many bytes, and the first of them.
fn listed(files: &[Embedded]) -> String {
    let mut text = totals(files.iter());
    for file in files.iter().take(SHOWN) {
        text += &format!("\n  {} ({})", path(&file.path), count(file.size, "byte"));
    }
    let more = files.len().saturating_sub(SHOWN);
    if more > 0 {
        text += &format!("\n  … and {more} more");
    }
    text
}

fn totals<'a>(files: impl Iterator<Item = &'a Embedded>) -> String {
    let sizes: Vec<u64> = files.map(|file| file.size).collect();
    format!("{}, {}", count(sizes.len() as u64, "file"), count(sizes.iter().sum(), "byte"))
}

/// The same of files of many runs: runs have files of the same names, so a line for each name; of
/// too many names, for each kind.
fn by_name(files: &[(String, Embedded)]) -> String {
    let names = gathered(files, str::to_owned);
    let names = if names.len() > SHOWN_NAMES { gathered(files, kind) } else { names };
    let mut text = totals(files.iter().map(|(_, file)| file));
    for (name, files) in names.iter().take(SHOWN_NAMES) {
        let runs: BTreeSet<&str> = files.iter().map(|(run, _)| run.as_str()).collect();
        let of = match (runs.len(), runs.first()) {
            (1, Some(run)) => format!("run {}", path(run)),
            (number, _) => count(number as u64, "run"),
        };
        text += &format!("\n  {} of {of} ({})", path(name), totals(files.iter().map(|(_, file)| file)));
    }
    let more = names.len().saturating_sub(SHOWN_NAMES);
    if more > 0 {
        let rest: Vec<String> = names.keys().skip(SHOWN_NAMES).map(|name| path(name)).collect();
        text += &format!("\n  … and {}", some_of(&rest, SHOWN_NAMES, ", "));
    }
    text
}

/// Files by what is told of their paths.
fn gathered(files: &[(String, Embedded)], told: impl Fn(&str) -> String) -> BTreeMap<String, Vec<&(String, Embedded)>> {
    let mut names: BTreeMap<String, Vec<&(String, Embedded)>> = BTreeMap::new();
    for file in files {
        names.entry(told(&file.1.path)).or_default().push(file);
    }
    names
}

/// `media/epoch-3.png` is a `*.png`.
fn kind(path: &str) -> String {
    let extension = Utf8Path::new(path).extension();
    extension.map_or_else(|| "*".to_owned(), |extension| format!("*.{extension}"))
}
