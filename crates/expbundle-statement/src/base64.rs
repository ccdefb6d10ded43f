//! Base64 in its one canonical spelling: standard alphabet, padded, no white space, no stray bits.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const STRICT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

/// Bytes as text.
pub fn encode(bytes: &[u8]) -> String {
    STRICT.encode(bytes)
}

/// Text as bytes, or `None` if it is not the one spelling.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    STRICT.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling_only() {
        assert_eq!(decode("+/8="), Some(vec![0xfb, 0xff]));
        for bad in ["+/8", "-_8=", "+_8=", "+/9=", "+/8= ", " +/8=", "+/\n8=", "+/8==", "=", "A==="] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }
}
