//! The pages on container and JSON say what the code does: their codes exist, their limits are ours, their examples are true.

use std::path::Path;

use expbundle_format::Code;
use expbundle_format::container::Container;
use expbundle_format::json;
use expbundle_format::limits::Limits;

const SMALLEST: &[u8] = include_bytes!("golden/smallest.expb");

fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What stands between `[` and `]` and looks like a code.
fn codes(text: &str) -> Vec<&str> {
    let layers = ["container.", "json.", "digest.", "schema.", "version.", "record.", "section."];
    let brackets = text.split('[').skip(1).filter_map(|rest| rest.split_once(']')).map(|(inside, _)| inside);
    brackets.filter(|inside| layers.iter().any(|layer| inside.starts_with(layer)) && !inside.contains(".md")).collect()
}

#[test]
fn every_code_on_the_pages_exists_and_none_is_missing() {
    let (container, json) = (page("container.md"), page("json.md"));
    for code in codes(&container).into_iter().chain(codes(&json)) {
        code.parse::<Code>().unwrap_or_else(|_| panic!("[{code}] is no code"));
    }
    for code in Code::ALL.iter().map(|code| code.as_str()) {
        let page = if code.starts_with("container.") {
            &container
        } else if code.starts_with("json.") {
            &json
        } else {
            continue;
        };
        assert!(codes(page).contains(&code), "no rule has [{code}]");
    }
}

#[test]
fn every_must_has_a_code() {
    for name in ["container.md", "json.md"] {
        let page = page(name);
        for paragraph in page.split("\n\n").flat_map(|paragraph| paragraph.split("\n- ")) {
            // The table of rules on JSON stands below its MUST.
            let has_code = !codes(paragraph).is_empty() || paragraph.contains("one of these rules");
            assert!(!paragraph.contains("MUST") || has_code, "{name}: {paragraph}");
        }
    }
}

#[test]
fn the_limits_are_those_of_the_pages() {
    let Limits { entries, record_bytes, statement_bytes, section_bytes, json_depth, json_values } = Limits::default();
    let (container, json) = (page("container.md"), page("json.md"));
    assert_eq!((entries, record_bytes, statement_bytes), (524_288, 1_048_576, 1_048_576));
    assert!(container.contains("| 524,288 |") && container.contains("(1,048,576 bytes)"));
    assert_eq!((section_bytes, json_depth, json_values), (67_108_864, 64, 4_194_304));
    assert!(json.contains("(67,108,864)") && json.contains("| 64 |") && json.contains("| 4,194,304 |"));
}

#[test]
fn the_worked_bytes_are_those_of_the_smallest_bundle() {
    let container = page("container.md");
    let walk = container.split("## Worked bytes").nth(1).and_then(|rest| rest.split("```").nth(1)).expect("a walk");
    let byte = |text: &str| u8::from_str_radix(text, 16).ok().filter(|_| text.len() == 2);
    let mut lines = 0;
    for line in walk.lines().filter(|line| !line.is_empty() && !line.starts_with("text")) {
        let (at, rest) = line.split_once("  ").expect("an offset");
        let at = usize::from_str_radix(at, 16).expect("hex digits");
        let hex = rest.split("  ").next().unwrap_or_default();
        let before = hex.split(" …").next().unwrap_or_default();
        let bytes: Vec<u8> = before.split(' ').map_while(byte).collect();
        assert!(!bytes.is_empty(), "{line}");
        assert_eq!(SMALLEST.get(at..at + bytes.len()), Some(&bytes[..]), "{line}");
        lines += 1;
    }
    assert_eq!(lines, 28);
    Container::open(std::io::Cursor::new(SMALLEST), &Limits::default()).expect("canonical");
}

#[test]
fn the_example_of_the_fixed_form_is_in_it_and_the_refused_are_refused() {
    let page = page("json.md");
    let example = page.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    let value = json::parse(example.as_bytes(), &Limits::default()).expect("strict");
    assert_eq!(String::from_utf8(json::to_bytes(&value).expect("writable")).expect("text"), example);

    let refused = page.split("Refused, each with its code: ").nth(1).expect("examples");
    let mut parts = refused.split('`');
    parts.next();
    let mut count = 0;
    while let (Some(text), Some(rest)) = (parts.next(), parts.next()) {
        let error = json::parse(text.as_bytes(), &Limits::default()).expect_err(text);
        assert_eq!(codes(rest), [error.code().as_str()], "{text}");
        count += 1;
    }
    assert_eq!(count, 6);
}
