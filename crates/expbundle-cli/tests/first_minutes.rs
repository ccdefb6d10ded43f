//! What a newcomer sees in the first minutes with runs of their own.

mod support;

use std::fs;

use support::{Bench, json, valid};

/// A run with one logged model, whose id no other run has.
fn run_with_model(bench: &Bench, name: &str, rate: f64, accuracy: f64) {
    let id = format!("m-{name}5ad1f0c2b94e7d8a6b3c");
    let write = |section: &str, text: String| fs::write(bench.path(section), text).expect("room");
    write("recipe.json", format!(r#"{{"parameters": {{"lr": {rate}}}}}"#));
    write(
        "artifacts.json",
        format!(
            r#"{{"artifacts": [{{"direction": "output", "role": "model", "name": "net", "model": {{"id": "{id}"}}}}]}}"#
        ),
    );
    write(
        "evaluations.json",
        format!(
            r#"{{"evaluations": [
            {{"metric": "val_acc", "model": "{id}", "step": 0, "value": 0.9333}},
            {{"metric": "training_accuracy_score", "dataset": "digits", "split": "train", "model": "{id}", "step": 0,
            "value": {accuracy}}}]}}"#
        ),
    );
    write("points.csv", format!("step,val_acc,loss\n0,0.9333,{rate}\n"));
    let sections = ["recipe", "artifacts", "evaluations"].map(|section| format!("--section={section}={section}.json"));
    let [a, b, c] = sections.each_ref().map(String::as_str);
    let out = format!("{name}.expb");
    bench.ok(&["create", "--title", name, a, b, c, "--metrics", "points.csv", "-o", &out]);
}

#[test]
fn results_of_two_runs_are_compared_although_their_models_have_other_ids() {
    let bench = Bench::new();
    run_with_model(&bench, "a", 0.1, 0.9);
    run_with_model(&bench, "b", 0.2, 0.95);
    let said = bench.ok(&["diff", "a.expb", "b.expb"]);
    let result = "evaluation\n  \"training_accuracy_score, digits, train, step 0\"\n    - 0.9\n    + 0.95\n";
    assert!(said.contains(result) && !said.contains("val_acc") && !said.contains("more letters"), "{said}");
    let wanted =
        "parameter\n  lr\n    - 0.1\n    + 0.2\nmetric\n  loss\n    - 1 point, last 0.1\n    + 1 point, last 0.2\n";
    assert!(said.starts_with(wanted), "{said}");
    let answer = json(&bench.ok(&["diff", "a.expb", "b.expb", "--json"]));
    valid("diff", &answer);
    let parts: Vec<_> = answer["differences"].as_array().expect("a list").iter().map(|one| &one["part"]).collect();
    assert_eq!(parts, ["parameter", "metric", "evaluation", "context"]);
}

#[test]
fn signing_says_what_was_signed_and_with_which_key() {
    let bench = Bench::with_bundle();
    let said = bench.said(&["sign", "a.expb", "--key", "key"]);
    assert!(
        said.starts_with("signed ") && said.contains(" \"a run\" with SHA256:") && said.lines().count() == 1,
        "{said}"
    );
    // Who adds to it sees who signed it.
    bench.ok(&["keygen", "-o", "other"]);
    let said = bench.said(&["note", "a.expb", "seen", "--key", "other"]);
    let wanted = ["comment of record ", " \"a run\" signed with SHA256:", "\n  the record is also signed by SHA256:"];
    assert!(wanted.iter().all(|words| said.contains(words)), "{said}");
}

#[test]
fn a_signature_by_the_wrong_key_can_be_revoked_and_made_anew() {
    let bench = Bench::with_bundle();
    bench.ok(&["keygen", "-o", "wrong"]);
    let id = bench.ok(&["sign", "a.expb", "--key", "wrong"]);
    bench.fails(2, "cli.usage", &["sign", "a.expb", "--key", "key"]);
    bench.ok(&["revoke", "a.expb", "--statement", id.trim(), "--key", "wrong", "--reason", "wrong key"]);
    let output = bench.output(&["sign", "a.expb", "--key", "key"]);
    let (id, said) = [output.stdout, output.stderr].map(|text| String::from_utf8(text).expect("UTF-8")).into();
    assert!(said.starts_with("signed ") && !said.contains("also signed"), "{said}");
    // A revocation by anybody else frees nothing.
    bench.ok(&["keygen", "-o", "third"]);
    bench.ok(&["revoke", "a.expb", "--statement", id.trim(), "--key", "third"]);
    bench.fails(2, "cli.usage", &["sign", "a.expb", "--key", "third"]);
}
