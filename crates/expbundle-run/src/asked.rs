//! Words and names that a person gives, held to what the format has.

use std::collections::BTreeSet;

use expbundle_format::record::{Status, Word, role};
use expbundle_format::sections::Event;

use crate::error::RunError;

/// The status that a word names.
///
/// # Errors
/// [`RunError::Status`], which lists the words.
pub fn known_status(word: &str) -> Result<Status, RunError> {
    let all = [
        Status::Scheduled,
        Status::Running,
        Status::Finished,
        Status::Failed,
        Status::Killed,
        Status::Crashed,
        Status::Unknown,
    ];
    let found = all.into_iter().find(|status| status.as_str() == word);
    found.ok_or_else(|| RunError::Status { status: word.to_owned(), known: all.map(Status::as_str).join(", ") })
}

/// An event from what a person writes: `KIND`, `KIND@TIME`, and behind it `=TEXT`, e.g.
/// `restart@2026-11-28T03:00:00Z=the node was drained`.
///
/// # Errors
/// There is no kind, or the time is not RFC 3339.
pub fn event_of(text: &str) -> Result<Event, &'static str> {
    let (head, says) = text.split_once('=').map_or((text, None), |(head, says)| (head, Some(says.to_owned())));
    let (kind, time) = head.split_once('@').map_or((head, None), |(kind, time)| (kind, Some(time)));
    if kind.trim().is_empty() {
        return Err("expected KIND, KIND@TIME or KIND@TIME=TEXT");
    }
    let time = time.map(str::parse).transpose().map_err(|_| "write the time like 2026-11-23T09:00:00Z")?;
    Ok(Event { kind: kind.to_owned(), time, text: says.filter(|says| !says.is_empty()), ..Event::default() })
}

/// `NAME=VALUE`, of which the value may have `=` in it.
///
/// # Errors
/// There is no name.
pub fn name_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}

/// `NAME=NUMBER`, of which the name may have `=` in it.
///
/// # Errors
/// There is no name, or something else than a number.
pub fn name_and_number(text: &str) -> Result<(String, f64), String> {
    let (name, value) = text.rsplit_once('=').filter(|(name, _)| !name.is_empty()).ok_or("expected NAME=NUMBER")?;
    let number = value.parse().map_err(|_| format!("`{value}` is not a number"))?;
    Ok((name.to_owned(), number))
}

/// `ROLE=FILE`, or `FILE` for a model.
pub fn role_and_file(text: &str) -> (Word, &str) {
    // A file may have `=` in its name; what is before it is a role only if it is a word.
    if let Some((word, file)) = text.split_once('=')
        && !file.is_empty()
        && let Ok(word) = word.parse()
    {
        return (word, file);
    }
    (role::MODEL.parse().expect("a role of the format"), text)
}

/// Refuses a name that is given more than once, of which one value would be lost.
///
/// # Errors
/// [`RunError::Twice`]
pub fn each_once<T>(what: &'static str, pairs: &[(String, T)]) -> Result<(), RunError> {
    let mut names = BTreeSet::new();
    match pairs.iter().find(|(name, _)| !names.insert(name)) {
        Some((name, _)) => Err(RunError::Twice { what, name: name.clone() }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_may_have_an_equals_sign_in_its_name() {
        let told = |text| {
            let (role, file) = role_and_file(text);
            (role.as_str().to_owned(), file)
        };
        assert_eq!(told("dataset=a=b.csv"), ("dataset".to_owned(), "a=b.csv"));
        assert_eq!(told("lr=0.1/model.bin"), ("lr".to_owned(), "0.1/model.bin"));
        assert_eq!(told("./lr=0.1/model.bin"), ("model".to_owned(), "./lr=0.1/model.bin"));
        assert_eq!(told("dataset="), ("model".to_owned(), "dataset="));
    }

    #[test]
    fn an_event_is_its_kind_and_what_else_is_said() {
        let event = event_of("restart@2026-11-28T03:00:00Z=drained, a=b").expect("an event");
        assert_eq!((&*event.kind, event.text.as_deref()), ("restart", Some("drained, a=b")));
        assert_eq!(event.time.map(|time| time.to_string()).as_deref(), Some("2026-11-28T03:00:00Z"));
        assert_eq!(event_of("checkpoint").map(|event| event.kind), Ok("checkpoint".to_owned()));
        assert!(event_of("@2026-11-28T03:00:00Z").is_err() && event_of("restart@noon").is_err());
    }
}
