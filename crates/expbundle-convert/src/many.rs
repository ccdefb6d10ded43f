//! Many runs of one source: where each goes, and what they come to.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::NonZeroUsize;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::Bundle;
use expbundle::output::{Loss, Output, OutputError, Over, Together, WhyNotWritten, holds as has_all, make_folders};
use expbundle_format::Finding;
use expbundle_format::record::{Record, Status};
use expbundle_format::sections::Context;
use rayon::prelude::*;

use crate::blind::{Salt, blinded_as};
use crate::other_state::OtherState;
use crate::summary::{RunOutcome, Summary};
use crate::tracker::{Listed, Source};
use crate::{ConvertError, Converted, Options};

/// How runs of a source are converted, several at once. What goes wrong with one keeps no other from
/// being converted.
#[derive(Clone, Copy)]
pub struct Many<'a> {
    /// Where the runs are.
    pub source: &'a dyn Source,
    /// What the person converting adds.
    pub options: &'a Options<'a>,
    /// The salts, if the records are blinded.
    pub salt: Option<&'a Salt<'a>>,
    /// How many at once; one for each core if not given. A server may answer more, or want fewer.
    pub jobs: Option<NonZeroUsize>,
    /// Whether runs that had ended are left out if the folder has a bundle of them as they had ended:
    /// to go on where a conversion was interrupted, without reading all of them again. What was added
    /// to such a run since, a tag or a file, is not noticed.
    pub skip_existing: bool,
    /// Called after each run, from several threads at once, with what went wrong with it.
    pub done: &'a (dyn Fn(Option<&ConvertError>) + Sync),
}

impl Many<'_> {
    /// Converts each run to a bundle of its own in a folder, which is made if it is not there. Each
    /// is converted, also where the folder has a bundle of it, unless these are skipped: whether that
    /// one says the same depends on the options and on every byte of the source.
    ///
    /// # Errors
    /// The folder cannot be made, or no threads can be had. What is wrong with a run is in the
    /// [`Summary`].
    pub fn into_folder(&self, runs: &[&Listed], folder: &Utf8Path) -> Result<Summary, ConvertError> {
        let _made = make_folders(folder)?;
        self.at_once(|| self.parts(runs, folder))
    }

    /// Works with as many threads as runs are converted at once.
    fn at_once<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T, ConvertError> {
        let one_for_each_core = 0;
        let threads = self.jobs.map_or(one_for_each_core, NonZeroUsize::get);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        // A pool calls it in three ways, and each would be all of the work in machine code.
        let work: Box<dyn FnOnce() -> T + Send + '_> = Box::new(work);
        Ok(pool.map_err(|error| ConvertError::Io(std::io::Error::other(error)))?.install(work))
    }

    fn parts(&self, runs: &[&Listed], folder: &Utf8Path) -> Summary {
        let mut names: BTreeMap<String, usize> = BTreeMap::new();
        for run in runs {
            *names.entry(file_name(&run.key)).or_default() += 1;
        }
        let is_alone = |run: &&&Listed| names.get(&file_name(&run.key)) == Some(&1);
        let (alone, alike): (Vec<&Listed>, Vec<&Listed>) = runs.iter().partition(is_alone);
        // Of few runs each thread takes its share.
        let together = alone.len().div_ceil(rayon::current_num_threads()).clamp(1, TOGETHER);
        let parts: Vec<Summary> = alone.par_chunks(together).map(|runs| self.part(runs, folder)).collect();
        // Runs whose files have one name: each sees what the one before it left there.
        let alike = alike.into_iter().map(|run| self.part(&[run], folder));
        let mut summary = parts.into_iter().chain(alike).fold(Summary::default(), Summary::and);
        let places: HashMap<&str, usize> =
            runs.iter().enumerate().map(|(place, run)| (run.key.as_str(), place)).collect();
        summary.runs.sort_by_key(|run| places.get(run.run.as_str()).copied());
        summary
    }

    /// Converts some runs and puts their bundles in place together.
    fn part(&self, runs: &[&Listed], folder: &Utf8Path) -> Summary {
        let (mut summary, mut together) = (Summary::default(), Together::default());
        let mut end = |key: &str, ended: Result<Summary, ConvertError>| {
            (self.done)(ended.as_ref().err());
            match ended {
                Ok(one) => summary = std::mem::take(&mut summary).and(one),
                Err(error) => summary.fail(key, &error),
            }
        };
        for run in runs {
            if let Some(ended) = self.place_with(&mut together, run, folder).transpose() {
                end(&run.key, ended);
            }
        }
        for ((key, one), placed) in together.put_in_place() {
            end(&key, placed.map(|()| one).map_err(ConvertError::from));
        }
        summary
    }

    /// What a run comes to, unless its bundle waits: then that waits with it, by the run's key.
    fn place_with(
        &self,
        together: &mut Together<(String, Summary)>,
        run: &Listed,
        folder: &Utf8Path,
    ) -> Result<Option<Summary>, ConvertError> {
        let path = folder.join(file_name(&run.key));
        if self.skip_existing
            && let Some(there) = ended_at(&path, run)
        {
            return Ok(Some(there));
        }
        let converted = blinded(self.source.convert(&run.key, self.options)?, self.salt, &path)?;
        // First, since what waits has not failed.
        place_sweep(&converted, folder)?;
        let mut summary = Summary::default();
        if path.exists() {
            summary.add(&converted, run, &place(&converted, &path)?, &path);
            return Ok(Some(summary));
        }
        summary.add(&converted, run, &Placed::New, &path);
        together.add(&path, &converted.bundle, (run.key.clone(), summary))?;
        Ok(None)
    }

    /// Converts the runs to one bundle of all of them in a file, unless no run can be converted.
    ///
    /// # Errors
    /// Something else is there, or the file cannot be written.
    pub fn into_file(&self, runs: &[&Listed], file: &Utf8Path) -> Result<Summary, ConvertError> {
        let (mut summary, family) = self.family(runs)?;
        let Some(family) = family else { return Ok(summary) };
        let is_there = has_all(file, &family);
        if !is_there {
            save(&family, file)?;
        }
        summary.in_file(Some(file), is_there);
        Ok(summary)
    }

    /// Converts the runs to one bundle of all of them; to none if no run could be converted.
    ///
    /// # Errors
    /// No threads can be had.
    pub fn family(&self, runs: &[&Listed]) -> Result<(Summary, Option<Bundle>), ConvertError> {
        let one = |run: &&Listed| {
            let converted = self.source.convert(&run.key, self.options).and_then(|run| run.blinded(self.salt));
            (self.done)(converted.as_ref().err());
            let mut summary = Summary::default();
            let converted = match converted {
                Ok(converted) => converted,
                Err(error) => {
                    summary.fail(&run.key, &error);
                    return (summary, None);
                }
            };
            summary.add(&converted, run, &Placed::New, Utf8Path::new(""));
            (summary, Some((converted.bundle.into_bundle(), converted.sweep)))
        };
        let all: Vec<_> = self.at_once(|| runs.par_iter().map(one).collect())?;
        let (mut summary, mut family) = (Summary::default(), Bundle::new());
        for (of_one, converted) in all {
            summary = summary.and(of_one);
            let Some((bundle, sweep)) = converted else { continue };
            family.merge(&bundle);
            if let Some(sweep) = &sweep {
                family.merge(sweep);
            }
        }
        summary.in_file(None, false);
        let is_any = summary.has_any();
        Ok((summary, is_any.then_some(family)))
    }
}

/// All runs of a source as one bundle, with what was found while they were listed. What goes wrong with
/// one is told to `wrong`, from several threads at once, and keeps no other out.
///
/// # Errors
/// The runs cannot be listed, or there is none.
pub fn everything(
    source: &dyn Source,
    wrong: &(dyn Fn(&ConvertError) + Sync),
) -> Result<(Bundle, Vec<Finding>), ConvertError> {
    let listing = source.runs()?;
    let done = |error: Option<&ConvertError>| error.into_iter().for_each(wrong);
    let many = Many { source, options: &Options::default(), salt: None, jobs: None, skip_existing: false, done: &done };
    let (_, family) = many.family(&listing.runs.iter().collect::<Vec<_>>())?;
    let found: Vec<Finding> = [listing.unread, listing.findings].concat();
    match family {
        Some(family) => Ok((family, found)),
        None => Err(ConvertError::NoRun { unread: found }),
    }
}

/// What a run comes to whose bundle is at a path already, of a run that had ended as this one has.
fn ended_at(path: &Utf8Path, run: &Listed) -> Option<Summary> {
    let is_going = matches!(run.status, Status::Running | Status::Scheduled | Status::Unknown);
    if is_going || !path.is_file() {
        return None;
    }
    let there = expbundle::open(path).ok()?;
    let is_it = |record: &&Record| {
        let source = record.body().source.as_ref();
        source.is_some_and(|source| source.run == run.id || source.run == run.key)
            && record.body().status == Some(run.status)
    };
    let record = there.records().values().find(is_it)?;
    let title = there.json_section::<Context>(record.id()).map(|context| context.title);
    let mut summary = Summary::default();
    summary.runs.push(RunOutcome::skipped(&run.key, title, record.id(), path));
    Some(summary)
}

/// Runs whose bundles are put in place together: each is an open file until then.
const TOGETHER: usize = 64;

/// What became of a converted run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placed {
    /// A bundle was written.
    New,
    /// The bundle that is there holds this very record, with the same files.
    Same,
    /// The bundle that was there had another record of the run that nobody signed, of which nothing
    /// is lost; what it had.
    Replaced(String),
    /// The bundle that is there holds another record, perhaps an older one of the run, and signed,
    /// or embeds other files: the new one stands beside it.
    Beside {
        /// The path of the new one.
        path: Utf8PathBuf,
        /// Whether it was written now.
        is_new: bool,
        /// What the bundle that is there has.
        there: String,
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
    let id: String = converted.record().to_string().chars().take(BESIDE).collect();
    let beside = path.with_file_name(format!("{}.{id}.expb", stem(path)));
    let is_new = place_at(converted, &beside)? == Placed::New;
    let there = OtherState::at(path, converted).map(|there| there.to_string());
    let there = there.unwrap_or_else(|| format!("`{path}` has another record or other files"));
    Ok(Placed::Beside { path: beside, is_new, there })
}

/// Digits of a record's id in the name of a bundle that stands beside another one.
const BESIDE: usize = 8;

fn stem(path: &Utf8Path) -> &str {
    path.file_stem().unwrap_or("run")
}

/// What was converted with a salt in every section, if there are salts: those of a bundle of the
/// same run at a path, or beside it, that differs from this one in nothing else. New salts would
/// make another copy with each conversion.
///
/// # Errors
/// There is no salt, or a section has no room for one.
pub fn blinded(mut converted: Converted, salt: Option<&Salt<'_>>, path: &Utf8Path) -> Result<Converted, ConvertError> {
    if salt.is_some() {
        let there = std::iter::once(path.to_owned()).filter(|path| path.is_file()).chain(beside(path));
        for path in there {
            let Ok(there) = expbundle::open(&path) else { continue };
            if let Some(twin) = blinded_as(&there, &converted.bundle) {
                converted.bundle = twin;
                return Ok(converted);
            }
        }
    }
    converted.blinded(salt)
}

/// The bundles that stand beside one, as [`place`] names them.
fn beside(path: &Utf8Path) -> Vec<Utf8PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
    let is_beside = |name: &str| {
        let id = name.strip_prefix(stem(path)).and_then(|rest| rest.strip_prefix('.')?.strip_suffix(".expb"));
        id.is_some_and(|id| id.len() == BESIDE && id.bytes().all(|digit| digit.is_ascii_hexdigit()))
    };
    let entries = folder.read_dir_utf8().into_iter().flatten().flatten();
    let mut found: Vec<Utf8PathBuf> = entries
        .filter(|entry| is_beside(entry.file_name()))
        .map(|entry| path.with_file_name(entry.file_name()))
        .collect();
    found.sort_unstable();
    found
}

/// Writes the bundle of a run to a path that somebody chose, unless the one that is there says the
/// same. An earlier one that nobody signed is replaced, if nothing of it is lost.
///
/// # Errors
/// Something else is there, or the file cannot be written.
pub fn place_at(converted: &Converted, path: &Utf8Path) -> Result<Placed, ConvertError> {
    if path.is_file() && holds(path, converted).is_ok_and(|holds| holds) {
        return Ok(Placed::Same);
    }
    // First, so that what somebody adds meanwhile is seen.
    let over = Output::back_into(path);
    let error = match save(&converted.bundle, path) {
        Ok(()) => return Ok(Placed::New),
        Err(error) => error,
    };
    if !matches!(error.why, WhyNotWritten::Lost(Loss::Taken { .. })) {
        return Err(error.into());
    }
    match OtherState::at(path, converted) {
        Some(there) if there.is_replaced => {
            over.save(&converted.bundle)?;
            Ok(Placed::Replaced(there.to_string()))
        }
        Some(there) => Err(ConvertError::OtherState(there)),
        None => Err(error.into()),
    }
}

/// Whether the bundle at a path has the record of a run and its files; where it has no other
/// record, no files but these.
fn holds(path: &Utf8Path, converted: &Converted) -> Result<bool, ConvertError> {
    let there = expbundle::open(path)?;
    let files = |bundle: &Bundle| bundle.artifacts().map(|(digest, _)| digest).collect::<BTreeSet<_>>();
    let (has, wants) = (files(there.bundle()), files(&converted.bundle));
    let are_the_files = if there.only_record().is_some() { has == wants } else { has.is_superset(&wants) };
    Ok(there.records().contains_key(&converted.record()) && are_the_files)
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
    let folder = path.parent().filter(|folder| !folder.as_str().is_empty());
    let _made = folder.map(make_folders).transpose()?;
    Output::new(path, Over::NOTHING)?.save(bundle)
}

/// Whether a place for bundles is a folder, whether or not it is there.
pub fn is_folder(path: &Utf8Path) -> bool {
    path.is_dir() || path.as_str().ends_with('/') || path.extension().is_none()
}

/// The file of a run: its key, with what no file name may hold replaced.
pub fn file_name(key: &str) -> String {
    let safe: String =
        key.chars().map(|c| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '_' }).take(120).collect();
    let safe = safe.trim_start_matches('.');
    format!("{}.expb", if safe.is_empty() { "run" } else { safe })
}
