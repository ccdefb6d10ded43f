//! `media.json`: images and histograms of series.

use expbundle_format::sections::{Media, MediaItem};
use expbundle_trackers::neptune::{FileKind, Run};
use serde_json::json;

use super::files::{Known, path_of, time, whole};
use super::recipe::list;
use crate::ledger::Ledger;

pub(super) fn map(ledger: &Ledger<'_>, run: &Run, known: &Known) -> Media {
    let mut media = Vec::new();
    for file in run.files.iter().filter(|file| file.kind == FileKind::Image) {
        let path = path_of(file);
        // One that is not here, or holds a secret, is told among the files.
        let Some(digest) = known.images.get(&path) else { continue };
        media.push(MediaItem {
            key: file.path.clone(),
            step: whole(file.at.step),
            time: time(file.at),
            kind: "image".to_owned(),
            artifact: Some(*digest),
            path: Some(path),
            caption: file.caption.clone(),
            ..MediaItem::default()
        });
    }
    for histogram in &run.histograms {
        let mut item = MediaItem {
            key: histogram.path.clone(),
            step: whole(histogram.at.step),
            time: time(histogram.at),
            kind: "histogram".to_owned(),
            value: Some(json!({
                "type": histogram.kind,
                "edges": list(&histogram.edges),
                "values": list(&histogram.values),
            })),
            ..MediaItem::default()
        };
        if let Some(step) = histogram.at.step.filter(|_| item.step.is_none()) {
            item.details.insert("step".to_owned(), step.into());
        }
        if let Some(ratio) = histogram.at.preview {
            item.details.insert("previewCompletion".to_owned(), ratio.into());
        }
        media.push(item);
    }
    ledger.items("histogram", run.histograms.len() as u64).mapped();
    media.sort_by(|a, b| (&a.key, a.step, a.time, &a.path).cmp(&(&b.key, b.step, b.time, &b.path)));
    Media { media, salt: None }
}
