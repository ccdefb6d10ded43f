//! What the records of a log say.

/// How a run began.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Start {
    /// Texts by the names of their fields; empty ones are left out.
    pub texts: Vec<(&'static str, String)>,
    /// Tags.
    pub tags: Vec<String>,
    /// Whether the project was public.
    pub is_public: bool,
    /// 0: never resumed, 1: allowed, 2: must be.
    pub resume: u64,
    /// When, in nanoseconds since 1970.
    pub time_ns: Option<i64>,
}

impl Start {
    /// A text that is not empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.texts.iter().find(|(of, _)| *of == name).map(|(_, text)| text.as_str())
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// As it should.
    Finished,
    /// By an error.
    Crashed,
    /// Somebody ended it.
    Aborted,
    /// Nobody knows.
    #[default]
    Unknown,
}

/// The end of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finish {
    /// As it should, by an error, or because somebody ended it.
    pub state: State,
    /// The error, if there was one.
    pub error: Option<String>,
    /// When, in nanoseconds since 1970.
    pub time_ns: Option<i64>,
}

/// What is declared about a series.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Column {
    /// The key of the series.
    pub key: String,
    /// Whether it is a system metric.
    pub is_system: bool,
    /// Numbers by the names of their fields; zeros are left out.
    pub numbers: Vec<(&'static str, u64)>,
    /// Texts by the names of their fields; empty ones are left out.
    pub texts: Vec<(&'static str, String)>,
}

/// A number of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scalar<'a> {
    pub key: &'a [u8],
    pub step: i64,
    pub time_ns: Option<i64>,
    pub value: f64,
}

/// Something to look at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Media {
    /// The key of its series.
    pub key: String,
    /// Step.
    pub step: i64,
    /// Its kind, as `SwanLab` names the folder of such files.
    pub kind: &'static str,
    /// When, in nanoseconds since 1970.
    pub time_ns: Option<i64>,
    /// Its files.
    pub files: Vec<MediaFile>,
}

/// A file of something to look at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MediaFile {
    /// Its name in the folder of its kind.
    pub name: String,
    /// The SHA-256 that the log has, in hex.
    pub sha256: String,
    /// Size in bytes.
    pub size: u64,
    /// What it shows.
    pub caption: String,
    /// The bytes, where they are in the log.
    pub payload: Vec<u8>,
}

/// A line of the console.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsoleLine {
    /// The text.
    pub line: String,
    /// Whether it was written to the error stream.
    pub is_error: bool,
    /// When, in nanoseconds since 1970.
    pub time_ns: Option<i64>,
}

/// A file that was saved with the run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Save {
    /// Its name.
    pub name: String,
    /// Where it was.
    pub source_path: String,
    /// Where it was put, relative to the run.
    pub target_path: String,
    /// 0: at once, 1: at the end, 2: whenever it changed.
    pub policy: u64,
    /// 0: by the program; else one of `SwanLab`'s own files.
    pub kind: u64,
    /// The bytes, where they are in the log.
    pub payload_bytes: u64,
}

/// A record of the log.
pub(super) enum Record<'a> {
    Start(Start),
    Finish(Finish),
    Column(Column),
    Scalar(Scalar<'a>),
    Media(Media),
    Console(ConsoleLine),
    Save(Save),
    /// Of a kind that this version does not know: the number of its field.
    Unknown(u32),
    Broken,
}
