//! Paths that some file systems or people take for one: equal after Unicode normalization or case
//! folding, or but for characters of which nothing is to be seen (spec/directory.md, "Paths").
//!
//! Which of two such files a loader opens depends on the machine, so neither is covered by what is
//! known of the other.

use std::collections::{BTreeSet, HashMap};

use expbundle_format::foreign::is_ignorable;
use unicode_normalization::UnicodeNormalization as _;

use crate::assigned::ASSIGNED;

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
    // HFS+ skips some of these characters, as git's protection of `.git` has to know; of the others
    // nothing is to be seen either.
    let is_dropped = |c: &char| is_ignorable(*c) || matches!(c, '\u{2028}'..='\u{2029}');
    let kept: Vec<char> = name.chars().filter(|c| !is_dropped(c)).collect();
    let mut folded = String::with_capacity(name.len());
    // Every table knows the letters of one version of Unicode; what came later stays as it is.
    for run in kept.chunk_by(|one, next| is_assigned(*one) == is_assigned(*next)) {
        if run.first().is_some_and(|c| is_assigned(*c)) {
            let decomposed: String = run.iter().copied().nfd().collect();
            folded.extend(caseless::default_case_fold_str(&decomposed).nfkc());
        } else {
            folded.extend(run);
        }
    }
    // Windows drops dots and spaces at the end of a name.
    folded.trim_end_matches(['.', ' ']).to_owned()
}

/// Whether Unicode 14.0 has a character.
fn is_assigned(c: char) -> bool {
    let code = u32::from(c);
    let at = ASSIGNED.partition_point(|(first, _)| *first <= code);
    at.checked_sub(1).and_then(|at| ASSIGNED.get(at)).is_some_and(|(_, last)| code <= *last)
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
        // A blank of another width is a blank.
        case(&["a\u{202f}b", "a b", "ab"], &["a\u{202f}b", "a b"]);
        // Folders too: on some machines both files lie in one.
        case(&["Sub/a", "sub/b", "c"], &["Sub/a", "sub/b"]);
        case(&["a", "A/b"], &["a", "A/b"]);
    }

    #[test]
    fn names_that_differ_in_what_is_not_seen_are_alike() {
        let unseen = "\u{ad}\u{34f}\u{61c}\u{115f}\u{1160}\u{17b4}\u{17b5}\u{180b}\u{180e}\u{180f}\u{200b}\u{200f}\u{2028}\u{2029}\u{202a}\u{202e}\
                      \u{2060}\u{2065}\u{206f}\u{3164}\u{fe00}\u{fe0f}\u{feff}\u{ffa0}\u{fff0}\u{1bca3}\u{1d17a}\u{e0000}\u{e0041}\u{e01ef}\u{e0fff}";
        for letter in unseen.chars() {
            let name = format!("mo{letter}del.bin");
            case(&[&name, "model.bin", "b"], &[&name, "model.bin"]);
        }
    }

    #[test]
    fn letters_of_one_version_of_unicode_are_folded() {
        case(&["\u{a7c0}", "\u{a7c1}"], &["\u{a7c0}", "\u{a7c1}"]);
        // Of version 16, and of a later one than any table has.
        case(&["\u{1c89}", "\u{1c8a}", "\u{a7cb}", "\u{264}", "\u{10d50}", "\u{10d70}"], &[]);
        // What is before and behind such a letter is.
        case(&["A\u{1c89}E\u{301}", "a\u{1c89}\u{e9}"], &["A\u{1c89}E\u{301}", "a\u{1c89}\u{e9}"]);
    }

    /// By the tables of Python, which another verifier uses.
    #[test]
    fn names_are_folded_as_others_fold_them() {
        let mut all = String::new();
        for c in (0..0x20000).chain(0x2f800..0x2fa20).filter_map(char::from_u32) {
            all += &folded(&format!("A{c}\u{301}{c}"));
            all.push('\n');
        }
        let digest = expbundle_format::Sha256::of(all.as_bytes()).to_string();
        assert_eq!(
            digest,
            crate::assigned::FOLDED,
            "after an update of a table: `python3 conformance/unicode_table.py`"
        );
        let text = include_str!("../../../conformance/reference/assigned.txt");
        let listed: Vec<String> = ASSIGNED.iter().map(|(first, last)| format!("{first:04X}-{last:04X}")).collect();
        assert!(text.split_whitespace().eq(listed.iter().map(String::as_str)));
    }

    #[test]
    fn deep_paths_take_linear_work() {
        let deep = vec!["a"; 2000].join("/");
        let paths: Vec<String> = (0..200).map(|number| format!("{deep}/{number}")).collect();
        case(&paths.iter().map(String::as_str).collect::<Vec<_>>(), &[]);
    }
}
