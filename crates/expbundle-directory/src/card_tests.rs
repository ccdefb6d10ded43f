use proptest::prelude::*;

use super::*;

const REAL: &[&str] = &[
    include_str!("../../../fixtures/huggingface/digits-base-64/README.md"),
    include_str!("../../../fixtures/huggingface/digits-finetuned/README.md"),
    include_str!("../../../fixtures/huggingface/model-repo/README.md"),
];

fn additions() -> Additions {
    Additions {
        base_models: vec!["team-a/digits-base-64".to_owned(), "team-c/other".to_owned()],
        relation: Some("finetune".to_owned()),
        datasets: vec!["scikit-learn/digits".to_owned(), "team-b/more".to_owned()],
        tags: vec!["expbundle".to_owned()],
        model_name: "digits".to_owned(),
        results: vec![CardResult {
            task: Some("image-classification".to_owned()),
            dataset: "team-b/more".to_owned(),
            split: Some("test".to_owned()),
            metric: "accuracy".to_owned(),
            value: 0.96875,
        }],
        line: Some("[Experiment record](experiment.expb): signed, 2 records.".to_owned()),
        ..Additions::default()
    }
}

fn tag() -> Additions {
    Additions { tags: vec!["expbundle".to_owned()], ..Additions::default() }
}

/// Adds, checks that every line of the card is still there in order, that adding again changes
/// nothing, and that removing restores the very bytes.
#[track_caller]
fn added(card: &str, additions: &Additions) -> EditedCard {
    let edited = add(Some(card), additions).expect("a card that can be edited");
    assert_eq!(add(Some(&edited.text), additions).expect("our own card").text, edited.text);
    if edited.text != card {
        assert_eq!(remove(&edited.text).expect("our own card").as_deref(), Some(card));
    }
    edited
}

fn front(card: &str) -> Map<String, Value> {
    front_matter::meaning(front_matter::split(card).expect("a card").block).expect("YAML")
}

#[test]
fn real_cards_take_everything_and_give_it_back() {
    for card in REAL {
        let edited = added(card, &additions());
        assert_eq!(edited.notes, Vec::<String>::new());
        let front = front(&edited.text);
        assert_eq!(front["base_model"], json!(["team-a/digits-base-64", "team-c/other"]));
        assert_eq!(front["base_model_relation"], "finetune");
        assert_eq!(front["license"], "apache-2.0");
        assert!(front["tags"].as_array().is_some_and(|tags| tags.last() == Some(&"expbundle".into())));
        let results = front["model-index"][0]["results"].as_array().expect("results").clone();
        assert_eq!(results.last().expect("ours")["dataset"]["split"], "test");
    }
}

#[test]
fn the_smallest_change_is_one_line() {
    let card = "---\nlicense: mit # mine\ntags:\n  - a\n\n# end\n---\n# Title\n---\n";
    let want = "---\nlicense: mit # mine\ntags:\n  - a\n  - expbundle # expbundle\n\n# end\n---\n# Title\n---\n";
    assert_eq!(added(card, &tag()).text, want);
}

#[test]
fn every_way_to_write_a_list_is_kept() {
    #[track_caller]
    fn case(tags: &str, want: &str) {
        let card = |tags: &str| format!("---\n{tags}license: mit\n---\nText\n");
        assert_eq!(added(&card(tags), &tag()).text, card(want));
        let windows = card(tags).replace('\n', "\r\n");
        assert_eq!(added(&windows, &tag()).text, card(want).replace('\n', "\r\n"));
        let marked = format!("\u{FEFF}{}", card(tags));
        assert_eq!(added(&marked, &tag()).notes.len(), 1);
    }
    case("tags:\n- a\n", "tags:\n- a\n- expbundle # expbundle\n");
    case("'tags':\n    -   a # b\n", "'tags':\n    -   a # b\n    - expbundle # expbundle\n");
    case("tags: [a, b] # c\n", "tags: [a, b\n  , expbundle # expbundle: put in\n  ] # c\n");
    case("tags: []\n", "tags: [\n  expbundle # expbundle: put in\n  ]\n");
    case("tags: [\n  a,\n]\n", "tags: [\n  a,\n\n  expbundle # expbundle: put in\n  ]\n");
    case("tags:   a # b\n", "tags: # expbundle: was one value\n-   a # b\n- expbundle # expbundle\n");
    case("tags:\n", "tags:\n- expbundle # expbundle\n");
    case("tags: [a, expbundle]\n", "tags: [a, expbundle]\n");
}

#[test]
fn a_card_without_a_block_gets_one_and_loses_it_again() {
    for card in ["", "# Title\n", "# Title\r\n\r\nText", "Text\n---\nmore\n", "---\n---\nText\n"] {
        let edited = added(card, &additions());
        assert_eq!(front(&edited.text)["tags"], json!(["expbundle"]), "{card:?}");
        assert!(edited.text.contains(front_matter::split(card).expect("a card").rest), "{card:?}");
    }
}

#[test]
fn several_results_stand_in_one_list() {
    let mut additions = Additions { model_name: "digits".to_owned(), ..Additions::default() };
    for (metric, split) in [("accuracy", "test"), ("f1", "validation"), ("recall", "test")] {
        let split = Some(split.to_owned());
        additions.results.push(CardResult { metric: metric.to_owned(), split, ..self::additions().results[0].clone() });
    }
    for card in [
        "",
        "---\nmodel-index: # mine\n  - name: x\n    results: # ours\n      - task:\n          type: t\n    more: 1\n---\n",
    ] {
        let edited = added(card, &additions);
        assert_eq!(edited.notes, Vec::<String>::new());
        let front = front(&edited.text);
        let results = front["model-index"][0]["results"].as_array().expect("a list");
        let ours: Vec<usize> =
            results.iter().rev().take(2).rev().map(|one| one["metrics"].as_array().map_or(0, Vec::len)).collect();
        assert_eq!((results.len(), ours), (if card.is_empty() { 2 } else { 3 }, vec![2, 1]), "{}", edited.text);
    }
}

#[test]
fn thousands_of_results_are_added_at_once() {
    let one = additions().results[0].clone();
    let results = (0..3000).map(|n| CardResult { metric: format!("m{}", n / 2), ..one.clone() }).collect();
    let additions = Additions { model_name: "digits".to_owned(), results, ..Additions::default() };
    let known = "---\nmodel-index:\n- name: x\n  results:\n  - task:\n      type: image-classification\n    dataset:\n      \
                 name: Digits\n      type: team-b/more\n      split: test\n    metrics:\n    - name: m7\n      type: other\n      \
                 value: 0.96875\n---\n";
    for card in ["", known] {
        let edited = added(card, &additions);
        assert_eq!(edited.notes, Vec::<String>::new());
        // Half of them are there twice, and one is in the card already by another of its names.
        let front = front(&edited.text);
        let results = front["model-index"][0]["results"].as_array().expect("a list");
        let metrics = results.iter().filter_map(|one| one["metrics"].as_array()).map(Vec::len);
        assert_eq!((results.len(), metrics.sum::<usize>()), (if card.is_empty() { 1 } else { 2 }, 1500));
    }
}

#[test]
fn what_some_readers_refuse_or_take_for_a_line_break_is_escaped() {
    for c in ['\u{7f}', '\u{80}', '\u{85}', '\u{9f}', '\u{2028}', '\u{2029}', '\u{feff}', '\u{fffe}', '\u{ffff}'] {
        let dataset = format!("{c}a{c}---{c}license: other");
        let results = vec![CardResult { dataset: dataset.clone(), ..additions().results[0].clone() }];
        let edited = added("---\nlicense: mit\n---\n", &Additions { results, ..Additions::default() });
        assert_eq!(edited.notes, Vec::<String>::new());
        assert!(!edited.text.contains(c), "{:?}", edited.text);
        assert_eq!(front(&edited.text)["model-index"][0]["results"][0]["dataset"]["name"], *dataset);
    }
}

#[test]
fn what_the_card_says_is_never_changed() {
    let card = "---\nbase_model: x/y\nbase_model_relation: merge\n---\n";
    let edited = added(card, &Additions { relation: Some("finetune".to_owned()), ..Additions::default() });
    assert_eq!((edited.text.as_str(), edited.notes.len()), (card, 1));
    let two = "---\nmodel-index:\n- name: a\n  results: []\n- name: b\n  results: []\npipeline_tag: x\n---\n";
    let edited = added(two, &Additions { results: additions().results, ..Additions::default() });
    assert_eq!((edited.text.as_str(), edited.notes.len()), (two, 1));
    let same = CardResult {
        task: None,
        dataset: "scikit-learn/digits".to_owned(),
        split: Some("validation".to_owned()),
        metric: "val_accuracy".to_owned(),
        value: 0.955_555_555_555_555_6,
    };
    let card = REAL[0];
    assert_eq!(added(card, &Additions { results: vec![same], ..Additions::default() }).text, card);
}

#[test]
fn what_cannot_be_read_safely_is_refused() {
    for card in [
        "---\na: &b 1\nc: *b\n---\n",
        "---\n# rule\n",
        "\n---\na: 1\n---\n",
        "---\n- a\n---\n",
        "---\na: 1\na: 2\n---\n",
    ] {
        assert!(add(Some(card), &tag()).is_err(), "{card:?}");
    }
    // The whole block in braces: nothing can be added by lines.
    let edited = add(Some("---\n{license: mit}\n---\n"), &tag()).expect("readable");
    assert_eq!((edited.text.as_str(), edited.notes.len()), ("---\n{license: mit}\n---\n", 1));
}

#[test]
fn what_was_added_by_hand_stays() {
    let card = "---\nlicense: mit\n---\n";
    let edited = added(card, &tag()).text;
    let by_hand = edited.replace("- expbundle # expbundle\n", "- expbundle # expbundle\n- mine\n");
    assert_eq!(remove(&by_hand).expect("a card").as_deref(), Some("---\nlicense: mit\ntags:\n- mine\n---\n"));
    let one = added("---\ntags: a\n---\n", &tag()).text.replace("- a\n", "- a\n- mine\n");
    assert_eq!(remove(&one).expect("a card").as_deref(), Some("---\ntags:\n- a\n- mine\n---\n"));
    assert_eq!(remove("---\nlicense: mit\n---\n"), Ok(None));
    let block = "---\ntext: |\n  a line that ends in # expbundle\n---\n";
    assert!(remove(block).is_err(), "a text of somebody else was taken away");
}

/// What is added at the end is one block between two comments; whoever edits it makes it theirs.
#[test]
fn several_lines_have_one_mark() {
    let card = "---\nlicense: mit\n---\n# A model\n";
    let edited = added(card, &additions()).text;
    assert_eq!(edited.matches("# expbundle").count(), 2, "{edited}");
    let theirs = |card: &str| {
        let card = card.replace(&line(&additions()), "");
        let without = card.lines().filter(|line| !line.trim_start().starts_with("# expbundle: "));
        without.fold(String::new(), |text, line| text + line + "\n")
    };
    let by_hand = edited.replace("value: 0.96875", "value: 0.5");
    assert_eq!(remove(&by_hand).expect("a card"), Some(theirs(&by_hand)));
    let again = add(Some(&by_hand), &Additions { results: Vec::new(), ..additions() }).expect("a card");
    assert!(again.notes.iter().any(|note| note.contains("were edited since")), "{:?}", again.notes);
    // They are somebody else's now: nothing is said of them again, and no other value put beside.
    let then = add(Some(&again.text), &additions()).expect("a card");
    assert_eq!((then.text.as_str(), then.notes.len()), (again.text.as_str(), 0));
    let left_out = then.left_out.note().unwrap_or_default();
    assert_eq!(left_out, "left out of the card: \"accuracy\" (the card has another result of it)");
    // What belongs to the last of the lines keeps them too.
    let more = edited.replace("# expbundle: end\n", "# expbundle: end\n      args: mine\n");
    assert_eq!(remove(&more).expect("a card"), Some(theirs(&more)));
    let beside = edited.replace("# expbundle: end\n", "# expbundle: end\nlanguage: en\n");
    assert_eq!(remove(&beside).expect("a card").as_deref(), Some("---\nlicense: mit\nlanguage: en\n---\n# A model\n"));
}

fn line(additions: &Additions) -> String {
    let line = additions.line.as_deref().unwrap_or_default();
    format!("<!-- expbundle: begin {} -->\n{line}\n<!-- expbundle: end -->\n", digits_of(&[line]))
}

#[test]
fn the_line_in_the_text_can_be_anywhere_later() {
    let text = |end: &str| format!("---\ntags:\n- expbundle\n---\n# A model{end}");
    let additions = Additions { line: additions().line, ..tag() };
    for end in ["", "\n", "\n\n```\n", "\n<!-- expbundle: begin -->\nmine\n"] {
        let edited = added(&text(end), &additions).text;
        let shown = if end.is_empty() { edited.clone() + "\n" } else { edited.clone() };
        assert!(shown.ends_with(&line(&additions)), "{edited}");
        // Written on by hand, and between the comments.
        assert_eq!(remove(&(edited.clone() + "\nMore.\n")).expect("a card"), Some(text(end) + "\nMore.\n"));
        // What was written below stays below.
        let more = edited.clone() + "\nMore.\n";
        assert_eq!(added(&more, &additions).text, more);
        let mine = edited.replace(additions.line.as_deref().unwrap_or_default(), "Mine.");
        assert!(remove(&mine).expect("a card").unwrap_or(mine).contains("\nMine.\n"));
    }
}

#[test]
fn inputs_without_an_id_are_left_out_unless_the_card_names_them() {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let additions = Additions { unnamed_models: names(&["base"]), unnamed_datasets: names(&["eli5", "snli"]), ..tag() };
    let note = |card: &str| added(card, &additions).left_out.note();
    let all = "left out of the card: \"eli5\", \"snli\" (a data set without an id at the Hub); \"base\" (a model without an \
               id at the Hub; `--base-model` gives it one)";
    assert_eq!(note("# T\n").as_deref(), Some(all));
    assert_eq!(note("---\nbase_model: x/y\ndatasets: [snli, eli5]\n---\n"), None);
    assert!(note("---\nbase_model: x/y\ndatasets: snli\n---\n").is_some_and(|note| note.contains("card: \"eli5\" (")));
}

#[test]
fn base_models_of_ours_are_known() {
    let card = "---\nbase_model:\n- x/theirs\n---\n";
    let edited = added(card, &additions()).text;
    assert_eq!(added_base_models(&edited).expect("a card"), ["team-a/digits-base-64", "team-c/other"]);
    assert_eq!(added_base_models(card).expect("a card"), Vec::<String>::new());
}

/// Marks in any number and order are read in linear time.
#[test]
fn a_card_full_of_marks_is_read() {
    let digits = digits_of(&["# x"]);
    for part in [
        "# expbundle: begin 00000000\n".to_owned(),
        format!("# expbundle: begin {digits}\n# x\n# expbundle: end\n"),
        "# expbundle: end\n".to_owned(),
    ] {
        let card = format!("---\na: 1\n{}---\n", part.repeat(20_000));
        let _removed_or_refused = remove(&card);
    }
}

proptest! {
    /// Whatever the card, it is refused, or edited so that removing restores the very bytes.
    #[test]
    fn adding_and_removing_is_the_identity(
        lines in proptest::collection::vec(
            prop_oneof![
                Just("tags:"), Just("- a"), Just("  - b # c"), Just("tags: [x, y]"), Just("base_model: q/r"), Just(""),
                Just("# comment"), Just("license: no"), Just("note: |"), Just("  ---"), Just("datasets: []"),
                Just("model-index:"), Just("- name: m"), Just("  results:"), Just("x: 'y'"), Just("datasets: \"d\"  "),
            ],
            0..12,
        ),
        end in prop_oneof![Just("\n"), Just("\r\n")],
        body in "[a-z \n#-]{0,20}",
    ) {
        let card = format!("---{end}{}{end}---{end}{body}", lines.join(end));
        if let Ok(edited) = add(Some(&card), &additions()) {
            let back = remove(&edited.text).expect("our own card").unwrap_or(edited.text);
            prop_assert_eq!(back, card);
        }
    }

    /// Any text is edited or refused.
    #[test]
    fn any_text_is_edited_or_refused(card in "\u{FEFF}?(---\r?\n)?[a-z:\\[\\]{}'\"#& \n-]{0,60}(\n---\n)?.{0,9}") {
        let _edited_or_refused = add(Some(&card), &additions());
        let _removed_or_refused = remove(&card);
    }
}
