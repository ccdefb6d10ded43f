//! Trackers' sources: what they hold, and a run of them as a bundle.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use clap::ValueEnum;
use expbundle::Bundle;
use expbundle::judge::{State, Verdict};
use expbundle::verify::{CheckError, Intact};
use expbundle_convert::blind::blind;
use expbundle_convert::{ConvertError, Converted, Options, huggingface, mlflow, wandb};
use expbundle_format::time::Time;
use expbundle_format::{Code, Finding, Place};
use expbundle_statement::TrustPolicy;
use expbundle_trackers::finding::SourceFinding;
use expbundle_trackers::mlflow as mlflow_files;
use expbundle_trackers::wandb as wandb_files;

use crate::failure::Failure;
use crate::{files, findings, keys, terminal};

/// A tracker whose files are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Tool {
    /// mlruns/ folder, mlflow.db with its artifacts, mlflow-export-import folder
    Mlflow,
    /// wandb/ folder, offline-run-… or run-… folder, .wandb file, exports of the API
    Wandb,
    /// Model folder of the Hugging Face Hub: an origin record
    Huggingface,
}

/// An opened source.
pub enum Source {
    Mlflow(Box<(mlflow_files::Source, mlflow::Parents)>),
    Wandb(wandb_files::Source),
    Huggingface(Utf8PathBuf),
}

/// The one thing that a model folder holds.
const MODEL_KEY: &str = "model";

/// A run as a list shows it.
#[derive(Clone, Debug, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    /// What names it within the source, for `--run`.
    pub key: String,
    /// Its id in the tracker.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// Name of its experiment or project.
    pub experiment: Option<String>,
    /// Id of its experiment.
    pub experiment_id: Option<String>,
    /// How it stands.
    pub status: String,
    /// When it started.
    pub started: Option<Time>,
    /// Whether the tracker has it as deleted.
    pub deleted: bool,
}

impl Source {
    /// Opens what is at a path.
    pub fn open(tool: Tool, path: &Utf8Path) -> Result<Self, Failure> {
        if path.exists() {
            files::regular_or_folder(path, "read the source")?;
        }
        match tool {
            Tool::Mlflow => mlflow_files::Source::open(path)
                .map(|source| Self::Mlflow(Box::new((source, mlflow::Parents::default()))))
                .map_err(|error| source_failure(&error, path)),
            Tool::Wandb => {
                wandb_files::Source::open(path).map(Self::Wandb).map_err(|error| source_failure(&error, path))
            }
            Tool::Huggingface => match std::fs::read_dir(path) {
                Ok(_) => Ok(Self::Huggingface(path.to_owned())),
                Err(error) => Err(source_failure(&error, path)),
            },
        }
    }

    /// The runs, in the order of experiment and start, and what kept others from being listed.
    pub fn list(&self) -> Result<(Vec<Listed>, Vec<Finding>), Failure> {
        match self {
            Self::Mlflow(opened) => {
                let list = mlflow::list(&opened.0).map_err(|error| convert_failure(&error))?;
                let runs = list.runs.into_iter().map(|run| Listed {
                    key: run.run_id.clone(),
                    id: run.run_id,
                    name: run.name,
                    experiment: run.experiment_name,
                    experiment_id: Some(run.experiment_id),
                    status: run.status.map_or("unknown", mlflow_status).to_owned(),
                    started: run.start_ms.and_then(Time::from_milliseconds),
                    deleted: run.lifecycle == "deleted",
                });
                Ok((runs.collect(), list.findings.iter().map(finding).collect()))
            }
            Self::Wandb(source) => {
                let runs = wandb::list(source).map_err(|error| convert_failure(&error))?;
                let runs = runs.into_iter().map(|run| Listed {
                    key: run.key,
                    id: run.id,
                    name: run.name,
                    experiment: run.project,
                    experiment_id: None,
                    status: wandb_status(run.state).to_owned(),
                    started: run.started_ns.and_then(|time| Time::from_nanoseconds(time.into())),
                    deleted: false,
                });
                Ok((runs.collect(), Vec::new()))
            }
            Self::Huggingface(_) => {
                let model = Listed {
                    key: MODEL_KEY.to_owned(),
                    id: MODEL_KEY.to_owned(),
                    name: None,
                    experiment: None,
                    experiment_id: None,
                    status: "unknown".to_owned(),
                    started: None,
                    deleted: false,
                };
                Ok((vec![model], Vec::new()))
            }
        }
    }

    /// Converts a run.
    pub fn convert(&self, key: &str, options: &Options<'_>) -> Result<Converted, ConvertError> {
        match self {
            Self::Mlflow(opened) => mlflow::convert_with(&opened.0, key, options, &opened.1),
            Self::Wandb(source) => wandb::convert(source, key, options),
            Self::Huggingface(folder) => huggingface::convert(folder, options),
        }
    }
}

fn mlflow_status(status: mlflow_files::Status) -> &'static str {
    match status {
        mlflow_files::Status::Running => "running",
        mlflow_files::Status::Scheduled => "scheduled",
        mlflow_files::Status::Finished => "finished",
        mlflow_files::Status::Failed => "failed",
        mlflow_files::Status::Killed => "killed",
    }
}

fn wandb_status(state: wandb_files::State) -> &'static str {
    match state {
        wandb_files::State::Finished => "finished",
        wandb_files::State::Failed => "failed",
        wandb_files::State::Crashed => "crashed",
        wandb_files::State::Running => "running",
        wandb_files::State::Killed => "killed",
        wandb_files::State::Unknown => "unknown",
    }
}

fn finding(found: &SourceFinding) -> Finding {
    let code = found.code.as_str().parse().unwrap_or(Code::SourceDamaged);
    Finding::new(code, Place::entry(&found.place), &found.detail)
}

fn source_failure(error: &(dyn std::error::Error + 'static), path: &Utf8Path) -> Failure {
    Failure::new("cli.source", error.to_string())
        .at(path.as_str())
        .help("name the tracker's folder or file; `expbundle convert --help` says which are read")
}

/// An error of a conversion, with the next step.
pub fn convert_failure(error: &ConvertError) -> Failure {
    let failure = Failure::new("cli.source", error.to_string()).because(error);
    match error {
        ConvertError::Hash(error) => files::hash_failure(error),
        ConvertError::NoSuchRun { .. } => failure.help("`--list` shows the runs of the source"),
        ConvertError::Source { path, .. } => {
            failure.at(path.as_str()).help("check that the source is whole and that no other program writes to it")
        }
        ConvertError::Secret { .. } => {
            failure.help("leave it out, or name it by `--allow-secrets` if it is not a secret")
        }
        ConvertError::Gate { .. } => failure.help("please report this, without the secret"),
        ConvertError::Io(_) => failure.help("make room on the disk of the temporary files (TMPDIR)"),
        ConvertError::Draft(_) | ConvertError::Series(_) | ConvertError::Blind(_) => failure,
    }
}

/// The source at a path, whichever tracker's it is; `None` if it is none.
fn open_any(path: &Utf8Path) -> Option<Source> {
    [Tool::Wandb, Tool::Mlflow].into_iter().find_map(|tool| Source::open(tool, path).ok())
}

/// A run of a tracker's source as a checked bundle, without writing one; `None` if the path is not a source.
pub fn bundle_of_source(path: &Utf8Path, run: Option<&str>) -> Result<Option<Intact>, Failure> {
    // A bundle, or a directory that carries one, is not a source, whatever else lies there.
    let is_bundle = path.extension() == Some("expb") || path.join(expbundle::directory::BUNDLE_NAME).is_file();
    let Some(source) = (if is_bundle { None } else { open_any(path) }) else { return Ok(None) };
    let key = match run {
        Some(run) => run.to_owned(),
        None => only_run(&source)?,
    };
    let converted = source.convert(&key, &Options::default()).map_err(|error| convert_failure(&error))?;
    checked(&converted.bundle, None).map(|(intact, _)| Some(intact))
}

/// The key of the only run of a source; several are an error that names them.
pub fn only_run(source: &Source) -> Result<String, Failure> {
    // Listing reads whole logs; where there is one, nobody needs the list.
    if let Source::Wandb(source) = source
        && let [key] = source.keys().as_slice()
    {
        return Ok(key.clone());
    }
    let (runs, _) = source.list()?;
    let [run] = runs.as_slice() else {
        const SHOWN: usize = 10;
        let names: Vec<String> = runs
            .iter()
            .take(SHOWN)
            .map(|run| format!("{} ({})", run.key, run.name.as_deref().unwrap_or("no name")))
            .collect();
        let more = runs.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        return Err(Failure::usage(format!("the source has {} runs: {}{more}", runs.len(), names.join(", ")))
            .help("choose one with `--run ID`"));
    };
    Ok(run.key.clone())
}

/// The bundle with a random salt in every section.
pub fn blinded(bundle: &Bundle) -> Result<Bundle, Failure> {
    let salt = || {
        let mut salt = [0; 32];
        getrandom::fill(&mut salt).map_err(|error| std::io::Error::other(error.to_string()))?;
        Ok::<_, std::io::Error>(salt)
    };
    blind(bundle, salt).map_err(|error| convert_failure(&error))
}

/// A bundle in memory, checked as any other: what converters make is held to the format too, and so is what was joined.
pub fn checked(bundle: &Bundle, policy: Option<&TrustPolicy>) -> Result<(Intact, Verdict), Failure> {
    let intact = match bundle.check() {
        Ok(checked) => checked.intact,
        Err(CheckError::Io(error)) => return Err(Failure::temporary(&error)),
        Err(CheckError::NotIntact(wrong)) => return Err(refused(wrong.into_findings())),
    };
    let verdict = sound(&intact, policy)?;
    Ok((intact, verdict))
}

/// What follows from an intact bundle, unless its parts contradict each other.
pub fn sound(intact: &Intact, policy: Option<&TrustPolicy>) -> Result<Verdict, Failure> {
    let verdict = intact.judge(policy, keys::moment(None)?.timestamp());
    if verdict.state <= State::Malformed { Err(refused(verdict.findings)) } else { Ok(verdict) }
}

/// The last error, when the others were printed.
pub fn refused(found: Vec<Finding>) -> Failure {
    let mut errors: Vec<Finding> = found.into_iter().filter(Finding::is_error).collect();
    let last = errors.pop().expect("a bundle that is not intact has an error finding");
    terminal::talk(&findings::all(&errors));
    Failure::from(last)
}

/// Runs that are meant by `--experiment`: by name or id.
pub fn of_experiment<'a>(runs: &'a [Listed], experiment: &str) -> Result<Vec<&'a Listed>, Failure> {
    let meant = |run: &&Listed| {
        run.experiment.as_deref() == Some(experiment) || run.experiment_id.as_deref() == Some(experiment)
    };
    let chosen: Vec<&Listed> = runs.iter().filter(meant).collect();
    if chosen.is_empty() {
        let names: BTreeSet<&str> = runs.iter().filter_map(|run| run.experiment.as_deref()).collect();
        let names: Vec<String> = names.into_iter().map(terminal::named).collect();
        let (wanted, names) = (terminal::named(experiment), terminal::some_of(&names, 20, ", "));
        return Err(Failure::usage(format!("there is no experiment {wanted} in the source; it has: {names}")));
    }
    Ok(chosen)
}
