//! The grammar of signers files (spec/trust.md): OpenSSH's `allowed_signers`, read more strictly
//! than OpenSSH reads it.
//!
//! It knows lines, not trust. What follows from them is in [`crate::trust`].

mod characters;
mod error;
mod line;
mod options;
mod pattern;
mod time;

use std::collections::BTreeSet;

use serde::Serialize;

pub use error::{SignersProblem, TrustError};
pub use line::Line;
pub use options::{Options, Window};

/// Why a line that follows the grammar makes nobody trusted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "reason", content = "value", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SkipReason {
    /// A key of another type.
    #[error("its key is of type {0}")]
    KeyType(String),
    /// The key of a certificate authority.
    #[error("it is for a certificate authority")]
    CertAuthority,
    /// A principal that is a pattern.
    #[error("its principal `{0}` is a pattern, not a name")]
    Pattern(String),
}

/// A line of a signers file that was skipped. It could only have added trust.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[error("line {line}: {reason}")]
pub struct SkippedLine {
    /// Which line, from 1.
    pub line: usize,
    /// Why.
    #[serde(flatten)]
    pub reason: SkipReason,
}

/// Calls `each` with every signer of a file and the number of its line, from 1. Comments and empty
/// lines are none.
pub fn for_each_line(file: &[u8], each: impl FnMut(usize, Line)) -> Result<(), TrustError> {
    read(file, Line::parse, each)
}

/// The same of a file of public keys, all of which are those of `name`.
pub fn for_each_public_key(file: &[u8], name: &str, each: impl FnMut(usize, Line)) -> Result<(), TrustError> {
    read(file, |text| Line::of_public_key(text, name), each)
}

/// A file without some of its lines, by their numbers from 1; all others stay as they are.
pub fn without_lines(file: &[u8], numbers: &BTreeSet<usize>) -> Vec<u8> {
    let lines = file.split_inclusive(|byte| *byte == b'\n').enumerate();
    lines.filter(|(index, _)| !numbers.contains(&(index + 1))).flat_map(|(_, line)| line).copied().collect()
}

fn read(
    file: &[u8],
    parse: impl Fn(&str) -> Result<Option<Line>, SignersProblem>,
    mut each: impl FnMut(usize, Line),
) -> Result<(), TrustError> {
    for (index, bytes) in characters::lines(file).enumerate() {
        let error = |problem| TrustError { line: index + 1, problem };
        let text = characters::text(bytes, index == 0).map_err(error)?;
        if let Some(line) = parse(text).map_err(error)? {
            each(index + 1, line);
        }
    }
    Ok(())
}
