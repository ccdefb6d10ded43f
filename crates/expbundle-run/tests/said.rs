//! What is said about a record is signed once, has no secret, and contradicts nothing.

use expbundle_query::several;
use expbundle_run::format::RecordId;
use expbundle_run::statement::{Asserted, Authorship, Comment, LinkClaim, Predicate, Signing, SigningKey};
use expbundle_run::{Intact, Run, SayError, Time, say};

fn at(text: &str) -> Time {
    text.parse().expect("a time")
}

fn record() -> Intact {
    Run::new("run").finish().expect("a run")
}

fn said(intact: &Intact, name: Option<&str>, predicate: impl Fn(RecordId) -> Predicate) -> Result<Intact, SayError> {
    let key = SigningKey::from_seed(&[7; 32]);
    let signing = Signing { key: &key, name, created: at("2026-11-28T03:11:00Z") };
    let now = at("2026-11-28T03:12:00Z").timestamp();
    let chosen = several(intact, &[], now).expect("one record");
    let says = chosen.ids.iter().map(|id| (*id, predicate(*id))).collect();
    say(intact, &chosen, says, &signing, now)
}

fn authorship(_: RecordId) -> Predicate {
    Predicate::Authorship(Authorship { generator: None })
}

#[test]
fn an_authorship_is_said_once() {
    let once = said(&record(), None, authorship).expect("signed");
    assert_eq!(once.statements().len(), 1);
    let twice = said(&once, None, authorship).expect("signed before");
    assert_eq!(twice.statements().len(), 1);
}

#[test]
fn a_secret_is_not_signed() {
    let token = format!("hf_{}", "aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgH");
    let comment = |_| Predicate::Comment(Comment { text: format!("log in with {token}") });
    for result in [said(&record(), None, comment), said(&record(), Some(&token), authorship)] {
        let Err(error @ SayError::Secrets { .. }) = result else { panic!("it was signed") };
        assert!(!error.to_string().contains(&token), "{error}");
    }
}

#[test]
fn a_record_is_not_its_own_parent() {
    let link = |id: RecordId| {
        let parent = record().records().get(&id).expect("the same").digest();
        let claim = LinkClaim::Record { parent, relation: None, artifact: None };
        Predicate::Link(Asserted { claim, reason: None })
    };
    assert!(matches!(said(&record(), None, link), Err(SayError::Sign(_))));
}
