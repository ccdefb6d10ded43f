//! The `parquet` crate writes the same bytes as we do, and reads from ours what went in.

mod peer;

use expbundle_series::{Point, SeriesReader, SeriesWriter};
use peer::Row;
use proptest::prelude::*;

fn ours(rows: &[Row], nanoseconds: i64, salt: Option<&[u8; 32]>) -> Vec<u8> {
    let mut writer = SeriesWriter::new();
    for row in rows {
        let key = writer.key(str::from_utf8(&row.key).expect("UTF-8"));
        let text = row.text.as_deref().map(|text| str::from_utf8(text).expect("UTF-8"));
        let time_ns = row.time.map(|time| time * nanoseconds);
        writer.push(key, Point { step: row.step, time_ns, value: row.value, text }).expect("memory");
    }
    let mut file = Vec::new();
    writer.finish(&mut file, salt).expect("memory");
    file
}

fn sorted(mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort_by(|a, b| (&a.key, a.step, a.time).cmp(&(&b.key, b.step, b.time)));
    rows
}

/// A row for each number, with what makes encoders choose: runs and no runs, narrow and wide, present and absent.
fn row(number: u32, key: &str) -> Row {
    let mixed = number.wrapping_mul(2_654_435_761);
    Row {
        key: key.into(),
        step: (!mixed.is_multiple_of(5)).then_some(i64::from(number)),
        time: (number % 40_000 > 7).then(|| 1_795_427_696_021 + i64::from(number) * 37 + i64::from(mixed >> 30)),
        value: (mixed % 11 != 3).then(|| f64::from(mixed)),
        text: (mixed % 11 == 3).then(|| format!("t{}", mixed % 7).into_bytes()),
    }
}

#[test]
fn over_the_ends_of_pages_and_row_groups() {
    let page = 1_u32 << 16;
    for count in [1, 7, 8, 9, 504, 505, page - 1, page, page + 1, 3 * page + 5] {
        let rows: Vec<Row> = (0..count).map(|number| row(number, &format!("key {:03}", number / 700))).collect();
        let rows = sorted(rows);
        let file = ours(&rows, 1_000_000, None);
        assert!(file == peer::write(&[&rows], "MILLIS", None), "{count} rows");
        assert!(peer::read(file) == rows, "{count} rows");
    }
    let rows =
        sorted((0..(1 << 20) + 3).map(|number| row(number, if number > 1_000_000 { "b" } else { "a" })).collect());
    let (first, second) = rows.split_at(1 << 20);
    assert!(
        ours(&rows, 1_000_000, Some(&[0xab; 32])) == peer::write(&[first, second], "MILLIS", Some(&"ab".repeat(32)))
    );
}

#[test]
fn a_dictionary_never_falls_back_to_plain() {
    let rows: Vec<Row> = (0..200_000).map(|number| row(number, &format!("layers/{number:06}/weight/norm"))).collect();
    let file = ours(&rows, 1_000_000, None);
    assert!(file == peer::write(&[&rows], "MILLIS", None));
    assert_eq!(SeriesReader::open(file).expect("our own").keys().expect("our own").len(), 200_000);
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let row = (
        "[a-cü/]{0,2}",
        proptest::option::of(prop_oneof![any::<i64>(), -3_i64..3]),
        proptest::option::of(prop_oneof![any::<i64>(), 0_i64..5]),
        proptest::option::of(proptest::num::f64::ANY),
        proptest::option::of(".{0,5}"),
    );
    let row = row.prop_map(|(key, step, time, value, text)| {
        // The peer keeps the payloads of NaN, and has rows without anything.
        let value = value.map(|value| if value.is_nan() { f64::NAN } else { value });
        let text = text.or_else(|| value.is_none().then(String::new)).map(String::into_bytes);
        Row { key: key.into_bytes(), step, time, value, text }
    });
    proptest::collection::vec(row, 1..300)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Nanoseconds, so that every time is possible; an odd one holds the unit.
    #[test]
    fn on_every_series(mut rows in rows(), salt in proptest::option::of(any::<[u8; 32]>())) {
        rows[0].time = Some(1);
        let hex = salt.map(|salt| salt.map(|byte| format!("{byte:02x}")).concat());
        let file = ours(&rows, 1, salt.as_ref());
        let rows = sorted(rows);
        prop_assert_eq!(&file, &peer::write(&[&rows], "NANOS", hex.as_deref()));
        let read = peer::read(file.clone());
        prop_assert_eq!(format!("{read:?}"), format!("{rows:?}"));
        let reader = SeriesReader::open(file).expect("our own");
        prop_assert_eq!(reader.salt(), hex.as_deref());
    }
}
