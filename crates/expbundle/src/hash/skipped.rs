//! What in a folder is not read.

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
    #[error("it is a symlink; symlinks are not followed")]
    Link,
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

impl Skipped {
    /// The finding of a verifier.
    pub fn finding(&self) -> Finding {
        let code = match self.why {
            WhySkipped::Link => Code::DirectorySymlink,
            WhySkipped::Special | WhySkipped::NotUtf8 | WhySkipped::Path(_) | WhySkipped::Unreadable(_) => {
                Code::DirectoryUnreadable
            }
        };
        Finding::new(code, Place::entry(&self.path), self.why.to_string())
    }
}
