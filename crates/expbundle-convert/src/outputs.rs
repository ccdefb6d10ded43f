//! Files that a run put out: hashed, and listed each by itself as far as a record has room. The
//! others are one tree.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::hash::{Hashed, Wanted, hash_files};
use expbundle_format::record::{Word, role};
use expbundle_format::sections::{Artifact, Direction};
use expbundle_format::tree::{Tree, TreeFile, TreePath};
use expbundle_format::{ArtifactDigests, Code};
use expbundle_trackers::FolderFile;

use crate::gate::{Fate, FileToList, LEFT_OUT, PATH_LEFT_OUT};
use crate::ledger::Ledger;
use crate::{ConvertError, roles};

/// More files than these become one tree: a record has room for some 4,000 references.
const MOST_FILES: usize = 2000;

/// A file that is about to be listed.
pub(crate) struct OutputFile {
    /// Path in the source.
    pub path: String,
    pub on_disk: Utf8PathBuf,
    /// What is known of it, digests, size and path aside.
    pub artifact: Artifact,
}

impl OutputFile {
    /// A file of a folder, in a role that its path tells.
    pub fn of(file: &FolderFile, role: Word) -> Self {
        let artifact = Artifact::new(Direction::Output, role);
        Self { path: file.path.clone(), on_disk: file.on_disk.clone(), artifact }
    }
}

/// Lists files. `kind` is the kind of item that they are. Gives the digests of those that were
/// listed.
pub(crate) fn list(
    ledger: &mut Ledger<'_>,
    kind: &'static str,
    mut files: Vec<OutputFile>,
) -> Result<BTreeMap<String, ArtifactDigests>, ConvertError> {
    if files.len() > MOST_FILES {
        // A link to another record is by the digest of a model or data set.
        files.sort_by_key(|file| !role::carries_lineage(&file.artifact.role));
    }
    let paths: Vec<&Utf8Path> = files.iter().map(|file| file.on_disk.as_path()).collect();
    let hashed = hash_files(&paths, Wanted::Both, ledger.options.progress);
    let (mut known, mut others) = (BTreeMap::new(), Vec::new());
    for (number, (file, hashed)) in files.into_iter().zip(hashed).enumerate() {
        let item = ledger.item(kind, &file.path);
        let hashed = match hashed {
            Ok(hashed) => hashed,
            Err(error) => {
                item.dropped("the file cannot be read");
                ledger.finding(Code::SourceUnreadable, &file.path, error.to_string());
                continue;
            }
        };
        if number < MOST_FILES {
            let mut artifact = file.artifact;
            (artifact.digest, artifact.size) = (Some(hashed.digests()), Some(hashed.size));
            artifact.path = Some(file.path.clone());
            if ledger.file(&file.path, &file.on_disk, artifact)? == Fate::LeftOut {
                item.dropped(LEFT_OUT);
                continue;
            }
        } else {
            match in_tree(ledger, &file, &hashed) {
                Ok(file) => others.push(file),
                Err(why) => {
                    item.dropped(why);
                    continue;
                }
            }
        }
        item.mapped();
        known.insert(file.path.clone(), hashed.digests());
    }
    tree(ledger, others)?;
    Ok(known)
}

/// A file as one of a tree, or why it cannot be one.
fn in_tree(ledger: &mut Ledger<'_>, file: &OutputFile, hashed: &Hashed) -> Result<TreeFile, &'static str> {
    let OutputFile { path, on_disk, artifact } = file;
    let (size, digest) = (hashed.size, hashed.digests());
    if ledger.draft.is_secret(&FileToList { path, on_disk, role: &artifact.role, size, digest }) {
        return Err(LEFT_OUT);
    }
    if ledger.draft.is_secret_in_path(path) {
        return Err(PATH_LEFT_OUT);
    }
    let Ok(path) = TreePath::from_plain(path) else {
        ledger.finding(Code::SourceUnsupported, path, "its name cannot be listed");
        return Err("its name cannot be listed");
    };
    Ok(TreeFile { path, digest: hashed.both().expect("both were wanted"), size })
}

fn tree(ledger: &mut Ledger<'_>, files: Vec<TreeFile>) -> Result<(), ConvertError> {
    if files.is_empty() {
        return Ok(());
    }
    let Ok(tree) = Tree::new(files) else {
        ledger.finding(Code::SourceUnsupported, "files", "a path is both a file and a folder");
        return Ok(());
    };
    let mut artifact = Artifact::new(Direction::Output, roles::word(role::FILE));
    artifact.name = Some("other files".to_owned());
    ledger.tree(&tree, &mut artifact)?;
    ledger.list(artifact);
    Ok(())
}
