//! One line: principals, options, key type and key.

use super::SkipReason;
use super::characters::{BLANKS, refuse_hidden, word};
use super::error::SignersProblem;
use super::options::{self, Options};
use crate::identity::Identity;
use crate::key_line::{self, ED25519};

/// Bytes of the longest principal or pattern: beyond that OpenSSH lets it match nothing.
pub const LONGEST: usize = 1022;

/// Characters of the longest name of a key type (RFC 4251, section 6).
const LONGEST_TYPE: usize = 64;

/// A line that follows the grammar.
#[expect(clippy::large_enum_variant, reason = "there is one at a time, and none is kept")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// Names, and the identity that is theirs.
    Signer {
        /// In the order of the line.
        principals: Vec<String>,
        /// For what and when.
        options: Options,
        /// What they sign as.
        identity: Identity,
    },
    /// A line that names nobody who can sign here.
    Skipped(SkipReason),
}

impl Line {
    /// Reads a line; `None` if it is empty or a comment.
    pub fn parse(text: &str) -> Result<Option<Self>, SignersProblem> {
        let text = text.trim_start_matches(BLANKS);
        if text.is_empty() || text.starts_with('#') {
            return Ok(None);
        }
        match Self::read(text) {
            Ok(line) => Ok(Some(line)),
            // The likely cause of whatever else is wrong, and the one mistake that cannot be seen.
            Err(problem) => refuse_hidden(text).and(Err(if begins_with_a_key(text) {
                SignersProblem::NameMissing
            } else {
                problem
            })),
        }
    }

    /// Reads a line of a `.pub` file, whose key is that of `name`; `None` if it is empty or a
    /// comment. The remark behind the key names nobody: whoever made the key wrote it.
    pub fn of_public_key(text: &str, name: &str) -> Result<Option<Self>, SignersProblem> {
        let text = text.trim_matches(BLANKS);
        if text.is_empty() || text.starts_with('#') {
            return Ok(None);
        }
        let (kind, rest) = word(text);
        let (key, remark) = word(rest);
        if key.is_empty() {
            return Err(SignersProblem::KeyMissing);
        }
        refuse_hidden(text.strip_suffix(remark).unwrap_or(text))?;
        let Some(identity) = read_key(kind, key)? else {
            return Ok(Some(Self::Skipped(SkipReason::KeyType(kind.to_owned()))));
        };
        Ok(Some(Self::Signer { principals: vec![name.to_owned()], options: Options::default(), identity }))
    }

    fn read(text: &str) -> Result<Self, SignersProblem> {
        let (principals, rest) = principals(text)?;
        let (options, rest) = match word(rest) {
            (first, _) if Options::begin_with(first) => Options::parse(rest)?,
            _ => (Options::default(), rest),
        };
        let (kind, rest) = word(rest);
        if let Some(option) = options::behind_a_blank(kind) {
            return Err(SignersProblem::OptionBlank(option));
        }
        let (key, remark) = word(rest);
        if key.is_empty() {
            return Err(SignersProblem::KeyMissing);
        }
        refuse_hidden(text.strip_suffix(remark).unwrap_or(text))?;
        let key = read_key(kind, key)?;
        if options.cert_authority() {
            return Ok(Self::Skipped(SkipReason::CertAuthority));
        }
        let Some(key) = key else { return Ok(Self::Skipped(SkipReason::KeyType(kind.to_owned()))) };
        if let Some(pattern) = principals.iter().find(|name| name.contains(['*', '?', '!'])) {
            return Ok(Self::Skipped(SkipReason::Pattern((*pattern).to_owned())));
        }
        let principals = principals.into_iter().map(str::to_owned).collect();
        Ok(Self::Signer { principals, options, identity: key })
    }
}

/// The principals, and the rest of the line.
fn principals(text: &str) -> Result<(Vec<&str>, &str), SignersProblem> {
    let (list, rest) = match text.strip_prefix('"') {
        Some(text) => {
            let (list, rest) = text.split_once('"').ok_or(SignersProblem::QuoteOpen)?;
            if !rest.is_empty() && !rest.starts_with(BLANKS) {
                return Err(SignersProblem::QuoteInside);
            }
            (list, rest.trim_start_matches(BLANKS))
        }
        None => word(text),
    };
    let names: Vec<&str> = list.split(',').collect();
    for name in &names {
        if name.trim_matches(BLANKS).is_empty() {
            return Err(SignersProblem::PrincipalEmpty);
        }
        if name.contains('"') {
            return Err(SignersProblem::QuoteInside);
        }
        if name.len() > LONGEST {
            return Err(SignersProblem::TooLong("a principal"));
        }
    }
    Ok((names, rest))
}

/// Whether a line is that of a `.pub` file, without the name of its owner.
fn begins_with_a_key(text: &str) -> bool {
    let (kind, rest) = word(text);
    let (key, _) = word(rest);
    read_key(kind, key).is_ok()
}

/// The key, or `None` if it is a key of another type.
fn read_key(kind: &str, key: &str) -> Result<Option<Identity>, SignersProblem> {
    let is_name = (1..=LONGEST_TYPE).contains(&kind.len())
        && kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._+@".contains(&byte));
    match key_line::read(kind, key) {
        Ok(key) if is_name => Ok(key),
        Err(error) if kind == ED25519 => Err(error.into()),
        _ => Err(SignersProblem::KeyType(shown(kind))),
    }
}

/// The start of a word, to be shown.
pub fn shown(word: &str) -> String {
    const MOST: usize = 60;
    let mut shown: String = word.chars().take(MOST).collect();
    if shown.len() < word.len() {
        shown.push('…');
    }
    shown
}
