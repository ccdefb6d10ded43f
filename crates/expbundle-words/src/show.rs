//! A record on one screen.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use expbundle::judge::Verdict;
use expbundle::report::{StatementReport, statement_reports};
use expbundle::verify::Intact;
use expbundle_format::RecordId;
use expbundle_format::container::SectionName;
use expbundle_format::number::Number;
use expbundle_format::record::{Form, Record, Source, Word, role};
use expbundle_format::sections::{
    self, Artifacts, Context, Cost, Evaluation, Evaluations, Events, Recipe, RegisteredVersion, SourceSection, Summary,
};
use expbundle_format::time::Time;
use expbundle_lineage::relation;
use expbundle_query::{ArtifactNames, current, parameters, short, told};

use crate::{
    Tone, block, calling_itself, cell, count, duration, grouped, happened, kind, moment, named, objections, paint,
    path, quoted, records, rounded, size, some_of, table, verdict,
};

/// Lines shown of a list that may be long.
const SHOWN: usize = 12;

/// Records of a bundle on a screen each: what was run, why, on what, with which results, at what
/// cost, and who signed. Only the first of many are shown; last, how much counts for nothing.
pub fn words(intact: &Intact, verdict: &Verdict, records: &[RecordId]) -> String {
    let statements = statement_reports(intact, verdict);
    let (current, passed_over) = current(verdict);
    let is_beginning = records == current;
    let mut text = String::new();
    if is_beginning {
        text = silent(verdict) + &records::passed_over(intact, verdict, &passed_over);
    }
    for (index, record) in records.iter().filter_map(|id| intact.records().get(id)).take(SHOWN).enumerate() {
        text += match (index, text.is_empty()) {
            (0, true) => "",
            (0, false) => "\n",
            _ => "\n\n",
        };
        text += &screen(intact, record, verdict, &statements);
    }
    if records.len() > SHOWN {
        _ = writeln!(text, "\nand {} more; `--record` chooses one", count((records.len() - SHOWN) as u64, "record"));
    }
    // A record that was chosen by its id is shown alone.
    let counting = intact.records().keys().filter(|id| verdict.standing.counts(**id)).count();
    let others = counting.saturating_sub(records.len());
    if others > 0 && is_beginning {
        let others = count(others as u64, "more record");
        _ = writeln!(text, "\nand {others}; `expbundle lineage` shows how they are related, `--record` chooses one");
    }
    text + &left_out(intact, verdict)
}

/// What trusted keys say against records that do not count, and so have no screen of their own.
pub(crate) fn silent(verdict: &Verdict) -> String {
    let standing = &verdict.standing;
    let silent = standing.against.iter().filter(|(id, _)| !standing.counts(**id));
    objections::lines(silent.map(|(id, all)| (*id, objections::ELSEWHERE.to_owned(), all.as_slice())))
}

/// How much counts for nothing, below the rest.
pub(crate) fn left_out(intact: &Intact, verdict: &Verdict) -> String {
    let lines = objections::left_out(intact, &verdict.standing).into_iter();
    lines.fold(String::new(), |text, line| text + "\n" + &paint(Tone::Doubt, &line) + "\n")
}

fn heading(text: &mut String, title: &str) {
    _ = writeln!(text, "\n{}", paint(Tone::Strong, title));
}

fn screen(intact: &Intact, record: &Record, verdict: &Verdict, statements: &[StatementReport]) -> String {
    let id = record.id();
    let against = verdict.standing.against.get(&id).map(Vec::as_slice).unwrap_or_default();
    let mut text = String::new();
    head(&mut text, intact, record);
    if !verdict.standing.counts(id) {
        _ = writeln!(text, "{}", paint(Tone::Bad, "does not count: no trusted key vouches for this record"));
    }
    text += &told::<Events>(intact, id).map(|events| happened::line(&events)).unwrap_or_default();
    if !against.is_empty() {
        _ = writeln!(text, "{}", paint(Tone::Bad, &format!("! {}", objections::all(against))));
    }
    why(&mut text, intact, id);
    on_what(&mut text, intact, id);
    results(&mut text, intact, id);
    cost(&mut text, intact, id);
    artifacts(&mut text, intact, record);
    custody(&mut text, intact, record, statements);
    text
}

fn head(text: &mut String, intact: &Intact, record: &Record) {
    let (id, body) = (record.id(), record.body());
    let context = told::<Context>(intact, id);
    let title = records::title(intact, id);
    _ = writeln!(text, "{}  {id}", paint(Tone::Strong, &title));
    let mut facts = Vec::new();
    if let Some(source) = &body.source {
        facts.push(run_of(source));
    }
    facts.extend(body.status.map(|status| status.as_str().to_owned()));
    if let Some(started) = body.started {
        let took = body.ended.map(|ended| took(started, ended)).unwrap_or_default();
        facts.push(format!("started {}{took}", moment(started)));
    }
    if !facts.is_empty() {
        _ = writeln!(text, "{}", facts.join(" · "));
    }
    let Some(context) = context else { return };
    let groups: Vec<String> =
        context.groups.iter().map(|group| format!("{} {}", word(&group.kind, &GROUPS), named(&group.name))).collect();
    let tags: Vec<String> = context.tags.iter().map(|tag| format!("#{}", cell(tag))).collect();
    let line = groups.into_iter().chain(context.job_type.map(|kind| named(&kind))).chain(tags).collect::<Vec<_>>();
    if !line.is_empty() {
        _ = writeln!(text, "{}", line.join(" · "));
    }
    let labels: Vec<String> =
        context.labels.iter().map(|(name, value)| format!("{}={}", cell(name), cell(value))).collect();
    if !labels.is_empty() {
        let more = if labels.len() > SHOWN { "; `show … context`" } else { "" };
        _ = writeln!(text, "{}{more}", some_of(&labels, SHOWN, " · "));
    }
}

/// The tracker, and what it calls the run. Names of trackers that are known are our own words, and
/// an id is there to be copied.
fn run_of(source: &Source) -> String {
    format!("{} run {}", word(&source.tool, &TOOLS), path(&source.run))
}

/// Kinds of groups in which trackers have runs.
const GROUPS: [&str; 6] = ["entity", "experiment", "group", "pipeline", "project", "sweep"];

/// Trackers whose runs are converted, and the program itself.
const TOOLS: [&str; 18] = [
    "aim",
    "clearml",
    "comet",
    "csv",
    "dvc",
    "expbundle",
    "huggingface",
    "jsonl",
    "lightning",
    "mlflow",
    "neptune",
    "parquet",
    "swanlab",
    "tensorboard",
    "trackio",
    "transformers",
    "wandb",
    "zenml",
];

/// A word that is one of ours, or a foreign one in quotes.
fn word(text: &str, ours: &[&str]) -> String {
    if ours.contains(&text) { text.to_owned() } else { named(text) }
}

/// How long it took, unless it ended before it began.
pub(crate) fn took(started: Time, ended: Time) -> String {
    span(started, ended).map(|span| format!(", took {span}")).unwrap_or_default()
}

/// From one time to a later one.
pub(crate) fn span(started: Time, ended: Time) -> Option<String> {
    let nanoseconds = u64::try_from(ended.as_nanoseconds() - started.as_nanoseconds()).ok()?;
    Some(duration(std::time::Duration::from_nanos(nanoseconds)))
}

fn why(text: &mut String, intact: &Intact, id: RecordId) {
    let Some(context) = told::<Context>(intact, id) else { return };
    let parts = [
        ("Purpose", context.purpose),
        ("Hypothesis", context.hypothesis),
        ("Notes", context.notes),
        ("Conclusion", context.conclusion),
    ];
    for (title, words) in parts {
        let Some(words) = words.filter(|words| !words.trim().is_empty()) else { continue };
        heading(text, title);
        let (lines, all) = block(&words, "  ", 6);
        *text += &lines;
        if all > 6 {
            _ = writeln!(text, "  … {}; `show … context`", count((all - 6) as u64, "more line"));
        }
    }
}

fn on_what(text: &mut String, intact: &Intact, id: RecordId) {
    let Some(recipe) = told::<Recipe>(intact, id) else { return };
    heading(text, "Recipe");
    let mut rows = Vec::new();
    let mut row = |name: &str, value: String| rows.push(vec![format!("  {name}"), value]);
    if let Some(code) = &recipe.code {
        let commit = code
            .commit
            .as_deref()
            .map(|commit| format!("commit {}", cell(&commit.chars().take(12).collect::<String>())));
        let patch = code.patch.map(|_| "with uncommitted changes, as a patch".to_owned());
        let parts = [code.repository.as_deref().map(cell), commit, code.entry_point.as_deref().map(cell), patch];
        row("code", parts.into_iter().flatten().collect::<Vec<_>>().join(", "));
    }
    if let Some(environment) = &recipe.environment {
        let packages = Some(environment.packages.len() as u64).filter(|number| *number > 0);
        let parts = [
            environment.python.as_deref().map(cell),
            environment.os.as_deref().map(cell),
            packages.map(|number| count(number, "package")),
        ];
        row("environment", parts.into_iter().flatten().collect::<Vec<_>>().join(", "));
    }
    if let Some(hardware) = &recipe.hardware {
        let mut parts: Vec<String> = hardware
            .accelerators
            .iter()
            .map(|accelerator| format!("{} × {}", accelerator.count, cell(&accelerator.model)))
            .collect();
        parts.extend(hardware.cpu.as_deref().map(cell));
        parts.extend(hardware.memory_bytes.map(size));
        row("hardware", parts.join(", "));
    }
    let parameters: Vec<(String, String)> =
        parameters(&recipe).into_iter().map(|(name, value)| (path(&name), cell(&value))).collect();
    for (name, value) in parameters.iter().take(SHOWN) {
        row(name, value.clone());
    }
    if parameters.len() > SHOWN {
        row("…", format!("{} more; `show … recipe`", count((parameters.len() - SHOWN) as u64, "parameter")));
    }
    *text += &table(&rows);
    let gaps: BTreeSet<String> = recipe.gaps.iter().map(|gap| lacking(&gap.what)).collect();
    if !gaps.is_empty() {
        let gaps = some_of(&gaps.into_iter().collect::<Vec<_>>(), SHOWN, ", ");
        let missing = paint(Tone::Doubt, "not recorded, but needed to run it again:");
        _ = writeln!(text, "  {missing} {gaps}; `show … recipe` has the details");
    }
}

/// What a re-run lacks, by the kind of the gap.
fn lacking(what: &str) -> String {
    match what {
        "code" => "parts of the code".to_owned(),
        "environment" => "parts of the environment".to_owned(),
        "data" => "digests of the data".to_owned(),
        "seed" => "a seed".to_owned(),
        "hardware" => "the hardware".to_owned(),
        other => named(other),
    }
}

fn results(text: &mut String, intact: &Intact, id: RecordId) {
    let mut series = told::<Summary>(intact, id).unwrap_or_default().series;
    // MLflow has points of its series as metrics of a model too, on no data set.
    let evaluations = told::<Evaluations>(intact, id).unwrap_or_default().evaluations;
    let repeats = |one: &Evaluation| {
        let same = one.step.is_some() && one.dataset.is_none() && one.split.is_none();
        same && series.contains_key(&one.metric)
    };
    let (of_series, evaluations): (Vec<_>, Vec<_>) = evaluations.into_iter().partition(repeats);
    // And a point that was measured once is both a series and an evaluation, which says on what.
    let all = series.len();
    for one in evaluations.iter().take(SHOWN) {
        if series.get(&one.metric).is_some_and(|series| series.count == 1 && series.last == one.value) {
            series.remove(&one.metric);
        }
    }
    if !series.is_empty() {
        heading(text, "Metrics");
        let mut rows = vec![["  KEY", "POINTS", "LAST", "MIN", "MAX"].map(str::to_owned).to_vec()];
        let number = |value: Option<Number>| value.map(rounded).unwrap_or_default();
        for (key, one) in series.iter().take(SHOWN * 2) {
            rows.push(vec![
                format!("  {}", path(key)),
                grouped(one.count),
                number(one.last),
                number(one.min),
                number(one.max),
            ]);
        }
        *text += &table(&rows);
        if series.len() > SHOWN * 2 {
            _ = writeln!(text, "  … {all} series in all; `show … metrics`");
        } else if series.len() < all {
            let more = count((all - series.len()) as u64, "more metric");
            _ = writeln!(text, "  {more} with one point each: see the evaluations");
        }
    }
    if !evaluations.is_empty() {
        heading(text, "Evaluations");
        let mut rows = Vec::new();
        for one in evaluations.iter().take(SHOWN) {
            let on = [one.dataset.as_deref(), one.split.as_deref()].into_iter().flatten().map(cell);
            let step = one.step.map(|step| format!("step {step}"));
            let on = on.chain(step).collect::<Vec<_>>();
            let value = one.value.map(rounded).or(one.judgement.as_deref().map(cell));
            rows.push(vec![format!("  {}", path(&one.metric)), value.unwrap_or_default(), on.join(", ")]);
        }
        *text += &table(&rows);
        if evaluations.len() > SHOWN {
            _ = writeln!(text, "  … {} in all; `show … evaluations`", evaluations.len());
        }
    }
    if !of_series.is_empty() {
        let were = if of_series.len() == 1 { "was" } else { "were" };
        let number = grouped(of_series.len() as u64);
        _ = writeln!(text, "  {number} of these points {were} logged for a model; `show … evaluations` says which");
    }
}

/// How a figure came about.
pub(crate) fn basis_word(basis: sections::Basis) -> &'static str {
    match basis {
        sections::Basis::Measured => "measured",
        sections::Basis::Estimated => "estimated",
        sections::Basis::Billed => "billed",
    }
}

fn cost(text: &mut String, intact: &Intact, id: RecordId) {
    let Some(cost) = intact.json_section::<Cost>(id) else { return };
    heading(text, "Cost");
    for one in &cost.resources {
        let model = one.model.as_deref().map(|model| format!(" {}", cell(model))).unwrap_or_default();
        _ = writeln!(
            text,
            "  {:.3} {} of {}{model}, {}",
            one.amount.0,
            cell(&one.unit),
            cell(&one.resource),
            basis_word(one.basis)
        );
    }
    for charge in &cost.charges {
        _ = writeln!(text, "  {} {}, {}", cell(&charge.amount), cell(&charge.currency), basis_word(charge.basis));
    }
}

fn artifacts(text: &mut String, intact: &Intact, record: &Record) {
    let described = told::<Artifacts>(intact, record.id()).unwrap_or_default().artifacts;
    let body = record.body();
    for (title, list, direction) in
        [("Inputs", &body.inputs, sections::Direction::Input), ("Outputs", &body.outputs, sections::Direction::Output)]
    {
        let mut rows = Vec::new();
        let names = ArtifactNames::new(described.iter().filter(|one| one.direction == direction));
        for artifact in list {
            let name = names
                .get(&artifact.digest)
                .map_or_else(|| artifact.digest.to_string().chars().take(24).collect::<String>() + "…", path);
            // The size of a tree in the record is that of its listing.
            let bytes = match artifact.form {
                Form::File => Some(artifact.size),
                Form::Tree => {
                    let listing = artifact.digest.blake3().and_then(|listing| intact.tree(listing));
                    listing.and_then(|tree| u64::try_from(tree.size_bytes()).ok())
                }
            };
            let size = bytes.map(size).unwrap_or_default();
            rows.push((weight(&artifact.role), vec![format!("  {}", role::told(&artifact.role)), name, size]));
        }
        for one in described.iter().filter(|one| one.direction == direction && one.digest.is_none()) {
            let name = one.name.as_deref().or(one.path.as_deref()).map_or_else(|| "(no name)".to_owned(), path);
            let row = vec![format!("  {}", role::told(&one.role)), name, paint(Tone::Doubt, "bytes unknown")];
            rows.push((weight(&one.role), row));
        }
        if rows.is_empty() {
            continue;
        }
        heading(text, title);
        // A list that is cut begins with what matters most.
        if rows.len() > SHOWN {
            rows.sort_by_key(|(weight, _)| *weight);
        }
        let rows: Vec<Vec<String>> = rows.into_iter().map(|(_, row)| row).collect();
        *text += &table(rows.get(..SHOWN.min(rows.len())).unwrap_or_default());
        if rows.len() > SHOWN {
            _ = writeln!(text, "  … {} in all; `show … artifacts`", rows.len());
        }
    }
    let versions = described.iter().filter_map(|one| one.model.as_ref()).flat_map(|model| &model.registered);
    let versions: BTreeSet<String> = versions.map(registered).collect();
    if !versions.is_empty() {
        let versions: Vec<String> = versions.into_iter().collect();
        _ = writeln!(text, "  registered as {}", some_of(&versions, SHOWN, ", "));
    }
}

/// Models come first, then data sets, then checkpoints on the way, then the rest.
fn weight(role: &Word) -> u8 {
    match role.as_str() {
        role::MODEL | role::ADAPTER => 0,
        role::DATASET => 1,
        role::CHECKPOINT => 2,
        _ => 3,
    }
}

/// `"digits" version 3 (champion, Production)`
fn registered(version: &RegisteredVersion) -> String {
    let marks: Vec<String> = version.aliases.iter().chain(&version.stage).map(|mark| cell(mark)).collect();
    let marks = if marks.is_empty() { String::new() } else { format!(" ({})", some_of(&marks, SHOWN, ", ")) };
    format!("{} version {}{marks}", named(&version.name), cell(&version.version))
}

fn custody(text: &mut String, intact: &Intact, record: &Record, statements: &[StatementReport]) {
    heading(text, "Record");
    let body = record.body();
    let (present, withheld): (Vec<&SectionName>, Vec<_>) =
        body.sections.keys().partition(|name| intact.section(record.id(), name).is_some());
    let listed = |names: &[&SectionName]| names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
    _ = writeln!(text, "  sections: {}", listed(&present));
    if !withheld.is_empty() {
        _ = writeln!(text, "  {} {}", paint(Tone::Doubt, "withheld:"), listed(&withheld));
    }
    for parent in &body.parents {
        _ = writeln!(text, "  {} {}", relation::told(&parent.relation), short(&parent.record.blake3));
    }
    let is_part = |one: &&Record| {
        one.body()
            .parents
            .iter()
            .any(|parent| parent.relation.as_str() == "part-of" && parent.record == record.digest())
    };
    let parts: Vec<String> = intact
        .records()
        .values()
        .filter(is_part)
        .map(|part| format!("{} {}", short(&part.id()), records::title(intact, part.id())))
        .collect();
    if !parts.is_empty() {
        _ = writeln!(text, "  parts: {}", some_of(&parts, SHOWN, ", "));
    }
    if let Some(source) = intact.json_section::<SourceSection>(record.id()) {
        let (total, mapped, raw, dropped) = source.account.totals();
        _ = writeln!(
            text,
            "  account of the source: {}, {} mapped, {} raw, {} dropped",
            count(total, "item"),
            grouped(mapped),
            grouped(raw),
            grouped(dropped)
        );
        for damage in source.damage.iter().take(3) {
            _ = writeln!(text, "  {} {}", paint(Tone::Doubt, &cell(&damage.code)), quoted(&damage.detail));
        }
    }
    let about: Vec<&StatementReport> =
        statements.iter().filter(|one| one.record == Some(record.id()) && !one.apart).collect();
    if about.is_empty() {
        let has_trusted = statements.iter().any(|one| one.record == Some(record.id()));
        let by = if has_trusted { " by a trusted key" } else { "" };
        _ = writeln!(text, "  {}", paint(Tone::Doubt, &format!("not signed{by}")));
    }
    for statement in about.iter().rev().take(SHOWN) {
        let StatementReport { created, signer, .. } = statement;
        let created = moment(*created);
        let key = calling_itself(&signer.fingerprint, signer.name.as_deref());
        // Without a signers file nobody's key was checked, which need not stand in each line.
        let trusted = if signer.trusted_as.is_empty() {
            String::new()
        } else {
            format!(" ({})", verdict::standing(statement, false))
        };
        let says = verdict::brief(statement);
        let revoked = if statement.revoked { paint(Tone::Bad, "revoked: ") } else { String::new() };
        _ = writeln!(text, "  {created} {revoked}{} by {key}{trusted}: {says}", kind(&statement.kind));
    }
    if about.len() > SHOWN {
        _ = writeln!(text, "  … {} in all; `expbundle log` shows all", count(about.len() as u64, "statement"));
    }
}

#[cfg(all(test, feature = "run"))]
mod tests {
    use expbundle_convert::tracker::TRACKERS;

    use super::*;

    #[test]
    fn every_tracker_is_known_by_name() {
        for tracker in TRACKERS {
            assert!(TOOLS.contains(&tracker.name()), "{}", tracker.name());
        }
        assert_eq!(word("signed by ada", &TOOLS), "\"signed by ada\"");
    }
}
