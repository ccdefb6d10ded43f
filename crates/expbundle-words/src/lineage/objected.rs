//! What was said against anything that the answer is about. It comes first, whatever depth, way or
//! number of lines chooses what is shown.

use expbundle_format::RecordId;
use expbundle_query::{Relations, short};

use crate::{moment, objections};

fn title(relations: &Relations, id: RecordId) -> String {
    match relations.graph().record(id) {
        Some(_) => objections::title(relations.title(id).as_deref()),
        None if relations.without_say.contains(&id) => objections::ELSEWHERE.to_owned(),
        None => objections::ABSENT.to_owned(),
    }
}

/// As lines at the top.
pub fn lines(relations: &Relations, objected: &[RecordId]) -> String {
    let objected = objected.iter().copied();
    objections::lines(objected.map(|id| (id, title(relations, id), relations.against(id))))
}

/// What was said after the moment that is judged, as lines at the top.
pub fn since(relations: &Relations, start: &[RecordId]) -> String {
    let since = relations.objected_since(start);
    let lines = since.iter().map(|(id, objections)| {
        let title = format!("{}, after {}", title(relations, *id), moment(relations.at));
        (*id, title, objections.as_slice())
    });
    objections::lines(lines)
}

/// As lines of a picture.
pub fn warnings(relations: &Relations, objected: &[RecordId]) -> Vec<String> {
    let objected = objected.iter().copied();
    let line = |id| format!("! {} {}: {}", short(&id), title(relations, id), objections::all(relations.against(id)));
    objected.map(line).collect()
}
