//! Series of `DVCLive`, read row by row.

use std::collections::BTreeMap;

use expbundle_format::Code;
use expbundle_format::sections::{self, SeriesSummary};
use expbundle_series::{Point, SeriesError};
use expbundle_trackers::dvc::{Live, Row, Run, Series, Trouble, read_series};

use crate::ledger::Ledger;
use crate::{ConvertError, series};

/// What the machine did lies below it.
const SYSTEM: &str = "system/";

/// Writes metrics and telemetry. Gives the lines of the metrics' summary.
pub(super) fn map(ledger: &mut Ledger<'_>, run: &Run) -> Result<BTreeMap<String, SeriesSummary>, ConvertError> {
    let is_one = run.lives.len() == 1;
    let all = || run.lives.iter().flat_map(|live| live.series.iter().map(move |one| (live, one)));
    let (system, metrics): (Vec<_>, Vec<_>) = all().partition(|(_, one)| one.key.starts_with(SYSTEM));
    write(ledger, run, sections::TELEMETRY, "system metric point", &system, is_one)?;
    let summaries = write(ledger, run, sections::METRICS, "metric point", &metrics, is_one)?;
    Ok(summaries.iter().map(|(key, one)| (key.clone(), series::summary(one))).collect())
}

fn write(
    ledger: &mut Ledger<'_>,
    run: &Run,
    section: &'static str,
    kind: &'static str,
    all: &[(&Live, &Series)],
    is_one: bool,
) -> Result<Vec<(String, expbundle_series::KeySummary)>, ConvertError> {
    let mut points = series::Points::new(section, ledger.options);
    let (mut count, mut cut) = (0, 0);
    for (live, one) in all {
        let name = if is_one { one.key.clone() } else { format!("{}/{}", live.folder, one.key) };
        let key = points.key(&name);
        let mut trouble: Option<SeriesError> = None;
        let mut push = |row: &Row<'_>| {
            count += 1;
            let Some(key) = key else { return points.leave_out() };
            let pushed = points.push(key, point(row));
            trouble = trouble.take().or(pushed.err());
        };
        match run.on_disk(&one.path).map(|path| path.map(|path| read_series(&path, &mut push))) {
            Ok(Some(Ok(found))) => {
                cut += found.broken + u64::from(found.is_cut);
                tell(ledger, &one.path, found);
            }
            Ok(Some(Err(error))) | Err(error) => ledger.finding(Code::SourceUnreadable, &one.path, error.to_string()),
            Ok(None) => ledger.finding(Code::SourceMissing, &one.path, "the file is not here any more"),
        }
        trouble.map_or(Ok(()), Err)?;
    }
    let items = ledger.items(kind, count + cut).but(cut, "the row is broken or cut");
    items.but(points.left_out(), series::TOO_LONG).mapped();
    points.write(&mut ledger.draft)
}

fn tell(ledger: &mut Ledger<'_>, path: &str, found: Trouble) {
    if found.is_cut {
        ledger.finding(
            Code::SourceTruncated,
            path,
            "the last row has no end, so its number may be cut; it is left out",
        );
    }
    if found.is_too_long {
        ledger.finding(Code::SourceUnsupported, path, "a row has more than 1 MiB; the rest is not read");
    }
    if found.has_no_header {
        ledger.finding(
            Code::SourceDamaged,
            path,
            "the first row does not name the columns; step and value were taken for them",
        );
    }
    if found.broken > 0 {
        let message = format!("{} of its rows are not points, the first in line {}", found.broken, found.first_broken);
        ledger.finding(Code::SourceDamaged, path, message);
    }
}

fn point<'a>(row: &'a Row<'_>) -> Point<'a> {
    let value = number(&row.value);
    let text = if value.is_some() { None } else { Some(&*row.value) };
    Point { step: row.step, time_ns: row.time_ms.and_then(|time| time.checked_mul(1_000_000)), value, text }
}

/// A number as Python writes it. An integer that no float is equal to stays text.
fn number(text: &str) -> Option<f64> {
    let value: f64 = text.parse().ok()?;
    match text.parse::<i128>() {
        #[expect(clippy::cast_possible_truncation, reason = "floats beyond are not equal to it")]
        Ok(integer) if value as i128 != integer => None,
        Err(_) if value.is_finite() && text.bytes().all(|byte| byte.is_ascii_digit()) => None,
        _ => Some(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_python() {
        for (text, want) in [
            ("1e+308", 1e308),
            ("-inf", f64::NEG_INFINITY),
            ("5e-324", 5e-324),
            ("9007199254740992", 9_007_199_254_740_992.0),
        ] {
            assert_eq!(number(text), Some(want), "{text}");
        }
        assert!(number("nan").is_some_and(f64::is_nan));
        for text in ["True", "", "9007199254740993", "a"] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
