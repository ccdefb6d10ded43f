//! Signing keys: files, and passphrases from wherever they come.

use std::io::{IsTerminal as _, Read as _};

use camino::Utf8PathBuf;
use expbundle_format::time::Time;
use expbundle_run::{Passphrase, agent_key, key_file_warning, key_with_passphrase};
use expbundle_statement::{Signing, SigningKey};
use expbundle_words::{Failure, one_line};
use zeroize::Zeroizing;

use crate::{files, terminal};

/// Variable that holds the passphrase of an encrypted key.
const PASSPHRASE_VARIABLE: &str = "EXPBUNDLE_PASSPHRASE";
/// Variable that says where the ssh-agent listens.
const AGENT_VARIABLE: &str = "SSH_AUTH_SOCK";

/// Which key signs, and as whom
#[derive(Debug, clap::Args)]
pub struct SigningArguments {
    /// Private key: OpenSSH or PKCS#8, Ed25519; or the `.pub` of a key that ssh-agent holds
    ///
    /// If the key is encrypted, the passphrase comes from `--passphrase-fd`, else from
    /// `EXPBUNDLE_PASSPHRASE` if it is not empty, else from a prompt.
    #[arg(long, value_name = "FILE")]
    key: Utf8PathBuf,
    /// Read the passphrase from this file descriptor
    #[arg(long, value_name = "NUMBER")]
    passphrase_fd: Option<u32>,
    /// Your display name
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Date of the statement, a day or a time [default: now]
    #[arg(long, value_name = "TIME", value_parser = day_or_moment)]
    at: Option<Time>,
}

/// With which key a folder is released, and as whom
#[derive(Debug, clap::Args)]
pub struct ReleaseSigning {
    /// Private key: also release the folder, that is, list its counted files and sign the list
    #[arg(long, value_name = "FILE")]
    key: Option<Utf8PathBuf>,
    /// Read the passphrase from this file descriptor
    #[arg(long, value_name = "NUMBER", requires = "key")]
    passphrase_fd: Option<u32>,
    /// Your display name
    #[arg(long, value_name = "NAME", requires = "key")]
    name: Option<String>,
    /// Date of the release, a day or a time [default: now]
    #[arg(long, value_name = "TIME", requires = "key", value_parser = day_or_moment)]
    at: Option<Time>,
}

impl ReleaseSigning {
    /// The arguments of a signature, if a key is given.
    pub fn signing(self) -> Option<SigningArguments> {
        let Self { key, passphrase_fd, name, at } = self;
        key.map(|key| SigningArguments { key, passphrase_fd, name, at })
    }
}

impl SigningArguments {
    /// What is signed with: a key that was read, the name, and the moment.
    pub fn by<'a>(&'a self, key: &'a SigningKey) -> Signing<'a> {
        Signing { key, name: self.name.as_deref(), created: self.created() }
    }

    /// Reads the key.
    pub fn key(&self) -> Result<SigningKey, Failure> {
        let text = Zeroizing::new(files::read_text(&self.key)?);
        if let Some(socket) = std::env::var_os(AGENT_VARIABLE).filter(|_| is_public_key(&text)) {
            return Ok(agent_key(&self.key, socket)?);
        }
        // What is not a private key needs no secrecy.
        if let Some(warning) = key_file_warning(&self.key).filter(|_| !is_public_key(&text)) {
            let help = warning.help().replace("FILE", self.key.as_str());
            let warning = format!("{}: {warning}", self.key);
            terminal::talk(&format!("warning: {}\n  help: {}\n", one_line(&warning), one_line(&help)));
        }
        key_with_passphrase(&text, |is_again| self.passphrase(is_again))?.map_err(|error| {
            let help = error.help().replace("FILE", self.key.as_str());
            Failure::new("cli.key", format!("the key cannot be used: {error}")).at(self.key.as_str()).help(help)
        })
    }

    /// The passphrase, and whether a person was asked for it, who may be asked again.
    fn passphrase(&self, is_again: bool) -> Result<Option<Passphrase>, Failure> {
        // What is named for this one call goes before what may be set for all.
        if let Some(descriptor) = self.passphrase_fd {
            return Ok(Some(Passphrase::Given(read_descriptor(descriptor)?)));
        }
        match std::env::var(PASSPHRASE_VARIABLE) {
            Ok(passphrase) if !passphrase.is_empty() => return Ok(Some(Passphrase::Given(Zeroizing::new(passphrase)))),
            Err(std::env::VarError::NotUnicode(_)) => {
                let message = format!("{PASSPHRASE_VARIABLE} is not UTF-8");
                return Err(Failure::new("cli.key", message).help("set it to the passphrase, or use `--passphrase-fd`"));
            }
            Ok(_) | Err(std::env::VarError::NotPresent) => {}
        }
        if !std::io::stdin().is_terminal() {
            return Ok(None);
        }
        let again = if is_again { "Wrong passphrase, please try again. " } else { "" };
        let prompt = format!("{again}Passphrase for {}: ", self.key);
        let passphrase = rpassword::prompt_password(prompt)
            .map_err(|error| Failure::new("cli.key", format!("cannot ask for the passphrase: {error}")))?;
        Ok(Some(Passphrase::Typed(Zeroizing::new(passphrase))))
    }

    /// The date of the statement.
    pub fn created(&self) -> Time {
        self.at.unwrap_or_else(now)
    }
}

/// Whether a text is the line of a `.pub` file.
pub fn is_public_key(text: &str) -> bool {
    text.trim_start().starts_with("ssh-")
}

/// The first line of what a descriptor gives.
fn read_descriptor(descriptor: u32) -> Result<Zeroizing<String>, Failure> {
    let path = Utf8PathBuf::from(format!("/dev/fd/{descriptor}"));
    let describe = |error| Failure::io("read the passphrase", &path, &error);
    let mut text = Zeroizing::new(String::new());
    std::fs::File::open(&path).map_err(describe)?.take(4096).read_to_string(&mut text).map_err(describe)?;
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
}

/// Now, in whole seconds: nobody signs twice in one.
pub fn now() -> Time {
    jiff::Timestamp::from_second(jiff::Timestamp::now().as_second()).unwrap_or_default().into()
}

/// A day, which begins at midnight in UTC, or a moment.
pub fn day_or_moment(text: &str) -> Result<Time, &'static str> {
    expbundle_format::time::day_or_moment(text)
        .map(Time::from)
        .ok_or("write it like 2026-11-23 or 2026-11-23T09:00:00Z")
}
