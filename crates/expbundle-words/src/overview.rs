//! Records of several bundles, a line each: what they are, and where they differ.

use std::collections::{BTreeMap, BTreeSet};

use expbundle::judge::Verdict;
use expbundle::verify::Intact;
use expbundle_format::RecordId;
use expbundle_format::number::typed;
use expbundle_format::record::Record;
use expbundle_format::sections::{Recipe, Summary};
use expbundle_query::{current, short, told};

use crate::layout::nested;
use crate::show::{left_out, silent, span};
use crate::{Tone, cell, count, moment, objections, paint, records, rounded, table};

/// Columns of parameters, and of metrics.
const MOST_COLUMNS: usize = 4;

/// A line of the table.
struct Line<'a> {
    record: &'a Record,
    id: String,
    parent: Option<String>,
    parameters: BTreeMap<String, String>,
    metrics: BTreeMap<String, String>,
}

/// Records as a table: title, id, status, times, and the parameters and metrics in which they
/// differ. A record that is part of another stands below it, indented. Last, how much counts for
/// nothing; records that do not count are shown if none does.
pub fn words(intact: &Intact, verdict: &Verdict, ids: &[RecordId]) -> String {
    let standing = &verdict.standing;
    let none_counts = !ids.iter().any(|id| standing.counts(*id));
    let ids: BTreeSet<RecordId> = ids.iter().copied().filter(|id| none_counts || standing.counts(*id)).collect();
    let mut lines: Vec<Line<'_>> = ids.iter().filter_map(|id| line(intact, *id)).collect();
    // What took the place of others stands above them.
    let (_, passed_over) = current(verdict);
    lines.sort_by_cached_key(|line| {
        let (id, started) = (line.record.id(), line.record.body().started);
        (passed_over.contains(&id), started, records::title(intact, id), id)
    });
    let (parameters, more_parameters) = columns(lines.iter().map(|line| &line.parameters));
    let (metrics, more_metrics) = columns(lines.iter().map(|line| &line.metrics));
    let mut heading: Vec<String> = ["TITLE", "RECORD", "STATUS", "STARTED", "TOOK"].map(str::to_owned).to_vec();
    heading.extend(parameters.iter().chain(&metrics).map(|name| cell(name)));
    let mut rows = vec![heading.iter().map(|word| paint(Tone::Strong, word)).collect::<Vec<_>>()];
    let nested = nested(&lines, |line| line.id.as_str(), |line| line.parent.as_deref());
    rows.extend(nested.into_iter().map(|(level, line)| row(intact, level, line, &parameters, &metrics)));
    let against = ids.iter().filter_map(|id| Some((*id, standing.against.get(id)?)));
    let against = objections::lines(against.map(|(id, all)| (id, records::title(intact, id), all.as_slice())));
    let against = if none_counts { against } else { against + &silent(verdict) };
    let records = count(ids.len() as u64, "record");
    let more = match more_parameters + more_metrics {
        0 => String::new(),
        more => format!(", and {} that differ and are not shown", count(more as u64, "more column")),
    };
    let left_out = left_out(intact, verdict);
    format!("{against}{}\n{records}{more}; `--record ID` shows one in full\n{left_out}", table(&rows))
}

fn line(intact: &Intact, id: RecordId) -> Option<Line<'_>> {
    let record = intact.records().get(&id)?;
    let parents = record.body().parents.iter();
    let parent = parents.filter(|parent| parent.relation.as_str() == "part-of").map(|one| one.record.blake3).next();
    let parameters = told::<Recipe>(intact, id).unwrap_or_default().parameters;
    let series = told::<Summary>(intact, id).unwrap_or_default().series;
    Some(Line {
        record,
        id: id.to_string(),
        parent: parent.map(|id| id.to_string()),
        parameters: parameters.iter().map(|(name, value)| (name.clone(), cell(&typed::display(value)))).collect(),
        metrics: series.into_iter().filter_map(|(name, one)| Some((name, rounded(one.last?)))).collect(),
    })
}

fn row(intact: &Intact, level: usize, line: &Line<'_>, parameters: &[String], metrics: &[String]) -> Vec<String> {
    let (id, body) = (line.record.id(), line.record.body());
    let title = records::title(intact, id);
    let took = body.started.zip(body.ended).and_then(|(started, ended)| span(started, ended));
    let mut row = vec![
        format!("{}{title}", "  ".repeat(level)),
        short(&id),
        body.status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
        body.started.map(moment).unwrap_or_default(),
        took.unwrap_or_default(),
    ];
    row.extend(parameters.iter().map(|name| line.parameters.get(name).cloned().unwrap_or_default()));
    row.extend(metrics.iter().map(|name| line.metrics.get(name).cloned().unwrap_or_default()));
    row
}

/// The names under which the records have different values: first those that most records have,
/// and results on data that was not trained on. With the number of those for which there is no room.
fn columns<'a>(records: impl ExactSizeIterator<Item = &'a BTreeMap<String, String>>) -> (Vec<String>, usize) {
    let number = records.len();
    let mut values: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for record in records {
        for (name, value) in record {
            values.entry(name).or_default().push(value);
        }
    }
    let is_held_out = |name: &str| ["val", "test"].iter().any(|word| name.to_lowercase().contains(word));
    let differs = |values: &[&str]| values.iter().any(|value| Some(value) != values.first());
    let mut names: Vec<(usize, bool, &str)> = values
        .iter()
        .filter(|(_, values)| differs(values))
        .map(|(name, values)| (number - values.len(), !is_held_out(name), *name))
        .collect();
    names.sort_unstable();
    let more = names.len().saturating_sub(MOST_COLUMNS);
    (names.into_iter().take(MOST_COLUMNS).map(|(_, _, name)| name.to_owned()).collect(), more)
}
