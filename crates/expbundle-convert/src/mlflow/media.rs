//! `media.json`: pictures and tables by key and step.

use expbundle_format::record::role;
use expbundle_format::sections::{Media, MediaItem};
use serde_json::Value;

use super::files::Files;
use super::mapping::time;

pub(super) fn map(files: &Files<'_>) -> Media {
    let mut media = Vec::new();
    for (file, role, digest) in &files.plain {
        if role.as_str() != role::MEDIA {
            continue;
        }
        let mut item = MediaItem {
            kind: kind(&file.path).to_owned(),
            path: Some(file.path.clone()),
            artifact: Some(*digest),
            ..MediaItem::default()
        };
        match logged_image(&file.path) {
            Some(image) => {
                item.key = image.key;
                item.step = Some(image.step);
                item.time = time(Some(image.timestamp_ms));
                if image.compressed {
                    item.details.insert("compressed".to_owned(), Value::from(true));
                }
            }
            None => item.key.clone_from(&file.path),
        }
        media.push(item);
    }
    media.sort_by(|a, b| (&a.key, a.step, a.time, &a.path).cmp(&(&b.key, b.step, b.time, &b.path)));
    Media { media, salt: None }
}

fn kind(path: &str) -> &'static str {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension).to_ascii_lowercase();
    match extension.as_str() {
        "json" | "csv" | "tsv" => "table",
        "html" | "htm" => "html",
        "pdf" => "document",
        "mp4" | "webm" | "mov" => "video",
        "wav" | "mp3" | "ogg" | "flac" => "audio",
        _ => "image",
    }
}

/// What the name of a file says that `log_image` wrote.
struct LoggedImage {
    key: String,
    step: i64,
    timestamp_ms: i64,
    /// The lossy twin of a picture, for showing.
    compressed: bool,
}

/// `images/<key, "/" as "~">+step+<n>+timestamp+<ms>+<uuid>[+compressed].<extension>`
fn logged_image(path: &str) -> Option<LoggedImage> {
    let (name, _) = path.strip_prefix("images/")?.rsplit_once('.')?;
    let (key, rest) = name.split_once("+step+")?;
    let (step, rest) = rest.split_once("+timestamp+")?;
    let (timestamp, rest) = rest.split_once('+')?;
    Some(LoggedImage {
        key: key.replace('~', "/"),
        step: step.parse().ok()?,
        timestamp_ms: timestamp.parse().ok()?,
        compressed: rest.ends_with("+compressed"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_logged_images() {
        let path = "images/samples~first+step+-2+timestamp+1795426062403+fe54c2ac-3904-4de1-97db-0c1851f611ab";
        let image = logged_image(&format!("{path}.png")).expect("an image");
        assert_eq!((image.key.as_str(), image.step, image.compressed), ("samples/first", -2, false));
        assert!(logged_image(&format!("{path}+compressed.webp")).expect("an image").compressed);
        assert!(logged_image("images/plain.png").is_none());
        assert!(logged_image("plots/first.png").is_none());
    }
}
