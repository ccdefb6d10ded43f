//! Errors.

use std::ffi::{CStr, CString, c_char};
use std::ptr::null;

use expbundle_words::Failure;

use crate::call::{c_text, free};

/// Why a call could not do its work. Its texts live until it is freed.
pub struct ExpbError {
    code: CString,
    message: CString,
    place: Option<CString>,
    help: Option<CString>,
}

impl ExpbError {
    /// What C sees of a failure.
    pub fn of(failure: &Failure) -> Self {
        Self {
            code: c_text(failure.code()),
            message: c_text(&failure.message()),
            place: failure.place().as_deref().map(c_text),
            help: failure.next_step().as_deref().map(c_text),
        }
    }
}

fn or_null(text: Option<&CStr>) -> *const c_char {
    text.map_or(null(), CStr::as_ptr)
}

/// A stable code of docs/codes.md or spec/codes.toml, like "container.entry-order" or "cli.io"; or
/// "c.panic" for a mistake in the library.
#[unsafe(no_mangle)]
pub extern "C" fn expb_error_code(error: Option<&ExpbError>) -> *const c_char {
    or_null(error.map(|error| error.code.as_c_str()))
}

/// What is wrong, in a line.
#[unsafe(no_mangle)]
pub extern "C" fn expb_error_message(error: Option<&ExpbError>) -> *const c_char {
    or_null(error.map(|error| error.message.as_c_str()))
}

/// Where: a file, a member, a byte; or NULL.
#[unsafe(no_mangle)]
pub extern "C" fn expb_error_place(error: Option<&ExpbError>) -> *const c_char {
    or_null(error.and_then(|error| error.place.as_deref()))
}

/// What to do, or NULL.
#[unsafe(no_mangle)]
pub extern "C" fn expb_error_help(error: Option<&ExpbError>) -> *const c_char {
    or_null(error.and_then(|error| error.help.as_deref()))
}

/// Frees an error; NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn expb_error_free(error: Option<Box<ExpbError>>) {
    free(error);
}
