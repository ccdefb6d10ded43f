//! Reading a file on all cores, as subtrees of BLAKE3's tree (its `hazmat` interface): in windows that
//! are mapped, where that is safe (`mapped.rs`), else copied in pieces that stay in a core's cache. A
//! file that changes while it is read is an error, not a digest of bytes that never stood together.

use std::cell::RefCell;
use std::fs::File;
use std::io;

use blake3::hazmat::{self, ChainingValue, HasherExt, Mode};
use expbundle_format::{Blake3, Sha256};
use expbundle_lineage::parallel;
use sha2::Digest as _;

use super::mapped::Leased;
use super::{Hashed, Progress};
use crate::content::read_file_at;

/// Bytes copied and hashed at a time by one core: a power of two, so that pieces are subtrees, and at
/// home in a core's inner caches.
pub(super) const PIECE_BYTES: u64 = 64 << 10;

/// Bytes mapped and hashed at a time by one core, a power of two as well: the more at once, the less
/// often the kernel changes the map of the process, which all cores share.
pub(super) const WINDOW_BYTES: u64 = 16 << 20;

/// A smaller file is copied sooner than leased and mapped.
pub(super) const LEAST_MAPPED: u64 = 1 << 20;

/// Bytes read at a time when both digests are wanted: SHA-256 is one long chain, so the work of one
/// block is shared out between two cores, and blocks must be worth the handing over.
pub(super) const BLOCK_BYTES: usize = 4 << 20;

thread_local! {
    /// One piece for each core, kept between pieces and files.
    static PIECE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// BLAKE3 alone: both halves of the file at once, and so on down to windows or pieces.
pub(super) fn tree_wise(file: &File, size: u64, progress: Progress<'_>) -> io::Result<Hashed> {
    let blake3 = if size <= PIECE_BYTES {
        let hash = with_piece(file, 0, size, blake3::hash)?;
        progress(size);
        hash
    } else {
        let leased = if size < LEAST_MAPPED { None } else { Leased::of(file, size) };
        // Several windows for each core, so that all have work until the end.
        let window = (size / 16).next_power_of_two().clamp(LEAST_MAPPED, WINDOW_BYTES);
        let (left, right) = Tree { file, leased, window, progress }.halves(0, size)?;
        hazmat::merge_subtrees_root(&left, &right, Mode::Hash)
    };
    Ok(Hashed { blake3: Blake3::from_bytes(blake3.into()), sha256: None, size })
}

/// A file of more than one piece.
struct Tree<'a> {
    file: &'a File,
    leased: Option<Leased<'a>>,
    window: u64,
    progress: Progress<'a>,
}

impl Tree<'_> {
    fn halves(&self, offset: u64, size: u64) -> io::Result<(ChainingValue, ChainingValue)> {
        let left = hazmat::left_subtree_len(size);
        let (left, right) = parallel::join(|| self.subtree(offset, left), || self.subtree(offset + left, size - left));
        Ok((left?, right?))
    }

    /// The chaining value of a part that is a subtree of BLAKE3's and not the root. The recursion is as
    /// deep as the logarithm of the number of pieces.
    fn subtree(&self, offset: u64, size: u64) -> io::Result<ChainingValue> {
        let value = |bytes: &[u8]| {
            let mut hasher = blake3::Hasher::new();
            hasher.set_input_offset(offset);
            hasher.update(bytes).finalize_non_root()
        };
        let mapped = match &self.leased {
            Some(leased) if size <= self.window => leased.window(offset, length(size)?, value),
            _ => None,
        };
        let value = match mapped {
            Some(value) => value,
            None if size <= PIECE_BYTES => with_piece(self.file, offset, size, value)?,
            None => {
                let (left, right) = self.halves(offset, size)?;
                return Ok(hazmat::merge_subtrees_non_root(&left, &right, Mode::Hash));
            }
        };
        (self.progress)(size);
        Ok(value)
    }
}

/// Reads a piece of at most [`PIECE_BYTES`] into this core's own memory.
fn with_piece<T>(file: &File, offset: u64, size: u64, work: impl FnOnce(&[u8]) -> T) -> io::Result<T> {
    let size = length(size)?;
    PIECE.with_borrow_mut(|piece| {
        if piece.len() < size {
            piece.resize(size, 0);
        }
        let piece = piece.get_mut(..size).expect("it was just made that long");
        read_exact_at(file, offset, piece)?;
        Ok(work(piece))
    })
}

fn length(size: u64) -> io::Result<usize> {
    usize::try_from(size).map_err(|_| io::ErrorKind::InvalidInput.into())
}

/// Both digests in one pass: while SHA-256 takes one block, BLAKE3 takes the same and the next is
/// read.
pub(super) fn chain_wise(file: &File, size: u64, progress: Progress<'_>) -> io::Result<Hashed> {
    let mut blake3 = blake3::Hasher::new();
    let mut sha256 = sha2::Sha256::new();
    let block_at = |offset: u64| BLOCK_BYTES.min(usize::try_from(size - offset).unwrap_or(BLOCK_BYTES));
    let mut block = vec![0; block_at(0)];
    let mut next = vec![0; block_at(0)];
    read_exact_at(file, 0, &mut block)?;
    let mut offset = 0;
    loop {
        let done = offset + block.len() as u64;
        next.resize(block_at(done), 0);
        let ((), read) = parallel::join(
            || sha256.update(&block),
            || {
                blake3.update(&block);
                read_exact_at(file, done, &mut next)
            },
        );
        read?;
        progress(block.len() as u64);
        offset = done;
        if next.is_empty() {
            break;
        }
        std::mem::swap(&mut block, &mut next);
    }
    let blake3 = Blake3::from_bytes(blake3.finalize().into());
    let sha256 = Some(Sha256::from_bytes(sha256.finalize().into()));
    Ok(Hashed { blake3, sha256, size })
}

/// Fills the buffer from that position; a file that ends before is `UnexpectedEof`.
fn read_exact_at(file: &File, mut offset: u64, mut buffer: &mut [u8]) -> io::Result<()> {
    while !buffer.is_empty() {
        match read_file_at(file, offset, buffer) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                offset += count as u64;
                buffer = buffer.get_mut(count..).unwrap_or_default();
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
