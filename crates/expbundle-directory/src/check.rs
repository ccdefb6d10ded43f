//! The verdict on a folder: every counted file is covered, or named as not covered
//! (spec/directory.md).

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use expbundle::folder::{CoveredBy, FileCounts, FileReport, FileState, Folder, FolderReport, Made, ReleaseState, Word};
use expbundle::hash::{Wanted, WhySkipped};
use expbundle::judge::{State, Verdict};
use expbundle::report::ApartFile;
use expbundle::standing::Standing;
use expbundle::verify::{Digests, Intact};
use expbundle_format::record::Form;
use expbundle_format::tree::TreeFile;
use expbundle_format::weights::look_like_weights;
use expbundle_format::{Blake3, Code, Finding, Place, RecordId};

use crate::covering::{Covering, Maker};
use crate::outputs::{Here, Output, Outputs};
use crate::releases::{HeldTo, Releases, is_file};
use crate::scan::{Held, Scan};

/// Findings of one code in a report; what more there is, is counted. The files themselves are all
/// listed.
const MOST_FINDINGS: usize = 100;

/// Which digests of the files have to be known: SHA-256 if it was asked for, or if some record that
/// counts, or against which something was said, knows an output by nothing else.
pub fn wanted(intact: &Intact, standing: &Standing, digests: Digests) -> Wanted {
    let matters = |id: &RecordId| standing.counts(*id) || standing.against.contains_key(id);
    let counting = intact.records().iter().filter(|(id, _)| matters(id));
    let outputs = counting.flat_map(|(_, record)| &record.body().outputs);
    let is_known_by_sha256 = outputs.into_iter().any(|output| output.digest.blake3().is_none());
    if digests == Digests::All || is_known_by_sha256 { Wanted::Both } else { Wanted::Blake3Only }
}

/// Judges a folder by its files. `asks_for_trust` says whether there is a signers file: then only
/// what trusted keys signed counts. Files are compared by `digests`, and those that are known by
/// SHA-256 alone by that.
pub fn judge(scan: &Scan, intact: &Intact, verdict: &Verdict, asks_for_trust: bool, digests: Digests) -> Folder {
    let covering = Covering::new(intact, verdict, asks_for_trust, digests);
    let makers = covering.makers();
    let outputs = Outputs::of(&covering, &makers).beside(&Here::of(scan));
    let Releases { all: releases, held_to } = Releases::of(&covering, scan);
    let mut check = Check { scan, makers: &makers, digests, findings: Findings::default() };
    let mut files: Vec<FileReport> = match &held_to {
        Some(held_to) => check.by_release(held_to, &outputs),
        None => check.by_records(&outputs),
    };
    check.skipped(&mut files);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let has_weights =
        files.iter().any(|file| file.state == FileState::Covered && file.is_weights && file.size > Some(0));
    check.shards(&files);
    if !has_weights {
        check.findings.push(Code::DirectoryNoWeights, Place::unknown(), "no weights are covered");
    }
    let is_known = |file: &FileReport| file.is_weights && (file.made.is_some() || file.state == FileState::Pointer);
    let is_changed = files.iter().any(|file| file.state == FileState::Changed);
    if held_to.is_none() && outputs.has_model() && !is_changed && !files.iter().any(is_known) {
        let message = "none of the files is an output model of the records";
        check.findings.push(Code::DirectoryNoOutput, Place::unknown(), message);
    }
    let is_covered = files.iter().all(|file| file.state == FileState::Covered);
    let (covered_by, signers) = if let Some(held_to) = &held_to {
        (CoveredBy::Release, held_to.by.clone())
    } else {
        let made = files.iter().filter(|file| file.state == FileState::Covered).filter_map(|file| file.made.as_ref());
        let by: BTreeSet<String> = made.flat_map(|made| made.by.iter().cloned()).collect();
        let covered_by = if by.is_empty() { CoveredBy::Nobody } else { CoveredBy::Records };
        (covered_by, by.into_iter().collect())
    };
    if covered_by == CoveredBy::Records {
        let is_revoked = releases.iter().any(|release| release.state == ReleaseState::Revoked);
        let message = if is_revoked {
            "the release of this folder was revoked: its files are matched by content, not by path"
        } else {
            "this folder was not released: its files are matched by content, not by path"
        };
        check.findings.push(Code::DirectoryNotReleased, Place::unknown(), message);
    }
    let holds = is_covered && has_weights && check.findings.is_empty_of_shards() && scan.alike.is_empty();
    let state = match (holds, asks_for_trust) {
        (false, _) => State::Intact,
        (true, false) => State::Signed,
        (true, true) => State::Trusted,
    };
    let report = FolderReport {
        covered_by,
        signers,
        title: held_to.and_then(|held_to| held_to.title),
        counts: FileCounts::of(&files),
        has_weights,
        not_made_here: not_made_here(&files),
        followed: scan.followed as u64,
        not_counted: scan.not_counted.clone(),
        releases,
    };
    let apart = apart(scan, &files, &Outputs::of_others(&covering, &makers));
    let objected_makers = objected_makers(scan, &covering);
    Folder { state, files, report, apart, objected_makers, findings: check.findings.finish() }
}

/// Records without a say that somebody whose word counts objects to, and that name a file here as their
/// output, or may: what was said against them was said of these files, whoever covers them.
fn objected_makers(scan: &Scan, covering: &Covering<'_>) -> BTreeSet<RecordId> {
    let here = Here::of_own(scan);
    // Many records may name one tree.
    let mut trees: HashMap<Blake3, bool> = HashMap::new();
    let mut has_tree = |listing: Blake3| {
        let is_here = || {
            // What is in a tree whose listing is not here nobody knows.
            let tree = covering.intact().tree(listing);
            tree.is_none_or(|tree| tree.files().iter().any(|file| here.has_bytes(&file.digest.into())))
        };
        *trees.entry(listing).or_insert_with(is_here)
    };
    let mut names_files = |id: &RecordId| {
        let outputs = covering.intact().records().get(id).into_iter().flat_map(|record| &record.body().outputs);
        outputs.into_iter().any(|output| match output.form {
            Form::File => here.has_bytes(&output.digest),
            Form::Tree => output.digest.blake3().is_some_and(&mut has_tree),
        })
    };
    covering.objected_without_say().filter(|id| names_files(id)).collect()
}

/// Files that nothing covers, and which record that does not count names each as its output: a
/// reader that lacks the key of whoever made them would take them for changed by somebody.
fn apart(scan: &Scan, files: &[FileReport], others: &Outputs) -> Vec<ApartFile> {
    let held: HashMap<String, &Held> = scan.files.iter().map(|(path, held)| (path.to_plain(), held)).collect();
    let is_left = |file: &&FileReport| matches!(file.state, FileState::Changed | FileState::Uncovered);
    let of = |file: &FileReport| {
        let output = others.find(held.get(&file.path)?)?;
        Some(ApartFile { path: file.path.clone(), record: output.record })
    };
    files.iter().filter(is_left).filter_map(of).collect()
}

/// Paths of models that are here, and that no record made that may be named: a release tells whose
/// they are, and nothing of how they came to be.
fn not_made_here(files: &[FileReport]) -> Vec<String> {
    let is_here = |file: &&FileReport| !matches!(file.state, FileState::Missing | FileState::Unreadable);
    let models = files.iter().filter(is_here).filter(|file| file.is_weights && file.made.is_none());
    models.map(|file| file.path.clone()).collect()
}

struct Check<'a> {
    scan: &'a Scan,
    makers: &'a BTreeMap<RecordId, Maker>,
    digests: Digests,
    findings: Findings,
}

impl Check<'_> {
    fn made(&self, output: Output) -> Made {
        let by = self.makers.get(&output.record).map(|maker| maker.by.clone()).unwrap_or_default();
        Made { record: output.record, word: output.word, by }
    }

    fn file(&self, path: &str, held: &Held, output: Option<Output>) -> FileReport {
        FileReport {
            path: path.to_owned(),
            state: FileState::Uncovered,
            digest: held.digest(),
            size: held.size(),
            released: false,
            made: output.map(|output| self.made(output)),
            is_weights: look_like_weights(path) || output.is_some_and(|output| output.is_model),
            why_unreadable: None,
        }
    }

    /// A release lists the folder, so nothing but it covers.
    fn by_release(&mut self, held_to: &HeldTo, outputs: &Outputs) -> Vec<FileReport> {
        let Some(tree) = &held_to.tree else {
            let message = format!(
                "the folder was released by {}, and the listing {} is not in the bundle by both digests, or is not one",
                held_to.by.join(", "),
                held_to.listing
            );
            self.findings.push(Code::DirectoryNoListing, Place::unknown(), message);
            return self
                .scan
                .files
                .iter()
                .map(|(path, held)| self.uncovered(&path.to_plain(), held, outputs))
                .collect();
        };
        // In the order of plain paths, which is not that of listings where these have an escape.
        let mut paths: BTreeMap<String, (Option<&Held>, Option<&TreeFile>)> = BTreeMap::new();
        for (path, held) in &self.scan.files {
            paths.entry(path.to_plain()).or_default().0 = Some(held);
        }
        for file in tree.files() {
            paths.entry(file.path.to_plain()).or_default().1 = Some(file);
        }
        let mut files = Vec::with_capacity(paths.len());
        for (plain, (held, listed)) in paths {
            let Some(held) = held else {
                files.extend(listed.map(|file| self.missing(file)));
                continue;
            };
            let Some(listed) = listed else {
                files.push(self.uncovered(&plain, held, outputs));
                continue;
            };
            let mut file = self.file(&plain, held, outputs.find(held));
            file.released = is_file(held, listed, self.digests);
            let is_pointer_to_it = |held: &Held| {
                matches!(held, Held::Pointer(pointer) if
                !pointer.transformed && pointer.sha256 == listed.digest.sha256 && pointer.size == listed.size)
            };
            if (file.released || is_pointer_to_it(held)) && self.scan.alike.contains(&plain) {
                // Not covered, which is reported where such paths are.
            } else if file.released {
                file.state = FileState::Covered;
            } else if is_pointer_to_it(held) {
                file.state = FileState::Pointer;
                self.pointer(&plain);
            } else {
                file.state = FileState::Changed;
                let message = format!("released as blake3:{}, found {}", listed.digest.blake3, describe(held));
                self.findings.push(Code::ArtifactChanged, Place::entry(plain), message);
            }
            files.push(file);
        }
        files
    }

    /// Nobody released the folder, so each file is covered by the records that made it.
    fn by_records(&mut self, outputs: &Outputs) -> Vec<FileReport> {
        let mut files = Vec::with_capacity(self.scan.files.len());
        let paths: BTreeMap<String, &Held> =
            self.scan.files.iter().map(|(path, held)| (path.to_plain(), held)).collect();
        for (plain, held) in paths {
            let output = outputs.find(held);
            let mut file = self.file(&plain, held, output);
            let covers = output.is_some_and(|output| output.word == Word::Counts);
            let is_alike = self.scan.alike.contains(&plain);
            if is_alike && output.is_some() {
                // Not covered, which is reported where such paths are.
            } else if let (Some(_), Held::Pointer(_)) = (output, held) {
                file.state = FileState::Pointer;
                self.pointer(&plain);
            } else if covers {
                file.state = FileState::Covered;
            } else if let Some(model) = outputs.in_place_of(&plain).filter(|_| output.is_none()) {
                file.state = FileState::Changed;
                let message = format!(
                    "record {} put out other bytes under this name: expected {}, found {}",
                    model.record,
                    model_bytes(&model),
                    describe(held)
                );
                self.findings.push(Code::ArtifactChanged, Place::entry(plain), message);
            } else if !is_alike {
                self.not_covered(&file, held);
            }
            files.push(file);
        }
        files
    }

    fn uncovered(&mut self, path: &str, held: &Held, outputs: &Outputs) -> FileReport {
        let file = self.file(path, held, outputs.find(held));
        if !self.scan.alike.contains(path) {
            self.not_covered(&file, held);
        }
        file
    }

    fn not_covered(&mut self, file: &FileReport, held: &Held) {
        let why = match file.made.as_ref().map(|made| (made.record, made.word)) {
            Some((record, Word::Counts)) => format!("an output of record {record}, and not part of the release"),
            Some((record, Word::UnknownOrigin)) => {
                format!("an output of record {record}, which may have been given it: what it took in is not all here")
            }
            Some((record, Word::Rejected)) => format!("an output of record {record}, which was rejected"),
            Some((record, Word::Superseded)) => format!("an output of record {record}, which was superseded"),
            Some((record, Word::Revoked)) => format!("an output of record {record}, which was revoked"),
            Some((record, Word::Unsigned)) => format!("an output of record {record}, which is not signed"),
            Some((record, Word::PassedOn)) => format!("an output of record {record}, which was given it"),
            None => format!("no signature covers it: {}", describe(held)),
        };
        self.findings.push(Code::DirectoryUncovered, Place::entry(&file.path), why);
    }

    fn pointer(&mut self, path: &str) {
        let message = "a Git LFS pointer to a covered file, whose bytes were not checked";
        self.findings.push(Code::ArtifactPointer, Place::entry(path), message);
    }

    fn missing(&mut self, file: &TreeFile) -> FileReport {
        let path = file.path.to_plain();
        let skipped = &self.scan.skipped;
        let found = skipped.binary_search_by(|skipped| skipped.path.as_str().cmp(&path));
        let message = match found.ok().and_then(|index| skipped.get(index)).map(|skipped| &skipped.why) {
            Some(why @ WhySkipped::NoBlob) => format!("released, and {why}"),
            Some(why) => format!("released, and not read: {why}"),
            None => "released, and not here".to_owned(),
        };
        self.findings.push(Code::DirectoryMissing, Place::entry(&path), message);
        FileReport {
            state: FileState::Missing,
            digest: Some(file.digest.into()),
            size: Some(file.size),
            released: true,
            made: None,
            is_weights: look_like_weights(&path),
            why_unreadable: None,
            path,
        }
    }

    /// Links, pipes, paths that are not UTF-8; and paths that are one on other machines.
    fn skipped(&mut self, files: &mut Vec<FileReport>) {
        let paths: HashSet<&str> = self.scan.skipped.iter().map(|skipped| skipped.path.as_str()).collect();
        files.retain(|file| file.state != FileState::Missing || !paths.contains(file.path.as_str()));
        for skipped in &self.scan.skipped {
            let finding = skipped.finding();
            self.findings.push(finding.code, finding.place, finding.message);
            files.push(FileReport {
                path: skipped.path.clone(),
                state: FileState::Unreadable,
                digest: None,
                size: None,
                released: false,
                made: None,
                is_weights: look_like_weights(&skipped.path),
                why_unreadable: Some(skipped.why.clone()),
            });
        }
        for path in &self.scan.alike {
            let message = "some file systems treat its path as that of another file here";
            self.findings.push(Code::DirectoryAlike, Place::entry(path), message);
        }
    }

    /// What an index of weights names is here, and covered.
    fn shards(&mut self, files: &[FileReport]) {
        let covered = files.iter().filter(|file| file.state == FileState::Covered).map(|file| file.path.as_str());
        let covered: HashSet<&str> = covered.collect();
        for shards in &self.scan.shards {
            let index = shards.index.to_plain();
            if let Err(why) = &shards.named {
                let message = format!("the index of weights cannot be read: {why}");
                self.findings.push(Code::DirectoryShard, Place::entry(&index), message);
            }
            for path in shards.paths().filter(|path| !covered.contains(path.as_str())) {
                let message = format!("`{index}` lists it as a part of the weights, but it is missing or not covered");
                self.findings.push(Code::DirectoryShard, Place::entry(path), message);
            }
        }
    }
}

fn model_bytes(model: &Output) -> String {
    format!("{} ({})", model.digest, bytes(model.size))
}

fn describe(held: &Held) -> String {
    match held {
        Held::Bytes { digest, size } => format!("{digest} ({})", bytes(*size)),
        Held::Pointer(pointer) => {
            format!("a Git LFS pointer to sha256:{} ({})", pointer.sha256, bytes(pointer.size))
        }
        Held::BrokenPointer(error) => error.to_string(),
    }
}

fn bytes(size: u64) -> String {
    if size == 1 { "1 byte".to_owned() } else { format!("{size} bytes") }
}

/// Findings, of which at most [`MOST_FINDINGS`] of one code are kept: a folder of a million files
/// has as many to be said of.
#[derive(Default)]
struct Findings {
    kept: Vec<Finding>,
    counts: BTreeMap<Code, usize>,
}

impl Findings {
    fn push(&mut self, code: Code, place: Place, message: impl Into<String>) {
        let count = self.counts.entry(code).or_default();
        *count += 1;
        if *count <= MOST_FINDINGS {
            self.kept.push(Finding::new(code, place, message));
        }
    }

    fn is_empty_of_shards(&self) -> bool {
        !self.counts.contains_key(&Code::DirectoryShard)
    }

    fn finish(mut self) -> Vec<Finding> {
        for (code, count) in self.counts {
            let more = count.saturating_sub(MOST_FINDINGS);
            if more > 0 {
                self.kept.push(Finding::new(code, Place::unknown(), format!("and {more} more")));
            }
        }
        self.kept
    }
}
