//! Sets the identity apart: the last step from a draft to a bundle, which looks through every text,
//! name and embedded file, so that no map of a tracker has to think of it.
//!
//! What names people, machines and places is replaced by a marker; what was there stands in
//! `identity.json` (spec/sections.md, "Identity is apart"). Embedded files are not changed, for
//! their digest is what they are: one that has such a name is not embedded.

use std::io::BufWriter;

use expbundle::Content;
use expbundle::draft::{Draft, OneRecord};
use expbundle_format::container::SectionName;
use expbundle_format::limits::Limits;
use expbundle_format::sections::{self, Account, Artifacts, Identity, JsonSection, SourceSection};
use expbundle_format::{Finding, json};
use expbundle_series::{ConsoleReader, KEY_BYTES, SeriesReader, SeriesWriter, TEXT_BYTES, write_console};
use serde_json::Value;

use crate::privacy::{Learned, Look, Markers, Part, Private, look_into};
use crate::series::Section;
use crate::texts::{At, Texts};
use crate::{ConvertError, findings};

/// What embedded files are counted as.
pub(crate) const EMBEDDED: &str = "embedded file";

/// A draft that went through.
#[derive(Debug)]
pub struct Passed {
    /// The bundle, unsigned.
    pub bundle: OneRecord,
    /// The title of the run.
    pub title: String,
    /// The account, with what was replaced and what was not embedded.
    pub account: Account,
    /// How many private parts were replaced.
    pub replaced: u64,
    /// What is said of values that were kept as text.
    pub finding: Option<Finding>,
}

/// Finishes a draft, whose sections must be complete but for `identity.json` and `source.json`,
/// which are given.
pub fn pass(mut draft: Draft, mut identity: Identity, source: Option<&SourceSection>) -> Result<Passed, ConvertError> {
    let has_source = source.is_some();
    if let Some(source) = source {
        draft.json_section(source)?;
    }
    let mut sieve = Sieve::new(&draft, &identity)?;
    let mut title = String::new();
    for (name, mut value) in std::mem::take(&mut sieve.trees) {
        let (texts, private, markers) = (&sieve.texts, &sieve.private, &mut sieve.markers);
        let mut is_changed = false;
        texts.visit(name.as_str(), &mut value, &mut |at, text| {
            let replaced = replaced(private, markers, at, text);
            is_changed |= replaced.is_some();
            replaced
        });
        if name.as_str() == "context.json" {
            value.get("title").and_then(Value::as_str).unwrap_or_default().clone_into(&mut title);
        }
        if is_changed {
            let bytes = if name.as_str() == Artifacts::NAME { sorted(&value)? } else { written(&name, &value)? };
            draft.replace_section(&name, Content::bytes(bytes))?;
        }
    }
    for name in [sections::METRICS, sections::TELEMETRY, sections::CONSOLE] {
        let name: SectionName = name.parse().expect("a name of the format");
        let content = draft.sections().find(|(other, _)| **other == name).map(|(_, content)| content.clone());
        if let Some(content) = content
            && let Some(content) = sieve.parquet(name.as_str(), &content)?
        {
            draft.replace_section(&name, content)?;
        }
    }
    for (name, content) in of_own_text(&draft) {
        let text = String::from_utf8(content.read(u64::MAX)?).unwrap_or_default();
        let parts = sieve.private.parts(&text);
        if !parts.is_empty() {
            let replaced = sieve.markers.replace(&text, &parts);
            draft.replace_section(&name, Content::bytes(replaced.into_bytes()))?;
        }
    }
    if let Some(run) = draft.body_mut().source.as_mut().map(|source| &mut source.run) {
        let parts = sieve.private.parts(run);
        if !parts.is_empty() {
            *run = sieve.markers.replace(run, &parts);
        }
    }
    let mut account = Account::default();
    sieve.embedded(&mut draft, &mut identity, &mut account)?;
    if has_source {
        account = counted(&mut draft, &sieve.markers, &account)?;
    }
    identity.replaced.extend(sieve.markers.table());
    if identity != Identity::default() {
        draft.json_section(&identity)?;
    }
    let finding = findings::not_taken_apart(&draft);
    let bundle = draft.finish()?;
    let replaced = sieve.markers.places().values().sum();
    Ok(Passed { bundle, title, account, replaced, finding })
}

/// What one draft's texts are held against.
struct Sieve {
    texts: Texts,
    private: Private,
    markers: Markers,
    trees: Vec<(SectionName, Value)>,
}

impl Sieve {
    /// Learns what the source says of people and machines, from all of it.
    fn new(draft: &Draft, identity: &Identity) -> Result<Self, ConvertError> {
        let (texts, mut learned, mut trees) = (Texts::default(), Learned::default(), Vec::new());
        learned.identity(identity);
        if let Some(source) = &draft.body().source {
            learned.text(&source.run);
        }
        for (name, content) in draft.sections() {
            series(name.as_str(), content, &mut |key, text| learned.value(key, text))?;
            let media_type = draft.body().sections.get(name).map(|section| section.media_type.as_str());
            if media_type != Some(sections::JSON) || name.as_str() == Identity::NAME {
                if ![Some(sections::JSON), Some(sections::PARQUET)].contains(&media_type)
                    && let Ok(text) = String::from_utf8(content.read(u64::MAX)?)
                {
                    learned.text(&text);
                }
                continue;
            }
            let mut value =
                json::parse(&content.read(u64::MAX)?, &Limits::default()).map_err(|error| wrong(name, error))?;
            texts.visit(name.as_str(), &mut value, &mut |at, text| {
                learned.value(at.key, text);
                None
            });
            trees.push((name.clone(), value));
        }
        Ok(Self { texts, private: Private::new(&learned), markers: Markers::default(), trees })
    }

    /// A Parquet section with markers; none if it has nothing private.
    fn parquet(&mut self, name: &str, content: &Content) -> Result<Option<Content>, ConvertError> {
        let (private, markers) = (&self.private, &mut self.markers);
        if name == sections::CONSOLE {
            let (mut lines, mut changed) = (Vec::new(), false);
            ConsoleReader::open(Section(content.clone()))?.for_each(|line| {
                let mut line = line.clone();
                if let Some(text) = bounded(private, markers, None, &line.line, TEXT_BYTES) {
                    (line.line, changed) = (text, true);
                }
                lines.push(line);
            })?;
            if !changed {
                return Ok(None);
            }
            let mut bytes = Vec::new();
            write_console(&lines, &mut bytes, None)?;
            return Ok(Some(Content::bytes(bytes)));
        }
        let reader = SeriesReader::open(Section(content.clone()))?;
        let mut is_private = reader.keys()?.iter().any(|key| private.is_in(key));
        if !is_private {
            reader.texts(|key, text| {
                is_private = is_private || !private.parts_of_value(Some(key), text).is_empty();
            })?;
        }
        if !is_private {
            return Ok(None);
        }
        let (mut writer, mut trouble) = (SeriesWriter::new(), None);
        reader.for_each(|point| {
            let key = bounded(private, markers, None, &point.key, KEY_BYTES);
            let text =
                point.text.as_deref().and_then(|text| bounded(private, markers, Some(&point.key), text, TEXT_BYTES));
            let mut point_now = point.point();
            point_now.text = text.as_deref().or(point_now.text);
            let pushed = writer.key(key.as_deref().unwrap_or(&point.key)).and_then(|key| writer.push(key, point_now));
            if let Err(error) = pushed {
                trouble.get_or_insert(error);
            }
        })?;
        if let Some(error) = trouble {
            return Err(error.into());
        }
        let file = tempfile::tempfile()?;
        writer.finish(BufWriter::with_capacity(1 << 20, file.try_clone()?), None)?;
        Ok(Some(Content::file(file)?))
    }

    /// Leaves out embedded files that name somebody, or of which nobody can tell, and counts all of
    /// them.
    fn embedded(&self, draft: &mut Draft, identity: &mut Identity, account: &mut Account) -> Result<(), ConvertError> {
        let all: Vec<_> = draft.embedded().map(|(digest, content)| (digest, content.clone())).collect();
        for (digest, content) in all {
            account.found(EMBEDDED, 1);
            let why = match look_into(&self.private, &content.read(u64::MAX)?) {
                Look::Clean => {
                    account.mapped(EMBEDDED, 1);
                    continue;
                }
                Look::Private => "it names people, machines or places; the record has its digest",
                Look::Packed => "it is packed, so that nobody sees what it names; the record has its digest",
            };
            account.dropped(EMBEDDED, 1, why);
            let Some(content) = draft.leave_out(digest) else { continue };
            let body = draft.body();
            // What no file of the source has would be lost.
            let is_file = body.inputs.iter().chain(&body.outputs).any(|file| file.digest.blake3() == Some(digest));
            if let (false, Ok(text)) = (is_file, String::from_utf8(content.read(u64::MAX)?)) {
                identity.source.insert(format!("embedded/{digest}"), text.into());
            }
        }
        Ok(())
    }
}

/// Sections of somebody's own that are neither JSON nor Parquet.
fn of_own_text(draft: &Draft) -> Vec<(SectionName, Content)> {
    let is_own = |name: &SectionName| {
        let media_type = draft.body().sections.get(name).map(|section| section.media_type.as_str());
        ![Some(sections::JSON), Some(sections::PARQUET)].contains(&media_type)
    };
    draft.sections().filter(|(name, _)| is_own(name)).map(|(name, content)| (name.clone(), content.clone())).collect()
}

/// Reads the texts of a Parquet section: lines of the console, or keys and texts of series. A text
/// comes with the key whose it is.
pub(crate) fn series(
    name: &str,
    content: &Content,
    read: &mut dyn FnMut(Option<&str>, &str),
) -> Result<(), ConvertError> {
    match name {
        sections::CONSOLE => ConsoleReader::open(Section(content.clone()))?.for_each(|line| read(None, &line.line))?,
        sections::METRICS | sections::TELEMETRY => {
            let reader = SeriesReader::open(Section(content.clone()))?;
            reader.keys()?.iter().for_each(|key| read(None, key));
            reader.texts(|key, text| read(Some(key), text))?;
        }
        _ => {}
    }
    Ok(())
}

fn wrong(name: &SectionName, error: json::JsonError) -> ConvertError {
    expbundle::draft::DraftError::Json { name: name.to_string(), source: error }.into()
}

fn written(name: &SectionName, value: &Value) -> Result<Vec<u8>, ConvertError> {
    json::to_bytes(value).map_err(|error| wrong(name, error))
}

/// Artifacts stand in the order of their names, which may be others now.
fn sorted(value: &Value) -> Result<Vec<u8>, ConvertError> {
    let name = Artifacts::name();
    let bytes = written(&name, value)?;
    let mut section: Artifacts = json::from_bytes(&bytes, &Limits::default()).map_err(|error| wrong(&name, error))?;
    section.sort();
    json::to_bytes(&section).map_err(|error| wrong(&name, error))
}

/// A text with markers; none if it has nothing private.
fn replaced(private: &Private, markers: &mut Markers, at: At<'_>, text: &str) -> Option<String> {
    if at.is_member {
        return bounded(private, markers, None, text, KEY_BYTES);
    }
    let parts = private.parts_of_value(at.key, text);
    (!parts.is_empty()).then(|| markers.replace(text, &parts))
}

/// The longest marker, in bytes; it may be longer than what it stands for.
const LONGEST_MARKER: usize = 32;

/// The same for a text that has a longest length, in bytes.
fn bounded(private: &Private, markers: &mut Markers, key: Option<&str>, text: &str, most: usize) -> Option<String> {
    let parts = private.parts_of_value(key, text);
    let first = parts.first()?;
    if text.len() + parts.len() * LONGEST_MARKER > most {
        let whole = Part { start: 0, end: text.len(), kind: first.kind };
        return Some(markers.replace(text, &[whole]));
    }
    Some(markers.replace(text, &parts))
}

/// Puts what was replaced and embedded into the account of `source.json`.
fn counted(draft: &mut Draft, markers: &Markers, embedded: &Account) -> Result<Account, ConvertError> {
    let name = SourceSection::name();
    let content = draft.sections().find(|(other, _)| **other == name).map(|(_, content)| content.clone());
    let bytes = content.map(|content| content.read(u64::MAX)).transpose()?.unwrap_or_default();
    let mut section: SourceSection =
        json::from_bytes(&bytes, &Limits::default()).map_err(|error| wrong(&name, error))?;
    section.account.replaced = markers.places();
    for (kind, line) in &embedded.items {
        section.account.found(kind, line.total);
        section.account.mapped(kind, line.mapped);
        for dropped in &line.dropped {
            section.account.dropped(kind, dropped.count, &dropped.reason);
        }
    }
    let bytes = json::to_bytes(&section).map_err(|error| wrong(&name, error))?;
    draft.replace_section(&name, Content::bytes(bytes))?;
    Ok(section.account)
}
