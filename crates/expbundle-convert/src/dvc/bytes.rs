//! Finds the bytes that DVC knows by their MD5.
//!
//! MD5 suggests and never proves: bytes that have it are hashed again, and those digests count.

use std::collections::{HashMap, HashSet};

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::hash::{Wanted, hash_file};
use expbundle_format::DigestSet;
use expbundle_trackers::dvc::{Output, Run};
use expbundle_trackers::{Json, read_json};
use md5::{Digest as _, Md5};
use serde_json::Value;

use crate::search::{FileIndex, md5_of_file};
use crate::{ConvertError, Options};

/// Texts were hashed with other line ends before version 3; larger ones are not.
const MOST_TEXT_BYTES: u64 = 64 << 20;
/// A listing has some hundred bytes for each file.
const MOST_LISTING_BYTES: u64 = 256 << 20;

/// A file that is here.
#[derive(Clone, Debug)]
pub(super) struct Here {
    pub on_disk: Utf8PathBuf,
    pub digest: DigestSet,
    pub size: u64,
}

/// A file of a folder as its listing has it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Listed {
    pub path: String,
    pub md5: String,
}

/// Where bytes are, as far as it was asked.
pub(super) struct Bytes<'a> {
    run: &'a Run,
    options: &'a Options<'a>,
    index: FileIndex,
    known: HashMap<(String, String), Option<Here>>,
    /// MD5 of files by their place.
    md5: HashMap<Utf8PathBuf, Option<String>>,
    /// Paths and digests of what was listed.
    told: HashSet<(String, Option<String>)>,
    /// Whether a file of the revision differs from what the lock says of it.
    pub is_stale: bool,
}

impl<'a> Bytes<'a> {
    pub fn new(run: &'a Run, options: &'a Options<'a>) -> Result<Self, ConvertError> {
        let index = FileIndex::new(options.files)?;
        Ok(Self {
            run,
            options,
            index,
            known: HashMap::new(),
            md5: HashMap::new(),
            told: HashSet::new(),
            is_stale: false,
        })
    }

    /// Notes that a file or folder is listed; `false` if it was before.
    pub fn tell(&mut self, out: &Output) -> bool {
        self.told.insert((out.path.clone(), out.md5.clone()))
    }

    /// Whether something at a path is listed.
    pub fn is_told(&self, path: &str) -> bool {
        self.told.iter().any(|(told, _)| told == path)
    }

    fn md5(&mut self, place: &Utf8Path) -> Option<String> {
        if let Some(known) = self.md5.get(place) {
            return known.clone();
        }
        let md5 = md5_of_file(place).ok();
        self.md5.insert(place.to_owned(), md5.clone());
        md5
    }

    /// The file at a path that has this MD5.
    pub fn file(&mut self, path: &str, md5: &str, is_exact: bool, size: Option<u64>) -> Option<Here> {
        let key = (path.to_owned(), md5.to_owned());
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let places = self.run.places(path, md5, false);
        let found = places.into_iter().find(|place| self.is_same(place, md5, is_exact));
        let found = found.or_else(|| self.index.find(size?, md5));
        let here = found.and_then(|on_disk| self.hashed(&on_disk));
        self.known.insert(key, here.clone());
        here
    }

    fn is_same(&mut self, place: &Utf8Path, md5: &str, is_exact: bool) -> bool {
        self.md5(place).as_deref() == Some(md5) || !is_exact && md5_with_unix_ends(place).as_deref() == Some(md5)
    }

    /// A file with its digests, if it can be read.
    pub fn hashed(&self, on_disk: &Utf8Path) -> Option<Here> {
        let hashed = hash_file(on_disk, Wanted::Both, self.options.progress).ok()?;
        Some(Here { on_disk: on_disk.to_owned(), digest: hashed.both()?, size: hashed.size })
    }

    /// The files of a folder with this MD5: as its listing has them, or as they lie there, if they
    /// make the same listing.
    pub fn folder(&mut self, out: &Output, md5: &str) -> Option<Vec<Listed>> {
        let places = self.run.places(&out.path, md5, true);
        let cached = places.iter().find(|place| self.md5(place).as_deref() == Some(md5)).cloned();
        if let Some(listing) = cached.and_then(|place| listing(&place)) {
            return Some(listing);
        }
        let mut files = Vec::new();
        for path in self.run.below(&out.path) {
            let on_disk = self.run.on_disk(&format!("{}/{path}", out.path)).ok()??;
            files.push(Listed { md5: self.md5(&on_disk)?, path });
        }
        (!files.is_empty() && md5_of(text(&files).as_bytes()) == md5).then_some(files)
    }

    /// Looks whether the revision's own file or folder is what the lock says. A file that is not
    /// here says nothing.
    pub fn look(&mut self, out: &Output) -> bool {
        let Some(md5) = out.md5.as_deref().filter(|_| !out.is_outside) else { return true };
        let is_same = if out.is_folder {
            let names = self.run.files().below(&out.path).next().is_some();
            let own = Output { members: serde_json::Map::new(), ..out.clone() };
            !names || self.own_folder(&own, md5)
        } else {
            match self.run.files().on_disk(&out.path) {
                Ok(Some(place)) => self.is_same(&place, md5, out.is_exact),
                _ => true,
            }
        };
        self.is_stale |= !is_same;
        is_same
    }

    fn own_folder(&mut self, out: &Output, md5: &str) -> bool {
        let prefix = format!("{}/", out.path);
        let names: Vec<String> = self
            .run
            .files()
            .below(&out.path)
            .filter_map(|path| path.strip_prefix(&prefix).map(str::to_owned))
            .collect();
        let mut files = Vec::new();
        for path in names {
            let Ok(Some(on_disk)) = self.run.files().on_disk(&format!("{prefix}{path}")) else { return false };
            let Some(md5) = self.md5(&on_disk) else { return false };
            files.push(Listed { path, md5 });
        }
        md5_of(text(&files).as_bytes()) == md5 || !out.is_exact
    }
}

fn md5_of(bytes: &[u8]) -> String {
    format!("{:032x}", u128::from_be_bytes(Md5::digest(bytes).into()))
}

/// MD5 of a text with `\n` in place of `\r\n`, as version 2 has it; `None` if it is not a text.
fn md5_with_unix_ends(place: &Utf8Path) -> Option<String> {
    if std::fs::metadata(place).ok()?.len() > MOST_TEXT_BYTES {
        return None;
    }
    let bytes = std::fs::read(place).ok()?;
    let mut hasher = Md5::new();
    let mut rest = bytes.as_slice();
    while let Some(at) = memchr::memmem::find(rest, b"\r\n") {
        let (line, after) = rest.split_at(at);
        hasher.update(line);
        hasher.update(b"\n");
        rest = after.get(2..).unwrap_or_default();
    }
    hasher.update(rest);
    Some(format!("{:032x}", u128::from_be_bytes(hasher.finalize().into())))
}

/// The files of a listing from the cache.
fn listing(place: &Utf8Path) -> Option<Vec<Listed>> {
    if std::fs::metadata(place).ok()?.len() > MOST_LISTING_BYTES {
        return None;
    }
    let Json::Value(Value::Array(items)) = read_json(&std::fs::read_to_string(place).ok()?) else { return None };
    let text = |item: &Value, name: &str| Some(item.get(name)?.as_str()?.to_owned());
    items.iter().map(|item| Some(Listed { path: text(item, "relpath")?, md5: text(item, "md5")? })).collect()
}

/// The listing as Python writes it, whose MD5 is that of the folder.
fn text(files: &[Listed]) -> String {
    let files: Vec<String> =
        files.iter().map(|file| format!("{{\"md5\": \"{}\", \"relpath\": {}}}", file.md5, ascii(&file.path))).collect();
    format!("[{}]", files.join(", "))
}

/// A text as JSON in ASCII.
fn ascii(text: &str) -> String {
    let mut json = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            ' '..='~' => json.push(letter),
            other => {
                let mut units = [0; 2];
                for unit in other.encode_utf16(&mut units) {
                    json.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    json + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_is_written_as_dvc_writes_it() {
        let file = |path: &str| Listed { path: path.to_owned(), md5: "d41d8cd98f00b204e9800998ecf8427e".to_owned() };
        let files = [file("a/\u{e4}.txt"), file("b \"c\".txt")];
        let want = r#"[{"md5": "d41d8cd98f00b204e9800998ecf8427e", "relpath": "a/\u00e4.txt"}, {"md5": "d41d8cd98f00b204e9800998ecf8427e", "relpath": "b \"c\".txt"}]"#;
        assert_eq!(text(&files), want);
    }
}
