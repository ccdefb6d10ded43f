//! The network that expbundle asks servers of trackers with.
//!
//! It alone has one: what verifies and what converts compiles without.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

use std::io;
use std::time::Duration;

use expbundle_trackers::http::{Answer, Http, Request};
use ureq::Agent;
use ureq::http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use ureq::tls::{RootCerts, TlsConfig};

/// How long a server may take to be reached, and to begin its answer.
const CONNECT: Duration = Duration::from_secs(20);
const ANSWER: Duration = Duration::from_secs(120);

/// HTTP and HTTPS, with the roots of trust of this machine. Connections are kept for the next
/// question.
#[derive(Debug)]
pub struct Network(Agent);

impl Default for Network {
    fn default() -> Self {
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
        Self(config.into())
    }
}

impl Http for Network {
    fn ask(&self, request: &Request<'_>) -> io::Result<Answer> {
        let Request { address, query, authorization, json, time } = *request;
        let answer = if let Some(json) = json {
            let mut asked = self.0.post(address).query_pairs(query.iter().copied());
            asked = asked.header(CONTENT_TYPE, "application/json");
            if let Some(value) = authorization {
                asked = asked.header(AUTHORIZATION, value);
            }
            asked.config().timeout_recv_body(Some(time)).build().send(json)
        } else {
            let mut asked = self.0.get(address).query_pairs(query.iter().copied());
            if let Some(value) = authorization {
                asked = asked.header(AUTHORIZATION, value);
            }
            asked.config().timeout_recv_body(Some(time)).build().call()
        };
        let answer = answer.map_err(ureq::Error::into_io)?;
        let location = answer.headers().get(LOCATION).and_then(|to| to.to_str().ok()).map(str::to_owned);
        let status = answer.status().as_u16();
        let body = answer.into_body().into_with_config().limit(u64::MAX).reader();
        Ok(Answer { status, location, body: Box::new(body) })
    }
}

/// The example of the README, as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
