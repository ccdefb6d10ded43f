//! What `sign`, `note` and `review` share: a statement about a record, added to its bundle.

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::hash::{HashError, Wanted, hash_file};
use expbundle::verify::Intact;
use expbundle_format::record::role;
use expbundle_format::{ArtifactDigests, DigestSet, RecordId};
use expbundle_statement::{Envelope, Kind, Predicate, sign};

use crate::failure::Failure;
use crate::keys::SigningArguments;
use crate::{Outcome, exit, files, keys, terminal};

/// Which bundle and record, with which key, and where the result goes
#[derive(Debug, clap::Args)]
pub struct StatementArguments {
    /// Bundle, or model directory that carries one
    bundle: Utf8PathBuf,
    /// Id of the record, or its beginning [default: each record that no other follows from]
    #[arg(long, value_name = "ID")]
    record: Option<String>,
    #[command(flatten)]
    signing: SigningArguments,
    /// Write the result there instead of into the bundle itself
    #[arg(short, long, value_name = "FILE")]
    out: Option<Utf8PathBuf>,
}

impl StatementArguments {
    /// Signs the predicate about each record that is meant, and adds the statements to the bundle.
    pub fn add(&self, predicate: &Predicate) -> Outcome {
        self.add_each(|_, _| Ok(predicate.clone()))
    }

    /// The same, with a predicate for each record.
    pub fn add_each(&self, predicate: impl Fn(&Intact, RecordId) -> Result<Predicate, Failure>) -> Outcome {
        let intact = files::intact(&self.bundle)?;
        let key = self.signing.key()?;
        let created = self.signing.created()?;
        let mut bundle = intact.bundle().clone();
        for id in chosen(&intact, self.record.as_deref())? {
            let record = intact.records().get(&id).expect("a record of the bundle was chosen");
            let predicate = &predicate(&intact, id)?;
            let body = record.body();
            // Naming the outputs lets other tools check the attestation against the weights alone.
            let outputs: Vec<_> = match predicate.kind() {
                Kind::Authorship => body
                    .outputs
                    .iter()
                    .filter(|output| role::LINEAGE.contains(&output.role.as_str()))
                    .map(|output| output.digest)
                    .collect(),
                _ => Vec::new(),
            };
            let previous = intact.latest_statements(id);
            let name = self.signing.name.as_deref();
            let file = sign(predicate, record.digest(), &outputs, &previous, created, name, &key)
                .map_err(|error| Failure::new(error.code().as_str(), error.to_string()))?;
            let statement = Envelope::parse(&file).and_then(Envelope::verify);
            let statement = statement.map_err(|error| Failure::new(error.code().as_str(), error.to_string()))?;
            terminal::talk(&format!(
                "{} of record {} by {}\n",
                predicate.kind(),
                short(&id),
                key.public_key().fingerprint()
            ));
            terminal::say(&format!("{}\n", statement.id()))?;
            bundle.insert_statement(file);
        }
        let out = self.out.clone().unwrap_or_else(|| files::bundle_of(&self.bundle));
        files::save(&bundle, &out)?;
        Ok(exit::OK)
    }
}

/// Both digests of the one record of a bundle.
pub fn record_of(path: &Utf8Path) -> Result<DigestSet, Failure> {
    let intact = files::intact(path)?;
    let id = one(&intact, None)?;
    Ok(intact.records().get(&id).expect("a record of the bundle was chosen").digest())
}

/// Both digests of a file.
pub fn digests_of(path: &Utf8Path) -> Result<ArtifactDigests, Failure> {
    files::regular_or_folder(path, "read the file")?;
    let hashed = hash_file(path, Wanted::Both, &|_| ()).map_err(|error| match &error {
        HashError::Read { path, source } => Failure::io("read the file", path, source),
        _ => Failure::new("cli.io", error.to_string()).at(path.as_str()),
    })?;
    Ok(hashed.digests())
}

/// The records that are meant: the one whose id begins so, or all heads.
pub fn chosen(intact: &Intact, beginning: Option<&str>) -> Result<Vec<RecordId>, Failure> {
    let Some(beginning) = beginning else {
        let heads = intact.judge(None, keys::moment(None)?.timestamp()).heads;
        return if heads.is_empty() { Err(Failure::usage("the bundle holds no record")) } else { Ok(heads) };
    };
    starting(intact.records().keys().copied(), beginning).map(|id| vec![id])
}

/// The one record whose id begins so.
pub fn starting(ids: impl IntoIterator<Item = RecordId>, beginning: &str) -> Result<RecordId, Failure> {
    let fitting: Vec<RecordId> = ids.into_iter().filter(|id| id.to_string().starts_with(beginning)).collect();
    match fitting.as_slice() {
        [id] => Ok(*id),
        [] => Err(Failure::usage(format!("no record here has an id that begins with `{beginning}`"))
            .help("`expbundle verify` lists the records")),
        several => Err(Failure::usage(format!("{} records have an id that begins with `{beginning}`", several.len()))
            .help("give more digits")),
    }
}

/// The one record that is meant: the one whose id begins so, or the only head.
pub fn one(intact: &Intact, beginning: Option<&str>) -> Result<RecordId, Failure> {
    match chosen(intact, beginning)?.as_slice() {
        [id] => Ok(*id),
        several => {
            let ids: Vec<String> = several.iter().map(short).collect();
            Err(Failure::usage(format!(
                "the bundle has {} records that no other follows from: {}",
                several.len(),
                ids.join(", ")
            ))
            .help("choose one with `--record`"))
        }
    }
}

/// The beginning of an id, as people read it.
pub fn short(id: &impl ToString) -> String {
    id.to_string().chars().take(12).collect()
}
