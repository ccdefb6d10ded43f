//! `expbundle trust`: a signers file, line by line.

use camino::Utf8PathBuf;
use clap::Subcommand;
use expbundle_format::time::Time;
use expbundle_query::Signers;
use expbundle_run::{add_signers, remove_signers};
use expbundle_statement::Window;
use expbundle_words::signers as words;

use crate::{Outcome, exit, keys, signers, terminal};

/// Add people to a signers file, remove them, or list those in it
///
/// A signers file says whose signatures count: pass it to `--trust`. It is OpenSSH's
/// `allowed_signers`, so the file that git uses works too.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  expbundle trust add signers ada.pub --as ada@example.org\n  \
    expbundle trust add signers ben.keys --as ben@example.org --until 2027-01-01\n  \
    expbundle trust remove signers ben@example.org\n  expbundle trust list signers")]
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
        /// Trust the key from this day or time on; a day begins at 00:00 UTC
        #[arg(long, value_name = "TIME", value_parser = keys::day_or_moment)]
        from: Option<Time>,
        /// Trust the key until this day or time; a day means its beginning, 00:00 UTC
        #[arg(long, value_name = "TIME", value_parser = keys::day_or_moment)]
        until: Option<Time>,
    },
    /// Remove the lines of a person or a key
    Remove {
        /// Signers file
        signers: Utf8PathBuf,
        /// Name or fingerprint in the file, `.pub` or `.keys` file, or a public key
        who: String,
    },
    /// List who is trusted, with which key, and when
    List {
        /// Signers file, `.pub` or `.keys` file
        signers: Utf8PathBuf,
        /// Write JSON (schemas/signers.schema.json)
        #[arg(long)]
        json: bool,
    },
}

impl Trust {
    pub fn run(self) -> Outcome {
        match self.action {
            Action::List { signers, json } => {
                let (policy, at) = (signers::read(&signers)?, keys::now().timestamp());
                if json {
                    terminal::say_json(&Signers::of(&policy, at));
                } else {
                    terminal::say(&words::list(&policy, at));
                }
            }
            Action::Add { signers, key, name, from, until } => {
                let window = Window { after: from.map(Time::timestamp), before: until.map(Time::timestamp) };
                let keys = signers::public_keys(&key)?;
                let added =
                    add_signers(&signers, &keys, &name, window).map_err(|error| words::not_changed(&signers, error))?;
                terminal::talk(&words::added(&signers, &name, &added));
                added.lines.iter().for_each(|line| terminal::say(&format!("{line}\n")));
            }
            Action::Remove { signers, who } => {
                let removed = remove_signers(&signers, &who).map_err(|error| words::not_changed(&signers, error))?;
                terminal::say(&words::removed(&removed));
            }
        }
        Ok(exit::OK)
    }
}
