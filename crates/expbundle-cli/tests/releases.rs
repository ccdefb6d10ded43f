//! What releases say of a file or folder that is not, or not quite, what was released.

use std::fs;

use crate::support::{Bench, json, valid};

/// A folder `m` with weights and code that Ada made and released.
fn bench() -> Bench {
    let bench = Bench::new();
    fs::create_dir(bench.path("m")).expect("room");
    fs::write(bench.path("m/model.safetensors"), vec![7; 5000]).expect("room");
    fs::write(bench.path("m/modeling.py"), "layers = 3\n").expect("room");
    for (name, person) in [("key", "ada"), ("board", "board")] {
        bench.ok(&["keygen", "-o", name]);
        bench.ok(&["trust", "add", "signers", &format!("{name}.pub"), "--as", &format!("{person}@example.org")]);
    }
    let create = ["create", "--title", "base", "--output", "model=m/model.safetensors", "--output"];
    bench.ok(&[&create[..], &["code=m/modeling.py", "-o", "a.expb"]].concat());
    bench.ok(&["sign", "a.expb", "--key", "key"]);
    bench.ok(&["attach", "m", "a.expb", "--key", "key", "--yes", "-q"]);
    bench
}

/// Standard output as one line, and the exit status.
fn run(bench: &Bench, arguments: &[&str]) -> (String, Option<i32>) {
    let output = bench.output(&[arguments, &["--trust", "signers"]].concat());
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    (said.split_whitespace().collect::<Vec<_>>().join(" "), output.status.code())
}

fn release(bench: &Bench) -> String {
    let report = json(&bench.ok(&["verify", "m", "--trust", "signers", "--json"]));
    report["folder"]["releases"][0]["statement"].as_str().expect("an id").to_owned()
}

/// Takes the listing of the release out of the bundle of the folder.
fn without_listing(bench: &Bench) {
    let path = camino::Utf8PathBuf::from_path_buf(bench.path("m/experiment.expb")).expect("a plain path");
    let mut bundle = expbundle::verify::open(&path).expect("it is intact").bundle().clone();
    let names: Vec<_> = bundle.artifacts().map(|(digest, _)| digest).collect();
    assert_eq!(names.len(), 1);
    bundle.remove(&expbundle_format::container::EntryName::Artifact(names[0]));
    bundle.save_over(&path).expect("room");
}

#[test]
fn a_release_of_which_the_list_is_left_out_is_not_passed_over() {
    let bench = bench();
    let why = ["why", "m/model.safetensors"];
    let releases = |bench: &Bench| {
        let report = json(&run(bench, &["why", "m/model.safetensors", "--json"]).0);
        valid("why", &report);
        report["releases"].clone()
    };
    assert_eq!(releases(&bench)[0]["lists"], "file");
    fs::write(bench.path("m/model.safetensors"), vec![9; 5000]).expect("room");
    let (said, _) = run(&bench, &why);
    assert!(said.starts_with("This is not the model.safetensors that ada@example.org released on "), "{said}");
    assert_eq!(
        (&releases(&bench)[0]["lists"], &releases(&bench)[0]["path"]),
        (&"other-bytes".into(), &"model.safetensors".into())
    );
    without_listing(&bench);
    let (said, _) = run(&bench, &why);
    assert!(said.starts_with("There is a release by ada@example.org of "), "{said}");
    assert!(said.contains("whose list of files is not here: whether this file is one of them is not known."), "{said}");
    assert_eq!(releases(&bench)[0]["lists"], "unknown");
}

#[test]
fn a_revoked_release_speaks_of_its_files_in_another_folder_too() {
    let bench = bench();
    bench.ok(&["revoke", "m", "--statement", &release(&bench), "--reason", "backdoor", "--key", "board"]);
    // Whoever leaves out or changes one file still has the other.
    for change in [None, Some("layers = 4\n")] {
        match change {
            None => fs::remove_file(bench.path("m/modeling.py")),
            Some(text) => fs::write(bench.path("m/modeling.py"), text),
        }
        .expect("room");
        let (said, _) = run(&bench, &["verify", "m"]);
        assert!(said.contains("a release that has 1 of its 2 files here was REVOKED"), "{said}");
        assert!(
            said.contains("A RELEASE THAT HAS 1 OF ITS 2 FILES HERE WAS REVOKED by board@example.org on "),
            "{said}"
        );
    }
    fs::remove_file(bench.path("m/modeling.py")).expect("it is there");
    assert_eq!(run(&bench, &["verify", "m"]).1, Some(0), "records cover what is left");
    let (said, status) = run(&bench, &["verify", "m", "--no-objections"]);
    assert!(
        status == Some(3) && said.contains("board@example.org revoked a release that has 1 of its 2 files here"),
        "{said}"
    );
    let report = json(&run(&bench, &["verify", "m", "--json"]).0);
    valid("report", &report);
    let release = &report["folder"]["releases"][0];
    assert_eq!((&release["listed"], &release["here"], &release["same"]), (&2.into(), &1.into(), &false.into()));
    // The list left out, it may be a release of whatever is here.
    let whole = fs::read(bench.path("m/experiment.expb")).expect("it is there");
    without_listing(&bench);
    let (said, status) = run(&bench, &["verify", "m", "--no-objections"]);
    assert!(status == Some(3) && said.contains("revoked a release whose list of files is not here on "), "{said}");
    fs::write(bench.path("m/experiment.expb"), whole).expect("room");
    // Not what Ada releases instead ends that, but what the board does.
    for (key, status) in [("key", 3), ("board", 0)] {
        bench.ok(&["release", "m", "--key", key, "--trust", "signers", "--yes"]);
        assert_eq!(run(&bench, &["verify", "m", "--no-objections"]).1, Some(status), "{key}");
        assert_eq!(run(&bench, &["why", "m/model.safetensors", "--no-objections"]).1, Some(status), "{key}");
    }
}

#[test]
fn a_seal_that_lists_what_is_left_out_is_told_of() {
    let bench = Bench::with_bundle();
    bench.ok(&["sign", "a.expb", "--key", "key"]);
    bench.ok(&["keygen", "-o", "other"]);
    bench.ok(&[
        "create",
        "--title",
        "fine",
        "--input",
        "weights.bin",
        "--derive-from",
        "a.expb",
        "--relation",
        "fine-tuned-from",
        "-o",
        "b.expb",
    ]);
    bench.ok(&["merge", "a.expb", "b.expb", "-o", "both.expb"]);
    bench.ok(&["seal", "both.expb", "--key", "other"]);
    let told = "by SHA256:";
    let said = bench.said(&["withhold", "both.expb", "--section", "context", "-o", "part.expb"]);
    assert!(said.contains("the seal of ") && said.contains(told), "{said}");
    assert!(
        said.contains("lists 2 objects that the copy leaves out: whoever trusts that key will refuse it"),
        "{said}"
    );
    let said = bench.said(&["merge", "both.expb", "--thin", "-o", "thin.expb"]);
    assert!(said.contains("that the copy leaves out"), "{said}");
    let said = bench.said(&["merge", "both.expb", "a.expb", "-o", "more.expb"]);
    assert!(!said.contains("seal"), "{said}");
}

#[test]
fn every_view_tells_the_weightiest_objection_first() {
    let bench = bench();
    bench.ok(&["create", "--title", "better", "-o", "new.expb"]);
    bench.ok(&["create", "--title", "other", "-o", "other.expb"]);
    bench.ok(&["sign", "other.expb", "--key", "key"]);
    bench.ok(&["review", "other.expb", "--verdict", "needs-changes", "--key", "board"]);
    bench.ok(&["supersede", "a.expb", "--by", "new.expb", "--key", "board"]);
    bench.ok(&["review", "a.expb", "--verdict", "rejected", "--key", "board"]);
    bench.ok(&["revoke", "a.expb", "--whole-record", "--yes", "--key", "board"]);
    bench.ok(&["merge", "a.expb", "other.expb", "-o", "both.expb"]);
    for view in ["why", "show", "log", "verify", "lineage"] {
        let (said, _) = run(&bench, &[view, "both.expb"]);
        let at = |words: &str| said.find(words).unwrap_or_else(|| panic!("{view}, {words}: {said}"));
        let places = ["revoked by board", "rejected by board", "superseded by record"].map(at);
        assert!(places.is_sorted(), "{view}: {said}");
        if view != "show" {
            assert!(at("sent back for changes by board") > places[2], "{view}: {said}");
        }
    }
}
