//! Words and names that a person gives, held to what the format has.

use std::collections::BTreeSet;

use expbundle_format::record::Status;

use crate::error::RunError;

/// The status that a word names.
///
/// # Errors
/// [`RunError::Status`], which lists the words.
pub fn known_status(word: &str) -> Result<Status, RunError> {
    let all = [
        Status::Scheduled,
        Status::Running,
        Status::Finished,
        Status::Failed,
        Status::Killed,
        Status::Crashed,
        Status::Unknown,
    ];
    let found = all.into_iter().find(|status| status.as_str() == word);
    found.ok_or_else(|| RunError::Status { status: word.to_owned(), known: all.map(Status::as_str).join(", ") })
}

/// Refuses a name that is given more than once, of which one value would be lost.
///
/// # Errors
/// [`RunError::Twice`]
pub fn each_once<T>(what: &'static str, pairs: &[(String, T)]) -> Result<(), RunError> {
    let mut names = BTreeSet::new();
    match pairs.iter().find(|(name, _)| !names.insert(name)) {
        Some((name, _)) => Err(RunError::Twice { what, name: name.clone() }),
        None => Ok(()),
    }
}
