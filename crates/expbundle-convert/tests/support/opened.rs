//! A converted run, opened for looking into, and held against what its training script sent.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::Content;
use expbundle::verify::{Digests, Intact, Unverified};
use expbundle_convert::{Converted, Options};
use expbundle_format::Code;
use expbundle_format::record::RecordBody;
use expbundle_format::sections::{self, Artifact, JsonSection, Summary};
use expbundle_series::{ConsoleReader, OwnedPoint, SeriesReader};
use serde_json::Value;

use super::sources::open;

pub fn fixture(path: &str) -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(path)
}

/// What the script sent.
pub fn truth(path: &str) -> Value {
    let text = std::fs::read_to_string(fixture(path)).expect("the truth");
    serde_json::from_str(&text).expect("JSON")
}

pub struct Opened {
    pub converted: Converted,
    intact: Intact,
}

impl Opened {
    /// Converts the run of a key; the only one without.
    pub fn new(tool: &str, path: &Utf8Path, key: Option<&str>, options: &Options<'_>) -> Self {
        let source = open(tool, path);
        let key = key.map_or_else(|| source.lone_run().expect("one run"), str::to_owned);
        let converted = source.convert(&key, options).expect("a run");
        assert!(converted.account.adds_up(), "{:#?}", converted.account);
        let mut bytes = Vec::new();
        converted.bundle.write(&mut bytes).expect("memory");
        let checked = Unverified::new(Content::bytes(bytes)).check(Digests::All);
        let intact = checked.unwrap_or_else(|wrong| panic!("{:?}", wrong.findings())).intact;
        Self { converted, intact }
    }

    pub fn section<S: JsonSection + Default>(&self) -> S {
        self.intact.json_section(self.converted.record()).unwrap_or_default()
    }

    pub fn body(&self) -> RecordBody {
        self.intact.records()[&self.converted.record()].body().clone()
    }

    pub fn codes(&self) -> Vec<Code> {
        self.converted.findings.iter().map(|finding| finding.code).collect()
    }

    /// The points of a series in their order.
    pub fn points(&self, key: &str) -> Vec<OwnedPoint> {
        let mut points = Vec::new();
        if let Some(content) = self.intact.section(self.converted.record(), &sections::METRICS.parse().expect("a name"))
        {
            let reader = SeriesReader::open(content.read(1 << 30).expect("small")).expect("Parquet");
            reader.for_each(|point| points.extend((*point.key == *key).then(|| point.clone()))).expect("points");
        }
        points
    }

    pub fn console(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(content) = self.intact.section(self.converted.record(), &sections::CONSOLE.parse().expect("a name"))
        {
            let reader = ConsoleReader::open(content.read(1 << 30).expect("small")).expect("Parquet");
            reader.for_each(|line| lines.push(line.line.clone())).expect("lines");
        }
        lines
    }
}

/// Every metric as the script sent it; and none beside those that `is_other` knows.
pub fn same_series(summary: &Summary, truth: &Value, is_other: impl Fn(&str) -> bool) {
    let truth = truth.as_object().expect("series");
    for (key, want) in truth {
        let one = summary.series.get(key).unwrap_or_else(|| panic!("no {key}"));
        assert_eq!(Some(one.count), want["count"].as_u64(), "{key}");
        assert_eq!(Some(one.count - one.non_finite), want["finite"].as_u64(), "{key}");
        for (number, member) in [(one.first, "first"), (one.last, "last"), (one.min, "min"), (one.max, "max")] {
            assert_eq!(number.map(|number| number.0), want[member].as_f64(), "{key} {member}");
        }
    }
    let others: Vec<&String> =
        summary.series.keys().filter(|key| !truth.contains_key(*key) && !is_other(key)).collect();
    assert!(others.is_empty(), "{others:?}");
}

/// The first and the last step of each metric, and the sum of its values.
pub fn same_steps(opened: &Opened, truth: &Value) {
    for (key, want) in truth.as_object().expect("series") {
        let points = opened.points(key);
        let step = |point: Option<&OwnedPoint>| point.and_then(|point| point.step);
        assert_eq!(step(points.first()), want["first_step"].as_i64(), "{key}");
        assert_eq!(step(points.last()), want["last_step"].as_i64(), "{key}");
        let sum: f64 = points.iter().filter_map(|point| point.value).filter(|value| value.is_finite()).sum();
        assert!((sum - want["sum"].as_f64().expect("a sum")).abs() < 1e-9, "{key}: {sum}");
        assert!(points.iter().all(|point| point.time_ns.is_some()), "{key}");
    }
}

/// Artifacts by name.
pub fn by_name(artifacts: &[Artifact]) -> BTreeMap<&str, &Artifact> {
    artifacts.iter().filter_map(|one| Some((one.name.as_deref()?, one))).collect()
}

/// The SHA-256 of an artifact, and its size.
pub fn bytes_of(artifact: &Artifact) -> (Option<String>, Option<u64>) {
    let sha256 = artifact.digest.and_then(|digest| digest.sha256()).map(|digest| digest.to_string());
    (sha256, artifact.size)
}
