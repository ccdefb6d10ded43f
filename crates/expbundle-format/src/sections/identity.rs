//! `identity.json`: people, and names of machines and places. Apart from the rest, so that a run
//! can be shared without saying whose it is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use serde_json::Value;

/// Who and where. Every name of a person, user, host or absolute path that a converter finds goes
/// here and nowhere else.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// People.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<Person>,
    /// Team or account in the tracker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// Login name on the machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Host name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Absolute paths and addresses on the machine, by what they are: `program`,
    /// `workingDirectory`, `executable`, …
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub paths: BTreeMap<String, String>,
    /// Items of the source that name people, machines or places, kept as they were.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub source: BTreeMap<String, Value>,
    /// What the markers in the other sections of the record stand for, like `[path 3]`: the text
    /// that was there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub replaced: BTreeMap<String, String>,
    /// Salt of a blinded section: 64 hex digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub salt: Option<String>,
}

impl Identity {
    /// A text of another section as it was before its private parts were replaced. One pass: what a
    /// marker stands for is not looked through again.
    pub fn restored(&self, text: &str) -> String {
        /// Markers are a word and a number: behind other brackets nothing is looked for.
        const LONGEST: usize = 64;
        let mut restored = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('[') {
            restored += before;
            let end = after.bytes().take(LONGEST).position(|byte| byte == b']');
            let marker = end.and_then(|end| Some((format!("[{}]", after.get(..end)?), after.get(end + 1..)?)));
            let original = marker.and_then(|(marker, behind)| Some((self.replaced.get(&marker)?, behind)));
            if let Some((original, behind)) = original {
                restored += original;
                rest = behind;
            } else {
                restored.push('[');
                rest = after;
            }
        }
        restored + rest
    }
}

/// A person, by name or pseudonym.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Person {
    /// Name or pseudonym.
    pub name: String,
    /// `author`, `reviewer`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// Mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_without_an_end_are_read_in_linear_time() {
        let replaced = [("[person 1]".to_owned(), "Ada".to_owned())].into();
        let identity = Identity { replaced, ..Identity::default() };
        let brackets = "[".repeat(4 << 20);
        assert_eq!(identity.restored(&format!("{brackets}[person 1]")), format!("{brackets}Ada"));
    }
}
