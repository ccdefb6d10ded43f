//! `expbundle man`: manual pages.

use camino::Utf8PathBuf;
use clap::CommandFactory as _;
use expbundle::output::{make_folders, write_page};

use super::Arguments;
use crate::{Outcome, exit, terminal};

/// Write the manual pages into a folder
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  expbundle man -o ~/.local/share/man/man1")]
pub struct Man {
    /// Folder for the pages; created if missing
    #[arg(short, long, value_name = "DIR")]
    out: Utf8PathBuf,
}

impl Man {
    pub fn run(self) -> Outcome {
        let _made = make_folders(&self.out)?;
        // Building the command tree gives the pages of subcommands their full names.
        let mut command = Arguments::command();
        command.build();
        let pages = command.get_subcommands().filter(|command| !command.is_hide_set()).chain([&command]);
        for command in pages {
            let page = clap_mangen::Man::new(command.clone());
            let mut text = Vec::new();
            page.render(&mut text)?;
            write_page(&self.out.join(page.get_filename()), &text)?;
        }
        terminal::talk(&format!("manual pages are in {}\n", self.out));
        Ok(exit::OK)
    }
}
