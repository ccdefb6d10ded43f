//! What a stranger would learn from a bundle, before it is shared.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;
use expbundle_convert::exposure::{Exposed, Exposure, PartKind};
use expbundle_format::Foreign;

use crate::{Tone, cell, count, grouped, named, paint, some_of};

/// Texts of each kind that are shown in each place.
const MOST_TEXTS: usize = 5;
/// Columns of a text, which may be a long path.
const MOST_OF_A_TEXT: usize = 400;
/// Places that are shown.
const MOST_PLACES: usize = 40;

/// What was found, place by place and kind by kind, and the command that leaves it out of a copy of
/// the one bundle.
pub fn words(exposure: &Exposure, paths: &[Utf8PathBuf]) -> String {
    let mut text = String::new();
    let mut places: BTreeMap<(PartKind, &str), Vec<&Exposed>> = BTreeMap::new();
    for one in &exposure.private {
        places.entry((one.part, one.name.as_str())).or_default().push(one);
    }
    for ((part, name), all) in places.iter().take(MOST_PLACES) {
        text += &format!("{}\n", paint(Tone::Strong, &heading(*part, name, &exposure.paths)));
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
        text += &format!("packed files, not searched: {}\n", some_of(&names, MOST_TEXTS, ", "));
    }
    text += &rest(exposure);
    if exposure.private.iter().any(|one| one.part == PartKind::EmbeddedFile) {
        text += "to leave an embedded file out, convert again with `--no-embed`, or with `--embed PATTERN` for the others\n";
    }
    text + &next_step(exposure, paths)
}

/// What is known to everybody who has the bundle, besides names: keys, times, and what is left out
/// already.
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
    let shared = format!("  expbundle withhold {} --section {list} -o shared.expb\n", crate::path(path.as_str()));
    if exposure.not_blind == 0 {
        return format!("\nTo share it without these sections:\n{shared}");
    }
    let records = if exposure.not_blind == 1 { "the record is" } else { "some records are" };
    format!(
        "\nnot blind: {records} without salts, so a short section that is left out can be guessed from its digest. \
         Convert again with `--blind` before signing; then, to share it without these sections:\n{shared}"
    )
}

fn heading(part: PartKind, name: &str, paths: &BTreeMap<String, String>) -> String {
    match part {
        PartKind::Section => format!("section {name}"),
        PartKind::Record => format!("record {} (cannot be withheld)", short(name)),
        PartKind::Statement => format!("statement {} (signed, cannot be changed)", short(name)),
        PartKind::EntryName => format!("name of the section {}", named(name)),
        PartKind::EmbeddedFile => match paths.get(name) {
            Some(path) => format!("embedded file {} ({})", cell(path), short(name)),
            None => format!("embedded file {}", short(name)),
        },
        PartKind::FolderFile => format!("file {}", cell(name)),
    }
}

/// Digests are long; their beginning finds them.
fn short(name: &str) -> String {
    const LETTERS: usize = 12;
    name.chars().take(LETTERS).collect()
}

fn times(one: &Exposed) -> String {
    let text = Foreign::new(&one.text).at_most(MOST_OF_A_TEXT).bare_if_plain().to_string();
    if one.count > 1 { format!("{text} ×{}", grouped(one.count)) } else { text }
}
