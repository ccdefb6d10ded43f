//! Drives any implementation over the conformance cases, and prints a scoreboard
//! (conformance/README.md).
//!
//! Knows no crate of the toolkit: what it asks of an implementation it asks through its command
//! line.

pub mod cases;
pub mod protocol;
pub mod scoreboard;
