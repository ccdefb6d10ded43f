//! The whole of verification in one call: a bundle, or a model directory that carries one
//! (spec/verification.md).

use std::collections::BTreeSet;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::Content;
use expbundle::hash::{self, HashError, Progress};
use expbundle::judge::{State, Verdict};
use expbundle::report::{Question, Report};
use expbundle::verify::{Checked, Unverified};
use expbundle_format::{Code, Finding, Place};

use crate::BUNDLE_NAME;
use crate::check::{judge, wanted};
use crate::notes::listed;
use crate::scan::scan;

/// Why there is no answer.
#[derive(thiserror::Error)]
pub enum AuditError {
    /// The bundle cannot be read.
    #[error("`{path}` cannot be read")]
    Read {
        /// Which file.
        path: Utf8PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The directory cannot be read.
    #[error(transparent)]
    Directory(#[from] HashError),
}

expbundle_format::debug_with_causes!(AuditError);

/// Verifies what is at a path. The report is complete, whether or not it holds; only what cannot be
/// read is an error.
pub fn audit(path: &Utf8Path, question: Question<'_>, progress: Progress<'_>) -> Result<Report, AuditError> {
    if path.is_dir() {
        audit_directory(path, question, progress)
    } else {
        audit_bundle(path, opened(path)?, None, question, progress)
    }
}

/// Verifies a bundle that is not read from a path, under the name by which the report calls it.
pub fn audit_content(name: &Utf8Path, content: Content, question: Question<'_>) -> Result<Report, AuditError> {
    audit_bundle(name, Unverified::new(content), None, question, &|_| ())
}

fn opened(file: &Utf8Path) -> Result<Unverified, AuditError> {
    Unverified::open(file).map_err(|source| AuditError::Read { path: file.to_owned(), source })
}

fn audit_directory(folder: &Utf8Path, question: Question<'_>, progress: Progress<'_>) -> Result<Report, AuditError> {
    let file = folder.join(BUNDLE_NAME);
    if hash::is_file_of(folder, &file) {
        return audit_bundle(folder, opened(&file)?, Some(folder), question, progress);
    }
    let message = match std::fs::symlink_metadata(&file) {
        Err(_) => match bundles_in(folder) {
            bundles if bundles.is_empty() => format!("there is no `{BUNDLE_NAME}`"),
            bundles => format!(
                "there is no `{BUNDLE_NAME}`, and the folder has other files than bundles, so it is taken for a model \
                 folder; to verify its bundles, name them: {}",
                listed(bundles.iter().map(|name| format!("`{name}`")), ", ")
            ),
        },
        Ok(metadata) if metadata.is_symlink() => format!("`{BUNDLE_NAME}` is a symlink; symlinks are not followed"),
        Ok(_) => format!("`{BUNDLE_NAME}` is not a regular file"),
    };
    let place = Place::unknown().in_file(folder.as_str());
    Ok(Report::refused(folder.as_str(), vec![Finding::new(Code::DirectoryNoBundle, place, message)], question))
}

/// The names of the bundles right in a folder.
fn bundles_in(folder: &Utf8Path) -> BTreeSet<String> {
    let entries = folder.read_dir_utf8().into_iter().flatten().flatten();
    let bundles = entries.filter(|entry| entry.path().extension() == Some("expb"));
    bundles.map(|entry| entry.file_name().to_owned()).collect()
}

fn audit_bundle(
    path: &Utf8Path,
    unverified: Unverified,
    folder: Option<&Utf8Path>,
    question: Question<'_>,
    progress: Progress<'_>,
) -> Result<Report, AuditError> {
    let Question { policy, at, digests, limits, .. } = question;
    let Checked { intact, findings } = match unverified.within(limits).check(digests) {
        Ok(checked) => checked,
        Err(wrong) => {
            let mut findings = wrong.into_findings();
            let is_no_bundle = |finding: &&mut Finding| finding.code == Code::ContainerNotABundle;
            // Of a folder it has to be said which file is none.
            if let Some(folder) = folder {
                findings
                    .iter_mut()
                    .filter(is_no_bundle)
                    .for_each(|finding| finding.place = Place::unknown().in_file(folder.join(BUNDLE_NAME).as_str()));
            }
            return Ok(Report::refused(path.as_str(), findings, question));
        }
    };
    let verdict = intact.judge(policy, at.timestamp());
    // What contradicts itself is compared with no files.
    let folder = folder.filter(|_| verdict.state > State::Malformed);
    let scan = folder.map(|folder| scan(folder, wanted(&intact, &verdict.standing, digests), progress)).transpose()?;
    let report = |findings, verdict: &Verdict| {
        let folder = scan.as_ref().map(|scan| judge(scan, &intact, verdict, policy.is_some(), digests));
        Report::new(path.as_str(), findings, Some((&intact, verdict)), folder, question)
    };
    let mut answer = report(findings, &verdict);
    if let Some(later) = intact.judge_in_hindsight(policy, at.timestamp()) {
        answer = answer.with_hindsight(&report(Vec::new(), &later));
    }
    // To free 100,000 records one by one takes long, and nobody has to wait for it.
    rayon::spawn(move || drop(intact));
    Ok(answer)
}
