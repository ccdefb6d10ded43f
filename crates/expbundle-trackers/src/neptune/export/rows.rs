//! Rows of the exporter's Parquet.

use camino::Utf8Path;

use super::row::Row;
use crate::parquet_rows::{self, Field};

/// Gives each row to `take`, until that is `false`. What is wrong is said in words.
pub(super) fn read(path: &Utf8Path, take: &mut dyn FnMut(Row) -> bool) -> Result<(), String> {
    parquet_rows::rows(path, &mut |cells| {
        let mut row = Row::default();
        for (name, field) in cells {
            put(&mut row, &name, field);
        }
        take(row)
    })
}

fn put(row: &mut Row, column: &str, field: Field) {
    match (column, field) {
        ("project_id", Field::Str(text)) => row.project = Some(text),
        ("run_id", Field::Str(text)) => row.run = Some(text),
        ("attribute_path", Field::Str(text)) => row.path = Some(text),
        ("attribute_type", Field::Str(text)) => row.kind = Some(text),
        // The library writes decimals as text: six digits behind the point.
        ("step", field @ Field::Decimal(_)) => row.step = field.to_string().parse().ok(),
        ("timestamp", Field::TimestampMillis(time)) => row.time_ms = Some(time),
        ("timestamp", Field::TimestampMicros(time)) => row.time_ms = Some(time.div_euclid(1000)),
        ("int_value", Field::Long(value)) => row.integer = Some(value),
        ("float_value", Field::Double(value)) => row.float = Some(value),
        ("string_value", Field::Str(text)) => row.text = Some(text),
        ("bool_value", Field::Bool(value)) => row.boolean = Some(value),
        ("datetime_value", Field::TimestampMillis(time)) => row.date_ms = Some(time),
        ("datetime_value", Field::TimestampMicros(time)) => row.date_ms = Some(time.div_euclid(1000)),
        ("string_set_value", Field::ListInternal(list)) => {
            row.set = Some(list.elements().iter().filter_map(text).collect());
        }
        ("file_value", Field::Group(group)) => {
            let mut members = group.get_column_iter();
            row.file = members.find(|(name, _)| *name == "path").and_then(|(_, path)| text(path));
        }
        ("histogram_value", Field::Group(group)) => row.histogram = Some(histogram(&group)),
        _ => {}
    }
}

fn text(field: &Field) -> Option<String> {
    match field {
        Field::Str(text) => Some(text.clone()),
        _ => None,
    }
}

fn histogram(group: &parquet::record::Row) -> (String, Vec<f64>, Vec<f64>) {
    let mut histogram = (String::new(), Vec::new(), Vec::new());
    for (name, field) in group.get_column_iter() {
        match (name.as_str(), field) {
            ("type", Field::Str(kind)) => kind.clone_into(&mut histogram.0),
            ("edges", Field::ListInternal(list)) => histogram.1 = doubles(list.elements()),
            ("values", Field::ListInternal(list)) => histogram.2 = doubles(list.elements()),
            _ => {}
        }
    }
    histogram
}

fn doubles(fields: &[Field]) -> Vec<f64> {
    let double = |field: &Field| match field {
        Field::Double(value) => *value,
        _ => f64::NAN,
    };
    fields.iter().map(double).collect()
}
