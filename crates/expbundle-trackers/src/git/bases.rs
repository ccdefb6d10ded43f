//! Objects that others may be differences to, the latest of them.

use std::collections::{HashMap, VecDeque};

use super::Id;
use super::object::Object;

/// Bytes of the objects that are kept.
const MOST_BYTES: usize = 32 << 20;

/// Where an object lies.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// At an offset of a pack, by the number of that.
    Packed(usize, u64),
    /// In a file of its own.
    Loose(Id),
}

/// What was unpacked last, since an object is often a difference to one that was read before it.
#[derive(Debug, Default)]
pub(super) struct Bases {
    objects: HashMap<Place, Object>,
    order: VecDeque<Place>,
    bytes: usize,
}

impl Bases {
    /// The object of a place.
    pub fn get(&self, place: &Place) -> Option<Object> {
        self.objects.get(place).cloned()
    }

    /// Keeps an object, in place of those that were kept first.
    pub fn keep(&mut self, place: Place, object: &Object) {
        if object.bytes.len() > MOST_BYTES || self.objects.contains_key(&place) {
            return;
        }
        self.objects.insert(place.clone(), object.clone());
        self.order.push_back(place);
        self.bytes += object.bytes.len();
        while self.bytes > MOST_BYTES
            && let Some(first) = self.order.pop_front()
        {
            self.bytes -= self.objects.remove(&first).map_or(0, |object| object.bytes.len());
        }
    }
}
