//! `expbundle verify`: what is proven, what is only claimed, what is absent, who signed.

use camino::Utf8PathBuf;
use clap::ValueEnum;
use expbundle::judge::State;
use expbundle::report::Question;
use expbundle::verify::Digests;
use expbundle_directory::is_not_counted;
use expbundle_directory::{AuditError, audit};
use expbundle_format::limits::Limits;
use expbundle_words::Failure;

use crate::terminal::{self, Progress};
use crate::{Outcome, exit, files, keys};

/// Check a bundle, or a model directory that carries one
///
/// Recomputes every name, digest and signature; without a network, and without the tools that made the bundle. A model directory is
/// judged by its files: each must be covered by a signature, of a trusted key if `--trust` is given.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit status: 0 the required state holds · 1 verification failed · 2 no answer: usage, I/O error or beyond the limits · \
    3 intact, not signed or trusted as asked\n\n\
    Examples:\n  expbundle verify ./model --trust signers\n  \
    expbundle verify run.expb --require signed"
)]
pub struct Verify {
    /// Bundle, or model directory
    path: Utf8PathBuf,
    /// Signers to trust, in OpenSSH `allowed_signers` form
    #[arg(long, value_name = "FILE")]
    trust: Option<Utf8PathBuf>,
    /// State that must hold [default: trusted with --trust, else intact]
    #[arg(long, value_name = "STATE")]
    require: Option<Required>,
    /// Judge keys as of this time (RFC 3339) [default: now]
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Digests to recompute
    #[arg(long, value_name = "WHICH", default_value = "blake3")]
    digests: WhichDigests,
    /// Take in so many times what every reader takes
    ///
    /// A bundle beyond the limits of this reader is refused without an answer: it may be intact. More takes more memory.
    #[arg(long, value_name = "FACTOR", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
    limits: u32,
    /// Write the report as JSON (schemas/report.schema.json)
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Required {
    /// Nothing was changed
    Intact,
    /// And each record, or each file of a directory, has a signature
    Signed,
    /// And by a signer whom the signers file trusts
    Trusted,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum WhichDigests {
    /// BLAKE3, which is identity
    Blake3,
    /// SHA-256 too
    All,
}

impl Verify {
    pub fn run(self, progress: Progress) -> Outcome {
        let required = match (self.require, &self.trust) {
            (Some(Required::Intact), _) | (None, None) => State::Intact,
            (Some(Required::Signed), _) => State::Signed,
            (Some(Required::Trusted), _) | (None, Some(_)) => State::Trusted,
        };
        files::regular_or_folder(&self.path, "read the bundle")?;
        let policy = self.trust.as_deref().map(keys::signers).transpose()?;
        let at = keys::moment(self.at.as_deref())?;
        let digests = match self.digests {
            WhichDigests::Blake3 => Digests::Blake3,
            WhichDigests::All => Digests::All,
        };
        let bar = progress.bytes(size_of(&self.path), "hashing");
        let question = Question { policy: policy.as_ref(), required, at, digests, limits: Limits::times(self.limits) };
        let report = audit(&self.path, question, &|bytes| bar.inc(bytes)).map_err(|error| match &error {
            AuditError::Read { path, source } => Failure::io("read the bundle", path, source),
            AuditError::Directory(_) => {
                Failure::new("cli.io", error.to_string()).because(&error).help("check the folder and its permissions")
            }
        })?;
        bar.finish_and_clear();
        if self.json {
            terminal::say_json(&report);
        } else {
            terminal::say(&expbundle_words::verdict::words(&report));
        }
        Ok(exit::of(report.state, required))
    }
}

/// Bytes of all files of a folder, for the progress bar alone.
fn size_of(folder: &camino::Utf8Path) -> u64 {
    expbundle::hash::list_files(folder, &is_not_counted)
        .map_or(0, |(files, _)| files.iter().map(|file| file.size).sum())
}
