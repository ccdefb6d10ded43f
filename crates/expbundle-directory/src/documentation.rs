//! What of a folder is not counted: a closed list of paths that no loader reads (spec/directory.md,
//! "What is not counted").
//!
//! A list of what does matter would be open, and wrong tomorrow. Paths are compared byte by byte:
//! `readme.md`, `README.py`, `sub/README.md` and `prompts.md` count. Links count too, whatever
//! their name.

use expbundle::hash::Found;

use crate::BUNDLE_NAME;

/// Files at the top, by their exact names. But for the card, none has an ending by which a loader
/// of data sets takes files: of a folder of texts `LICENSE.txt` is a part of the training data.
const FILES: [&str; 7] =
    [".gitattributes", ".gitignore", "CITATION.cff", "LICENSE", "NOTICE", "README.md", "model.sig"];

/// The folder of git, with all that is in it.
const GIT: &str = ".git";

/// Where the Hub's library keeps its notes on what it fetched, and how the names of these end.
const NOTES: (&str, [&str; 5]) =
    (".cache/huggingface/", [".metadata", ".lock", ".incomplete", "/.gitignore", "/CACHEDIR.TAG"]);

/// Results that the Hub keeps beside a model: `.eval_results/<name>.yaml`.
const RESULTS: &str = ".eval_results/";

/// Whether a regular file, or a folder with all that is in it, is not counted by its name. A card may
/// count by its content.
pub(crate) fn is_not_counted(path: &str, found: Found) -> bool {
    match found {
        Found::Folder => path == GIT,
        // In a work tree of git, `.git` is a file.
        Found::File => path == GIT || path == BUNDLE_NAME || FILES.contains(&path) || is_result(path) || is_note(path),
    }
}

fn is_note(path: &str) -> bool {
    let (folder, ends) = NOTES;
    path.starts_with(folder) && ends.iter().any(|end| path.ends_with(end))
}

/// The card. It is documentation as long as it does not choose what is loaded.
pub const CARD: &str = "README.md";
/// The largest card that is looked into; a larger one counts.
pub const MOST_CARD_BYTES: u64 = 1 << 20;
/// What in the front matter of a card tells a loader of data sets, of pipelines, or an application
/// which files to read. YAML can spell it in other ways only with a backslash.
const CHOICES: [&str; 8] = ["configs", "data_files", "data_dir", "dataset_info", "app_file", "sdk", "prior", "\\"];

/// Whether the front matter of a card may choose files.
pub fn may_choose_files(card: &[u8]) -> bool {
    let start = card.iter().position(u8::is_ascii_graphic).unwrap_or(card.len());
    let Some(block) = card.get(start..).and_then(|text| text.strip_prefix(b"---")) else { return false };
    let block = block.get(..end_of_front_matter(block)).unwrap_or(block);
    CHOICES.iter().any(|word| block.windows(word.len()).any(|part| part == word.as_bytes()))
}

/// Where every reader of front matter has come to its end. Some take a `---` below the first for
/// content if there is nothing between, or only blank lines; and some a CR for no end of a line.
fn end_of_front_matter(block: &[u8]) -> usize {
    // What stands behind the first `---`, in its line, is not content.
    let (mut at, mut number, mut has_content) = (0, 0, false);
    while let Some(rest) = block.get(at..).filter(|rest| !rest.is_empty()) {
        let length = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(rest.len());
        let (line, end) = rest.split_at(length);
        let is_ended = !end.starts_with(b"\r") || end.starts_with(b"\r\n");
        if has_content && line == b"---" && is_ended {
            return at;
        }
        has_content |= number > 0 && !line.trim_ascii().is_empty();
        at += length + if end.starts_with(b"\r\n") { 2 } else { end.len().min(1) };
        number += 1;
    }
    block.len()
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
    fn a_card_that_may_choose_files_is_known() {
        let card = |block: &str| may_choose_files(block.as_bytes());
        for block in [
            "---\nconfigs:\n- data_files: a.csv\n---\n",
            "\n \u{feff}---\r\n\"configs\": []\r\n---\r\n",
            "---\ra: 1\r{data_files: x}\r---\r",
            "---\n\"\\x63onfigs\": []\n---\n",
            "---\nsdk: gradio\n",
            "---\nprior:\n- evil/prior\n---\n",
            "---\ntags: [a]\n--- \napp_file: x\n---\n",
            "---\n---\nconfigs: []\n---\n",
            "---\r\n---\r\nconfigs: []\r\n---\r\n",
            "---\n# a\n---\rconfigs: []\n---\n",
            "---\n\n---\nconfigs: []\n---\n",
            "---\r\n\n\r \n---\nconfigs: []\n---\n",
        ] {
            assert!(card(block), "{block:?}");
        }
        for block in [
            "",
            "# configs\n",
            "---\nlicense: mit\n---\nSee configs and data_files.\n",
            "---\r\nlicense: mit\r\n---\r\nSee configs.\r\n",
            "---\n\nlicense: mit\n---\nSee configs.",
            "---\nlicense: mit\n---",
            "# T\n---\nconfigs: x\n---\n",
        ] {
            assert!(!card(block), "{block:?}");
        }
    }

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
            "LICENSE.md",
            "LICENSE.txt",
            "NOTICE.txt",
            "CHANGELOG.md",
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
            ".cache/huggingface/data.csv",
            ".cache/huggingface/download/model.safetensors",
        ] {
            assert!(!is_not_counted(path, Found::File), "{path}");
        }
        for path in ["download/README.md.metadata", "download/a/b.lock", ".gitignore", "CACHEDIR.TAG"] {
            assert!(is_not_counted(&format!(".cache/huggingface/{path}"), Found::File), "{path}");
        }
        assert!(is_not_counted(".git", Found::Folder));
        for path in [
            ".cache",
            ".cache/huggingface",
            "README.md",
            "sub/.git",
            ".eval_results",
            ".cache/huggingface2",
            BUNDLE_NAME,
        ] {
            assert!(!is_not_counted(path, Found::Folder), "{path}");
        }
    }
}
