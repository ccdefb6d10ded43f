//! Finds known words in texts, however they are written: `ada` in `Ada-7`, `José` in `jose` and in
//! `JOSE\u{301}`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aho_corasick::AhoCorasick;
use expbundle_format::foreign::is_ignorable;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::look::count;
use super::{Kind, Part};
use crate::decoded;

/// Longer words than this, in bytes, are not looked for one by one; the value that holds one is
/// private as a whole.
const MOST_BYTES: usize = 256;

/// Words, folded.
#[derive(Clone, Debug, Default)]
pub struct Words {
    kinds: HashMap<String, Kind>,
    /// The lengths of words by their first letter, longest first.
    lengths: HashMap<char, Vec<usize>>,
    /// Words with letters beyond ASCII, as they are written.
    beyond_ascii: Vec<(String, Kind)>,
}

/// A text without case, accents and invisible letters, and where its bytes stand in the text; none
/// if they are the same.
fn folded(text: &str) -> (String, Option<Vec<usize>>) {
    if text.is_ascii() {
        return (text.to_ascii_lowercase(), None);
    }
    let (mut out, mut places) = (String::with_capacity(text.len()), Vec::with_capacity(text.len() + 1));
    for (at, letter) in text.char_indices() {
        if is_ignorable(letter) {
            continue;
        }
        for part in std::iter::once(letter).nfkd().filter(|part| !is_combining_mark(*part)) {
            for lower in part.to_lowercase() {
                out.push(lower);
                places.resize(out.len(), at);
            }
        }
    }
    places.push(text.len());
    (out, Some(places))
}

/// Scripts that put no space between words.
pub(super) fn has_no_spaces(letter: char) -> bool {
    matches!(letter, '\u{e00}'..='\u{eff}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}')
}

/// What may stand beside a name of another word: a script without spaces, or a syllable of Korean,
/// which has none before its particles.
fn is_of_other_word(letter: char) -> bool {
    has_no_spaces(letter) || is_hangul(letter)
}

/// Parts of syllables, as a folded text has them.
fn is_hangul(letter: char) -> bool {
    matches!(letter, '\u{1100}'..='\u{11ff}')
}

/// Whether a letter goes on with a syllable: a vowel, or the consonant at its end.
fn goes_on(letter: Option<char>) -> bool {
    letter.is_some_and(|letter| is_hangul(letter) && !matches!(letter, '\u{1100}'..='\u{1112}'))
}

/// Shorter names, in letters, are in words with a number: `ann9`.
const LONG: usize = 5;

/// What may stand beside a word of two letters: `li` is in `/home/li` and `li_7`, and not in
/// `<li>`.
fn divides(letter: char) -> bool {
    letter.is_whitespace() || "/\\_-.@:=,;'\"()[]{}|+".contains(letter)
}

impl Words {
    pub fn new(words: &BTreeMap<String, Kind>) -> Self {
        let mut all = Self::default();
        let mut lengths: BTreeMap<char, BTreeSet<usize>> = BTreeMap::new();
        all.beyond_ascii =
            words.iter().filter(|(word, _)| !word.is_ascii()).map(|(word, kind)| (word.clone(), *kind)).collect();
        for (word, kind) in words {
            let word = folded(word.trim()).0;
            let Some(first) = word.chars().next().filter(|_| word.len() <= MOST_BYTES) else { continue };
            lengths.entry(first).or_default().insert(word.len());
            all.kinds.entry(word).or_insert(*kind);
        }
        all.lengths =
            lengths.into_iter().map(|(first, lengths)| (first, lengths.into_iter().rev().collect())).collect();
        all
    }

    /// Adds where the words stand.
    pub fn find(&self, text: &str, found: &mut Vec<Part>) {
        if self.kinds.is_empty() {
            return;
        }
        let (folded, places) = folded(text);
        let mut before = None;
        let mut skip_to = 0;
        for (at, letter) in folded.char_indices() {
            if at >= skip_to
                && let Some((end, kind)) = self.at(&folded, at, letter, before)
            {
                let place =
                    |at: usize| places.as_ref().map_or(at, |places| places.get(at).copied().unwrap_or(text.len()));
                // What comes after the word begins with a letter of its own, so that accents belong
                // to the word.
                found.push(Part { start: place(at), end: place(end), kind });
                skip_to = end;
            }
            before = Some(letter);
        }
    }

    /// The words that bytes have in other encodings than UTF-8, in small letters, with a capital, and
    /// in capitals.
    pub fn encoded_in(&self, bytes: &[u8]) -> Vec<(Kind, String)> {
        let (mut patterns, mut of) = (Vec::new(), Vec::new());
        for (at, (word, _)) in self.beyond_ascii.iter().enumerate() {
            for case in cases(word) {
                let spellings = decoded::spellings(&case);
                of.extend(spellings.iter().map(|_| at));
                patterns.extend(spellings);
            }
        }
        let Some(finder) = AhoCorasick::new(&patterns).ok().filter(|_| !patterns.is_empty()) else { return Vec::new() };
        let hits: BTreeSet<usize> =
            finder.find_iter(bytes).filter_map(|hit| of.get(hit.pattern().as_usize()).copied()).collect();
        hits.into_iter().filter_map(|at| self.beyond_ascii.get(at)).map(|(word, kind)| (*kind, word.clone())).collect()
    }

    /// The longest word at a place.
    fn at(&self, folded: &str, at: usize, letter: char, before: Option<char>) -> Option<(usize, Kind)> {
        let lengths = self.lengths.get(&letter)?;
        lengths.iter().find_map(|length| {
            let end = at + length;
            count(*length);
            let word = folded.get(at..end)?;
            let kind = self.kinds.get(word)?;
            let after = folded.get(end..)?.chars().next();
            stands_alone(word, before, after).then_some((end, *kind))
        })
    }
}

fn cases(word: &str) -> BTreeSet<String> {
    let capital = |word: &str| -> String {
        let mut letters = word.chars();
        let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
        first + letters.as_str()
    };
    let each = word.split_inclusive([' ', '-']).map(capital).collect();
    [word.to_owned(), word.to_uppercase(), capital(word), each].into()
}

fn stands_alone(word: &str, before: Option<char>, after: Option<char>) -> bool {
    let (mut letters, count) = (word.chars(), word.chars().count());
    let (first, last) = (letters.next(), letters.next_back());
    let no_spaces = |letter: Option<char>| letter.is_some_and(has_no_spaces);
    if no_spaces(first) {
        // A name of one sign is in every other word.
        return count > 1 || (before.is_none() && after.is_none());
    }
    let is_path = |letter: Option<char>| letter.is_none_or(|letter| "/\\".contains(letter));
    match count {
        0 => false,
        1 => is_path(before) && is_path(after) && (before.is_some() || after.is_some()),
        2 => before.is_none_or(divides) && after.is_none_or(divides),
        _ => {
            let is_long = count >= LONG && word.chars().all(char::is_alphabetic);
            let free = |letter: Option<char>| {
                letter.is_none_or(|letter| {
                    !letter.is_alphanumeric() || is_of_other_word(letter) || is_long && letter.is_ascii_digit()
                })
            };
            free(before) && !goes_on(after) && (free(after) || no_spaces(last))
        }
    }
}
