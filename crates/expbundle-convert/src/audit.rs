//! Looks for secrets in a draft that was written by hand, and in what a finished bundle holds,
//! whoever made it.

use std::collections::BTreeMap;

use base64::Engine as _;
use expbundle::Content;
use expbundle::draft::Draft;
use expbundle_directory::Releasing;
use expbundle_format::container::EntryName;
use expbundle_format::limits::Limits;
use expbundle_format::sections::{Identity, JsonSection as _, SourceSection};
use expbundle_format::{json, sections};
use expbundle_series::{ConsoleReader, SeriesReader};
use serde_json::{Value, json};

use crate::ConvertError;
use crate::scrub::Scrubber;
use crate::series::Section;

/// The secrets of one entry of a bundle. Parquet is decoded, and so is what a statement says; what
/// cannot be read as what it is called is looked at as bytes.
pub fn entry(name: &EntryName, content: &Content) -> Scrubber {
    let mut scrubber = Scrubber::default();
    let place = match name {
        EntryName::Section { section, .. } => section.to_string(),
        other => other.to_string(),
    };
    if let EntryName::Statement(_) = name {
        payload(&mut scrubber, &place, &content.read(Limits::default().section_bytes).unwrap_or_default());
    }
    if look(&mut scrubber, &place, content).is_err() {
        bytes(&mut scrubber, &place, content);
    }
    scrubber
}

/// The secrets of a draft, and of the identity that it is going to have.
pub fn draft(draft: &Draft, identity: &Identity, allowed: &[String]) -> Scrubber {
    let mut scrubber = Scrubber::new(allowed);
    for (name, content) in draft.sections() {
        if look(&mut scrubber, name.as_str(), content).is_err() {
            bytes(&mut scrubber, name.as_str(), content);
        }
    }
    for (digest, content) in draft.embedded() {
        bytes(&mut scrubber, &EntryName::Artifact(digest).to_string(), content);
    }
    let body = serde_json::to_value(draft.body());
    for (place, value) in [("record.json", body), (Identity::NAME, serde_json::to_value(identity))] {
        scrubber.value(place, &mut value.unwrap_or_default());
    }
    scrubber
}

/// The secrets in the file of a statement.
pub fn statement(file: &[u8], place: &str, allowed: &[String]) -> Scrubber {
    let mut scrubber = Scrubber::new(allowed);
    payload(&mut scrubber, place, file);
    scrubber
}

/// The secrets in what a release is going to say: its title and reason, and who signs it. Whoever
/// signs one asks first.
pub fn release(releasing: &Releasing<'_>) -> Scrubber {
    let mut scrubber = Scrubber::default();
    let Releasing { signing, release, .. } = releasing;
    let mut says = json!({"title": release.title, "reason": release.reason, "name": signing.name});
    scrubber.value("release", &mut says);
    scrubber
}

/// What a statement says: JSON in base64 in JSON. Other files are left to the caller.
fn payload(scrubber: &mut Scrubber, place: &str, file: &[u8]) {
    let envelope: Value = serde_json::from_slice(file).unwrap_or_default();
    let envelope = envelope.get("dsseEnvelope").unwrap_or(&envelope);
    let text = envelope.get("payload").and_then(Value::as_str).unwrap_or_default();
    let Ok(bytes) = base64::engine::general_purpose::STANDARD.decode(text) else { return };
    if let Ok(mut value) = serde_json::from_slice::<Value>(&bytes) {
        scrubber.value(place, &mut value);
    }
}

fn look(scrubber: &mut Scrubber, place: &str, content: &Content) -> Result<(), ConvertError> {
    match place {
        sections::METRICS | sections::TELEMETRY => {
            let mut last_key = String::new();
            let mut rows = Rows::default();
            SeriesReader::open(Section(content.clone()))?.for_each(|point| {
                if *point.key != *last_key {
                    scrubber.text(place, &point.key);
                    point.key.as_ref().clone_into(&mut last_key);
                }
                if let Some(text) = &point.text {
                    scrubber.setting(&format!("{place}/{}", point.key), &point.key, text);
                    rows.add(scrubber, place, &point.key, text);
                }
            })?;
            rows.end(scrubber, place);
        }
        sections::CONSOLE => {
            let mut lines = Vec::new();
            ConsoleReader::open(Section(content.clone()))?.for_each(|line| lines.push(line.clone()))?;
            let mut texts: Vec<Text> = lines.into_iter().map(|line| Text(line.line)).collect();
            scrubber.lines(place, &mut texts);
        }
        _ if place.rsplit_once('.').is_some_and(|(_, kind)| kind == "json") => {
            let limits = Limits::default();
            let wrong = |_| ConvertError::Gate { place: place.to_owned() };
            let mut value: Value = json::from_bytes(&content.read(limits.section_bytes)?, &limits).map_err(wrong)?;
            if place == SourceSection::NAME
                && let Some(members) = value.as_object_mut()
            {
                // It has kinds of secrets for names, and counts.
                members.remove("account");
            }
            scrubber.value(place, &mut value);
        }
        _ => bytes(scrubber, place, content),
    }
    Ok(())
}

fn bytes(scrubber: &mut Scrubber, place: &str, content: &Content) {
    let bytes = content.read(Limits::default().section_bytes).unwrap_or_default();
    scrubber.text(place, &String::from_utf8_lossy(&bytes));
}

/// The texts of each series one below the other: a key in PEM may have a row for each line.
#[derive(Default)]
struct Rows {
    texts: BTreeMap<String, Vec<Text>>,
    bytes: usize,
}

impl Rows {
    /// Longer texts are no lines.
    const LONGEST: usize = 1 << 10;
    /// Bytes that are held.
    const MOST_BYTES: usize = 4 << 20;
    /// Lines that are looked at again with those behind them: those of a large key.
    const KEPT: usize = 128;

    fn add(&mut self, scrubber: &mut Scrubber, place: &str, key: &str, text: &str) {
        if text.is_empty() || text.len() > Self::LONGEST {
            return;
        }
        self.bytes += text.len();
        let texts = match self.texts.get_mut(key) {
            Some(texts) => texts,
            None => self.texts.entry(key.to_owned()).or_default(),
        };
        texts.push(Text(text.to_owned()));
        if self.bytes > Self::MOST_BYTES {
            self.look(scrubber, place);
            self.texts.retain(|_, texts| {
                texts.drain(..texts.len().saturating_sub(Self::KEPT));
                !texts.is_empty()
            });
            // What is kept of many series may be as much: then it is let go.
            let bytes = |texts: &Vec<Text>| texts.iter().map(|Text(text)| text.len()).sum::<usize>();
            self.bytes = self.texts.values().map(bytes).sum();
            if self.bytes > Self::MOST_BYTES / 2 {
                *self = Self::default();
            }
        }
    }

    fn look(&mut self, scrubber: &mut Scrubber, place: &str) {
        for (key, texts) in self.texts.iter_mut().filter(|(_, texts)| texts.len() > 1) {
            scrubber.lines(&format!("{place}/{key}"), texts);
        }
    }

    fn end(mut self, scrubber: &mut Scrubber, place: &str) {
        self.look(scrubber, place);
    }
}

/// A line.
struct Text(String);

impl AsMut<String> for Text {
    fn as_mut(&mut self) -> &mut String {
        &mut self.0
    }
}
