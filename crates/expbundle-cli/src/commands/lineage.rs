//! `expbundle lineage`: the family tree of a model.

use camino::Utf8PathBuf;
use expbundle_draw::{View, dot, mermaid, svg};
use expbundle_format::RecordId;
use expbundle_lineage::{Direction, RecordFacts};
use expbundle_query::{LineageReport, MOST_EDGES, Relations, Scope, short, starting};
use expbundle_words::lineage::{self as words, Form};
use expbundle_words::{Failure, grouped};

use crate::relations::{self, Around};
use crate::{Outcome, files, terminal, tracker};

/// Show the family tree of a model: what it was made from, by whom, and how well each step is
/// proven
///
/// PATH is a bundle, a folder of bundles, a model folder, or a file like `model.safetensors` with
/// its bundle in the same folder; or a tracker's folder, of which all runs are shown. Add bundles of
/// other teams with `--with`; records are linked automatically where digests match.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[derive(Debug, clap::Args)]
#[command(
    group(clap::ArgGroup::new("form").args(["json", "dot", "mermaid", "svg"])),
    after_help = "Examples:\n  expbundle lineage family.expb\n  expbundle lineage model.safetensors --with ./bundles\n  \
    expbundle lineage family.expb --svg > family.svg\n  expbundle lineage family.expb --cost\n\n\
    Exit status: that of `verify` for the records that are shown: 0 the required state holds · 1 something is broken · \
    2 no answer: usage, I/O error or beyond the limits · 3 with --trust, not trusted, or somebody objects and --no-objections was given\n\n\
    Grades: proven (equal digests) · declared (by the record itself) · asserted (by a signed link) · suggested (never counted)"
)]
pub struct Lineage {
    /// Bundle, folder of bundles, model folder, a file that is an output of a record, or a tracker's
    /// folder, file or server
    #[arg(default_value = ".", value_parser = files::path)]
    path: Utf8PathBuf,
    #[command(flatten)]
    around: Around,
    /// Start from this record (id or first digits) [default: every record that no other record
    /// derives from]
    #[arg(long, value_name = "ID")]
    record: Option<String>,
    /// Show ancestors (default)
    #[arg(long, conflicts_with = "down")]
    up: bool,
    /// Show descendants
    #[arg(long)]
    down: bool,
    /// Show at most this many steps
    #[arg(long, value_name = "STEPS")]
    depth: Option<usize>,
    /// Show only the paths to this ancestor
    #[arg(long, value_name = "ID", conflicts_with_all = ["down", "depth"])]
    to: Option<String>,
    /// Show the total cost of the ancestry, each ancestor counted once
    #[arg(long, conflicts_with_all = ["down", "depth", "to", "dot", "mermaid", "svg"])]
    cost: bool,
    /// Show runs that repeat each other, among all records found
    #[arg(long, conflicts_with_all = ["down", "depth", "to", "dot", "mermaid", "svg"])]
    duplicates: bool,
    /// Write JSON (schemas/lineage.schema.json)
    #[arg(long)]
    json: bool,
    /// Write a Graphviz graph
    #[arg(long)]
    dot: bool,
    /// Write a Mermaid flowchart
    #[arg(long)]
    mermaid: bool,
    /// Write an SVG image
    #[arg(long)]
    svg: bool,
}

impl Lineage {
    pub fn run(self) -> Outcome {
        let relations =
            relations::of(tracker::family(&self.path)?, &self.around, self.record.as_deref(), self.scope())?;
        let start = relations.beginnings.clone();
        if start.is_empty() && relations.file.is_some() && relations.policy.is_none() {
            return Err(words::nothing_to_show(self.path.as_str()));
        }
        let (form, shown) = self.form(&relations, &start)?;
        let signers = self.around.trust.as_ref().map(|path| path.as_str());
        if self.json {
            terminal::say_json(&LineageReport::of(&relations, &start, &shown, self.cost));
        } else if self.dot || self.mermaid || self.svg {
            let view = words::picture(&relations, &start, &shown, form, signers);
            self.draw(&view);
        } else {
            terminal::say(&words::words(&relations, &start, &shown, form, signers));
        }
        let status = if self.duplicates {
            relations::conclude(&relations, relations.graph().records().iter().map(RecordFacts::id))
        } else {
            relations::end(&relations, relations.concluded(&start, &shown))
        };
        let status = self.around.status(&relations, &start, status);
        // The program is done, and to free 100,000 records one by one takes long.
        std::mem::forget(relations);
        Ok(status)
    }

    fn scope(&self) -> Scope {
        match (self.duplicates, self.down) {
            (true, _) => Scope::Everything,
            (false, true) => Scope::Descendants,
            (false, false) => Scope::Ancestors,
        }
    }

    fn draw(&self, view: &View) {
        if view.edges.len() == MOST_EDGES {
            let most = grouped(MOST_EDGES as u64);
            terminal::talk(&format!("at most {most} links are drawn; choose a part with `--depth` or `--to`\n"));
        }
        terminal::say(&match (self.dot, self.mermaid) {
            (true, _) => dot(view),
            (_, true) => mermaid(view),
            _ => svg(view),
        });
    }

    /// What is told, and of which records, in the order of their ids.
    fn form(&self, relations: &Relations, start: &[RecordId]) -> Result<(Form, Vec<RecordId>), Failure> {
        let graph = relations.graph();
        let Some(beginning) = &self.to else {
            let direction = if self.down { Direction::Down } else { Direction::Up };
            // The sums are over the whole ancestry.
            let (form, depth) = if self.cost || self.duplicates {
                (Form::Sums { cost: self.cost, duplicates: self.duplicates }, None)
            } else {
                (Form::Tree { direction, depth: self.depth }, self.depth)
            };
            return Ok((form, graph.relatives(start, direction, depth)));
        };
        let to = starting(graph.records().iter().map(RecordFacts::id), beginning)?;
        let shown = graph.ways_to(to).map(|ways| ways.of_all(start)).unwrap_or_default();
        if shown.is_empty() {
            return Err(Failure::usage(format!("{} is not an ancestor", short(&to))).help("`--down` shows descendants"));
        }
        Ok((Form::Ways(to), shown))
    }
}
