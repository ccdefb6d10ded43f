//! Mermaid flowcharts, which forges and hubs draw inside Markdown.

use std::fmt::Write as _;

use expbundle_lineage::Grade;

use crate::NO_LINK;
use crate::text::visible;
use crate::view::{Tone, View};

/// The view as a Mermaid flowchart, ancestors to the left.
///
/// The heading is left out: Mermaid takes titles from YAML front matter only, which is one more
/// language to escape for.
pub fn mermaid(view: &View) -> String {
    let mut out = String::from("flowchart LR\n");
    // Writing to a string cannot fail.
    if !view.warnings.is_empty() {
        let lines: Vec<String> = view.warnings.iter().map(|line| escape(line)).collect();
        let _ = writeln!(out, "  warnings[\"{}\"]:::{}", lines.join("<br/>"), class(Tone::Bad));
    }
    for (index, node) in view.nodes.iter().enumerate() {
        let lines: Vec<String> = node.lines.iter().map(|line| escape(line)).collect();
        let _ = writeln!(out, "  n{index}[\"{}\"]:::{}", lines.join("<br/>"), class(node.tone));
    }
    for edge in view.sound_edges() {
        let arrow = match edge.grade {
            _ if edge.is_part => "-.->",
            Some(Grade::Proven) => "==>",
            Some(Grade::Declared) | None => "-->",
            Some(Grade::Asserted | Grade::Suggested) => "-.->",
        };
        let grade = edge.grade.map_or_else(|| NO_LINK.to_owned(), |grade| grade.to_string());
        let label = if edge.label.is_empty() { grade } else { format!("{} · {grade}", edge.label) };
        let (from, to) = edge.ends();
        let _ = writeln!(out, "  n{from} {arrow}|\"{}\"| n{to}", escape(&label));
    }
    for tone in [Tone::Plain, Tone::Good, Tone::Doubtful, Tone::Below, Tone::Bad, Tone::Missing] {
        let (fill, border) = crate::svg::colours(tone);
        let dashed = if tone == Tone::Missing { ",stroke-dasharray:4" } else { "" };
        let _ = writeln!(out, "  classDef {} fill:{fill},stroke:{border},color:#1f2328{dashed}", class(tone));
    }
    out
}

fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "plain",
        Tone::Good => "good",
        Tone::Doubtful => "doubtful",
        Tone::Below => "below",
        Tone::Bad => "bad",
        Tone::Missing => "missing",
    }
}

/// Everything in ASCII that is not plainly a letter, digit or harmless mark becomes an entity code:
/// Mermaid looks for directives (`%%{`) and Markdown even within quotes.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(text).chars() {
        if c.is_ascii() && !c.is_ascii_alphanumeric() && !matches!(c, ' ' | '-' | '.' | ',' | '/') {
            let _ = write!(out, "#{};", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}
