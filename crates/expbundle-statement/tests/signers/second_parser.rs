//! A second parser of signers files, from the ABNF of spec/trust.md alone: one function for each
//! rule, over characters.
//!
//! It shares nothing with the first but the type of a key, and is not made to be fast or to explain
//! itself.

use expbundle_statement::{Judgement, PublicKey, TimeEvidence, TrustPolicy};

/// A line that trusts somebody.
pub struct Signer {
    principals: Vec<String>,
    namespaces: Option<Vec<String>>,
    /// As 14 digits, which order as times do.
    after: Option<u64>,
    before: Option<u64>,
    key: PublicKey,
}

/// What is left of a line, which every rule shortens.
struct Rest<'a>(&'a [char]);

const OPTIONS: [&str; 4] = ["namespaces", "valid-after", "valid-before", "cert-authority"];

const HIDDEN: [(u32, u32); 21] = [
    (0xa0, 0xa0),
    (0xad, 0xad),
    (0x34f, 0x34f),
    (0x61c, 0x61c),
    (0x115f, 0x1160),
    (0x1680, 0x1680),
    (0x17b4, 0x17b5),
    (0x180b, 0x180f),
    (0x2000, 0x200f),
    (0x2028, 0x202f),
    (0x205f, 0x206f),
    (0x2800, 0x2800),
    (0x3000, 0x3000),
    (0x3164, 0x3164),
    (0xfe00, 0xfe0f),
    (0xfeff, 0xfeff),
    (0xffa0, 0xffa0),
    (0xfff0, 0xfff8),
    (0x1bca0, 0x1bca3),
    (0x1d173, 0x1d17a),
    (0xe0000, 0xe0fff),
];

/// `signers`: the lines that trust somebody, or `None` if the file is refused.
pub fn read(file: &[u8]) -> Option<Vec<Signer>> {
    let text: Vec<char> = std::str::from_utf8(file).ok()?.chars().collect();
    if text.first() == Some(&'\u{feff}') {
        return None;
    }
    let mut signers = Vec::new();
    let mut lines: Vec<&[char]> = text.split(|letter| *letter == '\n').collect();
    let last = lines.pop()?;
    let ended = lines.into_iter().map(|line| line.strip_suffix(&['\r']).unwrap_or(line));
    for line in ended.chain([last]) {
        if !line.iter().all(|letter| is_text(*letter)) {
            return None;
        }
        signers.extend(Rest(line).line()?);
    }
    Some(signers)
}

/// Panics unless both parsers accept the file and trust the same keys as the same principals, or
/// both refuse it.
pub fn agrees(file: &[u8], keys: &[PublicKey], moments: &[&str]) {
    let (first, second) = (TrustPolicy::parse(file), read(file));
    let (Ok(first), Some(second)) = (&first, &second) else {
        assert_eq!(first.is_err(), second.is_none(), "{}: {first:?}", file.escape_ascii());
        return;
    };
    for key in keys {
        for moment in moments {
            let digits: String = moment.chars().filter(char::is_ascii_digit).collect();
            let digits = digits.parse().expect("14 digits");
            let lines = second.iter().filter(|line| line.trusts(key, digits));
            let mut names: Vec<String> = lines.flat_map(|line| line.principals.clone()).collect();
            names.sort();
            names.dedup();
            // So many are named at most.
            names.truncate(16);
            let at = moment.parse().expect("a time");
            let judged = match first.judge(&(*key).into(), TimeEvidence::Claimed, at) {
                Judgement::Trusted { principals } => principals,
                _ => Vec::new(),
            };
            assert_eq!(judged, names, "{} at {moment}: {}", key.fingerprint(), file.escape_ascii());
        }
    }
}

impl Signer {
    /// Whether it trusts a key at a moment of 14 digits.
    pub fn trusts(&self, key: &PublicKey, moment: u64) -> bool {
        let patterns = self.namespaces.iter().flatten();
        let (out, named): (Vec<&String>, Vec<&String>) = patterns.partition(|pattern| pattern.starts_with('!'));
        let fits = |pattern: &str| fits(&pattern.chars().collect::<Vec<_>>(), &"expbundle".chars().collect::<Vec<_>>());
        let is_meant = self.namespaces.is_none() || named.iter().any(|pattern| fits(pattern));
        self.key == *key
            && is_meant
            && !out.iter().any(|pattern| fits(&pattern[1..]))
            && self.after.is_none_or(|after| after <= moment)
            && self.before.is_none_or(|before| moment < before)
    }
}

impl Rest<'_> {
    fn next(&self) -> Option<char> {
        self.0.first().copied()
    }

    fn take(&mut self, letter: char) -> Option<()> {
        (self.next() == Some(letter)).then(|| self.0 = &self.0[1..])
    }

    fn take_while(&mut self, fits: impl Fn(char) -> bool) -> String {
        let end = self.0.iter().position(|letter| !fits(*letter)).unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at(end);
        self.0 = rest;
        taken.iter().collect()
    }

    /// `1*BLANK`
    fn blanks(&mut self) -> Option<()> {
        (!self.take_while(is_blank).is_empty()).then_some(())
    }

    /// `line`: none or one that trusts somebody.
    fn line(mut self) -> Option<Vec<Signer>> {
        let _ = self.blanks();
        match self.next() {
            None | Some('#') => Some(Vec::new()),
            Some(_) => self.signer(),
        }
    }

    fn signer(&mut self) -> Option<Vec<Signer>> {
        let principals = self.principals()?;
        self.blanks()?;
        let mut is_authority = false;
        let (mut namespaces, mut after, mut before) = (None, None, None);
        let start = self.0;
        let word = self.take_while(|letter| !is_blank(letter));
        self.0 = start;
        if word.contains(['=', '"', ',']) || OPTIONS.contains(&word.to_ascii_lowercase().as_str()) {
            loop {
                let name = self.take_while(|letter| letter.is_ascii_alphabetic() || letter == '-').to_ascii_lowercase();
                if name == "cert-authority" {
                    if std::mem::replace(&mut is_authority, true) {
                        return None;
                    }
                } else {
                    self.take('=')?;
                    self.take('"')?;
                    let value = self.take_while(|letter| is_blank(letter) || letter == ',' || is_plain(letter));
                    self.take('"')?;
                    let is_twice = match name.as_str() {
                        "namespaces" => {
                            let patterns: Vec<String> = value.split(',').map(str::to_owned).collect();
                            if patterns.iter().any(|pattern| pattern.len() > 1022) {
                                return None;
                            }
                            namespaces.replace(patterns).is_some()
                        }
                        "valid-after" => after.replace(time(&value)?).is_some(),
                        "valid-before" => before.replace(time(&value)?).is_some(),
                        _ => return None,
                    };
                    if is_twice {
                        return None;
                    }
                }
                if self.take(',').is_none() {
                    break;
                }
            }
            self.blanks()?;
        }
        if after.is_some() && before.is_some() && after >= before {
            return None;
        }
        let kind = self.take_while(|letter| letter.is_ascii_alphanumeric() || "-._+@".contains(letter));
        let is_option = OPTIONS.contains(&kind.to_ascii_lowercase().as_str());
        if kind.is_empty() || kind.len() > 64 || is_option {
            return None;
        }
        self.blanks()?;
        let text = self.take_while(|letter| letter.is_ascii_alphanumeric() || "+/=".contains(letter));
        if self.next().is_some_and(|letter| !is_blank(letter)) {
            return None;
        }
        if kind != "ssh-ed25519" {
            let blob = base64(&text)?;
            let head = [&(u32::try_from(kind.len()).ok()?).to_be_bytes(), kind.as_bytes()].concat();
            return (blob.starts_with(&head) && blob.len() > head.len()).then(Vec::new);
        }
        let line = format!("ssh-ed25519 {text}");
        let key: PublicKey = line.parse().ok()?;
        if key.to_string() != line {
            return None;
        }
        if is_authority || principals.iter().any(|name| name.contains(['*', '?', '!'])) {
            return Some(Vec::new());
        }
        Some(vec![Signer { principals, namespaces, after, before, key }])
    }

    fn principals(&mut self) -> Option<Vec<String>> {
        let is_quoted = self.take('"').is_some();
        let mut names = Vec::new();
        loop {
            let name = self.take_while(|letter| is_plain(letter) || letter == '\\' || is_quoted && is_blank(letter));
            if name.len() > 1022 || name.chars().all(is_blank) {
                return None;
            }
            names.push(name);
            if self.take(',').is_none() {
                break;
            }
        }
        if is_quoted {
            self.take('"')?;
        }
        Some(names)
    }
}

fn is_blank(letter: char) -> bool {
    letter == ' ' || letter == '\t'
}

fn is_text(letter: char) -> bool {
    letter == '\t' || (' '..='~').contains(&letter) || letter >= '\u{a0}'
}

fn is_plain(letter: char) -> bool {
    let is_hidden = HIDDEN.iter().any(|(first, last)| (*first..=*last).contains(&u32::from(letter)));
    is_text(letter) && !is_blank(letter) && !"\",\\".contains(letter) && !is_hidden
}

fn time(text: &str) -> Option<u64> {
    let digits = text.strip_suffix('Z').unwrap_or(text);
    if ![8, 12, 14].contains(&digits.len()) || !digits.chars().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let number: u64 = format!("{digits:0<14}").parse().ok()?;
    let part = |hundreds: u32| number / 100_u64.pow(hundreds) % 100;
    let (year, month, day) = (number / 10_000_000_000, part(4), part(3));
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    let exists = (1..=days).contains(&day) && part(2) < 24 && part(1) < 60 && part(0) < 60;
    (exists && number > 19_700_101_000_000).then_some(number)
}

/// Canonical base64, by counting bits.
fn base64(text: &str) -> Option<Vec<u8>> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letters = text.trim_end_matches('=');
    if text.is_empty() || !text.len().is_multiple_of(4) || text.len() - letters.len() > 2 {
        return None;
    }
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for letter in letters.bytes() {
        let value = ALPHABET.iter().position(|known| *known == letter)?;
        bits = bits << 6 | u32::try_from(value).ok()?;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count).ok()?);
            bits &= (1 << count) - 1;
        }
    }
    (bits == 0 && count < 6).then_some(bytes)
}

/// `*` is any number of characters, `?` one.
fn fits(pattern: &[char], word: &[char]) -> bool {
    // Which beginnings of the word the pattern so far can be.
    let mut ends = vec![true];
    ends.resize(word.len() + 1, false);
    for letter in pattern {
        ends = match letter {
            '*' => {
                let first = ends.iter().position(|end| *end).unwrap_or(ends.len());
                (0..ends.len()).map(|at| at >= first).collect()
            }
            _ => (0..ends.len())
                .map(|at| at > 0 && ends[at - 1] && (*letter == '?' || *letter == word[at - 1]))
                .collect(),
        };
    }
    ends[word.len()]
}
