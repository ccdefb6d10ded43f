//! What a conversion lists of what it found.

use std::collections::BTreeMap;

use expbundle::draft::Draft;
use expbundle_format::{Code, Finding, Place};

/// Findings of one code that are listed: a source of noise would fill the memory with what says
/// nothing new.
const MOST_OF_A_CODE: usize = 1000;

/// Puts findings in order, each once. Of each code the first 1,000 are kept, and how many more
/// there were.
pub(crate) fn put_in_order(findings: &mut Vec<Finding>) {
    findings.sort();
    findings.dedup();
    let mut counts: BTreeMap<Code, usize> = BTreeMap::new();
    findings.retain(|finding| {
        let count = counts.entry(finding.code).or_default();
        *count += 1;
        *count <= MOST_OF_A_CODE
    });
    let more = counts.into_iter().filter_map(|(code, count)| Some((code, count.checked_sub(MOST_OF_A_CODE)?)));
    findings.extend(
        more.filter(|(_, more)| *more > 0)
            .map(|(code, more)| Finding::new(code, Place::unknown(), format!("{more} more of these are not listed"))),
    );
}

/// What is said of free-form values that a draft keeps as text, if there are any.
pub(crate) fn not_taken_apart(draft: &Draft) -> Option<Finding> {
    let count = draft.not_taken_apart();
    let message =
        format!("{count} values are nested too deep or too large to be taken apart, and were kept as JSON text");
    (count > 0).then(|| Finding::new(Code::SourceLoss, Place::unknown(), message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_findings_of_a_code_hide_none_of_another() {
        for count in [MOST_OF_A_CODE, 2 * MOST_OF_A_CODE, 4 * MOST_OF_A_CODE] {
            let many =
                (0..count).map(|at| Finding::new(Code::SourceDamaged, Place::entry(format!("{at:05}")), "broken"));
            let one = Finding::new(Code::SourceOutside, Place::entry("z"), "a link");
            let mut findings: Vec<Finding> = many.chain([one.clone(), one.clone()]).collect();
            put_in_order(&mut findings);
            let more = count - MOST_OF_A_CODE;
            assert_eq!(findings.len(), MOST_OF_A_CODE + 1 + usize::from(more > 0));
            assert!(findings.contains(&one));
            let said = findings.iter().any(|finding| finding.message.starts_with(&format!("{more} more")));
            assert_eq!(said, more > 0);
        }
    }
}
