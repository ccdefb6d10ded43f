//! Finds secrets in texts: keys, tokens by their form, logins, passwords under telling names.
//!
//! Knows nothing of trackers, sections or bundles. Time is linear in the text (the `regex` crate promises it for each rule), and the same
//! text gives the same findings everywhere. What is found is a guess by form; docs/secrets.md says how good it is.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use memchr::memmem;
use regex::bytes::{Regex, RegexBuilder};

mod files;
mod lines;
mod names;
mod rules;
mod settings;
mod values;
mod views;

pub use files::is_secret_file;
pub use rules::{Check, RULES, Rule};
pub use settings::Class;
use settings::Setting;
pub use settings::holds_secrets;
pub(crate) use views::control_sequence;

/// A secret in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its kind: the name of a rule.
    pub kind: &'static str,
    /// Its bytes in the text; always whole characters.
    pub range: Range<usize>,
}

/// Kinds that no expression of [`RULES`] finds.
pub const OTHER_KINDS: &[&str] = &["password", "secret-setting", "token", "secret-file"];

/// The kind of a file that is a secret by its name.
pub const SECRET_FILE: &str = "secret-file";

/// Every kind, sorted: what `--allow-secrets` takes.
pub fn kinds() -> &'static [&'static str] {
    static KINDS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
        let mut kinds: Vec<&str> = RULES.iter().map(|rule| rule.name).chain(OTHER_KINDS.iter().copied()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    });
    &KINDS
}

/// How what stands in the place of a secret begins.
const MARKER: &str = "[secret removed: ";
/// What stands for each of its bytes where it is to be read as one word.
const SIGN: &str = "x";

/// What stands in the place of a secret.
pub fn marker(kind: &str) -> String {
    format!("{MARKER}{kind}]")
}

/// The text with signs in place of what stands for secrets: as long, in bytes, and of one word each. What a text says of people and places
/// can then be told across them.
pub(crate) fn markers_as_words(text: &str) -> Cow<'_, str> {
    let (mut all, mut rest) = (Cow::Borrowed(text), 0);
    while let Some(at) = text.get(rest..).and_then(|text| text.find(MARKER)).map(|at| rest + at) {
        rest = at + MARKER.len();
        let after = text.get(rest..).unwrap_or_default();
        // Only what this program writes is a marker; anything else may have a name in it.
        let is_kind = |kind: &&&str| after.strip_prefix(**kind).is_some_and(|after| after.starts_with(']'));
        if let Some(kind) = kinds().iter().find(is_kind) {
            rest += kind.len() + 1;
            all.to_mut().replace_range(at..rest, &SIGN.repeat(rest - at));
        }
    }
    all
}

/// Whether a word is what [`markers_as_words`] puts in the place of a marker, which is nobody's name.
pub(crate) fn is_marker_as_word(word: &str) -> bool {
    word.len() > MARKER.len() && word.split(SIGN).all(str::is_empty)
}

/// Finds the secrets of a text, in order; none overlap.
pub fn scan(text: &str) -> Vec<Found> {
    let mut found = scan_bytes(text.as_bytes());
    for one in &mut found {
        while !text.is_char_boundary(one.range.start) {
            one.range.start -= 1;
        }
        while !text.is_char_boundary(one.range.end) {
            one.range.end += 1;
        }
    }
    joined(found)
}

/// The kind of secret that a file of one word is by its name: `token` with a token in it.
pub fn file_of_one_word(path: &str, bytes: &[u8]) -> Option<&'static str> {
    const LONGEST: usize = 4096;
    let word = std::str::from_utf8(bytes.get(..bytes.len().min(LONGEST + 1))?).ok()?.trim();
    let is_word = !word.is_empty() && word.len() <= LONGEST && !word.contains(char::is_whitespace);
    files::class_of_file(path).filter(|_| is_word).and_then(|class| whole(class, word))
}

/// Finds the secrets in the bytes of a file. Texts of two bytes a character (UTF-16) are read too; then places are not exact. So are texts
/// before which their length stands.
pub fn scan_file(bytes: &[u8]) -> Vec<Found> {
    let wide = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) || {
        let zeros = bytes.iter().take(4096).filter(|byte| **byte == 0).count();
        zeros * 3 > bytes.len().min(4096)
    };
    let mut found = scan_bytes(bytes);
    if wide {
        let narrow: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != 0).collect();
        found.extend(scan_bytes(&narrow));
    }
    if let Some(apart) = without_lengths(bytes) {
        found.extend(scan_bytes(&apart));
    }
    joined(found)
}

/// The bytes of a file that is not text, with a zero for each byte that is a letter by chance and says how long the text behind it is, as in
/// pickles, protocol buffers, `MessagePack` and CBOR: `8gsk_…` is then no word. Nothing if there is none.
fn without_lengths(bytes: &[u8]) -> Option<Vec<u8>> {
    /// Shorter texts are words.
    const SHORTEST: usize = 16;
    /// A sign of the type may stand before the length; elsewhere it must end with the text.
    const BEFORE: usize = 3;
    let is_text = |byte: u8| (b' '..0x7f).contains(&byte);
    let is_of_text = |byte: &u8| is_text(*byte) || *byte >= 0x80 || b"\t\n\r\x0c\x1b".contains(byte);
    if bytes.iter().all(is_of_text) && std::str::from_utf8(bytes).is_ok() {
        return None;
    }
    let mut apart = None;
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let run = rest.iter().take_while(|byte| is_text(**byte)).count();
        for (before, length) in rest.iter().take(run).enumerate() {
            let end = before + 1 + usize::from(*length);
            if usize::from(*length) >= SHORTEST && (end == run || end < run && before < BEFORE) {
                let apart = apart.get_or_insert_with(|| bytes.to_vec());
                if let Some(byte) = apart.get_mut(at + before) {
                    *byte = 0;
                }
            }
        }
        at += run.max(1);
    }
    apart
}

/// Whether a value under a name is a secret as a whole, and of which kind: a member of an object, `--name value`.
pub fn setting(name: &str, value: &str) -> Option<&'static str> {
    let class = settings::class_of(name)?;
    whole(class, value)
}

/// What a name says of its value.
pub fn class_of(name: &str) -> Option<Class> {
    settings::class_of(name)
}

/// What names say of the value below: the name itself, or those around it where it says nothing of its own, or where everything below
/// them is secret.
pub fn class_below(around: Option<Class>, name: &str, all: bool) -> Option<Class> {
    let own = settings::class_of(name);
    own.or(around.filter(|_| all || settings::is_neutral(name)))
}

/// Whether a value that only stands near a name of that class looks like a secret.
pub fn looks_drawn(class: Class, value: &str) -> bool {
    settings::is_drawn(class, value)
}

/// Whether a value of that class is a secret, and of which kind.
pub fn whole(class: Class, value: &str) -> Option<&'static str> {
    if !settings::is_secret(class, value, Setting::Whole) {
        return None;
    }
    // A kind that the form tells says more.
    let by_form = scan(value).into_iter().find(|found| found.range.len() * 2 > value.len()).map(|found| found.kind);
    Some(by_form.unwrap_or(class.kind()))
}

/// The text with a marker in the place of each secret.
pub fn redacted(text: &str, found: &[Found]) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut end = 0;
    for one in found {
        clean += text.get(end..one.range.start).unwrap_or_default();
        clean += &marker(one.kind);
        end = one.range.end;
    }
    clean + text.get(end..).unwrap_or_default()
}

struct Compiled {
    /// Finds keywords, and says of which rules.
    keywords: AhoCorasick,
    rule_of_keyword: Vec<usize>,
    rules: Vec<LazyLock<Regex, Box<dyn FnOnce() -> Regex + Send>>>,
}

static COMPILED: LazyLock<Compiled> = LazyLock::new(|| {
    let pairs = RULES.iter().enumerate().flat_map(|(rule, one)| one.keywords.iter().map(move |word| (rule, *word)));
    let stems = STEMS.iter().map(|stem| (RULES.len(), *stem));
    let blocks = BLOCKS.iter().map(|word| (RULES.len() + 1, *word));
    let (rule_of_keyword, words): (Vec<usize>, Vec<&str>) = pairs.chain(stems).chain(blocks).unzip();
    let keywords = AhoCorasick::builder().ascii_case_insensitive(true).build(words).expect("a few hundred short words");
    let rules = RULES
        .iter()
        .map(|rule| {
            let compile: Box<dyn FnOnce() -> Regex + Send> = Box::new(|| compiled(rule.regex));
            LazyLock::new(compile)
        })
        .collect();
    Compiled { keywords, rule_of_keyword, rules }
});

fn compiled(expression: &str) -> Regex {
    // ASCII classes: the forms are ASCII, and `\b` then needs no table of Unicode.
    RegexBuilder::new(expression).unicode(false).build().expect("a test compiles every expression")
}

/// Parts of names that say "secret"; without any of them in a text no setting is looked for. [`NAME`] has the same.
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
    "kennwort",
    "zugangsdaten",
    "ssel",
    "clave",
    "llave",
    "chave",
    "contras",
    "mdp",
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

/// A name that may say "secret"; [`settings::class_of`] decides. Letters beyond ASCII are bytes here.
const NAME: &str = concat!(
    r"(?:[a-z0-9_.\-\x80-\xff]*",
    "(?:pass|pwd|pw|secret|token|key|cred|auth|cookie|jwt|bearer|mnemonic|otp|pat|psk|kennwort|zugangsdaten|ssel|clave|llave|chave|contras|mdp",
    "|mot_?de_?passe|senha|parola|parool|wachtwoord|senord|hasło|haslo|heslo|jelsz|lozinka|salasana|adgangskode|sifre|şifre|kata_sandi|cle_|clé_|_cle",
    "|ароль|ключ|密码|密碼|口令|密钥|パスワード|暗証番号|비밀번호)",
    r"[a-z0-9_\-\x80-\xff]*)"
);

/// What a private key begins with.
const BLOCKS: &[&str] = &["private key", "private+key", "putty-user-key-file", "static key"];

fn scan_bytes(text: &[u8]) -> Vec<Found> {
    joined(views::all(text, scan_layer))
}

/// Finds the secrets of a text as it stands, in no order.
fn scan_layer(text: &[u8]) -> Vec<Found> {
    let compiled = &*COMPILED;
    let mut wanted = [false; RULES.len() + 2];
    let mut left = wanted.len();
    for hit in compiled.keywords.find_overlapping_iter(text) {
        let rule = compiled.rule_of_keyword.get(hit.pattern().as_usize()).copied().unwrap_or_default();
        if let Some(wanted) = wanted.get_mut(rule)
            && !*wanted
        {
            *wanted = true;
            left -= 1;
            if left == 0 {
                break;
            }
        }
    }
    let mut found = Vec::new();
    let [rules @ .., has_settings, has_blocks] = &wanted;
    for ((rule, regex), _) in RULES.iter().zip(&compiled.rules).zip(rules).filter(|(_, wanted)| **wanted) {
        for captures in regex.captures_iter(text) {
            let Some(secret) = captures.iter().skip(1).flatten().next().or_else(|| captures.get(0)) else { continue };
            if holds(rule, text, secret.range()) {
                found.push(Found { kind: rule.name, range: secret.range() });
            }
        }
    }
    if *has_blocks {
        blocks(text, &mut found);
    }
    if *has_settings {
        in_text(text, &mut found);
        values::defaults(text, &mut found);
        lines::read(text, &mut found);
    }
    found
}

/// In order, and joined where they overlap: the one that begins first, or is the longer, names the kind.
fn joined(mut found: Vec<Found>) -> Vec<Found> {
    // Stable: of equal ones the first rule counts.
    found.sort_by_key(|one| (one.range.start, usize::MAX - one.range.end));
    let mut joined: Vec<Found> = Vec::with_capacity(found.len());
    for one in found {
        match joined.last_mut() {
            Some(last) if one.range.start < last.range.end => last.range.end = last.range.end.max(one.range.end),
            _ => joined.push(one),
        }
    }
    joined
}

fn holds(rule: &Rule, text: &[u8], range: Range<usize>) -> bool {
    let secret = String::from_utf8_lossy(text.get(range.clone()).unwrap_or_default());
    match rule.check {
        Check::Form => true,
        Check::Random => settings::is_random(&secret),
        Check::Value if rule.name == "url-login" => {
            let lower = secret.to_ascii_lowercase();
            let at = lower
                .find(':')
                .map(|at| at + 1)
                .or_else(|| lower.find("%3a").map(|at| at + 3))
                .or_else(|| lower.find('/').map(|at| at + 1));
            let password = at.and_then(|at| secret.get(at..)).unwrap_or_default();
            // `docker://image:tag@sha256:…` names an image, and `https://host:8080/a@b` has no login.
            let of_image = text.get(range.end + 1..).is_some_and(|rest| rest.starts_with(b"sha256:"));
            if password.is_empty() {
                // `https://KEY:@host`
                return settings::is_random(&secret);
            }
            let port = password.trim_start_matches(|c: char| c.is_ascii_digit());
            let of_port = port.len() < password.len() && port.starts_with(['/', '\'']);
            // `'http://a', 'b@c'`
            let of_list = ["',", "':"].iter().any(|end| password.contains(end));
            !settings::is_placeholder(password) && !of_image && !of_port && !of_list
        }
        Check::Value => !settings::is_placeholder(secret.trim()),
        Check::Login => {
            let (name, password) = secret.split_once(':').unwrap_or_default();
            let rest = text.get(range.end..).unwrap_or_default();
            let host = rest.get(1..).unwrap_or_default();
            let host_end = host.iter().position(|byte| !byte.is_ascii_alphanumeric() && !b"-.".contains(byte));
            // `ada:…@tcp(db:3306)/runs`
            let has_port = host_end.and_then(|end| host.get(end)).is_some_and(|byte| b":(".contains(byte));
            let has = |kind: fn(&u8) -> bool| password.bytes().any(|byte| kind(&byte));
            let is_mixed = has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic);
            // `mailto:ada1@example.org` names a person, `npm:react@18.2.0` and `image:tag@sha256:…` a program.
            let is_other =
                ["mailto", "mail", "email", "from", "to", "cc", "sip", "xmpp", "acct", "npm", "pypi", "file"]
                    .iter()
                    .any(|other| name.eq_ignore_ascii_case(other))
                    || host.starts_with(b"sha256:")
                    || host.first().is_some_and(u8::is_ascii_digit) && !has_port;
            !is_other
                && !settings::is_placeholder(password)
                && (settings::is_random(password) || is_mixed && (has_port || has(|byte| b"!$%^*+?#".contains(byte))))
        }
        Check::Basic => decoded(&secret).is_some_and(|login| {
            let colon = login.iter().position(|byte| *byte == b':');
            let name = colon.and_then(|at| login.get(..at)).unwrap_or_default();
            !name.is_empty() && name.iter().all(|byte| (0x21..0x7f).contains(byte))
        }),
        Check::Base64Pem => {
            decoded(&secret).is_some_and(|text| memmem::find(&text, b"PRIVATE KEY").is_some_and(|at| at < 64))
        }
    }
}

/// The bytes of a base64 text, as far as whole groups go.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let plain: Vec<u8> =
        text.bytes().filter(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(byte)).take(4096).collect();
    let whole = plain.get(..plain.len() - plain.len() % 4)?;
    let rest = plain.get(whole.len()..).unwrap_or_default();
    let mut bytes = base64::engine::general_purpose::STANDARD.decode(whole).ok()?;
    let lenient = base64::engine::GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        base64::engine::GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent),
    );
    bytes.extend(lenient.decode(rest).unwrap_or_default());
    Some(bytes)
}

/// The longest private key that is looked for, in bytes; RSA keys of 16,384 bits have 13 KB.
const BLOCK_BYTES: usize = 64 << 10;

/// Private keys as blocks: PEM, OpenSSH, PGP, SSH2 and `PuTTY`, also with `\n` written out, in quotes, or with something before each line.
fn blocks(text: &[u8], found: &mut Vec<Found>) {
    static BEGIN: LazyLock<Regex> = LazyLock::new(|| {
        // A form that is sent has `+` for a blank.
        compiled(
            r"(?i)-{4,5} ?BEGIN[ +](?:(?:[A-Z0-9]+[ +]){0,4}PRIVATE[ +]KEY(?:[ +]BLOCK)?|OpenVPN Static key V1) ?-{4,5}|PuTTY-User-Key-File-\d",
        )
    });
    static END: LazyLock<Regex> = LazyLock::new(|| {
        compiled(
            r"(?i)-{4,5} ?END[ +](?:(?:[A-Z0-9]+[ +]){0,4}PRIVATE[ +]KEY(?:[ +]BLOCK)?|OpenVPN Static key V1) ?-{4,5}|Private-MAC: ?[0-9a-f]*",
        )
    });
    let ends: Vec<Range<usize>> = END.find_iter(text).map(|end| end.range()).collect();
    let mut after = 0;
    for begin in BEGIN.find_iter(text) {
        if begin.start() < after {
            continue;
        }
        let next = ends.get(ends.partition_point(|end| end.start < begin.end())..).and_then(<[_]>::first);
        let end = next.filter(|end| end.start - begin.end() <= BLOCK_BYTES);
        let limit = end.map_or_else(|| text.len().min(begin.end() + BLOCK_BYTES), |end| end.start);
        let body = text.get(begin.end()..limit).unwrap_or_default();
        let Some(body_end) = key_material(body) else { continue };
        after = end.map_or(begin.end() + body_end, |end| end.end);
        found.push(Found { kind: "private-key", range: begin.start()..after });
    }
}

/// Where the base64 of a key ends, if there is any. A text that only names the first line of a key has none.
fn key_material(body: &[u8]) -> Option<usize> {
    /// Runs of fewer letters are words.
    const RUN: usize = 20;
    /// Headers of the block, such as `Proc-Type:`, and what stands before each line of a log.
    const GAP: usize = 400;
    let (mut last, mut short, mut at) = (None, None, 0);
    while at < body.len() {
        let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
        let run = body.get(at..).unwrap_or_default().iter().take_while(|byte| is_letter(byte)).count();
        let near = at - last.unwrap_or(0) <= if last.is_some() { 80 } else { GAP };
        if !near {
            break;
        }
        if run >= RUN {
            (last, short) = (Some(at + run), None);
        } else if run > 0
            && short.is_none()
            && last.is_some_and(|last| is_line_end(body.get(last..at).unwrap_or_default()))
        {
            // The last line of a key may be short.
            short = Some(at + run);
        }
        at += run.max(1);
    }
    short.or(last)
}

/// Whether that is what stands between two lines of a key: a line's end, as it is or written out, and quotes.
fn is_line_end(gap: &[u8]) -> bool {
    let ends = gap.contains(&b'\n') || memmem::find(gap, b"\\n").is_some();
    ends && gap.len() <= 16 && gap.iter().all(|byte| b"\r\n\\\"', +>|".contains(byte) || *byte == b'n' || *byte == b'r')
}

/// The expressions of settings: assigned, an argument, a call, a pair, an element, a pair the other way round, called.
fn expressions() -> &'static [Regex; 7] {
    static EXPRESSIONS: LazyLock<[Regex; 7]> = LazyLock::new(|| {
        let name = format!("({NAME})");
        let quoted = r#"[brfu]{0,2}(?:"{3}([^"]{1,1000})"|\\+"([^"\\\r\n]{1,1000})|"((?:[^"\\\r\n]|\\.){1,1000})|\\+'([^'\\\r\n]{1,1000})|'((?:[^'\\\r\n]|\\.){1,1000})|`([^`\r\n]{1,1000}))"#;
        let bare = r#"([^\s"'`,;<>(){}\[\]|&\\]{1,1000})"#;
        let value = format!("(?:{quoted}|{bare})");
        [
            // `name = value`, `"name": "value"`, `name: str = "value"`, `environ["NAME"] = "value"`, `**Name:** value`, `name: |` and a line.
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
                r#"(?i)["']?\b(?:name|key)["']?[ \t]*[:=][ \t]*["']?{name}["']?[ \t]*[, \r\n][, \t\r\n]*["']?(?:value|content)["']?[ \t]*[:=][ \t]*{value}"#
            )),
            // `<name>value</name>`, `ENV NAME value`, `configure set NAME value`, `#define NAME value`
            compiled(&format!(
                r"(?i)(?:<key>{name}</key>\s{{0,20}}<string>([^<>]{{1,1000}})</|<(?:[a-z][\w.\-]{{0,40}}:)?{name}(?:\s[^<>]{{0,200}})?>([^<>]{{1,1000}})</|(?:\b(?:ENV|setenv|setx|configure[ \t]+set|config[ \t]+set|remote[ \t]+modify(?:[ \t]+--?\w+){{0,3}}[ \t]+[\w.\-]+|set[ \t]+-\w{{1,3}})[ \t]+|\#[ \t]*define[ \t]+|\bset\([ \t]*){name}[ \t]+{value})"
            )),
            // `"value": "value", "name": "NAME"`, `value="value" name="NAME"`, `set_api_key("value")`
            compiled(&format!(
                r#"(?i)["' \t]value["']?[ \t]*[:=][ \t]*{value}["'\\]*[ \t]*[, \t][ \t]*["']?(?:name|key)["']?[ \t]*[:=][ \t]*["']{name}["']"#
            )),
            compiled(&format!(r#"(?i){name}\([ \t]*{quoted}["'`\\]{{1,4}}[ \t]*[,)]"#)),
        ]
    });
    &EXPRESSIONS
}

/// Settings in running text: assignments, arguments, members of JSON, YAML, TOML and XML, connection strings.
fn in_text(text: &[u8], found: &mut Vec<Found>) {
    let [assigned, argument, call, pair, element, reversed, called] = expressions();
    let text_of = |range: Range<usize>| String::from_utf8_lossy(text.get(range).unwrap_or_default());
    let mut look = |captures: &regex::bytes::Captures<'_>, needs_random: bool, is_argument: bool| {
        let mut groups = captures.iter().skip(1).flatten();
        let (Some(name), Some(value)) = (groups.next(), groups.next()) else { return };
        let Some(class) = settings::class_of(&text_of(name.range())) else { return };
        let mut value = value.range();
        let quote = value.start.checked_sub(1).and_then(|before| text.get(before)).copied();
        let is_quoted = quote.is_some_and(|quote| b"\"'`>".contains(&quote));
        if class == Class::Password && !is_quoted && begins_line(text, name.start()) {
            value.end += signs_after(text, value.end);
        }
        let value_text = text_of(value.clone());
        let line_end = value.end.saturating_add(200).min(text.len());
        let rest = text_of(value.end..line_end);
        let rest = rest.split(['\r', '\n']).next().unwrap_or_default();
        let tight = text.get(name.end()..value.start) == Some(b"=");
        let is_variable = tight && !name.as_bytes().iter().any(u8::is_ascii_lowercase);
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

/// Whether a name is the first word of its line, as in files of settings.
fn begins_line(text: &[u8], name: usize) -> bool {
    /// Longer indents are none, in bytes.
    const INDENT: usize = 64;
    let before = text.get(name.saturating_sub(INDENT)..name).unwrap_or_default();
    let line = before.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    line.trim_ascii().is_empty() || line.trim_ascii() == b"export"
}

/// How many bytes of a password follow that end a value elsewhere: `a&bx9;kQ2`, but `a&ssl=true`.
fn signs_after(text: &[u8], end: usize) -> usize {
    /// Longer ones are none, in bytes.
    const LONGEST: usize = 256;
    let rest = text.get(end..).unwrap_or_default().iter().take(LONGEST);
    let length = rest.take_while(|byte| byte.is_ascii_graphic() && !b"\"'`=<>(){}[]\\,".contains(byte)).count();
    let rest = text.get(end..end + length).unwrap_or_default();
    let is_whole = text.get(end + length).is_none_or(u8::is_ascii_whitespace);
    if is_whole && rest.first().is_some_and(|byte| b";&|".contains(byte)) && length > 1 { length } else { 0 }
}

#[cfg(test)]
mod tests;
