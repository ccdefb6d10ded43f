//! Several writers at once: what one of them says is done is there at the end.

use std::process::{Child, Command, Stdio};

use crate::support::{Bench, json};

fn start(bench: &Bench, arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_expbundle"));
    command.args(arguments).current_dir(bench.folder.path());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs")
}

/// Ids of all statements of a bundle.
fn statements(bench: &Bench, bundle: &str) -> Vec<String> {
    let report = json(&bench.ok(&["verify", bundle, "--json"]));
    let statements = report["statements"].as_array().expect("a list");
    statements.iter().map(|statement| statement["id"].as_str().expect("an id").to_owned()).collect()
}

/// Runs commands at once, each with `N` for its number, and gives what those that ended well
/// printed.
fn at_once(bench: &Bench, commands: &[&str], writers: usize) -> Vec<String> {
    let children: Vec<Child> = (0..writers)
        .map(|number| {
            let text = commands[number % commands.len()].replace('N', &number.to_string());
            start(bench, &text.split(' ').collect::<Vec<_>>())
        })
        .collect();
    let mut done = Vec::new();
    for child in children {
        let output = child.wait_with_output().expect("a child");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() {
            done.push(String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned());
        } else {
            assert_eq!(output.status.code(), Some(2), "{said}");
            assert!(said.contains("run it again"), "{said}");
        }
    }
    done
}

#[test]
fn every_statement_that_was_said_to_be_done_is_there() {
    for (rounds, writers) in [(6, 2), (3, 8), (1, 24)] {
        for _ in 0..rounds {
            let bench = Bench::with_bundle();
            let commands = [
                "note a.expb seen-N --key key",
                "sign a.expb --key key --name N",
                "review a.expb --verdict approved --key key --reason because-N",
                "revoke a.expb --whole-record --yes --reason because-N --key key",
            ];
            let done = at_once(&bench, &commands, writers);
            assert_eq!(done.len(), writers, "statements join, so nobody has to try again");
            let there = statements(&bench, "a.expb");
            assert!(done.iter().all(|id| there.contains(id)), "{done:?} are not all in {there:?}");
        }
    }
}

/// A folder: whoever comes second is told to try again, or both are there.
#[test]
fn records_that_were_attached_at_once_are_all_there() {
    let bench = Bench::with_bundle();
    std::fs::create_dir(bench.path("model")).expect("room");
    std::fs::copy(bench.path("weights.bin"), bench.path("model/weights.bin")).expect("room");
    for number in 0..6 {
        let (title, out) = (format!("run {number}"), format!("{number}.expb"));
        bench.ok(&["create", "--title", &title, "--output", "weights.bin", "-o", &out]);
    }
    let children: Vec<Child> =
        (0..6).map(|number| start(&bench, &["attach", "model", &format!("{number}.expb"), "--yes"])).collect();
    let outputs: Vec<_> = children.into_iter().map(|child| child.wait_with_output().expect("a child")).collect();
    let done = outputs.iter().filter(|output| output.status.success()).count();
    assert!(done > 0);
    for output in outputs.iter().filter(|output| !output.status.success()) {
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("changed in the meantime") && said.contains("run it again"), "{said}");
    }
    let report = json(&bench.ok(&["verify", "model", "--json"]));
    assert_eq!(report["records"].as_array().expect("a list").len(), done);
}

#[test]
fn whoever_joins_into_a_bundle_that_changed_meanwhile_is_told() {
    let bench = Bench::with_bundle();
    bench.ok(&["create", "--title", "another", "--output", "weights.bin", "-o", "b.expb"]);
    let done = at_once(&bench, &["note a.expb seen-N --key key --record all", "merge a.expb b.expb -o a.expb"], 12);
    let there = statements(&bench, "a.expb");
    // A note on two records is two statements.
    let mut ids = done.iter().flat_map(|said| said.lines());
    assert!(ids.all(|id| there.iter().any(|one| one == id)), "{done:?} are not all in {there:?}");
}

#[test]
fn what_a_killed_writer_left_goes_with_the_next_one() {
    let bench = Bench::with_bundle();
    let (left, new) = (bench.path(".expbundle-Ab12Cd.part"), bench.path(".expbundle-Ef34Gh.part"));
    for path in [&left, &new] {
        std::fs::write(path, b"half of it").expect("room");
    }
    let writing = std::fs::File::open(&new).expect("our own file");
    writing.lock().expect("Linux has locks");
    bench.ok(&["note", "a.expb", "seen", "--key", "key"]);
    assert!(!left.exists(), "its writer is gone");
    assert!(new.exists(), "its writer lives");
}

/// A command that should write by `expbundle::output` only would otherwise be found when a file is
/// lost.
#[test]
fn no_file_of_the_program_writes_by_itself() {
    // The demo works in a folder that it made for itself, and changes files there as a person
    // would.
    let exempt = ["demo/mod.rs", "demo/steps.rs", "schemas.rs"];
    let words = [
        "write_file",
        "PreparedFile",
        ".save(path",
        "fs::write",
        "File::create",
        "OpenOptions",
        "create_dir",
        "fs::rename",
        "remove_file",
        "fs::copy",
    ];
    let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).expect("sources").map(|entry| entry.expect("an entry").path()) {
            if path.is_dir() {
                folders.push(path);
            } else if !exempt.iter().any(|name| path.ends_with(name)) {
                let text = std::fs::read_to_string(&path).expect("a source");
                let found: Vec<_> = words.iter().filter(|word| text.contains(**word)).collect();
                assert!(found.is_empty(), "{} has {found:?}", path.display());
                seen += 1;
            }
        }
    }
    assert!(seen > 30, "{seen}");
}
