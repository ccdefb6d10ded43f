//! What small DVC projects may ask for: repositories whose folders, differences and texts unfold to
//! far more than their size. Without bounds these tests do not end, or take all memory.

use camino::Utf8Path;
use expbundle_convert::Options;
use expbundle_format::Code;

use crate::support::bundle;
use crate::support::git;
use crate::support::sources;

use bundle::Opened;
use git::{Id, Pack};
use sources::open;

const LOCK: &str = "schema: '2.0'\nstages: {}\n";

/// The number of runs of a project, what was found while listing, and its first run.
fn converted(project: &Utf8Path) -> (usize, String, Opened) {
    let source = open("dvc", project);
    let listing = source.runs().expect("a list");
    let run = source.convert(&listing.runs[0].key, &Options::default()).expect("a run");
    assert!(run.account.adds_up(), "{:#?}", run.account);
    (listing.runs.len(), format!("{:?}", listing.findings), Opened::new(run))
}

/// A project of one commit.
fn of_one_commit(make: impl FnOnce(&mut Pack) -> Id, files: &[(&str, &str)]) -> (usize, String, Opened) {
    let room = tempfile::tempdir().expect("room");
    let project = Utf8Path::from_path(room.path()).expect("UTF-8");
    let mut pack = Pack::new();
    let folder = make(&mut pack);
    let head = pack.commit(folder, None, "first");
    pack.write(project, head);
    for (name, text) in files {
        let path = project.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("room");
        std::fs::write(path, text).expect("room");
    }
    converted(project)
}

fn details(opened: &Opened, code: Code) -> Vec<String> {
    opened.findings.iter().filter(|one| one.code == code).map(|one| format!("{one:?}")).collect()
}

/// 10¹² paths lead to one lock.
#[test]
fn folders_that_commits_share_are_looked_at_once() {
    let make = |pack: &mut Pack| {
        let lock = pack.file(LOCK);
        let inner = pack.folder(&[("100644", "dvc.lock", lock)]);
        pack.shared(inner, 12)
    };
    let (runs, findings, opened) = of_one_commit(make, &[]);
    assert_eq!((runs, findings.as_str()), (1, "[]"));
    let told = details(&opened, Code::SourceUnsupported);
    assert!(
        told.iter().any(|one| one.contains("files and folders, this one the first, are not looked at")),
        "{told:?}"
    );
}

#[test]
fn folders_without_files_are_bounded() {
    let make = |pack: &mut Pack| {
        let (lock, empty) = (pack.file(LOCK), pack.folder(&[]));
        let folders = pack.shared(empty, 12);
        pack.folder(&[("100644", "dvc.lock", lock), ("40000", "x", folders)])
    };
    let (runs, findings, opened) = of_one_commit(make, &[]);
    assert_eq!((runs, findings.as_str()), (1, "[]"));
    assert!(!details(&opened, Code::SourceUnsupported).is_empty());
}

#[test]
fn links_are_told_together() {
    let make = |pack: &mut Pack| {
        let lock = pack.file(LOCK);
        let links = pack.folder(&[("120000", "a", lock), ("120000", "b", lock)]);
        let folders = pack.shared(links, 3);
        pack.folder(&[("100644", "dvc.lock", lock), ("40000", "x", folders)])
    };
    let (_, _, opened) = of_one_commit(make, &[]);
    let told = details(&opened, Code::SourceOutside);
    assert!(told.len() == 1 && told[0].contains("2000 files, this one the first, are links"), "{told:?}");
}

/// The work tree has one file of the 10¹² that the commit has.
#[test]
fn a_work_tree_is_compared_until_a_file_differs() {
    let make = |pack: &mut Pack| {
        let values = pack.file(r#"{"a":1}"#);
        let inner = pack.folder(&[("100644", "a.tsv", values)]);
        let series = pack.shared(inner, 12);
        let plots = pack.folder(&[("40000", "metrics", series)]);
        let live = pack.folder(&[("100644", "metrics.json", values), ("40000", "plots", plots)]);
        pack.folder(&[("40000", "dvclive", live)])
    };
    let (runs, findings, _) = of_one_commit(make, &[("dvclive/metrics.json", r#"{"a":1}"#)]);
    assert_eq!((runs, findings.as_str()), (2, "[]"));
}

/// Each commit is a difference of some bytes, and makes 12 MB.
#[test]
fn differences_are_bounded_together() {
    let room = tempfile::tempdir().expect("room");
    let project = Utf8Path::from_path(room.path()).expect("UTF-8");
    let (mut pack, rest) = (Pack::new(), 12_000_000);
    let lock = |pack: &mut Pack, number: usize| {
        let lock = pack.file(format!("{LOCK}# {number}\n"));
        pack.folder(&[("100644", "dvc.lock", lock)])
    };
    let folders: Vec<Id> = (0..40).map(|number| lock(&mut pack, number)).collect();
    let text = "x".repeat(rest);
    let mut head = pack.commit(folders[0], None, &text);
    let mut size = git::commit(folders[0], None, &text).len();
    for folder in &folders[1..] {
        (head, size) = pack.commit_after(*folder, head, size, rest);
    }
    pack.write(project, head);
    let (runs, findings, _) = converted(project);
    assert!((1..40).contains(&runs), "{runs} runs");
    assert!(findings.contains("the repository unpacks to far more than its size allows"), "{findings}");
}

#[test]
fn of_a_long_message_the_beginning_is_kept() {
    let room = tempfile::tempdir().expect("room");
    let project = Utf8Path::from_path(room.path()).expect("UTF-8");
    let mut pack = Pack::new();
    let lock = pack.file(LOCK);
    let folder = pack.folder(&[("100644", "dvc.lock", lock)]);
    let head = pack.commit(folder, None, &"x".repeat(100_000));
    pack.write(project, head);
    let (_, _, opened) = converted(project);
    assert_eq!(opened.context.labels["commit message"].len(), 64 << 10);
    let told = details(&opened, Code::SourceUnsupported);
    assert!(told.iter().any(|one| one.contains("has 100000 bytes; the first 64 KiB are kept")), "{told:?}");
}

/// Doublings of two values, as text and as what they unfold to.
fn doublings(count: usize) -> String {
    let more = (1..count).map(|level| format!("a{level}: &a{level} [*a{0}, *a{0}]\n", level - 1));
    format!("a0: &a0 [x, x]\n{}", more.collect::<String>())
}

/// Each file may repeat some thousand values, and all of them together some ten thousand.
#[test]
fn aliases_are_bounded_in_each_file_and_in_all() {
    let room = tempfile::tempdir().expect("room");
    let project = Utf8Path::from_path(room.path()).expect("UTF-8");
    let write = |name: &str, text: &str| std::fs::write(project.join(name), text).expect("room");
    write("dvc.yaml", "x: &x {a: 1, b: [1, 2]}\nstages: {}\ny: {<<: *x, c: *x}\n");
    write("dvc.lock", &doublings(25));
    for number in 0..80 {
        write(&format!("x{number}.dvc"), &doublings(9));
    }
    let (_, _, opened) = converted(project);
    let told = details(&opened, Code::SourceDamaged);
    let of = |name: &str| told.iter().filter(|one| one.contains(name) && one.contains("repeat far more")).count();
    assert_eq!((of("dvc.yaml"), of("dvc.lock")), (0, 1), "{told:?}");
    assert!((1..80).contains(&of(".dvc")), "{told:?}");
}

/// A document that repeats too much is not tried again line by line, which took seconds.
#[test]
fn what_repeats_too_much_is_read_once() {
    let room = tempfile::tempdir().expect("room");
    let project = Utf8Path::from_path(room.path()).expect("UTF-8");
    let lines: Vec<_> = (0..100).map(|line| format!("k{line}: 1\n")).collect();
    std::fs::write(project.join("dvc.lock"), doublings(25) + &lines.concat()).expect("room");
    let (_, _, opened) = converted(project);
    let told = details(&opened, Code::SourceDamaged);
    assert!(told.len() == 1 && told[0].contains("repeat far more"), "{told:?}");
}
