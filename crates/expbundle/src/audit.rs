//! The whole of verification in one call: a bundle, or a model directory that carries one (spec/verification.md).

use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle_format::time::Time;
use expbundle_format::{Code, Finding, Place};
use expbundle_statement::TrustPolicy;

use crate::directory::check::disagreements;
use crate::directory::story::Story;
use crate::directory::{BUNDLE_NAME, CheckedFile, check_directory};
use crate::hash::{HashError, Progress};
use crate::judge::State;
use crate::report::Report;
use crate::verify::{Check, Digests, Unverified};

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Who is trusted, if that is asked at all.
    pub policy: Option<&'a TrustPolicy>,
    /// The state that must hold.
    pub required: State,
    /// As of when keys are judged.
    pub at: Time,
    /// Which digests are recomputed.
    pub digests: Digests,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The bundle cannot be read.
    #[error("`{path}` cannot be read")]
    Read {
        /// Which file.
        path: Utf8PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The directory cannot be read.
    #[error(transparent)]
    Directory(#[from] HashError),
}

/// Verifies what is at a path. The report is complete, whether or not it holds; only what cannot be read is an error.
pub fn audit(path: &Utf8Path, question: Question<'_>, progress: Progress<'_>) -> Result<Report, AuditError> {
    if path.is_dir() {
        audit_directory(path, question, progress)
    } else {
        audit_bundle(path, path, None, question, progress)
    }
}

fn audit_directory(folder: &Utf8Path, question: Question<'_>, progress: Progress<'_>) -> Result<Report, AuditError> {
    let file = folder.join(BUNDLE_NAME);
    if std::fs::symlink_metadata(&file).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
        let message = format!("there is no `{BUNDLE_NAME}`");
        let findings = vec![Finding::new(Code::DirectoryNoBundle, Place::unknown().in_file(folder.as_str()), message)];
        let Question { required, at, .. } = question;
        return Ok(Report::new(folder.as_str(), Check { findings }, None, Vec::new(), required, at));
    }
    audit_bundle(folder, &file, Some(folder), question, progress)
}

fn audit_bundle(
    path: &Utf8Path,
    file: &Utf8Path,
    folder: Option<&Utf8Path>,
    question: Question<'_>,
    progress: Progress<'_>,
) -> Result<Report, AuditError> {
    let Question { policy, required, at, digests } = question;
    let (mut check, intact) = open(file)?.check(digests);
    let Some(intact) = intact else {
        return Ok(Report::new(path.as_str(), check, None, Vec::new(), required, at));
    };
    let verdict = intact.judge(policy, at.timestamp());
    let mut files = Vec::new();
    if let Some(folder) = folder {
        let all = digests == Digests::All;
        let (found, findings) = check_directory(folder, &Story::of(&intact), all, progress)?;
        check.findings.extend(findings);
        for other in other_bundles(folder)? {
            check.findings.extend(check_other(folder, &other, &found, digests)?);
        }
        files = found;
    }
    let report = Report::new(path.as_str(), check, Some((&intact, &verdict)), files, required, at);
    // To free 100,000 records one by one takes long, and nobody has to wait for it.
    rayon::spawn(move || drop(intact));
    Ok(report)
}

fn open(path: &Utf8Path) -> Result<Unverified, AuditError> {
    Unverified::open(path).map_err(|source| AuditError::Read { path: path.to_owned(), source })
}

/// Bundles of other names at the top of a directory.
fn other_bundles(folder: &Utf8Path) -> Result<Vec<Utf8PathBuf>, AuditError> {
    let describe = |source| AuditError::Read { path: folder.to_owned(), source };
    let mut bundles = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(describe)? {
        let entry = entry.map_err(describe)?;
        let is_file = entry.file_type().map_err(describe)?.is_file();
        // A name that is not UTF-8 is said where the files are listed.
        let Ok(path) = Utf8PathBuf::from_path_buf(entry.path()) else { continue };
        if is_file && path.file_name() != Some(BUNDLE_NAME) && path.extension() == Some("expb") {
            bundles.push(path);
        }
    }
    bundles.sort();
    Ok(bundles)
}

/// What another bundle says about the same files. It decides nothing by itself, but it must not contradict.
fn check_other(
    folder: &Utf8Path,
    path: &Utf8Path,
    files: &[CheckedFile],
    digests: Digests,
) -> Result<Vec<Finding>, AuditError> {
    let (check, intact) = open(path)?.check(digests);
    let Some(intact) = intact else {
        let name = path.file_name().unwrap_or_default();
        let in_file = |finding: Finding| Finding { place: finding.place.in_file(name), ..finding };
        return Ok(check.findings.into_iter().filter(Finding::is_error).map(in_file).collect());
    };
    let (others, _) = check_directory(folder, &Story::of(&intact), digests == Digests::All, &|_| ())?;
    Ok(disagreements(files, &others))
}
