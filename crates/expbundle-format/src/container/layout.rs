//! The fixed numbers of the layout, for writer and reader alike (spec/container.md, "Layout").

/// Name of the first entry.
pub const MIMETYPE_NAME: &str = "mimetype";
/// Content of the first entry: the media type of bundles, major version 1.
pub const MIMETYPE: &str = "application/vnd.expbundle.v1+zip";

pub const LOCAL_SIGNATURE: u32 = 0x0403_4b50;
pub const CENTRAL_SIGNATURE: u32 = 0x0201_4b50;
pub const END_SIGNATURE: u32 = 0x0605_4b50;
pub const END64_SIGNATURE: u32 = 0x0606_4b50;
pub const LOCATOR64_SIGNATURE: u32 = 0x0706_4b50;

pub const LOCAL_BYTES: u64 = 30;
pub const CENTRAL_BYTES: u64 = 46;
pub const END_BYTES: u64 = 22;
pub const END64_BYTES: u64 = 56;

/// "Version needed": 1.0 for a stored entry, 4.5 where ZIP64 is used.
pub const VERSION: u16 = 10;
pub const VERSION_ZIP64: u16 = 45;
/// "Version made by", upper byte: Unix, so that the attributes are a file mode.
pub const MADE_BY_UNIX: u16 = 3 << 8;
/// 1980-01-01 in the DOS date of ZIP; the time is 0.
pub const DATE: u16 = 0x0021;
/// A plain file, readable by all: `0100644` in the upper half.
pub const ATTRIBUTES: u32 = 0o100_644 << 16;

/// A 32-bit field of this value says that ZIP64 holds the real one.
pub const FULL_32: u32 = 0xffff_ffff;
/// A 16-bit field of this value says that ZIP64 holds the real one.
pub const FULL_16: u16 = 0xffff;
/// Tag of the ZIP64 extra field.
pub const EXTRA_ZIP64: u16 = 0x0001;

/// What a 32-bit field holds for a value, and whether ZIP64 must hold the value itself.
///
/// `0xFFFFFFFF` is never a value: where it would be one, ZIP64 is used.
pub fn narrow(value: u64) -> (u32, bool) {
    match u32::try_from(value) {
        Ok(small) if small < FULL_32 => (small, false),
        _ => (FULL_32, true),
    }
}

/// What the fields of one entry's headers hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fields {
    pub crc32: u32,
    pub size: u64,
    pub offset: u64,
}

impl Fields {
    /// The local header, with name and extra field.
    pub fn local(&self, name: &str) -> Vec<u8> {
        let (size, large) = narrow(self.size);
        let mut bytes = Vec::with_capacity(160);
        bytes.extend(LOCAL_SIGNATURE.to_le_bytes());
        bytes.extend(if large { VERSION_ZIP64 } else { VERSION }.to_le_bytes());
        self.middle(&mut bytes, size);
        bytes.extend(name_length(name));
        bytes.extend(if large { 20_u16 } else { 0 }.to_le_bytes());
        bytes.extend(name.as_bytes());
        if large {
            bytes.extend(EXTRA_ZIP64.to_le_bytes());
            bytes.extend(16_u16.to_le_bytes());
            bytes.extend(self.size.to_le_bytes());
            bytes.extend(self.size.to_le_bytes());
        }
        bytes
    }

    /// The central header, with name and extra field.
    pub fn central(&self, name: &str) -> Vec<u8> {
        let (size, large) = narrow(self.size);
        let (offset, far) = narrow(self.offset);
        let version = if large || far { VERSION_ZIP64 } else { VERSION };
        let extra_values = u16::from(large) * 2 + u16::from(far);
        let extra_bytes = if extra_values > 0 { 4 + extra_values * 8 } else { 0 };
        let mut bytes = Vec::with_capacity(160);
        bytes.extend(CENTRAL_SIGNATURE.to_le_bytes());
        bytes.extend((MADE_BY_UNIX | version).to_le_bytes());
        bytes.extend(version.to_le_bytes());
        self.middle(&mut bytes, size);
        bytes.extend(name_length(name));
        bytes.extend(extra_bytes.to_le_bytes());
        // Comment length, disk, internal attributes.
        bytes.extend([0; 6]);
        bytes.extend(ATTRIBUTES.to_le_bytes());
        bytes.extend(offset.to_le_bytes());
        bytes.extend(name.as_bytes());
        if extra_values > 0 {
            bytes.extend(EXTRA_ZIP64.to_le_bytes());
            bytes.extend((extra_values * 8).to_le_bytes());
            if large {
                bytes.extend(self.size.to_le_bytes());
                bytes.extend(self.size.to_le_bytes());
            }
            if far {
                bytes.extend(self.offset.to_le_bytes());
            }
        }
        bytes
    }

    /// Flags, method, time, date, CRC and both sizes: the part that both headers share.
    fn middle(&self, bytes: &mut Vec<u8>, size: u32) {
        bytes.extend([0; 6]);
        bytes.extend(DATE.to_le_bytes());
        bytes.extend(self.crc32.to_le_bytes());
        bytes.extend(size.to_le_bytes());
        bytes.extend(size.to_le_bytes());
    }
}

fn name_length(name: &str) -> [u8; 2] {
    u16::try_from(name.len()).expect("names of entries are short by their grammar").to_le_bytes()
}

/// Everything after the central directory.
pub fn end(entries: u64, directory_offset: u64, directory_size: u64) -> Vec<u8> {
    let (size, large) = narrow(directory_size);
    let (offset, far) = narrow(directory_offset);
    let (count, many) = match u16::try_from(entries) {
        Ok(count) if count < FULL_16 => (count, false),
        _ => (FULL_16, true),
    };
    let mut bytes = Vec::with_capacity(98);
    if large || far || many {
        bytes.extend(END64_SIGNATURE.to_le_bytes());
        bytes.extend((END64_BYTES - 12).to_le_bytes());
        bytes.extend(VERSION_ZIP64.to_le_bytes());
        bytes.extend(VERSION_ZIP64.to_le_bytes());
        bytes.extend([0; 8]);
        bytes.extend(entries.to_le_bytes());
        bytes.extend(entries.to_le_bytes());
        bytes.extend(directory_size.to_le_bytes());
        bytes.extend(directory_offset.to_le_bytes());
        bytes.extend(LOCATOR64_SIGNATURE.to_le_bytes());
        bytes.extend([0; 4]);
        bytes.extend((directory_offset + directory_size).to_le_bytes());
        bytes.extend(1_u32.to_le_bytes());
    }
    bytes.extend(END_SIGNATURE.to_le_bytes());
    bytes.extend([0; 4]);
    bytes.extend(count.to_le_bytes());
    bytes.extend(count.to_le_bytes());
    bytes.extend(size.to_le_bytes());
    bytes.extend(offset.to_le_bytes());
    bytes.extend([0; 2]);
    bytes
}
