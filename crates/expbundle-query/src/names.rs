//! What the artifacts of a record are called: those of the record by digest, their names in
//! `artifacts.json`.

use std::collections::HashMap;

use expbundle_format::sections::Artifact;
use expbundle_format::{Agreement, ArtifactDigests, Blake3, Sha256};

/// Paths or names by each digest that is described, the first of each: a record may have a hundred
/// thousand of them.
pub struct ArtifactNames<'a> {
    by_blake3: HashMap<Blake3, Named<'a>>,
    by_sha256: HashMap<Sha256, Named<'a>>,
}

#[derive(Clone, Copy)]
struct Named<'a> {
    digest: ArtifactDigests,
    name: Option<&'a str>,
}

impl<'a> ArtifactNames<'a> {
    /// Of descriptions that may say nothing of their digests.
    pub fn new(described: impl IntoIterator<Item = &'a Artifact>) -> Self {
        let mut names = Self { by_blake3: HashMap::new(), by_sha256: HashMap::new() };
        let described: Vec<&Artifact> = described.into_iter().collect();
        for artifact in &described {
            names.add(artifact.digest, artifact.path.as_deref().or(artifact.name.as_deref()));
        }
        // A file of an artifact, which the record may list by itself.
        for file in described.iter().flat_map(|artifact| &artifact.files) {
            names.add(file.digest.map(ArtifactDigests::from), Some(&file.path));
        }
        names
    }

    fn add(&mut self, digest: Option<ArtifactDigests>, name: Option<&'a str>) {
        let Some(digest) = digest else { return };
        let named = Named { digest, name };
        if let Some(blake3) = digest.blake3() {
            self.by_blake3.entry(blake3).or_insert(named);
        }
        if let Some(sha256) = digest.sha256() {
            self.by_sha256.entry(sha256).or_insert(named);
        }
    }

    /// Path or name of an artifact.
    pub fn get(&self, digest: &ArtifactDigests) -> Option<&'a str> {
        let by_blake3 = digest.blake3().and_then(|digest| self.by_blake3.get(&digest));
        let by_sha256 = digest.sha256().and_then(|digest| self.by_sha256.get(&digest));
        let agrees = |one: &&Named<'_>| one.digest.agreement(digest) == Agreement::Same;
        by_blake3.into_iter().chain(by_sha256).find(agrees)?.name
    }
}

#[cfg(test)]
mod tests {
    use expbundle_format::DigestSet;
    use expbundle_format::sections::Direction;

    use super::*;

    #[test]
    fn one_digest_is_enough_and_a_contradiction_is_none() {
        let artifact = |digest, name: &str| Artifact {
            digest,
            name: Some(name.to_owned()),
            ..Artifact::new(Direction::Input, "file".parse().expect("a role"))
        };
        let (a, b) = (DigestSet::of(b"a"), DigestSet::of(b"b"));
        let mixed = ArtifactDigests::new(Some(b.blake3), Some(a.sha256));
        let described = [
            artifact(mixed, "neither"),
            artifact(ArtifactDigests::new(None, Some(b.sha256)), "b"),
            artifact(None, "nothing"),
        ];
        let names = ArtifactNames::new(&described);
        assert_eq!(names.get(&a.into()), None);
        assert_eq!(names.get(&b.into()), Some("b"));
    }
}
