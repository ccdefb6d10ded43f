//! What C hands over.
//!
//! The one contract of all pointers: a text ends with a zero byte; bytes are as many as their length
//! says; a handle is one that this library gave and that was not freed; or the pointer is NULL.

use std::ffi::{CStr, c_char};
use std::fmt::Display;
use std::str::FromStr;

use camino::Utf8Path;
use expbundle_format::time::Time;
use expbundle_words::Failure;

/// Stands for a step or moment that is unknown.
pub const EXPB_NONE: i64 = i64::MIN;

/// A text that has to be there.
///
/// # Safety
/// The contract of the module.
pub unsafe fn text<'a>(pointer: *const c_char, name: &str) -> Result<&'a str, Failure> {
    // SAFETY: the caller's contract is that of this module.
    unsafe { optional_text(pointer, name) }?.ok_or_else(|| null(name))
}

/// A text, or NULL for none.
///
/// # Safety
/// The contract of the module.
pub unsafe fn optional_text<'a>(pointer: *const c_char, name: &str) -> Result<Option<&'a str>, Failure> {
    if pointer.is_null() {
        return Ok(None);
    }
    // SAFETY: it is not NULL, so it ends with a zero byte.
    let text = unsafe { CStr::from_ptr(pointer) };
    text.to_str().map(Some).map_err(|error| {
        Failure::usage(format!("`{name}` is not UTF-8 after {} bytes", error.valid_up_to()))
            .help("convert the text to UTF-8 first")
    })
}

/// A digest in hex, or NULL for none.
///
/// # Safety
/// The contract of the module.
pub unsafe fn digest<D: FromStr<Err: Display>>(pointer: *const c_char, name: &str) -> Result<Option<D>, Failure> {
    // SAFETY: the caller's contract is that of this module.
    let text = unsafe { optional_text(pointer, name) }?;
    text.map(|text| text.parse().map_err(|error| Failure::usage(format!("`{name}`: {error}")))).transpose()
}

/// A path that has to be there.
///
/// # Safety
/// The contract of the module.
pub unsafe fn path<'a>(pointer: *const c_char) -> Result<&'a Utf8Path, Failure> {
    // SAFETY: the caller's contract is that of this module.
    unsafe { text(pointer, "path") }.map(Utf8Path::new)
}

/// Bytes. NULL is allowed where there are none.
///
/// # Safety
/// The contract of the module.
pub unsafe fn bytes<'a>(pointer: *const u8, length: usize, name: &str) -> Result<&'a [u8], Failure> {
    if length == 0 {
        return Ok(&[]);
    }
    if pointer.is_null() {
        return Err(null(name));
    }
    if isize::try_from(length).is_err() {
        return Err(Failure::usage(format!("`{name}` has {length} bytes, more than a process can hold")));
    }
    // SAFETY: it is not NULL, and so many bytes are there, at most `isize::MAX`.
    Ok(unsafe { std::slice::from_raw_parts(pointer, length) })
}

/// A handle that has to be there.
pub fn handle<'a, T>(handle: Option<&'a T>, name: &str) -> Result<&'a T, Failure> {
    handle.ok_or_else(|| null(name))
}

/// A moment that has to be there.
pub fn moment(nanoseconds: i64, name: &str) -> Result<Time, Failure> {
    optional_moment(nanoseconds)
        .ok_or_else(|| Failure::usage(format!("`{name}` is not a moment")).help("give time(NULL) * EXPB_SECOND"))
}

/// A moment, or `EXPB_NONE`. Every other number is one: in 64 bits of nanoseconds are the years 1677
/// to 2262.
pub fn optional_moment(nanoseconds: i64) -> Option<Time> {
    if nanoseconds == EXPB_NONE { None } else { Time::from_nanoseconds(nanoseconds.into()) }
}

fn null(name: &str) -> Failure {
    Failure::usage(format!("`{name}` is NULL"))
        .help("look at the error of the call that should have made it, before using what it gave")
}
