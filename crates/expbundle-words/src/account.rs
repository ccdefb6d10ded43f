//! What became of each item of a tracker's run: mapped, kept raw or dropped.

use std::collections::BTreeMap;

use expbundle::verify::Intact;
use expbundle_format::Code;
use expbundle_format::sections::{Account, Identity};

use crate::{Tone, cell, count, grouped, paint, quoted, table};

/// The account of a bundle, which somebody else may have written, as a table.
pub fn words(account: &Account) -> String {
    told(account, &account.replaced, &cell, &quoted)
}

/// The account that was just made here, whose kinds and reasons are words of ours, with what is
/// private in `identity.json`, by kind.
pub fn own(account: &Account, private: &BTreeMap<String, u64>) -> String {
    let bare = |text: &str| text.to_owned();
    told(account, private, &bare, &bare)
}

fn told(
    account: &Account,
    private: &BTreeMap<String, u64>,
    kind_of: &dyn Fn(&str) -> String,
    reason_of: &dyn Fn(&str) -> String,
) -> String {
    let (total, mapped, raw, dropped) = account.totals();
    let mut rows = vec![["ITEM", "FOUND", "MAPPED", "RAW", "DROPPED"].map(str::to_owned).to_vec()];
    for (kind, line) in &account.items {
        let reasons: Vec<String> =
            line.dropped.iter().map(|one| format!("{} ({})", grouped(one.count), reason_of(&one.reason))).collect();
        let dropped = if reasons.is_empty() { "0".to_owned() } else { reasons.join("; ") };
        rows.push(vec![kind_of(kind), grouped(line.total), grouped(line.mapped), grouped(line.raw), dropped]);
    }
    rows.push(vec!["all".to_owned(), grouped(total), grouped(mapped), grouped(raw), grouped(dropped)]);
    let verdict = if account.adds_up() {
        paint(Tone::Good, "every item is accounted for")
    } else {
        format!(
            "{}: please report this",
            paint(Tone::Bad, &format!("error[{}]: the numbers of items do not add up", Code::SourceLoss))
        )
    };
    format!("{}{verdict}\n{}{}", table(&rows), secret_words(account), private_words(private))
}

/// How many names of people, machines and places are apart from the rest.
fn private_words(private: &BTreeMap<String, u64>) -> String {
    let Some((all, kinds)) = by_kind(private) else { return String::new() };
    let names = if all == 1 { "1 name or path is" } else { &format!("{} names or paths are", grouped(all)) };
    format!("private: {names} in identity.json alone, which can be withheld: {kinds}\n")
}

/// How many names were replaced in a bundle of one record, if any.
pub fn replaced(intact: &Intact) -> Option<String> {
    let identity = intact.only_record().and_then(|record| intact.json_section::<Identity>(record))?;
    let names = count(identity.replaced.len() as u64, "name");
    (!identity.replaced.is_empty()).then(|| {
        format!("{names} of people, machines and places replaced by markers; only identity.json has the originals\n")
    })
}

/// How many secrets were left out.
fn secret_words(account: &Account) -> String {
    let Some((all, kinds)) = by_kind(&account.secrets) else { return String::new() };
    format!("{} {} left out: {kinds}\n", paint(Tone::Doubt, "secrets:"), count(all, "secret"))
}

/// How many there are in all, and of each kind in words; `None` if there are none.
fn by_kind(counts: &BTreeMap<String, u64>) -> Option<(u64, String)> {
    let all = counts.values().fold(0, |all: u64, count| all.saturating_add(*count));
    let kinds: Vec<String> = counts.iter().map(|(kind, number)| count(*number, &cell(kind))).collect();
    (all > 0).then(|| (all, kinds.join(", ")))
}
