//! What is refused and where, and the fixed form against rules that are written here a second time.

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, json};

use super::*;
use crate::number::MAX_SAFE_INTEGER;

/// Reads a value; whoever keeps nothing of it says the same.
fn read(text: &[u8]) -> Result<Value, JsonError> {
    let read = parse(text, &Limits::default());
    let told = |error: &JsonError| (error.code(), error.to_string());
    let checked = check(text, &Limits::default());
    assert_eq!(checked.as_ref().err().map(told), read.as_ref().err().map(told));
    read
}

/// It is refused with that code, at that byte.
#[track_caller]
fn refused(text: impl AsRef<[u8]>, code: Code, offset: u64) {
    let error = read(text.as_ref()).expect_err("should be refused");
    assert_eq!((error.code(), error.place("x").offset), (code, Some(offset)), "{error}");
}

#[track_caller]
fn accepted(text: &str, value: &Value) {
    let read = read(text.as_bytes()).expect(text);
    assert_eq!(&read, value);
    // `Value` holds 1 and 1.0 to be different, and 0.0 and -0.0 to be equal.
    assert_eq!(read.to_string(), value.to_string());
}

#[test]
fn text_is_utf_8_and_whole_characters() {
    refused(b"\xef\xbb\xbf{}", Code::JsonEncoding, 0);
    refused(b"\"a\xff\"", Code::JsonEncoding, 2);
    refused(b"\"\xed\xa0\x80\"", Code::JsonEncoding, 1);
    refused(b"\"\xc0\xaf\"", Code::JsonEncoding, 1);
    refused(b"\xff\xfe{\0}\0", Code::JsonEncoding, 0);
    for lone in
        [r#""\ud800""#, r#""\udc00""#, r#""\ud800\ud800""#, r#""\ud800x""#, r#""\ud800\n""#, r#""\udc00\ud800""#]
    {
        refused(lone, Code::JsonEncoding, 1);
    }
    refused(r#""\ud800\u""#, Code::JsonSyntax, 9);
    accepted(r#""\ud83d\ude00\u00e9\u0000\/\b\f\n\r\t\"\\""#, &json!("😀é\0/\u{8}\u{c}\n\r\t\"\\"));
    // Noncharacters and the line ends of JavaScript are text like any other.
    accepted("\"\\ufffe\u{ffff}\u{2028}\u{7f}\"", &json!("\u{fffe}\u{ffff}\u{2028}\u{7f}"));
}

#[test]
fn the_grammar_is_that_of_rfc_8259() {
    let cases = [
        ("", 0),
        (" ", 1),
        ("{", 1),
        ("[", 1),
        ("[1", 2),
        ("[1,]", 3),
        ("[,1]", 1),
        ("[1 2]", 3),
        ("{\"a\"}", 4),
        ("{\"a\":1,}", 7),
        ("{\"a\":}", 5),
        ("{a:1}", 1),
        ("{'a':1}", 1),
        ("\"", 1),
        ("\"\\", 2),
        ("\"\\x41\"", 2),
        ("\"\\é\"", 2),
        ("\"\\u12g4\"", 5),
        ("\"\n\"", 1),
        ("\"a b\n\"", 4),
        ("\"\0\"", 1),
        ("nul", 0),
        ("True", 0),
        ("NaN", 0),
        ("Infinity", 0),
        ("-Infinity", 1),
        ("+1", 0),
        (".5", 0),
        ("1.", 2),
        ("1.e5", 2),
        ("1e", 2),
        ("1e+", 3),
        ("-", 1),
        ("/*x*/1", 0),
        ("\u{a0}1", 0),
        ("\u{c}1", 0),
    ];
    for (text, offset) in cases {
        refused(text, Code::JsonSyntax, offset);
    }
    accepted(
        " \t\r\n{ \"a\" : [ 1 , true , false , null , { } , [ ] ] } ",
        &json!({"a": [1, true, false, null, {}, []]}),
    );
}

#[test]
fn nothing_follows_the_end() {
    for (text, offset) in
        [("{} x", 3), ("1 2", 2), ("01", 1), ("1x", 1), ("0x10", 1), ("null\0", 4), ("nullx", 4), ("[][]", 2)]
    {
        refused(text, Code::JsonTrailing, offset);
    }
}

#[test]
fn a_key_stands_once() {
    refused(r#"{"a":1,"a":1}"#, Code::JsonDuplicateKey, 7);
    refused(r#"{"a":1,"\u0061":2}"#, Code::JsonDuplicateKey, 7);
    refused(r#"[{"b":{"a":1, "c":2, "a":3}}]"#, Code::JsonDuplicateKey, 21);
    refused(r#"{"😀":1,"\ud83d\ude00":2}"#, Code::JsonDuplicateKey, 10);
    accepted(r#"{"a":{"a":{}},"A":1,"":2}"#, &json!({"a": {"a": {}}, "A": 1, "": 2}));
    // An error repeats no more of a text than a person reads.
    let key = "k".repeat(100_000);
    let error = read(format!("{{\"{key}\":1,\"{key}\":2}}").as_bytes()).expect_err("twice");
    assert!(error.to_string().len() < 200);
}

#[test]
fn numbers_mean_one_thing() {
    for integer in ["9007199254740992", "-9007199254740992", "18446744073709551616", "-0", &"9".repeat(400)] {
        refused(format!("[{integer}]"), Code::JsonNumber, 1);
    }
    for float in ["1e400", "-1e400", "1e309", &format!("{}.0", "9".repeat(400))] {
        refused(float, Code::JsonNumber, 0);
    }
    accepted(
        "[9007199254740991,-9007199254740991,0]",
        &json!([9_007_199_254_740_991_u64, -9_007_199_254_740_991_i64, 0]),
    );
    accepted(
        "[1.0,-0.0,1e2,1E-2,0e0,9007199254740993.0]",
        &json!([1.0, -0.0, 100.0, 0.01, 0.0, 9_007_199_254_740_992.0]),
    );
    accepted("[1e308,5e-324,1e-400]", &json!([1e308, 5e-324, 0.0]));
}

#[test]
fn limits_are_exact() {
    let limits = Limits { json_depth: 3, json_values: 5, ..Limits::default() };
    let case = |text: &str, fits: bool| {
        let result = parse(text.as_bytes(), &limits);
        assert_eq!(result.as_ref().err().map(JsonError::code), (!fits).then_some(Code::JsonLimit), "{text}");
    };
    case("[[[1]]]", true);
    case("[[[[]]]]", false);
    case("[{\"a\":{}}]", true);
    case("[{\"a\":{\"b\":{}}}]", false);
    case("[1,2,3,4]", true);
    case("[1,2,3,4,5]", false);
    case("{\"a\":1,\"b\":[2,3]}", true);
}

#[test]
fn deep_and_wide_texts_end_soon() {
    for text in ["[".repeat(100_000), "{\"a\":".repeat(100_000), "[{\"a\":".repeat(100_000)] {
        assert_eq!(read(text.as_bytes()).expect_err("too deep").code(), Code::JsonLimit);
    }
    let keys: Vec<_> = (0..1_000_000).map(|key| format!("\"{key}\":0")).collect();
    let wide = read(format!("{{{}}}", keys.join(",")).as_bytes()).expect("wide");
    assert_eq!(wide.as_object().map(Map::len), Some(1_000_000));
    let many = format!("[{}0]", "0,".repeat(1 << 20));
    assert_eq!(read(many.as_bytes()).expect_err("too many").code(), Code::JsonLimit);
}

#[test]
fn what_does_not_fit_has_a_pointer() {
    #[derive(Debug, Deserialize)]
    struct Outer {
        #[serde(rename = "in~n/er")]
        _inner: Vec<Inner>,
    }
    #[derive(Debug, Deserialize)]
    struct Inner {
        #[serde(rename = "size")]
        _size: u64,
    }
    let text = br#"{"in~n/er": [{"size": 1}, {"size": "2"}]}"#;
    let error = from_bytes::<Outer>(text, &Limits::default()).expect_err("a text is not a size");
    assert_eq!(error.code(), Code::SchemaInvalid);
    assert_eq!(error.place("x").pointer.as_deref(), Some("/in~0n~1er/1/size"));
    let error = from_bytes::<Outer>(b"[]", &Limits::default()).expect_err("no object");
    assert_eq!((error.code(), error.place("x").pointer), (Code::SchemaInvalid, None));
}

#[test]
fn a_list_is_no_object() {
    #[derive(Debug, Deserialize)]
    struct Pair {
        #[serde(rename = "a")]
        _a: Vec<Option<Pair>>,
    }
    let pair = |text: &[u8]| from_bytes::<Pair>(text, &Limits::default()).map(drop);
    pair(br#"{"a": [null, {"a": []}]}"#).expect("an object");
    for (text, pointer) in [("[[]]", None), (r#"{"a": [[[]]]}"#, Some("/a/0"))] {
        let error = pair(text.as_bytes()).expect_err("a list");
        assert_eq!((error.code(), error.place("x").pointer.as_deref()), (Code::SchemaInvalid, pointer));
    }
}

#[test]
fn a_variant_is_written_in_one_way() {
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        Run,
        Other(u64),
    }
    let kind = |text: &str| from_bytes::<Vec<Kind>>(text.as_bytes(), &Limits::default());
    assert_eq!(kind(r#"["run", {"other": 7}]"#).expect("variants"), [Kind::Run, Kind::Other(7)]);
    for text in [
        r#"{"run": null}"#,
        r#"{"run": {}}"#,
        r#""other""#,
        r#"{"other": 1, "run": null}"#,
        r#"{"other": null}"#,
        "{}",
        "1",
        "[]",
    ] {
        let error = kind(&format!("[{text}]")).expect_err(text);
        assert_eq!((error.code(), error.place("x").pointer.as_deref()), (Code::SchemaInvalid, Some("/0")), "{text}");
    }
    // A word of somebody else ends where its mark does.
    let error = kind(r#"["x`, expected ✓"]"#).expect_err("no variant");
    assert_eq!(error.to_string(), r#"unknown value "x`, expected ✓", expected one of: `run`, `other`"#);
}

#[test]
fn types_are_read_in_whatever_order_their_members_come() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Plain(u64);
    #[derive(Debug, PartialEq, Deserialize)]
    struct Usual {
        a: Option<u64>,
        b: Option<Vec<Plain>>,
        c: Plain,
        #[serde(default)]
        d: Option<bool>,
    }
    let read = |text: &str| from_bytes::<Usual>(text.as_bytes(), &Limits::default());
    let usual = |a, b, d| Usual { a, b, c: Plain(7), d };
    for (text, value) in [
        (r#"{"a": 1, "b": [1, 2], "c": 7}"#, usual(Some(1), Some(vec![Plain(1), Plain(2)]), None)),
        (r#"{"a": null, "b": null, "c": 7, "d": false}"#, usual(None, None, Some(false))),
        (r#"{"d": null, "c": 7, "b": [3], "a": null, "e": {"x": [{}]}}"#, usual(None, Some(vec![Plain(3)]), None)),
    ] {
        assert_eq!(read(text).expect(text), value);
    }
    for (text, code) in [
        (r#"{"a": true, "b": null, "c": 7}"#, Code::SchemaInvalid),
        (r#"{"a": nul, "b": null, "c": 7}"#, Code::JsonSyntax),
        // What is wrong with the text comes first, wherever it stands.
        (r#"{"a": true, "b": null, "c": 7, "x": 1e999}"#, Code::JsonNumber),
        (r#"{"a": 1, "a": 1, "b": null, "c": 7}"#, Code::JsonDuplicateKey),
        (r#"{"c": 7, "b": null, "a": 1, "b": [x]}"#, Code::JsonSyntax),
        (r#"{"z": {"b": "},{", "a": 1}, "y": 0, "c": 7, "z": 1}"#, Code::JsonDuplicateKey),
        ("[1, null, 7]", Code::SchemaInvalid),
    ] {
        assert_eq!(read(text).expect_err(text).code(), code, "{text}");
    }
}

#[test]
fn the_fixed_form_is_that_of_the_specification() {
    let value = json!({
        "b": [], "a": {}, "é": "é\u{1f}\u{7f}/\"\\\u{8}\u{c}\n\r\t\u{2028}", "Z": [1, 1.0, -0.0, null, true, {"k": [2]}],
        "\u{ffff}": 1, "😀": 2,
    });
    let expected = "{\n  \"Z\": [\n    1,\n    1.0,\n    -0.0,\n    null,\n    true,\n    {\n      \"k\": [\n        2\n      ]\n    }\n  ],\n  \
        \"a\": {},\n  \"b\": [],\n  \"é\": \"é\\u001f\u{7f}/\\\"\\\\\\b\\f\\n\\r\\t\u{2028}\",\n  \"\u{ffff}\": 1,\n  \"😀\": 2\n}\n";
    assert_eq!(String::from_utf8(to_bytes(&value).expect("writable")).expect("text"), expected);
    assert_eq!(to_bytes(&json!({})).expect("writable"), b"{}\n");
}

#[test]
fn members_are_sorted_however_they_come() {
    #[derive(Serialize)]
    struct Backwards {
        b: u8,
        a: u8,
    }
    assert_eq!(to_bytes(&Backwards { b: 1, a: 2 }).expect("writable"), b"{\n  \"a\": 2,\n  \"b\": 1\n}\n");
}

#[test]
fn integers_that_would_lose_digits_are_not_written() {
    for value in [json!(MAX_SAFE_INTEGER + 1), json!([{"a": i64::MIN}]), json!(u64::MAX)] {
        assert_eq!(to_bytes(&value).expect_err("too large").code(), Code::SchemaInvalid);
    }
    to_bytes(&json!([MAX_SAFE_INTEGER, -9_007_199_254_740_991_i64])).expect("just fits");
}

#[test]
fn floats_are_written_as_python_writes_them() {
    // The right side is what `repr` of CPython 3.12 gives.
    let table = [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (1.0, "1.0"),
        (-0.1, "-0.1"),
        (100.0, "100.0"),
        (0.0001, "0.0001"),
        (0.000_123_4, "0.0001234"),
        (0.000_099_999, "9.9999e-05"),
        (3e-5, "3e-05"),
        (1e15, "1000000000000000.0"),
        (1_234_567_890_123_456.5, "1234567890123456.5"),
        (9_007_199_254_740_993.0, "9007199254740992.0"),
        (9_999_999_999_999_998.0, "9999999999999998.0"),
        (1e16, "1e+16"),
        (1.25e-7, "1.25e-07"),
        (-2.5e300, "-2.5e+300"),
        (5e-324, "5e-324"),
        (2e-323, "2e-323"),
        (9.5e-323, "9.4e-323"),
        (f64::MAX, "1.7976931348623157e+308"),
        (f64::MIN_POSITIVE, "2.2250738585072014e-308"),
        (0.1 + 0.2, "0.30000000000000004"),
        (2.0_f64.powi(70), "1.1805916207174113e+21"),
    ];
    for (value, text) in table {
        assert_eq!(String::from_utf8(to_bytes(&value).expect("finite")).expect("text").trim_end(), text);
    }
}

fn values() -> impl Strategy<Value = Value> {
    let text = || prop_oneof!["\\PC{0,8}", ".{0,4}", "[a-c$]{0,2}"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (-9_007_199_254_740_991..=9_007_199_254_740_991_i64).prop_map(Value::from),
        any::<f64>().prop_filter_map("finite", |float| Number::from_f64(float).map(Value::Number)),
        (-1e18..1e18).prop_map(Value::from),
        (-1000..1000_i32).prop_map(|whole| Value::from(f64::from(whole))),
        text().prop_map(Value::String),
    ];
    leaf.prop_recursive(5, 60, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::btree_map(text(), inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_reads_back_as_it_was(value in values()) {
        let bytes = to_bytes(&value).expect("writable");
        let again = read(&bytes).expect("strict");
        prop_assert_eq!(&again, &value);
        prop_assert_eq!(to_bytes(&again).expect("writable"), bytes);
    }

    #[test]
    fn every_float_reads_back_from_its_shortest_digits(bits in any::<u64>(), near_one in -1e20..1e20_f64) {
        for float in [f64::from_bits(bits), near_one, near_one.trunc(), 1.0 / near_one].into_iter().filter(|float| float.is_finite()) {
            let written = String::from_utf8(to_bytes(&float).expect("finite")).expect("text");
            let read = read(written.as_bytes()).expect("strict").as_f64().expect("a float");
            prop_assert_eq!(read.to_bits(), float.to_bits());
            let exponent = written.contains('e');
            prop_assert_eq!(exponent, float != 0.0 && !(1e-4..1e16).contains(&float.abs()));
            let significant = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
            let shortest = format!("{float:e}");
            let shortest = significant(shortest.split('e').next().unwrap_or_default());
            let digits = significant(written.split('e').next().unwrap_or_default());
            prop_assert_eq!(digits.trim_matches('0'), shortest.trim_matches('0'));
        }
    }

    /// Whatever we take, serde_json takes and understands in the same way; so strictness only ever
    /// takes away.
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        if let Ok(value) = read(&bytes) {
            prop_assert_eq!(serde_json::from_slice::<Value>(&bytes).expect("JSON"), value);
        }
    }

    /// Whichever order they come in, and however deep, no name stands twice.
    #[test]
    fn a_name_that_stands_twice_is_found(value in values(), names in prop::collection::vec("[a-d]{1,2}", 1..6)) {
        let inner = String::from_utf8(to_bytes(&value).expect("writable")).expect("text");
        let members: Vec<String> = names.iter().map(|name| format!("{}:{inner}", json!(name))).collect();
        let text = format!("[{{{}}}]", members.join(","));
        let distinct: std::collections::HashSet<_> = names.iter().collect();
        let read = read(text.as_bytes()).map_err(|error| error.code());
        prop_assert_eq!(read.is_ok(), distinct.len() == names.len());
        prop_assert!(read.is_ok() || read == Err(Code::JsonDuplicateKey));
        prop_assert_eq!(from_value::<Value>(&value).expect("the same"), value);
    }

    /// The same over texts that are nearly JSON, and the other way round: what serde_json refuses,
    /// we refuse.
    #[test]
    fn texts_that_are_nearly_json_are_read_as_others_read_them(text in "[\\[\\]{}:,\"\\\\ue0-9.+ a-f\u{e9}-]{0,24}") {
        match (read(text.as_bytes()), serde_json::from_str::<Value>(&text)) {
            (Ok(ours), Ok(theirs)) => prop_assert_eq!(ours, theirs),
            (Ok(ours), Err(error)) => prop_assert!(false, "{ours} where serde_json says {error}"),
            (Err(error), Ok(theirs)) => {
                let strict = matches!(error.code(), Code::JsonDuplicateKey | Code::JsonNumber | Code::JsonEncoding);
                prop_assert!(strict, "{error} where serde_json reads {theirs}");
            }
            (Err(_), Err(_)) => {}
        }
    }

    #[test]
    fn damaged_json_is_read_or_refused(value in values(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = to_bytes(&value).expect("writable");
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(value) = read(&bytes) {
            prop_assert_eq!(read(&to_bytes(&value).expect("writable")).expect("strict"), value);
        }
    }
}

#[test]
fn a_value_counts_where_it_is_due() {
    let code = |text: &str, json_values| {
        let limits = Limits { json_values, ..Limits::default() };
        let error = parse(text.as_bytes(), &limits).expect_err("refused");
        assert_eq!(check(text.as_bytes(), &limits).map_err(|error| error.code()), Err(error.code()));
        error.code()
    };
    for text in ["[1,1,x]", "[1,1,", "[1,1,]", "{\"a\":1,\"b\":1,\"c\":x}", "[1,1,1e400]"] {
        assert_eq!(code(text, 3), Code::JsonLimit, "{text}");
    }
    for text in ["[1,1,x]", "[1,1,", "[1,1,]"] {
        assert_eq!(code(text, 4), Code::JsonSyntax, "{text}");
    }
}
