//! What names say of their values.

use unicode_normalization::UnicodeNormalization as _;

use super::{Class, is_drawn, is_secret};
use crate::secrets::names::{KEYS, LOCKS, NEUTRAL, OPENS, PASSES, PASSWORDS, SERVICES, USERS};

/// The words of a name: `AWS_SECRET_ACCESS_KEY`, `clientSecret`, `db.password` and `APIKey` are
/// taken apart alike.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    // An accent may be a letter of its own; what `İ` leaves in small letters is none.
    let letters: Vec<char> = name.nfkc().collect();
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
            word.extend(letter.to_lowercase().filter(|letter| letter.is_alphanumeric()));
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
        // The last two are what openssl is given: `-passin pass:…`
        "password" | "passwd" | "passphrase" | "passcode" | "pwd" | "passwords" | "mnemonic" | "passin" | "passout" => {
            Some(Class::Password)
        }
        "pass" | "pw" if USERS.contains(&before) => Some(Class::Password),
        "pass" if !before.is_empty() && !PASSES.contains(&before) => Some(Class::Pass),
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
        // `license_key: apache-2.0`
        "key" if before == "license" => Some(Class::Token),
        word if KEYS.contains(&word) && LOCKS.contains(&before) => Some(Class::Secret),
        word if LOCKS.contains(&word) && KEYS.contains(&before) => Some(Class::Secret),
        "secret" | "secrets" | "credential" | "credentials" | "creds" | "apikey" | "apikeys" | "cookie" | "cookies" => {
            Some(Class::Secret)
        }
        "authorization" | "bearer" => Some(Class::Secret),
        "token" | "tokens" if OPENS.contains(&before) => Some(Class::Secret),
        "key" | "keys" if LOCKS.contains(&before) => Some(Class::Secret),
        "hash" if ["password", "passwd"].contains(&before) => Some(Class::Secret),
        "token" | "auth" | "jwt" | "pw" | "cred" | "otp" | "pat" | "psk" | "sas" => Some(Class::Token),
        _ if ends(&["password", "passwd", "passphrase"]) || ends(PASSWORDS) => Some(Class::Password),
        word if ["pass", "pwd", "pw"]
            .iter()
            .filter_map(|end| word.strip_suffix(end))
            .any(|user| USERS.contains(&user)) =>
        {
            Some(Class::Password)
        }
        _ if ends(&[
            "apikey",
            "authkey",
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
        // Of a `Secret` of Kubernetes.
        || name == "stringData"
}

/// What a name somewhere around a value says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Around {
    /// Everything below is secret: `secrets`, `credentials`.
    Holds,
    /// It is one if it looks like a secret: `api_keys: {openai: …}`, `password: {dev: …}`.
    Near(Class),
}

impl Around {
    /// What a name says of everything below it.
    pub fn of(name: &str) -> Option<Self> {
        if holds_secrets(name) {
            return Some(Self::Holds);
        }
        class_of(name).filter(|class| matches!(class, Class::Secret | Class::Password)).map(Self::Near)
    }

    /// The kind of secret that a value below is.
    pub fn kind(self, value: &str) -> Option<&'static str> {
        match self {
            Self::Holds => is_secret(Class::Secret, value, super::Setting::Whole).then_some(Class::Secret.kind()),
            Self::Near(class) => (is_drawn(class, value) || is_long(value)).then_some(class.kind()),
        }
    }
}

/// Whether a value is as long as keys are, and of letters and digits alone: no name of a model.
fn is_long(value: &str) -> bool {
    /// Keys of most services have more, in letters.
    const SHORTEST: usize = 20;
    let has = |kind: fn(u8) -> bool| value.bytes().any(kind);
    value.len() >= SHORTEST
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && has(|byte| byte.is_ascii_digit())
        && has(|byte| byte.is_ascii_alphabetic())
}

/// What the parts of a flattened name say of its last one: `secrets.wandb`, `api_keys/openai`.
pub fn around(name: &str) -> Option<Around> {
    let mut parts = name.split(['.', '/', ':']).rev().skip(1);
    parts.find_map(Around::of)
}

/// Whether a name is that of a service, so that `key` below it is one that opens something.
pub fn is_service(name: &str) -> bool {
    SERVICES.iter().any(|service| name.eq_ignore_ascii_case(service))
}

/// Whether a name passes on what the name around it says: `api_key: {value: …}`.
pub fn is_neutral(name: &str) -> bool {
    NEUTRAL.contains(&name.to_ascii_lowercase().as_str())
        || is_value_of_pair(name)
        || name.eq_ignore_ascii_case("values")
}

/// Whether a member has the name of what stands in the one beside it:
/// `{"name": "API_KEY", "value": "…"}`.
pub fn is_name_of_pair(member: &str) -> bool {
    const NAMES: &[&str] = &[
        "name",
        "key",
        "k",
        "variable",
        "param",
        "parameter",
        "setting",
        "option",
        "id",
        "field",
        "header",
        "env_var",
        "envvar",
        "ParameterKey",
    ];
    NAMES.iter().any(|name| member.eq_ignore_ascii_case(name))
}

/// Whether a member has the value of what is named in the one beside it.
pub fn is_value_of_pair(member: &str) -> bool {
    ["value", "val", "v", "ParameterValue"].iter().any(|name| member.eq_ignore_ascii_case(name))
}
