//! Files that operations upload, name or hold.

use std::fs;

use base64::Engine as _;
use camino::Utf8PathBuf;

use super::super::item::{FileKind, FileRef};
use super::super::source::is_file;
use super::apply::{Applied, at};
use super::log::Place;
use super::operation::Operation;
use crate::finding::SourceCode;
use crate::scratch::Scratch;
use crate::wandb::Value;

impl Applied<'_> {
    pub fn upload(&mut self, operation: &Operation) {
        self.delete(&operation.path);
        let mut file = FileRef::new(&operation.path, FileKind::File);
        if let Some(name) = operation.text("tmp_file_name") {
            name.clone_into(&mut file.name);
            // A plain name, so that it does not lead out of the folder.
            let is_plain = !name.contains(['/', '\\']) && name != "..";
            file.on_disk = Some(self.uploads.join(name)).filter(|path| is_plain && is_file(path));
            if let Some(extension) = operation.text("ext") {
                file.name = format!("{}.{extension}", last(&operation.path));
            }
        } else if let Some(address) = operation.text("file_path") {
            last_name(address).clone_into(&mut file.name);
            file.address = Some(address.to_owned());
        }
        self.add(file);
    }

    fn add(&mut self, file: FileRef) {
        if self.run.has_room(file.path.len() + file.name.len()) {
            self.run.files.push(file);
        }
    }

    /// Bytes within the operation.
    pub fn content(&mut self, operation: &Operation) -> bool {
        self.delete(&operation.path);
        let mut file = FileRef::new(&operation.path, FileKind::File);
        if let Some(extension) = operation.text("ext") {
            file.name = format!("{}.{extension}", last(&operation.path));
        }
        let Some(bytes) = operation.object.get("file_content").and_then(Value::as_str).and_then(decoded) else {
            return false;
        };
        file.on_disk = self.write(&bytes);
        self.add(file);
        true
    }

    /// Writes bytes to a folder of our own, for they are in the log only.
    fn write(&mut self, bytes: &[u8]) -> Option<Utf8PathBuf> {
        if self.run.scratch.is_none() {
            self.run.scratch = Scratch::new().ok();
        }
        let path = self.run.scratch.as_ref()?.utf8_path()?.join(self.written.to_string());
        self.written += 1;
        let written = fs::write(&path, bytes);
        if let Err(error) = &written {
            self.run.find(
                SourceCode::Unreadable,
                "data-*.log",
                format!("bytes cannot be taken out of the log: {error}"),
            );
        }
        written.is_ok().then_some(path)
    }

    pub fn images(&mut self, operation: &Operation, place: Place) -> bool {
        let path = operation.path.as_str();
        if self.is_cleared(path, place) {
            self.run.found.cleared += operation.list("values").len() as u64;
            return true;
        }
        for one in operation.list("values") {
            let image = one.get("value");
            let text = |name: &str| image.and_then(|image| image.get(name)?.as_str()).filter(|text| !text.is_empty());
            let data = text("data").or(image.and_then(Value::as_str));
            let Some(bytes) = data.and_then(decoded) else {
                self.broken(path);
                continue;
            };
            let mut file = FileRef::new(path, FileKind::Image);
            let number = self.run.files.iter().filter(|file| file.path == path).count();
            file.name = format!("{}-{number}.png", last(path));
            file.at = at(one);
            let words = [text("name"), text("description")];
            file.caption =
                Some(words.into_iter().flatten().collect::<Vec<_>>().join(": ")).filter(|text| !text.is_empty());
            file.on_disk = self.write(&bytes);
            self.add(file);
        }
        true
    }

    /// Patterns of paths outside the folder.
    pub fn file_set(&mut self, operation: &Operation) {
        if operation.text("reset").is_some_and(|reset| reset != "False") {
            self.delete(&operation.path);
        }
        for pattern in operation.list("file_globs").iter().filter_map(Value::as_str) {
            self.outside(&operation.path, FileKind::Set, pattern);
        }
    }

    pub fn track(&mut self, operation: &Operation) {
        for entry in operation.list("entries") {
            let Value::List(pair) = entry else { continue };
            if let Some(path) = pair.first().and_then(Value::as_str) {
                self.outside(&operation.path, FileKind::Tracked, path);
            }
            if pair.get(1).is_some_and(|destination| *destination != Value::Null) {
                self.keep(operation);
            }
        }
    }

    fn outside(&mut self, path: &str, kind: FileKind, address: &str) {
        let mut file = FileRef::new(path, kind);
        last_name(address).clone_into(&mut file.name);
        file.address = Some(address.to_owned());
        self.add(file);
    }
}

fn decoded(base64: &str) -> Option<Vec<u8>> {
    base64::engine::general_purpose::STANDARD.decode(base64).ok()
}

/// The last part of an attribute's path.
fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The last name of a path of whatever machine.
fn last_name(address: &str) -> &str {
    let name = address.rsplit(['/', '\\']).find(|name| !name.is_empty());
    name.filter(|name| *name != "..").unwrap_or("file")
}
