//! Signers files by a second parser, written from the grammar of spec/trust.md: both accept the
//! same files and trust the same keys.
//!
//! The parser is [`second_parser`]; crates/expbundle-fuzz/src/targets.rs has it too.

#[path = "signers/second_parser.rs"]
mod second_parser;

use expbundle_statement::{PublicKey, SigningKey};
use proptest::prelude::*;

const RSA: &str = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQA=";
const MOMENTS: [&str; 4] =
    ["2019-12-31T23:59:59Z", "2026-01-01T00:00:00Z", "2026-11-23T00:00:00Z", "2027-01-01T00:00:00Z"];

fn key(number: u8) -> PublicKey {
    SigningKey::from_seed(&[number; 32]).public_key()
}

/// Pieces of lines. What they are put together to is mostly wrong, and often only by one character.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => Just(" ".to_owned()),
        2 => Just(",".to_owned()),
        2 => Just("\"".to_owned()),
        1 => Just("\\".to_owned()),
        1 => Just("!".to_owned()),
        2 => Just("KEY".to_owned()),
        1 => proptest::sample::select(vec![
            "ada", "\"Ada Lovelace,ada\"", "\t", "=", "\\", "#", "!", "*", "\r", "\n", "\r\n", "\0", "\u{a0}", "\u{feff}",
            "\u{85}", "x", "é", "ssh-ed25519", "OTHER", "RSA", "cert-authority", "namespaces", "namespaces=\"git\"",
            "NameSpaces=\"e?p*,!git\"", "valid-after=\"20260101\"", "valid-before=\"20270101Z\"", "valid-before=\"20200101\"",
            "valid-after=\"20260101000060\"", "zone=\"moon\"", "namespaces=",
        ])
        .prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ]
}

fn sound() -> impl Strategy<Value = String> {
    proptest::sample::select(vec![
        "ada KEY\n",
        "ada KEY remark\r\n",
        "ada namespaces=\"expbundle\" KEY\n",
        "ada,ben valid-after=\"20260101\",valid-before=\"20270101Z\",namespaces=\"exp*\" KEY\n",
        "\"Ada Lovelace\" KEY\n",
        "ada cert-authority OTHER\n",
        "ada RSA\n",
        "*@example.org KEY\n",
        "ada valid-before=\"20200101\" OTHER\n# x\n\n",
    ])
    .prop_map(str::to_owned)
}

fn file() -> impl Strategy<Value = Vec<u8>> {
    let edits = proptest::collection::vec((any::<prop::sample::Index>(), 0_usize..3, piece()), 0..4);
    (proptest::collection::vec(sound(), 0..4), edits).prop_map(|(lines, edits)| {
        let mut letters: Vec<char> = lines.concat().chars().collect();
        for (at, removed, piece) in edits {
            let at = at.index(letters.len() + 1);
            let end = letters.len().min(at + removed);
            letters.splice(at..end, piece.chars());
        }
        let text: String = letters.into_iter().collect();
        let text = text.replace("KEY", &key(1).to_string()).replace("OTHER", &key(2).to_string());
        text.replace("RSA", RSA).into_bytes()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn both_trust_the_same_keys(file in file()) {
        second_parser::agrees(&file, &[key(1), key(2)], &MOMENTS);
    }
}

#[test]
fn both_know_the_same_characters() {
    let letters = ('\0'..='\u{ffff}').chain('\u{1b000}'..='\u{1dfff}').chain('\u{e0000}'..='\u{e1000}');
    for letter in letters.filter(|letter| !letter.is_ascii_alphanumeric()) {
        for line in ["aLb RSA", "\"aLb\" RSA", "a namespaces=\"aLb\" RSA", "#L", "a RSA L"] {
            let line = line.replace('L', &letter.to_string()).replace("RSA", RSA);
            second_parser::agrees(line.as_bytes(), &[], &[]);
        }
    }
}

#[test]
fn the_second_parser_reads_and_refuses() {
    let text = format!("ada namespaces=\"expbundle\" {}\n*, {}", key(1), key(2));
    assert!(second_parser::read(text.as_bytes()).is_none());
    let lines = second_parser::read(text.trim_end_matches(|letter| letter != '\n').as_bytes()).expect("one line");
    assert_eq!(lines.len(), 1);
    assert!(lines[0].trusts(&key(1), 20_261_123_000_000));
}
