//! Rows of history and system metrics, walked by hand: this is where the time of a conversion goes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound::{Included, Unbounded};

use super::item::{Raw, path_of};
use super::keys::Keys;
use super::value::Value;
use crate::protobuf::{Field, Fields};
use crate::series::At;

/// A series has no longer name: what stands below a longer path is not taken apart, for every part
/// would repeat it.
pub const MOST_PATH_BYTES: usize = 4096;

/// Room that a row gets before it is read.
const MOST_EXPECTED_ITEMS: usize = 1024;

/// Takes points as they are read.
pub trait Points {
    /// A series of the history, by its path; the number that it gives is used from then on. `None`
    /// if there is no room for it: then it is asked for again, and its values come to
    /// [`Self::no_room`].
    fn key(&mut self, path: &[String]) -> Option<u32>;
    /// A value of a series that there is no room for.
    fn no_room(&mut self);
    /// A number. `exact` has its digits where a float cannot hold them.
    fn number(&mut self, key: u32, at: At, value: f64, exact: Option<&str>);
    /// A value that is not a number and no media: a text, a truth value, null, a list.
    fn other(&mut self, key: u32, at: At, value: &Value);
    /// Something to look at: an object with `_type`.
    fn media(&mut self, path: &[String], at: At, object: Value);
    /// A system metric. `path` has more than one part where older versions wrote an object.
    fn system(&mut self, path: &[String], time_ns: Option<i64>, value: &Value);
}

/// How many of what there was, counted where it is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HistoryCounts {
    /// Rows.
    pub rows: u64,
    /// Items of rows, `_step` and `_timestamp` among them.
    pub items: u64,
    /// Items that are step or time of their row.
    pub positions: u64,
    /// Items that are a number.
    pub numbers: u64,
    /// Items that are neither number nor part of a media object.
    pub others: u64,
    /// Items that are part of a media object.
    pub media_parts: u64,
    /// Media objects.
    pub media: u64,
    /// Items whose value cannot be read.
    pub broken: u64,
    /// Items that are the row number of a data frame.
    pub row_numbers: u64,
}

/// Decodes rows. Keeps what it learned about keys from row to row.
#[derive(Default)]
pub struct RowReader {
    known: Keys,
    /// What is known of each, by its number.
    keys: Vec<Key>,
    counts: HistoryCounts,
    paths: HashMap<Vec<String>, u32>,
}

/// Media objects of a row by their paths.
type MediaObjects = BTreeMap<Vec<String>, Value>;

struct Key {
    path: Vec<String>,
    id: Option<u32>,
    role: Role,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Step,
    Time,
    /// The last part of its path is `_type`: the rest of the path is a media object.
    MediaType,
    Plain,
}

impl RowReader {
    /// What was read so far.
    pub fn counts(&self) -> HistoryCounts {
        self.counts
    }

    /// Reads a row.
    pub fn row(&mut self, message: &[u8], points: &mut dyn Points) {
        let mut items = Vec::with_capacity(self.keys.len().min(MOST_EXPECTED_ITEMS));
        let mut step = None;
        for Field { number, content } in Fields::new(message) {
            match number {
                1 => {
                    let (key, raw) = self.known.read(content.bytes(), items.len());
                    if key == self.keys.len() {
                        self.learn(key);
                    }
                    items.push((key, raw));
                }
                2 => {
                    step = Some(
                        Fields::new(content.bytes())
                            .find(|field| field.number == 1)
                            .map_or(0, |field| field.content.signed()),
                    );
                }
                _ => {}
            }
        }
        self.counts.rows += 1;
        self.counts.items += items.len() as u64;
        let mut at = At { step, time_ns: None };
        let mut has_media = false;
        for (key, raw) in &items {
            match self.keys.get(*key).map(|key| key.role) {
                Some(Role::Step) => {
                    at.step = at.step.or_else(|| value_of(*raw).and_then(|value| value.as_i64()));
                }
                Some(Role::Time) => at.time_ns = value_of(*raw).and_then(|value| nanoseconds(value.as_f64()?)),
                Some(Role::MediaType) => has_media = true,
                _ => {}
            }
        }
        let mut media = if has_media { self.media_objects(&items) } else { MediaObjects::new() };
        for (index, raw) in &items {
            self.emit(*index, *raw, at, &mut media, points);
        }
        for (path, object) in media {
            self.counts.media += 1;
            points.media(&path, at, object);
        }
    }

    /// Reads a row that is an object already: one of an export.
    pub fn object(&mut self, members: Vec<(String, Value)>, points: &mut dyn Points) {
        self.counts.rows += 1;
        self.counts.items += members.len() as u64;
        let mut at = At::default();
        for (name, value) in &members {
            match name.as_str() {
                "_step" => at.step = value.as_i64(),
                "_timestamp" => at.time_ns = value.as_f64().and_then(nanoseconds),
                _ => {}
            }
        }
        for (name, value) in members {
            match name.as_str() {
                "_step" | "_timestamp" => self.counts.positions += 1,
                _ => self.leaves(&[name], value, at, points),
            }
        }
    }

    /// Counts a row number that is not kept.
    pub fn row_number(&mut self) {
        self.counts.items += 1;
        self.counts.row_numbers += 1;
    }

    fn learn(&mut self, number: usize) {
        let path = path_of(self.known.get(number));
        let role = match path.as_slice() {
            [one] if one == "_step" => Role::Step,
            [one] if one == "_timestamp" => Role::Time,
            [_, .., last] if last == "_type" => Role::MediaType,
            _ => Role::Plain,
        };
        self.keys.push(Key { path, id: None, role });
    }

    /// The media objects of a row, empty as yet. One below another is a part of it.
    fn media_objects(&self, items: &[(usize, Raw<'_>)]) -> MediaObjects {
        let prefixes: BTreeSet<&[String]> = items
            .iter()
            .filter_map(|(index, _)| self.keys.get(*index))
            .filter(|key| key.role == Role::MediaType)
            .filter_map(|key| key.path.split_last().map(|(_, prefix)| prefix))
            .collect();
        let mut objects = MediaObjects::new();
        // A path comes before those below it, and nothing comes between.
        for prefix in prefixes {
            if objects.last_key_value().is_none_or(|(last, _)| !prefix.starts_with(last)) {
                objects.insert(prefix.to_vec(), Value::empty());
            }
        }
        objects
    }

    fn emit(&mut self, index: usize, raw: Raw<'_>, at: At, media: &mut MediaObjects, points: &mut dyn Points) {
        let Some(key) = self.keys.get_mut(index) else { return };
        if matches!(key.role, Role::Step | Role::Time) {
            self.counts.positions += 1;
            return;
        }
        // The last path that is not behind the item's is the only one that it may be below.
        if let Some((prefix, object)) =
            media.range_mut::<[String], _>((Unbounded, Included(key.path.as_slice()))).next_back()
            && key.path.starts_with(prefix)
        {
            let Some(value) = value_of(raw) else {
                self.counts.broken += 1;
                return;
            };
            self.counts.media_parts += 1;
            object.put(key.path.get(prefix.len()..).unwrap_or_default(), value);
            return;
        }
        if let Some((value, exact)) = number_of(raw) {
            self.counts.numbers += 1;
            key.id = key.id.or_else(|| id_of(&mut self.paths, &key.path, points));
            match key.id {
                Some(id) => points.number(id, at, value, exact),
                None => points.no_room(),
            }
            return;
        }
        let Some(value) = value_of(raw) else {
            self.counts.broken += 1;
            return;
        };
        let path = key.path.clone();
        self.leaves(&path, value, at, points);
    }

    /// A value that came as one piece: media, an object whose leaves are values of their own, or a
    /// leaf.
    fn leaves(&mut self, path: &[String], value: Value, at: At, points: &mut dyn Points) {
        if value.get("_type").and_then(Value::as_str).is_some() {
            self.counts.media_parts += 1;
            self.counts.media += 1;
            points.media(path, at, value);
            return;
        }
        let mut path = path.to_vec();
        self.leaf_or_object(&mut path, value, at, points);
    }

    /// As deep as a value can be, so the recursion is bounded.
    fn leaf_or_object(&mut self, path: &mut Vec<String>, value: Value, at: At, points: &mut dyn Points) {
        let value = match value {
            Value::Object(members) if !members.is_empty() && can_be_a_key(path) => {
                // One item that held several values.
                self.counts.items += members.len() as u64 - 1;
                for (name, member) in *members {
                    path.push(name);
                    self.leaf_or_object(path, member, at, points);
                    path.pop();
                }
                return;
            }
            value => value,
        };
        let number = value.as_f64();
        match number {
            Some(_) => self.counts.numbers += 1,
            None => self.counts.others += 1,
        }
        match (id_of(&mut self.paths, path, points), number) {
            (Some(id), Some(number)) => {
                let exact = match &value {
                    Value::Integer(digits) if !is_exact(digits, number) => Some(digits.as_str()),
                    _ => None,
                };
                points.number(id, at, number, exact);
            }
            (Some(id), None) => points.other(id, at, &value),
            (None, _) => points.no_room(),
        }
    }
}

/// Whether a path is short enough to be the name of a series.
pub fn can_be_a_key(path: &[String]) -> bool {
    path.iter().map(String::len).sum::<usize>() <= MOST_PATH_BYTES
}

/// The number of a path, asked for once.
fn id_of(paths: &mut HashMap<Vec<String>, u32>, path: &[String], points: &mut dyn Points) -> Option<u32> {
    if let Some(id) = paths.get(path) {
        return Some(*id);
    }
    let id = points.key(path)?;
    paths.insert(path.to_vec(), id);
    Some(id)
}

/// A number, quickly; with its digits where a float cannot hold them.
fn number_of(raw: Raw<'_>) -> Option<(f64, Option<&str>)> {
    match raw {
        Raw::Float(value) => Some((value, None)),
        Raw::Json(bytes) => {
            let value: f64 = match bytes {
                [b'0'..=b'9', ..] | [b'-', b'0'..=b'9', ..] => fast_float2::parse(bytes).ok()?,
                b"NaN" => f64::NAN,
                b"Infinity" => f64::INFINITY,
                b"-Infinity" => f64::NEG_INFINITY,
                _ => return None,
            };
            let exact = if bytes.len() > 15 && is_integer(bytes) {
                std::str::from_utf8(bytes).ok().filter(|digits| !is_exact(digits, value))
            } else {
                None
            };
            Some((value, exact))
        }
        #[expect(clippy::cast_precision_loss, reason = "what a float cannot hold goes the slow way, by `value_of`")]
        Raw::Integer(value) if value.unsigned_abs() <= 1 << 53 => Some((value as f64, None)),
        _ => None,
    }
}

fn is_integer(bytes: &[u8]) -> bool {
    bytes.strip_prefix(b"-").unwrap_or(bytes).iter().all(u8::is_ascii_digit)
}

/// Whether a float is exactly the integer of those digits.
pub fn is_exact(digits: &str, value: f64) -> bool {
    // A float prints every digit of the integer that it is.
    value.is_finite() && format!("{value:.0}") == digits
}

fn value_of(raw: Raw<'_>) -> Option<Value> {
    Some(match raw {
        Raw::Null => Value::Null,
        Raw::Bool(value) => Value::Bool(value),
        Raw::Integer(value) => Value::Integer(value.to_string()),
        Raw::Float(value) => Value::Float(value),
        Raw::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        Raw::Json(json) => Value::parse(&String::from_utf8_lossy(json))?,
    })
}

/// Seconds since 1970 as whole nanoseconds: the nearest, from which the very same float comes back.
#[expect(clippy::cast_possible_truncation, reason = "the size is checked first")]
pub fn nanoseconds(seconds: f64) -> Option<i64> {
    if seconds.is_nan() || seconds.abs() >= 9.2e9 {
        return None;
    }
    let whole = seconds.trunc();
    // The difference is exact, so only this rounding is one.
    let fraction = ((seconds - whole) * 1e9).round();
    Some(whole as i64 * 1_000_000_000 + fraction as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::float_cmp, reason = "the very same float is what is asked for")]
    fn times_come_back_as_the_same_float() {
        for seconds in [1_795_427_729.602_183_8, 1_795_427_811.284_593_6, 0.1, 1e9, 1_795_427_754.126_184_7] {
            let nanoseconds = nanoseconds(seconds).expect("a time of our century");
            let (whole, rest) = (nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000);
            assert_eq!(format!("{whole}.{rest:09}").parse::<f64>().expect("a number"), seconds);
        }
        assert_eq!(nanoseconds(f64::NAN), None);
        assert_eq!(nanoseconds(1e300), None);
    }

    #[test]
    fn integers_that_a_float_cannot_hold_are_known() {
        assert!(is_exact("9007199254740992", 9_007_199_254_740_992.0));
        assert!(!is_exact("9007199254740993", 9_007_199_254_740_992.0));
        assert!(is_exact("1152921504606846976", 1_152_921_504_606_846_976.0));
    }
}
