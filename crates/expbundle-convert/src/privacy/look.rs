//! Looks along a text from a place in it.
//!
//! Whoever recognizes a form looks through these methods only. They keep what the last look found,
//! so that a word with many beginnings of a form in it is not looked through from each of them, and
//! in tests they count the bytes looked at.

use std::cell::Cell;

/// The longest look back from a sign like `@` or `:`, in bytes.
const LOOK_BACK: usize = 256;

/// A text that is looked through.
pub(super) struct Text<'t> {
    whole: &'t str,
    /// A word: a place in it, its end, and its end without the marks of the sentence around it.
    word: Cell<(usize, usize, usize)>,
    /// From where to where a sign does not stand.
    without: Cell<(char, usize, usize)>,
}

#[cfg(test)]
thread_local! {
    static LOOKED_AT: Cell<u64> = const { Cell::new(0) };
}

/// How many bytes this thread looked at since the last call.
#[cfg(test)]
pub(super) fn looked_at() -> u64 {
    LOOKED_AT.take()
}

/// Counts bytes that are looked at.
#[cfg_attr(not(test), allow(unused_variables, clippy::missing_const_for_fn))]
pub(super) fn count(bytes: usize) {
    #[cfg(test)]
    LOOKED_AT.set(LOOKED_AT.get() + bytes as u64);
}

/// What ends a word, whatever it is.
pub(super) fn ends_token(letter: char) -> bool {
    letter.is_whitespace() || letter.is_control() || "\"'`<>|“”‘’«»„".contains(letter)
}

impl<'t> Text<'t> {
    pub(super) fn new(whole: &'t str) -> Self {
        Self { whole, word: Cell::default(), without: Cell::default() }
    }

    pub(super) fn whole(&self) -> &'t str {
        self.whole
    }

    pub(super) fn slice(&self, start: usize, end: usize) -> &'t str {
        count(end.saturating_sub(start));
        self.whole.get(start..end).unwrap_or_default()
    }

    pub(super) fn before(&self, at: usize) -> Option<char> {
        self.whole.get(..at)?.chars().next_back()
    }

    pub(super) fn after(&self, at: usize) -> Option<char> {
        self.whole.get(at..)?.chars().next()
    }

    /// Whether a short text stands at a place.
    pub(super) fn has(&self, at: usize, short: &str) -> bool {
        self.whole.get(at..).is_some_and(|rest| rest.starts_with(short))
    }

    /// The end of the letters from a place on that fit.
    pub(super) fn run(&self, from: usize, fits: impl Fn(char) -> bool) -> usize {
        let rest = self.whole.get(from..).unwrap_or_default();
        let end = rest.find(|letter| !fits(letter)).unwrap_or(rest.len());
        count(end);
        from + end
    }

    /// The same, of so many bytes at most.
    pub(super) fn run_within(&self, from: usize, most: usize, fits: impl Fn(char) -> bool) -> usize {
        let rest = self.whole.get(from..).unwrap_or_default();
        let mut letters = rest.char_indices().take_while(|(place, _)| *place < most);
        let end = letters.find(|(_, letter)| !fits(*letter)).map_or(rest.len().min(most), |(end, _)| end);
        let end = (end..=rest.len()).find(|end| rest.is_char_boundary(*end)).unwrap_or(rest.len());
        count(end);
        from + end
    }

    /// Where the letters begin that stand right before a place and fit, at most [`LOOK_BACK`] bytes
    /// of them.
    pub(super) fn back_while(&self, at: usize, fits: impl Fn(char) -> bool) -> usize {
        self.back_within(at, LOOK_BACK, fits)
    }

    /// The same, of so many bytes at most.
    pub(super) fn back_within(&self, at: usize, most: usize, fits: impl Fn(char) -> bool) -> usize {
        let letters = self.whole.get(..at).unwrap_or_default().char_indices().rev();
        let start = letters
            .take_while(|(place, letter)| fits(*letter) && at - place <= most)
            .last()
            .map_or(at, |(start, _)| start);
        count(at - start);
        start
    }

    /// Where the word ends that a place is in.
    pub(super) fn word_end(&self, from: usize) -> usize {
        self.word(from).0
    }

    /// Where the word ends that a place is in, without the marks of the sentence around it.
    pub(super) fn token_end(&self, from: usize) -> usize {
        self.word(from).1.max(from)
    }

    fn word(&self, from: usize) -> (usize, usize) {
        let (start, end, marks) = self.word.get();
        if start <= from && from < end {
            return (end, marks);
        }
        let end = self.run(from, |letter| !ends_token(letter));
        let marks = from + without_marks(self.slice(from, end)).len();
        self.word.set((from, end, marks));
        (end, marks)
    }

    /// Where a sign stands next, if it does within so many bytes and in the same line.
    pub(super) fn sign_within(&self, from: usize, most: usize, sign: char) -> Option<usize> {
        let (known, mut start, end) = self.without.get();
        let mut look_from = end;
        if known != sign || from < start || end <= from {
            (start, look_from) = (from, from);
        }
        let most = (from + most).checked_sub(look_from)?;
        let until = self.run_within(look_from, most, |letter| letter != sign && letter != '\n');
        if self.after(until) == Some(sign) {
            return Some(until);
        }
        self.without.set((sign, start, until));
        None
    }
}

/// A word without the marks of the sentence that follow it.
pub(super) fn without_marks(word: &str) -> &str {
    word.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '}', '\\'])
}
