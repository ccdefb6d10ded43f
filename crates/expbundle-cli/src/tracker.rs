//! Runs of trackers where a bundle is expected, salts, and what was made or joined in memory.

use std::sync::Arc;

use camino::Utf8Path;
use expbundle::judge::Verdict;
use expbundle::verify::Intact;
use expbundle::{Bundle, Content};
use expbundle_convert::Options;
use expbundle_convert::many::everything;
use expbundle_convert::tracker::{self, Network};
use expbundle_query::Source;
use expbundle_statement::TrustPolicy;
use expbundle_words::{Failure, findings};

use crate::{files, keys, terminal};

/// What servers are asked with: tokens and passwords are in the environment.
pub fn network() -> Network<'static> {
    Network { http: Arc::new(expbundle_http::Network::default()), secret: &|name| std::env::var(name).ok() }
}

/// The source of a tracker, on disk or a server, where a person may also name a bundle.
fn opened(path: &Utf8Path) -> Result<Option<Box<dyn tracker::Source>>, Failure> {
    // A bundle, or a directory that carries one, is not a source, whatever else lies there.
    let is_bundle = path.extension() == Some("expb") || path.join(expbundle_directory::BUNDLE_NAME).is_file();
    Ok(if is_bundle { None } else { tracker::open_place(path, &network())? })
}

/// A bundle, a folder that carries one, the bundles of a folder as one, or a run of a tracker's
/// source as a checked bundle, without writing one.
pub fn intact(path: &Utf8Path, run: Option<&str>, policy: Option<&TrustPolicy>) -> Result<Intact, Failure> {
    let Some(source) = opened(path)? else { return joined(path, policy) };
    Ok(checked(&tracker::convert(&*source, run, &Options::default())?.bundle, None)?.0)
}

/// Where bundles are, or all runs of a tracker's source as one bundle, without a file of it.
pub fn family(path: &Utf8Path) -> Result<Source, Failure> {
    // A folder with bundles in it is not a source, whatever else lies there; a bundle that a run
    // logged lies deeper.
    let mut entries = path.read_dir_utf8().into_iter().flatten().flatten();
    let has_bundles = entries.any(|entry| entry.path().extension() == Some("expb"));
    let source = if has_bundles { None } else { opened(path)? };
    let Some(source) = source else { return files::source(path) };
    let (family, found) = everything(&*source, &|error| terminal::print(&error.into()))?;
    terminal::talk(&findings::all(&found));
    let written = tempfile::tempfile().and_then(|file| family.write(&file).and_then(|()| Content::file(file)));
    Ok(Source { path: path.to_owned(), content: Some(written.map_err(|error| files::temporary(&error))?) })
}

/// A bundle, or all bundles of a folder as one. With a signers file no stranger's word makes them
/// contradict each other.
pub fn joined(path: &Utf8Path, policy: Option<&TrustPolicy>) -> Result<Intact, Failure> {
    match files::places(&[path.to_owned()]).as_slice() {
        [place] if place == path => files::intact(path),
        places => Ok(checked(&expbundle_query::joined(places)?, policy)?.0),
    }
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
    Ok(bundle.sound(policy, keys::now().timestamp())?)
}
