//! What the public interface of the service exports: the fields of a run as JSON, its history as
//! JSON lines, CSV or Parquet, a chart or a whole project as CSV.
//!
//! Such files hold no series of system metrics, no console, no files, no definitions of metrics and
//! no exit code; each run says so in its findings. The most complete history that is there is read,
//! and what else is there is named.

mod node;
#[cfg_attr(not(feature = "parquet"), path = "export/no_parquet.rs")]
mod parquet;
mod python;
mod table;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, OnceLock};
use std::{fs, io};

use camino::{Utf8Path, Utf8PathBuf};

use self::table::{Csv, cell, csv};
use super::history::{Points, RowReader};
use super::run::{Run, State};
use super::value::Value;
use crate::finding::{SourceCode, SourceFinding};
use crate::folder::entries;
use crate::text::read_text;

/// A CSV is held as a whole; a chart and a sample of a history are small.
const MOST_CSV_BYTES: u64 = 256 << 20;

/// Values of the JSON of a run that are taken apart.
const MOST_NODE_VALUES: usize = 1 << 19;

/// A run that was exported.
#[derive(Clone, Debug)]
pub struct Export {
    key: String,
    id: String,
    run: Run,
    history: Vec<History>,
    root: Utf8PathBuf,
}

/// A file that holds a history, or part of one.
#[derive(Clone, Debug)]
struct History {
    path: Utf8PathBuf,
    form: Form,
    /// What a chart holds, read once however many runs it shows.
    chart: Arc<OnceLock<Result<Chart, String>>>,
}

/// A chart: series of several runs side by side.
#[derive(Debug)]
struct Chart {
    table: Csv,
    /// Columns of each run, with the key of the series.
    columns: HashMap<String, Vec<(usize, String)>>,
    /// The first column that is of no run: what the series are drawn over.
    axis: Option<(usize, String)>,
    /// Further columns that are of no run.
    others: usize,
    /// Whether a part of the names of runs may be one of the key.
    is_unclear: bool,
}

impl Chart {
    fn read(path: &Utf8Path) -> Result<Self, String> {
        let table = csv(path)?;
        let (mut columns, mut axis, mut others) = (HashMap::<String, Vec<_>>::new(), None, 0);
        for (at, column) in table.header.iter().enumerate() {
            match column.rsplit_once(" - ") {
                Some((run, key)) => columns.entry(run.to_owned()).or_default().push((at, key.to_owned())),
                None if axis.is_some() => others += 1,
                None => axis = Some((at, if column == "Step" { "_step".to_owned() } else { column.clone() })),
            }
        }
        let is_unclear = table::shares_two_ends(&table.header);
        Ok(Self { table, columns, axis, others, is_unclear })
    }

    /// Of each row what it says of a run.
    fn rows(&self, run: Option<&str>) -> impl Iterator<Item = Vec<(String, Value)>> {
        let own = run.and_then(|run| self.columns.get(run)).map(Vec::as_slice).unwrap_or_default();
        let columns = move || self.axis.iter().chain(own);
        self.table
            .rows
            .iter()
            .map(move |row| columns().filter_map(|(at, key)| Some((key.clone(), cell(row.get(*at)?)?))).collect())
    }
}

impl History {
    fn new(path: Utf8PathBuf, form: Form) -> Self {
        Self { path, form, chart: Arc::default() }
    }

    fn chart(&self) -> Result<&Chart, String> {
        self.chart.get_or_init(|| Chart::read(&self.path)).as_ref().map_err(Clone::clone)
    }
}

/// Dots of a column's name at which it may be a part of a media object.
const MOST_DOTS: usize = 64;

/// The forms of a history, the most complete one first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    JsonLines,
    Parts,
    Parquet,
    Csv,
    Chart,
}

impl Form {
    fn of(path: &Utf8Path) -> Option<Self> {
        let name = path.file_name()?;
        match path.extension()? {
            "jsonl" | "ndjson" => Some(Self::JsonLines).filter(|_| table::is_history(path, table::End::First)),
            "parquet" if name.ends_with(".runhistory.parquet") => Some(Self::Parts),
            "parquet" => Some(Self::Parquet).filter(|_| table::is_history(path, table::End::Last)),
            "csv" => {
                let header = csv(path).ok()?.header;
                let has = |name: &str| header.iter().any(|column| column == name);
                if has("_step") || has("_timestamp") {
                    Some(Self::Csv)
                } else {
                    header.iter().any(|column| column.contains(" - ")).then_some(Self::Chart)
                }
            }
            _ => None,
        }
    }
}

impl Export {
    /// The runs that a folder or a file holds. None is not an error: then it is not an export.
    pub fn find(path: &Utf8Path) -> io::Result<Vec<Self>> {
        let is_folder = path.is_dir();
        let root = if is_folder { path } else { path.parent().unwrap_or(path) };
        let mut files = Vec::new();
        if is_folder {
            for folder in [path.to_owned(), path.join("history-exports")].iter().filter(|folder| folder.is_dir()) {
                for entry in entries(folder)? {
                    let entry = entry?;
                    if entry.file_type()?.is_file() {
                        files.push(entry.into_path());
                    }
                }
            }
            files.sort();
        } else {
            files.push(path.to_owned());
        }
        let mut nodes: BTreeMap<String, Vec<(Utf8PathBuf, Value)>> = BTreeMap::new();
        let mut history = Vec::new();
        let mut projects = Vec::new();
        let mut findings = Vec::new();
        let place_of = |file: &Utf8Path| file.strip_prefix(root).unwrap_or(file).as_str().to_owned();
        for file in files {
            match file.extension() {
                Some("json") => {
                    let text = read_text(&file)?.unwrap_or_default();
                    let node = match Value::parse_within(&text, &mut { MOST_NODE_VALUES }) {
                        Some(Value::Json(_)) => Err("it has more values than are taken apart; a run may be in it"),
                        node => node.ok_or("it is not JSON, or was cut off; a run may have been in it"),
                    };
                    let node = match node {
                        Ok(node) => node,
                        Err(detail) => {
                            findings.push(SourceFinding::new(SourceCode::Damaged, place_of(&file), detail));
                            continue;
                        }
                    };
                    if table::is_array_of_rows(&node) {
                        let detail = "a history as one JSON array is not read; write a row in each line (.jsonl)";
                        findings.push(SourceFinding::new(SourceCode::Unsupported, place_of(&file), detail));
                    }
                    if let Some(id) = node::id(&node).filter(|_| node::is_run(&node)).map(str::to_owned) {
                        nodes.entry(id).or_default().push((file, node));
                    }
                }
                Some("csv") if fs::metadata(&file)?.len() > MOST_CSV_BYTES => {
                    let detail = "a CSV of more than 256 MiB is not read; export the history as JSON lines or Parquet";
                    findings.push(SourceFinding::new(SourceCode::Unsupported, place_of(&file), detail));
                }
                _ => match Form::of(&file) {
                    Some(form) => history.push(History::new(file, form)),
                    None if file.extension() == Some("csv") => match table::why_no_export(&file) {
                        None => projects.push(file),
                        Some(detail) => {
                            findings.push(SourceFinding::new(SourceCode::Unsupported, place_of(&file), detail));
                        }
                    },
                    None => {}
                },
            }
        }
        history.sort_by(|a, b| (a.form, &a.path).cmp(&(b.form, &b.path)));
        let mut exports = Vec::new();
        let single = nodes.len() == 1;
        for (id, mut of_id) in nodes {
            // The node of the service says more than what somebody wrote out of it.
            let size = |value: &Value| if let Value::Object(members) = value { members.len() } else { 0 };
            of_id.sort_by(|(a_path, a), (b_path, b)| (size(b), b_path).cmp(&(size(a), a_path)));
            let mut of_id = of_id.into_iter();
            let Some((_, node)) = of_id.next() else { continue };
            let mut run = node::run(node);
            for (other, _) in of_id {
                run.findings.push(not_used(root, &other));
            }
            let is_its = |file: &&History| single || file.path.file_name().is_some_and(|name| name.contains(&id));
            let history: Vec<History> = history.iter().filter(is_its).cloned().collect();
            run.findings.extend(projects.iter().map(|project| not_used(root, project)));
            exports.push(Self { key: id.clone(), id, run, history, root: root.to_owned() });
        }
        if exports.is_empty() {
            exports = projects.iter().flat_map(|project| of_project(project, root)).collect();
        }
        if exports.is_empty() {
            exports = without_node(&history, root);
        }
        for export in &mut exports {
            export.run.findings.extend(findings.iter().cloned());
        }
        Ok(exports)
    }

    pub fn key(&self) -> &str {
        &self.key
    }

    pub fn id(&self) -> &str {
        &self.id
    }

    /// Bytes of the history that is read.
    pub fn size(&self) -> u64 {
        self.used().filter_map(|file| fs::metadata(&file.path).ok()).map(|metadata| metadata.len()).sum()
    }

    fn used(&self) -> impl Iterator<Item = &History> {
        let best = self.history.first().map(|file| file.form);
        self.history.iter().filter(move |file| Some(file.form) == best)
    }

    /// The run. What is wrong with its files is in its findings.
    pub fn read(&self, points: &mut dyn Points, progress: &dyn Fn(u64)) -> Run {
        let mut run = self.run.clone();
        let mut rows = RowReader::default();
        for file in self.used() {
            let place = file.path.strip_prefix(&self.root).unwrap_or(&file.path).as_str();
            let found = read_history(file, run.text("display_name"), &mut rows, points);
            run.findings.extend(found.into_iter().map(|(code, detail)| SourceFinding::new(code, place, detail)));
            progress(fs::metadata(&file.path).map_or(0, |metadata| metadata.len()));
        }
        let used = self.used().count();
        run.findings.extend(self.history.iter().skip(used).map(|file| not_used(&self.root, &file.path)));
        run.history = rows.counts();
        let detail = "an export of the service holds no series of system metrics, no console, no files, no definitions \
                      of metrics and no exit code";
        run.findings.push(SourceFinding::new(SourceCode::Loss, "", detail));
        if self.history.is_empty() {
            run.findings.push(SourceFinding::new(SourceCode::Missing, "", "no history is here"));
        }
        let lines = run.run.get("historyLineCount").and_then(Value::as_i64).and_then(|lines| u64::try_from(lines).ok());
        if let Some(lines) = lines.filter(|lines| *lines > run.history.rows && !self.history.is_empty()) {
            let detail = format!("the service has {lines} rows of history, {} are here", run.history.rows);
            run.findings.push(SourceFinding::new(SourceCode::Loss, "", detail));
        }
        run
    }
}

fn not_used(root: &Utf8Path, path: &Utf8Path) -> SourceFinding {
    let place = path.strip_prefix(root).unwrap_or(path).as_str();
    SourceFinding::new(SourceCode::Loss, place, "not read: another file here says the same more completely")
}

type Found = Vec<(SourceCode, String)>;

fn read_history(file: &History, name: Option<&str>, rows: &mut RowReader, points: &mut dyn Points) -> Found {
    let mut found = Vec::new();
    let result = match file.form {
        Form::JsonLines => table::json_lines(&file.path, &mut |members| rows.object(members, points)).map(|bad| {
            for line in bad {
                found.push((SourceCode::Damaged, format!("line {line} is not a JSON object")));
            }
        }),
        Form::Parts | Form::Parquet => {
            if file.form == Form::Parquet {
                found.push((SourceCode::Loss, sampled()));
            }
            parquet::rows(&file.path, &mut |mut members| {
                // A column that has no value in this row.
                members.retain(|(_, value)| *value != Value::Null);
                frame_row(members, rows, points);
            })
        }
        Form::Csv => csv(&file.path).map(|table| {
            found.push((SourceCode::Loss, sampled()));
            found.extend(bad_rows(&table));
            for row in table.rows {
                let cells = table.header.iter().zip(row.iter());
                let members = cells.filter_map(|(name, text)| Some((name.clone(), cell(text)?))).collect();
                frame_row(members, rows, points);
            }
        }),
        Form::Chart => file.chart().map(|chart| {
            found.push((
                SourceCode::Loss,
                "a chart holds the series that it shows, thinned out, and no times".to_owned(),
            ));
            if chart.is_unclear {
                let detail =
                    "columns are called `<run> - <key>`, and which ` - ` is meant is unclear; the last one was taken";
                found.push((SourceCode::Unsupported, detail.to_owned()));
            }
            if chart.others > 0 {
                let detail = format!("{} more columns are not of a run", chart.others);
                found.push((SourceCode::Unsupported, detail));
            }
            found.extend(bad_rows(&chart.table));
            chart.rows(name).for_each(|members| rows.object(members, points));
        }),
    };
    if let Err(detail) = result {
        found.push((SourceCode::Unreadable, detail));
    }
    found
}

fn sampled() -> String {
    "a data frame of `history()` is a sample of 500 rows unless more were asked for; gaps and NaN look the same in it"
        .to_owned()
}

fn bad_rows(table: &Csv) -> Found {
    match table.bad.as_slice() {
        [] => Found::new(),
        [row] => vec![(SourceCode::Damaged, format!("row {row} has not the cells of the header"))],
        [first, rest @ ..] => {
            let detail = format!("row {first} and {} more have not the cells of the header", rest.len());
            vec![(SourceCode::Damaged, detail)]
        }
    }
}

/// A row of a data frame, whose own row number says nothing of the run.
fn frame_row(mut members: Vec<(String, Value)>, rows: &mut RowReader, points: &mut dyn Points) {
    let count = members.len();
    members.retain(|(name, _)| !name.is_empty() && name != "__index_level_0__");
    (members.len()..count).for_each(|_| rows.row_number());
    rows.object(with_media(members), points);
}

/// Media objects that the service flattened with dots, put together again: a `…._type` says where
/// one is.
fn with_media(members: Vec<(String, Value)>) -> Vec<(String, Value)> {
    let is_type = |name: &String| name.strip_suffix("._type").map(str::to_owned);
    // Where each of them will stand in the row.
    let mut objects: HashMap<String, Option<usize>> =
        members.iter().filter_map(|(name, _)| Some((is_type(name)?, None))).collect();
    if objects.is_empty() {
        return members;
    }
    let mut row: Vec<(String, Value)> = Vec::new();
    for (name, value) in members {
        let dots = name.match_indices('.').take(MOST_DOTS);
        let prefix = dots.filter_map(|(dot, _)| name.get(..dot)).find(|prefix| objects.contains_key(*prefix));
        let Some((prefix, at)) = prefix.and_then(|prefix| Some((prefix, objects.get_mut(prefix)?))) else {
            row.push((name, value));
            continue;
        };
        let member = name.get(prefix.len() + 1..).unwrap_or_default().to_owned();
        let at = *at.get_or_insert_with(|| {
            row.push((prefix.to_owned(), Value::empty()));
            row.len() - 1
        });
        if let Some((_, object)) = row.get_mut(at) {
            object.put(&[member], value);
        }
    }
    row
}

fn named(key: &str, name: Option<&str>, root: &Utf8Path) -> Export {
    let mut run = Run { layout: Some("API export"), stated: Some(State::Unknown), ..Run::default() };
    if let Some(name) = name {
        run.run.put(&["display_name".to_owned()], Value::Text(name.to_owned()));
    }
    Export { key: key.to_owned(), id: key.to_owned(), run, history: Vec::new(), root: root.to_owned() }
}

/// Histories that no fields of a run lie beside: the run of a data frame, or those of a chart.
fn without_node(history: &[History], root: &Utf8Path) -> Vec<Export> {
    let Some(first) = history.first() else { return Vec::new() };
    if first.form != Form::Chart {
        let mut exports: BTreeMap<&str, Export> = BTreeMap::new();
        for file in history {
            // Parts belong together by run; else the most complete file names the run, and the
            // others are of it too.
            let id = id_of_file(if first.form == Form::Parts { file } else { first });
            exports.entry(id).or_insert_with(|| named(id, None, root)).history.push(file.clone());
        }
        return exports.into_values().collect();
    }
    let mut names: Vec<&String> = first.chart().map(|chart| chart.columns.keys().collect()).unwrap_or_default();
    names.sort_unstable();
    let exports = names.into_iter().map(|name| {
        let mut export = named(name, Some(name), root);
        export.history = history.to_vec();
        export
    });
    exports.collect()
}

/// `<entity>_<project>_<run>_<part>` names its run; any other file is named after itself.
fn id_of_file(file: &History) -> &str {
    let stem = file.path.file_stem().unwrap_or("run");
    stem.strip_suffix(".runhistory").and_then(|stem| stem.rsplit('_').nth(1)).unwrap_or(stem)
}

/// The runs of the loop over a project that W&B's guide shows: columns `name`, `config`, `summary`.
fn of_project(path: &Utf8Path, root: &Utf8Path) -> Vec<Export> {
    let Ok(table) = csv(path) else { return Vec::new() };
    let column = |name: &str| table.header.iter().position(|column| column == name);
    let (Some(names), Some(config), Some(summary)) = (column("name"), column("config"), column("summary")) else {
        return Vec::new();
    };
    let place = path.strip_prefix(root).unwrap_or(path).as_str();
    let bad = bad_rows(&table);
    let (mut exports, mut keys) = (Vec::new(), HashSet::new());
    for (number, row) in table.rows.iter().enumerate() {
        let text = |column: usize| row.get(column).unwrap_or_default();
        let name = Some(text(names)).filter(|name| !name.is_empty());
        // Names are not unique, and keys are.
        let taken = |key: &str| keys.contains(key);
        let key = name.map(str::to_owned).filter(|key| !taken(key)).unwrap_or_else(|| format!("row {}", number + 1));
        keys.insert(key.clone());
        let mut export = named(&key, name, root);
        for (what, column, tree) in
            [("config", config, &mut export.run.config), ("summary", summary, &mut export.run.summary)]
        {
            match cell(text(column)) {
                Some(mut object @ Value::Object(_)) => {
                    object.sort();
                    *tree = object;
                }
                None => {}
                Some(_) => {
                    export.run.run.put(&[what.to_owned()], Value::Text(text(column).to_owned()));
                    let detail = format!("the {what} of row {} is not a Python literal, and kept as text", number + 1);
                    export.run.findings.push(SourceFinding::new(SourceCode::Unsupported, place, detail));
                }
            }
        }
        let findings = bad.iter().map(|(code, detail)| SourceFinding::new(*code, place, detail));
        export.run.findings.extend(findings);
        exports.push(export);
    }
    exports
}
