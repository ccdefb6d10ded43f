//! What a statement says in one line.

use expbundle_format::sections::Evaluation;
use expbundle_format::{DigestSet, RecordId};
use expbundle_statement::{
    Asserted, Authorship, Comment, Deployment, DeploymentAction, Evaluated, Kind, LinkClaim, Predicate, Review,
    ReviewVerdict, Revocation, Revoked, Seal, SigningKey, Superseded,
};
use serde_json::json;

#[track_caller]
fn says(predicate: &Predicate, expected: &str) {
    assert_eq!(predicate.summary(), expected);
}

#[test]
fn every_kind_says_what_it_says() {
    let record = DigestSet::of(b"a record");
    let key = SigningKey::from_seed(&[7; 32]).identity();
    // People compare no more of an id.
    let id: String = record.blake3.to_string().chars().take(12).collect();
    says(&Predicate::Authorship(Authorship::default()), "vouches for the record");
    for (verdict, word) in [
        (ReviewVerdict::Approved, "approved"),
        (ReviewVerdict::Rejected, "rejected"),
        (ReviewVerdict::NeedsChanges, "needs-changes"),
    ] {
        let role = Some("safety".to_owned());
        let review = Review { verdict, role, scope: Some("chat".to_owned()), reason: Some("ok".to_owned()) };
        says(&Predicate::Review(review), &format!("{word} as \"safety\", for \"chat\": \"ok\""));
    }
    says(&Predicate::Comment(Comment { text: "seen".to_owned() }), "seen");
    let measured: Evaluation =
        serde_json::from_value(json!({"metric": "acc", "value": 0.5, "dataset": "digits", "split": "test"}))
            .expect("members");
    let judged: Evaluation = serde_json::from_value(json!({"metric": "tone", "judgement": "kind"})).expect("members");
    let evaluated = Evaluated { evaluations: vec![measured, judged], notes: None };
    says(&Predicate::Evaluation(evaluated), r#""acc" 0.5 on "digits" split "test", "tone": "kind""#);
    for (action, words) in [(DeploymentAction::Deployed, "deployed to"), (DeploymentAction::Retired, "retired from")] {
        let deployment =
            Deployment { environment: "prod".to_owned(), action, artifact: None, reason: Some("v2".to_owned()) };
        says(&Predicate::Deployment(deployment), &format!("{words} \"prod\": \"v2\""));
    }
    let claim = LinkClaim::Record { parent: record, relation: None, artifact: None };
    says(&Predicate::Link(Asserted { claim, reason: None }), &format!("follows from {id}"));
    let claim = LinkClaim::Signer { same_signer: key.clone() };
    says(&Predicate::Link(Asserted { claim, reason: None }), &format!("the key {key} is mine too"));
    says(&Predicate::Supersession(Superseded { successor: record, reason: None }), &format!("superseded by {id}"));
    let revocation =
        Revocation { revoked: Revoked::Record(RecordId(record.blake3)), since: None, reason: Some("wrong".to_owned()) };
    says(&Predicate::Revocation(revocation), &format!("revokes record {id}: \"wrong\""));
    says(&Predicate::Seal(Seal { objects: vec!["a".to_owned()] }), "seals 1 objects");
}

#[test]
fn words_of_a_signer_cannot_pass_for_ours() {
    let scope = Some("chat\" by ben@example.org · trusted\n\u{3164}".to_owned());
    let review = Review { verdict: ReviewVerdict::Approved, role: None, scope, reason: None };
    says(&Predicate::Review(review), r#"approved, for "chat\" by ben@example.org \u{b7} trusted\n\u{3164}""#);
}

#[test]
fn a_kind_has_at_most_64_characters() {
    let kind =
        |length: usize| format!("https://expbundle.github.io/statement/{}/v1", "a".repeat(length)).parse::<Kind>();
    assert!(kind(64).is_ok());
    assert!(kind(65).is_err());
    assert!(kind(0).is_err());
}
