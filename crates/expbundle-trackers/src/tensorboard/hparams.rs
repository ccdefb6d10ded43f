//! What the hyperparameter plugin keeps: an experiment, the values of a session, and its end.

use crate::protobuf::{Content, Field, Fields};
use crate::wandb::{Members, Value};

/// Levels of lists and objects of a value.
const MOST_LEVELS: usize = 24;

/// What the plugin has of one session.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// The values by name. Integers are floats here.
    pub values: Vec<(String, Value)>,
    /// Where the model lies.
    pub model_uri: Option<String>,
    /// A page about the session.
    pub monitor_url: Option<String>,
    /// Sessions of one name are repetitions of one another.
    pub group: Option<String>,
    /// Seconds since 1970, 0 aside.
    pub started_s: Option<f64>,
    /// How it ended.
    pub end: Option<End>,
}

/// The end of a session.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct End {
    /// Whether it succeeded; `None` if that is unknown.
    pub success: Option<bool>,
    /// Seconds since 1970. Writers that tell of the end before it came leave it out.
    pub at_s: Option<f64>,
}

/// What the plugin has of all sessions.
#[derive(Clone, Debug, Default)]
pub struct Experiment {
    /// Who made it.
    pub user: Option<String>,
    /// Everything else, as an object.
    pub rest: Members,
}

/// One message of the plugin.
pub(super) enum Message {
    Experiment(Experiment),
    Start(Session),
    End(End),
    Unknown,
}

impl Message {
    pub fn read(message: &[u8]) -> Self {
        let field = Fields::new(message).find(|field| (2..=4).contains(&field.number));
        match field {
            Some(Field { number: 2, content }) => Self::Experiment(experiment(content.bytes())),
            Some(Field { number: 3, content }) => Self::Start(start(content.bytes())),
            Some(Field { number: 4, content }) => Self::End(end(content.bytes())),
            _ => Self::Unknown,
        }
    }
}

fn text(content: Content<'_>) -> Option<String> {
    Some(content.text()).filter(|text| !text.is_empty())
}

fn float(content: Content<'_>) -> Option<f64> {
    match content {
        Content::Fixed64(bits) => Some(f64::from_bits(bits)),
        _ => None,
    }
}

/// A time of a message; 0 is none.
fn seconds(content: Content<'_>) -> Option<f64> {
    float(content).filter(|seconds| *seconds != 0.0)
}

fn start(message: &[u8]) -> Session {
    let mut session = Session::default();
    for Field { number, content } in Fields::new(message) {
        match number {
            1 => session.values.push(member(content.bytes(), 0)),
            2 => session.model_uri = text(content),
            3 => session.monitor_url = text(content),
            4 => session.group = text(content),
            5 => session.started_s = seconds(content),
            _ => {}
        }
    }
    session
}

fn end(message: &[u8]) -> End {
    let mut end = End { success: None, at_s: None };
    for Field { number, content } in Fields::new(message) {
        match (number, content.number()) {
            (1, 1) => end.success = Some(true),
            (1, 2) => end.success = Some(false),
            (2, _) => end.at_s = seconds(content),
            _ => {}
        }
    }
    end
}

fn experiment(message: &[u8]) -> Experiment {
    let mut experiment = Experiment::default();
    let (mut parameters, mut metrics) = (Vec::new(), Vec::new());
    for Field { number, content } in Fields::new(message) {
        match number {
            1 => put(&mut experiment.rest, "description", text(content).map(Value::Text)),
            2 => experiment.user = text(content),
            3 => put(&mut experiment.rest, "time_created_secs", seconds(content).map(Value::Float)),
            4 => parameters.push(parameter_info(content.bytes())),
            5 => metrics.push(metric_info(content.bytes())),
            6 => put(&mut experiment.rest, "name", text(content).map(Value::Text)),
            _ => {}
        }
    }
    put(&mut experiment.rest, "hparam_infos", list(parameters));
    put(&mut experiment.rest, "metric_infos", list(metrics));
    experiment
}

fn put(members: &mut Members, name: &str, value: Option<Value>) {
    if let Some(value) = value {
        members.insert(name.to_owned(), value);
    }
}

fn list(items: Vec<Value>) -> Option<Value> {
    (!items.is_empty()).then_some(Value::List(items))
}

/// The texts of a message by these names, and numbers of enumerations as they are.
fn named(message: &[u8], names: &[(u32, &str)]) -> Members {
    let mut members = Members::default();
    for Field { number, content } in Fields::new(message) {
        let Some((_, name)) = names.iter().find(|(known, _)| *known == number) else { continue };
        let value = match content {
            Content::Varint(number) => Some(Value::Integer(number.to_string())),
            _ => text(content).map(Value::Text),
        };
        put(&mut members, name, value);
    }
    members
}

fn parameter_info(message: &[u8]) -> Value {
    let mut members =
        named(message, &[(1, "name"), (2, "display_name"), (3, "description"), (4, "type"), (7, "differs")]);
    for Field { number, content } in Fields::new(message) {
        let domain = match number {
            5 => ("domain_discrete", values(content.bytes(), 0)),
            6 => ("domain_interval", interval(content.bytes())),
            _ => continue,
        };
        put(&mut members, domain.0, Some(domain.1));
    }
    Value::Object(Box::new(members))
}

fn interval(message: &[u8]) -> Value {
    let mut members = Members::default();
    for Field { number, content } in Fields::new(message) {
        let name = if number == 1 { "min_value" } else { "max_value" };
        put(&mut members, name, float(content).map(Value::Float));
    }
    Value::Object(Box::new(members))
}

fn metric_info(message: &[u8]) -> Value {
    let mut members = named(message, &[(3, "display_name"), (4, "description"), (5, "dataset_type")]);
    for field in Fields::new(message).filter(|field| field.number == 1) {
        members.extend(named(field.content.bytes(), &[(1, "group"), (2, "tag")]));
    }
    Value::Object(Box::new(members))
}

/// A member of a map: name and value.
fn member(message: &[u8], level: usize) -> (String, Value) {
    let (mut name, mut value) = (String::new(), Value::Null);
    for Field { number, content } in Fields::new(message) {
        match number {
            1 => name = content.text(),
            2 => value = self::value(content.bytes(), level),
            _ => {}
        }
    }
    (name, value)
}

/// `google.protobuf.Value`
fn value(message: &[u8], level: usize) -> Value {
    let Some(Field { number, content }) = Fields::new(message).last() else { return Value::Null };
    match (number, content) {
        (2, Content::Fixed64(bits)) => Value::Float(f64::from_bits(bits)),
        (3, _) => Value::Text(content.text()),
        (4, _) => Value::Bool(content.number() != 0),
        (5 | 6, _) if level >= MOST_LEVELS => Value::Text("nested too deep".to_owned()),
        (5, Content::Bytes(object)) => {
            let fields = Fields::new(object).filter(|field| field.number == 1);
            let members: Members = fields.map(|field| member(field.content.bytes(), level + 1)).collect();
            Value::Object(Box::new(members))
        }
        (6, Content::Bytes(list)) => values(list, level + 1),
        _ => Value::Null,
    }
}

/// `google.protobuf.ListValue`
fn values(message: &[u8], level: usize) -> Value {
    let fields = Fields::new(message).filter(|field| field.number == 1);
    Value::List(fields.map(|field| value(field.content.bytes(), level)).collect())
}
