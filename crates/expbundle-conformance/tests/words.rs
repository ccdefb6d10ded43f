//! Refuses the worst patterns of docs/words.md in what people read: pages, help, messages,
//! comments.

mod workspace;

use workspace::{metadata, root, text};

/// Words that turn up where a sentence was translated, and what to write instead.
const PATTERNS: &[(&str, &str)] = &[
    ("is let be", "ignored"),
    ("are let be", "ignored"),
    ("in haste", "without optimization"),
    ("takes turns", "serialized"),
    ("/// Which.", "say something, or nothing"),
    ("/// How.", "say something, or nothing"),
    ("/// Where.", "say something, or nothing"),
    ("/// Why not.", "say something, or nothing"),
    ("/// Plain.", "say something, or nothing"),
];

/// What may stand behind "is no".
const NO: &[&str] = &[
    "better",
    "deeper",
    "doubt",
    "earlier",
    "exception",
    "further",
    "larger",
    "later",
    "less",
    "lineage",
    "longer",
    "more",
    "need",
    "one",
    "other",
    "room",
    "smaller",
    "such",
    "way",
];

/// Lines of a page or source that say "x is no y" for "x is not a y".
fn is_no(line: &str) -> bool {
    let mut rest = line;
    while let Some((before, after)) = rest.split_once(" is no ") {
        let word: String = after.chars().take_while(|letter| letter.is_alphabetic()).collect();
        let is_there = ["there", "There", "where"].iter().any(|there| before.ends_with(there));
        if !is_there && !word.is_empty() && !NO.contains(&word.as_str()) {
            return true;
        }
        rest = after;
    }
    false
}

#[test]
fn nothing_reads_as_translated() {
    let mut found = Vec::new();
    let mut look = |place: String, content: &str| {
        for (number, line) in content.lines().enumerate() {
            let hits = PATTERNS.iter().filter(|(bad, _)| line.contains(bad)).map(|(_, good)| *good);
            let hits: Vec<&str> = hits.chain(is_no(line).then_some("is not a …")).collect();
            found.extend(hits.into_iter().map(|good| format!("{place}:{}: {line:?}: better: {good}", number + 1)));
        }
    };
    let mut pages: Vec<String> =
        ["README.md", "SECURITY.md", "ARCHITECTURE.md", "CONTRIBUTING.md"].map(str::to_owned).to_vec();
    for folder in ["spec", "docs", "docs/guide"] {
        let entries = std::fs::read_dir(root().join(folder)).expect("a folder");
        let names = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"));
        // That page has the bad words on purpose.
        pages.extend(
            names
                .filter(|name| name.rsplit_once('.').is_some_and(|(stem, end)| end == "md" && stem != "words"))
                .map(|name| format!("{folder}/{name}")),
        );
    }
    for page in pages {
        look(page.clone(), &text(&page));
    }
    for package in metadata().members() {
        for (path, content) in workspace::sources(&package.name) {
            look(path, &content);
        }
    }
    assert!(found.is_empty(), "see docs/words.md:\n{}", found.join("\n"));
}

#[test]
fn the_patterns_are_found() {
    assert!(is_no("`x` is no name") && is_no("there is no bundle, and it is no name"));
    assert!(!is_no("there is no bundle") && !is_no("it is no longer here"));
}

/// Rustdoc hides lines that begin with `#`; a page shows them, and whoever copies the rest has half a
/// program.
#[test]
fn examples_in_rust_are_whole() {
    let folders = std::fs::read_dir(root().join("crates")).expect("a folder");
    let readmes = folders.map(|entry| entry.expect("an entry").path().join("README.md"));
    let guides = std::fs::read_dir(root().join("docs/guide")).expect("a folder");
    let pages = readmes.chain(guides.map(|entry| entry.expect("an entry").path()));
    let mut examples = 0;
    for page in pages.filter(|page| page.is_file()) {
        let content = std::fs::read_to_string(&page).expect("a page");
        for example in content.split("```rust").skip(1).filter_map(|rest| rest.split("```").next()) {
            examples += 1;
            let hidden = example.lines().find(|line| *line == "#" || line.starts_with("# "));
            assert_eq!(hidden, None, "{}", page.display());
        }
    }
    assert!(examples > 10, "{examples}");
}
