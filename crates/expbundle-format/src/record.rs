//! The record: the immutable statement of one experiment, `record.json` (spec/record.md).
//!
//! Small, always visible, and free of anything that a team would want to withhold: names, people and places are in
//! sections. A [`Record`] keeps the exact bytes it was read from, because its id is their BLAKE3: nothing is ever
//! written again in order to be hashed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::container::SectionName;
use crate::digest::{ArtifactDigests, DigestSet, RecordId};
use crate::finding::{Code, Finding, Place};
use crate::json::{self, JsonError};
use crate::limits::Limits;
use crate::section_list::SectionList;
use crate::sections;
use crate::time::Time;

/// The version of the format that this crate writes.
pub const SPEC: SpecVersion = SpecVersion { major: 1, minor: 0 };

/// `major.minor`: another major is another format, a later minor adds members that may be ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SpecVersion {
    /// Changes when old readers would go wrong.
    pub major: u32,
    /// Changes when members are added.
    pub minor: u32,
}

impl FromStr for SpecVersion {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |digits: &str| {
            let plain = digits.bytes().all(|digit| digit.is_ascii_digit());
            let minimal = digits == "0" || !digits.starts_with('0');
            (plain && minimal).then(|| digits.parse().ok()).flatten()
        };
        text.split_once('.')
            .and_then(|(major, minor)| Some(Self { major: number(major)?, minor: number(minor)? }))
            .ok_or_else(|| "a version is written `major.minor`".to_owned())
    }
}

impl TryFrom<String> for SpecVersion {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for SpecVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl From<SpecVersion> for String {
    fn from(version: SpecVersion) -> String {
        version.to_string()
    }
}

impl JsonSchema for SpecVersion {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SpecVersion".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)$" })
    }
}

/// What a record records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Something that ran.
    Run,
    /// A starting point that no recorded run produced: a model or data set from outside.
    Origin,
}

/// How a run ended, as far as its tracker knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Planned, not begun.
    Scheduled,
    /// Was running when it was recorded.
    Running,
    /// Came to its end.
    Finished,
    /// Ended with an error.
    Failed,
    /// Was ended from outside.
    Killed,
    /// No end was recorded, though it no longer runs.
    Crashed,
    /// The tracker does not say.
    Unknown,
}

impl Status {
    /// The word that stands in the record.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Killed => "killed",
            Self::Crashed => "crashed",
            Self::Unknown => "unknown",
        }
    }
}

/// A word of an open registry (a role, a relation): lower-case letters, digits and hyphens, or a URI for extensions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Word(String);

impl Word {
    /// The longest word, in bytes.
    pub const MAX_BYTES: usize = 128;

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Word {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let simple = text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-');
        let extension = text.contains(':') && text.bytes().all(|c| c.is_ascii_graphic());
        if (simple || extension) && text.len() <= Self::MAX_BYTES {
            Ok(Self(text.to_owned()))
        } else {
            Err("a word has lower-case letters, digits and hyphens, at most 128 of them; an extension is a URI"
                .to_owned())
        }
    }
}

impl TryFrom<String> for Word {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Word> for String {
    fn from(word: Word) -> String {
        word.0
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl JsonSchema for Word {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Word".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "maxLength": 128,
            "pattern": "^([a-z][a-z0-9-]*|[!-~]*:[!-~]*)$",
            "description": "A word of an open registry, or the URI of an extension"
        })
    }
}

/// The roles of artifacts that the format knows (spec/relations.toml). Others are allowed and carry no lineage.
pub mod role {
    /// Trained weights, or a folder that holds them.
    pub const MODEL: &str = "model";
    /// A snapshot during training.
    pub const CHECKPOINT: &str = "checkpoint";
    /// Weights that change a base model.
    pub const ADAPTER: &str = "adapter";
    /// What turns text into numbers.
    pub const TOKENIZER: &str = "tokenizer";
    /// Data that was trained on or evaluated with.
    pub const DATASET: &str = "dataset";
    /// Settings in a file.
    pub const CONFIG: &str = "config";
    /// Source code.
    pub const CODE: &str = "code";
    /// Uncommitted changes of the code.
    pub const PATCH: &str = "patch";
    /// A picture, table, or anything else to look at.
    pub const MEDIA: &str = "media";
    /// Any other file.
    pub const FILE: &str = "file";

    /// Every role of the format.
    pub const ALL: &[&str] = &[MODEL, CHECKPOINT, ADAPTER, TOKENIZER, DATASET, CONFIG, CODE, PATCH, MEDIA, FILE];

    /// Roles that join records when digests agree.
    pub const LINEAGE: &[&str] = &[MODEL, CHECKPOINT, ADAPTER, DATASET];

    /// Whether artifacts of that role join records when their bytes agree.
    pub fn carries_lineage(role: &super::Word) -> bool {
        LINEAGE.contains(&role.as_str())
    }

    /// Whether an artifact of that role is a model.
    pub fn is_model(role: &super::Word) -> bool {
        [MODEL, ADAPTER, CHECKPOINT].contains(&role.as_str())
    }
}

/// Whether an artifact is a file, or a folder known by its listing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// Its digests are those of its bytes.
    #[default]
    File,
    /// Its digests are those of its listing (spec/digests.md).
    Tree,
}

impl Form {
    /// Files are the rule, so the word is left out.
    pub fn is_file(&self) -> bool {
        *self == Self::File
    }
}

/// An artifact that a run took in or put out. Its name is in `artifacts.json`, which may be withheld.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ArtifactRef {
    /// What it was to the run: `model`, `dataset`, … (open registry).
    pub role: Word,
    /// At least one strong digest.
    pub digest: ArtifactDigests,
    /// Size in bytes; of the listing, for a tree.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub size: u64,
    /// File or tree.
    #[serde(default, skip_serializing_if = "Form::is_file")]
    pub form: Form,
    /// Of an output: whether the run had been given these bytes, so that it did not make them. Without it a reader has to compare the
    /// output with everything that the run took in, and cannot where some of that is withheld.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passed_on: Option<bool>,
    /// Whether others have the same bytes without having them from here (a licence, a tokenizer, an empty configuration): then they prove no
    /// link.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub common: bool,
}

impl ArtifactRef {
    /// A file, or a tree by its listing, of which nothing more is known.
    pub fn new(role: Word, digest: ArtifactDigests, size: u64, form: Form) -> Self {
        Self { role, digest, size, form, passed_on: None, common: false }
    }
}

/// A record that this one follows from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Parent {
    /// The parent's record, by the digests of its `record.json`.
    pub record: DigestSet,
    /// How: `fine-tuned-from`, `part-of`, … (open registry, spec/relations.toml).
    pub relation: Word,
}

/// The run's identity in the tool that tracked it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// The tool, like `mlflow`.
    pub tool: String,
    /// Its own id of the run.
    pub run: String,
}

/// A section as its record lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SectionRef {
    /// Media type of the content.
    pub media_type: String,
    /// Size in bytes.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub size: u64,
    /// Both digests of the content.
    pub digest: DigestSet,
}

/// What `record.json` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "record.json")]
pub struct RecordBody {
    /// Version of the format.
    pub spec: SpecVersion,
    /// A run, or an origin.
    pub kind: Kind,
    /// When the run started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<Time>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Time>,
    /// How it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// Who it was in its tracker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// What it took in.
    pub inputs: Vec<ArtifactRef>,
    /// What it put out.
    pub outputs: Vec<ArtifactRef>,
    /// Records that it follows from.
    pub parents: Vec<Parent>,
    /// Its sections by file name.
    pub sections: SectionList,
    /// Whether every section holds a salt of its own, so that a withheld one cannot be guessed from its digest.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub blinded: bool,
    /// URIs of extensions that a reader must understand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub critical: Vec<String>,
}

impl RecordBody {
    /// A record of that kind which says nothing yet.
    pub fn new(kind: Kind) -> Self {
        Self {
            spec: SPEC,
            kind,
            started: None,
            ended: None,
            status: None,
            source: None,
            inputs: Vec::new(),
            outputs: Vec::new(),
            parents: Vec::new(),
            sections: SectionList::default(),
            blinded: false,
            critical: Vec::new(),
        }
    }

    /// Brings lists into the one order of writers: sorted, each item once.
    fn normalize(&mut self) {
        self.inputs.sort();
        self.inputs.dedup();
        self.outputs.sort();
        self.outputs.dedup();
        self.parents.sort();
        self.parents.dedup();
        self.critical.sort();
        self.critical.dedup();
    }
}

/// Why bytes are no record.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Not the JSON of spec/json.md, or not the members that a record has.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// Written for another format.
    #[error("the record is of version {found}; this reader knows {}", SPEC.major)]
    Version {
        /// What the record says.
        found: SpecVersion,
    },
    /// An extension must be understood and is not.
    #[error("the record needs the extension `{uri}`")]
    Critical {
        /// The URI.
        uri: String,
    },
    /// Two sections with one content: one could stand for the other.
    #[error("sections `{first}` and `{second}` have the same digest")]
    DuplicateSection {
        /// One of them.
        first: SectionName,
        /// The other.
        second: SectionName,
    },
}

impl RecordError {
    /// Its stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Json(error) => error.code(),
            Self::Version { .. } => Code::VersionUnsupported,
            Self::Critical { .. } => Code::RecordCritical,
            Self::DuplicateSection { .. } => Code::RecordDuplicateSection,
        }
    }

    /// The finding at that entry of a bundle.
    pub fn finding(&self, entry: &str) -> Finding {
        let place = match self {
            Self::Json(error) => error.place(entry),
            Self::Version { .. } => Place::entry(entry).at_pointer("/spec"),
            Self::Critical { .. } => Place::entry(entry).at_pointer("/critical"),
            Self::DuplicateSection { .. } => Place::entry(entry).at_pointer("/sections"),
        };
        Finding::new(self.code(), place, self.to_string())
    }
}

/// A record as it was read or written: what it says, its exact bytes, and so its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    body: RecordBody,
    bytes: Vec<u8>,
    digest: DigestSet,
}

impl Record {
    /// Reads `record.json`. Members that are unknown are ignored, and preserved in [`Record::bytes`].
    pub fn parse(bytes: Vec<u8>, limits: &Limits) -> Result<Self, RecordError> {
        /// The version decides how the rest is read.
        #[derive(Deserialize)]
        struct Version {
            spec: SpecVersion,
        }
        /// And then what must be understood.
        #[derive(Deserialize)]
        struct Extensions {
            #[serde(default)]
            critical: Vec<String>,
        }
        let of_version = |spec: SpecVersion| {
            if spec.major == SPEC.major { Ok(()) } else { Err(RecordError::Version { found: spec }) }
        };
        // Version 1.0 knows no extension.
        let of_extensions = |critical: &[String]| {
            critical.first().map_or(Ok(()), |uri| Err(RecordError::Critical { uri: uri.clone() }))
        };
        let body = match json::from_bytes::<RecordBody>(&bytes, limits) {
            Ok(body) => body,
            Err(error) => {
                of_version(json::from_bytes::<Version>(&bytes, limits)?.spec)?;
                of_extensions(&json::from_bytes::<Extensions>(&bytes, limits)?.critical)?;
                return Err(error.into());
            }
        };
        of_version(body.spec)?;
        of_extensions(&body.critical)?;
        for (name, section) in body.sections.iter() {
            if let Some(known) = sections::media_type(name).filter(|known| *known != section.media_type) {
                let pointer = format!("/sections/{name}/mediaType");
                return Err(
                    JsonError::Schema { pointer, message: format!("`{name}` is of the media type {known}") }.into()
                );
            }
        }
        let mut by_digest = BTreeMap::new();
        for (name, section) in body.sections.iter() {
            if let Some(first) = by_digest.insert(section.digest.blake3, name) {
                return Err(RecordError::DuplicateSection { first: first.clone(), second: name.clone() });
            }
        }
        let digest = DigestSet::of(&bytes);
        Ok(Self { body, bytes, digest })
    }

    /// Writes a record in the fixed form: equal statements get equal ids.
    pub fn write(mut body: RecordBody) -> Result<Self, JsonError> {
        body.normalize();
        let bytes = json::to_bytes(&body)?;
        let digest = DigestSet::of(&bytes);
        Ok(Self { body, bytes, digest })
    }

    /// Its name: the BLAKE3 of its bytes.
    pub fn id(&self) -> RecordId {
        RecordId(self.digest.blake3)
    }

    /// Both digests of its bytes, as parents and statements name it.
    pub fn digest(&self) -> DigestSet {
        self.digest
    }

    /// The exact bytes of `record.json`.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What it says.
    pub fn body(&self) -> &RecordBody {
        &self.body
    }

    /// BLAKE3 digests of every artifact that it takes in or puts out.
    pub fn artifacts(&self) -> BTreeSet<crate::Blake3> {
        let all = self.body.inputs.iter().chain(&self.body.outputs);
        all.filter_map(|artifact| artifact.digest.blake3()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn smallest() -> serde_json::Value {
        serde_json::json!({
            "spec": "1.0", "kind": "run", "inputs": [], "outputs": [], "parents": [], "sections": {}
        })
    }

    fn parse(value: &serde_json::Value) -> Result<Record, RecordError> {
        Record::parse(value.to_string().into_bytes(), &Limits::default())
    }

    #[track_caller]
    fn refused(change: impl FnOnce(&mut serde_json::Value), code: Code) {
        let mut value = smallest();
        change(&mut value);
        assert_eq!(parse(&value).expect_err("should be refused").code(), code);
    }

    #[test]
    fn writing_and_reading_agree_on_the_id() {
        let mut body = RecordBody::new(Kind::Run);
        body.status = Some(Status::Finished);
        body.started = Some("2026-11-23T09:00:00Z".parse().expect("a time"));
        let artifact = |bytes: &[u8]| {
            ArtifactRef::new(
                "model".parse().expect("a role"),
                DigestSet::of(bytes).into(),
                bytes.len() as u64,
                Form::File,
            )
        };
        body.outputs = vec![artifact(b"b"), artifact(b"a"), artifact(b"b")];
        let written = Record::write(body).expect("plain members");
        assert_eq!(written.body().outputs.len(), 2);
        let read = Record::parse(written.bytes().to_vec(), &Limits::default()).expect("our own record");
        assert_eq!(read, written);
        // Files are the rule, and trees say that they are.
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
        assert!(!text(written.bytes()).contains("form"));
        let mut of_tree = RecordBody::new(Kind::Run);
        of_tree.outputs = vec![ArtifactRef { form: Form::Tree, ..artifact(b"listing") }];
        let written = Record::write(of_tree).expect("plain members");
        assert!(text(written.bytes()).contains(r#""form": "tree""#));
        let read = Record::parse(written.bytes().to_vec(), &Limits::default()).expect("our own record");
        assert_eq!(read.body().outputs[0].form, Form::Tree);
    }

    #[test]
    fn a_record_knows_its_artifacts_and_sections_by_name() {
        let mut body = RecordBody::new(Kind::Run);
        let artifact = |digest| ArtifactRef::new("file".parse().expect("a role"), digest, 1, Form::File);
        body.inputs = vec![artifact(DigestSet::of(b"a").into())];
        body.outputs = vec![artifact(DigestSet::of(b"b").into()), artifact(crate::Sha256::of(b"c").into())];
        let name = |text: &str| text.parse::<SectionName>().expect("a name");
        for text in ["metrics.parquet", "of-our-own.txt", "context.json"] {
            let media_type = if text == "context.json" { sections::JSON } else { sections::PARQUET };
            let digest = DigestSet::of(text.as_bytes());
            body.sections.insert(name(text), SectionRef { media_type: media_type.to_owned(), size: 3, digest });
        }
        let record = Record::write(body).expect("plain members");
        assert_eq!(Record::parse(record.bytes().to_vec(), &Limits::default()).expect("our own"), record);
        assert_eq!(record.artifacts(), BTreeSet::from([b"a", b"b"].map(|bytes| crate::Blake3::of(bytes))));
        let sections = &record.body().sections;
        let names: Vec<&str> = sections.keys().map(SectionName::as_str).collect();
        assert_eq!(names, ["context.json", "metrics.parquet", "of-our-own.txt"]);
        assert!(sections.contains_key(&name("context.json")) && !sections.contains_key(&name("media.json")));
        let found = sections.get(&name("of-our-own.txt")).map(|section| section.digest);
        assert_eq!(found, Some(DigestSet::of(b"of-our-own.txt")));
        assert_eq!(sections.get(&name("media.json")), None);
    }

    #[test]
    fn a_name_that_is_known_holds_what_it_always_holds() {
        let section =
            |media_type: &str| serde_json::json!({"mediaType": media_type, "size": 1, "digest": DigestSet::of(b"x")});
        for (name, media_type) in [
            ("metrics.parquet", sections::PARQUET),
            ("telemetry.parquet", sections::PARQUET),
            ("console.parquet", sections::PARQUET),
            ("context.json", sections::JSON),
        ] {
            let mut value = smallest();
            value["sections"] = serde_json::json!({ name: section(media_type) });
            parse(&value).expect(name);
            refused(
                |value| value["sections"] = serde_json::json!({ name: section("text/plain") }),
                Code::SchemaInvalid,
            );
        }
        let mut value = smallest();
        value["sections"] = serde_json::json!({"own.json": section("text/plain")});
        parse(&value).expect("an unknown name holds what it says");
    }

    #[test]
    fn words_are_lower_case_or_a_uri() {
        let longest = "a".repeat(Word::MAX_BYTES);
        for good in ["model", "a", "step-2", "a-", "urn:x", "https://example.org/Role#1", ":", &longest] {
            assert_eq!(good.parse::<Word>().expect(good).as_str(), good);
        }
        let longer = "a".repeat(Word::MAX_BYTES + 1);
        for bad in ["", "Model", "2nd", "-a", "a b", "a_b", "aB", "urn:a b", "é:x", "urn:é", "no-\u{7f}:", &longer] {
            bad.parse::<Word>().expect_err(bad);
        }
    }

    #[test]
    fn a_status_is_called_as_it_is_written() {
        for status in ["scheduled", "running", "finished", "failed", "killed", "crashed", "unknown"] {
            let read: Status = serde_json::from_value(status.into()).expect(status);
            assert_eq!(read.as_str(), status);
        }
    }

    #[test]
    fn unknown_members_are_ignored_and_preserved() {
        let mut value = smallest();
        value["spec"] = "1.7".into();
        value["https://example.org/extension"] = 7.into();
        let record = parse(&value).expect("a later minor version");
        assert_eq!(record.bytes(), value.to_string().as_bytes());
    }

    #[test]
    fn what_is_no_record_is_refused_by_code() {
        refused(|value| value["spec"] = "2.0".into(), Code::VersionUnsupported);
        refused(|value| value["critical"] = serde_json::json!(["urn:x"]), Code::RecordCritical);
        refused(|value| value["status"] = "excellent".into(), Code::SchemaInvalid);
        refused(|value| value["started"] = "yesterday".into(), Code::SchemaInvalid);
        refused(|value| value["spec"] = "01.0".into(), Code::SchemaInvalid);
        refused(
            |value| value["inputs"] = serde_json::json!([{"role": "model", "digest": {}, "size": 0}]),
            Code::SchemaInvalid,
        );
        let digest = DigestSet::of(b"x");
        let with_size =
            |size: serde_json::Value| serde_json::json!([{"role": "model", "digest": digest, "size": size}]);
        refused(|value| value["inputs"] = with_size("1".into()), Code::SchemaInvalid);
        refused(|value| value["inputs"] = with_size(1.5.into()), Code::SchemaInvalid);
        refused(|value| value["inputs"] = with_size((-1).into()), Code::SchemaInvalid);
        let section = serde_json::json!({"mediaType": "application/json", "size": 1, "digest": digest});
        refused(|value| value["sections"] = serde_json::json!({"../x.json": section}), Code::SchemaInvalid);
        refused(
            |value| value["sections"] = serde_json::json!({"a.json": section, "b.json": section}),
            Code::RecordDuplicateSection,
        );
        refused(
            |value| {
                value.as_object_mut().expect("an object").remove("kind");
            },
            Code::SchemaInvalid,
        );
    }
}
