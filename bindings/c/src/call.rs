//! The boundary: what a call gives back, and what became of it if it failed.

use std::any::Any;
use std::ffi::CString;
use std::panic::{AssertUnwindSafe, catch_unwind};

use expbundle_words::Failure;

use crate::error::ExpbError;

/// Does what a function of the header is for. `error`, unless it is NULL, gets the error, or NULL if
/// all went well.
///
/// # Safety
/// `error` is NULL or can be written to; what it held is not looked at.
pub unsafe fn answer<T>(error: *mut *mut ExpbError, act: impl FnOnce() -> Result<T, Failure>) -> Option<T> {
    // What a panic leaves half done is behind a lock, which then refuses to be used again.
    let ended = catch_unwind(AssertUnwindSafe(act)).unwrap_or_else(|panic| Err(panicked(panic.as_ref())));
    let (given, failed) = match ended {
        Ok(given) => (Some(given), std::ptr::null_mut()),
        Err(failure) => (None, Box::into_raw(Box::new(ExpbError::of(&failure)))),
    };
    if !error.is_null() {
        // SAFETY: the caller says that it can be written to.
        unsafe { error.write(failed) };
    } else if !failed.is_null() {
        // SAFETY: made above, and nobody else has it.
        drop(unsafe { Box::from_raw(failed) });
    }
    given
}

/// The same where there is nothing to give back: whether it was done.
///
/// # Safety
/// That of [`answer`].
pub unsafe fn done(error: *mut *mut ExpbError, act: impl FnOnce() -> Result<(), Failure>) -> bool {
    // SAFETY: the same.
    unsafe { answer(error, act) }.is_some()
}

/// Does something long, in threads of this call alone: none is left when it returns.
pub fn work<T: Send>(act: impl FnOnce() -> Result<T, Failure> + Send) -> Result<T, Failure> {
    let pool = rayon::ThreadPoolBuilder::new().build();
    pool.map_err(|error| Failure::new("cli.io", "cannot start threads").because(&error))?.install(act)
}

/// Frees something and lets no panic out.
pub fn free<T>(handle: Option<Box<T>>) {
    // Nothing could be told to the caller, who is done with it.
    let _freed = catch_unwind(AssertUnwindSafe(|| drop(handle)));
}

/// A text for C. A zero byte would end it early, so it is replaced.
pub fn c_text(text: &str) -> CString {
    CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default()
}

fn panicked(panic: &(dyn Any + Send)) -> Failure {
    let said = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    Failure::new("c.panic", format!("a mistake in expbundle: {}", said.unwrap_or("a panic without a message")))
        .help("report it with what you called; what the call was given is unchanged or can no longer be used")
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;
    use std::ptr::null_mut;

    use super::*;
    use crate::error::{expb_error_code, expb_error_free, expb_error_message};

    #[test]
    fn a_panic_is_an_error() {
        let mut error = null_mut();
        // SAFETY: `error` can be written to.
        let given = unsafe { answer(&raw mut error, || -> Result<(), Failure> { panic!("as {}", "planned") }) };
        assert!(given.is_none() && !error.is_null());
        // SAFETY: made by the call, and freed once.
        let error = unsafe { Box::from_raw(error) };
        let text = |pointer| {
            // SAFETY: a text of the error, which is there.
            unsafe { CStr::from_ptr(pointer) }.to_str().expect("UTF-8").to_owned()
        };
        assert_eq!(text(expb_error_code(Some(&error))), "c.panic");
        assert_eq!(text(expb_error_message(Some(&error))), "a mistake in expbundle: as planned");
        expb_error_free(Some(error));
    }

    #[test]
    fn what_unwinds_as_it_is_freed_stays_inside() {
        struct Loud;
        impl Drop for Loud {
            fn drop(&mut self) {
                panic!("as planned");
            }
        }
        free(Some(Box::new(Loud)));
    }
}
