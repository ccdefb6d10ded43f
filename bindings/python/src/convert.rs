//! Runs of trackers.

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::Utf8PathBuf;
use expbundle_convert::embed::Choice;
use expbundle_convert::many::Many;
use expbundle_convert::tracker::{self, Network, RowColumns, TRACKERS, Wanted, key_of};
use expbundle_convert::{ConvertError, Converted, Options};
use expbundle_format::record::Word;
use expbundle_words::{account, findings};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyAny, PyBool, PyString};

use crate::arguments::{existing, now, one_or_more, path, salt};
use crate::bundle::Bundle;
use crate::error::{plain, raise, unsound, usage, warn};
use crate::report::Finding;
use crate::value::document;
use crate::work::work;

/// What a tracker left at a path.
#[pyclass(frozen, module = "expbundle")]
pub struct Source {
    source: Box<dyn tracker::Source>,
    path: Utf8PathBuf,
}

/// A run that was converted.
#[pyclass(frozen, module = "expbundle")]
pub struct Conversion {
    converted: Converted,
    key: String,
}

/// What the person converting adds.
struct Wishes {
    files: Vec<Utf8PathBuf>,
    inputs: Vec<(Word, Utf8PathBuf)>,
    outputs: Vec<(Word, Utf8PathBuf)>,
    embed: Embed,
    allow_secrets: Vec<String>,
}

enum Embed {
    Small,
    Nothing,
    Only(Vec<String>),
}

impl Wishes {
    fn options<'a>(&'a self, progress: &'a (dyn Fn(u64) + Sync)) -> Options<'a> {
        let embed = match &self.embed {
            Embed::Small => Choice::Small,
            Embed::Nothing => Choice::None,
            Embed::Only(patterns) => Choice::Only(patterns),
        };
        let Self { files, inputs, outputs, allow_secrets, .. } = self;
        Options { files, inputs, outputs, embed, allow_secrets, progress }
    }
}

fn embed(value: Option<&Bound<'_, PyAny>>) -> PyResult<Embed> {
    let Some(value) = value else { return Ok(Embed::Small) };
    match value.cast::<PyBool>() {
        Ok(yes) if yes.is_true() => Ok(Embed::Small),
        Ok(_) => Ok(Embed::Nothing),
        Err(_) => value.extract().map(Embed::Only),
    }
}

/// Files by role: a mapping of roles to one path or several.
pub fn files_by_role(value: Option<&Bound<'_, PyAny>>) -> PyResult<Vec<(Word, Utf8PathBuf)>> {
    let Some(value) = value else { return Ok(Vec::new()) };
    let by_role: BTreeMap<String, Bound<'_, PyAny>> =
        value.extract().map_err(|_| PyTypeError::new_err("expected a dict of roles to paths"))?;
    let mut all = Vec::new();
    for (role, paths) in by_role {
        let role: Word = role.parse().map_err(|error| usage(value.py(), &format!("{error}")))?;
        if paths.cast::<PyString>().is_ok() || paths.hasattr("__fspath__")? {
            all.push((role, existing(&paths)?));
        } else {
            for path in paths.try_iter()? {
                all.push((role.clone(), existing(&path?)?));
            }
        }
    }
    Ok(all)
}

#[pymethods]
impl Source {
    /// The runs, each with ``key``, ``name`` and what else ``expbundle convert --list --json`` has.
    ///
    /// Runs that cannot be read are a ``UserWarning``.
    ///
    /// Types:
    ///
    ///     return: list[dict[str, Any]]
    fn runs<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let listing = work(py, |_| self.source.runs())?.map_err(|error| raise(py, error))?;
        warn(py, &(findings::all(&listing.unread) + &findings::all(&listing.findings)))?;
        document(py, &listing.runs)
    }

    /// Converts a run: by its key, the beginning of one, or its name; without one, the only run.
    ///
    /// ``files`` are folders with the bytes of artifacts that the tracker lists only by name and
    /// MD5. ``embed`` is ``False`` for no files, or patterns of those to embed.
    ///
    /// Types:
    ///
    ///     run: str | None
    ///     files: Iterable[str | os.PathLike[str]] | None
    ///     inputs: Mapping[str, str | os.PathLike[str] | Sequence[str | os.PathLike[str]]] | None
    ///     outputs: Mapping[str, str | os.PathLike[str] | Sequence[str | os.PathLike[str]]] | None
    ///     embed: bool | Sequence[str] | None
    ///     allow_secrets: Sequence[str]
    ///     blind: bool
    ///     return: Conversion
    #[pyo3(signature = (run = None, *, files = None, inputs = None, outputs = None, embed = None, allow_secrets = Vec::new(), blind = false))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
    fn convert(
        &self,
        py: Python<'_>,
        run: Option<&str>,
        files: Option<Vec<Bound<'_, PyAny>>>,
        inputs: Option<&Bound<'_, PyAny>>,
        outputs: Option<&Bound<'_, PyAny>>,
        embed: Option<&Bound<'_, PyAny>>,
        allow_secrets: Vec<String>,
        blind: bool,
    ) -> PyResult<Conversion> {
        let wishes = Wishes {
            files: files.unwrap_or_default().iter().map(existing).collect::<PyResult<_>>()?,
            inputs: files_by_role(inputs)?,
            outputs: files_by_role(outputs)?,
            embed: self::embed(embed)?,
            allow_secrets,
        };
        let converted = work(py, |given| {
            let key = key_of(&*self.source, run)?;
            let progress = |bytes| given.progress(bytes);
            let converted = self.source.convert(&key, &wishes.options(&progress))?;
            let converted = converted.blinded(blind.then_some(&salt))?;
            Ok::<_, ConvertError>(Conversion { converted, key })
        })?;
        converted.map_err(|error| raise(py, error))
    }

    /// Converts many runs into a folder, a bundle each: ``failed`` lists those that could not be.
    ///
    /// ``jobs`` is how many at once, one for each core if not given. With ``skip_existing`` runs that
    /// have ended and have their bundle in the folder are not read again.
    ///
    /// Types:
    ///
    ///     folder: str | os.PathLike[str]
    ///     runs: Sequence[str] | None
    ///     experiment: str | None
    ///     files: Iterable[str | os.PathLike[str]] | None
    ///     embed: bool | Sequence[str] | None
    ///     allow_secrets: Sequence[str]
    ///     blind: bool
    ///     jobs: int | None
    ///     skip_existing: bool
    ///     return: dict[str, Any]
    #[pyo3(signature = (folder, *, runs = None, experiment = None, files = None, embed = None, allow_secrets = Vec::new(), blind = false, jobs = None, skip_existing = false))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
    fn convert_all<'py>(
        &self,
        py: Python<'py>,
        folder: &Bound<'py, PyAny>,
        runs: Option<Vec<String>>,
        experiment: Option<&str>,
        files: Option<Vec<Bound<'py, PyAny>>>,
        embed: Option<&Bound<'py, PyAny>>,
        allow_secrets: Vec<String>,
        blind: bool,
        jobs: Option<std::num::NonZeroUsize>,
        skip_existing: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let folder = path(folder)?;
        let wishes = Wishes {
            files: files.unwrap_or_default().iter().map(existing).collect::<PyResult<_>>()?,
            inputs: Vec::new(),
            outputs: Vec::new(),
            embed: self::embed(embed)?,
            allow_secrets,
        };
        let wanted = match (experiment, &runs) {
            (Some(experiment), None) => Wanted::Experiment(experiment),
            (None, Some(runs)) => Wanted::Runs(runs),
            (None, None) => Wanted::All,
            (Some(_), Some(_)) => return Err(usage(py, "give `runs` or `experiment`, not both")),
        };
        let summary = work(py, |given| {
            let listing = self.source.runs()?;
            let chosen = listing.chosen(wanted)?;
            let progress = |bytes| given.progress(bytes);
            let salt: &expbundle_convert::blind::Salt<'_> = &salt;
            let many = Many {
                source: &*self.source,
                options: &wishes.options(&progress),
                salt: blind.then_some(salt),
                jobs,
                skip_existing,
                done: &|_| {},
            };
            let mut summary = many.into_folder(&chosen, &folder)?;
            // Runs that were named are here; of all, or those of an experiment, these may be some.
            if runs.is_none() {
                summary.add_unread(&listing.unread);
            }
            Ok((summary, findings::all(&listing.unread) + &findings::all(&listing.findings)))
        })?;
        let (summary, unread) = summary.map_err(|error: ConvertError| raise(py, error))?;
        warn(py, &unread)?;
        let result = pyo3::types::PyDict::new(py);
        result.set_item("failed", summary.failed())?;
        result.set_item("text", plain(&expbundle_words::converted::many(&summary, &folder)))?;
        Ok(result.into_any())
    }

    fn __repr__(&self) -> String {
        format!("<expbundle.Source {}>", expbundle_words::path(self.path.as_ref()))
    }
}

#[pymethods]
impl Conversion {
    /// The bundle, unsigned.
    ///
    /// Type: Bundle
    #[getter]
    fn bundle(&self, py: Python<'_>) -> PyResult<Bundle> {
        let checked = work(py, |_| self.converted.bundle.sound(None, now().timestamp()))?;
        Ok(Bundle::new(checked.map_err(|error| unsound(py, error))?.0))
    }

    /// What names the run within the source.
    ///
    /// Type: str
    #[getter]
    fn key(&self) -> &str {
        &self.key
    }

    /// The title of the run.
    ///
    /// Type: str
    #[getter]
    fn title(&self) -> &str {
        &self.converted.title
    }

    /// What is damaged, missing, lost or secret.
    ///
    /// Type: list[Finding]
    #[getter]
    fn findings(&self) -> Vec<Finding> {
        self.converted.findings.iter().map(Finding::of).collect()
    }

    /// Every item of the source, counted as mapped, kept raw, or dropped with a reason.
    ///
    /// Type: dict[str, Any]
    #[getter]
    fn account<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        document(py, &self.converted.account)
    }

    /// The account in words, as ``expbundle convert`` prints it.
    ///
    /// Type: str
    #[getter]
    fn text(&self) -> String {
        plain(&account::own(&self.converted.account, &self.converted.private()))
    }

    fn __repr__(&self) -> String {
        format!("<expbundle.Conversion of {}>", expbundle_words::quoted(&self.converted.title))
    }
}

/// The names of the trackers that are read.
///
/// Types:
///
///     return: list[str]
#[pyfunction]
pub fn trackers() -> Vec<&'static str> {
    TRACKERS.iter().map(|tracker| tracker.name()).collect()
}

/// Opens what a tracker left at a path; without ``tool`` it is found out which one.
///
/// The columns are those of a table of runs (``csv``, ``jsonl``, ``parquet``), where their names do not
/// tell: ``param_column`` has those that are parameters, and not metrics or tags.
///
/// Types:
///
///     path: str | os.PathLike[str]
///     tool: str | None
///     run_column: str | None
///     step_column: str | None
///     time_column: str | None
///     param_column: str | Sequence[str] | None
///     return: Source
#[pyfunction]
#[pyo3(signature = (path, tool = None, *, run_column = None, step_column = None, time_column = None, param_column = None))]
pub fn source(
    py: Python<'_>,
    path: &Bound<'_, PyAny>,
    tool: Option<&str>,
    run_column: Option<&str>,
    step_column: Option<&str>,
    time_column: Option<&str>,
    param_column: Option<&Bound<'_, PyAny>>,
) -> PyResult<Source> {
    let param_column = param_column.map(one_or_more).transpose()?.unwrap_or_default();
    let columns = RowColumns { run: run_column, step: step_column, time: time_column, params: &param_column };
    let address = path.extract::<String>().ok().filter(|word| tracker::is_address(word));
    let path = address.map_or_else(|| existing(path), |address| Ok(address.into()))?;
    let words: Vec<Utf8PathBuf> = tool.map(Utf8PathBuf::from).into_iter().chain([path.clone()]).collect();
    let source = work(py, |_| {
        let http = Arc::new(expbundle_http::Network::default());
        let network = Network { http, secret: &|name| std::env::var(name).ok() };
        tracker::named_or_found_with(&words, &columns, Some(&network))
    })?
    .map_err(|error| raise(py, error))?;
    Ok(Source { source, path })
}
