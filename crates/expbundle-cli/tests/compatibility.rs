//! What earlier versions wrote still reads to the same result, and schemas break nobody
//! (`compatibility/README.md`).

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value, json};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn list(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).expect("readable").map(|entry| entry.expect("readable").path()).collect();
    paths.sort();
    paths
}

fn versions() -> Vec<PathBuf> {
    let versions: Vec<PathBuf> = list(&root().join("compatibility")).into_iter().filter(|path| path.is_dir()).collect();
    assert!(!versions.is_empty(), "there is at least one version");
    versions
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).expect("readable"))
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Without the words, which may change at any time.
fn wordless(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let is_of_words = |name: &str| ["message", "help", "notProven", "line"].contains(&name);
            let kept = members.into_iter().filter(|(name, _)| !is_of_words(name));
            Value::Object(kept.map(|(name, value)| (name, wordless(value))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(wordless).collect()),
        leaf => leaf,
    }
}

#[test]
fn bundles_of_earlier_versions_read_to_the_same_result() {
    for version in versions() {
        let bundles: Vec<PathBuf> =
            list(&version).into_iter().filter(|path| path.extension().is_some_and(|end| end == "expb")).collect();
        assert!(!bundles.is_empty(), "{} has bundles", version.display());
        for bundle in bundles {
            let name = bundle.file_name().expect("a file");
            let output = Command::new(env!("CARGO_BIN_EXE_expbundle"))
                .current_dir(&version)
                .arg("verify")
                .arg(name)
                .args(["--json", "--at", "2026-12-01T00:00:00Z", "--trust", "signers", "--require", "intact"])
                .output()
                .expect("the program runs");
            let said = wordless(serde_json::from_slice(&output.stdout).expect("a report"));
            assert_eq!(said, wordless(read(&bundle.with_extension("report.json"))), "{}", bundle.display());
        }
    }
}

/// Which side of a schema people are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// They write what it describes: it may never ask for more.
    Written,
    /// They read what it describes: it may never give less.
    Read,
}

/// Schemas of what the program prints.
const PRINTED: [&str; 9] = ["convert", "diff", "inspect", "lineage", "list", "log", "report", "show", "why"];

#[test]
fn schemas_break_nobody() {
    for version in versions() {
        for path in list(&version.join("schemas")) {
            let name = path.file_name().expect("a file").to_string_lossy().into_owned();
            let side =
                if PRINTED.contains(&name.split('.').next().unwrap_or_default()) { Side::Read } else { Side::Written };
            let (old, new) = (read(&path), read(&root().join("schemas").join(&name)));
            let broken = Comparison { old: &old, new: &new, side }.whole();
            assert!(broken.is_empty(), "{name}: {broken:#?}");
        }
    }
}

#[test]
fn a_schema_that_breaks_is_noticed() {
    let old = json!({"properties": {"a": {"type": "string"}, "b": {"enum": ["x", "y"]}}, "required": ["a"]});
    let broken = |new: Value, side| !Comparison { old: &old, new: &new, side }.whole().is_empty();
    for side in [Side::Written, Side::Read] {
        assert!(!broken(old.clone(), side));
        assert!(broken(json!({"properties": {"a": {"type": "string"}}, "required": ["a"]}), side), "a member is gone");
        assert!(broken(
            json!({"properties": {"a": {"type": "number"}, "b": {"enum": ["x", "y"]}}, "required": ["a"]}),
            side
        ));
    }
    let more = json!({"properties": {"a": {"type": "string"}, "b": {"enum": ["x", "y"]}}, "required": ["a", "b"]});
    assert!(broken(more.clone(), Side::Written) && !broken(more, Side::Read));
    let fewer = json!({"properties": {"a": {"type": "string"}, "b": {"enum": ["x", "y"]}}, "required": []});
    assert!(!broken(fewer.clone(), Side::Written) && broken(fewer, Side::Read));
    let narrower = json!({"properties": {"a": {"type": "string"}, "b": {"enum": ["x"]}}, "required": ["a"]});
    assert!(broken(narrower.clone(), Side::Written) && !broken(narrower, Side::Read));
    let nullable =
        json!({"properties": {"a": {"type": ["string", "null"]}, "b": {"enum": ["x", "y"]}}, "required": ["a"]});
    assert!(!broken(nullable.clone(), Side::Written) && broken(nullable, Side::Read));
}

struct Comparison<'a> {
    old: &'a Value,
    new: &'a Value,
    side: Side,
}

impl Comparison<'_> {
    fn whole(&self) -> Vec<String> {
        let mut broken = Vec::new();
        self.compare(self.old, self.new, "", &mut BTreeSet::new(), &mut broken);
        broken
    }

    fn resolved<'v>(schema: &'v Value, document: &'v Value) -> &'v Value {
        let target = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix('#'));
        target.and_then(|pointer| document.pointer(pointer)).unwrap_or(schema)
    }

    fn compare(&self, old: &Value, new: &Value, place: &str, seen: &mut BTreeSet<String>, broken: &mut Vec<String>) {
        // A type that holds itself is compared once.
        if let Some(name) = old.get("$ref").and_then(Value::as_str)
            && !seen.insert(name.to_owned())
        {
            return;
        }
        let (old, new) = (Self::resolved(old, self.old), Self::resolved(new, self.new));
        self.within("types", &types(old), &types(new), place, broken);
        if let (Some(old), Some(new)) = (values(old), values(new)) {
            self.within("values", &old, &new, place, broken);
        }
        let none = Map::new();
        let members =
            |schema: &'_ Value| schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
        let (before, now) = (members(old), members(new));
        for (name, member) in if before.is_empty() { &none } else { &before } {
            let place = format!("{place}/{name}");
            match now.get(name) {
                Some(member_now) => self.compare(member, member_now, &place, seen, broken),
                None => broken.push(format!("{place} is gone")),
            }
        }
        // What is written may not be asked for more; what is read may not give less.
        let (old_required, new_required) = (required(old), required(new));
        let (more, fewer) = match self.side {
            Side::Written => (&new_required, &old_required),
            Side::Read => (&old_required, &new_required),
        };
        broken.extend(more.difference(fewer).map(|name| format!("{place}/{name} is required on one side only")));
        for inner in ["items", "additionalProperties"] {
            if let (Some(old), Some(new)) = (old.get(inner), new.get(inner)) {
                self.compare(old, new, &format!("{place}/{inner}"), seen, broken);
            }
        }
        for choice in ["anyOf", "oneOf"] {
            let list = |schema: &Value| schema.get(choice).and_then(Value::as_array).cloned().unwrap_or_default();
            for (index, (old, new)) in list(old).iter().zip(&list(new)).enumerate() {
                self.compare(old, new, &format!("{place}/{choice}/{index}"), seen, broken);
            }
        }
    }

    fn within(
        &self,
        what: &str,
        old: &BTreeSet<String>,
        new: &BTreeSet<String>,
        place: &str,
        broken: &mut Vec<String>,
    ) {
        let fits = match self.side {
            Side::Written => new.is_empty() || (!old.is_empty() && old.is_subset(new)),
            Side::Read => old.is_empty() || (!new.is_empty() && new.is_subset(old)),
        };
        if !fits {
            broken.push(format!("{place}: {what} were {old:?} and are {new:?}"));
        }
    }
}

/// Types that a schema names; none if it takes any.
fn types(schema: &Value) -> BTreeSet<String> {
    match schema.get("type") {
        Some(Value::String(one)) => BTreeSet::from([one.clone()]),
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => BTreeSet::new(),
    }
}

/// Values that a schema lists, as `enum` or as a choice of constants.
fn values(schema: &Value) -> Option<BTreeSet<String>> {
    if let Some(list) = schema.get("enum").and_then(Value::as_array) {
        return Some(list.iter().map(ToString::to_string).collect());
    }
    let choice = schema.get("oneOf").and_then(Value::as_array)?;
    choice.iter().map(|one| one.get("const").map(ToString::to_string)).collect()
}

fn required(schema: &Value) -> BTreeSet<String> {
    let list = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}
