//! Public fault reports about trackers' files, model folders and signers files: each input in
//! `fixtures/reports` gives the right answer, and what is wrong in it takes nothing else with it.

use std::fs;
use std::path::Path;

use crate::support::{Bench, root};
use serde_json::{Value, json};

/// A bench with the input of a report in it.
fn bench(report: &str) -> Bench {
    let bench = Bench::new();
    copy(&root().join("fixtures/reports").join(report), bench.folder.path());
    bench
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("room");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).expect("room");
        }
    }
}

/// A conversion: what was said, and sections of the bundle.
struct Made {
    bench: Bench,
    name: String,
    said: String,
}

impl Made {
    #[track_caller]
    fn convert(report: &str, tool: &str, path: &str, more: &[&str]) -> Self {
        let bench = bench(report);
        let mut arguments = vec!["convert", tool, path, "-o", "made.expb"];
        arguments.extend(more);
        let said = bench.said(&arguments);
        Self { bench, name: "made.expb".to_owned(), said }
    }

    #[track_caller]
    fn section(&self, name: &str) -> Value {
        let text = self.bench.ok(&["extract", &self.name, "--section", name]);
        serde_json::from_str(&text).expect("JSON")
    }

    /// Total, mapped, raw and dropped of a kind of item.
    #[track_caller]
    fn line(&self, kind: &str) -> [u64; 4] {
        let line = &self.section("source")["account"]["items"][kind];
        let of = |name: &str| line[name].as_u64().unwrap_or(0);
        let dropped = line["dropped"]
            .as_array()
            .map_or(0, |reasons| reasons.iter().filter_map(|reason| reason["count"].as_u64()).sum());
        [of("total"), of("mapped"), of("raw"), dropped]
    }

    #[track_caller]
    fn says(&self, texts: &[&str]) {
        for text in texts {
            assert!(self.said.contains(text), "{text}: {}", self.said);
        }
    }

    fn names_of_inputs(&self) -> Vec<String> {
        let artifacts = self.section("artifacts");
        let inputs = artifacts["artifacts"].as_array().into_iter().flatten().filter(|one| one["direction"] == "input");
        inputs.filter_map(|one| one["name"].as_str().map(str::to_owned)).collect()
    }
}

/// Key, name and status of the runs of a source, and what was said of it.
#[track_caller]
fn list(bench: &Bench, tool: &str, path: &str) -> (Vec<(String, String, String)>, String) {
    let output = bench.output(&["convert", tool, path, "--list", "--json"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let runs: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"));
    let text = |run: &Value, member: &str| run[member].as_str().unwrap_or_default().to_owned();
    let runs = runs.as_array().expect("a list").iter();
    (runs.map(|run| (text(run, "key"), text(run, "name"), text(run, "status"))).collect(), said)
}

fn ends(runs: &[(String, String, String)]) -> Vec<&str> {
    runs.iter().map(|(key, ..)| key.get(key.len() - 2..).unwrap_or(key)).collect()
}

#[test]
fn csv_large_integers() {
    let made = Made::convert("csv-large-integers", "wandb", ".", &[]);
    let csv = made.bench.ok(&["extract", "made.expb", "--csv"]);
    let values: Vec<&str> = csv.lines().skip(1).filter_map(|line| line.split(',').nth(3)).collect();
    assert_eq!(values, ["4611686018427387904", "4611686018427387904", "1e308"]);
    assert!(csv.contains(",4611686018427387905\r\n"), "the exact integer stands beside the float: {csv}");
}

#[test]
fn gitattributes_matched_but_not_lfs() {
    for case in ["g10", "g24", "g28", "g29"] {
        let bench = bench("gitattributes-matched-but-not-lfs");
        fs::create_dir(bench.path("model")).expect("room");
        fs::rename(bench.path(&format!("gitattributes/{case}")), bench.path("model/.gitattributes")).expect("room");
        let before = fs::read_to_string(bench.path("model/.gitattributes")).expect("text");
        fs::write(bench.path("model/model.safetensors"), b"weights of a model").expect("room");
        bench.ok(&["keygen", "-o", "key"]);
        bench.said(&["convert", "huggingface", "model", "-o", "run.expb"]);
        bench.said(&["attach", "model", "run.expb", "--keep-card", "-y", "--key", "key"]);
        let after = fs::read_to_string(bench.path("model/.gitattributes")).expect("text");
        // `*.expb binary` says that git is to leave the bundle alone, which is enough below 10 MiB.
        assert_eq!(after.ends_with("experiment.expb filter=lfs diff=lfs merge=lfs -text\n"), case != "g24", "{after}");
        assert!(after.starts_with(&before));
    }
}

#[test]
fn hf_base_model_counted_but_absent() {
    for (folder, inputs, raw) in [
        ("mapping", json!([]), json!({"name": "team-a/base", "revision": "abc"})),
        ("number", json!([]), json!(5)),
        ("true", json!([]), json!(true)),
        ("list-in-list", json!([]), json!([["a/b"]])),
        ("empty", json!([]), json!([])),
        ("list-of-mixed", json!(["team/one"]), json!(["team/one", null, {"name": "x"}, 5])),
    ] {
        let made = Made::convert("hf-base-model-counted-but-absent", "huggingface", folder, &[]);
        assert_eq!(json!(made.names_of_inputs()), inputs, "{folder}");
        assert_eq!(made.section("source")["raw"]["card field"]["base_model"], raw, "{folder}");
        assert_eq!(made.said.contains("names a base model"), folder == "list-of-mixed", "{folder}");
    }
    let made = Made::convert("hf-base-model-counted-but-absent", "huggingface", "model-index-text", &[]);
    assert_eq!(made.section("source")["raw"]["card field"]["model-index"], "foo");
}

#[test]
fn hf_card_nan_result() {
    for (folder, value) in [("nan", ".nan"), ("inf", ".inf")] {
        let made = Made::convert("hf-card-nan-result", "huggingface", folder, &[]);
        let evaluations = made.section("evaluations");
        assert_eq!(evaluations["evaluations"][0]["judgement"], value);
        assert_eq!(made.names_of_inputs(), ["team-a/base"]);
        assert_eq!(made.line("card field")[0], 3);
        made.bench.ok(&["keygen", "-o", "key"]);
        made.bench.said(&["attach", folder, "made.expb", "--key", "key", "--yes"]);
        let card = fs::read_to_string(made.bench.path(&format!("{folder}/README.md"))).expect("text");
        assert!(card.contains(value), "{card}");
    }
}

#[test]
fn hf_card_not_utf8_silent() {
    let made = Made::convert("hf-card-not-utf8-silent", "huggingface", "latin1", &[]);
    made.says(&["source.damaged", "not UTF-8", "README.md"]);
    let made = Made::convert("hf-card-not-utf8-silent", "huggingface", "utf16", &[]);
    assert!(!made.said.contains("source.damaged"), "{}", made.said);
    assert_eq!(made.section("context")["title"], "a model");
    assert_eq!(made.line("card field"), [1, 1, 0, 0]);
}

#[test]
fn hf_config_infinity() {
    for folder in ["infinity", "nan"] {
        let made = Made::convert("hf-config-infinity", "huggingface", folder, &[]);
        assert_eq!(made.line("configuration"), [1, 0, 1, 0], "{folder}");
        assert!(!made.said.contains("source.damaged"), "{}", made.said);
    }
    let made = Made::convert("hf-config-infinity", "huggingface", "adapter", &[]);
    assert_eq!(made.names_of_inputs(), ["team/base"]);
}

#[test]
fn json_with_bom() {
    let bench = bench("json-with-bom");
    assert_eq!(list(&bench, "mlflow", "mlflow-export").0.len(), 1);
    let (runs, said) = list(&bench, "wandb", "wandb-api");
    assert_eq!((runs.len(), said.as_str()), (1, ""));
    assert_ne!(runs[0].0, "scan_history", "the run has its id");
    let made = Made::convert("json-with-bom", "huggingface", "hf-config", &[]);
    assert_eq!(made.line("configuration"), [1, 0, 1, 0]);
    let made = Made::convert("json-with-bom", "wandb", "wandb-api", &[]);
    assert!(!made.said.contains("source.damaged"), "{}", made.said);
}

#[test]
fn lfs_pointer_crlf() {
    for folder in ["crlf", "first-line-crlf", "conflict"] {
        let made = Made::convert("lfs-pointer-crlf", "huggingface", folder, &[]);
        made.says(&["source.damaged", "Git LFS pointer", "model.safetensors"]);
        let artifacts = made.section("artifacts");
        let model = &artifacts["artifacts"][0];
        assert_eq!((&model["role"], &model["digest"]), (&json!("model"), &Value::Null), "{folder}");
    }
}

#[test]
fn mlflow_empty_meta_means_running() {
    let bench = bench("mlflow-empty-meta-means-running");
    let (runs, said) = list(&bench, "mlflow", "mlruns");
    let statuses: Vec<&str> = runs.iter().map(|(.., status)| status.as_str()).collect();
    assert_eq!(runs.len(), 10);
    assert_eq!(statuses.iter().filter(|status| **status == "finished").count(), 2, "{runs:?}");
    assert_eq!(statuses.iter().filter(|status| **status == "unknown").count(), 8, "{runs:?}");
    for (key, _, status) in &runs {
        assert_eq!(said.contains(&format!("{key}/meta.yaml")), status == "unknown", "{key}: {said}");
    }
    fs::write(bench.path("mlruns/1/meta.yaml"), "").expect("room");
    let (runs, said) = list(&bench, "mlflow", "mlruns");
    assert_eq!(runs.len(), 10);
    assert!(said.contains("--> 1/meta.yaml"), "{said}");
}

#[test]
fn mlflow_experiment_without_meta() {
    let bench = bench("mlflow-experiment-without-meta");
    let (runs, said) = list(&bench, "mlflow", "one-of-two/mlruns");
    assert_eq!(ends(&runs), ["e0", "e1", "e2"]);
    assert!(said.contains("source.missing") && said.contains("2/meta.yaml"), "{said}");
    for path in ["only-default-has-one/mlruns", "one-of-two/mlruns/2"] {
        let (runs, said) = list(&bench, "mlflow", path);
        assert_eq!(ends(&runs), ["e2"], "{path}");
        assert!(said.contains("meta.yaml"), "{path}: {said}");
    }
    let (runs, said) = list(&bench, "mlflow", "in-trash/mlruns");
    assert_eq!(ends(&runs), ["e1", "e2"]);
    assert!(said.contains(".trash/3/meta.yaml"), "{said}");
}

#[cfg(unix)]
#[test]
fn mlflow_experiment_that_is_a_link() {
    let bench = bench("mlflow-experiment-without-meta");
    fs::rename(bench.path("one-of-two/mlruns/2"), bench.path("elsewhere")).expect("room");
    std::os::unix::fs::symlink("../../elsewhere", bench.path("one-of-two/mlruns/5")).expect("a link");
    let (runs, said) = list(&bench, "mlflow", "one-of-two/mlruns");
    assert_eq!(ends(&runs), ["e0", "e1"]);
    assert!(said.contains("source.outside") && said.contains("--> 5"), "{said}");
}

#[test]
fn mlflow_export_old_layout() {
    let made = Made::convert("mlflow-export-old-layout", "mlflow", "2022", &[]);
    assert_eq!(made.line("metric point"), [2, 2, 0, 0]);
    assert_eq!((made.line("parameter")[1], made.line("tag")[0]), (1, 1));
    let made = Made::convert("mlflow-export-old-layout", "mlflow", "2020", &[]);
    let raw = &made.section("source")["raw"]["run field"];
    assert_eq!(raw["metrics without time"], json!({"loss": 0.25}));
}

#[test]
fn mlflow_export_one_bad_value() {
    let made = Made::convert("mlflow-export-one-bad-value", "mlflow", "null-value", &[]);
    assert_eq!(made.line("metric point"), [5, 4, 0, 1]);
    assert_eq!(made.line("tag")[0], 2);
    assert_eq!(made.section("source")["raw"]["run field"]["metrics without time"], json!({"plain": 0.7}));
    made.says(&["source.damaged", "metrics/loss"]);
    let made = Made::convert("mlflow-export-one-bad-value", "mlflow", "step-too-large", &[]);
    assert_eq!(made.line("metric point"), [3, 2, 0, 1]);
    assert_eq!(made.line("tag")[0], 2);
}

#[test]
fn mlflow_moved_run() {
    let run = "0123456789abcdef0123456789abcde0";
    let made = Made::convert("mlflow-moved-run", "mlflow", "mlruns", &["--run", run]);
    made.says(&["source.damaged", "the folder says experiment `2`, its meta.yaml says `1`"]);
    assert_eq!(made.section("source")["raw"]["run field"]["experiment_id"], "1");
}

#[test]
fn mlflow_unreadable_items_not_in_the_account() {
    let report = "mlflow-unreadable-items-not-in-the-account";
    let run = |end: &str| format!("0123456789abcdef0123456789abcd{end}");
    let of = |end: &str| Made::convert(report, "mlflow", "not-utf8/mlruns", &["--run", &run(end)]);
    let made = of("e0");
    assert_eq!((made.line("parameter"), made.line("tag")), ([2, 1, 0, 1], [2, 0, 0, 2]));
    let made = of("e1");
    made.says(&["not UTF-8", "meta.yaml"]);
    let text = made.bench.ok(&["show", "made.expb", "--json"]);
    assert!(text.contains("\"finished\"") && text.contains("2023-11-14T22:13:20"), "{text}");
    let made = of("e2");
    assert_eq!((made.line("parameter")[3], made.line("metric point")[3] > 0), (1, true));
    assert_eq!(of("e3").line("metric point"), [1, 1, 0, 0]);
    let made = Made::convert(report, "mlflow", "malformed-metrics/mlruns", &["--run", &run("e0")]);
    assert_eq!(made.line("metric point"), [6, 4, 0, 2]);
    made.says(&["metrics/empty", "metrics/one-field", "metrics/nuls"]);
    assert!(!made.said.contains("metrics/trail"), "{}", made.said);
}

#[test]
fn safetensors_index_names_a_missing_shard() {
    let made = Made::convert("safetensors-index-names-a-missing-shard", "huggingface", "missing", &[]);
    made.says(&["source.missing", "model-00002-of-00002.safetensors", "named by model.safetensors.index.json"]);
    assert!(!made.said.contains("--> model-00001-of-00002.safetensors"), "{}", made.said);
}

#[test]
fn signers_unquoted_option() {
    let bench = bench("signers-unquoted-option");
    let arguments = ["verify", "s/r.expb", "--trust", "s/a22-nsunquoted", "--at", "2026-01-01T00:00:00Z"];
    bench.fails(2, "trust.signers", &arguments);
}

/// Lines that make no key trusted are skipped, and named; the other lines of the file count.
#[test]
fn unclear_real_signers_files() {
    let bench = bench("unclear-real-signers-files");
    let said = |file: &str| {
        let output = bench.output(&["verify", "s/r.expb", "--trust", file, "--at", "2026-01-01T00:00:00Z"]);
        let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        format!("{stdout}{stderr}")
    };
    for (file, reason) in [
        ("s/a08-ca", "certificate authority"),
        ("s/a13-wild", "is a pattern"),
        ("s/a18-rsa", "ssh-rsa"),
        ("s/a27-sk", "sk-ssh-ed25519"),
    ] {
        let said = said(file);
        assert!(said.contains("1 line of") && said.contains(reason), "{file}: {said}");
    }
    for file in ["s/a28-dup", "s/a37-validboth"] {
        assert!(!said(file).contains("trust.signers"), "{file}");
    }
    assert!(said("s/a26-gpg").contains("trust.signers"), "a line that is none is refused");
}

/// Tools wrap keys at 64, 70 or 76 characters, or not at all.
#[test]
fn ssh_key_line_width() {
    let bench = bench("lfs-pointer-crlf");
    bench.ok(&["keygen", "-o", "key"]);
    bench.said(&["convert", "huggingface", "crlf", "-o", "made.expb"]);
    let key = fs::read_to_string(bench.path("key")).expect("a key");
    let lines: Vec<&str> = key.lines().collect();
    let [first, body @ .., last] = lines.as_slice() else { panic!("a key has three lines at least") };
    let body: Vec<char> = body.concat().chars().collect();
    for width in [64, 72, 76, 100_000] {
        let wrapped: Vec<String> = body.chunks(width).map(|line| line.iter().collect()).collect();
        let name = format!("w{width}");
        fs::write(bench.path(&name), format!("{first}\n{}\n{last}\n", wrapped.join("\n"))).expect("room");
        bench.ok(&["sign", "made.expb", "--key", &name, "-o", &format!("{name}.expb")]);
    }
}

#[test]
fn wandb_api_history_not_read() {
    for (folder, said) in [
        ("semicolons", "its cells are not separated by commas"),
        ("no-step-column", "no column `_step`"),
        ("json-array", "a history as one JSON array is not read"),
    ] {
        let made = Made::convert("wandb-api-history-not-read", "wandb", folder, &[]);
        made.says(&[said, "history."]);
        assert!(!made.said.contains("says the same"), "{}", made.said);
    }
}

#[test]
fn wandb_chart_run_names() {
    let bench = bench("wandb-chart-run-names");
    let (runs, _) = list(&bench, "wandb", ".");
    let names: Vec<&str> = runs.iter().map(|(_, name, _)| name.as_str()).collect();
    assert_eq!(names, ["my run", "other - run"]);
}

#[test]
fn wandb_first_bytes_damaged() {
    for (file, values, finished) in [
        ("big-header-zero.wandb", 657, "finished"),
        ("big-header-kept-block-zero.wandb", 657, "finished"),
        ("small-header-zero.wandb", 1, "finished"),
    ] {
        let made = Made::convert("wandb-first-bytes-damaged", "wandb", file, &[]);
        assert!(made.line("history value")[0] >= values, "{file}: {:?}", made.line("history value"));
        made.says(&["source.damaged"]);
        assert_eq!(list(&made.bench, "wandb", file).0[0].2, finished, "{file}");
    }
    let bench = bench("wandb-first-bytes-damaged");
    let log = fs::read(bench.path("big-header-kept-block-zero.wandb")).expect("a log");
    let whole_block = log.get(32_768..).expect("a second block");
    for (name, bytes, status) in [
        ("no-first-block.wandb", whole_block.to_vec(), "finished"),
        ("noise.wandb", vec![0x5a; 40_000], "unknown"),
        ("other-version.wandb", [&b":W&B\xe1\xbe\x09"[..], &log[7..]].concat(), "finished"),
    ] {
        fs::write(bench.path(name), bytes).expect("room");
        assert_eq!(list(&bench, "wandb", name).0[0].2, status, "{name}");
    }
}

#[test]
fn wandb_folders_passed_over() {
    let bench = bench("wandb-folders-passed-over");
    let (runs, said) = list(&bench, "wandb", "wandb");
    assert_eq!(runs.len(), 2, "{runs:?}");
    assert!(
        said.contains("offline-run-20231228_090000-bbbbbbbb") && said.contains("no log is in this folder"),
        "{said}"
    );
    let (runs, said) = list(&bench, "wandb", "legacy-0.8/wandb");
    assert_eq!(runs.len(), 0);
    assert!(said.contains("source.unsupported") && said.contains("dryrun-20190909_101010-abcd1234"), "{said}");
    let (_, said) = list(&bench, "wandb", "wandb/offline-run-20231228_090000-bbbbbbbb");
    assert!(said.contains("no log is in this folder"), "{said}");
}

#[test]
fn wandb_fork_not_declared() {
    let bench = bench("wandb-fork-not-declared");
    bench.said(&["convert", "wandb", "wandb", "--all", "-o", "out"]);
    let relation = |name: &str| {
        let record = bench.ok(&["show", &format!("out/{name}.expb"), "--json"]);
        record.split_once("\"relation\"").map(|(_, rest)| rest.chars().take(20).collect::<String>()).unwrap_or_default()
    };
    assert!(relation("offline-run-20231114_231320-fork0001").contains("forked-from"));
    assert!(relation("offline-run-20231115_001320-base0001").contains("resumed-from"));
    fs::remove_dir_all(bench.path("wandb/offline-run-20231114_221320-base0001")).expect("a folder");
    fs::remove_dir_all(bench.path("wandb/offline-run-20231115_001320-base0001")).expect("a folder");
    let said = bench.said(&["convert", "wandb", "wandb", "-o", "alone.expb"]);
    assert!(said.contains("source.missing") && said.contains("forked from `base0001`"), "{said}");
}

#[test]
fn yaml_line_separator() {
    let bench = bench("yaml-line-separator");
    let (runs, _) = list(&bench, "mlflow", "mlruns");
    assert_eq!(runs[0].1, "ls\u{2028}x");
}
