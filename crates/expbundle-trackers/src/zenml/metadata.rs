//! Metadata: `ZenML`'s only way to a series is to write a key again and again.

use std::collections::{HashMap, HashSet};

use super::{Row, text};
use crate::finding::SourceFinding;
use crate::sqlite::Reader;

/// More rows are read by one pass over the table, fewer one by one.
const MOST_SINGLE: usize = 256;

/// A row of metadata.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// Its key.
    pub key: String,
    /// Its value as JSON, as Python writes it.
    pub value: String,
    /// Its type, like `float`.
    pub kind: Option<String>,
    /// When it was written, as the database has it.
    pub created: String,
    /// Whether a component of the stack wrote it, like a tracker.
    pub is_of_stack: bool,
}

/// The rows about a run, a step, an artifact or a version of a model, in the order of writing.
pub(super) fn of(reader: &Reader<'_>, resource: &str, findings: &mut Vec<SourceFinding>) -> Vec<Metadata> {
    let mut rows = if reader.has("run_metadata_resource", &["resource_id", "run_metadata_id"]) {
        linked(reader, resource, findings)
    } else {
        // Before 0.70 a row belonged to one resource.
        let columns = ["resource_id", "pipeline_run_id", "step_run_id", "artifact_version_id"];
        let column =
            columns.into_iter().find(|column| reader.has("run_metadata", &[*column]) && *column == "resource_id");
        let columns = column.map_or(columns.to_vec(), |column| vec![column]);
        let own = columns.into_iter().filter(|column| reader.has("run_metadata", &[*column]));
        own.flat_map(|column| reader.rows("run_metadata", &[(column, resource)], findings)).collect()
    };
    // Rows of one moment stay in the order of the table.
    rows.sort_by(|a, b| text(a, "created").cmp(&text(b, "created")));
    rows.iter().map(metadata).collect()
}

fn linked(reader: &Reader<'_>, resource: &str, findings: &mut Vec<SourceFinding>) -> Vec<Row> {
    let ids: Vec<String> = reader.fold(
        "run_metadata_resource",
        &["run_metadata_id"],
        &[("resource_id", resource)],
        findings,
        Vec::new,
        |ids, row| ids.extend(row.text(0)),
    );
    if ids.len() <= MOST_SINGLE {
        let mut seen = HashSet::new();
        let ids = ids.into_iter().filter(|id| seen.insert(id.clone()));
        return ids.flat_map(|id| reader.rows("run_metadata", &[("id", id.as_str())], findings)).collect();
    }
    let ids: HashSet<String> = ids.into_iter().collect();
    let wanted = ["id", "key", "value", "type", "created", "stack_component_id"];
    let (columns, at) = reader.columns("run_metadata", wanted);
    reader.fold("run_metadata", &columns, &[], findings, Vec::new, |rows, row| {
        let id = at.first().and_then(|column| row.str(*column));
        if id.is_some_and(|id| ids.contains(id)) {
            let cells =
                wanted.iter().zip(at).filter_map(|(name, column)| Some(((*name).to_owned(), row.text(column)?.into())));
            rows.push(cells.collect());
        }
    })
}

fn metadata(row: &Row) -> Metadata {
    let of = |column: &str| text(row, column).map(str::to_owned);
    Metadata {
        key: of("key").unwrap_or_default(),
        value: of("value").unwrap_or_default(),
        kind: of("type"),
        created: of("created").unwrap_or_default(),
        is_of_stack: row.contains_key("stack_component_id"),
    }
}

/// Names of tags of a resource, in their order.
pub(super) fn tags(reader: &Reader<'_>, resource: &str, findings: &mut Vec<SourceFinding>) -> Vec<String> {
    let links = reader.rows("tag_resource", &[("resource_id", resource)], findings);
    let mut known: HashMap<String, Option<String>> = HashMap::new();
    let mut names: Vec<String> = links
        .iter()
        .filter_map(|link| {
            let id = text(link, "tag_id")?;
            let name = known.entry(id.to_owned()).or_insert_with(|| {
                let row = reader.rows("tag", &[("id", id)], findings).into_iter().next()?;
                text(&row, "name").map(str::to_owned)
            });
            name.clone()
        })
        .collect();
    names.sort();
    names.dedup();
    names
}
