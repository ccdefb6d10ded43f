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

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashSet};

use expbundle_format::{Blake3, Foreign};
use serde_json::{Map, Value, json};

use crate::front_matter::{self, CardError, Parts};
use crate::notes::{LeftOut, listed};
use crate::yaml_lines::{find_key, flow_end, is_content, scalar};

mod results;
mod undo;

use results::{bits, by_subject, missing, result_lines, result_value, results_end, results_of, results_of_mut, said};
pub use undo::{remove, was_edited};

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
const TEXT_BEGIN: &str = "<!-- expbundle: begin ";
/// Ends the comment before it.
const COMMENT_END: &str = " -->";
/// Stands behind what was added to the text.
const TEXT_END: &str = "<!-- expbundle: end -->";
/// The first line of a block where there was none.
const MARK_BLOCK: &str = "# expbundle: this block was added";
/// The first line of a block in a file that was not there.
const MARK_FILE: &str = "# expbundle: this file was added";

/// What a person should know of lines that are not ours any more.
pub const EDITED: &str = "lines that expbundle added to the card were edited since, so they stay";

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
    let was_edited = was_edited(card)?;
    let below = without_line(front_matter::split(card)?.rest).map_or(0, |(_, below)| below.len());
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
    if was_edited {
        editor.notes.push(EDITED.to_owned());
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
    let (above, below) = parts.rest.split_at_checked(parts.rest.len().saturating_sub(below)).unwrap_or_default();
    let rest = additions.line.as_ref().map(|line| with_line(above, line, parts.line_end) + below);
    let parts = Parts { rest: rest.as_deref().unwrap_or(parts.rest), ..parts };
    let Editor { notes, left_out, repeats, .. } = editor;
    Ok(EditedCard { text: join(&parts, &block, mark), notes, left_out, repeats })
}

/// A text with a line at its end, between two comments. Where the text has no last line end there is
/// none to give back.
fn with_line(text: &str, line: &str, line_end: &str) -> String {
    let begin = format!("{TEXT_BEGIN}{}{COMMENT_END}", digits_of(&[line]));
    let block = format!("{begin}{line_end}{line}{line_end}{TEXT_END}");
    if text.is_empty() || text.ends_with('\n') {
        format!("{text}{block}{line_end}")
    } else {
        format!("{text}{line_end}{block}")
    }
}

/// Undoes [`with_line`], if the line is there as it was: the text above it and the text below.
fn without_line(text: &str) -> Option<(String, &str)> {
    let bare = |line: &str| line.trim_end_matches(['\r', '\n']).to_owned();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let is_ours = |three: &[&str]| {
        let [begin, line, end] = three else { return false };
        bare(begin) == format!("{TEXT_BEGIN}{}{COMMENT_END}", digits_of(&[line])) && bare(end) == TEXT_END
    };
    let at = lines.windows(3).rposition(is_ours)?;
    let (above, ours) = lines.split_at_checked(at)?;
    let (ours, below) = ours.split_at_checked(3)?;
    let mut above = above.concat();
    if ours.last().is_some_and(|end| !end.ends_with('\n')) {
        let line_end = if ours.first().is_some_and(|begin| begin.ends_with("\r\n")) { "\r\n" } else { "\n" };
        let shorter = above.strip_suffix(line_end).map_or(above.len(), str::len);
        above.truncate(shorter);
    }
    let below = below.iter().map(|line| line.len()).sum::<usize>();
    Some((above, text.get(text.len() - below..)?))
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

/// Which results a card has no more after an edit, in a sentence.
pub fn taken_out(before: &str, after: &str) -> Result<Option<String>, CardError> {
    let index = |card: &str| -> Result<Option<Value>, CardError> {
        Ok(front_matter::meaning(front_matter::split(card)?.block)?.remove("model-index"))
    };
    let (Some(before), after) = (index(before)?, index(after)?) else { return Ok(None) };
    let missing = missing(&before, after.as_ref());
    Ok((!missing.is_empty()).then(|| {
        let results = listed(missing.into_iter(), "; ");
        format!("taken out of the card, because the records that it now tells of do not state them: {results}")
    }))
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
            match about.entry(&result.metric) {
                Entry::Vacant(place) => {
                    place.insert(bits(result.value));
                    missing.push((task, result));
                }
                Entry::Occupied(there) if *there.get() == bits(result.value) => {}
                Entry::Occupied(_) => self.left_out.push("the card has another result of it", &result.metric),
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

/// Whether a text can be the answer of [`digits_of`].
fn is_short_digest(text: &str) -> bool {
    text.len() == 8 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
#[path = "card_tests.rs"]
mod tests;
