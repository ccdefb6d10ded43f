//! Keys of items, looked up by their bytes.

use std::collections::HashMap;

use super::item::{Item, Raw};

/// Numbers the keys of items in the order in which they first come.
#[derive(Default)]
pub struct Keys {
    /// With random seeds, for whoever writes the keys may choose them.
    numbers: HashMap<Box<[u8]>, usize>,
    bytes: Vec<Box<[u8]>>,
    /// Which key came where in the record before: writers keep to an order, so it nearly always
    /// comes there again.
    order: Vec<usize>,
}

impl Keys {
    /// The number of the key of an item, which is the given one of its record, and its value. A key
    /// that was not seen before gets the next number.
    #[inline]
    pub fn read<'a>(&mut self, item: &'a [u8], position: usize) -> (usize, Raw<'a>) {
        if let Some(expected) = self.order.get(position)
            && let Some(key) = self.bytes.get(*expected)
            && let Some(json) = Item::expect(item, key)
        {
            return (*expected, Raw::Json(json));
        }
        self.look_up(item, position)
    }

    fn look_up<'a>(&mut self, item: &'a [u8], position: usize) -> (usize, Raw<'a>) {
        let Item { key, value } = Item::read(item);
        let number = self.number(key);
        match self.order.get_mut(position) {
            Some(expected) => *expected = number,
            None => self.order.push(number),
        }
        (number, value)
    }

    fn number(&mut self, key: &[u8]) -> usize {
        if let Some(number) = self.numbers.get(key) {
            return *number;
        }
        let number = self.bytes.len();
        self.bytes.push(key.into());
        self.numbers.insert(key.into(), number);
        number
    }

    /// The bytes of a key.
    pub fn get(&self, number: usize) -> &[u8] {
        self.bytes.get(number).map_or(&[], |key| key)
    }
}
