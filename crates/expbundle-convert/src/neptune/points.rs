//! Series, as they are read.

use std::collections::HashMap;

use expbundle_format::sections::{self, Summary};
use expbundle_trackers::neptune::{At, Points, Run};

use crate::ledger::Ledger;
use crate::series::TOO_LONG;
use crate::stepped::{Series, Stepped, When};
use crate::{ConvertError, Options};

/// What the client measures of the machine.
const SYSTEM: &str = "monitoring/";

/// Takes the values of a run.
pub(super) struct Gathered {
    metrics: Stepped,
    telemetry: Stepped,
    known: HashMap<String, (bool, Series)>,
    /// Provisional values, and how much was done of each.
    previews: HashMap<String, (bool, Series, Series)>,
}

impl Gathered {
    pub fn new(options: &Options<'_>) -> Self {
        Self {
            metrics: Stepped::new(sections::METRICS, options),
            telemetry: Stepped::new(sections::TELEMETRY, options),
            known: HashMap::new(),
            previews: HashMap::new(),
        }
    }

    fn series(&mut self, path: &str) -> (&mut Stepped, Series) {
        let (is_system, series) = if let Some(known) = self.known.get(path) {
            *known
        } else {
            let added = self.add(path, path);
            self.known.insert(path.to_owned(), added);
            added
        };
        (if is_system { &mut self.telemetry } else { &mut self.metrics }, series)
    }

    fn add(&mut self, path: &str, name: &str) -> (bool, Series) {
        let is_system = path.starts_with(SYSTEM);
        let series = if is_system { self.telemetry.add(name) } else { self.metrics.add(name) };
        (is_system, series)
    }

    /// Provisional values are a series of their own, and how much was done is another.
    fn preview(&mut self, path: &str, at: At, ratio: f64) -> (&mut Stepped, Series) {
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

    fn of(&mut self, path: &str, at: At) -> (&mut Stepped, Series) {
        match at.preview {
            Some(ratio) => self.preview(path, at, ratio),
            None => self.series(path),
        }
    }

    /// Writes both sections and tells of the values.
    pub fn write(self, ledger: &mut Ledger<'_>, run: &Run) -> Result<Summary, ConvertError> {
        let metrics = self.metrics.write(&mut ledger.draft)?;
        let telemetry = self.telemetry.write(&mut ledger.draft)?;
        let left_out = metrics.left_out + telemetry.left_out;
        ledger.items("series value", run.found.values).but(left_out, TOO_LONG).mapped();
        metrics.tell(ledger, "metrics");
        telemetry.tell(ledger, "telemetry");
        Ok(metrics.summary())
    }
}

fn when(at: At) -> When {
    When { step: at.step, time_ns: at.time_ns }
}

impl Points for Gathered {
    fn number(&mut self, path: &str, at: At, value: f64) {
        let (points, series) = self.of(path, at);
        points.number(series, when(at), value, None);
    }

    fn text(&mut self, path: &str, at: At, text: &str) {
        let (points, series) = self.of(path, at);
        points.text(series, when(at), text.to_owned());
    }
}
