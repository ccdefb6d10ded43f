//! `expbundle verify`: what is proven, what is only claimed, what is absent, who signed.

use std::io::IsTerminal as _;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use clap::ValueEnum;
use expbundle::judge::State;
use expbundle::report::{Places, Question, Report};
use expbundle::verify::Digests;
use expbundle_directory::{audit, audit_content, counted_bytes};
use expbundle_format::limits::Limits;
use expbundle_format::time::Time;
use expbundle_words::verdict::{self, Several};
use expbundle_words::{Failure, one_line};
use rayon::prelude::*;

use crate::terminal::{self, Progress};
use crate::{Outcome, exit, files, keys, signers};

/// Check bundles, and model folders with one
///
/// Recomputes every name, digest and signature. Needs no network, and none of the tools that made
/// the bundle. In a model folder, every counted file must be covered by a signature; with
/// `--trust`, by that of a trusted key. Of several paths, those that fail are reported in full,
/// and each gets a line; objections in one bundle to a record in another are shown.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit status: 0 the required state holds · 1 verification failed · 2 no answer: usage, I/O error or beyond the limits · \
    3 intact, but not signed or trusted as required, or somebody objects\n\n\
    Examples:\n  expbundle verify ./model --trust signers --no-objections\n  \
    expbundle verify bundles/ other.expb --require signed\n  \
    expbundle verify hf:org/model --trust ada.pub --no-objections"
)]
pub struct Verify {
    /// Bundles, model folders, folders of bundles, or models in the Hub's local cache; `-`:
    /// standard input
    #[arg(value_name = "PATH", default_value = ".", value_parser = files::path)]
    paths: Vec<Utf8PathBuf>,
    /// Signers to trust: OpenSSH `allowed_signers` file, `.pub` or `.keys` file, or a public key
    #[arg(long, value_name = "FILE")]
    trust: Option<Utf8PathBuf>,
    /// Required state [default: trusted with --trust, else intact]
    #[arg(long, value_name = "STATE")]
    require: Option<Required>,
    /// Fail if a signer (with `--trust`, a trusted one) objects to a record, an ancestor or this release
    ///
    /// Objections count whatever their dates, also after `--at`. Missing information fails too: all
    /// parents must be present and, with `--trust`, signed by a trusted key, and no statement may be
    /// dated after its key was trusted.
    #[arg(long)]
    no_objections: bool,
    /// Judge keys as of this day or time [default: now]
    #[arg(long, value_name = "TIME", value_parser = keys::day_or_moment)]
    at: Option<Time>,
    /// Digests to recompute
    #[arg(long, value_name = "WHICH", default_value = "blake3")]
    digests: WhichDigests,
    /// Multiply the reader's limits by FACTOR, 1 to 64
    ///
    /// A bundle beyond the limits is refused without a verdict: it may be intact. Higher limits
    /// need more memory.
    #[arg(long, value_name = "FACTOR", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
    limits: u32,
    /// Write the report as JSON (schemas/report.schema.json); of several, an array of reports
    #[arg(long)]
    json: bool,
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
        if self.trust.is_none() && required == State::Trusted {
            terminal::talk("note: without `--trust` nobody is trusted, so `--require trusted` cannot hold\n");
        }
        let policy = self.trust.as_deref().map(signers::read).transpose()?;
        let at = self.at.unwrap_or_else(keys::now);
        let digests = match self.digests {
            WhichDigests::Blake3 => Digests::Blake3,
            WhichDigests::All => Digests::All,
        };
        let question = Question { policy: policy.as_ref(), required, at, digests, limits: Limits::times(self.limits) };
        let report = |place: &Utf8Path, progress: &(dyn Fn(u64) + Sync)| {
            let report = report(place, question, progress)?;
            Ok(verdict::worded(if self.no_objections { report.unless_objected() } else { report }))
        };
        let places = files::places(&self.paths);
        if places == self.paths
            && let [place] = places.as_slice()
        {
            let bar = progress.bytes(|| counted_bytes(place), "hashing");
            let report = report(place, &|bytes| bar.inc(bytes))?;
            bar.finish_and_clear();
            if self.json {
                terminal::say_json(&report);
            } else {
                terminal::say(&verdict::words(&report));
                if policy.is_none() && !report.statements.is_empty() {
                    offer_signers();
                }
            }
            return Ok(exit::of_report(&report));
        }
        let bar = progress.items(places.len() as u64, "verifying");
        let (mut across, mut several, mut items, mut exits) = (Places::default(), Several::default(), 0, Vec::new());
        for places in places.chunks(AT_ONCE) {
            let reports: Vec<_> = places.par_iter().map(|place| report(place, &|_| ())).collect();
            bar.inc(places.len() as u64);
            for (place, answer) in places.iter().zip(reports) {
                let answer = answer.map(|report| across.with(report));
                exits.push(answer.as_ref().map_or_else(exit::of_failure, exit::of_report));
                let (report, details) = match answer {
                    Ok(report) => {
                        let details = several.add(&report);
                        (report, details)
                    }
                    Err(failure) => {
                        terminal::print(&failure);
                        let report = verdict::unanswered(place.as_str(), &failure, question);
                        several.count(&report);
                        (report, String::new())
                    }
                };
                if self.json {
                    terminal::say_json_item(&report, items);
                    items += 1;
                } else {
                    terminal::say(&details);
                }
            }
        }
        if self.json {
            terminal::say_json_end(items);
        } else {
            terminal::say(&several.end());
        }
        Ok(exit::worst(exits))
    }
}

/// How many paths are verified before their answers are shown, which come in the order of the
/// paths.
const AT_ONCE: usize = 64;

/// Offers the signers file that git is set up with, to a person who named none.
fn offer_signers() {
    if !std::io::stderr().is_terminal() {
        return;
    }
    // Only what the person set up: a folder that is verified may be anybody's.
    let asked =
        Command::new("git").args(["config", "--global", "--type=path", "--get", "gpg.ssh.allowedSignersFile"]).output();
    let path =
        asked.ok().filter(|answer| answer.status.success()).and_then(|answer| String::from_utf8(answer.stdout).ok());
    if let Some(path) = path.as_deref().map(str::trim).filter(|path| Utf8Path::new(path).is_file()) {
        terminal::talk(&format!(
            "to check the signers against the file that git uses, add `--trust {}`\n",
            one_line(path)
        ));
    }
}

/// Verifies what is at a path.
fn report(path: &Utf8Path, question: Question<'_>, progress: &(dyn Fn(u64) + Sync)) -> Result<Report, Failure> {
    let report = if path == files::STREAM {
        audit_content(path, files::stdin()?, question)
    } else {
        files::regular_or_folder(path, "read the bundle")?;
        audit(path, question, progress)
    };
    report.map_err(|error| Failure::from(&error))
}
