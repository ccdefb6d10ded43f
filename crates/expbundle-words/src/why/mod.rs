//! Where a file comes from, in one paragraph.

use std::collections::{BTreeMap, BTreeSet};

use expbundle_format::RecordId;
use expbundle_query::{AskedFile, FileRelease, HowMade, Lists, Relations, short};
use expbundle_statement::{Kind, VerifiedStatement};

use crate::lineage::objected;
use crate::verdict::unlisted::{ADD_KEY, key_and_reason, nobody};
use crate::{
    Tone, brief_digest, calling_itself, cell, count, moment, objections, one_line, paint, relations, some_of, wrapped,
};

mod said;
mod told;

use told::{record, takers, told};

/// How many of many are told of.
const SHOWN: usize = 10;

/// Which experiment made the file of this name, from what, who approved it and where it is in use;
/// what was said against any of it comes first. Without a file, what is known of the records that
/// the question begins with.
pub fn words(relations: &Relations) -> String {
    let releases = relations.file_releases();
    let mut text = match &relations.file {
        Some(file) => opening(relations, &releases, file),
        None if relations.start.is_empty() => {
            paint(Tone::Bad, &sentence(relations::nothing_counts(relations))) + &unlisted(relations).unwrap_or_default()
        }
        None => String::new(),
    };
    text = released_otherwise(relations, &releases) + &text;
    let elsewhere = against_elsewhere(relations);
    if !elsewhere.is_empty() {
        text = format!("{}\n\n{text}", elsewhere.trim_start());
    }
    let start = relations.objected_first();
    let (first, folded) = start.split_at(start.len().min(SHOWN));
    for (index, id) in first.iter().enumerate() {
        if index > 0 {
            text += if relations.file.is_some() { " Or it " } else { "\n\n" };
        }
        text += relations.file.as_ref().map_or("", |_| came(relations.how_made(*id)));
        text += &told(relations, *id);
    }
    if !folded.is_empty() {
        let separator = if relations.file.is_some() { " " } else { "\n\n" };
        let more = count(folded.len() as u64, "more record");
        text += &format!("{separator}And {more}; `expbundle lineage --json` has all.");
        text += &against_folded(relations, first, folded);
    }
    let not_read = relations::not_read(relations);
    if !not_read.is_empty() {
        text += &format!("\n{}", paint(Tone::Bad, not_read.trim_start_matches("; ")));
    }
    if relations.file.is_none() && !relations.start.is_empty() {
        text += "\nThis is about records; `expbundle verify` checks files.";
    }
    for line in objections::left_out(&relations.intact, &relations.verdict.standing) {
        text += &format!("\n{}", paint(Tone::Doubt, &line));
    }
    against_first(relations) + &wrapped(&text)
}

/// What somebody objects to, a line each, before the paragraph that tells of it among other things.
fn against_first(relations: &Relations) -> String {
    let objected = relations.objected(&relations.start);
    let (first, more) = objected.split_at(objected.len().min(SHOWN));
    let mut text = objected::lines(relations, first);
    if !more.is_empty() {
        text += &format!("  and {}\n", count(more.len() as u64, "more record"));
    }
    text += &objected::since(relations, &relations.start);
    text += &said::releases_taken_back(relations);
    if text.is_empty() { text } else { text + "\n" }
}

/// Words with a capital letter and a full stop.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).chain(['.']).collect()
}

/// What was said against records that are not told of, and against their ancestors: each once, for
/// thousands may share one.
fn against_folded(relations: &Relations, told: &[RecordId], folded: &[RecordId]) -> String {
    if relations.verdict.standing.against.is_empty() {
        return String::new();
    }
    let graph = relations.graph();
    let family = |of: &[RecordId]| {
        let mut family: Vec<RecordId> = of.iter().copied().chain(graph.possible_ancestors(of)).collect();
        family.extend(graph.absent_parents_of(&family));
        relations.by_weight(family)
    };
    let said: BTreeSet<RecordId> = family(told).into_iter().collect();
    let mut rest = family(folded);
    rest.retain(|id| !said.contains(id));
    let sentence = |id: &RecordId| {
        let words = objections::all(relations.against(*id));
        format!(" Among them or their ancestors, {} was {}.", named_record(relations, *id), paint(Tone::Bad, &words))
    };
    rest.iter().map(sentence).collect()
}

/// What was said against records that are asked about and have no say.
fn against_elsewhere(relations: &Relations) -> String {
    let mut against = relations.without_say.clone();
    let others = relations.family(&relations.other_makers);
    against.extend(others.into_iter().filter(|id| !relations.start.contains(id)));
    let against = relations.by_weight(against);
    let sentence = |id: &RecordId| {
        let words = objections::all(relations.against(*id));
        let who = match relations.graph().record(*id) {
            Some(_) => format!("{}, which may be involved,", record(relations, *id)),
            None => format!("Record {} {}", short(id), objections::ELSEWHERE),
        };
        format!(" {who} was {}.", paint(Tone::Bad, &words))
    };
    against.iter().map(sentence).collect()
}

/// A record as [`record`] has it; of one that is not here only the id is known.
fn named_record(relations: &Relations, id: RecordId) -> String {
    match relations.graph().record(id) {
        Some(_) => record(relations, id),
        None => format!("{} {}", short(&id), objections::ABSENT),
    }
}

/// What is known of the file itself.
fn opening(relations: &Relations, releases: &[FileRelease], file: &AskedFile) -> String {
    let (why, name) = (&relations.why, &cell(&file.name));
    let digest = brief_digest(&file.digests);
    let digest = if file.is_pointer { format!("{digest}, by a Git LFS pointer") } else { digest };
    let mut text = format!("{} ({digest}) ", paint(Tone::Strong, name));
    if !why.conflicting.is_empty() {
        let which: Vec<String> = why.conflicting.iter().map(short).collect();
        let which = some_of(&which, SHOWN, ", ");
        let wrong = format!("is described in {which} with another digest or size; do not trust it. It ");
        text += &paint(Tone::Bad, &wrong);
    }
    match relations.start.as_slice() {
        [] => {
            let told = released(relations, releases, name);
            text += &match &told {
                Some(told) => {
                    let counts = if relations.verdict.standing.apart.records.is_empty() { "" } else { " that counts" };
                    let unknown = format!("no record{counts} says how it was made");
                    format!("{told}; {}", paint(Tone::Bad, &unknown))
                }
                None if relations.policy.is_some() => paint(Tone::Bad, "was not made by any record that counts"),
                None => paint(Tone::Bad, "was not made by any record here"),
            };
            let takers = takers(relations);
            if !takers.is_empty() {
                text += &format!("; it was an input of {}", takers.join(" and "));
            }
            text += ".";
            // Nobody's key or bundle is missing where the release was to tell whose it is.
            text += if told.is_some() {
                ""
            } else if relations.policy.is_some() {
                " If it should have a record here, it may have been exchanged: do not load it. Else add the bundle of whoever \
                 made it with `--with`."
            } else {
                " Add bundles with `--with`, or make a record of its origin with `expbundle convert huggingface` or \
                 `expbundle create`."
            };
            text += &unlisted(relations).filter(|_| told.is_none()).unwrap_or_default();
        }
        [_] => {}
        several => {
            let records = count(several.len() as u64, "record");
            text += &format!("is, byte for byte, an output of {records}, any of which may be its source: it ");
        }
    }
    text
}

/// That a release lists other bytes under the name of the file, or files that are not known, which
/// comes first: the file is not what was released, or may not be.
fn released_otherwise(relations: &Relations, releases: &[FileRelease]) -> String {
    let first = |lists| releases.iter().find(|one| one.lists == lists);
    if first(Lists::File).is_some() {
        return String::new();
    }
    let (lists, tone) =
        if first(Lists::OtherBytes).is_some() { (Lists::OtherBytes, Tone::Bad) } else { (Lists::Unknown, Tone::Doubt) };
    let Some(release) = first(lists) else { return String::new() };
    let (by, on) = (signer(relations, release), moment(release.created));
    let words = match &release.path {
        Some(path) => {
            let path = crate::path(path);
            format!("This is not the {path} that {by} released on {on}: the release lists other bytes.")
        }
        None => format!(
            "There is a release by {by} of {on} whose list of files is not here: whether this file is one of them is not known."
        ),
    };
    format!("{}\n\n", paint(tone, &words))
}

/// Who signed a release.
fn signer(relations: &Relations, release: &FileRelease) -> String {
    let by = one_line(&some_of(&release.by, SHOWN, " and "));
    if is_trusted(relations, release) { by } else { format!("an unchecked key ({by})") }
}

fn is_trusted(relations: &Relations, release: &FileRelease) -> bool {
    relations.verdict.trusted.get(&release.statement).is_some_and(|principals| !principals.is_empty())
}

/// By whom and when the file was released, if a release that counts lists it.
fn released(relations: &Relations, releases: &[FileRelease], name: &str) -> Option<String> {
    let release = releases.iter().find(|one| one.lists == Lists::File)?;
    let by = one_line(&some_of(&release.by, SHOWN, " and "));
    let by = if is_trusted(relations, release) {
        paint(Tone::Good, &by)
    } else {
        format!("{} ({by})", paint(Tone::Doubt, "an unchecked key"))
    };
    let path = release.path.as_deref().map(crate::path).filter(|path| path != name);
    let path = path.map(|path| format!(" as {path}")).unwrap_or_default();
    Some(format!("was released{path} by {by} on {}", moment(release.created)))
}

/// Whose signatures there are where none of them counts, and what helps: apart, for anybody can sign
/// anything.
fn unlisted(relations: &Relations) -> Option<String> {
    const MOST_KEYS: usize = 3;
    let policy = relations.policy.as_ref()?;
    let mut keys: BTreeMap<String, Vec<&VerifiedStatement>> = BTreeMap::new();
    for statement in relations.set_apart() {
        keys.entry(statement.identity().to_string()).or_default().push(statement);
    }
    if keys.is_empty() {
        return None;
    }
    let known = |key: &str| relations.verdict.standing.not_valid.iter().find(|known| known.fingerprint == key);
    let word = |(key, statements): (&String, &Vec<&VerifiedStatement>)| {
        let name = statements.iter().find_map(|one| one.signer_name());
        let is_author = statements.iter().any(|one| one.kind() == Kind::Authorship);
        let what = if is_author { "A record of it is signed by" } else { "It was released by" };
        let what = if relations.file.is_some() { what } else { "Records here are signed by" };
        let why = match known(key) {
            None if policy.is_empty() => calling_itself(key, name),
            known => {
                let first = statements.iter().map(|one| one.created()).min();
                key_and_reason(key, name, known, first, policy.source())
            }
        };
        format!(" {what} {why}.")
    };
    let mut first: Vec<_> = keys.iter().collect();
    first.sort_by_cached_key(|(key, _)| known(key).is_none());
    let words: String = first.into_iter().take(MOST_KEYS).map(word).collect();
    let mut text = format!("\n\n{}{words}", paint(Tone::Doubt, "By keys that are not trusted:"));
    if keys.len() > MOST_KEYS {
        let more = count((keys.len() - MOST_KEYS) as u64, "more key");
        text += &format!(" And by {more} (`expbundle log`).");
    }
    if policy.is_empty() {
        text += &format!(" {}.", nobody(policy.source(), !policy.skipped().is_empty()));
    }
    if keys.keys().any(|key| known(key).is_none()) {
        text += &format!(" {}", sentence(ADD_KEY));
    }
    Some(text)
}

/// Where a record got the file.
fn came(how: HowMade) -> &'static str {
    match how {
        HowMade::Origin => "came from outside and is described by the origin record ",
        HowMade::Unknown => "was made or only passed on by ",
        HowMade::Possible => "was made or passed on by ",
        HowMade::Made => "was made by ",
    }
}
