//! The runner itself: what it says of implementations that are right, wrong, silent or broken.
#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::process::Command;

use expbundle_conformance::cases::{self, Manifest, Tier};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Runs a shell script as the implementation. Its last argument is the input of the case.
fn score(only: &str, script: &str, expected_failures: Option<&str>) -> (Option<i32>, String) {
    let mut runner = Command::new(env!("CARGO_BIN_EXE_expbundle-conformance"));
    runner.args(["--only", only]);
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("expected-{}", only.replace('/', "-")));
    if let Some(text) = expected_failures {
        std::fs::write(&file, text).expect("room");
        runner.arg("--expected-failures").arg(&file);
    }
    let output = runner.args(["--", "sh", "-c", script, "implementation"]).output().expect("the runner runs");
    (output.status.code(), String::from_utf8(output.stdout).expect("text"))
}

const INTACT: &str = r#"echo '{"state": "intact", "findings": []}'"#;

#[test]
fn an_implementation_that_says_yes_to_everything_fails() {
    let (status, text) = score("container/comment", INTACT, None);
    assert_eq!(status, Some(1), "{text}");
    assert!(text.contains("FAILED  container/comment: said intact, expected malformed"), "{text}");
    let (status, text) = score("container/smallest", INTACT, None);
    assert_eq!((status, text.as_str()), (Some(0), "container       1 of    1\nall             1 of    1\n"));
}

#[test]
fn failures_are_expected_by_name_and_only_while_they_fail() {
    let (status, _) = score("container/smallest", "exit 1", Some("container/smallest # not yet\n\n"));
    assert_eq!(status, Some(0));
    let (status, text) = score("container/smallest", INTACT, Some("container/smallest\ncontainer/no-such-case\n"));
    assert_eq!(status, Some(1));
    assert!(text.contains("PASSED  container/smallest, which was expected to fail"), "{text}");
    assert!(text.contains("UNKNOWN container/no-such-case"), "{text}");
}

#[test]
fn what_breaks_is_said() {
    for (script, words) in [
        ("kill -9 $$", "it ended by signal: 9"),
        ("echo hello", "its output is not a report"),
        (r#"echo '{"state": "intact", "findings": []}'; exit 3"#, "exit status 3, expected 0"),
        (
            r#"echo '{"state": "intact", "findings": [{"code": "container.gap", "severity": "error"}]}'"#,
            "said [container.gap], expected []",
        ),
    ] {
        let (status, text) = score("container/smallest", script, None);
        assert_eq!(status, Some(1));
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn an_implementation_that_takes_too_long_is_ended() {
    let mut runner = Command::new(env!("CARGO_BIN_EXE_expbundle-conformance"));
    // By a shell, which does not pass the path on: `sleep` would end at once, for it is not a time.
    let command = ["sh", "-c", "exec sleep 60", "implementation"];
    runner.args(["--only", "container/smallest", "--timeout", "0", "--"]).args(command);
    let output = runner.output().expect("the runner runs");
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(text.contains("it took more than 0 s"), "{text}");
}

/// What the runner found is its exit status, whatever becomes of the scoreboard.
#[test]
fn a_closed_pipe_or_a_full_disk_hides_no_failure() {
    let script = |to: &str, implementation: &str| {
        let runner = env!("CARGO_BIN_EXE_expbundle-conformance");
        let text = format!("exec '{runner}' --only container/smallest -- sh -c \"$0\" implementation {to}");
        Command::new("sh").args(["-c", &text, implementation]).output().expect("a shell").status.code()
    };
    let closed = |implementation: &str| {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut runner = Command::new(env!("CARGO_BIN_EXE_expbundle-conformance"));
        runner.args(["--only", "container/smallest", "--", "sh", "-c", implementation, "implementation"]);
        runner.stdout(writer).status().expect("the runner runs").code()
    };
    for (implementation, status) in [(INTACT, 0), ("exit 1", 1)] {
        assert_eq!(closed(implementation), Some(status), "{implementation}");
        assert_eq!(script("2>&-", implementation), Some(status), "{implementation}");
    }
    if Path::new("/dev/full").exists() {
        assert_eq!(script(">/dev/full 2>&-", INTACT), Some(2));
        assert_eq!(script(">/dev/full", "exit 1"), Some(1));
    }
}

#[test]
fn codes_that_a_case_leaves_open_are_not_compared() {
    let folder = tempfile::tempdir().expect("room");
    let layer = folder.path().join("open");
    std::fs::create_dir(&layer).expect("room");
    let manifest = r#"{
        "why": "any error will do", "clause": "spec/container.md", "tiers": ["full"], "input": "any.expb", "digests": "all",
        "expect": { "state": "malformed", "also": [], "exit": 1 }
    }"#;
    std::fs::write(layer.join("any.json"), manifest).expect("room");
    let score = |script: &str| {
        let mut runner = Command::new(env!("CARGO_BIN_EXE_expbundle-conformance"));
        runner.arg("--cases").arg(folder.path()).args(["--", "sh", "-c", script, "implementation"]);
        runner.output().expect("the runner runs").status.code()
    };
    let said = r#"{"state": "malformed", "findings": [{"code": "container.gap", "severity": "error"}]}"#;
    assert_eq!(score(&format!(r#"test "$1" = --digests || exit 7; echo '{said}'; exit 1"#)), Some(0));
    assert_eq!(score(INTACT), Some(1));
}

#[test]
fn the_schema_of_cases_is_current_and_every_case_fits() {
    let path = root().join("conformance/case.schema.json");
    let schema = serde_json::to_value(schemars::schema_for!(Manifest)).expect("plain JSON");
    let text = serde_json::to_string_pretty(&schema).expect("plain JSON") + "\n";
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        std::fs::write(&path, &text).expect("room");
    }
    assert_eq!(std::fs::read_to_string(&path).expect("readable"), text, "run the test with UPDATE_SCHEMAS=1");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let cases = cases::read(&root().join("conformance/cases")).expect("readable");
    for case in &cases {
        let written = std::fs::read(case.folder.join(format!("{}.json", case.name))).expect("readable");
        let value = serde_json::from_slice(&written).expect("JSON");
        assert!(validator.is_valid(&value), "{}", case.id());
    }
}

#[test]
fn the_page_says_how_many_cases_each_tier_has() {
    let cases = cases::read(&root().join("conformance/cases")).expect("readable");
    let page = std::fs::read_to_string(root().join("conformance/README.md")).expect("readable");
    for (tier, word) in [(Tier::Core, "core"), (Tier::Sha256, "sha256"), (Tier::Full, "full"), (Tier::Writer, "writer")]
    {
        let count = cases.iter().filter(|case| case.manifest.tiers.contains(&tier)).count();
        let row = page.lines().find(|line| line.starts_with(&format!("| `{word}` |"))).expect("a row for each tier");
        assert!(row.ends_with(&format!("| {count} |")), "{count} cases, and the page says: {row}");
    }
}

/// Figures that pages give, held to what there is today.
#[test]
fn the_pages_say_how_much_there_is() {
    let read = |path: &str| std::fs::read_to_string(root().join(path)).expect("readable");
    let cases = cases::read(&root().join("conformance/cases")).expect("readable").len();
    let targets = read("crates/expbundle-fuzz/src/lib.rs").matches(", targets::").count();
    let lines: usize = std::fs::read_dir(root().join("conformance/reference"))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
        .map(|path| std::fs::read_to_string(path).expect("readable").lines().count())
        .sum();
    let grouped = |number: usize| format!("{},{:03}", number / 1000, number % 1000);
    for (page, said) in [
        ("README.md", format!("holds {} cases", grouped(cases))),
        ("CHANGELOG.md", format!("A conformance suite of {} cases", grouped(cases))),
        ("README.md", format!("in [{} lines of Python]", grouped((lines + 50) / 100 * 100))),
        ("docs/reliability.md", format!("**Fuzzing.** {targets} targets")),
    ] {
        let words: Vec<String> = read(page).split_whitespace().map(str::to_owned).collect();
        assert!(words.join(" ").contains(&said), "{page} does not say: {said}");
    }
}

/// Whether a pattern with `*` fits a name.
fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name
            .strip_prefix(start)
            .is_some_and(|tail| (0..=tail.len()).any(|at| tail.get(at..).is_some_and(|tail| fits(rest, tail)))),
    }
}

#[test]
fn every_attack_has_its_cases() {
    let ids: Vec<String> =
        cases::read(&root().join("conformance/cases")).expect("readable").iter().map(cases::Case::id).collect();
    let page = std::fs::read_to_string(root().join("conformance/attacks.md")).expect("readable");
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| ") && line.contains('`')).collect();
    assert!(rows.len() >= 40, "{} attacks", rows.len());
    for pattern in rows.iter().flat_map(|row| row.split('`').skip(1).step_by(2)) {
        assert!(ids.iter().any(|id| fits(pattern, id)), "no case is called `{pattern}`");
    }
}
