//! Damaged Parquet of other programs. By itself, since the library panics where a promise is broken,
//! and the test keeps that quiet.

use std::io::{Seek as _, SeekFrom, Write as _};
use std::sync::Arc;

use expbundle_convert::table::{Columns, Table, points};
use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

fn whole(is_version_2: bool) -> Vec<u8> {
    let schema = "message table { required binary key (UTF8); optional int64 step; optional double value; }";
    let schema = Arc::new(parse_message_type(schema).expect("a schema"));
    let version = if is_version_2 {
        parquet::file::properties::WriterVersion::PARQUET_2_0
    } else {
        parquet::file::properties::WriterVersion::PARQUET_1_0
    };
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).set_writer_version(version);
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, Arc::new(properties.build())).expect("a writer");
    let mut group = writer.next_row_group().expect("a group");
    let mut column = group.next_column().expect("a column").expect("there");
    column.typed::<ByteArrayType>().write_batch(&vec![ByteArray::from("loss"); 8], None, None).expect("memory");
    column.close().expect("memory");
    let mut column = group.next_column().expect("a column").expect("there");
    column.typed::<Int64Type>().write_batch(&[0, 1, 2, 3, 4, 5, 6, 7], Some(&[1; 8]), None).expect("memory");
    column.close().expect("memory");
    let mut column = group.next_column().expect("a column").expect("there");
    column.typed::<DoubleType>().write_batch(&[0.5; 7], Some(&[1, 1, 0, 1, 1, 1, 1, 1]), None).expect("memory");
    column.close().expect("memory");
    group.close().expect("memory");
    writer.close().expect("memory");
    bytes
}

/// Gives how many points it has, if it is read.
fn read(bytes: &[u8]) -> Option<u64> {
    let mut file = tempfile::tempfile().expect("room");
    file.write_all(bytes).expect("room");
    file.seek(SeekFrom::Start(0)).expect("a file");
    points(Table::open(file).ok()?, &Columns::default(), &mut |_, _| Ok(())).ok().map(|reading| reading.points)
}

/// Every byte changed, and every beginning of the file: points or an error.
#[test]
fn damaged_files_are_refused_or_read() {
    std::panic::set_hook(Box::new(|_| {}));
    for whole in [whole(false), whole(true)] {
        assert_eq!(read(&whole), Some(7));
        for position in 0..whole.len() {
            for change in [0x01, 0x10, 0x80, 0xff] {
                let mut damaged = whole.clone();
                if let Some(byte) = damaged.get_mut(position) {
                    *byte ^= change;
                }
                assert!(read(&damaged).is_none_or(|points| points <= 8), "byte {position}");
            }
            assert_eq!(read(whole.get(..position).unwrap_or_default()), None);
        }
    }
    let _ = std::panic::take_hook();
}
