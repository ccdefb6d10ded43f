//! Whose statements count, and what was taken back: strangers apart, revocations, supersessions, at
//! a moment (spec/trust.md).
//!
//! Everything that follows, from the graph to the sums, is computed from what counts here and from
//! nothing else. So a record or statement of a key that the signers file does not have changes no
//! verdict.
//!
//! Taking back only ever lowers what holds, so the order in which statements are looked at means
//! nothing, and a revocation cannot itself be taken back.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use expbundle_format::time::Time;
use expbundle_format::{Code, DigestSet, Finding, Foreign, RecordId, StatementId};
use expbundle_statement::{
    Asserted, Identity, Judgement, Kind, LinkClaim, Predicate, Revoked, TimeEvidence, TrustPolicy, VerifiedStatement,
    Window,
};
use jiff::Timestamp;
use serde::Serialize;

use crate::future;
use crate::objection::object;
pub use crate::objection::{Objection, ObjectionKind, Weight, weight};
use crate::verify::Intact;

/// What counts, what does not, and why.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// What no trusted key signed; empty without a signers file.
    pub apart: Apart,
    /// With a signers file, records that nobody trusted vouches for any more: they are seen, and
    /// have no say.
    pub taken_back: BTreeSet<RecordId>,
    /// Statements that are revoked, themselves or by their key.
    pub statements: BTreeSet<StatementId>,
    /// With a signers file, records of which a trusted key said by name that they, or an authorship
    /// of them, no longer count.
    pub named: BTreeSet<RecordId>,
    /// Records that are revoked.
    pub records: BTreeSet<RecordId>,
    /// Of each superseded record the one that took its place; the latest word where there are
    /// several.
    pub successors: BTreeMap<RecordId, RecordId>,
    /// Every supersession that counts: the record, and both digests of its successor.
    pub supersessions: BTreeSet<(RecordId, DigestSet)>,
    /// The statements that say so.
    pub(crate) superseding: HashSet<StatementId>,
    /// Superseded records whose last successor is here, counts, and is not superseded itself.
    replaced_here: BTreeSet<RecordId>,
    /// Principals for whom the signers file trusts the signer of each statement that was not taken
    /// back; empty if it trusts none.
    pub(crate) trusted: BTreeMap<StatementId, Vec<String>>,
    /// What was said against each record, the weightiest first.
    pub against: BTreeMap<RecordId, Vec<Objection>>,
    /// Reviews that a later one of the same reviewer with the same scope and role replaced.
    pub replaced_reviews: BTreeSet<StatementId>,
    /// Without a signers file: who took back their own signature of a record that others signed
    /// too.
    withdrawn: HashMap<RecordId, HashSet<Identity>>,
    /// Revocations that count.
    pub revocations: BTreeSet<StatementId>,
    /// Signers who were revoked.
    pub(crate) signers: HashSet<Identity>,
    /// Keys that the signers file has and does not trust at the moment, in the order of their first
    /// statements.
    pub not_valid: Vec<KnownKey>,
    /// What was taken back by whom, who tried to without a right to, and whose word does not count.
    pub findings: Vec<Finding>,
}

/// What is set aside before anything is computed, because no trusted key signed it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Apart {
    /// Records without an authorship by a trusted key.
    pub records: BTreeSet<RecordId>,
    /// Statements by other keys.
    pub statements: BTreeSet<StatementId>,
}

/// A key that the signers file has, and trusts at another time or for other purposes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct KnownKey {
    /// Fingerprint, as `ssh-keygen -l` shows it.
    pub fingerprint: String,
    /// Whose it is by the signers file.
    pub principals: Vec<String>,
    /// When it is trusted; empty if it is trusted for other purposes only.
    pub trusted_only: Vec<TrustedOnly>,
}

/// When a line of the signers file counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TrustedOnly {
    /// From then on.
    pub from: Option<Time>,
    /// Before then.
    pub until: Option<Time>,
}

impl Standing {
    /// Whether a record takes part in the graph, the sums and the state.
    pub fn counts(&self, record: RecordId) -> bool {
        !self.apart.records.contains(&record) && !self.taken_back.contains(&record)
    }

    /// Whether a record was revoked, or all that vouched for it, by those whose word counts.
    pub fn was_revoked(&self, record: RecordId) -> bool {
        let objections = self.against.get(&record).into_iter().flatten();
        objections.into_iter().any(|objection| objection.kind == ObjectionKind::Revoked)
    }

    /// What was said against a record, and stands: a supersession does not where the record that took
    /// its place is here and counts.
    pub fn objections(&self, record: RecordId) -> impl Iterator<Item = &Objection> {
        let is_replaced = self.replaced_here.contains(&record);
        let all = self.against.get(&record).into_iter().flatten();
        all.filter(move |one| one.kind != ObjectionKind::Superseded || !is_replaced)
    }

    /// Of each superseded record the one that took its place in the end. Records that supersede
    /// each other in a circle have none.
    fn last_successors(&self) -> HashMap<RecordId, Option<RecordId>> {
        let mut last: HashMap<RecordId, Option<RecordId>> = HashMap::new();
        for start in self.successors.keys() {
            let (mut path, mut at) = (Vec::new(), *start);
            let end = loop {
                if let Some(known) = last.get(&at) {
                    break *known;
                }
                let Some(next) = self.successors.get(&at) else { break Some(at) };
                // Whoever comes here again goes in a circle.
                last.insert(at, None);
                path.push(at);
                at = *next;
            };
            last.extend(path.into_iter().map(|record| (record, end)));
        }
        last
    }

    /// Whether a statement counts: it is by a key that counts, and nobody took it back.
    pub fn counts_statement(&self, statement: StatementId) -> bool {
        !self.apart.statements.contains(&statement) && !self.statements.contains(&statement)
    }

    /// Whether this authorship gives its record a state, if it is about one
    /// ([`Intact::vouching`](crate::verify::Intact::vouching)).
    pub fn vouches(&self, authorship: &VerifiedStatement) -> bool {
        let record = RecordId(authorship.record().blake3);
        authorship.kind() == Kind::Authorship
            && !self.statements.contains(&authorship.id())
            && self.may_vouch(authorship.identity(), record)
    }

    /// Whether a new authorship of a record by a signer would count, or the record was revoked.
    pub fn may_vouch(&self, signer: &Identity, record: RecordId) -> bool {
        let withdrawn = self.withdrawn.get(&record);
        !self.records.contains(&record) && !withdrawn.is_some_and(|signers| signers.contains(signer))
    }

    /// Whether its signer was revoked.
    pub(crate) fn is_of_revoked(&self, statement: &VerifiedStatement) -> bool {
        self.signers.contains(statement.identity())
    }
}

impl Intact {
    /// What counts at a moment: with a signers file only what its keys signed, without one
    /// everything; less what was taken back.
    ///
    /// With a signers file whoever it trusts may take anything back, and a key that it has, what
    /// that key signed. Without one each key may take back its own signatures.
    pub fn standing(&self, policy: Option<&TrustPolicy>, at: Timestamp) -> Standing {
        self.standing_by(&Rights::new(self, policy, Moment { at, is_in_hindsight: false }))
    }

    /// The same with what was said later against anything.
    pub(crate) fn standing_in_hindsight(&self, policy: Option<&TrustPolicy>, at: Timestamp) -> Standing {
        self.standing_by(&Rights::new(self, policy, Moment { at, is_in_hindsight: true }))
    }

    fn standing_by<'a>(&'a self, rights: &Rights<'a>) -> Standing {
        let (policy, at) = (rights.policy, rights.moment.at);
        let mut standing = Standing::default();
        let (mut words, strangers): (Vec<&VerifiedStatement>, Vec<&VerifiedStatement>) =
            self.statements().iter().partition(|statement| rights.is_known(statement.identity()));
        words.sort_by_key(|statement| (statement.created(), statement.id()));
        let revocations = revoke(&words, rights, &mut standing);
        if policy.is_some() {
            let apart = self.statements().iter().filter(|statement| !rights.trusts(statement));
            standing.apart.statements = apart.map(VerifiedStatement::id).collect();
            self.divide(&revocations, rights, &mut standing);
        }
        let of_revoked = self.statements().iter().filter(|statement| standing.signers.contains(statement.identity()));
        standing.statements.extend(of_revoked.map(VerifiedStatement::id));
        self.supersede(&words, rights, &mut standing);
        standing.findings.extend(words.iter().filter_map(|statement| future::finding(statement, at)));
        judge_signers(&words, rights, &mut standing);
        if policy.is_some() {
            report_strangers(&strangers, &mut standing);
        }
        object(&words, &revocations, rights, &mut standing);
        standing
    }

    /// A supersession that was revoked names no successor, so all revocations come first.
    fn supersede<'a>(&self, words: &[&'a VerifiedStatement], rights: &Rights<'a>, standing: &mut Standing) {
        let superseding = words.iter().filter_map(|statement| match statement.predicate() {
            Predicate::Supersession(superseded) => Some((*statement, superseded.successor)),
            _ => None,
        });
        let valid: Vec<_> = superseding
            .filter(|(statement, _)| {
                !standing.statements.contains(&statement.id()) && rights.moment.has(statement.created())
            })
            .collect();
        let said = signers_of(valid.iter().map(|(statement, _)| *statement));
        let all_say = |(record, signers): &(&RecordId, &HashSet<&Identity>)| {
            rights.all_authors(**record, |author| signers.contains(author))
        };
        let agreed = said.iter().filter(all_say).map(|(record, _)| *record).collect();
        for (statement, successor) in valid {
            let subject = RecordId(statement.record().blake3);
            let what = format!("record {subject}");
            if !rights.over_record(statement, subject, &agreed) {
                standing.findings.push(no_right(statement, &what));
                continue;
            }
            let here = RecordId(successor.blake3);
            let here = self.records().get(&here).filter(|_| standing.counts(here));
            standing.supersessions.insert((subject, successor));
            standing.superseding.insert(statement.id());
            // One that is here under another SHA-256 is not meant; lineage says so.
            if here.is_some_and(|record| record.digest() != successor) {
                continue;
            }
            let (successor, here) = (RecordId(successor.blake3), if here.is_some() { "here" } else { "not here" });
            standing.successors.insert(subject, successor);
            let message = format!("{what} is superseded by {successor}, which is {here}");
            standing.findings.push(Finding::new(Code::LineageSuperseded, statement.place(), message));
        }
        let is_here = |record: &RecordId| self.records().contains_key(record) && standing.counts(*record);
        let last = standing.last_successors().into_iter();
        standing.replaced_here = last.filter_map(|(record, last)| last.filter(&is_here).map(|_| record)).collect();
    }

    /// Which records have a say, which had one or may have had one and lost it, and which are set
    /// apart.
    ///
    /// Whoever holds a stolen key can sign new records with it, and anybody can add a record of
    /// which a revocation speaks. So neither has a say, and both are seen: to leave out an
    /// authorship that was taken back must not undo that.
    fn divide<'a>(&'a self, revocations: &[&'a VerifiedStatement], rights: &Rights<'a>, standing: &mut Standing) {
        let is_trusted = |statement: &&'a VerifiedStatement| rights.trusts(statement);
        let (gone, valid): (Vec<&VerifiedStatement>, Vec<&VerifiedStatement>) =
            self.authorships().filter(is_trusted).partition(|one| standing.is_of_revoked(one));
        let say: HashSet<RecordId> = valid.into_iter().map(|one| RecordId(one.record().blake3)).collect();
        let mut seen: HashSet<RecordId> = gone.into_iter().map(|one| RecordId(one.record().blake3)).collect();
        // What is set apart is not here.
        let here: HashMap<StatementId, &VerifiedStatement> =
            self.statements().iter().filter(is_trusted).map(|one| (one.id(), one)).collect();
        for statement in revocations.iter().copied().filter(is_trusted) {
            let Predicate::Revocation(revocation) = statement.predicate() else { continue };
            let subject = RecordId(statement.record().blake3);
            let named = match &revocation.revoked {
                Revoked::Record(id) => Some(*id),
                // The record of an authorship that is here is named by that, whatever the revocation
                // is about.
                Revoked::Statement(id) => match here.get(id) {
                    Some(one) => (one.kind() == Kind::Authorship).then(|| RecordId(one.record().blake3)),
                    None => Some(subject),
                },
                Revoked::Signer(_) => None,
            };
            standing.named.extend(named);
            seen.extend(match &revocation.revoked {
                Revoked::Record(id) => Some(*id),
                // One that is here tells by itself whether it vouched.
                Revoked::Statement(id) => (!here.contains_key(id)).then_some(subject),
                Revoked::Signer(signer) => rights.has(signer).then_some(subject),
            });
        }
        for id in self.records().keys().filter(|id| !say.contains(*id)) {
            let set = if seen.contains(id) { &mut standing.taken_back } else { &mut standing.apart.records };
            set.insert(*id);
        }
    }

    /// Who signed which records as their authors, also where that was revoked since.
    pub fn authors(&self) -> HashMap<RecordId, HashSet<&Identity>> {
        signers_of(self.authorships())
    }
}

/// Of each record who signed one of these statements about it.
fn signers_of<'a>(statements: impl Iterator<Item = &'a VerifiedStatement>) -> HashMap<RecordId, HashSet<&'a Identity>> {
    let mut signers: HashMap<RecordId, HashSet<&Identity>> = HashMap::new();
    for statement in statements {
        signers.entry(RecordId(statement.record().blake3)).or_default().insert(statement.identity());
    }
    signers
}

/// One finding, however many there are: what strangers add must not crowd out the rest.
fn report_strangers(strangers: &[&VerifiedStatement], standing: &mut Standing) {
    for stranger in strangers {
        standing.trusted.insert(stranger.id(), Vec::new());
    }
    let Some(first) = strangers.first() else { return };
    let message = match strangers.len() {
        1 => format!("1 statement by an unknown key, {}, was set apart", first.identity()),
        several => format!("{several} statements by unknown keys were set apart"),
    };
    standing.findings.push(Finding::new(Code::TrustUnknownSigner, first.place(), message));
}

/// Takes back what is revoked by those who may; returns their statements.
fn revoke<'a>(
    words: &[&'a VerifiedStatement],
    rights: &Rights<'a>,
    standing: &mut Standing,
) -> Vec<&'a VerifiedStatement> {
    let mut revocations = Vec::new();
    let by_id: BTreeMap<StatementId, &Identity> =
        words.iter().map(|statement| (statement.id(), statement.identity())).collect();
    for statement in words {
        let Predicate::Revocation(revocation) = statement.predicate() else { continue };
        let since = revocation.since.unwrap_or(statement.created());
        if !rights.moment.has(since) {
            continue;
        }
        let (signer, subject) = (statement.identity(), RecordId(statement.record().blake3));
        let (what, owns) = match &revocation.revoked {
            Revoked::Record(id) => (format!("record {id}"), *id == subject && rights.vouches(signer, subject)),
            Revoked::Statement(id) => (format!("statement {id}"), by_id.get(id).is_some_and(|its| *its == signer)),
            Revoked::Signer(revoked) => (format!("key {revoked}"), revoked == signer),
        };
        if !(owns && rights.has_purpose(statement) || rights.trusts(statement)) {
            standing.findings.push(no_right(statement, &what));
            continue;
        }
        match &revocation.revoked {
            Revoked::Record(id) if rights.trusts(statement) => _ = standing.records.insert(*id),
            Revoked::Record(id) => _ = standing.withdrawn.entry(*id).or_default().insert(signer.clone()),
            Revoked::Statement(id) => _ = standing.statements.insert(*id),
            Revoked::Signer(revoked) => _ = standing.signers.insert(revoked.clone()),
        }
        revocations.push(*statement);
        standing.revocations.insert(statement.id());
        let reason =
            revocation.reason.as_deref().map(|reason| format!(": {}", Foreign::new(reason))).unwrap_or_default();
        let by = rights.name(statement);
        let message = format!("{what} is revoked since {since} by {by}{reason}");
        standing.findings.push(Finding::new(Code::TrustRevoked, statement.place(), message));
    }
    // Anybody can sign an authorship and revoke it, so without a signers file all who signed the
    // record have to agree.
    let all_withdrew = |(record, signers): &(&RecordId, &HashSet<Identity>)| {
        rights.all_authors(**record, |author| signers.contains(author))
    };
    standing.records.extend(standing.withdrawn.iter().filter(all_withdrew).map(|(record, _)| *record));
    revocations
}

/// For whom the signers file trusts each signer, and why not.
fn judge_signers<'a>(words: &[&'a VerifiedStatement], rights: &Rights<'a>, standing: &mut Standing) {
    let mut seen = HashSet::new();
    for statement in words {
        let is_revoked = standing.statements.contains(&statement.id());
        let is_void = is_revoked || (statement.kind() == Kind::Authorship && !standing.vouches(statement));
        // A revocation cannot be revoked.
        if is_revoked && statement.kind() != Kind::Revocation {
            standing.trusted.insert(statement.id(), Vec::new());
            continue;
        }
        if seen.insert(statement.identity()) {
            standing.not_valid.extend(rights.not_valid(statement));
        }
        let (code, message) = match rights.judgement(statement) {
            None => {
                standing.trusted.insert(statement.id(), Vec::new());
                continue;
            }
            Some(Judgement::Trusted { principals }) => {
                standing.trusted.insert(statement.id(), principals.clone());
                continue;
            }
            Some(Judgement::NotValid { principals }) => {
                (Code::TrustNotValid, format!("the key of {} is trusted at another time", principals.join(", ")))
            }
            Some(Judgement::OtherNamespace { principals }) => {
                (Code::TrustNamespace, format!("the key of {} is trusted for other purposes", principals.join(", ")))
            }
            Some(Judgement::Unknown) => (Code::TrustUnknownSigner, format!("signed by {}", statement.identity())),
        };
        standing.trusted.insert(statement.id(), Vec::new());
        // What counts for nothing is not judged.
        if !is_void {
            standing.findings.push(Finding::new(code, statement.place(), message));
        }
    }
}

/// As of when everything is judged.
#[derive(Clone, Copy)]
pub(crate) struct Moment {
    pub at: Timestamp,
    /// Whether what was said later counts too.
    pub is_in_hindsight: bool,
}

impl Moment {
    /// Whether what is said from a date on counts.
    pub fn has(self, date: Time) -> bool {
        self.is_in_hindsight || date.timestamp() <= self.at
    }

    /// The moment at which the key of a statement is judged: what was said later is the word of
    /// whoever was trusted then.
    fn of_key(self, statement: &VerifiedStatement) -> Timestamp {
        let is_later = self.is_in_hindsight && statement.predicate().is_against();
        if is_later { self.at.max(statement.created().timestamp()) } else { self.at }
    }
}

/// Who may take back what.
pub(crate) struct Rights<'a> {
    intact: &'a Intact,
    authors: HashMap<RecordId, HashSet<&'a Identity>>,
    pub policy: Option<&'a TrustPolicy>,
    /// By all that a judgement rests on beside the policy, which is the same for all.
    judgements: HashMap<(&'a Identity, TimeEvidence, Timestamp), Judgement>,
    pub moment: Moment,
}

impl<'a> Rights<'a> {
    fn new(intact: &'a Intact, policy: Option<&'a TrustPolicy>, moment: Moment) -> Self {
        let mut judgements = HashMap::new();
        if let Some(policy) = policy {
            for statement in intact.statements() {
                let (identity, signed, at) =
                    (statement.identity(), statement.time_evidence(), moment.of_key(statement));
                judgements.entry((identity, signed, at)).or_insert_with(|| policy.judge(identity, signed, at));
            }
        }
        Self { intact, authors: intact.authors(), policy, judgements, moment }
    }

    /// Records that are not here, and that one here or a link names as a parent. What is set apart
    /// names nobody.
    pub fn named_and_absent(&self, words: &[&'a VerifiedStatement], standing: &Standing) -> HashSet<RecordId> {
        let records = self.intact.records();
        let heard = records.iter().filter(|(id, _)| !standing.apart.records.contains(id));
        let declared = heard.flat_map(|(_, record)| &record.body().parents);
        let linking = words.iter().filter(|one| !standing.apart.statements.contains(&one.id()));
        let linked = linking.filter_map(|statement| match statement.predicate() {
            Predicate::Link(Asserted { claim: LinkClaim::Record { parent, .. }, .. }) => Some(RecordId(parent.blake3)),
            _ => None,
        });
        let named = declared.map(|parent| RecordId(parent.record.blake3)).chain(linked);
        named.filter(|id| !records.contains_key(id)).collect()
    }

    /// What the signers file makes of who signed a statement; `None` if there is no such file.
    fn judgement(&self, statement: &'a VerifiedStatement) -> Option<&Judgement> {
        self.policy?;
        let by = (statement.identity(), statement.time_evidence(), self.moment.of_key(statement));
        Some(self.judgements.get(&by).unwrap_or(&Judgement::Unknown))
    }

    /// Whether the signers file has the signer, at whatever time and for whatever purpose.
    pub fn is_known(&self, signer: &Identity) -> bool {
        self.policy.is_none_or(|policy| policy.knows(signer))
    }

    /// Whether the signers file has the signer for us, at whatever time; it need not have signed
    /// anything here.
    fn has(&self, signer: &Identity) -> bool {
        self.policy.is_some_and(|policy| policy.has(signer))
    }

    /// When the signers file trusts a key that it has and does not trust at the moment.
    pub fn not_valid(&self, statement: &'a VerifiedStatement) -> Option<KnownKey> {
        let signer = statement.identity();
        let (principals, windows) = match self.judgement(statement)? {
            Judgement::NotValid { principals } => (principals, self.policy?.windows(signer)),
            Judgement::OtherNamespace { principals } => (principals, Vec::new()),
            Judgement::Trusted { .. } | Judgement::Unknown => return None,
        };
        let trusted_only =
            |Window { after, before }| TrustedOnly { from: after.map(Time::from), until: before.map(Time::from) };
        Some(KnownKey {
            fingerprint: signer.to_string(),
            principals: principals.clone(),
            trusted_only: windows.into_iter().map(trusted_only).collect(),
        })
    }

    /// The authorships that count: with a signers file those by trusted keys.
    pub fn authorships(&self) -> impl Iterator<Item = &'a VerifiedStatement> {
        self.intact.authorships().filter(|one| self.policy.is_none() || self.trusts(one))
    }

    pub fn trusts(&self, statement: &'a VerifiedStatement) -> bool {
        matches!(self.judgement(statement), Some(Judgement::Trusted { .. }))
    }

    pub fn principals(&self, statement: &'a VerifiedStatement) -> Vec<String> {
        match self.judgement(statement) {
            Some(Judgement::Trusted { principals }) => principals.clone(),
            _ => Vec::new(),
        }
    }

    /// Whose word it is, for a message: never a name that the signer chose.
    fn name(&self, statement: &'a VerifiedStatement) -> String {
        match self.principals(statement).first() {
            Some(principal) => principal.clone(),
            None => format!("the key {}", statement.identity()),
        }
    }

    /// Whether the signer may sign for us at all, at whatever time: one that the signers file has
    /// for something else may not.
    fn has_purpose(&self, statement: &'a VerifiedStatement) -> bool {
        self.judgement(statement)
            .is_none_or(|judgement| matches!(judgement, Judgement::Trusted { .. } | Judgement::NotValid { .. }))
    }

    pub fn vouches(&self, signer: &Identity, record: RecordId) -> bool {
        self.authors.get(&record).is_some_and(|authors| authors.contains(signer))
    }

    /// Whether all who signed a record, and whom a signers file knows, agreed.
    fn all_authors(&self, record: RecordId, agreed: impl Fn(&Identity) -> bool) -> bool {
        let authors = self.authors.get(&record);
        authors
            .is_some_and(|authors| authors.iter().filter(|author| self.is_known(author)).all(|author| agreed(author)))
    }

    /// With a signers file a trusted key; without one an author, of a record about which all
    /// authors say so.
    fn over_record(&self, statement: &'a VerifiedStatement, record: RecordId, agreed: &HashSet<RecordId>) -> bool {
        let is_author = || self.vouches(statement.identity(), record);
        self.trusts(statement) || (self.policy.is_none() && is_author() && agreed.contains(&record))
    }
}

fn no_right(statement: &VerifiedStatement, what: &str) -> Finding {
    let message = format!("{} has no right to take back {what}", statement.identity());
    Finding::new(Code::TrustNoRight, statement.place(), message)
}
