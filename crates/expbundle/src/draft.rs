//! Making a bundle: sections and artifacts go in, a record comes out.

use std::collections::BTreeMap;
use std::io;
use std::ops::Deref;

use expbundle_format::container::{EntryName, SectionName};
use expbundle_format::json::{self, JsonError};
use expbundle_format::limits::Limits;
use expbundle_format::number::typed;
use expbundle_format::record::{Record, RecordBody, RecordError, SectionRef};
use expbundle_format::sections::{self, Artifacts, JsonSection};
use expbundle_format::{Blake3, DigestSet};

use crate::bundle::Bundle;
use crate::content::Content;
use crate::provenance;

/// Why a draft cannot become a bundle.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum DraftError {
    /// A section holds what JSON cannot.
    #[error("section `{name}` cannot be written")]
    Json {
        /// Which section, or `record.json`.
        name: String,
        /// The cause.
        source: JsonError,
    },
    /// A section's content could not be read back.
    #[error("section `{name}` cannot be read")]
    Read {
        /// Which section or artifact.
        name: String,
        /// The cause.
        source: io::Error,
    },
    /// The record is none that a reader takes.
    #[error("the record cannot be written")]
    Record(#[from] RecordError),
    /// A name that no section can have.
    #[error("`{0}` is not the name of a section")]
    Name(String),
    /// Two sections of one name.
    #[error("section `{0}` is there already")]
    Twice(SectionName),
}

expbundle_format::debug_with_causes!(DraftError);

/// A bundle of one record, as a draft wrote it. It reads like any other [`Bundle`];
/// [`Bundle::check`] holds it to all of the format.
#[derive(Clone, Debug)]
pub struct OneRecord {
    record: Record,
    bundle: Bundle,
}

impl OneRecord {
    /// The record.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// The objects, to be joined with others.
    pub fn into_bundle(self) -> Bundle {
        self.bundle
    }
}

impl Deref for OneRecord {
    type Target = Bundle;

    fn deref(&self) -> &Bundle {
        &self.bundle
    }
}

/// A bundle of one record in the making.
#[derive(Clone, Debug)]
pub struct Draft {
    body: RecordBody,
    sections: BTreeMap<SectionName, Content>,
    embedded: BTreeMap<Blake3, Content>,
    not_taken_apart: u64,
}

impl Draft {
    /// Begins with what the record says by itself; its sections are added by the draft.
    pub fn new(body: RecordBody) -> Self {
        Self { body, sections: BTreeMap::new(), embedded: BTreeMap::new(), not_taken_apart: 0 }
    }

    /// What the record says so far.
    pub fn body(&self) -> &RecordBody {
        &self.body
    }

    /// The same, to be changed.
    pub fn body_mut(&mut self) -> &mut RecordBody {
        &mut self.body
    }

    /// Adds a JSON section in the fixed form.
    pub fn json_section<S: JsonSection>(&mut self, section: &S) -> Result<(), DraftError> {
        let bytes = json::to_bytes(section).map_err(|source| DraftError::Json { name: S::NAME.to_owned(), source })?;
        self.not_taken_apart += typed::count_texts(&bytes);
        self.section(S::NAME, sections::JSON, Content::bytes(bytes))
    }

    /// How many free-form values of its JSON sections so far are not taken apart, but kept as JSON
    /// text.
    pub fn not_taken_apart(&self) -> u64 {
        self.not_taken_apart
    }

    /// Adds a section as it is. JSON is held to what every reader takes in.
    pub fn section(&mut self, name: &str, media_type: &str, content: Content) -> Result<(), DraftError> {
        let name: SectionName = name.parse().map_err(|_| DraftError::Name(name.to_owned()))?;
        if self.sections.contains_key(&name) {
            return Err(DraftError::Twice(name));
        }
        let read = |source| DraftError::Read { name: name.to_string(), source };
        if media_type == sections::JSON {
            let refused = |source| DraftError::Json { name: name.to_string(), source };
            let limits = Limits::default();
            within(content.size(), limits.section_bytes).map_err(refused)?;
            json::check(&content.at_most(limits.section_bytes).map_err(read)?, &limits).map_err(refused)?;
        }
        let digest = content.digest().map_err(read)?;
        let listed = SectionRef { media_type: media_type.to_owned(), size: content.size(), digest };
        self.body.sections.insert(name.clone(), listed);
        self.sections.insert(name, content);
        Ok(())
    }

    /// The sections so far, by name.
    pub fn sections(&self) -> impl Iterator<Item = (&SectionName, &Content)> {
        self.sections.iter()
    }

    /// Puts other content in place of a section's, of the same media type.
    pub fn replace_section(&mut self, name: &SectionName, content: Content) -> Result<(), DraftError> {
        let digest = content.digest().map_err(|source| DraftError::Read { name: name.to_string(), source })?;
        if let Some(listed) = self.body.sections.get(name) {
            let listed = SectionRef { media_type: listed.media_type.clone(), size: content.size(), digest };
            self.body.sections.insert(name.clone(), listed);
            self.sections.insert(name.clone(), content);
        }
        Ok(())
    }

    /// Embeds an artifact. The record must also list it, among inputs, outputs or in
    /// `artifacts.json`.
    pub fn embed(&mut self, content: Content) -> Result<DigestSet, DraftError> {
        let digest = content.digest().map_err(|source| DraftError::Read { name: "artifact".to_owned(), source })?;
        self.embedded.insert(digest.blake3, content);
        Ok(digest)
    }

    /// Everything embedded so far, by its digest.
    pub fn embedded(&self) -> impl Iterator<Item = (Blake3, &Content)> {
        self.embedded.iter().map(|(digest, content)| (*digest, content))
    }

    /// Leaves an embedded artifact out again; the record still names it by digest.
    pub fn leave_out(&mut self, digest: Blake3) -> Option<Content> {
        self.embedded.remove(&digest)
    }

    /// Marks what was passed on and what others have too, writes the record, and gathers the
    /// bundle.
    pub fn finish(mut self) -> Result<OneRecord, DraftError> {
        let described = match self.sections.get(&Artifacts::name()) {
            Some(section) => {
                let read = section.read(u64::MAX);
                let bytes = read.map_err(|source| DraftError::Read { name: Artifacts::NAME.to_owned(), source })?;
                json::from_bytes(&bytes, &Limits::default())
                    .map_err(|source| DraftError::Json { name: Artifacts::NAME.to_owned(), source })?
            }
            None => Artifacts::default(),
        };
        provenance::mark(&mut self.body, &described, &self.embedded);
        let record =
            Record::write(self.body).map_err(|source| DraftError::Json { name: "record.json".to_owned(), source })?;
        let limits = Limits::default();
        within(record.bytes().len() as u64, limits.record_bytes)
            .map_err(|source| DraftError::Json { name: "record.json".to_owned(), source })?;
        let record = Record::parse(record.bytes().to_vec(), &limits)?;
        let itself = (EntryName::Record(record.id()), Content::bytes(record.bytes()));
        let section = |(section, content)| (EntryName::Section { record: record.id(), section }, content);
        let sections = self.sections.into_iter().map(section);
        let artifacts = self.embedded.into_iter().map(|(digest, content)| (EntryName::Artifact(digest), content));
        let bundle = Bundle::of(std::iter::once(itself).chain(sections).chain(artifacts));
        Ok(OneRecord { record, bundle })
    }
}

/// Whether so many bytes are few enough.
fn within(bytes: u64, limit: u64) -> Result<(), JsonError> {
    if bytes > limit { Err(JsonError::Limit { what: "bytes", limit }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use expbundle_format::record::{ArtifactRef, Form, Kind};
    use expbundle_format::sections::Context;

    use super::*;

    fn draft() -> Draft {
        Draft::new(RecordBody::new(Kind::Run))
    }

    fn is_refused<T>(made: &Result<T, DraftError>) -> bool {
        matches!(made, Err(DraftError::Json { source: JsonError::Limit { .. }, .. }))
    }

    #[test]
    fn nothing_is_written_that_a_reader_refuses() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels)).into_bytes();
        let wide = |values: usize| format!("[{}0]", "0,".repeat(values - 2)).into_bytes();
        let limits = Limits::default();
        let levels = usize::try_from(limits.json_depth).expect("few");
        let values = usize::try_from(limits.json_values).expect("few");
        for (text, refused) in [
            (nested(levels), false),
            (nested(levels + 1), true),
            (wide(values), false),
            (wide(values + 1), true),
            (vec![b' '; usize::try_from(limits.section_bytes).expect("few") + 1], true),
        ] {
            let made = draft().section("own.json", sections::JSON, Content::bytes(text));
            assert_eq!(is_refused(&made), refused);
        }
        let long = Context { title: "t".repeat(65 << 20), ..Context::default() };
        assert!(is_refused(&draft().json_section(&long)));
    }

    #[test]
    fn a_record_of_too_many_outputs_is_refused() {
        for (outputs, refused) in [(1_000, false), (10_000, true)] {
            let mut draft = draft();
            for output in 0..outputs {
                let digest = DigestSet::of(format!("{output}").as_bytes());
                let role = "file".parse().expect("a word");
                draft.body_mut().outputs.push(ArtifactRef::new(role, digest.into(), 1, Form::File));
            }
            assert_eq!(is_refused(&draft.finish()), refused, "{outputs}");
        }
    }
}
