//! Every refusal of spec/sections-parquet.md, each by a file that the `parquet` crate wrote.

mod peer;

use expbundle_series::{ConsoleReader, Point, SeriesError, SeriesReader, SeriesWriter};
use parquet::basic::Encoding;
use parquet::file::properties::EnabledStatistics;
use parquet::schema::types::ColumnPath;
use peer::Row;

fn read(file: Vec<u8>) -> Result<u64, SeriesError> {
    let mut rows = 0;
    SeriesReader::open(file)?.for_each(|_| rows += 1)?;
    Ok(rows)
}

#[track_caller]
fn refused(file: Vec<u8>, code: &str) {
    let error = read(file).expect_err("it leaves the profile");
    assert_eq!(error.code(), Some(code), "{error}");
}

fn row(key: &str, step: i64) -> Row {
    Row { key: key.into(), step: Some(step), time: Some(1_795_427_696_021), value: Some(0.5), text: None }
}

fn one(row: Row) -> Vec<u8> {
    peer::write(&[&[row]], "MILLIS", None)
}

#[test]
fn the_peer_writes_what_is_read() {
    assert_eq!(read(one(row("loss", 0))).expect("of the profile"), 1);
}

#[test]
fn files_that_are_no_parquet() {
    refused(Vec::new(), "series.not-parquet");
    refused(b"PAR1PAR1".to_vec(), "series.not-parquet");
    refused(b"key,step\nloss,1\n".to_vec(), "series.not-parquet");
    let mut long = one(row("loss", 0));
    let length = long.len() - 8;
    long[length..length + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    refused(long, "series.not-parquet");
}

#[test]
fn parquet_of_another_form() {
    let rows = [row("loss", 0), row("loss", 1)];
    let schema = peer::schema("MILLIS");
    let profile = || peer::properties(None);
    let plain_key = profile().set_column_dictionary_enabled(ColumnPath::from("key"), false);
    let delta_text = profile().set_column_encoding(ColumnPath::from("text"), Encoding::DELTA_LENGTH_BYTE_ARRAY);
    for properties in [
        parquet::file::properties::WriterProperties::builder(),
        profile().set_created_by("expbundle 2".to_owned()),
        profile().set_statistics_enabled(EnabledStatistics::Chunk),
        profile().set_offset_index_disabled(false),
        profile().set_writer_version(parquet::file::properties::WriterVersion::PARQUET_2_0),
        plain_key,
        delta_text,
    ] {
        refused(peer::write_as(&[&rows], &schema, properties), "series.footer");
    }
    for schema in [
        schema.replace("series", "metrics"),
        schema.replace("step", "epoch"),
        schema.replace("OPTIONAL DOUBLE", "REQUIRED DOUBLE"),
        schema.replace("TIMESTAMP(MILLIS, true)", "TIMESTAMP(MILLIS, false)"),
        schema.replace("(TIMESTAMP(MILLIS, true))", ""),
    ] {
        let rows = [Row { value: Some(1.0), ..row("loss", 0) }];
        let written = std::panic::catch_unwind(|| peer::write_as(&[&rows], &schema, peer::properties(None)));
        refused(written.unwrap_or_else(|_| panic!("{schema}")), "series.footer");
    }
    assert_eq!(
        ConsoleReader::open(one(row("loss", 0))).err().and_then(|error| error.code()),
        Some("series.footer"),
        "metrics are no console output"
    );
    refused(peer::write(&[&rows], "MILLIS", Some(&"AB".repeat(32))), "series.footer");
}

#[test]
fn rows_out_of_order() {
    let write = |rows: &[Row]| peer::write(&[rows], "MILLIS", None);
    refused(write(&[row("b", 0), row("a", 0)]), "series.order");
    refused(write(&[row("a", 1), row("a", 0)]), "series.order");
    refused(write(&[row("a", 0), Row { step: None, ..row("a", 0) }]), "series.order");
    refused(write(&[row("a", 0), Row { time: Some(7), ..row("a", 0) }]), "series.order");
    refused(write(&[row("a", 0), row("b", 0), row("a", 1)]), "series.order");
    // Between row groups too, though the first also ends too early.
    refused(peer::write(&[&[row("b", 0)], &[row("a", 0)]], "MILLIS", None), "series.order");
    let twice = write(&[row("a", 0), row("a", 0)]);
    assert_eq!(read(twice).expect("equal points are points"), 2);
}

#[test]
fn rows_that_hold_nothing_or_no_text() {
    refused(one(Row { value: None, ..row("loss", 0) }), "series.empty-row");
    refused(one(Row { text: Some(vec![0xff]), ..row("loss", 0) }), "series.utf-8");
    refused(one(Row { key: vec![0xc3], ..row("loss", 0) }), "series.utf-8");
    let payload = f64::from_bits(f64::NAN.to_bits() | 1);
    refused(one(Row { value: Some(payload), ..row("loss", 0) }), "series.page");
}

#[test]
fn times_that_no_writer_would_write() {
    let with = |time, unit| peer::write(&[&[Row { time, ..row("loss", 0) }]], unit, None);
    refused(with(Some(1_000), "MICROS"), "series.unit");
    refused(with(None, "NANOS"), "series.unit");
    refused(with(Some(i64::MAX), "MILLIS"), "series.time");
    assert_eq!(read(with(Some(1), "MICROS")).expect("of the profile"), 1);
}

#[test]
fn row_groups_that_end_elsewhere() {
    refused(peer::write(&[&[row("a", 0)], &[row("a", 1)]], "MILLIS", None), "series.group");
    let many = vec![row("a", 0); (1 << 20) + 1];
    refused(peer::write(&[&many], "MILLIS", None), "series.rows");
}

#[test]
fn texts_end_row_groups_and_have_a_limit() {
    let megabyte = "x".repeat(1 << 20);
    let mut writer = SeriesWriter::with_budget(1 << 20);
    let key = writer.key("log");
    for step in 0..70 {
        writer.push(key, Point { step: Some(step), text: Some(&megabyte), ..Point::default() }).expect("room");
    }
    let too_long = "x".repeat((256 << 20) + 1);
    let error = writer.push(key, Point { text: Some(&too_long), ..Point::default() }).expect_err("too long");
    assert_eq!(error.code(), Some("series.text-too-long"));
    let mut file = Vec::new();
    writer.finish(&mut file, None).expect("room");
    let rows: Vec<Row> = (0..70)
        .map(|step| Row { key: "log".into(), step: Some(step), text: Some(megabyte.clone().into()), ..Row::default() })
        .collect();
    // The key counts too, so 63 texts and not 64.
    let (first, second) = rows.split_at(63);
    assert!(file == peer::write(&[first, second], "MILLIS", None));
    assert_eq!(read(file).expect("our own"), 70);
    refused(peer::write(&[&rows], "MILLIS", None), "series.group");
    let (first, second) = rows.split_at(62);
    refused(peer::write(&[first, second], "MILLIS", None), "series.group");
}
