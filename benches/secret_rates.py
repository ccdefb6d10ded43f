"""How many secrets are found, and how often the scanner cries wolf: on a corpus made from a seed.

    cargo build --release -p expbundle-convert --example scan-secrets
    python3 benches/secret_rates.py target/release/examples/scan-secrets 20261128
    python3 benches/secret_rates.py target/release/examples/scan-secrets --files FOLDER

No secret here was ever anybody's. Forms are put together from parts, so that this file itself holds nothing that a scanner of a code host
would stop. The forms are written down here a second time, apart from the table in `crates/expbundle-convert/src/secrets/rules.rs`: a
mistake in one of them shows as a miss.
"""

import base64
import collections
import html
import json
import pathlib
import random
import string
import subprocess
import sys

ALNUM = string.ascii_letters + string.digits
URL = ALNUM + "-_"
B64 = ALNUM + "+/"
HEX = "0123456789abcdef"
UPPER = string.ascii_uppercase + "234567"
DASHES = "-" * 5


def draw(rng, alphabet, count):
    return "".join(rng.choice(alphabet) for _ in range(count))


def b64(rng, count):
    return base64.b64encode(rng.randbytes(count)).decode()


def pem(rng, kind, lines=6):
    body = [b64(rng, 48) for _ in range(lines)] + [b64(rng, 20)]
    return "\n".join([f"{DASHES}BEGIN {kind}PRIVATE KEY{DASHES}", *body, f"{DASHES}END {kind}PRIVATE KEY{DASHES}"]), body


def jwt(rng):
    part = lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
    return ".".join([part({"alg": "HS256", "typ": "JWT"}), part({"sub": draw(rng, ALNUM, 12), "iat": 1700000000}), draw(rng, URL, 43)])


PREFIXED = {
    # kind: prefix, alphabet, length
    "hugging-face-token": [("h" + "f_", string.ascii_letters, 34)],
    "github-token": [("g" + p + "_", ALNUM, 36) for p in ("hp", "ho", "hs", "hu", "hr")] + [("github" + "_pat_", ALNUM + "_", 82)],
    "gitlab-token": [("gl" + "pat-", URL, 20)],
    "openai-key": [("s" + "k-", ALNUM, 48), ("s" + "k-proj-", URL, 120), ("s" + "k-svcacct-", URL, 100)],
    "anthropic-key": [("s" + "k-ant-api03-", URL, 95)],
    "wandb-key": [("wandb" + "_v1_", ALNUM, 77)],
    "databricks-token": [("da" + "pi", HEX, 32)],
    "aws-access-key": [("AK" + "IA", UPPER, 16), ("AS" + "IA", UPPER, 16)],
    "google-api-key": [("AI" + "za", URL, 35)],
    "google-oauth-token": [("ya" + "29.", URL, 100)],
    "slack-token": [("xo" + "xb-", string.digits, 12), ("xo" + "xp-", ALNUM + "-", 60)],
    "stripe-key": [("s" + "k_live_", ALNUM, 24), ("r" + "k_live_", ALNUM, 24)],
    "sendgrid-key": [("S" + "G.", None, None)],
    "twilio-key": [("S" + "K", HEX, 32)],
    "npm-token": [("np" + "m_", ALNUM, 36)],
    "pypi-token": [("py" + "pi-AgEIcHlwaS5vcmc", URL, 140)],
    "replicate-token": [("r" + "8_", ALNUM, 37)],
    "groq-key": [("gs" + "k_", ALNUM, 52)],
    "nvidia-key": [("nv" + "api-", URL, 64)],
    "vault-token": [("hv" + "s.", URL, 90)],
    "neptune-token": [("eyJh" + "cGlfYWRkcmVzcyI6", B64, 120)],
}


def forms(rng):
    """Every secret that is known by its form: kind, text, parts that must not survive."""
    for kind, shapes in PREFIXED.items():
        for prefix, alphabet, length in shapes:
            if kind == "sendgrid-key":
                body = draw(rng, URL, 22) + "." + draw(rng, URL, 43)
            else:
                body = draw(rng, alphabet, length)
            yield kind, prefix + body, [body]
    token = jwt(rng)
    yield "json-web-token", token, [token.rsplit(".", 1)[1]]


def contexts(rng, secret):
    """A text as people and programs write it."""
    yield "alone", secret
    yield "prose", f"I used the token {secret} for this run, remind me to rotate it."
    yield "log", f"2026-11-28 10:00:00,123 INFO [trainer] using credentials {secret}"
    yield "env", f"export SOME_VARIABLE={secret}"
    yield "python", f'client = Client("{secret}", timeout=30)'
    yield "json in text", json.dumps({"settings": {"x": secret}})
    yield "diff", f'-client = Client()\n+client = Client("{secret}")'
    yield "argument", f"python train.py --lr 0.1 {secret} --epochs 3"
    yield "quoted twice", json.dumps(json.dumps({"x": secret}))


PASSWORDS = ["hunter2", "S3cure!pass", "correct-horse-9", "tr0ub4dor&3", "letmein123", "Winter2026!", "qwerty12", "p@$$w0rd"]


def password(rng):
    return rng.choice([lambda: rng.choice(PASSWORDS), lambda: draw(rng, ALNUM, 12), lambda: draw(rng, ALNUM + "!#%*+", 16)])()


def named(rng):
    """Passwords and keys that only their place or name tells."""
    p = password(rng)
    k = draw(rng, ALNUM, rng.choice([24, 32, 40]))
    h = draw(rng, HEX, rng.choice([32, 40]))
    for name in ("password", "db_password", "DB_PASSWORD", "smtpPassword", "trainer.logger.password", "passwd", "pwd", "user_pass", "PGPASSWORD"):
        yield "setting: password", [name, p], [p]
    for name in ("api_key", "apiKey", "WANDB_API_KEY", "comet.api_key", "client_secret", "hf_token", "AWS_SECRET_ACCESS_KEY", "secret", "auth_token",
                 "accessKey", "encryption_key", "clearml/secret_key"):
        value = rng.choice([k, h])
        yield "setting: key", [name, value], [value]
    yield "setting: token", ["token", k], [k]
    yield "setting: nested", ["wandb", {"api_key": {"value": h}}], [h]
    yield "setting: list", ["args", ["--lr", "0.1", "--password", p, "--x"]], [p]
    yield "setting: list", ["args", ["--lr", "0.1", f"--api-key={k}", "--x"]], [k]
    for text in (f"password: {p}", f"PASSWORD={p} python train.py", f"python train.py --password {p} --lr 0.1", f"DB_PASSWORD='{p}'", f'password = "{p}"',
                 f"{{'password': '{p}', 'lr': 0.1}}", f'{{"password": "{p}"}}', f"login(user='ada', password='{p}')", f"<password>{html.escape(p, quote=False)}</password>",
                 f"password: str = '{p}'", f"os.environ['DB_PASSWORD'] = '{p}'", f"os.getenv('DB_PASSWORD', '{p}')", f"spring.datasource.password={p}"):
        yield "text: password", text, [html.escape(p, quote=False) if "<password>" in text else p]
    for text in (f"api_key: {k}", f"--api-key {k}", f"WANDB_API_KEY={h}", f"client_secret='{k}'", f"wandb.login(key='{draw(rng, HEX, 40)}')", f"hf_token={k}",
                 f"aws_secret_access_key = {draw(rng, B64, 40)}", f"X-Api-Key: {k}", f"export COMET_API_KEY={k}", f'api.clearml {{ "secret_key" = "{k}" }}',
                 f"MLFLOW_TRACKING_TOKEN={k}", f"wandb login {draw(rng, HEX, 40)}"):
        value = text.split("'")[-2] if "wandb.login" in text else text.rsplit(" ", 1)[1] if text.startswith(("wandb login", "aws_")) else h if "WANDB" in text else k
        yield "text: key", text, [value]
    url = draw(rng, ALNUM + "!$*", 12)
    for scheme in ("postgresql", "mysql+pymysql", "mongodb+srv", "redis", "amqp", "https", "sftp", "http"):
        yield "url: login", f"{scheme}://ada:{url}@db.example.org:5432/runs?x=1", [url]
    yield "url: login", f"https://{k}@git.example.org/a/b.git", [k]
    yield "url: login", f"remote: https://oauth2:{k}@git.example.org/a/b.git", [k]
    for query in (f"X-Amz-Algorithm=a&X-Amz-Signature={draw(rng, HEX, 64)}", f"X-Goog-Signature={draw(rng, HEX, 128)}", f"sv=2024&sig={draw(rng, ALNUM, 43)}%3D",
                  f"Expires=1&Signature={draw(rng, ALNUM, 27)}%3D", f"access_token={k}", f"token={k}"):
        yield "url: signed", f"see https://bucket.example.org/data/x.parquet?{query}", [query.rsplit("=", 1)[1]]
    yield "connection string", f"Server=db;Database=x;User Id=sa;Password={p};", [p]
    yield "connection string", f"Driver={{ODBC Driver 18}};Server=db;Uid=sa;Pwd={k}", [k]
    for name, value, text in ((n, v, t) for n, v in (("api_key", k), ("db_password", p)) for t in (
            f'parser.add_argument("--{n}", type=str, default="{v}", help="the {n}")', f"@click.option('--{n}', default='{v}')", f'{n}: str = Field("{v}", env="X")',
            f'{n}: SecretStr = SecretStr("{v}")', f'{n} = os.getenv("X") or "{v}"', f'variable "{n}" {{\n  type = string\n  default = "{v}"\n}}')):
        yield "text: default", text, [value]
        yield "text: in a notebook", json.dumps({"cells": [{"source": [line + "\n" for line in text.split("\n")]}]}), [value]
    for name, value in (("api_key", k), ("wandb_key", h), ("db_password", draw(rng, HEX, 32))):
        for text in (f"command:\n- python\n- --{name}\n- {value}", f"{name}:\n  - {value}", f"db:\n  {name}:\n    {value}", f"{name}s: [{value}]",
                     f"- value: {value}\n  name: {name}"):
            yield "text: list", text, [value]
        for text in (f"lr,{name}\n0.1,{value}", f"| name | value |\n|---|---|\n| {name} | {value} |", f"│ {name} │ {value} │", f"<tr><td>{name}</td><td>{value}</td></tr>",
                     f"{name} ........ {value}"):
            yield "text: table", text, [value]
    for text in (f"https://{h}:@api.example.org/v1", f"ada:{h}@db.example.org:5432/x", f"//ada:{h}@db.example.org/x", f"postgresql%3A%2F%2Fada%3A{h}%40db%2Fx"):
        yield "url: login", text, [h]
    for text in (f"Authorization: Token {h}", f"curl -H 'Authorization: ApiKey {k}' https://example.org", f"auth=('ada', '{k}')"):
        yield "header", text, [k if k in text else h]
    key = b64(rng, 64)
    yield "connection string", f"DefaultEndpointsProtocol=https;AccountName=x;AccountKey={key};EndpointSuffix=core", [key.rstrip("=")]
    yield "connection string", f"jdbc:postgresql://db/x?user=ada&password={k}&ssl=true", [k]
    yield "header", f"Authorization: Bearer {k}", [k]
    login = base64.b64encode(f"ada:{p}".encode()).decode()
    yield "header", f"Authorization: Basic {login}", [login.rstrip("=")]
    yield "header", f"curl -u ada:{k} https://example.org", [k]
    yield "header", f"Cookie: session={k}; theme=dark", [k]
    yield "netrc", f"machine api.wandb.ai\n  login user\n  password {h}\n", [h]
    yield "netrc", f"machine h login u password {p}", [p]
    yield "pypirc", f"[pypi]\nusername = __token__\npassword = {k}\n", [k]
    yield "npmrc", f"//registry.npmjs.org/:_authToken={k}\n", [k]
    yield "docker config", json.dumps({"auths": {"r.example.org": {"auth": login}}}), [login.rstrip("=")]
    for kind in ("", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED ", "DSA "):
        text, body = pem(rng, kind)
        yield "private key", text, body
        yield "private key", json.dumps({"private_key": text}), body
        yield "private key", text.replace("\n", "\\n"), body
        yield "private key", "".join(f"+{line}\n" for line in text.split("\n")), body
        yield "private key", ["lines", text.split("\n")], body
        one_line = base64.b64encode(text.encode()).decode()
        yield "private key", f"client-key-data: {one_line}", [one_line[40:200]]


SIGNS = "!#$%&*+,-./:;<=>?@^_|~"


def carried(rng):
    """Passwords with every sign, and settings in texts that are trees or have something before each line."""
    for text in ("DB_PASSWORD=@@", "export DB_PASSWORD=@@", "%env DB_PASSWORD=@@", "docker run -e DB_PASSWORD=@@ image", "[db]\npassword = @@\n", "db:\n  db_password: @@\n",
                 "Server=h;Password=@@;Encrypt=yes", "t.py --db-password=@@ --lr 1", "INFO db_password=@@", "environment:\n  - POSTGRES_PASSWORD=@@\n"):
        halves = [draw(rng, ALNUM, 7) + "7", "9" + draw(rng, ALNUM, 7)]
        yield "text: signs", text.replace("@@", rng.choice(SIGNS).join(halves)), halves
    key = "7" + draw(rng, ALNUM, 30) + "9"
    for before in ("+", "# ", "> ", "INFO ", "[rank0]: ", "(Trainer pid=12) ", "2026-11-30 10:00:00,123 - x - INFO - "):
        for text in (f"env:\n- name: API_KEY\n  value: \"{key}\"", f"api_key:\n  {key}\nb: 1"):
            yield "text: before lines", "\n".join(before + line for line in text.split("\n")), [key]
    for outer, inner in (("secrets", "wandb"), ("credentials", "svc"), ("api_keys", "openai"), ("wandb", "key")):
        for text in (json.dumps({outer: {inner: key}}), json.dumps({outer: {inner: key}}) + '\n{"a": 1}\n', f"lr: 0.1\n{outer}:\n  {inner}: {key}\n", f'[{outer}]\n{inner} = "{key}"\n'):
            yield "text: tree", text, [key]
        yield "setting: flattened", [f"{outer}.{inner}", key], [key]
    yield "text: table", f'name,url,password,note\nx,https://x.org/a,{key},"a, b"\n', [key]
    yield "text: table", ",".join(f"c{at}" for at in range(150)) + ",api_key\n" + "1," * 150 + key + "\n", [key]


WORDS = "loss accuracy train valid model layer attention head key value query token embedding batch step epoch rate decay warmup seed data".split()


def innocent(rng):
    """Settings and texts of machine learning that are not secrets."""
    word = lambda: rng.choice(WORDS)
    yield from [
        ["max_tokens", 512], ["pad_token", "<pad>"], ["eos_token", "<|endoftext|>"], ["bos_token", "<s>"], ["unk_token", "[UNK]"], ["mask_token", "[MASK]"],
        ["tokenizer", "meta-llama/Llama-3.1-8B-Instruct"], ["tokenizer_name", "bert-base-uncased"], ["token_type_ids", [0, 0, 1]], ["num_tokens", 10_000_000],
        ["tokens_per_second", 1234.5], ["use_auth_token", True], ["hf_token", None], ["token", "None"], ["token", "<image>"], ["image_token", "<image>"],
        ["secret_santa", "Rudolf"], ["key", "value"], ["num_key_value_heads", 8], ["primary_key", "id"], ["metric_key", "eval/loss"], ["sort_key", "date"],
        ["password", ""], ["password", "***"], ["password", None], ["api_key", "${API_KEY}"], ["api_key", "<your key>"], ["api_key", "EMPTY"],
        ["password_file", "/run/secrets/db"], ["api_key_env", "OPENAI_API_KEY"], ["ssh_key", "~/.ssh/id_ed25519"], ["auth", "none"], ["auth", "oauth2"],
        ["author", "Ada Lovelace"], ["additional_special_tokens", ["<|im_start|>", "<|im_end|>"]], ["stop_token", "\n\n"], ["cls_token", "[CLS]"],
        ["forward_pass", 3], ["bypass", "linear"], ["keyboard", "qwerty"], ["hidden_act", "silu"], ["key_dim", 64], ["keys", ["a", "b"]],
        ["credit", "CC BY 4.0"], ["next_token_prediction", "linear"], ["token_embedding", "sinusoidal"], ["shared_key_value", True],
        ["commit", draw(rng, HEX, 40)], ["sha256", draw(rng, HEX, 64)], ["run_id", draw(rng, HEX, 32)], ["uuid", f"{draw(rng, HEX, 8)}-{draw(rng, HEX, 4)}-4a2b-9f00-{draw(rng, HEX, 12)}"],
        ["digest", b64(rng, 16)], ["etag", draw(rng, HEX, 32)], ["image", "data:image/png;base64," + b64(rng, 90)], ["revision", draw(rng, HEX, 40)],
        ["checkpoint", f"outputs/2026-11-28/{draw(rng, ALNUM, 8)}/step_{rng.randrange(99999)}.ckpt"], ["experiment", f"{word()}-{word()}-{rng.randrange(999)}"],
        ["public_key", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + draw(rng, B64, 43)],
    ]
    digest = draw(rng, HEX, 40)
    yield from [
        f'parser.add_argument("--commit", default="{digest}", help="of the token")', f"commit:\n  - {digest}", f"run,sha1\n1,{digest}", f"| sha1 | {digest} |", f"│ run_id │ {digest} │",
        "parser.add_argument('--api-key', default=None, help='a key like sk-…')", "api_key: str = Field(default=None, env='OPENAI_API_KEY', description='Key 1 of 2')",
        'token: SecretStr = SecretStr("")', 'api_key = os.getenv("OPENAI_API_KEY") or getpass.getpass()', "API_KEY=${API_KEY:-}", 'variable "api_key" {\n  type = string\n}',
        "password:\n  description: the password\n", "name,token\nada,3\nbob,4", "| token | count |\n|---|---|\n| the | 12345 |\n| model2 | 77 |", "mailto:ada99@example.org",
        f"epoch {rng.randrange(99)} {word()}: {rng.random():.4f} {word()}_token={rng.random():.4f} tokens/s={rng.randrange(9999)}",
        f"Saving checkpoint to /data/{word()}/checkpoint-{rng.randrange(9999)} (sha256 {draw(rng, HEX, 64)})",
        f"wandb: Run data is saved locally in wandb/run-20261128_101500-{draw(rng, string.ascii_lowercase + string.digits, 8)}",
        f"wandb: Synced 5 W&B file(s) at https://wandb.ai/team/project/runs/{draw(rng, string.ascii_lowercase + string.digits, 8)}",
        f"wandb run commit {draw(rng, HEX, 40)} on branch main",
        "tokenizer = AutoTokenizer.from_pretrained(name, token=token, use_auth_token=True)", "self.api_key = api_key or os.environ['OPENAI_API_KEY']",
        "parser.add_argument('--token', type=str, default=None, help='Hub token')", "def login(user: str, password: str, token: Optional[str] = None):",
        "password = getpass.getpass('Password: ')", "if not token: raise ValueError('token is required')", "key = jax.random.PRNGKey(0); key, subkey = split(key)",
        "for key, value in state_dict.items(): print(key, value.shape)", "attn.key.weight: torch.Size([768, 768])", "secret = load_secret(); token = next(tokens)",
        "usage: train.py [--token TOKEN] [--password PASSWORD] [--api-key API_KEY]", "git clone git@github.com:org/repo.git && cd repo",
        f"https://huggingface.co/org/model/resolve/{draw(rng, HEX, 40)}/config.json", f"pip install torch=={rng.randrange(3)}.{rng.randrange(9)}.0 --hash=sha256:{draw(rng, HEX, 64)}",
        f"docker://ghcr.io/org/image:tag@sha256:{draw(rng, HEX, 64)}", f"ssh-rsa AAAAB3NzaC1yc2E{draw(rng, B64, 200)} ada@lab", f"mlflow run id {draw(rng, HEX, 32)}",
        "password: please ask the administrator", "The secret: work hard. A token is a unit of text.", "basic training for the bearer of good news",
        f"{DASHES}BEGIN CERTIFICATE{DASHES}\n{b64(rng, 48)}\n{b64(rng, 48)}\n{DASHES}END CERTIFICATE{DASHES}", f"{DASHES}BEGIN PUBLIC KEY{DASHES}\n{b64(rng, 48)}\n{DASHES}END PUBLIC KEY{DASHES}",
        f"if '{DASHES}BEGIN PRIVATE KEY{DASHES}' in text: raise ValueError", "http://localhost:5000/#/experiments/1/runs/2", "https://example.org/search?q=token&page=2&key=name",
        f"arn:aws:s3:::bucket/prefix/{draw(rng, ALNUM, 12)}", "s3://bucket/path/to/data.parquet", "sk-learn-contrib-and-other-long-names-2024", "task-oriented-dialogue-systems-with-tokens",
        f"job {rng.randrange(10**8)} on node{rng.randrange(99)} gpu-{draw(rng, HEX, 8)}-{draw(rng, HEX, 4)}", f"seed={rng.randrange(10**9)} key={word()} token={word()} auth=oauth",
        json.dumps({"special_tokens_map": {"pad_token": {"content": "<pad>", "lstrip": False}}, "model_max_length": 1000000000000000019884624838656}),
        json.dumps({"cells": [{"cell_type": "code", "id": draw(rng, HEX, 8), "outputs": [{"data": {"image/png": b64(rng, 300)}}]}]}),
    ]


def scan(program, texts):
    lines = "".join(json.dumps(text) + "\n" for text in texts)
    output = subprocess.run([program], input=lines, capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in output.splitlines()]


def real_files(program, folders):
    """Alarms in files of other people, like the installed packages of a Python: each is to be looked at by a person."""
    names, texts = [], []
    for folder in folders:
        for path in sorted(pathlib.Path(folder).rglob("*")):
            if path.suffix in (".py", ".json", ".md", ".txt", ".yaml", ".yml", ".toml", ".cfg", ".rst") and path.is_file() and path.stat().st_size < 200_000:
                names.append(str(path.relative_to(folder)))
                texts.append(path.read_text(errors="replace"))
    alarms = [(name, text, found) for name, text, found in zip(names, texts, scan(program, texts)) if found["kinds"]]
    print(f"{len(alarms)} of {len(texts)} files ({sum(map(len, texts)):,} characters)")
    for name, text, found in alarms:
        pairs = zip(text.split("\n"), found["left"].split("\n"))
        print(name, next(before.strip()[:120] for before, after in pairs if before != after))


def main():
    if "--files" in sys.argv:
        return real_files(sys.argv[1], sys.argv[sys.argv.index("--files") + 1 :])
    program, seed, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1, 40
    rng = random.Random(seed)
    planted, plain = [], []
    for _ in range(rounds):
        for kind, secret, parts in forms(rng):
            planted += [(kind, text, parts) for _, text in contexts(rng, secret)]
        planted += list(named(rng))
        plain += list(innocent(rng))
    # From a seed of its own, so that the texts above stay what they were.
    apart = random.Random(f"carried {seed}")
    planted += [one for _ in range(rounds) for one in carried(apart)]
    hits, all_of, missed = collections.Counter(), collections.Counter(), []
    for (kind, text, parts), found in zip(planted, scan(program, [text for _, text, _ in planted])):
        left = found["left"] if isinstance(found["left"], str) else json.dumps(found["left"])
        all_of[kind] += 1
        gone = found["kinds"] and all(part not in left for part in parts)
        hits[kind] += bool(gone)
        if not gone:
            missed.append((kind, text))
    alarms = [(text, found["kinds"]) for text, found in zip(plain, scan(program, plain)) if found["kinds"]]
    print("| kind | made | removed | rate |\n| --- | --- | --- | --- |")
    for kind in sorted(all_of):
        print(f"| {kind} | {all_of[kind]} | {hits[kind]} | {hits[kind] / all_of[kind]:.1%} |")
    total, of = sum(hits.values()), sum(all_of.values())
    print(f"| all | {of} | {total} | {total / of:.2%} |")
    print(f"\nfalse alarms: {len(alarms)} of {len(plain)} innocent texts ({len(alarms) / len(plain):.2%})")
    if "--show" in sys.argv:
        seen = set()
        for kind, text in missed:
            shape = (kind, str(text)[:24])
            if shape not in seen:
                seen.add(shape)
                print("missed:", kind, json.dumps(text)[:200])
        for text, kinds in alarms[:60]:
            print("alarm:", kinds, json.dumps(text)[:200])


if __name__ == "__main__":
    main()
