use super::*;

/// Secrets by the templates of the table, from a seed: none of them was ever anybody's.
pub(crate) struct Maker(u64);

impl Maker {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        // xorshift64*, which is random enough to look so.
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap_or_default() % limit
    }

    /// The template with its parts filled in, and the parts alone.
    pub(crate) fn make(&mut self, template: &str) -> (String, Vec<String>) {
        let (mut text, mut drawn, mut rest) = (String::new(), Vec::new(), template);
        while let Some(open) = rest.find('{') {
            let (before, after) = rest.split_at(open);
            text += before;
            let inner = after.get(1..).unwrap_or_default();
            let close = inner.find('}').unwrap_or(inner.len());
            let part = inner.get(..close).unwrap_or_default();
            let (kind, count) = part.split_at_checked(1).unwrap_or_default();
            let (Some(alphabet), Ok(count)) = (alphabet(kind), count.parse::<usize>()) else {
                text.push('{');
                rest = inner;
                continue;
            };
            let letters: Vec<char> = alphabet.chars().collect();
            let made: String =
                (0..count).map(|_| letters.get(self.below(letters.len())).copied().unwrap_or('0')).collect();
            text += &made;
            drawn.push(made);
            rest = inner.get(close + 1..).unwrap_or_default();
        }
        (text + rest, drawn)
    }
}

fn alphabet(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "a" => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
        "h" => "0123456789abcdef",
        "U" => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
        "l" => "abcdefghijklmnopqrstuvwxyz0123456789",
        "b" => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
        "d" => "0123456789",
        _ => return None,
    })
}

/// The longest part that was drawn: what must not survive.
fn longest(drawn: &[String]) -> &str {
    drawn.iter().max_by_key(|part| part.len()).map_or("", String::as_str)
}

#[test]
fn every_rule_finds_its_own_kind_and_what_is_left_is_clean() {
    let mut missed = Vec::new();
    for rule in RULES {
        for seed in 0..20 {
            let mut maker = Maker::new(seed * 7919 + 1);
            let (text, drawn) = maker.make(rule.sample);
            for around in
                [text.clone(), format!("before {text} after"), format!("x = \"{text}\"\n"), format!("ä€ {text}\nü")]
            {
                // In quotes some forms are others.
                if around.starts_with("x =") && rule.sample.contains(['"', '\n', ' ']) {
                    continue;
                }
                let found = scan(&around);
                let clean = redacted(&around, &found);
                if clean.contains(longest(&drawn)) || !found.iter().any(|one| one.kind == rule.name) {
                    missed.push(format!("{}: {around:?} -> {clean:?}", rule.name));
                }
                let again = scan(&clean);
                assert!(again.is_empty(), "{}: {clean:?} {again:?}", rule.name);
            }
        }
    }
    let shown: Vec<&String> = missed.iter().take(20).collect();
    assert!(missed.is_empty(), "{} missed: {shown:#?}", missed.len());
}

#[test]
fn private_keys_in_any_dress() {
    let mut maker = Maker::new(3);
    let lines: Vec<String> = (0..4).map(|_| maker.make("{b64}").0).collect();
    let tail = format!("{}=", maker.make("{b11}").0);
    for kind in ["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED ", "DSA "] {
        let (begin, end) = (
            format!("{}BEGIN {kind}PRIVATE KEY{}", "-----", "-----"),
            format!("{}END {kind}PRIVATE KEY{}", "-----", "-----"),
        );
        for joint in ["\n", "\r\n", "\\n", "\n+", "\n> ", "\\n\" \\\n  \"", "\n2026-11-28 10:00:00 INFO "] {
            let whole = [vec![begin.clone()], lines.clone(), vec![tail.clone(), end.clone()]].concat().join(joint);
            let cut = [vec![begin.clone()], lines.clone(), vec![tail.clone()]].concat().join(joint);
            for text in [whole, cut] {
                let text = format!("see {text} and more");
                let clean = redacted(&text, &scan(&text));
                assert!(lines.iter().all(|line| !clean.contains(line.as_str())), "{joint:?} {clean}");
                assert!(
                    clean.starts_with("see [secret removed: private-key]") && clean.ends_with(" and more"),
                    "{joint:?} {clean}"
                );
            }
        }
        let named = format!("if text.startswith(\"{begin}\") and \"{end}\" in text: raise ValueError");
        assert_eq!(scan(&named), [], "{named}");
        let public = [vec![begin.replace("PRIVATE", "PUBLIC")], lines.clone(), vec![end.replace("PRIVATE", "PUBLIC")]]
            .concat()
            .join("\n");
        assert_eq!(scan(&public), [], "{public}");
    }
}

#[test]
fn settings_in_text() {
    for (before, secret, after) in [
        ("password = ", "hunter2", "\n"),
        ("PASSWORD=", "hunter2", " python train.py"),
        ("python train.py --password ", "hunter2", " --epochs 3"),
        ("python train.py --api-key=", "a8F3kQ9zLm2X", ""),
        ("{\"db\": {\"password\": \"", "correct horse", "\"}}"),
        ("{\\\"password\\\": \\\"", "hunter2", "\\\"}"),
        ("{'api_key': '", "abcdef", "'}"),
        ("api_key: str = \"", "abcdef", "\""),
        ("os.environ[\"WANDB_API_KEY\"] = \"", "abc123abc", "\""),
        ("os.environ.get('DB_PASSWORD', '", "hunter2", "')"),
        ("Server=db;Uid=sa;Pwd=", "hunter2", ";Encrypt=yes"),
        ("jdbc:postgresql://db/x?user=ada&password=", "hunter2", "&ssl=true"),
        ("<password>", "hunter2", "</password>"),
        ("- name: API_KEY\n  value: \"", "abcdef12", "\""),
        ("password: |\n  ", "hunter2", "\n"),
        ("['--password', '", "hunter2", "']"),
        ("if password == '", "hunter2", "':"),
        ("client_secret = '", "s3cr3t-value", "'"),
        ("+wandb.api_key=", "a8F3kQ9zLm2X", " model=big"),
        ("aws_secret_access_key = ", "wJalrXUtnFEMIK7MDENGbPxRfiCYzzzzzzz/KEY1", "\n"),
        ("//registry.npmjs.org/:_authToken=", "8f3e2a1b9c7d4e5f", "\n"),
    ] {
        let text = format!("{before}{secret}{after}");
        assert_eq!(redacted(&text, &scan(&text)).find(secret), None, "{text}");
        assert!(scan(&text).iter().all(|one| text[one.range.clone()].contains(secret)), "{text} {:?}", scan(&text));
    }
}

#[test]
fn what_is_no_secret_stays() {
    for text in [
        "tokenizer = AutoTokenizer.from_pretrained(name, token=token, use_auth_token=True)",
        "max_tokens: 512, pad_token: \"<pad>\", eos_token_id: 50256, token_type_ids: [0, 0]",
        "password = getpass.getpass()\napi_key = os.environ[\"OPENAI_API_KEY\"]",
        "self.token = token\nself.password = password\nself.api_key = config.api_key",
        "parser.add_argument(\"--token\", type=str, default=None, help=\"the token\")",
        "--password PASSWORD  the password (required)",
        "def login(user: str, password: str = None) -> Token:",
        "key = 'metrics/loss'; keys = ['a', 'b']; monkey: banana",
        "git commit 3f2a9c81d0b7e64412ab3f2a9c81d0b7e64412ab",
        "wandb: Run data is saved locally in wandb/run-20261128_101500-x1y2z3a4",
        "https://user@example.org/x and git@github.com:org/repo.git and http://host:8080/a@b",
        "docker://ghcr.io/org/image:tag@sha256:3f2a9c81d0b7e64412ab3f2a9c81d0b7e64412ab3f2a9c81d0b7e64412ab1234",
        "the secret: work hard. The token: a unit of text. password: see the vault",
        "sk-learn-contrib-something-interesting and task-oriented-dialogue-systems-2024",
        "tokens_per_second=1234.5 num_key_value_heads=8 attn.key.weight authors: Ada Lovelace",
        "\"access_token\": \"${ACCESS_TOKEN}\", password: \"***\", secret: <secret>",
        "basic training and bearer of good news; Basic understanding",
        "cos_sim_token: 0.123456789012, secret_santa: Rudolf",
        "blake3:3f2a9c81d0b7e64412ab3f2a9c81d0b7e64412ab3f2a9c81d0b7e64412ab1234",
        "unk_token='[UNK]', special_tokens={'additional': ['<|im_start|>']}",
        "[secret removed: password] password=[secret removed: password]",
    ] {
        let found = scan(text);
        assert!(
            found.is_empty(),
            "{text}: {:?}",
            found.iter().map(|one| (one.kind, &text[one.range.clone()])).collect::<Vec<_>>()
        );
    }
}

#[test]
fn wide_texts_are_read_too() {
    let (text, _) = Maker::new(5).make("HF_TOKEN=hf_{a34}");
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(scan_file(&wide).first().map(|one| one.kind), Some("hugging-face-token"));
}
