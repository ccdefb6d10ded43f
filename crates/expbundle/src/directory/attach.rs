//! Attaching a bundle to a model folder, and taking it away again.

use std::fs::{self, File};
use std::io::{self, Read};

use super::check::{self, Claim, Stake};
use super::front_matter::CardError;
use super::plan::{After, Change, Plan, read_text};
use super::story::Story;
use super::{BUNDLE_NAME, FileState, card, gitattributes};
use crate::bundle::Bundle;
use crate::hash::{HashError, Progress};
use camino::{Utf8Path, Utf8PathBuf};
use expbundle_format::container::EntryName;

const CARD: &str = "README.md";
const GITATTRIBUTES: &str = ".gitattributes";
const GITIGNORE: &str = ".gitignore";

/// What a person says beside the bundle.
#[derive(Clone, Debug, Default)]
pub struct AttachOptions {
    /// Ids at the Hub of models that it was made from. A record knows them by digest only.
    pub base_models: Vec<String>,
    /// Leaves the card alone.
    pub keep_card: bool,
    /// Takes the new bundle in the place of the one that is there, and joins nothing.
    pub replace: bool,
}

/// Why nothing was attached or detached. The folder is as it was.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// The folder cannot be read.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// A file of the folder cannot be read.
    #[error("`{path}` cannot be read")]
    Read {
        /// Which file.
        path: Utf8PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Something else has the bundle's name.
    #[error("`{path}` is there and is no bundle that can be read; move it away first")]
    NotOurs {
        /// Which file.
        path: Utf8PathBuf,
    },
    /// Two names that one file has on Windows and macOS.
    #[error("`{found}` and `{wanted}` are one file on some systems; rename it first")]
    Case {
        /// What is there.
        found: String,
        /// What would be made.
        wanted: &'static str,
    },
    /// The card cannot be edited.
    #[error("`{path}` cannot be edited")]
    Card {
        /// Which file.
        path: Utf8PathBuf,
        /// Why not.
        source: CardError,
    },
    /// There is nothing to detach.
    #[error("`{path}` carries no bundle")]
    NotAttached {
        /// The folder.
        path: Utf8PathBuf,
    },
}

/// Works out what attaching a bundle to a folder changes.
///
/// `present` is the bundle that is in the folder already, checked by the caller: both are joined, so that nothing that
/// others signed is lost. A file of that name that is no bundle is never replaced.
pub fn plan_attach(
    folder: &Utf8Path,
    story: &Story<'_>,
    present: Option<&Bundle>,
    options: &AttachOptions,
    progress: Progress<'_>,
) -> Result<Plan, AttachError> {
    let names = names_of(folder)?;
    check_case(&names)?;
    let claims = story.claims();
    let scan = check::scan(folder, check::wanted(&claims, false), progress)?;
    let (files, findings) = check::compare(&scan, &claims);
    let mut notes = notes_on_files(&claims, &files);
    notes.extend(findings.iter().filter(|finding| finding.is_error()).map(|finding| match finding.place.to_string() {
        place if place.is_empty() => finding.message.clone(),
        place => format!("{place}: {}", finding.message),
    }));
    notes.extend(notes_on_names(folder, &names)?);
    let mut changes = Vec::new();
    let before = text_of(folder, GITATTRIBUTES)?;
    if let Some(after) = gitattributes::with_line(before.as_deref().unwrap_or_default()) {
        changes.push(Change { name: GITATTRIBUTES.to_owned(), before, after: After::Text(after) });
    }
    if !options.keep_card {
        changes.extend(card_change(folder, story, options, &mut notes)?);
    }
    let path = folder.join(BUNDLE_NAME);
    let mut bundle = story.bundle().clone();
    match present {
        Some(present) if options.replace => notes.extend(dropped(present, &bundle)),
        Some(present) => {
            bundle.merge(present);
            notes.push(format!("`{BUNDLE_NAME}` was there already; both bundles were joined"));
        }
        None if is_there(&path)? => return Err(AttachError::NotOurs { path }),
        None => {}
    }
    changes.push(Change { name: BUNDLE_NAME.to_owned(), before: None, after: After::Bundle(bundle) });
    Ok(Plan { folder: folder.to_owned(), files, changes, notes })
}

/// What a bundle holds that the one in its place does not.
fn dropped(present: &Bundle, new: &Bundle) -> Option<String> {
    let lost = |kept: &dyn Fn(&EntryName) -> bool| {
        present.entries().filter(|(name, _)| kept(name) && !new.contains(name)).count()
    };
    let parts = [
        (lost(&|name| matches!(name, EntryName::Record(_))), "record"),
        (lost(&|name| matches!(name, EntryName::Statement(_))), "statement"),
        (lost(&|name| matches!(name, EntryName::Section { .. })), "section"),
        (lost(&|name| matches!(name, EntryName::Artifact(_))), "embedded artifact"),
    ];
    let words: Vec<String> = parts
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, noun)| format!("{number} {noun}{}", if number == 1 { "" } else { "s" }))
        .collect();
    (!words.is_empty()).then(|| format!("`{BUNDLE_NAME}` is replaced, and loses {}", words.join(", ")))
}

/// Works out what taking a bundle away changes: the bundle, its line in `.gitattributes`, and what was added to the card.
pub fn plan_detach(folder: &Utf8Path) -> Result<Plan, AttachError> {
    let mut changes = Vec::new();
    let before = text_of(folder, GITATTRIBUTES)?;
    if let Some(after) = before.as_deref().and_then(gitattributes::without_line) {
        changes.push(Change { name: GITATTRIBUTES.to_owned(), before, after: text_or_removed(after) });
    }
    let before = text_of(folder, CARD)?;
    let path = folder.join(CARD);
    if let Some(text) = before.as_deref()
        && let Some(after) = card::remove(text).map_err(|source| AttachError::Card { path, source })?
    {
        changes.push(Change { name: CARD.to_owned(), before, after: text_or_removed(after) });
    }
    let path = folder.join(BUNDLE_NAME);
    if is_there(&path)? {
        if !begins_like_a_bundle(&path) {
            return Err(AttachError::NotOurs { path });
        }
        changes.push(Change { name: BUNDLE_NAME.to_owned(), before: None, after: After::Removed });
    }
    if changes.is_empty() {
        return Err(AttachError::NotAttached { path: folder.to_owned() });
    }
    Ok(Plan { folder: folder.to_owned(), files: Vec::new(), changes, notes: Vec::new() })
}

/// A file that holds nothing but what was added was not there before.
fn text_or_removed(text: String) -> After {
    if text.is_empty() { After::Removed } else { After::Text(text) }
}

fn card_change(
    folder: &Utf8Path,
    story: &Story<'_>,
    options: &AttachOptions,
    notes: &mut Vec<String>,
) -> Result<Option<Change>, AttachError> {
    let before = text_of(folder, CARD)?;
    let canonical = folder.canonicalize_utf8().unwrap_or_else(|_| folder.to_owned());
    let model_name = canonical.file_name().unwrap_or("model");
    let (mut all, unsaid) = story.additions(model_name);
    notes.extend(unsaid);
    all.base_models.extend(options.base_models.iter().cloned());
    let edited = card::add(before.as_deref().unwrap_or_default(), &all)
        .map_err(|source| AttachError::Card { path: folder.join(CARD), source })?;
    notes.extend(edited.notes);
    if before.as_deref() == Some(edited.text.as_str()) {
        return Ok(None);
    }
    Ok(Some(Change { name: CARD.to_owned(), before, after: After::Text(edited.text) }))
}

fn notes_on_files(claims: &[Claim], files: &[super::CheckedFile]) -> Vec<String> {
    let known = |file: &&super::CheckedFile| matches!(file.state, FileState::Verified | FileState::Pointer);
    let found = files.iter().filter(known).count();
    let expected = claims.iter().any(|claim| claim.stake == Stake::Expected && claim.carries_lineage());
    let mut notes = Vec::new();
    if expected && found == 0 {
        notes.push(
            "none of the record's outputs is in this folder, so the bundle proves nothing about its files".to_owned(),
        );
    }
    notes
}

fn notes_on_names(folder: &Utf8Path, names: &[String]) -> Result<Vec<String>, AttachError> {
    let mut notes = Vec::new();
    for name in names {
        let is_signature = [".sig", ".sigstore", ".sigstore.json"].iter().any(|end| name.ends_with(end));
        if is_signature || name == "claims.jsonl" {
            notes.push(format!("`{name}` signs the folder as it was, so it must be made again after this change"));
        }
    }
    if let Some(line) = text_of(folder, GITIGNORE)?.as_deref().and_then(gitattributes::ignoring_line) {
        notes.push(format!(
            "`{GITIGNORE}` keeps the bundle out of the repository by its line `{line}`; add `!{BUNDLE_NAME}` below it"
        ));
    }
    Ok(notes)
}

fn names_of(folder: &Utf8Path) -> Result<Vec<String>, AttachError> {
    let describe = |source| AttachError::Read { path: folder.to_owned(), source };
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(describe)? {
        names.push(entry.map_err(describe)?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

fn check_case(names: &[String]) -> Result<(), AttachError> {
    for wanted in [BUNDLE_NAME, CARD, GITATTRIBUTES] {
        if let Some(found) = names.iter().find(|name| *name != wanted && name.eq_ignore_ascii_case(wanted)) {
            return Err(AttachError::Case { found: found.clone(), wanted });
        }
    }
    Ok(())
}

fn text_of(folder: &Utf8Path, name: &str) -> Result<Option<String>, AttachError> {
    let path = folder.join(name);
    read_text(&path).map_err(|source| AttachError::Read { path, source })
}

fn is_there(path: &Utf8Path) -> Result<bool, AttachError> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(AttachError::Read { path: path.to_owned(), source }),
    }
}

/// Whether a regular file begins with the local header and content of `mimetype` (spec/container.md).
fn begins_like_a_bundle(path: &Utf8Path) -> bool {
    // Asked before it is opened: to open a pipe is to wait for whoever writes to it.
    if !fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file()) {
        return false;
    }
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(64).read_to_end(&mut head));
    read.is_ok()
        && head.starts_with(b"PK\x03\x04")
        && head.get(30..).is_some_and(|rest| rest.starts_with(b"mimetypeapplication/vnd.expbundle."))
}

#[cfg(test)]
#[path = "attach_tests.rs"]
mod tests;
