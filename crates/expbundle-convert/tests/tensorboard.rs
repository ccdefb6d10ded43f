//! Every TensorBoard fixture becomes a bundle that verifies and agrees with what its training script
//! sent; and event files that are cut, damaged or odd.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle_convert::Options;
use expbundle_convert::tracker::named;
use expbundle_format::Code;
use expbundle_format::record::Status;
use expbundle_format::sections::{Artifacts, Context, Identity, Media, Recipe, SourceSection};
use expbundle_format::time::Time;
use serde_json::Value;

use crate::support::converted;
use converted::{Opened, assert_detection, fixtures, truth};

const RUNS: [&str; 3] = ["digits/lr0.05", "digits/lr0.3", "digits/resumed"];

fn runs() -> Utf8PathBuf {
    fixtures("tensorboard").join("runs")
}

fn open(key: &str) -> Opened {
    Opened::new("tensorboard", &runs(), Some(key))
}

fn truth_of(key: &str) -> Value {
    truth(&fixtures("tensorboard").join(format!("expected-{}.json", key.replace('/', "-"))))
}

fn event_file(folder: &Utf8Path) -> Utf8PathBuf {
    let entries = folder.read_dir_utf8().expect("a folder").map(|entry| entry.expect("an entry").into_path());
    entries.filter(|path| path.as_str().contains("tfevents")).min().expect("an event file")
}

#[test]
fn runs_agree_with_what_their_script_sent() {
    let source = named("tensorboard").expect("listed").open(&runs()).expect("readable").expect("runs");
    let listing = source.runs().expect("a list");
    assert_eq!(listing.runs.iter().map(|run| run.key.as_str()).collect::<Vec<_>>(), RUNS);
    for key in RUNS {
        let (opened, truth) = (open(key), truth_of(key));
        let body = opened.intact.records()[&opened.converted.record()].body().clone();
        assert_eq!(body.source.map(|source| source.run).as_deref(), truth["run_id"].as_str());
        assert_eq!(body.status, Some(Status::Unknown), "nothing proves how it ended");
        for (time, member) in [(body.started, "started"), (body.ended, "ended")] {
            let want: Time = truth[member].as_str().expect("a time").parse().expect("RFC 3339");
            let apart = time.expect("a time").as_nanoseconds() - want.as_nanoseconds();
            assert!(apart.abs() < 3_000_000_000, "{key} {member}");
        }
        let context: Context = opened.section();
        assert_eq!(Some(context.title.as_str()), truth["name"].as_str());
        assert_eq!(context.notes.as_deref(), truth["notes"].as_str());
        let identity: Identity = opened.section();
        assert_eq!(identity.host.as_deref(), truth["environment"]["hostname"].as_str());
        opened.assert_metrics(&truth["metrics"]);
        let recipe: Recipe = opened.section();
        let params = truth["params"].as_object().expect("parameters");
        assert_eq!(recipe.parameters.keys().collect::<Vec<_>>(), params.keys().collect::<Vec<_>>());
        for (name, want) in params {
            let is = &recipe.parameters[name];
            assert!(is == want || is.as_f64().is_some() && is.as_f64() == want.as_f64(), "{name}: {is}");
        }
        assert_eq!(recipe.seeds.len(), usize::from(params.contains_key("seed")));
        assert!(opened.codes().contains(&Code::SourceLoss));
    }
}

#[test]
fn folders_of_add_scalars_and_add_hparams_are_joined_to_their_run() {
    for key in &RUNS[..2] {
        let (opened, truth) = (open(key), truth_of(key));
        for (folder, series) in truth["sub_runs"].as_object().expect("folders") {
            for (tag, points) in series.as_object().expect("series") {
                let name = if folder == "hp" { tag } else { folder };
                let point = &opened.points[name][0];
                assert_eq!(point.value, points[0][1].as_f64(), "{name}");
                assert_eq!(point.step, Some(points[0][0].as_i64().unwrap_or(0)), "{name}");
                assert_eq!(opened.points[name].len(), 1);
            }
        }
        let source: SourceSection = opened.section();
        assert_eq!(source.raw["joined folder"].len(), 3);
        assert_eq!(source.raw["joined folder"]["both/val"], "`val` of the scalars `both`");
    }
}

#[test]
fn media_agree_with_what_was_sent() {
    for key in &RUNS[..2] {
        let (opened, truth) = (open(key), truth_of(key));
        let (media, artifacts): (Media, Artifacts) = (opened.section(), opened.section());
        let wanted = truth["media"].as_array().expect("media");
        assert_eq!(media.media.len(), wanted.len());
        for want in wanted {
            let is_meant = |key: &str, step| Some(key) == want["tag"].as_str() && step == want["step"].as_i64();
            let one = media
                .media
                .iter()
                .find(|one| is_meant(&one.key, one.step))
                .unwrap_or_else(|| panic!("{want} in {media:?}"));
            assert_eq!(Some(one.kind.as_str()), want["kind"].as_str());
            if one.kind == "histogram" {
                let value = one.value.as_ref().expect("numbers");
                for member in ["num", "min", "max", "sum"] {
                    assert_eq!(value[member].as_f64(), want[member].as_f64(), "{key} {member}");
                }
                let buckets = [&value["bucket"], &value["bucket_limit"]].map(|list| list.as_array().map(Vec::len));
                assert!(buckets[0] == buckets[1] && buckets[0] > Some(1));
            } else {
                assert_eq!(one.details["width"], want["width"]);
                let file = artifacts.artifacts.iter().find(|file| file.path == one.path).expect("listed");
                let digest = file.digest.expect("hashed");
                assert_eq!(one.artifact, Some(digest));
                let blake3 = digest.blake3().expect("both");
                let embedded = opened.converted.bundle.artifacts().any(|(digest, _)| digest == blake3);
                assert!(embedded, "a small picture is in the bundle");
            }
        }
    }
}

#[test]
fn what_a_restart_supersedes_is_left_out_and_counted() {
    let (opened, truth) = (open("digits/resumed"), truth_of("digits/resumed"));
    let before = truth["points_before_purge"].as_u64().expect("a number");
    assert_eq!(opened.line("scalar"), (before, 40, 0, 5));
    assert_eq!(opened.line("session log").0, 1);
    let first = event_file(&runs().join("digits/resumed"));
    let alone = Opened::new("tensorboard", &first, None);
    assert_eq!(alone.line("scalar"), (25, 25, 0, 0), "a file alone has all that it has");
    assert!(alone.converted.findings.is_empty() || alone.codes().contains(&Code::SourceLoss));
}

#[test]
fn a_run_is_found_wherever_a_user_points() {
    let whole = open("digits/lr0.3");
    let run = runs().join("digits/lr0.3");
    let own = Opened::new("tensorboard", &run, None);
    assert_eq!(own.count(), whole.count());
    let digits = Opened::new("tensorboard", &runs().join("digits"), Some("lr0.3"));
    assert_eq!(digits.section::<SourceSection>(), own.section());
    assert_eq!(digits.section::<Context>(), own.section());
    assert_eq!(digits.section::<Media>(), own.section());
    assert_eq!(digits.converted.record(), own.converted.record(), "the key is the name of the folder");
    assert_detection(named("tensorboard").expect("listed"), &runs());
}

/// Where records end.
fn record_ends(bytes: &[u8]) -> Vec<usize> {
    let (mut ends, mut at) = (Vec::new(), 0);
    while let Some(length) = bytes.get(at..at + 8) {
        at += 16 + usize::from_le_bytes(length.try_into().expect("eight bytes"));
        ends.push(at);
    }
    ends
}

#[test]
fn every_truncation_keeps_what_came_before() {
    let name = event_file(&runs().join("digits/lr0.3"));
    let bytes = fs::read(&name).expect("readable");
    let whole = Opened::new("tensorboard", &name, None);
    let folder = tempfile::tempdir().expect("room");
    let path = Utf8Path::from_path(folder.path()).expect("UTF-8").join("events.out.tfevents.1.host");
    let ends = record_ends(&bytes);
    let mut most = 0;
    for length in (0..bytes.len()).step_by(1511).chain([0, 1, 12, 40, bytes.len() - 1]) {
        fs::write(&path, &bytes[..length]).expect("room");
        let cut = Opened::new("tensorboard", &path, None);
        for (key, points) in &cut.points {
            assert!(whole.points[key].starts_with(points), "{key} of {length} bytes");
        }
        let is_clean = ends.contains(&length) || cut.codes().contains(&Code::SourceTruncated);
        assert!(is_clean, "{length} bytes: {:?}", cut.converted.findings);
        most = most.max(cut.count());
    }
    assert!(most > 150, "{most}");
}

#[test]
fn a_damaged_byte_costs_one_record() {
    let name = event_file(&runs().join("digits/resumed"));
    let bytes = fs::read(&name).expect("readable");
    let folder = tempfile::tempdir().expect("room");
    let path = Utf8Path::from_path(folder.path()).expect("UTF-8").join("events.out.tfevents.1.host");
    for at in (0..bytes.len()).step_by(41) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x55;
        fs::write(&path, &damaged).expect("room");
        let opened = Opened::new("tensorboard", &path, None);
        assert!(opened.count() >= 24, "byte {at}: {}", opened.count());
        assert!(opened.codes().contains(&Code::SourceDamaged), "byte {at}");
    }
}

#[cfg(unix)]
#[test]
fn links_and_pipes_are_named_and_not_read() {
    let folder = tempfile::tempdir().expect("room");
    let folder = Utf8Path::from_path(folder.path()).expect("UTF-8");
    let outside = event_file(&runs().join("digits/resumed"));
    fs::create_dir(folder.join("run")).expect("room");
    fs::copy(&outside, folder.join("run/events.out.tfevents.1.host")).expect("room");
    std::os::unix::fs::symlink(&outside, folder.join("run/events.out.tfevents.2.host")).expect("room");
    std::os::unix::fs::symlink(outside.parent().expect("a folder"), folder.join("other")).expect("room");
    let made = std::process::Command::new("mkfifo").arg(folder.join("run/events.out.tfevents.3.host")).status();
    assert!(made.expect("mkfifo").success());
    let source = named("tensorboard").expect("listed").open(folder).expect("readable").expect("a run");
    let listing = source.runs().expect("a list");
    assert_eq!(listing.runs.iter().map(|run| run.key.as_str()).collect::<Vec<_>>(), ["run"]);
    let codes: Vec<Code> = listing.findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [Code::SourceOutside, Code::SourceUnreadable]);
    let converted = source.convert("run", &Options::default()).expect("a run");
    assert_eq!(converted.account.items["scalar"].total, 25);
}

/// A root with the experiment alone, and a run below it with parameters of its own: nothing says
/// that the run is a part of the root's.
#[test]
fn a_run_below_another_stays_a_run() {
    let folder = tempfile::tempdir().expect("room");
    let folder = Utf8Path::from_path(folder.path()).expect("UTF-8");
    let resumed = event_file(&runs().join("digits/resumed"));
    for run in ["root", "root/below", "root/below/deeper"] {
        fs::create_dir(folder.join(run)).expect("room");
        fs::copy(&resumed, folder.join(run).join("events.out.tfevents.1.host")).expect("room");
    }
    let source = named("tensorboard").expect("listed").open(&folder.join("root")).expect("readable").expect("runs");
    let keys: Vec<String> = source.runs().expect("a list").runs.into_iter().map(|run| run.key).collect();
    assert_eq!(keys, ["below", "below/deeper", "root"]);
}
