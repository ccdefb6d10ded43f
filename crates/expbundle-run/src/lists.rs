//! Files that went in and came out, and the runs before.

use std::path::Path;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::Content;
use expbundle::verify::Intact;
use expbundle_convert::{Options, declared, file_name};
use expbundle_format::RecordId;
use expbundle_format::container::EntryName;
use expbundle_format::record::{ArtifactRef, Form, Parent, Word, role};
use expbundle_format::sections::{Artifact, Direction};
use expbundle_lineage::relation;
use serde_json::json;

use crate::error::RunError;
use crate::keep::Part;
use crate::run::Run;

impl Run {
    /// A file or folder that went in, by its role: `model`, `dataset`, `config`, …
    /// (spec/relations.toml), or a URI of your own.
    ///
    /// The file is hashed and not copied; a folder is recorded whole or not at all. The same bytes in
    /// the same role are recorded once: the name of the first stays, others are its aliases. One that
    /// is elsewhere, and whose digest you know, is for [`Run::known_input`].
    pub fn input(&mut self, role: &str, path: impl AsRef<Path>) -> Result<&mut Self, RunError> {
        self.add_file(Direction::Input, &known_role(role)?, path.as_ref())?;
        Ok(self)
    }

    /// A file or folder that came out, in the same way.
    pub fn output(&mut self, role: &str, path: impl AsRef<Path>) -> Result<&mut Self, RunError> {
        self.add_file(Direction::Output, &known_role(role)?, path.as_ref())?;
        Ok(self)
    }

    /// A file or folder of any role, also of one that only its writer knows: such a role carries no
    /// lineage.
    pub fn add_file(&mut self, direction: Direction, role: &Word, path: &Path) -> Result<(), RunError> {
        self.together(|run| run.listed(direction, role, &utf8(path)?))?
    }

    fn listed(&mut self, direction: Direction, role: &Word, path: &Utf8Path) -> Result<(), RunError> {
        let described = self.artifacts.artifacts.len();
        let file = [(role.clone(), path.to_owned())];
        let mut options = Options { allow_secrets: &self.allow_secrets, ..Options::default() };
        match direction {
            Direction::Input => options.inputs = &file,
            Direction::Output => options.outputs = &file,
        }
        let draft = &mut self.draft;
        let listed = declared::list(&mut self.artifacts.artifacts, &options, |tree| {
            let listing = tree.to_bytes();
            let size = listing.len() as u64;
            Ok::<_, RunError>((draft.embed(Content::bytes(listing))?, size))
        })?;
        for (direction, listed) in listed {
            if self.is_listed(direction, &listed) {
                let mut named = Artifact::new(direction, role.clone());
                named.name = Some(file_name(path));
                self.add_names(direction, &listed, &named);
                continue;
            }
            if let (Form::Tree, Some(digest)) = (listed.form, listed.digest.blake3()) {
                self.keep_fixed(&format!("artifacts/{digest}"))?;
            }
            let member = if direction == Direction::Input { "inputs" } else { "outputs" };
            self.keep_more(Part::Record, |_| json!({ member: [&listed] }))?;
            declared::list_in(self.draft.body_mut(), vec![(direction, listed)]);
        }
        let more: Vec<Artifact> = self.artifacts.artifacts.iter().skip(described).cloned().collect();
        if more.is_empty() {
            self.keep_unless_held()
        } else {
            self.keep_more(Part::Artifacts, |_| json!({ "artifacts": more }))
        }
    }

    fn is_listed(&self, direction: Direction, listed: &ArtifactRef) -> bool {
        let body = self.draft.body();
        match direction {
            Direction::Input => body.inputs.contains(listed),
            Direction::Output => body.outputs.contains(listed),
        }
    }

    /// Another name, and other addresses, of a file that is listed already.
    pub(crate) fn add_names(&mut self, direction: Direction, listed: &ArtifactRef, more: &Artifact) {
        let is_it = |known: &&mut Artifact| {
            known.direction == direction && known.role == listed.role && known.digest == Some(listed.digest)
        };
        let Some(known) = self.artifacts.artifacts.iter_mut().find(is_it) else { return };
        let new_name = more.name.iter().find(|name| known.name.as_ref() != Some(name) && !known.aliases.contains(name));
        known.aliases.extend(new_name.cloned());
        let new_uris = more.uris.iter().filter(|uri| !known.uris.contains(uri)).cloned().collect::<Vec<_>>();
        known.uris.extend(new_uris);
        self.changed.mark(Part::Artifacts);
    }

    /// A record that this one follows from, and how: `fine-tuned-from`, `quantized-from`, …
    /// (spec/relations.toml), or a URI of your own.
    pub fn derived_from(&mut self, parent: &Intact, record: RecordId, relation: &str) -> Result<&mut Self, RunError> {
        self.add_parent(parent, record, known_relation(relation)?)?;
        Ok(self)
    }

    /// The same by any relation.
    pub fn add_parent(&mut self, parent: &Intact, record: RecordId, relation: Word) -> Result<(), RunError> {
        let record = parent.records().get(&record).ok_or(RunError::NoRecord(record))?;
        let parent = Parent { record: record.digest(), relation };
        self.draft.body_mut().parents.push(parent.clone());
        self.keep_more(Part::Record, |_| json!({ "parents": [parent] }))
    }

    /// The models and data that a record put out become inputs of this run, without their files at
    /// hand; of trees with their listings, as far as they are here, for without them nobody could tell
    /// what this run made itself.
    pub fn takes_outputs_of(&mut self, parent: &Intact, record: RecordId) -> Result<(), RunError> {
        let record = parent.records().get(&record).ok_or(RunError::NoRecord(record))?;
        let made = record.body().outputs.iter().filter(|output| role::carries_lineage(&output.role));
        // How the parent came by them is said of its outputs.
        let made: Vec<ArtifactRef> = made.map(|output| ArtifactRef { passed_on: None, ..output.clone() }).collect();
        for tree in made.iter().filter(|output| output.form == Form::Tree).filter_map(|tree| tree.digest.blake3()) {
            let listing = EntryName::Artifact(tree);
            if let Some(content) = parent.bundle().get(&listing) {
                self.draft.embed(content.clone())?;
                self.keep_fixed(&listing.to_string())?;
            }
        }
        self.draft.body_mut().inputs.extend(made.iter().cloned());
        self.keep_more(Part::Record, |_| json!({ "inputs": made }))
    }
}

pub(crate) fn utf8(path: &Path) -> Result<Utf8PathBuf, RunError> {
    Utf8Path::from_path(path).map(Utf8Path::to_owned).ok_or_else(|| RunError::Path(path.to_owned()))
}

/// A role of the format or a URI. Others are allowed by the format and carry no lineage, so one
/// that is misspelt would be lost.
///
/// # Errors
/// [`RunError::Role`]
pub fn known_role(text: &str) -> Result<Word, RunError> {
    let wrong = || RunError::Role { role: text.to_owned(), known: role::ALL.join(", ") };
    let word: Word = text.parse().map_err(|_| wrong())?;
    if role::ALL.contains(&text) || text.contains(':') { Ok(word) } else { Err(wrong()) }
}

/// A relation of the format or a URI, in the same way.
///
/// # Errors
/// [`RunError::Relation`]
pub fn known_relation(text: &str) -> Result<Word, RunError> {
    let known = || relation::RELATIONS.iter().map(|known| known.name).collect::<Vec<_>>().join(", ");
    let wrong = || RunError::Relation { relation: text.to_owned(), known: known() };
    let word: Word = text.parse().map_err(|_| wrong())?;
    if relation::is_known(&word) || text.contains(':') { Ok(word) } else { Err(wrong()) }
}
