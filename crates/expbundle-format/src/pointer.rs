//! Git LFS pointers: the text that a clone without LFS holds in place of a large file.
//!
//! A pointer proves which bytes are meant, not that anybody has them. It is read strictly: text
//! that begins like a pointer and is none is an error, because taking it for the file would compare
//! digests that mean nothing.

use crate::digest::Sha256;
use crate::foreign::Foreign;

/// Pointers are shorter than this; what is longer is a file, whatever its first line says.
pub const MAX_POINTER_BYTES: u64 = 1024;

const VERSION_LINE: &str = "version https://git-lfs.github.com/spec/v1";

/// A Git LFS pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pointer {
    /// SHA-256 of the file that is meant.
    pub sha256: Sha256,
    /// Its size in bytes.
    pub size: u64,
    /// Whether extensions changed the content before it was stored: then the SHA-256 is that of the
    /// changed bytes, and proves nothing about the file.
    pub transformed: bool,
}

/// Why a text that begins like a pointer is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PointerError {
    /// Pointers are ASCII, with a line feed at the end of each line.
    #[error("the Git LFS pointer is not plain text with a line feed after each line")]
    Form,
    /// After the version, keys are sorted, each once.
    #[error("key {} of the Git LFS pointer is out of order", Foreign::new(.key))]
    Order {
        /// The key.
        key: String,
    },
    /// Only `ext-<n>-<name>`, `oid` and `size` are known.
    #[error("key {} of the Git LFS pointer is unknown", Foreign::new(.key))]
    Key {
        /// The key.
        key: String,
    },
    /// `sha256:` and 64 lower-case hex digits; or a number of bytes.
    #[error("key {} of the Git LFS pointer has an invalid value", Foreign::new(.key))]
    Value {
        /// The key.
        key: &'static str,
    },
    /// `oid` and `size` must be there.
    #[error("the Git LFS pointer has no `{key}`")]
    Missing {
        /// The key.
        key: &'static str,
    },
}

impl Pointer {
    /// Reads the whole content of a file. `None` if it does not begin like a pointer.
    pub fn parse(bytes: &[u8]) -> Result<Option<Self>, PointerError> {
        if bytes.len() as u64 >= MAX_POINTER_BYTES || !bytes.starts_with(VERSION_LINE.as_bytes()) {
            return Ok(None);
        }
        let text = std::str::from_utf8(bytes).ok().filter(|text| text.is_ascii() && !text.contains('\r'));
        let text = text.and_then(|text| text.strip_suffix('\n')).ok_or(PointerError::Form)?;
        let mut lines = text.split('\n');
        if lines.next() != Some(VERSION_LINE) {
            return Err(PointerError::Form);
        }
        let (mut sha256, mut size, mut transformed) = (None, None, false);
        let mut last_key = "";
        for line in lines {
            let (key, value) = line.split_once(' ').ok_or(PointerError::Form)?;
            if key <= last_key {
                return Err(PointerError::Order { key: key.to_owned() });
            }
            last_key = key;
            match key {
                "oid" => sha256 = Some(parse_oid(value).ok_or(PointerError::Value { key: "oid" })?),
                "size" => size = Some(parse_size(value).ok_or(PointerError::Value { key: "size" })?),
                _ if is_extension(key) => {
                    parse_oid(value).ok_or(PointerError::Value { key: "ext" })?;
                    transformed = true;
                }
                _ => return Err(PointerError::Key { key: key.to_owned() }),
            }
        }
        let sha256 = sha256.ok_or(PointerError::Missing { key: "oid" })?;
        let size = size.ok_or(PointerError::Missing { key: "size" })?;
        Ok(Some(Self { sha256, size, transformed }))
    }
}

fn parse_oid(value: &str) -> Option<Sha256> {
    value.strip_prefix("sha256:")?.parse().ok()
}

fn parse_size(value: &str) -> Option<u64> {
    let plain = value.bytes().all(|digit| digit.is_ascii_digit()) && (value == "0" || !value.starts_with('0'));
    value.parse().ok().filter(|_| plain)
}

/// `ext-<one digit>-<name>`.
fn is_extension(key: &str) -> bool {
    let mut parts = key.splitn(3, '-');
    parts.next() == Some("ext")
        && parts.next().is_some_and(|digit| digit.len() == 1 && digit.bytes().all(|byte| byte.is_ascii_digit()))
        && parts.next().is_some_and(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REAL: &str = include_str!("../../../fixtures/huggingface/digits-base-64-pointers/model.safetensors");
    const OID: &str = "6f33d9b05e7847e0b0f878655f25460bc6ccc0888e24b1c6ae93f39b3c5d0f34";

    #[test]
    fn a_real_pointer_names_the_real_weights() {
        let weights = include_bytes!("../../../fixtures/huggingface/digits-base-64/model.safetensors");
        let pointer = Pointer::parse(REAL.as_bytes()).expect("well-formed").expect("a pointer");
        assert_eq!(pointer.sha256, Sha256::of(weights));
        assert_eq!((pointer.size, pointer.transformed), (weights.len() as u64, false));
    }

    #[test]
    fn what_does_not_begin_like_a_pointer_is_a_file() {
        assert_eq!(Pointer::parse(b""), Ok(None));
        assert_eq!(Pointer::parse(b"\x08\0\0\0\0\0\0\0{}"), Ok(None));
        assert_eq!(Pointer::parse(format!("\u{FEFF}{REAL}").as_bytes()), Ok(None));
        assert_eq!(Pointer::parse(format!("{REAL}{}", "x".repeat(1024)).as_bytes()), Ok(None));
    }

    #[track_caller]
    fn refused(text: &str, want: &PointerError) {
        assert_eq!(&Pointer::parse(text.as_bytes()).expect_err("should be refused"), want);
    }

    #[test]
    fn what_begins_like_a_pointer_and_is_none_is_refused() {
        let head = format!("{VERSION_LINE}\n");
        refused(REAL.trim_end(), &PointerError::Form);
        refused(&REAL.replace('\n', "\r\n"), &PointerError::Form);
        refused(&REAL.replace("spec/v1", "spec/v10"), &PointerError::Form);
        refused(&format!("{REAL}\n"), &PointerError::Form);
        refused(&REAL.replace("sha256:6f", "sha256:6F"), &PointerError::Value { key: "oid" });
        refused(&REAL.replace("sha256:", "md5:"), &PointerError::Value { key: "oid" });
        refused(&REAL.replace("19560", "019560"), &PointerError::Value { key: "size" });
        refused(&REAL.replace("19560", "-1"), &PointerError::Value { key: "size" });
        refused(&format!("{head}size 1\noid sha256:{OID}\n"), &PointerError::Order { key: "oid".to_owned() });
        refused(&format!("{REAL}size 19560\n"), &PointerError::Order { key: "size".to_owned() });
        refused(&format!("{REAL}zeta 1\n"), &PointerError::Key { key: "zeta".to_owned() });
        refused(&format!("{head}oid sha256:{OID}\n"), &PointerError::Missing { key: "size" });
        refused(&format!("{head}size 1\n"), &PointerError::Missing { key: "oid" });
    }

    #[test]
    fn an_extension_is_noticed_because_the_digest_is_of_other_bytes_then() {
        let text = format!("{VERSION_LINE}\next-0-foo sha256:{OID}\noid sha256:{OID}\nsize 5\n");
        let pointer = Pointer::parse(text.as_bytes()).expect("well-formed").expect("a pointer");
        assert!(pointer.transformed);
    }
}
