//! Trackers' sources on the command line: the argument that names a tracker, and errors with their
//! next step.

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::Bundle;
use expbundle::judge::Verdict;
use expbundle::verify::{CheckError, Intact};
use expbundle_convert::Options;
use expbundle_convert::tracker::{self, Source, TRACKERS, Tracker};
use expbundle_format::Finding;
use expbundle_statement::TrustPolicy;
use expbundle_words::{Failure, findings};

use crate::{files, keys, terminal};

/// Opens what `[TOOL] SOURCE` names: a source of that tracker, or of whichever tracker it is.
pub fn named_or_found(words: &[Utf8PathBuf]) -> Result<Box<dyn Source>, Failure> {
    let here = Utf8Path::new(".");
    match words {
        [tool, path] => {
            let tracker = tracker::named(tool.as_str()).ok_or_else(|| {
                let names: Vec<&str> = TRACKERS.iter().map(|tracker| tracker.name()).collect();
                Failure::usage(format!("`{tool}` is not a tracker that can be read; these are: {}", names.join(", ")))
            })?;
            open(tracker, path)
        }
        [one] => match tracker::named(one.as_str()).filter(|_| !one.exists()) {
            Some(tracker) => open(tracker, here),
            None => found(one),
        },
        _ => found(here),
    }
}

/// Opens a source of whichever tracker it is.
fn found(path: &Utf8Path) -> Result<Box<dyn Source>, Failure> {
    files::regular_or_folder(path, "read the source")?;
    tracker::open_any(path)?.ok_or_else(|| {
        let read: Vec<String> = tracker::recognized().collect();
        Failure::new("cli.source", "no tracker data was found")
            .at(path.as_str())
            .listing(format!("These are recognized:\n  {}\n", read.join("\n  ")))
            .help("name the folder or file of the tracker; for a model folder, `expbundle convert huggingface FOLDER`")
    })
}

/// Opens a source of a tracker.
fn open(tracker: &dyn Tracker, path: &Utf8Path) -> Result<Box<dyn Source>, Failure> {
    if path.exists() {
        files::regular_or_folder(path, "read the source")?;
    }
    tracker::open(tracker, path).map_err(|error| {
        Failure::new("cli.source", error.to_string())
            .because(&error)
            .at(path.as_str())
            .help("name the tracker's folder or file; `expbundle convert --help` lists what is read")
    })
}

/// A bundle, a folder that carries one, or a run of a tracker's source as a checked bundle, without
/// writing one.
pub fn intact(path: &Utf8Path, run: Option<&str>) -> Result<Intact, Failure> {
    // A bundle, or a directory that carries one, is not a source, whatever else lies there.
    let is_bundle = path.extension() == Some("expb") || path.join(expbundle_directory::BUNDLE_NAME).is_file();
    if is_bundle || files::regular_or_folder(path, "read the source").is_err() {
        return files::intact(path);
    }
    let Some(source) = tracker::open_any(path)? else { return files::intact(path) };
    Ok(checked(&tracker::convert(&*source, run, &Options::default())?.bundle, None)?.0)
}

/// 32 random bytes.
pub fn salt() -> std::io::Result<[u8; 32]> {
    let mut salt = [0; 32];
    getrandom::fill(&mut salt).map_err(|error| std::io::Error::other(error.to_string()))?;
    Ok(salt)
}

/// A bundle in memory, checked as any other: what converters make is held to the format too, and so
/// is what was joined.
pub fn checked(bundle: &Bundle, policy: Option<&TrustPolicy>) -> Result<(Intact, Verdict), Failure> {
    bundle.sound(policy, keys::now().timestamp()).map_err(unsound)
}

/// The last of the errors, when the others were printed.
pub fn unsound(error: CheckError) -> Failure {
    let found = match error {
        CheckError::Io(error) => return files::temporary(&error),
        CheckError::NotIntact(wrong) => wrong.into_findings(),
        CheckError::Contradiction(found) => found,
    };
    let mut errors: Vec<Finding> = found.into_iter().filter(Finding::is_error).collect();
    let last = errors.pop().expect("a bundle that is not intact has an error finding");
    terminal::talk(&findings::all(&errors));
    Failure::from(last)
}
