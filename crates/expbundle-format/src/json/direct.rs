//! Reads JSON straight into a type, without a [`serde_json::Value`] between: most records of a large family are read this way.
//!
//! That a key stands twice is seen at once where keys ascend, as every writer of the fixed form leaves them. A text in another order is
//! checked before, and then read the same way. Whatever is not taken is read again through a value, which says what is wrong and where.

use std::borrow::Cow;
use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer as _, MapAccess, SeqAccess, Visitor,
};

use super::JsonError;
use super::parse::{Number, Parser, checked_text};
use crate::limits::Limits;

/// What is known of the keys of a text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    /// Nothing, so they have to ascend.
    Ascend,
    /// Each stands once in its object, by [`super::check`].
    Differ,
}

/// Reads a text that is in the usual form; `None` says nothing about it.
pub fn read<T: DeserializeOwned>(bytes: &[u8], limits: &Limits, keys: Keys) -> Option<T> {
    let mut parser = Parser::new(checked_text(bytes).ok()?, limits);
    parser.space();
    let value = T::deserialize(Direct { parser: &mut parser, keys, depth: 0 }).ok()?;
    parser.end().ok()?;
    Some(value)
}

/// Not in the usual form, or not that type.
#[derive(Debug)]
struct Unusual;

impl fmt::Display for Unusual {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not in the usual form")
    }
}

impl std::error::Error for Unusual {}

impl de::Error for Unusual {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

impl From<JsonError> for Unusual {
    fn from(_: JsonError) -> Self {
        Self
    }
}

/// One value, inside so many arrays and objects.
struct Direct<'a, 'text> {
    parser: &'a mut Parser<'text>,
    keys: Keys,
    depth: u32,
}

impl<'de> Deserializer<'de> for Direct<'_, 'de> {
    type Error = Unusual;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unusual> {
        let next = self.parser.begin(self.depth)?;
        match next {
            Some(b'{') => {
                self.parser.skip();
                let value = visitor.visit_map(Members {
                    parser: &mut *self.parser,
                    keys: self.keys,
                    depth: self.depth,
                    last: None,
                })?;
                // A visitor that left members unread has not checked them.
                self.parser.space();
                if self.parser.take(b'}') { Ok(value) } else { Err(Unusual) }
            }
            Some(b'[') => {
                self.parser.skip();
                let value = visitor.visit_seq(Items {
                    parser: &mut *self.parser,
                    keys: self.keys,
                    depth: self.depth,
                    first: true,
                })?;
                self.parser.space();
                if self.parser.take(b']') { Ok(value) } else { Err(Unusual) }
            }
            Some(b'"') => match self.parser.text()? {
                Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
                Cow::Owned(text) => visitor.visit_string(text),
            },
            Some(b'-' | b'0'..=b'9') => match self.parser.number()? {
                Number::Integer(number) => match u64::try_from(number) {
                    Ok(number) => visitor.visit_u64(number),
                    Err(_) => visitor.visit_i64(number),
                },
                Number::Float(number) => visitor.visit_f64(number),
            },
            _ => match self.parser.word()? {
                Some(value) => visitor.visit_bool(value),
                None => visitor.visit_unit(),
            },
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unusual> {
        if self.parser.peek() == Some(b'n') {
            self.parser.begin(self.depth)?;
            return match self.parser.word()? {
                Some(_) => Err(Unusual),
                None => visitor.visit_none(),
            };
        }
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Unusual> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unusual> {
        if self.parser.begin(self.depth)? != Some(b'"') {
            return Err(Unusual);
        }
        let text = self.parser.text()?;
        let text: StrDeserializer<'_, Unusual> = text.as_ref().into_deserializer();
        visitor.visit_enum(text)
    }

    /// Members have names: a list of them in some order is not an object.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unusual> {
        if self.parser.peek() == Some(b'{') { self.deserialize_any(visitor) } else { Err(Unusual) }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct
        map identifier ignored_any
    }
}

struct Members<'a, 'text> {
    parser: &'a mut Parser<'text>,
    keys: Keys,
    depth: u32,
    last: Option<Cow<'text, str>>,
}

impl<'text> MapAccess<'text> for Members<'_, 'text> {
    type Error = Unusual;

    fn next_key_seed<K: DeserializeSeed<'text>>(&mut self, seed: K) -> Result<Option<K::Value>, Unusual> {
        self.parser.space();
        if self.parser.peek() == Some(b'}') {
            return Ok(None);
        }
        if self.last.is_some() && !self.parser.take(b',') {
            return Err(Unusual);
        }
        self.parser.space();
        if self.parser.peek() != Some(b'"') {
            return Err(Unusual);
        }
        let key = self.parser.text()?;
        if self.keys == Keys::Ascend && self.last.as_ref().is_some_and(|last| *last >= key) {
            return Err(Unusual);
        }
        let name: StrDeserializer<'_, Unusual> = key.as_ref().into_deserializer();
        let name = seed.deserialize(name)?;
        self.last = Some(key);
        self.parser.space();
        if self.parser.take(b':') { Ok(Some(name)) } else { Err(Unusual) }
    }

    fn next_value_seed<V: DeserializeSeed<'text>>(&mut self, seed: V) -> Result<V::Value, Unusual> {
        self.parser.space();
        seed.deserialize(Direct { parser: self.parser, keys: self.keys, depth: self.depth + 1 })
    }
}

struct Items<'a, 'text> {
    parser: &'a mut Parser<'text>,
    keys: Keys,
    depth: u32,
    first: bool,
}

impl<'text> SeqAccess<'text> for Items<'_, 'text> {
    type Error = Unusual;

    fn next_element_seed<S: DeserializeSeed<'text>>(&mut self, seed: S) -> Result<Option<S::Value>, Unusual> {
        self.parser.space();
        if self.parser.peek() == Some(b']') {
            return Ok(None);
        }
        if !std::mem::take(&mut self.first) && !self.parser.take(b',') {
            return Err(Unusual);
        }
        self.parser.space();
        seed.deserialize(Direct { parser: self.parser, keys: self.keys, depth: self.depth + 1 }).map(Some)
    }
}
