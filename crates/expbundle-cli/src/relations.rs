//! A family of records, gathered, judged, and where to begin: what `lineage` and `why` look at.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::hash::Hashed;
use expbundle::history::History;
use expbundle::judge::{State, Verdict};
use expbundle::standing::{Objection, ObjectionKind};
use expbundle::verify::{Intact, Unverified};
use expbundle_directory::BUNDLE_NAME;
use expbundle_format::sections::Context;
use expbundle_format::time::Time;
use expbundle_format::{Code, Finding, RecordId, StatementId};
use expbundle_lineage::{Edge, Joins, Lineage, RecordFacts, Side};
use expbundle_statement::{Kind, TrustPolicy};

use crate::exit;
use crate::failure::Failure;
use crate::family::{Family, find, gather, refusal};
use crate::keys;
use crate::statements::{hashed, starting};
use crate::terminal::{named, one_line};

/// Records that are named as the makers of one input: of what thousands made and thousands took in, each pair would be a link. How many more
/// there are is said.
pub const MOST_ALTERNATIVES: usize = 20;

/// What is asked of a family.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// A bundle, a folder of bundles, a model directory, or a file that a record made.
    pub path: &'a Utf8Path,
    /// More bundles, or folders of them.
    pub with: &'a [Utf8PathBuf],
    pub trust: Option<&'a Utf8Path>,
    /// The moment at which keys are judged; `None` is now.
    pub at: Option<&'a str>,
    /// The beginning of the id of the record that it is about.
    pub record: Option<&'a str>,
    /// Whether it is about what came from a record, too.
    pub down: bool,
    /// Whether it is about every record that there is.
    pub all: bool,
}

impl Question<'_> {
    /// Where to look for bundles, and what the file is that is asked about. A file that is not a bundle is asked about by its
    /// bytes; its bundle is looked for in its folder, unless others are given.
    fn sources(&self) -> Result<(Vec<Utf8PathBuf>, Option<Hashed>), Failure> {
        let mut sources = self.with.to_vec();
        if !self.path.is_file() || self.path.extension() == Some("expb") {
            sources.push(self.path.to_owned());
            return Ok((sources, None));
        }
        let folder = self.path.parent().filter(|folder| !folder.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
        let beside = folder.join(BUNDLE_NAME);
        if self.with.is_empty() {
            sources.push(folder.to_owned());
        } else if beside.is_file() {
            sources.push(beside);
        }
        Ok((sources, Some(hashed(self.path)?)))
    }

    /// Which records the question is about.
    fn asked(&self, graph: &Lineage, own: &BTreeSet<RecordId>, file: Option<&Hashed>) -> Result<Asked, Failure> {
        let why = file.map(|file| graph.why(&file.digests(), Some(file.size))).unwrap_or_default();
        // Where nobody is known to have made the file, those that may have passed it on are asked about.
        let lists = [&why.producers, &why.possible, &why.unknown];
        let makers = ids(lists.into_iter().find(|list| !list.is_empty()).into_iter().flatten());
        let start = match (self.record, file) {
            (Some(beginning), _) => vec![starting(graph.records().iter().map(RecordFacts::id), beginning)?],
            (None, Some(_)) => makers,
            (None, None) if self.with.is_empty() => graph.heads(),
            // Other bundles only tell more of the past and the future of what was asked about.
            (None, None) => {
                let records: Vec<RecordId> = own.iter().copied().collect();
                let parents: BTreeSet<RecordId> = graph.parents_of_all(&records).into_iter().collect();
                own.difference(&parents).copied().collect()
            }
        };
        let mut other_makers = ids(lists.into_iter().flatten());
        other_makers.retain(|id| !start.contains(id));
        let is_made = file.is_none() || !why.producers.is_empty() || !why.possible.is_empty();
        Ok(Asked { start, other_makers, is_made })
    }

    /// The records without a say that are asked about: by id, as makers of the file, or as parts of the bundle.
    fn without_say(&self, intact: &Intact, verdict: &Verdict, file: Option<&Hashed>) -> Vec<RecordId> {
        let standing = &verdict.standing;
        let apart = standing.apart.records.iter().filter(|id| standing.against.contains_key(*id));
        let silent: BTreeSet<RecordId> = standing.taken_back.iter().chain(apart).copied().collect();
        if silent.is_empty() {
            return Vec::new();
        }
        match (self.record, file) {
            (Some(beginning), _) => starting(silent, beginning).into_iter().collect(),
            (None, Some(file)) => {
                let why = intact.lineage_without_say(&silent, standing).why(&file.digests(), Some(file.size));
                ids(why.producers.iter().chain(&why.possible).chain(&why.unknown))
            }
            (None, None) => silent.into_iter().collect(),
        }
    }

    /// The records that the answer may speak of: those to begin with, their relatives, and what might be relatives.
    fn concerned(&self, graph: &Lineage, start: &[RecordId]) -> Option<BTreeSet<RecordId>> {
        // Downwards from no record in particular is downwards from every beginning.
        if self.all || start.is_empty() || (self.down && self.record.is_none()) {
            return None;
        }
        let mut asked = start.to_vec();
        if self.down {
            asked.extend(graph.possible_descendants(start));
        }
        // What is said against anything that a descendant was made from is said against the descendant.
        let mut concerned: BTreeSet<RecordId> = asked.iter().copied().chain(graph.possible_ancestors(&asked)).collect();
        let family: Vec<RecordId> = concerned.iter().copied().collect();
        let mut joins = Joins::of(graph, MOST_ALTERNATIVES);
        // What is said against a parent that is not here is said against what was made from it.
        concerned.extend(graph.absent_parents_of(&family));
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

/// The records that a question is about.
#[derive(Debug, Default)]
struct Asked {
    start: Vec<RecordId>,
    /// Records that may have made the file that is asked about, too.
    other_makers: Vec<RecordId>,
    /// Whether some record is known to have made that file; `true` if no file is asked about.
    is_made: bool,
}

impl Asked {
    fn all(&self) -> Vec<RecordId> {
        self.start.iter().chain(&self.other_makers).copied().collect()
    }
}

/// A family, judged.
pub struct Relations {
    pub intact: Intact,
    pub verdict: Verdict,
    /// The signers file, if there is one.
    pub policy: Option<TrustPolicy>,
    /// The moment at which keys were judged.
    pub at: Time,
    /// Records that the question is about.
    pub start: Vec<RecordId>,
    /// The digests and size of the file that was asked about, if it was one.
    pub file: Option<Hashed>,
    /// Records that are asked about and have no say, since they were taken back, or are set apart and somebody who counts objects to them.
    /// Nothing begins with them, and what was said against them is shown.
    pub without_say: Vec<RecordId>,
    /// Those of them that were taken back, and lower the answer.
    lowering: BTreeSet<RecordId>,
    /// Records that may have made the file that is asked about, beside those to begin with: they prove nothing, and what is wrong with them
    /// is said.
    pub other_makers: Vec<RecordId>,
    /// Whether some record made the file that is asked about, if one is.
    is_made: bool,
    pub findings: Vec<Finding>,
    /// The beginnings of the fingerprints of the keys that signed links.
    links: HashMap<StatementId, String>,
    /// Bundles that are broken: nothing is known of what they hold.
    pub refused: Vec<Failure>,
}

impl Relations {
    /// Gathers the bundles that a question is about.
    ///
    /// # Errors
    /// If there is no intact bundle, or no record that begins like that.
    pub fn of(question: &Question<'_>) -> Result<Self, Failure> {
        let policy = question.trust.map(keys::signers).transpose()?;
        let at = keys::moment(question.at)?;
        let (sources, file) = question.sources()?;
        let sources = find(&sources)?;
        let mut broken: BTreeMap<Utf8PathBuf, Failure> = BTreeMap::new();
        loop {
            let whole = sources.iter().filter(|(path, _)| !broken.contains_key(path)).cloned().collect();
            let Family { members, mut refused } = gather(whole, Unverified::check_history);
            refused.extend(broken.values().cloned());
            if members.is_empty() && !refused.is_empty() {
                return Err(refused.swap_remove(0));
            }
            let own: BTreeSet<RecordId> = members
                .iter()
                .filter(|(from, _)| from.starts_with(question.path))
                .flat_map(|(_, history)| history.records())
                .collect();
            let (paths, parts): (Vec<_>, Vec<_>) = members.into_iter().unzip();
            let Some(history) = History::union(parts) else {
                return Err(Failure::usage("there is no bundle to look at"));
            };
            let mut asked = Ok(Asked::default());
            let settled = history.settle(policy.as_ref(), at.timestamp(), |graph| {
                asked = question.asked(graph, &own, file.as_ref());
                question.concerned(graph, &asked.as_ref().map(Asked::all).unwrap_or_default())
            });
            match settled {
                Ok((intact, verdict)) => {
                    if let Some(limit) = verdict.findings.iter().find(|finding| finding.code == Code::ContainerLimit) {
                        return Err(Failure::from(limit.clone()));
                    }
                    let findings = verdict.findings.clone();
                    let mut without_say = question.without_say(&intact, &verdict, file.as_ref());
                    if question.record.is_some() && !without_say.is_empty() {
                        asked = Ok(Asked { is_made: true, ..Asked::default() });
                    }
                    let asked = asked?;
                    let above = intact.objected_above(&verdict, &asked.all());
                    let taken_back = &verdict.standing.taken_back;
                    let mut lowering = verdict.lowering(&above);
                    lowering.extend(without_say.iter().filter(|id| taken_back.contains(id)));
                    without_say.extend(above.into_iter().filter(|id| !without_say.contains(id)).collect::<Vec<_>>());
                    let links = intact.statements().iter().filter(|one| one.kind() == Kind::Link);
                    let links = links.map(|one| (one.id(), one.key().fingerprint().chars().take(20).collect()));
                    let links = links.collect();
                    return Ok(Self {
                        intact,
                        verdict,
                        policy,
                        at,
                        start: asked.start,
                        file,
                        without_say,
                        lowering,
                        other_makers: asked.other_makers,
                        is_made: asked.is_made,
                        findings,
                        links,
                        refused,
                    });
                }
                // A bundle with a false statement is left out, and the rest is looked at again.
                Err(wrong) => {
                    for (part, finding) in wrong {
                        let path = paths.get(part).cloned().unwrap_or_default();
                        let failure = refusal([finding], &path);
                        broken.entry(path).or_insert(failure);
                    }
                }
            }
        }
    }

    /// That there is nothing to begin with, where a signers file decides what counts.
    pub fn nothing_counts(&self) -> &'static str {
        if self.file.is_some() { "no record that counts here made this file" } else { "no record here counts" }
    }

    /// What joins the records.
    pub fn graph(&self) -> &Lineage {
        &self.verdict.lineage
    }

    /// The title of a record, unless it is withheld.
    pub fn title(&self, id: RecordId) -> Option<String> {
        self.intact.json_section::<Context>(id).map(|context| context.title)
    }

    /// The exit status of a command that showed these records: that of `verify` for them, and for what was taken back and is asked about.
    ///
    /// Broken bundles are none of these and still end it, for nobody knows what they would say.
    pub fn conclude(&self, shown: impl IntoIterator<Item = RecordId>) -> u8 {
        let required = if self.policy.is_some() { State::Trusted } else { State::Intact };
        let all = shown.into_iter().chain(self.lowering.iter().copied()).chain(self.family(&self.other_makers));
        let all: Vec<RecordId> = all.collect();
        let mut state = self.verdict.state_of(all.iter().copied());
        // Of a file that nobody is known to have made nothing can be trusted, nor of records that do not count, nor of one whose parent was
        // revoked and is not here.
        if !self.is_made || self.start.is_empty() || self.revoked_parents(&all).next().is_some() {
            state = state.min(State::Intact);
        }
        let of_records = exit::of(state, required);
        let of_broken = self.refused.iter().map(Failure::exit_code);
        match of_broken.chain([of_records]).collect::<Vec<u8>>() {
            all if all.contains(&exit::FAILED) => exit::FAILED,
            all if all.contains(&exit::ERROR) => exit::ERROR,
            _ => of_records,
        }
    }

    /// Whether a file is asked about of which no record that counts is known to have made it.
    pub fn is_of_unknown_maker(&self) -> bool {
        !self.is_made
    }

    /// Parents that these records name, that are not here, and that were revoked.
    fn revoked_parents(&self, of: &[RecordId]) -> impl Iterator<Item = RecordId> + '_ {
        let is_revoked = |id: &RecordId| self.against(*id).iter().any(|one| one.kind == ObjectionKind::Revoked);
        self.graph().absent_parents_of(of).into_iter().filter(is_revoked)
    }

    /// Whose word a link is, if a statement makes it what it is: a principal, or a key that nobody knows.
    pub fn stated_by(&self, edge: &Edge) -> Option<String> {
        let statement = edge.stated_in()?;
        match self.verdict.trusted.get(&statement).and_then(|principals| principals.first()) {
            Some(principal) => Some(one_line(principal)),
            None => Some(format!("an unknown key ({})", self.links.get(&statement)?)),
        }
    }

    /// What was said against a record by those whose word counts.
    pub fn against(&self, id: RecordId) -> &[Objection] {
        self.verdict.standing.against.get(&id).map(Vec::as_slice).unwrap_or_default()
    }

    /// These records that are here, with all that they derive from or may derive from, in the order of ids.
    pub fn family(&self, of: &[RecordId]) -> Vec<RecordId> {
        let mut family = self.graph().possible_ancestors(of);
        family.extend(of.iter().filter(|id| self.graph().record(**id).is_some()));
        family.sort_unstable();
        family.dedup();
        family
    }

    /// The weakest state among these records and all that they derive from, as far as it is here, and which of them have it.
    pub fn weakest_here(&self, of: &[RecordId]) -> (Option<State>, Vec<RecordId>) {
        let mut family = self.family(of);
        family.extend(self.family(&self.other_makers));
        self.weakest_of(family)
    }

    /// The weakest state among what is shown of what came from these records, and what may have come from them.
    pub fn weakest_below(&self, of: &[RecordId], shown: &[RecordId]) -> (Option<State>, Vec<RecordId>) {
        let mut family = self.graph().possible_descendants(of);
        family.extend(shown);
        self.weakest_of(family)
    }

    /// The weakest state among these records and those that were taken back, and which of them have it.
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

    /// Who signed a record: principals if the signers file has any of the keys, else the names that the keys' owners give themselves, in
    /// quotes, or the keys. Never both: whoever signs beside a trusted person would be taken for another.
    pub fn signers(&self, id: RecordId) -> Vec<String> {
        let statements = self.intact.statements_about(id);
        let standing = &self.verdict.standing;
        let vouching = || {
            let about = statements.iter().copied();
            about.filter(|one| one.kind() == Kind::Authorship && standing.counts_statement(one.id()))
        };
        let mut signers: Vec<String> =
            vouching().filter_map(|one| self.verdict.trusted.get(&one.id())?.first().cloned()).collect();
        if signers.is_empty() {
            let claimed = vouching().map(|one| one.signer_name().map_or_else(|| one.key().fingerprint(), named));
            signers = claimed.collect();
        }
        signers.sort();
        signers.dedup();
        signers
    }
}
