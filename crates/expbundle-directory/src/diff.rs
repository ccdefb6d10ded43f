//! Unified diffs, for showing a change before it is made.

/// The difference of two texts as `diff -u` shows it; empty if there is none.
pub fn unified(before_name: &str, after_name: &str, before: &str, after: &str) -> String {
    similar::TextDiff::from_lines(before, after).unified_diff().header(before_name, after_name).to_string()
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
        case("", "x\n", "--- a\n+++ b\n@@ -0,0 +1 @@\n+x\n");
        case("x\n", "", "--- a\n+++ b\n@@ -1 +0,0 @@\n-x\n");
        case(
            "x",
            "y",
            "--- a\n+++ b\n@@ -1 +1 @@\n-x\n\\ No newline at end of file\n+y\n\\ No newline at end of file\n",
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
