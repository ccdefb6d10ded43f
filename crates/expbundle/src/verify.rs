//! Verification, first half: facts about the bytes (spec/verification.md, stages container to
//! signature).
//!
//! [`Unverified::check`] is the only way to an [`Intact`], so holding one is the proof that every
//! name, digest and signature was recomputed. Whether a signer is trusted is not a fact but an
//! opinion: see [`crate::judge`].

use std::collections::{BTreeMap, BTreeSet};
#[cfg(feature = "fs")]
use std::fs::File;
#[cfg(feature = "fs")]
use std::path::{Path, PathBuf};
use std::{fmt, io};

use expbundle_format::container::{Container, Entry, EntryName, SectionName};
use expbundle_format::limits::Limits;
use expbundle_format::record::Record;
use expbundle_format::sections::JsonSection;
use expbundle_format::tree::Tree;
use expbundle_format::{Blake3, DigestSet, Finding, RecordId, StatementId, json};
use expbundle_lineage::parallel;
use expbundle_statement::{Identity, Kind, VerifiedStatement, once_each};

use crate::bundle::Bundle;
use crate::checker::{Checker, Objects, Present, salts};
use crate::content::Content;
use crate::history::{History, Unread};
use crate::judge::Verdict;
#[cfg(feature = "fs")]
use crate::output::{OutputError, utf8};
use crate::pass::{Pass, Signatures};
use crate::spoken_of::{Attributed, Misdescribed, SpokenOf, spoken_of};
use crate::standing::Standing;

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

/// What a check proved intact, and what else it found.
#[derive(Debug)]
pub struct Checked<T = Intact> {
    /// The proof.
    pub intact: T,
    /// Warnings and remarks, in the order of the stages, then of the entries.
    pub findings: Vec<Finding>,
}

/// Why bytes are not an intact bundle.
#[derive(Debug)]
pub struct NotIntact {
    findings: Vec<Finding>,
}

impl NotIntact {
    /// `findings` has an error.
    fn new(findings: Vec<Finding>) -> Self {
        debug_assert!(findings.iter().any(Finding::is_error), "{findings:?}");
        Self { findings }
    }

    /// Everything found, in the order of the stages, then of the entries; at least one is an error.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The same, to keep.
    pub fn into_findings(self) -> Vec<Finding> {
        self.findings
    }

    /// The first error.
    pub fn first(&self) -> &Finding {
        self.findings.iter().find(|finding| finding.is_error()).expect("there is one, or it would be intact")
    }
}

impl fmt::Display for NotIntact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not an intact bundle: {}", self.first())?;
        match self.findings.iter().filter(|finding| finding.is_error()).count() {
            1 => Ok(()),
            errors => write!(f, " (and {} more)", errors - 1),
        }
    }
}

impl std::error::Error for NotIntact {}

/// Why a bundle on disk gives no [`Intact`].
#[cfg(feature = "fs")]
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// It cannot be read.
    #[error("`{}` cannot be read", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// It was read.
    #[error("`{}` is {source}", path.display())]
    NotIntact {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        source: NotIntact,
    },
}

#[cfg(feature = "fs")]
expbundle_format::debug_with_causes!(OpenError);

/// Why a bundle in memory gives no [`Intact`], or one that contradicts itself.
#[derive(thiserror::Error)]
pub enum CheckError {
    /// There was no room for its bytes on the disk of the temporary files.
    #[error("the temporary file of a bundle cannot be written")]
    Io(#[from] io::Error),
    /// It was checked.
    #[error(transparent)]
    NotIntact(#[from] NotIntact),
    /// It is intact, and its parts contradict each other: the errors that say how.
    #[error("the bundle contradicts itself: {}", .0.first().map_or("", |finding| &finding.message))]
    Contradiction(Vec<Finding>),
}

expbundle_format::debug_with_causes!(CheckError);

/// Opens the bundle at a path and checks it: every name, digest and signature is recomputed
/// (spec/verification.md).
///
/// What else was found in an intact bundle is lost here; [`Unverified::check`] has it.
#[cfg(feature = "fs")]
pub fn open(path: impl AsRef<Path>) -> Result<Intact, OpenError> {
    let path = path.as_ref();
    let unverified = Unverified::open(path).map_err(|source| OpenError::Read { path: path.to_owned(), source })?;
    let checked = unverified.check(Digests::Blake3);
    let checked = checked.map_err(|source| OpenError::NotIntact { path: path.to_owned(), source })?;
    Ok(checked.intact)
}

/// Container canonical, JSON strict, every digest and signature recomputed: a fact about the bytes.
#[derive(Clone, Debug)]
pub struct Intact {
    bundle: Bundle,
    records: BTreeMap<RecordId, Record>,
    statements: Vec<VerifiedStatement>,
    /// Files of statements that only a later version can verify, and the records that they claim to
    /// be about. They count for nothing and are kept.
    pub(crate) set_aside: BTreeMap<Blake3, RecordId>,
    limits: Limits,
    /// Positions of the statements about each record.
    about: BTreeMap<RecordId, Vec<usize>>,
    is_partial: bool,
    /// What records say of embedded artifacts and does not hold, and what does.
    misdescribed: Vec<(Misdescribed, SpokenOf)>,
    /// What else is wrong by the word of records.
    attributed: Vec<Attributed>,
}

impl Intact {
    /// How many files of statements only a later version can verify. They count for nothing, and
    /// what they say is not known.
    pub fn set_aside(&self) -> usize {
        self.set_aside.len()
    }
}

impl Unverified {
    /// Opens a file. Nothing is read yet.
    #[cfg(feature = "fs")]
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        // Opening a pipe would wait for a writer, so what it is comes first.
        let metadata = std::fs::metadata(path)?;
        if metadata.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        if !metadata.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
        }
        Content::file(File::open(path)?).map(Self::new)
    }

    /// Takes bytes from anywhere.
    pub fn new(content: Content) -> Self {
        Self { content, limits: Limits::default() }
    }

    /// With limits that differ from those of every reader.
    #[must_use]
    pub fn within(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Checks everything that can be checked without trusting anybody. The findings are complete
    /// either way.
    pub fn check(self, digests: Digests) -> Result<Checked, NotIntact> {
        let Checked { intact, findings } = self.check_objects(digests, Signatures::Verified)?;
        Ok(Checked { intact: intact.into_intact(), findings })
    }

    pub(crate) fn check_objects(self, digests: Digests, signatures: Signatures) -> Result<Checked<History>, NotIntact> {
        let mut findings = Vec::new();
        let container = match Container::open(self.content.reader(), &self.limits) {
            Ok(container) => container,
            Err(error) => return Err(NotIntact::new(vec![error.finding()])),
        };
        let entries = container.entries();
        let pass = Pass { content: &self.content, limits: &self.limits, digests, signatures };
        // Entries come in the order of their names, in which maps are built without a search for
        // each.
        let content = |entry: &Entry| Some((entry.name.clone(), self.content.slice(entry.data_offset, entry.size)?));
        let (seen, bundle) = parallel::join(|| pass.over(entries), || Bundle::of(entries.iter().filter_map(content)));
        let objects = Objects::sort(entries, seen, &mut findings);
        let checker = Checker { bundle: &bundle, present: entries, limits: &self.limits };
        let found = checker.check(objects, &mut findings);
        let (mut statements, mut unread, mut set_aside) = (Vec::new(), Vec::new(), BTreeMap::new());
        for statement in found.statements {
            match statement {
                Present::Verified(statement) => statements.push(*statement),
                Present::Unread(digest, claims) => unread.push(Unread::new(digest, *claims)),
                Present::SetAside(digest, record) => _ = set_aside.insert(digest, record),
            }
        }
        let mut intact = Intact::new(bundle, found.records, statements, self.limits);
        intact.misdescribed = found.misdescribed;
        intact.attributed = found.attributed;
        intact.set_aside = set_aside;
        let mut history = History::new(intact, unread);
        findings.extend(history.verify_what_changes_others());
        if !findings.iter().any(Finding::is_error) {
            return Ok(Checked { intact: history, findings });
        }
        // A report is complete: without a verdict everything counts.
        if signatures == Signatures::Verified {
            findings.extend(history.into_intact().together(false, &Standing::default()));
        }
        Err(NotIntact::new(findings))
    }
}

/// Earlier statements that a new one names.
const MOST_PREVIOUS: usize = 100;

/// The ids of the statements, which are in the order of their dates, that a new one by this signer
/// names.
pub fn followed_by(mut latest: Vec<&VerifiedStatement>, signer: &Identity) -> Vec<StatementId> {
    latest.reverse();
    latest.sort_by_key(|statement| statement.identity() != signer);
    latest.iter().take(MOST_PREVIOUS).map(|statement| statement.id()).collect()
}

impl Bundle {
    /// Checks a bundle that was made or joined in memory by the bytes that it would be written as:
    /// whatever it holds is held to the format as if it came from elsewhere.
    pub fn check(&self) -> Result<Checked, CheckError> {
        Ok(Unverified::new(self.written()?).check(Digests::Blake3)?)
    }

    #[cfg(feature = "fs")]
    fn written(&self) -> io::Result<Content> {
        let mut file = tempfile::tempfile()?;
        self.write(io::BufWriter::with_capacity(1 << 20, &mut file))?;
        Content::file(file)
    }

    #[cfg(not(feature = "fs"))]
    fn written(&self) -> io::Result<Content> {
        let mut bytes = Vec::new();
        self.write(&mut bytes)?;
        Ok(Content::bytes(bytes))
    }
}

impl Intact {
    pub(crate) fn new(
        bundle: Bundle,
        records: BTreeMap<RecordId, Record>,
        statements: Vec<VerifiedStatement>,
        limits: Limits,
    ) -> Self {
        let mut intact = Self {
            bundle,
            records,
            statements: once_each(statements),
            set_aside: BTreeMap::new(),
            limits,
            about: BTreeMap::new(),
            is_partial: false,
            misdescribed: Vec::new(),
            attributed: Vec::new(),
        };
        intact.index();
        intact
    }

    /// Everything of all parts; `None` if there is none.
    pub(crate) fn joined(parts: impl IntoIterator<Item = Self>) -> Option<Self> {
        let (mut bundles, mut records, mut statements, mut limits) = (Vec::new(), Vec::new(), Vec::new(), None);
        let (mut is_partial, mut set_aside) = (false, BTreeMap::new());
        let mut parts = parts.into_iter().peekable();
        let first = parts.next()?;
        if parts.peek().is_none() {
            return Some(first);
        }
        for part in std::iter::once(first).chain(parts) {
            is_partial |= part.is_partial;
            set_aside.extend(part.set_aside);
            bundles.push(part.bundle);
            records.push(part.records);
            statements.push(part.statements);
            limits = limits.or(Some(part.limits));
        }
        let records = || records.into_iter().flatten().collect();
        let (bundle, records) = parallel::join(|| Bundle::union(bundles), records);
        let joined = Self::new(bundle, records, statements.into_iter().flatten().collect(), limits?);
        Some(Self { set_aside, is_partial, ..joined })
    }

    /// Takes in statements whose files are here.
    pub(crate) fn take_in(&mut self, statements: impl IntoIterator<Item = VerifiedStatement>) {
        self.statements.extend(statements);
        self.index();
    }

    /// Puts statements in, each with its file.
    #[cfg(feature = "private-keys")]
    pub(crate) fn add_statements(&mut self, statements: impl IntoIterator<Item = (Vec<u8>, VerifiedStatement)>) {
        for (file, statement) in statements {
            self.bundle.insert_statement_unchecked(file);
            self.statements.push(statement);
        }
        self.index();
    }

    /// Leaves out statements, with the listings that only these name.
    pub fn leave_out(&mut self, statements: &BTreeSet<StatementId>) {
        self.bundle = self.without_statements(statements);
        self.statements.retain(|statement| !statements.contains(&statement.id()));
        self.index();
    }

    fn index(&mut self) {
        self.statements = once_each(std::mem::take(&mut self.statements));
        self.about.clear();
        for (position, statement) in self.statements.iter().enumerate() {
            self.about.entry(RecordId(statement.record().blake3)).or_default().push(position);
        }
    }

    /// Whether statements may be in the bundle that nobody has verified, and that are not among
    /// those here.
    pub(crate) fn is_partial(&self) -> bool {
        self.is_partial
    }

    pub(crate) fn set_partial(&mut self, is_partial: bool) {
        self.is_partial = is_partial;
    }

    /// Digests of the artifacts that the records and releases of a part of this bundle speak of.
    pub(crate) fn spoken_of(&self, part: &Bundle) -> BTreeSet<Blake3> {
        let records = part.records().filter_map(|(id, _)| Some((id, self.records.get(&id)?.clone()))).collect();
        // Listings are looked up in the whole: in the part there are none yet.
        let mut whole = part.clone();
        for (digest, content) in self.bundle.artifacts() {
            whole.insert_unchecked(EntryName::Artifact(digest), content.clone());
        }
        let is_kept = |statement: &&VerifiedStatement| part.contains(&EntryName::Statement(statement.file_digest()));
        let released: Vec<_> = self.statements.iter().filter(is_kept).filter_map(VerifiedStatement::listing).collect();
        spoken_of(&whole, &records, &released, &self.limits, |_| true, |_, _| true).artifacts
    }

    /// Holds what all records say against what is here: a part may describe what another has.
    pub(crate) fn described_anew(mut self) -> Self {
        self.attributed = salts(&self.bundle, &self.records, &self.limits, |_| true);
        if self.bundle.artifacts().next().is_none() {
            return self;
        }
        let actual = |artifact| {
            let content = self.bundle.get(&EntryName::Artifact(artifact))?;
            Some(SpokenOf { sha256: None, size: Some(content.size()) })
        };
        let holds = |artifact, said: SpokenOf| actual(artifact).is_none_or(|actual| said.fits(actual));
        let spoken = spoken_of(&self.bundle, &self.records, &[], &self.limits, |_| true, holds);
        let wrong = spoken.misdescribed.into_iter();
        self.misdescribed = wrong.filter_map(|wrong| Some((wrong.clone(), actual(wrong.artifact)?))).collect();
        self.attributed.extend(spoken.listings);
        self
    }

    pub(crate) fn attributed(&self) -> &[Attributed] {
        &self.attributed
    }

    pub(crate) fn misdescribed(&self) -> &[(Misdescribed, SpokenOf)] {
        &self.misdescribed
    }

    /// Whether the record that a statement is about is here under another SHA-256: then it is about
    /// none that is here.
    pub(crate) fn contradicts(&self, statement: &VerifiedStatement) -> bool {
        let about = statement.record();
        // A release is about a folder.
        statement.listing().is_none()
            && self.records.get(&RecordId(about.blake3)).is_some_and(|record| record.digest() != about)
    }

    /// The authorships, of records that are here or not. One about a record that is here under
    /// another SHA-256 is about none, and is not among them: nobody vouches for anything by it.
    pub fn authorships(&self) -> impl Iterator<Item = &VerifiedStatement> {
        self.statements().iter().filter(|one| one.kind() == Kind::Authorship && !self.contradicts(one))
    }

    /// The authorships that give their records a state.
    pub fn vouching(&self, standing: &Standing) -> impl Iterator<Item = &VerifiedStatement> {
        self.authorships().filter(|one| standing.vouches(one))
    }

    /// The files of the statements in which trusted keys say something against a record, statement
    /// or key: anybody can add findings, and these must be seen among them.
    pub fn against_by_trusted(&self, verdict: &Verdict) -> BTreeSet<String> {
        let is_trusted = |one: &&VerifiedStatement| verdict.trusted.get(&one.id()).is_some_and(|who| !who.is_empty());
        let against = self.statements().iter().filter(|one| one.predicate().is_against()).filter(is_trusted);
        against.map(|one| EntryName::Statement(one.file_digest()).to_string()).collect()
    }

    /// The objects.
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// The records.
    pub fn records(&self) -> &BTreeMap<RecordId, Record> {
        &self.records
    }

    /// The record of a bundle of one; `None` if it has several or none.
    pub fn only_record(&self) -> Option<RecordId> {
        let mut ids = self.records.keys();
        ids.next().copied().filter(|_| ids.next().is_none())
    }

    /// Saves the bundle, unless something would be lost: at the path is nothing, or a bundle of
    /// which everything is in this one. On any error the old file is as it was.
    #[cfg(feature = "fs")]
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), OutputError> {
        self.bundle.save(utf8(path.as_ref())?)
    }

    /// Saves the bundle in the place of whatever is there.
    #[cfg(feature = "fs")]
    pub fn save_over(&self, path: impl AsRef<Path>) -> Result<(), OutputError> {
        self.bundle.save_over(utf8(path.as_ref())?)
    }

    /// The statements, each once, in the order of their first files. Each signature holds; whose it
    /// is, is another question.
    pub fn statements(&self) -> &[VerifiedStatement] {
        &self.statements
    }

    /// A section of a record, or `None` if it is withheld.
    pub fn section(&self, record: RecordId, name: &SectionName) -> Option<&Content> {
        self.bundle.get(&EntryName::Section { record, section: name.clone() })
    }

    /// Whether a record lists a section that is not here.
    pub fn is_withheld(&self, record: RecordId, name: &SectionName) -> bool {
        let lists = self.records().get(&record).is_some_and(|record| record.body().sections.contains_key(name));
        lists && self.section(record, name).is_none()
    }

    /// The sections that a record lists and that are not here, in the order of their names.
    pub fn withheld_sections(&self, record: RecordId) -> Vec<SectionName> {
        let listed = self.records().get(&record).into_iter().flat_map(|record| record.body().sections.keys());
        listed.filter(|name| self.section(record, name).is_none()).cloned().collect()
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

    /// The listing that a release names, if it is embedded: the bytes of both digests.
    pub fn released(&self, listing: DigestSet) -> Option<Tree> {
        let content = self.bundle.get(&EntryName::Artifact(listing.blake3))?;
        let bytes = content.read(self.limits.section_bytes).ok()?;
        if DigestSet::of(&bytes) != listing {
            return None;
        }
        Tree::parse(&bytes).ok()
    }

    /// Statements about a record, in the order of their dates.
    pub fn statements_about(&self, record: RecordId) -> Vec<&VerifiedStatement> {
        let positions = self.about.get(&record).into_iter().flatten();
        let mut about: Vec<_> = positions.filter_map(|position| self.statements.get(*position)).collect();
        about.sort_by_key(|statement| (statement.created(), statement.id()));
        about
    }

    /// The [authorships](Intact::authorships) of a record, in the order of their dates.
    pub fn authorships_of(&self, record: RecordId) -> Vec<&VerifiedStatement> {
        let mut about = self.statements_about(record);
        about.retain(|one| one.kind() == Kind::Authorship && !self.contradicts(one));
        about
    }

    /// The latest statements about a record: those that no other one here follows, in the order of
    /// their dates.
    pub fn latest_statements(&self, record: RecordId) -> Vec<StatementId> {
        self.latest_about(record).iter().map(|statement| statement.id()).collect()
    }

    /// The same, as a new statement by this signer names them in `prev`: at most 100, first their
    /// own, then the latest. Anybody can add statements, and each has to fit into the next.
    #[cfg(feature = "private-keys")]
    pub(crate) fn latest_for(&self, record: RecordId, signer: &Identity) -> Vec<StatementId> {
        followed_by(self.latest_about(record), signer)
    }

    fn latest_about(&self, record: RecordId) -> Vec<&VerifiedStatement> {
        let mut about = self.statements_about(record);
        let followed: BTreeSet<StatementId> =
            about.iter().flat_map(|statement| statement.previous().iter().copied()).collect();
        about.retain(|statement| !followed.contains(&statement.id()));
        about
    }
}
