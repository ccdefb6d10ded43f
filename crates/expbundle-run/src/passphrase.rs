//! Passphrases of keys, and a person who mistypes one.

use expbundle_statement::{SigningKey, SigningKeyError};
use zeroize::Zeroizing;

/// How often a person is asked.
const PROMPTS: usize = 3;

/// A passphrase, by where it comes from.
pub enum Passphrase {
    /// From a variable or a descriptor: it stays what it is.
    Given(Zeroizing<String>),
    /// From a person, who may be asked again.
    Typed(Zeroizing<String>),
}

/// Reads the text of a private key. `passphrase` is called if it is encrypted, and again, with
/// `true`, if a person typed a wrong one.
///
/// # Errors
/// What `passphrase` refuses; inside, why the text gives no key.
pub fn key_with_passphrase<E>(
    text: &str,
    mut passphrase: impl FnMut(bool) -> Result<Option<Passphrase>, E>,
) -> Result<Result<SigningKey, SigningKeyError>, E> {
    let mut prompts = 0;
    loop {
        let (mut trouble, mut is_typed) = (None, false);
        let key = SigningKey::from_text(text, || match passphrase(prompts > 0) {
            Ok(Some(Passphrase::Given(passphrase))) => Some(passphrase),
            Ok(Some(Passphrase::Typed(passphrase))) => {
                is_typed = true;
                Some(passphrase)
            }
            Ok(None) => None,
            Err(error) => {
                trouble = Some(error);
                None
            }
        });
        if let Some(error) = trouble {
            return Err(error);
        }
        prompts += 1;
        if !matches!(key, Err(SigningKeyError::PassphraseWrong)) || !is_typed || prompts == PROMPTS {
            return Ok(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locked() -> Zeroizing<String> {
        let key = SigningKey::from_seed(&[7; 32]);
        key.to_openssh("key", Some(("right", [1; 16]))).expect("a key")
    }

    #[test]
    fn a_person_has_three_tries_and_a_variable_one() {
        let text = locked();
        let asked = |words: &[&str], is_typed: bool| {
            let (mut words, mut calls) = (words.iter(), Vec::new());
            let key = key_with_passphrase(&text, |is_again| {
                calls.push(is_again);
                let word = Zeroizing::new((*words.next().expect("no more tries")).to_owned());
                Ok::<_, ()>(Some(if is_typed { Passphrase::Typed(word) } else { Passphrase::Given(word) }))
            });
            (key.expect("nothing is refused").is_ok(), calls)
        };
        assert_eq!(asked(&["wrong", "wrong", "right"], true), (true, vec![false, true, true]));
        assert_eq!(asked(&["wrong", "wrong", "wrong"], true), (false, vec![false, true, true]));
        assert_eq!(asked(&["wrong"], false), (false, vec![false]));
        assert!(matches!(key_with_passphrase(&text, |_| Err("no terminal")), Err("no terminal")));
        assert!(matches!(
            key_with_passphrase(&text, |_| Ok::<_, ()>(None)),
            Ok(Err(SigningKeyError::PassphraseNeeded))
        ));
    }
}
