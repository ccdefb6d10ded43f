//! Asking an MLflow server.

use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::http::{Answer, Http, Request};

/// The largest answer that is taken apart. A page of 25,000 points has some 4 MB.
const MOST_ANSWER_BYTES: u64 = 64 << 20;
/// What is read of an answer that says why it is none.
const MOST_MESSAGE_BYTES: u64 = 64 << 10;
/// How long a server may take to send an answer, and a file: this much, and a second for each 100 KB.
const BODY: Duration = Duration::from_secs(120);
const BYTES_PER_SECOND: u64 = 100_000;
/// Waits before the next try of what may go better then.
const WAITS: [Duration; 2] = [Duration::from_millis(300), Duration::from_secs(2)];

/// How a person shows a server that they may ask.
#[derive(Clone, Default)]
pub enum Credentials {
    /// Not at all.
    #[default]
    None,
    /// By a token (`MLFLOW_TRACKING_TOKEN`).
    Token(String),
    /// By name and password (`MLFLOW_TRACKING_USERNAME`, `MLFLOW_TRACKING_PASSWORD`).
    Password {
        /// The name.
        user: String,
        /// The password.
        password: String,
    },
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Token(_) => "Token(…)",
            Self::Password { .. } => "Password { … }",
        })
    }
}

impl Credentials {
    fn header(&self) -> Option<String> {
        use base64::Engine as _;
        use base64::engine::general_purpose::STANDARD;

        match self {
            Self::None => None,
            Self::Token(token) => Some(format!("Bearer {token}")),
            Self::Password { user, password } => {
                Some(format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
            }
        }
    }
}

/// Why a server gave no answer, or none that is one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// It cannot be reached, or broke off.
    #[error("the server does not answer: {0}")]
    Silent(String),
    /// It sends us elsewhere. Credentials are for the server that was named, so this is not followed.
    #[error("the server redirects to {to}")]
    Redirected {
        /// Where to.
        to: String,
    },
    /// It refuses.
    #[error("the server answers {status}{}", said(.message))]
    Refused {
        /// HTTP status.
        status: u16,
        /// What it says about it, in one line.
        message: String,
    },
    /// The answer is not what MLflow says.
    #[error("the answer is not one of MLflow")]
    Answer,
    /// The answer is larger than any that MLflow gives.
    #[error("the answer has more than {0} bytes")]
    TooLarge(u64),
    /// A downloaded file cannot be written.
    #[error("a downloaded file cannot be written")]
    Write(#[source] io::Error),
}

fn said(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(": {message}") }
}

impl ServerError {
    /// Whether the server says that there is no such thing.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused { status: 404, .. })
    }

    fn may_go_better(&self) -> bool {
        matches!(self, Self::Silent(_) | Self::Refused { status: 429 | 502..=504, .. })
    }
}

/// A server, and how it is asked.
#[derive(Debug)]
pub(super) struct Client {
    http: Arc<dyn Http>,
    /// Without a slash at the end.
    address: String,
    authorization: Option<String>,
}

/// Names and values behind the question mark.
pub(super) type Query<'a> = [(&'a str, &'a str)];

impl Client {
    pub fn new(address: &str, http: Arc<dyn Http>, credentials: &Credentials) -> Self {
        Self { http, address: address.trim_end_matches('/').to_owned(), authorization: credentials.header() }
    }

    /// What the server was called.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// An object that the server has.
    pub fn get(&self, path: &str, query: &Query<'_>) -> Result<Map<String, Value>, ServerError> {
        retried(|| object(self.ask(path, query, None, BODY)?))
    }

    /// The answer to a question that is asked as JSON.
    pub fn post(&self, path: &str, question: &Value) -> Result<Map<String, Value>, ServerError> {
        let text = question.to_string();
        retried(|| object(self.ask(path, &[], Some(&text), BODY)?))
    }

    /// A file of so many bytes, by the word of the server.
    pub fn download(
        &self,
        path: &str,
        query: &Query<'_>,
        size: u64,
        mut write: impl FnMut(&mut dyn Read) -> io::Result<u64>,
    ) -> Result<u64, ServerError> {
        let time = BODY + Duration::from_secs(size / BYTES_PER_SECOND);
        retried(|| {
            let body = self.ask(path, query, None, time)?.body;
            // One byte more tells that there are more.
            write(&mut body.take(size.saturating_add(1))).map_err(|error| match error.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::PermissionDenied => ServerError::Write(error),
                _ => ServerError::Silent(error.to_string()),
            })
        })
    }

    fn ask(&self, path: &str, query: &Query<'_>, json: Option<&str>, time: Duration) -> Result<Answer, ServerError> {
        let address = format!("{}/{path}", self.address);
        let request = Request { address: &address, query, authorization: self.authorization.as_deref(), json, time };
        checked(self.http.ask(&request).map_err(|error| ServerError::Silent(error.to_string()))?)
    }
}

fn retried<T>(mut ask: impl FnMut() -> Result<T, ServerError>) -> Result<T, ServerError> {
    for wait in WAITS {
        match ask() {
            Err(error) if error.may_go_better() => thread::sleep(wait),
            answer => return answer,
        }
    }
    ask()
}

/// The answer, if it is a good one.
fn checked(answer: Answer) -> Result<Answer, ServerError> {
    match answer.status {
        200 => Ok(answer),
        300..400 => {
            let to = answer.location.unwrap_or_else(|| "an address that it does not give".to_owned());
            Err(ServerError::Redirected { to })
        }
        status => {
            let mut text = Vec::new();
            // Half of a message says more than none.
            let _ = answer.body.take(MOST_MESSAGE_BYTES).read_to_end(&mut text);
            let said = serde_json::from_slice::<Map<String, Value>>(&text).ok();
            let message = said.as_ref().and_then(|said| said.get("message")?.as_str()).unwrap_or_default();
            let message = message.lines().next().unwrap_or_default().chars().take(300).collect();
            Err(ServerError::Refused { status, message })
        }
    }
}

fn object(answer: Answer) -> Result<Map<String, Value>, ServerError> {
    let mut text = Vec::new();
    let read = answer.body.take(MOST_ANSWER_BYTES + 1).read_to_end(&mut text);
    read.map_err(|error| ServerError::Silent(error.to_string()))?;
    if text.len() as u64 > MOST_ANSWER_BYTES {
        return Err(ServerError::TooLarge(MOST_ANSWER_BYTES));
    }
    serde_json::from_slice(&text).map_err(|_| ServerError::Answer)
}
