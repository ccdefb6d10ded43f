//! Secrets at the command line: what is typed is refused, what is converted is cleaned, and neither
//! is ever printed.

use crate::support::{Bench, fixture};

/// Put together here, so that this file holds nothing that looks like a token.
fn token() -> String {
    format!("{}_{}", "ghp", "Ab3dE5fG7hJ9kL2mN4pQ6rS8tU0vW1xY3zA5")
}

#[test]
fn what_is_typed_is_refused_and_nothing_is_written() {
    let bench = Bench::with_bundle();
    let before = std::fs::read(bench.path("a.expb")).expect("a bundle");
    let token = token();
    let text = format!("pushed with {token}");
    for arguments in [
        &["note", "a.expb", &text, "--key", "key"][..],
        &["review", "a.expb", "--verdict", "approved", "--reason", &text, "--key", "key"],
        &["create", "--title", &text, "--output", "weights.bin", "-o", "b.expb"],
    ] {
        let (stdout, stderr) = bench.fails(2, "source.secret", arguments);
        assert!(!stdout.contains(&token) && !stderr.contains(&token), "{stderr}");
        assert!(stderr.contains("github-token"), "{stderr}");
    }
    assert_eq!(std::fs::read(bench.path("a.expb")).expect("a bundle"), before);
    assert!(!bench.path("b.expb").exists());
    bench.ok(&["note", "a.expb", &text, "--key", "key", "--allow-secrets", "github-token"]);
    let unknown = bench.output(&["note", "a.expb", "x", "--key", "key", "--allow-secrets", "no-such-kind"]);
    assert!(unknown.status.code() == Some(2) && String::from_utf8_lossy(&unknown.stderr).contains("kinds are: "));
    // It would be a marker for an address of mail if names were set apart first.
    std::fs::write(bench.path("recipe.json"), r#"{"parameters": {"password": "ada@example.org"}}"#).expect("room");
    let section = ["create", "--title", "x", "--section", "recipe.json=recipe.json", "-o", "r.expb"];
    let (_, stderr) = bench.fails(2, "source.secret", &section);
    assert!(stderr.contains("recipe.json/parameters/password") && !stderr.contains("ada@"), "{stderr}");
    std::fs::write(bench.path(".env"), "X=1").expect("room");
    bench.fails(2, "cli.source", &["create", "--title", "x", "--input", "file=.env", "-o", "c.expb"]);
    std::fs::create_dir(bench.path("data")).expect("room");
    std::fs::write(bench.path("data/rows.csv"), "1").expect("room");
    std::fs::write(bench.path("data/.netrc"), "x").expect("room");
    let (_, stderr) =
        bench.fails(2, "cli.source", &["create", "--title", "x", "--input", "dataset=data", "-o", "c.expb"]);
    assert!(stderr.contains("data/.netrc"), "{stderr}");
    // A digest of a file with a password in it is as good as one of a file that has nothing else.
    std::fs::remove_file(bench.path("data/.netrc")).expect("ours");
    std::fs::write(bench.path("data/conf.yaml"), "db_password: Sommer2024!\n").expect("room");
    std::fs::write(bench.path("wandb_key.txt"), "x1y2z3x1y2z3\n").expect("room");
    for given in ["dataset=data", "file=data/conf.yaml", "file=wandb_key.txt"] {
        for direction in ["--input", "--output"] {
            bench.fails(2, "cli.source", &["create", "--title", "x", direction, given, "-o", "c.expb"]);
        }
    }
    bench.ok(&[
        "create",
        "--title",
        "x",
        "--output",
        "file=data/conf.yaml",
        "-o",
        "c.expb",
        "--allow-secrets",
        "password",
    ]);
}

#[test]
fn a_release_says_which_of_its_files_are_secrets() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("model")).expect("room");
    std::fs::write(bench.path("model/model.safetensors"), b"\x02\0\0\0\0\0\0\0{}").expect("room");
    std::fs::write(bench.path("model/notes.txt"), "nothing to hide").expect("room");
    bench.ok(&["keygen", "-o", "key"]);
    let release = ["release", "model", "--key", "key", "--yes"];
    let output = bench.output(&release);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !stderr.contains("secret"), "{stderr}");
    std::fs::write(bench.path("model/.env"), "A=hunter2hunter2").expect("room");
    std::fs::write(bench.path("model/conf.yaml"), "db_password: Sommer2024!\n").expect("room");
    let output = bench.output(&release);
    let stderr = String::from_utf8_lossy(&output.stderr);
    for path in ["`.env` is or holds a secret (secret-file)", "`conf.yaml` is or holds a secret (password)"] {
        assert!(stderr.contains(path), "{path}: {stderr}");
    }
    assert!(!stderr.contains("Sommer2024"), "{stderr}");
    // Paths are in the listing as they are.
    let token = token();
    std::fs::write(bench.path(&format!("model/run {token}.txt")), "x").expect("room");
    bench.ok(&["create", "--title", "t", "--output", "model=model/model.safetensors", "-o", "a.expb"]);
    for arguments in [&release[..], &["attach", "model", "a.expb", "--key", "key", "--yes"]] {
        let output = bench.output(arguments);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && !stderr.contains(&token), "{stderr}");
        for part in ["has a secret in its path (github-token)", "`.env` is or holds a secret"] {
            assert!(stderr.contains(part), "{part}: {stderr}");
        }
    }
}

/// Every text that an argument gives and that is signed.
#[test]
fn no_signed_text_has_a_secret() {
    let bench = Bench::with_bundle();
    std::fs::create_dir(bench.path("model")).expect("room");
    std::fs::copy(bench.path("weights.bin"), bench.path("model/model.safetensors")).expect("room");
    let token = token();
    let text = format!("pushed with {token}");
    let attach = ["attach", "model", "a.expb", "--yes"];
    let release = ["release", "model", "--yes"];
    let note = ["note", "a.expb", "fine"];
    let review = ["review", "a.expb", "--verdict", "approved"];
    let deployment = ["deployment", "a.expb", "--environment", "production"];
    let evaluation = ["evaluation", "a.expb", "--result", "accuracy=0.5"];
    let revoke = ["revoke", "a.expb", "--whole-record", "--yes"];
    let sign = ["sign", "a.expb"];
    for (command, option) in [
        (&release[..], "--title"),
        (&release, "--reason"),
        (&release, "--name"),
        (&attach, "--title"),
        (&attach, "--name"),
        (&note, "--name"),
        (&review, "--name"),
        (&review, "--reason"),
        (&review, "--scope"),
        (&deployment, "--name"),
        (&evaluation, "--name"),
        (&evaluation, "--dataset"),
        (&evaluation, "--evaluator"),
        (&evaluation, "--notes"),
        (&deployment, "--reason"),
        (&revoke, "--reason"),
        (&sign, "--name"),
    ] {
        let arguments = [command, &[option, &text, "--key", "key"]].concat();
        let (stdout, stderr) = bench.fails(2, "source.secret", &arguments);
        assert!(!stdout.contains(&token) && !stderr.contains(&token), "{command:?} {option}: {stderr}");
        assert!(stderr.contains("nothing was written"), "{command:?} {option}: {stderr}");
    }
    assert!(!bench.path("model/experiment.expb").exists());
}

#[test]
fn convert_says_what_it_leaves_out_and_what_it_embeds() {
    let bench = Bench::new();
    let token = token();
    std::fs::create_dir(bench.path("model")).expect("room");
    std::fs::write(bench.path("model/model.safetensors"), b"\x02\0\0\0\0\0\0\0{}").expect("room");
    std::fs::write(bench.path("model/notes.txt"), "nothing to hide").expect("room");
    std::fs::write(bench.path("model/.env"), format!("TOKEN={token}")).expect("room");
    std::fs::write(bench.path("model/README.md"), format!("# A model\n\nUse {token}.\n")).expect("room");
    let output = bench.output(&["convert", "huggingface", "model", "-o", "m.expb"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert!(!stderr.contains(&token), "{stderr}");
    for part in ["warning[source.secret]", ".env", "context.json/notes", "embedded: 1 file", "notes.txt", "secrets:"] {
        assert!(stderr.contains(part), "{part}: {stderr}");
    }
    let bundle = std::fs::read(bench.path("m.expb")).expect("a bundle");
    assert!(!String::from_utf8_lossy(&bundle).contains(&token));
    // Names of embedded files are printed.
    std::fs::write(bench.path(&format!("model/of-{token}.txt")), "nothing").expect("room");
    let named = bench.output(&["convert", "huggingface", "model", "-o", "named.expb"]);
    let stderr = String::from_utf8_lossy(&named.stderr);
    assert!(!stderr.contains(&token) && stderr.contains("of-[secret removed: github-token]"), "{stderr}");
    bench.ok(&["verify", "m.expb"]);
    let none = bench.output(&["convert", "huggingface", "model", "-o", "n.expb", "--no-embed"]);
    assert!(String::from_utf8_lossy(&none.stderr).contains("embedded: 0 files"));
}

#[test]
fn a_file_that_was_asked_for_and_is_too_large_is_named() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("model")).expect("room");
    std::fs::write(bench.path("model/model.safetensors"), b"\x02\0\0\0\0\0\0\0{}").expect("room");
    for (name, size) in [("large.txt", (16 << 20) + 1), ("small.txt", 10)] {
        std::fs::File::create(bench.path(&format!("model/{name}"))).and_then(|file| file.set_len(size)).expect("room");
    }
    let output = bench.output(&["convert", "huggingface", "model", "-o", "m.expb", "--embed", "*.txt"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    let said = stderr
        .split_once("not embedded, because at most 16 MiB of files are embedded per run: 1 file, 16,777,217 bytes");
    let (before, after) = said.unwrap_or_else(|| panic!("{stderr}"));
    assert!(before.contains("embedded: 1 file, 10 bytes\n  small.txt") && after.contains("large.txt"), "{stderr}");
}

#[test]
fn real_runs_are_converted_without_a_word_of_secrets() {
    let bench = Bench::new();
    let source = fixture("wandb/finetune/offline-run-20261123_095528-pjclsy9c");
    let output = bench.output(&["convert", "wandb", &source, "-o", "run.expb"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !stderr.contains("secret"), "{stderr}");
}
