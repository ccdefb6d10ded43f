//! The whole of verification in one call: a bundle, or a model directory that carries one (spec/verification.md).

use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle_format::limits::Limits;
use expbundle_format::time::Time;
use expbundle_format::{Code, Finding, Place};
use expbundle_statement::TrustPolicy;

use crate::directory::check::{compare, disagreements, is_link_inside, scan, wanted};
use crate::directory::story::Story;
use crate::directory::{BUNDLE_NAME, CheckedFile};
use crate::hash::{HashError, Progress, Wanted};
use crate::judge::{State, Verdict};
use crate::report::Report;
use crate::verify::{Digests, Intact, Unverified};

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
    /// Whether files that no record knows are refused.
    pub closed: bool,
    /// How much is taken in.
    pub limits: Limits,
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
    let refused = |code, message: &str| {
        let place = Place::unknown().in_file(folder.as_str());
        Report::refused(folder.as_str(), vec![Finding::new(code, place, message)], question)
    };
    let Ok(metadata) = std::fs::symlink_metadata(&file) else {
        return Ok(refused(Code::DirectoryNoBundle, &format!("there is no `{BUNDLE_NAME}`")));
    };
    if metadata.is_symlink() && !is_link_inside(folder, &file) {
        return Ok(refused(Code::DirectorySymlink, &format!("`{BUNDLE_NAME}` is a link to no file of the directory")));
    }
    if !metadata.is_symlink() && !metadata.is_file() {
        return Ok(refused(Code::DirectoryUnreadable, &format!("`{BUNDLE_NAME}` is no regular file")));
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
    let Question { policy, required, at, digests, limits, .. } = question;
    let (check, intact) = open(file)?.within(limits).check(digests);
    let Some(intact) = intact else {
        return Ok(Report::new(path.as_str(), check, None, Default::default(), required, at));
    };
    let verdict = intact.judge(policy, at.timestamp());
    let directory =
        folder.map(|folder| compare_directory(folder, &intact, &verdict, question, progress)).transpose()?;
    let report =
        Report::new(path.as_str(), check, Some((&intact, &verdict)), directory.unwrap_or_default(), required, at);
    // To free 100,000 records one by one takes long, and nobody has to wait for it.
    rayon::spawn(move || drop(intact));
    Ok(report)
}

/// Compares the files of a directory with what its bundle says, and with what other bundles in it say. Each file is read once.
fn compare_directory(
    folder: &Utf8Path,
    intact: &Intact,
    verdict: &Verdict,
    question: Question<'_>,
    progress: Progress<'_>,
) -> Result<(Vec<CheckedFile>, Vec<Finding>), AuditError> {
    let Question { digests, closed, limits, .. } = question;
    let claims = Story::of(intact, &verdict.heads).claims();
    let (mut wrong, mut others) = (Vec::new(), Vec::new());
    for path in other_bundles(folder)? {
        let (check, intact) = open(&path)?.within(limits).check(digests);
        if let Some(intact) = intact {
            let heads = intact.judge(question.policy, question.at.timestamp()).heads;
            others.push(Story::of(&intact, &heads).claims());
        } else {
            let name = path.file_name().unwrap_or_default();
            let errors = check.findings.into_iter().filter(Finding::is_error);
            wrong.extend(errors.map(|finding| finding.in_file(name)));
        }
    }
    let all =
        std::iter::once(&claims).chain(&others).any(|claims| wanted(claims, digests == Digests::All) == Wanted::Both);
    let scan = scan(folder, if all { Wanted::Both } else { Wanted::Blake3Only }, progress)?;
    let (files, mut findings) = compare(&scan, &claims);
    if closed {
        let raise =
            |finding: Finding| if finding.code == Code::DirectoryExtraFile { finding.into_error() } else { finding };
        findings = findings.into_iter().map(raise).collect();
    }
    findings.extend(wrong);
    for claims in &others {
        findings.extend(disagreements(&files, &compare(&scan, claims).0));
    }
    Ok((files, findings))
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
        let kind = entry.file_type().map_err(describe)?;
        // A name that is not UTF-8 is said where the files are listed.
        let Ok(path) = Utf8PathBuf::from_path_buf(entry.path()) else { continue };
        let is_file = kind.is_file() || (kind.is_symlink() && is_link_inside(folder, &path));
        if is_file && path.file_name() != Some(BUNDLE_NAME) && path.extension() == Some("expb") {
            bundles.push(path);
        }
    }
    bundles.sort();
    Ok(bundles)
}
