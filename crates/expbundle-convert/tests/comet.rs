//! Comet's fixtures become bundles that verify and agree with what their training script logged.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle_convert::Options;
use expbundle_format::Code;
use expbundle_format::record::Status;
use expbundle_format::sections::{Artifacts, Context, Identity, Media, Recipe, SourceSection, Summary};
use serde_json::json;
use tempfile::TempDir;

use crate::support::opened;
use crate::support::sources;
use opened::{Opened, by_name, bytes_of, fixture, same_series, same_steps, truth};
use sources::open;

const KEY: &str = "64130c402b5545e2b78817f73ab8c536";

fn archive() -> Utf8PathBuf {
    fixture("comet/digits-mlp").join(format!("{KEY}.zip"))
}

fn convert(path: &Utf8Path) -> Opened {
    Opened::new("comet", path, None, &Options::default())
}

fn temporary() -> (TempDir, Utf8PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).expect("UTF-8");
    (folder, path)
}

/// The members of the fixture's archive, as the folder of a run that was killed has them.
fn unpacked() -> (TempDir, Utf8PathBuf) {
    let (folder, path) = temporary();
    let bytes = fs::read(archive()).expect("the archive");
    // Entries are stored, so that their bytes are in the file as they are.
    let mut rest = bytes.as_slice();
    while rest.starts_with(b"PK\x03\x04") {
        let number = |at: usize, count: usize| -> usize {
            rest[at..at + count].iter().rev().fold(0, |all, byte| all * 256 + usize::from(*byte))
        };
        let (size, name, extra) = (number(18, 4), number(26, 2), number(28, 2));
        let start = 30 + name + extra;
        let name = std::str::from_utf8(&rest[30..30 + name]).expect("a name");
        fs::write(path.join(name), &rest[start..start + size]).expect("room");
        rest = &rest[start + size..];
    }
    (folder, path)
}

#[test]
fn the_run_agrees_with_what_its_script_logged() {
    let truth = truth("comet/digits-mlp/expected.json");
    for path in [fixture("comet/digits-mlp"), archive()] {
        let opened = convert(&path);
        let body = opened.body();
        assert_eq!(body.source.map(|source| source.run).as_deref(), truth["run_id"].as_str());
        // No status is recorded.
        assert_eq!(body.status, None);
        let times = (body.started.map(|time| time.to_string()), body.ended.map(|time| time.to_string()));
        let want = ("2026-11-23T08:51:25.394Z".to_owned(), "2026-11-23T08:51:28.927Z".to_owned());
        assert_eq!(times, (Some(want.0), Some(want.1)));
        let context: Context = opened.section();
        assert_eq!(Some(context.title.as_str()), truth["name"].as_str());
        assert_eq!(json!(context.tags), truth["tags"]);
        assert_eq!(context.notes.as_deref(), truth["notes"].as_str());
        assert_eq!(context.groups.last().map(|group| group.name.as_str()), truth["project"].as_str());
        let identity: Identity = opened.section();
        assert_eq!(identity.host.as_deref(), truth["environment"]["hostname"].as_str());
        assert_eq!(identity.user.as_deref(), Some("ada"));
        let summary: Summary = opened.section();
        // Comet's name of the epoch that points have.
        same_series(&summary, &truth["metrics"], |key| key == "curr_epoch");
        let steps = &mut truth["metrics"].clone();
        // Without a step the SDK takes the last one that was set.
        steps["final_accuracy"]["first_step"] = json!(39);
        steps["final_accuracy"]["last_step"] = json!(39);
        same_steps(&opened, steps);
        let printed: Vec<String> = opened.console().into_iter().filter(|line| line.starts_with("epoch ")).collect();
        assert_eq!(json!(printed), truth["console"]);
        let source: SourceSection = opened.section();
        assert_eq!(source.account.items["message"].total, 332);
    }
}

#[test]
fn the_recipe_agrees_with_what_its_script_logged() {
    let truth = truth("comet/digits-mlp/expected.json");
    let opened = convert(&archive());
    let recipe: Recipe = opened.section();
    let mut parameters = recipe.parameters.clone();
    // That of `log_dataset_hash`, which the script called too.
    assert!(parameters.remove("dataset_hash").is_some());
    assert_eq!(json!(parameters), truth["params"]);
    assert!(recipe.data[0].foreign.contains_key("comet-dataset-hash"));
    assert_eq!(recipe.seeds["seed"], 7);
    let code = recipe.code.expect("code");
    assert_eq!(code.commit.as_deref(), truth["git"]["commit"].as_str());
    assert_eq!(code.branch.as_deref(), truth["git"]["branch"].as_str());
    let identity: Identity = opened.section();
    let repository = code.repository.map(|repository| identity.restored(&repository));
    assert_eq!(repository.as_deref(), truth["git"]["remote"].as_str());
    assert_eq!(code.entry_point.as_deref(), Some("train_comet.py"));
    assert!(code.patch.is_some());
    let environment = recipe.environment.expect("packages");
    assert_eq!(environment.python.as_deref(), truth["environment"]["python"].as_str());
    for (name, version) in truth["environment"]["packages"].as_object().expect("packages") {
        let found = environment.packages.iter().find(|package| package.name == *name).expect("a package");
        assert_eq!(found.version.as_deref(), version.as_str());
    }
}

#[test]
fn files_and_media_agree_with_what_the_script_logged() {
    let truth = truth("comet/digits-mlp/expected.json");
    let opened = convert(&archive());
    let artifacts: Artifacts = opened.section();
    let listed = by_name(&artifacts.artifacts);
    for want in truth["artifacts"].as_array().expect("artifacts") {
        let one = listed[want["name"].as_str().expect("a name")];
        assert_eq!(bytes_of(one), (want["sha256"].as_str().map(str::to_owned), want["size"].as_u64()));
        assert_eq!(one.uris.first().map(String::as_str), want["uri"].as_str());
    }
    assert_eq!(listed["digits-mlp"].role.as_str(), "model");
    assert_eq!((listed["summary.json"].step, &listed["summary.json"].metadata["metadata/k"]), (Some(39), &json!(1)));
    // No package of the system was taken for a secret, and one of the files is elsewhere.
    assert_eq!(opened.codes(), [Code::SourceMissing], "{:?}", opened.converted.findings);
    let media: Media = opened.section();
    let item = |kind: &str| media.media.iter().find(|one| one.kind == kind).unwrap_or_else(|| panic!("no {kind}"));
    let matrix = truth["media"].as_array().expect("media").iter().find(|one| one["matrix"].is_array()).expect("one");
    assert_eq!(item("confusion-matrix").value.as_ref().expect("a value")["matrix"], matrix["matrix"]);
    assert_eq!(item("text").value, Some(json!("a free text sample")));
    assert!(item("histogram").value.is_some() && item("html").artifact.is_some());
    let image = truth["media"].as_array().and_then(|media| media.iter().find(|one| one["kind"] == "image"));
    assert_eq!(Some(item("image").key.as_str()), image.and_then(|image| image["name"].as_str()));
    let sha256 = item("image").artifact.and_then(|digest| digest.sha256()).map(|digest| digest.to_string());
    assert_eq!(sha256.as_deref(), image.expect("an image")["sha256"].as_str());
}

#[test]
fn a_run_that_was_killed_is_read_from_its_folder() {
    let (_folder, path) = unpacked();
    fs::remove_file(path.join("experiment.json")).expect("there");
    let messages = path.join("messages.json");
    let whole = fs::read(&messages).expect("messages");
    for place in [path.clone(), messages.clone()] {
        let opened = convert(&place);
        assert!(opened.codes().contains(&Code::SourceTruncated) && opened.body().ended.is_none());
        assert_eq!(opened.body().status.unwrap_or(Status::Unknown), Status::Unknown);
        assert_eq!(opened.section::<Recipe>().parameters.len(), 9);
    }
    for cut in [whole.len() - 1, whole.len() - 7, whole.len() / 2, whole.len() / 3, 700] {
        fs::write(&messages, &whole[..cut]).expect("room");
        let opened = convert(&path);
        let lines = whole[..cut].split(|byte| *byte == b'\n').count() as u64 - 1;
        let source: SourceSection = opened.section();
        let dropped: u64 = source.account.items["message"].dropped.iter().map(|one| one.count).sum();
        let total = source.account.items["message"].total;
        assert!(total >= lines && total <= lines + 1, "{cut}: {total} of {lines}");
        assert!(dropped < 100, "{cut}");
        let place = format!("messages.json:{}", lines + 1);
        let findings = &opened.converted.findings;
        let is_told = findings.iter().any(|finding| finding.place.entry.as_deref() == Some(&place));
        // A line that lacks only its end is whole.
        assert!(is_told || cut == whole.len() - 1, "{cut}: {findings:?}");
    }
}

#[test]
fn an_archive_that_was_cut_gives_what_lies_before_the_cut() {
    let whole = fs::read(archive()).expect("the archive");
    let (_folder, path) = temporary();
    let zip = path.join(format!("{KEY}.zip"));
    let mut most = 0;
    for part in 1..16 {
        let cut = whole.len() * part / 16;
        fs::write(&zip, &whole[..cut]).expect("room");
        let opened = convert(&zip);
        assert!(opened.codes().contains(&Code::SourceTruncated), "{cut}");
        let source: SourceSection = opened.section();
        let total = source.account.items.get("message").map_or(0, |line| line.total);
        assert!(total >= most, "{cut}: {total} after {most}");
        most = total;
    }
    assert_eq!(most, 332);
    // The file that a run begins with, and that one which was killed leaves.
    fs::write(&zip, b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0").expect("room");
    let source = open("comet", &zip);
    let listing = source.runs().expect("a list");
    assert!(listing.runs.is_empty() && listing.unread[0].message.contains("the archive is empty"));
}

/// One bad byte costs the value that it stands in.
#[test]
fn one_bad_byte_takes_nothing_else_with_it() {
    let (_folder, path) = unpacked();
    let whole = fs::read(path.join("messages.json")).expect("messages");
    for part in 1..8 {
        let at = whole.len() * part / 8;
        for byte in [0xff, b'"', b'\n'] {
            let mut bytes = whole.clone();
            bytes[at] = byte;
            fs::write(path.join("messages.json"), &bytes).expect("room");
            let opened = convert(&path);
            let source: SourceSection = opened.section();
            let total = source.account.items["message"].total;
            assert!((331..=333).contains(&total), "{at} {byte}: {total}");
        }
    }
}

#[test]
fn odd_values_are_kept_as_they_are() {
    let (_folder, path) = temporary();
    let metric = |name: &str, value: &str, step: &str| {
        format!(
            r#"{{"payload":{{"local_timestamp":1795423885616,"message_id":1,"context":"train","metric":{{"epoch":2,"metricName":"{name}","metricValue":{value},"step":{step}}}}},"type":"metric_msg"}}"#
        )
    };
    let parameter = |value: &str| {
        format!(
            r#"{{"payload":{{"message_id":1,"param":{{"paramName":"n","paramValue":{value},"source":"manual","step":null}}}},"type":"parameter_msg"}}"#
        )
    };
    let lines = [
        metric("a", "\"NaN\"", "1"),
        metric("a", "\"-Infinity\"", "2"),
        metric("a", "\"0.5\"", "1.5"),
        metric("a", "\"no number\"", "3"),
        metric("a", "9007199254740993", "null"),
        metric("a", "true", "4"),
        parameter("1"),
        parameter("123456789012345678901234567890"),
        r#"{"payload":{"new":[1]},"type":"of_the_future"}"#.to_owned(),
        "[]".to_owned(),
        r#"{"payload":{"file_path":"../../etc/passwd","upload_type":"asset","additional_params":{"fileName":"/etc/passwd"}},"type":"file_upload"}"#.to_owned(),
    ];
    fs::write(path.join("messages.json"), lines.join("\n") + "\n").expect("room");
    let opened = convert(&path);
    let points = opened.points("train_a");
    let at = |step: i64| points.iter().find(|point| point.step == Some(step) && point.value != Some(0.5));
    assert!(at(1).and_then(|point| point.value).expect("NaN").is_nan());
    assert_eq!(at(2).and_then(|point| point.value), Some(f64::NEG_INFINITY));
    assert_eq!(at(3).and_then(|point| point.text.clone()).as_deref(), Some("no number"));
    let exact = points.iter().find(|point| point.step.is_none()).expect("without a step");
    assert_eq!(exact.text.as_deref(), Some("9007199254740993"));
    assert_eq!(opened.points("train_a\u{241f}step")[0].value, Some(1.5));
    assert_eq!(opened.section::<Summary>().series["train_a"].step_key.as_deref(), Some("train_a\u{241f}step"));
    assert_eq!(opened.points("curr_epoch")[0].value, Some(2.0));
    let recipe: Recipe = opened.section();
    assert_eq!(recipe.parameters["n"], json!({"$integer": "123456789012345678901234567890"}));
    let source: SourceSection = opened.section();
    assert!(
        source.raw["message"].contains_key("of_the_future 9") && source.raw["message"].contains_key("metric_msg 6")
    );
    let artifacts: Artifacts = opened.section();
    assert!(artifacts.artifacts.iter().all(|one| one.digest.is_none()));
}

#[test]
fn the_parts_of_a_run_that_was_continued_follow_from_each_other() {
    let (_folder, path) = temporary();
    let part = |name: &str, strategy: &str, start: i64| {
        let folder = path.join(name);
        fs::create_dir(&folder).expect("room");
        let end = json!({"offline_id": KEY, "start_time": start, "stop_time": start + 5, "resume_strategy": strategy});
        fs::write(folder.join("experiment.json"), end.to_string()).expect("room");
        fs::write(folder.join("messages.json"), "").expect("room");
    };
    part("a", "create", 1000);
    part("b", "get", 2000);
    part("c", "get", 3000);
    let convert = |key| Opened::new("comet", &path, Some(key), &Options::default());
    let (a, b, c) = (convert("a"), convert("b"), convert("c"));
    assert!(a.body().parents.is_empty());
    for (child, parent) in [(&b, &a), (&c, &b)] {
        let [link] = <[_; 1]>::try_from(child.body().parents).expect("one parent");
        assert_eq!(link.relation.as_str(), "resumed-from");
        assert_eq!(link.record, parent.converted.bundle.record().digest());
    }
    fs::remove_dir_all(path.join("a")).expect("there");
    let alone = Opened::new("comet", &path, Some("b"), &Options::default());
    assert!(alone.codes().contains(&Code::SourceMissing) && alone.body().parents.is_empty());
}

#[cfg(unix)]
#[test]
fn links_and_pipes_are_named_and_not_read() {
    let (_outside, outside) = temporary();
    fs::write(outside.join("secret"), "outside").expect("room");
    let (_folder, path) = temporary();
    let upload = |file: &str| {
        format!(
            r#"{{"payload":{{"file_path":"{file}","upload_type":"asset","additional_params":{{"fileName":"{file}.txt"}}}},"type":"file_upload"}}"#
        )
    };
    fs::write(path.join("messages.json"), [upload("link"), upload("pipe"), String::new()].join("\n")).expect("room");
    std::os::unix::fs::symlink(outside.join("secret"), path.join("link")).expect("room");
    assert!(std::process::Command::new("mkfifo").arg(path.join("pipe")).status().expect("mkfifo").success());
    let opened = convert(&path);
    let artifacts: Artifacts = opened.section();
    assert_eq!(artifacts.artifacts.len(), 2);
    assert!(artifacts.artifacts.iter().all(|one| one.digest.is_none()));
    assert!(opened.codes().contains(&Code::SourceOutside) && opened.codes().contains(&Code::SourceUnreadable));
}

/// The export tools of MLflow write an `experiment.json` too.
#[test]
fn an_archive_that_somebody_unpacked_is_of_comet_alone() {
    let (_folder, path) = unpacked();
    let source = expbundle_convert::tracker::open_any(&path).expect("one tracker").expect("a source");
    assert_eq!(source.runs().expect("a list").runs[0].id, KEY);
}
