//! `expbundle inspect`: what a stranger would learn, before it is shared.

use camino::{Utf8Path, Utf8PathBuf};
use expbundle_convert::exposure::Search;
use expbundle_directory::BUNDLE_NAME;
use expbundle_words::Failure;

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
    /// Bundles, or model folders with one
    #[arg(value_name = "BUNDLE", default_value = ".", value_parser = files::path)]
    paths: Vec<Utf8PathBuf>,
    /// Exit with status 3 if anything private is found
    #[arg(long)]
    private: bool,
    /// Also search for the names that this bundle lists, e.g. the original before sections were
    /// withheld
    #[arg(long, value_name = "BUNDLE")]
    names_of: Vec<Utf8PathBuf>,
    /// Write JSON (schemas/inspect.schema.json)
    #[arg(long)]
    json: bool,
}

/// The largest file of a folder that is looked into, in bytes. Weights are not text.
const MOST_BYTES: u64 = 16 << 20;
impl Inspect {
    pub fn run(self) -> Outcome {
        let mut bundles = Vec::new();
        for path in self.paths.iter().chain(&self.names_of) {
            bundles.push(files::intact(path)?);
        }
        let mut search = Search::new(&bundles)?;
        for (path, bundle) in self.paths.iter().zip(&bundles) {
            search.bundle(bundle)?;
            if path.is_dir() {
                look_at_files(&mut search, path)?;
            }
        }
        let exposure = search.finish();
        if self.json {
            terminal::say_json(&exposure);
        } else {
            terminal::say(&expbundle_words::exposure::words(&exposure, &self.paths));
        }
        let is_clean = exposure.private.is_empty() && exposure.packed.is_empty();
        Ok(if self.private && !is_clean { exit::NOT_AS_ASKED } else { exit::OK })
    }
}

/// The files beside the bundle are shared with it.
fn look_at_files(search: &mut Search, folder: &Utf8Path) -> Result<(), Failure> {
    let (listed, _) = expbundle::hash::list_files(folder, &|_, _| false).map_err(|error| Failure::from(&error))?;
    for file in listed {
        let on_disk = file.on_disk(folder);
        let path = on_disk.strip_prefix(folder).unwrap_or(&on_disk).to_owned();
        if path == BUNDLE_NAME {
            continue;
        }
        let is_small = file.size <= MOST_BYTES;
        let bytes = is_small.then(|| std::fs::read(&on_disk)).transpose();
        let bytes = bytes.map_err(|error| Failure::io("read the file", &on_disk, &error))?;
        search.folder_file(path.as_str(), bytes.as_deref());
    }
    Ok(())
}
