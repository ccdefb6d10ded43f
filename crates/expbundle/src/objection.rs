//! Objections: what those whose word counts said against records (spec/trust.md, "Objections").

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use expbundle_format::time::Time;
use expbundle_format::{RecordId, StatementId};
use expbundle_statement::{Identity, Predicate, Review, ReviewVerdict, Revoked, VerifiedStatement};
use serde::Serialize;

use crate::standing::{Rights, Standing};

/// Something that was said against a record. Objections are in the order in which every view shows
/// them, the weightiest first: by whose word it is, then by kind, then by date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Objection {
    /// What was said.
    pub kind: ObjectionKind,
    /// When, as its signer says.
    pub created: Time,
    /// The statement.
    pub statement: StatementId,
    /// Fingerprint of the key that signed it.
    pub key: String,
    /// Principals for whom the signers file trusts that key; empty if it trusts none, or if there
    /// is no such file.
    pub trusted_as: Vec<String>,
    /// Principals for whom the signers file has that key at another time or for another purpose,
    /// where it does not trust it now.
    pub listed_as: Vec<String>,
    /// Whether the same key signed the record as its author.
    pub by_author: bool,
    /// What the signer calls itself. Claimed.
    pub name: Option<String>,
    /// Why, in the signer's words.
    pub reason: Option<String>,
    /// The record that took its place.
    pub successor: Option<RecordId>,
    /// Whether there was a signers file; else nobody knows whose key it is.
    #[serde(skip)]
    pub signers_checked: bool,
}

/// What can be said against a record, the weightiest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ObjectionKind {
    /// The record was revoked, or the only authorship or key that vouched for it.
    Revoked,
    /// A review rejected it.
    Rejected,
    /// A review asked for changes.
    NeedsChanges,
    /// Another record took its place.
    Superseded,
    /// A statement about it was taken back, an authorship or one that is not here or does not
    /// count, and somebody else still vouches for it.
    Withdrawn,
}

impl Objection {
    /// Whether somebody stands behind it: a trusted key, or one that signed the record. Anybody can
    /// make any number of other keys.
    pub fn is_vouched_for(&self) -> bool {
        self.by_author || !self.trusted_as.is_empty()
    }

    /// How much it weighs, the least first: whose word it is, and what it says.
    pub fn weight(&self) -> Weight {
        let is_trusted = !self.trusted_as.is_empty();
        Weight(!is_trusted, !is_trusted && !self.by_author, self.kind)
    }

    fn place(&self) -> impl Ord {
        (self.weight(), self.created, self.statement)
    }

    /// Whether it is the verdict of a review.
    pub fn is_review(&self) -> bool {
        matches!(self.kind, ObjectionKind::Rejected | ObjectionKind::NeedsChanges)
    }
}

/// How much an objection weighs: first what a trusted key says, then an author of the record, then
/// anybody else; of each of them the severest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Weight(bool, bool, ObjectionKind);

/// How much of all that is said against a record weighs most; what nobody objects to comes last.
pub fn weight(objections: &[Objection]) -> (bool, Option<Weight>) {
    let weightiest = objections.iter().map(Objection::weight).min();
    (weightiest.is_none(), weightiest)
}

impl Ord for Objection {
    fn cmp(&self, other: &Self) -> Ordering {
        self.place().cmp(&other.place())
    }
}

impl PartialOrd for Objection {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl ObjectionKind {
    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::Rejected => "rejected",
            Self::NeedsChanges => "needs changes",
            Self::Superseded => "superseded",
            Self::Withdrawn => "withdrawn",
        }
    }
}

fn record_of(statement: &VerifiedStatement) -> RecordId {
    RecordId(statement.record().blake3)
}

type Severity = u8;

fn severity(verdict: ReviewVerdict) -> Severity {
    match verdict {
        ReviewVerdict::Approved => 0,
        ReviewVerdict::NeedsChanges => 1,
        ReviewVerdict::Rejected => 2,
    }
}

/// What a review is about: the record, the reviewer, and the scope and role, as they are written.
type Matter<'a> = (RecordId, &'a Identity, Option<&'a str>, Option<&'a str>);

fn matter<'a>(statement: &'a VerifiedStatement, review: &'a Review) -> Matter<'a> {
    (record_of(statement), statement.identity(), review.scope.as_deref(), review.role.as_deref())
}

/// What those whose word counts said against records.
pub(crate) fn object<'a>(
    words: &[&'a VerifiedStatement],
    revocations: &[&'a VerifiedStatement],
    rights: &'a Rights<'a>,
    standing: &mut Standing,
) {
    let mut objections = Objections { rights, against: BTreeMap::new() };
    objections.revoked(words, revocations, standing);
    let replaced = objections.reviewed(words, standing);
    let mut against = objections.against;
    for objections in against.values_mut() {
        objections.sort_unstable();
    }
    standing.against = against;
    standing.replaced_reviews = replaced;
}

/// When a key last vouched for a record, where that counts.
fn signed_again<'a>(rights: &Rights<'a>, standing: &Standing) -> HashMap<(&'a Identity, RecordId), Time> {
    let mut last: HashMap<(&Identity, RecordId), Time> = HashMap::new();
    let counts = |one: &&VerifiedStatement| {
        !standing.is_of_revoked(one) && standing.vouches(one) && rights.moment.has(one.created())
    };
    for one in rights.authorships().filter(counts) {
        let at = last.entry((one.identity(), record_of(one))).or_insert(one.created());
        *at = one.created().max(*at);
    }
    last
}

/// Objections while they are collected.
struct Objections<'a> {
    rights: &'a Rights<'a>,
    against: BTreeMap<RecordId, Vec<Objection>>,
}

impl<'a> Objections<'a> {
    fn say(
        &mut self,
        statement: &'a VerifiedStatement,
        kind: ObjectionKind,
        record: RecordId,
        reason: Option<&String>,
        successor: Option<RecordId>,
    ) {
        let rights = self.rights;
        let objection = Objection {
            kind,
            created: statement.created(),
            statement: statement.id(),
            key: statement.identity().to_string(),
            trusted_as: rights.principals(statement),
            listed_as: rights.not_valid(statement).map(|known| known.principals).unwrap_or_default(),
            by_author: rights.vouches(statement.identity(), record),
            name: statement.signer_name().map(str::to_owned),
            reason: reason.cloned(),
            successor,
            signers_checked: rights.policy.is_some(),
        };
        self.against.entry(record).or_default().push(objection);
    }

    /// Whose record, authorship or key was taken back.
    fn revoked(&mut self, words: &[&'a VerifiedStatement], revocations: &[&'a VerifiedStatement], standing: &Standing) {
        let rights = self.rights;
        // With a signers file, what is set apart is not here.
        let authorships = || rights.authorships();
        let is_here = |statement: &&&'a VerifiedStatement| rights.policy.is_none() || rights.trusts(statement);
        let here: HashSet<StatementId> = words.iter().filter(is_here).map(|statement| statement.id()).collect();
        let by_id: HashMap<StatementId, &VerifiedStatement> = authorships().map(|one| (one.id(), one)).collect();
        let mut by_signer: HashMap<&Identity, BTreeSet<RecordId>> = HashMap::new();
        for authorship in authorships() {
            by_signer.entry(authorship.identity()).or_default().insert(record_of(authorship));
        }
        // Of a record that another key still vouches for a key took back its own word only.
        let has_a_say: HashSet<RecordId> =
            authorships().filter(|one| !standing.is_of_revoked(one) && standing.vouches(one)).map(record_of).collect();
        // A key that is not trusted now takes back what it vouched for when it was, and is a
        // stranger to every other record.
        let vouched: HashSet<(&Identity, RecordId)> =
            authorships().map(|one| (one.identity(), record_of(one))).collect();
        let may_object = |statement: &'a VerifiedStatement, record: RecordId| {
            rights.policy.is_none() || rights.trusts(statement) || vouched.contains(&(statement.identity(), record))
        };
        let again = signed_again(rights, standing);
        let named_and_absent = rights.named_and_absent(words, standing);
        let mut told = HashSet::new();
        for statement in revocations {
            let Predicate::Revocation(revocation) = statement.predicate() else { continue };
            let subject = record_of(statement);
            let by = statement.identity();
            // Who takes a key back does so once, however often that is said.
            let records = match &revocation.revoked {
                Revoked::Record(id) => BTreeSet::from([*id]),
                Revoked::Statement(id) if here.contains(id) => {
                    // Who signs anew after that has corrected a signature, and objects to nothing.
                    let is_corrected = |own: &VerifiedStatement| {
                        let last = again.get(&(by, record_of(own))).filter(|_| own.identity() == by);
                        last.is_some_and(|last| *last >= statement.created())
                    };
                    let own = by_id.get(id).copied().filter(|own| !is_corrected(own));
                    own.map(record_of).into_iter().collect()
                }
                Revoked::Statement(_) => BTreeSet::from([subject]),
                Revoked::Signer(revoked) => {
                    let is_first = told.insert((by, revoked, None));
                    let vouched = by_signer.get(revoked).filter(|_| is_first).into_iter().flatten();
                    let mut records: BTreeSet<RecordId> = vouched.copied().collect();
                    records.extend(standing.taken_back.get(&subject));
                    // Of a parent that is not here nobody can tell whether the key vouched for it.
                    let is_absent = named_and_absent.contains(&subject) && rights.trusts(statement);
                    records.extend((is_absent && rights.is_known(revoked)).then_some(subject));
                    // With a signers file, that a key was taken back says nothing of what another
                    // trusted one vouches for.
                    let is_said = |record: &RecordId| rights.policy.is_none() || !has_a_say.contains(record);
                    records.retain(|record| is_said(record) && told.insert((by, revoked, Some(*record))));
                    records
                }
            };
            for record in records.into_iter().filter(|record| may_object(statement, *record)) {
                let is_vouched_for = match &revocation.revoked {
                    Revoked::Record(id) => !standing.records.contains(id),
                    Revoked::Statement(_) | Revoked::Signer(_) => has_a_say.contains(&record),
                };
                let kind = if is_vouched_for { ObjectionKind::Withdrawn } else { ObjectionKind::Revoked };
                self.say(statement, kind, record, revocation.reason.as_ref(), None);
            }
        }
    }

    /// What reviews and supersessions say against records. Gives the reviews that a later or
    /// severer one replaced.
    fn reviewed(&mut self, words: &[&'a VerifiedStatement], standing: &Standing) -> BTreeSet<StatementId> {
        let rights = self.rights;
        // Of one reviewer the latest word counts on each matter: who approves the spelling takes
        // back nothing that was said of the licence. Of two words of one moment the severer counts.
        let mut reviews: HashMap<Matter<'_>, (Time, Severity, StatementId)> = HashMap::new();
        let is_said = |statement: &VerifiedStatement| {
            !standing.statements.contains(&statement.id()) && rights.moment.has(statement.created())
        };
        for statement in words.iter().filter(|statement| is_said(statement)) {
            if let Predicate::Review(review) = statement.predicate() {
                let this = (statement.created(), severity(review.verdict), statement.id());
                let latest = reviews.entry(matter(statement, review)).or_insert(this);
                *latest = this.max(*latest);
            }
        }
        let mut replaced = BTreeSet::new();
        for statement in words.iter().filter(|statement| is_said(statement)) {
            match statement.predicate() {
                Predicate::Review(review)
                    if reviews.get(&matter(statement, review)).is_none_or(|(_, _, id)| *id != statement.id()) =>
                {
                    replaced.insert(statement.id());
                }
                Predicate::Review(review) if rights.policy.is_none() || rights.trusts(statement) => {
                    let kind = match review.verdict {
                        ReviewVerdict::Approved => continue,
                        ReviewVerdict::Rejected => ObjectionKind::Rejected,
                        ReviewVerdict::NeedsChanges => ObjectionKind::NeedsChanges,
                    };
                    self.say(statement, kind, record_of(statement), review.reason.as_ref(), None);
                }
                Predicate::Supersession(superseded) if standing.superseding.contains(&statement.id()) => {
                    let successor = Some(RecordId(superseded.successor.blake3));
                    let reason = superseded.reason.as_ref();
                    self.say(statement, ObjectionKind::Superseded, record_of(statement), reason, successor);
                }
                _ => {}
            }
        }
        replaced
    }
}
