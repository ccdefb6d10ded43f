//! The container: a canonical ZIP of stored entries (spec/container.md).
//!
//! One content, one byte sequence: every byte is either hashed content or fixed by rule, so any
//! flipped bit is found.

mod error;
mod layout;
mod name;
mod read;
mod write;

pub use error::ContainerError;
pub use layout::MIMETYPE;
pub use name::{EntryName, NameError, SectionName};
pub use read::{Container, Entry};
pub use write::Writer;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod zip64_tests;
