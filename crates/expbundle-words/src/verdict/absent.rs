//! What `verify` says is listed and not here.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use expbundle::report::Report;
use expbundle_format::Code;
use expbundle_query::short;

use super::{SHOWN, section};
use crate::folder::listed;
use crate::{Tone, count, some_of};

pub(super) fn absent(report: &Report) -> String {
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
    for (is_apart, why) in [(false, "not here"), (true, "here, and not signed by a trusted key")] {
        let parents = report.missing_parents.iter().filter(|parent| parent.is_apart == is_apart);
        let ids: Vec<String> = parents.map(|parent| short(&parent.record)).collect();
        if !ids.is_empty() {
            let are = if ids.len() == 1 { "is" } else { "are" };
            let number = count(ids.len() as u64, "parent record");
            lines.push(format!("{number} {are} {why}: {}", some_of(&ids, SHOWN, ", ")));
        }
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
