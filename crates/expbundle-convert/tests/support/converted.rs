//! A converted run, checked as `verify` would, and its points.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::Content;
use expbundle::verify::{Digests, Intact, Unverified};
use expbundle_convert::tracker::{TRACKERS, Tracker, named, open_any};
use expbundle_convert::{Converted, Options};
use expbundle_format::Code;
use expbundle_format::sections::{self, JsonSection, SourceSection};
use expbundle_series::{OwnedPoint, SeriesReader};
use serde_json::Value;

/// The fixtures of a tool.
pub fn fixtures(tool: &str) -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(tool)
}

/// The truth about a run, as its script has it.
pub fn truth(path: &Utf8Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).expect("the truth")).expect("JSON")
}

/// A converted run.
pub struct Opened {
    pub converted: Converted,
    pub intact: Intact,
    pub points: BTreeMap<String, Vec<OwnedPoint>>,
}

impl Opened {
    /// Converts the run of a key, or the only one.
    pub fn new(tool: &str, path: &Utf8Path, key: Option<&str>) -> Self {
        let source = named(tool).expect("a tracker").open(path).expect("readable").expect("something of the tool");
        let converted = expbundle_convert::tracker::convert(&*source, key, &Options::default()).expect("a run");
        let mut bytes = Vec::new();
        converted.bundle.write(&mut bytes).expect("memory");
        let checked = Unverified::new(Content::bytes(bytes)).check(Digests::All);
        let intact = checked.unwrap_or_else(|wrong| panic!("{:?}", wrong.findings())).intact;
        let mut points: BTreeMap<String, Vec<OwnedPoint>> = BTreeMap::new();
        if let Some(content) = intact.section(converted.record(), &sections::METRICS.parse().expect("a name")) {
            let reader = SeriesReader::open(content.read(1 << 30).expect("small")).expect("Parquet");
            reader
                .for_each(|point| points.entry(point.key.to_string()).or_default().push(point.clone()))
                .expect("points");
        }
        let opened = Self { converted, intact, points };
        let source: SourceSection = opened.section();
        assert!(source.account.adds_up() && source.account == opened.converted.account);
        opened
    }

    pub fn section<S: JsonSection + Default>(&self) -> S {
        self.intact.json_section(self.converted.record()).unwrap_or_default()
    }

    /// The codes of what was found.
    pub fn codes(&self) -> Vec<Code> {
        self.converted.findings.iter().map(|finding| finding.code).collect()
    }

    /// How many items of a kind there are, and how many of them are mapped, raw and dropped.
    pub fn line(&self, kind: &str) -> (u64, u64, u64, u64) {
        let line = self.converted.account.items.get(kind).cloned().unwrap_or_default();
        (line.total, line.mapped, line.raw, line.dropped_count())
    }

    /// How many points there are.
    pub fn count(&self) -> usize {
        self.points.values().map(Vec::len).sum()
    }

    /// Holds every series to the truth.
    pub fn assert_metrics(&self, truth: &Value) {
        for (key, want) in truth.as_object().expect("series") {
            let points = self.points.get(key).unwrap_or_else(|| panic!("no series `{key}`"));
            let values: Vec<f64> = points.iter().filter_map(|point| point.value).collect();
            let finite: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
            assert_eq!(Some(values.len() as u64), want["count"].as_u64(), "{key}");
            assert_eq!(Some(finite.len() as u64), want["finite"].as_u64(), "{key}");
            let steps = [points.first(), points.last()].map(|point| point.and_then(|point| point.step));
            assert_eq!(steps, [want["first_step"].as_i64(), want["last_step"].as_i64()], "{key}");
            let ends = [values.first().copied(), values.last().copied()];
            assert_eq!(ends, [want["first"].as_f64(), want["last"].as_f64()], "{key}");
            assert_eq!(finite.iter().copied().reduce(f64::min), want["min"].as_f64(), "{key}");
            assert_eq!(finite.iter().copied().reduce(f64::max), want["max"].as_f64(), "{key}");
            let (sum, wanted) = (finite.iter().sum::<f64>(), want["sum"].as_f64().expect("a sum"));
            assert!((sum - wanted).abs() <= wanted.abs() * 1e-12, "{key}: {sum} and not {wanted}");
        }
    }
}

/// The tool finds nothing in the fixtures of other tools, and only this tool is found in its own.
pub fn assert_detection(tool: &dyn Tracker, own: &Utf8Path) {
    let root = fixtures("");
    for other in TRACKERS.iter().map(|tracker| tracker.name()).filter(|name| *name != tool.name()) {
        for folder in root.join(other).read_dir_utf8().expect("fixtures").map(|entry| entry.expect("an entry")) {
            let found = tool.open(folder.path()).expect("readable");
            assert!(found.is_none(), "{} in {}", tool.name(), folder.path());
        }
    }
    assert!(open_any(own).expect("one tool").is_some());
}
