//! `expbundle attach`: put a bundle beside the model that it is about.

use camino::Utf8PathBuf;
use expbundle_convert::{audit, declared};
use expbundle_directory::story::is_hub_id;
use expbundle_directory::{AttachOptions, Benchmark, Plan, Releasing, counted_bytes, plan_attach};
use expbundle_statement::{Release, Signing};
use expbundle_words::{Failure, Tone, conversion, paint, plan as words};

use crate::keys::{ReleaseSigning, SigningArguments};
use crate::terminal::{self, Progress};
use crate::{Outcome, exit, files, signers};

/// Add bundles to a model folder and update its model card
///
/// Merges the bundles into `experiment.expb` in the folder, and adds to `.gitattributes` and to the
/// card: signed results, base models, data sets, and a link to the bundle. With `--key` it also
/// releases the folder: it lists the files and signs the list, so that `verify` finds any file that
/// was changed, added or removed. Documentation such as the card is not counted. Refuses what
/// `verify` would refuse, and the bundle of another run. Shows the change and asks first. No licence is guessed.
/// `expbundle detach` undoes it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  expbundle attach ./model-dir run.expb --key ~/.ssh/id_ed25519\n  \
    expbundle attach ./model-dir run.expb --base-model team-a/digits-base")]
pub struct Attach {
    /// Model folder
    directory: Utf8PathBuf,
    /// Bundles, or folders of bundles; several are merged; without one, the card is updated
    #[arg(value_name = "BUNDLE", value_parser = files::path)]
    bundles: Vec<Utf8PathBuf>,
    #[command(flatten)]
    signing: ReleaseSigning,
    /// Title of the release, e.g. `digits 1.1`
    #[arg(long, requires = "key")]
    title: Option<String>,
    /// Hub id of a base model, if the records name it only by digest; it stays when attaching again
    #[arg(long, value_name = "OWNER/NAME", value_parser = hub_id)]
    base_model: Vec<String>,
    /// Benchmark of the Hub whose signed result goes to `.eval_results/`; can be repeated
    #[arg(long, value_name = "OWNER/NAME=TASK[:METRIC]")]
    benchmark: Vec<Benchmark>,
    /// Replace the folder's bundle instead of merging with it
    ///
    /// Merging restores sections that one copy withholds and the other has. With this option,
    /// statements and records that only the old bundle has are dropped, and their number is shown.
    #[arg(long)]
    replace: bool,
    /// Attach the bundle even though its records made none of the folder's files
    #[arg(long)]
    unrelated: bool,
    /// Do not change the model card
    #[arg(long)]
    keep_card: bool,
    /// Signers to trust: OpenSSH `allowed_signers` file, `.pub` or `.keys` file, or a public key;
    /// the card then repeats only their statements, and a release follows only theirs
    #[arg(long, value_name = "FILE")]
    trust: Option<Utf8PathBuf>,
    #[command(flatten)]
    consent: Consent,
}

fn hub_id(text: &str) -> Result<String, &'static str> {
    if is_hub_id(text) { Ok(text.to_owned()) } else { Err("expected OWNER/NAME, as the Hub has it") }
}

/// Whether a change that was shown is made.
#[derive(Debug, clap::Args)]
pub struct Consent {
    /// Apply the change without asking
    #[arg(long, short)]
    yes: bool,
    /// Show the change without making it
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
}

impl Attach {
    pub fn run(self, progress: Progress) -> Outcome {
        if self.directory.is_file() {
            return Err(Failure::usage("not a folder")
                .at(self.directory.as_str())
                .help("the model folder comes first: `expbundle attach FOLDER BUNDLE`"));
        }
        let policy = self.trust.as_deref().map(signers::read).transpose()?;
        let bundles = files::places(&self.bundles).iter().map(|path| files::intact(path)).collect::<Result<_, _>>()?;
        let arguments = self.signing.signing();
        let key = arguments.as_ref().map(SigningArguments::key).transpose()?;
        let now = crate::keys::now();
        let at = arguments.as_ref().map_or(now, SigningArguments::created);
        let releasing = arguments.as_ref().zip(key.as_ref()).map(|(arguments, key)| Releasing {
            signing: Signing { key, name: arguments.name.as_deref(), created: at },
            release: Release { title: self.title, reason: None },
            policy: policy.as_ref(),
            at: now,
        });
        if let Some(releasing) = &releasing {
            conversion::without_secrets(&audit::release(releasing).places())?;
        }
        let is_released = releasing.is_some();
        let bar = progress.bytes(|| counted_bytes(&self.directory), "hashing");
        let options = AttachOptions {
            base_models: self.base_model,
            benchmarks: self.benchmark,
            keep_card: self.keep_card,
            replace: self.replace,
            unrelated: self.unrelated,
            releasing,
            policy: policy.as_ref(),
            at: now,
        };
        let mut plan = plan_attach(&self.directory, bundles, &options, &|bytes| bar.inc(bytes))?;
        bar.finish_and_clear();
        // Who attaches a copy without some sections may have meant them to be gone.
        if !plan.returning.is_empty() && !options.replace {
            plan.notes.push("`--replace` keeps only the new copy".to_owned());
        }
        if is_released {
            declared::add_notes_on_secrets(&mut plan.notes, &self.directory);
        }
        terminal::talk(&words::files(&plan));
        carry_out(plan, &self.consent)
    }
}

/// Shows a plan, asks, and carries it out.
pub fn carry_out(plan: Plan, consent: &Consent) -> Outcome {
    terminal::talk(&words::words(&plan));
    if plan.changes.is_empty()
        || consent.dry_run
        || (!consent.yes && !terminal::agreed("this changes files", "Make these changes?")?)
    {
        terminal::talk("nothing was changed\n");
        return Ok(exit::OK);
    }
    let folder = plan.folder.clone();
    plan.apply().map_err(|error| Failure::from(&error))?;
    terminal::talk(&format!("{} {folder}\n", paint(Tone::Good, "done:")));
    Ok(exit::OK)
}
