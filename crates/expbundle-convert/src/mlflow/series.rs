//! `metrics.parquet`, `telemetry.parquet` and `summary.json`: every point, exact duplicates among them.

use std::collections::BTreeMap;

use expbundle_format::Code;
use expbundle_format::sections::{self, Goal, SeriesSummary, Summary};
use expbundle_series::{KeySummary, Point};
use expbundle_trackers::mlflow::Metric;

use super::mapping::Mapping;
use crate::gate::Draft;
use crate::{ConvertError, series};

const NANOSECONDS_PER_MILLISECOND: i64 = 1_000_000;

pub(super) fn write(
    mapping: &mut Mapping<'_>,
    draft: &mut Draft<'_>,
    goals: &BTreeMap<String, Goal>,
) -> Result<(), ConvertError> {
    let run = mapping.run;
    let (telemetry, metrics): (Vec<&Metric>, Vec<&Metric>) = run.metrics.iter().partition(|metric| metric.is_system());
    let count = |metrics: &[&Metric]| metrics.iter().map(|metric| metric.points.len() as u64).sum::<u64>();
    let (summaries, left_out) = write_section(mapping, draft, sections::METRICS, &metrics)?;
    mapping.account.mapped("metric point", count(&metrics) - left_out);
    mapping.account.dropped("metric point", left_out, series::TOO_LONG);
    let (_, left_out) = write_section(mapping, draft, sections::TELEMETRY, &telemetry)?;
    mapping.account.mapped("system metric point", count(&telemetry) - left_out);
    mapping.account.dropped("system metric point", left_out, series::TOO_LONG);
    if summaries.is_empty() {
        return Ok(());
    }
    let series = summaries.into_iter().map(|(key, one)| {
        let line = SeriesSummary { goal: goals.get(&key).copied(), ..series::summary(&one) };
        (key, line)
    });
    draft.json_section(&Summary { series: series.collect(), ..Summary::default() })?;
    Ok(())
}

/// The summaries, and how many points were left out.
fn write_section(
    mapping: &mut Mapping<'_>,
    draft: &mut Draft<'_>,
    section: &'static str,
    metrics: &[&Metric],
) -> Result<(Vec<(String, KeySummary)>, u64), ConvertError> {
    let mut points = series::Points::new(section, mapping.options);
    for metric in metrics {
        let key = points.key(&metric.key);
        let mut timeless: u64 = 0;
        for point in &metric.points {
            let time_ns = point.timestamp_ms.checked_mul(NANOSECONDS_PER_MILLISECOND);
            timeless += u64::from(time_ns.is_none());
            let point = Point { step: Some(point.step), time_ns, value: Some(point.value), text: None };
            match key {
                Some(key) => points.push(key, point)?,
                None => points.leave_out(),
            }
        }
        if timeless > 0 {
            let message = format!("{timeless} points have a time beyond the year 2262, which was left out");
            mapping.finding(Code::SourceLoss, &format!("metrics/{}", metric.key), &message);
        }
    }
    let left_out = points.left_out();
    Ok((points.write(draft)?, left_out))
}
