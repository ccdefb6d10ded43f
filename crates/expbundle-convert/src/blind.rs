//! Blinding: a salt in every section, so that one that is withheld cannot be guessed from its
//! digest (spec/sections.md, "Withholding").

use std::io::{self, BufWriter};

use expbundle::Content;
use expbundle::draft::{Draft, OneRecord};
use expbundle::verify::Intact;
use expbundle_format::container::{EntryName, SectionName};
use expbundle_format::limits::Limits;
use expbundle_format::record::{Record, SectionRef};
use expbundle_format::{Blake3, json, sections};
use expbundle_series::{ConsoleReader, SeriesReader, SeriesWriter, write_console};

use crate::ConvertError;
use crate::series::Section;

/// Gives 32 random bytes, which nobody may know beforehand.
pub type Salt<'a> = dyn Fn() -> io::Result<[u8; 32]> + Sync + 'a;

/// Makes a blinded record of one that is unsigned. Its id is another one, and differs with every
/// salt.
///
/// `salt` gives 32 random bytes for each section. A Parquet section of another name than those of
/// the format cannot be blinded, and is an error.
pub fn blind<E>(plain: &OneRecord, mut salt: impl FnMut() -> Result<[u8; 32], E>) -> Result<OneRecord, ConvertError>
where
    ConvertError: From<E>,
{
    let limits = Limits::default();
    let id = plain.record().id();
    let mut body = plain.record().body().clone();
    let listed = std::mem::take(&mut body.sections);
    body.blinded = true;
    let mut draft = Draft::new(body);
    for (name, section) in listed.iter() {
        let Some(content) = plain.get(&EntryName::Section { record: id, section: name.clone() }) else { continue };
        let salt = salt()?;
        let content = if section.media_type == sections::JSON {
            with_member(content, &salt, &limits)?
        } else {
            with_metadata(content, name, &salt)?
        };
        draft.section(name.as_str(), &section.media_type, content)?;
    }
    for (_, content) in plain.artifacts() {
        draft.embed(content.clone())?;
    }
    Ok(draft.finish()?)
}

/// A record that is unsigned, blinded with the salts of the record of a bundle that differs from it
/// in nothing else; `None` if the bundle has none.
pub fn blinded_as(there: &Intact, plain: &OneRecord) -> Option<OneRecord> {
    let wanted = plain.record().body();
    let is_alike = |record: &&Record| {
        let body = record.body();
        body.blinded && body.source == wanted.source && body.sections.keys().eq(wanted.sections.keys())
    };
    there.records().values().filter(is_alike).find_map(|record| {
        let salt = |(name, listed): (&SectionName, &SectionRef)| salt_of(there.section(record.id(), name)?, listed);
        let salts: Vec<[u8; 32]> = record.body().sections.iter().map(salt).collect::<Option<_>>()?;
        let mut salts = salts.into_iter();
        let ended = || ConvertError::Blind("there are too few salts".to_owned());
        blind(plain, || salts.next().ok_or_else(ended)).ok().filter(|twin| twin.record().id() == record.id())
    })
}

/// The salt of a section.
fn salt_of(content: &Content, listed: &SectionRef) -> Option<[u8; 32]> {
    let limits = Limits::default();
    let text = if listed.media_type == sections::JSON {
        json::parse(&content.read(limits.section_bytes).ok()?, &limits).ok()?.get("salt")?.as_str()?.to_owned()
    } else {
        let series = || SeriesReader::open(Section(content.clone())).ok()?.salt().map(str::to_owned);
        let console = || ConsoleReader::open(Section(content.clone())).ok()?.salt().map(str::to_owned);
        series().or_else(console)?
    };
    Some(*text.parse::<Blake3>().ok()?.as_bytes())
}

/// A JSON section with its salt.
fn with_member(content: &Content, salt: &[u8; 32], limits: &Limits) -> Result<Content, ConvertError> {
    let wrong = |error: json::JsonError| ConvertError::Blind(error.to_string());
    let mut value = json::parse(&content.read(limits.section_bytes)?, limits).map_err(wrong)?;
    if let Some(members) = value.as_object_mut() {
        members.insert("salt".to_owned(), Blake3::from_bytes(*salt).to_string().into());
    }
    Ok(Content::bytes(json::to_bytes(&value).map_err(wrong)?))
}

/// A Parquet section with its salt.
fn with_metadata(content: &Content, name: &SectionName, salt: &[u8; 32]) -> Result<Content, ConvertError> {
    let file = tempfile::tempfile()?;
    let output = BufWriter::with_capacity(1 << 20, file.try_clone()?);
    match name.as_str() {
        sections::METRICS | sections::TELEMETRY => {
            let mut writer = SeriesWriter::new();
            let mut trouble = None;
            SeriesReader::open(Section(content.clone()))?.for_each(|point| {
                if trouble.is_none() {
                    let pushed = writer.key(&point.key).and_then(|key| writer.push(key, point.point()));
                    trouble = pushed.err();
                }
            })?;
            trouble.map_or(Ok(()), Err)?;
            writer.finish(output, Some(salt))?;
        }
        sections::CONSOLE => {
            let mut lines = Vec::new();
            ConsoleReader::open(Section(content.clone()))?.for_each(|line| lines.push(line.clone()))?;
            write_console(&lines, output, Some(salt))?;
        }
        other => return Err(ConvertError::Blind(format!("`{other}` has no place for a salt"))),
    }
    Ok(Content::file(file)?)
}
