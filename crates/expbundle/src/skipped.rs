//! What in a folder is not read.

use std::fmt;

use expbundle_format::tree::TreePathError;
use expbundle_format::{Code, Finding, Place};

/// Something in a folder that was not read, and so is in no listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Path within the folder; what is not UTF-8 in it is replaced.
    pub path: String,
    /// Why.
    pub why: WhySkipped,
}

/// Why something in a folder was not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WhySkipped {
    /// Links are not followed: they may lead anywhere, and elsewhere tomorrow.
    #[error("it is {0}; symlinks are not followed")]
    Link(Leads),
    /// A link of the Hub's cache to a blob that was not downloaded, or was deleted.
    #[error("its blob is not in the cache")]
    NoBlob,
    /// A pipe, socket or device.
    #[error("it is neither a file nor a folder")]
    Special,
    /// Names are UTF-8.
    #[error("its name is not UTF-8")]
    NotUtf8,
    /// The path is not one that a listing can have.
    #[error("its path cannot be listed: {0}")]
    Path(TreePathError),
    /// The operating system refused.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
}

/// Where a link leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Leads {
    /// To something in the folder.
    Within,
    /// Out of the folder.
    Out,
    /// To nothing that is here.
    Nowhere,
}

impl fmt::Display for Leads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Within => "a symlink",
            Self::Out => "a symlink out of the folder",
            Self::Nowhere => "a symlink that leads nowhere",
        })
    }
}

impl Skipped {
    /// The finding of a verifier.
    pub fn finding(&self) -> Finding {
        let code = match self.why {
            WhySkipped::Link(_) | WhySkipped::NoBlob => Code::DirectorySymlink,
            WhySkipped::Special | WhySkipped::NotUtf8 | WhySkipped::Path(_) | WhySkipped::Unreadable(_) => {
                Code::DirectoryUnreadable
            }
        };
        Finding::new(code, Place::entry(&self.path), self.why.to_string())
    }
}
