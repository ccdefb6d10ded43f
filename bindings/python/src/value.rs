//! JSON and the values of parameters as Python has them.

use expbundle_format::number::{Number, typed};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyMapping, PySequence, PyString};
use serde::Serialize;
use serde_json::{Map, Value};

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

/// A Python value as a section has it: floats that are not finite by their names, and other numbers
/// that JSON has no form for as their texts.
pub fn from_python(value: &Bound<'_, PyAny>) -> PyResult<Value> {
    convert(value, Form::Plain, 0)
}

/// A Python value as a typed tree (spec/json.md), which keeps floats that are not finite and
/// integers of any length.
pub fn typed_from_python(value: &Bound<'_, PyAny>) -> PyResult<Value> {
    convert(value, Form::Typed, 0)
}

/// A typed tree as Python had it.
pub fn typed_to_python<'py>(py: Python<'py>, tree: &Value) -> PyResult<Bound<'py, PyAny>> {
    match tree {
        Value::Array(items) => {
            let items = items.iter().map(|item| typed_to_python(py, item)).collect::<PyResult<Vec<_>>>()?;
            Ok(PyList::new(py, items)?.into_any())
        }
        Value::Object(members) => match typed::wrapped(tree).and_then(|text| unwrapped(py, members, text)) {
            Some(value) => value,
            None => object_to_python(py, members),
        },
        other => to_python(py, other),
    }
}

/// What a wrapper stands for; `None` if its text is not one.
fn unwrapped<'py>(py: Python<'py>, members: &Map<String, Value>, text: &str) -> Option<PyResult<Bound<'py, PyAny>>> {
    if members.contains_key("$integer") {
        return typed::integer(text).map(|_| py.get_type::<PyInt>().call1((text,)));
    }
    if members.contains_key("$float") {
        let number = Number::try_from(Value::from(text)).ok()?.0;
        return Some(Ok(PyFloat::new(py, number).into_any()));
    }
    serde_json::from_str::<Value>(text).ok().map(|value| to_python(py, &value))
}

fn object_to_python<'py>(py: Python<'py>, members: &Map<String, Value>) -> PyResult<Bound<'py, PyAny>> {
    let dict = PyDict::new(py);
    for (name, value) in members {
        let is_escaped = members.len() == 1 && name.starts_with("$$");
        dict.set_item(name.get(usize::from(is_escaped)..).unwrap_or(name), typed_to_python(py, value)?)?;
    }
    Ok(dict.into_any())
}

/// How values are written that JSON has no form for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    Typed,
}

impl Form {
    fn float(self, number: f64) -> Value {
        if self == Self::Typed { typed::float(number) } else { Number(number).into() }
    }

    fn integer(self, value: &Bound<'_, PyAny>) -> PyResult<Value> {
        match value.extract::<i64>() {
            Ok(number) if self == Self::Plain => Ok(Value::from(number)),
            _ => {
                // Not `str` of a subclass, such as an `IntEnum`.
                let digits = value.py().get_type::<PyInt>().call_method1("__repr__", (value,))?;
                let digits = digits.extract::<String>()?;
                Ok(typed::integer(&digits).filter(|_| self == Self::Typed).unwrap_or(Value::String(digits)))
            }
        }
    }

    fn object(self, members: Map<String, Value>) -> Value {
        if self == Self::Typed { typed::object(members) } else { Value::Object(members) }
    }
}

fn convert(value: &Bound<'_, PyAny>, form: Form, depth: usize) -> PyResult<Value> {
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
        return form.integer(value);
    }
    if value.is_instance_of::<PyFloat>() {
        return Ok(form.float(value.extract()?));
    }
    if let Ok(mapping) = value.cast::<PyMapping>() {
        if form == Form::Typed && depth == typed::MOST_LEVELS as usize {
            return Ok(typed::text(&convert(value, Form::Plain, depth)?.to_string()));
        }
        let mut members = Map::new();
        for item in mapping.items()? {
            let (name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
            members.insert(name.str()?.to_cow()?.into_owned(), convert(&value, form, depth + 1)?);
        }
        return Ok(form.object(members));
    }
    if let Ok(sequence) = value.cast::<PySequence>() {
        if form == Form::Typed && depth == typed::MOST_LEVELS as usize {
            return Ok(typed::text(&convert(value, Form::Plain, depth)?.to_string()));
        }
        let items = sequence.try_iter()?.map(|item| convert(&item?, form, depth + 1));
        return items.collect::<PyResult<Vec<_>>>().map(Value::Array);
    }
    match numbers(value) {
        Some(numbers) => convert(&numbers, form, depth + 1),
        None => Ok(Value::String(value.str()?.to_cow()?.into_owned())),
    }
}

/// Arrays and scalars of NumPy, PyTorch and others as lists and numbers of Python.
fn numbers<'py>(value: &Bound<'py, PyAny>) -> Option<Bound<'py, PyAny>> {
    let is_plain = |told: &Bound<'py, PyAny>| {
        told.is_instance_of::<PyList>()
            || told.is_instance_of::<PyFloat>()
            || told.is_instance_of::<PyInt>()
            || told.is_instance_of::<PyString>()
    };
    ["tolist", "item"].iter().find_map(|name| value.call_method0(*name).ok().filter(is_plain))
}
