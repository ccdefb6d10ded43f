//! `expbundle log`: the statements of a bundle, latest first, as `git log` shows commits.

use camino::Utf8PathBuf;
use expbundle::report::{StatementReport, statement_reports};
use expbundle_format::StatementId;

use crate::graph::{self, Item};
use crate::terminal::{self, Tone, one_line, paint, printable, quoted};
use crate::{Outcome, exit, files, keys, statements};

/// Show who said what about the records of a bundle, latest first
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  expbundle log run.expb --trust signers")]
pub struct Log {
    /// Bundle, or model directory that carries one
    path: Utf8PathBuf,
    /// Signers to trust, in OpenSSH `allowed_signers` form
    #[arg(long, value_name = "FILE")]
    trust: Option<Utf8PathBuf>,
    /// Draw who follows whom
    #[arg(long, conflicts_with = "json")]
    graph: bool,
    /// Write JSON: an array of statements as in `schemas/report.schema.json`
    #[arg(long)]
    json: bool,
}

impl Log {
    pub fn run(self) -> Outcome {
        let intact = files::intact(&self.path)?;
        let policy = self.trust.as_deref().map(keys::signers).transpose()?;
        let verdict = intact.judge(policy.as_ref(), keys::moment(None)?.timestamp());
        let mut reports = statement_reports(&intact, &verdict);
        reports.reverse();
        if self.json {
            terminal::say_json(&reports)?;
            return Ok(exit::OK);
        }
        if reports.is_empty() {
            terminal::talk("nobody has said anything yet; `expbundle sign` vouches for the record\n");
        }
        if self.graph {
            terminal::say(&drawn(&reports))?;
            return Ok(exit::OK);
        }
        let text: Vec<String> = reports.iter().map(words).collect();
        terminal::say(&text.join("\n"))?;
        Ok(exit::OK)
    }
}

/// Three lines for each statement, beside the graph of who follows whom.
fn drawn(reports: &[StatementReport]) -> String {
    let items: Vec<Item<StatementId>> =
        reports.iter().map(|report| Item { id: report.id, follows: report.prev.clone() }).collect();
    let mut text = String::new();
    for row in graph::rows(&items) {
        let Some(report) = reports.get(row.item) else { continue };
        let taken_back = if report.revoked { format!(" {}", paint(Tone::Bad, "revoked")) } else { String::new() };
        text += &format!(
            "{}{} {} of {}{taken_back}\n",
            row.first,
            paint(Tone::Doubt, &statements::short(&report.id)),
            paint(Tone::Strong, &one_line(&report.kind)),
            report.record.map_or_else(|| "the folder".to_owned(), |record| statements::short(&record)),
        );
        text += &format!("{}  {}\n", row.rest, signer(report));
        text += &format!("{}  {}\n", row.rest, one_line(&report.says));
        for joint in row.joints {
            text += &format!("{joint}\n");
        }
    }
    text
}

fn signer(report: &StatementReport) -> String {
    let who = match (report.signer.trusted_as.as_slice(), &report.signer.name) {
        ([], Some(name)) => format!("{}, {}", quoted(name), report.signer.fingerprint),
        ([], None) => report.signer.fingerprint.clone(),
        (principals, _) => paint(Tone::Good, &one_line(&principals.join(", "))),
    };
    format!("{who} · {}", report.created)
}

fn words(report: &StatementReport) -> String {
    let mut text = format!("{} {}\n", paint(Tone::Doubt, "statement"), report.id);
    text += &format!("Kind:    {}\n", one_line(&report.kind));
    if report.revoked {
        text += &format!("         {}\n", paint(Tone::Bad, "revoked: it counts for nothing"));
    }
    if let Some(record) = report.record {
        text += &format!("Record:  {record}\n");
    }
    let trusted = if report.signer.trusted_as.is_empty() {
        String::new()
    } else {
        format!(" {}", paint(Tone::Good, &format!("trusted as {}", one_line(&report.signer.trusted_as.join(", ")))))
    };
    let name = report.signer.name.as_deref().map(|name| format!(" ({})", quoted(name))).unwrap_or_default();
    text += &format!("Signer:  {}{name}{trusted}\n", report.signer.fingerprint);
    text += &format!("Date:    {}\n", report.created);
    if !report.prev.is_empty() {
        let previous: Vec<String> = report.prev.iter().map(statements::short).collect();
        text += &format!("Follows: {}\n", previous.join(" "));
    }
    text += "\n";
    for line in printable(&report.says).lines() {
        text += &format!("    {line}\n");
    }
    text
}
