//! The fields of a run as the service gives them, as JSON, in their places in [`Run`].

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::super::run::{Run, State};
use super::super::value::Value;
use crate::finding::{SourceCode, SourceFinding};

/// Whether a JSON object is a run: the node of the service, or what somebody wrote out of it.
pub(super) fn is_run(node: &Value) -> bool {
    let text = |name: &str| node.get(name).and_then(Value::as_str).is_some();
    let has = |name: &str| node.get(name).is_some();
    (text("name") || text("id")) && (has("config") || has("summaryMetrics") || has("summary")) && has("state")
}

/// The id of the run. The service calls it `name`, and the name `displayName`.
pub(super) fn id(node: &Value) -> Option<&str> {
    let member = if node.get("displayName").is_some() { "name" } else { "id" };
    [member, "id", "name"].into_iter().find_map(|member| node.get(member)?.as_str()).filter(|id| !id.is_empty())
}

/// The run that a node tells of.
pub(super) fn run(node: Value) -> Run {
    let mut run = Run { layout: Some("API export"), ..Run::default() };
    let id = id(&node).map(str::to_owned);
    let is_node = node.get("displayName").is_some();
    let Value::Object(members) = node else { return run };
    for (name, value) in *members {
        let blank = matches!(&value, Value::Null) || value.as_str().is_some_and(str::is_empty);
        if blank {
            continue;
        }
        match (name.as_str(), &value) {
            ("state", Value::Text(state)) => {
                run.stated = Some(stated(state));
                if run.stated == Some(State::Unknown) {
                    run.run.put(&[name], value);
                }
            }
            ("config", _) => run.config = unwrapped(loaded(value)),
            ("summaryMetrics" | "summary", _) => run.summary = loaded(value),
            // The last value of each, without a time: no series.
            ("systemMetrics", _) => run.run.put(&[name], loaded(value)),
            ("createdAt" | "created_at", Value::Text(text)) => match time(text) {
                Some(time) => run.run.put(&["start_time".to_owned()], Value::Integer(time.to_string())),
                None => run.run.put(&[name], value),
            },
            ("name", _) if is_node => {}
            ("id", _) if is_node => storage_id(&mut run, value),
            ("name" | "displayName", _) => run.run.put(&["display_name".to_owned()], value),
            ("id", _) => {}
            ("commit", _) => run.run.put(&["git".to_owned(), "commit".to_owned()], value),
            ("group", _) => run.run.put(&["run_group".to_owned()], value),
            ("jobType" | "job_type", _) => run.run.put(&["job_type".to_owned()], value),
            ("sweepName", _) => run.run.put(&["sweep_id".to_owned()], value),
            ("path", Value::List(parts)) if parts.len() == 3 => {
                for (part, member) in parts.iter().zip(["entity", "project"]) {
                    run.run.put(&[member.to_owned()], part.clone());
                }
            }
            ("user", Value::Object(_)) => {
                for (theirs, ours) in [("username", "username"), ("name", "user_name"), ("email", "email")] {
                    if let Some(text @ Value::Text(_)) = value.get(theirs) {
                        run.environment.put(&[ours.to_owned()], text.clone());
                    }
                }
            }
            _ => run.run.put(&[name], value),
        }
    }
    if let Some(id) = id {
        run.run.put(&["run_id".to_owned()], Value::Text(id));
    }
    for (name, tree) in [("config", &mut run.config), ("summary", &mut run.summary)] {
        tree.sort();
        if !matches!(tree, Value::Object(_)) {
            *tree = Value::empty();
            run.findings.push(SourceFinding::new(SourceCode::Damaged, name, "it is not a JSON object"));
        }
    }
    run
}

fn stated(state: &str) -> State {
    match state {
        "finished" => State::Finished,
        "failed" => State::Failed,
        "crashed" => State::Crashed,
        "killed" => State::Killed,
        "running" => State::Running,
        _ => State::Unknown,
    }
}

/// An object, which the service gives as a JSON text.
fn loaded(value: Value) -> Value {
    match &value {
        Value::Text(text) => Value::parse(text).filter(|loaded| matches!(loaded, Value::Object(_))).unwrap_or(value),
        _ => value,
    }
}

/// The configuration without the wrapping `{"value": …, "desc": …}` of each of its values.
fn unwrapped(config: Value) -> Value {
    let Value::Object(members) = config else { return config };
    let is_wrapped = |value: &Value| match value {
        Value::Object(inner) => {
            inner.contains_key("value") && inner.keys().all(|name| name == "value" || name == "desc")
        }
        _ => false,
    };
    // All or none: a parameter may itself be an object with a `value`.
    if members.is_empty() || !members.values().all(is_wrapped) {
        return Value::Object(members);
    }
    let members = members.into_iter().map(|(name, value)| {
        let inner = value.get("value").cloned().unwrap_or(Value::Null);
        (name, inner)
    });
    Value::Object(Box::new(members.collect()))
}

/// `Run:v1:<id>:<project>:<entity>` in Base64: it names the entity, so it is taken apart and not
/// kept.
fn storage_id(run: &mut Run, value: Value) {
    let decoded = value.as_str().and_then(base64).unwrap_or_default();
    match decoded.split(':').collect::<Vec<_>>().as_slice() {
        ["Run", "v1", _, project, entity] => {
            run.run.put(&["project".to_owned()], Value::Text((*project).to_owned()));
            run.run.put(&["entity".to_owned()], Value::Text((*entity).to_owned()));
        }
        _ => run.run.put(&["storage_id".to_owned()], value),
    }
}

/// In either alphabet, with or without padding.
fn base64(text: &str) -> Option<String> {
    const ENGINE: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    String::from_utf8(ENGINE.decode(text.replace('-', "+").replace('_', "/")).ok()?).ok()
}

/// Nanoseconds since 1970. Times of the service are UTC, with or without saying so.
fn time(text: &str) -> Option<i64> {
    let time: jiff::Timestamp = text.parse().or_else(|_| format!("{text}Z").parse()).ok()?;
    i64::try_from(time.as_nanosecond()).ok()
}
