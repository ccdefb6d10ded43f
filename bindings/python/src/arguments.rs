//! Arguments that many calls share: bundles, signers, moments.

use std::io::{ErrorKind, Read as _};
use std::path::PathBuf;

use camino::Utf8PathBuf;
use expbundle::Content;
use expbundle_convert::embed::MOST_BYTES_IN_ALL;
use expbundle_directory::hub;
use expbundle_format::container::SectionName;
use expbundle_format::time::Time;
use expbundle_query::Source;
use expbundle_run::{FileError, open_signers};
use expbundle_statement::TrustPolicy;
use expbundle_words::Failure;
use pyo3::exceptions::{PyOSError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyFloat, PyInt, PyString, PyTuple};

use crate::bundle::Bundle;
use crate::error::raise;
use crate::record::Record;

/// A path that Python names: text, or anything with `__fspath__`. A leading `~` is the home folder,
/// as for `pathlib.Path.expanduser`; no shell has replaced it here.
fn expanded(value: &Bound<'_, PyAny>) -> PyResult<PathBuf> {
    let named: PathBuf = value.extract()?;
    if !named.as_os_str().as_encoded_bytes().starts_with(b"~") {
        return Ok(named);
    }
    value.py().import("os.path")?.call_method1("expanduser", (named,))?.extract()
}

/// The same as UTF-8. `hf:ORG/NAME[@REVISION]` is a snapshot in the local cache of the Hugging Face
/// Hub.
pub fn path(value: &Bound<'_, PyAny>) -> PyResult<Utf8PathBuf> {
    let path = Utf8PathBuf::from_path_buf(expanded(value)?)
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

/// A record, or what has one that can be meant: a bundle, or where one is.
pub fn record(value: &Bound<'_, PyAny>) -> PyResult<Record> {
    if let Ok(record) = value.cast::<Record>() {
        return Ok(record.get().clone());
    }
    if let Ok(bundle) = value.cast::<Bundle>() {
        return bundle.get().only(value.py());
    }
    match source(value) {
        Ok(source) => Bundle::read(value.py(), &source)?.only(value.py()),
        Err(error) if error.is_instance_of::<PyTypeError>(value.py()) => {
            Err(expected("a Record, or a bundle with one", value))
        }
        Err(error) => Err(error),
    }
}

/// An amount of money: decimal text, a `Decimal` or an `int`.
pub fn decimal(value: &Bound<'_, PyAny>) -> PyResult<String> {
    if value.is_instance_of::<PyFloat>() {
        let message = "an amount of money is a str or a Decimal: the float 12.4 is not exactly 12.40";
        return Err(PyTypeError::new_err(message));
    }
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(text.to_cow()?.into_owned());
    }
    if value.is_instance_of::<PyInt>() && !value.is_instance_of::<PyBool>() {
        return Ok(value.str()?.to_cow()?.into_owned());
    }
    let class = value.py().import("decimal")?.getattr("Decimal")?;
    if value.is_instance(&class)? {
        // Without an exponent, as the format has amounts.
        return value.call_method1("__format__", ("f",))?.extract();
    }
    Err(expected("an amount as str or Decimal", value))
}

/// Words, one by one or in lists.
pub fn words_of(values: &Bound<'_, PyTuple>) -> PyResult<Vec<String>> {
    let words: Vec<Vec<String>> = values.iter().map(|value| one_or_more(&value)).collect::<PyResult<_>>()?;
    Ok(words.concat())
}

/// A word, or a list of them.
pub fn one_or_more(value: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    match value.cast::<PyString>() {
        Ok(word) => Ok(vec![word.to_cow()?.into_owned()]),
        Err(_) => value.extract().map_err(|_| expected("words as str", value)),
    }
}

/// The bytes of a file that is to be embedded: the bytes themselves, or where they are.
pub fn small_file(value: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    if value.cast::<PyString>().is_ok() || value.hasattr("__fspath__")? {
        let path = existing(value)?;
        if !path.is_file() {
            let failure = Failure::usage("an artifact is a file").at(path.as_str());
            return Err(raise(value.py(), failure.help("`Run.output` records a folder by the digests of its files")));
        }
        // One byte more than there can be room for tells that there is none.
        let mut bytes = Vec::new();
        std::fs::File::open(&path)?.take(MOST_BYTES_IN_ALL + 1).read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    value.extract().map_err(|_| expected("bytes or a path", value))
}

/// The name of a section.
pub fn section_name(py: Python<'_>, name: &str) -> PyResult<SectionName> {
    name.parse().map_err(|error| {
        let failure = Failure::usage(format!("{error}"));
        let full = format!("{name}.json");
        let is_short = full.parse::<SectionName>().is_ok();
        raise(py, if is_short { failure.help(format!("write `{full}`")) } else { failure })
    })
}

/// What a call expects, and what it was given.
pub fn expected(what: &str, value: &Bound<'_, PyAny>) -> PyErr {
    match value.get_type().name() {
        Ok(class) => PyTypeError::new_err(format!("expected {what}, not {class}")),
        Err(error) => error,
    }
}

/// Whom to trust: a signers file, a file of public keys, or a public key itself.
pub fn signers(value: Option<&Bound<'_, PyAny>>) -> PyResult<Option<TrustPolicy>> {
    let Some(value) = value else { return Ok(None) };
    let named = expanded(value).map_err(|_| {
        expected("the path of a signers file, or of one with several public keys (`.keys`), or one public key", value)
    })?;
    open_signers(&named).map(Some).map_err(|error| match &error {
        // As any other file that is not there.
        FileError::Read { source, .. } if source.kind() == ErrorKind::NotFound => {
            existing(value).err().unwrap_or_else(|| raise(value.py(), error))
        }
        _ => raise(value.py(), error),
    })
}

/// A moment: text as RFC 3339 has it, an aware `datetime`, seconds since 1970 as `time.time()` gives
/// them, or now.
pub fn moment(value: Option<&Bound<'_, PyAny>>) -> PyResult<Time> {
    let Some(value) = value else { return Ok(now()) };
    if let Ok(text) = value.cast::<PyString>() {
        let text = text.to_cow()?;
        return text.parse().map_err(|error| {
            let help = "write times like 2026-11-23T09:00:00Z, or give an aware datetime";
            raise(value.py(), Failure::usage(format!("{error}")).help(help))
        });
    }
    if value.is_instance_of::<PyFloat>() || value.is_instance_of::<PyInt>() && !value.is_instance_of::<PyBool>() {
        return seconds(value);
    }
    let timestamp: jiff::Timestamp = value.extract().map_err(|_| {
        let is_naive = value.getattr("tzinfo").is_ok_and(|zone| zone.is_none());
        if is_naive {
            let told = "a datetime without a time zone is a moment nowhere";
            let help = "give an aware one: `datetime.now(timezone.utc)`, or `.astimezone()` of one in local time";
            raise(value.py(), Failure::usage(told).help(help))
        } else {
            expected(MOMENT, value)
        }
    })?;
    Ok(timestamp.into())
}

const MOMENT: &str = "a time like 2026-11-23T09:00:00Z, an aware datetime, or seconds since 1970";

/// Seconds since 1970, to the microsecond: a float has no more of a moment of today.
fn seconds(value: &Bound<'_, PyAny>) -> PyResult<Time> {
    /// The year 9999. Milliseconds of any year since 1978 are more.
    const MOST: f64 = 253_402_300_799.0;
    let seconds: f64 = value.extract()?;
    let moment = jiff::SignedDuration::try_from_secs_f64(seconds)
        .and_then(jiff::Timestamp::from_duration)
        .and_then(|moment| moment.round(jiff::Unit::Microsecond));
    match moment {
        Ok(moment) if seconds.abs() <= MOST => Ok(moment.into()),
        _ => Err(PyValueError::new_err(format!("expected {MOMENT}, not the number {seconds}"))),
    }
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
