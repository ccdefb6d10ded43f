//! The `parquet` crate reads from our files what went in, and what it writes of the same rows is of
//! the profile: our reader takes it, which packs every page again and compares, so only the matches
//! in the blocks may differ.

mod peer;

use expbundle_series::{Point, SeriesReader, SeriesWriter};
use peer::Row;
use proptest::prelude::*;

fn ours(rows: &[Row], salt: Option<&[u8; 32]>) -> Vec<u8> {
    let mut writer = SeriesWriter::new();
    for row in rows {
        let key = writer.key(str::from_utf8(&row.key).expect("UTF-8")).expect("short");
        let text = row.text.as_deref().map(|text| str::from_utf8(text).expect("UTF-8"));
        let time_ns = row.time.map(|time| time * 1000 + i64::from(row.nanoseconds.unwrap_or(0)));
        writer.push(key, Point { step: row.step, time_ns, value: row.value, text }).expect("memory");
    }
    let mut file = Vec::new();
    writer.finish(&mut file, salt).expect("memory");
    file
}

/// Rows of a file, as our reader gives them.
fn read(bytes: Vec<u8>, fine: bool) -> Vec<Row> {
    let mut rows = Vec::new();
    let take = |point: &expbundle_series::OwnedPoint| {
        rows.push(Row {
            key: point.key.as_bytes().to_vec(),
            step: point.step,
            time: point.time_ns.map(|time| time.div_euclid(1000)),
            nanoseconds: point.time_ns.filter(|_| fine).and_then(|time| i32::try_from(time.rem_euclid(1000)).ok()),
            value: point.value,
            text: point.text.clone().map(String::into_bytes),
        });
    };
    SeriesReader::open(bytes).expect("of the profile").for_each(take).expect("of the profile");
    rows
}

/// Rows of one page stand by key.
fn by_key(mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort_by(|a, b| (&a.key, a.step, a.time, a.nanoseconds).cmp(&(&b.key, b.step, b.time, b.nanoseconds)));
    rows
}

/// A row for each number, with what makes encoders choose: runs and no runs, narrow and wide,
/// present and absent.
fn row(number: u32, key: &str) -> Row {
    let mixed = number.wrapping_mul(2_654_435_761);
    Row {
        key: key.into(),
        step: (!mixed.is_multiple_of(5)).then_some(i64::from(number)),
        time: (number % 40_000 > 7).then(|| 1_795_427_696_021_000 + i64::from(number) * 37 + i64::from(mixed >> 30)),
        nanoseconds: None,
        value: (mixed % 11 != 3).then(|| f64::from(mixed)),
        text: (mixed % 11 == 3).then(|| format!("t{}", mixed % 7).into_bytes()),
    }
}

#[track_caller]
fn agree(groups: &[&[Row]], file: &[u8], peers: &[u8]) {
    let rows = groups.concat();
    assert!(peer::read(file.to_vec()) == rows, "what the peer reads of our file");
    assert!(read(peers.to_vec(), false) == rows, "what we read of the peer's file");
}

#[test]
fn over_the_ends_of_pages() {
    let page = 1_u32 << 16;
    for count in [1, 7, 8, 9, 504, 505, page - 1, page] {
        let rows: Vec<Row> = (0..count).map(|number| row(number, &format!("key {:03}", number / 700))).collect();
        let rows = by_key(rows);
        agree(&[&rows], &ours(&rows, None), &peer::write(&[&rows], None));
    }
    // Moments of one row each, so that every page but the last has as many as fit; the keys come
    // one after the other.
    let at = |number: u32| Row { step: Some(number.into()), ..row(number, if number > 1_000_000 { "b" } else { "a" }) };
    let rows: Vec<Row> = (0..(1 << 20) + page + 3).map(at).collect();
    let (first, second) = rows.split_at(1 << 20);
    agree(&[first, second], &ours(&rows, None), &peer::write(&[first, second], None));
}

#[test]
fn pages_of_whole_moments() {
    // 21 keys in each of 4,000 moments: 2,048 of them are a page.
    let rows: Vec<Row> = (0..4000_u32)
        .flat_map(|step| {
            (0..21_u32).map(move |key| Row { step: Some(step.into()), ..row(40_000 * 6 + step, &format!("{key:02}")) })
        })
        .collect();
    let pages: Vec<Row> = rows.chunks(2048 * 21).flat_map(|page| by_key(page.to_vec())).collect();
    agree(&[&pages], &ours(&rows, None), &peer::write_pages(&[&pages], 2048 * 21));
}

#[test]
fn sparse_pages_stand_by_moment() {
    let rows: Vec<Row> = (0..6000_u32)
        .flat_map(|step| (0..6_u32).map(move |key| (step, (step * 7 + key * 131) % 900)))
        .map(|(step, key)| Row { step: Some(step.into()), ..row(40_000 * 6 + step, &format!("{key:03}")) })
        .collect();
    let mut rows = rows;
    rows.sort_by(|a, b| (a.step, &a.key).cmp(&(b.step, &b.key)));
    agree(&[&rows], &ours(&rows, None), &peer::write(&[&rows], None));
}

#[test]
fn a_dictionary_never_falls_back_to_plain() {
    let rows: Vec<Row> = (0..65_536).map(|number| row(number, &format!("layers/{number:06}/weight/norm"))).collect();
    let file = ours(&rows, None);
    agree(&[&rows], &file, &peer::write(&[&rows], None));
    assert_eq!(SeriesReader::open(file).expect("our own").keys().expect("our own").len(), 65_536);
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let row = (
        "[a-cü/]{0,2}",
        proptest::option::of(prop_oneof![any::<i64>(), -3_i64..3]),
        proptest::option::of((prop_oneof![-9_223_372_036_854_775_i64..9_223_372_036_854_775, 0_i64..5], 0_i32..1000)),
        proptest::option::of(proptest::num::f64::ANY),
        proptest::option::of(".{0,5}"),
    );
    let row = row.prop_map(|(key, step, time, value, text)| {
        // The peer keeps the payloads of NaN, and has rows without anything.
        let value = value.map(|value| if value.is_nan() { f64::NAN } else { value });
        let text = text.or_else(|| value.is_none().then(String::new)).map(String::into_bytes);
        let (time, nanoseconds) = time.unzip();
        Row { key: key.into_bytes(), step, time, nanoseconds, value, text }
    });
    proptest::collection::vec(row, 1..300)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// With nanoseconds, which an odd one needs.
    #[test]
    fn on_every_series(mut rows in rows(), salt in proptest::option::of(any::<[u8; 32]>())) {
        (rows[0].time, rows[0].nanoseconds) = (Some(1), Some(7));
        let hex = salt.map(|salt| salt.map(|byte| format!("{byte:02x}")).concat());
        let file = ours(&rows, salt.as_ref());
        let rows = by_key(rows);
        let peers = peer::write(&[&rows], hex.as_deref());
        prop_assert_eq!(format!("{:?}", read(peers, true)), format!("{rows:?}"));
        prop_assert_eq!(format!("{:?}", peer::read(file.clone())), format!("{rows:?}"));
        let reader = SeriesReader::open(file).expect("our own");
        prop_assert_eq!(reader.salt(), hex.as_deref());
    }
}
