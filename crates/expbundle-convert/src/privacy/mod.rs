//! Recognises what names people, machines and places, so that it stands in `identity.json` only
//! (spec/sections.md, "Identity is apart").
//!
//! Two ways lead to a private part of a text. Some are private by their form: a mail address, an
//! absolute path, a MAC address. Others are private because the source says elsewhere that they are
//! somebody's name: the user `ada` is then found in `runs/ada-7` too. What the source says is
//! learned first, from all of it, by `learn`; then [`Private::parts`] finds both.

use std::collections::BTreeMap;

mod fields;
mod forms;
mod learn;
mod lists;
mod look;
mod machines;
mod opaque;
mod packed;
mod paths;
mod tree;
mod views;
mod words;

pub use learn::{Learned, kind_of_key};
pub(crate) use learn::{is_flag, member_key, named};
use learn::{kind_of_value, owner};
pub use opaque::{Look, look_into, parts_of_file};
pub use packed::{Form, form_of};
pub(crate) use tree::trees;

use crate::secrets::{is_marker_as_word, markers_as_words};
use words::Words;

/// What a private part is. Its name stands in the marker that replaces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A name of a person, a login, a team, an account.
    Person,
    /// Whose a public address of code or of something on a hub is: a name there, and maybe a common
    /// word elsewhere.
    Owner,
    /// A name of a machine.
    Host,
    /// A mail address, or a login on a machine (`ada@node17:`).
    Mail,
    /// An IP address or a hardware (MAC) address.
    Address,
    /// An absolute path, a share, or an address of a file system or database.
    Path,
    /// The serial number of a device.
    Device,
    /// Text of the source that looks like a marker, so that putting the true texts back is exact.
    Marker,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Self::Person, Self::Owner, Self::Host, Self::Mail, Self::Address, Self::Path, Self::Device, Self::Marker];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Owner => "owner",
            Self::Host => "host",
            Self::Mail => "mail",
            Self::Address => "address",
            Self::Path => "path",
            Self::Device => "device",
            Self::Marker => "marker",
        }
    }
}

/// A private part of a text, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part {
    /// Where it begins.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// What it is.
    pub kind: Kind,
}

/// Finds private parts of texts: those of a private form, and the words that one source has for
/// people and machines.
#[derive(Clone, Debug, Default)]
pub struct Private {
    words: Words,
}

impl Private {
    /// With what was learned from a source.
    pub fn new(learned: &Learned) -> Self {
        Self { words: Words::new(learned.words()) }
    }

    /// The private parts of a text, in order, apart from each other.
    pub fn parts(&self, text: &str) -> Vec<Part> {
        let mut parts = Vec::new();
        let text = markers_as_words(text);
        for (start, piece) in views::pieces(&text) {
            for view in views::of(piece) {
                let mut found = Vec::new();
                forms::find(view.text(), &mut found);
                self.words.find(view.text(), &mut found);
                let found = found.iter().map(|part| view.of_source(*part));
                parts.extend(found.map(|part| Part { start: start + part.start, end: start + part.end, ..part }));
            }
        }
        let mut parts = united(parts);
        // A login that is a secret is told by its marker already.
        parts.retain(|part| !text.get(part.start..part.end).is_some_and(is_marker_as_word));
        parts
    }

    /// The private parts of a value, of which its member may say that it is private as a whole.
    pub fn parts_of_value(&self, key: Option<&str>, text: &str) -> Vec<Part> {
        let text = &*markers_as_words(text);
        if let Some(kind) = kind_of_value(key, text) {
            return vec![Part { start: 0, end: text.len(), kind }];
        }
        let mut parts = self.parts(text);
        parts.extend(key.and_then(|key| owner(key, text)));
        united(parts)
    }

    /// Whether a text has a private part.
    pub fn is_in(&self, text: &str) -> bool {
        !self.parts(text).is_empty()
    }
}

/// Parts that overlap or touch as one; the kind is that of the longest.
fn united(mut parts: Vec<Part>) -> Vec<Part> {
    parts.sort_unstable_by_key(|part| (part.start, std::cmp::Reverse(part.end), part.kind));
    let mut all: Vec<Part> = Vec::new();
    for part in parts {
        match all.last_mut().filter(|last| part.start < last.end) {
            Some(last) => {
                if part.end > last.end && part.end - part.start > last.end - last.start {
                    last.kind = part.kind;
                }
                last.end = last.end.max(part.end);
            }
            None => all.push(part),
        }
    }
    all
}

/// Replaces private parts by markers like `[path 3]`, and holds what each stands for.
///
/// The same text always gets the same marker, and another text another one, so that whoever has the
/// table gets the true texts back.
#[derive(Clone, Debug, Default)]
pub struct Markers {
    by_text: BTreeMap<(Kind, String), u64>,
    counts: BTreeMap<Kind, u64>,
    places: BTreeMap<Kind, u64>,
}

impl Markers {
    /// The text with markers for its parts.
    pub fn replace(&mut self, text: &str, parts: &[Part]) -> String {
        let mut replaced = String::with_capacity(text.len());
        let mut rest = 0;
        for part in parts {
            replaced += text.get(rest..part.start).unwrap_or_default();
            replaced += &self.marker(part.kind, text.get(part.start..part.end).unwrap_or_default());
            rest = part.end;
        }
        replaced + text.get(rest..).unwrap_or_default()
    }

    fn marker(&mut self, kind: Kind, text: &str) -> String {
        *self.places.entry(kind).or_default() += 1;
        let number = *self.by_text.entry((kind, text.to_owned())).or_insert_with(|| {
            let count = self.counts.entry(kind).or_default();
            *count += 1;
            *count
        });
        format!("[{} {number}]", kind.as_str())
    }

    /// What each marker stands for.
    pub fn table(&self) -> BTreeMap<String, String> {
        let rows = self.by_text.iter();
        rows.map(|((kind, text), number)| (format!("[{} {number}]", kind.as_str()), text.clone())).collect()
    }

    /// How many parts were replaced, by kind.
    pub fn places(&self) -> BTreeMap<String, u64> {
        self.places.iter().map(|(kind, count)| (kind.as_str().to_owned(), *count)).collect()
    }
}

#[cfg(test)]
mod tests;
