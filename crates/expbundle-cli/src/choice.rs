//! Which records of a bundle a command is about: named by a person, or the one that there is.

use camino::Utf8Path;
use expbundle::judge::Verdict;
use expbundle::verify::Intact;
use expbundle_format::RecordId;
use expbundle_words::{Failure, records};

use crate::{keys, terminal};

/// The one record that is meant: the one whose id begins so, or the only one that no other follows
/// from.
pub fn one(intact: &Intact, beginning: Option<&str>) -> Result<RecordId, Failure> {
    one_of(intact, &intact.judge(None, keys::now().timestamp()), beginning)
}

/// The same among the records that count; says which are passed over.
pub fn one_of(intact: &Intact, verdict: &Verdict, beginning: Option<&str>) -> Result<RecordId, Failure> {
    let id = expbundle_query::one_of(intact, verdict, beginning).map_err(|error| records::which(intact, error))?;
    if beginning.is_none() {
        terminal::talk(&records::passed_over(intact, verdict, &expbundle_query::current(verdict).1));
    }
    Ok(id)
}

/// The one record of a bundle, for a command that takes no id of one.
pub fn only(intact: &Intact, path: &Utf8Path) -> Result<RecordId, Failure> {
    one(intact, None).map_err(|failure| {
        failure.at(path.as_str()).help("`expbundle merge --closure ID` makes a bundle of one record and its ancestors")
    })
}
