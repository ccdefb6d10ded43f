//! What cannot be recorded: each misuse ends in an error that says what is wrong, and none in a
//! bundle that a verifier refuses.

use camino::{Utf8Path, Utf8PathBuf};
use expbundle_run::format::sections::{Artifact, Context, Cost, Direction, Person};
use expbundle_run::table::{Columns, Table};
use expbundle_run::{Run, RunError};

fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
    let folder = tempfile::tempdir().expect("room");
    let path = Utf8Path::from_path(folder.path()).expect("UTF-8").to_owned();
    std::fs::write(path.join("weights.bin"), "weights").expect("room");
    (folder, path)
}

fn section(run: &mut Run, name: &str, bytes: impl Into<Vec<u8>>) -> Result<(), RunError> {
    run.file_section(&name.parse().expect("a name"), bytes.into())
}

fn message<T>(result: Result<T, RunError>) -> String {
    result.err().map(|error| error.to_string()).expect("an error")
}

#[test]
fn a_run_says_what_was_done() {
    assert_eq!(message(Run::new("  ").finish()), "the run has no title");
}

#[test]
fn a_run_ends_after_it_started() {
    let at = |text: &str| text.parse().expect("a time");
    let run = Run::new("run").started(at("2026-11-28T03:00:00Z")).ended(at("2026-11-28T02:00:00Z"));
    assert_eq!(message(run.finish()), "the run ended before it started");
}

#[test]
fn misspelt_roles_and_relations_are_not_lost() {
    let (_kept, folder) = folder();
    let wrong = message(Run::new("run").output("modle", folder.join("weights.bin")));
    assert!(
        wrong.starts_with("`modle` is not a role of artifacts: those of the format are model, checkpoint,"),
        "{wrong}"
    );
    let base = Run::new("base").finish().expect("a run");
    let record = base.only_record().expect("one");
    let wrong = message(Run::new("run").derived_from(&base, record, "fine-tuned-form"));
    assert!(wrong.starts_with("`fine-tuned-form` is not a relation"), "{wrong}");
    let other = Run::new("another").finish().expect("a run").only_record().expect("one");
    let absent = message(Run::new("run").derived_from(&base, other, "fine-tuned-from"));
    assert!(absent.ends_with("is not in the bundle of the parent"), "{absent}");
    let own = Run::new("run").derived_from(&base, record, "https://example.org/distilled-twice").expect("a URI");
    assert!(own.finish().is_ok());
}

#[test]
fn files_are_there_once_and_are_no_secrets() {
    let (_kept, folder) = folder();
    let weights = folder.join("weights.bin");
    let run = Run::new("run").output("model", &weights).expect("a file");
    assert!(message(run.output("model", &weights)).ends_with("is the same model as one that is there already"));
    assert!(matches!(Run::new("run").input("model", folder.join("nothing")), Err(RunError::File(_))));
    let key = folder.join("id_ed25519");
    std::fs::write(&key, "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU=\n").expect("room");
    assert!(message(Run::new("run").input("config", &key)).contains("is or holds a secret"));
}

#[test]
fn sections_are_as_the_format_has_them() {
    let mut run = Run::new("run");
    let wrong = message(section(&mut run, "cost.json", "[]"));
    assert!(wrong.starts_with("section `cost.json` is not as the format has it"), "{wrong}");
    assert!(message(section(&mut run, "context.json", r#"{"titel": 1}"#)).contains("context.json"));
    assert!(matches!(section(&mut run, "metrics.parquet", "not parquet"), Err(RunError::Parquet { .. })));
    assert!(matches!(section(&mut run, "own.json", "{\"a\": 1, \"a\": 2}"), Err(RunError::Section { .. })));
    assert!(matches!(section(&mut run, "own.json", "{\"a\": 9007199254740993}"), Err(RunError::Section { .. })));
    assert!(matches!(run.section(&Context::default()), Err(RunError::OwnSection(_))));
    run.section(&Cost::default()).expect("free");
    assert!(matches!(run.section(&Cost::default()), Err(RunError::Draft(_))));
    assert!(run.finish().is_ok());
}

#[test]
fn an_artifact_is_described_only_if_the_record_has_it() {
    let mut run = Run::new("run");
    let mut stray = Artifact::new(Direction::Output, "model".parse().expect("a word"));
    stray.digest = Some(expbundle_run::format::DigestSet::of(b"elsewhere").into());
    run.artifacts().artifacts.push(stray);
    // A tracker knows more files than a record lists: they are described, and prove nothing.
    let intact = run.finish().expect("allowed");
    assert_eq!(intact.records().values().next().map(|record| record.body().outputs.len()), Some(0));
}

#[test]
fn secrets_and_names_stay_out() {
    let token = "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";
    let wrong = message(Run::new("run").param("token", token).finish());
    assert!(wrong.starts_with("found what looks like a secret at: recipe.json") && !wrong.contains(token), "{wrong}");
    let mut run = Run::new("run").notes("by Ada Lovelace, in /home/lovelace/runs");
    run.identity().people.push(Person { name: "Ada Lovelace".to_owned(), ..Person::default() });
    let intact = run.finish().expect("a run");
    let context: Context = intact.json_section(intact.only_record().expect("one")).expect("there");
    let notes = context.notes.expect("there");
    assert!(!notes.contains("Ada") && !notes.contains("lovelace"), "{notes}");
}

#[test]
fn points_that_do_not_fit_are_errors() {
    let mut run = Run::new("run");
    assert!(matches!(run.point(&"k".repeat(5000), 0, 0.5), Err(RunError::Series(_))));
}

#[test]
fn a_final_value_stands_alone() {
    let mut run = Run::new("run");
    run.final_value("accuracy", 0.93).expect("room");
    assert_eq!(message(run.final_value("accuracy", 0.94)), "`accuracy` has a final value and other points besides");
    run.point("loss", 0, 0.5).expect("room");
    run.final_value("loss", 0.25).expect("room");
    assert_eq!(message(run.finish()), "`loss` has a final value and other points besides");
}

#[test]
fn a_table_is_a_section_or_an_error() {
    let (_kept, folder) = folder();
    std::fs::write(folder.join("points.csv"), "step,loss\n0,0.5\n1,0.25\n").expect("room");
    std::fs::write(folder.join("empty.csv"), "step,loss\n").expect("room");
    let table = |name: &str| Table::open(std::fs::File::open(folder.join(name)).expect("a file")).expect("a table");
    let mut run = Run::new("run");
    let reading = run.metrics_from(table("points.csv"), &Columns::default()).expect("points");
    assert_eq!((reading.points, reading.step.as_deref()), (2, Some("step")));
    std::fs::write(folder.join("system.csv"), "step,load\n0,0.5\n").expect("room");
    let reading = run.system_from(table("system.csv"), &Columns::default()).expect("points");
    assert_eq!(reading.metrics, ["load"]);
    let none = run.metrics_from(table("empty.csv"), &Columns::default());
    assert_eq!(message(none), "no point was found in 0 rows");
    let intact = run.finish().expect("a run");
    let sections: Vec<_> = intact.bundle().sections().map(|(_, name, _)| name.to_string()).collect();
    assert_eq!(sections, ["context.json", "metrics.parquet", "summary.json", "telemetry.parquet"]);
}

#[test]
fn a_blinded_run_has_a_salt_in_every_section() {
    let mut number = 0;
    let mut run = Run::new("run").param("lr", 0.1);
    run.point("loss", 0, 0.5).expect("room");
    let intact = run
        .finish_blinded(|| {
            number += 1;
            Ok([number; 32])
        })
        .expect("a run");
    assert!(intact.records().values().all(|record| record.body().blinded));
    assert_eq!(usize::from(number), intact.bundle().sections().count());
}

#[test]
fn artifacts_that_are_given_stand_beside_those_of_files() {
    let (_kept, folder) = folder();
    let mut run = Run::new("run").output("model", folder.join("weights.bin")).expect("a file");
    let elsewhere = r#"{"artifacts": [{"direction": "input", "role": "dataset", "name": "digits"}]}"#;
    section(&mut run, "artifacts.json", elsewhere).expect("a section");
    let names: Vec<_> = run.artifacts().artifacts.iter().filter_map(|artifact| artifact.name.clone()).collect();
    assert_eq!(names, ["digits", "weights.bin"]);
    assert!(run.finish().is_ok());
}
