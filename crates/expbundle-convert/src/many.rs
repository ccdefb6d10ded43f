//! Many runs of one source: where each goes, and what they come to.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::Bundle;
use expbundle::output::{Output, OutputError, Over, make_folders};
use expbundle_format::Finding;
use expbundle_format::sections::Account;
use rayon::prelude::*;

use crate::blind::{Salt, blinded_as};
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
    /// Converts each run to a bundle of its own in a folder, which is made if it is not there. Each
    /// is converted, also where the folder has a bundle of it: whether that one says the same
    /// depends on the options and on every byte of the source.
    ///
    /// # Errors
    /// The folder cannot be made. What is wrong with a run is in the [`Summary`].
    pub fn into_folder(&self, runs: &[&Listed], folder: &Utf8Path) -> Result<Summary, ConvertError> {
        let _made = make_folders(folder)?;
        let convert = |run: &Listed| {
            let path = folder.join(file_name(&run.key));
            let converted = blinded(self.source.convert(&run.key, self.options)?, self.salt, &path)?;
            let placed = place(&converted, &path)?;
            place_sweep(&converted, folder)?;
            Ok((placed, converted))
        };
        Ok(self.each(runs, convert, |_| ()).0)
    }

    /// Converts the runs to one bundle of all of them.
    pub fn family(&self, runs: &[&Listed]) -> (Summary, Bundle) {
        let convert =
            |run: &Listed| Ok((Placed::New, self.source.convert(&run.key, self.options)?.blinded(self.salt)?));
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

    /// Converts each run, counts what became of it, and keeps of it what is wanted.
    fn each<T: Send>(
        &self,
        runs: &[&Listed],
        convert: impl Fn(&Listed) -> Result<(Placed, Converted), ConvertError> + Sync,
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
    /// The bundle that is there holds this very record, with the same files.
    Same,
    /// The bundle that is there holds another record, perhaps an older one of the run, and signed,
    /// or embeds other files: the new one stands beside it.
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
    let id: String = converted.record().to_string().chars().take(BESIDE).collect();
    let beside = path.with_file_name(format!("{}.{id}.expb", stem(path)));
    let is_new = place_at(converted, &beside)? == Placed::New;
    Ok(Placed::Beside { path: beside, is_new })
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

/// What many conversions come to.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Runs for which a bundle was written.
    pub new: u64,
    /// Runs whose record is there already.
    pub unchanged: u64,
    /// Runs whose bundle stands beside another of the run.
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

/// The file of a run: its key, with what no file name may hold replaced.
pub fn file_name(key: &str) -> String {
    let safe: String =
        key.chars().map(|c| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '_' }).take(120).collect();
    let safe = safe.trim_start_matches('.');
    format!("{}.expb", if safe.is_empty() { "run" } else { safe })
}
