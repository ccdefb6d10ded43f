//! `expbundle link`: a signed word on what no digest proves.

use camino::Utf8PathBuf;
use expbundle_format::record::Word;
use expbundle_query::{short, takes_in};
use expbundle_statement::{Asserted, LinkClaim, Predicate, PublicKey};
use expbundle_words::{Failure, registry};

use crate::statements::{StatementArguments, digests_of, record_of};
use crate::{Outcome, files, terminal};

/// Add a signed statement that a record derives from another, or that another key is also yours
///
/// A signed link has the grade `asserted`: it connects the records in the family tree, but ranks
/// below links that digests prove or that records declare themselves.
#[derive(Debug, clap::Args)]
#[command(
    group(clap::ArgGroup::new("what").required(true).args(["parent", "same_signer"])),
    after_help = "Examples:\n  expbundle link tuned.expb --parent base.expb --relation fine-tuned-from --key key\n  \
    expbundle link shared.expb --same-signer my-public-key.pub --key pseudonym"
)]
pub struct Link {
    #[command(flatten)]
    statement: StatementArguments,
    /// Bundle of the parent record
    #[arg(long, value_name = "BUNDLE", value_parser = files::path)]
    parent: Option<Utf8PathBuf>,
    /// Relation to the parent: fine-tuned-from, quantized-from, … (spec/relations.toml)
    #[arg(long, requires = "parent")]
    relation: Option<Word>,
    /// Input file of this record that the parent made
    #[arg(long, value_name = "FILE", requires = "parent", value_parser = files::path)]
    input: Option<Utf8PathBuf>,
    /// Another public key of yours; also sign a link back to this key with that one
    #[arg(long, value_name = "FILE.pub")]
    same_signer: Option<Utf8PathBuf>,
    /// Reason or evidence
    #[arg(long)]
    reason: Option<String>,
}

impl Link {
    pub fn run(self) -> Outcome {
        let Self { statement, parent, relation, input, same_signer, reason } = self;
        let claim = match (parent, same_signer) {
            (Some(parent), _) => LinkClaim::Record {
                parent: record_of(&parent)?,
                relation,
                artifact: input.as_deref().map(digests_of).transpose()?,
            },
            (None, Some(path)) => LinkClaim::Signer { same_signer: public_key(&path)?.into() },
            (None, None) => return Err(Failure::usage("give `--parent` or `--same-signer`")),
        };
        if let LinkClaim::Record { relation: Some(relation), .. } = &claim {
            terminal::talk(&registry::relation(relation).unwrap_or_default());
        }
        let predicate = Predicate::Link(Asserted { claim, reason });
        statement.add_each(
            |_| Ok(None),
            |intact, record| match &predicate {
                Predicate::Link(Asserted { claim: LinkClaim::Record { artifact: Some(artifact), .. }, .. })
                    if !takes_in(intact, record, artifact) =>
                {
                    Err(Failure::usage(format!("the file is not an input of record {}", short(&record))).help(
                        "`expbundle show BUNDLE` lists the inputs; without `--input` the records are linked as a whole",
                    ))
                }
                predicate => Ok(predicate.clone()),
            },
        )
    }
}

/// Reads a public key.
pub fn public_key(path: &camino::Utf8Path) -> Result<PublicKey, Failure> {
    PublicKey::from_text(&files::read_text(path)?).map_err(|error| {
        Failure::new("cli.key", format!("the key cannot be used: {error}"))
            .at(path.as_str())
            .help("name the public key file, which ends in `.pub`")
    })
}
