//! Takes secrets out of what is going into a bundle, and counts them by place.

use std::collections::{BTreeMap, BTreeSet};

use aho_corasick::{AhoCorasick, MatchKind};
use expbundle_format::finding::Place;
use expbundle_format::sections::{Account, JsonSection as _};
use expbundle_format::{Code, Finding};
use serde_json::{Map, Value};

use crate::privacy;
use crate::secrets::{self, Around, Class};

/// The members of a JSON Web Key that nobody else may know (RFC 7518, 6).
const PRIVATE_OF_JWK: &[&str] = &["d", "k", "p", "q", "dp", "dq", "qi"];

/// Of longer places only the beginning is told, in bytes.
const LONGEST_PLACE: usize = 4096;
/// The most places that are listed one by one. All are counted.
const MOST_PLACES: usize = 200;

/// Takes out secrets, but for those that the person converting allows, and remembers where they
/// were.
#[derive(Clone, Debug, Default)]
pub struct Scrubber {
    /// Kinds and places that stay.
    allowed: Vec<String>,
    /// How many secrets of a kind were at a place.
    found: BTreeMap<(String, &'static str), u64>,
    /// The last long value in which there was none, and its name: a table may have it in each row.
    clean: Option<(String, String)>,
    /// Of a text that is a tree, only what the names in it say is looked for: how deep it is within
    /// another, and the values so far.
    in_text: Option<(u8, Vec<(String, &'static str)>)>,
}

/// What names say of a value below them.
#[derive(Clone, Copy, Default)]
struct Told {
    /// Its own name, or one that it passes on.
    class: Option<Class>,
    /// Whether that is said of everything below.
    all: bool,
    /// A name further out, below which only what looks like a secret is one.
    near: Option<Around>,
    /// Whether the name around is that of a service.
    of_service: bool,
}

/// How often a text may be a tree within a tree.
const MOST_TREES: u8 = 4;

/// Values that are remembered, in bytes.
const LONG: usize = 1 << 10;

impl Scrubber {
    /// `allowed` are kinds of secrets, or places as findings have them: for false alarms.
    pub fn new(allowed: &[String]) -> Self {
        Self { allowed: allowed.to_vec(), ..Self::default() }
    }

    /// Whether what was found stays. A place may be allowed as it is, or as a warning names it.
    fn is_allowed(&self, kind: &str, place: &str) -> bool {
        self.allowed.iter().any(|allowed| allowed == kind || is_below(place, allowed))
            || !self.allowed.is_empty() && self.allowed.iter().any(|allowed| is_below(&told(place), allowed))
    }

    fn take(&mut self, kind: &'static str, place: &str) -> bool {
        if self.is_allowed(kind, place) {
            return false;
        }
        self.count_at(kind, place);
        true
    }

    /// Counts a file that is left out.
    pub(crate) fn file(&mut self, kind: &'static str, path: &str) {
        self.count_at(kind, path);
    }

    fn count_at(&mut self, kind: &'static str, place: &str) {
        *self.found.entry((told(place), kind)).or_default() += 1;
    }

    /// The kind of secret that a file is by its path, or holds.
    pub fn kind_of_file(&self, path: &str, bytes: Option<&[u8]>) -> Option<&'static str> {
        let by_name = secrets::is_secret_file(path).then_some(secrets::SECRET_FILE);
        let by_both = bytes.and_then(|bytes| secrets::file_of_one_word(path, bytes));
        let by_content = bytes.map(secrets::scan_file).unwrap_or_default().into_iter().map(|found| found.kind);
        let by_members = bytes.map(kinds_of_members).unwrap_or_default();
        let mut all = by_name.into_iter().chain(by_both).chain(by_content).chain(by_members);
        all.find(|kind| !self.is_allowed(kind, path))
    }

    /// The kind of secret that the path of a file has in it: a listing of files is signed as it is,
    /// so nothing can be taken out of it.
    pub fn kind_in_path(&self, path: &str) -> Option<&'static str> {
        secrets::scan(path).into_iter().map(|found| found.kind).find(|kind| !self.is_allowed(kind, path))
    }

    /// A text without its secrets.
    pub fn text(&mut self, place: &str, text: &str) -> String {
        if let Some((depth, _)) = self.in_text {
            return if depth < MOST_TREES { self.tree(place, text, depth + 1) } else { text.to_owned() };
        }
        let mut found = secrets::scan(text);
        found.retain(|one| self.take(one.kind, place));
        let clean = if found.is_empty() { text.to_owned() } else { secrets::redacted(text, &found) };
        self.tree(place, &clean, 1)
    }

    /// A text without the values of which its names say that they are secret, where it is JSON, YAML
    /// or TOML.
    fn tree(&mut self, place: &str, text: &str, depth: u8) -> String {
        let trees = if secrets::may_tell(text) { privacy::trees(text) } else { Vec::new() };
        let mut inner = Self { in_text: Some((depth, Vec::new())), ..Self::default() };
        for mut tree in trees {
            without_numbers(&mut tree);
            inner.value("", &mut tree);
        }
        let (_, mut values) = inner.in_text.unwrap_or_default();
        values.retain(|(value, _)| !value.contains("[secret removed: "));
        if let Some((_, outer)) = &mut self.in_text {
            outer.extend(values);
            return text.to_owned();
        }
        values.retain(|(_, kind)| self.take(kind, place));
        without_values(text, &values)
    }

    /// Lines of one text, as a program writes them: a secret may go over several. As many lines
    /// come out as went in.
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
        if self.clean.as_ref().is_some_and(|(known, clean)| known == name && clean == text) {
            return text.to_owned();
        }
        let clean = match secrets::setting(name, text) {
            Some(kind) if self.take(kind, place) => secrets::marker(kind),
            _ => self.text(place, text),
        };
        if text.len() >= LONG && clean == text {
            self.clean = Some((name.to_owned(), clean.clone()));
        }
        clean
    }

    /// Every text and name in a value.
    pub fn value(&mut self, place: &str, value: &mut Value) {
        self.below(&mut place.to_owned(), value, Told::default());
    }

    fn below(&mut self, place: &mut String, value: &mut Value, told: Told) {
        let class = told.class;
        let whole = match &*value {
            Value::String(text) => class
                .and_then(|class| secrets::whole(class, text))
                .or_else(|| told.near.and_then(|around| around.kind(text))),
            Value::Number(number) => class.and_then(|class| number_kind(class, &number.to_string())),
            Value::Object(members) => typed(members).zip(class).and_then(|(number, class)| number_kind(class, number)),
            _ => None,
        };
        if let Some(kind) = whole
            && self.take(kind, place)
        {
            if let (Some((_, values)), Some(text)) = (&mut self.in_text, value.as_str()) {
                values.push((text.to_owned(), kind));
            }
            *value = secrets::marker(kind).into();
            return;
        }
        match value {
            Value::String(text) => {
                let clean = self.text(place, text);
                *text = clean;
            }
            Value::Array(items) => self.items(place, items, told),
            Value::Object(members) => self.members(place, members, told),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// The items of a list: each by itself, after an option such as `--password`, as a pair, and
    /// together as lines of one text.
    fn items(&mut self, place: &mut String, items: &mut [Value], told: Told) {
        let length = place.len();
        let mut option: Option<Class> = None;
        // `["api_key", "…"]`
        let pair = match &*items {
            [Value::String(name), Value::String(value)] => {
                secrets::class_of(name).filter(|class| secrets::looks_drawn(*class, value))
            }
            _ => None,
        };
        for (index, item) in items.iter_mut().enumerate() {
            place.push_str(&format!("/{index}"));
            // A key may begin with a hyphen, too.
            let is_option = item.as_str().is_some_and(|text| text.starts_with('-') && !secrets::is_random(text));
            let class = told.class.or(option.filter(|_| !is_option)).or(pair.filter(|_| index == 1));
            self.assigned(place, item);
            self.below(place, item, Told { class, ..told });
            place.truncate(length);
            option = item
                .as_str()
                .filter(|text| text.starts_with('-') && !text.contains('='))
                .and_then(|text| secrets::class_of(text.trim_start_matches('-')));
        }
        if self.in_text.is_some() {
            return;
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

    /// `--db-password=…` and `DB_PASSWORD=…` in a list: all behind the sign is the value.
    fn assigned(&mut self, place: &str, item: &mut Value) {
        let Some((name, value)) = item.as_str().and_then(|text| text.split_once('=')) else { return };
        let plain = name.trim_start_matches(['-', '+']);
        if plain.is_empty() || plain.contains(char::is_whitespace) || plain.contains(['"', '\'', '{', '(']) {
            return;
        }
        let Some(kind) = secrets::assigned(plain, value).filter(|kind| self.take(kind, place)) else { return };
        if let Some((_, values)) = &mut self.in_text {
            values.push((value.to_owned(), kind));
        }
        *item = format!("{name}={}", secrets::marker(kind)).into();
    }

    fn members(&mut self, place: &mut String, members: &mut Map<String, Value>, told: Told) {
        let around = told.class;
        // A `Secret` of Kubernetes.
        let of_secret = members.get("kind").and_then(Value::as_str) == Some("Secret");
        let length = place.len();
        // `{"name": "API_KEY", "value": "…"}`
        let mut pairs = members.iter().filter(|(member, _)| secrets::is_name_of_pair(member));
        let named = pairs.find_map(|(_, name)| secrets::class_of(name.as_str()?));
        // Kaggle's `{"username": "…", "key": "…"}`
        let of_login = ["username", "user"].iter().any(|name| members.contains_key(*name)).then_some(Class::Token);
        // `{"kty": "EC", "crv": "P-256", "d": "…"}`
        let of_key = members.get("kty").filter(|kind| kind.is_string()).map(|_| Class::Secret);
        self.columns(place, members);
        let mut renamed = Vec::new();
        for (name, value) in members.iter_mut() {
            place.push('/');
            place.push_str(&secrets::redacted(name, &secrets::scan(name)));
            let clean = self.text(place, name);
            if clean != *name {
                renamed.push((name.clone(), clean));
            }
            let around = if secrets::is_value_of_pair(name) { named.or(around) } else { around };
            let below = told.all || secrets::holds_secrets(name) || of_secret && name == "data";
            let class = secrets::class_below(around, name, told.all)
                .or(Some(Class::Secret).filter(|_| below))
                .or(of_login.filter(|_| name == "key"))
                .or(of_key.filter(|_| PRIVATE_OF_JWK.contains(&name.as_str())));
            let of_service = told.of_service && ["key", "token", "secret"].contains(&name.as_str());
            let near = Around::of(name).or_else(|| secrets::around(name)).or(told.near);
            let near = near.or(Some(Around::Near(Class::Secret)).filter(|_| of_service));
            let of_service = secrets::is_service(name);
            self.below(place, value, Told { class, all: below, near, of_service });
            place.truncate(length);
        }
        let mut next: BTreeMap<String, u64> = BTreeMap::new();
        for (name, clean) in renamed {
            let Some(value) = members.remove(&name) else { continue };
            let mut free = clean.clone();
            // Goes on where it stopped for the last one, so that many names with one marker take no
            // longer each.
            let number = next.entry(clean.clone()).or_insert(1);
            while members.contains_key(&free) {
                *number += 1;
                free = format!("{clean} {number}");
            }
            members.insert(free, value);
        }
    }

    /// A table: `{"columns": ["lr", "api_key"], "data": [[0.1, "…"]]}`.
    fn columns(&mut self, place: &str, members: &mut Map<String, Value>) {
        let Some(Value::Array(columns)) = members.get("columns") else { return };
        let class = |name: &Value| name.as_str().and_then(secrets::class_of);
        let named: Vec<(usize, Class)> =
            columns.iter().enumerate().filter_map(|(column, name)| Some((column, class(name)?))).collect();
        let Some(Value::Array(rows)) = members.get_mut("data") else { return };
        for (index, row) in rows.iter_mut().enumerate() {
            for (column, class) in &named {
                if let Some(value) = row.get_mut(*column) {
                    let told = Told { class: Some(*class), ..Told::default() };
                    self.below(&mut format!("{place}/data/{index}/{column}"), value, told);
                }
            }
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

    /// The places of what was found so far, each with the kind.
    pub fn places(&self) -> Vec<(String, &'static str)> {
        self.found.keys().map(|(place, kind)| (place.clone(), *kind)).collect()
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

/// Kinds of secrets that the members of a file of JSON, YAML or TOML tell: what stands below `credentials`, lines of
/// a key in a list.
fn kinds_of_members(bytes: &[u8]) -> Vec<&'static str> {
    let Some(text) = std::str::from_utf8(bytes).ok().filter(|text| secrets::may_tell(text)) else { return Vec::new() };
    let mut scrubber = Scrubber::default();
    for mut value in privacy::trees(text) {
        without_numbers(&mut value);
        scrubber.value("", &mut value);
    }
    scrubber.found().map(|(_, kind, _)| kind).collect()
}

/// A text with markers for values that stand in it, as they are or escaped as in JSON. One that is not
/// found is written in some other way; then nothing of the text is kept.
fn without_values(text: &str, values: &[(String, &'static str)]) -> String {
    let escaped = |value: &str| Value::from(value).to_string().trim_matches('"').to_owned();
    let all: Vec<(String, usize)> = values
        .iter()
        .enumerate()
        .flat_map(|(at, (value, _))| [(value.clone(), at), (escaped(value), at)])
        .filter(|(value, _)| !value.is_empty())
        .collect();
    let Some((_, first)) = values.first() else { return text.to_owned() };
    let builder =
        || AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(all.iter().map(|(value, _)| value));
    let Ok(finder) = builder() else { return secrets::marker(first) };
    let mut found = vec![false; values.len()];
    let mut clean = String::with_capacity(text.len());
    let mut end = 0;
    for hit in finder.find_iter(text) {
        let is_of_word = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
        let before = text.get(..hit.start()).and_then(|text| text.chars().next_back());
        let after = text.get(hit.end()..).and_then(|text| text.chars().next());
        let Some((_, at)) = all.get(hit.pattern().as_usize()) else { continue };
        let (Some((_, kind)), Some(found)) = (values.get(*at), found.get_mut(*at)) else { continue };
        if is_of_word(before) || is_of_word(after) {
            continue;
        }
        *found = true;
        clean += text.get(end..hit.start()).unwrap_or_default();
        clean += &secrets::marker(kind);
        end = hit.end();
    }
    let known: BTreeSet<&str> =
        values.iter().zip(&found).filter(|(_, found)| **found).map(|((value, _), _)| value.as_str()).collect();
    let is_whole = values.iter().all(|(value, _)| known.contains(value.as_str()));
    if is_whole { clean + text.get(end..).unwrap_or_default() } else { secrets::marker(first) }
}

/// In the vocabulary of a tokenizer `password` is a word with a number.
fn without_numbers(value: &mut Value) {
    match value {
        Value::Number(_) => *value = Value::Null,
        Value::Array(items) => items.iter_mut().for_each(without_numbers),
        Value::Object(members) => members.values_mut().for_each(without_numbers),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// An integer beyond 2^53, as the format writes it: `{"$integer": "9007199254740993"}`.
fn typed(members: &Map<String, Value>) -> Option<&str> {
    let number = members.get("$integer").or_else(|| members.get("$float"))?;
    number.as_str().filter(|_| members.len() == 1)
}

/// Passwords may be numbers; keys are numbers only if they are long.
fn number_kind(class: Class, number: &str) -> Option<&'static str> {
    const SHORTEST_KEY: usize = 8;
    let holds = match class {
        Class::Password => true,
        Class::Secret => number.len() >= SHORTEST_KEY && number.bytes().all(|byte| byte.is_ascii_digit()),
        Class::Token | Class::Pass => false,
    };
    if holds { secrets::whole(class, number) } else { None }
}

/// A line that is a string somewhere else.
struct Line<'a>(&'a mut String);

impl AsMut<String> for Line<'_> {
    fn as_mut(&mut self) -> &mut String {
        self.0
    }
}

/// Whether a place is another one or below it. A slash at the end says nothing.
fn is_below(place: &str, other: &str) -> bool {
    let other = other.strip_suffix('/').unwrap_or(other);
    place.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A place as it may be told: the name of a file or of a member may be a secret, and names in
/// `identity.json` name people.
fn told(place: &str) -> String {
    let identity = expbundle_format::sections::Identity::NAME;
    if place.strip_prefix(identity).is_some_and(|rest| rest.starts_with('/')) {
        return identity.to_owned();
    }
    let end = place.char_indices().map(|(at, _)| at).take_while(|at| *at < LONGEST_PLACE).last().unwrap_or_default();
    let place = if place.len() > LONGEST_PLACE { place.get(..end).unwrap_or_default() } else { place };
    secrets::redacted(place, &secrets::scan(place))
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
            "env": [{"name": "API_KEY", "value": "abcdef"}], "url": "postgres://ada:hunter2@db/x", "use_password": true, "password_file": "x",
            "pin": {"password": {"$integer": "123456789012345678"}}, "client_secret": 98_765_432,
            "pairs": [["api_key", "q7Rk2ZpX9vLm4TbW"]], "login": {"username": "ada", "key": "0f9e8d7c6b5a49382716fedcba987654"},
            "table": {"columns": ["lr", "db_password"], "data": [[0.1, "Sommer1999"], [0.2, "Winter2001"]]},
            "api_keys": ["zyxw9876"], "jwk": {"kty": "EC", "crv": "P-256", "d": "x1y2z3a4b5"}, "pair": {"k": "API_KEY", "v": "m1n2o3p4"}, "vocab": {"key": "value", "username": "a name"}
        });
        let mut scrubber = Scrubber::new(&[]);
        scrubber.value("recipe.json", &mut value);
        let text = value.to_string();
        for secret in [
            "hunter2",
            "12345",
            "abcdef",
            "abcd1234",
            "98765432",
            "q7Rk2ZpX9vLm4TbW",
            "0f9e8d7c6b5a",
            "Sommer1999",
            "Winter2001",
            "zyxw9876",
            "x1y2z3a4b5",
            "m1n2o3p4",
        ] {
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
