//! The releases of a folder: which count, and which of them the folder is (spec/directory.md,
//! "Releases").

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use expbundle::folder::{ReleaseReport, ReleaseState, RevokedBy};
use expbundle::judge::Verdict;
use expbundle::verify::{Digests, Intact};
use expbundle_format::time::Time;
use expbundle_format::tree::{Tree, TreeFile};
use expbundle_format::{Blake3, DigestSet, StatementId};
use expbundle_statement::{Identity, Predicate, VerifiedStatement};

use crate::covering::Covering;
use crate::outputs::Here;
use crate::scan::{Held, Scan};

/// All releases of a bundle, and the listing that the folder is held to.
#[derive(Debug, Default)]
pub(crate) struct Releases {
    /// The latest first.
    pub all: Vec<ReleaseReport>,
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
    /// Compares the folder with the releases of its bundle. If it is none of those that count, it
    /// is held to the latest.
    pub fn of(covering: &Covering<'_>, scan: &Scan) -> Self {
        // One statement may be in several envelopes.
        let (statements, counting) = released(covering.intact(), covering);
        let Order { replaced, rivals } = order(covering, &statements, &counting);
        let revocations = covering.revocations();
        // Many releases may name one listing.
        let mut comparisons: HashMap<DigestSet, Option<Shared>> = HashMap::new();
        let (files, own) = (Here::of(scan), Here::of_own(scan));
        let mut all: Vec<ReleaseReport> = Vec::with_capacity(statements.len());
        for (id, statement) in &statements {
            let listing = statement.record();
            let shared = *comparisons.entry(listing).or_insert_with(|| {
                let tree = covering.intact().released(listing)?;
                let count =
                    |here: &Here| tree.files().iter().filter(|file| here.has_bytes(&file.digest.into())).count();
                Some(Shared {
                    same: is_same(&tree, scan, covering.digests()),
                    listed: tree.files().len() as u64,
                    here: count(&files) as u64,
                    names_files: count(&own) > 0,
                })
            });
            let same = shared.map(|shared| shared.same);
            let state = match same {
                _ if covering.is_revoked(*id) => ReleaseState::Revoked,
                _ if replaced.contains(id) => ReleaseState::Replaced,
                Some(true) => ReleaseState::Same,
                Some(false) => ReleaseState::Differs,
                None => ReleaseState::Unlisted,
            };
            let title = match statement.predicate() {
                Predicate::Release(release) => release.title.clone(),
                _ => None,
            };
            let by = counting.get(id).cloned().unwrap_or_else(|| vec![statement.identity().to_string()]);
            let revoked_by = covering.is_revoked(*id).then(|| revocations.of(statement)).flatten();
            all.push(ReleaseReport {
                statement: *id,
                state,
                by,
                created: statement.created(),
                title,
                same: same == Some(true),
                listed: shared.map(|shared| shared.listed),
                here: shared.map_or(0, |shared| shared.here),
                names_files: shared.is_some_and(|shared| shared.names_files),
                signed_anew: false,
                listing: listing.blake3,
                revoked_by,
            });
        }
        // The folder has to be every one of the releases that may have replaced each other.
        let mut differ: HashSet<StatementId> = HashSet::new();
        for those in rivals.iter().map(|rivals| rivals.iter().copied().collect::<HashSet<_>>()) {
            let mut states =
                all.iter().filter(|release| those.contains(&release.statement)).map(|release| release.state);
            if states.any(|state| state != ReleaseState::Same) {
                differ.extend(those);
            }
        }
        for release in &mut all {
            if release.state == ReleaseState::Same && differ.contains(&release.statement) {
                release.state = ReleaseState::Replaced;
            }
        }
        let signer = |release: &ReleaseReport| Some(statements.get(&release.statement)?.identity());
        let mut last: HashMap<&Identity, Time> = HashMap::new();
        for release in all.iter().filter(|release| release.state == ReleaseState::Same) {
            let Some(signer) = signer(release) else { continue };
            let created = last.entry(signer).or_insert(release.created);
            *created = release.created.max(*created);
        }
        for release in all.iter_mut().filter(|release| release.state == ReleaseState::Revoked) {
            // What somebody else took back stays an objection, until they release the files themselves.
            let statement = statements.get(&release.statement);
            release.signed_anew = statement.is_some_and(|one| revocations.is_settled(one, |by| last.get(by).copied()));
        }
        all.sort_by_key(|release| Reverse((release.created, release.statement)));
        let counts = |release: &&ReleaseReport| release.state <= ReleaseState::Unlisted;
        let chosen = all.iter().find(|release| release.state == ReleaseState::Same).or_else(|| all.iter().find(counts));
        let held_to = chosen.map(|chosen| {
            // Of one BLAKE3 with two SHA-256 one is false, and that release is without its listing.
            let is_it = |release: &&ReleaseReport| (release.listing, release.state) == (chosen.listing, chosen.state);
            let same = all.iter().filter(is_it);
            let titles: BTreeSet<Option<&str>> = same.clone().map(|release| release.title.as_deref()).collect();
            let by: BTreeSet<String> = same.flat_map(|release| release.by.iter().cloned()).collect();
            HeldTo {
                listing: chosen.listing,
                tree: statements.get(&chosen.statement).and_then(|one| covering.intact().released(one.record())),
                by: by.into_iter().collect(),
                // One signer's title is not said of another.
                title: chosen.title.clone().filter(|_| titles.len() == 1),
            }
        });
        Self { all, held_to }
    }
}

/// What a listing and a folder have in common.
#[derive(Clone, Copy)]
struct Shared {
    same: bool,
    listed: u64,
    here: u64,
    names_files: bool,
}

/// Releases, whether or not they count, that are not known to list just this folder.
pub(crate) fn of_other_folders(intact: &Intact, scan: &Scan, digests: Digests) -> BTreeSet<StatementId> {
    let mut comparisons: HashMap<DigestSet, bool> = HashMap::new();
    let mut is_other = |listing: DigestSet| {
        let compare = || !intact.released(listing).is_some_and(|tree| is_same(&tree, scan, digests));
        *comparisons.entry(listing).or_insert_with(compare)
    };
    let releases = intact.statements().iter().filter(|statement| statement.listing().is_some());
    releases.filter(|release| is_other(release.record())).map(VerifiedStatement::id).collect()
}

/// The releases of a bundle that count and that no other one replaced, the latest first, whatever
/// the folder holds.
pub fn releases_that_stand<'a>(intact: &'a Intact, verdict: &Verdict) -> Vec<&'a VerifiedStatement> {
    let covering = Covering::new(intact, verdict, verdict.signers_checked, Digests::Blake3);
    let (statements, counting) = released(intact, &covering);
    let Order { replaced, .. } = order(&covering, &statements, &counting);
    let stands = |one: &&VerifiedStatement| counting.contains_key(&one.id()) && !replaced.contains(&one.id());
    let mut standing: Vec<&VerifiedStatement> = statements.values().copied().filter(stands).collect();
    standing.sort_by_key(|statement| Reverse((statement.created(), statement.id())));
    standing
}

/// A release that was taken back.
#[derive(Debug)]
pub struct RevokedRelease<'a> {
    /// The release.
    pub release: &'a VerifiedStatement,
    /// Who took it back first.
    pub by: RevokedBy,
    /// Whether everybody who did released the files that are asked about anew.
    pub is_settled: bool,
}

/// The releases of a bundle that were taken back; `anew` are those that count and list the files that
/// are asked about.
pub fn revoked_releases<'a>(
    intact: &'a Intact,
    verdict: &Verdict,
    anew: &[&VerifiedStatement],
) -> Vec<RevokedRelease<'a>> {
    let covering = Covering::new(intact, verdict, verdict.signers_checked, Digests::Blake3);
    let revocations = covering.revocations();
    let (statements, _) = released(intact, &covering);
    let revoked = statements.into_values().filter(|one| covering.is_revoked(one.id()));
    let last = |by: &Identity| anew.iter().filter(|one| one.identity() == by).map(|one| one.created()).max();
    let of = |release| {
        let by = revocations.of(release)?;
        Some(RevokedRelease { release, by, is_settled: revocations.is_settled(release, last) })
    };
    revoked.filter_map(of).collect()
}

/// The releases of a bundle, and the signers of those that count.
fn released<'a>(intact: &'a Intact, covering: &Covering<'_>) -> (Group<'a>, BTreeMap<StatementId, Vec<String>>) {
    let statements: Group<'a> = intact
        .statements()
        .iter()
        .filter(|statement| statement.listing().is_some() && !covering.is_apart(statement.id()))
        .map(|statement| (statement.id(), statement))
        .collect();
    let counting = statements.values().filter_map(|statement| Some((statement.id(), covering.signer(statement)?)));
    let counting = counting.collect();
    (statements, counting)
}

/// Releases that follow something which is not here, of which it is found out what follows all of
/// them (spec/directory.md, "Releases").
const MOST_CUT: usize = 64;

/// Which releases were replaced, and which cannot be told apart.
#[derive(Default)]
struct Order {
    replaced: HashSet<StatementId>,
    /// Releases of one order, each of which may have replaced the others.
    rivals: Vec<Vec<StatementId>>,
}

/// Releases that another one takes the place of: with a signers file any that counts, else one of
/// the same key.
///
/// A release that follows something that is not here may follow any that does not follow it, so it
/// replaces all of them: otherwise whoever leaves out the one between them brings back an older
/// one. Where that leaves none, no date decides: whoever leaves out more could choose among them.
fn order<'a>(
    covering: &Covering<'_>,
    statements: &BTreeMap<StatementId, &'a VerifiedStatement>,
    counting: &BTreeMap<StatementId, Vec<String>>,
) -> Order {
    // Without a signers file each key speaks for itself.
    let mut groups: HashMap<Option<&Identity>, Group<'a>> = HashMap::new();
    for (id, statement) in statements {
        let group = (!covering.asks_for_trust()).then(|| statement.identity());
        groups.entry(group).or_default().insert(*id, *statement);
    }
    let here = covering.statements_here();
    let is_cut = |statement: &VerifiedStatement| statement.previous().iter().any(|earlier| !here.contains(earlier));
    let mut found = Order::default();
    for group in groups.values() {
        let counts = |statement: &&VerifiedStatement| counting.contains_key(&statement.id());
        let followed = followed(group, group.values().copied().filter(counts));
        let order = in_order(group);
        // By release, those of the cut ones that it is or follows, a bit each.
        let (mut behind, mut cut) = (HashMap::new(), 0);
        for statement in &order {
            let mut bits = statement.previous().iter().filter_map(|one| behind.get(one)).fold(0, |all, one| all | one);
            if counts(statement) && is_cut(statement) {
                bits |= 1_u64 << cut.min(MOST_CUT - 1);
                cut += 1;
            }
            if bits > 0 {
                behind.insert(statement.id(), bits);
            }
        }
        found.replaced.extend(&followed);
        if cut == 0 {
            continue;
        }
        let all = u64::MAX >> (MOST_CUT - cut.min(MOST_CUT));
        let follows_all = |id: &StatementId| cut <= MOST_CUT && behind.get(id) == Some(&all);
        let is_last = group.keys().any(|id| counting.contains_key(id) && follows_all(id));
        let is_spared = |id: &StatementId| if is_last { follows_all(id) } else { behind.contains_key(id) };
        found.replaced.extend(group.keys().filter(|id| !is_spared(id)));
        if !is_last {
            let left = |id: &&StatementId| counting.contains_key(id) && !found.replaced.contains(id);
            found.rivals.push(group.keys().filter(left).copied().collect());
        }
    }
    found
}

/// The releases of one order.
type Group<'a> = BTreeMap<StatementId, &'a VerifiedStatement>;

/// What these releases follow, directly or through others of the order.
fn followed<'a>(group: &Group<'a>, of: impl IntoIterator<Item = &'a VerifiedStatement>) -> HashSet<StatementId> {
    let mut open: Vec<&VerifiedStatement> = of.into_iter().collect();
    let mut found = HashSet::new();
    while let Some(statement) = open.pop() {
        for earlier in statement.previous().iter().filter_map(|earlier| group.get(earlier)) {
            if found.insert(earlier.id()) {
                open.push(earlier);
            }
        }
    }
    found
}

/// Releases by date, then id, but each behind those that it follows, whatever their dates.
fn in_order<'a>(statements: &Group<'a>) -> Vec<&'a VerifiedStatement> {
    let mut followers: HashMap<StatementId, Vec<StatementId>> = HashMap::new();
    let mut waits_for: HashMap<StatementId, usize> = HashMap::new();
    for statement in statements.values() {
        let earlier: BTreeSet<StatementId> = statement.previous().iter().copied().collect();
        for earlier in earlier.into_iter().filter(|earlier| statements.contains_key(earlier)) {
            followers.entry(earlier).or_default().push(statement.id());
            *waits_for.entry(statement.id()).or_default() += 1;
        }
    }
    let place = |statement: &VerifiedStatement| (statement.created(), statement.id());
    let free = statements.values().filter(|statement| !waits_for.contains_key(&statement.id()));
    let mut free: BTreeSet<(Time, StatementId)> = free.map(|statement| place(statement)).collect();
    let mut order = Vec::with_capacity(statements.len());
    while let Some(statement) = free.pop_first().and_then(|(_, id)| statements.get(&id)) {
        order.push(*statement);
        for follower in followers.get(&statement.id()).into_iter().flatten() {
            let Some(count) = waits_for.get_mut(follower) else { continue };
            *count -= 1;
            if *count == 0 {
                free.extend(statements.get(follower).map(|follower| place(follower)));
            }
        }
    }
    order
}

/// Whether a file is what a listing says of it.
pub(crate) fn is_file(held: &Held, file: &TreeFile, digests: Digests) -> bool {
    let Held::Bytes { digest, size } = held else { return false };
    *size == file.size
        && digest.blake3() == Some(file.digest.blake3)
        && (digests == Digests::Blake3 || digest.sha256() == Some(file.digest.sha256))
}

/// Whether the folder has the files of a listing, and no others.
fn is_same(tree: &Tree, scan: &Scan, digests: Digests) -> bool {
    let same = |((path, held), file): (&(_, Held), &TreeFile)| *path == file.path && is_file(held, file, digests);
    scan.skipped.is_empty()
        && scan.alike.is_empty()
        && scan.files.len() == tree.files().len()
        && scan.files.iter().zip(tree.files()).all(same)
}
