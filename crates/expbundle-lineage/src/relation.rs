//! Relations and roles: the words of the open registry `spec/relations.toml`.
//!
//! A test compares this table with the registry. Words that are not in it are allowed; they carry
//! what the strictest reading allows, which for a role is no lineage, and for a relation that the
//! parent had ended.

pub use expbundle_format::record::relation::told;
use expbundle_format::record::{Word, relation, role};

/// When a child may have started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum After {
    /// Once its parent had started: evaluations of a training that goes on, steps of a pipeline.
    Start,
    /// Once its parent had ended.
    End,
}

/// A relation of the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relation {
    /// The word in the record.
    pub name: &'static str,
    /// When a child of this relation may have started.
    pub after: After,
}

/// Every relation of the registry, by name.
pub const RELATIONS: &[Relation] = &[
    Relation { name: "adapter-of", after: After::End },
    Relation { name: "continued-from", after: After::End },
    Relation { name: "converted-from", after: After::End },
    Relation { name: "distilled-from", after: After::End },
    Relation { name: "evaluates", after: After::Start },
    Relation { name: "fine-tuned-from", after: After::End },
    Relation { name: "forked-from", after: After::Start },
    Relation { name: "merged-from", after: After::End },
    Relation { name: "part-of", after: After::Start },
    Relation { name: "preprocessed-from", after: After::End },
    Relation { name: "pruned-from", after: After::End },
    Relation { name: "quantized-from", after: After::End },
    Relation { name: "resumed-from", after: After::Start },
    Relation { name: "trained-on", after: After::End },
];

/// When a child of that relation may have started.
pub fn after(relation: &Word) -> After {
    RELATIONS.iter().find(|known| known.name == relation.as_str()).map_or(After::End, |known| known.after)
}

/// Whether it is a relation of spec/relations.toml.
pub fn is_known(relation: &Word) -> bool {
    relation::ALL.contains(&relation.as_str())
}

/// Whether a child of that relation is a step, trial or nested run of its parent.
pub fn is_part(relation: &Word) -> bool {
    relation.as_str() == "part-of"
}

/// When a child may have started that took in an artifact of that role. Checkpoints leave a
/// training that goes on.
pub(crate) fn after_role(name: &Word) -> After {
    if name.as_str() == role::CHECKPOINT { After::Start } else { After::End }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// The registry and the table say the same.
    #[test]
    fn registry() {
        let text = include_str!("../../../spec/relations.toml");
        let registry: BTreeMap<String, BTreeMap<String, toml::Table>> = toml::from_str(text).expect("TOML");
        let listed = registry["relations"].iter().map(|(name, line)| {
            assert!(line["meaning"].as_str().is_some_and(|text| !text.is_empty()), "{name}");
            let after = match line["after"].as_str() {
                Some("start") => After::Start,
                Some("end") => After::End,
                other => panic!("{name}: {other:?}"),
            };
            (name.as_str(), after)
        });
        assert!(listed.eq(RELATIONS.iter().map(|known| (known.name, known.after))));
        for (name, line) in &registry["roles"] {
            assert!(line["meaning"].as_str().is_some_and(|text| !text.is_empty()), "{name}");
            let role = name.parse().expect("roles are words");
            assert_eq!(line["lineage"].as_bool(), Some(role::carries_lineage(&role)), "{name}");
        }
        let known: std::collections::BTreeSet<&str> = role::ALL.iter().copied().collect();
        assert!(registry["roles"].keys().map(String::as_str).eq(known));
        assert!(role::LINEAGE.iter().all(|name| registry["roles"].contains_key(*name)));
    }
}
