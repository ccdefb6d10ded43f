use super::*;

#[path = "../../tests/support/made.rs"]
mod made;
use made::{Maker, longest};

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
        // Any letters may be a password.
        ("POSTGRES_PASSWORD=", "mysecretpassword", ""),
        ("docker run -e POSTGRES_PASSWORD=", "mysecretpassword", " postgres"),
        ("DB_PASSWORD=", "Monkey123", "\nDB_HOST=db\n"),
        ("Server=s;User Id=sa;Password=", "MyPassword1", ";"),
        ("db.password=", "token123", "\n"),
        ("db:\n  password: ", "adminpass", "\n  port: 3\n"),
        ("[db]\npassword = ", "turkey", "\n"),
        ("[db]\npassword = ", "a&bx9;kQ2", "\n"),
        ("[db]\npassword = ", "hash#tag1", "\n"),
        ("RABBITMQ_DEFAULT_PASS=", "Kx79qZz1aB", ""),
        ("pass_phrase: ", "Kx79qZz1aB", ""),
        ("mnemonic: ", "legal winner thank year wave sausage worth useful legal winner thank yellow", "\n"),
        // Short keys, where the name says that it is one.
        ("x --client-secret ", "Sommer2024!", " --lr 1"),
        ("vllm serve m --api-key ", "token-abc123", " --port 1"),
        ("az:\n  client_secret: ", "Sommer2024!", "\n"),
        ("[az]\nclient_secret = ", "Sommer2024!", "\n"),
        ("servicePrincipalKey: ", "Kx79qZz1aB", ""),
        ("identitytoken: ", "Kx79qZz1aBKx79qZz1aB9", ""),
        // Settings of W&B.
        ("api_key:\n  desc: null\n  value: ", "a8F3kQ9zLm2X", "\n"),
        ("db_password:\n  value: ", "hunter2", "\n"),
        ("api_key:\n  values:\n  - ", "a8F3kQ9zLm2Xv7Tb", "\n"),
        // Colours of a terminal.
        ("\u{1b}[33mpassword\u{1b}[0m=\u{1b}[32m'", "Sommer2024!", "'\u{1b}[0m\n"),
        ("\u{9b}33mpassword\u{9b}0m=\u{1b}(B\u{9b}32m", "Sommer2024!", "\u{9b}0m\n"),
        ("Token: \u{1b}P1$r0m\u{1b}\\password=", "Sommer2024!", "\u{1b}[K\n"),
        // XML, SQL, Markdown.
        ("<property><name>fs.s3a.secret.key</name><value>", "a8F3kQ9zLm2Xv7Tb", "</value></property>"),
        ("<password><![CDATA[", "Sommer2024!", "]]></password>"),
        ("<db:password>", "Sommer2024!", "</db:password>"),
        ("<property value=\"", "a8F3kQ9zLm2Xv7Tb", "\" name=\"password\"/>"),
        ("CREATE USER ada WITH PASSWORD '", "Som!merWin", "';"),
        ("ALTER USER ada IDENTIFIED BY '", "Sommer2024!", "';"),
        ("api\\_key: ", "a8F3kQ9zLm2Xv7Tb", "\n"),
        ("    lr          api_key  seed\n0  0.1 ", "a8F3kQ9zLm2Xv7TbR5", "     3\n"),
        (
            "<tr>\n<th></th>\n<th>lr</th>\n<th>api_key</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<th>0</th>\n<td>1</td>\n<td>",
            "a8F3kQ9zLm2Xv7TbR5",
            "</td>\n</tr>",
        ),
        // Commands.
        ("wandb login --host=https://wandb.example.org ", "3f2a9c81d0b7e64412ab3f2a9c81d0b7e64412ac", ""),
        ("[\"wandb\", \"login\", \"", "3f2a9c81d0b7e64412ab3f2a9c81d0b7e64412ac", "\"]"),
        ("dvc remote modify --local origin secret_access_key ", "a8F3kQ9zLm2Xv7TbR5", ""),
        // Logins.
        ("mysql://ada@server:", "Kx79qZz1aB", "@server.mysql.example.org/x"),
        ("postgresql://ada:", "o'Neil99x", "@db.example.org/x"),
        ("ada:", "Kx79qZz1aB", "@tcp(db:3306)/runs"),
        ("sqlplus scott/", "Kx79qZz1aB", "@//db.example.org:1521/runs"),
        // Parts of `Authorization`.
        ("Authorization: AWS ada:", "a8F3kQ9zLm2Xv7TbR5sT", ""),
        ("Authorization: Digest username=\"ada\", realm=\"r\", response=\"", "a8F3kQ9zLm2Xv7TbR5sT", "\""),
        (
            "Authorization: AWS4-HMAC-SHA256 Credential=a/20261128, SignedHeaders=host, Signature=",
            "a8F3kQ9zLm2Xv7TbR5sT",
            "",
        ),
        ("https://b.example.org/k?X-Tos-Signature=", "a8F3kQ9zLm2Xv7TbR5sT", ""),
        ("https://b.example.org/k?__sign=", "a8F3kQ9zLm2Xv7TbR5sT", "&x=1"),
        ("curl -su ada:", "Kx79qZz1aB", " https://example.org"),
        ("curl -uada:", "Kx79qZz1aB", " https://example.org"),
        // All below `secrets`.
        ("python train.py +secrets.wandb=", "3f2a9c81d0b7e64412ab3f2a9c81d0b7e64412ac", " lr=1"),
        ("app.credentials.db: ", "a8F3kQ9zLm2Xv7TbR5sT", "\n"),
        (
            "--conf spark.hadoop.fs.azure.account.key.runs.dfs.core.windows.net=",
            "a8F3kQ9zLm2Xv7TbR5sTa8F3kQ9zLm2Xv7TbR5sT==",
            "",
        ),
        (
            "spark.conf.set(\"fs.azure.account.key.a.blob.core.windows.net\", \"",
            "a8F3kQ9zLm2Xv7TbR5sTa8F3kQ9zLm2Xv7TbR5sT==",
            "\")",
        ),
        ("https://conda.example.org/t/ab-11111111-1111-4111-8111-", "111111111111", "/main"),
        // Keys of other kinds.
        ("{'kty': 'EC', 'crv': 'P-256', 'd': '", "a8F3kQ9zLm2Xv7TbR5sT", "'}"),
        ("kty: EC\ncrv: P-256\nd: ", "a8F3kQ9zLm2Xv7TbR5sT", "\n"),
        ("{\"kty\": \"oct\", \"k\": \"", "a8F3kQ9zLm2Xv7TbR5sT", "\"}"),
    ] {
        let text = format!("{before}{secret}{after}");
        assert_eq!(redacted(&text, &scan(&text)).find(secret), None, "{text}");
        let whole = |one: &Found| text[one.range.clone()].contains(secret);
        assert!(scan(&text).iter().all(whole), "{text} {:?}", scan(&text));
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
        "connect(\n    password=db_password,\n    user=name\n)",
        "password = user_password\npassword = userPassword\nself.password = self.make_password(x)",
        "PASSWORD=$DB_PASSWORD\nPASSWORD=${X}\nDB_PASSWORD=DB_PASSWORD\nPASSWORD=cfg.db.password\nPASSWORD=get_password()",
        "PASSWORD=none\nPASSWORD=***\nPASSWORD=<password>\nPASSWORD=changeme",
        "secret_key = api_key_2\napi_key = config2.key\nsecret = b64decode(x)\naccess_key: layer.0.weight",
        "actions/checkout@v4 org/model@main a/b@host:8080/x",
        "\u{1b}[32mpassword\u{1b}[0m: \u{1b}[1m***\u{1b}[0m",
        "authorization: Please see the docs for more, a=1, b=2",
        "design=abcdefghijklmnop&sign=positive",
        "license_key: apache-2.0\nfrom secrets.tokens import secrets.token_hex as hex",
        "secrets.path=/run/secrets/wandb --secrets.mode=read-only-from-vault credentials.provider=environment",
        "curl -su $USER:$TOKEN https://example.org and curl -fsSLu: x",
        "cookies: RequestsCookieJar\nprivate_key: PKCS7PrivateKeyTypes\n_DHPrivateKey = DHPrivateKey",
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

/// Pickles, protocol buffers, `MessagePack` and CBOR have the length of a text before it, which may
/// be a letter.
#[test]
fn a_length_before_a_token_is_no_letter_of_it() {
    let (token, _) = Maker::new(6).make("gsk_{a52}");
    let length = [u8::try_from(token.len()).expect("short")];
    assert!(length[0].is_ascii_alphanumeric());
    for (before, after) in [
        (b"\x80\x04\x95\x4f\x00\x00\x00\x8c\x07api_key\x94\x8c".as_slice(), b"\x94s.".as_slice()),
        (b"\xa1\x61x\x78", b""),
        (b"\x0a", b"\x12\x03abc"),
        (b"\x81\xa1x\xd9", b"more"),
    ] {
        let bytes = [before, &length, token.as_bytes(), after].concat();
        assert_eq!(scan_file(&bytes).first().map(|one| one.kind), Some("groq-key"), "{bytes:?}");
    }
}

#[test]
fn other_private_keys() {
    let mut maker = Maker::new(8);
    let lines: Vec<String> = (0..8).map(|_| maker.make("{h32}").0).collect();
    let name = "OpenVPN Static key V1";
    let openvpn = format!("-----BEGIN {name}-----\n{}\n-----END {name}-----", lines.join("\n"));
    let name = ["RSA", "PRIVATE", "KEY"].join("+");
    let sent = format!("key=-----BEGIN+{name}-----%0D%0A{}%0D%0A-----END+{name}-----", lines.join("%0D%0A"));
    let age = maker.make("AGE-SECRET-KEY-1{U58}").0.to_lowercase();
    for (text, secrets) in [(openvpn, lines.as_slice()), (sent, &lines), (age.clone(), std::slice::from_ref(&age))] {
        let clean = redacted(&text, &scan(&text));
        assert!(secrets.iter().all(|secret| !clean.contains(secret.as_str())), "{clean}");
    }
}

/// How programs, files and people say a name and its value. `NAME` and `VALUE` stand for them.
const SHAPES: &[&str] = &[
    // Assignments.
    "NAME=VALUE",
    "NAME = \"VALUE\"",
    "NAME: VALUE",
    "NAME: str = 'VALUE'",
    "let NAME: &str = \"VALUE\";",
    "NAME := \"VALUE\"",
    "NAME => 'VALUE'",
    "NAME: &anchor VALUE",
    "NAME: !!str VALUE",
    "NAME (str): VALUE",
    "{\"NAME\": \"VALUE\"}",
    "{'NAME': 'VALUE', 'lr': 0.1}",
    "Config(host='db', NAME='VALUE', seed=1)",
    "os.environ[\"NAME\"] = \"VALUE\"",
    "**NAME:** VALUE",
    "<NAME>VALUE</NAME>",
    "<key>NAME</key><string>VALUE</string>",
    "- name: NAME\n  value: VALUE",
    "- value: VALUE\n  name: NAME",
    "{\"value\": \"VALUE\", \"name\": \"NAME\"}",
    // Commands.
    "python train.py --NAME VALUE --lr 1",
    "python train.py --NAME=VALUE",
    "['--NAME', 'VALUE']",
    "[python, train.py, --NAME, VALUE]",
    "command:\n- python\n- --NAME\n- VALUE\n- --lr",
    "export NAME=VALUE && python train.py",
    "ENV NAME VALUE",
    "set -gx NAME VALUE",
    "setx NAME VALUE",
    "tool config set NAME VALUE",
    "#define NAME \"VALUE\"",
    // Defaults.
    "parser.add_argument(\"--NAME\", type=str, default=\"VALUE\", help=\"the name (see docs)\")",
    "parser.add_argument(\n    '--NAME',\n    default='VALUE',\n)",
    "@click.option('--NAME', envvar='X', default='VALUE')",
    "NAME: str = typer.Option(\"VALUE\", help=\"one\")",
    "NAME: str = Field(\"VALUE\", env=\"X\")",
    "NAME: str = Field(default=\"VALUE\", description=\"one of them\")",
    "NAME: SecretStr = SecretStr(\"VALUE\")",
    "NAME: str = field(default=\"VALUE\")",
    "flags.DEFINE_string(\"NAME\", \"VALUE\", \"help\")",
    "NAME = os.getenv(\"X\") or \"VALUE\"",
    "NAME = os.getenv(\"NAME\", \"VALUE\")",
    "NAME = x if x else \"VALUE\"",
    "NAME = process.env.X || 'VALUE';",
    "NAME=\"${X:-VALUE}\"",
    ": \"${NAME:=VALUE}\"",
    "NAME: ${oc.env:X,VALUE}",
    "variable \"NAME\" {\n  type = string\n  default = \"VALUE\"\n}",
    "NAME: \"{{ lookup('env', 'X') | default('VALUE') }}\"",
    "NAME = (\n    \"VALUE\"\n)",
    "NAME = \\\n    \"VALUE\"",
    // Lists, and lines below.
    "NAME:\n  VALUE",
    "NAME:\n  - VALUE\n  - x",
    "NAME: [VALUE, x]",
    "{\"NAME\": [\"VALUE\"]}",
    "{\"NAME\":\n  \"VALUE\"}",
    "NAME = \"\"\"\nVALUE\"\"\"",
    "## NAME\nVALUE",
    "[('NAME', 'VALUE'), ('lr', 1)]",
    // Tables.
    "| name | value |\n|---|---|\n| NAME | VALUE |",
    "┃ Name ┃ Value ┃\n│ lr   │ 0.1   │\n│ NAME │ VALUE │",
    "lr      0.1\nNAME  VALUE",
    "NAME ............. VALUE",
    "lr,NAME\n0.1,VALUE\n0.2,x",
    "lr\tNAME\n0.1\tVALUE",
    "lr;NAME;seed\n0,1;VALUE;3",
    "| lr | NAME |\n|----|------|\n| 1 | VALUE |",
    "<tr><td>NAME</td><td>VALUE</td></tr>",
    "<tr><th>lr</th><th>NAME</th></tr><tr><td>1</td><td>VALUE</td></tr>",
    "<span class=\"n\">NAME</span> <span class=\"o\">=</span> <span class=\"s2\">\"VALUE\"</span>",
];

type PutOn = fn(&str) -> String;

/// A text as other texts hold it.
const DRESSES: &[(&str, PutOn)] = &[
    ("plain", |text| text.to_owned()),
    ("in JSON", |text| serde_json::json!({ "x": text }).to_string()),
    ("in JSON in JSON", |text| serde_json::json!({ "x": serde_json::json!([text]).to_string() }).to_string()),
    ("in a notebook", |text| {
        let lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
        serde_json::to_string_pretty(&serde_json::json!({"cells": [{"cell_type": "code", "source": lines}]}))
            .expect("JSON")
    }),
    ("in HTML", |text| {
        format!(
            "<pre>{}</pre>",
            text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
        )
    }),
    ("in an address", |text| {
        let escape = |byte: u8| {
            if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        };
        format!("next={}", text.bytes().map(escape).collect::<String>())
    }),
    ("with letters as numbers", |text| text.replace('"', "\\u0022").replace('\'', "\\x27")),
];

#[test]
fn every_shape_of_a_setting_under_every_name_in_every_dress() {
    let keys = ["api_key", "WANDB_API_KEY", "client_secret", "openai_key", "github-token"];
    let passwords = ["password", "DB_PASSWORD", "smtp_pass", "passwort", "mot_de_passe", "contrase\u{f1}a"];
    let key_values = ["{h40}", "{a32}", "{h8}-{h4}-{h4}-{h4}-{h12}"];
    let password_values = ["{a20}", "Winter{d4}!", "{h32}"];
    let (mut missed, mut made) = (Vec::new(), 0);
    let mut maker = Maker::new(11);
    for (shape, (dress, put_on)) in SHAPES.iter().flat_map(|shape| DRESSES.iter().map(move |dress| (shape, dress))) {
        // Lines in the query of an address are rare, and the first begins with its name.
        if *dress == "in an address" && shape.contains('\n') {
            continue;
        }
        let keys = keys.iter().map(|name| (name, key_values.as_slice()));
        for (name, values) in keys.chain(passwords.iter().map(|name| (name, password_values.as_slice()))) {
            let template = values[made % values.len()];
            made += 1;
            let (value, _) = maker.make(template);
            let text = put_on(&shape.replace("NAME", name).replace("VALUE", &value));
            let clean = redacted(&text, &scan(&text));
            // The sign at the end may be written as a number.
            if clean.contains(value.trim_end_matches('!')) {
                missed.push(format!("{dress}, {name}, {template}: {text}"));
            }
            let again = scan(&clean);
            assert!(again.is_empty(), "{clean} {again:?}");
        }
    }
    // Of what is drawn, a few look like words.
    assert!(
        missed.len() * 200 <= made,
        "{} of {made} missed: {:#?}",
        missed.len(),
        missed.iter().take(40).collect::<Vec<_>>()
    );
}

#[test]
fn no_shape_makes_a_secret_of_what_is_none() {
    let mut maker = Maker::new(12);
    let mut alarms = Vec::new();
    // `SecretStr` is itself a telling name.
    let shapes = SHAPES.iter().filter(|shape| !shape.contains("Secret"));
    for (shape, (dress, put_on)) in shapes.flat_map(|shape| DRESSES.iter().map(move |dress| (shape, dress))) {
        let innocent =
            ["commit", "sha256", "run_id", "tokenizer", "metric_key", "max_tokens", "pad_token_id", "revision"];
        let named = innocent.iter().map(|name| (*name, maker.make("{h40}").0));
        let telling = [
            ("api_key", "None"),
            ("api_key", "${API_KEY}"),
            ("password", "<password>"),
            ("password", "********"),
            ("token", "<pad>"),
            ("client_secret", "null"),
            ("api_key", "EMPTY"),
            ("password", "[secret removed: password]"),
            ("api_key", "your_api_key"),
            ("token", "[MASK]"),
            ("api_key", "OPENAI_API_KEY"),
        ];
        for (name, value) in named.chain(telling.map(|(name, value)| (name, value.to_owned()))).collect::<Vec<_>>() {
            let text = put_on(&shape.replace("NAME", name).replace("VALUE", &value));
            let found = scan(&text);
            if !found.is_empty() {
                let what: Vec<_> = found.iter().map(|one| (one.kind, &text[one.range.clone()])).collect();
                alarms.push(format!("{dress}: {text} {what:?}"));
            }
        }
    }
    assert!(alarms.is_empty(), "{} alarms: {:#?}", alarms.len(), alarms.iter().take(40).collect::<Vec<_>>());
}

/// Logins without a scheme that tells, keys alone, and what only looks like one.
#[test]
fn logins_in_addresses() {
    let mut maker = Maker::new(13);
    for seed in 0..10 {
        let key = maker.make(if seed % 2 == 0 { "{h40}" } else { "{a24}" }).0;
        for shape in [
            "https://KEY:@api.example.org/v1",
            "https://KEY@git.example.org/a/b.git",
            "ada:KEY@db.example.org:5432/runs",
            "//ada:KEY@db.example.org/runs",
            "postgresql%3A%2F%2Fada%3AKEY%40db%2Fruns",
            "https%3A%2F%2Fada%3AKEY%40db",
            "ada:KEY@db",
            "git+https://KEY:x-oauth-basic@git.example.org/a",
            "https://api.telegram.org/bot8446348966:AAKEY",
            "https://conda.anaconda.org/t/KEY/private",
        ] {
            let key = if shape.contains(":AA") { maker.make("{a33}").0 } else { key.clone() };
            for text in [shape.to_owned(), format!("cloned {shape} ok"), format!("{{\"x\": \"{shape}\"}}")] {
                let text = text.replace("KEY", &key);
                let clean = redacted(&text, &scan(&text));
                assert!(!clean.contains(&key), "{clean}");
            }
        }
    }
    for text in [
        "mailto:ada99@example.org",
        "email:ada1@example.org",
        "npm:react@18.2.0",
        "image:v1.2@sha256:3f2a9c81d0b7e644",
        "at 10:30@room5 and 12:00@x",
        "git@github.com:org/repo.git",
        "//www.example.org/x@2",
        "user@host:22",
        "https://example.org:8080/a@b1",
        "see docs: a1b2@example.org",
    ] {
        assert_eq!(scan(text), [], "{text}");
    }
}

/// A value under a telling name is not a path because it begins like one, a login is one wherever it
/// stands, and the quotes and letters of a name may be written in any way.
#[test]
fn settings_however_they_are_written() {
    let secret = "Kd83hTqLw0Zx5Rb2Vn9YpMj6";
    let mut wrong = Vec::new();
    for text in [
        // Slashes.
        "password=/VALUE",
        "AWS_SECRET_ACCESS_KEY=/VALUEQz81wKc0+Lm4xPd",
        "{\"db\": {\"password\": \"./VALUE\"}}",
        "DB_PASSWORD=//VALUE",
        "api_key = \"/VALUE/Lm4xPd\"",
        // Logins.
        "db/svc:VALUE@db1.example.net:5432",
        "url:svc:VALUE@db1.example.net:5432",
        "a|svc:VALUE@db1.example.net:5432|b",
        "`svc:VALUE@db_1:5432`",
        "https:/svc:VALUE@h/x",
        "svc:VALUE@[::1]:5432",
        // What an expression falls back on.
        "k = os.getenv(\"API_KEY\") or \"VALUE\"",
        "connect(os.getenv('DB_PASSWORD') or 'VALUE')",
        "return os.environ.get(\"API_KEY\") or \"VALUE\"",
        "const k = process.env.API_KEY || \"VALUE\"",
        "const k = process.env.API_KEY ?? 'VALUE'",
        "let k = env::var(\"API_KEY\").unwrap_or(\"VALUE\".into());",
        "val k = System.getenv(\"API_KEY\") ?: \"VALUE\"",
        "k = ENV['API_KEY'] || 'VALUE'",
        // Letters as numbers.
        "{\"\\u043f\\u0430\\u0440\\u043e\\u043b\\u044c\": \"VALUE\"}",
        "{\"contrase\\u00f1a\": \"VALUE\"}",
        "{\"p\\u0061ssword\": \"VALUE\"}",
        "{\"&#112;assword\": \"VALUE\"}",
        "{\"x\": \"{\\\"p\\\\u0061ssword\\\": \\\"VALUE\\\"}\"}",
        // Quotes that are doubled.
        "cfg: '{''host'': ''db'', ''password'': ''VALUE''}'",
        "id,conf\n1,\"{\"\"password\"\": \"\"VALUE\"\"}\"\n",
        "1,\"\"\"password\"\": \"\"VALUE\"\"\"\n",
        "INSERT INTO c SELECT ('{\"a\": 1}', 'password=''VALUE''');",
        // Lines of a literal.
        "x = 'Password:\\nVALUE\\n'\n",
        "x = '| name | password |\\n| --- | --- |\\n| x | VALUE |\\n'\n",
        "x = \"- --api-key\\n- VALUE\\n\"\n",
        // Other names.
        "rclone_pass: VALUE",
        "vpn_pass=VALUE",
        "userpwd = 'VALUE'",
        "authkey=VALUE",
        "client_key: VALUE",
        "sas=VALUE",
        "openssl rsa -passin pass:VALUE",
        "[{\"key\": \"API_KEY\", \"val\": \"VALUE\"}]",
        "{\"k\": \"API_KEY\", \"v\": \"VALUE\"}",
    ] {
        let text = text.replace("VALUE", secret);
        let clean = redacted(&text, &scan(&text));
        if clean.contains(secret) || !scan(&clean).is_empty() {
            wrong.push(clean);
        }
    }
    for text in [
        "PWD=/workspace\nOLDPWD=/gpfs/project/run7\npassword: /run/secrets/db_password",
        "forward_pass: conv2d_1\nnum_pass=abc123",
        "if args.api_key or \"live-1\" in mode:",
        "print(\"password:\\n\"); x = \"abc123def\"",
        "a = \"\", password = \"\", b = \"x1y2z3\"",
        "x = '' if password else 'plain1'",
        "def f():\n    \"\"\"password\"\"\"\n    return ''\n",
        "registry/app:v1.2@main and pkg:npm/react@18.2.0 and 10:30@room",
        "{\"name\": \"password_file\", \"val\": \"a1b2c3d4\"}",
    ] {
        if !scan(text).is_empty() {
            wrong.push(redacted(text, &scan(text)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn places_are_told_without_secrets() {
    let secret = "Kd83hTqLw0Zx5Rb2Vn9YpMj6";
    for place in [format!("api_key={secret}/notes.txt"), format!("cb#access_token={secret}&x/.env")] {
        let mut scrubber = crate::scrub::Scrubber::default();
        scrubber.file(SECRET_FILE, &place);
        scrubber.text(&place, "password=hunter2");
        let told: Vec<String> = scrubber.findings().iter().map(ToString::to_string).collect();
        assert!(!told.is_empty() && !told.concat().contains(secret), "{told:?}");
        let allowed: Vec<String> = scrubber.found().map(|(place, _, _)| place.to_owned()).collect();
        let mut scrubber = crate::scrub::Scrubber::new(&allowed);
        assert_eq!(scrubber.text(&place, "password=hunter2"), "password=hunter2");
    }
}

/// In files of values, a name has its value behind it with nothing but its length between them.
#[test]
fn values_stand_behind_names_in_files_that_are_no_text() {
    let secret = b"Kd83hTqLw0Zx5Rb2Vn9YpMj6".as_slice();
    let holds = |parts: &[&[u8]]| !scan_file(&parts.concat()).is_empty();
    for before in [
        b"\x80\x02}q\0X\x08\0\0\0passwordq\x01X\x18\0\0\0".as_slice(),
        b"\x80\x04\x95\x2b\0\0\0\0\0\0\0}\x94\x8c\x08password\x94\x8c\x18",
        b"\x80\x04\x95\x2b\0\0\0\0\0\0\0}\x94\x8c\x07api_key\x94\x8c\x18",
        b"\x81\xa8password\xb8",
        b"\xa1\x68password\x78\x18",
        b"\x0a\x24\x0a\x08password\x12\x18",
    ] {
        assert!(holds(&[before, secret, b"\x94s."]), "{before:?}");
        assert!(!holds(&[before, b"a text of no secrecy 123", b"\x94s."]), "{before:?}");
    }
    assert!(holds(&[b"(dp0\nVpassword\np1\nV", secret, b"\np2\ns."]));
    assert!(holds(&[b"(lp0\nV", Maker::new(3).make("hf_{a34}").0.as_bytes(), b"\np1\na."]));
    assert!(!holds(&[b"(dp0\nVpassword\np1\nI7\nsVlr\np2\nF0.1\ns."]));
}

#[test]
fn bytes_drawn_at_random_hold_no_secret() {
    // What a compressed archive is to whoever reads it for words.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut draw = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    for _ in 0..4 {
        let bytes: Vec<u8> = (0..1 << 16).flat_map(|_| draw()).collect();
        assert_eq!(scan_file(&bytes), []);
    }
}

/// Tokens stand in names too, and what is quoted within a header or a list goes with it.
#[test]
fn tokens_are_found_within_names_and_values_whole() {
    let mut maker = Maker::new(11);
    for sample in ["hf_{a34}", "ghp_{a36}", "AKIA{U16}", "glpat-{a20}", "dapi{h32}"] {
        let (token, drawn) = maker.make(sample);
        for text in [format!("run_{token}"), format!("/tmp/model_{token}.txt"), format!("lr=0.1_{token}_v2")] {
            let clean = redacted(&text, &scan(&text));
            assert!(!clean.contains(longest(&drawn)) && clean.contains("_["), "{text} {clean}");
        }
    }
    for sample in [
        "Cookie: a=1; session=\"{h32}\"",
        "SET PASSWORD FOR 'x'@'h' = PASSWORD('{a12}')",
        "CREATE ROLE x IDENTIFIED BY \"{a12}\"",
    ] {
        let (text, drawn) = maker.make(sample);
        let clean = redacted(&text, &scan(&text));
        assert!(!clean.contains(longest(&drawn)), "{text} {clean}");
    }
    for text in ["the run identified by \"abc-123\" was best", "a key_value and run_id_hf_small"] {
        assert_eq!(scan(text), [], "{text}");
    }
}

/// The environment of a process is `NAME=value` between zeros, and pictures have comments between
/// bytes of any kind.
#[test]
fn texts_end_where_bytes_are_no_text() {
    let secret = b"x9KmP2vL7nQ4zBw8".as_slice();
    for (before, after) in [
        (b"LANG=C\0DB_PASSWORD=".as_slice(), b"\0SHELL=/bin/sh\0".as_slice()),
        (b"A=1\0\0API_KEY=", b"\0"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\x25tEXtComment\0DB_PASSWORD=", b"\xa3\x91\x02\xff\0\0\0\0IEND"),
        (b"GIF89a\x01\0\x01\0\0\0\0\x21\xfe\x1cDB_PASSWORD=", b"\0\x3b"),
        (b"\xff\xd8\xff\xfe\0\x1eDB_PASSWORD=", b"\xff\xd9"),
    ] {
        let bytes = [before, secret, after].concat();
        let found = scan_file(&bytes);
        let is_found = found.iter().any(|one| one.range == (before.len()..before.len() + secret.len()));
        assert!(is_found, "{:?}: {found:?}", String::from_utf8_lossy(&bytes));
    }
}

/// Forms that a red team found to survive, some of them only now and then.
#[test]
fn keys_drawn_at_random_are_found_whatever_letters_they_have() {
    for text in [
        "AZURE_DEVOPS_TOKEN=qwb5pdkhx6pygpan2rlykei4iiaannkksumnlmytbx2kjqevtave",
        "AZURE_DEVOPS_TOKEN=iif6pf3prd7pdmsxge2uyasib4jbd3rgyiuetkiq7uscebbhdiw3",
        "token: 7dnpbgsjulvktolnhc6etz7krhiqhry8",
        "API_KEY: YOMmxaQY4q9hAqry",
        "API_KEY: FFRJrfuITmskUIw1",
        "client_secret = kDAqvq2RPtqj",
        "client_secret = Ztrq6Lqmb8Oa",
        "db.example.org:5432:mlflow:ml:zebra-77-Moon",
        "*:*:*:ml:zebra-77-Moon",
    ] {
        let found = scan(text);
        let value = text.rsplit([' ', '=', ':']).next().expect("a value");
        assert!(found.len() == 1 && text.get(found[0].range.clone()) == Some(value), "{text}: {found:?}");
    }
    for text in [
        "train.py:5012:INFO:root:epoch-10-done",
        "train.py:123:WARNING:trainer.loop:loss is 0.5",
        "cookie_class: RequestsCookieJar",
        "private_key: PKCS7PrivateKeyTypes",
        "token: resnet50imagenet21kpretrainedbackbone",
        "auth_token: wikitext103rawv1tokenized",
        "tokenizer: bert2bertforconditionalgeneration4kcontext",
    ] {
        assert_eq!(scan(text), [], "{text}");
    }
}
