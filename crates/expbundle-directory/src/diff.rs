//! Unified diffs, for showing a change before it is made.

use std::fmt::Write as _;

/// Unchanged lines shown around a change.
const CONTEXT_LINES: usize = 3;

/// Above this many pairs of lines between the first change and the last, all of them are shown as replaced.
const MAX_PAIRS: usize = 4_000_000;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Edit {
    Keep,
    Remove,
    Add,
}

/// The difference of two texts as `diff -u` shows it; empty if there is none.
pub fn unified(before_name: &str, after_name: &str, before: &str, after: &str) -> String {
    let old: Vec<&str> = before.split_inclusive('\n').collect();
    let new: Vec<&str> = after.split_inclusive('\n').collect();
    let script = script(&old, &new);
    let mut text = String::new();
    let mut lines = Lines { script: &script, old: &old, new: &new };
    while let Some(hunk) = lines.next_hunk() {
        if text.is_empty() {
            let _infallible = writeln!(text, "--- {before_name}\n+++ {after_name}");
        }
        text.push_str(&hunk);
    }
    text
}

/// What to do with each line, in order: a longest common subsequence of what differs.
fn script(old: &[&str], new: &[&str]) -> Vec<(Edit, usize, usize)> {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let most_tail = old.len().min(new.len()) - head;
    let tail = old.iter().rev().zip(new.iter().rev()).take(most_tail).take_while(|(a, b)| a == b).count();
    let (old_end, new_end) = (old.len() - tail, new.len() - tail);
    let (rows, columns) = (old_end - head, new_end - head);
    let pairs = rows.saturating_mul(columns);
    // `common[row * (columns + 1) + column]`: the most lines that the rests from there have in common.
    let width = columns + 1;
    let mut common = vec![0_u32; if pairs <= MAX_PAIRS { (rows + 1) * width } else { 0 }];
    let at = |common: &[u32], row: usize, column: usize| common.get(row * width + column).copied().unwrap_or(0);
    if pairs <= MAX_PAIRS {
        for row in (0..rows).rev() {
            for column in (0..columns).rev() {
                let best = if old.get(head + row) == new.get(head + column) {
                    at(&common, row + 1, column + 1) + 1
                } else {
                    at(&common, row + 1, column).max(at(&common, row, column + 1))
                };
                if let Some(cell) = common.get_mut(row * width + column) {
                    *cell = best;
                }
            }
        }
    }
    let mut script: Vec<_> = (0..head).map(|line| (Edit::Keep, line, line)).collect();
    let (mut row, mut column) = (0, 0);
    while row < rows || column < columns {
        let (from, to) = (head + row, head + column);
        let both = row < rows && column < columns;
        if both && pairs <= MAX_PAIRS && old.get(from) == new.get(to) {
            script.push((Edit::Keep, from, to));
            row += 1;
            column += 1;
        } else if row < rows && (!both || at(&common, row + 1, column) >= at(&common, row, column + 1)) {
            script.push((Edit::Remove, from, to));
            row += 1;
        } else {
            script.push((Edit::Add, from, to));
            column += 1;
        }
    }
    script.extend((0..tail).map(|line| (Edit::Keep, old_end + line, new_end + line)));
    script
}

struct Lines<'a> {
    script: &'a [(Edit, usize, usize)],
    old: &'a [&'a str],
    new: &'a [&'a str],
}

impl Lines<'_> {
    /// Takes the next run of changes that stand close together.
    fn next_hunk(&mut self) -> Option<String> {
        let first = self.script.iter().position(|(edit, ..)| *edit != Edit::Keep)?;
        let mut end = first;
        for (at, (edit, ..)) in self.script.iter().enumerate().skip(first) {
            if *edit != Edit::Keep {
                end = at + 1;
            } else if at - end >= 2 * CONTEXT_LINES {
                break;
            }
        }
        let start = first.saturating_sub(CONTEXT_LINES);
        let stop = (end + CONTEXT_LINES).min(self.script.len());
        let hunk = self.script.get(start..stop)?;
        let text = self.render(hunk);
        self.script = self.script.get(stop..)?;
        Some(text)
    }

    fn render(&self, hunk: &[(Edit, usize, usize)]) -> String {
        let (_, old_start, new_start) = hunk.first().copied().unwrap_or((Edit::Keep, 0, 0));
        let count = |other: Edit| hunk.iter().filter(|(edit, ..)| *edit != other).count();
        let (old_count, new_count) = (count(Edit::Add), count(Edit::Remove));
        // A range of no lines is named by the line before it.
        let start = |from: usize, count: usize| from + usize::from(count > 0);
        let mut text = String::new();
        let _infallible = writeln!(
            text,
            "@@ -{},{old_count} +{},{new_count} @@",
            start(old_start, old_count),
            start(new_start, new_count)
        );
        for (edit, from, to) in hunk {
            let (sign, line) = match edit {
                Edit::Keep => (' ', self.old.get(*from)),
                Edit::Remove => ('-', self.old.get(*from)),
                Edit::Add => ('+', self.new.get(*to)),
            };
            let line = line.copied().unwrap_or_default();
            text.push(sign);
            text.push_str(line);
            if !line.ends_with('\n') {
                text.push_str("\n\\ No newline at end of file\n");
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(before: &str, after: &str, want: &str) {
        assert_eq!(unified("a", "b", before, after), want);
    }

    #[test]
    fn differences_are_shown_as_diff_shows_them() {
        case("", "", "");
        case("x\n", "x\n", "");
        case("", "x\n", "--- a\n+++ b\n@@ -0,0 +1,1 @@\n+x\n");
        case("x\n", "", "--- a\n+++ b\n@@ -1,1 +0,0 @@\n-x\n");
        case(
            "x",
            "y",
            "--- a\n+++ b\n@@ -1,1 +1,1 @@\n-x\n\\ No newline at end of file\n+y\n\\ No newline at end of file\n",
        );
        case(
            "1\n2\n3\n4\n5\n6\n7\n8\n",
            "1\n2\n3\n4\nnew\n5\n6\n7\n8\n",
            "--- a\n+++ b\n@@ -2,6 +2,7 @@\n 2\n 3\n 4\n+new\n 5\n 6\n 7\n",
        );
    }

    #[test]
    fn far_changes_stand_apart() {
        let before = (0..30).map(|line| line.to_string()).collect::<Vec<_>>().join("\n") + "\n";
        let after = before.replace("\n3\n", "\nthree\n").replace("\n25\n", "\n");
        let diff = unified("a", "b", &before, &after);
        assert_eq!(diff.matches("@@ -").count(), 2, "{diff}");
        assert!(diff.contains("-3\n+three\n") && diff.contains("-25\n"), "{diff}");
    }
}
