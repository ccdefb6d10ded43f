//! The sections that a record lists, by file name.

use std::fmt;

#[cfg(feature = "schema")]
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::container::SectionName;
use crate::digest::DigestSet;

/// A section as its record lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SectionRef {
    /// Media type of the content.
    pub media_type: String,
    /// Size in bytes.
    #[cfg_attr(feature = "schema", schemars(range(max = 9_007_199_254_740_991_u64)))]
    pub size: u64,
    /// Both digests of the content.
    pub digest: DigestSet,
}

/// Sections in the order of their names: a map in a tenth of the memory, for a record has a dozen
/// and a family 100,000 records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SectionList(Vec<(SectionName, SectionRef)>);

impl SectionList {
    /// Lists a section, in place of one of that name.
    pub fn insert(&mut self, name: SectionName, section: SectionRef) {
        match self.position(&name) {
            Ok(position) => self.0[position].1 = section,
            Err(position) => self.0.insert(position, (name, section)),
        }
    }

    /// What is listed under a name.
    pub fn get(&self, name: &SectionName) -> Option<&SectionRef> {
        self.position(name).ok().map(|position| &self.0[position].1)
    }

    /// Whether a name is listed.
    pub fn contains_key(&self, name: &SectionName) -> bool {
        self.position(name).is_ok()
    }

    /// The names, in their order.
    pub fn keys(&self) -> impl Iterator<Item = &SectionName> {
        self.iter().map(|(name, _)| name)
    }

    /// The sections, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&SectionName, &SectionRef)> {
        self.0.iter().map(|(name, section)| (name, section))
    }

    fn position(&self, name: &SectionName) -> Result<usize, usize> {
        self.0.binary_search_by(|(other, _)| other.cmp(name))
    }
}

impl Serialize for SectionList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for SectionList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = SectionList;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of sections")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<SectionList, A::Error> {
                let mut list = SectionList::default();
                while let Some((name, section)) = members.next_entry()? {
                    list.insert(name, section);
                }
                list.0.shrink_to_fit();
                Ok(list)
            }
        }

        deserializer.deserialize_map(Members)
    }
}

#[cfg(feature = "schema")]
impl JsonSchema for SectionList {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SectionList".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        std::collections::BTreeMap::<SectionName, SectionRef>::json_schema(generator)
    }
}
