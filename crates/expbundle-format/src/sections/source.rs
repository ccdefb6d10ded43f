//! `source.json`: what the source had that no other section holds, and the account of every item.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use serde_json::Value;

/// The rest of the source, and the account.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SourceSection {
    /// The tool.
    pub tool: String,
    /// Its version, as the source tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// How the source stores its runs, like `file-store`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layout: Option<String>,
    /// Items that have no home elsewhere, kept as they were, by kind and name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub raw: BTreeMap<String, BTreeMap<String, Value>>,
    /// Every item of the source, counted.
    pub account: Account,
    /// What is broken in the source.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub damage: Vec<Damage>,
    /// Salt of a blinded section: 64 hex digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub salt: Option<String>,
}

/// Every item of the source, counted as mapped, kept raw, or dropped. It adds up, or the converter
/// is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Account {
    /// By kind of item, like `metric point`.
    pub items: BTreeMap<String, AccountLine>,
    /// Secrets that were left out of the items above and of files, by kind, like `private-key`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, u64>,
    /// Parts of texts that markers stand for, by kind (`person`, `path`, …); what was there is in
    /// `identity.json`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub replaced: BTreeMap<String, u64>,
}

/// The items of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AccountLine {
    /// Found in the source.
    pub total: u64,
    /// Has a home in a section.
    pub mapped: u64,
    /// Kept as it was in `source.json` or `identity.json`.
    #[serde(default, skip_serializing_if = "crate::is_zero")]
    pub raw: u64,
    /// Not kept, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<Dropped>,
}

/// Items that were not kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Dropped {
    /// Why.
    pub reason: String,
    /// How many.
    pub count: u64,
}

/// Something broken in the source.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Damage {
    /// A `source.*` code.
    pub code: String,
    /// Where in the source, relative to it.
    pub place: String,
    /// What was seen.
    pub detail: String,
}

impl Account {
    /// Counts items as they are found in the source, before anything is done with them.
    pub fn found(&mut self, kind: &str, count: u64) {
        if count > 0 {
            self.line(kind).total += count;
        }
    }

    /// Counts items that got a home in a section.
    pub fn mapped(&mut self, kind: &str, count: u64) {
        if count > 0 {
            self.line(kind).mapped += count;
        }
    }

    /// Counts items that are kept as they were.
    pub fn raw(&mut self, kind: &str, count: u64) {
        if count > 0 {
            self.line(kind).raw += count;
        }
    }

    /// Counts items that are not kept.
    pub fn dropped(&mut self, kind: &str, count: u64, reason: &str) {
        if count == 0 {
            return;
        }
        let line = self.line(kind);
        match line.dropped.iter_mut().find(|dropped| dropped.reason == reason) {
            Some(dropped) => dropped.count += count,
            None => line.dropped.push(Dropped { reason: reason.to_owned(), count }),
        }
        line.dropped.sort();
    }

    fn line(&mut self, kind: &str) -> &mut AccountLine {
        self.items.entry(kind.to_owned()).or_default()
    }

    /// Items of all kinds: total, mapped, raw, dropped.
    pub fn totals(&self) -> (u64, u64, u64, u64) {
        self.items.values().fold((0, 0, 0, 0), |(total, mapped, raw, dropped), line| {
            // Who wrote it may have written anything.
            (
                u64::saturating_add(total, line.total),
                u64::saturating_add(mapped, line.mapped),
                u64::saturating_add(raw, line.raw),
                u64::saturating_add(dropped, line.dropped_count()),
            )
        })
    }

    /// Whether every line adds up.
    pub fn adds_up(&self) -> bool {
        self.items.values().all(|line| line.total == line.kept().saturating_add(line.dropped_count()))
    }
}

impl AccountLine {
    /// Items of this kind that were not kept.
    pub fn dropped_count(&self) -> u64 {
        self.dropped.iter().fold(0, |sum, dropped| u64::saturating_add(sum, dropped.count))
    }

    fn kept(&self) -> u64 {
        self.mapped.saturating_add(self.raw)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_adds_up_when_every_item_went_somewhere() {
        let mut account = Account::default();
        assert!(account.adds_up());
        for kind in ["param", "tag"] {
            account.found(kind, 0);
            account.mapped(kind, 0);
            account.raw(kind, 0);
            account.dropped(kind, 0, "nothing");
        }
        assert!(account.items.is_empty(), "what is not there has no line");
        account.found("param", 6);
        account.found("param", 4);
        account.mapped("param", 3);
        account.mapped("param", 2);
        account.raw("param", 1);
        account.raw("param", 1);
        assert!(!account.adds_up());
        account.dropped("param", 1, "b: too long");
        account.dropped("param", 1, "a: cut off");
        assert!(!account.adds_up());
        account.dropped("param", 1, "b: too long");
        assert!(account.adds_up());
        let reasons: Vec<_> =
            account.items["param"].dropped.iter().map(|one| (one.reason.as_str(), one.count)).collect();
        assert_eq!(reasons, [("a: cut off", 1), ("b: too long", 2)]);
        account.found("tag", 2);
        account.mapped("tag", 2);
        assert_eq!(account.totals(), (12, 7, 2, 3));
        let written = serde_json::to_value(&account.items).expect("plain members");
        assert_eq!(written["tag"], serde_json::json!({"total": 2, "mapped": 2}), "zeros are left out");
        assert_eq!(written["param"]["raw"], 2);
        account.mapped("tag", 1);
        assert!(!account.adds_up(), "one went to two places");
    }

    #[test]
    fn an_account_that_somebody_made_up_does_not_overflow() {
        let line = AccountLine {
            total: u64::MAX,
            mapped: u64::MAX,
            raw: u64::MAX,
            dropped: vec![Dropped { reason: "x".to_owned(), count: u64::MAX }; 2],
        };
        let account =
            Account { items: [("a".to_owned(), line.clone()), ("b".to_owned(), line)].into(), ..Account::default() };
        assert_eq!(account.totals(), (u64::MAX, u64::MAX, u64::MAX, u64::MAX));
    }
}
