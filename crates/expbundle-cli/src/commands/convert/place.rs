//! Where converted runs go.

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::draft::OneRecord;
use expbundle::output::{Output, Over, make_folders};
use expbundle_convert::Converted;
use expbundle_convert::tracker::Listed;
use expbundle_words::Failure;

use crate::files;

/// What became of a converted run.
pub(super) enum Placed {
    New,
    /// The bundle that is there holds this very record.
    Same,
    /// The bundle that is there holds another record, perhaps an older one of the run, and signed:
    /// the new one stands beside it.
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
    if !path.exists() {
        Output::new(&path, Over::NOTHING)?.save(sweep)?;
    }
    Ok(())
}

/// Whether the bundle that is there is of the run as the source has it, so that nothing is new.
pub(super) fn is_up_to_date(path: &Utf8Path, run: &Listed) -> bool {
    path.exists() && files::intact(path).is_ok_and(|there| expbundle_convert::many::is_up_to_date(&there, run))
}

pub(super) fn is_folder(path: &Utf8Path) -> bool {
    path.is_dir() || path.as_str().ends_with('/') || path.extension().is_none()
}

pub(super) fn make_folder_of(path: &Utf8Path) -> Result<(), Failure> {
    path.parent().filter(|parent| !parent.as_str().is_empty()).map_or(Ok(()), |parent| Ok(make_folders(parent)?))
}
