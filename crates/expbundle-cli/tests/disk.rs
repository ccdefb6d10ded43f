//! Disks that are full, folders that take nothing, writes that are cut off: a clear error, and the
//! old file as it was.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::{Command, Output};

const PROGRAM: &str = env!("CARGO_BIN_EXE_expbundle");

/// A folder with a signed bundle, a model that carries it, and a big file for a second one.
fn prepared() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    std::fs::create_dir(path("model")).expect("room");
    std::fs::write(path("model/weights.bin"), vec![7; 100_000]).expect("room");
    let notes = "word ".repeat(50_000);
    std::fs::write(path("context.json"), format!("{{\"title\": \"long\", \"notes\": \"{notes}\"}}")).expect("room");
    for arguments in [
        "create --title one --output model/weights.bin -o old.expb",
        "create --section context.json=context.json --output model/weights.bin -o big.expb",
        "keygen -o key",
    ] {
        assert!(run(&folder, arguments).status.success(), "{arguments}");
    }
    folder
}

fn run(folder: &tempfile::TempDir, arguments: &str) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(arguments.split(' ')).current_dir(folder.path());
    command.output().expect("the program runs")
}

/// Runs where no file may grow past so many blocks of 512 bytes; `signal` says what the system does
/// on the attempt.
fn run_limited(folder: &tempfile::TempDir, signal: &str, arguments: &str) -> Output {
    let script = format!("{signal} ulimit -f 16; exec {PROGRAM} {arguments}");
    Command::new("sh").args(["-c", &script]).current_dir(folder.path()).output().expect("a shell")
}

/// Every file of the folder, with its bytes.
fn state(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().expect("readable").map(|entry| entry.expect("an entry").path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else {
                files.push((entry.display().to_string(), std::fs::read(&entry).expect("readable")));
            }
        }
    }
    files.sort();
    files
}

/// Commands that write more than the limit, over a file that is there.
const WRITES: [&str; 6] = [
    "create --section context.json=context.json --output model/weights.bin -o old.expb --force",
    "merge old.expb big.expb -o old.expb",
    "sign big.expb --key key",
    "attach model big.expb --yes",
    "extract big.expb --section context -o old.expb --force",
    "repack big.expb -o old.expb --force",
];

/// Runs without what root may do beyond others, which is to read and write everything.
fn run_as_others(folder: &tempfile::TempDir, arguments: &str) -> Output {
    use std::os::unix::fs::MetadataExt as _;
    let mut command = if folder.path().metadata().expect("our own").uid() == 0 {
        let mut setpriv = Command::new("setpriv");
        let none = "-dac_override,-dac_read_search";
        setpriv.args([format!("--bounding-set={none}"), format!("--inh-caps={none}"), PROGRAM.to_owned()]);
        setpriv
    } else {
        Command::new(PROGRAM)
    };
    command.args(arguments.split(' ')).current_dir(folder.path()).output().expect("the program runs")
}

/// A folder to write in and not to read can be neither locked nor brought to the disk: so nothing is
/// written there, instead of something of which it is said that it was not.
#[test]
fn a_folder_that_may_not_be_read_is_left_as_it_was() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = prepared();
    let mode = |mode| {
        for path in [folder.path().to_owned(), folder.path().join("model")] {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("our own");
        }
    };
    for arguments in [
        "note old.expb seen --key key",
        "sign big.expb --key key -o signed.expb",
        "create --title two -o two.expb",
        "extract big.expb --section context -o context",
        "extract big.expb --everything -o everything",
        "attach model old.expb --yes",
        "keygen -o other",
        "man -o model",
    ] {
        let before = state(folder.path());
        mode(0o300);
        let output = run_as_others(&folder, arguments);
        mode(0o700);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments}: {said}");
        assert!(said.contains("Permission denied"), "{arguments}: {said}");
        assert!(state(folder.path()) == before, "{arguments} wrote something: {said}");
        assert!(run_as_others(&folder, arguments).status.success(), "{arguments}: it was the mode");
    }
}

/// Nor a folder that would be in the way of the next call.
#[test]
fn a_disk_without_room_leaves_no_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let runs = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/mlruns");
    let all = format!("convert mlflow {runs} --all -o new/bundles");
    for (arguments, blocks) in [("man -o man", 0), ("demo -o demo", 0), ("demo -o demo", 16), (&*all, 0)] {
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec {PROGRAM} {arguments} < /dev/null");
        let output = Command::new("sh").args(["-c", &script]).current_dir(folder.path()).output().expect("a shell");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments}: {said}");
        assert_eq!(folder.path().read_dir().expect("readable").count(), 0, "{arguments}: {said}");
    }
}

#[test]
fn a_disk_without_room_leaves_everything_as_it_was() {
    for arguments in WRITES {
        let folder = prepared();
        let before = state(folder.path());
        // The write fails, as it does on a full disk.
        let output = run_limited(&folder, "trap '' XFSZ;", arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments}: {said}");
        assert!(
            said.contains("error[cli.io]") && said.contains("-->") && said.contains("make room"),
            "{arguments}: {said}"
        );
        assert!(state(folder.path()) == before, "{arguments} left something behind");
        assert!(run(&folder, arguments).status.success(), "{arguments} cannot be run again");
    }
}

#[test]
fn a_write_that_is_killed_leaves_the_old_file() {
    for arguments in WRITES {
        let folder = prepared();
        let before = state(folder.path());
        let output = run_limited(&folder, "", arguments);
        assert_eq!(output.status.code(), None, "{arguments}: it was to be killed by the signal");
        let after = state(folder.path());
        let kept: Vec<_> = after.iter().filter(|(name, _)| !name.contains(".expbundle-")).cloned().collect();
        assert!(kept == before, "{arguments} changed a file");
        assert!(run(&folder, arguments).status.success(), "{arguments} cannot be run again");
    }
}

#[test]
fn a_folder_that_takes_no_file_is_named() {
    let folder = prepared();
    for arguments in [
        "create --title one --output model/weights.bin -o /sys/kernel/a.expb",
        "merge old.expb -o /sys/kernel/a.expb",
        "keygen -o /sys/kernel/key",
        "extract old.expb --section context -o /sys/kernel/context.json",
    ] {
        let output = run(&folder, arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments}: {said}");
        assert!(said.contains("error[cli.io]") && said.contains("-->"), "{arguments}: {said}");
    }
}

#[test]
fn output_that_nobody_can_take_is_an_error() {
    let folder = prepared();
    let script = format!("exec {PROGRAM} extract big.expb --section context > /dev/full");
    let output = Command::new("sh").args(["-c", &script]).current_dir(folder.path()).output().expect("a shell");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("error[cli.io]"));
}
