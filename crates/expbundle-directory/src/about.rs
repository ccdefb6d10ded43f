//! Which records are about the files of a folder, by digests: a card tells of these, and a bundle of
//! another run is not attached by mistake.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use expbundle::judge::Verdict;
use expbundle::origins::{ArtifactFact, Origins};
use expbundle::standing::{ObjectionKind, Standing};
use expbundle::verify::Intact;
use expbundle_format::record::{Form, Record, role};
use expbundle_format::time::Time;
use expbundle_format::weights::look_like_weights;
use expbundle_format::{ArtifactDigests, Blake3, RecordId, Sha256};

use crate::scan::Scan;

/// The records of a bundle beside the files of a folder.
pub(crate) struct About<'a> {
    intact: &'a Intact,
    /// Records that made weights of the folder, whoever signed them.
    made: BTreeSet<RecordId>,
    /// Records that took in weights of the folder, as evaluations do.
    took: BTreeSet<RecordId>,
    /// Of each tree that a record names and whose listing is here: whether weights of it are in the
    /// folder. Many records may name one tree.
    trees: HashMap<Blake3, bool>,
    origins: Origins,
}

impl<'a> About<'a> {
    pub fn of(intact: &'a Intact, scan: &Scan) -> Self {
        let (files, weights) = (Files::of(scan, |_| true), Files::of(scan, look_like_weights));
        let trees = trees(intact, &files);
        let is_here = |artifact: &ArtifactFact| {
            let (Some(digest), Some(size)) = (artifact.digests, artifact.size_bytes) else { return false };
            match artifact.form {
                Form::File if role::is_model(&artifact.role) => files.have(&digest, size),
                Form::File => weights.have(&digest, size),
                Form::Tree => digest.blake3().is_some_and(|listing| trees.get(&listing) == Some(&true)),
            }
        };
        let origins = intact.origins(intact.records().keys().copied());
        let has_made = |id: &&RecordId| origins.of(**id).is_some_and(|made| made.own_outputs().any(is_here));
        let made = intact.records().keys().filter(has_made).copied().collect();
        let has_taken = |record: &Record| record.body().inputs.iter().any(|input| is_here(&ArtifactFact::from(input)));
        let took = intact.records().iter().filter(|(_, record)| has_taken(record)).map(|(id, _)| *id).collect();
        Self { intact, made, took, trees, origins }
    }

    /// Whether any record made weights of the folder.
    pub fn has_makers(&self) -> bool {
        !self.made.is_empty()
    }

    /// Records that came and that no other derives from, that made models and no file of the folder,
    /// and that nothing connects with it: neither a record of their own bundle, nor that they derive
    /// from what made its files or the other way round. Whoever signed them.
    pub fn of_another_folder(&self, incoming: &Intact, at: Time) -> Vec<RecordId> {
        let came = incoming.judge(None, at.timestamp());
        let mut others = came.heads.iter().copied().filter(|id| self.made_other_models(*id)).peekable();
        if others.peek().is_none() {
            return Vec::new();
        }
        let here: Vec<RecordId> = self.made.union(&self.took).copied().collect();
        let lineage = self.intact.judge(None, at.timestamp()).lineage;
        let mut related = family(incoming, &came, &here);
        related.extend(lineage.ancestors(&here));
        related.extend(lineage.descendants(&here));
        others.filter(|id| !related.contains(id)).collect()
    }

    /// Whether a record lists models of its own, none of which is in the folder as far as anybody can
    /// tell.
    fn made_other_models(&self, id: RecordId) -> bool {
        let Some(made) = self.origins.of(id) else { return false };
        let mut models = made.own_outputs().filter(|output| role::is_model(&output.role)).peekable();
        let listing = |output: &ArtifactFact| output.digests.and_then(|digests| digests.blake3());
        let is_listed = |output: &ArtifactFact| listing(output).is_some_and(|one| self.trees.contains_key(&one));
        let is_seen = |output: &ArtifactFact| output.form == Form::File || is_listed(output);
        models.peek().is_some() && models.all(is_seen) && !self.made.contains(&id)
    }

    /// The records that a card is about: of those that count and made the weights here the last ones,
    /// and evaluations of these weights that came. A maker that is in the folder's bundle already
    /// stays if `is_known` beside those that came, or if none came. Without any maker it is `heads`:
    /// what came.
    pub fn told(
        &self,
        incoming: &Intact,
        heads: &[RecordId],
        verdict: &Verdict,
        is_known: impl Fn(RecordId, &[RecordId]) -> bool,
    ) -> Vec<RecordId> {
        let makers = self.made.iter().copied().filter(|id| stands(&verdict.standing, *id));
        let makers: Vec<RecordId> = makers.collect();
        let earlier: BTreeSet<RecordId> = verdict.lineage.ancestors(&makers).into_iter().collect();
        let last: Vec<RecordId> = makers.into_iter().filter(|id| !earlier.contains(id)).collect();
        if last.is_empty() {
            return heads.to_vec();
        }
        let (came, here): (Vec<_>, Vec<_>) = last.into_iter().partition(|id| incoming.records().contains_key(id));
        let makers: HashSet<&RecordId> = came.iter().collect();
        let evaluates = |id: &RecordId| self.took.contains(id) && !makers.contains(id) && !self.made_other_models(*id);
        let evaluations = heads.iter().copied().filter(evaluates);
        let stay = here.iter().copied().filter(|id| came.is_empty() || is_known(*id, &came));
        came.iter().copied().chain(evaluations).chain(stay).collect()
    }
}

/// Whether a record counts, and was not revoked, rejected or superseded.
fn stands(standing: &Standing, record: RecordId) -> bool {
    let out = [ObjectionKind::Revoked, ObjectionKind::Rejected, ObjectionKind::Superseded];
    let mut objections = standing.against.get(&record).into_iter().flatten();
    standing.counts(record) && !objections.any(|one| out.contains(&one.kind))
}

/// Whether weights of each tree are among these files; without trees whose listing is not here.
fn trees(intact: &Intact, files: &Files) -> HashMap<Blake3, bool> {
    let bodies = intact.records().values().map(Record::body);
    let artifacts = bodies.flat_map(|body| body.inputs.iter().chain(&body.outputs));
    let named = artifacts.filter(|artifact| artifact.form == Form::Tree).filter_map(|tree| tree.digest.blake3());
    let named: HashSet<Blake3> = named.collect();
    let has_weights = |listing| {
        let tree = intact.tree(listing)?;
        let mut weights = tree.files().iter().filter(|file| look_like_weights(&file.path.to_plain()));
        Some((listing, weights.any(|file| files.have(&file.digest.into(), file.size))))
    };
    named.into_iter().filter_map(has_weights).collect()
}

/// These records, and those of a bundle that its lineage connects with them: who attaches a family
/// attaches all of it.
fn family(intact: &Intact, verdict: &Verdict, of: &[RecordId]) -> BTreeSet<RecordId> {
    let mut near: BTreeMap<RecordId, Vec<RecordId>> = BTreeMap::new();
    for edge in intact.records().keys().flat_map(|id| verdict.lineage.parents(*id)) {
        near.entry(edge.child).or_default().push(edge.parent);
        near.entry(edge.parent).or_default().push(edge.child);
    }
    let (mut family, mut open) = (of.iter().copied().collect::<BTreeSet<_>>(), of.to_vec());
    while let Some(id) = open.pop() {
        open.extend(near.get(&id).into_iter().flatten().copied().filter(|other| family.insert(*other)));
    }
    family
}

/// Files of a folder by their digests. An empty file is that of every run.
struct Files {
    blake3: HashSet<(Blake3, u64)>,
    sha256: HashSet<(Sha256, u64)>,
}

impl Files {
    fn of(scan: &Scan, is_meant: impl Fn(&str) -> bool) -> Self {
        let (mut blake3, mut sha256) = (HashSet::new(), HashSet::new());
        for (path, held) in &scan.files {
            let (Some(digest), Some(size @ 1..)) = (held.digest(), held.size()) else { continue };
            if is_meant(&path.to_plain()) {
                blake3.extend(digest.blake3().map(|digest| (digest, size)));
                sha256.extend(digest.sha256().map(|digest| (digest, size)));
            }
        }
        Self { blake3, sha256 }
    }

    fn have(&self, digest: &ArtifactDigests, size: u64) -> bool {
        digest.blake3().is_some_and(|digest| self.blake3.contains(&(digest, size)))
            || digest.sha256().is_some_and(|digest| self.sha256.contains(&(digest, size)))
    }
}
