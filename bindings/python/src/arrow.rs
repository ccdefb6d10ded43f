//! Tables of other packages, by Arrow's C stream interface.

use arrow_array::cast::AsArray;
use arrow_array::ffi_stream::{FFI_ArrowArrayStream, RecordBatchStreamReader};
use arrow_array::types::{
    Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type,
    UInt64Type,
};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, RecordBatch, RecordBatchReader};
use arrow_schema::{DataType, SchemaRef, TimeUnit};
use expbundle_convert::table::{Cell, NO_OFFSET, Row, Rows, TableError, WhyPassedOver};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use crate::work::work;

/// The name that the interface gives its capsules.
const STREAM: &std::ffi::CStr = c"arrow_array_stream";

/// The rows of a table that another package holds.
pub struct Batches {
    names: Vec<String>,
    batches: Vec<RecordBatch>,
}

impl Batches {
    /// The rows of anything with `__arrow_c_stream__`.
    pub fn of(table: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = table.py();
        if !table.hasattr("__arrow_c_stream__")? {
            let class = table.get_type().name()?;
            return Err(PyTypeError::new_err(format!(
                "expected a table with Arrow's C stream interface (pyarrow, polars, pandas 2.2, duckdb, …), not {class}"
            )));
        }
        let capsule = table.call_method0("__arrow_c_stream__")?;
        let reader = reader(capsule.cast::<PyCapsule>()?)?;
        let schema = reader.schema();
        // Its producer may run code of Python in threads of its own.
        let read = work(py, |_| reader.collect::<Result<Vec<RecordBatch>, _>>())?;
        let batches = read.map_err(|error| PyValueError::new_err(format!("the table cannot be read: {error}")))?;
        Ok(Self { names: names(&schema), batches })
    }
}

/// Takes the stream out of a capsule.
fn reader(capsule: &Bound<'_, PyCapsule>) -> PyResult<RecordBatchStreamReader> {
    let pointer = capsule.pointer_checked(Some(STREAM))?.cast::<FFI_ArrowArrayStream>();
    // A capsule of this name points to such a stream until it is dropped, and whoever takes the
    // stream leaves an empty one (the Arrow PyCapsule interface). That it keeps the C stream
    // interface is the word of its package, as with every native module.
    #[expect(unsafe_code, reason = "the interface is a pointer")]
    let stream = unsafe { FFI_ArrowArrayStream::from_raw(pointer.as_ptr()) };
    RecordBatchStreamReader::try_new(stream).map_err(|error| PyValueError::new_err(format!("no table: {error}")))
}

fn names(schema: &SchemaRef) -> Vec<String> {
    schema.fields().iter().map(|field| field.name().clone()).collect()
}

impl Rows for Batches {
    fn columns(&self) -> &[String] {
        &self.names
    }

    fn passed_over(&self) -> Vec<(String, WhyPassedOver)> {
        Vec::new()
    }

    fn rows(self: Box<Self>, take: &mut dyn FnMut(&[String], &Row) -> bool) -> Result<(), TableError> {
        let mut row = Row::default();
        for batch in &self.batches {
            let columns: Vec<Column<'_>> = batch.columns().iter().map(Column::of).collect();
            for index in 0..batch.num_rows() {
                row.next();
                for (number, column) in columns.iter().enumerate() {
                    column.push(index, number, &mut row);
                }
                if !take(&self.names, &row) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// A column of a batch, and how a value of it becomes a cell.
struct Column<'a> {
    array: &'a dyn Array,
    cell: Box<dyn Fn(usize) -> Cell<'a> + 'a>,
}

impl<'a> Column<'a> {
    fn of(array: &'a ArrayRef) -> Self {
        Self { array, cell: cells(array) }
    }

    fn push(&self, index: usize, number: usize, row: &mut Row) {
        if !self.array.is_null(index) {
            let cell = (self.cell)(index);
            // A null in a dictionary of values is an empty cell too.
            if cell != Cell::Other("") {
                row.push(number, cell);
            }
        }
    }
}

/// Numbers, each by what makes a cell of it.
fn numbers<'a, T: ArrowPrimitiveType>(
    array: &'a dyn Array,
    cell: impl Fn(T::Native) -> Cell<'a> + 'a,
) -> Box<dyn Fn(usize) -> Cell<'a> + 'a> {
    let values = array.as_primitive::<T>();
    Box::new(move |index| cell(values.value(index)))
}

/// Times, by the nanoseconds of their unit.
fn times<'a, T: ArrowPrimitiveType<Native = i64>>(
    array: &'a dyn Array,
    each: i64,
) -> Box<dyn Fn(usize) -> Cell<'a> + 'a> {
    let cell = move |value: i64| value.checked_mul(each).map_or(Cell::Other("a time centuries away"), Cell::Time);
    numbers::<T>(array, cell)
}

fn cells<'a>(array: &'a dyn Array) -> Box<dyn Fn(usize) -> Cell<'a> + 'a> {
    let integer = Cell::Integer;
    match array.data_type() {
        DataType::Float64 => numbers::<Float64Type>(array, Cell::Float),
        DataType::Float32 => numbers::<Float32Type>(array, |value| Cell::Float(value.into())),
        DataType::Float16 => numbers::<Float16Type>(array, |value| Cell::Float(value.to_f64())),
        DataType::Int64 => numbers::<Int64Type>(array, integer),
        DataType::Int32 => numbers::<Int32Type>(array, move |value| integer(value.into())),
        DataType::Int16 => numbers::<Int16Type>(array, move |value| integer(value.into())),
        DataType::Int8 => numbers::<Int8Type>(array, move |value| integer(value.into())),
        DataType::UInt32 => numbers::<UInt32Type>(array, move |value| integer(value.into())),
        DataType::UInt16 => numbers::<UInt16Type>(array, move |value| integer(value.into())),
        DataType::UInt8 => numbers::<UInt8Type>(array, move |value| integer(value.into())),
        DataType::UInt64 => {
            let beyond = Cell::Other("an integer of more than 63 bits");
            numbers::<UInt64Type>(array, move |value| i64::try_from(value).map_or(beyond, Cell::Integer))
        }
        DataType::Boolean => {
            let values = array.as_boolean();
            Box::new(move |index| Cell::Bool(values.value(index)))
        }
        DataType::Utf8 => {
            let values = array.as_string::<i32>();
            Box::new(move |index| Cell::Text(values.value(index)))
        }
        DataType::LargeUtf8 => {
            let values = array.as_string::<i64>();
            Box::new(move |index| Cell::Text(values.value(index)))
        }
        DataType::Utf8View => {
            let values = array.as_string_view();
            Box::new(move |index| Cell::Text(values.value(index)))
        }
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            let (keys, values) = (dictionary.normalized_keys(), dictionary.values());
            let cell = cells(values.as_ref());
            Box::new(move |index| match keys.get(index) {
                Some(key) if !values.is_null(*key) => cell(*key),
                _ => Cell::Other(""),
            })
        }
        DataType::Timestamp(_, None) => Box::new(|_| Cell::Other(NO_OFFSET)),
        DataType::Timestamp(TimeUnit::Second, _) => times::<TimestampSecondType>(array, 1_000_000_000),
        DataType::Timestamp(TimeUnit::Millisecond, _) => times::<TimestampMillisecondType>(array, 1_000_000),
        DataType::Timestamp(TimeUnit::Microsecond, _) => times::<TimestampMicrosecondType>(array, 1_000),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => times::<TimestampNanosecondType>(array, 1),
        _ => Box::new(|_| Cell::Other("a value of another kind")),
    }
}
