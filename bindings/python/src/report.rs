//! Verifying.

use expbundle::judge::State;
use expbundle::report::Question;
use expbundle::verify::Digests;
use expbundle_directory::{audit, audit_content};
use expbundle_format::limits::Limits;
use expbundle_query::Source;
use expbundle_words::{hints, verdict};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyAny;

use crate::arguments::{moment, signers, source};
use crate::bundle::Bundle;
use crate::error::{class_of, plain, raise};
use crate::html::printed;
use crate::value::document;
use crate::work::work;

/// Something found: an error, a warning or an information.
#[pyclass(frozen, get_all, module = "expbundle")]
pub struct Finding {
    /// A stable code of spec/codes.toml.
    code: &'static str,
    /// `error`, `warning` or `info`.
    severity: String,
    /// Where: a file, a member, a byte. Empty if it is about all of it.
    place: String,
    /// What was seen, in one line.
    message: String,
    /// What to do, in a line.
    help: String,
}

impl Finding {
    pub fn of(finding: &expbundle_format::Finding) -> Self {
        Self {
            code: finding.code.as_str(),
            severity: finding.severity().to_string(),
            place: finding.place.to_string(),
            message: finding.message.clone(),
            help: hints::help(finding.code),
        }
    }
}

#[pymethods]
impl Finding {
    fn __repr__(&self) -> String {
        format!("<{} {} at {}: {}>", self.severity, self.code, self.place, self.message)
    }
}

/// What was found of a bundle or model folder, and how much of it holds.
#[pyclass(frozen, module = "expbundle")]
pub struct Report {
    report: expbundle::report::Report,
    source: Source,
}

impl Report {
    pub fn new(report: expbundle::report::Report, source: Source) -> Self {
        Self { report, source }
    }
}

#[pymethods]
impl Report {
    /// `refused`, `malformed`, `intact`, `signed` or `trusted`.
    #[getter]
    fn state(&self) -> &'static str {
        self.report.state.as_str()
    }

    /// The state that was asked for.
    #[getter]
    fn required(&self) -> &'static str {
        self.report.required.as_str()
    }

    /// Whether the state that was asked for holds.
    #[getter]
    fn holds(&self) -> bool {
        self.report.holds
    }

    /// Everything found, in the order of the checks.
    #[getter]
    fn findings(&self) -> Vec<Finding> {
        self.report.findings.iter().map(Finding::of).collect()
    }

    /// The report in words, as the program prints it.
    #[getter]
    fn text(&self) -> String {
        plain(&verdict::words(&self.report))
    }

    /// The headline.
    #[getter]
    fn line(&self) -> String {
        let words = verdict::line(&self.report);
        plain(words.lines().next().unwrap_or_default())
    }

    /// The bundle, if it is intact.
    #[getter]
    fn bundle(&self, py: Python<'_>) -> PyResult<Bundle> {
        Bundle::read(py, &self.source)
    }

    /// The report as schemas/report.schema.json has it.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        document(py, &self.report)
    }

    /// Raises `NotAsRequired` unless the state that was asked for holds.
    fn raise_for_state(slf: &Bound<'_, Self>) -> PyResult<()> {
        if slf.get().report.holds {
            return Ok(());
        }
        let error = class_of(slf.py(), "NotAsRequired")?.call1((slf,))?;
        Err(PyErr::from_value(error))
    }

    #[expect(clippy::unused_self, reason = "Python asks the report")]
    fn __bool__(&self) -> PyResult<bool> {
        Err(PyTypeError::new_err("a report is neither true nor false: ask for `report.holds` or `report.state`"))
    }

    fn __repr__(&self) -> String {
        format!("<expbundle.Report {}>", self.line())
    }

    /// How a notebook shows it.
    fn _repr_html_(&self) -> String {
        printed(&self.text())
    }

    fn __str__(&self) -> String {
        self.text()
    }
}

/// Checks a bundle, or a model folder with one.
#[pyfunction]
#[pyo3(signature = (source, *, trust = None, require = None, at = None, digests = "blake3", limits = 1))]
pub fn verify(
    py: Python<'_>,
    #[pyo3(from_py_with = source)] source: Source,
    trust: Option<&Bound<'_, PyAny>>,
    require: Option<&str>,
    at: Option<&Bound<'_, PyAny>>,
    digests: &str,
    limits: u32,
) -> PyResult<Report> {
    let policy = signers(trust)?;
    let required = match (require, &policy) {
        (None, None) | (Some("intact"), _) => State::Intact,
        (Some("signed"), _) => State::Signed,
        (None, Some(_)) | (Some("trusted"), _) => State::Trusted,
        (Some(other), _) => {
            return Err(PyValueError::new_err(format!("require: expected intact, signed or trusted, not {other:?}")));
        }
    };
    let digests = match digests {
        "blake3" => Digests::Blake3,
        "all" => Digests::All,
        other => return Err(PyValueError::new_err(format!("digests: expected blake3 or all, not {other:?}"))),
    };
    if !(1..=64).contains(&limits) {
        return Err(PyValueError::new_err("limits: expected a factor from 1 to 64"));
    }
    let at = moment(at)?;
    let question = || Question { policy: policy.as_ref(), required, at, digests, limits: Limits::times(limits) };
    let report = work(py, |given| match &source.content {
        Some(content) => audit_content(&source.path, content.clone(), question()),
        None => audit(&source.path, question(), &|bytes| given.progress(bytes)),
    })?
    .map_err(|error| raise(py, &error))?;
    Ok(Report::new(report, source))
}
