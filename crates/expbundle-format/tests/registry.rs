//! The registry of codes, the pages and the code are one: whatever is in one is in all.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use expbundle_format::Code;
use serde::Deserialize;

#[derive(Deserialize)]
struct Registry {
    codes: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
struct Entry {
    severity: String,
    /// The row of verification.md that decides whether it is reported, or else the heading that
    /// does.
    clause: String,
    /// Where the rule is laid down, if that is another place.
    page: Option<String>,
    help: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn registry() -> Registry {
    toml::from_str(&read(&root().join("spec/codes.toml"))).expect("spec/codes.toml is TOML of this form")
}

fn pages() -> BTreeMap<String, String> {
    let files = std::fs::read_dir(root().join("spec")).expect("spec/ is here");
    let pages = files
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|end| end == "md"));
    pages.map(|path| (path.file_name().expect("a file").to_string_lossy().into_owned(), read(&path))).collect()
}

/// What stands between `[` and `]` and looks like a code.
fn codes(text: &str) -> BTreeSet<&str> {
    let layers: BTreeSet<&str> = Code::ALL.iter().filter_map(|code| Some(code.as_str().split_once('.')?.0)).collect();
    let inside = text.split('[').skip(1).filter_map(|rest| Some(rest.split_once(']')?.0));
    inside
        .filter(|inside| {
            inside.split_once('.').is_some_and(|(layer, rest)| layers.contains(layer) && !rest.starts_with("md"))
        })
        .collect()
}

#[test]
fn the_registry_is_that_of_the_code() {
    let registry = registry();
    let listed: Vec<&str> = registry.codes.keys().map(String::as_str).collect();
    let mut known: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    known.sort_unstable();
    assert_eq!(listed, known);
    for code in Code::ALL {
        let entry = &registry.codes[code.as_str()];
        assert_eq!(
            (entry.severity.as_str(), entry.help.as_str()),
            (code.severity().to_string().as_str(), code.help()),
            "{code}"
        );
    }
}

#[test]
fn the_clause_of_each_code_names_it() {
    let pages = pages();
    for (code, entry) in registry().codes {
        for clause in entry.page.iter().chain([&entry.clause]) {
            let (name, anchor) = clause.split_once('#').unwrap_or((clause, ""));
            let page = pages.get(name).unwrap_or_else(|| panic!("{code}: there is no page {name}"));
            let named = |text: &str| codes(text).contains(code.as_str()) || text.contains(&format!("`{code}`"));
            if let Some(row) = row(page, anchor) {
                assert!(codes(row).contains(code.as_str()), "{code}: row {anchor} of {name} does not have [{code}]");
                continue;
            }
            let part = part(page, anchor).unwrap_or_else(|| panic!("{code}: {name} has no heading {anchor}"));
            assert!(named(&part), "{code}: {name}, {anchor} does not have [{code}]");
        }
    }
}

/// The row of a table that has this anchor.
fn row<'p>(page: &'p str, anchor: &str) -> Option<&'p str> {
    page.lines().find(|line| !anchor.is_empty() && line.contains(&format!("<a id=\"{anchor}\"></a>")))
}

/// What stands below the heading of this anchor; the whole page if there is no anchor.
fn part(page: &str, anchor: &str) -> Option<String> {
    if anchor.is_empty() {
        return Some(page.to_owned());
    }
    let level = |line: &str| line.bytes().take_while(|byte| *byte == b'#').count();
    let anchor_of = |line: &str| {
        line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-").replace([',', ':', '`', '.', '?'], "")
    };
    let mut lines = page.lines().skip_while(|line| level(line) == 0 || anchor_of(line) != anchor);
    let heading = lines.next()?;
    let below = lines.take_while(|line| level(line) == 0 || level(line) > level(heading));
    Some(below.collect::<Vec<_>>().join("\n"))
}

#[test]
fn every_row_of_the_algorithm_has_its_anchor() {
    let pages = pages();
    let (verification, _) = pages["verification.md"].split_once("## Worked bytes").expect("it ends with an example");
    let number = |line: &str| {
        let number = line.strip_prefix("| ")?.split(' ').next()?.to_owned();
        number.starts_with(|c: char| c.is_ascii_digit()).then_some(number)
    };
    let rows: Vec<(String, &str)> =
        verification.lines().filter_map(|line| Some((number(line).filter(|text| text.contains('.'))?, line))).collect();
    assert!(rows.len() > 60, "{} rows", rows.len());
    for (number, line) in &rows {
        assert!(line.contains(&format!("<a id=\"{number}\"></a>")), "{line}");
    }
    let numbers: BTreeSet<&String> = rows.iter().map(|(number, _)| number).collect();
    assert_eq!(numbers.len(), rows.len(), "two rows have one number");
}

#[test]
fn every_must_has_a_code_and_every_code_on_a_page_exists() {
    for (name, page) in pages() {
        for code in codes(&page) {
            assert!(code.parse::<Code>().is_ok(), "{name}: [{code}] is not a code");
        }
        if name == "README.md" {
            continue;
        }
        for paragraph in page.split("\n\n").flat_map(|paragraph| paragraph.split("\n- ")) {
            let paragraph = &paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
            // The table of rules on JSON stands below its MUST; rules of writers have no code.
            let has_code = !codes(paragraph).is_empty()
                || paragraph.contains("one of these rules")
                || paragraph.contains("a reader does not check");
            assert!(!paragraph.contains("MUST") || has_code, "{name}: {paragraph}");
        }
    }
}

#[test]
fn every_refusal_has_its_step_in_the_algorithm() {
    let verification = &pages()["verification.md"];
    let algorithm = verification.split_once("## The algorithm").and_then(|(_, rest)| rest.split_once("\n## "));
    let (algorithm, _) = algorithm.expect("it is there, and something follows");
    let steps = codes(algorithm);
    // Said by tools that convert or withhold, not by a verifier.
    let elsewhere = |code: &Code| code.as_str().starts_with("source.") || *code == Code::SectionUnblinded;
    for code in Code::ALL {
        assert_eq!(steps.contains(code.as_str()), !elsewhere(code), "{code}");
    }
    for row in algorithm.lines().filter(|line| line.starts_with("| ") && line.as_bytes()[2].is_ascii_digit()) {
        assert!(!codes(row).is_empty() || row.contains("as 3.3"), "{row}");
    }
}

/// Every Rust file of the crates.
fn sources() -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, sources: &mut Vec<(PathBuf, String)>) {
        for entry in std::fs::read_dir(folder).expect("readable") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                walk(&path, sources);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let source = read(&path);
                sources.push((path, source));
            }
        }
    }
    let mut sources = Vec::new();
    walk(&root().join("crates"), &mut sources);
    sources
}

/// What of the sources are tests.
fn tests() -> String {
    let of_file = |(path, source): (PathBuf, String)| {
        let in_tests =
            path.components().any(|part| part.as_os_str() == "tests") || path.to_string_lossy().ends_with("tests.rs");
        if in_tests { Some(source) } else { Some(source.split_once("#[cfg(test)]")?.1.to_owned()) }
    };
    sources().into_iter().filter_map(of_file).collect()
}

#[test]
fn every_clause_that_the_sources_name_exists() {
    let pages = pages();
    for (path, source) in sources() {
        let path = path.display();
        // A reference may go on in the next line of a comment.
        let text = source.replace("\n//!", "").replace("\n///", "").replace("\n    ///", "");
        for reference in text.split("(spec/").skip(1) {
            let Some((page, rest)) = reference.split_once(".md") else { continue };
            if !page.bytes().all(|c| c.is_ascii_lowercase() || c == b'-') {
                continue;
            }
            let page = pages.get(&format!("{page}.md")).unwrap_or_else(|| panic!("{path}: there is no page {page}"));
            let heading = rest.strip_prefix(", \"").and_then(|rest| rest.split_once('"'));
            let Some((heading, _)) = heading else { continue };
            let stands = |line: &str| line.starts_with('#') && line.trim_start_matches('#').trim() == heading;
            assert!(page.lines().any(stands), "{path}: the page has no heading {heading}");
        }
    }
}

#[test]
fn every_code_is_provoked_by_a_test() {
    let tests = tests();
    let missing: Vec<String> = Code::ALL
        .iter()
        .filter(|code| {
            let variant = format!("Code::{code:?}");
            let as_variant = tests
                .match_indices(&variant)
                .any(|(at, _)| !tests[at + variant.len()..].starts_with(|c: char| c.is_alphanumeric()));
            // Readers of trackers have the same codes under a type of their own.
            let of_reader = format!("{code:?}")
                .strip_prefix("Source")
                .is_some_and(|name| tests.contains(&format!("SourceCode::{name}")));
            !as_variant
                && !of_reader
                && !tests.contains(&format!("\"{code}\""))
                && !tests.contains(&format!("[{code}]"))
        })
        .map(ToString::to_string)
        .collect();
    assert!(missing.is_empty(), "no test speaks of {missing:?}");
}

/// Ids of the conformance cases in which each code is expected.
fn cases() -> BTreeMap<String, Vec<String>> {
    let mut cases: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut files = Vec::new();
    for layer in std::fs::read_dir(root().join("conformance/cases")).expect("readable") {
        let layer = layer.expect("readable").path();
        files.extend(std::fs::read_dir(&layer).expect("readable").map(|entry| entry.expect("readable").path()));
    }
    files.retain(|path| path.extension().is_some_and(|end| end == "json"));
    files.sort();
    for path in files {
        let case: serde_json::Value = serde_json::from_str(&read(&path)).expect("JSON");
        let layer = path.parent().and_then(Path::file_name).expect("in a layer").to_string_lossy();
        let id = format!("{layer}/{}", path.file_stem().expect("a file").to_string_lossy());
        for list in ["errors", "also"] {
            for code in case["expect"][list].as_array().expect("a list") {
                cases.entry(code.as_str().expect("a code").to_owned()).or_default().push(id.clone());
            }
        }
    }
    cases
}

/// `UPDATE_MANUAL=1 cargo test -p expbundle-format manual` writes it anew.
#[test]
fn the_manual_has_a_line_for_each_code() {
    const SHOWN: usize = 3;
    let mut text =
        "# Finding codes\n\nWhat each code means for you. Written from `spec/codes.toml` and the conformance cases.\n"
            .to_owned();
    let cases = cases();
    let mut layer = "";
    let registry = registry();
    for (code, entry) in &registry.codes {
        let (own, _) = code.split_once('.').expect("layer and word");
        if own != layer {
            layer = own;
            text += &format!(
                "\n## {layer}\n\n| code | severity | what to do | decided by | cases |\n| --- | --- | --- | --- | --- |\n"
            );
        }
        let link = |clause: &str| {
            let (page, anchor) = clause.split_once('#').unwrap_or((clause, ""));
            let is_row = anchor.starts_with(|c: char| c.is_ascii_digit()) && anchor.contains('.');
            format!("[{}](../spec/{clause})", if is_row { anchor } else { page })
        };
        let decided: Vec<String> =
            [Some(&entry.clause), entry.page.as_ref()].into_iter().flatten().map(|c| link(c)).collect();
        let of_code = cases.get(code).map(Vec::as_slice).unwrap_or_default();
        let shown: Vec<String> = of_code.iter().take(SHOWN).map(|id| format!("`{id}`")).collect();
        let more = of_code.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let shown = if shown.is_empty() { "none".to_owned() } else { shown.join(", ") };
        let help = entry.help.replace('|', "\\|");
        text += &format!("| `{code}` | {} | {help} | {} | {shown}{more} |\n", entry.severity, decided.join(", "));
    }
    let path = root().join("docs/codes.md");
    if std::env::var_os("UPDATE_MANUAL").is_some() {
        std::fs::write(&path, &text).expect("room");
    }
    assert_eq!(read(&path), text, "run `UPDATE_MANUAL=1 cargo test -p expbundle-format manual`");
}
