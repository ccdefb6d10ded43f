//! `expbundle demo`: the whole way, on real runs.
//!
//! Runs the program's own commands, one after the other, and shows each as one would type it. The
//! runs are in `demo/` and travel inside the program, so that it works wherever it is installed.

use std::fs;
use std::io::{self, Write as _};

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::write_file::write_file;
use expbundle_words::{Failure, Tone, paint};

use crate::{Outcome, exit, terminal};

mod steps;

use steps::{Shown, Steps};

/// The runs: path below `demo/` of this crate, and content. The build script lists them.
const EXAMPLES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/examples.rs"));

/// Run the whole workflow on real runs: convert, sign, attach, verify
///
/// An MLflow run trained a model, and a W&B run fine-tuned it. Both are converted to bundles,
/// signed with throw-away keys and attached to the model, which is then verified. The records of a
/// third team complete the family tree.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  expbundle demo\n  expbundle demo --all -o my-demo")]
pub struct Demo {
    /// Folder to work in; it must not exist yet [default: a temporary folder, which is kept]
    #[arg(short, long, value_name = "DIR")]
    out: Option<Utf8PathBuf>,
    /// Show every step, with all that each command writes
    #[arg(long)]
    all: bool,
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
        let done = self.within(&folder);
        if done.is_err() {
            // Half a demo is of no use, and would be in the way of the next one.
            let _ = fs::remove_dir_all(&folder);
        }
        done
    }

    fn within(&self, folder: &Utf8Path) -> Outcome {
        unpack(folder)?;
        let mut demo = Steps { folder, is_long: self.all, shown: 0 };
        terminal::talk(&format!("All files are in {folder}; you can repeat the commands there by hand.\n"));
        if !self.all {
            terminal::talk("Output is shortened; `expbundle demo --all` has all of it, and more steps.\n");
        }
        demo.title("Team A trained a base model with MLflow. Its run becomes a bundle, signed with a new key.");
        demo.command("convert mlflow mlruns -o base.expb", Shown::With(&["written"]))?;
        demo.sign("base.expb", "a")?;
        demo.title(
            "Team B fine-tuned those weights and tracked it with W&B, offline. W&B recorded neither the input nor the \
             bytes of the output, so the options name them.",
        );
        let inputs = format!("--input model={BASE_WEIGHTS} --files model");
        demo.command(&format!("convert wandb {WANDB_RUN} {inputs} -o fine.expb"), Shown::With(&["written"]))?;
        demo.sign("fine.expb", "b")?;
        demo.title("The bundles are added to the model folder, its card is updated, and Team B releases the folder.");
        let release = "--key key-b --title \"digits 1.0\" --yes";
        demo.command(&format!("attach model base.expb fine.expb {release}"), Shown::With(&["done"]))?;
        demo.title("Anyone can verify the model folder offline, with the signers they trust.");
        demo.write_signers(&["a", "b"])?;
        let code =
            demo.command("verify model --trust signers", Shown::With(&["✓", "Proven", "Absent", "  2 ", "  3 "]))?;
        demo.title_of_more("What was run, and what were the results?");
        demo.command_of_more("show fine.expb")?;
        demo.title("A single flipped bit in the weights is found.");
        demo.spoil()?;
        let spoiled = demo.command("verify model", Shown::With(&["✗"]))?;
        demo.restore()?;
        let tree = demo.family()?;
        demo.title("Which experiments made the file that is deployed, and who approved it?");
        let review = "--verdict approved --scope \"internal use\" --key key-a";
        demo.command(&format!("review family.expb --record all {review}"), Shown::Nothing)?;
        demo.command("deployment family.expb --environment production --key key-c", Shown::Nothing)?;
        let why = demo.command(&format!("why {HALVED} --with family.expb --trust signers"), Shown::All)?;
        if [code, tree, why] != [exit::OK; 3] || spoiled != exit::FAILED {
            return Err(Failure::new("cli.demo", "the demo did not give the expected results"));
        }
        terminal::talk(&format!(
            "\n{} The digests of the weights linked the records of the three teams.\n\
             Next, list your own runs: expbundle convert mlflow . --list\n",
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
