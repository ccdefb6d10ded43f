//! One run of a file store, whole.

use std::collections::BTreeSet;
use std::io::BufReader;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;

use super::index::{Index, RunPlace};
use super::meta::{DatasetMeta, EdgeMeta, LoggedModelMeta, Meta, RunMeta, present};
use super::{count_values, read_values};
use crate::finding::{SourceCode, SourceFinding};
use crate::mlflow::files::Root;
use crate::mlflow::metric_lines::{BadLine, read_model_metric, read_run_metric};
use crate::mlflow::run::{Artifacts, DatasetInput, DatasetName, LoggedModel, Metric, ModelEdge, Place, Run, RunInfo};
use crate::mlflow::{artifacts, registry};
use crate::text::skip_mark;

/// Metric files are read in pieces of this size.
const BUFFER_BYTES: usize = 256 << 10;

/// More bad lines of one file than these are counted, not listed.
const MAX_BAD_LINES: usize = 16;

pub(super) fn read(root: &Root, index: &Index, place: &RunPlace, run_id: &str, allowed: &[Utf8PathBuf]) -> Run {
    let experiment = place.experiment.as_ref().and_then(|id| index.experiments.get(id));
    let mut run = Run { experiment: experiment.map(|place| place.facts.clone()), ..Run::default() };
    run.found.experiment_tags = run.experiment.as_ref().map_or(0, |experiment| experiment.tags.len() as u64);
    run.info = read_info(root, place, run_id, &mut run.findings);
    if let Some(experiment) = &run.experiment {
        run.info.experiment_id.clone_from(&experiment.id);
    }
    run.found.unread.experiment_tags = experiment.map_or(0, |place| place.unread_tags);
    (run.params, run.found.unread.params) = count_values(root, &place.folder.join("params"), &mut run.findings);
    run.found.params = run.params.len() as u64;
    (run.tags, run.found.unread.tags) = count_values(root, &place.folder.join("tags"), &mut run.findings);
    run.found.tags = run.tags.len() as u64;
    if run.info.name.is_none() {
        run.info.name = run.tags.get("mlflow.runName").filter(|name| !name.is_empty()).cloned();
    }
    read_metrics(root, &place.folder.join("metrics"), &mut run);
    read_edges(root, place, experiment.map(|place| place.folder.as_path()), &mut run);
    read_models(root, index, run_id, allowed, &mut run);
    registry::attach(&mut run, &index.registry);
    run.traces = index.traces_of_run.get(run_id).cloned().unwrap_or_default();
    run.found.traces = run.traces.len() as u64;
    run.artifacts = read_artifacts(
        root,
        run.info.artifact_uri.as_deref(),
        run_id,
        &place.folder.join("artifacts"),
        allowed,
        &mut run.findings,
    );
    run.findings.extend(artifacts::absent(&run, &artifacts::roots(root, allowed)));
    run.found.artifact_files = run.artifacts.files.len() as u64;
    run
}

fn read_info(root: &Root, place: &RunPlace, run_id: &str, findings: &mut Vec<SourceFinding>) -> RunInfo {
    let mut info = RunInfo { run_id: run_id.to_owned(), lifecycle: "active".to_owned(), ..RunInfo::default() };
    let Some(meta) = Meta::<RunMeta>::read(root, &place.folder, findings) else { return info };
    info.start_ms = meta.integer("start_time", meta.typed.start_time.as_ref(), findings);
    info.end_ms = meta.integer("end_time", meta.typed.end_time.as_ref(), findings);
    info.deleted_ms = meta.integer("deleted_time", meta.typed.deleted_time.as_ref(), findings);
    info.status = meta.status(findings);
    let mut known = vec![
        "run_id",
        "run_uuid",
        "experiment_id",
        "run_name",
        "start_time",
        "end_time",
        "deleted_time",
        "lifecycle_stage",
        "user_id",
        "artifact_uri",
    ];
    if info.status.is_some() {
        known.push("status");
    }
    info.extra = meta.extra(&known);
    let typed = meta.typed;
    if let Some(own) = typed.run_id.or(typed.run_uuid)
        && own != run_id
    {
        let detail = format!("the folder says that this is run `{run_id}`, its meta.yaml says `{own}`");
        findings.push(SourceFinding::new(SourceCode::Damaged, root.relative(&place.folder), detail));
    }
    if let (Some(stated), Some(lies_in)) = (&typed.experiment_id, &place.experiment)
        && stated != lies_in
    {
        let detail = format!("the folder says experiment `{lies_in}`, its meta.yaml says `{stated}`");
        findings.push(SourceFinding::new(SourceCode::Damaged, root.relative(&place.folder), detail));
        info.extra.insert("experiment_id".to_owned(), Value::from(stated.as_str()));
    }
    info.experiment_id = typed.experiment_id.or_else(|| place.experiment.clone()).unwrap_or_default();
    info.name = typed.run_name.filter(|name| !name.is_empty());
    info.lifecycle = typed.lifecycle_stage.unwrap_or(info.lifecycle);
    info.user = typed.user_id.filter(|user| !user.is_empty());
    info.artifact_uri = typed.artifact_uri;
    info
}

fn read_metrics(root: &Root, folder: &Utf8Path, run: &mut Run) {
    for file in root.walk(folder, &mut run.findings) {
        let place = root.relative(&folder.join(&file.path));
        let mut bad = BadLines::default();
        let read = root.open(&file.file).and_then(|input| {
            let mut input = BufReader::with_capacity(BUFFER_BYTES, input);
            skip_mark(&mut input)?;
            Ok(read_run_metric(file.path.clone(), input, &mut |line| bad.push(line))?)
        });
        let count = bad.count;
        bad.report(&place, &mut run.findings);
        match read {
            Ok(metric) => {
                if metric.points.is_empty() && count == 0 {
                    let detail = "the file has no point in it";
                    run.findings.push(SourceFinding::new(SourceCode::Truncated, place, detail));
                }
                run.found.unread.add_points(&metric, count);
                add_metric(run, metric);
            }
            Err(error) => run.findings.push(error.finding(place)),
        }
    }
}

fn add_metric(run: &mut Run, mut metric: Metric) {
    metric.count_duplicates();
    let count = metric.points.len() as u64;
    if metric.is_system() {
        run.found.system_points += count;
    } else {
        run.found.points += count;
    }
    run.found.duplicate_points += metric.duplicates;
    run.metrics.push(metric);
}

/// Bad lines of one file: the first few by number, the rest as a count.
#[derive(Default)]
struct BadLines {
    first: Vec<BadLine>,
    more: u64,
    /// Those that hold something.
    count: u64,
}

impl BadLines {
    fn push(&mut self, line: BadLine) {
        self.count += u64::from(!line.empty);
        if self.first.len() < MAX_BAD_LINES || line.truncated {
            self.first.push(line);
        } else {
            self.more += 1;
        }
    }

    fn report(self, place: &str, findings: &mut Vec<SourceFinding>) {
        for bad in self.first {
            let code = if bad.truncated { SourceCode::Truncated } else { SourceCode::Damaged };
            findings.push(SourceFinding::new(code, place, format!("line {}: {}", bad.line, bad.reason)));
        }
        if self.more > 0 {
            let detail = format!("{} more lines are not points", self.more);
            findings.push(SourceFinding::new(SourceCode::Damaged, place, detail));
        }
    }
}

fn read_edges(root: &Root, place: &RunPlace, experiment: Option<&Utf8Path>, run: &mut Run) {
    let inputs = place.folder.join("inputs");
    for name in root.names(&inputs, &mut run.findings) {
        let folder = inputs.join(&name);
        let Some(meta) = Meta::<EdgeMeta>::read(root, &folder, &mut run.findings) else { continue };
        let tags = present(&meta.typed.tags);
        let source_id = meta.typed.source_id.clone().unwrap_or_default();
        match meta.typed.source_type.as_deref() {
            Some("DATASET") => {
                run.found.datasets += 1;
                let dataset = read_dataset(root, experiment, source_id, tags, &mut run.findings);
                run.datasets.push(dataset);
            }
            Some("MODEL" | "RUN_INPUT") => {
                run.found.model_inputs += 1;
                run.model_inputs.push(ModelEdge { model_id: source_id, step: None, tags });
            }
            _ => {
                let finding =
                    SourceFinding::new(SourceCode::Unsupported, root.relative(&folder), "an input of unknown kind");
                run.findings.push(finding);
            }
        }
    }
    // The names of edges are random; these orders are not.
    run.datasets.sort_by(|a, b| (&a.name, &a.context, &a.id).cmp(&(&b.name, &b.context, &b.id)));
    run.model_inputs.sort_by(|a, b| a.model_id.cmp(&b.model_id));
    let outputs = place.folder.join("outputs");
    for name in root.names(&outputs, &mut run.findings) {
        let Some(meta) = Meta::<EdgeMeta>::read(root, &outputs.join(&name), &mut run.findings) else { continue };
        let step = meta.integer("step", meta.typed.step.as_ref(), &mut run.findings);
        run.found.model_outputs += 1;
        let model_id = meta.typed.destination_id.unwrap_or(name);
        run.model_outputs.push(ModelEdge { model_id, step, tags: present(&meta.typed.tags) });
    }
}

fn read_dataset(
    root: &Root,
    experiment: Option<&Utf8Path>,
    id: String,
    tags: std::collections::BTreeMap<String, String>,
    findings: &mut Vec<SourceFinding>,
) -> DatasetInput {
    let context = tags.get("mlflow.data.context").cloned();
    let mut dataset = DatasetInput { id, context, tags, ..DatasetInput::default() };
    // The id comes out of a file, so it may be any path; `Root` would refuse those that leave the
    // store.
    let folder = experiment.map(|folder| folder.join("datasets").join(&dataset.id));
    match folder.and_then(|folder| Meta::<DatasetMeta>::read(root, &folder, findings)) {
        Some(meta) => {
            dataset.extra = meta.extra(&["name", "digest", "source_type", "source", "schema", "profile"]);
            dataset.name = DatasetName {
                name: meta.typed.name.unwrap_or_default(),
                digest: meta.typed.digest.unwrap_or_default(),
            };
            dataset.source_type = meta.typed.source_type;
            dataset.source = meta.typed.source;
            dataset.schema = meta.typed.schema;
            dataset.profile = meta.typed.profile;
        }
        None if experiment.is_none() => {
            let detail = "the run was read without its experiment, which describes its data sets";
            findings.push(SourceFinding::new(SourceCode::Missing, format!("datasets/{}", dataset.id), detail));
        }
        None => {}
    }
    dataset
}

fn read_models(root: &Root, index: &Index, run_id: &str, allowed: &[Utf8PathBuf], run: &mut Run) {
    let mut ids: BTreeSet<String> = index.models_of_run.get(run_id).into_iter().flatten().cloned().collect();
    ids.extend(run.model_inputs.iter().chain(&run.model_outputs).map(|edge| edge.model_id.clone()));
    for id in ids {
        let Some(folder) = index.models.get(&id) else {
            let finding = SourceFinding::new(SourceCode::Missing, id, "a logged model that the run names is not here");
            run.findings.push(finding);
            continue;
        };
        let model = read_model(root, &id, folder, allowed, &mut run.findings);
        run.found.logged_models += 1;
        run.found.model_files += model.artifacts.files.len() as u64;
        run.logged_models.push(model);
    }
}

fn read_model(
    root: &Root,
    id: &str,
    folder: &Utf8Path,
    allowed: &[Utf8PathBuf],
    findings: &mut Vec<SourceFinding>,
) -> LoggedModel {
    let mut model = LoggedModel { model_id: id.to_owned(), ..LoggedModel::default() };
    if let Some(meta) = Meta::<LoggedModelMeta>::read(root, folder, findings) {
        model.created_ms = meta.integer("creation_timestamp", meta.typed.creation_timestamp.as_ref(), findings);
        model.updated_ms = meta.integer("last_updated_timestamp", meta.typed.last_updated_timestamp.as_ref(), findings);
        model.extra = meta.extra(&[
            "model_id",
            "name",
            "experiment_id",
            "source_run_id",
            "artifact_location",
            "model_type",
            "status",
            "creation_timestamp",
            "last_updated_timestamp",
        ]);
        let typed = meta.typed;
        model.name = typed.name;
        model.experiment_id = typed.experiment_id;
        model.source_run_id = typed.source_run_id;
        model.artifact_location = typed.artifact_location;
        model.model_type = typed.model_type.filter(|text| !text.is_empty());
        model.status = typed.status.map(|status| LoggedModel::status_word(&status));
    }
    model.params = read_values(root, &folder.join("params"), findings);
    model.tags = read_values(root, &folder.join("tags"), findings);
    let metrics = folder.join("metrics");
    for file in root.walk(&metrics, findings) {
        let place = root.relative(&metrics.join(&file.path));
        let mut bad = BadLines::default();
        let read = root
            .open(&file.file)
            .and_then(|input| Ok(read_model_metric(&file.path, BufReader::new(input), &mut |line| bad.push(line))?));
        bad.report(&place, findings);
        match read {
            Ok(points) => model.metrics.extend(points),
            Err(error) => findings.push(error.finding(place)),
        }
    }
    let location = model.artifact_location.as_deref();
    model.artifacts = read_artifacts(root, location, id, &folder.join("artifacts"), allowed, findings);
    let external = model.tags.get("mlflow.model.isExternal").is_some_and(|text| text.eq_ignore_ascii_case("true"));
    if model.artifacts.place == Place::Absent && !external {
        findings.push(SourceFinding::new(SourceCode::Missing, id, "the files of this logged model are not here"));
    }
    model
}

/// The files at an address, or at the place that the store's layout gives them.
fn read_artifacts(
    root: &Root,
    uri: Option<&str>,
    id: &str,
    beside: &Utf8Path,
    allowed: &[Utf8PathBuf],
    findings: &mut Vec<SourceFinding>,
) -> Artifacts {
    let located = uri.map(|uri| artifacts::locate(uri, id, &artifacts::roots(root, allowed), findings));
    match located {
        Some(artifacts) if artifacts.place == Place::Remote => {
            findings.push(artifacts::remote(uri.unwrap_or_default(), id));
            artifacts
        }
        Some(artifacts) if matches!(artifacts.place, Place::Local(_)) => {
            if artifacts.files.is_empty() && uri.is_some_and(|uri| uri.starts_with("mlflow-artifacts:")) {
                let detail = format!(
                    "a server kept the artifacts elsewhere, so there may be some that are missing here: {}",
                    uri.unwrap_or_default()
                );
                findings.push(SourceFinding::new(SourceCode::Missing, id, detail));
            }
            artifacts
        }
        _ if root.has_folder(beside) => root.artifacts(beside, findings),
        Some(absent) => absent,
        None => Artifacts::default(),
    }
}
