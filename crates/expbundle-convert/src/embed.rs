//! Which artifacts travel inside the bundle: small ones, until there are enough of them.

use expbundle_format::record::role;

/// The largest file that is embedded, in bytes.
pub const MOST_BYTES: u64 = 1 << 20;
/// The most bytes that one run's embedded files come to. Listings and the patch are embedded whatever this says.
pub const MOST_BYTES_IN_ALL: u64 = 16 << 20;

/// Counts what is embedded.
#[derive(Debug, Default)]
pub struct Budget {
    used_bytes: u64,
}

impl Budget {
    /// Whether a file of that role and size is embedded, and if so counts it. Ask in the order of the paths, so that the
    /// same run embeds the same files everywhere.
    pub fn takes(&mut self, role: &str, size: u64) -> bool {
        let wanted = [role::MEDIA, role::CODE, role::PATCH, role::CONFIG, role::FILE].contains(&role);
        let used_bytes = self.used_bytes.saturating_add(size);
        let fits = size <= MOST_BYTES && used_bytes <= MOST_BYTES_IN_ALL;
        if wanted && fits {
            self.used_bytes = used_bytes;
        }
        wanted && fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_stay_outside_and_the_rest_is_bounded() {
        let mut budget = Budget::default();
        assert!(!budget.takes(role::MODEL, 1));
        assert!(!budget.takes(role::FILE, MOST_BYTES + 1));
        let taken = (0..100).filter(|_| budget.takes(role::MEDIA, MOST_BYTES)).count() as u64;
        assert_eq!(taken, MOST_BYTES_IN_ALL / MOST_BYTES);
    }
}
