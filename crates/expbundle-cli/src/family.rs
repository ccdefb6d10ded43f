//! Many bundles at once: files, folders, model directories, standard input.

use std::io::{IsTerminal as _, Read as _};

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::Content;
use expbundle::family::check_all;
use expbundle::hash;
use expbundle::verify::{Checked, NotIntact, Unverified};
use expbundle_directory::BUNDLE_NAME;
use expbundle_format::Finding;

use crate::failure::Failure;
use crate::files;
use crate::terminal::{self, Tone, one_line, paint};

/// Bundles that are intact, and what is wrong with the others.
#[derive(Debug)]
pub struct Family<T> {
    /// Each with its path.
    pub members: Vec<(Utf8PathBuf, T)>,
    /// Each with the path of its bundle: why it is not taken.
    pub refused: Vec<Failure>,
}

/// A bundle that was found, and its content if that has no path.
pub type Source = (Utf8PathBuf, Option<Content>);

/// Finds bundles. A folder is searched with all folders below it, links are not followed; `-` is a bundle on standard input.
pub fn find(sources: &[Utf8PathBuf]) -> Result<Vec<Source>, Failure> {
    let mut paths = Vec::new();
    for source in sources {
        if source == "-" {
            paths.push((source.clone(), Some(standard_input()?)));
        } else if source.is_dir() {
            let found = search(source)?;
            if found.is_empty() {
                return Err(Failure::usage("the folder holds no bundle")
                    .at(source.as_str())
                    .help("bundles are files that end in `.expb`; `expbundle convert` makes them"));
            }
            paths.extend(found.into_iter().map(|path| (path, None)));
        } else {
            paths.push((source.clone(), None));
        }
    }
    Ok(paths)
}

/// Checks bundles on all cores, each as a whole or only what a question needs of it.
pub fn gather<T: Send>(
    sources: Vec<Source>,
    check: impl Fn(Unverified) -> Result<Checked<T>, NotIntact> + Sync + Send,
) -> Family<T> {
    let mut family = Family { members: Vec::new(), refused: Vec::new() };
    for (path, result) in check_all(sources, |(path, content)| {
        let result = open(&path, content).and_then(|unverified| {
            let checked = check(unverified).map_err(|wrong| refusal(wrong.into_findings(), &path));
            checked.map(|checked| checked.intact)
        });
        (path, result)
    }) {
        match result {
            Ok(intact) => family.members.push((path, intact)),
            Err(failure) => family.refused.push(failure),
        }
    }
    family
}

fn open(path: &Utf8Path, content: Option<Content>) -> Result<Unverified, Failure> {
    match content {
        Some(content) => Ok(Unverified::new(content)),
        None => files::unverified(path),
    }
}

/// Why a bundle is not taken: the first error among its findings.
pub fn refusal(findings: impl IntoIterator<Item = Finding>, path: &Utf8Path) -> Failure {
    let first = findings.into_iter().find(Finding::is_error);
    let mut finding = first.expect("a bundle that is not intact has an error finding");
    finding.place = finding.place.in_file(path.as_str());
    Failure::from(finding)
}

/// Every bundle below a folder, in the order of paths. What may be one and is not read is named.
fn search(folder: &Utf8Path) -> Result<Vec<Utf8PathBuf>, Failure> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    let mut passed_over = Vec::new();
    while let Some(folder) = folders.pop() {
        let describe = |error: std::io::Error| Failure::io("read the folder", &folder, &error);
        for entry in folder.read_dir().map_err(describe)? {
            let entry = entry.map_err(describe)?;
            let kind = entry.file_type().map_err(describe)?;
            let path = match Utf8PathBuf::from_path_buf(entry.path()) {
                Ok(path) => path,
                Err(path) => {
                    passed_over.push((path, "the name is not UTF-8"));
                    continue;
                }
            };
            let is_bundle = path.file_name() == Some(BUNDLE_NAME) || path.extension() == Some("expb");
            if kind.is_dir() {
                folders.push(path);
            } else if is_bundle && hash::is_file_of(&folder, &path) {
                found.push(path);
            } else if kind.is_symlink() && (is_bundle || path.is_dir()) {
                passed_over.push((path.into_std_path_buf(), "links are not followed"));
            } else if is_bundle {
                passed_over.push((path.into_std_path_buf(), "it is not a regular file"));
            }
        }
    }
    if let Some((first, why)) = passed_over.iter().min() {
        let first = one_line(&first.to_string_lossy());
        let more = match passed_over.len() - 1 {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        let note = paint(Tone::Doubt, "note:");
        terminal::talk(&format!("{note} not read: {first} ({why}){more}\n"));
    }
    found.sort();
    Ok(found)
}

/// A bundle is read from its end as well as from its beginning, so it is kept on disk meanwhile.
fn standard_input() -> Result<Content, Failure> {
    let mut input = std::io::stdin().lock();
    if input.is_terminal() {
        return Err(Failure::usage("`-` stands for a bundle on standard input, and that is a terminal"));
    }
    let mut file = tempfile::tempfile().map_err(|error| Failure::temporary(&error))?;
    std::io::copy(&mut input.by_ref(), &mut file).map_err(|error| Failure::temporary(&error))?;
    Content::file(file).map_err(|error| Failure::temporary(&error))
}
