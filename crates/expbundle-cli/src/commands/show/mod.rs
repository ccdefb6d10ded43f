//! `expbundle show`: what was run, why, on what, with which results, at what cost, and who signed.
//! One screen; then sections.

use camino::Utf8PathBuf;
use expbundle_query::Shown;
use expbundle_words::Failure;

use crate::{Outcome, choice, exit, files, keys, terminal, tracker};

mod section;

use section::show_section;

/// Show a bundle, a model folder's bundle, or a run in a tracker's folder or file
///
/// Without SECTION: one screen with what was run, why, on what, the results, the cost and the
/// signers.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  expbundle show run.expb\n  expbundle show run.expb recipe\n  \
    expbundle show ./wandb/offline-run-20261123_095528-pjclsy9c metrics")]
pub struct Show {
    /// Bundle, model folder, or a tracker's folder or file; `-`: standard input
    #[arg(default_value = ".", value_parser = files::path)]
    path: Utf8PathBuf,
    /// Section to show, e.g. `recipe` or `metrics`
    section: Option<String>,
    /// Id of the record, or its first digits, if the bundle has several
    #[arg(long, value_name = "ID")]
    record: Option<String>,
    /// Id of the run, if the tracker's source has several
    #[arg(long, value_name = "ID")]
    run: Option<String>,
    /// Write JSON: one object with the record and its JSON sections (schemas/show.schema.json)
    #[arg(long)]
    json: bool,
}

impl Show {
    pub fn run(self) -> Outcome {
        let places = files::places(std::slice::from_ref(&self.path));
        if places != [self.path.as_path()] {
            return self.show_each(&places);
        }
        let intact = tracker::intact(&self.path, self.run.as_deref())?;
        let ids = choice::chosen(&intact, self.record.as_deref())?;
        if self.json || self.section.is_some() {
            let id = choice::one(&intact, self.record.as_deref())?;
            return if let Some(name) = &self.section {
                choice::warn(&intact, id);
                show_section(&intact, id, name, self.json)
            } else {
                let shown = Shown::of(&intact, id, keys::now().timestamp());
                terminal::say_json(&shown.expect("the record was chosen among these"));
                Ok(exit::OK)
            };
        }
        terminal::say(&expbundle_words::show::words(&intact, &ids, keys::now().timestamp()));
        Ok(exit::OK)
    }

    /// Shows each bundle of a folder, one after the other.
    fn show_each(&self, places: &[Utf8PathBuf]) -> Outcome {
        if self.json || self.section.is_some() || self.record.is_some() {
            let message = format!("`{}` has {} bundles", self.path, places.len());
            return Err(Failure::usage(message).help("name the one that is meant"));
        }
        for (position, place) in places.iter().enumerate() {
            let intact = files::intact(place)?;
            let ids = choice::chosen(&intact, None)?;
            let words = expbundle_words::show::words(&intact, &ids, keys::now().timestamp());
            terminal::say(&format!("{}{words}", if position == 0 { "" } else { "\n" }));
        }
        Ok(exit::OK)
    }
}
