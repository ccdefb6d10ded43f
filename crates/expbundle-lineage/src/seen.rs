//! Runs: records of one source, and of one run that several trackers saw (spec/lineage.md, "One run
//! seen twice").

use std::collections::{BTreeMap, BTreeSet};

use expbundle_format::RecordId;
use expbundle_format::record::{Kind, Source};

use crate::contents::{Contents, Use};
use crate::facts::{AssertedLink, RecordFacts};
use crate::lineage::asserted_of;

/// Which records are of one run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Runs {
    /// By record, the number of its source; `None` if it has none.
    pub(crate) of: Vec<Option<u32>>,
    /// Records of each run that several tools saw.
    pub(crate) seen_twice: Vec<Vec<u32>>,
}

impl Runs {
    pub(crate) fn new(records: &[RecordFacts], links: &[AssertedLink], contents: &Contents) -> Self {
        let mut numbers: BTreeMap<&Source, u32> = BTreeMap::new();
        let mut sources: Vec<&Source> = Vec::new();
        let of: Vec<Option<u32>> = records
            .iter()
            .map(|facts| {
                let source = facts.source.as_ref()?;
                Some(*numbers.entry(source).or_insert_with(|| {
                    sources.push(source);
                    u32::try_from(sources.len() - 1).expect("records are numbered by u32")
                }))
            })
            .collect();
        let seeing = Seeing { records, links, of: &of, sources: &sources };
        let mut joined = Joined((0..).take(sources.len()).collect());
        for class in 0..contents.len() {
            if contents.digests(class).both().is_some() {
                let runs = seeing.of_one_run(contents.outputs.of(class));
                runs.windows(2).for_each(|pair| joined.join(pair[0], pair[1]));
            }
        }
        Self::of_groups(of, &sources, &mut joined)
    }

    fn of_groups(of: Vec<Option<u32>>, sources: &[&Source], joined: &mut Joined) -> Self {
        let mut groups: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for run in (0..).take(sources.len()) {
            groups.entry(joined.root(run)).or_default().push(run);
        }
        // By way of others two runs of one tool would be one, and somebody is wrong.
        groups.retain(|_, runs| runs.len() > 1 && have_different_tools(runs, sources));
        let root: BTreeMap<u32, u32> =
            groups.iter().flat_map(|(root, runs)| runs.iter().map(move |run| (*run, *root))).collect();
        let mut seen: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (record, run) in (0_u32..).zip(&of) {
            if let Some(root) = run.and_then(|run| root.get(&run)) {
                seen.entry(*root).or_default().push(record);
            }
        }
        Self { of, seen_twice: seen.into_values().collect() }
    }
}

fn have_different_tools(runs: &[u32], sources: &[&Source]) -> bool {
    let tools: BTreeSet<&str> = runs.iter().map(|run| sources[*run as usize].tool.as_str()).collect();
    tools.len() == runs.len()
}

struct Seeing<'a> {
    records: &'a [RecordFacts],
    links: &'a [AssertedLink],
    of: &'a [Option<u32>],
    sources: &'a [&'a Source],
}

impl Seeing<'_> {
    /// The runs that put out one content, if they are one; else none.
    fn of_one_run(&self, outputs: &[Use]) -> Vec<u32> {
        let is_run = |used: &&Use| self.records[used.record as usize].kind == Kind::Run;
        let made: Vec<&Use> = outputs.iter().filter(|used| used.links).filter(is_run).collect();
        let makers: BTreeSet<(u32, u32)> =
            made.iter().filter_map(|used| Some((self.of[used.record as usize]?, used.record))).collect();
        let runs: Vec<u32> = makers.iter().map(|(run, _)| *run).collect::<BTreeSet<_>>().into_iter().collect();
        let is_whole = made.iter().any(|used| !used.in_tree && self.of[used.record as usize].is_some());
        if runs.len() < 2 || !is_whole || !have_different_tools(&runs, self.sources) || !self.fit(&makers) {
            return Vec::new();
        }
        runs
    }

    /// Whether what is known of the records lets them be of one run: their times meet, and none
    /// follows from another.
    fn fit(&self, makers: &BTreeSet<(u32, u32)>) -> bool {
        let facts = || makers.iter().map(|(_, record)| &self.records[*record as usize]);
        // All meet if none starts after the first end.
        let first_end = facts().filter_map(|facts| facts.ended.or(facts.started)).min();
        let last_start = facts().filter_map(|facts| facts.started).max();
        let meet = first_end.zip(last_start).is_none_or(|(end, start)| start <= end);
        let ids: BTreeSet<_> = facts().map(RecordFacts::id).collect();
        let names_none = facts().all(|facts| {
            let links = asserted_of(self.links, facts.id()).iter().map(|link| link.parent.blake3);
            let mut parents = facts.parents.iter().map(|parent| parent.record.blake3).chain(links);
            !parents.any(|parent| ids.contains(&RecordId(parent)))
        });
        meet && names_none
    }
}

/// Runs that are one, by their number.
struct Joined(Vec<u32>);

impl Joined {
    fn root(&mut self, run: u32) -> u32 {
        let mut root = run;
        while self.0[root as usize] != root {
            self.0[root as usize] = self.0[self.0[root as usize] as usize];
            root = self.0[root as usize];
        }
        root
    }

    fn join(&mut self, one: u32, other: u32) {
        let (one, other) = (self.root(one), self.root(other));
        self.0[one.max(other) as usize] = one.min(other);
    }
}
