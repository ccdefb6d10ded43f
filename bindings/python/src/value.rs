//! JSON as Python has it.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyMapping, PySequence, PyString};
use serde::Serialize;
use serde_json::{Map, Number, Value};

use crate::error::usage;

/// How deep values that Python gives may be nested. The format allows less, and says so.
const DEEPEST: usize = 100;

/// A document of the libraries as dicts and lists.
pub fn document<'py>(py: Python<'py>, document: &impl Serialize) -> PyResult<Bound<'py, PyAny>> {
    let value = serde_json::to_value(document).map_err(|error| usage(py, &error.to_string()))?;
    to_python(py, &value)
}

/// A JSON value as Python has it.
pub fn to_python<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::Null => py.None().into_bound(py),
        Value::Bool(value) => PyBool::new(py, *value).to_owned().into_any(),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => number.into_pyobject(py)?.into_any(),
            (None, Some(number)) => number.into_pyobject(py)?.into_any(),
            (None, None) => PyFloat::new(py, number.as_f64().unwrap_or(f64::NAN)).into_any(),
        },
        Value::String(text) => PyString::new(py, text).into_any(),
        Value::Array(items) => {
            let items = items.iter().map(|item| to_python(py, item)).collect::<PyResult<Vec<_>>>()?;
            PyList::new(py, items)?.into_any()
        }
        Value::Object(members) => {
            let dict = PyDict::new(py);
            for (name, value) in members {
                dict.set_item(name, to_python(py, value)?)?;
            }
            dict.into_any()
        }
    })
}

/// A Python value as JSON. What JSON has no form for is told as Python's `str` tells it, and floats
/// that are not finite by their names, as the format has both.
pub fn from_python(value: &Bound<'_, PyAny>) -> PyResult<Value> {
    convert(value, 0)
}

fn convert(value: &Bound<'_, PyAny>, depth: usize) -> PyResult<Value> {
    if depth > DEEPEST {
        return Err(PyTypeError::new_err(format!("the value is nested more than {DEEPEST} levels deep")));
    }
    if value.is_none() {
        return Ok(Value::Null);
    }
    if let Ok(value) = value.cast::<PyBool>() {
        return Ok(Value::Bool(value.is_true()));
    }
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(Value::String(text.to_cow()?.into_owned()));
    }
    if value.is_instance_of::<PyInt>() {
        return value.extract::<i64>().map_or_else(|_| text(value), |number| Ok(Value::from(number)));
    }
    if value.is_instance_of::<PyFloat>() {
        return Ok(float(value.extract()?));
    }
    if let Ok(mapping) = value.cast::<PyMapping>() {
        let mut members = Map::new();
        for item in mapping.items()? {
            let (name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
            members.insert(name.str()?.to_cow()?.into_owned(), convert(&value, depth + 1)?);
        }
        return Ok(Value::Object(members));
    }
    if let Ok(sequence) = value.cast::<PySequence>() {
        let items = sequence.try_iter()?.map(|item| convert(&item?, depth + 1));
        return items.collect::<PyResult<Vec<_>>>().map(Value::Array);
    }
    // Scalars of NumPy, PyTorch and others.
    if let Ok(number) = value.call_method0("item")
        && !number.is(value)
        && depth < DEEPEST
    {
        return convert(&number, DEEPEST);
    }
    text(value)
}

fn text(value: &Bound<'_, PyAny>) -> PyResult<Value> {
    Ok(Value::String(value.str()?.to_cow()?.into_owned()))
}

fn float(number: f64) -> Value {
    Number::from_f64(number).map_or_else(
        || {
            Value::String(
                if number.is_nan() {
                    "NaN"
                } else if number > 0.0 {
                    "Infinity"
                } else {
                    "-Infinity"
                }
                .into(),
            )
        },
        Value::Number,
    )
}
