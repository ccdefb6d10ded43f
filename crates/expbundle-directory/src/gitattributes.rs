//! `.gitattributes` and `.gitignore` of a model folder, as far as `experiment.expb` is concerned.
//!
//! A bundle is binary, so git must neither change its line ends nor try to merge it, and the Hub
//! wants binary files above 10 MiB in LFS. In both files the last line that matches wins
//! (gitattributes(5), gitignore(5)). So `LINE` at the end is always right, and no more is read of
//! what is there than shows that it is not needed. Files of enclosing folders and of the user's own
//! configuration are not looked at.

use expbundle_format::glob;

use crate::BUNDLE_NAME;

/// What is added is two lines, one of these before [`LINE`], so that a line that somebody else
/// wrote is never taken for ours.
const MARK: &str = "# Added by `expbundle attach`, and removed by `expbundle detach`:";
/// The same in a file that was not there.
const MARK_FILE: &str = "# File added by `expbundle attach`, and removed by `expbundle detach`:";
/// What Git has to know about the bundle.
const LINE: &str = "experiment.expb filter=lfs diff=lfs merge=lfs -text";
/// Git takes no notice of longer lines.
const MOST_LINE_BYTES: usize = 2048;

/// Whether it is plain that the attributes keep the bundle as it is: in LFS, or as a binary file
/// that git does not touch.
fn is_covered(gitattributes: &str) -> bool {
    let mut covered = false;
    for line in gitattributes.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        // Quotes, escapes, classes and macros may mean the bundle too, and what they say of it is
        // not worked out.
        let is_plain = line.len() <= MOST_LINE_BYTES && !line.contains(['"', '\\', '[']);
        let (pattern, attributes) = line.split_once([' ', '\t']).unwrap_or((line, ""));
        if is_plain && !matches_bundle(pattern) {
            continue;
        }
        covered &= is_plain;
        for attribute in attributes.split_ascii_whitespace().filter(|_| is_plain) {
            covered = match attribute {
                "filter=lfs" | "-text" | "binary" => true,
                "diff=lfs" | "merge=lfs" | "-diff" | "-merge" => covered,
                _ => false,
            };
        }
    }
    covered
}

/// The text with `LINE` at its end below a mark, or `None` if it needs none. Line ends are those
/// of the text.
pub fn with_line(gitattributes: Option<&str>) -> Option<String> {
    let Some(text) = gitattributes else { return Some(format!("{MARK_FILE}\n{LINE}\n")) };
    if is_covered(text) {
        return None;
    }
    let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    if text.is_empty() || text.ends_with('\n') {
        Some(format!("{text}{MARK}{line_end}{LINE}{line_end}"))
    } else {
        // Without a last line end there was none to give back, so that `without_line` restores the
        // very bytes.
        Some(format!("{text}{line_end}{MARK}{line_end}{LINE}"))
    }
}

/// Whether the file was not there before.
pub fn was_added(gitattributes: &str) -> bool {
    gitattributes.lines().next() == Some(MARK_FILE)
}

/// The text without `LINE` below its mark, or `None` if they are not there. Undoes [`with_line`].
pub fn without_line(gitattributes: &str) -> Option<String> {
    let bare = |line: &str| line.trim_end_matches(['\r', '\n']).to_owned();
    let is_mark = |line: &str| [MARK, MARK_FILE].contains(&bare(line).as_str());
    let mut kept = String::with_capacity(gitattributes.len());
    let mut lines = gitattributes.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        let Some(ours) = lines.next_if(|next| is_mark(line) && bare(next) == LINE) else {
            kept.push_str(line);
            continue;
        };
        if !ours.ends_with('\n') {
            let line_end = if line.ends_with("\r\n") { "\r\n" } else { "\n" };
            let shorter = kept.strip_suffix(line_end).map_or(kept.len(), str::len);
            kept.truncate(shorter);
        }
    }
    (kept.len() < gitattributes.len()).then_some(kept)
}

/// The line of a `.gitignore` that keeps the bundle out, if one plainly does.
pub fn ignoring_line(gitignore: &str) -> Option<&str> {
    let mut matching = gitignore.lines().rev().filter_map(|line| {
        let pattern = line.trim_end_matches(' ');
        let (pattern, ignores) = pattern.strip_prefix('!').map_or((pattern, true), |pattern| (pattern, false));
        matches_bundle(pattern).then_some(Some(line).filter(|_| ignores))
    });
    matching.next().flatten()
}

/// Whether a pattern without escapes and classes matches the bundle's name at the top of the
/// folder.
fn matches_bundle(mut pattern: &str) -> bool {
    // `/x` is x at the top, and `**/x` is x anywhere. Any other slash means a folder, where the
    // bundle is not.
    while let Some(rest) = pattern.strip_prefix("**/") {
        pattern = rest;
    }
    glob::fits(pattern.strip_prefix('/').unwrap_or(pattern), BUNDLE_NAME)
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    /// What plainly keeps the bundle safe.
    const PLAIN: &[&str] = &[
        "*.expb filter=lfs diff=lfs merge=lfs -text\n",
        "*.expb filter=lfs diff=lfs merge=lfs -text\r\n",
        "experiment.expb filter=lfs diff=lfs merge=lfs -text",
        "/experiment.expb filter=lfs\n",
        "**/experiment.expb filter=lfs\n",
        "experiment.exp? filter=lfs\n",
        "exp*t*.expb filter=lfs\n",
        "  *.expb filter=lfs\n",
        "* -text\n",
        "*.expb binary\n",
        "*.expb filter=other\n* filter=lfs\n",
        "*.expb\tfilter=lfs\n",
        "[attr]big filter=lfs\n*.bin big\n*.expb -text -diff\n# \"*.expb\" text\n",
        "*.expb filter=lfs\n*.bin -filter\n",
    ];
    /// What keeps it safe too, and is not read closely enough to know.
    const INVOLVED: &[&str] = &[
        "[a-f]*.exp[!a] filter=lfs\n",
        "[[:alpha:]]*.expb filter=lfs\n",
        "[]e]*.expb filter=lfs\n",
        "experiment\\.expb filter=lfs\n",
        "\"experiment.expb\" filter=lfs\n",
        "[attr]big filter=lfs diff=lfs merge=lfs -text\n*.expb big\n",
        "*.expb filter=lfs\n* text=auto\n",
        "*.expb filter=lfs\n\"*.bin\" -filter\n",
        "*.expb filter=lfs lockable\n",
    ];
    /// What does not keep it safe.
    const UNSAFE: &[&str] = &[
        "",
        "*.safetensors filter=lfs diff=lfs merge=lfs -text\n",
        "*/experiment.expb filter=lfs\n",
        "sub/*.expb filter=lfs\n",
        "experiment.expb/ filter=lfs\n",
        "*.expb? filter=lfs\n",
        "[^a-f]*.expb filter=lfs\n",
        "[e filter=lfs\n",
        "\"exp\\145riment.expb filter=lfs\n",
        "# *.expb filter=lfs\n",
        "!*.expb filter=lfs\n",
        "* text=auto\n",
        "* text\n",
        "*.expb filter=lfs\n*.expb -filter\n",
        "*.expb filter=lfs\n*.expb !filter\n",
        "*.expb filter=lfs\n*.expb filter=other\n",
        "*.expb filter=lfs\n[e]*.expb -filter\n",
        "*.expb filter=lfs\n\"*.expb\" -filter\n",
        "[attr]small !filter\n*.expb filter=lfs\n*.expb small\n",
        "*.expb -text\n*.expb text\n",
        "*.EXPB filter=lfs\n",
    ];

    fn all() -> impl Iterator<Item = &'static str> {
        [PLAIN, INVOLVED, UNSAFE].concat().into_iter()
    }

    #[test]
    fn only_what_plainly_keeps_the_bundle_safe_is_enough() {
        for text in all() {
            assert_eq!(is_covered(text), PLAIN.contains(&text), "{text:?}");
        }
        let long = format!("*.expb {}filter=lfs\n", "-diff ".repeat(1000));
        assert!(!is_covered(&long) && !is_covered(&format!("* -text\n{long}")));
    }

    #[test]
    fn the_line_is_added_once_and_taken_away_without_a_trace() {
        for text in all() {
            let Some(with) = with_line(Some(text)) else { continue };
            assert!(is_covered(&with) && with.starts_with(text), "{text:?}");
            assert_eq!(with_line(Some(&with)), None, "{text:?}");
            assert_eq!(without_line(&with).as_deref(), Some(text));
        }
        assert_eq!(without_line("*.bin filter=lfs\n"), None);
        assert_eq!(with_line(Some("* text\r\n")), Some(format!("* text\r\n{MARK}\r\n{LINE}\r\n")));
        assert_eq!(without_line(&format!("a b\n{MARK}\n{LINE}\nc d\n")).as_deref(), Some("a b\nc d\n"));
        // A carriage return of the user's own is not a part of our line end.
        let with = with_line(Some("a b\r")).expect("not covered");
        assert_eq!(without_line(&with).as_deref(), Some("a b\r"));
        let made = with_line(None).expect("not there");
        assert!(was_added(&made) && is_covered(&made) && !was_added(&with_line(Some("")).expect("empty")));
        assert_eq!(without_line(&made).as_deref(), Some(""));
        for theirs in [format!("{LINE}\n"), format!("{MARK}\n*.bin -text\n{LINE}\n"), format!("{LINE}\n{MARK}\n")] {
            assert_eq!(without_line(&theirs), None, "{theirs:?}");
        }
    }

    const IGNORES: &[(&str, Option<&str>)] = &[
        ("", None),
        ("*.expb\n", Some("*.expb")),
        ("*\n!*.md\n", Some("*")),
        ("*\n!experiment.expb\n", None),
        ("!*.expb\n*.expb\n", Some("*.expb")),
        ("/experiment.expb\n", Some("/experiment.expb")),
        ("experiment.expb/\n", None),
        ("#*.expb\n", None),
        ("*.expb  \n", Some("*.expb  ")),
        ("*.expb\\ \n", None),
        ("sub/*.expb\n", None),
        ("*.safetensors\r\n*.expb\r\n", Some("*.expb")),
    ];

    #[test]
    fn ignores_are_read_as_git_reads_them() {
        for (text, want) in IGNORES {
            assert_eq!(ignoring_line(text), *want, "{text:?}");
        }
    }

    /// Git's own answer in a fresh repository, if git is here.
    fn git(arguments: &[&str], file: &str, text: &str) -> Option<(bool, String)> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join(file), text).expect("room");
        let command = |arguments: &[&str]| {
            let mut command = Command::new("git");
            command.current_dir(folder.path()).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
            command.args(arguments).stderr(Stdio::null()).output().ok()
        };
        command(&["init", "--quiet"]).filter(|output| output.status.success())?;
        let output = command(arguments)?;
        Some((output.status.success(), String::from_utf8(output.stdout).expect("text")))
    }

    /// Where git is installed it must agree with the lists above; they hold without it too.
    #[test]
    fn git_agrees() {
        let keeps = |text: &str| {
            let (_, said) = git(&["check-attr", "filter", "text", "--", BUNDLE_NAME], ".gitattributes", text)?;
            Some(said.contains("filter: lfs\n") || said.contains("text: unset\n"))
        };
        for text in all() {
            let Some(kept) = keeps(text) else { return };
            assert_eq!(kept, !UNSAFE.contains(&text), "{text:?}");
            let after = with_line(Some(text)).unwrap_or_else(|| text.to_owned());
            assert_eq!(keeps(&after), Some(true), "{after:?}");
        }
        for (text, line) in IGNORES {
            let Some((ignored, _)) = git(&["check-ignore", "--quiet", BUNDLE_NAME], ".gitignore", text) else { return };
            assert_eq!(ignored, line.is_some(), "{text:?}");
        }
    }
}
