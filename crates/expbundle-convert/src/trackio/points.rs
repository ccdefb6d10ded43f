//! Series, system metrics and media out of the rows.

use std::collections::BTreeMap;

use expbundle::hash::{Wanted, hash_file};
use expbundle_format::record::role;
use expbundle_format::sections::{self, Artifact, Direction, Media, MediaItem};
use expbundle_format::{ArtifactDigests, Code};
use expbundle_trackers::At;
use expbundle_trackers::trackio::{Place, Rows, Run};
use expbundle_trackers::wandb::Value;

use super::{number_as_text, time, typed_value};
use crate::gate::{Fate, LEFT_OUT};
use crate::gathered::Gathered;
use crate::ledger::Ledger;
use crate::wandb::typed::{members, typed};
use crate::{ConvertError, Options, roles};

/// Media objects of a run.
const MOST_MEDIA: usize = 100_000;

/// Takes the rows of a run.
pub(super) struct Taken {
    metrics: Gathered,
    telemetry: Gathered,
    media: Vec<(String, At, Value)>,
    /// Media objects beyond those.
    too_many: u64,
}

impl Rows for Taken {
    fn metrics(&mut self, at: At, row: Value) {
        let Value::Object(row) = row else { return };
        for (key, value) in *row {
            let kind = value.get("_type").and_then(Value::as_str);
            if kind.is_some_and(|kind| kind.starts_with("trackio.")) {
                if self.media.len() < MOST_MEDIA {
                    self.media.push((key, at, value));
                } else {
                    self.too_many += 1;
                }
            } else {
                put(&mut self.metrics, &key, at, &value);
            }
        }
    }

    fn system(&mut self, time_ns: Option<i64>, row: Value) {
        let Value::Object(row) = row else { return };
        for (key, value) in *row {
            put(&mut self.telemetry, &key, At { step: None, time_ns }, &value);
        }
    }
}

fn put(gathered: &mut Gathered, name: &str, at: At, value: &Value) {
    let key = gathered.key(name);
    match number_as_text(value) {
        Some(number) => gathered.number(key, at, number, None),
        None => gathered.value(key, at, value),
    }
}

impl Taken {
    pub fn new(options: &Options<'_>) -> Self {
        Self {
            metrics: Gathered::new(sections::METRICS, options),
            telemetry: Gathered::new(sections::TELEMETRY, options),
            media: Vec::new(),
            too_many: 0,
        }
    }

    pub fn write(self, ledger: &mut Ledger<'_>, run: &Run) -> Result<(), ConvertError> {
        let found = run.found;
        ledger.items("row", found.rows + found.broken).but(found.broken, "the row is not a JSON object").mapped();
        let system = ledger.items("system metric row", found.system_rows + found.system_broken);
        system.but(found.system_broken, "the row is not a JSON object").mapped();
        media(ledger, run, self.media)?;
        ledger.items("media object", self.too_many).dropped("there are more than 100,000 of them");
        let metrics = self.metrics.write(ledger)?;
        metrics.tell(ledger, "metric point");
        ledger.section(metrics.summary());
        self.telemetry.write(ledger)?.tell(ledger, "system metric point");
        Ok(())
    }
}

fn media(ledger: &mut Ledger<'_>, run: &Run, objects: Vec<(String, At, Value)>) -> Result<(), ConvertError> {
    let mut media = Vec::with_capacity(objects.len());
    for (key, at, object) in objects {
        let kind = object.get("_type").and_then(Value::as_str).unwrap_or_default();
        let kind = kind.strip_prefix("trackio.").unwrap_or(kind).to_owned();
        let mut item = MediaItem { key, step: at.step, time: at.time_ns.and_then(time), kind, ..MediaItem::default() };
        item.caption = object.get("caption").and_then(Value::as_str).map(str::to_owned);
        item.value = match object.get("_value") {
            Some(value) => Some(typed_value(value)),
            None if item.kind == "histogram" => {
                let parts = ["bins", "values"].into_iter().filter_map(|name| Some((name, typed(object.get(name)?))));
                Some(parts.map(|(name, value)| (name.to_owned(), value)).collect())
            }
            None => None,
        };
        let told = ["_type", "_value", "caption", "file_path"];
        let is_told =
            |name: &str| told.contains(&name) || item.kind == "histogram" && ["bins", "values"].contains(&name);
        let others = members(&object).filter(|(name, _)| !is_told(name));
        item.details = others.map(|(name, value)| (name.to_owned(), value)).collect::<BTreeMap<_, _>>();
        let path = object.get("file_path").and_then(Value::as_str).map(str::to_owned);
        let is_kept = match path {
            Some(path) => file(ledger, run, &mut item, &path)?,
            None => true,
        };
        let told = ledger.item("media object", &item.key);
        if is_kept {
            told.mapped();
            media.push(item);
        } else {
            told.dropped(LEFT_OUT);
        }
    }
    media.sort_by(|a, b| (&a.key, a.step, a.time, &a.path).cmp(&(&b.key, b.step, b.time, &b.path)));
    ledger.section(Media { media, salt: None });
    Ok(())
}

/// Lists the file of a media object; `false` if it is or holds a secret.
fn file(ledger: &mut Ledger<'_>, run: &Run, item: &mut MediaItem, path: &str) -> Result<bool, ConvertError> {
    let named = format!("media/{}", path.replace('\\', "/"));
    let on_disk = match run.media(path) {
        Place::Here(on_disk) => on_disk,
        Place::Missing => {
            ledger.finding(Code::SourceMissing, &named, "the file of a media object is not here");
            item.path = Some(named);
            return Ok(true);
        }
        Place::Refused => {
            let message = "the path of a media object leads out of the store, or is not that of a regular file";
            ledger.finding(Code::SourceOutside, &item.key, message);
            return Ok(true);
        }
    };
    item.path = Some(named.clone());
    let hashed = match hash_file(&on_disk, Wanted::Both, ledger.options.progress) {
        Ok(hashed) => hashed,
        Err(error) => {
            ledger.finding(Code::SourceUnreadable, &named, error.to_string());
            return Ok(true);
        }
    };
    let digest: ArtifactDigests = hashed.digests();
    let mut artifact = Artifact::new(Direction::Output, roles::word(role::MEDIA));
    (artifact.digest, artifact.size, artifact.path) = (Some(digest), Some(hashed.size), Some(named.clone()));
    item.artifact = Some(digest);
    Ok(ledger.file(&named, &on_disk, artifact)? != Fate::LeftOut)
}
