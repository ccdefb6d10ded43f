//! Families of records through the real program: merging, lineage, custody, sharing a part.

use crate::support::{Bench, bundle_is_valid, fixture, json, root, valid};
use serde_json::Value;

/// Teams A (MLflow) and B (W&B), each with its own key; B trained from A's weights and neither
/// tracker knows of the other.
fn teams() -> Bench {
    let bench = Bench::new();
    bench.ok(&["demo", "-o", "demo"]);
    for file in
        ["base.expb", "fine.expb", "key-a", "key-a.pub", "key-b", "key-b.pub", "signers", "model/model.safetensors"]
    {
        let name = file.rsplit('/').next().expect("a name");
        std::fs::copy(bench.path("demo").join(file), bench.path(name)).expect("the demo leaves it");
    }
    std::fs::copy(base_weights(), bench.path("base.safetensors")).expect("the example has it");
    bench.ok(&["convert", "mlflow", "demo/mlruns", "-o", "plain.expb"]);
    bench.ok(&["keygen", "-o", "key-c"]);
    bench
}

/// The weights that A made and B began with.
fn base_weights() -> std::path::PathBuf {
    let mut folders = vec![root().join("crates/expbundle-cli/demo/mlruns")];
    while let Some(folder) = folders.pop() {
        for path in folder.read_dir().expect("readable").map(|entry| entry.expect("an entry").path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.ends_with("weights/model.safetensors") {
                return path;
            }
        }
    }
    panic!("the example has no weights");
}

fn id_of(bench: &Bench, bundle: &str) -> String {
    json(&bench.ok(&["show", bundle, "--json"]))["id"].as_str().expect("an id").to_owned()
}

fn statement_id(bench: &Bench, bundle: &str, kind: &str) -> String {
    let log = json(&bench.ok(&["log", bundle, "--json"]));
    let found = log.as_array().expect("statements").iter().find(|one| one["kind"] == kind).expect("such a statement");
    found["id"].as_str().expect("an id").to_owned()
}

fn state(bench: &Bench, arguments: &[&str]) -> String {
    let output = bench.output(&[&["verify"], arguments, &["--json"]].concat());
    json(&String::from_utf8_lossy(&output.stdout))["state"].as_str().expect("a state").to_owned()
}

fn codes(report: &Value) -> Vec<&str> {
    report["findings"].as_array().expect("findings").iter().filter_map(|finding| finding["code"].as_str()).collect()
}

#[test]
fn equal_bytes_join_teams_that_never_spoke() {
    let bench = teams();
    bench.ok(&["merge", "base.expb", "fine.expb", "-o", "family.expb"]);
    bundle_is_valid_family(&bench);
    let (base, fine) = (id_of(&bench, "base.expb"), id_of(&bench, "fine.expb"));
    let report = json(&bench.ok(&["lineage", "family.expb", "--trust", "signers", "--json"]));
    valid("lineage", &report);
    assert_eq!(report["start"], serde_json::json!([fine]));
    assert_eq!(report["state"], "trusted");
    let edge = &report["edges"][0];
    assert_eq!((edge["child"].as_str(), edge["parent"].as_str()), (Some(&*fine), Some(&*base)));
    assert_eq!(edge["grade"], "proven");
    // Without a signers file the family is as good as its weakest part; with one, what nobody
    // signed is set apart.
    bench.ok(&["merge", "plain.expb", "fine.expb", "-o", "half.expb"]);
    let report = json(&bench.ok(&["lineage", "half.expb", "--json"]));
    assert_eq!((report["state"].as_str(), &report["weakest"]), (Some("intact"), &serde_json::json!([base])));
    let report = json(&bench.ok(&["lineage", "half.expb", "--trust", "signers", "--json"]));
    assert_eq!((&report["edges"], &report["absent"]), (&serde_json::json!([]), &serde_json::json!([])));
    assert_eq!(state(&bench, &["half.expb", "--trust", "signers"]), "trusted");
    assert!(bench.ok(&["lineage", "half.expb", "--trust", "signers"]).contains("set apart"));
    // Words and pictures name both, and the gap.
    let tree = bench.ok(&["lineage", "family.expb"]);
    assert!(tree.contains("[proven by ") && tree.contains("unknown origin: dataset"), "{tree}");
    for form in ["--dot", "--mermaid", "--svg"] {
        let picture = bench.ok(&["lineage", "family.expb", form]);
        assert!(picture.contains(&base[..12]) && picture.contains(&fine[..12]), "{picture}");
    }
    assert!(bench.ok(&["lineage", "family.expb", "--down"]).starts_with(&base[..12]));
    assert!(bench.ok(&["lineage", "family.expb", "--to", &base]).contains("[proven by "));
    assert!(!bench.ok(&["lineage", "family.expb", "--depth", "0"]).contains("[proven by "));
    bench.fails(2, "cli.usage", &["lineage", "family.expb", "--record", &base, "--to", &fine]);
    bench.fails(2, "cli.usage", &["lineage", "family.expb", "--record", "ffffffff"]);
    bench.fails(2, "cli.io", &["lineage", "none.expb"]);
}

#[track_caller]
fn bundle_is_valid_family(bench: &Bench) {
    for bundle in ["base.expb", "fine.expb"] {
        bundle_is_valid(bench, bundle);
    }
}

#[test]
fn merging_is_a_union_and_says_what_it_leaves_out() {
    let bench = teams();
    bench.ok(&["merge", "base.expb", "fine.expb", "-o", "ab.expb"]);
    bench.ok(&["merge", "fine.expb", "base.expb", "ab.expb", "-o", "ba.expb"]);
    let read = |name: &str| std::fs::read(bench.path(name)).expect("a bundle");
    assert!(read("ab.expb") == read("ba.expb"));
    // A folder is searched, and what is broken in it is refused, or left out and said.
    std::fs::create_dir_all(bench.path("all/deep")).expect("room");
    std::fs::copy(bench.path("base.expb"), bench.path("all/base.expb")).expect("room");
    std::fs::copy(bench.path("fine.expb"), bench.path("all/deep/fine.expb")).expect("room");
    bench.ok(&["merge", "all", "-o", "c.expb"]);
    assert!(read("ab.expb") == read("c.expb"));
    let mut broken = read("base.expb");
    let at = broken.windows(9).position(|window| window == b"\"outputs\"").expect("a record");
    broken[at + 1] ^= 1;
    std::fs::write(bench.path("all/broken.expb"), broken).expect("room");
    let refused = bench.output(&["merge", "all", "-o", "d.expb"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(!bench.path("d.expb").exists());
    let output = bench.output(&["merge", "all", "--keep-going", "-o", "d.expb"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("all/broken.expb") && said.contains("1 bundle left out"), "{said}");
    assert!(read("ab.expb") == read("d.expb"));
    // A lineage never hides what it could not read.
    let output = bench.output(&["lineage", "all"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("all/broken.expb"));
    // Ancestry only; ancestors without sections; standard input.
    let base = id_of(&bench, "base.expb");
    bench.ok(&["merge", "ab.expb", "--closure", &base, "-o", "closure.expb"]);
    assert!(read("closure.expb") == read("base.expb"));
    bench.ok(&["merge", "ab.expb", "--thin", "-o", "thin.expb"]);
    assert!(read("thin.expb").len() < read("ab.expb").len());
    assert_eq!(state(&bench, &["thin.expb", "--trust", "signers"]), "trusted");
    let report = json(&bench.ok(&["lineage", "thin.expb", "--json"]));
    assert_eq!(report["edges"][0]["grade"], "proven");
    let piped = std::process::Command::new(env!("CARGO_BIN_EXE_expbundle"))
        .args(["merge", "-", "fine.expb", "-o", "piped.expb"])
        .current_dir(bench.folder.path())
        .stdin(std::fs::File::open(bench.path("base.expb")).expect("a bundle"))
        .status()
        .expect("the program runs");
    assert!(piped.success() && read("piped.expb") == read("ab.expb"));
}

#[test]
fn one_command_says_which_experiment_made_what_is_deployed_and_who_approved_it() {
    let bench = teams();
    bench.ok(&["merge", "base.expb", "fine.expb", "-o", "family.expb"]);
    // The last record is Team B's, so others say that they mean it.
    let last = |words: &[&str]| bench.ok(&[words, &["--record", "all"]].concat());
    last(&["review", "family.expb", "--verdict", "approved", "--scope", "internal use", "--key", "key-a"]);
    last(&["evaluation", "family.expb", "--result", "accuracy=0.93", "--dataset", "digits", "--key", "key-c"]);
    let deployment = [
        "deployment",
        "family.expb",
        "--environment",
        "production",
        "--artifact",
        "model.safetensors",
        "--key",
        "key-b",
    ];
    bench.ok(&deployment);
    let said = bench.ok(&["why", "model.safetensors", "--with", "family.expb", "--trust", "signers"]);
    let flat = said.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "was made by \"finetune",
        "signed by team-b@example.org",
        "base-64",
        "(proven)",
        "approved for \"internal use\" by team-a@example.org",
        "deployed to \"production\"",
    ] {
        assert!(flat.contains(words), "no `{words}` in: {flat}");
    }
    let asked = ["why", "model.safetensors", "--with", "family.expb", "--trust", "signers", "--json"];
    let report = json(&bench.ok(&asked));
    valid("why", &report);
    let (base, fine) = (id_of(&bench, "base.expb"), id_of(&bench, "fine.expb"));
    let told = &report["told"][0];
    assert_eq!((&report["state"], &report["made"]), (&"trusted".into(), &true.into()));
    assert_eq!((&told["record"]["id"], &told["how"]), (&fine.into(), &"made".into()));
    assert_eq!((&told["parents"][0]["parent"], &told["parents"][0]["grade"]), (&base.into(), &"proven".into()));
    let statements = told["statements"].as_array().expect("statements").iter();
    let kinds: std::collections::BTreeSet<_> = statements.filter_map(|one| one["kind"].as_str()).collect();
    assert_eq!(kinds, ["deployment", "review"].into());
    // Bytes that nobody made are said to be that.
    std::fs::write(bench.path("other.bin"), b"other").expect("room");
    let output = bench.output(&["why", "other.bin", "--with", "family.expb", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let report = json(&String::from_utf8_lossy(&output.stdout));
    valid("why", &report);
    assert_eq!(
        (&report["state"], &report["made"], &report["told"]),
        (&"intact".into(), &false.into(), &Value::Array(vec![]))
    );
    let output = bench.output(&["why", "other.bin", "--with", "family.expb"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("was not made by any record here"));
}

#[test]
fn what_is_taken_back_changes_the_verdict_from_then_on() {
    let bench = teams();
    assert_eq!(state(&bench, &["base.expb", "--trust", "signers"]), "trusted");
    let authorship = statement_id(&bench, "base.expb", "authorship");
    // Nobody takes back what others signed.
    bench.ok(&["revoke", "base.expb", "--statement", &authorship, "--key", "key-c", "-o", "stranger.expb"]);
    let report = json(&bench.ok(&["verify", "stranger.expb", "--trust", "signers", "--json"]));
    assert_eq!(report["state"], "trusted");
    assert!(codes(&report).contains(&"trust.unknown-signer"), "{report}");
    // Its signer does, from a moment on.
    let future =
        ["revoke", "base.expb", "--statement", &authorship, "--since", "2090-01-01T00:00:00Z", "--key", "key-a"];
    bench.ok(&[&future[..], &["-o", "later.expb"]].concat());
    assert_eq!(state(&bench, &["later.expb", "--trust", "signers"]), "trusted");
    assert_eq!(state(&bench, &["later.expb", "--trust", "signers", "--at", "2091-01-01T00:00:00Z"]), "intact");
    // So does somebody whom the signers file trusts; without the file, B has no right to it.
    bench.ok(&["revoke", "base.expb", "--statement", &authorship, "--key", "key-b", "-o", "trusted.expb"]);
    assert_eq!(state(&bench, &["trusted.expb"]), "signed");
    assert_eq!(state(&bench, &["trusted.expb", "--trust", "signers"]), "intact");
    // A key and a record.
    bench.ok(&["revoke", "base.expb", "--revoked-key", "key-a.pub", "--key", "key-a", "-o", "key.expb"]);
    bench.ok(&[
        "revoke",
        "base.expb",
        "--whole-record",
        "--yes",
        "--reason",
        "made up",
        "--key",
        "key-a",
        "-o",
        "record.expb",
    ]);
    for bundle in ["key.expb", "record.expb"] {
        let output = bench.output(&["verify", bundle, "--trust", "signers", "--require", "signed", "--json"]);
        assert_eq!(output.status.code(), Some(3), "{bundle}");
        let report = json(&String::from_utf8_lossy(&output.stdout));
        valid("report", &report);
        assert!(codes(&report).contains(&"trust.revoked"), "{report}");
    }
    assert!(bench.ok(&["lineage", "record.expb"]).contains("revoked"));
    assert!(bench.ok(&["log", "key.expb"]).contains("revoked"));
    bench.fails(2, "cli.usage", &["revoke", "base.expb", "--statement", "ffff", "--key", "key-a"]);
    bench.fails(2, "cli.key", &["revoke", "base.expb", "--revoked-key", "key-a", "--key", "key-a"]);
}

#[test]
fn successors_seals_and_links() {
    let bench = teams();
    let fine = id_of(&bench, "fine.expb");
    bench.ok(&[
        "supersede",
        "base.expb",
        "--by",
        "fine.expb",
        "--reason",
        "better",
        "--key",
        "key-a",
        "-o",
        "old.expb",
    ]);
    let report = json(&bench.ok(&["verify", "old.expb", "--json"]));
    assert_eq!(report["records"][0]["supersededBy"].as_str(), Some(&*fine));
    assert!(codes(&report).contains(&"lineage.superseded"), "{report}");
    // A sealed bundle may grow, and nothing may be missing.
    bench.ok(&["seal", "base.expb", "--key", "key-a", "-o", "sealed.expb"]);
    bench.ok(&["note", "sealed.expb", "more", "--key", "key-b", "-o", "grown.expb"]);
    assert_eq!(state(&bench, &["grown.expb"]), "signed");
    bench.fails(1, "statement.seal", &["withhold", "sealed.expb", "--section", "recipe", "-o", "part.expb"]);
    // A link is somebody's word, and is graded so; it raises nothing that is better founded.
    bench.ok(&["create", "--title", "by hand", "--output", "signers", "-o", "hand.expb"]);
    let link = ["link", "hand.expb", "--parent", "base.expb", "--relation", "distilled-from", "--key", "key-c"];
    bench.ok(&link);
    let tree = bench.ok(&["lineage", "hand.expb", "--with", "base.expb"]);
    assert!(tree.contains("[asserted distilled-from, said by an unchecked key ("), "{tree}");
    bench.ok(&["link", "fine.expb", "--parent", "base.expb", "--relation", "fine-tuned-from", "--key", "key-b"]);
    let tree = bench.ok(&["lineage", "fine.expb", "--with", "base.expb"]);
    assert!(tree.contains("[proven fine-tuned-from by "), "{tree}");
    bench.fails(2, "cli.key", &["link", "hand.expb", "--same-signer", "key-a", "--key", "key-c"]);
    // The chain of statements as a picture.
    let graph = bench.ok(&["log", "grown.expb", "--graph"]);
    assert_eq!(graph.matches("* ").count(), 3, "{graph}");
}

#[test]
fn a_step_that_no_tracker_saw() {
    let bench = teams();
    std::fs::write(bench.path("q4.gguf"), b"quantized").expect("room");
    let step = ["create", "--title", "to 4 bits", "--derive-from", "base.expb", "--relation", "quantized-from"];
    bench.ok(&[&step[..], &["--input", "base.safetensors", "--output", "q4.gguf", "-o", "proven.expb"]].concat());
    bench.ok(&[&step[..], &["--output", "q4.gguf", "-o", "short.expb"]].concat());
    for bundle in ["proven.expb", "short.expb"] {
        let tree = bench.ok(&["lineage", bundle, "--with", "base.expb"]);
        assert!(tree.contains("[proven quantized-from by "), "{bundle}: {tree}");
    }
    let (_, said) = {
        let output =
            bench.output(&[&step[..], &["--input", "signers", "--output", "q4.gguf", "-o", "said.expb"]].concat());
        (output.status, String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert!(said.contains("the link is declared only"), "{said}");
    let tree = bench.ok(&["lineage", "said.expb", "--with", "base.expb"]);
    assert!(tree.contains("[declared quantized-from]"), "{tree}");
    bench.fails(
        2,
        "cli.io",
        &["create", "--title", "x", "--derive-from", "none.expb", "--relation", "pruned-from", "-o", "x.expb"],
    );
}

#[test]
fn a_part_is_shared_anonymously_and_provably_unaltered() {
    let bench = Bench::new();
    let run = fixture("wandb/finetune");
    let folder = std::fs::read_dir(&run)
        .expect("the fixture")
        .map(|entry| entry.expect("an entry").path())
        .find(|path| path.is_dir())
        .expect("a run");
    bench.ok(&["keygen", "-o", "pseudonym"]);
    bench.ok(&["keygen", "-o", "own"]);
    bench.ok(&["convert", "wandb", folder.to_str().expect("UTF-8"), "--blind", "-o", "run.expb"]);
    bench.ok(&["sign", "run.expb", "--key", "pseudonym"]);
    let withheld = "identity,cost,console,source";
    bench.ok(&["withhold", "run.expb", "--section", withheld, "-o", "shared.expb"]);
    // Same ids, same signatures, and the curves are there.
    assert_eq!(id_of(&bench, "run.expb"), id_of(&bench, "shared.expb"));
    let report = json(&bench.ok(&["verify", "shared.expb", "--require", "signed", "--digests", "all", "--json"]));
    assert!(codes(&report).contains(&"section.withheld"), "{report}");
    assert!(bench.ok(&["extract", "shared.expb", "--csv"]).lines().count() > 10);
    // Nobody's name is left in it.
    let mut identity = json(&bench.ok(&["show", "run.expb", "identity", "--json"]));
    // Whose the code is, is apart in its address only: here it is `digits`, as the data set is.
    let replaced = identity["replaced"].as_object_mut().expect("markers");
    replaced.retain(|marker, _| !marker.starts_with("[owner "));
    let mut names = Vec::new();
    texts(&identity, &mut names);
    names.retain(|name| name.len() > 3);
    assert!(!names.is_empty());
    let shared = std::fs::read(bench.path("shared.expb")).expect("a bundle");
    for name in names {
        let found = shared.windows(name.len()).any(|window| window == name.as_bytes());
        assert!(!found, "the shared copy says `{name}`");
    }
    // Every section has a salt of its own, so none that is withheld can be guessed.
    let shown = json(&bench.ok(&["show", "shared.expb", "--json"]));
    let salts: Vec<&str> =
        shown["sections"].as_object().expect("sections").values().filter_map(|one| one["salt"].as_str()).collect();
    assert!(salts.len() > 2 && salts.iter().collect::<std::collections::BTreeSet<_>>().len() == salts.len());
    assert_eq!(shown["record"]["blinded"], true);
    // Later the author may say who it was, by both keys.
    bench.ok(&["link", "shared.expb", "--same-signer", "own.pub", "--key", "pseudonym"]);
    bench.ok(&["link", "shared.expb", "--same-signer", "pseudonym.pub", "--key", "own"]);
    assert_eq!(bench.ok(&["log", "shared.expb"]).matches("is mine too").count(), 2);
    // Without salts it is warned; a typing error shares nothing.
    bench.ok(&["convert", "wandb", folder.to_str().expect("UTF-8"), "-o", "plain.expb"]);
    let output = bench.output(&["withhold", "plain.expb", "--section", "identity", "-o", "guess.expb"]);
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("section.unblinded"));
    bench.fails(2, "cli.usage", &["withhold", "run.expb", "--section", "identiti", "-o", "x.expb"]);
    assert!(!bench.path("x.expb").exists());
}

/// Every text in a value, but salts.
fn texts(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) => into.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, into)),
        Value::Object(members) => {
            members.iter().filter(|(name, _)| *name != "salt").for_each(|(_, member)| texts(member, into));
        }
        _ => {}
    }
}

#[test]
fn costs_and_repetitions_of_a_family() {
    let bench = Bench::new();
    let cost = |amount: &str, basis: &str| {
        format!(
            "{{\"charges\": [{{\"amount\": \"{amount}\", \"basis\": \"{basis}\", \"currency\": \"EUR\"}}],
              \"resources\": [{{\"amount\": 2.5, \"basis\": \"measured\", \"resource\": \"accelerator\", \"unit\": \"h\"}}]}}"
        )
    };
    std::fs::write(bench.path("recipe.json"), "{\"parameters\": {\"lr\": 0.1, \"seed\": 1}}").expect("room");
    std::fs::write(bench.path("other.json"), "{\"parameters\": {\"lr\": 0.1, \"seed\": 2}}").expect("room");
    std::fs::write(bench.path("w1"), b"one").expect("room");
    std::fs::write(bench.path("w2"), b"two").expect("room");
    std::fs::write(bench.path("a.json"), cost("10.10", "billed")).expect("room");
    std::fs::write(bench.path("b.json"), cost("0.20", "billed")).expect("room");
    std::fs::write(bench.path("c.json"), cost("99", "estimated")).expect("room");
    let create = |title: &str, more: &[&str]| {
        bench.ok(&[&["create", "--title", title], more, &["-o", &format!("{title}.expb")]].concat());
    };
    create("base", &["--section", "cost=a.json", "--section", "recipe=recipe.json", "--output", "w1"]);
    create("left", &["--section", "cost=b.json", "--section", "recipe=other.json", "--input", "w1", "--output", "w2"]);
    create("right", &["--section", "cost=c.json", "--section", "recipe=recipe.json", "--input", "w1"]);
    create("last", &["--input", "w2", "--derive-from", "right.expb", "--relation", "merged-from"]);
    bench.ok(&["merge", "base.expb", "left.expb", "right.expb", "last.expb", "-o", "all.expb"]);
    let report = json(&bench.ok(&["lineage", "all.expb", "--cost", "--duplicates", "--json"]));
    valid("lineage", &report);
    // The base is an ancestor twice and counts once; what is billed and what is estimated stay
    // apart.
    let charges = report["cost"]["charges"].as_array().expect("charges");
    let charges: Vec<_> = charges.iter().map(|one| (one["basis"].as_str(), one["amount"].as_str())).collect();
    assert_eq!(charges, [(Some("estimated"), Some("99")), (Some("billed"), Some("10.30"))]);
    assert_eq!(report["cost"]["resources"][0]["amount"], 7.5);
    assert_eq!(report["cost"]["unknown"].as_array().map(Vec::len), Some(1));
    // `left` and `right` took in the same; they differ in the seed alone.
    let duplicates = report["duplicates"].as_array().expect("groups");
    assert_eq!(duplicates.len(), 1, "{report}");
    assert_eq!(duplicates[0]["sameSeeds"], false);
    let words = bench.ok(&["lineage", "all.expb", "--cost"]);
    assert!(words.contains("10.30 EUR") && words.contains("states no cost"), "{words}");
    assert!(bench.ok(&["lineage", "all.expb", "--duplicates"]).contains("except for the seeds"));
}

#[test]
fn licences_that_hardly_go_together_are_said() {
    let bench = Bench::new();
    std::fs::write(bench.path("w1"), b"one").expect("room");
    std::fs::write(bench.path("w2"), b"two").expect("room");
    let artifacts = |file: &str, licence: &str| {
        bench.ok(&["create", "--title", "t", "--output", file, "-o", "t.expb", "--force"]);
        let shown = json(&bench.ok(&["show", "t.expb", "artifacts", "--json"]));
        let mut section =
            if shown["artifacts"].is_array() { shown } else { shown["sections"]["artifacts.json"].clone() };
        section["artifacts"][0]["licence"] = licence.into();
        std::fs::write(bench.path("artifacts.json"), section.to_string()).expect("room");
    };
    artifacts("w1", "cc-by-nc-4.0");
    bench.ok(&[
        "create",
        "--title",
        "base",
        "--section",
        "artifacts=artifacts.json",
        "--output",
        "w1",
        "-o",
        "base.expb",
    ]);
    artifacts("w2", "mit");
    let tuned =
        ["create", "--title", "tuned", "--section", "artifacts=artifacts.json", "--input", "w1", "--output", "w2"];
    bench.ok(&[&tuned[..], &["-o", "tuned.expb"]].concat());
    bench.ok(&["merge", "base.expb", "tuned.expb", "-o", "both.expb"]);
    let report = json(&bench.ok(&["verify", "both.expb", "--json"]));
    assert!(codes(&report).contains(&"lineage.licence-conflict"), "{report}");
    assert!(bench.ok(&["lineage", "both.expb"]).contains("cc-by-nc-4.0"));
    // Where the ancestor says nothing, that is said.
    bench.ok(&["create", "--title", "base", "--output", "w1", "-o", "silent.expb"]);
    bench.ok(&["merge", "silent.expb", "tuned.expb", "-o", "both.expb", "--force"]);
    let report = json(&bench.ok(&["verify", "both.expb", "--json"]));
    assert!(codes(&report).contains(&"lineage.licence-unknown"), "{report}");
}

#[test]
fn a_base_model_from_outside_has_a_place_in_the_tree() {
    let bench = Bench::new();
    let pointers = fixture("huggingface/digits-base-64-pointers");
    bench.ok(&["convert", "huggingface", &pointers, "-o", "origin.expb"]);
    bundle_is_valid(&bench, "origin.expb");
    // Whoever has the bytes joins the origin, of which only Git LFS pointers were at hand.
    let weights = format!("{}/model.safetensors", fixture("huggingface/digits-base-64"));
    std::fs::write(bench.path("tuned.bin"), b"tuned").expect("room");
    bench.ok(&["create", "--title", "tuned", "--input", &weights, "--output", "tuned.bin", "-o", "tuned.expb"]);
    let tree = bench.ok(&["lineage", "tuned.expb", "--with", "origin.expb"]);
    assert!(tree.contains("[proven by ") && tree.contains("digits-base-64"), "{tree}");
    let said = bench.ok(&["why", &weights, "--with", "origin.expb"]);
    assert!(said.contains("digits-base-64"), "{said}");
    // Twice changes nothing.
    let before = std::fs::read(bench.path("origin.expb")).expect("a bundle");
    bench.ok(&["convert", "huggingface", &pointers, "-o", "origin.expb"]);
    assert!(std::fs::read(bench.path("origin.expb")).expect("a bundle") == before);
    bench.fails(2, "cli.io", &["convert", "huggingface", "none"]);
    std::fs::create_dir(bench.path("empty")).expect("room");
    bench.fails(2, "cli.source", &["convert", "huggingface", "empty"]);
}

#[test]
fn a_run_that_takes_a_parents_folder_in_knows_what_is_in_it() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("base")).expect("room");
    std::fs::write(bench.path("base/model.safetensors"), vec![7; 5000]).expect("room");
    std::fs::write(bench.path("tuned.safetensors"), vec![8; 5000]).expect("room");
    bench.ok(&["create", "--title", "base", "--output", "model=base", "-o", "a.expb"]);
    let derive = ["create", "--title", "next", "--derive-from", "a.expb", "--relation", "fine-tuned-from"];
    bench.ok(&[&derive[..], &["--output", "tuned.safetensors", "-o", "n.expb"]].concat());
    let record = |name: &str| json(&bench.ok(&["show", name, "--json"]))["record"].clone();
    // Without the listing nobody could tell whether the output was in the folder.
    assert_eq!(record("n.expb")["outputs"][0]["passedOn"], false);
    assert_eq!(record("n.expb")["inputs"][0]["digest"], record("a.expb")["outputs"][0]["digest"]);
    let report = json(&bench.ok(&["verify", "n.expb", "--json"]));
    assert!(!codes(&report).contains(&"lineage.licence-withheld"), "{report}");
    bench.ok(&["merge", "a.expb", "n.expb", "-o", "both.expb"]);
    assert!(bench.ok(&["lineage", "both.expb"]).contains("[proven fine-tuned-from"));
}

#[test]
fn the_family_of_a_trackers_runs_is_shown_without_a_bundle() {
    let (bench, store) = (Bench::new(), fixture("mlflow/file-store"));
    bench.ok(&["convert", &store, "--all", "-o", "all.expb"]);
    for arguments in [&["--json"][..], &["--dot"], &["--cost"], &[]] {
        let of = |path: &str| bench.ok(&[&["lineage", path], arguments].concat());
        assert_eq!(of(&store), of("all.expb"), "{arguments:?}");
    }
}
