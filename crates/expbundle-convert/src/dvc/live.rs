//! What lies in a `DVCLive` folder beside its series: latest values, parameters, images, plots.

use camino::Utf8Path;
use expbundle::hash::{Wanted, hash_file};
use expbundle_format::Code;
use expbundle_format::number::typed;
use expbundle_format::record::{Word, role};
use expbundle_format::sections::{Artifact, Direction, Media, MediaItem, Recipe, Summary};
use expbundle_trackers::dvc::Run;
use expbundle_trackers::wandb;
use serde_json::{Map, Value};

use super::recipe;
use crate::gate::{Fate, LEFT_OUT};
use crate::ledger::{Foreign as _, Ledger};
use crate::{ConvertError, roles};

/// What was found.
#[derive(Default)]
pub(super) struct Found {
    pub summary: Summary,
    pub media: Media,
}

pub(super) fn map(ledger: &mut Ledger<'_>, run: &Run, recipe: &mut Recipe) -> Result<Found, ConvertError> {
    let mut found = Found::default();
    for live in &run.lives {
        for path in &live.others {
            let name = path.strip_prefix(&live.folder).unwrap_or(path).trim_start_matches('/');
            match name {
                "metrics.json" => latest(ledger, run, path, &mut found.summary),
                "params.yaml" => parameters(ledger, run, path, recipe),
                // It is among the pipelines.
                "dvc.yaml" => ledger.item("DVCLive file", path).mapped(),
                _ => plot(ledger, run, path, name, &mut found.media)?,
            }
        }
    }
    found.media.media.sort_by(|a, b| (&a.key, a.step, &a.path).cmp(&(&b.key, b.step, &b.path)));
    Ok(found)
}

/// The text of a file; without one, a finding.
fn text(ledger: &mut Ledger<'_>, run: &Run, path: &str) -> Option<String> {
    match run.text(path) {
        Ok(text) => text,
        Err(error) => {
            ledger.finding(Code::SourceUnreadable, path, error.to_string());
            None
        }
    }
}

fn latest(ledger: &mut Ledger<'_>, run: &Run, path: &str, summary: &mut Summary) {
    let item = ledger.item("DVCLive file", path);
    let Some(text) = text(ledger, run, path) else { return item.dropped("the file cannot be read") };
    let Some(tree @ Value::Object(_)) = values(run, path, &text) else {
        ledger.finding(Code::SourceDamaged, path, "the file is not a JSON object");
        return if text.is_empty() { item.dropped("the file is empty") } else { item.raw(text.as_str()) };
    };
    item.mapped();
    let mut all = Vec::new();
    leaves("", '/', tree, &mut all);
    for (key, value) in all {
        let key = if summary.declared.contains_key(&key) { format!("{path}:{key}") } else { key };
        summary.declared.insert(key, value);
    }
}

fn parameters(ledger: &mut Ledger<'_>, run: &Run, path: &str, recipe: &mut Recipe) {
    let item = ledger.item("DVCLive file", path);
    let Some(text) = text(ledger, run, path) else { return item.dropped("the file cannot be read") };
    let Some(Value::Object(members)) = run.yaml(&text) else {
        ledger.finding(Code::SourceDamaged, path, "the file is not a YAML mapping; its text is kept");
        return item.raw(text.as_str());
    };
    item.mapped();
    for (name, value) in &members {
        ledger.item("logged parameter", name).mapped();
        recipe::insert(recipe, path, name.clone(), typed::tree(value));
    }
}

/// An image, a plot or any other file.
fn plot(ledger: &mut Ledger<'_>, run: &Run, path: &str, name: &str, media: &mut Media) -> Result<(), ConvertError> {
    let item = ledger.item("DVCLive file", path);
    let image = name.strip_prefix("plots/images/");
    if let Some(key) = name.strip_prefix("plots/").filter(|name| image.is_none() && extension(name) == Some("json"))
        && let Some(text) = text(ledger, run, path)
        && let Some(value) = values(run, path, &text)
    {
        let key = key.trim_end_matches(".json").to_owned();
        media.media.push(MediaItem {
            key,
            kind: "plot".to_owned(),
            value: Some(value),
            path: Some(path.to_owned()),
            ..MediaItem::default()
        });
        item.mapped();
        return Ok(());
    }
    let on_disk = match run.on_disk(path) {
        Ok(Some(on_disk)) => on_disk,
        Ok(None) => {
            item.dropped("the file cannot be read");
            return Ok(());
        }
        Err(error) => {
            ledger.finding(Code::SourceUnreadable, path, error.to_string());
            item.dropped("the file cannot be read");
            return Ok(());
        }
    };
    let hashed = match hash_file(&on_disk, Wanted::Both, ledger.options.progress) {
        Ok(hashed) => hashed,
        Err(error) => {
            ledger.finding(Code::SourceUnreadable, path, error.to_string());
            item.dropped("the file cannot be read");
            return Ok(());
        }
    };
    let mut artifact = Artifact::new(Direction::Output, role_of(name));
    artifact.name = path.rsplit('/').next().map(str::to_owned);
    artifact.path = Some(path.to_owned());
    (artifact.digest, artifact.size) = (Some(hashed.digests()), Some(hashed.size));
    if ledger.file(path, &on_disk, artifact)? == Fate::LeftOut {
        item.dropped(LEFT_OUT);
        return Ok(());
    }
    if let Some(image) = image {
        let mut one = stepped(image);
        (one.artifact, one.path) = (Some(hashed.digests()), Some(path.to_owned()));
        media.media.push(one);
    }
    item.mapped();
    Ok(())
}

fn role_of(name: &str) -> Word {
    if name.starts_with("plots/") { roles::word(role::MEDIA) } else { roles::of_file(name) }
}

/// An image; `digits/12.png` is that of step 12.
fn stepped(name: &str) -> MediaItem {
    let step = name.rsplit_once('/').and_then(|(key, file)| Some((key, file.split('.').next()?.parse().ok()?)));
    let (key, step) = step.map_or((name, None), |(key, step)| (key, Some(step)));
    MediaItem { key: key.to_owned(), step, kind: "image".to_owned(), ..MediaItem::default() }
}

/// What stands behind the last point of a name.
fn extension(path: &str) -> Option<&str> {
    Utf8Path::new(path).extension()
}

/// A file of values as a typed tree: YAML, or JSON as Python writes it, with NaN and infinities.
pub(super) fn values(run: &Run, path: &str, text: &str) -> Option<Value> {
    if matches!(extension(path), Some("yaml" | "yml")) {
        return run.yaml(text).map(|value| typed::tree(&value));
    }
    wandb::Value::parse(text).map(|value| value.tree())
}

/// The leaves of a tree by their joined names. An empty object is a leaf.
pub(super) fn leaves(name: &str, joint: char, value: Value, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(members) if !members.is_empty() && !is_wrapper(&members) => {
            for (member, value) in members {
                let name = if name.is_empty() { member } else { format!("{name}{joint}{member}") };
                leaves(&name, joint, value, found);
            }
        }
        value => found.push((name.to_owned(), value)),
    }
}

/// Whether it stands for a value that JSON has not.
fn is_wrapper(members: &Map<String, Value>) -> bool {
    members.len() == 1 && members.keys().all(|name| matches!(name.as_str(), "$float" | "$integer" | "$json"))
}
