//! Releasing a folder: its counted files are listed, and the listing is signed (spec/directory.md,
//! "Releases").

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;
use expbundle::bundle::Bundle;
use expbundle::folder::{FolderReport, ReleaseState};
use expbundle::hash::{HashError, Progress, Wanted};
use expbundle::lock::{Seen, sweep_below};
use expbundle::verify::{Digests, Intact, followed_by};
use expbundle::write_file::is_unfinished_path;
use expbundle_format::time::Time;
use expbundle_format::tree::{Tree, TreeError, TreeFile};
use expbundle_format::weights::look_like_weights;
use expbundle_format::{DigestSet, Foreign, StatementId};
use expbundle_statement::{
    Identity, Judgement, Predicate, Release, Signing, SigningKey, StatementError, TrustPolicy, VerifiedStatement,
};

use crate::attach::{AttachError, present};
use crate::check::judge;
use crate::documentation::CARD;
use crate::notes::{count, listed, name};
use crate::plan::{self, After, Change, Plan, read_text};
use crate::scan::{Held, Scan, scan};
use crate::{BUNDLE_NAME, card};

/// Weights that a release names as further subjects, so that its statement stays small.
const MOST_SUBJECTS: usize = 1000;

/// A release that is to be signed.
#[derive(Clone, Debug)]
pub struct Releasing<'a> {
    /// By whom, and when.
    pub signing: Signing<'a>,
    /// What is released, and why.
    pub release: Release,
    /// Whose releases it follows, beside those of its own key. Without a policy those of all keys,
    /// strangers among them: whoever holds the signed release without theirs knows that something
    /// is missing.
    pub policy: Option<&'a TrustPolicy>,
    /// The moment at which signatures are judged, which is not the date that the release is given.
    pub at: Time,
}

impl Releasing<'_> {
    fn follows(&self, earlier: &VerifiedStatement) -> bool {
        let is_trusted = |policy: &TrustPolicy| {
            let signed = earlier.time_evidence();
            let judgement = policy.judge(earlier.identity(), signed, self.at.timestamp());
            matches!(judgement, Judgement::Trusted { .. })
        };
        *earlier.identity() == self.signing.key.identity() || self.policy.is_none_or(is_trusted)
    }
}

/// Why a folder was not released. It is as it was.
#[derive(thiserror::Error)]
pub enum ReleaseError {
    /// The folder cannot be read.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// There is nothing to release.
    #[error("the folder holds no files to release")]
    Empty,
    /// A file whose bytes nobody could sign for.
    #[error("{} cannot be released: {why}", name(path))]
    File {
        /// The path.
        path: String,
        /// The cause.
        why: String,
    },
    /// Another command is writing a file of the folder, or was killed where nobody can tell.
    #[error("{} is being written by another command, or was left by one that was killed", name(path))]
    Unfinished {
        /// The path.
        path: String,
    },
    /// The files do not form a tree.
    #[error("the folder cannot be listed")]
    Tree(#[from] TreeError),
    /// The statement cannot be made.
    #[error("the release cannot be signed")]
    Statement(#[from] StatementError),
}

expbundle_format::debug_with_causes!(ReleaseError);

/// The listing of the counted files of a folder. Each file has to be there: no links, no pointers.
pub fn listing(scan: &Scan) -> Result<Tree, ReleaseError> {
    let refused = |path: &str, why: String| Err(ReleaseError::File { path: path.to_owned(), why });
    if let Some(skipped) = scan.skipped.first() {
        if is_unfinished_path(&skipped.path) {
            return Err(ReleaseError::Unfinished { path: skipped.path.clone() });
        }
        return refused(&skipped.path, skipped.why.to_string());
    }
    if let Some(path) = scan.alike.first() {
        return refused(path, "some file systems treat its path as that of another file here".to_owned());
    }
    let unfinished = scan.files.iter().map(|(path, _)| path.to_plain()).find(|path| is_unfinished_path(path));
    if let Some(path) = unfinished {
        return Err(ReleaseError::Unfinished { path });
    }
    let mut files = Vec::with_capacity(scan.files.len());
    for (path, held) in &scan.files {
        let both = held.digest().and_then(|digest| digest.both());
        let (Held::Bytes { size, .. }, Some(digest)) = (held, both) else {
            let why = "this is only a Git LFS pointer; run `git lfs pull` first".to_owned();
            return refused(&path.to_plain(), why);
        };
        files.push(TreeFile { path: path.clone(), digest, size: *size });
    }
    if files.is_empty() {
        return Err(ReleaseError::Empty);
    }
    Ok(Tree::new(files)?)
}

/// Signs a release and puts it into the bundle, with its listing. It follows the latest releases
/// that are there, of keys that it may follow.
pub(crate) fn add(
    bundle: &mut Bundle,
    present: Option<&Intact>,
    tree: &Tree,
    releasing: &Releasing<'_>,
) -> Result<(), ReleaseError> {
    let is_weights = |file: &&TreeFile| look_like_weights(&file.path.to_plain());
    let weights: Vec<(String, DigestSet)> = tree
        .files()
        .iter()
        .filter(is_weights)
        .take(MOST_SUBJECTS)
        .map(|file| (file.path.to_plain(), file.digest))
        .collect();
    let by = releasing.signing.key.identity();
    let previous = present.map(|present| followed_by(latest(present, releasing), &by)).unwrap_or_default();
    Ok(bundle.release(tree, &weights, &releasing.release, &previous, &releasing.signing)?)
}

/// Of each key the releases that no other one of that key follows. Whatever a stranger's release
/// follows, ours are named.
fn latest<'a>(intact: &'a Intact, releasing: &Releasing<'_>) -> Vec<&'a VerifiedStatement> {
    let releases: BTreeMap<StatementId, &VerifiedStatement> = intact
        .statements()
        .iter()
        .filter(|statement| statement.listing().is_some() && releasing.follows(statement))
        .map(|statement| (statement.id(), statement))
        .collect();
    let mut latest: BTreeSet<StatementId> = releases.keys().copied().collect();
    for statement in releases.values() {
        for earlier in statement.previous() {
            if releases.get(earlier).is_some_and(|earlier| earlier.identity() == statement.identity()) {
                latest.remove(earlier);
            }
        }
    }
    let mut latest: Vec<&VerifiedStatement> = latest.iter().filter_map(|id| releases.get(id).copied()).collect();
    latest.sort_by_key(|statement| (statement.created(), statement.id()));
    latest
}

/// Works out what releasing a folder changes: its bundle, which is made if there is none.
///
/// # Errors
/// [`AttachError::Open`], [`AttachError::Link`] or [`AttachError::Release`].
pub fn plan_release(folder: &Utf8Path, releasing: &Releasing<'_>, progress: Progress<'_>) -> Result<Plan, AttachError> {
    let present = present(folder)?;
    let present = present.as_ref();
    sweep_below(folder);
    let scan = scan(folder, Wanted::Both, progress).map_err(ReleaseError::from)?;
    let tree = listing(&scan)?;
    let mut notes = Vec::new();
    let mut objected = Vec::new();
    let mut said_before = None;
    let models = match present {
        Some(present) => {
            let verdict = present.judge(releasing.policy, releasing.at.timestamp());
            objected = plan::objected(present, &verdict.standing);
            let found = judge(&scan, present, &verdict, releasing.policy.is_some(), Digests::Blake3).report;
            notes.extend(revoked_here(&found));
            said_before = repeated(present, &found, &tree, releasing);
            found.not_made_here
        }
        None => tree.files().iter().map(|file| file.path.to_plain()).filter(|path| look_like_weights(path)).collect(),
    };
    let mut changes = Vec::new();
    if let Some(earlier) = said_before {
        notes.push(released_before(earlier));
    } else {
        let mut bundle = present.map(|present| present.bundle().clone()).unwrap_or_default();
        add(&mut bundle, present, &tree, releasing)?;
        notes.extend(changed(present, releasing, &tree));
        changes.push(Change { name: BUNDLE_NAME.to_owned(), before: present.into(), after: After::Bundle(bundle) });
    }
    notes.extend(note_on_models(&models));
    notes.extend(note_on_card(folder, &models));
    let seen = Seen::of(present.map(Intact::bundle));
    Ok(Plan { folder: folder.to_owned(), files: Vec::new(), changes, objected, notes, returning: Vec::new(), seen })
}

/// The last release by the key, if it counts and says all that is to be said: just these files, and
/// the title, reason and name that are asked for.
pub(crate) fn repeated<'a>(
    intact: &'a Intact,
    found: &FolderReport,
    tree: &Tree,
    releasing: &Releasing<'_>,
) -> Option<&'a VerifiedStatement> {
    let own = releasing.signing.key.identity();
    let last = latest(intact, releasing).into_iter().rfind(|one| *one.identity() == own)?;
    let counts = found.releases.iter().any(|one| one.statement == last.id() && one.state == ReleaseState::Same);
    let asked = &releasing.release;
    let says = |said: &Release| {
        (asked.title.is_none() || said.title == asked.title) && (asked.reason.is_none() || said.reason == asked.reason)
    };
    let is_same = matches!(last.predicate(), Predicate::Release(said) if says(said))
        && releasing.signing.name.is_none_or(|name| last.signer_name() == Some(name))
        && last.listing().and_then(|listing| intact.released(listing)).as_ref() == Some(tree);
    (counts && is_same).then_some(last)
}

/// That the key said the same before, so that nothing was added.
pub(crate) fn released_before(earlier: &VerifiedStatement) -> String {
    let title = match earlier.predicate() {
        Predicate::Release(said) => said.title.as_deref().map(|title| format!(" as {}", Foreign::new(title))),
        _ => None,
    };
    let (title, by, created) = (title.unwrap_or_default(), earlier.identity(), earlier.created());
    format!("these files are already released by {by}{title} ({created}); no release was added")
}

/// That a release of files that are here was revoked, and by whom.
pub(crate) fn revoked_here(found: &FolderReport) -> Vec<String> {
    let revoked =
        found.releases.iter().filter(|release| release.same || release.is_objection()).filter_map(|release| {
            let by = release.revoked_by.as_ref()?;
            let reason = by.reason.as_deref().map(|reason| format!(": {}", Foreign::new(reason))).unwrap_or_default();
            Some(format!("{} was REVOKED by {}{reason}", release.what(), by.by.join(", ")))
        });
    revoked.collect()
}

/// A release says whose the models are, and not which run made them; that is said of those of which
/// nothing is known.
pub(crate) fn note_on_models(not_made_here: &[String]) -> Option<String> {
    (!not_made_here.is_empty())
        .then(|| format!("not made by any record here: {}", listed(not_made_here.iter().map(name), ", ")))
}

/// That the card still tells of other weights than those that are released.
fn note_on_card(folder: &Utf8Path, not_made_here: &[String]) -> Option<String> {
    let card = read_text(&folder.join(CARD)).ok().flatten()?;
    let is_told = !not_made_here.is_empty() && card::remove(&card).ok().flatten().is_some();
    is_told.then(|| {
        let folder = name(folder);
        format!("`{CARD}` may still have results of other weights: `expbundle attach {folder}` updates it")
    })
}

/// What a release changes, a line for each file. It is compared with the last one of the same key:
/// what somebody else released is not what the signer knows.
pub(crate) fn changed(present: Option<&Intact>, releasing: &Releasing<'_>, tree: &Tree) -> Vec<String> {
    let last = present.and_then(|present| last_tree(present, releasing.signing.key));
    let first = if last.is_none() { " for the first time" } else { "" };
    let by = releasing.signing.key.identity();
    let mut lines = vec![format!("{} to be released by {by}{first}", count(tree.files().len(), "file"))];
    lines.extend(last.iter().flat_map(|last| differences(last, tree)));
    lines.extend(present.and_then(|present| followed(present, releasing)));
    lines
}

/// Whose releases are followed besides the key's own, where nobody said whom to trust.
fn followed(present: &Intact, releasing: &Releasing<'_>) -> Option<String> {
    let own = releasing.signing.key.identity();
    let latest = if releasing.policy.is_none() { latest(present, releasing) } else { Vec::new() };
    let others = latest.into_iter().map(VerifiedStatement::identity).filter(|identity| **identity != own);
    let others: BTreeSet<String> = others.map(Identity::to_string).collect();
    (!others.is_empty()).then(|| {
        format!(
            "follows the releases of {}, which were not checked against a signers file: {}",
            keys(others.len()),
            listed(others.into_iter(), ", ")
        )
    })
}

fn keys(number: usize) -> String {
    if number == 1 { "another key".to_owned() } else { format!("{number} other keys") }
}

/// The listing of the latest release by a key whose listing is here.
fn last_tree(intact: &Intact, key: &SigningKey) -> Option<Tree> {
    let own = key.identity();
    let is_own = |statement: &&VerifiedStatement| statement.listing().is_some() && *statement.identity() == own;
    let mut releases: Vec<_> = intact.statements().iter().filter(is_own).collect();
    releases.sort_by_key(|statement| (statement.created(), statement.id()));
    releases.iter().rev().find_map(|statement| intact.released(statement.listing()?))
}

/// What changed between two listings, a line for each file.
pub fn differences(old: &Tree, new: &Tree) -> Vec<String> {
    let mut lines = Vec::new();
    let line = |word: &str, file: &TreeFile| format!("{word}: {}", name(file.path.to_plain()));
    for file in new.files() {
        match old.get(&file.path) {
            None => lines.push(line("added", file)),
            Some(before) if before.digest != file.digest => lines.push(line("changed", file)),
            Some(_) => {}
        }
    }
    let removed = old.files().iter().filter(|file| new.get(&file.path).is_none());
    lines.extend(removed.map(|file| line("removed", file)));
    if lines.is_empty() {
        lines.push("no file changed since the last release".to_owned());
    }
    lines
}
