//! What is about to change in a model folder.

use expbundle::Bundle;
use expbundle::family::{BrokenSeal, seals_broken};
use expbundle::folder::FileState;
use expbundle::verify::Intact;
use expbundle_directory::Plan;
use expbundle_format::RecordId;
use expbundle_format::container::SectionName;
use expbundle_format::sections::{Identity, JsonSection as _};
use expbundle_query::short;

use crate::{Tone, calling_itself, cell, count, moment, objections, one_line, paint, printable};

/// Says which sections are there again because one copy has what another withholds: names and hosts
/// before anything else.
pub fn comes_back(sections: &[(RecordId, SectionName)]) -> Vec<String> {
    const SHOWN: usize = 8;
    let mut sections: Vec<&(RecordId, SectionName)> = sections.iter().collect();
    sections.sort_by_key(|(_, name)| name.as_str() != Identity::NAME);
    let line = |(id, name): &&(RecordId, SectionName)| {
        format!("{name} of record {} comes back: one copy withholds it, but another has it", short(id))
    };
    let mut lines: Vec<String> = sections.iter().take(SHOWN).map(line).collect();
    if sections.len() > SHOWN {
        lines.push(format!("{} come back", count((sections.len() - SHOWN) as u64, "more withheld section")));
    }
    lines
}

/// Warns of seals that name what a copy leaves out: whoever trusts their keys will not take it.
pub fn unsealed(seals: &[BrokenSeal]) -> Vec<String> {
    const SHOWN: usize = 8;
    let line = |seal: &BrokenSeal| {
        let (who, on) = (calling_itself(&seal.key, seal.name.as_deref()), moment(seal.created));
        let objects = count(seal.left_out as u64, "object");
        format!(
            "the seal of {on} by {who} lists {objects} that the copy leaves out: whoever trusts that key will refuse it"
        )
    };
    let mut lines: Vec<String> = seals.iter().take(SHOWN).map(line).collect();
    if seals.len() > SHOWN {
        let more = count((seals.len() - SHOWN) as u64, "more seal");
        lines.push(format!("{more} of other keys list what the copy leaves out"));
    }
    lines
}

/// The same of a copy of a bundle.
pub fn unsealed_in(intact: &Intact, copy: &Bundle) -> Vec<String> {
    unsealed(&seals_broken(intact.statements(), intact.bundle(), copy))
}

/// Sentences that a person should know, each as a note of its own.
pub fn as_notes(sentences: &[String]) -> String {
    sentences.iter().map(|sentence| note(sentence)).collect()
}

fn note(line: &str) -> String {
    format!("{} {line}\n", paint(Tone::Doubt, "note:"))
}

/// How each file stands to the records that name it.
pub fn files(plan: &Plan) -> String {
    const SHOWN: usize = 5;
    let covered = plan.files.iter().filter(|file| file.state == FileState::Covered);
    let mut text = String::new();
    for file in covered.clone().take(SHOWN) {
        text += &format!("{} {}\n", paint(Tone::Good, "covered"), cell(&file.path));
    }
    let more = covered.count().saturating_sub(SHOWN);
    if more > 0 {
        text += &format!("{} {}\n", paint(Tone::Good, "covered"), count(more as u64, "more file"));
    }
    for file in &plan.files {
        let (tone, word) = match file.state {
            FileState::Pointer => (Tone::Doubt, "pointer"),
            FileState::Changed => (Tone::Bad, "changed"),
            FileState::Missing => (Tone::Bad, "missing"),
            FileState::Unreadable => (Tone::Bad, "unreadable"),
            FileState::Covered | FileState::Uncovered => continue,
        };
        text += &format!("{} {}\n", paint(tone, word), cell(&file.path));
    }
    text
}

/// What a person should know of a plan, a sentence each.
pub fn notes(plan: &Plan) -> Vec<String> {
    plan.notes.iter().cloned().chain(comes_back(&plan.returning)).collect()
}

/// What somebody should read before agreeing to a plan: what was said against its records, notes,
/// and the changes as a diff.
pub fn words(plan: &Plan) -> String {
    let objected = plan.objected.iter().map(|one| {
        let title = if one.is_here { objections::title(one.title.as_deref()) } else { objections::ABSENT.to_owned() };
        (one.id, title, one.objections.as_slice())
    });
    let mut text = objections::lines(objected);
    for note in notes(plan) {
        text += &self::note(&one_line(&note));
    }
    if !plan.changes.is_empty() {
        text += &format!("\n{}\n", coloured(&plan.diff()));
    }
    text
}

/// A unified diff, its lines in colours.
fn coloured(diff: &str) -> String {
    let paint_line = |line: &str| match line.as_bytes().first() {
        Some(b'+') => paint(Tone::Good, line),
        Some(b'-') => paint(Tone::Bad, line),
        _ => line.to_owned(),
    };
    printable(diff).lines().map(|line| paint_line(line) + "\n").collect()
}
