//! What `verify` says of several paths: what is wrong in full, then a line for each, and how many
//! hold.

use std::collections::BTreeSet;

use expbundle::report::{Question, Report};
use expbundle_format::{Code, Finding, Place};

use super::headline::{good, line};
use super::{Tone, across, details, revoked_keys};
use crate::{Failure, grouped, paint};

/// Answers about several paths, while they come in.
#[derive(Debug, Default)]
pub struct Several {
    lines: String,
    all: u64,
    holding: u64,
    /// Of those that hold, how many have a `!`.
    doubtful: u64,
    /// Keys to take out of the signers file.
    notes: BTreeSet<String>,
}

impl Several {
    /// Takes a report in, and gives what is to be shown of it at once: all of one that does not
    /// hold.
    pub fn add(&mut self, report: &Report) -> String {
        self.count(report);
        if report.holds { String::new() } else { details(report) + "\n" }
    }

    /// Takes a report in of which nothing more is to be shown.
    pub fn count(&mut self, report: &Report) {
        self.lines += &line(report);
        self.lines.extend(report.across.iter().map(across));
        self.notes.extend(revoked_keys(report).lines().map(str::to_owned));
        self.all += 1;
        self.holding += u64::from(report.holds && !report.fails_across());
        self.doubtful += u64::from(report.holds && good(report).0 == Tone::Doubt);
    }

    /// A line for each, and how many hold.
    pub fn end(&self) -> String {
        let Self { lines, all, holding, doubtful, notes } = self;
        let notes = notes.iter().fold(String::new(), |text, note| text + note + "\n");
        let doubtful = match *doubtful {
            0 => String::new(),
            1 => ", 1 with a reservation (`!`)".to_owned(),
            number => format!(", {} with reservations (`!`)", grouped(number)),
        };
        let tone = if holding == all { Tone::Strong } else { Tone::Bad };
        format!(
            "{lines}{notes}{}\n",
            paint(tone, &format!("{} of {} hold{doubtful}", grouped(*holding), grouped(*all)))
        )
    }
}

/// The report on a path about which there is no answer: for JSON, where each path has one.
pub fn unanswered(place: &str, failure: &Failure, question: Question<'_>) -> Report {
    let why = Finding::new(Code::ContainerNotABundle, Place::unknown().in_file(place), failure.message());
    super::worded(Report::refused(place, vec![why], question))
}
