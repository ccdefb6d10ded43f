//! Signing.

use std::ffi::c_char;

use expbundle::verify::Intact;
use expbundle_format::time::Time;
use expbundle_run::FileError;
use expbundle_statement::{Authorship, Generator, Predicate, Signing, SigningKey};
use expbundle_words::{Failure, recording, records};
use zeroize::Zeroizing;

use crate::bundle::ExpbBundle;
use crate::call::{answer, work};
use crate::error::ExpbError;
use crate::given;

/// The bundle with a signature: who signs vouches for all that the record says. The bundle that was
/// given stays as it is, and both have to be freed.
///
/// `record` is the beginning of an id; NULL for the only one that no other follows from. `key` is
/// the file of a private Ed25519 key, OpenSSH or PKCS#8, whose copies are wiped; `passphrase` may be
/// NULL. `name` is what the signer is called, or NULL. `at_ns` is when it is signed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn expb_bundle_sign(
    bundle: Option<&ExpbBundle>,
    record: *const c_char,
    key: *const u8,
    key_length: usize,
    passphrase: *const c_char,
    name: *const c_char,
    at_ns: i64,
    error: *mut *mut ExpbError,
) -> Option<Box<ExpbBundle>> {
    // SAFETY: the contract of `given`.
    unsafe {
        answer(error, || {
            let bundle = given::handle(bundle, "bundle")?;
            let record = given::optional_text(record, "record")?;
            let key = key_of(given::bytes(key, key_length, "key")?, given::optional_text(passphrase, "passphrase")?)?;
            let (name, created) = (given::optional_text(name, "name")?, given::moment(at_ns, "at_ns")?);
            let signing = Signing { key: &key, name, created };
            work(|| signed(&bundle.intact, record, &signing)).map(|intact| Box::new(ExpbBundle::new(intact)))
        })
    }
}

fn key_of(file: &[u8], passphrase: Option<&str>) -> Result<SigningKey, Failure> {
    let text = std::str::from_utf8(file).unwrap_or_default();
    let key = SigningKey::from_text(text, || passphrase.map(|text| Zeroizing::new(text.to_owned())));
    key.map_err(|source| FileError::Key { path: "key".into(), source }.into())
}

fn signed(intact: &Intact, record: Option<&str>, signing: &Signing<'_>) -> Result<Intact, Failure> {
    let at = Time::timestamp(signing.created);
    let signer = signing.key.identity();
    let wanted: Vec<String> = record.map(str::to_owned).into_iter().collect();
    let chosen = expbundle_query::several(intact, &wanted, at);
    let chosen = chosen.map_err(|error| records::which_to_sign(intact, &signer, error, at))?;
    let generator = Generator { name: "expbundle".to_owned(), version: Some(env!("CARGO_PKG_VERSION").to_owned()) };
    let says = Predicate::Authorship(Authorship { generator: Some(generator) });
    let says = chosen.ids.iter().map(|id| (*id, says.clone())).collect();
    let said = expbundle_run::say(intact, &chosen, says, signing, at);
    said.map_err(|error| recording::not_said(intact, &signer, error, at))
}
