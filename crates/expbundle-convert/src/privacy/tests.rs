use serde_json::json;

use super::*;
use crate::secrets;

/// A text with its private parts replaced, where nothing is known of the source.
fn by_form(text: &str) -> String {
    let private = Private::default();
    let mut markers = Markers::default();
    let replaced = markers.replace(text, &private.parts(text));
    let identity = expbundle_format::sections::Identity { replaced: markers.table(), ..Default::default() };
    assert_eq!(identity.restored(&replaced), text, "what was replaced is not lost");
    replaced
}

fn learned(tree: &serde_json::Value) -> Private {
    let mut learned = Learned::default();
    learned.tree(None, tree);
    Private::new(&learned)
}

#[track_caller]
fn is(text: &str, want: &str) {
    assert_eq!(by_form(text), want, "{text}");
}

#[track_caller]
fn is_public(text: &str) {
    is(text, text);
}

#[test]
fn absolute_paths_of_every_machine() {
    for path in [
        "/home/ada/data.csv",
        "/Users/ada/x",
        "/root/x",
        "/lustre/proj/alicegroup",
        "/gpfs/x/y",
        "/nfs/people/dave",
        "/nas/people/dave",
        "/net/srv7/x",
        "/cluster/home/li",
        "/work/ada",
        "/storage/x/y",
        "/dbfs/mnt/x",
        "/Volumes/AliceDisk",
        "/mnt/c/Users/ada",
        "/export/x/y",
        "/kaggle/input/titanic",
        "/content/drive/MyDrive",
        "/scratch",
        "/p/scratch/group",
        "/run/user/1000/x",
        "/tmp/ada-7/x",
        "~alice2/data",
        "~ada",
        r"\\fileserver7\alicegroup",
        r"\\\\fileserver7\\alicegroup",
        "//fileserver7/alicegroup",
        r"C:\Users\bob",
        "C:/Users/bob/x",
        r"D:\data",
        r"\\?\C:\Users\ada",
        "C:\\\\Users\\\\ada\\\\x.py",
        "file:///home/ada/x",
        "sqlite:////home/ada/mlflow.db",
        "postgresql://ada:x@db.internal/ml",
        "hdfs://namenode/user/ada",
        "dbfs:///x/y",
        "%2Fhome%2Fada%2Fx",
        "file%3A%2F%2F%2Fhome%2Falice",
        "%252Fhome%252Fada",
        r"\/home\/ada\/x",
        r"\u002Fhome\u002Fada",
        "&#47;home&#x2f;ada",
        "/usr/home/ada/x",
        "/System/Volumes/Data/home/ada",
        "/dev/shm/ada_cache",
        "/home/ada/My Project",
        "/Users/Ada Lovelace",
        "/data/2026-11-23T12:00/ada",
    ] {
        is(path, "[path 1]");
        is(&format!("--data={path}"), "--data=[path 1]");
        is(&format!("\"{path}\""), "\"[path 1]\"");
    }
    is("see /home/ada/x, then go", "see [path 1], then go");
    is(r"C:\Users\bob see https://example.org/x", "[path 1] see https://example.org/x");
    is("-I/home/ada/include -L/lustre/lib/x", "-I[path 1] -L[path 2]");
    is("PATH=/home/ada/bin:/home/ada/x", "PATH=[path 1]:[path 2]");
    is("File \"/home/ada/My code/x.py\", line 3", "File \"[path 1]\", line 3");
    is("/home/ada/x.py:12: error", "[path 1]:12: error");
    is("node17:/export/data", "[path 1]");
    is("a (/home/ada/x) b", "a ([path 1]) b");
    is("https://x.org/?p=/home/ada/x", "https://x.org/?p=[path 1]");
    is("https://x.org/?p=%2Fhome%2Fada", "https://x.org/?p=[path 1]");
}

/// Keys and signatures of a statement, whatever their bytes are.
#[test]
fn no_path_begins_in_base64() {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut state = 7_u64;
    let mut base64 = |bytes: usize, padding: &str| {
        let digits = (bytes * 4).div_ceil(3);
        let digit = |_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(DIGITS[usize::try_from(state >> 58).expect("6 bits")])
        };
        (0..digits).map(digit).collect::<String>() + padding
    };
    let private = Private::default();
    for _ in 0..10_000 {
        let (key, signature, print) = (base64(32, "="), base64(64, "=="), base64(32, ""));
        for text in [
            format!("{{\"key\":\"{key}\",\"sig\":\"{signature}\",\"keyid\":\"SHA256:{print}\"}}"),
            format!("signed by SHA256:{print} with {signature}\n{key}"),
            format!("namespaces=\"expbundle\" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{print}"),
            key,
            signature,
        ] {
            let parts = private.parts(&text);
            assert!(!parts.iter().any(|part| part.kind == Kind::Path), "{text}: {parts:?}");
        }
    }
    is("x+/home/ada/y", "x+[path 1]");
    is("vim +/home/ada/y", "vim +[path 1]");
    is("key=/lustre/Projects/AdaLovelace/Results2026/Weights", "key=[path 1]");
}

#[test]
fn what_every_machine_has_is_no_secret() {
    for text in [
        "/usr/bin/python3",
        "/dev/null",
        "/proc/self/status",
        "/opt/conda/lib/python3.11",
        "/dev/nvidia0",
        r"C:\Windows\System32\cmd.exe",
        r"C:\Program Files\Python\python.exe",
        "and/or",
        "train/loss",
        "tokens/s",
        "n/a",
        "w/o x",
        "a / b",
        "1/2",
        "2026/11/23",
        "</div>",
        "<br/>",
        "image/png",
        "application/json",
        "~0.5",
        "~/data",
        "$HOME/x",
        "${HOME}/x",
        "./x/y",
        "../x/y",
        "s3://bucket/key",
        "https://example.org/x/y",
        "http://localhost:5000/x",
        "http://127.0.0.1:5000",
        "runs:/abc/model",
        "models:/digits/1",
        "mlflow-artifacts:/1/x",
        "git@example.org:x.git",
        "git+https://example.org/a/b",
        "# /",
        "// comment here",
        "x // y",
        "logo@2x.png",
        "recall@10: 0.5",
        "recall@top10",
        "pkg@1.2",
        "--lr=0.1",
        "torch==2.1.0.1",
        "1.2.3.4",
        "v1.2.3.4",
        "12:30:45",
        "x[::2]",
        "std::vector",
        "[0-3]",
        "lr=0.1",
        "def f(self):",
        "threading.local",
        "2026-11-23T10:00:00Z",
        "11-22-33-44-55-66",
        "{host}/x",
        "http://{host}/x",
    ] {
        is_public(text);
    }
}

#[test]
fn addresses_of_people_and_machines() {
    is("carol@corp.example", "[mail 1]");
    is("Ada <ada.l+x@example.org>, b@x.co", "Ada <[mail 1]>, [mail 2]");
    is("scp ada@node17:/data/x .", "scp [path 1] .");
    is("git@example.org:ada/x.git", "git@example.org:[owner 1]/x.git");
    is("https://ada:x@example.org/lab.git", "https://[person 1]@example.org/lab.git");
    is("https://hub.example.org/user/ada/lab", "https://hub.example.org/user/[person 1]/lab");
    is("https://example.org/~ada/x", "https://example.org/[person 1]/x");
    is("http://node17:5000/x", "http://[host 1]/x");
    is("http://tracker.corp.internal/x", "http://[host 1]/x");
    is("http://10.0.0.7:5000/x", "http://[host 1]/x");
    is("on node17.corp.internal now", "on [host 1] now");
    is("Adas-MacBook-Pro.local", "[host 1]");
    is("DESKTOP-4F2K9QX", "[host 1]");
    is("from 192.168.1.5", "from [address 1]");
    is("tcp 52.18.3.4:29500", "tcp [address 1]:29500");
    is("fe80::1ff:fe23:4567:890a", "[address 1]");
    is("fe80::1", "[address 1]");
    is("02:42:ac:11:00:02", "[address 1]");
    is("GPU-1f2e3d4c-1234-5678-9abc-def012345678", "[device 1]");
    is("runs/Jan01_12-00-00_node17", "runs/Jan01_12-00-00_[host 1]");
    is("events.out.tfevents.1700000000.node17.123.0", "events.out.tfevents.1700000000.[host 1].123.0");
    is("SLURM_JOB_USER=li SLURM_NODELIST=node[01-03]", "SLURM_JOB_USER=[person 1] SLURM_NODELIST=[host 1]");
    is("HOSTNAME=node17", "HOSTNAME=[host 1]");
    is("--job-user=ada", "--job-user=[person 1]");
    is("started by ada@node042", "started by [mail 1]");
    is("[ada@bigbox ~]$ ls", "[[mail 1] ~]$ ls");
    is("[ada@bigbox runs]# ls", "[[mail 1] runs]# ls");
    is("ada@bigbox ~ % ls\nada@bigbox runs % python x.py", "[mail 1] ~ % ls\n[mail 1] runs % python x.py");
    is("Lovelace-MBP:~ ada$ ls", "[host 1]:~ [person 1]$ ls");
    is("gpuserver.local", "[host 1]");
    is("gpuserver.internal", "[host 1]");
    is("Currently logged in as: ada (lovelace-lab) to x", "Currently logged in as: [person 1] ([person 2]) to x");
    is(
        "uname_result(system='Linux', node='bigbox', release='6.1')",
        "uname_result(system='Linux', node='[host 1]', release='6.1')",
    );
    is("GIT_AUTHOR_NAME=Ada Lovelace\nx=1", "GIT_AUTHOR_NAME=[person 1]\nx=1");
    is("a\nauthor: Ada King-Noel\nb", "a\nauthor: [person 1]\nb");
    is("  @author: Ada Lovelace", "  @author: [person 1]");
    is("ssh://git@example.org/ada/x.git", "ssh://git@example.org/[owner 1]/x.git");
}

#[test]
fn what_looks_like_a_marker_is_replaced_too() {
    is("[path 1] and /home/ada", "[marker 1] and [path 1]");
    is_public("[path x] [3] [thing 1]");
}

#[test]
fn names_are_found_wherever_they_stand() {
    let private =
        learned(&json!({"user": "ada", "host": "lab-7.hpc.example.org", "author": "José Núñez", "login": "li"}));
    for text in [
        "by Ada",
        "ADA-7",
        "run_ada_3",
        "/x/ada",
        "ada's run",
        "Jose",
        "JOSE\u{301}",
        "josé",
        "nun\u{303}ez",
        "jnunez",
        "lab-7",
        "LAB-7.hpc.example.org",
        "login1.hpc.example.org",
        "li",
        "li_7",
        "x/li/y",
        "by%20Ad%61",
        r"Jos\u00e9",
        "a\u{200b}da",
    ] {
        assert!(private.is_in(text), "{text}");
    }
    for text in ["metadata of adam", "ada2", "<li>", "list", "AdaGrad", "lab-70"] {
        assert!(!private.is_in(text), "{text}");
    }
}

#[test]
fn names_are_learned_from_everything_that_tells_them() {
    for (tree, text) in [
        (json!({"a": "/home/li/x"}), "li"),
        (json!({"a": r"C:\Users\Bob\x"}), "bob"),
        (json!({"a": "~dave/x"}), "dave"),
        (json!({"mail": "carol@example.org"}), "carol"),
        (json!({"slurm": {"job_user": "li", "nodelist": "gpu[08-11],login2"}}), "gpu09"),
        (json!({"SLURM_JOB_ACCOUNT": "proj-x"}), "proj-x"),
        (json!({"args": ["--user", "ada"]}), "ada"),
        (json!({"hub_model_id": "ada/digits"}), "ada"),
        (json!({"run.by": "ada"}), "ada"),
        (json!({"owner": {"name": "Ada"}}), "ada"),
        (json!({"authors": ["Ada Lovelace", "Wei Li"]}), "lovelace"),
        (json!({"author": "李明"}), "李明的模型"),
        (json!({"card": "# x\n- **Developed by:** Ada Lovelace, Wei Li\n"}), "lovelace"),
        (json!({"log": "Signed-off-by: Ada Lovelace <ada@example.org>"}), "lovelace"),
        (json!({"log": "thanks to Ada King <aking@example.org>"}), "king"),
        (json!({"log": "host: node17"}), "node17"),
        (json!({"dir": "runs/Nov23_09-55-28_node17"}), "node17"),
    ] {
        assert!(learned(&tree).is_in(text), "{tree}: {text}");
    }
    // Names of no one, prose and numbers are not learned.
    let private = learned(&json!({"user": "root", "author": 7, "team": "ml", "entity": "", "user_id": "1000"}));
    assert!(!private.is_in("root of the ml team with 1000 users"));
    let private = learned(&json!({"notes": "user: what is this? I asked\nnote: Ada\nhttp://example.org"}));
    assert!(!private.is_in("what is this, a note by Ada at example"));
}

#[test]
fn files_are_looked_into() {
    let private = learned(&json!({"user": "babbage"}));
    let look = |bytes: &[u8]| look_into(&private, bytes);
    for label in ["Author", "# Author", "@author", "maintainer", "created_by", "approved_by", "Reviewed-by", "run_by"] {
        let text = format!("a = 1\n{label}: Ada Lovelace, Wei Li\nb = 2\n");
        assert_eq!(look(text.as_bytes()), Look::Private, "{text}");
    }
    assert_eq!(look(b"lr: 0.1\nhub_model_id: lovelace/model\n"), Look::Private);
    for text in ["The author: it is said that nobody knows.\n", "owner: Optional[str] = None\n"] {
        assert_eq!(look(text.as_bytes()), Look::Clean, "{text}");
    }
    assert_eq!(look(b"lr: 0.1\n"), Look::Clean);
    assert_eq!(look(b"by Babbage\n"), Look::Private);
    assert_eq!(look(b"\xff\xfe\x00\x01babbage\x00\xff"), Look::Private);
    assert_eq!(
        look(b"\xff\xff\x00c\x00:\x00\\\x00u\x00s\x00e\x00r\x00s\x00\\\x00b\x00o\x00b\x00\xff\xff"),
        Look::Private
    );
    assert_eq!(look(b"PK\x03\x04rest"), Look::Packed);
    // Whatever the file is called, and whatever stands before.
    let text = b"a text of some length, and of some length again, in which somebody may have a name";
    let deflated = |has_header: bool| {
        let mut packed = Vec::with_capacity(1024);
        flate2::Compress::new(flate2::Compression::best(), has_header)
            .compress_vec(text, &mut packed, flate2::FlushCompress::Finish)
            .expect("room for it");
        packed
    };
    assert_eq!((look(&deflated(true)), look(&deflated(false))), (Look::Packed, Look::Packed));
    let gzip = [b"\x1f\x8b\x08\0\0\0\0\0\x02\xff".as_slice(), &deflated(false)].concat();
    for packed in [gzip.as_slice(), b"PK\x03\x04\x14\0", b"\xfd7zXZ\0\0", b"BZh91AY&SY\x80"] {
        assert_eq!(look(&[b"#!/bin/sh\nexit\n", packed].concat()), Look::Packed);
        assert_eq!(look(&[b"\x80\x04", packed].concat()), Look::Packed);
    }
    assert_eq!(look(b"PAR1\x15\x04"), Look::Packed);
    assert_eq!(look(b"x\x9c and x\x01 in a text"), Look::Clean);
    assert_eq!(look("x^2 is not packed, nor is x\u{1}".as_bytes()), Look::Clean);
    assert_eq!(look(b"\x80\x04\x95\x0c\0\0\0\0\0\0\0}\x94\x8c\x02lr\x94K\x01s."), Look::Clean);
    assert_eq!(look(b"\x80\x1f\x8b\x08\xff\xff\xff\xff\xff\xff\xff"), Look::Clean);
    let chunk = |kind: &[u8], text: &[u8]| {
        [
            &b"\x89PNG\r\n\x1a\n"[..],
            &u32::try_from(text.len()).expect("short").to_be_bytes(),
            kind,
            text,
            b"\0\0\0\0\xff",
        ]
        .concat()
    };
    assert_eq!(look(&chunk(b"zTXt", b"Author\0\0x")), Look::Packed);
    assert_eq!(look(&chunk(b"tEXt", b"Author\0babbage")), Look::Private);
    assert_eq!(look(&chunk(b"tEXt", b"Software\0Matplotlib version3.9.2, https://matplotlib.org/")), Look::Clean);
}

/// What a section would have set apart as a member keeps a file from being embedded.
#[test]
fn the_members_of_a_file_tell() {
    let private = Private::default();
    let look = |text: &str| look_into(&private, text.as_bytes());
    for text in [
        "{\"user\": {\"name\": \"Zel Borgrim\", \"id\": \"zelbor\"}}",
        "{\"authors\": [{\"name\": \"Zel Borgrim\"}]}",
        "{\"env\": [{\"name\": \"USER\", \"value\": \"zelbor\"}]}",
        "{\n \"args\": [\n  \"--user\",\n  \"zelbor\"\n ]\n}",
        "{\"aux\": \"user: zelbor\\nlr: 1\\n\"}",
        "{\"cfg\": \"host: ip-10-9-3-17\"}",
        "{\"hub_model_id\": \"zelbor/secret-net\"}",
        "{\"x\": 1}\n{\"user\": {\"name\": \"Zel Borgrim\"}}\n",
        "user:\n  name: Zel Borgrim\n  id: zelbor\n",
        "args:\n- --user\n- zelbor\n",
        "authors:\n- Zel Borgrim\n- Mir Vak\n",
        "{user: {name: Zel Borgrim}}",
        "{'user': {'name': 'Zel Borgrim'}}",
        "---\nauthors:\n- Zel Borgrim\n---\n# A model\n",
    ] {
        assert_eq!(look(text), Look::Private, "{text}");
        let mut learned = Learned::default();
        learned.text(text);
        assert!(Private::new(&learned).is_in(text), "{text}");
    }
    for text in [
        "{\"model\": {\"name\": \"bert\", \"id\": 3}, \"lr\": 0.1}",
        "lr: 0.1\nmodel:\n  name: bert\n",
        "user:\n  count: 3\nhosts: 2\n",
        "def f(user: str, host: str) -> None:\n    pass\n",
    ] {
        assert_eq!(look(text), Look::Clean, "{text}");
    }
}

#[test]
fn texts_of_two_and_four_bytes_a_letter_are_looked_into() {
    let private = learned(&json!({"user": "jos\u{e9}"}));
    let text = "path: /home/zelbor/x\n";
    let utf16: Vec<u16> = text.encode_utf16().collect();
    let as_utf32 =
        |text: &str, bytes: fn(u32) -> [u8; 4]| -> Vec<u8> { text.chars().map(u32::from).flat_map(bytes).collect() };
    for bytes in [
        utf16.iter().flat_map(|unit| unit.to_le_bytes()).collect::<Vec<u8>>(),
        utf16.iter().flat_map(|unit| unit.to_be_bytes()).collect(),
        as_utf32(text, u32::to_le_bytes),
        as_utf32(text, u32::to_be_bytes),
        [b"\x93NUMPY".as_slice(), &as_utf32("/home/zelbor/x.png", u32::to_le_bytes)].concat(),
        as_utf32("by Jos\u{e9}", u32::to_le_bytes),
        "user: zelbor".encode_utf16().flat_map(u16::to_le_bytes).collect(),
    ] {
        assert_eq!(look_into(&private, &bytes), Look::Private, "{bytes:?}");
    }
    let counts: Vec<u8> = (0..4000_u32).flat_map(u32::to_le_bytes).collect();
    assert_eq!(look_into(&private, &counts), Look::Clean);
    assert_eq!(look_into(&private, b"SQLite format 3\0rest"), Look::Packed);
}

#[test]
fn what_stands_for_a_secret_is_no_name_and_ends_no_path() {
    let marker = secrets::marker("password");
    let private = learned(&json!({"user": marker, "author": "ada", "host": format!("{marker}, node-17")}));
    let found = |text: &str| -> Vec<String> {
        private.parts(text).iter().map(|part| text[part.start..part.end].to_owned()).collect()
    };
    let path = format!("/scratch/{marker}/rows.csv");
    assert_eq!(found(&format!("in {path}, by ada")), [path, "ada".to_owned()]);
    assert_eq!(found(&format!("{marker} and {marker}, https://{marker}@example.org")), [""; 0]);
    assert_eq!(private.parts_of_value(Some("user"), &marker), []);
    // Only what the program itself puts there.
    assert_eq!(found("[secret removed: ada]"), ["ada"]);
    assert_eq!(found("[secret removed: password for ada]"), ["ada"]);
}

#[test]
fn long_texts_are_looked_through_in_pieces() {
    let private = learned(&json!({"user": "ada"}));
    let text = format!("{}ada {} /home/ada/x%20y", "word ".repeat(400_000), "w".repeat(3_000_000));
    let parts = private.parts(&text);
    assert_eq!(parts.len(), 2);
    assert_eq!(text.get(parts[0].start..parts[0].end), Some("ada"));
    assert_eq!(text.get(parts[1].start..parts[1].end), Some("/home/ada/x%20y"));
}

/// The beginnings, middles and ends of all forms.
const FRAGMENTS: &[&str] = &[
    "git@a:",
    "git@a:b/",
    "hg@a:",
    "ada@",
    "a@b.co",
    "@h1",
    "https://",
    "https://?sv=",
    "s3://?",
    "s3://a?",
    "://",
    "x://",
    "ssh://git@",
    "//srv/a",
    "//",
    "/",
    "/a",
    "(/1",
    ",/1",
    ":/1",
    ":/a",
    " /a A",
    "/a b/",
    "/home/a",
    "*/home/",
    "../home/a",
    "\\",
    "\\\\srv\\a",
    "\\\\",
    "\\Users\\a",
    "C:\\",
    "C:\\h ",
    "C:\\a b\\",
    "C:/",
    "~",
    "~a",
    "~a/",
    "%2F",
    "%25",
    "\\u002f",
    "\\n",
    "&#47;",
    "&quot;",
    "\u{1b}[1m",
    "\"",
    "'",
    "`",
    "“",
    "“/a",
    "\"/a",
    "[",
    "[path 1",
    "]:29500",
    "[a1]:29500",
    "(",
    ")",
    "{",
    "}",
    "=",
    "USER=",
    "USER=\"",
    "user=a",
    "\"user\": ",
    "\"user\": \"",
    "'user', '",
    "\"user\": [\"",
    "--user ",
    "--user=",
    "host: ",
    "NODELIST=a[",
    "a[0",
    "a1:1:",
    "[0] NCCL ",
    "tfevents.1.",
    "Jan01_12-00-00_",
    ".pt.trace.json",
    ".xplane.pb",
    "plugins/profile/",
    "a.local",
    ".fritz.box",
    "1.1.1.1:",
    "1.1.1.1 ",
    "ab:",
    "fe80:",
    "GPU-",
    ".",
    ":",
    "-",
    "_",
    "@",
    " ",
    "\n",
    "a",
    "1",
    "é",
    "用户",
    "<a@b.co",
    "[secret removed: ",
    "[secret removed: password]",
    "{\"a\":\"",
    "HOSTS=a[1-99999],",
];

/// How many bytes are looked at to learn from a text and to find what is private in it, with what
/// is known.
fn looks(private: &Private, text: &str) -> u64 {
    look::looked_at();
    private.parts(text);
    Learned::default().text(text);
    look::looked_at()
}

/// The looks at a text of twice the length are twice as many, however often a form begins in it:
/// not from each beginning to the end.
#[test]
fn no_form_is_looked_for_from_each_beginning_to_the_end() {
    const BYTES: usize = 600;
    let private = learned(&json!({"user": "aaaa", "login": "a/a", "host": "node"}));
    let mut most = 0;
    let mut check = |shape: &str, before: &str, after: &str| {
        let text = |bytes: usize| {
            let fill = |shape: &str, bytes: usize| shape.repeat((bytes / shape.len().max(1)).max(1));
            let around = bytes / 4;
            [fill(before, around), fill(shape, bytes), fill(after, around)].concat()
        };
        let (once, twice) = (looks(&private, &text(BYTES)), looks(&private, &text(2 * BYTES)));
        assert!(
            twice * 2 <= once * 5,
            "{before:?}, {shape:?}, {after:?}: {once} looks, and {twice} at a text of twice the length"
        );
        most = most.max(twice / (2 * BYTES as u64));
    };
    for (number, first) in FRAGMENTS.iter().enumerate() {
        check(first, "", "");
        for (other, second) in FRAGMENTS.iter().enumerate() {
            if (number * 5 + other) % 16 == 0 {
                check(&format!("{first}{second}"), "", "");
            }
        }
        for mark in [")", "\\", ".", " ", "a", "1"] {
            check(first, mark, "");
            check(first, "", mark);
        }
    }
    assert!((10..200).contains(&most), "{most} looks at a byte");
}

/// The ways to write that something is somebody's, in a text.
fn written(key: &str, name: &str) -> Vec<String> {
    let upper = key.to_uppercase();
    let mut all = vec![
        format!("{{\"{key}\": \"{name}\"}}"),
        format!("{{\"lr\":1,\"{key}\":\"{name}\",\"x\":2}}"),
        format!("{{'{key}': '{name}'}}"),
        format!("environ({{'A': 'b', '{upper}': '{name}'}})"),
        format!("Namespace({key}='{name}', lr=1)"),
        format!("Config(lr=1, {key}=\"{name}\")"),
        format!("{{\\\"{key}\\\": \\\"{name}\\\"}}"),
        format!("\"{{\\\\\\\"{key}\\\\\\\": \\\\\\\"{name}\\\\\\\"}}\""),
        format!("{{&quot;{key}&quot;: &quot;{name}&quot;}}"),
        format!("%7B%22{key}%22%3A%22{name}%22%7D"),
        format!("{{\"a\": [{{\"b\": {{\"{key}\": \"{name}\"}}}}]}}"),
        format!("{{b'{key}': b'{name}'}}"),
        format!("{{\"{key}\": [\"{name}\", \"{name}\"]}}"),
        format!("{key} = \"{name}\""),
        format!("{key}: '{name}'"),
        format!("'{key}' => '{name}'"),
    ];
    if !name.contains(' ') {
        all.extend([
            format!("{key}={name}"),
            format!("{key}={name}\nx=2"),
            format!("lr=1 {key}={name} x=2"),
            format!("lr=1,{key}={name},x=2"),
            format!("{upper}={name}"),
            format!("export {upper}={name}; x"),
            format!("--{key} {name}"),
            format!("train.py --{key} {name} --lr 1"),
            format!("--{key}={name}"),
            format!("--{}={name}", key.replace('_', "-")),
            format!("['--{key}', '{name}', '--lr', '1']"),
            format!("[\"--{key}\", \"{name}\"]"),
            format!("a\\n{key}={name}\\nb"),
            format!("\u{1b}[32m{key}={name}\u{1b}[0m"),
            format!("{{{key}: {name}, lr: 1}}"),
        ]);
    }
    all
}

#[test]
fn members_in_texts_name_people_and_machines() {
    let cases: &[(&[&str], &[&str])] = &[
        (
            &[
                "user",
                "username",
                "hf_username",
                "created_by",
                "approved_by",
                "job_user",
                "entity",
                "author",
                "jupyterhub_user",
                "benutzer",
                "用户",
            ],
            &["kowalskin", "k.owal", "k-42", "用户名字"],
        ),
        (&["author", "owner", "maintainer"], &["Ann Kowalskin", "Ludwig van Beethoven"]),
        (
            &[
                "hostname",
                "host",
                "master_addr",
                "rdzv_endpoint",
                "pbs_o_host",
                "batchhost",
                "nodelist",
                "coordinator_address",
                "main_process_ip",
            ],
            &["gpu07", "thor", "node-3.hpc.example.org"],
        ),
    ];
    for (keys, names) in cases {
        for (key, name) in keys.iter().flat_map(|key| names.iter().map(move |name| (*key, *name))) {
            for text in written(key, name) {
                let replaced = by_form(&text);
                assert!(!replaced.contains(name), "{text} -> {replaced}");
                // And nothing but the name: what it stands in is left as it is.
                let marked = replaced.replace("[person 1]", name).replace("[host 1]", name);
                assert_eq!(marked, text, "{replaced}");
                let mut learned = Learned::default();
                learned.text(&text);
                assert!(Private::new(&learned).is_in(&format!("run of {name} again")), "{text}");
            }
        }
    }
    is("--rdzv_endpoint=gpu07:29400", "--rdzv_endpoint=[host 1]:29400");
    is("UserId=kowal(1000) GroupId=x(1000)", "UserId=[person 1](1000) GroupId=x(1000)");
    is("NodeList=gpu[07-08] BatchHost=gpu07", "NodeList=[host 1] BatchHost=[host 2]");
    is("Running on host: gpu07", "Running on host: [host 1]");
    is("# x\n- author: kowal\nlr: 0.1\n", "# x\n- author: [person 1]\nlr: 0.1\n");
}

#[test]
fn what_looks_like_a_prompt_or_a_machine_is_none() {
    for text in [
        "recall@top 5 % better",
        "costs: about 5$ a day, total: 7$ ",
        "config.local",
        "torch.nn.functional.local",
        "settings.internal",
        "accuracy@k 50 % of it",
        "model (version)",
    ] {
        is_public(text);
    }
}

#[test]
fn code_and_prose_name_nobody() {
    for text in [
        "client = Client(host=args.host, user=name)",
        "f(a, user=current, b=1)",
        "    user=name,\n    host=cfg.host,\n",
        "user = get_user()",
        "host=socket.gethostname()",
        "USER=$USER HOST=${HOST}",
        "p.add_argument(\"--user\", type=str, help=\"user\")",
        "p.add_argument('--user', '-u')",
        "usage: train.py [--user USER] [--host HOST]",
        "pip install --user numpy",
        "user: what is this?",
        "{\"role\": \"user\", \"content\": \"hi\"}",
        "{\"user\": \"{user}\", \"host\": \"localhost\"}",
        "{\"user\": \"<|user|>\", \"host\": 7}",
        "{'host': None, 'user': True}",
        "user == other",
        "host::name",
        "group_by=class scaled_by=mean sort_by=loss",
        "hosted user_embedding=64 num_users=x author_embedding=y",
        "host: localhost",
        "SELECT * FROM runs WHERE user = ?",
    ] {
        is_public(text);
    }
}

#[test]
fn what_is_no_domain_makes_no_mail_address() {
    for text in [
        "nvcr.io/nvidia/pytorch@sha256:0123abcd",
        "image@sha512",
        "image@md5",
        "latency@p99",
        "tokens@1k",
        "acc@top5",
        "map@iou50",
        "model@step1000",
        "ckpt@epoch3",
        "user/model@main",
        "model@v2",
        "torch@2.3.0+cu121",
        "logo@2x.png",
        "img@hero.dark.png",
        "icon@x.min.js",
        "f1@optimal",
        "x = a @ b",
        "@dataclass",
        "HEAD@{1}",
        "click@8.1",
    ] {
        is_public(text);
    }
    for (text, want) in [
        ("kow@uni-x.de.txt", "[mail 1].txt"),
        ("kow@uni-x.de.tar.gz", "[mail 1].tar.gz"),
        ("kow@uni-x.org.json", "[mail 1].json"),
        ("mail_kow@uni-x.de_notes.csv", "[mail 1]_notes.csv"),
        ("kow@localhost", "[mail 1]"),
        ("kow@adas-laptop", "[mail 1]"),
        ("kow@laptop.(none)", "[mail 1]"),
        ("[kow@login02 ~]$ ls", "[[mail 1] ~]$ ls"),
        ("kow@ws1:~$ ls", "[mail 1]:~$ ls"),
        ("kow@h1:/data/x", "[path 1]"),
    ] {
        let replaced = by_form(text);
        assert!(!replaced.contains("kow"), "{text} -> {replaced}");
        assert_eq!(replaced, want);
    }
}

#[test]
fn machines_of_distributed_runs() {
    for host in ["gpu07", "thor", "node-3", "a.b-7"] {
        is(&format!("{host}:4242:4242 [0] NCCL INFO Bootstrap"), "[host 1]:4242:4242 [0] NCCL INFO Bootstrap");
        is(&format!("{host}:4242:4301 [3] NCCL WARN x"), "[host 1]:4242:4301 [3] NCCL WARN x");
        is(&format!("failed to connect to [{host}]:29500 (errno"), "failed to connect to [[host 1]]:29500 (errno");
        is(&format!("ping {host}.fritz.box"), "ping [host 1]");
        is(&format!("see {host}.home.arpa"), "see [host 1]");
        is(&format!("see {host}.lan now"), "see [host 1] now");
        is(&format!("connecting to {host}.internal now"), "connecting to [host 1] now");
        is(&format!("host {host}.local"), "host [host 1]");
        is(
            &format!("{host}_4242.1700747002123456789.pt.trace.json"),
            "[host 1]_4242.1700747002123456789.pt.trace.json",
        );
        is(&format!("plugins/profile/2026_11_23/{host}.xplane.pb"), "plugins/profile/2026_11_23/[host 1].xplane.pb");
        is(
            &format!("plugins/profile/2026_11_23/{host}.trace.json.gz"),
            "plugins/profile/2026_11_23/[host 1].trace.json.gz",
        );
    }
    is("connecting to thor:29500", "connecting to [host 1]:29500");
    is("[thor]:29500", "[[host 1]]:29500");
    is("log-node17.lan.txt", "[host 1].txt");
    is("ws.tail1234.ts.net", "[host 1]");
    for text in [
        "torch.nn.functional.local",
        "layer.lan",
        "example.org:29500",
        "127.0.0.1:29500",
        "localhost:29500",
        "entity: PERSON",
        "threading.local",
        "torch.internal",
        "from google.protobuf.internal import x",
        "config.home",
        "np.lan",
        "[INFO]:2024",
        "[c10d]:29500",
        "trace.json",
        "x.trace.json",
        "a:1:2 [0] x",
        "fritz.box",
    ] {
        is_public(text);
    }
}

#[test]
fn paths_wherever_they_begin_and_with_blanks() {
    for path in [
        "/home/kow/x",
        "/lustre/kow/x",
        r"C:\Users\kow\x",
        r"\\srv\share\kow",
        "~kow/x",
        "/mnt/c/Users/Ann\\ Kow/x.csv",
        r"C:\Users\u\OneDrive - Firm GmbH\x.csv",
        r"C:\Users\Ann Kow\a b c\x.csv",
        "/home/u/proj (kow)/x.csv",
        "/home/u/OneDrive - Firm GmbH/x",
        r"\\.\C:\Users\kow",
        r"\\fs01\Team Share\kow\x.csv",
    ] {
        for (before, after) in [
            ("data:", ""),
            ("数据在", ""),
            ("failed\\n", ""),
            ("failed\\n\\t", "\\n"),
            ("\u{1b}[31m", "\u{1b}[0m"),
            ("x=", ""),
            ("['", "']"),
            ("load ", ", then"),
            ("{\"p\": \"", "\"}"),
            ("(", ")"),
            ("b'", "'"),
            ("データ:", ""),
            ("- ", "\n- next"),
        ] {
            let text = format!("{before}{path}{after}");
            let replaced = by_form(&text);
            // In `C:\x\n`, `\n` may be a name.
            let ends = replaced.ends_with(after) || path.contains('\\');
            assert!(ends && replaced.starts_with(before), "{text} -> {replaced}");
            for left in ["kow", "Kow", "Firm", "GmbH", "x.csv", "share", "Share"] {
                assert!(!replaced.contains(left), "{text} -> {replaced}");
            }
        }
    }
    is(r"\Users\kow\x", "[path 1]");
    is(r"\\Users\\kow\\x", "[path 1]");
    is("*/home/kow*", "*[path 1]");
    is("\\x1b[31m/home/kow/x", "\\x1b[31m[path 1]");
    is("../../home/kow/x", "../..[path 1]");
    is(r"\\/home\\/kow", "[path 1]");
    is(r"\x2fhome\x2fkow\x2fx", "[path 1]");
    is("models:/home/kow/x", "models:[path 1]");
    is("copy C:\\a\\b.txt dir\\c.txt", "copy [path 1] dir\\c.txt");
    for text in [
        "runs:/abc/model",
        "models:/digits/1",
        "s3:/bucket/x",
        "../home/layout.html",
        "s/home/x",
        r"\alpha\beta",
        r"\frac{a}{b}",
        r"\\d+\\w+",
        "*/x",
        r"src\main",
    ] {
        is_public(text);
    }
}

#[test]
fn owners_of_the_own_code_are_found_elsewhere() {
    for url in [
        "https://example.org/quuxlab/x.git",
        "git@example.org:quuxlab/x.git",
        "ssh://git@example.org/quuxlab/x.git",
        "https://example.org/groups/quuxlab/x",
    ] {
        let private = learned(&json!({"repository": url}));
        for text in
            ["quuxlab/model", "by quuxlab", "https://hub.example.org/quuxlab/m", "quuxlab_lr", "files/quuxlab.txt"]
        {
            assert!(private.is_in(text), "{url}: {text}");
        }
        assert!(learned(&json!({"notes": format!("see {url}")})).is_in("quuxlab") == url.contains("git@"), "{url}");
    }
    let private = learned(&json!({"repository": "https://example.org/pytorch/examples"}));
    assert!(!private.is_in("with pytorch"));
}

#[test]
fn logins_in_domains_and_other_alphabets() {
    let private = learned(&json!({"user": "CORP\\annk"}));
    for text in ["annk", "by ANNK", "CORP/annk", "/x/annk/y"] {
        assert!(private.is_in(text), "{text}");
    }
    for key in [
        "benutzer",
        "usuario",
        "usuário",
        "用户",
        "用户名",
        "ユーザー",
        "пользователь",
        "hf_username",
        "approved_by",
        "KAGGLE_USERNAME",
    ] {
        assert!(learned(&json!({key: "kowalskin"})).is_in("by kowalskin"), "{key}");
    }
    for mail in ["ann%40example.com", "ann&#64;example.com"] {
        assert!(!learned(&json!({"author": mail})).is_in("a com port of example"), "{mail}");
    }
}

#[test]
fn lists_of_nodes_have_a_limit_together() {
    let mut learned = Learned::default();
    for letter in 'a'..='z' {
        learned.host(&format!("{letter}{letter}[0-99999]"));
    }
    assert!(learned.words().len() < 70_000, "{}", learned.words().len());
}

#[test]
fn names_below_their_names_and_in_elements() {
    for (text, want) in [
        ("user = babbage", "user = [person 1]"),
        ("[db]\nhost = node-17\nport = 5432\n", "[db]\nhost = [host 1]\nport = 5432\n"),
        ("<user>babbage</user>", "<user>[person 1]</user>"),
        ("<author>Ada Lovelace</author>", "<author>[person 1]</author>"),
        ("user:\n  value: babbage\n", "user:\n  value: [person 1]\n"),
        ("user:\n  desc: null\n  value: babbage", "user:\n  desc: null\n  value: [person 1]"),
        ("os.environ[\"USER\"] = \"babbage\"", "os.environ[\"USER\"] = \"[person 1]\""),
        ("wandb: Currently logged in as: babbage (team) to", "wandb: Currently logged in as: [person 1] (team) to"),
        ("srun: error: ada07: task 3: Out Of Memory", "srun: error: [host 1]: task 3: Out Of Memory"),
        ("*** JOB 1 ON ada[07-08] CANCELLED AT", "*** JOB 1 ON [host 1] CANCELLED AT"),
        ("\u{1b}[33muser\u{1b}[0m=\u{1b}[32mbabbage\u{1b}[0m", "\u{1b}[33muser\u{1b}[0m=\u{1b}[32m[person 1]\u{1b}[0m"),
        ("user=\u{9b}32mbabbage\u{9b}0m", "user=\u{9b}32m[person 1]\u{9b}0m"),
    ] {
        is(text, want);
    }
    for text in [
        "user = current\nfor x in user:\n    print(x)",
        "row[\"user\"], row[\"item\"]",
        "<user>text</b>",
        "user:\n  type: string\n",
        "steps:\n- user:\n    desc: one\n",
        "The switch is ON now. IT IS ON AND CANCELLED",
    ] {
        is_public(text);
    }
}

#[test]
fn names_of_pairs_and_names_glued_to_others() {
    let private = learned(&json!([{"name": "user", "value": "babbage"}, {"key": "hostname", "value": "ada-7x"}]));
    assert!(private.is_in("by babbage") && private.is_in("on ada-7x"));
    let private = learned(&json!({"user": "babbage", "author": "김철수"}));
    for text in ["babbage3", "7babbage", "由babbage训练", "모델은babbage가", "모델은김철수가", "babbage3_lr"]
    {
        assert!(private.is_in(text), "{text}");
    }
    assert!(!private.is_in("babbages") && !private.is_in("xbabbage"));
}

#[test]
fn words_of_the_field_are_no_names_where_nothing_says_so() {
    let mut learned = Learned::default();
    for name in ["adam", "max", "grace"] {
        learned.person(name);
    }
    let private = Private::new(&learned);
    for text in ["adam", "max/accuracy", "ran on adam-7"] {
        assert_eq!(private.parts(text), [], "{text}");
    }
    assert!(private.is_in("run of grace") && private.is_in("/home/max/x"));
    assert!(!private.parts_of_value(Some("user"), "max").is_empty());
}

/// Each machine of a list goes, not only the first.
#[test]
fn every_host_of_a_list_is_a_host() {
    for text in ["mpirun --hosts gpuc1,gpud2 python x.py", "SLURM_JOB_NODELIST=gpuc1,gpud2", "--host=gpuc1:4,gpud2:4"] {
        let private = Private::new(&Learned::default());
        let parts = private.parts_of_value(None, text);
        let hosts: Vec<&str> = parts.iter().map(|part| &text[part.start..part.end]).collect();
        assert_eq!(hosts, ["gpuc1", "gpud2"], "{text}");
    }
    let private = Private::new(&Learned::default());
    assert!(private.parts_of_value(None, "connect(host=gpuc1,port=5432)").iter().all(|part| part.end < 20));
}

#[test]
fn addresses_in_names_of_files() {
    for (text, want) in [
        ("10.77.120.3.log", "[address 1].log"),
        ("10.77.120.3.log.1", "[address 1].log.1"),
        ("log-10.77.120.3.txt", "log-[address 1].txt"),
        ("runs/10.77.120.3.tar.gz", "runs/[address 1].tar.gz"),
        ("fd00:1234::9c41.txt", "[address 1].txt"),
        ("log-fd00:1234::9c41.txt", "log-[address 1].txt"),
        ("02:42:ac:11:00:02.log", "[address 1].log"),
        ("mac_02:42:ac:11:00:02.log", "mac_[address 1].log"),
        ("ada@CORP.REALM.LAN.txt", "[mail 1].txt"),
    ] {
        is(text, want);
    }
    for text in [
        "libcurand.so.10.3.2.106",
        "nvidia_curand_cu12-10.3.5.147.dist-info",
        "model-1.2.3.4.json",
        "img@hero.dark.png",
        "12::30.txt",
    ] {
        is_public(text);
    }
}

#[test]
fn members_are_told_by_the_ends_of_their_names() {
    for (key, kind) in [
        ("gpu_host", Kind::Host),
        ("gpuHost", Kind::Host),
        ("cluster_user", Kind::Person),
        ("clusterUser", Kind::Person),
        ("job_owner", Kind::Person),
        ("dataset_owner", Kind::Person),
        ("datasetOwner", Kind::Person),
        ("engineer", Kind::Person),
        ("labeler", Kind::Person),
        ("ml-engineer", Kind::Person),
    ] {
        assert_eq!(kind_of_key(key), Some(kind), "{key}");
        let private = learned(&json!({key: "zorbanen7"}));
        assert!(private.is_in("runs/zorbanen7-3"), "{key}");
    }
    for key in [
        "num_host",
        "num_user",
        "max_user",
        "is_owner",
        "offload_to_host",
        "per_user",
        "prompt_user",
        "localhost_port",
        "ghost",
        "host_memory",
        "ownership",
        "multi_host",
        "numHost",
    ] {
        assert_eq!(kind_of_key(key), None, "{key}");
    }
}

/// What stands in place of a name says nothing of anybody.
#[test]
fn markers_are_nobodys_names() {
    for text in [
        "user: [person 18]",
        "host: [host 3]",
        "owner=[owner 2] user=[person 18]",
        "https://hub.example.org/user/[person 18]/lab",
    ] {
        let mut known = Learned::default();
        known.value(Some("cmd"), text);
        known.value(Some("user"), "[person 18]");
        assert!(known.words().is_empty(), "{text}: {:?}", known.words());
    }
}

#[test]
fn machines_in_sentences() {
    for (text, want) in [
        ("running on host zorbaten7", "running on host [host 1]"),
        ("running on host gpu07, rank 3", "running on host [host 1], rank 3"),
        ("Connected to zorbaten7:6006", "Connected to [host 1]:6006"),
        ("worker node-17:40123 died", "worker [host 1]:40123 died"),
        ("listening at zorbaten7:8888.", "listening at [host 1]:8888."),
    ] {
        is(text, want);
    }
    for text in [
        "copied to host float32 buffers",
        "from device to host int8",
        "host gpu0 is busy",
        "the host memory",
        "at step1:1000",
        "at epoch10:12345",
        "saved to cuda:0",
        "on localhost:6006",
        "host a100",
    ] {
        is_public(text);
    }
}
