//! Texts that somebody types or hands over: a secret among them is refused, since what is signed
//! cannot be taken back.

use std::collections::BTreeSet;

use expbundle_convert::scrub::Scrubber;
use expbundle_convert::secrets;
use expbundle_words::{Failure, quoted};

/// A kind of secret, or a place, which has a slash or a dot.
pub fn kind_or_place(text: &str) -> Result<String, String> {
    let kinds = secrets::kinds();
    if kinds.contains(&text) || text.contains(['/', '.']) {
        return Ok(text.to_owned());
    }
    Err(format!(
        "neither a kind of secret nor a location, which has a `/` or a dot (`logs/`); kinds are: {}",
        kinds.join(", ")
    ))
}

/// Refuses what holds secrets. Says their kinds and places, and never what they are.
pub fn refuse(found: &Scrubber, help: &str) -> Result<(), Failure> {
    let found: Vec<_> = found.found().map(|(place, kind, _)| (place.to_owned(), kind)).collect();
    if found.is_empty() { Ok(()) } else { Err(refused(&found, help)) }
}

/// The failure that names their kinds and places.
pub fn refused(found: &[(String, &'static str)], help: &str) -> Failure {
    const SHOWN: usize = 10;
    let places: BTreeSet<String> = found.iter().map(|(place, kind)| format!("{} ({kind})", quoted(place))).collect();
    let shown: Vec<&str> = places.iter().take(SHOWN).map(String::as_str).collect();
    let more = places.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Failure::new("source.secret", format!("found what looks like a secret at: {}{more}", shown.join(", ")))
        .help(format!("{help}; for a false alarm, pass its kind or location with `--allow-secrets NAME`"))
}
