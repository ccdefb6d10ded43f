//! The numbers of the profile: what every writer does alike (spec/sections-parquet.md).

/// What every file names as its maker: the profile, not a program.
pub const CREATED_BY: &str = "expbundle 1";
/// The key of the salt of a blinded section, in the file's key-value metadata.
pub const SALT_KEY: &str = "expbundle.salt";

/// The most rows of a page.
pub const PAGE_ROWS: usize = 1 << 16;
/// The most that the texts and keys of a page's rows have together, so that readers and writers
/// need no more.
pub const PAGE_TEXT_BYTES: usize = 8 << 20;
/// Pages of a row group, but for the last one.
pub const GROUP_PAGES: usize = 16;
/// The most row groups: Parquet numbers them with 16 bits.
pub const GROUPS: usize = 0x7fff;
/// The longest key.
pub const KEY_BYTES: usize = 4 << 10;
/// The most bytes that all keys of a file have together, each counted with [`KEY_COST`] more:
/// whoever reads a file keeps them.
pub const ALL_KEYS_BYTES: usize = 64 << 20;
/// What a key costs besides its text, in bytes.
pub const KEY_COST: usize = 64;
/// The longest text or line.
pub const TEXT_BYTES: usize = 1 << 20;

/// What a column holds, and how it is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Words that repeat, as indices into a dictionary. Always present.
    Word,
    /// Integers as packed differences. May be absent.
    Integer,
    /// Microseconds as packed differences. May be absent.
    Time,
    /// What a time has below a microsecond, as packed differences. As present as the time; the
    /// column is only in files that need it.
    Nanoseconds,
    /// Floats, their first bytes, their second bytes, and so on. May be absent.
    Float,
    /// Texts, first their lengths. May be absent.
    Text,
    /// Texts, first their lengths. Always present.
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
    columns: &'static [Column],
}

impl Shape {
    /// The columns of a file, in which times are fine if they have nanoseconds.
    pub fn columns(&self, fine: bool) -> impl Iterator<Item = &'static Column> + Clone {
        self.columns.iter().filter(move |column| fine || column.kind != Kind::Nanoseconds)
    }
}

const TIME: Column = Column { name: "time", kind: Kind::Time };
const NANOSECONDS: Column = Column { name: "nanoseconds", kind: Kind::Nanoseconds };

/// Metrics and telemetry.
pub const SERIES: Shape = Shape {
    name: "series",
    columns: &[
        Column { name: "key", kind: Kind::Word },
        Column { name: "step", kind: Kind::Integer },
        TIME,
        NANOSECONDS,
        Column { name: "value", kind: Kind::Float },
        Column { name: "text", kind: Kind::Text },
    ],
};

/// Console output.
pub const CONSOLE: Shape = Shape {
    name: "console",
    columns: &[
        TIME,
        NANOSECONDS,
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
            Self::Integer | Self::Time | Self::Nanoseconds => DELTA_BINARY_PACKED,
            Self::Text | Self::Line => DELTA_LENGTH_BYTE_ARRAY,
            Self::Word => RLE_DICTIONARY,
            Self::Float => BYTE_STREAM_SPLIT,
        }
    }

    /// Parquet's number for the physical type.
    pub fn physical(self) -> i64 {
        match self {
            Self::Nanoseconds => 1,
            Self::Integer | Self::Time => 2,
            Self::Float => 5,
            Self::Word | Self::Text | Self::Line => 6,
        }
    }

    /// The most bytes that a page of so many rows has before it is compressed.
    pub fn page_bytes(self, rows: usize) -> usize {
        // Levels, and numbers of 64 bits with the heads of their blocks; the last sixty-four are
        // filled up.
        let numbers = 1024 + 10 * rows;
        if matches!(self, Self::Text | Self::Line) { numbers + PAGE_TEXT_BYTES } else { numbers }
    }
}

/// The most bytes that a dictionary has before it is compressed: keys count in each row that has
/// them.
pub const DICTIONARY_BYTES: usize = GROUP_PAGES * (PAGE_TEXT_BYTES + 4 * PAGE_ROWS);

/// Parquet's numbers for encodings (parquet.thrift, `Encoding`).
pub const PLAIN: i64 = 0;
/// Of levels.
pub const RLE: i64 = 3;
const DELTA_BINARY_PACKED: i64 = 5;
const DELTA_LENGTH_BYTE_ARRAY: i64 = 6;
const RLE_DICTIONARY: i64 = 8;
const BYTE_STREAM_SPLIT: i64 = 9;
/// Parquet's number for the codec `LZ4_RAW`.
pub const LZ4_RAW: i64 = 7;
