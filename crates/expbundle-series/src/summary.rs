//! A series in one line, computed while it is written.

use crate::points::Point;

/// What one series comes to. First and last are by the order of the file: step, time, arrival.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeySummary {
    /// Points, those that are no number among them.
    pub count: u64,
    /// Value of the first point that is a number.
    pub first: Option<f64>,
    /// Value of the last point that is a number.
    pub last: Option<f64>,
    /// Smallest finite value.
    pub min: Option<f64>,
    /// Largest finite value.
    pub max: Option<f64>,
    /// Points that are NaN or infinite.
    pub non_finite: u64,
    /// Points that are no number.
    pub texts: u64,
    /// First step, where points have steps.
    pub first_step: Option<i64>,
    /// Last step.
    pub last_step: Option<i64>,
    /// First time, in nanoseconds since 1970, where points have times.
    pub first_time_ns: Option<i64>,
    /// Last time.
    pub last_time_ns: Option<i64>,
}

impl KeySummary {
    /// Takes the next point in order.
    pub(crate) fn add(&mut self, point: &Point<'_>) {
        self.count += 1;
        self.first_step = self.first_step.or(point.step);
        self.last_step = point.step.or(self.last_step);
        self.first_time_ns = match (self.first_time_ns, point.time_ns) {
            (Some(earliest), Some(time_ns)) => Some(earliest.min(time_ns)),
            (known, time_ns) => known.or(time_ns),
        };
        self.last_time_ns = self.last_time_ns.max(point.time_ns);
        let Some(value) = point.value else {
            self.texts += 1;
            return;
        };
        self.first = self.first.or(Some(value));
        self.last = Some(value);
        if value.is_finite() {
            self.min = Some(self.min.map_or(value, |min| min.min(value)));
            self.max = Some(self.max.map_or(value, |max| max.max(value)));
        } else {
            self.non_finite += 1;
        }
    }
}
