//! Questions as a program that imports the library asks them.

use camino::Utf8PathBuf;
use expbundle::draft::Draft;
use expbundle::verify::Intact;
use expbundle_format::limits::Limits;
use expbundle_format::record::{Kind, RecordBody};
use expbundle_format::sections::{Context, JsonSection as _, Recipe};
use expbundle_query::{
    Differences, Kept, MergeError, Plan, QueryError, Question, Relations, Scope, Shown, Source, WhyRefused, find,
    merge, one_of, several, starting,
};
use expbundle_statement::{Authorship, Predicate, Signing, SigningKey};

const AT: &str = "2026-11-28T12:00:00Z";

fn intact(title: &str) -> Intact {
    let mut draft = Draft::new(RecordBody::new(Kind::Run));
    draft.json_section(&Context { title: title.to_owned(), ..Context::default() }).expect("plain text");
    draft.finish().expect("plain members").check().expect("it is made right").intact
}

fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).expect("a plain path");
    (folder, path)
}

fn question(about: Utf8PathBuf) -> Question<'static> {
    let at = AT.parse().expect("a time");
    Question { about: about.into(), with: Vec::new(), policy: None, at, record: None, scope: Scope::Ancestors }
}

#[test]
fn a_record_is_named_by_the_beginning_of_its_id() {
    let (a, b) = (intact("a"), intact("b"));
    let at: jiff::Timestamp = AT.parse().expect("a time");
    let id = one_of(&a, &a.judge(None, at), None).expect("the only one");
    let digits = id.to_string();
    assert_eq!(starting([id], &digits[..8]).expect("enough digits"), id);
    assert!(matches!(starting([id], &digits[..3]), Err(QueryError::TooShort { fewest: 4, .. })));
    assert!(matches!(starting([id], "zzzz"), Err(QueryError::NoRecord(_))));
    assert!(matches!(starting([id, id], &digits), Err(QueryError::Ambiguous { count: 2, .. })));
    let both = Intact::union([a, b]).expect("two parts");
    assert!(
        matches!(one_of(&both, &both.judge(None, at), None), Err(QueryError::WhichRecord(heads)) if heads.len() == 2)
    );
}

#[test]
fn what_no_reader_would_take_is_not_merged() {
    let at = AT.parse().expect("a time");
    let members = || vec![intact("a"), intact("b"), intact("a")];
    let merged = |entries, closure: Option<&str>| {
        let limits = Limits { entries, ..Limits::default() };
        merge(members(), Kept { limits, closure, ..Kept::default() }, None, at)
    };
    // Two records with a section each; what is the same counts once.
    assert_eq!(merged(4, None).expect("few enough").bundle.entries().count(), 4);
    assert!(matches!(merged(3, None), Err(MergeError::TooMany { entries: 4, limit: 3 })));
    let id = intact("a").only_record().expect("one").to_string();
    assert_eq!(merged(2, Some(&id)).expect("a part").bundle.entries().count(), 2);
}

#[test]
fn what_another_key_signed_is_signed_if_it_is_named_and_added_to_what_is_there_by_now() {
    let (key, other) = (SigningKey::from_seed(&[1; 32]), SigningKey::from_seed(&[2; 32]));
    let (at, time) = (AT.parse().expect("a time"), AT.parse().expect("a time"));
    let mut read = intact("a");
    let id = read.only_record().expect("one record");
    read.sign(id, &Signing::new(&other, time)).expect("it is here");
    let plan = |wanted: &[String]| {
        let chosen = several(&read, wanted, at).expect("one record");
        let says = chosen.ids.iter().map(|id| (*id, Predicate::Authorship(Authorship::default()))).collect();
        Plan::new(&read, key.identity(), &chosen, says, at)
    };
    assert!(matches!(plan(&[]), Err(QueryError::SignedByOthers(ids)) if ids == [id]));
    let plan = plan(&[id.to_string()]).expect("it is named");
    let signed = plan.sign(&Signing::new(&key, time)).expect("it is here");
    plan.check(&signed, at).expect("nothing is joined");
    let (_folder, path) = folder();
    let source = Source::from(path.join("a.expb"));
    let mut now = read.clone();
    now.sign(id, &Signing::new(&SigningKey::from_seed(&[3; 32]), time)).expect("it is here");
    now.save_over(&source.path).expect("room");
    let added = plan.added(&signed, &source, None).expect("the record is still there");
    assert_eq!(added.statements().count(), 3);
    intact("b").save_over(&source.path).expect("room");
    assert!(matches!(plan.added(&signed, &source, None), Err(QueryError::Gone { record, .. }) if record == id));
}

#[test]
fn what_two_records_say_differently_is_found() {
    let (a, b) = (intact("a"), intact("b"));
    let at = AT.parse().expect("a time");
    let [first, second] = [&a, &b].map(|intact| intact.only_record().expect("one record"));
    let found = Differences::between((&a, first), (&b, second), at);
    let titles: Vec<_> =
        found.differences.iter().map(|one| (&*one.name, one.before.as_deref(), one.after.as_deref())).collect();
    assert_eq!(titles, [("title", Some("a"), Some("b"))]);
    assert!(Differences::between((&a, first), (&a, first), at).differences.is_empty());
    let verdict = a.judge(None, at);
    assert_eq!(Shown::of(&a, &verdict, first).expect("it is here").sections["context.json"]["title"], "a");
    assert!(Shown::of(&a, &verdict, second).is_none());
}

#[test]
fn what_reads_alike_differs_and_what_is_withheld_is_named() {
    let with = |parameters: serde_json::Value| {
        let mut draft = Draft::new(RecordBody::new(Kind::Run));
        let parameters = serde_json::from_value(parameters).expect("an object");
        draft.json_section(&Recipe { parameters, ..Recipe::default() }).expect("plain values");
        draft.finish().expect("plain members").into_bundle().check().expect("it is made right").intact
    };
    let at = AT.parse().expect("a time");
    let a = with(serde_json::json!({"lr": 1, "a": {"b": 1}}));
    let b = with(serde_json::json!({"lr": "1", "a.b": 1}));
    let [first, second] = [&a, &b].map(|intact| intact.only_record().expect("one record"));
    let found = Differences::between((&a, first), (&b, second), at);
    let told: Vec<_> =
        found.differences.iter().map(|one| (&*one.name, one.before.as_deref(), one.after.as_deref())).collect();
    let nested = [("\"a.b\"", None, Some("1")), ("a.b", Some("1"), None), ("lr", Some("1"), Some("\"1\""))];
    assert_eq!(told, nested);
    let (shared, _) = a.withhold(&[Recipe::name()]);
    let shared = shared.check().expect("withholding keeps it intact").intact;
    let found = Differences::between((&shared, first), (&b, second), at);
    assert!(found.differences.is_empty(), "{:?}", found.differences);
    let hidden: Vec<_> = found.not_compared.iter().map(|one| (one.section.as_str(), one.before, one.after)).collect();
    assert_eq!(hidden, [("recipe.json", true, false)]);
}

#[test]
fn a_folder_is_searched_and_what_is_no_bundle_is_refused_by_itself() {
    let (_kept, path) = folder();
    assert!(matches!(find([Source::from(path.clone())]), Err(QueryError::NoBundle(_))));
    let run = intact("a");
    run.bundle().save(&path.join("a.expb")).expect("room");
    std::fs::write(path.join("broken.expb"), b"PK").expect("room");
    let relations = Relations::of(question(path.clone())).expect("one of them is intact");
    assert_eq!(relations.start, [run.only_record().expect("one record")]);
    assert!(matches!(relations.refused.as_slice(), [refused] if matches!(refused.why, WhyRefused::Finding(_))));
    let missing = Relations::of(question(path.join("none.expb")));
    assert!(matches!(missing, Err(QueryError::Refused(refused)) if matches!(refused.why, WhyRefused::Read(_))));
}
