//! W&B's JSON values: with bare NaN and infinities, and integers of any length.

use std::fmt;

use indexmap::IndexMap;

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
    /// An object, in the order in which its members came.
    Object(Box<Members>),
    /// JSON that is not taken apart, as it is written: nested too deep, or with more values than
    /// memory should hold.
    Json(String),
}

/// Members of an object by name: found, and put, in constant time.
pub type Members = IndexMap<String, Value>;

/// Levels of lists and objects that are taken apart: what W&B's own tools write has a handful.
const MOST_LEVELS: usize = 32;
/// Levels that JSON may have at all.
const MOST_LEVELS_OF_TEXT: usize = 128;
/// Parts of a path that are levels of a tree.
const MOST_PARTS: usize = 16;
/// Values of one text that are taken apart. In memory a value takes a hundred times the bytes of
/// its text.
const MOST_VALUES: usize = 1 << 18;

impl Value {
    /// Reads a JSON text in W&B's dialect. `None` if it is none. A text of too many values is not
    /// taken apart.
    pub fn parse(text: &str) -> Option<Self> {
        Self::parse_within(text, &mut { MOST_VALUES })
    }

    /// The same, within so many values for several texts; what they are is taken from `left`.
    pub fn parse_within(text: &str, left: &mut usize) -> Option<Self> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut parser = Parser { bytes: text.as_bytes(), text, position: 0, left: *left };
        let value = parser.value(0)?;
        parser.space();
        if parser.position < text.len() {
            return None;
        }
        *left = parser.left;
        Some(if parser.left == 0 { Self::Json(text.to_owned()) } else { value })
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

    /// An object without members.
    pub fn empty() -> Self {
        Self::Object(Box::default())
    }

    /// A member of an object.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.get(key),
            _ => None,
        }
    }

    /// Puts a value at a path. What is not an object on the way is replaced; an empty path replaces
    /// everything. Of a path of more than 16 parts the last one in the tree is all the others,
    /// joined by dots.
    pub fn put(&mut self, path: &[String], value: Self) {
        let mut place = self;
        for name in within_levels(path) {
            if !matches!(place, Self::Object(_)) {
                *place = Self::empty();
            }
            let Self::Object(members) = place else { return };
            place = members.entry(name).or_insert(Self::Null);
        }
        *place = value;
    }

    /// Takes the value at a path away. The order of the others is another one then.
    pub fn remove(&mut self, path: &[String]) {
        let names = within_levels(path);
        let Some((last, before)) = names.split_last() else { return };
        let mut place = self;
        for name in before {
            let Self::Object(members) = place else { return };
            let Some(member) = members.get_mut(name) else { return };
            place = member;
        }
        if let Self::Object(members) = place {
            members.swap_remove(last);
        }
    }

    /// Sorts the members of all objects by name: W&B writes them in random order.
    pub fn sort(&mut self) {
        match self {
            Self::Object(members) => {
                members.values_mut().for_each(Self::sort);
                members.sort_unstable_keys();
            }
            Self::List(items) => items.iter_mut().for_each(Self::sort),
            _ => {}
        }
    }
}

/// A path of so many parts as a tree may have levels.
fn within_levels(path: &[String]) -> Vec<String> {
    match path.split_at_checked(MOST_PARTS - 1) {
        Some((start, rest)) if rest.len() > 1 => start.iter().cloned().chain([rest.join(".")]).collect(),
        _ => path.to_vec(),
    }
}

/// As JSON in W&B's dialect.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => value.fmt(f),
            Self::Integer(text) | Self::Json(text) => f.write_str(text),
            Self::Float(value) if value.is_nan() => f.write_str("NaN"),
            Self::Float(value) if value.is_infinite() => {
                f.write_str(if *value > 0.0 { "Infinity" } else { "-Infinity" })
            }
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Text(text) => f.write_str(&quoted(text)),
            Self::List(items) => {
                f.write_str("[")?;
                for (position, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if position > 0 { "," } else { "" })?;
                }
                f.write_str("]")
            }
            Self::Object(members) => {
                f.write_str("{")?;
                for (position, (name, value)) in members.iter().enumerate() {
                    write!(f, "{}{}:{value}", if position > 0 { "," } else { "" }, quoted(name))?;
                }
                f.write_str("}")
            }
        }
    }
}

struct Parser<'a> {
    bytes: &'a [u8],
    text: &'a str,
    position: usize,
    /// How many more values are kept. At 0 none is, and the rest of the text is only read.
    left: usize,
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

    fn value(&mut self, level: usize) -> Option<Value> {
        if level > MOST_LEVELS_OF_TEXT {
            return None;
        }
        self.space();
        self.left = self.left.saturating_sub(1);
        let start = self.position;
        let value = self.of_its_kind(level)?;
        // What is nested too deep has taken no more memory than the levels below it.
        Some(match value {
            Value::List(_) | Value::Object(_) if level == MOST_LEVELS => {
                Value::Json(self.text.get(start..self.position)?.to_owned())
            }
            value => value,
        })
    }

    fn of_its_kind(&mut self, level: usize) -> Option<Value> {
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

    fn list(&mut self, level: usize) -> Option<Value> {
        self.position += 1;
        let mut items = Vec::new();
        if self.take(b']').is_some() {
            return Some(Value::List(items));
        }
        loop {
            let item = self.value(level + 1)?;
            if self.left > 0 && level < MOST_LEVELS {
                items.push(item);
            }
            if self.take(b']').is_some() {
                return Some(Value::List(items));
            }
            self.take(b',')?;
        }
    }

    fn object(&mut self, level: usize) -> Option<Value> {
        self.position += 1;
        let mut members = Members::new();
        if self.take(b'}').is_some() {
            return Some(Value::Object(Box::new(members)));
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
            if self.left > 0 && level < MOST_LEVELS {
                members.insert(key, value);
            }
            if self.take(b'}').is_some() {
                return Some(Value::Object(Box::new(members)));
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

    fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
        Value::Object(Box::new(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()))
    }

    #[test]
    fn the_dialect_is_read_whole() {
        let case = |text: &str, value: Value| assert_eq!(Value::parse(text), Some(value), "{text}");
        case("9007199254740993", Value::Integer("9007199254740993".to_owned()));
        case("9.223372036854776e+18", Value::Float(9.223_372_036_854_776e18));
        case("-0", Value::Float(-0.0));
        case("[0,Infinity]", Value::List(vec![Value::Integer("0".to_owned()), Value::Float(f64::INFINITY)]));
        case("{\"a\": {\"b\": -Infinity}}", object([("a", object([("b", Value::Float(f64::NEG_INFINITY))]))]));
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
        let mut tree = Value::empty();
        tree.put(&path(&["deep"]), Value::parse("{\"x\": {\"y\": 1}}").expect("JSON"));
        tree.put(&path(&["deep", "x", "z"]), Value::parse("2").expect("JSON"));
        assert_eq!(tree, Value::parse("{\"deep\": {\"x\": {\"y\": 1, \"z\": 2}}}").expect("JSON"));
        tree.remove(&path(&["deep", "x", "y"]));
        tree.put(&path(&["deep", "x", "z", "a"]), Value::Null);
        assert_eq!(tree, Value::parse("{\"deep\": {\"x\": {\"z\": {\"a\": null}}}}").expect("JSON"));
    }

    /// Values in memory, texts that are not taken apart among them.
    fn values(value: &Value) -> usize {
        1 + match value {
            Value::List(items) => items.iter().map(values).sum(),
            Value::Object(members) => members.values().map(values).sum(),
            _ => 0,
        }
    }

    #[test]
    fn what_is_too_deep_or_too_large_stays_text() {
        for levels in [MOST_LEVELS, MOST_LEVELS + 1, MOST_LEVELS_OF_TEXT] {
            let text = format!("{}NaN{}", "{\"a\":[".repeat(levels / 2), "]}".repeat(levels / 2));
            let value = Value::parse(&text).expect("JSON");
            assert_eq!(value.to_string(), text);
            assert!(values(&value) <= MOST_LEVELS + 2);
        }
        assert_eq!(Value::parse(&"[".repeat(MOST_LEVELS_OF_TEXT + 1)), None);
        for count in [1_000, MOST_VALUES, 2 * MOST_VALUES, 4 * MOST_VALUES] {
            let text = format!("[{}0]", "{\"a\":1},".repeat(count / 2));
            let value = Value::parse(&text).expect("JSON");
            assert_eq!(value.to_string(), text);
            assert!(values(&value) <= MOST_VALUES, "{count}");
        }
        let mut left = 10;
        let kept: usize = (0..100).map(|_| values(&Value::parse_within("[0]", &mut left).expect("JSON"))).sum();
        assert!((100..=115).contains(&kept) && left == 0, "{kept}");
        assert_eq!(Value::parse_within("[0", &mut left), None);
    }

    #[test]
    fn long_paths_make_shallow_trees_and_no_key_is_looked_for() {
        let path = vec!["k".to_owned(); 100_000];
        let mut tree = Value::empty();
        tree.put(&path, Value::Null);
        assert_eq!(values(&tree), MOST_PARTS + 1);
        tree.remove(&path);
        assert_eq!(values(&tree), MOST_PARTS);
    }
}
