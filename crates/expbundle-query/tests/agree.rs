//! What a question about a whole bundle ends with is what `verify` ends with: every conformance
//! case is asked both ways.

use std::fs;
use std::path::{Path, PathBuf};

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::judge::State;
use expbundle::report;
use expbundle::verify::Digests;
use expbundle_directory::audit;
use expbundle_format::limits::Limits;
use expbundle_query::{QueryError, Question, Relations, Scope, WhyRefused};
use expbundle_statement::TrustPolicy;
use serde_json::Value;

const AT: &str = "2026-11-23T12:00:00Z";

/// A bundle, and how it is asked about.
struct Case {
    bundle: Utf8PathBuf,
    policy: Option<TrustPolicy>,
    at: String,
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> =
        fs::read_dir(folder).expect("readable").map(|entry| entry.expect("readable").path()).collect();
    paths.sort();
    paths
}

/// Cases of verifiers whose input is a bundle, unless only `verify` can be asked so.
fn case(manifest: &Path) -> Option<Case> {
    if manifest.extension().is_none_or(|end| end != "json") {
        return None;
    }
    let layer = Utf8Path::from_path(manifest.parent()?)?;
    let case: Value = serde_json::from_slice(&fs::read(manifest).expect("readable")).expect("JSON");
    let bundle = layer.join(case["input"].as_str()?);
    if !bundle.is_file() || ["output", "require", "digests"].iter().any(|member| case.get(member).is_some()) {
        return None;
    }
    let signers = case["signers"].as_str().map(|name| fs::read(layer.join(name)).expect("readable"));
    // Without a signers file that can be read neither is answered.
    let policy = signers.as_deref().map(TrustPolicy::parse).transpose().ok()?;
    Some(Case { bundle, policy, at: case["at"].as_str().unwrap_or(AT).to_owned() })
}

fn exit(state: State, required: State) -> u8 {
    match state {
        State::Refused => 2,
        State::Malformed => 1,
        state if state < required => 3,
        _ => 0,
    }
}

impl Case {
    fn required(&self) -> State {
        if self.policy.is_some() { State::Trusted } else { State::Intact }
    }

    /// What `verify` says.
    fn verified(&self) -> u8 {
        let question = report::Question {
            policy: self.policy.as_ref(),
            required: self.required(),
            at: self.at.parse().expect("a time"),
            digests: Digests::Blake3,
            limits: Limits::default(),
        };
        exit(audit(&self.bundle, question, &|_| ()).expect("readable").state, self.required())
    }

    /// What `lineage` and `why` say of its last records and what they derive from, or of all.
    fn told(&self, scope: Scope) -> u8 {
        let about = self.bundle.clone().into();
        let at = self.at.parse().expect("a time");
        let question = Question { about, with: Vec::new(), policy: self.policy.clone(), at, record: None, scope };
        let state = match Relations::of(question) {
            Ok(relations) => relations.state_of_all(relations.family(&relations.start)),
            Err(QueryError::Limit(_)) => State::Refused,
            Err(QueryError::Refused(refused)) => match &refused.why {
                WhyRefused::Finding(finding) if !finding.is_no_answer() => State::Malformed,
                _ => State::Refused,
            },
            Err(error) => panic!("{}: {error}", self.bundle),
        };
        exit(state, self.required())
    }
}

#[test]
fn every_bundle_ends_as_verify_does() {
    let layers = entries(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/cases"));
    let cases: Vec<Case> = layers.iter().flat_map(|layer| entries(layer)).filter_map(|path| case(&path)).collect();
    assert!(cases.len() > 1500, "{} cases", cases.len());
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let told = [Scope::Ancestors, Scope::Descendants, Scope::Everything].map(|scope| case.told(scope));
            let verified = case.verified();
            (told != [verified; 3])
                .then(|| format!("{}: verify ends with {verified}, and they with {told:?}", case.bundle))
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
