//! `expbundle schema`: the JSON Schemas of everything that is JSON here.
use expbundle_words::Failure;

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
        match all.get(name) {
            Some(text) => terminal::say(text),
            None => {
                return Err(
                    Failure::usage(format!("there is no schema `{wanted}`")).help("`expbundle schema` lists the names")
                );
            }
        }
        Ok(exit::OK)
    }
}
