//! What a log, a patch or a quotation puts before each line. Without it, lines say of each other
//! what they did before: `+  - name: API_KEY` and `+    value: …`.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::compiled;

/// The longest beginning of a line that is looked at, in bytes.
const LONGEST: usize = 160;

/// How many bytes of a line only say where it comes from, with one blank behind them.
pub(crate) fn length(line: &[u8]) -> usize {
    static PREFIX: LazyLock<Regex> = LazyLock::new(|| {
        compiled(concat!(
            r"^(?:[ \t]{0,8}(?:\x1b\[[0-9;]{0,12}m)*(?:",
            // `[2026-11-30 10:00]`, `[rank0]:`, `[0]<stdout>:`, `(Trainer pid=12)`
            r"\[[^\[\]\r\n]{1,40}\](?:<\w{1,12}>)?:?|\([^()\r\n]{1,40} (?:pid|ip|rank)=[^()\r\n]{1,40}\)",
            // Times, and how much a line matters.
            r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d[\d:.,]*(?:Z|[+-]\d\d:?\d\d)?|\d\d:\d\d:\d\d[\d.,]*",
            r"|[IWEF]\d{4}[ \t]+[\d:.]{8,18}|(?:TRACE|DEBUG|INFO|WARN(?:ING)?|ERROR|CRITICAL|NOTICE)\b:?(?: -)?",
            r"|- [\w.]{1,40} -|std(?:out|err)\b:?|F\b",
            // Numbers of lines and ranks, prompts, comments, quotations, patches.
            r"|\d{1,6}(?::|[ \t]{0,4}\|)|In \[\d{1,6}\]:|[\w.\-]{1,32}@[\w.\-]{1,64}:[^\s#$]{0,64}[#$]",
            r"|>>>|\.\.\.|//|--[ \t]|@@|\xe2\x94\x82|\xe2\x94\x83|[+>#|;%$*]|rem\b",
            r"))+(?:\x1b\[[0-9;]{0,12}m)*[ \t]?"
        ))
    });
    let head = line.get(..LONGEST).unwrap_or(line);
    let length = PREFIX.find(head).map_or(0, |found| found.end());
    // A line that a patch removes; `- x` is an item of a list.
    let is_removed =
        length == 0 && line.first() == Some(&b'-') && line.get(1).is_some_and(|next| !b" -".contains(next));
    let is_removed = is_removed || length == 0 && line.starts_with(b"-  ");
    length + usize::from(is_removed)
}
