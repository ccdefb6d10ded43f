//! A model as it is published, from end to end: a folder in the shape of one that
//! sentence-transformers makes. `peers/test_real_model.py` does the same with a real one.

use std::fs;

use crate::support::{self, Bench, json};

const CARD: &str = "\
---
language: en
license: apache-2.0
library_name: sentence-transformers
tags:
- sentence-transformers
- feature-extraction
datasets:
- s2orc
- flax-sentence-embeddings/stackexchange_xml
- ms_marco
- gooaq
- eli5
- snli
- embedding-data/simple-wiki
pipeline_tag: sentence-similarity
base_model: nreimers/MiniLM-L6-H384-uncased
base_model_relation: finetune
---


# tiny-MiniLM

| Dataset | Number |
|---|---|
| **Total** | **1,170,060,424** |";

const FILES: &[(&str, &str)] = &[
    ("README.md", CARD),
    (
        ".gitattributes",
        "*.bin filter=lfs diff=lfs merge=lfs -text\n*.safetensors filter=lfs diff=lfs merge=lfs -text\n",
    ),
    ("1_Pooling/config.json", "{\"word_embedding_dimension\": 4, \"pooling_mode_mean_tokens\": true}\n"),
    ("config.json", "{\"_name_or_path\": \"nreimers/MiniLM-L6-H384-uncased\", \"model_type\": \"bert\"}\n"),
    ("config_sentence_transformers.json", "{\"__version__\": {\"pytorch\": \"1.9.0\"}}\n"),
    ("data_config.json", "[{\"name\": \"a.jsonl.gz\", \"lines\": 3, \"weight\": 1}]\n"),
    ("model.safetensors", "not real weights, but the bytes of this model"),
    ("modules.json", "[{\"idx\": 0, \"name\": \"0\", \"path\": \"\", \"type\": \"Transformer\"}]\n"),
    ("sentence_bert_config.json", "{\"max_seq_length\": 256, \"do_lower_case\": false}\n"),
    ("special_tokens_map.json", "{\"unk_token\": \"[UNK]\"}\n"),
    ("tokenizer.json", "{\"version\": \"1.0\"}\n"),
    ("tokenizer_config.json", "{\"do_lower_case\": true}\n"),
    ("vocab.txt", "[PAD]\n[UNK]\nthe\n"),
];

/// Lines of a screen.
const SCREEN: usize = 45;

/// All that is said and shown, on one screen.
#[track_caller]
fn screen(bench: &Bench, arguments: &[&str]) -> String {
    let output = bench.output(arguments);
    let text = String::from_utf8([output.stderr, output.stdout].concat()).expect("UTF-8");
    assert!(output.status.success(), "{arguments:?}: {text}");
    assert!(text.lines().count() <= SCREEN, "{arguments:?} has more than a screen: {text}");
    text
}

/// The model in its folder, and a key.
fn with_model() -> Bench {
    let bench = Bench::new();
    for (name, content) in FILES {
        let path = bench.path(&format!("model/{name}"));
        fs::create_dir_all(path.parent().expect("a folder")).expect("room");
        fs::write(path, content).expect("room");
    }
    bench.ok(&["keygen", "-o", "key"]);
    bench
}

#[test]
fn a_published_model_goes_from_its_folder_to_a_verified_one() {
    let bench = with_model();
    let key = fs::read_to_string(bench.path("key.pub")).expect("a key");
    fs::write(bench.path("signers"), format!("me@example.org namespaces=\"expbundle\" {key}")).expect("room");

    let converted = screen(&bench, &["convert", "huggingface", "model", "-o", "a.expb"]);
    assert!(!converted.contains("warning"), "{converted}");
    screen(&bench, &["sign", "a.expb", "--key", "key"]);

    // The card has all that the record has.
    let attached = screen(&bench, &["attach", "model", "a.expb", "--yes"]);
    assert!(!attached.contains("note:") && !attached.contains("uncovered"), "{attached}");
    let card = fs::read_to_string(bench.path("model/README.md")).expect("the card");
    assert!(card.contains("- feature-extraction\n- expbundle # expbundle\ndatasets:\n- s2orc\n"), "{card}");
    assert!(card.contains(": signed, 1 record; check it with `expbundle verify --trust FILE`"), "{card}");

    for arguments in [&["verify", "model"][..], &["verify", "model", "--trust", "signers"]] {
        let verified = screen(&bench, arguments);
        assert!(!verified.contains("warning") && !verified.contains("error"), "{verified}");
        assert!(verified.contains("all 11 counted files"), "{verified}");
        assert!(verified.contains("Not counted: .gitattributes, README.md"), "{verified}");
    }

    let why = bench.ok(&["why", "model/model.safetensors", "--trust", "signers"]);
    assert!(why.lines().count() <= 8, "{why}");
    let words = why.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "came from outside and is described by the origin record \"tiny-MiniLM\"",
        "signed by me@example.org",
        "Its licence is stated as \"apache-2.0\".",
        "7 datasets of unknown origin: ",
        "and 4 more",
        "the model \"nreimers/MiniLM-L6-H384-uncased\" (of unknown origin)",
    ] {
        assert!(words.contains(part), "{part}: {words}");
    }
    let report = json(&bench.ok(&["why", "model/model.safetensors", "--json"]));
    support::valid("why", &report);
    assert_eq!(report["told"][0]["licences"], serde_json::json!(["apache-2.0"]), "{report}");

    bench.ok(&["detach", "model", "--yes"]);
    for (name, content) in FILES {
        let now = fs::read_to_string(bench.path(&format!("model/{name}"))).expect("there");
        assert_eq!(now, *content, "{name}");
    }
}

/// What loaders may read and nobody signed is not passed over.
#[test]
fn what_was_put_beside_a_published_model_is_named() {
    let bench = with_model();
    bench.ok(&["convert", "huggingface", "model", "-o", "a.expb"]);
    bench.ok(&["sign", "a.expb", "--key", "key"]);
    for stray in ["modeling_tiny.py", "pytorch_model.bin", "other.safetensors"] {
        fs::write(bench.path(&format!("model/{stray}")), "stray").expect("room");
        let attached = screen(&bench, &["attach", "model", "a.expb", "--dry-run"]);
        assert!(attached.contains(&format!("not covered by any signature: {stray}")), "{attached}");
        bench.ok(&["attach", "model", "a.expb", "--yes"]);
        bench.fails(3, "directory.uncovered", &["verify", "model", "--require", "signed"]);
        fs::remove_file(bench.path(&format!("model/{stray}"))).expect("there");
        bench.ok(&["verify", "model", "--require", "signed"]);
    }
}
