//! What a reader of servers needs of a network. This crate has none: who calls it brings one.

use std::fmt;
use std::io::{self, Read};
use std::time::Duration;

/// A question to a server.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The address, without a query.
    pub address: &'a str,
    /// Names and values of the query; they are yet to be escaped.
    pub query: &'a [(&'a str, &'a str)],
    /// The header `Authorization`.
    pub authorization: Option<&'a str>,
    /// A body of JSON. With one it is a POST, without it a GET.
    pub json: Option<&'a str>,
    /// How long the answer may take, once it has begun.
    pub time: Duration,
}

/// An answer, whatever its status.
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The header `Location`.
    pub location: Option<String>,
    /// The body, which may go on for ever.
    pub body: Box<dyn Read>,
}

/// Asks servers over HTTP.
pub trait Http: fmt::Debug + Send + Sync {
    /// Asks, and follows no redirect: credentials are for the server that was named.
    ///
    /// # Errors
    /// There is no answer, or not in time.
    fn ask(&self, request: &Request<'_>) -> io::Result<Answer>;
}
