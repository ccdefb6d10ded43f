//! Which records of a bundle a command is about: named by a person, or the one that there is.

use camino::Utf8Path;
use expbundle::verify::Intact;
use expbundle_format::RecordId;
use expbundle_words::{Failure, objections, records};

use crate::{keys, terminal};

/// The records that are looked at: the one whose id begins so, or all that no other follows from.
pub fn chosen(intact: &Intact, beginning: Option<&str>) -> Result<Vec<RecordId>, Failure> {
    Ok(expbundle_query::chosen(intact, beginning, keys::now().timestamp())?)
}

/// The one record that is meant: the one whose id begins so, or the only one that no other follows
/// from.
pub fn one(intact: &Intact, beginning: Option<&str>) -> Result<RecordId, Failure> {
    let one = expbundle_query::one(intact, beginning, keys::now().timestamp());
    one.map_err(|error| records::which(intact, error))
}

/// The one record of a bundle, for a command that takes no id of one.
pub fn only(intact: &Intact, path: &Utf8Path) -> Result<RecordId, Failure> {
    one(intact, None).map_err(|failure| {
        failure.at(path.as_str()).help("`expbundle merge --closure ID` makes a bundle of one record and its ancestors")
    })
}

/// Says on the error output what was said against a record of which bytes or tables follow.
pub fn warn(intact: &Intact, record: RecordId) {
    let objections = expbundle_query::against(intact, record, keys::now().timestamp());
    terminal::talk(&objections::lines([(record, records::title(intact, record), objections.as_slice())]));
}
