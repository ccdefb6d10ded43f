//! `expbundle demo`: the whole way, on real runs.
//!
//! Runs the program's own commands, one after the other, and shows each as one would type it. The
//! runs are in `demo/` and travel inside the program, so that it works wherever it is installed.

use std::fs;
use std::io::{self, Write as _};

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::write_file::write_file;
use expbundle_words::{Failure, Tone, paint};

use super::Arguments;
use crate::{Outcome, exit, terminal};

/// The runs: path below `demo/` of this crate, and content. The build script lists them.
const EXAMPLES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/examples.rs"));

/// Run the whole workflow on real runs: convert, sign, attach, verify
///
/// An MLflow run trained a model, and a W&B run fine-tuned it. Both are converted to bundles,
/// signed with throw-away keys and attached to the model, which is then verified. The records of a
/// third team complete the family tree.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  expbundle demo -o my-demo")]
pub struct Demo {
    /// Folder to work in; it must not exist yet [default: a temporary folder, which is kept]
    #[arg(short, long, value_name = "DIR")]
    out: Option<Utf8PathBuf>,
}

const BASE_WEIGHTS: &str =
    "mlruns/258199994752260457/388b28512d354845a189ec595620eb02/artifacts/weights/model.safetensors";
const WANDB_RUN: &str = "wandb/offline-run-20261123_095528-pjclsy9c";

const C_SECTIONS: &str = "three-teams/clearml/sections";
const C_WEIGHTS: &str = "three-teams/clearml/weights.npz";
const MERGED: &str = "three-teams/merged.safetensors";
const HALVED: &str = "three-teams/merged-f16.safetensors";

impl Demo {
    pub fn run(self) -> Outcome {
        let folder = self.folder()?;
        unpack(&folder)?;
        let step = Step { folder: &folder };
        terminal::talk(&format!("All steps run in {folder}; you can repeat the commands there by hand.\n\n"));

        title("1. Team A trained a base model with MLflow. Its run becomes a bundle.");
        step.command("convert mlflow mlruns -o base.expb")?;
        title(
            "2. Team B fine-tuned those weights and tracked it with W&B, offline. W&B recorded neither the input nor the bytes of the output, so the options name them.",
        );
        step.command(&format!("convert wandb {WANDB_RUN} --input model={BASE_WEIGHTS} --files model -o fine.expb"))?;
        title("3. Each team signs its record.");
        step.command("keygen -o key-a --comment team-a")?;
        step.command("sign base.expb --key key-a --name \"Team A\"")?;
        step.command("keygen -o key-b --comment team-b")?;
        step.command("sign fine.expb --key key-b --name \"Team B\"")?;
        title("4. The bundles are added to the model folder, its card is updated, and Team B releases the folder.");
        step.command("attach model base.expb fine.expb --key key-b --title \"digits 1.0\" --yes")?;
        title("5. Anyone can verify the model folder offline, with the signers they trust.");
        step.write_signers(&["a", "b"])?;
        let code = step.command("verify model --trust signers")?;
        title("6. What was run, and what were the results?");
        step.command("show fine.expb")?;
        title("7. A single flipped bit in the weights is found.");
        step.spoil()?;
        let spoiled = step.command("verify model")?;
        step.restore()?;
        title("8. Team C tracked a baseline with ClearML, and wrote its record by hand.");
        step.command(&format!("create --from {C_SECTIONS} --output {C_WEIGHTS} -o baseline.expb"))?;
        step.command("keygen -o key-c --comment team-c")?;
        step.command("sign baseline.expb --key key-c --name \"Team C\"")?;
        title("9. Without a tracker, Team C merged the networks of B and C, and halved the precision of the result.");
        step.command(&format!(
            "create --title \"B and C, logits averaged\" --derive-from fine.expb --derive-from baseline.expb \
             --relation merged-from --input model/model.safetensors --input {C_WEIGHTS} --output {MERGED} -o merged.expb"
        ))?;
        step.command("sign merged.expb --key key-c --name \"Team C\"")?;
        step.command(&format!(
            "create --title \"to 16 bits\" --derive-from merged.expb --relation quantized-from --input {MERGED} \
             --output {HALVED} -o halved.expb"
        ))?;
        step.command("sign halved.expb --key key-c --name \"Team C\"")?;
        title("10. Three teams that never coordinated, and one family tree.");
        step.command("merge base.expb fine.expb baseline.expb merged.expb halved.expb -o family.expb")?;
        step.write_signers(&["a", "b", "c"])?;
        let tree = step.command("lineage family.expb --trust signers")?;
        title("11. Which experiments made the deployed file, and who approved it?");
        step.command("review family.expb --verdict approved --scope \"internal use\" --key key-a")?;
        step.command("deployment family.expb --environment production --key key-c")?;
        let why = step.command(&format!("why {HALVED} --with family.expb --trust signers"))?;
        if [code, tree, why] != [exit::OK; 3] || spoiled != exit::FAILED {
            return Err(Failure::new("cli.demo", "the demo did not give the expected results"));
        }
        terminal::talk(&format!(
            "\n{} The digests of the weights linked the records of the three teams.\n\
             All files are in {folder}. Next, try your own runs: expbundle convert mlflow ./mlruns --list\n",
            paint(Tone::Good, "Done.")
        ));
        Ok(exit::OK)
    }

    fn folder(&self) -> Result<Utf8PathBuf, Failure> {
        let describe = |path: &Utf8Path, error: &io::Error| Failure::io("make the folder", path, error);
        if let Some(folder) = &self.out {
            fs::create_dir(folder).map_err(|error| describe(folder, &error))?;
            return folder.canonicalize_utf8().map_err(|error| describe(folder, &error));
        }
        let folder = tempfile::Builder::new().prefix("expbundle-demo-").tempdir();
        let kept = folder.map_err(|error| describe("the temporary folder".into(), &error))?.keep();
        Utf8PathBuf::from_path_buf(kept)
            .map_err(|path| Failure::usage(format!("`{}` is not UTF-8; use `-o`", path.display())))
    }
}

fn unpack(folder: &Utf8Path) -> Result<(), Failure> {
    for (path, bytes) in EXAMPLES {
        let path = folder.join(path);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent)
            .and_then(|()| put(&path, bytes))
            .map_err(|error| Failure::io("write the example", &path, &error))?;
    }
    Ok(())
}

/// Writes a file whole or not at all: whoever interrupts the demo finds no half of one.
fn put(path: &Utf8Path, bytes: &[u8]) -> io::Result<()> {
    write_file(path, |file| file.write_all(bytes))
}

fn title(title: &str) {
    terminal::talk(&format!("\n{}\n", paint(Tone::Strong, title)));
}

struct Step<'a> {
    folder: &'a Utf8Path,
}

impl Step<'_> {
    /// Shows a command as one would type it, and runs it. What has blanks in it stands in quotation
    /// marks.
    fn command(&self, line: &str) -> Outcome {
        terminal::talk(&format!("{} expbundle {line}\n", paint(Tone::Hint, "$")));
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
        let code = arguments.run(&inputs)?;
        if code != exit::OK {
            terminal::talk(&format!("(exit status {code})\n"));
        }
        Ok(code)
    }

    fn write_signers(&self, teams: &[&str]) -> Result<(), Failure> {
        let mut text = String::new();
        for team in teams {
            let path = self.folder.join(format!("key-{team}.pub"));
            let key = fs::read_to_string(&path).map_err(|error| Failure::io("read the key", &path, &error))?;
            text += &format!("team-{team}@example.org namespaces=\"expbundle\" {key}");
        }
        let path = self.folder.join("signers");
        put(&path, text.as_bytes()).map_err(|error| Failure::io("write the signers", &path, &error))?;
        terminal::talk(&format!("{} cat signers\n{text}", paint(Tone::Hint, "$")));
        Ok(())
    }

    fn weights(&self) -> Utf8PathBuf {
        self.folder.join("model/model.safetensors")
    }

    fn spoil(&self) -> Result<(), Failure> {
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

    fn restore(&self) -> Result<(), Failure> {
        self.spoil_back().map_err(|error| Failure::io("restore the weights", &self.weights(), &error))
    }

    fn spoil_back(&self) -> io::Result<()> {
        let original = EXAMPLES.iter().find(|(path, _)| *path == "model/model.safetensors");
        original.map_or(Ok(()), |(_, bytes)| put(&self.weights(), bytes))
    }
}
