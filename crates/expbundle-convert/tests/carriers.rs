//! One setting, one name, one path: found in whatever carries it, and nothing of five letters of it
//! is left.

use camino::Utf8PathBuf;
use expbundle_convert::privacy::{Learned, Look, Private, look_into};
use expbundle_convert::scrub::Scrubber;
use expbundle_convert::secrets::scan_file;
use expbundle_convert::{Options, embed};
use serde_json::json;

use crate::support::made;
use crate::support::sources;

use made::Maker;

/// Whether five letters in a row of a secret are in a text.
fn is_left(text: &str, secret: &str) -> bool {
    let letters: Vec<char> = secret.chars().collect();
    letters.windows(5).any(|five| text.contains(&five.iter().collect::<String>()))
}

fn clean(text: &str) -> String {
    Scrubber::default().text("a place", text)
}

/// What is said of every sign of ASCII but quotes, brackets and the backslash, in every place where
/// no program is read.
#[test]
fn a_password_has_any_sign() {
    const SIGNS: &str = "!#$%&*+,-./:;<=>?@^_|~";
    let mut maker = Maker::new(41);
    let mut left = Vec::new();
    for context in [
        "DB_PASSWORD=VALUE",
        "export DB_PASSWORD=VALUE\nexport B=1",
        "%env DB_PASSWORD=VALUE",
        "set DB_PASSWORD=VALUE",
        "docker run -e DB_PASSWORD=VALUE image",
        "environment:\n  - POSTGRES_PASSWORD=VALUE\n",
        "[db]\npassword = VALUE\n",
        "db:\n  db_password: VALUE\n  port: 3\n",
        "Server=h;Password=VALUE;Encrypt=yes",
        "t.py --db-password=VALUE --lr 1",
        "INFO db_password=VALUE",
        "[\"t.py\", \"--db-password=VALUE\"]",
    ] {
        for sign in SIGNS.chars() {
            let (before, after) = (maker.make("Kq{a5}7").0, maker.make("9z{a6}").0);
            let password = format!("{before}{sign}{after}");
            let text = clean(&context.replace("VALUE", &password));
            if is_left(&text, &before) || is_left(&text, &after) {
                left.push(text);
            }
        }
    }
    // Some of what is drawn is a word, or a setting behind a sign.
    assert!(left.len() <= 4, "{left:#?}");
    for kept in
        ["https://h/x?password=Kq7xW2mP&ssl=true", "DB_PASSWORD=Kq7xW2mP && python t.py", "Pwd=Kq7xW2mP;Encrypt=yes"]
    {
        let text = clean(kept);
        assert!(["ssl=true", "python t.py", "Encrypt=yes"].iter().any(|rest| text.ends_with(rest)), "{text}");
    }
    for code in [
        "connect(host=h, password=pw,user=u)",
        "f(\n    password=pw,host\n)",
        "password = cfg.load(name)",
        "{password=pw,x}",
    ] {
        assert_eq!(clean(code), code);
    }
}

#[test]
fn a_value_is_taken_whole_whatever_its_length() {
    let mut maker = Maker::new(42);
    for shape in [
        "API_KEY=VALUE\n",
        "api_key: \"VALUE\"\n",
        "{\"api_key\": \"VALUE\"}",
        "<api_key>VALUE</api_key>",
        "t.py --api-key VALUE",
    ] {
        let secret: String = (0..30).map(|_| maker.make("7{a64}").0).collect();
        let text = clean(&shape.replace("VALUE", &secret));
        assert!(!is_left(&text, &secret), "{shape}: {} letters left", text.len());
    }
}

#[test]
fn what_masks_a_password_is_told_from_one() {
    for secret in ["Kq7xW2mP9z...", "!!Kq7xW2mP9z", "Kq7***xW2mP9z", "xxxxKq7mP9zR"] {
        assert_eq!(clean(&format!("password={secret}\n")), "password=[secret removed: password]\n", "{secret}");
        let mut member = json!({ "password": secret });
        Scrubber::default().value("x", &mut member);
        assert!(!is_left(&member.to_string(), secret), "{member}");
    }
    for mask in ["***", "...", "sk-...9zzR", "xxxxxxxx", "hf_xxxx", "<password>", "!!str", "your_password..."] {
        assert_eq!(clean(&format!("password={mask}\n")), format!("password={mask}\n"));
    }
    let odbc = clean("c = connect(\"DRIVER={ODBC Driver 18};SERVER=h;UID=sa;PWD={Kq7;x}}W2mP}\")\n");
    assert!(odbc.contains("PWD={[secret removed: password]}") && odbc.contains("DRIVER={ODBC"), "{odbc}");
    let template = "f\"DRIVER={d};UID={user};PWD={password}\"";
    assert_eq!(clean(template), template);
}

/// What a log, a patch or a quotation puts before lines.
#[test]
fn lines_are_read_without_what_stands_before_each() {
    const BEFORE: &[&str] = &[
        "+",
        " ",
        "> ",
        "# ",
        "// ",
        "INFO ",
        "2026-11-30 10:00:00,123 - x - INFO - ",
        "  12 | ",
        "* ",
        "$ ",
        ">>> ",
        "[0]<stdout>: ",
        "[rank0]: ",
        "0: ",
        "(Trainer pid=12) ",
        "\u{1b}[36m(Trainer pid=12)\u{1b}[0m ",
        "| ",
        "I1130 10:00:00.123 ",
        "[2026-11-30 10:00] ",
        "-- ",
        "; ",
        "stdout: ",
        "2026-11-30T10:00:00.000000Z stdout F ",
        "In [1]: ",
        "... ",
    ];
    let shapes =
        ["env:\n- name: API_KEY\n  value: \"VALUE\"", "api_key:\n  VALUE\nb: 1", "python t.py\n--api-key\nVALUE\n--lr"];
    let (mut maker, mut left) = (Maker::new(43), Vec::new());
    for (before, shape) in BEFORE.iter().flat_map(|before| shapes.iter().map(move |shape| (before, shape))) {
        let secret = maker.make("7{a22}9").0;
        let shape = shape.replace("VALUE", &secret);
        let text = shape.lines().map(|line| format!("{before}{line}\n")).collect::<Vec<_>>().concat();
        let text = clean(&text);
        if is_left(&text, &secret) {
            left.push(text);
        }
    }
    assert!(left.len() <= 3, "{left:#?}");
}

/// The same structure, as an object, as any text that is one, and flattened.
#[test]
fn a_tree_is_read_in_every_form() {
    let mut maker = Maker::new(44);
    for names in
        [["secrets", "wandb"], ["credentials", "svc"], ["api_keys", "openai"], ["password", "dev"], ["wandb", "key"]]
    {
        let secret = maker.make("Kq7{a18}9").0;
        let [outer, inner] = names;
        let tree = json!({ outer: { inner: secret } });
        let mut object = tree.clone();
        Scrubber::default().value("x", &mut object);
        assert!(!is_left(&object.to_string(), &secret), "{object}");
        for text in [
            tree.to_string(),
            serde_json::to_string_pretty(&tree).expect("JSON"),
            format!("{tree}\n{{\"a\": 1}}\n"),
            format!("lr: 0.1\n{outer}:\n  {inner}: {secret}\n"),
            format!("lr = 0.1\n[{outer}]\n{inner} = \"{secret}\"\n"),
            format!("[{outer}]\n{inner} = {secret}\n"),
            json!({ "config": tree.to_string() }).to_string(),
        ] {
            let clean = clean(&text);
            assert!(!is_left(&clean, &secret), "{clean}");
        }
        for sign in [".", "/"] {
            let flat = Scrubber::default().setting("x", &format!("{outer}{sign}{inner}"), &secret);
            assert!(!is_left(&flat, &secret), "{outer}{sign}{inner}");
        }
    }
    let mut object =
        json!({"api_keys": {"serper": "8a".repeat(16)}, "wandb": {"key": "9f".repeat(20), "mode": "online"}});
    Scrubber::default().value("x", &mut object);
    let object = object.to_string();
    assert!(!object.contains("8a8a") && !object.contains("9f9f") && object.contains("online"), "{object}");
    for kept in ["secrets:\n  count: 3\n", "api_keys:\n  provider: vault\n", "tokenizer:\n  key: value\n"] {
        assert_eq!(clean(kept), kept);
    }
    let secret = "S3ViZXJuZXRlcyBpcyBhIG5hbWU3";
    let manifest = clean(&format!("apiVersion: v1\nkind: Secret\nmetadata:\n  name: x\ndata:\n  wandb: {secret}\n"));
    assert!(!is_left(&manifest, secret) && manifest.contains("apiVersion: v1"), "{manifest}");
}

#[test]
fn tables_of_any_width_and_with_quoted_cells_are_read() {
    let mut maker = Maker::new(45);
    for columns in [3, 99, 150, 400] {
        let secret = maker.make("7{a28}9").0;
        let header = (0..columns).map(|at| format!("c{at},")).collect::<Vec<_>>().concat() + "api_key";
        let row = "\"a, b\",".repeat(columns) + &secret;
        assert!(!is_left(&clean(&format!("{header}\n{row}\n")), &secret), "{columns} columns");
    }
    let secret = maker.make("7{a28}9").0;
    let export = format!("name,url,username,password,note\nx,https://x.org/a,b,{secret},\"a, \"\"b\"\"\"\n");
    assert!(!is_left(&clean(&export), &secret));
    let long = format!("note,api_key\n{},{secret}\n", "x".repeat(20_000));
    assert!(!is_left(&clean(&long), &secret));
}

#[test]
fn arguments_in_lists_are_read() {
    for (list, secret) in [
        (json!(["--api-key", "-Kq7xW2mP9zzR4vT"]), "Kq7xW2mP9zzR4vT"),
        (json!(["t.py", "--db-password=Kq7xW2,mP9zzR"]), "Kq7xW2,mP9zzR"),
        (json!(["DB_PASSWORD=Kq7xW (2mP9zzR"]), "Kq7xW (2mP9zzR"),
    ] {
        let mut value = json!({ "args": list });
        Scrubber::default().value("x", &mut value);
        // A password with a blank is found by its quotes, or not at all.
        assert!(!is_left(&value.to_string(), secret) || secret.contains(' '), "{value}");
    }
    let mut plain = json!({"args": ["--password", "--lr", "0.1", "--api-key=OPENAI_API_KEY", "-x"]});
    let before = plain.clone();
    Scrubber::default().value("x", &mut plain);
    assert_eq!(plain, before);
}

#[test]
fn headers_are_read_with_every_scheme() {
    let mut maker = Maker::new(46);
    for template in [
        "Authorization: AWS4-HMAC-SHA256 Credential=a/20261130/r/s3/aws4_request, SignedHeaders=host;range;x-amz-date, Signature={h64}",
        "Authorization: Bearer 12|{a40}",
        "Authorization: Bearer 2/{d16}/{d16}:{h32}",
        "Authorization: Bearer v^1.1#i^1#{a30}#{a40}",
    ] {
        let (text, drawn) = maker.make(template);
        let secret = drawn.last().expect("one");
        assert!(!is_left(&clean(&text), secret), "{}", clean(&text));
    }
}

#[test]
fn names_of_passwords_in_capitals_and_with_accents_apart() {
    for name in [
        "HASŁO",
        "DB_HASŁO",
        "ПАРОЛЬ",
        "ŞİFRE",
        "Şifre",
        "contrasen\u{303}a",
        "lo\u{308}senord",
        "s\u{327}ifre",
        "КЛЮЧ_API",
    ] {
        for shape in ["NAME=VALUE\n", "NAME: VALUE\n", "{\"NAME\": \"VALUE\"}", "t.py --NAME VALUE"] {
            let text = clean(&shape.replace("NAME", name).replace("VALUE", "Kq7xW2mP9zzR4vT8"));
            assert!(name == "КЛЮЧ_API" || !text.contains("Kq7xW"), "{text}");
        }
    }
}

fn in_utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn files_are_read_in_their_encoding() {
    let setting = "WANDB_API_KEY=7f3a9c81d0b7e64412ab3f2a9c81d0b7e64412ac\n";
    let log = format!("{}\n", "x".repeat(5000));
    let in_latin = |text: &str| -> Vec<u8> {
        text.chars().map(|letter| u8::try_from(u32::from(letter)).expect("Latin-1")).collect()
    };
    for (what, bytes) in [
        ("with a mark", [b"\xff\xfe".to_vec(), in_utf16(setting)].concat()),
        ("a log with a tail", [log.into_bytes(), in_utf16(setting)].concat()),
        ("among other scripts", [b"\xff\xfe".to_vec(), in_utf16("训练日志：\n"), in_utf16(setting)].concat()),
        ("a name in another script", [b"\xff\xfe".to_vec(), in_utf16("密码=7f3a9c81d0b7e64412ab\n")].concat()),
        ("Latin-1", in_latin("contrase\u{f1}a: 7f3a9c81d0b7e64412ab\n")),
        ("with blanks that do not break", "t.py --password\u{a0}7f3a9c81d0b7e64412ab\u{a0}--lr 1\n".into()),
    ] {
        assert!(!scan_file(&bytes).is_empty(), "{what}");
    }
    let mut learned = Learned::default();
    learned.person("M\u{fc}ller, \u{674e}\u{96f7}, \u{418}\u{432}\u{430}\u{43d}\u{43e}\u{432}");
    let private = Private::new(&learned);
    for bytes in [
        b"by M\xfcller\n".to_vec(),
        b"\x00\x01\x02M\xfcller\x00\xff".to_vec(),
        in_utf16("by \u{674e}\u{96f7}"),
        b"by \xc8\xe2\xe0\xed\xee\xe2\n".to_vec(),
        b"by \xc0\xee\xc0\xd7\n".to_vec(),
        b"in /home/s\xfc\xdf/x\n".to_vec(),
    ] {
        assert_eq!(look_into(&private, &bytes), Look::Private, "{bytes:?}");
    }
    assert_eq!(look_into(&private, b"caf\xe9 au lait\n"), Look::Clean);
}

/// Every length that is a letter or sign as a byte, in the formats that have one before a text.
#[test]
fn a_path_behind_its_length_is_found() {
    let private = Private::default();
    for length in 18..=126_u8 {
        let path = format!("/home/zelbor/{}", "d".repeat(usize::from(length) - 13));
        let forms: [(&str, &[u8], u8, &[u8]); 9] = [
            ("pickle", b"\x80\x04\x95\x20\0\0\0\0\0\0\0\x8c", length, b"\x94."),
            ("protocol buffers", b"\x0a", length, b"\x12\x01a"),
            ("protocol buffers, a letter before", b"\x08\x08\x12\x07pytorch\x32", length, b"\xff"),
            ("CBOR", b"\xa1\x61x\x78", length, b"\xff"),
            ("marshal", b"\xa7\x0d\r\n\0\0\0\0\xe3z", length, b"\xda\x01x"),
            ("a comment of JPEG", b"\xff\xd8\xff\xfe\0", length + 2, b"\xff\xd9"),
            ("a comment of GIF", b"GIF89a\x01\0\x01\0\0\0\0\x21\xfe", length, b"\0;"),
            ("Avro", b"\x02x", if length < 64 { length * 2 } else { length }, b"\xfe\xff"),
            ("DER", b"\x30\x80\x0c", length, b"\xff"),
        ];
        for (what, before, told, after) in forms {
            let bytes = [before, &[told], path.as_bytes(), after].concat();
            assert_eq!(look_into(&private, &bytes), Look::Private, "{what}, {length} bytes");
        }
    }
}

#[test]
fn long_lists_are_lists_of_names() {
    let mut maker = Maker::new(47);
    for count in [5, 9, 16, 40, 100] {
        let hosts: Vec<String> = (0..count).map(|at| maker.make("zq{w5}").0 + &(100 + at).to_string()).collect();
        let people: Vec<String> = (0..count).map(|_| format!("Ann Zq{}", maker.make("{w6}").0)).collect();
        for (key, text, names) in [
            (Some("hosts"), hosts.join(","), &hosts),
            (Some("LSB_HOSTS"), hosts.join(" "), &hosts),
            (None, format!("SLURM_JOB_NODELIST={}", hosts.join(",")), &hosts),
            (None, format!("LSB_HOSTS=\"{}\"", hosts.join(" ")), &hosts),
            (Some("authors"), people.join(", "), &people),
            (None, format!("title: x\nauthors: {}\nyear: 1", people.join(", ")), &people),
        ] {
            let mut learned = Learned::default();
            learned.value(key, &text);
            let private = Private::new(&learned);
            let parts = private.parts_of_value(key, &text);
            let is_found = |name: &str| {
                let at = text.find(name).expect("it is there");
                parts.iter().any(|part| part.start <= at && at + name.len() <= part.end)
            };
            let left = names.iter().filter(|name| !is_found(name.trim_start_matches("Ann "))).count();
            assert_eq!(left, 0, "{count}: {text}");
        }
    }
    let prose = "The user asked, at some length, whether the model had seen data of this kind before, and how it would do on other data.";
    assert_eq!(Private::default().parts_of_value(Some("user"), prose), []);
}

#[test]
fn paths_and_logins_are_found_whatever_stands_around() {
    let found = |text: &str, secret: &str| {
        let at = text.find(secret).expect("it is there");
        Private::default().parts(text).iter().any(|part| part.start <= at && at + secret.len() <= part.end)
    };
    for text in [
        "export DATA=\"${DATA:-/home/zelbor/data}\"",
        "@@ -1,2 +1,2 @@\n-/lustre/zelbor/train.csv\n+data/train.csv\n",
        "in /./home/zelbor/x",
        "see **/scratch/zelbor/x** here",
        "see </scratch/zelbor/x> here",
        "zelbor@example.org-final",
        "zelbor@example.org-2026",
        "zelbor@example.org.1",
        "zelbor@example.org.h5",
        "zelbor@example.org.mp4",
        "zelbor@gmail.com1",
        "zelbor@uni-x.de.7z",
        "ssh zelbor@10.0.0.5",
        "ssh zelbor@203.0.113.7 ls",
    ] {
        assert!(found(text, "zelbor"), "{text}");
    }
    assert!(found("连接10.17.3.9失败", "10.17.3.9"));
    for text in ["**/runs/*.json", "**/data/**", "</div>", "a -/b", "logo@2x.png", "recall@5.at-1"] {
        assert_eq!(Private::default().parts(text), [], "{text}");
    }
}

/// Nothing that nobody can look into is embedded by default, nor with a secret in it.
#[test]
fn what_is_embedded_was_looked_into() {
    let kept = tempfile::tempdir().expect("a folder");
    let root = Utf8PathBuf::from_path_buf(kept.path().to_owned()).expect("UTF-8");
    let write = |name: &str, bytes: &[u8]| std::fs::write(root.join(name), bytes).expect("written");
    write("model.safetensors", b"\x02\0\0\0\0\0\0\0{}");
    write("notes.txt", b"nothing");
    write("packed.dat", b"\x8b\x02\x80abc\x03");
    write("text.br", b"nothing");
    write("backup.tar", &[vec![b'x'; 257], b"ustar\0".to_vec(), vec![0; 300]].concat());
    write("a.yaml", b"lr: 0.1\nsecrets:\n  wandb: 7f3a9c81d0b7e64412ab\n");
    write("b.jsonl", b"{\"secrets\":{\"wandb\":\"7f3a9c81d0b7e64412ab\"}}\n{\"a\":1}\n");
    let convert = |embed: embed::Choice<'_>| {
        let source = sources::open("huggingface", &root);
        let converted = source.convert("model", &Options { embed, ..Options::default() }).expect("a model");
        assert!(converted.account.adds_up());
        converted
    };
    let names = |converted: &expbundle_convert::Converted| -> Vec<String> {
        converted.embedded.iter().map(|file| file.path.clone()).collect()
    };
    let plain = convert(embed::Choice::Small);
    assert_eq!(names(&plain), ["notes.txt"]);
    let line = plain.account.items.get("embedded file").expect("it is counted");
    assert_eq!((line.total, line.mapped, line.dropped_count()), (4, 1, 3), "{line:?}");
    let asked = ["*".to_owned()];
    assert_eq!(names(&convert(embed::Choice::Only(&asked))), ["model.safetensors", "notes.txt", "packed.dat"]);
    assert_eq!(names(&convert(embed::Choice::None)), [""; 0]);
}
