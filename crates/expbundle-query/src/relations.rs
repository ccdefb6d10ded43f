//! A family of records, gathered, judged, and where to begin.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::hash::{HashError, Wanted, hash_file};
use expbundle::history::History;
use expbundle::judge::{State, Verdict};
use expbundle::standing::{Objection, Weight, weight};
use expbundle::verify::{Intact, Unverified};
use expbundle_directory::BUNDLE_NAME;
use expbundle_format::foreign::{Foreign, ForeignLine};
use expbundle_format::pointer::{MAX_POINTER_BYTES, Pointer};
use expbundle_format::sections::Context;
use expbundle_format::time::Time;
use expbundle_format::{ArtifactDigests, Code, Finding, RecordId, StatementId};
use expbundle_lineage::{ArtifactFact, Edge, Grade, Joins, Lineage, RecordFacts, Side, Why};
use expbundle_statement::{Kind, SkippedLine, TrustPolicy, VerifiedStatement};

use crate::gather::{Found, Gathered, Refused, Source, find, gather, is_bundle_name};
use crate::{QueryError, starting};

/// Records that are named as the makers of one input: of what thousands made and thousands took in,
/// each pair would be a link. How many more there are is said.
pub const MOST_ALTERNATIVES: usize = 20;
/// Letters of a principal, and columns of the name that a key's owner gives itself, that are
/// repeated.
const MOST_LETTERS: usize = 1000;
const MOST_OF_A_NAME: usize = 40;

/// Which way from the records that are asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// What they came from.
    Ancestors,
    /// What came from them.
    Descendants,
    /// Every record that there is.
    Everything,
}

/// How a parent that is named stands where it has no place in the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absence {
    /// No trusted key signed it.
    SetApart,
    /// It was taken back.
    TakenBack,
    /// It is not here.
    NotFound,
}

/// What is asked of a family.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// A bundle, a folder of bundles, a model directory, or a file that a record made.
    pub about: Source,
    /// More bundles, or folders of them.
    pub with: Vec<Source>,
    /// Who is trusted, if that is asked at all.
    pub policy: Option<TrustPolicy>,
    /// The moment at which keys are judged.
    pub at: Time,
    /// The beginning of the id of the record that it is about.
    pub record: Option<&'a str>,
    /// What the answer is about.
    pub scope: Scope,
}

/// A file that is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedFile {
    /// Its name, without folders.
    pub name: String,
    /// Its digests; of a Git LFS pointer that which it names.
    pub digests: ArtifactDigests,
    /// Its size in bytes; of a pointer that which it names.
    pub size: u64,
    /// Whether only a pointer to it is here.
    pub is_pointer: bool,
}

impl AskedFile {
    fn at(path: &Utf8Path) -> Result<Self, HashError> {
        let hashed = hash_file(path, Wanted::Both, &|_| ())?;
        let is_small = hashed.size < MAX_POINTER_BYTES;
        let content = if is_small { std::fs::read(path).unwrap_or_default() } else { Vec::new() };
        // With an extension it points to other bytes than those of the file.
        let pointer = Pointer::parse(&content).ok().flatten().filter(|pointer| !pointer.transformed);
        let name = path.file_name().unwrap_or(path.as_str()).to_owned();
        Ok(match pointer {
            Some(pointer) => Self { name, digests: pointer.sha256.into(), size: pointer.size, is_pointer: true },
            None => Self { name, digests: hashed.digests(), size: hashed.size, is_pointer: false },
        })
    }
}

impl Question<'_> {
    fn path(&self) -> &Utf8Path {
        &self.about.path
    }

    /// Where to look for bundles, and what the file is that is asked about. A file that is not a
    /// bundle is asked about by its bytes; its bundle is looked for in its folder, unless others
    /// are given.
    fn sources(&self) -> Result<(Vec<Source>, Option<AskedFile>), QueryError> {
        let (mut sources, path) = (self.with.clone(), self.path());
        if self.about.content.is_some() || !path.is_file() || is_bundle_name(path) {
            sources.push(self.about.clone());
            return Ok((sources, None));
        }
        let folder = path.parent().filter(|folder| !folder.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
        let beside = folder.join(BUNDLE_NAME);
        if self.with.is_empty() {
            sources.push(folder.to_owned().into());
        } else if beside.is_file() {
            sources.push(beside.into());
        }
        Ok((sources, Some(AskedFile::at(path)?)))
    }

    /// Which records the question is about.
    fn asked(&self, graph: &Lineage, own: &BTreeSet<RecordId>, file: Option<&AskedFile>) -> Result<Asked, QueryError> {
        let why = file.map(|file| graph.why(&file.digests, Some(file.size))).unwrap_or_default();
        // Where nobody is known to have made the file, those that may have passed it on are asked
        // about.
        let lists = [&why.producers, &why.possible, &why.unknown];
        let makers = ids(lists.into_iter().find(|list| !list.is_empty()).into_iter().flatten());
        let start = match (self.record, file) {
            (Some(beginning), _) => vec![starting(graph.records().iter().map(RecordFacts::id), beginning)?],
            (None, Some(_)) => makers,
            (None, None) if self.with.is_empty() => graph.heads(),
            // Other bundles only tell more of the past and the future of what was asked about.
            (None, None) => {
                // What has no place in the graph, set apart or taken back, begins nothing.
                let own = own.iter().copied().filter(|id| graph.record(*id).is_some());
                let records: Vec<RecordId> = own.collect();
                let parents: BTreeSet<RecordId> = graph.parents_of_all(&records).into_iter().collect();
                records.into_iter().filter(|id| !parents.contains(id)).collect()
            }
        };
        let mut other_makers = ids(lists.into_iter().flatten());
        other_makers.retain(|id| !start.contains(id));
        let mut hiding = if file.is_some() { graph.hiding_outputs() } else { Vec::new() };
        hiding.retain(|id| !start.contains(id) && !other_makers.contains(id));
        let is_made = file.is_none() || !why.producers.is_empty();
        Ok(Asked { start, other_makers, hiding, is_made, why })
    }

    /// The records without a say that are asked about: by id, as makers of the file, or as parts of
    /// the bundle, whose records are `own`.
    fn without_say(
        &self,
        intact: &Intact,
        verdict: &Verdict,
        own: &BTreeSet<RecordId>,
        file: Option<&AskedFile>,
    ) -> Vec<RecordId> {
        let standing = &verdict.standing;
        let apart = standing.apart.records.iter().filter(|id| standing.against.contains_key(*id));
        let silent: BTreeSet<RecordId> = standing.taken_back.iter().chain(apart).copied().collect();
        if silent.is_empty() {
            return Vec::new();
        }
        match (self.record, file) {
            (Some(beginning), _) => starting(silent, beginning).into_iter().collect(),
            (None, Some(file)) => {
                let graph = intact.lineage_without_say(&silent, standing);
                let why = graph.why(&file.digests, Some(file.size));
                let makers = ids(why.producers.iter().chain(&why.possible).chain(&why.unknown));
                makers.into_iter().chain(graph.hiding_outputs()).collect::<BTreeSet<_>>().into_iter().collect()
            }
            // Other bundles only tell more of what was asked about.
            (None, None) => {
                let is_asked = |id: &RecordId| self.scope == Scope::Everything || own.contains(id);
                silent.into_iter().filter(is_asked).collect()
            }
        }
    }

    /// The records that the answer may be about: those to begin with, their relatives, and what
    /// might be relatives.
    ///
    /// `None` for everything: where no record and no file is named, the bundles are the question.
    fn concerned(&self, graph: &Lineage, start: &[RecordId], file: Option<&AskedFile>) -> Option<BTreeSet<RecordId>> {
        // Downwards from no record in particular is downwards from every beginning.
        let down = self.scope == Scope::Descendants;
        let is_of_whole = self.record.is_none() && (file.is_none() || down);
        if self.scope == Scope::Everything || start.is_empty() || is_of_whole {
            return None;
        }
        let mut asked = start.to_vec();
        if down {
            asked.extend(graph.possible_descendants(start));
        }
        // What is said against anything that a descendant was made from is said against the
        // descendant.
        let mut concerned: BTreeSet<RecordId> = asked.iter().copied().chain(graph.possible_ancestors(&asked)).collect();
        let family: Vec<RecordId> = concerned.iter().copied().collect();
        let mut joins = Joins::of(graph, MOST_ALTERNATIVES);
        // What is said against a parent that is not here is said against what was made from it.
        concerned.extend(graph.absent_parents_of(&family));
        concerned
            .extend(file.into_iter().flat_map(|file| ids(graph.why(&file.digests, Some(file.size)).takers.iter())));
        for id in family {
            concerned.extend(joins.suggestions(id).edges.iter().map(|edge| edge.parent));
            concerned.extend(graph.successors(id));
        }
        Some(concerned)
    }
}

/// The records of outputs, each once.
fn ids<'a>(outputs: impl Iterator<Item = &'a (RecordId, Side)>) -> Vec<RecordId> {
    outputs.map(|(id, _)| *id).collect::<BTreeSet<_>>().into_iter().collect()
}

/// What was said against records by the end, each by whoever was trusted when it was said.
#[derive(Debug)]
pub(crate) struct Hindsight {
    /// By record.
    pub(crate) against: BTreeMap<RecordId, Vec<Objection>>,
    /// Records that are asked about, and that have no say by then.
    pub(crate) without_say: Vec<RecordId>,
}

/// The records that a question is about.
#[derive(Debug, Default)]
struct Asked {
    start: Vec<RecordId>,
    /// Records that may have made the file that is asked about, too.
    other_makers: Vec<RecordId>,
    /// Records that may have made that file as far as is known, since what they put out is not all
    /// here.
    hiding: Vec<RecordId>,
    /// Whether some record is known to have made that file; `true` if no file is asked about.
    is_made: bool,
    why: Why,
}

impl Asked {
    fn all(&self) -> Vec<RecordId> {
        self.start.iter().chain(&self.other_makers).chain(&self.hiding).copied().collect()
    }
}

impl Asked {
    /// Of the records that may have made the file as far as is known, those of which that must not
    /// go unsaid: somebody objects to them or to what they derive from, or less holds for them than
    /// for what is told.
    fn suspect(&mut self, verdict: &Verdict) {
        let hiding = std::mem::take(&mut self.hiding);
        if hiding.is_empty() {
            return;
        }
        let graph = &verdict.lineage;
        let told = verdict.state_of(graph.possible_ancestors(&self.start).into_iter().chain(self.start.clone()));
        let is_suspect = |id: RecordId| {
            verdict.standing.against.contains_key(&id)
                || (graph.record(id).is_some() && verdict.records.get(&id).is_some_and(|state| *state < told))
        };
        let above = graph.ancestors_among(|id| is_suspect(id).then_some(()), 1);
        let ids = graph.records().iter().map(RecordFacts::id);
        let below: BTreeSet<RecordId> =
            ids.zip(above).filter_map(|(id, above)| (!above.first.is_empty()).then_some(id)).collect();
        self.other_makers.extend(hiding.into_iter().filter(|id| is_suspect(*id) || below.contains(id)));
        self.other_makers.sort_unstable();
    }
}

/// A family of records, gathered and judged, and where an answer begins.
#[derive(Debug)]
pub struct Relations {
    /// All that was gathered, as one.
    pub intact: Intact,
    /// What follows from it.
    pub verdict: Verdict,
    /// The signers file, if there is one.
    pub policy: Option<TrustPolicy>,
    /// The moment at which keys were judged.
    pub at: Time,
    /// What the answer is about.
    pub scope: Scope,
    /// Records that the question is about.
    pub start: Vec<RecordId>,
    /// Records that a tree begins with: those, or, downwards from no record in particular, those that
    /// derive from nothing here and that those derive from.
    pub beginnings: Vec<RecordId>,
    /// The digests and size of the file that was asked about, if it was one.
    pub file: Option<AskedFile>,
    /// What the graph knows of that file; nothing if none was asked about.
    pub why: Why,
    /// Records that are asked about and have no say, since they were taken back, or are set apart
    /// and somebody who counts objects to them. Nothing begins with them, and what was said against
    /// them is shown.
    pub without_say: Vec<RecordId>,
    /// What was said after the moment that is judged; `None` if nothing was.
    pub(crate) since: Option<Hindsight>,
    /// Those of `without_say` that were taken back, and lower the answer.
    lowering: BTreeSet<RecordId>,
    /// Records that may have made the file that is asked about, beside those to begin with: they
    /// prove nothing, and what is wrong with them is said.
    pub other_makers: Vec<RecordId>,
    /// Whether some record made the file that is asked about, if one is.
    is_made: bool,
    /// What is wrong with the family, or worth knowing.
    pub findings: Vec<Finding>,
    /// The beginnings of the fingerprints of the keys that signed links.
    links: HashMap<StatementId, String>,
    /// Bundles that are broken: nothing is known of what they hold.
    pub refused: Vec<Refused>,
    /// What may be a bundle, or hold some, and was not read, with why.
    pub passed_over: Vec<(PathBuf, &'static str)>,
}

impl Relations {
    /// Gathers the bundles that a question is about, and judges them together.
    ///
    /// # Errors
    /// If there is no intact bundle, or no record that begins like that, or the question is beyond
    /// the limits of this reader.
    pub fn of(question: Question<'_>) -> Result<Self, QueryError> {
        let (sources, file) = question.sources()?;
        let Found { sources, passed_over } = find(sources)?;
        // A bundle with a false statement is left out, and the rest is looked at again.
        let mut broken: BTreeMap<Utf8PathBuf, Finding> = BTreeMap::new();
        loop {
            let whole = sources.iter().filter(|source| !broken.contains_key(&source.path)).cloned().collect();
            let Gathered { members, mut refused } = gather(whole, Unverified::check_history);
            refused.extend(broken.iter().map(|(path, finding)| Refused::by([finding.clone()], path)));
            // Without the bundle that is asked about there is no answer, whatever others hold.
            let own = refused.iter().position(|one| one.path == question.path());
            if let Some(first) = own.or((members.is_empty() && !refused.is_empty()).then_some(0)) {
                return Err(QueryError::Refused(Box::new(refused.swap_remove(first))));
            }
            let own: BTreeSet<RecordId> = members
                .iter()
                .filter(|(from, _)| from.starts_with(question.path()))
                .flat_map(|(_, history)| history.records())
                .collect();
            let (paths, parts): (Vec<_>, Vec<_>) = members.into_iter().unzip();
            let Some(history) = History::union(parts) else { return Err(QueryError::Nothing) };
            let mut asked = Ok(Asked::default());
            let settled = history.settle(question.policy.as_ref(), question.at.timestamp(), |graph| {
                asked = question.asked(graph, &own, file.as_ref());
                question.concerned(graph, &asked.as_ref().map(Asked::all).unwrap_or_default(), file.as_ref())
            });
            match settled {
                Ok((intact, verdict)) => {
                    let mut relations = Self::judged(question, intact, verdict, &own, file, asked)?;
                    (relations.refused, relations.passed_over) = (refused, passed_over);
                    return Ok(relations);
                }
                Err(wrong) => {
                    for (part, finding) in wrong {
                        broken.entry(paths.get(part).cloned().unwrap_or_default()).or_insert(finding);
                    }
                }
            }
        }
    }

    fn judged(
        question: Question<'_>,
        intact: Intact,
        verdict: Verdict,
        own: &BTreeSet<RecordId>,
        file: Option<AskedFile>,
        mut asked: Result<Asked, QueryError>,
    ) -> Result<Self, QueryError> {
        if let Some(limit) = verdict.findings.iter().find(|finding| finding.code == Code::ContainerLimit) {
            return Err(QueryError::Limit(Box::new(limit.clone())));
        }
        let mut without_say = question.without_say(&intact, &verdict, own, file.as_ref());
        if question.record.is_some() {
            // What has no say is only meant by an id that is none of a record that counts.
            if !matches!(asked, Err(QueryError::NoRecord(_))) {
                without_say.clear();
            } else if !without_say.is_empty() {
                asked = Ok(Asked { is_made: true, ..Asked::default() });
            }
        }
        let mut asked = asked?;
        asked.suspect(&verdict);
        let is_down = question.scope == Scope::Descendants;
        let beginnings = if is_down && question.record.is_none() && file.is_none() {
            verdict.lineage.beginnings(&asked.start)
        } else {
            asked.start.clone()
        };
        let all: Vec<RecordId> = asked.all().into_iter().chain(beginnings.iter().copied()).collect();
        let objected =
            if is_down { intact.objected_below(&verdict, &all) } else { intact.objected_above(&verdict, &all) };
        let since = intact.judge_in_hindsight(question.policy.as_ref(), question.at.timestamp()).map(|later| {
            let by_name = question.record.is_some();
            let mut without_say =
                if by_name { Vec::new() } else { question.without_say(&intact, &later, own, file.as_ref()) };
            without_say.extend(if is_down {
                intact.objected_below(&later, &all)
            } else {
                intact.objected_above(&later, &all)
            });
            Hindsight { against: later.standing.against, without_say }
        });
        let taken_back = &verdict.standing.taken_back;
        let mut lowering = verdict.lowering(&objected);
        lowering.extend(without_say.iter().filter(|id| taken_back.contains(id)));
        without_say.extend(objected.into_iter().filter(|id| !without_say.contains(id)).collect::<Vec<_>>());
        let links = intact.statements().iter().filter(|one| one.kind() == Kind::Link);
        let links = links.map(|one| (one.id(), one.identity().to_string().chars().take(20).collect())).collect();
        Ok(Self {
            findings: verdict.findings.clone(),
            policy: question.policy,
            at: question.at,
            scope: question.scope,
            start: asked.start,
            beginnings,
            other_makers: asked.other_makers,
            is_made: asked.is_made,
            why: asked.why,
            refused: Vec::new(),
            passed_over: Vec::new(),
            intact,
            verdict,
            file,
            without_say,
            since,
            lowering,
            links,
        })
    }

    /// Lines of the signers file that were skipped.
    pub(crate) fn skipped_lines(&self) -> Vec<SkippedLine> {
        self.policy.as_ref().map(|policy| policy.skipped().to_vec()).unwrap_or_default()
    }

    /// What joins the records.
    pub fn graph(&self) -> &Lineage {
        &self.verdict.lineage
    }

    /// The title of a record, unless it is withheld.
    pub fn title(&self, id: RecordId) -> Option<String> {
        self.intact.json_section::<Context>(id).map(|context| context.title)
    }

    /// How much holds for an answer that tells of these records: as `verify` would say for them,
    /// for what was taken back and is asked about, and for whoever else may have made the file.
    /// Where a bundle was not looked at, nobody knows what it says against them.
    pub fn state_of_all(&self, told: impl IntoIterator<Item = RecordId>) -> State {
        let all = told.into_iter().chain(self.lowering.iter().copied()).chain(self.family(&self.other_makers));
        let all: Vec<RecordId> = all.collect();
        self.verdict.state_of(all.iter().copied()).min(self.most_of(&all))
    }

    /// What a tree that begins with some records and shows others comes to, in words, in JSON and as an
    /// exit status alike: the weakest of those that are shown, that it begins with, and that may be
    /// their relatives, which are shown as suggestions.
    pub fn concluded(&self, start: &[RecordId], shown: &[RecordId]) -> State {
        let graph = self.graph();
        let (possible, (weakest, _)) = match self.scope {
            Scope::Descendants => (graph.possible_descendants(start), self.weakest_below(start, shown)),
            _ => (graph.possible_ancestors(start), self.weakest_here(start)),
        };
        let all = self.state_of_all(shown.iter().chain(start).chain(&possible).copied());
        all.min(self.most_of(&self.family(shown))).min(weakest.unwrap_or(all))
    }

    /// The most that can hold for an answer that tells of these records.
    pub fn most_of(&self, told: &[RecordId]) -> State {
        // Of a file that nobody is known to have made, or of which records give different accounts,
        // nothing can be trusted, nor of records that do not count, nor of one whose parent was
        // revoked and is not here.
        let is_less = !self.is_made
            || self.start.is_empty()
            || !self.not_read().is_empty()
            || !self.why.conflicting.is_empty()
            || self.revoked_parents(told).next().is_some();
        if is_less { State::Intact } else { State::Trusted }
    }

    /// Whether a file is asked about of which no record that counts is known to have made it.
    pub fn is_of_unknown_maker(&self) -> bool {
        !self.is_made
    }

    /// How a parent that is not here, or has no say, stands.
    pub fn absence(&self, parent: RecordId) -> Absence {
        let standing = &self.verdict.standing;
        if standing.apart.records.contains(&parent) {
            Absence::SetApart
        } else if standing.taken_back.contains(&parent) {
            Absence::TakenBack
        } else {
            Absence::NotFound
        }
    }

    /// Whose links name a parent that is not here and that the record itself does not name:
    /// principals, or keys that nobody knows.
    pub fn who_names(&self, child: RecordId, parent: RecordId) -> Vec<String> {
        let names = |statement: &StatementId| self.signer_of_link(*statement);
        let mut by: Vec<String> = match self.graph().grade_of_absent(child, parent) {
            Grade::Declared => Vec::new(),
            _ => self.graph().links_to_absent(child, parent).iter().filter_map(names).collect(),
        };
        by.sort();
        by.dedup();
        by
    }

    fn signer_of_link(&self, statement: StatementId) -> Option<String> {
        match self.verdict.trusted.get(&statement).and_then(|principals| principals.first()) {
            Some(principal) => Some(ForeignLine(principal, MOST_LETTERS).to_string()),
            None if self.policy.is_some() => Some(format!("an unknown key ({})", self.links.get(&statement)?)),
            None => Some(format!("an unchecked key ({})", self.links.get(&statement)?)),
        }
    }

    /// Parents that these records name, that are not here, and that were revoked.
    fn revoked_parents(&self, of: &[RecordId]) -> impl Iterator<Item = RecordId> + '_ {
        self.graph().absent_parents_of(of).into_iter().filter(|id| self.verdict.was_revoked(*id))
    }

    /// Whose word a link is, if a statement makes it what it is: a principal, or a key that nobody
    /// knows.
    pub fn stated_by(&self, edge: &Edge) -> Option<String> {
        self.signer_of_link(edge.stated_in()?)
    }

    /// What was said against a record by those whose word counts.
    pub fn against(&self, id: RecordId) -> &[Objection] {
        self.verdict.standing.against.get(&id).map(Vec::as_slice).unwrap_or_default()
    }

    /// These records that are here, with all that they derive from or may derive from, in the order
    /// of ids.
    pub fn family(&self, of: &[RecordId]) -> Vec<RecordId> {
        let mut family = self.graph().possible_ancestors(of);
        family.extend(of.iter().filter(|id| self.graph().record(**id).is_some()));
        family.sort_unstable();
        family.dedup();
        family
    }

    /// The weakest state among these records and all that they derive from, as far as it is here,
    /// and which of them have it.
    pub fn weakest_here(&self, of: &[RecordId]) -> (Option<State>, Vec<RecordId>) {
        let mut family = self.family(of);
        family.extend(self.family(&self.other_makers));
        self.weakest_of(family)
    }

    /// The weakest state among what is shown of what came from these records, and what may have
    /// come from them.
    pub fn weakest_below(&self, of: &[RecordId], shown: &[RecordId]) -> (Option<State>, Vec<RecordId>) {
        let mut family = self.graph().possible_descendants(of);
        family.extend(shown);
        self.weakest_of(family)
    }

    /// The weakest state among these records and those that were taken back, and which of them have
    /// it.
    fn weakest_of(&self, mut family: Vec<RecordId>) -> (Option<State>, Vec<RecordId>) {
        family.extend(&self.lowering);
        family.sort_unstable();
        family.dedup();
        let weakest = family.iter().map(|id| self.state(*id)).min();
        family.retain(|id| Some(self.state(*id)) == weakest);
        (weakest, family)
    }

    /// The state of a record, or nothing if it is not here: that is less than any.
    pub fn present_state(&self, id: RecordId) -> Option<State> {
        self.graph().record(id).map(|_| self.state(id))
    }

    /// How much holds for a record.
    pub fn state(&self, id: RecordId) -> State {
        self.verdict.records.get(&id).copied().unwrap_or(State::Intact)
    }

    /// Who signed a record: principals if the signers file has any of the keys, else the names that
    /// the keys' owners give themselves, in quotes, or the keys. Never both: whoever signs beside a
    /// trusted person would be taken for another.
    pub fn signers(&self, id: RecordId) -> Vec<String> {
        let statements = self.intact.authorships_of(id);
        let standing = &self.verdict.standing;
        let vouching = || statements.iter().copied().filter(|one| standing.counts_statement(one.id()));
        let mut signers: Vec<String> =
            vouching().filter_map(|one| self.verdict.trusted.get(&one.id())?.first().cloned()).collect();
        if signers.is_empty() {
            let claimed = vouching().map(|one| {
                one.signer_name().map_or_else(
                    || one.identity().to_string(),
                    |name| Foreign::new(name).at_most(MOST_OF_A_NAME).to_string(),
                )
            });
            signers = claimed.collect();
        }
        signers.sort();
        signers.dedup();
        signers
    }

    /// What is objected to of the records that are asked about, of everything that they derive
    /// from, of what came from them where that is asked, and of parents that are not here: those
    /// with the weightiest objections first.
    pub fn objected(&self, start: &[RecordId]) -> Vec<RecordId> {
        let against = &self.verdict.standing.against;
        if against.is_empty() {
            return Vec::new();
        }
        let graph = self.graph();
        let mut family: Vec<RecordId> = match self.scope {
            Scope::Everything => graph.records().iter().map(RecordFacts::id).collect(),
            Scope::Descendants => start.iter().copied().chain(graph.possible_descendants(start)).collect(),
            Scope::Ancestors => start.to_vec(),
        };
        family.extend(&self.other_makers);
        family.extend(graph.possible_ancestors(&family));
        family.extend(graph.absent_parents_of(&family));
        family.extend(&self.without_say);
        self.by_weight(family)
    }

    /// Those of these records that somebody objects to, each once, the weightiest objections first.
    pub fn by_weight(&self, records: impl IntoIterator<Item = RecordId>) -> Vec<RecordId> {
        let objected: BTreeSet<RecordId> = records.into_iter().filter(|id| !self.against(*id).is_empty()).collect();
        let mut objected: Vec<RecordId> = objected.into_iter().collect();
        objected.sort_by_key(|id| self.weight(*id));
        objected
    }

    /// By which records are put in order, those with the weightiest objections first, those without
    /// any last.
    pub fn weight(&self, id: RecordId) -> (bool, Option<Weight>) {
        weight(self.against(id))
    }

    /// By which statements about a record are put in order: what counts against it first, in the order
    /// of its objections, then other words against it.
    pub fn place_among(&self, id: RecordId, statement: &VerifiedStatement) -> (Option<usize>, bool) {
        let objections = self.against(id).iter();
        let place = objections.rev().position(|one| one.statement == statement.id());
        (place, statement.predicate().is_against())
    }

    /// An input of a record, by its position.
    pub fn input(&self, record: RecordId, input: usize) -> Option<&ArtifactFact> {
        self.graph().record(record)?.inputs.get(input)
    }

    /// The paths of bundles that were not looked at, and of what may be one or hold some, in their
    /// order. What is not UTF-8 in a path is replaced.
    pub fn not_read(&self) -> Vec<String> {
        let refused = self.refused.iter().map(|refused| refused.path.to_string());
        let passed_over = self.passed_over.iter().map(|(path, _)| path.to_string_lossy().into_owned());
        let mut paths: Vec<String> = refused.chain(passed_over).collect();
        paths.sort();
        paths
    }
}
