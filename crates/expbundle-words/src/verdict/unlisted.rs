//! Whose signatures there are where none of them counts, and why the signers file trusts none of
//! these keys: the first question of whoever checks what others signed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use expbundle::judge::State;
use expbundle::report::{Report, StatementReport};
use expbundle::standing::KnownKey;
use expbundle_format::time::Time;
use expbundle_format::{Code, RecordId};
use expbundle_query::short;
use expbundle_statement::Kind;

use super::trusted_only;
use crate::folder::listed;
use crate::{Tone, calling_itself, count, day, one_line, paint};

/// Keys that are named.
const SHOWN: usize = 3;

/// Whether something of a kind is here that a trusted key signed.
fn is_here(report: &Report, kind: &Kind) -> bool {
    report.statements.iter().any(|one| one.kind == kind.as_str())
}

/// Keys that signed what no trusted key did, each with its statements: those that the signers file
/// has come first. Where a trusted release is, nothing but it covers a folder.
pub(super) fn keys(report: &Report) -> Vec<(&str, Vec<&StatementReport>)> {
    if report.holds || !report.signers_checked || report.state == State::Refused {
        return Vec::new();
    }
    let is_folder = report.folder.is_some();
    let kinds = match (is_here(report, &Kind::Authorship), is_here(report, &Kind::Release)) {
        (_, true) if is_folder => &[][..],
        (true, _) if is_folder && !report.apart.files.is_empty() => &[Kind::Authorship, Kind::Release],
        (true, _) if is_folder => &[Kind::Release],
        (true, _) => &[],
        (false, _) => &[Kind::Authorship, Kind::Release],
    };
    let mut keys: BTreeMap<&str, Vec<&StatementReport>> = BTreeMap::new();
    for statement in report.apart.statements.iter().filter(|one| !one.revoked) {
        if kinds.iter().any(|kind| statement.kind == kind.as_str()) {
            keys.entry(&statement.signer.fingerprint).or_default().push(statement);
        }
    }
    let mut keys: Vec<_> = keys.into_iter().collect();
    keys.sort_by_cached_key(|(key, _)| known(report, key).is_none());
    keys
}

/// Files that nothing covers, and that are outputs of records that do not count: whoever made them
/// may be honest, and unknown here.
pub(super) fn files(report: &Report) -> String {
    let mut of: BTreeMap<RecordId, Vec<&str>> = BTreeMap::new();
    for file in &report.apart.files {
        of.entry(file.record).or_default().push(&file.path);
    }
    let mut text = String::new();
    for (record, files) in of.iter().take(SHOWN) {
        let about = report.apart.statements.iter().filter(|one| one.record == Some(*record) && !one.revoked);
        let signed = about.filter(|one| one.kind == Kind::Authorship.as_str());
        let keys: BTreeSet<&str> = signed.map(|one| one.signer.fingerprint.as_str()).collect();
        let by = match keys.iter().next() {
            None => "which no key vouches for".to_owned(),
            Some(key) if keys.len() == 1 => format!("which {key} signed"),
            Some(key) => format!("which {key} and {} signed", count(keys.len() as u64 - 1, "other key")),
        };
        let are = if files.len() == 1 { "is an output" } else { "are outputs" };
        let line = format!("{} {are} of record {}, {by}", listed(files), short(record));
        _ = writeln!(text, "  {}", paint(Tone::Doubt, &line));
    }
    if of.len() > SHOWN {
        _ = writeln!(text, "  and of {}", count((of.len() - SHOWN) as u64, "more record"));
    }
    text
}

/// The keys, a line each, with the reason why they do not count.
pub(crate) fn words(report: &Report) -> String {
    let mut text = String::new();
    let keys = keys(report);
    let file = report.signers_file.as_deref();
    for (key, statements) in keys.iter().take(SHOWN) {
        let verb =
            if statements.iter().any(|one| one.kind == Kind::Authorship.as_str()) { "signed" } else { "released" };
        let name = statements.iter().find_map(|one| one.signer.name.as_deref());
        let why = match known(report, key) {
            None if report.trusts_nobody => calling_itself(key, name),
            known => key_and_reason(key, name, known, created(statements), file),
        };
        _ = writeln!(text, "  {}", paint(Tone::Doubt, &format!("{verb} by {why}")));
    }
    if keys.len() > SHOWN {
        let more = count((keys.len() - SHOWN) as u64, "more key");
        _ = writeln!(text, "  {}", paint(Tone::Doubt, &format!("and by {more}; `expbundle log` shows all")));
    }
    if keys.is_empty() {
        return text;
    }
    if report.trusts_nobody {
        let nobody = nobody(file, !report.skipped_lines.is_empty());
        _ = writeln!(text, "  {}", paint(Tone::Bad, &nobody));
    }
    let known: Option<Vec<&KnownKey>> = keys.iter().map(|(key, _)| known(report, key)).collect();
    let help = match known {
        None => ADD_KEY.to_owned(),
        Some(known) if known.iter().all(|key| code(key) == Code::TrustNamespace) => {
            Code::TrustNamespace.help().to_owned()
        }
        Some(known) => match moment_of_trust(&keys, &known) {
            Some(moment) => format!("{ANOTHER_KEY}, or judge it as of when it was signed with `--at {moment}`"),
            None => ANOTHER_KEY.to_owned(),
        },
    };
    _ = writeln!(text, "  {} {help}", paint(Tone::Hint, "help:"));
    text
}

/// Why nothing that counts was signed, in a few words: of the first key, and how many more there are.
pub(super) fn reason(report: &Report) -> Option<String> {
    let keys = keys(report);
    let Some((key, statements)) = keys.first() else {
        let is_signed = !report.statements.is_empty() || !report.apart.statements.is_empty();
        return (!is_signed).then(|| "signed by nobody".to_owned());
    };
    let why = match known(report, key) {
        Some(known) => {
            too_late(known, created(statements)).map_or_else(|| trusted_only(known), |late| format!("signed {late}"))
        }
        None => format!("signed by a key that is not in {}", called(report.signers_file.as_deref())),
    };
    let more = keys.len() - 1;
    Some(if more == 0 { why } else { format!("{why}, and by {}", count(more as u64, "more key")) })
}

/// That a key signed after all times at which it is trusted, as it says itself: then no moment to
/// judge it at helps.
fn too_late(key: &KnownKey, first: Option<Time>) -> Option<String> {
    let until = last_end(key)?;
    let first = first.filter(|created| *created >= until)?;
    let owner = one_line(&key.principals.join(", "));
    let days = (first.timestamp().as_second() - until.timestamp().as_second()) / SECONDS_OF_A_DAY;
    let late = if days > 0 { count(days.unsigned_abs(), "day") } else { "less than a day".to_owned() };
    Some(format!("on {}, {late} after the key of {owner} expired in the signers file", day(first)))
}

/// When the first of these statements was made.
fn created(statements: &[&StatementReport]) -> Option<Time> {
    statements.iter().map(|one| one.created).min()
}

/// When the last time ends at which a key is trusted; nothing if one has no end.
fn last_end(key: &KnownKey) -> Option<Time> {
    let ends: Option<Vec<Time>> = key.trusted_only.iter().map(|window| window.until).collect();
    ends?.into_iter().max()
}

/// A day at which all that these keys signed was there, and at which they were trusted.
fn moment_of_trust(keys: &[(&str, Vec<&StatementReport>)], known: &[&KnownKey]) -> Option<Time> {
    let last = keys.iter().flat_map(|(_, statements)| statements).map(|one| one.created).max()?;
    let fits = |key: &&KnownKey| {
        key.trusted_only
            .iter()
            .any(|window| window.from.is_none_or(|from| from <= last) && window.until.is_none_or(|until| last < until))
    };
    known.iter().all(fits).then_some(last)
}

const SECONDS_OF_A_DAY: i64 = 86_400;

/// What the signers file is called.
fn called(file: Option<&str>) -> String {
    file.map_or_else(|| "the signers file".to_owned(), one_line)
}

/// A key and why it does not count; `first` is when it signed first.
pub(crate) fn key_and_reason(
    key: &str,
    name: Option<&str>,
    known: Option<&KnownKey>,
    first: Option<Time>,
    file: Option<&str>,
) -> String {
    let Some(known) = known else {
        return format!("{}, which is not in {}", calling_itself(key, name), called(file));
    };
    let why = too_late(known, first).map_or_else(|| format!(": {}", trusted_only(known)), |late| format!(" {late}"));
    format!("{key}{why} [{}]", code(known))
}

/// That a signers file has no keys, or none that can sign statements.
pub(crate) fn nobody(file: Option<&str>, has_lines: bool) -> String {
    let that = if has_lines { " that can sign here" } else { "" };
    format!("{} has no keys{that}, so nobody is trusted", called(file))
}

/// What helps whoever checks what an unlisted key signed.
pub(crate) const ADD_KEY: &str = "if you know from elsewhere whose key that is, and trust them, put it into a signers file with \
    `expbundle trust add`, and name that file by `--trust`";

/// What helps whoever checks what a key signed that does not count now.
const ANOTHER_KEY: &str = "ask the signer for a signature by a key that is trusted now";

/// Keys that are named there already.
pub(super) fn named(report: &Report) -> BTreeSet<&str> {
    keys(report).into_iter().take(SHOWN).map(|(key, _)| key).collect()
}

fn known<'a>(report: &'a Report, key: &str) -> Option<&'a KnownKey> {
    report.apart.known_keys.iter().find(|known| known.fingerprint == key)
}

/// The code of the reason why a key that the signers file has does not count.
pub(super) fn code(key: &KnownKey) -> Code {
    if key.trusted_only.is_empty() { Code::TrustNamespace } else { Code::TrustNotValid }
}
