//! `expbundle show`: what was run, why, on what, with which results, at what cost, and who signed.
//! One screen; then sections.

use camino::{Utf8Path, Utf8PathBuf};
use expbundle_query::{Shown, chosen, heads};
use expbundle_statement::TrustPolicy;
use expbundle_words as words;

use crate::{Outcome, choice, exit, files, keys, signers, terminal, tracker};

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
    /// Bundle, model folder, folder of bundles, or a tracker's folder, file or server;
    /// `-`: standard input
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
    /// Signers to trust: OpenSSH `allowed_signers` file, `.pub` or `.keys` file, or a public key;
    /// what others signed is set apart
    #[arg(long, value_name = "FILE")]
    trust: Option<Utf8PathBuf>,
    /// Write JSON: one object with the record and its JSON sections (schemas/show.schema.json)
    #[arg(long)]
    json: bool,
}

impl Show {
    pub fn run(self) -> Outcome {
        let policy = self.trust.as_deref().map(signers::read).transpose()?;
        let places = files::places(std::slice::from_ref(&self.path));
        let is_of_one = self.json || self.section.is_some() || self.record.is_some();
        if places != [self.path.as_path()] && !is_of_one {
            return show_all(&self.path, &places, policy.as_ref());
        }
        let intact = tracker::intact(&self.path, self.run.as_deref(), policy.as_ref())?;
        let (at, record) = (keys::now().timestamp(), self.record.as_deref());
        let verdict = intact.judge(policy.as_ref(), at);
        if let Some(name) = &self.section {
            let id = choice::one_of(&intact, &verdict, record)?;
            terminal::talk(&words::records::objected(&intact, policy.as_ref(), id, at));
            return show_section(&intact, id, name, self.json);
        } else if self.json {
            let shown = Shown::of(&intact, &verdict, choice::one_of(&intact, &verdict, record)?);
            terminal::say_json(&shown.expect("the record was chosen among these"));
        } else {
            let ids = chosen(&intact, &verdict, record).map_err(|error| words::records::which(&intact, error))?;
            terminal::say(&words::show::words(&intact, &verdict, &ids));
        }
        Ok(exit::OK)
    }
}

/// Shows the records of the bundles of a folder, a line each: with what all of them say, for an
/// objection may stand in another one.
fn show_all(folder: &Utf8Path, places: &[Utf8PathBuf], policy: Option<&TrustPolicy>) -> Outcome {
    let (all, mut ids, at) = (tracker::joined(folder, policy)?, Vec::new(), keys::now().timestamp());
    let verdict = all.judge(policy, at);
    if places.len() == 1 {
        terminal::say(&words::show::words(&all, &verdict, &chosen(&all, &verdict, None)?));
        return Ok(exit::OK);
    }
    for place in places {
        let one = files::intact(place)?;
        ids.extend(heads(&one, &one.judge(policy, at))?);
    }
    terminal::say(&words::overview::words(&all, &verdict, &ids));
    Ok(exit::OK)
}
