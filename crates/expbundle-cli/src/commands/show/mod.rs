//! `expbundle show`: what was run, why, on what, with which results, at what cost, and who signed. One screen; then sections.

use std::fmt::Write as _;

use camino::Utf8PathBuf;
use expbundle::report::statement_reports;
use expbundle_query::Shown;

use crate::terminal::{self, count};
use crate::{Outcome, exit, keys, objections, statements, tracker};

mod screen;
mod section;

use screen::screen;
use section::show_section;

/// Show a bundle, a model directory's bundle, or a run in a tracker's folder or file
///
/// Without SECTION: what was run, why, on what, results, cost, who signed, on one screen.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  expbundle show run.expb\n  expbundle show run.expb recipe\n  \
    expbundle show ./wandb/offline-run-20261123_095528-pjclsy9c metrics")]
pub struct Show {
    /// Bundle, model directory, or a tracker's folder or file
    path: Utf8PathBuf,
    /// Section to show, like `recipe` or `metrics`
    section: Option<String>,
    /// Id of the record, or its beginning, where a bundle has several
    #[arg(long, value_name = "ID")]
    record: Option<String>,
    /// Run of a tracker's source that has several
    #[arg(long, value_name = "ID")]
    run: Option<String>,
    /// Write JSON: one object with the record and its JSON sections (schemas/show.schema.json)
    #[arg(long)]
    json: bool,
}

/// Lines shown of a list that may be long.
const SHOWN: usize = 12;
/// Lines shown of one text.
const MOST_LINES: usize = 1000;

impl Show {
    pub fn run(self) -> Outcome {
        let intact = tracker::intact(&self.path, self.run.as_deref())?;
        let ids = statements::chosen(&intact, self.record.as_deref())?;
        if self.json || self.section.is_some() {
            let id = statements::one(&intact, self.record.as_deref())?;
            return if let Some(name) = &self.section {
                objections::warn(&intact, id)?;
                show_section(&intact, id, name, self.json)
            } else {
                let shown = Shown::of(&intact, id, keys::moment(None)?.timestamp());
                terminal::say_json(&shown.expect("the record was chosen among these"));
                Ok(exit::OK)
            };
        }
        let verdict = intact.judge(None, keys::moment(None)?.timestamp());
        let statements = statement_reports(&intact, &verdict);
        let mut text = String::new();
        for id in ids.iter().take(SHOWN) {
            let against = verdict.standing.against.get(id).map(Vec::as_slice).unwrap_or_default();
            text += &screen(&intact, *id, against, &statements);
        }
        if ids.len() > SHOWN {
            _ = writeln!(text, "and {} more; `--record` chooses one", count((ids.len() - SHOWN) as u64, "record"));
        }
        terminal::say(&text);
        Ok(exit::OK)
    }
}
