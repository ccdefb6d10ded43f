//! The pages on container and JSON say what the code does: their limits are ours, their examples
//! are true.

use std::path::Path;

use expbundle_format::container::Container;
use expbundle_format::json;
use expbundle_format::limits::Limits;
use expbundle_format::tree::Tree;
use expbundle_format::{Blake3, Code, Sha256};

const SMALLEST: &[u8] = include_bytes!("golden/smallest.expb");

fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What stands between `[` and `]` and looks like a code.
fn codes(text: &str) -> Vec<&str> {
    let brackets = text.split('[').skip(1).filter_map(|rest| rest.split_once(']')).map(|(inside, _)| inside);
    brackets.filter(|inside| inside.parse::<Code>().is_ok()).collect()
}

#[test]
fn the_limits_are_those_of_the_pages() {
    let Limits { entries, record_bytes, statement_bytes, section_bytes, json_depth, json_values } = Limits::default();
    let container = page("container.md");
    assert_eq!((entries, record_bytes, statement_bytes), (524_288, 1_048_576, 1_048_576));
    assert!(container.contains("| entries besides `mimetype` | 524,288 |"));
    assert!(
        container.contains("| `record.json` | 1,048,576 bytes |")
            && container.contains("| a statement | 1,048,576 bytes |")
    );
    assert_eq!((section_bytes, json_depth, json_values), (67_108_864, 64, 1_048_576));
    assert!(container.contains("| a JSON section | 67,108,864 bytes |"));
    assert!(container.contains("| values in one JSON document | 1,048,576 |"));
    assert!(container.contains("| levels of arrays and objects | 64 |"));
}

/// The case or file of a case that a text names last: `layer/name`, or `layer/name/file`.
fn case_named_in(text: &str) -> Option<Vec<u8>> {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/cases");
    let file = |name: &str| {
        [format!("{name}.expb"), name.to_owned()].iter().map(|name| cases.join(name)).find(|path| path.is_file())
    };
    let quoted: Vec<&str> = text.split('`').skip(1).step_by(2).collect();
    quoted.iter().rev().find_map(|name| file(name)).map(|path| std::fs::read(path).expect("readable"))
}

/// Checks lines of offset, bytes and remark; an ellipsis stands for the bytes up to the next line.
/// Returns their number.
fn check_walk(block: &str, file: &[u8], page: &str) -> usize {
    let byte = |text: &str| u8::from_str_radix(text, 16).ok().filter(|_| text.len() == 2);
    let offset = |line: &str| usize::from_str_radix(line.get(..4)?, 16).ok().filter(|_| line.get(4..6) == Some("  "));
    let lines: Vec<(usize, &str)> = block.lines().filter_map(|line| Some((offset(line)?, line.get(6..)?))).collect();
    let ends = lines.iter().skip(1).map(|(at, _)| *at).chain([file.len()]);
    for ((at, rest), end) in lines.iter().zip(ends) {
        let (hex, remark) = rest.split_once("  ").unwrap_or((rest, ""));
        let (before, after) = hex.split_once(" …").unwrap_or((hex, ""));
        let bytes = |hex: &str| hex.split(' ').map_while(byte).collect::<Vec<u8>>();
        let (before, after) = (bytes(before), bytes(after));
        assert!(!before.is_empty(), "{page}: {rest}");
        assert_eq!(file.get(*at..at + before.len()), Some(&before[..]), "{page}: {rest}");
        let remark = remark.trim_start();
        if remark.starts_with(['"', '{', '}', ']']) && !remark.contains(['·', '␊']) {
            let line = file[*at..].split(|byte| *byte == b'\n').next().unwrap_or_default();
            assert_eq!(std::str::from_utf8(line).map(str::trim_start), Ok(remark), "{page}: {rest}");
            assert!(after.is_empty() || file[..=at + line.len()].ends_with(&after), "{page}: {rest}");
        } else if !after.is_empty() && end > *at {
            let found = file[*at..end].windows(after.len()).any(|window| window == after);
            assert!(found, "{page}: {rest}");
        }
    }
    lines.len()
}

#[test]
fn the_worked_bytes_are_those_of_the_cases() {
    let pages = ["container", "json", "record", "sections", "lineage", "directory", "versions"];
    for name in pages {
        let page = page(&format!("{name}.md"));
        let worked = page.split_once("## Worked bytes").expect("each page has some").1;
        let parts: Vec<&str> = worked.split("```").collect();
        let mut checked = 0;
        for (at, block) in parts.iter().enumerate().skip(1).step_by(2).filter(|(_, block)| block.starts_with("text\n"))
        {
            let file = case_named_in(&parts[..at].join("")).unwrap_or_else(|| panic!("{name}: bytes of which case?"));
            checked += check_walk(block, &file, name);
        }
        assert!(checked > 0, "{name}");
    }
}

#[test]
fn the_worked_bundle_is_as_the_pages_say() {
    let container = Container::open(std::io::Cursor::new(SMALLEST), &Limits::default()).expect("canonical");
    let (record, verification) = (page("record.md"), page("verification.md"));
    let worked = |page: &str| page.split_once("## Worked bytes").expect("there are some").1.to_owned();
    let of = |bytes: &[u8]| (Blake3::of(bytes).to_string(), Sha256::of(bytes).to_string());
    let (blake3, sha256) = of(&SMALLEST[0x14d..0x333]);
    assert!(worked(&record).contains(&blake3) && worked(&record).contains(&sha256));
    for entry in container.entries() {
        assert!(worked(&verification).contains(&format!("{:08x}", entry.crc32)), "{}", entry.name);
    }
    let listing = page("digests.md");
    let listing = listing.split_once("## Worked bytes").expect("there are some").1;
    let text = listing.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a listing");
    let (blake3, sha256) = of(text.as_bytes());
    assert!(Tree::parse(text.as_bytes()).is_ok() && listing.contains(&blake3) && listing.contains(&sha256));
    let words: Vec<&str> = listing.split_whitespace().collect();
    assert!(words.join(" ").contains(&format!("{} bytes", text.len())));
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
