//! Looks for secrets in a draft that was written by hand, and in what a finished bundle holds,
//! whoever made it.

use base64::Engine as _;
use expbundle::Content;
use expbundle::draft::Draft;
use expbundle_format::container::EntryName;
use expbundle_format::limits::Limits;
use expbundle_format::sections::{Identity, JsonSection as _, SourceSection};
use expbundle_format::{json, sections};
use expbundle_series::{ConsoleReader, SeriesReader};
use serde_json::Value;

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
            SeriesReader::open(Section(content.clone()))?.for_each(|point| {
                if *point.key != *last_key {
                    scrubber.text(place, &point.key);
                    point.key.as_ref().clone_into(&mut last_key);
                }
                if let Some(text) = &point.text {
                    scrubber.setting(&format!("{place}/{}", point.key), &point.key, text);
                }
            })?;
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

/// A line.
struct Text(String);

impl AsMut<String> for Text {
    fn as_mut(&mut self) -> &mut String {
        &mut self.0
    }
}
