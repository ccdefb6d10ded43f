//! What the parts of the map share: the messages that nobody has taken yet, and the ledger.

use std::collections::BTreeMap;

use expbundle_format::record::Kind;
use expbundle_trackers::comet::{Message, Session};
use expbundle_trackers::wandb::{Members, Value};

use super::Comet;
use crate::Options;
use crate::ledger::Ledger;
use crate::tracker::Tracker as _;

/// The kind of item.
pub(super) const MESSAGE: &str = "message";
/// What every message has, and says nothing of the run.
const BOOKKEEPING: [&str; 2] = ["message_id", "local_timestamp"];

/// An experiment on its way into a bundle.
pub(super) struct Mapping<'a> {
    pub session: &'a Session,
    pub ledger: Ledger<'a>,
    /// Messages by type that no part of the map has taken yet.
    messages: BTreeMap<&'a str, Vec<&'a Message>>,
}

impl<'a> Mapping<'a> {
    pub fn new(session: &'a Session, options: &'a Options<'a>) -> Self {
        let mut ledger = Ledger::new(Kind::Run, Comet.name(), options);
        ledger.source.layout = Some("offline experiment".to_owned());
        ledger.findings(&session.findings);
        let mut messages: BTreeMap<&str, Vec<&Message>> = BTreeMap::new();
        for message in &session.messages.others {
            messages.entry(message.kind.as_str()).or_default().push(message);
        }
        Self { session, ledger, messages }
    }

    /// Tells of the messages that were not kept one by one.
    pub fn account(&mut self) {
        let messages = &self.session.messages;
        self.ledger.found(MESSAGE, messages.count);
        let items = self.ledger.items(MESSAGE, messages.counters);
        items.dropped("it repeats the step or epoch, which the points have");
        let items = self.ledger.items(MESSAGE, messages.unreadable);
        items.dropped("it cannot be read, or is beyond what memory should hold");
        self.ledger.items(MESSAGE, messages.console.len() as u64).mapped();
    }

    /// Takes the messages of a type, in the order of the file.
    pub fn take(&mut self, kind: &str) -> Vec<&'a Message> {
        self.messages.remove(kind).unwrap_or_default()
    }

    /// Takes the messages of a type of which the last one of each name counts. The others are told
    /// as dropped.
    pub fn take_last<K: Ord>(
        &mut self,
        kind: &str,
        name: impl Fn(&'a Message) -> Option<K>,
    ) -> BTreeMap<K, &'a Message> {
        let mut last = BTreeMap::new();
        for message in self.take(kind) {
            match name(message) {
                Some(name) => {
                    if last.insert(name, message).is_some() {
                        self.ledger.items(MESSAGE, 1).dropped("a later message has another value in its place");
                    }
                }
                None => self.raw(message),
            }
        }
        last
    }

    /// Tells of a message of which everything but these members is kept raw.
    pub fn mapped(&self, message: &Message, told: &[&str]) {
        let name = title(message);
        let item = self.ledger.item(MESSAGE, &name);
        match rest(&message.payload, told) {
            Some(rest) => item.mapped_with(&rest),
            None => item.mapped(),
        }
    }

    /// Keeps a message raw.
    pub fn raw(&self, message: &Message) {
        self.ledger.item(MESSAGE, &title(message)).raw(&message.payload);
    }

    /// Keeps the packages of the system, of which `passwd=1:4.13` reads as if it held a secret: with
    /// a space between name and version.
    pub fn of_system(&self, message: &Message) {
        let Some(Value::List(packages)) = message.payload.get("os_packages") else { return self.raw(message) };
        let packages = packages.iter().map(|package| match package {
            Value::Text(text) => Value::Text(text.replacen('=', " ", 1)),
            other => other.clone(),
        });
        self.ledger.item(MESSAGE, &title(message)).raw(&Value::List(packages.collect()));
    }

    /// Drops a message.
    pub fn dropped(&self, message: &Message, reason: &str) {
        self.ledger.item(MESSAGE, &title(message)).dropped(reason);
    }

    /// Keeps every message that is left.
    pub fn keep_rest(&mut self) {
        for messages in std::mem::take(&mut self.messages).into_values() {
            for message in messages {
                self.raw(message);
            }
        }
    }
}

/// `git_metadata 36`.
fn title(message: &Message) -> String {
    format!("{} {}", message.kind, message.number)
}

/// Members that say something, but for these.
pub(super) fn rest(payload: &Value, told: &[&str]) -> Option<Value> {
    let Value::Object(members) = payload else { return None };
    let is_left =
        |name: &str, value: &Value| *value != Value::Null && !told.contains(&name) && !BOOKKEEPING.contains(&name);
    let left = members.iter().filter(|(name, value)| is_left(name.as_str(), value));
    let left: Members = left.map(|(name, value)| (name.clone(), value.clone())).collect();
    (!left.is_empty()).then(|| Value::Object(Box::new(left)))
}

/// A text member that is not empty.
pub(super) fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}
