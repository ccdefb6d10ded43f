//! Secrets from a seed: they have the form of real ones, and none was ever anybody's.

/// Secrets by the templates of the table, from a seed: none of them was ever anybody's.
pub struct Maker(u64);

impl Maker {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        // xorshift64*, which is random enough to look so.
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap_or_default() % limit
    }

    /// The template with its parts filled in, and the parts alone.
    pub fn make(&mut self, template: &str) -> (String, Vec<String>) {
        let (mut text, mut drawn, mut rest) = (String::new(), Vec::new(), template);
        while let Some(open) = rest.find('{') {
            let (before, after) = rest.split_at(open);
            text += before;
            let inner = after.get(1..).unwrap_or_default();
            let close = inner.find('}').unwrap_or(inner.len());
            let part = inner.get(..close).unwrap_or_default();
            let (kind, count) = part.split_at_checked(1).unwrap_or_default();
            let (Some(alphabet), Ok(count)) = (alphabet(kind), count.parse::<usize>()) else {
                text.push('{');
                rest = inner;
                continue;
            };
            let letters: Vec<char> = alphabet.chars().collect();
            let made: String =
                (0..count).map(|_| letters.get(self.below(letters.len())).copied().unwrap_or('0')).collect();
            text += &made;
            drawn.push(made);
            rest = inner.get(close + 1..).unwrap_or_default();
        }
        (text + rest, drawn)
    }
}

fn alphabet(kind: &str) -> Option<&'static str> {
    Some(match kind {
        // Of base64 the letters that are in every alphabet of it.
        "a" | "b" => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
        "h" => "0123456789abcdef",
        "U" => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
        "l" => "abcdefghijklmnopqrstuvwxyz0123456789",
        "d" => "0123456789",
        "w" => "abcdefghijklmnopqrstuvwxyz",
        _ => return None,
    })
}

/// The longest part that was drawn: what must not survive.
pub fn longest(drawn: &[String]) -> &str {
    drawn.iter().max_by_key(|part| part.len()).map_or("", String::as_str)
}
