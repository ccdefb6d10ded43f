//! Attaching a bundle to a model folder, and taking it away again.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::bundle::Bundle;
use expbundle::family::returning;
use expbundle::folder::{FileState, Folder, ReleaseReport, ReleaseState};
use expbundle::hash::{HashError, Progress, Wanted};
use expbundle::judge::State;
use expbundle::lock::{Seen, sweep_below};
use expbundle::standing::{Objection, ObjectionKind, Standing};
use expbundle::verify::{CheckError, Digests, Intact, OpenError};
use expbundle_format::container::EntryName;
use expbundle_format::time::Time;
use expbundle_format::weights::look_like_weights;
use expbundle_format::{Finding, RecordId, StatementId};
use expbundle_statement::{TrustPolicy, VerifiedStatement};

use crate::about::About;
use crate::benchmarks::{self, Benchmark};
use crate::check;
use crate::documentation::CARD;
use crate::front_matter::CardError;
use crate::notes::{count, listed, name};
use crate::plan::{self, After, Before, Change, Plan, read_text};
use crate::release::{self, ReleaseError, Releasing};
use crate::releases::of_other_folders;
use crate::scan::{self, Scan};
use crate::telling::{self, Telling, named, title};
use crate::{BUNDLE_NAME, card, gitattributes};

const GITATTRIBUTES: &str = ".gitattributes";
const GITIGNORE: &str = ".gitignore";

/// What a person says beside the bundle.
#[derive(Debug)]
pub struct AttachOptions<'a> {
    /// Ids at the Hub of models that it was made from. A record knows them by digest only.
    pub base_models: Vec<String>,
    /// Benchmarks whose signed results are put where the Hub shows them.
    pub benchmarks: Vec<Benchmark>,
    /// Leaves the card alone.
    pub keep_card: bool,
    /// Puts the bundle in the place of the one that is there, and joins nothing.
    pub replace: bool,
    /// Attaches records that made models and no file of the folder, which are refused else: such a
    /// bundle is most often that of another run.
    pub unrelated: bool,
    /// Releases the folder too.
    pub releasing: Option<Releasing<'a>>,
    /// Whose records the card tells of, and whose releases are followed. Without a policy those of
    /// all keys, and of none.
    pub policy: Option<&'a TrustPolicy>,
    /// The moment at which signatures are judged.
    pub at: Time,
}

/// Why nothing was attached or detached. The folder is as it was.
#[derive(thiserror::Error)]
pub enum AttachError {
    /// The folder cannot be read.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// A file of the folder cannot be read.
    #[error("`{path}` cannot be read")]
    Read {
        /// Which file.
        path: Utf8PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The bundle of the folder is not intact, or cannot be read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The bundles contradict each other, or the one of the folder; or there is no room to check
    /// what was made of them.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// A link has the bundle's name.
    #[error("`{path}` is a symlink, and symlinks are not written through")]
    Link {
        /// Which file.
        path: Utf8PathBuf,
    },
    /// Something else has the bundle's name.
    #[error("`{path}` exists but is not a readable bundle; move it away first")]
    NotOurs {
        /// Which file.
        path: Utf8PathBuf,
    },
    /// Somebody else put a bundle there since the folder was looked at.
    #[error("`{path}` changed in the meantime")]
    Changed {
        /// Which file.
        path: Utf8PathBuf,
    },
    /// Two names that one file has on Windows and macOS.
    #[error("`{found}` and `{wanted}` are the same file on some systems; rename it first")]
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
        /// The cause.
        source: CardError,
    },
    /// Records of another run, most often: they made models, and no file of the folder.
    #[error("{} made no file of this folder", named(records))]
    Unrelated {
        /// The folder.
        folder: Utf8PathBuf,
        /// Each with its title, unless that is withheld. Claimed.
        records: Vec<(RecordId, Option<String>)>,
    },
    /// Verification would fail: attaching would only publish that.
    #[error("`verify` would fail: {}", findings.iter().map(|finding| finding.message.as_str()).next().unwrap_or_default())]
    WouldFail {
        /// The errors, at least one.
        findings: Vec<Finding>,
    },
    /// The folder cannot be released.
    #[error(transparent)]
    Release(#[from] ReleaseError),
    /// There is nothing to detach, or to attach.
    #[error("`{path}` has no bundle")]
    NotAttached {
        /// The folder.
        path: Utf8PathBuf,
    },
}

expbundle_format::debug_with_causes!(AttachError);

/// The bundle that is in a folder, checked. Nothing is read through a link; what else has its name is
/// refused where a change is planned.
pub(crate) fn present(folder: &Utf8Path) -> Result<Option<Intact>, AttachError> {
    let path = folder.join(BUNDLE_NAME);
    match fs::symlink_metadata(&path) {
        Ok(metadata) if metadata.is_file() => Ok(Some(expbundle::open(&path)?)),
        Ok(metadata) if metadata.is_symlink() => Err(AttachError::Link { path }),
        _ => Ok(None),
    }
}

/// Works out what attaching bundles to a folder changes; without any, what attaching its own anew
/// does.
///
/// They are joined, also with the bundle that is in the folder already, so that nothing that others
/// signed is lost. A file of that name that is not a bundle is never replaced. Releases that came
/// with them and list another folder stay in their own.
///
/// # Errors
/// Verification would refuse what would be made, or the folder cannot be read or changed.
pub fn plan_attach(
    folder: &Utf8Path,
    bundles: Vec<Intact>,
    options: &AttachOptions<'_>,
    progress: Progress<'_>,
) -> Result<Plan, AttachError> {
    let present = present(folder)?;
    let kept = present.as_ref().filter(|_| !options.replace);
    let copies = bundles.iter().chain(kept).map(Intact::bundle);
    let returning = returning(copies);
    let incoming = Intact::union(bundles).or_else(|| present.clone());
    let incoming = incoming.ok_or_else(|| AttachError::NotAttached { path: folder.to_owned() })?;
    incoming.sound(options.policy, options.at.timestamp())?;
    let plan = plan_joined(folder, &incoming, present.as_ref(), options, progress)?;
    Ok(Plan { returning, ..plan })
}

/// `present` is the bundle of the folder.
fn plan_joined(
    folder: &Utf8Path,
    incoming: &Intact,
    present: Option<&Intact>,
    options: &AttachOptions<'_>,
    progress: Progress<'_>,
) -> Result<Plan, AttachError> {
    let names = names_of(folder)?;
    check_case(&names)?;
    let path = folder.join(BUNDLE_NAME);
    if present.is_none() && is_there(&path)? {
        // A file would have been read, so it came meanwhile.
        return Err(if path.is_file() { AttachError::Changed { path } } else { AttachError::NotOurs { path } });
    }
    let mut notes = Vec::new();
    notes.extend(present.filter(|_| options.replace).and_then(|present| dropped(present.bundle(), incoming.bundle())));
    let mut joined = join(incoming, present.filter(|_| !options.replace), &mut notes);
    let standing = joined.standing(options.policy, options.at.timestamp());
    if let Some(present) = present.filter(|_| options.replace) {
        notes.extend(dropped_objections(present, &standing, options));
    }
    let verdict = joined.sound(options.policy, options.at.timestamp())?;
    let wanted = match &options.releasing {
        Some(_) => Wanted::Both,
        None => check::wanted(&joined, &standing, Digests::Blake3),
    };
    sweep_below(folder);
    let scan = scan::scan(folder, wanted, progress)?;
    notes.extend(notes_on_names(folder, &names)?);
    let about = About::of(&joined, &scan);
    let others = about.of_another_folder(incoming, options.at);
    let heads = incoming.judge(options.policy, options.at.timestamp()).heads;
    let (barred, heads): (Vec<RecordId>, Vec<RecordId>) =
        heads.into_iter().partition(|head| is_barred(&standing, *head));
    let known = OnceCell::new();
    let told = about.told(incoming, &heads, &verdict, |id, came| {
        let known = known.get_or_init(|| telling::signers_of(&joined, &verdict, options, came));
        telling::by_the_same(&joined, &verdict, options, id, known)
    });
    let telling = Telling { joined: &joined, present, verdict: &verdict, told: &told };
    notes.extend(note_on_weights(&scan, &about));
    notes.extend(telling::unsigned(folder, incoming, &joined, &verdict, options));
    let mut changes = Vec::new();
    let before = text_of(folder, GITATTRIBUTES)?;
    if let Some(after) = gitattributes::with_line(before.as_deref()) {
        changes.push(Change { name: GITATTRIBUTES.to_owned(), before: before.into(), after: After::Text(after) });
    }
    let card = folder.join(CARD);
    if card.is_file() && scan::is_counted_card(&card) {
        notes.push(format!(
            "`{CARD}` may choose which files are loaded, so it counts like any other file and is not edited"
        ));
    } else if !options.keep_card {
        notes.extend(left_out_of_card(&barred));
        changes.extend(telling.changes(folder, options, &mut notes)?);
    }
    let found = check::judge(&scan, &joined, &verdict, options.policy.is_some(), Digests::Blake3);
    let of_another_folder = of_another_folder(&found, &joined, &scan, incoming, present);
    if !of_another_folder.is_empty() {
        notes.push(format!(
            "{} of another folder left out: each belongs to its own",
            count(of_another_folder.len(), "release")
        ));
    }
    joined.leave_out(&of_another_folder);
    notes.splice(..0, release::revoked_here(&found.report));
    let mut bundle = joined.bundle().clone();
    let files = if let Some(releasing) = &options.releasing {
        check_related(folder, incoming, &others, options)?;
        let tree = release::listing(&scan)?;
        if let Some(earlier) = release::repeated(&joined, &found.report, &tree, releasing) {
            notes.push(release::released_before(earlier));
        } else {
            release::add(&mut bundle, Some(&joined), &tree, releasing)?;
            notes.extend(release::changed(present, releasing, &tree));
        }
        notes.extend(release::note_on_models(&found.report.not_made_here));
        let released = bundle.check()?.intact;
        let found = foreseen(&scan, &released, options)?;
        notes.extend(note_on_trust(&found, options));
        Vec::new()
    } else {
        let found = foreseen(&scan, &joined, options)?;
        check_related(folder, incoming, &others, options)?;
        notes.extend(notes_on_files(&found));
        notes.extend(note_on_trust(&found, options));
        found.files
    };
    if !present.is_some_and(|present| is_same(present.bundle(), &bundle)) {
        changes.push(Change { name: BUNDLE_NAME.to_owned(), before: present.into(), after: After::Bundle(bundle) });
    }
    let seen = Seen::of(present.map(Intact::bundle));
    let objected = plan::objected(&joined, &standing);
    Ok(Plan { folder: folder.to_owned(), files, changes, objected, notes, returning: Vec::new(), seen })
}

/// Refuses the bundle of another run, unless it is meant.
fn check_related(
    folder: &Utf8Path,
    incoming: &Intact,
    others: &[RecordId],
    options: &AttachOptions<'_>,
) -> Result<(), AttachError> {
    if others.is_empty() || options.unrelated {
        return Ok(());
    }
    Err(AttachError::Unrelated {
        folder: folder.to_owned(),
        records: others.iter().map(|id| (*id, title(incoming, *id))).collect(),
    })
}

/// The folder as a verifier will see it, if verification will not fail.
fn foreseen(scan: &Scan, intact: &Intact, options: &AttachOptions<'_>) -> Result<Folder, AttachError> {
    let verdict = intact.judge(options.policy, options.at.timestamp());
    let found = check::judge(scan, intact, &verdict, options.policy.is_some(), Digests::Blake3);
    let findings: Vec<Finding> = found.findings.iter().filter(|finding| finding.is_error()).cloned().collect();
    if findings.is_empty() { Ok(found) } else { Err(AttachError::WouldFail { findings }) }
}

/// A folder without weights is intact at most.
fn note_on_weights(scan: &Scan, about: &About<'_>) -> Option<String> {
    let has_weights = scan.files.iter().any(|(path, _)| look_like_weights(&path.to_plain()));
    (!has_weights && !about.has_makers())
        .then(|| "no weights in this folder: `verify` will find it neither signed nor trusted".to_owned())
}

/// With a signers file `verify` asks for more than without one.
fn note_on_trust(found: &Folder, options: &AttachOptions<'_>) -> Option<String> {
    let is_less = options.policy.is_some() && found.state != State::Trusted;
    is_less.then(|| format!("with these signers `verify` will not find the folder trusted, only {}", found.state))
}

/// Whether a record was revoked or rejected: a card states its results as plain facts, and hubs
/// rank by them.
pub(crate) fn is_barred(standing: &Standing, record: RecordId) -> bool {
    let is_bar = |objection: &Objection| matches!(objection.kind, ObjectionKind::Revoked | ObjectionKind::Rejected);
    standing.against.get(&record).is_some_and(|objections| objections.iter().any(is_bar))
}

fn left_out_of_card(barred: &[RecordId]) -> Option<String> {
    let was = if barred.len() == 1 { "it was" } else { "they were" };
    let records = count(barred.len(), "record");
    (!barred.is_empty()).then(|| {
        format!("results, base models and data sets of {records} are not added to the card: {was} revoked or rejected")
    })
}

/// What a bundle holds that the one in its place does not.
fn dropped(present: &Bundle, new: &Bundle) -> Option<String> {
    lost(present, new).map(|lost| format!("`{BUNDLE_NAME}` is replaced, and loses {lost}"))
}

/// What a bundle holds and another does not, in words.
fn lost(present: &Bundle, new: &Bundle) -> Option<String> {
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
    (!words.is_empty()).then(|| words.join(", "))
}

/// That the new bundle lacks objections which the old one has.
fn dropped_objections(present: &Intact, after: &Standing, options: &AttachOptions<'_>) -> Option<String> {
    let before = present.standing(options.policy, options.at.timestamp());
    let is_lost = |(id, said): &(&RecordId, &Vec<Objection>)| {
        let stays = after.against.get(*id).map(Vec::as_slice).unwrap_or_default();
        said.iter().any(|objection| !stays.contains(objection))
    };
    let lost = before.against.iter().filter(is_lost).count();
    (lost > 0).then(|| {
        format!(
            "`--replace` drops objections to {} that only the old bundle has; attach without it to keep them",
            count(lost, "record")
        )
    })
}

/// Both bundles as one, and what of it a person should know.
fn join(incoming: &Intact, present: Option<&Intact>, notes: &mut Vec<String>) -> Intact {
    let Some(present) = present else { return incoming.clone() };
    let joined = Intact::union([incoming.clone(), present.clone()]).unwrap_or_else(|| incoming.clone());
    if !is_same(present.bundle(), joined.bundle()) {
        notes.push(format!("`{BUNDLE_NAME}` already exists; both bundles are merged"));
    }
    joined
}

/// Whether two bundles hold the same objects, which are named by their digests.
fn is_same(one: &Bundle, other: &Bundle) -> bool {
    one.entries().map(|(name, _)| name).eq(other.entries().map(|(name, _)| name))
}

/// Releases that came with what is attached, and are not of this folder, or were replaced by one of
/// another. One of these files stays though it was revoked: what was said against it belongs to it.
fn of_another_folder(
    found: &Folder,
    joined: &Intact,
    scan: &Scan,
    incoming: &Intact,
    present: Option<&Intact>,
) -> BTreeSet<StatementId> {
    let ids = |intact: &Intact| intact.statements().iter().map(VerifiedStatement::id).collect::<BTreeSet<_>>();
    let (came, was_here) = (ids(incoming), present.map(ids).unwrap_or_default());
    let is_replaced = |release: &&ReleaseReport| release.state == ReleaseState::Replaced;
    let replaced = found.report.releases.iter().filter(is_replaced).map(|release| release.statement);
    let other = of_other_folders(joined, scan, Digests::Blake3).into_iter().chain(replaced);
    other.filter(|id| came.contains(id) && !was_here.contains(id)).collect()
}

/// Works out what taking a bundle away changes: the bundle, its line in `.gitattributes`, and what
/// was added to the card.
pub fn plan_detach(folder: &Utf8Path) -> Result<Plan, AttachError> {
    sweep_below(folder);
    let mut changes = Vec::new();
    let mut notes = Vec::new();
    let before = text_of(folder, GITATTRIBUTES)?;
    if let Some(after) = before.as_deref().and_then(gitattributes::without_line) {
        let was_added = before.as_deref().is_some_and(gitattributes::was_added);
        changes.push(Change {
            name: GITATTRIBUTES.to_owned(),
            before: before.into(),
            after: text_or_removed(after, was_added),
        });
    }
    let before = text_of(folder, CARD)?;
    let path = folder.join(CARD);
    let at = |source| AttachError::Card { path, source };
    if let Some(text) = before.as_deref()
        && let Some((after, was_edited)) = removed(text).map_err(at)?
    {
        let was_added = card::was_added(text);
        notes.extend(was_edited.then(|| card::EDITED.to_owned()));
        changes.push(Change { name: CARD.to_owned(), before: before.into(), after: text_or_removed(after, was_added) });
    }
    changes.extend(benchmarks::removal(folder)?);
    let path = folder.join(BUNDLE_NAME);
    let seen = Seen::at(&path);
    if is_there(&path)? {
        if !begins_like_a_bundle(&path) {
            return Err(AttachError::NotOurs { path });
        }
        notes.extend(deleted(&path));
        changes.push(Change { name: BUNDLE_NAME.to_owned(), before: Before::Unread, after: After::Removed });
    }
    if changes.is_empty() {
        return Err(AttachError::NotAttached { path: folder.to_owned() });
    }
    Ok(Plan {
        folder: folder.to_owned(),
        files: Vec::new(),
        changes,
        objected: Vec::new(),
        notes,
        returning: Vec::new(),
        seen,
    })
}

/// What is deleted with a bundle; of one that is not intact nobody can tell.
fn deleted(path: &Utf8Path) -> Option<String> {
    let Ok(present) = expbundle::open(path) else {
        return Some(format!("`{BUNDLE_NAME}` is deleted; it is not intact, so what it holds was not counted"));
    };
    let lost = lost(present.bundle(), &Bundle::new())?;
    Some(format!("`{BUNDLE_NAME}` is deleted with {lost}; `expbundle merge` copies it to another place first"))
}

/// A card without what was added, and whether some of that was edited since.
fn removed(card: &str) -> Result<Option<(String, bool)>, CardError> {
    let Some(after) = card::remove(card)? else { return Ok(None) };
    Ok(Some((after, card::was_edited(card)?)))
}

/// A file that was added goes, if nobody wrote something else into it.
fn text_or_removed(text: String, was_added: bool) -> After {
    if was_added && text.is_empty() { After::Removed } else { After::Text(text) }
}

/// What will not be covered, in a line.
fn notes_on_files(found: &Folder) -> Vec<String> {
    let mut notes = Vec::new();
    let not_covered: Vec<&str> =
        found.files.iter().filter(|file| file.state != FileState::Covered).map(|file| file.path.as_str()).collect();
    if !not_covered.is_empty() {
        let names = listed(not_covered.iter().map(name), ", ");
        notes.push(format!(
            "not covered by any signature: {names}; `--key` releases the folder with all its counted files"
        ));
    }
    notes
}

fn notes_on_names(folder: &Utf8Path, names: &[String]) -> Result<Vec<String>, AttachError> {
    let mut notes = Vec::new();
    for name in names {
        let is_signature = [".sig", ".sigstore", ".sigstore.json"].iter().any(|end| name.ends_with(end));
        if is_signature || name == "claims.jsonl" {
            notes.push(format!("`{name}` signs the folder as it was, so sign it again after this change"));
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

pub(crate) fn text_of(folder: &Utf8Path, name: &str) -> Result<Option<String>, AttachError> {
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

/// Whether a regular file begins with the local header and content of `mimetype`
/// (spec/container.md).
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
