//! Errors of the libraries as a person reads them: the code, the place and the next step.

use std::io;
use std::path::Path;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::draft::DraftError;
use expbundle::hash::{HashError, WhySkipped};
use expbundle::output::{Loss, OutputError, WhyNotWritten};
use expbundle::sign::SignError;
use expbundle::verify::{CheckError, OpenError};
use expbundle_directory::hub::HubError;
use expbundle_directory::{ApplyError, AttachError, AuditError, ReleaseError};
use expbundle_format::container::SectionName;
use expbundle_format::{Code, Finding};
use expbundle_query::{MergeError, QueryError, Refused, WhyRefused};
use expbundle_statement::StatementError;

use crate::near::did_you_mean;
use crate::{Failure, cell, count, findings, grouped, hints, one_line, quoted, some_of};

impl From<&Refused> for Failure {
    fn from(refused: &Refused) -> Self {
        match &refused.why {
            WhyRefused::Finding(finding)
                if finding.code == Code::ContainerNotABundle && refused.path.extension() == Some("expj") =>
            {
                Self::from(finding.clone()).help(hints::of_journal(&refused.path))
            }
            WhyRefused::Finding(finding) => Self::from(finding.clone()).help(hints::of(finding)),
            WhyRefused::Read(error) => Self::unreadable(&refused.path, error),
        }
    }
}

/// Why a repository is not found in the local cache of the Hub, with the next step, in a line.
pub fn not_in_cache(error: &HubError) -> String {
    let text = match error {
        HubError::NoRepository { repository, path } => {
            let (kind, name) = match repository.split_once('/') {
                Some(("datasets", name)) => (" --repo-type dataset", name),
                Some(("spaces", name)) => (" --repo-type space", name),
                Some(("models", name)) => ("", name),
                _ => ("", repository.as_str()),
            };
            format!("{error} ({path}); download it first: `hf download{kind} {name}`")
        }
        HubError::NoRevision { here, .. } if here.is_empty() => format!("{error}: it has none"),
        HubError::NoRevision { here, .. } => {
            let here: Vec<String> = here.iter().map(|name| cell(name)).collect();
            format!("{error}; it has: {}", some_of(&here, 8, ", "))
        }
        _ => error.to_string(),
    };
    one_line(&text)
}

impl From<MergeError> for Failure {
    fn from(error: MergeError) -> Self {
        match error {
            MergeError::Query(error) => error.into(),
            MergeError::Check(error) => error.into(),
            MergeError::TooMany { entries, limit } => {
                let (entries, limit) = (grouped(entries as u64), grouped(limit));
                let message = format!("the result would have {entries} entries, and some readers take only {limit}");
                Self::new(Code::ContainerLimit.as_str(), message)
                    .help("merge fewer bundles, or keep a part: `--closure ID`, `--thin`")
            }
            other @ MergeError::Nothing => Self::usage(other.to_string()),
        }
    }
}

/// The first of the errors, and the others below it.
impl From<CheckError> for Failure {
    fn from(error: CheckError) -> Self {
        let found = match error {
            CheckError::Io(error) => return temporary(&error),
            CheckError::NotIntact(wrong) => wrong.into_findings(),
            CheckError::Contradiction(found) => found,
        };
        let mut errors = found.into_iter().filter(Finding::is_error);
        let first = errors.next().expect("a bundle that is not intact has an error finding");
        let others: Vec<Finding> = errors.collect();
        Self::from(first).listing(findings::all(&others))
    }
}

pub fn temporary(error: &io::Error) -> Failure {
    Failure::io("use a temporary file", Utf8Path::new("the folder for temporary files"), error)
}

const ARTIFACTS: &str = "`expbundle show BUNDLE artifacts` lists them";

/// There is no schema of that name.
pub fn no_schema<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Failure {
    let near = did_you_mean(wanted, names).map(|near| format!("{near} ")).unwrap_or_default();
    Failure::usage(format!("there is no schema `{wanted}`")).help(format!("{near}`expbundle schema` lists the names"))
}

/// The section that may have been meant, called as people call it: without its extension.
fn near_section(wanted: &str, listed: &[SectionName]) -> Option<String> {
    let bare = |name| str::split(name, '.').next().unwrap_or_default();
    did_you_mean(bare(wanted), listed.iter().map(|name| bare(name.as_str())))
}

fn names(sections: &[SectionName]) -> String {
    sections.iter().map(SectionName::as_str).collect::<Vec<_>>().join(", ")
}

impl From<QueryError> for Failure {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::TooShort { beginning, .. } if beginning == "all" => {
                Self::usage("`all` works only where statements are signed").help("give the id of one record")
            }
            QueryError::TooShort { beginning, fewest } => {
                Self::usage(format!("{} is too short for an id", quoted(&beginning)))
                    .help(format!("give at least {fewest} digits"))
            }
            QueryError::NoRecord(beginning) => {
                Self::usage(format!("no record here has an id that begins with {}", quoted(&beginning)))
                    .help("`expbundle verify` lists the records")
            }
            QueryError::Ambiguous { beginning, count: number } => Self::usage(format!(
                "{} have an id that begins with {}",
                count(number as u64, "record"),
                quoted(&beginning)
            ))
            .help("give more digits"),
            QueryError::NotOneStatement { beginning, count: number } => {
                let (which, help) = match number as u64 {
                    0 => ("no statement here has".to_owned(), "`expbundle log` shows the ids"),
                    several => (format!("{} have", count(several, "statement")), "give more digits"),
                };
                Self::usage(format!("{which} an id that begins with {}", quoted(&beginning))).help(help)
            }
            QueryError::NoSection { wanted, listed } => {
                let near = near_section(&wanted, &listed);
                Self::usage(format!("the record has no section `{wanted}`; it has: {}", names(&listed)))
                    .help(near.unwrap_or_else(|| "choose one of these".to_owned()))
            }
            QueryError::NoSectionHere { wanted, listed } => {
                let near = near_section(&wanted, &listed);
                Self::usage(format!("no record here has a section `{wanted}`; the sections are: {}", names(&listed)))
                    .maybe_help(near)
            }
            QueryError::Withheld(_) => Self::usage(error.to_string()).help("ask its author for a copy that has it"),
            QueryError::NoArtifact { wanted, is_listed: true } => {
                Self::usage(format!("the artifact `{wanted}` is not embedded; the bundle has only its digests"))
                    .help(ARTIFACTS)
            }
            QueryError::NoArtifact { .. } => Self::usage(error.to_string()).help(ARTIFACTS),
            QueryError::AmbiguousArtifact(_) => {
                Self::usage(error.to_string()).help(format!("give more of the digest; {ARTIFACTS}"))
            }
            QueryError::NoBundleOf(ref path) => Self::new("cli.io", error.to_string())
                .at(path.as_str())
                .help("name one bundle of the folder, or add one to it with `expbundle attach`"),
            QueryError::Gone { ref path, .. } => {
                Self::new("cli.io", error.to_string()).at(path.as_str()).help("nothing was written; run it again")
            }
            QueryError::NoBundle(path) => Self::usage("there is no bundle in this folder")
                .at(path.as_str())
                .help("bundles are files that end in `.expb`; make one with `expbundle convert`"),
            QueryError::Folder { path, source } => Self::io("read the folder", &path, &source),
            QueryError::Refused(refused) => Self::from(&*refused),
            QueryError::Limit(finding) => Self::from(*finding),
            QueryError::Hash(error) => Self::from(&error),
            other => Self::usage(other.to_string()),
        }
    }
}

impl From<&HashError> for Failure {
    fn from(error: &HashError) -> Self {
        let cannot_record = |place: String| Failure::new("cli.write", error.to_string()).at(place);
        match error {
            HashError::Read { path, source } => Failure::io("read the file", path, source),
            HashError::NotAFile { path } => {
                Failure::new("cli.io", error.to_string()).at(path.as_str()).help("name a file or a folder")
            }
            HashError::Changed { path } => Failure::new("cli.io", error.to_string())
                .at(path.as_str())
                .help("run it again when no other program is writing to it"),
            HashError::Tree { path, source } => cannot_record(path.to_string()).because(source),
            HashError::Empty { path } => cannot_record(path.to_string()).help("name a folder with files in it"),
            HashError::LeftOut { folder, first, .. } => {
                cannot_record(folder.join(&first.path).to_string()).help(way_out(&first.why))
            }
        }
    }
}

/// What to do about something in a folder that no listing can hold.
fn way_out(why: &WhySkipped) -> &'static str {
    match why {
        WhySkipped::NoBlob => "download it again",
        WhySkipped::Link(_) => {
            "remove the symlink, or copy the folder with `cp -RL`, which replaces symlinks with files"
        }
        WhySkipped::Special => "move it out of the folder",
        WhySkipped::NotUtf8 | WhySkipped::Path(_) => "rename it",
        WhySkipped::Unreadable(_) => "check its permissions",
    }
}

impl From<AttachError> for Failure {
    fn from(error: AttachError) -> Self {
        let failure = Failure::new("cli.attach", error.to_string()).because(&error);
        match error {
            AttachError::Read { path, source } => Failure::io("read the file", &path, &source),
            AttachError::Open(error) => Failure::from(&error),
            AttachError::Check(error) => Failure::from(error),
            AttachError::Link { .. } => failure.help("replace it with the file itself"),
            AttachError::Card { .. } => failure.help("fix the front matter of the card, or use `--keep-card`"),
            AttachError::NotAttached { .. } => failure.help("check the path"),
            AttachError::Changed { .. } => failure.help("run it again; nothing was changed"),
            AttachError::NotOurs { .. } | AttachError::Case { .. } => failure,
            AttachError::Hash(_) => failure.help("check the folder and its permissions"),
            AttachError::Unrelated { folder, .. } => failure.at(folder.as_str()).help(
                "nothing was changed: attach the bundle of the run that made these files, or name the folder of this \
                 one's model; if it belongs here all the same, pass `--unrelated`",
            ),
            AttachError::WouldFail { findings } => would_fail(&findings),
            AttachError::Release(error) => Self::from(&error),
        }
    }
}

/// What verification would refuse, and the ways out.
fn would_fail(found: &[Finding]) -> Failure {
    let Some((first, more)) = found.split_first() else {
        return Failure::new("cli.attach", "verification would fail");
    };
    let listing = findings::all(more);
    let way = match first.code {
        Code::ArtifactChanged => {
            "restore the file; or, if you changed it on purpose, say so with `--key`, which releases the folder as it \
             is (with `--unrelated` if no file is left that the record made); or record how it was made with `expbundle create --derive-from BUNDLE --output FILE`"
        }
        Code::DirectoryMissing => "restore the file, or release the folder without it with `--key`",
        _ => {
            "attach the bundle of this model; or, if its files were made from the recorded ones, record that with \
             `expbundle create --derive-from BUNDLE --output FILE`; or release the folder as it is with `--key` and \
             `--unrelated`"
        }
    };
    Failure::from(first.clone()).listing(listing).help(format!("nothing was changed, as `verify` would fail: {way}"))
}

impl From<&ApplyError> for Failure {
    fn from(error: &ApplyError) -> Self {
        match error {
            ApplyError::Changed { path } => {
                Self::new("cli.io", error.to_string()).at(path.as_str()).help("run it again; nothing was changed")
            }
            ApplyError::Locked { path, source } => not_locked("lock the folder", path, source),
            ApplyError::Write { path, source } => Self::io("write the file", path, source),
        }
    }
}

impl From<&ReleaseError> for Failure {
    fn from(error: &ReleaseError) -> Self {
        let failure = Failure::new("cli.release", error.to_string()).because(error);
        match error {
            ReleaseError::Hash(_) => failure.help("check the folder and its permissions"),
            ReleaseError::Empty => failure.help("put the model into the folder first"),
            ReleaseError::File { path, .. } => failure
                .at(path.as_str())
                .help("a release covers the bytes of every file, so replace this one with a regular file or remove it"),
            ReleaseError::Unfinished { .. } => {
                failure.help("run it again when the other command is done; if there is none, delete the file first")
            }
            ReleaseError::Tree(_) | ReleaseError::Statement(_) => failure,
        }
    }
}

impl From<&OpenError> for Failure {
    fn from(error: &OpenError) -> Self {
        let path = |path: &Path| Utf8PathBuf::from(path.to_string_lossy().into_owned());
        match error {
            OpenError::Read { path: of, source } => Self::unreadable(&path(of), source),
            OpenError::NotIntact { path: of, source } => {
                Self::from(&Refused::by(source.findings().iter().cloned(), &path(of)))
            }
            _ => Self::new("cli.io", error.to_string()),
        }
    }
}

/// Nothing was written, for nobody could keep other writers away.
fn not_locked(action: &str, path: &Utf8Path, error: &io::Error) -> Failure {
    let failure = Failure::io(action, path, error);
    match error.kind() {
        io::ErrorKind::WouldBlock => failure.help(
            "nothing was written; run it again when the other command is done. On Linux `lslocks` or `fuser` names \
             the process that holds the lock",
        ),
        io::ErrorKind::PermissionDenied => {
            failure.help("nothing was written; the folder must be one that you may read, so that it can be locked")
        }
        _ => failure,
    }
}

impl From<OutputError> for Failure {
    fn from(error: OutputError) -> Self {
        Self::from(&error)
    }
}

impl From<&OutputError> for Failure {
    fn from(OutputError { path, why }: &OutputError) -> Self {
        let usage = |help: &str| Self::usage(why.to_string()).at(path.as_str()).help(help);
        match why {
            WhyNotWritten::Failed(action, error) => Self::io(action, path, error),
            WhyNotWritten::Locked(error) => not_locked("lock the folder of the file", path, error),
            WhyNotWritten::Unfinished => {
                usage("choose another name: the next command removes files named `.expbundle-XXXXXX.part`")
            }
            WhyNotWritten::Lost(Loss::Taken { unless_forced: true }) => {
                usage("choose another name with `-o`, or overwrite it with `--force`")
            }
            WhyNotWritten::Lost(_) => usage("choose another name with `-o`"),
            WhyNotWritten::Changed => {
                Self::new("cli.io", why.to_string()).at(path.as_str()).help("nothing was written; run it again")
            }
            WhyNotWritten::KeyIsThere => Self::new("cli.io", why.to_string())
                .at(path.as_str())
                .help("choose another name, or move the old key away"),
        }
    }
}

impl From<&AuditError> for Failure {
    fn from(error: &AuditError) -> Self {
        match error {
            AuditError::Read { path, source } => Self::io("read the bundle", path, source),
            AuditError::Directory(_) => {
                Self::new("cli.io", error.to_string()).because(error).help("check the folder and its permissions")
            }
        }
    }
}

impl From<SignError> for Failure {
    fn from(error: SignError) -> Self {
        match error {
            SignError::NoRecord(_) | SignError::Itself(_) => Self::usage(error.to_string()),
            SignError::Statement(error) => error.into(),
        }
    }
}

impl From<StatementError> for Failure {
    fn from(error: StatementError) -> Self {
        match &error {
            StatementError::NotSigned(_) => Self::new("cli.key", error.to_string())
                .help("unlock the ssh-agent, or say yes where it asks; then run the command again"),
            _ => Self::new(error.code().as_str(), error.to_string()),
        }
    }
}

impl From<DraftError> for Failure {
    fn from(error: DraftError) -> Self {
        Self::new("cli.write", "the bundle cannot be made").because(&error)
    }
}
