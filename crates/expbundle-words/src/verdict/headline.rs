//! The first line of what `verify` prints: whether what was asked holds, and what takes away from
//! it.

use std::collections::BTreeSet;

use camino::Utf8Path;
use expbundle::folder::RevokedBy;
use expbundle::judge::State;
use expbundle::report::{MissingParent, ObjectedReport, RecordReport, Report, StatementReport};
use expbundle::standing::{Objection, ObjectionKind, weight};
use expbundle_directory::BUNDLE_NAME;
use expbundle_format::{Finding, RecordId};
use expbundle_query::short;

use super::{date, unlisted};
use crate::{Tone, count, day, folder, objections, one_line, paint, path};

/// The headline alone, with the reason where there is none in it.
pub fn line(report: &Report) -> String {
    let words = match &report.folder {
        Some(folder) => folder::headline(report, folder),
        None => headline(report),
    };
    let first = words.lines().next().unwrap_or_default().to_owned();
    match reason(report) {
        Some(reason) => format!("{first} ({reason})\n"),
        None => first + "\n",
    }
}

/// Why it does not hold, where the headline says only that.
fn reason(report: &Report) -> Option<String> {
    if report.state <= State::Malformed {
        let is_told = report.folder.is_some() || report.findings.iter().any(Finding::is_limit);
        let error = report.findings.iter().find(|finding| finding.is_error()).filter(|_| !is_told)?;
        return Some(one_line(&error.message));
    }
    (report.state < report.required).then(|| unlisted::reason(report)).flatten()
}

/// What was asked, in capitals, where it does not hold. With a signers file a signature that counts
/// is one by a trusted key.
pub(crate) fn not_as_required(report: &Report) -> String {
    match report.required {
        State::Signed if report.signers_checked => "NOT SIGNED BY A KEY YOU TRUST".to_owned(),
        required => format!("NOT {}", required.as_str().to_uppercase()),
    }
}

/// The state, and of a signature whether anybody looked whose it is.
pub(crate) fn state(report: &Report) -> String {
    let unchecked = if is_unchecked(report) { " (signers not checked)" } else { "" };
    format!("{}{unchecked}", report.state)
}

fn is_unchecked(report: &Report) -> bool {
    report.state == State::Signed && !report.signers_checked
}

/// Whether all would hold if nobody had asked that nobody objects.
pub(crate) fn is_only_objected(report: &Report) -> bool {
    !report.holds && report.state > State::Malformed && report.state >= report.required
}

/// The first line where that is so, and below it what would hold.
pub(crate) fn objected(report: &Report, otherwise: &str) -> String {
    let first = if let Some(against) = against(report) {
        format!("✗ OBJECTED TO: {against}: {}", path(&report.path))
    } else {
        let unknown = unknown(report).join(", and ");
        format!("✗ OBJECTIONS CANNOT BE RULED OUT: {unknown}: {}", path(&report.path))
    };
    let first = paint(Tone::Bad, &first);
    format!("{first}\n  {}, otherwise {otherwise}\n", paint(Tone::Bad, "NOT WITHOUT OBJECTIONS as asked"))
}

/// Everything that is said against what is judged: of each record, whether it was said after the
/// moment.
fn all(report: &Report) -> Vec<(RecordId, &[Objection], bool)> {
    let here = report.records.iter().map(|record| (record.id, record.objections.as_slice(), false));
    let of = |one: &ObjectedReport| one.record;
    let near = report.objected_nearby().map(|one| (of(one), one.objections.as_slice(), false));
    let since = report.objected_since.iter().map(|one| (of(one), one.objections.as_slice(), true));
    here.chain(near).chain(since).filter(|(_, objections, _)| !objections.is_empty()).collect()
}

/// Who has what against which record, the weightiest, and how many more records somebody objects to.
fn against(report: &Report) -> Option<String> {
    let release = report.revoked_release().or(report.release_revoked_since.as_ref());
    if let Some((what, RevokedBy { by, created, .. })) =
        release.and_then(|one| Some((one.what(), one.revoked_by.as_ref()?)))
    {
        return Some(format!("{} revoked {what} on {}", names(by), day(*created)));
    }
    let all = all(report);
    let (id, objections, is_since) = all.iter().min_by_key(|(_, objections, _)| weight(objections))?;
    let one = objections.first()?;
    let record = report.records.iter().find(|record| record.id == *id);
    let what =
        record.map_or_else(|| format!("record {}", short(id)), |record| objections::title(record.title.as_deref()));
    let by = objections::who(one);
    let said = match one.kind {
        ObjectionKind::NeedsChanges => format!("{by} sent {what} back for changes"),
        ObjectionKind::Withdrawn => format!("{by} partly revoked {what}"),
        kind => format!("{by} {} {what}", kind.as_str()),
    };
    let since = if *is_since { format!(" on {}", day(one.created)) } else { String::new() };
    let others: BTreeSet<RecordId> = all.iter().map(|(id, ..)| *id).filter(|other| other != id).collect();
    let more = match others.len() as u64 {
        0 => String::new(),
        more => format!(", and {} objected to", count(more, "more record")),
    };
    Some(format!("{said}{since}{more}"))
}

/// What keeps a reader from knowing whether anybody objects, beside what was signed late.
fn missing(report: &Report) -> Option<String> {
    let (apart, absent): (Vec<MissingParent>, Vec<MissingParent>) =
        report.missing_parents.iter().copied().partition(|parent| parent.is_apart);
    let are = |number: usize| if number == 1 { "is" } else { "are" };
    let parents = |number: usize, what: &str| {
        (number > 0).then(|| format!("{} {} {what}", count(number as u64, "parent"), are(number)))
    };
    let parts = [parents(absent.len(), "not here"), parents(apart.len(), "not signed by a trusted key")];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", and "))
}

fn unknown(report: &Report) -> Vec<String> {
    let late = report.signed_late.first().map(|one| {
        let number = report.signed_late.len();
        let (are, their) = if number == 1 { ("is", "its") } else { ("are", "their") };
        format!(
            "{} {are} dated {}, when {their} key was not trusted",
            count(number as u64, "signature"),
            day(one.created)
        )
    });
    late.into_iter().chain(missing(report)).collect()
}

/// What the headline adds where somebody whose word counts objects, or a parent is missing.
pub fn but(report: &Report) -> String {
    // What is not trusted anyway was revoked as well, not in spite of it.
    let joint = if report.holds && report.state > State::Malformed { "but" } else { "and" };
    let all = all(report);
    let kind_of = |objections: &[Objection]| objections.first().map(|one| one.kind);
    let mut parts = Vec::new();
    if let Some(kind) = all.iter().filter_map(|(_, objections, _)| kind_of(objections)).min() {
        let of_kind = || all.iter().filter(|(_, objections, _)| kind_of(objections) == Some(kind));
        let records: BTreeSet<RecordId> = of_kind().map(|(id, ..)| *id).collect();
        let verb = if records.len() == 1 { "was" } else { "were" };
        let what = match kind {
            ObjectionKind::NeedsChanges => "sent back for changes",
            ObjectionKind::Withdrawn => "partly revoked",
            kind => kind.as_str(),
        };
        let since = of_kind().all(|(_, _, is_since)| *is_since);
        let since = if since { " since" } else { "" };
        let when = of_kind().filter(|(.., is_since)| *is_since).filter_map(|(_, objections, _)| objections.first());
        let when = when.map(|one| one.created).min().map(|date| format!(" on {}", day(date))).unwrap_or_default();
        let mut by: BTreeSet<String> = BTreeSet::new();
        // A fingerprint would fill the line; it stands below.
        let trusted = |one: &&Objection| !one.trusted_as.is_empty();
        by.extend(of_kind().filter_map(|(_, objections, _)| objections.first()).filter(trusted).map(objections::who));
        let by = match by.first() {
            Some(one) if by.len() == 1 => format!(" by {one}"),
            _ => String::new(),
        };
        parts.push(format!("{} {verb}{since} {what}{when}{by}", count(records.len() as u64, "record")));
    }
    parts.extend(missing(report).filter(|_| report.state > State::Malformed));
    if parts.is_empty() { String::new() } else { format!(", {joint} {}", parts.join(", and ")) }
}

/// The first lines of the report on a bundle.
pub(super) fn headline(report: &Report) -> String {
    let (tone, mark) = if report.state <= State::Malformed { (Tone::Bad, "✗") } else { good(report) };
    // A person who completes a path by a key press means the folder.
    let is_in_folder = Utf8Path::new(&report.path).file_name() == Some(BUNDLE_NAME);
    let alone =
        if is_in_folder && report.state > State::Malformed { " (the bundle alone, not its folder)" } else { "" };
    let path = format!("{}{alone}", path(&report.path));
    let words = match report.state {
        State::Refused if report.findings.iter().any(Finding::is_limit) => "REFUSED, beyond the limits of this reader",
        State::Refused => "no bundle here",
        State::Malformed => "verification FAILED",
        State::Intact => "intact",
        State::Signed => "intact and signed",
        State::Trusted => "intact, signed and trusted",
    };
    if is_only_objected(report) {
        return objected(report, words);
    }
    if !report.holds && report.state > State::Malformed {
        return below(report, &path);
    }
    let unchecked = if is_unchecked(report) { " (signers not checked)" } else { "" };
    let (later, but) = (later(report), but(report));
    format!("{} {path}\n", paint(tone, &format!("{mark} {words}{unchecked}{later}{but}:")))
}

/// Of a bundle whose state is below the one that was asked for.
fn below(report: &Report, path: &str) -> String {
    let missing = match report.required {
        State::Trusted => "signed by someone you trust",
        State::Signed if report.signers_checked => "signed by someone you trust",
        _ => "signed",
    };
    let is_revoked = |record: &RecordReport| record.objections.iter().any(|one| one.kind == ObjectionKind::Revoked);
    let still = if report.records.iter().any(is_revoked) { ", or one was revoked" } else { "" };
    let first = paint(Tone::Bad, &format!("✗ {}{}: {path}", not_as_required(report), but(report)));
    // A record that is itself as asked may have a parent that is not here.
    let why = if !report.records.is_empty() && report.records.iter().all(|one| one.state >= report.required) {
        "but a parent that is not here was revoked".to_owned()
    } else {
        format!("but not every record is {missing}{still}")
    };
    format!("{first}\n  {}, {why}\n", report.state)
}

/// How the headline begins where what was asked for holds: with a check mark only if nothing in it
/// takes away from that.
pub(crate) fn good(report: &Report) -> (Tone, &'static str) {
    let is_good = report.is_without_reservations() && later(report).is_empty() && !is_unchecked(report);
    if is_good { (Tone::Good, "✓") } else { (Tone::Doubt, "!") }
}

/// What the headline adds where something counts that was signed after the moment that is judged.
pub(crate) fn later(report: &Report) -> String {
    let is_later = |statement: &StatementReport| {
        statement.created > report.at && matches!(statement.kind.as_str(), "authorship" | "release")
    };
    let late = if report.signed_late.is_empty() { "" } else { ", when the key was not trusted" };
    match report.statements.iter().filter(|statement| is_later(statement)).count() as u64 {
        0 => String::new(),
        number => format!(" as of {}, by {} dated after that{late}", date(report.at), count(number, "statement")),
    }
}

fn names(names: &[String]) -> String {
    names.iter().map(|name| one_line(name)).collect::<Vec<_>>().join(", ")
}
