//! Several bundles as one, or a part of them.

use std::collections::{BTreeSet, HashSet};

use expbundle::Bundle;
use expbundle::family::{BrokenSeal, returning, seals_broken};
use expbundle::verify::{CheckError, Intact};
use expbundle_format::container::{EntryName, SectionName};
use expbundle_format::limits::Limits;
use expbundle_format::{Finding, RecordId};
use expbundle_statement::{Kind, TrustPolicy, VerifiedStatement};
use jiff::Timestamp;

use crate::{QueryError, starting};

/// What is kept of bundles that are merged.
#[derive(Clone, Copy, Debug, Default)]
pub struct Kept<'a> {
    /// Only the record whose id begins so, and its ancestors.
    pub closure: Option<&'a str>,
    /// Of ancestors only records and statements, not their sections.
    pub thin: bool,
    /// Results with more entries are refused.
    pub limits: Limits,
}

/// Bundles as one.
#[derive(Clone, Debug)]
pub struct Merged {
    /// The bundle.
    pub bundle: Bundle,
    /// What was found in all of them.
    pub findings: Vec<Finding>,
    /// The files of the statements in which trusted keys say something against a record, statement
    /// or key.
    pub against_by_trusted: BTreeSet<String>,
    /// Seals that do not bind here and name what is left out: whoever trusts their keys will refuse the
    /// result.
    pub unsealed: Vec<BrokenSeal>,
    /// Sections that one of them withholds and that are here because another has them.
    pub returning: Vec<(RecordId, SectionName)>,
}

/// Why bundles are not merged.
#[derive(thiserror::Error)]
pub enum MergeError {
    /// There is none.
    #[error("there is no bundle to merge")]
    Nothing,
    /// The record that was asked for is not here.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// They contradict each other, or what is left out breaks a seal.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// The result would have more entries than every reader takes (spec/container.md, "Limits").
    #[error("the result would have {entries} entries, and readers take {limit}")]
    TooMany {
        /// Of the result.
        entries: usize,
        /// The most.
        limit: u64,
    },
}

expbundle_format::debug_with_causes!(MergeError);

fn within(limit: u64, entries: usize) -> Result<(), MergeError> {
    if entries as u64 > limit { Err(MergeError::TooMany { entries, limit }) } else { Ok(()) }
}

/// Merges bundles. What is intact by itself may contradict something in another one, so what each
/// says of the others is checked, and the bytes anew where files are embedded or a part is kept.
///
/// # Errors
/// There is no bundle, none has the record, or nobody could verify the result. Whether it has too
/// many entries is known before the work, unless only a part is kept.
pub fn merge(
    members: Vec<Intact>,
    kept: Kept<'_>,
    policy: Option<&TrustPolicy>,
    at: Timestamp,
) -> Result<Merged, MergeError> {
    let is_one = members.len() == 1;
    if kept.closure.is_none() && !kept.thin {
        let names: HashSet<&EntryName> =
            members.iter().flat_map(|member| member.bundle().entries().map(|(name, _)| name)).collect();
        within(kept.limits.entries, names.len())?;
    }
    let mut returning = returning(members.iter().map(Intact::bundle));
    let mut intact = Intact::union(members).ok_or(MergeError::Nothing)?;
    let mut bundle = intact.bundle().clone();
    let mut verdict;
    // Only of embedded bytes can one part say what the bytes of another, by SHA-256, are not.
    if is_one || bundle.artifacts().next().is_none() {
        verdict = intact.sound(policy, at)?;
    } else {
        (intact, verdict) = bundle.sound(policy, at)?;
    }
    let findings = std::mem::take(&mut verdict.findings);
    let against_by_trusted = intact.against_by_trusted(&verdict);
    let is_seal = |one: &&VerifiedStatement| one.kind() == Kind::Seal;
    let seals: Vec<VerifiedStatement> = intact.statements().iter().filter(is_seal).cloned().collect();
    let whole = (!seals.is_empty()).then(|| bundle.clone());
    if let Some(beginning) = kept.closure {
        // What is set apart stops no command, so its ids are not looked at where one that counts
        // fits.
        let counting = intact.records().keys().copied().filter(|id| verdict.standing.counts(*id));
        bundle = intact.closure(&verdict, &[starting(counting, beginning)?]);
        (intact, verdict) = bundle.sound(policy, at)?;
    }
    if kept.thin {
        bundle = intact.thin(&verdict.lineage);
        // A seal is broken by what is left out.
        bundle.sound(policy, at)?;
    }
    within(kept.limits.entries, bundle.entries().count())?;
    let unsealed = whole.map(|whole| seals_broken(&seals, &whole, &bundle)).unwrap_or_default();
    returning
        .retain(|(record, section)| bundle.contains(&EntryName::Section { record: *record, section: section.clone() }));
    Ok(Merged { bundle, findings, against_by_trusted, unsealed, returning })
}
