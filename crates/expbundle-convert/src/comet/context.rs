//! `context.json`: name, notes, tags, and what the user logged beside parameters.

use expbundle_format::Code;
use expbundle_format::sections::{Context, Group};
use expbundle_trackers::comet::Session;
use expbundle_trackers::wandb::Value;

use super::mapping::{Mapping, text};

/// Others that the SDK writes by itself, beside the name.
const OF_SDK: [&str; 6] = [
    "offline_experiment",
    "hasNestedParams",
    "Created from",
    "ui.color",
    "comet_start_sourced",
    "initialized_signature",
];
/// Members of `experiment.json` that have a home.
const TOLD: [&str; 6] = ["offline_id", "project_name", "start_time", "stop_time", "tags", "workspace"];

pub(super) fn map(mapping: &mut Mapping<'_>, key: &str) -> Context {
    let session = mapping.session;
    let mut context = Context { title: key.to_owned(), ..Context::default() };
    if let Some(id) = session.text("offline_id") {
        id.clone_into(&mut context.title);
    }
    others(mapping, &mut context);
    for (kind, member) in [("workspace", "workspace"), ("project", "project_name")] {
        if let Some(name) = session.text(member).map(str::to_owned) {
            context.groups.push(Group { kind: kind.to_owned(), name, ..Group::default() });
        }
    }
    // A workspace is a person's, or that of a team.
    mapping.ledger.identity.organisation = session.text("workspace").map(str::to_owned);
    experiment(mapping, &mut context);
    context
}

fn others(mapping: &mut Mapping<'_>, context: &mut Context) {
    let last = mapping.take_last("log_other", |message| text(&message.payload, "key"));
    for (name, message) in last {
        match (name, message.payload.get("value")) {
            ("Name", Some(Value::Text(title))) => title.clone_into(&mut context.title),
            ("notes", Some(Value::Text(notes))) => context.notes = Some(notes.clone()),
            (name, Some(value)) if !OF_SDK.contains(&name) && scalar(value).is_some() => {
                context.labels.insert(name.to_owned(), scalar(value).unwrap_or_default());
            }
            _ => {
                mapping.raw(message);
                continue;
            }
        }
        mapping.mapped(message, &["key", "value"]);
    }
}

/// A single value as text.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.clone()),
        Value::Integer(digits) => Some(digits.clone()),
        Value::Float(value) => Some(value.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

/// The members of `experiment.json`.
fn experiment(mapping: &mut Mapping<'_>, context: &mut Context) {
    let Value::Object(members) = &mapping.session.experiment else { return };
    for (name, value) in &**members {
        let item = mapping.ledger.item("experiment field", name);
        match value {
            Value::List(tags) if name == "tags" && tags.iter().all(|tag| tag.as_str().is_some()) => {
                context.tags = tags.iter().filter_map(Value::as_str).map(str::to_owned).collect();
                context.tags.sort();
                item.mapped();
            }
            _ if name != "tags" && TOLD.contains(&name.as_str()) => {
                let is_read = value.as_str().is_some() || value.as_i64().is_some() || *value == Value::Null;
                if is_read { item.mapped() } else { item.raw(value) }
            }
            value => item.raw(value),
        }
    }
    // The SDK's own trouble: of the run it says nothing.
    if let Some(message) = text(&mapping.session.experiment, "customer_error_message") {
        let message = format!("the SDK reported: {message}");
        mapping.ledger.finding(Code::SourceLoss, "experiment.json", message);
    }
}

/// The last value of that name that the user or the SDK logged.
pub(super) fn last_other<'s>(session: &'s Session, name: &str) -> Option<&'s Value> {
    let others = session.messages.others.iter().rev().filter(|message| message.kind == "log_other");
    others
        .filter(|message| text(&message.payload, "key") == Some(name))
        .find_map(|message| message.payload.get("value"))
}
