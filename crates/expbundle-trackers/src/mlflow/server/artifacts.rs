//! The files of a run or of a logged model, downloaded.

use std::fs::File;
use std::io;

use camino::Utf8PathBuf;
use serde_json::{Map, Value};

use super::client::{Client, Query, ServerError};
use super::run::missing;
use super::{Pages, pages};
use crate::finding::{SourceCode, SourceFinding};
use crate::members::Members;
use crate::mlflow::run::{ArtifactFile, Artifacts, Place};
use crate::scratch::Scratch;

/// Files of one run or model.
const MOST_FILES: usize = 100_000;
/// Folders within folders.
const MOST_DEPTH: usize = 64;

/// Whose files.
#[derive(Clone, Copy)]
pub(super) enum At<'a> {
    Run(&'a str),
    Model(&'a str),
}

impl At<'_> {
    fn id(&self) -> &str {
        match self {
            Self::Run(id) | Self::Model(id) => id,
        }
    }

    /// What lists a folder, with the name of the member that says which.
    fn listing(&self) -> (String, &'static str) {
        match self {
            Self::Run(_) => ("api/2.0/mlflow/artifacts/list".to_owned(), "path"),
            Self::Model(id) => {
                let path = format!("ajax-api/2.0/mlflow/logged-models/{}/artifacts/directories", segment(id));
                (path, "artifact_directory_path")
            }
        }
    }

    /// What gives a file, with the name of the member that says which.
    fn file(&self) -> (String, &'static str) {
        match self {
            Self::Run(_) => ("get-artifact".to_owned(), "path"),
            Self::Model(id) => {
                let path = format!("ajax-api/2.0/mlflow/logged-models/{}/artifacts/files", segment(id));
                (path, "artifact_file_path")
            }
        }
    }

    fn query<'q>(&'q self, name: &'q str, value: &'q str) -> Vec<(&'q str, &'q str)> {
        let own: &Query<'_> = match self {
            Self::Run(id) => &[("run_id", id), ("run_uuid", id)],
            Self::Model(_) => &[],
        };
        let mut query = own.to_vec();
        if !value.is_empty() {
            query.push((name, value));
        }
        query
    }
}

/// An id as a part of a path; MLflow's own have letters, digits and `-` alone.
pub(super) fn segment(id: &str) -> String {
    id.chars().map(|letter| if letter.is_ascii_alphanumeric() || letter == '-' { letter } else { '_' }).collect()
}

/// Downloads all files. `None` if the server does not list them.
pub(super) fn fetch(
    client: &Client,
    at: At<'_>,
    folder: &Scratch,
    findings: &mut Vec<SourceFinding>,
) -> Result<Option<Artifacts>, ServerError> {
    let Some(listed) = list(client, at, findings) else { return Ok(None) };
    let on_disk = folder.utf8_path().ok_or_else(|| {
        ServerError::Write(io::Error::new(io::ErrorKind::InvalidFilename, "the temporary folder is not UTF-8"))
    })?;
    let mut files = Vec::new();
    for (number, (path, size)) in listed.into_iter().enumerate() {
        // Its own name might lead anywhere.
        let file = on_disk.join(format!("{}-{number}", segment(at.id())));
        match download(client, at, &path, size, &file) {
            Ok(written) if written == size => files.push(ArtifactFile { path, size, file }),
            Ok(_) => {
                let detail = "the file does not have the size that the server says it has";
                findings.push(SourceFinding::new(SourceCode::Damaged, format!("artifacts/{path}"), detail));
            }
            Err(error @ ServerError::Write(_)) => return Err(error),
            Err(error) => findings.push(missing(&format!("artifacts/{path}"), &error)),
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(Some(Artifacts { place: Place::Local(on_disk.to_owned()), files }))
}

fn download(client: &Client, at: At<'_>, path: &str, size: u64, file: &Utf8PathBuf) -> Result<u64, ServerError> {
    let (address, name) = at.file();
    client.download(&address, &at.query(name, path), size, |body| io::copy(body, &mut File::create(file)?))
}

/// Paths and sizes of all files.
fn list(client: &Client, at: At<'_>, findings: &mut Vec<SourceFinding>) -> Option<Vec<(String, u64)>> {
    let (mut files, mut folders) = (Vec::new(), vec![String::new()]);
    while let Some(folder) = folders.pop() {
        let entries = match entries(client, at, &folder) {
            Ok((entries, Pages { ended: true, .. })) => entries,
            Ok((entries, _)) => {
                let detail = "the server did not come to the end of this listing";
                findings.push(SourceFinding::new(SourceCode::Truncated, format!("artifacts/{folder}"), detail));
                entries
            }
            Err(error) => {
                findings.push(missing(&format!("artifacts/{folder}"), &error));
                if folder.is_empty() {
                    return None;
                }
                continue;
            }
        };
        for entry in entries {
            match entry_of(entry, &folder) {
                Some(Entry::Folder(path)) if path.matches('/').count() < MOST_DEPTH => folders.push(path),
                Some(Entry::File(path, size)) if files.len() < MOST_FILES => files.push((path, size)),
                _ => {
                    let detail = "the server lists something here that is not read: too much, or not in this folder";
                    let found = SourceFinding::new(SourceCode::Unreadable, format!("artifacts/{folder}"), detail);
                    if findings.last() != Some(&found) {
                        findings.push(found);
                    }
                }
            }
        }
    }
    Some(files)
}

fn entries(client: &Client, at: At<'_>, folder: &str) -> Result<(Vec<Map<String, Value>>, Pages), ServerError> {
    let (address, name) = at.listing();
    let ask = |token: Option<&str>| {
        let mut query = at.query(name, folder);
        query.extend(token.map(|token| ("page_token", token)));
        client.get(&address, &query)
    };
    let mut entries = Vec::new();
    let pages = pages(ask, "files", MOST_FILES as u64, &mut |entry| entries.push(entry))?;
    Ok((entries, pages))
}

enum Entry {
    Folder(String),
    File(String, u64),
}

/// Something that lies directly in the folder that was asked for.
fn entry_of(mut entry: Map<String, Value>, folder: &str) -> Option<Entry> {
    let path = entry.take_text("path")?;
    let name = if folder.is_empty() { Some(path.as_str()) } else { path.strip_prefix(folder)?.strip_prefix('/') }?;
    if name.is_empty() || name == ".." || name == "." || name.contains('/') {
        return None;
    }
    if entry.get("is_dir").and_then(Value::as_bool).unwrap_or_default() {
        return Some(Entry::Folder(path));
    }
    let size = entry.take_integer("file_size").unwrap_or_default();
    Some(Entry::File(path, size.try_into().ok()?))
}
