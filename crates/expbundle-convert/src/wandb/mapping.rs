//! What the parts of the map share: the run, its ledger, and facts that have several names.

use expbundle_format::record::Kind;
use expbundle_format::sections::Person;
use expbundle_format::time::Time;
use expbundle_trackers::wandb::{Folder, Run, RunFiles, Value};

use super::Wandb;
use crate::Options;
use crate::ledger::Ledger;
use crate::tracker::Tracker as _;

/// A run on its way into a bundle.
pub(super) struct Mapping<'a> {
    pub files: &'a RunFiles,
    pub ledger: Ledger<'a>,
    /// Lines of the folder's `requirements.txt`, without secrets.
    pub requirements: Vec<String>,
}

impl<'a> Mapping<'a> {
    pub fn new(files: &'a RunFiles, options: &'a Options<'a>) -> Self {
        let run = &files.run;
        let mut ledger = Ledger::new(Kind::Run, Wandb.name(), options);
        ledger.findings(&run.findings);
        ledger.findings(files.folder.as_ref().map_or(&[], |folder| &folder.findings));
        let version = run.telemetry.get("cli_version").and_then(Value::as_str);
        let producer = run.producer.as_deref().map(|producer| producer.split('+').next().unwrap_or(producer));
        ledger.source.version = version.or(producer).map(str::to_owned);
        let of_log = if files.folder.is_some() { "run folder" } else { "transaction log" };
        ledger.source.layout = Some(run.layout.unwrap_or(of_log).to_owned());
        let mut mapping = Self { files, ledger, requirements: Vec::new() };
        mapping.people();
        mapping
    }

    pub fn run(&self) -> &'a Run {
        &self.files.run
    }

    pub fn folder(&self) -> Option<&'a Folder> {
        self.files.folder.as_ref()
    }

    /// A fact about program or machine: from the environment records, or from the metadata file of
    /// older versions.
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

    /// Names of people, machines and accounts: they fill `identity.json`, and are found by it
    /// wherever else they stand.
    fn people(&mut self) {
        let run = self.run();
        let entity = run.text("entity");
        let user = self.text_fact(&["username"]);
        let full_name = self.text_fact(&["user_name"]);
        let email = self.text_fact(&["email"]);
        let host = self.text_fact(&["host"]).or(run.text("host"));
        self.ledger.identity.organisation = entity.map(str::to_owned);
        self.ledger.identity.user = user.map(str::to_owned);
        self.ledger.identity.host = host.map(str::to_owned);
        if let Some(name) = full_name.or(user).or(email) {
            self.ledger.identity.people.push(Person {
                name: name.to_owned(),
                role: Some("author".to_owned()),
                organisation: None,
                email: email.map(str::to_owned),
            });
        }
        for (path, names) in [("program", &["program"][..]), ("root", &["root"]), ("executable", &["executable"])] {
            let text = self.text_fact(names);
            self.ledger.address(path, text);
        }
    }
}

/// Nanoseconds since 1970 as a time.
pub(super) fn time(nanoseconds: i64) -> Option<Time> {
    Time::from_nanoseconds(nanoseconds.into())
}
