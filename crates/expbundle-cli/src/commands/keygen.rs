//! `expbundle keygen`: a new key.

use std::io::Write as _;

use camino::Utf8PathBuf;
use expbundle::write_file::write_file;
use expbundle_statement::SigningKey;

use crate::failure::Failure;
use crate::{Outcome, exit, terminal};

/// Make a key to sign with
///
/// It is an OpenSSH Ed25519 key without passphrase, as `ssh-keygen -t ed25519` makes; a key that you have already does as
/// well. To set a passphrase: `ssh-keygen -p -f FILE`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  expbundle keygen -o key\n  echo \"me@example.org namespaces=\\\"expbundle\\\" $(cat key.pub)\" >> signers"
)]
pub struct Keygen {
    /// File for the private key; the public one is FILE.pub
    #[arg(short, long, value_name = "FILE")]
    out: Utf8PathBuf,
    /// Comment of the public key, one line
    #[arg(long, default_value = "expbundle")]
    comment: String,
}

impl Keygen {
    pub fn run(self) -> Outcome {
        let public = Utf8PathBuf::from(format!("{}.pub", self.out));
        for path in [&self.out, &public] {
            if path.exists() {
                return Err(Failure::new("cli.io", "a file of that name is there, and keys are never overwritten")
                    .at(path.as_str())
                    .help("choose another name, or move the old key away"));
            }
        }
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)
            .map_err(|error| Failure::new("cli.io", format!("the system gives no random bytes: {error}")))?;
        let key = SigningKey::from_seed(&seed);
        let text = key.to_openssh(&self.comment, None).map_err(|error| {
            Failure::new("cli.key", format!("the key cannot be written: {error}")).help(error.help())
        })?;
        // Nobody else may read it, not even for the moment until the mode is set.
        write_private(&self.out, &text).map_err(|error| Failure::io("write the key", &self.out, &error))?;
        let line = format!("{} {}\n", key.public_key(), self.comment);
        write_file(&public, |file| file.write_all(line.as_bytes()))
            .map_err(|error| Failure::io("write the public key", &public, &error))?;
        terminal::talk(&format!(
            "private key: {} (keep it)\npublic key:  {public} (give it to whoever should trust you)\n\
             signers line, with your address in front: me@example.org namespaces=\"expbundle\" {}\n",
            self.out,
            key.public_key()
        ));
        terminal::say(&format!("{}\n", key.public_key().fingerprint()));
        Ok(exit::OK)
    }
}

fn write_private(path: &Utf8PathBuf, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    if written.is_err() {
        // Half a key is of no use to anyone.
        let _ = std::fs::remove_file(path);
    }
    written
}
