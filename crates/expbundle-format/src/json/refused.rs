//! Why a text was not read as the type that was asked for, with the place where.

use std::fmt;

use serde::de::{self, Error as _, Unexpected};

use super::JsonError;
use crate::foreign::Foreign;

/// Why reading ended, small enough to be passed up for every token.
#[derive(Debug)]
pub struct Refused(Box<JsonError>);

impl Refused {
    /// A word that is none of those of the type. It may be anybody's, so it is quoted.
    fn unknown(what: &str, found: &str, expected: &[&str]) -> Self {
        let expected: Vec<String> = expected.iter().map(|one| format!("`{one}`")).collect();
        let expected = if expected.is_empty() { "none".to_owned() } else { expected.join(", ") };
        Self::custom(format_args!("unknown {what} {}, expected one of: {expected}", Foreign::new(found)))
    }

    /// The same, seen from the object or array around it. The place is put together on the way up,
    /// so that what fits costs nothing.
    #[cold]
    fn below(mut self, token: &str) -> Self {
        if let JsonError::Schema { pointer, .. } = &mut *self.0 {
            pointer.insert_str(0, &format!("/{token}"));
        }
        self
    }

    /// The same of a member, whose name is written as in a JSON pointer (RFC 6901).
    #[cold]
    pub(super) fn below_member(self, name: &str) -> Self {
        self.below(&name.replace('~', "~0").replace('/', "~1"))
    }

    /// The same of an item.
    #[cold]
    pub(super) fn below_item(self, index: usize) -> Self {
        self.below(&index.to_string())
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Refused {}

impl de::Error for Refused {
    fn custom<T: fmt::Display>(message: T) -> Self {
        JsonError::Schema { pointer: String::new(), message: message.to_string() }.into()
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::unknown("value", variant, expected)
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::unknown("member", field, expected)
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        match unexpected {
            Unexpected::Unit => Self::custom(format_args!("invalid type: null, expected {expected}")),
            _ => Self::custom(format_args!("invalid type: {unexpected}, expected {expected}")),
        }
    }
}

impl From<JsonError> for Refused {
    fn from(error: JsonError) -> Self {
        Self(Box::new(error))
    }
}

impl From<Refused> for JsonError {
    fn from(refused: Refused) -> Self {
        *refused.0
    }
}
