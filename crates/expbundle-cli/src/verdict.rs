//! The report of `verify` as a person reads it in ten seconds: proven, claimed, absent, who signed.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use expbundle::judge::State;
use expbundle::report::{RecordReport, Report, StatementReport};
use expbundle_format::record::Kind;
use expbundle_format::{Code, Finding, Severity};

use crate::findings;
use crate::folder_words::{self, listed};
use crate::statements::short;
use crate::terminal::{self, Tone, count, one_line, paint, quoted};

/// Items shown of a list that may be long.
const SHOWN: usize = 8;

/// The whole report.
pub fn words(report: &Report) -> String {
    let mut text = match &report.folder {
        Some(folder) => folder_words::headline(report, folder),
        None => headline(report),
    };
    if report.state <= State::Malformed {
        let errors: Vec<Finding> = report.findings.iter().filter(|finding| finding.is_error()).cloned().collect();
        text += "\n";
        text += &findings::all(&errors);
    }
    if !report.records.is_empty() || report.folder.is_some() {
        text += &records(report);
        text += &proven(report);
        text += &claimed(report);
        text += &absent(report);
        text += &signers(report);
    }
    let warnings: Vec<Finding> =
        report.findings.iter().filter(|finding| finding.severity() == Severity::Warning).cloned().collect();
    if !warnings.is_empty() {
        text += "\n";
        text += &findings::all(&warnings);
    }
    if report.state > State::Malformed {
        section(&mut text, Tone::Hint, "This does not prove");
        for line in &report.not_proven {
            _ = writeln!(text, "  · {line}");
        }
    }
    text
}

fn headline(report: &Report) -> String {
    let (tone, mark) = match (report.holds, report.state) {
        (_, State::Refused | State::Malformed) => (Tone::Bad, "✗"),
        (true, _) => (Tone::Good, "✓"),
        (false, _) => (Tone::Doubt, "✗"),
    };
    let state = match report.state {
        State::Refused => "REFUSED, beyond the limits of this reader",
        State::Malformed => "verification FAILED",
        State::Intact => "intact",
        State::Signed => "intact and signed",
        State::Trusted => "intact, signed and trusted",
    };
    let asked = if report.holds || report.state <= State::Malformed {
        String::new()
    } else {
        format!(", and not {} as asked", report.required)
    };
    format!("{} {}\n", paint(tone, &format!("{mark} {state}{asked}:")), one_line(&report.path))
}

fn section(text: &mut String, tone: Tone, title: &str) {
    _ = writeln!(text, "\n{}", paint(tone, title));
}

fn records(report: &Report) -> String {
    let mut text = String::new();
    let heads: Vec<&RecordReport> = report.records.iter().filter(|record| record.head).collect();
    for record in heads.iter().take(SHOWN) {
        let title = record.title.as_deref().map_or_else(|| "(title withheld)".to_owned(), one_line);
        let revoked = if record.revoked { paint(Tone::Bad, "  revoked") } else { String::new() };
        let successor = record.superseded_by.map(|id| format!("  superseded by {}", short(&id))).unwrap_or_default();
        let successor = paint(Tone::Doubt, &successor);
        _ = writeln!(text, "  {}  {}{revoked}{successor}", short(&record.id), paint(Tone::Strong, &title));
    }
    let others = report.records.len() - heads.len().min(SHOWN);
    if others > 0 {
        _ = writeln!(text, "  and {} more", count(others as u64, "record"));
    }
    text
}

fn proven(report: &Report) -> String {
    let mut text = String::new();
    section(&mut text, Tone::Good, "Proven (recomputed here)");
    let present: usize =
        report.records.iter().map(|record| record.sections.iter().filter(|one| one.present).count()).sum();
    _ = writeln!(
        text,
        "  {} with {}, none changed since {} made",
        count(report.records.len() as u64, "record"),
        count(present as u64, "section"),
        if report.records.len() == 1 { "it was" } else { "they were" }
    );
    if !report.statements.is_empty() {
        _ = writeln!(text, "  {} with a valid signature", count(report.statements.len() as u64, "statement"));
    }
    if let Some(folder) = &report.folder {
        text += &folder_words::covered(report, folder);
    }
    text
}

fn claimed(report: &Report) -> String {
    let mut text = String::new();
    section(&mut text, Tone::Doubt, "Claimed (by whoever made the record)");
    for record in report.records.iter().filter(|record| record.head).take(SHOWN) {
        let tool = record.source.as_ref().map(|source| format!(" in {}", one_line(&source.tool))).unwrap_or_default();
        let what = match record.kind {
            Kind::Run => "ran",
            Kind::Origin => "came from outside",
        };
        let when = match (record.started, record.ended) {
            (Some(started), Some(ended)) => format!(", {started} to {ended}"),
            (Some(started), None) => format!(", from {started}"),
            _ => String::new(),
        };
        let status = record.status.map(|status| format!(", {}", status.as_str())).unwrap_or_default();
        _ = writeln!(
            text,
            "  {} {what}{tool}{when}{status}; {} in, {} out",
            short(&record.id),
            count(record.inputs, "artifact"),
            record.outputs
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
        lines.push(format!("{} of parents, in another bundle", count(parents.len() as u64, "record")));
    }
    match report.findings.iter().filter(|finding| finding.code == Code::LineageUnaccountedInput).count() {
        0 => {}
        1 => lines.push("1 input that no record here accounts for".to_owned()),
        many => lines.push(format!("{many} inputs that no record here accounts for")),
    }
    if report.statements.is_empty() {
        lines.push("nobody signed".to_owned());
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

fn signers(report: &Report) -> String {
    if report.statements.is_empty() {
        return String::new();
    }
    let mut text = String::new();
    section(&mut text, Tone::Strong, "Signed");
    if let Some(folder) = &report.folder {
        text += &folder_words::releases(folder);
    }
    let rows: Vec<Vec<String>> = report.statements.iter().take(SHOWN).map(row).collect();
    for line in terminal::table(&rows).lines() {
        _ = writeln!(text, "  {line}");
    }
    let more = report.statements.len().saturating_sub(SHOWN);
    if more > 0 {
        _ = writeln!(text, "  and {more} more; `expbundle log` shows all");
    }
    text
}

fn row(statement: &StatementReport) -> Vec<String> {
    let name = statement.signer.name.as_deref().map(|name| quoted(name) + " ").unwrap_or_default();
    let trust = if statement.revoked {
        paint(Tone::Bad, "revoked")
    } else if statement.signer.trusted_as.is_empty() {
        paint(Tone::Doubt, "by a key that is not known here")
    } else {
        paint(Tone::Good, &format!("trusted as {}", one_line(&statement.signer.trusted_as.join(", "))))
    };
    let says: String = one_line(&statement.says).chars().take(60).collect();
    vec![
        statement.created.to_string(),
        one_line(&statement.kind),
        format!("{name}{}", statement.signer.fingerprint.chars().take(20).collect::<String>()),
        trust,
        says,
    ]
}
