//! From a tracker's run to a bundle: one map per tracker, and the account of its source.
//!
//! [`tracker`] is the way in: it opens a source, lists its runs and converts them.
//!
//! The same run gives the same bytes on every machine: no clock, no randomness, nothing of the
//! place where the source lies. Every item of the source is counted as mapped, kept raw, or dropped
//! with a reason, and the account adds up. Everything goes through [`gate`]: no secret gets into a
//! bundle, and names of people, machines and places only into `identity.json`.

use std::error::Error;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::draft::DraftError;
use expbundle::hash::HashError;
use expbundle::output::OutputError;
use expbundle::verify::OpenError;
use expbundle_format::record::Word;
use expbundle_series::SeriesError;

mod ancestry;
pub mod apart;
mod artifact_files;
pub mod audit;
pub mod blind;
pub mod declared;
mod decoded;
pub mod embed;
pub mod exposure;
mod findings;
pub mod gate;
mod gathered;
mod hparams;
mod ledger;
pub mod many;
mod other_state;
mod outputs;
pub mod parameters;
pub mod points;
pub mod privacy;
pub mod roles;
pub mod scrub;
pub mod search;
pub mod secrets;
pub mod series;
mod summary;
pub mod table;
pub mod texts;
pub mod tracker;

mod aim;
mod clearml;
mod comet;
mod dvc;
mod huggingface;
mod lightning;
mod mlflow;
mod neptune;
mod swanlab;
mod tensorboard;
mod trackio;
mod transformers;
mod wandb;
mod zenml;

pub use gate::{Converted, Embedded};
pub use other_state::OtherState;
pub use summary::{RunOutcome, RunState, Summary};

/// What the person converting adds to what the source knows.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// Folders in which to look for the bytes of artifacts that the source knows by name and
    /// foreign digest.
    pub files: &'a [Utf8PathBuf],
    /// Files that the run took in and the tracker did not record, with their roles.
    pub inputs: &'a [(Word, Utf8PathBuf)],
    /// Files that the run put out and the tracker did not record, with their roles.
    pub outputs: &'a [(Word, Utf8PathBuf)],
    /// Which files of the source are embedded.
    pub embed: embed::Choice<'a>,
    /// Kinds of secrets, and places, that stay as they are: false alarms.
    pub allow_secrets: &'a [String],
    /// Called with the number of bytes just read, from several threads at once.
    pub progress: &'a (dyn Fn(u64) + Sync),
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            files: &[],
            inputs: &[],
            outputs: &[],
            embed: embed::Choice::Small,
            allow_secrets: &[],
            progress: &|_| {},
        }
    }
}

/// Why a run cannot be converted at all. Whatever concerns a part of it is a finding instead.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum ConvertError {
    /// The path holds nothing of the tracker.
    #[error("`{path}` has no {tool} data; {tool} is read from: {reads}")]
    Nothing {
        /// The tracker.
        tool: &'static str,
        /// The kinds of files that are read.
        reads: &'static str,
        /// The path.
        path: Utf8PathBuf,
    },
    /// The file is a table of another format.
    #[error("`{path}` looks like {other}, and not like {tool}")]
    OtherTable {
        /// The format that was named, or that the name of the file tells.
        tool: &'static str,
        /// The one that the bytes tell.
        other: &'static str,
        /// The path.
        path: Utf8PathBuf,
    },
    /// The path holds data of several trackers.
    #[error("`{path}` has data of several trackers: {}", tools.join(", "))]
    SeveralTools {
        /// Their names.
        tools: Vec<&'static str>,
        /// The path.
        path: Utf8PathBuf,
    },
    /// There is no tracker of this name.
    #[error("`{0}` is not a tracker that can be read")]
    NotATracker(String),
    /// There is a name or a password in the address of a server.
    #[error("there is a name or a password in the address")]
    SecretInAddress,
    /// The servers of this tool are not asked.
    #[error("no server is read at this address")]
    NoServer(String),
    /// Columns were named for a source that is not a table.
    #[error("columns can be named for tables only, and {tool} data is not one")]
    NotATable {
        /// The tracker.
        tool: &'static str,
    },
    /// The path holds nothing of any tracker.
    #[error("no tracker data was found")]
    NoTracker(Utf8PathBuf),
    /// The source of a tracker that was named cannot be opened.
    #[error("{source}")]
    NamedTracker {
        /// The path.
        path: Utf8PathBuf,
        /// The cause.
        source: Box<Self>,
    },
    /// The path is neither a file nor a folder, or cannot be looked at.
    #[error("`{path}` cannot be read")]
    Look {
        /// The path.
        path: Utf8PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// One run is needed, and the source has none that can be read.
    #[error("the source has no run that can be read")]
    NoRun {
        /// Those that cannot.
        unread: Vec<expbundle_format::Finding>,
    },
    /// One run is needed, and several could be meant.
    #[error("{} runs could be meant", runs.len())]
    NotOneRun {
        /// Those.
        runs: Vec<tracker::Listed>,
    },
    /// There is no such run in the source.
    #[error("there is no run `{run}` in the source")]
    NoSuchRun {
        /// The run that was asked for.
        run: String,
        /// Names and ids of the runs that there are, where they were listed.
        known: Vec<String>,
    },
    /// The source cannot be read at all.
    #[error("the source cannot be read")]
    Source {
        /// The path.
        path: Utf8PathBuf,
        /// The cause.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A declared file cannot be read.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The bundle cannot be made.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// A Parquet section cannot be written.
    #[error("the series cannot be written: {0}")]
    Series(#[from] SeriesError),
    /// A record cannot be blinded.
    #[error("the record cannot be blinded: {0}")]
    Blind(String),
    /// A declared file is a secret by its name, or holds one.
    #[error("`{path}` is or holds a secret ({kind}), and its digest would be in the record")]
    Secret {
        /// The file.
        path: Utf8PathBuf,
        /// The kind of secret.
        kind: &'static str,
    },
    /// A file of a declared folder has a secret in its path.
    #[error("`{path}` has a secret in its path ({kind}), and its path would be in the listing")]
    SecretInPath {
        /// The file, without the secret.
        path: Utf8PathBuf,
        /// The kind of secret.
        kind: &'static str,
    },
    /// A section has no room for the marker of a secret.
    #[error("a secret cannot be taken out of `{place}`")]
    Gate {
        /// Where it is.
        place: String,
    },
    /// The bundle would not verify.
    #[error("the run gives a bundle that would not verify")]
    NotIntact {
        /// The cause.
        findings: Vec<expbundle_format::Finding>,
    },
    /// The bundle that is in the place of a new one cannot be looked at.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The bundle in the place of a new one holds another state of the same run.
    #[error(transparent)]
    OtherState(OtherState),
    /// A bundle cannot be written to its place.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// There is no experiment or project of this name or id in the source.
    #[error("there is no experiment `{wanted}` in the source")]
    NoExperiment {
        /// What was given.
        wanted: String,
        /// The names of those that there are.
        names: Vec<String>,
    },
    /// A temporary file cannot be written.
    #[error("cannot use a temporary file: {0}")]
    Io(#[from] std::io::Error),
}

expbundle_format::debug_with_causes!(ConvertError);

impl ConvertError {
    /// There is no such run, and nobody listed those that there are.
    pub(crate) fn no_such_run(run: &str) -> Self {
        Self::NoSuchRun { run: run.to_owned(), known: Vec::new() }
    }
}

/// The last name of a path, for sections that must not hold whole paths.
/// The last part of a path, as the name of a file.
pub fn file_name(path: &Utf8Path) -> String {
    path.file_name().unwrap_or("file").to_owned()
}

/// The example of the README, as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
