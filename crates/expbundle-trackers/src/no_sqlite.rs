//! In place of databases in builds that read no SQLite: none can be opened, so none is ever read.

use std::convert::Infallible;
use std::marker::PhantomData;

use camino::Utf8Path;
use serde_json::{Map, Value};

use crate::finding::SourceFinding;

/// Why a database cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("this build reads no SQLite: it lacks the feature `sqlite`")]
pub(crate) struct DatabaseError;

#[derive(Debug)]
pub(crate) struct Database(Infallible);

impl Database {
    pub fn open(_: &Utf8Path, _: &[&str]) -> Result<Self, DatabaseError> {
        Err(DatabaseError)
    }

    pub fn has(&self, _: &str, _: &[&str]) -> bool {
        match self.0 {}
    }

    pub fn has_cut_log(&self) -> bool {
        match self.0 {}
    }

    pub fn others(&self) -> &[String] {
        match self.0 {}
    }

    pub fn read<T>(&self, _: impl FnOnce(&Reader<'_>) -> T) -> Result<T, DatabaseError> {
        match self.0 {}
    }
}

pub(crate) struct Reader<'a>(Infallible, PhantomData<&'a ()>);

impl Reader<'_> {
    pub fn has(&self, _: &str, _: &[&str]) -> bool {
        match self.0 {}
    }

    pub fn columns<const N: usize>(&self, _: &str, _: [&'static str; N]) -> (Vec<&'static str>, [usize; N]) {
        match self.0 {}
    }

    pub fn rows(&self, _: &str, _: &[(&str, &str)], _: &mut Vec<SourceFinding>) -> Vec<Map<String, Value>> {
        match self.0 {}
    }

    pub fn fold<T>(
        &self,
        _: &str,
        _: &[&str],
        _: &[(&str, &str)],
        _: &mut Vec<SourceFinding>,
        _: impl Fn() -> T,
        _: impl FnMut(&mut T, Row<'_>),
    ) -> T {
        match self.0 {}
    }

    pub fn stream(
        &self,
        _: &str,
        _: &[&str],
        _: &[(&str, &str)],
        _: &mut Vec<SourceFinding>,
        _: impl FnMut(i64, Row<'_>),
    ) {
        match self.0 {}
    }

    pub fn groups(&self, _: &str, _: &[&str], _: &str, _: &mut Vec<SourceFinding>) -> Vec<Group> {
        match self.0 {}
    }

    pub fn count(&self, _: &str, _: &str) -> Option<u64> {
        match self.0 {}
    }
}

pub(crate) struct Group {
    pub names: Vec<Option<String>>,
    pub first: Option<String>,
}

#[derive(Clone, Copy)]
pub(crate) struct Row<'a>(Infallible, PhantomData<&'a ()>);

#[allow(dead_code, reason = "which of them are called depends on the features")]
impl<'a> Row<'a> {
    pub fn str(self, _: usize) -> Option<&'a str> {
        match self.0 {}
    }

    pub fn text(self, _: usize) -> Option<String> {
        match self.0 {}
    }

    pub fn bytes(self, _: usize) -> Option<&'a [u8]> {
        match self.0 {}
    }

    pub fn integer(self, _: usize) -> Option<i64> {
        match self.0 {}
    }

    pub fn float(self, _: usize) -> Option<f64> {
        match self.0 {}
    }
}
