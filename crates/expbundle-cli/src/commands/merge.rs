//! `expbundle merge`: set union of bundles.

use camino::Utf8PathBuf;
use expbundle::Bundle;

use crate::failure::Failure;
use crate::{Outcome, exit, files, terminal};

/// Join bundles into one that holds the records and statements of all
///
/// Merging is set union: the order of the bundles does not matter, and merging twice changes nothing, down to the byte.
/// Each bundle is verified first; one that is not intact is refused.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  expbundle merge team-a.expb team-b.expb -o family.expb")]
pub struct Merge {
    /// Bundles, or model directories that carry one
    #[arg(required = true, value_name = "BUNDLE")]
    bundles: Vec<Utf8PathBuf>,
    /// Where the result goes
    #[arg(short, long, value_name = "FILE")]
    out: Utf8PathBuf,
}

impl Merge {
    pub fn run(self) -> Outcome {
        let mut merged = Bundle::new();
        for path in &self.bundles {
            merged.merge(files::intact(path)?.bundle());
        }
        files::save(&merged, &self.out)?;
        let (records, statements) = (merged.records().count() as u64, merged.statements().count() as u64);
        terminal::talk(&format!(
            "{}: {}, {}\n",
            self.out,
            terminal::count(records, "record"),
            terminal::count(statements, "statement")
        ));
        Ok(exit::OK)
    }
}

impl From<expbundle::draft::DraftError> for Failure {
    fn from(error: expbundle::draft::DraftError) -> Self {
        Self::new("cli.write", "the bundle cannot be made").because(&error)
    }
}
