//! Families of bundles: joined, traced and compared.

use expbundle::verify::Digests;
use expbundle_draw::{View, mermaid, svg};
use expbundle_format::RecordId;
use expbundle_lineage::Direction;
use expbundle_query::{
    Differences, Found, Kept, LineageReport, MergeError, Question, Relations, Scope, Source, WhyReport, find, gather,
};
use expbundle_words::lineage::{self as words, Form};
use expbundle_words::plan::{comes_back, unsealed};
use expbundle_words::{Failure, diff as diff_words, relations as relation_words, why as why_words};
use pyo3::prelude::*;
use pyo3::types::PyAny;

use crate::arguments::{moment, now, record, signers, source, sources};
use crate::bundle::Bundle;
use crate::error::{plain, raise, unsound, warn};
use crate::html::printed;
use crate::record::Record;
use crate::value::document;
use crate::work::work;

/// Merges bundles into one. ``closure`` keeps only one record and its ancestors.
///
/// Files that were passed over, withheld sections that another copy brings back, and seals that no
/// longer hold are a ``UserWarning`` each.
///
/// Types:
///
///     bundles: str | os.PathLike[str] | bytes | BinaryIO | Bundle | Sequence[str |
///         os.PathLike[str] | bytes | BinaryIO | Bundle]
///     closure: str | None
///     thin: bool
///     trust: str | os.PathLike[str] | None
///     return: Bundle
#[pyfunction]
#[pyo3(signature = (bundles, *, closure = None, thin = false, trust = None))]
pub fn merge(
    py: Python<'_>,
    #[pyo3(from_py_with = sources)] bundles: Vec<Source>,
    closure: Option<&str>,
    thin: bool,
    trust: Option<&Bound<'_, PyAny>>,
) -> PyResult<Bundle> {
    let policy = signers(trust)?;
    let at = now().timestamp();
    let merged = work(py, |_| {
        let Found { sources, passed_over } = find(bundles).map_err(Failure::from)?;
        let mut family = gather(sources, |bundle| bundle.check(Digests::Blake3));
        if !family.refused.is_empty() {
            return Err(Failure::from(&family.refused.swap_remove(0)));
        }
        let members = family.members.into_iter().map(|(_, intact)| intact).collect();
        Ok((
            expbundle_query::merge(members, Kept { closure, thin, ..Kept::default() }, policy.as_ref(), at),
            passed_over,
        ))
    })?;
    let (merged, passed_over) = merged.map_err(|failure| raise(py, failure))?;
    warn(py, &relation_words::passed_over(&passed_over))?;
    let merged = merged.map_err(|error| match error {
        MergeError::Check(error) => unsound(py, error),
        other => raise(py, other),
    })?;
    for note in [comes_back(&merged.returning), unsealed(&merged.unsealed)].concat() {
        warn(py, &note)?;
    }
    let (intact, _) = merged.bundle.sound(policy.as_ref(), at).map_err(|error| unsound(py, error))?;
    Ok(Bundle::new(intact))
}

/// The family tree of a model.
#[pyclass(frozen, module = "expbundle")]
pub struct Lineage {
    relations: Relations,
    shown: Vec<RecordId>,
    direction: Direction,
}

/// Where a file comes from.
#[pyclass(frozen, module = "expbundle")]
pub struct Why {
    relations: Relations,
    name: String,
}

/// What two records say differently.
#[pyclass(frozen, module = "expbundle")]
pub struct Diff {
    differences: Differences,
}

impl Lineage {
    fn form(&self) -> Form {
        Form::Tree { direction: self.direction, depth: None }
    }

    fn picture(&self) -> View {
        words::picture(&self.relations, &self.relations.start, &self.shown, self.form(), None)
    }
}

#[pymethods]
impl Lineage {
    /// The answer as ``schemas/lineage.schema.json`` has it.
    ///
    /// Types:
    ///
    ///     return: dict[str, Any]
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        document(py, &LineageReport::of(&self.relations, &self.relations.start, &self.shown, false))
    }

    /// The tree in words, as ``expbundle lineage`` prints it.
    ///
    /// Type: str
    #[getter]
    fn text(&self) -> String {
        plain(&words::words(&self.relations, &self.relations.start, &self.shown, self.form(), None))
    }

    /// A picture.
    ///
    /// Type: str
    #[getter]
    fn svg(&self) -> String {
        svg(&self.picture())
    }

    /// A flowchart for Markdown.
    ///
    /// Type: str
    #[getter]
    fn mermaid(&self) -> String {
        mermaid(&self.picture())
    }

    /// How a notebook shows it.
    ///
    /// Types:
    ///
    ///     return: str
    fn _repr_html_(&self) -> String {
        self.svg()
    }

    fn __str__(&self) -> String {
        self.text()
    }

    fn __repr__(&self) -> String {
        format!("<expbundle.Lineage of {} records>", self.shown.len())
    }
}

#[pymethods]
impl Why {
    /// The answer as ``schemas/why.schema.json`` has it.
    ///
    /// Types:
    ///
    ///     return: dict[str, Any]
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        document(py, &WhyReport::of(&self.relations))
    }

    /// The answer in words, as ``expbundle why`` prints it.
    ///
    /// Type: str
    #[getter]
    fn text(&self) -> String {
        plain(&why_words::words(&self.relations))
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

    fn __repr__(&self) -> String {
        format!("<expbundle.Why of {}>", expbundle_words::quoted(&self.name))
    }
}

#[pymethods]
impl Diff {
    /// The answer as ``schemas/diff.schema.json`` has it.
    ///
    /// Types:
    ///
    ///     return: dict[str, Any]
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        document(py, &self.differences)
    }

    /// The differences in words, as ``expbundle diff`` prints them.
    ///
    /// Type: str
    #[getter]
    fn text(&self) -> String {
        plain(&diff_words::words(&self.differences))
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

fn relations(
    about: &Bound<'_, PyAny>,
    with: Option<&Bound<'_, PyAny>>,
    trust: Option<&Bound<'_, PyAny>>,
    at: Option<&Bound<'_, PyAny>>,
    record: Option<&str>,
    scope: Scope,
) -> PyResult<Relations> {
    let py = about.py();
    let question = Question {
        about: source(about)?,
        with: with.map(sources).transpose()?.unwrap_or_default(),
        policy: signers(trust)?,
        at: moment(at)?,
        record,
        scope,
    };
    let relations = work(py, |_| Relations::of(question))?.map_err(|error| raise(py, error))?;
    warn(py, &relation_words::passed_over(&relations.passed_over))?;
    match relations.refused.first() {
        Some(refused) => Err(raise(py, Failure::from(refused))),
        None => Ok(relations),
    }
}

/// The ancestors of a model, or with ``down`` its descendants.
///
/// Types:
///
///     source: str | os.PathLike[str] | bytes | BinaryIO | Bundle
///     with_: str | os.PathLike[str] | bytes | BinaryIO | Bundle | Sequence[str | os.PathLike[str]
///         | bytes | BinaryIO | Bundle] | None
///     trust: str | os.PathLike[str] | None
///     at: str | datetime.datetime | float | None
///     record: str | None
///     down: bool
///     return: Lineage
#[pyfunction]
#[pyo3(signature = (source, *, with_ = None, trust = None, at = None, record = None, down = false))]
pub fn lineage(
    source: &Bound<'_, PyAny>,
    with_: Option<&Bound<'_, PyAny>>,
    trust: Option<&Bound<'_, PyAny>>,
    at: Option<&Bound<'_, PyAny>>,
    record: Option<&str>,
    down: bool,
) -> PyResult<Lineage> {
    let (scope, direction) =
        if down { (Scope::Descendants, Direction::Down) } else { (Scope::Ancestors, Direction::Up) };
    let relations = relations(source, with_, trust, at, record, scope)?;
    let shown = relations.graph().relatives(&relations.start, direction, None);
    Ok(Lineage { relations, shown, direction })
}

/// Where a file comes from.
///
/// Types:
///
///     file: str | os.PathLike[str]
///     with_: str | os.PathLike[str] | bytes | BinaryIO | Bundle | Sequence[str | os.PathLike[str]
///         | bytes | BinaryIO | Bundle] | None
///     trust: str | os.PathLike[str] | None
///     at: str | datetime.datetime | float | None
///     return: Why
#[pyfunction]
#[pyo3(signature = (file, *, with_ = None, trust = None, at = None))]
pub fn why(
    file: &Bound<'_, PyAny>,
    with_: Option<&Bound<'_, PyAny>>,
    trust: Option<&Bound<'_, PyAny>>,
    at: Option<&Bound<'_, PyAny>>,
) -> PyResult<Why> {
    let relations = relations(file, with_, trust, at, None, Scope::Ancestors)?;
    let path = source(file)?.path;
    let name = path.file_name().unwrap_or(path.as_str()).to_owned();
    Ok(Why { relations, name })
}

/// What two records say differently.
///
/// Either may be a bundle, or where one is, if it has one record that no other derives from.
///
/// Types:
///
///     before: Record | str | os.PathLike[str] | bytes | BinaryIO | Bundle
///     after: Record | str | os.PathLike[str] | bytes | BinaryIO | Bundle
///     return: Diff
#[pyfunction]
pub fn diff(#[pyo3(from_py_with = record)] before: Record, #[pyo3(from_py_with = record)] after: Record) -> Diff {
    let differences = Differences::between(before.pair(), after.pair(), now().timestamp());
    Diff { differences }
}
