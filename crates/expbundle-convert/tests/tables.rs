//! Tables of runs, in every format, agree with the data frames that they were written from.

use camino::Utf8Path;
use expbundle_convert::ConvertError;
use expbundle_convert::tracker::{Listing, RowColumns, named, named_or_found, open_with};
use expbundle_format::Code;
use expbundle_format::record::Status;
use expbundle_format::sections::{self, Context, Recipe};
use serde_json::json;

use crate::support::sources;
use crate::support::truth as support;
use sources::open;
use support::{Opened, fixture, folder, truth};

const TOOLS: [&str; 3] = ["csv", "jsonl", "parquet"];
const RUNS: [&str; 2] = ["digits-base", "digits-slow"];

fn keys(listing: &Listing) -> Vec<&str> {
    listing.runs.iter().map(|run| run.key.as_str()).collect()
}

#[test]
fn points_of_many_runs_agree_with_what_was_written() {
    for tool in TOOLS {
        for kind in ["points-wide", "points-long"] {
            let truth = truth(&format!("{tool}/{kind}/expected.json"));
            let source = open(tool, &fixture(&format!("{tool}/{kind}")));
            let listing = source.runs().expect("a list");
            assert_eq!(keys(&listing), RUNS);
            assert!(listing.unread.is_empty() && listing.findings.is_empty(), "{listing:?}");
            for run in RUNS {
                let opened = Opened::new(&*source, run);
                opened.agrees_on_metrics(&truth[run]["metrics"], &[]);
                let body = opened.body();
                assert_eq!(body.source.map(|source| source.run).as_deref(), Some(run));
                assert_eq!((body.status, body.started), (Some(Status::Unknown), None));
                let context: Context = opened.section();
                assert_eq!(context.title, run);
                assert_eq!(json!(context.labels), truth[run]["labels"], "{tool} {kind}");
                assert_eq!(opened.line("metric point"), (200, 200, 0, 0));
                let points = opened.series(sections::METRICS);
                assert!(points["lr"].iter().all(|point| point.time_ns.is_some()));
                // Nothing is lost, so nothing is said.
                assert!(opened.converted.findings.is_empty(), "{:?}", opened.converted.findings);
            }
        }
    }
}

#[test]
fn runs_of_a_row_each_agree_with_what_was_written() {
    for tool in TOOLS {
        let truth = truth(&format!("{tool}/runs/expected.json"));
        let source = open(tool, &fixture(&format!("{tool}/runs/runs.{tool}")));
        assert_eq!(keys(&source.runs().expect("a list")), RUNS);
        for run in RUNS {
            let opened = Opened::new(&*source, run);
            let body = opened.body();
            assert_eq!(body.status, Some(Status::Finished));
            let started = body.started.expect("a start").to_string();
            assert_eq!(
                Some(started.trim_end_matches('Z')),
                truth[run]["started"].as_str().and_then(|text| text.strip_suffix("+00:00"))
            );
            let recipe: Recipe = opened.section();
            assert_eq!(json!(recipe.parameters), truth[run]["params"], "{tool}");
            assert_eq!(json!(recipe.seeds), json!({"seed": 7}));
            let context: Context = opened.section();
            assert_eq!(json!(context.labels), truth[run]["labels"]);
            assert_eq!((context.groups[0].kind.as_str(), context.groups[0].name.as_str()), ("experiment", "7"));
            let points = opened.series(sections::METRICS);
            for (name, want) in truth[run]["metrics"].as_object().expect("metrics") {
                assert_eq!((points[name].len(), points[name][0].step), (1, None));
                assert_eq!(points[name][0].value, want.as_f64(), "{tool} {name}");
            }
            assert_eq!(points.len(), 3);
            assert_eq!(opened.line("cell"), (11, 11, 0, 0));
            assert!(opened.converted.findings[0].message.contains("`score`"));
        }
    }
}

#[test]
fn trials_of_optuna_have_parameters_and_an_end() {
    let (_folder, path) = folder();
    let path = path.join("trials.csv");
    let rows = "run,params_lr,user_attrs_by,state,value,datetime_start\na,0.1,sweep,COMPLETE,0.5,2026-11-28T03:00:00Z\n\
                b,0.2,sweep,FAIL,,2026-11-28T03:01:00Z\n";
    std::fs::write(&path, rows).expect("room");
    let source = open("csv", &path);
    let opened = Opened::new(&*source, "a");
    let (recipe, context): (Recipe, Context) = (opened.section(), opened.section());
    assert_eq!(json!(recipe.parameters), json!({"lr": 0.1}));
    assert_eq!(json!(context.labels), json!({"by": "sweep"}));
    assert_eq!(opened.body().status, Some(Status::Finished));
    assert_eq!(opened.body().started.expect("a start").to_string(), "2026-11-28T03:00:00Z");
    assert_eq!(Opened::new(&*source, "b").body().status, Some(Status::Failed));
}

#[test]
fn a_table_of_another_format_is_named() {
    let (_folder, path) = folder();
    let path = path.join("log.jsonl");
    std::fs::write(&path, "{\"step\": 0, \"loss\": 0.5}\n").expect("room");
    let refused = open_with(named("csv").expect("listed"), &path, &RowColumns::default()).err().expect("JSON lines");
    assert!(matches!(refused, ConvertError::OtherTable { other: "jsonl", .. }), "{refused}");
}

#[test]
fn a_person_names_the_columns() {
    let (_folder, path) = folder();
    let path = path.join("t.csv");
    std::fs::write(&path, "who,n,at,x\na,1,1795424400,0.5\na,2,1795424401,0.25\nb,1,1795424402,1\n").expect("room");
    let csv = named("csv").expect("listed");
    // Without a column that is called so, the file is one run.
    assert_eq!(keys(&open("csv", &path).runs().expect("a list")), ["t"]);
    let columns = RowColumns { run: Some("who"), step: Some("n"), time: Some("at"), params: &[] };
    let source = open_with(csv, &path, &columns).expect("a source");
    assert_eq!(keys(&source.runs().expect("a list")), ["a", "b"]);
    let points = &Opened::new(&*source, "a").series(sections::METRICS)["x"];
    assert_eq!(points.iter().map(|point| point.step).collect::<Vec<_>>(), [Some(1), Some(2)]);
    assert_eq!(points[0].time_ns, Some(1_795_424_400_000_000_000));
    let wrong = RowColumns { run: Some("none"), ..RowColumns::default() };
    assert!(matches!(open_with(csv, &path, &wrong), Err(ConvertError::Source { .. })));
    let wandb = named("wandb").expect("listed");
    assert!(matches!(open_with(wandb, &path, &wrong), Err(ConvertError::NotATable { tool: "wandb" })));
}

#[test]
fn a_table_is_found_by_its_extension_alone() {
    for tool in TOOLS {
        let path = fixture(&format!("{tool}/runs/runs.{tool}"));
        assert_eq!(
            named_or_found(std::slice::from_ref(&path)).expect("a source").runs().expect("a list").runs.len(),
            2
        );
        for other in TOOLS.into_iter().filter(|other| *other != tool) {
            let found = named(other).expect("listed").open(&path);
            assert!(!matches!(found, Ok(Some(_))), "{other} {tool}");
        }
        let (_folder, other) = folder();
        std::fs::copy(&path, other.join("runs.data")).expect("room");
        assert!(named_or_found(&[other.join("runs.data")]).is_err());
        assert_eq!(open(tool, &other.join("runs.data")).runs().expect("a list").runs.len(), 2);
        assert!(named_or_found(&[fixture(&format!("{tool}/runs"))]).is_err(), "a folder is named");
    }
}

#[test]
fn what_is_broken_is_said_and_takes_nothing_with_it() {
    let (_folder, path) = folder();
    let path = path.join("t.csv");
    let lines =
        ["run,step,loss,note", "a,0,0.5,x", "a,zero,0.25,x", "a,2,high,y", ",3,1,z", "a,4", "b,0,nan,w", "a,5,0.1"];
    std::fs::write(&path, lines.join("\n")).expect("room");
    let source = open("csv", &path);
    let listing = source.runs().expect("a list");
    assert_eq!(keys(&listing), ["a", "b"]);
    let codes: Vec<Code> = listing.findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [Code::SourceLoss, Code::SourceDamaged, Code::SourceTruncated]);
    let opened = Opened::new(&*source, "a");
    assert_eq!((opened.line("row"), opened.line("metric point").0), ((3, 2, 0, 1), 1));
    let named = |words: &str| opened.converted.findings.iter().any(|finding| finding.message.contains(words));
    assert!(named("the step is not a whole number: once") && named("the cell is not a number"));
    let context: Context = Opened::new(&*source, "b").section();
    assert_eq!(context.labels["note"], "w");
}

fn cut(tool: &str, kind: &str, mut see: impl FnMut(usize, Option<u64>)) {
    let whole = std::fs::read(fixture(&format!("{tool}/{kind}/{kind}.{tool}"))).expect("a table");
    let (_folder, path) = folder();
    let path = path.join(format!("t.{tool}"));
    let tracker = named(tool).expect("listed");
    for length in (0..whole.len()).step_by(whole.len() / 60 + 1) {
        std::fs::write(&path, &whole[..length]).expect("room");
        let Ok(Some(source)) = tracker.open(&path) else {
            see(length, None);
            continue;
        };
        let runs = source.runs().expect("a list").runs;
        let points = runs.iter().map(|run| Opened::new(&*source, &run.key).line("metric point").0).sum();
        see(length, Some(points));
    }
}

#[test]
fn a_table_that_was_cut_gives_what_came_before() {
    for tool in ["csv", "jsonl"] {
        for kind in ["points-wide", "points-long"] {
            let mut last = 0;
            cut(tool, kind, |length, points| {
                let points = points.unwrap_or_default();
                assert!(points >= last && points <= 400, "{tool} {kind} {length}");
                last = points;
            });
            assert!(last > 350, "{tool} {kind}");
        }
    }
    cut("parquet", "points-wide", |_, points| assert_eq!(points, None));
}

#[cfg(unix)]
#[test]
fn pipes_are_never_opened() {
    let (_folder, path) = folder();
    let pipe = path.join("t.csv");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    for path in [&pipe, &path] {
        assert!(named("csv").expect("listed").open(path).expect("nothing").is_none());
    }
}

#[test]
fn one_table_is_one_run_in_linear_time() {
    let (_folder, path) = folder();
    let path = path.join("curve.jsonl");
    let lines: String =
        (0..1000).map(|step| json!({"step": step, "loss": 1.0, "tags": ["a"]}).to_string() + "\n").collect();
    std::fs::write(&path, lines).expect("room");
    let source = open("jsonl", Utf8Path::new(&path));
    let opened = Opened::new(&*source, "curve");
    assert_eq!((opened.line("metric point").0, opened.line("cell")), (1000, (1000, 0, 0, 1000)));
}

#[test]
fn a_person_names_parameters_and_stray_cells_are_dropped() {
    let (_folder, path) = folder();
    let path = path.join("runs.csv");
    std::fs::write(&path, "run_id,lr,optimizer,acc\na,0.1,adam,0.9\nb,0.2,sgd,x\nc,0.3,adam,0.8\n").expect("room");
    let csv = named("csv").expect("listed");
    let params = ["lr".to_owned(), "optimizer".to_owned()];
    let columns = RowColumns { params: &params, ..RowColumns::default() };
    let source = open_with(csv, &path, &columns).expect("a source");
    let opened = Opened::new(&*source, "b");
    let recipe: Recipe = opened.section();
    assert_eq!(json!(recipe.parameters), json!({"lr": 0.2, "optimizer": "sgd"}));
    let context: Context = opened.section();
    assert!(context.labels.is_empty(), "{:?}", context.labels);
    assert!(opened.converted.bundle.sections().all(|(_, name, _)| name.as_str() != sections::METRICS));
    assert_eq!(opened.line("cell"), (3, 2, 0, 1));
    assert!(opened.converted.findings.iter().any(|finding| finding.message.contains("`acc` is not a number")));
    let opened = Opened::new(&*source, "a");
    assert_eq!(opened.series(sections::METRICS)["acc"][0].value, Some(0.9));
    assert_eq!(opened.line("cell"), (3, 3, 0, 0));
    let none = ["none".to_owned()];
    let wrong = RowColumns { params: &none, ..RowColumns::default() };
    assert!(matches!(open_with(csv, &path, &wrong), Err(ConvertError::Source { .. })));
    // Of a run in several rows, what all of them share.
    std::fs::write(&path, "run_id,step,lr,loss\na,0,0.1,1\na,1,0.1,0.5\n").expect("room");
    let params = ["lr".to_owned()];
    let columns = RowColumns { params: &params, ..RowColumns::default() };
    let recipe: Recipe = Opened::new(&*open_with(csv, &path, &columns).expect("a source"), "a").section();
    assert_eq!(json!(recipe.parameters), json!({"lr": 0.1}));
}
