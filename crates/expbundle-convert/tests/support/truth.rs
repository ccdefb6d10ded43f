//! A converted run opened for looking into, and held against what its training script logged.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::Content;
use expbundle::verify::{Digests, Intact, Unverified};
use expbundle_convert::tracker::Source;
use expbundle_convert::{Converted, Options};
use expbundle_format::Code;
use expbundle_format::record::RecordBody;
use expbundle_format::sections::{self, Artifacts, JsonSection};
use expbundle_series::{ConsoleReader, OwnedPoint, SeriesReader};
use serde_json::Value;

/// A run, converted and verified.
pub struct Opened {
    pub converted: Converted,
    intact: Intact,
}

impl Opened {
    pub fn new(source: &dyn Source, key: &str) -> Self {
        Self::with(source, key, &Options::default())
    }

    pub fn with(source: &dyn Source, key: &str, options: &Options<'_>) -> Self {
        let converted = source.convert(key, options).expect("a run");
        assert!(converted.account.adds_up(), "{:#?}", converted.account);
        let mut bytes = Vec::new();
        converted.bundle.write(&mut bytes).expect("memory");
        let checked = Unverified::new(Content::bytes(bytes)).check(Digests::All);
        let intact = checked.unwrap_or_else(|wrong| panic!("{:?}", wrong.findings())).intact;
        Self { converted, intact }
    }

    pub fn body(&self) -> RecordBody {
        self.intact.records()[&self.converted.record()].body().clone()
    }

    pub fn section<S: JsonSection + Default>(&self) -> S {
        self.intact.json_section(self.converted.record()).unwrap_or_default()
    }

    /// The series of a Parquet section.
    pub fn series(&self, section: &str) -> BTreeMap<String, Vec<OwnedPoint>> {
        let name = section.parse().expect("a name");
        let mut series: BTreeMap<String, Vec<OwnedPoint>> = BTreeMap::new();
        let Some(content) = self.intact.section(self.converted.record(), &name) else { return series };
        let reader = SeriesReader::open(content.read(1 << 30).expect("small")).expect("Parquet");
        reader.for_each(|point| series.entry(point.key.to_string()).or_default().push(point.clone())).expect("points");
        series
    }

    pub fn console(&self) -> Vec<String> {
        let console = sections::CONSOLE.parse().expect("a name");
        let Some(content) = self.intact.section(self.converted.record(), &console) else { return Vec::new() };
        let mut lines = Vec::new();
        let reader = ConsoleReader::open(content.read(1 << 30).expect("small")).expect("Parquet");
        reader.for_each(|line| lines.push(line.line.clone())).expect("lines");
        lines
    }

    pub fn codes(&self) -> Vec<Code> {
        self.converted.findings.iter().map(|finding| finding.code).collect()
    }

    /// What the account has of a kind: total, mapped, raw, dropped.
    pub fn line(&self, kind: &str) -> (u64, u64, u64, u64) {
        let line = self.converted.account.items.get(kind);
        line.map_or((0, 0, 0, 0), |line| (line.total, line.mapped, line.raw, line.dropped_count()))
    }

    /// Every series of the truth, point by point as far as it tells; and no series more.
    pub fn agrees_on_metrics(&self, truth: &Value, others: &[&str]) {
        let series = self.series(sections::METRICS);
        let truth = truth.as_object().expect("series");
        for key in series.keys() {
            assert!(truth.contains_key(key) || others.contains(&key.as_str()), "{key} is not in the truth");
        }
        for (key, want) in truth {
            let points = series.get(key).unwrap_or_else(|| panic!("{key} is missing"));
            agrees(points, want, key);
        }
    }

    /// Every artifact of the truth by its SHA-256 and size.
    pub fn agrees_on_artifacts(&self, truth: &Value) {
        let section: Artifacts = self.section();
        for want in truth.as_array().expect("artifacts") {
            let sha256 = want["sha256"].as_str().expect("a digest");
            let of = |one: &&sections::Artifact| {
                one.digest.and_then(|digest| digest.sha256()).is_some_and(|digest| digest.to_string() == sha256)
            };
            let found = section.artifacts.iter().find(of).unwrap_or_else(|| panic!("{want}"));
            assert_eq!(found.size, want["size"].as_u64(), "{want}");
        }
    }
}

fn agrees(points: &[OwnedPoint], want: &Value, key: &str) {
    let finite: Vec<f64> = points.iter().filter_map(|point| point.value).filter(|value| value.is_finite()).collect();
    let number = |member: &str| match &want[member] {
        Value::String(text) => text.parse().expect("a number"),
        other => other.as_f64().unwrap_or_else(|| panic!("{key} {member}")),
    };
    let same = |value: Option<f64>, member: &str| {
        let (value, want): (f64, f64) = (value.unwrap_or_else(|| panic!("{key} {member}")), number(member));
        assert!(value.to_bits() == want.to_bits() || value.is_nan() && want.is_nan(), "{key} {member}: {value}");
    };
    assert_eq!(Some(points.len() as u64), want["count"].as_u64(), "{key}");
    assert_eq!(Some(finite.len() as u64), want["finite"].as_u64(), "{key}");
    assert_eq!(points.first().and_then(|point| point.step), want["first_step"].as_i64(), "{key}");
    assert_eq!(points.last().and_then(|point| point.step), want["last_step"].as_i64(), "{key}");
    same(points.first().and_then(|point| point.value), "first");
    same(points.last().and_then(|point| point.value), "last");
    same(finite.iter().copied().reduce(f64::min), "min");
    same(finite.iter().copied().reduce(f64::max), "max");
    let (sum, want): (f64, f64) = (finite.iter().sum(), number("sum"));
    assert!((sum - want).abs() <= 1e-9 * want.abs().max(1.0), "{key} sum: {sum}");
}

pub fn fixture(path: &str) -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(path)
}

pub fn truth(path: &str) -> Value {
    let text = std::fs::read_to_string(fixture(path)).expect("the truth");
    serde_json::from_str(&text).expect("JSON")
}

/// Copies a folder.
pub fn copy(from: &Utf8Path, to: &Utf8Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in from.read_dir_utf8().expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(entry.path(), &target);
        } else {
            std::fs::write(&target, std::fs::read(entry.path()).expect("a file")).expect("room");
        }
    }
}

/// A temporary folder and its path.
pub fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).expect("UTF-8");
    (folder, path)
}

/// No tracker but these takes a path for its own.
pub fn is_only_of(path: &Utf8Path, tools: &[&str]) {
    for tracker in expbundle_convert::tracker::TRACKERS.iter().filter(|tracker| tracker.is_recognized()) {
        let is_found = matches!(tracker.open(path), Ok(Some(_)));
        assert_eq!(is_found, tools.contains(&tracker.name()), "{} {path}", tracker.name());
    }
}
