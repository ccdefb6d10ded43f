//! Statements that follow each other: what is said of their order, and that nothing else is.

use expbundle_format::{Code, DigestSet, StatementId};
use expbundle_statement::{About, Comment, Envelope, Predicate, Signing, SigningKey, VerifiedStatement, chain, sign};

fn comment(text: &str, created: &str, previous: &[StatementId]) -> VerifiedStatement {
    let predicate = Predicate::Comment(Comment { text: text.to_owned() });
    let created = created.parse().expect("a time");
    let file = sign(
        &predicate,
        About { record: DigestSet::of(b"a record"), outputs: &[], previous },
        &Signing::new(&SigningKey::from_seed(&[7; 32]), created),
    );
    Envelope::parse(&file.expect("plain text")).and_then(Envelope::verify).expect("signed just now")
}

fn codes(statements: &[VerifiedStatement]) -> Vec<Code> {
    chain::check(statements).iter().map(|finding| finding.code).collect()
}

#[test]
fn a_statement_follows_what_is_here_and_not_later() {
    let first = comment("first", "2026-11-23T10:00:00Z", &[]);
    let follows = |created: &str| comment("second", created, &[first.id()]);
    let (at_once, later, earlier) =
        (follows("2026-11-23T10:00:00Z"), follows("2026-11-23T10:00:01Z"), follows("2026-11-23T09:59:59Z"));
    assert_eq!(codes(&[first.clone(), at_once]), []);
    assert_eq!(codes(&[first.clone(), later.clone()]), []);
    assert_eq!(codes(&[first, earlier]), [Code::StatementPrevTime]);
    assert_eq!(codes(&[later]), [Code::StatementPrevDangling]);
}
