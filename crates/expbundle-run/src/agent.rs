//! Keys that an ssh-agent holds.
//!
//! Two of the messages of its protocol are all that is needed (draft-ietf-sshm-ssh-agent): which keys
//! are there, and a signature. The crates that speak it bring a second implementation of every
//! algorithm with them.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use expbundle_statement::{PublicKey, SigningKey};

const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES_ANSWER: u8 = 12;
const SIGN_REQUEST: u8 = 13;
const SIGN_RESPONSE: u8 = 14;
/// The largest message that OpenSSH's agent sends or takes, in bytes.
const MOST_BYTES: u32 = 256 << 10;

/// Why an agent gives no key, or no signature.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AgentError {
    /// Nobody listens there.
    #[error("the ssh-agent at `{}` does not answer: {source}", socket.display())]
    Silent {
        /// Where it should listen.
        socket: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// It holds other keys, or none.
    #[error("the ssh-agent does not hold this key")]
    Lacks,
    /// It holds the key, and does not sign: it is locked, or its user said no.
    #[error("the ssh-agent refused to sign")]
    Refused,
}

/// The key whose public half is given, in the agent that listens at a socket.
pub(crate) fn key(socket: &Path, public: PublicKey) -> Result<SigningKey, AgentError> {
    let answer = ask(socket, &message(REQUEST_IDENTITIES, &[]))?;
    if !holds(&answer, &public.wire()) {
        return Err(AgentError::Lacks);
    }
    let socket = socket.to_owned();
    Ok(SigningKey::elsewhere(public, move |data| {
        // No flags: they choose among the digests of RSA.
        let request = [string(&public.wire()), string(data), vec![0; 4]].concat();
        let answer = ask(&socket, &message(SIGN_REQUEST, &request))?;
        Ok(signature(&answer).ok_or(AgentError::Refused)?)
    }))
}

/// Whether the list of keys has this one.
fn holds(answer: &[u8], wanted: &[u8]) -> bool {
    let keys = || {
        let (count, mut rest) = answer.strip_prefix(&[IDENTITIES_ANSWER])?.split_first_chunk()?;
        for _ in 0..u32::from_be_bytes(*count) {
            let (key, after) = taken(rest)?;
            if key == wanted {
                return Some(());
            }
            (_, rest) = taken(after)?;
        }
        None
    };
    keys().is_some()
}

/// The signature of an answer: 64 bytes behind the name of the algorithm.
fn signature(answer: &[u8]) -> Option<[u8; 64]> {
    let (whole, _) = taken(answer.strip_prefix(&[SIGN_RESPONSE])?)?;
    let (algorithm, rest) = taken(whole)?;
    let (signature, _) = taken(rest)?;
    if algorithm == b"ssh-ed25519" { signature.try_into().ok() } else { None }
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    string(&[&[kind], body].concat())
}

/// Bytes behind their length.
fn string(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes(), bytes].concat()
}

/// Takes bytes that stand behind their length.
fn taken(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

fn ask(socket: &Path, message: &[u8]) -> Result<Vec<u8>, AgentError> {
    let answer = || {
        let mut agent = connect(socket)?;
        agent.write_all(message)?;
        let mut length = [0; 4];
        agent.read_exact(&mut length)?;
        let length = u32::from_be_bytes(length);
        if length > MOST_BYTES {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it does not speak the protocol of agents"));
        }
        let mut answer = Vec::new();
        agent.take(length.into()).read_to_end(&mut answer)?;
        Ok(answer)
    };
    answer().map_err(|source| AgentError::Silent { socket: socket.to_owned(), source })
}

#[cfg(unix)]
fn connect(socket: &Path) -> io::Result<impl Read + Write> {
    std::os::unix::net::UnixStream::connect(socket)
}

/// A named pipe, such as `\\.\pipe\openssh-ssh-agent`.
#[cfg(not(unix))]
fn connect(socket: &Path) -> io::Result<impl Read + Write> {
    std::fs::File::options().read(true).write(true).open(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_is_cut_or_made_up_is_none() {
        let key = [7; 32];
        let list = [&[IDENTITIES_ANSWER, 0, 0, 0, 1], &string(&key)[..], &string(b"me")].concat();
        assert!(holds(&list, &key));
        for end in 0..list.len() - 6 {
            assert!(!holds(&list[..end], &key));
        }
        let signed = string(&[string(b"ssh-ed25519"), string(&[1; 64])].concat());
        let answer = [&[SIGN_RESPONSE], &signed[..]].concat();
        assert_eq!(signature(&answer), Some([1; 64]));
        for end in 0..answer.len() {
            assert_eq!(signature(&answer[..end]), None);
        }
        assert_eq!(signature(&[5]), None);
    }
}
