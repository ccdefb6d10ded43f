//! Recording a run.

use std::collections::BTreeMap;
use std::sync::Mutex;

use expbundle_format::container::SectionName;
use expbundle_format::number::Number;
use expbundle_format::record::Status;
use expbundle_format::sections::{Basis, Charge, Direction, Evaluation, Event, EventSeverity, ResourceUse};
use expbundle_format::time::Time;
use expbundle_run::{Param, Point, Recovered, RunError, known_relation, known_role};
use expbundle_words::{Failure, findings};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyAny, PyBool, PyBytes, PyDict, PyFloat, PyMapping, PyString};

use crate::arguments::{existing, moment, path, salt};
use crate::bundle::Bundle;
use crate::error::{raise, unsound, usage, warn};
use crate::record::Record;
use crate::report::Finding;
use crate::value::from_python;
use crate::work::work;

/// A run in the making. `finish` makes the bundle.
#[pyclass(frozen, module = "expbundle")]
pub struct Run {
    /// `None` once it is finished.
    told: Mutex<Option<expbundle_run::Run>>,
    /// The process that began it: a fork has a copy that nobody will finish.
    process: u32,
    /// Whether what is told without a time gets the present one.
    clock: bool,
    /// What could not be read of the journal that it comes from.
    findings: Vec<expbundle_format::Finding>,
}

impl Run {
    fn of(run: expbundle_run::Run, clock: bool, findings: Vec<expbundle_format::Finding>) -> Self {
        Self { told: Mutex::new(Some(run)), process: std::process::id(), clock, findings }
    }

    /// Does something to the run, unless it is finished or another process began it.
    fn with<T>(&self, py: Python<'_>, act: impl FnOnce(&mut expbundle_run::Run) -> Result<T, RunError>) -> PyResult<T> {
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
    fn time(&self, given: Option<&Bound<'_, PyAny>>) -> PyResult<Option<Time>> {
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
        let logged = told.together(|run| Points { run, step, time_ns, is_system }.all(values));
        logged.map_err(|error| refused(py, error))?
    }
}

/// Points of one step.
struct Points<'a> {
    run: &'a mut expbundle_run::Run,
    step: Option<i64>,
    time_ns: Option<i64>,
    is_system: bool,
}

/// How deep metrics may be nested.
const DEEPEST: usize = 16;

impl Points<'_> {
    fn all(&mut self, values: &Bound<'_, PyAny>) -> PyResult<()> {
        if let Ok(dict) = values.cast::<PyDict>() {
            for (key, value) in dict.iter() {
                self.tell("", &key, &value)?;
            }
            return Ok(());
        }
        let mapping = values.cast::<PyMapping>().map_err(|_| PyTypeError::new_err("expected a dict of metrics"))?;
        for item in mapping.items()? {
            let (key, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
            self.tell("", &key, &value)?;
        }
        Ok(())
    }

    /// A value of a metric: a number, a text, or a dict of more, whose names are joined by `/`.
    fn tell(&mut self, above: &str, key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let Ok(name) = key.cast::<PyString>() else {
            return Err(PyTypeError::new_err("the name of a metric is a str"));
        };
        let name = name.to_cow()?;
        let joined;
        let name = if above.is_empty() {
            &*name
        } else {
            joined = format!("{above}/{name}");
            &joined
        };
        if let Ok(number) = value.cast_exact::<PyFloat>() {
            return self.push(key.py(), name, Some(number.value()), None);
        }
        if let Ok(text) = value.cast::<PyString>() {
            return self.push(key.py(), name, None, Some(&text.to_cow()?));
        }
        if let Ok(yes) = value.cast::<PyBool>() {
            return self.push(key.py(), name, Some(f64::from(u8::from(yes.is_true()))), None);
        }
        if let Ok(number) = value.extract::<f64>() {
            return self.push(key.py(), name, Some(number), None);
        }
        let Ok(more) = value.cast::<PyMapping>() else {
            let class = value.get_type().name()?.to_string();
            return Err(PyTypeError::new_err(format!("{name:?}: expected a number, a str or a dict, not {class}")));
        };
        if name.matches('/').count() > DEEPEST {
            return Err(PyValueError::new_err(format!("{name:?} is nested too deep")));
        }
        let name = name.to_owned();
        for item in more.items()? {
            let (key, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
            self.tell(&name, &key, &value)?;
        }
        Ok(())
    }

    fn push(&mut self, py: Python<'_>, key: &str, value: Option<f64>, text: Option<&str>) -> PyResult<()> {
        let point = Point { step: self.step, time_ns: self.time_ns, value, text };
        let pushed = if self.is_system { self.run.log_system(key, point) } else { self.run.log(key, point) };
        pushed.map_err(|error| refused(py, error))
    }
}

/// Now, in microseconds.
fn present() -> Time {
    jiff::Timestamp::from_microsecond(jiff::Timestamp::now().as_microsecond()).unwrap_or_default().into()
}

fn refused(py: Python<'_>, error: RunError) -> PyErr {
    match error {
        RunError::Check(error) => unsound(py, error),
        other => raise(py, Failure::from(other)),
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
    let status = status.map(|status| word(py, "status", status)).transpose()?;
    Ok((status, ended.map(|ended| moment(Some(ended))).transpose()?))
}

#[pymethods]
impl Run {
    #[new]
    #[pyo3(signature = (title, *, started = None, tool = None, run = None, clock = true, journal = None))]
    fn new(
        py: Python<'_>,
        title: String,
        started: Option<&Bound<'_, PyAny>>,
        tool: Option<String>,
        run: Option<String>,
        clock: bool,
        journal: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let mut new = expbundle_run::Run::new(title);
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
            new = new.journal(path(journal)?).map_err(|error| refused(py, error))?;
        }
        Ok(Self::of(new, clock, Vec::new()))
    }

    /// The run of a journal, to be finished; with `resume`, to go on.
    #[staticmethod]
    #[pyo3(signature = (journal, *, resume = false, clock = true))]
    fn recover(py: Python<'_>, journal: &Bound<'_, PyAny>, resume: bool, clock: bool) -> PyResult<Self> {
        let path = existing(journal)?;
        let read =
            work(py, |_| if resume { expbundle_run::Run::resume(&path) } else { expbundle_run::Run::recover(&path) })?;
        let Recovered { run, findings } = read.map_err(|error| refused(py, error))?;
        warn(py, &findings::all(&findings))?;
        Ok(Self::of(run, resume && clock, findings))
    }

    /// Values of metrics at a step.
    #[pyo3(signature = (values, *, step = None, time = None))]
    fn log(&self, values: &Bound<'_, PyAny>, step: Option<i64>, time: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        self.points(values, step, time, false)
    }

    /// Values of system metrics: the load of a processor, the memory of a card.
    #[pyo3(signature = (values, *, step = None, time = None))]
    fn observe(&self, values: &Bound<'_, PyAny>, step: Option<i64>, time: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        self.points(values, step, time, true)
    }

    /// Parameters. The last value of a name counts.
    fn params(&self, py: Python<'_>, values: &Bound<'_, PyAny>) -> PyResult<()> {
        let mapping = values.cast::<PyMapping>().map_err(|_| PyTypeError::new_err("expected a dict of parameters"))?;
        let mut params = BTreeMap::new();
        for item in mapping.items()? {
            let (name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
            params.insert(name.str()?.to_cow()?.into_owned(), Param::of_tree(from_python(&value)?));
        }
        self.with(py, |run| run.add_params(params))
    }

    /// Words to find it by.
    #[pyo3(signature = (*tags))]
    fn tags(&self, py: Python<'_>, tags: Vec<String>) -> PyResult<()> {
        self.with(py, |run| {
            run.context().tags.extend(tags);
            Ok(())
        })
    }

    /// Notes in Markdown; what is told later is a paragraph of its own.
    fn note(&self, py: Python<'_>, text: &str) -> PyResult<()> {
        self.with(py, |run| {
            let notes = &mut run.context().notes;
            *notes = Some(notes.take().map_or_else(|| text.to_owned(), |notes| format!("{notes}\n\n{text}")));
            Ok(())
        })
    }

    /// A file or folder that went in. It is hashed now, and not copied.
    fn input(&self, py: Python<'_>, role: &str, path: &Bound<'_, PyAny>) -> PyResult<()> {
        self.file(py, Direction::Input, role, path)
    }

    /// A file or folder that came out, in the same way.
    fn output(&self, py: Python<'_>, role: &str, path: &Bound<'_, PyAny>) -> PyResult<()> {
        self.file(py, Direction::Output, role, path)
    }

    /// A record that this one follows from.
    fn derive_from(&self, py: Python<'_>, parent: &Bound<'_, Record>, relation: &str) -> PyResult<()> {
        let (intact, id) = parent.get().pair();
        self.with(py, |run| run.add_parent(intact, id, known_relation(relation)?))
    }

    /// Something that happened around the run.
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
        let details = details.map(|(name, value)| Ok((name, from_python(&value)?))).collect::<PyResult<_>>()?;
        let event = Event { time: self.time(time)?, kind, severity, text, details, ..Event::default() };
        self.with(py, |run| run.add_event(event))
    }

    /// What the run used: `cost("gpu-hours", 3.5, "h", model="H200")`.
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

    /// What was charged for it: `charge("12.40", "EUR", basis="billed")`.
    #[pyo3(signature = (amount, currency, *, basis = "estimated", rate = None, rate_unit = None, rate_source = None, rate_date = None))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
    fn charge(
        &self,
        py: Python<'_>,
        amount: String,
        currency: String,
        basis: &str,
        rate: Option<String>,
        rate_unit: Option<String>,
        rate_source: Option<String>,
        rate_date: Option<String>,
    ) -> PyResult<()> {
        let basis: Basis = word(py, "basis", basis)?;
        let charge = Charge { amount, currency, basis, rate, rate_unit, rate_source, rate_date };
        self.with(py, |run| run.add_charge(charge))
    }

    /// A result of an evaluation that was part of the run.
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

    /// A section of the format by its name, as a dict, or a file of one's own as bytes.
    fn section(&self, py: Python<'_>, name: &str, content: &Bound<'_, PyAny>) -> PyResult<()> {
        let name: SectionName = name.parse().map_err(|error| usage(py, &format!("{error}")))?;
        let bytes = match content.cast::<PyBytes>() {
            Ok(bytes) => bytes.as_bytes().to_vec(),
            Err(_) => serde_json::to_vec(&from_python(content)?).map_err(|error| usage(py, &error.to_string()))?,
        };
        self.with(py, |run| run.file_section(&name, bytes))
    }

    /// Keeps what looks like a secret of these kinds, or at these places: for false alarms.
    #[pyo3(signature = (*names))]
    fn allow_secrets(&self, py: Python<'_>, names: Vec<String>) -> PyResult<()> {
        self.with(py, |run| {
            run.allow(names);
            Ok(())
        })
    }

    /// When it ended, and how, if not now and well.
    #[pyo3(signature = (status = None, *, ended = None))]
    fn end(&self, py: Python<'_>, status: Option<&str>, ended: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let (status, ended) = end_of(py, status, ended)?;
        self.with(py, |run| {
            run.end(status, ended);
            Ok(())
        })
    }

    /// Makes the bundle, unsigned and checked.
    #[pyo3(signature = (status = None, *, ended = None, blind = false))]
    fn finish(
        &self,
        py: Python<'_>,
        status: Option<&str>,
        ended: Option<&Bound<'_, PyAny>>,
        blind: bool,
    ) -> PyResult<Bundle> {
        let (status, ended) = end_of(py, status, ended)?;
        self.own(py)?;
        let told = self.told.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        let mut run = told.ok_or_else(|| usage(py, "the run is finished"))?;
        run.end(status, ended);
        let status = run.told_status().unwrap_or(Status::Finished);
        let ended = run.told_end().or_else(|| self.clock.then(present));
        run.end(Some(status), ended);
        let finished = work(py, |_| if blind { run.finish_blinded(salt) } else { run.finish() })?;
        Ok(Bundle::new(finished.map_err(|error| refused(py, error))?))
    }

    /// Whether the bundle was made already.
    #[getter]
    fn finished(&self) -> bool {
        self.told.lock().unwrap_or_else(std::sync::PoisonError::into_inner).is_none()
    }

    /// What could not be read of the journal that it comes from.
    #[getter]
    fn findings(&self) -> Vec<Finding> {
        self.findings.iter().map(Finding::of).collect()
    }

    fn __repr__(&self) -> &'static str {
        if self.finished() { "<expbundle.Run, finished>" } else { "<expbundle.Run>" }
    }
}

impl Run {
    fn file(&self, py: Python<'_>, direction: Direction, role: &str, path: &Bound<'_, PyAny>) -> PyResult<()> {
        let path = existing(path)?;
        self.with(py, |run| run.add_file(direction, &known_role(role)?, path.as_std_path()))
    }
}
