//! Every text of a section that is the source's own: values and names of members, but not what the
//! format itself says.
//!
//! What is whose is read off the section's schema, so that a member that is added later is looked
//! through without anybody thinking of it: strings that have a fixed form or are of a fixed choice
//! (digests, times, roles) are the format's, and so are the members that a schema names.

use std::collections::BTreeMap;

use expbundle_format::sections;
use serde_json::{Map, Value};

use crate::privacy::{is_flag, member_key, named};

/// Where a text stands.
#[derive(Clone, Copy, Debug)]
pub struct At<'a> {
    /// Its place within the section, like `parameters.data`.
    pub place: &'a str,
    /// The member whose value it is, or the argument before it that tells what it is.
    pub key: Option<&'a str>,
    /// Whether it is itself the name of a member.
    pub is_member: bool,
}

/// Takes a text, and gives what stands in its place if it is another one.
pub type Visit<'v> = dyn FnMut(At<'_>, &str) -> Option<String> + 'v;

/// The schemas of all sections.
#[derive(Debug)]
pub struct Texts {
    schemas: BTreeMap<&'static str, Value>,
}

impl Default for Texts {
    fn default() -> Self {
        Self { schemas: sections::schemas().into_iter().map(|(name, schema)| (name, schema.to_value())).collect() }
    }
}

/// What is known of a value: nothing, or its schema.
#[derive(Clone, Copy)]
struct Known<'a> {
    schema: Option<&'a Value>,
    definitions: Option<&'a Value>,
}

impl Texts {
    /// Visits every text of a section. Of a section without a schema, everything is the source's.
    pub fn visit(&self, section: &str, value: &mut Value, visit: &mut Visit<'_>) {
        let schema = self.schemas.get(section);
        let known = Known { schema, definitions: schema.and_then(|schema| schema.get("$defs")) };
        walk(value, known, None, &mut String::new(), visit);
    }
}

impl<'a> Known<'a> {
    fn with(self, schema: Option<&'a Value>) -> Self {
        Self { schema, ..self }.resolved()
    }

    /// Follows references, and takes the one alternative that is not `null`.
    fn resolved(mut self) -> Self {
        while let Some(schema) = self.schema {
            if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
                let name = name.rsplit('/').next().unwrap_or_default();
                self.schema = self.definitions.and_then(|definitions| definitions.get(name));
            } else if let Some(Value::Array(alternatives)) = schema.get("anyOf") {
                let is_null = |schema: &&Value| schema.get("type").and_then(Value::as_str) == Some("null");
                let mut others = alternatives.iter().filter(|schema| !is_null(schema));
                match (others.next(), others.next()) {
                    (Some(only), None) => self.schema = Some(only),
                    _ => return self,
                }
            } else {
                return self;
            }
        }
        self
    }

    /// Whether a string has a fixed form or is of a fixed choice.
    fn is_fixed(self) -> bool {
        let Some(schema) = self.schema else { return false };
        let fixed = ["enum", "const", "pattern"].iter().any(|word| schema.get(word).is_some());
        let of = |word: &str| schema.get(word).and_then(Value::as_array).filter(|all| !all.is_empty());
        fixed
            || ["oneOf", "anyOf"].iter().any(|word| {
                of(word).is_some_and(|all| {
                    all.iter().all(|one| {
                        let one = self.with(Some(one));
                        one.schema.and_then(|schema| schema.get("type")).is_some_and(|kind| kind != "string")
                            || one.is_fixed()
                    })
                })
            })
    }

    fn member(self, name: &str) -> Option<Self> {
        Some(self.with(Some(self.schema?.get("properties")?.get(name)?)))
    }

    fn other_member(self) -> Self {
        self.with(self.schema.and_then(|schema| schema.get("additionalProperties")))
    }

    fn item(self) -> Self {
        self.with(self.schema.and_then(|schema| schema.get("items")))
    }
}

fn walk(value: &mut Value, known: Known<'_>, key: Option<&str>, place: &mut String, visit: &mut Visit<'_>) {
    match value {
        Value::String(text) => {
            if !known.is_fixed()
                && let Some(other) = visit(At { place, key, is_member: false }, text)
            {
                *text = other;
            }
        }
        Value::Array(items) => {
            let mut flag: Option<String> = None;
            for (index, item) in items.iter_mut().enumerate() {
                let next = item.as_str().filter(|text| is_flag(text)).map(str::to_owned);
                let end = enter(place, &index.to_string());
                walk(item, known.item(), flag.as_deref().or(key), place, visit);
                place.truncate(end);
                flag = next;
            }
        }
        Value::Object(members) => {
            let mut all = Map::new();
            let pair = named(members).map(str::to_owned);
            let key = pair.as_deref().or(key);
            for (name, mut value) in std::mem::take(members) {
                let end = enter(place, &name);
                let member = known.member(&name);
                // What the account counts is what the converter has words for.
                let is_account = member.is_some() && name == "account";
                if !is_account {
                    walk(
                        &mut value,
                        member.unwrap_or_else(|| known.other_member()),
                        Some(member_key(key, &name)),
                        place,
                        visit,
                    );
                }
                let other = match member {
                    Some(_) => None,
                    None => visit(At { place, key: None, is_member: true }, &name),
                };
                place.truncate(end);
                all.insert(other.unwrap_or(name), value);
            }
            *members = all;
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Goes one step further into a place; gives how long it was.
fn enter(place: &mut String, name: &str) -> usize {
    let end = place.len();
    if !place.is_empty() {
        place.push('.');
    }
    place.push_str(name);
    end
}
