//! The worked bytes of spec/statements.md are a statement that verifies.

use expbundle_format::Blake3;
use expbundle_statement::{Envelope, SigningKey, pre_authentication_encoding};
use sha2::Digest as _;

#[test]
fn the_worked_bytes_verify() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/statements.md");
    let page = std::fs::read_to_string(path).expect("readable");
    let (_, worked) = page.split_once("## Worked bytes").expect("the section is there");
    let blocks: Vec<&str> =
        worked.split("```json\n").skip(1).map(|block| block.split("```").next().expect("the block ends")).collect();
    let [payload, file] = blocks.as_slice() else { panic!("a payload and a file") };
    let verified = Envelope::parse(file.as_bytes()).and_then(Envelope::verify).expect("it verifies");
    assert_eq!(verified.payload(), payload.as_bytes());
    assert_eq!(verified.id().0, Blake3::of(payload.as_bytes()));
    assert!(worked.contains(&format!("statements/{}.json", Blake3::of(file.as_bytes()))));
    let seed: [u8; 32] = sha2::Sha256::digest("expbundle conformance ada").into();
    assert_eq!(&SigningKey::from_seed(&seed).identity(), verified.identity());
    let begins = String::from_utf8(pre_authentication_encoding("application/vnd.in-toto+json", payload.as_bytes()));
    let begins = begins.expect("text").strip_suffix(payload).expect("the payload stands at the end").to_owned();
    assert!(worked.contains(&format!("`{begins}`")));
    for (what, size) in [("in the fixed form", payload.len()), ("The file", file.len())] {
        assert!(worked.contains(&format!("{size} bytes")), "{what} has {size} bytes");
    }
}
