//! What a converter tells of a run, and the way from there to a bundle, which is the same for every
//! tracker.
//!
//! Each item of the source is told exactly once: [`Ledger::item`] gives an [`Item`], and an item
//! ends as mapped, kept raw or dropped. So the account adds up by construction. What the reader
//! counted by itself is announced by [`Ledger::found`], and held against what was told. Secrets and
//! names of people are the gate's, below this: no converter has to think of them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use camino::Utf8Path;
use expbundle::draft::OneRecord;
use expbundle::verify::CheckError;
use expbundle_format::number::typed;
use expbundle_format::record::{self, ArtifactRef, Form, Kind, Parent, RecordBody};
use expbundle_format::sections::{Account, Artifact, Artifacts, Direction, Identity, JsonSection, SourceSection};
use expbundle_format::tree::Tree;
use expbundle_format::{Code, DigestSet, Finding, Place};
use expbundle_series::ConsoleLine;
use expbundle_trackers::finding::SourceFinding;
use expbundle_trackers::{Json, read_json};
use serde_json::{Map, Value};

use crate::ancestry::ParentLink;
use crate::gate::{Converted, Draft, Fate, FileToList};
use crate::{ConvertError, Options, declared, roles, tracker};

/// The reason for items that the reader counted and the converter did not tell of.
const NOT_TOLD: &str = "the converter does not say what became of it: please report this";
/// The reason for items that the converter took and did nothing with.
const LOST: &str = "the converter lost it: please report this";

/// A value of a tracker that becomes a typed tree.
pub(crate) trait Foreign {
    /// The tree, of as many levels as the format has.
    fn tree(&self) -> Value;
}

impl Foreign for Value {
    fn tree(&self) -> Value {
        typed::tree(self)
    }
}

impl Foreign for str {
    fn tree(&self) -> Value {
        self.into()
    }
}

/// JSON that a tracker keeps as text, as a typed tree; what is not JSON stays text.
pub(crate) fn json_tree(text: &str) -> Value {
    match read_json(text) {
        Json::Value(value) => typed::tree(&value),
        Json::TooMany => typed::text(text),
        Json::None => text.into(),
    }
}

/// A section that waits until every file was looked at.
type Waiting<'a> = Box<dyn FnOnce(&mut Draft<'a>) -> Result<(), ConvertError> + 'a>;

/// A run on its way into a bundle.
pub(crate) struct Ledger<'a> {
    pub options: &'a Options<'a>,
    /// The bundle so far, without the sections that wait.
    pub draft: Draft<'a>,
    /// Names of people, machines and places that the source has in members of their own.
    pub identity: Identity,
    /// The tool, its version and layout; the rest is made of what was told.
    pub source: SourceSection,
    /// The sweep that the run is part of.
    pub sweep: Option<OneRecord>,
    tally: Rc<RefCell<Tally>>,
    artifacts: Vec<Artifact>,
    findings: Vec<Finding>,
    sections: Vec<Waiting<'a>>,
}

/// What was told so far.
#[derive(Debug, Default)]
struct Tally {
    account: Account,
    /// What the reader counted, by kind.
    announced: BTreeMap<&'static str, u64>,
    raw: BTreeMap<String, BTreeMap<String, Value>>,
    /// How often a kind and name was kept that was kept before.
    again: BTreeMap<(&'static str, String), u64>,
}

impl Tally {
    /// Keeps an item. One of a name that is taken stands beside the other: to count both and keep one
    /// would be to lose one without a word.
    fn keep(&mut self, kind: &'static str, name: &str, tree: Value) {
        let of_kind = self.raw.entry(kind.to_owned()).or_default();
        let mut free = name.to_owned();
        while of_kind.contains_key(&free) {
            let times = self.again.entry((kind, name.to_owned())).or_insert(1);
            *times += 1;
            free = format!("{name} ({times})");
        }
        of_kind.insert(free, tree);
    }

    /// Drops what was announced and not told. Gives the kinds whose numbers differ.
    fn close(&mut self) -> Vec<&'static str> {
        let mut wrong = Vec::new();
        for (kind, announced) in std::mem::take(&mut self.announced) {
            let told = self.account.items.get(kind).map_or(0, |line| line.total);
            if told != announced {
                wrong.push(kind);
            }
            let more = announced.saturating_sub(told);
            self.account.found(kind, more);
            self.account.dropped(kind, more, NOT_TOLD);
        }
        let lost = self.account.items.iter().filter(|(_, line)| line.dropped.iter().any(|one| one.reason == LOST));
        wrong.extend(lost.map(|_| LOST));
        wrong
    }
}

impl<'a> Ledger<'a> {
    /// Begins a record.
    pub fn new(kind: Kind, tool: &'static str, options: &'a Options<'a>) -> Self {
        Self {
            options,
            draft: Draft::new(RecordBody::new(kind), options),
            identity: Identity::default(),
            source: SourceSection { tool: tool.to_owned(), ..SourceSection::default() },
            sweep: None,
            tally: Rc::default(),
            artifacts: Vec::new(),
            findings: Vec::new(),
            sections: Vec::new(),
        }
    }

    /// What the record says by itself.
    pub fn body(&mut self) -> &mut RecordBody {
        self.draft.body_mut()
    }

    /// Names the run in its tracker.
    pub fn run(&mut self, id: impl Into<String>) {
        let source = record::Source { tool: self.source.tool.clone(), run: id.into() };
        self.body().source = Some(source);
    }

    /// Names the parent, if its record is known.
    pub fn parent(&mut self, link: ParentLink, relation: &str) {
        if let ParentLink::Record(record) = link {
            self.body().parents.push(Parent { record, relation: roles::word(relation) });
        }
    }

    /// Announces what the reader counted. As many items of that kind must be told.
    pub fn found(&mut self, kind: &'static str, count: u64) {
        *self.tally.borrow_mut().announced.entry(kind).or_default() += count;
    }

    /// Tells of an item.
    pub fn item<'n>(&self, kind: &'static str, name: &'n str) -> Item<'n> {
        Item { tally: Rc::clone(&self.tally), kind, name, count: 1 }
    }

    /// Tells of several items that need no name.
    pub fn items(&self, kind: &'static str, count: u64) -> Item<'static> {
        Item { tally: Rc::clone(&self.tally), kind, name: "", count }
    }

    /// Adds what a program printed, if it did.
    pub fn console(&mut self, lines: Vec<ConsoleLine>) -> Result<(), ConvertError> {
        if lines.is_empty() {
            return Ok(());
        }
        let divided = self.draft.console(lines)?;
        if divided > 0 {
            let message = format!("{divided} lines have more than 1 MiB, and were divided");
            self.finding(Code::SourceLoss, "console", message);
        }
        Ok(())
    }

    /// Adds a finding at a place in the source.
    pub fn finding(&mut self, code: Code, place: &str, message: impl Into<String>) {
        self.findings.push(Finding::new(code, Place::entry(place), message));
    }

    /// Adds what the reader found.
    pub fn findings(&mut self, found: &[SourceFinding]) {
        self.findings.extend(found.iter().map(tracker::finding));
    }

    /// Keeps an address or a path of a machine: it tells whose it is.
    pub fn address(&mut self, name: &str, address: Option<&str>) {
        if let Some(address) = address.filter(|address| !address.is_empty()) {
            self.identity.paths.insert(name.to_owned(), address.to_owned());
        }
    }

    /// Keeps what a member of the source says of a person.
    pub fn person(&mut self, member: impl Into<String>, name: &str) {
        self.identity.source.insert(member.into(), name.into());
    }

    /// Describes an artifact.
    pub fn artifact(&mut self, artifact: Artifact) {
        self.artifacts.push(artifact);
    }

    /// Describes an artifact, and lists it in the record if its digest is known. One that is a
    /// secret by its name is left out; a caller that counts it asks first.
    pub fn list(&mut self, artifact: Artifact) {
        if self.draft.is_secret_artifact(&artifact) {
            return;
        }
        if let (Some(digest), Some(size)) = (artifact.digest, artifact.size) {
            let listed = ArtifactRef::new(artifact.role.clone(), digest, size, artifact.form);
            self.reference(artifact.direction, listed);
        }
        self.artifacts.push(artifact);
    }

    /// Lists an artifact in the record that is described elsewhere.
    pub fn reference(&mut self, direction: Direction, listed: ArtifactRef) {
        declared::list_in(self.body(), vec![(direction, listed)]);
    }

    /// Lists a file whose artifact has its digest and size, and embeds it if it is small. A file
    /// that is or holds a secret is left out.
    pub fn file(&mut self, path: &str, on_disk: &Utf8Path, artifact: Artifact) -> Result<Fate, ConvertError> {
        let (digest, size) = artifact.digest.zip(artifact.size).expect("a file that is here was hashed");
        let fate = self.draft.file(&FileToList { path, on_disk, role: &artifact.role, size, digest })?;
        if fate != Fate::LeftOut {
            self.list(artifact);
        }
        Ok(fate)
    }

    /// Embeds a text that the source holds as a text, as the bytes of an artifact, unless the person
    /// converting does not want it.
    pub fn text(&mut self, path: &str, text: &str, artifact: &mut Artifact) -> Result<DigestSet, ConvertError> {
        let (digest, size) = self.draft.embed_text(path, text)?;
        (artifact.digest, artifact.size) = (Some(digest.into()), Some(size));
        Ok(digest)
    }

    /// Embeds the listing of a folder, as the bytes of an artifact.
    pub fn tree(&mut self, tree: &Tree, artifact: &mut Artifact) -> Result<(), ConvertError> {
        let (digest, size) = self.draft.listing(tree)?;
        (artifact.digest, artifact.size, artifact.form) = (Some(digest.into()), Some(size), Form::Tree);
        Ok(())
    }

    /// Adds a section, unless it is empty. It is written when all files were looked at, for no
    /// section may name one that was left out.
    pub fn section<S: JsonSection + Default + PartialEq + 'a>(&mut self, section: S) {
        if section != S::default() {
            self.sections.push(Box::new(move |draft| draft.json_section(section)));
        }
    }

    /// Adds what the person converting declared, writes the sections, gathers the bundle, and
    /// checks it as `verify` would.
    pub fn finish(mut self) -> Result<Converted, ConvertError> {
        declared::add(&mut self.draft, &mut self.artifacts, self.options)?;
        let mut artifacts = Artifacts { artifacts: std::mem::take(&mut self.artifacts), salt: None };
        artifacts.sort();
        self.section(artifacts);
        for section in self.sections {
            section(&mut self.draft)?;
        }
        let mut tally = self.tally.take();
        let wrong = tally.close();
        debug_assert!(wrong.is_empty(), "the account differs from what the reader counted: {wrong:?}");
        let source = SourceSection { raw: tally.raw, account: tally.account, ..self.source };
        let converted = self.draft.finish(self.identity, source, self.findings, self.sweep)?;
        // Nobody has signed it, so the moment decides nothing.
        match converted.bundle.sound(None, jiff::Timestamp::UNIX_EPOCH) {
            Ok(_) => Ok(converted),
            Err(CheckError::Io(error)) => Err(error.into()),
            Err(CheckError::NotIntact(wrong)) => Err(ConvertError::NotIntact { findings: wrong.into_findings() }),
            Err(CheckError::Contradiction(findings)) => Err(ConvertError::NotIntact { findings }),
        }
    }
}

impl<'a> Fields<'a, Value> {
    /// A member that nobody has taken yet.
    pub fn peek(&self, name: &str) -> Option<&'a Value> {
        Some(self.0.get(name)?.0)
    }

    /// Takes a member if it is a text.
    pub fn take_text(&mut self, name: &str) -> Option<&'a str> {
        self.peek(name)?.as_str()?;
        self.take(name)?.as_str()
    }

    /// Takes a member if it is an object, whose members are items of their own.
    pub fn take_object(&mut self, name: &str) -> Option<&'a Map<String, Value>> {
        self.0.get(name)?.0.as_object()?;
        self.take(name)?.as_object()
    }
}

/// An item of the source, or several of one kind, which must be told once what became of it.
#[must_use = "an item is mapped, kept raw or dropped"]
#[derive(Debug)]
pub(crate) struct Item<'n> {
    tally: Rc<RefCell<Tally>>,
    kind: &'static str,
    name: &'n str,
    count: u64,
}

impl Item<'_> {
    /// It has a home in a section.
    pub fn mapped(mut self) {
        self.tell(self.count, Account::mapped);
    }

    /// It has a home in a section, and is kept as it was beside that, for it says more than has a
    /// home.
    pub fn mapped_with(self, value: &(impl Foreign + ?Sized)) {
        self.keep(value.tree());
        self.mapped();
    }

    /// It is kept as it was, in `source.json`.
    pub fn raw(self, value: &(impl Foreign + ?Sized)) {
        self.raw_tree(value.tree());
    }

    /// The same of a typed tree.
    pub fn raw_tree(mut self, tree: Value) {
        self.keep(tree);
        self.tell(self.count, Account::raw);
    }

    /// It is not kept.
    pub fn dropped(mut self, reason: &str) {
        self.tell(self.count, |account, kind, count| account.dropped(kind, count, reason));
    }

    /// Drops some of several; the others are still to be told.
    pub fn but(mut self, count: u64, reason: &str) -> Self {
        self.tell(count.min(self.count), |account, kind, count| account.dropped(kind, count, reason));
        self
    }

    fn tell(&mut self, count: u64, end: impl FnOnce(&mut Account, &str, u64)) {
        self.count -= count;
        let account = &mut self.tally.borrow_mut().account;
        account.found(self.kind, count);
        end(account, self.kind, count);
    }

    fn keep(&self, tree: Value) {
        self.tally.borrow_mut().keep(self.kind, self.name, tree);
    }
}

impl Drop for Item<'_> {
    /// An item that was told has none left.
    fn drop(&mut self) {
        self.tell(self.count, |account, kind, count| account.dropped(kind, count, LOST));
    }
}

/// Members of one kind that no part of the map has taken yet.
pub(crate) struct Fields<'a, V: ?Sized>(BTreeMap<&'a str, (&'a V, Item<'a>)>);

impl<'a, V: Foreign + ?Sized> Fields<'a, V> {
    pub fn new(ledger: &Ledger<'_>, kind: &'static str, members: impl IntoIterator<Item = (&'a str, &'a V)>) -> Self {
        Self(members.into_iter().map(|(name, value)| (name, (value, ledger.item(kind, name)))).collect())
    }

    /// Takes a member that has a home.
    pub fn take(&mut self, name: &str) -> Option<&'a V> {
        let (value, item) = self.0.remove(name)?;
        item.mapped();
        Some(value)
    }

    /// The names of those that are left.
    pub fn names(&self) -> Vec<&'a str> {
        self.0.keys().copied().collect()
    }

    /// Keeps every member that is left as the typed tree that it stands for.
    pub fn keep_as(self, tree: impl Fn(&V) -> Value) {
        for (value, item) in self.0.into_values() {
            item.raw_tree(tree(value));
        }
    }

    /// Keeps every member that is left, raw.
    pub fn keep(self) {
        for (value, item) in self.0.into_values() {
            item.raw(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use expbundle_format::sections::{Context, Dropped};

    use super::*;

    fn ledger<'a>(options: &'a Options<'a>) -> Ledger<'a> {
        let mut ledger = Ledger::new(Kind::Run, "tool", options);
        ledger.section(Context { title: "a run".to_owned(), ..Context::default() });
        ledger
    }

    #[test]
    fn of_two_items_of_a_name_both_are_kept() {
        let options = Options::default();
        let ledger = ledger(&options);
        for number in 0..3 {
            ledger.item("field", "a").raw(&serde_json::json!(number));
        }
        ledger.item("field", "a (2)").raw(&serde_json::json!("another"));
        let names: Vec<String> = ledger.tally.borrow().raw["field"].keys().cloned().collect();
        assert_eq!(names, ["a", "a (2)", "a (2) (2)", "a (3)"]);
    }

    #[test]
    fn every_item_is_counted_where_it_went() {
        let options = Options::default();
        let mut ledger = ledger(&options);
        ledger.found("point", 7);
        ledger.items("point", 7).but(2, "too long").mapped();
        ledger.item("field", "a").raw(&serde_json::json!({ "$b": 1 }));
        ledger.item("field", "c").dropped("empty");
        let converted = ledger.finish().expect("a bundle");
        let line = |kind: &str| converted.account.items.get(kind).cloned().expect("a line");
        let point = line("point");
        assert_eq!((point.total, point.mapped, point.raw), (7, 5, 0));
        assert_eq!(point.dropped, [Dropped { reason: "too long".to_owned(), count: 2 }]);
        let field = line("field");
        assert_eq!((field.total, field.mapped, field.raw), (2, 0, 1));
        assert!(converted.account.adds_up());
    }

    #[test]
    fn an_item_without_an_end_is_caught() {
        let options = Options::default();
        let ledger = ledger(&options);
        drop(ledger.item("field", "a"));
        let mut tally = ledger.tally.take();
        assert_eq!(tally.close(), [LOST]);
        assert!(tally.account.adds_up());
    }

    #[test]
    fn an_item_that_only_the_reader_saw_is_caught() {
        let options = Options::default();
        let mut ledger = ledger(&options);
        ledger.found("tag", 3);
        ledger.item("tag", "a").mapped();
        let mut tally = ledger.tally.take();
        assert_eq!(tally.close(), ["tag"]);
        let line = tally.account.items.get("tag").expect("a line");
        assert_eq!((line.total, line.mapped, line.dropped_count()), (3, 1, 2));
    }
}
