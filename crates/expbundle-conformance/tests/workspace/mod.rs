//! What `cargo metadata` says of this workspace, and its sources.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde::Deserialize;

/// The answer of `cargo metadata`, as far as the tests look at it.
#[derive(Deserialize)]
pub struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

/// A package of the workspace, or one that it depends on.
#[derive(Deserialize)]
pub struct Package {
    id: String,
    pub name: String,
    pub version: String,
    /// The licence as an SPDX expression.
    pub license: Option<String>,
    /// The registry; none for a package of this workspace.
    pub source: Option<String>,
    pub dependencies: Vec<Dependency>,
    manifest_path: PathBuf,
}

/// A dependency as a manifest declares it.
#[derive(Deserialize)]
pub struct Dependency {
    pub name: String,
    /// `dev`, `build`, or none for a normal dependency.
    pub kind: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Edge>,
}

#[derive(Deserialize)]
struct Edge {
    pkg: String,
    dep_kinds: Vec<EdgeKind>,
}

#[derive(Deserialize)]
struct EdgeKind {
    kind: Option<String>,
}

/// Asks cargo, once.
///
/// For the host only, because whoever runs the tests has downloaded no more. Cargo names more than
/// it compiles here: optional dependencies that a feature merely configures are in the lock file
/// and so in the answer. What is absent here is absent.
pub fn metadata() -> &'static Metadata {
    static METADATA: OnceLock<Metadata> = OnceLock::new();
    METADATA.get_or_init(|| {
        let answer = cargo(&["metadata", "--format-version", "1", "--locked", "--filter-platform", &host()]);
        serde_json::from_str(&answer).expect("cargo writes the format that it was asked for")
    })
}

impl Package {
    /// Its folder.
    pub fn folder(&self) -> PathBuf {
        let folder = self.manifest_path.parent().expect("a manifest is in a folder");
        folder.canonicalize().expect("it is there")
    }
}

impl Metadata {
    pub fn packages(&self) -> &[Package] {
        &self.packages
    }

    /// The crates of this workspace.
    pub fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.source.is_none())
    }

    pub fn member(&self, name: &str) -> &Package {
        self.members().find(|package| package.name == name).unwrap_or_else(|| panic!("no crate {name}"))
    }

    /// The names of all that a program with this crate is made of: its normal dependencies, and
    /// theirs.
    pub fn closure(&self, name: &str) -> BTreeSet<&str> {
        let packages: BTreeMap<&str, &Package> =
            self.packages.iter().map(|package| (package.id.as_str(), package)).collect();
        let nodes: BTreeMap<&str, &Node> = self.resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
        let mut seen = BTreeSet::new();
        let mut waiting = vec![self.member(name).id.as_str()];
        while let Some(id) = waiting.pop() {
            if !seen.insert(id) {
                continue;
            }
            let normal = |edge: &&Edge| edge.dep_kinds.iter().any(|kind| kind.kind.is_none());
            waiting.extend(nodes[id].deps.iter().filter(normal).map(|edge| edge.pkg.as_str()));
        }
        seen.into_iter().map(|id| packages[id].name.as_str()).filter(|other| *other != name).collect()
    }
}

/// The root of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace is there")
}

/// A file of the workspace.
pub fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The sources of a crate with their paths, comments included.
pub fn sources(crate_name: &str) -> Vec<(String, String)> {
    let paths = rust_files(&metadata().member(crate_name).folder().join("src")).into_iter();
    let shown = |path: &Path| path.strip_prefix(root()).expect("it is below the root").display().to_string();
    paths.map(|path| (shown(&path), fs::read_to_string(&path).expect("sources can be read"))).collect()
}

/// A line of the program text of a crate: no comment, no test.
pub struct Line {
    /// `path:number`, as editors take it.
    pub place: String,
    pub text: String,
}

/// The program text of a crate, by lines.
///
/// Tests are files named so, and what stands behind `#[cfg(test)]` in the others, which is where
/// this project puts them.
pub fn source_lines(crate_name: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    for path in rust_files(&metadata().member(crate_name).folder().join("src")) {
        let is_test = path.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("tests"));
        if is_test {
            continue;
        }
        let shown = path.strip_prefix(root()).expect("it is below the root").display().to_string();
        let text = fs::read_to_string(&path).expect("sources can be read");
        let program = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for (number, line) in program.lines().enumerate() {
            if !line.trim_start().starts_with("//") {
                lines.push(Line { place: format!("{shown}:{}", number + 1), text: line.to_owned() });
            }
        }
    }
    lines
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// The platform that this toolchain builds for.
fn host() -> String {
    let version = cargo(&["--version", "--verbose"]);
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("cargo names its host");
    host.to_owned()
}

fn cargo(arguments: &[&str]) -> String {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(program).args(arguments).current_dir(root()).output().expect("cargo runs the tests");
    assert!(output.status.success(), "cargo {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo writes UTF-8")
}
