//! Strings out of files that anyone may have made, quoted for people.
//!
//! Whatever is shown to a person has fields of our own: a state, a signer, a date, separators
//! between them. A title must not be able to imitate one. So a foreign string is shown between two
//! quotation marks that it cannot contain, in one line, with everything that is not seen as an
//! escape, and not longer than there is room for. What is shown in full can be read back: two
//! strings never look alike.

use std::fmt::{self, Write};

use unicode_general_category::{GeneralCategory, get_general_category};

/// A foreign string on its way to a person's eyes. [`fmt::Display`] quotes it.
///
/// ```
/// # use expbundle_format::Foreign;
/// assert_eq!(Foreign::new("fine-tune").to_string(), "\"fine-tune\"");
/// assert_eq!(Foreign::new("ok · trusted\n").to_string(), r#""ok \u{b7} trusted\n""#);
/// assert_eq!(Foreign::new("abcdef").at_most(3).to_string(), "\"abc\"… (3 more letters)");
/// assert_eq!(Foreign::new("lr").bare_if_plain().to_string(), "lr");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Foreign<'a> {
    text: &'a str,
    most_columns: usize,
    bare_if_plain: bool,
}

/// Columns that a string takes unless more or less is asked for.
const COLUMNS: usize = 120;
/// Marks above or below one letter. Hebrew and Vietnamese have up to three; a hundred reach into
/// the lines around.
const MOST_MARKS: usize = 4;

impl<'a> Foreign<'a> {
    /// At most some 120 columns of it.
    pub fn new(text: &'a str) -> Self {
        Self { text, most_columns: COLUMNS, bare_if_plain: false }
    }

    /// Only so many columns of it; escapes take as many as they have letters.
    #[must_use]
    pub fn at_most(self, most_columns: usize) -> Self {
        Self { most_columns, ..self }
    }

    /// All of it, however long: for documents that programs read.
    #[must_use]
    pub fn whole(self) -> Self {
        self.at_most(usize::MAX)
    }

    /// Without marks if it is one short word of letters, digits and `. _ / - + = %`: for tables of
    /// names and values, where one word can imitate nothing. Never within a sentence.
    #[must_use]
    pub fn bare_if_plain(self) -> Self {
        Self { bare_if_plain: true, ..self }
    }

    fn is_bare(&self) -> bool {
        let plain = |letter: u8| letter.is_ascii_alphanumeric() || b"._/-+=%".contains(&letter);
        self.bare_if_plain
            && !self.text.is_empty()
            && self.text.len() <= self.most_columns
            && self.text.bytes().all(plain)
    }
}

impl fmt::Display for Foreign<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_bare() {
            return f.write_str(self.text);
        }
        f.write_char('"')?;
        let mut letters = Letters::of(self.text, Marks::Quoted);
        let left_out = letters.write(f, self.most_columns)?;
        f.write_char('"')?;
        write_left_out(f, left_out)
    }
}

/// A line that has foreign strings in it already, like the message of a
/// [`Finding`](crate::Finding): what is not seen is escaped, it is one line, and not longer than so
/// many columns.
#[derive(Clone, Copy, Debug)]
pub struct ForeignLine<'a>(pub &'a str, pub usize);

impl fmt::Display for ForeignLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left_out = Letters::of(self.0, Marks::Open).write(f, self.1)?;
        write_left_out(f, left_out)
    }
}

fn write_left_out(f: &mut fmt::Formatter<'_>, letters: usize) -> fmt::Result {
    match letters {
        0 => Ok(()),
        1 => f.write_str("… (1 more letter)"),
        more => write!(f, "… ({more} more letters)"),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Marks {
    Quoted,
    Open,
}

/// The letters of a string, each as it is shown.
struct Letters<'a> {
    rest: std::str::Chars<'a>,
    marks: Marks,
    before: Option<char>,
    marks_in_a_row: usize,
}

impl<'a> Letters<'a> {
    fn of(text: &'a str, marks: Marks) -> Self {
        Self { rest: text.chars(), marks, before: None, marks_in_a_row: MOST_MARKS }
    }

    /// Writes what there is room for, and counts the rest.
    fn write(&mut self, f: &mut fmt::Formatter<'_>, most_columns: usize) -> Result<usize, fmt::Error> {
        let mut columns = 0_usize;
        while let Some(letter) = self.rest.next() {
            let shown = self.shown(letter);
            let width = shown.width();
            if width > most_columns - columns {
                return Ok(1 + self.rest.by_ref().count());
            }
            columns += width;
            shown.write(f)?;
            self.before = Some(letter);
        }
        Ok(0)
    }

    fn shown(&mut self, letter: char) -> Shown {
        let category = get_general_category(letter);
        let is_mark = matches!(category, GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark);
        // The first would stand on our own quotation mark.
        self.marks_in_a_row = if is_mark { self.marks_in_a_row + 1 } else { 0 };
        match letter {
            '\n' => Shown::Short("\\n"),
            '\t' => Shown::Short("\\t"),
            '\r' => Shown::Short("\\r"),
            '\\' if self.marks == Marks::Quoted => Shown::Short("\\\\"),
            '"' if self.marks == Marks::Quoted => Shown::Short("\\\""),
            // One blank parts words; a row of them parts columns.
            ' ' if self.before == Some(' ') && self.marks == Marks::Quoted => Shown::Escaped(' '),
            _ if is_unseen(letter) || (is_mark && self.marks_in_a_row > MOST_MARKS) => Shown::Escaped(letter),
            _ if self.marks == Marks::Quoted && (looks_like_a_mark(letter) || self.separates(letter)) => {
                Shown::Escaped(letter)
            }
            _ => Shown::Plain(letter),
        }
    }

    /// Whether it is a dot that parts fields. Within a word, as in Catalan and Japanese, it is a
    /// letter like others.
    fn separates(&self, letter: char) -> bool {
        let in_a_word = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
        looks_like_a_separator(letter) && !(in_a_word(self.before) && in_a_word(self.rest.clone().next()))
    }
}

enum Shown {
    Plain(char),
    Short(&'static str),
    Escaped(char),
}

impl Shown {
    /// Columns, where a wide letter may take two.
    fn width(&self) -> usize {
        match self {
            Self::Plain(letter) if u32::from(*letter) >= 0x1100 => 2,
            Self::Plain(_) => 1,
            Self::Short(escape) => escape.len(),
            Self::Escaped(letter) => letter.escape_unicode().len(),
        }
    }

    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(letter) => f.write_char(*letter),
            Self::Short(escape) => f.write_str(escape),
            Self::Escaped(letter) => write!(f, "{}", letter.escape_unicode()),
        }
    }
}

/// Whether a character is not seen, or is not seen to be there: it moves the cursor, turns the
/// direction of writing, joins or breaks what stands around it, or is a blank that is not the
/// blank.
///
/// What a later version of Unicode may make of a character that has no meaning yet is not known, so
/// that is unseen too.
pub fn is_unseen(letter: char) -> bool {
    match get_general_category(letter) {
        GeneralCategory::SpaceSeparator => letter != ' ',
        GeneralCategory::Control
        | GeneralCategory::Format
        | GeneralCategory::LineSeparator
        | GeneralCategory::ParagraphSeparator
        | GeneralCategory::PrivateUse
        | GeneralCategory::Surrogate
        | GeneralCategory::Unassigned => true,
        _ => is_blank(letter),
    }
}

/// Letters, marks and symbols of which nothing is to be seen, and whose category does not give them
/// away: what a display leaves out, and what is drawn as an empty space.
fn is_blank(letter: char) -> bool {
    is_ignorable(letter) || matches!(letter, '\u{2800}' | '\u{13441}'..='\u{13442}' | '\u{16fe4}' | '\u{1d159}')
}

/// Whether a display leaves a character out where it does not know it: the property
/// `Default_Ignorable_Code_Point` (DerivedCoreProperties.txt of Unicode 16). Two texts that differ in
/// these alone look the same.
pub fn is_ignorable(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Characters that many fonts draw like our quotation mark.
fn looks_like_a_mark(letter: char) -> bool {
    matches!(
        letter,
        '\u{2ba}'
            | '\u{2dd}'
            | '\u{2ee}'
            | '\u{2f6}'
            | '\u{5f2}'
            | '\u{5f4}'
            | '\u{1cd3}'
            | '\u{201c}'..='\u{201f}'
            | '\u{2033}'
            | '\u{2036}'
            | '\u{275d}'..='\u{275e}'
            | '\u{2760}'
            | '\u{3003}'
            | '\u{301d}'..='\u{301f}'
            | '\u{ff02}'
            | '\u{1f676}'..='\u{1f678}'
    )
}

/// Characters that many fonts draw like the `·` between our fields.
fn looks_like_a_separator(letter: char) -> bool {
    matches!(
        letter,
        '\u{b7}'
            | '\u{387}'
            | '\u{5c5}'
            | '\u{701}'
            | '\u{1427}'
            | '\u{16eb}'
            | '\u{2022}'
            | '\u{2027}'
            | '\u{2219}'
            | '\u{22c5}'
            | '\u{25cf}'
            | '\u{25e6}'
            | '\u{2981}'
            | '\u{2e31}'
            | '\u{2e33}'
            | '\u{30fb}'
            | '\u{a78f}'
            | '\u{ff65}'
            | '\u{10101}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn case(text: &str, shown: &str) {
        assert_eq!(Foreign::new(text).to_string(), shown);
    }

    #[test]
    fn plain_words_stay_readable() {
        case("", "\"\"");
        case("Fine-tuned on Bob’s data (2026), 3 %", "\"Fine-tuned on Bob’s data (2026), 3 %\"");
        case("größer · ñ · 模型 · データ・セット", "\"größer \\u{b7} ñ \\u{b7} 模型 \\u{b7} データ・セット\"");
        case("col·lecció, שָׁלוֹם, e\u{301}", "\"col·lecció, שָׁלוֹם, e\u{301}\"");
    }

    #[test]
    fn nothing_leaves_its_marks_or_parts_a_field() {
        case(r#"x" · trusted"#, r#""x\" \u{b7} trusted""#);
        case("“x” ″ ＂", r#""\u{201c}x\u{201d} \u{2033} \u{ff02}""#);
        case("a\nb\tc\r\\", r#""a\nb\tc\r\\""#);
        case("a  b", r#""a \u{20}b""#);
        case("• a·", r#""\u{2022} a\u{b7}""#);
        // A mark would stand on our own quotation mark, or reach into the next line.
        case("\u{338}a", r#""\u{338}a""#);
        let pile = "a".to_owned() + &"\u{301}".repeat(6);
        assert_eq!(Foreign::new(&pile).to_string(), format!("\"a{}\\u{{301}}\\u{{301}}\"", "\u{301}".repeat(4)));
    }

    #[test]
    fn what_is_not_seen_is_an_escape() {
        for unseen in "\u{0}\u{1b}\u{7f}\u{85}\u{a0}\u{ad}\u{34f}\u{61c}\u{115f}\u{1160}\u{1680}\u{17b4}\u{180b}\u{180e}\u{200b}\u{200d}\
                       \u{200f}\u{2028}\u{202e}\u{2060}\u{2065}\u{206f}\u{2800}\u{3000}\u{3164}\u{fe00}\u{fe0f}\u{feff}\u{ffa0}\
                       \u{fff0}\u{fffb}\u{fffe}\u{1bca0}\u{1d159}\u{1d173}\u{e000}\u{e0000}\u{e0041}\u{e0100}\u{e01ef}\u{e0fff}\u{10ffff}"
            .chars()
        {
            assert!(is_unseen(unseen), "{unseen:?}");
            case(&format!("a{unseen}b"), &format!("\"a{}b\"", unseen.escape_unicode()));
            assert_eq!(ForeignLine(&format!("a{unseen}b"), 80).to_string(), format!("a{}b", unseen.escape_unicode()));
        }
    }

    #[test]
    fn it_is_no_longer_than_there_is_room_for() {
        let long = "x".repeat(32_000);
        assert_eq!(Foreign::new(&long).to_string(), format!("\"{}\"… (31880 more letters)", "x".repeat(120)));
        assert_eq!(Foreign::new("模型模型").at_most(4).to_string(), "\"模型\"… (2 more letters)");
        assert_eq!(Foreign::new("ab").at_most(1).to_string(), "\"a\"… (1 more letter)");
        // An escape is never cut in the middle.
        assert_eq!(Foreign::new("a\u{3164}").at_most(5).to_string(), "\"a\"… (1 more letter)");
        assert_eq!(ForeignLine("ab\ncd", 4).to_string(), "ab\\n… (2 more letters)");
    }

    #[test]
    fn one_plain_word_may_stand_bare_in_a_table() {
        let cell = |text: &str| Foreign::new(text).at_most(20).bare_if_plain().to_string();
        assert_eq!(["train/loss", "0.1", "a_b-c"].map(cell), ["train/loss", "0.1", "a_b-c"]);
        assert_eq!(["a b", "SHA256:x", "", "é"].map(cell), ["\"a b\"", "\"SHA256:x\"", "\"\"", "\"é\""]);
        assert!(cell(&"w".repeat(21)).starts_with('"'));
    }

    /// Reads an escaped string back.
    fn read_back(shown: &str) -> Option<String> {
        let mut letters = shown.strip_prefix('"')?.strip_suffix('"')?.chars();
        let mut text = String::new();
        while let Some(letter) = letters.next() {
            match (letter, letter == '\\') {
                ('"', _) => return None,
                (letter, false) => text.push(letter),
                (_, true) => match letters.next()? {
                    'n' => text.push('\n'),
                    't' => text.push('\t'),
                    'r' => text.push('\r'),
                    'u' => {
                        let digits: String = letters.by_ref().skip(1).take_while(|digit| *digit != '}').collect();
                        text.push(char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?);
                    }
                    mark => text.push(mark),
                },
            }
        }
        Some(text)
    }

    proptest! {
        /// The quotation ends where we end it, nothing in it is unseen, and no two strings look
        /// alike.
        #[test]
        fn quoting_loses_nothing_and_hides_nothing(text in any::<String>(), soup in "[\"\\\\ ·•“”\u{3164}\u{200b}\u{301}\n\ta]{0,40}") {
            for text in [text, soup] {
                let shown = Foreign::new(&text).whole().to_string();
                prop_assert!(!shown.chars().any(is_unseen), "{shown:?}");
                prop_assert!(!shown.contains(" · ") && !shown.contains("  "), "{shown:?}");
                prop_assert_eq!(read_back(&shown), Some(text));
            }
        }

        #[test]
        fn the_room_is_kept(text in any::<String>(), room in 0_usize..60) {
            let shown = Foreign::new(&text).at_most(room).to_string();
            prop_assert!(shown.chars().count() <= room + 2 + "… (99 more letters)".chars().count(), "{shown:?}");
        }
    }
}
