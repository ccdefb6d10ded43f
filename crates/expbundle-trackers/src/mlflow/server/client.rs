//! Asking an MLflow server.

use std::fmt;
use std::io::{self, Read};
use std::thread;
use std::time::Duration;

use serde_json::{Map, Value};
use ureq::http::{Response, StatusCode, header};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body};

/// The largest answer that is taken apart. A page of 25,000 points has some 4 MB.
const MOST_ANSWER_BYTES: u64 = 64 << 20;
/// How long a server may take to be reached, and to begin its answer.
const CONNECT: Duration = Duration::from_secs(20);
const ANSWER: Duration = Duration::from_secs(120);
/// How long it may take to send an answer, and a file: this much, and a second for each 100 KB.
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
        /// Where.
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
    agent: Agent,
    /// Without a slash at the end.
    address: String,
    credentials: Credentials,
}

/// Names and values behind the question mark.
pub(super) type Query<'a> = [(&'a str, &'a str)];

impl Client {
    pub fn new(address: &str, credentials: Credentials) -> Self {
        let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
        let config = Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(ANSWER))
            .user_agent("expbundle")
            .build();
        Self { agent: config.into(), address: address.trim_end_matches('/').to_owned(), credentials }
    }

    /// What the server was called.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// An object that the server has.
    pub fn get(&self, path: &str, query: &Query<'_>) -> Result<Map<String, Value>, ServerError> {
        retried(|| object(self.ask(path, query, BODY)?))
    }

    /// The answer to a question that is asked as JSON.
    pub fn post(&self, path: &str, question: &Value) -> Result<Map<String, Value>, ServerError> {
        let text = question.to_string();
        retried(|| {
            let mut request =
                self.agent.post(format!("{}/{path}", self.address)).header(header::CONTENT_TYPE, "application/json");
            if let Some(value) = self.credentials.header() {
                request = request.header(header::AUTHORIZATION, value);
            }
            let request = request.config().timeout_recv_body(Some(BODY)).build();
            object(checked(request.send(text.as_str()))?)
        })
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
            let mut body = self.ask(path, query, time)?.into_body().into_with_config().limit(u64::MAX).reader();
            // One byte more tells that there are more.
            write(&mut (&mut body).take(size.saturating_add(1))).map_err(|error| match error.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::PermissionDenied => ServerError::Write(error),
                _ => ServerError::Silent(error.to_string()),
            })
        })
    }

    fn ask(&self, path: &str, query: &Query<'_>, time: Duration) -> Result<Response<Body>, ServerError> {
        let mut request = self.agent.get(format!("{}/{path}", self.address)).query_pairs(query.iter().copied());
        if let Some(value) = self.credentials.header() {
            request = request.header(header::AUTHORIZATION, value);
        }
        checked(request.config().timeout_recv_body(Some(time)).build().call())
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
fn checked(answer: Result<Response<Body>, ureq::Error>) -> Result<Response<Body>, ServerError> {
    let mut answer = answer.map_err(|error| ServerError::Silent(error.to_string()))?;
    let status = answer.status();
    if status == StatusCode::OK {
        return Ok(answer);
    }
    if status.is_redirection() {
        let to = answer.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
        return Err(ServerError::Redirected { to: to.unwrap_or("an address that it does not give").to_owned() });
    }
    let text = answer.body_mut().with_config().limit(64 << 10).read_to_string().unwrap_or_default();
    let said = serde_json::from_str::<Map<String, Value>>(&text).ok();
    let message = said.as_ref().and_then(|said| said.get("message")?.as_str()).unwrap_or_default();
    let message = message.lines().next().unwrap_or_default().chars().take(300).collect();
    Err(ServerError::Refused { status: status.as_u16(), message })
}

fn object(answer: Response<Body>) -> Result<Map<String, Value>, ServerError> {
    let mut text = Vec::new();
    let body = answer.into_body().into_with_config().limit(u64::MAX).reader();
    body.take(MOST_ANSWER_BYTES + 1).read_to_end(&mut text).map_err(|error| ServerError::Silent(error.to_string()))?;
    if text.len() as u64 > MOST_ANSWER_BYTES {
        return Err(ServerError::TooLarge(MOST_ANSWER_BYTES));
    }
    serde_json::from_slice(&text).map_err(|_| ServerError::Answer)
}
