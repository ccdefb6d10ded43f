//! The ABI of expbundle for C: verify, read, record. What is a rule of the format, or a decision, is
//! in the libraries; here are pointers, handles and errors.
//!
//! Three things hold for every function of the header:
//! - No panic leaves it: what goes wrong inside is an error with the code `c.panic`.
//! - NULL, texts that are not UTF-8 and moments out of range are errors, not crashes.
//! - Nothing here prints, reads the environment or looks at a clock: moments are arguments.
#![deny(missing_docs)]
#![expect(unsafe_code, reason = "C hands over pointers; `given` and `call` are the only places that follow them")]
// The contract of every pointer is that of the header, said once in `given`.
#![allow(clippy::missing_safety_doc)]
#![allow(clippy::doc_markdown, reason = "the header repeats these words, and C has no marks for code")]

mod bundle;
mod bytes;
mod call;
mod error;
mod given;
mod known;
mod param;
mod report;
mod run;
mod sign;
mod verify;
mod version;

pub use given::EXPB_NONE;
pub use version::EXPB_ABI;
