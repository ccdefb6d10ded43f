//! Model folders: attaching, detaching, releasing.

use expbundle::family::returning;
use expbundle_convert::{audit, declared};
use expbundle_directory::{AttachOptions, Plan, Releasing, plan_attach, plan_detach, plan_release, present};
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
        notes: plan.notes.clone(),
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
        let mut members = Vec::new();
        for source in bundles {
            members.push(source.intact()?);
        }
        let mut copies: Vec<_> = members.iter().map(|member| member.bundle().clone()).collect();
        let policy = policy.as_ref();
        let joined = expbundle::verify::Intact::union(members)
            .ok_or_else(|| Failure::usage("there is no bundle to attach"))?
            .bundle()
            .clone();
        let (intact, _) = match joined.sound(policy, now().timestamp()) {
            Ok(sound) => sound,
            Err(error) => return Ok(Err(error)),
        };
        let present = present(&folder).map_err(|error| Failure::from(&error))?;
        copies.extend(present.iter().filter(|_| !replace).map(|present| present.bundle().clone()));
        if let Some(present) = present.as_ref().filter(|_| !replace) {
            let mut both = intact.bundle().clone();
            both.merge(present.bundle());
            if let Err(error) = both.sound(policy, now().timestamp()) {
                return Ok(Err(error));
            }
        }
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
        let plan = plan_attach(&folder, &intact, present.as_ref(), &options, &|bytes| given.progress(bytes));
        let mut plan = plan.map_err(|error| Failure::from(&error))?;
        // Who attaches a copy without some sections may have meant them to be gone.
        plan.notes.extend(words::comes_back(&returning(&copies)));
        if signer.is_some() {
            declared::add_notes_on_secrets(&mut plan.notes, &folder);
        }
        Ok(Ok(plan))
    })?;
    let plan = planned.map_err(|failure: Failure| raise(py, failure))?.map_err(|error| unsound(py, error))?;
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
    let plan = plan_detach(&existing(folder)?).map_err(|error| raise(py, &error))?;
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
        let present = present(&folder).map_err(|error| Failure::from(&error))?;
        let release = Release { title, reason };
        let releasing = Releasing { signing: signer.signing(), release, policy: policy.as_ref(), at: now() };
        without_secrets(&audit::release(&releasing).places())?;
        let mut plan = plan_release(&folder, present.as_ref(), &releasing, &|bytes| given.progress(bytes))
            .map_err(|error| Failure::from(&error))?;
        declared::add_notes_on_secrets(&mut plan.notes, &folder);
        Ok::<_, Failure>(plan)
    })?;
    carry_out(py, plan.map_err(|failure| raise(py, failure))?, dry_run)
}
