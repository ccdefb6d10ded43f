//! The steps of the demo: commands as one would type them, and what is shown of their output.

use std::fs;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle_words::{Failure, Tone, count, paint};

use super::{C_SECTIONS, C_WEIGHTS, EXAMPLES, HALVED, MERGED, put};
use crate::commands::Arguments;
use crate::terminal::{self, Stream};
use crate::{Outcome, exit};

/// Lines of a command's output that the short demo shows. Warnings and errors are always shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    All,
    /// Those that begin with one of these.
    With(&'static [&'static str]),
    Nothing,
}

impl Shown {
    fn has(self, line: &str) -> bool {
        match self {
            Self::All => true,
            Self::With(beginnings) => beginnings.iter().any(|beginning| line.starts_with(beginning)),
            Self::Nothing => false,
        }
    }
}

pub(super) struct Steps<'a> {
    pub(super) folder: &'a Utf8Path,
    pub(super) is_long: bool,
    /// Titles so far.
    pub(super) shown: usize,
}

impl Steps<'_> {
    pub(super) fn title(&mut self, title: &str) {
        self.shown += 1;
        terminal::talk(&format!("\n{}\n", paint(Tone::Strong, &format!("{}. {title}", self.shown))));
    }

    /// A title that the short demo leaves out.
    pub(super) fn title_of_more(&mut self, title: &str) {
        if self.is_long {
            self.title(title);
        }
    }

    /// Shows a command as one would type it, runs it, and shows this part of what it writes.
    pub(super) fn command(&self, line: &str, shown: Shown) -> Outcome {
        terminal::talk(&format!("{} expbundle {line}\n", paint(Tone::Hint, "$")));
        let (outcome, written) = terminal::capture(|| self.execute(line));
        Self::show(&written, if self.is_long { Shown::All } else { shown });
        if let Ok(code) = outcome
            && code != exit::OK
        {
            terminal::talk(&format!("(exit status {code})\n"));
        }
        outcome
    }

    /// A command that the short demo runs and does not show.
    pub(super) fn command_of_more(&self, line: &str) -> Outcome {
        if self.is_long {
            return self.command(line, Shown::All);
        }
        terminal::capture(|| self.execute(line)).0
    }

    fn show(written: &[(Stream, String)], shown: Shown) {
        let mut hidden = 0;
        for (stream, text) in written {
            for line in text.split_inclusive('\n') {
                let plain = anstream::adapter::strip_str(line).to_string();
                if !(shown.has(&plain) || plain.starts_with("warning[") || plain.starts_with("error[")) {
                    hidden += 1;
                    continue;
                }
                match stream {
                    Stream::Answer => terminal::say(line),
                    Stream::Talk => terminal::talk(line),
                }
            }
        }
        if hidden > 0 && shown != Shown::Nothing {
            terminal::talk(&format!("{}\n", paint(Tone::Hint, &format!("  … {}", count(hidden, "more line")))));
        }
    }

    /// Runs a command. What has blanks in it stands in quotation marks.
    fn execute(&self, line: &str) -> Outcome {
        let parts = line.split('"').enumerate();
        let words = parts.flat_map(|(index, part)| match index % 2 {
            0 => part.split_whitespace().collect(),
            _ => vec![part],
        });
        // Paths of the arguments are relative to the demo's folder, where nobody else's command
        // runs meanwhile.
        std::env::set_current_dir(self.folder).map_err(|error| Failure::io("go to the folder", self.folder, &error))?;
        let (arguments, inputs) = Arguments::parse_with_inputs(["expbundle"].into_iter().chain(words))
            .map_err(|error| Failure::usage(error.to_string()))?;
        arguments.run(&inputs)
    }

    /// Signs a bundle with the new key of a team.
    pub(super) fn sign(&self, bundle: &str, team: &str) -> Result<(), Failure> {
        self.command(&format!("keygen -o key-{team} --comment team-{team}"), Shown::Nothing)?;
        let name = team.to_uppercase();
        self.command(&format!("sign {bundle} --key key-{team} --name \"Team {name}\""), Shown::Nothing)?;
        Ok(())
    }

    /// The records of Team C, and those of all teams in one tree.
    pub(super) fn family(&mut self) -> Outcome {
        self.title_of_more("Team C tracked a baseline with ClearML, and wrote its record by hand.");
        self.command_of_more(&format!("create --from {C_SECTIONS} --output {C_WEIGHTS} -o baseline.expb"))?;
        self.command_of_more("keygen -o key-c --comment team-c")?;
        let sign = |bundle: &str| format!("sign {bundle} --key key-c --name \"Team C\"");
        self.command_of_more(&sign("baseline.expb"))?;
        self.title_of_more(
            "Without a tracker, Team C merged the networks of B and C, and halved the precision of the result.",
        );
        self.command_of_more(&format!(
            "create --title \"B and C, logits averaged\" --derive-from fine.expb --derive-from baseline.expb \
             --relation merged-from --input model/model.safetensors --input {C_WEIGHTS} --output {MERGED} -o merged.expb"
        ))?;
        self.command_of_more(&sign("merged.expb"))?;
        self.command_of_more(&format!(
            "create --title \"to 16 bits\" --derive-from merged.expb --relation quantized-from --input {MERGED} \
             --output {HALVED} -o halved.expb"
        ))?;
        self.command_of_more(&sign("halved.expb"))?;
        self.title("Team C added a baseline from ClearML, merged the models, and halved the precision: one family.");
        let bundles = "base.expb fine.expb baseline.expb merged.expb halved.expb";
        self.command(&format!("merge {bundles} -o family.expb"), Shown::All)?;
        self.write_signers(&["a", "b", "c"])?;
        self.command("lineage family.expb --trust signers", Shown::All)
    }

    pub(super) fn write_signers(&self, teams: &[&str]) -> Result<(), Failure> {
        let mut text = String::new();
        for team in teams {
            let path = self.folder.join(format!("key-{team}.pub"));
            let key = fs::read_to_string(&path).map_err(|error| Failure::io("read the key", &path, &error))?;
            text += &format!("team-{team}@example.org namespaces=\"expbundle\" {key}");
        }
        let path = self.folder.join("signers");
        put(&path, text.as_bytes()).map_err(|error| Failure::io("write the signers", &path, &error))?;
        if self.is_long {
            terminal::talk(&format!("{} cat signers\n{text}", paint(Tone::Hint, "$")));
        }
        Ok(())
    }

    fn weights(&self) -> Utf8PathBuf {
        self.folder.join("model/model.safetensors")
    }

    pub(super) fn spoil(&self) -> Result<(), Failure> {
        let path = self.weights();
        let describe = |error: io::Error| Failure::io("change the weights", &path, &error);
        let mut bytes = fs::read(&path).map_err(describe)?;
        if let Some(last) = bytes.last_mut() {
            *last ^= 1;
        }
        put(&path, &bytes).map_err(describe)?;
        terminal::talk("(The last bit of model/model.safetensors was flipped.)\n");
        Ok(())
    }

    pub(super) fn restore(&self) -> Result<(), Failure> {
        self.spoil_back().map_err(|error| Failure::io("restore the weights", &self.weights(), &error))
    }

    fn spoil_back(&self) -> io::Result<()> {
        let original = EXAMPLES.iter().find(|(path, _)| *path == "model/model.safetensors");
        original.map_or(Ok(()), |(_, bytes)| put(&self.weights(), bytes))
    }
}
