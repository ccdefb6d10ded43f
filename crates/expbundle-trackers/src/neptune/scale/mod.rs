//! Databases of neptune-scale: a snapshot of changes for each row.

mod decode;
mod message;

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};

use self::message::Snapshots;
use super::item::{Layout, Points};
use super::run::Run;
use super::source::{SourceError, is_file};
use crate::finding::SourceCode;
use crate::sqlite::Database;
use crate::wandb::Value;

const DATABASE: &str = "run_operations.sqlite3";
const METADATA: &str = "metadata";
const OPERATIONS: &str = "run_operations";
const UPLOADS: &str = "file_upload_requests";
/// The version of the tables that is known.
const VERSION: &str = "v5";
/// Tables that are kept raw.
const RAW: [&str; 1] = ["operation_errors"];

/// The folder of a run, if the path is one or its database.
pub(super) fn folder_of(path: &Utf8Path) -> Option<Utf8PathBuf> {
    if path.is_dir() {
        return is_file(&path.join(DATABASE)).then(|| path.to_owned());
    }
    let is_meant = path.file_name().is_some_and(|name| name == DATABASE || name == "run_operations.sqlite3-wal");
    let parent = path.parent().filter(|parent| !parent.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
    if is_meant { folder_of(parent) } else { None }
}

fn open(folder: &Utf8Path) -> Result<Database, SourceError> {
    let path = folder.join(DATABASE);
    let tables = [METADATA, OPERATIONS, UPLOADS, RAW[0]];
    Database::open(&path, &tables).map_err(|error| SourceError::Database { path, reason: error.to_string() })
}

/// The id of the run, as its database has it.
pub(super) fn id_of(folder: &Utf8Path) -> Option<String> {
    let database = open(folder).ok()?;
    let rows = database.read(|reader| reader.rows(METADATA, &[], &mut Vec::new())).ok()?;
    Some(rows.first()?.get("run_id")?.as_str()?.to_owned())
}

/// Reads a run.
pub(super) fn read(folder: &Utf8Path, points: &mut dyn Points, progress: &dyn Fn(u64)) -> Result<Run, SourceError> {
    let database = open(folder)?;
    let mut run = Run::new(Layout::Scale, folder.file_name().unwrap_or("run"));
    if database.has_cut_log() {
        let detail = "the log of writes was cut; what was written last is not in it";
        run.find(SourceCode::Truncated, format!("{DATABASE}-wal"), detail);
    }
    let size = |suffix: &str| fs::metadata(format!("{}{suffix}", folder.join(DATABASE))).map_or(0, |file| file.len());
    let bytes = size("") + size("-wal");
    let read = database.read(|reader| {
        let mut findings = Vec::new();
        metadata(&reader.rows(METADATA, &[], &mut findings), &mut run);
        let uploads = reader.rows(UPLOADS, &[], &mut findings);
        for table in RAW {
            for (index, row) in reader.rows(table, &[], &mut findings).into_iter().enumerate() {
                run.facts.push((
                    format!("{table} {}", index + 1),
                    Value::parse(&serde_json::Value::Object(row).to_string()).unwrap_or(Value::Null),
                ));
            }
        }
        let mut snapshots = Snapshots::new(&mut run, points, folder, &uploads);
        let columns = ["sequence_id", "timestamp", "operation_type", "operation"];
        if !reader.has(OPERATIONS, &columns) {
            snapshots.run.find(SourceCode::Missing, format!("table {OPERATIONS}"), "the database has no such table");
        }
        reader.stream(OPERATIONS, &columns, &[], &mut findings, |_, row| {
            let place = row.integer(0).unwrap_or_default();
            snapshots.row(place, row.integer(1), row.integer(2), row.bytes(3).unwrap_or_default());
        });
        snapshots.finish();
        run.end_lines();
        run.findings.extend(findings);
    });
    progress(bytes);
    read.map_err(|error| SourceError::Database { path: folder.join(DATABASE), reason: error.to_string() })?;
    Ok(run)
}

fn metadata(rows: &[serde_json::Map<String, serde_json::Value>], run: &mut Run) {
    let Some(row) = rows.first() else {
        let detail = "the database does not name its run; the name of its folder stands for the id";
        run.find(SourceCode::Missing, format!("table {METADATA}"), detail);
        return;
    };
    let text = |name: &str| row.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
    run.id = text("run_id").unwrap_or_else(|| run.id.clone());
    run.project = text("project");
    let version = text("version").unwrap_or_default();
    if version != VERSION {
        let detail =
            format!("the tables are of version {version:?}, and {VERSION} is known: something may be read wrongly");
        run.find(SourceCode::Unsupported, format!("table {METADATA}"), detail);
    }
    run.facts.push(("version".to_owned(), Value::Text(version)));
    if rows.len() > 1 {
        run.find(SourceCode::Damaged, format!("table {METADATA}"), "the database names several runs; the first counts");
    }
}
