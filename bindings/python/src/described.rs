//! What a run was about, from the arguments of calls: labels, packages, files that are elsewhere.

use std::collections::BTreeMap;

use expbundle_format::sections::{Accelerator, Direction, Package};
use expbundle_format::{ArtifactDigests, Blake3, Sha256};
use expbundle_run::{KnownFile, RunError};
use expbundle_words::Failure;
use pyo3::prelude::*;

use crate::error::{raise, usage};

/// What is known of a file that is elsewhere.
pub struct Known {
    pub name: Option<String>,
    pub size: Option<u64>,
    pub sha256: Option<String>,
    pub blake3: Option<String>,
    pub uri: Option<String>,
}

impl Known {
    pub fn is_nothing(&self) -> bool {
        self.size.is_none() && [&self.name, &self.sha256, &self.blake3, &self.uri].iter().all(|known| known.is_none())
    }

    /// The file, if its digest and size are known.
    pub fn file(self, py: Python<'_>) -> PyResult<KnownFile> {
        let digest = |what, text: Option<String>| text.map(|text| hex(py, what, &text)).transpose();
        let sha256 = digest("sha256", self.sha256)?.map(Sha256::from_bytes);
        let blake3 = digest("blake3", self.blake3)?.map(Blake3::from_bytes);
        let (Some(digest), Some(size)) = (ArtifactDigests::new(blake3, sha256), self.size) else {
            let told = Failure::usage("a file that is not here is known by its digest and its size");
            return Err(raise(
                py,
                told.help("give `size` and `sha256` or `blake3`, or the path of a file that is here"),
            ));
        };
        let mut file = KnownFile::new(digest, size);
        if let Some(name) = self.name {
            file = file.named(name);
        }
        if let Some(uri) = self.uri {
            file = file.at(uri);
        }
        Ok(file)
    }

    /// Tells a run of the file.
    pub fn tell(
        run: &mut expbundle_run::Run,
        direction: Direction,
        role: &str,
        file: KnownFile,
    ) -> Result<(), RunError> {
        match direction {
            Direction::Input => run.known_input(role, file),
            Direction::Output => run.known_output(role, file),
        }
        .map(drop)
    }
}

/// A digest in hex, of which both cases are common among trackers.
fn hex(py: Python<'_>, what: &str, text: &str) -> PyResult<[u8; 32]> {
    let digest: Result<Sha256, _> = text.to_ascii_lowercase().parse();
    let digest = digest.map_err(|error| usage(py, &format!("{what}: {error}")))?;
    Ok(*digest.as_bytes())
}

/// Packages by their names, in that order.
pub fn packages(by_name: Option<BTreeMap<String, Option<String>>>) -> Vec<Package> {
    let one = |(name, version)| Package { name, version, requirement: None };
    by_name.unwrap_or_default().into_iter().map(one).collect()
}

/// Accelerators of each model: how many.
pub fn accelerators(by_model: Option<BTreeMap<String, u64>>) -> Vec<Accelerator> {
    let one = |(model, count)| Accelerator { model, count, ..Accelerator::default() };
    by_model.unwrap_or_default().into_iter().map(one).collect()
}
