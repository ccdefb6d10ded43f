//! Every conformance case, in one process, by the library. The runner asks the program:
//! `just conformance`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use camino::Utf8Path;
use expbundle::Content;
use expbundle::judge::State;
use expbundle::repack::repack;
use expbundle::report::Question;
use expbundle::verify::Digests;
use expbundle_directory::audit;
use expbundle_format::limits::Limits;
use expbundle_format::{Code, Finding};
use expbundle_statement::TrustPolicy;
use rayon::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    why: String,
    clause: String,
    tiers: Vec<String>,
    input: String,
    signers: Option<String>,
    at: Option<String>,
    require: Option<State>,
    digests: Option<String>,
    output: Option<String>,
    expect: Expected,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Expected {
    state: Option<State>,
    errors: BTreeSet<String>,
    /// The first error, where there are several.
    first: Option<String>,
    also: BTreeSet<String>,
    exit: i32,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).expect("readable").map(|entry| entry.expect("readable").path()).collect();
    files.sort();
    files
}

fn cases() -> Vec<(PathBuf, Case)> {
    let layers = files(&root().join("conformance/cases"));
    let manifests = layers.iter().flat_map(|layer| files(layer));
    manifests
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .map(|path| {
            let text = fs::read(&path).expect("readable");
            let case = serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            (path, case)
        })
        .collect()
}

fn answer(folder: &Utf8Path, case: &Case) -> Expected {
    let silent = |exit| Expected { state: None, errors: BTreeSet::new(), first: None, also: BTreeSet::new(), exit };
    let signers = case.signers.as_ref().map(|name| fs::read(folder.join(name)).expect("readable"));
    let Ok(policy) = signers.as_deref().map(TrustPolicy::parse).transpose() else { return silent(2) };
    let required = case.require.unwrap_or(if policy.is_some() { State::Trusted } else { State::Intact });
    let question = Question {
        policy: policy.as_ref(),
        required,
        at: case.at.as_deref().unwrap_or("2026-11-23T12:00:00Z").parse().expect("a time"),
        digests: if case.digests.is_some() { Digests::All } else { Digests::Blake3 },
        limits: Limits::default(),
    };
    let report = audit(&folder.join(&case.input), question, &|_| ()).expect("readable");
    let (errors, also): (Vec<Finding>, Vec<Finding>) = report.findings.into_iter().partition(Finding::is_error);
    let codes = |findings: &[Finding]| -> BTreeSet<String> {
        findings.iter().map(|finding| finding.code.to_string()).collect()
    };
    let several = codes(&errors).len() > 1;
    let first = errors.first().filter(|_| several).map(|finding| finding.code.to_string());
    let exit = match report.state {
        State::Refused => 2,
        State::Malformed => 1,
        state if state < required => 3,
        _ => 0,
    };
    Expected { state: Some(report.state), errors: codes(&errors), first, also: codes(&also), exit }
}

#[test]
fn every_case_is_as_expected() {
    let wrong: Vec<String> = cases()
        .par_iter()
        .filter(|(_, case)| case.output.is_none())
        .filter_map(|(path, case)| {
            let folder = Utf8Path::from_path(path.parent().expect("in a layer")).expect("UTF-8");
            let said = answer(folder, case);
            (said != case.expect).then(|| format!("{}: {said:?}, expected {:?}", path.display(), case.expect))
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_archive_of_the_same_objects_is_the_same_bundle() {
    for (path, case) in cases() {
        let Some(output) = &case.output else { continue };
        let folder = path.parent().expect("in a layer");
        let input = Content::file(fs::File::open(folder.join(&case.input)).expect("readable")).expect("a file");
        let repacked = repack(&input, &Limits::default()).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(repacked.dropped.is_empty(), case.expect.exit == 0, "{}: {:?}", path.display(), repacked.dropped);
        let mut written = Vec::new();
        repacked.bundle.write(&mut written).expect("memory");
        assert!(written == fs::read(folder.join(output)).expect("readable"), "{}", path.display());
    }
}

#[test]
fn the_suite_is_as_large_as_it_says() {
    let cases = cases();
    let valid = cases.iter().filter(|(_, case)| case.expect.errors.is_empty() && case.expect.exit != 2).count();
    assert!(cases.len() >= 700, "{} cases", cases.len());
    assert!(valid >= 170, "{valid} of them valid");
    for (path, case) in &cases {
        let (page, _) = case.clause.split_once('#').unwrap_or((&case.clause, ""));
        assert!(root().join(page).is_file(), "{}: there is no {page}", path.display());
        assert!(!case.why.is_empty() && !case.tiers.is_empty(), "{}", path.display());
    }
}

/// Codes of which there can be no case, each with the reason.
const WITHOUT_CASE: [(Code, &str); 6] = [
    (Code::StatementPrevCycle, "a payload would hold its own digest"),
    (Code::SectionUnblinded, "said by the tool that withholds, not by a verifier"),
    (Code::DirectoryUnreadable, "takes a file that cannot be read, which no repository can hold"),
    (Code::DirectoryAlike, "takes two names that some file systems take for one, which no repository should hold"),
    (Code::PolicyObjection, "said only where a reader is asked that nobody objects, which the suite does not ask"),
    (Code::TrustSigners, "there is no answer then, and so no report with a code"),
];

#[test]
fn every_code_has_a_case() {
    let cases = cases();
    let covered: BTreeSet<&str> = cases
        .iter()
        .flat_map(|(_, case)| case.expect.errors.iter().chain(&case.expect.also))
        .map(String::as_str)
        .collect();
    for code in Code::ALL.iter().filter(|code| !code.as_str().starts_with("source.")) {
        let excused = WITHOUT_CASE.iter().any(|(other, _)| other == code);
        assert_eq!(covered.contains(code.as_str()), !excused, "{code}");
    }
}
