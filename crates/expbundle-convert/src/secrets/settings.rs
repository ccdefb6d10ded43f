//! Settings: a name that says "secret", and a value that is one.
//!
//! Machine learning is full of tokens that are not secrets (`max_tokens`, `pad_token`, `tokenizer`) and of keys that open nothing (`key`,
//! `primary_key`, `num_key_value_heads`), so a name alone is never enough: the weaker the name, the more the value must look like a secret.

use super::names::{KEYS, LOCKS, NEUTRAL, OPENS, PASSWORDS, SERVICES, USERS};

/// How much a name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// `token`, `auth`: the value must look drawn at random.
    Token,
    /// `pass`, `clave`, which are other words too: a value of letters and digits, in running text one drawn at random.
    Pass,
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
            Self::Pass | Self::Password => "password",
            Self::Secret => "secret-setting",
        }
    }
}

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
    let own = class_of_words(&words);
    if own.is_some() || words.len() < 2 {
        return own;
    }
    // `key_openai`, `password_prod`
    let service = words.pop().filter(|word| SERVICES.contains(&word.as_str()))?;
    words.insert(0, service);
    class_of_words(&words)
}

fn class_of_words(words: &[String]) -> Option<Class> {
    let (last, before) = words.split_last()?;
    let first_of_three = before.len().checked_sub(2).and_then(|at| before.get(at)).map(String::as_str);
    let before = before.last().map_or("", String::as_str);
    let ends = |ends: &[&str]| ends.iter().any(|end| last.ends_with(end));
    match last.as_str() {
        "password" | "passwd" | "passphrase" | "passcode" | "pwd" | "passwords" | "mnemonic" => Some(Class::Password),
        "pass" | "pw" if USERS.contains(&before) => Some(Class::Password),
        "passe" if before == "de" && first_of_three == Some("mot") => Some(Class::Password),
        "sandi" if before == "kata" => Some(Class::Password),
        "phrase" if before == "pass" => Some(Class::Password),
        "pass" if before.is_empty() => Some(Class::Pass),
        "clave" | "mdp" => Some(Class::Pass),
        "base" if before == "key" && first_of_three == Some("secret") => Some(Class::Secret),
        "pat"
            if ["github", "gitlab", "gh", "gl", "git", "azure", "ado", "devops", "airtable", "bitbucket"]
                .contains(&before) =>
        {
            Some(Class::Secret)
        }
        "zugangsdaten" | "密钥" => Some(Class::Secret),
        word if KEYS.contains(&word) && LOCKS.contains(&before) => Some(Class::Secret),
        word if LOCKS.contains(&word) && KEYS.contains(&before) => Some(Class::Secret),
        "secret" | "secrets" | "credential" | "credentials" | "creds" | "apikey" | "apikeys" | "cookie" | "cookies" => {
            Some(Class::Secret)
        }
        "authorization" | "bearer" => Some(Class::Secret),
        "token" | "tokens" if OPENS.contains(&before) => Some(Class::Secret),
        "key" | "keys" if LOCKS.contains(&before) => Some(Class::Secret),
        "hash" if ["password", "passwd"].contains(&before) => Some(Class::Secret),
        "token" | "auth" | "jwt" | "pw" | "cred" | "otp" | "pat" | "psk" => Some(Class::Token),
        _ if ends(&["password", "passwd", "passphrase"]) || ends(PASSWORDS) => Some(Class::Password),
        word if word.strip_suffix("pass").is_some_and(|user| USERS.contains(&user)) => Some(Class::Password),
        _ if ends(&[
            "apikey",
            "secretkey",
            "accesskey",
            "privatekey",
            "authtoken",
            "identitytoken",
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
    /// It is a literal in quotes, in running text or a program.
    Quoted,
    /// It stands in running text without quotes, and this follows.
    Bare {
        /// The rest of the line.
        rest: &'a str,
        /// Whether name and value are joined as `name=value`.
        tight: bool,
        /// Whether it follows an option of a command, as in `--name value`; so do words of a sentence.
        after_option: bool,
        /// Whether name and value are `NAME=value`, as a shell has variables: what stands there is no expression of a program.
        is_variable: bool,
    },
}

/// Whether a value under a name of that class is a secret.
pub fn is_secret(class: Class, value: &str, setting: Setting<'_>) -> bool {
    let value = value.trim_matches(|c: char| c.is_whitespace() || c == ',');
    if is_placeholder(value) || is_reference(value) {
        return false;
    }
    match (class, setting) {
        (Class::Pass, Setting::Whole | Setting::Quoted) => {
            let has = |kind: fn(&char) -> bool| value.chars().any(|c| kind(&c));
            value.len() >= 6
                && !value.contains(char::is_whitespace)
                && has(char::is_ascii_digit)
                && has(char::is_ascii_alphabetic)
                && !is_path(value)
        }
        (Class::Pass, Setting::Bare { .. }) => {
            let is_mixed =
                value.contains(|c: char| c.is_ascii_digit()) && value.contains(|c: char| c.is_ascii_alphabetic());
            value.len() >= 6 && !is_path(value) && (is_random(value) || is_mixed && value.contains(SIGNS))
        }
        (Class::Token, _) => value.len() >= 12 && !value.contains(char::is_whitespace) && is_random(value),
        // `ACCESS_TOKEN_HEADER = "X-Access-Token"` in a program is a name.
        (Class::Secret, Setting::Quoted) if is_name(value) => false,
        (Class::Secret, Setting::Whole | Setting::Quoted) => {
            let scheme =
                ["bearer ", "basic ", "token "].iter().any(|scheme| value.to_ascii_lowercase().starts_with(scheme));
            let blanks = value.chars().filter(|c| c.is_whitespace()).count();
            value.len() >= 4 && (blanks == 0 || scheme || value.contains('=') && blanks < 20) && !is_path(value)
        }
        (Class::Password, Setting::Whole | Setting::Quoted) => !is_path(value) || !value.contains(['/', '\\']),
        (class, Setting::Bare { rest, tight, after_option, is_variable }) => {
            let next = rest.chars().next();
            let is_code = match class {
                // Any letters may be a password.
                Class::Password if is_variable => is_call(value, next) || names_secret(value) && is_shout(value),
                Class::Password => is_call(value, next) || names_secret(value) && is_joined(value) || is_shout(value),
                _ => is_code(value, next),
            };
            if is_code || is_path(value) {
                return false;
            }
            let marked =
                value.contains(|c: char| c.is_ascii_digit() || !c.is_ascii_alphanumeric() && !"_-.:".contains(c));
            // Letters that are neither all small nor a word with a capital.
            let bytes = value.as_bytes();
            let mixed = bytes
                .windows(2)
                .filter(|pair| matches!(pair, [a, b] if a.is_ascii_uppercase() != b.is_ascii_uppercase()))
                .count()
                >= 3;
            let marked = marked || mixed && !value.contains('_');
            let at_end = rest.trim().is_empty() || rest.trim_start().starts_with(['#', ';', '&', '-']);
            if class == Class::Password {
                let is_word = !value.contains('_') && !after_option;
                let is_alone = at_end && (tight || value.len() >= 6) || tight && next == Some(' ');
                return value.len() >= 3 && (marked || is_variable || is_word && is_alone);
            }
            // `secret_key = key_2` is an expression, `--secret-key key_2` is none.
            let is_expression = is_of_words(value) && value.contains(['_', '.', ':']);
            let is_given = tight || after_option || at_end && !is_expression;
            let has_letters = value.contains(|c: char| c.is_ascii_alphabetic());
            let is_type = !tight && !after_option && is_type(value);
            value.len() >= 8 && !is_type && (is_random(value) || marked && is_given && has_letters)
        }
    }
}

/// Whether a literal that is said to be the value of such a name, like the default of an argument, is a secret.
pub fn is_value(class: Class, value: &str) -> bool {
    !value.contains(char::is_whitespace)
        && !value.contains(['{', '}'])
        && value.len() >= 4
        && !is_name(value)
        && !is_variable(value)
        && !value.starts_with('-')
        && is_secret(class, value, Setting::Quoted)
}

/// Whether a value that only stands near such a name is a secret: it looks like nothing else.
pub fn is_drawn(class: Class, value: &str) -> bool {
    if !is_value(class, value) || is_code_word(value) || value.contains(['<', '>']) {
        return false;
    }
    let has = |kind: fn(&char) -> bool| value.chars().any(|c| kind(&c));
    let mut parts = value.split(|c: char| !c.is_ascii_alphanumeric());
    // `ZeroGpuQuota` and `matlab.net.http.LogRecord` are names.
    if is_uuid(value)
        || parts.any(|part| is_random(part) && (part.len() >= 20 || part.contains(|c: char| c.is_ascii_digit())))
    {
        return !is_camel_case(value);
    }
    let is_mixed = has(char::is_ascii_digit) && has(char::is_ascii_alphabetic);
    let has_sign = value.contains(SIGNS) && !value.contains(['/', '(', ')', '[', ']', '<', '>', '"', '=']);
    match class {
        Class::Password => is_mixed && (value.len() >= 8 || has_sign),
        Class::Pass => is_mixed && has_sign,
        Class::Secret | Class::Token => false,
    }
}

/// Signs that passwords have and names have not.
const SIGNS: &[char] = &['!', '$', '%', '&', '*', '+', '?', '#', '^', '@', '~', '='];

/// `API_KEY`, `DB2_PASSWORD`: the name of a variable.
fn is_variable(value: &str) -> bool {
    value.contains('_')
        && value.starts_with(|c: char| c.is_ascii_uppercase())
        && value.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

/// `Ed25519PrivateKey`, `DeprecatedIn50`: words with capitals make up much of it, or one of them says what it is.
fn is_camel_case(value: &str) -> bool {
    const WORD: usize = 4;
    let bytes = value.as_bytes();
    let word_at = |at: usize| -> usize {
        let rest = bytes.get(at + 1..).unwrap_or_default();
        1 + rest.iter().take_while(|byte| byte.is_ascii_lowercase()).count()
    };
    let capitals = bytes.iter().enumerate().filter(|(_, byte)| byte.is_ascii_uppercase());
    let words: usize = capitals.map(|(at, _)| word_at(at)).filter(|length| *length >= WORD).sum();
    let lower = value.to_ascii_lowercase();
    words * 2 >= value.len()
        || ["privatekey", "publickey", "token", "secret", "password", "apikey"].iter().any(|word| lower.contains(word))
}

/// `utf-8`, `sha256`, `v1.2.3`, `2026-11-28T10:00`: what programs call things.
fn is_code_word(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let starts = [
        "utf", "iso", "latin", "sha", "md5", "hmac", "aes", "rsa", "ecdsa", "ed25519", "base64", "http", "oauth",
        "float", "int", "blake",
    ]
    .iter()
    .any(|start| lower.starts_with(start));
    let is_version =
        lower.strip_prefix('v').unwrap_or(&lower).chars().all(|c| c.is_ascii_digit() || ".-:t".contains(c));
    starts && value.len() < 20 || is_version
}

/// Whether a value is the name of a secret: words and joints, and one of them says so.
fn is_name(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    value.chars().all(|c| c.is_ascii_alphabetic() || "-_. ".contains(c))
        && ["token", "key", "secret", "password", "auth", "cookie", "credential"]
            .iter()
            .any(|word| lower.contains(word))
        && !is_random(value)
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
        "pass",
        "password",
        "passwd",
        "any",
        "object",
        "secretstr",
        "bearer",
        "basic",
    ];
    // `Bearer {token}`
    let schemes = ["Bearer ", "bearer ", "Basic ", "basic ", "Token ", "token "];
    let value = schemes.iter().find_map(|scheme| value.strip_prefix(scheme)).unwrap_or(value).trim();
    let lower = value.to_ascii_lowercase();
    if NOTHING.contains(&lower.as_str()) || lower.contains("[secret removed:") || lower.starts_with("[secret") {
        return true;
    }
    let whole = |open: &str, close: &str| value.starts_with(open) && value.ends_with(close);
    let template = whole("<", ">")
        || whole("&lt;", "&gt;")
        || whole("{", "}")
        || whole("%", "%")
        || whole("@", "@")
        || whole("${", "}")
        || whole("$(", ")");
    let variable = value.strip_prefix('$').is_some_and(|name| {
        let word = |letter: fn(&char) -> bool| name.chars().all(|c| letter(&c) || c == '_' || c.is_ascii_digit());
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && (word(char::is_ascii_uppercase) || word(char::is_ascii_lowercase) && name.contains('_'))
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
        "***",
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
        // A type in YAML.
        "!!",
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
    is_call(value, next) || is_of_words(value) && (names_secret(value) || is_shout(value))
}

/// Letters, digits and the joints of an expression.
fn is_of_words(value: &str) -> bool {
    value.chars().all(|c| c.is_ascii_alphanumeric() || "_.:".contains(c))
}

/// `db_password`: a variable that is named like the setting.
fn names_secret(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    ["pass", "pwd", "secret", "token", "key", "cred", "auth"].iter().any(|word| lower.contains(word))
        && !is_random(value)
}

/// `API_KEY`
fn is_shout(value: &str) -> bool {
    value.chars().all(|c| c.is_ascii_uppercase() || c == '_')
}

/// `user_password`, `userPassword`: a name of several words, as variables have, which is none of those that people choose passwords of.
fn is_joined(value: &str) -> bool {
    let is_name = value.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let camel = value
        .as_bytes()
        .windows(2)
        .any(|pair| matches!(pair, [a, b] if a.is_ascii_lowercase() && b.is_ascii_uppercase()))
        && value.starts_with(|c: char| c.is_ascii_lowercase())
        && !value.contains(|c: char| c.is_ascii_digit());
    is_name && (value.contains('_') || camel)
}

/// `RequestsCookieJar`, `PKCS7PrivateKeyTypes`: the name of a type, of several words with a capital each.
fn is_type(value: &str) -> bool {
    let begins = |pair: &[u8]| matches!(pair, [a, b] if a.is_ascii_uppercase() && b.is_ascii_lowercase());
    let words = value.as_bytes().windows(2).filter(|pair| begins(pair)).count();
    words >= 2 && value.chars().all(|c| c.is_ascii_alphanumeric()) && is_camel_case(value)
}

/// A call, an index, an attribute or an argument of a call.
fn is_call(value: &str, next: Option<char>) -> bool {
    if !is_of_words(value) {
        return false;
    }
    // A tag of HTML may follow.
    let called = next.is_some_and(|next| "([{".contains(next) || next == '<' && !is_random(value));
    let dotted = value.split('.').count() > 1
        && value.split('.').all(|part| part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'))
        && !is_random(value);
    let argument = next.is_some_and(|next| ",)".contains(next)) && !is_random(value);
    called || dotted || argument
}

/// Whether a text looks drawn at random: one of its parts is long, and changes often between digits, small letters and capitals.
pub fn is_random(text: &str) -> bool {
    if is_uuid(text) {
        return true;
    }
    if entropy(text) < 2.9 {
        return false;
    }
    text.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| {
        let kind = |byte: u8| if byte.is_ascii_digit() { 0 } else { 1 + u8::from(byte.is_ascii_uppercase()) };
        let switches = part.as_bytes().windows(2).filter(|pair| matches!(pair, [a, b] if kind(*a) != kind(*b))).count();
        // `RequestsCookieJar` is words: most of it is small letters in a row.
        let runs = part.split(|c: char| !c.is_ascii_lowercase()).map(str::len).filter(|run| *run >= 3).sum::<usize>();
        let digits = part.bytes().filter(u8::is_ascii_digit).count();
        let wordy = runs * 100 > part.len() * if digits >= 2 { 75 } else { 60 };
        part.len() >= 8 && switches >= (part.len() / 6).max(3) && !wordy
    })
}

/// Eight, four, four, four and twelve digits, as many services issue keys.
fn is_uuid(text: &str) -> bool {
    let mut lengths = text.split('-').map(str::len);
    [8, 4, 4, 4, 12].into_iter().all(|length| lengths.next() == Some(length))
        && lengths.next().is_none()
        && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
        && entropy(text) > 2.0
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
