//! Which records of a bundle a report lets through: those that count. Anybody can add a record to a
//! bundle, and one that derives from the record that somebody trusts would be the one that is meant.

use std::collections::BTreeSet;
use std::sync::Arc;

use expbundle::report::Report;
use expbundle::verify::Intact;
use expbundle_format::RecordId;
use expbundle_query::short;
use expbundle_words::{Failure, count};
use pyo3::prelude::*;

use crate::arguments::now;
use crate::error::raise;

/// The records that count for whoever asked.
#[derive(Clone)]
pub struct Counted(Arc<BTreeSet<RecordId>>);

impl Counted {
    pub fn of(report: &Report) -> Self {
        Self(Arc::new(report.records.iter().map(|record| record.id).collect()))
    }

    /// Those that a bundle has, in the order of their ids.
    pub fn ids(&self, intact: &Intact) -> Vec<RecordId> {
        intact.records().keys().copied().filter(|id| self.0.contains(id)).collect()
    }

    /// Refuses a record that does not count.
    pub fn check(&self, py: Python<'_>, id: RecordId) -> PyResult<RecordId> {
        if self.0.contains(&id) {
            return Ok(id);
        }
        let told = format!("record {} was set apart by this report: nobody who is trusted signed it", short(&id));
        Err(raise(
            py,
            Failure::new("policy.state", told).help("`expbundle.open(PATH).record(ID)` reads it all the same"),
        ))
    }

    /// The only one that no other of them derives from.
    pub fn head(&self, py: Python<'_>, intact: &Intact) -> PyResult<RecordId> {
        let ids = self.ids(intact);
        let lineage = intact.judge(None, now().timestamp()).lineage;
        let ancestors: BTreeSet<RecordId> = ids
            .iter()
            .flat_map(|id| {
                lineage.possible_ancestors(&[*id]).into_iter().filter(|above| above != id).collect::<Vec<_>>()
            })
            .collect();
        let heads: Vec<RecordId> = ids.into_iter().filter(|id| !ancestors.contains(id)).collect();
        let failure = match heads.as_slice() {
            [id] => return Ok(*id),
            [] => Failure::new("policy.state", "no record of this bundle counts: nobody who is trusted signed one")
                .help("`expbundle.open(PATH).record()` reads it all the same"),
            several => {
                let told = format!("{} count, and no other derives from them", count(several.len() as u64, "record"));
                Failure::usage(told)
                    .help("choose one by its id: `report.bundle.record(ID)`; `report.records` lists them")
            }
        };
        Err(raise(py, failure))
    }
}
