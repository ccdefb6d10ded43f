//! Parts of a record: a section by its name, an embedded artifact by its digest or name.

use expbundle::Content;
use expbundle::verify::Intact;
use expbundle_format::container::{EntryName, SectionName};
use expbundle_format::limits::Limits;
use expbundle_format::sections::{Artifact, Artifacts, Identity, JsonSection};
use expbundle_format::{RecordId, json};
use serde_json::Value;

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

/// A JSON section as its author wrote it: with what `identity.json` has for the markers in its
/// texts, as far as that is here and short.
///
/// Markers of two records are not the same: `[person 1]` of one may be another person's. Only what
/// they stand for can be compared.
pub fn told<S: JsonSection>(intact: &Intact, record: RecordId) -> Option<S> {
    /// Longer originals are no names.
    const LONGEST: usize = 1 << 10;
    let Some(mut identity) = intact.json_section::<Identity>(record) else { return intact.json_section(record) };
    identity.replaced.retain(|_, original| original.len() <= LONGEST);
    if identity.replaced.is_empty() {
        return intact.json_section(record);
    }
    let limits = Limits::default();
    let bytes = intact.section(record, &S::name())?.read(limits.section_bytes).ok()?;
    let longest = identity.replaced.values().map(String::len).max().unwrap_or_default();
    let mut left = MOST_RESTORED;
    let value = restored(json::parse(&bytes, &limits).ok()?, &mut |text| {
        let most = text.matches('[').count() * longest;
        left = left.checked_sub(most)?;
        (most > 0).then(|| identity.restored(text))
    });
    S::deserialize(value).ok().or_else(|| intact.json_section(record))
}

/// Bytes that a section may grow by.
const MOST_RESTORED: usize = 16 << 20;

/// A value with other texts and names of members.
fn restored(value: Value, original: &mut impl FnMut(&str) -> Option<String>) -> Value {
    match value {
        Value::String(text) => original(&text).unwrap_or(text).into(),
        Value::Array(items) => items.into_iter().map(|item| restored(item, original)).collect(),
        Value::Object(members) => {
            let members = members.into_iter();
            members.map(|(name, value)| (original(&name).unwrap_or(name), restored(value, original))).collect()
        }
        other => other,
    }
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
