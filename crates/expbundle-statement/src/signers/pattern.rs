//! Lists of patterns, as in OpenSSH (PATTERNS in `ssh_config(5)`).

/// Patterns that say which words are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patterns(Vec<String>);

impl Patterns {
    /// Splits a list at its commas.
    pub fn new(list: &str) -> Self {
        Self(list.split(',').map(str::to_owned).collect())
    }

    /// Whether they fit a word: one fits, and none that begins with `!`.
    pub fn fit(&self, word: &str) -> bool {
        let mut fit = false;
        for pattern in &self.0 {
            match pattern.strip_prefix('!') {
                Some(pattern) if fits(pattern, word) => return false,
                Some(_) => {}
                None => fit |= fits(pattern, word),
            }
        }
        fit
    }
}

/// Whether a pattern of OpenSSH, with `*` and `?`, fits a word.
fn fits(pattern: &str, word: &str) -> bool {
    // The usual walk: at a mismatch go back to the last star and let it take one more.
    let (pattern, word) = (pattern.as_bytes(), word.as_bytes());
    let (mut p, mut w, mut star) = (0, 0, None);
    while let Some(&letter) = word.get(w) {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, w));
                p += 1;
            }
            Some(&other) if other == b'?' || other == letter => {
                p += 1;
                w += 1;
            }
            _ => match star {
                Some((star_p, star_w)) => {
                    star = Some((star_p, star_w + 1));
                    p = star_p + 1;
                    w = star_w + 1;
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).is_some_and(|rest| rest.iter().all(|letter| *letter == b'*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_fits_the_whole_word() {
        for (pattern, expected) in [
            ("expbundle", true),
            ("*", true),
            ("exp*", true),
            ("?xpbundle", true),
            ("e*b*e", true),
            ("git", false),
            ("exp", false),
            ("", false),
            ("expbundle*", true),
            ("expbundle**", true),
            ("expbundlex", false),
            ("expbundle?", false),
            ("e?*e", true),
            ("x?pbundle", false),
            ("expbundlf", false),
            ("Expbundle", false),
        ] {
            assert_eq!(fits(pattern, "expbundle"), expected, "{pattern}");
        }
    }

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
