//! What a journal says of the run besides points: sections, and the lists of the record.

use std::collections::BTreeMap;

use serde_json::Value;

/// Bytes of lines that are kept together: those of all sections of a record fit.
const MOST_BYTES: usize = 256 << 20;
/// Values of JSON that are kept together. In memory one takes a hundred times the bytes of its text.
const MOST_VALUES: usize = 2 << 20;

/// The sections of the run, and what its record says by itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Description {
    /// By the names of the sections; `record.json` and `allow_secrets` besides.
    pub values: BTreeMap<String, Value>,
    /// What is not JSON: sections by their names, and the listings of folders, `artifacts/…`.
    pub bytes: BTreeMap<String, Vec<u8>>,
    /// Secrets that the writer replaced by a marker: their kinds by their places, by the
    /// name that has them.
    pub redacted: BTreeMap<String, BTreeMap<String, String>>,
    costs: BTreeMap<String, Cost>,
    total: Cost,
}

/// What a name takes of memory.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Cost {
    bytes: usize,
    values: usize,
}

impl Cost {
    /// What a line takes at most: no text has more values than these marks, and one.
    pub fn of(line: &[u8]) -> Self {
        let marks = line.iter().filter(|byte| matches!(byte, b',' | b'[' | b'{'));
        Self { bytes: line.len(), values: marks.count() }
    }

    fn plus(self, other: Self) -> Self {
        Self { bytes: self.bytes + other.bytes, values: self.values + other.values }
    }

    fn less(self, other: Self) -> Self {
        Self { bytes: self.bytes.saturating_sub(other.bytes), values: self.values.saturating_sub(other.values) }
    }
}

impl Description {
    /// Whether there is room for a line, which may take the place of all that a name has.
    pub(super) fn has_room(&self, replaced: Option<&str>, cost: Cost) -> bool {
        let freed = replaced.and_then(|name| self.costs.get(name)).copied().unwrap_or_default();
        let all = self.total.less(freed).plus(cost);
        all.bytes <= MOST_BYTES && all.values <= MOST_VALUES
    }

    fn pay(&mut self, name: &str, cost: Cost, replaces: bool) {
        let known = self.costs.entry(name.to_owned()).or_default();
        if replaces {
            self.total = self.total.less(*known);
            *known = Cost::default();
        }
        *known = known.plus(cost);
        self.total = self.total.plus(cost);
    }

    pub(super) fn set(&mut self, name: String, value: Value, cost: Cost) {
        self.pay(&name, cost, true);
        // What the writer left out before, it may have now.
        self.redacted.remove(&name);
        self.bytes.remove(&name);
        self.values.insert(name, value);
    }

    pub(super) fn set_bytes(&mut self, name: String, bytes: Vec<u8>, cost: Cost) {
        self.pay(&name, cost, true);
        self.redacted.remove(&name);
        self.values.remove(&name);
        self.bytes.insert(name, bytes);
    }

    /// Adds members, items of lists, and members of members; whether the line is what it should be.
    pub(super) fn add(&mut self, name: String, value: Value, cost: Cost) -> bool {
        let Value::Object(more) = value else { return false };
        self.pay(&name, cost, false);
        let known = self.values.entry(name).or_insert_with(|| Value::Object(serde_json::Map::default()));
        let Value::Object(known) = known else { return false };
        for (member, more) in more {
            match (known.get_mut(&member), more) {
                (Some(Value::Array(items)), Value::Array(more)) => items.extend(more),
                (Some(Value::Object(members)), Value::Object(more)) => members.extend(more),
                (_, more) => drop(known.insert(member, more)),
            }
        }
        true
    }

    pub(super) fn redact(&mut self, name: String, place: String, kind: String, cost: Cost) {
        self.pay("redacted", cost, false);
        self.redacted.entry(name).or_default().insert(place, kind);
    }
}
