//! The releases of a folder: which count, and which of them the folder is (spec/directory.md, "Releases").

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use expbundle_format::time::Time;
use expbundle_format::tree::{Tree, TreeFile};
use expbundle_format::{Blake3, StatementId};
use expbundle_statement::{Predicate, VerifiedStatement};
use schemars::JsonSchema;
use serde::Serialize;

use super::covering::Covering;
use super::scan::{Held, Scan};

/// What a release is to the folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReleaseState {
    /// The folder is what it lists, to the byte.
    Same,
    /// It counts, and the folder differs from what it lists.
    Differs,
    /// It counts, and what it lists is not known: the listing is not in the bundle, or is not one.
    Unlisted,
    /// A later release that counts follows it.
    Replaced,
    /// It was revoked.
    Revoked,
}

/// A release, and what it is to the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The statement.
    pub statement: StatementId,
    /// What it is to the folder.
    pub state: ReleaseState,
    /// Principals of the signer; the fingerprint of the key if it is not trusted, or nobody was asked for.
    pub by: Vec<String>,
    /// When it was made, as its signer says.
    pub created: Time,
    /// What is released, as the signer says.
    pub title: Option<String>,
    /// What its listing is named.
    pub listing: Blake3,
}

/// All releases of a bundle, and the listing that the folder is held to.
#[derive(Debug, Default)]
pub(crate) struct Releases {
    /// The latest first.
    pub all: Vec<Release>,
    /// What the folder has to be; `None` if no release counts.
    pub held_to: Option<HeldTo>,
}

/// The release that a folder is held to.
#[derive(Debug)]
pub(crate) struct HeldTo {
    pub listing: Blake3,
    /// `None` if it is not in the bundle, or is not a listing.
    pub tree: Option<Tree>,
    /// Everybody who released just this.
    pub by: Vec<String>,
    pub title: Option<String>,
}

impl Releases {
    /// Compares the folder with the releases of its bundle. If it is none of those that count, it is held to the latest.
    pub fn of(covering: &Covering<'_>, scan: &Scan) -> Self {
        // One statement may be in several envelopes.
        let statements: BTreeMap<StatementId, &VerifiedStatement> = covering
            .intact()
            .statements()
            .iter()
            .filter(|statement| statement.listing().is_some() && !covering.is_apart(statement.id()))
            .map(|statement| (statement.id(), statement))
            .collect();
        let counting: BTreeMap<StatementId, Vec<String>> =
            statements.values().filter_map(|statement| Some((statement.id(), covering.signer(statement)?))).collect();
        let replaced = replaced(covering, &statements, &counting);
        // Many releases may name one listing.
        let mut trees: HashMap<Blake3, (Option<Tree>, bool)> = HashMap::new();
        let mut all: Vec<Release> = Vec::with_capacity(statements.len());
        for (id, statement) in &statements {
            let listing = statement.record().blake3;
            let state = if covering.is_revoked(*id) {
                ReleaseState::Revoked
            } else if replaced.contains(id) {
                ReleaseState::Replaced
            } else {
                let (tree, is_same) = trees.entry(listing).or_insert_with(|| {
                    let tree = covering.intact().tree(listing);
                    let is_same = tree.as_ref().is_some_and(|tree| is_same(tree, scan));
                    (tree, is_same)
                });
                match (tree, is_same) {
                    (Some(_), true) => ReleaseState::Same,
                    (Some(_), false) => ReleaseState::Differs,
                    (None, _) => ReleaseState::Unlisted,
                }
            };
            let title = match statement.predicate() {
                Predicate::Release(release) => release.title.clone(),
                _ => None,
            };
            let by = counting.get(id).cloned().unwrap_or_else(|| vec![statement.key().fingerprint()]);
            all.push(Release { statement: *id, state, by, created: statement.created(), title, listing });
        }
        all.sort_by_key(|release| Reverse((release.created, release.statement)));
        let counts = |release: &&Release| release.state <= ReleaseState::Unlisted;
        let chosen = all.iter().find(|release| release.state == ReleaseState::Same).or_else(|| all.iter().find(counts));
        let held_to = chosen.map(|chosen| {
            let same = all.iter().filter(counts).filter(|release| release.listing == chosen.listing);
            let by: BTreeSet<String> = same.flat_map(|release| release.by.iter().cloned()).collect();
            HeldTo {
                listing: chosen.listing,
                tree: trees.remove(&chosen.listing).and_then(|(tree, _)| tree),
                by: by.into_iter().collect(),
                title: chosen.title.clone(),
            }
        });
        Self { all, held_to }
    }
}

/// Releases that another one follows: with a signers file any that counts, else one of the same key.
///
/// A release that follows something that is not here may follow any earlier release of its key, so it replaces them all: otherwise whoever
/// leaves out the one between them brings back the older.
fn replaced(
    covering: &Covering<'_>,
    statements: &BTreeMap<StatementId, &VerifiedStatement>,
    counting: &BTreeMap<StatementId, Vec<String>>,
) -> HashSet<StatementId> {
    let here = covering.statements_here();
    let is_cut = |statement: &VerifiedStatement| statement.previous().iter().any(|earlier| !here.contains(earlier));
    let mut cuts: HashMap<[u8; 32], Time> = HashMap::new();
    for statement in counting.keys().filter_map(|id| statements.get(id)).filter(|statement| is_cut(statement)) {
        let latest = cuts.entry(*statement.key().as_bytes()).or_insert(statement.created());
        *latest = (*latest).max(statement.created());
    }
    let is_before = |statement: &&&VerifiedStatement| {
        cuts.get(statement.key().as_bytes())
            .is_some_and(|cut| statement.created() < *cut || (statement.created() == *cut && !is_cut(statement)))
    };
    let mut replaced: HashSet<StatementId> = statements.values().filter(is_before).map(|one| one.id()).collect();
    let mut open: Vec<StatementId> = counting.keys().chain(&replaced).copied().collect();
    while let Some(id) = open.pop() {
        let Some(statement) = statements.get(&id) else { continue };
        for earlier in statement.previous() {
            let has_right =
                |earlier: &&VerifiedStatement| covering.asks_for_trust() || earlier.key() == statement.key();
            if statements.get(earlier).is_some_and(has_right) && replaced.insert(*earlier) {
                open.push(*earlier);
            }
        }
    }
    replaced
}

/// Whether a file is what a listing says of it. What was not computed is not compared.
pub(crate) fn is_file(held: &Held, file: &TreeFile) -> bool {
    let Held::Bytes { digest, size } = held else { return false };
    *size == file.size
        && digest.blake3() == Some(file.digest.blake3)
        && digest.sha256().is_none_or(|sha256| sha256 == file.digest.sha256)
}

/// Whether the folder has the files of a listing, and no others.
fn is_same(tree: &Tree, scan: &Scan) -> bool {
    let same = |((path, held), file): (&(_, Held), &TreeFile)| *path == file.path && is_file(held, file);
    scan.skipped.is_empty()
        && scan.alike.is_empty()
        && scan.files.len() == tree.files().len()
        && scan.files.iter().zip(tree.files()).all(same)
}
