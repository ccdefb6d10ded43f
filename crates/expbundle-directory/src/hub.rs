//! Models in the local cache of the Hugging Face Hub.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};

/// What begins a reference to a repository in the cache, on command lines.
pub const SCHEME: &str = "hf:";

/// Why a repository is not found in the cache.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HubError {
    /// The text is not `[datasets/|spaces/][ORG/]NAME[@REVISION]`.
    #[error("`{0}` is not a repository of the Hub: write `hf:ORG/NAME` or `hf:ORG/NAME@REVISION`")]
    Malformed(String),
    /// Nothing says where the cache is.
    #[error("there is no home folder, so no Hub cache")]
    NoCache,
    /// The cache has no such repository.
    #[error("the local Hub cache has no `{repository}`")]
    NoRepository {
        /// The repository.
        repository: String,
        /// Where it would be.
        path: Utf8PathBuf,
    },
    /// The folder of the repository holds what the Hub's library does not put there.
    #[error(
        "`{path}` is nothing that the Hub's library puts into its cache: loaders may take it for a part of `{repository}`"
    )]
    Foreign {
        /// The repository.
        repository: String,
        /// What it is.
        path: Utf8PathBuf,
    },
    /// The cache has the repository, and not this revision, or several that are meant.
    #[error("the local Hub cache has no single revision `{revision}` of `{repository}`")]
    NoRevision {
        /// The repository.
        repository: String,
        /// What was asked for.
        revision: String,
        /// The revisions that are here.
        here: Vec<String>,
    },
}

/// The folder of the cache, as `huggingface_hub` finds it. `variable` is the environment.
pub fn cache(variable: impl Fn(&str) -> Option<String>) -> Option<Utf8PathBuf> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty()).map(Utf8PathBuf::from);
    let below_home = || {
        let cache = set("XDG_CACHE_HOME").or_else(|| Some(set("HOME").or_else(|| set("USERPROFILE"))?.join(".cache")));
        Some(cache?.join("huggingface"))
    };
    set("HF_HUB_CACHE")
        .or_else(|| set("HUGGINGFACE_HUB_CACHE"))
        .or_else(|| Some(set("HF_HOME").or_else(below_home)?.join("hub")))
}

/// A path that a person names: `hf:ORG/NAME[@REVISION]` is the snapshot of a repository in the cache,
/// and the folder of a repository there, if nothing else lies in it, its snapshot of `main`.
/// `variable` is the environment.
///
/// # Errors
/// If there is no such snapshot here.
pub fn path(text: &str, variable: impl Fn(&str) -> Option<String>) -> Result<Utf8PathBuf, HubError> {
    match text.strip_prefix(SCHEME) {
        Some(reference) => snapshot(&cache(variable).ok_or(HubError::NoCache)?, reference),
        None if is_repository(Utf8Path::new(text)) => snapshot_in(Utf8Path::new(text), text, None),
        None => Ok(text.into()),
    }
}

/// The snapshot of a repository in the cache, from `ORG/NAME[@REVISION]`. A revision is the name of
/// a branch or tag, a commit, or the beginning of one; without it, `main`, or else the only one
/// here.
///
/// # Errors
/// If there is none, or not only one. Nothing is downloaded.
pub fn snapshot(cache: &Utf8Path, reference: &str) -> Result<Utf8PathBuf, HubError> {
    let malformed = || HubError::Malformed(reference.to_owned());
    let (repository, revision) = match reference.split_once('@') {
        Some((repository, revision)) => (repository, Some(revision)),
        None => (reference, None),
    };
    let (kind, name) = match repository.split_once('/') {
        Some((kind @ ("datasets" | "spaces" | "models"), name)) => (kind, name),
        _ => ("models", repository),
    };
    let is_plain = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    if name.split('/').count() > 2
        || !name.split('/').all(is_plain)
        || revision.is_some_and(|revision| !revision.split('/').all(is_plain))
    {
        return Err(malformed());
    }
    let folder = cache.join(format!("{kind}--{}", name.replace('/', "--")));
    snapshot_in(&folder, repository, revision)
}

/// Whether a folder is a repository in a cache: `models--acme--digits`, with its snapshots, and with
/// nothing else than the Hub's library puts there. Beside its snapshots a stranger could lay files
/// that nobody looks at, and behind a link or another name lies somebody else's snapshot.
fn is_repository(folder: &Utf8Path) -> bool {
    let name = folder.file_name().unwrap_or_default();
    let is_named = ["models--", "datasets--", "spaces--"].iter().any(|kind| name.starts_with(kind));
    is_named && names(&folder.join("snapshots")).is_some() && foreign(folder).is_none()
}

/// What is in the folder of a repository and not of the Hub's library: there, among the snapshots,
/// or a word that a file of a snapshot does not exist.
fn foreign(folder: &Utf8Path) -> Option<Utf8PathBuf> {
    let known = |name: &str| ["blobs", "refs", "snapshots", ".no_exist"].contains(&name);
    let snapshots = folder.join("snapshots");
    let stray = other_than_folders(folder, known).or_else(|| other_than_folders(&snapshots, is_commit));
    stray.or_else(|| hides_files(folder).then(|| folder.join(".no_exist")))
}

/// The first entry of a folder that is not itself a folder with such a name, as a link is not.
fn other_than_folders(folder: &Utf8Path, is_known: impl Fn(&str) -> bool) -> Option<Utf8PathBuf> {
    let Ok(entries) = folder.read_dir_utf8() else { return Some(folder.to_owned()) };
    let mut others = entries.filter_map(|entry| match entry {
        Ok(entry) if is_known(entry.file_name()) && entry.file_type().is_ok_and(|kind| kind.is_dir()) => None,
        Ok(entry) => Some(entry.path().to_owned()),
        Err(_) => Some(folder.to_owned()),
    });
    others.next()
}

/// Whether the cache says of a file that it does not exist, `.no_exist/COMMIT/PATH`, though the
/// snapshot has it: loaders believe that, and look for another file.
fn hides_files(folder: &Utf8Path) -> bool {
    let (denied, snapshots) = (folder.join(".no_exist"), folder.join("snapshots"));
    let mut open = vec![denied.clone()];
    while let Some(next) = open.pop() {
        let Ok(entries) = next.read_dir_utf8() else {
            // What cannot be read may hide anything, but what is not there.
            if next == denied && denied.symlink_metadata().is_err() {
                continue;
            }
            return true;
        };
        for entry in entries {
            let Ok(entry) = entry else { return true };
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                open.push(entry.path().to_owned());
                continue;
            }
            let path = entry.path().strip_prefix(&denied);
            if !path.is_ok_and(|path| snapshots.join(path).symlink_metadata().is_err()) {
                return true;
            }
        }
    }
    false
}

/// The snapshot of a revision in the folder of a repository, which errors call by this name;
/// without a revision that of `main`, or the only one where there is no `main`.
fn snapshot_in(folder: &Utf8Path, repository: &str, revision: Option<&str>) -> Result<Utf8PathBuf, HubError> {
    let snapshots = folder.join("snapshots");
    let here = names(&snapshots)
        .ok_or_else(|| HubError::NoRepository { repository: repository.to_owned(), path: folder.to_owned() })?;
    if let Some(path) = foreign(folder) {
        return Err(HubError::Foreign { repository: repository.to_owned(), path });
    }
    let wanted = revision.unwrap_or("main");
    let is_here = |commit: &str| here.iter().find(|name| *name == commit);
    // As the Hub's library finds them: a commit is never looked up among the names of others, and
    // what a name stands for is a whole commit. Its beginning is a commit only as a person gives it.
    let found = if is_commit(wanted) {
        is_here(wanted)
    } else if let reference = folder.join("refs").join(wanted)
        && reference.symlink_metadata().is_ok()
    {
        commit_of(&reference).and_then(|commit| is_here(&commit))
    } else {
        let mut begins = here.iter().filter(|name| revision.is_none_or(|beginning| name.starts_with(beginning)));
        begins.next().filter(|_| begins.next().is_none())
    };
    let found = found.ok_or_else(|| HubError::NoRevision {
        repository: repository.to_owned(),
        revision: wanted.to_owned(),
        here: here.clone(),
    })?;
    Ok(snapshots.join(found))
}

/// The snapshots, by their commits, sorted. None if the folder is not here.
fn names(snapshots: &Utf8Path) -> Option<Vec<String>> {
    let is_folder = |kind: fs::FileType| kind.is_dir();
    snapshots.symlink_metadata().ok().map(|metadata| metadata.file_type()).filter(|kind| is_folder(*kind))?;
    let entries = snapshots.read_dir_utf8().ok()?.filter_map(Result::ok);
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(is_folder));
    let mut names: Vec<String> =
        folders.map(|entry| entry.file_name().to_owned()).filter(|name| is_commit(name)).collect();
    names.sort_unstable();
    Some(names)
}

fn is_commit(revision: &str) -> bool {
    revision.len() == 40 && revision.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// The commit that a branch or tag points to. The Hub's library takes the file as it is, so a line
/// end or a blank more makes another name.
fn commit_of(path: &Utf8Path) -> Option<String> {
    let is_long_enough = |metadata: fs::Metadata| metadata.is_file() && metadata.len() == 40;
    let text = fs::metadata(path).is_ok_and(is_long_enough).then(|| fs::read_to_string(path).ok()).flatten();
    text.filter(|text| is_commit(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "1111111111111111111111111111111111111111";
    const SECOND: &str = "1222222222222222222222222222222222222222";

    fn a_cache() -> (tempfile::TempDir, Utf8PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = Utf8PathBuf::from_path_buf(folder.path().to_owned()).expect("UTF-8");
        let model = cache.join("models--acme--digits");
        for revision in [FIRST, SECOND] {
            fs::create_dir_all(model.join("snapshots").join(revision)).expect("a folder");
        }
        fs::create_dir_all(model.join("refs/pr")).expect("a folder");
        fs::write(model.join("refs/main"), SECOND).expect("a file");
        fs::write(model.join("refs/pr/1"), FIRST).expect("a file");
        fs::create_dir_all(cache.join("datasets--digits/snapshots").join(FIRST)).expect("a folder");
        (folder, cache)
    }

    #[test]
    fn a_repository_is_found_by_branch_tag_and_commit() {
        let (_folder, cache) = a_cache();
        for (reference, revision) in [
            ("acme/digits", SECOND),
            ("models/acme/digits", SECOND),
            ("acme/digits@main", SECOND),
            ("acme/digits@pr/1", FIRST),
            (&format!("acme/digits@{FIRST}"), FIRST),
            ("acme/digits@12", SECOND),
            ("datasets/digits", FIRST),
        ] {
            assert_eq!(snapshot(&cache, reference).expect(reference).file_name(), Some(revision), "{reference}");
        }
    }

    /// The Hub's library takes a commit for itself, and nothing else where a name leads nowhere.
    #[test]
    fn no_name_leads_to_another_commit() {
        let (_folder, cache) = a_cache();
        let model = cache.join("models--acme--digits");
        for (name, commit) in
            [(SECOND, FIRST), ("empty", ""), ("half", "12"), ("main", "3333333333333333333333333333333333333333")]
        {
            fs::write(model.join("refs").join(name), commit).expect("a file");
        }
        let found = snapshot(&cache, &format!("acme/digits@{SECOND}")).expect("a commit");
        assert_eq!(found.file_name(), Some(SECOND));
        fs::remove_dir(model.join("snapshots").join(FIRST)).expect("a folder");
        for reference in [
            "acme/digits@empty",
            "acme/digits@half",
            "acme/digits@main",
            "acme/digits",
            &format!("acme/digits@{FIRST}"),
        ] {
            assert!(matches!(snapshot(&cache, reference), Err(HubError::NoRevision { .. })), "{reference}");
        }
        fs::remove_file(model.join("refs/main")).expect("a file");
        assert_eq!(snapshot(&cache, "acme/digits").expect("the only one").file_name(), Some(SECOND));
    }

    /// A name that the Hub's library looks up leads nowhere else here.
    #[test]
    fn a_reference_is_a_commit_to_the_byte() {
        let (_folder, cache) = a_cache();
        let model = cache.join("models--acme--digits");
        for text in [
            format!("{FIRST}\n"),
            format!("{FIRST}\r\n"),
            format!(" {FIRST}"),
            format!("{FIRST}\u{a0}"),
            "x".repeat(400),
        ] {
            fs::write(model.join("refs/main"), &text).expect("a file");
            assert!(matches!(snapshot(&cache, "acme/digits"), Err(HubError::NoRevision { .. })), "{text:?}");
        }
        fs::remove_file(model.join("refs/main")).expect("a file");
        fs::create_dir(model.join("refs/main")).expect("a folder");
        fs::remove_dir(model.join("snapshots").join(FIRST)).expect("a folder");
        assert!(matches!(snapshot(&cache, "acme/digits"), Err(HubError::NoRevision { .. })));
        fs::write(model.join("refs/v1"), SECOND).expect("a file");
        assert!(snapshot(&cache, "acme/digits@v1").is_ok());
        // What a loader finds by the name of a branch, by a line end more, or beside the snapshots.
        for name in ["main".to_owned(), format!("{SECOND}\n")] {
            fs::create_dir(model.join("snapshots").join(&name)).expect("a folder");
            assert!(matches!(snapshot(&cache, "acme/digits@v1"), Err(HubError::Foreign { .. })), "{name:?}");
            assert!(!is_repository(&model));
            fs::remove_dir(model.join("snapshots").join(&name)).expect("a folder");
        }
        fs::write(model.join("config.json"), "{}").expect("a file");
        assert!(matches!(snapshot(&cache, "acme/digits@v1"), Err(HubError::Foreign { .. })));
    }

    #[test]
    fn a_folder_with_anything_else_is_not_a_repository() {
        let (_folder, cache) = a_cache();
        let model = cache.join("models--acme--digits");
        assert!(is_repository(&model));
        fs::create_dir_all(model.join("blobs")).expect("a folder");
        fs::create_dir_all(model.join(".no_exist").join(FIRST)).expect("a folder");
        assert!(is_repository(&model));
        // Of what a commit has not, the cache may say so; not of what it has.
        let snapshot = model.join("snapshots").join(FIRST);
        fs::create_dir_all(&snapshot).expect("a folder");
        fs::write(model.join(".no_exist").join(FIRST).join("adapter_config.json"), "").expect("a file");
        assert!(is_repository(&model));
        fs::write(snapshot.join("model.safetensors"), "x").expect("a file");
        let denied = model.join(".no_exist").join(FIRST).join("model.safetensors");
        fs::write(&denied, "").expect("a file");
        assert!(!is_repository(&model));
        fs::remove_file(&denied).expect("it is there");
        for name in ["pytorch_model.bin", "experiment.expb", ".hidden", "blobs.py", "Snapshots"] {
            fs::write(model.join(name), "evil").expect("a file");
            assert!(!is_repository(&model), "{name}");
            fs::remove_file(model.join(name)).expect("it is there");
        }
        fs::create_dir_all(model.join("other")).expect("a folder");
        assert!(!is_repository(&model));
        fs::remove_dir(model.join("other")).expect("it is there");
        assert!(is_repository(&model) && !is_repository(&cache));
    }

    #[test]
    #[cfg(unix)]
    fn nothing_leads_out_of_a_repository() {
        let (_folder, cache) = a_cache();
        // Somebody else's snapshot beside it, by a link and by a name other than a commit.
        let evil = cache.join("models--evil");
        fs::create_dir_all(evil.join("refs")).expect("a folder");
        fs::write(evil.join("refs/main"), FIRST).expect("a file");
        for target in ["../models--acme--digits/snapshots", ".."] {
            std::os::unix::fs::symlink(target, evil.join("snapshots")).expect("a link");
            assert!(!is_repository(&evil));
            assert!(snapshot(&cache, "evil").is_err());
            fs::remove_file(evil.join("snapshots")).expect("it is there");
        }
        fs::create_dir_all(evil.join("snapshots/good")).expect("a folder");
        fs::write(evil.join("refs/main"), "good").expect("a file");
        assert!(snapshot(&cache, "evil").is_err());
    }

    #[test]
    fn what_is_not_here_is_named() {
        let (_folder, cache) = a_cache();
        assert!(matches!(snapshot(&cache, "acme/other"), Err(HubError::NoRepository { .. })));
        for reference in ["acme/digits@1", "acme/digits@v2"] {
            let Err(HubError::NoRevision { here, .. }) = snapshot(&cache, reference) else { panic!("{reference}") };
            assert_eq!(here, [FIRST, SECOND]);
        }
        for reference in ["", "/", "a/b/c", "../x", "a/..", "a@", "a@../../x", "a b", "acme/digits@refs//x"] {
            assert_eq!(snapshot(&cache, reference), Err(HubError::Malformed(reference.to_owned())));
        }
    }

    #[test]
    fn the_cache_is_where_the_hubs_library_has_it() {
        let of = |set: &[(&str, &str)]| {
            let value = |name: &str| set.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned());
            cache(value).map(|path| path.to_string())
        };
        assert_eq!(of(&[("HF_HUB_CACHE", "/c"), ("HF_HOME", "/h")]).as_deref(), Some("/c"));
        assert_eq!(of(&[("HF_HOME", "/h"), ("HOME", "/me")]).as_deref(), Some("/h/hub"));
        assert_eq!(of(&[("XDG_CACHE_HOME", "/x"), ("HOME", "/me")]).as_deref(), Some("/x/huggingface/hub"));
        assert_eq!(of(&[("HF_HOME", ""), ("HOME", "/me")]).as_deref(), Some("/me/.cache/huggingface/hub"));
        assert_eq!(of(&[]), None);
    }
}
