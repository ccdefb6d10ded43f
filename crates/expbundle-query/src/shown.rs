//! A record as a document: what `record.json` and its JSON sections say.

use expbundle::judge::{State, Verdict};
use expbundle::standing::Objection;
use expbundle::verify::Intact;
use expbundle_format::limits::Limits;
use expbundle_format::record::RecordBody;
use expbundle_format::{RecordId, json, sections};
use expbundle_statement::TrustPolicy;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::ApartCount;

/// A record and its JSON sections as one object, each as it stands in the bundle.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "expbundle show --json")]
pub struct Shown {
    /// The record's id.
    pub id: RecordId,
    /// What `record.json` says.
    #[schemars(with = "RecordBody")]
    pub record: Value,
    /// The JSON sections by file name; each has a schema of its own.
    pub sections: Map<String, Value>,
    /// Sections that this copy leaves out.
    pub withheld: Vec<String>,
    /// Whether signers were checked: whether there was a signers file.
    pub signers_checked: bool,
    /// How much holds for the record by itself, whatever it derives from.
    pub state: State,
    /// What was said against the record, the weightiest first; without a signers file by anybody.
    pub objections: Vec<Objection>,
    /// What counts for nothing in the bundle, because no trusted key signed it.
    pub apart: ApartCount,
    /// Statements that only a later version can verify: what they say is not known.
    pub set_aside: usize,
}

impl Shown {
    /// All of a record that is JSON; `None` if the bundle has no such record.
    pub fn of(intact: &Intact, verdict: &Verdict, id: RecordId) -> Option<Self> {
        let record = intact.records().get(&id)?;
        let parse = |bytes: &[u8]| json::parse(bytes, &Limits::default()).unwrap_or(Value::Null);
        let mut all = Map::new();
        let mut withheld = Vec::new();
        for (name, listed) in record.body().sections.iter() {
            match intact.section(id, name) {
                None => withheld.push(name.to_string()),
                Some(content) if listed.media_type == sections::JSON => {
                    let bytes = content.read(Limits::default().section_bytes).unwrap_or_default();
                    all.insert(name.to_string(), parse(&bytes));
                }
                Some(_) => {}
            }
        }
        Some(Self {
            id,
            record: parse(record.bytes()),
            sections: all,
            withheld,
            signers_checked: verdict.signers_checked,
            state: match verdict.records.get(&id) {
                // What strangers sign is as if it were not signed.
                Some(state) if !verdict.standing.apart.records.contains(&id) => *state,
                _ => State::Intact,
            },
            objections: verdict.standing.against.get(&id).cloned().unwrap_or_default(),
            apart: ApartCount::of(&verdict.standing),
            set_aside: intact.set_aside(),
        })
    }
}

/// What was said against a record by those whose word counts, and without a signers file by anybody:
/// the weightiest first.
pub fn against(intact: &Intact, policy: Option<&TrustPolicy>, record: RecordId, at: Timestamp) -> Vec<Objection> {
    intact.standing(policy, at).against.remove(&record).unwrap_or_default()
}
