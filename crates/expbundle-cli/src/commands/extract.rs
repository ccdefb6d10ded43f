//! `expbundle extract`: points as CSV or Parquet, sections and artifacts as they are.

use std::io::{IsTerminal as _, Write as _};

use camino::Utf8PathBuf;
use expbundle::output::{Inputs, Output, OutputFolder};
use expbundle_convert::points;
use expbundle_format::sections;
use expbundle_query::{Extracted, artifact, extract, section};
use expbundle_words::{Failure, conversion, count, records};

use crate::{Outcome, choice, exit, files, keys, terminal, tracker};

/// Extract points, sections or artifacts from a bundle, or from a tracker's folder or file
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[derive(Debug, clap::Args)]
#[command(
    group(clap::ArgGroup::new("what").required(true).args(["csv", "parquet", "section", "artifact", "everything"])),
    after_help = "Examples:\n  expbundle extract run.expb --csv -o points.csv\n  \
    expbundle extract ./wandb/offline-run-… --parquet -o points.parquet\n  \
    expbundle extract run.expb --section recipe\n  expbundle extract run.expb --everything -o folder"
)]
pub struct Extract {
    /// Bundle, model folder, folder of bundles, or a tracker's folder, file or server
    #[arg(default_value = ".", value_parser = files::path)]
    path: Utf8PathBuf,
    /// Id of the run, if the tracker's source has several
    #[arg(long, value_name = "ID")]
    run: Option<String>,
    /// Id of the record, or its first digits, if the bundle has several
    #[arg(long, value_name = "ID")]
    record: Option<String>,
    /// Points of all series as CSV: key, step, time, value, text
    #[arg(long)]
    csv: bool,
    /// With `--csv`: write it even if it is larger than 1 GiB and more than 128 times as large as
    /// the section
    #[arg(long, conflicts_with_all = ["parquet", "section", "artifact", "everything"])]
    any_size: bool,
    /// Points of all series as Parquet
    #[arg(long)]
    parquet: bool,
    /// System metrics instead of the metrics
    #[arg(long, conflicts_with_all = ["section", "artifact", "everything"])]
    telemetry: bool,
    /// One section, unchanged
    #[arg(long, value_name = "NAME")]
    section: Option<String>,
    /// One embedded artifact, unchanged, by digest or by name
    #[arg(long, value_name = "DIGEST_OR_NAME")]
    artifact: Option<String>,
    /// Every section and embedded artifact, into a new folder
    #[arg(long, requires = "out")]
    everything: bool,
    /// Output file or folder [default: standard output]
    #[arg(short, long, value_name = "FILE_OR_DIR")]
    out: Option<Utf8PathBuf>,
    /// Overwrite an existing file
    #[arg(long, requires = "out", conflicts_with = "everything")]
    force: bool,
}

impl Extract {
    pub fn run(self, inputs: &Inputs) -> Outcome {
        let goes = match &self.out {
            Some(out) if self.everything && out == files::STREAM => {
                return Err(Failure::usage("a folder cannot be written to standard output")
                    .help("name a new folder with `-o`, or extract one section or artifact"));
            }
            Some(out) if self.everything => Goes::Folder(OutputFolder::new(out)?),
            Some(out) if out == files::STREAM => Goes::Stdout,
            Some(out) => Goes::File(Output::of_text(out, inputs.over(self.force))?),
            None => Goes::Stdout,
        };
        let intact = tracker::intact(&self.path, self.run.as_deref(), None)?;
        let record = choice::one(&intact, self.record.as_deref())?;
        terminal::talk(&records::objected(&intact, None, record, keys::now().timestamp()));
        if let Goes::Folder(folder) = goes {
            let Extracted { folder, sections, artifacts } = extract(&intact, record, folder)?;
            let (sections, artifacts) = (count(sections as u64, "section"), count(artifacts as u64, "artifact"));
            terminal::talk(&format!("written {folder}: the record, {sections}, {artifacts}\n"));
            return Ok(exit::OK);
        }
        let name = if self.telemetry { sections::TELEMETRY } else { sections::METRICS };
        if self.csv {
            let (_, content) = section(&intact, record, name)?;
            let failure = |error| conversion::points(error, name);
            let reader = points::open_for_csv(content, self.any_size).map_err(failure)?;
            return goes.write(|output| points::write_csv(&reader, output).map_err(failure));
        }
        let content = match &self.artifact {
            Some(wanted) => artifact(&intact, record, wanted)?,
            None => section(&intact, record, self.section.as_deref().unwrap_or(name))?.1,
        };
        if matches!(goes, Goes::Stdout) && std::io::stdout().is_terminal() && content.is_binary()? {
            return Err(
                Failure::usage("this is not text, and standard output is a terminal").help("name a file with `-o`")
            );
        }
        goes.write(|output| std::io::copy(&mut content.reader(), output).map(|_| ()).map_err(Failure::from))
    }
}

/// Where it goes.
enum Goes {
    Stdout,
    File(Output),
    Folder(OutputFolder),
}

impl Goes {
    /// To the file, atomically, or to stdout.
    fn write(&self, write: impl FnOnce(&mut dyn std::io::Write) -> Result<(), Failure>) -> Outcome {
        let Self::File(place) = self else {
            let mut stdout = std::io::BufWriter::with_capacity(1 << 16, terminal::Stdout);
            let written = write(&mut stdout).and_then(|()| Ok(stdout.flush()?));
            // That it could not be written is for the end to say.
            return if terminal::is_broken() { Ok(exit::OK) } else { written.map(|()| exit::OK) };
        };
        let mut trouble = None;
        let written = place.write(|file| {
            let mut output = std::io::BufWriter::with_capacity(1 << 20, file);
            if let Err(failure) = write(&mut output) {
                trouble = Some(failure);
                return Err(std::io::ErrorKind::Other.into());
            }
            output.flush()
        });
        if let Some(failure) = trouble {
            return Err(failure.or_at(place.path().as_str()));
        }
        written?;
        terminal::talk(&format!("written {}\n", place.path()));
        Ok(exit::OK)
    }
}
