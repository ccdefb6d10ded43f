//! Takes secrets out of what is going into a bundle, and counts them by place.

use std::collections::BTreeMap;

use expbundle_format::finding::Place;
use expbundle_format::sections::{Account, JsonSection as _};
use expbundle_format::{Code, Finding};
use serde_json::{Map, Value};

use crate::secrets::{self, Class};

/// The most places that are listed one by one. All are counted.
const MOST_PLACES: usize = 200;

/// Takes out secrets, but for those that the person converting allows, and remembers where they were.
#[derive(Clone, Debug, Default)]
pub struct Scrubber {
    /// Kinds and places that stay.
    allowed: Vec<String>,
    /// How many secrets of a kind were at a place.
    found: BTreeMap<(String, &'static str), u64>,
}

impl Scrubber {
    /// `allowed` are kinds of secrets, or places as findings have them: for false alarms.
    pub fn new(allowed: &[String]) -> Self {
        Self { allowed: allowed.to_vec(), found: BTreeMap::new() }
    }

    fn is_allowed(&self, kind: &str, place: &str) -> bool {
        self.allowed.iter().any(|allowed| {
            allowed == kind
                || place.strip_prefix(allowed.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    fn take(&mut self, kind: &'static str, place: &str) -> bool {
        if self.is_allowed(kind, place) {
            return false;
        }
        *self.found.entry((public(place), kind)).or_default() += 1;
        true
    }

    /// Counts a file that is left out.
    pub(crate) fn file(&mut self, kind: &'static str, path: &str) {
        *self.found.entry((path.to_owned(), kind)).or_default() += 1;
    }

    /// The kind of secret that a file is by its path, or holds.
    pub(crate) fn kind_of_file(&self, path: &str, bytes: Option<&[u8]>) -> Option<&'static str> {
        let by_name = secrets::is_secret_file(path).then_some(secrets::SECRET_FILE);
        let by_content = bytes.map(secrets::scan_file).unwrap_or_default().into_iter().map(|found| found.kind);
        by_name.into_iter().chain(by_content).find(|kind| !self.is_allowed(kind, path))
    }

    /// A text without its secrets.
    pub fn text(&mut self, place: &str, text: &str) -> String {
        let mut found = secrets::scan(text);
        found.retain(|one| self.take(one.kind, place));
        if found.is_empty() { text.to_owned() } else { secrets::redacted(text, &found) }
    }

    /// Lines of one text, as a program writes them: a secret may go over several. As many lines come out as went in.
    pub fn lines(&mut self, place: &str, lines: &mut [impl AsMut<String>]) {
        let mut text = String::new();
        let mut starts = Vec::with_capacity(lines.len());
        for line in lines.iter_mut() {
            starts.push(text.len());
            text += line.as_mut();
            text.push('\n');
        }
        // From the last to the first, so that places before stay as they are.
        for one in secrets::scan(&text).into_iter().rev() {
            let first = starts.partition_point(|start| *start <= one.range.start) - 1;
            if !self.take(one.kind, &format!("{place}/{}", first + 1)) {
                continue;
            }
            let last = starts.partition_point(|start| *start < one.range.end) - 1;
            for at in first..=last {
                let (Some(line), Some(start)) = (lines.get_mut(at), starts.get(at)) else { continue };
                let line = line.as_mut();
                let from = one.range.start.saturating_sub(*start).min(line.len());
                let to = one.range.end.saturating_sub(*start).min(line.len());
                if from < to {
                    line.replace_range(from..to, &secrets::marker(one.kind));
                }
            }
        }
    }

    /// A value under a name, like a parameter or a series of texts.
    pub fn setting(&mut self, place: &str, name: &str, text: &str) -> String {
        match secrets::setting(name, text) {
            Some(kind) if self.take(kind, place) => secrets::marker(kind),
            _ => self.text(place, text),
        }
    }

    /// Every text and name in a value.
    pub fn value(&mut self, place: &str, value: &mut Value) {
        self.below(&mut place.to_owned(), value, None, false);
    }

    /// `class` is what names say of the value, and `all` whether they say it of everything below.
    fn below(&mut self, place: &mut String, value: &mut Value, class: Option<Class>, all: bool) {
        let whole = match &*value {
            Value::String(text) => class.and_then(|class| secrets::whole(class, text)),
            Value::Number(number) => class
                .filter(|class| *class == Class::Password)
                .and_then(|class| secrets::whole(class, &number.to_string())),
            _ => None,
        };
        if let Some(kind) = whole
            && self.take(kind, place)
        {
            *value = secrets::marker(kind).into();
            return;
        }
        match value {
            Value::String(text) => {
                let clean = self.text(place, text);
                *text = clean;
            }
            Value::Array(items) => self.items(place, items, class, all),
            Value::Object(members) => self.members(place, members, class, all),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// The items of a list: each by itself, after an option such as `--password`, and together as lines of one text.
    fn items(&mut self, place: &mut String, items: &mut [Value], class: Option<Class>, all: bool) {
        let length = place.len();
        let mut option: Option<Class> = None;
        for (index, item) in items.iter_mut().enumerate() {
            place.push_str(&format!("/{index}"));
            let is_option = item.as_str().is_some_and(|text| text.starts_with('-'));
            self.below(place, item, class.or(option.filter(|_| !is_option)), all);
            place.truncate(length);
            option = item
                .as_str()
                .filter(|text| text.starts_with('-') && !text.contains('='))
                .and_then(|text| secrets::class_of(text.trim_start_matches('-')));
        }
        let mut lines: Vec<&mut String> = Vec::new();
        for item in items.iter_mut() {
            let Value::String(text) = item else { return };
            lines.push(text);
        }
        if lines.len() > 1 {
            self.lines(place, &mut lines.into_iter().map(Line).collect::<Vec<_>>());
        }
    }

    fn members(&mut self, place: &mut String, members: &mut Map<String, Value>, around: Option<Class>, all: bool) {
        let length = place.len();
        // `{"name": "API_KEY", "value": "…"}`
        let named = ["name", "key", "Name", "Key"].iter().find_map(|member| members.get(*member)?.as_str());
        let named = named.and_then(secrets::class_of);
        let mut renamed = Vec::new();
        for (name, value) in members.iter_mut() {
            place.push('/');
            place.push_str(&secrets::redacted(name, &secrets::scan(name)));
            let clean = self.text(place, name);
            if clean != *name {
                renamed.push((name.clone(), clean));
            }
            let around = if ["value", "Value"].contains(&name.as_str()) { named.or(around) } else { around };
            let below = all || secrets::holds_secrets(name);
            self.below(place, value, secrets::class_below(around, name, all), below);
            place.truncate(length);
        }
        let mut next: BTreeMap<String, u64> = BTreeMap::new();
        for (name, clean) in renamed {
            let Some(value) = members.remove(&name) else { continue };
            let mut free = clean.clone();
            // Goes on where it stopped for the last one, so that many names with one marker take no longer each.
            let number = next.entry(clean.clone()).or_insert(1);
            while members.contains_key(&free) {
                *number += 1;
                free = format!("{clean} {number}");
            }
            members.insert(free, value);
        }
    }

    /// Takes over what another one found.
    pub fn add(&mut self, other: Self) {
        for (place, count) in other.found {
            *self.found.entry(place).or_default() += count;
        }
    }

    /// What was found so far, by place and kind.
    pub fn found(&self) -> impl Iterator<Item = (&str, &'static str, u64)> {
        self.found.iter().map(|((place, kind), count)| (place.as_str(), *kind, *count))
    }

    /// Counts what was found, by kind.
    pub(crate) fn count(&self, account: &mut Account) {
        for (_, kind, count) in self.found() {
            *account.secrets.entry(kind.to_owned()).or_default() += count;
        }
    }

    /// What was found, as findings: each with its place, and never with the secret.
    pub fn findings(&self) -> Vec<Finding> {
        let finding = |(place, kind, count): (&str, &str, u64)| {
            let message = match (kind, count) {
                (secrets::SECRET_FILE, _) => "a file of secrets, by its name; it was left out".to_owned(),
                (kind, 1) => format!("a secret was left out: {kind}"),
                (kind, count) => format!("{count} secrets were left out: {kind}"),
            };
            Finding::new(Code::SourceSecret, Place::entry(place), message)
        };
        let mut findings: Vec<Finding> = self.found().take(MOST_PLACES).map(finding).collect();
        let more = self.found.len().saturating_sub(MOST_PLACES);
        if more > 0 {
            let message = format!("secrets were left out at {more} more places; the account counts them all");
            findings.push(Finding::new(Code::SourceSecret, Place::unknown(), message));
        }
        findings
    }
}

/// A line that is a string somewhere else.
struct Line<'a>(&'a mut String);

impl AsMut<String> for Line<'_> {
    fn as_mut(&mut self) -> &mut String {
        self.0
    }
}

/// A place as it may be told outside of `identity.json`: names in that section name people.
fn public(place: &str) -> String {
    let identity = expbundle_format::sections::Identity::NAME;
    if place.strip_prefix(identity).is_some_and(|rest| rest.starts_with('/')) {
        identity.to_owned()
    } else {
        place.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_lose_their_secrets_wherever_they_stand() {
        let mut value = json!({
            "password": "hunter2", "db": {"passwd": 12345}, "api_key": {"value": "abcdef"}, "secrets": {"x": "abcd1234"},
            "args": ["--lr", "0.1", "--password", "hunter2", "--max-tokens", "5"], "pad_token": "<pad>", "max_tokens": 5,
            "env": [{"name": "API_KEY", "value": "abcdef"}], "url": "postgres://ada:hunter2@db/x", "use_password": true, "password_file": "x"
        });
        let mut scrubber = Scrubber::new(&[]);
        scrubber.value("recipe.json", &mut value);
        let text = value.to_string();
        for secret in ["hunter2", "12345", "abcdef", "abcd1234"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
        assert_eq!(
            (&value["pad_token"], &value["max_tokens"], &value["args"][5]),
            (&json!("<pad>"), &json!(5), &json!("5"))
        );
        let places: Vec<&str> = scrubber.found().map(|(place, _, _)| place).collect();
        assert!(places.contains(&"recipe.json/args/3") && places.contains(&"recipe.json/db/passwd"), "{places:?}");
        let mut allowed = Scrubber::new(&["recipe.json/db".to_owned(), "secret-setting".to_owned()]);
        let mut value = json!({"db": {"passwd": "hunter2"}, "api_key": "abcdef", "password": "hunter2"});
        allowed.value("recipe.json", &mut value);
        assert_eq!(
            value,
            json!({"db": {"passwd": "hunter2"}, "api_key": "abcdef", "password": "[secret removed: password]"})
        );
    }

    #[test]
    fn a_key_in_lines_leaves_as_many_lines() {
        let body = "MC4CAQAwBQYDK2VwBCIEIGabcdefghijklmnop0123456789ABCD";
        let dashes = "-----";
        let mut lines: Vec<String> = [
            "loading",
            &format!("{dashes}BEGIN PRIVATE KEY{dashes}"),
            body,
            &format!("{dashes}END PRIVATE KEY{dashes}"),
            "epoch 1",
        ]
        .map(str::to_owned)
        .to_vec();
        Scrubber::new(&[]).lines("console.parquet", &mut lines.iter_mut().map(Line).collect::<Vec<_>>());
        let marker = "[secret removed: private-key]";
        assert_eq!(lines, ["loading", marker, marker, marker, "epoch 1"]);
    }
}
