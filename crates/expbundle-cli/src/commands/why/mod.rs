//! `expbundle why`: where a file comes from, in one paragraph.

use std::collections::BTreeSet;

use camino::Utf8PathBuf;
use expbundle_format::{ArtifactDigests, RecordId};
use expbundle_query::{HowMade, Relations, Scope, WhyReport};

use crate::objections;
use crate::relations::{self, Asked};
use crate::statements::short;
use crate::terminal::{self, Tone, cell, count, paint, some_of};
use crate::{Outcome, exit};

mod said;
mod told;

use told::{record, some, told};

/// Say in one paragraph where a file comes from: which experiment made it, from what, who approved it, where it is in use
///
/// Its bundle is looked for in its folder, unless others are given by `--with`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit status: that of `verify` for the records that are told of: 0 the required state holds · 1 something is broken, or no \
    record here made the file and no --trust was given · 2 no answer: usage, I/O error or beyond the limits · 3 with --trust, not trusted\n\n\
    Examples:\n  expbundle why model.safetensors\n  expbundle why model.safetensors --with ./bundles --trust signers"
)]
pub struct Why {
    /// The file; or a bundle, whose last records are explained
    file: Utf8PathBuf,
    /// Bundles that may know it, or folders of them
    #[arg(long, value_name = "PATH")]
    with: Vec<Utf8PathBuf>,
    /// Signers to trust, in OpenSSH `allowed_signers` form: what is told of must be trusted then
    #[arg(long, value_name = "FILE")]
    trust: Option<Utf8PathBuf>,
    /// Judge keys as of this time (RFC 3339) [default: now]
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Write JSON (schemas/why.schema.json)
    #[arg(long)]
    json: bool,
}

/// How many of many are told of.
const SHOWN: usize = 10;

impl Why {
    pub fn run(self) -> Outcome {
        let relations = relations::of(&Asked {
            path: &self.file,
            with: &self.with,
            trust: self.trust.as_deref(),
            at: self.at.as_deref(),
            record: None,
            scope: Scope::Ancestors,
        })?;
        let family = relations.family(&relations.start);
        let is_unknown = family.is_empty() && relations.policy.is_none();
        let status = if is_unknown { exit::FAILED } else { relations::conclude(&relations, family) };
        if self.json {
            terminal::say_json(&WhyReport::of(&relations));
            return Ok(status);
        }
        let name = cell(self.file.file_name().unwrap_or(self.file.as_str()));
        let mut text = match &relations.file {
            Some(file) => opening(&relations, &name, &file.digests()),
            None if relations.start.is_empty() => paint(Tone::Bad, "No record here counts."),
            None => String::new(),
        };
        let elsewhere = against_elsewhere(&relations);
        if !elsewhere.is_empty() {
            text = format!("{}\n\n{text}", elsewhere.trim_start());
        }
        let start = relations.objected_first();
        let (first, folded) = start.split_at(start.len().min(SHOWN));
        for (index, id) in first.iter().enumerate() {
            if index > 0 {
                text += if relations.file.is_some() { " Or it " } else { "\n\n" };
            }
            text += relations.file.as_ref().map_or("", |_| came(relations.how_made(*id)));
            text += &told(&relations, *id);
        }
        if !folded.is_empty() {
            let separator = if relations.file.is_some() { " " } else { "\n\n" };
            let more = count(folded.len() as u64, "more record");
            text += &format!("{separator}And {more}; `expbundle lineage --json` has all.");
            text += &against_folded(&relations, first, folded);
        }
        let not_read = relations::not_read(&relations);
        if !not_read.is_empty() {
            text += &format!("\n{}", paint(Tone::Bad, not_read.trim_start_matches("; ")));
        }
        if let Some(apart) = objections::apart(&relations.verdict.standing.apart) {
            text += &format!("\n{}", paint(Tone::Doubt, &apart));
        }
        for line in terminal::wrapped(&text) {
            terminal::say(&format!("{line}\n"));
        }
        Ok(status)
    }
}

/// What was said against records that are not told of, and against their ancestors: each once, for thousands may share one.
fn against_folded(relations: &Relations, told: &[RecordId], folded: &[RecordId]) -> String {
    if relations.verdict.standing.against.is_empty() {
        return String::new();
    }
    let graph = relations.graph();
    let family = |of: &[RecordId]| {
        let mut family: Vec<RecordId> = of.iter().copied().chain(graph.possible_ancestors(of)).collect();
        family.extend(graph.absent_parents_of(&family));
        relations.by_weight(family)
    };
    let said: BTreeSet<RecordId> = family(told).into_iter().collect();
    let mut rest = family(folded);
    rest.retain(|id| !said.contains(id));
    let sentence = |id: &RecordId| {
        let words = objections::all(relations.against(*id));
        format!(" Of them or their ancestors {} was {}.", named_record(relations, *id), paint(Tone::Bad, &words))
    };
    rest.iter().map(sentence).collect()
}

/// What was said against records that are asked about and have no say.
fn against_elsewhere(relations: &Relations) -> String {
    let mut against = relations.without_say.clone();
    let others = relations.family(&relations.other_makers);
    against.extend(others.into_iter().filter(|id| !relations.start.contains(id)));
    let against = relations.by_weight(against);
    let sentence = |id: &RecordId| {
        let words = objections::all(relations.against(*id));
        let who = match relations.graph().record(*id) {
            Some(_) => format!("{}, which may be involved,", record(relations, *id)),
            None => format!("Record {} {}", short(id), objections::ELSEWHERE),
        };
        format!(" {who} was {}.", paint(Tone::Bad, &words))
    };
    against.iter().map(sentence).collect()
}

/// A record as [`record`] has it; of one that is not here only the id is known.
fn named_record(relations: &Relations, id: RecordId) -> String {
    match relations.graph().record(id) {
        Some(_) => record(relations, id),
        None => format!("{} {}", short(&id), objections::ABSENT),
    }
}

/// What is known of the file itself.
fn opening(relations: &Relations, name: &str, digests: &ArtifactDigests) -> String {
    let why = &relations.why;
    let digest: String = digests.to_string().chars().take(19).collect();
    let mut text = format!("{} ({digest}) ", paint(Tone::Strong, name));
    if !why.conflicting.is_empty() {
        let which: Vec<String> = why.conflicting.iter().map(short).collect();
        let which = some_of(&which, SHOWN, ", ");
        text += &paint(Tone::Bad, &format!("shares a digest with other bytes in {which}; do not trust it. It "));
    }
    match relations.start.as_slice() {
        [] => {
            text += &paint(
                Tone::Bad,
                if relations.policy.is_some() {
                    "was made by no record here that counts"
                } else {
                    "was made by no record here"
                },
            );
            if !why.takers.is_empty() {
                let takers = some(why.takers.iter(), why.takers.len(), |(id, _)| record(relations, *id));
                text += &format!("; it was an input of {}", takers.join(" and "));
            }
            text += ". Name more bundles by `--with`, or make a record of its origin with `expbundle convert huggingface` or \
                     `expbundle create`.";
        }
        [_] => {}
        several => {
            let records = count(several.len() as u64, "record");
            text += &format!("is, byte for byte, an output of {records}, as alternatives: it ");
        }
    }
    text
}

/// Where a record got the file.
fn came(how: HowMade) -> &'static str {
    match how {
        HowMade::Origin => "came from outside and is described by the origin record ",
        HowMade::Unknown => "was made or only passed on by ",
        HowMade::Possible => "was made or passed on by ",
        HowMade::Made => "was made by ",
    }
}
