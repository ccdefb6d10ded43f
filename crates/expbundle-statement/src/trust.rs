//! Trust: what a signers file makes of a signer at a moment (spec/trust.md).

use std::collections::HashMap;

use jiff::Timestamp;

use crate::identity::{Identity, TimeEvidence};
use crate::signers::{self, Line, Options, SignersProblem, SkippedLine, TrustError, Window};

/// The namespace of statements.
const NAMESPACE: &str = "expbundle";
/// Names of one signer that are given: they are repeated at each of its statements.
const MOST_NAMES: usize = 16;

/// Signers that are trusted, for what, and when.
#[derive(Clone, Debug, Default)]
pub struct TrustPolicy {
    by_identity: HashMap<Identity, Vec<AllowedSigner>>,
    skipped: Vec<SkippedLine>,
    source: Option<String>,
}

/// One line of a signer.
#[derive(Clone, Debug)]
struct AllowedSigner {
    number: usize,
    principals: Vec<String>,
    options: Options,
}

/// Whom a line of a signers file trusts, and when.
#[derive(Clone, Copy, Debug)]
pub struct TrustedSigner<'a> {
    /// The number of the line, from 1.
    pub line: usize,
    /// The names.
    pub principals: &'a [String],
    /// What they sign as.
    pub identity: &'a Identity,
    /// When the line counts.
    pub window: Window,
    /// Whether it counts for statements.
    pub is_for_statements: bool,
    /// For what it counts, as patterns; empty if for everything.
    pub namespaces: &'a [String],
}

/// What a policy makes of a signer at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It is these principals.
    Trusted {
        /// Their names, sorted; the first 16.
        principals: Vec<String>,
    },
    /// It is, at another time.
    NotValid {
        /// Their names, sorted; the first 16.
        principals: Vec<String>,
    },
    /// It is, for other purposes.
    OtherNamespace {
        /// Their names, sorted; the first 16.
        principals: Vec<String>,
    },
    /// The policy does not have the signer.
    Unknown,
}

/// The line of a signers file that trusts a signer for statements, under one name.
///
/// ```
/// # use expbundle_statement::{PublicKey, Window, signers_line};
/// let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAXiO3BX+iYgAAnYa8DQVaozp8U+TGKisuJPMLLZTUfO";
/// let signer = PublicKey::try_from(key.to_owned()).expect("a public key").into();
/// let line = signers_line("ada@example.org", &signer, Window::default()).expect("a name");
/// assert_eq!(line, format!("ada@example.org namespaces=\"expbundle\" {key}"));
/// ```
///
/// # Errors
/// If the name cannot stand in such a file, or the window has no moment in it.
pub fn signers_line(name: &str, identity: &Identity, window: Window) -> Result<String, SignersProblem> {
    if name.trim().is_empty() {
        return Err(SignersProblem::NameEmpty);
    }
    let moment = |name, moment: Option<Timestamp>| {
        moment.map(|moment| format!(",{name}=\"{}\"", moment.strftime("%Y%m%d%H%M%SZ"))).unwrap_or_default()
    };
    let quote = if name.contains([' ', '\t']) { "\"" } else { "" };
    let (after, before) = (moment("valid-after", window.after), moment("valid-before", window.before));
    let line = format!("{quote}{name}{quote} namespaces=\"{NAMESPACE}\"{after}{before} {}", identity.line());
    let policy = TrustPolicy::parse(&line).map_err(|error| error.problem)?;
    match policy.signers().as_slice() {
        [TrustedSigner { principals: [one], .. }] if one == name => Ok(line),
        _ => Err(SignersProblem::Name(name.to_owned())),
    }
}

impl TrustPolicy {
    /// Reads a signers file, whole: OpenSSH's `allowed_signers`.
    ///
    /// A line that does not follow the grammar refuses the file. One that does and could only trust
    /// somebody who cannot sign here is [skipped](Self::skipped).
    pub fn parse(file: impl AsRef<[u8]>) -> Result<Self, TrustError> {
        let mut policy = Self::default();
        signers::for_each_line(file.as_ref(), |number, line| policy.add(number, line))?;
        Ok(policy)
    }

    /// Reads public keys, a line each, as `.pub` files have them and as forges give those of a
    /// user: `ssh-ed25519 AAAA… comment`. Each is trusted for whatever it signs, at any time, as
    /// `name`. The comment is not looked at: whoever made the key wrote it.
    ///
    /// Lines of other key types are [skipped](Self::skipped); anything else refuses the text.
    ///
    /// ```
    /// use expbundle_statement::TrustPolicy;
    ///
    /// let keys = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAXiO3BX+iYgAAnYa8DQVaozp8U+TGKisuJPMLLZTUfO ada@example.org";
    /// assert!(!TrustPolicy::of_public_keys(keys, "ada").expect("a public key").is_empty());
    /// ```
    pub fn of_public_keys(text: impl AsRef<[u8]>, name: &str) -> Result<Self, TrustError> {
        let mut policy = Self::default();
        signers::for_each_public_key(text.as_ref(), name, |number, line| policy.add(number, line))?;
        Ok(policy)
    }

    /// The same policy, which says where it was read from.
    #[must_use]
    pub fn from_source(self, source: impl Into<String>) -> Self {
        Self { source: Some(source.into()), ..self }
    }

    /// Where it was read from, for messages, if anybody said so.
    pub fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    fn add(&mut self, number: usize, line: Line) {
        match line {
            Line::Signer { principals, options, identity } => {
                self.by_identity.entry(identity).or_default().push(AllowedSigner { number, principals, options });
            }
            Line::Skipped(reason) => self.skipped.push(SkippedLine { line: number, reason }),
        }
    }

    /// Whom the lines trust, in the order of names, and then of keys. One that several lines name is
    /// there as often.
    pub fn signers(&self) -> Vec<TrustedSigner<'_>> {
        let mut all: Vec<TrustedSigner<'_>> = self
            .by_identity
            .iter()
            .flat_map(|(identity, lines)| lines.iter().map(move |line| (identity, line)))
            .map(|(identity, line)| TrustedSigner {
                line: line.number,
                principals: &line.principals,
                identity,
                window: line.options.window(),
                is_for_statements: line.options.fit_namespace(NAMESPACE),
                namespaces: line.options.namespaces(),
            })
            .collect();
        all.sort_by_cached_key(|one| (one.principals.to_vec(), one.identity.to_string(), one.window.after));
        all
    }

    /// Lines for keys that this file does not have for statements under that name for that time.
    ///
    /// # Errors
    /// Those of [`signers_line`].
    pub fn lines_to_add(&self, keys: &Self, name: &str, window: Window) -> Result<Vec<String>, SignersProblem> {
        let there = self.signers();
        let is_there = |identity: &Identity| {
            there.iter().any(|line| {
                line.identity == identity
                    && line.is_for_statements
                    && line.window == window
                    && line.principals.iter().any(|one| one == name)
            })
        };
        let keys = keys.signers().into_iter().map(|key| key.identity);
        keys.filter(|key| !is_there(key)).map(|key| signers_line(name, key, window)).collect()
    }

    /// The lines that trust some of these keys for statements, in their order. Lines only add trust:
    /// where one has no bounds, another with bounds changes nothing, and the other way round.
    pub fn lines_of(&self, keys: &Self) -> Vec<TrustedSigner<'_>> {
        let is_one = |line: &TrustedSigner<'_>| line.is_for_statements && keys.knows(line.identity);
        let mut lines: Vec<TrustedSigner<'_>> = self.signers().into_iter().filter(is_one).collect();
        lines.sort_by_key(|line| line.line);
        lines
    }

    /// The lines with a name or the fingerprint of a key, in their order.
    pub fn lines_called(&self, who: &str) -> Vec<TrustedSigner<'_>> {
        let is_one =
            |line: &TrustedSigner<'_>| line.identity.to_string() == who || line.principals.iter().any(|one| one == who);
        let mut lines: Vec<TrustedSigner<'_>> = self.signers().into_iter().filter(is_one).collect();
        lines.sort_by_key(|line| line.line);
        lines
    }

    /// Whether nobody is trusted.
    pub fn is_empty(&self) -> bool {
        self.by_identity.is_empty()
    }

    /// The lines that were skipped, in their order: of keys of other types, of certificate
    /// authorities, with patterns for names.
    pub fn skipped(&self) -> &[SkippedLine] {
        &self.skipped
    }

    /// The lines of a signer. One that several signers share, as that of an authority would be,
    /// joins here.
    fn lines(&self, identity: &Identity) -> &[AllowedSigner] {
        self.by_identity.get(identity).map(Vec::as_slice).unwrap_or_default()
    }

    /// When the lines of a signer count for statements: why one is
    /// [trusted at another time](Judgement::NotValid).
    pub fn windows(&self, identity: &Identity) -> Vec<Window> {
        let lines = self.lines(identity).iter();
        lines.filter(|line| line.options.fit_namespace(NAMESPACE)).map(|line| line.options.window()).collect()
    }

    /// Whether a line has the signer, at whatever time and for whatever purpose.
    pub fn knows(&self, identity: &Identity) -> bool {
        !self.lines(identity).is_empty()
    }

    /// Whether a line has the signer for statements, at whatever time.
    pub fn has(&self, identity: &Identity) -> bool {
        !self.windows(identity).is_empty()
    }

    /// Judges at a moment who signed something, by all its lines: one that fits is enough.
    pub fn judge(&self, identity: &Identity, signed: TimeEvidence, at: Timestamp) -> Judgement {
        let lines = self.lines(identity);
        // The moment that a line has to be valid at. A date that is only claimed cannot be it: who
        // has a stolen key dates as they like.
        let at = match signed {
            TimeEvidence::Claimed => at,
        };
        let names = |fits: &dyn Fn(&Options) -> bool| {
            let lines = lines.iter().filter(|line| fits(&line.options));
            let mut names: Vec<String> = lines.flat_map(|line| line.principals.clone()).collect();
            names.sort();
            names.dedup();
            names.truncate(MOST_NAMES);
            Some(names).filter(|names| !names.is_empty())
        };
        let is_of_namespace = |options: &Options| options.fit_namespace(NAMESPACE);
        if let Some(principals) = names(&|options| is_of_namespace(options) && options.are_valid(at)) {
            Judgement::Trusted { principals }
        } else if let Some(principals) = names(&is_of_namespace) {
            Judgement::NotValid { principals }
        } else if let Some(principals) = names(&|_| true) {
            Judgement::OtherNamespace { principals }
        } else {
            Judgement::Unknown
        }
    }
}
