//! Patterns with `*` and `?`, as in OpenSSH (PATTERNS in `ssh_config(5)`), and in names of git's
//! files that have no slash.

/// Whether a pattern fits a whole word: `*` any number of bytes, `?` one byte, and every other byte
/// itself. Takes time linear in the product of both lengths.
///
/// ```
/// assert!(expbundle_format::glob::fits("*.exp?", "experiment.expb"));
/// ```
pub fn fits(pattern: &str, word: &str) -> bool {
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
}
