//! `expbundle diff`: what two records say differently.

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::verify::Intact;
use expbundle_format::RecordId;
use expbundle_query::Differences;
use expbundle_words::{Failure, objections, records};

use crate::{Outcome, choice, exit, keys, terminal, tracker};

/// Show what two records say differently: parameters, code, environment, inputs, outputs, results
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  expbundle diff before.expb after.expb\n  \
    expbundle diff family.expb --record 6d0c0bf8 --record f013b889")]
pub struct Diff {
    /// Bundle, model directory, or a tracker's folder or file with one run
    before: Utf8PathBuf,
    /// The other one [default: the same bundle]
    #[arg(required_unless_present = "record")]
    after: Option<Utf8PathBuf>,
    /// Id of the record, or its beginning, where a bundle has several; once for each side, the first for the first
    #[arg(long, value_name = "ID")]
    record: Vec<String>,
    /// Write JSON (schemas/diff.schema.json)
    #[arg(long)]
    json: bool,
}

impl Diff {
    pub fn run(self) -> Outcome {
        let [first, second] = match self.record.as_slice() {
            [] => [None, None],
            [first, second] => [Some(first.as_str()), Some(second.as_str())],
            _ => return Err(Failure::usage("`--record` is given twice, once for each side")),
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
