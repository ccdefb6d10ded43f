//! Verify, merge, attach, create and read experiment bundles: what other tools import.
//!
//! - To write: `expbundle_run::Run`, which checks what it writes. Below it: fill a
//!   [`draft::Draft`], get a [`Bundle`], check it by [`Bundle::sound`], and save what that gives.
//! - To read: [`open`] checks a file and gives a [`verify::Intact`], which has records and
//!   sections.
//! - To judge: [`verify::Intact::judge`] with a policy and a moment.
//!
//! Nothing here prints, exits, or looks at a clock.

mod ancestry;
pub mod bundle;
mod checker;
pub mod content;
pub mod costs;
pub mod draft;
pub mod family;
pub mod figure;
pub mod fingerprint;
pub mod folder;
mod future;
#[cfg(feature = "fs")]
pub mod hash;
pub mod history;
pub mod judge;
mod large;
#[cfg(feature = "fs")]
pub mod lock;
mod objection;
#[cfg(feature = "fs")]
pub mod origins;
#[cfg(feature = "fs")]
pub mod output;
mod pass;
mod provenance;
#[cfg(feature = "fs")]
pub mod repack;
pub mod report;
#[cfg(feature = "private-keys")]
pub mod sign;
pub mod skipped;
mod spoken_of;
pub mod standing;
pub mod verify;
#[cfg(feature = "fs")]
pub mod write_file;

pub use bundle::Bundle;
pub use content::Content;
#[cfg(feature = "fs")]
pub use verify::open;

/// The example of the README, as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
