//! What several places say against each other's records, where each is judged by itself.
//!
//! A revocation that lies in one bundle says nothing in another: each is judged by what is in it.
//! Whoever asks about both at once has both, and must not miss it.

use std::collections::{BTreeSet, HashMap};

use expbundle_format::{RecordId, StatementId};
use expbundle_statement::Kind;
use serde::Serialize;

use super::{Report, StatementReport};
use crate::standing::{Objection, ObjectionKind};

/// What trusted keys say in one place against a record that is in another one, and is not said there.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AcrossReport {
    /// The record.
    pub record: RecordId,
    /// The place that has the record.
    pub place: String,
    /// The place in which it was said.
    pub said_in: String,
    /// What was said against the record, the weightiest first.
    pub objections: Vec<Objection>,
    /// The fingerprint of the key that was revoked there, if one that vouches for the record here was.
    pub revoked_key: Option<String>,
}

impl AcrossReport {
    /// Whether the record counts for less if both places are judged as one.
    pub fn lowers(&self) -> bool {
        self.revoked_key.is_some() || self.objections.iter().any(|one| one.kind == ObjectionKind::Revoked)
    }
}

/// The places that were verified so far.
#[derive(Debug, Default)]
pub struct Places {
    seen: Vec<Place>,
    records: HashMap<RecordId, Vec<usize>>,
    said: HashMap<RecordId, Vec<(usize, Vec<Objection>)>>,
    /// Who vouches for which record in which place, by the line of the key.
    vouching: HashMap<String, Vec<(usize, RecordId, String)>>,
    /// In which places a key was revoked.
    revoked: HashMap<String, Vec<usize>>,
}

#[derive(Debug)]
struct Place {
    path: String,
    heard: BTreeSet<StatementId>,
    keys_taken_back: BTreeSet<String>,
}

impl Places {
    /// The report with what the places before say against its records, and it against theirs. Who is
    /// not asked for trust in any key is told nothing: anybody can say anything.
    #[must_use]
    pub fn with(&mut self, mut report: Report) -> Report {
        if !report.signers_checked {
            return report;
        }
        let this = self.seen.len();
        let said = trusted_objections(&report);
        self.seen.push(Place {
            path: report.path.clone(),
            heard: said.iter().flat_map(|(_, objections)| objections.iter().map(|one| one.statement)).collect(),
            keys_taken_back: report.keys_taken_back.clone(),
        });
        let here: BTreeSet<RecordId> =
            report.records.iter().chain(&report.apart.records).map(|record| record.id).collect();
        let mut across = Vec::new();
        for (record, objections) in &said {
            let places = self.records.get(record).into_iter().flatten();
            across.extend(places.filter_map(|place| self.objected(*record, *place, this, objections)));
        }
        for record in &here {
            let earlier = self.said.get(record).into_iter().flatten();
            across.extend(earlier.filter_map(|(place, objections)| self.objected(*record, this, *place, objections)));
        }
        across.extend(self.keys(&report, this));
        for record in here {
            self.records.entry(record).or_default().push(this);
        }
        for (record, objections) in said {
            self.said.entry(record).or_default().push((this, objections));
        }
        report.across = across;
        report
    }

    /// What was said in one place against a record of another, and not there.
    fn objected(&self, record: RecordId, place: usize, said_in: usize, all: &[Objection]) -> Option<AcrossReport> {
        let (place, said_in) = (&self.seen[place], &self.seen[said_in]);
        let objections: Vec<Objection> =
            all.iter().filter(|one| !place.heard.contains(&one.statement)).cloned().collect();
        (!objections.is_empty()).then(|| AcrossReport {
            record,
            place: place.path.clone(),
            said_in: said_in.path.clone(),
            objections,
            revoked_key: None,
        })
    }

    /// Keys that were revoked in one place and vouch for a record of another.
    fn keys(&mut self, report: &Report, this: usize) -> Vec<AcrossReport> {
        let is_vouching = |one: &&StatementReport| one.kind == Kind::Authorship.as_str() && !one.revoked;
        let own: Vec<(String, RecordId, String)> = report
            .statements
            .iter()
            .filter(is_vouching)
            .filter_map(|one| Some((one.signer.public_key.clone(), one.record?, one.signer.fingerprint.clone())))
            .collect();
        let mut across = Vec::new();
        for key in &report.keys_taken_back {
            let vouching = self.vouching.get(key).into_iter().flatten();
            across.extend(vouching.filter_map(|(place, record, name)| self.key(key, *record, name, *place, this)));
            self.revoked.entry(key.clone()).or_default().push(this);
        }
        for (key, record, name) in own {
            let places = self.revoked.get(&key).into_iter().flatten();
            across.extend(places.filter_map(|said_in| self.key(&key, record, &name, this, *said_in)));
            self.vouching.entry(key).or_default().push((this, record, name));
        }
        // A key may vouch for thousands of records; one of each place tells it.
        let mut told = BTreeSet::new();
        across.retain(|one| told.insert((one.place.clone(), one.said_in.clone(), one.revoked_key.clone())));
        across
    }

    fn key(&self, key: &str, record: RecordId, name: &str, place: usize, said_in: usize) -> Option<AcrossReport> {
        let (place, said_in) = (&self.seen[place], &self.seen[said_in]);
        (!place.keys_taken_back.contains(key)).then(|| AcrossReport {
            record,
            place: place.path.clone(),
            said_in: said_in.path.clone(),
            objections: Vec::new(),
            revoked_key: Some(name.to_owned()),
        })
    }
}

/// What trusted keys say in a place, of whichever record.
fn trusted_objections(report: &Report) -> Vec<(RecordId, Vec<Objection>)> {
    let listed = report.records.iter().map(|record| (record.id, &record.objections));
    let elsewhere = report.objected_elsewhere.iter().map(|one| (one.record, &one.objections));
    let of_trusted = |(record, all): (RecordId, &Vec<Objection>)| {
        let objections: Vec<Objection> = all.iter().filter(|one| !one.trusted_as.is_empty()).cloned().collect();
        (!objections.is_empty()).then_some((record, objections))
    };
    listed.chain(elsewhere).filter_map(of_trusted).collect()
}
