//! What each target does with bytes from anywhere. A target fails by a panic, by an assertion here,
//! by time or by memory.
//!
//! Names are those of the targets; `crates/expbundle-fuzz/run` builds and runs them.

use std::cell::RefCell;
use std::fs;
use std::io::{Cursor, Seek as _, SeekFrom, Write as _};

use camino::{Utf8Path, Utf8PathBuf};
// For the oracle below.
use crc32fast as _;
use expbundle::history::History;
use expbundle::repack::repack;
use expbundle::verify::{Digests, Intact, Unverified};
use expbundle::{Bundle, Content};
use expbundle_convert::Options;
use expbundle_convert::points::write_csv;
use expbundle_convert::table::{Columns, Format, Table, points};
use expbundle_convert::tracker::TRACKERS;
use expbundle_format::Blake3;
use expbundle_format::container::Container;
use expbundle_format::json;
use expbundle_format::limits::Limits;
use expbundle_format::pointer::Pointer;
use expbundle_format::record::Record;
use expbundle_format::sections::{self, SourceSection};
use expbundle_format::tree::Tree;
use expbundle_run::{Recovered, Run};
use expbundle_series::{ConsoleLine, ConsoleReader, OwnedPoint, SeriesReader, SeriesWriter, write_console};
use expbundle_statement::{Envelope, Statement};
use expbundle_trackers::{huggingface as hub, mlflow, wandb};
use serde_json::Value;

#[path = "../../expbundle-statement/tests/signers/second_parser.rs"]
mod second_parser;
#[path = "../../expbundle-format/tests/zip/oracle.rs"]
mod zip_oracle;

/// A container that is read has ascending names, and entries that lie behind each other. The `zip`
/// crate reads it alike.
pub fn container(bytes: &[u8]) {
    zip_oracle::agrees(bytes);
    let Ok(container) = Container::open(Cursor::new(bytes), &Limits::default()) else { return };
    for pair in container.entries().windows(2) {
        assert!(pair[0].name < pair[1].name);
        assert!(pair[0].data_offset + pair[0].size < pair[1].data_offset);
    }
    if let Some(last) = container.entries().last() {
        assert!(last.data_offset + last.size < bytes.len() as u64);
    }
}

/// What is read means what `serde_json` reads, and reads back as it was written.
pub fn json(bytes: &[u8]) {
    let limits = Limits::default();
    let Ok(value) = json::parse(bytes, &limits) else { return };
    assert_eq!(serde_json::from_slice::<Value>(bytes).expect("JSON"), value);
    assert_eq!(json::from_bytes::<Value>(bytes, &limits).expect("read before"), value);
    let written = json::to_bytes(&value).expect("it was within the limits");
    assert_eq!(json::parse(&written, &limits).expect("our own"), value);
}

/// A record keeps its bytes; written anew it says the same.
pub fn record(bytes: &[u8]) {
    let Ok(record) = Record::parse(bytes.to_vec(), &Limits::default()) else { return };
    assert_eq!(record.bytes(), bytes);
    let written = Record::write(record.body().clone()).expect("it was read");
    let read = Record::parse(written.bytes().to_vec(), &Limits::default()).expect("our own");
    assert_eq!(read, written);
}

/// The first byte says which section it is. One that is read is read in the fixed form too, and
/// checking finds what reading finds.
pub fn section(bytes: &[u8]) {
    let Some((first, text)) = bytes.split_first() else { return };
    let limits = Limits::default();
    assert_eq!(json::check(text, &limits).is_ok(), json::parse(text, &limits).is_ok());
    let schemas = sections::schemas();
    let (name, _) = &schemas[usize::from(*first) % schemas.len()];
    let name = name.parse().expect("a name");
    if sections::check(&name, text, &limits).is_ok() {
        let written =
            json::to_bytes(&json::parse(text, &limits).expect("read before")).expect("it was within the limits");
        sections::check(&name, &written, &limits).expect("the same in the fixed form");
    }
}

/// Claims are those of the statement that is verified.
pub fn statement(bytes: &[u8]) {
    let Ok(envelope) = Envelope::parse(bytes) else { return };
    let claims = envelope.claims();
    if let Ok(verified) = envelope.verify() {
        let claims = claims.expect("it was verified");
        assert_eq!((claims.id, claims.record, claims.kind), (verified.id(), verified.record(), verified.kind()));
    }
}

/// The payload of a statement, without the envelope that would have to be signed.
pub fn payload(bytes: &[u8]) {
    let _ = Statement::parse(bytes.to_vec());
}

/// A second parser, written from the grammar alone, accepts the same signers files and trusts the
/// same keys.
pub fn signers(bytes: &[u8]) {
    // Those of the conformance suite, which the seeds are from.
    const KEYS: [&str; 2] = [
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINOOupbGw5f09ReIOLJbzS6b9f0WbDE4byWkhZEV+hvJ",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIaZzRQS9XbmjIDDzS+kXY6XrW4vyzNwvWJgHE9/9Luj",
    ];
    const MOMENTS: [&str; 3] = ["2019-12-31T23:59:59Z", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"];
    second_parser::agrees(bytes, &KEYS.map(|key| key.parse().expect("a key")), &MOMENTS);
}

/// A listing has one spelling.
pub fn tree(bytes: &[u8]) {
    if let Ok(tree) = Tree::parse(bytes) {
        assert_eq!(tree.to_bytes(), bytes);
    }
}

/// What is read is the one file of its rows, but for the matches that its blocks take.
pub fn series(bytes: &[u8]) {
    let Some((rows, salt)) = rows_of(bytes) else { return };
    let mut writer = SeriesWriter::new();
    for row in &rows {
        let key = writer.key(&row.key).expect("read before");
        writer.push(key, row.point()).expect("memory");
    }
    let mut written = Vec::new();
    writer.finish(&mut written, salt.as_ref()).expect("memory");
    let again = rows_of(&written).expect("our own");
    // NaN is unlike itself.
    assert_eq!(format!("{again:?}"), format!("{:?}", (rows, salt)));
}

fn rows_of(bytes: &[u8]) -> Option<(Vec<OwnedPoint>, Option<[u8; 32]>)> {
    let reader = SeriesReader::open(bytes.to_vec()).ok()?;
    let (mut rows, mut texts) = (Vec::new(), Vec::new());
    let read = reader.texts(|key, text| texts.push((key.to_owned(), text.to_owned())));
    reader.for_each(|row| rows.push(row.clone())).ok()?;
    assert_eq!(rows.len() as u64, reader.rows());
    read.expect("a part of what was read");
    let of_rows = rows.iter().filter_map(|row| Some((row.key.to_string(), row.text.clone()?)));
    assert_eq!(texts, of_rows.collect::<Vec<_>>());
    Some((rows, salt(reader.salt())))
}

/// The same for lines of the console.
pub fn console(bytes: &[u8]) {
    let Some((lines, salt)) = lines_of(bytes) else { return };
    let mut written = Vec::new();
    write_console(&lines, &mut written, salt.as_ref()).expect("memory");
    assert_eq!(lines_of(&written).expect("our own"), (lines, salt));
}

fn lines_of(bytes: &[u8]) -> Option<(Vec<ConsoleLine>, Option<[u8; 32]>)> {
    let reader = ConsoleReader::open(bytes.to_vec()).ok()?;
    let mut lines = Vec::new();
    reader.for_each(|line| lines.push(line.clone())).ok()?;
    assert_eq!(lines.len() as u64, reader.rows());
    Some((lines, salt(reader.salt())))
}

fn salt(text: Option<&str>) -> Option<[u8; 32]> {
    text.map(|text| text.parse::<Blake3>().map(|digits| *digits.as_bytes()).expect("a salt is 64 hex digits"))
}

/// An intact bundle is the one byte sequence of its objects, is itself when merged with itself, and
/// needs no repacking. What `repack` makes of any other is intact or refused.
pub fn bundle(bytes: &[u8]) {
    let check =
        |bytes: &[u8]| Unverified::new(Content::bytes(bytes)).check(Digests::All).ok().map(|checked| checked.intact);
    let written = |bundle: &Bundle| {
        let mut written = Vec::new();
        bundle.write(&mut written).expect("memory");
        written
    };
    if let Some(intact) = check(bytes) {
        assert_eq!(written(intact.bundle()), bytes);
        let twice = Intact::union([intact.clone(), intact.clone()]).expect("two parts");
        assert_eq!(written(twice.bundle()), bytes);
        let at = "2026-12-01T00:00:00Z".parse().expect("a time");
        let heads = intact.judge(None, at).heads;
        let history = Unverified::new(Content::bytes(bytes)).check_history().expect("intact").intact;
        let history = History::union([history]).expect("one part");
        let (_, settled) = history.settle(None, at, |_| None).expect("every signature held");
        assert_eq!(settled.heads, heads);
    }
    if let Ok(repacked) = repack(&Content::bytes(bytes), &Limits::default()) {
        let again = written(&repacked.bundle);
        assert!(Container::open(Cursor::new(&again), &Limits::default()).is_ok());
    }
}

thread_local! {
    static FOLDER: RefCell<Option<tempfile::TempDir>> = const { RefCell::new(None) };
}

/// A folder for the files of one input, emptied for each.
fn with_folder(files: &[(&str, &[u8])], read: impl FnOnce(&Utf8Path)) {
    FOLDER.with_borrow_mut(|folder| {
        let folder = folder.get_or_insert_with(|| tempfile::tempdir().expect("room"));
        let root = Utf8PathBuf::from_path_buf(folder.path().join("source")).expect("UTF-8");
        let _ = fs::remove_dir_all(&root);
        for (name, bytes) in files {
            let path = root.join(name);
            fs::create_dir_all(path.parent().expect("below the root")).expect("room");
            fs::write(path, bytes).expect("room");
        }
        read(&root);
    });
}

/// Takes points and forgets them.
struct Forgotten;

impl wandb::Points for Forgotten {
    fn key(&mut self, _: &[String]) -> Option<u32> {
        Some(0)
    }

    fn no_room(&mut self) {}
    fn number(&mut self, _: u32, _: expbundle_trackers::At, _: f64, _: Option<&str>) {}
    fn other(&mut self, _: u32, _: expbundle_trackers::At, _: &wandb::Value) {}
    fn media(&mut self, _: &[String], _: expbundle_trackers::At, _: wandb::Value) {}
    fn system(&mut self, _: &[String], _: Option<i64>, _: &wandb::Value) {}
}

fn read_wandb(root: &Utf8Path) {
    let Ok(source) = wandb::Source::open(root) else { return };
    let _ = source.list();
    for key in source.keys() {
        let _ = source.read(&key, &mut Forgotten, &|_| {});
    }
}

/// The log of a run.
pub fn wandb_log(bytes: &[u8]) {
    with_folder(&[("run-20260101_000000-abcdefgh/run-abcdefgh.wandb", bytes)], read_wandb);
}

/// What the service exports of a run: the part before `\n===\n` is its JSON, the rest its history
/// as CSV.
pub fn wandb_export(bytes: &[u8]) {
    let (run, history) = two(bytes);
    with_folder(&[("run.json", run), ("history.csv", history)], read_wandb);
}

/// A table of points. Those of a text file, written as CSV, are read back to the same section.
pub fn table(bytes: &[u8]) {
    let Some((section, format)) = section_of(bytes) else { return };
    let mut csv = Vec::new();
    write_csv(&SeriesReader::open(section.clone()).expect("our own"), &mut csv).expect("memory");
    if let Format::Csv | Format::JsonLines = format {
        assert_eq!(section_of(&csv).expect("our own").0, section);
    }
}

/// The section that the points of a table come to.
fn section_of(bytes: &[u8]) -> Option<(Vec<u8>, Format)> {
    let mut file = tempfile::tempfile().expect("room");
    file.write_all(bytes).expect("room");
    file.seek(SeekFrom::Start(0)).expect("a file");
    let mut writer = SeriesWriter::new();
    let reading = points(Table::open(file).ok()?, &Columns::default(), &mut |key, point| {
        let id = writer.key(key)?;
        writer.push(id, point)
    });
    let reading = reading.ok()?;
    let mut section = Vec::new();
    writer.finish(&mut section, None).expect("memory");
    Some((section, reading.format))
}

fn read_mlflow(root: &Utf8Path) {
    let Ok(source) = mlflow::Source::open(root) else { return };
    let Ok(list) = source.list() else { return };
    for run in list.runs {
        let _ = source.read(&run.run_id);
    }
}

/// A run of the file store: its `meta.yaml`, and a file of metrics behind `\n===\n`.
pub fn mlflow_files(bytes: &[u8]) {
    const EXPERIMENT: &[u8] =
        b"artifact_location: file:///x\nexperiment_id: '0'\nlifecycle_stage: active\nname: Default\n";
    let (meta, metrics) = two(bytes);
    let run = "0/0123456789abcdef0123456789abcdef";
    let (meta_path, metrics_path, tag_path) =
        (format!("{run}/meta.yaml"), format!("{run}/metrics/loss"), format!("{run}/tags/mlflow.log-model.history"));
    with_folder(
        &[("0/meta.yaml", EXPERIMENT), (&meta_path, meta), (&metrics_path, metrics), (&tag_path, metrics)],
        read_mlflow,
    );
}

/// A database.
pub fn mlflow_database(bytes: &[u8]) {
    with_folder(&[("mlflow.db", bytes)], |root| read_mlflow(&root.join("mlflow.db")));
}

/// A run as export tools write it.
pub fn mlflow_export(bytes: &[u8]) {
    with_folder(&[("run.json", bytes)], read_mlflow);
}

/// A card, and a pointer.
pub fn huggingface(bytes: &[u8]) {
    let _ = Pointer::parse(bytes);
    let (card, config) = two(bytes);
    if let Ok(text) = std::str::from_utf8(card) {
        let _ = hub::Card::parse(text);
    }
    with_folder(
        &[("README.md", card), ("config.json", config), ("model.safetensors", bytes), (".git/config", config)],
        |root| {
            let _ = hub::Model::read(root);
            let _ = hub::Hub::of(root);
        },
    );
}

/// A source of any tracker, converted: the first byte says whose, the rest are paths and files by
/// turns, with `\n===\n` between them.
pub fn tracker(bytes: &[u8]) {
    let Some((first, mut rest)) = bytes.split_first() else { return };
    let tracker = TRACKERS[usize::from(*first) % TRACKERS.len()];
    let mut files = Vec::new();
    while !rest.is_empty() && files.len() < 32 {
        let (path, after) = two(rest);
        let (file, after) = two(after);
        rest = after;
        let is_plain =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_graphic()) && part != "..";
        match std::str::from_utf8(path) {
            Ok(path) if path.len() < 200 && path.split('/').all(is_plain) => files.push((path, file)),
            _ => return,
        }
    }
    // A path that is a file and a folder cannot be written.
    files.sort();
    files.dedup_by(|a, b| a.0 == b.0 || a.0.strip_prefix(b.0).is_some_and(|more| more.starts_with('/')));
    with_folder(&files, |root| {
        let Ok(Some(source)) = tracker.open(root) else { return };
        let Ok(listing) = source.runs() else { return };
        for run in listing.runs {
            if let Ok(converted) = source.convert(&run.key, &Options::default()) {
                assert!(converted.account.adds_up());
            }
        }
    });
}

/// The journal of a run: what is read of it is finished, or refused, as any other run. From what is
/// whole nothing is missing.
pub fn journal(bytes: &[u8]) {
    with_folder(&[("run.expj", bytes)], |root| {
        let Ok(Recovered { mut run, findings }) = Run::recover(root.join("run.expj")) else { return };
        let Ok(intact) = run.finish() else { return };
        let record = intact.only_record().expect("a run has one");
        let source = intact.json_section::<SourceSection>(record);
        assert_eq!(
            findings.is_empty(),
            source.is_none_or(|source| source.damage.is_empty() && source.account.secrets.is_empty())
        );
    });
}

fn two(bytes: &[u8]) -> (&[u8], &[u8]) {
    const BETWEEN: &[u8] = b"\n===\n";
    let at = bytes.windows(BETWEEN.len()).position(|window| window == BETWEEN);
    at.map_or((bytes, &[]), |at| (&bytes[..at], &bytes[at + BETWEEN.len()..]))
}
