//! Facts: what verified records and statements say, without their bytes (spec/lineage.md, "Facts").
//!
//! The caller vouches for them: a record is given only when its bytes hash to its id, a link only
//! when the statement that asserts it was verified. A statement that says "already verified" is not
//! a fact and has no place here.

use std::collections::BTreeMap;

use expbundle_format::record::{ArtifactRef, Form, Kind, Parent, Record, Source, Word};
use expbundle_format::time::Time;
use expbundle_format::{ArtifactDigests, DigestSet, RecordId, StatementId};

use crate::listing::Listing;
use crate::taken::Digests;

/// Everything that a [`crate::Lineage`] is built from. The order of the lists means nothing.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Records; the same one may be given twice, with other details each time.
    pub records: Vec<RecordFacts>,
    /// Links that verified statements assert.
    pub links: Vec<AssertedLink>,
    /// Supersessions that verified statements declare.
    pub supersessions: Vec<Supersession>,
}

/// What one record says that matters to lineage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordFacts {
    /// Both digests of `record.json`; the BLAKE3 is the record's id.
    pub digest: DigestSet,
    /// A run, or an origin.
    pub kind: Kind,
    /// When it started.
    pub started: Option<Time>,
    /// When it ended.
    pub ended: Option<Time>,
    /// Who it was in its tracker.
    pub source: Option<Source>,
    /// What it took in.
    pub inputs: Vec<ArtifactFact>,
    /// What it put out.
    pub outputs: Vec<ArtifactFact>,
    /// Records that it says it follows from.
    pub parents: Vec<Parent>,
    /// Whether a description of what it took in, `artifacts.json`, is listed and withheld.
    pub description_withheld: bool,
}

impl RecordFacts {
    /// A record that says nothing yet.
    pub fn new(digest: DigestSet, kind: Kind) -> Self {
        Self {
            digest,
            kind,
            started: None,
            ended: None,
            source: None,
            inputs: Vec::new(),
            outputs: Vec::new(),
            parents: Vec::new(),
            description_withheld: false,
        }
    }

    /// Its name.
    pub fn id(&self) -> RecordId {
        RecordId(self.digest.blake3)
    }

    /// Takes in what another copy tells of the same record: sections may be withheld from one and
    /// not from the other.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.inputs.extend(other.inputs);
        self.outputs.extend(other.outputs);
        self.parents.extend(other.parents);
        self.started = self.started.or(other.started);
        self.ended = self.ended.or(other.ended);
        self.source = self.source.take().or(other.source);
        self.description_withheld &= other.description_withheld;
    }

    /// How many contents it put out, with the files of its trees.
    pub(crate) fn put_out(&self) -> usize {
        self.outputs.iter().map(|output| 1 + output.files.len()).sum()
    }

    /// Whether something that it took in may be hidden: its description, or the listing of a tree.
    pub(crate) fn hides_inputs(&self) -> bool {
        self.description_withheld || self.hidden_listings() > 0
    }

    /// Trees that it took in, not empty, whose files are not known here.
    pub fn hidden_listings(&self) -> usize {
        let listed = self.listed_besides();
        let is_hidden = |input: &ArtifactFact| {
            input.form == Form::Tree
                && input.files.is_empty()
                && input.digests.is_none_or(|digests| !digests.is_of_nothing())
                && !input.is_listed_otherwise(&listed)
        };
        self.inputs.iter().filter(|input| is_hidden(input)).count()
    }

    /// Whether the listing of a tree that it put out is not here.
    pub(crate) fn hides_outputs(&self) -> bool {
        let is_hidden = |output: &ArtifactFact| {
            output.listed
                && output.form == Form::Tree
                && output.files.is_empty()
                && output.digests.is_none_or(|digests| !digests.is_of_nothing())
        };
        self.outputs.iter().any(is_hidden)
    }

    /// Digests of the inputs that `record.json` lists, for questions about those that
    /// `artifacts.json` alone has; empty if it has none alone.
    pub(crate) fn listed_besides(&self) -> Digests {
        if self.inputs.iter().all(|input| input.listed) {
            return Digests::default();
        }
        let listed = self.inputs.iter().filter(|input| input.listed).filter_map(|input| input.digests);
        Digests::new(&listed.collect::<Vec<_>>())
    }

    /// Brings the lists into one order, each item once, so that the order of facts means nothing.
    pub fn normalize(&mut self) {
        for list in [&mut self.inputs, &mut self.outputs] {
            list.iter_mut().for_each(ArtifactFact::tidy);
            list.sort_unstable();
            list.dedup_by(|next, kept| kept.absorb(next));
            // One that a thousand others were absorbed into is put in order once.
            list.iter_mut().for_each(ArtifactFact::tidy);
        }
        self.parents.sort_unstable();
        self.parents.dedup();
    }
}

impl From<&Record> for RecordFacts {
    /// What `record.json` alone says; names and foreign digests are in `artifacts.json`, listings
    /// in `artifacts/`.
    fn from(record: &Record) -> Self {
        let body = record.body();
        Self {
            started: body.started,
            ended: body.ended,
            source: body.source.clone(),
            inputs: body.inputs.iter().map(ArtifactFact::from).collect(),
            outputs: body.outputs.iter().map(ArtifactFact::from).collect(),
            parents: body.parents.clone(),
            ..Self::new(record.digest(), body.kind)
        }
    }
}

/// An artifact as one record knows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ArtifactFact {
    /// What it was to the run.
    pub role: Word,
    /// Strong digests; `None` if nobody had the bytes, and then it can only suggest a link.
    pub digests: Option<ArtifactDigests>,
    /// Size in bytes.
    pub size_bytes: Option<u64>,
    /// File or tree.
    pub form: Form,
    /// Digests of other kinds, under the name of their algorithm.
    pub foreign: BTreeMap<String, String>,
    /// Its name in the source.
    pub name: Option<String>,
    /// Its version in the source.
    pub version: Option<String>,
    /// Its addresses.
    pub uris: Vec<String>,
    /// Its licence, as stated.
    pub licence: Option<String>,
    /// The files of a tree whose listing is here.
    pub files: Listing,
    /// Whether `record.json` lists it. What only `artifacts.json` has joins no records, for that
    /// can be left out.
    pub listed: bool,
    /// What its record says of an output: whether the run had been given these bytes.
    pub passed_on: Option<bool>,
    /// Whether its record says that others have these bytes too.
    pub common: bool,
}

impl ArtifactFact {
    /// A file as `record.json` lists it.
    pub fn new(role: Word, digests: ArtifactDigests, size_bytes: u64) -> Self {
        Self { digests: Some(digests), size_bytes: Some(size_bytes), listed: true, ..Self::unseen(role) }
    }

    /// Takes in another telling of the same artifact, if it is one: `record.json` knows its
    /// digests, `artifacts.json` its names, a listing its files.
    fn absorb(&mut self, other: &mut Self) -> bool {
        fn fits<T: PartialEq>(a: Option<&T>, b: Option<&T>) -> bool {
            a.is_none() || b.is_none() || a == b
        }
        let same = *self == *other
            || (self.digests.is_some()
                && (&self.role, self.digests, self.form) == (&other.role, other.digests, other.form)
                && fits(self.size_bytes.as_ref(), other.size_bytes.as_ref())
                && fits(self.name.as_ref(), other.name.as_ref())
                && fits(self.version.as_ref(), other.version.as_ref())
                && fits(self.licence.as_ref(), other.licence.as_ref())
                && other.foreign.iter().all(|(kind, value)| fits(self.foreign.get(kind), Some(value))));
        if same {
            self.size_bytes = self.size_bytes.or(other.size_bytes);
            self.name = self.name.take().or(other.name.take());
            self.version = self.version.take().or(other.version.take());
            self.licence = self.licence.take().or(other.licence.take());
            self.listed |= other.listed;
            self.passed_on = self.passed_on.or(other.passed_on);
            self.common |= other.common;
            self.foreign.extend(std::mem::take(&mut other.foreign));
            self.uris.append(&mut other.uris);
            // One of the two may come from a copy without the listing.
            if self.files.len() < other.files.len() {
                self.files = std::mem::take(&mut other.files);
            }
        }
        same
    }

    /// Whether `record.json` lists it too, under another role or name: its inputs have one of its
    /// digests.
    pub(crate) fn is_listed_otherwise(&self, listed: &Digests) -> bool {
        !self.listed && self.digests.is_some_and(|digests| listed.has(&digests))
    }

    fn tidy(&mut self) {
        self.uris.sort_unstable();
        self.uris.dedup();
    }

    /// An artifact whose bytes nobody had.
    pub fn unseen(role: Word) -> Self {
        Self {
            role,
            digests: None,
            size_bytes: None,
            form: Form::File,
            foreign: BTreeMap::new(),
            name: None,
            version: None,
            uris: Vec::new(),
            licence: None,
            files: Listing::default(),
            listed: false,
            passed_on: None,
            common: false,
        }
    }
}

impl From<&ArtifactRef> for ArtifactFact {
    fn from(artifact: &ArtifactRef) -> Self {
        Self {
            form: artifact.form,
            passed_on: artifact.passed_on,
            common: artifact.common,
            ..Self::new(artifact.role.clone(), artifact.digest, artifact.size)
        }
    }
}

/// A verified `link` statement: somebody asserts who produced an input where no strong digest
/// proves it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AssertedLink {
    /// The record that took something in.
    pub child: RecordId,
    /// The record that is said to have produced it, by both digests of its `record.json`.
    pub parent: DigestSet,
    /// How, if the statement says so.
    pub relation: Option<Word>,
    /// Which input of the child, if the statement says so.
    pub artifact: Option<ArtifactDigests>,
    /// The statement.
    pub statement: StatementId,
}

/// A verified `supersession` statement: another record took the place of this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Supersession {
    /// The record that no longer counts.
    pub superseded: RecordId,
    /// The record that counts instead, by both digests of its `record.json`.
    pub successor: DigestSet,
}
