//! What a command concluded is its exit status, whatever becomes of its output.

use std::process::{Command, Stdio};

use crate::support::{Bench, fixture};

/// Every command that writes to stdout, with the exit status that it concludes.
fn commands() -> Vec<(i32, Vec<String>)> {
    let run = fixture("mlflow/file-store/mlruns");
    let commands = [
        (0, "verify a.expb"),
        (0, "verify a.expb --json"),
        (0, "verify model"),
        (1, "verify damaged.expb"),
        (1, "verify damaged.expb --json"),
        (3, "verify a.expb --require signed"),
        (3, "verify a.expb --trust signers --json"),
        (3, "verify model --trust signers"),
        (2, "verify nothing.expb"),
        (0, "lineage a.expb"),
        (0, "lineage a.expb --json"),
        (0, "lineage a.expb --svg"),
        (0, "lineage a.expb --dot"),
        (0, "lineage a.expb --mermaid"),
        (1, "lineage a.expb --with damaged.expb"),
        (1, "lineage a.expb --with damaged.expb --json"),
        (0, "why weights.bin --with a.expb"),
        (1, "why other.bin --with a.expb"),
        (0, "show a.expb"),
        (0, "show a.expb --json"),
        (0, "show a.expb context"),
        (1, "show damaged.expb"),
        (0, "log a.expb"),
        (0, "log a.expb --json"),
        (0, "extract a.expb --section context"),
        (0, "diff a.expb a.expb"),
        (0, "diff a.expb a.expb --json"),
        (0, "sign a.expb --key key"),
        (0, "note a.expb seen --key key"),
        (0, "create --title again --output weights.bin -o again.expb"),
        (0, "lineage a.expb --cost"),
        (0, "log model"),
        (0, "extract a.expb --section context -o out.json"),
        (0, "extract a.expb --everything -o out"),
        (0, "review a.expb --verdict approved --key key"),
        (0, "revoke a.expb --whole-record --yes --key key"),
        (0, "withhold a.expb --section context -o part.expb"),
        (0, "seal again.expb --key key"),
        (0, "release model --key key --yes"),
        (0, "detach model --yes"),
        (0, "attach model a.expb --yes"),
        (2, "attach model damaged-not-there.expb --yes"),
        (0, "merge a.expb again.expb -o all.expb"),
        (1, "merge a.expb damaged.expb --keep-going -o some.expb"),
        (0, "repack a.expb"),
        (1, "repack damaged.expb"),
        (0, "keygen -o new-key"),
        (2, "keygen -o key"),
        (0, "man -o man"),
        (0, "--help"),
        (0, "--version"),
        (0, "repack --help"),
        (2, "repack --no-such-option"),
        (0, "schema"),
        (0, "schema record"),
        (0, "completions bash"),
        (0, "convert mlflow RUNS --list"),
        (0, "convert mlflow RUNS --list --json"),
    ];
    let split =
        |text: &str| text.split(' ').map(|word| if word == "RUNS" { run.clone() } else { word.to_owned() }).collect();
    commands.into_iter().map(|(status, text)| (status, split(text))).collect()
}

fn bench() -> Bench {
    let bench = Bench::with_bundle();
    std::fs::write(bench.path("other.bin"), b"nobody made these").expect("room");
    bench.ok(&["keygen", "-o", "stranger"]);
    let stranger = std::fs::read_to_string(bench.path("stranger.pub")).expect("a key");
    std::fs::write(bench.path("signers"), format!("eve namespaces=\"expbundle\" {stranger}")).expect("room");
    std::fs::create_dir(bench.path("model")).expect("room");
    std::fs::copy(bench.path("weights.bin"), bench.path("model/weights.bin")).expect("room");
    bench.ok(&["attach", "model", "a.expb", "--yes"]);
    bench.ok(&["create", "--title", "again", "--output", "weights.bin", "-o", "again.expb"]);
    let mut bytes = std::fs::read(bench.path("a.expb")).expect("a bundle");
    let title = bytes.windows(5).position(|part| part == b"a run").expect("the title");
    bytes[title] ^= 1;
    std::fs::write(bench.path("damaged.expb"), bytes).expect("room");
    bench
}

fn status(bench: &Bench, arguments: &[String], stdout: Stdio) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_expbundle"));
    command.args(arguments).current_dir(bench.folder.path()).stdin(Stdio::null()).stdout(stdout).stderr(Stdio::piped());
    let output = command.spawn().and_then(std::process::Child::wait_with_output).expect("the program runs");
    (output.status.code().expect("no signal"), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_closed_pipe_changes_no_exit_status() {
    let bench = bench();
    for (expected, arguments) in commands() {
        remake(&bench);
        assert_eq!(status(&bench, &arguments, Stdio::null()).0, expected, "{arguments:?}");
        remake(&bench);
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let (found, said) = status(&bench, &arguments, writer.into());
        assert_eq!(found, expected, "{arguments:?} into a closed pipe: {said}");
    }
}

/// Nobody hears what is said on stderr; what was concluded is concluded all the same.
#[test]
#[cfg(unix)]
fn a_closed_stderr_changes_no_exit_status() {
    let bench = bench();
    for (expected, arguments) in commands() {
        for close in ["2>&-", "2>/dev/full", ">&- 2>&-"] {
            remake(&bench);
            let script = format!("exec \"$0\" \"$@\" {close}");
            let mut command = Command::new("sh");
            command
                .args(["-c", &script, env!("CARGO_BIN_EXE_expbundle")])
                .args(&arguments)
                .current_dir(bench.folder.path());
            let output = command.stdin(Stdio::null()).output().expect("a shell");
            let plain: Vec<&str> = arguments.iter().map(String::as_str).collect();
            // An output that is closed from the start was asked for by nobody.
            assert_eq!(output.status.code(), Some(expected), "{plain:?} {close}");
        }
    }
}

/// Removes what commands make that may be made once only.
fn remake(bench: &Bench) {
    for name in ["new-key", "new-key.pub", "out.json"] {
        let _ = std::fs::remove_file(bench.path(name));
    }
    let _ = std::fs::remove_dir_all(bench.path("out"));
    if !bench.path("model/experiment.expb").exists() {
        bench.ok(&["attach", "model", "a.expb", "--yes"]);
    }
}

/// Who asked for the output has none, so that is not success; what failed anyhow still failed.
#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_no_success_and_hides_no_failure() {
    let bench = bench();
    for (concluded, arguments) in commands() {
        let plain: Vec<&str> = arguments.iter().map(String::as_str).collect();
        remake(&bench);
        let has_output = !bench.output(&plain).stdout.is_empty();
        remake(&bench);
        let full = std::fs::File::create("/dev/full").expect("Linux has it");
        let (found, said) = status(&bench, &arguments, full.into());
        assert_eq!(found, if concluded == 0 && has_output { 2 } else { concluded }, "{arguments:?}: {said}");
        assert_eq!(said.contains("cannot write the output"), has_output, "{arguments:?}: {said}");
    }
}

/// A long output ends when nobody reads it, and what was done before stays done.
#[test]
fn what_was_signed_is_signed() {
    let bench = Bench::with_bundle();
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let arguments = ["sign", "a.expb", "--key", "key"].map(str::to_owned);
    assert_eq!(status(&bench, &arguments, writer.into()).0, 0);
    bench.ok(&["verify", "a.expb", "--require", "signed"]);
}

/// A stream that refuses what it cannot take at once is waited for: nothing of the output is lost.
#[test]
#[cfg(unix)]
fn an_output_that_takes_little_at_a_time_gets_all() {
    use std::fmt::Write as _;
    use std::io::Read as _;
    let bench = Bench::new();
    let mut table = "step,loss\n".to_owned();
    for step in 0..60_000 {
        writeln!(table, "{step},{}", f64::from(step).sin()).expect("memory");
    }
    std::fs::write(bench.path("points.csv"), table).expect("room");
    bench.ok(&["create", "--title", "long", "--metrics", "points.csv", "-o", "long.expb"]);
    for arguments in
        [&["extract", "long.expb", "--csv"][..], &["--help"], &["verify", "long.expb", "--json", "--at", "2026-12-01"]]
    {
        let whole = bench.output(arguments).stdout;
        let (mut reader, writer) = std::os::unix::net::UnixStream::pair().expect("two ends");
        writer.set_nonblocking(true).expect("it can be");
        let mut command = Command::new(env!("CARGO_BIN_EXE_expbundle"));
        command.args(arguments).current_dir(bench.folder.path()).stderr(Stdio::piped());
        let mut child = command.stdout(std::os::fd::OwnedFd::from(writer)).spawn().expect("the program runs");
        drop(command);
        // It fills what the system keeps before anybody reads.
        std::thread::sleep(std::time::Duration::from_millis(300));
        let mut read = Vec::new();
        reader.read_to_end(&mut read).expect("until it ends");
        assert!(child.wait().expect("it ends").success(), "{arguments:?}");
        assert!(read == whole, "{arguments:?}: {} of {} bytes", read.len(), whole.len());
    }
}

/// Nothing is said to be done before it is: where the write fails, no id is printed, and no word of
/// it.
#[test]
#[cfg(target_os = "linux")]
fn nothing_is_said_to_be_done_that_is_not() {
    let bench = bench();
    for (arguments, word) in [
        ("sign a.expb --key key", "authorship of"),
        ("note a.expb seen --key key", "comment of"),
        ("review a.expb --verdict approved --key key", "review of"),
        ("seal a.expb --key key", "seal of"),
        ("attach model a.expb --key key --yes", "done:"),
        ("release model --key key --yes", "done:"),
        ("keygen -o new-key", "private key:"),
        ("create --title other --output weights.bin -o b.expb", "written"),
        ("extract a.expb --section context -o out.json", "written"),
        ("extract a.expb --everything -o out", "written"),
        ("repack a.expb -o c.expb", "kept"),
        ("merge a.expb again.expb -o c.expb", "c.expb: "),
        ("withhold a.expb --section context -o c.expb", "without"),
        ("convert mlflow RUNS --all -o runs.expb", "done"),
        ("man -o man", "manual pages"),
    ] {
        let arguments = arguments.replace("RUNS", &fixture("mlflow/file-store/mlruns"));
        // No file may grow at all: what is written fails as on a full disk.
        let script = format!("trap '' XFSZ; ulimit -f 0; exec {} {arguments}", env!("CARGO_BIN_EXE_expbundle"));
        let mut command = Command::new("sh");
        command.args(["-c", &script]).current_dir(bench.folder.path()).stdin(Stdio::null());
        // Pipes have no limit.
        let output = command.output().expect("a shell");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments}: {said}");
        assert!(output.stdout.is_empty(), "{arguments}: {:?}", String::from_utf8_lossy(&output.stdout));
        assert!(!said.lines().any(|line| line.contains(word) && !line.contains("error")), "{arguments}: {said}");
    }
}
