//! What was kept of an archive, and what was not.

use camino::Utf8Path;
use expbundle::repack::{RepackError, Repacked};

use crate::{Failure, Tone, count, hints, one_line, paint};

/// Comments and the like that are named, of what may be many.
const MOST_NOTES: usize = 10;

/// What was written to a path, and what of the archive was not.
pub fn words(repacked: &Repacked, path: &Utf8Path) -> String {
    let mut text = String::new();
    for finding in repacked.outside.iter().take(MOST_NOTES) {
        let note = format!("not kept: {}, at {}", finding.message, finding.place);
        text += &format!("{} {}\n", paint(Tone::Doubt, "note:"), one_line(&note));
    }
    text += &format!("{path}: {} kept, {} left out", objects(repacked), repacked.dropped.len());
    if repacked.renamed > 0 {
        text += &format!("; {} renamed to match the content", count(repacked.renamed, "object"));
    }
    if repacked.clutter > 0 {
        text += &format!("; {} dropped", count(repacked.clutter, "system file"));
    }
    text + "\n"
}

/// That an archive was not written over, since something in it would be lost.
pub fn not_written(repacked: &Repacked, path: &Utf8Path) -> String {
    format!(
        "{} {path}: {} intact, {} not; the archive was not changed. Write the intact objects to another file with `-o FILE`\n",
        paint(Tone::Bad, "not written:"),
        objects(repacked),
        repacked.dropped.len()
    )
}

fn objects(repacked: &Repacked) -> String {
    count(repacked.bundle.entries().count() as u64, "object")
}

impl From<&RepackError> for Failure {
    fn from(error: &RepackError) -> Self {
        let code = error.code().map_or("cli.io", |code| code.as_str());
        let help = error.code().map_or_else(|| "check the disk".to_owned(), hints::help);
        Self::new(code, error.to_string()).because(error).help(help)
    }
}
