//! What of a folder is not counted: a closed list of paths that no loader reads (spec/directory.md, "What is not counted").
//!
//! A list of what does matter would be open, and wrong tomorrow. Paths are compared byte by byte: `readme.md`, `README.py`, `sub/README.md`
//! and `prompts.md` count. Links count too, whatever their name.

use super::BUNDLE_NAME;
use crate::hash::Found;

/// Files at the top, by their exact names.
const FILES: [&str; 12] = [
    ".gitattributes",
    ".gitignore",
    "CHANGELOG.md",
    "CITATION.cff",
    "LICENSE",
    "LICENSE.md",
    "LICENSE.txt",
    "NOTICE",
    "NOTICE.md",
    "NOTICE.txt",
    "README.md",
    "model.sig",
];

/// Folders of tools, with all that is in them.
const FOLDERS: [&str; 2] = [".git", ".cache/huggingface"];

/// Results that the Hub keeps beside a model: `.eval_results/<name>.yaml`.
const RESULTS: &str = ".eval_results/";

/// Whether a regular file, or a folder with all that is in it, is not counted.
pub fn is_not_counted(path: &str, found: Found) -> bool {
    match found {
        Found::Folder => FOLDERS.contains(&path),
        // In a work tree of git, `.git` is a file.
        Found::File => path == ".git" || path == BUNDLE_NAME || FILES.contains(&path) || is_result(path),
    }
}

fn is_result(path: &str) -> bool {
    path.strip_prefix(RESULTS)
        .and_then(|name| name.strip_suffix(".yaml"))
        .is_some_and(|name| !name.is_empty() && !name.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_exact() {
        for path in ["README.md", ".gitattributes", "LICENSE", "model.sig", ".git", ".eval_results/a.yaml", BUNDLE_NAME]
        {
            assert!(is_not_counted(path, Found::File), "{path}");
        }
        for path in [
            "README.py",
            "readme.md",
            "README.MD",
            "README.md/x.py",
            "sub/README.md",
            "LICENSE.safetensors",
            "LICENSE.py",
            "license",
            "prompts.md",
            ".gitmodules",
            ".GIT",
            ".git/hooks/x",
            "sub/.git",
            "model.sig.py",
            "x.sig",
            ".eval_results/a.py",
            ".eval_results/a/b.yaml",
            ".eval_results/.yaml",
            "x/.eval_results/a.yaml",
            "other.expb",
            "sub/experiment.expb",
            ".cache/huggingface",
        ] {
            assert!(!is_not_counted(path, Found::File), "{path}");
        }
        assert!(is_not_counted(".git", Found::Folder) && is_not_counted(".cache/huggingface", Found::Folder));
        for path in [".cache", "README.md", "sub/.git", ".eval_results", ".cache/huggingface2", BUNDLE_NAME] {
            assert!(!is_not_counted(path, Found::Folder), "{path}");
        }
    }
}
