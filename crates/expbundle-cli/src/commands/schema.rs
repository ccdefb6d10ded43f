//! `expbundle schema`: the JSON Schemas of everything that is JSON here.
use expbundle_words::no_schema;

use crate::{Outcome, exit, schemas, terminal};

/// Print the JSON Schema of a section, of the record, or of what `--json` prints
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  expbundle schema                 the names\n  expbundle schema recipe")]
pub struct Schema {
    /// Name of the schema [default: list the names]
    name: Option<String>,
}

impl Schema {
    pub fn run(self) -> Outcome {
        let all = schemas::all();
        let Some(wanted) = self.name else {
            let names: Vec<&str> = all.keys().map(String::as_str).collect();
            terminal::say(&format!("{}\n", names.join("\n")));
            return Ok(exit::OK);
        };
        let name = wanted.trim_end_matches(".schema.json").trim_end_matches(".json");
        let text = all.get(name).ok_or_else(|| no_schema(name, all.keys().map(String::as_str)))?;
        terminal::say(text);
        Ok(exit::OK)
    }
}
