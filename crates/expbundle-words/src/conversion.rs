//! What a conversion found, kept and left out, and why one cannot be done.

use std::collections::BTreeSet;
use std::io::ErrorKind;

use expbundle_convert::ConvertError;
use expbundle_convert::points::{KeySummary, PointsError};
use expbundle_convert::table::TableError;
use expbundle_convert::tracker::{Listed, TRACKERS, is_address, recognized};
use expbundle_format::number::Number;

use crate::layout::nested;
use crate::near::did_you_mean;
use crate::{Failure, Tone, findings, grouped, hints, moment, named, paint, path, quoted, rounded, some_of, table};

/// The runs of a source as a table. Those that are nested in another stand below it, indented.
pub fn list(runs: &[&Listed]) -> String {
    let heading = ["RUN", "STATUS", "STARTED", "EXPERIMENT", "NAME"].map(|word| paint(Tone::Strong, word));
    let mut rows = vec![heading.to_vec()];
    let nested = nested(runs, |run| run.key.as_str(), |run| run.parent.as_deref());
    rows.extend(nested.into_iter().map(|(level, run)| {
        vec![
            format!("{}{}", "  ".repeat(level), path(&run.key)),
            format!("{}{}", run.status.as_str(), if run.deleted { " (deleted)" } else { "" }),
            run.started.map(moment).unwrap_or_default(),
            run.experiment.as_deref().map(path).unwrap_or_default(),
            run.name.as_deref().map(path).unwrap_or_default(),
        ]
    }));
    table(&rows)
}

/// What looks like a secret, where none may be: the kinds and places, and never what they are.
pub fn secrets(found: &[(String, &'static str)], help: &str) -> Failure {
    const SHOWN: usize = 10;
    let places: BTreeSet<String> = found.iter().map(|(place, kind)| format!("{} ({kind})", quoted(place))).collect();
    let shown: Vec<&str> = places.iter().take(SHOWN).map(String::as_str).collect();
    let more = places.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Failure::new("source.secret", format!("found what looks like a secret at: {}{more}", shown.join(", ")))
        .help(format!("{help}; for a false alarm, pass its kind or location with `--allow-secrets NAME`"))
}

/// Refuses to sign a release that says a secret.
///
/// # Errors
/// Something was found.
pub fn without_secrets(found: &[(String, &'static str)]) -> Result<(), Failure> {
    let help = "nothing was written; remove the secret from the title, the reason or the name";
    if found.is_empty() { Ok(()) } else { Err(secrets(found, help).help(help)) }
}

/// A line for each series of points.
pub fn summaries(series: &[(String, KeySummary)]) -> String {
    let mut rows = vec![["KEY", "POINTS", "LAST", "MIN", "MAX"].map(str::to_owned).to_vec()];
    let number = |value: Option<f64>| value.map(|value| rounded(Number(value))).unwrap_or_default();
    rows.extend(series.iter().map(|(key, line)| {
        vec![path(key), grouped(line.count), number(line.last), number(line.min), number(line.max)]
    }));
    table(&rows)
}

/// Why the points or lines of a Parquet section are not read or written.
pub fn points(error: PointsError, section: &str) -> Failure {
    let failure = Failure::new("cli.limit", error.to_string()).at(section);
    match error {
        PointsError::Write(error) => error.into(),
        PointsError::Series(error) => Failure::new("cli.source", format!("the section cannot be read: {error}"))
            .at(section)
            .help("`expbundle extract --section` writes its bytes unchanged"),
        PointsError::Implausible { .. } => failure.help("`expbundle extract --parquet` writes the section unchanged"),
        PointsError::Huge { .. } => {
            failure.help("`--any-size` writes it anyway; `--parquet` writes the section unchanged")
        }
    }
}

impl From<ConvertError> for Failure {
    fn from(error: ConvertError) -> Self {
        Self::from(&error)
    }
}

impl From<&ConvertError> for Failure {
    fn from(error: &ConvertError) -> Self {
        let failure = Failure::new("cli.source", error.to_string()).because(error);
        match error {
            ConvertError::Hash(error) => Self::from(error),
            ConvertError::Open(error) => Self::from(error),
            ConvertError::Output(error) => Self::from(error),
            ConvertError::OtherState(there) => {
                let file = path(there.path.as_str());
                let keep = "choose another name with `-o`, or a folder, where the new bundle gets a name beside it";
                Self::usage(error.to_string()).help(if there.is_signed {
                    format!(
                        "{keep}; it is signed: `expbundle supersede {file} --by NEW --key KEY` marks it as replaced"
                    )
                } else {
                    format!("{keep}; nobody signed it, so remove {file} first if nobody needs the earlier one")
                })
            }
            ConvertError::NoExperiment { wanted, names } => {
                let near = did_you_mean(wanted, names.iter().map(String::as_str));
                let names: Vec<String> = names.iter().map(|name| named(name)).collect();
                let (wanted, names) = (named(wanted), some_of(&names, 20, ", "));
                Self::usage(format!("there is no experiment {wanted} in the source; it has: {names}")).maybe_help(near)
            }
            ConvertError::NotATracker(tool) => {
                let names: Vec<&str> = TRACKERS.iter().map(|tracker| tracker.name()).collect();
                let near = did_you_mean(tool, names.iter().copied());
                let names = names.join(", ");
                Self::usage(format!("`{tool}` is not a tracker that can be read; these are: {names}")).maybe_help(near)
            }
            ConvertError::SecretInAddress => Self::usage(error.to_string())
                .help("set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN"),
            ConvertError::NoServer(address) => {
                Self::usage(error.to_string()).at(address.as_str()).help("servers of MLflow are read")
            }
            ConvertError::NotATable { .. } => Self::usage(error.to_string()).help(
                "leave out `--run-column`, `--step-column`, `--time-column` and `--param-column`, or name `csv`, `jsonl` or `parquet`",
            ),
            ConvertError::OtherTable { other, path, .. } => {
                failure.at(path.as_str()).help(format!("`expbundle convert {other} {}`", crate::path(path.as_str())))
            }
            ConvertError::NoTracker(path) if path.extension() == Some("expj") => failure
                .at(path.as_str())
                .help(hints::of_journal(path)),
            ConvertError::NoTracker(path) => failure.at(path.as_str()).listing(all_recognized()).help(
                "name the folder or file of the tracker; for a model folder, `expbundle convert huggingface FOLDER`",
            ),
            // Which tracker it is was said: its own reason is the answer.
            ConvertError::NamedTracker { path, source } => {
                let failure = Self::from(&**source).or_at(path.as_str());
                let has_help = failure.next_step().is_some();
                if has_help { failure } else { failure.help("name the tracker's folder or file") }
            }
            ConvertError::Look { path, source } => match source.kind() {
                ErrorKind::InvalidInput => Self::not_regular("read the source", path),
                _ => Self::io("read the source", path, source),
            },
            ConvertError::NoSuchRun { run, known } => {
                let near = did_you_mean(run, known.iter().map(String::as_str)).map(|near| format!("{near} ")).unwrap_or_default();
                failure.help(format!("{near}`--list` shows the runs of the source"))
            }
            ConvertError::NoRun { unread } => {
                failure.listing(findings::all(unread)).help("check that the source is whole; `--list` shows its runs")
            }
            ConvertError::NotOneRun { runs } => several_runs(runs),
            ConvertError::SeveralTools { tools, path } => failure
                .help(format!(
                    "name the folder of one of them, or one of your bundles; to convert, name the tracker: \
                     `expbundle convert {} {path}`",
                    tools.first().copied().unwrap_or("TOOL")
                )),
            ConvertError::Source { path, .. } if is_address(path.as_str()) => failure.at(path.as_str()).help(
                "check the address, and that the server runs; if it asks who you are, set MLFLOW_TRACKING_TOKEN, or \
                 MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD",
            ),
            ConvertError::Source { path, source } if let Some(error) = source.downcast_ref::<TableError>() => {
                Self::from(error).at(path.as_str())
            }
            ConvertError::Source { path, .. } => failure
                .at(path.as_str())
                .help("check that the source is complete and that no other program writes to it"),
            ConvertError::Secret { .. } => {
                failure.help("leave it out; for a false alarm, pass its path or the kind to `--allow-secrets`")
            }
            ConvertError::SecretInPath { .. } => {
                failure.help("rename the file; for a false alarm, pass the kind to `--allow-secrets`")
            }
            ConvertError::Gate { .. } => failure.help("please report this, without the secret"),
            ConvertError::NotIntact { findings } => {
                let first = findings.iter().find(|finding| finding.is_error());
                failure.listing(findings::all(first.map_or(&[], std::slice::from_ref))).help("please report this")
            }
            ConvertError::Io(_) => failure.help("free some space on the disk for temporary files (TMPDIR)"),
            _ => failure,
        }
    }
}

/// What is read of each tracker.
fn all_recognized() -> String {
    format!("These are recognized:\n  {}\n", recognized().collect::<Vec<_>>().join("\n  "))
}

fn several_runs(runs: &[Listed]) -> Failure {
    const SHOWN: usize = 20;
    if runs.is_empty() {
        return Failure::usage("the source has no runs").listing(all_recognized()).help("check the path");
    }
    let more = runs.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!("and {more} more\n") } else { String::new() };
    let listed: Vec<&Listed> = runs.iter().take(SHOWN).collect();
    Failure::usage(format!("which run do you mean? There are {} to choose from", runs.len()))
        .listing(list(&listed) + &more)
        .help("choose one with `--run ID`; `expbundle convert` with `--all -o DIR` converts every run")
}
