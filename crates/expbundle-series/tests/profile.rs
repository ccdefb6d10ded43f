//! The profile: bytes that stay the same.

use expbundle_series::{ConsoleLine, ConsoleReader, OwnedPoint, Point, SeriesReader, SeriesWriter, write_console};
use proptest::prelude::*;

/// Held by golden files. `UPDATE_GOLDEN=1 cargo test -p expbundle-series` writes them anew, which
/// is a change of the format.
#[track_caller]
fn golden(name: &str, bytes: &[u8]) {
    let path = format!("{}/tests/golden/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, bytes).expect("the folder can be written");
    }
    assert!(std::fs::read(&path).expect("the golden file is here") == bytes, "{name} has other bytes than laid down");
}

fn write(points: &[(&str, Point<'_>)], salt: Option<&[u8; 32]>) -> Vec<u8> {
    let mut writer = SeriesWriter::new();
    for (key, point) in points {
        let key = writer.key(key).expect("short");
        writer.push(key, *point).expect("memory");
    }
    let mut bytes = Vec::new();
    writer.finish(&mut bytes, salt).expect("memory");
    bytes
}

fn read(bytes: &[u8]) -> Vec<OwnedPoint> {
    let mut points = Vec::new();
    SeriesReader::open(bytes.to_vec()).expect("our own").for_each(|point| points.push(point.clone())).expect("our own");
    points
}

fn number(step: i64, time_ns: i64, value: f64) -> Point<'static> {
    Point { step: Some(step), time_ns: Some(time_ns), value: Some(value), text: None }
}

/// Two keys, steps in order, out of order, repeated and absent; every odd float; a text; an integer
/// beyond 2^53.
fn sample() -> Vec<(&'static str, Point<'static>)> {
    let ms = 1_795_427_696_021_000_000;
    let mut points: Vec<(&str, Point<'_>)> = (0..300_i32)
        .map(|step| ("loss", number(step.into(), ms + i64::from(step) * 12_000_000, 1.0 / f64::from(step + 1))))
        .collect();
    points.extend([
        ("acc", number(2, ms, f64::NAN)),
        ("acc", number(1, ms, f64::INFINITY)),
        ("acc", number(1, ms, f64::NEG_INFINITY)),
        ("acc", number(-7, ms, -0.0)),
        ("acc", Point { value: Some(0.5), ..Point::default() }),
        ("acc", Point { step: Some(3), text: Some("not a number"), ..Point::default() }),
        ("acc", Point { value: Some(9_007_199_254_740_992.0), text: Some("9007199254740993"), ..number(4, ms, 0.0) }),
        ("ünïcode/key", number(9_007_199_254_740_993, ms, 1e-320)),
    ]);
    points
}

#[test]
fn the_bytes_of_metrics_are_laid_down() {
    golden("metrics.parquet", &write(&sample(), None));
    golden("blinded.parquet", &write(&sample()[300..], Some(&[7; 32])));
    golden("empty.parquet", &write(&[], None));
    let fine =
        [("loss", number(0, 1_795_427_696_021_838_400, 0.5)), ("loss", number(1, 1_795_427_696_521_838_417, 0.25))];
    golden("nanoseconds.parquet", &write(&fine, None));
}

/// FNV-1a: enough to see that bytes have changed.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

/// Several pages, in which the encoder meets what small files have not: distances up to the window,
/// positions that are passed over, long matches, rows by moment.
#[test]
fn the_bytes_of_long_series_are_laid_down() {
    let mixed = |number: u32| number.wrapping_mul(2_654_435_761) ^ number.wrapping_mul(40_503) >> 7;
    let text: Vec<String> =
        (0..70_000).map(|number| format!("word {} of {}", mixed(number) % 97, number / 1000)).collect();
    let point = |number: u32, step: u32| {
        let time_ns =
            1_795_427_696_021_838_000 + i64::from(step) * 100_000_000 + i64::from(mixed(step) % 30_000) * 1000;
        self::number(i64::from(step), time_ns, f64::from(mixed(number)))
    };
    let dense: Vec<_> =
        (0..150_000).map(|number| (["a", "b", "c"][number as usize % 3], point(number, number / 3))).collect();
    let keys: Vec<String> = (0..900).map(|key| format!("layer {key:03}")).collect();
    let sparse: Vec<_> =
        (0..100_000).map(|number| (keys[mixed(number) as usize % 900].as_str(), point(number, number / 6))).collect();
    let texts: Vec<_> = (0..)
        .zip(&text)
        .map(|(number, text)| ("log", Point { value: None, text: Some(text), ..point(number, number) }))
        .collect();
    let laid_down = [&dense, &sparse, &texts].map(|points| {
        let bytes = write(points, None);
        assert_eq!(read(&bytes).len(), points.len());
        (bytes.len(), hash(&bytes))
    });
    assert_eq!(
        laid_down,
        [
            (639_257, 15_102_967_881_965_367_318),
            (658_323, 11_306_127_948_917_104_581),
            (349_097, 15_453_715_842_914_932_544)
        ]
    );
}

#[test]
fn the_bytes_of_console_output_are_laid_down() {
    let line =
        |time_ns, stream: &str, line: &str| ConsoleLine { time_ns, stream: stream.to_owned(), line: line.to_owned() };
    let lines = [
        line(Some(1_795_427_696_021_838_000), "stdout", "epoch 0 loss 0.07"),
        line(None, "stderr", "Traceback (most recent call last):"),
        line(Some(1_795_427_697_000_000_000), "stdout", ""),
    ];
    let mut bytes = Vec::new();
    write_console(&lines, &mut bytes, None).expect("memory");
    golden("console.parquet", &bytes);
    let mut read = Vec::new();
    let reader = ConsoleReader::open(bytes).expect("our own");
    reader.for_each(|line| read.push(line.clone())).expect("our own");
    assert_eq!((reader.rows(), read.as_slice()), (3, lines.as_slice()));
}

#[test]
fn points_come_back_sorted_with_every_odd_value() {
    let points = read(&write(&sample(), None));
    let acc: Vec<_> = points.iter().filter(|point| &*point.key == "acc").collect();
    let steps: Vec<_> = acc.iter().map(|point| point.step).collect();
    assert_eq!(steps, [None, Some(-7), Some(1), Some(1), Some(2), Some(3), Some(4)]);
    assert!(acc[1].value.is_some_and(|value| value == 0.0 && value.is_sign_negative()));
    assert_eq!([acc[2].value, acc[3].value], [Some(f64::INFINITY), Some(f64::NEG_INFINITY)], "order of arrival");
    assert!(acc[4].value.is_some_and(f64::is_nan));
    assert_eq!((acc[5].value, acc[5].text.as_deref()), (None, Some("not a number")));
    assert_eq!(acc[6].text.as_deref(), Some("9007199254740993"));
    assert_eq!(points.last().and_then(|point| point.step), Some(9_007_199_254_740_993));
    let reader = SeriesReader::open(write(&sample(), Some(&[7; 32]))).expect("our own");
    assert_eq!(reader.salt(), Some("07".repeat(32).as_str()));
    assert_eq!(reader.keys().expect("our own"), ["acc", "loss", "ünïcode/key"]);
    assert_eq!(reader.rows(), 308);
}

#[test]
#[expect(clippy::cast_possible_truncation, reason = "values that a program computed in 32 bits")]
fn an_ordinary_series_takes_few_bytes_a_point() {
    // Like a tracker's: 21 values of 32 bits in every step, which takes 100 ms, give or take 15.
    let mut noise = 0x9e37_79b9_u64;
    let keys: Vec<String> = (0..21).map(|key| format!("train/{key:02}")).collect();
    let mut points = Vec::new();
    let mut time_ns = 1_795_427_696_021_838_000;
    for step in 0..10_000_u32 {
        for (key, scale) in keys.iter().zip(1_u32..) {
            noise ^= noise << 13;
            noise ^= noise >> 7;
            noise ^= noise << 17;
            let value = f64::from(scale) * (1.0 + (noise % 100_000) as f64 / 1e6) / (1.0 + f64::from(step) / 1e4);
            points.push((key.as_str(), number(step.into(), time_ns, f64::from(value as f32))));
        }
        time_ns += 85_000_000 + i64::try_from(noise % 30_000).expect("small") * 1000;
    }
    let bytes = write(&points, None).len() as f64 / points.len() as f64;
    assert!(bytes < 3.4, "{bytes} bytes a point");
}

/// Key, step, time, value, text.
type Row = (String, Option<i64>, Option<i64>, Option<f64>, Option<String>);

fn points() -> impl Strategy<Value = Vec<Row>> {
    let point = (
        "[a-cü/]{1,3}",
        proptest::option::of(prop_oneof![any::<i64>(), -3_i64..3]),
        proptest::option::of(prop_oneof![any::<i64>(), (0_i64..5).prop_map(|time| time * 1_000_000)]),
        proptest::option::of(proptest::num::f64::ANY),
        proptest::option::of(".{0,5}"),
    );
    proptest::collection::vec(point, 0..60)
}

fn written(points: &[Row]) -> Vec<u8> {
    let rows = points.iter().map(|(key, step, time_ns, value, text)| {
        (key.as_str(), Point { step: *step, time_ns: *time_ns, value: *value, text: text.as_deref() })
    });
    write(&rows.collect::<Vec<_>>(), None)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn texts_are_those_of_all_points(points in points()) {
        let bytes = written(&points);
        let of_all = read(&bytes).into_iter().filter_map(|point| Some((point.key.to_string(), point.text?)));
        let (reader, mut texts) = (SeriesReader::open(bytes.clone()).expect("our own"), Vec::new());
        reader.texts(|key, text| texts.push((key.to_owned(), text.to_owned()))).expect("our own");
        prop_assert_eq!(texts, of_all.collect::<Vec<_>>());
    }

    /// What goes in comes out, by key in one page; and how points of different keys interleave does
    /// not matter.
    #[test]
    fn writing_and_reading_is_sorting(points in points()) {
        let bytes = written(&points);
        let mut expected = points.clone();
        expected.sort_by(|a, b| (a.0.as_bytes(), a.1, a.2).cmp(&(b.0.as_bytes(), b.1, b.2)));
        let read = read(&bytes);
        prop_assert_eq!(read.len(), expected.len());
        for (read, (key, step, time_ns, value, text)) in read.iter().zip(&expected) {
            prop_assert_eq!((&*read.key, read.step, read.time_ns), (key.as_str(), *step, *time_ns));
            prop_assert_eq!(read.value.map(|value| if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() }),
                value.map(|value| if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() }));
            let text = text.clone().or_else(|| value.is_none().then(String::new));
            prop_assert_eq!(&read.text, &text);
        }
        let mut by_key = points;
        by_key.sort_by(|a, b| b.0.cmp(&a.0));
        prop_assert_eq!(written(&by_key), bytes);
    }
}

/// Where the compressed bodies of a file's pages are.
fn blocks(file: &[u8]) -> Vec<std::ops::Range<usize>> {
    let number = |at: &mut usize| {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = file[*at];
            *at += 1;
            number |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                return number / 2;
            }
        }
    };
    let (mut at, mut blocks) = (4, Vec::new());
    // The footer begins with its version, which is not a type of a page.
    while file[at..].starts_with(&[0x15, 0x00]) || file[at..].starts_with(&[0x15, 0x04]) {
        let rest = if file[at + 1] == 0 { 8 } else { 5 };
        at += 3;
        number(&mut at);
        at += 1;
        let bytes = number(&mut at);
        at += 2;
        number(&mut at);
        blocks.push(at + rest..at + rest + bytes);
        at += rest + bytes;
    }
    blocks
}

/// A file that differs in a bit is refused, or it is the file of other rows, but for the matches
/// that its blocks take: nothing in it holds nothing.
#[test]
fn every_bit_means_something() {
    for name in ["nanoseconds", "blinded"] {
        let path = format!("{}/tests/golden/{name}.parquet", env!("CARGO_MANIFEST_DIR"));
        let file = std::fs::read(path).expect("the golden file is here");
        let blocks = blocks(&file);
        assert!(blocks.len() >= 6);
        let mut outside = 0;
        for bit in 0..file.len() * 8 {
            let mut changed = file.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let Ok(reader) = SeriesReader::open(changed.clone()) else { continue };
            let (salt, mut points) = (reader.salt().map(str::to_owned), Vec::new());
            if reader.for_each(|point| points.push(point.clone())).is_err() {
                continue;
            }
            let salt = salt.map(|text| {
                let digit = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("hex digits");
                std::array::from_fn(|byte| digit(2 * byte))
            });
            let rows: Vec<_> = points.iter().map(|point| (&*point.key, point.point())).collect();
            let written = write(&rows, salt.as_ref());
            assert!(format!("{:?}", read(&written)) == format!("{points:?}"), "bit {bit} of {name}");
            if !blocks.iter().any(|block| block.contains(&(bit / 8))) {
                assert!(written == changed, "bit {bit} of {name}");
                outside += 1;
            }
        }
        // Half of the bits of a salt's digits make another salt.
        assert_eq!(outside > 0, name == "blinded");
    }
}

#[test]
fn the_worked_bytes_of_the_page_are_those_of_the_file() {
    let folder = env!("CARGO_MANIFEST_DIR");
    let page = std::fs::read_to_string(format!("{folder}/../../spec/sections-parquet.md")).expect("the page is here");
    let file = std::fs::read(format!("{folder}/tests/golden/nanoseconds.parquet")).expect("the golden file is here");
    assert!(page.contains(&format!("{} bytes", file.len())));
    let worked = page.split_once("## Worked").expect("it has an example").1;
    let block = worked.split("```").nth(1).expect("it has bytes");
    let byte = |text: &str| u8::from_str_radix(text, 16).ok().filter(|_| text.len() == 2);
    let mut at = 0;
    for line in block.lines().skip(1).filter(|line| !line.is_empty()) {
        let (offset, rest) = line.trim_start().split_once("  ").expect("an offset, then bytes");
        let offset: usize = offset.parse().expect("a decimal offset");
        assert!(offset >= at, "{line}");
        let bytes: Vec<u8> = rest.split("  ").next().unwrap_or_default().split(' ').map_while(byte).collect();
        assert!(!bytes.is_empty() && file[offset..].starts_with(&bytes), "{line}");
        at = offset + bytes.len();
    }
    assert_eq!(at, file.len());
}
