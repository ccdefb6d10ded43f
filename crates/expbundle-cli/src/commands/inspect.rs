//! `expbundle inspect`: what a stranger would learn, before it is shared.

use camino::Utf8PathBuf;
use expbundle_convert::exposure::Search;

use crate::{Outcome, exit, files, terminal};

/// Show what a stranger would learn from a bundle: people, machines, paths, secrets
///
/// Searches every section, statement, name and embedded file, and the files of a model folder.
/// Names of people and machines are found if the `identity.json` of one of the bundles lists them;
/// addresses, paths and secrets are found by their form. A name that is not listed, such as one
/// that occurs only in prose, is not found.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit status: 0 shown · 1 the bundle is broken · 2 usage or I/O error, or beyond the limits · 3 with --private: something private was found\n\n\
    Examples:\n  expbundle inspect run.expb\n  \
    expbundle inspect --private shared.expb --names-of run.expb"
)]
pub struct Inspect {
    /// Bundles, model folders, or folders of bundles
    #[arg(value_name = "BUNDLE", default_value = ".", value_parser = files::path)]
    paths: Vec<Utf8PathBuf>,
    /// Exit with status 3 if anything private is found
    #[arg(long)]
    private: bool,
    /// Also search for the names that this bundle lists, e.g. the original before sections were
    /// withheld
    #[arg(long, value_name = "BUNDLE", value_parser = files::path)]
    names_of: Vec<Utf8PathBuf>,
    /// Write JSON (schemas/inspect.schema.json)
    #[arg(long)]
    json: bool,
}

impl Inspect {
    pub fn run(self) -> Outcome {
        let mut bundles = Vec::new();
        let (paths, names_of) = (files::places(&self.paths), files::places(&self.names_of));
        for path in paths.iter().chain(&names_of) {
            bundles.push(files::intact(path)?);
        }
        let mut search = Search::new(&bundles)?;
        for (path, bundle) in paths.iter().zip(&bundles) {
            search.bundle(bundle)?;
            if path.is_dir() {
                search.folder(path)?;
            }
        }
        let exposure = search.finish();
        if self.json {
            terminal::say_json(&exposure);
        } else {
            terminal::say(&expbundle_words::exposure::words(&exposure, &paths));
        }
        let is_clean = exposure.private.is_empty() && exposure.packed.is_empty();
        Ok(if self.private && !is_clean { exit::NOT_AS_ASKED } else { exit::OK })
    }
}
