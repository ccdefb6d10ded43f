//! Draws a made-up family of some two hundred runs as SVG on standard output.
//!
//! ```text
//! cargo run -p expbundle-draw --example drawing > family.svg
//! ```
#![allow(clippy::print_stdout, reason = "the picture is for a pipe")]

use expbundle_draw::{Tone, View, ViewEdge, ViewNode, svg};
use expbundle_lineage::Grade;

const TOOLS: [&str; 4] = ["mlflow", "wandb", "clearml", "expbundle create"];
const RELATIONS: [&str; 4] = ["fine-tuned-from", "merged-from", "quantized-from", "evaluates"];
const GRADES: [Grade; 4] = [Grade::Proven, Grade::Declared, Grade::Proven, Grade::Asserted];
const TONES: [Tone; 5] = [Tone::Good, Tone::Good, Tone::Plain, Tone::Doubtful, Tone::Missing];

fn main() {
    let count = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(200);
    let node = |n: usize| ViewNode {
        lines: vec![
            format!("run {n}: sentiment classifier"),
            format!("{} · 2026-11-{:02}", TOOLS[n % 4], n % 28 + 1),
            "signed by ada@example.org".to_owned(),
        ],
        tone: TONES[n % 7 % 5],
    };
    let mut edges = Vec::new();
    for child in 1..count {
        let edge = |parent, kind: usize| ViewEdge {
            parent,
            child,
            grade: Some(GRADES[kind]),
            label: RELATIONS[kind].to_owned(),
            is_part: false,
        };
        edges.push(edge(child / 2, child % 4));
        if child % 9 == 0 {
            edges.push(edge(child / 3, 1));
        }
    }
    let nodes = (0..count).map(node).collect();
    print!("{}", svg(&View { title: "Family of sentiment classifiers".to_owned(), nodes, edges, ..View::default() }));
}
