//! Series of trackers that allow fractions as steps.
//!
//! A step of the format is an integer. A point at step 1.5 stands at step 1, and a series beside its
//! own has 1.5 at the same step and time; `stepKey` of `summary.json` names that series. So the
//! order of points stays, and no step is lost.

use std::collections::{BTreeMap, HashMap};

use expbundle_format::Code;
use expbundle_format::sections::{SeriesSummary, Summary};
use expbundle_series::{KeyId, Point, SeriesError};
use expbundle_trackers::wandb::ConsolePiece;

use crate::gate::Draft;
use crate::ledger::Ledger;
use crate::{ConvertError, Options, series, wandb};

/// When a value was logged.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct When {
    pub step: Option<f64>,
    pub time_ns: Option<i64>,
}

impl When {
    /// At a time in milliseconds since 1970.
    pub fn milliseconds(step: Option<f64>, time_ms: Option<i64>) -> Self {
        Self { step, time_ns: time_ms.and_then(|time| time.checked_mul(1_000_000)) }
    }
}

/// A series by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Series(usize);

#[derive(Debug)]
struct Named {
    name: String,
    /// `None` if there is no room for another key.
    key: Option<KeyId>,
    /// The series of its steps, once one of them is a fraction and while there is room for it.
    steps: Option<KeyId>,
}

/// Takes points as they are read. Numbers go straight to their section; texts wait until all are
/// there, for a secret may go over several.
pub(crate) struct Stepped {
    points: series::Points,
    series: Vec<Named>,
    texts: Vec<(usize, When, String)>,
    fractions: u64,
    trouble: Option<SeriesError>,
}

/// What became of the points.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// The lines of `summary.json`.
    pub series: BTreeMap<String, SeriesSummary>,
    /// Points that the format has no room for.
    pub left_out: u64,
    /// Points whose step is a fraction.
    pub fractions: u64,
}

impl Written {
    /// As a section.
    pub fn summary(self) -> Summary {
        Summary { series: self.series, ..Summary::default() }
    }

    /// Says what was done with steps that are fractions.
    pub fn tell(&self, ledger: &mut Ledger<'_>, place: &str) {
        if self.fractions > 0 {
            let message = format!(
                "{} points have a fraction as their step; they stand at the whole step below it, and the series in `stepKey` has the exact one",
                self.fractions
            );
            ledger.finding(Code::SourceUnsupported, place, message);
        }
    }
}

impl Stepped {
    pub fn new(section: &'static str, options: &Options<'_>) -> Self {
        let points = series::Points::new(section, options);
        Self { points, series: Vec::new(), texts: Vec::new(), fractions: 0, trouble: None }
    }

    /// Adds a series. No other has its name.
    pub fn add(&mut self, name: &str) -> Series {
        self.series.push(Named { name: name.to_owned(), key: self.points.key(name), steps: None });
        Series(self.series.len() - 1)
    }

    /// Takes a number; beside it, the digits that it cannot hold.
    pub fn number(&mut self, series: Series, when: When, value: f64, exact: Option<&str>) {
        self.point(series.0, when, Some(value), exact);
    }

    /// Takes a text.
    pub fn text(&mut self, series: Series, when: When, text: String) {
        self.texts.push((series.0, when, text));
    }

    fn point(&mut self, series: usize, when: When, value: Option<f64>, text: Option<&str>) {
        let Some(key) = self.series.get(series).and_then(|series| series.key) else { return self.points.leave_out() };
        let step = when.step.and_then(whole);
        self.push(key, Point { step, time_ns: when.time_ns, value, text });
        if let Some(exact) = when.step.filter(|step| step.fract() != 0.0) {
            self.fractions += 1;
            if let Some(steps) = self.steps_of(series) {
                self.push(steps, Point { step, time_ns: when.time_ns, value: Some(exact), text: None });
            }
        }
    }

    fn push(&mut self, key: KeyId, point: Point<'_>) {
        if let Err(error) = self.points.push(key, point) {
            self.trouble.get_or_insert(error);
        }
    }

    fn steps_of(&mut self, series: usize) -> Option<KeyId> {
        let named = self.series.get_mut(series)?;
        if named.steps.is_none() {
            named.steps = self.points.key(&name_of_steps(&named.name));
        }
        named.steps
    }

    /// Adds the texts that waited, and writes the section.
    pub fn write(mut self, draft: &mut Draft<'_>) -> Result<Written, ConvertError> {
        let mut texts = std::mem::take(&mut self.texts);
        let mut by_series: BTreeMap<usize, Vec<Text<'_>>> = BTreeMap::new();
        for (series, _, text) in &mut texts {
            by_series.entry(*series).or_default().push(Text(text));
        }
        for (series, mut texts) in by_series {
            if let Some(named) = self.series.get(series) {
                self.points.clean_texts(&named.name, &mut texts);
            }
        }
        for (series, when, text) in texts {
            self.point(series, when, None, Some(&text));
        }
        if let Some(error) = self.trouble {
            return Err(error.into());
        }
        let left_out = self.points.left_out();
        let with_steps: HashMap<String, String> = self
            .series
            .iter()
            .filter(|series| series.steps.is_some())
            .map(|series| (series.name.clone(), name_of_steps(&series.name)))
            .collect();
        let lines = self.points.write(draft)?.into_iter().map(|(name, one)| {
            let line = SeriesSummary { step_key: with_steps.get(&name).cloned(), ..series::summary(&one) };
            (name, line)
        });
        Ok(Written { series: lines.collect(), left_out, fractions: self.fractions })
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

/// A text of a series.
struct Text<'a>(&'a mut String);

impl AsMut<String> for Text<'_> {
    fn as_mut(&mut self) -> &mut String {
        self.0
    }
}

/// Adds what a program printed, piece by piece, as lines.
pub(crate) fn console(ledger: &mut Ledger<'_>, pieces: &[ConsolePiece]) -> Result<(), ConvertError> {
    let lines = wandb::console::lines(pieces);
    if lines.is_empty() {
        return Ok(());
    }
    let divided = ledger.draft.console(lines)?;
    if divided > 0 {
        let message = format!("{divided} lines have more than 1 MiB, and were divided");
        ledger.finding(Code::SourceLoss, "console", message);
    }
    Ok(())
}
