//! Releases of the file that is asked about: they tell whose it is, and not how it was made.

use std::collections::HashMap;

use expbundle_directory::releases_that_stand;
use expbundle_format::time::Time;
use expbundle_format::tree::TreeFile;
use expbundle_format::{Agreement, ArtifactDigests, DigestSet, StatementId};
use expbundle_statement::VerifiedStatement;
use schemars::JsonSchema;
use serde::Serialize;

use crate::relations::{AskedFile, Relations};

/// A release that counts, and what it says of the file that is asked about.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileRelease {
    /// The statement.
    pub statement: StatementId,
    /// When it was made, as its signer says.
    pub created: Time,
    /// Principals of its signer, or the fingerprint of the key if there is no signers file.
    pub by: Vec<String>,
    /// What it lists.
    pub lists: Lists,
    /// Under which path; null if that is not known.
    pub path: Option<String>,
}

/// What a release lists of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Lists {
    /// The file.
    File,
    /// Other bytes under the name of the file.
    OtherBytes,
    /// Files that are not known, since its listing is not here.
    Unknown,
}

impl Relations {
    /// Releases that count, and that list the file that is asked about, other bytes under its name,
    /// or files that are not known; the latest first.
    pub fn file_releases(&self) -> Vec<FileRelease> {
        let Some(file) = &self.file else { return Vec::new() };
        // Many releases may name one listing.
        let mut found: HashMap<DigestSet, Option<(Lists, Option<String>)>> = HashMap::new();
        let of = |release: &VerifiedStatement| {
            let listing = release.listing()?;
            let (lists, path) = found.entry(listing).or_insert_with(|| self.lists(listing, file)).clone()?;
            let by = self.verdict.trusted.get(&release.id()).filter(|by| !by.is_empty()).cloned();
            let by = by.unwrap_or_else(|| vec![release.identity().to_string()]);
            Some(FileRelease { statement: release.id(), created: release.created(), by, lists, path })
        };
        releases_that_stand(&self.intact, &self.verdict).into_iter().filter_map(of).collect()
    }

    fn lists(&self, listing: DigestSet, file: &AskedFile) -> Option<(Lists, Option<String>)> {
        let Some(tree) = self.intact.released(listing) else { return Some((Lists::Unknown, None)) };
        let find = |lists, is_it: &dyn Fn(&TreeFile) -> bool| {
            let listed = tree.files().iter().find(|listed| is_it(listed))?;
            Some((lists, Some(listed.path.to_plain())))
        };
        let is_called = |listed: &TreeFile| listed.path.to_plain().rsplit('/').next() == Some(file.name.as_str());
        find(Lists::File, &|listed| is_file(listed, file)).or_else(|| find(Lists::OtherBytes, &is_called))
    }

    /// Releases that count and list the file that is asked about, the latest first.
    pub(crate) fn released(&self) -> Vec<&VerifiedStatement> {
        self.listing_it(releases_that_stand(&self.intact, &self.verdict))
    }

    /// Those of these releases that list the file that is asked about.
    pub(crate) fn listing_it<'a>(&self, mut releases: Vec<&'a VerifiedStatement>) -> Vec<&'a VerifiedStatement> {
        let Some(file) = &self.file else { return Vec::new() };
        let mut found: HashMap<DigestSet, bool> = HashMap::new();
        let mut lists_it = |listing: DigestSet| {
            let look =
                || self.intact.released(listing).is_some_and(|tree| tree.files().iter().any(|one| is_file(one, file)));
            *found.entry(listing).or_insert_with(look)
        };
        releases.retain(|release| release.listing().is_some_and(&mut lists_it));
        releases
    }
}

fn is_file(listed: &TreeFile, file: &AskedFile) -> bool {
    ArtifactDigests::from(listed.digest).agreement(&file.digests) == Agreement::Same && listed.size == file.size
}
