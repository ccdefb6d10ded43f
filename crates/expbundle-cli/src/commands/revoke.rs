//! `expbundle revoke`: a statement, key or record counts no longer.

use camino::Utf8PathBuf;
use expbundle::verify::Intact;
use expbundle_format::time::Time;
use expbundle_query::{revoked_of, short, statement_starting};
use expbundle_statement::{Predicate, Revocation, Revoked};
use expbundle_words::{Failure, records};

use super::link::public_key;
use crate::statements::StatementArguments;
use crate::{Outcome, terminal};

/// Revoke a statement, all statements of a key, or a whole record
///
/// You can revoke what you signed; so can anyone whom the reader's signers file trusts. What is
/// revoked no longer counts. A revocation cannot be revoked.
#[derive(Debug, clap::Args)]
#[command(
    group(clap::ArgGroup::new("what").required(true).args(["statement_id", "revoked_key", "whole_record"])),
    after_help = "Examples:\n  expbundle revoke run.expb --statement 6d0c0bf8 --reason \"overlooked the leak\" --key key\n  \
    expbundle revoke run.expb --revoked-key stolen.pub --since 2026-11-01T00:00:00Z --key stolen\n  \
    expbundle revoke run.expb --whole-record --reason \"made up\" --key key"
)]
pub struct Revoke {
    #[command(flatten)]
    arguments: StatementArguments,
    /// Id of the statement, or its first digits, as shown by `expbundle log`; or the name of its
    /// file, as warnings show it
    #[arg(long = "statement", value_name = "ID")]
    statement_id: Option<String>,
    /// Public key whose statements no longer count
    #[arg(long, value_name = "FILE.pub")]
    revoked_key: Option<Utf8PathBuf>,
    /// Revoke the record itself: it can never be signed again, since this cannot be undone
    #[arg(long)]
    whole_record: bool,
    /// Revoke a whole record without asking
    #[arg(long, short, requires = "whole_record")]
    yes: bool,
    /// Day or time from which the revocation counts [default: the date of the revocation]
    #[arg(long, value_name = "TIME", value_parser = crate::keys::day_or_moment)]
    since: Option<Time>,
    /// Reason
    #[arg(long)]
    reason: Option<String>,
}

impl Revoke {
    pub fn run(self) -> Outcome {
        let Self { arguments, statement_id, revoked_key, since, reason, yes, .. } = self;
        let key = revoked_key.as_deref().map(public_key).transpose()?;
        let revoked = |intact: &Intact| {
            Ok::<_, Failure>(match (&statement_id, key) {
                (Some(beginning), _) => Some(Revoked::Statement(statement_starting(intact, beginning)?)),
                (None, key) => key.map(|key| Revoked::Signer(key.into())),
            })
        };
        let about = |intact: &Intact| {
            let Some(revoked) = revoked(intact)? else { return Ok(None) };
            Ok(revoked_of(intact, &revoked, crate::keys::now().timestamp())?)
        };
        arguments.add_each(about, |intact, record| {
            let revoked = revoked(intact)?.unwrap_or(Revoked::Record(record));
            if matches!(revoked, Revoked::Record(_)) && !yes {
                let what =
                    format!("this revokes record {} {} for good", short(&record), records::title(intact, record));
                if !terminal::agreed(&what, &format!("{what}: it can never be signed again. Revoke it?"))? {
                    return Err(
                        Failure::usage("nothing was revoked").help("to revoke one statement, use `--statement`")
                    );
                }
            }
            Ok(Predicate::Revocation(Revocation { revoked, since, reason: reason.clone() }))
        })
    }
}
