//! Series of a run as they are read: numbers go straight to their Parquet section, the rest waits
//! until all is read, for a secret may go over several texts.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use expbundle_format::sections;
use expbundle_series::{KeyId as Key, KeySummary, Point, SeriesError};
use expbundle_trackers::At;
use expbundle_trackers::wandb::{Points, Value};
use serde_json::{Map, Value as Json};

use super::typed::typed;
use crate::gate::Draft;
use crate::series;
use crate::{ConvertError, Options};

/// A media object of a row.
pub(super) struct MediaObject {
    pub key: String,
    pub at: At,
    pub object: Value,
}

/// Takes the points of a run.
pub(super) struct Gathered {
    metrics: series::Points,
    telemetry: series::Points,
    series: Vec<Key>,
    /// The name of each of them.
    names: Vec<Arc<str>>,
    /// The path of each name that is taken.
    taken: HashMap<Arc<str>, Vec<String>>,
    system_keys: HashMap<Vec<String>, Key>,
    /// Values that are no numbers, as JSON text.
    others: Vec<(u32, At, String)>,
    pub media: Vec<MediaObject>,
    trouble: Option<SeriesError>,
}

/// What became of the points.
pub(super) struct Written {
    /// Of the history.
    pub summaries: Vec<(String, KeySummary)>,
    /// Values of the history that the format has no room for.
    pub left_out: u64,
    /// The same of system metrics.
    pub system_left_out: u64,
}

impl Gathered {
    pub fn new(options: &Options<'_>) -> Self {
        Self {
            metrics: series::Points::new(sections::METRICS, options),
            telemetry: series::Points::new(sections::TELEMETRY, options),
            series: Vec::new(),
            names: Vec::new(),
            taken: HashMap::new(),
            system_keys: HashMap::new(),
            others: Vec::new(),
            media: Vec::new(),
            trouble: None,
        }
    }

    /// The name of a path: its parts joined by dots, as W&B's pages show it. Where another path has
    /// that name already, the parts are joined by U+241F instead, which no key has.
    fn name(&self, path: &[String]) -> String {
        let joined = path.join(".");
        match self.taken.get(joined.as_str()) {
            Some(other) if other != path => path.join("\u{241f}"),
            _ => joined,
        }
    }

    fn keep(&mut self, result: Result<(), SeriesError>) {
        if let Err(error) = result {
            self.trouble.get_or_insert(error);
        }
    }

    /// Takes secrets out of the texts: row by row, as the objects that were logged, and key by key.
    fn clean(&mut self, others: &mut [(u32, At, String)]) {
        self.clean_rows(others);
        let mut by_key: BTreeMap<u32, Vec<Text<'_>>> = BTreeMap::new();
        for (key, _, text) in others {
            by_key.entry(*key).or_default().push(Text(text));
        }
        for (key, mut texts) in by_key {
            if let Some(name) = self.names.get(key as usize) {
                self.metrics.clean_texts(name, &mut texts);
            }
        }
    }

    /// Takes secrets out of the objects that each row has, of which every member is a series of its
    /// own.
    fn clean_rows(&mut self, others: &mut [(u32, At, String)]) {
        let mut rows: BTreeMap<(Option<i64>, Option<i64>), Vec<usize>> = BTreeMap::new();
        for (index, (_, at, _)) in others.iter().enumerate() {
            rows.entry((at.step, at.time_ns)).or_default().push(index);
        }
        for row in rows.into_values() {
            let mut tree = Json::Object(Map::new());
            let mut leaves: Vec<(usize, Vec<String>)> = Vec::new();
            for index in row {
                let Some((key, _, text)) = others.get(index) else { continue };
                let path = self.names.get(*key as usize).and_then(|name| self.taken.get(name));
                if let Some(path) = path
                    && let Some(leaf) = leaf(&mut tree, path)
                {
                    *leaf = text.as_str().into();
                    leaves.push((index, path.clone()));
                }
            }
            self.metrics.clean_tree(&mut tree);
            for (index, path) in leaves {
                let clean = path.iter().try_fold(&tree, |tree, step| tree.get(step));
                if let (Some(Json::String(clean)), Some((_, _, text))) = (clean, others.get_mut(index)) {
                    clean.clone_into(text);
                }
            }
        }
    }

    /// Adds what waited, then writes both sections.
    pub fn write(mut self, draft: &mut Draft<'_>) -> Result<Written, ConvertError> {
        let mut others = std::mem::take(&mut self.others);
        self.clean(&mut others);
        for (key, at, text) in others {
            let Some(id) = self.series.get(key as usize) else { continue };
            let point = Point { step: at.step, time_ns: at.time_ns, value: None, text: Some(&text) };
            self.metrics.push(*id, point)?;
        }
        if let Some(error) = self.trouble {
            return Err(error.into());
        }
        let (left_out, system_left_out) = (self.metrics.left_out(), self.telemetry.left_out());
        let summaries = self.metrics.write(draft)?;
        self.telemetry.write(draft)?;
        Ok(Written { summaries, left_out, system_left_out })
    }
}

/// The place of a path in a tree; `None` if another value is in the way.
fn leaf<'t>(tree: &'t mut Json, path: &[String]) -> Option<&'t mut Json> {
    let mut place = tree;
    for step in path {
        if place.is_null() {
            *place = Json::Object(Map::new());
        }
        place = place.as_object_mut()?.entry(step.as_str()).or_insert(Json::Null);
    }
    place.is_null().then_some(place)
}

/// A text of a series.
struct Text<'a>(&'a mut String);

impl AsMut<String> for Text<'_> {
    fn as_mut(&mut self) -> &mut String {
        self.0
    }
}

impl Points for Gathered {
    fn key(&mut self, path: &[String]) -> Option<u32> {
        let name = self.name(path);
        let number = u32::try_from(self.series.len()).ok()?;
        self.series.push(self.metrics.key(&name)?);
        let name: Arc<str> = name.into();
        self.names.push(Arc::clone(&name));
        self.taken.insert(name, path.to_vec());
        Some(number)
    }

    fn no_room(&mut self) {
        self.metrics.leave_out();
    }

    fn number(&mut self, key: u32, at: At, value: f64, exact: Option<&str>) {
        let Some(id) = self.series.get(key as usize) else { return };
        let point = Point { step: at.step, time_ns: at.time_ns, value: Some(value), text: exact };
        let result = self.metrics.push(*id, point);
        self.keep(result);
    }

    fn other(&mut self, key: u32, at: At, value: &Value) {
        let text = match value {
            Value::Text(text) | Value::Json(text) => text.clone(),
            other => typed(other).to_string(),
        };
        self.others.push((key, at, text));
    }

    fn media(&mut self, path: &[String], at: At, mut object: Value) {
        object.sort();
        let key = path.join(".");
        self.media.push(MediaObject { key, at, object });
    }

    fn system(&mut self, path: &[String], time_ns: Option<i64>, value: &Value) {
        let id = if let Some(id) = self.system_keys.get(path) {
            *id
        } else if let Some(id) = self.telemetry.key(&path.join(".")) {
            self.system_keys.insert(path.to_vec(), id);
            id
        } else {
            return self.telemetry.leave_out();
        };
        let text =
            value.as_f64().is_none().then(|| self.telemetry.clean_text(&path.join("."), &typed(value).to_string()));
        let point = Point { step: None, time_ns, value: value.as_f64(), text: text.as_deref() };
        let result = self.telemetry.push(id, point);
        self.keep(result);
    }
}
