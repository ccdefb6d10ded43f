//! A run that is one row, like those of `mlflow.search_runs` or of a sheet of results.

use std::collections::HashSet;
use std::ops::ControlFlow;

use expbundle_format::Code;
use expbundle_format::number::typed;
use expbundle_format::record::Status;
use expbundle_format::sections::{self, Context, Gap, Group, Recipe};
use expbundle_format::time::Time;
use expbundle_trackers::At;
use serde_json::Value;

use super::Found;
use crate::gathered::Gathered;
use crate::ledger::Ledger;
use crate::parameters::{self, Kind, kind_of};
use crate::table::cell::Moment;
use crate::table::points::{plain, words};
use crate::table::reading::TimeUnit;
use crate::table::{Cell, Row, Table};
use crate::{ConvertError, tracker};

/// What parameters begin with, as MLflow, W&B, Optuna and others write their columns.
const PARAMETERS: [&str; 8] = ["params.", "param.", "params/", "params_", "config.", "config/", "hparams.", "hparams/"];
/// What metrics begin with.
const METRICS: [&str; 5] = ["metrics.", "metric.", "metrics/", "summary.", "summary/"];
/// What tags begin with.
const TAGS: [&str; 4] = ["tags.", "tag.", "tags/", "user_attrs_"];
const NAMES: [&str; 4] = ["name", "run_name", "tags.mlflow.runname", "display_name"];
const STARTS: [&str; 5] = ["start_time", "datetime_start", "started", "started_at", "created_at"];
const ENDS: [&str; 5] = ["end_time", "datetime_complete", "ended", "ended_at", "finished_at"];
const GROUPS: [(&str, &str); 5] = [
    ("experiment", "experiment"),
    ("experiment_name", "experiment"),
    ("experiment_id", "experiment"),
    ("project", "project"),
    ("group", "group"),
];

/// A run in the making.
struct Taken<'l, 'a> {
    ledger: &'l mut Ledger<'a>,
    context: Context,
    recipe: Recipe,
    metrics: Gathered,
    /// Columns of numbers that nothing but their cells told from parameters.
    untold: Vec<String>,
    /// Columns that a person named as parameters.
    params: &'l [String],
    /// Columns of which most cells are numbers, in all rows.
    numeric: &'l HashSet<String>,
}

pub(super) fn map(
    ledger: &mut Ledger<'_>,
    table: Table,
    found: &Found<'_>,
    params: &[String],
    place: &str,
) -> Result<(), ConvertError> {
    let column = found.scanned.run_column.clone().unwrap_or_default();
    let metrics = Gathered::new(sections::METRICS, ledger.options);
    let context = Context { title: found.run.to_owned(), ..Context::default() };
    let numeric = &found.scanned.numeric;
    let (recipe, untold) = (Recipe::default(), Vec::new());
    let mut taken = Taken { ledger, context, recipe, metrics, untold, params, numeric };
    let read = table.try_for_each(|names, row| {
        let at = names.iter().position(|name| *name == column);
        let is_it = at.and_then(|at| row.cell(at)).and_then(words).as_deref() == Some(found.run);
        if !is_it {
            return ControlFlow::Continue(());
        }
        taken.row(names, row, at);
        ControlFlow::Break(())
    });
    let Taken { ledger, context, mut recipe, metrics, untold, .. } = taken;
    match read {
        Ok(ControlFlow::Break(())) => {}
        Ok(ControlFlow::Continue(())) => return Err(ConvertError::no_such_run(found.run)),
        Err(error) => return Err(tracker::unreadable(found.path, error)),
    }
    let written = metrics.write(ledger)?;
    written.tell(ledger, "metric");
    if !untold.is_empty() {
        let shown = untold.iter().take(12).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let message = format!(
            "a row for each run, which the column `{column}` names. Numbers count as metrics where the name does not \
             begin like `params.`: {shown}{}; `--param-column` names parameters",
            if untold.len() > 12 { ", …" } else { "" }
        );
        ledger.finding(Code::SourceLoss, place, message);
    }
    let gap = |what: &str| Gap { what: what.to_owned(), detail: "a table of runs does not tell it".to_owned() };
    recipe.gaps = ["code", "data", "environment"].map(gap).to_vec();
    ledger.section(written.summary());
    ledger.section(context);
    ledger.section(recipe);
    Ok(())
}

impl Taken<'_, '_> {
    fn row(&mut self, names: &[String], row: &Row, run: Option<usize>) {
        self.ledger.items("row", 1).mapped();
        for (column, cell) in row.cells().filter(|(column, _)| Some(*column) != run) {
            let Some(name) = names.get(column) else { continue };
            self.cell(name, cell);
        }
    }

    fn cell(&mut self, name: &str, cell: Cell<'_>) {
        let item = self.ledger.item("cell", name);
        let rest = |starts: &[&str]| starts.iter().find_map(|start| name.strip_prefix(start)).map(str::to_owned);
        let Some(text) = words(cell) else {
            let what = if let Cell::Other(what) = cell { what } else { "of another kind" };
            item.dropped(&format!("the cell is {what}"));
            let message = format!("the cell of the column `{name}` is {what}, and was not read");
            self.ledger.finding(Code::SourceUnsupported, name, message);
            return;
        };
        let is_param = self.params.iter().any(|param| param == name);
        let of_param = rest(&PARAMETERS).or_else(|| is_param.then(|| name.to_owned()));
        let (of_tag, of_metric) = (rest(&TAGS), rest(&METRICS));
        let has_kind = of_param.is_some() || of_tag.is_some() || of_metric.is_some();
        if !is_param && self.known(&plain(name), &text, cell) {
            return item.mapped();
        }
        if !has_kind && cell.number().is_none() && self.numeric.contains(name) {
            item.dropped("the cell is not a number, and most of its column are");
            let message = format!(
                "the cell of the column `{name}` is not a number, and was left out, since most cells of the column are; \
                 `--param-column` keeps texts"
            );
            self.ledger.finding(Code::SourceLoss, name, message);
            return;
        }
        item.mapped();
        if let Some(name) = of_param {
            let value = value(cell, &text);
            match kind_of(&name) {
                Kind::Seed => self.recipe.seeds.insert(name.clone(), value.clone()),
                Kind::Determinism => self.recipe.determinism.insert(name.clone(), value.clone()),
                Kind::Other => None,
            };
            self.recipe.parameters.insert(name, value);
        } else if let Some(name) = of_tag {
            self.context.labels.insert(name, text.into_owned());
        } else if let Some(number) = cell.number() {
            if of_metric.is_none() {
                self.untold.push(name.to_owned());
            }
            let name = of_metric.as_deref().unwrap_or(name);
            let key = self.metrics.key(name);
            self.metrics.number(key, At::default(), number.value, number.digits.as_deref());
        } else if let Some(name) = of_metric {
            let key = self.metrics.key(&name);
            self.metrics.text(key, At::default(), text.into_owned());
        } else {
            self.context.labels.insert(name.to_owned(), text.into_owned());
        }
    }

    /// Takes a column whose name says what it is, unless its cell is not such.
    fn known(&mut self, name: &str, text: &str, cell: Cell<'_>) -> bool {
        let time = || {
            let unit = match cell.moment() {
                Moment::Number(value) if value.abs() >= 1e8 => Some(TimeUnit::of(value)),
                _ => None,
            };
            cell.time_ns(unit).and_then(|time_ns| Time::from_nanoseconds(time_ns.into()))
        };
        let body = self.ledger.body();
        if NAMES.contains(&name) {
            text.clone_into(&mut self.context.title);
        } else if STARTS.contains(&name) && body.started.is_none() {
            body.started = time();
            return body.started.is_some();
        } else if ENDS.contains(&name) && body.ended.is_none() {
            body.ended = time();
            return body.ended.is_some();
        } else if matches!(name, "status" | "state") {
            let status = status(text);
            body.status = status.or(body.status);
            return status.is_some();
        } else if let Some((_, kind)) = GROUPS.iter().find(|(of, _)| *of == name) {
            let group = Group { kind: (*kind).to_owned(), name: text.to_owned(), ..Group::default() };
            self.context.groups.push(group);
        } else {
            return false;
        }
        true
    }
}

/// The words of MLflow, W&B and Optuna.
fn status(text: &str) -> Option<Status> {
    Some(match text.trim().to_ascii_lowercase().as_str() {
        "finished" | "complete" | "completed" | "succeeded" | "success" => Status::Finished,
        "failed" | "fail" => Status::Failed,
        "crashed" => Status::Crashed,
        "killed" | "aborted" => Status::Killed,
        "running" => Status::Running,
        "scheduled" => Status::Scheduled,
        _ => return None,
    })
}

fn value(cell: Cell<'_>, text: &str) -> Value {
    match cell {
        Cell::Bool(value) => value.into(),
        Cell::Integer(value) => typed::integer(&value.to_string()).unwrap_or_else(|| text.into()),
        Cell::Float(value) => typed::float(value),
        _ => parameters::value(text),
    }
}
