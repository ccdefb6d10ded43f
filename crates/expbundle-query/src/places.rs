//! What a path means to a command about single bundles.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::Bundle;
use expbundle::hash::list_files;
use expbundle_directory::{BUNDLE_NAME, is_not_counted_in};

use crate::gather::{Found, find};
use crate::{QueryError, Source};

/// The bundles and model folders that a path stands for, in the order of their paths.
///
/// A bundle and a model folder stand for themselves. A folder without a bundle of its own stands
/// for the bundles and model folders in it, at any depth, if it has nothing else: a folder with
/// other files may be a model folder whose bundle was taken away, and no bundle in it speaks for
/// these files, so it stands for itself. So does what cannot be searched, which is for a command to
/// say.
pub fn places(path: &Utf8Path) -> Vec<Utf8PathBuf> {
    bundles_alone_in(path).unwrap_or_else(|| vec![path.to_owned()])
}

/// The bundles at these places as one.
///
/// # Errors
/// One of them cannot be read, or is not intact.
pub fn joined(places: &[Utf8PathBuf]) -> Result<Bundle, QueryError> {
    let mut all = Bundle::new();
    for place in places {
        all.merge(Source::from(place.clone()).intact()?.bundle());
    }
    Ok(all)
}

/// The bundles and model folders in a folder that has nothing else.
fn bundles_alone_in(path: &Utf8Path) -> Option<Vec<Utf8PathBuf>> {
    if !path.is_dir() || path.join(BUNDLE_NAME).symlink_metadata().is_ok() {
        return None;
    }
    let Found { sources, passed_over } = find([Source::from(path.to_owned())]).ok()?;
    let found: BTreeSet<Utf8PathBuf> = sources.into_iter().map(|source| place_of(source.path)).collect();
    let (files, skipped) = list_files(path, &|name, found| is_not_counted_in(path, name, found)).ok()?;
    let is_covered = |file: Utf8PathBuf| file.ancestors().any(|above| found.contains(above));
    let is_bundles_only = passed_over.is_empty()
        && skipped.is_empty()
        && files.iter().all(|file| is_covered(path.join(file.path.to_plain())));
    is_bundles_only.then(|| found.into_iter().collect())
}

/// The model folder that a bundle speaks for, or else the bundle.
fn place_of(bundle: Utf8PathBuf) -> Utf8PathBuf {
    match bundle.parent() {
        Some(folder) if bundle.file_name() == Some(BUNDLE_NAME) => folder.to_owned(),
        _ => bundle,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn folder_of(files: &[&str]) -> (tempfile::TempDir, Utf8PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).expect("UTF-8");
        for file in files {
            let file = path.join(file);
            fs::create_dir_all(file.parent().expect("it has a folder")).expect("a folder");
            fs::write(file, "x").expect("a file");
        }
        (folder, path)
    }

    fn of(files: &[&str]) -> Vec<String> {
        let (_folder, path) = folder_of(files);
        let places = places(&path);
        places.iter().map(|place| place.strip_prefix(&path).expect("it is in the folder").to_string()).collect()
    }

    #[test]
    fn a_folder_of_bundles_stands_for_each_of_them() {
        assert_eq!(
            of(&["b.expb", "a.expb", "README.md", "models/m/experiment.expb", "models/m/model.bin"]),
            ["a.expb", "b.expb", "models/m"]
        );
    }

    #[test]
    fn a_folder_with_files_that_no_bundle_speaks_for_stands_for_itself() {
        for files in [
            &["experiment.expb", "other.expb"][..],
            &["a.expb", "model.safetensors"],
            &["a.expb", "models/m/experiment.expb", "models/model.bin"],
            &["model.safetensors"],
            &[],
        ] {
            assert_eq!(of(files), [""], "{files:?}");
        }
    }

    /// What a card tells a loader to read, no bundle below speaks for.
    #[test]
    fn a_card_that_may_choose_files_is_a_file_that_no_bundle_speaks_for() {
        for card in ["---\nconfigs:\n- data_files: x.csv\n---\n", "---\nsdk: gradio\napp_file: .git/app.py\n---\n"] {
            let (_folder, path) = folder_of(&["below/run.expb", "models/m/experiment.expb", "models/m/model.bin"]);
            fs::write(path.join("README.md"), card).expect("a file");
            assert_eq!(places(&path), [path], "{card}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_a_bundle_is_no_bundle_of_the_folder() {
        let (_folder, path) = folder_of(&["a.expb"]);
        std::os::unix::fs::symlink(path.join("a.expb"), path.join("b.expb")).expect("a link");
        assert_eq!(places(&path), [path]);
    }
}
