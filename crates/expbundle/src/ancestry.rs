//! The lineage of an intact bundle: facts out of its records and sections (spec/lineage.md).

use std::collections::{BTreeMap, BTreeSet, HashSet};

use expbundle_format::record::{Form, Record};
use expbundle_format::sections::{Artifact, Artifacts, Direction, JsonSection as _};
use expbundle_format::tree::Tree;
use expbundle_format::{ArtifactDigests, Blake3, RecordId};
use expbundle_lineage::{ArtifactFact, AssertedLink, Facts, FileFact, Listing, RecordFacts, Supersession};
use expbundle_statement::{Asserted, LinkClaim, Predicate, Revoked, VerifiedStatement};
use rayon::prelude::*;

use crate::large::in_turn;
use crate::verify::Intact;

impl Intact {
    /// What records, sections and statements tell lineage.
    pub(crate) fn facts(&self) -> Facts {
        let ids: Vec<&RecordId> = self.records().keys().collect();
        let listings = self.listings();
        let facts =
            |id: &RecordId| in_turn(self.size_of(*id, &Artifacts::name()), || self.record_facts(*id, &listings));
        let records = ids.into_par_iter().filter_map(facts).collect();
        Facts { records, links: self.asserted_links(), supersessions: self.supersessions() }
    }

    /// The listings that are here of all trees that records name, each read once.
    fn listings(&self) -> BTreeMap<Blake3, Listing> {
        let bodies = self.records().values().map(Record::body);
        let artifacts = bodies.flat_map(|body| body.inputs.iter().chain(&body.outputs));
        let trees = artifacts.filter(|artifact| artifact.form == Form::Tree);
        let trees: BTreeSet<Blake3> = trees.filter_map(|artifact| artifact.digest.blake3()).collect();
        trees.into_par_iter().filter_map(|tree| Some((tree, files(&self.tree(tree)?)))).collect()
    }

    /// Links that statements assert, whoever signed them: the grade says that it is somebody's word.
    fn asserted_links(&self) -> Vec<AssertedLink> {
        let links = self.standing_by_themselves().filter_map(|statement| match statement.predicate() {
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

    /// Supersessions by those who vouch for the record that was superseded.
    fn supersessions(&self) -> Vec<Supersession> {
        let authors = self.authors();
        let supersessions = self.standing_by_themselves().filter_map(|statement| match statement.predicate() {
            Predicate::Supersession(superseded) => {
                let record = RecordId(statement.record().blake3);
                authors
                    .vouches(statement.key(), record)
                    .then_some(Supersession { superseded: record, successor: superseded.successor })
            }
            _ => None,
        });
        supersessions.collect()
    }

    /// Statements but those that their own key takes back, whatever the date: that needs no signers file and no clock.
    fn standing_by_themselves(&self) -> impl Iterator<Item = &VerifiedStatement> {
        let (mut statements, mut keys) = (HashSet::new(), HashSet::new());
        for statement in self.statements() {
            if let Predicate::Revocation(revocation) = statement.predicate() {
                match &revocation.revoked {
                    Revoked::Statement(id) => _ = statements.insert((*id, *statement.key().as_bytes())),
                    Revoked::Key(key) if key == statement.key() => _ = keys.insert(*key.as_bytes()),
                    Revoked::Key(_) | Revoked::Record(_) => {}
                }
            }
        }
        self.statements().iter().filter(move |statement| {
            let key = *statement.key().as_bytes();
            !keys.contains(&key) && !statements.contains(&(statement.id(), key))
        })
    }

    fn record_facts(&self, id: RecordId, listings: &BTreeMap<Blake3, Listing>) -> Option<RecordFacts> {
        let record = self.records().get(&id)?;
        let mut facts = RecordFacts::from(record);
        let is_described = record.body().sections.contains_key(&Artifacts::name());
        let described =
            is_described.then(|| self.json_section::<Artifacts>(id)).flatten().unwrap_or_default().artifacts;
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
