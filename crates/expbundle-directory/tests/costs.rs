//! The verdict on a folder takes time and memory linear in bundle and folder (spec/security.md),
//! whatever the bundle says of the files.
//!
//! Work is counted in allocated bytes, which do not depend on the machine: inputs of twice the size
//! may take a little more than twice as many, and where names were multiplied by files they took
//! four times as many.

use std::alloc::{GlobalAlloc, Layout, System};
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use camino::Utf8PathBuf;
use expbundle::draft::Draft;
use expbundle::verify::{Digests, Unverified};
use expbundle::{Bundle, Content};
use expbundle_directory::check::{judge, wanted};
use expbundle_directory::scan::scan;
use expbundle_format::DigestSet;
use expbundle_format::record::{ArtifactRef, Form, Kind, RecordBody};
use expbundle_format::sections::{Artifact, Artifacts, Direction};
use expbundle_format::time::Time;
use expbundle_format::tree::{Tree, TreeFile, TreePath};

/// Counts what is asked for.
struct Counting;

static BYTES: AtomicUsize = AtomicUsize::new(0);

#[allow(unsafe_code, reason = "an allocator that counts can be written in no other way")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes that the verdict takes, and how many findings it gives.
fn cost(bundle: &Bundle, files: usize) -> (usize, usize) {
    let guard = tempfile::tempdir().expect("a temporary folder");
    let folder = Utf8PathBuf::from_path_buf(guard.path().to_owned()).expect("a UTF-8 path");
    bundle.save(&folder.join("experiment.expb")).expect("room");
    for number in 0..files {
        fs::write(folder.join(format!("{number}.bin")), b"0123456789").expect("room");
    }
    // What the bundle costs by itself is not part of it.
    let unverified = Unverified::open(folder.join("experiment.expb")).expect("there");
    let intact = unverified.check(Digests::Blake3).expect("whole").intact;
    let verdict = intact.judge(None, "2026-11-23T10:00:00Z".parse::<Time>().expect("a time").timestamp());
    let before = BYTES.load(Ordering::Relaxed);
    let scan = scan(&folder, wanted(&intact, &verdict.standing, Digests::Blake3), &|_| ()).expect("readable");
    let found = judge(&scan, &intact, &verdict, false, Digests::Blake3);
    (BYTES.load(Ordering::Relaxed) - before, found.findings.len())
}

#[track_caller]
fn is_linear(make: impl Fn(usize) -> (Bundle, usize)) {
    let cost_of = |size: usize| {
        let (bundle, files) = make(size);
        cost(&bundle, files)
    };
    // What is allocated once, by the libraries too, is not part of it.
    cost_of(64);
    let ((small, _), (large, findings)) = (cost_of(256), cost_of(1024));
    assert!(large < 5 * small, "{small} bytes, and {large} for four times as much");
    assert!(findings < 500, "{findings} findings");
}

/// A listing of many files, and as many names for its tree.
fn names_and_files(size: usize) -> (Bundle, usize) {
    let file = |number: usize| TreeFile {
        path: TreePath::from_plain(&format!("f{number:06}.bin")).expect("a path"),
        digest: DigestSet::of(&number.to_le_bytes()),
        size: 8,
    };
    let listing = Tree::new((0..size).map(file).collect()).expect("files").to_bytes();
    let mut body = RecordBody::new(Kind::Run);
    let (digest, size_bytes) = (DigestSet::of(&listing), listing.len() as u64);
    let role = || "model".parse().expect("a role");
    body.outputs = vec![ArtifactRef::new(role(), digest.into(), size_bytes, Form::Tree)];
    let named = |number: usize| Artifact {
        digest: Some(digest.into()),
        form: Form::Tree,
        path: Some(format!("path/{number:06}")),
        ..Artifact::new(Direction::Output, role())
    };
    let mut draft = Draft::new(body);
    draft.json_section(&Artifacts { artifacts: (0..size).map(named).collect(), salt: None }).expect("JSON");
    draft.embed(Content::bytes(listing)).expect("memory");
    (draft.finish().expect("a bundle").into_bundle(), 4)
}

/// Many outputs of one digest and different sizes, and many files of that digest.
fn claims_and_files(size: usize) -> (Bundle, usize) {
    let mut body = RecordBody::new(Kind::Run);
    let output = |number: usize| {
        ArtifactRef::new(
            "model".parse().expect("a role"),
            DigestSet::of(b"0123456789").into(),
            11 + number as u64,
            Form::File,
        )
    };
    body.outputs = (0..size).map(output).collect();
    (Draft::new(body).finish().expect("a bundle").into_bundle(), size)
}

/// Many records that put out one folder.
fn records_and_trees(size: usize) -> (Bundle, usize) {
    let (mut all, _) = names_and_files(size);
    let listing = all.artifacts().next().expect("the listing").1.read(1 << 30).expect("memory");
    for number in 0..size {
        let mut body = RecordBody::new(Kind::Run);
        let digest = DigestSet::of(&listing).into();
        let role = if number % 2 == 0 { "model" } else { "dataset" }.parse().expect("a role");
        body.outputs = vec![ArtifactRef::new(role, digest, listing.len() as u64, Form::Tree)];
        let model = ArtifactRef::new(
            "model".parse().expect("a role"),
            DigestSet::of(&number.to_le_bytes()).into(),
            8,
            Form::File,
        );
        body.outputs.push(model);
        all.merge(&Draft::new(body).finish().expect("a bundle").into_bundle());
    }
    (all, 4)
}

/// One test, since others beside it would be counted too.
#[test]
fn the_verdict_is_linear_in_bundle_and_folder() {
    is_linear(names_and_files);
    is_linear(claims_and_files);
    is_linear(records_and_trees);
}
