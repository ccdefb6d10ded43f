//! Files that are secrets by their name.

/// Names, lower case, and the ends of paths.
const NAMES: &[&str] = &[
    ".env",
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
    ".tfvars",
    ".ovpn",
    ".keytab",
    ".htpasswd",
    ".pkcs12",
];

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
];

/// Whether a file is a secret by its path, whatever it holds. Public halves, examples and templates are not.
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
        || ENDS.iter().any(|end| name.ends_with(end) && name.len() > end.len())
        || PLACES.iter().any(|place| slashed.contains(&format!("/{place}")))
        || name.ends_with(".json")
            && ["service_account", "service-account", "client_secret", "gcp-credentials", "gcp_credentials"]
                .iter()
                .any(|part| name.contains(part))
        || name.starts_with("id_") && ["rsa", "dsa", "ecdsa", "ed25519"].iter().any(|kind| name.contains(kind))
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
        ] {
            assert!(!is_secret_file(path), "{path}");
        }
    }
}
