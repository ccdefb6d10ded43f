//! What the parts of the map share: the account, the identity, what is kept raw.

use std::collections::BTreeMap;

use expbundle_format::sections::{Account, Artifact, Damage, Identity, SourceSection};
use expbundle_format::time::Time;
use expbundle_format::{Code, Finding, Place};
use expbundle_trackers::wandb::{Folder, Run, RunFiles, Value};
use serde_json::Value as Json;

use crate::Options;
use crate::embed::Budget;
use crate::findings;
use crate::privacy::Private;

/// A run on its way into a bundle.
pub(super) struct Mapping<'a> {
    pub files: &'a RunFiles,
    pub options: &'a Options<'a>,
    pub account: Account,
    pub identity: Identity,
    pub artifacts: Vec<Artifact>,
    pub budget: Budget,
    pub private: Private,
    pub raw: BTreeMap<String, BTreeMap<String, Json>>,
    pub findings: Vec<Finding>,
}

impl<'a> Mapping<'a> {
    pub fn new(files: &'a RunFiles, options: &'a Options<'a>) -> Self {
        let empty = Vec::new();
        let folder_findings = files.folder.as_ref().map_or(&empty, |folder| &folder.findings);
        let findings = files.run.findings.iter().chain(folder_findings).map(|found| {
            let code = found.code.as_str().parse().unwrap_or(Code::SourceDamaged);
            Finding::new(code, Place::entry(&found.place), &found.detail)
        });
        let mut mapping = Self {
            files,
            options,
            account: Account::default(),
            identity: Identity::default(),
            artifacts: Vec::new(),
            budget: Budget::default(),
            private: Private::default(),
            raw: BTreeMap::new(),
            findings: findings.collect(),
        };
        mapping.private = mapping.people();
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

    /// Names of people, machines and accounts; they fill `identity.json`.
    fn people(&mut self) -> Private {
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
        let local_part = email.and_then(|email| email.split('@').next());
        Private::new([entity, user, full_name, email, local_part, host].into_iter().flatten())
    }

    /// Keeps an item as it is: in `source.json`, or in `identity.json` if it names somebody.
    pub fn keep_raw(&mut self, kind: &str, name: &str, value: Json) {
        self.account.raw(kind, 1);
        if self.private.is_in(name) || self.private.is_in_value(&value) {
            self.identity.source.insert(format!("{kind}/{name}"), value);
        } else {
            self.raw.entry(kind.to_owned()).or_default().insert(name.to_owned(), value);
        }
    }

    /// A text for any section, or `None` if it names somebody; then it is kept in `identity.json`.
    pub fn public(&mut self, what: &str, text: &str) -> Option<String> {
        if self.private.is_in(text) {
            self.identity.source.insert(what.to_owned(), text.into());
            None
        } else {
            Some(text.to_owned())
        }
    }

    /// A value for any section, or `None` if it names somebody; then it is kept in `identity.json`.
    pub fn public_value(&mut self, what: &str, value: Json) -> Option<Json> {
        if self.private.is_in_value(&value) || self.private.is_in(what) {
            self.identity.source.insert(what.to_owned(), value);
            None
        } else {
            Some(value)
        }
    }

    pub fn finding(&mut self, code: Code, place: &str, message: impl Into<String>) {
        self.findings.push(Finding::new(code, Place::entry(place), message));
    }

    /// `identity.json`, `source.json` and the findings.
    pub fn finish(mut self) -> (Identity, SourceSection, Vec<Finding>) {
        findings::put_in_order(&mut self.findings);
        let private = &self.private;
        let public = |text: &str| {
            if private.is_in(text) {
                "(names somebody; see the converter's output)".to_owned()
            } else {
                text.to_owned()
            }
        };
        let damage = self
            .findings
            .iter()
            .map(|finding| Damage {
                code: finding.code.to_string(),
                place: public(finding.place.entry.as_deref().unwrap_or_default()),
                detail: public(&finding.message),
            })
            .collect();
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
            damage,
            salt: None,
        };
        (self.identity, source, self.findings)
    }
}

/// Nanoseconds since 1970 as a time.
pub(super) fn time(nanoseconds: i64) -> Option<Time> {
    Time::from_nanoseconds(nanoseconds.into())
}
