//! Folders of the 1.x client: a queue of operations on disk, which nobody has sent to the service.

mod apply;
mod files;
mod log;
mod operation;

use camino::{Utf8Path, Utf8PathBuf};

use self::apply::Applied;
use super::item::{Layout, Points};
use super::run::Run;
use super::source::{entries, is_file};
use crate::finding::SourceCode;
use crate::text::{open_file, read_text};
use crate::wandb::Value;

const METADATA: &str = "metadata.json";
/// Decimal numbers: the last operation that was written, and the last one that was sent.
const VERSIONS: [&str; 2] = ["last_put_version", "last_ack_version"];
/// Bytes that the client wrote for uploads.
const UPLOADS: &str = "upload_path";

/// The folder of a run, if the path is one or a file of it.
pub(super) fn folder_of(path: &Utf8Path) -> Option<Utf8PathBuf> {
    if path.is_dir() {
        if !may_be_run(path) {
            return None;
        }
        if has_container(path) {
            return Some(path.to_owned());
        }
        let mut logs = entries(path).filter(|entry| log_number(entry).is_some());
        return logs.any(|log| is_log(&log)).then(|| path.to_owned());
    }
    let name = path.file_name()?;
    if log_number(path).is_none() && name != METADATA && !VERSIONS.contains(&name) {
        return None;
    }
    let parent = path.parent().filter(|parent| !parent.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
    folder_of(parent)
}

/// Whether a folder has one of the files that a run begins with: to ask for them is quicker than to
/// list a folder, which may be anything.
fn may_be_run(folder: &Utf8Path) -> bool {
    [METADATA, VERSIONS[0], VERSIONS[1], "data-1.log"].iter().any(|name| is_file(&folder.join(name)))
}

/// Whether the metadata are those of a run, whose operations may all have been sent.
fn has_container(folder: &Utf8Path) -> bool {
    let text = read_text(&folder.join(METADATA)).ok().flatten();
    text.as_deref().and_then(Value::parse).is_some_and(|metadata| metadata.get("containerId").is_some())
}

/// The number of `data-<number>.log`.
fn log_number(path: &Utf8Path) -> Option<u64> {
    path.file_name()?.strip_prefix("data-")?.strip_suffix(".log")?.parse().ok()
}

/// Whether a file begins like a log; an empty one is that of a run which was killed at once.
fn is_log(path: &Utf8Path) -> bool {
    use std::io::Read as _;
    let Ok(Some(file)) = open_file(path) else { return false };
    let mut start = Vec::new();
    let is_read = file.take(512).read_to_end(&mut start).is_ok();
    let start = String::from_utf8_lossy(&start);
    let has_metadata = || path.parent().is_some_and(|folder| is_file(&folder.join(METADATA)));
    is_read && (start.trim_start().starts_with('{') && start.contains("\"obj\"") || start.is_empty() && has_metadata())
}

/// Reads a run.
pub(super) fn read(folder: &Utf8Path, points: &mut dyn Points, progress: &dyn Fn(u64)) -> Run {
    let mut run = Run::new(Layout::Offline, folder.file_name().unwrap_or("run"));
    metadata(folder, &mut run);
    let mut logs: Vec<(u64, Utf8PathBuf)> =
        entries(folder).filter_map(|path| Some((log_number(&path)?, path))).collect();
    logs.sort();
    if logs.is_empty() {
        let detail = "no operations are here: they were sent to the service, or lost";
        run.find(SourceCode::Missing, "data-*.log", detail);
    }
    let cleared = log::cleared(&logs);
    let mut applied = Applied::new(run, folder.join(UPLOADS), cleared, points);
    log::read(&logs, &mut applied, progress);
    let mut run = applied.finish();
    versions(folder, &mut run);
    others(folder, &mut run);
    run
}

fn metadata(folder: &Utf8Path, run: &mut Run) {
    // Versions before 1.8 have it in the folder above that of the process.
    let above = folder.parent().map(|above| above.join(METADATA));
    let places = [Some(folder.join(METADATA)), above];
    let text = places.into_iter().flatten().find_map(|place| read_text(&place).ok().flatten());
    let Some(Value::Object(members)) = text.as_deref().and_then(Value::parse) else {
        run.find(SourceCode::Missing, METADATA, "missing or broken: when the run was created is not known");
        kind_of_name(folder, run);
        return;
    };
    kind_of_name(folder, run);
    for (name, value) in *members {
        match (name.as_str(), &value) {
            ("containerId", Value::Text(id)) => id.clone_into(&mut run.id),
            ("containerType", Value::Text(kind)) => kind.clone_into(&mut run.kind),
            ("createdAt", Value::Text(time)) if milliseconds(time).is_some() => run.created_ms = milliseconds(time),
            _ => run.facts.push((name, value)),
        }
    }
}

/// `run__<id>__<pid>__<letters>`.
fn kind_of_name(folder: &Utf8Path, run: &mut Run) {
    let name = folder.file_name().unwrap_or_default();
    let above = folder.parent().and_then(Utf8Path::file_name).unwrap_or_default();
    let name = if name.starts_with("exec-") { above } else { name };
    let mut parts = name.split("__");
    if let (Some(kind), Some(id)) = (parts.next(), parts.next()) {
        kind.clone_into(&mut run.kind);
        id.clone_into(&mut run.id);
    }
}

fn milliseconds(time: &str) -> Option<i64> {
    let time: jiff::Timestamp = time.parse().ok()?;
    Some(time.as_millisecond())
}

/// What was written and sent by the client's own count.
fn versions(folder: &Utf8Path, run: &mut Run) {
    for name in VERSIONS {
        let Ok(Some(text)) = read_text(&folder.join(name)) else { continue };
        if !text.trim().is_empty() {
            run.facts.push((name.to_owned(), Value::Text(text.trim().to_owned())));
        }
    }
}

/// Uploads that no operation names, and files that are not the client's.
fn others(folder: &Utf8Path, run: &mut Run) {
    let mut findings = Vec::new();
    let known: Vec<String> =
        run.files.iter().filter_map(|file| file.on_disk.as_ref()).map(|path| relative(folder, path)).collect();
    for file in crate::walk::files(folder, &[METADATA], &mut findings) {
        let is_own = VERSIONS.contains(&file.path.as_str()) || log_number(Utf8Path::new(&file.path)).is_some();
        if !is_own && !known.contains(&file.path) {
            findings.push(crate::finding::SourceFinding::new(
                SourceCode::Unsupported,
                file.path,
                "no operation names this file; it was not read",
            ));
        }
    }
    run.findings.extend(findings);
}

fn relative(folder: &Utf8Path, path: &Utf8Path) -> String {
    let inner = path.strip_prefix(folder).unwrap_or(path);
    inner.components().map(|part| part.as_str()).collect::<Vec<_>>().join("/")
}
