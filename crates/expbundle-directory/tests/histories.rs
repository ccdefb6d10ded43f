//! Histories of releases (spec/directory.md, "Releases"): whatever is left out between two of them,
//! and whatever strangers release, no folder is called better.

use std::collections::BTreeSet;
use std::fs;

use camino::Utf8PathBuf;
use expbundle::Bundle;
use expbundle::draft::Draft;
use expbundle::judge::State;
use expbundle::report::Question;
use expbundle::verify::Digests;
use expbundle_directory::audit;
use expbundle_format::container::EntryName;
use expbundle_format::limits::Limits;
use expbundle_format::record::{ArtifactRef, Form, Kind, RecordBody};
use expbundle_format::tree::{Tree, TreeFile, TreePath};
use expbundle_format::{DigestSet, StatementId};
use expbundle_statement::{
    About, Authorship, Envelope, Folder, Predicate, Release, Review, ReviewVerdict, Revocation, Revoked, Signing,
    SigningKey, TrustPolicy, VerifiedStatement, sign, sign_release,
};
use proptest::prelude::*;

const NOW: &str = "2026-12-01T00:00:00Z";
/// Trusted are the keys 0 and 1.
const STRANGER: u8 = 2;
const VERSIONS: u8 = 3;

/// Something that one of three keys says in the course of a history.
#[derive(Clone, Debug)]
struct Step {
    by: u8,
    what: What,
    /// Which of the earlier statements it names, a bit each.
    names: u8,
    day: u8,
}

#[derive(Clone, Debug)]
enum What {
    /// The folder of a version.
    Release(u8),
    /// What a release may name too.
    Remark,
    /// Takes back an earlier statement.
    Revocation(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let what = prop_oneof![
        6 => (0..VERSIONS).prop_map(What::Release),
        2 => Just(What::Remark),
        1 => any::<u8>().prop_map(What::Revocation),
    ];
    (0..3_u8, what, any::<u8>(), 1..28_u8).prop_map(|(by, what, names, day)| Step { by, what, names, day })
}

fn key(number: u8) -> SigningKey {
    SigningKey::from_seed(&[number + 1; 32])
}

fn weights(version: u8) -> Vec<u8> {
    format!("the weights of version {version}").into_bytes()
}

fn listing(version: u8) -> Tree {
    let bytes = weights(version);
    let path = TreePath::from_plain("model.safetensors").expect("a path");
    Tree::new(vec![TreeFile { path, digest: DigestSet::of(&bytes), size: bytes.len() as u64 }]).expect("files")
}

/// A bundle with one statement after another.
struct History {
    bundle: Bundle,
    /// What releases that count name.
    named: BTreeSet<StatementId>,
}

impl History {
    /// The bundle without a listing, or without a statement that a release names, each in turn.
    fn parts(&self) -> Vec<Bundle> {
        let intact = self.bundle.check().expect("intact").intact;
        let statements = intact.statements().iter().filter(|one| self.named.contains(&one.id()));
        let without = |name: &EntryName| {
            let mut part = self.bundle.clone();
            part.remove(name);
            part
        };
        let without_statement = |left_out: &VerifiedStatement| {
            let mut part = without(&EntryName::Statement(left_out.file_digest()));
            // A listing that nobody names would be refused.
            if let Some(listing) = left_out.listing() {
                let others = intact.statements().iter().filter(|one| one.id() != left_out.id());
                if !others.filter_map(VerifiedStatement::listing).any(|other| other == listing) {
                    part.remove(&EntryName::Artifact(listing.blake3));
                }
            }
            part
        };
        let listings =
            self.bundle.entries().map(|(name, _)| name).filter(|name| matches!(name, EntryName::Artifact(_)));
        statements.map(without_statement).chain(listings.map(without)).collect()
    }
}

fn history(steps: &[Step]) -> History {
    let mut body = RecordBody::new(Kind::Run);
    let output = |version| {
        let bytes = weights(version);
        let role = "model".parse().expect("a role");
        ArtifactRef::new(role, DigestSet::of(&bytes).into(), bytes.len() as u64, Form::File)
    };
    body.outputs = (0..VERSIONS).map(output).collect();
    let mut bundle = Draft::new(body).finish().expect("a bundle").into_bundle();
    let record = bundle.records().next().expect("a record").1.digest().expect("memory");
    let mut said: Vec<(StatementId, Vec<StatementId>)> = Vec::new();
    let (mut releases, mut revoked) = (Vec::new(), BTreeSet::new());
    let first = Step { by: 0, what: What::Remark, names: 0, day: 1 };
    for (number, step) in [&first].into_iter().chain(steps).enumerate() {
        let names: Vec<StatementId> =
            said.iter().enumerate().filter(|(at, _)| step.names >> at & 1 == 1).map(|(_, (id, _))| *id).collect();
        let created = format!("2026-11-{:02}T09:00:00Z", step.day).parse().expect("a time");
        let (key, release) = (key(step.by), Release::default());
        let signing = Signing::new(&key, created);
        let about = About { record, outputs: &[], previous: &names };
        let bytes = match &step.what {
            _ if number == 0 => sign(&Predicate::Authorship(Authorship::default()), about, &signing),
            What::Release(version) => {
                let tree = listing(*version);
                bundle.insert_artifact_unchecked(tree.to_bytes());
                if step.by != STRANGER {
                    releases.push(number);
                }
                sign_release(&release, Folder { listing: tree.digest(), weights: &[], previous: &names }, &signing)
            }
            What::Remark => {
                let praise = Review {
                    verdict: ReviewVerdict::Approved,
                    role: None,
                    scope: None,
                    reason: Some(number.to_string()),
                };
                sign(&Predicate::Review(praise), about, &signing)
            }
            What::Revocation(of) => {
                let statement = said[usize::from(*of) % said.len()].0;
                revoked.insert(statement);
                let revocation = Revocation { revoked: Revoked::Statement(statement), since: None, reason: None };
                sign(&Predicate::Revocation(revocation), about, &signing)
            }
        };
        let bytes = bytes.expect("a statement");
        said.push((Envelope::parse(&bytes).expect("a statement").id(), names));
        bundle.insert_statement_unchecked(bytes);
    }
    let counting = releases.iter().map(|number| &said[*number]).filter(|(id, _)| !revoked.contains(id));
    let named = counting.flat_map(|(_, names)| names).copied().collect();
    History { bundle, named }
}

/// What a folder of a version is called.
fn called(bundle: &Bundle, version: u8) -> State {
    let guard = tempfile::tempdir().expect("a temporary folder");
    let folder = Utf8PathBuf::from_path_buf(guard.path().to_owned()).expect("a UTF-8 path");
    fs::write(folder.join("model.safetensors"), weights(version)).expect("room");
    bundle.save(&folder.join("experiment.expb")).expect("room");
    let line = |number: u8| format!("signer-{number}@example.org {}\n", key(number).public_key());
    let policy = TrustPolicy::parse([line(0), line(1)].concat()).expect("signers");
    let (at, limits) = (NOW.parse().expect("a time"), Limits::default());
    let question = Question { policy: Some(&policy), required: State::Trusted, at, digests: Digests::Blake3, limits };
    audit(&folder, question, &|_| ()).expect("readable").state
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Only what came last can be left out without a trace (SECURITY.md, "That nothing was left out").
    #[test]
    fn what_is_left_out_brings_no_release_back(steps in prop::collection::vec(step(), 1..7)) {
        let history = history(&steps);
        for version in 0..VERSIONS {
            let whole = called(&history.bundle, version);
            for part in history.parts() {
                let called = called(&part, version);
                prop_assert!(called <= whole, "version {version}: {whole}, then {called}");
            }
        }
    }

    #[test]
    fn strangers_change_nothing(steps in prop::collection::vec(step(), 1..7)) {
        let ours: Vec<Step> = steps.iter().filter(|step| step.by != STRANGER).cloned().collect();
        let theirs: Vec<Step> = steps.iter().filter(|step| step.by == STRANGER).cloned().collect();
        let (without, with) = (history(&ours), history(&[ours, theirs].concat()));
        for version in 0..VERSIONS {
            prop_assert_eq!(called(&without.bundle, version), called(&with.bundle, version));
        }
    }
}
