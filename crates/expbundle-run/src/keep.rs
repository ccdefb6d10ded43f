//! What a run puts into its journal, and when.

use std::path::Path;

use expbundle::Content;
use expbundle::draft::Draft;
use expbundle_convert::audit;
use expbundle_format::container::SectionName;
use expbundle_format::record::RecordBody;
use expbundle_format::sections::{
    Artifacts, Context, Cost, Evaluations, Events, Identity, JSON, JsonSection, Recipe, Summary,
};
use expbundle_series::Point;
use expbundle_trackers::journal::PointKind;
use serde::Serialize;
use serde_json::{Value, json};

use crate::error::{JournalError, RunError};
use crate::journal::Journal;
use crate::run::Run;

/// Parts of a run that a journal describes one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Record,
    Context,
    Recipe,
    Artifacts,
    Identity,
    Summary,
    Events,
    Cost,
    Evaluations,
    AllowedSecrets,
}

impl Part {
    const ALL: [Self; 10] = [
        Self::Record,
        Self::Context,
        Self::Recipe,
        Self::Artifacts,
        Self::Identity,
        Self::Summary,
        Self::Events,
        Self::Cost,
        Self::Evaluations,
        Self::AllowedSecrets,
    ];

    /// Its name in the journal. What is told by calls may be told as a section too, which is then
    /// an error at the end, as it is without a journal.
    pub fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Cost => "cost",
            Self::Evaluations => "evaluations",
            other => other.place(),
        }
    }

    /// The section that it is going to be part of.
    fn place(self) -> &'static str {
        match self {
            Self::Record => "record.json",
            Self::Context => Context::NAME,
            Self::Recipe => Recipe::NAME,
            Self::Artifacts => Artifacts::NAME,
            Self::Identity => Identity::NAME,
            Self::Summary => Summary::NAME,
            Self::Events => Events::NAME,
            Self::Cost => Cost::NAME,
            Self::Evaluations => Evaluations::NAME,
            Self::AllowedSecrets => "allow_secrets",
        }
    }
}

/// The parts that changed since they were written.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Changed {
    parts: u16,
    /// Sections and listings of folders, which do not change by themselves.
    fixed: bool,
}

impl Changed {
    pub const EVERYTHING: Self = Self { parts: u16::MAX, fixed: true };

    pub fn mark(&mut self, part: Part) {
        self.parts |= 1 << part as u16;
    }

    fn has(self, part: Part) -> bool {
        self.parts & (1 << part as u16) != 0
    }

    fn is_none(self) -> bool {
        self.parts == 0 && !self.fixed
    }
}

impl Run {
    /// Keeps what the run is told in a file as well, from now on, which must not be there: whatever
    /// a call told before it returned is not lost if the process is killed. [`Run::recover`] and
    /// [`Run::resume`] read it; nothing removes it.
    ///
    /// What looks like a secret is not written: a marker stands in its place, and the run is
    /// refused at the end as it is without a journal. What only several calls together show, a key
    /// told line by line, is written. A change that is made through a `&mut`, as by
    /// [`Run::context`], is written with the next call, or by [`Run::keep`]; a power cut may lose
    /// the last half minute.
    ///
    /// # Errors
    /// [`RunError::Journal`]: the file is there, or cannot be written, or the run has points already.
    pub fn journal(&mut self, path: impl AsRef<Path>) -> Result<&mut Self, RunError> {
        let path = path.as_ref();
        if !self.has_no_points() {
            return Err(RunError::Journal { path: path.to_owned(), why: JournalError::Late });
        }
        self.journal = Some(Journal::create(path)?);
        self.changed = Changed::EVERYTHING;
        self.keep()?;
        Ok(self)
    }

    /// Goes on with a journal from which the run was read.
    pub(crate) fn goes_on(&mut self, mut journal: Journal) {
        journal.allow(&self.allow_secrets);
        self.journal = Some(journal);
        self.changed = Changed::default();
    }

    /// Brings what changed into the journal, if there is one.
    ///
    /// # Errors
    /// [`RunError::Journal`]: it cannot be written. The next call tries again.
    pub fn keep(&mut self) -> Result<(), RunError> {
        let Some(mut journal) = self.journal.take() else { return Ok(()) };
        let written = self.describe(&mut journal).and_then(|()| journal.write().map_err(|error| journal.wrong(error)));
        self.journal = Some(journal);
        self.changed = Changed::default();
        self.lacks_nothing_after(written)
    }

    /// What is told within comes into the journal by one write.
    ///
    /// # Errors
    /// [`RunError::Journal`]: it cannot be written. The run has what was told all the same.
    pub fn together<T>(&mut self, tell: impl FnOnce(&mut Self) -> T) -> Result<T, RunError> {
        let Some(journal) = &mut self.journal else { return Ok(tell(self)) };
        journal.is_held = true;
        let told = tell(self);
        if let Some(journal) = &mut self.journal {
            journal.is_held = false;
        }
        self.keep_unless_held()?;
        Ok(told)
    }

    pub(crate) fn keep_unless_held(&mut self) -> Result<(), RunError> {
        if self.journal.as_ref().is_none_or(|journal| journal.is_held) { Ok(()) } else { self.keep() }
    }

    /// Puts a point that the run took into the journal.
    #[inline]
    pub(crate) fn keep_point(&mut self, kind: PointKind, key: &str, point: &Point<'_>) -> Result<(), RunError> {
        let Some(journal) = &mut self.journal else { return Ok(()) };
        let kept = journal.point(kind, key, point).map_err(|error| journal.wrong(error));
        self.lacks_nothing_after(kept)?;
        self.keep_unless_held()
    }

    /// Has everything written again that can be, if something was not: what was held went with it.
    pub(crate) fn lacks_nothing_after<T, E>(&mut self, kept: Result<T, E>) -> Result<T, E> {
        if kept.is_err() {
            self.changed = Changed::EVERYTHING;
        }
        kept
    }

    /// Puts more of a part into the journal, without the rest of it.
    pub(crate) fn keep_more(&mut self, part: Part, more: impl FnOnce(&Self) -> Value) -> Result<(), RunError> {
        if self.journal.is_none() {
            return Ok(());
        }
        if !self.changed.has(part) {
            let more = more(self);
            let Some(journal) = &mut self.journal else { return Ok(()) };
            let added = journal.add(part.name(), part.place(), more).map_err(|error| journal.wrong(error));
            if !self.lacks_nothing_after(added)? {
                self.changed.mark(part);
            }
        }
        self.keep_unless_held()
    }

    /// Puts a section of the draft, or the listing of a folder, into the journal.
    pub(crate) fn keep_fixed(&mut self, name: &str) -> Result<(), RunError> {
        let Some(mut journal) = self.journal.take() else { return Ok(()) };
        let kept = self.describe_fixed(&mut journal, |other| other == name);
        self.journal = Some(journal);
        self.lacks_nothing_after(kept)?;
        self.keep_unless_held()
    }

    /// Whether something of so many bytes fits into a line of the journal, if there is one.
    pub(crate) fn has_room_for(&self, bytes: usize) -> Result<(), RunError> {
        const MOST_BYTES: usize = 47 << 20;
        match &self.journal {
            Some(journal) if bytes > MOST_BYTES => Err(journal.wrong(std::io::ErrorKind::FileTooLarge.into())),
            _ => Ok(()),
        }
    }

    fn describe(&self, journal: &mut Journal) -> Result<(), RunError> {
        if self.changed.is_none() {
            return Ok(());
        }
        journal.allow(&self.allow_secrets);
        for part in Part::ALL.into_iter().filter(|part| self.changed.has(*part)) {
            let value = self.part(part);
            journal.set(part.name(), part.place(), value).map_err(|error| journal.wrong(error))?;
        }
        if self.changed.fixed { self.describe_fixed(journal, |_| true) } else { Ok(()) }
    }

    fn describe_fixed(&self, journal: &mut Journal, wanted: impl Fn(&str) -> bool) -> Result<(), RunError> {
        for (name, content) in self.draft.sections().filter(|(name, _)| wanted(name.as_str())) {
            let bytes = content.read(u64::MAX)?;
            let listed = self.draft.body().sections.get(name);
            let is_json = listed.is_some_and(|section| section.media_type == JSON);
            let value = if is_json { serde_json::from_slice(&bytes).ok() } else { None };
            let written = match value {
                Some(value) => journal.set(name.as_str(), name.as_str(), value),
                None => journal.bytes(name.as_str(), &bytes, self.secrets_in(name, content)?),
            };
            written.map_err(|error| journal.wrong(error))?;
        }
        for (digest, content) in self.draft.embedded() {
            let name = format!("artifacts/{digest}");
            if wanted(&name) {
                let bytes = content.read(u64::MAX)?;
                journal.bytes(&name, &bytes, Vec::new()).map_err(|error| journal.wrong(error))?;
            }
        }
        Ok(())
    }

    /// The secrets of a section that is not JSON, as the end of the run would find them.
    pub(crate) fn secrets_in(
        &self,
        name: &SectionName,
        content: &Content,
    ) -> Result<Vec<(String, &'static str)>, RunError> {
        let mut alone = Draft::new(RecordBody::new(self.draft.body().kind));
        alone.section(name.as_str(), "application/octet-stream", content.clone())?;
        Ok(audit::draft(&alone, &Identity::default(), &self.allow_secrets).places())
    }

    fn part(&self, part: Part) -> Value {
        match part {
            Part::Record => {
                let mut body = value(self.draft.body());
                if let Some(members) = body.as_object_mut() {
                    members.remove("sections");
                }
                body
            }
            Part::Context => value(&self.context),
            Part::Recipe => value(&self.recipe),
            Part::Artifacts => value(&self.artifacts),
            Part::Identity => value(&self.identity),
            Part::Summary => value(&self.summary),
            Part::Events => value(&self.events),
            Part::Cost => value(&self.cost),
            Part::Evaluations => value(&self.evaluations),
            Part::AllowedSecrets => json!({ "names": self.allow_secrets }),
        }
    }
}

/// A part as JSON, which all of them are.
fn value(part: &impl Serialize) -> Value {
    serde_json::to_value(part).unwrap_or_default()
}
