//! Keeps names of people, machines and places in `identity.json` (spec/sections.md, "Identity is apart").

use serde_json::Value;

/// The words of one run that may stand in `identity.json` only.
#[derive(Clone, Debug, Default)]
pub struct Private {
    words: Vec<String>,
}

impl Private {
    /// Gathers user, host, mail, account and the like. Words of fewer than three letters are in everything, and
    /// words that name no one (`root`, `localhost`) tell nothing.
    pub fn new<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let common = ["root", "localhost", "user", "admin", "unknown", "none", "local"];
        let mut words: Vec<String> = words
            .into_iter()
            .map(|word| word.trim().to_lowercase())
            .filter(|word| word.chars().count() >= 3 && !common.contains(&word.as_str()))
            .collect();
        words.sort();
        words.dedup();
        Self { words }
    }

    /// Whether a text names one of them, or an absolute path of a machine.
    pub fn is_in(&self, text: &str) -> bool {
        let lower = text.to_lowercase();
        self.words.iter().any(|word| names(&lower, word)) || has_machine_path(text)
    }

    /// Whether a value does so anywhere, keys included.
    pub fn is_in_value(&self, value: &Value) -> bool {
        let mut waiting = vec![value];
        while let Some(value) = waiting.pop() {
            match value {
                Value::String(text) if self.is_in(text) => return true,
                Value::Array(items) => waiting.extend(items),
                Value::Object(members) => {
                    if members.keys().any(|key| self.is_in(key)) {
                        return true;
                    }
                    waiting.extend(members.values());
                }
                _ => {}
            }
        }
        false
    }
}

/// Whether a text has a word on its own: the user `ada` is not in `metadata` or `adam`.
fn names(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, found)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + found.len()..).and_then(|after| after.chars().next());
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

/// Whether a text holds a path that begins at the root of somebody's machine.
pub fn has_machine_path(text: &str) -> bool {
    const ROOTS: &[&str] = &[
        "/home/",
        "/Users/",
        "/root/",
        "/mnt/",
        "/tmp/",
        "/var/",
        "/opt/",
        "/srv/",
        "/data/",
        "/scratch/",
        "file:///",
    ];
    let windows = text
        .as_bytes()
        .windows(3)
        .any(|window| matches!(window, [drive, b':', b'\\' | b'/'] if drive.is_ascii_alphabetic()));
    // `https://` has a letter, a colon and a slash too.
    let windows = windows && !text.contains("://");
    windows || ROOTS.iter().any(|root| text.contains(root))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_and_paths_are_found_wherever_they_hide() {
        let private = Private::new(["ada", "lab-7", "root", "x"]);
        assert!(private.is_in("by Ada"));
        assert!(private.is_in_value(&json!({"a": [1, {"host": "LAB-7.example"}]})));
        assert!(private.is_in_value(&json!({"/home/x/y": 1})));
        assert!(private.is_in(r"C:\Users\x"));
        assert!(!private.is_in("https://example.org/x and root"));
        assert!(!private.is_in("metadata of adam"));
        assert!(private.is_in("ada@example.org"));
        assert!(!private.is_in_value(&json!(["lr", 0.1, null])));
    }
}
