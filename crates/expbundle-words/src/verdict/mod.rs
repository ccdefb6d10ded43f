//! The report of `verify` as a person reads it in ten seconds: proven, claimed, absent, who signed.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use expbundle::judge::State;
use expbundle::report::{AcrossReport, RecordReport, Report, RevokedKey};
use expbundle::standing::{Apart, KnownKey};
use expbundle_format::record::Kind;
use expbundle_format::time::Time;
use expbundle_format::{Code, Finding, Severity};
use expbundle_query::short;

use crate::folder;
use crate::show::took;
use crate::{Tone, count, findings, hints, moment, named, objections, one_line, paint, path, unpainted};

mod absent;
mod headline;
mod several;
mod signers;
pub(crate) mod unlisted;

use absent::absent;
use headline::headline;
pub use headline::{but, line};
pub(crate) use headline::{good, is_only_objected, later, not_as_required, objected as objected_to, state};
pub use several::{Several, unanswered};
use signers::signers;
pub use signers::{brief, standing};

/// Items shown of a list that may be long.
const SHOWN: usize = 8;

/// The whole report.
pub fn words(report: &Report) -> String {
    let mut text = details(report);
    if report.state > State::Malformed {
        section(&mut text, Tone::Hint, "This does not prove");
        for line in &report.not_proven {
            _ = writeln!(text, "  · {line}");
        }
    }
    text
}

/// The report with its headline in it, for JSON.
#[must_use]
pub fn worded(mut report: Report) -> Report {
    report.line = unpainted(line(&report).trim_end());
    report
}

/// The report without what none proves.
fn details(report: &Report) -> String {
    let mut text = match &report.folder {
        Some(folder) => folder::headline(report, folder),
        None => headline(report),
    };
    text += &objected(report);
    if report.state <= State::Malformed {
        let errors: Vec<Finding> = report.findings.iter().filter(|finding| finding.is_error()).cloned().collect();
        text += "\n";
        text += &findings::all(&errors);
        text += &hints::if_journal(&report.path, &errors);
    }
    // Where nothing that counts is here, whoever checks asks first who signed. Else what is by keys
    // that are not trusted comes last, and nothing of trusted ones below it.
    let counts_nothing = report.records.is_empty() && report.statements.is_empty();
    let is_first = counts_nothing && !unlisted::keys(report).is_empty();
    if is_first {
        text += &apart(report);
    }
    if !report.records.is_empty() || report.folder.is_some() {
        text += &records(report);
        text += &proven(report);
        text += &claimed(report);
        text += &absent(report);
    }
    text += &signers(report);
    text += &revoked_keys(report);
    let is_worth = |finding: &&Finding| finding.severity() != Severity::Error && findings::is_worth(finding);
    // Of each key that is trusted at another time there is a line below.
    let is_of_key = |finding: &&Finding| matches!(finding.code, Code::TrustNotValid | Code::TrustNamespace);
    let worth = report.findings.iter().filter(is_worth).filter(|finding| !is_of_key(finding));
    let is_told = told(report);
    let (policy, warnings): (Vec<Finding>, Vec<Finding>) = worth
        .filter(|finding| !is_told(finding))
        .cloned()
        .partition(|finding| finding.code == Code::PolicyState && report.signers_checked);
    if !warnings.is_empty() || !policy.is_empty() {
        text += "\n";
        text += &findings::but_first(&report.against_by_trusted, &warnings);
    }
    // Of a signers file that lacks a key the lines about that key say what helps.
    text.extend(policy.iter().map(findings::bare));
    if !is_first {
        text += &apart(report);
    }
    text
}

/// What is said in one place against a record of another.
fn across(one: &AcrossReport) -> String {
    let (place, said_in, record) = (path(&one.place), path(&one.said_in), short(&one.record));
    let what = match &one.revoked_key {
        Some(key) => format!("signed by {key}, a key that was revoked"),
        None => objections::all(&one.objections),
    };
    let (mark, what) = (paint(Tone::Bad, "!"), paint(Tone::Bad, &what));
    format!(
        "  {mark} record {record} of {place}: {what}, in {said_in}; `expbundle merge` the bundles to judge them together\n"
    )
}

/// Which findings say again what other lines of the report say.
fn told(report: &Report) -> impl Fn(&Finding) -> bool {
    // A file that is missing because it was not read is told of once.
    let missing = report.findings.iter().filter(|finding| finding.code == Code::DirectoryMissing);
    let missing: BTreeSet<String> = missing.map(|finding| finding.place.to_string()).collect();
    // Those of a key that is not trusted are told of with the key.
    let apart: BTreeSet<String> = report.apart.files.iter().map(|file| file.path.clone()).collect();
    move |finding: &Finding| match finding.code {
        // The headline and the lines below it have these.
        Code::PolicyObjection => true,
        Code::DirectoryUncovered => finding.place.entry.as_ref().is_some_and(|entry| apart.contains(entry)),
        Code::DirectoryNoWeights => !apart.is_empty(),
        Code::DirectorySymlink | Code::DirectoryUnreadable => missing.contains(&finding.place.to_string()),
        _ => false,
    }
}

/// What was said against records comes first, also of those that are not here. A record that is set
/// apart is not here, so its title, which a stranger chose, is not shown.
fn objected(report: &Report) -> String {
    let here = report.records.iter();
    let here = here.map(|one| (one.id, objections::title(one.title.as_deref()), one.objections.as_slice()));
    let elsewhere = report.objected_elsewhere.iter();
    let elsewhere = elsewhere.map(|one| (one.record, objections::ELSEWHERE.to_owned(), one.objections.as_slice()));
    let title = |id| report.records.iter().find(|record| record.id == id).map(|one| one.title.as_deref());
    let since = report.objected_since.iter().map(|one| {
        let title = title(one.record).map_or_else(|| objections::ELSEWHERE.to_owned(), objections::title);
        (one.record, format!("{title}, after {}", moment(report.at)), one.objections.as_slice())
    });
    objections::lines(here.chain(elsewhere).chain(since))
}

/// Keys that are to be taken out of the signers file.
pub(super) fn revoked_keys(report: &Report) -> String {
    let file = report.signers_file.as_deref().map_or_else(|| "FILE".to_owned(), path);
    let line = |key: &RevokedKey| {
        let owner = one_line(&key.principals.join(", "));
        let (note, on) = (paint(Tone::Doubt, "note:"), crate::day(key.created));
        format!(
            "{note} the key of {owner} was revoked on {on}; take it out: `expbundle trust remove {file} {}`\n",
            key.fingerprint
        )
    };
    report.revoked_keys.iter().map(line).collect()
}

/// What counts for nothing, folded.
fn apart(report: &Report) -> String {
    let apart = Apart {
        records: report.apart.records.iter().map(|record| record.id).collect(),
        statements: report.apart.statements.iter().map(|statement| statement.id).collect(),
    };
    let mut text = String::new();
    if let Some(words) = objections::apart(&apart) {
        let heading = if apart.statements.is_empty() { "Signed by nobody" } else { "By keys that are not trusted" };
        section(&mut text, Tone::Doubt, heading);
        text += &unlisted::files(report);
        text += &unlisted::words(report);
        let named = unlisted::named(report);
        for key in report.apart.known_keys.iter().filter(|key| !named.contains(key.fingerprint.as_str())) {
            let code = unlisted::code(key);
            _ = writeln!(text, "  {} [{code}]", paint(Tone::Doubt, &trusted_only(key)));
        }
        _ = writeln!(text, "  {words}; none of it counts (`--json` lists it)");
        if apart.statements.is_empty() {
            _ = writeln!(text, "  {} whoever made it can sign it with `expbundle sign`", paint(Tone::Hint, "help:"));
        }
    }
    text
}

/// When or for what a known key is trusted, as an answer to why it is not now.
pub(crate) fn trusted_only(key: &KnownKey) -> String {
    let owner = one_line(&key.principals.join(", "));
    let mut windows: Vec<String> = key
        .trusted_only
        .iter()
        .map(|window| match (window.from, window.until) {
            (Some(from), Some(until)) => format!("from {} until {}", date(from), date(until)),
            (Some(from), None) => format!("from {}", date(from)),
            (None, Some(until)) => format!("until {}", date(until)),
            (None, None) => "at any time".to_owned(),
        })
        .collect();
    // Several names of one key have a line each.
    windows.dedup();
    if windows.is_empty() {
        return format!("{owner}'s key is trusted only for other purposes than \"expbundle\"");
    }
    format!("{owner}'s key is trusted only {}", windows.join(", and "))
}

/// A moment, and of midnight the day alone.
fn date(moment: Time) -> String {
    let text = moment.to_string();
    text.strip_suffix("T00:00:00Z").map_or_else(|| text.clone(), str::to_owned)
}

fn section(text: &mut String, tone: Tone, title: &str) {
    _ = writeln!(text, "\n{}", paint(tone, title));
}

/// Records to name: the last ones, or, where all were revoked, any.
fn heads(report: &Report) -> Vec<&RecordReport> {
    let heads: Vec<&RecordReport> = report.records.iter().filter(|record| record.head).collect();
    if heads.is_empty() { report.records.iter().collect() } else { heads }
}

fn records(report: &Report) -> String {
    let mut text = String::new();
    let heads = heads(report);
    for record in heads.iter().take(SHOWN) {
        let title = objections::title(record.title.as_deref());
        let successor = record.superseded_by.map(|id| format!("  superseded by {}", short(&id))).unwrap_or_default();
        let successor = paint(Tone::Doubt, &successor);
        _ = writeln!(text, "  {}  {}{successor}", short(&record.id), paint(Tone::Strong, &title));
    }
    let others = report.records.len() - heads.len().min(SHOWN);
    if others > 0 {
        _ = writeln!(text, "  and {}", count(others as u64, "more record"));
    }
    text
}

fn proven(report: &Report) -> String {
    let mut text = String::new();
    let present: usize =
        report.records.iter().map(|record| record.sections.iter().filter(|one| one.present).count()).sum();
    if !report.records.is_empty() {
        _ = writeln!(
            text,
            "  {} with {}, none changed since {} made",
            count(report.records.len() as u64, "record"),
            count(present as u64, "section"),
            if report.records.len() == 1 { "it was" } else { "they were" }
        );
    }
    if !report.statements.is_empty() {
        _ = writeln!(text, "  {} with a valid signature", count(report.statements.len() as u64, "statement"));
    }
    if let Some(folder) = &report.folder {
        text += &folder::covered(report, folder);
    }
    if text.is_empty() {
        return text;
    }
    let mut titled = String::new();
    section(&mut titled, Tone::Good, "Proven (recomputed here)");
    titled + &text
}

fn claimed(report: &Report) -> String {
    let mut text = String::new();
    if report.records.is_empty() {
        return text;
    }
    section(&mut text, Tone::Doubt, "Claimed (by whoever made the record)");
    for record in heads(report).into_iter().take(SHOWN) {
        let tool = record.source.as_ref().map(|source| format!(" in {}", named(&source.tool))).unwrap_or_default();
        let what = match record.kind {
            Kind::Run => "ran",
            Kind::Origin => "came from outside",
        };
        let when = match (record.started, record.ended) {
            (Some(started), Some(ended)) => format!(", started {}{}", moment(started), took(started, ended)),
            (Some(started), None) => format!(", started {}", moment(started)),
            _ => String::new(),
        };
        let status = record.status.map(|status| format!(", {}", status.as_str())).unwrap_or_default();
        _ = writeln!(
            text,
            "  {} {what}{tool}{when}{status}; {} and {} by their bytes",
            short(&record.id),
            count(record.inputs, "input"),
            count(record.outputs, "output"),
        );
    }
    text += "  and every metric, parameter and name in its sections\n";
    text
}
