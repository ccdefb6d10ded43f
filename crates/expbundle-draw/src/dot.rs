//! DOT, the language of Graphviz.

use std::fmt::Write as _;

use expbundle_lineage::Grade;

use crate::NO_LINK;
use crate::text::visible;
use crate::view::{Tone, View};

/// The view as a DOT digraph, ancestors to the left.
pub fn dot(view: &View) -> String {
    let mut out = String::from(
        "digraph lineage {\n  rankdir=LR;\n  node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\"];\n",
    );
    // Writing to a string cannot fail.
    let heading: Vec<String> = view.heading().map(escape).collect();
    let _ = writeln!(out, "  label=\"{}\";", heading.join("\\n"));
    if !view.warnings.is_empty() {
        let lines: Vec<String> = view.warnings.iter().map(|line| escape(line)).collect();
        let (fill, border) = crate::svg::colours(Tone::Bad);
        let _ =
            writeln!(out, "  warnings [label=\"{}\", fillcolor=\"{fill}\", color=\"{border}\"];", lines.join("\\n"));
    }
    for (index, node) in view.nodes.iter().enumerate() {
        let lines: Vec<String> = node.lines.iter().map(|line| escape(line)).collect();
        let (fill, border) = crate::svg::colours(node.tone);
        let dashed = if node.tone == Tone::Missing { ", style=\"rounded,filled,dashed\"" } else { "" };
        let label = lines.join("\\n");
        let _ = writeln!(out, "  n{index} [label=\"{label}\", fillcolor=\"{fill}\", color=\"{border}\"{dashed}];");
    }
    for edge in view.sound_edges() {
        let style = match edge.grade {
            Some(Grade::Proven) => "bold",
            Some(Grade::Declared) | None => "solid",
            Some(Grade::Asserted) => "dashed",
            Some(Grade::Suggested) => "dotted",
        };
        let tooltip = edge.grade.map_or_else(|| NO_LINK.to_owned(), |grade| grade.to_string());
        let style = if edge.is_part { "dashed" } else { style };
        let ((from, to), label) = (edge.ends(), escape(&edge.label));
        let _ = writeln!(out, "  n{from} -> n{to} [style={style}, label=\"{label}\", tooltip=\"{tooltip}\"];");
    }
    out.push_str("}\n");
    out
}

/// Within a DOT string a quote ends it and a backslash begins an escape (`\N` would be the node's
/// name); `&` begins an entity of HTML.
fn escape(text: &str) -> String {
    visible(text).replace('\\', "\\\\").replace('"', "\\\"").replace('&', "&amp;")
}
