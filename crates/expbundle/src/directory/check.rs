//! Comparing the files of a folder with what records say (spec/directory.md).
//!
//! Bytes decide: a file is the one that a record speaks of because its digest agrees, whatever its name. Names serve
//! only to notice that something else stands where a record's file should be.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io;
use std::sync::Arc;

use camino::Utf8Path;
use expbundle_format::record::{Form, Word, role};
use expbundle_format::tree::TreePath;
use expbundle_format::{Agreement, ArtifactDigests, Code, Finding, Place, RecordId};
use rayon::prelude::*;

use super::pointer::{MAX_POINTER_BYTES, Pointer, PointerError};
use super::{BUNDLE_NAME, CheckedFile, FileState};
use crate::hash::{self, HashError, ListedFile, Progress, Skipped, Wanted, WhySkipped};

/// What it means to a directory that a file is not here, or another in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stake {
    /// The directory is about it: it is missed, and what stands in its place is noticed.
    Expected,
    /// It came with what the directory is about: other bytes at its path are noticed.
    Watched,
    /// Something in the history of what the directory is about.
    Known,
}

/// One artifact, as a record speaks of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Which record.
    pub record: RecordId,
    /// What its absence means.
    pub stake: Stake,
    /// A tree stands for its files where its listing is not here; no file is it.
    pub form: Form,
    /// What it was to the record.
    pub role: Word,
    /// Its digests.
    pub digest: ArtifactDigests,
    /// Its size in bytes.
    pub size: u64,
    /// Paths and names by which the record knows it; none if that section is withheld.
    pub names: Arc<[String]>,
}

impl Claim {
    /// Whether the bytes matter to what a model is.
    pub fn carries_lineage(&self) -> bool {
        role::LINEAGE.contains(&self.role.as_str())
    }
}

/// What should be here, by what gives a file away that stands in its place. Of several the first counts.
#[derive(Default)]
struct Places<'a> {
    /// Of everything that is expected or watched, whether or not its bytes are elsewhere in the directory.
    by_path: HashMap<&'a str, &'a Claim>,
    /// These of what is missed only.
    by_last_name: HashMap<&'a str, &'a Claim>,
    by_size: HashMap<u64, &'a Claim>,
    unnamed: Option<&'a Claim>,
}

impl<'a> Places<'a> {
    fn new(claims: &'a [Claim], missed: &[&'a Claim]) -> Self {
        let mut places = Self::default();
        for claim in claims.iter().filter(|claim| claim.stake <= Stake::Watched) {
            for name in &*claim.names {
                places.by_path.entry(name).or_insert(claim);
            }
        }
        for claim in missed.iter().copied().filter(|claim| claim.carries_lineage()) {
            for name in &*claim.names {
                places.by_last_name.entry(last_name(name)).or_insert(claim);
            }
            // Weights of the very size of weights that are missing are those weights, changed: no two models are that alike.
            if claim.size > 0 && claim.form == Form::File {
                places.by_size.entry(claim.size).or_insert(claim);
            }
            if claim.names.is_empty() {
                places.unnamed = places.unnamed.or(Some(claim));
            }
        }
        places
    }

    /// What should stand where this file does. `some_here` says whether weights that the records put out are here.
    fn of(&self, path: &str, held: &Held, some_here: bool) -> Option<&'a Claim> {
        let by_size = || if let Held::Bytes { size, .. } = held { self.by_size.get(size).copied() } else { None };
        // Where names are withheld, weights that nobody speaks of stand for those that are missing, if none of them is here.
        let unnamed = || self.unnamed.filter(|_| !some_here && looks_like_weights(path));
        let named = self.by_path.get(path).or_else(|| self.by_last_name.get(last_name(path))).copied();
        named.or_else(by_size).or_else(unnamed)
    }
}

fn last_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// What a file in the folder is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// Its bytes were read.
    Bytes {
        /// Their digests.
        digest: ArtifactDigests,
        /// Their number.
        size: u64,
    },
    /// A Git LFS pointer stands for it.
    Pointer(Pointer),
    /// It begins like a pointer and is none.
    BrokenPointer(PointerError),
}

/// A folder's files with their digests.
#[derive(Clone, Debug, Default)]
pub struct Scan {
    /// Sorted by path.
    pub files: Vec<(TreePath, Held)>,
    /// What was not read.
    pub skipped: Vec<Skipped>,
}

/// Reads every file of a folder but the bundle and git's own folder.
pub fn scan(folder: &Utf8Path, wanted: Wanted, progress: Progress<'_>) -> Result<Scan, HashError> {
    let own = |path: &str| path == BUNDLE_NAME || SKIPPED.contains(&path);
    let (mut listed, mut skipped) = hash::list_files(folder, &own)?;
    skipped.retain(|skipped| match leads_to(folder, skipped) {
        Target::File => {
            let file = TreePath::from_plain(&skipped.path).ok().filter(|path| path.as_str() != BUNDLE_NAME);
            listed.extend(file.map(|path| ListedFile { path, size: 0 }));
            false
        }
        // What is in it is read where it lies.
        Target::Folder => false,
        Target::Elsewhere => true,
    });
    listed.sort_by(|a, b| a.path.cmp(&b.path));
    let read: Vec<_> = listed
        .into_par_iter()
        .map(|file| {
            let held = hold(&file.on_disk(folder), wanted, progress);
            (file.path, held)
        })
        .collect();
    let mut files = Vec::with_capacity(read.len());
    for (path, held) in read {
        match held {
            Ok(held) => files.push((path, held)),
            Err(error) => {
                let why = match &error {
                    HashError::Read { source, .. } => source.to_string(),
                    other => other.to_string(),
                };
                skipped.push(Skipped { path: path.to_plain(), why: WhySkipped::Unreadable(why) });
            }
        }
    }
    Ok(Scan { files, skipped })
}

/// Folders that are no part of what is passed on.
const SKIPPED: [&str; 2] = [".git", ".cache/huggingface"];

/// Where a link leads.
enum Target {
    /// To a regular file in the folder.
    File,
    /// To a folder in the folder whose files are read.
    Folder,
    /// Out of the folder, nowhere, or it is no link.
    Elsewhere,
}

fn leads_to(folder: &Utf8Path, skipped: &Skipped) -> Target {
    if skipped.why != WhySkipped::Link {
        return Target::Elsewhere;
    }
    target(folder, &folder.join(&skipped.path)).unwrap_or(Target::Elsewhere)
}

fn target(folder: &Utf8Path, link: &Utf8Path) -> Option<Target> {
    let (target, folder) = (fs::canonicalize(link).ok()?, fs::canonicalize(folder).ok()?);
    let inside = target.strip_prefix(folder).ok()?;
    if target.is_file() {
        return Some(Target::File);
    }
    let is_read = !SKIPPED.iter().any(|skipped| inside.starts_with(skipped));
    (target.is_dir() && is_read).then_some(Target::Folder)
}

/// Whether a link leads to a regular file in the folder.
pub fn is_link_inside(folder: &Utf8Path, link: &Utf8Path) -> bool {
    matches!(target(folder, link), Some(Target::File))
}

fn hold(path: &Utf8Path, wanted: Wanted, progress: Progress<'_>) -> Result<Held, HashError> {
    let describe = |source: io::Error| HashError::Read { path: path.to_owned(), source };
    let size = fs::metadata(path).map_err(describe)?.len();
    if size < MAX_POINTER_BYTES {
        match Pointer::parse(&fs::read(path).map_err(describe)?) {
            Ok(Some(pointer)) => return Ok(Held::Pointer(pointer)),
            Ok(None) => {}
            Err(error) => return Ok(Held::BrokenPointer(error)),
        }
    }
    let hashed = hash::hash_file(path, wanted, progress)?;
    Ok(Held::Bytes { digest: hashed.digests(), size: hashed.size })
}

/// Which digests of the files the claims need.
pub fn wanted(claims: &[Claim], all: bool) -> Wanted {
    if all || claims.iter().any(|claim| claim.digest.blake3().is_none()) { Wanted::Both } else { Wanted::Blake3Only }
}

/// Compares a folder with what records say. Files come in the order of their paths, findings after them.
pub fn compare(scan: &Scan, claims: &[Claim]) -> (Vec<CheckedFile>, Vec<Finding>) {
    let index = Index::new(claims);
    let mut findings: Vec<Finding> = scan.skipped.iter().map(Skipped::finding).collect();
    let mut found = BTreeSet::new();
    let matches: Vec<Vec<usize>> = scan.files.iter().map(|(_, held)| index.find(held)).collect();
    found.extend(matches.iter().flatten().copied());
    let same_digest = |at: &usize| claims.get(*at).map(|claim| claim.digest);
    let found_digests: BTreeSet<_> = found.iter().filter_map(same_digest).collect();
    let is_missed = |claim: &&Claim| {
        claim.stake == Stake::Expected && (claim.form == Form::Tree || !found_digests.contains(&claim.digest))
    };
    let missed: Vec<&Claim> = claims.iter().filter(is_missed).collect();
    let places = Places::new(claims, &missed);
    let some_here = found
        .iter()
        .filter_map(|at| claims.get(*at))
        .any(|claim| claim.stake == Stake::Expected && claim.carries_lineage());
    let mut files = Vec::with_capacity(scan.files.len());
    let mut replaced = BTreeSet::new();
    for ((path, held), matches) in scan.files.iter().zip(&matches) {
        let plain = path.to_plain();
        let digest = held_digests(held);
        let of_this: Vec<&Claim> = matches.iter().filter_map(|at| claims.get(*at)).collect();
        // What the directory is about speaks first, then other records in the order of their ids.
        let best = of_this.iter().copied().min_by_key(|claim| (claim.stake, claim.record));
        let place = || Place::entry(&plain);
        let (state, claim) = if let Some(claim) = best {
            check_match(held, &of_this, &place(), &mut findings);
            let state = if matches!(held, Held::Pointer(_)) { FileState::Pointer } else { FileState::Verified };
            (state, Some(claim))
        } else if let Some(claim) = places.of(&plain, held, some_here) {
            replaced.insert(claim.digest);
            let message = format!("it is {}, and the record speaks of {}", describe(held), claim.digest);
            findings.push(Finding::new(Code::ArtifactChanged, place(), message));
            (FileState::Changed, Some(claim))
        } else {
            let message = match held {
                Held::BrokenPointer(error) => format!("no record speaks of it; {error}"),
                _ => format!("no record speaks of it; it is {}", describe(held)),
            };
            findings.push(Finding::new(Code::DirectoryExtraFile, place(), message));
            (FileState::Unknown, None)
        };
        let (record, role) = claim.map(|claim| (claim.record, claim.role.clone())).unzip();
        files.push(CheckedFile { path: plain, state, digest, record, role });
    }
    let mut absent = replaced.clone();
    for claim in missed.iter().filter(|claim| claim.carries_lineage()) {
        // The same bytes may be told of by themselves and in a tree.
        if absent.insert(claim.digest) {
            let name = claim.names.first().map_or_else(|| claim.digest.to_string(), Clone::clone);
            let message = format!("the {} `{name}` of the record is not here", claim.role);
            findings.push(Finding::new(Code::ArtifactAbsent, Place::entry(name), message));
        }
    }
    let is_model = |claim: &Claim| [role::MODEL, role::ADAPTER, role::CHECKPOINT].contains(&claim.role.as_str());
    if !some_here && replaced.is_empty() && missed.iter().any(|claim| is_model(claim)) {
        let message = "none of the files here is a model that the records put out";
        findings.push(Finding::new(Code::DirectoryNoOutput, Place::unknown(), message));
    }
    (files, findings)
}

/// By the ends of names that model repositories have.
pub(super) fn looks_like_weights(path: &str) -> bool {
    const ENDS: &[&str] = &[".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".onnx", ".gguf", ".h5", ".npz", ".pkl"];
    let path = path.to_ascii_lowercase();
    ENDS.iter().any(|end| path.ends_with(end))
}

/// Where two bundles of one directory contradict each other: a file is for one what it should be, and for the other not.
pub fn disagreements(one: &[CheckedFile], other: &[CheckedFile]) -> Vec<Finding> {
    let state_in_other: BTreeMap<&str, FileState> = other.iter().map(|file| (file.path.as_str(), file.state)).collect();
    let is_known = |state: FileState| matches!(state, FileState::Verified | FileState::Pointer);
    let contradicts = |a: FileState, b: FileState| is_known(a) && b == FileState::Changed;
    let disputed = one.iter().filter(|file| {
        let other = state_in_other.get(file.path.as_str());
        other.is_some_and(|other| contradicts(file.state, *other) || contradicts(*other, file.state))
    });
    let message = "it is what one bundle speaks of, and not what the other does";
    disputed.map(|file| Finding::new(Code::DirectoryBundlesDisagree, Place::entry(&file.path), message)).collect()
}

/// A digest agrees; the rest must too.
fn check_match(held: &Held, claims: &[&Claim], place: &Place, findings: &mut Vec<Finding>) {
    let (digest, size) = match held {
        Held::Bytes { digest, size } => (*digest, *size),
        Held::Pointer(pointer) => {
            let message = format!("a pointer to {} bytes with SHA-256 {}", pointer.size, pointer.sha256);
            findings.push(Finding::new(Code::ArtifactPointer, place.clone(), message));
            (pointer.sha256.into(), pointer.size)
        }
        Held::BrokenPointer(_) => return,
    };
    for claim in claims {
        if claim.digest.agreement(&digest) == Agreement::Conflict {
            let message = format!(
                "its digests are {digest}, and record {} has another one beside {}",
                claim.record, claim.digest
            );
            findings.push(Finding::new(Code::ArtifactDigestConflict, place.clone(), message));
        } else if claim.size != size {
            let message = format!("{size} bytes, and record {} says {}", claim.record, claim.size);
            findings.push(Finding::new(Code::DigestSize, place.clone(), message));
        }
    }
}

fn held_digests(held: &Held) -> Option<ArtifactDigests> {
    match held {
        Held::Bytes { digest, .. } => Some(*digest),
        Held::Pointer(pointer) => Some(pointer.sha256.into()),
        Held::BrokenPointer(_) => None,
    }
}

fn describe(held: &Held) -> String {
    match held {
        Held::Bytes { digest, size } => format!("{digest} ({size} bytes)"),
        Held::Pointer(pointer) => format!("a Git LFS pointer to sha256:{} ({} bytes)", pointer.sha256, pointer.size),
        Held::BrokenPointer(_) => "a broken Git LFS pointer".to_owned(),
    }
}

/// Claims by digest.
struct Index {
    by_blake3: BTreeMap<expbundle_format::Blake3, Vec<usize>>,
    by_sha256: BTreeMap<expbundle_format::Sha256, Vec<usize>>,
}

impl Index {
    fn new(claims: &[Claim]) -> Self {
        let (mut by_blake3, mut by_sha256) = (BTreeMap::<_, Vec<usize>>::new(), BTreeMap::<_, Vec<usize>>::new());
        for (at, claim) in claims.iter().enumerate().filter(|(_, claim)| claim.form == Form::File) {
            if let Some(blake3) = claim.digest.blake3() {
                by_blake3.entry(blake3).or_default().push(at);
            }
            if let Some(sha256) = claim.digest.sha256() {
                by_sha256.entry(sha256).or_default().push(at);
            }
        }
        Self { by_blake3, by_sha256 }
    }

    /// Claims that share a digest with a file. A transformed pointer shares none: its SHA-256 is of other bytes.
    fn find(&self, held: &Held) -> Vec<usize> {
        let (blake3, sha256) = match held {
            Held::Bytes { digest, .. } => (digest.blake3(), digest.sha256()),
            Held::Pointer(pointer) if !pointer.transformed => (None, Some(pointer.sha256)),
            Held::Pointer(_) | Held::BrokenPointer(_) => (None, None),
        };
        let by_blake3 = blake3.and_then(|blake3| self.by_blake3.get(&blake3));
        let by_sha256 = sha256.and_then(|sha256| self.by_sha256.get(&sha256));
        let all: BTreeSet<usize> = by_blake3.into_iter().chain(by_sha256).flatten().copied().collect();
        all.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use camino::Utf8PathBuf;
    use expbundle_format::{Blake3, DigestSet, Sha256};

    use super::*;

    fn claim(name: &str, bytes: &[u8]) -> Claim {
        Claim {
            record: RecordId(Blake3::of(b"a record")),
            stake: Stake::Expected,
            form: Form::File,
            role: "model".parse().expect("a role"),
            digest: DigestSet::of(bytes).into(),
            size: bytes.len() as u64,
            names: [name.to_owned()].into(),
        }
    }

    fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).expect("a UTF-8 path");
        (folder, path)
    }

    #[track_caller]
    fn case(folder: &Utf8Path, claims: &[Claim], want_states: &[(&str, FileState)], want_codes: &[Code]) {
        for all in [false, true] {
            let scan = scan(folder, wanted(claims, all), &|_| ()).expect("a readable folder");
            let (files, findings) = compare(&scan, claims);
            let states: Vec<_> = files.iter().map(|file| (file.path.as_str(), file.state)).collect();
            assert_eq!(states, want_states);
            assert_eq!(findings.iter().map(|finding| finding.code).collect::<Vec<_>>(), want_codes, "{findings:?}");
        }
    }

    fn pointer(bytes: &[u8]) -> String {
        let (sha256, size) = (Sha256::of(bytes), bytes.len());
        format!("version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n")
    }

    #[test]
    fn files_are_known_by_their_bytes() {
        let (_guard, folder) = folder();
        let claims = [claim("weights/model.safetensors", b"weights")];
        fs::write(folder.join("renamed.bin"), b"weights").expect("room");
        case(&folder, &claims, &[("renamed.bin", FileState::Verified)], &[]);
        fs::write(folder.join("README.md"), b"card").expect("room");
        let want = [("README.md", FileState::Unknown), ("renamed.bin", FileState::Verified)];
        case(&folder, &claims, &want, &[Code::DirectoryExtraFile]);
        let only_sha256 = Claim { digest: Sha256::of(b"weights").into(), ..claims[0].clone() };
        case(&folder, &[only_sha256], &want, &[Code::DirectoryExtraFile]);
    }

    #[test]
    fn a_file_that_was_changed_cut_short_or_is_missing_is_found() {
        let (_guard, folder) = folder();
        let path = folder.join("model.safetensors");
        let claims = [claim("weights/model.safetensors", b"weights")];
        case(&folder, &claims, &[], &[Code::ArtifactAbsent, Code::DirectoryNoOutput]);
        for other in [&b"weightz"[..], b"weigh", b"", b"weights "] {
            fs::write(&path, other).expect("room");
            case(&folder, &claims, &[("model.safetensors", FileState::Changed)], &[Code::ArtifactChanged]);
        }
    }

    #[test]
    fn a_pointer_is_said_to_be_one_and_a_wrong_one_is_found() {
        let (_guard, folder) = folder();
        let path = folder.join("model.safetensors");
        let claims = [claim("model.safetensors", b"weights")];
        fs::write(&path, pointer(b"weights")).expect("room");
        case(&folder, &claims, &[("model.safetensors", FileState::Pointer)], &[Code::ArtifactPointer]);
        fs::write(&path, pointer(b"other")).expect("room");
        case(&folder, &claims, &[("model.safetensors", FileState::Changed)], &[Code::ArtifactChanged]);
        fs::write(&path, pointer(b"weights").replace("size 7", "size 8")).expect("room");
        let codes = [Code::ArtifactPointer, Code::DigestSize];
        case(&folder, &claims, &[("model.safetensors", FileState::Pointer)], &codes);
        fs::write(&path, pointer(b"weights").replace("size 7", "size x")).expect("room");
        case(&folder, &claims, &[("model.safetensors", FileState::Changed)], &[Code::ArtifactChanged]);
    }

    #[test]
    fn changed_weights_are_noticed_though_their_name_is_withheld() {
        let (_guard, folder) = folder();
        let unnamed = |bytes: &[u8]| Claim { names: Arc::default(), ..claim("", bytes) };
        fs::write(folder.join("model.safetensors"), b"other").expect("room");
        let changed = [("model.safetensors", FileState::Changed)];
        case(&folder, &[unnamed(b"weights")], &changed, &[Code::ArtifactChanged]);
        fs::write(folder.join("adapter.bin"), b"weights").expect("room");
        let want = [("adapter.bin", FileState::Verified), ("model.safetensors", FileState::Unknown)];
        let codes = [Code::DirectoryExtraFile, Code::ArtifactAbsent];
        case(&folder, &[unnamed(b"weights"), unnamed(b"elsewhere")], &want, &codes);
    }

    #[test]
    fn two_bundles_that_contradict_each_other_are_found() {
        let (_guard, folder) = folder();
        fs::write(folder.join("model.bin"), b"weights").expect("room");
        let scan = scan(&folder, Wanted::Both, &|_| ()).expect("a readable folder");
        let (one, _) = compare(&scan, &[claim("model.bin", b"weights")]);
        let (other, _) = compare(&scan, &[claim("model.bin", b"other")]);
        let codes = |findings: Vec<Finding>| findings.iter().map(|finding| finding.code).collect::<Vec<_>>();
        assert_eq!(codes(disagreements(&one, &other)), [Code::DirectoryBundlesDisagree]);
        assert_eq!(codes(disagreements(&other, &one)), [Code::DirectoryBundlesDisagree]);
        assert_eq!(codes(disagreements(&one, &one)), []);
    }

    #[test]
    fn digests_that_disagree_are_a_conflict() {
        let (_guard, folder) = folder();
        fs::write(folder.join("w"), b"weights").expect("room");
        let lie = ArtifactDigests::new(Some(Blake3::of(b"weights")), Some(Sha256::of(b"other")));
        let claims = [Claim { digest: lie.expect("two digests"), ..claim("w", b"weights") }];
        let scan = scan(&folder, Wanted::Both, &|_| ()).expect("a readable folder");
        let (_, findings) = compare(&scan, &claims);
        assert_eq!(findings.iter().map(|finding| finding.code).collect::<Vec<_>>(), [Code::ArtifactDigestConflict]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_out_of_the_folder_is_an_error_and_one_within_is_a_file() {
        let (_guard, folder) = folder();
        let (_other_guard, other) = self::folder();
        fs::write(other.join("weights"), b"weights").expect("room");
        fs::write(folder.join("blob"), b"weights").expect("room");
        std::os::unix::fs::symlink("blob", folder.join("inside")).expect("a link");
        std::os::unix::fs::symlink(other.join("weights"), folder.join("model.safetensors")).expect("a link");
        let claims = [claim("model.safetensors", b"weights")];
        let want = [("blob", FileState::Verified), ("inside", FileState::Verified)];
        case(&folder, &claims, &want, &[Code::DirectorySymlink]);
    }
}
