//! Settings: a name that says "secret", and a value that is one.
//!
//! Machine learning is full of tokens that are not secrets (`max_tokens`, `pad_token`, `tokenizer`)
//! and of keys that open nothing (`key`, `primary_key`, `num_key_value_heads`), so a name alone is
//! never enough: the weaker the name, the more the value must look like a secret.

mod code;
mod name;
mod path;
mod placeholder;
mod random;

#[cfg(test)]
mod tests;

use code::{
    is_call, is_camel_case, is_code, is_code_word, is_joined, is_name, is_of_words, is_shout, is_type, is_variable,
    names_secret,
};
use path::{is_known_path, is_path};
use placeholder::{is_cut_off, is_reference};
use random::is_uuid;

pub use name::{Around, around, class_of, holds_secrets, is_name_of_pair, is_neutral, is_service, is_value_of_pair};
pub use placeholder::is_placeholder;
pub use random::is_random;

/// How much a name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// `token`, `auth`: the value must look drawn at random.
    Token,
    /// `pass`, `clave`, which are other words too: a value of letters and digits, in running text
    /// one drawn at random.
    Pass,
    /// `api_key`, `client_secret`, `access_token`: any text without blanks that is not a
    /// placeholder.
    Secret,
    /// `password`: anything that is not a placeholder, numbers too.
    Password,
}

impl Class {
    /// The kind of secret, as markers have it.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Pass | Self::Password => "password",
            Self::Secret => "secret-setting",
        }
    }
}

/// Where a value was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting<'a> {
    /// The value is all there is: a member of an object, an argument of a command, a literal in
    /// quotes.
    Whole,
    /// It is a literal in quotes, in running text or a program.
    Quoted,
    /// It stands in running text without quotes, and this follows.
    Bare {
        /// The rest of the line.
        rest: &'a str,
        /// Whether name and value are joined as `name=value`.
        tight: bool,
        /// Whether it follows an option of a command, as in `--name value`; so do words of a
        /// sentence.
        after_option: bool,
        /// Whether name and value are `NAME=value`, as a shell has variables: what stands there is
        /// no expression of a program.
        is_variable: bool,
    },
}

/// Whether a value under a name of that class is a secret.
pub fn is_secret(class: Class, value: &str, setting: Setting<'_>) -> bool {
    let value = value.trim_matches(|c: char| c.is_whitespace() || c == ',');
    if is_placeholder(value) && !(class == Class::Password && is_cut_off(value)) || is_reference(value) {
        return false;
    }
    match (class, setting) {
        (Class::Pass, Setting::Whole | Setting::Quoted) => {
            let has = |kind: fn(&char) -> bool| value.chars().any(|c| kind(&c));
            value.len() >= 6
                && !value.contains(char::is_whitespace)
                && has(char::is_ascii_digit)
                && has(char::is_ascii_alphabetic)
                && !is_path(value)
        }
        (Class::Pass, Setting::Bare { .. }) => {
            let is_mixed =
                value.contains(|c: char| c.is_ascii_digit()) && value.contains(|c: char| c.is_ascii_alphabetic());
            value.len() >= 6 && !is_path(value) && (is_random(value) || is_mixed && value.contains(SIGNS))
        }
        (Class::Token, _) => value.len() >= 12 && !value.contains(char::is_whitespace) && is_random(value),
        // `ACCESS_TOKEN_HEADER = "X-Access-Token"` in a program is a name.
        (Class::Secret, Setting::Quoted) if is_name(value) => false,
        (Class::Secret, Setting::Whole | Setting::Quoted) => {
            let scheme =
                ["bearer ", "basic ", "token "].iter().any(|scheme| value.to_ascii_lowercase().starts_with(scheme));
            let blanks = value.chars().filter(|c| c.is_whitespace()).count();
            value.len() >= 4 && (blanks == 0 || scheme || value.contains('=') && blanks < 20) && !is_path(value)
        }
        (Class::Password, Setting::Whole | Setting::Quoted) => !is_known_path(value),
        (class, Setting::Bare { rest, tight, after_option, is_variable }) => {
            let next = rest.chars().next();
            let is_code = match class {
                // Any letters may be a password.
                Class::Password if is_variable => is_call(value, rest) || names_secret(value) && is_shout(value),
                Class::Password => is_call(value, rest) || names_secret(value) && is_joined(value) || is_shout(value),
                _ => is_code(value, rest),
            };
            let is_file = if class == Class::Password { is_known_path(value) } else { is_path(value) };
            if is_code || is_file {
                return false;
            }
            let marked =
                value.contains(|c: char| c.is_ascii_digit() || !c.is_ascii_alphanumeric() && !"_-.:".contains(c));
            // Letters that are neither all small nor a word with a capital.
            let bytes = value.as_bytes();
            let mixed = bytes
                .windows(2)
                .filter(|pair| matches!(pair, [a, b] if a.is_ascii_uppercase() != b.is_ascii_uppercase()))
                .count()
                >= 3;
            let marked = marked || mixed && !value.contains('_');
            let at_end = rest.trim().is_empty() || rest.trim_start().starts_with(['#', ';', '&', '-']);
            if class == Class::Password {
                let is_word = !value.contains('_') && !after_option;
                let is_alone = at_end && (tight || value.len() >= 6) || tight && next == Some(' ');
                return value.len() >= 3 && (marked || is_variable || is_word && is_alone);
            }
            // `secret_key = key_2` is an expression, `--secret-key key_2` is none.
            let is_expression = is_of_words(value) && value.contains(['_', '.', ':']);
            let is_given = tight || after_option || at_end && !is_expression;
            let has_letters = value.contains(|c: char| c.is_ascii_alphabetic());
            let is_type = !tight && !after_option && is_type(value);
            value.len() >= 8 && !is_type && (is_random(value) || marked && is_given && has_letters)
        }
    }
}

/// Whether a literal that is said to be the value of such a name, like the default of an argument,
/// is a secret.
pub fn is_value(class: Class, value: &str) -> bool {
    !value.contains(char::is_whitespace)
        && !value.contains(['{', '}'])
        && value.len() >= 4
        && !is_name(value)
        && !is_variable(value)
        && !value.starts_with('-')
        && is_secret(class, value, Setting::Quoted)
}

/// Whether a value that only stands near such a name is a secret: it looks like nothing else.
pub fn is_drawn(class: Class, value: &str) -> bool {
    if !is_value(class, value) || is_code_word(value) || value.contains(['<', '>']) {
        return false;
    }
    let has = |kind: fn(&char) -> bool| value.chars().any(|c| kind(&c));
    let mut parts = value.split(|c: char| !c.is_ascii_alphanumeric());
    // `ZeroGpuQuota` and `matlab.net.http.LogRecord` are names.
    if is_uuid(value)
        || parts.any(|part| is_random(part) && (part.len() >= 20 || part.contains(|c: char| c.is_ascii_digit())))
    {
        return !is_camel_case(value);
    }
    let is_mixed = has(char::is_ascii_digit) && has(char::is_ascii_alphabetic);
    let has_sign = value.contains(SIGNS) && !value.contains(['/', '(', ')', '[', ']', '<', '>', '"', '=']);
    match class {
        Class::Password => is_mixed && (value.len() >= 8 || has_sign),
        Class::Pass => is_mixed && has_sign,
        Class::Secret | Class::Token => false,
    }
}

/// Signs that passwords have and names have not.
const SIGNS: &[char] = &['!', '$', '%', '&', '*', '+', '?', '#', '^', '@', '~', '='];
