//! Hints: what two artifacts have in common that proves nothing (spec/lineage.md, "Grades").
//!
//! An MD5 can be forged, a name and an address mean what their tool makes of them. They help a person to find the
//! bundle that is missing, so they are shown; nothing is ever counted or concluded through them.

use std::collections::HashMap;

use expbundle_format::ArtifactDigests;

use crate::facts::{ArtifactFact, RecordFacts};
use crate::link::{Link, Side};
use crate::relation::carries_lineage;

/// What artifacts have in common whose bytes are equal and prove nothing.
const SAME_BYTES: &str = "bytes";

/// Outputs by what might give them away.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hints {
    outputs: HashMap<(String, String), Vec<(u32, usize)>>,
}

impl Hints {
    pub(crate) fn new(records: &[RecordFacts]) -> Self {
        let mut outputs: HashMap<_, Vec<_>> = HashMap::new();
        for (record, facts) in (0_u32..).zip(records) {
            for (artifact, fact) in facts.outputs.iter().enumerate() {
                for hint in hints(fact) {
                    outputs.entry(hint).or_default().push((record, artifact));
                }
            }
        }
        Self { outputs }
    }

    /// Links that the inputs of a record suggest, with the position of the other record.
    pub(crate) fn of<'a>(&'a self, records: &'a [RecordFacts], child: u32) -> impl Iterator<Item = (u32, Link)> + 'a {
        let inputs = records[child as usize].inputs.iter().enumerate();
        let keys =
            inputs.flat_map(|(artifact, input)| hints(input).into_iter().map(move |hint| (artifact, input, hint)));
        keys.flat_map(move |(artifact, input, hint)| {
            let alike = self.outputs.get(&hint).map(Vec::as_slice).unwrap_or_default();
            alike.iter().filter_map(move |&(record, output)| {
                let other = &records[record as usize].outputs[output];
                let apart = record == child || known_to_differ(input.digests, other.digests);
                let side = |artifact| Side { artifact, file: None };
                let link = || Link::Hint { input: side(artifact), output: side(output), common: hint.0.clone() };
                (!apart).then(|| (record, link()))
            })
        })
    }
}

/// What an artifact might be recognised by: kind and value.
fn hints(artifact: &ArtifactFact) -> Vec<(String, String)> {
    if !carries_lineage(&artifact.role) {
        return Vec::new();
    }
    // The same bytes suggest a link where they cannot prove one; where they can, it is proven, and no longer suggested.
    let bytes = artifact.digests.filter(|digests| artifact.listed && !digests.is_of_nothing());
    let blake3 = bytes.and_then(|bytes| bytes.blake3()).map(|digest| digest.to_string());
    let sha256 = bytes.and_then(|bytes| bytes.sha256()).map(|digest| digest.to_string());
    let mut hints: Vec<_> = blake3.into_iter().chain(sha256).map(|digest| (SAME_BYTES.to_owned(), digest)).collect();
    hints.extend(artifact.foreign.iter().map(|(kind, value)| same_spelling(kind, value)));
    if let (Some(name), Some(version)) = (&artifact.name, &artifact.version) {
        hints.push(("name and version".to_owned(), format!("{name}\n{version}")));
    }
    hints.extend(artifact.uris.iter().map(|uri| ("address".to_owned(), uri.clone())));
    hints
}

/// MD5 in one spelling, because DVC writes it as hex and W&B as base64; anything else as it is.
fn same_spelling(kind: &str, value: &str) -> (String, String) {
    let md5 = if kind == "md5" || kind.ends_with("-md5") { md5_hex(value) } else { None };
    md5.map_or_else(|| (kind.to_owned(), value.to_owned()), |hex| ("md5".to_owned(), hex))
}

fn md5_hex(value: &str) -> Option<String> {
    if value.len() == 32 && value.bytes().all(|c| c.is_ascii_hexdigit()) {
        return Some(value.to_ascii_lowercase());
    }
    // 16 bytes are 22 digits of base64 and two of padding.
    let digits = value.strip_suffix("==").filter(|digits| digits.len() == 22)?;
    let mut bits = 0_u32;
    let mut bytes = Vec::with_capacity(17);
    for (index, digit) in digits.bytes().enumerate() {
        let digit = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(digit);
        if index % 4 == 3 {
            bytes.extend_from_slice(&bits.to_be_bytes()[1..]);
            bits = 0;
        }
    }
    // Two digits are left, 12 bits, of which eight are the last byte.
    bytes.push(u8::try_from((bits >> 4) & 0xFF).expect("eight bits"));
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xF)]).collect()
}

/// Whether strong digests rule out that these are the same bytes.
fn known_to_differ(a: Option<ArtifactDigests>, b: Option<ArtifactDigests>) -> bool {
    let (Some(a), Some(b)) = (a, b) else { return false };
    let differ = |a: Option<[u8; 32]>, b: Option<[u8; 32]>| a.is_some() && b.is_some() && a != b;
    differ(a.blake3().map(|d| *d.as_bytes()), b.blake3().map(|d| *d.as_bytes()))
        || differ(a.sha256().map(|d| *d.as_bytes()), b.sha256().map(|d| *d.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn md5_of_dvc_and_of_wandb_are_one() {
        // The MD5 of nothing, as both tools write it.
        let hex = same_spelling("md5", "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(hex, same_spelling("wandb-manifest-md5", "1B2M2Y8AsgTpgAmY7PhCfg=="));
        assert_eq!(same_spelling("md5", "short").1, "short");
    }
}
