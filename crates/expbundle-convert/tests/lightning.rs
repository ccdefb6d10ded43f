//! The fixture of Lightning's `CSVLogger` becomes a bundle that verifies and agrees with what its
//! script logged; and files that are cut, damaged or odd.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle_convert::tracker::named;
use expbundle_format::Code;
use expbundle_format::record::{Status, role};
use expbundle_format::sections::{Artifacts, Context, Recipe, SourceSection};
use serde_json::json;

use crate::support::converted;
use converted::{Opened, assert_detection, fixtures, truth};

fn logs() -> Utf8PathBuf {
    fixtures("lightning").join("lightning_logs")
}

/// A run with this `metrics.csv`.
fn made(folder: &tempfile::TempDir, metrics: &str) -> Utf8PathBuf {
    let run = Utf8Path::from_path(folder.path()).expect("UTF-8").join("version_3");
    fs::create_dir_all(&run).expect("room");
    fs::write(run.join("metrics.csv"), metrics).expect("room");
    run
}

#[test]
fn the_fixture_agrees_with_what_its_script_logged() {
    let truth = truth(&fixtures("lightning").join("expected.json"));
    let opened = Opened::new("lightning", &logs(), None);
    let body = opened.intact.records()[&opened.converted.record()].body().clone();
    assert_eq!(body.source.map(|source| source.run).as_deref(), Some("version_0"));
    assert_eq!((body.started, body.ended, body.status), (None, None, Some(Status::Unknown)));
    opened.assert_metrics(&truth["metrics"]);
    assert_eq!(opened.points.len(), 4);
    let recipe: Recipe = opened.section();
    assert_eq!(json!(recipe.parameters), truth["params"]);
    assert_eq!(opened.section::<Artifacts>().artifacts.len(), 0);
    assert_eq!(opened.codes(), [Code::SourceLoss]);
    for path in [logs().join("version_0"), logs().join("version_0/metrics.csv"), fixtures("lightning")] {
        assert_eq!(Opened::new("lightning", &path, None).count(), opened.count(), "{path}");
    }
    assert_detection(named("lightning").expect("listed"), &logs());
}

#[test]
fn parameters_and_checkpoints_lie_beside_the_points() {
    let folder = tempfile::tempdir().expect("room");
    let run = made(&folder, "step,loss,\"a \"\"b\"\", c\"\r\n0,0.5,\r\n1.0,nan,-inf\r\n,7,ok\r\n");
    let hparams = "lr: 0.1\nlayers:\n- 8\n- 16\nseed: 7\nname: digits\nclip: .inf\nbatch: null\n";
    fs::write(run.join("hparams.yaml"), hparams).expect("room");
    fs::create_dir(run.join("checkpoints")).expect("room");
    fs::write(run.join("checkpoints/epoch=1-step=2.ckpt"), b"weights of a model").expect("room");
    let opened = Opened::new("lightning", run.parent().expect("a folder"), None);
    let recipe: Recipe = opened.section();
    assert_eq!(recipe.parameters["layers"], json!([8, 16]));
    assert_eq!((&recipe.parameters["lr"], recipe.seeds.len()), (&json!(0.1), 1));
    assert_eq!(recipe.parameters.len(), 6);
    let loss: Vec<(Option<i64>, Option<f64>)> =
        opened.points["loss"].iter().map(|point| (point.step, point.value.filter(|value| !value.is_nan()))).collect();
    assert!(
        loss.contains(&(Some(0), Some(0.5))) && loss.contains(&(Some(1), None)) && loss.contains(&(None, Some(7.0)))
    );
    let odd = &opened.points["a \"b\", c"];
    assert!(odd.iter().any(|point| point.value == Some(f64::NEG_INFINITY) && point.step == Some(1)));
    assert!(odd.iter().any(|point| point.text.as_deref() == Some("ok")));
    assert_eq!((opened.line("metric point"), opened.line("text")), ((4, 4, 0, 0), (1, 1, 0, 0)));
    let artifacts: Artifacts = opened.section();
    let checkpoint = &artifacts.artifacts[0];
    assert_eq!((checkpoint.role.as_str(), checkpoint.size), (role::CHECKPOINT, Some(18)));
    assert!(checkpoint.digest.is_some_and(|digest| digest.sha256().is_some()));
}

#[test]
fn yaml_that_is_no_plain_data_is_kept_as_text() {
    for text in ["a: &x [1]\nb: *x\n", "- 1\n", "a: [\n", "a: !!python/object/apply:os.system ['true']\nb: [\n"] {
        let folder = tempfile::tempdir().expect("room");
        let run = made(&folder, "step,loss\n0,1\n");
        fs::write(run.join("hparams.yaml"), text).expect("room");
        let opened = Opened::new("lightning", &run, None);
        let source: SourceSection = opened.section();
        assert_eq!(source.raw["parameters"]["hparams.yaml"], text);
        assert!(opened.codes().contains(&Code::SourceUnsupported) && opened.count() == 1, "{text}");
    }
}

#[test]
fn every_truncation_keeps_what_came_before() {
    let text = fs::read_to_string(logs().join("version_0/metrics.csv")).expect("readable");
    let whole = Opened::new("lightning", &logs(), None);
    for length in (0..text.len()).step_by(23) {
        let folder = tempfile::tempdir().expect("room");
        let run = made(&folder, &text[..length]);
        fs::write(run.join("hparams.yaml"), "").expect("room");
        let Some(_) = named("lightning").expect("listed").open(&run).expect("readable") else {
            assert!(length < text.find('\n').expect("a header"), "{length}");
            continue;
        };
        let cut = Opened::new("lightning", &run, None);
        for (key, points) in &cut.points {
            // A row that is cut within its step has a value and no step.
            let known: Vec<_> = points.iter().filter(|point| point.step.is_some()).cloned().collect();
            assert!(whole.points[key].starts_with(&known) && known.len() + 1 >= points.len(), "{key}: {length}");
        }
        let before = text[..length].matches('\n').count().saturating_sub(1);
        assert!(cut.points.get("epoch").map_or(0, Vec::len) >= before.min(58), "{length}");
        let is_clean = text[..length].ends_with(['\r', '\n']);
        assert_eq!(cut.codes().contains(&Code::SourceTruncated), !is_clean, "{length}");
    }
}

#[test]
fn a_row_of_another_length_takes_no_other_row_with_it() {
    let folder = tempfile::tempdir().expect("room");
    let run = made(&folder, "step,loss\n0,1\n1,2,3\n2\n3,0.25\n");
    let opened = Opened::new("lightning", &run, None);
    assert_eq!(opened.count(), 2);
    assert_eq!(opened.line("odd row"), (2, 0, 2, 0));
    let source: SourceSection = opened.section();
    assert_eq!(source.raw["odd row"]["2"], json!(["1", "2", "3"]));
    assert!(opened.codes().contains(&Code::SourceDamaged));
    // A quote that is never closed has the rest of the file, and no more than that.
    let run = made(&folder, "step,loss\n0,1\n1,\"2\n2,3\n");
    assert_eq!(Opened::new("lightning", &run, None).count(), 2);
    // Two columns of one name stay two.
    let run = made(&folder, "step,loss,loss\n0,1,2\n");
    assert_eq!(Opened::new("lightning", &run, None).points.len(), 2);
}

#[test]
fn a_table_of_somebody_is_nothing_of_lightning() {
    let folder = tempfile::tempdir().expect("room");
    let path = Utf8Path::from_path(folder.path()).expect("UTF-8");
    fs::write(path.join("metrics.csv"), "step,loss\n0,1\n").expect("room");
    let lightning = named("lightning").expect("listed");
    assert!(lightning.open(path).expect("readable").is_none(), "no version, no parameters");
    assert!(lightning.open(&path.join("metrics.csv")).expect("readable").is_some(), "the file was named");
    fs::write(path.join("metrics.csv"), "time,loss\n0,1\n").expect("room");
    assert!(lightning.open(&path.join("metrics.csv")).expect("readable").is_none(), "no step");
    let context: Context = Opened::new("lightning", &fixtures("lightning"), None).section();
    assert_eq!(context.groups[0].name, "lightning_logs");
}
