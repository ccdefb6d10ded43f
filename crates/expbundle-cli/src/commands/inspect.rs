//! `expbundle inspect`: what a stranger would learn, before it is shared.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use expbundle_convert::exposure::{Exposed, Exposure, PartKind, Search};
use expbundle_directory::BUNDLE_NAME;

use crate::failure::Failure;
use crate::terminal::{self, Tone, count, named, paint, some_of};
use crate::tracker::convert_failure;
use crate::{Outcome, exit, files};

/// Show what a stranger would learn from a bundle: people, machines, paths, secrets
///
/// Looks through every section, statement, name and embedded file, and through the files of a model folder. Names are those that the bundle's
/// `identity.json` has, or that of another bundle; addresses, paths and secrets are found by their form. Names that nothing here has as such, as in prose,
/// cannot be found.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit status: 0 shown · 2 usage or I/O error · 3 with --private: something private is shown\n\n\
    Examples:\n  expbundle inspect run.expb\n  \
    expbundle inspect --private shared.expb --names-of run.expb"
)]
pub struct Inspect {
    /// Bundles, or model folders that carry one
    #[arg(required = true, value_name = "BUNDLE")]
    paths: Vec<Utf8PathBuf>,
    /// Require that nothing private is shown: end with status 3 if something is
    #[arg(long)]
    private: bool,
    /// Look for the names that this bundle has too, such as the one before sections were withheld
    #[arg(long, value_name = "BUNDLE")]
    names_of: Vec<Utf8PathBuf>,
    /// Write JSON (schemas/inspect.schema.json)
    #[arg(long)]
    json: bool,
}

/// The largest file of a folder that is looked into, in bytes. Weights are not text.
const MOST_BYTES: u64 = 16 << 20;
/// Texts of each kind that are shown in each place.
const MOST_TEXTS: usize = 5;
/// Places that are shown.
const MOST_PLACES: usize = 40;

impl Inspect {
    pub fn run(self) -> Outcome {
        let mut bundles = Vec::new();
        for path in self.paths.iter().chain(&self.names_of) {
            bundles.push(files::intact(path)?);
        }
        let mut search = Search::new(&bundles).map_err(|error| convert_failure(&error))?;
        for (path, bundle) in self.paths.iter().zip(&bundles) {
            search.bundle(bundle).map_err(|error| convert_failure(&error))?;
            if path.is_dir() {
                look_at_files(&mut search, path)?;
            }
        }
        let exposure = search.finish();
        if self.json {
            terminal::say_json(&exposure);
        } else {
            terminal::say(&words(&exposure, &self.paths));
        }
        let is_clean = exposure.private.is_empty() && exposure.packed.is_empty();
        Ok(if self.private && !is_clean { exit::NOT_AS_ASKED } else { exit::OK })
    }
}

/// The files beside the bundle are shared with it.
fn look_at_files(search: &mut Search, folder: &Utf8Path) -> Result<(), Failure> {
    let (listed, _) =
        expbundle::hash::list_files(folder, &|_, _| false).map_err(|error| files::hash_failure(&error))?;
    for file in listed {
        let on_disk = file.on_disk(folder);
        let path = on_disk.strip_prefix(folder).unwrap_or(&on_disk).to_owned();
        if path == BUNDLE_NAME {
            continue;
        }
        let is_small = file.size <= MOST_BYTES;
        let bytes = is_small.then(|| std::fs::read(&on_disk)).transpose();
        let bytes = bytes.map_err(|error| Failure::io("read the file", &on_disk, &error))?;
        search.folder_file(path.as_str(), bytes.as_deref());
    }
    Ok(())
}

fn words(exposure: &Exposure, paths: &[Utf8PathBuf]) -> String {
    let mut text = String::new();
    let mut places: BTreeMap<(PartKind, &str), Vec<&Exposed>> = BTreeMap::new();
    for one in &exposure.private {
        places.entry((one.part, one.name.as_str())).or_default().push(one);
    }
    for ((part, name), all) in places.iter().take(MOST_PLACES) {
        text += &format!("{}\n", paint(Tone::Strong, &heading(*part, name)));
        let mut kinds: BTreeMap<&str, Vec<&Exposed>> = BTreeMap::new();
        for one in all {
            kinds.entry(one.kind.as_str()).or_default().push(one);
        }
        for (kind, mut found) in kinds {
            found.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.text.cmp(&b.text)));
            let texts: Vec<String> = found.iter().map(|one| times(one)).collect();
            text += &format!("  {kind}: {}\n", some_of(&texts, MOST_TEXTS, ", "));
        }
    }
    if places.len() > MOST_PLACES {
        text += &format!("… and in {}; `--json` has all\n", count((places.len() - MOST_PLACES) as u64, "more place"));
    }
    if places.is_empty() {
        text +=
            &format!("{}\n", paint(Tone::Good, "no name of a person or machine, address, path or secret was found"));
    }
    if !exposure.packed.is_empty() {
        let names: Vec<String> = exposure.packed.iter().map(|name| short(name)).collect();
        text += &format!("packed, so that nobody can tell: {}\n", some_of(&names, MOST_TEXTS, ", "));
    }
    text += &rest(exposure);
    text + &next_step(exposure, paths)
}

/// What is known to everybody who has the bundle, besides names: keys, times, and what is left out already.
fn rest(exposure: &Exposure) -> String {
    let mut text = String::new();
    let signers: Vec<String> = exposure
        .signers
        .iter()
        .map(|signer| {
            let name =
                signer.name.as_deref().map(|name| format!(" calling itself {}", named(name))).unwrap_or_default();
            format!("{}{name} ({})", signer.fingerprint, count(signer.statements, "statement"))
        })
        .collect();
    if !signers.is_empty() {
        text += &format!("signed by: {}\n", some_of(&signers, MOST_TEXTS, ", "));
    }
    if let (Some(earliest), Some(latest)) = (exposure.earliest, exposure.latest) {
        text += &format!("times: from {earliest} to {latest}\n");
    }
    let withheld: Vec<String> =
        exposure.withheld.iter().map(|(name, records)| format!("{name} of {}", count(*records, "record"))).collect();
    if !withheld.is_empty() {
        text += &format!("withheld: {}\n", withheld.join(", "));
    }
    text
}

/// The command that leaves out the sections that name somebody.
fn next_step(exposure: &Exposure, paths: &[Utf8PathBuf]) -> String {
    let sections: BTreeSet<&str> =
        exposure.sections_to_withhold().into_iter().filter_map(|name| name.split('.').next()).collect();
    let [path] = paths else { return String::new() };
    if sections.is_empty() {
        return String::new();
    }
    let list = sections.into_iter().collect::<Vec<_>>().join(",");
    format!("\nTo share it without these sections:\n  expbundle withhold {path} --section {list} -o shared.expb\n")
}

fn heading(part: PartKind, name: &str) -> String {
    match part {
        PartKind::Section => format!("section {name}"),
        PartKind::Record => format!("record {} (cannot be withheld)", short(name)),
        PartKind::Statement => format!("statement {} (signed, cannot be changed)", short(name)),
        PartKind::EntryName => format!("name of the section {}", named(name)),
        PartKind::EmbeddedFile => format!("embedded file {}", short(name)),
        PartKind::FolderFile => format!("file {}", terminal::cell(name)),
    }
}

/// Digests are long; their beginning finds them.
fn short(name: &str) -> String {
    const LETTERS: usize = 12;
    name.chars().take(LETTERS).collect()
}

fn times(one: &Exposed) -> String {
    let text = terminal::cell(&one.text);
    if one.count > 1 { format!("{text} ×{}", terminal::grouped(one.count)) } else { text }
}
