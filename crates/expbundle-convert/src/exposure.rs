//! What a stranger would learn from a bundle about people, machines and places, and what secrets:
//! looked for before it is shared.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use camino::Utf8Path;
use expbundle::Content;
use expbundle::hash::{HashError, list_files};
use expbundle::verify::Intact;
use expbundle_directory::BUNDLE_NAME;
use expbundle_format::container::EntryName;
use expbundle_format::limits::Limits;
use expbundle_format::sections::{self, Artifacts, Identity, JsonSection as _};
use expbundle_format::time::Time;
use expbundle_format::{RecordId, json};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::privacy::{Kind, Learned, Look, Private, look_into, parts_of_file};
use crate::scrub::Scrubber;
use crate::texts::Texts;
use crate::{ConvertError, Converted, apart, audit};

/// The kind of what must not be shared with anybody.
const SECRET: &str = "secret";

/// The largest file of a folder that is looked into, in bytes. Weights are not text.
const MOST_BYTES: u64 = 16 << 20;

/// What a bundle, or a folder with one, shows.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Exposure {
    /// Names of people and machines, addresses and paths, and secrets, by where they stand.
    pub private: Vec<Exposed>,
    /// Embedded files that are packed, so that nobody can tell.
    pub packed: Vec<String>,
    /// Records without salts, so that a short section of theirs can be guessed from its digest when
    /// it is withheld.
    pub not_blind: u64,
    /// Sections that are withheld, and of how many records.
    pub withheld: BTreeMap<String, u64>,
    /// Keys that signed, with the name that each gives itself.
    pub signers: Vec<Signer>,
    /// The earliest time that a record or statement has.
    pub earliest: Option<Time>,
    /// The latest.
    pub latest: Option<Time>,
    /// Paths of embedded files by their digests, as far as `artifacts.json` has them.
    #[serde(skip)]
    pub paths: BTreeMap<String, String>,
}

/// A private text in one place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Exposed {
    /// What it stands in.
    pub part: PartKind,
    /// Which one: the section's name, the statement's or file's digest, the file's path.
    pub name: String,
    /// `person`, `owner`, `host`, `mail`, `address`, `path` or `device`; or `secret`.
    pub kind: String,
    /// The text; of a secret, what kind of secret it is.
    pub text: String,
    /// How often it stands there.
    pub count: u64,
}

/// A part of a bundle or folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PartKind {
    /// A section of a record.
    Section,
    /// `record.json` itself, which cannot be withheld.
    Record,
    /// A signed statement.
    Statement,
    /// The name of an entry.
    EntryName,
    /// An embedded file.
    EmbeddedFile,
    /// A file beside the bundle, by name or content.
    FolderFile,
}

/// A key that signed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Signer {
    /// Its fingerprint, by which anyone finds other things that it signed.
    pub fingerprint: String,
    /// What its owner wants to be called.
    pub name: Option<String>,
    /// How many statements it signed here.
    pub statements: u64,
}

/// Looks through bundles and files, with what is known of people and machines.
#[derive(Debug)]
pub struct Search {
    texts: Texts,
    private: Private,
    found: BTreeMap<(PartKind, String, String, String), u64>,
    exposure: Exposure,
}

impl Search {
    /// Learns names from a bundle and from others that name the same people, such as the one that
    /// it was withheld from.
    pub fn new<'a>(bundles: impl IntoIterator<Item = &'a Intact>) -> Result<Self, ConvertError> {
        let (texts, mut learned) = (Texts::default(), Learned::default());
        for intact in bundles {
            for id in intact.records().keys() {
                if let Some(identity) = intact.json_section::<Identity>(*id) {
                    learned.identity(&identity);
                }
            }
            for (_, name, content) in intact.bundle().sections() {
                apart::series(name.as_str(), content, &mut |key, text| learned.value(key, text))?;
                if let Some(mut value) = tree(name.as_str(), content)? {
                    texts.visit(name.as_str(), &mut value, &mut |at, text| {
                        learned.value(at.key, text);
                        None
                    });
                }
            }
        }
        Ok(Self::with(texts, &learned))
    }

    fn with(texts: Texts, learned: &Learned) -> Self {
        Self { texts, private: Private::new(learned), found: BTreeMap::new(), exposure: Exposure::default() }
    }

    /// Looks through a bundle.
    pub fn bundle(&mut self, intact: &Intact) -> Result<(), ConvertError> {
        for (id, record) in intact.records() {
            let body = record.body();
            self.exposure.not_blind += u64::from(!body.blinded);
            self.record(*id, body.source.as_ref().map(|source| source.run.as_str()));
            [body.started, body.ended].into_iter().flatten().for_each(|time| self.time(time));
            let artifacts = intact.json_section::<Artifacts>(*id).unwrap_or_default().artifacts;
            let named = artifacts
                .into_iter()
                .filter_map(|one| Some((one.digest?.blake3()?.to_string(), one.path.or(one.name)?)));
            self.exposure.paths.extend(named);
            for name in body.sections.keys() {
                self.text(PartKind::EntryName, name.as_str(), None, name.as_str());
                match intact.section(*id, name) {
                    Some(content) => self.section(name.as_str(), content)?,
                    None => *self.exposure.withheld.entry(name.to_string()).or_default() += 1,
                }
            }
        }
        let mut signers: BTreeMap<(String, Option<String>), u64> = BTreeMap::new();
        for statement in intact.statements() {
            let name = statement.signer_name().map(str::to_owned);
            if let Some(name) = &name {
                let row =
                    (PartKind::Statement, statement.id().to_string(), Kind::Person.as_str().to_owned(), name.clone());
                *self.found.entry(row).or_default() += 1;
            }
            *signers.entry((statement.identity().to_string(), name)).or_default() += 1;
            self.time(statement.created());
            let mut payload: Value = serde_json::from_slice(statement.payload()).unwrap_or_default();
            if let Some(predicate) = payload.get_mut("predicate") {
                self.value(PartKind::Statement, &statement.id().to_string(), "", predicate);
            }
        }
        self.exposure.signers = signers
            .into_iter()
            .map(|((fingerprint, name), statements)| Signer { fingerprint, name, statements })
            .collect();
        let ids: BTreeMap<_, _> = intact.statements().iter().map(|one| (one.file_digest(), one.id())).collect();
        for (name, content) in intact.bundle().entries() {
            let (part, shown) = match name {
                EntryName::Record(id) => (PartKind::Record, id.to_string()),
                EntryName::Section { section, .. } => (PartKind::Section, section.to_string()),
                EntryName::Artifact(digest) => {
                    self.file(PartKind::EmbeddedFile, &digest.to_string(), &content.read(u64::MAX)?);
                    (PartKind::EmbeddedFile, digest.to_string())
                }
                EntryName::Statement(digest) => {
                    let id = ids.get(digest).map(ToString::to_string);
                    (PartKind::Statement, id.unwrap_or_else(|| digest.to_string()))
                }
            };
            self.secrets(part, &shown, &audit::entry(name, content));
        }
        Ok(())
    }

    /// Looks at the files beside a bundle, which are shared with it.
    ///
    /// # Errors
    /// A file or folder cannot be read.
    pub fn folder(&mut self, folder: &Utf8Path) -> Result<(), ConvertError> {
        for file in list_files(folder, &|_, _| false)?.0 {
            let on_disk = file.on_disk(folder);
            let path = on_disk.strip_prefix(folder).unwrap_or(&on_disk);
            if path == BUNDLE_NAME {
                continue;
            }
            let bytes = (file.size(folder)? <= MOST_BYTES).then(|| std::fs::read(&on_disk)).transpose();
            let bytes = bytes.map_err(|source| HashError::Read { path: on_disk.clone(), source })?;
            self.folder_file(path.as_str(), bytes.as_deref());
        }
        Ok(())
    }

    /// Looks at the path of a file, and into it if it is given.
    pub fn folder_file(&mut self, path: &str, bytes: Option<&[u8]>) {
        self.text(PartKind::FolderFile, path, None, path);
        let mut secrets = Scrubber::default();
        secrets.text(path, path);
        if let Some(bytes) = bytes {
            self.file(PartKind::FolderFile, path, bytes);
            secrets.text(path, &String::from_utf8_lossy(bytes));
        }
        self.secrets(PartKind::FolderFile, path, &secrets);
    }

    /// What was found.
    pub fn finish(mut self) -> Exposure {
        let rows = self.found.into_iter();
        self.exposure.private =
            rows.map(|((part, name, kind, text), count)| Exposed { part, name, kind, text, count }).collect();
        self.exposure
    }

    fn time(&mut self, time: Time) {
        let exposure = &mut self.exposure;
        exposure.earliest = Some(exposure.earliest.map_or(time, |earliest| earliest.min(time)));
        exposure.latest = Some(exposure.latest.map_or(time, |latest| latest.max(time)));
    }

    fn record(&mut self, id: RecordId, run: Option<&str>) {
        if let Some(run) = run {
            self.text(PartKind::Record, &id.to_string(), None, run);
        }
    }

    fn text(&mut self, part: PartKind, name: &str, key: Option<&str>, text: &str) {
        let mut add = |kind: &str, text: &str| {
            *self.found.entry((part, name.to_owned(), kind.to_owned(), text.to_owned())).or_default() += 1;
        };
        for found in self.private.parts_of_value(key, text) {
            // A marker says that there was something, and not what.
            if found.kind != Kind::Marker {
                add(found.kind.as_str(), text.get(found.start..found.end).unwrap_or_default());
            }
        }
    }

    /// Counts what kinds of secrets an entry holds; a secret itself is not shown again.
    fn secrets(&mut self, part: PartKind, name: &str, found: &Scrubber) {
        for (_, kind, count) in found.found() {
            *self.found.entry((part, name.to_owned(), SECRET.to_owned(), kind.to_owned())).or_default() += count;
        }
    }

    fn value(&mut self, part: PartKind, name: &str, section: &str, value: &mut Value) {
        let texts = std::mem::take(&mut self.texts);
        texts.visit(section, value, &mut |at, text| {
            self.text(part, name, at.key, text);
            None
        });
        self.texts = texts;
    }

    fn section(&mut self, name: &str, content: &Content) -> Result<(), ConvertError> {
        if let Some(mut value) = tree(name, content)? {
            self.value(PartKind::Section, name, name, &mut value);
            if let (Identity::NAME, Ok(identity)) = (name, json::from_value(&value)) {
                self.listed(&identity);
            }
            return Ok(());
        }
        if is_series(name) {
            return apart::series(name, content, &mut |key, text| self.text(PartKind::Section, name, key, text));
        }
        self.file(PartKind::Section, name, &content.read(u64::MAX)?);
        Ok(())
    }

    /// What `identity.json` lists names somebody there, also where it is a word of the field that
    /// names nobody elsewhere.
    fn listed(&mut self, identity: &Identity) {
        let people = identity.people.iter().flat_map(|person| [Some(&person.name), person.email.as_ref()]).flatten();
        let people = people.chain(&identity.user).map(|text| (Kind::Person, text));
        let hosts = identity.host.iter().map(|text| (Kind::Host, text));
        let replaced = identity.replaced.iter().filter_map(|(marker, text)| {
            let kind = match marker.trim_start_matches('[').split(' ').next()? {
                "person" => Kind::Person,
                "host" => Kind::Host,
                "mail" => Kind::Mail,
                "owner" => Kind::Owner,
                _ => return None,
            };
            Some((kind, text))
        });
        let is_here = |(part, name): (PartKind, &str)| part == PartKind::Section && name == Identity::NAME;
        let found = self.found.keys().filter(|(part, name, ..)| is_here((*part, name)));
        let found: HashSet<String> = found.map(|(.., text)| text.to_lowercase()).collect();
        for (kind, text) in people.chain(hosts).chain(replaced) {
            let lower = text.to_lowercase();
            let mut parts = lower.split(|c: char| !c.is_alphanumeric());
            if !found.contains(&lower) && !parts.any(|part| found.contains(part)) {
                let row = (PartKind::Section, Identity::NAME.to_owned(), kind.as_str().to_owned(), text.clone());
                *self.found.entry(row).or_default() += 1;
            }
        }
    }

    fn file(&mut self, part: PartKind, name: &str, bytes: &[u8]) {
        if look_into(&self.private, bytes) == Look::Packed {
            self.exposure.packed.push(name.to_owned());
            return;
        }
        let mut add = |kind: &str, text: String| {
            *self.found.entry((part, name.to_owned(), kind.to_owned(), text)).or_default() += 1;
        };
        for (kind, text) in parts_of_file(&self.private, bytes) {
            add(kind.as_str(), text);
        }
    }
}

fn is_series(name: &str) -> bool {
    [sections::METRICS, sections::TELEMETRY, sections::CONSOLE].contains(&name)
}

/// A section that is JSON.
fn tree(name: &str, content: &Content) -> Result<Option<Value>, ConvertError> {
    if is_series(name) {
        return Ok(None);
    }
    Ok(json::parse(&content.read(u64::MAX)?, &Limits::default()).ok())
}

impl Converted {
    /// How many names, addresses and paths of each kind `identity.json` has, as a search of it finds
    /// them.
    pub fn private(&self) -> BTreeMap<String, u64> {
        let limits = Limits::default();
        let section = EntryName::Section { record: self.record(), section: Identity::name() };
        let bytes = self.bundle.get(&section).and_then(|content| content.read(limits.section_bytes).ok());
        let value = bytes.and_then(|bytes| json::parse(&bytes, &limits).ok()).unwrap_or_default();
        let Ok(identity) = json::from_value::<Identity>(&value) else { return BTreeMap::new() };
        let mut learned = Learned::default();
        learned.identity(&identity);
        let mut search = Search::with(Texts::default(), &learned);
        search.value(PartKind::Section, Identity::NAME, Identity::NAME, &mut value.clone());
        search.listed(&identity);
        let mut kinds = BTreeMap::new();
        for (_, _, kind, _) in search.found.into_keys() {
            *kinds.entry(kind).or_default() += 1;
        }
        kinds
    }
}

impl Exposure {
    /// Sections that hold something private: those that a copy to be shared is without.
    pub fn sections_to_withhold(&self) -> BTreeSet<&str> {
        let rows = self.private.iter().filter(|one| one.part == PartKind::Section);
        rows.map(|one| one.name.as_str()).collect()
    }
}
