//! What the parts of the map share: the account, the identity, what is kept raw.

use std::collections::BTreeMap;

use expbundle_format::sections::{Account, Artifact, Identity, SourceSection};
use expbundle_format::time::Time;
use expbundle_format::{Code, Finding, Place};
use expbundle_trackers::wandb::{Folder, Run, RunFiles, Value};
use serde_json::Value as Json;

use crate::{Options, tracker};

/// A run on its way into a bundle.
pub(super) struct Mapping<'a> {
    pub files: &'a RunFiles,
    pub options: &'a Options<'a>,
    pub account: Account,
    pub identity: Identity,
    pub artifacts: Vec<Artifact>,
    /// Lines of the folder's `requirements.txt`, without secrets.
    pub requirements: Vec<String>,
    pub raw: BTreeMap<String, BTreeMap<String, Json>>,
    pub findings: Vec<Finding>,
}

impl<'a> Mapping<'a> {
    pub fn new(files: &'a RunFiles, options: &'a Options<'a>) -> Self {
        let empty = Vec::new();
        let folder_findings = files.folder.as_ref().map_or(&empty, |folder| &folder.findings);
        let findings = files.run.findings.iter().chain(folder_findings).map(tracker::finding);
        let mut mapping = Self {
            files,
            options,
            account: Account::default(),
            identity: Identity::default(),
            artifacts: Vec::new(),
            requirements: Vec::new(),
            raw: BTreeMap::new(),
            findings: findings.collect(),
        };
        mapping.people();
        mapping
    }

    pub fn run(&self) -> &'a Run {
        &self.files.run
    }

    pub fn folder(&self) -> Option<&'a Folder> {
        self.files.folder.as_ref()
    }

    /// A fact about program or machine: from the environment records, or from the metadata file of older versions.
    pub fn fact(&self, names: &[&str]) -> Option<&'a Value> {
        let metadata = self.folder().and_then(|folder| folder.metadata.as_ref());
        let places = [Some(&self.run().environment), metadata];
        let mut found = places.into_iter().flatten().flat_map(|place| names.iter().filter_map(|name| place.get(name)));
        found.next()
    }

    /// A fact that is a text and not empty.
    pub fn text_fact(&self, names: &[&str]) -> Option<&'a str> {
        self.fact(names).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// Names of people, machines and accounts: they fill `identity.json`, and are found by it wherever else they stand.
    fn people(&mut self) {
        let run = self.run();
        let entity = run.text("entity");
        let user = self.text_fact(&["username"]);
        let full_name = self.text_fact(&["user_name"]);
        let email = self.text_fact(&["email"]);
        let host = self.text_fact(&["host"]).or(run.text("host"));
        self.identity.organisation = entity.map(str::to_owned);
        self.identity.user = user.map(str::to_owned);
        self.identity.host = host.map(str::to_owned);
        if let Some(name) = full_name.or(user).or(email) {
            self.identity.people.push(expbundle_format::sections::Person {
                name: name.to_owned(),
                role: Some("author".to_owned()),
                organisation: None,
                email: email.map(str::to_owned),
            });
        }
        for (path, names) in [("program", &["program"][..]), ("root", &["root"]), ("executable", &["executable"])] {
            if let Some(text) = self.text_fact(names) {
                self.identity.paths.insert(path.to_owned(), text.to_owned());
            }
        }
    }

    /// Keeps an item as it is, in `source.json`.
    pub fn keep_raw(&mut self, kind: &str, name: &str, value: Json) {
        self.account.raw(kind, 1);
        self.raw.entry(kind.to_owned()).or_default().insert(name.to_owned(), value);
    }

    pub fn finding(&mut self, code: Code, place: &str, message: impl Into<String>) {
        self.findings.push(Finding::new(code, Place::entry(place), message));
    }

    /// `identity.json`, `source.json` and the findings.
    pub fn finish(self) -> (Identity, SourceSection, Vec<Finding>) {
        let run = &self.files.run;
        let version = run.telemetry.get("cli_version").and_then(Value::as_str);
        let producer = run.producer.as_deref().map(|producer| producer.split('+').next().unwrap_or(producer));
        let source = SourceSection {
            tool: "wandb".to_owned(),
            version: version.or(producer).map(str::to_owned),
            layout: Some(
                run.layout
                    .unwrap_or(if self.files.folder.is_some() { "run folder" } else { "transaction log" })
                    .to_owned(),
            ),
            raw: self.raw,
            account: self.account,
            ..SourceSection::default()
        };
        (self.identity, source, self.findings)
    }
}

/// Nanoseconds since 1970 as a time.
pub(super) fn time(nanoseconds: i64) -> Option<Time> {
    Time::from_nanoseconds(nanoseconds.into())
}
