//! The gate: whatever a converter maps or embeds becomes part of a bundle here and nowhere else.
//!
//! A [`Converted`] can be made by [`Draft::finish`] only. Nothing gets into a [`Draft`] without
//! being looked at for secrets: texts and names of sections, series, console, listings, and the
//! bytes of files. What is left goes through [`apart`] as the last step, which sets names of
//! people, machines and places apart; so these are told from texts that have no secrets any more,
//! and `identity.json` has none either. A new tracker can forget neither.

use std::collections::BTreeSet;

use camino::Utf8Path;
use expbundle::Content;
use expbundle::draft::{DraftError, OneRecord};
use expbundle_format::container::EntryName;
use expbundle_format::limits::Limits;
use expbundle_format::record::{Form, RecordBody, Source, Word};
use expbundle_format::sections::{self, Account, Artifact, Artifacts, Damage, Identity, JsonSection, SourceSection};
use expbundle_format::tree::{Tree, TreeFile};
use expbundle_format::{ArtifactDigests, Blake3, DigestSet, Finding, RecordId, json};
use expbundle_series::{ConsoleLine, write_console};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::apart::{self, Passed};
use crate::blind::{Salt, blind};
use crate::embed::Budget;
use crate::privacy::{self, form_of};
use crate::scrub::Scrubber;
use crate::{ConvertError, Options, embed, findings};

/// Why a file is not embedded although it is small.
const NOT_EMBEDDED: &str = "its format is not known, so nobody sees what it names; `--embed` asks for it";

/// A run as a bundle.
#[derive(Debug)]
pub struct Converted {
    /// The bundle, unsigned.
    pub bundle: OneRecord,
    /// The title of the run.
    pub title: String,
    /// Every item of the source, counted.
    pub account: Account,
    /// What is damaged, missing, lost or secret.
    pub findings: Vec<Finding>,
    /// The sweep that the run is part of, if it is one of a sweep: a record of its own, unsigned.
    pub sweep: Option<OneRecord>,
    /// The files whose bytes are in the bundle.
    pub embedded: Vec<Embedded>,
    /// Files that a pattern asked for and for which there was no room.
    pub too_large: Vec<Embedded>,
    /// Only the gate has one.
    _gate: Gate,
}

#[derive(Debug)]
struct Gate;

impl Converted {
    /// The id of its record.
    pub fn record(&self) -> RecordId {
        self.bundle.record().id()
    }

    /// The same with a salt in every section of its record, if there are salts
    /// ([`blind`](crate::blind)).
    ///
    /// # Errors
    /// There is no salt, or a section has no room for one.
    pub fn blinded(mut self, salt: Option<&Salt<'_>>) -> Result<Self, ConvertError> {
        if let Some(salt) = salt {
            self.bundle = blind(&self.bundle, salt)?;
        }
        Ok(self)
    }
}

/// A file whose bytes are in the bundle, or should be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Embedded {
    /// Its path in the source.
    pub path: String,
    /// In bytes.
    pub size: u64,
}

impl Embedded {
    /// Paths are printed, and may have a secret in them.
    fn tell_no_secret(&mut self) {
        self.path = Scrubber::default().text("", &self.path);
    }
}

/// A file of the source that is about to be listed.
#[derive(Clone, Copy, Debug)]
pub struct FileToList<'a> {
    /// Its path in the source, as findings and `--embed` have it.
    pub path: &'a str,
    /// Where it lies.
    pub on_disk: &'a Utf8Path,
    /// Its role.
    pub role: &'a Word,
    /// Its size in bytes.
    pub size: u64,
    /// Its digests.
    pub digest: ArtifactDigests,
}

/// What becomes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Fate {
    /// It is, or holds, a secret: neither its bytes nor its digest get in, for a short secret can
    /// be guessed from a digest. The caller counts it as dropped.
    LeftOut,
    /// It is listed by its digest.
    Listed,
    /// Its bytes are in the draft too. They leave it again if they name somebody, or are packed, so
    /// that nobody can tell.
    Embedded,
}

/// Why a file whose path has a secret in it is dropped, in the account.
pub const PATH_LEFT_OUT: &str = "the path of the file has a secret in it";
/// Why a file of secrets is dropped, in the account.
pub const LEFT_OUT: &str = "the file is or holds a secret";

/// A bundle of one record in the making. No secret gets in, and no name gets out but in
/// `identity.json`.
#[derive(Debug)]
pub struct Draft<'a> {
    inner: expbundle::draft::Draft,
    choice: embed::Choice<'a>,
    budget: Budget,
    scrubber: Scrubber,
    /// Digests of files that were left out: no section may name them.
    left_out: BTreeSet<String>,
    embedded: Vec<(Blake3, Embedded)>,
    too_large: Vec<Embedded>,
    /// Files of a format that nobody here can look into, and that nobody asked for.
    not_embedded: u64,
}

impl<'a> Draft<'a> {
    /// Begins with what the record says by itself.
    pub fn new(body: RecordBody, options: &Options<'a>) -> Self {
        Self {
            inner: expbundle::draft::Draft::new(body),
            choice: options.embed,
            budget: Budget::default(),
            scrubber: Scrubber::new(options.allow_secrets),
            left_out: BTreeSet::new(),
            embedded: Vec::new(),
            too_large: Vec::new(),
            not_embedded: 0,
        }
    }

    /// What the record says so far.
    pub fn body_mut(&mut self) -> &mut RecordBody {
        self.inner.body_mut()
    }

    /// Adds a JSON section without its secrets.
    pub fn json_section<S: JsonSection>(&mut self, section: S) -> Result<(), ConvertError> {
        let wrong = |source| DraftError::Json { name: S::NAME.to_owned(), source };
        // A tree takes hundreds of times the bytes of its text, so only one is there at a time.
        let text = json::to_bytes(&section).map_err(wrong)?;
        drop(section);
        let mut value = json::from_bytes(&text, &Limits::default()).map_err(wrong)?;
        drop(text);
        if S::NAME == Artifacts::NAME {
            self.without_secret_files(&mut value);
        }
        without_digests(&mut value, &self.left_out);
        self.scrubber.value(S::NAME, &mut value);
        // A marker where the schema has no room for one would be a section that `verify` refuses.
        let text = json::value_to_bytes(&value).map_err(wrong)?;
        drop(value);
        let section: S = json::from_bytes(&text, &Limits::default()).map_err(wrong)?;
        Ok(self.inner.json_section(&section)?)
    }

    /// Files in a list of artifacts that are secrets by their name.
    fn without_secret_files(&mut self, artifacts: &mut Value) {
        let Some(Value::Array(artifacts)) = artifacts.get_mut("artifacts") else { return };
        for artifact in artifacts {
            let Some(Value::Array(files)) = artifact.get_mut("files") else { continue };
            let before = files.len();
            files.retain(|file| !self.is_secret_by_name(file.get("path").and_then(Value::as_str).unwrap_or_default()));
            let (is_changed, is_empty) = (files.len() < before, files.is_empty());
            if let Some(members) = artifact.as_object_mut().filter(|_| is_changed) {
                // The tracker's digest of the whole has theirs in it.
                members.remove("foreign");
                if is_empty {
                    members.remove("files");
                    members.remove("size");
                }
            }
        }
    }

    /// Adds the console output without its secrets, those that go over several lines among them.
    pub fn console(&mut self, mut lines: Vec<ConsoleLine>) -> Result<u64, ConvertError> {
        let mut streams: Vec<String> = lines.iter().map(|line| line.stream.clone()).collect();
        streams.sort();
        streams.dedup();
        for stream in streams {
            // Lines of two streams are mixed as they came; a secret goes over lines of one.
            let mut own: Vec<Text<'_>> =
                lines.iter_mut().filter(|line| line.stream == stream).map(|line| Text(&mut line.line)).collect();
            self.scrubber.lines(&format!("{}/{stream}", sections::CONSOLE), &mut own);
        }
        let (lines, divided) = crate::series::divided(lines);
        let mut bytes = Vec::new();
        write_console(&lines, &mut bytes, None)?;
        self.inner.section(sections::CONSOLE, sections::PARQUET, Content::bytes(bytes))?;
        Ok(divided)
    }

    /// Adds a finished Parquet section of series, whose texts the scrubber has seen.
    pub(crate) fn series(&mut self, name: &str, content: Content, seen: Scrubber) -> Result<(), ConvertError> {
        self.scrubber.add(seen);
        Ok(self.inner.section(name, sections::PARQUET, content)?)
    }

    /// Decides about a file: whether it is listed, and whether its bytes get in.
    pub fn file(&mut self, file: &FileToList<'_>) -> Result<Fate, ConvertError> {
        let has_room = self.budget.has_room(file.size);
        let wanted = self.wants(file) && has_room;
        let bytes = match self.look(file) {
            Look::Secret => return Ok(Fate::LeftOut),
            Look::Bytes(bytes) => bytes,
        };
        if !has_room && self.choice.asks_for(file.path) {
            self.too_large.push(Embedded { path: file.path.to_owned(), size: file.size });
        }
        let Some(bytes) = bytes.filter(|_| wanted) else { return Ok(Fate::Listed) };
        let as_hashed = file.digest.blake3() == Some(DigestSet::of(&bytes).blake3);
        if !as_hashed {
            return Ok(Fate::Listed);
        }
        // Brotli has no mark, and neither do other formats that nobody here knows.
        let is_unknown = self.choice == embed::Choice::Small && form_of(&bytes) == privacy::Form::Unknown;
        if is_unknown || embed::is_packed_by_name(file.path) {
            self.not_embedded += 1;
            return Ok(Fate::Listed);
        }
        self.budget.take(file.size);
        let digest = self.inner.embed(Content::bytes(bytes))?;
        self.embedded.push((digest.blake3, Embedded { path: file.path.to_owned(), size: file.size }));
        Ok(Fate::Embedded)
    }

    /// Whether a file is or holds a secret; then it is counted, and the caller leaves it out.
    pub fn is_secret(&mut self, file: &FileToList<'_>) -> bool {
        matches!(self.look(file), Look::Secret)
    }

    fn wants(&self, file: &FileToList<'_>) -> bool {
        self.choice.wants(file.path, file.role.as_str(), file.size <= embed::MOST_BYTES)
    }

    /// Looks for secrets in a file. Larger ones are looked into only if they would be embedded, and
    /// weights never: nobody can write a secret into floats by chance.
    fn look(&mut self, file: &FileToList<'_>) -> Look {
        let is_read = file.size <= embed::MOST_BYTES || (self.wants(file) && self.budget.has_room(file.size));
        let bytes = if is_read { std::fs::read(file.on_disk).ok() } else { None };
        if let Some(kind) = self.scrubber.kind_of_file(file.path, bytes.as_deref()) {
            self.scrubber.file(kind, file.path);
            self.leave_out(&file.digest);
            return Look::Secret;
        }
        Look::Bytes(bytes)
    }

    /// Whether a file is a secret by its path; then it is counted, and the caller leaves it out.
    pub fn is_secret_by_name(&mut self, path: &str) -> bool {
        let kind = self.scrubber.kind_of_file(path, None);
        if let Some(kind) = kind {
            self.scrubber.file(kind, path);
        }
        kind.is_some()
    }

    /// Whether the path of a file has a secret in it; then it is counted, and the caller leaves it
    /// out of the listing that it would be in.
    pub fn is_secret_in_path(&mut self, path: &str) -> bool {
        let kind = self.scrubber.kind_in_path(path);
        if let Some(kind) = kind {
            self.scrubber.file(kind, path);
        }
        kind.is_some()
    }

    /// Whether an artifact that the source only lists is a secret by its path, its address or its
    /// name; then it is counted, and its digest is in no section.
    pub fn is_secret_artifact(&mut self, artifact: &Artifact) -> bool {
        let Some(digest) = artifact.digest.filter(|_| artifact.form == Form::File) else { return false };
        let addresses = artifact.uris.iter().map(|uri| uri.split(['?', '#']).next().unwrap_or_default());
        let names: Vec<&str> = match &artifact.path {
            Some(path) => vec![path],
            None if !artifact.uris.is_empty() => addresses.collect(),
            // The name of anything may be `identity`.
            None => artifact.name.iter().map(String::as_str).filter(|name| name.contains('.')).collect(),
        };
        let is_secret = names.into_iter().any(|name| self.is_secret_by_name(name));
        if is_secret {
            self.leave_out(&digest);
        }
        is_secret
    }

    fn leave_out(&mut self, digest: &ArtifactDigests) {
        self.left_out.extend(digest.blake3().map(|digest| digest.to_string()));
        self.left_out.extend(digest.sha256().map(|digest| digest.to_string()));
    }

    /// Embeds a text that the source holds as a text, without its secrets, unless nobody wants it.
    /// Gives its digests and size.
    pub fn embed_text(&mut self, path: &str, text: &str) -> Result<(DigestSet, u64), ConvertError> {
        let clean = self.scrubber.text(path, text);
        let size = clean.len() as u64;
        if !self.choice.wants_text(path) {
            return Ok((DigestSet::of(clean.as_bytes()), size));
        }
        let digest = self.inner.embed(Content::bytes(clean.into_bytes()))?;
        self.embedded.push((digest.blake3, Embedded { path: path.to_owned(), size }));
        Ok((digest, size))
    }

    /// The lines of a text without its secrets, those that go over several lines among them: for
    /// texts that are mapped line by line.
    pub fn clean_lines(&mut self, place: &str, lines: &[String]) -> Vec<String> {
        let mut lines = lines.to_vec();
        self.scrubber.lines(place, &mut lines.iter_mut().map(Text).collect::<Vec<_>>());
        lines
    }

    /// A value without its secrets, for [`Draft::embed_text`].
    pub fn clean(&mut self, place: &str, value: &mut Value) {
        self.scrubber.value(place, value);
    }

    /// Embeds the listing of a tree without the files that are secrets, or have one in their path.
    /// Gives its digests and size.
    pub fn listing(&mut self, tree: &Tree) -> Result<(DigestSet, u64), ConvertError> {
        let kept: Vec<TreeFile> = tree.files().iter().filter(|file| !self.is_left_out(file)).cloned().collect();
        let kept = Tree::new(kept).expect("a part of a tree is a tree");
        let listing = kept.to_bytes();
        let size = listing.len() as u64;
        Ok((self.inner.embed(Content::bytes(listing))?, size))
    }

    fn is_left_out(&mut self, file: &TreeFile) -> bool {
        let path = file.path.to_plain();
        let known = self.left_out.contains(&file.digest.blake3.to_string());
        let kind = self.scrubber.kind_of_file(&path, None);
        if let Some(kind) = kind.filter(|_| !known) {
            self.scrubber.file(kind, &path);
            self.leave_out(&file.digest.into());
        }
        // The digest of a file with such a path tells nothing.
        known || kind.is_some() || self.is_secret_in_path(&path)
    }

    /// Takes the secrets out of what the source says of itself and of people, sets names apart, and
    /// gathers the bundle.
    ///
    /// What was found goes into `source.json` as damage. The section's own damage is made of it.
    pub fn finish(
        mut self,
        mut identity: Identity,
        mut source: SourceSection,
        mut findings: Vec<Finding>,
        sweep: Option<OneRecord>,
    ) -> Result<Converted, ConvertError> {
        self.record_source();
        self.scrub(Identity::NAME, &mut identity)?;
        self.scrub(&format!("{}/raw", SourceSection::NAME), &mut source.raw)?;
        source.version = source.version.map(|version| self.scrubber.text(SourceSection::NAME, &version));
        source.layout = source.layout.map(|layout| self.scrubber.text(SourceSection::NAME, &layout));
        // Messages and places name what was found, which may be a secret too.
        for finding in &mut findings {
            finding.message = Scrubber::default().text("", &finding.message);
            finding.place.entry = finding.place.entry.take().map(|entry| Scrubber::default().text("", &entry));
        }
        findings.extend(self.scrubber.findings());
        findings::put_in_order(&mut findings);
        source.damage = findings.iter().map(damage).collect();
        self.scrubber.count(&mut source.account);
        source.account.found(apart::EMBEDDED, self.not_embedded);
        source.account.dropped(apart::EMBEDDED, self.not_embedded, NOT_EMBEDDED);
        let Passed { bundle, title, account, finding, .. } = apart::pass(self.inner, identity, Some(&source))?;
        findings.extend(finding);
        let mut embedded = self.embedded;
        embedded.retain(|(digest, _)| bundle.get(&EntryName::Artifact(*digest)).is_some());
        let mut embedded: Vec<Embedded> = embedded.into_iter().map(|(_, file)| file).collect();
        embedded.iter_mut().for_each(Embedded::tell_no_secret);
        embedded.sort();
        embedded.dedup();
        let mut too_large = self.too_large;
        too_large.iter_mut().for_each(Embedded::tell_no_secret);
        too_large.sort();
        too_large.dedup();
        Ok(Converted { bundle, title, account, findings, sweep, embedded, too_large, _gate: Gate })
    }

    /// Takes the secrets out of a value of its own form.
    fn scrub<T: Serialize + DeserializeOwned>(&mut self, place: &str, value: &mut T) -> Result<(), ConvertError> {
        let wrong = |_| ConvertError::Gate { place: place.to_owned() };
        let mut tree = serde_json::to_value(&*value).map_err(wrong)?;
        without_digests(&mut tree, &self.left_out);
        self.scrubber.value(place, &mut tree);
        *value = serde_json::from_value(tree).map_err(wrong)?;
        Ok(())
    }

    /// Gathers a bundle that has no source, like that of a sweep.
    pub fn finish_without_source(mut self) -> Result<OneRecord, ConvertError> {
        self.record_source();
        Ok(self.inner.finish()?)
    }

    /// What `record.json` says in words.
    fn record_source(&mut self) {
        let body = self.inner.body_mut();
        let Some(Source { tool, run }) = body.source.take() else { return };
        let (tool, run) =
            (self.scrubber.text("record.json/source", &tool), self.scrubber.text("record.json/source", &run));
        self.inner.body_mut().source = Some(Source { tool, run });
    }
}

/// What a look into a file gave.
enum Look {
    /// It is or holds a secret.
    Secret,
    /// Its bytes, if they were read.
    Bytes(Option<Vec<u8>>),
}

fn damage(finding: &Finding) -> Damage {
    Damage {
        code: finding.code.to_string(),
        place: finding.place.entry.clone().unwrap_or_default(),
        detail: finding.message.clone(),
    }
}

/// A line of the console.
struct Text<'a>(&'a mut String);

impl AsMut<String> for Text<'_> {
    fn as_mut(&mut self) -> &mut String {
        self.0
    }
}

/// Takes members out that name a file that was left out.
fn without_digests(value: &mut Value, left_out: &BTreeSet<String>) {
    if left_out.is_empty() {
        return;
    }
    let names = |value: &Value| value.as_str().is_some_and(|text| left_out.contains(text));
    match value {
        Value::Object(members) => {
            members.retain(|_, value| {
                !names(value) && !["blake3", "sha256"].iter().any(|member| value.get(member).is_some_and(names))
            });
            members.values_mut().for_each(|value| without_digests(value, left_out));
        }
        Value::Array(items) => {
            items.retain(|item| !names(item));
            for item in items {
                without_digests(item, left_out);
            }
        }
        _ => {}
    }
}
