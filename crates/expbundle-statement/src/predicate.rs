//! What a statement says, whichever kind it is of: reading, writing, and one line of words.

use std::fmt;
use std::str::FromStr;

use expbundle_format::json;
use expbundle_format::record::relation;
use expbundle_format::sections::Evaluation;
use expbundle_format::time::Time;
use expbundle_format::{Foreign, StatementId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::StatementError;
use crate::kinds::{
    Asserted, Authorship, Comment, Deployment, DeploymentAction, Evaluated, LinkClaim, RawAsserted, RawRevocation,
    Release, Review, ReviewVerdict, Revocation, Revoked, Seal, Signer, Superseded,
};

/// What all predicate types begin with.
const PREDICATE_TYPES: &str = "https://expbundle.github.io/statement/";
/// The major version of predicates that is known here.
pub(crate) const MAJOR: u32 = 1;

/// The word and the major version in a predicate type, whichever they are.
pub(crate) fn predicate_type(text: &str) -> Result<(&str, u32), StatementError> {
    let error = || StatementError::PredicateType { found: text.chars().take(120).collect() };
    let (word, major) = text.strip_prefix(PREDICATE_TYPES).and_then(|rest| rest.split_once("/v")).ok_or_else(error)?;
    let plain = word.starts_with(|c: char| c.is_ascii_lowercase())
        && word.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-');
    let is_number = !major.starts_with('0') && major.bytes().all(|c| c.is_ascii_digit());
    let major = major.parse().ok().filter(|_| is_number && plain && word.len() <= 64).ok_or_else(error)?;
    Ok((word, major))
}

/// One line for each kind of statement: the variant, its word in the predicate type, and what it
/// says.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $word:literal: $says:ty,)*) => {
        /// The kind of a statement, which its `predicateType` names:
        /// `https://expbundle.github.io/statement/<kind>/v1`.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Kind {
            $($(#[$doc])* $kind,)*
            /// A kind of a later minor version. It is kept and shown, and counts for nothing.
            Other(String),
        }

        impl Kind {
            /// Its word.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$kind => $word,)*
                    Self::Other(word) => word,
                }
            }

            /// Whether this version knows the kind of that word; any other is a word of whoever
            /// signed.
            pub fn is_known(word: &str) -> bool {
                !matches!(Self::of(word), Self::Other(_))
            }

            fn of(word: &str) -> Self {
                match word {
                    $($word => Self::$kind,)*
                    other => Self::Other(other.to_owned()),
                }
            }
        }

        /// What one kind of statement says.
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum Predicate {
            $($(#[$doc])* $kind($says),)*
            /// The predicate of a later minor version, as it is.
            Other(String, Value),
        }

        impl Predicate {
            /// Its kind.
            pub fn kind(&self) -> Kind {
                match self {
                    $(Self::$kind(_) => Kind::$kind,)*
                    Self::Other(word, _) => Kind::Other(word.clone()),
                }
            }

            /// Members of all kinds and of its own. A predicate that names a key of an unknown
            /// algorithm is given as the name of that algorithm.
            pub(crate) fn parse(kind: &Kind, value: Value) -> Result<(Common, Result<Self, String>), StatementError> {
                let common = read(&value)?;
                let predicate = match kind {
                    $(Kind::$kind => <$says as Says>::read(&value)?.map(Self::$kind),)*
                    Kind::Other(word) => Ok(Self::Other(word.clone(), value)),
                };
                Ok((common, predicate))
            }

            /// What it says, by the members of its kind (spec/statements.md).
            pub fn members(&self) -> Result<Value, json::JsonError> {
                match self {
                    $(Self::$kind(says) => written(says),)*
                    Self::Other(_, value) => Ok(value.clone()),
                }
            }

            #[cfg(feature = "private-keys")]
            pub(crate) fn to_value(&self, common: &Common) -> Result<Value, json::JsonError> {
                let mut value = self.members()?;
                if let (Value::Object(members), Value::Object(common)) = (&mut value, written(common)?) {
                    members.extend(common);
                }
                Ok(value)
            }
        }

        /// The JSON Schema of each kind, by its word.
        #[cfg(feature = "schema")]
        pub fn schemas() -> Vec<(&'static str, schemars::Schema)> {
            vec![$(($word, schemars::schema_for!($says)),)*]
        }
    };
}

kinds! {
    /// Vouches for a record.
    Authorship = "authorship": Authorship,
    /// A verdict on a record.
    Review = "review": Review,
    /// A remark.
    Comment = "comment": Comment,
    /// Results that somebody measured afterwards.
    Evaluation = "evaluation": Evaluated,
    /// Where what the record made is in use.
    Deployment = "deployment": Deployment,
    /// Who made an input, or which two keys are of one person.
    Link = "link": Asserted,
    /// Another record took the place of this one.
    Supersession = "supersession": Superseded,
    /// A statement, record or key no longer counts.
    Revocation = "revocation": Revocation,
    /// What was there at a moment.
    Seal = "seal": Seal,
    /// The files of a folder. It is about no record.
    Release = "release": Release,
}

impl Kind {
    /// Its predicate type.
    pub fn predicate_type(&self) -> String {
        format!("{PREDICATE_TYPES}{self}/v{MAJOR}")
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = StatementError;

    /// Reads a predicate type of this major version.
    fn from_str(text: &str) -> Result<Self, StatementError> {
        let (word, major) = predicate_type(text)?;
        if major == MAJOR {
            Ok(Self::of(word))
        } else {
            Err(StatementError::PredicateType { found: text.chars().take(120).collect() })
        }
    }
}

/// What every predicate has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Common {
    /// When the statement was made, as its signer says.
    pub created: Time,
    /// Who signs.
    pub signer: Signer,
    /// Earlier statements that this one follows, by the BLAKE3 of their payloads.
    #[serde(default)]
    pub prev: Vec<StatementId>,
}

/// What a kind of statement says, as it is read.
trait Says: Sized {
    /// What it says, or the name of the algorithm if it names a key of an unknown one.
    fn read(value: &Value) -> Result<Result<Self, String>, StatementError>;
}

macro_rules! says_what_it_has {
    ($($kind:ty)*) => {$(
        impl Says for $kind {
            fn read(value: &Value) -> Result<Result<Self, String>, StatementError> {
                read(value).map(Ok)
            }
        }
    )*};
}

says_what_it_has! { Authorship Review Comment Evaluated Deployment Superseded Seal Release }

impl Says for Asserted {
    fn read(value: &Value) -> Result<Result<Self, String>, StatementError> {
        read::<RawAsserted>(value)?.known().map_err(StatementError::Members)
    }
}

impl Says for Revocation {
    fn read(value: &Value) -> Result<Result<Self, String>, StatementError> {
        read::<RawRevocation>(value).map(RawRevocation::known)
    }
}

fn read<T: serde::de::DeserializeOwned>(value: &Value) -> Result<T, StatementError> {
    json::from_value(value).map_err(StatementError::Predicate)
}

fn written(says: &impl Serialize) -> Result<Value, json::JsonError> {
    serde_json::to_value(says).map_err(|error| json::JsonError::Unwritable(error.to_string()))
}

impl Predicate {
    /// Whether it lowers what holds: a rejection, a call for changes, a revocation, a successor.
    pub fn is_against(&self) -> bool {
        match self {
            Self::Review(review) => review.verdict != ReviewVerdict::Approved,
            Self::Revocation(_) | Self::Supersession(_) => true,
            _ => false,
        }
    }

    /// What it says, in one line. Words that the signer chose are quoted, so that they cannot pass
    /// for ours; a comment is its text, as it is.
    pub fn summary(&self) -> String {
        match self {
            Self::Comment(comment) => comment.text.clone(),
            other => other.brief(usize::MAX),
        }
    }

    /// The same in short: at most so many columns of each word that the signer chose. A comment is
    /// quoted too.
    pub fn brief(&self, most_columns: usize) -> String {
        let word = |text: &str| Foreign::new(text).at_most(most_columns).to_string();
        let because = |reason: Option<&str>| reason.map(|reason| format!(": {}", word(reason))).unwrap_or_default();
        match self {
            Self::Authorship(Authorship { generator: Some(generator) }) => {
                let version = generator.version.as_deref().map(|version| format!(" {version}")).unwrap_or_default();
                format!("vouches for the record, written by {}", word(&format!("{}{version}", generator.name)))
            }
            Self::Authorship(_) => "vouches for the record".to_owned(),
            Self::Review(review) => {
                let role = review.role.as_deref().map(|role| format!(" as {}", word(role))).unwrap_or_default();
                let scope = review.scope.as_deref().map(|scope| format!(", for {}", word(scope))).unwrap_or_default();
                format!("{}{role}{scope}{}", review.verdict.as_str(), because(review.reason.as_deref()))
            }
            Self::Comment(comment) => word(&comment.text),
            Self::Evaluation(evaluated) => {
                let results: Vec<String> = evaluated.evaluations.iter().map(|one| result(one, &word)).collect();
                results.join(", ")
            }
            Self::Deployment(deployment) => {
                let preposition = match deployment.action {
                    DeploymentAction::Deployed => "to",
                    DeploymentAction::Retired => "from",
                };
                let action = deployment.action.as_str();
                let environment = word(&deployment.environment);
                format!("{action} {preposition} {environment}{}", because(deployment.reason.as_deref()))
            }
            Self::Link(Asserted { claim, reason }) => match claim {
                LinkClaim::Record { parent, relation, artifact } => {
                    let relation = relation.as_ref().map_or_else(|| "follows from".to_owned(), relation::told);
                    let input = artifact.map(|artifact| format!(", which made {artifact}")).unwrap_or_default();
                    format!("{relation} {}{input}{}", short(&parent.blake3), because(reason.as_deref()))
                }
                LinkClaim::Signer { same_signer } => {
                    format!("the key {same_signer} is mine too{}", because(reason.as_deref()))
                }
            },
            Self::Supersession(Superseded { successor, reason }) => {
                format!("superseded by {}{}", short(&successor.blake3), because(reason.as_deref()))
            }
            Self::Revocation(Revocation { revoked, since, reason }) => {
                let what = match revoked {
                    Revoked::Record(id) => format!("record {}", short(id)),
                    Revoked::Statement(id) => format!("statement {}", short(id)),
                    Revoked::Signer(signer) => format!("key {signer}"),
                };
                let since = since.map(|since| format!(" since {since}")).unwrap_or_default();
                format!("revokes {what}{since}{}", because(reason.as_deref()))
            }
            Self::Seal(seal) => format!("seals {} objects", seal.objects.len()),
            Self::Release(Release { title, reason }) => {
                let title = title.as_deref().map(|title| format!(" as {}", word(title))).unwrap_or_default();
                format!("releases the folder{title}{}", because(reason.as_deref()))
            }
            Self::Other(word, _) => {
                format!("a statement of kind {}, which this version does not know", Foreign::new(word))
            }
        }
    }
}

/// The beginning of an id: people compare no more, and its members have all of it.
fn short(id: &impl ToString) -> String {
    id.to_string().chars().take(12).collect()
}

/// A result in a few words.
fn result(evaluation: &Evaluation, word: &impl Fn(&str) -> String) -> String {
    let value = match (evaluation.value, &evaluation.judgement) {
        (Some(value), _) => format!(" {value}"),
        (None, Some(judgement)) => format!(": {}", word(judgement)),
        (None, None) => String::new(),
    };
    let on = |text: &Option<String>, preposition: &str| {
        text.as_deref().map(|text| format!(" {preposition} {}", word(text))).unwrap_or_default()
    };
    format!("{}{value}{}{}", word(&evaluation.metric), on(&evaluation.dataset, "on"), on(&evaluation.split, "split"))
}
