//! Nothing is written over that a command reads, and what a killed command left goes with the next
//! one.

use std::path::{Path, PathBuf};

use crate::support::{Bench, fixture, json};

/// Every file of a folder, with its bytes; links as what they are.
fn state(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for path in folder.read_dir().expect("readable").map(|entry| entry.expect("an entry").path()) {
            if path.is_symlink() {
                files.push((path, b"a link".to_vec()));
            } else if path.is_dir() {
                folders.push(path);
            } else {
                files.push((path.clone(), std::fs::read(&path).expect("readable")));
            }
        }
    }
    files.sort();
    files
}

/// A bundle, another one, and a model folder that carries the first; each file also under other
/// names.
fn bench() -> Bench {
    let bench = Bench::with_bundle();
    std::fs::create_dir(bench.path("model")).expect("room");
    std::fs::copy(bench.path("weights.bin"), bench.path("model/weights.bin")).expect("room");
    bench.ok(&["attach", "model", "a.expb", "--yes"]);
    bench.ok(&["create", "--title", "another", "--output", "weights.bin", "-o", "b.expb"]);
    let public = std::fs::read_to_string(bench.path("key.pub")).expect("a key");
    std::fs::write(bench.path("signers"), format!("ada namespaces=\"expbundle\" {public}")).expect("room");
    std::fs::write(bench.path("context.json"), "{\"title\": \"by hand\"}").expect("room");
    std::fs::create_dir(bench.path("sections")).expect("room");
    std::fs::copy(bench.path("context.json"), bench.path("sections/context.json")).expect("room");
    bench
}

/// Commands, and an input that they must not write over.
const COMMANDS: [(&str, &str); 20] = [
    ("create --title x --output weights.bin", "weights.bin"),
    ("create --title x --input weights.bin", "weights.bin"),
    ("create --title x --input model=model", "model/weights.bin"),
    ("create --title x --derive-from a.expb --relation pruned-from", "a.expb"),
    ("create --section context=context.json", "context.json"),
    ("create --from sections", "sections/context.json"),
    ("withhold a.expb --section context", "a.expb"),
    ("withhold model --section context", "model/experiment.expb"),
    ("extract a.expb --section context", "a.expb"),
    ("extract model --section context", "model/experiment.expb"),
    ("merge a.expb b.expb --thin --trust signers", "signers"),
    ("merge a.expb b.expb --closure ID", "b.expb"),
    ("merge model b.expb --closure ID --thin", "model/weights.bin"),
    ("repack a.expb", "b.expb"),
    ("sign a.expb --key key", "key"),
    ("note a.expb seen --key key", "weights.bin"),
    ("link a.expb --parent b.expb --key key", "b.expb"),
    ("supersede a.expb --by b.expb --key key", "b.expb"),
    ("convert wandb RUN --input model=weights.bin", "weights.bin"),
    ("convert wandb RUN --files model", "model/weights.bin"),
];

#[test]
fn no_command_writes_over_what_it_reads() {
    let bench = bench();
    let record = json(&bench.ok(&["verify", "a.expb", "--json"]))["records"][0]["id"].to_string();
    let run = fixture("wandb/os-exit");
    let takes_force = ["create", "withhold", "extract", "merge"];
    for (command, input) in COMMANDS {
        let hard = format!("{input}.hard");
        std::fs::hard_link(bench.path(input), bench.path(&hard)).expect("room");
        let mut names = vec![
            input.to_owned(),
            format!("./model/../{input}"),
            bench.path(input).display().to_string(),
            hard.clone(),
        ];
        #[cfg(unix)]
        {
            let link = format!("{input}.link");
            std::os::unix::fs::symlink(bench.path(input), bench.path(&link)).expect("a link");
            names.push(link);
        }
        let words: Vec<String> =
            command.split(' ').map(|word| word.replace("ID", record.trim_matches('"')).replace("RUN", &run)).collect();
        let before = state(bench.folder.path());
        for name in &names {
            for force in [false, takes_force.contains(&&*words[0])] {
                let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
                words.extend(["-o", name]);
                words.extend(force.then_some("--force"));
                let output = bench.output(&words);
                let said = String::from_utf8_lossy(&output.stderr).into_owned();
                assert_ne!(output.status.code(), Some(0), "{words:?}: {said}");
                assert!(said.contains("error[") && !said.contains("panicked"), "{words:?}: {said}");
                assert!(state(bench.folder.path()) == before, "{words:?} changed a file: {said}");
            }
        }
        std::fs::remove_file(bench.path(&hard)).expect("it was there");
        let _ = std::fs::remove_file(bench.path(&format!("{input}.link")));
    }
}

#[test]
fn folders_and_devices_are_not_written_over() {
    let bench = bench();
    let mut places = vec!["model".to_owned(), "sections/".to_owned()];
    #[cfg(unix)]
    {
        assert!(std::process::Command::new("mkfifo").arg(bench.path("pipe")).status().expect("mkfifo").success());
        places.extend(["pipe".to_owned(), "/dev/null".to_owned()]);
    }
    for place in &places {
        for command in [
            "create --title x --output weights.bin --force",
            "withhold a.expb --section context --force",
            "extract a.expb --section context --force",
            "merge a.expb b.expb --force",
            "repack a.expb --force",
            "sign a.expb --key key",
            "keygen",
        ] {
            let words: Vec<&str> = command.split(' ').chain(["-o", place]).collect();
            bench.fails(2, "cli.io", &words);
        }
    }
    assert!(bench.path("model/weights.bin").is_file());
}

/// Commands that write, with the folder that they write in.
const WRITERS: [(&str, &str); 24] = [
    ("create --title x --output weights.bin -o new.expb", "."),
    ("convert wandb RUN -o run.expb", "."),
    ("convert mlflow STORE --all -o bundles", "bundles"),
    ("keygen -o other-key", "."),
    ("sign a.expb --key key", "."),
    ("note a.expb seen --key key", "."),
    ("review a.expb --verdict approved --key key", "."),
    ("evaluation a.expb --result accuracy=0.9 --key key", "."),
    ("deployment a.expb --environment test --key key", "."),
    ("link a.expb --parent b.expb --key key", "."),
    ("supersede a.expb --by b.expb --key key", "."),
    ("revoke a.expb --whole-record --yes --key key", "."),
    ("seal a.expb --key key", "."),
    ("sign b.expb --key key -o signed.expb", "."),
    ("merge b.expb signed.expb -o all.expb", "."),
    ("withhold all.expb --section context -o part.expb", "."),
    ("repack all.expb", "."),
    ("repack all.expb -o repacked.expb", "."),
    ("extract a.expb --section context -o out.json", "."),
    ("extract a.expb --everything -o out", "."),
    ("attach model b.expb --yes", "model"),
    ("release model --key key --yes", "model"),
    ("detach model --yes", "model"),
    ("man -o man", "man"),
];

#[test]
fn what_a_killed_command_left_goes_with_the_next_one_that_writes() {
    let bench = bench();
    for (command, folder) in WRITERS {
        let left = [".expbundle-Ab12Cd.part", ".expbundle-Ef34Gh.part"].map(|name| bench.path(folder).join(name));
        std::fs::create_dir_all(bench.path(folder)).expect("room");
        std::fs::write(&left[0], b"half of it").expect("room");
        std::fs::create_dir_all(left[1].join("artifacts")).expect("room");
        let mine = bench.path(folder).join(".expbundle-mine.part");
        std::fs::write(&mine, b"not of the program").expect("room");
        let command = command.replace("RUN", &fixture("wandb/os-exit"));
        let command = command.replace("STORE", &fixture("mlflow/file-store"));
        let output = bench.output(&command.split(' ').collect::<Vec<_>>());
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command}: {said}");
        assert!(left.iter().all(|path| !path.exists()), "{command} left them there");
        assert!(mine.exists(), "{command} removed what another program wrote");
    }
}

/// Also from the folders in a model folder: nobody shall sign for half of a file.
#[test]
fn what_a_killed_command_left_anywhere_in_a_model_folder_is_removed_and_not_released() {
    for command in ["attach model b.expb --yes --key key", "release model --key key --yes", "detach model --yes"] {
        let bench = bench();
        let left = [".eval_results/.expbundle-Ab12Cd.part", "a/b/.expbundle-Ef34Gh.part", "a/.expbundle-Ij56Kl.part/c"]
            .map(|path| bench.path("model").join(path));
        for path in &left {
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("room");
            std::fs::write(path, b"half of it").expect("room");
        }
        bench.ok(&command.split(' ').collect::<Vec<_>>());
        assert!(left.iter().all(|path| !path.exists()), "{command} left them there");
        if !command.starts_with("detach") {
            let said = bench.ok(&["verify", "model"]);
            assert!(said.contains("1 file released") && !said.contains(".part"), "{said}");
        }
    }
}

#[test]
fn what_another_command_is_writing_is_not_released() {
    let bench = bench();
    std::fs::create_dir(bench.path("model/a")).expect("room");
    for left in ["model/a/.expbundle-Ab12Cd.part", "model/a/.expbundle-Ef34Gh.part"] {
        if left.contains("Ab12") {
            std::fs::write(bench.path(left), b"half of it").expect("room");
        } else {
            std::fs::create_dir(bench.path(left)).expect("room");
            std::fs::write(bench.path(left).join("b"), b"half of it").expect("room");
        }
        let writing = std::fs::File::open(bench.path(left)).expect("our own");
        writing.lock().expect("Linux has locks");
        let (_, said) = bench.fails(2, "cli.release", &["release", "model", "--key", "key", "--yes"]);
        assert!(said.contains("is being written by another command"), "{said}");
        assert!(bench.path(left).exists());
    }
}

/// Nobody reads what is not finished, and to *verify* it is a file like others.
#[test]
fn what_is_not_finished_is_no_file_of_a_model_but_for_verify() {
    let bench = bench();
    bench.ok(&["release", "model", "--key", "key", "--yes"]);
    let left = ["model/.expbundle-Ab12Cd.part", "model/a/.expbundle-Ef34Gh.part/b"].map(|path| bench.path(path));
    for path in &left {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("room");
        std::fs::write(path, b"half of it").expect("room");
    }
    let verified = json(&bench.ok(&["verify", "model", "--json"]))["findings"].to_string();
    assert_eq!(verified.matches("directory.uncovered").count(), 2, "{verified}");
    assert!(verified.contains("Ab12Cd") && verified.contains("Ef34Gh"), "{verified}");
    bench.ok(&["convert", "huggingface", "model", "-o", "origin.expb"]);
    bench.ok(&["create", "--title", "x", "--output", "model", "-o", "tree.expb"]);
    for bundle in ["origin.expb", "tree.expb"] {
        let everything = bench.path(bundle).with_extension("everything");
        bench.ok(&["extract", bundle, "--everything", "-o", everything.to_str().expect("UTF-8")]);
        let texts = state(&everything).into_iter().map(|(_, bytes)| String::from_utf8_lossy(&bytes).into_owned());
        let texts: String = texts.collect();
        assert!(texts.contains("weights.bin") && !texts.contains(".part"), "{bundle}: {texts}");
    }
}

#[test]
fn a_folder_of_everything_is_there_whole_or_not_at_all() {
    let bench = bench();
    bench.ok(&["extract", "a.expb", "--everything", "-o", "out"]);
    let mut names: Vec<_> = std::fs::read_dir(bench.path("out"))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    names.sort();
    assert!(
        names.iter().any(|name| name == "context.json") && names.iter().any(|name| name == "record.json"),
        "{names:?}"
    );
    bench.fails(2, "cli.io", &["extract", "a.expb", "--everything", "-o", "out"]);
    bench.fails(2, "cli.usage", &["extract", "a.expb", "--everything", "-o", "new", "--record", "ffff"]);
    assert!(!bench.path("new").exists());
    assert!(!state(bench.folder.path()).iter().any(|(path, _)| path.to_string_lossy().contains(".part")));
}

#[test]
fn a_new_key_is_nobody_elses() {
    let bench = bench();
    bench.ok(&["keygen", "-o", "mine"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(bench.path("mine")).expect("a key").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{mode:o}");
    }
    let before = state(bench.folder.path());
    bench.fails(2, "cli.io", &["keygen", "-o", "mine"]);
    std::fs::rename(bench.path("mine"), bench.path("moved")).expect("room");
    let (_, said) = bench.fails(2, "cli.io", &["keygen", "-o", "mine"]);
    assert!(said.contains("mine.pub"), "{said}");
    std::fs::rename(bench.path("moved"), bench.path("mine")).expect("room");
    assert!(state(bench.folder.path()) == before);
}

/// A rejection by a trusted person must not go unsaid, and the only copy of it not at all.
#[test]
fn repacking_leaves_the_archive_where_something_would_be_lost() {
    let bench = bench();
    bench.ok(&["review", "a.expb", "--verdict", "rejected", "--key", "key"]);
    let whole = std::fs::read(bench.path("a.expb")).expect("a bundle");
    let name = whole.windows(11).position(|part| part == b"statements/").expect("a statement");
    let write = |at: usize, bit: u8| {
        let mut bytes = whole.clone();
        bytes[at] ^= bit;
        std::fs::write(bench.path("b.expb"), &bytes).expect("room");
        bytes
    };
    // One bit of it is damaged.
    let damaged = write(name + 200, 1);
    let (_, said) = bench.fails(1, "digest.statement", &["repack", "b.expb"]);
    assert!(said.contains("the archive was not changed") && said.contains("`-o FILE`"), "{said}");
    for out in ["b.expb", "./b.expb"] {
        bench.fails(1, "digest.statement", &["repack", "b.expb", "-o", out, "--force"]);
    }
    assert!(std::fs::read(bench.path("b.expb")).expect("there") == damaged);
    let (_, said) = bench.fails(1, "digest.statement", &["repack", "b.expb", "-o", "kept.expb"]);
    assert!(said.contains("1 left out"), "{said}");
    bench.ok(&["verify", "kept.expb"]);
    // It has a wrong name: it is known by what it is, and nothing is lost.
    write(name + 11, 1);
    assert_eq!(bench.output(&["verify", "b.expb"]).status.code(), Some(1));
    bench.ok(&["repack", "b.expb"]);
    assert!(std::fs::read(bench.path("b.expb")).expect("a bundle") == whole);
    // A name of which nothing is left but the list at the end: nobody knows what it was.
    let header = whole.windows(11).position(|part| part == b"statements/").expect("a statement") - 30;
    write(header, 1);
    let (_, said) = bench.fails(1, "container.header-mismatch", &["repack", "b.expb"]);
    assert!(said.contains("the archive lists it"), "{said}");
}

#[test]
fn nothing_is_read_or_written_under_the_name_of_a_file_that_was_left_unfinished() {
    let bench = Bench::new();
    bench.ok(&["keygen", "-o", "key"]);
    bench.ok(&["create", "--title", "a run", "-o", "a.expb"]);
    for (from, to) in [("a.expb", ".expbundle-aaaaaa.part"), ("key", ".expbundle-kkkkkk.part")] {
        std::fs::copy(bench.path(from), bench.path(to)).expect("room");
    }
    std::fs::create_dir(bench.path(".expbundle-dddddd.part")).expect("room");
    std::fs::write(bench.path(".expbundle-dddddd.part/w.bin"), b"weights").expect("room");
    for command in [
        &["note", ".expbundle-aaaaaa.part", "x", "--key", "key"][..],
        &["sign", "a.expb", "--key", ".expbundle-kkkkkk.part"],
        &["merge", ".expbundle-aaaaaa.part", "a.expb", "-o", "b.expb"],
        &["create", "--title", "x", "--input", "dataset=.expbundle-dddddd.part", "-o", "c.expb"],
        &["create", "--title", "x", "--input", ".expbundle-dddddd.part/w.bin", "-o", "c.expb"],
        &["create", "--title", "x", "-o", ".expbundle-oooooo.part"],
        &["keygen", "-o", ".expbundle-nnnnnn.part"],
    ] {
        bench.fails(2, "cli.usage", command);
    }
    for kept in [".expbundle-aaaaaa.part", ".expbundle-kkkkkk.part", ".expbundle-dddddd.part/w.bin"] {
        assert!(bench.path(kept).exists(), "{kept}");
    }
}

#[test]
fn a_folder_does_not_go_to_standard_output() {
    let bench = Bench::with_bundle();
    let (_, stderr) = bench.fails(2, "cli.usage", &["extract", "a.expb", "--everything", "-o", "-"]);
    assert!(stderr.contains("cannot be written to standard output") && !bench.path("-").exists(), "{stderr}");
}
