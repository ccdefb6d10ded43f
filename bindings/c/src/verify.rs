//! Verifying.

use std::ffi::c_char;

use camino::Utf8Path;
use expbundle::Content;
use expbundle::judge::State;
use expbundle::report::Question;
use expbundle::verify::Digests;
use expbundle_directory::{audit, audit_content};
use expbundle_format::limits::Limits;
use expbundle_run::FileError;
use expbundle_statement::TrustPolicy;
use expbundle_words::Failure;

use crate::bundle::{ExpbBundle, IN_MEMORY};
use crate::call::{answer, work};
use crate::error::ExpbError;
use crate::given;
use crate::report::ExpbReport;

/// What is asked about a bundle.
struct Asked {
    policy: Option<TrustPolicy>,
    required: State,
    at: expbundle_format::time::Time,
}

impl Asked {
    /// # Safety
    /// The contract of [`given`].
    unsafe fn of(signers: *const c_char, required: *const c_char, at_ns: i64) -> Result<Self, Failure> {
        // SAFETY: the same contract.
        let (signers, required) =
            unsafe { (given::optional_text(signers, "signers")?, given::optional_text(required, "required")?) };
        let policy = signers.map(trusted).transpose()?;
        let required = match (required, &policy) {
            (None, None) | (Some("intact"), _) => State::Intact,
            (Some("signed"), _) => State::Signed,
            (None, Some(_)) | (Some("trusted"), _) => State::Trusted,
            (Some(other), _) => {
                let message = format!("`required` is {other:?}");
                return Err(Failure::usage(message).help("ask for intact, signed or trusted, or give NULL"));
            }
        };
        Ok(Self { policy, required, at: given::moment(at_ns, "at_ns")? })
    }

    fn question(&self) -> Question<'_> {
        Question {
            policy: self.policy.as_ref(),
            required: self.required,
            at: self.at,
            digests: Digests::Blake3,
            limits: Limits::default(),
        }
    }

    fn content(&self, content: Content) -> Result<ExpbReport, Failure> {
        let report = work(|| {
            audit_content(Utf8Path::new(IN_MEMORY), content, self.question()).map_err(|error| Failure::from(&error))
        });
        report.map(|report| ExpbReport::of(&report))
    }
}

fn trusted(signers: &str) -> Result<TrustPolicy, Failure> {
    TrustPolicy::parse(signers).map_err(|source| FileError::Signers { path: "signers".into(), source }.into())
}

/// Checks a bundle, or a model folder with one.
///
/// `signers` is the text of a signers file (OpenSSH's allowed_signers), or NULL: then nobody is
/// trusted. `required` is "intact", "signed" or "trusted"; NULL for trusted with signers and intact
/// without. `at_ns` is the moment to judge keys at.
///
/// Gives a report for whatever can be read, also if it is damaged: ask expb_report_holds. NULL, with
/// an error, if there is no answer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn expb_verify(
    path: *const c_char,
    signers: *const c_char,
    required: *const c_char,
    at_ns: i64,
    error: *mut *mut ExpbError,
) -> Option<Box<ExpbReport>> {
    // SAFETY: the contract of `given`.
    unsafe {
        answer(error, || {
            let (path, asked) = (given::path(path)?, Asked::of(signers, required, at_ns)?);
            let report = work(|| audit(path, asked.question(), &|_| ()).map_err(|error| Failure::from(&error)))?;
            Ok(Box::new(ExpbReport::of(&report)))
        })
    }
}

/// Checks the bytes of a bundle, which are copied. Everything else is as for expb_verify.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn expb_verify_bytes(
    bytes: *const u8,
    length: usize,
    signers: *const c_char,
    required: *const c_char,
    at_ns: i64,
    error: *mut *mut ExpbError,
) -> Option<Box<ExpbReport>> {
    // SAFETY: the contract of `given`.
    unsafe {
        answer(error, || {
            let bytes = given::bytes(bytes, length, "bytes")?;
            Ok(Box::new(Asked::of(signers, required, at_ns)?.content(Content::bytes(bytes))?))
        })
    }
}

/// Checks a bundle that is open, as a stranger would who gets its file. Everything else is as for
/// expb_verify.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn expb_bundle_verify(
    bundle: Option<&ExpbBundle>,
    signers: *const c_char,
    required: *const c_char,
    at_ns: i64,
    error: *mut *mut ExpbError,
) -> Option<Box<ExpbReport>> {
    // SAFETY: the contract of `given`.
    unsafe {
        answer(error, || {
            let bytes = given::handle(bundle, "bundle")?.bytes()?;
            Ok(Box::new(Asked::of(signers, required, at_ns)?.content(Content::bytes(bytes))?))
        })
    }
}
