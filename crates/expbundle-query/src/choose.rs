//! Which record is meant: by the beginning of its id, or the one that there is.

use expbundle::verify::Intact;
use expbundle_format::RecordId;
use jiff::Timestamp;

use crate::QueryError;

/// Digits that name a record at least: fewer name one by chance.
pub const FEWEST_DIGITS: usize = 4;

/// The one record whose id begins so.
pub fn starting(ids: impl IntoIterator<Item = RecordId>, beginning: &str) -> Result<RecordId, QueryError> {
    let beginning = beginning.to_owned();
    if beginning.len() < FEWEST_DIGITS {
        return Err(QueryError::TooShort { beginning, fewest: FEWEST_DIGITS });
    }
    let fitting: Vec<RecordId> = ids.into_iter().filter(|id| id.to_string().starts_with(&beginning)).collect();
    match fitting.as_slice() {
        [id] => Ok(*id),
        [] => Err(QueryError::NoRecord(beginning)),
        several => Err(QueryError::Ambiguous { beginning, count: several.len() }),
    }
}

/// The records that no other follows from, of which there is one at least.
pub fn heads(intact: &Intact, at: Timestamp) -> Result<Vec<RecordId>, QueryError> {
    let heads = intact.judge(None, at).heads;
    if heads.is_empty() { Err(QueryError::Empty) } else { Ok(heads) }
}

/// The records that are looked at: the one whose id begins so, or all heads.
pub fn chosen(intact: &Intact, beginning: Option<&str>, at: Timestamp) -> Result<Vec<RecordId>, QueryError> {
    let Some(beginning) = beginning else { return heads(intact, at) };
    starting(intact.records().keys().copied(), beginning).map(|id| vec![id])
}

/// The one record that is meant: the one whose id begins so, or the only head.
pub fn one(intact: &Intact, beginning: Option<&str>, at: Timestamp) -> Result<RecordId, QueryError> {
    let ids = chosen(intact, beginning, at)?;
    if let [id] = ids.as_slice() { Ok(*id) } else { Err(QueryError::WhichRecord(ids)) }
}
