//! What tools write for nothing: contents that are everywhere, as empty files are
//! (spec/nothing.toml).

use std::collections::HashSet;
use std::sync::OnceLock;

use expbundle_format::{ArtifactDigests, Blake3, DigestSet, Sha256};

use crate::nothing_table::{FILES, MOST, NPY_SIDES, NPY_TYPES, NPY_ZEROS, REPEATED, TEXTS};
use crate::zeros;

const TEXT_ENDS: &[&str] = &["", "\n", "\r\n"];

/// How a text becomes bytes.
#[derive(Clone, Copy)]
enum Encoding {
    Plain,
    Marked,
    Utf16(fn(u16) -> [u8; 2]),
}

impl Encoding {
    const ALL: [Self; 4] = [Self::Plain, Self::Marked, Self::Utf16(u16::to_le_bytes), Self::Utf16(u16::to_be_bytes)];

    fn bytes(self, text: &str) -> Vec<u8> {
        let marked = format!("\u{feff}{text}");
        match self {
            Self::Plain => text.as_bytes().to_vec(),
            Self::Marked => marked.into_bytes(),
            Self::Utf16(order) => marked.encode_utf16().flat_map(order).collect(),
        }
    }
}

/// Whether this is the empty content, or what tools write for nothing: by any digest, whatever size
/// is claimed.
pub fn is_trivial(digests: &ArtifactDigests) -> bool {
    static KNOWN: OnceLock<(HashSet<Blake3>, HashSet<Sha256>)> = OnceLock::new();
    let (blake3, sha256) = KNOWN.get_or_init(|| {
        let written = contents().map(|content| DigestSet::of(&content));
        let all: Vec<DigestSet> = written.chain(zeros::digests()).collect();
        (all.iter().map(|digests| digests.blake3).collect(), all.iter().map(|digests| digests.sha256).collect())
    });
    digests.blake3().is_some_and(|digest| blake3.contains(&digest))
        || digests.sha256().is_some_and(|digest| sha256.contains(&digest))
}

fn contents() -> impl Iterator<Item = Vec<u8>> {
    let texts = TEXTS.iter().flat_map(|text| TEXT_ENDS.iter().map(move |end| format!("{text}{end}")));
    let texts = texts.flat_map(|text| Encoding::ALL.map(|encoding| encoding.bytes(&text)));
    let repeated = REPEATED.iter().flat_map(|text| (1..=MOST).map(|times| text.repeat(times).into_bytes()));
    texts.chain(repeated).chain(arrays()).chain(FILES.iter().map(|file| file.to_vec()))
}

/// Arrays of `numpy.save` that have no elements, or a few zeros.
fn arrays() -> impl Iterator<Item = Vec<u8>> {
    NPY_TYPES.iter().flat_map(|(name, size)| {
        let sides = NPY_SIDES.iter().map(|side| format!("0, {side}"));
        let empty = sides.chain(["0,".to_owned()]).map(|shape| (shape, 0));
        let zeros = NPY_ZEROS.iter().map(|zeros| (format!("{zeros},"), *zeros)).chain([(String::new(), 1)]);
        empty.chain(zeros).map(move |(shape, elements)| {
            let head = format!("{{'descr': '{name}', 'fortran_order': False, 'shape': ({shape}), }}");
            let mut array = format!("NUMPY\u{1}\0v\0{head:117}\n").into_bytes();
            array.insert(0, 0x93);
            array.resize(array.len() + elements * size, 0);
            array
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The list of the specification and these tables say the same. After a change of it:
    /// `python3 conformance/nothing_table.py`.
    #[test]
    fn registry() {
        let list: toml::Table = toml::from_str(include_str!("../../../spec/nothing.toml")).expect("TOML");
        let strings = |value: &toml::Value| -> Vec<String> {
            value.as_array().expect("a list").iter().map(|text| text.as_str().expect("a text").to_owned()).collect()
        };
        let number = |value: &toml::Value| usize::try_from(value.as_integer().expect("a number")).expect("a size");
        let numbers = |value: &toml::Value| value.as_array().expect("a list").iter().map(number).collect::<Vec<_>>();
        assert_eq!(strings(&list["texts"]), TEXTS);
        assert_eq!(strings(&list["repeated"]), REPEATED);
        let known = ["most", "blocks", "largest"].map(|name| number(&list[name]));
        assert_eq!(known, [MOST, zeros::BLOCKS, zeros::LARGEST]);
        assert_eq!(
            (numbers(&list["npy"]["sides"]), numbers(&list["npy"]["zeros"])),
            (NPY_SIDES.to_vec(), NPY_ZEROS.to_vec())
        );
        let types = list["npy"]["types"].as_array().expect("a list").iter();
        let types = types.map(|pair| (pair[0].as_str().expect("a name"), number(&pair[1])));
        assert_eq!(types.collect::<Vec<_>>(), NPY_TYPES);
        let bytes = |hex: String| -> Vec<u8> {
            let pairs = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16));
            pairs.collect::<Result<_, _>>().expect("hexadecimal")
        };
        let files = list["files"].as_table().expect("a table").values().flat_map(strings).map(bytes);
        let known: HashSet<&[u8]> = FILES.iter().copied().collect();
        assert_eq!(files.collect::<HashSet<_>>(), known.into_iter().map(<[u8]>::to_vec).collect());
    }

    #[test]
    fn what_tools_write_for_nothing_is_known_by_its_bytes() {
        let is_known = |content: &[u8]| is_trivial(&DigestSet::of(content).into());
        let mut array = b"\x93NUMPY\x01\0v\0{'descr': '<f4', 'fortran_order': False, 'shape': (0, 768), }".to_vec();
        array.resize(127, b' ');
        array.push(b'\n');
        let known: &[&[u8]] = &[
            b"",
            b"{}",
            b"[]\r\n",
            b"{ }",
            b"\n",
            b"\n\n\n\n",
            b"0",
            b"0.0\n",
            b"\"\"",
            b"null",
            b"NaN",
            b"\xef\xbb\xbf{}",
            b"---\r\n",
            b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
            b"N.",
            b"\x80\x04N.",
            b"\x02\0\0\0\0\0\0\0{}",
            &[0; 1024],
            &[0; 3],
            &[b'\n'; 9],
            b"\xff\xfe{\0}\0\r\0\n\0",
            b"\xfe\xff\0{\0}",
            b"\x80\x04).",
            b"\x80\x05\x88.",
            b"{}\n\n",
            b"[]\n[]\n",
            b"inf",
            b"step,loss\n",
            b"test\n",
            b"N/A",
            b"null\n",
            b"Hello, World!\r\n",
            &array,
            b"GGUF\x03\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
            &vec![0; 12_288],
            &vec![0; 2 << 20],
        ];
        for content in known {
            assert!(is_known(content), "{content:?}");
            let half = ArtifactDigests::from(Sha256::of(content));
            assert!(is_trivial(&half), "{content:?}");
        }
        for content in [&b"weights"[..], b"{\"a\": 1}", b"\x80\x04M\x01.", b"17"] {
            assert!(!is_known(content), "{content:?}");
        }
    }
}
