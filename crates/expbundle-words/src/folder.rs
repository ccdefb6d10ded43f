//! What `verify` prints of a model directory: the headline, and its files, released and made apart.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use expbundle::folder::{CoveredBy, FileReport, FileState, FolderReport, ReleaseReport, ReleaseState};
use expbundle::hash::{Leads, WhySkipped};
use expbundle::judge::State;
use expbundle::report::Report;
use expbundle_format::record::Kind;
use expbundle_format::{Code, RecordId};
use expbundle_query::short;

use crate::verdict::{but, good, is_only_objected, later, not_as_required, objected_to, state};
use crate::{Tone, count, day, moment, one_line, paint, path, quoted};

/// Names shown of a list that may be long.
const SHOWN: usize = 8;

/// The first lines: whether it holds, whose word it is, and what of the folder it leaves out.
pub fn headline(report: &Report, folder: &FolderReport) -> String {
    let folder_path = path(&report.path);
    let here = folder.counts.here();
    let files = if here == 1 { "the 1 counted file".to_owned() } else { format!("all {here} counted files") };
    let who = signers(&folder.signers);
    let but = but_revoked(report, folder) + &but(report);
    let later = later(report);
    let differences = differences(report, folder);
    let what = match differences.as_slice() {
        [] => folder_path.clone(),
        all => format!("{folder_path} differs from its release: {}", all.join("; ")),
    };
    let whose = match folder.covered_by {
        CoveredBy::Release => {
            let title = folder.title.as_deref().map(|title| format!(" as {}", quoted(title))).unwrap_or_default();
            format!("released by {who}{title}")
        }
        _ => format!("{} that {who} signed", made_how(report)),
    };
    let (tone, first) = match report.state {
        State::Malformed => (Tone::Bad, format!("✗ verification FAILED{but}: {what}")),
        State::Intact if is_only_objected(report) => (Tone::Bad, "intact".to_owned()),
        // A folder that is intact and no more has files that nobody stands by.
        State::Intact if report.holds => (Tone::Doubt, format!("! intact{but}: {what}")),
        State::Intact => (Tone::Bad, format!("✗ {}{but}: {what}", not_as_required(report))),
        _ if is_only_objected(report) => (Tone::Bad, format!("{}, {whose}: {files}", state(report))),
        _ => {
            let (tone, mark) = if report.holds { good(report) } else { (Tone::Bad, "✗") };
            let state = state(report);
            (tone, format!("{mark} {state}{later}, {whose}{but}: {files} of {folder_path}"))
        }
    };
    let mut text = if is_only_objected(report) { objected_to(report, &first) } else { paint(tone, &first) + "\n" };
    text += &not_as_asked(report);
    let revoked = revoked(report, folder);
    let release = match (&revoked, folder.covered_by) {
        (Some(Revoked { by, what: Some(what), is_latest: false }), _) => {
            format!("{} WAS REVOKED {by}", what.to_uppercase())
        }
        (Some(Revoked { by, what: None, .. }), CoveredBy::Release) => format!("a later release was revoked {by}"),
        (Some(Revoked { by, .. }), _) => format!("RELEASE REVOKED {by}"),
        (None, _) => "NOT RELEASED by anyone".to_owned(),
    };
    if report.state >= State::Signed && folder.covered_by == CoveredBy::Records {
        let warning = format!("{release}: an older checkpoint, or a file under another name, would pass too");
        _ = writeln!(text, "  {}", paint(Tone::Doubt, &warning));
    } else if revoked.is_some() {
        _ = writeln!(text, "  {}", paint(Tone::Bad, &release));
    }
    for problem in problems(report, folder, !differences.is_empty()) {
        _ = writeln!(
            text,
            "  {}",
            paint(if report.state == State::Malformed { Tone::Bad } else { Tone::Doubt }, &problem)
        );
    }
    if folder.followed > 0 {
        _ = writeln!(text, "  {} of the Hub's cache followed", count(folder.followed, "link"));
    }
    if !folder.not_counted.is_empty() {
        let names: Vec<&str> = folder.not_counted.iter().map(String::as_str).collect();
        _ = writeln!(text, "  Not counted: {}", listed(&names));
    }
    text
}

/// What the line below the headline says of a state that alone would do.
fn not_as_asked(report: &Report) -> String {
    if report.holds || report.state != State::Signed || report.required != State::Trusted {
        return String::new();
    }
    format!("  {}\n", paint(Tone::Bad, "NOT TRUSTED as asked"))
}

/// Whether the files were made, or came from outside.
fn made_how(report: &Report) -> &'static str {
    let origins = origins(report);
    let is_of_origin = |file: &FileReport| file.made.as_ref().is_some_and(|made| origins.contains(&made.record));
    if report.files.iter().any(is_of_origin) { "described by records" } else { "made by runs" }
}

fn signers(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| one_line(name)).collect();
    if names.is_empty() { "nobody".to_owned() } else { names.join(", ") }
}

/// A release that was revoked.
struct Revoked {
    /// By whom and when, and why.
    by: String,
    /// What it is to the files that are here, if it is or may be a release of some.
    what: Option<String>,
    /// Whether nobody released the folder since, and it has just these files.
    is_latest: bool,
}

/// A release of files that are here that was revoked, whatever replaced it; else the latest, if it
/// was. Another one that a later release replaced does not matter any more.
fn revoked(report: &Report, folder: &FolderReport) -> Option<Revoked> {
    let of_these_files = revoked_here(report, folder);
    let latest = || folder.releases.iter().find(|release| release.state != ReleaseState::Replaced);
    let release = of_these_files.or_else(latest)?;
    let by = release.revoked_by.as_ref()?;
    let reason = by.reason.as_deref().map(|reason| format!(" ({})", quoted(reason))).unwrap_or_default();
    let by = format!("by {} on {}{reason}", signers(&by.by), moment(by.created));
    let is_latest = release.same && folder.covered_by != CoveredBy::Release;
    Some(Revoked { by, what: of_these_files.map(ReleaseReport::what), is_latest })
}

/// One of just these files, also if it was signed anew; else one that is an objection.
fn revoked_here<'a>(report: &'a Report, folder: &'a FolderReport) -> Option<&'a ReleaseReport> {
    let same = folder.releases.iter().find(|release| release.same && release.state == ReleaseState::Revoked);
    same.or_else(|| report.revoked_release())
}

/// What the first line says of it.
fn but_revoked(report: &Report, folder: &FolderReport) -> String {
    let joint = if report.holds && report.state > State::Malformed { "but" } else { "and" };
    if let Some(release) = revoked_here(report, folder) {
        return format!(", {joint} {} was REVOKED", release.what());
    }
    let since = report.release_revoked_since.as_ref().and_then(|one| Some((one.what(), one.revoked_by.as_ref()?)));
    let Some((what, since)) = since else { return String::new() };
    format!(", {joint} {what} was REVOKED since, on {} by {}", day(since.created), signers(&since.by))
}

/// Paths of the files in a state.
fn paths(report: &Report, state: FileState) -> Vec<&str> {
    report.files.iter().filter(|file| file.state == state).map(|file| file.path.as_str()).collect()
}

/// What the folder has otherwise than the release that it is held to, if it is held to one whose
/// listing is known.
fn differences(report: &Report, folder: &FolderReport) -> Vec<String> {
    // It is held to one that it is, else to the latest.
    let counting: Vec<ReleaseState> =
        folder.releases.iter().map(|release| release.state).filter(|state| *state <= ReleaseState::Unlisted).collect();
    let is_other = !counting.contains(&ReleaseState::Same) && counting.first() == Some(&ReleaseState::Differs);
    // Of paths that are alike none is covered, whether or not the release lists it.
    let is_alike = report.findings.iter().any(|finding| finding.code == Code::DirectoryAlike);
    if !is_other || is_alike {
        return Vec::new();
    }
    let states =
        [(FileState::Changed, "changed"), (FileState::Missing, "missing"), (FileState::Uncovered, "added")].into_iter();
    let files = states.map(|(state, word)| (paths(report, state), word)).filter(|(paths, _)| !paths.is_empty());
    let words = |(paths, word): (Vec<&str>, _)| {
        format!("{} {word}: {}{}", count(paths.len() as u64, "file"), listed(&paths), left_by(&paths))
    };
    files.map(words).collect()
}

/// Files and folders that programs leave by the way, with the program.
const LEFTOVERS: [(&str, &str); 5] = [
    (".DS_Store", "macOS"),
    (".ipynb_checkpoints", "Jupyter"),
    ("Thumbs.db", "Windows"),
    ("desktop.ini", "Windows"),
    ("__pycache__", "Python"),
];

/// What some of these files are, so that nobody looks for an attack in them.
fn left_by(paths: &[&str]) -> String {
    let program = |path: &&str| {
        let is_in = |name: &str| path.split('/').any(|part| part == name);
        LEFTOVERS.iter().find(|(name, _)| is_in(name)).map(|(_, program)| *program)
    };
    let programs: BTreeSet<&str> = paths.iter().filter_map(program).collect();
    if programs.is_empty() {
        return String::new();
    }
    let programs = programs.into_iter().collect::<Vec<_>>().join(" or ");
    format!(" (files left by {programs} can be deleted)")
}

/// What keeps the folder from more, a line each, with numbers. What differs from its release stands
/// in the headline.
fn problems(report: &Report, folder: &FolderReport, is_compared: bool) -> Vec<String> {
    let all = folder.counts.here();
    let mut lines = Vec::new();
    let states = [
        (FileState::Changed, folder.counts.changed, "changed"),
        (FileState::Missing, folder.counts.missing, "missing"),
        (FileState::Uncovered, folder.counts.uncovered, "not covered by a signature that counts"),
        (FileState::Pointer, folder.counts.pointer, "only Git LFS pointers: their bytes were not checked"),
    ];
    let is_left = |state| !is_compared || matches!(state, FileState::Pointer);
    for (state, number, what) in states.into_iter().filter(|(state, number, _)| *number > 0 && is_left(*state)) {
        let names = paths(report, state);
        let of = if state == FileState::Missing {
            count(number, "file")
        } else {
            format!("{number} of {}", count(all, "counted file"))
        };
        lines.push(format!("{of} {what}: {}{}", listed(&names), left_by(&names)));
    }
    let mut unread: BTreeMap<Unread, Vec<&str>> = BTreeMap::new();
    for file in &report.files {
        if let Some(why) = &file.why_unreadable {
            unread.entry(Unread::of(why)).or_default().push(&file.path);
        }
    }
    for (why, names) in unread {
        let what = why.words(names.len() == 1);
        lines.push(format!("{} of {} {what}: {}", names.len(), count(all, "counted file"), listed(&names)));
    }
    if all == 0 {
        lines.push("the folder has no counted files".to_owned());
    } else if !folder.has_weights {
        lines.push("no weights are covered".to_owned());
    }
    lines
}

/// Why files were not read, as far as it is told of many in one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Unread {
    Link(Leads),
    NoBlob,
    Special,
    Name,
    Refused,
}

impl Unread {
    fn of(why: &WhySkipped) -> Self {
        match why {
            WhySkipped::Link(leads) => Self::Link(*leads),
            WhySkipped::NoBlob => Self::NoBlob,
            WhySkipped::Special => Self::Special,
            WhySkipped::NotUtf8 | WhySkipped::Path(_) => Self::Name,
            WhySkipped::Unreadable(_) => Self::Refused,
        }
    }

    /// What is said of one file, or of several.
    fn words(self, is_one: bool) -> &'static str {
        let (one, several) = match self {
            Self::Link(Leads::Within) => ("is a symlink", "are symlinks"),
            Self::Link(Leads::Out) => ("is a symlink out of the folder", "are symlinks out of the folder"),
            Self::Link(Leads::Nowhere) => ("is a symlink that leads nowhere", "are symlinks that lead nowhere"),
            Self::NoBlob => {
                ("is a symlink, and its blob is not in the cache", "are symlinks without a blob in the cache")
            }
            Self::Special => ("is a pipe, a socket or a device", "are pipes, sockets or devices"),
            Self::Name => ("has a name that cannot be listed", "have names that cannot be listed"),
            Self::Refused => ("cannot be read", "cannot be read"),
        };
        if is_one { one } else { several }
    }
}

/// Names of a list, the first ones.
pub fn listed(names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| path(name)).collect();
    let more = names.len().saturating_sub(SHOWN);
    if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
}

/// Records that made nothing: they describe what came from outside.
fn origins(report: &Report) -> BTreeSet<RecordId> {
    report.records.iter().filter(|record| record.kind == Kind::Origin).map(|record| record.id).collect()
}

/// Released by and made by, file by file, for the part "Proven".
pub fn covered(report: &Report, folder: &FolderReport) -> String {
    let mut text = String::new();
    let names = |wanted: &dyn Fn(&FileReport) -> bool| {
        report.files.iter().filter(|file| wanted(file)).map(|file| file.path.as_str()).collect::<Vec<_>>()
    };
    let released = names(&|file| file.released && file.state == FileState::Covered);
    if !released.is_empty() {
        let number = count(released.len() as u64, "file");
        _ = writeln!(text, "  {number} released by {}: {}", signers(&folder.signers), listed(&released));
    }
    let mut makers: BTreeMap<_, Vec<&FileReport>> = BTreeMap::new();
    for file in report.files.iter().filter(|file| file.state == FileState::Covered) {
        if let Some(made) = &file.made {
            makers.entry(made.record).or_default().push(file);
        }
    }
    let origins = origins(report);
    for (record, files) in makers.iter().take(SHOWN) {
        let names: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
        let by = files.first().and_then(|file| file.made.as_ref()).map(|made| signers(&made.by)).unwrap_or_default();
        let number = count(files.len() as u64, "file");
        let record = if origins.contains(record) {
            format!("described by the origin record {}, came from outside", short(record))
        } else {
            let outputs = if files.len() == 1 { "its output" } else { "its outputs" };
            format!("that the record of run {} names as {outputs}", short(record))
        };
        _ = writeln!(text, "  {number} {record}, signed by {by}: {}", listed(&names));
    }
    text
}

/// The releases, the latest first.
pub fn releases(folder: &FolderReport) -> String {
    let mut text = String::new();
    for release in folder.releases.iter().take(SHOWN) {
        let ReleaseReport { state, by, created, title, .. } = release;
        let title = title.as_deref().map(|title| format!(" {}", quoted(title))).unwrap_or_default();
        let words = match state {
            ReleaseState::Same => paint(Tone::Good, "this folder"),
            ReleaseState::Differs => paint(Tone::Bad, "differs from this folder"),
            ReleaseState::Unlisted => paint(Tone::Doubt, "its listing is missing"),
            ReleaseState::Replaced => "replaced by a later one".to_owned(),
            ReleaseState::Revoked => paint(Tone::Bad, "revoked"),
        };
        let created = moment(*created);
        _ = writeln!(text, "  {created} release{title} by {}: {words}", signers(by));
    }
    let more = folder.releases.len().saturating_sub(SHOWN);
    if more > 0 {
        _ = writeln!(text, "  and {more} more; `expbundle log` shows all");
    }
    text
}
