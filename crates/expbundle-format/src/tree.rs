//! Trees: a directory as an artifact, known by its listing (spec/digests.md, "Trees").
//!
//! The listing is text with exactly one spelling, so that its digest names the directory: equal
//! directories have equal listings on every machine. This module knows no file system; walking a
//! folder is the business of other crates.

use std::fmt;
use std::str::FromStr;

use crate::digest::{DigestSet, Sha256};
use crate::finding::{Code, Finding, Place};
use crate::foreign::Foreign;

/// The longest path in a listing, in bytes as written: what Linux takes (`PATH_MAX`).
pub const MAX_PATH_BYTES: usize = 4096;

/// The most files in one listing.
pub const MAX_FILES: usize = 10_000_000;

/// The largest size of a file, 2^53 - 1 bytes, as everywhere in the format.
pub const MAX_SIZE_BYTES: u64 = (1 << 53) - 1;

/// Why a text is not a path of a listing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TreePathError {
    /// A name between two `/` is missing: an absolute path, `a//b`, `a/`, or nothing at all.
    #[error("a name in the path is empty")]
    EmptyName,
    /// `.` or `..` would lead elsewhere.
    #[error("the path has a name `{0}`")]
    Dots(String),
    /// Such a byte is written as an escape.
    #[error("the path holds the byte 0x{0:02X}, which is written as an escape")]
    Unescaped(u8),
    /// `%` begins two upper-case hex digits of a byte that needs the escape, and nothing else.
    #[error("the path holds an escape that is not one of those allowed")]
    Escape,
    /// Longer than [`MAX_PATH_BYTES`].
    #[error("the path has {0} bytes, more than {MAX_PATH_BYTES}")]
    TooLong(usize),
}

/// The path of a file in a tree, as its listing spells it.
///
/// - relative, with `/` between names;
/// - no name is empty, `.` or `..`;
/// - UTF-8; the bytes 0x00–0x1F, 0x7F and `%` are written as `%` and two upper-case hex digits, and
///   no others are.
///
/// It is ordered by the bytes of this spelling.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreePath(String);

impl TreePath {
    /// The path of a file by its plain name, which is escaped where the listing asks for it.
    pub fn from_plain(plain: &str) -> Result<Self, TreePathError> {
        let mut written = String::with_capacity(plain.len());
        for c in plain.chars() {
            match u8::try_from(c) {
                Ok(byte) if needs_escape(byte) => written.push_str(&format!("%{byte:02X}")),
                _ => written.push(c),
            }
        }
        written.parse()
    }

    /// As the listing spells it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The plain name, as a file system has it.
    pub fn to_plain(&self) -> String {
        let mut parts = self.0.split('%');
        let mut plain = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            // The type holds only escapes of ASCII bytes, two digits each.
            let (digits, rest) = part.split_at(2);
            plain.extend(u8::from_str_radix(digits, 16).ok().map(char::from));
            plain.push_str(rest);
        }
        plain
    }
}

const fn needs_escape(byte: u8) -> bool {
    matches!(byte, 0x00..=0x1F | 0x7F | b'%')
}

impl FromStr for TreePath {
    type Err = TreePathError;

    fn from_str(text: &str) -> Result<Self, TreePathError> {
        if text.len() > MAX_PATH_BYTES {
            return Err(TreePathError::TooLong(text.len()));
        }
        for name in text.split('/') {
            match name {
                "" => return Err(TreePathError::EmptyName),
                "." | ".." => return Err(TreePathError::Dots(name.to_owned())),
                _ => {}
            }
        }
        let mut bytes = text.bytes();
        while let Some(byte) = bytes.next() {
            if byte == b'%' {
                let (Some(high), Some(low)) = (bytes.next(), bytes.next()) else { return Err(TreePathError::Escape) };
                let escaped = upper_hex(high).zip(upper_hex(low)).map(|(high, low)| (high << 4) | low);
                if !escaped.is_some_and(needs_escape) {
                    return Err(TreePathError::Escape);
                }
            } else if needs_escape(byte) {
                return Err(TreePathError::Unescaped(byte));
            }
        }
        Ok(Self(text.to_owned()))
    }
}

fn upper_hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

impl fmt::Display for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One file of a tree.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TreeFile {
    /// Where in the tree.
    pub path: TreePath,
    /// Both digests of its bytes.
    pub digest: DigestSet,
    /// Size in bytes.
    pub size: u64,
}

/// The listing of a directory: its files, sorted by path, each path once, no path both file and
/// folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tree {
    files: Vec<TreeFile>,
}

/// Why bytes are no listing, or files no tree (code `tree.invalid`).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TreeError {
    /// A listing is UTF-8.
    #[error("the listing is not UTF-8, at byte {offset}")]
    Encoding {
        /// Bytes that are.
        offset: usize,
    },
    /// Every line ends with a line feed, the last one too.
    #[error("the last line has no line end")]
    Unfinished,
    /// Not `<blake3> <sha256> <size> <path>` with single spaces.
    #[error("line {line}: a line is `<blake3> <sha256> <size> <path>`")]
    Line {
        /// Counted from 1.
        line: usize,
    },
    /// The path is none.
    #[error("line {line}: {source}")]
    Path {
        /// Counted from 1.
        line: usize,
        /// The cause.
        source: TreePathError,
    },
    /// Lines stand in the order of their paths, each path once.
    #[error("line {line}: the path does not come after that of the line before")]
    Order {
        /// Counted from 1.
        line: usize,
    },
    /// One path twice.
    #[error("{} is listed twice", Foreign::new(.path.as_str()))]
    Duplicate {
        /// The path.
        path: TreePath,
    },
    /// A name is a file or a folder.
    #[error("{} is a file and a folder", Foreign::new(.path.as_str()))]
    FileAndFolder {
        /// The path.
        path: TreePath,
    },
    /// Larger than [`MAX_SIZE_BYTES`].
    #[error("{} is too large", Foreign::new(.path.as_str()))]
    TooLarge {
        /// The path.
        path: TreePath,
    },
    /// More than [`MAX_FILES`].
    #[error("more than {MAX_FILES} files")]
    TooMany,
}

impl TreeError {
    /// Its stable code.
    pub fn code(&self) -> Code {
        Code::TreeInvalid
    }

    /// The finding at that entry of a bundle.
    pub fn finding(&self, entry: &str) -> Finding {
        Finding::new(self.code(), Place::entry(entry), self.to_string())
    }
}

impl Tree {
    /// A tree of these files, in any order.
    pub fn new(mut files: Vec<TreeFile>) -> Result<Self, TreeError> {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let neighbours = files.iter().zip(files.iter().skip(1));
        if let Some((file, _)) = neighbours.into_iter().find(|(a, b)| a.path == b.path) {
            return Err(TreeError::Duplicate { path: file.path.clone() });
        }
        Self::check(files, MAX_FILES)
    }

    /// Reads a listing. Whatever is not in the one spelling is refused.
    pub fn parse(bytes: &[u8]) -> Result<Self, TreeError> {
        Self::parse_at_most(bytes, MAX_FILES)
    }

    fn parse_at_most(bytes: &[u8], most_files: usize) -> Result<Self, TreeError> {
        let text = std::str::from_utf8(bytes).map_err(|error| TreeError::Encoding { offset: error.valid_up_to() })?;
        let Some(text) = text.strip_suffix('\n') else {
            return if text.is_empty() { Ok(Self::default()) } else { Err(TreeError::Unfinished) };
        };
        let mut files: Vec<TreeFile> = Vec::new();
        for (index, line_text) in text.split('\n').enumerate() {
            let line = index + 1;
            if line > most_files {
                return Err(TreeError::TooMany);
            }
            let file = parse_line(line_text, line)?;
            if files.last().is_some_and(|before| before.path >= file.path) {
                return Err(TreeError::Order { line });
            }
            files.push(file);
        }
        Self::check(files, most_files)
    }

    /// The rules that concern several files. They are sorted, each path once.
    fn check(files: Vec<TreeFile>, most_files: usize) -> Result<Self, TreeError> {
        if files.len() > most_files {
            return Err(TreeError::TooMany);
        }
        for file in &files {
            if file.size > MAX_SIZE_BYTES {
                return Err(TreeError::TooLarge { path: file.path.clone() });
            }
            // What is below a folder of this name would stand right where `<path>/` would.
            let folder = format!("{}/", file.path);
            let first_below = files.partition_point(|other| other.path.as_str() < folder.as_str());
            if files.get(first_below).is_some_and(|other| other.path.as_str().starts_with(&folder)) {
                return Err(TreeError::FileAndFolder { path: file.path.clone() });
            }
        }
        Ok(Self { files })
    }

    /// The files, sorted by path.
    pub fn files(&self) -> &[TreeFile] {
        &self.files
    }

    /// Whether there is no file in it.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The file at that path.
    pub fn get(&self, path: &TreePath) -> Option<&TreeFile> {
        let index = self.files.binary_search_by(|file| file.path.cmp(path)).ok()?;
        self.files.get(index)
    }

    /// Bytes of all its files together.
    pub fn size_bytes(&self) -> u128 {
        self.files.iter().map(|file| u128::from(file.size)).sum()
    }

    /// The listing.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_string().into_bytes()
    }

    /// The digests of the listing, which name the tree.
    pub fn digest(&self) -> DigestSet {
        DigestSet::of(&self.to_bytes())
    }
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.files.iter().try_for_each(|TreeFile { path, digest, size }| {
            writeln!(f, "{} {} {size} {path}", digest.blake3, digest.sha256)
        })
    }
}

fn parse_line(text: &str, line: usize) -> Result<TreeFile, TreeError> {
    let mut fields = text.splitn(4, ' ');
    let mut field = || fields.next().ok_or(TreeError::Line { line });
    let (blake3, sha256, size, path) = (field()?, field()?, field()?, field()?);
    let sha256: Sha256 = sha256.parse().map_err(|_| TreeError::Line { line })?;
    let blake3 = blake3.parse().map_err(|_| TreeError::Line { line })?;
    // `parse` alone would take a sign and leading zeros.
    let plain = size.bytes().all(|digit| digit.is_ascii_digit()) && (size == "0" || !size.starts_with('0'));
    let size = size.parse().ok().filter(|_| plain).ok_or(TreeError::Line { line })?;
    let path = path.parse().map_err(|source| TreeError::Path { line, source })?;
    Ok(TreeFile { path, digest: DigestSet { blake3, sha256 }, size })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn file(path: &str, bytes: &[u8]) -> TreeFile {
        let path = TreePath::from_plain(path).expect("a path");
        TreeFile { path, digest: DigestSet::of(bytes), size: bytes.len() as u64 }
    }

    /// The example of spec/digests.md.
    const EXAMPLE: &str = "\
6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad 3 a
af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 b/c
";

    #[test]
    fn the_listing_is_that_of_the_specification() {
        let tree = Tree::new(vec![file("b/c", b""), file("a", b"abc")]).expect("two files");
        assert_eq!(tree.to_string(), EXAMPLE);
        assert_eq!(Tree::parse(EXAMPLE.as_bytes()), Ok(tree.clone()));
        assert_eq!(tree.digest(), DigestSet::of(EXAMPLE.as_bytes()));
        assert_eq!(tree.size_bytes(), 3);
        assert_eq!(tree.get(&"b/c".parse().expect("a path")).map(|file| file.size), Some(0));
        assert_eq!(Tree::parse(b""), Ok(Tree::default()));
        assert_eq!(tree.files().iter().map(|file| file.path.as_str()).collect::<Vec<_>>(), ["a", "b/c"]);
        assert!(!tree.is_empty() && Tree::default().is_empty());
    }

    #[test]
    fn the_limits_of_a_tree_are_inclusive() {
        let text = |size: u64, path: &str| {
            EXAMPLE.lines().next().expect("a line").replace(" 3 a", &format!(" {size} {path}\n"))
        };
        Tree::parse(text(MAX_SIZE_BYTES, "a").as_bytes()).expect("the largest file");
        Tree::parse(text(MAX_SIZE_BYTES + 1, "a").as_bytes()).expect_err("one byte more");
        "x".repeat(MAX_PATH_BYTES).parse::<TreePath>().expect("the longest path");
        let longer = "x".repeat(MAX_PATH_BYTES + 1).parse::<TreePath>();
        assert_eq!(longer, Err(TreePathError::TooLong(MAX_PATH_BYTES + 1)));
        let files = vec![file("a", b""), file("b", b""), file("c", b"")];
        let text = Tree::new(files.clone()).expect("three files").to_bytes();
        assert_eq!(Tree::parse_at_most(&text, 3).map(|tree| tree.files().len()), Ok(3));
        assert_eq!(Tree::check(files.clone(), 3).map(|tree| tree.files().len()), Ok(3));
        // The next line is not even looked at.
        assert_eq!(Tree::parse_at_most(&[&text[..], b"x\n"].concat(), 3), Err(TreeError::TooMany));
        assert_eq!(Tree::parse_at_most(&text, 2), Err(TreeError::TooMany));
        assert_eq!(Tree::check(files, 2), Err(TreeError::TooMany));
    }

    #[track_caller]
    fn refused(change: impl FnOnce(String) -> String, want: &TreeError) {
        let text = change(EXAMPLE.to_owned());
        assert_eq!(&Tree::parse(text.as_bytes()).expect_err("should be refused"), want);
    }

    #[test]
    fn what_is_no_listing_is_refused() {
        let path = |line, source| TreeError::Path { line, source };
        refused(|text| text.trim_end().to_owned(), &TreeError::Unfinished);
        refused(|text| text + "x", &TreeError::Unfinished);
        refused(|text| text + "\n", &TreeError::Line { line: 3 });
        refused(|text| text.replace(" 3 a", " 03 a"), &TreeError::Line { line: 1 });
        refused(|text| text.replace(" 3 a", " +3 a"), &TreeError::Line { line: 1 });
        refused(|text| text.replace(" 3 a", " 99999999999999999999 a"), &TreeError::Line { line: 1 });
        refused(|text| text.replace("6437b3", "6437B3"), &TreeError::Line { line: 1 });
        refused(|text| text.replace(" 3 a", " 3 c"), &TreeError::Order { line: 2 });
        refused(|text| text.replace(" 3 a", " 3 b/c"), &TreeError::Order { line: 2 });
        refused(|text| text.replace(" 3 a", " 3 ../a"), &path(1, TreePathError::Dots("..".to_owned())));
        refused(|text| text.replace(" 3 a", " 3 /a"), &path(1, TreePathError::EmptyName));
        refused(|text| text.replace(" 3 a", " 3 a%2fb"), &path(1, TreePathError::Escape));
        refused(|text| text.replace(" 3 a", " 3 a%41"), &path(1, TreePathError::Escape));
        refused(|text| text.replace(" 3 a", " 3 a%0"), &path(1, TreePathError::Escape));
        refused(|text| text.replace(" 3 a", " 3 a\r"), &path(1, TreePathError::Unescaped(b'\r')));
        refused(|text| text.replace(" 3 a", " 3 b"), &TreeError::FileAndFolder { path: "b".parse().expect("a path") });
        let too_large = TreeError::TooLarge { path: "a".parse().expect("a path") };
        refused(|text| text.replace(" 3 a", " 9007199254740992 a"), &too_large);
        assert_eq!(Tree::parse(b"\xFF\n"), Err(TreeError::Encoding { offset: 0 }));
        let duplicate = TreeError::Duplicate { path: "a".parse().expect("a path") };
        assert_eq!(Tree::new(vec![file("a", b"1"), file("a", b"2")]), Err(duplicate));
    }

    #[test]
    fn a_file_that_is_also_a_folder_is_found_though_other_names_stand_between() {
        // `-` and `.` sort before `/`.
        let files = vec![file("a", b""), file("a-b", b""), file("a.b", b""), file("a/b", b"")];
        assert_eq!(Tree::new(files), Err(TreeError::FileAndFolder { path: "a".parse().expect("a path") }));
        assert!(Tree::new(vec![file("a-b", b""), file("a/b", b""), file("ab", b"")]).is_ok());
    }

    #[test]
    fn paths_are_escaped_in_one_way() {
        let path = TreePath::from_plain("100 %/a\nb\u{7F}é").expect("a path");
        assert_eq!(path.as_str(), "100 %25/a%0Ab%7Fé");
        assert_eq!(path.to_plain(), "100 %/a\nb\u{7F}é");
        assert_eq!(TreePath::from_plain(&"x".repeat(5000)), Err(TreePathError::TooLong(5000)));
    }

    fn trees() -> impl Strategy<Value = Tree> {
        let name = "[a-c%\n\u{7F}é ][a-c.-]{0,2}";
        let path = proptest::collection::vec(name, 1..4).prop_map(|names| names.join("/"));
        proptest::collection::btree_map(path, any::<u16>(), 0..12).prop_filter_map("a file is also a folder", |files| {
            Tree::new(files.iter().map(|(path, bytes)| file(path, &bytes.to_le_bytes())).collect()).ok()
        })
    }

    proptest! {
        /// Writing then reading is the identity.
        #[test]
        fn a_written_tree_reads_back(tree in trees()) {
            prop_assert_eq!(Tree::parse(&tree.to_bytes()), Ok(tree));
        }

        /// There is one spelling: whatever is read is written as it was.
        #[test]
        fn what_is_read_is_written_as_it_was(tree in trees(), at in any::<proptest::sample::Index>(), byte in any::<u8>()) {
            let mut bytes = tree.to_bytes();
            if let Some(place) = (!bytes.is_empty()).then(|| at.index(bytes.len())) {
                bytes[place] = byte;
            }
            if let Ok(read) = Tree::parse(&bytes) {
                prop_assert_eq!(read.to_bytes(), bytes);
            }
        }

        /// Any text is read or refused.
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _read_or_refused = Tree::parse(&bytes);
        }

        /// Escaping loses nothing.
        #[test]
        fn plain_paths_survive(plain in "[^/]{1,20}(/[^/]{1,8}){0,3}") {
            if let Ok(path) = TreePath::from_plain(&plain) {
                prop_assert_eq!(path.to_plain(), plain);
            }
        }
    }
}
