//! `expbundle repack`: mend a bundle that was zipped again.

use camino::Utf8PathBuf;
use expbundle::output::{Inputs, Output, is_one};
use expbundle::{Content, repack};
use expbundle_format::limits::Limits;
use expbundle_words::{Failure, Tone, count, findings, hints, paint};

use crate::{Outcome, exit, files, terminal};

/// Bring a bundle back into its one layout, after another tool has unzipped and zipped it again
///
/// Keeps every object whose bytes are what its name says, so every id stays; a signed statement gets its name back, whatever its entry is
/// called. Lists what it leaves out: also comments, and bytes outside of entries. Then the exit status is 1, and the archive itself stays as
/// it is: `-o` writes what is intact elsewhere.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  expbundle repack zipped-again.expb -o run.expb")]
pub struct Repack {
    /// The archive
    file: Utf8PathBuf,
    /// Where the result goes [default: into the file itself, if nothing is left out]
    #[arg(short, long, value_name = "FILE")]
    out: Option<Utf8PathBuf>,
    /// Write over a file that is there, whatever it holds
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
                "{} {}: {kept} intact, {dropped} not; the archive stays as it is. `-o FILE` writes what is intact elsewhere\n",
                paint(Tone::Bad, "not written:"),
                self.file
            ));
            return Ok(exit::FAILED);
        }
        output.save(&repacked.bundle)?;
        let mut words = format!("{}: {kept} kept, {dropped} left out", output.path());
        if repacked.renamed > 0 {
            words += &format!("; {} under the name that its bytes have", count(repacked.renamed, "object"));
        }
        if repacked.clutter > 0 {
            words += &format!("; {} of an operating system not kept", count(repacked.clutter, "file"));
        }
        terminal::talk(&(words + "\n"));
        Ok(if dropped > 0 { exit::FAILED } else { exit::OK })
    }
}
