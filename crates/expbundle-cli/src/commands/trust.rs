//! `expbundle trust`: a signers file, line by line.

use std::io::Write as _;

use camino::{Utf8Path, Utf8PathBuf};
use clap::Subcommand;
use expbundle::output::Output;
use expbundle_run::is_public_keys;
use expbundle_statement::{TrustPolicy, Window};
use expbundle_words::{Failure, one_line};

use crate::{Outcome, exit, files, keys, signers, terminal};

/// Add people to a signers file, or list those in it
///
/// A signers file says whose signatures count: pass it to `--trust`. It is OpenSSH's
/// `allowed_signers`, so the file that git uses works too.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  expbundle trust add signers ada.pub --as ada@example.org\n  \
    expbundle trust add signers ben.keys --as ben@example.org --until 2027-01-01\n  \
    expbundle trust list signers")]
pub struct Trust {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Add a person's keys, to be trusted for statements
    Add {
        /// Signers file; it is made if it does not exist
        signers: Utf8PathBuf,
        /// `.pub` or `.keys` file, or a public key
        key: Utf8PathBuf,
        /// Name of the person, usually a mail address
        #[arg(long = "as", value_name = "NAME")]
        name: String,
        /// Trust the key from this day or time on
        #[arg(long, value_name = "TIME", value_parser = keys::day_or_moment)]
        from: Option<jiff::Timestamp>,
        /// Trust the key until this day or time
        #[arg(long, value_name = "TIME", value_parser = keys::day_or_moment)]
        until: Option<jiff::Timestamp>,
    },
    /// List who is trusted, with which key, and when
    List {
        /// Signers file, `.pub` or `.keys` file
        signers: Utf8PathBuf,
    },
}

impl Trust {
    pub fn run(self) -> Outcome {
        match self.action {
            Action::List { signers } => {
                let policy = signers::read(&signers)?;
                terminal::say(&expbundle_words::signers::list(&policy, keys::now().timestamp()));
            }
            Action::Add { signers, key, name, from, until } => {
                let window = Window { after: from, before: until };
                add(&signers, &signers::public_keys(&key)?, &name, window)?;
            }
        }
        Ok(exit::OK)
    }
}

/// Adds a line for each key that the file does not have under that name for that time.
fn add(path: &Utf8Path, keys: &TrustPolicy, name: &str, window: Window) -> Result<(), Failure> {
    // Somebody else who adds to it meanwhile is an error, not a lost line.
    let output = Output::added_to(path)?;
    if is_public_keys(path) {
        return Err(Failure::usage("the signers file is called like a file of public keys, or is a key")
            .at(path.as_str())
            .help("name the signers file first, then the key: `expbundle trust add signers ada.pub --as NAME`"));
    }
    let mut text = if path.exists() { files::read_text(path)? } else { String::new() };
    let there = if path.exists() { signers::read(path)? } else { TrustPolicy::default() };
    let lines = there
        .lines_to_add(keys, name, window)
        .map_err(|problem| Failure::usage(problem.to_string()).help(problem.help()).at(path.as_str()))?;
    for _ in lines.len()..keys.signers().len() {
        terminal::talk(&format!("unchanged: {path} has this key for {}\n", one_line(name)));
    }
    if lines.is_empty() {
        return Ok(());
    }
    if window != Window::default() && there.trusts_always(keys) {
        terminal::talk("note: another line trusts this key at any time, and lines only add trust; remove that line\n");
    }
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    let lines = lines.join("\n") + "\n";
    output.write(|file| file.write_all((text + &lines).as_bytes()))?;
    terminal::say(&lines);
    Ok(())
}
