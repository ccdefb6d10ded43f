//! What waits in a temporary file comes out as if it had waited in memory, in whatever order it
//! came.

use expbundle_series::{KeySummary, Point, SeriesWriter};
use proptest::prelude::*;

/// Key, step, time, value, text.
type Row = (usize, Option<i64>, Option<i64>, f64, Option<String>);

fn write(rows: &[Row], budget: usize) -> (Vec<u8>, Vec<(String, KeySummary)>) {
    let mut writer = SeriesWriter::with_budget(budget);
    let keys = ["b", "a", "c"].map(|key| writer.key(key).expect("short"));
    for (key, step, time_ns, value, text) in rows {
        let point = Point { step: *step, time_ns: *time_ns, value: Some(*value), text: text.as_deref() };
        writer.push(keys[*key], point).expect("room");
    }
    let mut bytes = Vec::new();
    let summary = writer.finish(&mut bytes, None).expect("room");
    (bytes, summary)
}

#[test]
fn a_file_may_be_written_again_with_more_points() {
    let rows: Vec<Row> = (0..600_i64)
        .zip([0, 1, 2].into_iter().cycle())
        .map(|(at, key)| (key, Some(at % 7), None, at as f64, None))
        .collect();
    for budget in [1000, usize::MAX] {
        let mut writer = SeriesWriter::with_budget(budget);
        let keys = ["b", "a", "c"].map(|key| writer.key(key).expect("short"));
        for (at, (key, step, _, value, _)) in rows.iter().enumerate() {
            if at % 250 == 100 {
                writer.finish(std::io::sink(), None).expect("room");
            }
            writer.push(keys[*key], Point { step: *step, value: Some(*value), ..Point::default() }).expect("room");
        }
        let mut bytes = Vec::new();
        let summary = writer.finish(&mut bytes, None).expect("room");
        assert!((bytes, summary) == write(&rows, usize::MAX), "{budget}");
    }
}

#[test]
fn sorted_and_unsorted_keys_in_many_pieces() {
    let mut rows = Vec::new();
    for number in 0_i64..1000 {
        for key in 0..3 {
            // One key comes in order, one backwards, and one in saw teeth with many equals.
            let step = [number, -number / 3, number % 7][key];
            let text = (number % 11 == 0).then(|| format!("text {number}"));
            rows.push((key, Some(step), (number % 5 != 0).then_some(step * 1_000), number as f64, text));
        }
    }
    let (bytes, summary) = write(&rows, usize::MAX);
    assert_eq!(
        summary.iter().map(|(key, one)| (key.as_str(), one.count)).collect::<Vec<_>>(),
        [("a", 1000), ("b", 1000), ("c", 1000)]
    );
    for budget in [0, 1000, 20_000] {
        assert!(write(&rows, budget) == (bytes.clone(), summary.clone()), "{budget}");
    }
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let row = (
        0..3_usize,
        proptest::option::of(-3_i64..3),
        proptest::option::of(0_i64..3),
        (0_i32..1000).prop_map(f64::from),
        proptest::option::of("[a-z]{0,9}"),
    );
    proptest::collection::vec(row, 0..120)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Few steps and times, so that many points are equal in order and only their arrival tells
    /// them apart.
    #[test]
    fn pieces_of_any_size(rows in rows(), budget in 0_usize..4000) {
        prop_assert!(write(&rows, budget) == write(&rows, usize::MAX));
    }

    /// How points of different keys interleave makes no difference.
    #[test]
    fn any_interleaving(rows in rows(), budget in 0_usize..4000, turns in proptest::collection::vec(0..3_usize, 120)) {
        let mut queues = [0, 1, 2].map(|key| rows.iter().filter(move |row| row.0 == key).peekable());
        let mut other = Vec::new();
        for turn in turns.iter().chain([0, 1, 2].repeat(rows.len()).iter()) {
            other.extend(queues[*turn].next().cloned());
        }
        prop_assert_eq!(other.len(), rows.len());
        prop_assert!(write(&other, budget) == write(&rows, usize::MAX));
    }
}
