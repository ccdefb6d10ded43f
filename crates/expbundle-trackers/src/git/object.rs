//! What is in an object.

use std::sync::Arc;

use super::Id;

/// The kinds of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Commit,
    Tree,
    Blob,
    Tag,
}

impl Kind {
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "commit" => Self::Commit,
            "tree" => Self::Tree,
            "blob" => Self::Blob,
            "tag" => Self::Tag,
            _ => return None,
        })
    }
}

/// An object.
#[derive(Clone, Debug)]
pub(super) struct Object {
    pub kind: Kind,
    pub bytes: Arc<Vec<u8>>,
}

/// A commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commit {
    /// Its folder.
    pub tree: Option<Id>,
    /// The commits before it.
    pub parents: Vec<Id>,
    /// Name and address of the author.
    pub author: String,
    /// Name and address of the committer.
    pub committer: String,
    /// When it was committed, in seconds since 1970.
    pub seconds: i64,
    /// The message.
    pub message: String,
}

impl Commit {
    /// The same with no text of more than so many bytes.
    pub(crate) fn cut(mut self, most_bytes: usize) -> Self {
        let texts = [&mut self.author, &mut self.committer, &mut self.message];
        for text in texts.into_iter().filter(|text| text.len() > most_bytes) {
            text.truncate((0..=most_bytes).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default());
            text.shrink_to_fit();
        }
        self
    }

    pub(super) fn parse(object: &Object) -> Option<Self> {
        if object.kind != Kind::Commit {
            return None;
        }
        let text = String::from_utf8_lossy(&object.bytes);
        let (head, message) = text.split_once("\n\n").unwrap_or((&text, ""));
        let mut commit = Self { message: message.trim_end().to_owned(), ..Self::default() };
        for line in head.lines() {
            match line.split_once(' ') {
                Some(("tree", id)) => commit.tree = Id::parse(id),
                Some(("parent", id)) => commit.parents.extend(Id::parse(id)),
                Some(("author", who)) => commit.author = signature(who).0,
                Some(("committer", who)) => (commit.committer, commit.seconds) = signature(who),
                _ => {}
            }
        }
        commit.tree.is_some().then_some(commit)
    }
}

/// `Ada <ada@example.org> 1763888244 +0000`: who, and when.
fn signature(text: &str) -> (String, i64) {
    let Some((who, when)) = text.rsplit_once("> ") else { return (text.to_owned(), 0) };
    let seconds = when.split(' ').next().and_then(|seconds| seconds.parse().ok());
    (format!("{who}>"), seconds.unwrap_or_default())
}

/// What an entry of a folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TreeEntryKind {
    Folder,
    File,
    /// A link, or another repository.
    Other,
}

/// An entry of a folder.
#[derive(Clone, Debug)]
pub(crate) struct TreeEntry {
    pub name: String,
    pub kind: TreeEntryKind,
    pub id: Id,
}

impl Object {
    /// What an annotated tag names.
    pub fn tagged(&self) -> Option<Id> {
        let text = String::from_utf8_lossy(&self.bytes);
        Id::parse(text.lines().find_map(|line| line.strip_prefix("object "))?)
    }

    /// The entries of a folder, whose ids have so many bytes; as far as they are intact.
    pub fn entries(&self, id_bytes: usize) -> Option<Vec<TreeEntry>> {
        if self.kind != Kind::Tree {
            return None;
        }
        let mut entries = Vec::new();
        let mut rest = self.bytes.as_slice();
        while let Some(end) = rest.iter().position(|byte| *byte == 0) {
            let (head, after) = rest.split_at(end);
            let Some((id, next)) = after.get(1..).and_then(|after| after.split_at_checked(id_bytes)) else { break };
            rest = next;
            let Some((mode, name)) = std::str::from_utf8(head).ok().and_then(|head| head.split_once(' ')) else {
                continue;
            };
            if name.is_empty() || name.contains(['/', '\\']) || [".", "..", ".git"].contains(&name) {
                continue;
            }
            let kind = match mode {
                "40000" | "040000" => TreeEntryKind::Folder,
                _ if mode.starts_with("100") => TreeEntryKind::File,
                _ => TreeEntryKind::Other,
            };
            entries.push(TreeEntry { name: name.to_owned(), kind, id: Id::of(id) });
        }
        Some(entries)
    }
}
