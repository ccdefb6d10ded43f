//! The report of `verify` as a person reads it in ten seconds: proven, claimed, absent, who signed.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use camino::Utf8Path;
use expbundle::judge::State;
use expbundle::report::{AcrossReport, RecordReport, Report, StatementReport};
use expbundle::standing::{Apart, KnownKey, ObjectionKind};
use expbundle_directory::BUNDLE_NAME;
use expbundle_format::record::Kind;
use expbundle_format::time::Time;
use expbundle_format::{Code, Finding, Severity};
use expbundle_query::short;

use crate::folder::{self, listed};
use crate::show::took;
use crate::{Tone, count, findings, hints, moment, named, objections, one_line, paint, path};

mod signers;
pub(crate) mod unlisted;

use signers::signers;
pub use signers::{brief, standing};

/// Items shown of a list that may be long.
const SHOWN: usize = 8;

/// The whole report.
pub fn words(report: &Report) -> String {
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
    let is_worth = |finding: &&Finding| finding.severity() != Severity::Error && findings::is_worth(finding);
    // Of each key that is trusted at another time there is a line below.
    let is_of_key = |finding: &&Finding| matches!(finding.code, Code::TrustNotValid | Code::TrustNamespace);
    let worth = report.findings.iter().filter(is_worth).filter(|finding| !is_of_key(finding));
    // A file that is missing because it was not read is told of once.
    let missing = report.findings.iter().filter(|finding| finding.code == Code::DirectoryMissing);
    let missing: BTreeSet<String> = missing.map(|finding| finding.place.to_string()).collect();
    let is_told = |finding: &Finding| match finding.code {
        Code::DirectorySymlink | Code::DirectoryUnreadable => missing.contains(&finding.place.to_string()),
        _ => false,
    };
    let warnings: Vec<Finding> = worth.filter(|finding| !is_told(finding)).cloned().collect();
    if !warnings.is_empty() {
        text += "\n";
        text += &findings::but_first(&report.against_by_trusted, &warnings);
    }
    if !is_first {
        text += &apart(report);
    }
    if report.state > State::Malformed {
        section(&mut text, Tone::Hint, "This does not prove");
        for line in &report.not_proven {
            _ = writeln!(text, "  · {line}");
        }
    }
    text
}

/// The headline alone, and what is said across the places that are verified at once.
pub fn line(report: &Report) -> String {
    let words = match &report.folder {
        Some(folder) => folder::headline(report, folder),
        None => headline(report),
    };
    let across = report.across.iter().map(across);
    words.lines().next().unwrap_or_default().to_owned() + "\n" + &across.collect::<String>()
}

/// What is said in one place against a record of another.
fn across(one: &AcrossReport) -> String {
    let (place, said_in, record) = (path(&one.place), path(&one.said_in), short(&one.record));
    let what = match &one.revoked_key {
        Some(key) => format!("signed by {key}, a key that was revoked"),
        None => objections::all(&one.objections),
    };
    let (mark, what) = (paint(Tone::Bad, "!"), paint(Tone::Bad, &what));
    format!("  {mark} record {record} of {place}: {what}, in {said_in}; `expbundle merge` joins what is judged apart\n")
}

/// What was said against records comes first, also of those that are not here. A record that is set
/// apart is not here, so its title, which a stranger chose, is not shown.
fn objected(report: &Report) -> String {
    let here = report.records.iter();
    let here = here.map(|one| (one.id, objections::title(one.title.as_deref()), one.objections.as_slice()));
    let elsewhere = report.objected_elsewhere.iter();
    let elsewhere = elsewhere.map(|one| (one.record, objections::ELSEWHERE.to_owned(), one.objections.as_slice()));
    objections::lines(here.chain(elsewhere))
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
    let windows: Vec<String> = key
        .trusted_only
        .iter()
        .map(|window| match (window.from, window.until) {
            (Some(from), Some(until)) => format!("from {} until {}", date(from), date(until)),
            (Some(from), None) => format!("from {}", date(from)),
            (None, Some(until)) => format!("until {}", date(until)),
            (None, None) => "at any time".to_owned(),
        })
        .collect();
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

/// What the headline adds where somebody whose word counts objects.
pub fn but(report: &Report) -> String {
    let here = report.records.iter().map(|record| &record.objections);
    let all = here.chain(report.objected_nearby().map(|one| &one.objections));
    let kinds: Vec<ObjectionKind> = all.filter_map(|objections| Some(objections.first()?.kind)).collect();
    let Some(kind) = kinds.iter().min() else { return String::new() };
    let number = kinds.iter().filter(|other| *other == kind).count() as u64;
    let verb = if number == 1 { "was" } else { "were" };
    let what = match kind {
        ObjectionKind::NeedsChanges => "sent back for changes",
        ObjectionKind::Withdrawn => "partly revoked",
        kind => kind.as_str(),
    };
    // What is not trusted anyway was revoked as well, not in spite of it.
    let joint = if report.holds && report.state > State::Malformed { "but" } else { "and" };
    format!(", {joint} {} {verb} {what}", count(number, "record"))
}

fn headline(report: &Report) -> String {
    let (tone, mark) = if report.state <= State::Malformed { (Tone::Bad, "✗") } else { good(report) };
    // A person who completes a path by a key press means the folder.
    let is_in_folder = Utf8Path::new(&report.path).file_name() == Some(BUNDLE_NAME);
    let alone =
        if is_in_folder && report.state > State::Malformed { " (the bundle alone, not its folder)" } else { "" };
    let path = format!("{}{alone}", path(&report.path));
    let state = match report.state {
        state if !report.holds && state > State::Malformed && state >= report.required => {
            let first = paint(Tone::Bad, &format!("✗ {state}{}: {path}", but(report)));
            return format!("{first}\n{}", folder::not_as_asked(report));
        }
        _ if !report.holds && report.state > State::Malformed => {
            let required = report.required.as_str().to_uppercase();
            let missing = match report.required {
                State::Trusted => "signed by someone you trust",
                _ => "signed",
            };
            let is_revoked =
                |record: &RecordReport| record.objections.iter().any(|one| one.kind == ObjectionKind::Revoked);
            let still = if report.records.iter().any(is_revoked) { ", or one was revoked" } else { "" };
            let first = paint(Tone::Bad, &format!("✗ NOT {required}{}: {path}", but(report)));
            // A record that is itself as asked may have a parent that is not here.
            let why = if !report.records.is_empty() && report.records.iter().all(|one| one.state >= report.required) {
                "but a parent that is not here was revoked".to_owned()
            } else {
                format!("but not every record is {missing}{still}")
            };
            return format!("{first}\n  {}, {why}\n", report.state);
        }
        State::Refused if report.findings.iter().any(Finding::is_limit) => "REFUSED, beyond the limits of this reader",
        State::Refused => "no bundle here",
        State::Malformed => "verification FAILED",
        State::Intact => "intact",
        State::Signed => "intact and signed",
        State::Trusted => "intact, signed and trusted",
    };
    let but = but(report);
    let later = later(report);
    format!("{} {path}\n", paint(tone, &format!("{mark} {state}{later}{but}:")))
}

/// How the headline begins where what was asked for holds: with a check mark only if nothing in it
/// takes away from that.
pub(crate) fn good(report: &Report) -> (Tone, &'static str) {
    if !report.is_objected() && later(report).is_empty() { (Tone::Good, "✓") } else { (Tone::Doubt, "!") }
}

/// What the headline adds where something counts that was signed after the moment that is judged.
pub(crate) fn later(report: &Report) -> String {
    let is_later = |statement: &StatementReport| {
        statement.created > report.at && matches!(statement.kind.as_str(), "authorship" | "release")
    };
    match report.statements.iter().filter(|statement| is_later(statement)).count() as u64 {
        0 => String::new(),
        number => format!(" as of {}, by {} dated after that", date(report.at), count(number, "statement")),
    }
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

fn absent(report: &Report) -> String {
    let mut lines = Vec::new();
    let withheld: BTreeSet<&str> = report
        .records
        .iter()
        .flat_map(|record| {
            record.sections.iter().filter(|section| !section.present).map(|section| section.name.as_str())
        })
        .collect();
    if !withheld.is_empty() {
        lines.push(format!("withheld: {}", listed(&withheld.into_iter().collect::<Vec<_>>())));
    }
    let parents: BTreeSet<_> = report
        .records
        .iter()
        .flat_map(|record| record.parents.iter().filter(|parent| !parent.present).map(|parent| parent.record))
        .collect();
    if !parents.is_empty() {
        lines.push(format!("{} not in this bundle", count(parents.len() as u64, "parent record")));
    }
    match report.findings.iter().filter(|finding| finding.code == Code::LineageUnaccountedInput).count() {
        0 => {}
        1 => lines.push("1 input of unknown origin".to_owned()),
        many => lines.push(format!("{many} inputs of unknown origin")),
    }
    let not_made_here = report.folder.iter().flat_map(|folder| &folder.not_made_here).map(String::as_str);
    let not_made_here: Vec<&str> = not_made_here.collect();
    if !not_made_here.is_empty() {
        let by = if report.signers_checked { "any record that counts" } else { "any record here" };
        lines.push(format!("not made by {by}: {}", listed(&not_made_here)));
    }
    // The same whether strangers signed or nobody did.
    if report.statements.is_empty() {
        let by = if report.signers_checked { " by a trusted key" } else { "" };
        lines.push(format!("no signature{by}"));
    }
    if lines.is_empty() {
        return String::new();
    }
    let mut text = String::new();
    section(&mut text, Tone::Strong, "Absent");
    for line in lines {
        _ = writeln!(text, "  {line}");
    }
    text
}
