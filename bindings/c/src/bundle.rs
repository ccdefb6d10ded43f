//! A bundle: its records, their sections, and its file.

use std::ffi::{CString, c_char};
use std::ptr::null;

use expbundle::Content;
use expbundle::output::{Output, Over};
use expbundle::verify::Intact;
use expbundle_format::RecordId;
use expbundle_format::container::EntryName;
use expbundle_format::limits::Limits;
use expbundle_query::{Source, section, starting};
use expbundle_words::Failure;

use crate::bytes::ExpbBytes;
use crate::call::{answer, c_text, done, free, work};
use crate::error::ExpbError;
use crate::given;

/// What reports and errors call a bundle that has no path.
pub const IN_MEMORY: &str = "memory";

/// A bundle that is intact: every name, digest and signature in it was recomputed. It never changes.
pub struct ExpbBundle {
    /// What it holds.
    pub intact: Intact,
    ids: Vec<CString>,
}

impl ExpbBundle {
    /// A handle for C.
    pub fn new(intact: Intact) -> Self {
        let ids = intact.records().keys().map(|id| c_text(&id.to_string())).collect();
        Self { intact, ids }
    }

    fn open(source: &Source) -> Result<Box<Self>, Failure> {
        work(|| source.intact().map_err(Failure::from)).map(|intact| Box::new(Self::new(intact)))
    }

    /// The bytes of its file.
    pub fn bytes(&self) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        self.intact.bundle().write(&mut bytes)?;
        Ok(bytes)
    }

    /// The record whose id begins so, or the only one.
    pub fn meant(&self, beginning: Option<&str>) -> Result<RecordId, Failure> {
        if let Some(beginning) = beginning {
            return Ok(starting(self.intact.records().keys().copied(), beginning)?);
        }
        self.intact.only_record().ok_or_else(|| {
            let message = format!("the bundle has {} records, and `record` is NULL", self.ids.len());
            Failure::usage(message).help("name one: expb_bundle_record_id lists them")
        })
    }
}

/// Opens and checks a bundle, or that of a model folder. NULL, with the first error as a finding's
/// code, if it is not intact; expb_verify lists all of them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn expb_bundle_open(path: *const c_char, error: *mut *mut ExpbError) -> Option<Box<ExpbBundle>> {
    // SAFETY: the contract of `given`.
    unsafe { answer(error, || ExpbBundle::open(&given::path(path)?.to_owned().into())) }
}

/// The same from bytes, which are copied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn expb_bundle_from_bytes(
    bytes: *const u8,
    length: usize,
    error: *mut *mut ExpbError,
) -> Option<Box<ExpbBundle>> {
    // SAFETY: the contract of `given`.
    unsafe {
        answer(error, || {
            let content = Content::bytes(given::bytes(bytes, length, "bytes")?);
            ExpbBundle::open(&Source { path: IN_MEMORY.into(), content: Some(content) })
        })
    }
}

/// How many records it has; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn expb_bundle_record_count(bundle: Option<&ExpbBundle>) -> usize {
    bundle.map_or(0, |bundle| bundle.ids.len())
}

/// The id of a record, in the order of the ids, or NULL beyond the last. It lives until the bundle
/// is freed.
#[unsafe(no_mangle)]
pub extern "C" fn expb_bundle_record_id(bundle: Option<&ExpbBundle>, index: usize) -> *const c_char {
    bundle.and_then(|bundle| bundle.ids.get(index)).map_or(null(), |id| id.as_ptr())
}

/// The bytes of record.json, which lists inputs, outputs, parents and sections. `record` is the
/// beginning of an id; NULL for the only record.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn expb_bundle_record(
    bundle: Option<&ExpbBundle>,
    record: *const c_char,
    error: *mut *mut ExpbError,
) -> Option<Box<ExpbBytes>> {
    // SAFETY: the contract of `given`.
    unsafe {
        answer(error, || {
            let (bundle, record) = (given::handle(bundle, "bundle")?, given::optional_text(record, "record")?);
            let name = EntryName::Record(bundle.meant(record)?);
            let content = bundle.intact.bundle().get(&name).expect("the bundle has its records");
            read(content)
        })
    }
}

/// The bytes of a section, like "context.json", "recipe.json" or "metrics.parquet". `record` is as
/// for expb_bundle_record.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn expb_bundle_section(
    bundle: Option<&ExpbBundle>,
    record: *const c_char,
    name: *const c_char,
    error: *mut *mut ExpbError,
) -> Option<Box<ExpbBytes>> {
    // SAFETY: the contract of `given`.
    unsafe {
        answer(error, || {
            let (bundle, record) = (given::handle(bundle, "bundle")?, given::optional_text(record, "record")?);
            let (_, content) = section(&bundle.intact, bundle.meant(record)?, given::text(name, "name")?)?;
            read(content)
        })
    }
}

fn read(content: &Content) -> Result<Box<ExpbBytes>, Failure> {
    Ok(Box::new(ExpbBytes(content.read(Limits::default().section_bytes)?)))
}

/// The bytes of its file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn expb_bundle_bytes(
    bundle: Option<&ExpbBundle>,
    error: *mut *mut ExpbError,
) -> Option<Box<ExpbBytes>> {
    // SAFETY: the contract of `given`.
    unsafe { answer(error, || Ok(Box::new(ExpbBytes(given::handle(bundle, "bundle")?.bytes()?)))) }
}

/// Saves it. A file that is there is left as it is, and that is an error, unless `overwrite` is
/// true. Written is all of it or nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn expb_bundle_save(
    bundle: Option<&ExpbBundle>,
    path: *const c_char,
    overwrite: bool,
    error: *mut *mut ExpbError,
) -> bool {
    // SAFETY: the contract of `given`.
    unsafe {
        done(error, || {
            let (bundle, path) = (given::handle(bundle, "bundle")?, given::path(path)?);
            let output = if overwrite { Output::back_into(path) } else { Output::new(path, Over::NOTHING)? };
            Ok(output.save(bundle.intact.bundle())?)
        })
    }
}

/// Frees a bundle; NULL is allowed. What was read from it stays.
#[unsafe(no_mangle)]
pub extern "C" fn expb_bundle_free(bundle: Option<Box<ExpbBundle>>) {
    free(bundle);
}
