//! What is lost or comes back when bundles are joined, replaced or written.

mod support;

use support::Bench;

/// All that a command says.
fn said(bench: &Bench, arguments: &[&str]) -> String {
    let output = bench.output(arguments);
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_bundle_is_not_written_over_what_it_is_made_of() {
    let bench = Bench::with_bundle();
    let weights = || std::fs::read(bench.path("weights.bin")).expect("weights");
    std::fs::create_dir(bench.path("folder")).expect("room");
    std::fs::write(bench.path("folder/a.bin"), b"a").expect("room");
    std::fs::hard_link(bench.path("weights.bin"), bench.path("linked.bin")).expect("room");
    for (more, out) in [
        (&["--output", "weights.bin"][..], "weights.bin"),
        (&["--output", "file=weights.bin"], "./weights.bin"),
        (&["--input", "weights.bin"], "linked.bin"),
        (&["--input", "dataset=folder"], "folder/a.bin"),
        (&["--derive-from", "a.expb", "--relation", "pruned-from"], "a.expb"),
    ] {
        bench.fails(2, "cli.usage", &[&["create", "--title", "x"], more, &["-o", out]].concat());
        assert_eq!(weights(), b"weights");
    }
    let bundle = || std::fs::read(bench.path("a.expb")).expect("a bundle");
    let before = bundle();
    for arguments in [
        &["withhold", "a.expb", "--section", "context"][..],
        &["extract", "a.expb", "--section", "context"],
        &["merge", "a.expb", "--thin"],
    ] {
        bench.fails(2, "cli.usage", &[arguments, &["-o", "a.expb"]].concat());
        assert!(bundle() == before, "{arguments:?}");
    }
    bench.ok(&["merge", "a.expb", "-o", "a.expb"]);
    bench.ok(&["create", "--title", "x", "--output", "weights.bin", "-o", "new.expb"]);
}

#[test]
fn what_is_withheld_does_not_come_back_unsaid() {
    let bench = Bench::new();
    bench.ok(&["keygen", "-o", "ada"]);
    std::fs::write(bench.path("identity.json"), "{\"people\": [{\"name\": \"Ada Secret\"}]}").expect("room");
    std::fs::write(bench.path("weights.bin"), b"weights").expect("room");
    let create = ["create", "--title", "x", "--section", "identity=identity.json", "--output", "weights.bin"];
    bench.ok(&[&create[..], &["-o", "full.expb"]].concat());
    bench.ok(&["withhold", "full.expb", "--section", "identity", "-o", "shared.expb"]);
    let text = said(&bench, &["merge", "shared.expb", "full.expb", "-o", "both.expb"]);
    assert!(text.contains("identity.json of record") && text.contains("comes back"), "{text}");
    let text = said(&bench, &["merge", "shared.expb", "shared.expb", "-o", "both.expb"]);
    assert!(!text.contains("comes back"), "{text}");
    std::fs::create_dir(bench.path("model")).expect("room");
    std::fs::copy(bench.path("weights.bin"), bench.path("model/weights.bin")).expect("room");
    bench.ok(&["attach", "model", "full.expb", "--yes"]);
    let text = said(&bench, &["attach", "model", "shared.expb"]);
    assert!(text.contains("`identity.json` of 1 record") && text.contains("--replace"), "{text}");
    bench.ok(&["note", "full.expb", "x", "--key", "ada"]);
    bench.ok(&["attach", "model", "full.expb", "--yes"]);
    let text = said(&bench, &["attach", "model", "shared.expb", "--replace", "--yes"]);
    assert!(text.contains("is replaced, and loses 1 statement, 1 section"), "{text}");
    assert!(!text.contains("comes back"), "{text}");
    bench.fails(2, "cli.usage", &["show", "model", "identity"]);
    bench.ok(&["verify", "model"]);
}
