//! `expbundle repack`: mend a bundle that was zipped again.

use camino::Utf8PathBuf;
use expbundle::output::{Inputs, Output, is_one};
use expbundle::{Content, repack};
use expbundle_format::limits::Limits;
use expbundle_words::{Failure, findings, repacked};

use crate::target::Target;
use crate::{Outcome, exit, files, terminal};

/// Restore the fixed layout of a bundle that another tool has unzipped and zipped again
///
/// Keeps every object whose bytes match its name, so ids do not change. A signed statement gets its
/// proper name back, whatever its entry is called. Every other entry is listed and left out. Then the
/// exit status is 1, and the archive itself is not changed: write the intact objects to another file
/// with `-o`. Comments of the archive, and bytes that belong to no entry, are named and not kept.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  expbundle repack zipped-again.expb -o run.expb")]
pub struct Repack {
    /// Re-zipped bundle
    #[arg(value_parser = files::path)]
    file: Utf8PathBuf,
    /// File for the result; `-`: standard output [default: the archive itself, if nothing is left out]
    #[arg(short, long, value_name = "FILE")]
    out: Option<Utf8PathBuf>,
    /// Overwrite an existing file, whatever it holds
    #[arg(long)]
    force: bool,
}

impl Repack {
    pub fn run(self, inputs: &Inputs) -> Outcome {
        let elsewhere = self.out.as_ref().filter(|out| !is_one(out, &self.file));
        let output = match elsewhere {
            Some(out) => Target::new(out, inputs.over(self.force))?,
            None => Target::File(Output::back_into(&self.file)),
        };
        let describe = |error: &std::io::Error| Failure::io("read the archive", &self.file, error);
        let content = Content::file(files::open(&self.file)?).map_err(|error| describe(&error))?;
        let repacked = repack::repack(&content, &Limits::default())
            .map_err(|error| Failure::from(&error).at(self.file.as_str()))?;
        terminal::talk(&findings::all(&repacked.dropped));
        let is_whole = repacked.dropped.is_empty();
        if !is_whole && elsewhere.is_none() {
            terminal::talk(&repacked::not_written(&repacked, &self.file));
            return Ok(exit::FAILED);
        }
        output.save(&repacked.bundle)?;
        terminal::talk(&repacked::words(&repacked, self.out.as_ref().unwrap_or(&self.file)));
        Ok(if is_whole { exit::OK } else { exit::FAILED })
    }
}
