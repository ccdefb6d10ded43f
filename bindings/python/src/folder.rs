//! Model folders: attaching, detaching, releasing.

use expbundle_convert::{audit, declared};
use expbundle_directory::{AttachError, AttachOptions, Plan, Releasing, plan_attach, plan_detach, plan_release};
use expbundle_query::Source;
use expbundle_statement::Release;
use expbundle_words::conversion::without_secrets;
use expbundle_words::{Failure, plan as words};
use pyo3::prelude::*;
use pyo3::types::PyAny;

use crate::arguments::{existing, now, signers, sources};
use crate::error::{plain, raise, unsound};
use crate::hints::in_python;
use crate::key::Signer;
use crate::work::work;

/// What is to be done to a model folder, or was done.
#[pyclass(frozen, get_all, module = "expbundle")]
pub struct Change {
    /// The folder.
    ///
    /// Type: str
    folder: String,
    /// The files that change, by their paths in the folder.
    ///
    /// Type: list[str]
    files: Vec<String>,
    /// The change as a unified diff, for reading.
    ///
    /// Type: str
    diff: String,
    /// What a person should know, a sentence each.
    ///
    /// Type: list[str]
    notes: Vec<String>,
    /// The change in words, as the program prints it.
    ///
    /// Type: str
    text: String,
    /// Whether it was made.
    ///
    /// Type: bool
    applied: bool,
}

#[pymethods]
impl Change {
    fn __repr__(&self) -> String {
        let done = if self.applied { "made" } else { "not made" };
        format!("<expbundle.Change of {} files, {done}>", self.files.len())
    }

    fn __str__(&self) -> String {
        self.text.clone()
    }
}

fn carry_out(py: Python<'_>, mut plan: Plan, dry_run: bool) -> PyResult<Change> {
    for note in &mut plan.notes {
        *note = in_python(note);
    }
    let text = plain(&format!("{}{}", words::files(&plan), words::words(&plan)));
    let mut change = Change {
        folder: plan.folder.to_string(),
        files: plan.changes.iter().map(|change| change.name.clone()).collect(),
        diff: plan.diff(),
        notes: words::notes(&plan),
        text,
        applied: false,
    };
    if !dry_run {
        work(py, |_| plan.apply())?.map_err(|error| raise(py, &error))?;
        change.applied = true;
    }
    Ok(change)
}

/// Adds bundles to a model folder and updates its card; with a key, releases the folder too.
///
/// Nobody is asked: ``dry_run`` shows the change without making it. A folder that the key released
/// already as it is gets no other release.
///
/// Raises :class:`expbundle.ExpbundleError` if the records made models and no file of the folder, as
/// those of another run did; with ``unrelated`` they are attached all the same.
///
/// Types:
///
///     folder: str | os.PathLike[str]
///     bundles: str | os.PathLike[str] | bytes | BinaryIO | Bundle | Sequence[str |
///         os.PathLike[str] | bytes | BinaryIO | Bundle]
///     key: str | os.PathLike[str] | Key | None
///     name: str | None
///     title: str | None
///     base_models: Sequence[str]
///     benchmarks: Sequence[str]
///     keep_card: bool
///     replace: bool
///     unrelated: bool
///     trust: str | os.PathLike[str] | None
///     at: str | datetime.datetime | float | None
///     dry_run: bool
///     return: Change
#[pyfunction]
#[pyo3(signature = (folder, bundles, *, key = None, name = None, title = None, base_models = Vec::new(), benchmarks = Vec::new(),
    keep_card = false, replace = false, unrelated = false, trust = None, at = None, dry_run = false))]
#[expect(clippy::too_many_arguments, clippy::fn_params_excessive_bools, reason = "keyword arguments of Python")]
pub fn attach(
    py: Python<'_>,
    folder: &Bound<'_, PyAny>,
    #[pyo3(from_py_with = sources)] bundles: Vec<Source>,
    key: Option<&Bound<'_, PyAny>>,
    name: Option<String>,
    title: Option<String>,
    base_models: Vec<String>,
    benchmarks: Vec<String>,
    keep_card: bool,
    replace: bool,
    unrelated: bool,
    trust: Option<&Bound<'_, PyAny>>,
    at: Option<&Bound<'_, PyAny>>,
    dry_run: bool,
) -> PyResult<Change> {
    let folder = existing(folder)?;
    let policy = signers(trust)?;
    let signer = key.map(|key| Signer::of(key, name, at)).transpose()?;
    let benchmarks = benchmarks.iter().map(|text| text.parse()).collect::<Result<Vec<_>, _>>();
    let benchmarks = benchmarks.map_err(|error| raise(py, Failure::usage(format!("{error}"))))?;
    let planned = work(py, |given| {
        let mut copies = Vec::new();
        for source in bundles {
            copies.push(source.intact()?);
        }
        let policy = policy.as_ref();
        let releasing = signer.as_ref().map(|signer| Releasing {
            signing: signer.signing(),
            release: Release { title, reason: None },
            policy,
            at: now(),
        });
        if let Some(releasing) = &releasing {
            without_secrets(&audit::release(releasing).places())?;
        }
        let at = now();
        let options = AttachOptions { base_models, benchmarks, keep_card, replace, unrelated, releasing, policy, at };
        let mut plan = plan_attach(&folder, copies, &options, &|bytes| given.progress(bytes));
        if let (Ok(plan), Some(_)) = (plan.as_mut(), &signer) {
            declared::add_notes_on_secrets(&mut plan.notes, &folder);
        }
        Ok(plan)
    })?;
    let plan = planned.map_err(|failure: Failure| raise(py, failure))?.map_err(|error| match error {
        AttachError::Check(error) => unsound(py, error),
        other => raise(py, other),
    })?;
    carry_out(py, plan, dry_run)
}

/// Takes the bundle out of a model folder, and what :func:`attach` wrote on its card.
///
/// Types:
///
///     folder: str | os.PathLike[str]
///     dry_run: bool
///     return: Change
#[pyfunction]
#[pyo3(signature = (folder, *, dry_run = false))]
pub fn detach(py: Python<'_>, folder: &Bound<'_, PyAny>, dry_run: bool) -> PyResult<Change> {
    let plan = plan_detach(&existing(folder)?).map_err(|error| raise(py, error))?;
    carry_out(py, plan, dry_run)
}

/// Lists the files of a model folder and signs the list.
///
/// If the last release by the key is of just these files, with this title and reason, and still
/// counts, nothing is added: then ``files`` of the change is empty.
///
/// Types:
///
///     folder: str | os.PathLike[str]
///     key: str | os.PathLike[str] | Key
///     name: str | None
///     title: str | None
///     reason: str | None
///     trust: str | os.PathLike[str] | None
///     at: str | datetime.datetime | float | None
///     dry_run: bool
///     return: Change
#[pyfunction]
#[pyo3(signature = (folder, key, *, name = None, title = None, reason = None, trust = None, at = None, dry_run = false))]
#[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
pub fn release(
    py: Python<'_>,
    folder: &Bound<'_, PyAny>,
    key: &Bound<'_, PyAny>,
    name: Option<String>,
    title: Option<String>,
    reason: Option<String>,
    trust: Option<&Bound<'_, PyAny>>,
    at: Option<&Bound<'_, PyAny>>,
    dry_run: bool,
) -> PyResult<Change> {
    let folder = existing(folder)?;
    let policy = signers(trust)?;
    let signer = Signer::of(key, name, at)?;
    let plan = work(py, |given| {
        let release = Release { title, reason };
        let releasing = Releasing { signing: signer.signing(), release, policy: policy.as_ref(), at: now() };
        without_secrets(&audit::release(&releasing).places())?;
        let mut plan = plan_release(&folder, &releasing, &|bytes| given.progress(bytes))?;
        declared::add_notes_on_secrets(&mut plan.notes, &folder);
        Ok::<_, Failure>(plan)
    })?;
    carry_out(py, plan.map_err(|failure| raise(py, failure))?, dry_run)
}
