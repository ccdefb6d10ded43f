//! A bundle that is intact, and what is said about its records.

use std::io;

use camino::Utf8Path;
use expbundle::output::{Output, OutputError, Over};
use expbundle::report::statement_reports;
use expbundle::verify::Intact;
use expbundle_format::number::Number;
use expbundle_format::sections::Evaluation;
use expbundle_format::{ArtifactDigests, RecordId};
use expbundle_query::{Chosen, Source, revoked_of, sections_called, statement_starting, takes_in};
use expbundle_run::SayError;
use expbundle_statement::{
    Asserted, Authorship, Comment, Deployment, DeploymentAction, Evaluated, Generator, LinkClaim, Predicate, PublicKey,
    Review, ReviewVerdict, Revocation, Revoked, Seal, Superseded,
};
use expbundle_words::plan::unsealed_in;
use expbundle_words::{Failure, findings, recording};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyAny, PyBytes};

use crate::arguments::{existing, moment, now, path, signers, source};
use crate::counted::Counted;
use crate::error::{raise, unsound, usage, warn};
use crate::key::Signer;
use crate::record::Record;
use crate::report::Report;
use crate::value::document;
use crate::work::work;

/// A bundle that is intact: every name, digest and signature in it was recomputed.
///
/// It never changes: what says something about a record returns a new bundle.
///
/// >>> import expbundle
/// >>> key = expbundle.Key.generate()
/// >>> bundle = expbundle.Run("a run", clock=False).finish()
/// >>> bundle.sign(key).note("looks good", key).verify().state
/// 'signed'
#[pyclass(frozen, module = "expbundle")]
pub struct Bundle {
    pub intact: Intact,
    /// Where it was read from, if that is a file.
    place: Option<Source>,
    /// The records that count, if it is that of a report.
    counted: Option<Counted>,
}

impl Bundle {
    /// One that was made or joined in memory.
    pub fn new(intact: Intact) -> Self {
        Self { intact, place: None, counted: None }
    }

    /// Reads and checks one.
    pub fn read(py: Python<'_>, source: &Source) -> PyResult<Self> {
        let place = source.content.is_none().then(|| source.clone());
        let intact = work(py, |_| source.intact())?.map_err(|error| raise(py, error))?;
        Ok(Self { intact, place, counted: None })
    }

    /// The same, handing out the records that count.
    pub fn of_report(self, counted: Counted) -> Self {
        Self { counted: Some(counted), ..self }
    }

    /// The records that it hands out.
    pub fn all(&self) -> Vec<Record> {
        let ids = match &self.counted {
            Some(counted) => counted.ids(&self.intact),
            None => self.intact.records().keys().copied().collect(),
        };
        ids.into_iter().map(|id| Record::of(&self.intact, id)).collect()
    }

    /// The bytes of its file.
    pub fn bytes(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.intact.bundle().write(&mut bytes)?;
        Ok(bytes)
    }

    /// The record that is meant: by the beginning of its id, or the only one.
    pub fn meant(&self, py: Python<'_>, record: Option<&str>) -> PyResult<RecordId> {
        let of_report = self.counted.as_ref();
        if let (Some(counted), None) = (of_report, record) {
            return counted.head(py, &self.intact);
        }
        let id = expbundle_query::one_of(&self.intact, &self.intact.judge(None, now().timestamp()), record)
            .map_err(|error| raise(py, expbundle_words::records::which(&self.intact, error)))?;
        of_report.map_or(Ok(id), |counted| counted.check(py, id))
    }

    /// The record that is meant if none is named.
    pub fn only(&self, py: Python<'_>) -> PyResult<Record> {
        Ok(Record::of(&self.intact, self.meant(py, None)?))
    }

    /// The same bundle with something said about the records that are meant.
    fn with(
        &self,
        py: Python<'_>,
        signer: &Signer,
        record: Option<&Bound<'_, PyAny>>,
        predicate: impl Fn(&Intact, RecordId) -> Result<Predicate, Failure>,
        about: Option<&Revoked>,
    ) -> PyResult<Self> {
        let (intact, at) = (&self.intact, now().timestamp());
        let signing = signer.signing();
        let key = signing.key.identity();
        let refused = |error| raise(py, expbundle_words::records::which_to_sign(intact, &key, error, at));
        let wanted: Vec<String> = match record {
            None => Vec::new(),
            Some(one) => one.extract::<String>().map(|one| vec![one]).or_else(|_| one.extract())?,
        };
        let by_revoked = about.map(|about| revoked_of(intact, about, at)).transpose().map_err(&refused)?.flatten();
        let chosen: Chosen = match by_revoked {
            Some(chosen) if wanted.is_empty() => chosen,
            _ => expbundle_query::several(intact, &wanted, at).map_err(&refused)?,
        };
        let says = chosen.ids.iter().map(|id| Ok((*id, predicate(intact, *id)?)));
        let says = says.collect::<Result<Vec<_>, Failure>>().map_err(|failure| raise(py, failure))?;
        match expbundle_run::say(intact, &chosen, says, &signing, at) {
            Ok(intact) => Ok(Self { intact, place: self.place.clone(), counted: self.counted.clone() }),
            Err(SayError::Check(error)) => Err(unsound(py, error)),
            Err(error) => Err(raise(py, recording::not_said(intact, &key, error, at))),
        }
    }
}

#[pymethods]
impl Bundle {
    /// The records, in the order of their ids.
    ///
    /// Type: list[Record]
    #[getter]
    fn records(&self) -> Vec<Record> {
        self.all()
    }

    /// The record whose id begins so, or the only one that no other record derives from.
    ///
    /// Types:
    ///
    ///     id: str | None
    ///     return: Record
    #[pyo3(signature = (id = None))]
    fn record(&self, py: Python<'_>, id: Option<&str>) -> PyResult<Record> {
        Ok(Record::of(&self.intact, self.meant(py, id)?))
    }

    /// What was said about the records, as ``expbundle log --json`` has it.
    ///
    /// Type: list[dict[str, Any]]
    #[getter]
    fn statements<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let verdict = self.intact.judge(None, now().timestamp());
        document(py, &statement_reports(&self.intact, &verdict))
    }

    /// Judges it, without a file. The arguments are those of :func:`expbundle.verify`.
    ///
    /// Types:
    ///
    ///     trust: str | os.PathLike[str] | None
    ///     require: Literal['intact', 'signed', 'trusted'] | None
    ///     at: str | datetime.datetime | float | None
    ///     no_objections: bool
    ///     return: Report
    #[pyo3(signature = (*, trust = None, require = None, at = None, no_objections = false))]
    fn verify(
        slf: &Bound<'_, Self>,
        trust: Option<&Bound<'_, PyAny>>,
        require: Option<&str>,
        at: Option<&Bound<'_, PyAny>>,
        no_objections: bool,
    ) -> PyResult<Report> {
        if slf.get().place.as_ref().is_some_and(|place| place.path.is_dir()) {
            let message = "this bundle lies in a model folder, and is not judged without its files";
            let failure = Failure::usage(message).help("`expbundle.verify(FOLDER)` judges both");
            return Err(raise(slf.py(), failure));
        }
        crate::report::verify(slf.py(), source(slf.as_any())?, trust, require, at, "blake3", 1, no_objections)
    }

    /// Saves it, and returns the path.
    ///
    /// Without a path it goes back into the file it was read from, joined with what somebody else
    /// added there meanwhile. Raises if something would be lost, unless ``overwrite`` is set.
    ///
    /// Types:
    ///
    ///     path: str | os.PathLike[str] | None
    ///     overwrite: bool
    ///     return: str
    #[pyo3(signature = (path = None, *, overwrite = false))]
    fn save(&self, py: Python<'_>, path: Option<&Bound<'_, PyAny>>, overwrite: bool) -> PyResult<String> {
        let bundle = self.intact.bundle();
        let failed = |error: OutputError| raise(py, error);
        if let Some(path) = path {
            let path = self::path(path)?;
            let output = if overwrite { Ok(Output::back_into(&path)) } else { Output::new(&path, Over::NOTHING) };
            let output = output.map_err(failed)?;
            work(py, |_| output.save(bundle))?.map_err(failed)?;
            return Ok(path.into_string());
        }
        let Some(place) = &self.place else {
            return Err(usage(py, "this bundle was not read from a file: name one to save it to"));
        };
        let path = place.bundle_path();
        let output = Output::new(&path, Over::NOTHING).map_err(failed)?;
        let saved = work(py, |_| output.add(|| self.joined_with_what_is_there(place)))?;
        saved.map_err(|failure| raise(py, failure))?;
        Ok(path.into_string())
    }

    /// The bytes of its file. The same bundle always gives the same bytes.
    ///
    /// Types:
    ///
    ///     return: bytes
    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.bytes()?))
    }

    /// A copy without these sections. Ids and signatures stay as they are.
    ///
    /// Sections whose content can be guessed from their digests are a ``UserWarning``. Raises
    /// :class:`expbundle.NotIntact` if a seal lists what is left out: one by a key of ``trust``, or
    /// without it by an author. Seals of other keys are a ``UserWarning`` each.
    ///
    /// Types:
    ///
    ///     sections: Sequence[str]
    ///     trust: str | os.PathLike[str] | None
    ///     return: Bundle
    #[pyo3(signature = (sections, *, trust = None))]
    fn withhold(&self, py: Python<'_>, sections: Vec<String>, trust: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let policy = signers(trust)?;
        let names = sections_called(&self.intact, &sections).map_err(|error| raise(py, error))?;
        let (bundle, found) = self.intact.withhold(&names);
        let sound = bundle.sound(policy.as_ref(), now().timestamp());
        let (intact, _) = sound.map_err(|error| unsound(py, error))?;
        warn(py, &findings::all(&found))?;
        for sentence in unsealed_in(&self.intact, &bundle) {
            warn(py, &sentence)?;
        }
        Ok(Self::new(intact))
    }

    /// Vouches for a record: the one whose id begins with ``record``, or the only one meant.
    ///
    /// What this key signed already, and what still stands, is not added again, here and in the
    /// calls below; a note that is told twice is one note.
    ///
    /// Types:
    ///
    ///     key: str | os.PathLike[str] | Key
    ///     name: str | None
    ///     at: str | datetime.datetime | float | None
    ///     record: str | Sequence[str] | None
    ///     return: Bundle
    #[pyo3(signature = (key, *, name = None, at = None, record = None))]
    fn sign(
        &self,
        py: Python<'_>,
        key: &Bound<'_, PyAny>,
        name: Option<String>,
        at: Option<&Bound<'_, PyAny>>,
        record: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let generator = Generator { name: "expbundle".to_owned(), version: Some(env!("CARGO_PKG_VERSION").to_owned()) };
        let says = Predicate::Authorship(Authorship { generator: Some(generator) });
        self.with(py, &Signer::of(key, name, at)?, record, |_, _| Ok(says.clone()), None)
    }

    /// Adds a comment.
    ///
    /// Types:
    ///
    ///     text: str
    ///     key: str | os.PathLike[str] | Key
    ///     name: str | None
    ///     at: str | datetime.datetime | float | None
    ///     record: str | Sequence[str] | None
    ///     return: Bundle
    #[pyo3(signature = (text, key, *, name = None, at = None, record = None))]
    fn note(
        &self,
        py: Python<'_>,
        text: String,
        key: &Bound<'_, PyAny>,
        name: Option<String>,
        at: Option<&Bound<'_, PyAny>>,
        record: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let says = Predicate::Comment(Comment { text });
        self.with(py, &Signer::of(key, name, at)?, record, |_, _| Ok(says.clone()), None)
    }

    /// Approves a record, rejects it, or asks for changes.
    ///
    /// Types:
    ///
    ///     verdict: Literal['approved', 'rejected', 'needs-changes']
    ///     key: str | os.PathLike[str] | Key
    ///     role: str | None
    ///     scope: str | None
    ///     reason: str | None
    ///     name: str | None
    ///     at: str | datetime.datetime | float | None
    ///     record: str | Sequence[str] | None
    ///     return: Bundle
    #[pyo3(signature = (verdict, key, *, role = None, scope = None, reason = None, name = None, at = None, record = None))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
    fn review(
        &self,
        py: Python<'_>,
        verdict: &str,
        key: &Bound<'_, PyAny>,
        role: Option<String>,
        scope: Option<String>,
        reason: Option<String>,
        name: Option<String>,
        at: Option<&Bound<'_, PyAny>>,
        record: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let all = [ReviewVerdict::Approved, ReviewVerdict::Rejected, ReviewVerdict::NeedsChanges];
        let Some(verdict) = all.into_iter().find(|known| known.as_str() == verdict) else {
            return Err(usage(py, "a review is `approved`, `rejected` or `needs-changes`"));
        };
        let says = Predicate::Review(Review { verdict, role, scope, reason });
        self.with(py, &Signer::of(key, name, at)?, record, |_, _| Ok(says.clone()), None)
    }

    /// Takes back a record, a statement by its id, or all that a public key signed since then.
    ///
    /// Types:
    ///
    ///     key: str | os.PathLike[str] | Key
    ///     statement: str | None
    ///     revoked_key: str | None
    ///     since: str | datetime.datetime | float | None
    ///     reason: str | None
    ///     name: str | None
    ///     at: str | datetime.datetime | float | None
    ///     record: str | Sequence[str] | None
    ///     return: Bundle
    #[pyo3(signature = (key, *, statement = None, revoked_key = None, since = None, reason = None, name = None, at = None, record = None))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
    fn revoke(
        &self,
        py: Python<'_>,
        key: &Bound<'_, PyAny>,
        statement: Option<&str>,
        revoked_key: Option<&str>,
        since: Option<&Bound<'_, PyAny>>,
        reason: Option<String>,
        name: Option<String>,
        at: Option<&Bound<'_, PyAny>>,
        record: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let since = since.map(|since| moment(Some(since))).transpose()?;
        let revoked = match (statement, revoked_key) {
            (Some(_), Some(_)) => return Err(usage(py, "a revocation is of a statement or of a key, not of both")),
            (Some(beginning), None) => {
                Some(Revoked::Statement(statement_starting(&self.intact, beginning).map_err(|error| raise(py, error))?))
            }
            (None, Some(line)) => Some(Revoked::Signer(public_key(line)?.into())),
            (None, None) => None,
        };
        let says = |_: &Intact, record| {
            let revoked = revoked.clone().unwrap_or(Revoked::Record(record));
            Ok(Predicate::Revocation(Revocation { revoked, since, reason: reason.clone() }))
        };
        self.with(py, &Signer::of(key, name, at)?, record, says, revoked.as_ref())
    }

    /// Says that another record takes the place of one.
    ///
    /// Types:
    ///
    ///     successor: Record
    ///     key: str | os.PathLike[str] | Key
    ///     reason: str | None
    ///     name: str | None
    ///     at: str | datetime.datetime | float | None
    ///     record: str | Sequence[str] | None
    ///     return: Bundle
    #[pyo3(signature = (successor, key, *, reason = None, name = None, at = None, record = None))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
    fn supersede(
        &self,
        py: Python<'_>,
        successor: &Bound<'_, Record>,
        key: &Bound<'_, PyAny>,
        reason: Option<String>,
        name: Option<String>,
        at: Option<&Bound<'_, PyAny>>,
        record: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let says = Predicate::Supersession(Superseded { successor: successor.get().digest(), reason });
        self.with(py, &Signer::of(key, name, at)?, record, |_, _| Ok(says.clone()), None)
    }

    /// Says that a record follows from ``parent``, or that ``same_signer`` is a key of yours too.
    ///
    /// Types:
    ///
    ///     key: str | os.PathLike[str] | Key
    ///     parent: Record | None
    ///     relation: str | None
    ///     input: str | os.PathLike[str] | None
    ///     same_signer: str | None
    ///     reason: str | None
    ///     name: str | None
    ///     at: str | datetime.datetime | float | None
    ///     record: str | Sequence[str] | None
    ///     return: Bundle
    #[pyo3(signature = (key, *, parent = None, relation = None, input = None, same_signer = None, reason = None, name = None, at = None, record = None))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
    fn link(
        &self,
        py: Python<'_>,
        key: &Bound<'_, PyAny>,
        parent: Option<&Bound<'_, Record>>,
        relation: Option<&str>,
        input: Option<&Bound<'_, PyAny>>,
        same_signer: Option<&str>,
        reason: Option<String>,
        name: Option<String>,
        at: Option<&Bound<'_, PyAny>>,
        record: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let relation = relation.map(str::parse).transpose().map_err(|error| usage(py, &format!("{error}")))?;
        let artifact = input.map(|input| digests_of(py, &existing(input)?)).transpose()?;
        let claim = match (parent, same_signer) {
            (Some(parent), None) => LinkClaim::Record { parent: parent.get().digest(), relation, artifact },
            (None, Some(line)) => LinkClaim::Signer { same_signer: public_key(line)?.into() },
            _ => return Err(usage(py, "a link names `parent` or `same_signer`")),
        };
        let says = |intact: &Intact, record: RecordId| match &artifact {
            Some(artifact) if !takes_in(intact, record, artifact) => {
                Err(Failure::usage(format!("the file is not an input of record {}", expbundle_query::short(&record))))
            }
            _ => Ok(Predicate::Link(Asserted { claim: claim.clone(), reason: reason.clone() })),
        };
        self.with(py, &Signer::of(key, name, at)?, record, says, None)
    }

    /// Adds results that were measured after the run.
    ///
    /// Types:
    ///
    ///     results: Mapping[str, float]
    ///     key: str | os.PathLike[str] | Key
    ///     task: str | None
    ///     dataset: str | None
    ///     split: str | None
    ///     evaluator: str | None
    ///     notes: str | None
    ///     name: str | None
    ///     at: str | datetime.datetime | float | None
    ///     record: str | Sequence[str] | None
    ///     return: Bundle
    #[pyo3(signature = (results, key, *, task = None, dataset = None, split = None, evaluator = None, notes = None, name = None, at = None, record = None))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
    fn evaluate(
        &self,
        py: Python<'_>,
        results: std::collections::BTreeMap<String, f64>,
        key: &Bound<'_, PyAny>,
        task: Option<String>,
        dataset: Option<String>,
        split: Option<String>,
        evaluator: Option<String>,
        notes: Option<String>,
        name: Option<String>,
        at: Option<&Bound<'_, PyAny>>,
        record: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let evaluations = results.into_iter().map(|(metric, value)| Evaluation {
            metric,
            value: Some(Number(value)),
            task: task.clone(),
            dataset: dataset.clone(),
            split: split.clone(),
            evaluator: evaluator.clone(),
            ..Evaluation::default()
        });
        let says = Predicate::Evaluation(Evaluated { evaluations: evaluations.collect(), notes });
        self.with(py, &Signer::of(key, name, at)?, record, |_, _| Ok(says.clone()), None)
    }

    /// Says that a model went into use, or out of it.
    ///
    /// Types:
    ///
    ///     environment: str
    ///     key: str | os.PathLike[str] | Key
    ///     retired: bool
    ///     artifact: str | os.PathLike[str] | None
    ///     reason: str | None
    ///     name: str | None
    ///     at: str | datetime.datetime | float | None
    ///     record: str | Sequence[str] | None
    ///     return: Bundle
    #[pyo3(signature = (environment, key, *, retired = false, artifact = None, reason = None, name = None, at = None, record = None))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
    fn deploy(
        &self,
        py: Python<'_>,
        environment: String,
        key: &Bound<'_, PyAny>,
        retired: bool,
        artifact: Option<&Bound<'_, PyAny>>,
        reason: Option<String>,
        name: Option<String>,
        at: Option<&Bound<'_, PyAny>>,
        record: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let action = if retired { DeploymentAction::Retired } else { DeploymentAction::Deployed };
        let artifact = artifact.map(|path| digests_of(py, &existing(path)?)).transpose()?;
        let says = Predicate::Deployment(Deployment { environment, action, artifact, reason });
        self.with(py, &Signer::of(key, name, at)?, record, |_, _| Ok(says.clone()), None)
    }

    /// Lists every object that the bundle has now, so that anybody sees when one is missing.
    ///
    /// Types:
    ///
    ///     key: str | os.PathLike[str] | Key
    ///     name: str | None
    ///     at: str | datetime.datetime | float | None
    ///     record: str | Sequence[str] | None
    ///     return: Bundle
    #[pyo3(signature = (key, *, name = None, at = None, record = None))]
    fn seal(
        &self,
        py: Python<'_>,
        key: &Bound<'_, PyAny>,
        name: Option<String>,
        at: Option<&Bound<'_, PyAny>>,
        record: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let objects = self.intact.bundle().entries().map(|(name, _)| name.to_string()).collect();
        let says = Predicate::Seal(Seal { objects });
        self.with(py, &Signer::of(key, name, at)?, record, |_, _| Ok(says.clone()), None)
    }

    fn __repr__(&self) -> String {
        let records = self.intact.records().len();
        format!("<expbundle.Bundle of {records} record{}>", if records == 1 { "" } else { "s" })
    }

    fn __len__(&self) -> usize {
        self.intact.records().len()
    }

    fn __eq__(&self, other: &Self) -> bool {
        let names = |bundle: &Self| bundle.intact.bundle().entries().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        names(self) == names(other)
    }
}

impl Bundle {
    /// What is in the file by now, and what this bundle adds to it. Called while no other writer is
    /// at work there.
    fn joined_with_what_is_there(&self, place: &Source) -> Result<expbundle::Bundle, Failure> {
        let mut bundle = self.intact.bundle().clone();
        let there = place.intact()?;
        if let Some(gone) = self.intact.records().keys().find(|id| !there.records().contains_key(id)) {
            let path = place.bundle_path();
            return Err(expbundle_query::QueryError::Gone { path, record: *gone }.into());
        }
        bundle.merge(there.bundle());
        Ok(bundle)
    }
}

fn public_key(line: &str) -> PyResult<PublicKey> {
    PublicKey::from_text(line).map_err(|error| PyValueError::new_err(format!("the key cannot be used: {error}")))
}

fn digests_of(py: Python<'_>, path: &Utf8Path) -> PyResult<ArtifactDigests> {
    let hashed = work(py, |given| {
        expbundle::hash::hash_file(path, expbundle::hash::Wanted::Both, &|bytes| given.progress(bytes))
    })?;
    Ok(hashed.map_err(|error| raise(py, &error))?.digests())
}

/// Opens a bundle and checks it.
///
/// Raises :class:`expbundle.NotIntact` if it is not intact. Nobody's signature is asked for: anybody
/// may have made it, or added to it. Use :func:`verify` for a report, and what it hands out.
///
/// Types:
///
///     source: str | os.PathLike[str] | bytes | BinaryIO | Bundle
///     return: Bundle
#[pyfunction]
pub fn open(py: Python<'_>, #[pyo3(from_py_with = source)] source: Source) -> PyResult<Bundle> {
    Bundle::read(py, &source)
}
