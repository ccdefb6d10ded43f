//! `expbundle merge`: set union of bundles.

use camino::Utf8PathBuf;
use expbundle::output::Inputs;
use expbundle::verify::Digests;
use expbundle_query::{Kept, Merged, merge};
use expbundle_words::{Failure, count, findings, plan};

use crate::relations::find;
use crate::target::Target;
use crate::{Outcome, exit, files, keys, signers, terminal};

/// Merge bundles into one with the records and statements of all
///
/// Merging is set union: the order of the bundles does not matter, and merging twice changes
/// nothing, down to the byte. Each bundle is verified first; one that is not intact is refused.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  expbundle merge team-a.expb team-b.expb -o family.expb\n  \
    expbundle merge ./bundles --keep-going -o family.expb\n  \
    expbundle merge ./bundles --closure 6d0c0bf8 --thin -o ancestry.expb")]
pub struct Merge {
    /// Bundles, model folders, folders of bundles, or `-` for standard input
    #[arg(required = true, value_name = "BUNDLE", value_parser = files::path)]
    bundles: Vec<Utf8PathBuf>,
    /// Skip bundles that are not intact, and report them
    #[arg(long)]
    keep_going: bool,
    /// Keep only this record and its ancestors (id or first digits)
    #[arg(long, value_name = "ID")]
    closure: Option<String>,
    /// Keep the records and statements of ancestors, but not their sections
    #[arg(long)]
    thin: bool,
    /// Signers to trust: OpenSSH `allowed_signers` file, `.pub` or `.keys` file, or a public key;
    /// what unknown keys signed is still merged, but cannot make the merge fail
    #[arg(long, value_name = "FILE")]
    trust: Option<Utf8PathBuf>,
    /// File for the result; `-`: standard output
    #[arg(short, long, value_name = "FILE")]
    out: Utf8PathBuf,
    /// Overwrite an existing file, whatever it holds
    #[arg(long)]
    force: bool,
}

impl Merge {
    pub fn run(self, inputs: &Inputs) -> Outcome {
        let output = Target::new(&self.out, inputs.over(self.force))?;
        let mut family = expbundle_query::gather(find(&self.bundles)?, |bundle| bundle.check(Digests::Blake3));
        let refused = family.refused.len() as u64;
        if refused > 0 && !self.keep_going {
            return Err(Failure::from(&family.refused.swap_remove(0)));
        }
        family.refused.iter().for_each(|refused| terminal::print(&refused.into()));
        let policy = self.trust.as_deref().map(signers::read).transpose()?;
        let kept = Kept { closure: self.closure.as_deref(), thin: self.thin, ..Kept::default() };
        let members = family.members.into_iter().map(|(_, intact)| intact).collect();
        let merged = merge(members, kept, policy.as_ref(), keys::now().timestamp());
        let Merged { bundle, findings, against_by_trusted, unsealed, returning } = merged?;
        output.save(&bundle)?;
        terminal::talk(&plan::as_notes(&[plan::comes_back(&returning), plan::unsealed(&unsealed)].concat()));
        let worth: Vec<_> = findings.into_iter().filter(findings::is_worth).collect();
        terminal::talk(&findings::but_first(&against_by_trusted, &worth));
        let (records, statements) = (bundle.records().count() as u64, bundle.statements().count() as u64);
        let left_out = if refused > 0 { format!("; {} left out", count(refused, "bundle")) } else { String::new() };
        terminal::talk(&format!(
            "{}: {}, {}{left_out}\n",
            self.out,
            count(records, "record"),
            count(statements, "statement")
        ));
        Ok(if refused > 0 { exit::FAILED } else { exit::OK })
    }
}
