//! Whether what has the form of a secret is one.

use std::ops::Range;

use base64::Engine as _;
use memchr::memmem;

use super::rules::{Check, Rule};
use super::settings;

pub(super) fn holds(rule: &Rule, text: &[u8], range: Range<usize>) -> bool {
    let secret = String::from_utf8_lossy(text.get(range.clone()).unwrap_or_default());
    match rule.check {
        Check::Form => true,
        Check::Random => settings::is_random(&secret),
        Check::Value if rule.name == "url-login" => {
            let lower = secret.to_ascii_lowercase();
            let at = lower
                .find(':')
                .map(|at| at + 1)
                .or_else(|| lower.find("%3a").map(|at| at + 3))
                .or_else(|| lower.find('/').map(|at| at + 1));
            let password = at.and_then(|at| secret.get(at..)).unwrap_or_default();
            // `docker://image:tag@sha256:…` names an image, and `https://host:8080/a@b` has no
            // login.
            let of_image = text.get(range.end + 1..).is_some_and(|rest| rest.starts_with(b"sha256:"));
            if password.is_empty() {
                // `https://KEY:@host`
                return settings::is_random(&secret);
            }
            let port = password.trim_start_matches(|c: char| c.is_ascii_digit());
            let of_port = port.len() < password.len() && port.starts_with(['/', '\'']);
            // `'http://a', 'b@c'`
            let of_list = ["',", "':"].iter().any(|end| password.contains(end));
            !settings::is_placeholder(password) && !of_image && !of_port && !of_list
        }
        Check::Value => !settings::is_placeholder(secret.trim()),
        Check::Login => {
            let (name, password) = secret.split_once(':').unwrap_or_default();
            let rest = text.get(range.end..).unwrap_or_default();
            let host = rest.get(1..).unwrap_or_default();
            let host_end = host.iter().position(|byte| !byte.is_ascii_alphanumeric() && !b"-._".contains(byte));
            // `ada:…@tcp(db:3306)/runs`, `ada:…@[::1]:5432`
            let has_port = host_end.and_then(|end| host.get(end)).is_some_and(|byte| b":([".contains(byte));
            let has = |kind: fn(&u8) -> bool| password.bytes().any(|byte| kind(&byte));
            let is_mixed = has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic);
            // `mailto:ada1@example.org` names a person, `npm:react@18.2.0` and `image:tag@sha256:…`
            // a program.
            let is_other =
                ["mailto", "mail", "email", "from", "to", "cc", "sip", "xmpp", "acct", "npm", "pypi", "file"]
                    .iter()
                    .any(|other| name.eq_ignore_ascii_case(other))
                    || host.starts_with(b"sha256:")
                    || host.first().is_some_and(u8::is_ascii_digit) && !has_port;
            !is_other
                && !settings::is_placeholder(password)
                && (settings::is_random(password) || is_mixed && (has_port || has(|byte| b"!$%^*+?#".contains(byte))))
        }
        Check::Basic => decoded(&secret).is_some_and(|login| {
            let colon = login.iter().position(|byte| *byte == b':');
            let name = colon.and_then(|at| login.get(..at)).unwrap_or_default();
            !name.is_empty() && name.iter().all(|byte| (0x21..0x7f).contains(byte))
        }),
        Check::Base64Pem => {
            decoded(&secret).is_some_and(|text| memmem::find(&text, b"PRIVATE KEY").is_some_and(|at| at < 64))
        }
    }
}

/// The bytes of a base64 text, as far as whole groups go.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let plain: Vec<u8> =
        text.bytes().filter(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(byte)).take(4096).collect();
    let whole = plain.get(..plain.len() - plain.len() % 4)?;
    let rest = plain.get(whole.len()..).unwrap_or_default();
    let mut bytes = base64::engine::general_purpose::STANDARD.decode(whole).ok()?;
    let lenient = base64::engine::GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        base64::engine::GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent),
    );
    bytes.extend(lenient.decode(rest).unwrap_or_default());
    Some(bytes)
}
