//! Signed results of benchmarks as the Hub shows them beside a model: `.eval_results/*.yaml`.
//!
//! Whether a data set is a benchmark, and what its tasks are called, is known only at the Hub, so a
//! person says so. The file that is written has the digest of its lines in the first: who edits it
//! makes it theirs.

use std::fs;
use std::str::FromStr;

use camino::Utf8Path;
use expbundle_format::sections::Evaluation;
use expbundle_format::time::Time;
use expbundle_statement::{Predicate, VerifiedStatement};
use serde_json::Value;

use crate::attach::{AttachError, text_of};
use crate::card::digits_of;
use crate::notes::LeftOut;
use crate::plan::{After, Before, Change};
use crate::story::{is_hub_id, is_name, is_of_training};
use crate::yaml_lines::{number, scalar};

/// The folder of the Hub's results.
const FOLDER: &str = ".eval_results";
/// What is written.
const FILE: &str = ".eval_results/expbundle.yaml";
/// The first line, without the digits.
const MARK: &str = "# Added by `expbundle attach`, and removed by `expbundle detach`: ";
/// Larger files are not ours.
const MOST_BYTES: usize = 1 << 20;

/// A benchmark of the Hub: `owner/name=task`, or `owner/name=task:metric` where several metrics of
/// it were signed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Benchmark {
    /// The data set, by its id at the Hub.
    pub dataset: String,
    /// The id of the task in the benchmark.
    pub task: String,
    /// The metric by which its results are compared.
    pub metric: Option<String>,
}

/// A text that is not a benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected OWNER/NAME=TASK or OWNER/NAME=TASK:METRIC")]
pub struct NotABenchmark;

impl FromStr for Benchmark {
    type Err = NotABenchmark;

    fn from_str(text: &str) -> Result<Self, NotABenchmark> {
        let (dataset, rest) = text.split_once('=').ok_or(NotABenchmark)?;
        let (task, metric) = rest.split_once(':').map_or((rest, None), |(task, metric)| (task, Some(metric)));
        if !is_hub_id(dataset) || !is_name(task) || metric.is_some_and(str::is_empty) {
            return Err(NotABenchmark);
        }
        Ok(Self { dataset: dataset.to_owned(), task: task.to_owned(), metric: metric.map(str::to_owned) })
    }
}

/// The change to the file of results: of the benchmarks that are named, and of those that are in
/// it.
///
/// `results` are statements whose results count.
pub(crate) fn change(
    folder: &Utf8Path,
    named: &[Benchmark],
    results: &[&VerifiedStatement],
    left_out: &mut LeftOut,
    notes: &mut Vec<String>,
) -> Result<Option<Change>, AttachError> {
    let before = ours(folder)?;
    let Held::Ours(before) = before else {
        if !named.is_empty() {
            notes.push(format!("`{FILE}` exists and was not written, or was edited since, so it is left as it is"));
        }
        return Ok(None);
    };
    let mut benchmarks = before.as_deref().map(benchmarks_of).unwrap_or_default();
    // What is named now stands in place of what was named before.
    benchmarks.retain(|one| !named.iter().any(|other| (&other.dataset, &other.task) == (&one.dataset, &one.task)));
    benchmarks.extend_from_slice(named);
    benchmarks.sort();
    benchmarks.dedup();
    let mut results = results.to_vec();
    results.sort_by_key(|statement| (statement.created(), statement.id()));
    let mut lines = Vec::new();
    for benchmark in &benchmarks {
        match last(benchmark, &results) {
            Ok((evaluation, time, value)) => lines.extend(entry(benchmark, evaluation, time, value)),
            Err(why) => left_out.push(why, &benchmark.dataset),
        }
    }
    let after = (!lines.is_empty()).then(|| format!("{MARK}{}\n{}\n", digits_of(&lines), lines.join("\n")));
    if before == after {
        return Ok(None);
    }
    let after = after.map_or(After::Removed, After::Text);
    Ok(Some(Change { name: FILE.to_owned(), before: before.into(), after }))
}

/// The change that takes the file away, if it is ours.
pub(crate) fn removal(folder: &Utf8Path) -> Result<Option<Change>, AttachError> {
    let Held::Ours(Some(before)) = ours(folder)? else { return Ok(None) };
    Ok(Some(Change { name: FILE.to_owned(), before: Before::Text(before), after: After::Removed }))
}

/// What the file's place holds.
enum Held {
    /// What was written, or nothing.
    Ours(Option<String>),
    /// What somebody else wrote, or edited.
    Theirs,
}

fn ours(folder: &Utf8Path) -> Result<Held, AttachError> {
    // Nothing is written through a link.
    match fs::symlink_metadata(folder.join(FOLDER)) {
        Ok(metadata) if !metadata.is_dir() => return Ok(Held::Theirs),
        _ => {}
    }
    let Some(text) = text_of(folder, FILE)? else { return Ok(Held::Ours(None)) };
    let lines: Vec<&str> = text.lines().skip(1).collect();
    let digits = text.lines().next().and_then(|first| first.strip_prefix(MARK));
    let is_ours = text.len() <= MOST_BYTES && digits.is_some_and(|digits| digits == digits_of(&lines));
    Ok(if is_ours { Held::Ours(Some(text)) } else { Held::Theirs })
}

/// The last signed result of a benchmark.
fn last<'a>(
    benchmark: &Benchmark,
    results: &[&'a VerifiedStatement],
) -> Result<(&'a Evaluation, Time, f64), &'static str> {
    let mut found: Option<(&Evaluation, Time, f64)> = None;
    for statement in results.iter().rev() {
        let Predicate::Evaluation(evaluated) = statement.predicate() else { continue };
        for one in &evaluated.evaluations {
            let is_meant = one.dataset.as_ref() == Some(&benchmark.dataset)
                && benchmark.metric.as_ref().is_none_or(|metric| *metric == one.metric)
                && one.slice.is_none()
                && !is_of_training(one);
            let value = one.value.as_ref().map(|value| value.0).filter(|value| value.is_finite());
            let Some(value) = value.filter(|_| is_meant) else { continue };
            match found {
                None => found = Some((one, one.time.unwrap_or(statement.created()), value)),
                Some((first, ..)) if first.metric != one.metric => {
                    return Err("several metrics of this benchmark: name one as OWNER/NAME=TASK:METRIC");
                }
                Some(_) => {}
            }
        }
    }
    found.ok_or("no signed result of this benchmark")
}

/// The metric stands in the notes, where a later call finds it.
fn entry(benchmark: &Benchmark, evaluation: &Evaluation, time: Time, value: f64) -> [String; 6] {
    [
        "- dataset:".to_owned(),
        format!("    id: {}", scalar(&benchmark.dataset)),
        format!("    task_id: {}", scalar(&benchmark.task)),
        format!("  value: {}", number(value)),
        format!("  date: {}", scalar(&time.to_string())),
        format!("  notes: {}", scalar(&evaluation.metric)),
    ]
}

/// The benchmarks of a file that is ours.
fn benchmarks_of(text: &str) -> Vec<Benchmark> {
    let options = serde_saphyr::options! {
        non_finite_float_policy: serde_saphyr::NonFiniteFloatPolicy::AsString,
    };
    let entries: Vec<Value> = serde_saphyr::from_str_with_options(text, options).unwrap_or_default();
    let benchmark = |entry: &Value| {
        let text = |pointer: &str| entry.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        Some(Benchmark { dataset: text("/dataset/id")?, task: text("/dataset/task_id")?, metric: text("/notes") })
    };
    entries.iter().filter_map(benchmark).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn benchmarks_are_parsed() {
        let benchmark = |text: &str| text.parse::<Benchmark>();
        assert_eq!(benchmark("cais/hle=default").expect("one").metric, None);
        assert_eq!(benchmark("cais/hle=default:acc").expect("one").metric.as_deref(), Some("acc"));
        for text in ["", "hle=default", "cais/hle", "cais/hle=", "cais/hle=a b", "cais/hle=a:", "../hle=a", "a/b/c=d"] {
            assert_eq!(benchmark(text), Err(NotABenchmark), "{text}");
        }
    }
}
