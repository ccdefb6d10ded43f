//! Tables of points: what is written is read back to the byte, every format says the same, and no
//! file takes more memory or time than it has bytes for.

use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::sync::Arc;

use expbundle_convert::points::write_csv;
use expbundle_convert::table::{
    Broken, Columns, Fault, FaultKind, Form, Format, Reading, Table, TableError, TimeUnit, points,
};
use expbundle_series::{OwnedPoint, Point, SeriesReader, SeriesWriter};
use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use proptest::prelude::*;

/// A file of these bytes, to be read from its beginning.
fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().expect("room");
    file.write_all(bytes).expect("room");
    file.seek(SeekFrom::Start(0)).expect("a file");
    file
}

/// The section that the points of a table come to, and what was read.
fn read_as(bytes: &[u8], columns: &Columns<'_>) -> Result<(Vec<u8>, Reading), TableError> {
    let mut writer = SeriesWriter::new();
    let reading = points(Table::open(file(bytes))?, columns, &mut |key, point| {
        let id = writer.key(key)?;
        writer.push(id, point)
    })?;
    let mut section = Vec::new();
    writer.finish(&mut section, None).expect("memory");
    Ok((section, reading))
}

fn read(bytes: &[u8]) -> Result<(Vec<u8>, Reading), TableError> {
    read_as(bytes, &Columns::default())
}

fn section(rows: &[(&str, Point<'_>)]) -> Vec<u8> {
    let mut writer = SeriesWriter::new();
    for (key, point) in rows {
        let id = writer.key(key).expect("a key");
        writer.push(id, *point).expect("memory");
    }
    let mut section = Vec::new();
    writer.finish(&mut section, None).expect("memory");
    section
}

fn csv_of(section: &[u8]) -> Vec<u8> {
    let mut csv = Vec::new();
    write_csv(&SeriesReader::open(section.to_vec()).expect("our own"), &mut csv).expect("memory");
    csv
}

/// The points of a table as lines of CSV.
#[track_caller]
fn lines(bytes: &[u8]) -> Vec<String> {
    let (section, _) = read(bytes).unwrap_or_else(|error| panic!("{error}"));
    String::from_utf8(csv_of(&section)).expect("text").lines().skip(1).map(str::to_owned).collect()
}

#[track_caller]
fn reading(bytes: &[u8]) -> Reading {
    read(bytes).unwrap_or_else(|error| panic!("{error}")).1
}

#[track_caller]
fn refused(bytes: &[u8]) -> String {
    read(bytes).expect_err("no table").to_string()
}

fn names() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z/_]{1,8}", "\\PC{0,6}", Just("step".to_owned()), Just("a,\"b\"\r\n".to_owned())]
}

fn owned_points() -> impl Strategy<Value = OwnedPoint> {
    let value = prop_oneof![any::<f64>().boxed(), Just(-0.0).boxed(), Just(f64::NAN).boxed(), (-9.0..9.0).boxed()];
    let text = prop_oneof!["\\PC{1,6}", "[0-9.]{1,20}", Just(" \r\n\"".to_owned()), Just("NaN".to_owned())];
    let what = prop_oneof![
        value.clone().prop_map(|value| (Some(value), None)),
        text.clone().prop_map(|text| (None, Some(text))),
        (value, text).prop_map(|(value, text)| (Some(value), Some(text))),
        Just((None, Some(String::new()))),
    ];
    let step = proptest::option::of(prop_oneof![any::<i64>(), -3..3_i64]);
    (names(), step, proptest::option::of(any::<i64>()), what).prop_map(|(key, step, time_ns, (value, text))| {
        OwnedPoint { key: Arc::from(key.as_str()), step, time_ns, value, text }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// What `extract` writes is read back to the same bytes.
    #[test]
    fn what_is_written_is_read_back(rows in proptest::collection::vec(owned_points(), 1..40)) {
        let rows: Vec<_> = rows.iter().map(|row| (&*row.key, row.point())).collect();
        let written = section(&rows);
        let (again, from_parquet) = read(&written).expect("our own");
        prop_assert_eq!(&again, &written);
        prop_assert_eq!(from_parquet.format, Format::Section);
        let (again, from_csv) = read(&csv_of(&written)).expect("our own");
        prop_assert_eq!(again, written);
        prop_assert_eq!(from_csv.points, rows.len() as u64);
        prop_assert!(from_csv.faults.is_empty(), "{:?}", from_csv.faults);
    }

    /// Bytes from anywhere end in points or an error.
    #[test]
    fn nonsense_is_refused_or_counted(bytes in proptest::collection::vec(any::<u8>(), 0..300), kind in 0..4_usize) {
        let heads: [&[u8]; 4] = [b"", b"step,loss\n", b"{\"step\": 1", b"PAR1"];
        let _ = read(&[heads[kind], &bytes].concat());
    }

    /// So do pieces of what people write, in any order.
    #[test]
    fn pieces_are_refused_or_counted(pieces in proptest::collection::vec(0..PIECES.len(), 0..60)) {
        let text: String = pieces.iter().map(|piece| PIECES[*piece]).collect();
        if let Ok((_, reading)) = read(text.as_bytes()) {
            prop_assert!(reading.points > 0);
        }
    }
}

const PIECES: [&str; 26] = [
    "key",
    "value",
    "text",
    "step",
    "time",
    "epoch",
    "loss",
    ",",
    ",",
    ",",
    "\n",
    "\n",
    "\r\n",
    "\"",
    "1",
    "0.5",
    "NaN",
    "-inf",
    "{",
    "}\n",
    "\"a\": 1",
    "\"step\": 2, ",
    "\u{feff}",
    "1e9",
    "2026-01-01T00:00:00Z",
    "9007199254740993",
];

#[test]
fn wide_tables_are_read_in_every_format() {
    let want = ["a,0,,0.5,", "a,1,,NaN,", "b/c,0,,2,", "b/c,1,,9007199254740992,9007199254740993"];
    let csv = "step,a,b/c\n0,0.5,2\n1,NaN,9007199254740993\n";
    assert_eq!(lines(csv.as_bytes()), want);
    assert_eq!(lines(format!("\u{feff}{}", csv.replace('\n', "\r\n")).as_bytes()), want);
    let json = "{\"step\": 0, \"a\": 0.5, \"b/c\": 2}\n\n{\"b/c\": 9007199254740993, \"a\": NaN, \"step\": 1}";
    assert_eq!(lines(json.as_bytes()), want);
    for compression in
        [Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::LZ4_RAW, Compression::ZSTD(ZstdLevel::default())]
    {
        let bytes = wide_parquet(compression);
        assert_eq!(lines(&bytes), ["a,0,,0.5,", "a,1,,NaN,", "b/c,0,,2,"], "{compression}");
        let reading = reading(&bytes);
        assert_eq!((reading.format, reading.form, reading.rows, reading.points), (Format::Parquet, Form::Wide, 2, 3));
    }
}

fn wide_parquet(compression: Compression) -> Vec<u8> {
    let schema = "message table { required int64 step; optional double a; optional double \"b/c\"; }".replace('"', "");
    let schema = Arc::new(parse_message_type(&schema).expect("a schema"));
    let properties = Arc::new(WriterProperties::builder().set_compression(compression).build());
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, properties).expect("a writer");
    let mut group = writer.next_row_group().expect("a group");
    let mut column = group.next_column().expect("a column").expect("there");
    column.typed::<Int64Type>().write_batch(&[0, 1], None, None).expect("memory");
    column.close().expect("memory");
    for (values, levels) in [(&[0.5, f64::NAN][..], [1, 1]), (&[2.0], [1, 0])] {
        let mut column = group.next_column().expect("a column").expect("there");
        column.typed::<DoubleType>().write_batch(values, Some(&levels), None).expect("memory");
        column.close().expect("memory");
    }
    group.close().expect("memory");
    writer.close().expect("memory");
    bytes
}

/// pandas writes an evenly spaced index into the metadata of the file alone.
#[test]
fn an_index_of_pandas_that_is_only_in_the_metadata_is_a_column() {
    let table = |range: &str| {
        let pandas = format!(r#"{{"index_columns": [{{"kind": "range", {range}}}], "columns": []}}"#);
        let pairs = vec![KeyValue::new("pandas".to_owned(), pandas)];
        let schema = Arc::new(parse_message_type("message table { required double a; }").expect("a schema"));
        let properties = Arc::new(WriterProperties::builder().set_key_value_metadata(Some(pairs)).build());
        let mut bytes = Vec::new();
        let mut writer = SerializedFileWriter::new(&mut bytes, schema, properties).expect("a writer");
        for values in [[0.5, 0.25].as_slice(), &[0.125]] {
            let mut group = writer.next_row_group().expect("a group");
            let mut column = group.next_column().expect("a column").expect("there");
            column.typed::<DoubleType>().write_batch(values, None, None).expect("memory");
            column.close().expect("memory");
            group.close().expect("memory");
        }
        writer.close().expect("memory");
        lines(&bytes)
    };
    assert_eq!(
        table(r#""name": "step", "start": 0, "stop": 30, "step": 10"#),
        ["a,0,,0.5,", "a,10,,0.25,", "a,20,,0.125,"]
    );
    assert_eq!(
        table(r#""name": "step", "start": 7, "stop": 1, "step": -2"#),
        ["a,3,,0.125,", "a,5,,0.25,", "a,7,,0.5,"]
    );
    // Without a name, of other rows, or with bounds that no table has.
    let without = table(r#""name": null, "start": 0, "stop": 30, "step": 10"#);
    for range in [
        r#""name": "a", "start": 0, "stop": 30, "step": 10"#,
        r#""name": "step", "start": 0, "stop": 40, "step": 10"#,
        r#""name": "step", "start": 0, "stop": 30, "step": 0"#,
        r#""name": "step", "start": 0, "stop": 1e300, "step": 10"#,
        r#""name": "step", "start": -9223372036854775808, "stop": 9223372036854775807, "step": 1"#,
        r#""name": "step", "start": 9223372036854775807, "stop": -9223372036854775808, "step": -1"#,
    ] {
        assert_eq!(table(range), without, "{range}");
    }
}

/// A codec that is left out of the build is named.
#[test]
fn codecs_that_are_not_read_are_named() {
    let whole = wide_parquet(Compression::SNAPPY);
    // The codec is field 4 of a column's metadata; Snappy is 1 and gzip 2, in zigzag.
    let places = whole.windows(2).enumerate().filter(|(_, pair)| *pair == [0x15, 0x02]).map(|(place, _)| place + 1);
    let errors: Vec<String> = places
        .filter_map(|place| {
            let mut other = whole.clone();
            other[place] = 0x04;
            read(&other).err().map(|error| error.to_string())
        })
        .collect();
    let words = "the Parquet file is compressed with GZIP";
    assert!(errors.iter().any(|error| error == words), "{errors:?}");
}

/// A long table as data frames write it: strings, and times in milliseconds with a time zone.
fn long_parquet(rows: usize, schema_of_time: &str) -> Vec<u8> {
    let schema = format!(
        "message table {{ required binary key (UTF8); optional int64 step; required int64 time ({schema_of_time}); \
         optional double value; optional binary text (UTF8); }}"
    );
    let schema = Arc::new(parse_message_type(&schema).expect("a schema"));
    let properties = Arc::new(WriterProperties::builder().set_compression(Compression::SNAPPY).build());
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, properties).expect("a writer");
    let mut group = writer.next_row_group().expect("a group");
    let present = vec![1; rows];
    let steps: Vec<i64> = (0..).take(rows).collect();
    let texts = |text: &str| vec![ByteArray::from(text); rows];
    let mut number = 0;
    while let Some(mut column) = group.next_column().expect("a column") {
        let written = match number {
            0 => column.typed::<ByteArrayType>().write_batch(&texts("loss"), None, None),
            1 => column.typed::<Int64Type>().write_batch(&steps, Some(&present), None),
            2 => column.typed::<Int64Type>().write_batch(&vec![1_795_424_400_250; rows], None, None),
            3 => column.typed::<DoubleType>().write_batch(&vec![0.5; rows], Some(&present), None),
            _ => column.typed::<ByteArrayType>().write_batch(&[], Some(&vec![0; rows]), None),
        };
        written.expect("memory");
        column.close().expect("memory");
        number += 1;
    }
    group.close().expect("memory");
    writer.close().expect("memory");
    bytes
}

#[test]
fn long_tables_of_other_programs_are_read() {
    let bytes = long_parquet(3000, "TIMESTAMP(MILLIS,true)");
    let found = lines(&bytes);
    assert_eq!((found.len(), found[1].as_str()), (3000, "loss,1,2026-11-23T09:00:00.25Z,0.5,"));
    let naive = reading(&long_parquet(3, "TIMESTAMP(MILLIS,false)"));
    assert_eq!(naive.faults, [fault(FaultKind::NoOffset, Some("time"), 3, &[1, 2, 3])]);
    // MLflow's own columns, in another order.
    let mlflow = "run_id,key,value,timestamp,step,is_nan\na,loss,0.5,1795424400250,3,false\n";
    assert_eq!(lines(mlflow.as_bytes()), ["loss,3,2026-11-23T09:00:00.25Z,0.5,"]);
    let reading = reading(mlflow.as_bytes());
    assert_eq!(reading.time.expect("a time").unit, Some(TimeUnit::Milliseconds));
    assert_eq!(reading.passed_over.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["run_id", "is_nan"]);
    // An empty text beside a number is none.
    let json = "{\"key\": \"a\", \"value\": 1, \"text\": \"\"}";
    assert_eq!(
        read(json.as_bytes()).expect("a table").0,
        section(&[("a", Point { value: Some(1.0), ..Point::default() })])
    );
    // Texts as values, and a column that only later rows have.
    let json = "{\"key\": \"a\", \"value\": \"best\"}\n{\"key\": \"b\", \"value\": true}\n{\"key\": \"a\", \"text\": \"c\", \"step\": 1}";
    assert_eq!(lines(json.as_bytes()), ["a,,,,best", "a,1,,,c", "b,,,,true"]);
}

fn fault(kind: FaultKind, column: Option<&str>, count: u64, rows: &[u64]) -> Fault {
    Fault { kind, column: column.map(str::to_owned), count, rows: rows.to_vec() }
}

#[test]
fn nothing_is_left_out_silently() {
    let csv = "step,time,a,b\n0,2026-01-01 00:00:00,1,x\n0.5,,2,\n2,soon,3,y\n,2026-01-01T00:00:00Z,4,\n3,1\n";
    assert_eq!(lines(csv.as_bytes()), ["a,,2026-01-01T00:00:00Z,4,", "a,0,,1,", "a,2,,3,"]);
    assert_eq!(
        reading(csv.as_bytes()).faults,
        [
            fault(FaultKind::Row(Broken::Length), None, 1, &[6]),
            fault(FaultKind::Step, Some("step"), 1, &[3]),
            fault(FaultKind::NotANumber, Some("b"), 2, &[2, 4]),
            fault(FaultKind::NoStep, Some("step"), 1, &[5]),
            fault(FaultKind::NoOffset, Some("time"), 1, &[2]),
            fault(FaultKind::Time, Some("time"), 1, &[4]),
        ]
    );
    let json = "{\"a\": 1, \"a\": 2}\n5\n{\"a\"\n{\"a\": [1]}\n{\"a\": 1, \"b\": NaN, \"b\": 2}\n{\"a\": 3}\n";
    assert_eq!(
        reading(json.as_bytes()).faults,
        [
            fault(FaultKind::Row(Broken::NotJson), None, 1, &[3]),
            fault(FaultKind::Row(Broken::NotAnObject), None, 1, &[2]),
            fault(FaultKind::Row(Broken::Twice), None, 1, &[1]),
            fault(FaultKind::Other("a list"), Some("a"), 1, &[4]),
        ]
    );
    let long = "key,value\na,1\n,2\nb,\nc,\"a\ntext\"\n";
    assert_eq!(lines(long.as_bytes()), ["a,,,1,", "c,,,,\"a", "text\""]);
    assert_eq!(
        reading(long.as_bytes()).faults,
        [
            fault(FaultKind::NoKey, None, 1, &[3]),
            fault(FaultKind::NoValue, None, 1, &[4]),
            fault(FaultKind::AsText, Some("value"), 1, &[5]),
        ]
    );
    let bad = b"key,value,text\na,1,\xff\nb,2,\n";
    assert_eq!(reading(bad).faults, [fault(FaultKind::Text, Some("text"), 1, &[2])]);
}

#[test]
fn rows_are_named_by_their_lines() {
    for end in ["\n", "\r\n"] {
        let csv = ["step,a", "0,x", "", "1,\"y", "z\"", "", "", "2,x", "3,4", "4,x"].join(end);
        assert_eq!(reading(csv.as_bytes()).faults, [fault(FaultKind::NotANumber, Some("a"), 4, &[2, 4, 8, 10])]);
    }
}

#[test]
fn steps_and_times_are_found_by_their_names() {
    let found = |csv: &str| {
        let reading = reading(csv.as_bytes());
        (reading.step, reading.is_epoch, reading.time.map(|time| (time.name, time.unit)), reading.metrics)
    };
    let s = |text: &str| text.to_owned();
    assert_eq!(
        found("Wall time,Step,Value\n1795424400.5,1,2\n"),
        (Some(s("Step")), false, Some((s("Wall time"), Some(TimeUnit::Seconds))), vec![s("Value")])
    );
    assert_eq!(found("epoch,step,a\n1,2,3\n"), (Some(s("step")), false, None, vec![s("epoch"), s("a")]));
    assert_eq!(found("epoch,a\n1,3\n"), (Some(s("epoch")), true, None, vec![s("a")]));
    assert_eq!(found("epoch,a\n0.5,3\n"), (None, false, None, vec![s("epoch"), s("a")]));
    // Seconds since the start are no time.
    let elapsed = reading(b"step,time,a\n1,12.5,3\n");
    assert_eq!((elapsed.time, elapsed.elapsed, elapsed.metrics), (None, vec![s("time")], vec![s("time"), s("a")]));
    assert_eq!(found("step,time,_timestamp,a\n1,12.5,1795424400,3\n").2.map(|time| time.0), Some(s("_timestamp")));
    // Whoever names a column is believed.
    let columns = Columns { step: Some("n"), time: Some("t"), is_one_run: false };
    let (_, chosen) = read_as(b"n,t,a\n1,12.5,3\n", &columns).expect("a table");
    assert_eq!((chosen.step, chosen.metrics), (Some(s("n")), vec![s("a")]));
    assert!(matches!(read_as(b"step,a\n1,2\n", &columns), Err(TableError::NoColumn { .. })));
    // A step that shows up late.
    let late = "{\"epoch\": 1, \"a\": 2}\n".repeat(1001) + "{\"step\": 5, \"a\": 2}\n";
    assert!(refused(late.as_bytes()).starts_with("the column `step` first appears in row 1002"));
    let only_later = "{\"a\": 2}\n".repeat(1001) + "{\"step\": 5, \"a\": 2}\n";
    assert_eq!(reading(only_later.as_bytes()).step, Some(s("step")));
}

#[test]
fn what_is_not_a_table_is_refused_with_the_reason() {
    assert_eq!(refused(b""), "the file is empty");
    assert_eq!(refused(b"\xef\xbb\xbf \n"), "the file is empty");
    assert_eq!(refused(b"0,0.5\n1,0.25\n"), "the first line has numbers where the names of the columns are expected");
    assert_eq!(refused(b"a,b,a\n1,2,3\n"), "two columns are called `a`");
    assert_eq!(refused(b"a\xff,b\n1,2\n"), "the names of the columns are not UTF-8");
    assert_eq!(refused(b"a;b\n1;2\n"), "the file is separated by semicolons");
    assert_eq!(refused(b"\xff\xfea\0,\0"), "the file is UTF-16");
    assert_eq!(refused(b"\x1f\x8b\x08"), "the file is compressed with gzip");
    assert_eq!(refused(b"[{\"a\": 1}]"), "the file is a JSON list");
    assert_eq!(refused(b"step,a\n"), "no point was found in 0 rows");
    assert_eq!(refused(b"step,a\n1,\n"), "no point was found in 1 rows");
    assert!(refused(b"PAR1").starts_with("the Parquet file cannot be read"));
    let wide: String = (0..70_000).map(|number: u32| number.to_string() + "c,").collect();
    assert_eq!(refused(wide.as_bytes()), "more than 65536 columns");
    let key = format!("key,value\n{},1\n", "k".repeat(5000));
    assert!(refused(key.as_bytes()).starts_with("the point in row 2 cannot be kept: a key of 5000 bytes"));
}

#[test]
fn rows_without_an_end_are_refused() {
    let long = vec![b'x'; 20 << 20];
    for head in ["step,a\n1,2\n2,\"", "step,a\n1,2\n2,", "a", "{\"a\": 1}\n{\"b\": \""] {
        let error = read(&[head.as_bytes(), &long].concat()).expect_err("too long");
        let TableError::RowTooLong { line } = error else { panic!("{head}: {error}") };
        assert_eq!(line, 1 + head.matches('\n').count() as u64, "{head}");
    }
}

/// Members that come and go, or come anew in each row, take linear time.
#[test]
fn many_columns_take_linear_time() {
    let mut json = String::new();
    for row in 0..30_000 {
        json += &format!("{{\"c{row}\": NaN, \"step\": {row}}}\n");
    }
    let started = std::time::Instant::now();
    assert_eq!(reading(json.as_bytes()).points, 30_000);
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}
