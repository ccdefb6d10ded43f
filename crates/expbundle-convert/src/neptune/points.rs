//! Series, as they are read.

use std::collections::HashMap;

use expbundle_format::sections::{self, Summary};
use expbundle_trackers::neptune::{At, Points, Run};

use crate::gathered::{Gathered, Key, When};
use crate::ledger::Ledger;
use crate::series::TOO_LONG;
use crate::{ConvertError, Options};

/// What the client measures of the machine.
const SYSTEM: &str = "monitoring/";

/// Takes the values of a run.
pub(super) struct Sections {
    metrics: Gathered,
    telemetry: Gathered,
    known: HashMap<String, (bool, Key)>,
    /// Provisional values, and how much was done of each.
    previews: HashMap<String, (bool, Key, Key)>,
}

impl Sections {
    pub fn new(options: &Options<'_>) -> Self {
        Self {
            metrics: Gathered::new(sections::METRICS, options),
            telemetry: Gathered::new(sections::TELEMETRY, options),
            known: HashMap::new(),
            previews: HashMap::new(),
        }
    }

    fn series(&mut self, path: &str) -> (&mut Gathered, Key) {
        let (is_system, series) = if let Some(known) = self.known.get(path) {
            *known
        } else {
            let added = self.add(path, path);
            self.known.insert(path.to_owned(), added);
            added
        };
        (if is_system { &mut self.telemetry } else { &mut self.metrics }, series)
    }

    fn add(&mut self, path: &str, name: &str) -> (bool, Key) {
        let is_system = path.starts_with(SYSTEM);
        let series = if is_system { self.telemetry.key(name) } else { self.metrics.key(name) };
        (is_system, series)
    }

    /// Provisional values are a series of their own, and how much was done is another.
    fn preview(&mut self, path: &str, at: At, ratio: f64) -> (&mut Gathered, Key) {
        let (is_system, values, ratios) = if let Some(known) = self.previews.get(path) {
            *known
        } else {
            // No path has U+241F.
            let (is_system, values) = self.add(path, &format!("{path}\u{241f}preview"));
            let (_, ratios) = self.add(path, &format!("{path}\u{241f}completion"));
            self.previews.insert(path.to_owned(), (is_system, values, ratios));
            (is_system, values, ratios)
        };
        let points = if is_system { &mut self.telemetry } else { &mut self.metrics };
        points.number(ratios, when(at), ratio, None);
        (points, values)
    }

    fn of(&mut self, path: &str, at: At) -> (&mut Gathered, Key) {
        match at.preview {
            Some(ratio) => self.preview(path, at, ratio),
            None => self.series(path),
        }
    }

    /// Writes both sections and tells of the values.
    pub fn write(self, ledger: &mut Ledger<'_>, run: &Run) -> Result<Summary, ConvertError> {
        let (metrics, telemetry) = (self.metrics.write(ledger)?, self.telemetry.write(ledger)?);
        let left_out = metrics.left_out() + telemetry.left_out();
        ledger.items("series value", run.found.values).but(left_out, TOO_LONG).mapped();
        metrics.tell_of_fractions(ledger, "metrics");
        telemetry.tell_of_fractions(ledger, "telemetry");
        Ok(metrics.summary())
    }
}

fn when(at: At) -> When {
    When::at_fraction(at.step, at.time_ns)
}

impl Points for Sections {
    fn number(&mut self, path: &str, at: At, value: f64) {
        let (points, series) = self.of(path, at);
        points.number(series, when(at), value, None);
    }

    fn text(&mut self, path: &str, at: At, text: &str) {
        let (points, series) = self.of(path, at);
        points.text(series, when(at), text.to_owned());
    }
}
