//! Git repositories that git itself would not write: a pack whose objects have the names that a test chooses.

#![allow(clippy::cast_possible_truncation, clippy::format_collect, reason = "small numbers, byte by byte, in a test")]

use std::fs;
use std::io::Write as _;

use camino::Utf8Path;
use flate2::Compression;
use flate2::write::ZlibEncoder;

/// The kinds of objects, as packs number them.
const COMMIT: u8 = 1;
const TREE: u8 = 2;
const BLOB: u8 = 3;
const DIFFERENCE: u8 = 6;

/// The name of an object.
pub type Id = [u8; 20];

/// A pack that is written.
pub struct Pack {
    bytes: Vec<u8>,
    places: Vec<(Id, usize)>,
}

impl Pack {
    pub fn new() -> Self {
        Self { bytes: b"PACK\0\0\0\x02\0\0\0\0".to_vec(), places: Vec::new() }
    }

    fn object(&mut self, kind: u8, distance: &[u8], bytes: &[u8]) -> Id {
        let mut id = [0; 20];
        id[..4].copy_from_slice(&u32::try_from(self.places.len()).expect("few").to_be_bytes());
        self.places.push((id, self.bytes.len()));
        let (mut byte, mut rest) = (kind << 4 | (bytes.len() & 15) as u8, bytes.len() >> 4);
        while rest > 0 {
            self.bytes.push(byte | 0x80);
            (byte, rest) = ((rest & 0x7f) as u8, rest >> 7);
        }
        self.bytes.push(byte);
        self.bytes.extend_from_slice(distance);
        let mut zlib = ZlibEncoder::new(&mut self.bytes, Compression::best());
        zlib.write_all(bytes).expect("memory");
        zlib.finish().expect("memory");
        id
    }

    pub fn file(&mut self, text: impl AsRef<[u8]>) -> Id {
        self.object(BLOB, &[], text.as_ref())
    }

    /// Entries have a mode, a name and an object.
    pub fn folder(&mut self, entries: &[(&str, &str, Id)]) -> Id {
        let entry = |(mode, name, id): &(&str, &str, Id)| [format!("{mode} {name}\0").as_bytes(), id].concat();
        self.object(TREE, &[], &entries.iter().flat_map(entry).collect::<Vec<u8>>())
    }

    /// So many folders in each other, each of which is in ten places of the one around it.
    pub fn shared(&mut self, mut inner: Id, levels: usize) -> Id {
        let names: Vec<String> = (0..10).map(|name| name.to_string()).collect();
        for _ in 0..levels {
            let entries: Vec<_> = names.iter().map(|name| ("40000", name.as_str(), inner)).collect();
            inner = self.folder(&entries);
        }
        inner
    }

    pub fn commit(&mut self, folder: Id, before: Option<Id>, message: &str) -> Id {
        self.object(COMMIT, &[], commit(folder, before, message).as_bytes())
    }

    /// A commit as a difference to the last object, which is one of the same form: it ends as that
    /// one does.
    pub fn commit_after(&mut self, folder: Id, before: Id, size_before: usize, rest: usize) -> (Id, usize) {
        let head = commit(folder, Some(before), "");
        let size = head.len() + rest;
        let mut difference = [length(size_before), length(size)].concat();
        for piece in head.as_bytes().chunks(127) {
            difference.push(u8::try_from(piece.len()).expect("short"));
            difference.extend_from_slice(piece);
        }
        // A copy takes at most 16,777,215 bytes.
        let (offset, rest) = (u32::try_from(size_before - rest).expect("small"), u32::try_from(rest).expect("small"));
        difference.push(0xff);
        difference.extend_from_slice(&offset.to_le_bytes());
        difference.extend_from_slice(&rest.to_le_bytes()[..3]);
        let last = self.places.last().expect("an object").1;
        let (mut distance, mut coded) = (self.bytes.len() - last, Vec::new());
        coded.push((distance & 0x7f) as u8);
        while distance >> 7 > 0 {
            distance = (distance >> 7) - 1;
            coded.push(0x80 | (distance & 0x7f) as u8);
        }
        coded.reverse();
        (self.object(DIFFERENCE, &coded, &difference), size)
    }

    /// Writes a project with this history.
    pub fn write(self, project: &Utf8Path, head: Id) {
        let git = project.join(".git");
        let hex: String = head.iter().map(|byte| format!("{byte:02x}")).collect();
        let pack = git.join("objects/pack");
        for folder in [&pack, &git.join("refs/heads"), &project.join(".dvc")] {
            fs::create_dir_all(folder).expect("room");
        }
        fs::write(project.join(".dvc/config"), "[core]\n    analytics = false\n").expect("room");
        fs::write(git.join("HEAD"), "ref: refs/heads/main\n").expect("room");
        fs::write(git.join("refs/heads/main"), hex + "\n").expect("room");
        fs::write(pack.join("pack-a.pack"), &self.bytes).expect("room");
        // The names are numbers, so they are in their order, and begin with a zero.
        let count = u32::try_from(self.places.len()).expect("few").to_be_bytes();
        let mut index = b"\xfftOc\0\0\0\x02".to_vec();
        index.extend(std::iter::repeat_n(count, 256).flatten());
        index.extend(self.places.iter().flat_map(|(id, _)| *id));
        index.extend(std::iter::repeat_n(0, 4 * self.places.len()));
        let places = self.places.iter().map(|(_, place)| u32::try_from(*place).expect("small").to_be_bytes());
        index.extend(places.flatten());
        fs::write(pack.join("pack-a.idx"), index).expect("room");
    }
}

/// The bytes of a commit.
pub fn commit(folder: Id, before: Option<Id>, message: &str) -> String {
    let hex = |id: Id| id.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let parent = before.map(|before| format!("parent {}\n", hex(before))).unwrap_or_default();
    let who = "Ada <ada@example.org> 1700000000 +0000";
    format!("tree {}\n{parent}author {who}\ncommitter {who}\n\n{message}", hex(folder))
}

fn length(mut size: usize) -> Vec<u8> {
    let mut coded = Vec::new();
    while size > 0x7f {
        coded.push(0x80 | (size & 0x7f) as u8);
        size >>= 7;
    }
    coded.push(size as u8);
    coded
}
