//! Files that are secrets by their name.

use super::settings::{self, Class};

/// Names, lower case, and the ends of paths.
const NAMES: &[&str] = &[
    ".env",
    ".env~",
    ".envrc",
    ".netrc",
    "_netrc",
    ".pypirc",
    ".npmrc",
    ".yarnrc.yml",
    ".git-credentials",
    ".pgpass",
    "pgpass.conf",
    ".my.cnf",
    ".mylogin.cnf",
    ".s3cfg",
    ".boto",
    ".htpasswd",
    ".htdigest",
    ".vault-token",
    ".vault_pass",
    ".vault_pass.txt",
    ".dockercfg",
    ".dockerconfigjson",
    "kubeconfig",
    "kaggle.json",
    "application_default_credentials.json",
    "access_tokens.db",
    "credentials.db",
    "credentials",
    "credentials.json",
    "credentials.yaml",
    "credentials.yml",
    "credentials.toml",
    "credentials.csv",
    "accesskeys.csv",
    "rootkey.csv",
    "service_account.json",
    "service-account.json",
    "serviceaccount.json",
    "client_secret.json",
    "client_secrets.json",
    "secrets.yaml",
    "secrets.yml",
    "secrets.json",
    "secrets.toml",
    "secrets.env",
    "secret.yaml",
    "secret.yml",
    "secret.json",
    ".secrets",
    ".secrets.toml",
    ".databrickscfg",
    ".comet.config",
    "clearml.conf",
    ".neptune.yaml",
    "stored_tokens",
    "master.key",
    "server.key",
    "private.key",
    "privkey.pem",
    "key.pem",
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    "id_ecdsa_sk",
    "id_ed25519_sk",
    "identity",
    ".bash_history",
    ".zsh_history",
    ".python_history",
    ".psql_history",
    ".mysql_history",
    ".rediscli_history",
    "cookies.txt",
    "cookies.sqlite",
    ".terraformrc",
    "terraform.rc",
    "shadow",
    ".smbcredentials",
    ".msmtprc",
    ".fetchmailrc",
    ".muttrc",
    ".ftpconfig",
    "rclone.conf",
    ".passwd-s3fs",
    "passwd-s3fs",
    "accesstokens.json",
    "msal_token_cache.json",
    "msal_token_cache.bin",
    ".modal.toml",
    ".condarc",
    "deploy_key",
    "wpa_supplicant.conf",
    "auth.json",
    "creds.json",
    "creds.yaml",
    "creds.yml",
    "creds.toml",
    "wp-config.php",
];

/// Ends of names.
const ENDS: &[&str] = &[
    ".env",
    ".ppk",
    ".p12",
    ".pfx",
    ".jks",
    ".keystore",
    ".kdbx",
    ".kdb",
    ".agekey",
    ".tfstate",
    ".tfstate.backup",
    ".tfvars",
    ".ovpn",
    ".keytab",
    ".htpasswd",
    ".pkcs12",
    ".key",
];

/// Kinds of files that hold a value and nothing else, where the name tells which: `wandb_key.txt`,
/// `hf_token`, `openai.key`.
const BARE: &[&str] =
    &["", "txt", "text", "token", "key", "secret", "pass", "pwd", "password", "cred", "asc", "dat", "csv"];

/// Folders in which everything is secret, and files that are secret in one folder only.
const PLACES: &[&str] = &[
    ".ssh/",
    ".gnupg/",
    ".aws/credentials",
    ".aws/config",
    ".docker/config.json",
    ".kube/config",
    ".huggingface/token",
    "huggingface/token",
    ".mlflow/credentials",
    ".config/gcloud/",
    ".azure/",
    ".streamlit/secrets.toml",
    ".config/gh/hosts.yml",
    ".cargo/credentials",
    ".mc/config.json",
    ".config/rclone/",
    ".idea/datasources.xml",
];

/// Whether a file is a secret by its path, whatever it holds. Public halves, examples and templates
/// are not.
pub fn is_secret_file(path: &str) -> bool {
    let path = path.replace('\\', "/").to_lowercase();
    let name = path.rsplit('/').next().unwrap_or_default();
    if [".pub", ".example", ".sample", ".template", ".dist", ".tmpl", ".example.json", ".md", ".rst"]
        .iter()
        .any(|end| name.ends_with(end))
    {
        return false;
    }
    let slashed = format!("/{path}");
    NAMES.contains(&name)
        || name.starts_with(".env.")
        || ["env.production", "env.local", "env.prod", "env.dev", "env.development", "env.staging"].contains(&name)
        || ENDS.iter().any(|end| name.ends_with(end) && name.len() > end.len())
        || PLACES.iter().any(|place| slashed.contains(&format!("/{place}")))
        || name.rsplit_once('.').is_some_and(|(_, kind)| kind == "json")
            && ["service_account", "service-account", "client_secret", "gcp-credentials", "gcp_credentials"]
                .iter()
                .any(|part| name.contains(part))
        || name.starts_with("krb5cc_")
        || class_of_file(name).is_some_and(|class| matches!(class, Class::Secret | Class::Password))
        || name.starts_with("id_") && ["rsa", "dsa", "ecdsa", "ed25519"].iter().any(|kind| name.contains(kind))
}

/// What the name of a file says of the one value that it may hold: `wandb_key.txt` that it is a
/// key, `token` that it may be one.
pub fn class_of_file(path: &str) -> Option<Class> {
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
    let (stem, kind) = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).unwrap_or((name, ""));
    let is_bare = BARE.iter().any(|bare| kind.eq_ignore_ascii_case(bare));
    if is_bare { settings::class_of(stem) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets() {
        for path in [
            ".env",
            "a/.env.local",
            "prod.env",
            ".netrc",
            "keys/id_ed25519",
            "id_rsa_old",
            "x/.ssh/config",
            ".aws/credentials",
            "gcp-credentials.json",
            "my-service-account-1.json",
            "Store.P12",
            ".docker/config.json",
            "conf\\.pgpass",
            ".git-credentials",
            "wandb_key.txt",
            "conf/api_key",
            "HF_TOKEN.txt",
            "password.txt",
            "openai.key",
            "apikey",
            "rclone.conf",
        ] {
            assert!(is_secret_file(path), "{path}");
        }
        for path in [
            "config.json",
            "tokenizer.json",
            "environment.yaml",
            "id_ed25519.pub",
            ".env.example",
            "model/config",
            "env.py",
            "special_tokens_map.json",
            "train.py",
            "credentials.md",
            "idea.txt",
            "key_value.json",
            "requirements.txt",
            ".gitignore",
            "token.txt",
            "tokens.txt",
            "pad_token",
            "vocab.txt",
            "keys.csv",
            "special_tokens.txt",
            "passes.csv",
            "secrets.py",
            "api_key.py",
            "password_reset.html",
        ] {
            assert!(!is_secret_file(path), "{path}");
        }
    }
}
