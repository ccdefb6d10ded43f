//! What the conversions of many runs come to.

use expbundle_format::Finding;
use expbundle_format::sections::Account;

use crate::many::Placed;
use crate::tracker::Listed;
use crate::{Converted, Embedded};

/// What many conversions come to.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Runs for which a bundle was written.
    pub new: u64,
    /// Runs whose record is there already.
    pub unchanged: u64,
    /// Runs whose bundle stands beside another of the run.
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
    /// Whether there is a bundle of any of the runs.
    pub fn has_any(&self) -> bool {
        self.new + self.unchanged + self.changed > 0
    }

    /// Counts what became of a run.
    pub(crate) fn count(&mut self, placed: &Placed) {
        match placed {
            Placed::New => self.new += 1,
            Placed::Same => self.unchanged += 1,
            Placed::Beside { .. } => self.changed += 1,
        }
    }

    /// Both together.
    #[must_use]
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.new += other.new;
        self.unchanged += other.unchanged;
        self.changed += other.changed;
        self.failed.extend(other.failed);
        self.add_account(&other.account);
        self.embedded.extend(other.embedded);
        self.too_large.extend(other.too_large);
        self.findings.extend(other.findings);
        self
    }

    fn add_account(&mut self, account: &Account) {
        for (kind, line) in &account.items {
            self.account.found(kind, line.total);
            self.account.mapped(kind, line.mapped);
            self.account.raw(kind, line.raw);
            for dropped in &line.dropped {
                self.account.dropped(kind, dropped.count, &dropped.reason);
            }
        }
        for (kind, count) in &account.secrets {
            *self.account.secrets.entry(kind.clone()).or_default() += count;
        }
    }

    /// Adds a run that was converted.
    pub fn add(&mut self, converted: &Converted, run: &Listed) {
        self.add_account(&converted.account);
        self.embedded.extend(converted.embedded.iter().cloned());
        self.too_large.extend(converted.too_large.iter().cloned());
        for finding in &converted.findings {
            let mut finding = finding.clone();
            finding.place = finding.place.in_file(&run.key);
            self.findings.push(finding);
        }
    }
}
