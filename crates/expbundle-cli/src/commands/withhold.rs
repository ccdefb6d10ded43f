//! `expbundle withhold`: a copy without some sections, provably unaltered.

use camino::Utf8PathBuf;
use expbundle::output::Inputs;
use expbundle_format::container::SectionName;
use expbundle_query::sections_called;
use expbundle_words::{findings, plan};

use crate::target::Target;
use crate::{Outcome, exit, files, signers, terminal, tracker};

/// Make a copy without some sections, with the same ids and signatures
///
/// The record still lists the missing sections by digest, so nobody can substitute anything else.
/// If the record was made with `--blind`, the digest reveals nothing about the content; otherwise a
/// short section could be guessed, and a warning is shown.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  expbundle withhold run.expb --section identity,cost,console -o shared.expb\n\n\
    `docs/guide/share-a-part.md` walks through an example, with a pseudonymous key.")]
pub struct Withhold {
    /// Bundle, or model folder with one
    #[arg(value_parser = files::path)]
    bundle: Utf8PathBuf,
    /// Sections to leave out of every record
    #[arg(long, value_name = "NAME,…", required = true, value_delimiter = ',')]
    section: Vec<String>,
    /// Signers to trust: OpenSSH `allowed_signers` file, `.pub` or `.keys` file, or a public key;
    /// what unknown keys signed is still copied, but cannot make the copy fail
    #[arg(long, value_name = "FILE")]
    trust: Option<Utf8PathBuf>,
    /// File for the copy; `-`: standard output
    #[arg(short, long, value_name = "FILE")]
    out: Utf8PathBuf,
    /// Overwrite an existing file, whatever it holds
    #[arg(long)]
    force: bool,
}

impl Withhold {
    pub fn run(self, inputs: &Inputs) -> Outcome {
        // The whole bundle may be the only one that there is.
        let output = Target::new(&self.out, inputs.over(self.force))?;
        let intact = files::intact(&self.bundle)?;
        let names = sections_called(&intact, &self.section)?;
        let (bundle, found) = intact.withhold(&names);
        // A seal is broken by what is left out, and then nobody would take the copy.
        let policy = self.trust.as_deref().map(signers::read).transpose()?;
        tracker::checked(&bundle, policy.as_ref())?;
        output.save(&bundle)?;
        terminal::talk(&(findings::all(&found) + &plan::as_notes(&plan::unsealed_in(&intact, &bundle))));
        let names: Vec<&str> = names.iter().map(SectionName::as_str).collect();
        terminal::talk(&format!("{}: without {}\n", self.out, names.join(", ")));
        Ok(exit::OK)
    }
}
