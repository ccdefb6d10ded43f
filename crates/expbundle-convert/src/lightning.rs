//! Lightning's `CSVLogger`: points, parameters, and what lies beside them, become a bundle.
//!
//! The logger keeps no time, no status and no name but the folder's.

use camino::Utf8Path;
use expbundle_format::Code;
use expbundle_format::record::{Kind, Status};
use expbundle_format::sections::{Context, Group, Recipe};
use expbundle_trackers::lightning::{Run, Source as Folders};
use expbundle_trackers::wandb::Value;

use crate::gate::Converted;
use crate::gathered::{Metrics, Written};
use crate::ledger::Ledger;
use crate::outputs::{self, OutputFile};
use crate::tracker::{self, Listed, Listing, Source, Tracker};
use crate::{ConvertError, Options, hparams, roles, series};

/// Lightning.
#[derive(Debug)]
pub(crate) struct Lightning;

impl Tracker for Lightning {
    fn name(&self) -> &'static str {
        "lightning"
    }

    fn reads(&self) -> &'static str {
        "Folder of Lightning's CSVLogger (version_…), a folder of them, or a metrics.csv"
    }

    fn open(&self, path: &Utf8Path) -> Result<Option<Box<dyn Source>>, ConvertError> {
        let folders = Folders::open(path).map_err(|error| tracker::unreadable(path, error))?;
        Ok(folders.map(|folders| Box::new(Opened { folders }) as Box<dyn Source>))
    }
}

struct Opened {
    folders: Folders,
}

impl Source for Opened {
    fn runs(&self) -> Result<Listing, ConvertError> {
        let runs = self.folders.keys().map(|key| Listed { experiment: experiment(key), ..Listed::new(key) });
        let findings = self.folders.findings.iter().map(tracker::finding).collect();
        Ok(Listing { runs: runs.collect(), findings, ..Listing::default() })
    }

    fn lone_run(&self) -> Option<String> {
        let mut keys = self.folders.keys();
        keys.next().filter(|_| keys.next().is_none()).map(str::to_owned)
    }

    fn convert(&self, key: &str, options: &Options<'_>) -> Result<Converted, ConvertError> {
        let mut points = Metrics::new(options);
        let run = self.folders.read(key, &mut points);
        let run = run.ok_or_else(|| ConvertError::no_such_run(key))?;
        build(&run, key, points, options)
    }
}

/// The name that the logger was given: `<name>/version_<n>`.
fn experiment(key: &str) -> Option<String> {
    key.rsplit_once('/').map(|(name, _)| name.to_owned())
}

fn build(run: &Run, key: &str, points: Metrics<'_>, options: &Options<'_>) -> Result<Converted, ConvertError> {
    let mut ledger = Ledger::new(Kind::Run, Lightning.name(), options);
    ledger.source.layout = Some("CSVLogger".to_owned());
    ledger.findings(&run.findings);
    ledger.run(key);
    ledger.body().status = Some(Status::Unknown);
    ledger.finding(Code::SourceLoss, "metrics.csv", "the logger keeps no times and no status");
    let mut context = Context { title: key.to_owned(), ..Context::default() };
    let group = experiment(key).map(|name| Group { kind: "experiment".to_owned(), name, ..Group::default() });
    context.groups.extend(group);
    let mut recipe = Recipe::default();
    if let Some(text) = &run.hparams {
        hparams::map(&mut ledger, &mut recipe, text);
    }
    hparams::gaps(&mut recipe, &ledger);
    let files = run.files.iter().map(|file| OutputFile::of(file, roles::of_file(&file.path))).collect();
    outputs::list(&mut ledger, "file", files)?;
    let written = points.write(&mut ledger)?;
    cells(&ledger, run, &written);
    ledger.section(context);
    ledger.section(recipe);
    ledger.section(written.summary());
    ledger.finish()
}

fn cells(ledger: &Ledger<'_>, run: &Run, written: &Written) {
    let rows = &run.rows;
    ledger.items("metric point", rows.numbers).but(written.numbers.left_out, series::TOO_LONG).mapped();
    ledger.items("text", rows.texts).but(written.texts.left_out, series::TOO_LONG).mapped();
    ledger.items("cut cell", rows.cut).dropped("nobody knows how it goes on");
    for row in &rows.odd_rows {
        let cells = row.cells.iter().map(|cell| Value::Text(cell.clone())).collect();
        ledger.item("odd row", &row.number.to_string()).raw(&Value::List(cells));
    }
    let more = rows.odd.saturating_sub(rows.odd_rows.len() as u64);
    ledger.items("odd row", more).dropped("there are more of them than are kept");
}
