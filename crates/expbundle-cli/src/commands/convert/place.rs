//! Where converted runs go.

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::draft::OneRecord;
use expbundle_convert::Converted;
use expbundle_convert::tracker::Listed;
use expbundle_format::record::{Record, Status};

use crate::failure::Failure;
use crate::files;
use crate::output::{Output, Over, make_folders};

/// What became of a converted run.
pub(super) enum Placed {
    New,
    /// The bundle that is there holds this very record.
    Same,
    /// The bundle that is there holds another record, perhaps an older one of the run, and signed: the new one stands beside it.
    Beside {
        path: Utf8PathBuf,
        is_new: bool,
    },
}

/// Writes a bundle, unless the one that is there says the same. What is there is never changed.
pub(super) fn place(converted: &Converted, path: &Utf8Path) -> Result<Placed, Failure> {
    if !path.exists() {
        Output::new(path, Over::NOTHING)?.save(&converted.bundle)?;
        return Ok(Placed::New);
    }
    let there = files::intact(path)?;
    if there.records().contains_key(&converted.record()) {
        return Ok(Placed::Same);
    }
    let id: String = converted.record().to_string().chars().take(8).collect();
    let beside = path.with_file_name(format!("{}.{id}.expb", path.file_stem().unwrap_or("run")));
    let is_new = !beside.exists();
    if is_new {
        Output::new(&beside, Over::NOTHING)?.save(&converted.bundle)?;
    }
    Ok(Placed::Beside { path: beside, is_new })
}

/// Writes the record of a sweep once for all its runs: its bytes depend on the sweep's id alone.
pub(super) fn place_sweep(sweep: &OneRecord, folder: &Utf8Path) -> Result<(), Failure> {
    let short: String = sweep.record().id().to_string().chars().take(12).collect();
    let path = folder.join(format!("sweep-{short}.expb"));
    if path.exists() { Ok(()) } else { Output::new(&path, Over::NOTHING)?.save(sweep) }
}

/// Whether the bundle that is there is of a run that has ended, in the very state that the source lists: then there is
/// nothing new to convert.
pub(super) fn is_up_to_date(path: &Utf8Path, run: &Listed) -> bool {
    let ended = [Status::Finished, Status::Failed, Status::Killed, Status::Crashed].contains(&run.status);
    if !ended || !path.exists() {
        return false;
    }
    files::intact(path).is_ok_and(|intact| {
        intact.records().values().map(Record::body).any(|body| {
            body.source.as_ref().is_some_and(|source| source.run == run.id)
                && body.status == Some(run.status)
                && body.started == run.started
        })
    })
}

pub(super) fn is_folder(path: &Utf8Path) -> bool {
    path.is_dir() || path.as_str().ends_with('/') || path.extension().is_none()
}

pub(super) fn make_folder_of(path: &Utf8Path) -> Result<(), Failure> {
    match path.parent().filter(|parent| !parent.as_str().is_empty()) {
        Some(parent) => make_folders(parent),
        None => Ok(()),
    }
}

/// The file of a run: its key, with what no file name may hold replaced.
pub(super) fn file_name(key: &str) -> String {
    let safe: String =
        key.chars().map(|c| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '_' }).take(120).collect();
    let safe = safe.trim_start_matches('.');
    format!("{}.expb", if safe.is_empty() { "run" } else { safe })
}
