//! Keys and signers files as people have them: what the program takes, what it warns of, what it
//! refuses.

use std::fs::{File, write};
use std::process::{Command, Stdio};

use crate::support::{self, Bench, root};
use serde_json::json;

/// A key that `ssh-keygen` encrypted with `test`.
fn encrypted(bench: &Bench) {
    let key = root().join("crates/expbundle-statement/tests/keys/ciphers/aes256-ctr");
    std::fs::copy(key, bench.path("locked")).expect("room");
    mode(bench, "locked", 0o600);
}

fn mode(bench: &Bench, name: &str, mode: u32) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;

        std::fs::set_permissions(bench.path(name), std::fs::Permissions::from_mode(mode)).expect("ours");
    }
    #[cfg(not(unix))]
    let _ = (bench, name, mode);
}

/// Signs with the locked key; whether it did, and what was on stderr.
fn sign(bench: &Bench, variable: Option<&str>, descriptor: Option<&str>) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_expbundle"));
    command.args(["sign", "a.expb", "--key", "locked", "-o", "signed.expb"]).current_dir(bench.folder.path());
    command.env_remove("EXPBUNDLE_PASSPHRASE").stdin(Stdio::null());
    if let Some(passphrase) = variable {
        command.env("EXPBUNDLE_PASSPHRASE", passphrase);
    }
    if let Some(passphrase) = descriptor {
        write(bench.path("passphrase"), passphrase).expect("room");
        command.args(["--passphrase-fd", "0"]).stdin(File::open(bench.path("passphrase")).expect("written"));
    }
    let output = command.output().expect("the program runs");
    (output.status.success(), String::from_utf8(output.stderr).expect("UTF-8"))
}

#[test]
fn a_descriptor_goes_before_the_variable_and_an_empty_variable_is_none() {
    let bench = Bench::with_bundle();
    encrypted(&bench);
    for (variable, descriptor, expected) in [
        (Some("test"), None, Ok(())),
        (None, Some("test\n"), Ok(())),
        (Some("wrong"), Some("test\n"), Ok(())),
        (Some(""), Some("test"), Ok(())),
        (Some("test"), Some("wrong"), Err("the passphrase is wrong")),
        (Some("test"), Some("\n"), Err("the passphrase is wrong")),
        (Some("wrong"), None, Err("the passphrase is wrong")),
        (Some(""), None, Err("no passphrase was given")),
        (None, None, Err("no passphrase was given")),
    ] {
        let (is_signed, stderr) = sign(&bench, variable, descriptor);
        assert_eq!(is_signed, expected.is_ok(), "{variable:?} {descriptor:?}: {stderr}");
        if let Err(message) = expected {
            assert!(stderr.contains(message), "{variable:?} {descriptor:?}: {stderr}");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_key_that_others_can_read_is_warned_of() {
    let bench = Bench::with_bundle();
    for (bits, is_warned) in [(0o600, false), (0o400, false), (0o644, true), (0o640, true), (0o666, true)] {
        mode(&bench, "key", bits);
        let output = bench.output(&["sign", "a.expb", "--key", "key", "-o", "signed.expb"]);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{stderr}");
        assert_eq!(
            stderr.contains("this private key") && stderr.contains("chmod 600 key"),
            is_warned,
            "{bits:o}: {stderr}"
        );
    }
}

#[test]
fn what_is_not_supported_is_named_with_the_command_that_converts_it() {
    let bench = Bench::with_bundle();
    std::fs::copy(root().join("crates/expbundle-statement/tests/keys/ciphers/3des-cbc"), bench.path("old"))
        .expect("room");
    let (_, stderr) = bench.fails(2, "cli.key", &["sign", "a.expb", "--key", "old"]);
    assert!(stderr.contains("`3des-cbc`") && stderr.contains("ssh-keygen -p -Z aes256-ctr -f old"), "{stderr}");
}

#[test]
fn a_comment_cannot_add_a_signer() {
    let bench = Bench::new();
    for comment in ["x\nben@example.org ssh-ed25519 AAAA", "x\r", "\u{1b}[2J"] {
        let (_, stderr) = bench.fails(2, "cli.key", &["keygen", "-o", "key", "--comment", comment]);
        assert!(stderr.contains("the comment contains"), "{stderr}");
        assert!(!bench.path("key").exists() && !bench.path("key.pub").exists());
    }
    bench.ok(&["keygen", "-o", "key", "--comment", "Ada's laptop"]);
    let public = std::fs::read_to_string(bench.path("key.pub")).expect("the key");
    assert!(public.lines().count() == 1 && public.ends_with(" Ada's laptop\n"), "{public}");
}

#[test]
fn the_file_of_a_team_is_read_and_says_what_was_skipped() {
    let bench = Bench::with_bundle();
    bench.ok(&["sign", "a.expb", "--key", "key"]);
    let key = std::fs::read_to_string(bench.path("key.pub")).expect("the key");
    let team = format!(
        "# our team\nben ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQA= old laptop\n*@example.org {key}ca cert-authority {key}ada {key}"
    );
    write(bench.path("signers"), &team).expect("room");
    let output = bench.output(&["verify", "a.expb", "--trust", "signers"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    for part in ["3 lines of signers skipped", "line 2: ", "ssh-rsa", "line 3: ", "*@example.org", "line 4: "] {
        assert!(stderr.contains(part), "{part}: {stderr}");
    }
    let skipped = json!([
        {"line": 2, "reason": "key-type", "value": "ssh-rsa"},
        {"line": 3, "reason": "pattern", "value": "*@example.org"},
        {"line": 4, "reason": "cert-authority"},
    ]);
    for (command, schema) in [("verify", "report"), ("lineage", "lineage")] {
        let report = support::json(&bench.ok(&[command, "a.expb", "--trust", "signers", "--json"]));
        assert_eq!(report["skippedLines"], skipped, "{command}");
        support::valid(schema, &report);
        let report = support::json(&bench.ok(&[command, "a.expb", "--json"]));
        assert_eq!(report["skippedLines"], json!([]), "{command}");
    }
    // Without the last line nobody is left.
    write(bench.path("signers"), team.rsplit_once("ada ").expect("the line").0).expect("room");
    bench.fails(3, "policy.state", &["verify", "a.expb", "--trust", "signers"]);
}

#[test]
fn a_mistake_in_a_signers_file_is_named_by_its_line() {
    let bench = Bench::with_bundle();
    let key = std::fs::read_to_string(bench.path("key.pub")).expect("the key");
    for (line, message) in [
        ("ada namespaces=\"expbundle,git\"valid-before=\"20200101\" KEY", "neither a comma nor a blank follows"),
        ("ada namespaces=expbundle KEY", "needs a value in double quotes"),
        ("ada\u{a0}KEY", "U+00A0"),
        ("ada", "the key is missing"),
    ] {
        write(bench.path("signers"), format!("# team\nben {key}{}", line.replace("KEY", &key))).expect("room");
        for command in [["verify", "a.expb"], ["log", "a.expb"], ["lineage", "a.expb"]] {
            let arguments = [command.as_slice(), &["--trust", "signers"]].concat();
            let (stdout, stderr) = bench.fails(2, "trust.signers", &arguments);
            assert!(stdout.is_empty() && stderr.contains("signers, line 3"), "{arguments:?}: {stdout}{stderr}");
            assert!(stderr.contains(message) && stderr.contains("help: "), "{stderr}");
        }
    }
    write(bench.path("signers"), [format!("ben {key}").as_bytes(), b"# \xff\n"].concat()).expect("room");
    let (_, stderr) = bench.fails(2, "trust.signers", &["verify", "a.expb", "--trust", "signers"]);
    assert!(stderr.contains("line 2") && stderr.contains("UTF-8"), "{stderr}");
}

/// An ssh-agent that holds one key, and answers a request to sign as `signs` says.
#[cfg(unix)]
mod agent {
    use std::io::{Read as _, Write as _};
    use std::os::unix::net::UnixListener;
    use std::path::Path;
    use std::process::Output;

    use expbundle_statement::SigningKey;

    use super::{Bench, Command};

    const FAILURE: &[u8] = &[5];

    /// Answers a request to sign these bytes.
    type Signs = fn(&SigningKey, &[u8]) -> Vec<u8>;

    fn string(bytes: &[u8]) -> Vec<u8> {
        [&u32::try_from(bytes.len()).expect("short").to_be_bytes(), bytes].concat()
    }

    fn taken(bytes: &[u8]) -> (&[u8], &[u8]) {
        let (length, rest) = bytes.split_first_chunk().expect("a length");
        rest.split_at(u32::from_be_bytes(*length) as usize)
    }

    fn signed(key: &SigningKey, data: &[u8]) -> Vec<u8> {
        let signature = key.sign(data).expect("a key that is here");
        [&[14], &string(&[string(b"ssh-ed25519"), string(&signature)].concat())[..]].concat()
    }

    fn listen(socket: &Path, key: SigningKey, signs: Signs) {
        let listener = UnixListener::bind(socket).expect("a socket");
        // It ends with the test.
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let mut client = client.expect("a client");
                let mut length = [0; 4];
                client.read_exact(&mut length).expect("a request");
                let mut request = vec![0; u32::from_be_bytes(length) as usize];
                client.read_exact(&mut request).expect("a request");
                let answer = match request.split_first() {
                    Some((11, _)) => {
                        [&[12, 0, 0, 0, 1], &string(&key.public_key().wire())[..], &string(b"ada")].concat()
                    }
                    Some((13, rest)) => signs(&key, taken(taken(rest).1).0),
                    _ => FAILURE.to_vec(),
                };
                client.write_all(&string(&answer)).expect("a client");
            }
        });
    }

    fn sign(bench: &Bench) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_expbundle"));
        command.args(["sign", "a.expb", "--key", "ada.pub", "-o", "signed.expb"]).current_dir(bench.folder.path());
        command.env("SSH_AUTH_SOCK", bench.path("agent")).output().expect("the program runs")
    }

    fn bench() -> (Bench, SigningKey) {
        let bench = Bench::with_bundle();
        let key = SigningKey::from_seed(&[7; 32]);
        std::fs::write(bench.path("ada.pub"), format!("{} ada\n", key.public_key())).expect("room");
        (bench, key)
    }

    #[test]
    fn the_public_half_of_a_key_that_an_agent_holds_signs() {
        let (bench, key) = bench();
        listen(&bench.path("agent"), key, signed);
        let output = sign(&bench);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        bench.ok(&["verify", "signed.expb", "--trust", "ada.pub", "--require", "trusted"]);
    }

    #[test]
    fn an_agent_that_does_not_sign_leaves_nothing() {
        let cases: [(Signs, &str); 4] = [
            (|_, _| FAILURE.to_vec(), "the ssh-agent refused to sign"),
            (|_, _| vec![14, 255, 255], "the ssh-agent refused to sign"),
            (|key, _| signed(key, b"something else"), "not one of this key"),
            (|_, data| signed(&SigningKey::from_seed(&[8; 32]), data), "not one of this key"),
        ];
        for (signs, expected) in cases {
            let (bench, key) = bench();
            listen(&bench.path("agent"), key, signs);
            let output = sign(&bench);
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{stderr}");
            assert!(stderr.contains(expected) && stderr.contains("cli.key"), "{stderr}");
            assert!(!bench.path("signed.expb").exists());
        }
    }

    #[test]
    fn an_agent_that_holds_other_keys_or_is_gone_is_named() {
        let (bench, _) = bench();
        let stderr = String::from_utf8(sign(&bench).stderr).expect("UTF-8");
        assert!(stderr.contains("does not answer") && stderr.contains("ssh-add"), "{stderr}");
        listen(&bench.path("agent"), SigningKey::from_seed(&[8; 32]), signed);
        let stderr = String::from_utf8(sign(&bench).stderr).expect("UTF-8");
        assert!(stderr.contains("does not hold this key") && stderr.contains("ssh-add ada"), "{stderr}");
    }
}
