//! Values of a run as they are read: numbers go straight to their Parquet section, and texts wait a
//! while, for a secret may go over several of them.

use std::collections::{BTreeMap, HashMap};

use expbundle_series::{KeyId, KeySummary, Point, SeriesError};
use expbundle_trackers::wandb::{At, Value};

use crate::gate::Draft;
use crate::series::{self, Points};
use crate::wandb::typed::typed;
use crate::{ConvertError, Options};

/// Texts that wait, in bytes.
const MOST_WAITING_BYTES: usize = 16 << 20;

/// Takes the values of one section.
pub(crate) struct Gathered {
    points: Points,
    /// Numbers of the keys; `None` for those that there is no room for.
    keys: HashMap<String, Option<KeyId>>,
    waiting: BTreeMap<String, Vec<Waiting>>,
    waiting_bytes: usize,
    count: u64,
    trouble: Option<SeriesError>,
}

struct Waiting {
    at: At,
    text: String,
}

impl AsMut<String> for Waiting {
    fn as_mut(&mut self) -> &mut String {
        &mut self.text
    }
}

/// What became of the values.
pub(crate) struct Written {
    pub summaries: Vec<(String, KeySummary)>,
    /// Points that were given.
    pub count: u64,
    /// Those of them that the format has no room for.
    pub left_out: u64,
}

impl Gathered {
    pub fn new(section: &'static str, options: &Options<'_>) -> Self {
        Self {
            points: Points::new(section, options),
            keys: HashMap::new(),
            waiting: BTreeMap::new(),
            waiting_bytes: 0,
            count: 0,
            trouble: None,
        }
    }

    /// A number; `exact` has its digits where a float cannot hold them.
    pub fn number(&mut self, key: &str, at: At, value: f64, exact: Option<&str>) {
        self.count += 1;
        self.push(key, at, Some(value), exact);
    }

    /// A text, or another value that is not a number, as JSON.
    pub fn text(&mut self, key: &str, at: At, text: String) {
        self.count += 1;
        self.waiting_bytes += text.len() + size_of::<Waiting>();
        match self.waiting.get_mut(key) {
            Some(texts) => texts.push(Waiting { at, text }),
            None => {
                self.waiting.insert(key.to_owned(), vec![Waiting { at, text }]);
            }
        }
        if self.waiting_bytes > MOST_WAITING_BYTES {
            self.flush();
        }
    }

    /// A value as W&B's dialect of JSON has it.
    pub fn value(&mut self, key: &str, at: At, value: &Value) {
        match value {
            Value::Float(value) => self.number(key, at, *value, None),
            Value::Integer(digits) => {
                let value: f64 = digits.parse().unwrap_or(f64::NAN);
                // Every integer of so few digits is a float.
                let exact = Some(digits.as_str()).filter(|digits| digits.len() > 15);
                self.number(key, at, value, exact.filter(|digits| format!("{value:.0}") != **digits));
            }
            Value::Text(text) | Value::Json(text) => self.text(key, at, text.clone()),
            other => self.text(key, at, typed(other).to_string()),
        }
    }

    fn push(&mut self, key: &str, at: At, value: Option<f64>, text: Option<&str>) {
        let id = if let Some(id) = self.keys.get(key) {
            *id
        } else {
            let id = self.points.key(key);
            self.keys.insert(key.to_owned(), id);
            id
        };
        let Some(id) = id else { return self.points.leave_out() };
        if let Err(error) = self.points.push(id, Point { step: at.step, time_ns: at.time_ns, value, text }) {
            self.trouble.get_or_insert(error);
        }
    }

    fn flush(&mut self) {
        self.waiting_bytes = 0;
        for (key, mut texts) in std::mem::take(&mut self.waiting) {
            self.points.clean_texts(&key, &mut texts);
            for Waiting { at, text } in texts {
                self.push(&key, at, None, Some(&text));
            }
        }
    }

    /// Writes the section. Without points there is none.
    pub fn write(mut self, draft: &mut Draft<'_>) -> Result<Written, ConvertError> {
        self.flush();
        if let Some(error) = self.trouble {
            return Err(error.into());
        }
        let (count, left_out) = (self.count, self.points.left_out());
        Ok(Written { summaries: self.points.write(draft)?, count, left_out })
    }
}

impl Written {
    /// The lines of `summary.json`.
    pub fn series(&self) -> BTreeMap<String, expbundle_format::sections::SeriesSummary> {
        self.summaries.iter().map(|(key, one)| (key.clone(), series::summary(one))).collect()
    }
}
