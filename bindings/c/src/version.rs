//! Which library this is.

use std::ffi::{CStr, c_char};

/// The version of the ABI that this header describes. A function that is added leaves it as it is.
pub const EXPB_ABI: u32 = 1;

/// The version of the ABI that the loaded library has: EXPB_ABI if header and library fit.
#[unsafe(no_mangle)]
pub extern "C" fn expb_abi() -> u32 {
    EXPB_ABI
}

/// The version of the library as text, like "0.1.0". It lives as long as the library is loaded.
#[unsafe(no_mangle)]
pub extern "C" fn expb_version() -> *const c_char {
    const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
        Ok(version) => version,
        Err(_) => c"",
    };
    VERSION.as_ptr()
}
