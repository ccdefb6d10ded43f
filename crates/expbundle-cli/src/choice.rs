//! Which records of a bundle a command is about: named by a person, or the one that there is.
//!
//! Whoever sends a bundle to be joined must not get signed what he put into it. So a command that signs asks which record is meant where
//! there are several, shows whose it is, and signs nobody else's record as one's own unless it was named.

use std::collections::BTreeSet;

use expbundle::verify::Intact;
use expbundle_format::RecordId;
use expbundle_query::{QueryError, starting};
use expbundle_statement::{Identity, Kind, VerifiedStatement};
use expbundle_words::{Failure, count, objections, records};

use crate::{keys, terminal};

/// The records of a bundle, for somebody who is about to sign one.
#[derive(Clone, Copy)]
pub struct Choice<'a> {
    pub intact: &'a Intact,
    /// Who is to sign.
    pub signer: &'a Identity,
}

/// What was chosen.
pub struct Chosen {
    /// Each record once.
    pub ids: Vec<RecordId>,
    /// Those of them that a person named by id.
    pub named: BTreeSet<RecordId>,
}

impl<'a> Choice<'a> {
    /// The records that `--record` names; without it the one head, if there is one only.
    pub fn records(self, wanted: &[String]) -> Result<Chosen, Failure> {
        let heads = heads(self.intact)?;
        let is_all = |word: &String| word == "all";
        let mut named = BTreeSet::new();
        let mut ids = Vec::new();
        match (wanted, heads.as_slice()) {
            ([], [head]) => ids.push(*head),
            ([], several) => {
                let number = count(several.len() as u64, "record");
                return Err(Failure::usage(format!(
                    "which record is meant? The bundle has {number} that no other follows from"
                ))
                .listing(self.list(several.iter().copied()))
                .help("name one by `--record ID`, which may be given again, or take each of them by `--record all`"));
            }
            (words, heads) => {
                for word in words.iter().filter(|word| !is_all(word)) {
                    named.insert(starting(self.intact.records().keys().copied(), word)?);
                }
                ids.extend(&named);
                if words.iter().any(is_all) {
                    ids.extend(heads.iter().filter(|head| !named.contains(head)));
                }
            }
        }
        Ok(Chosen { ids, named })
    }

    /// Refuses to sign as one's own what another key signed as its own, unless it was named.
    pub fn authorship(self, of: &[RecordId], named: &BTreeSet<RecordId>) -> Result<(), Failure> {
        let is_foreign = |id: &&RecordId| {
            let authors: Vec<&Identity> = self.authors(**id).map(VerifiedStatement::identity).collect();
            !authors.is_empty() && !authors.contains(&self.signer)
        };
        let foreign: Vec<RecordId> = of.iter().filter(|id| !named.contains(id)).filter(is_foreign).copied().collect();
        if foreign.is_empty() {
            return Ok(());
        }
        let what = match foreign.len() {
            1 => "the record is signed by another key".to_owned(),
            several => format!("{} are signed by another key", count(several as u64, "record")),
        };
        Err(Failure::usage(format!("{what}, and to sign it is to stand by what somebody else made"))
            .listing(self.list(foreign))
            .help("if that is meant, name the record by `--record ID`"))
    }

    /// Records that nobody signed.
    pub fn unsigned(self) -> impl Iterator<Item = RecordId> {
        self.intact.records().keys().copied().filter(move |id| self.authors(*id).next().is_none())
    }

    /// Two lines for each record: id, title, and whose keys signed it.
    pub fn list(self, ids: impl IntoIterator<Item = RecordId>) -> String {
        records::list(self.intact, self.signer, ids)
    }

    fn authors(self, id: RecordId) -> impl Iterator<Item = &'a VerifiedStatement> {
        self.intact.statements_about(id).into_iter().filter(|statement| statement.kind() == Kind::Authorship)
    }
}

/// The records that no other follows from, of which there is one at least.
fn heads(intact: &Intact) -> Result<Vec<RecordId>, Failure> {
    Ok(expbundle_query::heads(intact, keys::now().timestamp())?)
}

/// The records that are looked at: the one whose id begins so, or all heads.
pub fn chosen(intact: &Intact, beginning: Option<&str>) -> Result<Vec<RecordId>, Failure> {
    Ok(expbundle_query::chosen(intact, beginning, keys::now().timestamp())?)
}

/// The one record that is meant: the one whose id begins so, or the only head.
pub fn one(intact: &Intact, beginning: Option<&str>) -> Result<RecordId, Failure> {
    let ids = match expbundle_query::one(intact, beginning, keys::now().timestamp()) {
        Err(QueryError::WhichRecord(ids)) => ids,
        other => return Ok(other?),
    };
    let number = count(ids.len() as u64, "record");
    Err(Failure::usage(format!("which record is meant? The bundle has {number} that no other follows from"))
        .listing(records::titles(intact, &ids))
        .help("choose one with `--record`"))
}

/// Says on the error output what was said against a record of which bytes or tables follow.
pub fn warn(intact: &Intact, record: RecordId) {
    let objections = expbundle_query::against(intact, record, keys::now().timestamp());
    terminal::talk(&objections::lines([(record, records::title(intact, record), objections.as_slice())]));
}
