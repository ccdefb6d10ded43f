//! A record, and what it says.

use expbundle::verify::Intact;
use expbundle_format::json;
use expbundle_format::limits::Limits;
use expbundle_format::sections::{self, Artifact, Artifacts, Context, Direction, Recipe};
use expbundle_format::time::Time;
use expbundle_format::{DigestSet, RecordId};
use expbundle_query::{Shown, section, told};
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::{PyAny, PyBytes, PyDict};

use crate::arguments::now;
use crate::error::{plain, raise};
use crate::html;
use crate::series::Series;
use crate::value::{document, to_python, typed_to_python};

/// A record of a bundle: what went in, what was done, what came out.
#[pyclass(frozen, module = "expbundle")]
#[derive(Clone)]
pub struct Record {
    intact: Intact,
    id: RecordId,
}

impl Record {
    /// A record of a bundle that has it.
    pub fn of(intact: &Intact, id: RecordId) -> Self {
        Self { intact: intact.clone(), id }
    }

    fn body(&self) -> &expbundle_format::record::RecordBody {
        self.intact.records().get(&self.id).expect("the bundle has the record").body()
    }

    /// The bundle that it is in, and its id.
    pub fn pair(&self) -> (&Intact, RecordId) {
        (&self.intact, self.id)
    }

    /// Both digests of its `record.json`.
    pub fn digest(&self) -> DigestSet {
        self.intact.records().get(&self.id).expect("the bundle has the record").digest()
    }

    /// What the record lists, with the names and addresses of `artifacts.json`.
    fn listed<'py>(&self, py: Python<'py>, direction: Direction) -> PyResult<Bound<'py, PyAny>> {
        let described = told::<Artifacts>(&self.intact, self.id).unwrap_or_default().artifacts;
        let (body, mut all) = (self.body(), Vec::new());
        for listed in if direction == Direction::Input { &body.inputs } else { &body.outputs } {
            let mut value = serde_json::to_value(listed).unwrap_or_default();
            let is_it = |one: &&Artifact| {
                one.direction == direction && one.role == listed.role && one.digest == Some(listed.digest)
            };
            if let (Some(one), Some(members)) = (described.iter().find(is_it), value.as_object_mut()) {
                let known = [("name", &one.name), ("path", &one.path)];
                let known =
                    known.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone()?.into())));
                members.extend(known);
                if !one.uris.is_empty() {
                    members.insert("uris".to_owned(), one.uris.clone().into());
                }
            }
            all.push(value);
        }
        document(py, &all)
    }

    fn context(&self) -> Option<Context> {
        told(&self.intact, self.id)
    }
}

#[pymethods]
impl Record {
    /// Its id: the digest of its ``record.json``.
    ///
    /// Type: str
    #[getter]
    fn id(&self) -> String {
        self.id.to_string()
    }

    /// ``run`` or ``origin``.
    ///
    /// Type: str
    #[getter]
    fn kind<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        document(py, &self.body().kind)
    }

    /// One line that says what was done; ``None`` if it is withheld.
    ///
    /// Type: str | None
    #[getter]
    fn title(&self) -> Option<String> {
        self.context().map(|context| context.title)
    }

    /// Notes in Markdown.
    ///
    /// Type: str | None
    #[getter]
    fn notes(&self) -> Option<String> {
        self.context().and_then(|context| context.notes)
    }

    /// Words to find it by.
    ///
    /// Type: list[str]
    #[getter]
    fn tags(&self) -> Vec<String> {
        self.context().map(|context| context.tags).unwrap_or_default()
    }

    /// When it started, in UTC.
    ///
    /// Type: datetime.datetime | None
    #[getter]
    fn started(&self) -> Option<jiff::Timestamp> {
        self.body().started.map(Time::timestamp)
    }

    /// When it ended, in UTC.
    ///
    /// Type: datetime.datetime | None
    #[getter]
    fn ended(&self) -> Option<jiff::Timestamp> {
        self.body().ended.map(Time::timestamp)
    }

    /// How it ended: ``finished``, ``failed``, ``killed``, …
    ///
    /// Type: Literal['scheduled', 'running', 'finished', 'failed', 'killed', 'crashed', 'unknown'] |
    ///         None
    #[getter]
    fn status<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        document(py, &self.body().status)
    }

    /// The ``tool`` that tracked it, and that tool's id of the ``run``.
    ///
    /// Type: dict[str, str] | None
    #[getter]
    fn source<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        document(py, &self.body().source)
    }

    /// What went in: ``role``, ``size`` and digests of each, and ``name``, ``path`` and ``uris`` where
    /// ``artifacts.json`` has them.
    ///
    /// Type: list[dict[str, Any]]
    #[getter]
    fn inputs<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.listed(py, Direction::Input)
    }

    /// What came out, in the same form.
    ///
    /// Type: list[dict[str, Any]]
    #[getter]
    fn outputs<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.listed(py, Direction::Output)
    }

    /// The records that it says it follows from.
    ///
    /// Type: list[dict[str, Any]]
    #[getter]
    fn parents<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        document(py, &self.body().parents)
    }

    /// The parameters by their names, as Python has them: integers of any length, ``nan``, ``inf``.
    ///
    /// Type: dict[str, Any]
    #[getter]
    fn params<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let params = told::<Recipe>(&self.intact, self.id).map(|recipe| recipe.parameters).unwrap_or_default();
        let dict = PyDict::new(py);
        for (name, value) in params {
            dict.set_item(name, typed_to_python(py, &value)?)?;
        }
        Ok(dict)
    }

    /// The last number of each metric; ``None`` if it has none.
    ///
    /// Type: dict[str, float | None]
    #[getter]
    fn metrics<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        if let Some(series) = self.series(py, sections::METRICS)? {
            for (key, last) in series.last_values(py)? {
                dict.set_item(key, last)?;
            }
        }
        Ok(dict)
    }

    /// The names of its sections.
    ///
    /// Type: list[str]
    #[getter]
    fn sections(&self) -> Vec<String> {
        self.body().sections.iter().map(|(name, _)| name.to_string()).collect()
    }

    /// Those that this copy leaves out.
    ///
    /// Type: list[str]
    #[getter]
    fn withheld(&self) -> Vec<String> {
        self.intact.withheld_sections(self.id).iter().map(ToString::to_string).collect()
    }

    /// A section by its name: a dict if it is JSON, else its bytes.
    ///
    /// Types:
    ///
    ///     name: str
    ///     return: Any
    fn section<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        let (name, content) = section(&self.intact, self.id, name).map_err(|error| raise(py, error))?;
        let bytes = content.read(Limits::default().section_bytes)?;
        let is_json = self.body().sections.get(name).is_some_and(|listed| listed.media_type == sections::JSON);
        if !is_json {
            return Ok(PyBytes::new(py, &bytes).into_any());
        }
        let value = json::parse(&bytes, &Limits::default())
            .map_err(|error| crate::error::because(py, error.code().as_str(), "the section cannot be read", &error))?;
        to_python(py, &value)
    }

    /// The points of ``metrics`` or ``telemetry``; ``None`` if the record has none.
    ///
    /// Those of one metric are ``record.series().points("loss")``. Raises ``KeyError`` for any other
    /// name.
    ///
    /// Types:
    ///
    ///     name: str
    ///     return: Series | None
    #[pyo3(signature = (name = "metrics"))]
    fn series(&self, py: Python<'_>, name: &str) -> PyResult<Option<Series>> {
        let full = match name {
            "metrics" | sections::METRICS => sections::METRICS,
            "telemetry" | sections::TELEMETRY => sections::TELEMETRY,
            other => {
                let other = expbundle_words::quoted(other);
                return Err(PyKeyError::new_err(format!(
                    "points are in `metrics` and `telemetry`, and not in {other}; those of one metric are \
                     `record.series().points({other})`"
                )));
            }
        };
        let listed = self.body().sections.iter().any(|(section, _)| section.as_str() == full);
        if !listed {
            return Ok(None);
        }
        let (_, content) = section(&self.intact, self.id, full).map_err(|error| raise(py, error))?;
        Series::open(py, content.clone()).map(Some)
    }

    /// The bytes of an embedded file, by its path or the beginning of its digest.
    ///
    /// Types:
    ///
    ///     name: str
    ///     return: bytes
    fn artifact<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyBytes>> {
        let content = expbundle_query::artifact(&self.intact, self.id, name).map_err(|error| raise(py, error))?;
        Ok(PyBytes::new(py, &content.read(u64::MAX)?))
    }

    /// All of it that is JSON, as ``schemas/show.schema.json`` has it.
    ///
    /// Types:
    ///
    ///     return: dict[str, Any]
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        document(py, &Shown::of(&self.intact, &self.intact.judge(None, now().timestamp()), self.id))
    }

    /// The record in words, as ``expbundle show`` prints it.
    ///
    /// Type: str
    #[getter]
    fn text(&self) -> String {
        let verdict = self.intact.judge(None, now().timestamp());
        plain(&expbundle_words::show::words(&self.intact, &verdict, &[self.id]))
    }

    fn __repr__(&self) -> String {
        let title = self.context().map_or_else(|| "(title withheld)".to_owned(), |context| context.title);
        format!("<expbundle.Record {} {}>", expbundle_query::short(&self.id), expbundle_words::quoted(&title))
    }

    /// How a notebook shows it: the text, and a curve for each of the first metrics.
    ///
    /// Types:
    ///
    ///     return: str
    fn _repr_html_(&self, py: Python<'_>) -> PyResult<String> {
        // If the section is withheld or cannot be read, the text is shown alone.
        let curves = self.series(py, sections::METRICS).ok().flatten().map(|series| series.curves(py)).transpose()?;
        Ok(html::printed(&self.text()) + &curves.unwrap_or_default())
    }

    fn __str__(&self) -> String {
        self.text()
    }

    fn __eq__(&self, other: &Self) -> bool {
        self.id == other.id
    }

    fn __hash__(&self) -> u64 {
        use std::hash::{DefaultHasher, Hash as _, Hasher as _};
        let mut hasher = DefaultHasher::new();
        self.id.hash(&mut hasher);
        hasher.finish()
    }
}
