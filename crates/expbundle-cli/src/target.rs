//! Where a bundle goes: a file, or standard output.

use std::io::{BufWriter, IsTerminal as _, Write as _};

use camino::Utf8Path;
use expbundle::Bundle;
use expbundle::output::{Output, OutputError, Over};
use expbundle_words::Failure;

use crate::{files, terminal};

/// A place that a person named for a bundle. `-` is standard output.
pub enum Target {
    Stdout,
    File(Output),
}

impl Target {
    pub fn new(path: &Utf8Path, over: Over<'_>) -> Result<Self, Failure> {
        if path != files::STREAM {
            return Ok(Self::File(Output::new(path, over)?));
        }
        if std::io::stdout().is_terminal() {
            return Err(Failure::usage("`-` writes the bundle to standard output, which is a terminal")
                .help("name a file, or pass the output on: `… | expbundle verify -`"));
        }
        Ok(Self::Stdout)
    }

    pub fn save(&self, bundle: &Bundle) -> Result<(), Failure> {
        match self {
            Self::Stdout => write(bundle),
            Self::File(output) => Ok(output.save(bundle)?),
        }
    }

    /// Saves the bundle that is made while no other writer is at work in the folder of the file.
    pub fn add<E>(&self, bundle: impl FnOnce() -> Result<Bundle, E>) -> Result<(), E>
    where
        E: From<OutputError> + From<Failure>,
    {
        match self {
            Self::Stdout => Ok(write(&bundle()?)?),
            Self::File(output) => output.add(bundle),
        }
    }

    /// The path, if it is a file.
    pub fn path(&self) -> Option<&Utf8Path> {
        match self {
            Self::Stdout => None,
            Self::File(output) => Some(output.path()),
        }
    }

    /// Says on standard output what was written, unless that is the bundle.
    pub fn say(&self, text: &str) {
        match self {
            Self::Stdout => {}
            Self::File(_) => terminal::say(text),
        }
    }
}

/// What becomes of standard output is for the end to say.
fn write(bundle: &Bundle) -> Result<(), Failure> {
    let mut stdout = BufWriter::with_capacity(1 << 16, terminal::Stdout);
    let written = bundle.write(&mut stdout).and_then(|()| stdout.flush());
    if terminal::is_broken() { Ok(()) } else { Ok(written?) }
}
