//! The parameters of a run.

use std::ffi::c_char;

use expbundle_format::json;
use expbundle_format::limits::Limits;
use expbundle_run::Param;
use expbundle_words::Failure;

use crate::call::done;
use crate::error::ExpbError;
use crate::given;
use crate::run::ExpbRun;

/// What looks like a secret is refused now, and not when the run is finished.
fn tell(run: Option<&ExpbRun>, name: &str, value: Param) -> Result<(), Failure> {
    given::handle(run, "run")?.tell(|run| run.add_params([(name.to_owned(), value)]))
}

/// A parameter whose value is a text. What looks like a secret is refused, here and by the two
/// functions below, unless expb_run_allow_secrets allowed it. The last value of a name counts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn expb_run_param_text(
    run: Option<&ExpbRun>,
    name: *const c_char,
    value: *const c_char,
    error: *mut *mut ExpbError,
) -> bool {
    let act = || {
        // SAFETY: the contract of `given`.
        let (name, value) = unsafe { (given::text(name, "name")?, given::text(value, "value")?) };
        tell(run, name, Param::from(value))
    };
    // SAFETY: the contract of `given`.
    unsafe { done(error, act) }
}

/// A parameter whose value is a number; NaN and infinities are kept.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn expb_run_param_number(
    run: Option<&ExpbRun>,
    name: *const c_char,
    value: f64,
    error: *mut *mut ExpbError,
) -> bool {
    let act = || {
        // SAFETY: the contract of `given`.
        let name = unsafe { given::text(name, "name") }?;
        tell(run, name, Param::from(value))
    };
    // SAFETY: the contract of `given`.
    unsafe { done(error, act) }
}

/// A parameter whose value is JSON: an integer, a truth value, a list, an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn expb_run_param_json(
    run: Option<&ExpbRun>,
    name: *const c_char,
    value: *const c_char,
    error: *mut *mut ExpbError,
) -> bool {
    let act = || {
        // SAFETY: the contract of `given`.
        let (name, value) = unsafe { (given::text(name, "name")?, given::text(value, "value")?) };
        let value = json::parse(value.as_bytes(), &Limits::default()).map_err(|error| {
            let help = "give JSON, or use expb_run_param_text";
            Failure::new(error.code().as_str(), "`value` is not JSON").because(&error).at(name).help(help)
        })?;
        tell(run, name, Param::from(value))
    };
    // SAFETY: the contract of `given`.
    unsafe { done(error, act) }
}
