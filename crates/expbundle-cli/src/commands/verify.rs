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

/// Check a bundle, or a model folder with one
///
/// Recomputes every name, digest and signature. Needs no network, and none of the tools that made
/// the bundle. In a model folder, every counted file must be covered by a signature; with
/// `--trust`, by that of a trusted key.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit status: 0 the required state holds · 1 verification failed · 2 no answer: usage, I/O error or beyond the limits · \
    3 intact, but not signed or trusted as required\n\n\
    Examples:\n  expbundle verify ./model --trust signers\n  \
    expbundle verify run.expb --require signed"
)]
pub struct Verify {
    /// Bundle, or model folder
    path: Utf8PathBuf,
    /// Signers to trust: a file in OpenSSH `allowed_signers` format
    #[arg(long, value_name = "FILE")]
    trust: Option<Utf8PathBuf>,
    /// Required state [default: trusted with --trust, else intact]
    #[arg(long, value_name = "STATE")]
    require: Option<Required>,
    /// Judge keys as of this time (RFC 3339) [default: now]
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Digests to recompute
    #[arg(long, value_name = "WHICH", default_value = "blake3")]
    digests: WhichDigests,
    /// Multiply the reader's limits by FACTOR, 1 to 64
    ///
    /// A bundle beyond the limits is refused without a verdict: it may be intact. Higher limits
    /// need more memory.
    #[arg(long, value_name = "FACTOR", default_value_t = 1, value_parser = factor)]
    limits: u32,
    /// Write the report as JSON (schemas/report.schema.json)
    #[arg(long)]
    json: bool,
}

/// What `--limits` takes.
fn factor(text: &str) -> Result<u32, String> {
    text.parse()
        .ok()
        .filter(|factor| (1..=64).contains(factor))
        .ok_or_else(|| "expected a number from 1 to 64".to_owned())
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Required {
    /// Nothing was changed
    Intact,
    /// Intact, and every record, or every counted file of a folder, has a signature
    Signed,
    /// Signed, by signers whom the signers file trusts
    Trusted,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum WhichDigests {
    /// BLAKE3, which ids are made of
    Blake3,
    /// BLAKE3 and SHA-256
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
