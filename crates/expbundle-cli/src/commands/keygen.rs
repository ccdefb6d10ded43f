//! `expbundle keygen`: a new key.

use camino::Utf8PathBuf;
use expbundle::output::write_keys;
use expbundle_statement::SigningKey;
use expbundle_words::Failure;

use crate::{Outcome, exit, terminal};

/// Make a signing key
///
/// The key is an OpenSSH Ed25519 key without passphrase, as `ssh-keygen -t ed25519` makes. An
/// Ed25519 key that you already have works too. To set a passphrase: `ssh-keygen -p -f FILE`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  expbundle keygen -o key\n  expbundle trust add signers key.pub --as me@example.org"
)]
pub struct Keygen {
    /// File for the private key; the public key goes to FILE.pub
    #[arg(short, long, value_name = "FILE")]
    out: Utf8PathBuf,
    /// Comment of the public key, one line
    #[arg(long, default_value = "expbundle")]
    comment: String,
}

impl Keygen {
    pub fn run(self) -> Outcome {
        let public = Utf8PathBuf::from(format!("{}.pub", self.out));
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)
            .map_err(|error| Failure::new("cli.io", format!("the system gives no random bytes: {error}")))?;
        let key = SigningKey::from_seed(&seed);
        let text = key.to_openssh(&self.comment, None).map_err(|error| {
            Failure::new("cli.key", format!("the key cannot be written: {error}")).help(error.help())
        })?;
        let line = format!("{} {}\n", key.public_key(), self.comment);
        write_keys((&self.out, &text), (&public, &line))?;
        terminal::talk(&format!(
            "private key: {} (keep it secret)\npublic key:  {public} (give it to people who should trust you)\n\
             line for a signers file, with your own address: me@example.org namespaces=\"expbundle\" {}\n",
            self.out,
            key.public_key()
        ));
        terminal::say(&format!("{}\n", key.public_key().fingerprint()));
        Ok(exit::OK)
    }
}
