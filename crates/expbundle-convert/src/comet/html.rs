//! Pages that were logged as text.

use expbundle_format::record::role;
use expbundle_format::sections::{Artifact, Direction, MediaItem};

use super::mapping::{Mapping, text};
use crate::{ConvertError, roles};

/// Pages: those that are added to, and the one that replaces what was there.
const KINDS: [&str; 2] = ["html", "htmlOverride"];

pub(super) fn map(mapping: &mut Mapping<'_>, media: &mut Vec<MediaItem>) -> Result<(), ConvertError> {
    for kind in KINDS {
        for message in mapping.take(kind) {
            let Some(html) = text(&message.payload, kind) else {
                mapping.raw(message);
                continue;
            };
            let path = format!("{kind}-{}.html", message.number);
            let mut artifact = Artifact::new(Direction::Output, roles::word(role::MEDIA));
            let digest = mapping.ledger.text(&path, html, &mut artifact)?;
            artifact.name = Some(path.clone());
            artifact.path = Some(path.clone());
            artifact.media_type = Some("text/html".to_owned());
            mapping.ledger.list(artifact);
            let (key, artifact) = (kind.to_owned(), Some(digest.into()));
            media.push(MediaItem { key, kind: "html".to_owned(), path: Some(path), artifact, ..MediaItem::default() });
            mapping.mapped(message, &[kind]);
        }
    }
    Ok(())
}
