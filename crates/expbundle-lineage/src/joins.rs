//! What joins records, for showing: of each input only so many of those who made its bytes, and how
//! many more there are.
//!
//! A data set that 10 000 runs made and 10 000 others took in has 10^8 pairs. So the makers of each
//! content are listed once, every taker is shown the first of that list by their rank, and the rest
//! is a number. Nothing is concluded from what is shown: ancestry, grades, gaps and states come
//! from the graph.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use expbundle_format::RecordId;

use crate::contents::{Use, proving_whole};
use crate::evidence::carries_proof;
use crate::lineage::Lineage;
use crate::link::{Edge, Grade, Link, Side};

/// Outputs with something in common with one input that are looked at.
const MOST_SUGGESTED: usize = 20;
/// Suggested parents of one record.
const MOST_CANDIDATES: usize = 200;

/// The parents of a record that are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parents {
    /// What joins it to each, in the order of ids.
    pub edges: Vec<Edge>,
    /// Inputs of whose bytes more records are the makers, in the order of the inputs.
    pub folded: Vec<Folded>,
}

/// Outputs that join an input to more records than are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Folded {
    /// Position among the inputs of the record.
    pub input: usize,
    /// How well: [`Grade::Proven`] by the same bytes, or [`Grade::Suggested`].
    pub grade: Grade,
    /// How many more outputs there are of the same bytes as the input or a file of it; or with
    /// something in common.
    pub count: usize,
}

/// The links among records, each content looked at once however many made it and took it in.
#[derive(Debug)]
pub struct Joins<'a> {
    lineage: &'a Lineage,
    /// By position, whether parents there are shown; all if there is no list.
    shown: Option<Vec<bool>>,
    /// Makers of one input that are shown.
    most: usize,
    /// Outputs that are looked at because they have something in common with one input.
    most_suggested: usize,
    /// Suggested parents of one record.
    most_candidates: usize,
    /// Of each class that was taken in whole, or as a file of a tree, an output of each maker.
    makers: HashMap<(u32, bool), Rc<Makers>>,
    /// Of each listing that was taken in, the files that somebody made, and how many makers they
    /// have in all.
    listings: HashMap<usize, Rc<Made>>,
    /// Outputs looked at, so that tests can count.
    pub(crate) looked: usize,
}

/// An output of each record that made some bytes.
#[derive(Debug)]
struct Makers {
    /// In the order of records.
    all: Vec<Use>,
    /// Those that are shown first: as many as have room, and one more, for nobody is its own
    /// parent.
    first: Vec<Use>,
}

impl Makers {
    fn has(&self, record: u32) -> bool {
        self.all.binary_search_by_key(&record, |maker| maker.record).is_ok()
    }
}

#[derive(Debug)]
struct Made {
    files: Vec<(usize, u32, Rc<Makers>)>,
    makers: usize,
    /// Every maker, where that was asked.
    by: OnceCell<HashSet<u32>>,
}

/// The links that one record is joined by, while they are gathered.
#[derive(Default)]
struct Gathered {
    links: BTreeMap<u32, Vec<Link>>,
    folded: Vec<Folded>,
}

impl Gathered {
    fn add(&mut self, parent: u32, link: Link) {
        self.links.entry(parent).or_default().push(link);
    }

    fn fold(&mut self, input: usize, grade: Grade, count: usize) {
        if count > 0 {
            self.folded.push(Folded { input, grade, count });
        }
    }
}

impl<'a> Joins<'a> {
    /// The links to all parents; of each input so many makers are shown.
    pub fn of(lineage: &'a Lineage, most: usize) -> Self {
        let most_suggested = most.min(MOST_SUGGESTED);
        Self { most, most_suggested, most_candidates: MOST_CANDIDATES, ..Self::all(lineage) }
    }

    /// Every link that there is.
    pub(crate) fn all(lineage: &'a Lineage) -> Self {
        let (makers, listings) = (HashMap::new(), HashMap::new());
        Self {
            lineage,
            shown: None,
            most: usize::MAX,
            most_suggested: usize::MAX / 2,
            most_candidates: usize::MAX,
            makers,
            listings,
            looked: 0,
        }
    }

    /// Only the links to these records.
    pub fn among(lineage: &'a Lineage, records: &[RecordId], most: usize) -> Self {
        let mut shown = vec![false; lineage.len()];
        for position in records.iter().filter_map(|id| lineage.position(*id)) {
            shown[position as usize] = true;
        }
        Self { shown: Some(shown), ..Self::of(lineage, most) }
    }

    /// What joins a record to its parents, by proof, declaration or assertion.
    ///
    /// Whom its record or a statement names is always there, with the grade that it has among all.
    pub fn parents(&mut self, child: RecordId) -> Parents {
        let Some(record) = self.lineage.position(child) else { return Parents::default() };
        let facts = &self.lineage.records[record as usize];
        let mut gathered = Gathered::default();
        let (mut seen, mut listings) = (HashSet::new(), HashSet::new());
        for (artifact, input) in facts.inputs.iter().enumerate() {
            let mut left = 0;
            let mut room = self.most;
            if let Some(content) = proving_whole(input)
                && let Some(class) = self.lineage.contents.class(&content)
                && seen.insert((class, false))
            {
                let makers = self.makers(class, false);
                left += self.join(record, Side { artifact, file: None }, &makers, &mut room, &mut gathered);
            }
            if carries_proof(input) && listings.insert(input.files.key()) {
                let made = self.made(input);
                left += made.makers;
                for (file, class, makers) in &made.files {
                    if room == 0 {
                        break;
                    }
                    left -= makers.all.len();
                    if seen.insert((*class, true)) {
                        let side = Side { artifact, file: Some(*file) };
                        left += self.join(record, side, makers, &mut room, &mut gathered);
                    }
                }
            }
            gathered.fold(artifact, Grade::Proven, left);
        }
        self.say(record, &mut gathered);
        self.parents_of(child, gathered)
    }

    /// Joins a record to so many makers as there is room for; how many are left.
    fn join(&mut self, record: u32, input: Side, makers: &Makers, room: &mut usize, gathered: &mut Gathered) -> usize {
        let others = makers.first.iter().filter(|maker| maker.record != record);
        let all = makers.all.len() - usize::from(makers.has(record));
        let number = all.min(*room);
        for output in others.take(number) {
            gathered.add(output.record, Link::SameBytes { input, output: output.side() });
        }
        self.looked += number;
        *room -= number;
        all - number
    }

    /// Adds what the record and statements say of parents, and of these what was not gathered.
    fn say(&mut self, record: u32, gathered: &mut Gathered) {
        let said: Vec<(u32, Link)> =
            self.lineage.links_by_word(record).filter(|(parent, _)| self.is_shown(*parent)).collect();
        let named: BTreeSet<u32> = said.iter().map(|(parent, _)| *parent).collect();
        if !gathered.folded.is_empty() {
            for parent in
                named.iter().filter(|parent| !gathered.links.contains_key(parent)).copied().collect::<Vec<_>>()
            {
                for link in self.lineage.links_by_bytes(record, parent) {
                    let Link::SameBytes { input, .. } = &link else { continue };
                    if let Some(folded) = gathered.folded.iter_mut().find(|folded| folded.input == input.artifact) {
                        folded.count = folded.count.saturating_sub(1);
                    }
                    gathered.add(parent, link);
                }
            }
            gathered.folded.retain(|folded| folded.count > 0);
        }
        for (parent, link) in said {
            gathered.add(parent, link);
        }
    }

    /// What might join a record to others and proves nothing: the first few.
    pub fn suggestions(&mut self, child: RecordId) -> Parents {
        let Some(record) = self.lineage.position(child) else { return Parents::default() };
        let lineage = self.lineage;
        let mut gathered = Gathered::default();
        for (artifact, input) in lineage.records[record as usize].inputs.iter().enumerate() {
            let mut left = 0;
            for hint in lineage.hints.of(&lineage.contents, input) {
                let (mut looked, mut taken) = (0, 0);
                for output in hint.outputs() {
                    let has_room =
                        gathered.links.len() < self.most_candidates || gathered.links.contains_key(&output.record);
                    if taken >= self.most_suggested || looked >= 2 * self.most_suggested || !has_room {
                        break;
                    }
                    looked += 1;
                    if output.record != record && self.is_shown(output.record) {
                        taken += 1;
                        let side = |artifact| Side { artifact, file: None };
                        let (input, output_side) = (side(artifact), side(output.artifact as usize));
                        let link = Link::Hint { input, output: output_side, common: hint.common.clone() };
                        gathered.add(output.record, link);
                    }
                }
                self.looked += looked;
                left += hint.len() - looked;
            }
            gathered.fold(artifact, Grade::Suggested, left);
        }
        let candidates: Vec<u32> = gathered.links.keys().copied().collect();
        for joined in self.joined(record, &candidates) {
            gathered.links.remove(&joined);
        }
        self.parents_of(child, gathered)
    }

    /// Which of these records, which are in order, are parents.
    fn joined(&mut self, record: u32, candidates: &[u32]) -> BTreeSet<u32> {
        let mut joined = BTreeSet::new();
        if candidates.is_empty() {
            return joined;
        }
        let lineage = self.lineage;
        let is_candidate = |other: &u32| *other != record && candidates.binary_search(other).is_ok();
        joined.extend(lineage.links_by_word(record).map(|(parent, _)| parent).filter(is_candidate));
        for input in &lineage.records[record as usize].inputs {
            if let Some(class) = proving_whole(input).and_then(|content| lineage.contents.class(&content)) {
                let makers = self.makers(class, false);
                // Whichever list is the shorter is looked up in the other.
                if makers.all.len() < candidates.len() {
                    joined.extend(makers.all.iter().map(|maker| maker.record).filter(is_candidate));
                } else {
                    joined.extend(candidates.iter().copied().filter(|other| *other != record && makers.has(*other)));
                }
            }
            if carries_proof(input) {
                let made = self.made(input);
                let by = made.by.get_or_init(|| {
                    let makers = made.files.iter().flat_map(|(_, _, makers)| &makers.all);
                    makers.map(|maker| maker.record).collect()
                });
                joined.extend(candidates.iter().copied().filter(|other| *other != record && by.contains(other)));
            }
        }
        joined
    }

    fn parents_of(&self, child: RecordId, gathered: Gathered) -> Parents {
        let edges = gathered.links.into_iter().map(|(parent, mut links)| {
            links.sort_unstable();
            links.dedup();
            Edge { child, parent: self.lineage.id(parent), links }
        });
        Parents { edges: edges.collect(), folded: gathered.folded }
    }

    fn is_shown(&self, record: u32) -> bool {
        self.shown.as_ref().is_none_or(|shown| shown[record as usize])
    }

    /// Who made the bytes of a class, each once: as a whole artifact if it did that too.
    fn makers(&mut self, class: u32, of_file: bool) -> Rc<Makers> {
        if let Some(known) = self.makers.get(&(class, of_file)) {
            return Rc::clone(known);
        }
        let contents = &self.lineage.contents;
        let outputs = contents.agreeing_with(class).iter().flat_map(|class| contents.outputs.of(*class));
        let joins = |output: &&Use| output.links && !(output.in_tree && of_file) && self.is_shown(output.record);
        let mut all: Vec<Use> = outputs.clone().filter(joins).copied().collect();
        all.sort_by_key(|output| (output.record, output.in_tree));
        all.dedup_by_key(|output| output.record);
        let mut first = all.clone();
        let room = self.most.saturating_add(1);
        if first.len() > room {
            first.select_nth_unstable_by_key(room, |maker| self.lineage.rank_at(maker.record));
            first.truncate(room);
        }
        first.sort_unstable_by_key(|maker| self.lineage.rank_at(maker.record));
        self.looked += outputs.count();
        let makers = Rc::new(Makers { all, first });
        self.makers.insert((class, of_file), Rc::clone(&makers));
        makers
    }

    /// The files of a tree that somebody made.
    fn made(&mut self, tree: &crate::facts::ArtifactFact) -> Rc<Made> {
        if let Some(known) = self.listings.get(&tree.files.key()) {
            return Rc::clone(known);
        }
        let contents = &self.lineage.contents;
        let files: Vec<(usize, u32)> = contents
            .proving_files(tree)
            .filter_map(|(file, content)| Some((file, contents.class(&content)?)))
            .collect();
        self.looked += files.len();
        let mut seen = HashSet::new();
        let files = files.into_iter().filter(|(_, class)| seen.insert(*class));
        let files = files.map(|(file, class)| (file, class, self.makers(class, true)));
        let files: Vec<_> = files.filter(|(_, _, makers)| !makers.all.is_empty()).collect();
        let makers = files.iter().map(|(_, _, makers)| makers.all.len()).sum();
        let made = Rc::new(Made { files, makers, by: OnceCell::new() });
        self.listings.insert(tree.files.key(), Rc::clone(&made));
        made
    }
}

#[cfg(test)]
mod tests {
    use expbundle_format::record::{Form, Kind};
    use expbundle_format::{ArtifactDigests, DigestSet};

    use super::*;
    use crate::facts::{ArtifactFact, Facts, RecordFacts};
    use crate::listing::{FileFact, Listing};

    const SIZE: u64 = 1 << 20;

    fn digests(text: &str) -> ArtifactDigests {
        DigestSet::of(text.as_bytes()).into()
    }

    fn data(text: &str) -> ArtifactFact {
        ArtifactFact::new("dataset".parse().expect("a role"), digests(text), SIZE)
    }

    fn record(name: &str, inputs: Vec<ArtifactFact>, outputs: Vec<ArtifactFact>) -> RecordFacts {
        RecordFacts { inputs, outputs, ..RecordFacts::new(DigestSet::of(name.as_bytes()), Kind::Run) }
    }

    fn files(count: usize) -> Listing {
        let file = |number: usize| digests(&format!("file {number}"));
        (0..count)
            .map(|number| FileFact { path: format!("{number}.bin"), digests: file(number), size_bytes: SIZE })
            .collect()
    }

    /// Each of so many makers put out what each of so many takers took in.
    fn family(makers: usize, takers: usize, made: &[ArtifactFact], taken: &[ArtifactFact]) -> Lineage {
        let makers = (0..makers).map(|number| record(&format!("maker {number}"), vec![], made.to_vec()));
        let takers = (0..takers).map(|number| record(&format!("taker {number}"), taken.to_vec(), vec![]));
        Lineage::build(Facts { records: makers.chain(takers).collect(), ..Facts::default() })
    }

    /// What was looked at for all that is shown of a family, and the numbers that stand for the
    /// rest.
    fn looked(lineage: &Lineage) -> (usize, BTreeSet<usize>) {
        let mut joins = Joins::of(lineage, 5);
        let mut left = BTreeSet::new();
        for facts in lineage.records() {
            left.extend(joins.parents(facts.id()).folded.iter().map(|folded| folded.count));
            left.extend(joins.suggestions(facts.id()).folded.iter().map(|folded| folded.count));
        }
        (joins.looked, left)
    }

    #[test]
    fn makers_and_takers_of_a_content_are_added_and_not_multiplied() {
        let lineage = family(1000, 2000, &[data("data")], &[data("data")]);
        let (looked, left) = looked(&lineage);
        assert_eq!(left, BTreeSet::from([995]));
        assert!(looked <= 1000 + 5 * 2000, "{looked}");
    }

    #[test]
    fn what_only_suggests_a_link_is_added_and_not_multiplied() {
        let named = |size| {
            let (name, version) = (Some("data".to_owned()), Some("1".to_owned()));
            vec![ArtifactFact { name, version, size_bytes: Some(size), ..data("data") }]
        };
        // Of two bytes nothing follows.
        let lineage = family(1000, 2000, &named(2), &named(2));
        let (looked, left) = looked(&lineage);
        // They have both digests and the name in common.
        assert_eq!(left, BTreeSet::from([3 * 995]));
        assert!(looked <= 2 * 1000 + 3 * 5 * 2000, "{looked}");
    }

    #[test]
    fn outputs_that_are_known_to_differ_are_not_looked_through() {
        let at = |text: &str| ArtifactFact { uris: vec!["s3://data".to_owned()], ..data(text) };
        let makers = (0..1000).map(|number| record(&format!("maker {number}"), vec![], vec![at(&format!("{number}"))]));
        let takers =
            (0..1000).map(|number| record(&format!("taker {number}"), vec![at(&format!("other {number}"))], vec![]));
        let alike = record("alike", vec![], vec![ArtifactFact { digests: None, ..at("") }]);
        let records = makers.chain(takers).chain([alike]).collect();
        let lineage = Lineage::build(Facts { records, ..Facts::default() });
        let (looked, left) = looked(&lineage);
        assert!(looked <= 3 * 1000 && left.is_empty(), "{looked} {left:?}");
        let taker = RecordId(DigestSet::of(b"taker 7").blake3);
        assert_eq!(lineage.suggestions(taker).len(), 1);
    }

    #[test]
    fn files_of_a_listing_and_its_takers_are_added_and_not_multiplied() {
        let files = files(1000);
        let whole: Vec<ArtifactFact> = (0..1000).map(|number| data(&format!("file {number}"))).collect();
        let tree_of = |files: &Listing| ArtifactFact { form: Form::Tree, files: files.clone(), ..data("tree") };
        let lineage = family(2, 2000, &whole, &[tree_of(&files)]);
        let (looked, left) = looked(&lineage);
        assert_eq!(left, BTreeSet::from([1995]));
        assert!(looked <= 4 * 1000 + 5 * 2000, "{looked}");
    }

    #[test]
    fn those_with_the_greatest_trust_are_shown_then_the_earliest() {
        let mut lineage = family(10, 1, &[data("data")], &[data("data")]);
        let id = |number: usize| RecordId(DigestSet::of(format!("maker {number}").as_bytes()).blake3);
        let shown = |lineage: &Lineage| -> BTreeSet<RecordId> {
            let taker = RecordId(DigestSet::of(b"taker 0").blake3);
            Joins::of(lineage, 2).parents(taker).edges.iter().map(|edge| edge.parent).collect()
        };
        lineage.rank_by(|record| record == id(7) || record == id(3));
        assert_eq!(shown(&lineage), BTreeSet::from([id(3), id(7)]));
        let mut records = lineage.records().to_vec();
        for (second, number) in [(2, 4), (1, 5), (3, 6)] {
            let started = Some(format!("2026-01-01T00:00:0{second}Z").parse().expect("a time"));
            records.iter_mut().find(|record| record.id() == id(number)).expect("it is there").started = started;
        }
        let lineage = Lineage::build(Facts { records, ..Facts::default() });
        assert_eq!(shown(&lineage), BTreeSet::from([id(5), id(4)]));
        assert!(lineage.rank(id(5)) < lineage.rank(id(4)) && lineage.rank(id(6)) < lineage.rank(id(0)));
    }
}
