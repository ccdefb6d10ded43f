//! The results in the folders of commits. Folders that commits share are held once, however many
//! paths lead to them.

use std::collections::HashMap;
use std::rc::Rc;

use super::pipeline::within;
use crate::finding::{Several, SourceCode, SourceFinding};
use crate::git::{GitError, Id, Reader, TreeEntry, TreeEntryKind};

/// Folders in each other.
const MOST_LEVELS: usize = 64;

/// The results of a folder, by the number that [`Folders`] gives them. Equal results have one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Results(usize);

/// What is of interest in a folder.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Found {
    /// A lock of a pipeline, or the latest values of `DVCLive`.
    File(Id),
    /// Everything in a folder of `DVCLive`.
    Folder(Id),
    /// What is in another folder.
    Below(Results),
}

/// Folders whose results were looked at, each once.
#[derive(Debug)]
pub(super) struct Folders {
    all: Vec<Rc<[(String, Found)]>>,
    numbers: HashMap<Rc<[(String, Found)]>, Results>,
    seen: HashMap<Id, Results>,
    damaged: Several,
    beyond: Several,
    deep: Several,
}

impl Default for Folders {
    fn default() -> Self {
        let empty: Rc<[_]> = Rc::default();
        Self {
            all: vec![Rc::clone(&empty)],
            numbers: HashMap::from([(empty, Self::NONE)]),
            seen: HashMap::new(),
            damaged: Several::default(),
            beyond: Several::default(),
            deep: Several::default(),
        }
    }
}

impl Folders {
    /// The results of a folder that has none.
    pub const NONE: Results = Results(0);

    /// The results of a folder: locks of pipelines, and what `DVCLive` wrote.
    pub fn results(&mut self, reader: &Reader, folder: &Id) -> Results {
        self.at(reader, folder, 0)
    }

    fn at(&mut self, reader: &Reader, folder: &Id, level: usize) -> Results {
        if let Some(known) = self.seen.get(folder) {
            return *known;
        }
        let mut results = Vec::new();
        if level >= MOST_LEVELS {
            self.deep.add(|| format!(".git: {folder}"));
        } else {
            let entries = self.entries(reader, folder);
            let plots = self.plots(reader, &entries);
            for TreeEntry { name, kind, id } in entries {
                let result = match kind {
                    TreeEntryKind::File if name == "dvc.lock" || plots.is_some() && name == "metrics.json" => {
                        Found::File(id)
                    }
                    TreeEntryKind::Folder if name == "dvclive" || Some(&id) == plots.as_ref() => Found::Folder(id),
                    TreeEntryKind::Folder => match self.at(reader, &id, level + 1) {
                        Self::NONE => continue,
                        below => Found::Below(below),
                    },
                    _ => continue,
                };
                results.push((name, result));
            }
        }
        let number = self.number(results);
        self.seen.insert(folder.clone(), number);
        number
    }

    fn number(&mut self, results: Vec<(String, Found)>) -> Results {
        let results: Rc<[_]> = results.into();
        let next = Results(self.all.len());
        let number = *self.numbers.entry(Rc::clone(&results)).or_insert(next);
        if number == next {
            self.all.push(results);
        }
        number
    }

    fn entries(&mut self, reader: &Reader, folder: &Id) -> Vec<TreeEntry> {
        reader.tree(folder).unwrap_or_else(|error| {
            let kind = if matches!(error, GitError::Limit(_)) { &mut self.beyond } else { &mut self.damaged };
            kind.add(|| format!(".git: {folder}"));
            Vec::new()
        })
    }

    /// The folder of plots, if there are series in it.
    fn plots(&mut self, reader: &Reader, entries: &[TreeEntry]) -> Option<Id> {
        let is_folder = |entry: &&TreeEntry, name: &str| entry.kind == TreeEntryKind::Folder && entry.name == name;
        let plots = entries.iter().find(|entry| is_folder(entry, "plots"))?;
        let inside = self.entries(reader, &plots.id);
        inside.iter().find(|entry| is_folder(entry, "metrics")).map(|_| plots.id.clone())
    }

    /// The locks of pipelines in all folders.
    pub fn locks(&self) -> impl Iterator<Item = &Id> {
        self.all.iter().flat_map(|all| all.iter()).filter_map(|(name, result)| match result {
            Found::File(id) if name == "dvc.lock" => Some(id),
            _ => None,
        })
    }

    /// What could not be looked at.
    pub fn findings(self) -> impl Iterator<Item = SourceFinding> {
        let damaged = self.damaged.finding(
            SourceCode::Damaged,
            "a folder of a commit cannot be read, so its results are not known",
            "folders of commits, this one the first, cannot be read, so their results are not known",
        );
        let beyond = self.beyond.finding(
            SourceCode::Unsupported,
            "a folder of a commit is not looked at: the repository unpacks to far more than its size allows",
            "folders of commits, this one the first, are not looked at: the repository unpacks to far more than its size allows",
        );
        let deep = self.deep.finding(
            SourceCode::Unsupported,
            "a folder of a commit lies in more than 64 others and is not looked at",
            "folders of commits, this one the first, lie in more than 64 others and are not looked at",
        );
        [damaged, beyond, deep].into_iter().flatten()
    }

    /// Visits the files of results by their paths, until one is refused; whether none was.
    pub fn all_files(
        &self,
        reader: &Reader,
        results: Results,
        visit: &mut dyn FnMut(&str, &Id) -> Result<bool, GitError>,
    ) -> Result<bool, GitError> {
        let mut next = vec![(String::new(), Found::Below(results))];
        while let Some((path, found)) = next.pop() {
            let below: Vec<(String, Found)> = match found {
                Found::File(id) if visit(&path, &id)? => continue,
                Found::File(_) => return Ok(false),
                Found::Below(results) => self.all.get(results.0).map(|all| all.to_vec()).unwrap_or_default(),
                Found::Folder(id) => reader.tree(&id)?.into_iter().filter_map(everything).collect(),
            };
            for (name, found) in below {
                let path = within(&path, &name);
                if !reader.visit(path.len()) {
                    return Err(GitError::Limit(format!("`{path}`")));
                }
                next.push((path, found));
            }
        }
        Ok(true)
    }
}

/// An entry in a folder of `DVCLive`; no link is followed.
fn everything(entry: TreeEntry) -> Option<(String, Found)> {
    let found = match entry.kind {
        TreeEntryKind::File => Found::File(entry.id),
        TreeEntryKind::Folder => Found::Folder(entry.id),
        TreeEntryKind::Other => return None,
    };
    Some((entry.name, found))
}
