//! Pictures, sounds, graphs: files that event files hold. They lie in a temporary folder until they
//! are hashed.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;

use camino::Utf8PathBuf;
use expbundle_format::Code;
use expbundle_format::sections::{Artifact, Direction, MediaItem};
use expbundle_trackers::Scratch;
use expbundle_trackers::tensorboard::Medium;

use super::time;
use crate::ledger::{Foreign as _, Ledger};
use crate::outputs::{self, OutputFile};
use crate::{ConvertError, roles};

/// Files of one run. `media.json` has an item for each picture.
const MOST_FILES: usize = 20_000;
/// Letters of a series in the name of a file.
const MOST_NAME: usize = 100;

/// The files so far.
#[derive(Default)]
pub(super) struct Files {
    folder: Option<Scratch>,
    waiting: Vec<(MediaItem, OutputFile)>,
    /// How many files each path stands for.
    taken: HashMap<String, u64>,
    left_out: u64,
    trouble: Option<io::Error>,
}

impl Files {
    /// Adds a file.
    pub fn add(&mut self, medium: &Medium<'_>, role: &str) {
        if self.waiting.len() >= MOST_FILES {
            self.left_out += 1;
            return;
        }
        let path = self.path(medium);
        match self.write(medium.bytes) {
            Ok(on_disk) => {
                let mut artifact = Artifact::new(Direction::Output, roles::word(role));
                artifact.name = Some(medium.key.to_owned());
                artifact.kind = Some(medium.kind.to_owned());
                (artifact.step, artifact.time) = (medium.at.step, medium.at.time_ns.and_then(time));
                let facts = medium.facts.iter().map(|(name, value)| ((*name).to_owned(), value.tree()));
                artifact.metadata = facts.collect();
                let item = MediaItem {
                    key: medium.key.to_owned(),
                    step: artifact.step,
                    time: artifact.time,
                    kind: medium.kind.to_owned(),
                    path: Some(path.clone()),
                    details: artifact.metadata.clone(),
                    ..MediaItem::default()
                };
                self.waiting.push((item, OutputFile { path, on_disk, artifact }));
            }
            Err(error) => {
                self.trouble.get_or_insert(error);
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<Utf8PathBuf> {
        let folder = match &self.folder {
            Some(folder) => folder,
            None => self.folder.insert(Scratch::new()?),
        };
        let folder = folder.utf8_path().ok_or(io::ErrorKind::InvalidFilename)?;
        let path = folder.join(self.waiting.len().to_string());
        fs::write(&path, bytes)?;
        Ok(path)
    }

    /// `media/<series>/<step>.png`. Whatever the series is called, it is a plain name here.
    fn path(&mut self, medium: &Medium<'_>) -> String {
        let plain = |c: char| if c.is_alphanumeric() || "-_".contains(c) { c } else { '_' };
        let series: String = medium.key.chars().map(plain).take(MOST_NAME).collect();
        let step = medium.at.step.unwrap_or_default();
        let begin = format!("media/{series}/{step}");
        let same = self.taken.entry(begin.clone()).or_default();
        *same += 1;
        let number = if *same == 1 { String::new() } else { format!("-{same}") };
        format!("{begin}{number}.{}", extension(medium.kind, medium.bytes))
    }

    /// Lists the files; gives the pictures and sounds among them.
    pub fn list(self, ledger: &mut Ledger<'_>) -> Result<Vec<MediaItem>, ConvertError> {
        if let Some(error) = self.trouble {
            return Err(error.into());
        }
        if self.left_out > 0 {
            let message = format!("the run has more than {MOST_FILES} pictures and other files");
            ledger.finding(Code::SourceLoss, "event files", message);
            ledger.items("file in an event", self.left_out).dropped("the record has no room for more files");
        }
        let (items, files): (Vec<_>, Vec<_>) = self.waiting.into_iter().unzip();
        let known: BTreeMap<_, _> = outputs::list(ledger, "file in an event", files)?;
        let digest = |path: &Option<String>| path.as_ref().and_then(|path| known.get(path).copied());
        let media = items.into_iter().filter(|item| matches!(item.kind.as_str(), "image" | "audio"));
        Ok(media.map(|item| MediaItem { artifact: digest(&item.path), ..item }).collect())
    }
}

/// What the bytes are, by how they begin.
fn extension(kind: &str, bytes: &[u8]) -> &'static str {
    const SIGNS: [(&[u8], &str); 7] = [
        (b"\x89PNG", "png"),
        (b"\xff\xd8\xff", "jpg"),
        (b"GIF8", "gif"),
        (b"BM", "bmp"),
        (b"OggS", "ogg"),
        (b"ID3", "mp3"),
        (b"fLaC", "flac"),
    ];
    let is_riff = |form: &[u8]| bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(form);
    match SIGNS.iter().find(|(sign, _)| bytes.starts_with(sign)) {
        _ if is_riff(b"WAVE") => "wav",
        _ if is_riff(b"WEBP") => "webp",
        Some((_, extension)) if matches!(kind, "image" | "audio") => extension,
        _ if matches!(kind, "image" | "audio") => "bin",
        _ => "pb",
    }
}
