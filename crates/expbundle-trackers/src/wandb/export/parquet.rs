//! Histories as Parquet.

use camino::Utf8Path;

use super::super::value::Value;
use crate::parquet_rows::{self, Field};

/// Gives each row to `take`. What is wrong is said in words; rows before that were given.
pub(super) fn rows(path: &Utf8Path, take: &mut dyn FnMut(Vec<(String, Value)>)) -> Result<(), String> {
    parquet_rows::rows(path, &mut |row| {
        take(row.into_iter().map(|(name, field)| (name, value(field))).collect());
        true
    })
}

fn value(field: Field) -> Value {
    match field {
        Field::Null => Value::Null,
        Field::Bool(value) => Value::Bool(value),
        Field::Byte(value) => Value::Integer(value.to_string()),
        Field::Short(value) => Value::Integer(value.to_string()),
        Field::Int(value) => Value::Integer(value.to_string()),
        Field::Long(value) => Value::Integer(value.to_string()),
        Field::UByte(value) => Value::Integer(value.to_string()),
        Field::UShort(value) => Value::Integer(value.to_string()),
        Field::UInt(value) => Value::Integer(value.to_string()),
        Field::ULong(value) => Value::Integer(value.to_string()),
        Field::Float(value) => Value::Float(value.into()),
        Field::Double(value) => Value::Float(value),
        Field::Str(text) => Value::Text(text),
        Field::Bytes(bytes) => Value::Text(String::from_utf8_lossy(bytes.data()).into_owned()),
        Field::Group(row) => {
            Value::Object(Box::new(row.into_columns().into_iter().map(|(name, field)| (name, value(field))).collect()))
        }
        Field::ListInternal(list) => Value::List(list.elements().iter().cloned().map(value).collect()),
        // Dates, decimals and the like: as the library writes them.
        other => Value::Text(other.to_string()),
    }
}
