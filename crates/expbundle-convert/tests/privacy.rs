//! After `identity.json` is withheld, nothing of it is left anywhere: entry names, sections
//! (Parquet decoded), embedded files.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::Content;
use expbundle::verify::{Digests, Intact, Unverified};
use expbundle_convert::exposure::Search;
use expbundle_convert::{Converted, Options};
use expbundle_format::sections::{self, Identity, JsonSection as _};
use expbundle_series::{ConsoleReader, SeriesReader};
use serde_json::Value;

use crate::support::fixtures as every;
use crate::support::sources;

fn fixtures(name: &str) -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(name)
}

/// Every run of every fixture.
fn every_run() -> Vec<(String, Converted)> {
    let mut runs = Vec::new();
    every::every_run(|name, converted| runs.push((name, converted)));
    assert!(runs.len() > 40, "{} runs", runs.len());
    runs
}

fn intact(bundle: &expbundle::Bundle) -> Intact {
    let mut bytes = Vec::new();
    bundle.write(&mut bytes).expect("memory");
    let checked = Unverified::new(Content::bytes(bytes)).check(Digests::Blake3);
    checked.unwrap_or_else(|wrong| panic!("{:?}", wrong.findings())).intact
}

/// Every text of a bundle, whatever holds it.
fn texts(bundle: &expbundle::Bundle) -> Vec<(String, String)> {
    let mut texts = Vec::new();
    for (name, content) in bundle.entries() {
        let name = name.to_string();
        let bytes = content.read(1 << 30).expect("small");
        texts.push((name.clone(), name.clone()));
        match name.rsplit('/').next().unwrap_or_default() {
            sections::METRICS | sections::TELEMETRY => {
                let reader = SeriesReader::open(bytes.clone()).expect("Parquet");
                reader
                    .for_each(|point| {
                        texts.push((name.clone(), point.key.to_string()));
                        texts.extend(point.text.clone().map(|text| (name.clone(), text)));
                    })
                    .expect("points");
            }
            sections::CONSOLE => {
                let reader = ConsoleReader::open(bytes.clone()).expect("Parquet");
                reader.for_each(|line| texts.push((name.clone(), line.line.clone()))).expect("lines");
            }
            _ => {
                if let Ok(value) = serde_json::from_slice::<Value>(&bytes) {
                    strings(&value, &mut |text| texts.push((name.clone(), text.to_owned())));
                }
            }
        }
        texts.push((name, String::from_utf8_lossy(&bytes).into_owned()));
    }
    texts
}

fn strings(value: &Value, take: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => take(text),
        Value::Array(items) => items.iter().for_each(|item| strings(item, take)),
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            take(name);
            strings(value, take);
        }),
        _ => {}
    }
}

fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back().is_some_and(char::is_alphanumeric);
        let after = text[at + word.len()..].chars().next().is_some_and(char::is_alphanumeric);
        !before && !after
    })
}

/// Who and where the fixtures were made: fixtures/README.md of each tracker, and `expected.json`.
const MADE_BY: [&str; 5] = ["ada", "ada-ws", "ada@example.org", "digits-lab", "team-b"];

#[test]
fn nothing_of_the_identity_is_left_in_what_is_shared() {
    let (mut replaced, mut known) = (0, BTreeSet::new());
    for (name, converted) in every_run() {
        let full = intact(&converted.bundle);
        assert!(converted.account.adds_up(), "{name}");
        replaced += converted.account.replaced.values().sum::<u64>();
        if let Some(identity) = full.json_section::<Identity>(converted.record()) {
            known.extend([identity.user, identity.host].into_iter().flatten());
        }
        let (shared, _) = full.withhold(&[Identity::name()]);
        for (place, text) in texts(&shared) {
            let text = text.to_lowercase();
            // These name the repository by its address; the folder of the machine that is called like it is
            // replaced with its path.
            let is_of_repository = ["/clearml/", "/comet/", "/neptune-scale/", "/swanlab/", "/zenml/"]
                .iter()
                .any(|tool| name.contains(tool));
            let is_public = |word: &str| word == "digits-lab" && is_of_repository;
            for word in MADE_BY.into_iter().filter(|word| !is_public(word)) {
                assert!(!has_word(&text, word), "{name}: `{word}` in {place}");
            }
            assert!(!text.contains("/home/") && !text.contains("/root/"), "{name}: a path in {place}");
        }
        // And what the program itself would find, with all names that the full bundle has.
        let mut search = Search::new([&full]).expect("sections");
        search.bundle(&intact(&shared)).expect("sections");
        let exposure = search.finish();
        assert!(exposure.private.is_empty() && exposure.packed.is_empty(), "{name}: {exposure:#?}");
    }
    assert!(replaced > 100, "{replaced} parts were replaced");
    assert!(known.contains("ada") && known.contains("ada-ws"), "{known:?}");
}

#[test]
fn the_identity_gives_every_text_back() {
    for (name, converted) in every_run() {
        let full = intact(&converted.bundle);
        let identity: Identity = full.json_section(converted.record()).unwrap_or_default();
        let mut markers = 0;
        for (place, text) in texts(full.bundle()) {
            if place.ends_with("/identity.json") {
                continue;
            }
            for (marker, original) in &identity.replaced {
                if text.contains(marker.as_str()) {
                    markers += 1;
                    assert!(identity.restored(&text).contains(original.as_str()), "{name}: {marker} in {place}");
                }
            }
        }
        assert!(markers > 0 || identity.replaced.is_empty(), "{name}");
    }
}

/// A file store with names as they stand in texts, and with what a whole run of training writes.
#[test]
fn names_in_texts_files_and_addresses_are_left_nowhere() {
    const STORE: &str = "file-store-v3";
    const RUN: &str = "0f721a15b0cf4b62b450603fa1d658cb";
    let folder = tempfile::tempdir().expect("a folder");
    let folder = Utf8Path::from_path(folder.path()).expect("UTF-8");
    copy(&fixtures("mlflow").join(STORE), folder);
    let run = folder.join("mlruns/675227971811684035").join(RUN);
    let plant = |name: &str, text: &str| {
        let path = run.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    };
    plant("tags/mlflow.source.git.repoURL", "https://example.org/quuxlab/x.git");
    plant("tags/mlflow.user", "CORP\\annk");
    plant("tags/mlflow.docker.image.uri", "nvcr.io/nvidia/pytorch@sha256:00ff");
    plant("params/hash_fn", "sha256");
    plant("params/model", "quuxlab/digits");
    plant("params/by", "annk");
    plant("params/json", "{\"hostname\": \"gpuseven\"}");
    plant("params/note", "ran on gpuseven, and on gpueight");
    plant("params/env", "environ({'USER': 'kowalskin', 'HOSTNAME': 'gpueight'})");
    plant("params/log", "gpunine:4242:4242 [0] NCCL INFO Bootstrap");
    plant("params/approved_by", "babbage");
    plant("metrics/loss of quuxlab", "1 0.5 0\n");
    plant("artifacts/quuxlab.txt", "x");
    plant("artifacts/gputen_42.1700747002123456789.pt.trace.json", "{}");
    plant("artifacts/notes.txt", "by Babbage\n");

    let converted = sources::open("mlflow", folder).convert(RUN, &Options::default()).expect("a run");
    let full = intact(&converted.bundle);
    let (shared, _) = full.withhold(&[Identity::name()]);
    let all = texts(&shared);
    for word in ["quuxlab", "annk", "kowalskin", "gpuseven", "gpueight", "gpunine", "gputen", "babbage"] {
        for (place, text) in &all {
            assert!(!text.to_lowercase().contains(word), "`{word}` in {place}: {text}");
        }
    }
    assert!(all.iter().any(|(_, text)| text == "sha256"), "a digest is not a machine");
    let json = |text: &str| text.starts_with("{\"hostname\": \"[host ") && text.ends_with("]\"}");
    assert!(all.iter().any(|(_, text)| json(text)), "a marker stands for the name only");
    let mut search = Search::new([&full]).expect("sections");
    search.bundle(&intact(&shared)).expect("sections");
    assert_eq!(search.finish().private, []);
    // And what looks for the names that the full bundle has finds them where they were not set
    // apart.
    let mut search = Search::new([&full]).expect("sections");
    search.folder_file("plots/quuxlab/gputen.txt", Some(b"thanks to annk"));
    let found: Vec<_> = search.finish().private.into_iter().map(|one| one.text).collect();
    for word in ["quuxlab", "annk", "gputen"] {
        assert!(found.iter().any(|text| text.contains(word)), "{word} is not in {found:?}");
    }
}

fn copy(from: &Utf8Path, to: &Utf8Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in from.read_dir_utf8().expect("a folder") {
        let path = entry.expect("an entry").into_path();
        let to = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &to);
        } else {
            std::fs::write(to, std::fs::read(path).expect("a file")).expect("a file");
        }
    }
}
