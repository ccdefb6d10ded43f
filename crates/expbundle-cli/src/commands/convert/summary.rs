//! What a conversion found, kept and left out, in words.

use camino::Utf8Path;
use expbundle_convert::tracker::Listed;
use expbundle_convert::{Converted, Embedded, embed};
use expbundle_format::sections::Account;
use expbundle_format::{Code, Finding};

use crate::findings;
use crate::terminal::{self, Tone, cell, count, grouped, one_line, paint, quoted};

/// What many conversions come to.
#[derive(Default)]
pub(super) struct Summary {
    pub new: u64,
    pub unchanged: u64,
    pub changed: u64,
    pub failed: Vec<String>,
    pub account: Account,
    pub embedded: Vec<Embedded>,
    pub too_large: Vec<Embedded>,
    pub findings: Vec<Finding>,
}

impl Summary {
    pub fn add(&mut self, converted: &Converted, run: &Listed) {
        for (kind, line) in &converted.account.items {
            self.account.found(kind, line.total);
            self.account.mapped(kind, line.mapped);
            self.account.raw(kind, line.raw);
            for dropped in &line.dropped {
                self.account.dropped(kind, dropped.count, &dropped.reason);
            }
        }
        for (kind, count) in &converted.account.secrets {
            *self.account.secrets.entry(kind.clone()).or_default() += count;
        }
        self.embedded.extend(converted.embedded.iter().cloned());
        self.too_large.extend(converted.too_large.iter().cloned());
        for finding in &converted.findings {
            let mut finding = finding.clone();
            finding.place = finding.place.in_file(&run.key);
            self.findings.push(finding);
        }
    }

    pub fn words(mut self, out: &Utf8Path) -> String {
        // Runs are converted in any order; what is said of them is not.
        self.findings.sort();
        self.failed.sort();
        let mut text = findings::all(&self.findings);
        text += &account_words(&self.account);
        self.embedded.sort();
        self.too_large.sort();
        text += &embedded_words(&self.embedded, &self.too_large);
        text += &format!(
            "{} {out}: {} written, {} unchanged, {} written beside another record, {} failed\n",
            if self.failed.is_empty() { paint(Tone::Good, "done") } else { paint(Tone::Bad, "not all done") },
            grouped(self.new),
            grouped(self.unchanged),
            grouped(self.changed),
            self.failed.len()
        );
        if !self.failed.is_empty() {
            text += &format!("failed: {}\n", one_line(&self.failed.join(", ")));
        }
        text
    }
}

/// The account as a table.
pub fn account_words(account: &Account) -> String {
    let (total, mapped, raw, dropped) = account.totals();
    let mut rows = vec![["ITEM", "FOUND", "MAPPED", "RAW", "DROPPED"].map(str::to_owned).to_vec()];
    for (kind, line) in &account.items {
        let reasons: Vec<String> =
            line.dropped.iter().map(|one| format!("{} ({})", grouped(one.count), quoted(&one.reason))).collect();
        let dropped = if reasons.is_empty() { "0".to_owned() } else { reasons.join("; ") };
        rows.push(vec![cell(kind), grouped(line.total), grouped(line.mapped), grouped(line.raw), dropped]);
    }
    rows.push(vec!["all".to_owned(), grouped(total), grouped(mapped), grouped(raw), grouped(dropped)]);
    let verdict = if account.adds_up() {
        paint(Tone::Good, "the account adds up")
    } else {
        format!(
            "{}: please report this",
            paint(Tone::Bad, &format!("error[{}]: the account does not add up", Code::SourceLoss))
        )
    };
    format!("{}{verdict}\n{}", terminal::table(&rows), secret_words(account))
}

/// How many secrets were left out.
fn secret_words(account: &Account) -> String {
    let all: u64 = account.secrets.values().sum();
    if all == 0 {
        return String::new();
    }
    let kinds: Vec<String> =
        account.secrets.iter().map(|(kind, count)| format!("{} {kind}", grouped(*count))).collect();
    format!("{} {} left out: {}\n", paint(Tone::Doubt, "secrets:"), count(all, "secret"), kinds.join(", "))
}

/// Which files' bytes are in the bundle, and which are not although a pattern asked for them.
pub fn embedded_words(embedded: &[Embedded], too_large: &[Embedded]) -> String {
    let mut text = format!("embedded: {}\n", listed(embedded));
    if !too_large.is_empty() {
        let most = embed::MOST_BYTES_IN_ALL >> 20;
        let why = format!("not embedded, for the files of one run come to {most} MiB at most:");
        text += &format!("{} {}\n", paint(Tone::Doubt, &why), listed(too_large));
    }
    text
}

/// How many files, how many bytes, and the first of them.
pub(super) fn listed(files: &[Embedded]) -> String {
    const SHOWN: usize = 20;
    let size: u64 = files.iter().map(|file| file.size).sum();
    let mut text = format!("{}, {}", count(files.len() as u64, "file"), count(size, "byte"));
    for file in files.iter().take(SHOWN) {
        text += &format!("\n  {} ({})", quoted(&file.path), count(file.size, "byte"));
    }
    let more = files.len().saturating_sub(SHOWN);
    if more > 0 {
        text += &format!("\n  … and {more} more");
    }
    text
}
