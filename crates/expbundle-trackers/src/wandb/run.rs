//! A run out of its transaction log: what the last word on everything was.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Read};
use std::sync::mpsc::sync_channel;

use super::history::{HistoryCounts, Points};
use super::item::{Item, path_of};
use super::keys::Keys;
use super::log::{Log, Start};
use super::rows::{BATCHES, Batch, Queue, RowKind, Rows};
use super::schema;
use super::value::Value;
use crate::finding::{SourceCode, SourceFinding};
use crate::protobuf::{Content, Field, Fields};

/// A run, but for its points, which went to [`Points`] as they were read.
#[derive(Clone, Debug)]
pub struct Run {
    /// The last `run` record: ids, names, notes, tags, git, start.
    pub run: Value,
    /// The configuration at the end, `_wandb` among it.
    pub config: Value,
    /// The summary at the end. Users may overwrite it, so it is a truth of its own.
    pub summary: Value,
    /// The environment, of all its records.
    pub environment: Value,
    /// Program and version that wrote the log.
    pub producer: Option<String>,
    /// Telemetry, of all its records.
    pub telemetry: Value,
    /// Definitions of metrics: goals, x axes, globs.
    pub metrics: Vec<Value>,
    /// Logged artifacts, each draft once for every record.
    pub artifacts: Vec<Value>,
    /// Artifacts that were used, by name.
    pub used_artifacts: Vec<Value>,
    /// Files that were to be saved.
    pub files: Vec<Value>,
    /// Alerts.
    pub alerts: Vec<Value>,
    /// Console output, in pieces as they came.
    pub console: Vec<ConsolePiece>,
    /// The end, if the run came to one.
    pub exit: Option<Exit>,
    /// How often the run was about to be preempted.
    pub preempting: u64,
    /// Folders of `TensorBoard`.
    pub tensorboard: Vec<Value>,
    /// Records of the log by kind.
    pub records: BTreeMap<&'static str, u64>,
    /// Of history, counted where it was read.
    pub history: HistoryCounts,
    /// Rows of system metrics, and their values.
    pub system_rows: u64,
    /// Values in them.
    pub system_values: u64,
    /// Updates and removals of the configuration, the summary.
    pub config_items: u64,
    /// What kind of source it is out of, where that is not a log.
    pub layout: Option<&'static str>,
    /// How it stands, where the source says so itself.
    pub stated: Option<State>,
    /// What was broken.
    pub findings: Vec<SourceFinding>,
}

/// Console output as it came: not lines, but what was written at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsolePiece {
    /// `stdout` or `stderr`.
    pub stream: &'static str,
    /// Nanoseconds since 1970.
    pub time_ns: Option<i64>,
    /// The text, with control codes.
    pub text: String,
}

/// The end of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit {
    /// 0 if all went well.
    pub code: i64,
    /// Whole seconds that it took.
    pub runtime_seconds: i64,
}

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It ended with code 0.
    Finished,
    /// It ended with another code.
    Failed,
    /// It stopped without an end, as the service found.
    Crashed,
    /// It was running when the service was asked.
    Running,
    /// It was ended from outside.
    Killed,
    /// The source does not say, or in a word that this version does not know. A log without an end is
    /// that of a run that crashed, was killed, or is still running.
    Unknown,
}

impl Default for Run {
    fn default() -> Self {
        let empty = Value::empty;
        Self {
            run: empty(),
            config: empty(),
            summary: empty(),
            environment: empty(),
            producer: None,
            telemetry: empty(),
            metrics: Vec::new(),
            artifacts: Vec::new(),
            used_artifacts: Vec::new(),
            files: Vec::new(),
            alerts: Vec::new(),
            console: Vec::new(),
            exit: None,
            preempting: 0,
            tensorboard: Vec::new(),
            records: BTreeMap::new(),
            history: HistoryCounts::default(),
            system_rows: 0,
            system_values: 0,
            config_items: 0,
            layout: None,
            stated: None,
            findings: Vec::new(),
        }
    }
}

impl Run {
    /// Its id.
    pub fn id(&self) -> Option<&str> {
        self.text("run_id")
    }

    /// A text of the run record that is not empty.
    pub fn text(&self, member: &str) -> Option<&str> {
        self.run.get(member).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// When it started, in nanoseconds since 1970.
    pub fn started_ns(&self) -> Option<i64> {
        self.run.get("start_time").and_then(Value::as_i64)
    }

    /// The run whose history this one continues from a step: another one, or an earlier part of
    /// itself.
    pub fn branch_run(&self) -> Option<&str> {
        self.run.get("branch_point")?.get("run").and_then(Value::as_str).filter(|run| !run.is_empty())
    }

    /// How it stands.
    pub fn state(&self) -> State {
        if let Some(state) = self.stated {
            return state;
        }
        match self.exit {
            Some(Exit { code: 0, .. }) => State::Finished,
            Some(_) => State::Failed,
            None => State::Unknown,
        }
    }
}

/// Reads a log. Damage is in the findings; everything intact is in the run or went to `points`.
///
/// Rows of points are decoded by a second thread, for they are nearly all of a long log.
pub fn read_log(
    source: impl Read,
    place: &str,
    points: &mut (dyn Points + Send),
    progress: &dyn Fn(u64),
) -> io::Result<Run> {
    let (start, mut log) = Log::new(source, place)?;
    let mut reader = Reader::default();
    let mut has_records = false;
    match start {
        Start::Log | Start::Foreign => {
            let rows = std::thread::scope(|scope| {
                let (sender, batches) = sync_channel(BATCHES);
                let decoder = scope.spawn(move || Rows::read(&batches, points));
                let mut queue = Queue { sender, batch: Batch::default() };
                let mut bytes = 0;
                while let Some(record) = log.next()? {
                    has_records = true;
                    reader.record(record, &mut queue);
                    bytes += record.len() as u64;
                    if bytes > 1 << 20 {
                        progress(bytes);
                        bytes = 0;
                    }
                }
                progress(bytes);
                queue.send();
                drop(queue);
                Ok::<_, io::Error>(decoder.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            })?;
            reader.take_rows(rows);
            let is_log = start == Start::Log;
            if is_log && !has_records {
                reader.find(SourceCode::Truncated, place, "the log has no record: the run died before it wrote one");
            } else if !is_log {
                return Ok(reader.foreign(log.into_findings(), place, has_records));
            }
        }
        Start::Empty => {
            reader.find(SourceCode::Truncated, place, "the log is empty: the run died before it wrote anything");
        }
    }
    Ok(reader.finish(log.into_findings(), place))
}

/// Values of configuration and summary that are taken apart; the rest stays text. Real ones have
/// some thousands.
const MOST_VALUES: usize = 1 << 19;

struct Reader {
    run: Run,
    /// How many more values are taken apart.
    left: usize,
    summary_keys: Keys,
    /// Index of the item of each key: one path may be written in several ways.
    summary_items: Vec<usize>,
    summary_paths: HashMap<Vec<String>, usize>,
    summary: Vec<SummaryItem>,
    summary_order: u64,
    last_number: u64,
    gaps: Vec<(u64, u64)>,
    unknown: u64,
    unparsable: u64,
}

/// The last value of a path of the summary, as it was written, and when.
struct SummaryItem {
    path: Vec<String>,
    order: u64,
    json: Vec<u8>,
    removed: bool,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            run: Run::default(),
            left: MOST_VALUES,
            summary_keys: Keys::default(),
            summary_items: Vec::new(),
            summary_paths: HashMap::new(),
            summary: Vec::new(),
            summary_order: 0,
            last_number: 0,
            gaps: Vec::new(),
            unknown: 0,
            unparsable: 0,
        }
    }
}

impl Reader {
    fn find(&mut self, code: SourceCode, place: &str, detail: impl Into<String>) {
        self.run.findings.push(SourceFinding::new(code, place, detail));
    }

    fn record(&mut self, record: &[u8], rows: &mut Queue) {
        let mut number = 0;
        let mut kind = None;
        let mut fields = Fields::new(record);
        for Field { number: field, content } in fields.by_ref() {
            match (field, content) {
                (1, content) => number = content.number(),
                (16 | 19 | 200, _) => {}
                (field, Content::Bytes(message)) => kind = Some((field, message)),
                _ => {}
            }
        }
        let Some((field, message)) = kind.filter(|_| !fields.broken) else {
            self.unparsable += 1;
            return;
        };
        // 0.12 writes no numbers at all.
        if number > 0 {
            if number > self.last_number + 1 {
                self.gaps.push((self.last_number + 1, number - 1));
            }
            self.last_number = number;
        }
        let name = self.dispatch(field, message, rows);
        *self.run.records.entry(name).or_default() += 1;
    }

    fn dispatch(&mut self, field: u32, message: &[u8], rows: &mut Queue) -> &'static str {
        let run = &mut self.run;
        match field {
            2 => {
                rows.push(RowKind::History, message);
                return "history";
            }
            3 => {
                self.summary(message);
                return "summary";
            }
            4 | 13 => {
                run.console.push(console_piece(message));
                return if field == 4 { "output" } else { "output_raw" };
            }
            5 => {
                self.config(message);
                return "config";
            }
            7 => {
                rows.push(RowKind::System, message);
                return "stats";
            }
            17 => {
                self.run_record(message);
                return "run";
            }
            _ => {}
        }
        match field {
            6 => {
                if let Some(Value::List(files)) = schema::decode(message, schema::FILES).get("files") {
                    run.files.extend(files.iter().cloned());
                }
                "files"
            }
            8 => {
                run.artifacts.push(schema::decode(message, schema::ARTIFACT));
                "artifact"
            }
            9 => {
                run.tensorboard.push(schema::decode(message, schema::TENSORBOARD));
                "tbrecord"
            }
            10 => {
                run.alerts.push(schema::decode(message, schema::ALERT));
                "alert"
            }
            11 => {
                merge(&mut run.telemetry, schema::decode(message, schema::TELEMETRY));
                "telemetry"
            }
            12 => {
                run.metrics.push(schema::decode(message, schema::METRIC));
                "metric"
            }
            18 => {
                let exit = schema::decode(message, schema::EXIT);
                let integer = |member: &str| exit.get(member).and_then(Value::as_i64).unwrap_or(0);
                run.exit = Some(Exit { code: integer("exit_code"), runtime_seconds: integer("runtime") });
                "exit"
            }
            20 => "final",
            21 => {
                let header = schema::decode(message, schema::HEADER);
                let producer = header.get("version_info").and_then(|info| info.get("producer"));
                run.producer = producer.and_then(Value::as_str).map(str::to_owned);
                "header"
            }
            22 => "footer",
            23 => {
                run.preempting += 1;
                "preempting"
            }
            24 => "noop_link_artifact",
            25 => {
                run.used_artifacts.push(schema::decode(message, schema::USE_ARTIFACT));
                "use_artifact"
            }
            26 => {
                merge(&mut run.environment, schema::decode(message, schema::ENVIRONMENT));
                "environment"
            }
            27 => {
                let line = schema::decode(message, schema::LOGGER);
                let text = line.get("line").and_then(Value::as_str).unwrap_or_default().to_owned();
                run.console.push(ConsolePiece { stream: "stdout", time_ns: None, text });
                "output_logger"
            }
            100 => "request",
            _ => {
                self.unknown += 1;
                "unknown"
            }
        }
    }

    /// Each change of name, notes or tags writes the whole record again: the last wins, but for
    /// what later ones leave out.
    fn run_record(&mut self, message: &[u8]) {
        for field in Fields::new(message) {
            match field.number {
                4 => self.config(field.content.bytes()),
                5 => self.summary(field.content.bytes()),
                19 => merge(&mut self.run.telemetry, schema::decode(field.content.bytes(), schema::TELEMETRY)),
                _ => {}
            }
        }
        let mut record = schema::decode(message, schema::RUN);
        for taken in ["config", "summary", "telemetry"] {
            record.remove(&[taken.to_owned()]);
        }
        self.run.run = record;
    }

    fn config(&mut self, message: &[u8]) {
        for field in Fields::new(message) {
            let item = Item::read(field.content.bytes());
            let path = path_of(item.key);
            self.run.config_items += 1;
            match field.number {
                1 => match Value::parse_within(&String::from_utf8_lossy(item.value.json()), &mut self.left) {
                    Some(value) => self.run.config.put(&path, value),
                    None => self.find(
                        SourceCode::Damaged,
                        "config",
                        format!("the value of `{}` cannot be read", path.join(".")),
                    ),
                },
                2 => self.run.config.remove(&path),
                _ => {}
            }
        }
    }

    /// Two records for each row, half of the file: only the last value of each path counts, so none
    /// is decoded yet.
    fn summary(&mut self, message: &[u8]) {
        self.summary_order += 1;
        for (position, field) in Fields::new(message).enumerate() {
            let (key, value) = self.summary_keys.read(field.content.bytes(), position);
            if key == self.summary_items.len() {
                self.learn_summary(key);
            }
            let index = self.summary_items.get(key).copied().unwrap_or_default();
            let Some(last) = self.summary.get_mut(index) else { continue };
            last.order = self.summary_order;
            last.removed = field.number == 2;
            last.json.clear();
            last.json.extend_from_slice(value.json());
        }
    }

    fn learn_summary(&mut self, key: usize) {
        let path = path_of(self.summary_keys.get(key));
        let index = *self.summary_paths.entry(path.clone()).or_insert(self.summary.len());
        if index == self.summary.len() {
            self.summary.push(SummaryItem { path, order: 0, json: Vec::new(), removed: false });
        }
        self.summary_items.push(index);
    }

    fn take_rows(&mut self, rows: Rows) {
        self.run.history = rows.history.counts();
        self.run.system_rows = rows.systems;
        self.run.system_values = rows.system_values;
        self.run.findings.extend(rows.findings);
    }

    /// A file that does not begin as a log does. Records whose checksums fit were written as such.
    fn foreign(mut self, mut damage: Vec<SourceFinding>, place: &str, has_records: bool) -> Run {
        if has_records {
            let detail = "the first bytes are not those of a W&B log of version 0; the records behind them were read";
            damage.insert(0, SourceFinding::new(SourceCode::Damaged, place, detail));
        } else {
            let detail = "the file does not begin as a W&B log of version 0 does, and holds no record";
            damage = vec![SourceFinding::new(SourceCode::Unsupported, place, detail)];
            self.run.stated = Some(State::Unknown);
        }
        self.finish(damage, place)
    }

    fn finish(mut self, damage: Vec<SourceFinding>, place: &str) -> Run {
        // The end may stand in what is lost.
        let is_damaged = damage.iter().any(|finding| finding.code == SourceCode::Damaged);
        if self.run.exit.is_none() && (is_damaged || !self.gaps.is_empty() || self.unparsable > 0) {
            self.run.stated = Some(State::Unknown);
        }
        let mut items = std::mem::take(&mut self.summary);
        // In the order in which they were written: a longer path goes into the object of a shorter
        // one, or replaces it.
        items.sort_by(|a, b| (a.order, &a.path).cmp(&(b.order, &b.path)));
        for SummaryItem { path, json, removed, .. } in items {
            if removed {
                self.run.summary.remove(&path);
            } else if let Some(value) = Value::parse_within(&String::from_utf8_lossy(&json), &mut self.left) {
                self.run.summary.put(&path, value);
            } else {
                self.find(SourceCode::Damaged, "summary", format!("the value of `{}` cannot be read", path.join(".")));
            }
        }
        self.run.findings.splice(0..0, damage);
        for (first, last) in std::mem::take(&mut self.gaps) {
            self.find(SourceCode::Damaged, place, format!("records {first} to {last} are missing"));
        }
        if self.unparsable > 0 {
            let detail = format!("{} records cannot be read", self.unparsable);
            self.find(SourceCode::Damaged, place, detail);
        }
        if self.unknown > 0 {
            let detail = format!("{} records are of a kind that this version does not know", self.unknown);
            self.find(SourceCode::Unsupported, place, detail);
        }
        if self.run.history.broken > 0 {
            let detail = format!("{} values of the history cannot be read", self.run.history.broken);
            self.find(SourceCode::Damaged, place, detail);
        }
        for tree in [&mut self.run.config, &mut self.run.summary, &mut self.run.environment, &mut self.run.telemetry] {
            tree.sort();
        }
        self.run
    }
}

/// Takes what is set in a later record over into what earlier ones said.
fn merge(into: &mut Value, later: Value) {
    let Value::Object(members) = later else { return };
    for (name, value) in *members {
        into.put(&[name], value);
    }
}

fn console_piece(message: &[u8]) -> ConsolePiece {
    let piece = schema::decode(message, schema::OUTPUT);
    ConsolePiece {
        // 0, which is not written, is stderr.
        stream: if piece.get("output_type").and_then(Value::as_i64) == Some(1) { "stdout" } else { "stderr" },
        time_ns: piece.get("timestamp").and_then(Value::as_i64),
        text: piece.get("line").and_then(Value::as_str).unwrap_or_default().to_owned(),
    }
}
