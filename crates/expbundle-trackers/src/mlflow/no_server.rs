//! In place of servers in builds that ask none.

use super::run::{List, Run};
use super::source::SourceError;

/// How a person shows a server that they may ask.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Credentials {
    /// Not at all.
    #[default]
    None,
    /// By a token.
    Token(String),
    /// By name and password.
    Password {
        /// The name.
        user: String,
        /// The password.
        password: String,
    },
}

/// Why a server is not asked.
#[derive(Debug, thiserror::Error)]
#[error("this build asks no servers: it lacks the feature `server`")]
pub struct ServerError;

/// A server that was opened: there is none.
#[derive(Debug)]
pub(super) enum Server {}

impl Server {
    pub fn open(address: &str, _: Credentials) -> Result<Self, SourceError> {
        Err(SourceError::Server { address: address.to_owned(), source: Box::new(ServerError) })
    }

    pub fn list(&self) -> Result<List, SourceError> {
        match *self {}
    }

    pub fn read(&self, _: &str) -> Result<Run, SourceError> {
        match *self {}
    }
}
