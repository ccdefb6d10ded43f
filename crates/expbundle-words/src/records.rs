//! Records in a list to choose from, and their titles.

use std::collections::BTreeMap;

use expbundle::judge::Verdict;
use expbundle::standing::Standing;
use expbundle::verify::Intact;
use expbundle_format::RecordId;
use expbundle_format::sections::{Context, JsonSection as _};
use expbundle_query::{QueryError, short, told};
use expbundle_statement::{Identity, Kind, TrustPolicy, VerifiedStatement};
use jiff::Timestamp;

use crate::near::nearest;
use crate::{Failure, Tone, calling_itself, count, objections, paint, quoted, some_of};

/// Records that are listed.
const MOST_LISTED: usize = 20;
/// Signers of one record that are listed.
const MOST_SIGNERS: usize = 5;

/// Two lines for each record, for whoever is about to sign one with the key: id, title, and whose
/// keys signed it.
fn list(intact: &Intact, signer: &Identity, ids: &[RecordId], at: Timestamp) -> String {
    let standing = intact.standing(None, at);
    let mut ids = ids.iter().copied();
    let mut text: String = ids.by_ref().take(MOST_LISTED).map(|id| line(intact, signer, id, &standing)).collect();
    let more = ids.count() as u64;
    if more > 0 {
        text += &format!("  and {}\n", count(more, "more record"));
    }
    text
}

fn line(intact: &Intact, signer: &Identity, id: RecordId, standing: &Standing) -> String {
    let against = against(id, standing);
    let signers = others(intact, signer, id, standing);
    let is_own = authorships(intact, id, standing).any(|one| one.identity() == signer);
    let standing = match (is_own, signers.as_slice()) {
        (false, []) => "not signed yet".to_owned(),
        (true, []) => "signed by this key".to_owned(),
        (is_own, others) => {
            let own = if is_own { "this key and by " } else { "" };
            let keys = if others.len() == 1 { "another key" } else { "other keys" };
            format!("signed by {own}{keys}: {}", some_of(others, MOST_SIGNERS, "; "))
        }
    };
    format!("  {}  {}\n                {standing}\n{against}", short(&id), title(intact, id))
}

/// What was said against a record, as a line of its own below it.
fn against(id: RecordId, standing: &Standing) -> String {
    let against = standing.against.get(&id).map(|all| objections::all(all)).unwrap_or_default();
    if against.is_empty() {
        String::new()
    } else {
        format!("                {}\n", paint(Tone::Bad, &format!("! {against}")))
    }
}

/// Who else signed a record as their own, and did not revoke that: keys, and what their owners want
/// to be called.
fn others(intact: &Intact, signer: &Identity, id: RecordId, standing: &Standing) -> Vec<String> {
    let mut signers: BTreeMap<String, Option<&str>> = BTreeMap::new();
    for statement in authorships(intact, id, standing).filter(|one| one.identity() != signer) {
        let name = signers.entry(statement.identity().to_string()).or_default();
        *name = name.or(statement.signer_name());
    }
    signers.into_iter().map(|(key, name)| calling_itself(&key, name)).collect()
}

/// Lines that say who else signed a record, and what was said against it, if anything was.
pub fn signed_too(intact: &Intact, signer: &Identity, id: RecordId, standing: &Standing) -> String {
    let others = others(intact, signer, id, standing);
    let others = match others.as_slice() {
        [] => String::new(),
        others => format!("  the record is also signed by {}\n", some_of(others, MOST_SIGNERS, "; ")),
    };
    others + &against(id, standing)
}

/// What was said against a record of which bytes or tables follow, in a line.
pub fn objected(intact: &Intact, policy: Option<&TrustPolicy>, id: RecordId, at: Timestamp) -> String {
    let against = expbundle_query::against(intact, policy, id, at);
    objections::lines([(id, title(intact, id), against.as_slice())])
}

/// A line for each record that is not shown because somebody superseded or revoked it.
pub fn passed_over(intact: &Intact, verdict: &Verdict, ids: &[RecordId]) -> String {
    let against = ids.iter().filter_map(|id| Some((*id, verdict.standing.against.get(id)?)));
    objections::lines(
        against.map(|(id, all)| (id, format!("{} (`--record` shows it)", title(intact, id)), all.as_slice())),
    )
}

/// A line for each record: id and title.
pub fn titles(intact: &Intact, ids: &[RecordId]) -> String {
    let mut text = String::new();
    for id in ids.iter().take(MOST_LISTED) {
        text += &format!("  {}  {}\n", short(id), title(intact, *id));
    }
    text
}

/// Records whose titles are like what was given instead of an id.
fn near(intact: &Intact, wanted: &str) -> Vec<RecordId> {
    let titles: Vec<(RecordId, String)> =
        intact.records().keys().filter_map(|id| Some((*id, told::<Context>(intact, *id)?.title))).collect();
    let near = nearest(wanted, titles.iter().map(|(_, title)| title.as_str()));
    titles.iter().filter(|(_, title)| near.contains(&title.as_str())).map(|(id, _)| *id).collect()
}

/// Asks which record is meant, if that is the error; says which has the title that was given instead
/// of an id.
pub fn which(intact: &Intact, error: QueryError) -> Failure {
    let ids = match error {
        QueryError::WhichRecord(ids) => ids,
        QueryError::NoRecord(ref wanted) | QueryError::TooShort { beginning: ref wanted, .. } => {
            let near = near(intact, wanted);
            let failure = Failure::from(error);
            return if near.is_empty() { failure } else { failure.listing(titles(intact, &near)) };
        }
        error => return error.into(),
    };
    asked(&ids, titles(intact, &ids)).help("choose one with `--record`")
}

/// The same for whoever is about to sign one with the key; and refuses to sign as one's own what
/// another key signed as its own.
pub fn which_to_sign(intact: &Intact, signer: &Identity, error: QueryError, at: Timestamp) -> Failure {
    let listed = |ids: &[RecordId]| list(intact, signer, ids, at);
    match error {
        QueryError::WhichRecord(ids) => asked(&ids, listed(&ids))
            .help("choose with `--record ID`, which can be repeated, or take all of them with `--record all`"),
        QueryError::WhoseRecord(ids) => {
            let what = "which record do you mean? The newest is not signed by everyone who signed the others";
            Failure::usage(what).listing(listed(&ids)).help("name the record with `--record ID`, which can be repeated")
        }
        QueryError::SignedByOthers(ids) => {
            let what = match ids.len() as u64 {
                1 => "the record is signed by another key".to_owned(),
                several => format!("{} are signed by another key", count(several, "record")),
            };
            Failure::usage(format!("{what}; by signing you would stand behind somebody else's work"))
                .listing(listed(&ids))
                .help("if you mean to, name the record with `--record ID`")
        }
        other => other.into(),
    }
}

fn asked(ids: &[RecordId], listing: String) -> Failure {
    let number = count(ids.len() as u64, "record");
    Failure::usage(format!("which record do you mean? The bundle has {number} to choose from")).listing(listing)
}

/// The title of a record, quoted, or that it is not here.
pub fn title(intact: &Intact, id: RecordId) -> String {
    let is_listed =
        intact.records().get(&id).is_some_and(|record| record.body().sections.contains_key(&Context::name()));
    match told::<Context>(intact, id) {
        Some(context) => quoted(&context.title),
        None if is_listed => "(title withheld)".to_owned(),
        None => "(no title)".to_owned(),
    }
}

/// What people signed as their own among the statements about a record, and did not revoke.
fn authorships<'a>(
    intact: &'a Intact,
    id: RecordId,
    standing: &Standing,
) -> impl Iterator<Item = &'a VerifiedStatement> {
    let about = intact.statements_about(id).into_iter();
    about.filter(|one| one.kind() == Kind::Authorship && standing.counts_statement(one.id()))
}
