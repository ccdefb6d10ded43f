//! `expbundle why`: where a file comes from, in one paragraph.

use std::collections::{BTreeSet, HashSet};

use camino::Utf8PathBuf;
use expbundle::judge::State;
use expbundle::report::objected;
use expbundle::standing::ObjectionKind;
use expbundle_format::{ArtifactDigests, RecordId};
use expbundle_lineage::{Edge, Grade, RecordFacts, Why as Origin};
use expbundle_query::{HowMade, Relations, Scope, WhyReport};
use expbundle_statement::{DeploymentAction, Identity, Kind, Predicate, ReviewVerdict, VerifiedStatement};

use crate::objections;
use crate::relations::{self, Asked};
use crate::statements::short;
use crate::terminal::{self, Tone, cell, count, grouped, named, one_line, paint, quoted, some_of};
use crate::{Outcome, exit};

/// Say in one paragraph where a file comes from: which experiment made it, from what, who approved it, where it is in use
///
/// Its bundle is looked for in its folder, unless others are given by `--with`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit status: that of `verify` for the records that are told of: 0 the required state holds · 1 something is broken, or no \
    record here made the file and no --trust was given · 2 no answer: usage, I/O error or beyond the limits · 3 with --trust, not trusted\n\n\
    Examples:\n  expbundle why model.safetensors\n  expbundle why model.safetensors --with ./bundles --trust signers"
)]
pub struct Why {
    /// The file; or a bundle, whose last records are explained
    file: Utf8PathBuf,
    /// Bundles that may know it, or folders of them
    #[arg(long, value_name = "PATH")]
    with: Vec<Utf8PathBuf>,
    /// Signers to trust, in OpenSSH `allowed_signers` form: what is told of must be trusted then
    #[arg(long, value_name = "FILE")]
    trust: Option<Utf8PathBuf>,
    /// Judge keys as of this time (RFC 3339) [default: now]
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Write JSON (schemas/why.schema.json)
    #[arg(long)]
    json: bool,
}

/// How many of many are told of.
const SHOWN: usize = 10;

impl Why {
    pub fn run(self) -> Outcome {
        let relations = relations::of(&Asked {
            path: &self.file,
            with: &self.with,
            trust: self.trust.as_deref(),
            at: self.at.as_deref(),
            record: None,
            scope: Scope::Ancestors,
        })?;
        let family = relations.family(&relations.start);
        let is_unknown = family.is_empty() && relations.policy.is_none();
        let status = if is_unknown { exit::FAILED } else { relations::conclude(&relations, family) };
        if self.json {
            terminal::say_json(&WhyReport::of(&relations));
            return Ok(status);
        }
        let name = cell(self.file.file_name().unwrap_or(self.file.as_str()));
        let origin = relations.file.as_ref().map(|file| (file.digests(), relations.why()));
        let mut text = match &origin {
            Some((digests, why)) => opening(&relations, &name, digests, why),
            None if relations.start.is_empty() => paint(Tone::Bad, "No record here counts."),
            None => String::new(),
        };
        let elsewhere = against_elsewhere(&relations);
        if !elsewhere.is_empty() {
            text = format!("{}\n\n{text}", elsewhere.trim_start());
        }
        let start = relations.objected_first();
        let (first, folded) = start.split_at(start.len().min(SHOWN));
        for (index, id) in first.iter().enumerate() {
            if index > 0 {
                text += if relations.file.is_some() { " Or it " } else { "\n\n" };
            }
            text += origin.as_ref().map_or("", |(_, why)| came(relations.how_made(why, *id)));
            text += &told(&relations, *id);
        }
        if !folded.is_empty() {
            let separator = if relations.file.is_some() { " " } else { "\n\n" };
            let more = count(folded.len() as u64, "more record");
            text += &format!("{separator}And {more}; `expbundle lineage --json` has all.");
            text += &against_folded(&relations, first, folded);
        }
        let not_read = relations::not_read(&relations);
        if !not_read.is_empty() {
            text += &format!("\n{}", paint(Tone::Bad, not_read.trim_start_matches("; ")));
        }
        if let Some(apart) = objections::apart(&relations.verdict.standing.apart) {
            text += &format!("\n{}", paint(Tone::Doubt, &apart));
        }
        for line in terminal::wrapped(&text) {
            terminal::say(&format!("{line}\n"));
        }
        Ok(status)
    }
}

/// What was said against records that are not told of, and against their ancestors: each once, for thousands may share one.
fn against_folded(relations: &Relations, told: &[RecordId], folded: &[RecordId]) -> String {
    if relations.verdict.standing.against.is_empty() {
        return String::new();
    }
    let graph = relations.graph();
    let family = |of: &[RecordId]| {
        let mut family: Vec<RecordId> = of.iter().copied().chain(graph.possible_ancestors(of)).collect();
        family.extend(graph.absent_parents_of(&family));
        relations.by_weight(family)
    };
    let said: BTreeSet<RecordId> = family(told).into_iter().collect();
    let mut rest = family(folded);
    rest.retain(|id| !said.contains(id));
    let sentence = |id: &RecordId| {
        let words = objections::all(relations.against(*id));
        format!(" Of them or their ancestors {} was {}.", named_record(relations, *id), paint(Tone::Bad, &words))
    };
    rest.iter().map(sentence).collect()
}

/// What was said against records that are asked about and have no say.
fn against_elsewhere(relations: &Relations) -> String {
    let mut against = relations.without_say.clone();
    let others = relations.family(&relations.other_makers);
    against.extend(others.into_iter().filter(|id| !relations.start.contains(id)));
    let against = relations.by_weight(against);
    let sentence = |id: &RecordId| {
        let words = objections::all(relations.against(*id));
        let who = match relations.graph().record(*id) {
            Some(_) => format!("{}, which may be involved,", record(relations, *id)),
            None => format!("Record {} {}", short(id), objections::ELSEWHERE),
        };
        format!(" {who} was {}.", paint(Tone::Bad, &words))
    };
    against.iter().map(sentence).collect()
}

/// A record as [`record`] has it; of one that is not here only the id is known.
fn named_record(relations: &Relations, id: RecordId) -> String {
    match relations.graph().record(id) {
        Some(_) => record(relations, id),
        None => format!("{} {}", short(&id), objections::ABSENT),
    }
}

/// What is known of the file itself.
fn opening(relations: &Relations, name: &str, digests: &ArtifactDigests, why: &Origin) -> String {
    let digest: String = digests.to_string().chars().take(19).collect();
    let mut text = format!("{} ({digest}) ", paint(Tone::Strong, name));
    if !why.conflicting.is_empty() {
        let which: Vec<String> = why.conflicting.iter().map(short).collect();
        let which = some_of(&which, SHOWN, ", ");
        text += &paint(Tone::Bad, &format!("shares a digest with other bytes in {which}; do not trust it. It "));
    }
    match relations.start.as_slice() {
        [] => {
            text += &paint(
                Tone::Bad,
                if relations.policy.is_some() {
                    "was made by no record here that counts"
                } else {
                    "was made by no record here"
                },
            );
            if !why.takers.is_empty() {
                let takers = some(why.takers.iter(), why.takers.len(), |(id, _)| record(relations, *id));
                text += &format!("; it was an input of {}", takers.join(" and "));
            }
            text += ". Name more bundles by `--with`, or make a record of its origin with `expbundle convert huggingface` or \
                     `expbundle create`.";
        }
        [_] => {}
        several => {
            let records = count(several.len() as u64, "record");
            text += &format!("is, byte for byte, an output of {records}, as alternatives: it ");
        }
    }
    text
}

/// How a file has to do with a record that has it among its outputs.
fn came(how: HowMade) -> &'static str {
    match how {
        HowMade::Origin => "came from outside and is described by the origin record ",
        HowMade::Unknown => "was made or only passed on by ",
        HowMade::Possible => "was made or passed on by ",
        HowMade::Made => "was made by ",
    }
}

/// What is known of a record, as sentences.
fn told(relations: &Relations, id: RecordId) -> String {
    let mut text = record(relations, id);
    let facts = relations.graph().record(id);
    let when = facts.and_then(|facts| facts.started).map(|time| format!(" on {}", day(&time))).unwrap_or_default();
    text += &when;
    text += &match (relations.state(id), relations.signers(id)) {
        _ if relations.verdict.standing.records.contains(&id) => {
            format!("; {}", paint(Tone::Bad, "the record was revoked"))
        }
        (State::Trusted, signers) => {
            format!(", signed by {}", paint(Tone::Good, &one_line(&some_of(&signers, SHOWN, " and "))))
        }
        (State::Signed, signers) => {
            let keys = if signers.len() == 1 { "an unknown key" } else { "unknown keys" };
            format!(", signed by {} ({})", paint(Tone::Doubt, keys), some_of(&signers, SHOWN, " and "))
        }
        _ => format!("; {}", paint(Tone::Doubt, "it is not signed")),
    };
    text.push('.');
    let against = &relations.verdict.standing.against;
    for objection in against.get(&id).into_iter().flatten() {
        // Reviews have their sentences below.
        if matches!(objection.kind, ObjectionKind::Revoked | ObjectionKind::Superseded | ObjectionKind::Withdrawn) {
            text += &format!(" It was {}.", paint(Tone::Bad, &objections::words(objection)));
        }
    }
    let ancestors: BTreeSet<RecordId> = relations.graph().ancestors(&[id]).into_iter().collect();
    for ancestor in objected(&relations.verdict, id).into_iter().filter(|ancestor| *ancestor != id) {
        let is_known = ancestors.contains(&ancestor) || relations.graph().record(ancestor).is_none();
        let what = if is_known { "Its ancestor" } else { "Its possible ancestor" };
        let words = objections::all(against.get(&ancestor).map(Vec::as_slice).unwrap_or_default());
        text += &format!(" {what} {} was {}.", named_record(relations, ancestor), paint(Tone::Bad, &words));
    }
    text += &sources(relations, id);
    text += &words_about(relations, id);
    if ancestors.len() > 1 {
        let state = |id| relations.graph().record(id).map(|_| relations.state(id));
        let weakest = match relations.graph().weakest(&[id], state) {
            Some((Some(state), _)) => format!("the weakest is {state}"),
            _ => "of some nothing is known".to_owned(),
        };
        text += &format!(" In all it descends from {}; {weakest}.", count(ancestors.len() as u64, "record"));
    }
    text
}

/// What it was made from.
fn sources(relations: &Relations, id: RecordId) -> String {
    let graph = relations.graph();
    let mut edges = graph.parents(id);
    edges.sort_by_key(|edge| graph.rank(edge.parent));
    let (whole, parents): (Vec<Edge>, Vec<Edge>) = edges.into_iter().partition(is_part);
    let mut parts = some(parents.iter(), parents.len(), |edge| parent(relations, edge));
    let absent = graph.absent_parents(id);
    parts.extend(some(absent.iter(), absent.len(), |absent| {
        let why = format!("(named as a parent, {})", relations::absent(relations, Some(id), *absent));
        format!("{} {}", short(absent), paint(Tone::Bad, &why))
    }));
    let inputs = graph.record(id).map(|facts| facts.inputs.as_slice()).unwrap_or_default();
    let gaps = graph.gaps_of(id);
    parts.extend(some(gaps.iter().filter_map(|input| inputs.get(*input)), gaps.len(), |artifact| {
        let digest = || artifact.digests.map(|digests| digests.to_string().chars().take(19).collect::<String>());
        let name = artifact.name.clone().or_else(digest).unwrap_or_default();
        let gap = paint(Tone::Bad, "(of unknown origin)");
        format!("the {} {} {gap}", cell(artifact.role.as_str()), quoted(&name))
    }));
    let mut text = String::new();
    if !whole.is_empty() {
        let whole =
            some(whole.iter(), whole.len(), |edge| format!("{} ({})", record(relations, edge.parent), grade(edge)));
        text += &format!(" It is a part of {}.", whole.join(", and of "));
    }
    if !parts.is_empty() {
        text += &format!(" It was made from {}.", parts.join(", and from "));
    }
    text + &withheld(relations, id)
}

/// What is withheld of a record and its ancestors that could add to the answer.
fn withheld(relations: &Relations, id: RecordId) -> String {
    let graph = relations.graph();
    let mut text = String::new();
    let facts = graph.record(id);
    if facts.is_some_and(|facts| facts.description_withheld) {
        let withheld = paint(Tone::Doubt, "What it took in by name only is withheld");
        text += &format!(" {withheld} (`artifacts.json`), so there may be more.");
    }
    let trees = facts.map_or(0, RecordFacts::hidden_listings) as u64;
    if trees > 0 {
        let hidden = paint(Tone::Doubt, &format!("The files of {} are not here", count(trees, "input tree")));
        text += &format!(" {hidden}, so it may have been given what it put out.");
    }
    let ancestors = graph.ancestors(&[id]).into_iter().filter(|ancestor| *ancestor != id);
    let hiding = ancestors.filter_map(|ancestor| graph.record(ancestor));
    let hiding = hiding.filter(|facts| facts.description_withheld || facts.hidden_listings() > 0).count() as u64;
    if hiding > 0 {
        let verb = if hiding == 1 { "withholds" } else { "withhold" };
        let who = format!("Of its ancestors {} {verb}", count(hiding, "record"));
        text += &format!(" {} what was taken in.", paint(Tone::Doubt, &who));
    }
    text
}

/// Whether it is a step, trial or nested run of its parent, and takes in nothing that the parent made.
fn is_part(edge: &Edge) -> bool {
    edge.grade() != Grade::Proven && edge.relation().is_some_and(|relation| relation.as_str() == "part-of")
}

/// The first of many in words, and how many more there are.
fn some<T>(all: impl Iterator<Item = T>, length: usize, word: impl Fn(T) -> String) -> Vec<String> {
    let mut words: Vec<String> = all.take(SHOWN).map(word).collect();
    if length > SHOWN {
        words.push(format!("{} more", grouped((length - SHOWN) as u64)));
    }
    words
}

fn grade(edge: &Edge) -> String {
    match edge.grade() {
        Grade::Proven => paint(Tone::Good, "proven"),
        grade => paint(Tone::Doubt, grade.as_str()),
    }
}

fn parent(relations: &Relations, edge: &Edge) -> String {
    let grade = grade(edge);
    let relation = edge.relation().map(|relation| format!("{}, ", quoted(relation.as_str()))).unwrap_or_default();
    let by = relations.stated_by(edge).map(|by| format!(", said by {by}")).unwrap_or_default();
    let parent = record(relations, edge.parent);
    let what = if relations.is_origin(edge.parent) {
        format!("what the origin record {parent} describes")
    } else if edge.grade() != Grade::Proven {
        parent
    } else {
        format!("an output of {parent}")
    };
    format!("{what} ({relation}{grade}{by})")
}

/// What signers wrote about it: verdicts, and where it is in use.
///
/// Of one reviewer the latest review of each scope and role has a sentence. With a signers file only trusted signers have, and what is
/// against the record comes first. Statements by unknown keys are counted; without a signers file all keys are unknown, and each sentence begins with that.
fn words_about(relations: &Relations, id: RecordId) -> String {
    const MOST_WORDS: usize = 50;
    const MOST_UNKNOWN: usize = 3;
    let about = relations.said_about(id);
    let (trusted, unknown): (Vec<_>, Vec<_>) =
        about.into_iter().partition(|statement| principal(relations, statement).is_some());
    let against = trusted.iter().filter(|statement| statement.predicate().is_against()).count();
    let shown = MOST_WORDS.max(against);
    let mut text: String = trusted.iter().take(shown).map(|statement| trusted_words(relations, statement)).collect();
    let more = trusted.len().saturating_sub(shown);
    if more > 0 {
        text +=
            &format!(" There are {} by trusted keys; `expbundle log` shows all.", count(more as u64, "more statement"));
    }
    if relations.policy.is_some() {
        if !unknown.is_empty() {
            let are = if unknown.len() == 1 { "is" } else { "are" };
            let number = count(unknown.len() as u64, "statement");
            text += &format!(" There {are} {number} by unknown keys (`expbundle log`).");
        }
        return text;
    }
    // Anybody can make any number of keys, but not the key of the record's author.
    let is_author = |signer: &Identity| {
        let about = relations.intact.statements_about(id);
        about.iter().any(|statement| statement.kind() == Kind::Authorship && statement.identity() == signer)
    };
    let (by_author, others): (Vec<_>, Vec<_>) =
        unknown.into_iter().partition(|statement| is_author(statement.identity()));
    let against = by_author.iter().filter(|statement| statement.predicate().is_against()).count();
    let (shown, more) = by_author.split_at(by_author.len().min(MOST_WORDS.max(against)));
    text.extend(shown.iter().map(|statement| unknown_words(statement)));
    text += &folded("of its authors", more);
    let (against, others): (Vec<_>, Vec<_>) =
        others.into_iter().partition(|statement| statement.predicate().is_against());
    for (what, statements) in [("against it", against), ("for it, or of its use", others)] {
        if statements.len() <= MOST_UNKNOWN {
            text.extend(statements.iter().map(|statement| unknown_words(statement)));
        } else {
            text += &folded(what, &statements);
        }
    }
    text
}

/// Statements by keys that nobody vouches for, as a number.
fn folded(what: &str, statements: &[&VerifiedStatement]) -> String {
    if statements.is_empty() {
        return String::new();
    }
    let signers: HashSet<&Identity> = statements.iter().map(|statement| statement.identity()).collect();
    let are = if statements.len() == 1 { "is" } else { "are" };
    let number = objections::unvouched(statements.len(), signers.len());
    format!(" There {are} {number}, {what} (`expbundle log`).")
}

fn trusted_words(relations: &Relations, statement: &VerifiedStatement) -> String {
    let who = paint(Tone::Good, &one_line(principal(relations, statement).unwrap_or_default()));
    let on = day(&statement.created());
    let because =
        |reason: &Option<String>| reason.as_deref().map(|reason| format!(": {}", quoted(reason))).unwrap_or_default();
    match statement.predicate() {
        Predicate::Review(review) => {
            let verdict = match review.verdict {
                ReviewVerdict::Approved => paint(Tone::Good, "approved"),
                ReviewVerdict::Rejected => paint(Tone::Bad, "rejected"),
                ReviewVerdict::NeedsChanges => paint(Tone::Bad, "sent back for changes"),
            };
            let scope = review.scope.as_deref().map(|scope| format!(" for {}", quoted(scope))).unwrap_or_default();
            let role = review.role.as_deref().map(|role| format!(" as {}", quoted(role))).unwrap_or_default();
            format!(" It was {verdict}{scope} by {who}{role} on {on}{}.", because(&review.reason))
        }
        Predicate::Deployment(deployment) => {
            let environment = quoted(&deployment.environment);
            let action = match deployment.action {
                DeploymentAction::Deployed => "deployed to",
                DeploymentAction::Retired => "retired from",
            };
            let reason = because(&deployment.reason);
            format!(" It was {action} {environment} on {on} according to {who}{reason}.")
        }
        _ => String::new(),
    }
}

fn unknown_words(statement: &VerifiedStatement) -> String {
    let who = match statement.signer_name() {
        Some(name) => format!("{}, calling itself {}", statement.identity(), named(name)),
        None => statement.identity().to_string(),
    };
    let says = one_line(&statement.predicate().brief(60));
    format!(" {} ({who}) wrote on {}: {says}.", paint(Tone::Doubt, "An unknown key"), day(&statement.created()))
}

fn principal<'a>(relations: &'a Relations, statement: &VerifiedStatement) -> Option<&'a str> {
    relations.verdict.trusted.get(&statement.id())?.first().map(String::as_str)
}

/// A record as part of a sentence.
fn record(relations: &Relations, id: RecordId) -> String {
    let title = relations.title(id).map_or_else(|| "an untitled record".to_owned(), |title| quoted(&title));
    let tool = relations.graph().record(id).and_then(|facts| facts.source.as_ref());
    let tool = tool.map(|source| format!(", {}", named(&source.tool))).unwrap_or_default();
    format!("{title} ({}{tool})", short(&id))
}

fn day(time: &expbundle_format::time::Time) -> String {
    time.to_string().chars().take(10).collect()
}
