//! Git LFS pointers: which bytes are meant, where a clone without LFS has no others.

/// Pointers are shorter than this.
pub const MOST_BYTES: u64 = 1024;
const VERSION: &str = "version https://git-lfs.github.com/spec/v1\n";

/// A Git LFS pointer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer {
    /// SHA-256 of the file that is meant: 64 lower-case hex digits.
    pub sha256: String,
    /// Its size in bytes.
    pub size: u64,
}

impl Pointer {
    /// Reads a whole file. `None` if it does not begin like a pointer; an error says why a text that does is none.
    pub fn parse(bytes: &[u8]) -> Result<Option<Self>, &'static str> {
        let Some(rest) = bytes.strip_prefix(VERSION.as_bytes()) else { return Ok(None) };
        let text = std::str::from_utf8(rest).map_err(|_| "the Git LFS pointer is not plain text")?;
        let (mut sha256, mut size) = (None, None);
        for line in text.strip_suffix('\n').ok_or("the Git LFS pointer is cut off")?.split('\n') {
            match line.split_once(' ').ok_or("the Git LFS pointer has a line without a value")? {
                ("oid", value) if sha256.is_none() => {
                    let hex = value.strip_prefix("sha256:").ok_or("the Git LFS pointer has no SHA-256")?;
                    let plain = hex.len() == 64 && hex.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
                    sha256 = Some(hex.to_owned()).filter(|_| plain);
                }
                ("size", value) if size.is_none() => size = value.parse().ok(),
                (key, _) if key.starts_with("ext-") => {
                    return Err("extensions of Git LFS changed the file, so its pointer names other bytes");
                }
                _ => return Err("the Git LFS pointer has a line that is not known"),
            }
        }
        match (sha256, size) {
            (Some(sha256), Some(size)) => Ok(Some(Self { sha256, size })),
            _ => Err("the Git LFS pointer names no SHA-256 and size"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_are_read_strictly() {
        let oid = "a".repeat(64);
        let good = format!("{VERSION}oid sha256:{oid}\nsize 12\n");
        assert_eq!(Pointer::parse(good.as_bytes()), Ok(Some(Pointer { sha256: oid.clone(), size: 12 })));
        assert_eq!(Pointer::parse(b"weights"), Ok(None));
        for bad in [
            format!("{VERSION}oid sha256:{oid}\n"),
            format!("{VERSION}oid sha256:{}\nsize 1\n", oid.to_uppercase()),
            format!("{VERSION}oid sha256:{oid}\nsize x\n"),
            format!("{VERSION}oid sha256:{oid}\nsize 1"),
            format!("{VERSION}ext-0-foo sha256:{oid}\noid sha256:{oid}\nsize 1\n"),
            format!("{VERSION}oid sha256:{oid}\nsize 1\nsize 2\n"),
            VERSION.to_owned(),
        ] {
            assert!(Pointer::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
