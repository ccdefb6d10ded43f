//! Words of a person that the registry does not have (spec/relations.toml). They are allowed, and
//! most often misspelled.

use expbundle_format::container::SectionName;
use expbundle_format::record::Word;
use expbundle_format::sections;
use expbundle_lineage::relation;

use crate::{Tone, paint, quoted};

/// A note that a relation is not of the registry.
pub fn relation(word: &Word) -> Option<String> {
    let known = relation::RELATIONS.iter().map(|known| known.name);
    note(word, "relation", known, "it is kept, and the parent must have ended before this run started")
}

/// A note that a section is not of the format.
pub fn section(name: &SectionName) -> Option<String> {
    sections::media_type(name).is_none().then(|| {
        let (note, name) = (paint(Tone::Doubt, "note:"), quoted(name.as_str()));
        format!(
            "{note} {name} is not a section of the format: it is kept as it is; `expbundle schema` lists the names\n"
        )
    })
}

fn note(word: &Word, what: &str, known: impl Iterator<Item = &'static str>, meaning: &str) -> Option<String> {
    let known: Vec<&str> = known.collect();
    // A URI is a word of somebody's own, on purpose.
    let is_meant = known.contains(&word.as_str()) || word.as_str().contains(':');
    (!is_meant).then(|| {
        let (note, word, known) = (paint(Tone::Doubt, "note:"), quoted(word.as_str()), known.join(", "));
        format!("{note} {word} is not a {what} of the format: {meaning}\n  the format has {known}\n")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_that_nobody_knows_are_noted() {
        let word = |text: &str| text.parse::<Word>().expect("a word");
        for known in ["fine-tuned-from", "evaluates", "https://example.org/relations#tuned"] {
            assert_eq!(relation(&word(known)), None);
        }
        assert!(relation(&word("finetuned-from")).is_some_and(|note| note.contains("\"finetuned-from\"")));
    }
}
