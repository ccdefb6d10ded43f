//! Artifacts that a run used or logged. Their manifests name files by SHA-256, and the bytes lie
//! under that name.

use serde_json::{Map, Value as Json};

use super::run::{Place, Run};
use crate::finding::{SourceCode, SourceFinding};
use crate::members::Members as _;
use crate::sqlite::Reader;
use crate::text::{Json as Parsed, read_json};

/// An artifact of a run.
#[derive(Clone, Debug)]
pub struct Link {
    /// Whether the run used it; else it logged it.
    pub is_input: bool,
    /// When.
    pub created: Option<String>,
    /// The version that it is.
    pub version: Version,
}

/// A version of an artifact.
#[derive(Clone, Debug, Default)]
pub struct Version {
    /// The name of the artifact.
    pub name: String,
    /// Its type, like `model`.
    pub kind: String,
    /// The number of the version.
    pub number: Option<i64>,
    /// What the artifact is.
    pub description: Option<String>,
    /// Other names of the version, like `latest`.
    pub aliases: Vec<String>,
    /// The digest of the manifest, by Trackio's own rule.
    pub manifest_digest: Option<String>,
    /// The files.
    pub entries: Vec<Entry>,
    /// What the person who logged it added, as JSON text.
    pub metadata: Option<String>,
    /// The id of the run that logged it.
    pub producer: Option<String>,
    /// Other members, as they are.
    pub rest: Map<String, Json>,
}

/// A file of an artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Path within the artifact.
    pub path: String,
    /// The digest that the manifest has: SHA-256 in hex for a file that is kept.
    pub digest: Option<String>,
    /// Size in bytes.
    pub size: Option<u64>,
    /// Where the bytes are.
    pub blob: Blob,
}

/// Where the bytes of a file are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Blob {
    /// In the store.
    Kept(Place),
    /// Elsewhere, at this address.
    Referenced(String),
}

pub(super) fn links(reader: &Reader<'_>, run: &mut Run, project: &str) -> Vec<Link> {
    let mut links = Vec::new();
    for mut row in run.rows(reader, "run_artifact_links") {
        let id = row.take_text("artifact_version_id").unwrap_or_default();
        let is_input = row.take_text("direction").as_deref() == Some("input");
        let Some(version) = version(reader, run, &id, project) else {
            let detail = format!("a run names the version {id} of an artifact, which is not in the database");
            run.findings.push(SourceFinding::new(SourceCode::Missing, "table artifact_versions", detail));
            continue;
        };
        links.push(Link { is_input, created: row.take_text("created_at"), version });
    }
    links
}

fn version(reader: &Reader<'_>, run: &mut Run, id: &str, project: &str) -> Option<Version> {
    let mut row = reader.rows("artifact_versions", &[("id", id)], &mut run.findings).into_iter().next()?;
    let artifact_id = row.take_text("artifact_id").unwrap_or_default();
    let artifact = reader.rows("artifacts", &[("id", &artifact_id)], &mut run.findings).into_iter().next();
    let mut artifact = artifact.unwrap_or_default();
    let aliases = reader.rows("artifact_aliases", &[("artifact_version_id", id)], &mut run.findings);
    let mut aliases: Vec<String> = aliases.into_iter().filter_map(|mut alias| alias.take_text("alias")).collect();
    aliases.sort();
    let name = artifact.take_text("name").unwrap_or_else(|| format!("artifact {artifact_id}"));
    let manifest = row.take_text("manifest").unwrap_or_default();
    let entries = entries(run, &manifest, &name, project);
    for member in ["id", "size_bytes", "producer_run_name"] {
        row.remove(member);
    }
    Some(Version {
        kind: artifact.take_text("type").unwrap_or_default(),
        number: row.take_integer("version"),
        description: artifact.take_text("description").filter(|text| !text.is_empty()),
        aliases,
        manifest_digest: row.take_text("manifest_digest"),
        entries,
        metadata: row.take_text("metadata"),
        producer: row.take_text("producer_run_id"),
        rest: row.rest(),
        name,
    })
}

fn entries(run: &mut Run, manifest: &str, name: &str, project: &str) -> Vec<Entry> {
    let Parsed::Value(Json::Array(items)) = read_json(manifest) else {
        let detail = format!("the manifest of the artifact `{name}` is not a list of files");
        run.findings.push(SourceFinding::new(SourceCode::Damaged, "table artifact_versions", detail));
        return Vec::new();
    };
    let count = items.len();
    let read = |item: Json| {
        let Json::Object(mut members) = item else { return None };
        let path = members.take_text("path")?;
        let digest = members.take_text("digest").filter(|digest| !digest.is_empty());
        let size = members.take_integer("size").and_then(|size| u64::try_from(size).ok());
        let blob = match members.take_text("ref") {
            Some(address) => Blob::Referenced(address),
            None => Blob::Kept(digest.as_deref().map_or(Place::Missing, |digest| blob(run, digest, project))),
        };
        Some(Entry { path, digest, size, blob })
    };
    let entries: Vec<Entry> = items.into_iter().filter_map(read).collect();
    if entries.len() < count {
        let detail = format!("{} files of the artifact `{name}` have no path", count - entries.len());
        run.findings.push(SourceFinding::new(SourceCode::Damaged, "table artifact_versions", detail));
    }
    entries
}

/// Bytes lie under the first two digits of their digest, and the digest.
fn blob(run: &Run, digest: &str, project: &str) -> Place {
    let is_hex = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    match digest.get(..2).filter(|_| is_hex) {
        Some(start) => run.place(&format!("artifacts/{project}/blobs/sha256/{start}/{digest}")),
        None => Place::Refused,
    }
}
