//! The one record of a bundle, verified and read.

use std::collections::BTreeMap;

use expbundle::Content;
use expbundle::verify::{Digests, Intact, Unverified};
use expbundle_convert::Converted;
use expbundle_format::record::Record;
use expbundle_format::sections::{
    Account, Artifacts, Context, Identity, JsonSection, Media, Recipe, SourceSection, Summary,
};
use expbundle_format::tree::Tree;
use expbundle_format::{Blake3, Finding};
use expbundle_series::{ConsoleReader, OwnedPoint, SeriesReader};

/// A bundle opened for looking into.
#[allow(dead_code, reason = "no test looks at everything")]
pub struct Opened {
    pub record: Record,
    pub context: Context,
    pub identity: Identity,
    pub recipe: Recipe,
    pub artifacts: Artifacts,
    pub media: Media,
    pub summary: Summary,
    pub source: SourceSection,
    pub findings: Vec<Finding>,
    pub account: Account,
    /// The file as it would be written.
    pub bytes: Vec<u8>,
    intact: Intact,
}

#[allow(dead_code, reason = "no test looks at everything")]
impl Opened {
    #[track_caller]
    pub fn new(converted: Converted) -> Self {
        fn section<S: JsonSection + Default>(intact: &Intact, converted: &Converted) -> S {
            intact.json_section(converted.record()).unwrap_or_default()
        }
        let mut bytes = Vec::new();
        converted.bundle.write(&mut bytes).expect("memory");
        let checked = Unverified::new(Content::bytes(bytes.clone())).check(Digests::All);
        let intact = checked.unwrap_or_else(|wrong| panic!("{:?}", wrong.findings())).intact;
        let record = intact.records()[&converted.record()].clone();
        Self {
            record,
            context: section(&intact, &converted),
            identity: section(&intact, &converted),
            recipe: section(&intact, &converted),
            artifacts: section(&intact, &converted),
            media: section(&intact, &converted),
            summary: section(&intact, &converted),
            source: section(&intact, &converted),
            findings: converted.findings,
            account: converted.account,
            bytes,
            intact,
        }
    }

    /// The series of a Parquet section, in the order of the file.
    pub fn series(&self, section: &str) -> BTreeMap<String, Vec<OwnedPoint>> {
        let name = section.parse().expect("a name");
        let Some(content) = self.intact.section(self.record.id(), &name) else { return BTreeMap::new() };
        let reader = SeriesReader::open(content.read(1 << 30).expect("small")).expect("Parquet");
        let mut series: BTreeMap<String, Vec<OwnedPoint>> = BTreeMap::new();
        reader.for_each(|point| series.entry(point.key.to_string()).or_default().push(point.clone())).expect("points");
        series
    }

    /// The lines of the console: stream, time and text.
    #[allow(dead_code, reason = "not every tool has a console")]
    pub fn console(&self) -> Vec<(String, Option<i64>, String)> {
        let name = expbundle_format::sections::CONSOLE.parse().expect("a name");
        let Some(content) = self.intact.section(self.record.id(), &name) else { return Vec::new() };
        let mut lines = Vec::new();
        let reader = ConsoleReader::open(content.read(1 << 30).expect("small")).expect("Parquet");
        reader.for_each(|line| lines.push((line.stream.clone(), line.time_ns, line.line.clone()))).expect("lines");
        lines
    }

    /// The listing of a tree that is in the bundle.
    pub fn tree(&self, digest: Blake3) -> Option<Tree> {
        let content = self.intact.bundle().artifacts().find(|(name, _)| *name == digest)?.1;
        Tree::parse(&content.read(1 << 30).expect("small")).ok()
    }
}
