//! `expbundle log`: the statements of a bundle, latest first, as `git log` shows commits.

use camino::Utf8PathBuf;
use expbundle::report::statement_reports;
use expbundle_words::log::{Layout, words};

use crate::{Outcome, exit, files, keys, signers, terminal, tracker};

/// Show the statements about the records of a bundle, latest first
///
/// Objections to a record come first: revocations, rejections, reviews that ask for changes, and
/// supersessions.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  expbundle log run.expb --trust signers")]
pub struct Log {
    /// Bundle, model folder, or folder of bundles; `-`: standard input
    #[arg(default_value = ".", value_parser = files::path)]
    path: Utf8PathBuf,
    /// Signers to trust: OpenSSH `allowed_signers` file, `.pub` or `.keys` file, or a public key
    #[arg(long, value_name = "FILE")]
    trust: Option<Utf8PathBuf>,
    /// Draw a graph of which statement follows which
    #[arg(long, conflicts_with = "json")]
    graph: bool,
    /// Write JSON: an array of statements as in `schemas/report.schema.json`
    #[arg(long)]
    json: bool,
}

impl Log {
    pub fn run(self) -> Outcome {
        let policy = self.trust.as_deref().map(signers::read).transpose()?;
        let intact = tracker::joined(&self.path, policy.as_ref())?;
        let verdict = intact.judge(policy.as_ref(), keys::now().timestamp());
        let mut reports = statement_reports(&intact, &verdict);
        reports.reverse();
        if self.json {
            terminal::say_json(&reports);
            return Ok(exit::OK);
        }
        if reports.is_empty() {
            terminal::talk("no statements yet; `expbundle sign` adds one\n");
        }
        let layout = if self.graph { Layout::Graph } else { Layout::List };
        terminal::say(&words(&intact, &verdict, &reports, layout));
        Ok(exit::OK)
    }
}
