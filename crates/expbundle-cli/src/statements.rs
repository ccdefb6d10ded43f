//! What every command that signs shares: a statement about a record, added to its bundle.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::hash::{Wanted, hash_file};
use expbundle::output::Over;
use expbundle::verify::Intact;
use expbundle_convert::secrets::kind_or_place;
use expbundle_format::{ArtifactDigests, DigestSet, RecordId};
use expbundle_query::{Chosen, Plan};
use expbundle_run::SayError;
use expbundle_statement::{Predicate, SigningKey};
use expbundle_words::{Failure, recording, records, statements as words};

use crate::keys::SigningArguments;
use crate::target::Target;
use crate::{Outcome, choice, exit, files, terminal};

/// Which bundle and record, with which key, and where the result goes
#[derive(Debug, clap::Args)]
pub struct StatementArguments {
    /// Bundles, model folders, or folders of bundles; `-`: standard input
    #[arg(value_name = "BUNDLE", required = true, value_parser = files::path)]
    bundles: Vec<Utf8PathBuf>,
    /// Id of the record, or its first digits; can be repeated. `all`: every record that no other
    /// record derives from
    ///
    /// Required if there are several such records, or if other records have other signers; not if
    /// the key has signed that one.
    #[arg(long, value_name = "ID")]
    record: Vec<String>,
    #[command(flatten)]
    signing: SigningArguments,
    /// Allow what looks like a secret of this kind, or at this location (for false alarms)
    #[arg(long, value_name = "KIND", value_parser = kind_or_place)]
    allow_secrets: Vec<String>,
    /// Write the result to this file instead of into the bundle itself; `-`: standard output
    #[arg(short, long, value_name = "FILE")]
    out: Option<Utf8PathBuf>,
}

impl StatementArguments {
    /// Signs the predicate about each record that is meant, and adds the statements to the bundle.
    pub fn add(&self, predicate: &Predicate) -> Outcome {
        self.add_each(|_| Ok(None), |_, _| Ok(predicate.clone()))
    }

    /// The same, with a predicate for each record, and with the record that it is about where that is
    /// plain and nobody names one.
    ///
    /// Warns first; says only what is written that it is done, with the record and who else signed
    /// it.
    pub fn add_each(
        &self,
        about: impl Fn(&Intact) -> Result<Option<Chosen>, Failure>,
        predicate: impl Fn(&Intact, RecordId) -> Result<Predicate, Failure>,
    ) -> Outcome {
        let places = files::places(&self.bundles);
        let is_named = self.record.iter().any(|word| word != "all");
        if places.len() > 1 && (self.out.is_some() || is_named) {
            let option = if is_named { "--record ID" } else { "--out" };
            return Err(Failure::usage(format!("`{option}` applies to a single bundle; these are {}", places.len())));
        }
        let key = self.signing.key()?;
        if let [place] = places.as_slice() {
            return self.add_to(place, &key, &about, &predicate);
        }
        // What goes wrong with one of many keeps no other from being signed.
        let mut exits = Vec::new();
        for place in &places {
            exits.push(self.add_to(place, &key, &about, &predicate).unwrap_or_else(|failure| {
                let failure = failure.or_at(place.as_str());
                terminal::print(&failure);
                exit::of_failure(&failure)
            }));
        }
        Ok(exit::worst(exits))
    }

    fn add_to(
        &self,
        place: &Utf8Path,
        key: &SigningKey,
        about: &dyn Fn(&Intact) -> Result<Option<Chosen>, Failure>,
        predicate: &dyn Fn(&Intact, RecordId) -> Result<Predicate, Failure>,
    ) -> Outcome {
        let source = files::source(place)?;
        let intact = source.intact()?;
        let output = Target::new(self.out.as_ref().unwrap_or(&source.bundle_path()), Over::NOTHING)?;
        let signing = self.signing.by(key);
        let (signer, now) = (key.identity(), crate::keys::now());
        let refused = |error| records::which_to_sign(&intact, &signer, error, now.timestamp());
        let chosen = match about(&intact)? {
            Some(chosen) if self.record.is_empty() => chosen,
            _ => expbundle_query::several(&intact, &self.record, now.timestamp()).map_err(refused)?,
        };
        terminal::talk(&words::odd_date("the statement is dated", signing.created, now).unwrap_or_default());
        let says = chosen.ids.iter().map(|id| Ok((*id, predicate(&intact, *id)?)));
        let says = says.collect::<Result<Vec<_>, Failure>>()?;
        let mut plan = Plan::new(&intact, signer.clone(), &chosen, says, now.timestamp()).map_err(refused)?;
        for repeat in plan.without_repeats(signing.name, now.timestamp()) {
            terminal::talk(&words::signed_before(&repeat));
            output.say(&format!("{}\n", repeat.statement));
        }
        if plan.statements.is_empty() && self.out.is_none() {
            return Ok(exit::OK);
        }
        terminal::talk(&words::planned(&plan, now));
        let said = expbundle_run::sign_plan(&plan, &signing, &self.allow_secrets, now.timestamp());
        let said = said.map_err(|error| match error {
            SayError::Check(error) => Failure::from(error).help("nothing was written"),
            other => recording::not_said(&intact, &signer, other, now.timestamp()),
        })?;
        output.add(|| Ok::<_, Failure>(plan.added(&said, &source, output.path())?))?;
        for (line, one) in words::signed(&plan, now).iter().zip(&said) {
            terminal::talk(line);
            output.say(&format!("{}\n", one.statement().id()));
        }
        if let Some((_, predicate)) = plan.statements.first() {
            terminal::talk(&words::afterwards(&intact, predicate, now, place));
        }
        let authored: BTreeSet<RecordId> = plan.authored().collect();
        if !authored.is_empty() && self.record.iter().any(|word| word == "all") {
            terminal::talk(&words::not_signed(&intact, &authored));
        }
        Ok(exit::OK)
    }
}

/// Both digests of the one record of a bundle.
pub fn record_of(path: &Utf8Path) -> Result<DigestSet, Failure> {
    let intact = files::intact(path)?;
    let id = choice::only(&intact, path)?;
    Ok(intact.records().get(&id).expect("a record of the bundle was chosen").digest())
}

/// Both digests of a file.
pub fn digests_of(path: &Utf8Path) -> Result<ArtifactDigests, Failure> {
    files::regular_or_folder(path, "read the file")?;
    let hashed = hash_file(path, Wanted::Both, &|_| ()).map_err(|error| Failure::from(&error))?;
    Ok(hashed.digests())
}
