//! Verification, first half: facts about the bytes (spec/verification.md, stages container to signature).
//!
//! [`Unverified::check`] is the only way to an [`Intact`], so holding one is the proof that every name, digest and
//! signature was recomputed. Whether a signer is trusted is no fact but an opinion: see [`crate::judge`].

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read};

use camino::Utf8Path;
use expbundle_format::container::{Container, Entry, EntryName, SectionName};
use expbundle_format::digest::Blake3;
use expbundle_format::json;
use expbundle_format::limits::Limits;
use expbundle_format::record::{ArtifactRef, Record, SectionRef};
use expbundle_format::sections::{self, JsonSection};
use expbundle_format::tree::Tree;
use expbundle_format::{Code, DigestSet, Finding, Place, RecordId, Sha256, StatementId};
use expbundle_statement::{Envelope, Predicate, VerifiedStatement};
use rayon::prelude::*;
use serde_json::Value;

use crate::bundle::Bundle;
use crate::content::Content;
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
    heads: Vec<RecordId>,
}

impl Unverified {
    /// Opens a file. Nothing is read yet.
    pub fn open(path: &Utf8Path) -> io::Result<Self> {
        let file = File::open(path)?;
        if file.metadata()?.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        Content::file(file).map(Self::new)
    }

    /// Takes bytes from anywhere.
    pub fn new(content: Content) -> Self {
        Self { content, limits: Limits::default() }
    }

    /// Checks everything that can be checked without trusting anybody. The findings are complete either way.
    pub fn check(self, digests: Digests) -> (Check, Option<Intact>) {
        self.check_objects(digests, |_| true)
    }

    /// Checks only what lineage needs: records, statements, JSON sections and listings. Metrics, console output and embedded files
    /// are not read, and the result is a copy without them.
    pub fn check_history(self) -> (Check, Option<Intact>) {
        self.check_objects(Digests::Blake3, |(name, size)| match name {
            EntryName::Record(_) | EntryName::Statement(_) => true,
            EntryName::Section { section, .. } => HISTORY.contains(&section.as_str()),
            EntryName::Artifact(_) => size <= MOST_LISTING_BYTES,
        })
    }

    fn check_objects(self, digests: Digests, wanted: impl Fn((&EntryName, u64)) -> bool) -> (Check, Option<Intact>) {
        let mut findings = Vec::new();
        let container = match Container::open(self.content.reader(), &self.limits) {
            Ok(container) => container,
            Err(error) => return (Check { findings: vec![error.finding()] }, None),
        };
        // Entries come in the order of their names, in which maps are built without a search for each.
        let present: BTreeSet<EntryName> = container.entries().iter().map(|entry| entry.name.clone()).collect();
        let wanted: Vec<_> = container.entries().iter().filter(|entry| wanted((&entry.name, entry.size))).collect();
        let checksums: BTreeMap<EntryName, u32> =
            wanted.iter().map(|entry| (entry.name.clone(), entry.crc32)).collect();
        let content = |entry: &&Entry| {
            let content = self.content.slice(entry.data_offset, entry.size)?;
            Some((entry.name.clone(), content))
        };
        let bundle: Bundle = wanted.iter().filter_map(content).collect();
        let checker = Checker { bundle: &bundle, present: &present, limits: &self.limits, digests };
        let hashed = checker.hash(&checksums, &mut findings);
        let records = checker.records(&hashed, &mut findings);
        checker.sections(&records, &hashed, &mut findings);
        checker.artifacts(&records, &hashed, &mut findings);
        let statements = checker.statements(&records, &hashed, &mut findings);
        let mut check = Check { findings };
        let mut intact =
            check.is_intact().then(|| Intact { bundle, records, statements, limits: self.limits, heads: Vec::new() });
        // Lineage reads sections, which mean something only where everything is what it claims to be.
        if let Some(intact) = &mut intact {
            check.findings.extend(intact.settle());
        }
        let intact = intact.filter(|_| check.is_intact());
        (check, intact)
    }
}

/// Sections that lineage, its costs and its duplicates are computed from.
const HISTORY: [&str; 5] = ["artifacts.json", "context.json", "cost.json", "evaluations.json", "recipe.json"];
/// Embedded artifacts up to here may be listings of directories.
const MOST_LISTING_BYTES: u64 = 1 << 20;

/// What hashing one entry gave.
struct Hashed {
    blake3: Blake3,
    sha256: Option<Sha256>,
}

/// The stages, over one bundle.
struct Checker<'a> {
    /// What is checked.
    bundle: &'a Bundle,
    /// Names of everything that is in the file.
    present: &'a BTreeSet<EntryName>,
    limits: &'a Limits,
    digests: Digests,
}

type Records = BTreeMap<RecordId, Record>;
type HashedEntries = BTreeMap<EntryName, Hashed>;

impl Checker<'_> {
    /// Reads every entry once, on all cores.
    fn hash(&self, checksums: &BTreeMap<EntryName, u32>, findings: &mut Vec<Finding>) -> HashedEntries {
        let entries: Vec<_> = self.bundle.entries().collect();
        let results: Vec<_> =
            entries.into_par_iter().map(|(name, content)| (name, content, self.hash_entry(content))).collect();
        let mut hashed = Vec::with_capacity(results.len());
        for (name, content, result) in results {
            match result {
                Ok((entry, crc32)) if checksums.get(name) == Some(&crc32) => hashed.push((name.clone(), entry)),
                Ok((entry, _)) => {
                    let message =
                        format!("the checksum of the {} bytes is another than its header says", content.size());
                    findings.push(Finding::new(Code::ContainerCrc, Place::entry(name.to_string()), message));
                    hashed.push((name.clone(), entry));
                }
                Err(error) => {
                    let message = format!("the entry cannot be read: {error}");
                    findings.push(Finding::new(Code::ContainerTruncated, Place::entry(name.to_string()), message));
                }
            }
        }
        hashed.into_iter().collect()
    }

    fn hash_entry(&self, content: &Content) -> io::Result<(Hashed, u32)> {
        use sha2::Digest as _;

        let mut blake3 = blake3::Hasher::new();
        let mut sha256 = (self.digests == Digests::All).then(sha2::Sha256::new);
        let mut crc32 = crc32fast::Hasher::new();
        let mut update = |bytes: &[u8]| {
            // Small entries are spread over the cores; a large one is spread by itself.
            if bytes.len() >= PIECE_BYTES {
                blake3.update_rayon(bytes);
            } else {
                blake3.update(bytes);
            }
            crc32.update(bytes);
            if let Some(sha256) = &mut sha256 {
                sha256.update(bytes);
            }
        };
        if let Some(bytes) = content.memory() {
            update(bytes);
        } else {
            let mut reader = content.reader();
            let mut buffer = vec![0_u8; usize::try_from(content.size()).unwrap_or(usize::MAX).min(PIECE_BYTES)];
            loop {
                let count = read_full(&mut reader, &mut buffer)?;
                if count == 0 {
                    break;
                }
                update(buffer.get(..count).unwrap_or_default());
            }
        }
        let entry = Hashed {
            blake3: Blake3::from_bytes(blake3.finalize().into()),
            sha256: sha256.map(|hasher| Sha256::from_bytes(hasher.finalize().into())),
        };
        Ok((entry, crc32.finalize()))
    }

    /// Records hash to their names and parse.
    fn records(&self, hashed: &HashedEntries, findings: &mut Vec<Finding>) -> Records {
        let names: Vec<_> = self.bundle.records().collect();
        let results: Vec<_> =
            names.into_par_iter().map(|(id, content)| (id, self.record(id, content, hashed))).collect();
        let mut records = Vec::with_capacity(results.len());
        for (id, result) in results {
            match result {
                Ok(record) => records.push((id, record)),
                Err(finding) => findings.push(*finding),
            }
        }
        records.into_iter().collect()
    }

    fn record(&self, id: RecordId, content: &Content, hashed: &HashedEntries) -> Result<Record, Box<Finding>> {
        let name = EntryName::Record(id);
        let entry = name.to_string();
        let actual = hashed.get(&name).map(|hashed| hashed.blake3);
        if actual.is_some_and(|actual| actual != id.0) {
            let message =
                format!("the record hashes to {}", actual.map(|digest| digest.to_string()).unwrap_or_default());
            return Err(Box::new(Finding::new(Code::DigestRecord, Place::entry(entry), message)));
        }
        let bytes = content.read(self.limits.record_bytes).map_err(|error| {
            Box::new(Finding::new(Code::ContainerLimit, Place::entry(entry.clone()), error.to_string()))
        })?;
        Record::parse(bytes, self.limits).map_err(|error| Box::new(error.finding(&entry)))
    }

    /// Sections are listed by their record and hash to what it says; JSON ones have the members of their schema.
    fn sections(&self, records: &Records, hashed: &HashedEntries, findings: &mut Vec<Finding>) {
        let present: Vec<_> = self.bundle.sections().collect();
        let found: Vec<Vec<Finding>> = present
            .into_par_iter()
            .map(|(record, name, content)| {
                let entry = EntryName::Section { record, section: name.clone() };
                let Some(listed) = records.get(&record).and_then(|record| record.body().sections.get(name)) else {
                    // A broken record was reported by itself; its sections say nothing more.
                    let known = records.contains_key(&record) || !self.bundle.contains(&EntryName::Record(record));
                    let message = "no record lists this section";
                    let finding = Finding::new(Code::ContainerUnlisted, Place::entry(entry.to_string()), message);
                    return if known { vec![finding] } else { Vec::new() };
                };
                self.section(&entry, listed, content, hashed)
            })
            .collect();
        findings.extend(found.into_iter().flatten());
        for (id, record) in records {
            self.salts(*id, record, findings);
            let body = record.body();
            if let (Some(started), Some(ended)) = (body.started, body.ended)
                && ended < started
            {
                let place = Place::entry(EntryName::Record(*id).to_string()).at_pointer("/ended");
                let message = format!("it ends at {ended}, before it starts at {started}");
                findings.push(Finding::new(Code::RecordSpan, place, message));
            }
            for name in record.body().sections.keys() {
                let entry = EntryName::Section { record: *id, section: name.clone() };
                if !self.present.contains(&entry) {
                    let message = format!("`{name}` is listed and not here");
                    findings.push(Finding::new(Code::SectionWithheld, Place::entry(entry.to_string()), message));
                }
            }
        }
    }

    fn section(
        &self,
        entry: &EntryName,
        listed: &SectionRef,
        content: &Content,
        hashed: &HashedEntries,
    ) -> Vec<Finding> {
        let place = || Place::entry(entry.to_string());
        let mut findings = Vec::new();
        if let Some(actual) = hashed.get(entry) {
            compare(actual, &listed.digest, Code::DigestSection, &place(), &mut findings);
        }
        if findings.is_empty() && content.size() != listed.size {
            let message = format!("{} bytes, and the record says {}", content.size(), listed.size);
            findings.push(Finding::new(Code::DigestSize, place(), message));
        }
        if findings.is_empty() && listed.media_type == sections::JSON {
            findings.extend(self.json_section(entry, content).err().map(|finding| *finding));
        }
        findings
    }

    fn json_section(&self, entry: &EntryName, content: &Content) -> Result<(), Box<Finding>> {
        let value = self.json(entry, content)?;
        let EntryName::Section { section, .. } = entry else { return Ok(()) };
        sections::check(section, value)
            .map_err(|error| Box::new(Finding::new(error.code(), error.place(&entry.to_string()), error.to_string())))
    }

    fn json(&self, entry: &EntryName, content: &Content) -> Result<Value, Box<Finding>> {
        let bytes = content
            .read(self.limits.section_bytes)
            .map_err(|error| Finding::new(Code::JsonLimit, Place::entry(entry.to_string()), error.to_string()))?;
        json::parse(&bytes, self.limits)
            .map_err(|error| Box::new(Finding::new(error.code(), error.place(&entry.to_string()), error.to_string())))
    }

    /// In a blinded record every JSON section has a salt of its own. Those of Parquet sections are inside Parquet, which
    /// verification does not decode.
    fn salts(&self, id: RecordId, record: &Record, findings: &mut Vec<Finding>) {
        if !record.body().blinded {
            return;
        }
        let mut seen = BTreeSet::new();
        for (name, listed) in &record.body().sections {
            let entry = EntryName::Section { record: id, section: name.clone() };
            let Some(content) = self.bundle.get(&entry).filter(|_| listed.media_type == sections::JSON) else {
                continue;
            };
            let Ok(value) = self.json(&entry, content) else { continue };
            let salt = value.get("salt").and_then(Value::as_str).and_then(|text| text.parse::<Blake3>().ok());
            let message = match salt {
                None => "the section has no salt of 64 hex digits",
                Some(salt) if !seen.insert(salt) => "the salt is that of another section",
                Some(_) => continue,
            };
            findings.push(Finding::new(
                Code::SectionSalt,
                Place::entry(entry.to_string()).at_pointer("/salt"),
                message,
            ));
        }
    }

    /// Embedded artifacts hash to their names, and something in the bundle speaks of them.
    fn artifacts(&self, records: &Records, hashed: &HashedEntries, findings: &mut Vec<Finding>) {
        if self.bundle.artifacts().next().is_none() {
            return;
        }
        let (listed, wrong) = spoken_of(self.bundle, records, self.limits);
        findings.extend(wrong);
        for (digest, content) in self.bundle.artifacts() {
            let entry = EntryName::Artifact(digest);
            let place = || Place::entry(entry.to_string());
            if let Some(actual) = hashed.get(&entry).filter(|actual| actual.blake3 != digest) {
                let message = format!("the artifact hashes to {}", actual.blake3);
                findings.push(Finding::new(Code::DigestArtifact, place(), message));
                continue;
            }
            let Some(listed) = listed.get(&digest) else {
                let message = "no record here takes in, puts out or describes this artifact";
                findings.push(Finding::new(Code::ContainerUnlisted, place(), message));
                continue;
            };
            if let Some(size) = listed.size.filter(|size| *size != content.size()) {
                let message = format!("{} bytes, and the record says {size}", content.size());
                findings.push(Finding::new(Code::DigestSize, place(), message));
            }
            let actual = hashed.get(&entry).and_then(|actual| actual.sha256);
            if let (Some(actual), Some(said)) = (actual, listed.sha256)
                && actual != said
            {
                findings.push(Finding::new(Code::DigestDivergent, place(), format!("SHA-256 is {actual}, not {said}")));
            }
        }
    }

    /// Statements hash to their names, their signatures hold, and they are about records that are here.
    fn statements(
        &self,
        records: &Records,
        hashed: &HashedEntries,
        findings: &mut Vec<Finding>,
    ) -> Vec<VerifiedStatement> {
        let present: Vec<_> = self.bundle.statements().collect();
        let results: Vec<_> = present
            .into_par_iter()
            .map(|(digest, content)| (digest, self.statement(digest, content, records, hashed)))
            .collect();
        let mut statements = Vec::new();
        for (digest, result) in results {
            match result {
                Ok(statement) => {
                    let about = statement.record();
                    if !records.contains_key(&RecordId(about.blake3)) {
                        let place = Place::entry(EntryName::Statement(digest).to_string());
                        let message = format!("it is about record {}", about.blake3);
                        findings.push(Finding::new(Code::StatementOrphan, place, message));
                    }
                    statements.push(statement);
                }
                Err(finding) => findings.push(*finding),
            }
        }
        findings.extend(expbundle_statement::chain::check(&statements));
        self.seals(&statements, findings);
        statements
    }

    /// What a seal names is here.
    fn seals(&self, statements: &[VerifiedStatement], findings: &mut Vec<Finding>) {
        for statement in statements {
            let Predicate::Seal(seal) = statement.predicate() else { continue };
            let is_here = |name: &&String| name.parse().is_ok_and(|name: EntryName| self.present.contains(&name));
            let mut missing = seal.objects.iter().filter(|name| !is_here(name));
            if let Some(first) = missing.next() {
                let more = match missing.count() {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                let place = Place::entry(EntryName::Statement(statement.file_digest()).to_string());
                let first: String = first.chars().take(200).collect();
                findings.push(Finding::new(Code::StatementSeal, place, format!("`{first}`{more} is missing")));
            }
        }
    }

    fn statement(
        &self,
        digest: Blake3,
        content: &Content,
        records: &Records,
        hashed: &HashedEntries,
    ) -> Result<VerifiedStatement, Box<Finding>> {
        let name = EntryName::Statement(digest);
        let entry = name.to_string();
        if let Some(actual) = hashed.get(&name).filter(|actual| actual.blake3 != digest) {
            let message = format!("the statement's file hashes to {}", actual.blake3);
            return Err(Box::new(Finding::new(Code::DigestStatement, Place::entry(entry), message)));
        }
        let bytes = content
            .read(self.limits.statement_bytes)
            .map_err(|error| Finding::new(Code::ContainerLimit, Place::entry(entry.clone()), error.to_string()))?;
        let statement =
            Envelope::parse(&bytes).and_then(Envelope::verify).map_err(|error| Box::new(error.finding(&entry)))?;
        // The name of a subject proves nothing; both digests must be those of the record.
        let about = statement.record();
        if let Some(record) = records.get(&RecordId(about.blake3))
            && record.digest() != about
        {
            let message = "the subject has the record's BLAKE3 and another SHA-256".to_owned();
            return Err(Box::new(Finding::new(Code::StatementSubject, Place::entry(entry), message)));
        }
        Ok(statement)
    }
}

/// Bytes read and hashed at a time: large enough for all cores to share.
const PIECE_BYTES: usize = 4 << 20;

fn read_full(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

fn compare(actual: &Hashed, said: &DigestSet, code: Code, place: &Place, findings: &mut Vec<Finding>) {
    if actual.blake3 != said.blake3 {
        let message = format!("it hashes to {}, and the record says {}", actual.blake3, said.blake3);
        findings.push(Finding::new(code, place.clone(), message));
    } else if let Some(sha256) = actual.sha256.filter(|sha256| *sha256 != said.sha256) {
        let message = format!("SHA-256 is {sha256}, and the record says {}", said.sha256);
        findings.push(Finding::new(Code::DigestDivergent, place.clone(), message));
    }
}

impl Intact {
    /// Takes in what another bundle has. [`Intact::settle`] follows.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.bundle.merge(&other.bundle);
        self.records.extend(other.records);
        self.statements.extend(other.statements);
    }

    /// Computes what depends on all objects together; returns what lineage has to say.
    pub(crate) fn settle(&mut self) -> Vec<Finding> {
        self.statements.sort_by_key(VerifiedStatement::file_digest);
        self.statements.dedup_by_key(|statement| statement.file_digest());
        let lineage = self.lineage();
        self.heads = lineage.heads();
        lineage.findings().to_vec()
    }

    /// Digests of the artifacts that the records of a part of this bundle speak of.
    pub(crate) fn spoken_of(&self, part: &Bundle) -> BTreeSet<Blake3> {
        let records = part.records().filter_map(|(id, _)| Some((id, self.records.get(&id)?.clone()))).collect();
        // Listings are looked up in the whole: in the part there are none yet.
        let mut whole = part.clone();
        for (digest, content) in self.bundle.artifacts() {
            whole.insert(EntryName::Artifact(digest), content.clone());
        }
        spoken_of(&whole, &records, &self.limits).0.into_keys().collect()
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

    /// A section of a record, or `None` if it is withheld.
    pub fn section(&self, record: RecordId, name: &SectionName) -> Option<&Content> {
        self.bundle.get(&EntryName::Section { record, section: name.clone() })
    }

    /// A JSON section of a record, or `None` if it is withheld.
    pub fn json_section<S: JsonSection>(&self, record: RecordId) -> Option<S> {
        let bytes = self.section(record, &S::name())?.read(self.limits.section_bytes).ok()?;
        let value = json::parse(&bytes, &self.limits).ok()?;
        json::from_value(value).ok()
    }

    /// The listing of a tree, if it is embedded.
    pub fn tree(&self, artifact: &ArtifactRef) -> Option<Tree> {
        let content = self.bundle.get(&EntryName::Artifact(artifact.digest.blake3()?))?;
        Tree::parse(&content.read(self.limits.section_bytes).ok()?).ok()
    }

    /// Statements about a record, in the order of their dates.
    pub fn statements_about(&self, record: RecordId) -> Vec<&VerifiedStatement> {
        let mut about: Vec<_> =
            self.statements.iter().filter(|statement| statement.record().blake3 == record.0).collect();
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
