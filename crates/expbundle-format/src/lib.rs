//! The experiment bundle format, to the byte: digests, names, container, strict JSON, record,
//! sections, findings.
//!
//! Implements `spec/` except for signatures (`expbundle-statement`), the Parquet profile
//! (`expbundle-series`) and lineage (`expbundle-lineage`). Input is `Read + Seek`; there is no
//! clock, randomness, environment or path here.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod causes;
pub mod container;
pub mod digest;
pub mod finding;
pub mod foreign;
pub mod glob;
pub mod json;
pub mod limits;
pub mod number;
pub mod pointer;
pub mod record;
pub mod sections;
pub mod time;
pub mod tree;
pub mod weights;

pub use digest::{Agreement, ArtifactDigests, Blake3, DigestSet, Hasher, RecordId, Sha256, StatementId};
pub use finding::{Code, Finding, Place, Severity};
pub use foreign::{Foreign, ForeignLine};

/// For members that are left out when they are zero.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes members by reference")]
pub(crate) fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// The example of the README, as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
