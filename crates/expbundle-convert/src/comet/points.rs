//! Metrics and what the SDK measures of the machine, as they are read.

use std::collections::HashMap;

use expbundle_format::sections::{self, Summary};
use expbundle_trackers::comet::{Point, Points};

use super::mapping::MESSAGE;
use crate::gathered::{Gathered, Key, When};
use crate::ledger::Ledger;
use crate::series::TOO_LONG;
use crate::{ConvertError, Options};

/// The SDK's own measurements.
const SYSTEM: &str = "sys.";
const DURATION: &str = "process duration";
/// Comet's name of the epoch.
const EPOCH: &str = "curr_epoch";

/// Takes the points of a run.
pub(super) struct Sections {
    metrics: Gathered,
    telemetry: Gathered,
    /// By context and name.
    known: HashMap<String, (bool, Key)>,
    /// Context and name by the name that a page shows.
    taken: HashMap<String, String>,
    /// Context and name of the point at hand.
    pair: String,
    epochs: Option<Key>,
    last_epoch: Option<(f64, Option<f64>)>,
    count: u64,
}

impl Sections {
    pub fn new(options: &Options<'_>) -> Self {
        Self {
            metrics: Gathered::new(sections::METRICS, options),
            telemetry: Gathered::new(sections::TELEMETRY, options),
            known: HashMap::new(),
            taken: HashMap::new(),
            pair: String::new(),
            epochs: None,
            last_epoch: None,
            count: 0,
        }
    }

    /// A series is the pair of context and name. Where the names that Comet shows are equal, U+241F
    /// joins the later one.
    fn series(&mut self, point: &Point<'_>) -> (bool, Key) {
        self.pair.clear();
        self.pair.push_str(point.context.unwrap_or_default());
        self.pair.push('\u{241f}');
        self.pair.push_str(point.name);
        if let Some(known) = self.known.get(self.pair.as_str()) {
            return *known;
        }
        let is_system = point.context.is_none() && (point.name.starts_with(SYSTEM) || point.name == DURATION);
        let shown = point.context.map_or_else(|| point.name.to_owned(), |context| format!("{context}_{}", point.name));
        let name = self.free(shown);
        let series = if is_system { self.telemetry.key(&name) } else { self.metrics.key(&name) };
        self.known.insert(self.pair.clone(), (is_system, series));
        (is_system, series)
    }

    fn free(&mut self, shown: String) -> String {
        if *self.taken.entry(shown.clone()).or_insert_with(|| self.pair.clone()) == self.pair {
            return shown;
        }
        self.pair.clone()
    }

    /// The epoch is a series of its own: a point has no place for it.
    fn epoch(&mut self, epoch: f64, step: Option<f64>, when: When) {
        if self.last_epoch.replace((epoch, step)) == Some((epoch, step)) {
            return;
        }
        let series = if let Some(series) = self.epochs {
            series
        } else {
            "comet\u{241f}".clone_into(&mut self.pair);
            self.pair.push_str(EPOCH);
            let name = self.free(EPOCH.to_owned());
            *self.epochs.insert(self.metrics.key(&name))
        };
        self.metrics.number(series, when, epoch, None);
    }

    /// Writes both sections and tells of the messages.
    pub fn write(self, ledger: &mut Ledger<'_>) -> Result<Summary, ConvertError> {
        let (metrics, telemetry) = (self.metrics.write(ledger)?, self.telemetry.write(ledger)?);
        let left_out = metrics.left_out() + telemetry.left_out();
        ledger.items(MESSAGE, self.count).but(left_out, TOO_LONG).mapped();
        metrics.tell_of_fractions(ledger, "messages.json");
        telemetry.tell_of_fractions(ledger, "messages.json");
        Ok(metrics.summary())
    }
}

impl Points for Sections {
    fn point(&mut self, point: &Point<'_>) {
        self.count += 1;
        let time_ns = point.time_ms.and_then(|time| time.checked_mul(1_000_000));
        let when = When::at_fraction(point.step, time_ns);
        let (is_system, series) = self.series(point);
        if let Some(epoch) = point.epoch.filter(|_| !is_system) {
            self.epoch(epoch, point.step, when);
        }
        let points = if is_system { &mut self.telemetry } else { &mut self.metrics };
        match (point.value, point.text) {
            (Some(value), exact) => points.number(series, when, value, exact),
            (None, text) => points.text(series, when, text.unwrap_or_default().to_owned()),
        }
    }
}
