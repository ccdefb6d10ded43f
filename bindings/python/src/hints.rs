//! Next steps in the words of Python: the libraries name the options and commands of the program,
//! and who calls functions has keyword arguments.

use pyo3::prelude::*;

/// What is said another way in Python, before single options are looked at.
const PHRASES: [(&str, &str); 10] = [
    (
        "set EXPBUNDLE_PASSPHRASE, use `--passphrase-fd`, run it on a terminal, or name the `.pub` of a key that the ssh-agent holds",
        "give its passphrase: `expbundle.Key.open(PATH, passphrase=…)`",
    ),
    (
        "choose one with `--run ID`; `expbundle convert` with `--all -o DIR` converts every run",
        "choose one of `source.runs()` with `source.convert(ID)`; `source.convert_all(FOLDER)` converts every run",
    ),
    ("choose one with `--record`", "choose one by its id: `bundle.record(ID)`, or `record=ID`"),
    (
        "`--record ID`, which can be repeated, or take all of them with `--record all`",
        "`record=ID`, which can be a list of ids, or take all of them with `record=\"all\"`",
    ),
    (
        "choose another name with `-o`, or overwrite it with `--force`",
        "choose another path, or overwrite it with `overwrite=True`",
    ),
    ("choose another name with `-o`", "choose another path, or overwrite it with `overwrite=True`"),
    ("write somewhere else with `-o`", "write somewhere else"),
    (
        "give one with `--title`, or in the `context.json` of `--from`",
        "give one as the first argument of `expbundle.Run`",
    ),
    ("`--any-size` writes it anyway; `--parquet` writes the section unchanged", "`record.section(NAME)` has its bytes"),
    (
        "`expbundle create --help` shows what a table looks like",
        "docs/guide/your-own-tracker.md shows what a table looks like",
    ),
];

/// Options that are a keyword argument of another name, or something else.
const OPTIONS: [(&str, &str); 21] = [
    ("--all", "convert_all(FOLDER)"),
    ("--allow-secrets", "allow_secrets=[NAME]"),
    ("--base-model", "base_models=[ID]"),
    ("--benchmark", "benchmarks=[BENCHMARK]"),
    ("--blind", "blind=True"),
    ("--derive-from", "run.derive_from"),
    ("--files", "files=[FOLDER]"),
    ("--input", "inputs={ROLE: PATH}"),
    ("--json", "to_dict()"),
    ("--keep-card", "keep_card=True"),
    ("--key", "key=KEY"),
    ("--list", "source.runs()"),
    ("--output", "run.output"),
    ("--param-column", "source(…, param_column=[COLUMN])"),
    ("--replace", "replace=True"),
    ("--run-column", "source(…, run_column=COLUMN)"),
    ("--step-column", "source(…, step_column=COLUMN)"),
    ("--thin", "thin=True"),
    ("--time-column", "source(…, time_column=COLUMN)"),
    ("--unrelated", "unrelated=True"),
    ("--with", "with_=BUNDLES"),
];

/// A text of the libraries in the words of Python: for tests.
///
/// Types:
///
///     text: str
///     return: str
#[pyfunction]
pub fn _in_python(text: &str) -> String {
    in_python(text)
}

/// A text of the libraries for who calls them from Python.
pub fn in_python(text: &str) -> String {
    if !text.contains('`') {
        return text.to_owned();
    }
    let text = PHRASES.iter().fold(text.to_owned(), |text, (program, python)| text.replace(program, python));
    let parts = text.split('`').enumerate();
    parts.map(|(index, part)| if index % 2 == 1 { code(part) } else { part.to_owned() }).collect::<Vec<_>>().join("`")
}

/// What stands between two backticks.
fn code(text: &str) -> String {
    if text.starts_with("-o") {
        return "another path".to_owned();
    }
    if text.strip_prefix("--").is_some_and(|name| name.starts_with(|c: char| c.is_ascii_lowercase())) {
        return option(text);
    }
    let Some((verb, rest)) = text.strip_prefix("expbundle ").map(|rest| rest.split_once(' ').unwrap_or((rest, "")))
    else {
        return text.to_owned();
    };
    let place = || format!("\"{}\"", rest.split(" --").next().unwrap_or_default().trim().trim_matches('"'));
    match verb {
        "sign" if !rest.is_empty() => format!("expbundle.open({}).sign(KEY).save()", place()),
        "revoke" if !rest.is_empty() => format!("expbundle.open({}).revoke(KEY, statement=ID).save()", place()),
        "create" if rest.contains("--derive-from") => {
            "run.derive_from(RECORD, RELATION); run.output(\"model\", FILE)".to_owned()
        }
        "create" if rest.contains("--from ") => "expbundle.Run.recover(PATH)".to_owned(),
        "convert" if rest.contains("--all") => "source.convert_all(FOLDER)".to_owned(),
        "supersede" if !rest.is_empty() => format!("expbundle.open({}).supersede(NEW, KEY).save()", place()),
        "trust" => text.split(" --").next().unwrap_or_default().to_owned(),
        "extract" if rest == "--parquet" || rest == "--section" => "record.section(NAME)".to_owned(),
        "extract" if rest == "--csv" => "record.series()".to_owned(),
        "lineage" if rest == "--json" => "expbundle.lineage(…).to_dict()".to_owned(),
        "verify" if rest.starts_with("--limits ") => {
            format!("expbundle.verify(…, limits={})", &rest["--limits ".len()..])
        }
        "verify" if rest.starts_with("--trust ") => {
            format!("expbundle.verify(…, trust={})", &rest["--trust ".len()..])
        }
        // A command of the program, which is in the same wheel.
        _ => text.to_owned(),
    }
}

/// An option, perhaps with a value.
fn option(text: &str) -> String {
    let (name, value) = text.split_once(' ').unwrap_or((text, ""));
    match OPTIONS.iter().find(|(option, _)| *option == name) {
        Some((_, python)) => (*python).to_owned(),
        None => format!("{}={value}", name.trim_start_matches('-').replace('-', "_")),
    }
}
