//! Windows of a large file as memory, while a lease keeps others from cutting it short.
//!
//! To copy a file out of the page cache costs about as much as to hash it with BLAKE3, so large
//! files are mapped. But whoever reads a page of a map that has no file behind it any more is ended
//! by a signal (SIGBUS), and a verifier must survive every file. So the file is mapped only under a
//! read lease (fcntl(2), `F_SETLEASE`):
//!
//! - The kernel grants it only if nobody has the file open for writing.
//! - From then on, whoever opens it for writing or cuts it short waits until the lease is given up,
//!   45 s at most (`/proc/sys/fs/lease-break-time`).
//! - Each window first asks whether somebody waits. Then there are no more windows, the lease is
//!   given up as soon as the last one ended, some milliseconds later, and the rest is read by
//!   copying, which sees a file that became shorter as an error.
//! - A window is read in by the kernel (`MADV_POPULATE_READ`) before it is used, so a page that
//!   cannot be read is an error code.
//!
//! What remains: a process that is stopped for 45 s in the middle of a window, while another
//! program cuts that window off, ends by SIGBUS when it goes on; so does one that loses its disk
//! after a page was read in and evicted again. Neither gives a digest.
//!
//! A lease is refused for the files of other users, and worth nothing where another machine can
//! change a file. There, and on all other systems, files are copied.
#![expect(unsafe_code, reason = "to map a file is unsafe while others may change it: the lease sees that they wait")]

use std::fs::File;
use std::os::fd::AsRawFd as _;
use std::sync::RwLock;

use libc::{F_GETLEASE, F_RDLCK, F_SETLEASE, F_UNLCK, c_int};
use memmap2::{Advice, MmapOptions};

/// The signal with which the kernel tells that somebody waits (fcntl(2)); libc does not have it for
/// every C library.
const F_SETSIG: c_int = 10;

/// File systems of this machine alone, whose files change through this kernel or not at all.
const LOCAL: [u64; 5] = [
    0xEF53,      // ext4
    0x5846_5342, // XFS
    0x9123_683E, // Btrfs
    0xF2F5_2010, // F2FS
    0x0102_1994, // tmpfs
];

/// A file that nobody can write to or cut short, as long as nobody waits to do so.
pub(super) struct Leased<'a> {
    file: &'a File,
    /// Whether the lease was given up. Every window holds it for reading.
    ended: RwLock<bool>,
}

impl<'a> Leased<'a> {
    /// Takes a lease on a file of at least that many bytes, where there is one to be had.
    pub(super) fn of(file: &'a File, size: u64) -> Option<Self> {
        let is_held = is_local(file)
            // By default the kernel would end this process to tell it that somebody waits. SIGURG is
            // ignored by whoever does not ask for it, and we look for ourselves.
            && fcntl(file, F_SETSIG, libc::SIGURG) == Some(0)
            && fcntl(file, F_SETLEASE, F_RDLCK) == Some(0);
        let leased = is_held.then(|| Self { file, ended: RwLock::new(false) })?;
        // What was cut off before does not come back.
        (file.metadata().ok()?.len() >= size).then_some(leased)
    }

    /// Hashes a part of the file, if it can still be mapped. The offset is a multiple of a page.
    pub(super) fn window<T>(&self, offset: u64, size: usize, work: impl FnOnce(&[u8]) -> T) -> Option<T> {
        let ended = self.ended.read().ok()?;
        if *ended {
            return None;
        }
        if fcntl(self.file, F_GETLEASE, 0) != Some(F_RDLCK) {
            drop(ended);
            self.end();
            return None;
        }
        // SAFETY: the lease is held and nobody waited a moment ago, so for 45 s nobody can write to the
        // file or cut it short, and it had all these bytes when the lease was taken. The lease outlives
        // the map: it ends in `end` alone, which waits for `ended`.
        let map = unsafe { MmapOptions::new().offset(offset).len(size).map(self.file) }.ok()?;
        map.advise(Advice::PopulateRead).ok()?;
        Some(work(&map))
    }

    /// Gives the lease up, once the last window has ended.
    fn end(&self) {
        if let Ok(mut ended) = self.ended.write()
            && !*ended
        {
            fcntl(self.file, F_SETLEASE, F_UNLCK);
            *ended = true;
        }
    }
}

impl Drop for Leased<'_> {
    fn drop(&mut self) {
        self.end();
    }
}

fn is_local(file: &File) -> bool {
    let mut about = std::mem::MaybeUninit::<libc::statfs>::zeroed();
    // SAFETY: the descriptor is open as long as `file` lives, and there is room for the answer.
    let is_told = unsafe { libc::fstatfs(file.as_raw_fd(), about.as_mut_ptr()) } == 0;
    // SAFETY: all bytes zero are a `statfs`, whether the kernel wrote there or not.
    let about = unsafe { about.assume_init() };
    is_told && u64::try_from(about.f_type).is_ok_and(|kind| LOCAL.contains(&kind))
}

/// What the call answered, unless it failed.
fn fcntl(file: &File, command: c_int, argument: c_int) -> Option<c_int> {
    // SAFETY: the descriptor is open as long as `file` lives, and these commands take a number.
    let answer = unsafe { libc::fcntl(file.as_raw_fd(), command, argument) };
    (answer >= 0).then_some(answer)
}
