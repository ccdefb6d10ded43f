//! Many runs of one source: where each goes, and what they come to.

use std::sync::{Mutex, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::Bundle;
use expbundle::output::{Output, OutputError, Over, make_folders};
use expbundle::verify::Intact;
use expbundle_format::Finding;
use expbundle_format::record::{Record, Status};
use expbundle_format::sections::Account;
use rayon::prelude::*;

use crate::blind::Salt;
use crate::tracker::{Listed, Source};
use crate::{ConvertError, Converted, Embedded, Options};

/// How runs of a source are converted, on all cores. What goes wrong with one keeps no other from
/// being converted.
#[derive(Clone, Copy)]
pub struct Many<'a> {
    /// Where the runs are.
    pub source: &'a dyn Source,
    /// What the person converting adds.
    pub options: &'a Options<'a>,
    /// The salts, if the records are blinded.
    pub salt: Option<&'a Salt<'a>>,
    /// Called after each run, from several threads at once, with what went wrong with it.
    pub done: &'a (dyn Fn(Option<&ConvertError>) + Sync),
}

impl Many<'_> {
    /// Converts each run to a bundle of its own in a folder, which is made if it is not there. Runs
    /// of which the folder has the latest state are not converted again.
    ///
    /// # Errors
    /// The folder cannot be made. What is wrong with a run is in the [`Summary`].
    pub fn into_folder(&self, runs: &[&Listed], folder: &Utf8Path) -> Result<Summary, ConvertError> {
        make_folders(folder)?;
        let convert = |run: &Listed| {
            let path = folder.join(file_name(&run.key));
            if path.exists() && expbundle::open(&path).is_ok_and(|there| is_up_to_date(&there, run)) {
                return Ok((Placed::Same, None));
            }
            let converted = self.convert(run)?;
            let placed = place(&converted, &path)?;
            place_sweep(&converted, folder)?;
            Ok((placed, Some(converted)))
        };
        Ok(self.each(runs, convert, |_| ()).0)
    }

    /// Converts the runs to one bundle of all of them.
    pub fn family(&self, runs: &[&Listed]) -> (Summary, Bundle) {
        let convert = |run: &Listed| Ok((Placed::New, Some(self.convert(run)?)));
        let (summary, bundles) = self.each(runs, convert, |Converted { bundle, sweep, .. }| {
            let mut bundle = bundle.into_bundle();
            if let Some(sweep) = &sweep {
                bundle.merge(sweep);
            }
            bundle
        });
        let mut family = Bundle::new();
        for bundle in &bundles {
            family.merge(bundle);
        }
        (summary, family)
    }

    fn convert(&self, run: &Listed) -> Result<Converted, ConvertError> {
        self.source.convert(&run.key, self.options)?.blinded(self.salt)
    }

    /// Converts each run, counts what became of it, and keeps of it what is wanted.
    fn each<T: Send>(
        &self,
        runs: &[&Listed],
        convert: impl Fn(&Listed) -> Result<(Placed, Option<Converted>), ConvertError> + Sync,
        keep: impl Fn(Converted) -> T + Sync,
    ) -> (Summary, Vec<T>) {
        let summary = Mutex::new(Summary::default());
        let one = |run: &&Listed| {
            let result = convert(run);
            (self.done)(result.as_ref().err());
            let mut summary = summary.lock().unwrap_or_else(PoisonError::into_inner);
            let Ok((placed, converted)) = result else {
                summary.failed.push(run.key.clone());
                return None;
            };
            match placed {
                Placed::New => summary.new += 1,
                Placed::Same => summary.unchanged += 1,
                Placed::Beside { .. } => summary.changed += 1,
            }
            let converted = converted?;
            summary.add(&converted, run);
            drop(summary);
            Some(keep(converted))
        };
        let kept: Vec<Option<T>> = runs.par_iter().map(one).collect();
        (summary.into_inner().unwrap_or_else(PoisonError::into_inner), kept.into_iter().flatten().collect())
    }
}

/// What became of a converted run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placed {
    /// A bundle was written.
    New,
    /// The bundle that is there holds this very record.
    Same,
    /// The bundle that is there holds another record, perhaps an older one of the run, and signed:
    /// the new one stands beside it.
    Beside {
        /// The path of the new one.
        path: Utf8PathBuf,
        /// Whether it was written now.
        is_new: bool,
    },
}

/// Writes the bundle of a run, unless the one that is there says the same. What is there is never
/// changed.
///
/// # Errors
/// A file cannot be written, or what is there cannot be read.
pub fn place(converted: &Converted, path: &Utf8Path) -> Result<Placed, ConvertError> {
    if !path.exists() || holds(path, converted)? {
        return place_at(converted, path);
    }
    let id: String = converted.record().to_string().chars().take(8).collect();
    let beside = path.with_file_name(format!("{}.{id}.expb", path.file_stem().unwrap_or("run")));
    let is_new = !beside.exists();
    if is_new {
        save(&converted.bundle, &beside)?;
    }
    Ok(Placed::Beside { path: beside, is_new })
}

/// Writes the bundle of a run to a path that somebody chose, unless the one that is there says the
/// same.
///
/// # Errors
/// Something else is there, or the file cannot be written.
pub fn place_at(converted: &Converted, path: &Utf8Path) -> Result<Placed, ConvertError> {
    if path.is_file() && holds(path, converted).is_ok_and(|holds| holds) {
        return Ok(Placed::Same);
    }
    save(&converted.bundle, path)?;
    Ok(Placed::New)
}

/// Whether the bundle at a path has the record of a run.
fn holds(path: &Utf8Path, converted: &Converted) -> Result<bool, ConvertError> {
    Ok(expbundle::open(path)?.records().contains_key(&converted.record()))
}

/// Writes the record of a sweep once for all its runs: its bytes depend on the sweep's id alone.
fn place_sweep(converted: &Converted, folder: &Utf8Path) -> Result<(), ConvertError> {
    let Some(sweep) = &converted.sweep else { return Ok(()) };
    let short: String = sweep.record().id().to_string().chars().take(12).collect();
    let path = folder.join(format!("sweep-{short}.expb"));
    if path.exists() { Ok(()) } else { Ok(save(sweep, &path)?) }
}

/// Writes a bundle where nothing is lost by it, into a folder that is made if it is not there.
///
/// # Errors
/// Something else is there, or it cannot be written.
pub fn save(bundle: &Bundle, path: &Utf8Path) -> Result<(), OutputError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_str().is_empty()) {
        make_folders(folder)?;
    }
    Output::new(path, Over::NOTHING)?.save(bundle)
}

/// What many conversions come to.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Runs for which a bundle was written.
    pub new: u64,
    /// Runs whose record is there already.
    pub unchanged: u64,
    /// Runs whose bundle stands beside another record of the run.
    pub changed: u64,
    /// Keys of the runs that could not be converted.
    pub failed: Vec<String>,
    /// The items of all of them.
    pub account: Account,
    /// Files whose bytes are in the bundles.
    pub embedded: Vec<Embedded>,
    /// Files that a pattern asked for and for which there was no room.
    pub too_large: Vec<Embedded>,
    /// What was found, each with the key of its run in its place.
    pub findings: Vec<Finding>,
}

impl Summary {
    /// Adds a run that was converted.
    pub fn add(&mut self, converted: &Converted, run: &Listed) {
        for (kind, line) in &converted.account.items {
            self.account.found(kind, line.total);
            self.account.mapped(kind, line.mapped);
            self.account.raw(kind, line.raw);
            for dropped in &line.dropped {
                self.account.dropped(kind, dropped.count, &dropped.reason);
            }
        }
        for (kind, count) in &converted.account.secrets {
            *self.account.secrets.entry(kind.clone()).or_default() += count;
        }
        self.embedded.extend(converted.embedded.iter().cloned());
        self.too_large.extend(converted.too_large.iter().cloned());
        for finding in &converted.findings {
            let mut finding = finding.clone();
            finding.place = finding.place.in_file(&run.key);
            self.findings.push(finding);
        }
    }
}

/// Whether a bundle is of this run after its end, in the very state that the source lists: then
/// there is nothing new to convert.
pub fn is_up_to_date(bundle: &Intact, run: &Listed) -> bool {
    let ended = [Status::Finished, Status::Failed, Status::Killed, Status::Crashed].contains(&run.status);
    ended
        && bundle.records().values().map(Record::body).any(|body| {
            body.source.as_ref().is_some_and(|source| source.run == run.id)
                && body.status == Some(run.status)
                && body.started == run.started
        })
}

/// The file of a run: its key, with what no file name may hold replaced.
pub fn file_name(key: &str) -> String {
    let safe: String =
        key.chars().map(|c| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '_' }).take(120).collect();
    let safe = safe.trim_start_matches('.');
    format!("{}.expb", if safe.is_empty() { "run" } else { safe })
}
