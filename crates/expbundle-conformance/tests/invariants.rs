//! Keeps the table "What is absent" of ARCHITECTURE.md, by `cargo metadata` and by reading the
//! sources.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

mod workspace;

use workspace::{Line, metadata, root, source_lines, text};

/// What a crate never has, as its row of the table says.
struct Invariant {
    crate_name: &'static str,
    /// Crates that are nowhere below it.
    never_depends_on: &'static [&'static [&'static str]],
    /// Crates that its manifest does not name. For what some dependency has for reasons of its own
    /// (a temporary file's random name).
    never_names: &'static [&'static [&'static str]],
    /// Words that its program text does not have.
    never_says: &'static [&'static [&'static str]],
}

const INVARIANTS: &[Invariant] = &[
    Invariant {
        crate_name: "expbundle-format",
        never_depends_on: &[OURS, SIGNATURES, PARQUET, TERMINAL, ASYNC, NETWORK, RANDOMNESS, FILES],
        never_names: &[],
        never_says: &[CLOCK, ENVIRONMENT, HOST_FILES, SOCKETS, RANDOM_WORDS],
    },
    Invariant {
        crate_name: "expbundle-statement",
        never_depends_on: &[
            &["expbundle-lineage", "expbundle", "expbundle-series"],
            PARQUET,
            TERMINAL,
            ASYNC,
            NETWORK,
            FILES,
        ],
        never_names: &[RANDOMNESS],
        never_says: &[CLOCK, ENVIRONMENT, HOST_FILES, SOCKETS, &["container::"], &["OsRng", "thread_rng"]],
    },
    Invariant {
        crate_name: "expbundle-lineage",
        never_depends_on: &[
            &["expbundle-statement", "expbundle"],
            SIGNATURES,
            PARQUET,
            TERMINAL,
            ASYNC,
            NETWORK,
            RANDOMNESS,
            FILES,
        ],
        never_names: &[],
        never_says: &[CLOCK, ENVIRONMENT, HOST_FILES, SOCKETS, RANDOM_WORDS, &["std::io", "container::"]],
    },
    Invariant {
        crate_name: "expbundle-draw",
        never_depends_on: &[
            &["expbundle-statement", "expbundle"],
            SIGNATURES,
            PARQUET,
            TERMINAL,
            ASYNC,
            NETWORK,
            RANDOMNESS,
            FILES,
        ],
        never_names: &[],
        never_says: &[CLOCK, ENVIRONMENT, HOST_FILES, SOCKETS, RANDOM_WORDS, &["std::io", "container::"]],
    },
    Invariant {
        crate_name: "expbundle-series",
        never_depends_on: &[OURS, SIGNATURES, TERMINAL, ASYNC, NETWORK],
        never_names: &[RANDOMNESS],
        never_says: &[CLOCK, ENVIRONMENT, SOCKETS],
    },
    Invariant {
        crate_name: "expbundle-trackers",
        never_depends_on: &[OURS, SIGNATURES, TERMINAL, ASYNC, NETWORK],
        never_names: &[RANDOMNESS],
        never_says: &[CLOCK, ENVIRONMENT, SOCKETS],
    },
    Invariant {
        crate_name: "expbundle-http",
        never_depends_on: &[TERMINAL, ASYNC, HOST_NAME, &["expbundle", "expbundle-convert"]],
        never_names: &[RANDOMNESS],
        never_says: &[CLOCK, ENVIRONMENT, PRINTING],
    },
    Invariant {
        crate_name: "expbundle-convert",
        never_depends_on: &[TERMINAL, ASYNC, NETWORK, HOST_NAME],
        never_names: &[RANDOMNESS, SIGNATURES, &["expbundle-statement"]],
        never_says: &[CLOCK, ENVIRONMENT, SOCKETS, RANDOM_WORDS],
    },
    Invariant {
        crate_name: "expbundle-run",
        never_depends_on: &[TERMINAL, ASYNC, NETWORK, HOST_NAME],
        never_names: &[RANDOMNESS, SIGNATURES],
        never_says: &[CLOCK, ENVIRONMENT, SOCKETS, RANDOM_WORDS],
    },
    Invariant {
        crate_name: "expbundle",
        // A digest check decodes no Parquet: verify does not even have the means.
        never_depends_on: &[
            PARQUET,
            TERMINAL,
            ASYNC,
            NETWORK,
            HOST_NAME,
            CARDS,
            &["expbundle-directory", "expbundle-series", "expbundle-trackers"],
        ],
        never_names: &[RANDOMNESS],
        never_says: &[CLOCK, ENVIRONMENT, SOCKETS, PRINTING],
    },
    Invariant {
        crate_name: "expbundle-directory",
        never_depends_on: &[PARQUET, TERMINAL, ASYNC, NETWORK, HOST_NAME, &["expbundle-series", "expbundle-trackers"]],
        never_names: &[RANDOMNESS],
        never_says: &[CLOCK, ENVIRONMENT, SOCKETS, PRINTING],
    },
    Invariant {
        crate_name: "expbundle-query",
        never_depends_on: &[PARQUET, TERMINAL, ASYNC, NETWORK, HOST_NAME, &["expbundle-series", "expbundle-trackers"]],
        never_names: &[RANDOMNESS],
        never_says: &[CLOCK, ENVIRONMENT, SOCKETS, PRINTING],
    },
    Invariant {
        crate_name: "expbundle-words",
        never_depends_on: &[TERMINAL, ASYNC, NETWORK, HOST_NAME],
        never_names: &[RANDOMNESS, SIGNATURES],
        never_says: &[CLOCK, ENVIRONMENT, SOCKETS, PRINTING, &["std::fs", "File::"]],
    },
    Invariant {
        crate_name: "expbundle-c",
        never_depends_on: &[TERMINAL, ASYNC, NETWORK, HOST_NAME],
        never_names: &[RANDOMNESS, SIGNATURES],
        never_says: &[CLOCK, &["std::env", "env::var", "Command::new"], SOCKETS, RANDOM_WORDS, PRINTING],
    },
    Invariant {
        crate_name: "expbundle-conformance",
        never_depends_on: &[OURS, SIGNATURES, PARQUET, ASYNC, NETWORK],
        never_names: &[],
        never_says: &[],
    },
];

/// What reads model cards and compares their names.
const CARDS: &[&str] = &["caseless", "serde-saphyr", "unicode-normalization"];
const OURS: &[&str] = &[
    "expbundle",
    "expbundle-cli",
    "expbundle-convert",
    "expbundle-directory",
    "expbundle-draw",
    "expbundle-format",
    "expbundle-http",
    "expbundle-lineage",
    "expbundle-query",
    "expbundle-run",
    "expbundle-series",
    "expbundle-statement",
    "expbundle-trackers",
    "expbundle-words",
];
const SIGNATURES: &[&str] =
    &["curve25519-dalek", "ecdsa", "ed25519", "ed25519-dalek", "pkcs8", "ring", "rsa", "signature", "ssh-key"];
const PARQUET: &[&str] = &["arrow", "arrow-array", "parquet", "polars"];
const TERMINAL: &[&str] =
    &["anstream", "clap", "clap_builder", "comfy-table", "console", "crossterm", "indicatif", "miette", "rpassword"];
const ASYNC: &[&str] = &["async-std", "futures-executor", "mio", "smol", "tokio"];
const NETWORK: &[&str] = &["curl", "hyper", "native-tls", "openssl", "reqwest", "rustls", "socket2", "ureq", "url"];
const RANDOMNESS: &[&str] = &["fastrand", "getrandom", "nanoid", "rand", "rand_chacha", "rand_core", "ulid", "uuid"];
const HOST_NAME: &[&str] = &["gethostname", "hostname", "sysinfo", "uname", "users", "whoami"];
const FILES: &[&str] = &["camino", "dirs", "tempfile", "walkdir"];

const CLOCK: &[&str] = &["SystemTime::now", "Instant::now", "Timestamp::now", "Zoned::now", "Utc::now", "Local::now"];
const ENVIRONMENT: &[&str] = &["std::env", "env::var", "env!(", "std::process", "Command::new"];
const HOST_FILES: &[&str] = &["std::fs", "std::path", "File::", "PathBuf", "camino"];
const SOCKETS: &[&str] = &["std::net", "TcpStream", "UdpSocket"];
const RANDOM_WORDS: &[&str] = &["getrandom", "OsRng", "thread_rng", "rand::", "RandomState"];
const UNSAFE: &[&str] = &["unsafe {", "unsafe fn", "unsafe impl", "allow(unsafe_code"];
/// What a killed process leaves. A `tempfile()` has no name, and goes with the process.
const LEFT_BEHIND: &[&str] = &["TempDir", "tempdir", "NamedTempFile", "TempPath", "tempfile_in", "temp_dir"];
const PRINTING: &[&str] = &[
    "println!",
    "print!",
    "eprintln!",
    "eprint!",
    "io::stdout",
    "io::stderr",
    "process::exit",
    "ExitCode",
    "IsTerminal",
];

#[test]
fn crates_are_without_what_they_shall_not_have() {
    let mut broken = Vec::new();
    for invariant in INVARIANTS {
        let name = invariant.crate_name;
        let below = metadata().closure(name);
        for never in invariant.never_depends_on.iter().copied().flatten().filter(|never| **never != name) {
            if below.contains(never) {
                broken.push(format!("{name} depends on {never}"));
            }
        }
        let dependencies = &metadata().member(name).dependencies;
        for never in invariant.never_names.iter().copied().flatten() {
            if dependencies.iter().any(|dependency| dependency.name == *never && dependency.kind.is_none()) {
                broken.push(format!("{name} names {never} in its manifest"));
            }
        }
    }
    assert!(broken.is_empty(), "see ARCHITECTURE.md, What is absent: {broken:#?}");
}

#[test]
fn sources_are_without_what_they_shall_not_say() {
    let mut broken = Vec::new();
    for invariant in INVARIANTS {
        let lines = source_lines(invariant.crate_name);
        for never in invariant.never_says.iter().copied().flatten() {
            broken.extend(saying(&lines, never));
        }
    }
    assert!(broken.is_empty(), "see ARCHITECTURE.md, What is absent: {broken:#?}");
}

/// Where a file is mapped, with the argument why that is safe.
const MAPPING: &str = "crates/expbundle/src/hash/mapped.rs:";

/// Where a table of another package is taken over: Arrow's interface between packages is a pointer.
const ARROW: &str = "bindings/python/src/arrow.rs:";

/// Printing is the program's, in every library crate; unsafe code is nobody's but where files are
/// mapped or Arrow's pointer is followed, and that of the ABI for C, which follows pointers.
#[test]
fn libraries_do_not_print_and_nobody_is_unsafe() {
    let mut broken = Vec::new();
    for package in metadata().members() {
        let lines = source_lines(&package.name);
        if !["expbundle-cli", "expbundle-conformance", "expbundle-fuzz"].contains(&package.name.as_str()) {
            broken.extend(PRINTING.iter().flat_map(|printing| saying(&lines, printing)));
        }
        let is_unsafe = UNSAFE.iter().flat_map(|word| saying(&lines, word));
        let may_be = |place: &String| {
            package.name == "expbundle-c" || [MAPPING, ARROW].iter().any(|file| place.starts_with(file))
        };
        broken.extend(is_unsafe.filter(|place| !may_be(place)));
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// What is written beside its place or among temporary files is removed by the next command if this
/// one is killed. Only these two modules give it the names by which that is known.
#[test]
fn libraries_leave_nothing_behind_that_nobody_removes() {
    let homes = ["crates/expbundle/src/write_file.rs:", "crates/expbundle-trackers/src/scratch.rs:"];
    let exempt = ["expbundle-cli", "expbundle-conformance", "expbundle-fuzz"];
    let (mut elsewhere, mut at_home) = (Vec::new(), 0);
    for package in metadata().members().filter(|package| !exempt.contains(&package.name.as_str())) {
        let lines = source_lines(&package.name);
        for place in LEFT_BEHIND.iter().flat_map(|word| saying(&lines, word)) {
            if homes.iter().any(|home| place.starts_with(home)) { at_home += 1 } else { elsewhere.push(place) }
        }
    }
    assert!(elsewhere.is_empty() && at_home > 0, "use `PreparedFile`, `PreparedFolder` or `Scratch`: {elsewhere:#?}");
}

/// The scans above would pass on anything if they read nothing, so they are tried on a file where
/// they must find something.
#[test]
fn the_scans_find_what_is_there() {
    let program = source_lines("expbundle-cli");
    assert!(!saying(&program, "Timestamp::now").is_empty(), "the program is where the clock is read");
    assert!(saying(&source_lines("expbundle-format"), "mod tests {").is_empty(), "tests are no program text");
    let below = metadata().closure("expbundle-cli");
    assert!(below.contains("clap") && below.contains("expbundle-format") && below.contains("curve25519-dalek"));
    assert!(!below.contains("proptest"), "what only tests need is not below");
}

/// The program is arguments, words and colours: what it knows beyond that would be nobody else's.
#[test]
fn the_program_stays_small() {
    let mut lines = 0;
    for path in rust_files(&root().join("crates/expbundle-cli/src")) {
        let count = fs::read_to_string(&path).expect("a source").lines().count();
        assert!(count <= 300, "{} has {count} lines", path.display());
        lines += count;
    }
    assert!((1..=4000).contains(&lines), "the program has {lines} lines; move what others could use to a library");
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let files = files.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    folders.iter().flat_map(|folder| rust_files(folder)).chain(files).collect()
}

#[test]
fn folders_are_named_after_their_crates() {
    let folders: BTreeSet<String> = fs::read_dir(root().join("crates"))
        .expect("the crates")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
        .collect();
    let members = metadata().members().map(|package| package.name.clone());
    let members: BTreeSet<String> = members.filter(|name| folder_of(name).starts_with("crates/")).collect();
    assert_eq!(folders, members);
}

/// Where a crate is. Those for other languages lie where people look for bindings.
fn folder_of(name: &str) -> String {
    match name {
        "expbundle-c" => "bindings/c".to_owned(),
        "expbundle-python" => "bindings/python".to_owned(),
        _ => format!("crates/{name}"),
    }
}

#[test]
fn every_crate_has_the_lints_of_the_workspace() {
    for package in metadata().members() {
        let manifest = text(&format!("{}/Cargo.toml", folder_of(&package.name)));
        assert!(manifest.contains("[lints]\nworkspace = true"), "{}", package.name);
    }
}

/// Where cargo does not look for test programs by itself, a file that none of them has would never
/// be compiled.
#[test]
fn every_file_of_tests_belongs_to_a_test_program() {
    let mut forgotten = Vec::new();
    for package in metadata().members() {
        let folder = package.folder();
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).expect("a manifest");
        if !manifest.contains("\nautotests = false\n") {
            continue;
        }
        let paths = fs::read_dir(folder.join("tests")).expect("tests").map(|entry| entry.expect("an entry").path());
        let files: Vec<_> = paths.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect();
        let name = |path: &Path| path.file_stem().expect("a name").to_string_lossy().into_owned();
        let is_program = |path: &Path| manifest.contains(&format!("[[test]]\nname = \"{}\"\n", name(path)));
        let (programs, parts): (Vec<_>, Vec<_>) = files.into_iter().partition(|path| is_program(path));
        let programs: String = programs.iter().map(|path| fs::read_to_string(path).expect("a source")).collect();
        let is_in = |path: &Path| programs.lines().any(|line| line == format!("mod {};", name(path)));
        forgotten.extend(parts.into_iter().filter(|path| !is_in(path)));
    }
    assert!(forgotten.is_empty(), "a line `mod NAME;` in the test program: {forgotten:#?}");
}

#[test]
fn the_architecture_page_has_every_crate_and_every_invariant() {
    let page = text("ARCHITECTURE.md");
    let tables = first_cells(&page);
    let crates: BTreeSet<&str> = tables["crate | holds | depends on"].iter().copied().collect();
    let members: BTreeSet<&str> = metadata().members().map(|package| package.name.as_str()).collect();
    assert_eq!(crates, members, "the table of crates");
    let rows: BTreeSet<&str> = tables["crate | never"].iter().copied().collect();
    let tested: BTreeSet<&str> = INVARIANTS.iter().map(|invariant| invariant.crate_name).collect();
    assert_eq!(rows, tested, "the table of what is absent");
}

/// The first cell of each row of each Markdown table of a page, without code marks, by the table's
/// heading.
fn first_cells(page: &str) -> BTreeMap<&str, Vec<&str>> {
    let mut tables: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut heading = None;
    for line in page.lines() {
        let Some(row) = line.strip_prefix("| ").and_then(|row| row.strip_suffix(" |").or(row.strip_suffix('|'))) else {
            heading = None;
            continue;
        };
        let first = row.split(" | ").next().unwrap_or_default().trim_matches('`');
        match heading {
            None => heading = Some(row.trim()),
            Some(_) if first.starts_with("---") => {}
            Some(heading) => tables.entry(heading).or_default().push(first),
        }
    }
    tables
}

/// Where a text says a word.
fn saying(lines: &[Line], word: &str) -> Vec<String> {
    lines.iter().filter(|line| line.text.contains(word)).map(|line| format!("{}: {word}", line.place)).collect()
}
