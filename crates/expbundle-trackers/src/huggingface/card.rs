//! The model card: YAML between two lines of hyphens, then markdown.

use serde_json::{Map, Value};

use crate::yaml::{Floats, values};

/// A card, taken apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Card {
    /// What the block says.
    pub fields: Map<String, Value>,
    /// The markdown behind it.
    pub text: String,
}

impl Card {
    /// Reads a card. Where the block cannot be read, the text is there all the same.
    pub fn parse(card: &str) -> (Self, Option<String>) {
        let card = card.strip_prefix('\u{feff}').unwrap_or(card);
        let mut lines = card.split_inclusive('\n');
        let is_fence = |line: &str| line.trim_end_matches(['\r', '\n']) == "---";
        let Some(first) = lines.next().filter(|line| is_fence(line)) else {
            return (Self { fields: Map::new(), text: card.to_owned() }, None);
        };
        let mut block = String::new();
        let mut length = first.len();
        let mut closed = false;
        for line in lines {
            length += line.len();
            if is_fence(line) {
                closed = true;
                break;
            }
            block += line;
        }
        if !closed {
            let detail = "the block of the card has no end".to_owned();
            return (Self { fields: Map::new(), text: card.to_owned() }, Some(detail));
        }
        let text = card.get(length..).unwrap_or_default().to_owned();
        match yaml(&block) {
            Ok(Value::Object(fields)) => (Self { fields, text }, None),
            Ok(Value::Null) => (Self { fields: Map::new(), text }, None),
            Ok(_) => (Self { fields: Map::new(), text }, Some("the block of the card is not a mapping".to_owned())),
            Err(error) => (Self { fields: Map::new(), text }, Some(error)),
        }
    }

    /// The texts of a field that is one or a list of them.
    pub fn texts(&self, field: &str) -> Vec<&str> {
        match self.fields.get(field) {
            Some(Value::String(text)) => vec![text],
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }
}

/// Reads YAML. Anchors, which YAML bombs are made of, are refused; `no` is a text and not false.
pub fn yaml(text: &str) -> Result<Value, String> {
    let has_content = text.lines().any(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    if !has_content {
        return Ok(Value::Null);
    }
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_anchors: 0, max_aliases: 0, max_documents: 1, max_depth: 64 },
        strict_booleans: true,
        duplicate_keys: serde_saphyr::options::DuplicateKeyPolicy::Error,
        with_snippet: false,
    };
    values(text, options, Floats::Finite).map_err(|error| reason(&error.to_string()))
}

/// What the parser says, without its advice on settings that nobody can make here.
fn reason(said: &str) -> String {
    let line = said.lines().next().unwrap_or("unreadable");
    if line.contains("Anchors {") {
        return "the YAML has an anchor (`&name`), which is not read".to_owned();
    }
    let line = line.split(", set ").next().unwrap_or(line);
    format!("the YAML cannot be read: {}", line.chars().take(200).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_and_traps_survived() {
        let (card, trouble) = Card::parse("---\nlicense: no\nbase_model:\n- a/b\n- c/d\n---\n# Title\n---\n");
        assert_eq!((card.texts("license"), card.texts("base_model")), (vec!["no"], vec!["a/b", "c/d"]));
        assert_eq!((card.text.as_str(), trouble), ("# Title\n---\n", None));
        let (card, trouble) = Card::parse("---\nmodel_name: 883e1818\nlicense: mit\n---\n");
        assert_eq!((card.texts("model_name"), card.texts("license"), trouble), (vec!["883e1818"], vec!["mit"], None));
        assert_eq!(Card::parse("just text\n").0.text, "just text\n");
        for bad in ["---\na: 1\n", "---\n- a\n---\n", "---\na: &x [1]\nb: *x\n---\ntext\n", "---\na: 1\na: 2\n---\n"] {
            assert!(Card::parse(bad).1.is_some(), "{bad}");
        }
    }
}
