//! Hints: what two artifacts have in common that proves nothing (spec/lineage.md, "Grades").
//!
//! An MD5 can be forged, a name and an address mean what their tool makes of them. They help a
//! person to find the bundle that is missing, so they are shown; nothing is ever counted or
//! concluded through them.

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::contents::{Contents, proving_whole};
use crate::facts::{ArtifactFact, RecordFacts};
use expbundle_format::record::role::carries_lineage;

/// What artifacts have in common whose bytes are equal and prove nothing.
const SAME_BYTES: &str = "bytes";

/// Up to so many outputs with something in common are compared one by one; more are put in order.
const ONE_BY_ONE: usize = 32;

/// Outputs by what might give them away.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hints {
    outputs: HashMap<(String, String), Alike>,
}

/// Outputs with something in common.
#[derive(Clone, Debug, Default)]
struct Alike {
    /// Those that prove nothing.
    others: Outputs,
    /// Of those with the same bytes, those that prove: with an input that can prove too they are no
    /// suggestion.
    proving: Outputs,
}

/// An output of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Output {
    pub(crate) record: u32,
    pub(crate) artifact: u32,
    digests: [Option<[u8; 32]>; 2],
}

/// Outputs, so that those are found at once whose strong digests do not rule out that they are the
/// same bytes as an input.
#[derive(Clone, Debug, Default)]
struct Outputs {
    by_blake3: Vec<Output>,
    /// Empty where they are few.
    by_sha256: Vec<Output>,
}

/// What an input has in common with outputs.
pub(crate) struct Hint<'a> {
    pub(crate) common: String,
    outputs: Vec<&'a Output>,
    runs: Vec<&'a [Output]>,
}

impl Hint<'_> {
    pub(crate) fn outputs(&self) -> impl Iterator<Item = Output> + '_ {
        self.outputs.iter().copied().chain(self.runs.iter().copied().flatten()).copied()
    }

    pub(crate) fn len(&self) -> usize {
        self.outputs.len() + self.runs.iter().map(|run| run.len()).sum::<usize>()
    }
}

impl Outputs {
    fn new(mut outputs: Vec<Output>) -> Self {
        let mut by_sha256 = Vec::new();
        if outputs.len() > ONE_BY_ONE {
            by_sha256.clone_from(&outputs);
            by_sha256.sort_unstable_by_key(|output| (output.digests[1], output.record, output.artifact));
            outputs.sort_unstable_by_key(|output| (output.digests, output.record, output.artifact));
        }
        Self { by_blake3: outputs, by_sha256 }
    }

    /// Those that may be the same bytes, the likeliest first.
    fn find<'a>(&'a self, digests: [Option<[u8; 32]>; 2], hint: &mut Hint<'a>) {
        if self.by_sha256.is_empty() {
            hint.outputs.extend(self.by_blake3.iter().filter(|output| !known_to_differ(digests, output.digests)));
            return;
        }
        match digests {
            [None, None] => hint.runs.push(&self.by_blake3),
            [blake3, None] => {
                let of = |wanted| run(&self.by_blake3, |output| output.digests[0].cmp(&wanted));
                hint.runs.extend([of(blake3), of(None)]);
            }
            [None, sha256] => {
                let of = |wanted| run(&self.by_sha256, |output| output.digests[1].cmp(&wanted));
                hint.runs.extend([of(sha256), of(None)]);
            }
            [blake3, sha256] => {
                let of = |wanted| run(&self.by_blake3, |output| output.digests.cmp(&wanted));
                let all = [[blake3, sha256], [blake3, None], [None, sha256], [None, None]];
                hint.runs.extend(all.map(of));
            }
        }
    }
}

/// Those that are equal, of outputs in that order.
fn run(outputs: &[Output], order: impl Fn(&Output) -> Ordering) -> &[Output] {
    let first = outputs.partition_point(|output| order(output).is_lt());
    let rest = &outputs[first..];
    &rest[..rest.partition_point(|output| order(output).is_eq())]
}

/// Outputs by what they might be recognised by, and their digests are not looked at yet.
pub(crate) struct Gathered(HashMap<(String, String), Vec<Output>>);

impl Hints {
    pub(crate) fn gather(records: &[RecordFacts]) -> Gathered {
        let mut outputs: HashMap<_, Vec<_>> = HashMap::new();
        for (record, facts) in (0_u32..).zip(records) {
            for (artifact, fact) in (0_u32..).zip(&facts.outputs) {
                let output = Output { record, artifact, digests: digests_of(fact) };
                for hint in hints(fact) {
                    outputs.entry(hint).or_default().push(output);
                }
            }
        }
        Gathered(outputs)
    }

    pub(crate) fn new(Gathered(outputs): Gathered, contents: &Contents) -> Self {
        let alike = |((kind, value), outputs): ((String, String), Vec<Output>)| {
            let is_proving = |output: &Output| kind == SAME_BYTES && contents.proves(output.record, output.artifact);
            let (proving, others) = outputs.into_iter().partition(is_proving);
            ((kind, value), Alike { others: Outputs::new(others), proving: Outputs::new(proving) })
        };
        Self { outputs: outputs.into_iter().map(alike).collect() }
    }

    /// What an input has in common with outputs, of its own record too.
    pub(crate) fn of<'a>(&'a self, contents: &Contents, input: &ArtifactFact) -> Vec<Hint<'a>> {
        let is_joined = proving_whole(input).is_some_and(|content| !contents.is_disputed(&content));
        let digests = digests_of(input);
        let found = hints(input).into_iter().filter_map(|key| {
            let alike = self.outputs.get(&key)?;
            let mut hint = Hint { common: key.0, outputs: Vec::new(), runs: Vec::new() };
            alike.others.find(digests, &mut hint);
            if !is_joined {
                alike.proving.find(digests, &mut hint);
            }
            Some(hint)
        });
        found.collect()
    }
}

fn digests_of(artifact: &ArtifactFact) -> [Option<[u8; 32]>; 2] {
    let blake3 = artifact.digests.and_then(|digests| digests.blake3()).map(|digest| *digest.as_bytes());
    let sha256 = artifact.digests.and_then(|digests| digests.sha256()).map(|digest| *digest.as_bytes());
    [blake3, sha256]
}

/// What an artifact might be recognised by: kind and value.
fn hints(artifact: &ArtifactFact) -> Vec<(String, String)> {
    if !carries_lineage(&artifact.role) {
        return Vec::new();
    }
    // The same bytes suggest a link where they cannot prove one; where they can, it is proven, and
    // no longer suggested.
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
fn known_to_differ(a: [Option<[u8; 32]>; 2], b: [Option<[u8; 32]>; 2]) -> bool {
    a.iter().zip(&b).any(|(a, b)| a.is_some() && b.is_some() && a != b)
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
