//! The custody chain: statements that follow each other form a graph without circles, like a git
//! history.

use std::collections::{BTreeMap, BTreeSet};

use expbundle_format::{Code, Finding, StatementId};

use crate::statement::VerifiedStatement;

/// Looks for statements that follow one that is not here, one that is dated later, or each other in
/// a circle. `statements` are each there once, in the order of their files, as [`crate::once_each`]
/// gives them.
///
/// A circle would take a digest that contains itself, so it cannot be made with BLAKE3; it is
/// looked for all the same.
pub fn check<'a>(statements: impl IntoIterator<Item = &'a VerifiedStatement>) -> Vec<Finding> {
    let statements: Vec<&VerifiedStatement> = statements.into_iter().collect();
    let by_id: BTreeMap<StatementId, &VerifiedStatement> =
        statements.iter().map(|statement| (statement.id(), *statement)).collect();
    let (mut dangling, mut backwards) = (Vec::new(), Vec::new());
    for statement in &statements {
        // An id that is named twice is one id.
        for previous in statement.previous().iter().collect::<BTreeSet<_>>() {
            match by_id.get(previous) {
                None => {
                    let message = format!("it follows the statement {previous}");
                    dangling.push(Finding::new(Code::StatementPrevDangling, statement.place(), message));
                }
                Some(earlier) if earlier.created() > statement.created() => {
                    let message = format!("dated {}, and follows one of {}", statement.created(), earlier.created());
                    backwards.push(Finding::new(Code::StatementPrevTime, statement.place(), message));
                }
                Some(_) => {}
            }
        }
    }
    let circle: BTreeSet<StatementId> =
        circle(&by_id.iter().map(|(id, statement)| (*id, statement.previous().to_vec())).collect())
            .into_iter()
            .collect();
    let in_circle = statements
        .iter()
        .filter(|statement| circle.contains(&statement.id()))
        .map(|statement| Finding::new(Code::StatementPrevCycle, statement.place(), "it follows itself"));
    // Row by row, each in the order of the files.
    dangling.into_iter().chain(backwards).chain(in_circle).collect()
}

/// The ids that are on a circle or follow one: what is left when everything that follows nothing is
/// taken away, again and again.
fn circle(previous: &BTreeMap<StatementId, Vec<StatementId>>) -> Vec<StatementId> {
    let here = |ids: &[StatementId]| ids.iter().filter(|id| previous.contains_key(id)).count();
    let mut waits_for: BTreeMap<StatementId, usize> = previous.iter().map(|(id, ids)| (*id, here(ids))).collect();
    let mut followers: BTreeMap<StatementId, Vec<StatementId>> = BTreeMap::new();
    for (id, ids) in previous {
        for earlier in ids {
            followers.entry(*earlier).or_default().push(*id);
        }
    }
    let mut free: Vec<StatementId> = waits_for.iter().filter(|(_, count)| **count == 0).map(|(id, _)| *id).collect();
    while let Some(id) = free.pop() {
        waits_for.remove(&id);
        for follower in followers.get(&id).into_iter().flatten() {
            if let Some(count) = waits_for.get_mut(follower) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    free.push(*follower);
                }
            }
        }
    }
    waits_for.into_keys().collect()
}

#[cfg(test)]
mod tests {
    use expbundle_format::Blake3;

    use super::*;

    #[test]
    fn circles_are_found_without_walking_in_them() {
        let id = |number: u8| StatementId(Blake3::from_bytes([number; 32]));
        let graph = |edges: &[(u8, &[u8])]| {
            edges.iter().map(|(from, to)| (id(*from), to.iter().map(|to| id(*to)).collect())).collect()
        };
        assert!(circle(&graph(&[(1, &[]), (2, &[1, 9]), (3, &[1, 2])])).is_empty());
        assert_eq!(circle(&graph(&[(1, &[1])])), [id(1)]);
        assert_eq!(circle(&graph(&[(1, &[3]), (2, &[1]), (3, &[2]), (4, &[])])), [id(1), id(2), id(3)]);
    }
}
