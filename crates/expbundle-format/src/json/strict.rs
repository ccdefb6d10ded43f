//! The one way in: a deserializer over the text, which refuses what spec/json.md refuses. Whatever
//! is read (a type, a value, nothing at all) is read by it, so no two readers can differ.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer as _, MapAccess,
    SeqAccess, Unexpected, VariantAccess, Visitor,
};

use super::JsonError;
use super::parse::{Number, Parser, SHOWN_CHARACTERS, Token, checked_text};
use super::refused::Refused;
use crate::limits::Limits;

/// Reads a text from its beginning until something is wrong with it, or does not fit the type: then
/// the error has a JSON pointer to the place.
pub fn read<T: DeserializeOwned>(bytes: &[u8], limits: &Limits) -> Result<T, Refused> {
    let mut parser = Parser::new(checked_text(bytes)?, limits);
    parser.space();
    let value = T::deserialize(Strict { parser: &mut parser, depth: 0 })?;
    parser.end()?;
    Ok(value)
}

/// One value, inside so many arrays and objects.
struct Strict<'a, 'text> {
    parser: &'a mut Parser<'text>,
    depth: u32,
}

impl<'text> Strict<'_, 'text> {
    /// An object, behind whose brace the parser stands.
    fn object<T>(self, read: impl FnOnce(Members<'_, 'text>) -> Result<T, Refused>) -> Result<T, Refused> {
        let Self { parser, depth } = self;
        let start = parser.position();
        let value = read(Members { parser, depth, start, count: 0, last: None, seen: None, twice: None })?;
        end(parser, b'}')?;
        Ok(value)
    }
}

/// The end of an object or an array, all of which was read.
#[inline(never)]
fn end(parser: &mut Parser<'_>, bracket: u8) -> Result<(), Refused> {
    parser.space();
    if parser.take(bracket) {
        return Ok(());
    }
    let what = if bracket == b'}' { "members" } else { "items" };
    Err(Refused::custom(format_args!("there are more {what} than expected")))
}

impl<'de> Deserializer<'de> for Strict<'_, 'de> {
    type Error = Refused;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        let (parser, depth) = (&mut *self.parser, self.depth);
        match parser.token(depth)? {
            Token::Object => self.object(|members| visitor.visit_map(members)),
            Token::Array => {
                let value = visitor.visit_seq(Items { parser, depth, count: 0 })?;
                end(parser, b']')?;
                Ok(value)
            }
            Token::Text(Cow::Borrowed(text)) => visitor.visit_borrowed_str(text),
            Token::Text(Cow::Owned(text)) => visitor.visit_string(text),
            Token::Number(Number::Integer(number)) => match u64::try_from(number) {
                Ok(number) => visitor.visit_u64(number),
                Err(_) => visitor.visit_i64(number),
            },
            Token::Number(Number::Float(number)) => visitor.visit_f64(number),
            Token::Bool(value) => visitor.visit_bool(value),
            Token::Null => visitor.visit_unit(),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        if self.parser.peek() == Some(b'n') { self.deserialize_any(visitor) } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        match self.parser.begin(self.depth)? {
            Some(b'"') => {
                let text = self.parser.text()?;
                let text: StrDeserializer<'_, Refused> = text.as_ref().into_deserializer();
                visitor.visit_enum(text)
            }
            Some(b'{') => {
                self.parser.skip();
                self.object(|members| visitor.visit_enum(Variant(members)))
            }
            _ => Err(Refused::custom("expected a string, or an object with one member")),
        }
    }

    /// Members have names: a list of them in some order is not an object.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        if self.parser.peek() == Some(b'[') {
            return Err(Refused::invalid_type(Unexpected::Seq, &visitor));
        }
        self.deserialize_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct
        map identifier ignored_any
    }
}

struct Members<'a, 'text> {
    parser: &'a mut Parser<'text>,
    depth: u32,
    /// Where the object begins, behind its brace.
    start: usize,
    count: usize,
    last: Option<Cow<'text, str>>,
    /// All names, from the first on that does not ascend, as those of the fixed form do.
    seen: Option<HashSet<Cow<'text, str>>>,
    /// The name that stands twice, which is refused once its value was read.
    twice: Option<JsonError>,
}

impl<'text> Members<'_, 'text> {
    /// Whether the object has a name already.
    #[expect(clippy::ptr_arg, reason = "it is kept as it came, borrowed where nothing in it was escaped")]
    fn has(&mut self, key: &Cow<'text, str>) -> Result<bool, Refused> {
        let Some(last) = &self.last else { return Ok(false) };
        if self.seen.is_none() && last < key {
            return Ok(false);
        }
        if self.seen.is_none() {
            self.seen = Some(self.parser.names(self.start, self.count)?);
        }
        Ok(!self.seen.get_or_insert_default().insert(key.clone()))
    }

    /// The name of the next member, if there is one.
    #[inline(never)]
    fn name(&mut self) -> Result<Option<Cow<'text, str>>, Refused> {
        self.parser.space();
        if self.count == 0 && self.parser.peek() == Some(b'}') {
            return Ok(None);
        }
        if self.count > 0 {
            match self.parser.peek() {
                Some(b'}') => return Ok(None),
                Some(b',') => self.parser.skip(),
                _ => return Ok(self.parser.expected("a comma or the end of the object")?),
            }
            self.parser.space();
        }
        let offset = self.parser.position() as u64;
        if self.parser.peek() != Some(b'"') {
            return Ok(self.parser.expected("a key in double quotes")?);
        }
        let key = self.parser.text()?;
        if self.has(&key)? {
            let key = key.chars().take(SHOWN_CHARACTERS).collect();
            self.twice = Some(JsonError::DuplicateKey { key, offset });
        }
        self.count += 1;
        Ok(Some(key))
    }

    /// To behind the colon.
    #[inline(never)]
    fn colon(&mut self) -> Result<(), Refused> {
        self.parser.space();
        if !self.parser.take(b':') {
            return Ok(self.parser.expected("a colon")?);
        }
        self.parser.space();
        Ok(())
    }

    fn value<V: DeserializeSeed<'text>>(&mut self, seed: V) -> Result<V::Value, Refused> {
        self.colon()?;
        let value = seed.deserialize(Strict { parser: self.parser, depth: self.depth + 1 })?;
        match self.twice.take() {
            Some(error) => Err(error.into()),
            None => Ok(value),
        }
    }
}

impl<'text> MapAccess<'text> for Members<'_, 'text> {
    type Error = Refused;

    fn next_key_seed<K: DeserializeSeed<'text>>(&mut self, seed: K) -> Result<Option<K::Value>, Refused> {
        let Some(key) = self.name()? else { return Ok(None) };
        let name: StrDeserializer<'_, Refused> = key.as_ref().into_deserializer();
        let name = seed.deserialize(name)?;
        self.last = Some(key);
        Ok(Some(name))
    }

    fn next_value_seed<V: DeserializeSeed<'text>>(&mut self, seed: V) -> Result<V::Value, Refused> {
        self.value(seed).map_err(|refused| refused.below_member(self.last.as_deref().unwrap_or_default()))
    }
}

struct Items<'a, 'text> {
    parser: &'a mut Parser<'text>,
    depth: u32,
    count: usize,
}

impl<'text> SeqAccess<'text> for Items<'_, 'text> {
    type Error = Refused;

    fn next_element_seed<S: DeserializeSeed<'text>>(&mut self, seed: S) -> Result<Option<S::Value>, Refused> {
        if !self.is_next()? {
            return Ok(None);
        }
        let item = seed.deserialize(Strict { parser: self.parser, depth: self.depth + 1 });
        let item = item.map_err(|refused| refused.below_item(self.count))?;
        self.count += 1;
        Ok(Some(item))
    }
}

impl Items<'_, '_> {
    /// Whether there is another item, at which the parser then stands.
    #[inline(never)]
    fn is_next(&mut self) -> Result<bool, Refused> {
        self.parser.space();
        match self.parser.peek() {
            Some(b']') => return Ok(false),
            _ if self.count == 0 => {}
            Some(b',') => {
                self.parser.skip();
                self.parser.space();
            }
            _ => return Ok(self.parser.expected("a comma or the end of the array")?),
        }
        Ok(true)
    }
}

/// A variant with one value: an object with one member. A variant without one is a string, which
/// has no second way to be written.
struct Variant<'a, 'text>(Members<'a, 'text>);

impl<'text> EnumAccess<'text> for Variant<'_, 'text> {
    type Error = Refused;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'text>>(mut self, seed: V) -> Result<(V::Value, Self), Refused> {
        match self.0.next_key_seed(seed)? {
            Some(variant) => Ok((variant, self)),
            None => Err(Refused::custom("expected an object with one member")),
        }
    }
}

impl<'text> VariantAccess<'text> for Variant<'_, 'text> {
    type Error = Refused;

    fn unit_variant(self) -> Result<(), Refused> {
        Err(Refused::invalid_type(Unexpected::Map, &"a string"))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'text>>(mut self, seed: T) -> Result<T::Value, Refused> {
        self.0.value(seed)
    }

    fn tuple_variant<V: Visitor<'text>>(self, _: usize, _: V) -> Result<V::Value, Refused> {
        Err(Refused::custom("a variant has one value"))
    }

    fn struct_variant<V: Visitor<'text>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, Refused> {
        Err(Refused::custom("a variant has one value"))
    }
}
