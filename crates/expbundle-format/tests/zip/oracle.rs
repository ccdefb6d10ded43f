//! What the `zip` crate makes of a container that ours takes. Shared by the tests and by the fuzz
//! target `container`.

use std::io::{Cursor, Read as _};

use expbundle_format::container::{Container, MIMETYPE};
use expbundle_format::limits::Limits;
use zip::{CompressionMethod, ZipArchive};

/// Whether our reader takes these bytes. If it does, `zip` has to read the same entries from the
/// same places: names, order, sizes, checksums and bytes, with nothing else in the file.
pub fn agrees(bytes: &[u8]) -> bool {
    let Ok(container) = Container::open(Cursor::new(bytes), &Limits::default()) else { return false };
    let mut archive = ZipArchive::new(Cursor::new(bytes)).expect("an archive for `zip` too");
    archive
        .validate_header_consistency()
        .expect("both directories say the same, and nothing lies between or below entries");
    assert_eq!((archive.offset(), archive.comment(), archive.len()), (0, &b""[..], container.entries().len() + 1));

    let (mut mimetype, mut content) = (archive.by_index(0).expect("an entry"), String::new());
    mimetype.read_to_string(&mut content).expect("readable");
    assert_eq!((mimetype.name_raw(), &*content), (&b"mimetype"[..], MIMETYPE));
    drop(mimetype);

    for (index, entry) in container.entries().iter().enumerate() {
        let mut theirs = archive.by_index(index + 1).expect("the same number of entries");
        assert_eq!(theirs.name_raw(), entry.name.to_string().as_bytes());
        assert_eq!((theirs.compression(), theirs.crc32()), (CompressionMethod::Stored, entry.crc32));
        assert_eq!((theirs.size(), theirs.compressed_size()), (entry.size, entry.size));
        assert_eq!(theirs.data_start(), Some(entry.data_offset));

        let start = usize::try_from(entry.data_offset).expect("within the bytes");
        let ours = &bytes[start..start + usize::try_from(entry.size).expect("within the bytes")];
        let mut read = Vec::new();
        match theirs.read_to_end(&mut read) {
            Ok(_) => assert_eq!(read, ours),
            // Opening reads no content; whoever reads it compares the checksum, as `zip` does.
            Err(error) => assert_ne!(crc32fast::hash(ours), entry.crc32, "{error}"),
        }
    }
    true
}
