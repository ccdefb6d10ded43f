//! Names that may have been meant instead of one that is not there.

use crate::named;

/// Names that are suggested.
const MOST: usize = 3;
/// How like it a name has to be, from 0 to 1: as clap wants it of options.
const LEAST: f64 = 0.7;

/// The names most like one that is not there, the nearest first.
pub fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = wanted.to_lowercase();
    let likeness = |name: &str| strsim::jaro(&wanted, &name.to_lowercase());
    let mut near: Vec<(f64, &str)> = names.into_iter().map(|name| (likeness(name), name)).collect();
    near.retain(|(likeness, _)| *likeness > LEAST);
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    near.dedup();
    near.into_iter().take(MOST).map(|(_, name)| name).collect()
}

/// `did you mean "loss" or "lr"?`, if some names are like the one that is not there.
pub fn did_you_mean<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let near: Vec<String> = nearest(wanted, names).into_iter().map(named).collect();
    let (last, others) = near.split_last()?;
    let others = if others.is_empty() { String::new() } else { format!("{} or ", others.join(", ")) };
    Some(format!("did you mean {others}{last}?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_are_alike_are_suggested() {
        let names = ["recipe", "metrics", "context"];
        assert_eq!(did_you_mean("Recepie", names).as_deref(), Some("did you mean \"recipe\"?"));
        assert_eq!(did_you_mean("zzz", names), None);
        assert_eq!(did_you_mean("ab", ["abc", "abd"]).as_deref(), Some("did you mean \"abc\" or \"abd\"?"));
    }
}
