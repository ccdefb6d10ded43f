//! Signed statements about records, fit to be published.

use expbundle::sign::{SignError, Signed};
use expbundle::verify::{CheckError, Intact};
use expbundle_convert::audit;
use expbundle_format::RecordId;
use expbundle_query::{Chosen, Plan, QueryError};
use expbundle_statement::{Predicate, Signing};
use jiff::Timestamp;

use crate::error::in_words;

/// Why a statement is not signed.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum SayError {
    /// It is not plain which records are meant, or the signer would stand behind somebody else's
    /// work.
    #[error(transparent)]
    Which(#[from] QueryError),
    /// It cannot be signed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// Something in it looks like a secret. Secrets are not told.
    #[error("found what looks like a secret at: {}", in_words(.found))]
    Secrets {
        /// Where, and of which kind.
        found: Vec<(String, &'static str)>,
    },
    /// The bundle would contradict itself.
    #[error(transparent)]
    Check(#[from] CheckError),
}

expbundle_format::debug_with_causes!(SayError);

/// Signs what is planned, and adds it to nothing. `allowed` are kinds or places of false alarms
/// (docs/secrets.md).
///
/// # Errors
/// Something in it looks like a secret, or contradicts what is in the bundle, or the key cannot sign.
pub fn sign_plan(
    plan: &Plan<'_>,
    signing: &Signing<'_>,
    allowed: &[String],
    at: Timestamp,
) -> Result<Vec<Signed>, SayError> {
    let signed = plan.sign(signing)?;
    for one in &signed {
        let found = audit::statement(one.file(), one.statement().kind().as_str(), allowed).places();
        if !found.is_empty() {
            return Err(SayError::Secrets { found });
        }
    }
    plan.check(&signed, at)?;
    Ok(signed)
}

/// The bundle with statements about its records. What the signer said before under the same name, and
/// what still stands, is not added again.
///
/// # Errors
/// Those of [`Plan::new`] and of [`sign_plan`].
pub fn say(
    intact: &Intact,
    chosen: &Chosen,
    says: Vec<(RecordId, Predicate)>,
    signing: &Signing<'_>,
    at: Timestamp,
) -> Result<Intact, SayError> {
    let mut plan = Plan::new(intact, signing.key.identity(), chosen, says, at)?;
    plan.without_repeats(signing.name, at);
    let signed = sign_plan(&plan, signing, &[], at)?;
    let mut after = intact.clone();
    after.add(&signed);
    Ok(after)
}
