//! The model card: adding what a record can say there, and taking it away again, without touching
//! another byte.
//!
//! Additions are pure insertions of text. A few lines end with the comment `# expbundle` each, more
//! of them stand between two comments, because an undo must know what was ours: the Hub keeps
//! comments, and a list of additions kept elsewhere would go stale with the next edit by hand. What
//! stands between two comments has its digest there: who edits it makes it theirs. After each
//! insertion the block is read again; unless it means exactly what it meant before plus the
//! addition, the insertion is dropped and said so. What the card says already is never changed, and
//! a licence never set.

use std::collections::{BTreeSet, HashMap, HashSet};

use expbundle_format::{Blake3, Foreign};
use serde_json::{Map, Value, json};

use crate::front_matter::{self, CardError, Parts};
use crate::notes::LeftOut;
use crate::yaml_lines::{find_key, flow_end, is_content, number, scalar};

/// Ends each line that was added.
pub const MARK: &str = " # expbundle";
/// Ends the line of a key whose single value became a list.
const MARK_WAS_ONE: &str = " # expbundle: was one value";
/// Ends a line that was put into a list in brackets.
const MARK_IN_BRACKETS: &str = " # expbundle: put in";
/// Stands before several lines that were added, with the first digits of the BLAKE3 of these lines.
const BEGIN: &str = "# expbundle: begin ";
/// Stands behind them.
const END: &str = "# expbundle: end";
/// So many lines have a mark each.
const MOST_MARKED: usize = 3;
/// The same in the text of the card.
const TEXT_BEGIN: &str = "<!-- expbundle: begin -->";
/// Stands behind what was added to the text.
const TEXT_END: &str = "<!-- expbundle: end -->";
/// The first line of a block where there was none.
const MARK_BLOCK: &str = "# expbundle: this block was added";
/// The first line of a block in a file that was not there.
const MARK_FILE: &str = "# expbundle: this file was added";

/// What to add to a card.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Additions {
    /// Models that it was made from, by their ids at the Hub.
    pub base_models: Vec<String>,
    /// `finetune`, `adapter`, `merge` or `quantized`: one word for all base models.
    pub relation: Option<String>,
    /// Data sets that it was trained on, by their ids at the Hub.
    pub datasets: Vec<String>,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// The model's name among its results, where the card has none yet.
    pub model_name: String,
    /// Results.
    pub results: Vec<CardResult>,
    /// Models that it was made from and that have no id at the Hub.
    pub unnamed_models: Vec<String>,
    /// Data sets without an id at the Hub.
    pub unnamed_datasets: Vec<String>,
    /// A line for the end of the card's text. Nobody else chose anything of it.
    pub line: Option<String>,
}

/// One result, as far as `model-index` can say it.
#[derive(Clone, Debug, PartialEq)]
pub struct CardResult {
    /// Like `image-classification`; the card's `pipeline_tag` stands in for it.
    pub task: Option<String>,
    /// Name of the data set.
    pub dataset: String,
    /// Part of the data set.
    pub split: Option<String>,
    /// What was measured.
    pub metric: String,
    /// The result.
    pub value: f64,
}

impl CardResult {
    /// What it is about: there is one result of this.
    pub fn subject(&self) -> (Option<String>, String, Option<String>, String) {
        (self.task.clone(), self.dataset.clone(), self.split.clone(), self.metric.clone())
    }
}

/// A card with additions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditedCard {
    /// The whole new text.
    pub text: String,
    /// What a person should know, a sentence each.
    pub notes: Vec<String>,
    /// What could not be said.
    pub left_out: LeftOut,
    /// Whether anything was added besides tags.
    pub repeats: bool,
}

/// Adds to a card; earlier additions are replaced. Adding twice is adding once.
pub fn add(card: Option<&str>, additions: &Additions) -> Result<EditedCard, CardError> {
    let mark = if card.is_none_or(was_added) { MARK_FILE } else { MARK_BLOCK };
    let card = card.unwrap_or_default();
    let clean = remove(card)?;
    let card = clean.as_deref().unwrap_or(card);
    let parts = front_matter::split(card)?;
    let meaning = front_matter::meaning(parts.block)?;
    let mut editor = Editor {
        lines: lines_of(parts.block),
        added: Vec::new(),
        meaning,
        line_end: parts.line_end,
        notes: Vec::new(),
        left_out: LeftOut::default(),
        repeats: false,
    };
    if editor.lines.last().is_some_and(|line| !line.ends_with('\n')) {
        return Err(CardError::Unclosed);
    }
    if front_matter::split(card)?.block.lines().any(|line| line.trim_start().starts_with(BEGIN)) {
        let note = "lines that expbundle added to the card were edited since, so they stay";
        editor.notes.push(note.to_owned());
    }
    editor.add_values("base_model", &additions.base_models, true);
    if let Some(relation) = &additions.relation {
        editor.add_relation(relation);
    }
    editor.add_values("datasets", &additions.datasets, false);
    editor.add_values("tags", &additions.tags, false);
    editor.add_results(&additions.model_name, &additions.results);
    editor.unnamed(additions);
    if !parts.mark.is_empty() {
        editor
            .notes
            .push("the card begins with a byte order mark, which hides its front matter from some readers".to_owned());
    }
    let added = std::mem::take(&mut editor.added);
    let added = editor.put_in("", added);
    editor.lines.extend(added);
    let block = editor.lines.concat();
    if front_matter::meaning(&block)? != editor.meaning {
        return Err(CardError::Unsafe("the end of the front matter".to_owned()));
    }
    let rest = additions.line.as_ref().map(|line| with_line(parts.rest, line, parts.line_end));
    let parts = Parts { rest: rest.as_deref().unwrap_or(parts.rest), ..parts };
    let Editor { notes, left_out, repeats, .. } = editor;
    Ok(EditedCard { text: join(&parts, &block, mark), notes, left_out, repeats })
}

/// The text of a card with a line at its end, between two comments. Where the text has no last line
/// end there is none to give back.
fn with_line(text: &str, line: &str, line_end: &str) -> String {
    let block = format!("{TEXT_BEGIN}{line_end}{line}{line_end}{TEXT_END}");
    if text.is_empty() || text.ends_with('\n') {
        format!("{text}{block}{line_end}")
    } else {
        format!("{text}{line_end}{block}")
    }
}

/// Undoes [`with_line`], if the line is there and nobody put more between the comments.
fn without_line(text: &str) -> Option<String> {
    let bare = |line: &str| line.trim_end_matches(['\r', '\n']).to_owned();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let is_ours =
        |three: &[&str]| matches!(three, [begin, _, end] if bare(begin) == TEXT_BEGIN && bare(end) == TEXT_END);
    let at = lines.windows(3).rposition(is_ours)?;
    let (before, ours) = lines.split_at_checked(at)?;
    let (ours, after) = ours.split_at_checked(3)?;
    let mut kept = before.concat();
    if ours.last().is_some_and(|end| !end.ends_with('\n')) {
        let line_end = if ours.first().is_some_and(|begin| begin.ends_with("\r\n")) { "\r\n" } else { "\n" };
        let shorter = kept.strip_suffix(line_end).map_or(kept.len(), str::len);
        kept.truncate(shorter);
    }
    Some(kept + &after.concat())
}

/// Base models that [`add`] put into a card.
pub fn added_base_models(card: &str) -> Result<Vec<String>, CardError> {
    let values = |card: &str| -> Result<Vec<String>, CardError> {
        let meaning = front_matter::meaning(front_matter::split(card)?.block)?;
        Ok(match meaning.get("base_model") {
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            Some(Value::String(one)) => vec![one.clone()],
            _ => Vec::new(),
        })
    };
    let Some(clean) = remove(card)? else { return Ok(Vec::new()) };
    let theirs: HashSet<String> = values(&clean)?.into_iter().collect();
    Ok(values(card)?.into_iter().filter(|model| !theirs.contains(model)).collect())
}

/// Puts a card together again; a block where there was none is marked as ours.
fn join(parts: &Parts<'_>, block: &str, added: &str) -> String {
    let Parts { mark, open, rest, line_end, .. } = parts;
    if open.is_empty() && !block.is_empty() {
        format!("{mark}---{line_end}{added}{line_end}{block}---{line_end}{rest}")
    } else {
        [mark, open, block, rest].concat()
    }
}

/// Whether the file was not there before: what begins like the block of one, and nobody took the
/// line away.
pub fn was_added(card: &str) -> bool {
    card.lines().nth(1) == Some(MARK_FILE)
}

fn lines_of(block: &str) -> Vec<String> {
    block.split_inclusive('\n').map(str::to_owned).collect()
}

struct Editor {
    lines: Vec<String>,
    /// New keys for the end of the block, without line ends.
    added: Vec<String>,
    meaning: Map<String, Value>,
    line_end: &'static str,
    notes: Vec<String>,
    left_out: LeftOut,
    repeats: bool,
}

impl Editor {
    /// Keeps changed lines if they mean what they should, and nothing else.
    fn accept(&mut self, key: &str, lines: Vec<String>, meaning: Map<String, Value>) {
        let block = lines.concat() + &self.added.join("\n");
        if front_matter::meaning(&block).is_ok_and(|now| now == meaning) {
            self.repeats |= key != "tags";
            self.lines = lines;
            self.meaning = meaning;
        } else {
            let error = CardError::Unsafe(key.to_owned());
            self.notes.push(format!("the card's {error}; add it by hand"));
        }
    }

    /// The same for a new key.
    fn accept_key(&mut self, key: &str, new: Vec<String>, meaning: Map<String, Value>) {
        let mut added = self.added.clone();
        added.extend(new);
        let block = self.lines.concat() + &added.join("\n");
        if front_matter::meaning(&block).is_ok_and(|now| now == meaning) {
            self.repeats |= key != "tags";
            self.added = added;
            self.meaning = meaning;
        } else {
            let error = CardError::Unsafe(key.to_owned());
            self.notes.push(format!("the card's {error}; add it by hand"));
        }
    }

    /// Lines as they are put in, so that they are known to be ours.
    fn put_in(&self, indent: &str, lines: Vec<String>) -> Vec<String> {
        let end = self.line_end;
        if lines.len() <= MOST_MARKED {
            return lines.into_iter().map(|line| format!("{line}{MARK}{end}")).collect();
        }
        let begin = format!("{indent}{BEGIN}{}{end}", digits_of(&lines));
        let lines = lines.into_iter().map(|line| format!("{line}{end}"));
        [begin].into_iter().chain(lines).chain([format!("{indent}{END}{end}")]).collect()
    }

    fn with(&self, key: &str, value: Value) -> Map<String, Value> {
        let mut meaning = self.meaning.clone();
        meaning.insert(key.to_owned(), value);
        meaning
    }

    fn add_relation(&mut self, relation: &str) {
        let key = "base_model_relation";
        match self.meaning.get(key) {
            None if self.meaning.contains_key("base_model") => {
                let line = format!("{key}: {}", scalar(relation));
                self.accept_key(key, vec![line], self.with(key, relation.into()));
            }
            None => self.left_out.push("the card names no base model", relation),
            Some(value) if value == relation => {}
            Some(value) => {
                let note = format!(
                    "the card says `{key}: {value}` and the record says `{relation}`; the card was left as it is"
                );
                self.notes.push(note);
            }
        }
    }

    /// Adds values to a key that has one value or a list of them.
    fn add_values(&mut self, key: &str, values: &[String], one_alone: bool) {
        let present = match self.meaning.get(key) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(list)) => list.clone(),
            Some(value) => vec![value.clone()],
        };
        let mut known: HashSet<&str> = present.iter().filter_map(Value::as_str).collect();
        let missing: Vec<&String> = values.iter().filter(|value| known.insert(value)).collect();
        if missing.is_empty() {
            return;
        }
        let all = present.into_iter().chain(missing.iter().map(|value| Value::from(value.as_str())));
        let mut want = self.with(key, Value::Array(all.collect()));
        let mut lines = self.lines.clone();
        let plain = |indent: &str| -> Vec<String> {
            missing.iter().map(|value| format!("{indent}- {}", scalar(value))).collect()
        };
        let items = |indent: &str| self.put_in(indent, plain(indent));
        let Some(place) = find_key(&lines, key) else {
            let new = if let ([value], true) = (missing.as_slice(), one_alone) {
                want = self.with(key, Value::from(value.as_str()));
                vec![format!("{key}: {}", scalar(value))]
            } else {
                [format!("{key}:")].into_iter().chain(plain("")).collect()
            };
            return self.accept_key(key, new, want);
        };
        if place.value.starts_with('[') {
            let list: Vec<String> = missing.iter().map(|value| scalar(value)).collect();
            let Some((line, column, comma)) = flow_end(&lines, &place.lines) else {
                return self.accept(key, Vec::new(), want);
            };
            let (before, after) = lines.get(line).and_then(|text| text.split_at_checked(column)).unwrap_or_default();
            let separator = if comma { ", " } else { "" };
            let end = self.line_end;
            let put = format!("{before}{end}  {separator}{}{MARK_IN_BRACKETS}{end}  {after}", list.join(", "));
            lines.splice(line..=line, lines_of(&put));
        } else if place.value.is_empty() {
            let item = lines.get(place.lines.clone()).unwrap_or_default().iter().skip(1).find(|line| is_content(line));
            let indent = item.map(|line| line.len() - line.trim_start_matches(' ').len()).unwrap_or_default();
            lines.splice(place.lines.end..place.lines.end, items(&" ".repeat(indent)));
        } else if place.lines.len() == 1 {
            let line = lines.get(place.lines.start).cloned().unwrap_or_default();
            let (name, value) = line.split_at_checked(place.colon + 1).unwrap_or_default();
            let mut list = vec![format!("{name}{MARK_WAS_ONE}{}", self.line_end), format!("-{value}")];
            list.extend(items(""));
            lines.splice(place.lines.clone(), list);
        } else {
            lines.clear();
        }
        self.accept(key, lines, want);
    }

    /// Adds all results at once: after a change the whole block is read again, and there may be
    /// thousands of them.
    fn add_results(&mut self, model_name: &str, results: &[CardResult]) {
        let key = "model-index";
        let pipeline = self.meaning.get("pipeline_tag").and_then(Value::as_str).map(str::to_owned);
        let before = self.meaning.get(key).cloned();
        let mut said = before.as_ref().and_then(results_of).map(said).unwrap_or_default();
        let mut missing: Vec<(&str, &CardResult)> = Vec::new();
        for result in results {
            let Some(task) = result.task.as_deref().or(pipeline.as_deref()) else {
                self.left_out.push("no task is named", &result.metric);
                continue;
            };
            let about = said.entry((task, &result.dataset, result.split.as_deref())).or_default();
            if about.insert((&result.metric, bits(result.value))) {
                missing.push((task, result));
            }
        }
        let Some((_, first)) = missing.first() else { return };
        let new = || json!([{"name": model_name, "results": []}]);
        let mut models = before.clone().unwrap_or_else(new);
        let Some(there) = results_of_mut(&mut models) else {
            let names = match missing.len() - 1 {
                0 => format!("{} was", Foreign::new(&first.metric)),
                more => format!("{} and {more} more were", Foreign::new(&first.metric)),
            };
            return self
                .notes
                .push(format!("the card's `{key}` does not have exactly one model, so {names} not added"));
        };
        let groups = by_subject(&missing);
        there.extend(groups.iter().map(|group| result_value(group)));
        let ours =
            |indent: &str| -> Vec<String> { groups.iter().flat_map(|group| result_lines(indent, group)).collect() };
        if before.is_none() {
            let mut new = vec![format!("{key}:"), format!("- name: {}", scalar(model_name)), "  results:".to_owned()];
            new.extend(ours("  "));
            return self.accept_key(key, new, self.with(key, models));
        }
        let mut lines = self.lines.clone();
        if let Some((at, indent)) = results_end(&lines, key) {
            lines.splice(at..at, self.put_in(&indent, ours(&indent)));
        } else {
            lines.clear();
        }
        self.accept(key, lines, self.with(key, models));
    }

    /// Leaves out inputs that the card cannot name, unless it names them in its own way.
    fn unnamed(&mut self, additions: &Additions) {
        if !self.meaning.contains_key("base_model") {
            let unnamed: BTreeSet<&String> = additions.unnamed_models.iter().collect();
            for name in unnamed {
                self.left_out.push("a model without an id at the Hub; `--base-model` gives it one", name);
            }
        }
        let named: HashSet<&str> = match self.meaning.get("datasets") {
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
            one => one.and_then(Value::as_str).into_iter().collect(),
        };
        let unnamed: BTreeSet<&String> =
            additions.unnamed_datasets.iter().filter(|name| !named.contains(name.as_str())).collect();
        for name in unnamed {
            self.left_out.push("a data set without an id at the Hub", name);
        }
    }
}

/// The first digits of the BLAKE3 of lines, however they end.
pub(crate) fn digits_of(lines: &[impl AsRef<str>]) -> String {
    let bare: Vec<&str> = lines.iter().map(|line| line.as_ref().trim_end_matches(['\r', '\n'])).collect();
    Blake3::of(bare.join("\n").as_bytes()).to_string().chars().take(8).collect()
}

/// Results with a task, grouped by task, data set and split in the order of the first of each.
fn by_subject<'a>(results: &[(&'a str, &'a CardResult)]) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut places = HashMap::new();
    for (task, result) in results {
        let subject = (*task, result.dataset.as_str(), result.split.as_deref());
        let place = *places.entry(subject).or_insert(groups.len());
        if let Some(group) = groups.get_mut(place) {
            group.results.push(result);
        } else {
            groups.push(Group { task, first: result, results: vec![result] });
        }
    }
    groups
}

/// Results on one split of one data set.
struct Group<'a> {
    task: &'a str,
    first: &'a CardResult,
    results: Vec<&'a CardResult>,
}

fn result_lines(indent: &str, Group { task, first, results }: &Group<'_>) -> Vec<String> {
    let dataset = scalar(&first.dataset);
    let mut lines = vec![
        "- task:".to_owned(),
        format!("    type: {}", scalar(task)),
        "  dataset:".to_owned(),
        format!("    name: {dataset}"),
        format!("    type: {dataset}"),
    ];
    lines.extend(first.split.iter().map(|split| format!("    split: {}", scalar(split))));
    lines.push("  metrics:".to_owned());
    for result in results {
        let metric = scalar(&result.metric);
        lines.push(format!("  - type: {metric}"));
        lines.push(format!("    value: {}", number(result.value)));
        lines.push(format!("    name: {metric}"));
    }
    lines.iter().map(|line| format!("{indent}{line}")).collect()
}

/// What `model-index` says of them.
fn result_value(Group { task, first, results }: &Group<'_>) -> Value {
    let mut dataset = json!({"name": first.dataset, "type": first.dataset});
    if let (Some(split), Some(dataset)) = (&first.split, dataset.as_object_mut()) {
        dataset.insert("split".to_owned(), split.as_str().into());
    }
    let metric = |result: &&CardResult| json!({"type": result.metric, "value": result.value, "name": result.metric});
    let metrics: Vec<Value> = results.iter().map(metric).collect();
    json!({"task": {"type": task}, "dataset": dataset, "metrics": metrics})
}

/// The results of the only model of a `model-index`.
fn results_of(models: &Value) -> Option<&[Value]> {
    let [only] = models.as_array()?.as_slice() else { return None };
    only.get("results")?.as_array().map(Vec::as_slice)
}

fn results_of_mut(models: &mut Value) -> Option<&mut Vec<Value>> {
    let [only] = models.as_array_mut()?.as_mut_slice() else { return None };
    only.get_mut("results")?.as_array_mut()
}

/// Metrics and their values by task, data set and split: where all are equal, two results say the
/// same.
type Said<'a> = HashMap<(&'a str, &'a str, Option<&'a str>), HashSet<(&'a str, u64)>>;

/// What results in a card say, by whichever of their names data sets and metrics go.
fn said(results: &[Value]) -> Said<'_> {
    let mut said = Said::new();
    for there in results {
        let text = |pointer: &str| there.pointer(pointer).and_then(Value::as_str);
        let Some(task) = text("/task/type") else { continue };
        let metrics = there.get("metrics").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        for dataset in [text("/dataset/type"), text("/dataset/name")].into_iter().flatten() {
            let about = said.entry((task, dataset, text("/dataset/split"))).or_default();
            for metric in metrics {
                let Some(value) = metric.get("value").and_then(Value::as_f64) else { continue };
                let names = [metric.get("type"), metric.get("name")].into_iter().flatten().filter_map(Value::as_str);
                about.extend(names.map(|name| (name, bits(value))));
            }
        }
    }
    said
}

/// Zero is zero, whatever its sign.
fn bits(value: f64) -> u64 {
    (value + 0.0).to_bits()
}

/// Where the only `results` list below a key ends, and how its items are indented.
fn results_end(lines: &[String], key: &str) -> Option<(usize, String)> {
    let place = find_key(lines, key)?;
    let mut below = place.lines.clone().skip(1).filter(|at| {
        let text = lines.get(*at).map(|line| line.trim()).unwrap_or_default();
        let text = text.split_once(" #").map_or(text, |(text, _)| text.trim_end());
        matches!(text.strip_prefix("- ").unwrap_or(text), "results:")
    });
    let header = below.next().filter(|_| below.next().is_none())?;
    let contents: Vec<usize> =
        (header + 1..place.lines.end).filter(|at| lines.get(*at).is_some_and(|line| is_content(line))).collect();
    let indent_of = |at: usize| lines.get(at).map(|line| line.len() - line.trim_start_matches(' ').len());
    let first = contents.first().copied()?;
    let indent = indent_of(first)?;
    let is_item = |at: usize| lines.get(at).is_some_and(|line| line.trim_start().starts_with("- "));
    if !is_item(first) {
        return None;
    }
    let within = |at: &usize| indent_of(*at) > Some(indent) || (indent_of(*at) == Some(indent) && is_item(*at));
    let last = contents.iter().copied().take_while(within).last()?;
    Some((last + 1, " ".repeat(indent)))
}

/// Takes away what [`add`] added, or `None` if there is nothing of it. What was added below or
/// beside it by hand stays.
pub fn remove(card: &str) -> Result<Option<String>, CardError> {
    let parts = front_matter::split(card)?;
    let rest = without_line(parts.rest);
    let Some(block) = without_additions(parts.block)? else {
        return Ok(rest.map(|rest| [parts.mark, parts.open, parts.block, &rest].concat()));
    };
    let rest = rest.as_deref().unwrap_or(parts.rest);
    if block.is_empty() && parts.block.lines().any(is_block_mark) {
        let body = rest.split_once('\n').map(|(_, body)| body).unwrap_or_default();
        return Ok(Some([parts.mark, body].concat()));
    }
    Ok(Some([parts.mark, parts.open, &block, rest].concat()))
}

fn is_block_mark(line: &str) -> bool {
    [MARK_BLOCK, MARK_FILE].contains(&line.trim_end_matches(['\r', '\n']))
}

/// The lines of a block without those between the two comments, and without these. Lines that were
/// edited since stay, and those to which somebody added more.
fn without_ranges(lines: &[String]) -> Vec<String> {
    let bare = |line: &String| line.trim_end_matches(['\r', '\n']).to_owned();
    let is_mark = |line: &&String| line.trim_start().starts_with(BEGIN) || line.trim() == END;
    let mut next_content = vec![None; lines.len() + 1];
    for (at, line) in lines.iter().enumerate().rev() {
        let next = next_content.get(at + 1).copied().flatten();
        if let Some(place) = next_content.get_mut(at) {
            *place = if is_content(line) { Some(line) } else { next };
        }
    }
    let mut kept = Vec::with_capacity(lines.len());
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        at += 1;
        if !is_mark(&line) {
            kept.push(line.clone());
            continue;
        }
        let ours = lines.get(at..).unwrap_or_default();
        let length = ours.iter().take_while(|line| !is_mark(line)).count();
        let ours = ours.get(..length).unwrap_or_default();
        let begin = bare(line);
        let is_whole = begin.split_once(BEGIN).is_some_and(|(indent, digits)| {
            let next = next_content.get(at + length + 1).copied().flatten();
            indent.trim().is_empty()
                && lines.get(at + length).is_some_and(|end| bare(end) == format!("{indent}{END}"))
                && digits_of(ours) == digits
                && !goes_on(ours, next)
        });
        if is_whole {
            at += length + 1;
        } else {
            kept.push(line.clone());
            kept.extend_from_slice(ours);
            at += length;
        }
    }
    kept
}

/// Whether the next line with content behind lines, and the comment after them, belongs to the last
/// of them.
fn goes_on(ours: &[String], next: Option<&String>) -> bool {
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let is_item = |line: &str| line.trim_start().starts_with("- ");
    let (Some(first), Some(next)) = (ours.first(), next) else { return false };
    indent(next) > indent(first) || (indent(next) == indent(first) && is_item(next) && !is_item(first))
}

/// A block without what was added, or `None` if there is nothing of it.
fn without_additions(text: &str) -> Result<Option<String>, CardError> {
    let all = lines_of(text);
    let lines = without_ranges(&all);
    let of_a_mark = |line: &str, mark: &str| line.trim_end_matches(['\r', '\n']).ends_with(mark);
    let any = |line: &String| {
        [MARK, MARK_WAS_ONE, MARK_IN_BRACKETS].iter().any(|mark| of_a_mark(line, mark)) || is_block_mark(line)
    };
    if lines.len() == all.len() && !lines.iter().any(any) {
        return Ok(None);
    }
    let mut kept: Vec<String> = Vec::new();
    let mut join_next = false;
    for (at, line) in lines.iter().enumerate() {
        let mut line = line.clone();
        if join_next {
            join_next = false;
            let rest = line.strip_prefix("  ").unwrap_or(&line).to_owned();
            line = kept.pop().unwrap_or_default().trim_end_matches(['\r', '\n']).to_owned() + &rest;
        }
        if is_block_mark(&line) {
            continue;
        }
        if of_a_mark(&line, MARK_IN_BRACKETS) {
            join_next = !kept.is_empty();
        } else if !of_a_mark(&line, MARK) {
            kept.push(line);
        } else if has_unmarked_below(&lines, at) {
            kept.push(line.replacen(MARK, "", 1));
        }
    }
    let block = one_values(kept).concat();
    let before = front_matter::meaning(text)?;
    let after = front_matter::meaning(&block)?;
    if !is_within(&Value::Object(after), &Value::Object(before)) {
        return Err(CardError::Unsafe("what expbundle added".to_owned()));
    }
    Ok(Some(block))
}

/// Whether lines that somebody else wrote belong to a line of ours.
fn has_unmarked_below(lines: &[String], at: usize) -> bool {
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let Some(header) = lines.get(at) else { return false };
    let content = header.trim_end_matches(['\r', '\n']).strip_suffix(MARK).unwrap_or(header).trim_end();
    if !content.ends_with(':') {
        return false;
    }
    // An item's own indentation is that of what stands behind its dash.
    let dash = if header.trim_start().starts_with("- ") { 2 } else { 0 };
    let own = indent(header) + dash;
    let below = lines.iter().skip(at + 1).filter(|line| is_content(line));
    let mut below = below.take_while(|line| {
        indent(line) > own || (indent(line) == own && dash == 0 && line.trim_start().starts_with("- "))
    });
    below.any(|line| !line.trim_end_matches(['\r', '\n']).ends_with(MARK))
}

/// Makes a list of one value the single value again that it was.
fn one_values(lines: Vec<String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    let mut lines = lines.into_iter().peekable();
    while let Some(line) = lines.next() {
        let Some(name) = line.trim_end_matches(['\r', '\n']).strip_suffix(MARK_WAS_ONE) else {
            kept.push(line);
            continue;
        };
        let item = lines.next_if(|item| item.starts_with("- "));
        let more = lines.peek().is_some_and(|next| next.trim_start().starts_with("- "));
        match item {
            Some(item) if !more => kept.push(format!("{name}{}", item.strip_prefix('-').unwrap_or(&item))),
            item => {
                kept.push(line.replacen(MARK_WAS_ONE, "", 1));
                kept.extend(item);
            }
        }
    }
    kept
}

/// Whether everything in one value is in the other too: members equal, items in the same order.
fn is_within(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => {
            part.iter().all(|(key, value)| whole.get(key).is_some_and(|other| is_within(value, other)))
        }
        (Value::Array(part), Value::Array(whole)) => {
            let mut rest = whole.iter();
            part.iter().all(|item| rest.any(|other| is_within(item, other)))
        }
        (Value::Null, Value::Array(_)) => true,
        (single, Value::Array(whole)) => whole.first() == Some(single),
        _ => part == whole,
    }
}

#[cfg(test)]
#[path = "card_tests.rs"]
mod tests;
