//! `expbundle withhold`: a copy without some sections, provably unaltered.

use camino::Utf8PathBuf;
use expbundle::output::{Inputs, Output};
use expbundle_format::container::SectionName;
use expbundle_format::sections;
use expbundle_query::is_called;
use expbundle_words::{Failure, findings};

use crate::{Outcome, exit, files, keys, terminal, tracker};

/// Make a copy that leaves sections out: same ids, same signatures
///
/// The record goes on listing what is left out, by digest, so nobody can put anything else in its place. If the record was made
/// with `--blind`, the digest tells nothing of the content; else a short section could be guessed at, and you are warned.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  expbundle withhold run.expb --section identity,cost,console -o shared.expb\n\n\
    `docs/guide/share-a-part.md` shows the whole way, with a key that names nobody.")]
pub struct Withhold {
    /// Bundle, or model directory that carries one
    bundle: Utf8PathBuf,
    /// Sections to leave out, of every record in it
    #[arg(long, value_name = "NAME,…", required = true, value_delimiter = ',')]
    section: Vec<String>,
    /// Signers to trust, in OpenSSH `allowed_signers` form: what unknown keys signed is copied too, but cannot stop the copy
    #[arg(long, value_name = "FILE")]
    trust: Option<Utf8PathBuf>,
    /// Where the copy goes
    #[arg(short, long, value_name = "FILE")]
    out: Utf8PathBuf,
    /// Write over a file that is there, whatever it holds
    #[arg(long)]
    force: bool,
}

impl Withhold {
    pub fn run(self, inputs: &Inputs) -> Outcome {
        // The whole bundle may be the only one that there is.
        let output = Output::new(&self.out, inputs.over(self.force))?;
        let intact = files::intact(&self.bundle)?;
        let listed: std::collections::BTreeSet<&SectionName> =
            intact.records().values().flat_map(|record| record.body().sections.keys()).collect();
        let mut names = Vec::new();
        for wanted in &self.section {
            match listed.iter().find(|name| is_called(name, wanted)) {
                Some(name) => names.push((*name).clone()),
                None if is_known(wanted) => {}
                // A typing error must not share what was to be kept back.
                None => {
                    let known: Vec<&str> = listed.iter().map(|name| name.as_str()).collect();
                    let message = format!("no record here has a section `{wanted}`; there are: {}", known.join(", "));
                    return Err(Failure::usage(message));
                }
            }
        }
        let (bundle, found) = intact.withhold(&names);
        // A seal is broken by what is left out, and then nobody would take the copy.
        let policy = self.trust.as_deref().map(keys::signers).transpose()?;
        tracker::checked(&bundle, policy.as_ref())?;
        output.save(&bundle)?;
        terminal::talk(&findings::all(&found));
        let names: Vec<&str> = names.iter().map(SectionName::as_str).collect();
        terminal::talk(&format!("{}: without {}\n", self.out, names.join(", ")));
        Ok(exit::OK)
    }
}

/// Whether a record could have such a section: then there is nothing to leave out where it has none.
fn is_known(wanted: &str) -> bool {
    let parquet = [sections::METRICS, sections::TELEMETRY, sections::CONSOLE];
    let names = sections::schemas().into_iter().map(|(name, _)| name).chain(parquet);
    names.into_iter().any(|name| name == wanted || name.split('.').next() == Some(wanted))
}
