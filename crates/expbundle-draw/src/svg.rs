//! SVG 1.1: one file that any browser shows, without script, style sheet or font from elsewhere.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use expbundle_lineage::Grade;

use crate::layout::{Arc, LABELS_MOST, Layout, Point, Size, layout};
use crate::text::{clipped, columns, rows, visible};
use crate::view::{Tone, View, ViewEdge, ViewNode};

/// Characters of a line in a box; the whole text is in its tooltip.
const LINE_CHARACTERS: usize = 40;
/// Lines in a box.
const LINES: usize = 7;
const LINE_HEIGHT: f64 = 16.0;
const PADDING: f64 = 10.0;
const MARGIN: f64 = 24.0;
/// Of the title, and of the line below it.
const HEADING: f64 = 34.0;
const BASIS: f64 = 18.0;
/// Characters of each; the whole text is in the description.
const HEADING_CHARACTERS: usize = 80;
const HEADING_CHARACTER: f64 = 11.5;
/// Links in the description.
const DESCRIBED: usize = 200;
/// From the picture to the arrows of the legend, and from these to its boxes.
const LEGEND: f64 = 34.0;
const LEGEND_ROW: f64 = 22.0;
/// Columns of a row of a warning.
const WARNING_COLUMNS: usize = 110;
/// Widths of a character in pixels: those of `DejaVu Sans`, the widest of the fonts that stand in
/// for Helvetica where it is not there.
const TITLE_CHARACTER: f64 = 8.8;
const LINE_CHARACTER: f64 = 7.0;
const LABEL_CHARACTER: f64 = 6.2;

/// Fill and border of a box.
pub(super) fn colours(tone: Tone) -> (&'static str, &'static str) {
    match tone {
        Tone::Plain => ("#f6f8fa", "#8c959f"),
        Tone::Good => ("#e6f6ea", "#2da44e"),
        Tone::Doubtful => ("#fff8e0", "#bf8700"),
        Tone::Below => ("#fff1e5", "#bc4c00"),
        Tone::Bad => ("#ffebe9", "#cf222e"),
        Tone::Missing => ("#ffffff", "#8c959f"),
    }
}

/// The view as an SVG picture, ancestors to the left.
pub fn svg(view: &View) -> String {
    let boxes: Vec<Boxed<'_>> = view.nodes.iter().map(Boxed::new).collect();
    let sizes: Vec<Size> = boxes.iter().map(Boxed::size).collect();
    let edges: Vec<&ViewEdge> = view.sound_edges().collect();
    let width = |edge: &ViewEdge| columns(&label(edge)) as f64 * LABEL_CHARACTER;
    let arcs = edges.iter().map(|edge| {
        let (from, to) = edge.ends();
        Arc { from, to, label_width: width(edge) }
    });
    let placed = layout(&sizes, &arcs.collect::<Vec<_>>());
    let title = if view.title.is_empty() { 0.0 } else { HEADING };
    let title = title + if view.basis.is_empty() { 0.0 } else { BASIS };
    let warnings = Warnings::new(view);
    let heading = title + warnings.height();
    let title_width = columns(&clipped(&view.title, HEADING_CHARACTERS)) as f64 * HEADING_CHARACTER;
    let mut out = String::new();
    let (arrows, tones) = (arrows(&edges), tones(view));
    let legend_width = (arrows.len() as f64 * ARROW).max(tones.iter().map(|(_, word)| tone_width(word)).sum());
    open(&mut out, view, &placed, heading, warnings.width().max(legend_width).max(title_width));
    warnings.draw(&mut out, MARGIN + title, &view.warnings.join("\n"));
    let _ = writeln!(out, r#"<g transform="translate({MARGIN} {:.1})">"#, MARGIN + heading);
    for (edge, points) in edges.iter().zip(&placed.arcs) {
        draw_line(&mut out, edge, points);
    }
    for ((boxed, &corner), &height) in boxes.iter().zip(&placed.nodes).zip(&placed.heights) {
        boxed.draw(&mut out, corner, height);
    }
    // Last, so that no line of another arrow runs through a word. Where there is no room for all
    // labels, each word stands there once.
    let mut ends: HashMap<usize, usize> = HashMap::new();
    for edge in &edges {
        *ends.entry(edge.ends().1).or_default() += 1;
    }
    let mut told = HashSet::new();
    for (edge, points) in edges.iter().zip(&placed.arcs) {
        let to = edge.ends().1;
        if ends.get(&to).is_none_or(|labels| *labels <= LABELS_MOST) || told.insert((to, &edge.label, edge.grade)) {
            draw_label(&mut out, edge, points);
        }
    }
    out.push_str("</g>\n");
    let top = MARGIN + heading + placed.size.height + LEGEND;
    legend(&mut out, top, &arrows);
    boxes_legend(&mut out, top + LEGEND_ROW, &tones);
    out.push_str("</svg>\n");
    out
}

fn open(out: &mut String, view: &View, placed: &Layout, heading: f64, least_width: f64) {
    let width = placed.size.width.max(least_width) + 2.0 * MARGIN;
    let height = placed.size.height + 2.0 * MARGIN + heading + LEGEND + LEGEND_ROW;
    let _ = writeln!(
        out,
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0}" height="{height:.0}" viewBox="0 0 {width:.0} {height:.0}" role="img" aria-labelledby="lineage-title lineage-description" font-family="Helvetica, Arial, sans-serif" fill="{TEXT}">"#
    );
    let _ = writeln!(out, r#"<title id="lineage-title">{}</title>"#, escape(&view.title));
    let _ = writeln!(out, r#"<desc id="lineage-description">{}</desc>"#, escape(&description(view)));
    out.push_str("<defs>");
    for grade in GRADES {
        let _ = write!(
            out,
            r#"<marker id="{grade}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0.5 L8 4 L0 7.5 z" fill="{}"/></marker>"#,
            colour(grade)
        );
    }
    let _ = write!(
        out,
        r#"<marker id="part" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path d="M1 1 L7 4 L1 7" fill="none" stroke="{PART}"/></marker>"#
    );
    out.push_str("</defs>\n");
    let _ = writeln!(out, r##"<rect width="{width:.0}" height="{height:.0}" fill="#ffffff"/>"##);
    let mut y = 36.0;
    for (line, style) in [(&view.title, r#"font-size="17" font-weight="bold""#), (&view.basis, r#"font-size="12""#)] {
        if !line.is_empty() {
            let line = escape(&clipped(line, HEADING_CHARACTERS));
            let _ = writeln!(out, r#"<text x="{MARGIN}" y="{y:.0}" {style}>{line}</text>"#);
            y += BASIS;
        }
    }
}

/// The picture in words, for whoever hears it: a line for each box and link.
fn description(view: &View) -> String {
    let name = |index: usize| view.nodes.get(index).and_then(|node| node.lines.first()).map_or("", String::as_str);
    let node = |node: &ViewNode| node.lines.join(", ");
    let edge = |edge: &ViewEdge| {
        let (from, to) = edge.ends();
        let grade = edge.grade.map(|grade| grade.to_string()).unwrap_or_default();
        let words: Vec<&str> =
            [edge.label.as_str(), grade.as_str()].into_iter().filter(|word| !word.is_empty()).collect();
        let words = if words.is_empty() { String::new() } else { format!(": {}", words.join(", ")) };
        format!("from {} to {}{words}", name(from), name(to))
    };
    let above = [view.basis.clone()].into_iter().chain(view.warnings.iter().cloned()).filter(|line| !line.is_empty());
    let below = view.nodes.iter().map(node).chain(view.sound_edges().map(edge));
    let all = view.nodes.len() + view.sound_edges().count();
    let more = (all > DESCRIBED).then(|| format!("and {} more boxes and links", all - DESCRIBED));
    above.chain(below.take(DESCRIBED)).chain(more).collect::<Vec<_>>().join("\n")
}

const TEXT: &str = "#1f2328";
const GRADES: [Grade; 4] = [Grade::Proven, Grade::Declared, Grade::Asserted, Grade::Suggested];

/// A line that is not a link has no arrow head.
const NO_LINK: &str = "#8c959f";
/// The line from a part to its whole.
const PART: &str = "#6e7781";
/// Its dashes.
const PART_STROKE: &str = r#"stroke-width="1.2" stroke-dasharray="9 3 2 3""#;

fn colour(grade: Grade) -> &'static str {
    match grade {
        Grade::Proven => "#1a7f37",
        Grade::Declared => "#0969da",
        Grade::Asserted => "#8250df",
        Grade::Suggested => "#8c959f",
    }
}

/// Grades differ in dashes too, for those who see no colours.
fn stroke(grade: Grade) -> &'static str {
    match grade {
        Grade::Proven => r#"stroke-width="2.2""#,
        Grade::Declared => r#"stroke-width="1.4""#,
        Grade::Asserted => r#"stroke-width="1.4" stroke-dasharray="7 4""#,
        Grade::Suggested => r#"stroke-width="1.2" stroke-dasharray="2 4""#,
    }
}

/// Warnings in a box above the picture, in rows that fit; whole lines are in its tooltip.
struct Warnings(Vec<WarningRow>);

struct WarningRow {
    text: String,
    /// Whether it goes on from the row above. It is set in then, or a foreign word could begin a row
    /// like one of ours.
    goes_on: bool,
}

impl WarningRow {
    fn indent(&self) -> f64 {
        const COLUMNS: f64 = 4.0;
        if self.goes_on { COLUMNS * LINE_CHARACTER } else { 0.0 }
    }
}

impl Warnings {
    fn new(view: &View) -> Self {
        let in_rows = |line: &String| {
            let rows = rows(&visible(line), WARNING_COLUMNS).into_iter().enumerate();
            rows.map(|(index, text)| WarningRow { text, goes_on: index > 0 })
        };
        Self(view.warnings.iter().flat_map(|line| in_rows(line).collect::<Vec<_>>()).collect())
    }

    fn width(&self) -> f64 {
        let width = |row: &WarningRow| row.indent() + columns(&row.text) as f64 * LINE_CHARACTER + 2.0 * PADDING;
        let widths = self.0.iter().map(width);
        widths.fold(0.0, f64::max)
    }

    fn height(&self) -> f64 {
        if self.0.is_empty() { 0.0 } else { self.0.len() as f64 * LINE_HEIGHT + 2.0 * PADDING + MARGIN / 2.0 }
    }

    fn draw(&self, out: &mut String, top: f64, whole: &str) {
        if self.0.is_empty() {
            return;
        }
        let (fill, border) = colours(Tone::Bad);
        let (width, height) = (self.width(), self.height() - MARGIN / 2.0);
        let _ = writeln!(out, "<g><title>{}</title>", escape(whole));
        let _ = writeln!(
            out,
            r#"<rect x="{MARGIN}" y="{top:.1}" width="{width:.1}" height="{height:.1}" rx="7" fill="{fill}" stroke="{border}" stroke-width="1.3"/>"#
        );
        for (index, row) in self.0.iter().enumerate() {
            let (x, y) = (MARGIN + PADDING + row.indent(), top + PADDING + 11.0 + index as f64 * LINE_HEIGHT);
            let _ = writeln!(out, r#"<text x="{x:.1}" y="{y:.1}" font-size="11.5">{}</text>"#, escape(&row.text));
        }
        out.push_str("</g>\n");
    }
}

/// A node whose lines are cut to what fits.
struct Boxed<'a> {
    node: &'a ViewNode,
    lines: Vec<String>,
}

/// A line that is too long; one in quotes keeps the closing one.
fn cut(line: &str) -> String {
    let short = clipped(line, LINE_CHARACTERS);
    if short != line && line.starts_with('"') && line.ends_with('"') { short + "\"" } else { short }
}

impl<'a> Boxed<'a> {
    fn new(node: &'a ViewNode) -> Self {
        let lines = node.lines.iter().take(LINES).map(|line| cut(&visible(line))).collect();
        Self { node, lines }
    }

    fn size(&self) -> Size {
        let widths = self
            .lines
            .iter()
            .enumerate()
            .map(|(index, line)| columns(line) as f64 * if index == 0 { TITLE_CHARACTER } else { LINE_CHARACTER });
        let width = widths.fold(60.0, f64::max) + 2.0 * PADDING;
        Size { width, height: self.lines.len().max(1) as f64 * LINE_HEIGHT + 2.0 * PADDING - 4.0 }
    }

    /// In a box of at least its own height, its text in the middle.
    fn draw(&self, out: &mut String, (x, y): Point, height: f64) {
        let Size { width, height: own } = self.size();
        let text_top = y + (height - own) / 2.0;
        let (fill, border) = colours(self.node.tone);
        let dashed = if self.node.tone == Tone::Missing { r#" stroke-dasharray="5 4""# } else { "" };
        let _ = write!(out, "<g><title>{}</title>", escape(&self.node.lines.join("\n")));
        let _ = write!(
            out,
            r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" rx="7" fill="{fill}" stroke="{border}" stroke-width="1.3"{dashed}/>"#
        );
        for (index, line) in self.lines.iter().enumerate() {
            let (x, y) = (x + PADDING, text_top + PADDING + 10.0 + index as f64 * LINE_HEIGHT);
            let style = if index == 0 {
                r#"font-size="13" font-weight="bold""#
            } else {
                r##"font-size="11.5" fill="#57606a""##
            };
            let _ = write!(out, r#"<text x="{x:.1}" y="{y:.1}" {style}>{}</text>"#, escape(line));
        }
        out.push_str("</g>\n");
    }
}

fn draw_line(out: &mut String, edge: &ViewEdge, points: &[Point]) {
    let Some((first, rest)) = points.split_first() else { return };
    let _ = write!(out, r#"<path d="M{:.1} {:.1}"#, first.0, first.1);
    let mut at = *first;
    for (index, &next) in rest.iter().enumerate() {
        if index % 2 == 0 {
            let middle = f64::midpoint(at.0, next.0);
            let _ = write!(out, " C{middle:.1} {:.1} {middle:.1} {:.1} {:.1} {:.1}", at.1, next.1, next.0, next.1);
        } else {
            let _ = write!(out, " L{:.1} {:.1}", next.0, next.1);
        }
        at = next;
    }
    let _ = match edge.grade {
        Some(_) if edge.is_part => {
            writeln!(out, r#"" fill="none" stroke="{PART}" {PART_STROKE} marker-end="url(#part)"/>"#)
        }
        Some(grade) => {
            writeln!(out, r#"" fill="none" stroke="{}" {} marker-end="url(#{grade})"/>"#, colour(grade), stroke(grade))
        }
        None => writeln!(out, r#"" fill="none" stroke="{NO_LINK}" stroke-width="1"/>"#),
    };
}

/// Above the last stretch before the node that the edge leads to, which is level.
fn draw_label(out: &mut String, edge: &ViewEdge, points: &[Point]) {
    let text = label(edge);
    let (Some(to), Some(from)) = (points.last(), points.iter().rev().nth(1)) else { return };
    if !text.is_empty() {
        // The arrow head takes 8 pixels of the stretch.
        let (x, y) = (f64::midpoint(from.0, to.0 - 8.0), f64::midpoint(from.1, to.1) - 4.0);
        let (fill, text) = (if edge.is_part { PART } else { edge.grade.map_or(NO_LINK, colour) }, escape(&text));
        // The white rim is a text of its own: not every viewer knows `paint-order`, and one that does
        // not would paint it over the letters.
        for style in
            [r##"fill="#ffffff" stroke="#ffffff" stroke-width="3" aria-hidden="true""##, &format!(r#"fill="{fill}""#)]
        {
            let _ = writeln!(
                out,
                r#"<text x="{x:.1}" y="{y:.1}" font-size="10" text-anchor="middle" {style}>{text}</text>"#
            );
        }
    }
}

fn label(edge: &ViewEdge) -> String {
    clipped(&visible(&edge.label), 24)
}

/// An arrow of the legend: its colour, how it is drawn, its head, and what it means.
type Arrow = (&'static str, &'static str, Option<String>, String);

/// The arrows that the picture has.
fn arrows(edges: &[&ViewEdge]) -> Vec<Arrow> {
    let has = |wanted: &dyn Fn(&ViewEdge) -> bool| edges.iter().any(|edge| wanted(edge));
    let grades = GRADES.into_iter().filter(|grade| has(&|edge| !edge.is_part && edge.grade == Some(*grade)));
    let grades = grades.map(|grade| (colour(grade), stroke(grade), Some(grade.to_string()), grade.to_string()));
    let part = (PART, PART_STROKE, Some("part".to_owned()), "is a part of".to_owned());
    let input = (NO_LINK, r#"stroke-width="1""#, None, "input".to_owned());
    let part = has(&|edge| edge.is_part).then_some(part);
    let input = has(&|edge| edge.grade.is_none() && !edge.is_part).then_some(input);
    grades.chain(part).chain(input).collect()
}

/// Pixels from one arrow of the legend to the next.
const ARROW: f64 = 108.0;

fn legend(out: &mut String, y: f64, arrows: &[Arrow]) {
    for (index, (colour, stroke, head, word)) in arrows.iter().enumerate() {
        let x = MARGIN + index as f64 * ARROW;
        let head = head.as_ref().map(|head| format!(r#" marker-end="url(#{head})""#)).unwrap_or_default();
        let _ = writeln!(
            out,
            r##"<path d="M{x:.1} {y:.1} h30" stroke="{colour}" {stroke}{head}/><text x="{:.1}" y="{:.1}" font-size="11" fill="#57606a">{word}</text>"##,
            x + 36.0,
            y + 4.0
        );
    }
}

/// What the colours of boxes mean, of those that there are.
fn tones(view: &View) -> Vec<(Tone, &'static str)> {
    let words = [
        (Tone::Good, "trusted"),
        (Tone::Plain, "signed, not checked"),
        (Tone::Doubtful, "unsigned"),
        (Tone::Below, "an ancestor was objected to"),
        (Tone::Bad, "objected to"),
        (Tone::Missing, "not here or not trusted"),
    ];
    words.into_iter().filter(|(tone, _)| view.nodes.iter().any(|node| node.tone == *tone)).collect()
}

/// How wide a colour of the legend is with its word.
fn tone_width(word: &str) -> f64 {
    36.0 + columns(word) as f64 * LINE_CHARACTER + MARGIN
}

fn boxes_legend(out: &mut String, y: f64, tones: &[(Tone, &'static str)]) {
    let mut x = MARGIN;
    for (tone, word) in tones {
        let (fill, border) = colours(*tone);
        let dashed = if *tone == Tone::Missing { r#" stroke-dasharray="5 4""# } else { "" };
        let _ = writeln!(
            out,
            r##"<rect x="{x:.1}" y="{:.1}" width="30" height="12" rx="3" fill="{fill}" stroke="{border}"{dashed}/><text x="{:.1}" y="{:.1}" font-size="11" fill="#57606a">{word}</text>"##,
            y - 6.0,
            x + 36.0,
            y + 4.0
        );
        x += tone_width(word);
    }
}

/// Text for XML 1.0, in elements and in attributes alike.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.split('\n').map(visible).collect::<Vec<_>>().join("\n").chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
