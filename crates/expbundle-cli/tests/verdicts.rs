//! What `verify` and `why` say to whoever checks what others signed: whose signatures there are,
//! why they do not count, and what was revoked.

use std::fs;

use crate::support::{Bench, json};

/// A model whose record and folder one key signed, and a second key that signed nothing.
fn released() -> Bench {
    let bench = Bench::new();
    bench.ok(&["keygen", "-o", "k"]);
    bench.ok(&["keygen", "-o", "o"]);
    fs::create_dir(bench.path("m")).expect("room");
    fs::write(bench.path("m/model.safetensors"), b"w\n").expect("room");
    bench.ok(&["create", "--title", "t", "--output", "m/model.safetensors", "-o", "c.expb"]);
    bench.ok(&["sign", "c.expb", "--key", "k", "--name", "Kim", "--at", "2026-11-20T09:00:00Z"]);
    bench.ok(&["attach", "m", "c.expb", "--key", "k", "--yes", "--at", "2026-11-20T10:00:00Z"]);
    bench
}

fn fingerprint(bench: &Bench) -> String {
    let log = json(&bench.ok(&["log", "m", "--json"]));
    log[0]["signer"]["fingerprint"].as_str().expect("a key").to_owned()
}

fn id_of(bench: &Bench, kind: &str) -> String {
    let log = json(&bench.ok(&["log", "m", "--json"]));
    let statements = log.as_array().expect("statements");
    let found = statements.iter().find(|one| one["kind"] == kind).expect("the statement");
    found["id"].as_str().expect("an id").to_owned()
}

fn verified(bench: &Bench, arguments: &[&str]) -> String {
    String::from_utf8(bench.output(&[&["verify"], arguments].concat()).stdout).expect("UTF-8")
}

/// Words of a paragraph, however its lines are broken.
fn why(bench: &Bench, arguments: &[&str]) -> String {
    let text = String::from_utf8(bench.output(&[&["why"], arguments].concat()).stdout).expect("UTF-8");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn keys_that_the_signers_file_does_not_have_are_named_near_the_top() {
    let bench = released();
    let key = fingerprint(&bench);
    let signed = format!("signed by {key}, calling itself \"Kim\", which is not in o.pub");
    bench.fails(3, "policy.state", &["verify", "m", "--trust", "o.pub"]);
    for path in ["m", "c.expb"] {
        let text = verified(&bench, &[path, "--trust", "o.pub"]);
        // Apart, for anybody can sign anything, but before all that is told of records.
        let apart = text.split("\n\n").nth(1).expect("a part");
        assert!(apart.starts_with("By keys that are not trusted\n"), "{text}");
        assert!(apart.lines().any(|line| line.trim() == signed) && apart.contains("`expbundle trust add`"), "{text}");
        assert!(!text.contains("0 records") && !text.contains("Proven") && !text.contains("Claimed"), "{text}");
    }
    let text = why(&bench, &["m/model.safetensors", "--trust", "o.pub"]);
    assert!(text.contains(&signed) && text.contains("`expbundle trust add`") && !text.contains("convert"), "{text}");
    assert!(why(&bench, &["m", "--trust", "o.pub"]).contains(&signed));
    // Where the signature counts, no such line stands.
    assert!(!verified(&bench, &["m", "--trust", "k.pub"]).contains("which is not in"));
    assert!(!verified(&bench, &["m"]).contains("which is not in"));
}

#[test]
fn a_signers_file_that_cannot_help_says_so_in_the_same_place() {
    let bench = released();
    let key = fingerprint(&bench);
    let public = fs::read_to_string(bench.path("k.pub")).expect("the key");
    let public = public.split(' ').take(2).collect::<Vec<_>>().join(" ");
    for (line, said) in [
        (String::new(), "signers has no keys, so nobody is trusted".to_owned()),
        (
            format!("kim valid-before=\"20200101Z\" {public}\n"),
            "days after the key of kim expired in the signers file [trust.not-valid]".to_owned(),
        ),
        (
            format!("kim namespaces=\"git\" {public}\n"),
            format!(
                "signed by {key}: kim's key is trusted only for other purposes than \"expbundle\" [trust.namespace]"
            ),
        ),
    ] {
        fs::write(bench.path("signers"), &line).expect("room");
        let text = verified(&bench, &["m", "--trust", "signers"]);
        let top = text.split("\n\n").nth(1).expect("a part");
        assert!(top.contains(&format!("signed by {key}")) && top.contains(&said), "{text}");
        assert_eq!(text.matches("[trust.").count(), usize::from(!line.is_empty()), "{text}");
        let told = why(&bench, &["m/model.safetensors", "--trust", "signers"]);
        assert!(told.contains(&said), "{told}");
    }
}

#[test]
fn who_revoked_the_release_stands_at_the_top() {
    let bench = released();
    let revoke = ["revoke", "m", "--statement", &id_of(&bench, "release"), "--key", "k"];
    bench.ok(&[&revoke[..], &["--reason", "wrong file", "--at", "2026-11-21T09:00:00Z"]].concat());
    let said = "  RELEASE REVOKED by the key in k.pub on 2026-11-21 09:00 UTC (\"wrong file\")";
    let text = verified(&bench, &["m", "--trust", "k.pub"]);
    assert!(text.contains(said) && !text.contains("NOT RELEASED"), "{text}");
    assert!(verified(&bench, &["m"]).contains(&format!("RELEASE REVOKED by {}", fingerprint(&bench))));
    fs::write(bench.path("m/config.json"), b"{}").expect("room");
    let text = verified(&bench, &["m", "--trust", "k.pub"]);
    // The other file is still the one whose release was revoked.
    assert!(text.starts_with("✗ NOT TRUSTED, and a release of one file that is here was REVOKED: m\n"), "{text}");
    assert!(text.contains("A RELEASE OF ONE FILE THAT IS HERE WAS REVOKED by the key in k.pub on "), "{text}");
    // A later release settles it.
    bench.ok(&["release", "m", "--key", "k", "--yes", "--at", "2026-11-22T09:00:00Z"]);
    assert!(!verified(&bench, &["m", "--trust", "k.pub"]).contains("REVOKED"));
}

#[test]
fn strangers_have_no_line_beside_a_release_that_counts() {
    let bench = released();
    bench.ok(&["create", "--title", "theirs", "--output", "m/model.safetensors", "-o", "s.expb"]);
    bench.ok(&["sign", "s.expb", "--key", "o"]);
    bench.ok(&["merge", "m/experiment.expb", "s.expb", "-o", "both.expb"]);
    fs::rename(bench.path("both.expb"), bench.path("m/experiment.expb")).expect("room");
    fs::write(bench.path("m/run.py"), b"import os").expect("room");
    let (text, _) = bench.fails(3, "directory.uncovered", &["verify", "m", "--trust", "k.pub"]);
    assert!(!text.contains("which is not in"), "{text}");
    // To an auditor who trusts neither both are named.
    bench.ok(&["keygen", "-o", "n"]);
    let text = verified(&bench, &["m", "--trust", "n.pub"]);
    assert_eq!(text.matches(", which is not in n.pub\n").count(), 2, "{text}");
}

#[test]
fn whoever_revokes_or_rejects_a_record_is_told_of_the_release_that_still_stands() {
    let bench = released();
    let id = id_of(&bench, "release");
    let help = format!("`expbundle revoke m --statement {} --key KEY`", &id[..12]);
    let note = "the folder's release of 2026-11-20 10:00 UTC still stands";
    let authorship = id_of(&bench, "authorship");
    for (arguments, is_told) in [
        (&["review", "m", "--verdict", "approved"][..], false),
        (&["review", "m", "--verdict", "rejected"], true),
        (&["revoke", "m", "--statement", &authorship], true),
        (&["revoke", "m", "--whole-record", "--yes"], true),
        (&["revoke", "m", "--statement", &id[..12]], false),
        (&["revoke", "m", "--whole-record", "--yes"], false),
        (&["revoke", "c.expb", "--whole-record", "--yes"], false),
    ] {
        let said = bench.said(&[arguments, &["--key", "k"]].concat());
        assert_eq!(said.contains(note) && said.contains(&help), is_told, "{arguments:?}: {said}");
    }
}

#[test]
fn a_file_that_only_a_release_covers_is_said_to_be_released() {
    let bench = released();
    fs::write(bench.path("m/config.json"), b"{}").expect("room");
    bench.ok(&["release", "m", "--key", "k", "--yes", "--at", "2026-11-21T09:00:00Z"]);
    let said = "was released by the key in k.pub on 2026-11-21 09:00 UTC; no record says how it was made.";
    let text = why(&bench, &["m/config.json", "--trust", "k.pub"]);
    assert!(text.contains(said) && !text.contains("not made by"), "{text}");
    assert_eq!(bench.output(&["why", "m/config.json", "--trust", "k.pub"]).status.code(), Some(3));
    let text = why(&bench, &["m/config.json"]);
    let key = fingerprint(&bench);
    assert!(text.contains(&format!("was released by an unchecked key ({key}) on 2026-11-21 09:00 UTC")), "{text}");
    assert_eq!(bench.output(&["why", "m/config.json"]).status.code(), Some(1));
    let text = why(&bench, &["m/config.json", "--trust", "o.pub"]);
    assert!(text.contains(&format!("It was released by {key}, which is not in o.pub.")), "{text}");
    // Of what a release listed that no longer counts nobody speaks.
    bench.ok(&["revoke", "m", "--statement", &id_of_latest_release(&bench), "--key", "k"]);
    assert!(!why(&bench, &["m/config.json", "--trust", "k.pub"]).contains("was released"));
}

fn id_of_latest_release(bench: &Bench) -> String {
    let report = json(&verified(bench, &["m", "--json"]));
    report["folder"]["releases"][0]["statement"].as_str().expect("an id").to_owned()
}

#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_a_released_file_is_one_story() {
    use std::os::unix::fs::symlink;

    let bench = released();
    let weights = bench.path("m/model.safetensors");
    fs::rename(&weights, bench.path("model.safetensors")).expect("there");
    for (target, said) in [
        ("../model.safetensors", "is a symlink out of the folder"),
        ("README.md", "is a symlink"),
        ("nowhere", "is a symlink that leads nowhere"),
    ] {
        symlink(target, &weights).expect("a link");
        let text = verified(&bench, &["m", "--trust", "k.pub"]);
        assert!(text.contains(&format!("  1 of 1 counted file {said}: model.safetensors\n")), "{text}");
        assert!(text.contains(&format!("]: released, and not read: it {said}; ")), "{text}");
        assert!(!text.contains("[directory.symlink]") && !text.contains("not here"), "{text}");
        fs::remove_file(&weights).expect("there");
    }
    let snapshot = bench.path("models--a--b/snapshots/1");
    fs::create_dir_all(bench.path("models--a--b/blobs")).expect("room");
    fs::create_dir_all(bench.path("models--a--b/snapshots")).expect("room");
    fs::rename(bench.path("m"), &snapshot).expect("room");
    symlink(format!("../../blobs/{}", "1".repeat(64)), snapshot.join("model.safetensors")).expect("a link");
    let text = verified(&bench, &["models--a--b/snapshots/1", "--trust", "k.pub"]);
    assert!(text.contains("  1 of 1 counted file is a symlink, and its blob is not in the cache: "), "{text}");
    assert!(text.contains("error[directory.missing]: released, and its blob is not in the cache\n"), "{text}");
    assert!(!text.contains("[directory.symlink]"), "{text}");
}

#[test]
fn an_objection_is_told_once_and_agrees_with_the_verdict() {
    let bench = released();
    for day in ["21", "22"] {
        let at = format!("2026-11-{day}T09:00:00Z");
        bench.ok(&["revoke", "c.expb", "--whole-record", "--yes", "--reason", "r", "--key", "k", "--at", &at]);
    }
    let text = verified(&bench, &["c.expb", "--trust", "k.pub"]);
    assert!(text.starts_with("✗ NOT TRUSTED, and 1 record was revoked by the key in k.pub: c.expb\n"), "{text}");
    assert_eq!(text.matches(": revoked by the key in k.pub: \"r\"").count(), 1, "{text}");
    assert!(!text.contains("; revoked by") && !text.contains("more record"), "{text}");
    let text = why(&bench, &["m/model.safetensors", "--with", "c.expb", "--trust", "k.pub"]);
    // In a line at the top, and in the paragraph.
    assert_eq!(text.matches("revoked by the key in k.pub").count(), 2, "{text}");
    // A record whose key was revoked is shown, not counted as one more than none.
    let bench = released();
    bench.ok(&["revoke", "c.expb", "--revoked-key", "k.pub", "--key", "k", "--at", "2026-11-21T09:00:00Z"]);
    let text = verified(&bench, &["c.expb", "--trust", "k.pub"]);
    assert!(text.contains("  \"t\"\n") && !text.contains("more record"), "{text}");
}

#[test]
fn what_is_against_a_record_stands_first_and_the_rest_in_the_order_of_time() {
    let bench = released();
    let review = |words: &[&str], at: &str| {
        bench.ok(&[&["review", "c.expb", "--key", "k", "--at", at, "--verdict"], words].concat());
    };
    review(&["approved", "--scope", "internal use"], "2026-11-22T08:00:00Z");
    review(&["rejected"], "2026-11-22T09:00:00Z");
    review(&["approved", "--role", "legal"], "2026-11-22T10:00:00Z");
    review(&["approved", "--role", "safety"], "2026-11-21T10:00:00Z");
    let text = why(&bench, &["m/model.safetensors", "--with", "c.expb", "--trust", "k.pub"]);
    let by = "by the key in k.pub";
    let said = [
        format!("It was rejected as a whole {by} on 2026-11-22 09:00 UTC."),
        format!("Despite these objections, it was approved as a whole {by} as \"safety\" on 2026-11-21."),
        format!("It was approved for \"internal use\" {by} on 2026-11-22 08:00 UTC."),
        format!("It was approved as a whole {by} as \"legal\" on 2026-11-22 10:00 UTC."),
    ];
    assert!(text.contains(&said.join(" ")), "{text}");
    let text = why(&bench, &["m/model.safetensors", "--with", "c.expb"]);
    let order = ["09:00 UTC: rejected", "08:00 UTC: approved", "10:00 UTC: approved"];
    let places: Vec<Option<usize>> = order.iter().map(|words| text.find(words)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{text}");
}

#[test]
fn one_of_a_kind_is_not_several() {
    let bench = released();
    let public = fs::read_to_string(bench.path("k.pub")).expect("the key");
    fs::write(bench.path("signers"), format!("kim cert-authority {public}")).expect("room");
    let output = bench.output(&["verify", "m", "--trust", "signers"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("note: 1 line of signers skipped, because it makes no key trusted here\n"), "{said}");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("signers has no keys that can sign here, so nobody is trusted"), "{text}");
    fs::write(bench.path("points.csv"), "step,loss\n1,0.5\n").expect("room");
    bench.ok(&["create", "--title", "one", "--metrics", "points.csv", "-o", "one.expb"]);
    let text = bench.ok(&["diff", "c.expb", "one.expb"]);
    assert!(text.contains("1 point,") && !text.contains("1 points"), "{text}");
}

/// Signing again would say nothing, unless under another name or after a revocation.
#[test]
fn a_record_is_signed_once_by_each_key() {
    let bench = Bench::with_bundle();
    bench.ok(&["keygen", "-o", "k"]);
    let sign = |more: &[&str]| bench.ok(&[&["sign", "a.expb", "--key", "k"], more].concat()).trim().to_owned();
    let number = || json(&bench.ok(&["log", "a.expb", "--json"])).as_array().expect("statements").len();
    let first = sign(&["--name", "Kim"]);
    for again in [&[][..], &["--name", "Kim"]] {
        assert_eq!(sign(again), first);
    }
    assert!(bench.said(&["sign", "a.expb", "--key", "k"]).contains("is already signed by this key; nothing was added"));
    assert_eq!(number(), 1);
    assert_ne!(sign(&["--name", "Kim K."]), first);
    bench.ok(&["revoke", "a.expb", "--statement", &first, "--key", "k"]);
    assert_ne!(sign(&["--name", "Kim"]), first);
    assert_eq!(number(), 4);
}

/// A statement says which record it is about: nobody is asked.
#[test]
fn a_statement_is_revoked_among_several_records() {
    let bench = Bench::new();
    bench.ok(&["keygen", "-o", "k"]);
    for name in ["a", "b"] {
        bench.ok(&["create", "--title", name, "-o", &format!("{name}.expb")]);
    }
    bench.ok(&["merge", "a.expb", "b.expb", "-o", "both.expb"]);
    let ids = bench.ok(&["sign", "both.expb", "--record", "all", "--key", "k"]);
    for id in ids.lines() {
        bench.ok(&["revoke", "both.expb", "--statement", id, "--key", "k"]);
    }
    bench.ok(&["revoke", "both.expb", "--revoked-key", "k.pub", "--key", "k"]);
    // A record is chosen by whoever revokes it, and a key that signed nothing here says of none.
    bench.ok(&["keygen", "-o", "o"]);
    bench.fails(2, "cli.usage", &["revoke", "both.expb", "--whole-record", "--yes", "--key", "k"]);
    bench.fails(2, "cli.usage", &["revoke", "both.expb", "--revoked-key", "o.pub", "--key", "k"]);
    let log = json(&bench.ok(&["log", "both.expb", "--json"]));
    let revoked = log.as_array().expect("statements").iter().filter(|one| one["kind"] == "revocation");
    let records: std::collections::BTreeSet<_> = revoked.map(|one| one["record"].to_string()).collect();
    assert_eq!(records.len(), 2);
}

/// A stranger who signs something beside unsigned files takes away no warning and adds no line but
/// those under "By keys that are not trusted".
#[test]
fn what_a_stranger_signed_changes_nothing_else() {
    let bench = Bench::new();
    for key in ["ada", "eve"] {
        bench.ok(&["keygen", "-o", key]);
    }
    fs::create_dir(bench.path("m")).expect("room");
    fs::write(bench.path("m/model.safetensors"), b"weights").expect("room");
    bench.ok(&["create", "--title", "unsigned", "--output", "m/model.safetensors", "-o", "m/experiment.expb"]);
    let outside = |text: String| {
        let is_apart =
            |part: &&str| part.starts_with("By keys that are not trusted") || part.starts_with("Signed by nobody");
        let parts = text.split("\n\n").filter(|part| !is_apart(part));
        parts.map(str::to_owned).collect::<Vec<_>>()
    };
    let verified = || verified(&bench, &["m", "--trust", "ada.pub"]);
    let told = || String::from_utf8(bench.output(&["why", "m/model.safetensors", "--trust", "ada.pub"]).stdout);
    let before = (outside(verified()), told().expect("UTF-8"));
    bench.ok(&["create", "--title", "another", "-o", "e.expb"]);
    bench.ok(&["sign", "e.expb", "--key", "eve", "--name", "Ada (new laptop)"]);
    bench.ok(&["merge", "m/experiment.expb", "e.expb", "-o", "both.expb"]);
    fs::rename(bench.path("both.expb"), bench.path("m/experiment.expb")).expect("room");
    assert!(verified().contains("Ada (new laptop)"));
    assert_eq!(outside(verified()), before.0);
    assert_eq!(told().expect("UTF-8").split("\nset apart").next(), before.1.split("\nset apart").next());
}

/// A name of a file cannot put our words at the beginning of a line.
#[test]
fn the_path_of_a_bundle_is_quoted() {
    let bench = Bench::with_bundle();
    let name = format!("a{}✓ intact, signed and trusted: model.expb", " ".repeat(60));
    fs::rename(bench.path("a.expb"), bench.path(&name)).expect("room");
    let text = verified(&bench, &[name.as_str()]);
    assert!(text.starts_with("✓ intact: \"a"), "{text}");
    assert!(!text.contains("   ✓"), "{text}");
}

/// A clone without its large files: the pointer names the bytes.
#[test]
fn a_pointer_is_explained_by_the_bytes_that_it_names() {
    let bench = released();
    let shown = bench.ok(&["show", "c.expb", "artifacts", "--json"]);
    let digest = json(&shown)["artifacts"][0]["digest"]["sha256"].as_str().expect("a digest").to_owned();
    let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize 2\n");
    fs::write(bench.path("m/model.safetensors"), pointer).expect("room");
    let text = why(&bench, &["m/model.safetensors"]);
    assert!(text.contains("by a Git LFS pointer) was made or passed on by \"t\""), "{text}");
}

/// `log` says why a key does not count that the signers file has.
#[test]
fn the_log_says_when_a_known_key_is_trusted() {
    let bench = released();
    let public = fs::read_to_string(bench.path("k.pub")).expect("the key");
    fs::write(bench.path("signers"), format!("kim valid-before=\"20200101Z\" {public}")).expect("room");
    for layout in [&["log", "m", "--trust", "signers"][..], &["log", "m", "--graph", "--trust", "signers"]] {
        let text = bench.ok(layout);
        assert!(text.contains("kim's key is trusted only until 2020-01-01") && !text.contains("unknown key"), "{text}");
    }
}

/// A part is not made from the whole, whether or not the whole is here.
#[test]
fn a_parent_that_is_not_here_keeps_its_relation() {
    let bench = Bench::new();
    bench.ok(&["create", "--title", "sweep", "-o", "sweep.expb"]);
    bench.ok(&[
        "create",
        "--title",
        "trial",
        "--derive-from",
        "sweep.expb",
        "--relation",
        "part-of",
        "-o",
        "trial.expb",
    ]);
    let text = why(&bench, &["trial.expb"]);
    assert!(text.contains("It is a part of ") && !text.contains("made from"), "{text}");
    assert!(bench.ok(&["lineage", "trial.expb"]).contains("is named as a parent (part-of), not found"));
    assert!(bench.ok(&["lineage", "trial.expb", "--mermaid"]).contains("-.->|\"part-of · declared\"|"));
}
