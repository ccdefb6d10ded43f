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
    #[inline]
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
            // Nearly all values lie between those before.
            if self.min.is_some_and(|min| min < value) && self.max.is_some_and(|max| value < max) {
                return;
            }
            // In total order -0.0 is below 0.0; `f64::min` may give either, and summaries must not
            // differ by machine.
            if self.min.is_none_or(|min| value.total_cmp(&min).is_lt()) {
                self.min = Some(value);
            }
            if self.max.is_none_or(|max| value.total_cmp(&max).is_gt()) {
                self.max = Some(value);
            }
        } else {
            self.non_finite += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(values: &[f64]) -> KeySummary {
        let mut summary = KeySummary::default();
        for (step, value) in (0..).zip(values) {
            summary.add(&Point { step: Some(step), value: Some(*value), ..Point::default() });
        }
        summary
    }

    #[test]
    fn extremes_are_finite_and_first_and_last_are_not_always() {
        let one = summary(&[f64::NAN, 2.0, f64::INFINITY, -1.0, f64::NEG_INFINITY]);
        assert_eq!((one.count, one.non_finite, one.texts), (5, 3, 0));
        assert_eq!((one.min, one.max), (Some(-1.0), Some(2.0)));
        assert!(one.first.is_some_and(f64::is_nan));
        assert_eq!(one.last, Some(f64::NEG_INFINITY));
        assert_eq!((one.first_step, one.last_step), (Some(0), Some(4)));
    }

    #[test]
    fn zeros_have_an_order() {
        for values in [[0.0, -0.0], [-0.0, 0.0]] {
            let one = summary(&values);
            assert_eq!((one.min.map(f64::to_bits), one.max.map(f64::to_bits)), (Some((-0.0_f64).to_bits()), Some(0)));
        }
    }

    #[test]
    fn texts_count_and_have_no_extremes() {
        let mut one = summary(&[]);
        one.add(&Point { time_ns: Some(7), text: Some("n/a"), ..Point::default() });
        one.add(&Point { time_ns: Some(3), text: Some("n/a"), ..Point::default() });
        assert_eq!((one.count, one.texts, one.min, one.last), (2, 2, None, None));
        assert_eq!((one.first_time_ns, one.last_time_ns), (Some(3), Some(7)));
    }
}
