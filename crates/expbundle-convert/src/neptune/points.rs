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
    /// Provisional values are series of their own.
    previews: HashMap<String, (bool, Series)>,
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

    fn series(&mut self, path: &str, is_preview: bool) -> (&mut Stepped, Series) {
        let known = if is_preview { &self.previews } else { &self.known };
        let (is_system, series) = match known.get(path) {
            Some(known) => *known,
            None => self.add(path, is_preview),
        };
        (if is_system { &mut self.telemetry } else { &mut self.metrics }, series)
    }

    fn add(&mut self, path: &str, is_preview: bool) -> (bool, Series) {
        let is_system = path.starts_with(SYSTEM);
        // No path has U+241F.
        let name = if is_preview { format!("{path}\u{241f}preview") } else { path.to_owned() };
        let series = if is_system { self.telemetry.add(&name) } else { self.metrics.add(&name) };
        let known = if is_preview { &mut self.previews } else { &mut self.known };
        known.insert(path.to_owned(), (is_system, series));
        (is_system, series)
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
        let (points, series) = self.series(path, at.is_preview);
        points.number(series, when(at), value, None);
    }

    fn text(&mut self, path: &str, at: At, text: &str) {
        let (points, series) = self.series(path, at.is_preview);
        points.text(series, when(at), text.to_owned());
    }
}
