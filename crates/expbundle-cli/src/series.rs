//! Parquet sections of a bundle, with errors that name them.

use expbundle::Content;
use expbundle_convert::points;
use expbundle_convert::series::Section;
use expbundle_series::{ConsoleReader, SeriesError, SeriesReader};
use expbundle_words::Failure;

/// Opens `metrics.parquet` or `telemetry.parquet`.
pub fn open(content: &Content, name: &str) -> Result<SeriesReader, Failure> {
    SeriesReader::open(Section(content.clone())).map_err(|error| failure(&error, name))
}

/// Refuses a section that takes minutes to read and hardly any bytes.
pub fn affordable(reader: &SeriesReader, content: &Content, name: &str) -> Result<(), Failure> {
    if points::is_plausible(reader, content) {
        return Ok(());
    }
    let message = format!("the section claims to have {} points in {} bytes", reader.rows(), content.size());
    Err(Failure::new("cli.limit", message).at(name).help("`expbundle extract --parquet` writes the section unchanged"))
}

/// Refuses a section whose CSV would be many times as large.
pub fn csv_affordable(reader: &SeriesReader, content: &Content, name: &str) -> Result<(), Failure> {
    let Some(about) = points::huge_csv(reader, content).map_err(|error| failure(&error, name))? else { return Ok(()) };
    let message = format!("as CSV the section would be about {about} GiB; it has {} bytes", content.size());
    Err(Failure::new("cli.limit", message)
        .at(name)
        .help("`--any-size` writes it anyway; `--parquet` writes the section unchanged"))
}

/// Opens `console.parquet`.
pub fn open_console(content: &Content, name: &str) -> Result<ConsoleReader, Failure> {
    ConsoleReader::open(Section(content.clone())).map_err(|error| failure(&error, name))
}

/// An error of a Parquet section.
pub fn failure(error: &SeriesError, name: &str) -> Failure {
    Failure::new("cli.source", format!("the section cannot be read: {error}"))
        .at(name)
        .help("`expbundle extract --section` writes its bytes unchanged")
}
