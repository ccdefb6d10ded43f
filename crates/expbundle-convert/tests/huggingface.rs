//! Model folders of the Hub become origin records whose weights link, by their digests and by
//! pointers alone.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::Content;
use expbundle::verify::{Digests, Intact, Unverified};
use expbundle_convert::{Converted, Options};
use expbundle_format::Code;
use expbundle_format::digest::Agreement;
use expbundle_format::record::{Form, Kind};
use expbundle_format::sections::{Artifacts, Context, Direction, Evaluations, SourceSection};
use serde_json::Value;

use crate::support::sources;
use sources::open;

fn fixture(name: &str) -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/huggingface").join(name)
}

fn converted(path: &Utf8Path) -> Converted {
    open("huggingface", path).convert("model", &Options::default()).expect("a model folder")
}

fn intact(converted: &Converted) -> Intact {
    let mut bytes = Vec::new();
    converted.bundle.write(&mut bytes).expect("memory");
    let checked = Unverified::new(Content::bytes(bytes)).check(Digests::All);
    checked.unwrap_or_else(|wrong| panic!("{:?}", wrong.findings())).intact
}

fn truth() -> Value {
    let text = std::fs::read_to_string(fixture("expected-lineage.json")).expect("the truth");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn a_folder_says_what_its_weights_and_its_card_are() {
    let truth = truth();
    for (name, repository) in truth["repos"].as_object().expect("repositories") {
        let converted = converted(&fixture(name));
        let intact = intact(&converted);
        let record = &intact.records()[&converted.record()];
        assert_eq!(record.body().kind, Kind::Origin);
        let weights = record.body().outputs.iter().find(|output| output.role.as_str() == "model").expect("weights");
        assert_eq!(weights.digest.sha256().map(|digest| digest.to_string()).as_deref(), repository["sha256"].as_str());
        assert!(weights.digest.blake3().is_some());
        assert_eq!(Some(weights.size), repository["size"].as_u64());
        assert_eq!(converted.title, *name);
        let section: Artifacts = intact.json_section(converted.record()).expect("artifacts");
        let described = |direction: Direction, role: &str| {
            section.artifacts.iter().find(|one| one.direction == direction && one.role.as_str() == role).cloned()
        };
        assert_eq!(described(Direction::Output, "model").expect("weights").licence.as_deref(), Some("apache-2.0"));
        assert_eq!(
            described(Direction::Input, "dataset").expect("a data set").name.as_deref(),
            Some("scikit-learn/digits")
        );
        let base = described(Direction::Input, "model");
        assert_eq!(base.as_ref().and_then(|base| base.name.as_deref()), repository["base_model"].as_str());
        if let Some(base) = base {
            assert_eq!(base.metadata.get("relation"), Some(&repository["base_model_relation"]));
            assert!(base.digest.is_none());
        }
        // Two results of the card and one of a file, never merged: they are in different units.
        let results: Evaluations = intact.json_section(converted.record()).expect("results");
        assert_eq!(results.evaluations.len(), 3);
        let accuracy = results.evaluations.iter().find(|one| one.metric == "val_accuracy").expect("the result");
        assert_eq!(accuracy.value.map(|value| value.0), repository["val_accuracy"].as_f64());
        let context: Context = intact.json_section(converted.record()).expect("context");
        assert!(context.notes.is_some_and(|notes| notes.starts_with("# ")));
        let source: SourceSection = intact.json_section(converted.record()).expect("source");
        assert!(source.account.adds_up());
        assert_eq!(source.raw["configuration"]["config.json"]["hidden_size"], 64);
    }
}

#[test]
fn a_pointer_is_enough_to_prove_a_link() {
    let whole = converted(&fixture("digits-base-64"));
    let pointers = converted(&fixture("digits-base-64-pointers"));
    let weights = |converted: &Converted| {
        let outputs = intact(converted).records()[&converted.record()].body().outputs.clone();
        outputs.into_iter().find(|output| output.role.as_str() == "model").expect("weights")
    };
    let (bytes, pointer) = (weights(&whole), weights(&pointers));
    assert_eq!((pointer.digest.sha256(), pointer.size), (bytes.digest.sha256(), bytes.size));
    assert_eq!(pointer.digest.blake3(), None);
    assert_eq!(pointer.digest.agreement(&bytes.digest), Agreement::Same);
    assert!(pointers.findings.iter().any(|finding| finding.code == Code::SourceMissing));
}

#[test]
fn converting_twice_gives_the_same_bytes_wherever_the_folder_lies() {
    let folder = tempfile::tempdir().expect("a folder");
    let copy = Utf8Path::from_path(folder.path()).expect("UTF-8").join("elsewhere");
    std::fs::create_dir_all(copy.join(".eval_results")).expect("room");
    let original = fixture("digits-finetuned");
    for file in ["README.md", "config.json", "model.safetensors", ".eval_results/digits.yaml", ".gitattributes"] {
        std::fs::copy(original.join(file), copy.join(file)).expect(file);
    }
    let bytes = |path: &Utf8Path| {
        let mut bytes = Vec::new();
        converted(path).bundle.write(&mut bytes).expect("memory");
        bytes
    };
    assert!(bytes(&original) == bytes(&copy));
    // A clone tells more: which repository, and which revision of it.
    let id = "0123456789abcdef0123456789abcdef01234567";
    std::fs::create_dir(copy.join(".git")).expect("room");
    std::fs::write(copy.join(".git/HEAD"), format!("{id}\n")).expect("room");
    std::fs::write(copy.join(".git/config"), "\turl = https://u:t@huggingface.co/team-b/digits\n").expect("room");
    let clone = converted(&copy);
    let record = intact(&clone).records()[&clone.record()].clone();
    let source = record.body().source.clone().expect("a source");
    assert_eq!((source.tool.as_str(), source.run), ("huggingface", format!("team-b/digits@{id}")));
}

#[test]
fn what_is_broken_is_said_and_the_rest_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = Utf8Path::from_path(folder.path()).expect("UTF-8");
    std::fs::write(path.join("model.safetensors"), b"weights").expect("room");
    std::fs::write(path.join("README.md"), "---\na: &x [1]\nb: [*x, *x]\n---\n# A bomb\n").expect("room");
    std::fs::write(path.join("config.json"), "{\"a\":").expect("room");
    std::fs::write(path.join("lfs.bin"), "version https://git-lfs.github.com/spec/v1\noid md5:1\n").expect("room");
    std::fs::create_dir(path.join(".eval_results")).expect("room");
    std::fs::write(path.join(".eval_results/a.yaml"), "no list").expect("room");
    #[cfg(unix)]
    std::os::unix::fs::symlink("/etc/passwd", path.join("outside.bin")).expect("a link");
    let converted = converted(path);
    assert_eq!(converted.title, "A bomb");
    assert!(converted.account.adds_up());
    let mut places: BTreeMap<String, Code> = BTreeMap::new();
    for finding in &converted.findings {
        places.insert(finding.place.entry.clone().unwrap_or_default(), finding.code);
    }
    for place in ["README.md", "config.json", "lfs.bin", ".eval_results/a.yaml"] {
        assert_eq!(places.get(place), Some(&Code::SourceDamaged), "{place}: {places:?}");
    }
    #[cfg(unix)]
    assert_eq!(places.get("outside.bin"), Some(&Code::SourceOutside));
    intact(&converted);
}

/// Thousands of references have no room in a record: the files beyond are one tree.
#[test]
fn many_files_are_a_tree() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = Utf8Path::from_path(folder.path()).expect("UTF-8");
    for number in 0..5200 {
        std::fs::write(root.join(format!("part-{number:04}.txt")), number.to_string()).expect("room");
    }
    std::fs::write(root.join("weights.safetensors"), b"\x02\0\0\0\0\0\0\0{}").expect("room");
    let converted = converted(root);
    assert!(converted.account.adds_up());
    let intact = intact(&converted);
    let outputs = &intact.records()[&converted.record()].body().outputs;
    let trees: Vec<_> = outputs.iter().filter(|output| output.form == Form::Tree).collect();
    assert_eq!((outputs.len(), trees.len()), (2001, 1));
    assert!(outputs.iter().any(|output| output.role.as_str() == "model"), "weights are never in the tree only");
    let tree = intact.tree(trees[0].digest.blake3().expect("its digest")).expect("the listing is embedded");
    assert_eq!(tree.files().len(), 5201 - 2000);
}
