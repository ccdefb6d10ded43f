//! The numbers of the profile: what every writer does alike (spec/sections-parquet.md).

/// What every file names as its maker: the profile, not a program.
pub const CREATED_BY: &str = "expbundle 1";
/// The key of the salt of a blinded section, in the file's key-value metadata.
pub const SALT_KEY: &str = "expbundle.salt";

/// Rows of a row group, but for the last one and those that [`GROUP_TEXT_BYTES`] ends.
pub const GROUP_ROWS: usize = 1 << 20;
/// Rows of a page, but for the last one of its row group.
pub const PAGE_ROWS: usize = 1 << 16;
/// A row group ends before the row that would bring its texts past this, so that readers and writers need no more.
pub const GROUP_TEXT_BYTES: u64 = 64 << 20;
/// The longest key, text, stream or line.
pub const TEXT_BYTES: usize = 256 << 20;

/// What a column holds, and how it is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Words that repeat, as indices into a dictionary. Always present.
    Word,
    /// Integers as packed differences. May be absent.
    Integer,
    /// Times as packed differences. May be absent.
    Time,
    /// Floats, plain. May be absent.
    Float,
    /// Texts, plain. May be absent.
    Text,
    /// Texts, plain. Always present.
    Line,
}

/// A column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    pub name: &'static str,
    pub kind: Kind,
}

/// The columns of a section.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub name: &'static str,
    pub columns: &'static [Column],
}

/// Metrics and telemetry.
pub const SERIES: Shape = Shape {
    name: "series",
    columns: &[
        Column { name: "key", kind: Kind::Word },
        Column { name: "step", kind: Kind::Integer },
        Column { name: "time", kind: Kind::Time },
        Column { name: "value", kind: Kind::Float },
        Column { name: "text", kind: Kind::Text },
    ],
};

/// Console output.
pub const CONSOLE: Shape = Shape {
    name: "console",
    columns: &[
        Column { name: "time", kind: Kind::Time },
        Column { name: "stream", kind: Kind::Word },
        Column { name: "line", kind: Kind::Line },
    ],
};

impl Kind {
    /// Whether rows may lack a value.
    pub fn optional(self) -> bool {
        !matches!(self, Self::Word | Self::Line)
    }

    /// Parquet's number for the encoding of the values.
    pub fn encoding(self) -> i64 {
        match self {
            Self::Float | Self::Text | Self::Line => PLAIN,
            Self::Integer | Self::Time => DELTA_BINARY_PACKED,
            Self::Word => RLE_DICTIONARY,
        }
    }
}

/// Parquet's numbers for encodings (parquet.thrift, `Encoding`).
pub const PLAIN: i64 = 0;
/// Of levels.
pub const RLE: i64 = 3;
const DELTA_BINARY_PACKED: i64 = 5;
const RLE_DICTIONARY: i64 = 8;
