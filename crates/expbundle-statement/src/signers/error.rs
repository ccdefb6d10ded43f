//! Why a signers file is refused: one variant for each kind of mistake, with the next step.

use expbundle_format::{Code, Finding, Place};

use crate::key::KeyError;

/// Why a signers file is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct TrustError {
    /// Which line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: SignersProblem,
}

impl TrustError {
    /// As a finding in that file.
    pub fn finding(&self, file: &str) -> Finding {
        Finding::new(Code::TrustSigners, Place::unknown().in_file(file), self.to_string())
    }

    /// What to do about it.
    pub fn help(&self) -> &'static str {
        self.problem.help()
    }
}

/// What is wrong with a line of a signers file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignersProblem {
    /// A name that is none, or several, in a line that is to be written.
    #[error("`{0}` cannot be the name of a signer")]
    Name(String),
    /// No name in a line that is to be written.
    #[error("the name of the signer is empty")]
    NameEmpty,
    /// Bytes that are not UTF-8.
    #[error("the line is not UTF-8")]
    NotUtf8,
    /// U+FEFF as the first character of the file.
    #[error("the file begins with a byte order mark")]
    ByteOrderMark,
    /// A control character, or a carriage return that no line feed follows.
    #[error("the line contains the control character U+{:04X}", u32::from(*.0))]
    Control(char),
    /// A character that looks like a blank, or like nothing.
    #[error("the line contains the invisible character U+{:04X}", u32::from(*.0))]
    Hidden(char),
    /// A quote that does not end.
    #[error("a double quote is not closed")]
    QuoteOpen,
    /// A quote in the midst of the principals.
    #[error("there is a double quote within the principals")]
    QuoteInside,
    /// Nothing between two commas.
    #[error("a principal is empty")]
    PrincipalEmpty,
    /// A principal or pattern beyond the limit of OpenSSH.
    #[error("{0} is longer than 1,022 bytes")]
    TooLong(&'static str),
    /// Fewer words than principals, key type and key.
    #[error("the key is missing")]
    KeyMissing,
    /// A key at the beginning of the line, where its owner should be named.
    #[error("the line begins with a key, and names nobody")]
    NameMissing,
    /// An option behind a blank, where the type of the key should be.
    #[error("there is a blank before the option `{0}`")]
    OptionBlank(&'static str),
    /// An option that this format does not have.
    #[error("the option `{0}` is unknown")]
    OptionUnknown(String),
    /// An option without a value in quotes, or `cert-authority` with one.
    #[error("the option `{0}` needs a value in double quotes")]
    OptionValue(&'static str),
    /// An option that stands there twice.
    #[error("the option `{0}` occurs twice")]
    OptionTwice(&'static str),
    /// Nothing between two commas, before the first or behind the last.
    #[error("an option is empty: unexpected comma")]
    OptionEmpty,
    /// Something directly behind an option.
    #[error("neither a comma nor a blank follows the option `{0}`")]
    OptionEnd(&'static str),
    /// A backslash in a value.
    #[error("the value of the option `{0}` contains a backslash")]
    Backslash(&'static str),
    /// Not a time in one of OpenSSH's forms.
    #[error("`{0}` is not a time of the form YYYYMMDD, YYYYMMDDhhmm or YYYYMMDDhhmmss")]
    Time(String),
    /// A window that holds no moment.
    #[error("`valid-after` is not before `valid-before`")]
    Window,
    /// Neither an option nor the type of the key behind it.
    #[error("`{0}` is neither an option nor the type of the key that follows it")]
    KeyType(String),
    /// An Ed25519 key that is refused.
    #[error("the key is refused: {0}")]
    Key(#[from] KeyError),
}

impl SignersProblem {
    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Name(_) | Self::NameEmpty => {
                "give one name without commas, quotes and patterns, such as ada@example.org"
            }
            Self::NotUtf8 => "save the file as UTF-8",
            Self::ByteOrderMark => "save the file as UTF-8 without a byte order mark",
            Self::Control(_) => "remove it; separate words by spaces or tabs, and end lines with LF or CR LF",
            Self::Hidden(_) => "remove it, or type a space",
            Self::QuoteOpen => "close the quote on the same line",
            Self::QuoteInside => "put the quotes around all principals: \"Ada Lovelace,ada@example.org\"",
            Self::PrincipalEmpty => "name the signer, or remove the comma",
            Self::TooLong(_) => "shorten it",
            Self::KeyMissing => "write principals, options if any, key type and key: ada@example.org ssh-ed25519 AAAA…",
            Self::NameMissing => "put the name first: me@example.org ssh-ed25519 AAAA…",
            Self::OptionBlank(_) => "separate options with a comma, without a space",
            Self::OptionUnknown(_) => "use only namespaces, valid-after, valid-before and cert-authority",
            Self::OptionValue(_) => "write it as in namespaces=\"expbundle\"",
            Self::OptionTwice(_) => "keep one of them, or write a second line for the key",
            Self::OptionEmpty => "remove the comma",
            Self::OptionEnd(_) => "put a comma before the next option, or a space before the key type",
            Self::Backslash(_) => "remove the backslash",
            Self::Time(_) => "write a time that exists, in UTC: 20260101, 202601010930Z",
            Self::Window => "swap the two times, or remove the line",
            Self::KeyType(_) => "copy the line of the `.pub` file whole: key type, key",
            Self::Key(_) => "copy the key from the signer's `.pub` file again",
        }
    }
}
