//! Every refusal of spec/sections-parquet.md, each by a file that the `parquet` crate wrote.

mod peer;

use expbundle_series::{ConsoleLine, ConsoleReader, Point, SeriesError, SeriesReader, SeriesWriter, write_console};
use parquet::basic::{Compression, Encoding};
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
    Row { key: key.into(), step: Some(step), time: Some(1_795_427_696_021_838), value: Some(0.5), ..Row::default() }
}

fn one(row: Row) -> Vec<u8> {
    peer::write(&[&[row]], None)
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
    let schema = peer::schema(false);
    let profile = || peer::properties(None);
    let plain_key = profile().set_column_dictionary_enabled(ColumnPath::from("key"), false);
    let plain_text = profile().set_column_encoding(ColumnPath::from("text"), Encoding::PLAIN);
    let plain_value = profile().set_column_encoding(ColumnPath::from("value"), Encoding::PLAIN);
    for properties in [
        parquet::file::properties::WriterProperties::builder(),
        profile().set_created_by("expbundle 2".to_owned()),
        profile().set_statistics_enabled(EnabledStatistics::Chunk),
        profile().set_offset_index_disabled(false),
        profile().set_writer_version(parquet::file::properties::WriterVersion::PARQUET_2_0),
        plain_key,
        plain_text,
        plain_value,
        profile().set_compression(Compression::UNCOMPRESSED),
        profile().set_column_compression(ColumnPath::from("step"), Compression::UNCOMPRESSED),
    ] {
        refused(peer::write_as(&[&rows], &schema, properties), "series.footer");
    }
    for schema in [
        schema.replace("series", "metrics"),
        schema.replace("step", "epoch"),
        schema.replace("OPTIONAL DOUBLE", "REQUIRED DOUBLE"),
        schema.replace("TIMESTAMP(MICROS, true)", "TIMESTAMP(MICROS, false)"),
        schema.replace("TIMESTAMP(MICROS, true)", "TIMESTAMP(MILLIS, true)"),
        schema.replace("TIMESTAMP(MICROS, true)", "TIMESTAMP(NANOS, true)"),
        schema.replace("(TIMESTAMP(MICROS, true))", ""),
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
    refused(peer::write(&[&rows], Some(&"AB".repeat(32))), "series.footer");
}

#[test]
fn rows_out_of_order() {
    let write = |rows: &[Row]| peer::write(&[rows], None);
    refused(write(&[row("b", 0), row("a", 0)]), "series.order");
    refused(write(&[row("a", 1), row("a", 0)]), "series.order");
    refused(write(&[row("a", 0), Row { step: None, ..row("a", 0) }]), "series.order");
    refused(write(&[row("a", 0), Row { time: Some(7), ..row("a", 0) }]), "series.order");
    refused(write(&[row("a", 0), row("b", 0), row("a", 1)]), "series.order");
    let fine = |nanoseconds| Row { nanoseconds: Some(nanoseconds), ..row("a", 0) };
    refused(write(&[fine(2), fine(1)]), "series.order");
    let twice = write(&[row("a", 0), row("a", 0)]);
    assert_eq!(read(twice).expect("equal points are points"), 2);
}

/// The next page begins with an earlier moment.
#[test]
fn pages_out_of_order() {
    let mut rows: Vec<Row> = (1..=65_536).map(|step| row("a", step)).collect();
    rows.push(row("a", 65_537));
    assert_eq!(read(peer::write_pages(&[&rows], 65_536)).expect("of the profile"), 65_537);
    rows[65_536] = row("a", 0);
    refused(peer::write_pages(&[&rows], 65_536), "series.order");
}

/// Where few of many keys have a point in a moment, rows stand by moment, and else by key.
#[test]
fn pages_in_the_other_order() {
    let mut rows: Vec<Row> =
        (0..400).flat_map(|step| (0..4).map(move |key| row(&format!("{:03}", (step * 4 + key) % 320), step))).collect();
    assert_eq!(read(peer::write(&[&rows], None)).expect("of the profile"), 1600);
    rows.sort_by(|a, b| (&a.key, a.step).cmp(&(&b.key, b.step)));
    refused(peer::write(&[&rows], None), "series.order");
    let rows = [row("a", 0), row("b", 0), row("a", 1), row("b", 1)];
    refused(peer::write(&[&rows], None), "series.order");
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
    let with = |time, nanoseconds| peer::write(&[&[Row { time, nanoseconds, ..row("loss", 0) }, row("m", 1)]], None);
    refused(with(Some(i64::MAX), None), "series.time");
    // Nanoseconds that are none, that lack their time, that their time lacks, and that no time
    // needs.
    refused(with(Some(1), Some(1000)), "series.nanoseconds");
    refused(with(Some(1), Some(-1)), "series.nanoseconds");
    refused(with(None, Some(1)), "series.nanoseconds");
    refused(with(Some(1), Some(5)), "series.nanoseconds");
    let both = |nanoseconds| {
        let fine = |row| Row { nanoseconds: Some(nanoseconds), ..row };
        peer::write(&[&[fine(row("loss", 0)), fine(row("m", 1))]], None)
    };
    refused(both(0), "series.nanoseconds");
    assert_eq!(read(both(999)).expect("of the profile"), 2);
}

#[test]
fn pages_and_row_groups_that_end_elsewhere() {
    let rows: Vec<Row> = (0..2100).map(|step| row("a", step)).collect();
    let (first, second) = rows.split_at(1024);
    refused(peer::write(&[first, second], None), "series.group");
    refused(peer::write_pages(&[&rows], 1024), "series.page-end");
    refused(peer::write_pages(&[&rows], 1000), "series.page-end");
    let many: Vec<Row> = (0..65_537).map(|step| row("a", step)).collect();
    refused(peer::write_pages(&[&many], 70_000), "series.rows");
    refused(peer::write_pages(&[&many], 32_768), "series.page-end");
    // Seventeen pages in a row group.
    let many: Vec<Row> = (0..=(1 << 20)).map(|step| row("a", step)).collect();
    let properties = peer::properties(None).set_max_row_group_row_count(None);
    refused(peer::write_as(&[&many], &peer::schema(false), properties), "series.group");
}

#[test]
fn keys_and_texts_have_a_limit_and_end_pages() {
    let mut writer = SeriesWriter::with_budget(1 << 20);
    let longest = "k".repeat(4096);
    let error = writer.key(&(longest.clone() + "k")).expect_err("too long");
    assert_eq!(error.code(), Some("series.key-too-long"));
    refused(one(row(&(longest.clone() + "k"), 0)), "series.key-too-long");
    assert_eq!(read(one(row(&longest, 0))).expect("of the profile"), 1);

    let megabyte = "x".repeat(1 << 20);
    let too_long = megabyte.clone() + "x";
    let key = writer.key("log").expect("short");
    let error = writer.push(key, Point { text: Some(&too_long), ..Point::default() }).expect_err("too long");
    assert_eq!(error.code(), Some("series.text-too-long"));
    refused(one(Row { text: Some(too_long.into()), ..row("log", 0) }), "series.text-too-long");

    for step in 0..20 {
        writer.push(key, Point { step: Some(step), text: Some(&megabyte), ..Point::default() }).expect("room");
    }
    let mut file = Vec::new();
    writer.finish(&mut file, None).expect("room");
    assert_eq!(read(file.clone()).expect("our own"), 20);
    let text =
        |step| Row { key: "log".into(), step: Some(step), text: Some(megabyte.clone().into()), ..Row::default() };
    let rows: Vec<Row> = (0..20).map(text).collect();
    // Keys count too, so seven texts fit and not eight: pages have the four moments that are a
    // power of two, the last has what is left.
    assert!(peer::read(file) == rows);
    assert_eq!(read(peer::write_pages(&[&rows], 4)).expect("of the profile"), 20);
    refused(peer::write_pages(&[&rows], 2), "series.page-end");
    refused(peer::write_pages(&[&rows], 8), "series.page-end");
}

#[test]
fn streams_are_two() {
    let line = |stream: &str| ConsoleLine { time_ns: None, stream: stream.into(), line: "x".into() };
    let mut file = Vec::new();
    let error = write_console(&[line("stdout"), line("stdlog")], &mut file, None).expect_err("no stream");
    assert_eq!(error.code(), Some("series.stream"));
    file.clear();
    write_console(&[line("stdout")], &mut file, None).expect("memory");
    let at = file.windows(6).position(|bytes| bytes == b"stdout").expect("a literal");
    file[at..at + 6].copy_from_slice(b"stdlog");
    let reader = ConsoleReader::open(file).expect("only the footer is read");
    assert_eq!(reader.for_each(|_| ()).err().and_then(|error| error.code()), Some("series.stream"));
}

/// A block is refused if it is none, or holds more or less than its head says.
#[test]
fn blocks_that_lie() {
    let file = one(row("loss", 0));
    // The first page is the dictionary: head, token of eight literals, the word behind its length.
    let block = b"\x80\x04\x00\x00\x00loss";
    let at = file.windows(9).position(|bytes| bytes == block).expect("literals");
    for (byte, value) in [(0, 0x70), (0, 0x90), (0, 0x81), (0, 0xf0)] {
        let mut file = file.clone();
        file[at + byte] = value;
        refused(file, "series.block");
    }
}

#[test]
fn keys_have_a_limit_together() {
    const MOST: usize = 64 << 20;
    for length in [10, 1_000, 4_096] {
        let mut writer = SeriesWriter::new();
        let key = |number: usize| format!("{number:0length$}");
        let room = MOST / (length + 64);
        let taken = (0..2 * room).take_while(|number| writer.key(&key(*number)).is_ok()).count();
        assert_eq!(taken, room, "{length} bytes");
        assert!(matches!(writer.key(&key(room)), Err(SeriesError::TooManyKeys)));
        assert!(writer.key(&key(0)).is_ok(), "one that is known needs no more room");
    }
}
