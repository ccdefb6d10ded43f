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
use crate::counted::Counted;
use crate::error::{class_of, plain, raise};
use crate::hints::in_python;
use crate::html::printed;
use crate::record::Record;
use crate::value::document;
use crate::work::work;

/// Something found: an error, a warning or an information.
#[pyclass(frozen, get_all, module = "expbundle")]
pub struct Finding {
    /// A stable code of ``spec/codes.toml``.
    ///
    /// Type: str
    code: &'static str,
    /// ``error``, ``warning`` or ``info``.
    ///
    /// Type: str
    severity: String,
    /// Where: a file, a member, a byte. Empty if it is about all of it.
    ///
    /// Type: str
    place: String,
    /// What was seen, in one line.
    ///
    /// Type: str
    message: String,
    /// What to do, in a line.
    ///
    /// Type: str
    help: String,
}

impl Finding {
    pub fn of(finding: &expbundle_format::Finding) -> Self {
        Self {
            code: finding.code.as_str(),
            severity: finding.severity().to_string(),
            place: finding.place.to_string(),
            message: in_python(&finding.message),
            help: in_python(&hints::help(finding.code)),
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
///
/// It is neither true nor false: ask for :attr:`holds` or :attr:`state`, or call
/// :meth:`raise_for_state`.
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
    /// How much holds. Each state includes the ones before it, from ``intact`` on.
    ///
    /// Type: Literal['refused', 'malformed', 'intact', 'signed', 'trusted']
    #[getter]
    fn state(&self) -> &'static str {
        self.report.state.as_str()
    }

    /// The state that was asked for.
    ///
    /// Type: str
    #[getter]
    fn required(&self) -> &'static str {
        self.report.required.as_str()
    }

    /// Whether the state that was asked for holds.
    ///
    /// Type: bool
    #[getter]
    fn holds(&self) -> bool {
        self.report.holds
    }

    /// Everything found, in the order of the checks.
    ///
    /// Type: list[Finding]
    #[getter]
    fn findings(&self) -> Vec<Finding> {
        self.report.findings.iter().map(Finding::of).collect()
    }

    /// The report in words, as ``expbundle verify`` prints it.
    ///
    /// Type: str
    #[getter]
    fn text(&self) -> String {
        plain(&verdict::words(&self.report))
    }

    /// The headline.
    ///
    /// Type: str
    #[getter]
    fn line(&self) -> String {
        self.report.line.clone()
    }

    /// The bundle, handing out the records that count. Raises :class:`expbundle.NotIntact` if it is
    /// not intact.
    ///
    /// With ``trust`` a record counts if a trusted key signed it: anybody can add another one to a
    /// bundle, one that derives from yours among them. ``record()`` is the last of those that count, and
    /// ``record(ID)`` of one that was set apart raises :class:`expbundle.ExpbundleError`. Whatever
    /// :func:`expbundle.open` gives is not judged, and hands out all. ``save`` writes all of them.
    ///
    /// Type: Bundle
    #[getter]
    fn bundle(&self, py: Python<'_>) -> PyResult<Bundle> {
        Ok(Bundle::read(py, &self.source)?.of_report(Counted::of(&self.report)))
    }

    /// The records that count, in the order of their ids; without ``trust`` all of them.
    ///
    /// Type: list[Record]
    #[getter]
    fn records(&self, py: Python<'_>) -> PyResult<Vec<Record>> {
        Ok(self.bundle(py)?.all())
    }

    /// The report as ``schemas/report.schema.json`` has it.
    ///
    /// Types:
    ///
    ///     return: dict[str, Any]
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        document(py, &self.report)
    }

    /// Raises :class:`expbundle.NotAsRequired` unless the state that was asked for holds.
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
    ///
    /// Types:
    ///
    ///     return: str
    fn _repr_html_(&self) -> String {
        printed(&self.text())
    }

    fn __str__(&self) -> String {
        self.text()
    }
}

/// Checks a bundle, or a model folder with one. What is wrong is in the report, and raises nothing.
///
/// ``trust`` is a signers file, a ``.pub`` or ``.keys`` file, or a public key itself; then
/// ``trusted`` is required unless ``require`` says otherwise. ``at`` is when keys are judged.
/// ``no_objections`` requires, too, that nobody whose word counts has rejected, revoked, superseded or
/// sent back a record, an ancestor, or a release of some of these files, also after ``at``, and that
/// all parents are here and signed: what was said of one that is missing cannot be known.
///
/// ``digests="all"`` recomputes SHA-256 as well as BLAKE3, which takes longer. ``limits``, from 1 to 64,
/// lets in objects and numbers of objects that are so many times as large as usual.
///
/// What is signed by nobody you trust is set apart, and the report may hold all the same: take what you
/// use from :attr:`Report.bundle` or :attr:`Report.records`, and not from :func:`expbundle.open`.
///
/// Types:
///
///     source: str | os.PathLike[str] | bytes | BinaryIO | Bundle
///     trust: str | os.PathLike[str] | None
///     require: Literal['intact', 'signed', 'trusted'] | None
///     at: str | datetime.datetime | float | None
///     digests: Literal['blake3', 'all']
///     limits: int
///     no_objections: bool
///     return: Report
#[pyfunction]
#[pyo3(signature = (source, *, trust = None, require = None, at = None, digests = "blake3", limits = 1, no_objections = false))]
#[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
pub fn verify(
    py: Python<'_>,
    #[pyo3(from_py_with = source)] source: Source,
    trust: Option<&Bound<'_, PyAny>>,
    require: Option<&str>,
    at: Option<&Bound<'_, PyAny>>,
    digests: &str,
    limits: u32,
    no_objections: bool,
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
    let report = if no_objections { report.unless_objected() } else { report };
    Ok(Report::new(verdict::worded(report), source))
}
