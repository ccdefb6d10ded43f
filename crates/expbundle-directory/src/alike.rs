//! Paths that some file systems take for one: equal after Unicode normalization or case folding
//! (spec/directory.md, "Paths").
//!
//! Which of two such files a loader opens depends on the machine, so neither is covered by what is
//! known of the other.

use std::collections::{BTreeSet, HashMap};

use unicode_normalization::UnicodeNormalization as _;

/// The paths among these that another one is alike. Linear in the length of all paths: each name of
/// a path is looked up once.
pub fn alike<'a>(paths: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    // A trie of folded names. A name that is spelled in two ways makes everything at or below it
    // alike.
    let mut nodes: HashMap<(usize, String), Node<'a>> = HashMap::new();
    let mut next = 1;
    let mut walked: Vec<(&str, Vec<usize>)> = Vec::new();
    for path in paths {
        let (mut parent, mut way) = (0, Vec::new());
        for name in path.split('/') {
            let node = nodes.entry((parent, folded(name))).or_insert_with(|| {
                next += 1;
                Node { number: next - 1, spelling: name, is_ambiguous: false }
            });
            node.is_ambiguous |= node.spelling != name;
            parent = node.number;
            way.push(parent);
        }
        walked.push((path, way));
    }
    let ambiguous: BTreeSet<usize> = nodes.values().filter(|node| node.is_ambiguous).map(|node| node.number).collect();
    let is_alike = |way: &[usize]| way.iter().any(|number| ambiguous.contains(number));
    walked.into_iter().filter(|(_, way)| is_alike(way)).map(|(path, _)| path.to_owned()).collect()
}

struct Node<'a> {
    number: usize,
    spelling: &'a str,
    is_ambiguous: bool,
}

/// One form for all spellings that some file system takes for one name.
fn folded(name: &str) -> String {
    // HFS+ skips these characters, as git's protection of `.git` has to know.
    let ignored = |c: &char| matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}');
    let kept: String = name.chars().filter(|c| !ignored(c)).nfd().collect();
    let folded: String = caseless::default_case_fold_str(&kept).nfkc().collect();
    // Windows drops dots and spaces at the end of a name.
    folded.trim_end_matches(['.', ' ']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(paths: &[&str], want: &[&str]) {
        let want: BTreeSet<String> = want.iter().map(|path| (*path).to_owned()).collect();
        assert_eq!(alike(paths.iter().copied()), want);
    }

    #[test]
    fn spellings_of_one_name_are_alike() {
        case(&["a", "b", "a.b", "ab/c", "abc"], &[]);
        case(&["model.bin", "Model.bin", "other"], &["model.bin", "Model.bin"]);
        case(&["mod\u{e9}.bin", "mode\u{301}.bin"], &["mod\u{e9}.bin", "mode\u{301}.bin"]);
        case(&["STRASSE", "stra\u{df}e"], &["STRASSE", "stra\u{df}e"]);
        case(&["\u{212a}", "k"], &["\u{212a}", "k"]);
        case(&["a.", "a"], &["a.", "a"]);
        case(&["x\u{200c}y", "xy"], &["x\u{200c}y", "xy"]);
        // Folders too: on some machines both files lie in one.
        case(&["Sub/a", "sub/b", "c"], &["Sub/a", "sub/b"]);
        case(&["a", "A/b"], &["a", "A/b"]);
    }

    #[test]
    fn deep_paths_take_linear_work() {
        let deep = vec!["a"; 2000].join("/");
        let paths: Vec<String> = (0..200).map(|number| format!("{deep}/{number}")).collect();
        case(&paths.iter().map(String::as_str).collect::<Vec<_>>(), &[]);
    }
}
