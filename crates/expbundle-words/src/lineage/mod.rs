//! The family of a record: what it was made from, or what came from it.

use std::fmt::Write as _;

use expbundle_draw::{View, ViewOptions};
use expbundle_format::{Finding, RecordId};
use expbundle_lineage::{Direction, Edge};
use expbundle_query::{MOST_EDGES, Relations};

use crate::{Tone, cell, findings, moment, objections, paint, relations};

mod cost;
mod duplicates;
pub(crate) mod objected;
mod picture;
mod tree;

/// Names of signers of one record that are shown.
const SIGNERS: usize = 5;

/// What is told of a family.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// Its tree, and how well it holds.
    Tree {
        /// To ancestors or to descendants.
        direction: Direction,
        /// Only so many steps away.
        depth: Option<usize>,
    },
    /// The ways to one ancestor.
    Ways(RecordId),
    /// What is counted over all of it.
    Sums {
        /// What the ancestry cost.
        cost: bool,
        /// Runs that repeat each other.
        duplicates: bool,
    },
}

/// The family of the records `start`, of which `shown` are what the form is about: first what was
/// said against any of them, last what was set apart, findings, and by whose signers file it was
/// judged (its name, if there is one).
pub fn words(
    relations: &Relations,
    start: &[RecordId],
    shown: &[RecordId],
    form: Form,
    signers: Option<&str>,
) -> String {
    let mut objected = relations.objected(start);
    let text = match form {
        _ if start.is_empty() => format!("{}\n", paint(Tone::Bad, relations::nothing_counts(relations))),
        Form::Ways(to) => tree::ways(relations, start, to),
        Form::Sums { cost, duplicates } => {
            let cost = cost.then(|| cost::words(relations, &relations.intact.costs(&relations.verdict, start)));
            let duplicates = duplicates.then(|| duplicates::words(relations));
            cost.into_iter().chain(duplicates).collect::<Vec<String>>().join("\n")
        }
        Form::Tree { direction, depth } => {
            let (tree, drawn) = tree::tree(relations, start, direction, depth);
            // What only might be a relative has its place in the tree, too, and a mark there.
            objected = relations.by_weight(objected.into_iter().chain(drawn));
            tree + &tree::family(relations, start, shown, direction)
        }
    };
    let pointer = relations.file.as_ref().is_some_and(|file| file.is_pointer);
    let pointer = if pointer { "the file is a Git LFS pointer; this is about the file that it names\n" } else { "" };
    let judged = signers.map(|name| format!("signers: {}, as of {}\n", cell(name), moment(relations.at)));
    let against = objected::lines(relations, &objected) + &objected::since(relations, start);
    against + pointer + &text + &remarks(relations) + &judged.unwrap_or_default()
}

/// The family as a picture that [`expbundle_draw`] draws, with what was said against it as
/// warnings.
pub fn picture(relations: &Relations, start: &[RecordId], shown: &[RecordId]) -> View {
    let options = ViewOptions { gaps: true, suggestions: true, edges: MOST_EDGES, ..ViewOptions::default() };
    let (node, link) = (|part| picture::node(relations, part), |edge: &Edge| picture::link(relations, edge));
    let mut view = View::of(relations.graph(), shown, options, node, link);
    view.warnings = objected::warnings(relations, &relations.objected(start));
    view.warnings.extend(objections::left_out(&relations.intact, &relations.verdict.standing));
    let not_read = relations::not_read(relations);
    view.warnings.extend((!not_read.is_empty()).then(|| format!("! {}", not_read.trim_start_matches("; "))));
    view
}

/// Findings that are worth a look, and what was set apart.
fn remarks(relations: &Relations) -> String {
    let mut text = String::new();
    for line in objections::left_out(&relations.intact, &relations.verdict.standing) {
        _ = writeln!(text, "{}", paint(Tone::Doubt, &line));
    }
    let worth: Vec<Finding> =
        relations.findings.iter().filter(|finding| findings::is_worth(finding)).cloned().collect();
    if !worth.is_empty() {
        text.push('\n');
        text += &findings::but_first(&relations.intact.against_by_trusted(&relations.verdict), &worth);
    }
    text
}
