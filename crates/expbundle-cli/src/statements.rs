//! What every command that signs shares: a statement about a record, added to its bundle.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::Bundle;
use expbundle::hash::{Wanted, hash_file};
use expbundle::lock::Seen;
use expbundle::output::Over;
use expbundle::sign::{SignError, Signed};
use expbundle::verify::Intact;
use expbundle_convert::audit;
use expbundle_format::{ArtifactDigests, DigestSet, RecordId};
use expbundle_query::short;
use expbundle_statement::{Kind, Predicate, SigningKey};
use expbundle_words::{Failure, records, statements as words};

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
    /// Required if the bundle has several such records, and often if the key has already signed
    /// another record in it.
    #[arg(long, value_name = "ID")]
    record: Vec<String>,
    #[command(flatten)]
    signing: SigningArguments,
    /// Allow what looks like a secret of this kind, or at this location (for false alarms)
    #[arg(long, value_name = "KIND", value_parser = crate::secrets::kind_or_place)]
    allow_secrets: Vec<String>,
    /// Write the result to this file instead of into the bundle itself; `-`: standard output
    #[arg(short, long, value_name = "FILE")]
    out: Option<Utf8PathBuf>,
}

impl StatementArguments {
    /// Signs the predicate about each record that is meant, and adds the statements to the bundle.
    pub fn add(&self, predicate: &Predicate) -> Outcome {
        self.add_each(|_, _| Ok(predicate.clone()))
    }

    /// The same, with a predicate for each record.
    ///
    /// Shows first what is signed; says only what is written that it is done.
    pub fn add_each(&self, predicate: impl Fn(&Intact, RecordId) -> Result<Predicate, Failure>) -> Outcome {
        let places = files::places(&self.bundles);
        let is_named = self.record.iter().any(|word| word != "all");
        if places.len() > 1 && (self.out.is_some() || is_named) {
            let option = if is_named { "--record ID" } else { "--out" };
            return Err(Failure::usage(format!("`{option}` applies to a single bundle; these are {}", places.len())));
        }
        let key = self.signing.key()?;
        if let [place] = places.as_slice() {
            return self.add_to(place, &key, &predicate);
        }
        // What goes wrong with one of many keeps no other from being signed.
        let mut exits = Vec::new();
        for place in &places {
            exits.push(self.add_to(place, &key, &predicate).unwrap_or_else(|failure| {
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
        predicate: &dyn Fn(&Intact, RecordId) -> Result<Predicate, Failure>,
    ) -> Outcome {
        let intact = files::intact(place)?;
        let source = files::bundle_of(place);
        let output = Target::new(self.out.as_ref().unwrap_or(&source), Over::NOTHING)?;
        let signing = self.signing.by(key)?;
        let created = signing.created;
        let signer = key.identity();
        let chosen = choice::to_sign(&intact, &signer, &self.record)?;
        let now = crate::keys::now();
        if let Some(warning) = words::odd_date("the statement is dated", created, now) {
            terminal::talk(&warning);
        }
        let (mut predicates, mut subjects_seen) = (Vec::new(), BTreeSet::new());
        for id in chosen.ids {
            let predicate = predicate(&intact, id)?;
            if self.record.is_empty() {
                choice::meant(&intact, &signer, &predicate, id)?;
            }
            for subject in intact.subjects(id, &predicate).into_iter().filter(|subject| subjects_seen.insert(*subject))
            {
                predicates.push((subject, predicate.clone()));
            }
        }
        if let Some((_, Predicate::Revocation(revocation))) = predicates.first() {
            for warning in
                revocation.since.iter().filter_map(|since| words::odd_date("the revocation counts from", *since, now))
            {
                terminal::talk(&warning);
            }
        }
        for (id, predicate) in &predicates {
            terminal::talk(&words::somebody_elses(&intact, *id, predicate, &signer).unwrap_or_default());
        }
        let vouches = |(id, predicate): &(RecordId, Predicate)| (predicate.kind() == Kind::Authorship).then_some(*id);
        choice::authorship(
            &intact,
            &signer,
            &predicates.iter().filter_map(vouches).collect::<Vec<_>>(),
            &chosen.named,
        )?;
        terminal::talk(&records::list(&intact, &signer, predicates.iter().map(|(id, _)| *id)));
        let (mut signed_now, mut done) = (Vec::new(), Vec::new());
        for (id, predicate) in &predicates {
            let said = intact.signed(*id, predicate, &signing).map_err(failure)?;
            let found = audit::statement(said.file(), predicate.kind().as_str(), &self.allow_secrets);
            crate::secrets::refuse(&found, "nothing was written; remove the secret from the statement")?;
            done.push((
                format!("{} of {}", predicate.kind(), words::about(&intact, *id, predicate)),
                said.statement().id(),
            ));
            signed_now.push(said);
        }
        // What joins records may contradict what is here, and then nobody could verify the bundle
        // any more.
        let joins =
            |(_, predicate): &(RecordId, Predicate)| matches!(predicate, Predicate::Link(_) | Predicate::Seal(_));
        if predicates.iter().any(joins) && crate::tracker::sound(&intact, None).is_ok() {
            let mut after = intact.clone();
            after.add(&signed_now);
            crate::tracker::sound(&after, None).map_err(|failure| failure.help("nothing was written"))?;
        }
        Self::save(&output, &source, &intact, &signed_now)?;
        for (what, statement) in done {
            terminal::talk(&format!("{what} by {signer}\n"));
            output.say(&format!("{statement}\n"));
        }
        if let Some((_, predicate)) = predicates.first() {
            terminal::talk(&words::still_released(&intact, predicate, now, place));
        }
        let authored: BTreeSet<RecordId> = predicates.iter().filter_map(vouches).collect();
        if !authored.is_empty() && self.record.iter().any(|word| word == "all") {
            terminal::talk(&words::not_signed(&intact, &authored));
        }
        Ok(exit::OK)
    }

    /// Adds the statements to the bundle as it is by now: somebody else may have added to it since
    /// it was read.
    fn save(output: &Target, source: &Utf8Path, read: &Intact, statements: &[Signed]) -> Result<(), Failure> {
        output.add(|| {
            // What came on standard input cannot be read again.
            let is_same = source == files::STREAM || Seen::at(source) == Seen::of(Some(read.bundle()));
            let mut intact = if is_same {
                read.clone()
            } else {
                let now = files::intact(source)?;
                if let Some(gone) = read.records().keys().find(|id| !now.records().contains_key(id)) {
                    return Err(Failure::new(
                        "cli.io",
                        format!("the bundle changed in the meantime: record {} is gone", short(gone)),
                    )
                    .at(source.as_str())
                    .help("nothing was written; run it again"));
                }
                now
            };
            intact.add(statements);
            let mut bundle = intact.bundle().clone();
            if let Target::File(output) = output {
                keep_statements(output.path(), &mut bundle);
            }
            Ok(bundle)
        })
    }
}

fn failure(error: SignError) -> Failure {
    match error {
        SignError::NoRecord(_) | SignError::Itself(_) => Failure::usage(error.to_string()),
        SignError::Statement(error) => Failure::new(error.code().as_str(), error.to_string()),
    }
}

/// Adds the statements of a bundle that is there already, if that is all in which it differs: who
/// signs twice to one file loses nothing.
fn keep_statements(path: &Utf8Path, bundle: &mut Bundle) {
    if !matches!(Seen::at(path), Seen::Bundle(_)) {
        return;
    }
    let Ok(there) = files::intact(path) else { return };
    if there.bundle().adds_only_statements_to(bundle) {
        bundle.merge(there.bundle());
    }
}

/// Both digests of the one record of a bundle.
pub fn record_of(path: &Utf8Path) -> Result<DigestSet, Failure> {
    let intact = files::intact(path)?;
    let id = choice::one(&intact, None).map_err(|failure| {
        failure.at(path.as_str()).help("`expbundle merge --closure ID` makes a bundle of one record and its ancestors")
    })?;
    Ok(intact.records().get(&id).expect("a record of the bundle was chosen").digest())
}

/// Both digests of a file.
pub fn digests_of(path: &Utf8Path) -> Result<ArtifactDigests, Failure> {
    files::regular_or_folder(path, "read the file")?;
    let hashed = hash_file(path, Wanted::Both, &|_| ()).map_err(|error| Failure::from(&error))?;
    Ok(hashed.digests())
}
