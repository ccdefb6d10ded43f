//! A family of records, gathered, judged, and where to begin: what `lineage` and `why` look at.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::directory::BUNDLE_NAME;
use expbundle::judge::{State, Verdict};
use expbundle::verify::Intact;
use expbundle_format::sections::Context;
use expbundle_format::{ArtifactDigests, Finding, RecordId};
use expbundle_lineage::Lineage;
use expbundle_statement::Kind;

use crate::failure::Failure;
use crate::family::{Depth, Family, gather, unite};
use crate::keys;
use crate::statements::digests_of;

/// A family, judged.
pub struct Relations {
    pub intact: Intact,
    pub graph: Lineage,
    pub verdict: Verdict,
    /// Records that the question is about.
    pub start: Vec<RecordId>,
    /// Digests of the file that was asked about, if it was one.
    pub file: Option<ArtifactDigests>,
    pub findings: Vec<Finding>,
    /// Bundles that are broken: nothing is known of what they hold.
    pub refused: Vec<Failure>,
}

impl Relations {
    /// Gathers the bundles of a path and of others. A file that is no bundle is asked about by its bytes; its bundle is looked for
    /// in its folder, unless others are given.
    pub fn of(path: &Utf8Path, with: &[Utf8PathBuf], trust: Option<&Utf8Path>) -> Result<Self, Failure> {
        let policy = trust.map(keys::signers).transpose()?;
        let mut sources = with.to_vec();
        let mut file = None;
        if path.is_file() && path.extension() != Some("expb") {
            file = Some(digests_of(path)?);
            let folder = path.parent().filter(|folder| !folder.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
            let beside = folder.join(BUNDLE_NAME);
            if with.is_empty() {
                sources.push(folder.to_owned());
            } else if beside.is_file() {
                sources.push(beside);
            }
        } else {
            sources.push(path.to_owned());
        }
        let Family { members, mut refused } = gather(&sources, Depth::History)?;
        if members.is_empty() && !refused.is_empty() {
            return Err(refused.swap_remove(0));
        }
        let own: BTreeSet<RecordId> = members
            .iter()
            .filter(|(from, _)| from.starts_with(path))
            .flat_map(|(_, intact)| intact.records().keys().copied())
            .collect();
        let (intact, check) = unite(members.into_iter().map(|(_, intact)| intact))?;
        let graph = intact.lineage();
        let start = match &file {
            Some(digests) => {
                let producers: BTreeSet<RecordId> = graph.why(digests).producers.iter().map(|(id, _)| *id).collect();
                producers.into_iter().collect()
            }
            None if with.is_empty() => graph.heads(),
            // Other bundles only tell more of the past and the future of what was asked about.
            None => {
                let parents: BTreeSet<RecordId> =
                    own.iter().flat_map(|id| graph.parents(*id)).map(|edge| edge.parent).collect();
                own.difference(&parents).copied().collect()
            }
        };
        let verdict = intact.judge(policy.as_ref(), keys::moment(None)?.timestamp());
        let mut findings = check.findings;
        findings.extend(verdict.findings.iter().cloned());
        findings.sort();
        findings.dedup();
        Ok(Self { intact, graph, verdict, start, file, findings, refused })
    }

    /// The title of a record, unless it is withheld.
    pub fn title(&self, id: RecordId) -> Option<String> {
        self.intact.json_section::<Context>(id).map(|context| context.title)
    }

    /// How much holds for a record.
    pub fn state(&self, id: RecordId) -> State {
        self.verdict.records.get(&id).copied().unwrap_or(State::Intact)
    }

    /// Who vouches for a record: principals where the signers file knows the key, else names or keys.
    pub fn signers(&self, id: RecordId) -> Vec<String> {
        let statements = self.intact.statements_about(id).into_iter();
        let standing = &self.verdict.standing.statements;
        let mut signers: Vec<String> = statements
            .filter(|statement| statement.kind() == Kind::Authorship && !standing.contains(&statement.id()))
            .map(|statement| match self.verdict.trusted.get(&statement.id()).map(Vec::as_slice) {
                Some([principal, ..]) => principal.clone(),
                _ => match statement.signer_name() {
                    Some(name) => format!("\"{name}\""),
                    None => statement.key().fingerprint(),
                },
            })
            .collect();
        signers.sort();
        signers.dedup();
        signers
    }
}
