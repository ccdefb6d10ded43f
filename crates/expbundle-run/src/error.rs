//! Why a run is not recorded.

use std::io;
use std::path::PathBuf;

use camino::Utf8PathBuf;
use expbundle::draft::DraftError;
use expbundle::figure::Unfit;
use expbundle::verify::CheckError;
use expbundle_convert::ConvertError;
use expbundle_convert::table::TableError;
use expbundle_format::RecordId;
use expbundle_format::json::JsonError;
use expbundle_series::SeriesError;

/// Why a run is not recorded.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The title is empty.
    #[error("the run has no title")]
    NoTitle,
    /// The title has several lines.
    #[error("the title has several lines")]
    TitleLines,
    /// It ended before it started.
    #[error("the run ended before it started")]
    EndedBeforeStart,
    /// A role that is neither one of the format nor a URI.
    #[error("unknown artifact role `{role}`; use one of {known}, or a URI of your own")]
    Role {
        /// What was given.
        role: String,
        /// The roles of the format, in words.
        known: String,
    },
    /// A status that the format does not have.
    #[error("`{status}` is not a status: {known}")]
    Status {
        /// What was given.
        status: String,
        /// Those of the format, in words.
        known: String,
    },
    /// One of several values of a name would be lost.
    #[error("the {what} {name:?} is given twice")]
    Twice {
        /// `parameter`, `metric`.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// A relation that is neither one of the format nor a URI.
    #[error("`{relation}` is not a relation: those of the format are {known}, and one of your own is a URI")]
    Relation {
        /// What was given.
        relation: String,
        /// The relations of the format, in words.
        known: String,
    },
    /// The bundle of the parent has no such record.
    #[error("record {0} is not in the bundle of the parent")]
    NoRecord(RecordId),
    /// A path that is not UTF-8.
    #[error("the path `{}` is not UTF-8", .0.display())]
    Path(PathBuf),
    /// A file that does not travel inside the bundle.
    #[error("the artifact `{name}` {why}")]
    NotEmbedded {
        /// What it was to be called.
        name: String,
        /// The cause.
        why: NotEmbedded,
    },
    /// A file that is elsewhere, as no file can be, or not as the run knows it.
    #[error("the file `{name}` {why}")]
    KnownFile {
        /// What it is called, else its digest.
        name: String,
        /// The cause.
        why: &'static str,
    },
    /// A figure of cost that no sum of a family would add (spec/family.md).
    #[error("the {figure} `{amount}` is {why}")]
    Figure {
        /// `amount of gpu`, `charge`, `rate`.
        figure: String,
        /// What was given.
        amount: String,
        /// The cause.
        why: Unfit,
    },
    /// Not the code of a currency.
    #[error("`{0}` is not the code of a currency: ISO 4217 has three capital letters")]
    Currency(String),
    /// A file cannot be taken in, since it cannot be read, or is or holds a secret.
    #[error(transparent)]
    File(ConvertError),
    /// A section cannot be written.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// A folder of sections cannot be read.
    #[error("the folder `{path}` cannot be read")]
    Folder {
        /// Which one.
        path: Utf8PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A file in a folder of sections that is not named like one.
    #[error("`{0}` is not a valid section name")]
    SectionName(Utf8PathBuf),
    /// JSON that is not as the section's schema has it.
    #[error("section `{name}` does not match its schema")]
    Section {
        /// The section.
        name: String,
        /// What is wrong.
        source: JsonError,
    },
    /// A section with members that the format does not have, so that they would be lost.
    #[error("section `{name}` has members that the format does not have: {}", members.join(", "))]
    UnknownMembers {
        /// The section.
        name: String,
        /// Where they are: `code.comit`, `artifacts[0].pat`.
        members: Vec<String>,
    },
    /// A Parquet section that does not have the fixed profile (spec/sections-parquet.md).
    #[error("section `{name}` does not have the fixed profile")]
    Parquet {
        /// The section.
        name: String,
        /// What is wrong.
        source: SeriesError,
    },
    /// A section that the run makes from what it is told: from points, from files, or by its own
    /// call.
    #[error("section `{0}` has a call of its own: `context`, `recipe`, `artifacts`, `identity` or `summary`")]
    OwnSection(String),
    /// A final value of a metric that has points, or a point of one that has a final value. What was
    /// told before stays.
    #[error("`{key}` cannot have a final value and other points besides")]
    NotFinal {
        /// The metric.
        key: String,
    },
    /// A table of points cannot be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A point cannot be kept.
    #[error(transparent)]
    Series(#[from] SeriesError),
    /// Something in it looks like a secret. Secrets are not told.
    #[error("found what looks like a secret at: {}", in_words(.found))]
    Secrets {
        /// Where, and of which kind.
        found: Vec<(String, &'static str)>,
    },
    /// A temporary file cannot be written, or there is no randomness for salts.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The journal cannot be written or read.
    #[error("the journal `{}` {why}", path.display())]
    Journal {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        why: JournalError,
    },
    /// It would not be intact, or would contradict itself.
    #[error(transparent)]
    Check(CheckError),
}

expbundle_format::debug_with_causes!(RunError);

/// Why a file does not travel inside the bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotEmbedded {
    /// A name that is not a relative path.
    #[error("is not named by a relative path such as `plots/loss.png`")]
    Name,
    /// Another file has the name.
    #[error("is there already, with other bytes")]
    Taken,
    /// All together would be too large.
    #[error("has no room: the embedded files of a run come to at most 16 MiB")]
    NoRoom,
    /// It names somebody or something.
    #[error("names people, machines or absolute paths, which are kept apart from what is shared")]
    Private,
    /// It is packed.
    #[error("is packed, so that nobody sees what it names")]
    Packed,
}

/// What is wrong with a journal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// There is a file already, perhaps the journal of a run that was killed.
    #[error("is there already")]
    Exists,
    /// Another process has it open, or this one.
    #[error("is being written")]
    Busy,
    /// The file has nothing of a journal.
    #[error("is not a journal")]
    NotAJournal,
    /// The run was told points before: they would not be in it.
    #[error("would lack the points that the run has already")]
    Late,
    /// What is told is longer than a line of a journal can be: 64 MiB, bytes as base64.
    #[error("has no room for a section of more than 64 MiB (bytes as base64)")]
    TooLong,
    /// The system says no. What the call told is in the run all the same, and not in the journal.
    #[error("cannot be written or read: {0}")]
    Io(io::Error),
}

impl From<CheckError> for RunError {
    fn from(error: CheckError) -> Self {
        match error {
            CheckError::Io(error) => Self::Io(error),
            wrong => Self::Check(wrong),
        }
    }
}

impl From<ConvertError> for RunError {
    fn from(error: ConvertError) -> Self {
        match error {
            ConvertError::Draft(error) => Self::Draft(error),
            ConvertError::Series(error) => Self::Series(error),
            ConvertError::Io(error) => Self::Io(error),
            other => Self::File(other),
        }
    }
}

pub fn in_words(found: &[(String, &'static str)]) -> String {
    const SHOWN: usize = 5;
    let mut words: Vec<String> = found.iter().take(SHOWN).map(|(place, kind)| format!("{place} ({kind})")).collect();
    if found.len() > SHOWN {
        words.push(format!("and {} more", found.len() - SHOWN));
    }
    words.join(", ")
}
