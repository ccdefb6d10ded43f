//! `expbundle diff`: what two records say differently.

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::verify::Intact;
use expbundle_convert::tracker::open_any;
use expbundle_format::RecordId;
use expbundle_query::Differences;
use expbundle_words::{Failure, objections, records};

use crate::{Outcome, choice, exit, files, keys, terminal, tracker};

/// Show the differences between two records: parameters, code, environment, inputs, outputs,
/// results
///
/// Lists objections to either record; `expbundle show --trust` says which signers are trusted.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  expbundle diff before.expb after.expb\n  \
    expbundle diff family.expb --record 6d0c0bf8 --record f013b889\n  \
    expbundle diff ./mlruns --run 388b2851 --run c11700e2")]
pub struct Diff {
    /// Bundle, model folder, folder of bundles, or a tracker's folder, file or server
    #[arg(value_parser = files::path)]
    before: Utf8PathBuf,
    /// Bundle, folder or file to compare with [default: the same one, with `--record` or `--run`
    /// given twice]
    #[arg(value_parser = files::path)]
    after: Option<Utf8PathBuf>,
    /// Id of the record, or its first digits, if a bundle has several; give it twice, first for
    /// BEFORE, then for AFTER
    #[arg(long, value_name = "ID")]
    record: Vec<String>,
    /// The run of a tracker's folder or file, as `convert --run` takes it; give it twice, first for
    /// BEFORE, then for AFTER
    #[arg(long, value_name = "ID")]
    run: Vec<String>,
    /// Write JSON (schemas/diff.schema.json)
    #[arg(long)]
    json: bool,
}

impl Diff {
    pub fn run(self) -> Outcome {
        if self.after.is_none() && self.record.is_empty() && self.run.is_empty() {
            let help = match open_any(&self.before) {
                Ok(Some(_)) => "name two of its runs with `--run` given twice; `expbundle convert --list` lists them",
                _ => "name a second bundle, or two records of this one with `--record` given twice",
            };
            return Err(Failure::usage("there is nothing to compare with").help(help));
        }
        let [first, second] = of_each_side("--record", &self.record)?;
        let [first_run, second_run] = of_each_side("--run", &self.run)?;
        let open = |path: &Utf8Path, run, record| -> Result<(Intact, RecordId), Failure> {
            let intact = tracker::intact(path, run, None)?;
            let id = choice::one(&intact, record)?;
            Ok((intact, id))
        };
        let ((a, before), (b, after)) = (
            open(&self.before, first_run, first)?,
            open(self.after.as_deref().unwrap_or(&self.before), second_run, second)?,
        );
        let differences = Differences::between((&a, before), (&b, after), keys::now().timestamp());
        if self.json {
            terminal::say_json(&differences);
        } else {
            let title = |id| if id == before { records::title(&a, id) } else { records::title(&b, id) };
            let against = differences.against.iter();
            let lines = objections::lines(against.map(|(id, objections)| (*id, title(*id), objections.as_slice())));
            terminal::say(&(lines + &expbundle_words::diff::words(&differences)));
        }
        Ok(exit::OK)
    }
}

/// What an option that is given twice says of each side.
fn of_each_side<'a>(option: &str, given: &'a [String]) -> Result<[Option<&'a str>; 2], Failure> {
    match given {
        [] => Ok([None, None]),
        [first, second] => Ok([Some(first), Some(second)]),
        _ => Err(Failure::usage(format!("give `{option}` twice, once for each side"))),
    }
}
