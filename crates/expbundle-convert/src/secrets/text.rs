//! Settings in running text.

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::Regex;
use unicode_normalization::UnicodeNormalization as _;

use super::settings::{self, Class, Setting};
use super::{Found, compiled, signs};

/// Parts of names that say "secret"; without any of them in a text no setting is looked for.
const STEMS: &[&str] = &[
    "pass",
    "pwd",
    "pw",
    "secret",
    "token",
    "key",
    "cred",
    "auth",
    "cookie",
    "jwt",
    "bearer",
    "mnemonic",
    "otp",
    "pat",
    "psk",
    "sas",
    "kennwort",
    "zugangsdaten",
    "ssel",
    "clave",
    "llave",
    "chave",
    "contras",
    "mdp",
    "mot_de_passe",
    "motdepasse",
    "senha",
    "parola",
    "parool",
    "wachtwoord",
    "senord",
    "hasło",
    "haslo",
    "heslo",
    "jelsz",
    "lozinka",
    "salasana",
    "adgangskode",
    "sifre",
    "şifre",
    "kata_sandi",
    "cle_",
    "clé_",
    "_cle",
    "ароль",
    "ключ",
    "密码",
    "密碼",
    "口令",
    "密钥",
    "パスワード",
    "暗証番号",
    "비밀번호",
];

/// The same as they are written: the expressions know no capitals beyond ASCII, and an accent may be
/// a letter of its own.
pub(super) static SPELLED: LazyLock<Vec<String>> = LazyLock::new(|| {
    let spell = |stem: &&str| -> Vec<String> {
        if stem.is_ascii() {
            return vec![(*stem).to_owned()];
        }
        let mut letters = stem.chars();
        let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
        let turkish = stem.to_uppercase().replace('I', "İ");
        let cases = [(*stem).to_owned(), stem.to_uppercase(), first + letters.as_str(), turkish];
        cases.into_iter().flat_map(|one| [one.nfd().collect(), one]).collect()
    };
    let mut all: Vec<String> = STEMS.iter().flat_map(spell).collect();
    all.sort();
    all.dedup();
    all
});

/// A name that may say "secret"; [`settings::class_of`] decides. Letters beyond ASCII are bytes
/// here.
pub(super) static NAME: LazyLock<String> = LazyLock::new(|| {
    let mut stems = SPELLED.clone();
    // The longest first, as they are tried.
    stems.sort_by_key(|stem| std::cmp::Reverse(stem.len()));
    format!(r"(?:[a-z0-9_.\-\x80-\xff]*(?:{})[a-z0-9_\-\x80-\xff]*)", stems.join("|"))
});

/// The expressions of settings: assigned, an argument, a call, a pair, an element, a pair the other
/// way round, called.
fn expressions() -> &'static [Regex; 7] {
    static EXPRESSIONS: LazyLock<[Regex; 7]> = LazyLock::new(|| {
        let name = format!("({})", *NAME);
        let quoted = r#"[brfu]{0,2}(?:"{3}([^"]+)"|\\+"([^"\\\r\n]+)|"((?:[^"\\\r\n]|\\.)+)|\\+'([^'\\\r\n]+)|'((?:[^'\\\r\n]|\\.)+)|`([^`\r\n]+))"#;
        let bare = r#"([^\s"'`,;<>(){}\[\]|&\\]+)"#;
        let value = format!("(?:{quoted}|{bare})");
        [
            // `name = value`, `"name": "value"`, `name: str = "value"`,
            // `environ["NAME"] = "value"`, `**Name:** value`, `name: |` and a line.
            compiled(&format!(
                r#"(?i){name}(?:\\*["'\]*`)]){{0,3}}(?:[ \t]+\([a-z]{{1,12}}\))?(?:[ \t]*:[ \t]*[a-z_&][\w\[\]|, .&']{{0,40}}?[ \t]*=|[ \t]*(?:[:?]=|[=-]>|<-|[!=]?={{1,2}}|:[ \t]*[|>][+\-]?[ \t]*\r?\n[ \t]+|:|：|＝))[ \t]*(?:[&!][\w!]{{1,40}}[ \t]+|\*{{1,2}}[ \t]*|\[\[)?{value}"#
            )),
            // `--name value`, `"--name", "value"`, `[--name, value]`
            compiled(&format!(
                r#"(?i)(?:^|[\s"'(\[,])--?{name}(?:[ \t]+{value}|\\*["'],[ \t]*{quoted}|,[ \t]*{bare})"#
            )),
            // `get("NAME", "value")`
            compiled(&format!(r#"(?i)([a-z_]*\([ \t]*)?\\*["']{name}\\*["'][ \t]*,[ \t]*{quoted}"#)),
            // `"name": "NAME", "value": "value"`
            compiled(&format!(
                r#"(?i)["']?\b(?:name|key|k|variable|param|parameter|setting|option)["']?[ \t]*[:=][ \t]*["']?{name}["']?[ \t]*[, \r\n][, \t\r\n]*["']?(?:value|val|v|content)["']?[ \t]*[:=][ \t]*{value}"#
            )),
            // `<name>value</name>`, `ENV NAME value`, `configure set NAME value`,
            // `#define NAME value`
            compiled(&format!(
                r"(?i)(?:<key>{name}</key>\s{{0,20}}<string>([^<>]+)</|<(?:[a-z][\w.\-]{{0,40}}:)?{name}(?:\s[^<>]{{0,200}})?>([^<>]+)</|(?:\b(?:ENV|setenv|setx|configure[ \t]+set|config[ \t]+set|remote[ \t]+modify(?:[ \t]+--?\w+){{0,3}}[ \t]+[\w.\-]+|set[ \t]+-\w{{1,3}})[ \t]+|\#[ \t]*define[ \t]+|\bset\([ \t]*){name}[ \t]+{value})"
            )),
            // `"value": "value", "name": "NAME"`, `value="value" name="NAME"`,
            // `set_api_key("value")`
            compiled(&format!(
                r#"(?i)["' \t](?:value|val|v)["']?[ \t]*[:=][ \t]*{value}["'\\]*[ \t]*[, \t][ \t]*["']?(?:name|key|k|variable|param|parameter|setting|option)["']?[ \t]*[:=][ \t]*["']{name}["']"#
            )),
            compiled(&format!(r#"(?i){name}\([ \t]*{quoted}["'`\\]{{1,4}}[ \t]*[,)]"#)),
        ]
    });
    &EXPRESSIONS
}

/// Settings in running text: assignments, arguments, members of JSON, YAML, TOML and XML,
/// connection strings.
pub(super) fn settings_in(text: &[u8], found: &mut Vec<Found>) {
    let [assigned, argument, call, pair, element, reversed, called] = expressions();
    let text_of = |range: Range<usize>| String::from_utf8_lossy(text.get(range).unwrap_or_default());
    let mut look = |captures: &regex::bytes::Captures<'_>, needs_random: bool, is_argument: bool| {
        let mut groups = captures.iter().skip(1).flatten();
        let (Some(name), Some(value)) = (groups.next(), groups.next()) else { return };
        let Some(class) = settings::class_of(&text_of(name.range())) else { return };
        let mut value = value.range();
        let quote = value.start.checked_sub(1).and_then(|before| text.get(before)).copied();
        let is_quoted = quote.is_some_and(|quote| b"\"'`>".contains(&quote));
        let tight = text.get(name.end()..value.start) == Some(b"=");
        let is_variable = tight && !name.as_bytes().iter().any(u8::is_ascii_lowercase);
        if class == Class::Password && !is_quoted {
            value.end += signs::after(text, name.start(), value.clone(), is_variable);
        }
        let value_text = text_of(value.clone());
        let line_end = value.end.saturating_add(200).min(text.len());
        let rest = text_of(value.end..line_end);
        let rest = rest.split(['\r', '\n']).next().unwrap_or_default();
        let setting = if is_quoted {
            Setting::Quoted
        } else {
            Setting::Bare { rest, tight, after_option: is_argument, is_variable }
        };
        let mut is_secret = settings::is_secret(class, &value_text, setting);
        if needs_random || is_argument && value_text.starts_with('-') {
            is_secret &= settings::is_random(&value_text);
        }
        if is_secret {
            found.push(Found { kind: class.kind(), range: value });
        }
    };
    for captures in assigned.captures_iter(text) {
        look(&captures, false, false);
    }
    for captures in argument.captures_iter(text) {
        look(&captures, false, true);
    }
    for captures in pair.captures_iter(text) {
        look(&captures, false, false);
    }
    for captures in element.captures_iter(text) {
        // Of an element, the end has its name; `<password>` alone stands for one.
        let mut groups = captures.iter().flatten();
        let (Some(all), Some(name), Some(value)) = (groups.next(), groups.next(), groups.next()) else { continue };
        let end = text.get(value.end()..).unwrap_or_default();
        let end = end.strip_prefix(b"</").and_then(|end| end.get(..name.len())).unwrap_or_default();
        if all.start() + 1 == name.start()
            && all.as_bytes().starts_with(b"<")
            && !end.eq_ignore_ascii_case(name.as_bytes())
        {
            continue;
        }
        look(&captures, false, false);
    }
    for captures in called.captures_iter(text) {
        look(&captures, true, false);
    }
    for captures in reversed.captures_iter(text) {
        let mut groups = captures.iter().skip(1).flatten();
        let (Some(value), Some(name)) = (groups.next(), groups.last()) else { continue };
        let Some(class) = settings::class_of(&text_of(name.range())) else { continue };
        if settings::is_value(class, &text_of(value.range())) {
            found.push(Found { kind: class.kind(), range: value.range() });
        }
    }
    signs::in_braces(text, found);
    for captures in call.captures_iter(text) {
        let mut groups = captures.iter().skip(2).flatten();
        let (Some(name), Some(value)) = (groups.next(), groups.next()) else { continue };
        let Some(class) = settings::class_of(&text_of(name.range())) else { continue };
        let value_text = text_of(value.range());
        // `get("API_KEY", "…")` has a default; `["token", "text"]` lists columns.
        let name_of_call = captures.get(1).map(|call| text_of(call.range()).to_ascii_lowercase()).unwrap_or_default();
        let has_default = ["get", "env", "set", "default", "define", "param", "config"]
            .iter()
            .any(|word| name_of_call.contains(word));
        let is_secret = settings::is_value(class, &value_text) && value_text.len() >= 6;
        if is_secret
            && (has_default && class != Class::Token
                || settings::is_random(&value_text)
                || settings::is_drawn(class, &value_text))
        {
            found.push(Found { kind: class.kind(), range: value.range() });
        }
    }
}
