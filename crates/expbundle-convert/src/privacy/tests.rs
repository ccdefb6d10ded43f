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
    assert_eq!(look(b"lr: 0.1\n"), Look::Clean);
    assert_eq!(look(b"by Babbage\n"), Look::Private);
    assert_eq!(look(b"\xff\xfe\x00\x01babbage\x00\xff"), Look::Private);
    assert_eq!(
        look(b"\xff\xff\x00c\x00:\x00\\\x00u\x00s\x00e\x00r\x00s\x00\\\x00b\x00o\x00b\x00\xff\xff"),
        Look::Private
    );
    assert_eq!(look(b"PK\x03\x04rest"), Look::Packed);
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

#[test]
fn time_is_linear() {
    // Shapes that make a careless scanner look at the same text again and again; the test ends, or does not.
    let private = learned(&json!({"user": "aaaa", "login": "a/a"}));
    for shape in [
        "/",
        "//",
        "\\\\",
        "@",
        "a@",
        "a:",
        "(/",
        "(/a",
        "\"/",
        "'/a",
        "[",
        "=",
        "%25",
        "~a",
        "a.",
        ":/",
        "a:/",
        "://a",
        "a://",
        " /a A",
        "&#",
        "[secret removed: ",
        "[secret removed: password]",
    ] {
        let text = shape.repeat(400_000 / shape.len());
        private.parts(&text);
    }
}
