//! Lists of patterns, as in OpenSSH (PATTERNS in `ssh_config(5)`).

use expbundle_format::glob;

/// Patterns that say which words are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patterns(Vec<String>);

impl Patterns {
    /// Splits a list at its commas.
    pub fn new(list: &str) -> Self {
        Self(list.split(',').map(str::to_owned).collect())
    }

    /// The patterns, as they are written.
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }

    /// Whether they fit a word: one fits, and none that begins with `!`.
    pub fn fit(&self, word: &str) -> bool {
        let mut fit = false;
        for pattern in &self.0 {
            match pattern.strip_prefix('!') {
                Some(pattern) if glob::fits(pattern, word) => return false,
                Some(_) => {}
                None => fit |= glob::fits(pattern, word),
            }
        }
        fit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exclamation_mark_takes_out() {
        for (list, expected) in [
            ("*,!expbundle", false),
            ("!git,*", true),
            ("!git", false),
            ("git,exp*", true),
            ("!e*,expbundle", false),
            ("!!expbundle,expbundle", true),
            ("git, expbundle", false),
            ("", false),
            (",expbundle,", true),
        ] {
            assert_eq!(Patterns::new(list).fit("expbundle"), expected, "{list}");
        }
    }
}
