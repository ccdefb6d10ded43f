//! Versions of artifacts, and their files.

use camino::{Utf8Path, Utf8PathBuf};
use walkdir::WalkDir;

use super::metadata::{self, Metadata};
use super::store::first;
use super::{Row, dashed, text};
use crate::finding::{SourceCode, SourceFinding};
use crate::scratch::may_be_of_run;
use crate::sqlite::Reader;

/// An artifact has a few files; a container of many values has one for each.
const MOST_FILES: usize = 100_000;
/// Folders in each other.
const MOST_LEVELS: usize = 32;

/// Where something is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// In the store's own folder.
    Here(Utf8PathBuf),
    /// On a server.
    Remote,
    /// At a path that is not the store's.
    #[default]
    Absent,
}

/// A file of an artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArtifactFile {
    /// Path within the artifact.
    pub path: String,
    /// Where it is.
    pub on_disk: Utf8PathBuf,
    /// Whether `ZenML` made it to look at.
    pub is_visualization: bool,
}

/// An artifact that a step took in or put out.
#[derive(Clone, Debug, Default)]
pub struct Edge {
    /// Its name within the step.
    pub name: String,
    /// How it came, like `step_output` or `lazy`.
    pub kind: Option<String>,
    /// The id of the version.
    pub id: String,
    /// The row of the version.
    pub version: Row,
    /// The name of the artifact.
    pub artifact: Option<String>,
    /// What is written of it.
    pub metadata: Vec<Metadata>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Where it is.
    pub place: Place,
    /// Its files, in the order of their paths.
    pub files: Vec<ArtifactFile>,
    /// The run that made it, if another one.
    pub producer: Option<String>,
    /// Versions of models that it belongs to.
    pub model_versions: Vec<String>,
}

/// Where an address is: in the folder of local stores, wherever that lies now.
pub(super) fn locate(root: &Utf8Path, uri: &str) -> Place {
    if uri.contains("://") && !uri.starts_with("file://") {
        return Place::Remote;
    }
    let uri = uri.replace('\\', "/");
    let Some((_, inner)) = uri.rsplit_once("/local_stores/") else { return Place::Absent };
    let mut place = root.join("local_stores");
    for part in inner.split('/').filter(|part| !part.is_empty()) {
        place.push(part);
        // Links lead out of the store.
        if matches!(part, "." | "..")
            || part.contains(':')
            || place.symlink_metadata().is_ok_and(|file| file.is_symlink())
        {
            return Place::Absent;
        }
    }
    Place::Here(place)
}

/// What a step took in or put out.
pub(super) fn of(
    reader: &Reader<'_>,
    root: &Utf8Path,
    table: &'static str,
    step: &Row,
    findings: &mut Vec<SourceFinding>,
) -> Vec<Edge> {
    let id = text(step, "id").unwrap_or_default();
    let mut edges: Vec<Edge> =
        reader.rows(table, &[("step_id", id)], findings).iter().map(|row| edge(reader, root, row, findings)).collect();
    edges.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    for edge in &mut edges {
        edge.producer =
            producer(reader, &edge.id, findings).filter(|run| Some(run.as_str()) != text(step, "pipeline_run_id"));
    }
    edges
}

fn edge(reader: &Reader<'_>, root: &Utf8Path, row: &Row, findings: &mut Vec<SourceFinding>) -> Edge {
    let id = text(row, "artifact_id").unwrap_or_default().to_owned();
    let mut edge = Edge {
        name: text(row, "name").unwrap_or_default().to_owned(),
        kind: text(row, "type").map(str::to_owned),
        ..Edge::default()
    };
    if let Some(version) = first(reader, "artifact_version", &id, findings) {
        let artifact = text(&version, "artifact_id").and_then(|id| first(reader, "artifact", id, findings));
        edge.artifact = artifact.as_ref().and_then(|artifact| text(artifact, "name")).map(str::to_owned);
        let uri = text(&version, "uri").unwrap_or_default();
        edge.place = locate(root, uri);
        let looks: Vec<String> = reader
            .rows("artifact_visualization", &[("artifact_version_id", &id)], findings)
            .iter()
            .filter_map(|row| Some(text(row, "uri")?.strip_prefix(uri)?.trim_start_matches('/').to_owned()))
            .collect();
        if let Place::Here(folder) = &edge.place {
            edge.files = files(folder, &edge.name, &looks, findings);
        }
        edge.version = version;
    } else {
        let detail = "the database does not have this version of an artifact";
        findings.push(SourceFinding::new(SourceCode::Missing, format!("artifact version {}", dashed(&id)), detail));
    }
    let links = reader.rows("model_versions_artifacts", &[("artifact_version_id", &id)], findings);
    edge.model_versions = links.iter().filter_map(|link| text(link, "model_version_id").map(str::to_owned)).collect();
    edge.metadata = metadata::of(reader, &id, findings);
    edge.tags = metadata::tags(reader, &id, findings);
    edge.id = id;
    edge
}

/// The run that made a version: that of the step which has it as output and did not copy it.
fn producer(reader: &Reader<'_>, version: &str, findings: &mut Vec<SourceFinding>) -> Option<String> {
    let rows = reader.rows("step_run_output_artifact", &[("artifact_id", version)], findings);
    rows.iter().find_map(|row| {
        let step = first(reader, "step_run", text(row, "step_id")?, findings)?;
        let is_copy = super::run::is_cached(text(&step, "status"), text(&step, "original_step_run_id"));
        if is_copy { None } else { text(&step, "pipeline_run_id").map(str::to_owned) }
    })
}

fn files(folder: &Utf8Path, name: &str, looks: &[String], findings: &mut Vec<SourceFinding>) -> Vec<ArtifactFile> {
    let mut files = Vec::new();
    let mut found = |code, place: String, detail: &str| findings.push(SourceFinding::new(code, place, detail));
    if folder.is_file() {
        let path = folder.file_name().unwrap_or_default().to_owned();
        return vec![ArtifactFile { path, on_disk: folder.to_owned(), is_visualization: false }];
    }
    let walk = WalkDir::new(folder).min_depth(1).max_depth(MOST_LEVELS).follow_links(false).sort_by_file_name();
    for entry in walk.into_iter().filter_entry(may_be_of_run) {
        let Ok(entry) = entry else { continue };
        let relative = entry.path().strip_prefix(folder).unwrap_or(entry.path());
        let path = relative.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
        if entry.file_type().is_dir() {
            continue;
        }
        if files.len() >= MOST_FILES {
            found(
                SourceCode::Unsupported,
                name.to_owned(),
                "the artifact has more than 100,000 files; the rest is not read",
            );
            break;
        }
        match Utf8Path::from_path(entry.path()).filter(|_| entry.file_type().is_file()) {
            Some(on_disk) => {
                let is_visualization = looks.contains(&path);
                files.push(ArtifactFile { path, on_disk: on_disk.to_owned(), is_visualization });
            }
            None => found(
                SourceCode::Outside,
                format!("{name}/{path}"),
                "it is a link or not a regular file; it is not followed",
            ),
        }
    }
    files
}
