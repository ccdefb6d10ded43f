//! Records out of their messages. A field that is not there has the value that protobuf gives it: 0,
//! or an empty text.

use super::records::{Column, ConsoleLine, Finish, Media, MediaFile, Record, Save, Scalar, Start, State};
use crate::protobuf::{Content, Field, Fields};

/// Folders of media by the number of their kind.
const KINDS: [&str; 10] =
    ["unspecified", "scalar", "image", "audio", "text", "video", "echarts", "object3d", "molecule", "html"];

pub(super) fn record(bytes: &[u8]) -> Record<'_> {
    let mut fields = Fields::new(bytes);
    let mut found = None;
    for Field { number, content } in fields.by_ref() {
        let message = content.bytes();
        found = match number {
            1 | 2 => continue,
            10 => start(message).map(Record::Start),
            11 => finish(message).map(Record::Finish),
            12 => column(message).map(Record::Column),
            13 => scalar(message).map(Record::Scalar),
            14 => media(message).map(Record::Media),
            16 => console(message).map(Record::Console),
            20 => save(message).map(Record::Save),
            other => Some(Record::Unknown(other)),
        };
        if found.is_none() {
            return Record::Broken;
        }
    }
    if fields.broken { Record::Broken } else { found.unwrap_or(Record::Unknown(0)) }
}

/// Reads the fields of a message; `None` if one is broken.
fn each<'a>(message: &'a [u8], mut take: impl FnMut(u32, Content<'a>) -> Option<()>) -> Option<()> {
    let mut fields = Fields::new(message);
    for field in fields.by_ref() {
        take(field.number, field.content)?;
    }
    (!fields.broken).then_some(())
}

/// A `google.protobuf.Timestamp` in nanoseconds since 1970; `None` if it is broken or has no place
/// in 64 bits.
fn timestamp(message: &[u8]) -> Option<i64> {
    let (mut seconds, mut nanoseconds) = (0, 0);
    each(message, |number, content| {
        match number {
            1 => seconds = content.signed(),
            2 => nanoseconds = content.signed(),
            _ => {}
        }
        Some(())
    })?;
    seconds.checked_mul(1_000_000_000)?.checked_add(nanoseconds)
}

fn start(message: &[u8]) -> Option<Start> {
    const TEXTS: [(u32, &str); 8] = [
        (1, "project"),
        (2, "workspace"),
        (4, "name"),
        (5, "description"),
        (7, "group"),
        (8, "job_type"),
        (9, "color"),
        (10, "id"),
    ];
    let mut start = Start::default();
    each(message, |number, content| {
        match number {
            3 => start.is_public = content.number() != 0,
            6 => start.tags.push(content.text()),
            11 => start.resume = content.number(),
            12 => start.time_ns = timestamp(content.bytes()),
            _ => push(&mut start.texts, &TEXTS, number, content),
        }
        Some(())
    })?;
    Some(start)
}

fn push(texts: &mut Vec<(&'static str, String)>, names: &[(u32, &'static str)], number: u32, content: Content<'_>) {
    let name = names.iter().find(|(of, _)| *of == number);
    if let Some((_, name)) = name.filter(|_| !content.bytes().is_empty()) {
        texts.push((name, content.text()));
    }
}

fn finish(message: &[u8]) -> Option<Finish> {
    let mut finish = Finish::default();
    each(message, |number, content| {
        match number {
            1 => {
                finish.state = match content.number() {
                    1 => State::Finished,
                    2 => State::Crashed,
                    3 => State::Aborted,
                    _ => State::Unknown,
                };
            }
            2 => finish.error = Some(content.text()).filter(|text| !text.is_empty()),
            3 => finish.time_ns = timestamp(content.bytes()),
            _ => {}
        }
        Some(())
    })?;
    Some(finish)
}

fn column(message: &[u8]) -> Option<Column> {
    const TEXTS: [(u32, &str); 6] = [
        (4, "column_name"),
        (5, "section_name"),
        (8, "chart_index"),
        (9, "chart_name"),
        (11, "metric_name"),
        (13, "x_axis"),
    ];
    const NUMBERS: [(u32, &str); 5] =
        [(1, "column_class"), (2, "column_type"), (6, "section_type"), (10, "chart_type"), (14, "hidden")];
    let mut column = Column::default();
    each(message, |number, content| {
        if number == 3 {
            column.key = content.text();
        }
        column.is_system |= number == 1 && content.number() == 2;
        if let Some((_, name)) = NUMBERS.iter().find(|(of, _)| *of == number)
            && content.number() != 0
        {
            column.numbers.push((name, content.number()));
        }
        push(&mut column.texts, &TEXTS, number, content);
        Some(())
    })?;
    Some(column)
}

fn scalar(message: &[u8]) -> Option<Scalar<'_>> {
    let mut scalar = Scalar { key: &[], step: 0, time_ns: None, value: 0.0 };
    let mut has_value = false;
    each(message, |number, content| {
        match number {
            1 => scalar.key = content.bytes(),
            2 => scalar.step = content.signed(),
            4 => scalar.time_ns = timestamp(content.bytes()),
            5 => {
                has_value = true;
                each(content.bytes(), |number, content| {
                    if let (1, Content::Fixed64(bits)) = (number, content) {
                        scalar.value = f64::from_bits(bits);
                    }
                    Some(())
                })?;
            }
            _ => {}
        }
        Some(())
    })?;
    has_value.then_some(scalar)
}

fn media(message: &[u8]) -> Option<Media> {
    let mut media = Media { kind: "unspecified", ..Media::default() };
    each(message, |number, content| {
        match number {
            1 => media.key = content.text(),
            2 => media.step = content.signed(),
            3 => {
                let kind = usize::try_from(content.number()).ok().and_then(|kind| KINDS.get(kind));
                media.kind = kind.copied().unwrap_or("unspecified");
            }
            4 => media.time_ns = timestamp(content.bytes()),
            5 => each(content.bytes(), |number, content| {
                if number == 1 {
                    media.files.push(media_file(content.bytes())?);
                }
                Some(())
            })?,
            _ => {}
        }
        Some(())
    })?;
    Some(media)
}

fn media_file(message: &[u8]) -> Option<MediaFile> {
    let mut file = MediaFile::default();
    each(message, |number, content| {
        match number {
            1 => file.name = content.text(),
            2 => file.sha256 = content.text(),
            3 => file.size = content.number(),
            4 => file.caption = content.text(),
            5 => file.payload = content.bytes().to_vec(),
            _ => {}
        }
        Some(())
    })?;
    Some(file)
}

fn console(message: &[u8]) -> Option<ConsoleLine> {
    let mut line = ConsoleLine::default();
    each(message, |number, content| {
        match number {
            1 => line.line = content.text(),
            2 => line.is_error = content.number() == 1,
            3 => line.time_ns = timestamp(content.bytes()),
            _ => {}
        }
        Some(())
    })?;
    Some(line)
}

fn save(message: &[u8]) -> Option<Save> {
    let mut save = Save::default();
    each(message, |number, content| {
        match number {
            1 => save.name = content.text(),
            2 => save.source_path = content.text(),
            3 => save.target_path = content.text(),
            4 => save.policy = content.number(),
            5 => save.kind = content.number(),
            6 => save.payload_bytes = content.bytes().len() as u64,
            _ => {}
        }
        Some(())
    })?;
    Some(save)
}
