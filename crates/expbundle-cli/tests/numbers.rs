//! Numbers of a tracker of one's own: tables, parameters, final values and notes given to `create`.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::support::{Bench, bundle_is_valid, fixture, json, root};

const WIDE: &str = "step,_timestamp,train/loss,val/loss,host\n\
    0,1795427696.02,0.71,,gpu-7\n\
    1,1795427697.02,0.52,n/a,gpu-7\n\
    2,1795427698.02,NaN,0.6,gpu-7\n";

fn write(bench: &Bench, name: &str, text: &str) {
    std::fs::write(bench.path(name), text).expect("room");
}

#[test]
fn a_wide_table_becomes_series_and_what_was_guessed_is_said() {
    let bench = Bench::new();
    write(&bench, "points.csv", WIDE);
    let said = bench.said(&["create", "--title", "t", "--metrics", "points.csv", "-o", "run.expb"]);
    assert_eq!(
        said,
        "read 4 points in 3 rows of points.csv\n  \
         form: wide, a column for each metric\n  \
         2 metrics: \"train/loss\", \"val/loss\"\n  \
         step: column \"step\"\n  \
         time: column \"_timestamp\", in seconds since 1970, since the first number is below 10^11; line 2 is 2026-11-23T09:54:56.02Z\n  \
         passed over: 1 column without any number: \"host\"\n  \
         left out: 1 cell of \"val/loss\", not a number (line 3)\n  \
         left out: 3 cells of \"host\", not numbers (lines 2, 3, 4)\n\
         written run.expb\n"
    );
    assert_eq!(
        bench.ok(&["extract", "run.expb", "--csv"]).replace('\r', ""),
        "key,step,time,value,text\n\
         train/loss,0,2026-11-23T09:54:56.02Z,0.71,\n\
         train/loss,1,2026-11-23T09:54:57.02Z,0.52,\n\
         train/loss,2,2026-11-23T09:54:58.02Z,NaN,\n\
         val/loss,2,2026-11-23T09:54:58.02Z,0.6,\n"
    );
    let summary = &json(&bench.ok(&["show", "run.expb", "--json"]))["sections"]["summary.json"];
    assert_eq!(summary["series"]["train/loss"]["last"], "NaN");
    bundle_is_valid(&bench, "run.expb");
    // Nobody looks at a clock, and the columns may be named.
    bench.ok(&["create", "--title", "t", "--metrics", "points.csv", "-o", "again.expb"]);
    let [one, two] = ["run.expb", "again.expb"].map(|name| std::fs::read(bench.path(name)).expect("a bundle"));
    assert!(one == two);
    let chosen = ["--step-column", "_timestamp", "--time-column", "step"];
    let (_, stderr) = bench.fails(
        2,
        "cli.source",
        &[&["create", "--title", "t", "--metrics", "points.csv", "-o", "x.expb"], &chosen[..]].concat(),
    );
    assert!(
        stderr.contains("left out: 3 rows without a whole number as step of \"_timestamp\" (lines 2, 3, 4)"),
        "{stderr}"
    );
}

#[test]
fn parameters_notes_and_final_values_keep_their_types() {
    let bench = Bench::new();
    write(&bench, "points.jsonl", "{\"epoch\": 1, \"loss\": 0.5}\n{\"epoch\": 2, \"loss\": Infinity}\n");
    write(&bench, "system.csv", "time,gpu/0\n2026-11-28T03:00:00+01:00,0.97\n");
    write(&bench, "context.json", "{\"title\": \"from a file\", \"notes\": \"first\"}");
    let said = bench.said(&[
        "create",
        "--section",
        "context=context.json",
        "--metrics",
        "points.jsonl",
        "--telemetry",
        "system.csv",
        "--param",
        "lr=1e-4",
        "--param",
        "optimizer=adam",
        "--param",
        "layers=[64, 32]",
        "--param",
        "amp=true",
        "--param",
        "run=007",
        "--param",
        "eq=a=b",
        "--metric",
        "test/accuracy=0.93",
        "--note",
        "second",
        "-o",
        "run.expb",
    ]);
    assert!(said.contains("  step: column \"epoch\", since there is no step\n"), "{said}");
    let sections = &json(&bench.ok(&["show", "run.expb", "--json"]))["sections"];
    assert_eq!(sections["context.json"]["notes"], "first\n\nsecond");
    assert_eq!(
        sections["recipe.json"]["parameters"],
        json(r#"{"lr": 0.0001, "optimizer": "adam", "layers": [64, 32], "amp": true, "run": "007", "eq": "a=b"}"#)
    );
    assert_eq!(sections["summary.json"]["series"]["test/accuracy"]["last"], 0.93);
    assert_eq!(
        bench.ok(&["extract", "run.expb", "--csv", "--telemetry"]).replace('\r', ""),
        "key,step,time,value,text\ngpu/0,,2026-11-28T02:00:00Z,0.97,\n"
    );
    bundle_is_valid(&bench, "run.expb");
}

#[test]
fn what_cannot_be_told_is_refused_with_the_next_step() {
    let bench = Bench::new();
    write(&bench, "points.csv", WIDE);
    write(&bench, "tabs.csv", "step\tloss\n1\t2\n");
    write(&bench, "empty.csv", "step,loss\n");
    let refused = |code: &str, more: &[&str], words: &str| {
        let (_, stderr) = bench.fails(2, code, &[&["create", "--title", "t", "-o", "x.expb"], more].concat());
        assert!(stderr.contains(words) && stderr.contains("help: "), "{more:?}: {stderr}");
        assert!(!bench.path("x.expb").exists());
    };
    refused("cli.io", &["--metrics", "nothing.csv"], "--> nothing.csv");
    refused("cli.io", &["--metrics", "."], "a file, not a folder");
    refused("cli.source", &["--metrics", "tabs.csv"], "separated by tabs");
    refused("cli.source", &["--metrics", "empty.csv"], "no point was found");
    refused("cli.source", &["--metrics", "points.csv", "--step-column", "n"], "the columns are: \"step\"");
    refused("cli.usage", &["--step-column", "n"], "`--step-column` needs a table");
    refused("cli.usage", &["--param", "a=1", "--param", "a=2"], "given twice");
    refused("cli.usage", &["--metric", "a=1", "--metric", "a=2"], "the metric \"a\" is given twice");
    refused("cli.usage", &["--metrics", "points.csv", "--metric", "train/loss=1"], "give the value once");
    refused("source.secret", &["--param", "token=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"], "recipe.json");
    for wrong in ["lr", "=1"] {
        assert_eq!(bench.output(&["create", "--title", "t", "-o", "x.expb", "--param", wrong]).status.code(), Some(2));
    }
}

/// The history of one run as the service exports it: three formats, one section.
#[test]
fn an_exported_history_says_the_same_in_every_format() {
    let bench = Bench::new();
    let mut all = Vec::new();
    for (name, file) in [("c", "history.csv"), ("j", "scan_history.jsonl"), ("p", "history.parquet")] {
        let (bundle, file) = (format!("{name}.expb"), fixture(&format!("wandb/api-export/{file}")));
        bench.ok(&["create", "--title", "t", "--metrics", &file, "-o", &bundle]);
        all.push(bench.ok(&["extract", &bundle, "--csv"]));
    }
    assert!(all[0].lines().count() > 100, "{}", all[0]);
    assert_eq!(all[0], all[1]);
    assert_eq!(all[0], all[2]);
}

/// All bundles of a folder.
fn bundles(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        if path.is_dir() {
            found.extend(bundles(&path));
        } else if path.extension().is_some_and(|end| end == "expb") {
            found.push(path);
        }
    }
    found
}

/// What `extract` writes, `create` takes back to the same bytes: of every run of the fixtures.
#[test]
fn what_extract_writes_is_taken_back_to_the_same_bytes() {
    let bench = Bench::new();
    for tracker in ["mlflow", "wandb", "clearml"] {
        let folder = root().join("fixtures").join(tracker);
        for (number, path) in std::fs::read_dir(&folder).expect("fixtures").enumerate() {
            let path = path.expect("an entry").path();
            if path.is_dir() {
                let out = format!("{tracker}-{number}");
                bench.output(&["convert", tracker, path.to_str().expect("UTF-8"), "--all", "-o", &out]);
            }
        }
    }
    let mut seen = HashSet::new();
    for path in bundles(bench.folder.path()) {
        let path = path.to_str().expect("UTF-8");
        let report = json(&bench.ok(&["verify", path, "--json"]));
        for record in report["records"].as_array().expect("a list") {
            let id = record["id"].as_str().expect("an id");
            for (which, flag) in [("--metrics", None), ("--telemetry", Some("--telemetry"))] {
                let extract = |bundle: &str, form: &str, out: &str, more: &[&str]| {
                    let arguments = ["extract", bundle, form, "-o", out, "--force"];
                    bench.output(&[&arguments, more, flag.as_slice()].concat()).status.success()
                };
                if !extract(path, "--parquet", "a.parquet", &["--record", id]) {
                    continue;
                }
                let section = std::fs::read(bench.path("a.parquet")).expect("a section");
                // The same run is there as its folder, its log and its export.
                if !seen.insert(section.clone()) {
                    continue;
                }
                assert!(extract(path, "--csv", "a.csv", &["--record", id]));
                for table in ["a.csv", "a.parquet"] {
                    bench.ok(&["create", "--title", "t", which, table, "-o", "b.expb", "--force"]);
                    assert!(extract("b.expb", "--parquet", "b.parquet", &[]));
                    let again = std::fs::read(bench.path("b.parquet")).expect("a section");
                    assert!(again == section, "{path} {id} {which} {table}");
                }
            }
        }
    }
    assert!(seen.len() > 20, "{}", seen.len());
}

/// The Parquet library panics at some of these; what is said is an error of ours.
#[test]
fn damaged_parquet_is_refused_in_words() {
    let bench = Bench::new();
    let whole = std::fs::read(fixture("wandb/api-export/history.parquet")).expect("a fixture");
    for position in (0..whole.len()).step_by(61) {
        let mut damaged = whole.clone();
        damaged[position] ^= 0xff;
        std::fs::write(bench.path("a.parquet"), damaged).expect("room");
        let output = bench.output(&["create", "--title", "t", "--metrics", "a.parquet", "-o", "b.expb", "--force"]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("panicked"), "byte {position}: {said}");
        assert!(output.status.success() || said.starts_with("error[cli."), "byte {position}: {said}");
    }
}

#[test]
fn keys_may_be_called_otherwise_and_texts_and_lists_are_told() {
    let bench = Bench::new();
    write(&bench, "long.csv", "metric, step, value\nloss,0,0.5\nacc,0,0.9\nacc,1,n/a\nacc,2,1e400\n");
    let said = bench.said(&["create", "--title", "t", "--metrics", "long.csv", "-o", "long.expb"]);
    assert!(
        said.contains("form: long") && said.contains("kept as text: 1 cell of \"value\", not a number (line 4)"),
        "{said}"
    );
    assert_eq!(
        bench.ok(&["extract", "long.expb", "--csv"]).replace('\r', ""),
        "key,step,time,value,text\nacc,0,,0.9,\nacc,1,,,n/a\nacc,2,,Infinity,1e400\nloss,0,,0.5,\n"
    );
    // With numbers in it, such a column is a metric like any other.
    write(&bench, "wide.csv", "name,step,value\n1,0,0.5\n2,1,0.9\n");
    assert!(bench.said(&["create", "--title", "t", "--metrics", "wide.csv", "-o", "w.expb"]).contains("form: wide"));
    write(&bench, "rows.jsonl", "{\"step\":0,\"loss\":0.5,\"val\":{\"acc\":0.9}}\n");
    let said = bench.said(&["create", "--title", "t", "--metrics", "rows.jsonl", "-o", "rows.expb"]);
    assert!(said.contains("left out: 1 cell of \"val\": an object (line 1)"), "{said}");
}

/// A key in PEM, a row for each of its lines.
#[test]
fn a_key_in_the_rows_of_a_table_is_refused() {
    let bench = Bench::new();
    let line = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj";
    let mut rows = String::from("key,step,text\n");
    let lines = [vec!["-----BEGIN PRIVATE KEY-----"], vec![line; 24], vec!["-----END PRIVATE KEY-----"]].concat();
    for (step, line) in lines.iter().enumerate() {
        rows += &format!("log,{step},{line}\n");
    }
    write(&bench, "log.csv", &rows);
    for option in ["--metrics", "--telemetry"] {
        let (_, said) =
            bench.fails(2, "source.secret", &["create", "--title", "t", option, "log.csv", "-o", "log.expb"]);
        assert!(said.contains("private-key"), "{said}");
    }
}

#[test]
fn nothing_of_a_section_by_hand_is_lost() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("s")).expect("room");
    for (section, members) in [
        (r#"{"title":"t","autor":"me","groups":[{"kind":"k","name":"n","nmae":"x"}]}"#, "autor, groups[0].nmae"),
        (r#"{"title":"t","note":null,"tags":[]}"#, ""),
    ] {
        write(&bench, "s/context.json", section);
        let output = bench.output(&["create", "--from", "s", "-o", "s.expb", "--force"]);
        let said = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(output.status.code(), Some(if members.is_empty() { 0 } else { 2 }), "{said}");
        assert!(
            members.is_empty() || said.contains(&format!("members that the format does not have: {members}")),
            "{said}"
        );
    }
}

/// An index that pandas wrote without a name is not a metric, unless somebody says what it is.
#[test]
fn an_unnamed_index_of_pandas_is_passed_over() {
    let bench = Bench::new();
    for name in ["", "Unnamed: 0", "__index_level_0__"] {
        write(&bench, "t.csv", &format!("{name},loss\n0,0.5\n1,0.4\n"));
        let said = bench.said(&["create", "--title", "t", "--metrics", "t.csv", "-o", "t.expb", "--force"]);
        assert!(said.contains("1 metric: \"loss\"") && said.contains("passed over: 1 column without a name"), "{said}");
    }
    let steps = ["--step-column", "__index_level_0__"];
    let said = bench
        .said(&[&["create", "--title", "t", "--metrics", "t.csv", "-o", "t.expb", "--force"], &steps[..]].concat());
    assert!(said.contains("step: column \"__index_level_0__\"") && !said.contains("passed over"), "{said}");
}

/// A word that the format does not have is most often misspelled.
#[test]
fn unknown_relations_and_roles_are_refused_and_sections_noted() {
    let bench = Bench::with_bundle();
    let create = |more: &[&str]| bench.said(&[&["create", "--title", "t", "-o", "t.expb", "--force"], more].concat());
    let relation = |relation: &str| create(&["--derive-from", "a.expb", "--relation", relation]);
    let unknown = ["--derive-from", "a.expb", "--relation", "finetuned-from"];
    let refused = |more: &[&str]| {
        bench.fails(2, "cli.usage", &[&["create", "--title", "t", "-o", "t.expb", "--force"], more].concat()).1
    };
    assert!(refused(&unknown).contains("`finetuned-from` is not a relation"));
    assert!(!relation("fine-tuned-from").contains("is not a relation"));
    assert!(refused(&["--input", "modle=a.expb"]).contains("unknown artifact role `modle`; use one of "));
    write(&bench, "recipe.json", "{}");
    assert!(create(&["--section", "recipie.json=recipe.json"]).contains("note: \"recipie.json\" is not a section"));
    assert!(!create(&["--section", "recipe.json=recipe.json"]).contains("is not a section"));
    std::fs::create_dir(bench.path("sections")).expect("room");
    write(&bench, "sections/record.json", "{}");
    let (_, stderr) = bench.fails(2, "cli.usage", &["create", "--title", "t", "--from", "sections", "-o", "x.expb"]);
    assert!(stderr.contains("`create` writes it anew"), "{stderr}");
}

/// A point that was measured once on a data set stands where the data set is named.
#[test]
fn an_evaluation_is_not_shown_twice() {
    let bench = Bench::new();
    write(&bench, "points.csv", "key,step,value\nacc,0,0.9\nacc/val,0,0.7\nloss,0,1\nloss,1,0.5\n");
    write(
        &bench,
        "evaluations.json",
        r#"{"evaluations":[{"metric":"acc","value":0.9,"dataset":"digits","split":"test","step":0},
            {"metric":"acc/val","value":0.8,"dataset":"digits","split":"test","step":0}]}"#,
    );
    let evaluations = "evaluations.json=evaluations.json";
    bench.ok(&["create", "--title", "t", "--metrics", "points.csv", "--section", evaluations, "-o", "run.expb"]);
    let shown = bench.ok(&["show", "run.expb"]);
    let (_, results) = shown.split_once("Metrics\n").expect("metrics");
    let (results, _) = results.split_once("\n\nRecord").expect("the end");
    let rows: Vec<&str> = results.lines().filter_map(|line| line.split_whitespace().next()).collect();
    // Another value of the same name is another measurement.
    assert_eq!(rows, ["KEY", "acc/val", "loss", "1", "Evaluations", "acc", "acc/val"], "{shown}");
}
