//! A record as a document: what `record.json` and its JSON sections say.

use expbundle::standing::Objection;
use expbundle::verify::Intact;
use expbundle_format::limits::Limits;
use expbundle_format::record::RecordBody;
use expbundle_format::{RecordId, json, sections};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

/// A record and its JSON sections as one object, each as it stands in the bundle.
#[derive(Clone, Debug, Serialize, JsonSchema)]
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
    /// What was said against the record, the weightiest first. Nobody's key is trusted here.
    pub objections: Vec<Objection>,
}

impl Shown {
    /// All of a record that is JSON; `None` if the bundle has no such record.
    pub fn of(intact: &Intact, id: RecordId, at: Timestamp) -> Option<Self> {
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
        let objections = against(intact, id, at);
        Some(Self { id, record: parse(record.bytes()), sections: all, withheld, objections })
    }
}

/// What was said against a record, as far as anybody can tell without a signers file: the
/// weightiest first.
pub fn against(intact: &Intact, record: RecordId, at: Timestamp) -> Vec<Objection> {
    intact.standing(None, at).against.remove(&record).unwrap_or_default()
}
