//! Collecting what records took in and put out, with the files of their listings.

use std::collections::{HashMap, HashSet};

use expbundle_format::ArtifactDigests;

use super::{Content, Contents, Use, joins, may_join};
use crate::evidence::{Maker, Origin, carries_proof};
use crate::facts::{ArtifactFact, RecordFacts};
use crate::listing::Listing;
use crate::taken::{Digests, MOST_AGAIN};

/// The files of a listing that join whoever took it in, for the records that name it after the
/// first.
#[derive(Clone, Debug, Default)]
pub(crate) struct TakenListings {
    /// Of each listing the classes of its files that can join records.
    pub(crate) files: Vec<Vec<u32>>,
    /// Records, and the listings that they took in.
    pub(crate) takers: Vec<(u32, u32)>,
    by_key: HashMap<usize, u32>,
}

/// Uses in one direction, before they are sorted.
#[derive(Default)]
pub(super) struct Collected {
    pub(super) uses: Vec<Use>,
    /// Listings of which every file is in `uses`.
    whole: HashSet<usize>,
    /// Listings that some `record.json` names.
    listed: HashSet<usize>,
    again: usize,
}

/// How the files of a listing are looked at for one more record.
enum Look<'a> {
    /// The first time, all of them.
    All,
    /// Afterwards those that can join records.
    Joining(&'a [u32]),
    /// Too many were.
    LeftOut,
}

impl Collected {
    /// Whether more files than may be were looked at again, with so many now.
    pub(super) fn again(&mut self, files: usize) -> bool {
        self.again += files;
        self.again > MOST_AGAIN
    }

    /// Counts a look at a listing.
    fn look<'a>(&mut self, listing: &Listing, joining: &'a HashMap<usize, Vec<u32>>) -> Look<'a> {
        if listing.is_empty() {
            return Look::Joining(&[]);
        }
        if self.whole.insert(listing.key()) {
            return Look::All;
        }
        let files = joining.get(&listing.key()).map(Vec::as_slice).unwrap_or_default();
        if self.again(files.len()) { Look::LeftOut } else { Look::Joining(files) }
    }
}

impl Contents {
    pub(super) fn collect_inputs(
        &mut self,
        record: u32,
        inputs: &[ArtifactFact],
        joining: &HashMap<usize, Vec<u32>>,
        collected: &mut Collected,
    ) {
        for (artifact, fact) in (0_u32..).zip(inputs) {
            let position = (record, artifact);
            if let Some(content) = Content::of(fact) {
                self.collect(position, fact, None, content, || Origin::Made, collected);
            }
            let look = collected.look(&fact.files, joining);
            if !fact.files.is_empty() && fact.listed && collected.listed.insert(fact.files.key()) {
                for held in &*fact.files {
                    let class = self.class_or_new(Content::of_file(held));
                    self.listed[class as usize] = true;
                }
            }
            match look {
                Look::All => {
                    for (file, held) in (0_u32..).zip(&*fact.files) {
                        let content = Content::of_file(held);
                        self.collect(position, fact, Some(file), content, || Origin::Made, collected);
                    }
                }
                Look::Joining([]) => {}
                Look::Joining(files) => self.take_listing(record, fact, files),
                Look::LeftOut => self.left_out = self.left_out.or(Some(record)),
            }
        }
    }

    pub(super) fn collect_outputs(
        &mut self,
        record: u32,
        outputs: &[ArtifactFact],
        maker: &Maker<'_>,
        joining: &HashMap<usize, Vec<u32>>,
        collected: &mut Collected,
    ) {
        for (artifact, fact) in (0_u32..).zip(outputs) {
            let position = (record, artifact);
            if let Some(content) = Content::of(fact) {
                self.collect(
                    position,
                    fact,
                    None,
                    content,
                    || maker.origin_of_whole(fact, &content.digests),
                    collected,
                );
            }
            let all: Vec<u32>;
            let files = match collected.look(&fact.files, joining) {
                Look::All => {
                    all = (0_u32..).take(fact.files.len()).collect();
                    &all
                }
                Look::Joining(files) => files,
                Look::LeftOut => {
                    self.left_out = self.left_out.or(Some(record));
                    &[]
                }
            };
            for &file in files {
                let Some(held) = fact.files.get(file as usize) else { continue };
                let content = Content::of_file(held);
                self.collect(
                    position,
                    fact,
                    Some(file),
                    content,
                    || maker.origin_of_file(fact, &held.digests),
                    collected,
                );
            }
        }
    }

    /// One use, of a whole artifact or of a file of its tree.
    fn collect(
        &mut self,
        (record, artifact): (u32, u32),
        fact: &ArtifactFact,
        file: Option<u32>,
        content: Content,
        origin: impl FnOnce() -> Origin,
        collected: &mut Collected,
    ) {
        let held = file.and_then(|file| fact.files.get(file as usize));
        let class = self.class_or_new(content);
        self.listed[class as usize] |= fact.listed;
        let (joins, may_join) = (joins(fact, held, &content.digests), may_join(fact, held, &content.digests));
        let origin = if may_join { origin() } else { Origin::PassedOn };
        collected.uses.push(Use {
            class,
            in_tree: file.is_some(),
            record,
            artifact,
            file: file.unwrap_or(0),
            links: joins && origin == Origin::Made,
            may_link: origin != Origin::PassedOn,
        });
    }

    /// One more record took in a listing whose files are known.
    fn take_listing(&mut self, record: u32, fact: &ArtifactFact, joining: &[u32]) {
        if !carries_proof(fact) {
            return;
        }
        let known = self.taken_listings.by_key.get(&fact.files.key()).copied();
        let listing = known.unwrap_or_else(|| {
            let held = joining.iter().filter_map(|file| fact.files.get(*file as usize));
            let held = held.filter(|file| joins(fact, Some(file), &file.digests)).map(Content::of_file);
            let files = held.map(|content| self.class_or_new(content)).collect();
            let TakenListings { files: all, by_key, .. } = &mut self.taken_listings;
            let listing = u32::try_from(all.len()).expect("fewer than 2^32 listings fit into memory");
            all.push(files);
            by_key.insert(fact.files.key(), listing);
            listing
        });
        self.taken_listings.takers.push((record, listing));
    }
}

/// Of each listing, the files that share a digest with a whole artifact, in either direction. No
/// other file joins records.
pub(super) fn joining(records: &[RecordFacts]) -> HashMap<usize, Vec<u32>> {
    let artifacts = || records.iter().flat_map(|facts| facts.inputs.iter().chain(&facts.outputs));
    let mut joining = HashMap::new();
    if artifacts().all(|artifact| artifact.files.is_empty()) {
        return joining;
    }
    let whole: Vec<ArtifactDigests> = artifacts().filter_map(|artifact| artifact.digests).collect();
    let whole = Digests::new(&whole);
    for artifact in artifacts().filter(|artifact| !artifact.files.is_empty()) {
        joining.entry(artifact.files.key()).or_insert_with(|| {
            let files = (0_u32..).zip(&*artifact.files).filter(|(_, file)| whole.has(&file.digests));
            files.map(|(file, _)| file).collect()
        });
    }
    joining
}
