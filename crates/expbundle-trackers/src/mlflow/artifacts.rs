//! Where a run's artifacts lie now, from where MLflow said that they were.
//!
//! The address is that of the machine which wrote it, so it is hardly ever right: a store is moved,
//! and its addresses still begin with the old home folder. What stays is the end, with the id of
//! the run or model in it. That end is looked for within the source (and within folders that the
//! caller allows), never elsewhere: a database from a stranger could name `/etc` otherwise.

use std::io::ErrorKind;

use camino::{Utf8Path, Utf8PathBuf};

use super::files::{FileError, Root};
use super::run::{Artifacts, Place, Run};
use crate::finding::{SourceCode, SourceFinding};

/// Finds the folder that an address speaks of and lists its files.
///
/// `id` is the run's or model's id, which stands in the address; `roots` are looked into in their
/// order.
pub(super) fn locate(uri: &str, id: &str, roots: &[Root], findings: &mut Vec<SourceFinding>) -> Artifacts {
    let parts = match Address::parse(uri) {
        Address::Remote => return Artifacts { place: Place::Remote, files: Vec::new() },
        Address::Path(parts) => parts,
    };
    if parts.iter().any(|part| part == "..") {
        findings.push(SourceFinding::new(SourceCode::Outside, id, "the address of the artifacts climbs out by `..`"));
        return Artifacts { place: Place::Absent, files: Vec::new() };
    }
    // A store makes an empty folder for each run, also where a server keeps the artifacts elsewhere.
    let mut empty = None;
    // The end must hold the id, or any folder called `artifacts` would do.
    let last = parts.iter().rposition(|part| part == id).unwrap_or(0);
    for root in roots {
        for prefix in ["", "mlartifacts", "mlruns"] {
            for start in 0..=last {
                let Some(end) = parts.get(start..).filter(|end| !end.is_empty()) else { continue };
                let mut folder = root.path().to_owned();
                if !prefix.is_empty() {
                    folder.push(prefix);
                }
                folder.extend(end);
                match root.resolve(&folder) {
                    Ok(resolved) if resolved.is_dir() => {
                        let found = root.artifacts(&folder, findings);
                        if !found.files.is_empty() {
                            return found;
                        }
                        empty.get_or_insert(found);
                    }
                    Err(FileError::Outside) => findings.push(FileError::Outside.finding(root.relative(&folder))),
                    _ => {}
                }
            }
        }
    }
    empty.unwrap_or(Artifacts { place: Place::Absent, files: Vec::new() })
}

/// Tags of a run that say that it logged files.
const SAY_FILES: [&str; 3] = ["mlflow.log-model.history", "mlflow.loggedArtifacts", "mlflow.loggedImages"];

/// What is to be said of artifacts of a run that are not where their address says. A run that only
/// logged numbers has none, and then MLflow makes no folder for it.
pub(super) fn absent(run: &Run, roots: &[Root]) -> Option<SourceFinding> {
    let (uri, id) = (run.info.artifact_uri.as_deref()?, run.info.run_id.as_str());
    if run.artifacts.place != Place::Absent {
        return None;
    }
    let has_models =
        !(run.logged_models.is_empty() && run.model_outputs.is_empty() && run.registered_models.is_empty());
    let detail = if SAY_FILES.iter().any(|tag| run.tags.contains_key(*tag)) {
        format!("the run logged artifacts, but their folder was not found: {uri}")
    } else if is_place_here(uri, id, roots) || (!has_models && was_never_made(uri, id, roots)) {
        return None;
    } else {
        let root = root_of(uri, id);
        format!("the artifact folder was not found, so the run may have artifacts that are missing here: {root}")
    };
    Some(SourceFinding::new(SourceCode::Missing, id, detail))
}

/// The finding for artifacts that are on a server. That the whole store has them there is one
/// message for all its runs.
pub(super) fn remote(uri: &str, id: &str) -> SourceFinding {
    let detail = format!("artifacts are on a server and were not fetched: {}", root_of(uri, id));
    SourceFinding::new(SourceCode::Missing, id, detail)
}

/// The part of an address above the folder of the run.
fn root_of<'a>(uri: &'a str, id: &str) -> &'a str {
    let root = uri.split_once(id).map_or(uri, |(root, _)| root);
    if root.is_empty() { uri } else { root }
}

/// Whether the store lies where it was written, and nothing was ever put into the folder beside it
/// in which MLflow keeps the artifacts unless told otherwise. Of a store that was moved or copied,
/// nobody here knows.
fn was_never_made(uri: &str, id: &str, roots: &[Root]) -> bool {
    let (Address::Path(parts), Some(source)) = (Address::parse(uri), roots.first()) else { return false };
    let is_of_machine = strip_scheme(uri, "mlflow-artifacts").is_none() && parts.iter().all(|part| part != "..");
    let Some([above @ .., default, _]) = parts.iter().position(|part| part == id).and_then(|run| parts.get(..run))
    else {
        return false;
    };
    // A path that does not begin at the root may be of any folder.
    let is_whole = is_of_machine && strip_scheme(uri, "file").map_or(uri, after_authority).starts_with('/');
    let parent = Utf8PathBuf::from("/").join(above.join("/"));
    is_whole
        && default == "mlruns"
        && parent.canonicalize_utf8().is_ok_and(|parent| parent == source.path())
        && source.path().join(default).symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound)
}

/// Whether the place is here in which the folder of a run would be, if the run had artifacts: the
/// folder of its experiment, or that of all experiments.
fn is_place_here(uri: &str, id: &str, roots: &[Root]) -> bool {
    let Address::Path(parts) = Address::parse(uri) else { return false };
    let Some(above) = parts.iter().position(|part| part == id).and_then(|run| parts.get(..run)) else { return false };
    let experiments = above.split_last().map(|(_, experiments)| experiments).unwrap_or_default();
    let is_folder =
        |root: &Root, relative: &str| root.resolve(&root.path().join(relative)).is_ok_and(|resolved| resolved.is_dir());
    let of_all = experiments.last().map_or("mlartifacts", String::as_str);
    roots.iter().any(|root| {
        let of_one = above.last().into_iter().flat_map(|experiment| {
            [experiment.clone(), format!("mlruns/{experiment}"), format!("mlartifacts/{experiment}")]
        });
        of_one.chain([of_all.to_owned()]).any(|folder| is_folder(root, &folder))
    })
}

/// An address of MLflow: a path of some machine, or something on a server.
enum Address {
    Path(Vec<String>),
    Remote,
}

impl Address {
    fn parse(uri: &str) -> Self {
        // Only `file:` addresses are URIs; anything else is a path whose `%25` and `#` are
        // themselves.
        if let Some(rest) = strip_scheme(uri, "file") {
            return Self::path(&percent_decode(after_authority(rest)));
        }
        // The tracking server's own scheme: a path under its artifact root.
        if let Some(rest) = strip_scheme(uri, "mlflow-artifacts") {
            return Self::path(after_authority(rest));
        }
        match uri.split_once(':') {
            // `C:\…`
            Some((drive, _)) if drive.len() == 1 => Self::path(uri),
            Some((scheme, _)) if is_scheme(scheme) => Self::Remote,
            _ => Self::path(uri),
        }
    }

    fn path(path: &str) -> Self {
        let windows = path.as_bytes().get(1) == Some(&b':') && !path.contains('/');
        let parts = path.split(|c| c == '/' || (windows && c == '\\'));
        Self::Path(parts.filter(|part| !part.is_empty() && *part != ".").map(str::to_owned).collect())
    }
}

fn strip_scheme<'a>(uri: &'a str, scheme: &str) -> Option<&'a str> {
    let (found, rest) = uri.split_once(':')?;
    found.eq_ignore_ascii_case(scheme).then_some(rest)
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'+' | b'-' | b'.'))
}

/// `//host/path` to `/path`.
fn after_authority(rest: &str) -> &str {
    match rest.strip_prefix("//") {
        Some(rest) => rest.find('/').map_or("", |slash| rest.get(slash..).unwrap_or_default()),
        None => rest,
    }
}

/// Decodes `%41`; text that is no such escape, or decodes to no UTF-8, stays as it is.
fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let escape = || {
            let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
            digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| u8::from_str_radix(digits, 16).ok())?
        };
        if let (b'%', Some(byte)) = (first, escape()) {
            bytes.push(byte);
            rest = tail.get(2..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// The folders in which a source's artifacts may be: the source, then those that the caller allows.
pub(super) fn roots(source: &Root, allowed: &[Utf8PathBuf]) -> Vec<Root> {
    let allowed = allowed.iter().filter_map(|folder| Root::new(Utf8Path::new(folder)).ok());
    std::iter::once(source.clone()).chain(allowed).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::mlflow::run::{ModelEdge, RunInfo};

    #[test]
    fn addresses_of_every_kind() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = Utf8Path::from_path(folder.path()).expect("UTF-8");
        let place = |relative: &str| {
            fs::create_dir_all(path.join(relative)).expect("a folder");
            fs::write(path.join(relative).join("f"), "x").expect("a file");
        };
        place("mlartifacts/1/abc/artifacts");
        place("mlruns/2/def/artifacts");
        place("a b%25/ghi/artifacts");
        place("artifacts");
        fs::create_dir_all(path.join("3/jkl/artifacts")).expect("a folder");
        place("mlartifacts/3/jkl/artifacts");
        let root = Root::new(path).expect("a folder");
        let find = |uri: &str, id: &str| {
            let mut findings = Vec::new();
            let artifacts = locate(uri, id, std::slice::from_ref(&root), &mut findings);
            (artifacts.files.len(), artifacts.place == Place::Remote, findings.len())
        };
        assert_eq!(find("mlflow-artifacts:/1/abc/artifacts", "abc"), (1, false, 0));
        assert_eq!(find("mlflow-artifacts:/3/jkl/artifacts", "jkl"), (1, false, 0));
        assert_eq!(find("mlflow-artifacts://host:80/1/abc/artifacts", "abc"), (1, false, 0));
        assert_eq!(find("/home/ada/lab/mlruns/2/def/artifacts", "def"), (1, false, 0));
        assert_eq!(find("file:///home/ada/mlruns/2/def/artifacts", "def"), (1, false, 0));
        assert_eq!(find("file:./mlruns/2/def/artifacts", "def"), (1, false, 0));
        assert_eq!(find("./mlruns/2/def/artifacts", "def"), (1, false, 0));
        assert_eq!(find("C:\\lab\\mlruns\\2\\def\\artifacts", "def"), (1, false, 0));
        assert_eq!(find("file:///x/a%20b%2525/ghi/artifacts", "ghi"), (1, false, 0));
        assert_eq!(find("/x/a b%25/ghi/artifacts", "ghi"), (1, false, 0));
        assert_eq!(find("/home/ada/other/artifacts", "xyz"), (0, false, 0));
        assert_eq!(find("/home/../mlruns/2/def/artifacts", "def"), (0, false, 1));
        assert_eq!(find("s3://bucket/2/def/artifacts", "def"), (0, true, 0));
        assert_eq!(find("dbfs:/2/def/artifacts", "def"), (0, true, 0));
    }

    /// MLflow makes the folder of a store's artifacts when the first one is logged.
    #[test]
    fn what_was_never_made_is_not_missing() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = Utf8Path::from_path(folder.path()).expect("UTF-8").canonicalize_utf8().expect("it is here");
        let roots = [Root::new(&path).expect("a folder")];
        let run = |uri: &str| {
            let info = RunInfo { run_id: "abc".to_owned(), artifact_uri: Some(uri.to_owned()), ..RunInfo::default() };
            Run { info, artifacts: Artifacts { place: Place::Absent, files: Vec::new() }, ..Run::default() }
        };
        let said = |run: &Run| absent(run, &roots).map(|found| found.detail);
        let here = format!("{path}/mlruns/1/abc/artifacts");
        assert_eq!(said(&run(&here)), None);
        assert_eq!(said(&run(&format!("file://{here}"))), None);
        // Nobody knows of another machine, of another folder, of a server, or of a path without a
        // beginning.
        for uri in [
            "/home/ada/lab/mlruns/1/abc/artifacts",
            &format!("{path}/elsewhere/1/abc/artifacts"),
            &format!("{path}/mlruns/../mlruns/1/abc/artifacts"),
            "mlflow-artifacts:/1/abc/artifacts",
            "./mlruns/1/abc/artifacts",
        ] {
            let said = said(&run(uri)).expect(uri);
            let root = uri.split_once("abc").expect("it names the run").0;
            assert!(said.ends_with(&format!("missing here: {root}")), "{said}");
        }
        // What says that there are artifacts is believed.
        let mut logged = run(&here);
        logged.tags.insert("mlflow.log-model.history".to_owned(), "[]".to_owned());
        assert!(said(&logged).is_some_and(|said| said.ends_with(&here)));
        let mut made = run(&here);
        made.model_outputs.push(ModelEdge { model_id: "m-1".to_owned(), ..ModelEdge::default() });
        assert!(said(&made).is_some());
        assert!(said(&run("s3://bucket/1/abc/artifacts")).is_some());
        assert!(remote("s3://bucket/1/abc/artifacts", "abc").detail.ends_with("not fetched: s3://bucket/1/"));
    }

    #[test]
    fn escapes() {
        assert_eq!(percent_decode("a%20b%2525%zz%4"), "a b%25%zz%4");
        assert_eq!(percent_decode("%ff"), "%ff");
    }
}
