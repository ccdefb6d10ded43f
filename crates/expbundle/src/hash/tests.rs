//! Files and folders as they are hashed, while they change too.

use std::fs::File;
use std::sync::atomic::{AtomicU64, Ordering};

use camino::Utf8PathBuf;
use expbundle_format::Code;

use super::read::{BLOCK_BYTES, LEAST_MAPPED, PIECE_BYTES, WINDOW_BYTES};
use super::*;

fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).expect("a UTF-8 path");
    (folder, path)
}

/// Bytes that repeat at no power of two.
fn bytes(size: usize) -> Vec<u8> {
    (0..size).map(|at| u8::try_from(at % 251).expect("below 251")).collect()
}

#[test]
fn files_of_any_size_hash_like_their_bytes() {
    let (_guard, folder) = folder();
    let path = folder.join("file");
    let piece = usize::try_from(PIECE_BYTES).expect("small");
    for size in [
        0,
        1,
        1024,
        1025,
        piece - 1,
        piece,
        piece + 1,
        2 * piece,
        2 * piece + 1,
        3 * piece + 7,
        5 * piece + 1024,
        BLOCK_BYTES,
        BLOCK_BYTES + 1,
        2 * BLOCK_BYTES + 3,
        usize::try_from(LEAST_MAPPED).expect("small"),
        usize::try_from(2 * WINDOW_BYTES + LEAST_MAPPED + PIECE_BYTES + 1).expect("small"),
    ] {
        let bytes = bytes(size);
        std::fs::write(&path, &bytes).expect("room");
        let want = DigestSet::of(&bytes);
        for wanted in [Wanted::Blake3Only, Wanted::Both] {
            let seen = AtomicU64::new(0);
            let hashed = hash_file(&path, wanted, &|count| {
                seen.fetch_add(count, Ordering::Relaxed);
            });
            let hashed = hashed.expect("a readable file");
            assert_eq!(hashed.blake3, want.blake3, "{size} bytes, {wanted:?}");
            assert_eq!(hashed.sha256, (wanted == Wanted::Both).then_some(want.sha256), "{size} bytes");
            assert_eq!((hashed.size, seen.into_inner()), (size as u64, size as u64));
        }
    }
}

/// Hashes a file, whose size another thread sets as soon as the first bytes were hashed.
fn hash_while_it_becomes(path: &Utf8Path, wanted: Wanted, size_after: u64) -> Result<Hashed, HashError> {
    let begun = std::sync::Once::new();
    std::thread::scope(|threads| {
        let shrink = |_: u64| {
            begun.call_once(|| {
                let (opening, is_opening) = std::sync::mpsc::channel();
                let other = threads.spawn(move || {
                    opening.send(()).expect("somebody listens");
                    let file = File::options().write(true).open(path).expect("still there");
                    file.set_len(size_after).expect("room");
                });
                is_opening.recv().expect("it begins");
                // Under a lease it waits until this thread or another one is about to go on.
                let turns = (0..200).take_while(|_| !other.is_finished());
                turns.for_each(|_| std::thread::sleep(std::time::Duration::from_millis(1)));
            });
        };
        hash_file(path, wanted, &shrink)
    })
}

#[test]
fn a_file_that_shrinks_or_changes_meanwhile_is_an_error() {
    let (_guard, folder) = folder();
    let path = folder.join("weights");
    for wanted in [Wanted::Blake3Only, Wanted::Both] {
        for size_after in [100, 64 << 20] {
            std::fs::write(&path, bytes(16 << 20)).expect("room");
            let error = hash_while_it_becomes(&path, wanted, size_after).expect_err("it changed");
            assert!(matches!(error, HashError::Changed { .. }), "{error:?}");
        }
    }
}

#[test]
fn no_moment_to_cut_a_file_short_ends_the_process() {
    use std::sync::atomic::AtomicBool;

    let (_guard, folder) = folder();
    let path = folder.join("weights");
    let whole = bytes(3 << 20);
    std::fs::write(&path, &whole).expect("room");
    let is_over = AtomicBool::new(false);
    std::thread::scope(|threads| {
        threads.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                std::fs::write(&path, &whole).expect("room");
                File::options().write(true).open(&path).and_then(|file| file.set_len(5)).expect("still there");
            }
        });
        for _ in 0..300 {
            match hash_file(&path, Wanted::Blake3Only, &|_| ()) {
                Ok(hashed) => assert!(hashed.size <= whole.len() as u64),
                Err(error) => assert!(matches!(error, HashError::Changed { .. }), "{error:?}"),
            }
        }
        is_over.store(true, Ordering::Relaxed);
    });
}

#[test]
fn what_is_no_file_is_refused() {
    let (_guard, folder) = folder();
    let error = hash_file(&folder, Wanted::Both, &|_| ()).expect_err("a folder");
    assert!(matches!(error, HashError::NotAFile { .. }));
    let error = hash_file(&folder.join("none"), Wanted::Both, &|_| ()).expect_err("nothing");
    assert!(matches!(error, HashError::Read { .. }));
    assert!(hash_tree(&folder.join("none"), &|_| ()).is_err());
}

#[test]
fn a_folder_is_listed_by_path_without_empty_folders() {
    let (_guard, folder) = folder();
    std::fs::create_dir_all(folder.join("b/empty")).expect("room");
    std::fs::write(folder.join("b/c"), b"").expect("room");
    std::fs::write(folder.join("a"), b"abc").expect("room");
    std::fs::write(folder.join("b-100%"), b"x").expect("room");
    let tree = hash_tree(&folder, &|_| ()).expect("a readable folder");
    let paths: Vec<_> = tree.files().iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["a", "b-100%25", "b/c"]);
    assert_eq!(tree.files().first().map(|file| file.digest), Some(DigestSet::of(b"abc")));
}

#[cfg(unix)]
#[test]
fn links_and_names_that_are_not_utf8_are_told_and_not_followed() {
    use std::os::unix::ffi::OsStrExt;

    let (_guard, folder) = folder();
    let (_other_guard, other) = self::folder();
    std::fs::write(other.join("secret"), b"secret").expect("room");
    std::os::unix::fs::symlink(other.join("secret"), folder.join("link")).expect("a link");
    std::os::unix::fs::symlink(&other, folder.join("link-to-folder")).expect("a link");
    let odd = folder.as_std_path().join(std::ffi::OsStr::from_bytes(b"odd\xFF"));
    std::fs::write(odd, b"").expect("room");
    // A folder is told once, with or without files in it.
    for name in [&b"empty\xFF"[..], b"full\xFF"] {
        let odd = folder.as_std_path().join(std::ffi::OsStr::from_bytes(name));
        std::fs::create_dir(&odd).expect("room");
        if name.starts_with(b"full") {
            std::fs::write(odd.join("file"), b"").expect("room");
        }
    }
    let (listed, found) = list_files(&folder, &|_, _| false).expect("a readable folder");
    assert_eq!(listed, []);
    let why: Vec<_> = found.iter().map(|skipped| (&*skipped.path, &skipped.why)).collect();
    assert_eq!(
        why,
        [
            ("empty\u{FFFD}", &WhySkipped::NotUtf8),
            ("full\u{FFFD}", &WhySkipped::NotUtf8),
            ("link", &WhySkipped::Link(Leads::Out)),
            ("link-to-folder", &WhySkipped::Link(Leads::Out)),
            ("odd\u{FFFD}", &WhySkipped::NotUtf8)
        ]
    );
    assert_eq!(found.get(2).map(|skipped| skipped.finding().code), Some(Code::DirectorySymlink));
    let error = hash_tree(&folder, &|_| ()).expect_err("no listing of the folder");
    assert!(error.to_string().starts_with("`empty\u{FFFD}` cannot be recorded: "), "{error}");
    assert!(error.to_string().ends_with(" (and 4 more)"), "{error}");
}

#[test]
fn what_a_writer_left_unfinished_is_no_file_of_a_tree() {
    let (_keep, path) = folder();
    std::fs::create_dir_all(path.join("a/.expbundle-Ij56Kl.part")).expect("a folder");
    for name in [
        "a/w.bin",
        "a/.expbundle-Ab12Cd.part",
        "a/.expbundle-Ij56Kl.part/w.bin",
        ".expbundle-Ef34Gh.part",
        ".expbundle-y.part",
    ] {
        std::fs::write(path.join(name), name).expect("a file");
    }
    let tree = hash_tree(&path, &|_| ()).expect("a tree");
    let paths: Vec<String> = tree.files().iter().map(|file| file.path.to_plain()).collect();
    assert_eq!(paths, [".expbundle-y.part", "a/w.bin"]);
}

#[test]
fn a_folder_without_files_is_no_tree() {
    let (_guard, folder) = folder();
    std::fs::create_dir(folder.join("empty")).expect("room");
    let error = hash_tree(&folder, &|_| ()).expect_err("nothing to list");
    assert!(matches!(error, HashError::Empty { .. }), "{error:?}");
}
