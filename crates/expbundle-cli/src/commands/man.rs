//! `expbundle man`: manual pages.

use camino::Utf8PathBuf;
use clap::CommandFactory as _;

use super::Arguments;
use crate::failure::Failure;
use crate::{Outcome, exit, terminal};

/// Write the manual pages into a folder
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  expbundle man -o ~/.local/share/man/man1")]
pub struct Man {
    /// Folder for the pages; made if it is not there
    #[arg(short, long, value_name = "DIR")]
    out: Utf8PathBuf,
}

impl Man {
    pub fn run(self) -> Outcome {
        std::fs::create_dir_all(&self.out).map_err(|error| Failure::io("make the folder", &self.out, &error))?;
        // Building the command tree gives the pages of subcommands their full names.
        let mut command = Arguments::command();
        command.build();
        clap_mangen::generate_to(command, &self.out)
            .map_err(|error| Failure::io("write the manual pages", &self.out, &error))?;
        terminal::talk(&format!("manual pages are in {}\n", self.out));
        Ok(exit::OK)
    }
}
