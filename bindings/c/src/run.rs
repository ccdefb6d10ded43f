//! Recording a run.

use std::ffi::c_char;
use std::mem::replace;
use std::sync::Mutex;

use expbundle_format::container::SectionName;
use expbundle_format::sections::Direction;
use expbundle_run::{Point, Run, RunError, known_relation, known_role, known_status};
use expbundle_words::Failure;

use crate::bundle::ExpbBundle;
use crate::call::{answer, done, free, work};
use crate::error::ExpbError;
use crate::given;

/// A run in the making. expb_run_finish makes the bundle.
pub struct ExpbRun(Mutex<Option<Run>>);

impl ExpbRun {
    /// Does something to the run, unless it is finished.
    pub fn tell<E: Into<Failure>>(&self, act: impl FnOnce(&mut Run) -> Result<(), E>) -> Result<(), Failure> {
        let mut run = self.0.lock().map_err(|_| broken())?;
        let run = run.as_mut().ok_or_else(finished)?;
        act(run).map_err(|error| in_c(error.into()))?;
        run.keep().map_err(Into::into)
    }

    /// The same with what takes the run and gives it back.
    pub fn change(&self, act: impl FnOnce(Run) -> Run) -> Result<(), Failure> {
        self.tell(|run| {
            *run = act(replace(run, Run::new("")));
            Ok::<_, RunError>(())
        })
    }
}

/// The way in C to allow a false alarm.
fn in_c(failure: Failure) -> Failure {
    let help = failure.next_step().unwrap_or_default();
    if help.contains(ALLOW) { failure.help(help.replace(ALLOW, "expb_run_allow_secrets")) } else { failure }
}

/// What the program calls it.
const ALLOW: &str = "`--allow-secrets NAME`";

fn finished() -> Failure {
    Failure::usage("the run is finished").help("begin another one with expb_run_new")
}

fn broken() -> Failure {
    Failure::new("c.panic", "an earlier call broke the run").help("free it and begin another one")
}

/// Begins a run.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn expb_run_new(title: *const c_char, error: *mut *mut ExpbError) -> Option<Box<ExpbRun>> {
    // SAFETY: the contract of `given`.
    let act = || {
        // SAFETY: the contract of `given`.
        let run = Run::new(unsafe { given::text(title, "title") }?);
        run.check_title()?;
        Ok(Box::new(ExpbRun(Mutex::new(Some(run)))))
    };
    // SAFETY: the contract of `given`.
    unsafe { answer(error, act) }
}

/// When it started and ended; EXPB_NONE for what is unknown.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn expb_run_times(
    run: Option<&ExpbRun>,
    started_ns: i64,
    ended_ns: i64,
    error: *mut *mut ExpbError,
) -> bool {
    let act = || {
        given::handle(run, "run")?.change(|mut run| {
            if let Some(started) = given::optional_moment(started_ns) {
                run = run.started(started);
            }
            if let Some(ended) = given::optional_moment(ended_ns) {
                run = run.ended(ended);
            }
            run
        })
    };
    // SAFETY: the contract of `given`.
    unsafe { done(error, act) }
}

/// How it ended: "scheduled", "running", "finished", "failed", "killed", "crashed" or "unknown".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn expb_run_status(
    run: Option<&ExpbRun>,
    status: *const c_char,
    error: *mut *mut ExpbError,
) -> bool {
    let act = || {
        // SAFETY: the contract of `given`.
        let status = unsafe { given::text(status, "status") }?;
        let status = known_status(status)?;
        given::handle(run, "run")?.change(|run| run.status(status))
    };
    // SAFETY: the contract of `given`.
    unsafe { done(error, act) }
}

/// The tool that tracked it, and that tool's id of it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn expb_run_tracked_by(
    run: Option<&ExpbRun>,
    tool: *const c_char,
    id: *const c_char,
    error: *mut *mut ExpbError,
) -> bool {
    let act = || {
        // SAFETY: the contract of `given`.
        let (tool, id) = unsafe { (given::text(tool, "tool")?, given::text(id, "id")?) };
        given::handle(run, "run")?.change(|run| run.tracked_by(tool, id))
    };
    // SAFETY: the contract of `given`.
    unsafe { done(error, act) }
}

/// Notes in Markdown, in the place of earlier ones.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn expb_run_notes(
    run: Option<&ExpbRun>,
    notes: *const c_char,
    error: *mut *mut ExpbError,
) -> bool {
    let act = || {
        // SAFETY: the contract of `given`.
        let notes = unsafe { given::text(notes, "notes") }?;
        given::handle(run, "run")?.change(|run| run.notes(notes))
    };
    // SAFETY: the contract of `given`.
    unsafe { done(error, act) }
}

/// Keeps what looks like a secret of this kind, or at this place: for a false alarm. The error of
/// the call that was refused names both.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn expb_run_allow_secrets(
    run: Option<&ExpbRun>,
    name: *const c_char,
    error: *mut *mut ExpbError,
) -> bool {
    let act = || {
        // SAFETY: the contract of `given`.
        let name = unsafe { given::text(name, "name") }?;
        given::handle(run, "run")?.tell(|run| {
            run.allow([name.to_owned()]);
            Ok::<_, RunError>(())
        })
    };
    // SAFETY: the contract of `given`.
    unsafe { done(error, act) }
}

/// Keeps what the run is told in a file as well, from now on, before its first point; nothing may be
/// there. `expbundle create --from` makes the bundle of a run whose process was killed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn expb_run_journal(
    run: Option<&ExpbRun>,
    path: *const c_char,
    error: *mut *mut ExpbError,
) -> bool {
    let act = || {
        // SAFETY: the contract of `given`.
        let path = unsafe { given::path(path) }?;
        given::handle(run, "run")?.tell(|run| run.journal(path).map(drop))
    };
    // SAFETY: the contract of `given`.
    unsafe { done(error, act) }
}

/// A point of a metric. `step` and `time_ns` may be EXPB_NONE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn expb_run_point(
    run: Option<&ExpbRun>,
    key: *const c_char,
    step: i64,
    time_ns: i64,
    value: f64,
    error: *mut *mut ExpbError,
) -> bool {
    let act = || {
        // SAFETY: the contract of `given`.
        let key = unsafe { given::text(key, "key") }?;
        let known = |number: i64| (number != given::EXPB_NONE).then_some(number);
        let point = Point { step: known(step), time_ns: known(time_ns), value: Some(value), text: None };
        given::handle(run, "run")?.tell(|run| run.log(key, point))
    };
    // SAFETY: the contract of `given`.
    unsafe { done(error, act) }
}

/// A file or folder that went in, with its role: "model", "dataset", … It is hashed now, and not
/// copied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn expb_run_input(
    run: Option<&ExpbRun>,
    role: *const c_char,
    path: *const c_char,
    error: *mut *mut ExpbError,
) -> bool {
    // SAFETY: the contract of `given`.
    unsafe { done(error, || file(run, Direction::Input, role, path)) }
}

/// A file or folder that came out, in the same way.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn expb_run_output(
    run: Option<&ExpbRun>,
    role: *const c_char,
    path: *const c_char,
    error: *mut *mut ExpbError,
) -> bool {
    // SAFETY: the contract of `given`.
    unsafe { done(error, || file(run, Direction::Output, role, path)) }
}

/// # Safety
/// The contract of [`given`].
unsafe fn file(
    run: Option<&ExpbRun>,
    direction: Direction,
    role: *const c_char,
    path: *const c_char,
) -> Result<(), Failure> {
    // SAFETY: the same contract.
    let (role, path) = unsafe { (given::text(role, "role")?, given::path(path)?) };
    given::handle(run, "run")?.tell(|run| run.add_file(direction, &known_role(role)?, path.as_std_path()))
}

/// A record that this one follows from, by the relation: "fine-tuned-from", "resumed-from", …
/// `record` is the beginning of an id in `parent`; NULL for its only record.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn expb_run_derive_from(
    run: Option<&ExpbRun>,
    parent: Option<&ExpbBundle>,
    record: *const c_char,
    relation: *const c_char,
    error: *mut *mut ExpbError,
) -> bool {
    let act = || {
        // SAFETY: the contract of `given`.
        let (record, relation) =
            unsafe { (given::optional_text(record, "record")?, given::text(relation, "relation")?) };
        let parent = given::handle(parent, "parent")?;
        let id = parent.meant(record)?;
        given::handle(run, "run")?.tell(|run| run.add_parent(&parent.intact, id, known_relation(relation)?))
    };
    // SAFETY: the contract of `given`.
    unsafe { done(error, act) }
}

/// A section of the format by its name and bytes, which are copied; or a file of one's own.
/// context.json, recipe.json, artifacts.json, identity.json and summary.json are added to what the
/// run was told: labels, groups and code are told so.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn expb_run_section(
    run: Option<&ExpbRun>,
    name: *const c_char,
    bytes: *const u8,
    length: usize,
    error: *mut *mut ExpbError,
) -> bool {
    let act = || {
        // SAFETY: the contract of `given`.
        let (name, bytes) = unsafe { (given::text(name, "name")?, given::bytes(bytes, length, "bytes")?) };
        let name: SectionName = name.parse().map_err(|error| Failure::usage(format!("{error}")))?;
        given::handle(run, "run")?.tell(|run| run.file_section(&name, bytes.to_vec()))
    };
    // SAFETY: the contract of `given`.
    unsafe { done(error, act) }
}

/// Makes the bundle, unsigned and checked. After that the run takes nothing more, and still has to
/// be freed. If it fails, the run stays open: mend what the error names, and finish it again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn expb_run_finish(run: Option<&ExpbRun>, error: *mut *mut ExpbError) -> Option<Box<ExpbBundle>> {
    let act = || {
        let mut run = given::handle(run, "run")?.0.lock().map_err(|_| broken())?;
        let told = run.as_mut().ok_or_else(finished)?;
        let intact = work(|| told.finish().map_err(Failure::from))?;
        *run = None;
        Ok(Box::new(ExpbBundle::new(intact)))
    };
    // SAFETY: the contract of `given`.
    unsafe { answer(error, act) }
}

/// Frees a run; NULL is allowed. One that is not finished is lost.
#[unsafe(no_mangle)]
pub extern "C" fn expb_run_free(run: Option<Box<ExpbRun>>) {
    free(run);
}
