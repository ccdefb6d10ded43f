//! Series, console and media out of the events.

use std::collections::HashMap;

use expbundle_format::Code;
use expbundle_format::sections::{self, Media, MediaItem, Summary};
use expbundle_format::time::Time;
use expbundle_series::{ConsoleLine, Point};
use expbundle_trackers::clearml::{self, Event, Session};
use serde_json::Value;

use super::text;
use crate::ledger::{Foreign as _, Ledger, json_tree};
use crate::{ConvertError, series};

/// The step of a single value, which has none.
const NO_STEP: i64 = i32::MIN as i64;

pub(super) fn map(ledger: &mut Ledger<'_>, session: &Session) -> Result<(), ConvertError> {
    ledger.found("event", session.metrics.count + session.log.count);
    let is_system = |point: &&clearml::Point| point.metric.starts_with(":monitor:");
    let (system, metrics): (Vec<_>, Vec<_>) =
        session.metrics.points.iter().chain(&session.log.points).partition(is_system);
    let summaries = write(ledger, sections::METRICS, &metrics)?;
    write(ledger, sections::TELEMETRY, &system)?;
    let series = summaries.iter().map(|(key, one)| (key.clone(), series::summary(one)));
    ledger.section(Summary { series: series.collect(), ..Summary::default() });
    if !metrics.is_empty() {
        let message = "the SDK writes 0 in the place of NaN and infinities, so a 0 may have been one";
        ledger.finding(Code::SourceLoss, "metrics.jsonl", message);
    }
    let (mut lines, mut media) = (Vec::new(), Vec::new());
    for (index, event) in session.metrics.others.iter().chain(&session.log.others).enumerate() {
        let kind = text(event, "type").unwrap_or("unknown");
        let name = format!("{kind} {index}");
        let item = ledger.item("event", &name);
        match kind {
            "log" => {
                lines.extend(console(event));
                if let Some(host) = text(event, "worker") {
                    ledger.identity.host = Some(host.to_owned());
                }
                item.mapped();
            }
            "plot" | "training_debug_image" => {
                media.push(medium(event, kind));
                item.mapped();
            }
            _ => item.raw(&Value::Object(event.clone())),
        }
    }
    media.sort_by(|a, b| (&a.key, a.step, a.time, &a.path).cmp(&(&b.key, b.step, b.time, &b.path)));
    ledger.section(Media { media, salt: None });
    ledger.console(lines)
}

/// Writes a section of series. A series is the pair of metric and variant; where their joined names
/// are equal, U+241F joins the later one.
fn write(
    ledger: &mut Ledger<'_>,
    section: &'static str,
    all: &[&clearml::Point],
) -> Result<Vec<(String, expbundle_series::KeySummary)>, ConvertError> {
    let mut points = series::Points::new(section, ledger.options);
    let (mut keys, mut taken) = (HashMap::new(), HashMap::new());
    for point in all {
        let pair = (point.metric.as_str(), point.variant.as_str());
        let key = *keys.entry(pair).or_insert_with(|| {
            let joined = format!("{}/{}", pair.0, pair.1);
            let is_taken = *taken.entry(joined.clone()).or_insert(pair) != pair;
            points.key(&if is_taken { format!("{}\u{241f}{}", pair.0, pair.1) } else { joined })
        });
        let step = Some(point.step).filter(|step| *step != NO_STEP);
        let time_ns = point.time_ms.checked_mul(1_000_000);
        match key {
            Some(key) => points.push(key, Point { step, time_ns, value: Some(point.value), text: None })?,
            None => points.leave_out(),
        }
    }
    ledger.items("event", all.len() as u64).but(points.left_out(), series::TOO_LONG).mapped();
    points.write(&mut ledger.draft)
}

fn time_ms(event: &Event) -> Option<i64> {
    event.get("timestamp").and_then(Value::as_i64)
}

fn console(event: &Event) -> impl Iterator<Item = ConsoleLine> {
    let time_ns = time_ms(event).and_then(|time| time.checked_mul(1_000_000));
    let stream = if text(event, "level") == Some("error") { "stderr" } else { "stdout" };
    let lines = text(event, "msg").unwrap_or_default().lines();
    lines.map(move |line| ConsoleLine { time_ns, stream: stream.to_owned(), line: line.to_owned() })
}

/// A plot has its figure as JSON text; an image, sound or page lies in a file.
fn medium(event: &Event, kind: &str) -> MediaItem {
    let key = [text(event, "metric"), text(event, "variant")].into_iter().flatten().collect::<Vec<_>>().join("/");
    let mut item = MediaItem {
        key,
        step: event.get("iter").and_then(Value::as_i64).filter(|step| *step != NO_STEP),
        time: time_ms(event).and_then(Time::from_milliseconds),
        kind: if kind == "plot" { "plot" } else { "image" }.to_owned(),
        path: text(event, "url").or(text(event, "key")).map(str::to_owned),
        value: text(event, "plot_str").map(json_tree),
        ..MediaItem::default()
    };
    let known = ["type", "task", "timestamp", "iter", "metric", "variant", "method", "url", "key", "plot_str"];
    let others = event.iter().filter(|(name, _)| !known.contains(&name.as_str()));
    item.details = others.map(|(name, value)| (name.clone(), value.tree())).collect();
    item
}
