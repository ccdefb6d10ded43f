//! Whose signatures there are where none of them counts, and why the signers file trusts none of
//! these keys: the first question of whoever checks what others signed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use expbundle::judge::State;
use expbundle::report::{Report, StatementReport};
use expbundle::standing::KnownKey;
use expbundle_format::{Code, RecordId};
use expbundle_query::short;
use expbundle_statement::Kind;

use super::trusted_only;
use crate::folder::listed;
use crate::{Tone, calling_itself, count, one_line, paint};

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
            known => key_and_reason(key, name, known, file),
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
        Some(_) => OTHER_TIME.to_owned(),
    };
    _ = writeln!(text, "  {} {help}", paint(Tone::Hint, "help:"));
    text
}

/// What the signers file is called.
fn called(file: Option<&str>) -> String {
    file.map_or_else(|| "the signers file".to_owned(), one_line)
}

/// A key and why it does not count.
pub(crate) fn key_and_reason(key: &str, name: Option<&str>, known: Option<&KnownKey>, file: Option<&str>) -> String {
    match known {
        Some(known) => format!("{key}: {} [{}]", trusted_only(known), code(known)),
        None => format!("{}, which is not in {}", calling_itself(key, name), called(file)),
    }
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
const OTHER_TIME: &str = "ask the signer for a signature by a key that is trusted now; what was signed while the key was trusted can be judged \
     as of then with `--at`";

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
