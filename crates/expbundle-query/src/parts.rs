//! Parts of a record: a section by its name, an embedded artifact by its digest or name.

use expbundle::Content;
use expbundle::verify::Intact;
use expbundle_format::RecordId;
use expbundle_format::container::{EntryName, SectionName};
use expbundle_format::sections::{Artifact, Artifacts};

use crate::QueryError;

/// Whether a section is meant: by its name, with or without extension.
pub fn is_called(section: &SectionName, wanted: &str) -> bool {
    section.as_str() == wanted || section.as_str().split('.').next() == Some(wanted)
}

/// A section of a record that is in the bundle.
pub fn section<'a>(
    intact: &'a Intact,
    record: RecordId,
    wanted: &str,
) -> Result<(&'a SectionName, &'a Content), QueryError> {
    let listed: Vec<&SectionName> =
        intact.records().get(&record).into_iter().flat_map(|record| record.body().sections.keys()).collect();
    let Some(name) = listed.iter().find(|name| is_called(name, wanted)) else {
        let listed = listed.into_iter().cloned().collect();
        return Err(QueryError::NoSection { wanted: wanted.to_owned(), listed });
    };
    let content = intact.section(record, name).ok_or_else(|| QueryError::Withheld((*name).clone()))?;
    Ok((name, content))
}

/// An embedded artifact by the beginning of its digest, or by name or path in `artifacts.json`.
///
/// A digest says which bytes are meant, and a name is whatever the record's author wrote: it may be
/// the digest of other bytes. So what may be a digest is taken for one first, and a whole digest is
/// nothing else.
pub fn artifact<'a>(intact: &'a Intact, record: RecordId, wanted: &str) -> Result<&'a Content, QueryError> {
    const FEWEST_DIGITS: usize = 8;
    let begins = |digest: &str| wanted.len() >= FEWEST_DIGITS && digest.starts_with(wanted);
    let mut found = intact.bundle().artifacts().filter(|(digest, _)| begins(&digest.to_string()));
    if let Some((_, content)) = found.next() {
        return if found.next().is_some() {
            Err(QueryError::AmbiguousArtifact(wanted.to_owned()))
        } else {
            Ok(content)
        };
    }
    let described = intact.json_section::<Artifacts>(record).unwrap_or_default().artifacts;
    let is_called =
        |artifact: &&Artifact| [&artifact.name, &artifact.path].into_iter().flatten().any(|name| name == wanted);
    let is_digest = wanted.len() == 64 && wanted.bytes().all(|byte| byte.is_ascii_hexdigit());
    let called = if is_digest { None } else { described.iter().find(is_called) };
    let named = called.and_then(|artifact| artifact.digest?.blake3());
    let content = named.and_then(|digest| intact.bundle().get(&EntryName::Artifact(digest)));
    content.ok_or_else(|| QueryError::NoArtifact { wanted: wanted.to_owned(), is_listed: named.is_some() })
}
