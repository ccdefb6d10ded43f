//! A folder is recorded whole or not at all, and what is not read is named.
#![cfg(unix)]

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use crate::support::{Bench, fixture, json};

/// A bench with a folder `data` of one file.
fn bench() -> Bench {
    let bench = Bench::new();
    std::fs::create_dir_all(bench.path("data/sub")).expect("room");
    std::fs::write(bench.path("data/sub/a.csv"), "1,2\n").expect("room");
    bench
}

/// The paths in the listing of the one output of `a.expb`.
fn listed(bench: &Bench) -> Vec<String> {
    let record = json(&bench.ok(&["show", "a.expb", "--json"]));
    let digest = record["record"]["outputs"][0]["digest"]["blake3"].as_str().expect("a digest").to_owned();
    let listing = bench.ok(&["extract", "a.expb", "--artifact", &digest]);
    listing.lines().map(|line| line.splitn(4, ' ').last().expect("a path").to_owned()).collect()
}

/// Puts something into the folder that no listing can hold, and asks for a record of it.
#[track_caller]
fn refused(path: &str, why: &str, help: &str, put: impl Fn(&Path)) {
    let bench = bench();
    put(&bench.path("data"));
    let run = fixture("wandb/os-exit");
    for arguments in [
        &["create", "--title", "t", "--output", "dataset=data"][..],
        &["create", "--title", "t", "--input", "dataset=data"],
        &["convert", "wandb", &run, "--input", "dataset=data"],
    ] {
        let (_, stderr) = bench.fails(2, "cli.write", &[arguments, &["-o", "a.expb"]].concat());
        assert!(stderr.contains(&format!("`{path}` cannot be recorded: {why}")), "{stderr}");
        assert!(stderr.contains(&format!("--> data/{path}")) && stderr.contains(help), "{stderr}");
        assert!(!bench.path("a.expb").exists(), "{arguments:?}");
    }
}

#[test]
fn what_no_listing_can_hold_is_refused_by_its_path() {
    let (link, out) = ("it is a symlink; symlinks are not followed", "it is a symlink out of the folder; symlinks");
    let nowhere = "it is a symlink that leads nowhere; symlinks are not followed";
    let copy = "copy the folder with `cp -RL`, which replaces symlinks with files";
    refused("out", out, copy, |data| symlink("/etc/hostname", data.join("out")).expect("a link"));
    refused("sub/in", link, copy, |data| symlink("a.csv", data.join("sub/in")).expect("a link"));
    refused("dangling", nowhere, copy, |data| symlink("nowhere", data.join("dangling")).expect("a link"));
    refused("loop", nowhere, copy, |data| symlink("loop", data.join("loop")).expect("a link"));
    refused("up", out, copy, |data| symlink("..", data.join("up")).expect("a link"));
    let special = "it is neither a file nor a folder";
    refused("sub/pipe", special, "move it out", |data| {
        assert!(Command::new("mkfifo").arg(data.join("sub/pipe")).status().expect("mkfifo").success());
    });
    refused("socket", special, "move it out", |data| drop(UnixListener::bind(data.join("socket")).expect("a socket")));
    refused("odd\u{FFFD}", "its name is not UTF-8", "rename it", |data| {
        std::fs::write(data.join(OsStr::from_bytes(b"odd\xFF")), "x").expect("room");
    });
}

#[test]
fn a_section_whose_name_is_not_utf8_is_named() {
    let bench = bench();
    std::fs::create_dir(bench.path("sections")).expect("room");
    std::fs::write(bench.path("sections").join(OsStr::from_bytes(b"odd\xFF.json")), "{}").expect("room");
    let (_, stderr) = bench.fails(2, "cli.usage", &["create", "--title", "t", "--from", "sections", "-o", "a.expb"]);
    assert!(stderr.contains("odd\u{FFFD}.json` is not UTF-8"), "{stderr}");
}

/// Names that some systems cannot have, or take for one another, are recorded as they are: each is
/// a file of its own here.
#[test]
fn odd_names_are_recorded_as_they_are() {
    let bench = bench();
    let names = [
        "a\nb", "a ", " a", "a.", "CON", "aux.txt", "e\u{301}", "\u{e9}", "A", "a", "a\\b", "a:b", "a\u{1}b", "-o",
        ".hidden",
    ];
    for name in names {
        std::fs::write(bench.path("data").join(name), name).expect("room");
    }
    bench.ok(&["create", "--title", "t", "--output", "dataset=data", "-o", "a.expb"]);
    let listed: std::collections::BTreeSet<_> = listed(&bench).into_iter().collect();
    assert_eq!(listed.len(), names.len() + 1, "{listed:?}");
}

#[test]
fn how_many_others_there_are_is_said() {
    let bench = bench();
    for name in ["a", "b", "c"] {
        symlink("sub/a.csv", bench.path("data").join(name)).expect("a link");
    }
    let (_, stderr) =
        bench.fails(2, "cli.write", &["create", "--title", "t", "--output", "dataset=data", "-o", "a.expb"]);
    assert!(stderr.contains("`a` cannot be recorded") && stderr.contains("(and 2 more)"), "{stderr}");
}

#[test]
fn a_folder_without_files_is_refused() {
    let bench = Bench::new();
    std::fs::create_dir_all(bench.path("data/empty")).expect("room");
    let (_, stderr) =
        bench.fails(2, "cli.write", &["create", "--title", "t", "--output", "dataset=data", "-o", "a.expb"]);
    assert!(stderr.contains("`data` holds no files") && stderr.contains("--> data"), "{stderr}");
    assert!(!bench.path("a.expb").exists());
}

#[test]
fn a_snapshot_of_the_hubs_cache_is_recorded_as_its_files() {
    let bench = Bench::new();
    let repository = bench.path("models--org--m");
    let (weights, config) = ("a".repeat(64), "b".repeat(40));
    std::fs::create_dir_all(repository.join("blobs")).expect("room");
    std::fs::create_dir_all(repository.join("snapshots/abc/unet")).expect("room");
    std::fs::write(repository.join("blobs").join(&weights), "weights").expect("room");
    std::fs::write(repository.join("blobs").join(&config), "{}").expect("room");
    let snapshot = repository.join("snapshots/abc");
    symlink(format!("../../blobs/{weights}"), snapshot.join("model.safetensors")).expect("a link");
    symlink(format!("../../../blobs/{config}"), snapshot.join("unet/config.json")).expect("a link");
    let create = |folder: &str| format!("model=models--org--m/snapshots/{folder}");
    bench.ok(&["create", "--title", "t", "--output", &create("abc"), "-o", "a.expb"]);
    assert_eq!(listed(&bench), ["model.safetensors", "unet/config.json"]);
    // Another repository's blobs are not this one's, and a part of a snapshot is not a snapshot.
    bench.fails(2, "cli.write", &["create", "--title", "t", "--output", &create("abc/unet"), "-o", "b.expb"]);
    std::fs::create_dir_all(bench.path("models--org--n/blobs")).expect("room");
    std::fs::write(bench.path("models--org--n/blobs").join(&config), "{}").expect("room");
    symlink(format!("../../../models--org--n/blobs/{config}"), snapshot.join("other.json")).expect("a link");
    let (_, stderr) =
        bench.fails(2, "cli.write", &["create", "--title", "t", "--output", &create("abc"), "-o", "b.expb"]);
    assert!(stderr.contains("`other.json` cannot be recorded"), "{stderr}");
}

/// Links are read as files in the cache of a repository, which has a name; anywhere else they may
/// lead to whatever they like.
#[test]
fn a_folder_without_the_name_of_a_repository_is_no_cache() {
    let blob = "a".repeat(64);
    for (name, is_cache) in [
        ("models--gpt2", true),
        ("datasets--org--d", true),
        ("models--", false),
        ("models----", false),
        ("models--org--", false),
        ("models----m", false),
        ("datasets--", false),
        ("models--a--b--c", false),
    ] {
        let bench = Bench::new();
        let snapshot = bench.path(name).join("snapshots/abc");
        std::fs::create_dir_all(&snapshot).expect("room");
        std::fs::create_dir_all(bench.path(name).join("blobs")).expect("room");
        std::fs::write(bench.path(name).join("blobs").join(&blob), "weights").expect("room");
        symlink(format!("../../blobs/{blob}"), snapshot.join("model.safetensors")).expect("a link");
        let folder = format!("model={name}/snapshots/abc");
        let status = bench.output(&["create", "--title", "t", "--output", &folder, "-o", "a.expb"]).status;
        assert_eq!(status.code(), Some(if is_cache { 0 } else { 2 }), "{name}");
    }
}

#[test]
fn bundles_behind_links_are_named_when_a_folder_is_searched() {
    let bench = Bench::with_bundle();
    std::fs::create_dir_all(bench.path("family")).expect("room");
    std::fs::copy(bench.path("a.expb"), bench.path("family/a.expb")).expect("room");
    for (target, link, why) in
        [("../a.expb", "family/b.expb", "links are not followed"), ("..", "family/others", "links are not followed")]
    {
        symlink(target, bench.path(link)).expect("a link");
        let output = bench.output(&["lineage", "family"]);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && stderr.contains(&format!("not read: {link} ({why})\n")), "{stderr}");
        std::fs::remove_file(bench.path(link)).expect("it was there");
    }
    assert!(bench.output(&["lineage", "family"]).stderr.is_empty());
}

#[test]
fn attaching_names_what_verification_cannot_read() {
    let bench = Bench::with_bundle();
    std::fs::create_dir_all(bench.path("model")).expect("room");
    std::fs::copy(bench.path("weights.bin"), bench.path("model/weights.bin")).expect("room");
    symlink("weights.bin", bench.path("model/latest.bin")).expect("a link");
    let output = bench.output(&["attach", "model", "a.expb", "--yes"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && stderr.contains("unreadable latest.bin"), "{stderr}");
}
