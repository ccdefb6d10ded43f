//! Unpacks a `.tar.gz` of a fixture: a git repository cannot lie in a git repository.

use std::fs;
use std::io::Read as _;

use camino::Utf8Path;
use flate2::read::GzDecoder;

/// Bytes of a header, and of the blocks that files are filled up to.
const BLOCK: usize = 512;

/// Unpacks regular files and folders.
pub fn unpack(archive: &Utf8Path, into: &Utf8Path) {
    let mut bytes = Vec::new();
    GzDecoder::new(fs::File::open(archive).expect("an archive")).read_to_end(&mut bytes).expect("gzip");
    let (mut at, mut long_name) = (0, None);
    while bytes.get(at).is_some_and(|byte| *byte != 0) {
        let header = &bytes[at..at + BLOCK];
        let text = |from: usize, length: usize| {
            let field = &header[from..from + length];
            String::from_utf8_lossy(field.split(|byte| *byte == 0).next().unwrap_or_default()).into_owned()
        };
        let size = usize::from_str_radix(text(124, 12).trim(), 8).expect("a size");
        let body = &bytes[at + BLOCK..at + BLOCK + size];
        at += BLOCK + size.div_ceil(BLOCK) * BLOCK;
        let prefix = if header[257..].starts_with(b"ustar\0") { text(345, 155) } else { String::new() };
        let short = if prefix.is_empty() { text(0, 100) } else { format!("{prefix}/{}", text(0, 100)) };
        match header[156] {
            // A name of more than 100 bytes goes before its file: of GNU, or of POSIX.
            b'L' => long_name = Some(String::from_utf8_lossy(body).trim_end_matches('\0').to_owned()),
            b'x' => {
                let text = String::from_utf8_lossy(body).into_owned();
                long_name = text.lines().find_map(|line| Some(line.split_once("path=")?.1.to_owned()));
            }
            b'5' => fs::create_dir_all(into.join(long_name.take().unwrap_or(short))).expect("room"),
            b'0' | 0 => {
                let path = into.join(long_name.take().unwrap_or(short));
                fs::create_dir_all(path.parent().expect("a folder")).expect("room");
                fs::write(path, body).expect("room");
            }
            _ => long_name = None,
        }
    }
}
