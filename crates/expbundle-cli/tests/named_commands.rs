//! What `expbundle-words` tells people to run is there: each command and flag that it names.

use std::collections::BTreeSet;
use std::path::Path;

use crate::support::Bench;
use expbundle_format::Code;

/// All Rust of a folder.
fn sources(folder: &Path) -> String {
    let read = |path: std::path::PathBuf| {
        if path.is_dir() { sources(&path) } else { std::fs::read_to_string(path).expect("a source") }
    };
    std::fs::read_dir(folder).expect("sources").map(|entry| read(entry.expect("an entry").path())).collect()
}

/// The words that stand behind these letters.
fn words_after<'a>(text: &'a str, letters: &str) -> BTreeSet<&'a str> {
    let word = |rest: &'a str| rest.split(|letter: char| !letter.is_ascii_lowercase() && letter != '-').next();
    text.split(letters).skip(1).filter_map(word).filter(|word| !word.is_empty()).collect()
}

#[test]
fn every_command_and_flag_that_is_named_is_there() {
    let text = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../expbundle-words/src"));
    let bench = Bench::new();
    let overview = bench.ok(&["--help"]);
    let list = overview.split("Commands:").nth(1).expect("a list of commands").split("\n\n").next().unwrap_or_default();
    // Lines that go on are indented deeper.
    let entries = list.lines().filter_map(|line| line.strip_prefix("  ").filter(|entry| !entry.starts_with(' ')));
    let commands: BTreeSet<&str> = entries.filter_map(|entry| entry.split_whitespace().next()).collect();
    let named = words_after(&text, "`expbundle ");
    assert!(named.len() > 8 && named.is_subset(&commands), "{named:?}");
    let help: String =
        commands.iter().filter(|name| **name != "help").map(|name| bench.ok(&[name, "--help"])).collect();
    let flags = words_after(&text, "`--");
    assert!(flags.len() > 5 && flags.is_subset(&words_after(&help, "--")), "{flags:?}");
}

#[test]
fn findings_of_the_format_name_no_flag() {
    for code in Code::ALL {
        assert!(!code.help().contains("`--"), "{code}: flags stand in expbundle-words/src/hints.rs");
    }
}
