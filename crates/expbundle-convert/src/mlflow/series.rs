//! `metrics.parquet`, `telemetry.parquet` and `summary.json`: every point, exact duplicates among them.

use std::collections::BTreeMap;

use expbundle::draft::Draft;
use expbundle_format::Code;
use expbundle_format::sections::{self, Goal, SeriesSummary, Summary};
use expbundle_series::{KeySummary, Point, SeriesWriter};
use expbundle_trackers::mlflow::Metric;

use super::mapping::Mapping;
use crate::{ConvertError, series};

const NANOSECONDS_PER_MILLISECOND: i64 = 1_000_000;

pub(super) fn write(
    mapping: &mut Mapping<'_>,
    draft: &mut Draft,
    goals: &BTreeMap<String, Goal>,
) -> Result<(), ConvertError> {
    let run = mapping.run;
    let (telemetry, metrics): (Vec<&Metric>, Vec<&Metric>) = run.metrics.iter().partition(|metric| metric.is_system());
    let count = |metrics: &[&Metric]| metrics.iter().map(|metric| metric.points.len() as u64).sum::<u64>();
    let summaries = write_section(mapping, draft, sections::METRICS, &metrics)?;
    mapping.account.mapped("metric point", count(&metrics));
    write_section(mapping, draft, sections::TELEMETRY, &telemetry)?;
    mapping.account.mapped("system metric point", count(&telemetry));
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

fn write_section(
    mapping: &mut Mapping<'_>,
    draft: &mut Draft,
    section: &str,
    metrics: &[&Metric],
) -> Result<Vec<(String, KeySummary)>, ConvertError> {
    let mut writer = SeriesWriter::new();
    for metric in metrics {
        let key = writer.key(mapping.metric_key(&metric.key));
        let mut timeless: u64 = 0;
        for point in &metric.points {
            let time_ns = point.timestamp_ms.checked_mul(NANOSECONDS_PER_MILLISECOND);
            timeless += u64::from(time_ns.is_none());
            let point = Point { step: Some(point.step), time_ns, value: Some(point.value), text: None };
            writer.push(key, point)?;
        }
        if timeless > 0 {
            let message = format!("{timeless} points have a time beyond the year 2262, which was left out");
            mapping.finding(Code::SourceLoss, &format!("metrics/{}", metric.key), &message);
        }
    }
    series::write_section(writer, draft, section)
}
