//! `expbundle log`: the statements of a bundle, latest first, as `git log` shows commits.

use camino::Utf8PathBuf;
use expbundle::judge::Verdict;
use expbundle::report::{StatementReport, statement_reports};
use expbundle::verify::Intact;
use expbundle_draw::graph::{self, Item};
use expbundle_format::StatementId;
use expbundle_format::sections::Context;
use expbundle_statement::Kind;

use crate::terminal::{self, Tone, block, count, grouped, named, one_line, paint, quoted};
use crate::{Outcome, exit, files, keys, objections, statements, verdict};

/// Show who said what about the records of a bundle, latest first
///
/// Objections to a record come first: revocations, rejections, reviews that ask for changes, and supersessions.
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

/// Statements by keys that are not trusted that are shown.
const MOST_APART: usize = 20;
/// Lines of a comment that are shown.
const MOST_LINES: usize = 1000;

impl Log {
    pub fn run(self) -> Outcome {
        let intact = files::intact(&self.path)?;
        let policy = self.trust.as_deref().map(keys::signers).transpose()?;
        let judged = intact.judge(policy.as_ref(), keys::moment(None)?.timestamp());
        let mut reports = statement_reports(&intact, &judged);
        reports.reverse();
        if self.json {
            terminal::say_json(&reports);
            return Ok(exit::OK);
        }
        if reports.is_empty() {
            terminal::talk("no statements yet; `expbundle sign` adds one\n");
        }
        let (apart, counting): (Vec<_>, Vec<_>) =
            reports.into_iter().partition(|report| judged.standing.apart.statements.contains(&report.id));
        let said = [objected(&intact, &judged), self.list(&counting), self.folded(apart)];
        terminal::say(&said.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n"));
        Ok(exit::OK)
    }

    fn list(&self, reports: &[StatementReport]) -> String {
        if self.graph { drawn(reports) } else { reports.iter().map(words).collect::<Vec<_>>().join("\n") }
    }

    /// What no trusted key vouches for stands below the rest.
    fn folded(&self, mut apart: Vec<StatementReport>) -> String {
        if apart.is_empty() {
            return String::new();
        }
        let number = apart.len();
        apart.truncate(MOST_APART);
        let what = if number == 1 { "statement does" } else { "statements do" };
        let heading = format!("By keys that are not trusted ({} {what} not count):", grouped(number as u64));
        let mut text = format!("{}\n\n{}", paint(Tone::Doubt, &heading), self.list(&apart));
        if number > apart.len() {
            let more = count((number - apart.len()) as u64, "more statement");
            text += &format!("\n{}\n", paint(Tone::Doubt, &format!("and {more}; `--json` has all")));
        }
        text
    }
}

/// What was said against records comes first, however many statements follow.
fn objected(intact: &Intact, verdict: &Verdict) -> String {
    objections::lines(verdict.standing.against.iter().map(|(id, objections)| {
        let title = if intact.records().contains_key(id) {
            objections::title(intact.json_section::<Context>(*id).map(|context| context.title).as_deref())
        } else {
            "(not in this bundle)".to_owned()
        };
        (*id, title, objections.as_slice())
    }))
}

/// Three lines for each statement, beside the graph of who follows whom.
fn drawn(reports: &[StatementReport]) -> String {
    let items: Vec<Item<StatementId>> =
        reports.iter().map(|report| Item { id: report.id, follows: report.prev.clone() }).collect();
    let mut text = String::new();
    for row in graph::rows(&items) {
        let Some(report) = reports.get(row.item) else { continue };
        text += &format!("{}{} {}\n", row.first, paint(Tone::Doubt, &statements::short(&report.id)), signer(report));
        text += &format!(
            "{}  {} of {} · {}\n",
            row.rest,
            paint(Tone::Strong, &one_line(&report.kind)),
            report.record.map_or_else(|| "the folder".to_owned(), |record| statements::short(&record)),
            report.created
        );
        text += &format!("{}  {}\n", row.rest, says(report));
        for joint in row.joints {
            text += &format!("{joint}\n");
        }
    }
    text
}

/// Whose statement it is: whether the key is trusted comes first, what its owner wants to be called last.
fn signer(report: &StatementReport) -> String {
    let name = report.signer.name.as_deref().map(|name| format!(", calling itself {}", named(name)));
    let name = name.unwrap_or_default();
    format!("{} {}{name}", verdict::standing(report), report.signer.fingerprint)
}

/// What it says: of a comment its text, in quotes.
fn says(report: &StatementReport) -> String {
    if is_comment(report) { quoted(&report.says) } else { one_line(&report.says) }
}

fn is_comment(report: &StatementReport) -> bool {
    report.kind == Kind::Comment.as_str()
}

fn words(report: &StatementReport) -> String {
    let mut text = format!("{} {}\n", paint(Tone::Doubt, "statement"), report.id);
    text += &format!("Signer:  {}\n", signer(report));
    text += &format!("Kind:    {}\n", one_line(&report.kind));
    if report.revoked {
        text += &format!("         {}\n", paint(Tone::Bad, "revoked: it counts for nothing"));
    }
    if report.replaced {
        text +=
            &format!("         {}\n", paint(Tone::Doubt, "replaced by a later or severer review of the same signer"));
    }
    if let Some(record) = report.record {
        text += &format!("Record:  {record}\n");
    }
    text += &format!("Date:    {}\n", report.created);
    if !report.prev.is_empty() {
        let previous: Vec<String> = report.prev.iter().map(statements::short).collect();
        text += &format!("Follows: {}\n", previous.join(" "));
    }
    text += "\n";
    if is_comment(report) {
        let (lines, all) = block(&report.says, "    ", MOST_LINES);
        text += &lines;
        if all > MOST_LINES {
            text += &format!("    … {}; `--json` has all\n", count((all - MOST_LINES) as u64, "more line"));
        }
    } else {
        text += &format!("    {}\n", one_line(&report.says));
    }
    text
}
