//! The table of signers in what `verify` prints.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use expbundle::report::{Report, StatementReport};
use expbundle_format::{Foreign, ForeignLine};
use expbundle_query::short;

use super::{SHOWN, section};
use crate::{Tone, count, folder, kind, moment, one_line, paint, table};

/// Who signed what, in the order of time. All that trusted people wrote is shown: no number of
/// statements by others can push that out. Of those by others only so many are shown, of what is
/// against a record and of the rest, and none that was said anew since.
pub(super) fn signers(report: &Report) -> String {
    if report.statements.is_empty() {
        return String::new();
    }
    let mut text = String::new();
    let heading = if report.signers_checked { "Signed" } else { "Signed (signers not checked: no `--trust`)" };
    section(&mut text, Tone::Strong, heading);
    if let Some(folder) = &report.folder {
        text += &folder::releases(folder);
    }
    // The releases of a folder have their lines above.
    let is_row = |one: &&StatementReport| report.folder.is_none() || one.record.is_some();
    let (trusted, others): (Vec<&StatementReport>, Vec<_>) =
        report.statements.iter().filter(is_row).partition(|statement| !statement.signer.trusted_as.is_empty());
    let (mut against, mut rest) = (0, 0);
    let mut is_shown = |statement: &&StatementReport| {
        let number = if statement.against { &mut against } else { &mut rest };
        *number += usize::from(!statement.replaced);
        !statement.replaced && *number <= SHOWN
    };
    let (others, more): (Vec<&StatementReport>, Vec<_>) = others.into_iter().partition(&mut is_shown);
    let about = report.statements.iter().filter_map(|statement| statement.record);
    let several = report.records.iter().map(|record| record.id).chain(about).collect::<BTreeSet<_>>().len() > 1;
    let rows: Vec<Vec<String>> = trusted.into_iter().chain(others).map(|statement| row(statement, several)).collect();
    for line in table(&rows).lines() {
        _ = writeln!(text, "  {line}");
    }
    if !more.is_empty() {
        let more = count(more.len() as u64, "more statement");
        _ = writeln!(text, "  and {more}; `expbundle log` shows all");
    }
    text
}

/// Whose statement it is comes first, and what it says last; of which record, where there are
/// several.
fn row(statement: &StatementReport, several: bool) -> Vec<String> {
    let record = statement.record.map_or_else(|| "the folder".to_owned(), |record| short(&record));
    let mut row = vec![standing(statement, false), moment(statement.created), kind(&statement.kind)];
    row.extend(several.then(|| format!("of {record}")));
    row.extend([key(statement), brief(statement)]);
    row
}

/// Whether the key is trusted, and as whose; `is_known` is a key that the signers file has for another
/// time or purpose.
pub fn standing(statement: &StatementReport, is_known: bool) -> String {
    if statement.revoked {
        paint(Tone::Bad, "revoked")
    } else if !statement.signer.trusted_as.is_empty() {
        paint(Tone::Good, &format!("trusted as {}", one_line(&statement.signer.trusted_as.join(", "))))
    } else if statement.takes_back_its_own_key {
        paint(Tone::Bad, "revokes its own key")
    } else {
        paint(
            Tone::Doubt,
            match (statement.signer.checked, is_known) {
                (false, _) => "not checked",
                (true, false) => "unknown key",
                (true, true) => "key not trusted for this, or not now:",
            },
        )
    }
}

/// The key in short, and what its owner wants to be called.
fn key(statement: &StatementReport) -> String {
    let fingerprint: String = statement.signer.fingerprint.chars().take(20).collect();
    match &statement.signer.name {
        Some(name) => format!("{fingerprint} {}", Foreign::new(name).at_most(40)),
        None => fingerprint,
    }
}

/// What a statement says, in a few words; and that it was said anew since.
pub fn brief(statement: &StatementReport) -> String {
    const COLUMNS: usize = 100;
    let says = match statement.kind.as_str() {
        "comment" => Foreign::new(&statement.says).at_most(COLUMNS).to_string(),
        _ => ForeignLine(&statement.says, COLUMNS).to_string(),
    };
    if statement.replaced { format!("{says} (no longer counts: the same signer reviewed it anew)") } else { says }
}
