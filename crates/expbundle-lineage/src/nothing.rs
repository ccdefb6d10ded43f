//! What tools write for nothing: contents that are everywhere, as empty files are
//! (spec/nothing.toml).

use std::collections::HashSet;
use std::sync::OnceLock;

use expbundle_format::{ArtifactDigests, Blake3, DigestSet, Sha256};

use crate::zeros;

/// Each of these, `""` too, is one in every [`Encoding`] and with each of [`TEXT_ENDS`] behind it.
const TEXTS: &[&str] = &[
    "",
    "{}",
    "[]",
    "{ }",
    "[ ]",
    "{\n}",
    "[\n]",
    "{\r\n}",
    "[\r\n]",
    "()",
    "\"\"",
    "''",
    "[{}]",
    "[[]]",
    "0",
    "1",
    "-1",
    "0.0",
    "1.0",
    "NaN",
    "nan",
    "null",
    "NULL",
    "~",
    "None",
    "true",
    "false",
    "True",
    "False",
    "---",
    "--- {}",
    "--- []",
    "...",
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
    "{}\n",
    "[]\n",
    "{}\n{}",
    "[]\n[]",
    "inf",
    "-inf",
    "Infinity",
    "-0.0",
    "step",
    "step,loss",
    "epoch,loss",
    "step,value",
];

const TEXT_ENDS: &[&str] = &["", "\n", "\r\n"];

/// One of these from 1 to `MOST` times.
const REPEATED: &[&str] = &["\n", "\r\n", " ", "\0"];
const MOST: usize = 64;

/// Whole files.
const FILES: &[&[u8]] = &[
    // Zip.
    b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
    // Gzip, without a time and a name, by level and system.
    b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0",
    b"\x1f\x8b\x08\0\0\0\0\0\x02\x03\x03\0\0\0\0\0\0\0\0\0",
    b"\x1f\x8b\x08\0\0\0\0\0\x04\x03\x03\0\0\0\0\0\0\0\0\0",
    b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x03\0\0\0\0\0\0\0\0\0",
    b"\x1f\x8b\x08\0\0\0\0\0\x02\xff\x03\0\0\0\0\0\0\0\0\0",
    b"\x1f\x8b\x08\0\0\0\0\0\x04\xff\x03\0\0\0\0\0\0\0\0\0",
    // Bzip2.
    b"BZh1\x17rE8P\x90\0\0\0\0",
    b"BZh9\x17rE8P\x90\0\0\0\0",
    // Zstd.
    b"(\xb5/\xfd \0\x01\0\0",
    b"(\xb5/\xfd$\0\x01\0\0\x99\xe9\xd8Q",
    // Xz.
    b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4F\0\0\0\0\x1c\xdfD!\x1f\xb6\xf3}\x01\0\0\0\0\x04YZ",
    // Lz4.
    b"\x04\"M\x18d@\xa7\0\0\0\0\x05]\xcc\x02",
    // Pickle of None.
    b"N.",
    b"\x80\x02N.",
    b"\x80\x03N.",
    b"\x80\x04N.",
    b"\x80\x05N.",
    // Pickle of True.
    b"I01\n.",
    b"\x80\x02\x88.",
    b"\x80\x03\x88.",
    b"\x80\x04\x88.",
    b"\x80\x05\x88.",
    // Pickle of False.
    b"I00\n.",
    b"\x80\x02\x89.",
    b"\x80\x03\x89.",
    b"\x80\x04\x89.",
    b"\x80\x05\x89.",
    // Pickle of 0.
    b"I0\n.",
    b"K\0.",
    b"\x80\x02K\0.",
    b"\x80\x03K\0.",
    b"\x80\x04K\0.",
    b"\x80\x05K\0.",
    // Pickle of 1.
    b"I1\n.",
    b"K\x01.",
    b"\x80\x02K\x01.",
    b"\x80\x03K\x01.",
    b"\x80\x04K\x01.",
    b"\x80\x05K\x01.",
    // Pickle of 0.0.
    b"F0.0\n.",
    b"G\0\0\0\0\0\0\0\0.",
    b"\x80\x02G\0\0\0\0\0\0\0\0.",
    b"\x80\x03G\0\0\0\0\0\0\0\0.",
    b"\x80\x04\x95\n\0\0\0\0\0\0\0G\0\0\0\0\0\0\0\0.",
    b"\x80\x05\x95\n\0\0\0\0\0\0\0G\0\0\0\0\0\0\0\0.",
    // Pickle of ().
    b"(t.",
    b").",
    b"\x80\x02).",
    b"\x80\x03).",
    b"\x80\x04).",
    b"\x80\x05).",
    // Pickle of [].
    b"(lp0\n.",
    b"]q\0.",
    b"\x80\x02]q\0.",
    b"\x80\x03]q\0.",
    b"\x80\x04]\x94.",
    b"\x80\x05]\x94.",
    // Pickle of {}.
    b"(dp0\n.",
    b"}q\0.",
    b"\x80\x02}q\0.",
    b"\x80\x03}q\0.",
    b"\x80\x04}\x94.",
    b"\x80\x05}\x94.",
    // Pickle of set().
    b"c__builtin__\nset\np0\n((lp1\ntp2\nRp3\n.",
    b"c__builtin__\nset\nq\0(]q\x01tq\x02Rq\x03.",
    b"\x80\x02c__builtin__\nset\nq\0]q\x01\x85q\x02Rq\x03.",
    b"\x80\x03cbuiltins\nset\nq\0]q\x01\x85q\x02Rq\x03.",
    b"\x80\x04\x8f\x94.",
    b"\x80\x05\x8f\x94.",
    // Pickle of frozenset().
    b"c__builtin__\nfrozenset\np0\n((lp1\ntp2\nRp3\n.",
    b"c__builtin__\nfrozenset\nq\0(]q\x01tq\x02Rq\x03.",
    b"\x80\x02c__builtin__\nfrozenset\nq\0]q\x01\x85q\x02Rq\x03.",
    b"\x80\x03cbuiltins\nfrozenset\nq\0]q\x01\x85q\x02Rq\x03.",
    b"\x80\x04\x95\x04\0\0\0\0\0\0\0(\x91\x94.",
    b"\x80\x05\x95\x04\0\0\0\0\0\0\0(\x91\x94.",
    // Pickle of ''.
    b"V\np0\n.",
    b"X\0\0\0\0q\0.",
    b"\x80\x02X\0\0\0\0q\0.",
    b"\x80\x03X\0\0\0\0q\0.",
    b"\x80\x04\x95\x04\0\0\0\0\0\0\0\x8c\0\x94.",
    b"\x80\x05\x95\x04\0\0\0\0\0\0\0\x8c\0\x94.",
    // Pickle of b''.
    b"c__builtin__\nbytes\np0\n(tRp1\n.",
    b"c__builtin__\nbytes\nq\0)Rq\x01.",
    b"\x80\x02c__builtin__\nbytes\nq\0)Rq\x01.",
    b"\x80\x03C\0q\0.",
    b"\x80\x04\x95\x04\0\0\0\0\0\0\0C\0\x94.",
    b"\x80\x05\x95\x04\0\0\0\0\0\0\0C\0\x94.",
    // Npy of shape (0,), by type.
    b"\x93NUMPY\x01\0v\0{'descr': '<f8', 'fortran_order': False, 'shape': (0,), }                                                            \n",
    b"\x93NUMPY\x01\0v\0{'descr': '<f4', 'fortran_order': False, 'shape': (0,), }                                                            \n",
    b"\x93NUMPY\x01\0v\0{'descr': '<f2', 'fortran_order': False, 'shape': (0,), }                                                            \n",
    b"\x93NUMPY\x01\0v\0{'descr': '<i8', 'fortran_order': False, 'shape': (0,), }                                                            \n",
    b"\x93NUMPY\x01\0v\0{'descr': '<i4', 'fortran_order': False, 'shape': (0,), }                                                            \n",
    b"\x93NUMPY\x01\0v\0{'descr': '<i2', 'fortran_order': False, 'shape': (0,), }                                                            \n",
    b"\x93NUMPY\x01\0v\0{'descr': '|i1', 'fortran_order': False, 'shape': (0,), }                                                            \n",
    b"\x93NUMPY\x01\0v\0{'descr': '<u8', 'fortran_order': False, 'shape': (0,), }                                                            \n",
    b"\x93NUMPY\x01\0v\0{'descr': '<u4', 'fortran_order': False, 'shape': (0,), }                                                            \n",
    b"\x93NUMPY\x01\0v\0{'descr': '<u2', 'fortran_order': False, 'shape': (0,), }                                                            \n",
    b"\x93NUMPY\x01\0v\0{'descr': '|u1', 'fortran_order': False, 'shape': (0,), }                                                            \n",
    b"\x93NUMPY\x01\0v\0{'descr': '|b1', 'fortran_order': False, 'shape': (0,), }                                                            \n",
    b"\x93NUMPY\x01\0v\0{'descr': '<c16', 'fortran_order': False, 'shape': (0,), }                                                           \n",
    b"\x93NUMPY\x01\0v\0{'descr': '<c8', 'fortran_order': False, 'shape': (0,), }                                                            \n",
    b"\x93NUMPY\x01\0v\0{'descr': '<U1', 'fortran_order': False, 'shape': (0,), }                                                            \n",
    b"\x93NUMPY\x01\0v\0{'descr': '|S1', 'fortran_order': False, 'shape': (0,), }                                                            \n",
    // Safetensors without tensors.
    b"\x02\0\0\0\0\0\0\0{}",
    b"\x08\0\0\0\0\0\0\0{}      ",
    b" \0\0\0\0\0\0\0{\"__metadata__\":{\"format\":\"pt\"}}",
    b" \0\0\0\0\0\0\0{\"__metadata__\":{\"format\":\"np\"}}",
    b" \0\0\0\0\0\0\0{\"__metadata__\":{\"format\":\"tf\"}}",
    b"\"\0\0\0\0\0\0\0{\"__metadata__\":{\"format\":\"flax\"}}",
    b"(\0\0\0\0\0\0\0{\"__metadata__\":{\"format\":\"flax\"}}      ",
    b"!\0\0\0\0\0\0\0{\"__metadata__\":{\"format\":\"mlx\"}}",
    b"(\0\0\0\0\0\0\0{\"__metadata__\":{\"format\":\"mlx\"}}       ",
    // Pickle of OrderedDict().
    b"ccollections\nOrderedDict\np0\n(tRp1\n.",
    b"ccollections\nOrderedDict\nq\0)Rq\x01.",
    b"\x80\x02ccollections\nOrderedDict\nq\0)Rq\x01.",
    b"\x80\x03ccollections\nOrderedDict\nq\0)Rq\x01.",
    b"\x80\x04\x95\"\0\0\0\0\0\0\0\x8c\x0bcollections\x94\x8c\x0bOrderedDict\x94\x93\x94)R\x94.",
    b"\x80\x05\x95\"\0\0\0\0\0\0\0\x8c\x0bcollections\x94\x8c\x0bOrderedDict\x94\x93\x94)R\x94.",
    // Pickle of Counter().
    b"ccollections\nCounter\np0\n((dp1\ntp2\nRp3\n.",
    b"ccollections\nCounter\nq\0(}q\x01tq\x02Rq\x03.",
    b"\x80\x02ccollections\nCounter\nq\0}q\x01\x85q\x02Rq\x03.",
    b"\x80\x03ccollections\nCounter\nq\0}q\x01\x85q\x02Rq\x03.",
    b"\x80\x04\x95!\0\0\0\0\0\0\0\x8c\x0bcollections\x94\x8c\x07Counter\x94\x93\x94}\x94\x85\x94R\x94.",
    b"\x80\x05\x95!\0\0\0\0\0\0\0\x8c\x0bcollections\x94\x8c\x07Counter\x94\x93\x94}\x94\x85\x94R\x94.",
    // Pickle of defaultdict().
    b"ccollections\ndefaultdict\np0\n(tRp1\n.",
    b"ccollections\ndefaultdict\nq\0)Rq\x01.",
    b"\x80\x02ccollections\ndefaultdict\nq\0)Rq\x01.",
    b"\x80\x03ccollections\ndefaultdict\nq\0)Rq\x01.",
    b"\x80\x04\x95\"\0\0\0\0\0\0\0\x8c\x0bcollections\x94\x8c\x0bdefaultdict\x94\x93\x94)R\x94.",
    b"\x80\x05\x95\"\0\0\0\0\0\0\0\x8c\x0bcollections\x94\x8c\x0bdefaultdict\x94\x93\x94)R\x94.",
    // Pickle of defaultdict(dict), (int) and (list).
    b"ccollections\ndefaultdict\np0\n(c__builtin__\ndict\np1\ntp2\nRp3\n.",
    b"ccollections\ndefaultdict\nq\0(c__builtin__\ndict\nq\x01tq\x02Rq\x03.",
    b"\x80\x02ccollections\ndefaultdict\nq\0c__builtin__\ndict\nq\x01\x85q\x02Rq\x03.",
    b"\x80\x03ccollections\ndefaultdict\nq\0cbuiltins\ndict\nq\x01\x85q\x02Rq\x03.",
    b"\x80\x04\x957\0\0\0\0\0\0\0\x8c\x0bcollections\x94\x8c\x0bdefaultdict\x94\x93\x94\x8c\x08builtins\x94\x8c\x04dict\x94\x93\x94\x85\x94R\x94.",
    b"\x80\x05\x957\0\0\0\0\0\0\0\x8c\x0bcollections\x94\x8c\x0bdefaultdict\x94\x93\x94\x8c\x08builtins\x94\x8c\x04dict\x94\x93\x94\x85\x94R\x94.",
    b"ccollections\ndefaultdict\np0\n(c__builtin__\nlong\np1\ntp2\nRp3\n.",
    b"ccollections\ndefaultdict\nq\0(c__builtin__\nlong\nq\x01tq\x02Rq\x03.",
    b"\x80\x02ccollections\ndefaultdict\nq\0c__builtin__\nlong\nq\x01\x85q\x02Rq\x03.",
    b"\x80\x03ccollections\ndefaultdict\nq\0cbuiltins\nint\nq\x01\x85q\x02Rq\x03.",
    b"\x80\x04\x956\0\0\0\0\0\0\0\x8c\x0bcollections\x94\x8c\x0bdefaultdict\x94\x93\x94\x8c\x08builtins\x94\x8c\x03int\x94\x93\x94\x85\x94R\x94.",
    b"\x80\x05\x956\0\0\0\0\0\0\0\x8c\x0bcollections\x94\x8c\x0bdefaultdict\x94\x93\x94\x8c\x08builtins\x94\x8c\x03int\x94\x93\x94\x85\x94R\x94.",
    b"ccollections\ndefaultdict\np0\n(c__builtin__\nlist\np1\ntp2\nRp3\n.",
    b"ccollections\ndefaultdict\nq\0(c__builtin__\nlist\nq\x01tq\x02Rq\x03.",
    b"\x80\x02ccollections\ndefaultdict\nq\0c__builtin__\nlist\nq\x01\x85q\x02Rq\x03.",
    b"\x80\x03ccollections\ndefaultdict\nq\0cbuiltins\nlist\nq\x01\x85q\x02Rq\x03.",
    b"\x80\x04\x957\0\0\0\0\0\0\0\x8c\x0bcollections\x94\x8c\x0bdefaultdict\x94\x93\x94\x8c\x08builtins\x94\x8c\x04list\x94\x93\x94\x85\x94R\x94.",
    b"\x80\x05\x957\0\0\0\0\0\0\0\x8c\x0bcollections\x94\x8c\x0bdefaultdict\x94\x93\x94\x8c\x08builtins\x94\x8c\x04list\x94\x93\x94\x85\x94R\x94.",
    // Gguf without tensors, by version.
    b"GGUF\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
    b"GGUF\x03\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
    // Zlib, by level.
    b"x\x01\x01\0\0\xff\xff\0\0\0\x01",
    b"x\x01\x03\0\0\0\0\x01",
    b"x\x9c\x03\0\0\0\0\x01",
    b"x\xda\x03\0\0\0\0\x01",
    b"x^\x03\0\0\0\0\x01",
    // Lzma.
    b"]\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\0\x83\xff\xfb\xff\xff\xc0\0\0\0",
    // Xz with other checks.
    b"\xfd7zXZ\0\0\0\xff\x12\xd9A\0\0\0\0\x1c\xdfD!\x06r\x9ez\x01\0\0\0\0\0YZ",
    b"\xfd7zXZ\0\0\x01i\"\xde6\0\0\0\0\x1c\xdfD!\x90B\x99\r\x01\0\0\0\0\x01YZ",
    b"\xfd7zXZ\0\0\n\xe1\xfb\x0c\xa1\0\0\0\0\x1c\xdfD!\x18\x9bK\x9a\x01\0\0\0\0\nYZ",
    // Safetensors with empty metadata.
    b"\x13\0\0\0\0\0\0\0{\"__metadata__\":{}}",
    b"\x18\0\0\0\0\0\0\0{\"__metadata__\":{}}     ",
];

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
    texts.chain(repeated).chain(FILES.iter().map(|file| file.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The list of the specification and these tables say the same.
    #[test]
    fn registry() {
        let list: toml::Table = toml::from_str(include_str!("../../../spec/nothing.toml")).expect("TOML");
        let strings = |value: &toml::Value| -> Vec<String> {
            value.as_array().expect("a list").iter().map(|text| text.as_str().expect("a text").to_owned()).collect()
        };
        assert_eq!(strings(&list["texts"]), TEXTS);
        assert_eq!(strings(&list["repeated"]), REPEATED);
        let number = |name: &str| list[name].as_integer().and_then(|number| usize::try_from(number).ok());
        let numbers = [number("most"), number("blocks"), number("largest")];
        assert_eq!(numbers, [Some(MOST), Some(zeros::BLOCKS), Some(zeros::LARGEST)]);
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
