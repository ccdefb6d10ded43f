//! Values of a run as they are read: numbers go straight to their Parquet section, and texts wait a
//! while, for a secret may go over several of them.
//!
//! A step of the format is an integer. A point at step 1.5 stands at step 1, and a series beside its
//! own has 1.5 at the same step and time; `stepKey` of `summary.json` names that series. So the
//! order of points stays, and no step is lost.

use std::collections::{BTreeMap, HashMap};

use expbundle_format::Code;
use expbundle_format::sections::{self, SeriesSummary, Summary};
use expbundle_series::{KeyId, Point, SeriesError};
use expbundle_trackers::wandb::Value;
use expbundle_trackers::{At, Series};

use crate::ledger::Ledger;
use crate::series::{self, Points, TOO_LONG};
use crate::wandb::typed::typed;
use crate::{ConvertError, Options};

/// Texts that wait, in bytes.
const MOST_WAITING_BYTES: usize = 16 << 20;

/// When a value was logged.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct When {
    at: At,
    /// The step, if it is a fraction.
    fraction: Option<f64>,
}

impl From<At> for When {
    fn from(at: At) -> Self {
        Self { at, fraction: None }
    }
}

impl When {
    /// At a step that may be a fraction.
    pub fn at_fraction(step: Option<f64>, time_ns: Option<i64>) -> Self {
        let at = At { step: step.and_then(whole), time_ns };
        Self { at, fraction: step.filter(|step| step.fract() != 0.0) }
    }
}

/// A series by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key(usize);

#[derive(Debug)]
struct Named {
    name: String,
    /// `None` if there is no room for another key.
    id: Option<KeyId>,
    /// The series of its steps, once one of them is a fraction.
    steps: Option<Key>,
    waiting: Vec<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    when: When,
    text: String,
}

impl AsMut<String> for Waiting {
    fn as_mut(&mut self) -> &mut String {
        &mut self.text
    }
}

/// Takes the values of one section.
pub(crate) struct Gathered {
    points: Points,
    series: Vec<Named>,
    by_name: HashMap<String, Key>,
    waiting_bytes: usize,
    numbers: Taken,
    texts: Taken,
    fractions: u64,
    trouble: Option<SeriesError>,
}

/// How many values were given, and how many of them do not fit the format.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Taken {
    pub given: u64,
    pub left_out: u64,
}

/// What became of the values.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// The lines of `summary.json`.
    pub series: BTreeMap<String, SeriesSummary>,
    pub numbers: Taken,
    pub texts: Taken,
    /// Points whose step is a fraction.
    fractions: u64,
}

impl Gathered {
    pub fn new(section: &'static str, options: &Options<'_>) -> Self {
        Self {
            points: Points::new(section, options),
            series: Vec::new(),
            by_name: HashMap::new(),
            waiting_bytes: 0,
            numbers: Taken::default(),
            texts: Taken::default(),
            fractions: 0,
            trouble: None,
        }
    }

    /// The series of a name.
    pub fn key(&mut self, name: &str) -> Key {
        if let Some(key) = self.by_name.get(name) {
            return *key;
        }
        let key = Key(self.series.len());
        let id = self.points.key(name);
        self.series.push(Named { name: name.to_owned(), id, steps: None, waiting: Vec::new() });
        self.by_name.insert(name.to_owned(), key);
        key
    }

    /// A number; `exact` has its digits where a float cannot hold them.
    pub fn number(&mut self, key: Key, when: impl Into<When>, value: f64, exact: Option<&str>) {
        self.numbers.given += 1;
        let is_kept = self.point(key, when.into(), Some(value), exact);
        self.numbers.left_out += u64::from(!is_kept);
    }

    /// A text, or another value that is not a number, as JSON.
    pub fn text(&mut self, key: Key, when: impl Into<When>, text: String) {
        self.texts.given += 1;
        self.waiting_bytes += text.len() + size_of::<Waiting>();
        let when = when.into();
        if let Some(series) = self.series.get_mut(key.0) {
            series.waiting.push(Waiting { when, text });
        }
        if self.waiting_bytes > MOST_WAITING_BYTES {
            self.flush();
        }
    }

    /// A value as W&B's dialect of JSON has it.
    pub fn value(&mut self, key: Key, at: At, value: &Value) {
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

    /// Adds a point, and its step if that is a fraction. Whether there was room for it.
    fn point(&mut self, key: Key, when: When, value: Option<f64>, text: Option<&str>) -> bool {
        let is_kept = self.push(key, when.at, value, text);
        if let Some(step) = when.fraction.filter(|_| is_kept) {
            self.fractions += 1;
            let steps = self.steps_of(key);
            // Without room for it the step below still stands.
            let _ = self.push(steps, when.at, Some(step), None);
        }
        is_kept
    }

    fn push(&mut self, key: Key, at: At, value: Option<f64>, text: Option<&str>) -> bool {
        let Some(id) = self.series.get(key.0).and_then(|series| series.id) else { return false };
        let before = self.points.left_out();
        if let Err(error) = self.points.push(id, Point { step: at.step, time_ns: at.time_ns, value, text }) {
            self.trouble.get_or_insert(error);
        }
        self.points.left_out() == before
    }

    fn steps_of(&mut self, key: Key) -> Key {
        let named = self.series.get(key.0);
        if let Some(steps) = named.and_then(|series| series.steps) {
            return steps;
        }
        let name = named.map(|series| name_of_steps(&series.name)).unwrap_or_default();
        let steps = self.key(&name);
        if let Some(series) = self.series.get_mut(key.0) {
            series.steps = Some(steps);
        }
        steps
    }

    fn flush(&mut self) {
        self.waiting_bytes = 0;
        for number in 0..self.series.len() {
            let Some(series) = self.series.get_mut(number).filter(|series| !series.waiting.is_empty()) else {
                continue;
            };
            let mut texts = std::mem::take(&mut series.waiting);
            self.points.clean_texts(&series.name, &mut texts);
            for Waiting { when, text } in texts {
                let is_kept = self.point(Key(number), when, None, Some(&text));
                self.texts.left_out += u64::from(!is_kept);
            }
        }
    }

    /// Writes the section. Without points there is none.
    pub fn write(mut self, ledger: &mut Ledger<'_>) -> Result<Written, ConvertError> {
        self.flush();
        if let Some(error) = self.trouble {
            return Err(error.into());
        }
        let steps = self.series.iter().filter(|series| series.steps.is_some());
        let steps: HashMap<String, String> =
            steps.map(|series| (series.name.clone(), name_of_steps(&series.name))).collect();
        let lines = self.points.write(&mut ledger.draft)?.into_iter().map(|(name, one)| {
            let line = SeriesSummary { step_key: steps.get(&name).cloned(), ..series::summary(&one) };
            (name, line)
        });
        let (numbers, texts, fractions) = (self.numbers, self.texts, self.fractions);
        Ok(Written { series: lines.collect(), numbers, texts, fractions })
    }
}

/// Takes the metrics of a reader that gives them as [`Series`], and tells how far it is.
pub(crate) struct Metrics<'a> {
    gathered: Gathered,
    progress: &'a (dyn Fn(u64) + Sync),
}

impl<'a> Metrics<'a> {
    pub fn new(options: &Options<'a>) -> Self {
        Self { gathered: Gathered::new(sections::METRICS, options), progress: options.progress }
    }

    /// As [`Gathered::write`].
    pub fn write(self, ledger: &mut Ledger<'_>) -> Result<Written, ConvertError> {
        self.gathered.write(ledger)
    }
}

impl Series for Metrics<'_> {
    fn key(&mut self, name: &str) -> Option<u32> {
        u32::try_from(self.gathered.key(name).0).ok()
    }

    fn number(&mut self, key: Option<u32>, at: At, value: f64, digits: Option<&str>) {
        let key = Key(key.map_or(usize::MAX, |key| key as usize));
        self.gathered.number(key, at, value, digits);
    }

    fn text(&mut self, name: &str, at: At, text: &str) {
        let key = self.gathered.key(name);
        self.gathered.text(key, at, text.to_owned());
    }

    fn progress(&mut self, bytes: u64) {
        (self.progress)(bytes);
    }
}

impl Written {
    /// As a section.
    pub fn summary(self) -> Summary {
        Summary { series: self.series, ..Summary::default() }
    }

    /// Values that were given.
    pub fn given(&self) -> u64 {
        self.numbers.given + self.texts.given
    }

    /// Values that do not fit the format.
    pub fn left_out(&self) -> u64 {
        self.numbers.left_out + self.texts.left_out
    }

    /// Tells what became of the values, as items of one name.
    pub fn tell(&self, ledger: &Ledger<'_>, item: &'static str) {
        ledger.items(item, self.given()).but(self.left_out(), TOO_LONG).mapped();
    }

    /// Says what was done with steps that are fractions.
    pub fn tell_of_fractions(&self, ledger: &mut Ledger<'_>, place: &str) {
        if self.fractions > 0 {
            let message = format!(
                "{} points have a fraction as their step; they stand at the whole step below it, and the series in `stepKey` has the exact one",
                self.fractions
            );
            ledger.finding(Code::SourceUnsupported, place, message);
        }
    }
}

/// No key of a tracker has U+241F.
fn name_of_steps(series: &str) -> String {
    format!("{series}\u{241f}step")
}

/// The whole step below, if it is one.
#[expect(clippy::cast_possible_truncation, reason = "the size is checked first")]
fn whole(step: f64) -> Option<i64> {
    let below = step.floor();
    (below.abs() < 9.2e18).then_some(below as i64)
}
