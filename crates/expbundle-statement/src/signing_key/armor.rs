//! PEM: the bytes between the first line and the last.

use zeroize::Zeroizing;

use crate::base64;

/// What a text begins with, up to the label that its first line has.
pub fn label(text: &str) -> Option<&str> {
    let (label, _) = text.trim_ascii_start().strip_prefix("-----BEGIN ")?.split_once("-----")?;
    (!label.contains(['\n', '\r'])).then_some(label)
}

/// The bytes of a text with this label. Lines are of any width, since writers do not agree on one:
/// OpenSSH takes 70 characters, others 64 or 76, some a single line.
pub fn bytes(text: &str, label: &str) -> Option<Zeroizing<Vec<u8>>> {
    let text = text.trim_ascii().strip_prefix("-----BEGIN ")?.strip_prefix(label)?.strip_prefix("-----")?;
    let text = text.strip_suffix("-----")?.strip_suffix(label)?.strip_suffix("-----END ")?;
    // Every marker stands on a line of its own.
    if !text.starts_with(['\n', '\r']) || !text.ends_with('\n') {
        return None;
    }
    let mut letters = Zeroizing::new(String::with_capacity(text.len()));
    letters.extend(text.chars().filter(|letter| !letter.is_ascii_whitespace()));
    base64::decode(&letters).map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_any_width() {
        let read = |text: &str| bytes(text, "X").map(|bytes| bytes.to_vec());
        for body in ["AAECAwQF", "AAEC\nAwQF", "A\r\nAECA\r\n\r\nwQF", " AAEC\t\n AwQF"] {
            let text = format!("\n-----BEGIN X-----\n{body}\n-----END X-----\n");
            assert_eq!(read(&text), Some((0..6).collect()), "{text}");
            assert_eq!(label(&text), Some("X"));
        }
        for text in [
            "",
            "-----BEGIN X-----",
            "-----BEGIN X-----\nAAEC",
            "-----BEGIN X-----AAEC\n-----END X-----",
            "-----BEGIN X-----\nAAEC-----END X-----",
            "-----BEGIN X-----\nAAEC\n-----END Y-----",
            "-----BEGIN X-----\nAAE\n-----END X-----",
            "-----BEGIN X-----\nAAEC=\n-----END X-----",
            "-----BEGIN X-----\nA: b\n\nAAEC\n-----END X-----",
            "-----BEGIN X-----\nAAEC\n-----END X-----\nx",
            "x\n-----BEGIN X-----\nAAEC\n-----END X-----",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
