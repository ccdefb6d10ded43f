//! One run of a repository, as far as the database has it.

use serde_json::{Map, Value};

use crate::finding::{SourceCode, SourceFinding};
use crate::members::Members as _;
use crate::mlflow::files::Root;
use crate::sqlite::Reader;
use crate::time::nanoseconds_utc;

/// A run.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// Its id.
    pub hash: String,
    /// Its name.
    pub name: Option<String>,
    /// What it is, in people's words.
    pub description: Option<String>,
    /// When it was made and when it was closed, in nanoseconds since 1970.
    pub created_ns: Option<i64>,
    /// The same of its end.
    pub finalized_ns: Option<i64>,
    /// Its experiment.
    pub experiment: Option<Experiment>,
    /// Tags.
    pub tags: Vec<Tag>,
    /// Notes.
    pub notes: Vec<Note>,
    /// What became of notes, as it is.
    pub edits: Vec<Map<String, Value>>,
    /// What the server keeps of it, as it is.
    pub info: Vec<Map<String, Value>>,
    /// Other columns, as they are.
    pub rest: Map<String, Value>,
    /// Signs of life.
    pub check_ins: Vec<CheckIn>,
    /// Its databases that are not read.
    pub chunks: Chunks,
    /// What could not be read.
    pub findings: Vec<SourceFinding>,
}

/// An experiment.
#[derive(Clone, Debug, Default)]
pub struct Experiment {
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: Option<String>,
    /// What it is.
    pub description: Option<String>,
    /// Other columns, as they are.
    pub rest: Map<String, Value>,
}

/// A tag.
#[derive(Clone, Debug, Default)]
pub struct Tag {
    /// Its name.
    pub name: String,
    /// Other columns, as they are.
    pub rest: Map<String, Value>,
}

/// A note.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Note {
    /// Its text.
    pub text: String,
    /// When it was written, in nanoseconds since 1970.
    pub time_ns: Option<i64>,
}

/// A sign of life that a run left as the name of an empty file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckIn {
    /// The name.
    pub name: String,
    /// `starting`, `progress`, `finished`: the last one is a success that the program reported.
    pub kind: String,
}

/// Databases of a run that are not read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Chunks {
    /// Their files.
    pub files: u64,
    /// Bytes of those.
    pub bytes: u64,
}

pub(super) fn read(reader: &Reader<'_>, root: &Root, hash: &str) -> Option<Run> {
    let mut run = Run { hash: hash.to_owned(), ..Run::default() };
    let mut row = reader.rows("run", &[("hash", hash)], &mut run.findings).into_iter().next()?;
    row.remove("hash");
    let id = row.take_text("id").unwrap_or_default();
    run.name = row.take_text("name").filter(|text| !text.is_empty());
    run.description = row.take_text("description").filter(|text| !text.is_empty());
    run.created_ns = take_time(&mut row, "created_at", &mut run.findings);
    run.finalized_ns = take_time(&mut row, "finalized_at", &mut run.findings);
    let experiment = row.take_text("experiment_id");
    // What is not so says nothing.
    row.retain(|name, value| name != "is_archived" || value.as_i64() != Some(0));
    run.rest = row.rest();
    run.experiment = experiment.and_then(|id| read_experiment(reader, &id, &mut run.findings));
    read_tags(reader, &id, &mut run);
    read_notes(reader, &id, &mut run);
    run.info = reader.rows("run_info", &[("run_id", &id)], &mut run.findings);
    run.check_ins = check_ins(root, hash, &mut run.findings);
    run.chunks = chunks(root, hash, &mut run.findings);
    Some(run)
}

fn take_time(row: &mut Map<String, Value>, name: &str, findings: &mut Vec<SourceFinding>) -> Option<i64> {
    let text = row.take_text(name)?;
    let time_ns = nanoseconds_utc(&text);
    if time_ns.is_none() {
        let detail = format!("`{name}` of the run is not a time: {text}");
        findings.push(SourceFinding::new(SourceCode::Damaged, "table run", detail));
    }
    time_ns
}

fn read_experiment(reader: &Reader<'_>, id: &str, findings: &mut Vec<SourceFinding>) -> Option<Experiment> {
    let Some(mut row) = reader.rows("experiment", &[("id", id)], findings).into_iter().next() else {
        let detail = format!("a run is part of the experiment {id}, which is not in the database");
        findings.push(SourceFinding::new(SourceCode::Missing, "table experiment", detail));
        return None;
    };
    row.remove("id");
    row.retain(|name, value| name != "is_archived" || value.as_i64() != Some(0));
    Some(Experiment {
        name: row.take_text("name").unwrap_or_default(),
        id: row.take_text("uuid"),
        description: row.take_text("description").filter(|text| !text.is_empty()),
        rest: row.rest(),
    })
}

fn read_tags(reader: &Reader<'_>, run_id: &str, run: &mut Run) {
    for mut link in reader.rows("run_tag", &[("run_id", run_id)], &mut run.findings) {
        let id = link.take_text("tag_id").unwrap_or_default();
        let Some(mut row) = reader.rows("tag", &[("id", &id)], &mut run.findings).into_iter().next() else {
            let detail = format!("a run has the tag {id}, which is not in the database");
            run.findings.push(SourceFinding::new(SourceCode::Missing, "table tag", detail));
            continue;
        };
        let name = row.take_text("name").unwrap_or_default();
        for column in ["id", "uuid", "created_at", "updated_at"] {
            row.remove(column);
        }
        row.retain(|name, value| name != "is_archived" || value.as_i64() != Some(0));
        run.tags.push(Tag { name, rest: row.rest() });
    }
}

fn read_notes(reader: &Reader<'_>, run_id: &str, run: &mut Run) {
    for mut row in reader.rows("note", &[("run_id", run_id)], &mut run.findings) {
        let id = row.take_text("id").unwrap_or_default();
        let time_ns = row.take_text("created_at").and_then(|text| nanoseconds_utc(&text));
        run.notes.push(Note { text: row.take_text("content").unwrap_or_default(), time_ns });
        run.edits.extend(reader.rows("note_audit_log", &[("note_id", &id)], &mut run.findings));
    }
}

/// Files of the name `<hash>-<number>-<kind>-<seconds>-<seconds until the next>`.
fn check_ins(root: &Root, hash: &str, findings: &mut Vec<SourceFinding>) -> Vec<CheckIn> {
    let names = root.names(&root.path().join("check_ins"), findings);
    let of_run = names.into_iter().filter_map(|name| {
        let kind = name.strip_prefix(hash)?.strip_prefix('-')?.split('-').nth(1)?.to_owned();
        Some(CheckIn { name, kind })
    });
    of_run.collect()
}

fn chunks(root: &Root, hash: &str, findings: &mut Vec<SourceFinding>) -> Chunks {
    let mut chunks = Chunks::default();
    if hash.is_empty() || hash.contains(['/', '\\']) || hash.starts_with('.') {
        return chunks;
    }
    for folder in ["meta/chunks", "seqs/chunks"] {
        let files = root.walk(&root.path().join(folder).join(hash), findings);
        chunks.files += files.len() as u64;
        chunks.bytes += files.iter().map(|file| file.size).sum::<u64>();
    }
    chunks
}
