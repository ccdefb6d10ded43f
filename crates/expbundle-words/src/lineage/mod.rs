//! The family of a record: what it was made from, or what came from it.

use std::fmt::Write as _;

use expbundle_draw::{View, ViewOptions};
use expbundle_format::{Finding, RecordId};
use expbundle_lineage::{Direction, Edge};
use expbundle_query::{MOST_EDGES, Relations, short};

use crate::{Failure, Tone, cell, findings, moment, objections, paint, relations, some_of};

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
    let judged = signers.map(|_| format!("{}\n", basis(relations, signers)));
    let against = objected::lines(relations, &objected) + &objected::since(relations, start);
    against + pointer + &text + &remarks(relations) + &judged.unwrap_or_default()
}

/// No record here made the file that is asked about.
pub fn nothing_to_show(path: &str) -> Failure {
    Failure::usage("no record was found that made this file")
        .at(path)
        .help("add bundles with `--with`; `expbundle why` shows what is known about the file")
}

/// By which signers file (its name, if there is one) and as of when a family was judged.
fn basis(relations: &Relations, signers: Option<&str>) -> String {
    let by = match (signers, &relations.policy) {
        (Some(name), _) => format!("signers: {}", cell(name)),
        (None, Some(_)) => "signers checked".to_owned(),
        (None, None) => "signers not checked".to_owned(),
    };
    format!("{by}, as of {}", moment(relations.at))
}

/// Records that a title names.
const NAMED: usize = 2;

/// Which records a picture is about.
fn title(relations: &Relations, start: &[RecordId], form: Form) -> String {
    let title = |id: &RecordId| format!("{} ({})", objections::title(relations.title(*id).as_deref()), short(id));
    let of = some_of(&start.iter().map(title).collect::<Vec<_>>(), NAMED, ", ");
    match form {
        Form::Ways(to) => format!("Paths from {} to {of}", title(&to)),
        Form::Tree { direction: Direction::Down, .. } => format!("What derives from {of}"),
        Form::Tree { .. } | Form::Sums { .. } => format!("Lineage of {of}"),
    }
}

/// The family as a picture that [`expbundle_draw`] draws, with what was said against it as
/// warnings, which records it is about, and how they were judged.
///
/// Of the path of the signers file it has the name: who sends a picture on tells nobody about its
/// folders.
pub fn picture(
    relations: &Relations,
    start: &[RecordId],
    shown: &[RecordId],
    form: Form,
    signers: Option<&str>,
) -> View {
    let options = ViewOptions { gaps: true, suggestions: true, edges: MOST_EDGES, ..ViewOptions::default() };
    let above = picture::above(relations);
    let node = |part| picture::node(relations, &above, part);
    let link = |edge: &Edge| picture::link(relations, edge);
    let mut view = View::of(relations.graph(), shown, options, node, link);
    view.title = title(relations, start, form);
    let name = signers.map(|path| path.rsplit(['/', '\\']).next().unwrap_or(path));
    view.basis = basis(relations, name);
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
