//! Reads a journal back into a run.

use std::collections::BTreeMap;
use std::path::Path;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::Content;
use expbundle_format::container::SectionName;
use expbundle_format::record::{RecordBody, Status};
use expbundle_format::sections::{Damage, JsonSection as _, SourceSection};
use expbundle_format::time::Time;
use expbundle_format::{Code, Finding, Place, json};
use expbundle_series::{Point, SeriesError};
use expbundle_trackers::finding::{SourceCode, SourceFinding};
use expbundle_trackers::journal::{self, Description, JournalPoint, PointKind};
use serde_json::{Value, json};

use crate::error::{JournalError, RunError};
use crate::journal::Journal;
use crate::keep::Part;
use crate::lists::utf8;
use crate::run::{Run, sections_in};

/// A run that was read from a journal.
#[derive(Debug)]
pub struct Recovered {
    /// The run, to be finished as any other.
    pub run: Run,
    /// What could not be read, and which secrets the journal does not have. The bundle says the same
    /// in `source.json`.
    pub findings: Vec<Finding>,
}

/// What a bundle says of the journal that it was made from, if something is missing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Loss {
    damage: Vec<Damage>,
    secrets: BTreeMap<String, u64>,
}

impl Run {
    /// Reads the journal of a run that was not finished. The file is only read, and what the run is
    /// told from now on is in no journal.
    ///
    /// Unless it was told otherwise the run ended with its last point or event, and its status is
    /// `unknown`, for nothing proves that it failed.
    ///
    /// # Errors
    /// [`RunError::Journal`]: it cannot be read, or is none. Damaged lines are no error, but
    /// [`Recovered::findings`].
    pub fn recover(path: impl AsRef<Path>) -> Result<Recovered, RunError> {
        let (mut recovered, journal) = read(path.as_ref())?;
        let last = recovered.run.events.events.iter().filter_map(|event| event.time).max();
        let last = last.max(journal.last_ns.and_then(|last| Time::from_nanoseconds(last.into())));
        let body = recovered.run.draft.body_mut();
        body.status = body.status.or(Some(Status::Unknown));
        body.ended = body.ended.or(last.max(last.and(body.started)));
        Ok(recovered)
    }

    /// The same of a run that goes on: what it is told from now on is appended to the journal.
    ///
    /// # Errors
    /// Those of [`Run::recover`]; or another process writes the journal.
    pub fn resume(path: impl AsRef<Path>) -> Result<Recovered, RunError> {
        let path = path.as_ref();
        is_file(path)?;
        let mut journal = Journal::append(path)?;
        let (mut recovered, read) = read(path)?;
        if !read.ends_with_line {
            journal.ends_torn();
        }
        recovered.run.goes_on(journal);
        Ok(recovered)
    }
}

/// A run to begin with, and files of sections to tell it: an empty one and the
/// [sections in a folder](sections_in), or the run of a journal. Without a path there is nothing yet.
///
/// # Errors
/// Those of [`sections_in`] and [`Run::recover`].
pub fn begin(from: Option<&Utf8Path>) -> Result<(Recovered, BTreeMap<SectionName, Utf8PathBuf>), RunError> {
    let nothing = Recovered { run: Run::new(""), findings: Vec::new() };
    match from {
        Some(path) if path.is_file() => Ok((Run::recover(path)?, BTreeMap::new())),
        Some(folder) => Ok((nothing, sections_in(folder)?)),
        None => Ok((nothing, BTreeMap::new())),
    }
}

fn read(path: &Path) -> Result<(Recovered, journal::Journal), RunError> {
    is_file(path)?;
    let file = utf8(path)?;
    let mut run = Run::new("");
    let mut take = |point: JournalPoint<'_>| take(&mut run, point);
    let read = journal::read(&file, &mut take).map_err(|error| match error {
        RunError::Io(error) => wrong(path, JournalError::Io(error)),
        other => other,
    })?;
    let mut read = read.ok_or_else(|| wrong(path, JournalError::NotAJournal))?;
    let description = std::mem::take(&mut read.description);
    let mut findings = std::mem::take(&mut read.findings);
    describe(&mut run, &description, &file, &mut findings);
    let mut secrets = BTreeMap::<String, u64>::new();
    for kind in description.redacted.values().flat_map(BTreeMap::values) {
        *secrets.entry(kind.clone()).or_default() += 1;
    }
    let mut all: Vec<Finding> = findings.iter().map(finding).collect();
    for (place, kind) in description.redacted.values().flatten() {
        all.push(Finding::new(Code::SourceSecret, Place::entry(place), format!("left out of the journal ({kind})")));
    }
    if !findings.is_empty() || !secrets.is_empty() {
        let damage = findings.into_iter().map(|found| Damage {
            code: found.code.as_str().to_owned(),
            place: found.place,
            detail: found.detail,
        });
        run.loss = Some(Loss { damage: damage.collect(), secrets });
    }
    Ok((Recovered { run, findings: all }, read))
}

/// Refuses what is not a regular file before it is opened: to open a pipe is to wait for whoever
/// writes to it.
fn is_file(path: &Path) -> Result<(), RunError> {
    let found = std::fs::metadata(path).map_err(|error| wrong(path, JournalError::Io(error)))?;
    if found.is_file() { Ok(()) } else { Err(wrong(path, JournalError::NotAJournal)) }
}

fn wrong(path: &Path, why: JournalError) -> RunError {
    RunError::Journal { path: path.to_owned(), why }
}

fn finding(found: &SourceFinding) -> Finding {
    let code = found.code.as_str().parse().unwrap_or(Code::SourceDamaged);
    Finding::new(code, Place::entry(&found.place), &found.detail)
}

/// Takes a point; `false` if the format has no room for it.
fn take(run: &mut Run, point: JournalPoint<'_>) -> Result<bool, RunError> {
    let JournalPoint { kind, key, step, time_ns, value } = point;
    let point = Point { step, time_ns, value: value.value, text: value.text.as_deref() };
    let taken = match kind {
        PointKind::Metrics => run.log(key, point),
        PointKind::Telemetry => run.log_system(key, point),
        PointKind::Final => run.final_value(key, value.value.unwrap_or(f64::NAN)),
    };
    match taken {
        Ok(()) => Ok(true),
        Err(
            RunError::NotFinal { .. }
            | RunError::Series(
                SeriesError::KeyTooLong { .. } | SeriesError::TextTooLong { .. } | SeriesError::TooManyKeys,
            ),
        ) => Ok(false),
        Err(other) => Err(other),
    }
}

/// Tells the run what the journal says of it. What is not as the format has it is a finding.
fn describe(run: &mut Run, description: &Description, file: &Utf8Path, findings: &mut Vec<SourceFinding>) {
    let mut told = Vec::new();
    // The record lists its sections, so it comes first.
    let (record, others): (Vec<_>, Vec<_>) =
        description.values.iter().partition(|(name, _)| *name == Part::Record.name());
    for (name, value) in record.into_iter().chain(others) {
        told.push((name, set(run, name, value)));
    }
    for (name, bytes) in &description.bytes {
        told.push((name, set_bytes(run, name, bytes.clone())));
    }
    for (name, error) in told.into_iter().filter_map(|(name, told)| Some((name, told.err()?))) {
        let place = format!("{}/{name}", file.file_name().unwrap_or("journal"));
        findings.push(SourceFinding::new(SourceCode::Damaged, place, error.to_string()));
    }
    if run.context.title.trim().is_empty() {
        "recovered run".clone_into(&mut run.context.title);
        let place = format!("{}/context.json", file.file_name().unwrap_or("journal"));
        findings.push(SourceFinding::new(SourceCode::Missing, place, "the title is not there"));
    }
}

fn set(run: &mut Run, name: &str, value: &Value) -> Result<(), RunError> {
    let wrong = |source| RunError::Section { name: name.to_owned(), source };
    if name == Part::Record.name() {
        *run.draft.body_mut() = body(value).map_err(wrong)?;
    } else if name == Part::Events.name() {
        run.events = json::from_value(value).map_err(wrong)?;
    } else if name == Part::Cost.name() {
        run.cost = json::from_value(value).map_err(wrong)?;
    } else if name == Part::Evaluations.name() {
        run.evaluations = json::from_value(value).map_err(wrong)?;
    } else if name == Part::AllowedSecrets.name() {
        let names = value.get("names").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        run.allow_secrets = names.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    } else {
        let name = name.parse().map_err(|_| RunError::SectionName(name.into()))?;
        run.set_section(&name, json::value_to_bytes(value).map_err(wrong)?)?;
    }
    Ok(())
}

/// What the record says by itself. It has no sections yet, and a run makes none that is blinded
/// before its end.
fn body(value: &Value) -> Result<RecordBody, json::JsonError> {
    let mut value = value.clone();
    if let Some(members) = value.as_object_mut() {
        members.insert("sections".to_owned(), json!({}));
        members.remove("blinded");
        members.remove("critical");
    }
    json::from_value(&value)
}

fn set_bytes(run: &mut Run, name: &str, bytes: Vec<u8>) -> Result<(), RunError> {
    if name.starts_with("artifacts/") {
        run.draft.embed(Content::bytes(bytes))?;
        return Ok(());
    }
    let name = name.parse().map_err(|_| RunError::SectionName(name.into()))?;
    run.set_section(&name, bytes)
}

impl Loss {
    /// Says in `source.json` what is missing.
    pub fn tell(&self, draft: &mut expbundle::draft::Draft) -> Result<(), RunError> {
        let wrong = |source| RunError::Section { name: SourceSection::NAME.to_owned(), source };
        let name = SourceSection::name();
        let known = draft.sections().find(|(other, _)| **other == name).map(|(_, content)| content.clone());
        let mut source = match &known {
            Some(content) => {
                let bytes = content.read(u64::MAX)?;
                json::from_bytes(&bytes, &expbundle_format::limits::Limits::default()).map_err(wrong)?
            }
            None => SourceSection {
                tool: "expbundle".to_owned(),
                layout: Some("journal".to_owned()),
                ..SourceSection::default()
            },
        };
        source.damage.extend(self.damage.iter().cloned());
        for (kind, count) in &self.secrets {
            *source.account.secrets.entry(kind.clone()).or_default() += count;
        }
        if known.is_none() {
            return Ok(draft.json_section(&source)?);
        }
        let bytes = json::to_bytes(&source).map_err(wrong)?;
        Ok(draft.replace_section(&name, Content::bytes(bytes))?)
    }
}
