//! What questions about the same bundle end with.

mod support;

use support::{Bench, root};

/// A bundle is broken for one command if it is broken for another. Every case by the library: `crates/expbundle-query/tests/agree.rs`.
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
    assert!(said.starts_with("No record is here."), "{said}");
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
