//! Bundles that somebody made to deceive or to hold up whoever reads them, through the real
//! program.

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Bench, json, valid};
use expbundle::draft::Draft;
use expbundle::verify::{Digests, Unverified};
use expbundle::{Bundle, Content};
use expbundle_format::DigestSet;
use expbundle_format::container::EntryName;
use expbundle_format::record::{ArtifactRef, Form, Kind, RecordBody, Source};
use expbundle_format::sections::{self, Artifact, Artifacts, Context, Direction, SourceSection};
use expbundle_series::{Point, SeriesWriter};
use expbundle_statement::{Authorship, Comment, Predicate, Signing, SigningKey, sign};

const ESCAPES: &str = "\u{1b}[2J\r\u{202e}";

/// Runs it, as on a terminal with colours, and not for ever.
fn run(bench: &Bench, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_expbundle"));
    command.args(arguments).current_dir(bench.folder.path()).env("CLICOLOR_FORCE", "1");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program runs");
    let begun = Instant::now();
    while child.try_wait().expect("a child").is_none() {
        if begun.elapsed() > Duration::from_secs(20) {
            child.kill().expect("a child");
            panic!("{arguments:?} does not end");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output().expect("a child")
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn artifact(role: &str, bytes: &[u8]) -> ArtifactRef {
    let size = bytes.len() as u64;
    ArtifactRef::new(role.parse().expect("a role"), DigestSet::of(bytes).into(), size, Form::File)
}

/// A run of that number: records that say the same are one.
fn body(number: usize) -> RecordBody {
    let mut body = RecordBody::new(Kind::Run);
    body.source = Some(Source { tool: "tool".to_owned(), run: number.to_string() });
    body
}

/// What a draft becomes, and both digests of its record.
fn finished(draft: Draft) -> (Bundle, DigestSet) {
    let bundle = draft.finish().expect("a bundle").into_bundle();
    let bytes = bundle.records().next().expect("a record").1.read(1 << 24).expect("in memory");
    (bundle, DigestSet::of(&bytes))
}

fn made_of(body: RecordBody) -> (Bundle, DigestSet) {
    finished(Draft::new(body))
}

fn titled(mut draft: Draft, title: &str) -> Draft {
    draft.json_section(&Context { title: title.to_owned(), ..Context::default() }).expect("a section");
    draft
}

fn save(bench: &Bench, name: &str, bundle: &Bundle) {
    let path = camino::Utf8PathBuf::from_path_buf(bench.path(name)).expect("UTF-8");
    bundle.save(&path).expect("room");
}

fn key(number: u8) -> SigningKey {
    SigningKey::from_seed(&[number; 32])
}

fn say(bundle: &mut Bundle, record: DigestSet, predicate: &Predicate, name: Option<&str>, key: &SigningKey) {
    let created = "2026-11-23T10:00:00Z".parse().expect("a time");
    bundle.insert_statement_unchecked(sign(predicate, record, &Signing { key, name, created }).expect("a statement"));
}

fn trust(bench: &Bench, principal: &str, key: &SigningKey) {
    std::fs::write(bench.path("signers"), format!("{principal} {}\n", key.public_key())).expect("room");
}

#[test]
fn what_a_tracker_is_said_to_have_dropped_cannot_steer_the_terminal() {
    let bench = Bench::new();
    let mut source = SourceSection { tool: ESCAPES.to_owned(), ..SourceSection::default() };
    source.account.found(ESCAPES, 1);
    source.account.dropped(ESCAPES, 1, ESCAPES);
    let mut draft = titled(Draft::new(body(0)), ESCAPES);
    draft.json_section(&source).expect("a section");
    save(&bench, "a.expb", &finished(draft).0);
    for arguments in [&["show", "a.expb", "source"][..], &["show", "a.expb"], &["show", "a.expb", "--json"]] {
        let output = run(&bench, arguments);
        let text = said(&output);
        assert!(output.status.success(), "{text}");
        assert!(!["\u{1b}[2J", "\r", "\u{202e}"].iter().any(|escape| text.contains(escape)), "{text:?}");
    }
}

#[test]
fn whoever_signs_beside_a_trusted_person_is_not_trusted() {
    let bench = Bench::new();
    let mut of_weights = body(0);
    of_weights.outputs.push(artifact("model", b"weights"));
    let (mut bundle, record) = made_of(of_weights);
    let vouch = Predicate::Authorship(Authorship::default());
    say(&mut bundle, record, &vouch, None, &key(1));
    say(&mut bundle, record, &vouch, Some("x\" and ceo@corp.example and \"y"), &key(2));
    save(&bench, "a.expb", &bundle);
    std::fs::write(bench.path("weights.bin"), b"weights").expect("room");
    trust(&bench, "ada@example.org", &key(1));
    for arguments in [
        &["lineage", "a.expb"][..],
        &["lineage", "a.expb", "--svg"],
        &["lineage", "a.expb", "--json"],
        &["why", "weights.bin", "--with", "a.expb"],
    ] {
        let text = said(&run(&bench, &[arguments, &["--trust", "signers"]].concat()));
        assert!(text.contains("ada@example.org") && !text.contains("ceo@corp"), "{text}");
        // Without the signers file it is a name in quotes, which it cannot leave.
        let text = said(&run(&bench, arguments));
        assert!(text.contains("ceo@corp") && !text.replace("&quot;", "\"").contains("x\" and"), "{text}");
    }
}

#[test]
fn a_name_cannot_pass_for_a_row_of_the_table() {
    let bench = Bench::new();
    let (mut bundle, record) = made_of(body(0));
    let name = format!("Ada\" SHA256:abcdef  trusted as ada@example.org  vouches{}", " ".repeat(300));
    say(&mut bundle, record, &Predicate::Authorship(Authorship::default()), Some(&name), &key(2));
    save(&bench, "a.expb", &bundle);
    for command in ["verify", "log", "show"] {
        let text = said(&run(&bench, &[command, "a.expb"]));
        assert!(text.contains("Ada\\\" SHA256") && !text.contains("trusted as ada@example.org"), "{text}");
        assert!(!text.contains(&" ".repeat(100)), "{text}");
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_is_refused_before_anybody_waits_for_it() {
    let bench = Bench::with_bundle();
    std::fs::create_dir(bench.path("folder")).expect("room");
    for name in ["pipe", "pipe.expb", "folder/experiment.expb"] {
        assert!(Command::new("mkfifo").arg(bench.path(name)).status().expect("mkfifo").success());
    }
    for arguments in [
        &["verify", "pipe"][..],
        &["verify", "pipe.expb"],
        &["show", "pipe"],
        &["show", "pipe.expb"],
        &["show", "folder"],
        &["why", "pipe"],
        &["why", "pipe.expb"],
        &["lineage", "pipe.expb"],
        &["log", "folder"],
        &["diff", "a.expb", "pipe"],
        &["merge", "a.expb", "pipe", "-o", "b.expb"],
        &["repack", "pipe.expb", "-o", "b.expb"],
        &["extract", "pipe", "--section", "context"],
        &["sign", "a.expb", "--key", "pipe"],
        &["sign", "folder", "--key", "key"],
        &["verify", "a.expb", "--trust", "pipe"],
        &["create", "--title", "a", "--output", "pipe", "-o", "b.expb"],
        &["create", "--title", "a", "--section", "x.bin=pipe", "-o", "b.expb"],
        &["convert", "wandb", "pipe", "-o", "b.expb"],
        &["attach", "folder", "pipe", "--yes"],
    ] {
        let output = run(&bench, arguments);
        let text = said(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {text}");
        assert!(text.contains("not a regular file"), "{arguments:?}: {text}");
    }
    // Standard output is a pipe here, too.
    for signers in ["pipe", "/dev/stdout"] {
        let output = run(&bench, &["trust", "add", signers, "key.pub", "--as", "ada"]);
        let text = said(&output);
        assert_eq!(output.status.code(), Some(2), "{signers}: {text}");
        assert!(text.contains("cannot write the file: there is a"), "{signers}: {text}");
    }
    let output = run(&bench, &["detach", "folder", "--yes"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    // What the shell puts in the place of `<(…)` is a pipe that somebody writes to.
    trust(&bench, "ada@example.org", &key(1));
    let program = env!("CARGO_BIN_EXE_expbundle");
    let script = |writer: &str| {
        let line = format!("\"{program}\" verify a.expb --require intact --trust <({writer})");
        Command::new("bash").args(["-c", &line]).current_dir(bench.folder.path()).output().expect("bash")
    };
    let output = script("cat signers");
    assert!(output.status.success(), "{}", said(&output));
    let output = script("head -c 17000000 /dev/zero");
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
}

/// Two bundles that are intact, and not together.
fn contradictions() -> Vec<(&'static str, Bundle, Bundle)> {
    let data = b"plain, and no listing";
    let (mut family, record) = made_of(body(0));
    say(&mut family, record, &Predicate::Authorship(Authorship::default()), None, &key(1));
    let (mut orphan, _) = made_of(body(1));
    let other = DigestSet { sha256: DigestSet::of(b"other").sha256, ..record };
    say(&mut orphan, other, &Predicate::Comment(Comment { text: "a lie".to_owned() }), None, &key(2));
    let embedding = || {
        let mut of_data = body(0);
        of_data.outputs.push(artifact("file", data));
        let mut draft = Draft::new(of_data);
        draft.embed(Content::bytes(*data)).expect("in memory");
        finished(draft).0
    };
    let naming = |number: usize, form: Form, size: u64| {
        let mut of_data = body(number);
        of_data.inputs.push(ArtifactRef { form, size, ..artifact("file", data) });
        made_of(of_data).0
    };
    // Of several that speak of an artifact the first by id is believed.
    let first = embedding().records().next().expect("a record").0;
    let lies = (1..).map(|number| naming(number, Form::File, 1));
    let size = lies.into_iter().find(|lie| lie.records().all(|(id, _)| id < first)).expect("one of them");
    vec![
        ("statement.subject", family, orphan),
        ("tree.invalid", embedding(), naming(1, Form::Tree, data.len() as u64)),
        ("digest.size", embedding(), size),
    ]
}

#[test]
fn what_is_intact_by_itself_and_not_together_is_never_written() {
    for (code, a, b) in contradictions() {
        let bench = Bench::new();
        save(&bench, "a.expb", &a);
        save(&bench, "b.expb", &b);
        bench.ok(&["verify", "a.expb"]);
        bench.ok(&["verify", "b.expb"]);
        bench.fails(1, code, &["merge", "a.expb", "b.expb", "-o", "c.expb"]);
        assert!(!bench.path("c.expb").exists());
        let views = if code == "tree.invalid" { None } else { Some(["lineage", "a.expb", "--with", "b.expb"]) };
        if let Some(view) = views {
            bench.fails(1, code, &view);
        }
        std::fs::create_dir(bench.path("model")).expect("room");
        bench.fails(1, code, &["attach", "model", "a.expb", "b.expb", "--yes"]);
        assert_eq!(std::fs::read_dir(bench.path("model")).expect("a folder").count(), 0);
        bench.ok(&["attach", "model", "a.expb", "--yes"]);
        bench.fails(1, code, &["attach", "model", "b.expb", "--yes"]);
        bench.ok(&["verify", "model/experiment.expb"]);
    }
}

#[test]
fn a_digest_never_names_other_bytes() {
    let bench = Bench::new();
    let (good, evil) = (b"the good patch", b"the evil patch");
    let mut of_both = body(0);
    of_both.inputs = vec![artifact("patch", good), artifact("file", evil)];
    let id = DigestSet::of(good).blake3.to_string();
    let named = |name: &str| Artifact {
        digest: Some(DigestSet::of(evil).into()),
        name: Some(name.to_owned()),
        ..Artifact::new(Direction::Input, "file".parse().expect("a role"))
    };
    let artifacts = vec![named(&id), named(&id.to_uppercase()), named(&id[..12]), named("evil")];
    let mut draft = Draft::new(of_both);
    draft.json_section(&Artifacts { artifacts, salt: None }).expect("a section");
    draft.embed(Content::bytes(*evil)).expect("in memory");
    save(&bench, "a.expb", &finished(draft).0);
    for digest in [id.clone(), id.to_uppercase()] {
        bench.fails(2, "cli.usage", &["extract", "a.expb", "--artifact", &digest]);
    }
    assert_eq!(bench.ok(&["extract", "a.expb", "--artifact", "evil"]).as_bytes(), evil);
    // Embedded too, it wins over the name.
    let mut bundle = Bundle::new();
    let path = camino::Utf8PathBuf::from_path_buf(bench.path("a.expb")).expect("UTF-8");
    let checked = Unverified::open(&path).expect("there").check(Digests::Blake3);
    bundle.merge(checked.expect("intact").intact.bundle());
    bundle.insert_unchecked(EntryName::Artifact(DigestSet::of(good).blake3), Content::bytes(*good));
    save(&bench, "a.expb", &bundle);
    for wanted in [&*id, &id[..12]] {
        assert_eq!(bench.ok(&["extract", "a.expb", "--artifact", wanted]).as_bytes(), good);
    }
}

#[test]
fn json_keeps_every_letter_and_hides_none() {
    let bench = Bench::new();
    let labels = [("k\u{7f}", "1"), ("k", "2"), ("k\u{e0041}", "3")];
    let labels = labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    let context = Context { title: "a\u{85}\u{2028}\u{202e}\u{200b}é".to_owned(), labels, ..Context::default() };
    let mut draft = Draft::new(body(0));
    draft.json_section(&context).expect("a section");
    save(&bench, "a.expb", &finished(draft).0);
    for arguments in [&["show", "a.expb", "context", "--json"][..], &["show", "a.expb", "--json"]] {
        let text = bench.ok(arguments);
        let shown = json(&text);
        let context = shown.get("sections").map_or(&shown, |sections| &sections["context.json"]);
        assert_eq!(context["labels"].as_object().map(serde_json::Map::len), Some(3), "{text}");
        assert_eq!(context["title"], "a\u{85}\u{2028}\u{202e}\u{200b}é");
        assert!(text.contains("\\u007f") && text.contains("\\udb40\\udc41") && text.contains('é'), "{text}");
        assert!(
            !text.chars().any(|c| c.is_control() && c != '\n' || "\u{2028}\u{202e}\u{200b}".contains(c)),
            "{text:?}"
        );
    }
    for command in ["verify", "lineage"] {
        let text = bench.ok(&[command, "a.expb", "--json"]);
        assert!(text.contains("\\u0085\\u2028\\u202e\\u200b"), "{text}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_no_text_is_passed_over_and_said() {
    use std::os::unix::ffi::OsStrExt as _;
    let bench = Bench::with_bundle();
    let odd = std::ffi::OsStr::from_bytes(b"\xff\x1b[2J.expb");
    std::fs::write(bench.folder.path().join(odd), b"").expect("room");
    for arguments in [&["lineage", "."][..], &["why", "weights.bin"], &["merge", ".", "-o", "b.expb"]] {
        let output = run(&bench, arguments);
        let text = said(&output);
        assert!(output.status.success(), "{text}");
        assert!(text.contains("not UTF-8") && !text.contains("\u{1b}[2J"), "{text:?}");
    }
    // The folder is taken for no tracker's.
    let text = said(&run(&bench, &["show", "."]));
    assert!(text.contains("the folder has no `experiment.expb`"), "{text}");
}

#[test]
fn a_tree_of_thousands_is_told_of_once_and_in_short() {
    let bench = Bench::new();
    let mut all = Bundle::new();
    // Each of 150 runs put out the same bytes, and began with what one record made; 150 others took
    // them in.
    for number in 0..300 {
        let mut of_this = body(number);
        if number < 150 {
            of_this.inputs.push(artifact("model", b"first"));
            of_this.outputs.push(artifact("model", b"shared"));
        } else {
            of_this.inputs.push(artifact("model", b"shared"));
        }
        all.merge(&finished(titled(Draft::new(of_this), &format!("run {number}"))).0);
    }
    let mut of_first = body(300);
    of_first.outputs.push(artifact("model", b"first"));
    all.merge(&finished(titled(Draft::new(of_first), &"root ".repeat(1000))).0);
    save(&bench, "a.expb", &all);
    let text = bench.ok(&["lineage", "a.expb"]);
    let lines = text.lines().count();
    assert!(lines <= 10_020, "{lines}");
    assert!(text.contains("… and 50 more lines"), "{text}");
    // The root stands in full once, and with a title that can be read.
    let roots: Vec<&str> = text.lines().filter(|line| line.contains("root root")).collect();
    assert_eq!(roots.iter().filter(|line| !line.contains("shown above")).count(), 1);
    assert!(roots.iter().all(|line| line.chars().count() < 400), "{}", roots[0]);
    // Nothing stands below what is shown above.
    let in_full = |line: &&str| line.contains("─ ") && line.contains("run ") && !line.contains("shown above");
    assert_eq!(text.lines().filter(in_full).count(), 100, "{text}");
    std::fs::write(bench.path("shared.bin"), b"shared").expect("room");
    let text = bench.ok(&["why", "shared.bin", "--with", "a.expb"]).replace('\n', " ");
    assert!(text.contains("an output of 150 records") && text.contains("And 140 more records"), "{text}");
    let report = json(&bench.ok(&["lineage", "a.expb", "--json"]));
    // Of each input that many made the first are listed, and how many more there are.
    assert_eq!(report["edges"].as_array().map(Vec::len), Some(150 + 150 * 20));
    assert_eq!(report["moreEdges"], false);
    let folded: Vec<_> = report["folded"].as_array().expect("a list").iter().map(|one| one["count"].as_u64()).collect();
    assert_eq!(folded, vec![Some(130); 150]);
    let record = report["start"][0].as_str().expect("an id").to_owned();
    let text = bench.ok(&["lineage", "a.expb", "--record", &record, "--depth", "1"]);
    assert!(text.contains("and 50 more lines"), "{text}");
}

#[test]
fn names_of_artifacts_are_found_by_each_digest() {
    let bench = Bench::new();
    let mut of_many = body(0);
    let mut artifacts = Vec::new();
    for number in 0..3000_u32 {
        let reference = artifact("file", &number.to_le_bytes());
        artifacts.push(Artifact {
            digest: Some(reference.digest),
            path: Some(format!("file-{number}")),
            ..Artifact::new(Direction::Input, "file".parse().expect("a role"))
        });
        of_many.inputs.push(reference);
    }
    let mut draft = titled(Draft::new(of_many), "many");
    draft.json_section(&Artifacts { artifacts, salt: None }).expect("a section");
    let (bundle, _) = finished(draft);
    save(&bench, "a.expb", &bundle);
    let (other, _) = finished(titled(Draft::new(body(1)), "none"));
    save(&bench, "b.expb", &other);
    let text = said(&run(&bench, &["show", "a.expb"]));
    assert!(text.contains("file-") && text.contains("3000 in all"), "{text}");
    let text = bench.ok(&["diff", "a.expb", "b.expb"]);
    assert!(text.contains("file-2999"));
}

#[test]
fn every_file_of_a_released_folder_counts() {
    let bench = Bench::with_bundle();
    std::fs::create_dir(bench.path("model")).expect("room");
    std::fs::copy(bench.path("weights.bin"), bench.path("model/weights.bin")).expect("room");
    std::fs::write(bench.path("model/config.json"), b"{}").expect("room");
    let key = std::fs::read_to_string(bench.path("key.pub")).expect("the key");
    std::fs::write(bench.path("signers"), format!("ada@example.org {key}")).expect("room");
    // Without a key it is said what nobody signs for.
    let said = bench.output(&["attach", "model", "a.expb", "--yes"]);
    assert!(String::from_utf8_lossy(&said.stderr).contains("not covered by any signature: config.json, weights.bin"));
    bench.fails(3, "directory.uncovered", &["verify", "model", "--trust", "signers"]);
    bench.ok(&["attach", "model", "a.expb", "--yes", "--key", "key", "--title", "a model"]);
    let text = bench.ok(&["verify", "model", "--trust", "signers"]);
    assert!(
        text.starts_with("✓ trusted, released by ada@example.org as \"a model\": all 2 counted files of model"),
        "{text}"
    );
    std::fs::write(bench.path("model/modeling.py"), b"import os").expect("room");
    let (stdout, _) = bench.fails(3, "directory.uncovered", &["verify", "model", "--trust", "signers"]);
    let headline = "✗ NOT TRUSTED: model differs from its release: 1 file added: modeling.py\n";
    assert!(stdout.starts_with(headline), "{stdout}");
    let report = json(&String::from_utf8_lossy(&bench.output(&["verify", "model", "--json"]).stdout));
    valid("report", &report);
    assert_eq!((&report["state"], &report["folder"]["counts"]["uncovered"]), (&"intact".into(), &1.into()));
    // Whoever meant it releases again.
    let said = bench.output(&["release", "model", "--key", "key", "--yes", "--reason", "code added"]);
    assert!(String::from_utf8_lossy(&said.stderr).contains("added: modeling.py"), "{said:?}");
    bench.ok(&["verify", "model", "--trust", "signers"]);
    std::fs::remove_file(bench.path("model/config.json")).expect("it was there");
    bench.fails(1, "directory.missing", &["verify", "model", "--trust", "signers"]);
    // Nothing is signed that is not there.
    std::fs::write(bench.path("model/big.bin"), pointer()).expect("room");
    bench.fails(2, "cli.release", &["release", "model", "--key", "key", "--yes"]);
}

fn pointer() -> String {
    format!("version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 9\n", "0".repeat(64))
}

/// A bundle of few bytes whose points would be a CSV without end is refused in no time, and its
/// summary is as fast as ever.
#[test]
fn few_bytes_make_no_endless_csv() {
    let bench = Bench::new();
    let long = "k".repeat(4096);
    let mut writer = SeriesWriter::new();
    let key = writer.key(&long).expect("short enough");
    for step in 0..300_000 {
        writer.push(key, Point { step: Some(step), value: Some(0.5), ..Point::default() }).expect("room");
    }
    let mut section = Vec::new();
    writer.finish(&mut section, None).expect("memory");
    assert!(section.len() < 100_000, "{}", section.len());
    let mut draft = titled(Draft::new(body(1)), "long");
    draft.section(sections::METRICS, sections::PARQUET, Content::bytes(section)).expect("a section");
    save(&bench, "long.expb", &finished(draft).0);
    let (_, stderr) = bench.fails(2, "cli.limit", &["extract", "long.expb", "--csv", "-o", "points.csv"]);
    assert!(stderr.contains("about 1 GiB") && stderr.contains("--any-size"), "{stderr}");
    assert!(!bench.path("points.csv").exists());
    let table = bench.ok(&["show", "long.expb", "metrics"]);
    assert!(table.contains("300,000"), "{table}");
    bench.ok(&["extract", "long.expb", "--parquet", "-o", "points.parquet"]);
    let usage = bench.output(&["extract", "long.expb", "--parquet", "--any-size"]);
    assert_eq!(usage.status.code(), Some(2));
}

/// Points that hold nothing take no bytes, so a section can have more of them than anybody waits
/// for.
#[test]
fn points_out_of_nothing_are_not_counted_one_by_one() {
    let bench = Bench::new();
    let mut writer = SeriesWriter::new();
    let key = writer.key("k").expect("short enough");
    for _ in 0..(1 << 20) {
        writer.push(key, Point::default()).expect("room");
    }
    let mut section = Vec::new();
    writer.finish(&mut section, None).expect("memory");
    let fewer = section.len() as u64 * 64;
    assert!(fewer < 1 << 20, "{fewer} points are in proportion to it");
    let mut draft = titled(Draft::new(body(1)), "nothing");
    draft.section(sections::METRICS, sections::PARQUET, Content::bytes(section)).expect("a section");
    save(&bench, "nothing.expb", &finished(draft).0);
    // A million are read, as the limit begins at fifty.
    assert!(bench.ok(&["show", "nothing.expb", "metrics"]).contains("1,048,576"));
}

/// A section that is damaged at its end is found to be so, whoever reads how much of its points.
#[test]
fn a_damaged_end_decides_the_exit_status_also_of_what_nobody_reads() {
    let bench = Bench::new();
    let mut writer = SeriesWriter::new();
    let key = writer.key("loss").expect("short enough");
    for step in 0..100_000_i32 {
        let value = f64::from(step).sin();
        writer.push(key, Point { step: Some(step.into()), value: Some(value), ..Point::default() }).expect("room");
    }
    let mut section = Vec::new();
    writer.finish(&mut section, None).expect("memory");
    // The last page ends where the footer begins, whose size stands before the last four bytes.
    let (rest, _) = section.split_last_chunk::<4>().expect("a magic number");
    let footer = u32::from_le_bytes(*rest.last_chunk().expect("a size")) as usize;
    let at = section.len() - 8 - footer - 40;
    section[at] ^= 0xff;
    let mut draft = titled(Draft::new(body(1)), "late");
    draft.section(sections::METRICS, sections::PARQUET, Content::bytes(section)).expect("a section");
    save(&bench, "late.expb", &finished(draft).0);
    let extract = |stdout: Stdio| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_expbundle"));
        command.args(["extract", "late.expb", "--csv"]).current_dir(bench.path("."));
        let output = command.stdin(Stdio::null()).stdout(stdout).output().expect("the program runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("error["), "{said}");
        output.status.code()
    };
    assert_eq!(extract(Stdio::null()), Some(2));
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    assert_eq!(extract(writer.into()), Some(2), "into a closed pipe");
}
