//! What a question about a family did not look at, and why.

use camino::Utf8Path;
use expbundle_format::RecordId;
use expbundle_query::{Absence, QueryError, Relations, short};

use crate::{Failure, Tone, count, one_line, paint, some_of};

/// Signers of links that are named.
const MOST_NAMED: usize = 3;

/// What may be a bundle and was not read, for a note before the answer.
pub fn passed_over(not_read: &[(std::path::PathBuf, &'static str)]) -> String {
    let Some((first, why)) = not_read.iter().min() else { return String::new() };
    let first = one_line(&first.to_string_lossy());
    let more = match not_read.len() - 1 {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    format!("{} not read: {first} ({why}){more}\n", paint(Tone::Doubt, "note:"))
}

/// Why a question about a path has no answer; `has_more` says whether more bundles were named.
pub fn unanswered(error: QueryError, path: &Utf8Path, has_more: bool) -> Failure {
    let help = match &error {
        QueryError::NoBundle(folder) if folder != path => Some("name bundles, or folders of them, with `--with`"),
        QueryError::NoBundle(_) if has_more => {
            Some("name a file in this folder: which record made it is looked up in `--with`")
        }
        QueryError::NoBundle(_) => {
            Some("name bundles, or folders of them, with `--with`, and a file in this folder to ask about")
        }
        _ => None,
    };
    Failure::from(error).maybe_help(help.map(str::to_owned))
}

/// That there is nothing to begin with: no record, or none that counts.
pub fn nothing_counts(relations: &Relations) -> &'static str {
    if relations.file.is_some() {
        "no record that counts made this file"
    } else if relations.intact.records().is_empty() {
        "no records found"
    } else {
        "no record here counts"
    }
}

/// Why a parent that is named has no place in the graph, and who named it if the record itself does
/// not.
pub fn absent(relations: &Relations, child: Option<RecordId>, parent: RecordId) -> String {
    let why = match relations.absence(parent) {
        Absence::SetApart => "not signed by a trusted key",
        Absence::TakenBack => "and was revoked",
        Absence::NotFound => "not found",
    };
    let by = child.map(|child| relations.who_names(child, parent)).unwrap_or_default();
    if by.is_empty() { why.to_owned() } else { format!("said by {}, {why}", some_of(&by, MOST_NAMED, ", ")) }
}

/// Why an answer is not without objections, before it; those that were said stand in it.
pub fn not_without_objections(relations: &Relations, start: &[RecordId]) -> String {
    let objected = relations.objected(start).len() + relations.objected_since(start).len();
    let missing = relations.missing_parents(start);
    let are = |number: usize| if number == 1 { "is" } else { "are" };
    let mut parts = Vec::new();
    if objected > 0 {
        parts.push(format!("{} {} objected to", count(objected as u64, "record"), are(objected)));
    }
    if !missing.is_empty() {
        let ids: Vec<String> = missing.iter().map(short).collect();
        let number = count(missing.len() as u64, "parent");
        let (are, ids) = (are(missing.len()), some_of(&ids, MOST_NAMED, ", "));
        parts.push(format!("{number} {are} not here or not signed by a trusted key ({ids})"));
    }
    format!("{}\n", paint(Tone::Bad, &format!("✗ NOT WITHOUT OBJECTIONS as asked: {}", parts.join(", and "))))
}

/// What is not known because bundles were not looked at.
pub fn not_read(relations: &Relations) -> String {
    match relations.not_read().len() as u64 {
        0 => String::new(),
        1 => "; 1 bundle was not read, so this may be incomplete".to_owned(),
        several => format!("; {several} bundles were not read, so this may be incomplete"),
    }
}
