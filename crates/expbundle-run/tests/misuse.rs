//! What cannot be recorded: each misuse ends in an error that says what is wrong, and none in a
//! bundle that a verifier refuses.

use camino::{Utf8Path, Utf8PathBuf};
use expbundle_run::format::Sha256;
use expbundle_run::sections::{
    Artifact, Artifacts, Basis, Charge, Code, Context, Cost, Direction, Environment, Event, Group, Person, Recipe,
    ResourceUse, Summary,
};
use expbundle_run::table::{Columns, Table};
use expbundle_run::{Intact, KnownFile, NotEmbedded, Param, Point, Run, RunError, Time};

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
    assert_eq!(message(Run::new("one\ntwo").finish()), "the title has several lines");
}

#[test]
fn a_run_ends_after_it_started() {
    let at = |text: &str| text.parse().expect("a time");
    let mut run = Run::new("run").started(at("2026-11-28T03:00:00Z")).ended(at("2026-11-28T02:00:00Z"));
    assert_eq!(message(run.finish()), "the run ended before it started");
    // Nothing is lost by that.
    run.end(None, Some(at("2026-11-28T04:00:00Z")));
    assert!(run.finish().is_ok());
}

#[test]
fn misspelt_roles_and_relations_are_not_lost() {
    let (_kept, folder) = folder();
    let wrong = message(Run::new("run").output("modle", folder.join("weights.bin")));
    assert!(wrong.starts_with("unknown artifact role `modle`; use one of model, checkpoint,"), "{wrong}");
    let base = Run::new("base").finish().expect("a run");
    let record = base.only_record().expect("one");
    let wrong = message(Run::new("run").derived_from(&base, record, "fine-tuned-form"));
    assert!(wrong.starts_with("`fine-tuned-form` is not a relation"), "{wrong}");
    let other = Run::new("another").finish().expect("a run").only_record().expect("one");
    let absent = message(Run::new("run").derived_from(&base, other, "fine-tuned-from"));
    assert!(absent.ends_with("is not in the bundle of the parent"), "{absent}");
    let mut own = Run::new("run");
    own.derived_from(&base, record, "https://example.org/distilled-twice").expect("a URI");
    assert!(own.finish().is_ok());
}

#[test]
fn files_are_there_once_and_are_no_secrets() {
    let (_kept, folder) = folder();
    let weights = folder.join("weights.bin");
    std::fs::copy(&weights, folder.join("last.bin")).expect("room");
    let mut run = Run::new("run");
    for name in ["weights.bin", "last.bin", "weights.bin", "last.bin"] {
        run.output("model", folder.join(name)).expect("recorded once");
    }
    let intact = run.finish().expect("a run");
    let record = intact.only_record().expect("one");
    assert_eq!(intact.records().values().map(|record| record.body().outputs.len()).sum::<usize>(), 1);
    let [described] = &*intact.json_section::<Artifacts>(record).expect("there").artifacts else { panic!("one file") };
    assert_eq!((described.name.as_deref(), &*described.aliases), (Some("weights.bin"), &["last.bin".to_owned()][..]));
    assert!(matches!(Run::new("run").input("model", folder.join("nothing")), Err(RunError::File(_))));
    let key = folder.join("id_ed25519");
    std::fs::write(&key, "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU=\n").expect("room");
    assert!(message(Run::new("run").input("config", &key)).contains("is or holds a secret"));
}

#[test]
fn sections_are_as_the_format_has_them() {
    let mut run = Run::new("run");
    let wrong = message(section(&mut run, "cost.json", "[]"));
    assert!(wrong.starts_with("section `cost.json` does not match its schema"), "{wrong}");
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
    // What is told as it happens is refused at once, and the run goes on without it.
    let mut run = Run::new("run");
    let params = |value: &str| [("password".to_owned(), Param::from(value))];
    assert!(matches!(run.add_params(params("hunter2")), Err(RunError::Secrets { .. })));
    assert!(matches!(run.add_note(token), Err(RunError::Secrets { .. })));
    assert!(matches!(run.add_tags(vec![token.to_owned()]), Err(RunError::Secrets { .. })));
    let event = Event { kind: "alert".to_owned(), text: Some(token.to_owned()), ..Event::default() };
    assert!(matches!(run.add_event(event), Err(RunError::Secrets { .. })));
    assert!(matches!(section(&mut run, "own.txt", token), Err(RunError::Secrets { .. })));
    assert!(run.finish().is_ok());
    // What only the end finds leaves the run open as well.
    run.log("note", Point { text: Some(token), ..Point::default() }).expect("room");
    assert!(matches!(run.finish(), Err(RunError::Secrets { .. })));
    run.allow(["metrics.parquet".to_owned()]);
    assert!(run.finish().is_ok());
    let mut run = Run::new("run").notes("by Ada Lovelace, in /home/lovelace/runs");
    run.identity().people.push(Person { name: "Ada Lovelace".to_owned(), ..Person::default() });
    let intact = run.finish().expect("a run");
    let context: Context = intact.json_section(intact.only_record().expect("one")).expect("there");
    let notes = context.notes.expect("there");
    assert!(!notes.contains("Ada") && !notes.contains("lovelace"), "{notes}");
}

#[test]
fn figures_that_no_sum_would_add_are_refused() {
    let mut run = Run::new("run");
    let used = |amount: f64| ResourceUse {
        resource: "gpu".to_owned(),
        model: None,
        amount: expbundle_run::format::number::Number(amount),
        unit: "h".to_owned(),
        basis: Basis::Measured,
        method: None,
    };
    for (amount, why) in [(-3.5, "negative"), (f64::NAN, "not a decimal number"), (f64::INFINITY, "infinite")] {
        let wrong = message(run.add_use(used(amount)));
        assert!(wrong.starts_with("the amount of gpu ") && wrong.ends_with(why), "{wrong}");
    }
    let mut charge = |amount: &str, currency: &str| {
        run.add_charge(Charge {
            amount: amount.to_owned(),
            currency: currency.to_owned(),
            basis: Basis::Billed,
            rate: None,
            rate_unit: None,
            rate_source: None,
            rate_date: None,
        })
    };
    assert_eq!(message(charge("abc", "EUR")), "the charge `abc` is not a decimal number");
    assert_eq!(message(charge("-1", "EUR")), "the charge `-1` is negative");
    assert!(message(charge("1", "euro")).starts_with("`euro` is not the code of a currency"));
    charge("12.40", "EUR").expect("a charge");
    run.add_use(used(3.5)).expect("a figure");
    assert!(run.finish().is_ok());
}

#[test]
fn small_files_travel_inside_unless_they_tell_too_much() {
    let mut run = Run::new("run");
    run.add_artifact("plots/loss.svg", "<svg/>").expect("room");
    run.add_artifact("plots/loss.svg", "<svg/>").expect("the same");
    let mut why = |name: &str, bytes: &[u8]| match run.add_artifact(name, bytes) {
        Err(RunError::NotEmbedded { why, .. }) => why,
        other => panic!("{name}: {other:?}"),
    };
    assert_eq!(why("plots/loss.svg", b"<svg></svg>"), NotEmbedded::Taken);
    for name in ["", "/plot.svg", "../plot.svg", "a//b", "C:\\plot.svg"] {
        assert_eq!(why(name, b"<svg/>"), NotEmbedded::Name);
    }
    assert_eq!(why("notes.txt", b"kept in /home/ada/runs"), NotEmbedded::Private);
    assert_eq!(why("all.zip", b"PK\x03\x04 and more"), NotEmbedded::Packed);
    assert_eq!(why("long.csv", &vec![b'1'; (16 << 20) + 1]), NotEmbedded::NoRoom);
    let secret =
        run.add_artifact("id_ed25519", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU=\n");
    assert!(matches!(secret, Err(RunError::Secrets { .. })));
    let intact = run.finish().expect("a run");
    let digests: Vec<_> = intact.bundle().artifacts().map(|(digest, _)| digest).collect();
    assert_eq!(digests, [expbundle_run::format::DigestSet::of(b"<svg/>").blake3]);
}

#[test]
fn points_that_do_not_fit_are_errors() {
    let mut run = Run::new("run");
    assert!(matches!(run.point(&"k".repeat(5000), 0, 0.5), Err(RunError::Series(_))));
}

#[test]
fn a_final_value_stands_alone() {
    let (_kept, folder) = folder();
    std::fs::write(folder.join("points.csv"), "step,loss,accuracy\n0,0.5,0.9\n1,0.25,0.91\n").expect("room");
    let table = Table::open(std::fs::File::open(folder.join("points.csv")).expect("a file")).expect("a table");
    let mut run = Run::new("run");
    run.final_value("accuracy", 0.93).expect("room");
    let refused = "`accuracy` cannot have a final value and other points besides";
    assert_eq!(message(run.final_value("accuracy", 0.94)), refused);
    assert_eq!(message(run.point("accuracy", 0, 0.5)), refused);
    assert_eq!(message(run.metrics_from(table, &Columns::default())), refused);
    let late = message(run.final_value("loss", 0.25));
    assert_eq!(late, "`loss` cannot have a final value and other points besides");
    // What was told before stays, and the run goes on.
    run.point("loss", 2, 0.125).expect("room");
    let intact = run.finish().expect("a run");
    let summary: Summary = intact.json_section(intact.only_record().expect("one")).expect("there");
    let counts: Vec<_> = summary.series.iter().map(|(key, series)| (key.as_str(), series.count)).collect();
    assert_eq!(counts, [("accuracy", 1), ("loss", 3)]);
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
    for (name, rows) in
        [("runs.csv", "run,step,loss\nr1,0,0.5\nr2,0,0.25\n"), ("numbered.csv", "run,loss\n1,0.5\n2,0.25\n")]
    {
        std::fs::write(folder.join(name), rows).expect("room");
        let several = message(Run::new("run").metrics_from(table(name), &Columns::default()));
        assert!(several.starts_with("this table has several runs: column `run` has"), "{several}");
    }
    std::fs::write(folder.join("one.csv"), "run,step,loss\nr1,0,0.5\nr1,1,0.25\n").expect("room");
    assert!(Run::new("run").metrics_from(table("one.csv"), &Columns::default()).is_ok());
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
    let mut run = Run::new("run");
    run.output("model", folder.join("weights.bin")).expect("a file");
    let elsewhere = r#"{"artifacts": [{"direction": "input", "role": "dataset", "name": "digits"}]}"#;
    section(&mut run, "artifacts.json", elsewhere).expect("a section");
    let names: Vec<_> = run.artifacts().artifacts.iter().filter_map(|artifact| artifact.name.clone()).collect();
    assert_eq!(names, ["weights.bin", "digits"]);
    assert!(run.finish().is_ok());
}

#[test]
fn a_refused_call_leaves_the_run() {
    let (_kept, folder) = folder();
    let mut run = Run::new("hours of work");
    run.point("loss", 0, 0.5).expect("room");
    for path in [folder.join("weigths.bin"), folder.join("nothing/there")] {
        assert!(matches!(run.output("model", &path), Err(RunError::File(_))));
        assert!(matches!(run.input("model", &path), Err(RunError::File(_))));
        assert!(matches!(run.journal(path.join("run.expj")), Err(RunError::Journal { .. })));
    }
    run.input("model", folder.join("weights.bin")).expect("a file");
    assert!(run.finish().expect("a run").only_record().is_some());
}

#[test]
fn a_section_is_added_to_what_was_told() {
    let mut run = Run::new("run").param("lr", 0.1).param("steps", 3).tag("v").notes("first");
    run.add_code(&Code { branch: Some("main".to_owned()), ..Code::default() }).expect("code");
    section(&mut run, "recipe.json", r#"{"code": {"commit": "abc"}, "parameters": {"lr": 0.2}}"#).expect("a part");
    let told = r#"{"labels": {"team": "x"}, "tags": ["v", "w"], "notes": "second"}"#;
    section(&mut run, "context.json", told).expect("no title is needed twice");
    run.add_labels([("stage".to_owned(), "dev".to_owned())]).expect("labels");
    let group = |kind: &str, name: &str| Group { kind: kind.to_owned(), name: name.to_owned(), ..Group::default() };
    run.add_group(&group("project", "ranking")).expect("a group");
    run.add_group(&group("sweep", "lr")).expect("a group");
    let environment = Environment { python: Some("3.12".to_owned()), ..Environment::default() };
    run.add_environment(&environment).expect("software");
    // What is refused changes nothing.
    for wrong in [
        r#"{"labels": {"team": 3}}"#,
        r#"{"labls": {"a": "b"}}"#,
        r#"{"groups": [{"kind": "a", "name": "b", "x": 1}]}"#,
    ] {
        assert!(section(&mut run, "context.json", wrong).is_err(), "{wrong}");
    }
    let intact = run.finish().expect("a run");
    let record = intact.only_record().expect("one");
    let recipe: Recipe = intact.json_section(record).expect("there");
    let code = recipe.code.expect("told");
    assert_eq!((code.branch.as_deref(), code.commit.as_deref()), (Some("main"), Some("abc")));
    assert_eq!((&recipe.parameters["lr"], &recipe.parameters["steps"]), (&0.2.into(), &3.into()));
    assert_eq!(recipe.environment, Some(environment));
    let context: Context = intact.json_section(record).expect("there");
    assert_eq!((&*context.title, context.notes.as_deref()), ("run", Some("first\n\nsecond")));
    assert_eq!(context.tags, ["v", "w"]);
    let labels: Vec<_> = context.labels.iter().map(|(name, value)| (&**name, &**value)).collect();
    assert_eq!(labels, [("stage", "dev"), ("team", "x")]);
    assert_eq!(context.groups, [group("project", "ranking"), group("sweep", "lr")]);
}

#[test]
fn files_that_are_elsewhere_link_runs_by_their_digests() {
    let (_kept, folder) = folder();
    let mut base = Run::new("base");
    base.output("model", folder.join("weights.bin")).expect("a file");
    let base = base.finish().expect("a run");
    let (sha256, size) = (Sha256::of(b"weights"), 7);
    let mut tuned = Run::new("tuned");
    let known = || KnownFile::new(sha256, size).named("base.safetensors").at("s3://models/base.safetensors");
    tuned.known_input("model", known()).expect("new").known_input("model", known().named("again")).expect("known");
    tuned.known_output("model", KnownFile::new(Sha256::of(b"tuned weights"), 13)).expect("new");
    let misspelt = message(tuned.known_input("modle", known()));
    assert!(misspelt.starts_with("unknown artifact role `modle`"), "{misspelt}");
    let other_size = message(tuned.known_output("model", KnownFile::new(sha256, 8)));
    assert!(other_size.ends_with("has the digest of a file of the run, and another size"), "{other_size}");
    assert!(message(tuned.known_input("model", KnownFile::new(sha256, 0))).contains("empty file"));
    let huge = message(tuned.known_input("model", KnownFile::new(sha256, 1 << 53)));
    assert!(huge.contains("larger than the format has room for"), "{huge}");
    let token = "https://models.example.org/w?token=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";
    assert!(matches!(tuned.known_input("model", known().at(token)), Err(RunError::Secrets { .. })));
    let tuned = tuned.finish().expect("a run");
    let record = tuned.only_record().expect("one");
    let body = tuned.records()[&record].body();
    assert_eq!((body.inputs.len(), body.outputs.len(), body.outputs[0].passed_on), (1, 1, Some(false)));
    let described = &tuned.json_section::<Artifacts>(record).expect("there").artifacts;
    assert_eq!(described[0].aliases, ["again"]);
    assert_eq!(described[0].uris, ["s3://models/base.safetensors"]);

    // The same told as a section: what is described by digest and size is an input.
    let mut by_section = Run::new("by section");
    let told = format!(
        r#"{{"artifacts": [{{"direction": "input", "role": "model", "digest": {{"sha256": "{sha256}"}}, "size": 7}}]}}"#
    );
    section(&mut by_section, "artifacts.json", told).expect("a section");
    let by_section = by_section.finish().expect("a run");

    let ids = [record, by_section.only_record().expect("one")];
    let family = Intact::union([base, tuned, by_section]).expect("three");
    let verdict = family.judge(None, "2026-11-28T12:00:00Z".parse::<Time>().expect("a time"));
    for id in ids {
        let parents = verdict.lineage.parents(id);
        assert_eq!(parents.iter().map(|parent| parent.grade().as_str()).collect::<Vec<_>>(), ["proven"]);
    }
}
