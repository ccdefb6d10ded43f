//! Changes of a signers file, line by line; all other lines stay as they are.

use std::collections::BTreeSet;
use std::io::Write as _;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::output::{Output, OutputError};
use expbundle_format::Foreign;
use expbundle_statement::{SignersProblem, TrustPolicy, TrustedSigner, Window, without_lines};

use crate::files::{FileError, is_public_keys, open_public_keys, open_signers, read};

/// Why a signers file was not changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignersFileError {
    /// It, or the keys, cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// It cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The path is that of public keys, or a key.
    #[error("the signers file is called like a file of public keys, or is a key")]
    NotSigners(Utf8PathBuf),
    /// A line for the key cannot be written.
    #[error(transparent)]
    Line(SignersProblem),
    /// A line that would change nothing, since lines only add trust.
    #[error("line {0} trusts this key at any time, and lines only add trust, so another one changes nothing")]
    Always(usize),
    /// Nobody of that name, and no such key.
    #[error("the file does not have {}", Foreign::new(.0))]
    Nobody(String),
    /// A line with the name that is to go names others too.
    #[error("line {0} names others too")]
    OthersToo(usize),
}

/// What adding keys came to.
#[derive(Debug)]
pub struct Added {
    /// The new lines.
    pub lines: Vec<String>,
    /// How many of the keys were there already, just so.
    pub unchanged: usize,
    /// The lines, by number, that trusted one of the keys for a while only, and when: now it is
    /// trusted at any time.
    pub widened: Vec<(usize, Window)>,
    /// The lines, by number, that have one of the keys under other names, and these names.
    pub other_names: Vec<(usize, Vec<String>)>,
}

/// A line of a signers file: its number, and whom it trusts with which key.
pub type NumberedLine = (usize, String);

/// What removing lines came to.
#[derive(Debug)]
pub struct Removed {
    /// What the lines were.
    pub lines: Vec<NumberedLine>,
    /// Lines that stay and trust one of these keys, by their numbers now.
    pub still: Vec<NumberedLine>,
}

/// Adds a line for each key that the file does not have under that name for that time. A file that
/// is not there is made.
///
/// ```
/// # let folder = tempfile::tempdir().expect("a folder");
/// # let path = expbundle_run::camino::Utf8Path::from_path(folder.path()).expect("UTF-8").join("signers");
/// use expbundle_run::{TrustPolicy, add_signers, remove_signers, statement::Window};
///
/// let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAXiO3BX+iYgAAnYa8DQVaozp8U+TGKisuJPMLLZTUfO";
/// let keys = TrustPolicy::of_public_keys(key, "ada").expect("a public key");
/// let added = add_signers(&path, &keys, "ada@example.org", Window::default()).expect("added");
/// assert_eq!(added.lines, [format!("ada@example.org namespaces=\"expbundle\" {key}")]);
/// assert_eq!(remove_signers(&path, "ada@example.org").expect("removed").lines.len(), 1);
/// ```
///
/// # Errors
/// The file is refused or cannot be written, or the line would change nothing.
pub fn add_signers(path: &Utf8Path, keys: &TrustPolicy, name: &str, window: Window) -> Result<Added, SignersFileError> {
    let output = output(path)?;
    let mut text = if path.exists() { read(path.as_std_path())? } else { Vec::new() };
    let there = if path.exists() { open_signers(path)? } else { TrustPolicy::default() };
    let lines = there.lines_to_add(keys, name, window).map_err(SignersFileError::Line)?;
    let mut added =
        Added { unchanged: keys.signers().len() - lines.len(), lines, widened: Vec::new(), other_names: Vec::new() };
    if added.lines.is_empty() {
        return Ok(added);
    }
    let known = there.lines_of(keys);
    let is_always = |line: &&TrustedSigner<'_>| line.window == Window::default();
    match (known.iter().find(is_always), window == Window::default()) {
        (Some(line), false) => return Err(SignersFileError::Always(line.line)),
        (None, true) => added.widened = known.iter().map(|line| (line.line, line.window)).collect(),
        _ => {}
    }
    let is_other = |line: &&TrustedSigner<'_>| line.principals.iter().all(|one| one != name);
    let other = known.iter().filter(is_other);
    added.other_names = other.map(|line| (line.line, line.principals.to_vec())).collect();
    if !text.is_empty() && !text.ends_with(b"\n") {
        text.push(b'\n');
    }
    for line in &added.lines {
        text.extend_from_slice(line.as_bytes());
        text.push(b'\n');
    }
    output.write(|file| file.write_all(&text))?;
    Ok(added)
}

/// Removes the lines of a key (a file of public keys, or a key itself), a fingerprint, or a name;
/// gives back what they were, and which lines that stay have the same key.
///
/// # Errors
/// There are none, one of them names others too, or the file cannot be read or written.
pub fn remove_signers(path: &Utf8Path, who: &str) -> Result<Removed, SignersFileError> {
    let output = output(path)?;
    let there = open_signers(path)?;
    let lines = if is_public_keys(who) || Utf8Path::new(who).is_file() {
        there.lines_of(&open_public_keys(who)?)
    } else {
        there.lines_called(who)
    };
    if lines.is_empty() {
        return Err(SignersFileError::Nobody(who.to_owned()));
    }
    let is_shared =
        |line: &&TrustedSigner<'_>| line.principals.len() > 1 && line.principals.iter().any(|one| one == who);
    if let Some(line) = lines.iter().find(is_shared) {
        return Err(SignersFileError::OthersToo(line.line));
    }
    let numbers: BTreeSet<usize> = lines.iter().map(|line| line.line).collect();
    let text = without_lines(&read(path.as_std_path())?, &numbers);
    output.write(|file| file.write_all(&text))?;
    let word = |line: &TrustedSigner<'_>| (line.line, format!("{} {}", line.principals.join(","), line.identity));
    let is_still = |line: &TrustedSigner<'_>| {
        let is_same = lines.iter().any(|removed| removed.identity == line.identity);
        is_same && line.is_for_statements && !numbers.contains(&line.line)
    };
    let still = there.signers().into_iter().filter(is_still);
    let now = |(number, words): NumberedLine| (number - numbers.range(..number).count(), words);
    let mut still: Vec<NumberedLine> = still.map(|line| now(word(&line))).collect();
    still.sort();
    Ok(Removed { lines: lines.iter().map(word).collect(), still })
}

/// The file as it is now: somebody else who changes it meanwhile is an error, not a lost line.
fn output(path: &Utf8Path) -> Result<Output, SignersFileError> {
    let output = Output::added_to(path)?;
    if is_public_keys(path) { Err(SignersFileError::NotSigners(path.to_owned())) } else { Ok(output) }
}
