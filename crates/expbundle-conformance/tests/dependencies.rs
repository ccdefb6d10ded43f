//! Holds the dependency tree to `deny.toml` without cargo-deny: licences, sources, banned crates;
//! and to the workspace manifest.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde::Deserialize;

mod workspace;

use workspace::{Package, metadata, text};

#[derive(Deserialize)]
struct Deny {
    licenses: Licenses,
    bans: Bans,
    sources: Sources,
}

#[derive(Deserialize)]
struct Licenses {
    allow: BTreeSet<String>,
    exceptions: Vec<Exception>,
}

/// Licences of one crate alone.
#[derive(Deserialize)]
struct Exception {
    #[serde(rename = "crate")]
    name: String,
    allow: BTreeSet<String>,
}

impl Licenses {
    fn permits(&self, package: &Package) -> bool {
        let Some(licence) = package.license.as_deref() else { return false };
        let own = self.exceptions.iter().filter(|exception| exception.name == package.name);
        let allowed = own.flat_map(|exception| &exception.allow).chain(&self.allow).cloned().collect();
        permits(licence, &allowed)
    }
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(Deserialize)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    reason: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Sources {
    allow_registry: BTreeSet<String>,
    allow_git: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Manifest {
    workspace: Workspace,
}

#[derive(Deserialize)]
struct Workspace {
    dependencies: BTreeMap<String, Wanted>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Wanted {
    Version(String),
    Detailed { version: String },
}

#[derive(Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
}

fn deny() -> Deny {
    toml::from_str(&text("deny.toml")).expect("deny.toml has the members that cargo-deny knows")
}

#[test]
fn licences_are_allowed() {
    let licenses = deny().licenses;
    let refused: Vec<String> = metadata()
        .packages()
        .iter()
        .filter(|package| !licenses.permits(package))
        .map(|package| format!("{} {}: {:?}", package.name, package.version, package.license))
        .collect();
    assert!(refused.is_empty(), "licences outside deny.toml: {refused:#?}");
}

/// What has a licence of its own is a tool: nothing that is built contains it.
#[test]
fn exceptions_are_for_tools() {
    for exception in deny().licenses.exceptions {
        for member in metadata().members() {
            assert!(!metadata().closure(&member.name).contains(&*exception.name), "{}", member.name);
        }
    }
}

#[test]
fn no_banned_crate_is_in_the_tree() {
    let bans = deny().bans.deny;
    let found: Vec<String> = bans
        .iter()
        .filter(|ban| metadata().packages().iter().any(|package| package.name == ban.name))
        .map(|ban| format!("{}: {}", ban.name, ban.reason))
        .collect();
    assert!(found.is_empty(), "banned by deny.toml: {found:#?}");
}

#[test]
fn every_dependency_is_from_the_registry() {
    let sources = deny().sources;
    assert!(sources.allow_git.is_empty(), "a git dependency cannot be published");
    let registries: BTreeSet<String> =
        sources.allow_registry.iter().map(|address| format!("registry+{address}")).collect();
    for package in metadata().packages() {
        if let Some(source) = &package.source {
            assert!(registries.contains(source), "{} comes from {source}", package.name);
        }
    }
}

#[test]
fn crates_share_licence_and_texts() {
    for package in metadata().members() {
        assert_eq!(package.license.as_deref(), Some("MIT OR Apache-2.0"), "{}", package.name);
    }
    assert!(text("LICENSE-MIT").contains("Permission is hereby granted, free of charge"));
    assert!(text("LICENSE-APACHE").contains("Version 2.0, January 2004"));
}

#[test]
fn the_workspace_manifest_lists_what_is_used() {
    let manifest: Manifest = toml::from_str(&text("Cargo.toml")).expect("cargo read it too");
    let declared: BTreeSet<&str> = metadata()
        .members()
        .flat_map(|package| &package.dependencies)
        .map(|dependency| dependency.name.as_str())
        .collect();
    let unused: Vec<&String> =
        manifest.workspace.dependencies.keys().filter(|name| !declared.contains(name.as_str())).collect();
    assert!(unused.is_empty(), "in [workspace.dependencies], and in no crate: {unused:?}");
}

/// What a crate declares, its files name, or the pages whose examples it runs. A dependency that nobody uses is still downloaded,
/// compiled and trusted.
#[test]
fn declared_dependencies_are_used() {
    let mut unused = Vec::new();
    for package in metadata().members() {
        let folder = package.folder();
        let program = all_rust(&folder.join("src"));
        let library = fs::read_to_string(folder.join("src/lib.rs")).unwrap_or_default();
        let pages = library.split("include_str!(\"").skip(1).filter_map(|rest| rest.split_once('"'));
        let pages = pages.map(|(page, _)| fs::read_to_string(folder.join("src").join(page)).expect("it compiles"));
        let tests = all_rust(&folder.join("tests")) + &all_rust(&folder.join("examples")) + &pages.collect::<String>();
        for dependency in &package.dependencies {
            // The one crate whose library is not named after its package.
            let library = if dependency.name == "md-5" { "md5".to_owned() } else { dependency.name.replace('-', "_") };
            let is_test = dependency.kind.as_deref() == Some("dev");
            if !(names(&program, &library) || is_test && names(&tests, &library)) {
                unused.push(format!("{}: {}", package.name, dependency.name));
            }
        }
    }
    assert!(unused.is_empty(), "declared in a manifest, and named in no file: {unused:#?}");
}

/// Whether a licence expression is satisfied by the allowed licences. `/` is the old way to write
/// `OR`.
fn permits(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let (holds, rest) = any_of(&words, allowed);
    assert!(rest.is_empty(), "`{expression}` is not a licence expression");
    holds
}

fn any_of<'a, 'b>(words: &'b [&'a str], allowed: &BTreeSet<String>) -> (bool, &'b [&'a str]) {
    let (mut holds, mut rest) = all_of(words, allowed);
    while let ["OR", after @ ..] = rest {
        let (other, left) = all_of(after, allowed);
        (holds, rest) = (holds || other, left);
    }
    (holds, rest)
}

fn all_of<'a, 'b>(words: &'b [&'a str], allowed: &BTreeSet<String>) -> (bool, &'b [&'a str]) {
    let (mut holds, mut rest) = one_of(words, allowed);
    while let ["AND", after @ ..] = rest {
        let (other, left) = one_of(after, allowed);
        (holds, rest) = (holds && other, left);
    }
    (holds, rest)
}

fn one_of<'a, 'b>(words: &'b [&'a str], allowed: &BTreeSet<String>) -> (bool, &'b [&'a str]) {
    match words {
        ["(", inside @ ..] => match any_of(inside, allowed) {
            (holds, [")", rest @ ..]) => (holds, rest),
            (_, rest) => panic!("a bracket is open before {rest:?}"),
        },
        [licence, "WITH", exception, rest @ ..] => (allowed.contains(&format!("{licence} WITH {exception}")), rest),
        [licence, rest @ ..] => (allowed.contains(*licence), rest),
        [] => panic!("the licence expression ends too early"),
    }
}

#[test]
fn licence_expressions_are_read_as_spdx_says() {
    let allowed = BTreeSet::from(["MIT", "Zlib", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned));
    let case = |expression: &str, want: bool| assert_eq!(permits(expression, &allowed), want, "{expression}");
    case("MIT", true);
    case("GPL-3.0-only", false);
    case("GPL-3.0-only OR MIT", true);
    case("Unlicense/MIT", true);
    case("MIT AND GPL-3.0-only", false);
    // AND binds more tightly than OR.
    case("MIT OR Zlib AND GPL-3.0-only", true);
    case("(MIT OR Zlib) AND GPL-3.0-only", false);
    case("Apache-2.0 WITH LLVM-exception", true);
    case("Apache-2.0", false);
}

/// All Rust text below a folder; none if the folder is not there.
fn all_rust(folder: &std::path::Path) -> String {
    let mut text = String::new();
    let Ok(entries) = fs::read_dir(folder) else { return text };
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            text += &all_rust(&path);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text += &fs::read_to_string(&path).expect("sources can be read");
        }
    }
    text
}

/// Whether a word stands in a text by itself.
fn names(text: &str, word: &str) -> bool {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    text.match_indices(word)
        .any(|(start, _)| !text[..start].ends_with(is_word) && !text[start + word.len()..].starts_with(is_word))
}

/// The oldest version that a manifest takes is the one that is built and tested here, so no older
/// one is claimed to do.
#[test]
fn the_versions_that_are_claimed_are_those_that_are_tested() {
    let manifest: Manifest = toml::from_str(&text("Cargo.toml")).expect("a manifest");
    let lock: Lock = toml::from_str(&text("Cargo.lock")).expect("a lock file");
    let locked: BTreeSet<(&str, &str)> = lock
        .package
        .iter()
        .map(|package| (package.name.as_str(), package.version.split('+').next().unwrap_or_default()))
        .collect();
    let untested: Vec<String> = manifest
        .workspace
        .dependencies
        .iter()
        .map(|(name, wanted)| match wanted {
            Wanted::Version(version) | Wanted::Detailed { version } => (name.as_str(), version.as_str()),
        })
        .filter(|wanted| !locked.contains(wanted))
        .map(|(name, version)| format!("{name} {version}"))
        .collect();
    assert!(untested.is_empty(), "Cargo.lock has other versions than Cargo.toml begins with: {untested:#?}");
}
