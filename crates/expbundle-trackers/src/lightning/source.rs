//! The runs at a path: folders with a `metrics.csv` of the logger.

use std::collections::BTreeMap;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use super::rows::{Rows, has_step};
use crate::finding::{SourceCode, SourceFinding};
use crate::folder::{self, FolderFile, Names, Visit};
use crate::series::Series;
use crate::text::text_at;

/// The points.
const METRICS: &str = "metrics.csv";
/// The parameters.
const HPARAMS: &str = "hparams.yaml";

/// The runs at a path.
#[derive(Clone, Debug)]
pub struct Source {
    runs: BTreeMap<String, Utf8PathBuf>,
    /// What was passed over.
    pub findings: Vec<SourceFinding>,
}

/// A run, its points aside, which went to the series.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// What was read of the points.
    pub rows: Rows,
    /// The text of `hparams.yaml`. Fabric's logger writes none.
    pub hparams: Option<String>,
    /// Other files of the folder, checkpoints among them.
    pub files: Vec<FolderFile>,
    /// What could not be read.
    pub findings: Vec<SourceFinding>,
}

impl Source {
    /// Finds the runs in a folder, or the run of a `metrics.csv`. `None` if there is none.
    pub fn open(path: &Utf8Path) -> io::Result<Option<Self>> {
        let own = |folder: &Utf8Path| folder::name(folder).unwrap_or_else(|| "run".to_owned());
        if !path.is_dir() {
            let folder = path.parent().filter(|folder| !folder.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
            let is_ours = path.file_name() == Some(METRICS) && has_step(path);
            let runs = BTreeMap::from([(own(folder), folder.to_owned())]);
            return Ok(is_ours.then_some(Self { runs, findings: Vec::new() }));
        }
        let (mut runs, mut findings) = (BTreeMap::new(), Vec::new());
        let mut passed_over = Vec::new();
        folder::search(path, &mut findings, &mut |relative, names| {
            if !relative.is_empty() && names.are_of_another_tool() {
                let detail = "a run of another tool; files of Lightning in it were not looked for";
                passed_over.push(SourceFinding::new(SourceCode::Unsupported, relative, detail));
                return Visit::Stop;
            }
            let folder = path.join(relative);
            if !is_run(&folder, names) {
                return Visit::Other;
            }
            runs.insert(if relative.is_empty() { own(path) } else { relative.to_owned() }, folder);
            Visit::Run
        })?;
        findings.extend(passed_over);
        Ok((!runs.is_empty()).then_some(Self { runs, findings }))
    }

    /// The keys: paths of the runs below the folder, and the name of the folder for its own.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &str> {
        self.runs.keys().map(String::as_str)
    }

    /// Reads a run; `None` if there is none of this key. Its points go to `series` as they are read.
    pub fn read(&self, key: &str, series: &mut (dyn Series + '_)) -> Option<Run> {
        self.runs.get(key).map(|folder| Run::read(folder, series))
    }
}

/// Anybody may have a `metrics.csv`: the logger's has a step, and lies in a folder of a version, or
/// beside parameters or checkpoints.
fn is_run(folder: &Utf8Path, names: &Names) -> bool {
    let has = |list: &[String], name: &str| list.binary_search_by(|other| other.as_str().cmp(name)).is_ok();
    let is_version = || folder::name(folder).is_some_and(|name| name.starts_with("version_"));
    has(&names.files, METRICS)
        && (has(&names.files, HPARAMS) || has(&names.folders, "checkpoints") || is_version())
        && has_step(&folder.join(METRICS))
}

impl Run {
    fn read(folder: &Utf8Path, series: &mut (dyn Series + '_)) -> Self {
        let mut findings = Vec::new();
        let rows = Rows::read(&folder.join(METRICS), METRICS, series, &mut findings);
        let hparams = text_at(&folder.join(HPARAMS), HPARAMS, &mut findings);
        let is_told = |path: &str| path == METRICS || path == HPARAMS || is_event_file(path);
        let files = folder::files(folder, &is_told, &mut findings);
        if Names::of(folder, usize::MAX).is_ok_and(|names| names.files.iter().any(|name| is_event_file(name))) {
            let detail = "event files of TensorBoard lie beside it; `convert tensorboard` reads them";
            findings.push(SourceFinding::new(SourceCode::Unsupported, "event files", detail));
        }
        Self { rows, hparams, files, findings }
    }
}

/// Their names tell the machine.
fn is_event_file(path: &str) -> bool {
    path.contains("tfevents")
}
