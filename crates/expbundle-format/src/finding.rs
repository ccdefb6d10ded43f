//! Findings: what verification has to say, one at a time (spec/verification.md).
//!
//! A [`Code`] is stable API: it stands in `spec/codes.toml` with its clause, its meaning and its help, and a test
//! compares that file with this one. The wording of a finding may change; its code may not.

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; changes no verdict.
    Info,
    /// Something a careful reader would look at; changes no verdict by itself.
    Warning,
    /// The thing named is not what it claims to be.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

macro_rules! codes {
    ($($variant:ident $code:literal $severity:ident $help:literal;)*) => {
        /// A stable finding code. Its text is `layer.what-is-wrong`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = concat!("`", $code, "`: ", $help)] $variant,)*
        }

        impl Code {
            /// Every code, in the order of the layers.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The text that scripts rely on.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// How much a finding of this code weighs.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)* }
            }

            /// What to do about it, in a sentence.
            pub const fn help(self) -> &'static str {
                match self { $(Self::$variant => $help,)* }
            }
        }
    };
}

codes! {
    ContainerNotABundle "container.not-a-bundle" Error "this is no experiment bundle; check the path, or make one with `expbundle convert` or `expbundle create`";
    ContainerTruncated "container.truncated" Error "the file was cut short; copy it again from where it came";
    ContainerTrailingBytes "container.trailing-bytes" Error "something was appended; `expbundle repack` keeps the objects and drops the rest";
    ContainerGap "container.gap" Error "bytes lie where the layout allows none; `expbundle repack` restores the fixed layout";
    ContainerComment "container.comment" Error "a comment was added; `expbundle repack` drops it";
    ContainerMultiDisk "container.multi-disk" Error "split archives are refused; join it first, then `expbundle repack`";
    ContainerZip64 "container.zip64" Error "ZIP64 is used where it must not be, or not as laid down; `expbundle repack` restores the fixed layout";
    ContainerExtraField "container.extra-field" Error "another tool wrote it; `expbundle repack` restores the fixed layout and keeps every id";
    ContainerFlags "container.flags" Error "encryption, data descriptors and name flags are refused; `expbundle repack` restores the fixed layout where the bytes are plain";
    ContainerNotStored "container.not-stored" Error "it was re-zipped; `expbundle repack` restores it and keeps every id";
    ContainerFixedField "container.fixed-field" Error "version, time or attributes differ from the fixed ones; `expbundle repack` restores them and keeps every id";
    ContainerHeaderMismatch "container.header-mismatch" Error "the two directories of the archive disagree, which is how archives are made to look different to different readers; do not trust it";
    ContainerCrc "container.crc" Error "the entry's bytes were damaged; copy the file again from where it came";
    ContainerDuplicateName "container.duplicate-name" Error "two entries have one name, so readers would disagree on which counts; do not trust it";
    ContainerName "container.name" Error "the entry's name is not one that a bundle can have; a bundle holds only what its records list";
    ContainerOrder "container.order" Error "entries stand in another order than the fixed one; `expbundle repack` restores it and keeps every id";
    ContainerMimetype "container.mimetype" Error "the first entry must be `mimetype` with the media type of bundles; `expbundle repack` restores it where the rest is a bundle";
    ContainerEntryCount "container.entry-count" Error "the archive says it has another number of entries than it has; do not trust it";
    ContainerRange "container.range" Error "a size or offset points outside the file or into another entry; do not trust it";
    ContainerLimit "container.limit" Error "the file is beyond the limits of this reader, so there is no answer; `expbundle verify --limits 4` takes four times as much";
    ContainerUnlisted "container.unlisted" Error "nothing in the bundle speaks of this entry; `expbundle repack` drops it";
    VersionUnsupported "version.unsupported" Error "it was written for a later major version; update expbundle";
    JsonEncoding "json.encoding" Error "JSON is UTF-8 without byte order mark and without lone surrogates";
    JsonSyntax "json.syntax" Error "this is not JSON (RFC 8259)";
    JsonDuplicateKey "json.duplicate-key" Error "readers differ on which of two equal keys counts, so both are refused";
    JsonNumber "json.number" Error "numbers that readers would understand differently are refused; see spec/json.md for how to write them";
    JsonTrailing "json.trailing-bytes" Error "something stands after the end of the JSON text";
    JsonLimit "json.limit" Error "the JSON is beyond the limits of this reader, so there is no answer; `expbundle verify --limits 4` takes documents four times as large, but not deeper ones";
    SchemaInvalid "schema.invalid" Error "the object does not have the members that its schema asks for; see `expbundle schema`";
    RecordCritical "record.critical" Error "the record needs an extension that this version does not know; update expbundle, or ask who made it";
    RecordDuplicateSection "record.duplicate-section" Error "two sections of one record have the same content, so one could stand for the other";
    RecordSpan "record.span" Warning "an experiment ends before it starts: a clock was wrong, and the times are as its tracker kept them";
    DigestRecord "digest.record" Error "the record is not the one that its name says; it was changed after it was made";
    DigestSection "digest.section" Error "the section was changed after the record was made";
    DigestStatement "digest.statement" Error "the statement is not the one that its name says";
    DigestArtifact "digest.artifact" Error "the embedded artifact is not the one that its name says";
    DigestSize "digest.size" Error "the digest agrees but the size does not: the record contradicts itself; do not trust it";
    DigestDivergent "digest.divergent" Error "BLAKE3 agrees and SHA-256 does not: the record lies in one of them; do not trust it";
    SectionWithheld "section.withheld" Info "the record lists the section and this copy leaves it out; ask its author for a copy that has it";
    SectionUnblinded "section.unblinded" Warning "the digest of a short section can be guessed at; create the record with `--blind` before withholding";
    SectionSalt "section.salt" Error "in a blinded record every section has its own salt of 256 bits";
    TreeInvalid "tree.invalid" Error "a listing of a directory has one line a file, sorted by path; see spec/digests.md";
    ArtifactDigestConflict "artifact.digest-conflict" Error "two artifacts share one digest and differ in the other, so one of them is described wrongly; neither links";
    ArtifactChanged "artifact.changed" Error "the file is not the one that was released or recorded here; restore it, or release the folder again if you changed it on purpose";
    ArtifactPointer "artifact.pointer" Warning "only a Git LFS pointer is here: its SHA-256 was compared, the bytes were not; `git lfs pull` brings them";
    DirectoryNoBundle "directory.no-bundle" Error "the directory has no `experiment.expb` that is a regular file; make one with `expbundle attach` or `expbundle release`";
    DirectoryNoOutput "directory.no-output" Error "none of the models that the records put out is in the directory; the bundle belongs to another model, or the files were replaced";
    DirectoryMissing "directory.missing" Error "the folder was released with this file; restore it, or release the folder again without it";
    DirectoryUncovered "directory.uncovered" Warning "a loader may read this file, and no signature that counts covers it; remove it, or release the folder with `expbundle release`";
    DirectorySymlink "directory.symlink" Warning "links are not followed, so nothing is known about the file; put the file itself there";
    DirectoryUnreadable "directory.unreadable" Warning "the file could not be read, so nothing is known about it; check its permissions and its name";
    DirectoryAlike "directory.alike" Warning "which of two such files is opened depends on the machine, so neither is covered; rename one of them";
    DirectoryShard "directory.shard" Warning "the weights are not complete without it; bring the file, or release the folder again";
    DirectoryNoWeights "directory.no-weights" Warning "a folder without weights that are here and covered is never signed or trusted; bring the weights";
    DirectoryNoListing "directory.no-listing" Warning "a release whose listing is left out covers nothing; ask for the copy that has it";
    DirectoryNotReleased "directory.not-released" Info "an older checkpoint of the same signer, or a file under another name, would be covered too; only a release binds paths";
    StatementEnvelope "statement.envelope" Error "a statement is a Sigstore bundle v0.3 with one DSSE envelope; see spec/statements.md";
    StatementBase64 "statement.base64" Error "base64 is of the standard alphabet, padded, without white space, in its one canonical spelling";
    StatementPayloadType "statement.payload-type" Error "the payload type is exactly `application/vnd.in-toto+json`";
    StatementType "statement.type" Error "the payload must be an in-toto Statement v1";
    StatementPredicateType "statement.predicate-type" Error "the predicate is of a kind that this version of the format does not have";
    StatementPredicate "statement.predicate" Error "the predicate lacks what its kind asks for; see spec/statements.md";
    StatementSubject "statement.subject" Error "the statement must name the record that it is about, by both digests";
    StatementUnknownVersion "statement.unknown-version" Info "the statement is of a later major version and was not verified; it counts for nothing here, and a later expbundle may know it";
    StatementOrphan "statement.orphan" Warning "the record that the statement is about is not in this bundle";
    StatementPrevDangling "statement.prev-dangling" Info "an earlier statement that this one follows is not in this bundle; merge a bundle that has it";
    StatementPrevCycle "statement.prev-cycle" Error "statements cannot follow each other in a circle";
    StatementSeal "statement.seal" Error "the bundle was sealed with more in it; ask for the copy that is whole, or for one without the seal";
    StatementPrevTime "statement.prev-time" Warning "the statement is dated before one that it says it follows; a clock was wrong or someone lied";
    StatementFuture "statement.future" Info "the statement is dated after the moment of the question; until then a revocation or supersession does not count, so look whether the date is mistyped";
    SignatureCount "signature.count" Error "an envelope holds exactly one signature; more people sign with statements of their own";
    SignatureInvalid "signature.invalid" Error "the signature does not fit the statement and the key: one of them was changed; do not trust it";
    SignatureEncoding "signature.encoding" Error "the signature or key is not in the one strict form of Ed25519";
    SignatureKey "signature.key" Error "the key that signed is not the one that the statement names";
    SignatureUnknownAlgorithm "signature.unknown-algorithm" Info "the statement names a key of an algorithm that this version does not know and was not verified; it counts for nothing here, and a later expbundle may know it";
    TrustUnknownSigner "trust.unknown-signer" Info "what keys signed that the signers file does not have changes no verdict; add a key to the file if you know whose it is";
    TrustNotValid "trust.not-valid" Warning "the signers file trusts the key at another time only; look at its validity and at `--at`";
    TrustRevoked "trust.revoked" Warning "it was taken back and no longer counts; ask the signer of the revocation why";
    TrustNoRight "trust.no-right" Info "only its signers, or a key that the signers file trusts, may take something back; this statement has no effect";
    TrustNamespace "trust.namespace" Warning "the signers file trusts the key for other purposes; add namespace `expbundle` if that is meant";
    TrustSigners "trust.signers" Error "the signers file must be in OpenSSH allowed_signers form; see ssh-keygen(1)";
    PolicyState "policy.state" Warning "the state that was asked for does not hold";
    LineageParentAbsent "lineage.parent-absent" Info "a parent's record is not in this bundle; merge the bundle that has it";
    LineageSuperseded "lineage.superseded" Info "another record took its place; look at that one";
    LineageLicenceUnknown "lineage.licence-unknown" Info "an ancestor's licence is not recorded, so nobody can tell here what it allows; ask its author";
    LineageLicenceWithheld "lineage.licence-withheld" Warning "the section that states licences is withheld, so conflicts cannot be ruled out; ask for `artifacts.json`";
    LineageLicenceConflict "lineage.licence-conflict" Warning "the licences of a model and its ancestor may not go together; ask somebody who knows the law";
    LineageTwoRecords "lineage.two-records" Warning "two records speak of one run; a supersession should say which counts";
    LineageCycle "lineage.cycle" Error "records cannot descend from each other in a circle; do not trust the declared ancestry";
    LineageChildBeforeParent "lineage.child-before-parent" Warning "the child started before its parent was there to start from; a clock was wrong or the parent is another";
    LineageUnaccountedInput "lineage.unaccounted-input" Info "no record here says where this input comes from; merge the bundle of the run that made it, or make an origin record with `expbundle convert`";
    SourceTruncated "source.truncated" Warning "the source ends in the middle; everything before that was kept";
    SourceDamaged "source.damaged" Warning "part of the source is damaged; everything intact was kept";
    SourceMissing "source.missing" Warning "the source speaks of something that is not here; give its folder by `--files`, or leave it out knowingly";
    SourceUnreadable "source.unreadable" Warning "part of the source could not be read; check its permissions and whether another program holds it";
    SourceUnsupported "source.unsupported" Warning "the source holds something that this version does not know; it was counted and kept raw where possible";
    SourceOutside "source.outside" Warning "the source points out of its own folder; such links are not followed";
    SourceSecret "source.secret" Warning "a secret was left out, and a marker stands in its place; treat it as known to others and replace it. For a false alarm: `--allow-secrets NAME`";
    SourceLoss "source.loss" Info "this kind of source does not hold everything that the tracker knew";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that is no code of this version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no finding code of this version")]
pub struct UnknownCode(pub String);

impl FromStr for Code {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text).ok_or_else(|| UnknownCode(text.to_owned()))
    }
}

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Code {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Code".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        // Open on purpose: a later minor version may find more.
        json_schema!({ "type": "string", "pattern": "^[a-z0-9]+\\.[a-z0-9-]+$", "description": "A code of spec/codes.toml" })
    }
}

/// Where a finding was made: as much of it as is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// The file on disk, as the caller named it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The entry of the bundle, like `records/<id>/record.json`, or the file in a directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// Byte offset within the entry, or within the file if no entry is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// JSON pointer (RFC 6901) within the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
}

impl Place {
    /// Nowhere in particular.
    pub fn unknown() -> Self {
        Self::default()
    }

    /// An entry of the bundle, or a file of a directory.
    pub fn entry(name: impl Into<String>) -> Self {
        Self { entry: Some(name.into()), ..Self::default() }
    }

    /// A byte of the bundle file itself.
    pub fn offset(offset: u64) -> Self {
        Self { offset: Some(offset), ..Self::default() }
    }

    /// The same place, within that file.
    #[must_use]
    pub fn in_file(mut self, file: impl Into<String>) -> Self {
        self.file = Some(file.into());
        self
    }

    /// The same place, at that byte.
    #[must_use]
    pub fn at_byte(mut self, offset: u64) -> Self {
        self.offset = Some(offset);
        self
    }

    /// The same place, at that JSON pointer.
    #[must_use]
    pub fn at_pointer(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = Some(pointer.into());
        self
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offset = self.offset.map(|offset| format!("byte {offset}"));
        let parts = [self.file.clone(), self.entry.clone(), self.pointer.clone(), offset];
        f.write_str(&parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }
}

/// One result of verification: a stable code, where, and what was seen. Severity and help follow from the code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Finding {
    /// What kind of thing was found.
    pub code: Code,
    /// Where.
    pub place: Place,
    /// What was seen, in one lower-case line without a full stop.
    pub message: String,
    severity: Severity,
}

impl Finding {
    /// A finding.
    pub fn new(code: Code, place: Place, message: impl Into<String>) -> Self {
        Self { code, place, message: message.into(), severity: code.severity() }
    }

    /// The same in one of several files.
    #[must_use]
    pub fn in_file(self, file: &str) -> Self {
        Self { place: self.place.in_file(file), ..self }
    }

    /// The same as an error, for whoever asked that there be none of the kind.
    #[must_use]
    pub fn into_error(self) -> Self {
        Self { severity: Severity::Error, ..self }
    }

    /// How much it weighs: that of its code, unless more was asked.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// Whether it is about what this reader takes in, and so about no fault of the file.
    pub fn is_limit(&self) -> bool {
        matches!(self.code, Code::ContainerLimit | Code::JsonLimit)
    }

    /// Whether it keeps the thing named from being what it claims to be.
    pub fn is_error(&self) -> bool {
        self.severity() == Severity::Error
    }
}

/// The written form of a finding, with severity and help beside the code for readers that lack the registry.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Finding")]
struct WrittenFinding {
    /// Stable code of spec/codes.toml.
    code: Code,
    /// How much it weighs.
    severity: Severity,
    /// Where.
    place: Place,
    /// What was seen. The wording may change.
    message: String,
    /// What to do about it.
    help: String,
}

impl Serialize for Finding {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        WrittenFinding {
            code: self.code,
            severity: self.severity(),
            place: self.place.clone(),
            message: self.message.clone(),
            help: self.code.help().to_owned(),
        }
        .serialize(serializer)
    }
}

impl JsonSchema for Finding {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Finding".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        WrittenFinding::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_round_trip_and_are_unique() {
        for code in Code::ALL {
            assert_eq!(code.as_str().parse(), Ok(*code));
        }
        let mut texts: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), Code::ALL.len());
    }

    #[test]
    fn a_place_says_what_is_known_of_it() {
        assert_eq!(Place::unknown().to_string(), "");
        assert_eq!(Place::offset(7).in_file("a.expb").to_string(), "a.expb, byte 7");
        let place = Place::entry("records/x/record.json").at_pointer("/inputs/0").at_byte(12);
        assert_eq!(place.to_string(), "records/x/record.json, /inputs/0, byte 12");
    }

    #[test]
    fn a_finding_weighs_as_its_code_unless_more_was_asked() {
        let [error, info] = [Severity::Error, Severity::Info]
            .map(|severity| *Code::ALL.iter().find(|code| code.severity() == severity).expect("there is one"));
        assert!(Finding::new(error, Place::unknown(), "").is_error());
        let finding = Finding::new(info, Place::offset(3), "seen").in_file("a.expb");
        assert_eq!(finding.place, Place::offset(3).in_file("a.expb"));
        assert!(!finding.is_error() && finding.severity() == Severity::Info);
        let asked = finding.clone().into_error();
        assert!(asked.is_error() && asked.message == "seen" && asked.place == finding.place);
        let written = serde_json::to_value(&asked).expect("plain members");
        assert_eq!((&written["severity"], &written["help"]), (&"error".into(), &info.help().into()));
    }
}
