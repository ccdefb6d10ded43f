//! The numbers of the profile: what every writer does alike (spec/sections-parquet.md).

use std::sync::Arc;

use parquet::basic::{Compression, Encoding};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::{ColumnPath, Type};

use crate::unit::Unit;

/// What every file names as its maker: the profile, not a program.
pub const CREATED_BY: &str = "expbundle 1";
/// The key of the salt of a blinded section, in the file's key-value metadata.
pub const SALT_KEY: &str = "expbundle.salt";

/// Rows of a row group.
pub const GROUP_ROWS: usize = 1 << 20;
/// Rows of a page.
pub const PAGE_ROWS: usize = 1 << 16;
/// Larger than any dictionary or page, so that only the number of rows ends them.
const NO_LIMIT_BYTES: usize = 1 << 30;

/// The schema of metrics and telemetry.
pub fn series_schema(unit: Unit) -> Result<Arc<Type>, ParquetError> {
    let text = format!(
        "message series {{
            REQUIRED BYTE_ARRAY key (STRING);
            OPTIONAL INT64 step;
            OPTIONAL INT64 time (TIMESTAMP({}, true));
            OPTIONAL DOUBLE value;
            OPTIONAL BYTE_ARRAY text (STRING);
        }}",
        unit.parquet_name()
    );
    parse_message_type(&text).map(Arc::new)
}

/// The schema of console output.
pub fn console_schema(unit: Unit) -> Result<Arc<Type>, ParquetError> {
    let text = format!(
        "message console {{
            OPTIONAL INT64 time (TIMESTAMP({}, true));
            REQUIRED BYTE_ARRAY stream (STRING);
            REQUIRED BYTE_ARRAY line (STRING);
        }}",
        unit.parquet_name()
    );
    parse_message_type(&text).map(Arc::new)
}

/// How columns are written: `key` and `stream` by dictionary, `step` and `time` as packed differences, the rest plain.
pub fn properties(salt: Option<&[u8; 32]>) -> WriterProperties {
    let metadata = salt.map(|salt| {
        let hex = salt.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        vec![KeyValue::new(SALT_KEY.to_owned(), hex)]
    });
    let mut builder = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_created_by(CREATED_BY.to_owned())
        .set_compression(Compression::UNCOMPRESSED)
        .set_dictionary_enabled(false)
        .set_encoding(Encoding::PLAIN)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true)
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .set_max_row_group_bytes(None)
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_data_page_size_limit(NO_LIMIT_BYTES)
        .set_dictionary_page_size_limit(NO_LIMIT_BYTES)
        // The row limit of pages is looked at once for each batch.
        .set_write_batch_size(PAGE_ROWS)
        .set_key_value_metadata(metadata);
    for column in ["key", "stream"] {
        builder = builder.set_column_dictionary_enabled(ColumnPath::from(column), true);
    }
    for column in ["step", "time"] {
        builder = builder.set_column_encoding(ColumnPath::from(column), Encoding::DELTA_BINARY_PACKED);
    }
    builder.build()
}
