//! Files of a run that are elsewhere.

use std::ffi::c_char;

use expbundle_format::ArtifactDigests;
use expbundle_run::KnownFile;
use expbundle_words::Failure;

use crate::call::done;
use crate::error::ExpbError;
use crate::given;
use crate::run::ExpbRun;

/// A file that went in and is elsewhere, with its role, its size in bytes, and its SHA-256 or BLAKE3
/// in hex, or both. `name`, `uri` and one of the digests may be NULL. The digests are taken on trust.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn expb_run_known_input(
    run: Option<&ExpbRun>,
    role: *const c_char,
    name: *const c_char,
    size: u64,
    sha256: *const c_char,
    blake3: *const c_char,
    uri: *const c_char,
    error: *mut *mut ExpbError,
) -> bool {
    let act = || {
        // SAFETY: the contract of `given`.
        let (role, file) = unsafe { (given::text(role, "role")?, known(name, size, sha256, blake3, uri)?) };
        given::handle(run, "run")?.tell(|run| run.known_input(role, file).map(drop))
    };
    // SAFETY: the contract of `given`.
    unsafe { done(error, act) }
}

/// A file that came out and is elsewhere, in the same way.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn expb_run_known_output(
    run: Option<&ExpbRun>,
    role: *const c_char,
    name: *const c_char,
    size: u64,
    sha256: *const c_char,
    blake3: *const c_char,
    uri: *const c_char,
    error: *mut *mut ExpbError,
) -> bool {
    let act = || {
        // SAFETY: the contract of `given`.
        let (role, file) = unsafe { (given::text(role, "role")?, known(name, size, sha256, blake3, uri)?) };
        given::handle(run, "run")?.tell(|run| run.known_output(role, file).map(drop))
    };
    // SAFETY: the contract of `given`.
    unsafe { done(error, act) }
}

/// # Safety
/// The contract of [`given`].
unsafe fn known(
    name: *const c_char,
    size: u64,
    sha256: *const c_char,
    blake3: *const c_char,
    uri: *const c_char,
) -> Result<KnownFile, Failure> {
    // SAFETY: the same contract.
    let (sha256, blake3) = unsafe { (given::digest(sha256, "sha256")?, given::digest(blake3, "blake3")?) };
    let digest = ArtifactDigests::new(blake3, sha256).ok_or_else(|| {
        Failure::usage("a file that is not here is known by its digest").help("give `sha256` or `blake3`")
    })?;
    let mut file = KnownFile::new(digest, size);
    // SAFETY: the same contract.
    let (name, uri) = unsafe { (given::optional_text(name, "name")?, given::optional_text(uri, "uri")?) };
    if let Some(name) = name {
        file = file.named(name);
    }
    if let Some(uri) = uri {
        file = file.at(uri);
    }
    Ok(file)
}
