//! Models: the logged models of MLflow 3, the model folders of 1.x and 2.x, and their versions in a
//! registry.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use expbundle_format::Code;
use expbundle_format::number::typed;
use expbundle_format::record::role;
use expbundle_format::sections::{Artifact, Direction, ModelFacts, RegisteredVersion};
use expbundle_format::weights::look_like_weights;
use expbundle_trackers::mlflow::{ArtifactFile, LoggedModel, ModelEdge, ModelVersion, RegisteredModel, read_yaml};
use serde_json::{Map, Value};

use super::files::{self, Files};
use super::mapping::{Mapping, time};
use crate::gate::LEFT_OUT;
use crate::ledger::json_tree;
use crate::{ConvertError, roles};

pub(super) fn map<'a>(mapping: &mut Mapping<'a>, files: &Files<'a>) -> Result<(), ConvertError> {
    let run = mapping.run;
    let mut versions = Versions::of(&run.registered_models);
    let (outputs, inputs) = (edges(&run.model_outputs), edges(&run.model_inputs));
    for model in &run.logged_models {
        let id = model.model_id.as_str();
        map_logged(mapping, files, model, outputs.get(id).copied(), inputs.get(id).copied(), &mut versions)?;
    }
    map_edges_without_model(mapping, &mut versions);
    let mut of_folders = versions.in_folders(&files.model_folders.keys().map(String::as_str).collect());
    for (folder, members) in &files.model_folders {
        map_folder(mapping, files, folder, members, of_folders.remove(folder.as_str()).unwrap_or_default())?;
    }
    for (id, registered) in versions.left() {
        let mut artifact = Artifact::new(Direction::Output, roles::word(role::MODEL));
        artifact.name = Some(registered.name.clone());
        artifact.model = Some(ModelFacts { id, registered: vec![registered], ..ModelFacts::default() });
        mapping.ledger.artifact(artifact);
    }
    for model in &run.registered_models {
        keep_version_addresses(mapping, model);
        mapping.ledger.items("model version", model.versions.len() as u64).mapped();
    }
    Ok(())
}

/// The first edge to each model.
fn edges(edges: &[ModelEdge]) -> HashMap<&str, &ModelEdge> {
    edges.iter().rev().map(|edge| (edge.model_id.as_str(), edge)).collect()
}

/// Versions of registered models that wait for the artifact that they are versions of.
struct Versions<'a> {
    waiting: Vec<Option<(&'a RegisteredModel, &'a ModelVersion)>>,
    by_model: HashMap<&'a str, Vec<usize>>,
}

impl<'a> Versions<'a> {
    fn of(models: &'a [RegisteredModel]) -> Self {
        let pairs = models.iter().flat_map(|model| model.versions.iter().map(move |version| (model, version)));
        let waiting: Vec<_> = pairs.map(Some).collect();
        let mut by_model: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, (_, version)) in waiting.iter().flatten().enumerate() {
            if let Some(id) = &version.model_id {
                by_model.entry(id).or_default().push(at);
            }
        }
        Self { waiting, by_model }
    }

    /// Takes those of a logged model.
    fn of_model(&mut self, id: &str) -> Vec<RegisteredVersion> {
        let positions = self.by_model.remove(id).unwrap_or_default();
        positions.into_iter().filter_map(|at| self.take(at)).collect()
    }

    /// Takes those whose source ends with a folder, `file:///…/<run>/artifacts/reader` or
    /// `runs:/<run>/reader`: of several the first.
    fn in_folders<'f>(&mut self, folders: &BTreeSet<&'f str>) -> BTreeMap<&'f str, Vec<RegisteredVersion>> {
        let mut found: BTreeMap<&str, Vec<RegisteredVersion>> = BTreeMap::new();
        for at in 0..self.waiting.len() {
            let source = self.waiting.get(at).copied().flatten().and_then(|(_, version)| version.source.as_deref());
            let source = source.unwrap_or_default();
            let ends = source.match_indices('/').filter_map(|(slash, _)| source.get(slash + 1..));
            let folder = ends.filter_map(|end| folders.get(end).copied()).min();
            if let Some(folder) = folder {
                found.entry(folder).or_default().extend(self.take(at));
            }
        }
        found
    }

    fn take(&mut self, at: usize) -> Option<RegisteredVersion> {
        let (model, version) = self.waiting.get_mut(at)?.take()?;
        Some(registered(model, version))
    }

    /// What nothing was found for, with the ids of their models.
    fn left(&self) -> impl Iterator<Item = (Option<String>, RegisteredVersion)> + '_ {
        self.waiting.iter().flatten().map(|(model, version)| (version.model_id.clone(), registered(model, version)))
    }
}

fn registered(model: &RegisteredModel, version: &ModelVersion) -> RegisteredVersion {
    let mut metadata = BTreeMap::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            metadata.insert(name.to_owned(), value);
        }
    };
    put("status", version.status.clone().map(Value::from));
    put("created", time(version.created_ms).map(|time| Value::from(time.to_string())));
    put("updated", time(version.updated_ms).map(|time| Value::from(time.to_string())));
    put("modelDescription", model.description.clone().map(Value::from));
    put("modelCreated", time(model.created_ms).map(|time| Value::from(time.to_string())));
    put("modelUpdated", time(model.updated_ms).map(|time| Value::from(time.to_string())));
    let labels: Map<String, Value> =
        model.tags.iter().map(|(name, text)| (name.clone(), Value::from(text.as_str()))).collect();
    put("modelLabels", (!labels.is_empty()).then_some(Value::Object(labels)));
    for (name, value) in model.extra.iter().chain(&version.extra) {
        put(name, Some(typed::tree(value)));
    }
    let aliases = model.aliases.iter().filter(|(_, aliased)| **aliased == version.version);
    RegisteredVersion {
        name: model.name.clone(),
        version: version.version.clone(),
        aliases: aliases.map(|(alias, _)| alias.clone()).collect(),
        stage: version.stage.clone().filter(|stage| stage != "None"),
        description: version.description.clone().filter(|text| !text.is_empty()),
        labels: version.tags.clone(),
        metadata,
    }
}

fn keep_version_addresses(mapping: &mut Mapping<'_>, model: &RegisteredModel) {
    for version in &model.versions {
        let own = format!("modelVersion/{}/{}", model.name, version.version);
        mapping.ledger.address(&format!("{own}/source"), version.source.as_deref());
        mapping.ledger.address(&format!("{own}/storage"), version.storage_location.as_deref());
        if let Some(user) = &version.user {
            mapping.ledger.person(format!("{own}/user"), user);
        }
    }
}

fn map_logged<'a>(
    mapping: &mut Mapping<'a>,
    files: &Files<'a>,
    model: &'a LoggedModel,
    output: Option<&ModelEdge>,
    input: Option<&ModelEdge>,
    versions: &mut Versions<'_>,
) -> Result<(), ConvertError> {
    let run = mapping.run;
    let made_here = output.is_some() || model.source_run_id.as_deref() == Some(run.info.run_id.as_str());
    // MLflow lists a model that a run made and then evaluated as its input too. What a run takes in
    // and puts out it would not have produced, so the edge is told in words.
    let direction = if made_here { Direction::Output } else { Direction::Input };
    let mut artifact = Artifact::new(direction, roles::word(role::MODEL));
    artifact.name = Some(model.name.as_ref().unwrap_or(&model.model_id).clone());
    artifact.kind.clone_from(&model.model_type);
    artifact.time = time(model.created_ms);
    artifact.step = output.and_then(|edge| edge.step);
    if made_here && input.is_some() {
        artifact.metadata.insert("usedByItsRun".to_owned(), Value::from(true));
    }
    let edges = [("model output", output), ("model input", input)];
    for (kind, edge) in edges.into_iter().filter_map(|(kind, edge)| Some((kind, edge?))) {
        mapping.ledger.item(kind, &edge.model_id).mapped();
        for (name, text) in &edge.tags {
            put(&mut artifact, &format!("{kind} tag/{name}"), Value::from(text.as_str()));
        }
    }
    describe_logged(mapping, &mut artifact, model);
    let members: Vec<&ArtifactFile> = model.artifacts.files.iter().collect();
    let mut facts = model_file(mapping, &mut artifact, &members, "");
    facts.id = Some(model.model_id.clone());
    facts.registered = versions.of_model(&model.model_id);
    artifact.model = Some(facts);
    place_folder(mapping, files, artifact, "", &members, "logged model file")?;
    mapping.ledger.item("logged model", &model.model_id).mapped();
    Ok(())
}

/// Parameters, tags and the rest of a logged model. MLflow copies the run's parameters into it.
fn describe_logged(mapping: &mut Mapping<'_>, artifact: &mut Artifact, model: &LoggedModel) {
    let run = mapping.run;
    let own = &model.model_id;
    for (name, text) in &model.params {
        let item = mapping.ledger.item("logged model parameter", name);
        if run.params.get(name) == Some(text) {
            item.dropped("it is a copy of the run's parameter");
        } else {
            item.mapped();
            put(artifact, &format!("parameter/{name}"), Value::from(text.as_str()));
        }
    }
    for (name, text) in &model.tags {
        mapping.ledger.item("logged model tag", name).mapped();
        put(artifact, &format!("tag/{name}"), Value::from(text.as_str()));
    }
    for (name, value) in [
        ("status", model.status.clone().map(Value::from)),
        ("updated", time(model.updated_ms).map(|time| Value::from(time.to_string()))),
        ("sourceRun", model.source_run_id.clone().map(Value::from)),
        ("experiment", model.experiment_id.clone().map(Value::from)),
    ] {
        if let Some(value) = value {
            artifact.metadata.insert(name.to_owned(), value);
        }
    }
    for (name, value) in &model.extra {
        put(artifact, name, typed::tree(value));
    }
    mapping.ledger.address(&format!("loggedModel/{own}"), model.artifact_location.as_deref());
}

/// Edges to logged models that the source does not have: an artifact without bytes.
fn map_edges_without_model(mapping: &mut Mapping<'_>, versions: &mut Versions<'_>) {
    let run = mapping.run;
    let known: BTreeSet<&str> = run.logged_models.iter().map(|model| model.model_id.as_str()).collect();
    let outputs = run.model_outputs.iter().map(|edge| (Direction::Output, "model output", edge));
    let inputs = run.model_inputs.iter().map(|edge| (Direction::Input, "model input", edge));
    for (direction, kind, edge) in outputs.chain(inputs) {
        if known.contains(edge.model_id.as_str()) {
            continue;
        }
        let mut artifact = Artifact::new(direction, roles::word(role::MODEL));
        artifact.name = Some(edge.model_id.clone());
        artifact.step = edge.step;
        let registered = versions.of_model(&edge.model_id);
        artifact.model = Some(ModelFacts { id: Some(edge.model_id.clone()), registered, ..ModelFacts::default() });
        mapping.ledger.artifact(artifact);
        mapping.ledger.item(kind, &edge.model_id).mapped();
    }
}

/// A model folder among the run's artifacts.
fn map_folder<'a>(
    mapping: &mut Mapping<'a>,
    files: &Files<'a>,
    folder: &str,
    members: &[&'a ArtifactFile],
    registered: Vec<RegisteredVersion>,
) -> Result<(), ConvertError> {
    let mut artifact = Artifact::new(Direction::Output, roles::word(role::MODEL));
    artifact.name = Some(folder.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("model").to_owned());
    artifact.path = Some(folder.to_owned()).filter(|path| !path.is_empty());
    let mut facts = model_file(mapping, &mut artifact, members, folder);
    facts.registered = registered;
    artifact.model = Some(facts);
    place_folder(mapping, files, artifact, folder, members, "artifact file")
}

/// Lists a model's folder as a tree, and the weights in it one by one, and adds the artifact.
fn place_folder<'a>(
    mapping: &mut Mapping<'a>,
    files: &Files<'a>,
    mut artifact: Artifact,
    prefix: &str,
    members: &[&'a ArtifactFile],
    kind: &'static str,
) -> Result<(), ConvertError> {
    let direction = artifact.direction;
    // Files of secrets are in no listing.
    let (secret, members): (Vec<_>, Vec<&ArtifactFile>) =
        members.iter().copied().partition(|file| files.is_left_out(file));
    mapping.ledger.items(kind, secret.len() as u64).dropped(LEFT_OUT);
    let is_tree = !members.is_empty() && files::list_tree(mapping, files, prefix, &members, &mut artifact)?;
    let of = artifact.model.as_ref().and_then(|model| model.id.clone()).or_else(|| artifact.path.clone());
    mapping.ledger.list(artifact);
    for file in members {
        let item = mapping.ledger.item(kind, &file.path);
        let Some(hashed) = files.digest(file) else {
            item.dropped("it could not be read");
            continue;
        };
        item.mapped();
        // Without a tree, every file stands for itself.
        if is_tree && !look_like_weights(&file.path) {
            continue;
        }
        let mut own = files::artifact(direction, roles::of_file(&file.path), file, hashed);
        if let Some(of) = &of {
            own.metadata.insert("model".to_owned(), Value::from(of.as_str()));
        }
        mapping.ledger.list(own);
    }
    Ok(())
}

/// What the folder's `MLmodel` says.
fn model_file(
    mapping: &mut Mapping<'_>,
    artifact: &mut Artifact,
    members: &[&ArtifactFile],
    prefix: &str,
) -> ModelFacts {
    let mut facts = ModelFacts::default();
    let path = if prefix.is_empty() { "MLmodel".to_owned() } else { format!("{prefix}/MLmodel") };
    let Some(file) = members.iter().find(|file| file.path == path) else { return facts };
    let mut members = match read_yaml(&file.file, &format!("artifacts/{path}")) {
        Ok(members) => members,
        Err(found) => {
            mapping.ledger.finding(Code::SourceDamaged, &found.place, found.detail);
            return facts;
        }
    };
    if let Some(Value::Object(flavors)) = members.get("flavors") {
        facts.flavors = flavors.keys().cloned().collect();
    }
    // Inputs and outputs are JSON within YAML.
    if let Some(Value::Object(signature)) = members.remove("signature") {
        let parts = signature.into_iter().filter(|(_, part)| !part.is_null());
        let parts = parts.map(|(name, part)| match part {
            Value::String(text) => (name, json_tree(&text)),
            other => (name, typed::tree(&other)),
        });
        let signature = Value::Object(parts.collect());
        facts.signature = Some(signature);
    }
    // The run's id is the record's, and the path is an address of the machine.
    for known in ["run_id", "artifact_path", "model_id"] {
        members.remove(known);
    }
    for (name, value) in members {
        if !value.is_null() {
            put(artifact, &name, typed::tree(&value));
        }
    }
    facts
}

/// Puts a fact among an artifact's metadata.
fn put(artifact: &mut Artifact, name: &str, value: Value) {
    artifact.metadata.insert(name.to_owned(), value);
}
