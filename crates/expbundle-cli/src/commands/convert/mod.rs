//! `expbundle convert`: runs out of a tracker.

use std::sync::Mutex;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::Bundle;
use expbundle::output::{Output, OutputError, Over, make_folders};
use expbundle_convert::many::{Summary, file_name};
use expbundle_convert::tracker::{Listed, Listing, Source, key_of};
use expbundle_convert::{Converted, Options, embed};
use expbundle_format::record::{Word, WordError, role};
use expbundle_words::{Failure, Tone, account, conversion, count, findings, paint, quoted};
use rayon::prelude::*;

use crate::target::Target;
use crate::terminal::{self, Progress};
use crate::{Outcome, exit, files, tracker};

mod place;

use place::{Placed, is_folder, is_up_to_date, make_folder_of, place, place_sweep};

/// Convert a tracker's runs to bundles by reading its files, without the tracker
///
/// Nothing is written next to the source. Every item is counted as mapped, kept raw, or dropped
/// with a reason, and the totals are printed. The same run gives the same bytes, so a second call
/// writes only what is new.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    expbundle convert --list\n  \
    expbundle convert --run mlp-64 -o run.expb\n  \
    expbundle convert mlflow ./mlflow.db --all -o bundles/\n  \
    expbundle convert huggingface ./base-model -o base.expb\n  \
    expbundle convert wandb ./wandb/offline-run-… --files ./models --input model=base.safetensors -o run.expb")]
pub struct Convert {
    /// The tracker's folder or file, with the name of the tracker before it if it is not found out:
    /// `mlflow`, `wandb`, `clearml` or `huggingface` [default: the current folder]
    #[arg(value_name = "[TOOL] SOURCE", num_args = 0..=2, value_parser = files::path)]
    source: Vec<Utf8PathBuf>,
    /// Convert this run: its id or key as `--list` shows them, the beginning of one, or its name;
    /// can be repeated
    #[arg(long, value_name = "ID", conflicts_with = "all")]
    run: Vec<String>,
    /// Convert the runs of this experiment or project, by name or id
    #[arg(long, value_name = "NAME", conflicts_with = "run")]
    experiment: Option<String>,
    /// Convert every run
    #[arg(long)]
    all: bool,
    /// List the runs without converting any
    #[arg(long, conflicts_with_all = ["run", "all", "out"])]
    list: bool,
    /// With --list: as JSON
    #[arg(long, requires = "list")]
    json: bool,
    /// File for the bundle, folder for one bundle per run, or `-` for standard output [default: the
    /// current folder]
    #[arg(short, long, value_name = "FILE_OR_DIR")]
    out: Option<Utf8PathBuf>,
    /// Search this folder for artifacts that the tracker lists only by name and MD5
    #[arg(long, value_name = "DIR")]
    files: Vec<Utf8PathBuf>,
    /// Input file that the tracker did not record; the role defaults to `model`
    #[arg(long, value_name = "ROLE=FILE", value_parser = role_and_file)]
    input: Vec<(Word, Utf8PathBuf)>,
    /// Output file that the tracker did not record; the role defaults to `model`
    #[arg(long, value_name = "ROLE=FILE", value_parser = role_and_file)]
    output: Vec<(Word, Utf8PathBuf)>,
    /// Embed no files; list them by digest only
    #[arg(long, conflicts_with = "embed")]
    no_embed: bool,
    /// Embed only files that match this pattern, e.g. `*.py` or `files/code/**` [default: small
    /// media, code and configuration]
    #[arg(long, value_name = "PATTERN")]
    embed: Vec<String>,
    /// Allow what looks like a secret of this kind, or at this location (for false alarms)
    ///
    /// Warnings name the kind and location of what was left out, e.g. `token` and
    /// `recipe.json/parameters/run_token`. Anyone who gets the bundle can read what is allowed.
    #[arg(long, value_name = "NAME", value_parser = crate::secrets::kind_or_place)]
    allow_secrets: Vec<String>,
    /// Add a random salt to every section, so that a section withheld later cannot be guessed from
    /// its digest
    ///
    /// The id of the record then differs with each conversion.
    #[arg(long)]
    blind: bool,
}

/// `ROLE=FILE`, or `FILE` for a model.
pub fn role_and_file(text: &str) -> Result<(Word, Utf8PathBuf), WordError> {
    // A file may have `=` in its name; what is before it is a role only if it is a word.
    if let Some((word, file)) = text.split_once('=')
        && !file.is_empty()
        && let Ok(word) = word.parse()
    {
        return Ok((word, file.into()));
    }
    let role = role::MODEL.parse()?;
    Ok((role, text.into()))
}

/// What was found while the runs were listed.
fn listing_words(listing: &Listing) -> String {
    findings::all(&listing.unread) + &findings::all(&listing.findings)
}

impl Convert {
    pub fn run(self, progress: Progress) -> Outcome {
        let source = tracker::named_or_found(&self.source)?;
        if self.list {
            return self.print_list(&*source);
        }
        for (_, path) in self.input.iter().chain(&self.output) {
            files::regular_or_folder(path, "read the file")?;
        }
        let many = self.all || self.experiment.is_some() || self.run.len() > 1;
        if many && !(self.input.is_empty() && self.output.is_empty()) {
            return Err(Failure::usage("`--input` and `--output` apply to a single run; choose it with `--run`"));
        }
        if many { self.convert_many(&*source, progress) } else { self.convert_one(&*source, progress) }
    }

    fn print_list(&self, source: &dyn Source) -> Outcome {
        let listing = source.runs()?;
        let runs = match &self.experiment {
            Some(experiment) => tracker::of_experiment(&listing, experiment)?,
            None => listing.runs.iter().collect(),
        };
        terminal::talk(&listing_words(&listing));
        if self.json {
            terminal::say_json(&runs);
            return Ok(exit::OK);
        }
        terminal::say(&conversion::list(&runs));
        terminal::talk(&format!("{}\n", count(runs.len() as u64, "run")));
        Ok(exit::OK)
    }

    fn options<'a>(&'a self, progress: &'a (dyn Fn(u64) + Sync)) -> Options<'a> {
        let embed = match self.embed.as_slice() {
            _ if self.no_embed => embed::Choice::None,
            [] => embed::Choice::Small,
            patterns => embed::Choice::Only(patterns),
        };
        let allow_secrets = &self.allow_secrets;
        Options { files: &self.files, inputs: &self.input, outputs: &self.output, embed, allow_secrets, progress }
    }

    fn convert_one(&self, source: &dyn Source, progress: Progress) -> Outcome {
        let key = key_of(source, self.run.first().map(String::as_str))?;
        let bar = progress.bytes(0, "converting");
        let converted = self.blinded(source.convert(&key, &self.options(&|bytes| bar.inc(bytes)))?)?;
        bar.finish_and_clear();
        let out = match &self.out {
            Some(out) if out == files::STREAM || !is_folder(out) => out.clone(),
            Some(folder) => folder.join(file_name(&key)),
            None => file_name(&key).into(),
        };
        let outcome = if out == files::STREAM {
            Target::new(&out, Over::NOTHING)?.save(&converted.bundle)?;
            Placed::New
        } else {
            make_folder_of(&out)?;
            place(&converted, &out)?
        };
        terminal::talk(&findings::all(&converted.findings));
        terminal::talk(&account::words(&converted.account));
        terminal::talk(&conversion::embedded(&converted.embedded, &converted.too_large));
        let (word, path) = match &outcome {
            Placed::New => ("written", &out),
            Placed::Same => ("unchanged", &out),
            Placed::Beside { path, is_new } => (if *is_new { "written" } else { "unchanged" }, path),
        };
        if path != &out {
            terminal::talk(&format!("{} {out} holds another record and was left alone\n", paint(Tone::Doubt, "note:")));
        }
        terminal::talk(&format!(
            "{} {path}: {}, record {}\n",
            paint(Tone::Good, word),
            quoted(&converted.title),
            converted.record()
        ));
        if out != files::STREAM {
            terminal::say(&format!("{path}\n"));
        }
        Ok(exit::OK)
    }

    fn blinded(&self, mut converted: Converted) -> Result<Converted, Failure> {
        if self.blind {
            converted.bundle = tracker::blinded(&converted.bundle)?;
        }
        Ok(converted)
    }

    fn convert_many(&self, source: &dyn Source, progress: Progress) -> Outcome {
        let listing = source.runs()?;
        terminal::talk(&listing_words(&listing));
        let chosen = self.chosen(&listing)?;
        let out = self.out.clone().unwrap_or_else(|| ".".into());
        let family = !is_folder(&out) && self.out.is_some();
        if !family {
            make_folders(&out)?;
        }
        let bar = progress.items(chosen.len() as u64, "converting");
        // Runs that were named are here; of all, or those of an experiment, these may be some.
        let unread = listing.unread.iter().filter(|_| self.run.is_empty());
        let failed = unread.map(|finding| finding.place.to_string()).collect();
        let summary = Mutex::new(Summary { failed, ..Summary::default() });
        let bundles: Vec<Option<Bundle>> = chosen
            .par_iter()
            .map(|run| {
                let bundle = self.convert_into(source, run, (!family).then_some(&*out), &summary);
                bar.inc(1);
                bundle
            })
            .collect();
        bar.finish_and_clear();
        let summary = summary.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        if family {
            let mut merged = Bundle::new();
            bundles.iter().flatten().for_each(|bundle| merged.merge(bundle));
            make_folder_of(&out)?;
            if !files::holds(&out, &merged) {
                let save = || Output::new(&out, Over::NOTHING)?.save(&merged);
                save().map_err(|error: OutputError| Failure::from(error).help("choose another name with `-o`"))?;
            }
        }
        let all_done = summary.failed.is_empty();
        terminal::talk(&conversion::summary(summary, &out));
        terminal::say(&format!("{out}\n"));
        Ok(if all_done { exit::OK } else { exit::ERROR })
    }

    fn chosen<'a>(&'a self, listing: &'a Listing) -> Result<Vec<&'a Listed>, Failure> {
        if let Some(experiment) = &self.experiment {
            return tracker::of_experiment(listing, experiment);
        }
        if self.all {
            return Ok(listing.runs.iter().collect());
        }
        self.run.iter().map(|wanted| Ok(listing.find(wanted)?)).collect()
    }

    /// Converts one of many. What goes wrong with it keeps no other from being converted.
    fn convert_into(
        &self,
        source: &dyn Source,
        run: &Listed,
        folder: Option<&Utf8Path>,
        summary: &Mutex<Summary>,
    ) -> Option<Bundle> {
        let path = folder.map(|folder| folder.join(file_name(&run.key)));
        let add = |change: &dyn Fn(&mut Summary)| {
            change(&mut summary.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        };
        if path.as_deref().is_some_and(|path| is_up_to_date(path, run)) {
            add(&|summary| summary.unchanged += 1);
            return None;
        }
        let result = source
            .convert(&run.key, &self.options(&|_| {}))
            .map_err(Failure::from)
            .and_then(|converted| self.blinded(converted))
            .and_then(|converted| {
                let placed = path.as_deref().map_or(Ok(Placed::New), |path| place(&converted, path))?;
                if let (Some(folder), Some(sweep)) = (folder, &converted.sweep) {
                    place_sweep(sweep, folder)?;
                }
                Ok((converted, placed))
            });
        match result {
            Ok((converted, placed)) => {
                add(&|summary| {
                    match &placed {
                        Placed::New => summary.new += 1,
                        Placed::Same => summary.unchanged += 1,
                        Placed::Beside { .. } => summary.changed += 1,
                    }
                    summary.add(&converted, run);
                });
                let Converted { bundle, sweep, .. } = converted;
                let mut bundle = bundle.into_bundle();
                if let Some(sweep) = &sweep {
                    bundle.merge(sweep);
                }
                folder.is_none().then_some(bundle)
            }
            Err(failure) => {
                terminal::print(&failure);
                add(&|summary| summary.failed.push(run.key.clone()));
                None
            }
        }
    }
}
