//! Fixtures, and a bundle opened for looking into.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::Content;
use expbundle::verify::{Digests, Intact, Unverified};
use expbundle_convert::{Converted, Options};
use expbundle_format::Blake3;
use expbundle_format::record::Record;
use expbundle_format::sections::{
    Artifacts, Context, Evaluations, Identity, JsonSection, Media, Recipe, SourceSection, Summary,
};
use expbundle_format::tree::Tree;
use expbundle_series::{OwnedPoint, SeriesReader};
use serde_json::Value;
use tempfile::TempDir;

use super::sources::open;

/// The fixtures; whether each is a store, or an export of one that lacks a part.
pub const STORES: &[(&str, bool)] = &[
    ("file-store", true),
    ("file-store-v3", true),
    ("sqlite", true),
    ("sqlite-server", true),
    ("export-import", false),
    ("export-import-v3", false),
];

pub fn fixture(name: &str) -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/mlflow").join(name)
}

/// The first of the members that is there.
pub fn member<'a>(value: &'a Value, names: &[&str]) -> &'a Value {
    names.iter().find_map(|name| value.get(*name)).unwrap_or(&Value::Null)
}

/// What MLflow's client said of the runs of a fixture.
pub fn expected_runs(name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(fixture(name).join("expected.json")).expect("expectations");
    let expected: Value = serde_json::from_str(&text).expect("JSON");
    let experiments = expected["experiments"].as_array().expect("experiments");
    experiments.iter().flat_map(|experiment| experiment["runs"].as_array().expect("runs").clone()).collect()
}

/// Converts a run of a source.
pub fn convert(source: &Utf8Path, run_id: &str) -> Converted {
    open("mlflow", source).convert(run_id, &Options::default()).expect("a run")
}

/// A copy of a fixture, somewhere else.
pub struct FixtureCopy {
    _folder: TempDir,
    path: Utf8PathBuf,
}

impl FixtureCopy {
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }
}

pub fn copy_of(name: &str) -> FixtureCopy {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = Utf8PathBuf::from_path_buf(folder.path().join("elsewhere")).expect("UTF-8");
    copy(&fixture(name), &path);
    FixtureCopy { _folder: folder, path }
}

fn copy(from: &Utf8Path, to: &Utf8Path) {
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

/// The one record of a bundle, verified and read.
pub struct Opened {
    pub record: Record,
    pub context: Context,
    pub identity: Identity,
    pub recipe: Recipe,
    pub artifacts: Artifacts,
    pub evaluations: Evaluations,
    pub media: Media,
    pub summary: Summary,
    pub source: SourceSection,
    intact: Intact,
}

impl Opened {
    pub fn new(converted: &Converted) -> Self {
        fn section<S: JsonSection + Default>(intact: &Intact, converted: &Converted) -> S {
            intact.json_section(converted.record()).unwrap_or_default()
        }
        let mut bytes = Vec::new();
        converted.bundle.write(&mut bytes).expect("memory");
        let checked = Unverified::new(Content::bytes(bytes)).check(Digests::All);
        let intact = checked.unwrap_or_else(|wrong| panic!("{:?}", wrong.findings())).intact;
        let record = intact.records()[&converted.record()].clone();
        Self {
            record,
            context: section(&intact, converted),
            identity: section(&intact, converted),
            recipe: section(&intact, converted),
            artifacts: section(&intact, converted),
            evaluations: section(&intact, converted),
            media: section(&intact, converted),
            summary: section(&intact, converted),
            source: section(&intact, converted),
            intact,
        }
    }

    /// The series of a Parquet section, in the order of the file.
    pub fn series(&self, section: &str) -> BTreeMap<String, Vec<OwnedPoint>> {
        let name = section.parse().expect("a name");
        let Some(content) = self.intact.section(self.record.id(), &name) else { return BTreeMap::new() };
        let reader = SeriesReader::open(content.read(1 << 30).expect("small")).expect("Parquet");
        let mut series: BTreeMap<String, Vec<OwnedPoint>> = BTreeMap::new();
        reader.for_each(|point| series.entry(point.key.to_string()).or_default().push(point.clone())).expect("points");
        series
    }

    /// The listing of a tree that is in the bundle.
    pub fn tree(&self, digest: Blake3) -> Tree {
        let content =
            self.intact.bundle().artifacts().find(|(name, _)| *name == digest).expect("an embedded listing").1;
        Tree::parse(&content.read(1 << 30).expect("small")).expect("a listing")
    }
}
