//! `context.json`: name, notes, tags, groups.

use std::collections::BTreeMap;

use expbundle_format::number::typed;
use expbundle_format::sections::{Context, Group};
use expbundle_format::time::Time;
use expbundle_trackers::neptune::{Attribute, Layout, Run};
use serde_json::Value;

use crate::ledger::{Fields, Foreign, Ledger};

/// Attributes that nobody has taken yet.
pub(super) type Attributes<'a> = Fields<'a, Attribute>;

impl Foreign for Attribute {
    fn tree(&self) -> Value {
        match self {
            Self::Float(value) => typed::float(*value),
            Self::Integer(digits) => typed::integer(digits).unwrap_or_else(|| digits.clone().into()),
            Self::Bool(value) => (*value).into(),
            Self::Text(text) => text.clone().into(),
            Self::Time(time) => {
                Time::from_milliseconds(*time).map_or_else(|| (*time).into(), |time| time.to_string().into())
            }
            Self::Set(set) => set.iter().cloned().collect(),
        }
    }
}

pub(super) fn fields<'a>(ledger: &Ledger<'_>, run: &'a Run) -> Attributes<'a> {
    Attributes::new(ledger, "attribute", run.attributes.iter().map(|(name, value)| (name.as_str(), value)))
}

/// Takes an attribute if it is a text.
pub(super) fn take_text<'a>(fields: &mut Attributes<'a>, run: &Run, path: &str) -> Option<&'a str> {
    run.text(path)?;
    match fields.take(path)? {
        Attribute::Text(text) => Some(text),
        _ => None,
    }
}

fn take_set(fields: &mut Attributes<'_>, run: &Run, path: &str) -> Vec<String> {
    if !matches!(run.attributes.get(path), Some(Attribute::Set(_))) {
        return Vec::new();
    }
    match fields.take(path) {
        Some(Attribute::Set(set)) => set.iter().cloned().collect(),
        _ => Vec::new(),
    }
}

pub(super) fn map(ledger: &mut Ledger<'_>, fields: &mut Attributes<'_>, run: &Run) -> Context {
    let mut context = Context { title: run.name().unwrap_or(&run.id).to_owned(), ..Context::default() };
    take_text(fields, run, "sys/name");
    context.notes = take_text(fields, run, "sys/description").map(str::to_owned);
    context.tags = take_set(fields, run, "sys/tags");
    let experiment = take_text(fields, run, "sys/experiment/name").or(run.experiment.as_deref());
    for (kind, name) in [("project", run.project.as_deref()), ("experiment", experiment)] {
        if let Some(name) = name.filter(|name| !name.is_empty()).map(str::to_owned) {
            context.groups.push(Group { kind: kind.to_owned(), name, ..Group::default() });
        }
    }
    for name in take_set(fields, run, "sys/group_tags") {
        context.groups.push(Group { kind: "group".to_owned(), name, ..Group::default() });
    }
    if run.kind != "run" {
        context.labels = BTreeMap::from([("neptune/type".to_owned(), run.kind.clone())]);
    }
    people(ledger, fields, run);
    // They say what the record says.
    if run.layout == Layout::Export && run.created_ms.is_some() {
        fields.take("sys/creation_time");
    }
    if run.attributes.get("sys/failed") == Some(&Attribute::Bool(true)) {
        fields.take("sys/failed");
    }
    context
}

/// The first part of a project's name is the workspace, which is a person's or that of a team.
fn people(ledger: &mut Ledger<'_>, fields: &mut Attributes<'_>, run: &Run) {
    let workspace = run.project.as_deref().and_then(|project| project.split_once('/')).map(|(workspace, _)| workspace);
    ledger.identity.organisation = workspace.map(str::to_owned);
    if let Some(owner) = take_text(fields, run, "sys/owner") {
        ledger.identity.user = Some(owner.to_owned());
    }
    let hosts: Vec<&str> = fields
        .names()
        .into_iter()
        .filter(|name| *name == "sys/hostname" || name.starts_with("monitoring/") && name.ends_with("/hostname"))
        .collect();
    for name in hosts {
        let Some(host) = take_text(fields, run, name) else { continue };
        if ledger.identity.host.as_deref().is_some_and(|known| known != host) {
            ledger.person(name, host);
        } else {
            ledger.identity.host = Some(host.to_owned());
        }
    }
}
