//! W&B's JSON values: with bare NaN and infinities, and integers of any length.

/// A value as W&B writes it.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// An integer of any length, as its digits.
    Integer(String),
    /// A float, NaN and infinities among them; `-0` too, whose sign an integer would lose.
    Float(f64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// An object, in the order of its keys.
    Object(Vec<(String, Value)>),
}

/// Levels of lists and objects: what W&B's own tools write has a handful.
const MOST_LEVELS: u32 = 128;

impl Value {
    /// Reads a JSON text in W&B's dialect. `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parser = Parser { bytes: text.as_bytes(), text, position: 0 };
        let value = parser.value(0)?;
        parser.space();
        (parser.position == text.len()).then_some(value)
    }

    /// The value as a float, if it is a number.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Float(value) => Some(*value),
            Self::Integer(digits) => digits.parse().ok(),
            _ => None,
        }
    }

    /// The value as an integer, if it is one that fits.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Integer(digits) => digits.parse().ok(),
            #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
            Self::Float(value) if value.fract() == 0.0 && value.abs() < 9e15 => Some(*value as i64),
            _ => None,
        }
    }

    /// The value as a text, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A member of an object.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// Puts a value at a path. What is no object on the way is replaced; an empty path replaces everything.
    pub fn put(&mut self, path: &[String], value: Self) {
        let Some((first, rest)) = path.split_first() else {
            *self = value;
            return;
        };
        if !matches!(self, Self::Object(_)) {
            *self = Self::Object(Vec::new());
        }
        let Self::Object(members) = self else { return };
        let at = members.iter().position(|(name, _)| name == first).unwrap_or_else(|| {
            members.push((first.clone(), Self::Null));
            members.len() - 1
        });
        if let Some((_, member)) = members.get_mut(at) {
            member.put(rest, value);
        }
    }

    /// Takes the value at a path away.
    pub fn remove(&mut self, path: &[String]) {
        let (Self::Object(members), Some((first, rest))) = (self, path.split_first()) else { return };
        if rest.is_empty() {
            members.retain(|(name, _)| name != first);
        } else if let Some((_, member)) = members.iter_mut().find(|(name, _)| name == first) {
            member.remove(rest);
        }
    }

    /// Sorts the members of all objects by name: W&B writes them in random order.
    pub fn sort(&mut self) {
        match self {
            Self::Object(members) => {
                for (_, member) in members.iter_mut() {
                    member.sort();
                }
                members.sort_by(|a, b| a.0.cmp(&b.0));
            }
            Self::List(items) => items.iter_mut().for_each(Self::sort),
            _ => {}
        }
    }
}

struct Parser<'a> {
    bytes: &'a [u8],
    text: &'a str,
    position: usize,
}

impl Parser<'_> {
    fn space(&mut self) {
        while matches!(self.bytes.get(self.position), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.position += 1;
        }
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        self.space();
        (self.bytes.get(self.position) == Some(&byte)).then(|| self.position += 1)
    }

    fn word(&mut self, word: &str) -> bool {
        let found = self.bytes.get(self.position..).is_some_and(|rest| rest.starts_with(word.as_bytes()));
        self.position += if found { word.len() } else { 0 };
        found
    }

    fn value(&mut self, level: u32) -> Option<Value> {
        if level > MOST_LEVELS {
            return None;
        }
        self.space();
        match self.bytes.get(self.position)? {
            b'{' => self.object(level),
            b'[' => self.list(level),
            b'"' => self.string().map(Value::Text),
            _ if self.word("null") => Some(Value::Null),
            _ if self.word("true") => Some(Value::Bool(true)),
            _ if self.word("false") => Some(Value::Bool(false)),
            _ if self.word("NaN") => Some(Value::Float(f64::NAN)),
            _ if self.word("Infinity") || self.word("+Infinity") => Some(Value::Float(f64::INFINITY)),
            _ if self.word("-Infinity") => Some(Value::Float(f64::NEG_INFINITY)),
            _ => self.number(),
        }
    }

    fn number(&mut self) -> Option<Value> {
        let rest = self.text.get(self.position..)?;
        let end = rest.find(|c: char| !matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E')).unwrap_or(rest.len());
        let text = rest.get(..end)?;
        self.position += end;
        let digits = text.strip_prefix('-').unwrap_or(text);
        if digits.is_empty() || !digits.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        if digits.bytes().all(|digit| digit.is_ascii_digit()) && text != "-0" {
            return Some(Value::Integer(text.to_owned()));
        }
        text.parse().ok().map(Value::Float)
    }

    fn string(&mut self) -> Option<String> {
        let start = self.position;
        self.position += 1;
        loop {
            match self.bytes.get(self.position)? {
                b'"' => {
                    self.position += 1;
                    return decode_string(self.text.get(start..self.position)?);
                }
                b'\\' => self.position += 2,
                _ => self.position += 1,
            }
        }
    }

    fn list(&mut self, level: u32) -> Option<Value> {
        self.position += 1;
        let mut items = Vec::new();
        if self.take(b']').is_some() {
            return Some(Value::List(items));
        }
        loop {
            items.push(self.value(level + 1)?);
            if self.take(b']').is_some() {
                return Some(Value::List(items));
            }
            self.take(b',')?;
        }
    }

    fn object(&mut self, level: u32) -> Option<Value> {
        self.position += 1;
        let mut members: Vec<(String, Value)> = Vec::new();
        if self.take(b'}').is_some() {
            return Some(Value::Object(members));
        }
        loop {
            self.space();
            if self.bytes.get(self.position) != Some(&b'"') {
                return None;
            }
            let key = self.string()?;
            self.take(b':')?;
            let value = self.value(level + 1)?;
            // Of two equal keys the later one counts, as for W&B.
            match members.iter_mut().find(|(name, _)| *name == key) {
                Some(member) => member.1 = value,
                None => members.push((key, value)),
            }
            if self.take(b'}').is_some() {
                return Some(Value::Object(members));
            }
            self.take(b',')?;
        }
    }
}

/// A string in quotes. Half a surrogate pair, which Python writes, becomes U+FFFD.
fn decode_string(quoted: &str) -> Option<String> {
    if let Ok(text) = serde_json::from_str(quoted) {
        return Some(text);
    }
    let inner = quoted.get(1..quoted.len().checked_sub(1)?)?;
    let mut text = String::with_capacity(inner.len());
    let mut letters = inner.chars();
    let mut high: Option<u32> = None;
    while let Some(letter) = letters.next() {
        let decoded = if letter == '\\' {
            match letters.next()? {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                'b' => '\u{8}',
                'f' => '\u{c}',
                'u' => {
                    let hex: String = letters.by_ref().take(4).collect();
                    let unit = u32::from_str_radix(&hex, 16).ok()?;
                    match (high.take(), unit) {
                        (Some(first), 0xdc00..=0xdfff) => {
                            text.pop();
                            char::from_u32(0x10000 + ((first - 0xd800) << 10) + (unit - 0xdc00))?
                        }
                        (_, 0xd800..=0xdbff) => {
                            high = Some(unit);
                            text.push(char::REPLACEMENT_CHARACTER);
                            continue;
                        }
                        _ => char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER),
                    }
                }
                other => other,
            }
        } else {
            letter
        };
        high = None;
        text.push(decoded);
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dialect_is_read_whole() {
        let case = |text: &str, value: Value| assert_eq!(Value::parse(text), Some(value), "{text}");
        case("9007199254740993", Value::Integer("9007199254740993".to_owned()));
        case("9.223372036854776e+18", Value::Float(9.223_372_036_854_776e18));
        case("-0", Value::Float(-0.0));
        case("[0,Infinity]", Value::List(vec![Value::Integer("0".to_owned()), Value::Float(f64::INFINITY)]));
        case(
            "{\"a\": {\"b\": -Infinity}}",
            Value::Object(vec![(
                "a".to_owned(),
                Value::Object(vec![("b".to_owned(), Value::Float(f64::NEG_INFINITY))]),
            )]),
        );
        case("\"\\u00fc\\ud83d\\ude00\"", Value::Text("ü😀".to_owned()));
        case("\"\\ud83d!\"", Value::Text("\u{fffd}!".to_owned()));
        assert!(matches!(Value::parse("NaN"), Some(Value::Float(value)) if value.is_nan()));
        for bad in ["", "{", "[1,]", "nul", "1 2", "\"", "\"\\", "-", "{\"a\"}", &"[".repeat(100_000)] {
            assert_eq!(Value::parse(bad), None, "{}", bad.chars().take(10).collect::<String>());
        }
    }

    #[test]
    fn paths_and_objects_meet() {
        let path = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>();
        let mut tree = Value::Object(Vec::new());
        tree.put(&path(&["deep"]), Value::parse("{\"x\": {\"y\": 1}}").expect("JSON"));
        tree.put(&path(&["deep", "x", "z"]), Value::parse("2").expect("JSON"));
        assert_eq!(tree, Value::parse("{\"deep\": {\"x\": {\"y\": 1, \"z\": 2}}}").expect("JSON"));
        tree.remove(&path(&["deep", "x", "y"]));
        tree.put(&path(&["deep", "x", "z", "a"]), Value::Null);
        assert_eq!(tree, Value::parse("{\"deep\": {\"x\": {\"z\": {\"a\": null}}}}").expect("JSON"));
    }
}
