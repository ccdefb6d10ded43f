//! `trainer_state.json`: how far a training came, and its history.

use std::collections::HashSet;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::io::BufReader;

use camino::Utf8Path;

use super::pieces::{self, End, Piece};
use crate::finding::{SourceCode, SourceFinding};
use crate::series::{At, Series};
use crate::text::{open_file, skip_mark};
use crate::wandb::{Members, Value};

/// The list of the state that has the history.
const HISTORY: &str = "log_history";
/// The row that ends a training has this.
const END: &str = "train_runtime";
/// Findings of one file.
const MOST_FINDINGS: usize = 100;
const BUFFER_BYTES: usize = 1 << 16;

/// The state of a training.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Its members, the history aside.
    pub members: Members,
    /// Rows of the history.
    pub rows: u64,
    /// Numbers in the rows that went to the series.
    pub numbers: u64,
    /// Other values there.
    pub texts: u64,
    /// Rows that cannot be read.
    pub damaged: u64,
    /// What the training came to, once for each time that it came to its end.
    pub ends: Vec<Value>,
    /// What could not be read.
    pub findings: Vec<SourceFinding>,
    /// Whether the file was read to its end.
    pub is_whole: bool,
}

/// Rows of a history, by their hashes: a long history is as short as that.
pub(super) type Seen = HashSet<u64>;

/// What is done with the rows of a history.
pub(super) enum Rows<'a> {
    /// Only their hashes are kept.
    Remember(&'a mut Seen),
    /// They go to the series.
    Points(&'a mut dyn Series),
    /// Those that are not known are given.
    Unknown(&'a Seen, &'a mut dyn FnMut(Value)),
}

impl State {
    /// Reads a file. What cannot be read is a finding.
    pub(super) fn read(path: &Utf8Path, place: &str, mut rows: Rows<'_>) -> Self {
        let mut state = Self::default();
        let file = match open_file(path) {
            Ok(Some(file)) => file,
            Ok(None) => {
                state.find(SourceCode::Unreadable, place, "it is not a regular file".to_owned());
                return state;
            }
            Err(error) => {
                state.find(SourceCode::Unreadable, place, error.to_string());
                return state;
            }
        };
        let mut input = BufReader::with_capacity(BUFFER_BYTES, file);
        let end = skip_mark(&mut input)
            .and_then(|()| pieces::read(&mut input, HISTORY, &mut |piece| state.piece(piece, place, &mut rows)));
        match end {
            Ok(End::Whole) => state.is_whole = true,
            Ok(End::Cut) => state.find(SourceCode::Truncated, place, "the file ends before its end".to_owned()),
            Ok(End::None) => state.find(SourceCode::Damaged, place, "the file is not a JSON object".to_owned()),
            Err(error) => state.find(SourceCode::Unreadable, place, error.to_string()),
        }
        state
    }

    fn find(&mut self, code: SourceCode, place: &str, detail: String) {
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(SourceFinding::new(code, place, detail));
        }
    }

    fn piece(&mut self, piece: Piece<'_>, place: &str, rows: &mut Rows<'_>) {
        match piece {
            Piece::Member(name, text) => match Value::parse(text) {
                Some(value) => {
                    self.members.insert(name.to_owned(), value);
                }
                None => self.find(SourceCode::Damaged, place, format!("the value of `{name}` cannot be read")),
            },
            Piece::Item(text) => {
                self.rows += 1;
                self.row(text, place, rows);
            }
            Piece::Damaged(detail) => self.find(SourceCode::Damaged, place, detail),
            Piece::Unsupported(detail) => self.find(SourceCode::Unsupported, place, detail),
        }
    }

    fn row(&mut self, text: &str, place: &str, rows: &mut Rows<'_>) {
        let hash = || BuildHasherDefault::<DefaultHasher>::default().hash_one(text);
        match rows {
            Rows::Remember(seen) => {
                seen.insert(hash());
                return;
            }
            Rows::Unknown(seen, _) if seen.contains(&hash()) => return,
            Rows::Unknown(..) | Rows::Points(_) => {}
        }
        let Some(Value::Object(members)) = Value::parse(text) else {
            self.damaged += 1;
            self.find(SourceCode::Damaged, place, format!("row {} of the history cannot be read", self.rows));
            return;
        };
        match rows {
            Rows::Unknown(_, take) => take(Value::Object(members)),
            Rows::Points(_) if members.contains_key(END) => self.ends.push(Value::Object(members)),
            Rows::Points(series) => self.points(&members, &mut **series),
            Rows::Remember(_) => {}
        }
    }

    /// Each member of a row but its step is a point.
    fn points(&mut self, members: &Members, series: &mut (dyn Series + '_)) {
        let step = members.get("step").and_then(Value::as_i64);
        let at = At { step, time_ns: None };
        for (name, value) in members.iter().filter(|(name, _)| *name != "step" || step.is_none()) {
            if let Some(number) = value.as_f64() {
                self.numbers += 1;
                let digits = digits(value, number);
                let key = series.key(name);
                series.number(key, at, number, digits);
            } else {
                self.texts += 1;
                match value {
                    Value::Text(text) => series.text(name, at, text),
                    other => series.text(name, at, &other.to_string()),
                }
            }
        }
    }

    /// Adds rows that only an earlier state has.
    pub(super) fn add(&mut self, row: &Value, series: &mut (dyn Series + '_)) {
        self.rows += 1;
        match row {
            Value::Object(members) if members.contains_key(END) => self.ends.push(row.clone()),
            Value::Object(members) => self.points(members, series),
            _ => {}
        }
    }

    /// How many steps the training had done.
    pub fn step(&self) -> Option<i64> {
        self.members.get("global_step")?.as_i64()
    }
}

/// The digits of an integer that no float is equal to.
fn digits(value: &Value, number: f64) -> Option<&str> {
    let Value::Integer(digits) = value else { return None };
    (digits.len() > 15 && number.to_string() != *digits).then_some(digits)
}
