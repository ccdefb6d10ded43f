//! `expbundle completions`: tab completion for shells.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::Arguments;
use crate::{Outcome, exit, terminal};

/// Print the tab-completion script for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  expbundle completions bash > ~/.local/share/bash-completion/completions/expbundle")]
pub struct Completions {
    /// Shell
    shell: Shell,
}

impl Completions {
    #[expect(clippy::unnecessary_wraps, reason = "every command has an outcome")]
    pub fn run(self) -> Outcome {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut Arguments::command(), "expbundle", &mut text);
        terminal::say(&String::from_utf8_lossy(&text));
        Ok(exit::OK)
    }
}
