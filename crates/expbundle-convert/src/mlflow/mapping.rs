//! What the parts of the map share: the account, the identity, what is kept raw, and the artifacts so far.

use std::collections::{BTreeMap, BTreeSet};

use expbundle_format::number::typed;
use expbundle_format::record::Word;
use expbundle_format::sections::{Account, Artifact, Damage, Identity, SourceSection};
use expbundle_format::time::Time;
use expbundle_format::{Code, Finding};
use expbundle_trackers::mlflow::Run;
use expbundle_trackers::{Json, read_json};
use serde_json::Value;

use super::finding;
use crate::Options;
use crate::embed::Budget;
use crate::findings;
use crate::privacy::{Private, has_machine_path};

/// A run on its way into a bundle.
pub(super) struct Mapping<'a> {
    pub run: &'a Run,
    pub options: &'a Options<'a>,
    pub account: Account,
    pub identity: Identity,
    pub artifacts: Vec<Artifact>,
    pub budget: Budget,
    private: Private,
    /// Keys of series that name somebody, and what stands for them.
    private_keys: BTreeMap<String, String>,
    /// Tags that no part of the map has taken yet.
    tags: BTreeMap<&'a str, &'a str>,
    /// The same for tags of the experiment.
    experiment_tags: BTreeMap<&'a str, &'a str>,
    raw: BTreeMap<String, BTreeMap<String, Value>>,
    findings: Vec<Finding>,
}

impl<'a> Mapping<'a> {
    pub fn new(run: &'a Run, options: &'a Options<'a>) -> Self {
        let experiment = run.experiment.as_ref();
        let findings = run.findings.iter().map(|found| {
            let code = found.code.as_str().parse().unwrap_or(Code::SourceDamaged);
            finding(code, &found.place, &found.detail)
        });
        let private = Private::new(people(run));
        let named = run.metrics.iter().filter(|metric| private.is_in(&metric.key));
        let private_keys: BTreeMap<String, String> =
            (1..).zip(named).map(|(number, metric)| (metric.key.clone(), format!("series {number}"))).collect();
        let mut identity = Identity::default();
        for (key, instead) in &private_keys {
            identity.source.insert(format!("metric key/{instead}"), Value::from(key.as_str()));
        }
        Self {
            run,
            options,
            account: Account::default(),
            identity,
            artifacts: Vec::new(),
            budget: Budget::default(),
            private,
            private_keys,
            tags: pairs(&run.tags),
            experiment_tags: experiment.map(|experiment| pairs(&experiment.tags)).unwrap_or_default(),
            raw: BTreeMap::new(),
            findings: findings.collect(),
        }
    }

    /// The key of a series as it stands in the sections. One that names somebody is told in `identity.json`, and stands
    /// for itself by its place among such keys.
    pub fn metric_key<'k>(&'k self, key: &'k str) -> &'k str {
        self.private_keys.get(key).map_or(key, String::as_str)
    }

    /// The artifacts, with whatever names somebody moved to `identity.json`.
    pub fn take_artifacts(&mut self) -> Vec<Artifact> {
        let mut artifacts = std::mem::take(&mut self.artifacts);
        for (position, artifact) in artifacts.iter_mut().enumerate() {
            let mut hide = |what: &str, text: &mut Option<String>| {
                if let Some(text) = text.take_if(|text| self.private.is_in(text)) {
                    self.identity.source.insert(format!("artifact {position}/{what}"), Value::from(text));
                }
            };
            hide("name", &mut artifact.name);
            hide("path", &mut artifact.path);
            hide("type", &mut artifact.kind);
            if let Some(dataset) = &mut artifact.dataset {
                hide("context", &mut dataset.context);
                hide("sourceType", &mut dataset.source_type);
            }
            for version in artifact.model.iter_mut().flat_map(|model| &mut model.registered) {
                let mut name = Some(std::mem::take(&mut version.name));
                hide(&format!("registered as, version {}", version.version), &mut name);
                version.name = name.unwrap_or_else(|| "a name that names somebody".to_owned());
                hide("stage", &mut version.stage);
                let aliases = std::mem::take(&mut version.aliases).into_iter().enumerate();
                version.aliases = aliases
                    .filter_map(|(number, alias)| {
                        let mut alias = Some(alias);
                        hide(&format!("alias {number}"), &mut alias);
                        alias
                    })
                    .collect();
            }
        }
        artifacts
    }

    /// Counts what the reader counted, before anything is done with it.
    pub fn found(&mut self) {
        let found = &self.run.found;
        for (kind, count) in [
            ("parameter", found.params),
            ("tag", found.tags),
            ("experiment tag", found.experiment_tags),
            ("metric point", found.points),
            ("system metric point", found.system_points),
            ("dataset", found.datasets),
            ("model input", found.model_inputs),
            ("model output", found.model_outputs),
            ("logged model", found.logged_models),
            ("logged model file", found.model_files),
            ("artifact file", found.artifact_files),
            ("model version", found.versions),
            ("prompt version", found.prompts),
            ("trace", found.traces),
        ] {
            self.account.found(kind, count);
        }
    }

    /// Whether a text may stand outside of `identity.json`.
    pub fn is_public(&self, text: &str) -> bool {
        !self.private.is_in(text)
    }

    /// Whether a value may stand outside of `identity.json`.
    pub fn is_public_value(&self, value: &Value) -> bool {
        !self.private.is_in_value(value)
    }

    /// Takes a tag of the run and counts it as mapped. A tag that names somebody stays for `identity.json`.
    pub fn take_tag(&mut self, name: &str) -> Option<&'a str> {
        let text = self.tags.get(name).copied().filter(|text| self.is_public(text))?;
        self.tags.remove(name);
        self.account.mapped("tag", 1);
        Some(text)
    }

    /// Takes a tag that is going to `identity.json`.
    pub fn take_private_tag(&mut self, name: &str) -> Option<&'a str> {
        let text = self.tags.remove(name)?;
        self.account.mapped("tag", 1);
        Some(text)
    }

    /// Looks at a tag that stays raw.
    pub fn tag(&self, name: &str) -> Option<&'a str> {
        self.run.tags.get(name).map(String::as_str)
    }

    /// Takes a tag of the experiment.
    pub fn take_experiment_tag(&mut self, name: &str) -> Option<&'a str> {
        let text = self.experiment_tags.get(name).copied().filter(|text| self.is_public(text))?;
        self.experiment_tags.remove(name);
        self.account.mapped("experiment tag", 1);
        Some(text)
    }

    /// The tags of people (those that are not MLflow's own) that may stand outside of `identity.json`.
    pub fn take_labels(&mut self) -> BTreeMap<String, String> {
        let names: Vec<&str> = self.tags.keys().copied().filter(|name| !name.starts_with("mlflow.")).collect();
        let names: Vec<&str> = names.into_iter().filter(|name| self.is_public(name)).collect();
        names.into_iter().filter_map(|name| Some((name.to_owned(), self.take_tag(name)?.to_owned()))).collect()
    }

    /// The same for the experiment.
    pub fn take_experiment_labels(&mut self) -> BTreeMap<String, String> {
        let names: Vec<&str> =
            self.experiment_tags.keys().copied().filter(|name| !name.starts_with("mlflow.")).collect();
        let names: Vec<&str> = names.into_iter().filter(|name| self.is_public(name)).collect();
        names
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), self.take_experiment_tag(name)?.to_owned())))
            .collect()
    }

    /// Keeps every tag that is left, raw.
    pub fn keep_tags(&mut self) {
        for (name, text) in std::mem::take(&mut self.tags) {
            self.account.raw("tag", 1);
            self.keep("tag", name, Value::from(text));
        }
        for (name, text) in std::mem::take(&mut self.experiment_tags) {
            self.account.raw("experiment tag", 1);
            self.keep("experiment tag", name, Value::from(text));
        }
    }

    /// Keeps an item as it was: in `source.json`, or in `identity.json` if it names somebody. Counting is the caller's.
    pub fn keep(&mut self, kind: &str, name: &str, value: Value) {
        if self.is_public(name) && self.is_public_value(&value) {
            self.raw.entry(kind.to_owned()).or_default().insert(name.to_owned(), value);
        } else {
            self.identity.source.insert(format!("{kind}/{name}"), value);
        }
    }

    /// Keeps an address: those that name a machine or a bucket tell whose it is.
    pub fn keep_address(&mut self, name: &str, address: Option<&String>) {
        if let Some(address) = address.filter(|address| !address.is_empty()) {
            self.identity.paths.insert(name.to_owned(), address.clone());
        }
    }

    /// Adds a finding at a place in the source.
    pub fn finding(&mut self, code: Code, place: &str, message: &str) {
        self.findings.push(finding(code, place, message));
    }

    /// The sections that everything else goes into.
    pub fn finish(mut self, layout: &str) -> (Identity, SourceSection, Vec<Finding>) {
        findings::put_in_order(&mut self.findings);
        let mut damage: Vec<Damage> = self
            .findings
            .iter()
            .map(|finding| Damage {
                code: finding.code.as_str().to_owned(),
                place: finding.place.entry.clone().unwrap_or_default(),
                detail: finding.message.clone(),
            })
            .collect();
        // A key or file may carry a name; the code and the count of findings stay.
        for damage in &mut damage {
            if !self.is_public(&damage.place) {
                "a place that names somebody".clone_into(&mut damage.place);
            }
        }
        let source = SourceSection {
            tool: "mlflow".to_owned(),
            layout: Some(layout.to_owned()),
            raw: self.raw,
            account: self.account,
            damage,
            ..SourceSection::default()
        };
        (self.identity, source, self.findings)
    }
}

fn pairs(map: &BTreeMap<String, String>) -> BTreeMap<&str, &str> {
    map.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
}

/// Everyone whom the run names.
fn people(run: &Run) -> Vec<&str> {
    let mut people: BTreeSet<&str> = BTreeSet::new();
    people.extend(run.info.user.as_deref());
    people.extend(run.tags.get("mlflow.user").map(String::as_str));
    for model in &run.logged_models {
        people.extend(model.tags.get("mlflow.user").map(String::as_str));
    }
    for version in run.registered_models.iter().chain(&run.prompts).flat_map(|model| &model.versions) {
        people.extend(version.user.as_deref());
    }
    people.into_iter().collect()
}

/// A word of the format's own registries.
pub(super) fn placed(word: &str) -> Word {
    word.parse().expect("words of the registries are words")
}

/// A time in milliseconds, as the format has it.
pub(super) fn time(milliseconds: Option<i64>) -> Option<Time> {
    milliseconds.and_then(Time::from_milliseconds)
}

/// The program's name without the folders of a machine.
pub(super) fn without_folders(path: &str) -> &str {
    if has_machine_path(path) || path.starts_with('/') {
        path.rsplit(['/', '\\']).find(|name| !name.is_empty()).unwrap_or(path)
    } else {
        path
    }
}

/// A free-form value as a typed tree.
#[expect(clippy::needless_pass_by_value, reason = "those who have one need it no more")]
pub(super) fn typed_tree(value: Value) -> Value {
    typed::tree(&value)
}

/// JSON that MLflow keeps as text, as a typed tree; what is no JSON stays text.
pub(super) fn typed_json(text: &str) -> Value {
    match read_json(text) {
        Json::Value(value) => typed::tree(&value),
        Json::TooMany => typed::text(text),
        Json::None => text.into(),
    }
}
