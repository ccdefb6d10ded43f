//! Why a command could not do its work: a stable code, the place, and the next step.

use std::error::Error;
use std::io;

use camino::Utf8Path;
use expbundle_format::Finding;

use crate::{Tone, hints, one_line, paint, printable};

/// An error as the user reads it. Exit code 2, for the command did not get to an answer, also
/// because a bundle is beyond the limits; 1 if a bundle is broken.
#[derive(Clone, Debug)]
pub struct Failure(Box<Details>);

#[derive(Clone, Debug)]
struct Details {
    code: String,
    message: String,
    place: Option<String>,
    listing: String,
    help: Option<String>,
    causes: Vec<String>,
    is_broken: bool,
    is_not_found: bool,
}

impl Failure {
    /// A failure with a code of spec/codes.toml, section `cli`, or a finding's.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self(Box::new(Details {
            code: code.to_owned(),
            message: message.into(),
            place: None,
            listing: String::new(),
            help: None,
            causes: Vec::new(),
            is_broken: false,
            is_not_found: false,
        }))
    }

    /// Something about the arguments themselves.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new("cli.usage", message)
    }

    /// A file that could not be read or written.
    pub fn io(action: &str, path: &Utf8Path, error: &io::Error) -> Self {
        let help = match error.kind() {
            io::ErrorKind::NotFound => "check the path",
            io::ErrorKind::PermissionDenied => "check the permissions of the file and its folder",
            // A bound of ours, not of the disk.
            io::ErrorKind::FileTooLarge if error.raw_os_error().is_none() => {
                "the file is too large; check that it is the right one"
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                "make room and run it again; existing files were not changed"
            }
            io::ErrorKind::ReadOnlyFilesystem => "write somewhere else with `-o`",
            io::ErrorKind::AlreadyExists => "choose another name, or move the old one away",
            io::ErrorKind::IsADirectory => "name a file, not a folder",
            io::ErrorKind::NotADirectory => "check the path: a part of it is a file, not a folder",
            io::ErrorKind::InvalidInput if error.to_string().contains("link of this name") => {
                "copy the folder, or name the file that the link leads to"
            }
            _ => "run it again; if it fails again, check the disk",
        };
        let mut failure = Self::new("cli.io", format!("cannot {action}: {error}")).at(path.as_str()).help(help);
        failure.0.is_not_found = error.kind() == io::ErrorKind::NotFound;
        failure
    }

    /// A file that is a pipe or device, or not a file at all.
    pub fn not_regular(action: &str, path: &Utf8Path) -> Self {
        Self::new("cli.io", format!("cannot {action}: not a regular file"))
            .at(path.as_str())
            .help("save the data of the pipe or device to a file first, and name that file")
    }

    /// A bundle that cannot be opened or read.
    pub fn unreadable(path: &Utf8Path, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::InvalidInput => Self::not_regular("read the bundle", path),
            _ => Self::io("read the bundle", path, error),
        }
    }

    /// Says where.
    #[must_use]
    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.0.place = Some(place.into());
        self
    }

    /// Says where, if nothing more exact was said.
    #[must_use]
    pub fn or_at(mut self, place: &str) -> Self {
        self.0.place.get_or_insert_with(|| place.to_owned());
        self
    }

    /// Shows what there is to choose from: whole lines.
    #[must_use]
    pub fn listing(mut self, lines: String) -> Self {
        self.0.listing = lines;
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    /// Says what to do, if that is known.
    #[must_use]
    pub(crate) fn maybe_help(self, help: Option<String>) -> Self {
        match help {
            Some(help) => self.help(help),
            None => self,
        }
    }

    /// Adds an error and what lies behind it.
    #[must_use]
    pub fn because(mut self, error: &(dyn Error + 'static)) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            let text = error.to_string();
            // Transparent wrappers say what their cause says, and some texts end with it.
            if !self.0.causes.last().unwrap_or(&self.0.message).contains(&text) {
                self.0.causes.push(text);
            }
            next = error.source();
        }
        self
    }

    /// Whether a bundle is broken. Else there is no answer: the arguments are wrong, a file cannot
    /// be read, or is beyond the limits.
    pub fn is_broken(&self) -> bool {
        self.0.is_broken
    }

    /// Whether a path is not there.
    pub fn is_not_found(&self) -> bool {
        self.0.is_not_found
    }

    /// The code: of spec/codes.toml.
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// What is wrong, with what lies behind it, in a line without anything unseen.
    pub fn message(&self) -> String {
        let because = self.0.causes.iter().map(String::as_str);
        let all: Vec<String> = std::iter::once(self.0.message.as_str()).chain(because).map(one_line).collect();
        all.join(": ")
    }

    /// Where, if that is known, in a line without anything unseen.
    pub fn place(&self) -> Option<String> {
        self.0.place.as_deref().map(one_line)
    }

    /// What to do, if anything can be said, without anything unseen.
    pub fn next_step(&self) -> Option<String> {
        self.0.help.as_deref().map(|help| printable(help).into_owned())
    }

    /// What there is to choose from: whole lines, or nothing.
    pub fn choices(&self) -> &str {
        &self.0.listing
    }

    /// The error in words: code and message, the place, what there is to choose from, causes, and
    /// the next step.
    pub fn words(&self) -> String {
        let Details { code, message, place, listing, help, causes, .. } = &*self.0;
        let mut text = format!("{}: {}\n", paint(Tone::Bad, &format!("error[{code}]")), one_line(message));
        if let Some(place) = place {
            text += &format!("  --> {}\n", one_line(place));
        }
        text += listing;
        for cause in causes {
            text += &format!("  because: {}\n", one_line(cause));
        }
        if let Some(help) = help {
            text += &format!("  {}: {}\n", paint(Tone::Hint, "help"), printable(help));
        }
        text
    }
}

impl From<Finding> for Failure {
    fn from(finding: Finding) -> Self {
        let is_broken = !finding.is_no_answer();
        let mut failure = Self::new(finding.code.as_str(), finding.message).help(hints::help(finding.code));
        failure.0.is_broken = is_broken;
        match finding.place.to_string() {
            place if place.is_empty() => failure,
            place => failure.at(place),
        }
    }
}

/// Failures to write what goes to a file or to stdout. Files have [`Failure::io`], which names
/// them.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::new("cli.io", format!("cannot write the output: {error}"))
    }
}
