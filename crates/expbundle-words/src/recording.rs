//! Recording a run: why it cannot be recorded, and why a file gives no key or no signers, with the
//! next step.

use camino::Utf8Path;
use expbundle::verify::Intact;
use expbundle_format::Code;
use expbundle_run::{AgentError, FileError, JournalError, RunError, SayError};
use expbundle_statement::{Identity, KeyError};
use jiff::Timestamp;

use crate::failures::temporary;
use crate::{Failure, conversion, hints, quoted, records};

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        match error {
            RunError::NoTitle => {
                Self::usage("a title is missing").help("give one with `--title`, or in the `context.json` of `--from`")
            }
            RunError::Twice { what, ref name } => Self::usage(format!("the {what} {} is given twice", quoted(name)))
                .help(match what {
                    "metric" => "give each final value once; a table of points has several",
                    _ => "give each parameter once; a value may be a list like `[1, 2]`",
                }),
            RunError::TitleLines => {
                Self::usage(error.to_string()).help("say in one line what was done, and the rest in the notes")
            }
            RunError::Secrets { found } => {
                conversion::secrets(&found, "remove it from the arguments, files and sections given here")
            }
            RunError::Folder { path, source } => Self::io("read the folder", &path, &source),
            RunError::SectionName(path) => {
                let name = path.file_name().unwrap_or_default();
                let failure = Self::usage(format!("{} is not a valid section name", quoted(name))).at(path.as_str());
                failure.help(if name == "record.json" {
                    "`create` writes it anew, from `--input`, `--output` and `--derive-from`; move it out of the folder"
                } else {
                    "`expbundle schema` lists the names; move other files out of the folder"
                })
            }
            RunError::Section { name, source } => {
                let member = source.place(&name).pointer.map(|pointer| format!("member `{pointer}`: "));
                let told = format!("section {}: {}{source}", quoted(&name), member.unwrap_or_default());
                Self::new(source.code().as_str(), told).help(hints::help(source.code()))
            }
            RunError::UnknownMembers { ref name, .. } => {
                let of = name.strip_suffix(".json").unwrap_or(name);
                Self::usage(error.to_string()).help(format!(
                    "`expbundle schema {of}` lists them; what is your own goes into a section of its own"
                ))
            }
            RunError::KnownFile { .. } => {
                Self::usage(error.to_string()).help("look up the digest and the size in bytes where the file is")
            }
            RunError::Parquet { source, .. } => {
                Self::new("cli.source", format!("the section cannot be read: {source}")).help(
                    "it must follow the profile in spec/sections-parquet.md; `expbundle extract --parquet` writes \
                     such files",
                )
            }
            RunError::NotFinal { .. } => Self::usage(error.to_string()).help(
                "`--metric` is for metrics that no table has; give the value once, or add it to the table with a step",
            ),
            RunError::NotEmbedded { .. } => Self::usage(error.to_string())
                .help("keep the file beside the bundle, and record it as an output: then the record has its digest"),
            RunError::Figure { .. } => Self::usage(error.to_string())
                .help("give what was used or charged as a number of at least 0; money as decimal digits, like 12.40"),
            RunError::Currency(_) => Self::usage(error.to_string()).help("write EUR, USD, CNY, …"),
            RunError::File(error) => error.into(),
            RunError::Table(error) => (&error).into(),
            RunError::Draft(error) => error.into(),
            RunError::Io(error) => temporary(&error),
            RunError::Journal { path, why } => {
                let path = path.to_string_lossy();
                journal(&path, &why)
            }
            RunError::Check(error) => error.into(),
            other => Self::usage(other.to_string()),
        }
    }
}

/// What is wrong with the journal of a run.
fn journal(path: &str, error: &JournalError) -> Failure {
    let told = |code: &'static str, help: &str| {
        Failure::new(code, format!("the journal {} {error}", quoted(path))).at(path).help(help)
    };
    match error {
        JournalError::Exists => told(
            "cli.usage",
            "it may be that of a run that was killed: recover that run, resume it, or give another path",
        ),
        JournalError::Busy => told(
            "cli.usage",
            "end the process that writes it, and those that it started by a fork, such as workers that load data; or \
             recover the run without resuming it",
        ),
        JournalError::NotAJournal => told("cli.source", "give the file that the run had as its journal"),
        JournalError::Io(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Failure::io("open the journal", Utf8Path::new(path), error)
                .help("make the folder of the journal, or give another path")
        }
        JournalError::Late => told("cli.usage", "begin the journal before the first point"),
        JournalError::TooLong => told("cli.usage", "keep it in a file, and tell the run of the file"),
        _ => told("cli.io", "the data is still in memory: make room, then go on or finish the run"),
    }
}

/// Why nothing was said about a record of the bundle by the signer.
pub fn not_said(intact: &Intact, signer: &Identity, error: SayError, at: Timestamp) -> Failure {
    match error {
        SayError::Which(error) => records::which_to_sign(intact, signer, error, at),
        SayError::Sign(error) => error.into(),
        SayError::Secrets { found } => {
            conversion::secrets(&found, "nothing was written; remove the secret from the statement")
        }
        SayError::Check(error) => Failure::from(error),
        other => Failure::usage(other.to_string()),
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        let place = error.path().display().to_string();
        let failure = match &error {
            FileError::Read { source, .. } => Self::io("read the file", Utf8Path::new(&place), source),
            FileError::Key { source, .. } => Self::new("cli.key", format!("the key cannot be used: {source}"))
                .help(source.help().replace("FILE", &place)),
            FileError::Agent { source, .. } => {
                let help = match source {
                    AgentError::Lacks => format!("add it: ssh-add {}", place.strip_suffix(".pub").unwrap_or(&place)),
                    _ => "start one and add the key to it: eval $(ssh-agent); ssh-add".to_owned(),
                };
                Self::new("cli.key", format!("the key cannot be used: {source}")).help(help)
            }
            FileError::PublicKey { source, .. } => Self::new("cli.key", format!("the key cannot be used: {source}"))
                .help(match source {
                    KeyError::Algorithm(_) => "make an Ed25519 key with `expbundle keygen` or `ssh-keygen -t ed25519`",
                    _ => "name the `.pub` file of a key that the ssh-agent holds",
                }),
            FileError::Signers { source, .. } => {
                return Self::new(Code::TrustSigners.as_str(), source.problem.to_string())
                    .at(format!("{place}, line {}", source.line))
                    .help(source.help());
            }
            FileError::PrivateKey { .. } => Self::new(Code::TrustSigners.as_str(), "the file is a private key")
                .help(format!("give its public key, which is usually {place}.pub; never pass a private key on")),
            FileError::NoSigner { .. } => {
                Self::new(Code::TrustSigners.as_str(), "there is no key that signs statements")
                    .help("give an Ed25519 key: a line that begins with `ssh-ed25519`")
            }
            other => Self::usage(other.to_string()),
        };
        failure.at(place)
    }
}
