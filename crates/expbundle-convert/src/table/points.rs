//! From rows to points: which column is what, and what becomes of each cell.

use std::borrow::Cow;
use std::ops::ControlFlow;

use expbundle_format::number::Number as Decimal;
use expbundle_format::time::Time;
use expbundle_series::{Point, SeriesError};

use super::cell::{Cell, Moment};
use super::reading::{FaultKind, Faults, Form, Reading, TimeColumn, TimeUnit, WhyPassedOver};
use super::row::Row;
use super::{Format, Table, TableError};

/// Names of columns that hold the step, the likeliest first. Case, spaces and a leading `_` do not
/// matter: W&B has `_step`, `TensorBoard` `Step`.
pub(super) const STEPS: [&str; 2] = ["step", "global_step"];
/// The step of a table that has none of those, if its cells are whole numbers.
pub(super) const EPOCH: &str = "epoch";
/// Names of columns that hold the time: W&B has `_timestamp`, `TensorBoard` `Wall time`.
const TIMES: [&str; 3] = ["time", "timestamp", "wall_time"];
/// Names of columns that hold the key of a long table, where no column is called `key`.
const KEYS: [&str; 4] = ["metric", "name", "tag", "variable"];
/// Names of columns that name the run, the likeliest first.
pub(super) const RUNS: [&str; 6] = ["run_id", "run", "run_uuid", "run_name", "trial_id", "trial"];
/// Smaller numbers, before March 1973, are not times since 1970 but seconds since the start.
const LEAST_TIME: f64 = 1e8;
/// Rows that are looked at before columns get their roles, and what they may take of memory.
const HEAD_ROWS: usize = 1000;
const HEAD_BYTES: usize = 16 << 20;

/// Which columns hold step and time, where a person says so, and of how many runs the table is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Columns<'a> {
    /// The column of the step.
    pub step: Option<&'a str>,
    /// The column of the time.
    pub time: Option<&'a str>,
    /// Whether somebody chose the rows, so that all of them are of one run whatever they say.
    pub is_one_run: bool,
}

/// Gives the points of a table to `take`, with their keys.
///
/// A table is long if it has the columns `key` and `value` or `text`, and wide else. Cells that are
/// empty are not points; whatever else gives no point is in the [`Reading`].
///
/// # Errors
/// The table cannot be read, gives no point, or names several runs, whose points would be mixed:
/// [`TableError::SeveralRuns`].
pub fn points(
    table: Table,
    columns: &Columns<'_>,
    take: &mut dyn FnMut(&str, Point<'_>) -> Result<(), SeriesError>,
) -> Result<Reading, TableError> {
    let mut reader = Reader {
        chosen: *columns,
        take,
        head: Vec::new(),
        head_bytes: 0,
        layout: None,
        run: None,
        faults: Faults::default(),
        reading: Reading {
            format: table.format(),
            form: Form::Wide,
            rows: 0,
            points: 0,
            step: None,
            is_epoch: false,
            time: None,
            elapsed: Vec::new(),
            metrics: Vec::new(),
            passed_over: table.passed_over(),
            faults: Vec::new(),
        },
    };
    let mut last_names: Vec<String> = table.columns();
    let read = table.try_for_each(|names, row| {
        last_names.extend_from_slice(names.get(last_names.len()..).unwrap_or_default());
        match reader.row(names, row) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(error),
        }
    })?;
    match read {
        ControlFlow::Continue(()) => reader.end(&last_names),
        ControlFlow::Break(error) => Err(error),
    }
}

struct Reader<'a> {
    chosen: Columns<'a>,
    take: &'a mut dyn FnMut(&str, Point<'_>) -> Result<(), SeriesError>,
    head: Vec<Row>,
    head_bytes: usize,
    layout: Option<Layout>,
    /// The run that the rows so far name.
    run: Option<String>,
    faults: Faults,
    reading: Reading,
}

/// What each column is.
struct Layout {
    form: Form,
    step: Option<usize>,
    /// The epoch, if it was taken for the step unasked.
    epoch: Option<usize>,
    time: Option<usize>,
    /// The column that names the run, if one does.
    run: Option<usize>,
    unit: Option<TimeUnit>,
    /// The least number that is a time.
    least_time: f64,
    /// Whether it has the columns that `extract --csv` writes: then an empty key is a key, and a
    /// point without value and text is one with an empty text.
    is_ours: bool,
    has_value: bool,
    has_text: bool,
    /// Columns that could be the time, but count from the start of the run.
    elapsed: Vec<usize>,
    columns: Vec<Column>,
}

#[derive(Clone, Copy)]
struct Column {
    role: Role,
    cells: u64,
    points: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Step,
    Time,
    Key,
    Value,
    Text,
    Metric,
    PassedOver(WhyPassedOver),
}

impl Reader<'_> {
    fn row(&mut self, names: &[String], row: &Row) -> Result<(), TableError> {
        self.reading.rows += 1;
        if self.layout.is_some() {
            return self.read(names, row);
        }
        self.head_bytes += row.bytes();
        self.head.push(row.clone());
        if self.head.len() == HEAD_ROWS || self.head_bytes > HEAD_BYTES { self.begin(names) } else { Ok(()) }
    }

    /// Gives the columns their roles, and reads the rows that were looked at for that.
    fn begin(&mut self, names: &[String]) -> Result<(), TableError> {
        let head = std::mem::take(&mut self.head);
        self.layout = Some(Layout::of(names, &head, &self.chosen)?);
        head.iter().try_for_each(|row| self.read(names, row))
    }

    fn end(mut self, names: &[String]) -> Result<Reading, TableError> {
        if self.layout.is_none() {
            self.begin(names)?;
        }
        let Self { layout, faults, mut reading, .. } = self;
        let layout = layout.expect("made above");
        let name = |column: usize| names.get(column).cloned();
        reading.form = layout.form;
        reading.step = layout.step.and_then(name);
        reading.is_epoch = layout.epoch.is_some();
        match (&mut reading.time, layout.time.and_then(name)) {
            (Some(time), Some(name)) => time.name = name,
            (time, Some(name)) => *time = Some(TimeColumn { name, unit: None, example: None }),
            (_, None) => {}
        }
        for (name, column) in names.iter().zip(&layout.columns) {
            let why = match column.role {
                Role::Metric if column.points > 0 => {
                    reading.metrics.push(name.clone());
                    continue;
                }
                Role::Metric if column.cells == 0 => WhyPassedOver::Empty,
                Role::Metric => WhyPassedOver::NoNumbers,
                Role::PassedOver(why) => why,
                _ => continue,
            };
            reading.passed_over.push((name.clone(), why));
        }
        reading.elapsed = layout.elapsed.iter().copied().filter_map(name).collect();
        reading.faults = faults.named(names);
        if reading.points == 0 { Err(TableError::NoPoints(Box::new(reading))) } else { Ok(reading) }
    }

    fn read(&mut self, names: &[String], row: &Row) -> Result<(), TableError> {
        let Some(layout) = &mut self.layout else { return Ok(()) };
        if let Some(why) = row.broken() {
            self.faults.add(FaultKind::Row(why), None, row.number());
            return Ok(());
        }
        for name in names.get(layout.columns.len()..).unwrap_or_default() {
            layout.add(name, names, row.number())?;
        }
        if !self.chosen.is_one_run
            && let Some(column) = layout.run
            && let Some(run) = row.cell(column).and_then(words).filter(|run| !run.is_empty())
        {
            match &self.run {
                None => self.run = Some(run.into_owned()),
                Some(one) if *one == run => {}
                Some(one) => {
                    let column = names.get(column).cloned().unwrap_or_default();
                    let format = self.reading.format;
                    return Err(TableError::SeveralRuns { column, runs: [one.clone(), run.into_owned()], format });
                }
            }
        }
        let step = match layout.step.map(|column| (column, row.cell(column))) {
            None => None,
            Some((column, None)) => {
                if layout.form == Form::Wide {
                    self.faults.add(FaultKind::NoStep, Some(column), row.number());
                }
                None
            }
            Some((column, Some(cell))) => {
                let step = cell.whole();
                if step.is_none() {
                    self.faults.add(FaultKind::Step, Some(column), row.number());
                    return Ok(());
                }
                step
            }
        };
        let time_ns = self.time(row);
        let at = Point { step, time_ns, value: None, text: None };
        let form = self.layout.as_ref().map_or(Form::Wide, |layout| layout.form);
        let result = match form {
            Form::Long => self.long(row, at),
            Form::Wide => self.wide(names, row, at),
        };
        result.map_err(|source| TableError::Point { row: row.number(), source })
    }

    fn time(&mut self, row: &Row) -> Option<i64> {
        let layout = self.layout.as_mut()?;
        let column = layout.time?;
        let cell = row.cell(column)?;
        if layout.unit.is_none()
            && let Moment::Number(value) = cell.moment()
            && value.abs() >= layout.least_time
        {
            let unit = TimeUnit::of(value);
            layout.unit = Some(unit);
            let example = cell.time_ns(Some(unit)).and_then(|time_ns| Time::from_nanoseconds(time_ns.into()));
            let example = example.map(|time| (row.number(), time));
            self.reading.time = Some(TimeColumn { name: String::new(), unit: Some(unit), example });
        }
        let time_ns = cell.time_ns(layout.unit);
        if time_ns.is_none() {
            let kind = if cell.moment() == Moment::NoOffset { FaultKind::NoOffset } else { FaultKind::Time };
            self.faults.add(kind, Some(column), row.number());
        }
        time_ns
    }

    fn wide(&mut self, names: &[String], row: &Row, at: Point<'_>) -> Result<(), SeriesError> {
        let Some(layout) = &mut self.layout else { return Ok(()) };
        for (column, cell) in row.cells() {
            let Some((state, name)) = layout.columns.get_mut(column).zip(names.get(column)) else { continue };
            state.cells += 1;
            if state.role != Role::Metric {
                continue;
            }
            if let Some(number) = cell.number() {
                (self.take)(name, Point { value: Some(number.value), text: number.digits.as_deref(), ..at })?;
                state.points += 1;
                self.reading.points += 1;
            } else if let Cell::Other(what) = cell {
                self.faults.add(FaultKind::Other(what), Some(column), row.number());
            } else if !matches!(cell, Cell::Text(text) if text.trim_ascii().is_empty()) {
                self.faults.add(FaultKind::NotANumber, Some(column), row.number());
            }
        }
        Ok(())
    }

    fn long(&mut self, row: &Row, at: Point<'_>) -> Result<(), SeriesError> {
        let Some(layout) = &self.layout else { return Ok(()) };
        let (mut key, mut value, mut text) = (None, None, None);
        for (column, cell) in row.cells() {
            match layout.columns.get(column).map(|column| column.role) {
                Some(Role::Key) => key = Some(cell),
                Some(Role::Value) => value = Some((column, cell)),
                Some(Role::Text) => text = Some((column, cell)),
                _ => {}
            }
        }
        let key = key.or(layout.is_ours.then_some(Cell::Text("")));
        let Some(key) = key.and_then(words) else {
            self.faults.add(FaultKind::NoKey, None, row.number());
            return Ok(());
        };
        let mut said = None;
        if let Some((column, cell)) = text {
            said = words(cell);
            if said.is_none() {
                self.faults.add(FaultKind::Text, Some(column), row.number());
                return Ok(());
            }
        }
        let mut number = None;
        match value.map(|(column, cell)| (column, cell, cell.number())) {
            None => {}
            Some((_, _, Some(found))) => {
                number = Some(found.value);
                // Beside a number CSV cannot tell an empty text from none. Our own sections can.
                said = said.filter(|text| !text.is_empty() || self.reading.format == Format::Section);
                said = said.or(found.digits);
            }
            Some((_, Cell::Text(blank), None)) if blank.trim_ascii().is_empty() => {}
            Some((column, cell, None)) => match (words(cell), &said) {
                (Some(words), None) => {
                    said = Some(words);
                    self.faults.add(FaultKind::AsText, Some(column), row.number());
                }
                (Some(_), Some(_)) => {
                    self.faults.add(FaultKind::TwoTexts, Some(column), row.number());
                    return Ok(());
                }
                (None, _) => {
                    self.faults.add(FaultKind::NotANumber, Some(column), row.number());
                    return Ok(());
                }
            },
        }
        if number.is_none() && said.is_none() {
            if !layout.is_ours {
                self.faults.add(FaultKind::NoValue, None, row.number());
                return Ok(());
            }
            said = Some("".into());
        }
        (self.take)(&key, Point { value: number, text: said.as_deref(), ..at })?;
        self.reading.points += 1;
        Ok(())
    }
}

/// A cell as a text.
pub(super) fn words(cell: Cell<'_>) -> Option<Cow<'_, str>> {
    match cell {
        Cell::Text(text) => Some(text.into()),
        Cell::Bool(value) => Some(value.to_string().into()),
        Cell::Integer(value) => Some(value.to_string().into()),
        Cell::Float(value) => Some(Decimal(value).to_string().into()),
        Cell::Time(time_ns) => Time::from_nanoseconds(time_ns.into()).map(|time| time.to_string().into()),
        Cell::Other(_) => None,
    }
}

/// A name without what does not matter: `Wall time` is `wall_time`, `_step` is `step`.
pub(super) fn plain(name: &str) -> String {
    let name = name.trim().to_ascii_lowercase().replace(' ', "_");
    name.strip_prefix('_').map(str::to_owned).unwrap_or(name)
}

/// Whether pandas gave a column its name: an index without one has it in Parquet and, after reading
/// CSV again, there.
fn is_index_of_pandas(name: &str) -> bool {
    let number = name.strip_prefix("Unnamed: ").or_else(|| {
        let level = name.strip_prefix("__index_level_")?;
        level.strip_suffix("__")
    });
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The first column that has one of these names: as it stands, else without what does not matter.
pub(super) fn named(names: &[String], wanted: &[&str]) -> Option<usize> {
    let by = |same: &dyn Fn(&str, &str) -> bool| {
        wanted.iter().find_map(|wanted| names.iter().position(|name| same(name, wanted)))
    };
    by(&|name, wanted| name == wanted).or_else(|| by(&|name, wanted| plain(name) == wanted))
}

impl Layout {
    fn of(names: &[String], head: &[Row], chosen: &Columns<'_>) -> Result<Self, TableError> {
        let find = |name: &str| {
            let column = names.iter().position(|one| one == name);
            column.ok_or_else(|| TableError::NoColumn { name: name.to_owned(), columns: names.to_vec() })
        };
        let [value, text] = ["value", "text"].map(|name| named(names, &[name]));
        let cells = |column: usize| head.iter().filter_map(move |row| row.cell(column));
        // Beside a value, texts under another name are keys too; in a wide table they would be left
        // out, and all values be points of one metric.
        let is_text = |cell: Cell<'_>| matches!(cell, Cell::Text(_)) && cell.number().is_none();
        let is_texts = |column: &usize| cells(*column).next().is_some() && cells(*column).all(is_text);
        let other_key =
            || KEYS.iter().find_map(|name| named(names, &[name]).filter(is_texts)).filter(|_| value.is_some());
        let key = named(names, &["key"]).or_else(other_key);
        let is_long = key.is_some() && (value.is_some() || text.is_some());
        let mut step = chosen.step.map(find).transpose()?.or_else(|| named(names, &STEPS));
        let mut epoch = None;
        if step.is_none() {
            let is_step =
                |column: &usize| cells(*column).next().is_some() && cells(*column).all(|cell| cell.whole().is_some());
            epoch = named(names, &[EPOCH]).filter(is_step);
            step = epoch;
        }
        let mut time = chosen.time.map(find).transpose()?;
        let mut elapsed = Vec::new();
        if time.is_none() {
            for column in TIMES.iter().filter_map(|name| named(names, &[name])).filter(|column| Some(*column) != step) {
                match cells(column).next().map_or(Moment::At(0), Cell::moment) {
                    Moment::Number(value) if value.abs() < LEAST_TIME => elapsed.push(column),
                    Moment::None => {}
                    Moment::Number(_) | Moment::At(_) | Moment::NoOffset => {
                        time = Some(column);
                        break;
                    }
                }
            }
        }
        let role = |column: usize, name: &String| match Some(column) {
            this if this == step => Role::Step,
            this if this == time => Role::Time,
            _ if name.is_empty() => Role::PassedOver(WhyPassedOver::NoName),
            _ if is_index_of_pandas(name) => Role::PassedOver(WhyPassedOver::Index),
            _ if !is_long => Role::Metric,
            this if this == key => Role::Key,
            this if this == value => Role::Value,
            this if this == text => Role::Text,
            _ => Role::PassedOver(WhyPassedOver::NotOfLong),
        };
        let columns = names.iter().enumerate().map(|(column, name)| Column::new(role(column, name))).collect();
        Ok(Self {
            form: if is_long { Form::Long } else { Form::Wide },
            step,
            epoch,
            time,
            run: named(names, &RUNS).filter(|run| ![step, time].contains(&Some(*run))),
            unit: None,
            least_time: if chosen.time.is_some() { 0.0 } else { LEAST_TIME },
            is_ours: names == super::SECTION,
            has_value: value.is_some(),
            has_text: text.is_some(),
            elapsed,
            columns,
        })
    }

    /// Gives a role to a column of JSON lines that the first rows do not have.
    fn add(&mut self, name: &str, names: &[String], row: u64) -> Result<(), TableError> {
        let column = self.columns.len();
        let is = |wanted: &[&str]| wanted.contains(&plain(name).as_str());
        if is(&RUNS) && self.run.is_none() {
            self.run = Some(column);
        }
        let role = if let Some(epoch) = self.epoch.filter(|_| is(&STEPS)) {
            let taken = names.get(epoch).cloned().unwrap_or_default();
            return Err(TableError::LateStep { name: name.to_owned(), row, taken });
        } else if is(&STEPS) && self.step.is_none() {
            self.step = Some(column);
            Role::Step
        } else if is(&TIMES) && self.time.is_none() {
            self.time = Some(column);
            Role::Time
        } else if self.form == Form::Wide {
            Role::Metric
        } else if is(&["value"]) && !self.has_value {
            self.has_value = true;
            Role::Value
        } else if is(&["text"]) && !self.has_text {
            self.has_text = true;
            Role::Text
        } else {
            Role::PassedOver(WhyPassedOver::NotOfLong)
        };
        self.columns.push(Column::new(role));
        Ok(())
    }
}

impl Column {
    fn new(role: Role) -> Self {
        Self { role, cells: 0, points: 0 }
    }
}
