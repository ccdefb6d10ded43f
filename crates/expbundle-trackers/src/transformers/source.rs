//! The runs at a path: folders into which a Trainer wrote, with a state of their own or checkpoints
//! that have one.

use std::collections::BTreeMap;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use super::state::{Rows, Seen, State};
use crate::finding::{SourceCode, SourceFinding};
use crate::folder::{self, FolderFile, Names, Visit};
use crate::series::Series;
use crate::text::open_file;
use crate::wandb::Value;

/// The file that every checkpoint has.
const STATE: &str = "trainer_state.json";
/// Rows of the history that only an earlier state has.
const MOST_OTHER_ROWS: usize = 10_000;

/// The runs at a path.
#[derive(Clone, Debug)]
pub struct Source {
    runs: BTreeMap<String, Place>,
    /// What was passed over.
    pub findings: Vec<SourceFinding>,
}

/// Where a run lies.
#[derive(Clone, Debug)]
struct Place {
    folder: Utf8PathBuf,
    /// Folders in it that have a state: the empty name is its own.
    states: Vec<String>,
}

/// A run, its points aside, which went to the series.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// The last state.
    pub state: State,
    /// Path of its file.
    pub state_path: String,
    /// Paths of earlier states.
    pub earlier: Vec<String>,
    /// Rows that the history of an earlier state has and that of the last one has not: the training
    /// went back and took another way.
    pub left_behind: Vec<(String, Value)>,
    /// How many more of them there are.
    pub more_left_behind: u64,
    /// Files of the run and its checkpoints, in the order of their paths.
    pub files: Vec<FolderFile>,
    /// What could not be read.
    pub findings: Vec<SourceFinding>,
}

impl Source {
    /// Finds the runs in a folder, or the run of a `trainer_state.json`. `None` if there is none.
    pub fn open(path: &Utf8Path) -> io::Result<Option<Self>> {
        let own = |folder: &Utf8Path| folder::name(folder).unwrap_or_else(|| "run".to_owned());
        if !path.is_dir() {
            let folder = path.parent().filter(|folder| !folder.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
            let place = Place { folder: folder.to_owned(), states: vec![String::new()] };
            let is_ours = path.file_name() == Some(STATE) && open_file(path)?.is_some();
            return Ok(is_ours.then(|| Self { runs: BTreeMap::from([(own(folder), place)]), findings: Vec::new() }));
        }
        let (mut runs, mut findings) = (BTreeMap::<String, Place>::new(), Vec::new());
        let mut passed_over = Vec::new();
        folder::search(path, &mut findings, &mut |relative, names| {
            if !relative.is_empty() && names.are_of_another_tool() {
                let detail = "a run of another tool; files of a Trainer in it were not looked for";
                passed_over.push(SourceFinding::new(SourceCode::Unsupported, relative, detail));
                return Visit::Stop;
            }
            if names.files.binary_search_by(|name| name.as_str().cmp(STATE)).is_err() {
                return Visit::Other;
            }
            let (run, state) = match relative.rsplit_once('/') {
                Some((run, name)) if is_checkpoint(name) => (run, name),
                None if is_checkpoint(relative) => ("", relative),
                _ => (relative, ""),
            };
            let key = if run.is_empty() { own(path) } else { run.to_owned() };
            let place = runs.entry(key).or_insert_with(|| Place { folder: path.join(run), states: Vec::new() });
            place.states.push(state.to_owned());
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
        self.runs.get(key).map(|place| place.read(series))
    }
}

fn is_checkpoint(name: &str) -> bool {
    number(name).is_some()
}

/// The step in `checkpoint-<step>`.
fn number(name: &str) -> Option<u64> {
    name.strip_prefix("checkpoint-")?.parse().ok()
}

impl Place {
    fn read(&self, series: &mut (dyn Series + '_)) -> Run {
        let mut run = Run::default();
        let (last, earlier) = self.in_order();
        run.state_path = folder::join(&last, STATE);
        let mut seen = Seen::new();
        State::read(&self.folder.join(&run.state_path), &run.state_path, Rows::Remember(&mut seen));
        run.state = State::read(&self.folder.join(&run.state_path), &run.state_path, Rows::Points(&mut *series));
        for folder in earlier {
            let path = folder::join(&folder, STATE);
            self.earlier(&mut run, &mut seen, &path, series);
            run.earlier.push(path);
        }
        run.findings.append(&mut run.state.findings);
        self.files(&mut run);
        run
    }

    /// The folder with the state of the largest step, and the others, the latest first. The run's
    /// own state is the later one of two that are alike.
    fn in_order(&self) -> (String, Vec<String>) {
        let step = |folder: &String| {
            let path = self.folder.join(folder).join(STATE);
            let state = State::read(&path, "", Rows::Remember(&mut Seen::new()));
            let named = number(folder).and_then(|step| i64::try_from(step).ok());
            (state.step().or(named), state.rows, folder.is_empty())
        };
        let mut order: Vec<_> = self.states.iter().map(|folder| (step(folder), folder.clone())).collect();
        order.sort();
        let mut folders = order.into_iter().rev().map(|(_, folder)| folder);
        (folders.next().unwrap_or_default(), folders.collect())
    }

    /// Looks for rows that only an earlier state has. If the last one is damaged, they are of its
    /// history.
    fn earlier(&self, run: &mut Run, seen: &mut Seen, path: &str, series: &mut (dyn Series + '_)) {
        let mut unknown = Vec::new();
        let mut more = 0;
        let mut take = |row| if unknown.len() < MOST_OTHER_ROWS { unknown.push(row) } else { more += 1 };
        let state = State::read(&self.folder.join(path), path, Rows::Unknown(seen, &mut take));
        State::read(&self.folder.join(path), path, Rows::Remember(seen));
        run.findings.extend(state.findings);
        if !run.state.is_whole {
            for row in unknown {
                run.state.add(&row, series);
            }
            run.more_left_behind += more;
            return;
        }
        if !unknown.is_empty() {
            let count = unknown.len() as u64 + more;
            let detail =
                format!("{count} rows of its history are not in that of {}: the training went back", run.state_path);
            run.findings.push(SourceFinding::new(SourceCode::Loss, path, detail));
        }
        let room = MOST_OTHER_ROWS.saturating_sub(run.left_behind.len());
        run.more_left_behind += more + unknown.len().saturating_sub(room) as u64;
        run.left_behind.extend(unknown.into_iter().take(room).map(|row| (path.to_owned(), row)));
    }

    /// Files of the run's own folder, and of its checkpoints. A Trainer may write into the folder of
    /// a whole project: other folders in it are named.
    fn files(&self, run: &mut Run) {
        let names = Names::of(&self.folder, usize::MAX).unwrap_or_default();
        let is_own = self.states.iter().any(String::is_empty) || names.files.iter().any(|name| is_of_model(name));
        let mut others = Vec::new();
        for name in names.folders.iter().filter(|name| !is_checkpoint(name)) {
            others.push(name.as_str());
        }
        if is_own {
            run.files.extend(
                names
                    .files
                    .iter()
                    .filter(|name| *name != STATE && !is_event_file(name))
                    .map(|name| FolderFile { path: name.clone(), on_disk: self.folder.join(name) }),
            );
        } else if !names.files.is_empty() {
            let detail =
                format!("{} files of the folder are not of a Trainer, and were passed over", names.files.len());
            run.findings.push(SourceFinding::new(SourceCode::Unsupported, "", detail));
        }
        for link in names.links.iter().filter(|_| is_own) {
            run.findings.push(SourceFinding::new(SourceCode::Outside, link, "it is a link; it is not followed"));
        }
        for checkpoint in names.folders.iter().filter(|name| is_checkpoint(name)) {
            let mut findings = Vec::new();
            let is_told = |path: &str| path == STATE || is_event_file(path);
            let files = folder::files(&self.folder.join(checkpoint), &is_told, &mut findings);
            let inside = |path: &str| format!("{checkpoint}/{path}");
            run.files.extend(files.into_iter().map(|file| FolderFile { path: inside(&file.path), ..file }));
            run.findings.extend(findings.into_iter().map(|one| SourceFinding { place: inside(&one.place), ..one }));
        }
        run.files.sort_by(|a, b| a.path.cmp(&b.path));
        if !others.is_empty() {
            let detail = format!("{} other folders lie in it and were passed over: {}", others.len(), shown(&others));
            run.findings.push(SourceFinding::new(SourceCode::Unsupported, "", detail));
        }
    }
}

/// The first names of a list.
fn shown(names: &[&str]) -> String {
    const SHOWN: usize = 10;
    let more = if names.len() > SHOWN { ", …" } else { "" };
    format!("{}{more}", names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))
}

/// Files that a Trainer writes where it puts the model at the end.
fn is_of_model(name: &str) -> bool {
    let path = Utf8Path::new(name);
    matches!(name, "config.json" | "adapter_config.json" | "training_args.bin" | "training_args.json")
        || path.extension() == Some("safetensors")
        || name.starts_with("pytorch_model") && path.extension() == Some("bin")
}

/// Their names tell the machine.
fn is_event_file(path: &str) -> bool {
    path.contains("tfevents")
}
