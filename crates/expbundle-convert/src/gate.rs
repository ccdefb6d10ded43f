//! The gate: whatever a converter maps or embeds becomes part of a bundle here and nowhere else.
//!
//! A [`Converted`] can be made by [`Draft::finish`] only, and nothing gets into a [`Draft`] without being looked at for secrets: texts and
//! names of sections, series, console, listings, and the bytes of files. A new tracker cannot forget it.

use std::collections::BTreeSet;

use camino::Utf8Path;
use expbundle::draft::DraftError;
use expbundle::{Bundle, Content};
use expbundle_format::limits::Limits;
use expbundle_format::record::{RecordBody, Source, Word};
use expbundle_format::sections::{self, Account, Artifacts, Damage, JsonSection, SourceSection};
use expbundle_format::tree::{Tree, TreeFile};
use expbundle_format::{ArtifactDigests, DigestSet, Finding, RecordId, json};
use expbundle_series::{ConsoleLine, write_console};
use serde_json::Value;

use crate::embed::{Budget, is_opaque};
use crate::scrub::Scrubber;
use crate::{ConvertError, Options, embed};

/// A run as a bundle.
#[derive(Debug)]
pub struct Converted {
    /// The bundle, unsigned.
    pub bundle: Bundle,
    /// The id of its record.
    pub record: RecordId,
    /// The title of the run.
    pub title: String,
    /// Every item of the source, counted.
    pub account: Account,
    /// What is damaged, missing, lost or secret.
    pub findings: Vec<Finding>,
    /// The sweep that the run is part of, if it is one of a sweep: a record of its own, unsigned.
    pub sweep: Option<Bundle>,
    /// The files whose bytes are in the bundle.
    pub embedded: Vec<Embedded>,
    /// Only the gate has one.
    _passed: Passed,
}

#[derive(Debug)]
struct Passed;

/// A file whose bytes are in the bundle.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Embedded {
    /// Its path in the source.
    pub path: String,
    /// In bytes.
    pub size: u64,
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
    /// It is, or holds, a secret: neither its bytes nor its digest get in, for a short secret can be guessed from a digest. The caller
    /// counts it as dropped.
    LeftOut,
    /// It is listed by its digest.
    Listed,
    /// Its bytes are in the bundle too.
    Embedded,
}

/// Why a file of secrets is dropped, in the account.
pub const LEFT_OUT: &str = "the file is or holds a secret";

/// A bundle of one record in the making. No secret gets in.
#[derive(Debug)]
pub struct Draft<'a> {
    inner: expbundle::draft::Draft,
    choice: embed::Choice<'a>,
    budget: Budget,
    scrubber: Scrubber,
    /// Digests of files that were left out: no section may name them.
    left_out: BTreeSet<String>,
    embedded: Vec<Embedded>,
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
        }
    }

    /// What the record says so far.
    pub fn body_mut(&mut self) -> &mut RecordBody {
        self.inner.body_mut()
    }

    /// Adds a JSON section without its secrets.
    pub fn json_section<S: JsonSection>(&mut self, section: &S) -> Result<(), ConvertError> {
        let wrong = |source| DraftError::Json { name: S::NAME.to_owned(), source };
        let mut value =
            json::from_bytes(&json::to_bytes(section).map_err(wrong)?, &Limits::default()).map_err(wrong)?;
        if S::NAME == Artifacts::NAME {
            self.without_secret_files(&mut value);
        }
        without_digests(&mut value, &self.left_out);
        self.scrubber.value(S::NAME, &mut value);
        // A marker where the schema has no room for one would be a section that `verify` refuses.
        let section: S = json::from_value(value).map_err(wrong)?;
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

    /// Decides about a file: whether it is listed, and whether its bytes get in. `is_public` says whether a text names nobody.
    pub fn file(&mut self, file: &FileToList<'_>, is_public: impl Fn(&str) -> bool) -> Result<Fate, ConvertError> {
        let small = file.size <= embed::MOST_BYTES;
        let wanted = self.choice.wants(file.path, file.role.as_str(), small);
        // Larger files are looked into only if they would be embedded, and weights never: nobody can write a secret into floats by chance.
        let bytes = if wanted || small { std::fs::read(file.on_disk).ok() } else { None };
        if let Some(kind) = self.scrubber.kind_of_file(file.path, bytes.as_deref()) {
            self.scrubber.file(kind, file.path);
            self.leave_out(&file.digest);
            return Ok(Fate::LeftOut);
        }
        let Some(bytes) = bytes.filter(|_| wanted) else { return Ok(Fate::Listed) };
        let as_hashed = file.digest.blake3() == Some(DigestSet::of(&bytes).blake3);
        // What is packed cannot be looked into; it gets in only if somebody asks for it by name.
        let opaque = is_opaque(&bytes) && !self.choice.names(file.path);
        if !as_hashed || opaque || !is_public(&String::from_utf8_lossy(&bytes)) || !self.budget.takes(file.size) {
            return Ok(Fate::Listed);
        }
        self.inner.embed(Content::bytes(bytes))?;
        self.embedded.push(Embedded { path: file.path.to_owned(), size: file.size });
        Ok(Fate::Embedded)
    }

    /// Whether a file is a secret by its path; then it is counted, and the caller leaves it out.
    pub fn is_secret_by_name(&mut self, path: &str) -> bool {
        let kind = self.scrubber.kind_of_file(path, None);
        if let Some(kind) = kind {
            self.scrubber.file(kind, path);
        }
        kind.is_some()
    }

    fn leave_out(&mut self, digest: &ArtifactDigests) {
        self.left_out.extend(digest.blake3().map(|digest| digest.to_string()));
        self.left_out.extend(digest.sha256().map(|digest| digest.to_string()));
    }

    /// Embeds a text that the source holds as a text, without its secrets. Gives its digests and size.
    pub fn embed_text(&mut self, path: &str, text: &str) -> Result<(DigestSet, u64), ConvertError> {
        let clean = self.scrubber.text(path, text);
        let size = clean.len() as u64;
        let digest = self.inner.embed(Content::bytes(clean.into_bytes()))?;
        self.embedded.push(Embedded { path: path.to_owned(), size });
        Ok((digest, size))
    }

    /// The lines of a text without its secrets, those that go over several lines among them: for texts that are mapped line by line.
    pub fn clean_lines(&mut self, place: &str, lines: &[String]) -> Vec<String> {
        let mut lines = lines.to_vec();
        self.scrubber.lines(place, &mut lines.iter_mut().map(Text).collect::<Vec<_>>());
        lines
    }

    /// A value without its secrets, for [`Draft::embed_text`].
    pub fn clean(&mut self, place: &str, value: &mut Value) {
        self.scrubber.value(place, value);
    }

    /// Embeds the listing of a tree without the files that are secrets by their name, if it names nobody. Gives its digests and size.
    pub fn listing(&mut self, tree: &Tree, is_public: impl Fn(&str) -> bool) -> Result<(DigestSet, u64), ConvertError> {
        let kept: Vec<TreeFile> = tree.files().iter().filter(|file| !self.is_left_out(file)).cloned().collect();
        let kept = Tree::new(kept).expect("a part of a tree is a tree");
        let listing = kept.to_string();
        let size = listing.len() as u64;
        // A listing that names somebody does not travel; its digest still names the folder.
        let digest = DigestSet::of(listing.as_bytes());
        if is_public(&listing) {
            self.inner.embed(Content::bytes(listing.into_bytes()))?;
        }
        Ok((digest, size))
    }

    fn is_left_out(&mut self, file: &TreeFile) -> bool {
        let path = file.path.to_plain();
        let known = self.left_out.contains(&file.digest.blake3.to_string());
        let kind = self.scrubber.kind_of_file(&path, None);
        if let Some(kind) = kind.filter(|_| !known) {
            self.scrubber.file(kind, &path);
            self.leave_out(&file.digest.into());
        }
        known || kind.is_some()
    }

    /// Writes `source.json` with the account of the secrets, and gathers the bundle.
    pub fn finish(
        mut self,
        title: &str,
        mut source: SourceSection,
        mut findings: Vec<Finding>,
        sweep: Option<Bundle>,
    ) -> Result<Converted, ConvertError> {
        let title = self.scrubber.text("context.json/title", title);
        // Messages and places name what was found, which may be a secret too.
        for finding in &mut findings {
            finding.message = Scrubber::default().text("", &finding.message);
            finding.place.entry = finding.place.entry.take().map(|entry| Scrubber::default().text("", &entry));
        }
        self.record_source();
        let mut raw = serde_json::to_value(&source.raw).unwrap_or_default();
        let place = format!("{}/raw", SourceSection::NAME);
        self.scrubber.value(&place, &mut raw);
        source.version = source.version.map(|version| self.scrubber.text(SourceSection::NAME, &version));
        source.layout = source.layout.map(|layout| self.scrubber.text(SourceSection::NAME, &layout));
        source.raw = serde_json::from_value(raw).map_err(|_| ConvertError::Gate { place })?;
        for damage in &mut source.damage {
            damage.detail = Scrubber::default().text("", &damage.detail);
            damage.place = Scrubber::default().text("", &damage.place);
        }
        let secrets = self.scrubber.findings();
        source.damage.extend(secrets.iter().map(|finding| Damage {
            code: finding.code.to_string(),
            place: finding.place.entry.clone().unwrap_or_default(),
            detail: finding.message.clone(),
        }));
        source.damage.sort();
        self.scrubber.count(&mut source.account);
        findings.extend(secrets);
        findings.sort();
        let account = source.account.clone();
        // The account is the converter's own, and has kinds of secrets for names.
        self.inner.json_section(&source)?;
        let Self { inner, mut embedded, .. } = self;
        embedded.sort();
        embedded.dedup();
        let bundle = inner.finish()?;
        let record = bundle.records().next().expect("a finished draft has its record").0;
        Ok(Converted { bundle, record, title, account, findings, sweep, embedded, _passed: Passed })
    }

    /// Gathers a bundle that has no source, like that of a sweep.
    pub fn finish_without_source(mut self) -> Result<Bundle, ConvertError> {
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
