//! Events and the values of their summaries, as protobuf has them. Nothing is copied.

use crate::protobuf::{Content as Wire, Field, Fields};

/// An event.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Event<'a> {
    /// Seconds since 1970.
    pub wall_time: f64,
    /// The step; 0 where none was given.
    pub step: i64,
    pub what: What<'a>,
    /// Whether part of it cannot be read.
    pub broken: bool,
}

/// What an event tells.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum What<'a> {
    #[default]
    Nothing,
    Version(&'a [u8]),
    Summary(&'a [u8]),
    Log(&'a [u8]),
    Session(&'a [u8]),
    Writer(&'a [u8]),
    Graph(&'a [u8]),
    MetaGraph(&'a [u8]),
    RunMetadata(&'a [u8]),
}

impl<'a> Event<'a> {
    #[inline]
    pub fn read(message: &'a [u8]) -> Self {
        let mut event = Self::default();
        let mut fields = Fields::new(message);
        for Field { number, content } in &mut fields {
            let bytes = content.bytes();
            match (number, content) {
                (1, Wire::Fixed64(bits)) => event.wall_time = f64::from_bits(bits),
                (2, _) => event.step = content.signed(),
                (3, _) => event.what = What::Version(bytes),
                (4, _) => event.what = What::Graph(bytes),
                (5, _) => event.what = What::Summary(bytes),
                (6, _) => event.what = What::Log(bytes),
                (7, _) => event.what = What::Session(bytes),
                (8, _) => event.what = What::RunMetadata(bytes),
                (9, _) => event.what = What::MetaGraph(bytes),
                (10, _) => event.what = What::Writer(bytes),
                _ => {}
            }
        }
        event.broken = fields.broken;
        event
    }

    /// The step at which the run begins again, where the event says so.
    pub fn restart(&self) -> Option<i64> {
        let What::Session(session) = self.what else { return None };
        let is_start = Fields::new(session).any(|field| field.number == 1 && field.content.number() == 1);
        is_start.then_some(self.step)
    }

    /// Nanoseconds since 1970. Most clocks give microseconds, and a float has digits beyond those
    /// that mean nothing: the shortest decimal that is this float stands for it.
    pub fn time_ns(&self) -> Option<i64> {
        nanoseconds(self.wall_time)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "checked to be smaller than an i64")]
fn nanoseconds(seconds: f64) -> Option<i64> {
    // 9.2e9 seconds are the last that an i64 of nanoseconds has.
    if !seconds.is_finite() || seconds.abs() > 9.2e9 {
        return None;
    }
    for (per_second, nanoseconds) in [(1e6, 1000), (1e7, 100)] {
        let units = (seconds * per_second).round();
        #[expect(clippy::float_cmp, reason = "it is the same float or it is not")]
        if units / per_second == seconds {
            return Some(units as i64 * nanoseconds);
        }
    }
    Some((seconds * 1e9).round() as i64)
}

/// A value of a summary.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Value<'a> {
    pub tag: &'a [u8],
    pub content: Content<'a>,
    /// Comes with the first value of a tag only.
    pub metadata: Option<&'a [u8]>,
    /// Whether part of it cannot be read.
    pub broken: bool,
}

/// What a value is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Content<'a> {
    #[default]
    None,
    Simple(f32),
    Image(&'a [u8]),
    Histogram(&'a [u8]),
    Audio(&'a [u8]),
    Tensor(&'a [u8]),
    Other(&'a [u8]),
}

impl<'a> Value<'a> {
    #[inline]
    pub fn read(message: &'a [u8]) -> Self {
        let mut value = Self::default();
        let mut fields = Fields::new(message);
        for Field { number, content } in &mut fields {
            let bytes = content.bytes();
            match (number, content) {
                (1, _) => value.tag = bytes,
                (2, Wire::Fixed32(bits)) => value.content = Content::Simple(f32::from_bits(bits)),
                (3, _) => value.content = Content::Other(bytes),
                (4, _) => value.content = Content::Image(bytes),
                (5, _) => value.content = Content::Histogram(bytes),
                (6, _) => value.content = Content::Audio(bytes),
                // The name of a node, before there were tags.
                (7, _) if value.tag.is_empty() => value.tag = bytes,
                (8, _) => value.content = Content::Tensor(bytes),
                (9, _) => value.metadata = Some(bytes),
                _ => {}
            }
        }
        value.broken = fields.broken;
        value
    }
}

/// What the first value of a tag says of all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Metadata<'a> {
    pub plugin: String,
    pub content: &'a [u8],
    pub title: String,
    pub description: String,
}

impl<'a> Metadata<'a> {
    pub fn read(message: &'a [u8]) -> Self {
        let mut metadata = Self::default();
        for Field { number, content } in Fields::new(message) {
            match number {
                1 => {
                    for field in Fields::new(content.bytes()) {
                        match field.number {
                            1 => metadata.plugin = field.content.text(),
                            2 => metadata.content = field.content.bytes(),
                            _ => {}
                        }
                    }
                }
                2 => metadata.title = content.text(),
                3 => metadata.description = content.text(),
                _ => {}
            }
        }
        metadata
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_their_shortest_digits() {
        assert_eq!(nanoseconds(1_795_424_176.018_23), Some(1_795_424_176_018_230_000));
        assert_eq!(nanoseconds(1_795_424_176.018_230_4), Some(1_795_424_176_018_230_400));
        assert_eq!(nanoseconds(1.000_000_001), Some(1_000_000_001));
        assert_eq!(nanoseconds(-2.5), Some(-2_500_000_000));
        assert_eq!((nanoseconds(f64::NAN), nanoseconds(1e300), nanoseconds(0.0)), (None, None, Some(0)));
    }
}
