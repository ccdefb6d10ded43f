//! Writes and reads the profile with the `parquet` crate: a second implementation that knows none
//! of our code.
//!
//! It writes rows in the order in which it gets them, so it also makes the files that a reader must
//! refuse. Its LZ4 blocks are those of `lz4_flex`, which takes other matches: apart from them its
//! files are those of the profile, or our reader would refuse them.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::sync::Arc;

use bytes::Bytes;
use expbundle_series::{CREATED_BY, SALT_KEY};
use parquet::basic::{Compression, Encoding};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder, WriterVersion};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::record::Field;
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::ColumnPath;

/// A row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    pub key: Vec<u8>,
    pub step: Option<i64>,
    /// In microseconds.
    pub time: Option<i64>,
    /// In files that have the column.
    pub nanoseconds: Option<i32>,
    pub value: Option<f64>,
    pub text: Option<Vec<u8>>,
}

/// `WriterProperties` of the profile.
pub fn properties(salt: Option<&str>) -> WriterPropertiesBuilder {
    let metadata = salt.map(|salt| vec![KeyValue::new(SALT_KEY.to_owned(), salt.to_owned())]);
    let mut builder = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_created_by(CREATED_BY.to_owned())
        .set_compression(Compression::LZ4_RAW)
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true)
        .set_max_row_group_row_count(Some(1 << 20))
        .set_max_row_group_bytes(None)
        .set_data_page_row_count_limit(1 << 16)
        .set_data_page_size_limit(1 << 30)
        .set_dictionary_page_size_limit(1 << 30)
        // The row limit of pages is looked at once for each batch.
        .set_write_batch_size(1 << 16)
        .set_key_value_metadata(metadata);
    for column in ["key", "stream"] {
        builder = builder.set_column_dictionary_enabled(ColumnPath::from(column), true);
    }
    for column in ["step", "time", "nanoseconds"] {
        builder = builder.set_column_encoding(ColumnPath::from(column), Encoding::DELTA_BINARY_PACKED);
    }
    for column in ["text", "line"] {
        builder = builder.set_column_encoding(ColumnPath::from(column), Encoding::DELTA_LENGTH_BYTE_ARRAY);
    }
    builder.set_column_encoding(ColumnPath::from("value"), Encoding::BYTE_STREAM_SPLIT)
}

/// The schema of metrics and telemetry.
pub fn schema(fine: bool) -> String {
    let nanoseconds = if fine { "OPTIONAL INT32 nanoseconds;" } else { "" };
    format!(
        "message series {{
            REQUIRED BYTE_ARRAY key (STRING);
            OPTIONAL INT64 step;
            OPTIONAL INT64 time (TIMESTAMP(MICROS, true));
            {nanoseconds}
            OPTIONAL DOUBLE value;
            OPTIONAL BYTE_ARRAY text (STRING);
        }}"
    )
}

/// Writes row groups as they are given. The file has nanoseconds if a row has.
pub fn write(groups: &[&[Row]], salt: Option<&str>) -> Vec<u8> {
    let fine = groups.iter().copied().flatten().any(|row| row.nanoseconds.is_some());
    write_as(groups, &schema(fine), properties(salt))
}

/// Writes row groups of pages of so many rows.
pub fn write_pages(groups: &[&[Row]], rows: usize) -> Vec<u8> {
    write_as(groups, &schema(false), properties(None).set_data_page_row_count_limit(rows).set_write_batch_size(rows))
}

pub fn write_as(groups: &[&[Row]], schema: &str, properties: WriterPropertiesBuilder) -> Vec<u8> {
    let has_nanoseconds = schema.contains("nanoseconds");
    let schema = Arc::new(parse_message_type(schema).expect("a schema"));
    let mut file = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut file, schema, Arc::new(properties.build())).expect("a writer");
    for rows in groups {
        let mut group = writer.next_row_group().expect("a row group");
        let bytes = |text: &Vec<u8>| ByteArray::from(text.clone());
        let keys: Vec<ByteArray> = rows.iter().map(|row| bytes(&row.key)).collect();
        column::<ByteArrayType>(&mut group, &keys, None);
        optional::<Int64Type>(&mut group, rows, |row| row.step);
        optional::<Int64Type>(&mut group, rows, |row| row.time);
        if has_nanoseconds {
            optional::<Int32Type>(&mut group, rows, |row| row.nanoseconds);
        }
        optional::<DoubleType>(&mut group, rows, |row| row.value);
        optional::<ByteArrayType>(&mut group, rows, |row| row.text.as_ref().map(bytes));
        group.close().expect("a row group");
    }
    writer.close().expect("a file");
    file
}

fn optional<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, &mut Vec<u8>>,
    rows: &[Row],
    cell: impl Fn(&Row) -> Option<T::T>,
) {
    let levels: Vec<i16> = rows.iter().map(|row| i16::from(cell(row).is_some())).collect();
    let values: Vec<T::T> = rows.iter().filter_map(cell).collect();
    column::<T>(group, &values, Some(&levels));
}

fn column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, &mut Vec<u8>>,
    values: &[T::T],
    levels: Option<&[i16]>,
) {
    let mut column = group.next_column().expect("a column").expect("one more");
    column.typed::<T>().write_batch(values, levels, None).expect("values");
    column.close().expect("a column");
}

/// Reads every row of a file.
pub fn read(file: Vec<u8>) -> Vec<Row> {
    let reader = SerializedFileReader::new(Bytes::from(file)).expect("Parquet");
    reader.get_row_iter(None).expect("rows").map(|row| row_of(row.expect("a row").into_columns())).collect()
}

fn row_of(columns: Vec<(String, Field)>) -> Row {
    let mut row = Row::default();
    for (name, field) in columns {
        match (name.as_str(), field) {
            ("key", Field::Str(key)) => row.key = key.into_bytes(),
            ("step", Field::Long(step)) => row.step = Some(step),
            ("time", Field::TimestampMicros(time)) => row.time = Some(time),
            ("nanoseconds", Field::Int(nanoseconds)) => row.nanoseconds = Some(nanoseconds),
            ("value", Field::Double(value)) => row.value = Some(value),
            ("text", Field::Str(text)) => row.text = Some(text.into_bytes()),
            (_, Field::Null) => {}
            (name, field) => panic!("{name} is {field:?}"),
        }
    }
    row
}
