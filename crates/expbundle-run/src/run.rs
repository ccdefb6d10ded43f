//! A run in the making.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufWriter};
use std::path::Path;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::Content;
use expbundle::draft::{Draft, OneRecord};
use expbundle::verify::Intact;
use expbundle_convert::blind::blind;
use expbundle_convert::series::summary;
use expbundle_convert::table::{self, Columns, Reading, Table, TableError};
use expbundle_convert::{Options, apart, audit, declared};
use expbundle_format::container::SectionName;
use expbundle_format::limits::Limits;
use expbundle_format::record::{ArtifactRef, Form, Kind, Parent, RecordBody, Source, Status, Word, role};
use expbundle_format::sections::{
    self, Artifact, Artifacts, Context, Cost, Direction, Evaluations, Events, Identity, JsonSection, Recipe, Summary,
};
use expbundle_format::time::Time;
use expbundle_format::{RecordId, json};
use expbundle_lineage::relation;
use expbundle_series::{KeySummary, Point, SeriesWriter};
use expbundle_trackers::journal::PointKind;
use serde_json::json;

use crate::error::RunError;
use crate::given::{given, readable};
use crate::journal::Journal;
use crate::keep::{Changed, Part};
use crate::param::Param;
use crate::recover::Loss;

/// A run in the making: tell it what went in, what happened and what came out, and
/// [finish](Run::finish) it.
///
/// What a run is told is kept in memory, but for points, which go to a temporary file once there
/// are many. Files are hashed and not copied. With a [`journal`](Run::journal) a run whose process
/// is killed is not lost.
#[derive(Debug)]
pub struct Run {
    pub(crate) draft: Draft,
    pub(crate) context: Context,
    pub(crate) recipe: Recipe,
    pub(crate) artifacts: Artifacts,
    pub(crate) identity: Identity,
    pub(crate) summary: Summary,
    pub(crate) events: Events,
    pub(crate) cost: Cost,
    pub(crate) evaluations: Evaluations,
    metrics: SeriesWriter,
    telemetry: SeriesWriter,
    /// Keys that have one value without a step.
    finals: BTreeSet<String>,
    pub(crate) allow_secrets: Vec<String>,
    /// What is kept of all this in a file as well.
    pub(crate) journal: Option<Journal>,
    /// What the journal does not have yet.
    pub(crate) changed: Changed,
    /// What is missing in the journal that the run was read from.
    pub(crate) loss: Option<Loss>,
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
            events: Events::default(),
            cost: Cost::default(),
            evaluations: Evaluations::default(),
            metrics: SeriesWriter::new(),
            telemetry: SeriesWriter::new(),
            finals: BTreeSet::new(),
            allow_secrets: Vec::new(),
            journal: None,
            changed: Changed::default(),
            loss: None,
        }
    }

    /// When it started.
    #[must_use]
    pub fn started(mut self, time: Time) -> Self {
        self.body_mut().started = Some(time);
        self
    }

    /// When it ended.
    #[must_use]
    pub fn ended(mut self, time: Time) -> Self {
        self.body_mut().ended = Some(time);
        self
    }

    /// How it ended.
    #[must_use]
    pub fn status(mut self, status: Status) -> Self {
        self.body_mut().status = Some(status);
        self
    }

    /// The tool that tracked it, and that tool's id of it.
    #[must_use]
    pub fn tracked_by(mut self, tool: impl Into<String>, run: impl Into<String>) -> Self {
        self.body_mut().source = Some(Source { tool: tool.into(), run: run.into() });
        self
    }

    /// Notes in Markdown.
    #[must_use]
    pub fn notes(mut self, notes: impl Into<String>) -> Self {
        self.context().notes = Some(notes.into());
        self
    }

    /// A word to find it by.
    #[must_use]
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.context().tags.push(tag.into());
        self
    }

    /// A parameter. The last value of a name counts.
    #[must_use]
    pub fn param(mut self, name: impl Into<String>, value: impl Into<Param>) -> Self {
        self.recipe().parameters.insert(name.into(), value.into().into_value());
        self
    }

    /// The rest of the story: purpose, hypothesis, labels, groups, links.
    pub fn context(&mut self) -> &mut Context {
        self.changed.mark(Part::Context);
        &mut self.context
    }

    /// The rest of the recipe: code, environment, hardware, seeds.
    pub fn recipe(&mut self) -> &mut Recipe {
        self.changed.mark(Part::Recipe);
        &mut self.recipe
    }

    /// Names of people and machines, which can be withheld. Where they stand in other sections, a
    /// marker takes their place.
    pub fn identity(&mut self) -> &mut Identity {
        self.changed.mark(Part::Identity);
        &mut self.identity
    }

    pub(crate) fn body_mut(&mut self) -> &mut RecordBody {
        self.changed.mark(Part::Record);
        self.draft.body_mut()
    }

    pub(crate) fn has_no_points(&self) -> bool {
        self.metrics.is_empty() && self.telemetry.is_empty()
    }

    /// What is known of the artifacts: names, metadata, licences. Those of [`Run::input`] and
    /// [`Run::output`] are here already.
    pub fn artifacts(&mut self) -> &mut Artifacts {
        self.changed.mark(Part::Artifacts);
        &mut self.artifacts
    }

    /// What the source itself calls its summary. The lines of series are computed from the points.
    pub fn summary(&mut self) -> &mut Summary {
        self.changed.mark(Part::Summary);
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
        self.changed = Changed::EVERYTHING;
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
        self.together(|run| run.listed(direction, role, utf8(path)?))?
    }

    fn listed(&mut self, direction: Direction, role: &Word, path: Utf8PathBuf) -> Result<(), RunError> {
        let described = self.artifacts.artifacts.len();
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
        for (direction, listed) in listed {
            if let (Form::Tree, Some(digest)) = (listed.form, listed.digest.blake3()) {
                self.keep_fixed(&format!("artifacts/{digest}"))?;
            }
            let member = if direction == Direction::Input { "inputs" } else { "outputs" };
            self.keep_more(Part::Record, || json!({ member: [&listed] }))?;
            declared::list_in(self.draft.body_mut(), vec![(direction, listed)]);
        }
        let more: Vec<Artifact> = self.artifacts.artifacts.iter().skip(described).cloned().collect();
        self.keep_more(Part::Artifacts, || json!({ "artifacts": more }))
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
        let parent = Parent { record: record.digest(), relation };
        self.draft.body_mut().parents.push(parent.clone());
        self.keep_more(Part::Record, || json!({ "parents": [parent] }))
    }

    /// The models and data that a record put out become inputs of this run, without their files at
    /// hand.
    pub fn takes_outputs_of(&mut self, parent: &Intact, record: RecordId) -> Result<(), RunError> {
        let record = parent.records().get(&record).ok_or(RunError::NoRecord(record))?;
        let made = record.body().outputs.iter().filter(|output| role::carries_lineage(&output.role));
        let made: Vec<ArtifactRef> = made.cloned().collect();
        self.draft.body_mut().inputs.extend(made.iter().cloned());
        self.keep_more(Part::Record, || json!({ "inputs": made }))
    }

    /// A value of a metric at a step.
    pub fn point(&mut self, key: &str, step: i64, value: f64) -> Result<(), RunError> {
        self.log(key, Point { step: Some(step), value: Some(value), ..Point::default() })
    }

    /// A point of a metric: with a step, a time in nanoseconds since 1970, a number, a text.
    pub fn log(&mut self, key: &str, point: Point<'_>) -> Result<(), RunError> {
        let id = self.metrics.key(key)?;
        self.metrics.push(id, point)?;
        self.keep_point(PointKind::Metrics, key, &point)
    }

    /// The final value of a metric that has no other points.
    pub fn final_value(&mut self, key: &str, value: f64) -> Result<(), RunError> {
        if !self.finals.insert(key.to_owned()) {
            return Err(RunError::NotFinal { key: key.to_owned() });
        }
        let point = Point { value: Some(value), ..Point::default() };
        let id = self.metrics.key(key)?;
        self.metrics.push(id, point)?;
        self.keep_point(PointKind::Final, key, &point)
    }

    /// A point of a system metric: the load of a processor, the memory of a card.
    pub fn log_system(&mut self, key: &str, point: Point<'_>) -> Result<(), RunError> {
        let id = self.telemetry.key(key)?;
        self.telemetry.push(id, point)?;
        self.keep_point(PointKind::Telemetry, key, &point)
    }

    /// The points of a table that any program wrote: CSV, JSON lines or Parquet
    /// ([`expbundle_convert::table`]). What was guessed and what was left out is in the [`Reading`].
    pub fn metrics_from(&mut self, table: Table, columns: &Columns<'_>) -> Result<Reading, RunError> {
        let read = read(&mut self.metrics, &mut self.journal, PointKind::Metrics, table, columns)?;
        self.keep()?;
        Ok(read)
    }

    /// System metrics of a table, in the same way.
    pub fn system_from(&mut self, table: Table, columns: &Columns<'_>) -> Result<Reading, RunError> {
        let read = read(&mut self.telemetry, &mut self.journal, PointKind::Telemetry, table, columns)?;
        self.keep()?;
        Ok(read)
    }

    /// Any other JSON section of the format: `cost.json`, `evaluations.json`, `events.json`, …
    pub fn section<S: JsonSection>(&mut self, section: &S) -> Result<(), RunError> {
        if MADE_AT_THE_END.contains(&S::NAME) {
            return Err(RunError::OwnSection(S::NAME.to_owned()));
        }
        self.draft.json_section(section)?;
        self.keep_fixed(S::NAME)
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
            self.given_section(text, &bytes)?;
            return self.keep();
        }
        self.has_room_for(bytes.len())?;
        match name.extension() {
            "json" => {
                sections::check(name, &bytes, &limits).map_err(wrong)?;
                let value = json::parse(&bytes, &limits).map_err(wrong)?;
                let bytes = json::to_bytes(&value).map_err(wrong)?;
                self.draft.section(text, sections::JSON, Content::bytes(bytes))?;
            }
            "parquet" => {
                let content = Content::bytes(bytes);
                readable(text, &content).map_err(|source| RunError::Parquet { name: text.to_owned(), source })?;
                self.draft.section(text, sections::PARQUET, content)?;
            }
            _ => self.draft.section(text, "application/octet-stream", Content::bytes(bytes))?,
        }
        self.keep_fixed(text)
    }

    fn given_section(&mut self, name: &str, bytes: &[u8]) -> Result<(), RunError> {
        match name {
            Context::NAME => given(self.context(), bytes),
            Recipe::NAME => given(self.recipe(), bytes),
            Artifacts::NAME => {
                let artifacts = self.artifacts();
                let known = std::mem::take(&mut artifacts.artifacts);
                given(artifacts, bytes).map(|()| artifacts.artifacts.extend(known))
            }
            Identity::NAME => given(self.identity(), bytes),
            _ => given(self.summary(), bytes),
        }
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
        // The bundle has everything, so it is made even if the journal cannot be written.
        self.keep().ok();
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
        write(&mut self.draft, &self.events)?;
        write(&mut self.draft, &self.cost)?;
        write(&mut self.draft, &self.evaluations)?;
        self.artifacts.sort();
        write(&mut self.draft, &self.artifacts)?;
        if let Some(loss) = self.loss.take() {
            loss.tell(&mut self.draft)?;
        }
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
fn read(
    writer: &mut SeriesWriter,
    journal: &mut Option<Journal>,
    kind: PointKind,
    table: Table,
    columns: &Columns<'_>,
) -> Result<Reading, TableError> {
    table::points(table, columns, &mut |key, point| {
        let id = writer.key(key)?;
        writer.push(id, point)?;
        journal.as_mut().map_or(Ok(()), |journal| Ok(journal.point(kind, key, &point)?))
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

fn checked(bundle: &OneRecord) -> Result<Intact, RunError> {
    // Nobody has signed it, so the moment decides nothing.
    Ok(bundle.sound(None, jiff::Timestamp::UNIX_EPOCH)?.0)
}

pub(crate) fn utf8(path: &Path) -> Result<Utf8PathBuf, RunError> {
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
