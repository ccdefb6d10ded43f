//! The points of a run as its reader gives them, on their way to `metrics.parquet`.

use std::collections::HashMap;

use expbundle_format::sections::{self, Summary};
use expbundle_series::{KeyId, Point, SeriesError};
use expbundle_trackers::{At, Series};

use crate::ledger::Ledger;
use crate::{ConvertError, Options, series};

/// Takes the points of a run.
pub(crate) struct Collector<'a> {
    metrics: series::Points,
    keys: Vec<KeyId>,
    /// The place of each key among them.
    numbers: HashMap<KeyId, usize>,
    /// Numbers for which the format has no room.
    pub numbers_left_out: u64,
    /// The same of texts.
    pub texts_left_out: u64,
    progress: &'a (dyn Fn(u64) + Sync),
    trouble: Option<SeriesError>,
}

impl<'a> Collector<'a> {
    pub fn new(options: &Options<'a>) -> Self {
        Self {
            metrics: series::Points::new(sections::METRICS, options),
            keys: Vec::new(),
            numbers: HashMap::new(),
            numbers_left_out: 0,
            texts_left_out: 0,
            progress: options.progress,
            trouble: None,
        }
    }

    /// Adds a point. Whether there was room for it.
    fn push(&mut self, key: Option<KeyId>, at: At, value: Option<f64>, text: Option<&str>) -> bool {
        let Some(key) = key else { return false };
        let before = self.metrics.left_out();
        let point = Point { step: at.step, time_ns: at.time_ns, value, text };
        if let Err(error) = self.metrics.push(key, point) {
            self.trouble.get_or_insert(error);
        }
        self.metrics.left_out() == before
    }

    /// Writes the section, and adds what the series come to to a summary.
    pub fn write(self, ledger: &mut Ledger<'_>, summary: &mut Summary) -> Result<(), ConvertError> {
        if let Some(error) = self.trouble {
            return Err(error.into());
        }
        let summaries = self.metrics.write(&mut ledger.draft)?;
        summary.series.extend(summaries.iter().map(|(key, one)| (key.clone(), series::summary(one))));
        Ok(())
    }
}

impl Series for Collector<'_> {
    fn key(&mut self, name: &str) -> Option<u32> {
        let key = self.metrics.key(name)?;
        let (keys, next) = (&mut self.keys, self.numbers.len());
        let number = *self.numbers.entry(key).or_insert_with(|| {
            keys.push(key);
            next
        });
        u32::try_from(number).ok()
    }

    fn number(&mut self, key: Option<u32>, at: At, value: f64, digits: Option<&str>) {
        let key = key.and_then(|key| self.keys.get(key as usize).copied());
        if !self.push(key, at, Some(value), digits) {
            self.numbers_left_out += 1;
        }
    }

    fn text(&mut self, name: &str, at: At, text: &str) {
        let key = self.metrics.key(name);
        let text = self.metrics.clean_text(name, text);
        if !self.push(key, at, None, Some(&text)) {
            self.texts_left_out += 1;
        }
    }

    fn progress(&mut self, bytes: u64) {
        (self.progress)(bytes);
    }
}
