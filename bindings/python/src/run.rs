//! Recording a run.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock};

use expbundle::verify::Intact;
use expbundle_format::limits::Limits;
use expbundle_format::number::Number;
use expbundle_format::record::Status;
use expbundle_format::sections::{
    Basis, Charge, Code, Direction, Environment, Evaluation, Event, EventSeverity, Group, Hardware, Link, ResourceUse,
};
use expbundle_format::time::Time;
use expbundle_run::table::{Columns, Table};
use expbundle_run::{Param, Recovered, RunError, known_relation, known_role, known_status};
use expbundle_words::{Failure, findings, table};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyAny, PyBytes, PyMapping, PyString, PyTuple};

use crate::arguments::{decimal, existing, moment, path, record, salt, section_name, small_file, words_of};
use crate::arrow::Batches;
use crate::bundle::Bundle;
use crate::described::{Known, accelerators, packages};
use crate::ending::{self, Saves};
use crate::error::{raise, refused, usage, warn};
use crate::points::{Kinds, Points};
use crate::record::Record;
use crate::report::Finding;
use crate::value::{from_python, typed_from_python};
use crate::work::work;

/// A run in the making; :meth:`finish` makes the bundle.
///
/// What it is told is kept in memory, but for points, which go to a temporary file once there are
/// many. Files are hashed when they are told, and not copied. With a ``journal`` a run whose process
/// is killed is not lost. What a call refuses it does not keep, and the run goes on: what looks like a
/// secret among them, which raises :class:`expbundle.ExpbundleError`.
///
/// >>> import expbundle
/// >>> run = expbundle.Run("fit", clock=False)
/// >>> run.log({"loss": 0.5, "train": {"accuracy": 0.9}}, step=1)
/// >>> run.finish().record().metrics
/// {'loss': 0.5, 'train/accuracy': 0.9}
///
/// As a context manager it finishes at the end of the block. An exception goes on, and the run has
/// the status ``failed``, or ``killed`` after Ctrl-C; the bundle is :attr:`bundle`, and is saved if
/// ``save`` says where. One that is never finished is a ``ResourceWarning``.
///
/// >>> with expbundle.Run("fit", clock=False) as run:
/// ...     run.log({"loss": 0.5}, step=1)
/// >>> run.bundle.record().status
/// 'finished'
///
/// Begins a run. The title is one line that says what is done; it may not be empty.
///
/// ``tool`` and ``run`` name the tracker that has it and that tracker's id. With ``clock=False``
/// nothing gets the present time, so that the same content gives the same bytes.
///
/// ``journal`` is a file, which must not be there yet, that keeps what each call told when the
/// call returns: :meth:`recover` reads it if the process is killed. It stays until you delete
/// it. A power cut may lose the last half minute. A call that cannot write to
/// it raises :class:`expbundle.ExpbundleError`; the run has what it told all the same.
///
/// ``save`` is where a ``with`` block saves the bundle when it ends, however it ends. Unless
/// ``overwrite`` is set nothing may be there: that raises :class:`expbundle.UsageError` now. For
/// both files a folder that is not there raises ``FileNotFoundError`` now.
///
/// Types:
///
///     title: str
///     started: str | datetime.datetime | float | None
///     tool: str | None
///     run: str | None
///     clock: bool
///     journal: str | os.PathLike[str] | None
///     save: str | os.PathLike[str] | None
///     overwrite: bool
///     return: Run
#[pyclass(frozen, module = "expbundle")]
pub struct Run {
    /// `None` once it is finished.
    told: Mutex<Option<expbundle_run::Run>>,
    made: OnceLock<Intact>,
    /// Where a `with` block saves the bundle.
    place: Option<Saves>,
    /// The process that began it: a fork has a copy that nobody will finish.
    process: u32,
    /// Whether what is told without a time gets the present one.
    clock: bool,
    /// What could not be read of the journal that it comes from.
    findings: Vec<expbundle_format::Finding>,
    /// What metrics, and system metrics, have been so far: numbers or texts.
    kinds: Mutex<[Kinds; 2]>,
}

impl Run {
    fn of(
        run: expbundle_run::Run,
        clock: bool,
        place: Option<Saves>,
        findings: Vec<expbundle_format::Finding>,
    ) -> Self {
        let (told, made) = (Mutex::new(Some(run)), OnceLock::new());
        Self { told, made, place, process: std::process::id(), clock, findings, kinds: Mutex::default() }
    }

    /// Where a `with` block saves the bundle.
    pub fn place(&self) -> Option<&Saves> {
        self.place.as_ref()
    }

    /// The bundle, once it is made.
    pub fn made(&self) -> Option<&Intact> {
        self.made.get()
    }

    /// Does something to the run, unless it is finished or another process began it.
    pub fn with<T>(
        &self,
        py: Python<'_>,
        act: impl FnOnce(&mut expbundle_run::Run) -> Result<T, RunError>,
    ) -> PyResult<T> {
        self.own(py)?;
        let mut told = self.told.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let told = told.as_mut().ok_or_else(|| usage(py, "the run is finished"))?;
        let acted = act(told).and_then(|acted| told.keep().map(|()| acted));
        acted.map_err(|error| refused(py, error))
    }

    fn own(&self, py: Python<'_>) -> PyResult<()> {
        if std::process::id() == self.process {
            return Ok(());
        }
        Err(usage(py, "the run was begun by another process: tell it there, or begin a run of its own here"))
    }

    /// A time that was given, or the present one if the run has a clock.
    pub fn time(&self, given: Option<&Bound<'_, PyAny>>) -> PyResult<Option<Time>> {
        match given {
            Some(given) => moment(Some(given)).map(Some),
            None => Ok(self.clock.then(present)),
        }
    }

    fn points(
        &self,
        values: &Bound<'_, PyAny>,
        step: Option<i64>,
        time: Option<&Bound<'_, PyAny>>,
        is_system: bool,
    ) -> PyResult<()> {
        let py = values.py();
        let time_ns = self.time(time)?.and_then(|time| i64::try_from(time.timestamp().as_nanosecond()).ok());
        self.own(py)?;
        let mut told = self.told.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let told = told.as_mut().ok_or_else(|| usage(py, "the run is finished"))?;
        let mut kinds = self.kinds.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let kinds = &mut kinds[usize::from(is_system)];
        let logged = told.together(|run| Points { run, kinds, step, time_ns, is_system }.all(values));
        logged.map_err(|error| refused(py, error))?
    }
}

/// Now, in microseconds.
fn present() -> Time {
    jiff::Timestamp::from_microsecond(jiff::Timestamp::now().as_microsecond()).unwrap_or_default().into()
}

/// The values in a JSON value, itself among them.
fn count(value: &serde_json::Value) -> u64 {
    1 + match value {
        serde_json::Value::Array(items) => items.iter().map(count).sum(),
        serde_json::Value::Object(members) => members.values().map(count).sum(),
        _ => 0,
    }
}

/// One of few words.
fn word<T: serde::de::DeserializeOwned>(py: Python<'_>, what: &str, word: &str) -> PyResult<T> {
    serde_json::from_value(serde_json::Value::from(word)).map_err(|error| usage(py, &format!("{what}: {error}")))
}

/// How it ended, and when.
fn end_of(
    py: Python<'_>,
    status: Option<&str>,
    ended: Option<&Bound<'_, PyAny>>,
) -> PyResult<(Option<Status>, Option<Time>)> {
    let status = status.map(known_status).transpose().map_err(|error| refused(py, error))?;
    Ok((status, ended.map(|ended| moment(Some(ended))).transpose()?))
}

#[pymethods]
impl Run {
    #[new]
    #[pyo3(signature = (title, *, started = None, tool = None, run = None, clock = true, journal = None, save = None, overwrite = false))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
    fn new(
        py: Python<'_>,
        title: String,
        started: Option<&Bound<'_, PyAny>>,
        tool: Option<String>,
        run: Option<String>,
        clock: bool,
        journal: Option<&Bound<'_, PyAny>>,
        save: Option<&Bound<'_, PyAny>>,
        overwrite: bool,
    ) -> PyResult<Self> {
        let mut new = expbundle_run::Run::new(title);
        new.check_title().map_err(|error| refused(py, error))?;
        let place = save.map(|save| Saves::at(py, path(save)?, overwrite)).transpose()?;
        match (tool, run) {
            (Some(tool), Some(run)) => new = new.tracked_by(tool, run),
            (None, None) => {}
            _ => return Err(usage(py, "give `tool` and `run` together")),
        }
        let started = match started {
            Some(given) => Some(moment(Some(given))?),
            None => clock.then(present),
        };
        if let Some(started) = started {
            new = new.started(started);
        }
        if let Some(journal) = journal {
            new.journal(path(journal)?).map_err(|error| refused(py, error))?;
        }
        Ok(Self::of(new, clock, place, Vec::new()))
    }

    /// The run of a journal, to be finished as any other.
    ///
    /// The file is only read. Unless the run was told how and when it ended, its status is
    /// ``unknown``, and it ended with its last point or event. With ``resume`` it goes on, in the
    /// same file and by the present time, unless ``clock`` is false.
    ///
    /// What cannot be read is a ``UserWarning`` and in :attr:`findings`; the bundle names it too.
    /// Raises ``FileNotFoundError``, :class:`expbundle.ExpbundleError` if the file is not a journal,
    /// and :class:`expbundle.UsageError` if it is to be resumed and is still being written.
    ///
    /// Types:
    ///
    ///     journal: str | os.PathLike[str]
    ///     resume: bool
    ///     clock: bool
    ///     return: Run
    #[staticmethod]
    #[pyo3(signature = (journal, *, resume = false, clock = true))]
    fn recover(py: Python<'_>, journal: &Bound<'_, PyAny>, resume: bool, clock: bool) -> PyResult<Self> {
        let path = existing(journal)?;
        let read =
            work(py, |_| if resume { expbundle_run::Run::resume(&path) } else { expbundle_run::Run::recover(&path) })?;
        let Recovered { run, findings } = read.map_err(|error| refused(py, error))?;
        warn(py, &findings::all(&findings))?;
        Ok(Self::of(run, resume && clock, None, findings))
    }

    /// Values of metrics at a step. Names in nested dicts are joined by ``/``.
    ///
    /// A value is a number, or what ``float`` takes, such as an array of one value. A metric may be
    /// texts instead: these are kept and have no curve. One that looks like a number is a
    /// ``UserWarning``, told once for each metric. Raises :class:`expbundle.UsageError` for a text
    /// where the metric has numbers, or the other way round.
    ///
    /// ``time`` is RFC 3339 text, an aware ``datetime``, or seconds since 1970 as ``time.time()`` gives
    /// them; without it the present time, unless the run was made with ``clock=False``.
    ///
    /// Types:
    ///
    ///     values: Mapping[str, Any]
    ///     step: int | None
    ///     time: str | datetime.datetime | float | None
    #[pyo3(signature = (values, *, step = None, time = None))]
    fn log(&self, values: &Bound<'_, PyAny>, step: Option<i64>, time: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        self.points(values, step, time, false)
    }

    /// The points of a table: ``run.log_table(frame, step="step")``.
    ///
    /// Anything with Arrow's C stream interface is taken: tables of pyarrow, polars, duckdb, pandas from
    /// 2.2 on, and :class:`expbundle.Series`. It has a column for each metric, or a row for each point
    /// with the columns ``key``, ``step``, ``time``, ``value`` and ``text``, as ``extract`` writes them.
    /// ``step`` and ``time`` name columns; without them these are told by their names. A million rows
    /// take well under a second.
    ///
    /// What could not be read of it is a ``UserWarning``. Raises ``TypeError`` for anything else, and
    /// :class:`expbundle.ExpbundleError` if a column is not there, or no row gives a point.
    ///
    /// Types:
    ///
    ///     table: Any
    ///     step: str | None
    ///     time: str | None
    ///     system: bool
    #[pyo3(signature = (table, *, step = None, time = None, system = false))]
    fn log_table(
        &self,
        py: Python<'_>,
        table: &Bound<'_, PyAny>,
        step: Option<&str>,
        time: Option<&str>,
        system: bool,
    ) -> PyResult<()> {
        let columns = Columns { step, time, is_one_run: false };
        let table = Table::given(Batches::of(table)?).map_err(|error| raise(py, Failure::from(&error)))?;
        let reading =
            self.with(
                py,
                |run| {
                    if system { run.system_from(table, &columns) } else { run.metrics_from(table, &columns) }
                },
            )?;
        warn(py, &table::left_out_of_memory(&reading))
    }

    /// Values of system metrics: the load of a processor, the memory of a card.
    ///
    /// Types:
    ///
    ///     values: Mapping[str, Any]
    ///     step: int | None
    ///     time: str | datetime.datetime | float | None
    #[pyo3(signature = (values, *, step = None, time = None))]
    fn observe(&self, values: &Bound<'_, PyAny>, step: Option<i64>, time: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        self.points(values, step, time, true)
    }

    /// Parameters, nested as they come. The last value of a name counts.
    ///
    /// Arrays and scalars with ``tolist`` or ``item``, of NumPy or PyTorch, are lists and numbers.
    /// Integers of any length, ``nan`` and ``inf`` are kept exactly; what JSON has no form for else
    /// is its ``str``, and ``TypeError`` if that is only an address in memory. Raises
    /// :class:`expbundle.UsageError` for a value of more than 1,048,576 items.
    ///
    /// What looks like a secret, by its name or form, raises :class:`expbundle.ExpbundleError`, and none
    /// of the values is kept: see :meth:`allow_secrets` for false alarms. With ``replace_secrets`` a
    /// marker stands for it instead, an event of kind ``redaction`` counts the markers, and a
    /// ``UserWarning`` names the places.
    ///
    /// Types:
    ///
    ///     values: Mapping[str, Any]
    ///     replace_secrets: bool
    #[pyo3(signature = (values, *, replace_secrets = false))]
    fn params(&self, py: Python<'_>, values: &Bound<'_, PyAny>, replace_secrets: bool) -> PyResult<()> {
        let mapping = values.cast::<PyMapping>().map_err(|_| PyTypeError::new_err("expected a dict of parameters"))?;
        let mut params = BTreeMap::new();
        for item in mapping.items()? {
            let (name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
            let name = name.str()?.to_cow()?.into_owned();
            let given = value;
            let value = typed_from_python(&given)?;
            if !given.is_instance_of::<PyString>() && value.as_str().is_some_and(is_address) {
                let class = given.get_type().name()?;
                return Err(PyTypeError::new_err(format!(
                    "the parameter {name:?} is of the class {class}, which has no text of its own; give a text or number"
                )));
            }
            let (values, most) = (count(&value), Limits::default().json_values);
            if values > most {
                let told = format!("the parameter {name:?} has {values} values, and a section has room for {most}");
                let help = "write it to a file, and name the file with `run.input` or `run.output`";
                return Err(raise(py, Failure::usage(told).help(help)));
            }
            params.insert(name, Param::of_tree(value));
        }
        if !replace_secrets {
            return self.with(py, |run| run.add_params(params));
        }
        let found = self.with(py, |run| run.add_params_without_secrets(params))?;
        let places: Vec<String> = found.iter().map(|(place, kind)| format!("{place} ({kind})")).collect();
        let told = format!("a marker stands for what looks like a secret: {}", places.join(", "));
        if places.is_empty() { Ok(()) } else { warn(py, &told) }
    }

    /// Words to find it by, one by one or in lists.
    ///
    /// Types:
    ///
    ///     tags: str | Sequence[str]
    #[pyo3(signature = (*tags))]
    fn tags(&self, tags: &Bound<'_, PyTuple>) -> PyResult<()> {
        let words = words_of(tags)?;
        self.with(tags.py(), |run| run.add_tags(words))
    }

    /// Notes in Markdown; what is told later is a paragraph of its own.
    ///
    /// Types:
    ///
    ///     text: str
    fn note(&self, py: Python<'_>, text: &str) -> PyResult<()> {
        self.with(py, |run| run.add_note(text))
    }

    /// Words with values to find it by: ``run.labels({"area": "search"})``. The last value of a name
    /// counts.
    ///
    /// Types:
    ///
    ///     values: Mapping[str, str]
    fn labels(&self, py: Python<'_>, values: BTreeMap<String, String>) -> PyResult<()> {
        self.with(py, |run| run.add_labels(values))
    }

    /// What it belongs to, the outermost first: ``run.group("ranking", kind="project")``.
    ///
    /// ``kind`` is ``project``, ``experiment``, ``sweep``, ``group`` or a word of your tracker; ``id`` is
    /// what the tracker calls it.
    ///
    /// Types:
    ///
    ///     name: str
    ///     kind: str
    ///     id: str | None
    #[pyo3(signature = (name, *, kind = "group", id = None))]
    fn group(&self, py: Python<'_>, name: String, kind: &str, id: Option<String>) -> PyResult<()> {
        let kind = kind.to_owned();
        self.with(py, |run| run.add_group(&Group { kind, name, id, ..Group::default() }))
    }

    /// An issue, a paper, a page.
    ///
    /// Types:
    ///
    ///     url: str
    ///     title: str | None
    #[pyo3(signature = (url, title = None))]
    fn link(&self, py: Python<'_>, url: String, title: Option<String>) -> PyResult<()> {
        self.with(py, |run| run.add_link(&Link { url, title }))
    }

    /// The code that ran. ``entry_point`` is the program, relative to the repository or folder.
    ///
    /// What is not given stays as it was told before, here and in the two calls below.
    ///
    /// Types:
    ///
    ///     commit: str | None
    ///     repository: str | None
    ///     branch: str | None
    ///     entry_point: str | None
    ///     arguments: Sequence[str] | None
    #[pyo3(signature = (*, commit = None, repository = None, branch = None, entry_point = None, arguments = None))]
    fn code(
        &self,
        py: Python<'_>,
        commit: Option<String>,
        repository: Option<String>,
        branch: Option<String>,
        entry_point: Option<String>,
        arguments: Option<Vec<String>>,
    ) -> PyResult<()> {
        let arguments = arguments.unwrap_or_default();
        let code = Code { commit, repository, branch, entry_point, arguments, ..Code::default() };
        self.with(py, |run| run.add_code(&code))
    }

    /// The software around it: ``packages`` by name, and other ``versions`` that matter, like ``cuda``.
    ///
    /// Types:
    ///
    ///     os: str | None
    ///     python: str | None
    ///     packages: Mapping[str, str | None] | None
    ///     container_image: str | None
    ///     versions: Mapping[str, str] | None
    #[pyo3(signature = (*, os = None, python = None, packages = None, container_image = None, versions = None))]
    fn environment(
        &self,
        py: Python<'_>,
        os: Option<String>,
        python: Option<String>,
        packages: Option<BTreeMap<String, Option<String>>>,
        container_image: Option<String>,
        versions: Option<BTreeMap<String, String>>,
    ) -> PyResult<()> {
        let (packages, versions) = (self::packages(packages), versions.unwrap_or_default());
        let environment = Environment { os, python, packages, container_image, versions };
        self.with(py, |run| run.add_environment(&environment))
    }

    /// The machine, without its name. ``accelerators`` are models and how many: ``{"NVIDIA H200": 8}``.
    ///
    /// Types:
    ///
    ///     cpu: str | None
    ///     cpu_cores: int | None
    ///     cpu_threads: int | None
    ///     memory_bytes: int | None
    ///     accelerators: Mapping[str, int] | None
    #[pyo3(signature = (*, cpu = None, cpu_cores = None, cpu_threads = None, memory_bytes = None, accelerators = None))]
    fn hardware(
        &self,
        py: Python<'_>,
        cpu: Option<String>,
        cpu_cores: Option<u64>,
        cpu_threads: Option<u64>,
        memory_bytes: Option<u64>,
        accelerators: Option<BTreeMap<String, u64>>,
    ) -> PyResult<()> {
        let accelerators = self::accelerators(accelerators);
        let hardware = Hardware { cpu, cpu_cores, cpu_threads, memory_bytes, accelerators };
        self.with(py, |run| run.add_hardware(&hardware))
    }

    /// A file or folder that went in, by its role: ``model``, ``checkpoint``, ``adapter``, ``tokenizer``,
    /// ``dataset``, ``config``, ``code``, ``patch``, ``media``, ``file``, or a URI of your own.
    ///
    /// It is hashed now. The same bytes in the same role are recorded once, under the name of the
    /// first file; other names are ``aliases`` in ``artifacts.json``. Raises ``FileNotFoundError``, and
    /// :class:`expbundle.UsageError` for a role that the format does not have and that is not a URI.
    ///
    /// A file that is not here has no ``path``, but a ``size`` in bytes, and one digest or both in hex:
    /// ``run.input("model", name="base.safetensors", size=3, sha256="ba78…", uri="s3://…")``. They are
    /// taken on trust, and link the run to others as those of a file that is here. Leave out of ``uri``
    /// what signs a request.
    ///
    /// Types:
    ///
    ///     role: str
    ///     path: str | os.PathLike[str] | None
    ///     name: str | None
    ///     size: int | None
    ///     sha256: str | None
    ///     blake3: str | None
    ///     uri: str | None
    #[pyo3(signature = (role, path = None, *, name = None, size = None, sha256 = None, blake3 = None, uri = None))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
    fn input(
        &self,
        py: Python<'_>,
        role: &str,
        path: Option<&Bound<'_, PyAny>>,
        name: Option<String>,
        size: Option<u64>,
        sha256: Option<String>,
        blake3: Option<String>,
        uri: Option<String>,
    ) -> PyResult<()> {
        self.file(py, Direction::Input, role, path, Known { name, size, sha256, blake3, uri })
    }

    /// A file or folder that came out, in the same way.
    ///
    /// Types:
    ///
    ///     role: str
    ///     path: str | os.PathLike[str] | None
    ///     name: str | None
    ///     size: int | None
    ///     sha256: str | None
    ///     blake3: str | None
    ///     uri: str | None
    #[pyo3(signature = (role, path = None, *, name = None, size = None, sha256 = None, blake3 = None, uri = None))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
    fn output(
        &self,
        py: Python<'_>,
        role: &str,
        path: Option<&Bound<'_, PyAny>>,
        name: Option<String>,
        size: Option<u64>,
        sha256: Option<String>,
        blake3: Option<String>,
        uri: Option<String>,
    ) -> PyResult<()> {
        self.file(py, Direction::Output, role, path, Known { name, size, sha256, blake3, uri })
    }

    /// A small file whose bytes travel inside the bundle, such as a plot: bytes, or where they are.
    ///
    /// ``name`` is its path among the files of the run, like ``plots/loss.png``; :meth:`Record.artifact`
    /// gives the bytes by it. All such files of a run come to at most 16 MiB. Raises
    /// :class:`expbundle.UsageError` if there is no room, the name has other bytes already, or the file
    /// names people, machines or absolute paths or is packed, so that nobody can tell; larger files
    /// are for :meth:`output`.
    ///
    /// Types:
    ///
    ///     name: str
    ///     content: bytes | str | os.PathLike[str]
    fn artifact(&self, py: Python<'_>, name: &str, content: &Bound<'_, PyAny>) -> PyResult<()> {
        let bytes = small_file(content)?;
        self.with(py, |run| run.add_artifact(name, bytes))
    }

    /// A record that this one follows from: ``fine-tuned-from``, ``quantized-from``, …
    ///
    /// ``parent`` may be a bundle, or where one is, if it has one record that no other derives from.
    ///
    /// Types:
    ///
    ///     parent: Record | str | os.PathLike[str] | bytes | BinaryIO | Bundle
    ///     relation: str
    fn derive_from(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = record)] parent: Record,
        relation: &str,
    ) -> PyResult<()> {
        let (intact, id) = parent.pair();
        self.with(py, |run| run.add_parent(intact, id, known_relation(relation)?))
    }

    /// Something that happened around the run: a checkpoint, a restart, a full disk.
    ///
    /// Types:
    ///
    ///     kind: str
    ///     text: str | None
    ///     severity: Literal['info', 'warning', 'error']
    ///     time: str | datetime.datetime | float | None
    ///     details: Mapping[str, Any] | None
    #[pyo3(signature = (kind, text = None, *, severity = "info", time = None, details = None))]
    fn event(
        &self,
        py: Python<'_>,
        kind: String,
        text: Option<String>,
        severity: &str,
        time: Option<&Bound<'_, PyAny>>,
        details: Option<BTreeMap<String, Bound<'_, PyAny>>>,
    ) -> PyResult<()> {
        let severity: EventSeverity = word(py, "severity", severity)?;
        let details = details.unwrap_or_default().into_iter();
        let details = details.map(|(name, value)| Ok((name, typed_from_python(&value)?))).collect::<PyResult<_>>()?;
        let event = Event { time: self.time(time)?, kind, severity, text, details, ..Event::default() };
        self.with(py, |run| run.add_event(event))
    }

    /// What the run used: ``run.cost("gpu", 3.5, "h", model="H200")``.
    ///
    /// The amount is finite and not negative, else :class:`expbundle.UsageError` is raised.
    ///
    /// Types:
    ///
    ///     resource: str
    ///     amount: float
    ///     unit: str
    ///     basis: Literal['measured', 'estimated', 'billed']
    ///     model: str | None
    ///     method: str | None
    #[pyo3(signature = (resource, amount, unit, *, basis = "measured", model = None, method = None))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
    fn cost(
        &self,
        py: Python<'_>,
        resource: String,
        amount: f64,
        unit: String,
        basis: &str,
        model: Option<String>,
        method: Option<String>,
    ) -> PyResult<()> {
        let basis: Basis = word(py, "basis", basis)?;
        let used = ResourceUse { resource, model, amount: Number(amount), unit, basis, method };
        self.with(py, |run| run.add_use(used))
    }

    /// What was charged for it: ``run.charge("12.40", "EUR", basis="billed")``.
    ///
    /// The amount is decimal text or a ``Decimal``, and not a float: 12.4 as a float is not exactly
    /// 12.40. The currency is its ISO 4217 code. Raises :class:`expbundle.UsageError` for anything else,
    /// and ``TypeError`` for a float.
    ///
    /// Types:
    ///
    ///     amount: str | decimal.Decimal | int
    ///     currency: str
    ///     basis: Literal['measured', 'estimated', 'billed']
    ///     rate: str | decimal.Decimal | int | None
    ///     rate_unit: str | None
    ///     rate_source: str | None
    ///     rate_date: str | None
    #[pyo3(signature = (amount, currency, *, basis = "estimated", rate = None, rate_unit = None, rate_source = None, rate_date = None))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
    fn charge(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = decimal)] amount: String,
        currency: String,
        basis: &str,
        rate: Option<&Bound<'_, PyAny>>,
        rate_unit: Option<String>,
        rate_source: Option<String>,
        rate_date: Option<String>,
    ) -> PyResult<()> {
        let basis: Basis = word(py, "basis", basis)?;
        let rate = rate.map(decimal).transpose()?;
        let charge = Charge { amount, currency, basis, rate, rate_unit, rate_source, rate_date };
        self.with(py, |run| run.add_charge(charge))
    }

    /// A result of an evaluation that was part of the run.
    ///
    /// Types:
    ///
    ///     metric: str
    ///     value: float
    ///     task: str | None
    ///     dataset: str | None
    ///     split: str | None
    ///     evaluator: str | None
    #[pyo3(signature = (metric, value, *, task = None, dataset = None, split = None, evaluator = None))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
    fn evaluation(
        &self,
        py: Python<'_>,
        metric: String,
        value: f64,
        task: Option<String>,
        dataset: Option<String>,
        split: Option<String>,
        evaluator: Option<String>,
    ) -> PyResult<()> {
        let value = Some(Number(value));
        let one = Evaluation { metric, value, task, dataset, split, evaluator, ..Evaluation::default() };
        self.with(py, |run| run.add_evaluation(one))
    }

    /// A section of the format by its full name, like ``recipe.json``, as a dict; or a file of your own
    /// as bytes.
    ///
    /// ``context.json``, ``recipe.json``, ``artifacts.json``, ``identity.json`` and ``summary.json`` are
    /// added to what the run was told, which need not be repeated: items of lists come behind those that
    /// are there, notes are paragraphs, and of anything else the last value counts. Raises
    /// :class:`expbundle.ExpbundleError`, which names the member, if it does not match its schema.
    ///
    /// Types:
    ///
    ///     name: str
    ///     content: Mapping[str, Any] | bytes
    fn section(&self, py: Python<'_>, name: &str, content: &Bound<'_, PyAny>) -> PyResult<()> {
        let name = section_name(py, name)?;
        let bytes = match content.cast::<PyBytes>() {
            Ok(bytes) => bytes.as_bytes().to_vec(),
            Err(_) => serde_json::to_vec(&from_python(content)?).map_err(|error| usage(py, &error.to_string()))?,
        };
        self.with(py, |run| run.file_section(&name, bytes))
    }

    /// Keeps what looks like a secret of these kinds, or at these places, one by one or in lists: for
    /// false alarms.
    ///
    /// Types:
    ///
    ///     names: str | Sequence[str]
    #[pyo3(signature = (*names))]
    fn allow_secrets(&self, py: Python<'_>, names: &Bound<'_, PyTuple>) -> PyResult<()> {
        let names = words_of(names)?;
        self.with(py, |run| {
            run.allow(names);
            Ok(())
        })
    }

    /// How and when it ended, if not well and now.
    ///
    /// Types:
    ///
    ///     status: Literal['scheduled', 'running', 'finished', 'failed', 'killed', 'crashed',
    ///         'unknown'] | None
    ///     ended: str | datetime.datetime | float | None
    #[pyo3(signature = (status = None, *, ended = None))]
    fn end(&self, py: Python<'_>, status: Option<&str>, ended: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let (status, ended) = end_of(py, status, ended)?;
        self.with(py, |run| {
            run.end(status, ended);
            Ok(())
        })
    }

    /// Makes the bundle, unsigned and checked. The run takes nothing more.
    ///
    /// With ``blind`` every section gets a random salt, so that what is withheld later cannot be
    /// guessed from its digest.
    ///
    /// Raises :class:`expbundle.ExpbundleError` if something looks like a secret, the run ended before it
    /// started, or the disk is full. Then the run is open as before: mend it, and finish it again.
    ///
    /// Types:
    ///
    ///     status: Literal['scheduled', 'running', 'finished', 'failed', 'killed', 'crashed',
    ///         'unknown'] | None
    ///     ended: str | datetime.datetime | float | None
    ///     blind: bool
    ///     return: Bundle
    #[pyo3(signature = (status = None, *, ended = None, blind = false))]
    pub fn finish(
        &self,
        py: Python<'_>,
        status: Option<&str>,
        ended: Option<&Bound<'_, PyAny>>,
        blind: bool,
    ) -> PyResult<Bundle> {
        let (status, ended) = end_of(py, status, ended)?;
        self.own(py)?;
        let lock = || self.told.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // Other threads are not to wait for it with the lock of the interpreter.
        let told = lock().take();
        let mut run = told.ok_or_else(|| usage(py, "the run is finished"))?;
        let before = (run.told_status(), run.told_end());
        run.end(status, ended);
        let status = run.told_status().unwrap_or(Status::Finished);
        let ended = run.told_end().or_else(|| self.clock.then(present));
        run.end(Some(status), ended);
        let made = work(py, |_| if blind { run.finish_blinded(salt) } else { run.finish() });
        match made.and_then(|made| made.map_err(|error| refused(py, error))) {
            Ok(intact) => Ok(Bundle::new(self.made.get_or_init(|| intact).clone())),
            Err(error) => {
                run.end_as_told(before.0, before.1);
                *lock() = Some(run);
                Err(error)
            }
        }
    }

    /// The bundle, once the run is finished.
    ///
    /// Type: Bundle | None
    #[getter]
    fn bundle(&self) -> Option<Bundle> {
        self.made().cloned().map(Bundle::new)
    }

    fn __enter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __exit__(
        &self,
        py: Python<'_>,
        class: Option<&Bound<'_, PyAny>>,
        _error: Option<&Bound<'_, PyAny>>,
        _traceback: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        match ending::class_of_exception(class) {
            None => ending::well(py, self),
            Some(class) => {
                ending::badly(py, self, class);
                Ok(())
            }
        }
    }

    /// Whether the bundle was made already.
    ///
    /// Type: bool
    #[getter]
    pub fn finished(&self) -> bool {
        self.told.lock().unwrap_or_else(std::sync::PoisonError::into_inner).is_none()
    }

    /// What is damaged or missing in the journal that the run was recovered from.
    ///
    /// Type: list[Finding]
    #[getter]
    fn findings(&self) -> Vec<Finding> {
        self.findings.iter().map(Finding::of).collect()
    }

    fn __repr__(&self) -> &'static str {
        if self.finished() { "<expbundle.Run, finished>" } else { "<expbundle.Run>" }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let told = self.told.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(run) = told.take().filter(|_| std::process::id() == self.process) {
            ending::lost(run.title(), run.has_journal());
        }
    }
}

impl Run {
    fn file(
        &self,
        py: Python<'_>,
        direction: Direction,
        role: &str,
        path: Option<&Bound<'_, PyAny>>,
        known: Known,
    ) -> PyResult<()> {
        let Some(path) = path else {
            let file = known.file(py)?;
            return self.with(py, |run| Known::tell(run, direction, role, file));
        };
        if !known.is_nothing() {
            let told = "a file that is here is hashed, so its name, size and digests are not given";
            return Err(raise(py, Failure::usage(told).help("give its path alone, or leave the path out")));
        }
        let path = existing(path)?;
        self.with(py, |run| run.add_file(direction, &known_role(role)?, path.as_std_path()))
    }
}

/// Whether the text of a value is only its address in memory, which is another one in each run.
fn is_address(text: &str) -> bool {
    text.starts_with('<') && text.contains(" at 0x")
}
