//! `media.json`: images, tables, histograms by key and step.

use expbundle_format::sections::{Media, MediaItem};
use expbundle_format::{ArtifactDigests, Code, Sha256};
use expbundle_trackers::wandb::Value;
use serde_json::{Map, Value as Json};

use super::files::Known;
use super::mapping::{Mapping, time};
use super::points::MediaObject;
use super::typed::{members, typed};

pub(super) fn map(mapping: &mut Mapping<'_>, objects: Vec<MediaObject>, known: &Known) -> Media {
    let mut media = Vec::new();
    for object in objects {
        let kind = object.object.get("_type").and_then(Value::as_str).unwrap_or("unknown").to_owned();
        let base = MediaItem {
            key: object.key.clone(),
            step: object.at.step,
            time: object.at.time_ns.and_then(time),
            kind: kind.trim_end_matches("-file").to_owned(),
            ..MediaItem::default()
        };
        match (kind.as_str(), object.object.get("filenames")) {
            ("images/separated", Some(Value::List(names))) => {
                let captions = object.object.get("captions");
                for (index, name) in names.iter().filter_map(Value::as_str).enumerate() {
                    let mut item = MediaItem { kind: "image".to_owned(), ..base.clone() };
                    let caption = match captions {
                        Some(Value::List(captions)) => captions.get(index).and_then(Value::as_str),
                        _ => None,
                    };
                    item.caption = caption.map(str::to_owned);
                    let path = if name.contains('/') { name.to_owned() } else { format!("media/images/{name}") };
                    item.details = details(&object, &["filenames", "captions", "_type"]);
                    place(mapping, &mut item, &path, None, known);
                    media.push(item);
                }
            }
            ("histogram", _) => {
                let value = ["bins", "values", "packedBins"]
                    .into_iter()
                    .filter_map(|name| object.object.get(name).map(|value| (name.to_owned(), typed(value))));
                let value: Map<String, Json> = value.collect();
                media.push(MediaItem { value: Some(Json::Object(value)), ..base });
            }
            _ => {
                let mut item = base;
                let caption = object.object.get("caption").and_then(Value::as_str);
                item.caption = caption.map(str::to_owned);
                item.details = details(&object, &["_type", "path", "sha256", "caption"]);
                if let Some(path) = object.object.get("path").and_then(Value::as_str) {
                    let sha256 = object.object.get("sha256").and_then(Value::as_str).and_then(|text| text.parse().ok());
                    place(mapping, &mut item, path, sha256, known);
                }
                media.push(item);
            }
        }
    }
    media.sort_by(|a, b| (&a.key, a.step, a.time, &a.path).cmp(&(&b.key, b.step, b.time, &b.path)));
    Media { media, salt: None }
}

fn details(object: &MediaObject, told: &[&str]) -> std::collections::BTreeMap<String, Json> {
    members(&object.object)
        .filter(|(name, _)| !told.contains(name))
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// Finds the file of a media object among those of the folder, and compares it with the digest that
/// the log has.
fn place(mapping: &mut Mapping<'_>, item: &mut MediaItem, path: &str, sha256: Option<Sha256>, known: &Known) {
    if path.starts_with('/') || path.split('/').any(|part| part == "..") {
        mapping.ledger.finding(Code::SourceOutside, &item.key, "its path leads out of the run's folder");
        return;
    }
    item.path = Some(format!("files/{path}"));
    match (known.get(path), sha256) {
        (Some(digest), Some(sha256)) if digest.sha256 != sha256 => {
            let message = "the file has another SHA-256 than the log says";
            mapping.ledger.finding(Code::SourceDamaged, &format!("files/{path}"), message);
        }
        (Some(digest), _) => item.artifact = Some((*digest).into()),
        (None, sha256) => {
            // The log's SHA-256 is strong: whoever has the file can prove that it is this one.
            item.artifact = sha256.map(ArtifactDigests::from);
            if mapping.folder().is_some() {
                mapping.ledger.finding(
                    Code::SourceMissing,
                    &format!("files/{path}"),
                    "the file of a media object is not here",
                );
            }
        }
    }
}
