//! A model directory that carries a bundle (spec/directory.md): judging its files, attaching,
//! releasing, detaching.
//!
//! The folder is that of a Hugging Face model repository, or any other: weights, a card, perhaps
//! Git LFS pointers. Links are neither followed nor written through, but in a snapshot of the Hub's
//! cache.

mod about;
mod alike;
mod assigned;
pub mod attach;
mod audit;
pub mod benchmarks;
pub mod card;
pub mod check;
pub mod covering;
pub mod diff;
mod documentation;
pub mod front_matter;
pub mod gitattributes;
pub mod hub;
mod notes;
mod outputs;
pub mod plan;
pub mod release;
pub mod releases;
pub mod scan;
pub mod shards;
pub mod story;
mod telling;
mod yaml_lines;

pub use attach::{AttachError, AttachOptions, plan_attach, plan_detach};
pub use audit::{AuditError, audit, audit_content};
pub use benchmarks::Benchmark;
pub use check::judge;
pub use plan::{ApplyError, ObjectedRecord, Plan};
pub use release::{ReleaseError, Releasing, plan_release};
pub use releases::{RevokedRelease, releases_that_stand, revoked_releases};
pub use scan::{counted_bytes, is_not_counted_in};

/// The name of the bundle in a directory.
pub const BUNDLE_NAME: &str = "experiment.expb";

/// The example of the README, as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
