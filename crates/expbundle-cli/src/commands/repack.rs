//! `expbundle repack`: mend a bundle that was zipped again.

use camino::Utf8PathBuf;
use expbundle::lock::Seen;
use expbundle::{Content, repack};
use expbundle_format::limits::Limits;

use crate::failure::Failure;
use crate::{Outcome, exit, files, findings, terminal};

/// Bring a bundle back into its one layout, after another tool has unzipped and zipped it again
///
/// Keeps every object whose bytes are what its name says, so every id stays. Says what it leaves out.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  expbundle repack zipped-again.expb -o run.expb")]
pub struct Repack {
    /// The archive
    file: Utf8PathBuf,
    /// Where the result goes [default: into the file itself]
    #[arg(short, long, value_name = "FILE")]
    out: Option<Utf8PathBuf>,
    /// Write over a file that is there, whatever it holds
    #[arg(long)]
    force: bool,
}

impl Repack {
    pub fn run(self) -> Outcome {
        let seen = Seen::at(&self.file);
        let describe = |error: &std::io::Error| Failure::io("read the archive", &self.file, error);
        let content = Content::file(files::open(&self.file)?).map_err(|error| describe(&error))?;
        let repacked = repack::repack(&content, &Limits::default()).map_err(|error| {
            let code = error.code().map_or("cli.io", |code| code.as_str());
            let help = error.code().map_or("check the disk", |code| code.help());
            Failure::new(code, error.to_string()).at(self.file.as_str()).because(&error).help(help)
        })?;
        let out = self.out.as_ref().unwrap_or(&self.file);
        match &self.out {
            Some(out) if !files::is_one(out, &self.file) => files::save_new(&repacked.bundle, out, self.force)?,
            _ => files::save_over(&repacked.bundle, out, &seen, true)?,
        }
        terminal::talk(&findings::all(&repacked.dropped));
        let kept = repacked.bundle.entries().count() as u64;
        let dropped = repacked.dropped.len() as u64;
        terminal::talk(&format!("{out}: {} kept, {dropped} left out\n", terminal::count(kept, "object")));
        Ok(exit::OK)
    }
}
