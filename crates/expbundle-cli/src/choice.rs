//! Which records of a bundle a command is about: named by a person, or the one that there is.
//!
//! A command that signs asks which record is meant where there are several, shows whose it is, and
//! signs nobody else's record as one's own unless it was named.

use std::collections::BTreeSet;

use expbundle::verify::Intact;
use expbundle_format::RecordId;
use expbundle_query::{Chosen, QueryError, claimed_by_others, rather};
use expbundle_statement::{Identity, Predicate};
use expbundle_words::{Failure, count, objections, records};

use crate::{keys, terminal};

const NAME_IT: &str = "choose with `--record ID`, which can be repeated, or take all of them with `--record all`";

/// The records that a person wants to sign: those that `--record` names; without it the one that no
/// other follows from.
pub fn to_sign(intact: &Intact, signer: &Identity, wanted: &[String]) -> Result<Chosen, Failure> {
    expbundle_query::several(intact, wanted, keys::now().timestamp())
        .map_err(|error| which(error, NAME_IT, |ids| records::list(intact, signer, ids.iter().copied())))
}

/// Refuses a statement about a record that was not named, where the signer may have meant one of
/// theirs.
pub fn meant(intact: &Intact, signer: &Identity, says: &Predicate, id: RecordId) -> Result<(), Failure> {
    let mut could_be = rather(intact, signer, says, id, keys::now().timestamp());
    if could_be.is_empty() {
        return Ok(());
    }
    could_be.push(id);
    Err(which(QueryError::WhichRecord(could_be), NAME_IT, |ids| records::list(intact, signer, ids.iter().copied())))
}

/// Refuses to sign as one's own what another key signed as its own, unless it was named.
pub fn authorship(
    intact: &Intact,
    signer: &Identity,
    of: &[RecordId],
    named: &BTreeSet<RecordId>,
) -> Result<(), Failure> {
    let mut foreign = claimed_by_others(intact, signer, of);
    foreign.retain(|id| !named.contains(id));
    let what = match foreign.len() {
        0 => return Ok(()),
        1 => "the record is signed by another key".to_owned(),
        several => format!("{} are signed by another key", count(several as u64, "record")),
    };
    Err(Failure::usage(format!("{what}; by signing you would stand behind somebody else's work"))
        .listing(records::list(intact, signer, foreign))
        .help("if you mean to, name the record with `--record ID`"))
}

/// The records that are looked at: the one whose id begins so, or all that no other follows from.
pub fn chosen(intact: &Intact, beginning: Option<&str>) -> Result<Vec<RecordId>, Failure> {
    Ok(expbundle_query::chosen(intact, beginning, keys::now().timestamp())?)
}

/// The one record that is meant: the one whose id begins so, or the only one that no other follows
/// from.
pub fn one(intact: &Intact, beginning: Option<&str>) -> Result<RecordId, Failure> {
    expbundle_query::one(intact, beginning, keys::now().timestamp())
        .map_err(|error| which(error, "choose one with `--record`", |ids| records::titles(intact, ids)))
}

/// Asks which record is meant, if that is the error.
fn which(error: QueryError, help: &str, list: impl Fn(&[RecordId]) -> String) -> Failure {
    let QueryError::WhichRecord(ids) = error else { return error.into() };
    let number = count(ids.len() as u64, "record");
    Failure::usage(format!("which record do you mean? The bundle has {number} to choose from"))
        .listing(list(&ids))
        .help(help)
}

/// Says on the error output what was said against a record of which bytes or tables follow.
pub fn warn(intact: &Intact, record: RecordId) {
    let objections = expbundle_query::against(intact, record, keys::now().timestamp());
    terminal::talk(&objections::lines([(record, records::title(intact, record), objections.as_slice())]));
}
