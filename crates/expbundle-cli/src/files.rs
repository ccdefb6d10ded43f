//! Opening bundles and files, with errors that name them.

use std::fs::File;
use std::io::{IsTerminal as _, Read as _, Seek as _};

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::Content;
use expbundle::verify::Intact;
use expbundle_convert::tracker::{self, Scratch};
use expbundle_directory::hub;
use expbundle_query::Source;
use expbundle_words::Failure;

/// What stands for standard input or output in place of a path.
pub const STREAM: &str = "-";

/// A path that a person names. `hf:ORG/NAME[@REVISION]` is the snapshot of a repository in the
/// local cache of the Hugging Face Hub, and the folder of such a repository its snapshot of `main`.
pub fn path(text: &str) -> Result<Utf8PathBuf, String> {
    hub::path(text, |name| std::env::var(name).ok()).map_err(|error| expbundle_words::not_in_cache(&error))
}

/// The bundles and model folders that paths stand for: a folder of bundles stands for each of them.
pub fn places(paths: &[Utf8PathBuf]) -> Vec<Utf8PathBuf> {
    paths.iter().flat_map(|path| expbundle_query::places(path)).collect()
}

pub fn stdin() -> Result<Content, Failure> {
    Content::file(stdin_file()?).map_err(|error| temporary(&error))
}

/// The file on standard input. It may be read from its end too, so it is kept on disk meanwhile.
fn stdin_file() -> Result<File, Failure> {
    let mut input = std::io::stdin().lock();
    if input.is_terminal() {
        return Err(Failure::usage("`-` reads a file from standard input, which is a terminal"));
    }
    let mut file = tempfile::tempfile().map_err(|error| temporary(&error))?;
    let read = std::io::copy(&mut input.by_ref(), &mut file).and_then(|_| file.rewind());
    read.map(|()| file).map_err(|error| temporary(&error))
}

/// What is on standard input as a file in a folder, both of which are gone with the folder.
pub fn stdin_in_a_folder() -> Result<(Scratch, Utf8PathBuf), Failure> {
    tracker::spooled("stdin", stdin_file()?).map_err(|error| temporary(&error))
}

/// The bundle at a path; `-` is the one on standard input.
pub fn source(path: &Utf8Path) -> Result<Source, Failure> {
    let content = (path == STREAM).then(stdin).transpose()?;
    Ok(Source { path: path.to_owned(), content })
}

/// Opens a bundle and checks it. Whatever is not intact is refused with its first error.
pub fn intact(path: &Utf8Path) -> Result<Intact, Failure> {
    Ok(source(path)?.intact()?)
}

/// Opens a file to read it; `-` is standard input.
pub fn open(path: &Utf8Path) -> Result<File, Failure> {
    if path == STREAM {
        return stdin_file();
    }
    regular(path, "read the file")?;
    File::open(path).map_err(|error| Failure::io("read the file", path, &error))
}

/// Refuses what is not a regular file, before it is opened: to open a pipe is to wait for whoever
/// writes to it, perhaps for ever.
fn regular(path: &Utf8Path, action: &str) -> Result<(), Failure> {
    if path.is_dir() {
        return Err(Failure::io(action, path, &std::io::ErrorKind::IsADirectory.into()));
    }
    regular_or_folder(path, action)
}

/// Refuses what is neither a regular file nor a folder.
pub fn regular_or_folder(path: &Utf8Path, action: &str) -> Result<(), Failure> {
    let metadata = std::fs::metadata(path).map_err(|error| Failure::io(action, path, &error))?;
    if metadata.is_file() || metadata.is_dir() {
        return Ok(());
    }
    Err(Failure::not_regular(action, path))
}

/// A temporary file that could not be made or written.
pub fn temporary(error: &std::io::Error) -> Failure {
    let folder = std::env::temp_dir().display().to_string();
    Failure::io("use a temporary file", Utf8Path::new(&folder), error)
}

/// Reads a whole text file that a person names, such as a key.
pub fn read_text(path: &Utf8Path) -> Result<String, Failure> {
    String::from_utf8(read_bytes(path)?).map_err(|_| {
        let error = std::io::Error::new(std::io::ErrorKind::InvalidData, "it is not UTF-8");
        Failure::io("read the file", path, &error).help("name a text file")
    })
}

/// Reads a whole small file that a person names, up to 16 MiB: a key, or a list of keys.
pub fn read_bytes(path: &Utf8Path) -> Result<Vec<u8>, Failure> {
    const MOST_BYTES: u64 = 16 << 20;
    let describe = |error| Failure::io("read the file", path, &error);
    // What a shell puts in the place of `<(…)` is a pipe too, and somebody writes to it.
    let is_of_the_shell = ["/dev/", "/proc/"].iter().any(|folder| path.as_str().starts_with(folder));
    let file = if is_of_the_shell { File::open(path).map_err(describe)? } else { open(path)? };
    let mut bytes = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(describe)?;
    if bytes.len() as u64 > MOST_BYTES {
        let message = format!("the file has more than {MOST_BYTES} bytes, too many for a text file");
        return Err(Failure::usage(message).at(path.as_str()));
    }
    Ok(bytes)
}
