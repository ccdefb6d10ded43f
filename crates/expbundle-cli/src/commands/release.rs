//! `expbundle release`: sign a list of the counted files of a model folder.

use camino::Utf8PathBuf;
use expbundle_convert::{audit, declared};
use expbundle_directory::{Releasing, counted_bytes, plan_release};
use expbundle_statement::Release as Predicated;
use expbundle_words::conversion;

use super::attach::{Consent, carry_out};
use crate::keys::SigningArguments;
use crate::terminal::Progress;
use crate::{Outcome, files, keys, signers};

/// Release a model folder: list its counted files and sign the list
///
/// `verify` then finds any file that was changed, added, removed or renamed. After an intended
/// change, release again: the new release follows the last one, and the files that differ are
/// shown. Documentation such as `README.md` is not counted, so anyone can change it
/// (spec/directory.md). Symlinks and Git LFS pointers cannot be released.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  expbundle release ./model-dir --key ~/.ssh/id_ed25519 --title \"digits 1.1\"")]
pub struct Release {
    /// Model folder
    directory: Utf8PathBuf,
    #[command(flatten)]
    signing: SigningArguments,
    /// Title of the release, e.g. `digits 1.1`
    #[arg(long)]
    title: Option<String>,
    /// What changed, or why
    #[arg(long)]
    reason: Option<String>,
    /// Signers to trust: OpenSSH `allowed_signers` file, `.pub` or `.keys` file, or a public key;
    /// the release then follows only releases by them or by this key
    #[arg(long, value_name = "FILE")]
    trust: Option<Utf8PathBuf>,
    #[command(flatten)]
    consent: Consent,
}

impl Release {
    pub fn run(self, progress: Progress) -> Outcome {
        files::regular_or_folder(&self.directory, "read the folder")?;
        let policy = self.trust.as_deref().map(signers::read).transpose()?;
        let key = self.signing.key()?;
        let releasing = Releasing {
            signing: self.signing.by(&key),
            release: Predicated { title: self.title, reason: self.reason },
            policy: policy.as_ref(),
            at: keys::now(),
        };
        conversion::without_secrets(&audit::release(&releasing).places())?;
        let bar = progress.bytes(|| counted_bytes(&self.directory), "hashing");
        let mut plan = plan_release(&self.directory, &releasing, &|bytes| bar.inc(bytes))?;
        bar.finish_and_clear();
        declared::add_notes_on_secrets(&mut plan.notes, &self.directory);
        carry_out(plan, &self.consent)
    }
}
