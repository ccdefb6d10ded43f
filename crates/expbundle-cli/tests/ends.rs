//! What questions about the same bundle end with.

use crate::support::{Bench, root};

/// A bundle is broken for one command if it is broken for another. Every case by the library:
/// `crates/expbundle-query/tests/agree.rs`.
#[test]
fn a_whole_bundle_ends_every_question_alike() {
    let bench = Bench::new();
    for (status, case) in [
        (0, "container/nothing"),
        (0, "statement/release-alone"),
        (1, "order/limit-and-an-altered-artifact"),
        (1, "statement/listing-of-a-refused-release"),
        (1, "statement/release-reason-is-a-number"),
        (1, "statement/release-title-is-a-number"),
        (2, "json/depth-65"),
    ] {
        let bundle = root().join(format!("conformance/cases/{case}.expb"));
        let bundle = bundle.to_str().expect("UTF-8");
        for asked in [
            "verify",
            "lineage",
            "lineage --json",
            "lineage --svg",
            "lineage --down",
            "lineage --cost",
            "why",
            "why --json",
        ] {
            let arguments: Vec<&str> = asked.split(' ').chain([bundle]).collect();
            let output = bench.output(&arguments);
            assert_eq!(output.status.code(), Some(status), "{asked} {case}: {output:?}");
        }
    }
    let nothing = root().join("conformance/cases/container/nothing.expb");
    let said = bench.ok(&["why", nothing.to_str().expect("UTF-8")]);
    assert!(said.starts_with("No records found."), "{said}");
}

/// There is no answer about what is not there or cannot be read, whatever else is.
#[test]
fn what_cannot_be_read_has_no_answer() {
    let bench = Bench::with_bundle();
    std::fs::write(bench.path("other.bin"), b"nobody made these").expect("room");
    for arguments in [
        &["why", "nothing"][..],
        &["why", "nothing", "--with", "a.expb"],
        &["why", "nothing.expb", "--with", "a.expb", "--json"],
        &["why", "/dev/null", "--with", "a.expb"],
        &["lineage", "nothing", "--with", "a.expb"],
        &["lineage", "nothing.expb", "--with", "a.expb", "--json"],
        &["why", "other.bin", "--with", "a.expb", "--with", "nothing.expb"],
    ] {
        bench.fails(2, "cli.io", arguments);
    }
}

/// Runs that cannot be read are named, and none of them is done.
#[test]
fn runs_that_cannot_be_read_are_failures() {
    let bench = Bench::new();
    let run = |name: &str| bench.path("runs").join(name).join("run.json");
    let folder = |name: &str| std::fs::create_dir_all(bench.path("runs").join(name)).expect("room");
    folder("empty");
    std::fs::write(run("empty"), b"").expect("room");
    folder("a-folder/run.json");
    for all in [&["--all"][..], &["--experiment", "0"]] {
        let output = bench.output(&[&["convert", "mlflow", "runs", "-o", "out"][..], all].concat());
        let said = String::from_utf8_lossy(&output.stderr);
        if all == ["--all"] {
            assert_eq!(output.status.code(), Some(2), "{said}");
            assert!(said.contains("2 failed") && said.contains("failed: a-folder/run.json, empty/run.json"), "{said}");
        } else {
            assert_eq!(output.status.code(), Some(2), "{said}");
        }
        assert!(said.contains("not a regular file"), "{said}");
    }
    let (_, said) = bench.fails(2, "cli.source", &["convert", "mlflow", "runs"]);
    assert!(said.contains("no run that can be read") && said.contains("empty/run.json"), "{said}");
}

/// Talk is not data: nobody can read it, and everything was done.
#[cfg(target_os = "linux")]
#[test]
fn a_full_stderr_changes_no_status_and_a_full_stdout_does() {
    use std::process::{Command, Stdio};

    let bench = Bench::with_bundle();
    let full = || Stdio::from(std::fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has it"));
    let run = |arguments: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_expbundle"));
        command.args(arguments.split(' ')).current_dir(bench.folder.path()).stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    for (status, with_full_stdout, arguments) in [
        (0, 2, "note a.expb seen --key key"),
        (0, 2, "verify a.expb"),
        (0, 0, "merge a.expb a.expb -o b.expb"),
        (2, 2, "verify nothing.expb"),
        (1, 1, "why key.pub --with a.expb"),
    ] {
        let code = |mut command: Command| command.status().expect("the program runs").code();
        let mut talk = run(arguments);
        talk.stderr(full());
        assert_eq!(code(talk), Some(status), "{arguments} 2>/dev/full");
        let mut data = run(arguments);
        data.stdout(full());
        assert_eq!(code(data), Some(with_full_stdout), "{arguments} >/dev/full");
    }
}
