//! What shares a digest with something else and differs from it.

use super::{Contents, Sizes};

/// What shares a digest with another and differs in the other, or in its size.
#[derive(Clone, Debug)]
pub(crate) struct Conflict {
    /// The first class of each digest set that disagrees.
    pub(crate) classes: Vec<u32>,
    /// Whether they differ in size only.
    pub(crate) of_sizes: bool,
}

impl Contents {
    /// Everything that shares one digest and differs in the other, in the order of the shared
    /// digest; then what differs in size only.
    pub(crate) fn conflicts(&self) -> Vec<Conflict> {
        fn shared<D: PartialEq>(classes: &[(D, u32)], bytes: impl Fn(&D) -> [u8; 32]) -> Vec<([u8; 32], Conflict)> {
            let runs = classes.chunk_by(|(a, _), (b, _)| a == b).filter(|run| run.len() > 1);
            let conflict = |run: &[(D, u32)]| {
                let digest = run.first().map(|(digest, _)| bytes(digest)).unwrap_or_default();
                (digest, Conflict { classes: run.iter().map(|(_, class)| *class).collect(), of_sizes: false })
            };
            runs.map(conflict).collect()
        }
        let mut disputed = shared(&self.by_blake3, |digest| *digest.as_bytes());
        disputed.extend(shared(&self.by_sha256, |digest| *digest.as_bytes()));
        disputed.sort_by_key(|(digest, _)| *digest);
        disputed.into_iter().map(|(_, conflict)| conflict).chain(self.conflicts_of_sizes()).collect()
    }

    fn conflicts_of_sizes(&self) -> impl Iterator<Item = Conflict> + '_ {
        let firsts = (0_u32..).zip(&self.sizes);
        firsts.filter_map(|(first, sizes)| match sizes {
            Sizes::None => None,
            Sizes::Several => Some(Conflict { classes: vec![first], of_sizes: true }),
            // What is known by one digest is held against what is known by both.
            Sizes::One(_) if self.digests(first).both().is_some() => None,
            Sizes::One(_) => {
                let other = self.same_bytes(&self.digests(first)).into_iter().find(|other| {
                    let others = &self.sizes[*other as usize];
                    matches!(others, Sizes::One(_)) && others != sizes
                })?;
                Some(Conflict { classes: vec![first, other], of_sizes: true })
            }
        })
    }
}
