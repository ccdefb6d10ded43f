//! Trackio: a run of a project's database becomes a bundle.
//!
//! A run has no status and no end. Its last row stands for the end, and a finding says so.

mod files;
mod points;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle_format::Code;
use expbundle_format::number::typed;
use expbundle_format::record::{Kind, Status};
use expbundle_format::sections::{Context, Event, EventSeverity, Events, Gap, Group, Recipe};
use expbundle_format::time::Time;
use expbundle_trackers::read_time;
use expbundle_trackers::trackio::{Run, Store, StoreError};
use expbundle_trackers::wandb::Value;
use serde_json::{Map, Value as Json};

use self::points::Taken;
use crate::gate::Converted;
use crate::ledger::Ledger;
use crate::parameters::{Kind as ParameterKind, kind_of};
use crate::tracker::{self, Listed, Listing, Source, Tracker};
use crate::wandb::typed::{members, typed as tree};
use crate::{ConvertError, Options};

/// Trackio.
#[derive(Debug)]
pub(crate) struct Trackio;

impl Tracker for Trackio {
    fn name(&self) -> &'static str {
        "trackio"
    }

    fn reads(&self) -> &'static str {
        "trackio/ folder, or the .db file of a project with the media and artifacts beside it"
    }

    fn open(&self, path: &Utf8Path) -> Result<Option<Box<dyn Source>>, ConvertError> {
        let store = Store::open(path).map_err(unreadable)?;
        Ok(store.map(|store| Box::new(Opened { store }) as Box<dyn Source>))
    }
}

struct Opened {
    store: Store,
}

fn unreadable(error: StoreError) -> ConvertError {
    let path: Utf8PathBuf = error.path.clone();
    tracker::unreadable(&path, error)
}

fn time(nanoseconds: i64) -> Option<Time> {
    Time::from_nanoseconds(nanoseconds.into())
}

impl Source for Opened {
    fn runs(&self) -> Result<Listing, ConvertError> {
        let (listed, findings) = self.store.list().map_err(unreadable)?;
        let runs = listed.iter().map(|run| Listed {
            id: run.id().to_owned(),
            experiment: Some(run.project.clone()),
            started: run.started_ns.and_then(time),
            name: run.name.clone(),
            ..Listed::new(run.key.clone())
        });
        let [unread, findings] = [self.store.unread(), findings].map(|all| all.iter().map(tracker::finding).collect());
        Ok(Listing { runs: runs.collect(), unread, findings })
    }

    fn convert(&self, key: &str, options: &Options<'_>) -> Result<Converted, ConvertError> {
        let mut taken = Taken::new(options);
        let run = self.store.read(key, &mut taken).map_err(unreadable)?;
        let run = run.ok_or_else(|| ConvertError::no_such_run(key))?;
        build(&run, taken, options)
    }
}

fn build(run: &Run, taken: Taken, options: &Options<'_>) -> Result<Converted, ConvertError> {
    let mut ledger = Ledger::new(Kind::Run, Trackio.name(), options);
    ledger.source.layout = Some("sqlite".to_owned());
    ledger.findings(&run.findings);
    ledger.run(run.listed.id());
    times(&mut ledger, run);
    let mut context = context(run);
    let recipe = recipe(&mut ledger, run, &mut context);
    let events = events(&ledger, run);
    files::artifacts(&mut ledger, run)?;
    taken.write(&mut ledger, run)?;
    rest(&ledger, run);
    ledger.section(context);
    ledger.section(recipe);
    ledger.section(events);
    ledger.finish()
}

fn times(ledger: &mut Ledger<'_>, run: &Run) {
    let body = ledger.body();
    body.status = Some(Status::Unknown);
    body.started = run.listed.started_ns.or(run.span_ns.map(|(first, _)| first)).and_then(time);
    body.ended = run.span_ns.and_then(|(_, last)| time(last));
    if run.span_ns.is_some() {
        let message = "Trackio records no end and no status; the time of the last row stands for the end";
        ledger.finding(Code::SourceLoss, "table metrics", message);
    }
}

fn context(run: &Run) -> Context {
    let title = run.listed.name.as_deref().unwrap_or(run.listed.id()).to_owned();
    let project = Group { kind: "project".to_owned(), name: run.listed.project.clone(), ..Group::default() };
    Context { title, groups: vec![project], ..Context::default() }
}

/// The configuration. Names that begin with `_` are Trackio's own.
fn recipe(ledger: &mut Ledger<'_>, run: &Run, context: &mut Context) -> Recipe {
    let mut recipe = Recipe::default();
    for (name, value) in members(&run.config) {
        let item = ledger.item("config value", name);
        match (name, value.as_str()) {
            ("_Created", Some(_)) | ("_Username" | "_Group", None) if value.is_null() || value.is_string() => {
                item.mapped();
            }
            ("_Username", Some(user)) => {
                item.mapped();
                ledger.identity.user = Some(user.to_owned());
            }
            ("_Group", Some(group)) => {
                item.mapped();
                let group = Group { kind: "group".to_owned(), name: group.to_owned(), ..Group::default() };
                context.groups.push(group);
            }
            (name, _) if name.starts_with('_') => item.raw_tree(value),
            _ => {
                item.mapped();
                match kind_of(name) {
                    ParameterKind::Seed => recipe.seeds.insert(name.to_owned(), value.clone()),
                    ParameterKind::Determinism => recipe.determinism.insert(name.to_owned(), value.clone()),
                    ParameterKind::Other => None,
                };
                recipe.parameters.insert(name.to_owned(), value);
            }
        }
    }
    let mut gap = |what: &str, detail: &str| recipe.gaps.push(Gap { what: what.to_owned(), detail: detail.to_owned() });
    gap("code", "Trackio does not record the code");
    gap("environment", "Trackio does not record packages or the machine");
    if recipe.seeds.is_empty() {
        gap("seed", "no parameter is named like a seed");
    }
    let has_inputs = run.links.iter().any(|link| link.is_input) || !ledger.options.inputs.is_empty();
    if !has_inputs {
        gap("data", "no input was recorded; `--input` declares it");
    }
    recipe.gaps.sort();
    recipe
}

fn events(ledger: &Ledger<'_>, run: &Run) -> Events {
    let mut events = Events::default();
    for alert in &run.alerts {
        let text = |member: &str| alert.get(member).and_then(Json::as_str).filter(|text| !text.is_empty());
        let words: Vec<&str> = [text("title"), text("text")].into_iter().flatten().collect();
        let mut event = Event {
            kind: "alert".to_owned(),
            severity: match text("level") {
                Some("error") => EventSeverity::Error,
                Some("warn" | "warning") => EventSeverity::Warning,
                _ => EventSeverity::Info,
            },
            text: Some(words.join(": ")),
            time: text("timestamp").and_then(read_time).and_then(time),
            source: Some("trackio".to_owned()),
            ..Event::default()
        };
        let told = ["id", "run_id", "run_name", "title", "text", "level", "timestamp"];
        let others = alert.iter().filter(|(name, _)| !told.contains(&name.as_str()));
        event.details = others.map(|(name, value)| (name.clone(), typed::tree(value))).collect();
        events.events.push(event);
    }
    ledger.items("alert", run.alerts.len() as u64).mapped();
    events
}

/// Rows that no section has a place for.
fn rest(ledger: &Ledger<'_>, run: &Run) {
    let kinds: [(&'static str, &[Map<String, Json>]); 4] = [
        ("external artifact link", &run.external_links),
        ("trace", &run.traces),
        ("pending upload", &run.uploads),
        ("project metadata", &run.project_metadata),
    ];
    for (kind, rows) in kinds {
        for (index, row) in rows.iter().enumerate() {
            let name = row.get("id").or(row.get("key")).map(|id| id.as_str().map_or(id.to_string(), str::to_owned));
            ledger.item(kind, &name.unwrap_or_else(|| index.to_string())).raw(&Json::Object(row.clone()));
        }
    }
}

/// A value of the configuration or of a row that Trackio writes as text, for JSON has no such
/// number.
fn number_as_text(value: &Value) -> Option<f64> {
    match value.as_str()? {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

/// The same as a typed tree.
fn typed_value(value: &Value) -> Json {
    number_as_text(value).map_or_else(|| tree(value), typed::float)
}
