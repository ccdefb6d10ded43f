//! A bundle of the same run that is in the place of a new one: converted earlier, while the run was
//! going on, say.

use std::fmt;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::Bundle;
use expbundle_format::container::EntryName;
use expbundle_format::limits::Limits;
use expbundle_format::record::{ArtifactRef, Form, Record, RecordBody, Status};
use expbundle_format::sections::{JsonSection, Summary};
use expbundle_format::{RecordId, json};

use crate::Converted;

/// A bundle with another record of the same run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherState {
    /// Where it is.
    pub path: Utf8PathBuf,
    /// How the run stood.
    pub status: Option<Status>,
    /// Points of its metrics.
    pub points: u64,
    /// Whether the run went on since: it was running, or had fewer points.
    pub is_earlier: bool,
    /// Whether somebody signed something in it.
    pub is_signed: bool,
    /// Whether the new bundle may take its place: nobody signed it, it has no other record, and the
    /// new one has as many points, and its inputs, outputs and parents.
    pub is_replaced: bool,
}

impl std::error::Error for OtherState {}

impl fmt::Display for OtherState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, points, .. } = self;
        let state = if self.is_earlier { "an earlier state of this run" } else { "another record of this run" };
        let status = self.status.map(|status| format!("{}, ", status.as_str())).unwrap_or_default();
        let s = if *points == 1 { "" } else { "s" };
        write!(f, "`{path}` has {state} ({status}{points} point{s})")
    }
}

impl OtherState {
    /// The bundle at a path, if it has a record of the run that was converted.
    pub fn at(path: &Utf8Path, converted: &Converted) -> Option<Self> {
        let there = expbundle::open(path).ok()?;
        let new = converted.bundle.record();
        let source = new.body().source.as_ref()?;
        // The same record with other files is no other state.
        let is_same_run = |record: &&Record| record.body().source.as_ref() == Some(source) && record.id() != new.id();
        let record = there.records().values().find(is_same_run)?;
        let status = record.body().status;
        let points = points(there.bundle(), record.id());
        let is_going = |status| matches!(status, Some(Status::Running | Status::Scheduled));
        let has_ended = is_going(status) && !is_going(new.body().status);
        let is_signed = there.bundle().statements().next().is_some();
        let new_points = self::points(&converted.bundle, new.id());
        let is_earlier = has_ended || points < new_points;
        let is_alone = there.only_record().is_some() && !is_signed;
        let is_replaced = is_alone && points <= new_points && has_all_of(new.body(), record.body());
        Some(Self { path: path.to_owned(), status, points, is_earlier, is_signed, is_replaced })
    }
}

/// Whether a record has the inputs, outputs and parents of another one. The listing of a folder is
/// another one once a file is found that was missing.
fn has_all_of(new: &RecordBody, old: &RecordBody) -> bool {
    let has = |new: &[ArtifactRef], old: &[ArtifactRef]| {
        old.iter().filter(|one| one.form == Form::File).all(|one| new.iter().any(|other| other.digest == one.digest))
    };
    has(&new.inputs, &old.inputs)
        && has(&new.outputs, &old.outputs)
        && old.parents.iter().all(|parent| new.parents.contains(parent))
}

/// How many points a record has, by its summary.
fn points(bundle: &Bundle, record: RecordId) -> u64 {
    let limits = Limits::default();
    let content = bundle.get(&EntryName::Section { record, section: Summary::name() });
    let bytes = content.and_then(|content| content.read(limits.section_bytes).ok()).unwrap_or_default();
    let summary: Summary = json::from_bytes(&bytes, &limits).unwrap_or_default();
    summary.series.values().map(|one| one.count).sum()
}
