//! Settings: a name that says "secret", and a value that is one.
//!
//! Machine learning is full of tokens that are no secrets (`max_tokens`, `pad_token`, `tokenizer`) and of keys that open nothing (`key`,
//! `primary_key`, `num_key_value_heads`), so a name alone is never enough: the weaker the name, the more the value must look like a secret.

/// How much a name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// `token`, `auth`: the value must look drawn at random.
    Token,
    /// `api_key`, `client_secret`, `access_token`: any text without blanks that is not a placeholder.
    Secret,
    /// `password`: anything that is not a placeholder, numbers too.
    Password,
}

impl Class {
    /// The kind of secret, as markers have it.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Secret => "secret-setting",
            Self::Password => "password",
        }
    }
}

/// Words that say nothing at the end of a name: `api_key_value`, `password_b64`.
const NEUTRAL: &[&str] =
    &["value", "val", "default", "str", "string", "text", "plain", "plaintext", "raw", "b64", "base64", "encoded"];

/// What comes before `token` where the token opens something.
const OPENS: &[&str] = &[
    "access",
    "api",
    "auth",
    "authentication",
    "authorization",
    "aws",
    "azure",
    "bearer",
    "bot",
    "ci",
    "client",
    "clearml",
    "comet",
    "dagshub",
    "databricks",
    "deploy",
    "discord",
    "docker",
    "dockerhub",
    "gh",
    "git",
    "github",
    "gitlab",
    "gl",
    "hf",
    "hub",
    "hubs",
    "huggingface",
    "id",
    "jira",
    "jwt",
    "kaggle",
    "login",
    "mlflow",
    "neptune",
    "npm",
    "oauth",
    "oauth2",
    "personal",
    "private",
    "pypi",
    "refresh",
    "registration",
    "replicate",
    "sas",
    "secret",
    "security",
    "sentry",
    "service",
    "session",
    "slack",
    "telegram",
    "tracking",
    "upload",
    "vault",
    "wandb",
    "webhook",
    "push",
    "write",
];

/// What comes before `key` where the key opens something.
const LOCKS: &[&str] = &[
    "access",
    "account",
    "aes",
    "anthropic",
    "api",
    "app",
    "application",
    "auth",
    "azure",
    "cipher",
    "cohere",
    "comet",
    "consumer",
    "crypt",
    "datadog",
    "decryption",
    "deploy",
    "encryption",
    "fernet",
    "function",
    "gemini",
    "groq",
    "hf",
    "hmac",
    "ingest",
    "jwt",
    "kaggle",
    "langchain",
    "langsmith",
    "license",
    "mailgun",
    "master",
    "mistral",
    "neptune",
    "openai",
    "pinecone",
    "private",
    "replicate",
    "rsa",
    "sas",
    "secret",
    "sendgrid",
    "serp",
    "service",
    "session",
    "shared",
    "signing",
    "ssh",
    "storage",
    "stripe",
    "subscription",
    "tavily",
    "together",
    "twilio",
    "unseal",
    "wandb",
    "webhook",
    "write",
];

/// What comes before `pass` where it is a password and not a pass over data.
const USERS: &[&str] = &[
    "admin", "database", "db", "ftp", "http", "imap", "ldap", "login", "mail", "mongo", "mysql", "pg", "postgres",
    "proxy", "rabbitmq", "redis", "root", "smtp", "sql", "ssh", "sudo", "user", "es", "elastic", "registry", "jupyter",
    "vnc", "wifi", "svc", "key", "cert",
];

/// The words of a name: `AWS_SECRET_ACCESS_KEY`, `clientSecret`, `db.password` and `APIKey` are taken apart alike.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let letters: Vec<char> = name.chars().collect();
    for (at, letter) in letters.iter().copied().enumerate() {
        let before = at.checked_sub(1).and_then(|before| letters.get(before)).copied();
        let after = letters.get(at + 1).copied();
        let begins = letter.is_uppercase()
            && (before.is_some_and(|before| before.is_lowercase() || before.is_numeric())
                || before.is_some_and(char::is_uppercase) && after.is_some_and(char::is_lowercase));
        if (begins || !letter.is_alphanumeric()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if letter.is_alphanumeric() {
            word.extend(letter.to_lowercase());
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    for word in &mut words {
        let stem = word.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        // `oauth2` and `base64` are words; `token1` is a `token`.
        if !["oauth2", "base64", "b64"].contains(&word.as_str()) {
            word.truncate(stem);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// What a name says of its value; `None` for most names.
pub fn class_of(name: &str) -> Option<Class> {
    // Longer names are texts.
    if name.len() > 256 {
        return None;
    }
    let mut words = words(name);
    while words.len() > 1 && words.last().is_some_and(|word| NEUTRAL.contains(&word.as_str())) {
        words.pop();
    }
    let last = words.pop()?;
    let before = words.pop().unwrap_or_default();
    let before = before.as_str();
    let ends = |ends: &[&str]| ends.iter().any(|end| last.ends_with(end));
    match last.as_str() {
        "password" | "passwd" | "passphrase" | "passcode" | "pwd" | "passwords" | "mnemonic" => Some(Class::Password),
        "pass" if USERS.contains(&before) => Some(Class::Password),
        "secret" | "secrets" | "credential" | "credentials" | "creds" | "apikey" | "apikeys" | "cookie" | "cookies" => {
            Some(Class::Secret)
        }
        "authorization" | "bearer" => Some(Class::Secret),
        "token" | "tokens" if OPENS.contains(&before) => Some(Class::Secret),
        "key" | "keys" if LOCKS.contains(&before) => Some(Class::Secret),
        "hash" if ["password", "passwd"].contains(&before) => Some(Class::Secret),
        "token" | "auth" | "jwt" | "pw" | "cred" | "otp" => Some(Class::Token),
        _ if ends(&["password", "passwd", "passphrase"]) => Some(Class::Password),
        _ if ends(&[
            "apikey",
            "secretkey",
            "accesskey",
            "privatekey",
            "authtoken",
            "accesstoken",
            "apitoken",
            "clientsecret",
            "secret",
        ]) =>
        {
            Some(Class::Secret)
        }
        _ => None,
    }
}

/// Whether everything below a name is secret: `secrets: {wandb: …}`.
pub fn holds_secrets(name: &str) -> bool {
    let words = words(name);
    words.last().is_some_and(|last| ["secrets", "credentials", "creds", "passwords"].contains(&last.as_str()))
}

/// Whether a name passes on what the name around it says: `api_key: {value: …}`.
pub fn is_neutral(name: &str) -> bool {
    NEUTRAL.contains(&name.to_ascii_lowercase().as_str()) || name.eq_ignore_ascii_case("values")
}

/// Where a value was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting<'a> {
    /// The value is all there is: a member of an object, an argument of a command, a literal in quotes.
    Whole,
    /// It stands in running text without quotes, and this follows.
    Bare {
        /// The rest of the line.
        rest: &'a str,
        /// Whether name and value are joined as `name=value`.
        tight: bool,
    },
}

/// Whether a value under a name of that class is a secret.
pub fn is_secret(class: Class, value: &str, setting: Setting<'_>) -> bool {
    let value = value.trim();
    if is_placeholder(value) || is_reference(value) {
        return false;
    }
    match (class, setting) {
        (Class::Token, _) => value.len() >= 12 && !value.contains(char::is_whitespace) && is_random(value),
        (Class::Secret, Setting::Whole) => {
            let scheme =
                ["bearer ", "basic ", "token "].iter().any(|scheme| value.to_ascii_lowercase().starts_with(scheme));
            let blanks = value.chars().filter(|c| c.is_whitespace()).count();
            value.len() >= 4 && (blanks == 0 || scheme || value.contains('=') && blanks < 20) && !is_path(value)
        }
        (Class::Password, Setting::Whole) => !is_path(value) || !value.contains(['/', '\\']),
        (class, Setting::Bare { rest, tight }) => {
            let next = rest.chars().next();
            if is_code(value, next) || is_path(value) {
                return false;
            }
            let marked =
                value.contains(|c: char| c.is_ascii_digit() || !c.is_ascii_alphanumeric() && !"_-.:".contains(c));
            let at_end = rest.trim().is_empty() || rest.trim_start().starts_with(['#', ';', '&']);
            match class {
                Class::Password => {
                    value.len() >= 3
                        && (marked || at_end && tight || at_end && value.len() >= 6 || tight && next == Some(' '))
                }
                _ => {
                    value.len() >= 8
                        && (is_random(value) || marked && tight && value.contains(|c: char| c.is_ascii_alphabetic()))
                }
            }
        }
    }
}

/// Whether a value only stands for one: nothing, stars, a template, a word such as `None`.
pub fn is_placeholder(value: &str) -> bool {
    const NOTHING: &[&str] = &[
        "",
        "none",
        "null",
        "nil",
        "nan",
        "true",
        "false",
        "yes",
        "no",
        "on",
        "off",
        "undefined",
        "unset",
        "empty",
        "n/a",
        "na",
        "todo",
        "tbd",
        "default",
        "required",
        "optional",
        "string",
        "str",
        "int",
        "bool",
        "bytes",
        "float",
        "auto",
        "inherit",
        "prompt",
        "env",
        "keyring",
        "keychain",
        "hidden",
        "masked",
        "redacted",
        "removed",
        "omitted",
        "sensitive",
        "missing",
        "dummy",
        "changeme",
        "change_me",
        "change-me",
        "not set",
        "set",
        "anonymous",
        "any",
        "object",
        "secretstr",
    ];
    let lower = value.to_ascii_lowercase();
    if NOTHING.contains(&lower.as_str()) || lower.contains("[secret removed:") || lower.starts_with("[secret") {
        return true;
    }
    let whole = |open: &str, close: &str| value.starts_with(open) && value.ends_with(close);
    let template = whole("<", ">")
        || whole("{", "}")
        || whole("%", "%")
        || whole("@", "@")
        || whole("${", "}")
        || whole("$(", ")");
    let variable = value.strip_prefix('$').is_some_and(|name| {
        !name.is_empty()
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && name.chars().any(|c| c.is_ascii_uppercase() || c == '_')
            && !name.starts_with(|c: char| c.is_ascii_digit())
    });
    let mut letters = lower.chars();
    let first = letters.next();
    let one_letter = first.is_some_and(|first| letters.all(|c| c == first));
    let blank = lower.chars().all(|c| "*x.-_#•?…<>[]".contains(c));
    let asks = [
        "your_",
        "your-",
        "your ",
        "yourapikey",
        "yourtoken",
        "<your",
        "placeholder",
        "replace_me",
        "replace-me",
        "insert_",
        "xxxx",
        "****",
        "...",
    ]
    .iter()
    .any(|word| lower.contains(word));
    template || variable || one_letter || blank || asks
}

/// Whether a value says where a secret is, and is none: a variable of the environment, an entry of a vault.
fn is_reference(value: &str) -> bool {
    const STARTS: &[&str] = &[
        "${",
        "$(",
        "{{",
        "<%",
        "os.environ",
        "os.getenv",
        "getenv(",
        "environ[",
        "process.env",
        "getpass",
        "env:",
        "env(",
        "env.",
        "oc.env:",
        "vault:",
        "arn:aws:",
        "op://",
        "secretsmanager:",
        "ssm:",
        "keyring:",
        "!secret",
        "!vault",
        "ENC[",
        "sops:",
        "projects/",
    ];
    STARTS.iter().any(|start| value.starts_with(start))
}

/// Whether a value is a file's path: `~/.ssh/id_ed25519`, `certs/client.key`.
fn is_path(value: &str) -> bool {
    let starts = ["/", "./", "../", "~/", "~\\", "file:", "s3://", "gs://", "dbfs:", "hdfs:", "C:\\"]
        .iter()
        .any(|start| value.starts_with(start));
    let plain = value.chars().all(|c| c.is_alphanumeric() || "/\\._- :~+@".contains(c));
    let name = value.rsplit(['/', '\\']).next().unwrap_or_default();
    let has_suffix = name.rsplit_once('.').is_some_and(|(stem, suffix)| {
        !stem.is_empty() && (2..=5).contains(&suffix.len()) && suffix.chars().all(|c| c.is_ascii_lowercase())
    });
    plain && (starts && value.matches('/').count() < 12 || has_suffix)
}

/// Whether a value without quotes is an expression of a program: `tokenizer.pad_token`, `load_key(…)`, a variable named like the setting.
fn is_code(value: &str, next: Option<char>) -> bool {
    let plain = value.chars().all(|c| c.is_ascii_alphanumeric() || "_.:".contains(c));
    if !plain {
        return false;
    }
    let called = next.is_some_and(|next| "([{<".contains(next));
    let lower = value.to_ascii_lowercase();
    let named = ["pass", "pwd", "secret", "token", "key", "cred", "auth"].iter().any(|word| lower.contains(word))
        && !is_random(value);
    let dotted = value.split('.').count() > 1
        && value.split('.').all(|part| part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'))
        && !is_random(value);
    let shout = value.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    let argument = next.is_some_and(|next| ",)".contains(next)) && !is_random(value);
    called || named || dotted || shout || argument
}

/// Whether a text looks drawn at random: one of its parts is long, and changes often between digits, small letters and capitals.
pub fn is_random(text: &str) -> bool {
    if entropy(text) < 2.9 {
        return false;
    }
    text.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| {
        let kind = |byte: u8| if byte.is_ascii_digit() { 0 } else { 1 + u8::from(byte.is_ascii_uppercase()) };
        let switches = part.as_bytes().windows(2).filter(|pair| matches!(pair, [a, b] if kind(*a) != kind(*b))).count();
        part.len() >= 8 && switches >= (part.len() / 6).max(3)
    })
}

/// Shannon's entropy in bits a byte.
fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text.bytes() {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
    }
    let all = text.len() as f64;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / all)
        .map(|share| -share * share.log2())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart() {
        for name in [
            "password",
            "DB_PASSWORD",
            "dbPassword",
            "smtp_pass",
            "PGPASSWORD",
            "user.passwd",
            "pwd",
            "password1",
            "password_b64",
        ] {
            assert_eq!(class_of(name), Some(Class::Password), "{name}");
        }
        for name in [
            "api_key",
            "apiKey",
            "APIKey",
            "X-Api-Key",
            "OPENAI_API_KEY",
            "WANDB_API_KEY",
            "hf_token",
            "HF_TOKEN",
            "clientSecret",
            "secret",
            "aws_secret_access_key",
            "accessToken",
            "private_key",
            "AccountKey",
            "_authToken",
            "github-token",
            "access_key",
            "myapikey",
            "credentials",
            "config.wandb.api_key.value",
            "MLFLOW_TRACKING_TOKEN",
        ] {
            assert_eq!(class_of(name), Some(Class::Secret), "{name}");
        }
        for name in [
            "max_tokens",
            "tokenizer",
            "token_type_ids",
            "num_tokens",
            "tokens",
            "n_tokens_per_second",
            "key",
            "num_key_value_heads",
            "primary_key",
            "secret_santa",
            "secretary",
            "author",
            "forward_pass",
            "passes",
            "passenger",
            "keyboard",
            "monkey",
            "tokenizer_name",
            "use_auth_token_file",
            "password_file",
            "secret_name",
            "api_key_env",
            "add_special_tokens",
            "authors",
            "metric_key",
            "public_key",
            "token_count",
            "keys",
            "bypass_count",
            "attention_key",
            "credit",
        ] {
            assert_eq!(class_of(name), None, "{name}");
        }
        for name in ["pad_token", "eos_token", "token", "mask_token"] {
            assert_eq!(class_of(name), Some(Class::Token), "{name}");
        }
    }

    #[test]
    fn values_are_told_apart() {
        let whole = |class, value: &str| is_secret(class, value, Setting::Whole);
        for value in [
            "<pad>",
            "[MASK]",
            "<|endoftext|>",
            "</s>",
            "▁the",
            "meta-llama/Llama-2-7b-hf",
            "cls",
            "0",
            "None",
            "special_token_with_a_long_name",
        ] {
            assert!(!whole(Class::Token, value), "{value}");
        }
        for value in [
            "",
            "None",
            "***",
            "${DB_PASSWORD}",
            "$DB_PASSWORD",
            "<password>",
            "xxxxxxxx",
            "your_password",
            "{{ password }}",
            "true",
            "[secret removed: password]",
        ] {
            assert!(!whole(Class::Password, value), "{value}");
        }
        for value in ["hunter2", "correct horse battery staple", "12345", "p@ss/word", "$ecret!", "pässwört"] {
            assert!(whole(Class::Password, value), "{value}");
        }
        assert!(!whole(Class::Secret, "~/.ssh/id_ed25519") && !whole(Class::Secret, "certs/client.key"));
    }

    #[test]
    fn random_texts_are_told_from_words() {
        let random = ["a8F3kQ9zLm2Xv7Tb", "3f2a9c81d0b7e64412ab", "QkzRtYbNmXcVwSdFgHjKaLpOiUyTrEwQ"];
        assert!(
            !is_random("sentence-transformers/all-MiniLM-L6-v2")
                && !is_random("learning-rate-schedule-cosine-2024")
                && !is_random("abcdefghijkl")
        );
        assert!(random.into_iter().take(2).all(is_random));
    }
}
