//! A run in the making.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::draft::{Draft, OneRecord};
use expbundle::verify::Intact;
use expbundle_convert::blind::blind;
use expbundle_convert::series::summary;
use expbundle_convert::{apart, audit};
use expbundle_format::container::SectionName;
use expbundle_format::record::{Kind, RecordBody, Source, Status};
use expbundle_format::sections::{
    self, Artifacts, Context, Cost, Evaluations, Events, Identity, JsonSection, Recipe, Summary,
};
use expbundle_format::time::Time;
use expbundle_series::{KeySummary, SeriesWriter};

use crate::error::RunError;
use crate::journal::Journal;
use crate::keep::{Changed, Part};
use crate::known::list_described;
use crate::param::Param;
use crate::points::points;
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
    pub(crate) metrics: SeriesWriter,
    pub(crate) telemetry: SeriesWriter,
    /// Keys that have one value without a step.
    pub(crate) finals: BTreeSet<String>,
    pub(crate) allow_secrets: Vec<String>,
    /// What is kept of all this in a file as well.
    pub(crate) journal: Option<Journal>,
    /// What the journal does not have yet.
    pub(crate) changed: Changed,
    /// What is missing in the journal that the run was read from.
    pub(crate) loss: Option<Loss>,
}

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

    /// The bundle of this one record, unsigned, checked as a bundle from elsewhere would be.
    ///
    /// The run stays as it is. If this fails, mend what the error names and finish it again.
    pub fn finish(&mut self) -> Result<Intact, RunError> {
        checked(&self.gathered()?)
    }

    /// The same with a salt in every section, so that what is withheld later cannot be guessed from
    /// its digest. `salt` gives 32 random bytes; nobody may know them beforehand.
    pub fn finish_blinded(&mut self, salt: impl FnMut() -> io::Result<[u8; 32]>) -> Result<Intact, RunError> {
        checked(&blind(&self.gathered()?, salt)?)
    }

    /// Refuses an empty title, and one of several lines, as [`Run::finish`] does: for whoever is
    /// given one by others, and would hear of it only after hours.
    pub fn check_title(&self) -> Result<(), RunError> {
        match self.context.title.trim() {
            "" => Err(RunError::NoTitle),
            title if title.contains(['\n', '\r']) => Err(RunError::TitleLines),
            _ => Ok(()),
        }
    }

    fn gathered(&mut self) -> Result<OneRecord, RunError> {
        // The bundle has everything, so it is made even if the journal cannot be written.
        self.keep().ok();
        self.check_title()?;
        let mut draft = self.draft.clone();
        list_described(draft.body_mut(), &self.artifacts);
        let body = draft.body();
        if let (Some(started), Some(ended)) = (body.started, body.ended)
            && ended < started
        {
            return Err(RunError::EndedBeforeStart);
        }
        let series = points(&mut draft, sections::METRICS, &mut self.metrics)?;
        points(&mut draft, sections::TELEMETRY, &mut self.telemetry)?;
        draft.json_section(&self.context)?;
        write(&mut draft, &self.recipe)?;
        write(&mut draft, &self.summary_with(&series))?;
        write(&mut draft, &self.events)?;
        write(&mut draft, &self.cost)?;
        write(&mut draft, &self.evaluations)?;
        self.artifacts.sort();
        write(&mut draft, &self.artifacts)?;
        if let Some(loss) = &self.loss {
            loss.tell(&mut draft)?;
        }
        let found = audit::draft(&draft, &self.identity, &self.allow_secrets).places();
        if !found.is_empty() {
            return Err(RunError::Secrets { found });
        }
        // Names of people, machines and places go to identity.json, as those of a tracker's run do.
        Ok(apart::pass(draft, self.identity.clone(), None)?.bundle)
    }

    /// What the run was told of its summary, with the lines of its series.
    fn summary_with(&self, series: &[(String, KeySummary)]) -> Summary {
        let mut all = self.summary.clone();
        if !series.is_empty() {
            all.series = series.iter().map(|(key, one)| (key.clone(), summary(one))).collect();
        }
        all
    }
}

/// The files of a folder of hand-written sections, for [`Run::file_section`], by the names of the
/// sections.
///
/// # Errors
/// The folder cannot be read, or holds something else: [`RunError::SectionName`],
/// [`RunError::Path`].
pub fn sections_in(folder: &Utf8Path) -> Result<BTreeMap<SectionName, Utf8PathBuf>, RunError> {
    let describe = |source| RunError::Folder { path: folder.to_owned(), source };
    let mut sections = BTreeMap::new();
    for entry in folder.as_std_path().read_dir().map_err(describe)? {
        let path = Utf8PathBuf::from_path_buf(entry.map_err(describe)?.path()).map_err(RunError::Path)?;
        let name = path.file_name().unwrap_or_default().parse();
        sections.insert(name.map_err(|_| RunError::SectionName(path.clone()))?, path);
    }
    Ok(sections)
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
