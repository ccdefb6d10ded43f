//! What a server adds to a task: times, status, models, people.

use expbundle_format::Code;
use expbundle_format::record::{Status, role};
use expbundle_format::sections::{Artifact, Direction, ModelFacts, Recipe};
use expbundle_format::time::Time;
use expbundle_trackers::read_time;
use serde_json::{Map, Value};

use super::{fields, text};
use crate::ledger::{Fields, Ledger};
use crate::roles;

/// The status that the server gave.
pub(super) fn status(task: &Map<String, Value>) -> Status {
    match text(task, "status") {
        Some("created" | "queued") => Status::Scheduled,
        Some("in_progress") => Status::Running,
        Some("completed" | "published" | "publishing") => Status::Finished,
        Some("failed") => Status::Failed,
        Some("stopped") => Status::Killed,
        // `closed` says nothing of how.
        _ => Status::Unknown,
    }
}

/// A time of the task. `json.dumps(…, default=str)` writes it with a space.
pub(super) fn time(task: &Map<String, Value>, name: &str) -> Option<Time> {
    Time::from_nanoseconds(read_time(text(task, name)?)?.into())
}

/// Maps what only exported tasks have.
pub(super) fn map(ledger: &mut Ledger<'_>, task: &mut Fields<'_, Value>, mut recipe: Recipe) -> Recipe {
    let mut taken = Map::new();
    for name in ["status", "started", "completed"] {
        taken.extend(task.peek(name).map(|value| (name.to_owned(), value.clone())));
    }
    let status = status(&taken);
    ledger.body().status = Some(status);
    if status != Status::Unknown {
        task.take("status");
    }
    ledger.body().started = time(&taken, "started");
    ledger.body().ended = time(&taken, "completed");
    for (name, is_read) in [("started", ledger.body().started), ("completed", ledger.body().ended)] {
        if is_read.is_some() {
            task.take(name);
        }
    }
    // Ids of the server, and a name of a machine.
    for name in ["user", "company", "last_worker"] {
        if let Some(id) = task.take_text(name) {
            ledger.person(format!("task field/{name}"), id);
        }
    }
    if let Some(container) = task.take_object("container") {
        let mut container_fields = fields(ledger, "container field", container);
        if let Some(image) = container_fields.take_text("image") {
            recipe.environment.get_or_insert_default().container_image = Some(image.to_owned());
        }
        container_fields.keep();
    }
    models(ledger, task);
    let message = "an exported task has no series, console and artifacts; they are on the server";
    ledger.finding(Code::SourceLoss, "task", message);
    recipe
}

fn models(ledger: &mut Ledger<'_>, task: &mut Fields<'_, Value>) {
    let Some(models) = task.take_object("models") else { return };
    for (side, list) in models {
        let direction = match side.as_str() {
            "input" => Direction::Input,
            "output" => Direction::Output,
            _ => {
                ledger.item("model", side).raw(list);
                continue;
            }
        };
        for (index, model) in list.as_array().into_iter().flatten().enumerate() {
            let place = format!("{side} {index}");
            let item = ledger.item("model", &place);
            let Some(members) = model.as_object() else {
                item.raw(model);
                continue;
            };
            let mut artifact = Artifact::new(direction, roles::word(role::MODEL));
            artifact.name = text(members, "name").map(str::to_owned);
            let id = text(members, "model").map(str::to_owned);
            artifact.model = Some(ModelFacts { id, ..ModelFacts::default() });
            let says_more = members.keys().any(|name| !["name", "model"].contains(&name.as_str()));
            if says_more {
                item.mapped_with(model);
            } else {
                item.mapped();
            }
            let message = "the task names the model by its id on the server, and has no address and no digest of it";
            ledger.finding(Code::SourceMissing, &format!("models/{side}/{index}"), message);
            ledger.artifact(artifact);
        }
        if !list.is_array() {
            ledger.item("model", side).raw(list);
        }
    }
}
