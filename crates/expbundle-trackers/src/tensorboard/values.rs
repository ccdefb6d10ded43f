//! Values of summaries, by what they are: scalars, texts, pictures, sounds, histograms, and tensors
//! of plugins.

use std::collections::HashMap;

use super::event::{Content, Metadata, Value};
use super::hparams::Message;
use super::media;
use super::parts::Part;
use super::run::Run;
use super::sink::{Medium, Sink};
use super::tensor::Tensor;
use crate::finding::{SourceCode, SourceFinding};
use crate::series::{At, Number};
use crate::wandb::{Members, Value as Json};

/// Names that are told apart; nobody draws that many plots.
const MOST_TAGS: usize = 1 << 20;
/// Bins of a histogram, and numbers of a tensor, that are taken apart. Larger ones are files.
pub(super) const MOST_NUMBERS: usize = 1 << 14;

/// What is known of a tag.
#[derive(Debug)]
struct Tag {
    /// The series.
    key: String,
    /// Its number in the sink, once it has points.
    number: Number,
    /// The plugin that its values are for.
    plugin: String,
}

/// Takes the values of the folders of a run, one folder after the other.
#[derive(Debug, Default)]
pub(super) struct Values {
    /// Those of the folder.
    tags: HashMap<Vec<u8>, Tag>,
    folder: String,
    part: Option<Part>,
    /// The folder and tag that each series is of.
    keys: HashMap<String, (String, Vec<u8>)>,
    /// Values of names that there is no room for.
    too_many: u64,
}

impl Values {
    /// Begins a folder.
    pub fn begin(&mut self, folder: &str, part: Option<&Part>) {
        self.tags.clear();
        folder.clone_into(&mut self.folder);
        self.part = part.cloned();
    }

    /// Says what was left out.
    pub fn finish(self, run: &mut Run) {
        if self.too_many > 0 {
            let detail =
                format!("the run has more than {MOST_TAGS} names; {} values of others are left out", self.too_many);
            run.findings.push(SourceFinding::new(SourceCode::Loss, self.folder, detail));
        }
    }

    /// Takes a value.
    pub fn value(&mut self, message: &[u8], at: At, is_superseded: bool, run: &mut Run, sink: &mut (dyn Sink + '_)) {
        let value = Value::read(message);
        if value.broken {
            run.count("broken value", false);
            run.findings.extend(broken(&self.folder, value.tag, run.findings.len()));
        }
        if !self.tags.contains_key(value.tag) || value.metadata.is_some() {
            self.meet(&value, run);
        }
        let Some(tag) = self.tags.get_mut(value.tag) else {
            self.too_many += 1;
            run.count("value of too many names", false);
            return;
        };
        match value.content {
            Content::Simple(number) => {
                run.count("scalar", is_superseded);
                run.has_floats = true;
                if !is_superseded {
                    scalar(tag, at, number.into(), None, sink);
                }
            }
            Content::Tensor(message) => tensor(tag, message, at, is_superseded, run, sink),
            Content::None if value.broken => {}
            Content::None if value.metadata.is_some() => {}
            Content::None => run.count("value without content", false),
            content => media::other(&tag.key, content, at, is_superseded, run, sink),
        }
    }

    /// Learns the name and the metadata of a tag. Only the first value of a tag has them, for each
    /// writer.
    fn meet(&mut self, value: &Value<'_>, run: &mut Run) {
        let metadata = value.metadata.map(Metadata::read).unwrap_or_default();
        if metadata.plugin == "hparams" {
            run.count("hyperparameter message", false);
            self.hparams(metadata.content, run);
        }
        if !self.tags.contains_key(value.tag) && self.tags.len() < MOST_TAGS {
            let key = self.key(value.tag);
            if !metadata.title.is_empty() || !metadata.description.is_empty() {
                run.described.insert(key.clone(), (metadata.title.clone(), metadata.description.clone()));
            }
            self.tags.insert(value.tag.to_vec(), Tag { key, number: Number::default(), plugin: metadata.plugin });
        } else if let Some(tag) = self.tags.get_mut(value.tag).filter(|tag| tag.plugin.is_empty()) {
            tag.plugin = metadata.plugin;
        }
    }

    fn hparams(&self, message: &[u8], run: &mut Run) {
        match Message::read(message) {
            Message::Experiment(experiment) => run.experiments.push((self.folder.clone(), experiment)),
            Message::Start(session) => run.sessions.push((self.folder.clone(), session)),
            Message::End(end) => {
                let of_folder = run.sessions.iter_mut().rev().find(|(folder, _)| *folder == self.folder);
                if let Some((_, session)) = of_folder {
                    session.end = Some(end);
                }
            }
            Message::Unknown => {}
        }
    }

    /// The series of a tag. Where another folder has it already, the folder and U+241F stand before
    /// it, which no tag has.
    fn key(&mut self, tag: &[u8]) -> String {
        let text = String::from_utf8_lossy(tag);
        let key = self.part.as_ref().map_or_else(|| text.clone().into_owned(), |part| part.key(&self.folder, &text));
        let own = (self.folder.clone(), tag.to_vec());
        let key = match self.keys.get(&key) {
            Some(other) if *other != own => format!("{}\u{241f}{text}", self.folder),
            _ => key,
        };
        self.keys.insert(key.clone(), own);
        key
    }
}

fn broken(folder: &str, tag: &[u8], known: usize) -> Option<SourceFinding> {
    const MOST_FINDINGS: usize = 1000;
    let place = crate::folder::join(folder, &String::from_utf8_lossy(tag));
    let finding = SourceFinding::new(SourceCode::Damaged, place, "a value is broken; its start was read");
    (known < MOST_FINDINGS).then_some(finding)
}

fn scalar(tag: &mut Tag, at: At, value: f64, digits: Option<&str>, sink: &mut (dyn Sink + '_)) {
    let number = tag.number.get(|| sink.key(&tag.key));
    sink.number(number, at, value, digits);
}

fn tensor(tag: &mut Tag, message: &[u8], at: At, is_superseded: bool, run: &mut Run, sink: &mut (dyn Sink + '_)) {
    if tag.plugin == "hparams" {
        return;
    }
    let tensor = Tensor::read(message);
    let numbers = if tensor.texts.is_empty() && tensor.count().is_some_and(|count| count <= MOST_NUMBERS) {
        tensor.numbers()
    } else {
        None
    };
    let kind = match (tag.plugin.as_str(), &numbers) {
        ("scalars", Some(numbers)) if numbers.len() == 1 => "scalar",
        ("text", None) if !tensor.texts.is_empty() => "text",
        ("images", None) if tensor.texts.len() >= 2 => "image",
        ("audio", None) if !tensor.texts.is_empty() => "audio",
        ("histograms", Some(_)) => "histogram",
        _ => "tensor",
    };
    run.count(kind, is_superseded);
    if is_superseded {
        return;
    }
    match (kind, numbers) {
        ("scalar", Some(numbers)) => {
            run.has_floats |= tensor.dtype == 1;
            let value = numbers.first().copied().unwrap_or_default();
            scalar(tag, at, value, tensor.digits().as_deref(), sink);
        }
        ("text", _) => {
            for text in &tensor.texts {
                sink.text(&tag.key, at, &String::from_utf8_lossy(text));
            }
        }
        ("image", _) => media::images(&tag.key, &tensor, at, sink),
        ("audio", _) => media::sounds(&tag.key, &tensor, at, sink),
        (_, Some(numbers)) => {
            let mut members = Members::default();
            let shape = tensor.shape.iter().map(|size| Json::Integer(size.to_string()));
            members.insert("shape".to_owned(), Json::List(shape.collect()));
            members.insert("values".to_owned(), Json::List(numbers.into_iter().map(Json::Float).collect()));
            let plugin = if kind == "histogram" || tag.plugin.is_empty() { kind } else { &tag.plugin };
            sink.numbers(kind, plugin, &tag.key, at, Json::Object(Box::new(members)));
        }
        _ => {
            let facts =
                vec![("plugin", Json::Text(tag.plugin.clone())), ("form", Json::Text("TensorProto".to_owned()))];
            sink.medium(Medium { kind, key: &tag.key, at, index: 0, bytes: message, facts });
        }
    }
}
