//! Whom `--trust` names, and the lines of it that were skipped.

use camino::Utf8Path;
use expbundle_run::{FileError, open_public_keys, open_signers};
use expbundle_statement::TrustPolicy;
use expbundle_words::{Failure, signers};

use crate::terminal;

/// Reads whom to trust: a signers file; a file of public keys, called `.pub` or `.keys`; or a
/// public key itself.
pub fn read(path: &Utf8Path) -> Result<TrustPolicy, Failure> {
    told(path, open_signers(path))
}

/// Reads public keys: a file of them, whatever it is called, or a key itself.
pub fn public_keys(path: &Utf8Path) -> Result<TrustPolicy, Failure> {
    told(path, open_public_keys(path))
}

fn told(path: &Utf8Path, read: Result<TrustPolicy, FileError>) -> Result<TrustPolicy, Failure> {
    let policy = read?;
    terminal::talk(&signers::skipped(path, policy.skipped()));
    Ok(policy)
}
