//! The JSON Schemas that the project publishes: generated from the types, printed by `schema`, held
//! by `schemas/`.

use std::collections::BTreeMap;

use expbundle_convert::RunOutcome;
use expbundle_convert::tracker::Listed;
use expbundle_format::record::RecordBody;
use expbundle_format::sections;
use expbundle_query::{Differences, LineageReport, Shown, Signers, WhyReport};
use schemars::{Schema, schema_for};

/// Every schema by name, as its text.
pub fn all() -> BTreeMap<String, String> {
    let mut schemas: BTreeMap<String, Schema> = sections::schemas()
        .into_iter()
        .map(|(name, schema)| (name.trim_end_matches(".json").to_owned(), schema))
        .collect();
    schemas.insert("record".to_owned(), schema_for!(RecordBody));
    for (name, schema) in [
        ("report", schema_for!(expbundle::report::Report)),
        ("log", schema_for!(Vec<expbundle::report::StatementReport>)),
        ("show", schema_for!(Shown)),
        ("diff", schema_for!(Differences)),
        ("lineage", schema_for!(LineageReport)),
        ("why", schema_for!(WhyReport)),
        ("list", schema_for!(Vec<Listed>)),
        ("convert", schema_for!(Vec<RunOutcome>)),
        ("inspect", schema_for!(expbundle_convert::exposure::Exposure)),
        ("signers", schema_for!(Signers)),
    ] {
        schemas.insert(name.to_owned(), schema);
    }
    schemas.extend(expbundle_statement::schemas().into_iter().map(|(name, schema)| (name.to_owned(), schema)));
    schemas
        .into_iter()
        .map(|(name, mut schema)| {
            schema.insert("$id".to_owned(), format!("https://expbundle.github.io/schema/{name}/v1").into());
            let text = serde_json::to_string_pretty(&schema).expect("a schema is plain JSON");
            (name, text + "\n")
        })
        .collect()
}
