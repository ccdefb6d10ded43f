//! In place of rows in builds that read no Parquet: there is never one.

use camino::Utf8Path;

use super::row::Row;

pub(super) fn read(_: &Utf8Path, _: &mut dyn FnMut(Row) -> bool) -> Result<(), String> {
    Err("this build reads no Parquet: it lacks the feature `parquet`".to_owned())
}
