//! `expbundle show`: what was run, why, on what, with which results, at what cost, and who signed.
//! One screen; then sections.

use camino::{Utf8Path, Utf8PathBuf};
use expbundle_query::Shown;
use expbundle_words as words;

use crate::{Outcome, choice, exit, files, keys, terminal, tracker};

mod section;

use section::show_section;

/// Show a bundle, a model folder's bundle, or a run in a tracker's folder or file
///
/// Without SECTION: one screen with what was run, why, on what, the results, the cost and the
/// signers. A folder of several bundles is shown as a table, a line for each record.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  expbundle show run.expb\n  expbundle show run.expb recipe\n  \
    expbundle show ./wandb/offline-run-20261123_095528-pjclsy9c metrics")]
pub struct Show {
    /// Bundle, model folder, folder of bundles, or a tracker's folder or file; `-`: standard input
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
        let is_of_one = self.json || self.section.is_some() || self.record.is_some();
        if places != [self.path.as_path()] && !is_of_one {
            return show_all(&self.path, &places);
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
        terminal::say(&words::show::words(&intact, &ids, keys::now().timestamp()));
        Ok(exit::OK)
    }
}

/// Shows the records of the bundles of a folder, a line each: with what all of them say, for an
/// objection may stand in another one.
fn show_all(folder: &Utf8Path, places: &[Utf8PathBuf]) -> Outcome {
    let (all, mut ids) = (tracker::joined(folder, None)?, Vec::new());
    for place in places {
        ids.extend(choice::chosen(&files::intact(place)?, None)?);
    }
    let at = keys::now().timestamp();
    let one = places.len() == 1;
    terminal::say(&if one { words::show::words(&all, &ids, at) } else { words::overview::words(&all, &ids, at) });
    Ok(exit::OK)
}
