use expbundle::content::Content;
use expbundle::draft::Draft;
use expbundle::verify::{Digests, Unverified};
use expbundle_format::number::Number;
use expbundle_format::record::RecordBody;

use super::*;

fn result(metric: &str, dataset: Option<&str>, split: Option<&str>) -> Evaluation {
    Evaluation {
        task: Some("image-classification".to_owned()),
        dataset: dataset.map(str::to_owned),
        split: split.map(str::to_owned),
        metric: metric.to_owned(),
        value: Some(Number(0.5)),
        ..Evaluation::default()
    }
}

fn intact(evaluations: Vec<Evaluation>, inputs: Vec<Artifact>) -> Intact {
    let mut draft = Draft::new(RecordBody::new(Kind::Run));
    draft.json_section(&Evaluations { evaluations, salt: None }).expect("a section");
    draft.json_section(&Artifacts { artifacts: inputs, salt: None }).expect("a section");
    let mut bytes = Vec::new();
    draft.finish().expect("a bundle").write(&mut bytes).expect("memory");
    Unverified::new(Content::bytes(bytes)).check(Digests::All).expect("our own bundle").intact
}

fn told(intact: &Intact) -> (Additions, LeftOut) {
    let ids: Vec<RecordId> = intact.records().keys().copied().collect();
    Story::of(intact, &ids, &[]).additions("m")
}

#[test]
fn only_results_that_are_certain_not_to_be_of_training_are_told() {
    let hub = Some("acme/digits");
    let results = vec![
        result("accuracy", hub, Some("test")),
        result("accuracy", hub, Some("train")),
        result("training_f1_score", hub, Some("test")),
        result("train/loss", hub, Some("test")),
        result("loss", hub, None),
        result("f1", Some("dataset"), Some("test")),
        result("recall", None, Some("test")),
        result("retrained", hub, Some("test")),
    ];
    let (all, left_out) = told(&intact(results, Vec::new()));
    let names: Vec<&str> = all.results.iter().map(|one| one.metric.as_str()).collect();
    assert_eq!(names, ["accuracy", "retrained"]);
    let note = left_out.note().expect("some");
    for part in [
        "\"accuracy\", \"training_f1_score\", \"train/loss\" (a score of the training data)",
        "\"f1\" (its data set has no id at the Hub)",
        "\"recall\" (no data set is named)",
        "\"loss\" (no split of the data is named)",
    ] {
        assert!(note.contains(part), "{part}: {note}");
    }
}

#[test]
fn the_last_step_of_a_metric_is_told() {
    let at = |step, value| Evaluation {
        step: Some(step),
        value: Some(Number(value)),
        ..result("accuracy", Some("acme/digits"), Some("test"))
    };
    let (all, left_out) = told(&intact(vec![at(1, 0.1), at(3, 0.3), at(2, 0.2)], Vec::new()));
    assert_eq!(all.results.iter().map(|one| one.value).collect::<Vec<_>>(), [0.3]);
    assert_eq!(left_out, LeftOut::default());
}
