//! The sections of a record: files that it lists by digest (spec/sections.md). May be withheld,
//! never altered.
//!
//! One file a section; its type is its schema. The Parquet sections live in `expbundle-series`.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::container::SectionName;
use crate::json::{self, JsonError};
use crate::limits::Limits;

mod artifacts;
mod context;
mod cost;
mod evaluations;
mod events;
mod identity;
mod media;
mod recipe;
mod source;
mod summary;

pub use artifacts::{Artifact, ArtifactFile, Artifacts, DatasetFacts, Direction, ModelFacts, RegisteredVersion};
pub use context::{Context, Group, Link, Observation};
pub use cost::{Basis, Charge, Cost, ResourceUse};
pub use evaluations::{Evaluation, Evaluations};
pub use events::{Event, EventSeverity, Events, Segment};
pub use identity::{Identity, Person};
pub use media::{Media, MediaItem};
pub use recipe::{Accelerator, Captured, Changes, Code, DataUse, Environment, Gap, Hardware, Package, Recipe};
pub use source::{Account, AccountLine, Damage, Dropped, SourceSection};
pub use summary::{Goal, SeriesSummary, Summary};

/// Media type of JSON sections.
pub const JSON: &str = "application/json";
/// Media type of Parquet sections.
pub const PARQUET: &str = "application/vnd.apache.parquet";

/// File names of the Parquet sections.
pub const METRICS: &str = "metrics.parquet";
/// System metrics, in the shape of [`METRICS`].
pub const TELEMETRY: &str = "telemetry.parquet";
/// Console output.
pub const CONSOLE: &str = "console.parquet";

/// The media type of a section whose name this version knows (spec/sections.md).
///
/// What such a name holds is never a matter of opinion: readers go by the name, so the record may
/// not call it something else.
pub fn media_type(name: &SectionName) -> Option<&'static str> {
    match name.as_str() {
        METRICS | TELEMETRY | CONSOLE => Some(PARQUET),
        name if is_json(name) => Some(JSON),
        _ => None,
    }
}

/// A section that is JSON with a schema.
pub trait JsonSection: Serialize + DeserializeOwned {
    /// Its file name.
    const NAME: &'static str;

    /// Its file name as a type.
    fn name() -> SectionName {
        Self::NAME.parse().expect("section names of this crate follow the grammar")
    }
}

macro_rules! json_sections {
    ($($type:ident $name:literal;)*) => {
        $(impl JsonSection for $type { const NAME: &'static str = $name; })*

        /// Every JSON section of this version: its file name and its schema.
        #[cfg(feature = "schema")]
        pub fn schemas() -> Vec<(&'static str, schemars::Schema)> {
            vec![$(($name, schemars::schema_for!($type)),)*]
        }

        fn is_json(name: &str) -> bool {
            matches!(name, $($name)|*)
        }

        /// Checks that a text is JSON with the members of the section of that name. Unknown
        /// sections only have to be JSON.
        pub fn check(name: &SectionName, text: &[u8], limits: &Limits) -> Result<(), JsonError> {
            match name.as_str() {
                $($name => json::from_bytes::<$type>(text, limits).map(drop),)*
                _ => json::check(text, limits),
            }
        }
    };
}

json_sections! {
    Artifacts "artifacts.json";
    Context "context.json";
    Cost "cost.json";
    Evaluations "evaluations.json";
    Events "events.json";
    Identity "identity.json";
    Media "media.json";
    Recipe "recipe.json";
    SourceSection "source.json";
    Summary "summary.json";
}
