//! `expbundle attach`: put a bundle beside the model that it is about.

use std::io::{IsTerminal as _, Write as _};

use camino::Utf8PathBuf;
use expbundle::Bundle;
use expbundle::directory::story::Story;
use expbundle::directory::{ApplyError, AttachError, AttachOptions, BUNDLE_NAME, FileState, Plan, plan_attach};
use expbundle::family::returning;
use expbundle::verify::Intact;
use expbundle_format::RecordId;
use expbundle_format::container::SectionName;
use expbundle_format::sections::{Identity, JsonSection as _};

use super::Manner;
use crate::failure::Failure;
use crate::statements::short;
use crate::terminal::{self, Tone, cell, count, one_line, paint, printable};
use crate::{Outcome, exit, files, tracker};

/// Put bundles beside the model that they are about, and say in its card what the record says
///
/// Finds the record's outputs among the files by their digests (Git LFS pointers by SHA-256), puts the bundle beside them as
/// `experiment.expb`, and adds to `.gitattributes` and to the front matter of the card. Shows the change and asks. Nothing
/// else is touched, and no licence is guessed; `expbundle detach` takes it back.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  expbundle attach ./model-dir run.expb --base-model team-a/digits-base")]
pub struct Attach {
    /// Model directory
    directory: Utf8PathBuf,
    /// Bundles; several are joined
    #[arg(required = true, value_name = "BUNDLE")]
    bundles: Vec<Utf8PathBuf>,
    /// Id at the Hub of a model that this one was made from, which a record knows by digest only
    #[arg(long, value_name = "OWNER/NAME")]
    base_model: Vec<String>,
    /// Put the bundles in the place of the one that is in the directory, instead of joining them with it
    ///
    /// Joining brings back what one copy withholds and the other has. Statements and records of the old bundle alone are dropped, and
    /// counted.
    #[arg(long)]
    replace: bool,
    /// Leave the model card alone
    #[arg(long)]
    keep_card: bool,
    /// Do it without asking
    #[arg(long, short)]
    yes: bool,
}

impl Attach {
    pub fn run(self, manner: Manner) -> Outcome {
        let mut bundle = Bundle::new();
        let mut copies = Vec::new();
        for path in &self.bundles {
            let copy = files::intact(path)?.bundle().clone();
            bundle.merge(&copy);
            copies.push(copy);
        }
        let path = self.directory.join(BUNDLE_NAME);
        let present = if path.is_file() { Some(files::intact(&path)?) } else { None };
        // Joined anew: a parent and its child may have come together, or what contradicts itself.
        let intact = tracker::checked(&bundle)?;
        if let Some(present) = present.as_ref().filter(|_| !self.replace) {
            bundle.merge(present.bundle());
            tracker::checked(&bundle)?;
            copies.push(present.bundle().clone());
        }
        let bar = manner.byte_progress(0, "hashing");
        let options = AttachOptions { base_models: self.base_model, keep_card: self.keep_card, replace: self.replace };
        let mut plan = plan_attach(
            &self.directory,
            &Story::of(&intact),
            present.as_ref().map(Intact::bundle),
            &options,
            &|bytes| bar.inc(bytes),
        )
        .map_err(|error| failure(&error))?;
        bar.finish_and_clear();
        let returning = returning(&copies);
        if !returning.is_empty() && present.is_some() && !self.replace {
            plan.notes.push("`--replace` takes the new copy alone, without what the old one has beyond it".to_owned());
        }
        plan.notes.extend(comes_back(&returning));
        for file in &plan.files {
            let (tone, word) = match file.state {
                FileState::Verified => (Tone::Good, "verified"),
                FileState::Pointer => (Tone::Doubt, "pointer"),
                FileState::Changed => (Tone::Bad, "changed"),
                FileState::Unknown => continue,
            };
            terminal::talk(&format!("{} {}\n", paint(tone, word), cell(&file.path)));
        }
        carry_out(plan, self.yes)
    }
}

/// Says which sections are there again because one copy has what another withholds: names and hosts before anything else.
pub fn comes_back(sections: &[(RecordId, SectionName)]) -> Vec<String> {
    const SHOWN: usize = 8;
    let mut sections: Vec<&(RecordId, SectionName)> = sections.iter().collect();
    sections.sort_by_key(|(_, name)| name.as_str() != Identity::NAME);
    let line = |(id, name): &&(RecordId, SectionName)| {
        format!("{name} of record {} comes back: one copy withholds it, and another has it", short(id))
    };
    let mut lines: Vec<String> = sections.iter().take(SHOWN).map(line).collect();
    if sections.len() > SHOWN {
        lines.push(format!("{} come back", count((sections.len() - SHOWN) as u64, "more withheld section")));
    }
    lines
}

/// Shows a plan, asks, and carries it out.
pub fn carry_out(plan: Plan, yes: bool) -> Outcome {
    for note in &plan.notes {
        terminal::talk(&format!("{} {}\n", paint(Tone::Doubt, "note:"), one_line(note)));
    }
    terminal::talk(&format!("\n{}\n", coloured(&plan.diff())));
    if !yes && !agreed()? {
        terminal::talk("nothing was changed\n");
        return Ok(exit::OK);
    }
    let folder = plan.folder.clone();
    plan.apply().map_err(|error| match &error {
        ApplyError::Changed { path } => {
            Failure::new("cli.io", error.to_string()).at(path.as_str()).help("run it again; nothing was changed")
        }
        ApplyError::Write { path, source } => Failure::io("write the file", path, source),
    })?;
    terminal::talk(&format!("{} {folder}\n", paint(Tone::Good, "done:")));
    Ok(exit::OK)
}

fn agreed() -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage("this changes files, and there is no one to ask")
            .help("look at the change above, then use `--yes`"));
    }
    terminal::talk("Make these changes? [y/N] ");
    std::io::stderr().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn coloured(diff: &str) -> String {
    let paint_line = |line: &str| match line.as_bytes().first() {
        Some(b'+') => paint(Tone::Good, line),
        Some(b'-') => paint(Tone::Bad, line),
        _ => line.to_owned(),
    };
    printable(diff).lines().map(|line| paint_line(line) + "\n").collect()
}

/// An error of attaching or detaching, with the place and the next step.
pub fn failure(error: &AttachError) -> Failure {
    let failure = Failure::new("cli.attach", error.to_string()).because(error);
    match error {
        AttachError::Read { path, source } => Failure::io("read the file", path, source),
        AttachError::Card { .. } => failure.help("mend the front matter of the card, or use `--keep-card`"),
        AttachError::NotAttached { .. } => failure.help("check the path"),
        AttachError::NotOurs { .. } | AttachError::Case { .. } => failure,
        AttachError::Hash(_) => failure.help("check the folder and its permissions"),
    }
}
