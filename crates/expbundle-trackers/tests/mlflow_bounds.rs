//! What a database makes of itself is bounded by its size, whatever its schema says: counted, for
//! sizes that double.

use camino::{Utf8Path, Utf8PathBuf};
use expbundle_trackers::finding::SourceCode;
use expbundle_trackers::mlflow::{Run, Source};
use rusqlite::Connection;

/// A copy of the fixture that was changed, and the run that is read of it.
fn changed(change: impl FnOnce(&Connection, &str)) -> (tempfile::TempDir, Utf8PathBuf, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = Utf8Path::from_path(folder.path()).expect("a plain path").join("mlflow.db");
    let fixture = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/mlflow/sqlite/mlflow.db");
    std::fs::write(&path, std::fs::read(fixture).expect("the fixture")).expect("a copy");
    let connection = Connection::open(&path).expect("a database");
    let run: String = connection.query_row("SELECT run_uuid FROM runs", [], |row| row.get(0)).expect("a run");
    connection.execute_batch("PRAGMA foreign_keys = off").expect("a setting");
    change(&connection, &run);
    (folder, path, run)
}

fn read(path: &Utf8Path, run: &str) -> Run {
    Source::open(path).expect("a source").read(run).expect("the run")
}

fn is_over(run: &Run) -> bool {
    run.findings.iter().any(|found| found.code == SourceCode::Unreadable && found.detail.contains("size of the file"))
}

#[test]
fn a_default_is_not_read_for_every_row() {
    for rows in [2_000, 4_000, 8_000] {
        let (_folder, path, run) = changed(|connection, run| {
            let fill = format!(
                "DROP TABLE params; CREATE TABLE params (key, run_uuid);
                 WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n LIMIT {rows})
                 INSERT INTO params SELECT k, '{run}' FROM n;
                 ALTER TABLE params ADD COLUMN value DEFAULT '{}'",
                "x".repeat(60_000)
            );
            connection.execute_batch(&fill).expect("a table");
        });
        let size = std::fs::metadata(&path).expect("a file").len();
        let read = read(&path, &run);
        let text: usize = read.params.values().map(String::len).sum();
        assert!(is_over(&read), "{:?}", read.findings);
        // It is said once, and not for every question that was not answered.
        assert_eq!(read.findings.iter().filter(|found| found.detail.contains("size of the file")).count(), 1);
        assert!((text as u64) < (16 << 20) + 4 * size && read.params.len() > 100, "{rows} rows: {text} bytes");
    }
}

#[test]
fn a_longer_default_is_no_schema_of_mlflow() {
    let (_folder, path, _) = changed(|connection, _| {
        let column = format!("ALTER TABLE params ADD COLUMN more DEFAULT '{}'", "x".repeat(900_000));
        connection.execute_batch(&column).expect("a column");
    });
    assert!(Source::open(&path).is_err());
}

#[test]
fn data_sets_without_indices_are_read() {
    let (_folder, path, run) = changed(|connection, run| {
        let fill = format!(
            "DROP TABLE inputs; DROP TABLE input_tags;
             CREATE TABLE inputs (input_uuid, source_type, source_id, destination_type, destination_id, step);
             CREATE TABLE input_tags (input_uuid, name, value);
             WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n LIMIT 12000)
             INSERT INTO inputs SELECT k, 'DATASET', k, 'RUN', '{run}', 0 FROM n;
             INSERT INTO input_tags SELECT input_uuid, 'name', 'value' FROM inputs"
        );
        connection.execute_batch(&fill).expect("tables");
    });
    let read = read(&path, &run);
    assert!(!is_over(&read), "{:?}", read.findings);
    assert!(read.datasets.len() >= 12_000, "{} data sets", read.datasets.len());
}

#[test]
fn views_computed_columns_and_foreign_tables_are_not_read() {
    let (_folder, path, run) = changed(|connection, run| {
        let change = format!(
            "ALTER TABLE params RENAME TO other;
             CREATE VIEW params AS WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t)
                 SELECT 'k' || n AS key, n AS value, '{run}' AS run_uuid FROM t;
             CREATE TRIGGER endless AFTER INSERT ON other BEGIN INSERT INTO other SELECT * FROM other; END;
             DROP TABLE tags;
             CREATE TABLE tags (key, run_uuid, value GENERATED ALWAYS AS (printf('%.*c', 1000000, 'x')));
             INSERT INTO tags (key, run_uuid) VALUES ('a', '{run}');
             CREATE TABLE unknown (a DEFAULT 'b')"
        );
        connection.execute_batch(&change).expect("a schema");
    });
    let read = read(&path, &run);
    assert!(read.params.is_empty());
    assert!(read.tags.values().all(String::is_empty), "{:?}", read.tags.keys());
}

#[test]
fn tables_without_row_ids_are_read() {
    let (_folder, path, run) = changed(|connection, run| {
        let change = format!(
            "DROP TABLE params; CREATE TABLE params (key PRIMARY KEY, run_uuid, value) WITHOUT ROWID;
             INSERT INTO params VALUES ('lr', '{run}', '0.1')"
        );
        connection.execute_batch(&change).expect("a table");
    });
    assert_eq!(read(&path, &run).params.get("lr").map(String::as_str), Some("0.1"));
}

/// Parameters of many runs in a table whose columns are told.
fn parameters_of_many(columns: &str, count: u64) -> (tempfile::TempDir, Utf8PathBuf, String) {
    changed(|connection, run| {
        let change = format!(
            "DROP TABLE params; CREATE TABLE params {columns};
             WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n LIMIT {count})
             INSERT INTO params (key, run_uuid, value) SELECT 'k' || k, 'other' || (k / 10), '1' FROM n;
             INSERT INTO params (key, run_uuid, value) VALUES ('lr', upper('{run}'), '0.1'), ('n', '{run}', '2')"
        );
        connection.execute_batch(&change).expect("a table");
    })
}

/// Without an index the rows of a run are found by their row ids, and they are the same.
#[test]
fn rows_without_an_index_are_those_that_sqlite_finds() {
    for (columns, expected) in [
        ("(key, run_uuid, value)", vec![("n", "2")]),
        ("(key, run_uuid COLLATE NOCASE, value)", vec![("lr", "0.1"), ("n", "2")]),
        ("(key, run_uuid PRIMARY KEY ON CONFLICT REPLACE, value)", vec![("n", "2")]),
    ] {
        let (_folder, path, run) = parameters_of_many(columns, 1_000);
        let read = read(&path, &run);
        let params: Vec<_> = read.params.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!(params, expected, "{columns}");
    }
}

/// Each run would read all of it.
#[test]
fn a_large_table_without_index_and_row_ids_is_named() {
    for (count, is_read) in [(1_000, true), (20_000, false)] {
        let (_folder, path, run) = parameters_of_many("(key PRIMARY KEY, run_uuid, value) WITHOUT ROWID", count);
        let read = read(&path, &run);
        let is_told = read.findings.iter().any(|found| found.detail.contains("neither row ids nor an index"));
        assert_eq!((read.params.len() == 1, is_told), (is_read, !is_read), "{count} rows: {:?}", read.findings);
    }
}

/// A scan for each of the runs would take 5 · 10⁹ steps of SQLite.
#[test]
fn a_table_without_an_index_is_read_once_for_all_runs() {
    const RUNS: u32 = 10_000;
    let (_folder, path, _) = changed(|connection, _| {
        let change = format!(
            "DROP TABLE params; CREATE TABLE params (key, run_uuid, value);
             CREATE TABLE many AS SELECT * FROM runs; DROP TABLE runs; CREATE TABLE runs AS SELECT * FROM many WHERE 0;
             CREATE INDEX by_run ON runs (run_uuid);
             CREATE TEMP TABLE n AS WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n LIMIT {RUNS}) SELECT k FROM n;
             INSERT INTO runs SELECT many.* FROM many, n;
             UPDATE runs SET run_uuid = 'r' || rowid;
             INSERT INTO params SELECT 'a', 'r' || k, k FROM n UNION ALL SELECT 'b', 'r' || k, k FROM n;
             DROP TABLE many"
        );
        connection.execute_batch(&change).expect("runs");
    });
    let source = Source::open(&path).expect("a source");
    for number in (1..=RUNS).step_by(10) {
        let run = source.read(&format!("r{number}")).expect("a run");
        let value = number.to_string();
        assert_eq!(run.params.values().collect::<Vec<_>>(), [&value, &value]);
    }
}
