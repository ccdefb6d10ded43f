//! The lineage of an intact bundle: facts out of its records and sections (spec/lineage.md).

use std::collections::{BTreeMap, BTreeSet};

use expbundle_format::record::{ArtifactRef, Form, Record, RecordBody};
use expbundle_format::sections::{Artifact, Artifacts, Direction, JsonSection as _};
use expbundle_format::tree::Tree;
use expbundle_format::{ArtifactDigests, Blake3, DigestSet, RecordId};
use expbundle_lineage::parallel::prelude::*;
use expbundle_lineage::{ArtifactFact, AssertedLink, Facts, FileFact, Listing, RecordFacts, Supersession};
use expbundle_statement::{Asserted, LinkClaim, Predicate};

use crate::large::in_turn;
use crate::standing::Standing;
use crate::verify::Intact;

impl Intact {
    /// What records, sections and statements that count tell lineage.
    pub(crate) fn facts(&self, standing: &Standing) -> Facts {
        let ids: Vec<&RecordId> = self.records().keys().filter(|id| standing.counts(**id)).collect();
        let listings = self.listings(&ids, |body| body.inputs.iter().chain(&body.outputs).collect());
        let facts =
            |id: &RecordId| in_turn(self.size_of(*id, &Artifacts::name()), || self.record_facts(*id, &listings));
        let records = ids.into_par_iter().filter_map(facts).collect();
        let supersessions = standing.supersessions.iter();
        let supersession = |(superseded, successor): &(RecordId, DigestSet)| Supersession {
            superseded: *superseded,
            successor: *successor,
        };
        Facts {
            records,
            links: self.asserted_links(standing),
            supersessions: supersessions.map(supersession).collect(),
        }
    }

    /// What these records and their sections tell, with listings of what they took in only.
    #[cfg(feature = "fs")]
    pub(crate) fn facts_of_inputs(&self, ids: impl IntoIterator<Item = RecordId>) -> Vec<RecordFacts> {
        let ids: Vec<RecordId> = ids.into_iter().collect();
        let listings = self.listings(&ids.iter().collect::<Vec<_>>(), |body| body.inputs.iter().collect());
        ids.into_iter().filter_map(|id| self.record_facts(id, &listings)).collect()
    }

    /// The listings that are here of trees that records name, each read once.
    fn listings(&self, ids: &[&RecordId], of: impl Fn(&RecordBody) -> Vec<&ArtifactRef>) -> BTreeMap<Blake3, Listing> {
        let bodies = ids.iter().filter_map(|id| self.records().get(id)).map(Record::body);
        let artifacts = bodies.flat_map(of);
        let trees = artifacts.filter(|artifact| artifact.form == Form::Tree);
        let trees: BTreeSet<Blake3> = trees.filter_map(|artifact| artifact.digest.blake3()).collect();
        trees.into_par_iter().filter_map(|tree| Some((tree, files(&self.tree(tree)?)))).collect()
    }

    /// Links that statements assert: the grade says that it is somebody's word.
    fn asserted_links(&self, standing: &Standing) -> Vec<AssertedLink> {
        let counting = self.statements().iter().filter(|statement| standing.counts_statement(statement.id()));
        let links = counting.filter_map(|statement| match statement.predicate() {
            Predicate::Link(Asserted { claim: LinkClaim::Record { parent, relation, artifact }, .. }) => {
                Some(AssertedLink {
                    child: RecordId(statement.record().blake3),
                    parent: *parent,
                    relation: relation.clone(),
                    artifact: *artifact,
                    statement: statement.id(),
                })
            }
            _ => None,
        });
        links.collect()
    }

    fn record_facts(&self, id: RecordId, listings: &BTreeMap<Blake3, Listing>) -> Option<RecordFacts> {
        let record = self.records().get(&id)?;
        let mut facts = RecordFacts::from(record);
        let is_described = record.body().sections.contains_key(&Artifacts::name());
        let description = is_described.then(|| self.json_section::<Artifacts>(id)).flatten();
        facts.description_withheld = is_described && description.is_none();
        let described = description.unwrap_or_default().artifacts;
        for (direction, list) in [(Direction::Input, &mut facts.inputs), (Direction::Output, &mut facts.outputs)] {
            for artifact in list.iter_mut() {
                let tree = artifact.digests.filter(|_| artifact.form == Form::Tree).and_then(|tree| tree.blake3());
                if let Some(files) = tree.and_then(|tree| listings.get(&tree)) {
                    artifact.files.clone_from(files);
                }
            }
            list.extend(described.iter().filter(|artifact| artifact.direction == direction).map(fact));
        }
        Some(facts)
    }
}

fn files(tree: &Tree) -> Listing {
    let file = |file: &expbundle_format::tree::TreeFile| FileFact {
        path: file.path.to_plain(),
        digests: ArtifactDigests::from(file.digest),
        size_bytes: file.size,
    };
    tree.files().iter().map(file).collect()
}

fn fact(artifact: &Artifact) -> ArtifactFact {
    ArtifactFact {
        digests: artifact.digest,
        size_bytes: artifact.size,
        form: artifact.form,
        foreign: artifact.foreign.clone(),
        name: artifact.name.clone(),
        version: artifact.version.clone(),
        uris: artifact.uris.clone(),
        licence: artifact.licence.clone(),
        ..ArtifactFact::unseen(artifact.role.clone())
    }
}
