//! A run that is points: long or wide, as every table of points is read.

use std::cell::RefCell;
use std::rc::Rc;

use expbundle_format::Code;
use expbundle_format::sections::{self, Context, Gap, Recipe};
use expbundle_series::SeriesError;
use expbundle_trackers::At;

use super::{Chosen, Found};
use crate::gathered::Gathered;
use crate::ledger::Ledger;
use crate::table::points::words;
use crate::table::reading::WhyPassedOver;
use crate::table::{Cell, Columns, Fault, FaultKind, Form, Format, Reading, Row, Table, TableError, points};
use crate::{ConvertError, tracker};

/// The longest text that all rows of a run may share to be a label.
const MOST_LABEL_BYTES: usize = 4096;

/// Cells of a column, and the one value that all of them have.
#[derive(Clone, Debug, Default)]
struct Column {
    name: String,
    cells: u64,
    value: Option<String>,
    varies: bool,
}

/// The columns of a run, by number.
#[derive(Clone, Debug, Default)]
struct Watched(Vec<Column>);

impl Watched {
    fn row(&mut self, names: &[String], row: &Row, without: Option<usize>) {
        for (column, cell) in row.cells().filter(|(column, _)| Some(*column) != without) {
            if self.0.len() <= column {
                let more = names.iter().skip(self.0.len()).take(column + 1 - self.0.len());
                self.0.extend(more.map(|name| Column { name: name.clone(), ..Column::default() }));
            }
            let Some(state) = self.0.get_mut(column) else { continue };
            state.cells += 1;
            if !state.varies {
                state.see(cell);
            }
        }
    }

    fn of(&self, name: &str) -> Option<&Column> {
        self.0.iter().find(|column| column.name == name)
    }
}

impl Column {
    fn see(&mut self, cell: Cell<'_>) {
        let text = words(cell).filter(|text| text.len() <= MOST_LABEL_BYTES);
        match (text, &self.value) {
            (Some(text), None) if self.cells == 1 => self.value = Some(text.into_owned()),
            (Some(text), Some(value)) if text == value.as_str() => {}
            _ => {
                self.varies = true;
                self.value = None;
            }
        }
    }
}

pub(super) fn map(
    ledger: &mut Ledger<'_>,
    table: Table,
    found: &Found<'_>,
    chosen: &Chosen,
    place: &str,
) -> Result<(), ConvertError> {
    let watched = Rc::new(RefCell::new(Watched::default()));
    let table = only(table, found, Rc::clone(&watched));
    let columns = Columns { step: chosen.step.as_deref(), time: chosen.time.as_deref(), is_one_run: true };
    let mut gathered = Gathered::new(sections::METRICS, ledger.options);
    let read = points(table, &columns, &mut |name, point| {
        let key = gathered.key(name);
        let at = At { step: point.step, time_ns: point.time_ns };
        match (point.value, point.text) {
            (Some(value), exact) => gathered.number(key, at, value, exact),
            (None, text) => gathered.text(key, at, text.unwrap_or_default().to_owned()),
        }
        Ok::<(), SeriesError>(())
    });
    let reading = match read {
        Ok(reading) => Some(reading),
        Err(TableError::NoPoints(reading)) => {
            ledger.finding(Code::SourceLoss, place, "no column of the run has numbers");
            Some(*reading)
        }
        Err(error @ TableError::NoColumn { .. }) => return Err(tracker::unreadable(found.path, error)),
        // What came before is kept.
        Err(error) => {
            ledger.finding(Code::SourceDamaged, place, format!("the table could not be read to its end: {error}"));
            None
        }
    };
    let written = gathered.write(ledger)?;
    written.tell(ledger, "metric point");
    ledger.section(written.summary());
    let mut context = Context { title: found.run.to_owned(), ..Context::default() };
    if let Some(reading) = &reading {
        guesses(ledger, reading, found, chosen, place);
        rows(ledger, reading, &watched.borrow(), &mut context, place);
    }
    let mut recipe = gaps();
    parameters(&mut recipe, &mut context, &watched.borrow(), &chosen.params, ledger, place);
    ledger.section(context);
    ledger.section(recipe);
    Ok(())
}

/// The rows of one run, without the column that names it. The others are watched for values that
/// all rows share.
fn only(table: Table, found: &Found<'_>, watched: Rc<RefCell<Watched>>) -> Table {
    let column = found.scanned.run_column.clone();
    let run = found.run.to_owned();
    let mut at = None;
    let name = column.clone();
    table.only(column, move |names, row| {
        if let Some(name) = &name {
            at = at.or_else(|| names.iter().position(|one| one == name));
            let cell = at.and_then(|at| row.cell(at)).and_then(words);
            if cell.as_deref() != Some(&run) {
                return false;
            }
        }
        watched.borrow_mut().row(names, row, at);
        true
    })
}

/// Moves what a person named as parameters, and all rows of the run share, from the labels.
fn parameters(
    recipe: &mut Recipe,
    context: &mut Context,
    watched: &Watched,
    params: &[String],
    ledger: &mut Ledger<'_>,
    place: &str,
) {
    for name in params {
        let shared = watched.of(name).and_then(|column| column.value.as_ref());
        if let Some(value) = context.labels.remove(name).as_ref().or(shared) {
            recipe.parameters.insert(name.clone(), crate::parameters::value(value));
        } else if watched.of(name).is_some_and(|column| column.cells > 0) {
            let message =
                format!("the column `{name}` differs from row to row of the run, so it is not a parameter of it");
            ledger.finding(Code::SourceLoss, place, message);
        }
    }
}

fn gaps() -> Recipe {
    let gap = |what: &str| Gap { what: what.to_owned(), detail: "a table of points does not tell it".to_owned() };
    Recipe { gaps: ["code", "data", "environment", "seed"].map(gap).to_vec(), ..Recipe::default() }
}

/// What was guessed, in one finding, where the points may have lost something by it: their steps.
fn guesses(ledger: &mut Ledger<'_>, reading: &Reading, found: &Found<'_>, chosen: &Chosen, place: &str) {
    let has_steps = reading.step.is_some() && !reading.is_epoch;
    if has_steps || reading.format == Format::Section && found.scanned.run_column.is_none() {
        return;
    }
    let form = match reading.form {
        Form::Long => "long, a row for each point",
        Form::Wide => "wide, a column for each metric",
    };
    let column = |what: &str, name: Option<&String>, chosen: &Option<String>| match name {
        Some(name) if chosen.is_none() => format!("; {what} from the column `{name}`"),
        Some(_) => String::new(),
        None => format!("; no {what}"),
    };
    let message = format!(
        "columns recognised by name: {form}{}{}{}; `--run-column`, `--step-column` and `--time-column` name others",
        column("run", found.scanned.run_column.as_ref(), &chosen.run),
        column("step", reading.step.as_ref(), &chosen.step),
        column("time", reading.time.as_ref().map(|time| &time.name), &chosen.time),
    );
    ledger.finding(Code::SourceLoss, place, message);
}

/// Rows and cells that are not points: counted, and kept where all rows of the run say the same.
fn rows(ledger: &mut Ledger<'_>, reading: &Reading, watched: &Watched, context: &mut Context, place: &str) {
    let mut left = reading.rows;
    let mut told: Vec<&str> = Vec::new();
    for fault in &reading.faults {
        let of_cells = matches!(fault.kind, FaultKind::NotANumber | FaultKind::Other(_));
        let column = fault.column.as_deref().and_then(|name| watched.of(name));
        let is_label = of_cells && column.is_some_and(|column| column.value.is_some());
        if !is_label {
            ledger.finding(code(fault.kind), &at(place, fault), words_of(fault));
        }
        if is_of_row(fault.kind, reading.form) {
            left = left.saturating_sub(fault.count);
            ledger.items("row", fault.count).dropped(&words_of_kind(fault.kind));
        } else if of_cells && let Some(name) = fault.column.as_deref().filter(|name| !told.contains(name)) {
            told.push(name);
            label(ledger, watched.of(name), fault.count, &words_of_kind(fault.kind), context);
        }
    }
    ledger.items("row", left).mapped();
    for (name, why) in &reading.passed_over {
        let column = watched.of(name).filter(|column| column.cells > 0 && !told.contains(&name.as_str()));
        let Some(column) = column else {
            if let WhyPassedOver::Kind(kind) = why {
                ledger.items("column", 1).dropped(&format!("a column that is {kind} is not read"));
                let message = format!("the column `{name}` is {kind}, and was not read");
                ledger.finding(Code::SourceUnsupported, place, message);
            }
            continue;
        };
        label(ledger, Some(column), column.cells, "the column is not a metric, and differs from row to row", context);
    }
}

/// A column that is the same in all rows of the run is a label of it.
fn label(ledger: &mut Ledger<'_>, column: Option<&Column>, cells: u64, reason: &str, context: &mut Context) {
    let items = ledger.items("cell", cells);
    match column.and_then(|column| Some((column.name.clone(), column.value.clone()?))) {
        Some((name, value)) => {
            items.mapped();
            context.labels.insert(name, value);
        }
        None => items.dropped(reason),
    }
}

fn is_of_row(kind: FaultKind, form: Form) -> bool {
    match kind {
        FaultKind::Row(_)
        | FaultKind::Step
        | FaultKind::NoKey
        | FaultKind::TwoTexts
        | FaultKind::Text
        | FaultKind::NoValue => true,
        FaultKind::NotANumber => form == Form::Long,
        _ => false,
    }
}

fn code(kind: FaultKind) -> Code {
    match kind {
        FaultKind::Row(_) | FaultKind::Step | FaultKind::Text => Code::SourceDamaged,
        FaultKind::Other(_) => Code::SourceUnsupported,
        _ => Code::SourceLoss,
    }
}

fn words_of_kind(kind: FaultKind) -> String {
    match kind {
        FaultKind::Row(_) => "the row cannot be read".to_owned(),
        FaultKind::Step => "the step is not a whole number".to_owned(),
        FaultKind::NoKey => "the row has no key".to_owned(),
        FaultKind::NotANumber => "the cell is not a number".to_owned(),
        FaultKind::Other(what) => format!("the cell is {what}"),
        FaultKind::TwoTexts => "the row has a text besides a value that is not a number".to_owned(),
        FaultKind::Text => "the text of the row cannot be read".to_owned(),
        FaultKind::NoValue => "the row has no value".to_owned(),
        FaultKind::AsText => "the value is not a number, and was kept as a text".to_owned(),
        FaultKind::NoStep => "the row has no step; its points were kept without one".to_owned(),
        FaultKind::NoOffset => "the time has no offset from UTC; the points were kept without a time".to_owned(),
        FaultKind::Time => "the time cannot be read; the points were kept without a time".to_owned(),
    }
}

fn words_of(fault: &Fault) -> String {
    let column = fault.column.as_deref().map(|name| format!(" in the column `{name}`")).unwrap_or_default();
    let times = if fault.count == 1 { "once".to_owned() } else { format!("{} times", fault.count) };
    format!("{}: {times}{column}", words_of_kind(fault.kind))
}

fn at(place: &str, fault: &Fault) -> String {
    fault.rows.first().map_or_else(|| place.to_owned(), |row| format!("{place}:{row}"))
}
