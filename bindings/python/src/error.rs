//! Errors of the libraries as exceptions. Their classes are in `../python/expbundle/errors.py`.

use std::error::Error;
use std::ffi::CString;

use expbundle::verify::CheckError;
use expbundle_format::Finding;
use expbundle_run::RunError;
use expbundle_words::Failure;
use pyo3::exceptions::PyUserWarning;
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::hints::in_python;

/// A failure as the exception that fits: code, place and next step are attributes.
pub fn raise(py: Python<'_>, failure: impl Into<Failure>) -> PyErr {
    let failure = failure.into();
    let class = match failure.code() {
        "cli.usage" => "UsageError",
        _ if failure.is_not_found() => "NotFound",
        _ if failure.is_broken() => "NotIntact",
        _ => "ExpbundleError",
    };
    let choices = failure.choices().trim_end();
    let message = in_python(&failure.message());
    let message = if choices.is_empty() { message } else { format!("{message}\n{}", plain(choices)) };
    let made = class_of(py, class).and_then(|class| {
        class.call1((
            message,
            failure.code(),
            failure.place(),
            failure.next_step().map(|help| in_python(&plain(&help))),
        ))
    });
    made.map_or_else(|error| error, PyErr::from_value)
}

/// What makes a bundle in memory one that nobody could verify.
pub fn unsound(py: Python<'_>, error: CheckError) -> PyErr {
    let found: &[Finding] = match &error {
        CheckError::NotIntact(wrong) => wrong.findings(),
        CheckError::Contradiction(found) => found,
        CheckError::Io(_) => &[],
    };
    let found: PyResult<Vec<_>> =
        found.iter().map(|finding| Bound::new(py, crate::report::Finding::of(finding))).collect();
    let raised = raise(py, error);
    if let Ok(found) = found.and_then(|found| PyList::new(py, found)) {
        // An exception without findings has no such attribute.
        let _is_set = raised.value(py).setattr("findings", found);
    }
    raised
}

/// Arguments that make no sense.
pub fn usage(py: Python<'_>, message: &str) -> PyErr {
    raise(py, Failure::usage(message))
}

/// An error of a library, with what lies behind it.
pub fn because(py: Python<'_>, code: &str, message: &str, error: &(dyn Error + 'static)) -> PyErr {
    raise(py, Failure::new(code, message).because(error))
}

/// A class of `expbundle.errors`.
pub fn class_of<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    py.import("expbundle.errors")?.getattr(name)
}

/// What the program says on its error output: as a warning, and nothing if there is nothing to say.
pub fn warn(py: Python<'_>, text: &str) -> PyResult<()> {
    let text = in_python(&plain(text.trim_end())).replace('\0', "");
    if text.is_empty() {
        return Ok(());
    }
    PyErr::warn(py, &py.get_type::<PyUserWarning>(), &CString::new(text)?, 1)
}

/// A text without colours.
pub fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

/// Why a run did not take what it was told.
pub fn refused(py: Python<'_>, error: RunError) -> PyErr {
    match error {
        RunError::Check(error) => unsound(py, error),
        RunError::Secrets { .. } => {
            let failure = Failure::from(error);
            let help = failure.next_step().unwrap_or_default();
            raise(py, failure.help(help.replace("`--allow-secrets NAME`", "`run.allow_secrets(NAME)`")))
        }
        other => raise(py, Failure::from(other)),
    }
}
