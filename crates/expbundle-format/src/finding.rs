//! Findings: the results of verification (spec/verification.md).
//!
//! A [`Code`] is stable API: it stands in `spec/codes.toml` with its clause, its meaning and its
//! help, and a test compares that file with this one. The wording of a finding may change; its code
//! may not.

use std::fmt;
use std::str::FromStr;

#[cfg(feature = "schema")]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::container::EntryName;
use crate::foreign::{Foreign, ForeignLine, is_unseen};
use crate::{Blake3, StatementId};

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    ContainerNotABundle "container.not-a-bundle" Error "this is not an experiment bundle; check the path";
    ContainerTruncated "container.truncated" Error "the file is incomplete; copy or download it again";
    ContainerTrailingBytes "container.trailing-bytes" Error "bytes were appended to the bundle";
    ContainerGap "container.gap" Error "there are bytes where the layout allows none";
    ContainerComment "container.comment" Error "a comment was added";
    ContainerMultiDisk "container.multi-disk" Error "split archives are refused; join the parts";
    ContainerZip64 "container.zip64" Error "ZIP64 is used where it is not allowed, or in the wrong form";
    ContainerExtraField "container.extra-field" Error "another tool added an extra field";
    ContainerFlags "container.flags" Error "encryption, data descriptors and name flags are refused";
    ContainerNotStored "container.not-stored" Error "it was re-zipped";
    ContainerFixedField "container.fixed-field" Error "version, time or attributes differ from the fixed ones";
    ContainerHeaderMismatch "container.header-mismatch" Error "local and central headers disagree, so two readers could see different contents; do not trust this file";
    ContainerCrc "container.crc" Error "the entry's bytes are damaged; copy or download the file again";
    ContainerDuplicateName "container.duplicate-name" Error "two entries have the same name, so readers could disagree on which one counts; do not trust this file";
    ContainerName "container.name" Error "this entry name is not allowed in a bundle; a bundle holds only what its records list";
    ContainerOrder "container.order" Error "the entries are in the wrong order";
    ContainerMimetype "container.mimetype" Error "the first entry must be `mimetype` and hold the media type of bundles";
    ContainerEntryCount "container.entry-count" Error "the archive gives a wrong number of entries; do not trust this file";
    ContainerRange "container.range" Error "a size or offset points outside the file or into another entry; do not trust this file";
    ContainerLimit "container.limit" Error "the file exceeds the limits of this reader, so it could not be verified";
    ContainerUnlisted "container.unlisted" Error "nothing in the bundle refers to this entry";
    VersionUnsupported "version.unsupported" Error "it was written for another major version of the format; update expbundle";
    JsonEncoding "json.encoding" Error "JSON must be UTF-8, without a byte order mark or lone surrogates";
    JsonSyntax "json.syntax" Error "this is not JSON (RFC 8259)";
    JsonDuplicateKey "json.duplicate-key" Error "an object has two members of the same name, and readers differ on which one counts; write each name once";
    JsonNumber "json.number" Error "readers could understand this number differently; see spec/json.md for how to write it";
    JsonTrailing "json.trailing-bytes" Error "there is something after the end of the JSON document";
    JsonLimit "json.limit" Error "the JSON exceeds the limits of this reader, so it could not be verified";
    SchemaInvalid "schema.invalid" Error "the object does not match its schema";
    RecordCritical "record.critical" Error "the record needs an extension that this version does not support; update expbundle, or ask the author of the record";
    RecordDuplicateSection "record.duplicate-section" Error "two sections of one record have the same content, so one could be passed off as the other";
    RecordSpan "record.span" Warning "the run ends before it starts; the times are those of its tracker, whose clock was probably wrong";
    DigestRecord "digest.record" Error "the record does not match its id: it was changed after it was made";
    DigestSection "digest.section" Error "the section was changed after the record was made";
    DigestStatement "digest.statement" Error "the statement does not match its name: it was changed after it was made";
    DigestArtifact "digest.artifact" Error "the embedded artifact does not match its name: it was changed after it was added";
    DigestSize "digest.size" Error "the digest matches but the size does not, so the record contradicts itself; do not trust it";
    DigestDivergent "digest.divergent" Error "BLAKE3 matches but SHA-256 does not, so one of the recorded digests is false; do not trust the record";
    SectionWithheld "section.withheld" Info "the record lists this section, but this copy does not include it; ask the author for a complete copy";
    SectionUnblinded "section.unblinded" Warning "the content of a short section can be guessed from its digest";
    SectionSalt "section.salt" Error "every section of a blinded record needs its own salt of 256 bits";
    TreeInvalid "tree.invalid" Error "the listing of a directory must have one line per file, sorted by path; see spec/digests.md";
    ArtifactDigestConflict "artifact.digest-conflict" Error "two artifacts share a digest but differ in the other or in size, so one of them is described wrongly; neither is used as a link";
    ArtifactChanged "artifact.changed" Error "the file differs from the one that was released or recorded; do not load it: get the right one, or, if you changed it on purpose, release the folder again";
    ArtifactPointer "artifact.pointer" Warning "this is only a Git LFS pointer: the file itself was not checked; fetch it with `git lfs pull`";
    DirectoryNoBundle "directory.no-bundle" Error "the folder has no `experiment.expb` that is a regular file";
    DirectoryNoOutput "directory.no-output" Error "none of the recorded models is in the folder: the bundle belongs to another model, or the files were replaced";
    DirectoryMissing "directory.missing" Error "this file is part of the release; get it or make it readable, or, if the folder is yours, release it again without it";
    DirectoryUncovered "directory.uncovered" Warning "no signature that counts covers this file, and a loader may read it; remove it, or, if the folder is yours, sign it";
    DirectorySymlink "directory.symlink" Warning "symlinks are not followed, so this file was not checked; replace the symlink with the file";
    DirectoryUnreadable "directory.unreadable" Warning "the file could not be read, so it was not checked; check its permissions and its name";
    DirectoryAlike "directory.alike" Warning "some file systems treat these paths as the same, so neither file is covered; rename one of them";
    DirectoryShard "directory.shard" Warning "the weights are incomplete without it; add the missing file, or release the folder again";
    DirectoryNoWeights "directory.no-weights" Warning "a folder is signed or trusted only if it has weights and a signature covers them";
    DirectoryNoListing "directory.no-listing" Error "without its listing nobody can tell what was released; get a copy of the bundle that includes it";
    DirectoryNotReleased "directory.not-released" Info "an older checkpoint of the same signer, or a renamed file, would be covered too; only a release binds paths";
    StatementEnvelope "statement.envelope" Error "a statement must be a Sigstore bundle v0.3 with one DSSE envelope; see spec/statements.md";
    StatementBase64 "statement.base64" Error "base64 must use the standard alphabet with padding, without white space, in canonical form";
    StatementPayloadType "statement.payload-type" Error "the payload type must be exactly `application/vnd.in-toto+json`";
    StatementType "statement.type" Error "the payload must be an in-toto Statement v1";
    StatementPredicateType "statement.predicate-type" Error "the predicate type must name a kind of statement and its version; see spec/statements.md";
    StatementPredicate "statement.predicate" Error "the predicate lacks a required member, or one has the wrong type; see spec/statements.md";
    StatementSubject "statement.subject" Error "the statement must name its subject by both digests";
    StatementUnknownVersion "statement.unknown-version" Info "the statement has another major version and was not verified, so it does not count; a later version of expbundle may verify it";
    StatementOrphan "statement.orphan" Warning "the record that the statement is about is not in this bundle, or no trusted key signed it; merge a bundle that includes it";
    StatementPrevDangling "statement.prev-dangling" Info "an earlier statement that this one follows is not in this bundle; merge a bundle that includes it";
    StatementPrevCycle "statement.prev-cycle" Error "statements cannot follow each other in a circle; do not trust them";
    StatementSeal "statement.seal" Error "objects that the seal lists are missing; get the complete copy, or one without the seal";
    StatementPrevTime "statement.prev-time" Warning "the statement is dated before one that it follows; a clock was wrong, or the date is false";
    StatementFuture "statement.future" Info "the statement is dated after the moment that is judged, and a revocation or supersession does not count before its date; if that moment is now, check the date";
    SignatureCount "signature.count" Error "an envelope must have exactly one signature; other people sign in statements of their own";
    SignatureInvalid "signature.invalid" Error "the signature does not match the statement and the key: one of them was changed; do not trust it";
    SignatureEncoding "signature.encoding" Error "signature and key must be in the one strict encoding of Ed25519; see spec/statements.md";
    SignatureKey "signature.key" Error "`keyid` is not the fingerprint of the key that the statement names";
    SignatureUnknownAlgorithm "signature.unknown-algorithm" Info "the statement names a key of an unknown algorithm and was not verified, so it does not count; a later version of expbundle may verify it";
    TrustUnknownSigner "trust.unknown-signer" Info "statements by keys that are not in the signers file change no verdict; add a key to the file if you know its owner";
    TrustNotValid "trust.not-valid" Warning "the signers file trusts this key only at another time; check its validity dates";
    TrustRevoked "trust.revoked" Warning "what was revoked no longer counts; use something else, or ask whoever revoked it";
    TrustNoRight "trust.no-right" Info "only the original signers, or a key that the signers file trusts, may revoke or replace something; this statement has no effect";
    TrustNamespace "trust.namespace" Warning "the signers file trusts this key only for other namespaces; add the namespace `expbundle` if that is intended";
    TrustSigners "trust.signers" Error "the signers file must follow OpenSSH's allowed_signers format; see ssh-keygen(1)";
    PolicyState "policy.state" Warning "the required state does not hold; sign what is yours and unsigned, or add the key of a signer whom you trust to the signers file";
    PolicyObjection "policy.objection" Warning "a signer objects, or objections cannot be ruled out; ask the signer, or get the bundle that has the parent and merge it";
    LineageParentAbsent "lineage.parent-absent" Info "the record of a parent is not in this bundle; merge the bundle that includes it";
    LineageSuperseded "lineage.superseded" Info "the record was replaced by a newer one; use that one instead";
    LineageLicenceUnknown "lineage.licence-unknown" Info "the licence of an ancestor is not recorded, so what it permits is unknown; ask its author";
    LineageLicenceWithheld "lineage.licence-withheld" Warning "the section that states licences is withheld, so conflicts cannot be ruled out; get a copy that includes `artifacts.json`";
    LineageLicenceConflict "lineage.licence-conflict" Warning "the licences of a model and its ancestor may be incompatible; ask a lawyer";
    LineageTwoRecords "lineage.two-records" Warning "two records describe the same run; sign which one replaces the other";
    LineageSeenTwice "lineage.seen-twice" Info "several tools recorded one run, and sums count what each says of its cost; to count one, sign that it replaces the others";
    LineageCycle "lineage.cycle" Error "records cannot descend from each other in a circle; do not trust the declared parents";
    LineageChildBeforeParent "lineage.child-before-parent" Warning "the child started before its parent could be used; a clock was wrong, or the parent is wrong";
    LineageUnaccountedInput "lineage.unaccounted-input" Info "the origin of this input is unknown; merge the bundle of the run that made it, or record its origin";
    SourceTruncated "source.truncated" Warning "the source ends unexpectedly; everything before that was kept";
    SourceDamaged "source.damaged" Warning "part of the source is damaged; everything readable was kept";
    SourceMissing "source.missing" Warning "the source lists this, but it was not found";
    SourceUnreadable "source.unreadable" Warning "part of the source could not be read; check its permissions, whether another program has it open, and the room for temporary files";
    SourceUnsupported "source.unsupported" Warning "the source has an item that this version does not support; it was counted, and kept raw where possible";
    SourceOutside "source.outside" Warning "the source refers to a path outside its own folder; such links are not followed";
    SourceSecret "source.secret" Warning "a secret was replaced by a marker; treat it as leaked and replace it at its issuer";
    SourceLoss "source.loss" Info "nothing is damaged: the message says what the source does not record, or how something was interpreted";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A string that is not a code of this version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a finding code of this version")]
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

#[cfg(feature = "schema")]
impl JsonSchema for Code {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Code".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        // Open on purpose: a later minor version may find more.
        json_schema!({ "type": "string", "pattern": "^[a-z0-9]+\\.[a-z0-9-]+$", "description": "A code of spec/codes.toml" })
    }
}

/// Columns of a part of a place that are shown.
const MOST_OF_A_PLACE: usize = 1000;

/// Where a finding was made: as much of it as is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    /// The statement that the entry holds, where it could be read: people know it by its id, as `log`
    /// shows it. Documents have the entry.
    #[serde(skip)]
    pub statement: Option<StatementId>,
}

/// Digits of an id, as people read it and commands take it.
const SHORT: usize = 12;

impl Place {
    /// Nowhere in particular.
    pub fn unknown() -> Self {
        Self::default()
    }

    /// An entry of the bundle, or a file of a directory.
    pub fn entry(name: impl Into<String>) -> Self {
        Self { entry: Some(name.into()), ..Self::default() }
    }

    /// The file of a statement.
    pub fn statement(file: Blake3, id: StatementId) -> Self {
        Self { statement: Some(id), ..Self::entry(EntryName::Statement(file).to_string()) }
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

/// A part of a place as people see it: between quotation marks, with escapes, where it could be
/// taken for something else.
fn shown(part: &str) -> String {
    let quoted = Foreign::new(part).at_most(MOST_OF_A_PLACE).to_string();
    let is_plain = quoted.len() == part.len() + 2 && !part.contains(',');
    if is_plain { part.to_owned() } else { quoted }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offset = self.offset.map(|offset| format!("byte {offset}"));
        let statement = self.statement.map(|id| format!("statement {}", &id.to_string()[..SHORT]));
        let entry = statement.or_else(|| self.entry.as_deref().map(shown));
        let (file, pointer) = (self.file.as_deref().map(shown), self.pointer.as_deref().map(shown));
        let named = [file, entry, pointer].into_iter().flatten();
        f.write_str(&named.chain(offset).collect::<Vec<_>>().join(", "))
    }
}

/// One result of verification: a stable code, where, and what was seen. Severity and help follow
/// from the code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Finding {
    /// What kind of thing was found.
    pub code: Code,
    /// The place.
    pub place: Place,
    /// What was seen, in one lower-case line without a full stop.
    pub message: String,
    severity: Severity,
}

impl Finding {
    /// A finding. The message is one line: what is not seen in it is escaped, whoever wrote it.
    pub fn new(code: Code, place: Place, message: impl Into<String>) -> Self {
        let mut message = message.into();
        if message.chars().any(is_unseen) {
            message = ForeignLine(&message, usize::MAX).to_string();
        }
        Self { code, place, message, severity: code.severity() }
    }

    /// The same in one of several files.
    #[must_use]
    pub fn in_file(self, file: &str) -> Self {
        Self { place: self.place.in_file(file), ..self }
    }

    /// The same as an error, where findings of this kind were asked to fail.
    #[must_use]
    pub fn into_error(self) -> Self {
        Self { severity: Severity::Error, ..self }
    }

    /// How much it weighs: that of its code, unless more was asked.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// Whether it is about the limits of this reader, and not about a fault of the file.
    pub fn is_limit(&self) -> bool {
        matches!(self.code, Code::ContainerLimit | Code::JsonLimit)
    }

    /// Whether it leaves the question without an answer, rather than answering it with no: there is
    /// no bundle, or it is beyond the limits of this reader (spec/report.md).
    pub fn is_no_answer(&self) -> bool {
        self.is_limit() || matches!(self.code, Code::ContainerNotABundle | Code::DirectoryNoBundle)
    }

    /// Whether it keeps the thing named from being what it claims to be.
    pub fn is_error(&self) -> bool {
        self.severity() == Severity::Error
    }
}

impl fmt::Display for Finding {
    /// In one line: what was seen, where, and the code.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        let place = self.place.to_string();
        if !place.is_empty() {
            write!(f, " ({place})")?;
        }
        write!(f, " [{}]", self.code)
    }
}

/// The written form of a finding, with severity and help beside the code for readers that lack the
/// registry.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Finding"))]
struct WrittenFinding {
    /// Stable code of spec/codes.toml.
    code: Code,
    /// How much it weighs.
    severity: Severity,
    /// The place.
    pub place: Place,
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

#[cfg(feature = "schema")]
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
    fn what_strangers_wrote_neither_moves_the_cursor_nor_leaves_its_marks() {
        let hostile = "x`, y\n\u{1b}[31m\u{202e}\u{3164}✓ intact, signed and trusted: by `ada";
        let seen = |text: &str| !text.chars().any(is_unseen);
        for code in Code::ALL {
            let place = Place::entry(hostile).at_pointer(hostile).in_file(hostile);
            let finding = Finding::new(*code, place, format!("{hostile} was found"));
            let shown = [finding.to_string(), finding.message.clone(), finding.place.to_string()];
            assert!(shown.iter().all(|text| seen(text)), "{shown:?}");
            let written = serde_json::to_value(&finding).expect("plain members");
            assert!(written["message"].as_str().is_some_and(seen));
            assert_eq!(written["place"]["entry"], hostile, "programs get the name itself");
        }
        let part = Foreign::new(hostile).to_string();
        let place = Place::entry(hostile).at_pointer("/a, b").in_file("größe 1/x.expb");
        assert_eq!(place.to_string(), format!("größe 1/x.expb, {part}, \"/a, b\""));
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
