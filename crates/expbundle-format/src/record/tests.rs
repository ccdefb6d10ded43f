//! Records as they are written, read and refused.

use super::*;
use crate::container::SectionName;
use crate::finding::Code;

fn smallest() -> serde_json::Value {
    serde_json::json!({
        "spec": "1.0", "kind": "run", "inputs": [], "outputs": [], "parents": [], "sections": {}
    })
}

fn parse(value: &serde_json::Value) -> Result<Record, RecordError> {
    Record::parse(value.to_string().into_bytes(), &Limits::default())
}

#[track_caller]
fn refused(change: impl FnOnce(&mut serde_json::Value), code: Code) {
    let mut value = smallest();
    change(&mut value);
    assert_eq!(parse(&value).expect_err("should be refused").code(), code);
}

#[test]
fn writing_and_reading_agree_on_the_id() {
    let mut body = RecordBody::new(Kind::Run);
    body.status = Some(Status::Finished);
    body.started = Some("2026-11-23T09:00:00Z".parse().expect("a time"));
    let artifact = |bytes: &[u8]| {
        ArtifactRef::new("model".parse().expect("a role"), DigestSet::of(bytes).into(), bytes.len() as u64, Form::File)
    };
    body.outputs = vec![artifact(b"b"), artifact(b"a"), artifact(b"b")];
    let written = Record::write(body).expect("plain members");
    assert_eq!(written.body().outputs.len(), 2);
    let read = Record::parse(written.bytes().to_vec(), &Limits::default()).expect("our own record");
    assert_eq!(read, written);
    // Files are the rule, and trees say that they are.
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    assert!(!text(written.bytes()).contains("form"));
    let mut of_tree = RecordBody::new(Kind::Run);
    of_tree.outputs = vec![ArtifactRef { form: Form::Tree, ..artifact(b"listing") }];
    let written = Record::write(of_tree).expect("plain members");
    assert!(text(written.bytes()).contains(r#""form": "tree""#));
    let read = Record::parse(written.bytes().to_vec(), &Limits::default()).expect("our own record");
    assert_eq!(read.body().outputs[0].form, Form::Tree);
}

#[test]
fn a_record_knows_its_artifacts_and_sections_by_name() {
    let mut body = RecordBody::new(Kind::Run);
    let artifact = |digest| ArtifactRef::new("file".parse().expect("a role"), digest, 1, Form::File);
    body.inputs = vec![artifact(DigestSet::of(b"a").into())];
    body.outputs = vec![artifact(DigestSet::of(b"b").into()), artifact(crate::Sha256::of(b"c").into())];
    let name = |text: &str| text.parse::<SectionName>().expect("a name");
    for text in ["metrics.parquet", "of-our-own.txt", "context.json"] {
        let media_type = if text == "context.json" { sections::JSON } else { sections::PARQUET };
        let digest = DigestSet::of(text.as_bytes());
        body.sections.insert(name(text), SectionRef { media_type: media_type.to_owned(), size: 3, digest });
    }
    let record = Record::write(body).expect("plain members");
    assert_eq!(Record::parse(record.bytes().to_vec(), &Limits::default()).expect("our own"), record);
    assert_eq!(record.artifacts(), BTreeSet::from([b"a", b"b"].map(|bytes| crate::Blake3::of(bytes))));
    let sections = &record.body().sections;
    let names: Vec<&str> = sections.keys().map(SectionName::as_str).collect();
    assert_eq!(names, ["context.json", "metrics.parquet", "of-our-own.txt"]);
    assert!(sections.contains_key(&name("context.json")) && !sections.contains_key(&name("media.json")));
    let found = sections.get(&name("of-our-own.txt")).map(|section| section.digest);
    assert_eq!(found, Some(DigestSet::of(b"of-our-own.txt")));
    assert_eq!(sections.get(&name("media.json")), None);
}

#[test]
fn a_name_that_is_known_holds_what_it_always_holds() {
    let section =
        |media_type: &str| serde_json::json!({"mediaType": media_type, "size": 1, "digest": DigestSet::of(b"x")});
    for (name, media_type) in [
        ("metrics.parquet", sections::PARQUET),
        ("telemetry.parquet", sections::PARQUET),
        ("console.parquet", sections::PARQUET),
        ("context.json", sections::JSON),
    ] {
        let mut value = smallest();
        value["sections"] = serde_json::json!({ name: section(media_type) });
        parse(&value).expect(name);
        refused(|value| value["sections"] = serde_json::json!({ name: section("text/plain") }), Code::SchemaInvalid);
    }
    let mut value = smallest();
    value["sections"] = serde_json::json!({"own.json": section("text/plain")});
    parse(&value).expect("an unknown name holds what it says");
}

#[test]
fn unknown_members_are_ignored_and_preserved() {
    let mut value = smallest();
    value["spec"] = "1.7".into();
    value["https://example.org/extension"] = 7.into();
    let record = parse(&value).expect("a later minor version");
    assert_eq!(record.bytes(), value.to_string().as_bytes());
}

#[test]
fn what_is_no_record_is_refused_by_code() {
    refused(|value| value["spec"] = "2.0".into(), Code::VersionUnsupported);
    refused(|value| value["critical"] = serde_json::json!(["urn:x"]), Code::RecordCritical);
    refused(|value| value["status"] = "excellent".into(), Code::SchemaInvalid);
    refused(|value| value["started"] = "yesterday".into(), Code::SchemaInvalid);
    refused(|value| value["spec"] = "01.0".into(), Code::SchemaInvalid);
    refused(
        |value| value["inputs"] = serde_json::json!([{"role": "model", "digest": {}, "size": 0}]),
        Code::SchemaInvalid,
    );
    let digest = DigestSet::of(b"x");
    let with_size = |size: serde_json::Value| serde_json::json!([{"role": "model", "digest": digest, "size": size}]);
    refused(|value| value["inputs"] = with_size("1".into()), Code::SchemaInvalid);
    refused(|value| value["inputs"] = with_size(1.5.into()), Code::SchemaInvalid);
    refused(|value| value["inputs"] = with_size((-1).into()), Code::SchemaInvalid);
    let section = serde_json::json!({"mediaType": "application/json", "size": 1, "digest": digest});
    refused(|value| value["sections"] = serde_json::json!({"../x.json": section}), Code::SchemaInvalid);
    refused(
        |value| value["sections"] = serde_json::json!({"a.json": section, "b.json": section}),
        Code::RecordDuplicateSection,
    );
    refused(
        |value| {
            value.as_object_mut().expect("an object").remove("kind");
        },
        Code::SchemaInvalid,
    );
}
