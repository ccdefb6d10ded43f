//! What the conversions of runs come to.

use std::collections::BTreeMap;

use camino::Utf8Path;
use expbundle_format::sections::Account;
use expbundle_format::{Finding, RecordId};
use schemars::JsonSchema;
use serde::Serialize;

use crate::many::Placed;
use crate::tracker::Listed;
use crate::{ConvertError, Converted, Embedded};

/// What many conversions come to.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// What became of each run.
    pub runs: Vec<RunOutcome>,
    /// The items of all of them.
    pub account: Account,
    /// What is private in the `identity.json` of each, by kind, summed.
    pub private: BTreeMap<String, u64>,
    /// Files whose bytes are in bundles that were written, each with the key of its run.
    pub embedded: Vec<(String, Embedded)>,
    /// Files that a pattern asked for and for which there was no room, likewise.
    pub too_large: Vec<(String, Embedded)>,
    /// What was found, each with the key of its run in its place.
    pub findings: Vec<Finding>,
}

/// What became of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunOutcome {
    /// What names it within the source; where a run cannot be listed, its place.
    pub run: String,
    /// Its title, if there is a bundle of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The file of its bundle; absent if there is none, or if it went to standard output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The id of its record, if there is a bundle of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<RecordId>,
    /// Whether its bundle was written.
    pub state: RunState,
    /// What the bundle has that stands in the place of this one, if its file has another name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beside: Option<String>,
    /// What the bundle had of which this one took the place.
    #[serde(skip)]
    pub replaced: Option<String>,
    /// Why it was not converted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Whether the bundle of a run was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RunState {
    /// It was.
    Written,
    /// It was, under another name, since another state of the run is in the bundle of its name.
    WrittenBeside,
    /// A bundle that says the same is there.
    Unchanged,
    /// A bundle of the run as it had ended is there, and the run was not read again.
    Skipped,
    /// The run could not be converted, or its bundle could not be written.
    Failed,
}

impl RunOutcome {
    /// Of a run that was converted, whose bundle was to be put at a path.
    pub fn placed(run: &str, converted: &Converted, placed: &Placed, path: &Utf8Path) -> Self {
        let (state, file, beside) = match placed {
            Placed::New | Placed::Replaced(_) => (RunState::Written, path, None),
            Placed::Same => (RunState::Unchanged, path, None),
            Placed::Beside { path, is_new: true, there } => {
                (RunState::WrittenBeside, path.as_path(), Some(there.clone()))
            }
            Placed::Beside { path, is_new: false, .. } => (RunState::Unchanged, path.as_path(), None),
        };
        Self {
            run: run.to_owned(),
            title: Some(converted.title.clone()),
            file: Some(file.to_string()),
            record: Some(converted.record()),
            state,
            beside,
            replaced: if let Placed::Replaced(there) = placed { Some(there.clone()) } else { None },
            error: None,
        }
    }

    /// Of a run whose bundle is at a path already.
    pub(crate) fn skipped(run: &str, title: Option<String>, record: RecordId, path: &Utf8Path) -> Self {
        Self {
            run: run.to_owned(),
            title,
            file: Some(path.to_string()),
            record: Some(record),
            state: RunState::Skipped,
            beside: None,
            replaced: None,
            error: None,
        }
    }

    /// Of a run that was not.
    pub fn failed(run: impl Into<String>, why: &impl ToString) -> Self {
        let (run, error) = (run.into(), Some(why.to_string()));
        Self {
            run,
            title: None,
            file: None,
            record: None,
            state: RunState::Failed,
            beside: None,
            replaced: None,
            error,
        }
    }
}

impl Summary {
    /// Whether there is a bundle of any of the runs.
    pub fn has_any(&self) -> bool {
        self.runs.iter().any(|run| run.state != RunState::Failed)
    }

    /// The runs of which this became.
    pub fn of_state(&self, state: RunState) -> impl Iterator<Item = &RunOutcome> {
        self.runs.iter().filter(move |run| run.state == state)
    }

    /// Keys of the runs that could not be converted.
    pub fn failed(&self) -> Vec<String> {
        self.of_state(RunState::Failed).map(|run| run.run.clone()).collect()
    }

    /// Counts runs that could not even be listed.
    pub fn add_unread(&mut self, unread: &[Finding]) {
        self.runs.extend(unread.iter().map(|one| RunOutcome::failed(one.place.to_string(), &one.message)));
    }

    /// Counts a run that could not be converted.
    pub(crate) fn fail(&mut self, run: &str, error: &ConvertError) {
        self.runs.push(RunOutcome::failed(run, error));
    }

    /// All runs are in one file, which was written or not.
    pub(crate) fn in_file(&mut self, file: Option<&Utf8Path>, is_unchanged: bool) {
        for run in self.runs.iter_mut().filter(|run| run.state != RunState::Failed) {
            run.file = file.map(Utf8Path::to_string);
            run.state = if is_unchanged { RunState::Unchanged } else { RunState::Written };
        }
    }

    /// Both together.
    #[must_use]
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.runs.extend(other.runs);
        self.add_account(&other.account);
        self.add_private(&other.private);
        self.embedded.extend(other.embedded);
        self.too_large.extend(other.too_large);
        self.findings.extend(other.findings);
        self
    }

    fn add_private(&mut self, private: &BTreeMap<String, u64>) {
        for (kind, count) in private {
            *self.private.entry(kind.clone()).or_default() += count;
        }
    }

    fn add_account(&mut self, account: &Account) {
        for (kind, line) in &account.items {
            self.account.found(kind, line.total);
            self.account.mapped(kind, line.mapped);
            self.account.raw(kind, line.raw);
            for dropped in &line.dropped {
                self.account.dropped(kind, dropped.count, &dropped.reason);
            }
        }
        for (kind, count) in &account.secrets {
            *self.account.secrets.entry(kind.clone()).or_default() += count;
        }
    }

    /// Adds a run that was converted, whose bundle was to be put at a path.
    pub fn add(&mut self, converted: &Converted, run: &Listed, placed: &Placed, path: &Utf8Path) {
        self.add_account(&converted.account);
        self.add_private(&converted.private());
        let outcome = RunOutcome::placed(&run.key, converted, placed, path);
        // What is there already was told when it was written.
        if outcome.state != RunState::Unchanged {
            let of_run =
                |files: &[Embedded]| files.iter().map(|file| (run.key.clone(), file.clone())).collect::<Vec<_>>();
            self.embedded.extend(of_run(&converted.embedded));
            self.too_large.extend(of_run(&converted.too_large));
        }
        self.runs.push(outcome);
        for finding in &converted.findings {
            let mut finding = finding.clone();
            // What is about the whole run has its id as the place.
            finding.place.entry = finding.place.entry.filter(|entry| *entry != run.key && *entry != run.id);
            finding.place = finding.place.in_file(&run.key);
            self.findings.push(finding);
        }
    }
}
