//! Which commits are runs: those that have results that the commits before them have not.
//!
//! DVC has no list of runs. What ran is told by `dvc.lock` and by the folders of `DVCLive`, and a
//! commit without a change in them is not a run of its own. Commits of equal results are one run,
//! whose first commit names it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::files::Files;
use super::pipeline::folder_of;
use super::results::{Folders, Results};
use super::workspace;
use crate::finding::{Several, SourceCode, SourceFinding};
use crate::git::{Commit, Id, Reader, Repository};

/// Commits that are looked at, from those that refs name backwards.
const MOST_COMMITS: usize = 100_000;
/// Of texts of commits so much is kept until a commit is read as a run.
const MOST_TEXT_BYTES: usize = 1024;
/// The key of results that no commit has.
const WORKSPACE: &str = "workspace";

/// A run: a commit, or the work tree.
#[derive(Clone, Debug, Default)]
pub struct Revision {
    /// What names it: the commit, or `workspace`.
    pub key: String,
    /// The commit that recorded the results, by its id. In an index its texts are cut.
    pub commit: Option<(Id, Commit)>,
    /// Refs whose commits have these results.
    pub refs: Vec<String>,
    /// The name of the experiment.
    pub experiment: Option<String>,
    /// The commit that the experiment was started from.
    pub baseline: Option<String>,
    /// Whether the work tree has these results.
    pub in_work_tree: bool,
}

impl Revision {
    /// Its name for people: that of the experiment or the tag, or the first line of the message.
    pub fn title(&self) -> Option<String> {
        let tag = || self.refs.iter().find_map(|name| name.strip_prefix("refs/tags/")).map(str::to_owned);
        let subject = || Some(self.commit.as_ref()?.1.message.lines().next()?.to_owned());
        self.experiment.clone().or_else(tag).or_else(subject).filter(|title| !title.is_empty())
    }
}

/// The runs of a project.
#[derive(Debug, Default)]
pub struct Index {
    /// In the order in which they were committed; the work tree is the last.
    pub revisions: Vec<Revision>,
    /// What could not be read, and what is passed over.
    pub findings: Vec<SourceFinding>,
    /// Locks of pipelines in commits.
    locks: BTreeSet<Id>,
}

impl Index {
    /// Visits the texts of all locks of pipelines, one at a time.
    pub(super) fn for_each_lock(&mut self, reader: Option<&Reader>, work_tree: &Files, visit: &mut dyn FnMut(&str)) {
        let mut unread = Several::default();
        for id in &self.locks {
            match reader.map(|reader| reader.blob(id)) {
                Some(Ok(bytes)) => visit(&String::from_utf8_lossy(&bytes)),
                Some(Err(_)) => unread.add(|| format!(".git: {id}")),
                None => {}
            }
        }
        for path in work_tree.paths().filter(|path| folder_of(path, &["dvc.lock"]).is_some()) {
            match work_tree.text(path) {
                Ok(text) => visit(&text.unwrap_or_default()),
                Err(_) => unread.add(|| path.to_owned()),
            }
        }
        self.findings.extend(unread.finding(
            SourceCode::Unreadable,
            "a lock was not compared with the cache of runs",
            "locks, this one the first, were not compared with the cache of runs",
        ));
    }
}

/// Finds the runs of a repository and its work tree.
pub(super) fn index(reader: Option<&Reader>, work_tree: &Files) -> Index {
    let mut index = Index::default();
    if let Some(reader) = reader {
        index.findings.extend(reader.findings.iter().cloned());
        let mut history = History { reader, findings: Vec::new(), seen: HashMap::new(), folders: Folders::default() };
        let groups = history.groups();
        index.findings.append(&mut history.findings);
        index.locks = history.folders.locks().cloned().collect();
        let same = workspace::same_results(reader, work_tree, &history.folders, &groups, &mut index.findings);
        let revisions = groups
            .into_iter()
            .enumerate()
            .map(|(at, group)| Revision { in_work_tree: same == Some(at), ..group.revision });
        index.revisions.extend(revisions);
        index.findings.extend(history.folders.findings());
        passed_over(reader, &mut index.findings);
    }
    let has_results = !workspace::results(work_tree).is_empty();
    let is_told = index.revisions.iter().any(|revision| revision.in_work_tree);
    if index.revisions.is_empty() || has_results && !is_told {
        index.revisions.push(Revision { key: WORKSPACE.to_owned(), in_work_tree: true, ..Revision::default() });
    }
    index
}

/// Names the experiments that wait or failed: DVC stashes them.
fn passed_over(repository: &Repository, findings: &mut Vec<SourceFinding>) {
    for name in repository.refs().keys().filter(|name| name.starts_with("refs/exps/")) {
        let detail = match name.split('/').nth(2) {
            Some("stash" | "celery") => "experiments that wait in a queue or failed are not read",
            Some("exec") => continue,
            _ if experiment(name).is_none() => "the ref is not that of an experiment",
            _ => continue,
        };
        findings.push(SourceFinding::new(SourceCode::Unsupported, name, detail));
    }
}

/// The baseline and the name of an experiment: `refs/exps/<2 digits>/<38 digits>/<name>`.
fn experiment(name: &str) -> Option<(String, &str)> {
    let (first, rest) = name.strip_prefix("refs/exps/")?.split_once('/')?;
    let (second, name) = rest.split_once('/')?;
    let baseline = format!("{first}{second}");
    Id::parse(&baseline).is_some().then_some((baseline, name))
}

/// Commits of equal results.
pub(super) struct Group {
    pub revision: Revision,
    pub results: Results,
}

/// What was seen of the commits of a repository.
struct History<'a> {
    reader: &'a Reader,
    findings: Vec<SourceFinding>,
    seen: HashMap<Id, (Commit, Results)>,
    folders: Folders,
}

impl History<'_> {
    /// The runs, in the order in which they were committed.
    fn groups(&mut self) -> Vec<Group> {
        let tips = self.tips();
        self.walk(tips.values().cloned().collect());
        let mut commits: Vec<(&Id, &(Commit, Results))> = self.seen.iter().collect();
        commits.sort_by_key(|(id, (commit, _))| (commit.seconds, *id));
        let mut groups: Vec<Group> = Vec::new();
        let mut by_results: HashMap<Results, usize> = HashMap::new();
        for (id, (commit, results)) in commits {
            let is_same = |parent: &Id| self.seen.get(parent).is_some_and(|(_, before)| before == results);
            if *results == Folders::NONE || by_results.contains_key(results) || commit.parents.iter().any(is_same) {
                continue;
            }
            by_results.insert(*results, groups.len());
            let revision =
                Revision { key: id.to_string(), commit: Some((id.clone(), commit.clone())), ..Revision::default() };
            groups.push(Group { revision, results: *results });
        }
        for (name, tip) in &tips {
            let at = self.seen.get(tip).and_then(|(_, results)| by_results.get(results));
            if let Some(group) = at.and_then(|at| groups.get_mut(*at)) {
                name_group(&mut group.revision, name, tip);
            }
        }
        groups
    }

    /// The commits that refs name, with `HEAD` among them; not DVC's own bookmarks.
    fn tips(&mut self) -> BTreeMap<String, Id> {
        let mut tips = BTreeMap::new();
        let kinds = ["refs/heads/", "refs/tags/", "refs/remotes/"];
        for (name, id) in self.reader.refs() {
            if !kinds.iter().any(|kind| name.starts_with(kind)) && experiment(name).is_none() {
                continue;
            }
            match self.reader.commit_of(id) {
                Ok(commit) => {
                    tips.insert(name.clone(), commit);
                }
                Err(error) => self.findings.push(SourceFinding::new(SourceCode::Unreadable, name, error.to_string())),
            }
        }
        if let Some(head) = self.reader.head() {
            tips.insert("HEAD".to_owned(), head.clone());
        }
        tips
    }

    fn walk(&mut self, mut next: Vec<Id>) {
        let mut unreadable = Vec::new();
        while let Some(id) = next.pop() {
            if self.seen.contains_key(&id) {
                continue;
            }
            if self.seen.len() >= MOST_COMMITS {
                let detail = "the repository has more than 100,000 commits; the others are not looked at";
                self.findings.push(SourceFinding::new(SourceCode::Unsupported, ".git", detail));
                break;
            }
            match self.reader.commit(&id) {
                Ok(commit) => {
                    next.extend(commit.parents.iter().cloned());
                    let tree = commit.tree.as_ref();
                    let results = tree.map_or(Folders::NONE, |tree| self.folders.results(self.reader, tree));
                    self.seen.insert(id, (commit.cut(MOST_TEXT_BYTES), results));
                }
                Err(error) => unreadable.push(error.to_string()),
            }
        }
        unreadable.sort();
        unreadable.dedup();
        if let Some(first) = unreadable.first() {
            let detail = match unreadable.len() {
                1 => format!("a commit cannot be read, and with it what was before it: {first}"),
                count => {
                    format!("{count} commits cannot be read, and with them what was before them: {first}, and others")
                }
            };
            self.findings.push(SourceFinding::new(SourceCode::Missing, ".git", detail));
        }
    }
}

fn name_group(revision: &mut Revision, name: &str, tip: &Id) {
    if name != "HEAD" {
        revision.refs.push(name.to_owned());
    }
    if let Some((baseline, experiment)) = experiment(name)
        && revision.key == tip.to_string()
    {
        revision.experiment = Some(experiment.to_owned());
        revision.baseline = Some(baseline);
    }
}
