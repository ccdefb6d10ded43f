//! Files by what they begin with: those into which nobody can look, and those that are known to
//! hold what they hold as it is.

/// What a file is, as far as looking into it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Text, or of a kind whose texts stand in it as they are.
    Plain,
    /// An archive, a database, packed or encrypted: nobody can tell what it says.
    Packed,
    /// Neither text nor of a known kind. Some packed data has no mark, such as Brotli's.
    Unknown,
}

/// The first bytes of files that hold packed or encrypted text: archives, packed streams,
/// databases, and documents made of such.
const PACKED: &[&[u8]] = &[
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x1f\x8b",
    b"\x1f\x9d",
    b"\x1f\xa0",
    b"\x28\xb5\x2f\xfd",
    b"\xfd7zXZ\x00",
    b"BZh",
    b"7z\xbc\xaf\x27\x1c",
    b"\x04\x22\x4d\x18",
    b"\x02\x21\x4c\x18",
    b"\xff\x06\0\0sNaPpY",
    b"\x89LZO\0\r\n\x1a\n",
    b"Rar!",
    b"MSCF",
    b"xar!",
    b"hsqs",
    b"sqsh",
    b"!<arch>\n",
    b"070701",
    b"070702",
    b"070707",
    b"\xc7\x71",
    b"\x71\xc7",
    b"\xed\xab\xee\xdb",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"%PDF-",
    b"LZIP",
    b"\x5d\x00\x00",
    b"CWS",
    b"ZWS",
    b"\x89HDF",
    b"PAR1",
    b"ORC",
    b"Obj\x01",
    b"ARROW1",
    b"FEA1",
    b"wOF",
    // Encrypted.
    b"Salted__",
    b"age-encryption.org/",
    b"-----BEGIN AGE ENCRYPTED FILE",
    b"-----BEGIN PGP MESSAGE",
    b"$ANSIBLE_VAULT;",
    b"LUKS\xba\xbe",
    b"gocryptfs",
    b"SOPS",
    // Databases. The texts of a row of SQLite stand in it without anything between them.
    b"SQLite format 3\0",
    b"REDIS0",
    b"\xce\x9a\x57\x13",
    b"\x13\x57\x9a\xce",
    b"\xcf\x9a\x57\x13",
    b"TDB file\n",
];

/// The same at another place, counted from the beginning.
const PACKED_AT: &[(usize, &[u8])] = &[
    (4, b"Standard Jet DB"),
    (4, b"Standard ACE DB"),
    (8, b"DUCK"),
    (257, b"ustar"),
    (0x8001, b"CD001"),
    // Berkeley DB, LMDB.
    (12, b"\x62\x31\x05\0"),
    (12, b"\x61\x15\x06\0"),
    (16, b"\xde\xc0\xef\xbe"),
    (24, b"\xde\xc0\xef\xbe"),
];

/// How the tables of `LevelDB` and `RocksDB` end.
const PACKED_ENDS: &[&[u8]] = &[b"\x57\xfb\x80\x8b\x24\x75\x47\xdb", b"\xf7\xcf\xf4\x85\xb7\x41\xe2\x88"];

/// What archives and packed streams begin with that may stand behind something else: a program that
/// unpacks itself, a pickle. Long enough not to stand in a file by chance; of the first, more is
/// looked at.
const APPENDED: &[&[u8]] = &[
    b"\x1f\x8b\x08",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\xfd7zXZ\x00",
    b"7z\xbc\xaf\x27\x1c",
    b"BZh91AY&SY",
    b"Rar!\x1a\x07",
    b"\x89LZO\0\r\n\x1a\n",
    b"\xff\x06\0\0sNaPpY",
];

/// The first bytes of files whose texts, if they have any, stand in them as they are: pictures,
/// sound, films, arrays, pickles.
const PLAIN: &[&[u8]] = &[
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"GIF8",
    b"RIFF",
    b"II*\0",
    b"MM\0*",
    b"OggS",
    b"fLaC",
    b"ID3",
    b"\xff\xfb",
    b"\x1aE\xdf\xa3",
    b"glTF",
    b"\x93NUMPY",
    b"MThd",
    b"\x80\x02",
    b"\x80\x03",
    b"\x80\x04",
    b"\x80\x05",
];

/// What a file is.
pub fn form_of(bytes: &[u8]) -> Form {
    if is_packed(bytes) {
        return Form::Packed;
    }
    let is_film = bytes.get(4..8) == Some(b"ftyp".as_slice());
    let is_bitmap =
        matches!(bytes, [b'B', b'M', a, b, c, d, ..] if u32::from_le_bytes([*a, *b, *c, *d]) as usize == bytes.len());
    let is_plain = is_text(bytes)
        || bytes.starts_with(b"\xff\xfe")
        || bytes.starts_with(b"\xfe\xff")
        || is_film
        || is_bitmap
        || is_compiled_python(bytes)
        || is_records(bytes)
        || PLAIN.iter().any(|start| bytes.starts_with(start));
    if is_plain { Form::Plain } else { Form::Unknown }
}

fn is_packed(bytes: &[u8]) -> bool {
    let text = bytes.trim_ascii_start();
    let begins = |start: &&[u8]| bytes.starts_with(start) || start.starts_with(b"-----") && text.starts_with(start);
    PACKED.iter().any(begins)
        || PACKED_AT.iter().any(|(at, mark)| bytes.get(*at..).is_some_and(|rest| rest.starts_with(mark)))
        || PACKED_ENDS.iter().any(|end| bytes.ends_with(end))
        || is_old_tar(bytes)
        || is_openpgp(bytes)
        || is_deflated(bytes)
        || has_appended(bytes)
        || has_packed_png_text(bytes)
}

/// An archive of `tar` from before it had a mark: the header's sum is right.
fn is_old_tar(bytes: &[u8]) -> bool {
    const SUM: core::ops::Range<usize> = 148..156;
    let Some(header) = bytes.get(..512) else { return false };
    let sum: u64 =
        header.iter().enumerate().map(|(at, byte)| u64::from(if SUM.contains(&at) { b' ' } else { *byte })).sum();
    let digits = header.get(SUM).and_then(|digits| std::str::from_utf8(digits).ok()).unwrap_or_default();
    u64::from_str_radix(digits.trim_matches(['\0', ' ']), 8) == Ok(sum)
}

/// A message of `OpenPGP` in bytes (RFC 9580): a session key for somebody or of a passphrase, or data
/// that is encrypted or packed.
fn is_openpgp(bytes: &[u8]) -> bool {
    if is_text(bytes.get(..bytes.len().min(64)).unwrap_or_default()) {
        return false;
    }
    let (Some(head), Some(second)) = (bytes.first(), bytes.get(1)) else { return false };
    // The kind of the packet, and how many bytes its length has.
    let (kind, length) = match head {
        0xc0..=0xff => (head & 0x3f, if *second < 192 { 1 } else { 2 }),
        0x80..=0xbf => ((head >> 2) & 0x0f, [1, 2, 4, 0].get(usize::from(head & 3)).copied().unwrap_or_default()),
        _ => return false,
    };
    let version = bytes.get(1 + length).copied();
    match kind {
        1 => version == Some(3) || version == Some(6),
        3 => version.is_some_and(|version| (4..=6).contains(&version)),
        18 => *head >= 0xc0 && version.is_some_and(|version| version <= 2),
        _ => false,
    }
}

/// `*.pyc`: a number of two bytes and the end of a line, then flags that there are.
fn is_compiled_python(bytes: &[u8]) -> bool {
    matches!(bytes, [_, _, b'\r', b'\n', flags, 0, 0, 0, ..] if *flags <= 3)
}

/// Records of `TFRecord`, as `TensorBoard` writes events: each with its length in eight bytes before
/// it, a checksum after that, and one at its end.
fn is_records(bytes: &[u8]) -> bool {
    const AROUND: usize = 16;
    let mut rest = bytes;
    while let Some((length, _)) = rest.split_first_chunk::<8>() {
        let length = usize::try_from(u64::from_le_bytes(*length)).ok().filter(|length| *length > 0);
        match length.and_then(|length| length.checked_add(AROUND)).and_then(|all| rest.get(all..)) {
            Some(after) => rest = after,
            // The last one may be cut off.
            None => return rest.len() < bytes.len(),
        }
    }
    rest.len() < bytes.len()
}

/// Whether a file is a stream of zlib, or one of DEFLATE without a header: it is not text, and its
/// beginning unpacks.
fn is_deflated(bytes: &[u8]) -> bool {
    /// As much of the file, and as much of what comes of it, in bytes.
    const TRIED: usize = 4096;
    /// Less comes of a stream by chance.
    const LEAST: usize = 16;
    let head = bytes.get(..TRIED).unwrap_or(bytes);
    if is_text(head) {
        return false;
    }
    let has_header = matches!(head, [first, second, ..] if first & 0x0f == 8 && (u32::from(*first) * 256 + u32::from(*second)) % 31 == 0);
    let unpacks = |has_header: bool| {
        let mut unpacked = [0; TRIED];
        let mut stream = flate2::Decompress::new(has_header);
        match stream.decompress(head, &mut unpacked, flate2::FlushDecompress::None) {
            Ok(flate2::Status::StreamEnd) => {
                stream.total_out() > 0 && (has_header || is_whole(&stream, bytes, &unpacked))
            }
            Ok(_) => has_header && stream.total_out() >= LEAST as u64,
            Err(_) => false,
        }
    };
    has_header && unpacks(true) || unpacks(false)
}

/// Whether a stream without a header is all that a file has, and text.
fn is_whole(stream: &flate2::Decompress, bytes: &[u8], unpacked: &[u8]) -> bool {
    let text = usize::try_from(stream.total_out()).ok().and_then(|length| unpacked.get(..length));
    stream.total_in() == bytes.len() as u64 && text.is_some_and(is_text)
}

/// Whether those bytes, which may be cut off in a letter, are text.
fn is_text(bytes: &[u8]) -> bool {
    let is_utf8 = match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    };
    is_utf8 && !bytes.contains(&0)
}

/// Whether an archive or a packed stream stands behind the beginning of a file.
fn has_appended(bytes: &[u8]) -> bool {
    if is_text(bytes) {
        return false;
    }
    APPENDED.iter().enumerate().any(|(which, start)| {
        memchr::memmem::find_iter(bytes, start).any(|at| {
            // Of gzip: no flags that there are not, how well it is packed, and a system that there
            // is.
            let header = bytes.get(at..).unwrap_or_default();
            let is_gzip = || {
                matches!(header, [_, _, _, flags, _, _, _, _, level, system, ..]
                    if *flags < 0x20 && [0, 2, 4].contains(level) && (*system < 14 || *system == 255))
            };
            which > 0 || is_gzip()
        })
    })
}

/// The chunks of a PNG: kind and content.
pub(super) fn png_chunks(bytes: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let mut rest = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n").unwrap_or_default();
    std::iter::from_fn(move || {
        let ([l0, l1, l2, l3, kind @ ..], after) = rest.split_first_chunk::<8>()?;
        let size = u32::from_be_bytes([*l0, *l1, *l2, *l3]) as usize;
        let content = after.get(..size)?;
        rest = after.get(size.checked_add(4)?..).unwrap_or_default();
        Some((*kind, content))
    })
}

fn has_packed_png_text(bytes: &[u8]) -> bool {
    png_chunks(bytes).any(|(kind, content)| kind == *b"zTXt" || (kind == *b"iTXt" && is_packed_itxt(content)))
}

/// `keyword NUL flag …`
fn is_packed_itxt(chunk: &[u8]) -> bool {
    let end = chunk.iter().take(80).position(|byte| *byte == 0);
    end.and_then(|end| chunk.get(end + 1)).is_some_and(|flag| *flag != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that are neither text nor anything else.
    const REST: [u8; 600] = [0xc9; 600];

    #[test]
    fn every_mark_of_what_is_packed_tells() {
        for start in PACKED {
            assert_eq!(form_of(&[*start, &REST].concat()), Form::Packed, "{start:?}");
        }
        for (at, mark) in PACKED_AT {
            assert_eq!(form_of(&[vec![0; *at], mark.to_vec(), vec![0; 20]].concat()), Form::Packed, "{mark:?}");
        }
        for end in PACKED_ENDS {
            assert_eq!(form_of(&[&REST, *end].concat()), Form::Packed, "{end:?}");
        }
        for message in
            [&b"\x85\x02\x0c\x03"[..], b"\x84\x5e\x03", b"\xc1\xc0\x4c\x03", b"\x8c\x0d\x04", b"\xd2\x80\x01"]
        {
            assert_eq!(form_of(&[message, &REST].concat()), Form::Packed, "{message:?}");
        }
        assert_eq!(form_of(b"\n-----BEGIN PGP MESSAGE-----\n\nhQIMA"), Form::Packed);
    }

    #[test]
    fn tar_of_every_age_is_packed() {
        let mut header = vec![0; 1024];
        header[..8].copy_from_slice(b"train.py");
        header[156] = b'0';
        let sum: u32 = header[..512].iter().map(|byte| u32::from(*byte)).sum::<u32>() + 8 * 32;
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        assert_eq!(form_of(&header), Form::Packed);
        header[0] = b'T';
        assert_eq!(form_of(&header), Form::Unknown);
    }

    #[test]
    fn what_is_known_to_be_plain_is_told_from_what_is_not() {
        let records: Vec<u8> = [3_u8, 5]
            .into_iter()
            .flat_map(|length| [u64::from(length).to_le_bytes().to_vec(), vec![0x99; 8 + usize::from(length)]].concat())
            .collect();
        for plain in [
            b"lr: 0.1\n".as_slice(),
            "größe: 1\n".as_bytes(),
            b"\xff\xfea\0b\0",
            b"\x89PNG\r\n\x1a\n\0",
            b"\x80\x04\x95\x0c\0\0\0\0\0\0\0}\x94\x8c\x02lr\x94K\x01s.",
            b"\x93NUMPY\x01\0v\0",
            b"\xa7\x0d\r\n\0\0\0\0more",
            &records,
        ] {
            assert_eq!(form_of(plain), Form::Plain, "{plain:?}");
        }
        // A packed text of Brotli, and bytes of no form.
        for unknown in [b"\x8b\x02\x80abc\x03".as_slice(), b"\x00\x01\x02\x03\xff\xfe\xfd"] {
            assert_eq!(form_of(unknown), Form::Unknown, "{unknown:?}");
        }
    }
}
