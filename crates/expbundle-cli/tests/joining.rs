//! What is lost or comes back when bundles are joined, replaced or written.

use std::path::Path;

use crate::support::{Bench, fixture, root};

/// All that a command says.
fn said(bench: &Bench, arguments: &[&str]) -> String {
    let output = bench.output(arguments);
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// What is joined with itself loses nothing, also where it is one of the inputs.
#[test]
fn a_union_may_take_the_place_of_its_parts() {
    let bench = Bench::with_bundle();
    bench.ok(&["create", "--title", "x", "--output", "weights.bin", "-o", "new.expb"]);
    bench.ok(&["merge", "a.expb", "-o", "a.expb"]);
    bench.ok(&["merge", "a.expb", "new.expb", "-o", "a.expb"]);
    std::fs::create_dir(bench.path("family")).expect("room");
    for name in ["a.expb", "new.expb"] {
        std::fs::copy(bench.path(name), bench.path("family").join(name)).expect("room");
    }
    for _ in 0..2 {
        bench.ok(&["merge", "family", "-o", "family/all.expb"]);
        bench.ok(&["merge", "family", "--thin", "-o", "thin.expb"]);
    }
}

#[test]
fn what_is_withheld_does_not_come_back_unsaid() {
    let bench = Bench::new();
    bench.ok(&["keygen", "-o", "ada"]);
    std::fs::write(bench.path("identity.json"), "{\"people\": [{\"name\": \"Ada Secret\"}]}").expect("room");
    std::fs::write(bench.path("weights.bin"), b"weights").expect("room");
    let create = ["create", "--title", "x", "--section", "identity=identity.json", "--output", "weights.bin"];
    bench.ok(&[&create[..], &["-o", "full.expb"]].concat());
    bench.ok(&["withhold", "full.expb", "--section", "identity", "-o", "shared.expb"]);
    let text = said(&bench, &["merge", "shared.expb", "full.expb", "-o", "both.expb"]);
    assert!(text.contains("identity.json of record") && text.contains("comes back"), "{text}");
    let text = said(&bench, &["merge", "shared.expb", "shared.expb", "-o", "both.expb"]);
    assert!(!text.contains("comes back"), "{text}");
    std::fs::create_dir(bench.path("model")).expect("room");
    std::fs::copy(bench.path("weights.bin"), bench.path("model/weights.bin")).expect("room");
    bench.ok(&["attach", "model", "full.expb", "--yes"]);
    let text = said(&bench, &["attach", "model", "shared.expb"]);
    assert!(text.contains("identity.json of record") && text.contains("comes back"), "{text}");
    assert!(text.contains("`--replace` keeps only the new copy"), "{text}");
    assert_eq!(text.matches("comes back").count(), 1, "it is said once: {text}");
    bench.ok(&["note", "full.expb", "x", "--key", "ada"]);
    bench.ok(&["attach", "model", "full.expb", "--yes"]);
    let text = said(&bench, &["attach", "model", "shared.expb", "--replace", "--yes"]);
    assert!(text.contains("is replaced, and loses 1 statement, 1 section"), "{text}");
    assert!(!text.contains("comes back"), "{text}");
    bench.fails(2, "cli.usage", &["show", "model", "identity"]);
    bench.ok(&["verify", "model"]);
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("room");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).expect("room");
        }
    }
}

/// A run of the Trainer, logged to W&B too: both made the same weights, and its
/// cost counts once where one record supersedes the other.
#[test]
fn a_run_that_two_tools_recorded_is_one() {
    let bench = Bench::new();
    copy(
        &root().join("crates/expbundle-cli/demo/wandb/offline-run-20261123_095528-pjclsy9c"),
        &bench.path("offline-run-20261123_095528-pjclsy9c"),
    );
    copy(Path::new(&fixture("transformers/checkpoint-880")), &bench.path("trainer"));
    let weights: Vec<u8> = (0..4096_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    for folder in ["offline-run-20261123_095528-pjclsy9c/files", "trainer"] {
        std::fs::write(bench.path(folder).join("model.safetensors"), &weights).expect("room");
    }
    bench.said(&["convert", "wandb", "offline-run-20261123_095528-pjclsy9c", "-o", "wandb.expb"]);
    bench.said(&["convert", "transformers", "trainer", "-o", "trainer.expb"]);
    let merge = ["merge", "wandb.expb", "trainer.expb", "-o", "both.expb"];
    for arguments in [&merge[..], &["lineage", "both.expb"], &["verify", "both.expb"]] {
        let text = said(&bench, arguments);
        assert!(text.contains("one run was recorded by") && text.contains("lineage.seen-twice"), "{text}");
    }
    let text = said(&bench, &["lineage", "both.expb", "--cost"]);
    assert!(text.contains("counted for each: 2 records that may be of one run"), "{text}");
    bench.ok(&["keygen", "-o", "key"]);
    bench.ok(&["supersede", "trainer.expb", "--by", "wandb.expb", "--key", "key", "-o", "settled.expb"]);
    bench.ok(&["sign", "settled.expb", "--key", "key"]);
    bench.ok(&["merge", "wandb.expb", "settled.expb", "-o", "once.expb"]);
    let text = said(&bench, &["lineage", "once.expb", "--cost"]);
    assert!(!text.contains("counted for each") && text.contains("superseded by another record here"), "{text}");
    // Other weights are another run.
    std::fs::write(bench.path("trainer/model.safetensors"), &weights[1..]).expect("room");
    bench.said(&["convert", "transformers", "trainer", "-o", "other.expb"]);
    bench.ok(&["merge", "wandb.expb", "other.expb", "-o", "two.expb"]);
    let text = said(&bench, &["lineage", "two.expb"]);
    assert!(!text.contains("one run was recorded by"), "{text}");
}
