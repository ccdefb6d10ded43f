//! Trust: OpenSSH's `allowed_signers` (ssh-keygen(1)), and what it makes of a key at a moment.
//!
//! The whole file is parsed before anything is judged, and what is not understood is refused: a rule that is skipped could be
//! the one that takes trust away.

use expbundle_format::{Code, Finding, Place};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::key::{KeyError, PublicKey};

/// The namespace of statements.
const NAMESPACE: &str = "expbundle";

/// Signers that are trusted, for what, and when.
#[derive(Clone, Debug, Default)]
pub struct TrustPolicy {
    signers: Vec<AllowedSigner>,
}

#[derive(Clone, Debug)]
struct AllowedSigner {
    principals: Vec<String>,
    key: PublicKey,
    /// `None`: any.
    namespaces: Option<Vec<String>>,
    valid_after: Option<Timestamp>,
    valid_before: Option<Timestamp>,
}

/// What a policy makes of a key at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It is the key of these principals.
    Trusted {
        /// Their names, sorted.
        principals: Vec<String>,
    },
    /// It is, at another time.
    NotValid {
        /// Their names, sorted.
        principals: Vec<String>,
    },
    /// It is, for other purposes.
    OtherNamespace {
        /// Their names, sorted.
        principals: Vec<String>,
    },
    /// The policy does not have the key.
    Unknown,
}

/// Why a signers file is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct TrustError {
    /// Which line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a line of a signers file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Fewer parts than principals, type and key.
    #[error("a line has principals, options if any, key type and key")]
    Parts,
    /// A quote that does not end.
    #[error("a quote does not end")]
    Quote,
    /// An option that this version does not understand, `cert-authority` among them.
    #[error("the option `{0}` is not understood")]
    Option(String),
    /// An option that is there twice.
    #[error("the option `{0}` is there twice")]
    OptionTwice(String),
    /// A pattern that stands for several principals.
    #[error("the principal `{0}` is a pattern; name each signer")]
    Pattern(String),
    /// A time in none of OpenSSH's forms.
    #[error("`{0}` is no time of the form YYYYMMDD[HHMM[SS]][Z]")]
    Time(String),
    /// A window that holds no moment.
    #[error("the signer is valid at no time")]
    Window,
    /// A key that is refused.
    #[error("the key is refused: {0}")]
    Key(#[from] KeyError),
    /// One principal with one key, twice.
    #[error("`{0}` is there twice with the same key")]
    Twice(String),
}

impl TrustError {
    /// As a finding in that file.
    pub fn finding(&self, file: &str) -> Finding {
        Finding::new(Code::TrustSigners, Place::unknown().in_file(file), self.to_string())
    }
}

impl TrustPolicy {
    /// Reads a signers file.
    ///
    /// Times without `Z` are in the local time zone for OpenSSH; here they are UTC, so that a file means the same everywhere.
    pub fn parse(text: &str) -> Result<Self, TrustError> {
        let mut policy = Self::default();
        for (index, line) in text.lines().enumerate() {
            let line_text = line.trim();
            if line_text.is_empty() || line_text.starts_with('#') {
                continue;
            }
            let error = |problem| TrustError { line: index + 1, problem };
            let signer = AllowedSigner::parse(line_text).map_err(error)?;
            let twice = policy.signers.iter().filter(|earlier| earlier.key == signer.key);
            let twice = twice.flat_map(|earlier| &earlier.principals).find(|name| signer.principals.contains(name));
            if let Some(name) = twice {
                return Err(error(Problem::Twice(name.clone())));
            }
            policy.signers.push(signer);
        }
        Ok(policy)
    }

    /// Whether nobody is trusted.
    pub fn is_empty(&self) -> bool {
        self.signers.is_empty()
    }

    /// Judges a key at a moment.
    pub fn judge(&self, key: &PublicKey, at: Timestamp) -> Judgement {
        let names = |fits: &dyn Fn(&AllowedSigner) -> bool| {
            let mut names: Vec<String> = self
                .signers
                .iter()
                .filter(|signer| signer.key == *key && fits(signer))
                .flat_map(|signer| signer.principals.clone())
                .collect();
            names.sort();
            names.dedup();
            Some(names).filter(|names| !names.is_empty())
        };
        if let Some(principals) = names(&|signer| signer.is_for_statements() && signer.is_valid(at)) {
            Judgement::Trusted { principals }
        } else if let Some(principals) = names(&AllowedSigner::is_for_statements) {
            Judgement::NotValid { principals }
        } else if let Some(principals) = names(&|_| true) {
            Judgement::OtherNamespace { principals }
        } else {
            Judgement::Unknown
        }
    }
}

impl AllowedSigner {
    fn parse(line: &str) -> Result<Self, Problem> {
        let (principals, rest) = first_word(line)?;
        let names: Vec<String> = principals.replace('"', "").split(',').map(str::to_owned).collect();
        for name in &names {
            if name.is_empty() {
                return Err(Problem::Parts);
            }
            if name.contains(['*', '?', '!']) {
                return Err(Problem::Pattern(name.clone()));
            }
        }
        let (word, after) = first_word(rest)?;
        let (options, key) = if is_key_type(&word) { (String::new(), rest) } else { (word, after) };
        let mut signer = Self {
            principals: names,
            // Read last, so that a line of another form is not blamed on its key.
            key: read_key(key)?,
            namespaces: None,
            valid_after: None,
            valid_before: None,
        };
        let mut seen = Vec::new();
        for (name, value) in split_options(&options)? {
            if seen.contains(&name) {
                return Err(Problem::OptionTwice(name));
            }
            match (name.as_str(), value) {
                ("namespaces", Some(value)) => signer.namespaces = Some(value.split(',').map(str::to_owned).collect()),
                ("valid-after", Some(value)) => signer.valid_after = Some(read_time(&value)?),
                ("valid-before", Some(value)) => signer.valid_before = Some(read_time(&value)?),
                _ => return Err(Problem::Option(name)),
            }
            seen.push(name);
        }
        if let (Some(after), Some(before)) = (signer.valid_after, signer.valid_before)
            && after >= before
        {
            return Err(Problem::Window);
        }
        Ok(signer)
    }

    fn is_for_statements(&self) -> bool {
        self.namespaces.as_ref().is_none_or(|patterns| list_fits(patterns, NAMESPACE))
    }

    fn is_valid(&self, at: Timestamp) -> bool {
        self.valid_after.is_none_or(|after| at >= after) && self.valid_before.is_none_or(|before| at < before)
    }
}

/// Whether a list of patterns of OpenSSH fits a word: one fits, and none that begins with `!`.
fn list_fits(patterns: &[String], word: &str) -> bool {
    let mut fits = false;
    for pattern in patterns {
        match pattern.strip_prefix('!') {
            Some(pattern) if pattern_fits(pattern, word) => return false,
            Some(_) => {}
            None => fits |= pattern_fits(pattern, word),
        }
    }
    fits
}

/// Whether a pattern of OpenSSH, with `*` and `?`, fits a word.
fn pattern_fits(pattern: &str, word: &str) -> bool {
    // The usual walk: at a mismatch go back to the last star and let it take one more.
    let (pattern, word) = (pattern.as_bytes(), word.as_bytes());
    let (mut p, mut w, mut star) = (0, 0, None);
    while let Some(&letter) = word.get(w) {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, w));
                p += 1;
            }
            Some(&other) if other == b'?' || other == letter => {
                p += 1;
                w += 1;
            }
            _ => match star {
                Some((star_p, star_w)) => {
                    star = Some((star_p, star_w + 1));
                    p = star_p + 1;
                    w = star_w + 1;
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).is_some_and(|rest| rest.iter().all(|letter| *letter == b'*'))
}

fn is_key_type(word: &str) -> bool {
    ["ssh-", "ecdsa-", "sk-", "rsa-"].iter().any(|prefix| word.starts_with(prefix))
}

fn read_key(text: &str) -> Result<PublicKey, Problem> {
    let mut parts = text.split_whitespace();
    let (Some(kind), Some(_)) = (parts.next(), parts.next()) else { return Err(Problem::Parts) };
    if kind != "ssh-ed25519" {
        return Err(KeyError::Algorithm(kind.chars().take(60).collect()).into());
    }
    Ok(text.parse::<PublicKey>()?)
}

/// The first word, in which quotes hold spaces together, and the rest of the line.
fn first_word(line: &str) -> Result<(String, &str), Problem> {
    let line = line.trim_start();
    let mut quoted = false;
    for (at, letter) in line.char_indices() {
        match letter {
            '"' => quoted = !quoted,
            letter if letter.is_whitespace() && !quoted => {
                let (word, rest) = line.split_at(at);
                return Ok((word.to_owned(), rest.trim_start()));
            }
            _ => {}
        }
    }
    if quoted { Err(Problem::Quote) } else { Ok((line.to_owned(), "")) }
}

/// Options, separated by commas that stand outside of quotes.
fn split_options(text: &str) -> Result<Vec<(String, Option<String>)>, Problem> {
    let mut options = Vec::new();
    let (mut quoted, mut current) = (false, String::new());
    for letter in text.chars().chain([',']) {
        match letter {
            '"' => quoted = !quoted,
            ',' if !quoted => {
                let option = std::mem::take(&mut current);
                if option.is_empty() {
                    continue;
                }
                let (name, value) = match option.split_once('=') {
                    Some((name, value)) => (name.to_lowercase(), Some(value.to_owned())),
                    None => (option.to_lowercase(), None),
                };
                options.push((name, value));
            }
            letter => current.push(letter),
        }
    }
    if quoted { Err(Problem::Quote) } else { Ok(options) }
}

fn read_time(text: &str) -> Result<Timestamp, Problem> {
    let error = || Problem::Time(text.chars().take(40).collect());
    let digits = text.strip_suffix('Z').unwrap_or(text);
    if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(error());
    }
    let form = match digits.len() {
        8 => "000000",
        12 => "00",
        14 => "",
        _ => return Err(error()),
    };
    DateTime::strptime("%Y%m%d%H%M%S", format!("{digits}{form}"))
        .and_then(|time| time.to_zoned(TimeZone::UTC))
        .map(|time| time.timestamp())
        .map_err(|_| error())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signing_key::SigningKey;

    fn key(number: u8) -> PublicKey {
        SigningKey::from_seed(&[number; 32]).public_key()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[track_caller]
    fn refused(line: &str, expected: impl Fn(&Problem) -> bool) {
        let error = TrustPolicy::parse(&format!("# signers\n\n{line}\n")).expect_err("should be refused");
        assert!(error.line == 3 && expected(&error.problem), "{error:?}");
    }

    #[test]
    fn a_key_is_trusted_for_its_principals_its_purpose_and_its_time() {
        let [ada, ben, cleo] = [key(1), key(2), key(3)];
        let text = format!(
            "ada@example.org,ada namespaces=\"expbundle,git\" {ada} a comment\n\
             ben valid-after=\"20260101Z\",valid-before=\"20270101120000Z\" {ben}\n\
             cleo namespaces=\"git\" {cleo}\n"
        );
        let policy = TrustPolicy::parse(&text).expect("a signers file");
        let now = at("2026-11-23T00:00:00Z");
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(policy.judge(&ada, now), Judgement::Trusted { principals: names(&["ada", "ada@example.org"]) });
        assert_eq!(policy.judge(&ben, now), Judgement::Trusted { principals: names(&["ben"]) });
        assert_eq!(policy.judge(&ben, at("2025-12-31T23:59:59Z")), Judgement::NotValid { principals: names(&["ben"]) });
        assert_eq!(policy.judge(&ben, at("2027-01-01T12:00:00Z")), Judgement::NotValid { principals: names(&["ben"]) });
        assert_eq!(policy.judge(&cleo, now), Judgement::OtherNamespace { principals: names(&["cleo"]) });
        assert_eq!(policy.judge(&key(4), now), Judgement::Unknown);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let ada = key(1);
        refused("ada", |problem| *problem == Problem::Parts);
        refused("ada ssh-ed25519", |problem| *problem == Problem::Parts);
        refused(&format!("ada cert-authority {ada}"), |problem| matches!(problem, Problem::Option(_)));
        refused(&format!("ada namespaces {ada}"), |problem| matches!(problem, Problem::Option(_)));
        refused(&format!("ada no-touch-required {ada}"), |problem| matches!(problem, Problem::Option(_)));
        refused(&format!("ada namespaces=\"a\",namespaces=\"b\" {ada}"), |problem| {
            matches!(problem, Problem::OptionTwice(_))
        });
        refused(&format!("ada valid-after=\"tomorrow\" {ada}"), |problem| matches!(problem, Problem::Time(_)));
        refused(&format!("ada valid-after=\"20260230\" {ada}"), |problem| matches!(problem, Problem::Time(_)));
        refused(&format!("ada valid-after=\"2027\",valid-before=\"2026\" {ada}"), |problem| {
            matches!(problem, Problem::Time(_))
        });
        refused(&format!("ada valid-after=\"20270101\",valid-before=\"20260101\" {ada}"), |problem| {
            *problem == Problem::Window
        });
        refused(&format!("ada namespaces=\"x {ada}"), |problem| *problem == Problem::Quote);
        refused(&format!("*@example.org {ada}"), |problem| matches!(problem, Problem::Pattern(_)));
        refused(&format!("ada,,ben {ada}"), |problem| *problem == Problem::Parts);
        refused("ada ssh-rsa AAAAB3NzaC1yc2E=", |problem| matches!(problem, Problem::Key(KeyError::Algorithm(_))));
        refused("ada ssh-ed25519 AAAA", |problem| matches!(problem, Problem::Key(KeyError::Form)));
        let twice = TrustPolicy::parse(&format!("ada {ada}\nada,ben {ada}")).expect_err("twice");
        assert_eq!(twice.problem, Problem::Twice("ada".to_owned()));
    }

    #[test]
    fn patterns_of_namespaces_are_openssh_s() {
        for (pattern, fits) in [
            ("expbundle", true),
            ("*", true),
            ("exp*", true),
            ("?xpbundle", true),
            ("e*b*e", true),
            ("git", false),
            ("exp", false),
            ("", false),
            ("expbundle*", true),
            ("expbundle**", true),
            ("expbundlex", false),
            ("expbundle?", false),
            ("e?*e", true),
            ("x?pbundle", false),
            ("expbundlf", false),
        ] {
            assert_eq!(pattern_fits(pattern, "expbundle"), fits, "{pattern}");
        }
        for (list, fits) in
            [("*,!expbundle", false), ("!git,*", true), ("!git", false), ("git,exp*", true), ("!e*,expbundle", false)]
        {
            let patterns: Vec<String> = list.split(',').map(str::to_owned).collect();
            assert_eq!(list_fits(&patterns, "expbundle"), fits, "{list}");
        }
    }

    #[test]
    fn quotes_hold_spaces_together_and_times_may_end_with_minutes() {
        let ada = key(1);
        let judged = |options: &str, moment: &str| {
            let policy = TrustPolicy::parse(&format!("ada {options} {ada}\n")).expect("a signers file");
            policy.judge(&ada, at(moment))
        };
        let trusted = Judgement::Trusted { principals: vec!["ada".to_owned()] };
        assert_eq!(judged("namespaces=\"not this,expbundle\"", "2026-11-23T00:00:00Z"), trusted);
        for (moment, holds) in [("2026-11-23T09:30:00Z", true), ("2026-11-23T09:29:59Z", false)] {
            assert_eq!(judged("valid-after=\"202611230930\"", moment) == trusted, holds, "{moment}");
        }
    }

    #[test]
    fn a_file_of_remarks_trusts_nobody() {
        assert!(TrustPolicy::parse("# nobody\n\n").expect("a signers file").is_empty());
        assert!(!TrustPolicy::parse(&format!("ada {}\n", key(1))).expect("a signers file").is_empty());
    }
}
