//! `expbundle repack`: mend a bundle that was zipped again.

use camino::Utf8PathBuf;
use expbundle::output::{Inputs, Output, is_one};
use expbundle::{Content, repack};
use expbundle_format::limits::Limits;
use expbundle_words::{Failure, Tone, count, findings, hints, one_line, paint};

use crate::{Outcome, exit, files, terminal};

/// Comments and the like that are named, of what may be many.
const MOST_NOTES: usize = 10;

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
    file: Utf8PathBuf,
    /// File for the result [default: the archive itself, if nothing is left out]
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
            Some(out) => Output::new(out, inputs.over(self.force))?,
            None => Output::back_into(&self.file),
        };
        let describe = |error: &std::io::Error| Failure::io("read the archive", &self.file, error);
        let content = Content::file(files::open(&self.file)?).map_err(|error| describe(&error))?;
        let repacked = repack::repack(&content, &Limits::default()).map_err(|error| {
            let code = error.code().map_or("cli.io", |code| code.as_str());
            let help = error.code().map_or_else(|| "check the disk".to_owned(), hints::help);
            Failure::new(code, error.to_string()).at(self.file.as_str()).because(&error).help(help)
        })?;
        let dropped = repacked.dropped.len() as u64;
        let kept = count(repacked.bundle.entries().count() as u64, "object");
        terminal::talk(&findings::all(&repacked.dropped));
        if dropped > 0 && elsewhere.is_none() {
            terminal::talk(&format!(
                "{} {}: {kept} intact, {dropped} not; the archive was not changed. Write the intact objects to another file with `-o FILE`\n",
                paint(Tone::Bad, "not written:"),
                self.file
            ));
            return Ok(exit::FAILED);
        }
        output.save(&repacked.bundle)?;
        for finding in repacked.outside.iter().take(MOST_NOTES) {
            let note = format!("not kept: {}, at {}", finding.message, finding.place);
            terminal::talk(&format!("{} {}\n", paint(Tone::Doubt, "note:"), one_line(&note)));
        }
        let mut words = format!("{}: {kept} kept, {dropped} left out", output.path());
        if repacked.renamed > 0 {
            words += &format!("; {} renamed to match the content", count(repacked.renamed, "object"));
        }
        if repacked.clutter > 0 {
            words += &format!("; {} dropped", count(repacked.clutter, "system file"));
        }
        terminal::talk(&(words + "\n"));
        Ok(if dropped > 0 { exit::FAILED } else { exit::OK })
    }
}
