//! Values that are names or expressions of a program.

use super::random::is_random;

/// `API_KEY`, `DB2_PASSWORD`: the name of a variable.
pub(super) fn is_variable(value: &str) -> bool {
    value.contains('_')
        && value.starts_with(|c: char| c.is_ascii_uppercase())
        && value.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

/// `Ed25519PrivateKey`, `DeprecatedIn50`: words with capitals make up much of it, or one of them
/// says what it is.
pub(super) fn is_camel_case(value: &str) -> bool {
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
pub(super) fn is_code_word(value: &str) -> bool {
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
pub(super) fn is_name(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    value.chars().all(|c| c.is_ascii_alphabetic() || "-_. ".contains(c))
        && ["token", "key", "secret", "password", "auth", "cookie", "credential"]
            .iter()
            .any(|word| lower.contains(word))
        && !is_random(value)
}

/// Whether a value without quotes is an expression of a program: `tokenizer.pad_token`,
/// `load_key(…)`, a variable named like the setting.
pub(super) fn is_code(value: &str, rest: &str) -> bool {
    is_call(value, rest) || is_of_words(value) && (names_secret(value) || is_shout(value))
}

/// Letters, digits and the joints of an expression.
pub(super) fn is_of_words(value: &str) -> bool {
    value.chars().all(|c| c.is_ascii_alphanumeric() || "_.:".contains(c))
}

/// `db_password`: a variable that is named like the setting.
pub(super) fn names_secret(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    ["pass", "pwd", "secret", "token", "key", "cred", "auth"].iter().any(|word| lower.contains(word))
        && !is_random(value)
}

/// `API_KEY`
pub(super) fn is_shout(value: &str) -> bool {
    value.chars().all(|c| c.is_ascii_uppercase() || c == '_')
}

/// `user_password`, `userPassword`: a name of several words, as variables have, which is none of
/// those that people choose passwords of.
pub(super) fn is_joined(value: &str) -> bool {
    let is_name = value.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let camel = value
        .as_bytes()
        .windows(2)
        .any(|pair| matches!(pair, [a, b] if a.is_ascii_lowercase() && b.is_ascii_uppercase()))
        && value.starts_with(|c: char| c.is_ascii_lowercase())
        && !value.contains(|c: char| c.is_ascii_digit());
    is_name && (value.contains('_') || camel)
}

/// `RequestsCookieJar`, `PKCS7PrivateKeyTypes`: the name of a type, of several words with a capital
/// each.
pub(super) fn is_type(value: &str) -> bool {
    let begins = |pair: &[u8]| matches!(pair, [a, b] if a.is_ascii_uppercase() && b.is_ascii_lowercase());
    let words = value.as_bytes().windows(2).filter(|pair| begins(pair)).count();
    // Keys drawn at random have numbers in several places, and words that nobody can say.
    let numbers = value.split(|c: char| !c.is_ascii_digit()).filter(|number| !number.is_empty()).count();
    let is_said = |word: &str| word.len() < 4 || word.to_ascii_lowercase().contains(['a', 'e', 'i', 'o', 'u', 'y']);
    let capitals = value.match_indices(|c: char| c.is_ascii_uppercase());
    let mut words_of = capitals.filter_map(|(at, _)| value.get(at..)).map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_uppercase()).unwrap_or(rest.len());
        let next = rest.get(1..end).and_then(|rest| rest.find(|c: char| c.is_ascii_uppercase()));
        rest.get(..next.map_or(end, |next| next + 1)).unwrap_or_default()
    });
    words >= 2
        && numbers <= 1
        && words_of.all(is_said)
        && value.chars().all(|c| c.is_ascii_alphanumeric())
        && is_camel_case(value)
}

/// A call, an index, an attribute or an argument of a call.
pub(super) fn is_call(value: &str, rest: &str) -> bool {
    if !is_of_words(value) {
        return false;
    }
    let next = rest.chars().next();
    // A tag of HTML may follow.
    let called = next.is_some_and(|next| "([{".contains(next) || next == '<' && !is_random(value));
    let dotted = value.split('.').count() > 1
        && value.split('.').all(|part| part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'))
        && !is_random(value);
    let argument = next.is_some_and(|next| ",)".contains(next)) && !is_random(value);
    called || dotted || argument
}
