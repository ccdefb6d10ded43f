//! `expbundle diff`: what two records say differently.

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::verify::Intact;
use expbundle_format::RecordId;
use expbundle_query::Differences;
use expbundle_words::{Failure, objections, records};

use crate::{Outcome, choice, exit, keys, terminal, tracker};

/// Show the differences between two records: parameters, code, environment, inputs, outputs,
/// results
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  expbundle diff before.expb after.expb\n  \
    expbundle diff family.expb --record 6d0c0bf8 --record f013b889")]
pub struct Diff {
    /// Bundle, model folder, or a tracker's folder or file with one run
    before: Utf8PathBuf,
    /// Bundle, folder or file to compare with [default: the same one, with `--record` given twice]
    after: Option<Utf8PathBuf>,
    /// Id of the record, or its first digits, if a bundle has several; give it twice, first for
    /// BEFORE, then for AFTER
    #[arg(long, value_name = "ID")]
    record: Vec<String>,
    /// Write JSON (schemas/diff.schema.json)
    #[arg(long)]
    json: bool,
}

impl Diff {
    pub fn run(self) -> Outcome {
        if self.after.is_none() && self.record.is_empty() {
            return Err(Failure::usage("there is nothing to compare with")
                .help("name a second bundle, or two records of this one with `--record` given twice"));
        }
        let [first, second] = match self.record.as_slice() {
            [] => [None, None],
            [first, second] => [Some(first.as_str()), Some(second.as_str())],
            _ => return Err(Failure::usage("give `--record` twice, once for each side")),
        };
        let open = |path: &Utf8Path, record| -> Result<(Intact, RecordId), Failure> {
            let intact = tracker::intact(path, None)?;
            let id = choice::one(&intact, record)?;
            Ok((intact, id))
        };
        let ((a, before), (b, after)) =
            (open(&self.before, first)?, open(self.after.as_deref().unwrap_or(&self.before), second)?);
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
