//! Whom `--trust` names: signers files, and public keys as people have them.

use camino::Utf8Path;
use expbundle_format::Code;
use expbundle_statement::{TrustError, TrustPolicy};
use expbundle_words::{Failure, signers};

use crate::{files, terminal};

/// Reads whom to trust, and names the lines that were skipped: a signers file; a file of public
/// keys, called `.pub` or `.keys`; or a public key itself.
pub fn read(path: &Utf8Path) -> Result<TrustPolicy, Failure> {
    if is_keys(path) { public_keys(path) } else { read_as(path, |bytes| TrustPolicy::parse(bytes)) }
}

/// Whether a path is that of public keys, or a key itself, and not that of a signers file.
pub fn is_keys(path: &Utf8Path) -> bool {
    matches!(path.extension(), Some("pub" | "keys")) || is_key_itself(path)
}

/// Reads public keys: a file of them, whatever it is called, or a key itself.
pub fn public_keys(path: &Utf8Path) -> Result<TrustPolicy, Failure> {
    let keys = if is_key_itself(path) {
        policy(path, TrustPolicy::of_public_keys(path.as_str(), "the key given"))?
    } else {
        // A file's name is not the name of a person: whoever holds the key may be anybody.
        let which = if path.extension() == Some("keys") { "a key" } else { "the key" };
        let name = format!("{which} in {}", path.file_name().unwrap_or(path.as_str()));
        read_as(path, |bytes| TrustPolicy::of_public_keys(bytes, &name))?
    };
    if keys.signers().is_empty() {
        return Err(Failure::new(Code::TrustSigners.as_str(), "there is no key that signs statements")
            .at(path.as_str())
            .help("give an Ed25519 key: a line that begins with `ssh-ed25519`"));
    }
    Ok(keys)
}

/// Whether a key was given where a path is expected: one of its words is the base64 of a key, or
/// it has several and one is a type of keys. No file is looked for: who knows the key could put one
/// of that name into a folder that is verified.
fn is_key_itself(path: &Utf8Path) -> bool {
    /// Every key begins with the length of its type, in four bytes.
    const BEGINS: &str = "AAAA";
    const FEWEST_LETTERS: usize = 40;
    let is_type = |word: &str| {
        let word = word.to_ascii_lowercase();
        ["ssh-ed25519", "ssh-rsa", "ssh-dss", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"]
            .iter()
            .any(|kind| word.starts_with(kind))
    };
    let mut words = path.as_str().split_whitespace();
    let has_several = words.clone().nth(1).is_some();
    words.any(|word| word.starts_with(BEGINS) && word.len() >= FEWEST_LETTERS || has_several && is_type(word))
}

fn read_as(
    path: &Utf8Path,
    parse: impl FnOnce(&[u8]) -> Result<TrustPolicy, TrustError>,
) -> Result<TrustPolicy, Failure> {
    let bytes = files::read_bytes(path)?;
    if bytes.starts_with(b"-----BEGIN ") {
        return Err(Failure::new(Code::TrustSigners.as_str(), "the file is a private key")
            .at(path.as_str())
            .help(format!("give its public key, which is usually {path}.pub; never pass a private key on")));
    }
    policy(path, parse(&bytes)).map(|policy| policy.from_source(path.as_str()))
}

fn policy(path: &Utf8Path, read: Result<TrustPolicy, TrustError>) -> Result<TrustPolicy, Failure> {
    let policy = read.map_err(|error| {
        Failure::new(Code::TrustSigners.as_str(), error.problem.to_string())
            .at(format!("{path}, line {}", error.line))
            .help(error.help())
    })?;
    terminal::talk(&signers::skipped(path, policy.skipped()));
    Ok(policy)
}
