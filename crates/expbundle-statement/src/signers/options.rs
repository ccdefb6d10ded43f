//! The options of a line.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use super::characters::{BLANKS, word};
use super::error::SignersProblem;
use super::line::{LONGEST, shown};
use super::pattern::Patterns;
use super::time;

const NAMESPACES: &str = "namespaces";
const VALID_AFTER: &str = "valid-after";
const VALID_BEFORE: &str = "valid-before";
const CERT_AUTHORITY: &str = "cert-authority";
const NAMES: [&str; 4] = [NAMESPACES, VALID_AFTER, VALID_BEFORE, CERT_AUTHORITY];

/// For what and when a line counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// `None`: any.
    namespaces: Option<Patterns>,
    valid_after: Option<DateTime>,
    valid_before: Option<DateTime>,
    cert_authority: bool,
}

/// When a line counts; without an end where it says none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// From this moment on.
    pub after: Option<Timestamp>,
    /// Before this moment.
    pub before: Option<Timestamp>,
}

impl Window {
    /// Whether it has a moment.
    pub fn has(&self, at: Timestamp) -> bool {
        self.after.is_none_or(|after| at >= after) && self.before.is_none_or(|before| at < before)
    }
}

impl Options {
    /// Whether a word begins options: a key type has none of these characters, and is not called as
    /// an option is.
    pub fn begin_with(word: &str) -> bool {
        word.contains(['"', '=', ',']) || known(word).is_some()
    }

    /// Reads options up to the blank behind them; the rest of the text follows.
    pub fn parse(text: &str) -> Result<(Self, &str), SignersProblem> {
        let mut options = Self::default();
        let mut rest = text;
        loop {
            let (name, after) = name(rest)?;
            rest = if name == CERT_AUTHORITY {
                if std::mem::replace(&mut options.cert_authority, true) {
                    return Err(SignersProblem::OptionTwice(name));
                }
                after
            } else {
                let (value, after) = value(name, after)?;
                options.set(name, value)?;
                after
            };
            match rest.strip_prefix(',') {
                Some(next) => rest = next,
                None if rest.is_empty() || rest.starts_with(BLANKS) => break,
                None => return Err(SignersProblem::OptionEnd(name)),
            }
        }
        if let (Some(after), Some(before)) = (options.valid_after, options.valid_before)
            && after >= before
        {
            return Err(SignersProblem::Window);
        }
        Ok((options, rest.trim_start_matches(BLANKS)))
    }

    fn set(&mut self, name: &'static str, value: &str) -> Result<(), SignersProblem> {
        let is_twice = match name {
            NAMESPACES => {
                if value.split(',').any(|pattern| pattern.len() > LONGEST) {
                    return Err(SignersProblem::TooLong("a namespace"));
                }
                self.namespaces.replace(Patterns::new(value)).is_some()
            }
            VALID_AFTER => self.valid_after.replace(moment(value)?).is_some(),
            _ => self.valid_before.replace(moment(value)?).is_some(),
        };
        if is_twice { Err(SignersProblem::OptionTwice(name)) } else { Ok(()) }
    }

    /// Whether the line is about a key that signs certificates, not statements.
    pub fn cert_authority(&self) -> bool {
        self.cert_authority
    }

    /// Whether the line counts for a namespace.
    pub fn fit_namespace(&self, namespace: &str) -> bool {
        self.namespaces.as_ref().is_none_or(|patterns| patterns.fit(namespace))
    }

    /// The patterns of namespaces that the line counts for; empty if it has none, and counts for all.
    pub fn namespaces(&self) -> &[String] {
        self.namespaces.as_ref().map(Patterns::as_slice).unwrap_or_default()
    }

    /// From when on and until when the line counts.
    pub fn window(&self) -> Window {
        // What is beyond all times is as far away as the last of them.
        let moment = |time: DateTime| Offset::UTC.to_timestamp(time).unwrap_or(Timestamp::MAX);
        Window { after: self.valid_after.map(moment), before: self.valid_before.map(moment) }
    }

    /// Whether the line counts at a moment.
    pub fn are_valid(&self, at: Timestamp) -> bool {
        let at = Offset::UTC.to_datetime(at);
        self.valid_after.is_none_or(|after| at >= after) && self.valid_before.is_none_or(|before| at < before)
    }
}

/// The option that a word is, or begins with, where no option may stand.
pub fn behind_a_blank(word: &str) -> Option<&'static str> {
    let name = word.split(['=', ',', '"']).next().unwrap_or_default();
    known(name).filter(|name| *name == CERT_AUTHORITY || word.len() > name.len())
}

/// The name of an option, and what follows it.
fn name(text: &str) -> Result<(&'static str, &str), SignersProblem> {
    let end = text.find(|letter| BLANKS.contains(&letter) || "=\",".contains(letter)).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    match known(name) {
        Some(known) => Ok((known, rest)),
        None if name.is_empty() && !rest.starts_with(['=', '"']) => {
            let option = behind_a_blank(word(rest.trim_start_matches(BLANKS)).0).filter(|_| rest.starts_with(BLANKS));
            Err(option.map_or(SignersProblem::OptionEmpty, SignersProblem::OptionBlank))
        }
        None => Err(SignersProblem::OptionUnknown(shown(if name.is_empty() { word(text).0 } else { name }))),
    }
}

fn known(name: &str) -> Option<&'static str> {
    NAMES.into_iter().find(|known| known.eq_ignore_ascii_case(name))
}

/// The value in quotes, and what follows it.
fn value<'a>(name: &'static str, text: &'a str) -> Result<(&'a str, &'a str), SignersProblem> {
    let text = text.strip_prefix("=\"").ok_or(SignersProblem::OptionValue(name))?;
    let (value, rest) = text.split_once('"').ok_or(SignersProblem::QuoteOpen)?;
    if value.contains('\\') { Err(SignersProblem::Backslash(name)) } else { Ok((value, rest)) }
}

fn moment(value: &str) -> Result<DateTime, SignersProblem> {
    time::parse(value).ok_or_else(|| SignersProblem::Time(shown(value)))
}
