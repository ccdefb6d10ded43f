//! Parts of a record: a section by its name, an embedded artifact by its digest or name.

use std::collections::BTreeSet;

use camino::Utf8PathBuf;
use expbundle::Content;
use expbundle::output::{OutputError, OutputFolder};
use expbundle::verify::Intact;
use expbundle_format::container::{EntryName, SectionName};
use expbundle_format::limits::Limits;
use expbundle_format::record::Form;
use expbundle_format::sections::{self, Artifact, Artifacts, Identity, JsonSection};
use expbundle_format::tree::Tree;
use expbundle_format::{Agreement, ArtifactDigests, RecordId, json};
use serde_json::Value;

use crate::QueryError;

/// Whether a section is meant: by its name, with or without extension.
fn is_called(section: &str, wanted: &str) -> bool {
    section == wanted || section.split('.').next() == Some(wanted)
}

/// The sections that records of a bundle have of those that are wanted.
///
/// # Errors
/// [`QueryError::NoSectionHere`] for a name that neither they nor the format know: a typing error
/// must not share what was to be withheld.
pub fn sections_called(intact: &Intact, wanted: &[String]) -> Result<Vec<SectionName>, QueryError> {
    let listed: BTreeSet<&SectionName> =
        intact.records().values().flat_map(|record| record.body().sections.keys()).collect();
    let mut names = Vec::new();
    for wanted in wanted.iter().map(|wanted| wanted.trim()) {
        match listed.iter().find(|name| is_called(name.as_str(), wanted)) {
            Some(name) => names.push((*name).clone()),
            None if is_known(wanted) => {}
            None => {
                let listed = listed.into_iter().cloned().collect();
                return Err(QueryError::NoSectionHere { wanted: wanted.to_owned(), listed });
            }
        }
    }
    Ok(names)
}

/// Whether a record could have such a section.
fn is_known(wanted: &str) -> bool {
    let parquet = [sections::METRICS, sections::TELEMETRY, sections::CONSOLE];
    sections::schemas().into_iter().map(|(name, _)| name).chain(parquet).any(|name| is_called(name, wanted))
}

/// Whether a record took a file in, by itself or in a tree whose listing is here.
pub fn takes_in(intact: &Intact, record: RecordId, file: &ArtifactDigests) -> bool {
    let inputs = intact.records().get(&record).map(|record| record.body().inputs.as_slice()).unwrap_or_default();
    inputs.iter().any(|input| {
        let listing = input.digest.blake3().filter(|_| input.form == Form::Tree);
        let tree = listing.and_then(|listing| intact.tree(listing));
        let is_in_tree = |tree: Tree| {
            tree.files().iter().any(|held| ArtifactDigests::from(held.digest).agreement(file) == Agreement::Same)
        };
        input.digest.agreement(file) == Agreement::Same || tree.is_some_and(is_in_tree)
    })
}

/// What was written of a record.
#[derive(Clone, Debug)]
pub struct Extracted {
    /// The folder.
    pub folder: Utf8PathBuf,
    /// Sections of the record.
    pub sections: usize,
    /// Embedded artifacts of the bundle.
    pub artifacts: usize,
}

/// Writes a record, its sections and the embedded artifacts of the bundle to a new folder, each as
/// it is.
///
/// # Errors
/// Something cannot be written.
pub fn extract(intact: &Intact, record: RecordId, folder: OutputFolder) -> Result<Extracted, OutputError> {
    let save = |name: &str, content: &Content| {
        folder.write(name, |file| std::io::copy(&mut content.reader(), file).map(|_| ()))
    };
    if let Some(record) = intact.records().get(&record) {
        save("record.json", &Content::bytes(record.bytes()))?;
    }
    let sections = intact.bundle().sections().filter(|(of, _, _)| *of == record);
    let sections = sections.map(|(_, name, content)| save(name.as_str(), content)).collect::<Result<Vec<_>, _>>()?;
    // Names of sources may be anything; digests are safe, and `artifacts.json` says what they are.
    let artifacts: Vec<_> = intact.bundle().artifacts().collect();
    if !artifacts.is_empty() {
        folder.make_folder("artifacts")?;
    }
    for (digest, content) in &artifacts {
        save(&format!("artifacts/{digest}"), content)?;
    }
    let folder = folder.put_in_place()?;
    Ok(Extracted { folder, sections: sections.len(), artifacts: artifacts.len() })
}

/// A section of a record that is in the bundle.
pub fn section<'a>(
    intact: &'a Intact,
    record: RecordId,
    wanted: &str,
) -> Result<(&'a SectionName, &'a Content), QueryError> {
    let listed: Vec<&SectionName> =
        intact.records().get(&record).into_iter().flat_map(|record| record.body().sections.keys()).collect();
    let Some(name) = listed.iter().find(|name| is_called(name.as_str(), wanted)) else {
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
