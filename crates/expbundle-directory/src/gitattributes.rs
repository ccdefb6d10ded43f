//! `.gitattributes` and `.gitignore` of a model folder, as far as `experiment.expb` is concerned.
//!
//! A bundle is binary, so git must neither change its line ends nor try to merge it, and the Hub wants binary files above
//! 10 MiB in LFS. Both files are read as git does (gitattributes(5), gitignore(5)) for the one name at the top of the
//! folder; files of enclosing folders and of the user's own configuration are not looked at.

use std::collections::HashMap;

use crate::BUNDLE_NAME;

/// The line that is added.
pub const LINE: &str = "experiment.expb filter=lfs diff=lfs merge=lfs -text";

/// Whether the attributes keep the bundle as it is: in LFS, or as a binary file that git does not touch.
pub fn is_covered(gitattributes: &str) -> bool {
    let state = attributes(gitattributes);
    state.filter == Some("lfs") || state.text == Some(Text::Unset)
}

/// The text with [`LINE`] at its end, or `None` if it needs none. Line ends are those of the text.
pub fn with_line(gitattributes: &str) -> Option<String> {
    if is_covered(gitattributes) {
        return None;
    }
    let line_end = if gitattributes.contains("\r\n") { "\r\n" } else { "\n" };
    if gitattributes.is_empty() || gitattributes.ends_with('\n') {
        Some(format!("{gitattributes}{LINE}{line_end}"))
    } else {
        // Without a last line end there was none to give back, so that `without_line` restores the very bytes.
        Some(format!("{gitattributes}{line_end}{LINE}"))
    }
}

/// The text without [`LINE`], or `None` if it is not there. Undoes [`with_line`].
pub fn without_line(gitattributes: &str) -> Option<String> {
    let mut kept = String::with_capacity(gitattributes.len());
    let mut found = false;
    for line in gitattributes.split_inclusive('\n') {
        if line.trim_end_matches(['\r', '\n']) == LINE {
            found = true;
            if !line.ends_with('\n') {
                let shorter = kept.strip_suffix('\n').map(|text| text.strip_suffix('\r').unwrap_or(text).len());
                kept.truncate(shorter.unwrap_or(kept.len()));
            }
        } else {
            kept.push_str(line);
        }
    }
    found.then_some(kept)
}

/// The line of a `.gitignore` that keeps the bundle out, if one does.
pub fn ignoring_line(gitignore: &str) -> Option<&str> {
    let mut ignoring = None;
    for line in gitignore.lines() {
        let pattern = trim_ignore_pattern(line);
        if pattern.is_empty() || pattern.starts_with('#') {
            continue;
        }
        let (pattern, ignores) = pattern.strip_prefix('!').map_or((pattern, true), |pattern| (pattern, false));
        if matches_bundle(pattern) {
            ignoring = ignores.then_some(line);
        }
    }
    ignoring
}

/// Spaces at the end do not count unless a backslash stands before them.
fn trim_ignore_pattern(line: &str) -> &str {
    let trimmed = line.trim_end_matches(' ');
    match line.get(trimmed.len()..) {
        Some(spaces) if !spaces.is_empty() && trimmed.ends_with('\\') => line.get(..=trimmed.len()).unwrap_or(line),
        _ => trimmed,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Text {
    Set,
    Unset,
}

/// What git would say of the bundle. An attribute that is unspecified is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct State<'a> {
    filter: Option<&'a str>,
    text: Option<Text>,
}

/// What words say of an attribute.
#[derive(Clone, Copy, Debug, Default)]
enum Said<T> {
    #[default]
    Nothing,
    /// That it has a value, or that it is unspecified.
    Is(Option<T>),
}

impl<T> Said<T> {
    fn or(self, earlier: Self) -> Self {
        if let Self::Is(_) = self { self } else { earlier }
    }

    fn apply(self, attribute: &mut Option<T>) {
        if let Self::Is(value) = self {
            *attribute = value;
        }
    }
}

/// What words do to a [`State`].
#[derive(Clone, Copy, Debug, Default)]
struct Change<'a> {
    filter: Said<&'a str>,
    text: Said<Text>,
}

impl<'a> Change<'a> {
    /// The same with a further change after it.
    fn then(self, later: Self) -> Self {
        Self { filter: later.filter.or(self.filter), text: later.text.or(self.text) }
    }

    fn of(words: &'a str, macros: &HashMap<&str, Self>) -> Self {
        let words = words.split([' ', '\t', '\r']).filter(|word| !word.is_empty());
        words.fold(Self::default(), |before, word| before.then(Self::of_word(word, macros)))
    }

    fn of_word(word: &'a str, macros: &HashMap<&str, Self>) -> Self {
        let text = |text| Self { text: Said::Is(text), filter: Said::Nothing };
        let filter = |filter| Self { filter: Said::Is(filter), text: Said::Nothing };
        match word {
            "text" => text(Some(Text::Set)),
            "-text" | "binary" => text(Some(Text::Unset)),
            "-filter" | "!filter" => filter(None),
            "!text" => text(None),
            _ if word.starts_with("text=") => text(None),
            _ => match word.strip_prefix("filter=") {
                Some(value) => filter(Some(value)),
                None => macros.get(word).copied().unwrap_or_default(),
            },
        }
    }

    fn apply(self, state: &mut State<'a>) {
        self.filter.apply(&mut state.filter);
        self.text.apply(&mut state.text);
    }
}

/// The last line that matches wins, for each attribute by itself.
fn attributes(gitattributes: &str) -> State<'_> {
    let mut state = State::default();
    // What each does is worked out once: a line may name a long one a million times.
    let mut macros: HashMap<&str, Change<'_>> = HashMap::new();
    let none = HashMap::new();
    let text = gitattributes.strip_prefix('\u{FEFF}').unwrap_or(gitattributes);
    for line in text.lines() {
        let line = line.trim_start_matches([' ', '\t']);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(definition) = line.strip_prefix("[attr]") {
            // Macros hold no other macros that would matter: git expands one level of a user's own.
            let definition = definition.trim().split_once([' ', '\t']);
            macros.extend(definition.map(|(name, words)| (name, Change::of(words, &none))));
            continue;
        }
        let Some((pattern, words)) = split_pattern(line) else { continue };
        // Git refuses negative patterns here and goes on with the next line.
        if !pattern.starts_with('!') && matches_bundle(&pattern) {
            Change::of(words, &macros).apply(&mut state);
        }
    }
    state
}

/// Splits a line into its pattern and the rest. A pattern in quotes is unquoted as in C.
fn split_pattern(line: &str) -> Option<(String, &str)> {
    let Some(quoted) = line.strip_prefix('"') else {
        let (pattern, words) = line.split_once([' ', '\t'])?;
        return Some((pattern.to_owned(), words));
    };
    let mut pattern = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((pattern, quoted.get(at + 1..)?)),
            '\\' => pattern.push(match chars.next()?.1 {
                't' => '\t',
                'n' => '\n',
                other => other,
            }),
            other => pattern.push(other),
        }
    }
    None
}

/// Whether a pattern matches the bundle's name at the top of the folder.
fn matches_bundle(pattern: &str) -> bool {
    let mut pattern = pattern.trim_end_matches('\r');
    // `/x` is x at the top, and `**/x` is x anywhere. Any other slash means a folder, where the bundle is not.
    while let Some(rest) = pattern.strip_prefix("**/") {
        pattern = rest;
    }
    let pattern = pattern.strip_prefix('/').unwrap_or(pattern);
    !pattern.contains('/') && matches(pattern.as_bytes(), BUNDLE_NAME.as_bytes())
}

/// Whether a name without slashes matches a pattern without slashes, in time linear in the product of their lengths.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at_pattern, mut at_name) = (0, 0);
    // Where to go on after the last `*`, with one more byte of the name given to it.
    let mut retry: Option<(usize, usize)> = None;
    loop {
        let rest = pattern.get(at_pattern..).unwrap_or_default();
        match (rest.first(), name.get(at_name)) {
            (None, None) => return true,
            (Some(b'*'), _) => {
                retry = Some((at_pattern + 1, at_name));
                at_pattern += 1;
                continue;
            }
            (Some(_), Some(byte)) => {
                if let Some(length) = match_one(rest, *byte) {
                    at_pattern += length;
                    at_name += 1;
                    continue;
                }
            }
            _ => {}
        }
        match retry {
            Some((after_star, from)) if from < name.len() => {
                retry = Some((after_star, from + 1));
                at_pattern = after_star;
                at_name = from + 1;
            }
            _ => return false,
        }
    }
}

/// Matches one byte of the name; gives how many bytes of the pattern that took.
fn match_one(pattern: &[u8], byte: u8) -> Option<usize> {
    match pattern {
        [b'?', ..] => Some(1),
        [b'\\', escaped, ..] => (*escaped == byte).then_some(2),
        [b'[', rest @ ..] => match_class(rest, byte).and_then(|(length, hit)| hit.then_some(length + 1)),
        [plain, ..] => (*plain == byte).then_some(1),
        [] => None,
    }
}

/// A bracket expression after its `[`: its length with the `]`, and whether the byte is in it. `None` if it never ends.
fn match_class(pattern: &[u8], byte: u8) -> Option<(usize, bool)> {
    let mut at = 0;
    let negated = matches!(pattern.first(), Some(b'!' | b'^'));
    at += usize::from(negated);
    let first = at;
    let mut hit = false;
    loop {
        let rest = pattern.get(at..)?;
        match rest {
            [b']', ..] if at > first => return Some((at + 1, hit != negated)),
            [b'[', b':', class @ ..] => {
                let end = class.windows(2).position(|pair| pair == b":]")?;
                hit |= posix_class(class.get(..end)?, byte);
                at += end + 4;
            }
            _ => {
                let (low, length) = class_byte(rest)?;
                let after = rest.get(length..)?;
                if let [b'-', high @ ..] = after
                    && !high.starts_with(b"]")
                {
                    let (high, high_length) = class_byte(high)?;
                    hit |= (low..=high).contains(&byte);
                    at += length + 1 + high_length;
                } else {
                    hit |= low == byte;
                    at += length;
                }
            }
        }
    }
}

fn class_byte(pattern: &[u8]) -> Option<(u8, usize)> {
    match pattern {
        [b'\\', escaped, ..] => Some((*escaped, 2)),
        [plain, ..] => Some((*plain, 1)),
        [] => None,
    }
}

fn posix_class(name: &[u8], byte: u8) -> bool {
    match name {
        b"alpha" => byte.is_ascii_alphabetic(),
        b"alnum" => byte.is_ascii_alphanumeric(),
        b"digit" => byte.is_ascii_digit(),
        b"lower" => byte.is_ascii_lowercase(),
        b"upper" => byte.is_ascii_uppercase(),
        b"punct" => byte.is_ascii_punctuation(),
        b"xdigit" => byte.is_ascii_hexdigit(),
        b"graph" | b"print" => byte.is_ascii_graphic(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    /// What is written in `.gitattributes`, and whether the bundle is safe with it.
    const ATTRIBUTES: &[(&str, bool)] = &[
        ("", false),
        ("*.safetensors filter=lfs diff=lfs merge=lfs -text\n", false),
        ("*.expb filter=lfs diff=lfs merge=lfs -text\n", true),
        ("*.expb filter=lfs diff=lfs merge=lfs -text\r\n", true),
        ("experiment.expb filter=lfs diff=lfs merge=lfs -text", true),
        ("/experiment.expb filter=lfs\n", true),
        ("**/experiment.expb filter=lfs\n", true),
        ("*/experiment.expb filter=lfs\n", false),
        ("sub/*.expb filter=lfs\n", false),
        ("experiment.expb/ filter=lfs\n", false),
        ("experiment.exp? filter=lfs\n", true),
        ("exp*t*.expb filter=lfs\n", true),
        ("*.expb? filter=lfs\n", false),
        ("[a-f]*.exp[!a] filter=lfs\n", true),
        ("[^a-f]*.expb filter=lfs\n", false),
        ("[[:alpha:]]*.expb filter=lfs\n", true),
        ("[]e]*.expb filter=lfs\n", true),
        ("[e filter=lfs\n", false),
        ("experiment\\.expb filter=lfs\n", true),
        ("\"experiment.expb\" filter=lfs\n", true),
        ("\"exp\\145riment.expb filter=lfs\n", false),
        ("# *.expb filter=lfs\n", false),
        ("  *.expb filter=lfs\n", true),
        ("!*.expb filter=lfs\n", false),
        ("* text=auto\n", false),
        ("* -text\n", true),
        ("* text\n", false),
        ("*.expb binary\n", true),
        ("*.expb filter=lfs\n*.expb -filter\n", false),
        ("*.expb filter=lfs\n*.expb !filter\n", false),
        ("*.expb filter=lfs\n*.expb filter=other\n", false),
        ("*.expb filter=other\n* filter=lfs\n", true),
        ("*.expb -text\n*.expb text\n", false),
        ("[attr]big filter=lfs diff=lfs merge=lfs -text\n*.expb big\n", true),
        ("*.EXPB filter=lfs\n", false),
        ("*.expb\tfilter=lfs\n", true),
    ];

    #[test]
    fn attributes_are_read_as_git_reads_them() {
        for (text, want) in ATTRIBUTES {
            assert_eq!(is_covered(text), *want, "{text:?}");
        }
    }

    #[test]
    fn a_long_macro_that_is_named_often_costs_no_more_than_its_text() {
        let words = "word ".repeat(200_000);
        let names = "big ".repeat(200_000);
        assert!(is_covered(&format!("[attr]big {words}filter=lfs\n*.expb {names}\n")));
        let lines = |line: fn(usize) -> String| (0..100_000).map(line).collect::<Vec<_>>().concat();
        let (macros, uses) = (lines(|n| format!("[attr]m{n} -text\n")), lines(|n| format!("*.expb m{n}\n")));
        assert!(is_covered(&(macros + &uses)));
    }

    #[test]
    fn the_line_is_added_once_and_taken_away_without_a_trace() {
        for (text, covered) in ATTRIBUTES {
            let Some(with) = with_line(text) else {
                assert!(covered, "{text:?}");
                continue;
            };
            assert!(is_covered(&with) && with.starts_with(text), "{text:?}");
            assert_eq!(with_line(&with), None, "{text:?}");
            assert_eq!(without_line(&with).as_deref(), Some(*text));
        }
        assert_eq!(without_line("*.bin filter=lfs\n"), None);
        assert_eq!(with_line("* text\r\n"), Some(format!("* text\r\n{LINE}\r\n")));
        assert_eq!(without_line(&format!("a b\n{LINE}\nc d\n")).as_deref(), Some("a b\nc d\n"));
    }

    const IGNORES: &[(&str, Option<&str>)] = &[
        ("", None),
        ("*.expb\n", Some("*.expb")),
        ("*\n!*.md\n", Some("*")),
        ("*\n!experiment.expb\n", None),
        ("!*.expb\n*.expb\n", Some("*.expb")),
        ("/experiment.expb\n", Some("/experiment.expb")),
        ("experiment.expb/\n", None),
        ("#*.expb\n", None),
        ("*.expb  \n", Some("*.expb  ")),
        ("*.expb\\ \n", None),
        ("sub/*.expb\n", None),
        ("*.safetensors\r\n*.expb\r\n", Some("*.expb")),
    ];

    #[test]
    fn ignores_are_read_as_git_reads_them() {
        for (text, want) in IGNORES {
            assert_eq!(ignoring_line(text), *want, "{text:?}");
        }
    }

    /// Git's own answer in a fresh repository, if git is here.
    fn git(arguments: &[&str], file: &str, text: &str) -> Option<(bool, String)> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join(file), text).expect("room");
        let command = |arguments: &[&str]| {
            let mut command = Command::new("git");
            command.current_dir(folder.path()).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
            command.args(arguments).stderr(Stdio::null()).output().ok()
        };
        command(&["init", "--quiet"]).filter(|output| output.status.success())?;
        let output = command(arguments)?;
        Some((output.status.success(), String::from_utf8(output.stdout).expect("text")))
    }

    /// Where git is installed it must agree with the lists above; they hold without it too.
    #[test]
    fn git_agrees() {
        for (text, covered) in ATTRIBUTES {
            let arguments = ["check-attr", "filter", "text", "--", BUNDLE_NAME];
            let Some((_, said)) = git(&arguments, ".gitattributes", text) else { return };
            let says = said.contains("filter: lfs\n") || said.contains("text: unset\n");
            assert_eq!(says, *covered, "{text:?}: {said}");
        }
        for (text, line) in IGNORES {
            let Some((ignored, _)) = git(&["check-ignore", "--quiet", BUNDLE_NAME], ".gitignore", text) else { return };
            assert_eq!(ignored, line.is_some(), "{text:?}");
        }
    }
}
