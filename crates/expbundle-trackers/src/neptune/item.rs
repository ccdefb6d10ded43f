//! What the three layouts have in common: attributes, values of series, files.

use std::collections::BTreeSet;

use camino::Utf8PathBuf;

/// How a run is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layout {
    /// A folder of the 1.x client.
    Offline,
    /// A database of neptune-scale.
    Scale,
    /// Parquet of neptune-exporter.
    Export,
}

/// A single value.
#[derive(Clone, Debug, PartialEq)]
pub enum Attribute {
    /// A float.
    Float(f64),
    /// An integer, as its digits.
    Integer(String),
    /// `true` or `false`.
    Bool(bool),
    /// A text.
    Text(String),
    /// Milliseconds since 1970.
    Time(i64),
    /// A set of texts.
    Set(BTreeSet<String>),
}

/// When a value was logged.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct At {
    /// The step, which may be a fraction.
    pub step: Option<f64>,
    /// Nanoseconds since 1970.
    pub time_ns: Option<i64>,
    /// Of a provisional value, how much of its computation was done.
    pub preview: Option<f64>,
}

/// Takes values of series while they are read.
pub trait Points {
    /// A number of the series of that path.
    fn number(&mut self, path: &str, at: At, value: f64);
    /// A text of it.
    fn text(&mut self, path: &str, at: At, text: &str);
}

/// Values that nobody wants.
impl Points for () {
    fn number(&mut self, _: &str, _: At, _: f64) {}
    fn text(&mut self, _: &str, _: At, _: &str) {}
}

/// What a file is to Neptune.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileKind {
    /// A file.
    File,
    /// One of a set of files, or a pattern of paths that makes one.
    Set,
    /// A value of a series of files.
    Series,
    /// An image of a series.
    Image,
    /// A file or folder that is tracked by its path and not uploaded.
    Tracked,
    /// The list of tracked files that an export has.
    Artifact,
}

/// A file of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct FileRef {
    /// The attribute.
    pub path: String,
    /// What it is.
    pub kind: FileKind,
    /// When it was logged.
    pub at: At,
    /// Its bytes, if they are here.
    pub on_disk: Option<Utf8PathBuf>,
    /// Where it lay when it was logged, or a pattern.
    pub address: Option<String>,
    /// Path or name within the source, or else the name that it had.
    pub name: String,
    /// Size in bytes, as recorded.
    pub size: Option<u64>,
    /// Media type, as recorded.
    pub media_type: Option<String>,
    /// Name and description of an image.
    pub caption: Option<String>,
}

impl FileRef {
    /// A file of which nothing but its attribute is known.
    pub(super) fn new(path: &str, kind: FileKind) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path).to_owned();
        Self {
            path: path.to_owned(),
            kind,
            at: At::default(),
            on_disk: None,
            address: None,
            name,
            size: None,
            media_type: None,
            caption: None,
        }
    }
}

/// A histogram of a series.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// The series.
    pub path: String,
    /// When it was logged.
    pub at: At,
    /// What the values are, in the words of the layout: `counts`, `densities`, `COUNTING`.
    pub kind: String,
    /// The bounds of the bins.
    pub edges: Vec<f64>,
    /// A value for each bin.
    pub values: Vec<f64>,
}

/// The run from which this one was forked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fork {
    /// Its project, if another one.
    pub project: Option<String>,
    /// Its id.
    pub run: String,
    /// The step after which this one has points of its own.
    pub step: Option<f64>,
}

/// The stream of a series of what was printed: `monitoring/<hash>/stdout`, `runtime/stderr`.
pub(super) fn stream_of(path: &str) -> Option<&'static str> {
    let mut parts = path.split('/');
    let first = parts.next()?;
    let last = parts.next_back()?;
    let is_console = first == "runtime" && parts.next().is_none() || first == "monitoring" && parts.count() == 1;
    match last {
        "stdout" if is_console => Some("stdout"),
        "stderr" if is_console => Some("stderr"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn console_is_told_by_its_path() {
        assert_eq!(stream_of("monitoring/f6f1812f/stdout"), Some("stdout"));
        assert_eq!(stream_of("runtime/stderr"), Some("stderr"));
        for other in ["stdout", "monitoring/stdout", "runtime/a/stdout", "monitoring/a/b/stdout", "logs/a/stdout", ""] {
            assert_eq!(stream_of(other), None, "{other}");
        }
    }
}
