//! Why a container is refused. Each variant is one MUST of spec/container.md.

use std::io;

use crate::finding::{Code, Finding, Place};

/// Why a container is refused.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are named after what the message shows: where, which entry, which field")]
#[non_exhaustive]
pub enum ContainerError {
    /// Does not begin as a ZIP archive does.
    #[error("the file is not a ZIP archive, so it is not a bundle")]
    NotABundle,
    /// What Git holds in place of a large file where Git LFS did not download it.
    #[error("the file is a Git LFS pointer, not the bundle itself")]
    Pointer,
    /// Ends in the middle of something.
    #[error("the file ends at byte {offset}, in the middle of something")]
    Truncated { offset: u64 },
    /// Goes on after its end.
    #[error("{extra} bytes after the end of the archive, at byte {offset}")]
    TrailingBytes { offset: u64, extra: u64 },
    /// Bytes that belong to nothing.
    #[error("bytes that belong to no entry and no directory, at byte {offset}")]
    Gap { offset: u64 },
    /// A comment of an entry or of the archive.
    #[error("a comment at byte {offset}")]
    Comment { offset: u64 },
    /// One of several files.
    #[error("the archive is one part of several, at byte {offset}")]
    MultiDisk { offset: u64 },
    /// ZIP64 where it is not needed, not where it is, or not in the one form.
    #[error("ZIP64 is missing, needless or not in its one form, at byte {offset}")]
    Zip64 { offset: u64 },
    /// Any other extra field.
    #[error("`{name}` has an extra field of type {tag:#06x}")]
    ExtraField { name: String, tag: u16, offset: u64 },
    /// Encryption, data descriptor, name flag.
    #[error("`{name}` has the flags {flags:#06x}; entries have none")]
    Flags { name: String, flags: u16, offset: u64 },
    /// Compressed.
    #[error("`{name}` is compressed with method {method}; entries are stored")]
    NotStored { name: String, method: u16, offset: u64 },
    /// A field that is the same in every bundle.
    #[error("the {field} of `{name}` differs from the fixed value")]
    FixedField { name: String, field: &'static str, offset: u64 },
    /// The two directories differ.
    #[error("local and central header of `{name}` differ in their {field}")]
    HeaderMismatch { name: String, field: &'static str, offset: u64 },
    /// Bytes that are not those of the checksum.
    #[error("the checksum of `{name}` differs from its header")]
    Crc { name: String, offset: u64 },
    /// Two entries of one name.
    #[error("two entries are named `{name}`")]
    DuplicateName { name: String, offset: u64 },
    /// A name outside the grammar.
    #[error("{name:?} is not the name of an entry")]
    Name { name: String, offset: u64 },
    /// Names out of order.
    #[error("`{name}` is out of order")]
    Order { name: String, offset: u64 },
    /// The first entry is not `mimetype` with the media type of bundles.
    #[error("the archive does not begin with the media type of bundles, at byte {offset}")]
    Mimetype { offset: u64 },
    /// The count in the end record is another.
    #[error("the number of entries differs from the end record, at byte {offset}")]
    EntryCount { offset: u64 },
    /// An offset or size in the end record leads elsewhere.
    #[error("an offset or size at byte {offset} points to the wrong place")]
    Range { offset: u64 },
    /// Too much of something.
    #[error("the archive has more than {limit} {what}")]
    Limit { what: &'static str, limit: u64 },
    /// Another major version.
    #[error("the bundle is of major version {major}; this reader knows 1")]
    Version { major: String, offset: u64 },
    /// The source cannot be read.
    #[error("the file cannot be read: {0}")]
    Read(io::Error),
}

impl ContainerError {
    /// Its stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::NotABundle | Self::Pointer => Code::ContainerNotABundle,
            Self::Truncated { .. } | Self::Read(_) => Code::ContainerTruncated,
            Self::TrailingBytes { .. } => Code::ContainerTrailingBytes,
            Self::Gap { .. } => Code::ContainerGap,
            Self::Comment { .. } => Code::ContainerComment,
            Self::MultiDisk { .. } => Code::ContainerMultiDisk,
            Self::Zip64 { .. } => Code::ContainerZip64,
            Self::ExtraField { .. } => Code::ContainerExtraField,
            Self::Flags { .. } => Code::ContainerFlags,
            Self::NotStored { .. } => Code::ContainerNotStored,
            Self::FixedField { .. } => Code::ContainerFixedField,
            Self::HeaderMismatch { .. } => Code::ContainerHeaderMismatch,
            Self::Crc { .. } => Code::ContainerCrc,
            Self::DuplicateName { .. } => Code::ContainerDuplicateName,
            Self::Name { .. } => Code::ContainerName,
            Self::Order { .. } => Code::ContainerOrder,
            Self::Mimetype { .. } => Code::ContainerMimetype,
            Self::EntryCount { .. } => Code::ContainerEntryCount,
            Self::Range { .. } => Code::ContainerRange,
            Self::Limit { .. } => Code::ContainerLimit,
            Self::Version { .. } => Code::VersionUnsupported,
        }
    }

    /// The byte of the file that it is about.
    pub fn offset(&self) -> Option<u64> {
        match self {
            Self::NotABundle | Self::Pointer | Self::Limit { .. } | Self::Read(_) => None,
            Self::Truncated { offset }
            | Self::TrailingBytes { offset, .. }
            | Self::Gap { offset }
            | Self::Comment { offset }
            | Self::MultiDisk { offset }
            | Self::Zip64 { offset }
            | Self::ExtraField { offset, .. }
            | Self::Flags { offset, .. }
            | Self::NotStored { offset, .. }
            | Self::FixedField { offset, .. }
            | Self::HeaderMismatch { offset, .. }
            | Self::Crc { offset, .. }
            | Self::DuplicateName { offset, .. }
            | Self::Name { offset, .. }
            | Self::Order { offset, .. }
            | Self::Mimetype { offset }
            | Self::EntryCount { offset }
            | Self::Range { offset }
            | Self::Version { offset, .. } => Some(*offset),
        }
    }

    /// As a finding.
    pub fn finding(&self) -> Finding {
        let place = self.offset().map_or_else(Place::unknown, Place::offset);
        Finding::new(self.code(), place, self.to_string())
    }
}
