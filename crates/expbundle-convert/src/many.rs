//! Many runs of one source: where each goes, and what they come to.

use expbundle::verify::Intact;
use expbundle_format::Finding;
use expbundle_format::record::{Record, Status};
use expbundle_format::sections::Account;

use crate::tracker::Listed;
use crate::{Converted, Embedded};

/// What many conversions come to.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Runs for which a bundle was written.
    pub new: u64,
    /// Runs whose record is there already.
    pub unchanged: u64,
    /// Runs whose bundle stands beside another record of the run.
    pub changed: u64,
    /// Keys of the runs that could not be converted.
    pub failed: Vec<String>,
    /// The items of all of them.
    pub account: Account,
    /// Files whose bytes are in the bundles.
    pub embedded: Vec<Embedded>,
    /// Files that a pattern asked for and for which there was no room.
    pub too_large: Vec<Embedded>,
    /// What was found, each with the key of its run in its place.
    pub findings: Vec<Finding>,
}

impl Summary {
    /// Adds a run that was converted.
    pub fn add(&mut self, converted: &Converted, run: &Listed) {
        for (kind, line) in &converted.account.items {
            self.account.found(kind, line.total);
            self.account.mapped(kind, line.mapped);
            self.account.raw(kind, line.raw);
            for dropped in &line.dropped {
                self.account.dropped(kind, dropped.count, &dropped.reason);
            }
        }
        for (kind, count) in &converted.account.secrets {
            *self.account.secrets.entry(kind.clone()).or_default() += count;
        }
        self.embedded.extend(converted.embedded.iter().cloned());
        self.too_large.extend(converted.too_large.iter().cloned());
        for finding in &converted.findings {
            let mut finding = finding.clone();
            finding.place = finding.place.in_file(&run.key);
            self.findings.push(finding);
        }
    }
}

/// Whether a bundle is of this run after its end, in the very state that the source lists: then
/// there is nothing new to convert.
pub fn is_up_to_date(bundle: &Intact, run: &Listed) -> bool {
    let ended = [Status::Finished, Status::Failed, Status::Killed, Status::Crashed].contains(&run.status);
    ended
        && bundle.records().values().map(Record::body).any(|body| {
            body.source.as_ref().is_some_and(|source| source.run == run.id)
                && body.status == Some(run.status)
                && body.started == run.started
        })
}

/// The file of a run: its key, with what no file name may hold replaced.
pub fn file_name(key: &str) -> String {
    let safe: String =
        key.chars().map(|c| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '_' }).take(120).collect();
    let safe = safe.trim_start_matches('.');
    format!("{}.expb", if safe.is_empty() { "run" } else { safe })
}
