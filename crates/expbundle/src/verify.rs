//! Verification, first half: facts about the bytes (spec/verification.md, stages container to signature).
//!
//! [`Unverified::check`] is the only way to an [`Intact`], so holding one is the proof that every name, digest and
//! signature was recomputed. Whether a signer is trusted is no fact but an opinion: see [`crate::judge`].

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;

use camino::Utf8Path;
use expbundle_format::container::{Container, Entry, EntryName, SectionName};
use expbundle_format::limits::Limits;
use expbundle_format::record::Record;
use expbundle_format::sections::JsonSection;
use expbundle_format::tree::Tree;
use expbundle_format::{Blake3, Finding, RecordId, StatementId, json};
use expbundle_lineage::{Facts, Lineage};
use expbundle_statement::VerifiedStatement;

use crate::bundle::Bundle;
use crate::checker::{Checker, Objects, Present, custody};
use crate::content::Content;
use crate::history::{History, Unread};
use crate::pass::{Pass, Signatures};
use crate::spoken_of::spoken_of;

/// Which digests to recompute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Digests {
    /// BLAKE3, which is identity.
    #[default]
    Blake3,
    /// SHA-256 as well; a divergence is a failure.
    All,
}

/// A `.expb` that nobody has checked. All it can do is be checked.
#[derive(Debug)]
pub struct Unverified {
    content: Content,
    limits: Limits,
}

/// What a check found, whether or not the bundle is intact.
#[derive(Debug, Default)]
pub struct Check {
    /// In the order of the stages, then of the entries.
    pub findings: Vec<Finding>,
}

impl Check {
    /// Whether nothing found keeps the bundle from being intact.
    pub fn is_intact(&self) -> bool {
        !self.findings.iter().any(Finding::is_error)
    }
}

/// Container canonical, JSON strict, every digest and signature recomputed: a fact about the bytes.
#[derive(Clone, Debug)]
pub struct Intact {
    bundle: Bundle,
    records: BTreeMap<RecordId, Record>,
    statements: Vec<VerifiedStatement>,
    limits: Limits,
    /// Positions of the statements about each record.
    about: BTreeMap<RecordId, Vec<usize>>,
    lineage: Lineage,
    heads: Vec<RecordId>,
}

impl Unverified {
    /// Opens a file. Nothing is read yet.
    pub fn open(path: &Utf8Path) -> io::Result<Self> {
        // Opening a pipe would wait for a writer, so what it is comes first.
        let metadata = std::fs::metadata(path)?;
        if metadata.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        if !metadata.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
        }
        Content::file(File::open(path)?).map(Self::new)
    }

    /// Takes bytes from anywhere.
    pub fn new(content: Content) -> Self {
        Self { content, limits: Limits::default() }
    }

    /// Checks everything that can be checked without trusting anybody. The findings are complete either way.
    pub fn check(self, digests: Digests) -> (Check, Option<Intact>) {
        let (mut check, objects) = self.check_objects(digests, Signatures::Verified);
        // Lineage reads sections, which mean something only where everything is what it claims to be.
        let intact = objects.map(|history| {
            let mut intact = history.into_unsettled();
            check.findings.extend(intact.settle());
            intact
        });
        let intact = intact.filter(|_| check.is_intact());
        (check, intact)
    }

    pub(crate) fn check_objects(self, digests: Digests, signatures: Signatures) -> (Check, Option<History>) {
        let mut findings = Vec::new();
        let container = match Container::open(self.content.reader(), &self.limits) {
            Ok(container) => container,
            Err(error) => return (Check { findings: vec![error.finding()] }, None),
        };
        let entries = container.entries();
        let pass = Pass { content: &self.content, limits: &self.limits, digests, signatures };
        // Entries come in the order of their names, in which maps are built without a search for each.
        let content = |entry: &Entry| Some((entry.name.clone(), self.content.slice(entry.data_offset, entry.size)?));
        let (seen, bundle) =
            rayon::join(|| pass.over(entries), || entries.iter().filter_map(content).collect::<Bundle>());
        let objects = Objects::sort(entries, seen, &mut findings);
        let checker = Checker { bundle: &bundle, present: entries, limits: &self.limits };
        let (records, present) = checker.check(objects, &mut findings);
        let (mut statements, mut unread) = (Vec::new(), Vec::new());
        for statement in present {
            match statement {
                Present::Verified(statement) => statements.push(*statement),
                Present::Unread(digest, claims) => unread.push(Unread::new(digest, *claims)),
            }
        }
        let intact = Intact::unsettled(bundle, records, statements, self.limits);
        let mut history = History::new(intact, unread);
        findings.extend(history.verify_what_changes_others());
        custody(entries, history.statements(), signatures, &mut findings);
        let check = Check { findings };
        let history = check.is_intact().then_some(history);
        (check, history)
    }
}

impl Intact {
    /// Objects that are what they claim to be, before they are looked at together. [`Intact::settle`] follows.
    pub(crate) fn unsettled(
        bundle: Bundle,
        records: BTreeMap<RecordId, Record>,
        statements: Vec<VerifiedStatement>,
        limits: Limits,
    ) -> Self {
        let lineage = Lineage::build(Facts::default());
        Self { bundle, records, statements, limits, about: BTreeMap::new(), lineage, heads: Vec::new() }
    }

    /// Everything of all parts; `None` if there is none. [`Intact::settle`] follows.
    pub(crate) fn joined(parts: impl IntoIterator<Item = Self>) -> Option<Self> {
        let (mut bundles, mut records, mut statements, mut limits) = (Vec::new(), Vec::new(), Vec::new(), None);
        for part in parts {
            bundles.push(part.bundle);
            records.push(part.records);
            statements.push(part.statements);
            limits = limits.or(Some(part.limits));
        }
        let records = || records.into_iter().flatten().collect();
        let (bundle, records) = rayon::join(|| Bundle::union(bundles), records);
        Some(Self::unsettled(bundle, records, statements.into_iter().flatten().collect(), limits?))
    }

    /// Takes in statements about records that are here.
    pub(crate) fn add_statements(&mut self, statements: impl IntoIterator<Item = VerifiedStatement>) {
        self.statements.extend(statements);
        self.index();
    }

    /// Leaves out statements, with the listings that only these name.
    pub(crate) fn leave_out(&mut self, statements: &BTreeSet<StatementId>) {
        self.bundle = self.without_statements(statements);
        self.statements.retain(|statement| !statements.contains(&statement.id()));
        self.index();
    }

    fn index(&mut self) {
        self.statements.sort_by_key(VerifiedStatement::file_digest);
        self.statements.dedup_by_key(|statement| statement.file_digest());
        self.about.clear();
        for (position, statement) in self.statements.iter().enumerate() {
            self.about.entry(RecordId(statement.record().blake3)).or_default().push(position);
        }
    }

    /// Computes what depends on all objects together; returns what lineage has to say.
    pub(crate) fn settle(&mut self) -> Vec<Finding> {
        self.index();
        self.lineage = Lineage::build(self.facts());
        self.heads = self.lineage.heads();
        self.lineage.findings().to_vec()
    }

    /// Digests of the artifacts that the records and releases of a part of this bundle speak of.
    pub(crate) fn spoken_of(&self, part: &Bundle) -> BTreeSet<Blake3> {
        let records = part.records().filter_map(|(id, _)| Some((id, self.records.get(&id)?.clone()))).collect();
        // Listings are looked up in the whole: in the part there are none yet.
        let mut whole = part.clone();
        for (digest, content) in self.bundle.artifacts() {
            whole.insert(EntryName::Artifact(digest), content.clone());
        }
        let is_kept = |statement: &&VerifiedStatement| part.contains(&EntryName::Statement(statement.file_digest()));
        let released: Vec<_> = self.statements.iter().filter(is_kept).filter_map(VerifiedStatement::listing).collect();
        spoken_of(&whole, &records, &released, &self.limits, |_| true).0.into_keys().collect()
    }

    /// The objects.
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// The records.
    pub fn records(&self) -> &BTreeMap<RecordId, Record> {
        &self.records
    }

    /// The statements, in the order of their file names. Each signature holds; whose it is, is another question.
    pub fn statements(&self) -> &[VerifiedStatement] {
        &self.statements
    }

    /// Records that no other record here follows from, by digest or by declaration, in the order of their ids.
    pub fn heads(&self) -> &[RecordId] {
        &self.heads
    }

    /// The graph of the records that are here. What a withheld section would tell is missing in it.
    pub fn lineage(&self) -> &Lineage {
        &self.lineage
    }

    /// A section of a record, or `None` if it is withheld.
    pub fn section(&self, record: RecordId, name: &SectionName) -> Option<&Content> {
        self.bundle.get(&EntryName::Section { record, section: name.clone() })
    }

    /// Bytes of a section; none if it is withheld.
    pub(crate) fn size_of(&self, record: RecordId, name: &SectionName) -> u64 {
        self.section(record, name).map_or(0, Content::size)
    }

    /// A JSON section of a record, or `None` if it is withheld.
    pub fn json_section<S: JsonSection>(&self, record: RecordId) -> Option<S> {
        let bytes = self.section(record, &S::name())?.at_most(self.limits.section_bytes).ok()?;
        json::from_bytes(&bytes, &self.limits).ok()
    }

    /// The listing of a tree, if it is embedded.
    pub fn tree(&self, listing: Blake3) -> Option<Tree> {
        let content = self.bundle.get(&EntryName::Artifact(listing))?;
        Tree::parse(&content.read(self.limits.section_bytes).ok()?).ok()
    }

    /// Statements about a record, in the order of their dates.
    pub fn statements_about(&self, record: RecordId) -> Vec<&VerifiedStatement> {
        let positions = self.about.get(&record).into_iter().flatten();
        let mut about: Vec<_> = positions.filter_map(|position| self.statements.get(*position)).collect();
        about.sort_by_key(|statement| (statement.created(), statement.id()));
        about
    }

    /// The latest statements about a record: those that no other one here follows. New ones name them in `prev`.
    pub fn latest_statements(&self, record: RecordId) -> Vec<StatementId> {
        let about = self.statements_about(record);
        let followed: BTreeSet<StatementId> =
            about.iter().flat_map(|statement| statement.previous().iter().copied()).collect();
        about.iter().map(|statement| statement.id()).filter(|id| !followed.contains(id)).collect()
    }
}
