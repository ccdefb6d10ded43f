//! Texts that are JSON or YAML, as the trees that they are: in `user:` with `name: Ada` on the line
//! below, no line tells by itself.

use std::borrow::Cow;

use expbundle_trackers::{Json, read_json, read_yaml};
use serde_json::{Map, Value};

use super::learn::{is_flag, member_key, named};

/// How often a text may be a tree within a tree.
const MOST_TIMES: usize = 4;
/// Longer texts are no settings, in bytes.
const MOST_BYTES: usize = 4 << 20;

/// A text of a tree.
pub enum Leaf<'a> {
    /// The name of a member.
    Name(&'a str),
    /// A value, and the name that tells what it is: its member, the one around it, or the argument
    /// before it.
    Value(Option<&'a str>, &'a str),
}

/// Visits every text of a value.
pub fn visit(key: Option<&str>, value: &Value, take: &mut dyn FnMut(Leaf<'_>)) {
    match value {
        Value::String(text) => take(Leaf::Value(key, text)),
        Value::Array(items) => {
            let mut flag: Option<&str> = None;
            for item in items {
                visit(flag.or(key), item, take);
                flag = item.as_str().filter(|text| is_flag(text));
            }
        }
        Value::Object(members) => {
            let key = named(members).or(key);
            for (name, value) in members {
                take(Leaf::Name(name));
                visit(Some(member_key(key, name)), value, take);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Visits every text of the trees that a text is, and of those that its texts are.
pub fn visit_text(text: &str, take: &mut dyn FnMut(Leaf<'_>)) {
    let mut texts: Vec<Cow<'_, str>> = vec![text.into()];
    for _ in 0..MOST_TIMES {
        let mut inner = Vec::new();
        for tree in texts.iter().flat_map(|text| trees(text)) {
            visit(None, &tree, &mut |leaf| {
                if let Leaf::Value(_, text) = leaf
                    && may_be_tree(text)
                {
                    inner.push(Cow::Owned(text.to_owned()));
                }
                take(leaf);
            });
        }
        texts = inner;
    }
}

/// Whether a text can be more than one value: of several lines, or in brackets.
fn may_be_tree(text: &str) -> bool {
    let text = text.trim();
    text.contains('\n') || text.starts_with(['{', '['])
}

/// The trees of a text: JSON, a line of JSON each, documents of YAML with something around them, TOML,
/// or sections of settings.
pub(crate) fn trees(text: &str) -> Vec<Value> {
    if text.len() > MOST_BYTES || !may_be_tree(text) {
        return Vec::new();
    }
    match read_json(text) {
        Json::Value(value) => return vec![value],
        Json::TooMany => return Vec::new(),
        Json::None => {}
    }
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if lines.iter().all(|line| line.starts_with(['{', '['])) {
        let values: Option<Vec<Value>> = lines.iter().map(|line| serde_json::from_str(line).ok()).collect();
        if let Some(values) = values {
            return values;
        }
    }
    let documents = documents(text).into_iter().filter(|document| may_be_yaml(document));
    let documents: Vec<Value> = documents.filter_map(|document| read_yaml(&document)).collect();
    if documents.is_empty() { toml(text).or_else(|| sections(text)).into_iter().collect() } else { documents }
}

fn toml(text: &str) -> Option<Value> {
    let table: toml::Table = text.contains('=').then(|| text.parse().ok())??;
    serde_json::to_value(table).ok()
}

/// `[db]` and `user = ada` below it, as many programs have their settings.
fn sections(text: &str) -> Option<Value> {
    let (mut all, mut section) = (Map::new(), None);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', ';']));
    for line in lines {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = Some(name.to_owned());
            all.insert(name.to_owned(), Value::Object(Map::new()));
            continue;
        }
        let (name, value) = line.split_once(['=', ':'])?;
        let members = all.get_mut(section.as_ref()?)?.as_object_mut()?;
        members.insert(name.trim().to_owned(), value.trim().into());
    }
    section.map(|_| Value::Object(all))
}

/// What stands between the lines that end documents, as at the head of a text in Markdown.
fn documents(text: &str) -> Vec<String> {
    let mut documents = vec![String::new()];
    for line in text.lines() {
        if ["---", "...", "+++"].contains(&line.trim_end()) {
            documents.push(String::new());
        } else if let Some(last) = documents.last_mut() {
            last.push_str(line);
            last.push('\n');
        }
    }
    documents
}

/// Whether the first line of a text is one of a mapping, a list or brackets.
fn may_be_yaml(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', '%']));
    lines.next().is_some_and(|line| {
        line.starts_with(['{', '[']) || line.starts_with("- ") || line.ends_with(':') || line.contains(": ")
    })
}
