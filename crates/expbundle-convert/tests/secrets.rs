//! No secret of any kind, planted anywhere in any tracker's source, is in any byte of the bundle.

use std::fmt::Write as _;
use std::io::Read as _;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::verify::{Digests, Unverified};
use expbundle::{Bundle, Content};
use expbundle_convert::secrets::{self, RULES};
use expbundle_convert::{Converted, Options, audit, embed};
use expbundle_format::Code;
use expbundle_format::container::EntryName;
use expbundle_series::{ConsoleReader, SeriesReader};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::fixtures;
use crate::support::made;
use crate::support::sources;
use fixtures::every_run;
use made::{Maker, longest};
use sources::open;

/// A text with a secret in it, and what must not survive.
struct Planted {
    text: String,
    secret: String,
}

/// One text for each rule, and for settings in several dresses. Every call draws new ones.
fn planted(seed: u64) -> Vec<Planted> {
    let mut maker = Maker::new(seed);
    let dashes = "-----";
    let more = [
        format!(
            "{dashes}BEGIN RSA PRIVATE KEY{dashes}\n{{b64}}\n{{b64}}\n{{b20}}\n{dashes}END RSA PRIVATE KEY{dashes}"
        ),
        format!(
            "{{\"private_key\": \"{dashes}BEGIN PRIVATE KEY{dashes}\\n{{b64}}\\n{dashes}END PRIVATE KEY{dashes}\\n\"}}"
        ),
        format!(
            "{dashes}BEGIN PGP PRIVATE KEY BLOCK{dashes}\n\n{{b64}}\n=abcd\n{dashes}END PGP PRIVATE KEY BLOCK{dashes}"
        ),
        "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nPrivate-Lines: 1\n{b64}\nPrivate-MAC: {h64}".to_owned(),
        "DB_PASSWORD={a14}".to_owned(),
        "python train.py --lr 0.1 --password {a14} --epochs 3".to_owned(),
        "Server=db;User Id=sa;Password={a14};Encrypt=yes".to_owned(),
        "export MLFLOW_TRACKING_TOKEN={a30}".to_owned(),
        "COMET_API_KEY={a25}".to_owned(),
        "api { credentials { \"access_key\" = \"{U20}\", \"secret_key\" = \"{a50}\" } }".to_owned(),
        "{{\"cells\": [{{\"source\": [\"wandb.login(key=\\\"{h40}\\\")\\n\"]}}]}}"
            .replace("{{", "{")
            .replace("}}", "}"),
        "parser.add_argument(\"--api-key\", type=str, default=\"{a24}\", help=\"x\")".to_owned(),
        "api_key: str = Field(\"{a24}\", env=\"X\")".to_owned(),
        "API_KEY=\"${X:-{a24}}\"".to_owned(),
        "command:\n- python\n- --wandb_key\n- {h40}".to_owned(),
        "env:\n- value: {h40}\n  name: API_KEY".to_owned(),
        "db:\n  password:\n    {h40}".to_owned(),
        "api_keys: [{h40}]".to_owned(),
        "lr,db_password\n0.1,{h32}".to_owned(),
        "| setting | value |\n|---|---|\n| api_key | {h40} |".to_owned(),
        "<pre>api_key = &quot;{h40}&quot;</pre>".to_owned(),
        "next=https%3A%2F%2Fh%2F%3Fpassword%3D{h40}".to_owned(),
        "postgresql%3A%2F%2Fann%3A{h40}%40db%2Fx".to_owned(),
        "https://{h40}:@api.example.org/v1".to_owned(),
        "passwort = {a24}".to_owned(),
        "mot_de_passe={a24}".to_owned(),
        // Last, for the name of an artifact ends at its last colon.
        "{'api_key': '{a24}', 'lr': 0.1}".to_owned(),
    ];
    let templates = RULES.iter().map(|rule| rule.sample.to_owned()).chain(more);
    templates
        .map(|template| {
            let (text, drawn) = maker.make(&template);
            Planted { text, secret: longest(&drawn).to_owned() }
        })
        .collect()
}

/// A password under a telling name.
fn password(maker: &mut Maker) -> String {
    maker.make("{a11}").0
}

fn folder() -> (TempDir, Utf8PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).expect("UTF-8");
    (folder, path)
}

fn write(path: &Utf8Path, bytes: impl AsRef<[u8]>) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(path, bytes).expect("room");
}

/// Every byte of a bundle as text, Parquet decoded, and its findings.
fn everything(converted: &Converted) -> String {
    let mut bytes = Vec::new();
    converted.bundle.write(&mut bytes).expect("memory");
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    let checked = Unverified::new(Content::bytes(bytes)).check(Digests::All);
    assert!(checked.is_ok(), "{checked:?}");
    for (name, content) in converted.bundle.entries() {
        let mut bytes = Vec::new();
        content.reader().read_to_end(&mut bytes).expect("memory");
        match name {
            EntryName::Section { section, .. } if section.as_str() == "console.parquet" => {
                let mut lines = String::new();
                let reader = ConsoleReader::open(bytes).expect("Parquet");
                reader.for_each(|line| lines += &format!("{}\n", line.line)).expect("lines");
                text += &lines;
            }
            EntryName::Section { section, .. } if section.as_str().ends_with(".parquet") => {
                let reader = SeriesReader::open(bytes).expect("Parquet");
                reader
                    .for_each(|point| writeln!(text, "{} {:?}", point.key, point.text).expect("memory"))
                    .expect("points");
            }
            _ => {}
        }
    }
    for finding in &converted.findings {
        writeln!(text, "{finding:?}").expect("memory");
    }
    text + &converted.title
}

/// Checks that nothing planted is there, that markers and counts are, and that whoever looks again
/// finds nothing.
fn is_clean(what: &str, converted: &Converted, secrets: &[String]) {
    let text = everything(converted);
    let left: Vec<&String> = secrets.iter().filter(|secret| text.contains(secret.as_str())).collect();
    assert!(left.is_empty(), "{what}: {} of {} are left: {left:?}", left.len(), secrets.len());
    assert!(converted.account.adds_up(), "{what}: {:?}", converted.account);
    assert!(!converted.account.secrets.is_empty() && text.contains("[secret removed: "), "{what}");
    assert!(converted.findings.iter().any(|finding| finding.code == Code::SourceSecret), "{what}");
    holds_none(&converted.bundle, what);
}

fn holds_none(bundle: &Bundle, what: &str) {
    for (name, content) in bundle.entries() {
        assert_eq!(audit::entry(name, content).found().collect::<Vec<_>>(), [], "{what}: {name}");
    }
}

/// Files that are or hold secrets; gives the secrets.
fn plant_files(folder: &Utf8Path, planted: &[Planted], maker: &mut Maker) -> Vec<String> {
    let mut secrets = Vec::new();
    for (index, one) in planted.iter().enumerate() {
        write(&folder.join(format!("held/{index}.txt")), format!("before\n{}\nafter", one.text));
        secrets.push(one.secret.clone());
    }
    for name in [
        ".env",
        ".netrc",
        "id_ed25519",
        "gcp-credentials.json",
        ".aws/credentials",
        "prod.env",
        "wandb_key.txt",
        "conf/hf_token",
        "password.txt",
        "rclone.conf",
    ] {
        let secret = password(maker);
        write(&folder.join(name), &secret);
        // A short secret can be guessed from its digest.
        secrets.push(blake3_of(&secret));
        secrets.push(secret);
    }
    // The name of a file that is left out is told as a place.
    let mut names = Maker::new(planted.len() as u64);
    for name in ["api_key=NAME/.env", "cb#access_token=NAME&x/notes.txt"] {
        let secret = names.make("{a24}").0;
        write(&folder.join(name.replace("NAME", &secret)), "password=hunter22");
        secrets.push(secret);
    }
    secrets
}

fn blake3_of(text: &str) -> String {
    expbundle_format::DigestSet::of(text.as_bytes()).blake3.to_string()
}

#[test]
fn mlflow_file_store() {
    for seed in 0..3 {
        let (_folder, root) = folder();
        let planted_texts = planted(seed);
        let mut maker = Maker::new(seed + 1000);
        let (experiment, run) = (root.join("mlruns/1"), root.join("mlruns/1/0123456789abcdef0123456789abcdef"));
        write(
            &experiment.join("meta.yaml"),
            "artifact_location: x\nexperiment_id: '1'\nlifecycle_stage: active\nname: exp\n",
        );
        let mut secrets = plant_files(&run.join("artifacts"), &planted_texts, &mut maker);
        let name = maker.make("{a36}").0;
        write(
            &run.join("meta.yaml"),
            format!(
                "artifact_uri: x\nend_time: 2\nentry_point_name: ''\nexperiment_id: '1'\nlifecycle_stage: active\nrun_id: 0123456789abcdef0123456789abcdef\n\
                 run_name: run ghp_{name}\nsource_name: ''\nsource_type: 4\nsource_version: ''\nstart_time: 1\nstatus: 3\nuser_id: ada\ntags: []\n"
            ),
        );
        secrets.push(name);
        for (index, one) in planted_texts.iter().enumerate() {
            write(&run.join(format!("params/p{index}")), &one.text);
            write(&run.join(format!("tags/t{index}")), &one.text);
            write(&experiment.join(format!("tags/e{index}")), &one.text);
        }
        for (place, file) in [("params/db.password", true), ("params/api_key", true), ("tags/client_secret", true)] {
            let secret = password(&mut maker);
            write(&run.join(place), &secret);
            assert!(file);
            secrets.push(secret);
        }
        let notes: Vec<&str> = planted_texts.iter().map(|one| one.text.as_str()).collect();
        write(&run.join("tags/mlflow.note.content"), notes.join("\n\n"));
        let (url, key) = (password(&mut maker), maker.make("{a34}").0);
        write(&run.join("tags/mlflow.source.git.repoURL"), format!("https://bot:{url}@git.example.org/a/b"));
        write(&run.join("tags/mlflow.source.name"), format!("train.py --api-key={url}"));
        write(&run.join(format!("metrics/hf_{key}")), "1 0.5 0\n");
        secrets.extend([url, key]);
        let source = open("mlflow", &root.join("mlruns"));
        let converted = source.convert("0123456789abcdef0123456789abcdef", &Options::default()).expect("a run");
        is_clean("file store", &converted, &secrets);
    }
}

#[test]
fn mlflow_database_and_export() {
    let fixtures = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/mlflow");
    for seed in 0..2 {
        let texts = planted(seed + 77);
        let all: Vec<&str> = texts.iter().map(|one| one.text.as_str()).collect();
        let all = all.join("\n\n");
        let secrets: Vec<String> = texts.iter().map(|one| one.secret.clone()).collect();
        let (_folder, root) = folder();
        let database = root.join("mlflow.db");
        write(&database, std::fs::read(fixtures.join("sqlite/mlflow.db")).expect("the fixture"));
        let run: String = {
            let open = rusqlite::Connection::open(&database).expect("a database");
            // Every text that a person or program puts there.
            for (table, column) in [
                ("params", "value"),
                ("tags", "value"),
                ("experiment_tags", "value"),
                ("datasets", "dataset_source"),
                ("datasets", "dataset_schema"),
                ("datasets", "dataset_profile"),
                ("logged_model_params", "param_value"),
                ("logged_model_tags", "tag_value"),
                ("registered_models", "description"),
                ("model_versions", "description"),
                ("model_versions", "source"),
                ("model_versions", "status_message"),
            ] {
                let keep = if column == "value" { " WHERE key NOT LIKE 'mlflow.%' OR key LIKE '%note%'" } else { "" };
                open.execute(&format!("UPDATE {table} SET {column} = ?1{keep}"), [&all]).expect(table);
            }
            open.execute("UPDATE runs SET name = ?1, source_name = ?1, artifact_uri = ?1", [&all]).expect("runs");
            open.query_row("SELECT run_uuid FROM params LIMIT 1", [], |row| row.get(0)).expect("a run")
        };
        let source = open("mlflow", &database);
        let converted = source.convert(&run, &Options::default()).expect("a run");
        is_clean("database", &converted, &secrets);

        let run = "388b28512d354845a189ec595620eb02";
        let export = root.join("export").join(run);
        let text = std::fs::read(fixtures.join("export-import/model").join(run).join("run.json")).expect("the fixture");
        let mut value: Value = serde_json::from_slice(&text).expect("JSON");
        for member in ["params", "tags"] {
            for (name, value) in value["mlflow"][member].as_object_mut().expect("an object") {
                if !name.starts_with("mlflow.parent") {
                    *value = json!(all);
                }
            }
        }
        value["mlflow"]["info"]["run_name"] = json!(all);
        write(&export.join("run.json"), value.to_string());
        let mut of_files = plant_files(&export.join("artifacts/model"), &texts, &mut Maker::new(seed));
        write(
            &export.join("artifacts/model/MLmodel"),
            format!("flavors: {{}}\nmetadata:\n  api_key: {}\n", of_files[0]),
        );
        of_files.extend(secrets);
        let source = open("mlflow", &export);
        let converted = source.convert(run, &Options::default()).expect("a run");
        is_clean("export", &converted, &of_files);
    }
}

#[test]
fn huggingface_folder() {
    for seed in 0..3 {
        let (_folder, root) = folder();
        let texts = planted(seed + 500);
        let mut maker = Maker::new(seed);
        let mut secrets = plant_files(&root, &texts, &mut maker);
        write(&root.join("model.safetensors"), b"\x02\0\0\0\0\0\0\0{}");
        let all: Vec<&str> = texts.iter().map(|one| one.text.as_str()).collect();
        let secret = password(&mut maker);
        let config = json!({"architectures": ["X"], "auth": {"password": secret, "notes": all}, "pad_token": "<pad>"});
        write(&root.join("config.json"), config.to_string());
        let card = format!(
            "---\nlicense: mit\ntags: {}\nextra: {}\nbase_model: {}\n---\n# A model\n\n{}\n",
            json!(all),
            json!({"password": secret, "text": all.join("\n")}),
            json!(all.first()),
            all.join("\n\n")
        );
        write(&root.join("README.md"), card);
        secrets.push(secret);
        let converted = open("huggingface", &root).convert("model", &Options::default()).expect("a model");
        is_clean("Hugging Face", &converted, &secrets);
    }
}

/// A message of Protocol Buffers: fields by number.
#[derive(Clone, Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(u8::try_from(value & 0x7f).expect("seven bits") | 0x80);
            value >>= 7;
        }
        self.0.push(u8::try_from(value).expect("seven bits"));
    }

    fn with(mut self, field: u64, bytes: impl AsRef<[u8]>) -> Self {
        self.varint(field << 3 | 2);
        self.varint(bytes.as_ref().len() as u64);
        self.0.extend(bytes.as_ref());
        self
    }

    fn number(mut self, field: u64, value: u64) -> Self {
        self.varint(field << 3);
        self.varint(value);
        self
    }
}

/// A transaction log, as W&B writes it.
fn log(records: &[Message]) -> Vec<u8> {
    const BLOCK: usize = 32 << 10;
    let mut log = b":W&B\xe1\xbe\0".to_vec();
    for record in records {
        let mut rest = record.0.as_slice();
        let mut first = true;
        loop {
            let left = BLOCK - log.len() % BLOCK;
            if left < 7 {
                log.extend(vec![0; left]);
                continue;
            }
            let (now, later) = rest.split_at(rest.len().min(left - 7));
            let kind = match (first, later.is_empty()) {
                (true, true) => 1,
                (true, false) => 2,
                (false, true) => 4,
                (false, false) => 3,
            };
            let covered = [&[kind], now].concat();
            log.extend(crc32fast::hash(&covered).to_le_bytes());
            log.extend(u16::try_from(now.len()).expect("within a block").to_le_bytes());
            log.extend(covered);
            (rest, first) = (later, false);
            if rest.is_empty() {
                break;
            }
        }
    }
    log
}

fn item(key: &str, value: &Value) -> Message {
    Message::default().with(1, key).with(16, value.to_string())
}

/// Adds rows with objects, of which each member becomes a series. Gives the secrets in them.
fn add_objects(seed: u64, records: &mut Vec<Message>) -> Vec<String> {
    let mut maker = Maker::new(seed + 71);
    let members: Vec<String> = (0..3).map(|_| maker.make("{a40}").0).collect();
    let objects = [
        json!({"user": "svc", "pass": members[0]}),
        json!({"kty": "EC", "crv": "P-256", "d": members[1]}),
        json!({"value": members[2], "name": "API_KEY"}),
    ];
    let row = |object| Message::default().with(2, Message::default().with(1, item("object", object).0).0);
    records.extend(objects.iter().map(row));
    members
}

#[test]
fn wandb_folder() {
    for seed in 0..3 {
        let (_folder, root) = folder();
        let run = root.join("offline-run-20261123_095528-abcd1234");
        let texts = planted(seed + 900);
        let mut maker = Maker::new(seed + 31);
        let all: Vec<&str> = texts.iter().map(|one| one.text.as_str()).collect();
        let joined = all.join("\n\n");
        let mut secrets = plant_files(&run.join("files"), &texts, &mut maker);
        write(&run.join("files/code/train.py"), &joined);
        write(&run.join("files/diff.patch"), format!("+{}\n", joined.replace('\n', "\n+")));
        write(&run.join("files/requirements.txt"), all.join("\n"));
        write(&run.join("files/media/table/x.table.json"), json!({"data": [all]}).to_string());
        let own = (0..8).map(|_| password(&mut maker)).collect::<Vec<String>>();
        secrets.extend(own.iter().cloned());
        let nested = json!({"password": own[0], "api_key": {"value": own[1]}, "list": all, "text": joined, "pad_token": "<pad>", "max_tokens": 5});
        let mut config = Message::default();
        config = config.with(1, item("config", &nested).0).with(1, item("db_password", &json!(own[2])).0);
        let number = 100_000_000_000_000_000 + u64::try_from(maker.below(1 << 30)).expect("small");
        secrets.push(number.to_string());
        config =
            config.with(1, item("db_pin_password", &json!(number)).0).with(1, item("client_secret", &json!(number)).0);
        let summary =
            Message::default().with(1, item("note", &json!(joined)).0).with(1, item("secret_key", &json!(own[3])).0);
        let git = Message::default()
            .with(1, format!("https://bot:{}@git.example.org/a/b", own[4]))
            .with(2, "0123456789abcdef0123456789abcdef01234567");
        let mut run_message =
            Message::default().with(1, "abcd1234").with(3, "project").with(4, config.0).with(5, summary.0);
        for field in [6, 7, 8, 9, 10, 12] {
            run_message = run_message.with(field, &joined);
        }
        run_message = run_message.with(21, git.0.clone());
        let mut environment = Message::default();
        for argument in ["--lr", "0.1", "--password", &own[5], &format!("--api-key={}", own[6]), &joined] {
            environment = environment.with(5, argument);
        }
        for field in [1, 2, 4, 7, 8, 15, 18, 25] {
            environment = environment.with(field, &joined);
        }
        let slurm = Message::default().with(1, "job_token").with(2, &joined);
        environment = environment.with(27, slurm.0).with(9, git.0);
        let mut records = vec![Message::default().with(17, run_message.0), Message::default().with(26, environment.0)];
        for (step, one) in texts.iter().enumerate() {
            let row = Message::default()
                .with(1, item("_step", &json!(step)).0)
                .with(1, item("text", &json!(one.text)).0)
                .with(1, item("password", &json!(own[7])).0);
            records.push(Message::default().with(2, row.0));
            // One line each, as a program prints them, and pieces that end in the middle.
            for piece in [one.text.as_str(), "\n"] {
                let (a, b) = piece.split_at(piece.floor_char_boundary(piece.len() / 2));
                for part in [a, b] {
                    records.push(Message::default().with(13, Message::default().with(3, part).0));
                }
            }
        }
        secrets.extend(add_objects(seed, &mut records));
        // A key that is logged line by line.
        let body = maker.make("{b64}").0;
        let dashes = "-----";
        for line in
            [&format!("{dashes}BEGIN EC PRIVATE KEY{dashes}"), &body, &format!("{dashes}END EC PRIVATE KEY{dashes}")]
        {
            let row = Message::default().with(1, item("lines", &json!(line)).0);
            records.push(Message::default().with(2, row.0));
        }
        let token = maker.make("{a34}").0;
        let row = Message::default().with(1, item(&format!("loss/hf_{token}"), &json!(0.5)).0);
        records.push(Message::default().with(2, row.0));
        secrets.extend([body, token]);
        let entry = |path: &str, digest: &str| Message::default().with(1, path).with(2, digest).number(4, 12).0;
        let md5 = "1B2M2Y8AsgTpgAmY7PhCfg==";
        let manifest = Message::default()
            .with(4, entry(".env", md5))
            .with(4, entry("data.csv", "2B2M2Y8AsgTpgAmY7PhCfg=="))
            .with(4, Message::default().with(1, "ref").with(2, "x").with(3, &joined).0);
        let artifact = Message::default()
            .with(4, "dataset")
            .with(5, "data")
            .with(6, "0123456789abcdef0123456789abcdef")
            .with(7, &joined)
            .with(8, json!({"password": own[0], "text": joined}).to_string())
            .with(11, &joined)
            .with(12, manifest.0);
        records.push(Message::default().with(8, artifact.0));
        records.push(Message::default().with(10, Message::default().with(1, &joined).with(2, &joined).0));
        records
            .push(Message::default().with(25, Message::default().with(1, &joined).with(2, &joined).with(3, &joined).0));
        records.push(Message::default().with(27, Message::default().with(1, &joined).0));
        records.push(Message::default().with(18, Message::default().number(2, 60).0));
        write(&run.join("run-abcd1234.wandb"), log(&records));
        let source = open("wandb", &run);
        let key = source.lone_run().expect("one run");
        let converted = source.convert(&key, &Options::default()).expect("a run");
        // The MD5 of a short secret is as good as the secret.
        secrets.push("d41d8cd98f00b204e9800998ecf8427e".to_owned());
        is_clean("W&B", &converted, &secrets);
        let text = everything(&converted);
        assert!(text.contains("<pad>") && text.contains("data.csv"), "what is not a secret stays");
        if let Some(sweep) = &converted.sweep {
            holds_none(sweep, "the sweep");
        }
    }
}

/// A section or embedded file as text.
fn part(converted: &Converted, name: &str) -> String {
    let mut sections = converted.bundle.sections().filter(|(_, section, _)| section.as_str() == name);
    let content = sections.next().map(|(_, _, content)| content.read(1 << 20).expect("memory"));
    String::from_utf8(content.unwrap_or_default()).expect("JSON")
}

/// Secrets are taken out before names are set apart, so that `identity.json`, which nobody
/// withholds from a friend, has none.
/// A text logged line by line is one text to whoever reads the lines in turn.
#[test]
fn a_key_that_goes_over_the_rows_of_a_series_is_found() {
    let mut maker = Maker::new(31);
    let lines: Vec<String> = (0..6).map(|_| maker.make("{b64}").0).collect();
    let dashes = "-----";
    let first = format!("{dashes}BEGIN RSA PRIVATE KEY{dashes}");
    let texts = [&[first], lines.as_slice(), &[format!("{dashes}END RSA PRIVATE KEY{dashes}")]].concat();

    let (_kept, path) = folder();
    let version = path.join("logs/version_0");
    write(&version.join("hparams.yaml"), "lr: 0.1\n");
    let rows: Vec<_> = texts.iter().enumerate().map(|(step, text)| format!("{step},0.5,{text}\n")).collect();
    write(&version.join("metrics.csv"), format!("step,loss,said\n{}", rows.concat()));
    let lightning = open("lightning", &path);

    let said = texts.iter().enumerate().map(|(step, text)| json!({"key": "said", "step": step, "text": text}));
    let log: Vec<_> = said.map(|point| format!("{point}\n")).collect();
    write(&path.join("points.jsonl"), log.concat());
    let table = open("jsonl", &path.join("points.jsonl"));

    let state: Vec<Value> = texts.iter().map(|text| json!({"loss": 0.5, "said": text, "step": 1})).collect();
    write(&path.join("out/trainer_state.json"), json!({"log_history": state, "global_step": 8}).to_string());
    let transformers = open("transformers", &path.join("out"));

    for (tool, source) in [("lightning", lightning), ("jsonl", table), ("transformers", transformers)] {
        let key = source.runs().expect("a list").runs.first().expect("a run").key.clone();
        let converted = source.convert(&key, &Options::default()).expect("converted");
        is_clean(tool, &converted, &lines);
    }
}

#[test]
fn the_identity_has_no_secrets() {
    for seed in 0..3 {
        let (_folder, root) = folder();
        let mut maker = Maker::new(seed + 4000);
        let mut secrets: Vec<String> = Vec::new();
        let mut draw = |template: &str| {
            let drawn = maker.make(template).0;
            secrets.push(drawn.clone());
            drawn
        };
        let run = root.join("mlruns/1/0123456789abcdef0123456789abcdef");
        write(
            &root.join("mlruns/1/meta.yaml"),
            format!(
                "artifact_location: sftp://ada:{}@store/runs/ghp_{}\nexperiment_id: '1'\nlifecycle_stage: active\nname: exp\n",
                draw("{a14}"),
                draw("{a36}")
            ),
        );
        write(
            &run.join("meta.yaml"),
            format!(
                "artifact_uri: x\nend_time: 2\nexperiment_id: '1'\nlifecycle_stage: active\n\
                 run_id: 0123456789abcdef0123456789abcdef\nrun_name: run\nstart_time: 1\nstatus: 3\nuser_id: ghp_{}\n",
                draw("{a36}")
            ),
        );
        write(&run.join("params/data"), format!("/scratch/ada/hf_{}/quiet-project/rows.csv", draw("{a34}")));
        write(&run.join("params/bare"), format!("ann:{}@db.example.org:5432/x", draw("{h40}")));
        write(&run.join("params/alone"), format!("https://{}:@api.example.org/v1", draw("{h40}")));
        write(&run.join("params/encoded"), format!("postgresql%3A%2F%2Fann%3A{}%40db%2Fx", draw("{h40}")));
        write(&run.join("params/relative"), format!("//ann:{}@h.example.org/x", draw("{h40}")));
        write(&run.join("params/otp"), format!("otpauth://totp/A:ann?secret={}&issuer=A", draw("{U32}")));
        write(&run.join("params/store"), format!("postgres://grace:{}@db-17/quiet-rows", draw("{a14}")));
        write(&run.join("params/mirror"), format!("https://grace:{}@git.internal/x", draw("{a14}")));
        write(&run.join("params/username"), format!("lin ghp_{}", draw("{a36}")));
        write(&run.join("params/password"), draw("{a14}"));
        // Not embedded, for it names somebody.
        write(&run.join("artifacts/notes.txt"), "in /scratch/ada/quiet-project");
        write(&run.join("artifacts/clean.txt"), "in none");
        write(&run.join("tags/mlflow.note.content"), format!("of grace: ghp_{}", draw("{a36}")));
        let source = open("mlflow", &root.join("mlruns"));
        let converted = source.convert("0123456789abcdef0123456789abcdef", &Options::default()).expect("a run");
        is_clean("identity", &converted, &secrets);
        let (identity, recipe) = (part(&converted, "identity.json"), part(&converted, "recipe.json"));
        // The path has its marker for the secret, and leaves the recipe as a whole.
        assert!(
            identity.contains("/scratch/ada/[secret removed: hugging-face-token]/quiet-project/rows.csv"),
            "{identity}"
        );
        for name in ["quiet", "ada", "lin", "db-17", "git.internal"] {
            assert!(!recipe.contains(name) && identity.contains(name), "{name}: {recipe} {identity}");
        }
        // What is nobody's name is not learned as one.
        for kept in [r#""password": "[secret removed: password]""#, "https://[secret removed: url-login]@[host 1]/x"] {
            assert!(recipe.contains(kept), "{recipe}");
        }
        let embedded: Vec<&str> = converted.embedded.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(embedded, ["clean.txt"]);
        let line = converted.account.items.get("embedded file").expect("it is counted");
        assert!(line.total == 2 && line.mapped == 1 && line.dropped.len() == 1, "{line:?}");
    }
}

#[test]
fn fixtures_have_no_false_alarms() {
    let mut alarms = Vec::new();
    every_run(|what, converted| {
        let found = converted.findings.iter().filter(|finding| finding.code == Code::SourceSecret);
        alarms.extend(found.map(|finding| format!("{what}: {:?} {}", finding.place.entry, finding.message)));
    });
    assert!(alarms.is_empty(), "{alarms:#?}");
}

#[test]
fn false_alarms_can_be_allowed_and_embedding_chosen() {
    let (_folder, root) = folder();
    write(&root.join("model.safetensors"), b"\x02\0\0\0\0\0\0\0{}");
    write(&root.join("notes.txt"), "nothing");
    write(&root.join("data.zip"), b"PK\x03\x04rest");
    write(&root.join("config.json"), json!({"password": "hunter2"}).to_string());
    let convert = |options: Options<'_>| open("huggingface", &root).convert("model", &options).expect("a model");
    let names = |converted: &Converted| converted.embedded.iter().map(|file| file.path.clone()).collect::<Vec<_>>();
    let plain = convert(Options::default());
    assert_eq!(names(&plain), ["notes.txt"], "not what holds a secret, nor what nobody can look into");
    assert_eq!(plain.account.secrets.keys().map(String::as_str).collect::<Vec<_>>(), ["password"]);
    let kind = ["password".to_owned()];
    let allowed = convert(Options { allow_secrets: &kind, ..Options::default() });
    assert!(allowed.account.secrets.is_empty() && everything(&allowed).contains("hunter2"));
    let places = ["config.json".to_owned(), "source.json/raw/configuration/config.json".to_owned()];
    let allowed = convert(Options { allow_secrets: &places, ..Options::default() });
    assert!(allowed.account.secrets.is_empty(), "{:?}", allowed.findings);
    assert_eq!(names(&convert(Options { embed: embed::Choice::None, ..Options::default() })), [""; 0]);
    let patterns = ["*.zip".to_owned()];
    let asked = convert(Options { embed: embed::Choice::Only(&patterns), ..Options::default() });
    assert_eq!(names(&asked), [""; 0], "what nobody can look into, whoever asks for it");
    let line = asked.account.items.get("embedded file").expect("it is counted");
    assert!(
        line.total == 1 && line.dropped.len() == 1 && line.dropped[0].reason.starts_with("it is packed"),
        "{line:?}"
    );
    assert!(secrets::kinds().contains(&"password"));
}

/// Nothing can be taken out of a listing, so a file whose path has a secret is not in it.
#[test]
fn no_listing_has_a_secret_in_a_path() {
    let (_folder, root) = folder();
    let token = Maker::new(7).make("hf_{a34}").0;
    let run = root.join("mlruns/1/0123456789abcdef0123456789abcdef");
    write(
        &root.join("mlruns/1/meta.yaml"),
        "artifact_location: x\nexperiment_id: '1'\nlifecycle_stage: active\nname: exp\n",
    );
    write(
        &run.join("meta.yaml"),
        "artifact_uri: x\nend_time: 2\nentry_point_name: ''\nexperiment_id: '1'\nlifecycle_stage: active\n\
         run_id: 0123456789abcdef0123456789abcdef\nrun_name: r\nsource_name: ''\nsource_type: 4\n\
         source_version: ''\nstart_time: 1\nstatus: 3\nuser_id: ada\ntags: []\n",
    );
    for number in 0..300 {
        write(&run.join(format!("artifacts/a/{number:03}.txt")), number.to_string());
    }
    write(&run.join(format!("artifacts/reader/run {token}.txt")), "x");
    write(&run.join("artifacts/model/MLmodel"), "flavors: {}\n");
    write(&run.join(format!("artifacts/model/run {token}.txt")), "x");
    let source = open("mlflow", &root.join("mlruns"));
    let converted = source.convert("0123456789abcdef0123456789abcdef", &Options::default()).expect("a run");
    is_clean("listings", &converted, std::slice::from_ref(&token));
    // A folder is recorded whole or not at all.
    let declared = [("model".parse().expect("a word"), run.join("artifacts/reader"))];
    let options = Options { outputs: &declared, ..Options::default() };
    let refused = source.convert("0123456789abcdef0123456789abcdef", &options).expect_err("a secret").to_string();
    assert!(refused.contains("has a secret in its path") && !refused.contains(&token), "{refused}");
}
