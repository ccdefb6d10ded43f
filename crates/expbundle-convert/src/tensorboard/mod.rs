//! TensorBoard: the event files of a folder become a bundle.
//!
//! Folders that `add_scalars` and `add_hparams` made below that of the run are joined to it. There is
//! no start, end or name in event files: the times of the first and the last record and the path
//! stand for them, and a finding says so.

mod contents;
mod media;
mod recipe;

use camino::Utf8Path;
use expbundle_format::Code;
use expbundle_format::record::Kind;
use expbundle_format::sections::{Context, Group};
use expbundle_format::time::Time;
use expbundle_trackers::tensorboard::{Part, Run, Source as Files};
use expbundle_trackers::wandb::{Members, Value};

use self::contents::Contents;
use crate::gate::Converted;
use crate::gathered::Written;
use crate::ledger::Ledger;
use crate::tracker::{self, Listed, Listing, Source, Tracker};
use crate::{ConvertError, Options, series};

/// TensorBoard.
#[derive(Debug)]
pub(crate) struct TensorBoard;

impl Tracker for TensorBoard {
    fn name(&self) -> &'static str {
        "tensorboard"
    }

    fn reads(&self) -> &'static str {
        "Event files (*tfevents*): one, the folder of a run, or a folder of runs"
    }

    fn open(&self, path: &Utf8Path) -> Result<Option<Box<dyn Source>>, ConvertError> {
        let files = Files::open(path).map_err(|error| tracker::unreadable(path, error))?;
        let Some(files) = files else { return Ok(None) };
        Ok(Some(Box::new(Opened { files })))
    }
}

struct Opened {
    files: Files,
}

impl Source for Opened {
    fn runs(&self) -> Result<Listing, ConvertError> {
        let runs = self
            .files
            .keys()
            .map(|key| Listed { started: self.files.started_ns(key).and_then(time), ..Listed::new(key) });
        let findings = self.files.findings.iter().map(tracker::finding).collect();
        Ok(Listing { runs: runs.collect(), findings, ..Listing::default() })
    }

    fn lone_run(&self) -> Option<String> {
        let mut keys = self.files.keys();
        keys.next().filter(|_| keys.next().is_none()).map(str::to_owned)
    }

    fn convert(&self, key: &str, options: &Options<'_>) -> Result<Converted, ConvertError> {
        let missing = || ConvertError::no_such_run(key);
        let folder = self.files.folder(key).ok_or_else(missing)?;
        let mut contents = Contents::new(options);
        let run = self.files.read(key, &mut contents).ok_or_else(missing)?;
        build(&run, key, folder, contents, options)
    }
}

fn time(nanoseconds: i64) -> Option<Time> {
    Time::from_nanoseconds(nanoseconds.into())
}

fn build(
    run: &Run,
    key: &str,
    folder: &Utf8Path,
    contents: Contents<'_>,
    options: &Options<'_>,
) -> Result<Converted, ConvertError> {
    let mut ledger = Ledger::new(Kind::Run, TensorBoard.name(), options);
    ledger.source.layout = Some("event files".to_owned());
    ledger.source.version.clone_from(&run.version);
    ledger.findings(&run.findings);
    ledger.run(key);
    ledger.identity.host = run.hosts.first().cloned();
    for (number, host) in run.hosts.iter().enumerate().skip(1) {
        ledger.person(format!("host {}", number + 1), host);
    }
    if let Some((first, last)) = run.span_ns {
        ledger.body().started = time(first);
        ledger.body().ended = time(last);
        let message = "event files have no start and end; the times of the first and the last record stand for them";
        ledger.finding(Code::SourceLoss, "event files", message);
    }
    if run.has_floats {
        let message = "scalars are 32-bit floats: 0.3 is 0.30000001192092896 there, and large numbers are infinite";
        ledger.finding(Code::SourceLoss, "event files", message);
    }
    let mut context = Context { title: key.to_owned(), notes: contents.notes(), ..Context::default() };
    let groups = run.sessions.iter().filter_map(|(_, session)| session.group.clone());
    context.groups = groups.map(|name| Group { kind: "group".to_owned(), name, ..Group::default() }).collect();
    context.groups.dedup();
    let recipe = recipe::map(&mut ledger, run, folder, &mut context);
    about(&mut ledger, run);
    let (written, media) = contents.write(&mut ledger)?;
    account(&mut ledger, run, &written);
    ledger.section(context);
    ledger.section(recipe);
    ledger.section(written.summary());
    ledger.section(media);
    ledger.finish()
}

/// Tells what became of the items that the reader counted. Those of pictures and other files are
/// told where they are listed.
fn account(ledger: &mut Ledger<'_>, run: &Run, written: &Written) {
    let mut superseded = 0;
    for (kind, found) in &run.found {
        superseded += found.superseded;
        let items = ledger.items(kind, found.total).but(found.superseded, SUPERSEDED);
        match *kind {
            "scalar" => items.but(written.numbers.left_out, series::TOO_LONG).mapped(),
            "text" => items.but(written.texts.left_out, series::TOO_LONG).mapped(),
            "broken event" | "broken value" => items.dropped("part of it cannot be read"),
            "value without content" => items.dropped("it has neither content nor metadata"),
            "value of too many names" => items.dropped("the run has too many names"),
            _ => items.mapped(),
        }
    }
    if superseded > 0 {
        let message = format!("{superseded} values were written before the run was begun again at an earlier step");
        ledger.finding(Code::SourceLoss, "event files", message);
    }
}

/// Why values are left out, as TensorBoard leaves them out.
const SUPERSEDED: &str = "the run was begun again at this step or an earlier one";

/// What the files say of themselves and of the series.
fn about(ledger: &mut Ledger<'_>, run: &Run) {
    for (number, writer) in run.writers.iter().enumerate() {
        ledger.item("writer", &number.to_string()).raw(writer.as_str());
    }
    for (path, part) in &run.parts {
        let what = match part {
            Part::Hparams => "hyperparameters".to_owned(),
            Part::Scalars { tag, name } => format!("`{name}` of the scalars `{tag}`"),
        };
        ledger.item("joined folder", path).raw(what.as_str());
    }
    for (key, (title, description)) in &run.described {
        let named = [("title", title), ("description", description)].into_iter().filter(|(_, text)| !text.is_empty());
        let members: Members = named.map(|(name, text)| (name.to_owned(), Value::Text(text.clone()))).collect();
        ledger.item("description of a series", key).raw(&Value::Object(Box::new(members)));
    }
}
