//! Which artifacts travel inside the bundle: small ones, until there are enough of them.

use expbundle_format::record::role;
use expbundle_format::sections::Identity;

use crate::privacy::{self, Learned, Private};

pub use crate::privacy::Look;

/// The largest file that is embedded without being asked for, in bytes.
pub const MOST_BYTES: u64 = 1 << 20;
/// The most bytes that one run's embedded files come to. Listings, and those texts of the source
/// that are wanted, are embedded whatever this says.
pub const MOST_BYTES_IN_ALL: u64 = 16 << 20;

/// Which files of the source are embedded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice<'a> {
    /// Small ones that are media, code, patch, configuration or of no known kind.
    #[default]
    Small,
    /// None.
    None,
    /// Those whose path one of these patterns fits: `*` is any part of a name, `**` any part of a
    /// path, and `**/` any folders or none. A pattern without `/` is for names.
    Only(&'a [String]),
}

impl Choice<'_> {
    /// Whether a file is to be embedded, if there is room and nothing secret in it.
    pub(crate) fn wants(self, path: &str, role: &str, is_small: bool) -> bool {
        match self {
            Self::Small => is_small && [role::MEDIA, role::CODE, role::PATCH, role::CONFIG, role::FILE].contains(&role),
            Self::None => false,
            Self::Only(_) => self.names(path),
        }
    }

    /// Whether a text that the source holds as a text is to be embedded.
    pub(crate) fn wants_text(self, path: &str) -> bool {
        self == Self::Small || self.names(path)
    }

    /// Whether somebody asked for this file by a pattern.
    pub(crate) fn asks_for(self, path: &str) -> bool {
        self.names(path)
    }

    /// Whether a pattern fits.
    fn names(self, path: &str) -> bool {
        let Self::Only(patterns) = self else { return false };
        patterns.iter().any(|pattern| {
            let text = if pattern.contains('/') { path } else { path.rsplit('/').next().unwrap_or(path) };
            fits(pattern, text)
        })
    }
}

/// Looks into a file for names of people, machines and places, those of the identity among them.
pub fn look(path: &str, bytes: &[u8], identity: &Identity) -> Look {
    if is_packed_by_name(path) {
        return Look::Packed;
    }
    let mut learned = Learned::default();
    learned.identity(identity);
    privacy::look_into(&Private::new(&learned), bytes)
}

/// Whether a file is packed by its name, where its bytes have no mark that tells.
pub(crate) fn is_packed_by_name(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, end)| end.eq_ignore_ascii_case("br"))
}

/// Whether a pattern fits the whole of a text. Time is the product of both lengths.
fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    // Which beginnings of the text the pattern so far fits.
    let mut fitting = vec![false; text.len() + 1];
    if let Some(first) = fitting.first_mut() {
        *first = true;
    }
    let mut at = 0;
    while let Some(sign) = pattern.get(at) {
        let double = *sign == '*' && pattern.get(at + 1) == Some(&'*');
        // `**/` is any folders, and none.
        let is_folders = double
            && pattern.get(at + 2) == Some(&'/')
            && at.checked_sub(1).is_none_or(|before| pattern.get(before) == Some(&'/'));
        let mut next = vec![false; text.len() + 1];
        let mut before = false;
        for (index, slot) in next.iter_mut().enumerate() {
            let here = fitting.get(index).copied().unwrap_or_default();
            let letter = index.checked_sub(1).and_then(|index| text.get(index)).copied();
            let earlier = index.checked_sub(1).and_then(|index| fitting.get(index)).copied().unwrap_or_default();
            *slot = match *sign {
                '*' if is_folders => here || before && letter == Some('/'),
                '*' => here || before && (double || letter != Some('/')),
                '?' => earlier && letter != Some('/'),
                sign => earlier && letter == Some(sign),
            };
            before = *slot || is_folders && before;
        }
        fitting = next;
        at += if is_folders { 3 } else { 1 + usize::from(double) };
    }
    fitting.last().copied().unwrap_or_default()
}

/// Counts what is embedded.
#[derive(Debug, Default)]
pub struct Budget {
    used_bytes: u64,
}

impl Budget {
    /// Whether there is room for a file. Ask in the order of the paths, so that the same run embeds
    /// the same files everywhere.
    pub fn has_room(&self, size: u64) -> bool {
        self.used_bytes.saturating_add(size) <= MOST_BYTES_IN_ALL
    }

    /// Counts a file for which there is room.
    pub fn take(&mut self, size: u64) {
        self.used_bytes = self.used_bytes.saturating_add(size);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_stay_outside_and_the_rest_is_bounded() {
        assert!(!Choice::Small.wants("m", role::MODEL, true) && !Choice::Small.wants("f", role::FILE, false));
        assert!(Choice::Small.wants("f", role::FILE, true) && !Choice::None.wants("f", role::FILE, true));
        let mut budget = Budget::default();
        let mut taken = 0;
        while budget.has_room(MOST_BYTES) {
            budget.take(MOST_BYTES);
            taken += 1;
        }
        assert_eq!(taken, MOST_BYTES_IN_ALL / MOST_BYTES);
    }

    #[test]
    fn patterns_name_files() {
        for (pattern, path, want) in [
            ("*.py", "code/train.py", true),
            ("code/*", "code/train.py", true),
            ("code/*", "code/a/train.py", false),
            ("code/**", "code/a/train.py", true),
            ("**/train.py", "code/a/train.py", true),
            ("**/train.py", "train.py", true),
            ("**/train.py", "retrain.py", false),
            ("code/**/*.py", "code/train.py", true),
            ("code/**/*.py", "code/a/b/train.py", true),
            ("code/**/a.py", "code/ba.py", false),
            ("train.??", "train.py", true),
            ("train.?", "train.py", false),
            ("", "train.py", false),
        ] {
            assert_eq!(Choice::Only(&[pattern.to_owned()]).names(path), want, "{pattern} {path}");
        }
    }
}
