//! Values that only stand for a secret, or say where one is.

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

/// Whether a value says where a secret is, and is none: a variable of the environment, an entry of
/// a vault.
pub(super) fn is_reference(value: &str) -> bool {
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
    // `!!str`, `!!python/name`: a type in YAML.
    let is_type = value
        .strip_prefix("!!")
        .is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_lowercase() || b"/:._ ".contains(&byte)));
    is_type || STARTS.iter().any(|start| value.starts_with(start))
}

/// Whether enough of a password stands beside the dots or stars that are said for the rest of it:
/// `Kq7xW2mP...`.
pub(super) fn is_cut_off(value: &str) -> bool {
    /// Fewer letters are those that masks leave: `sk-...9zzR`.
    const SHORTEST: usize = 6;
    let plain = value.replace("xxxx", "*");
    let mut parts = plain.split(|c: char| "*.•…".contains(c));
    let is_template = value.contains(['<', '{', '[', '\\']) || value.to_ascii_lowercase().contains("your");
    let is_drawn = |part: &str| {
        part.chars().count() >= SHORTEST
            && part.contains(|c: char| c.is_ascii_digit())
            && part.contains(char::is_alphabetic)
    };
    !is_template && parts.any(is_drawn)
}
