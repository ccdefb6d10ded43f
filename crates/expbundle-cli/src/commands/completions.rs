//! `expbundle completions`: tab completion for shells.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::Arguments;
use crate::{exit, terminal};

/// Print tab completion for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  expbundle completions bash > ~/.local/share/bash-completion/completions/expbundle")]
pub struct Completions {
    /// Which shell
    shell: Shell,
}

impl Completions {
    pub fn run(self) -> u8 {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut Arguments::command(), "expbundle", &mut text);
        terminal::say(&String::from_utf8_lossy(&text));
        exit::OK
    }
}
