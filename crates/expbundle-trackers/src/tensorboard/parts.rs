//! Folders that a writer makes below that of its run: `add_scalars` makes one for each of its
//! scalars, `add_hparams` one for the hyperparameters. They are told from runs of their own by what
//! they hold.

use std::fs::File;
use std::io::BufReader;

use camino::Utf8Path;

use super::event::{Content, Event, Metadata, Value, What};
use super::records::Records;
use crate::protobuf::Fields;

/// Values at the start of a folder that are looked at.
const VALUES: usize = 3;
/// Records that may come before them.
const RECORDS: usize = 16;

/// What a folder is to the run above it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// The hyperparameters, and the metrics that came with them.
    Hparams,
    /// One of the scalars that were written under one tag.
    Scalars {
        /// The tag.
        tag: String,
        /// Its name among them.
        name: String,
    },
}

impl Part {
    /// What a folder is, by its path below the run and the start of its first file. `None` if it is
    /// a run of its own.
    pub(super) fn of(path: &str, first_file: &Utf8Path) -> Option<Self> {
        let file = crate::text::open_file(first_file).ok()??;
        let tags = first_tags(file);
        let names = ["_hparams_/experiment", "_hparams_/session_start_info", "_hparams_/session_end_info"];
        if tags.iter().map(|(tag, _)| tag.as_str()).eq(names) {
            return Some(Self::Hparams);
        }
        let (tag, is_scalar) = tags.into_iter().next()?;
        let name = path.strip_prefix(&tag).and_then(|rest| rest.strip_prefix('/')).or_else(|| {
            // PyTorch makes one name of both.
            path.strip_prefix(&tag.replace('/', "_")).and_then(|rest| rest.strip_prefix('_'))
        });
        let name = name.filter(|name| is_scalar && !name.is_empty() && !tag.is_empty())?.to_owned();
        Some(Self::Scalars { tag, name })
    }

    /// The series of a tag in the folder.
    pub(super) fn key(&self, path: &str, tag: &str) -> String {
        match self {
            Self::Hparams => tag.to_owned(),
            Self::Scalars { tag: main, name } if main == tag => format!("{main}/{name}"),
            Self::Scalars { .. } => format!("{path}/{tag}"),
        }
    }
}

/// The first tags of a file, and whether each is of a scalar.
fn first_tags(file: File) -> Vec<(String, bool)> {
    let mut records = Records::new(BufReader::new(file), "");
    let mut tags = Vec::new();
    for _ in 0..RECORDS {
        let Ok(Some(record)) = records.next() else { break };
        let What::Summary(summary) = Event::read(record).what else { continue };
        for field in Fields::new(summary).filter(|field| field.number == 1) {
            let value = Value::read(field.content.bytes());
            let plugin = value.metadata.map(|metadata| Metadata::read(metadata).plugin);
            let is_scalar = match value.content {
                Content::Simple(_) => true,
                Content::Tensor(_) => plugin.as_deref() == Some("scalars"),
                _ => false,
            };
            tags.push((String::from_utf8_lossy(value.tag).into_owned(), is_scalar));
            if tags.len() == VALUES {
                return tags;
            }
        }
    }
    tags
}
