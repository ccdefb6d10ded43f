//! Pictures: what they show, and that a label can be nothing but a label.

#[path = "../../expbundle-lineage/tests/family/mod.rs"]
mod family;

use std::collections::BTreeSet;

use expbundle_draw::{
    Part, Tone, TreeItem, TreeLimits, TreeLine, View, ViewEdge, ViewNode, ViewOptions, dot, mermaid, svg, tree,
};
use expbundle_lineage::{ArtifactFact, Direction, Edge, Grade, RecordFacts};
use family::{id, ladder, lineage, record};

fn node(text: &str) -> ViewNode {
    ViewNode { lines: vec![text.to_owned(), "second".to_owned()], tone: Tone::Plain }
}

fn hostile(label: &str) -> View {
    let edge = ViewEdge { parent: 0, child: 1, grade: Some(Grade::Declared), label: label.to_owned(), is_part: false };
    let out_of_range = ViewEdge { child: 7, ..edge.clone() };
    let (nodes, edges) = (vec![node(label), node("b")], vec![edge, out_of_range]);
    View { title: label.to_owned(), basis: label.to_owned(), warnings: vec![label.to_owned()], nodes, edges }
}

const HOSTILE: &[&str] = &[
    "<script>alert(1)</script>",
    "\"]; n9 [label=\"more",
    "\\\" -> n9 [URL=\"javascript:alert(1)\"]; \\",
    "\\N \\G",
    "%%{init: {\"securityLevel\": \"loose\"}}%%",
    "\"] --> n9[\"x\"]\nclick n0 \"javascript:alert(1)\"",
    "`**bold**` #quot; &lt;b&gt; <br/>",
    "]]> <!-- --> & ' \u{202E}gnihton\u{0}\u{7}\u{1B}[31m",
    "end\nsubgraph x",
];

#[test]
fn svg_labels_are_text() {
    for label in HOSTILE {
        let (picture, tame) = (svg(&hostile(label)), svg(&hostile("label")));
        assert!(!picture.contains("<script") && !picture.contains("<b>") && !picture.contains("<!--"), "{picture}");
        let marks = |text: &str| text.matches('<').count();
        assert_eq!(marks(&picture), marks(&tame), "{label:?} adds an element");
        assert!(picture.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202E}'));
        assert!(
            picture
                .split('&')
                .skip(1)
                .all(|rest| ["amp;", "lt;", "gt;", "quot;", "#39;"].iter().any(|e| rest.starts_with(e)))
        );
    }
}

#[test]
fn dot_labels_are_text() {
    for label in HOSTILE {
        let text = dot(&hostile(label));
        assert_eq!(text.lines().count(), dot(&hostile("label")).lines().count(), "{text}");
        for line in text.lines() {
            // Outside of strings nothing may change.
            let (mut inside, mut escaped, mut outside) = (false, false, String::new());
            for c in line.chars() {
                match (inside, escaped, c) {
                    (true, true, _) => {
                        assert!(matches!(c, '"' | '\\' | 'n'), "{line}");
                        escaped = false;
                    }
                    (true, false, '\\') => escaped = true,
                    (_, false, '"') => inside = !inside,
                    (false, _, _) => outside.push(c),
                    _ => {}
                }
            }
            assert!(!inside && !outside.contains("n9") && !outside.contains("URL"), "{line}");
        }
    }
}

#[test]
fn mermaid_labels_are_text() {
    for label in HOSTILE {
        let text = mermaid(&hostile(label));
        assert_eq!(text.lines().count(), mermaid(&hostile("label")).lines().count(), "{text}");
        assert!(!text.contains("%%") && !text.contains('`') && !text.contains("<script"), "{text}");
        assert!(text.lines().take(4).skip(1).all(|line| line.matches('"').count() == 2), "{text}");
    }
}

#[test]
fn a_view_shows_gaps_and_absent_parents_in_plain_sight() {
    let family = lineage(&[
        record("p").puts("model", "x"),
        record("c").takes("model", "x").takes("dataset", "d").from("fine-tuned-from", "p").from("merged-from", "gone"),
        record("e").takes("dataset", "d"),
    ]);
    let label = |part: Part| match part {
        Part::Record(_) => node("record"),
        Part::Absent(_) => ViewNode { tone: Tone::Missing, ..node("absent") },
        Part::Gap(..) | Part::Gaps(..) => ViewNode { tone: Tone::Missing, ..node("gap") },
        Part::Folded(..) => node("more"),
    };
    let relation = |edge: &Edge| edge.relation().map(|relation| relation.as_str().to_owned()).unwrap_or_default();
    let all = [id("p"), id("c"), id("e"), id("unknown")];
    let options = ViewOptions { gaps: true, suggestions: true, ..ViewOptions::default() };
    let view = View::of(&family, &all, options, label, relation);
    let titles = |title: &str| view.nodes.iter().filter(|node| node.lines[0] == title).count();
    // The data set that two took in is one gap.
    assert_eq!((titles("record"), titles("absent"), titles("gap")), (3, 1, 1));
    assert_eq!(view.edges.len(), 4);
    let proven: Vec<_> = view.edges.iter().filter(|edge| edge.grade == Some(Grade::Proven)).collect();
    assert_eq!(proven.iter().map(|edge| edge.label.as_str()).collect::<Vec<_>>(), ["fine-tuned-from"]);
    let records_only = View::of(&family, &all, ViewOptions::default(), label, |_| String::new());
    assert_eq!((records_only.nodes.len(), records_only.edges.len()), (3, 1));
}

/// A tracker's digest proves nothing, but five runs of one data set have one box for it; and a sweep
/// is not an ancestor of its trials.
#[test]
fn equal_data_sets_are_one_box_and_a_sweep_stands_apart() {
    let uses = |name: &str, data: &str, digest: &str| {
        let mut input = ArtifactFact::unseen("dataset".parse().expect("a role"));
        input.name = Some(data.to_owned());
        input.foreign.insert("mlflow".to_owned(), digest.to_owned());
        record(name).from("part-of", "sweep").input(input)
    };
    let family = lineage(&[
        record("sweep"),
        uses("a", "digits", "1"),
        uses("b", "digits", "1"),
        uses("c", "digits", "2"),
        uses("d", "letters", "1"),
    ]);
    let all = ["sweep", "a", "b", "c", "d"].map(id);
    let options = ViewOptions { gaps: true, ..ViewOptions::default() };
    let label = |part: Part| node(if matches!(part, Part::Gap(..) | Part::Gaps(..)) { "gap" } else { "record" });
    let view = View::of(&family, &all, options, label, |_| "part-of".to_owned());
    assert_eq!(view.nodes.iter().filter(|node| node.lines[0] == "gap").count(), 3);
    assert_eq!(view.edges.iter().filter(|edge| edge.is_part).count(), 4);
    let (picture, text) = (svg(&view), mermaid(&view));
    assert!(picture.contains("is a part of") && picture.matches("url(#part)").count() == 5, "{picture}");
    let parts = text.lines().filter(|line| line.contains("part-of"));
    let wholes: BTreeSet<&str> = parts.map(|line| line.rsplit(' ').next().unwrap_or_default()).collect();
    assert_eq!(wholes.len(), 1, "{text}");
}

#[test]
fn the_text_tree_shows_each_record_in_full_once() {
    let family = lineage(&[
        record("base").puts("model", "x"),
        record("left").takes("model", "x").puts("model", "l"),
        record("right").takes("model", "x").puts("model", "r").takes("dataset", "d"),
        record("merged").takes("model", "l").takes("model", "r"),
    ]);
    let lines = tree(&family, &[id("merged")], Direction::Up, TreeLimits::default());
    let full = lines.iter().filter(|line| matches!(line.item, TreeItem::Record { again: false, .. })).count();
    let again = lines.iter().filter(|line| matches!(line.item, TreeItem::Record { again: true, .. })).count();
    let gaps = lines.iter().filter(|line| matches!(line.item, TreeItem::Gap { input: 0 | 1, .. })).count();
    assert_eq!((full, again, gaps), (4, 1, 1));
    assert_eq!(lines[0].prefix(), "");
    assert_eq!(lines[1].prefix(), "├─ ");
    let cut = tree(&family, &[id("merged")], Direction::Up, TreeLimits { depth: 1, ..TreeLimits::default() });
    assert!(cut.iter().any(|line| matches!(line.item, TreeItem::More { .. })));
    let down = tree(&family, &[id("base")], Direction::Down, TreeLimits::default());
    assert_eq!(down.len(), 5);
    assert_eq!(down[1].edge.as_ref().map(Edge::grade), Some(Grade::Proven));
}

/// A chain does not look like siblings, and one of a thousand is not cut.
#[test]
fn what_follows_stands_further_in() {
    let name = |number: usize| format!("run {number}");
    let next = |number: usize| record(&name(number)).takes("model", &name(number - 1)).puts("model", &name(number));
    let mut chain = vec![record(&name(0)).puts("model", &name(0))];
    chain.extend((1..1000).map(next));
    let lines = tree(&lineage(&chain), &[id("run 0")], Direction::Down, TreeLimits::default());
    let prefixes: Vec<String> = lines.iter().take(4).map(TreeLine::prefix).collect();
    assert_eq!(prefixes, ["", "└─ ", "   └─ ", "      └─ "]);
    assert_eq!(lines.len(), 1000);
}

/// Two hundred nodes stay apart, on a picture whose size a person can scroll.
#[test]
fn two_hundred_nodes_are_laid_out() {
    let nodes = (0..200).map(|n| node(&format!("run number {n}"))).collect();
    let edge = |child: usize| ViewEdge {
        parent: child / 2,
        child,
        grade: Some(Grade::Proven),
        label: String::new(),
        is_part: false,
    };
    let picture = svg(&View { nodes, edges: (1..200).map(edge).collect(), ..View::default() });
    // The paper, the boxes, and one in the legend.
    assert_eq!(picture.matches("<rect").count(), 202);
    let size = picture
        .split("width=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .and_then(|text| text.parse::<u32>().ok());
    assert!(size.is_some_and(|pixels| pixels < 3_000), "{size:?}");
}

#[test]
fn a_tree_stands_for_all_that_it_does_not_show() {
    let makers = (0..300).map(|n| record(&format!("maker {n}")).puts("dataset", "data"));
    let takers = (0..3).map(|n| record(&format!("taker {n}")).takes("dataset", "data"));
    let lineage = lineage(&makers.chain(takers).collect::<Vec<_>>());
    let limits = TreeLimits { siblings: 7, ..TreeLimits::default() };
    let lines = tree(&lineage, &[id("taker 0")], Direction::Up, limits);
    assert_eq!(lines.len(), 9);
    assert_eq!(lines[8].item, TreeItem::More { count: 293 });
}

/// Each diamond doubles the ways, and not the lines.
#[test]
fn a_tree_of_a_ladder_has_the_size_of_the_ladder() {
    let lines = tree(&ladder(40), &[id("top 40")], Direction::Up, TreeLimits::default());
    assert!((81..300).contains(&lines.len()), "{}", lines.len());
}

/// Everybody makes and uses the same data set: what is shown of them has an end.
#[test]
fn many_producers_and_many_consumers_are_shown_in_part() {
    let count = 10_000;
    let makers = (0..count).map(|n| record(&format!("maker {n}")).puts("dataset", "t"));
    let users = (0..count).map(|n| record(&format!("user {n}")).takes("dataset", "t"));
    let lineage = lineage(&makers.chain(users).collect::<Vec<_>>());
    let all: Vec<_> = lineage.records().iter().map(RecordFacts::id).collect();
    let makers: Vec<_> = (0..count).map(|n| id(&format!("maker {n}"))).collect();
    assert_eq!(tree(&lineage, &makers, Direction::Down, TreeLimits::default()).len(), 10_002);
    let node = |_| ViewNode { lines: Vec::new(), tone: Tone::Plain };
    let view = View::of(&lineage, &all, ViewOptions::default(), node, |_| String::new());
    // Each user has ten of the makers, and a node for the rest.
    assert_eq!((view.nodes.len(), view.edges.len()), (20_001, 100_000));
}

/// A long warning goes on in rows that are set in, between words, and with nothing put into it.
#[test]
fn warnings_break_between_words() {
    let warning = "the validation split overlaps with the training split ".repeat(6);
    let drawn = svg(&hostile(warning.trim_end()));
    assert!(!drawn.contains('\u{FFFD}'), "{drawn}");
    let rows = drawn.matches("font-size=\"11.5\">").count();
    assert!(rows > 1, "{drawn}");
    for row in drawn.split("font-size=\"11.5\">").skip(1).take(rows) {
        let text = row.split('<').next().unwrap_or_default();
        assert!(text.split(' ').all(|word| warning.split(' ').any(|one| one == word)), "{text}");
    }
}
