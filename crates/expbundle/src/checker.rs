//! The stages of verification after the container: records, sections, artifacts, statements
//! (spec/verification.md).

use std::collections::{BTreeMap, BTreeSet, HashSet};

use expbundle_format::container::{Entry, EntryName, SectionName};
use expbundle_format::json::{self, JsonError};
use expbundle_format::limits::Limits;
use expbundle_format::record::{Record, SectionRef};
use expbundle_format::sections;
use expbundle_format::{Blake3, Code, DigestSet, Finding, Place, RecordId};
use expbundle_statement::{Claims, VerifiedStatement};
use serde::Deserialize;
use serde_json::Value;

use crate::bundle::Bundle;
use crate::pass::{Hashed, Parsed, Seen};
use crate::spoken_of::{Attributed, Misdescribed, SpokenOf, spoken_of};

/// What a pass saw, sorted by stage. Entries that could not be read are in none.
#[derive(Default)]
pub(crate) struct Objects {
    records: Vec<(RecordId, Hashed, Parsed)>,
    sections: Vec<(RecordId, SectionName, u64, Hashed, Parsed)>,
    artifacts: Vec<(Blake3, Hashed)>,
    statements: Vec<(Blake3, Hashed, Parsed)>,
}

/// A statement that is in the bundle: its file is what its name says.
pub(crate) enum Present {
    /// Its signature holds.
    Verified(Box<VerifiedStatement>),
    /// Nobody has looked.
    Unread(Blake3, Box<Claims>),
    /// Only a later version can verify it.
    SetAside(Blake3, RecordId),
}

impl Objects {
    /// Compares checksums, and sorts.
    pub fn sort(entries: &[Entry], seen: Vec<Seen>, findings: &mut Vec<Finding>) -> Self {
        let mut objects = Self::default();
        for (entry, seen) in entries.iter().zip(seen) {
            let hashed = match seen.hashed {
                Ok(hashed) => hashed,
                Err(error) => {
                    let message = format!("the entry cannot be read: {error}");
                    let place = Place::entry(entry.name.to_string());
                    findings.push(Finding::new(Code::ContainerTruncated, place, message));
                    continue;
                }
            };
            if hashed.crc32 != entry.crc32 {
                let message = format!("the checksum of the {} bytes is another than its header says", entry.size);
                findings.push(Finding::new(Code::ContainerCrc, Place::entry(entry.name.to_string()), message));
            }
            match &entry.name {
                EntryName::Record(id) => objects.records.push((*id, hashed, seen.parsed)),
                EntryName::Section { record, section } => {
                    objects.sections.push((*record, section.clone(), entry.size, hashed, seen.parsed));
                }
                EntryName::Artifact(digest) => objects.artifacts.push((*digest, hashed)),
                EntryName::Statement(digest) => objects.statements.push((*digest, hashed, seen.parsed)),
            }
        }
        objects
    }
}

/// What every blinded JSON section has.
#[derive(Default, Deserialize)]
struct Salted {
    #[serde(default)]
    salt: Option<Value>,
}

/// The stages, over one bundle.
pub(crate) struct Checker<'a> {
    /// What is checked.
    pub bundle: &'a Bundle,
    /// Everything that is in the file, in the order of names.
    pub present: &'a [Entry],
    pub limits: &'a Limits,
}

pub(crate) type Records = BTreeMap<RecordId, Record>;

/// What is in a bundle and is what its name says.
pub(crate) struct Checked {
    pub records: Records,
    pub statements: Vec<Present>,
    /// What records say of embedded artifacts and does not hold, and what does.
    pub misdescribed: Vec<(Misdescribed, SpokenOf)>,
    /// What else is wrong by the word of records.
    pub attributed: Vec<Attributed>,
}

impl Checker<'_> {
    /// All stages, in their order.
    pub fn check(&self, objects: Objects, findings: &mut Vec<Finding>) -> Checked {
        let records = records(objects.records, findings);
        let broken = self.sections(&records, objects.sections, findings);
        let released = released(&objects.statements);
        let is_limit = |parsed: &Parsed| matches!(parsed, Parsed::Refused(finding) if finding.is_limit());
        // What was not read may name an artifact.
        let is_all_read = !objects.statements.iter().any(|(_, _, parsed)| is_limit(parsed))
            && !findings.iter().any(Finding::is_limit);
        let (misdescribed, listings) =
            self.artifacts(&records, &released, &objects.artifacts, (&broken, is_all_read), findings);
        let statements = statements(&records, objects.statements, findings);
        let mut attributed = salts(self.bundle, &records, self.limits, |entry| !broken.contains(entry));
        attributed.extend(listings);
        Checked { records, statements, misdescribed, attributed }
    }

    /// Sections are listed by their record and hash to what it says; JSON ones have the members of
    /// their schema. Gives those that are not what their record says: nobody looks into these.
    fn sections(
        &self,
        records: &Records,
        present: Vec<(RecordId, SectionName, u64, Hashed, Parsed)>,
        findings: &mut Vec<Finding>,
    ) -> HashSet<EntryName> {
        let mut broken = HashSet::new();
        for (record, name, size, hashed, parsed) in present {
            let listed = records.get(&record).and_then(|record| record.body().sections.get(&name));
            let entry = EntryName::Section { record, section: name };
            if let Some(listed) = listed {
                if !self.section(&entry, size, listed, hashed, parsed, findings) {
                    broken.insert(entry);
                }
                continue;
            }
            if records.contains_key(&record) || !is_present(self.present, &EntryName::Record(record)) {
                // A broken record was reported by itself; its sections say nothing more.
                let place = Place::entry(entry.to_string());
                findings.push(Finding::new(Code::ContainerUnlisted, place, "no record lists this section"));
            }
            broken.insert(entry);
        }
        // Both are in the order of names, so each is walked once.
        let mut names = self.present.iter().map(|entry| &entry.name).peekable();
        for (id, record) in records {
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
                while names.next_if(|name| **name < entry).is_some() {}
                if names.peek() != Some(&&entry) {
                    let message = format!("`{name}` is listed and not here");
                    findings.push(Finding::new(Code::SectionWithheld, Place::entry(entry.to_string()), message));
                }
            }
        }
        broken
    }

    /// Whether it is what its record says.
    fn section(
        &self,
        entry: &EntryName,
        size: u64,
        listed: &SectionRef,
        hashed: Hashed,
        parsed: Parsed,
        findings: &mut Vec<Finding>,
    ) -> bool {
        let place = || Place::entry(entry.to_string());
        let before = findings.len();
        compare(hashed, &listed.digest, Code::DigestSection, place, findings);
        if findings.len() == before && size != listed.size {
            let message = format!("{size} bytes, and the record says {}", listed.size);
            findings.push(Finding::new(Code::DigestSize, place(), message));
        }
        if findings.len() > before {
            return false;
        }
        if listed.media_type != sections::JSON {
            return true;
        }
        match parsed {
            Parsed::Refused(finding) => findings.push(*finding),
            // It is listed as JSON under a name that does not say so.
            Parsed::Bytes => {
                let checked = self.read(entry, |bytes| json::check(bytes, self.limits));
                findings.extend(checked.err().map(|finding| *finding));
            }
            Parsed::Json | Parsed::Record(_) | Parsed::Statement(_) | Parsed::Claims(_) | Parsed::SetAside(_) => {}
        }
        true
    }

    fn read<T: Default>(
        &self,
        entry: &EntryName,
        read: impl FnOnce(&[u8]) -> Result<T, JsonError>,
    ) -> Result<T, Box<Finding>> {
        let Some(content) = self.bundle.get(entry) else { return Ok(T::default()) };
        let bytes = content
            .at_most(self.limits.section_bytes)
            .map_err(|error| Finding::new(Code::JsonLimit, Place::entry(entry.to_string()), error.to_string()))?;
        read(&bytes)
            .map_err(|error| Box::new(Finding::new(error.code(), error.place(&entry.to_string()), error.to_string())))
    }

    /// Embedded artifacts hash to their names, and something in the bundle speaks of them.
    fn artifacts(
        &self,
        records: &Records,
        released: &[DigestSet],
        present: &[(Blake3, Hashed)],
        (broken, is_all_read): (&HashSet<EntryName>, bool),
        findings: &mut Vec<Finding>,
    ) -> (Vec<(Misdescribed, SpokenOf)>, Vec<Attributed>) {
        if present.is_empty() {
            return Default::default();
        }
        let mut sound = BTreeMap::new();
        for (digest, hashed) in present {
            if hashed.blake3 == *digest {
                sound.insert(*digest, hashed);
            } else {
                let place = Place::entry(EntryName::Artifact(*digest).to_string());
                let message = format!("the artifact hashes to {}", hashed.blake3);
                findings.push(Finding::new(Code::DigestArtifact, place, message));
            }
        }
        let is_sound = |name: &EntryName| match name {
            EntryName::Artifact(name) => sound.contains_key(name),
            other => !broken.contains(other),
        };
        let actual = |artifact: Blake3| {
            let content = self.bundle.get(&EntryName::Artifact(artifact))?;
            let sha256 = sound.get(&artifact)?.sha256;
            Some(SpokenOf { sha256, size: Some(content.size()) })
        };
        let holds = |artifact, said: SpokenOf| actual(artifact).is_none_or(|actual| said.fits(actual));
        let spoken = spoken_of(self.bundle, records, released, self.limits, is_sound, holds);
        let beyond = !is_all_read || spoken.listings.iter().any(|listing| listing.finding.is_limit());
        for digest in sound.keys().filter(|digest| !beyond && !spoken.artifacts.contains(digest)) {
            let message = "no record or release here names this artifact";
            let place = Place::entry(EntryName::Artifact(*digest).to_string());
            findings.push(Finding::new(Code::ContainerUnlisted, place, message));
        }
        let wrong = spoken.misdescribed.into_iter();
        (wrong.filter_map(|wrong| Some((wrong.clone(), actual(wrong.artifact)?))).collect(), spoken.listings)
    }
}

/// In a blinded record every JSON section has a salt of its own. Those of Parquet sections are
/// inside Parquet, which verification does not decode.
pub(crate) fn salts(
    bundle: &Bundle,
    records: &Records,
    limits: &Limits,
    is_sound: impl Fn(&EntryName) -> bool,
) -> Vec<Attributed> {
    let mut wrong = Vec::new();
    for (id, record) in records.iter().filter(|(_, record)| record.body().blinded) {
        let mut seen = BTreeSet::new();
        for (name, listed) in record.body().sections.iter() {
            let entry = EntryName::Section { record: *id, section: name.clone() };
            if listed.media_type != sections::JSON || !is_sound(&entry) {
                continue;
            }
            let Some(content) = bundle.get(&entry) else { continue };
            // What is wrong with the text is said where sections are checked.
            let Ok(bytes) = content.at_most(limits.section_bytes) else { continue };
            let salted = match json::from_bytes::<Salted>(&bytes, limits) {
                Ok(salted) => salted,
                // It is JSON, and no object.
                Err(error) if error.code() == Code::SchemaInvalid => Salted::default(),
                Err(_) => continue,
            };
            let salt = salted.salt.as_ref().and_then(Value::as_str).and_then(|text| text.parse::<Blake3>().ok());
            let message = match salt {
                None => "the section has no salt of 64 hex digits",
                Some(salt) if !seen.insert(salt) => "the salt is that of another section",
                Some(_) => continue,
            };
            let place = Place::entry(entry.to_string()).at_pointer("/salt");
            wrong.push(Attributed { finding: Finding::new(Code::SectionSalt, place, message), by: vec![*id] });
        }
    }
    wrong
}

/// The listings of the releases that the bundle holds.
fn released(present: &[(Blake3, Hashed, Parsed)]) -> Vec<DigestSet> {
    let whole = present.iter().filter(|(digest, hashed, _)| hashed.blake3 == *digest);
    let listings = whole.filter_map(|(_, _, parsed)| match parsed {
        Parsed::Statement(statement) => statement.listing(),
        Parsed::Claims(claims) => claims.listing(),
        // It may be a release, which only a later version can verify.
        Parsed::SetAside(set_aside) => Some(set_aside.record),
        _ => None,
    });
    listings.collect()
}

/// Statements hash to their names, their signatures hold, and they are about records that are here.
fn statements(records: &Records, present: Vec<(Blake3, Hashed, Parsed)>, findings: &mut Vec<Finding>) -> Vec<Present> {
    let mut statements = Vec::with_capacity(present.len());
    // A statement in several files is one: what is said of it is said of the first.
    let mut seen = HashSet::new();
    for (digest, hashed, parsed) in present {
        if hashed.blake3 != digest {
            let place = Place::entry(EntryName::Statement(digest).to_string());
            let message = format!("the statement's file hashes to {}", hashed.blake3);
            findings.push(Finding::new(Code::DigestStatement, place, message));
            continue;
        }
        let (id, about, is_release, statement) = match parsed {
            Parsed::Statement(statement) => {
                let is_release = statement.listing().is_some();
                (statement.id(), statement.record(), is_release, Present::Verified(statement))
            }
            Parsed::Claims(claims) => {
                let is_release = claims.listing().is_some();
                (claims.id, claims.record, is_release, Present::Unread(digest, claims))
            }
            Parsed::SetAside(set_aside) => {
                if seen.insert(set_aside.id) {
                    let unknown = set_aside.unknown;
                    let place = Place::statement(digest, set_aside.id);
                    findings.push(Finding::new(unknown.code(), place, unknown.to_string()));
                }
                statements.push(Present::SetAside(digest, RecordId(set_aside.record.blake3)));
                continue;
            }
            Parsed::Refused(finding) => {
                findings.push(*finding);
                continue;
            }
            Parsed::Bytes | Parsed::Json | Parsed::Record(_) => continue,
        };
        match records.get(&RecordId(about.blake3)) {
            // A release is about a folder.
            None if is_release => {}
            None if seen.insert(id) => {
                let message = format!("it is about record {}", about.blake3);
                findings.push(Finding::new(Code::StatementOrphan, Place::statement(digest, id), message));
            }
            Some(_) | None => {}
        }
        statements.push(statement);
    }
    statements
}

/// Whether an entry is in the file.
fn is_present(present: &[Entry], name: &EntryName) -> bool {
    present.binary_search_by(|entry| entry.name.cmp(name)).is_ok()
}

/// Records hash to their names and parse.
fn records(present: Vec<(RecordId, Hashed, Parsed)>, findings: &mut Vec<Finding>) -> Records {
    let mut records = Vec::with_capacity(present.len());
    for (id, hashed, parsed) in present {
        if hashed.blake3 != id.0 {
            let place = Place::entry(EntryName::Record(id).to_string());
            findings.push(Finding::new(Code::DigestRecord, place, format!("the record hashes to {}", hashed.blake3)));
            continue;
        }
        match parsed {
            Parsed::Record(record) => records.push((id, *record)),
            Parsed::Refused(finding) => findings.push(*finding),
            Parsed::Bytes | Parsed::Json | Parsed::Statement(_) | Parsed::Claims(_) | Parsed::SetAside(_) => {}
        }
    }
    // Entries come in the order of their names, in which maps are built without a search for each.
    records.into_iter().collect()
}

fn compare(actual: Hashed, said: &DigestSet, code: Code, place: impl Fn() -> Place, findings: &mut Vec<Finding>) {
    if actual.blake3 != said.blake3 {
        let message = format!("it hashes to {}, and the record says {}", actual.blake3, said.blake3);
        findings.push(Finding::new(code, place(), message));
    } else if let Some(sha256) = actual.sha256.filter(|sha256| *sha256 != said.sha256) {
        let message = format!("SHA-256 is {sha256}, and the record says {}", said.sha256);
        findings.push(Finding::new(Code::DigestDivergent, place(), message));
    }
}
