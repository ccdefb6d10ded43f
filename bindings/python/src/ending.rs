//! How a run ends: finished by hand, by a `with` block, or not at all.

use std::ffi::CString;

use camino::Utf8PathBuf;
use expbundle::output::{Output, OutputError, Over};
use expbundle::verify::Intact;
use expbundle_format::record::Status;
use expbundle_format::sections::{Event, EventSeverity};
use pyo3::exceptions::{PyKeyboardInterrupt, PyResourceWarning};
use pyo3::prelude::*;
use pyo3::types::{PyAny, PyType};

use crate::error::{raise, warn};
use crate::run::Run;
use crate::work::work;

/// Where a `with` block saves the bundle.
pub struct Saves {
    path: Utf8PathBuf,
    overwrite: bool,
}

impl Saves {
    /// Whatever stands in the way is told now, and not after hours.
    pub fn at(py: Python<'_>, path: Utf8PathBuf, overwrite: bool) -> PyResult<Self> {
        let output = if overwrite { Output::added_to(&path) } else { Output::of_text(&path, Over::NOTHING) };
        output.map_err(|error| raise(py, error))?;
        Ok(Self { path, overwrite })
    }

    fn save(&self, made: &Intact) -> Result<(), OutputError> {
        let path = &self.path;
        let output = if self.overwrite { Output::back_into(path) } else { Output::new(path, Over::NOTHING)? };
        output.save(made.bundle())
    }
}

/// Ends a `with` block without an exception.
pub fn well(py: Python<'_>, run: &Run) -> PyResult<()> {
    if !run.finished() {
        run.finish(py, None, None, false)?;
    }
    save(py, run)
}

/// Ends a `with` block with an exception, which goes on: what else goes wrong is a warning.
pub fn badly(py: Python<'_>, run: &Run, class: &Bound<'_, PyType>) {
    let kept = end_with(py, run, class).and_then(|()| save(py, run));
    if let Err(error) = kept
        && let Err(error) = warn(py, &format!("what the run was told before the exception is not kept: {error}"))
    {
        error.write_unraisable(py, None);
    }
}

fn end_with(py: Python<'_>, run: &Run, class: &Bound<'_, PyType>) -> PyResult<()> {
    if run.finished() {
        return Ok(());
    }
    let is_killed = class.is_subclass_of::<PyKeyboardInterrupt>()?;
    // Its class alone: a message may have anything in it.
    let event = Event {
        time: run.time(None)?,
        kind: "exception".to_owned(),
        severity: EventSeverity::Error,
        text: Some(class.name()?.to_string()),
        ..Event::default()
    };
    run.with(py, |run| {
        let status = run.told_status().unwrap_or(if is_killed { Status::Killed } else { Status::Failed });
        run.add_event(event)?;
        run.end(Some(status), None);
        Ok(())
    })?;
    run.finish(py, None, None, false).map(drop)
}

fn save(py: Python<'_>, run: &Run) -> PyResult<()> {
    let (Some(place), Some(made)) = (run.place(), run.made()) else { return Ok(()) };
    work(py, |_| place.save(made))?.map_err(|error| raise(py, error))
}

/// Says that a run was never finished, as Python says it of files that nobody closed.
pub fn lost(title: &str, is_in_journal: bool) {
    let fate = if is_in_journal { "its journal has what it was told" } else { "what it was told is lost" };
    let text = format!("the run {} was never finished: {fate}", expbundle_words::quoted(title)).replace('\0', "");
    Python::try_attach(|py| {
        // It may be dropped while an exception is on its way.
        let on_its_way = PyErr::take(py);
        let text = CString::new(text).unwrap_or_default();
        if let Err(error) = PyErr::warn(py, &py.get_type::<PyResourceWarning>(), &text, 1) {
            error.write_unraisable(py, None);
        }
        if let Some(error) = on_its_way {
            error.restore(py);
        }
    });
}

/// What the arguments of `__exit__` are.
pub fn class_of_exception<'a, 'py>(class: Option<&'a Bound<'py, PyAny>>) -> Option<&'a Bound<'py, PyType>> {
    class.and_then(|class| class.cast::<PyType>().ok())
}
