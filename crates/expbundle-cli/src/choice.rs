//! Which records of a bundle a command is about: named by a person, or the one that there is.
//!
//! Whoever sends a bundle to be joined must not get signed what he put into it. So a command that signs asks which record is meant where
//! there are several, shows whose it is, and signs nobody else's record as one's own unless it was named.

use std::collections::{BTreeMap, BTreeSet};

use expbundle::verify::Intact;
use expbundle_format::RecordId;
use expbundle_format::sections::{Context, JsonSection as _};
use expbundle_query::{QueryError, starting};
use expbundle_statement::{Kind, PublicKey, VerifiedStatement};

use crate::failure::Failure;
use crate::keys;
use crate::statements::short;
use crate::terminal::{count, named, quoted, some_of};

/// Records that are listed.
const MOST_LISTED: usize = 20;
/// Signers of one record that are listed.
const MOST_SIGNERS: usize = 5;

/// The records of a bundle, for somebody who is about to sign one.
#[derive(Clone, Copy)]
pub struct Choice<'a> {
    pub intact: &'a Intact,
    /// The key that is to sign.
    pub signer: &'a PublicKey,
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
            let authors: Vec<&PublicKey> = self.authors(**id).map(VerifiedStatement::key).collect();
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

    /// One or two lines for each record: id, title, and whose keys signed it.
    pub fn list(self, ids: impl IntoIterator<Item = RecordId>) -> String {
        let mut ids = ids.into_iter();
        let mut text: String = ids.by_ref().take(MOST_LISTED).map(|id| self.line(id)).collect();
        let more = ids.count() as u64;
        if more > 0 {
            text += &format!("  and {}\n", count(more, "more record"));
        }
        text
    }

    fn line(self, id: RecordId) -> String {
        let mut signers: BTreeMap<String, Option<&str>> = BTreeMap::new();
        let mut is_own = false;
        for statement in self.authors(id) {
            if statement.key() == self.signer {
                is_own = true;
            } else {
                let name = signers.entry(statement.key().fingerprint()).or_default();
                *name = name.or(statement.signer_name());
            }
        }
        let words = |(key, name): (String, Option<&str>)| match name {
            Some(name) => format!("{key}, calling itself {}", named(name)),
            None => key,
        };
        let signers: Vec<String> = signers.into_iter().map(words).collect();
        let signed = match (is_own, signers.as_slice()) {
            (false, []) => "not signed yet".to_owned(),
            (true, []) => "signed by this key".to_owned(),
            (is_own, others) => {
                let own = if is_own { "this key and by " } else { "" };
                let keys = if others.len() == 1 { "another key" } else { "other keys" };
                format!("signed by {own}{keys}: {}", some_of(others, MOST_SIGNERS, "; "))
            }
        };
        format!("  {}  {}\n                {signed}\n", short(&id), title(self.intact, id))
    }

    fn authors(self, id: RecordId) -> impl Iterator<Item = &'a VerifiedStatement> {
        self.intact.statements_about(id).into_iter().filter(|statement| statement.kind() == Kind::Authorship)
    }
}

/// The title of a record, quoted, or that it is not here.
pub fn title(intact: &Intact, id: RecordId) -> String {
    let is_listed =
        intact.records().get(&id).is_some_and(|record| record.body().sections.contains_key(&Context::name()));
    match intact.json_section::<Context>(id) {
        Some(context) => quoted(&context.title),
        None if is_listed => "(title withheld)".to_owned(),
        None => "(no title)".to_owned(),
    }
}

/// The records that no other follows from, of which there is one at least.
fn heads(intact: &Intact) -> Result<Vec<RecordId>, Failure> {
    Ok(expbundle_query::heads(intact, keys::moment(None)?.timestamp())?)
}

/// The records that are looked at: the one whose id begins so, or all heads.
pub fn chosen(intact: &Intact, beginning: Option<&str>) -> Result<Vec<RecordId>, Failure> {
    Ok(expbundle_query::chosen(intact, beginning, keys::moment(None)?.timestamp())?)
}

/// The one record that is meant: the one whose id begins so, or the only head.
pub fn one(intact: &Intact, beginning: Option<&str>) -> Result<RecordId, Failure> {
    let ids = match expbundle_query::one(intact, beginning, keys::moment(None)?.timestamp()) {
        Err(QueryError::WhichRecord(ids)) => ids,
        other => return Ok(other?),
    };
    let mut list = String::new();
    for id in ids.iter().take(MOST_LISTED) {
        list += &format!("  {}  {}\n", short(id), title(intact, *id));
    }
    let number = count(ids.len() as u64, "record");
    Err(Failure::usage(format!("which record is meant? The bundle has {number} that no other follows from"))
        .listing(list)
        .help("choose one with `--record`"))
}
