//! Whatever the service exported becomes a bundle whose account adds up and whose losses are said.

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::Content;
use expbundle::verify::{Digests, Unverified};
use expbundle_convert::Options;
use expbundle_format::Code;
use expbundle_format::record::Status;
use expbundle_format::sections::{Context, Identity, SourceSection, Summary};

use crate::support::sources;
use sources::open;

fn fixture() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/wandb/api-export")
}

/// What is to be seen of a form: how it stands, its series, the values of its summary.
type Form = (&'static str, Status, usize, usize);

const FORMS: &[Form] = &[
    ("", Status::Finished, 6, 14),
    ("run.json", Status::Finished, 0, 14),
    ("run-attrs.json", Status::Finished, 0, 14),
    ("run-small.json", Status::Finished, 0, 14),
    ("project.csv", Status::Unknown, 0, 14),
    ("scan_history.jsonl", Status::Unknown, 6, 0),
    ("history.csv", Status::Unknown, 6, 0),
    ("history.parquet", Status::Unknown, 6, 0),
    ("history-exports", Status::Unknown, 6, 0),
    ("chart.csv", Status::Unknown, 3, 0),
];

#[test]
fn every_form_becomes_a_bundle() {
    let truth = std::fs::read_to_string(fixture().join("expected.json")).expect("the truth");
    let truth: serde_json::Value = serde_json::from_str(&truth).expect("JSON");
    for (name, status, series, declared) in FORMS {
        let source = open("wandb", &fixture().join(name));
        let listed = source.runs().expect("a list").runs;
        assert_eq!(listed.len(), 1, "{name}");
        let converted = source.convert(&listed[0].key, &Options::default()).expect("a run");
        assert!(converted.account.adds_up(), "{name}: {:?}", converted.account);
        assert!(converted.findings.iter().any(|found| found.code == Code::SourceLoss), "{name}");
        let mut bytes = Vec::new();
        converted.bundle.write(&mut bytes).expect("memory");
        let checked = Unverified::new(Content::bytes(bytes)).check(Digests::All);
        let intact = checked.unwrap_or_else(|wrong| panic!("{:?}", wrong.findings())).intact;
        let record = &intact.records()[&converted.record()];
        assert_eq!(record.body().status, Some(*status), "{name}");
        let summary: Summary = intact.json_section(record.id()).unwrap_or_default();
        assert_eq!((summary.series.len(), summary.declared.len()), (*series, *declared), "{name}");
        for (key, line) in &summary.series {
            let Some(expected) = truth["history"]["keys"].get(key) else {
                assert!(key.ends_with("__MIN") || key.ends_with("__MAX"), "{name} {key}");
                continue;
            };
            assert_eq!(Some(line.count), expected["count"].as_u64(), "{name} {key}");
            assert_eq!(line.last.map(|last| last.0), expected["last"].as_f64(), "{name} {key}");
        }
        let section: SourceSection = intact.json_section(record.id()).expect("a source");
        assert_eq!(section.layout.as_deref(), Some("API export"));
        assert!(section.damage.iter().any(|damage| damage.detail.contains("no console")), "{name}");
        // What names somebody is in one section.
        if name.is_empty() {
            let identity: Identity = intact.json_section(record.id()).expect("an identity");
            assert_eq!(identity.organisation.as_deref(), Some("team-b"));
            assert_eq!(identity.people[0].name, "Ada Example");
            let context: Context = intact.json_section(record.id()).expect("a context");
            assert_eq!(context.title, "finetune-slow");
            let public = serde_json::to_string(&section).expect("JSON");
            assert!(!public.contains("team-b") && !public.contains("Ada"), "{public}");
        }
    }
}

#[test]
fn runs_of_a_sweep_are_part_of_one_record() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = Utf8Path::from_path(folder.path()).expect("UTF-8");
    let text = std::fs::read_to_string(fixture().join("run.json")).expect("there");
    let mut node: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let mut parents = Vec::new();
    for id in ["first", "second"] {
        node["sweepName"] = "ab12cd34".into();
        node["name"] = id.into();
        std::fs::write(path.join("run.json"), node.to_string()).expect("room");
        let converted = open("wandb", path).convert(id, &Options::default()).expect("a run");
        let sweep = converted.sweep.as_ref().expect("a sweep");
        let sweep_id = sweep.record().id();
        let mut family = converted.bundle.clone().into_bundle();
        family.merge(sweep);
        let mut bytes = Vec::new();
        family.write(&mut bytes).expect("memory");
        let checked = Unverified::new(Content::bytes(bytes)).check(Digests::All);
        let intact = checked.unwrap_or_else(|wrong| panic!("{:?}", wrong.findings())).intact;
        let verdict = intact.judge(None, "2026-12-01T00:00:00Z".parse::<jiff::Timestamp>().expect("a time"));
        let edges = verdict.lineage.parents(converted.record());
        assert_eq!(edges.iter().map(|edge| edge.parent).collect::<Vec<_>>(), [sweep_id]);
        assert_eq!(edges[0].relation().map(expbundle_format::record::Word::as_str), Some("part-of"));
        assert_eq!(verdict.heads, [converted.record()]);
        parents.push(sweep_id);
    }
    assert_eq!(parents[0], parents[1]);
}
