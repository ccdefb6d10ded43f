//! What a whole ancestry cost: resources and charges added up, figures of different origin never together (spec/family.md, "Sums").

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use expbundle_format::RecordId;
use expbundle_format::number::Number;
use expbundle_format::sections::{Basis, Cost};
use expbundle_lineage::{Lineage, Rollup};
use schemars::JsonSchema;
use serde::Serialize;

use crate::verify::Intact;

/// A sum of costs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Costs {
    /// Resources, by what they are, their unit, and how the figures came about.
    pub resources: Vec<ResourceSum>,
    /// Charges, by currency, and by how the figures came about.
    pub charges: Vec<ChargeSum>,
    /// Amounts that are no decimal numbers, as they are written, or that no sum could hold.
    pub unreadable: Vec<String>,
}

/// A sum of one resource.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ResourceSum {
    /// `accelerator`, `energy`, …
    pub resource: String,
    /// Which model of it.
    pub model: Option<String>,
    /// `h`, `kWh`, …
    pub unit: String,
    /// How the figures came about.
    pub basis: Basis,
    /// How much.
    pub amount: Number,
}

/// A sum of money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ChargeSum {
    /// ISO 4217 code.
    pub currency: String,
    /// How the figures came about.
    pub basis: Basis,
    /// How much, as decimal text.
    pub amount: String,
}

impl Intact {
    /// Adds up what these records and all their ancestors cost, each once.
    pub fn costs(&self, lineage: &Lineage, of: &[RecordId]) -> (Costs, Rollup<Vec<Cost>>) {
        let rollup = lineage.rollup(
            of,
            |id| self.json_section::<Cost>(id).map(|cost| vec![cost]),
            |mut all, mut one| {
                all.append(&mut one);
                all
            },
        );
        (Costs::of(rollup.total.as_deref().unwrap_or_default()), rollup)
    }
}

impl Costs {
    fn of(costs: &[Cost]) -> Self {
        let mut resources: BTreeMap<(&str, Option<&str>, &str, Basis), f64> = BTreeMap::new();
        let mut charges: BTreeMap<(&str, Basis), Decimal> = BTreeMap::new();
        let mut unreadable = Vec::new();
        for cost in costs {
            for one in &cost.resources {
                let key = (one.resource.as_str(), one.model.as_deref(), one.unit.as_str(), one.basis);
                *resources.entry(key).or_default() += one.amount.0;
            }
            for charge in &cost.charges {
                let key = (charge.currency.as_str(), charge.basis);
                let sum = charges.get(&key).copied().unwrap_or_default();
                match charge.amount.parse().ok().and_then(|amount| sum.checked_add(amount)) {
                    Some(sum) => _ = charges.insert(key, sum),
                    None => unreadable.push(format!("{} {}", charge.amount, charge.currency)),
                }
            }
        }
        let resources = resources.into_iter().map(|((resource, model, unit, basis), amount)| ResourceSum {
            resource: resource.to_owned(),
            model: model.map(str::to_owned),
            unit: unit.to_owned(),
            basis,
            amount: Number(amount),
        });
        let charges = charges.into_iter().map(|((currency, basis), amount)| ChargeSum {
            currency: currency.to_owned(),
            basis,
            amount: amount.to_string(),
        });
        Self { resources: resources.collect(), charges: charges.collect(), unreadable }
    }
}

/// A decimal number, exactly: money is no binary float.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Decimal {
    digits: i128,
    /// Digits behind the point.
    scale: u32,
}

impl Decimal {
    fn checked_add(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        let widen = |number: Self| number.digits.checked_mul(10_i128.checked_pow(scale - number.scale)?);
        Some(Self { digits: widen(self)?.checked_add(widen(other)?)?, scale })
    }
}

impl FromStr for Decimal {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let digits = whole.strip_prefix('-').unwrap_or(whole);
        let plain = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
        if digits.is_empty() || !plain(digits) || !plain(part) || (text.contains('.') && part.is_empty()) {
            return Err(());
        }
        let number = format!("{whole}{part}").parse().map_err(drop)?;
        Ok(Self { digits: number, scale: u32::try_from(part.len()).map_err(drop)? })
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = self.scale as usize;
        let digits = format!("{:0>width$}", self.digits.unsigned_abs(), width = scale + 1);
        let (whole, part) = digits.split_at(digits.len() - scale);
        let sign = if self.digits < 0 { "-" } else { "" };
        if part.is_empty() { write!(f, "{sign}{whole}") } else { write!(f, "{sign}{whole}.{part}") }
    }
}

#[cfg(test)]
mod tests {
    use expbundle_format::sections::{Charge, ResourceUse};

    use super::*;

    #[test]
    fn money_adds_up_exactly() {
        let sum = |texts: &[&str]| {
            let sum = texts.iter().try_fold(Decimal::default(), |sum, text| sum.checked_add(text.parse().ok()?));
            sum.map(|sum| sum.to_string())
        };
        assert_eq!(sum(&["0.1", "0.2"]).as_deref(), Some("0.3"));
        assert_eq!(sum(&["12.50", "-13", "0.005"]).as_deref(), Some("-0.495"));
        assert_eq!(sum(&["10", "1"]).as_deref(), Some("11"));
        for wrong in ["", "-", "1.", ".5", "1e3", "1,5", "∞", &"9".repeat(60)] {
            assert_eq!(sum(&[wrong]), None, "{wrong}");
        }
    }

    #[test]
    fn figures_of_different_origin_are_never_added() {
        let cost = |amount: f64, price: &str, basis| Cost {
            resources: vec![ResourceUse {
                resource: "accelerator".to_owned(),
                model: Some("H100".to_owned()),
                amount: Number(amount),
                unit: "h".to_owned(),
                basis,
                method: None,
            }],
            charges: vec![Charge {
                amount: price.to_owned(),
                currency: "EUR".to_owned(),
                basis,
                rate: None,
                rate_unit: None,
                rate_source: None,
                rate_date: None,
            }],
            salt: None,
        };
        let all =
            [cost(1.5, "2.10", Basis::Billed), cost(0.5, "0.90", Basis::Billed), cost(8.0, "a lot", Basis::Estimated)];
        let sum = Costs::of(&all);
        let hours: Vec<_> = sum.resources.iter().map(|one| (one.basis, one.amount)).collect();
        assert_eq!(hours, [(Basis::Estimated, Number(8.0)), (Basis::Billed, Number(2.0))]);
        assert_eq!(sum.charges.len(), 1);
        assert_eq!((sum.charges[0].amount.as_str(), sum.charges[0].basis), ("3.00", Basis::Billed));
        assert_eq!(sum.unreadable, ["a lot EUR"]);
    }
}
