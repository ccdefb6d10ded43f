//! `context.json`, `events.json`, goals of series.

use std::collections::BTreeMap;
use std::ops::Bound::{Included, Unbounded};

use expbundle_format::sections::{Context, Event, EventSeverity, Events, Goal, Group};
use expbundle_trackers::wandb::Value;

use super::mapping::Mapping;
use super::typed::typed;

pub(super) fn map(mapping: &mut Mapping<'_>) -> Context {
    let run = mapping.run();
    let mut context = Context::default();
    run.text("display_name").unwrap_or(&mapping.files.id).clone_into(&mut context.title);
    context.notes = run.text("notes").map(str::to_owned);
    context.job_type = run.text("job_type").map(str::to_owned);
    if let Some(Value::List(tags)) = run.run.get("tags") {
        context.tags.extend(tags.iter().filter_map(Value::as_str).map(str::to_owned));
        mapping.ledger.items("tag", tags.len() as u64).mapped();
    }
    for (kind, member) in [("project", "project"), ("group", "run_group"), ("sweep", "sweep_id")] {
        if let Some(name) = run.text(member).map(str::to_owned) {
            let id = (kind == "sweep").then(|| name.clone());
            context.groups.push(Group { kind: kind.to_owned(), name, id, ..Group::default() });
        }
    }
    let told = ["display_name", "notes", "job_type", "project", "run_group", "sweep_id", "run_id", "entity", "host"];
    let texts = told.iter().filter(|member| run.text(member).is_some()).count() as u64;
    let others = u64::from(run.started_ns().is_some()) + u64::from(run.run.get("git").is_some());
    mapping.ledger.items("run field", texts + others).mapped();
    // What is left of the run record: resumed, forked, branch point, storage id.
    let Value::Object(members) = &run.run else { return context };
    for (name, value) in &**members {
        if !told.contains(&name.as_str()) && !["tags", "start_time", "git"].contains(&name.as_str()) {
            mapping.ledger.item("run field", name).raw(value);
        }
    }
    context
}

/// Alerts and preemptions.
pub(super) fn events(mapping: &mut Mapping<'_>) -> Events {
    let run = mapping.run();
    let mut events = Events::default();
    for alert in &run.alerts {
        let text = |member: &str| alert.get(member).and_then(Value::as_str).unwrap_or_default();
        let severity = match text("level") {
            "ERROR" => EventSeverity::Error,
            "WARN" => EventSeverity::Warning,
            _ => EventSeverity::Info,
        };
        let words = [text("title"), text("text")].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
        let words = Some(words.join(": "));
        let mut event = Event { kind: "alert".to_owned(), severity, text: words, ..Event::default() };
        event.source = Some("wandb".to_owned());
        if let Some(wait) = alert.get("wait_duration") {
            event.details.insert("waitMilliseconds".to_owned(), typed(wait));
        }
        events.events.push(event);
    }
    mapping.ledger.items("alert", run.alerts.len() as u64).mapped();
    for _ in 0..run.preempting {
        let text = Some("the run was about to be preempted".to_owned());
        events.events.push(Event {
            kind: "preemption".to_owned(),
            severity: EventSeverity::Warning,
            text,
            ..Event::default()
        });
    }
    if let Some(exit) = run.exit {
        let mut event = Event { kind: "exit".to_owned(), ..Event::default() };
        event.severity = if exit.code == 0 { EventSeverity::Info } else { EventSeverity::Error };
        event.details.insert("exitCode".to_owned(), exit.code.into());
        event.details.insert("runtimeSeconds".to_owned(), exit.runtime_seconds.into());
        events.events.push(event);
    }
    events
}

/// What is declared about a series.
#[derive(Clone, Debug, Default)]
pub(super) struct Declared {
    pub goal: Option<Goal>,
    pub step_key: Option<String>,
}

/// Definitions of metrics by the names that they fit.
#[derive(Default)]
pub(super) struct Definitions {
    exact: BTreeMap<String, Declared>,
    /// By what stands before the `*`. None of them begins with another, for of two that fit the
    /// shorter one counts.
    globs: BTreeMap<String, Declared>,
}

impl Definitions {
    fn new(all: BTreeMap<String, Declared>) -> Self {
        let mut definitions = Self::default();
        for (name, declared) in all {
            let Some(start) = name.strip_suffix('*') else {
                definitions.exact.insert(name, declared);
                continue;
            };
            // In the order of names a shorter one comes first.
            let last = definitions.globs.last_key_value();
            if last.is_none_or(|(shorter, _)| !start.starts_with(shorter.as_str())) {
                definitions.globs.insert(start.to_owned(), declared);
            }
        }
        definitions
    }

    /// What is declared about a series of that name; exact names before globs.
    pub fn of(&self, key: &str) -> Declared {
        let exact = self.exact.get(key);
        // No text between a start of the key and the key begins otherwise, so the last one before
        // the key is it, or none is.
        let glob = self.globs.range::<str, _>((Unbounded, Included(key))).next_back();
        let glob = glob.filter(|(start, _)| key.starts_with(start.as_str())).map(|(_, declared)| declared);
        let goal = exact.and_then(|declared| declared.goal).or(glob.and_then(|declared| declared.goal));
        let step_key = exact.or(glob).and_then(|declared| declared.step_key.clone());
        Declared { goal, step_key }
    }
}

/// Definitions of metrics; and all of them raw, for they say more than has a home.
pub(super) fn definitions(mapping: &mut Mapping<'_>) -> Definitions {
    let run = mapping.run();
    let mut all: BTreeMap<String, Declared> = BTreeMap::new();
    for definition in &run.metrics {
        let text = |member: &str| definition.get(member).and_then(Value::as_str).filter(|text| !text.is_empty());
        let Some(name) = text("name").or(text("glob_name")) else {
            mapping.ledger.items("metric definition", 1).dropped("the definition names no metric");
            continue;
        };
        // Names escape dots, which are no path here.
        let name = name.replace("\\.", ".");
        let declared = all.entry(name.clone()).or_default();
        declared.goal = match definition.get("goal").and_then(Value::as_i64) {
            Some(1) => Some(Goal::Minimize),
            Some(2) => Some(Goal::Maximize),
            _ => declared.goal,
        };
        declared.step_key = text("step_metric").map(str::to_owned).or(declared.step_key.take());
        let place = format!("{name}{}", if text("name").is_some() { "" } else { " (glob)" });
        mapping.ledger.item("metric definition", &place).raw(definition);
    }
    Definitions::new(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_names_come_before_globs_and_short_globs_before_long_ones() {
        let all = ["loss", "loss*", "l*", "loss/val", "z*", "za*", "zb"]
            .map(|name| (name.to_owned(), Declared { goal: None, step_key: Some(name.to_owned()) }));
        let definitions = Definitions::new(all.into());
        let case = |key: &str, want: Option<&str>| assert_eq!(definitions.of(key).step_key.as_deref(), want, "{key}");
        case("loss", Some("loss"));
        case("loss/val", Some("loss/val"));
        case("loss/train", Some("l*"));
        case("l", Some("l*"));
        case("zab", Some("z*"));
        case("zb", Some("zb"));
        case("k", None);
        case("", None);
    }
}
