//! Which repository and revision a folder is of: from the files of a git clone, or from the path
//! within the Hub's cache.

use camino::Utf8Path;

use crate::text::read_text;

/// Where a folder came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hub {
    /// `owner/name` at the Hub.
    pub id: Option<String>,
    /// The commit: 40 hex digits.
    pub revision: Option<String>,
}

impl Hub {
    /// Looks at `.git`, or else at the path. No git is run.
    pub fn of(folder: &Utf8Path) -> Self {
        let git = folder.join(".git");
        if git.is_dir() { Self { id: origin(&git), revision: head(&git) } } else { cached(folder) }
    }
}

fn text(path: &Utf8Path) -> Option<String> {
    read_text(path).ok().flatten()
}

/// The commit that is checked out.
fn head(git: &Utf8Path) -> Option<String> {
    let head = text(&git.join("HEAD"))?;
    let Some(name) = head.trim_end().strip_prefix("ref: ") else { return commit(head.trim_end()) };
    // A name of a branch has no business outside of `.git`.
    let is_plain = name.starts_with("refs/") && !name.split('/').any(|part| part.is_empty() || part == "..");
    let loose = text(&git.join(is_plain.then_some(name)?)).and_then(|text| commit(text.trim_end()));
    loose.or_else(|| {
        let packed = text(&git.join("packed-refs"))?;
        packed
            .lines()
            .find_map(|line| line.split_once(' ').filter(|(_, of)| *of == name).and_then(|(id, _)| commit(id)))
    })
}

fn commit(text: &str) -> Option<String> {
    let is_hex = text.len() == 40 && text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    is_hex.then(|| text.to_owned())
}

/// The repository in the address of a remote at the Hub. Names and tokens in front of the host are
/// not looked at.
fn origin(git: &Utf8Path) -> Option<String> {
    let config = text(&git.join("config"))?;
    let mut addresses =
        config.lines().filter_map(|line| line.trim().strip_prefix("url")?.trim_start().strip_prefix('='));
    addresses.find_map(|address| repository(address.trim()))
}

fn repository(address: &str) -> Option<String> {
    let rest = address.strip_prefix("https://").or(address.strip_prefix("ssh://"))?;
    let (host, path) = rest.split_once('/')?;
    let host = host.rsplit('@').next()?;
    matches!(host, "huggingface.co" | "hf.co").then_some(())?;
    let mut parts = path.trim_end_matches(".git").trim_end_matches('/').split('/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(owner), Some(name), None) if !owner.is_empty() && !name.is_empty() => Some(format!("{owner}/{name}")),
        _ => None,
    }
}

/// `…/models--owner--name/snapshots/<commit>`
fn cached(folder: &Utf8Path) -> Hub {
    let parts: Vec<&str> = folder.components().map(|part| part.as_str()).collect();
    let [.., repository, "snapshots", revision] = parts.as_slice() else { return Hub::default() };
    let id = repository.strip_prefix("models--");
    let id = id.filter(|id| id.split("--").count() <= 2 && id.split("--").all(|part| !part.is_empty()));
    let id = id.map(|id| id.replacen("--", "/", 1));
    match (id, commit(revision)) {
        (Some(id), Some(revision)) => Hub { id: Some(id), revision: Some(revision) },
        _ => Hub::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_name_repositories_and_nobody() {
        let case = |address: &str, want: Option<&str>| assert_eq!(repository(address).as_deref(), want, "{address}");
        case("https://huggingface.co/team-a/digits", Some("team-a/digits"));
        case("https://ada:hf_secret@huggingface.co/team-a/digits.git", Some("team-a/digits"));
        case("https://example.org/team-a/digits", None);
        case("https://huggingface.co/datasets/team-a/digits", None);
        case("https://huggingface.co/x", None);
    }

    #[test]
    fn clones_and_the_cache_tell_the_revision() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = Utf8Path::from_path(folder.path()).expect("UTF-8");
        assert_eq!(Hub::of(path), Hub::default());
        let id = "0123456789abcdef0123456789abcdef01234567";
        let cache = path.join("models--team-a--digits/snapshots").join(id);
        std::fs::create_dir_all(&cache).expect("room");
        let hub = Hub { id: Some("team-a/digits".to_owned()), revision: Some(id.to_owned()) };
        assert_eq!(Hub::of(&cache), hub);
        let git = path.join(".git");
        std::fs::create_dir_all(git.join("refs/heads")).expect("room");
        std::fs::write(git.join("config"), "[remote \"origin\"]\n\turl = https://huggingface.co/team-a/digits\n")
            .expect("room");
        std::fs::write(git.join("HEAD"), "ref: refs/heads/main\n").expect("room");
        std::fs::write(git.join("packed-refs"), format!("# pack-refs\n{id} refs/heads/main\n")).expect("room");
        assert_eq!(Hub::of(path), hub);
        std::fs::write(git.join("HEAD"), "ref: ../../secret\n").expect("room");
        assert_eq!(Hub::of(path).revision, None);
    }
}
