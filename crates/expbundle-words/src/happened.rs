//! What happened around a run, in a line.

use std::collections::BTreeMap;

use expbundle_format::sections::{EventSeverity, Events};

use crate::{cell, count, grouped, some_of};

/// Kinds that are named.
const SHOWN: usize = 6;

/// How many events of which kinds, and how many of them are errors or warnings; empty if there are
/// none.
pub fn line(events: &Events) -> String {
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    for event in &events.events {
        *kinds.entry(&event.kind).or_default() += 1;
    }
    if kinds.is_empty() {
        return String::new();
    }
    let mut kinds: Vec<(&str, u64)> = kinds.into_iter().collect();
    kinds.sort_by_key(|(_, number)| std::cmp::Reverse(*number));
    let kinds: Vec<String> =
        kinds.iter().map(|(kind, number)| format!("{} {}", grouped(*number), cell(kind))).collect();
    let of = |severity| events.events.iter().filter(|event| event.severity == severity).count() as u64;
    let worse = [(of(EventSeverity::Error), "error"), (of(EventSeverity::Warning), "warning")];
    let worse: Vec<String> =
        worse.iter().filter(|(number, _)| *number > 0).map(|(number, what)| count(*number, what)).collect();
    let worse = if worse.is_empty() { String::new() } else { format!(" ({})", worse.join(", ")) };
    let all = count(events.events.len() as u64, "event");
    format!("{all}: {}{worse}; `show … events`\n", some_of(&kinds, SHOWN, ", "))
}
