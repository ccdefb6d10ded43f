//! Why a Parquet section cannot be read or written.

use std::io;

use crate::profile::{ALL_KEYS_BYTES, GROUP_PAGES, GROUPS, KEY_BYTES, KEY_COST, TEXT_BYTES};

/// Why a Parquet section cannot be read or written. Each variant but [`SeriesError::Io`] is one
/// refusal of spec/sections-parquet.md.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SeriesError {
    /// No Parquet file: the magic is not at both ends, or no footer fits between them.
    #[error("{bytes} bytes that are not a Parquet file")]
    NotParquet {
        /// Size of the file.
        bytes: u64,
    },
    /// The footer is not one that the profile has: other columns, another writer, a compression,
    /// statistics, gaps.
    #[error("the Parquet footer leaves the profile at byte {offset}")]
    Footer {
        /// The first byte that differs, from the start of the file.
        offset: u64,
    },
    /// Counts of rows that do not agree with each other, or with the size of the file.
    #[error("{claimed} rows are claimed, which {bytes} bytes of pages do not have")]
    Rows {
        /// Rows by its own account.
        claimed: u64,
        /// Bytes that could hold them.
        bytes: u64,
    },
    /// A page that is broken, or coded in another way than the profile has.
    #[error("the page of column `{column}` at byte {offset} leaves the profile")]
    Page {
        /// Which column.
        column: &'static str,
        /// Where the page begins, from the start of the file.
        offset: u64,
    },
    /// A page that is not compressed as LZ4 has it, or that has other bytes than its head says.
    #[error("the page of column `{column}` at byte {offset} is not an LZ4 block of the announced length")]
    Block {
        /// Which column.
        column: &'static str,
        /// Where the block begins, from the start of the file.
        offset: u64,
    },
    /// A key, text, stream or line that is not UTF-8.
    #[error("column `{column}` has bytes in row {row} that are not UTF-8")]
    Utf8 {
        /// Which column.
        column: &'static str,
        /// Which row, from 0.
        row: u64,
    },
    /// A row that holds neither a value nor a text.
    #[error("row {row} holds neither value nor text")]
    EmptyRow {
        /// Which row, from 0.
        row: u64,
    },
    /// A row that belongs before the one that precedes it.
    #[error("row {row} is out of order")]
    Order {
        /// Which row, from 0.
        row: u64,
    },
    /// A time outside the years 1677 to 2262, which 64 bits of nanoseconds reach.
    #[error("the time of row {row} is centuries away")]
    Time {
        /// Which row, from 0.
        row: u64,
    },
    /// A column of nanoseconds that no time needs, or one that does not fit the times: the same
    /// series would have two forms.
    #[error("the column of nanoseconds does not fit the times{}", row.map(|row| format!(" at row {row}")).unwrap_or_default())]
    Nanoseconds {
        /// Which row, from 0; none if the column is not needed.
        row: Option<u64>,
    },
    /// A page that ends elsewhere than the profile has it.
    #[error("a page near row {row} has other rows than the profile gives it")]
    PageEnd {
        /// The first row of the page at which it was seen, from 0.
        row: u64,
    },
    /// A row group of another number of pages than the profile has.
    #[error("a row group of {pages} pages; each but the last has {GROUP_PAGES}")]
    Group {
        /// Its pages.
        pages: u64,
    },
    /// A key beyond the limit.
    #[error("a key of {bytes} bytes; at most {KEY_BYTES} are possible")]
    KeyTooLong {
        /// Its length.
        bytes: usize,
    },
    /// All keys together beyond the limit.
    #[error("more keys than {ALL_KEYS_BYTES} bytes hold, {KEY_COST} for each besides its text")]
    TooManyKeys,
    /// A text or line beyond the limit.
    #[error("a text of {bytes} bytes; at most {TEXT_BYTES} are possible")]
    TextTooLong {
        /// Its length.
        bytes: usize,
    },
    /// A stream other than standard output and standard error.
    #[error("row {row} is of a stream that is neither `stdout` nor `stderr`")]
    Stream {
        /// Which row, from 0.
        row: u64,
    },
    /// More row groups than Parquet can number.
    #[error("more than {GROUPS} row groups")]
    TooManyGroups,
    /// A file cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl SeriesError {
    /// The stable code of the refusal; none for a file that cannot be read or written.
    pub fn code(&self) -> Option<&'static str> {
        Some(match self {
            Self::NotParquet { .. } => "series.not-parquet",
            Self::Footer { .. } => "series.footer",
            Self::Rows { .. } => "series.rows",
            Self::Page { .. } => "series.page",
            Self::Block { .. } => "series.block",
            Self::Utf8 { .. } => "series.utf-8",
            Self::EmptyRow { .. } => "series.empty-row",
            Self::Order { .. } => "series.order",
            Self::Time { .. } => "series.time",
            Self::Nanoseconds { .. } => "series.nanoseconds",
            Self::PageEnd { .. } => "series.page-end",
            Self::Group { .. } => "series.group",
            Self::KeyTooLong { .. } => "series.key-too-long",
            Self::TooManyKeys => "series.too-many-keys",
            Self::Stream { .. } => "series.stream",
            Self::TextTooLong { .. } => "series.text-too-long",
            Self::TooManyGroups => "series.too-many-groups",
            Self::Io(_) => return None,
        })
    }

    /// What to do about it.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::NotParquet { .. } | Self::Footer { .. } | Self::Page { .. } => Some(
                "sections have one fixed form of Parquet; a file of another program can be added to a bundle as an artifact",
            ),
            Self::KeyTooLong { .. } => Some("give the series a shorter name"),
            Self::TextTooLong { .. } => Some("attach long texts as artifacts"),
            _ => None,
        }
    }
}
