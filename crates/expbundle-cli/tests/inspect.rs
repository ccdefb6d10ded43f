//! `expbundle inspect`: what a user sees before sharing.

use crate::support::{Bench, fixture, json, valid};

const RUN: &str = "wandb/finetune/offline-run-20261123_095528-pjclsy9c";

fn converted() -> Bench {
    let bench = Bench::new();
    bench.ok(&["convert", "wandb", &fixture(RUN), "-o", "run.expb"]);
    bench
}

#[test]
fn what_a_conversion_shows_is_in_the_identity_alone() {
    let bench = converted();
    let text = bench.ok(&["inspect", "run.expb"]);
    assert!(text.starts_with("section identity.json\n"), "{text}");
    for part in [
        "host: ada-ws",
        "person: team-b",
        "times: from 2026-11-23T",
        "withhold run.expb --section identity -o shared.expb",
    ] {
        assert!(text.contains(part), "no {part}: {text}");
    }
    assert_eq!(text.lines().filter(|line| line.starts_with("section ")).count(), 1, "{text}");
    let report = json(&bench.ok(&["inspect", "run.expb", "--json"]));
    valid("inspect", &report);
    assert!(report["private"].as_array().expect("rows").iter().all(|row| row["name"] == "identity.json"), "{report}");
}

#[test]
fn it_is_a_check_before_publishing() {
    let bench = converted();
    assert_eq!(bench.output(&["inspect", "--private", "run.expb"]).status.code(), Some(3));
    bench.ok(&["withhold", "run.expb", "--section", "identity", "-o", "shared.expb"]);
    let text = bench.ok(&["inspect", "--private", "shared.expb", "--names-of", "run.expb"]);
    assert!(text.contains("no name of a person or machine, address, path or secret was found"), "{text}");
    assert!(text.contains("withheld: identity.json of 1 record"), "{text}");
    // What somebody writes and signs afterwards is looked through too.
    bench.ok(&["keygen", "-o", "key"]);
    bench.ok(&["note", "shared.expb", "ask ada, the data is in /home/ada/x", "--key", "key"]);
    let output = bench.output(&["inspect", "--private", "shared.expb", "--names-of", "run.expb"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(text.contains("(signed, cannot be changed)") && text.contains("path: /home/ada/x"), "{text}");
    assert!(text.contains("signed by: SHA256:"), "{text}");
    let token = format!("ghp_{}", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8");
    // A secret is refused unless it is allowed as a false alarm; whoever shares the bundle is told
    // of it then.
    bench.ok(&["note", "shared.expb", &token, "--key", "key", "--allow-secrets", "github-token"]);
    let text = bench.ok(&["inspect", "shared.expb"]);
    assert!(text.contains("secret: ") && !text.contains(&token), "its kind and not itself: {text}");
}

#[test]
fn long_lists_are_folded() {
    let bench = Bench::new();
    let paths: Vec<String> = (0..30).map(|number| format!("/home/ada/data-{number}")).collect();
    std::fs::write(bench.path("identity.json"), serde_json::json!({"source": {"data": paths}}).to_string())
        .expect("room");
    bench.ok(&["create", "--title", "x", "--section", "identity=identity.json", "-o", "a.expb"]);
    let text = bench.ok(&["inspect", "a.expb"]);
    assert!(text.contains(", 25 more"), "{text}");
    let report = json(&bench.ok(&["inspect", "a.expb", "--json"]));
    assert_eq!(report["private"].as_array().expect("rows").len(), 30);
}

#[test]
fn a_model_folder_is_looked_through_with_its_files() {
    let bench = converted();
    std::fs::create_dir(bench.path("model")).expect("a folder");
    std::fs::copy(fixture("wandb/finetune/fine.safetensors"), bench.path("model/fine.safetensors")).expect("room");
    std::fs::write(bench.path("model/config.json"), "{\"_name_or_path\": \"/lustre/proj/group/base\"}").expect("room");
    std::fs::copy(bench.path("run.expb"), bench.path("model/experiment.expb")).expect("room");
    let text = bench.ok(&["inspect", "model"]);
    assert!(text.contains("file config.json\n  path: /lustre/proj/group/base"), "{text}");
    bench.fails(2, "cli.io", &["inspect", "nothing"]);
}

#[test]
fn create_puts_names_apart_and_says_so() {
    let bench = Bench::new();
    std::fs::write(bench.path("identity.json"), "{\"user\": \"ada\"}").expect("room");
    std::fs::write(bench.path("recipe.json"), "{\"parameters\": {\"data\": \"/home/ada/x\"}}").expect("room");
    let create = [
        "create",
        "--title",
        "run of Ada",
        "--section",
        "recipe=recipe.json",
        "--section",
        "identity=identity.json",
        "-o",
        "a.expb",
    ];
    let output = bench.output(&create);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.contains("2 names of people, machines and places replaced by markers"),
        "{said}"
    );
    let recipe = json(&bench.ok(&["show", "a.expb", "recipe", "--json"]));
    assert!(recipe.to_string().contains("[path 1]") && !recipe.to_string().contains("ada"), "{recipe}");
    let identity = json(&bench.ok(&["show", "a.expb", "identity", "--json"]));
    assert!(identity.to_string().contains("/home/ada/x"), "{identity}");
}

/// A name that is a word of the field is listed where it is the name of somebody.
#[test]
fn what_the_identity_lists_is_shown_even_if_it_is_a_word_of_the_field() {
    let bench = Bench::new();
    let identity =
        r#"{"people":[{"name":"max"}],"host":"batch","replaced":{"[person 1]":"iris","[person 2]":"annabelle"}}"#;
    std::fs::write(bench.path("identity.json"), identity).expect("room");
    bench.ok(&["create", "--title", "t", "--section", "identity.json=identity.json", "-o", "a.expb"]);
    let output = bench.output(&["inspect", "--private", "a.expb", "--json"]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let shown: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let texts: Vec<&str> =
        shown["private"].as_array().expect("rows").iter().filter_map(|row| row["text"].as_str()).collect();
    for name in ["max", "batch", "iris", "annabelle"] {
        assert_eq!(texts.iter().filter(|text| **text == name).count(), 1, "{name}: {texts:?}");
    }
}

#[test]
fn a_conversion_counts_what_is_found_here() {
    let bench = Bench::new();
    let said = bench.said(&["convert", "wandb", &fixture(RUN), "-o", "run.expb"]);
    let report = json(&bench.ok(&["inspect", "run.expb", "--json"]));
    let rows = report["private"].as_array().expect("rows").len();
    let line = format!("private: {rows} names or paths are in identity.json alone");
    assert!(rows > 1 && said.contains(&line), "{rows}: {said}");
    let said = bench.said(&["convert", "wandb", &fixture("wandb/finetune"), "--all", "-o", "out"]);
    assert!(said.contains(&line), "the sum over the runs: {said}");
    // Who signs with a name tells it.
    bench.ok(&["withhold", "run.expb", "--section", "identity, cost", "-o", "shared.expb"]);
    bench.ok(&["keygen", "-o", "key"]);
    bench.ok(&["sign", "shared.expb", "--key", "key", "--name", "Anna"]);
    let output = bench.output(&["inspect", "--private", "shared.expb"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.code() == Some(3) && text.contains("  person: Anna\n"), "{text}");
}
