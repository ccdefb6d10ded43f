//! `expbundle convert`: runs out of a tracker.

use std::num::NonZeroUsize;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::output::Over;
use expbundle_convert::blind::Salt;
use expbundle_convert::many::{Many, Placed, blinded, file_name, is_folder, place, place_at};
use expbundle_convert::secrets::kind_or_place;
use expbundle_convert::tracker::{RowColumns, Source, Wanted, key_of, named_or_found_with};
use expbundle_convert::{ConvertError, Options, RunOutcome, embed};
use expbundle_format::record::Word;
use expbundle_words::{Failure, conversion, converted as words, count};

use crate::target::Target;
use crate::terminal::{self, Progress};
use crate::{Outcome, exit, files, tracker};

/// Convert a tracker's runs to bundles by reading its files, without the tracker
///
/// Nothing is written next to the source. Every item is counted as mapped, kept raw, or dropped
/// with a reason, and the totals are printed. The same run gives the same bytes, so a second call
/// writes only what is new.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("several").args(["all", "experiment", "run"]).multiple(true)), after_help = "Examples:\n  \
    expbundle convert --list\n  \
    expbundle convert --run mlp-64 -o run.expb\n  \
    expbundle convert mlflow ./mlflow.db --all -o bundles/\n  \
    expbundle convert mlflow http://127.0.0.1:5000 --list\n  \
    expbundle convert huggingface ./base-model -o base.expb\n  \
    my-tracker export | expbundle convert csv - -o run.expb\n  \
    expbundle convert wandb ./wandb/offline-run-… --files ./models --input model=base.safetensors -o run.expb")]
pub struct Convert {
    /// The tracker's folder or file, or the address of a server, preceded by the tracker's name
    /// if it is not detected, e.g. `huggingface` or `csv` [default: the current folder]; `csv -`,
    /// `jsonl -` or `parquet -`: a table on standard input
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
    /// Write JSON: the runs with --list (schemas/list.schema.json), else what became of each
    /// (schemas/convert.schema.json)
    #[arg(long)]
    json: bool,
    /// File for the bundle, folder for one bundle per run, or `-` for standard output [default: the
    /// current folder]
    #[arg(short, long, value_name = "FILE_OR_DIR")]
    out: Option<Utf8PathBuf>,
    /// Convert so many runs at once, for a server that answers more, or should answer fewer [default:
    /// one for each core]
    #[arg(long, value_name = "NUMBER")]
    jobs: Option<NonZeroUsize>,
    /// Skip runs that have ended and have their bundle in the folder, without reading them again: to
    /// go on after an interruption, or to fetch what is new
    #[arg(long, requires = "several")]
    skip_existing: bool,
    /// Search this folder for artifacts that the tracker lists only by name and MD5
    #[arg(long, value_name = "DIR", value_parser = files::path)]
    files: Vec<Utf8PathBuf>,
    /// Input file that the tracker did not record; the role defaults to `model`
    #[arg(long, value_name = "ROLE=FILE", value_parser = role_and_file)]
    input: Vec<(Word, Utf8PathBuf)>,
    /// Output file that the tracker did not record; the role defaults to `model`
    #[arg(long, value_name = "ROLE=FILE", value_parser = role_and_file)]
    output: Vec<(Word, Utf8PathBuf)>,
    /// Column of a table that names the run [default: detected by name]
    #[arg(long, value_name = "NAME")]
    run_column: Option<String>,
    /// Column of a table that has the step [default: detected by name]
    #[arg(long, value_name = "NAME")]
    step_column: Option<String>,
    /// Column of a table that has the time [default: detected by name]
    #[arg(long, value_name = "NAME")]
    time_column: Option<String>,
    /// Columns of a table that are parameters, e.g. lr,optimizer [default: those called `params.…`]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    param_column: Vec<String>,
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
    #[arg(long, value_name = "NAME", value_parser = kind_or_place)]
    allow_secrets: Vec<String>,
    /// Add a random salt to every section, so that a section withheld later cannot be guessed from
    /// its digest
    ///
    /// The id of the record then differs with each conversion, unless a bundle of the same run is
    /// there that differs only in its salts.
    #[arg(long)]
    blind: bool,
}

/// `ROLE=FILE`, or `FILE` for a model.
pub fn role_and_file(text: &str) -> Result<(Word, Utf8PathBuf), String> {
    let (role, file) = expbundle_run::role_and_file(text);
    Ok((role, files::path(file)?))
}

impl Convert {
    pub fn run(self, progress: Progress) -> Outcome {
        let [run, step, time] = [&self.run_column, &self.step_column, &self.time_column].map(|name| name.as_deref());
        let mut words = self.source.clone();
        let mut _stdin = None;
        if let Some(path) = words.last_mut().filter(|path| *path == files::STREAM) {
            (_stdin, *path) = files::stdin_in_a_folder().map(|(folder, file)| (Some(folder), file))?;
        }
        let source = named_or_found_with(
            &words,
            &RowColumns { run, step, time, params: &self.param_column },
            Some(&tracker::network()),
        )?;
        if self.list {
            return self.print_list(&*source);
        }
        for (_, path) in self.input.iter().chain(&self.output) {
            files::regular_or_folder(path, "read the file")?;
        }
        let many = self.all || self.experiment.is_some() || self.run.len() > 1 || self.skip_existing;
        if self.json && self.out.as_ref().is_some_and(|out| out == files::STREAM) {
            return Err(Failure::usage("`--json` and the bundle both go to standard output; name a file with `-o`"));
        }
        if many && !(self.input.is_empty() && self.output.is_empty()) {
            return Err(Failure::usage("`--input` and `--output` apply to a single run; choose it with `--run`"));
        }
        if self.skip_existing && self.out.as_ref().is_some_and(|out| out == files::STREAM || !is_folder(out)) {
            return Err(Failure::usage(
                "`--skip-existing` needs a folder with a bundle for each run; name one with `-o`",
            ));
        }
        if many { self.convert_many(&*source, progress) } else { self.convert_one(&*source, progress) }
    }

    fn print_list(&self, source: &dyn Source) -> Outcome {
        let listing = source.runs()?;
        let runs = listing.chosen(self.wanted())?;
        terminal::talk(&words::listing(&listing));
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
        let bar = progress.bytes(|| 0, "converting");
        let out = match &self.out {
            Some(file) if file == files::STREAM || !is_folder(file) => file.clone(),
            folder => folder.as_deref().unwrap_or(Utf8Path::new("")).join(file_name(&key)),
        };
        let plain = source.convert(&key, &self.options(&|bytes| bar.inc(bytes)))?;
        let converted = blinded(plain, self.salt(), &out)?;
        bar.finish_and_clear();
        let placed = match &self.out {
            Some(out) if out == files::STREAM => {
                Target::new(out, Over::NOTHING)?.save(&converted.bundle)?;
                Placed::New
            }
            Some(file) if !is_folder(file) => place_at(&converted, file)?,
            _ => place(&converted, &out)?,
        };
        let run = RunOutcome::placed(&key, &converted, &placed, &out);
        terminal::talk(&words::one(&converted, &run));
        if self.json {
            terminal::say_json(&[run]);
        } else if let Some(file) = run.file.filter(|_| out != files::STREAM) {
            terminal::say(&format!("{file}\n"));
        }
        Ok(exit::OK)
    }

    /// Where the salts come from, if the records are blinded.
    fn salt(&self) -> Option<&'static Salt<'static>> {
        self.blind.then_some(&tracker::salt)
    }

    fn convert_many(&self, source: &dyn Source, progress: Progress) -> Outcome {
        let listing = source.runs()?;
        terminal::talk(&words::listing(&listing));
        let chosen = listing.chosen(self.wanted())?;
        let bar = progress.items(chosen.len() as u64, "converting");
        let done = |error: Option<&ConvertError>| {
            if let Some(error) = error {
                terminal::print(&error.into());
            }
            bar.inc(1);
        };
        let (jobs, skip_existing) = (self.jobs, self.skip_existing);
        let many =
            Many { source, options: &self.options(&|_| {}), salt: self.salt(), jobs, skip_existing, done: &done };
        let out = self.out.clone().unwrap_or_else(|| ".".into());
        let is_stream = out == files::STREAM;
        let mut summary = if is_stream {
            let (summary, family) = many.family(&chosen)?;
            family.map(|family| Target::new(&out, Over::NOTHING)?.save(&family)).transpose()?;
            summary
        } else if is_folder(&out) {
            many.into_folder(&chosen, &out)?
        } else {
            many.into_file(&chosen, &out)?
        };
        bar.finish_and_clear();
        // Runs that were named are here; of all, or those of an experiment, these may be some.
        if self.run.is_empty() {
            summary.add_unread(&listing.unread);
        }
        terminal::talk(&words::many(&summary, &out));
        if self.json {
            terminal::say_json(&summary.runs);
        } else if !is_stream && summary.has_any() {
            terminal::say(&format!("{out}\n"));
        }
        Ok(if summary.failed().is_empty() { exit::OK } else { exit::ERROR })
    }

    fn wanted(&self) -> Wanted<'_> {
        match &self.experiment {
            Some(experiment) => Wanted::Experiment(experiment),
            None if self.run.is_empty() => Wanted::All,
            None => Wanted::Runs(&self.run),
        }
    }
}
