//! The program in a folder of its own.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A folder of its own, in which the program runs.
pub struct Bench {
    pub folder: TempDir,
}

impl Bench {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn output(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_expbundle"));
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        command.env_remove("EXPBUNDLE_PASSPHRASE").env("TZ", "UTC");
        command.output().expect("the program runs")
    }

    /// Runs to success, and gives stdout.
    #[track_caller]
    pub fn ok(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {stderr}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// Runs to success, and gives stderr.
    #[track_caller]
    pub fn said(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        let stderr = String::from_utf8(output.stderr).expect("UTF-8");
        assert!(output.status.success(), "{arguments:?}: {stderr}");
        stderr
    }

    /// Runs to that exit status, and gives stdout and stderr. Whatever fails says a code and the
    /// next step.
    #[track_caller]
    pub fn fails(&self, status: i32, code: &str, arguments: &[&str]) -> (String, String) {
        let output = self.output(arguments);
        let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {stdout}{stderr}");
        let said = format!("{stdout}{stderr}");
        assert!(said.contains(&format!("[{code}]")), "{arguments:?}: no {code} in {said}");
        assert!(!said.contains("panicked"), "{said}");
        (stdout.into_owned(), stderr.into_owned())
    }

    /// A small bundle by hand, its weights beside it, and a key.
    pub fn with_bundle() -> Self {
        let bench = Self::new();
        std::fs::write(bench.path("weights.bin"), b"weights").expect("room");
        bench.ok(&["create", "--title", "a run", "--output", "weights.bin", "-o", "a.expb"]);
        bench.ok(&["keygen", "-o", "key"]);
        bench
    }
}

pub fn fixture(path: &str) -> String {
    root().join("fixtures").join(path).to_str().expect("UTF-8").to_owned()
}

pub fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Holds a value to a schema of `schemas/`.
#[track_caller]
pub fn valid(schema: &str, value: &Value) {
    let text = std::fs::read_to_string(root().join(format!("schemas/{schema}.schema.json"))).expect("the schema");
    let validator = jsonschema::draft202012::new(&json(&text)).expect("a schema");
    let errors: Vec<String> =
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{schema}: {errors:?}");
}

/// Holds everything that is JSON in a bundle to its schema.
#[track_caller]
pub fn bundle_is_valid(bench: &Bench, name: &str) {
    let shown = json(&bench.ok(&["show", name, "--json"]));
    valid("show", &shown);
    valid("record", &shown["record"]);
    for (section, value) in shown["sections"].as_object().expect("sections") {
        valid(section.trim_end_matches(".json"), value);
    }
    let report = json(&bench.ok(&["verify", name, "--json"]));
    valid("report", &report);
    valid("log", &json(&bench.ok(&["log", name, "--json"])));
}
