//! Numbers that no tracker logged: tables of points, parameters, final values, notes.

use camino::Utf8PathBuf;
use expbundle_run::format::record::Status;
use expbundle_run::format::sections::Event;
use expbundle_run::table::{Columns, Table};
use expbundle_run::{Param, Run, RunError, Time, each_once, event_of, known_status, name_and_number, name_and_value};
use expbundle_words::{Failure, table};

use crate::{files, terminal};

#[derive(Debug, clap::Args)]
pub struct Numbers {
    /// Table of metrics: CSV, JSON lines or Parquet. Either one row for each point, with the columns
    /// key, step, time, value and text, as `extract` writes them; or one column for each metric.
    /// Times are RFC 3339, or numbers since 1970; `-`: standard input
    #[arg(long, value_name = "FILE", value_parser = files::path)]
    metrics: Vec<Utf8PathBuf>,
    /// Table of system metrics, in the same form
    #[arg(long, value_name = "FILE", value_parser = files::path)]
    telemetry: Vec<Utf8PathBuf>,
    /// Column of the step in the tables [default: `step`, `_step` or `global_step`, else `epoch`]
    #[arg(long, value_name = "COLUMN")]
    step_column: Option<String>,
    /// Column of the time in the tables [default: `time`, `timestamp`, `_timestamp` or `wall_time`]
    #[arg(long, value_name = "COLUMN")]
    time_column: Option<String>,
    /// Parameter, e.g. lr=0.01. Numbers, `true`, `false`, `null`, lists and objects as in JSON keep
    /// their type; anything else is a string
    #[arg(long, value_name = "NAME=VALUE", value_parser = name_and_value)]
    param: Vec<(String, String)>,
    /// Final value of a metric, e.g. test/accuracy=0.93; a point without a step
    #[arg(long, value_name = "NAME=NUMBER", value_parser = name_and_number)]
    metric: Vec<(String, f64)>,
    /// Note in Markdown; several become paragraphs
    #[arg(long, value_name = "TEXT")]
    note: Vec<String>,
    /// Tag, a word to find it by; can be repeated
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// Event: its kind, time and description, e.g. `restart@2026-11-28T03:00:00Z=drained`; can be
    /// repeated. Kinds: preemption, out-of-memory, restart, checkpoint, alert, … or a word of your own
    #[arg(long, value_name = "KIND[@TIME][=TEXT]", value_parser = event_of)]
    event: Vec<Event>,
    /// How it ended: finished, failed, killed, crashed, …
    #[arg(long, value_parser = known_status)]
    status: Option<Status>,
    /// When it started, e.g. 2026-11-28T03:00:00Z
    #[arg(long, value_name = "TIME")]
    started: Option<Time>,
    /// When it ended
    #[arg(long, value_name = "TIME")]
    ended: Option<Time>,
}

impl Numbers {
    /// Tells them a run. What was read of the tables is printed.
    pub fn tell(&self, mut run: Run) -> Result<Run, Failure> {
        each_once("parameter", &self.param)?;
        each_once("metric", &self.metric)?;
        run.add_tags(self.tag.clone())?;
        run = self.started.into_iter().fold(run, Run::started);
        run.end(self.status, self.ended);
        for (name, value) in &self.param {
            run = run.param(name, Param::parse(value));
        }
        let notes = run.context().notes.take().into_iter().chain(self.note.iter().cloned());
        let notes: Vec<String> = notes.collect();
        run.context().notes = Some(notes.join("\n\n")).filter(|notes| !notes.is_empty());
        self.event.iter().try_for_each(|event| run.add_event(event.clone()))?;
        self.tables(&mut run)?;
        for (name, value) in &self.metric {
            run.final_value(name, *value)?;
        }
        Ok(run)
    }

    fn tables(&self, run: &mut Run) -> Result<(), Failure> {
        if self.metrics.is_empty() && self.telemetry.is_empty() {
            for (column, flag) in [(&self.step_column, "--step-column"), (&self.time_column, "--time-column")] {
                if column.is_some() {
                    return Err(Failure::usage(format!("`{flag}` needs a table"))
                        .help("give one with `--metrics` or `--telemetry`"));
                }
            }
        }
        let columns =
            Columns { step: self.step_column.as_deref(), time: self.time_column.as_deref(), is_one_run: false };
        let tables = self.metrics.iter().map(|path| (path, false));
        for (path, is_system) in tables.chain(self.telemetry.iter().map(|path| (path, true))) {
            let at = |error: &_| Failure::from(error).or_at(path.as_str());
            let table = Table::open(files::open(path)?).map_err(|error| at(&error))?;
            let read = if is_system { run.system_from(table, &columns) } else { run.metrics_from(table, &columns) };
            match read {
                Ok(reading) => terminal::talk(&table::words(path, &reading)),
                Err(RunError::Table(error)) => return Err(at(&error)),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
