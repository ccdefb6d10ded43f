//! A history as a drawing in text, as `git log --graph` draws one.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashSet};

/// An item, and the earlier ones that it follows. Those that are not among the items are left out.
#[derive(Clone, Debug)]
pub struct Item<I> {
    /// What the others call it.
    pub id: I,
    /// The earlier ones.
    pub follows: Vec<I>,
}

/// Each item with what stands before its first line, before its other lines, and the lines that
/// join it to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Position among the items.
    pub item: usize,
    /// Before its first line.
    pub first: String,
    /// Before its other lines.
    pub rest: String,
    /// Whole lines between it and the next.
    pub joints: Vec<String>,
}

/// Lanes that are drawn. A hundred thousand statements that nothing follows would be as many in
/// every line.
const MOST_LANES: usize = 24;

/// Draws items that are sorted by date, latest first. Whatever follows something stands above it,
/// whatever the dates say.
///
/// Of a history with more lanes than can be read some are not drawn; each line says how many.
pub fn rows<I: Ord + Copy>(items: &[Item<I>]) -> Vec<Row> {
    let at: BTreeMap<I, usize> = items.iter().enumerate().map(|(index, item)| (item.id, index)).collect();
    let follows: Vec<BTreeSet<usize>> =
        items.iter().map(|item| item.follows.iter().filter_map(|id| at.get(id).copied()).collect()).collect();
    let mut lanes: Vec<usize> = Vec::new();
    let mut undrawn: HashSet<usize> = HashSet::new();
    let mut rows = Vec::new();
    for item in order(&follows) {
        undrawn.remove(&item);
        // One more than may be drawn, for the item itself: its lane ends below it.
        let column = lanes.iter().position(|lane| *lane == item).unwrap_or_else(|| {
            lanes.push(item);
            lanes.len() - 1
        });
        let mut first: String = (0..lanes.len()).map(|lane| if lane == column { "* " } else { "| " }).collect();
        if !undrawn.is_empty() {
            first += &format!("(+{} more) ", undrawn.len());
        }
        let mut joints = Vec::new();
        // What it follows takes its lane; what has a lane already is joined to that one.
        let earlier = || follows.get(item).into_iter().flatten().copied();
        let mut new: Vec<usize> =
            earlier().filter(|earlier| !lanes.contains(earlier) && !undrawn.contains(earlier)).collect();
        let is_joined = earlier().any(|earlier| lanes.contains(&earlier));
        let room = (MOST_LANES + 1).saturating_sub(lanes.len());
        undrawn.extend(new.drain(room.min(new.len())..));
        lanes.splice(column..=column, new.iter().copied());
        let before = "| ".repeat(column);
        if new.len() > 1 {
            let after = "\\ ".repeat(lanes.len() - column - new.len());
            joints.push(format!("{before}|{}{after}", "\\ ".repeat(new.len() - 1)));
        } else if new.is_empty() {
            // The lane ends here, in another one or at the first item; lanes to the right of it
            // move over.
            let right = lanes.len() - column;
            match (is_joined, column) {
                (true, 0) => joints.push(format!("|/{}", " /".repeat(right.saturating_sub(1)))),
                (true, column) => joints.push(format!("{}|/{}", "| ".repeat(column - 1), " /".repeat(right))),
                (false, _) if right > 0 => joints.push(format!("{before}{}", " /".repeat(right))),
                (false, _) => {}
            }
        }
        let rest = "| ".repeat(if new.is_empty() { lanes.len() + 1 } else { lanes.len() - new.len() + 1 });
        let rest = if new.is_empty() && !is_joined { blank(&rest, column) } else { rest };
        rows.push(Row {
            item,
            first,
            rest,
            joints: joints.into_iter().map(|line| line.trim_end().to_owned()).collect(),
        });
    }
    rows
}

/// Nothing stands below the first item of a history.
fn blank(lanes: &str, column: usize) -> String {
    lanes.char_indices().map(|(index, letter)| if index / 2 == column { ' ' } else { letter }).collect()
}

/// Positions in an order in which nothing stands above what follows it; else as they are.
fn order(follows: &[BTreeSet<usize>]) -> Vec<usize> {
    let mut followers = vec![0_usize; follows.len()];
    for earlier in follows.iter().flatten() {
        if let Some(count) = followers.get_mut(*earlier) {
            *count += 1;
        }
    }
    let free = |count: &[usize], index: usize| count.get(index) == Some(&0);
    let mut ready: BinaryHeap<std::cmp::Reverse<usize>> =
        (0..follows.len()).filter(|index| free(&followers, *index)).map(std::cmp::Reverse).collect();
    let mut order = Vec::with_capacity(follows.len());
    while let Some(std::cmp::Reverse(item)) = ready.pop() {
        order.push(item);
        for earlier in follows.get(item).into_iter().flatten() {
            if let Some(count) = followers.get_mut(*earlier) {
                *count -= 1;
                if *count == 0 {
                    ready.push(std::cmp::Reverse(*earlier));
                }
            }
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(history: &[(char, &str)], expected: &str) {
        let items: Vec<Item<char>> =
            history.iter().map(|(id, follows)| Item { id: *id, follows: follows.chars().collect() }).collect();
        let mut text = String::new();
        for row in rows(&items) {
            text += &format!("{}{}\n", row.first, items[row.item].id);
            for joint in row.joints {
                text += &format!("{joint}\n");
            }
        }
        assert_eq!(text, expected);
    }

    #[test]
    fn lines_forks_and_joints() {
        case(&[('c', "b"), ('b', "a"), ('a', "")], "* c\n* b\n* a\n");
        // Two teams spoke after `a`, and `d` follows both.
        case(&[('d', "bc"), ('c', "a"), ('b', "a"), ('a', "")], "* d\n|\\\n* | c\n| * b\n|/\n* a\n");
        // Nobody joined them yet.
        case(&[('c', "a"), ('b', "a"), ('a', "")], "* c\n| * b\n|/\n* a\n");
        // Dates that lie change nothing.
        case(&[('a', ""), ('b', "a")], "* b\n* a\n");
        case(&[], "");
    }

    #[test]
    fn lanes_beyond_those_that_can_be_read_are_counted() {
        let items: Vec<Item<u32>> = (0..2000)
            .rev()
            .map(|id| Item { id, follows: if id < 1000 { Vec::new() } else { vec![id - 1000] } })
            .collect();
        let rows = rows(&items);
        assert_eq!(rows.len(), 2000);
        let widest = rows.iter().map(|row| row.first.len().max(row.rest.len())).max();
        assert!(widest < Some(MOST_LANES * 2 + 20), "{widest:?}");
        assert!(rows.iter().any(|row| row.first.ends_with("(+976 more) ")), "{:?}", rows[1000].first);
        assert!(rows.iter().all(|row| row.first.contains('*')));
    }
}
