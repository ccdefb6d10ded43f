//! Writes a family of many records as bundles, for measurements.
//!
//! ```text
//! cargo run --release -p expbundle --example family -- chain 100000 OUT_DIR [FILES] [signed]
//! ```
//! Shapes: `chain`, `tree` (binary), `ladder` (each rung follows from both of the rung before, so
//! that 2^n ways lead up).
#![allow(clippy::print_stdout, reason = "a tool for measurements")]

use camino::Utf8PathBuf;
use expbundle::Bundle;
use expbundle::draft::Draft;
use expbundle_format::DigestSet;
use expbundle_format::record::{ArtifactRef, Form, Kind, RecordBody};
use expbundle_format::sections::Context;
use expbundle_statement::{Authorship, Predicate, Signing, SigningKey, sign};
use rayon::prelude::*;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [shape, count, folder, rest @ ..] = arguments.as_slice() else {
        panic!("family SHAPE COUNT OUT_DIR [FILES] [signed]");
    };
    let count: usize = count.parse().expect("a number of records");
    let files: usize = rest.first().map_or(1, |files| files.parse().expect("a number of files"));
    let is_signed = rest.get(1).is_some_and(|word| word == "signed");
    let folder = Utf8PathBuf::from(folder);
    std::fs::create_dir_all(&folder).expect("room");
    let key = SigningKey::from_seed(&[7; 32]);
    let records: Vec<Bundle> = (0..count)
        .into_par_iter()
        .map(|number| record(number, &parents(shape, number), is_signed.then_some(&key)))
        .collect();
    let each = count.div_ceil(files);
    for (index, part) in records.chunks(each).enumerate() {
        let mut bundle = Bundle::new();
        for record in part {
            bundle.merge(record);
        }
        bundle.save(&folder.join(format!("{index:05}.expb"))).expect("room");
    }
}

/// Numbers of the records that one follows from.
fn parents(shape: &str, number: usize) -> Vec<usize> {
    match shape {
        "chain" => number.checked_sub(1).into_iter().collect(),
        "tree" => {
            if number == 0 {
                Vec::new()
            } else {
                vec![(number - 1) / 2]
            }
        }
        "ladder" => {
            let rung = number / 2;
            if rung == 0 { Vec::new() } else { vec![2 * (rung - 1), 2 * (rung - 1) + 1] }
        }
        other => panic!("`{other}` is not a shape"),
    }
}

fn record(number: usize, parents: &[usize], key: Option<&SigningKey>) -> Bundle {
    let model = |number: usize| {
        ArtifactRef::new(
            "model".parse().expect("a word"),
            DigestSet::of(format!("model {number}").as_bytes()).into(),
            1 << 30,
            Form::File,
        )
    };
    let mut body = RecordBody::new(Kind::Run);
    body.inputs = parents.iter().map(|parent| model(*parent)).collect();
    body.outputs = vec![model(number)];
    let mut draft = Draft::new(body);
    draft.json_section(&Context { title: format!("run {number}"), ..Context::default() }).expect("JSON");
    let mut bundle = draft.finish().expect("a bundle").into_bundle();
    if let Some(key) = key {
        let about = bundle.records().next().expect("a record").1.digest().expect("memory");
        let created = "2026-11-23T10:00:00Z".parse().expect("a time");
        let says = Predicate::Authorship(Authorship::default());
        bundle.insert_statement_unchecked(sign(&says, about, &Signing::new(key, created)).expect("a statement"));
    }
    bundle
}
