//! The trackers whose files are read, and what each of them is asked.
//!
//! [`TRACKERS`] is the only list. The help of `convert`, `--list`, the detection of a source, the
//! fuzz target and the tests walk it, so a new tracker is one line here (docs/adding-a-tracker.md).

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle_format::record::Status;
use expbundle_format::time::Time;
use expbundle_format::{Code, Finding, Place};
pub use expbundle_trackers::Scratch;
use expbundle_trackers::finding::SourceFinding;
use expbundle_trackers::http::Http;
use schemars::JsonSchema;
use serde::Serialize;

use crate::table::tool::TableTool;
use crate::{
    ConvertError, Converted, Options, aim, clearml, comet, dvc, huggingface, lightning, mlflow, neptune, swanlab,
    tensorboard, trackio, transformers, wandb, zenml,
};

/// Every tracker, in the order in which a path of unknown kind is tried.
pub static TRACKERS: &[&dyn Tracker] = &[
    &wandb::Wandb,
    &mlflow::Mlflow,
    &clearml::ClearMl,
    &comet::Comet,
    &neptune::Neptune,
    &dvc::Dvc,
    &zenml::ZenMl,
    &tensorboard::TensorBoard,
    &trackio::Trackio,
    &swanlab::SwanLab,
    &aim::Aim,
    &lightning::Lightning,
    &transformers::Transformers,
    &huggingface::HuggingFace,
    &TableTool::Csv,
    &TableTool::JsonLines,
    &TableTool::Parquet,
];

/// What servers are asked with. Conversion has no network of its own.
pub struct Network<'a> {
    /// Asks them.
    pub http: Arc<dyn Http>,
    /// Gives what only the caller knows, a token say, by the name of the variable that it is kept in.
    pub secret: &'a dyn Fn(&str) -> Option<String>,
}

/// Which columns of a table hold the run, the step, the time and parameters, where a person says so.
#[derive(Clone, Copy, Debug, Default)]
pub struct RowColumns<'a> {
    /// The column of the run.
    pub run: Option<&'a str>,
    /// The column of the step.
    pub step: Option<&'a str>,
    /// The column of the time.
    pub time: Option<&'a str>,
    /// Columns that are parameters, and not metrics or tags.
    pub params: &'a [String],
}

impl RowColumns<'_> {
    fn is_empty(&self) -> bool {
        self.params.is_empty() && [self.run, self.step, self.time].iter().all(Option::is_none)
    }
}

/// A tool whose files are read.
pub trait Tracker: fmt::Debug + Sync {
    /// Its name on the command line and in `record.json`.
    fn name(&self) -> &'static str;

    /// The kinds of files that are read, for one line of help.
    fn reads(&self) -> &'static str;

    /// Opens what is at a path. `None` if it holds nothing of this tool; an error if it does and
    /// cannot be read.
    fn open(&self, path: &Utf8Path) -> Result<Option<Box<dyn Source>>, ConvertError>;

    /// Opens a server of this tool, by its address. `None` if its servers are not asked.
    fn open_server(&self, _: &str, _: &Network<'_>) -> Result<Option<Box<dyn Source>>, ConvertError> {
        Ok(None)
    }

    /// The same of a table, some of whose columns a person named.
    fn open_with(&self, path: &Utf8Path, columns: &RowColumns<'_>) -> Result<Option<Box<dyn Source>>, ConvertError> {
        if columns.is_empty() { self.open(path) } else { Err(ConvertError::NotATable { tool: self.name() }) }
    }

    /// Why a path has no source of this tracker.
    fn nothing_at(&self, path: &Utf8Path) -> ConvertError {
        ConvertError::Nothing { tool: self.name(), reads: self.reads(), path: path.to_owned() }
    }

    /// Whether a path of unknown kind is tried: `false` where nearly any folder could be meant.
    fn is_recognized(&self) -> bool {
        true
    }

    /// The extension of files that are tried all the same, if no other tracker has them.
    fn extension(&self) -> Option<&'static str> {
        None
    }
}

/// What a tracker left at a path, opened for reading.
pub trait Source: Send + Sync {
    /// Lists the runs without converting any.
    fn runs(&self) -> Result<Listing, ConvertError>;

    /// The key of the only run, where it is known without reading a run.
    fn lone_run(&self) -> Option<String> {
        None
    }

    /// Converts the run that a key of [`Source::runs`] names.
    fn convert(&self, key: &str, options: &Options<'_>) -> Result<Converted, ConvertError>;
}

/// The runs of a source, and what kept others from being listed.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// The runs, in the order of experiment and start.
    pub runs: Vec<Listed>,
    /// Runs that cannot be read, and places in which others may be.
    pub unread: Vec<Finding>,
    /// What else was found on the way.
    pub findings: Vec<Finding>,
}

/// A run as a list shows it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    /// What names it within the source, for `--run`.
    pub key: String,
    /// Its id in the tracker.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// Name of its experiment or project.
    pub experiment: Option<String>,
    /// Id of its experiment.
    pub experiment_id: Option<String>,
    /// Its status.
    #[schemars(with = "String")]
    pub status: Status,
    /// When it started.
    pub started: Option<Time>,
    /// Whether the tracker has it as deleted.
    pub deleted: bool,
    /// The key of the run that it is nested in, where the tracker nests runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
}

impl Listed {
    /// A run of which nothing but its key is known, which is its id too.
    pub fn new(key: impl Into<String>) -> Self {
        let key = key.into();
        Self {
            id: key.clone(),
            key,
            name: None,
            experiment: None,
            experiment_id: None,
            status: Status::Unknown,
            started: None,
            deleted: false,
            parent: None,
        }
    }
}

/// Which runs of a source are meant.
#[derive(Clone, Copy, Debug)]
pub enum Wanted<'a> {
    /// Every run.
    All,
    /// Those of an experiment or project, by its name or id.
    Experiment(&'a str),
    /// Those that [`Listing::find`] finds.
    Runs(&'a [String]),
}

impl Listing {
    /// The runs that are meant.
    ///
    /// # Errors
    /// Those of [`Listing::find`], or [`ConvertError::NoExperiment`].
    pub fn chosen(&self, wanted: Wanted<'_>) -> Result<Vec<&Listed>, ConvertError> {
        match wanted {
            Wanted::All => Ok(self.runs.iter().collect()),
            Wanted::Experiment(experiment) => self.of_experiment(experiment),
            Wanted::Runs(runs) => runs.iter().map(|run| self.find(run)).collect(),
        }
    }

    fn of_experiment(&self, wanted: &str) -> Result<Vec<&Listed>, ConvertError> {
        let is_meant =
            |run: &&Listed| [&run.experiment, &run.experiment_id].map(Option::as_deref).contains(&Some(wanted));
        let chosen: Vec<&Listed> = self.runs.iter().filter(is_meant).collect();
        if chosen.is_empty() {
            let names: BTreeSet<&String> = self.runs.iter().filter_map(|run| run.experiment.as_ref()).collect();
            let names = names.into_iter().cloned().collect();
            return Err(ConvertError::NoExperiment { wanted: wanted.to_owned(), names });
        }
        Ok(chosen)
    }

    /// The run that is meant: the one of this key, or else of this id, or else of this name, or
    /// else the one whose key or id begins so.
    ///
    /// # Errors
    /// [`ConvertError::NoSuchRun`], or [`ConvertError::NotOneRun`] with those that could be meant.
    pub fn find(&self, wanted: &str) -> Result<&Listed, ConvertError> {
        let is_meant: [&dyn Fn(&Listed) -> bool; 4] =
            [&|run| run.key == wanted, &|run| run.id == wanted, &|run| run.name.as_deref() == Some(wanted), &|run| {
                !wanted.is_empty() && (run.key.starts_with(wanted) || run.id.starts_with(wanted))
            }];
        for is_meant in is_meant {
            let mut meant: Vec<&Listed> = self.runs.iter().filter(|run| is_meant(run)).collect();
            match meant.len() {
                0 => {}
                1 => return Ok(meant.swap_remove(0)),
                _ => return Err(ConvertError::NotOneRun { runs: meant.into_iter().cloned().collect() }),
            }
        }
        let names = self.runs.iter().flat_map(|run| run.name.iter().chain([&run.key, &run.id]));
        let known: BTreeSet<&String> = names.collect();
        Err(ConvertError::NoSuchRun { run: wanted.to_owned(), known: known.into_iter().cloned().collect() })
    }
}

/// The tracker of that name.
pub fn named(name: &str) -> Option<&'static dyn Tracker> {
    TRACKERS.iter().find(|tracker| tracker.name() == name).copied()
}

/// What comes in pieces as a file of a name in a folder, both of which are gone with the folder.
pub fn spooled(name: &str, mut input: impl io::Read) -> io::Result<(Scratch, Utf8PathBuf)> {
    let folder = Scratch::new()?;
    let path = Utf8PathBuf::try_from(folder.path().join(name)).map_err(io::Error::other)?;
    io::copy(&mut input, &mut std::fs::File::create(&path)?)?;
    Ok((folder, path))
}

/// Opens a source of a tracker.
pub fn open(tracker: &dyn Tracker, path: &Utf8Path) -> Result<Box<dyn Source>, ConvertError> {
    open_with(tracker, path, &RowColumns::default())
}

/// The same of a table, some of whose columns a person named.
pub fn open_with(
    tracker: &dyn Tracker,
    path: &Utf8Path,
    columns: &RowColumns<'_>,
) -> Result<Box<dyn Source>, ConvertError> {
    std::fs::metadata(path).map_err(|error| unreadable(path, error))?;
    tracker.open_with(path, columns)?.ok_or_else(|| tracker.nothing_at(path))
}

/// Opens a source of whichever tracker it is. `None` if it is of none; an error if one recognized
/// it and could not read it, or if several have something there.
pub fn open_any(path: &Utf8Path) -> Result<Option<Box<dyn Source>>, ConvertError> {
    open_any_with(path, &RowColumns::default())
}

fn open_any_with(path: &Utf8Path, columns: &RowColumns<'_>) -> Result<Option<Box<dyn Source>>, ConvertError> {
    let (mut found, mut trouble) = (Vec::new(), None);
    for tracker in TRACKERS.iter().filter(|tracker| tracker.is_recognized()) {
        match tracker.open(path) {
            Ok(Some(source)) => found.push((tracker.name(), source)),
            Ok(None) => {}
            Err(error) => trouble = trouble.or(Some(error)),
        }
    }
    if found.len() > 1 {
        let tools = found.into_iter().map(|(name, _)| name).collect();
        return Err(ConvertError::SeveralTools { tools, path: path.to_owned() });
    }
    match found.pop() {
        Some((tool, _)) if !columns.is_empty() => Err(ConvertError::NotATable { tool }),
        Some((_, source)) => Ok(Some(source)),
        None => match trouble {
            Some(error) => Err(error),
            None => by_extension(path).map_or(Ok(None), |tracker| tracker.open_with(path, columns)),
        },
    }
}

/// The tracker whose files are told by their extension.
fn by_extension(path: &Utf8Path) -> Option<&'static dyn Tracker> {
    let extension = path.extension().filter(|_| path.is_file())?;
    TRACKERS.iter().find(|tracker| tracker.extension() == Some(extension)).copied()
}

/// Opens what `[TOOL] PATH` names: a source of that tracker, or of whichever tracker it is. Without
/// a path, the current folder. The path may be the address of a server.
///
/// # Errors
/// There is nothing of a tracker there, or it cannot be read.
pub fn named_or_found(words: &[Utf8PathBuf]) -> Result<Box<dyn Source>, ConvertError> {
    named_or_found_with(words, &RowColumns::default(), None)
}

/// The same; of a table, some of whose columns a person named, or of a server.
///
/// # Errors
/// Those of [`named_or_found`], or [`ConvertError::NotATable`].
pub fn named_or_found_with(
    words: &[Utf8PathBuf],
    columns: &RowColumns<'_>,
    network: Option<&Network<'_>>,
) -> Result<Box<dyn Source>, ConvertError> {
    let here = Utf8Path::new(".");
    match words {
        [tool, path] => {
            let tracker = named(tool.as_str()).ok_or_else(|| ConvertError::NotATracker(tool.to_string()))?;
            if is_address(path.as_str()) {
                open_server(&[tracker], path.as_str(), network)
            } else {
                open_looked_at(tracker, path, columns)
            }
        }
        [one] if is_address(one.as_str()) => open_server(TRACKERS, one.as_str(), network),
        [one] => match named(one.as_str()).filter(|_| !one.exists()) {
            Some(tracker) => open_looked_at(tracker, here, columns),
            None => found(one, columns),
        },
        _ => found(here, columns),
    }
}

/// Whether a word is the address of a server.
pub fn is_address(word: &str) -> bool {
    word.starts_with("http://") || word.starts_with("https://")
}

/// Opens the server of the first of these trackers that knows it.
fn open_server(
    trackers: &[&dyn Tracker],
    address: &str,
    network: Option<&Network<'_>>,
) -> Result<Box<dyn Source>, ConvertError> {
    if address.split('/').nth(2).is_some_and(|host| host.contains('@')) {
        return Err(ConvertError::SecretInAddress);
    }
    let network = network.ok_or_else(|| ConvertError::NoServer(address.to_owned()))?;
    for tracker in trackers {
        if let Some(source) = tracker.open_server(address, network)? {
            return Ok(source);
        }
    }
    Err(ConvertError::NoServer(address.to_owned()))
}

fn found(path: &Utf8Path, columns: &RowColumns<'_>) -> Result<Box<dyn Source>, ConvertError> {
    look(path)?;
    open_any_with(path, columns)?.ok_or_else(|| ConvertError::NoTracker(path.to_owned()))
}

fn open_looked_at(
    tracker: &dyn Tracker,
    path: &Utf8Path,
    columns: &RowColumns<'_>,
) -> Result<Box<dyn Source>, ConvertError> {
    look(path)?;
    open_with(tracker, path, columns)
        .map_err(|source| ConvertError::NamedTracker { path: path.to_owned(), source: Box::new(source) })
}

/// Refuses what is neither a regular file nor a folder before it is opened: to open a pipe is to wait
/// for whoever writes to it, perhaps for ever.
///
/// # Errors
/// [`ConvertError::Look`], of the kind [`InvalidInput`](io::ErrorKind::InvalidInput) for such a
/// thing.
pub fn look(path: &Utf8Path) -> Result<(), ConvertError> {
    // A table is read more than once, which a stream cannot be.
    let is_stream = path == "-" && !path.exists();
    let found = if is_stream { Err(io::ErrorKind::InvalidInput.into()) } else { std::fs::metadata(path) };
    let looked = found.and_then(|metadata| {
        let is_read = metadata.is_file() || metadata.is_dir();
        if is_read { Ok(()) } else { Err(io::ErrorKind::InvalidInput.into()) }
    });
    looked.map_err(|source| ConvertError::Look { path: path.to_owned(), source })
}

/// What is read of every tracker whose sources are recognized, in a line each.
pub fn recognized() -> impl Iterator<Item = String> {
    TRACKERS
        .iter()
        .filter(|tracker| tracker.is_recognized() || tracker.extension().is_some())
        .map(|tracker| format!("{}: {}", tracker.name(), tracker.reads()))
}

/// The key of the only run of a source. Several are an error that lists them; none, one that lists
/// those that cannot be read.
pub fn only_run(source: &dyn Source) -> Result<String, ConvertError> {
    if let Some(key) = source.lone_run() {
        return Ok(key);
    }
    let Listing { runs, unread, .. } = source.runs()?;
    match runs.as_slice() {
        [] => Err(ConvertError::NoRun { unread }),
        [run] => Ok(run.key.clone()),
        _ => Err(ConvertError::NotOneRun { runs }),
    }
}

/// The key of the run that a person names as [`Listing::find`] has it; without a name, of the only
/// run.
pub fn key_of(source: &dyn Source, wanted: Option<&str>) -> Result<String, ConvertError> {
    let Some(wanted) = wanted else { return only_run(source) };
    let listing = source.runs()?;
    match listing.find(wanted) {
        Ok(run) => Ok(run.key.clone()),
        // A run that cannot be listed may say better why it cannot be converted.
        Err(ConvertError::NoSuchRun { run, .. }) if !listing.unread.is_empty() => Ok(run),
        Err(error) => Err(error),
    }
}

/// Converts a run that is named so; without a name, the only one.
pub fn convert(source: &dyn Source, wanted: Option<&str>, options: &Options<'_>) -> Result<Converted, ConvertError> {
    source.convert(&key_of(source, wanted)?, options)
}

/// Opens what is where a person names a bundle: the source of a tracker, or the server at an address.
/// `None` if no tracker knows it.
///
/// # Errors
/// It is a tracker's and cannot be read, or several trackers have something there.
pub fn open_place(place: &Utf8Path, network: &Network<'_>) -> Result<Option<Box<dyn Source>>, ConvertError> {
    if is_address(place.as_str()) {
        return open_server(TRACKERS, place.as_str(), Some(network)).map(Some);
    }
    if look(place).is_ok() { open_any(place) } else { Ok(None) }
}

/// What a reader found, in the words of the format.
pub(crate) fn finding(found: &SourceFinding) -> Finding {
    let code = found.code.as_str().parse().unwrap_or(Code::SourceDamaged);
    Finding::new(code, Place::entry(&found.place), &found.detail)
}

/// The finding for a run that cannot be listed, with all causes.
pub(crate) fn not_listed(key: &str, error: &dyn Error) -> Finding {
    let mut messages = vec![error.to_string()];
    let mut next = error.source();
    while let Some(cause) = next {
        messages.push(cause.to_string());
        next = cause.source();
    }
    // Transparent wrappers say what their cause says.
    messages.dedup();
    Finding::new(Code::SourceUnreadable, Place::entry(key), messages.join(": "))
}

/// The error for a source, or a part of it, that cannot be read.
pub(crate) fn unreadable(path: &Utf8Path, source: impl Into<Box<dyn Error + Send + Sync>>) -> ConvertError {
    ConvertError::Source { path: Utf8PathBuf::from(path), source: source.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trackers_have_names_of_their_own() {
        let names: BTreeSet<&str> = TRACKERS.iter().map(|tracker| tracker.name()).collect();
        assert_eq!(names.len(), TRACKERS.len());
        for tracker in TRACKERS {
            assert_eq!(named(tracker.name()).expect("listed").name(), tracker.name());
            assert!(!tracker.reads().is_empty() && !tracker.reads().contains('\n'));
        }
        assert!(named("").is_none());
    }

    #[test]
    fn an_empty_folder_is_nothing_of_anybody() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = Utf8Path::from_path(folder.path()).expect("UTF-8");
        assert!(open_any(path).expect("readable").is_none());
        for tracker in TRACKERS {
            assert!(matches!(open(*tracker, path), Err(ConvertError::Nothing { .. })), "{}", tracker.name());
            let none = path.join("none");
            assert!(matches!(open(*tracker, &none), Err(ConvertError::Source { .. })), "{}", tracker.name());
        }
    }
}
