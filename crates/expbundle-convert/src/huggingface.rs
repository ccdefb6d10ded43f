//! A Hugging Face model folder as an origin record: a base model from outside gets its place in the
//! family tree.
//!
//! The card names parents and data sets by name only, so they are inputs that nobody had the bytes
//! of: they suggest a link and never prove one. Files are outputs with both digests; of a Git LFS
//! pointer there is only the SHA-256, which is enough to prove a link.

use std::collections::BTreeSet;

use camino::Utf8Path;
use expbundle::hash::{Wanted, hash_file};
use expbundle_format::number::{Number, typed};
use expbundle_format::pointer::Pointer;
use expbundle_format::record::{Kind, Word, role};
use expbundle_format::sections::{Artifact, Context, Direction, Evaluation, Evaluations, ModelFacts};
use expbundle_format::tree::{Tree, TreeFile, TreePath};
use expbundle_format::{ArtifactDigests, Code};
use expbundle_trackers::huggingface::{Card, Model, ModelFile};
use serde_json::Value;

use crate::gate::{Converted, Fate, FileToList, LEFT_OUT, PATH_LEFT_OUT};
use crate::ledger::{Item, Ledger};
use crate::tracker::{self, Listed, Listing, Tracker};
use crate::{ConvertError, Options, roles};

/// Fields of the card that have a home of their own.
const MAPPED_FIELDS: [&str; 8] =
    ["base_model", "base_model_relation", "datasets", "library_name", "license", "license_name", "model-index", "tags"];

/// Hugging Face.
#[derive(Debug)]
pub(crate) struct HuggingFace;

impl Tracker for HuggingFace {
    fn name(&self) -> &'static str {
        "huggingface"
    }

    fn reads(&self) -> &'static str {
        "Model folder of the Hugging Face Hub: an origin record"
    }

    fn open(&self, path: &Utf8Path) -> Result<Option<Box<dyn tracker::Source>>, ConvertError> {
        let model = Model::read(path).map_err(|error| tracker::unreadable(path, error))?;
        Ok(if model.files.is_empty() { None } else { Some(Box::new(model)) })
    }

    // Any folder may be that of a model.
    fn is_recognized(&self) -> bool {
        false
    }
}

/// More files than these become one tree: a record has room for some 4,000 references.
const MOST_FILES: usize = 2000;

/// The key of the one thing that a model folder holds.
const MODEL_KEY: &str = "model";

impl tracker::Source for Model {
    fn runs(&self) -> Result<Listing, ConvertError> {
        Ok(Listing { runs: vec![Listed::new(MODEL_KEY)], ..Listing::default() })
    }

    fn lone_run(&self) -> Option<String> {
        Some(MODEL_KEY.to_owned())
    }

    // Whichever key is given, it can mean the model only.
    fn convert(&self, _: &str, options: &Options<'_>) -> Result<Converted, ConvertError> {
        Mapping::new(self, options).convert()
    }
}

struct Mapping<'a> {
    model: &'a Model,
    card: Card,
    ledger: Ledger<'a>,
}

impl<'a> Mapping<'a> {
    fn new(model: &'a Model, options: &'a Options<'a>) -> Self {
        let mut ledger = Ledger::new(Kind::Origin, HuggingFace.name(), options);
        ledger.source.layout = Some("model folder".to_owned());
        ledger.findings(&model.findings);
        if let Some(id) = &model.hub.id {
            let revision = model.hub.revision.as_ref().map(|revision| format!("@{revision}")).unwrap_or_default();
            ledger.run(format!("{id}{revision}"));
        }
        Self { model, card: model.card.clone().unwrap_or_default(), ledger }
    }

    fn convert(mut self) -> Result<Converted, ConvertError> {
        self.files()?;
        self.named_inputs();
        let evaluations = self.evaluations();
        self.ledger.section(Evaluations { evaluations, salt: None });
        let context = self.context();
        self.ledger.section(context);
        self.rest_of_the_card();
        if let Some(card) = &self.model.card
            && !card.fields.contains_key("base_model_relation")
            && !card.texts("base_model").is_empty()
        {
            let message = "the card names a base model and not how this one follows from it; nothing was inferred";
            self.ledger.finding(Code::SourceLoss, "README.md", message);
        }
        self.ledger.finish()
    }

    /// Files are what the origin puts out: each by itself, as far as a record has room, and the
    /// others as one tree.
    fn files(&mut self) -> Result<(), ConvertError> {
        self.ledger.items("bookkeeping file", self.model.bookkeeping).dropped("of git and of tools");
        self.ledger.found("file", self.model.files.len() as u64);
        let mut files: Vec<&ModelFile> = self.model.files.iter().collect();
        if files.len() > MOST_FILES {
            // A link to another record is by the digest of a model or adapter.
            files.sort_by_key(|file| !role::carries_lineage(&role_of(&file.path)));
        }
        let mut others = Vec::new();
        for (number, file) in files.into_iter().enumerate() {
            let item = self.ledger.item("file", &file.path);
            let known = known(&mut self.ledger, file);
            if number >= MOST_FILES {
                others.push((file, known, item));
                continue;
            }
            let digest = match known {
                Known::Nothing => None,
                Known::Pointer(pointer) => Some(pointer.sha256.into()),
                Known::Bytes => match hash_file(&file.on_disk, Wanted::Both, self.ledger.options.progress) {
                    Ok(hashed) => Some(hashed.digests()),
                    Err(error) => {
                        item.dropped("the file cannot be read");
                        self.ledger.finding(Code::SourceUnreadable, &file.path, error.to_string());
                        continue;
                    }
                },
            };
            let artifact = self.described(file, digest, &known);
            let is_left_out = if matches!(known, Known::Bytes) {
                self.ledger.file(&file.path, &file.on_disk, artifact)? == Fate::LeftOut
            } else if self.ledger.draft.is_secret_by_name(&file.path) {
                true
            } else {
                if matches!(known, Known::Pointer(_)) {
                    let message = "only a Git LFS pointer is here: it names the bytes, and nobody had them";
                    self.ledger.finding(Code::SourceMissing, &file.path, message);
                }
                self.ledger.list(artifact);
                false
            };
            if is_left_out { item.dropped(LEFT_OUT) } else { item.mapped() }
        }
        if others.is_empty() { Ok(()) } else { self.other_files(others) }
    }

    /// Files as one tree. A tree has both digests of each, so a pointer cannot be in it.
    fn other_files(&mut self, files: Vec<(&ModelFile, Known, Item<'_>)>) -> Result<(), ConvertError> {
        let role = roles::word(role::FILE);
        let mut listed = Vec::with_capacity(files.len());
        for (file, known, item) in files {
            if !matches!(known, Known::Bytes) {
                item.dropped("only a Git LFS pointer is here, and the record has no room for it");
                continue;
            }
            let hashed = hash_file(&file.on_disk, Wanted::Both, self.ledger.options.progress);
            let (path, hashed) = match (TreePath::from_plain(&file.path), hashed) {
                (Ok(path), Ok(hashed)) => (path, hashed),
                (Err(error), _) => {
                    item.dropped("its name cannot be listed");
                    self.ledger.finding(Code::SourceUnsupported, &file.path, error.to_string());
                    continue;
                }
                (_, Err(error)) => {
                    item.dropped("the file cannot be read");
                    self.ledger.finding(Code::SourceUnreadable, &file.path, error.to_string());
                    continue;
                }
            };
            let (digest, size) = (hashed.digests(), hashed.size);
            let to_list = FileToList { path: &file.path, on_disk: &file.on_disk, role: &role, size, digest };
            let digest_of_tree = hashed.both().expect("both were wanted");
            if self.ledger.draft.is_secret(&to_list) {
                item.dropped(LEFT_OUT);
            } else if self.ledger.draft.is_secret_in_path(&file.path) {
                item.dropped(PATH_LEFT_OUT);
            } else {
                item.mapped();
                listed.push(TreeFile { path, digest: digest_of_tree, size });
            }
        }
        if listed.is_empty() {
            return Ok(());
        }
        let Ok(tree) = Tree::new(listed) else {
            self.ledger.finding(Code::SourceUnsupported, "files", "a path is both a file and a folder");
            return Ok(());
        };
        let mut artifact = Artifact::new(Direction::Output, role);
        artifact.name = Some("other files".to_owned());
        self.ledger.tree(&tree, &mut artifact)?;
        self.ledger.list(artifact);
        Ok(())
    }

    fn described(&self, file: &ModelFile, digest: Option<ArtifactDigests>, known: &Known) -> Artifact {
        let role = role_of(&file.path);
        let carries_lineage = role::carries_lineage(&role);
        let mut artifact = Artifact::new(Direction::Output, role);
        artifact.digest = digest;
        artifact.size = match known {
            Known::Bytes => Some(file.size),
            Known::Pointer(pointer) => Some(pointer.size),
            Known::Nothing => None,
        };
        artifact.path = Some(file.path.clone());
        if let (Some(id), Some(revision)) = (&self.model.hub.id, &self.model.hub.revision) {
            artifact.uris = vec![format!("https://huggingface.co/{id}/resolve/{revision}/{}", file.path)];
            artifact.version = Some(revision.clone());
        }
        if carries_lineage {
            artifact.licence = self.licence();
            artifact.model = Some(ModelFacts {
                id: self.model.hub.id.clone(),
                format: Utf8Path::new(&file.path).extension().map(str::to_owned),
                flavors: self.card.texts("library_name").into_iter().map(str::to_owned).collect(),
                ..ModelFacts::default()
            });
        }
        if !matches!(known, Known::Bytes) {
            artifact.metadata.insert("pointer".to_owned(), "Git LFS".into());
        }
        artifact
    }

    /// As the card states it. `other` has its name in a field of its own.
    fn licence(&self) -> Option<String> {
        match self.card.texts("license").as_slice() {
            ["other"] => self
                .card
                .texts("license_name")
                .first()
                .map_or(Some("other".to_owned()), |name| Some((*name).to_owned())),
            [] => None,
            several => Some(several.join(" AND ")),
        }
    }

    /// Base models and data sets are known by name only.
    fn named_inputs(&mut self) {
        let relation = self.card.texts("base_model_relation").first().map(|text| (*text).to_owned());
        let adapter = self.model.adapter.as_ref().and_then(|adapter| adapter.get("base_model_name_or_path"));
        let base_of_adapter: Vec<String> = adapter.and_then(Value::as_str).map(str::to_owned).into_iter().collect();
        let stated: Vec<String> = self.card.texts("base_model").into_iter().map(str::to_owned).collect();
        let datasets: Vec<String> = self.card.texts("datasets").into_iter().map(str::to_owned).collect();
        let mut seen = BTreeSet::new();
        for (names, role, field) in [
            (stated, role::MODEL, "base_model"),
            (base_of_adapter, role::MODEL, "base_model_name_or_path"),
            (datasets, role::DATASET, "datasets"),
        ] {
            for name in names {
                if seen.insert((role, name.clone(), field)) {
                    self.ledger.artifact(named_input(name, role, field, relation.as_deref()));
                }
            }
        }
    }

    /// Results of the card and of files beside it, each as it is: they may be in other units, so
    /// none is merged.
    fn evaluations(&mut self) -> Vec<Evaluation> {
        let mut evaluations = Vec::new();
        let index = match self.card.fields.get("model-index") {
            Some(Value::Array(models)) => models.clone(),
            _ => Vec::new(),
        };
        for model in &index {
            let name = text(model, "name");
            for result in list(model, "results") {
                for metric in list(result, "metrics") {
                    let mut evaluation = measured(metric.get("value"));
                    evaluation.model.clone_from(&name);
                    evaluation.metric = text(metric, "name").or(text(metric, "type")).unwrap_or_default();
                    let (task, dataset) = (result.get("task"), result.get("dataset"));
                    evaluation.task = task.and_then(|task| text(task, "type"));
                    evaluation.dataset = dataset.and_then(|dataset| text(dataset, "type").or(text(dataset, "name")));
                    evaluation.split = dataset.and_then(|dataset| text(dataset, "split"));
                    evaluation.evaluator = result.get("source").and_then(|source| text(source, "name"));
                    evaluations.push(evaluation);
                    self.ledger.items("result", 1).mapped();
                }
            }
        }
        for results in &self.model.results {
            for entry in &results.entries {
                let mut evaluation = measured(entry.get("value"));
                let dataset = entry.get("dataset");
                "value".clone_into(&mut evaluation.metric);
                evaluation.dataset = dataset.and_then(|dataset| text(dataset, "id"));
                evaluation.task = dataset.and_then(|dataset| text(dataset, "task_id"));
                evaluation.time = text(entry, "date").and_then(|date| date.parse().ok());
                let source = entry.get("source");
                evaluation.evaluator = source.and_then(|source| text(source, "name").or(text(source, "user")));
                evaluations.push(evaluation);
                // What a result has besides is kept beside it.
                let name = format!("{} {}", results.path, evaluations.len());
                self.ledger.item("result", &name).mapped_with(entry);
            }
        }
        evaluations
    }

    fn context(&mut self) -> Context {
        let heading = self.card.text.lines().find_map(|line| line.strip_prefix("# ")).map(str::trim);
        let named = match self.card.fields.get("model-index") {
            Some(Value::Array(models)) => models.first().and_then(|model| text(model, "name")),
            _ => None,
        };
        let title = self.model.hub.id.clone().or(named).or(heading.map(str::to_owned));
        let notes = Some(self.card.text.trim()).filter(|text| !text.is_empty()).map(str::to_owned);
        if notes.is_some() {
            self.ledger.items("card text", 1).mapped();
        }
        let tags = self.card.texts("tags").into_iter().map(str::to_owned).collect();
        Context { title: title.unwrap_or_else(|| "a model".to_owned()), notes, tags, ..Context::default() }
    }

    /// Fields of the card without a home are kept as they are.
    fn rest_of_the_card(&mut self) {
        self.ledger.found("card field", self.card.fields.len() as u64);
        for (name, value) in &self.card.fields {
            let item = self.ledger.item("card field", name);
            match home(name, value) {
                Home::Whole => item.mapped(),
                Home::Part => item.mapped_with(value),
                Home::None => item.raw(value),
            }
        }
        for (name, value) in [("config.json", &self.model.config), ("adapter_config.json", &self.model.adapter)] {
            if let Some(value) = value {
                self.ledger.item("configuration", name).raw(value);
            }
        }
    }
}

/// How much of a field of the card has a home of its own.
enum Home {
    Whole,
    Part,
    None,
}

fn home(name: &str, value: &Value) -> Home {
    let parts = |items: &[Value], has_home: fn(&Value) -> bool| match items.iter().filter(|item| has_home(item)).count()
    {
        0 => Home::None,
        count if count == items.len() => Home::Whole,
        _ => Home::Part,
    };
    match value {
        Value::Array(models) if name == "model-index" => parts(models, has_results),
        Value::Array(items) if MAPPED_FIELDS.contains(&name) => parts(items, Value::is_string),
        Value::String(_) if MAPPED_FIELDS.contains(&name) && name != "model-index" => Home::Whole,
        _ => Home::None,
    }
}

fn has_results(model: &Value) -> bool {
    let results = model.get("results").and_then(Value::as_array);
    results.is_some_and(|results| results.iter().all(|result| result.get("metrics").is_some_and(Value::is_array)))
}

/// What of a file's bytes is known.
enum Known {
    /// They are here.
    Bytes,
    /// A Git LFS pointer names them.
    Pointer(Pointer),
    /// A pointer is here that does not tell which bytes are meant; its own text is not the file.
    Nothing,
}

fn known(ledger: &mut Ledger<'_>, file: &ModelFile) -> Known {
    let Some(text) = &file.pointer else { return Known::Bytes };
    let message = match Pointer::parse(text) {
        Ok(Some(pointer)) if !pointer.transformed => return Known::Pointer(pointer),
        Ok(Some(_)) => "extensions of Git LFS changed the file, so its pointer names other bytes".to_owned(),
        Ok(None) => "two Git LFS pointers are here, with the marks of a conflict around them".to_owned(),
        Err(error) => error.to_string(),
    };
    ledger.finding(Code::SourceDamaged, &file.path, message);
    Known::Nothing
}

/// A base model or a data set, which is known by name only. `field` is where the name stands.
pub(crate) fn named_input(name: String, role: &str, field: &str, relation: Option<&str>) -> Artifact {
    let mut artifact = Artifact::new(Direction::Input, roles::word(role));
    let is_hub_id = name.split('/').count() == 2 && !name.starts_with(['.', '/', '~']);
    let kind = if role == role::DATASET { "datasets/" } else { "" };
    artifact.uris = is_hub_id.then(|| format!("https://huggingface.co/{kind}{name}")).into_iter().collect();
    artifact.metadata.insert("field".to_owned(), field.into());
    if let Some(relation) = relation.filter(|_| role == role::MODEL) {
        artifact.metadata.insert("relation".to_owned(), relation.into());
    }
    artifact.name = Some(name);
    artifact
}

/// What a file of a model folder is.
pub(crate) fn role_of(path: &str) -> Word {
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_one_of = |names: &[&str]| names.iter().any(|start| name.starts_with(start));
    roles::word(if is_one_of(&["adapter_model"]) {
        role::ADAPTER
    } else if is_one_of(&["tokenizer", "vocab", "merges.txt", "spiece", "sentencepiece", "special_tokens_map"]) {
        role::TOKENIZER
    } else if name.ends_with("config.json") {
        role::CONFIG
    } else {
        return roles::of_file(path);
    })
}

fn text(value: &Value, member: &str) -> Option<String> {
    value.get(member).and_then(Value::as_str).map(str::to_owned)
}

fn list<'a>(value: &'a Value, member: &str) -> impl Iterator<Item = &'a Value> {
    value.get(member).and_then(Value::as_array).into_iter().flatten()
}

/// A result that is a number, or something else in words.
fn measured(value: Option<&Value>) -> Evaluation {
    let number = value.and_then(Value::as_f64).map(Number);
    let judgement = value.filter(|_| number.is_none()).map(typed::display);
    Evaluation { value: number, judgement, ..Evaluation::default() }
}
