//! Pictures, sounds and histograms, as both versions of the summaries have them.

use super::event::Content;
use super::run::Run;
use super::sink::{Medium, Sink};
use super::tensor::Tensor;
use super::values::MOST_NUMBERS;
use crate::protobuf::{Content as Wire, Field, Fields};
use crate::series::At;
use crate::wandb::{Members, Value as Json};

/// Width, height, and the pictures.
pub(super) fn images(key: &str, tensor: &Tensor<'_>, at: At, sink: &mut (dyn Sink + '_)) {
    let number = |text: &&[u8]| Json::Integer(String::from_utf8_lossy(text).into_owned());
    let (size, pictures) = tensor.texts.split_at(2);
    let names = ["width", "height"];
    for (index, bytes) in pictures.iter().enumerate() {
        let facts = names.into_iter().zip(size.iter().map(number)).collect();
        sink.medium(Medium { kind: "image", key, at, index, bytes, facts });
    }
}

/// Sounds, each with a text about it if the tensor has two columns.
pub(super) fn sounds(key: &str, tensor: &Tensor<'_>, at: At, sink: &mut (dyn Sink + '_)) {
    let columns = if tensor.shape.get(1) == Some(&2) { 2 } else { 1 };
    for (index, row) in tensor.texts.chunks(columns).enumerate() {
        let [bytes, about @ ..] = row else { continue };
        let about = about.iter().filter(|text| !text.is_empty());
        let facts = about.map(|text| ("label", Json::Text(String::from_utf8_lossy(text).into_owned()))).collect();
        sink.medium(Medium { kind: "audio", key, at, index, bytes, facts });
    }
}

/// The values of version 1: pictures, sounds and histograms in messages of their own.
pub(super) fn other(
    key: &str,
    content: Content<'_>,
    at: At,
    is_superseded: bool,
    run: &mut Run,
    sink: &mut (dyn Sink + '_),
) {
    let (kind, message, names, data): (_, _, &[_], _) = match content {
        Content::Image(message) => ("image", message, &[(1, "height"), (2, "width"), (3, "colorspace")], 4),
        Content::Audio(message) => {
            let names = &[(1, "sample_rate"), (2, "num_channels"), (3, "length_frames"), (5, "content_type")];
            ("audio", message, names, 4)
        }
        Content::Histogram(message) => ("histogram", message, &[], 0),
        Content::Other(message) => ("old histogram", message, &[], 0),
        Content::None | Content::Simple(_) | Content::Tensor(_) => return,
    };
    run.count(kind, is_superseded);
    if is_superseded {
        return;
    }
    if let Some(value) = Some(message).filter(|_| kind == "histogram").and_then(histogram) {
        return sink.numbers(kind, kind, key, at, value);
    }
    let (mut bytes, mut facts) = (message, Vec::new());
    if data > 0 {
        bytes = &[];
        for Field { number, content } in Fields::new(message) {
            if number == data {
                bytes = content.bytes();
            } else if let Some((_, name)) = names.iter().find(|(known, _)| *known == number) {
                facts.push((*name, fact(content)));
            }
        }
    }
    sink.medium(Medium { kind, key, at, index: 0, bytes, facts });
}

fn fact(content: Wire<'_>) -> Json {
    match content {
        Wire::Varint(_) => Json::Integer(content.signed().to_string()),
        Wire::Fixed32(bits) => Json::Float(f32::from_bits(bits).into()),
        Wire::Fixed64(bits) => Json::Float(f64::from_bits(bits)),
        Wire::Bytes(_) => Json::Text(content.text()),
    }
}

/// A histogram; `None` if it has too many bins, or is broken.
fn histogram(message: &[u8]) -> Option<Json> {
    let mut members = Members::default();
    let (mut limits, mut counts) = (Vec::new(), Vec::new());
    let mut fields = Fields::new(message);
    for Field { number, content } in &mut fields {
        let name = match number {
            1 => "min",
            2 => "max",
            3 => "num",
            4 => "sum",
            5 => "sum_squares",
            6 => {
                doubles(content, &mut limits);
                continue;
            }
            7 => {
                doubles(content, &mut counts);
                continue;
            }
            _ => continue,
        };
        members.insert(name.to_owned(), fact(content));
    }
    if fields.broken || limits.len().max(counts.len()) > MOST_NUMBERS {
        return None;
    }
    members.insert("bucket_limit".to_owned(), Json::List(limits));
    members.insert("bucket".to_owned(), Json::List(counts));
    Some(Json::Object(Box::new(members)))
}

fn doubles(content: Wire<'_>, numbers: &mut Vec<Json>) {
    match content {
        Wire::Fixed64(bits) => numbers.push(Json::Float(f64::from_bits(bits))),
        Wire::Bytes(packed) => {
            let (each, _) = packed.as_chunks::<8>();
            numbers.extend(each.iter().take(MOST_NUMBERS + 1).map(|bytes| Json::Float(f64::from_le_bytes(*bytes))));
        }
        _ => {}
    }
}
