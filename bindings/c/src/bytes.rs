//! Bytes that the library hands over.

use std::ptr::null;

use crate::call::free;

/// Bytes that were read. They need nothing that they were read from.
pub struct ExpbBytes(pub Vec<u8>);

/// The bytes; they live until the handle is freed. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn expb_bytes_data(bytes: Option<&ExpbBytes>) -> *const u8 {
    bytes.map_or(null(), |bytes| bytes.0.as_ptr())
}

/// How many there are; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn expb_bytes_length(bytes: Option<&ExpbBytes>) -> usize {
    bytes.map_or(0, |bytes| bytes.0.len())
}

/// Frees bytes; NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn expb_bytes_free(bytes: Option<Box<ExpbBytes>>) {
    free(bytes);
}
