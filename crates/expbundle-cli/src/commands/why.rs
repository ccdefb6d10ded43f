//! `expbundle why`: where a file comes from, in one paragraph.

use camino::Utf8PathBuf;
use expbundle_query::{Scope, WhyReport};

use crate::relations::{self, Around};
use crate::{Outcome, files, terminal};

/// Explain where a file comes from: which experiment made it, from what, who approved it, and where
/// it is in use
///
/// The bundle is looked for in the folder of the file, unless `--with` names others.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit status: that of `verify` for the records in the answer: 0 the required state holds · 1 something is broken, or no \
    record is known to have made the file and no --trust was given · 2 no answer: usage, I/O error or beyond the limits · 3 with --trust, not trusted, or somebody objects and --no-objections was given\n\n\
    Examples:\n  expbundle why model.safetensors\n  expbundle why model.safetensors --with ./bundles --trust signers --no-objections"
)]
pub struct Why {
    /// File to explain; or a bundle or model folder, to explain the records that no other record
    /// derives from
    #[arg(default_value = ".", value_parser = files::path)]
    file: Utf8PathBuf,
    #[command(flatten)]
    around: Around,
    /// Write JSON (schemas/why.schema.json)
    #[arg(long)]
    json: bool,
}

impl Why {
    pub fn run(self) -> Outcome {
        let relations = relations::of(files::source(&self.file)?, &self.around, None, Scope::Ancestors)?;
        let family = relations.family(&relations.start);
        let status = relations::conclude(&relations, family);
        let status = self.around.status(&relations, &relations.start, status);
        if self.json {
            terminal::say_json(&WhyReport::of(&relations));
            return Ok(status);
        }
        terminal::say(&expbundle_words::why::words(&relations));
        Ok(status)
    }
}
