//! Saying something about a record of a bundle: what a statement names, and what it follows
//! (spec/statements.md).

use std::collections::BTreeSet;

use expbundle_format::record::role;
use expbundle_format::tree::Tree;
use expbundle_format::{DigestSet, RecordId, StatementId};
use expbundle_statement::{
    About, Asserted, Authorship, Envelope, Folder, Kind, LinkClaim, Predicate, Release, Revoked, Signing,
    StatementError, VerifiedStatement, sign, sign_release,
};

use crate::bundle::Bundle;
use crate::verify::Intact;

/// Why a statement was not made.
#[derive(thiserror::Error)]
pub enum SignError {
    /// The bundle has no such record.
    #[error("record {0} is not in the bundle")]
    NoRecord(RecordId),
    /// It would make the record its own parent or successor.
    #[error("record {0} cannot be its own parent or successor")]
    Itself(RecordId),
    /// It cannot be written.
    #[error("the statement cannot be written")]
    Statement(#[from] StatementError),
}

expbundle_format::debug_with_causes!(SignError);

/// A statement that was signed just now.
#[derive(Clone, Debug)]
pub struct Signed {
    file: Vec<u8>,
    statement: VerifiedStatement,
}

impl Signed {
    /// The bytes of its envelope.
    pub fn file(&self) -> &[u8] {
        &self.file
    }

    /// The same, to keep.
    pub fn into_file(self) -> Vec<u8> {
        self.file
    }

    /// What it says.
    pub fn statement(&self) -> &VerifiedStatement {
        &self.statement
    }
}

impl Bundle {
    /// Signs a release of a folder that has just these files, and puts it in with their listing.
    /// `weights` are further subjects of the statement, by their paths.
    pub fn release(
        &mut self,
        tree: &Tree,
        weights: &[(String, DigestSet)],
        release: &Release,
        previous: &[StatementId],
        signing: &Signing<'_>,
    ) -> Result<(), StatementError> {
        let listing = tree.to_bytes();
        let folder = Folder { listing: DigestSet::of(&listing), weights, previous };
        let statement = sign_release(release, folder, signing)?;
        self.insert_artifact_unchecked(listing);
        self.insert_statement_unchecked(statement);
        Ok(())
    }
}

impl Intact {
    /// Signs an authorship of a record and adds it: who signs vouches for all that the record says.
    pub fn sign(&mut self, record: RecordId, signing: &Signing<'_>) -> Result<Signed, SignError> {
        self.say(record, &Predicate::Authorship(Authorship::default()), signing)
    }

    /// Signs something about a record and adds it.
    ///
    /// What takes a statement or a key back has to be said of several records at times:
    /// [`Intact::subjects`].
    pub fn say(&mut self, record: RecordId, predicate: &Predicate, signing: &Signing<'_>) -> Result<Signed, SignError> {
        let signed = self.signed(record, predicate, signing)?;
        self.add([&signed]);
        Ok(signed)
    }

    /// Signs something about a record, and adds it to nothing. It follows the latest statements
    /// about the record; an authorship names the models and data that the record put out.
    pub fn signed(&self, record: RecordId, predicate: &Predicate, signing: &Signing<'_>) -> Result<Signed, SignError> {
        let about = self.records().get(&record).ok_or(SignError::NoRecord(record))?;
        let other = match predicate {
            Predicate::Supersession(superseded) => Some(superseded.successor.blake3),
            Predicate::Link(Asserted { claim: LinkClaim::Record { parent, .. }, .. }) => Some(parent.blake3),
            _ => None,
        };
        if other == Some(record.0) {
            return Err(SignError::Itself(record));
        }
        let is_named = predicate.kind() == Kind::Authorship;
        let outputs = about.body().outputs.iter().filter(|output| is_named && role::carries_lineage(&output.role));
        let outputs: Vec<_> = outputs.map(|output| output.digest).collect();
        let previous = self.latest_for(record, &signing.key.identity());
        let about = About { record: about.digest(), outputs: &outputs, previous: &previous };
        let file = sign(predicate, about, signing)?;
        let statement = Envelope::parse(&file).and_then(Envelope::verify)?;
        Ok(Signed { file, statement })
    }

    /// Adds statements that were made just now.
    pub fn add<'a>(&mut self, signed: impl IntoIterator<Item = &'a Signed>) {
        self.add_statements(signed.into_iter().map(|one| (one.file.clone(), one.statement.clone())));
    }

    /// The records that a statement has to be about, if it was meant for one. What takes a
    /// statement or key back is about what that vouched for, so that it is still said of these
    /// records where the authorship is missing (spec/lineage.md, "Nothing missing helps").
    pub fn subjects(&self, chosen: RecordId, predicate: &Predicate) -> Vec<RecordId> {
        let Predicate::Revocation(revocation) = predicate else { return vec![chosen] };
        let is_meant = |statement: &&VerifiedStatement| match &revocation.revoked {
            Revoked::Record(_) => false,
            Revoked::Statement(id) => statement.id() == *id,
            Revoked::Signer(signer) => statement.kind() == Kind::Authorship && statement.identity() == signer,
        };
        let meant = self.statements().iter().filter(is_meant).map(|statement| RecordId(statement.record().blake3));
        let records: BTreeSet<RecordId> = meant.filter(|id| self.records().contains_key(id)).collect();
        if records.is_empty() { vec![chosen] } else { records.into_iter().collect() }
    }
}
