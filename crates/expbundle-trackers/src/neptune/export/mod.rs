//! What neptune-exporter wrote: Parquet with a row for each value, and a folder of files.

mod apply;
mod row;
#[cfg_attr(not(feature = "parquet"), path = "no_rows.rs")]
mod rows;

use camino::{Utf8Path, Utf8PathBuf};

use self::apply::Applied;
use super::item::{Layout, Points};
use super::run::Run;
use super::source::{entries, is_file};
use crate::finding::SourceCode;

/// Folders of an export that are looked into: `data/<project>/models`.
const LEVELS: u32 = 4;
const FOLDERS: [&str; 3] = ["data", "models", "model_versions"];
/// What a part is called until it is finished.
const UNFINISHED: &str = ".tmp";
/// How many of them.
const MOST_FOLDERS: u32 = 10_000;

/// The run of a part: `<run>_part_<number>.parquet`.
pub(super) fn run_of(name: &str) -> Option<&str> {
    Some(split(name.strip_suffix(UNFINISHED).unwrap_or(name))?.0)
}

fn split(name: &str) -> Option<(&str, u64)> {
    let (run, number) = name.strip_suffix(".parquet")?.rsplit_once("_part_")?;
    Some((run, number.parse().ok()?))
}

/// Whether a path is a part of a run, by its name and columns. A file that has no columns to be
/// read, since it was cut or is not finished, has to be named in the exporter's way.
pub(super) fn is_part(path: &Utf8Path) -> bool {
    let Some(run) = path.file_name().and_then(run_of).filter(|_| is_file(path)) else { return false };
    let mut has_columns = false;
    let read = rows::read(path, &mut |row| {
        has_columns = row.path.is_some() && row.kind.is_some();
        false
    });
    has_columns || read.is_err() && has_digest(run)
}

/// Whether a name ends as the exporter's names do: `-` and 16 digits of a digest.
fn has_digest(name: &str) -> bool {
    let is_digest = |text: &str| text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    name.rsplit_once('-').is_some_and(|(_, digest)| is_digest(digest))
}

/// Looks for parts in the folders of projects below a path.
pub(super) fn look_below(path: &Utf8Path, take: &mut dyn FnMut(Utf8PathBuf)) {
    let (mut folders, mut left) = (vec![(path.to_owned(), 0)], MOST_FOLDERS);
    while let Some((folder, level)) = folders.pop() {
        for entry in entries(&folder) {
            let name = entry.file_name().unwrap_or_default();
            if level < LEVELS && (FOLDERS.contains(&name) || has_digest(name)) && entry.is_dir() {
                if left > 0 {
                    left -= 1;
                    folders.push((entry, level + 1));
                }
            } else if level > 0 && is_part(&entry) {
                take(entry);
            }
        }
    }
}

/// The id of the run, as its first row has it.
pub(super) fn id_of(part: &Utf8Path) -> Option<String> {
    let mut id = None;
    let _ = rows::read(part, &mut |row| {
        id = row.run;
        false
    });
    id
}

/// Reads a run, of which a part is known.
pub(super) fn read(part: &Utf8Path, points: &mut dyn Points, progress: &dyn Fn(u64)) -> Run {
    let folder = part.parent().unwrap_or(Utf8Path::new("."));
    let name = part.file_name().and_then(run_of).unwrap_or_default();
    let mut run = Run::new(Layout::Export, name);
    let mut parts: Vec<(u64, Utf8PathBuf)> = Vec::new();
    for entry in entries(folder) {
        let entry_name = entry.file_name().unwrap_or_default();
        if let Some((_, number)) = split(entry_name).filter(|(other, _)| *other == name) {
            parts.push((number, entry));
        } else if entry_name.strip_suffix(UNFINISHED).and_then(split).is_some_and(|(other, _)| other == name) {
            let detail = "a part that the exporter did not finish; it has no footer and cannot be read";
            run.find(SourceCode::Truncated, entry_name, detail);
        }
    }
    parts.sort();
    // The exporter renames the first part last.
    if parts.first().is_none_or(|(number, _)| *number != 0) {
        let detail = "the first part is not here: the export was not finished, and lacks a part of the run";
        run.find(SourceCode::Truncated, format!("{name}_part_0.parquet"), detail);
    }
    for pair in parts.windows(2) {
        if let [(before, _), (after, _)] = pair
            && before + 1 < *after
        {
            let detail = "this part is not here, and its values are missing";
            run.find(SourceCode::Missing, format!("{name}_part_{}.parquet", before + 1), detail);
        }
    }
    let mut applied = Applied::new(run, files_of(folder), points);
    for (_, path) in parts {
        let result = rows::read(&path, &mut |row| {
            applied.row(&row);
            true
        });
        if let Err(detail) = result {
            applied.run.find(SourceCode::Damaged, path.file_name().unwrap_or_default(), detail);
        }
        progress(std::fs::metadata(&path).map_or(0, |file| file.len()));
    }
    applied.finish()
}

/// The folder with the files of a project: `files/<project>`, beside `data/<project>`.
fn files_of(project: &Utf8Path) -> Option<Utf8PathBuf> {
    let absolute = project.canonicalize_utf8().ok()?;
    // Models lie one level below.
    let inner = ["models", "model_versions"];
    let project =
        if absolute.file_name().is_some_and(|name| inner.contains(&name)) { absolute.parent()? } else { &absolute };
    let name = project.file_name()?;
    let data = project.parent()?;
    let beside = data.parent().map(|root| root.join("files"));
    let places = [beside, Some(data.join("files"))];
    places.into_iter().flatten().map(|files| files.join(name)).find(|files| files.is_dir())
}
