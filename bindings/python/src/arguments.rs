//! Arguments that many calls share: bundles, signers, moments.

use std::path::PathBuf;

use camino::Utf8PathBuf;
use expbundle::Content;
use expbundle_directory::hub;
use expbundle_format::time::Time;
use expbundle_query::Source;
use expbundle_run::open_signers;
use expbundle_statement::TrustPolicy;
use expbundle_words::Failure;
use pyo3::exceptions::{PyOSError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::bundle::Bundle;
use crate::error::raise;

/// A path that Python names: text, or anything with `__fspath__`. `hf:ORG/NAME[@REVISION]` is a
/// snapshot in the local cache of the Hugging Face Hub.
pub fn path(value: &Bound<'_, PyAny>) -> PyResult<Utf8PathBuf> {
    let path: PathBuf = value.extract()?;
    let path = Utf8PathBuf::from_path_buf(path)
        .map_err(|path| PyValueError::new_err(format!("the path {} is not UTF-8", path.display())))?;
    hub::path(path.as_str(), |name| std::env::var(name).ok())
        .map_err(|error| raise(value.py(), Failure::usage(expbundle_words::not_in_cache(&error))))
}

/// The same of what has to be there.
pub fn existing(value: &Bound<'_, PyAny>) -> PyResult<Utf8PathBuf> {
    let path = path(value)?;
    match std::fs::symlink_metadata(&path) {
        Ok(_) => Ok(path),
        // With errno and file name, as `open` raises it: Python chooses the class by the number.
        Err(error) => Err(match error.raw_os_error() {
            Some(number) => {
                let text = value.py().import("os")?.call_method1("strerror", (number,))?.unbind();
                PyOSError::new_err((number, text, path.into_string()))
            }
            None => error.into(),
        }),
    }
}

/// A bundle, or where one is: a path, bytes, an open file, or a [`Bundle`].
pub fn source(value: &Bound<'_, PyAny>) -> PyResult<Source> {
    let of_memory = |bytes: Vec<u8>| Source { path: "memory".into(), content: Some(Content::bytes(bytes)) };
    if let Ok(bundle) = value.cast::<Bundle>() {
        return Ok(of_memory(bundle.get().bytes()?));
    }
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return Ok(of_memory(bytes.as_bytes().to_vec()));
    }
    if value.cast::<PyString>().is_ok() || value.hasattr("__fspath__")? {
        return Ok(Source { path: existing(value)?, content: None });
    }
    if value.hasattr("read")? {
        let read = value.call_method0("read")?;
        let bytes = read.cast::<PyBytes>().map_err(|_| PyTypeError::new_err("the file is not open in binary mode"))?;
        return Ok(of_memory(bytes.as_bytes().to_vec()));
    }
    if let Ok(bytes) = value.extract::<Vec<u8>>() {
        return Ok(of_memory(bytes));
    }
    let class = value.get_type().name()?.to_string();
    Err(PyTypeError::new_err(format!("expected a path, bytes, a binary file or a Bundle, not {class}")))
}

/// One of them, or several.
pub fn sources(value: &Bound<'_, PyAny>) -> PyResult<Vec<Source>> {
    let is_one = value.cast::<PyString>().is_ok()
        || value.cast::<PyBytes>().is_ok()
        || value.cast::<Bundle>().is_ok()
        || value.hasattr("__fspath__")?
        || value.hasattr("read")?;
    if is_one {
        return Ok(vec![source(value)?]);
    }
    value.try_iter()?.map(|one| source(&one?)).collect()
}

/// Whom to trust: a signers file, a file of public keys, or a public key itself.
pub fn signers(value: Option<&Bound<'_, PyAny>>) -> PyResult<Option<TrustPolicy>> {
    let Some(value) = value else { return Ok(None) };
    let named: PathBuf = value.extract()?;
    open_signers(&named).map(Some).map_err(|error| raise(value.py(), error))
}

/// A moment: text as RFC 3339 has it, an aware `datetime`, or now.
pub fn moment(value: Option<&Bound<'_, PyAny>>) -> PyResult<Time> {
    let Some(value) = value else { return Ok(now()) };
    if let Ok(text) = value.cast::<PyString>() {
        let text = text.to_cow()?;
        return text.parse().map_err(|error| {
            let help = "write times like 2026-11-23T09:00:00Z, or give an aware datetime";
            raise(value.py(), Failure::usage(format!("{error}")).help(help))
        });
    }
    let timestamp: jiff::Timestamp = value.extract()?;
    Ok(timestamp.into())
}

/// Now, in whole seconds.
pub fn now() -> Time {
    jiff::Timestamp::from_second(jiff::Timestamp::now().as_second()).unwrap_or_default().into()
}

/// 32 random bytes.
pub fn salt() -> std::io::Result<[u8; 32]> {
    let mut salt = [0; 32];
    getrandom::fill(&mut salt).map_err(|error| std::io::Error::other(error.to_string()))?;
    Ok(salt)
}
