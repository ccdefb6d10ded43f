//! The statements of a bundle, latest first, as `git log` shows commits.

use expbundle::judge::Verdict;
use expbundle::report::StatementReport;
use expbundle::standing::KnownKey;
use expbundle::verify::Intact;
use expbundle_draw::graph::{self, Item};
use expbundle_format::StatementId;
use expbundle_format::sections::Context;
use expbundle_query::short;
use expbundle_statement::Kind;

use crate::{Tone, block, calling_itself, count, grouped, kind, moment, objections, one_line, paint, quoted, verdict};

/// Statements by keys that are not trusted that are shown.
const MOST_APART: usize = 20;
/// Lines of a comment that are shown.
const MOST_LINES: usize = 1000;

/// How statements are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One after the other, with all that each says.
    List,
    /// Three lines for each, beside a graph of who follows whom.
    Graph,
}

/// The statements, in the order in which they are given: first what was said against records, last
/// what no trusted key vouches for.
pub fn words(intact: &Intact, verdict: &Verdict, statements: &[StatementReport], layout: Layout) -> String {
    let (apart, counting): (Vec<&StatementReport>, Vec<_>) =
        statements.iter().partition(|report| verdict.standing.apart.statements.contains(&report.id));
    let known = &verdict.standing.not_valid;
    let set_aside = objections::set_aside(intact).map(|line| format!("{}\n", paint(Tone::Doubt, &line)));
    let said = [
        objected(intact, verdict),
        list(&counting, known, layout),
        folded(apart, known, layout),
        set_aside.unwrap_or_default(),
    ];
    said.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

fn list(reports: &[&StatementReport], known: &[KnownKey], layout: Layout) -> String {
    match layout {
        Layout::Graph => drawn(reports, known),
        Layout::List => reports.iter().map(|report| statement(report, known)).collect::<Vec<_>>().join("\n"),
    }
}

/// What no trusted key vouches for stands below the rest.
fn folded(mut apart: Vec<&StatementReport>, known: &[KnownKey], layout: Layout) -> String {
    if apart.is_empty() {
        return String::new();
    }
    let number = apart.len();
    apart.truncate(MOST_APART);
    let what = if number == 1 { "statement does" } else { "statements do" };
    let heading = format!("By keys that are not trusted ({} {what} not count):", grouped(number as u64));
    let mut text = format!("{}\n\n{}", paint(Tone::Doubt, &heading), list(&apart, known, layout));
    if number > apart.len() {
        let more = count((number - apart.len()) as u64, "more statement");
        text += &format!("\n{}\n", paint(Tone::Doubt, &format!("and {more}; `--json` has all")));
    }
    text
}

/// What was said against records comes first, however many statements follow. As in the report of
/// `verify`, the title of a record that is set apart, which a stranger chose, is not shown.
fn objected(intact: &Intact, verdict: &Verdict) -> String {
    objections::lines(verdict.standing.against.iter().map(|(id, objections)| {
        let is_apart = verdict.standing.apart.records.contains(id);
        let title = if intact.records().contains_key(id) && !is_apart {
            objections::title(intact.json_section::<Context>(*id).map(|context| context.title).as_deref())
        } else if verdict.signers_checked {
            objections::ELSEWHERE.to_owned()
        } else {
            "(not in this bundle)".to_owned()
        };
        (*id, title, objections.as_slice())
    }))
}

/// Three lines for each statement, beside the graph of who follows whom.
fn drawn(reports: &[&StatementReport], known: &[KnownKey]) -> String {
    let items: Vec<Item<StatementId>> =
        reports.iter().map(|report| Item { id: report.id, follows: report.prev.clone() }).collect();
    let mut text = String::new();
    for row in graph::rows(&items) {
        let Some(report) = reports.get(row.item) else { continue };
        text += &format!("{}{} {}\n", row.first, paint(Tone::Doubt, &short(&report.id)), signer(report, known));
        text += &format!(
            "{}  {} of {} · {}\n",
            row.rest,
            paint(Tone::Strong, &kind(&report.kind)),
            report.record.map_or_else(|| "the folder".to_owned(), |record| short(&record)),
            moment(report.created)
        );
        text += &format!("{}  {}\n", row.rest, says(report));
        for joint in row.joints {
            text += &format!("{joint}\n");
        }
    }
    text
}

/// Whose statement it is: whether the key is trusted comes first, what its owner wants to be called
/// last.
fn signer(report: &StatementReport, known: &[KnownKey]) -> String {
    let key = calling_itself(&report.signer.fingerprint, report.signer.name.as_deref());
    let known = known.iter().find(|known| known.fingerprint == report.signer.fingerprint);
    let known = known.filter(|_| report.signer.trusted_as.is_empty());
    let why = known.map(|known| format!(" ({})", verdict::trusted_only(known))).unwrap_or_default();
    format!("{} {key}{why}", verdict::standing(report, known.is_some()))
}

/// What it says: of a comment its text, in quotes.
fn says(report: &StatementReport) -> String {
    if is_comment(report) { quoted(&report.says) } else { one_line(&report.says) }
}

fn is_comment(report: &StatementReport) -> bool {
    report.kind == Kind::Comment.as_str()
}

/// A statement in full.
fn statement(report: &StatementReport, known: &[KnownKey]) -> String {
    let mut text = format!("{} {}\n", paint(Tone::Doubt, "statement"), report.id);
    text += &format!("Signer:  {}\n", signer(report, known));
    text += &format!("Kind:    {}\n", kind(&report.kind));
    if report.revoked {
        text += &format!("         {}\n", paint(Tone::Bad, "revoked: no longer counts"));
    }
    if report.replaced {
        text += &format!("         {}\n", paint(Tone::Doubt, "no longer counts: the same signer reviewed it anew"));
    }
    if let Some(record) = report.record {
        text += &format!("Record:  {record}\n");
    }
    text += &format!("Date:    {}\n", moment(report.created));
    if !report.prev.is_empty() {
        let previous: Vec<String> = report.prev.iter().map(short).collect();
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
