//! `metrics.parquet`, `telemetry.parquet` and `summary.json`: every point, exact duplicates among
//! them.

use std::collections::BTreeMap;

use expbundle_format::Code;
use expbundle_format::sections::{self, Goal, SeriesSummary, Summary};
use expbundle_series::{KeySummary, Point};
use expbundle_trackers::mlflow::Metric;

use super::mapping::Mapping;
use crate::{ConvertError, series};

const NANOSECONDS_PER_MILLISECOND: i64 = 1_000_000;

pub(super) fn write(mapping: &mut Mapping<'_>, goals: &BTreeMap<String, Goal>) -> Result<(), ConvertError> {
    let run = mapping.run;
    let (telemetry, metrics): (Vec<&Metric>, Vec<&Metric>) = run.metrics.iter().partition(|metric| metric.is_system());
    let summaries = write_section(mapping, sections::METRICS, "metric point", &metrics)?;
    write_section(mapping, sections::TELEMETRY, "system metric point", &telemetry)?;
    let series = summaries.into_iter().map(|(key, one)| {
        let line = SeriesSummary { goal: goals.get(&key).copied(), ..series::summary(&one) };
        (key, line)
    });
    mapping.ledger.section(Summary { series: series.collect(), ..Summary::default() });
    Ok(())
}

fn write_section(
    mapping: &mut Mapping<'_>,
    section: &'static str,
    kind: &'static str,
    metrics: &[&Metric],
) -> Result<Vec<(String, KeySummary)>, ConvertError> {
    let mut points = series::Points::new(section, mapping.ledger.options);
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
            mapping.ledger.finding(Code::SourceLoss, &format!("metrics/{}", metric.key), message);
        }
    }
    let count = metrics.iter().map(|metric| metric.points.len() as u64).sum();
    mapping.ledger.items(kind, count).but(points.left_out(), series::TOO_LONG).mapped();
    points.write(&mut mapping.ledger.draft)
}
