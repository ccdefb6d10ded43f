//! A run in the making.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufWriter};
use std::path::Path;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::Content;
use expbundle::draft::{Draft, OneRecord};
use expbundle::verify::Intact;
use expbundle_convert::blind::blind;
use expbundle_convert::series::{Section, summary};
use expbundle_convert::table::{self, Columns, Reading, Table, TableError};
use expbundle_convert::{Options, apart, audit, declared};
use expbundle_format::container::SectionName;
use expbundle_format::limits::Limits;
use expbundle_format::record::{Kind, Parent, RecordBody, Source, Status, Word, role};
use expbundle_format::sections::{self, Artifacts, Context, Direction, Identity, JsonSection, Recipe, Summary};
use expbundle_format::time::Time;
use expbundle_format::{RecordId, json};
use expbundle_lineage::relation;
use expbundle_series::{ConsoleReader, KeySummary, Point, SeriesError, SeriesReader, SeriesWriter};
use serde_json::Value;

use crate::error::RunError;
use crate::param::Param;

/// A run in the making: tell it what went in, what happened and what came out, and
/// [finish](Run::finish) it.
///
/// What a run is told is kept in memory, but for points, which go to a temporary file once there
/// are many. Files are hashed and not copied.
#[derive(Debug)]
pub struct Run {
    draft: Draft,
    context: Context,
    recipe: Recipe,
    artifacts: Artifacts,
    identity: Identity,
    summary: Summary,
    metrics: SeriesWriter,
    telemetry: SeriesWriter,
    /// Keys that have one value without a step.
    finals: BTreeSet<String>,
    allow_secrets: Vec<String>,
}

/// Sections of which the run is told by calls of their own, and which are made when it is finished.
const MADE_AT_THE_END: [&str; 5] = [Context::NAME, Recipe::NAME, Artifacts::NAME, Identity::NAME, Summary::NAME];

impl Run {
    /// A run with a title: one line that says what was done.
    pub fn new(title: impl Into<String>) -> Self {
        Self::of_kind(Kind::Run, title)
    }

    /// Something that came to be in no run that anybody recorded, like a model from elsewhere
    /// (spec/record.md).
    pub fn origin(title: impl Into<String>) -> Self {
        Self::of_kind(Kind::Origin, title)
    }

    fn of_kind(kind: Kind, title: impl Into<String>) -> Self {
        Self {
            draft: Draft::new(RecordBody::new(kind)),
            context: Context { title: title.into(), ..Context::default() },
            recipe: Recipe::default(),
            artifacts: Artifacts::default(),
            identity: Identity::default(),
            summary: Summary::default(),
            metrics: SeriesWriter::new(),
            telemetry: SeriesWriter::new(),
            finals: BTreeSet::new(),
            allow_secrets: Vec::new(),
        }
    }

    /// When it started.
    #[must_use]
    pub fn started(mut self, time: Time) -> Self {
        self.draft.body_mut().started = Some(time);
        self
    }

    /// When it ended.
    #[must_use]
    pub fn ended(mut self, time: Time) -> Self {
        self.draft.body_mut().ended = Some(time);
        self
    }

    /// How it ended.
    #[must_use]
    pub fn status(mut self, status: Status) -> Self {
        self.draft.body_mut().status = Some(status);
        self
    }

    /// The tool that tracked it, and that tool's id of it.
    #[must_use]
    pub fn tracked_by(mut self, tool: impl Into<String>, run: impl Into<String>) -> Self {
        self.draft.body_mut().source = Some(Source { tool: tool.into(), run: run.into() });
        self
    }

    /// Notes in Markdown.
    #[must_use]
    pub fn notes(mut self, notes: impl Into<String>) -> Self {
        self.context.notes = Some(notes.into());
        self
    }

    /// A word to find it by.
    #[must_use]
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.context.tags.push(tag.into());
        self
    }

    /// A parameter. The last value of a name counts.
    #[must_use]
    pub fn param(mut self, name: impl Into<String>, value: impl Into<Param>) -> Self {
        self.recipe.parameters.insert(name.into(), value.into().into_value());
        self
    }

    /// The rest of the story: purpose, hypothesis, labels, groups, links.
    pub fn context(&mut self) -> &mut Context {
        &mut self.context
    }

    /// The rest of the recipe: code, environment, hardware, seeds.
    pub fn recipe(&mut self) -> &mut Recipe {
        &mut self.recipe
    }

    /// Names of people and machines, which can be withheld. Where they stand in other sections, a
    /// marker takes their place.
    pub fn identity(&mut self) -> &mut Identity {
        &mut self.identity
    }

    /// What is known of the artifacts: names, metadata, licences. Those of [`Run::input`] and
    /// [`Run::output`] are here already.
    pub fn artifacts(&mut self) -> &mut Artifacts {
        &mut self.artifacts
    }

    /// What the source itself calls its summary. The lines of series are computed from the points.
    pub fn summary(&mut self) -> &mut Summary {
        &mut self.summary
    }

    /// Keeps what looks like a secret of these kinds, or at these places: for false alarms.
    #[must_use]
    pub fn allow_secrets(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.allow(names);
        self
    }

    /// The same, of a run that goes on.
    pub fn allow(&mut self, names: impl IntoIterator<Item = String>) {
        self.allow_secrets.extend(names);
    }

    /// A file or folder that went in, by its role: `model`, `dataset`, `config`, …
    /// (spec/relations.toml), or a URI of your own.
    ///
    /// The file is hashed and not copied; a folder is recorded whole or not at all.
    pub fn input(mut self, role: &str, path: impl AsRef<Path>) -> Result<Self, RunError> {
        self.add_file(Direction::Input, &known_role(role)?, path.as_ref())?;
        Ok(self)
    }

    /// A file or folder that came out, in the same way.
    pub fn output(mut self, role: &str, path: impl AsRef<Path>) -> Result<Self, RunError> {
        self.add_file(Direction::Output, &known_role(role)?, path.as_ref())?;
        Ok(self)
    }

    /// A file or folder of any role, also of one that only its writer knows: such a role carries no
    /// lineage.
    pub fn add_file(&mut self, direction: Direction, role: &Word, path: &Path) -> Result<(), RunError> {
        let path = utf8(path)?;
        let file = [(role.clone(), path.clone())];
        let mut options = Options { allow_secrets: &self.allow_secrets, ..Options::default() };
        match direction {
            Direction::Input => options.inputs = &file,
            Direction::Output => options.outputs = &file,
        }
        let draft = &mut self.draft;
        let listed = declared::list(&mut self.artifacts.artifacts, &options, |tree| {
            let listing = tree.to_bytes();
            let size = listing.len() as u64;
            Ok::<_, RunError>((draft.embed(Content::bytes(listing))?, size))
        })?;
        for (direction, listed) in &listed {
            let body = self.draft.body();
            let known = match direction {
                Direction::Input => &body.inputs,
                Direction::Output => &body.outputs,
            };
            if known.contains(listed) {
                return Err(RunError::Twice { path, role: role.to_string() });
            }
        }
        declared::list_in(self.draft.body_mut(), listed);
        Ok(())
    }

    /// A record that this one follows from, and how: `fine-tuned-from`, `quantized-from`, …
    /// (spec/relations.toml), or a URI of your own.
    pub fn derived_from(mut self, parent: &Intact, record: RecordId, relation: &str) -> Result<Self, RunError> {
        self.add_parent(parent, record, known_relation(relation)?)?;
        Ok(self)
    }

    /// The same by any relation.
    pub fn add_parent(&mut self, parent: &Intact, record: RecordId, relation: Word) -> Result<(), RunError> {
        let record = parent.records().get(&record).ok_or(RunError::NoRecord(record))?;
        self.draft.body_mut().parents.push(Parent { record: record.digest(), relation });
        Ok(())
    }

    /// The models and data that a record put out become inputs of this run, without their files at
    /// hand.
    pub fn takes_outputs_of(&mut self, parent: &Intact, record: RecordId) -> Result<(), RunError> {
        let record = parent.records().get(&record).ok_or(RunError::NoRecord(record))?;
        let made = record.body().outputs.iter().filter(|output| role::carries_lineage(&output.role));
        self.draft.body_mut().inputs.extend(made.cloned());
        Ok(())
    }

    /// A value of a metric at a step.
    pub fn point(&mut self, key: &str, step: i64, value: f64) -> Result<(), RunError> {
        self.log(key, Point { step: Some(step), value: Some(value), ..Point::default() })
    }

    /// A point of a metric: with a step, a time in nanoseconds since 1970, a number, a text.
    pub fn log(&mut self, key: &str, point: Point<'_>) -> Result<(), RunError> {
        let id = self.metrics.key(key)?;
        Ok(self.metrics.push(id, point)?)
    }

    /// The final value of a metric that has no other points.
    pub fn final_value(&mut self, key: &str, value: f64) -> Result<(), RunError> {
        if !self.finals.insert(key.to_owned()) {
            return Err(RunError::NotFinal { key: key.to_owned() });
        }
        self.log(key, Point { value: Some(value), ..Point::default() })
    }

    /// A point of a system metric: the load of a processor, the memory of a card.
    pub fn log_system(&mut self, key: &str, point: Point<'_>) -> Result<(), RunError> {
        let id = self.telemetry.key(key)?;
        Ok(self.telemetry.push(id, point)?)
    }

    /// The points of a table that any program wrote: CSV, JSON lines or Parquet
    /// ([`expbundle_convert::table`]). What was guessed and what was left out is in the [`Reading`].
    pub fn metrics_from(&mut self, table: Table, columns: &Columns<'_>) -> Result<Reading, RunError> {
        Ok(read(&mut self.metrics, table, columns)?)
    }

    /// System metrics of a table, in the same way.
    pub fn system_from(&mut self, table: Table, columns: &Columns<'_>) -> Result<Reading, RunError> {
        Ok(read(&mut self.telemetry, table, columns)?)
    }

    /// Any other JSON section of the format: `cost.json`, `evaluations.json`, `events.json`, …
    pub fn section<S: JsonSection>(&mut self, section: &S) -> Result<(), RunError> {
        if MADE_AT_THE_END.contains(&S::NAME) {
            return Err(RunError::OwnSection(S::NAME.to_owned()));
        }
        Ok(self.draft.json_section(section)?)
    }

    /// A section by its name and bytes. JSON is held to its schema and written in the fixed form;
    /// Parquet must have the fixed profile; what the format does not know goes in as it is.
    /// Context, recipe, identity and summary take the place of what was told before; artifacts are
    /// added to those of the files.
    pub fn file_section(&mut self, name: &SectionName, bytes: Vec<u8>) -> Result<(), RunError> {
        let limits = Limits::default();
        let wrong = |source| RunError::Section { name: name.to_string(), source };
        let text = name.as_str();
        if MADE_AT_THE_END.contains(&text) {
            return match text {
                Context::NAME => given(&mut self.context, &bytes),
                Recipe::NAME => given(&mut self.recipe, &bytes),
                Artifacts::NAME => {
                    let known = std::mem::take(&mut self.artifacts.artifacts);
                    given(&mut self.artifacts, &bytes).map(|()| self.artifacts.artifacts.extend(known))
                }
                Identity::NAME => given(&mut self.identity, &bytes),
                _ => given(&mut self.summary, &bytes),
            };
        }
        match text.rsplit('.').next() {
            Some("json") => {
                sections::check(name, &bytes, &limits).map_err(wrong)?;
                let value = json::parse(&bytes, &limits).map_err(wrong)?;
                let bytes = json::to_bytes(&value).map_err(wrong)?;
                self.draft.section(text, sections::JSON, Content::bytes(bytes))?;
            }
            Some("parquet") => {
                let content = Content::bytes(bytes);
                readable(text, &content).map_err(|source| RunError::Parquet { name: text.to_owned(), source })?;
                self.draft.section(text, sections::PARQUET, content)?;
            }
            _ => self.draft.section(text, "application/octet-stream", Content::bytes(bytes))?,
        }
        Ok(())
    }

    /// The bundle of this one record, unsigned, checked as a bundle from elsewhere would be.
    pub fn finish(self) -> Result<Intact, RunError> {
        checked(&self.gathered()?)
    }

    /// The same with a salt in every section, so that what is withheld later cannot be guessed from
    /// its digest. `salt` gives 32 random bytes; nobody may know them beforehand.
    pub fn finish_blinded(self, salt: impl FnMut() -> io::Result<[u8; 32]>) -> Result<Intact, RunError> {
        checked(&blind(&self.gathered()?, salt)?)
    }

    fn gathered(mut self) -> Result<OneRecord, RunError> {
        if self.context.title.trim().is_empty() {
            return Err(RunError::NoTitle);
        }
        let body = self.draft.body();
        if let (Some(started), Some(ended)) = (body.started, body.ended)
            && ended < started
        {
            return Err(RunError::EndedBeforeStart);
        }
        let series = points(&mut self.draft, sections::METRICS, std::mem::take(&mut self.metrics))?;
        if let Some((key, _)) = series.iter().find(|(key, one)| one.count > 1 && self.finals.contains(key)) {
            return Err(RunError::NotFinal { key: key.clone() });
        }
        if !series.is_empty() {
            self.summary.series = series.iter().map(|(key, one)| (key.clone(), summary(one))).collect();
        }
        points(&mut self.draft, sections::TELEMETRY, std::mem::take(&mut self.telemetry))?;
        self.draft.json_section(&self.context)?;
        write(&mut self.draft, &self.recipe)?;
        write(&mut self.draft, &self.summary)?;
        self.artifacts.sort();
        write(&mut self.draft, &self.artifacts)?;
        let found = audit::draft(&self.draft, &self.identity, &self.allow_secrets).places();
        if !found.is_empty() {
            return Err(RunError::Secrets { found });
        }
        // Names of people, machines and places go to identity.json, as those of a tracker's run do.
        Ok(apart::pass(self.draft, self.identity, None)?.bundle)
    }
}

/// The files of a folder of hand-written sections, for [`Run::file_section`], by the names of the
/// sections.
///
/// # Errors
/// The folder cannot be read, or holds something else: [`RunError::SectionName`].
pub fn sections_in(folder: &Utf8Path) -> Result<BTreeMap<SectionName, Utf8PathBuf>, RunError> {
    let describe = |source| RunError::Folder { path: folder.to_owned(), source };
    let mut sections = BTreeMap::new();
    for entry in folder.read_dir_utf8().map_err(describe)? {
        let path = entry.map_err(describe)?.into_path();
        let name = path.file_name().unwrap_or_default().parse();
        sections.insert(name.map_err(|_| RunError::SectionName(path.clone()))?, path);
    }
    Ok(sections)
}

/// Takes the points of a table.
fn read(writer: &mut SeriesWriter, table: Table, columns: &Columns<'_>) -> Result<Reading, TableError> {
    table::points(table, columns, &mut |key, point| {
        let id = writer.key(key)?;
        writer.push(id, point)
    })
}

/// A section of points, unless there are none.
fn points(draft: &mut Draft, name: &str, writer: SeriesWriter) -> Result<Vec<(String, KeySummary)>, RunError> {
    if writer.is_empty() {
        return Ok(Vec::new());
    }
    let file = tempfile::tempfile()?;
    let series = writer.finish(BufWriter::with_capacity(1 << 20, file.try_clone()?), None)?;
    draft.section(name, sections::PARQUET, Content::file(file)?)?;
    Ok(series)
}

/// A section, unless it says nothing.
fn write<S: JsonSection + Default + PartialEq>(draft: &mut Draft, section: &S) -> Result<(), RunError> {
    if *section != S::default() {
        draft.json_section(section)?;
    }
    Ok(())
}

/// Reads a section that the run goes on with. What it has no place for would be lost, and is an
/// error.
fn given<S: JsonSection>(section: &mut S, bytes: &[u8]) -> Result<(), RunError> {
    let limits = Limits::default();
    let wrong = |source| RunError::Section { name: S::NAME.to_owned(), source };
    let value = json::parse(bytes, &limits).map_err(wrong)?;
    *section = json::from_bytes(bytes, &limits).map_err(wrong)?;
    let kept = json::parse(&json::to_bytes(section).map_err(wrong)?, &limits).map_err(wrong)?;
    let mut lost = Vec::new();
    members_lost(&value, &kept, String::new(), &mut lost);
    if lost.is_empty() { Ok(()) } else { Err(RunError::UnknownMembers { name: S::NAME.to_owned(), members: lost }) }
}

/// The members of a value that another one lacks. Those that say nothing are not written again.
fn members_lost(given: &Value, kept: &Value, place: String, lost: &mut Vec<String>) {
    let says_nothing = match given {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(true) => false,
    };
    match (given, kept) {
        (Value::Object(given), Value::Object(kept)) => {
            for (name, value) in given {
                let place = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
                members_lost(value, kept.get(name).unwrap_or(&Value::Null), place, lost);
            }
        }
        (Value::Array(given), Value::Array(kept)) if given.len() == kept.len() => {
            for (at, (given, kept)) in given.iter().zip(kept).enumerate() {
                members_lost(given, kept, format!("{place}[{at}]"), lost);
            }
        }
        (_, Value::Null) if !says_nothing => lost.push(place),
        _ => {}
    }
}

fn readable(name: &str, content: &Content) -> Result<(), SeriesError> {
    let section = Section(content.clone());
    match name {
        sections::METRICS | sections::TELEMETRY => SeriesReader::open(section)?.for_each(|_| ()),
        sections::CONSOLE => ConsoleReader::open(section)?.for_each(|_| ()),
        _ => Ok(()),
    }
}

fn checked(bundle: &OneRecord) -> Result<Intact, RunError> {
    // Nobody has signed it, so the moment decides nothing.
    Ok(bundle.sound(None, jiff::Timestamp::UNIX_EPOCH)?.0)
}

fn utf8(path: &Path) -> Result<Utf8PathBuf, RunError> {
    Utf8Path::from_path(path).map(Utf8Path::to_owned).ok_or_else(|| RunError::Path(path.to_owned()))
}

/// A role of the format or a URI. Others are allowed by the format and carry no lineage, so one
/// that is misspelt would be lost.
///
/// # Errors
/// [`RunError::Role`]
pub fn known_role(text: &str) -> Result<Word, RunError> {
    let wrong = || RunError::Role { role: text.to_owned(), known: role::ALL.join(", ") };
    let word: Word = text.parse().map_err(|_| wrong())?;
    if role::ALL.contains(&text) || text.contains(':') { Ok(word) } else { Err(wrong()) }
}

/// A relation of the format or a URI, in the same way.
///
/// # Errors
/// [`RunError::Relation`]
pub fn known_relation(text: &str) -> Result<Word, RunError> {
    let known = || relation::RELATIONS.iter().map(|known| known.name).collect::<Vec<_>>().join(", ");
    let wrong = || RunError::Relation { relation: text.to_owned(), known: known() };
    let word: Word = text.parse().map_err(|_| wrong())?;
    if relation::is_known(&word) || text.contains(':') { Ok(word) } else { Err(wrong()) }
}
